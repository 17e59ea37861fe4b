//! The clips a leg has queued, and what of them went out. Pure: one step is one packet. Encoding and sending are left
//! to the line.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use audio::FRAME;

use super::clip::{Clip, Playback};
use super::event::LegEvent;

/// How far back a clip that was suspended looks for a pause to go on from, in frames.
const MAX_BACK: usize = 75;
/// Clips that may wait on one leg; more than that is dropped at once.
const MAX_QUEUED: usize = 256;

/// The queue of one leg; its first clip is the one that plays.
#[derive(Debug, Default)]
pub struct Player {
    queue: VecDeque<Playing>,
    suspended: bool,
}

#[derive(Debug)]
struct Playing {
    playback: Playback,
    /// The next frame to send.
    frame: usize,
    /// Frames sent, over all rounds of a loop; those that were sent again count once.
    sent: u32,
    /// Frames that are being sent again.
    again: u32,
    started: bool,
}

impl Playing {
    fn ended(&self, completed: bool, at: Instant) -> LegEvent {
        let of = self.playback.clip.duration();
        let sent = FRAME * self.sent;
        LegEvent::PlayEnded {
            id: self.playback.id,
            turn: self.playback.turn,
            // The last frame may be short.
            played: if self.playback.loop_ { sent } else { sent.min(of) },
            of,
            completed,
            at,
        }
    }
}

impl Playing {
    /// How many frames to go back for a place to begin at: after a pause, or at the beginning if that is near.
    fn back(&self) -> usize {
        let clip = &self.playback.clip;
        let near = self.frame.min(MAX_BACK);
        // The pause that follows a word is no place if the word was cut.
        let voiced = |back: &usize| clip.is_voiced(self.frame - back);
        let pause = (1..=near).skip_while(|back| !voiced(back)).find(|back| !voiced(back));
        pause.unwrap_or(if near == self.frame { near } else { 0 })
    }
}

impl Player {
    /// Queues a clip.
    pub fn push(&mut self, playback: Playback, now: Instant, events: &mut Vec<LegEvent>) {
        let playing = Playing { playback, frame: 0, sent: 0, again: 0, started: false };
        if self.queue.len() < MAX_QUEUED {
            self.queue.push_back(playing);
        } else {
            events.push(playing.ended(false, now));
        }
    }

    /// Whether nothing is left to play.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The clip to play now and the number of its frame; clips without any sound end here.
    pub fn current(&mut self, now: Instant, events: &mut Vec<LegEvent>) -> Option<(&Clip, usize)> {
        while let Some(first) = self.queue.front() {
            if first.playback.clip.frames() > 0 {
                break;
            }
            events.push(first.ended(true, now));
            self.queue.pop_front();
        }
        let first = self.queue.front().filter(|_| !self.suspended)?;
        Some((&first.playback.clip, first.frame))
    }

    /// Plays nothing for the moment, or goes on. It goes on after the last pause in what was played lately: nobody begins in the middle
    /// of a word.
    pub fn suspend(&mut self, suspended: bool) {
        if self.suspended
            && !suspended
            && let Some(first) = self.queue.front_mut()
        {
            let back = first.back();
            first.frame -= back;
            first.again = first.again.saturating_add(back as u32);
        }
        self.suspended = suspended;
    }

    /// Takes note that the current frame went out; `audible` is whether the peer could hear it.
    pub fn sent(&mut self, audible: bool, at: Instant, events: &mut Vec<LegEvent>) {
        let Some(first) = self.queue.front_mut() else {
            return;
        };
        let clip = &first.playback.clip;
        if audible && !first.started && clip.is_voiced(first.frame) {
            first.started = true;
            events.push(LegEvent::PlayStarted { id: first.playback.id, turn: first.playback.turn, at });
        }
        if first.again > 0 {
            first.again -= 1;
        } else {
            first.sent = first.sent.saturating_add(1);
        }
        first.frame += 1;
        if first.frame < clip.frames() {
            return;
        }
        if first.playback.loop_ {
            first.frame = 0;
            return;
        }
        events.push(first.ended(true, at));
        self.queue.pop_front();
    }

    /// Drops every clip, or those of one turn.
    pub fn stop(&mut self, turn: Option<u64>, now: Instant, events: &mut Vec<LegEvent>) {
        self.suspended &= turn.is_some();
        self.queue.retain(|playing| {
            let stays = turn.is_some_and(|turn| playing.playback.turn != turn);
            if !stays {
                events.push(playing.ended(false, now));
            }
            stays
        });
    }
}

/// Time that a number of ticks takes.
pub fn ticks(count: u64) -> Duration {
    FRAME * u32::try_from(count).unwrap_or(u32::MAX)
}
