//! Who hears whom when more than two talk: the sum of everybody else. Encoding it is left to the sending half of each
//! leg, and bringing the legs of a conference to one thread to the engine.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use audio::{FRAME_8K, Frame8k};

use super::clock::Shared;
use super::hearing::Heard;
use super::leg::LegId;

/// Who hears a leg that is in a conference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Voice {
    /// All others.
    #[default]
    All,
    /// Nobody: it listens.
    Nobody,
    /// Only this one: it whispers.
    Only(LegId),
}

/// A conference, which exists as long as somebody is in it; clones name the same one. Legs enter with
/// [`Leg::join`](super::Leg::join).
#[derive(Clone, Debug)]
pub struct Conference {
    room: Room,
    shared: Arc<Shared>,
}

impl Conference {
    pub(super) fn new(home: usize, shared: Arc<Shared>) -> Conference {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Conference { room: Room { id: NEXT.fetch_add(1, Ordering::Relaxed), home }, shared }
    }

    /// Whether it is a conference of the clock with these threads.
    pub(super) fn is_of(&self, shared: &Arc<Shared>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    pub(super) fn room(&self) -> Room {
        self.room
    }
}

/// Names a conference, and the thread that all its legs are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub id: u64,
    pub home: usize,
}

/// The conferences of one thread.
#[derive(Debug, Default)]
pub(super) struct Rooms(HashMap<u64, Members>);

#[derive(Debug)]
struct Members {
    slots: Vec<usize>,
    /// What is said to one of them only, in this tick.
    whispers: Vec<(LegId, Frame8k)>,
    /// The phase in which all of them tick.
    phase: usize,
    /// What was said to all of them in this tick, wide enough not to clip before each one's own part is taken out.
    sum: [i32; FRAME_8K],
}

impl Rooms {
    /// Lets a leg in; returns the phase in which the conference ticks, which is the leg's own if it is the first.
    pub fn enter(&mut self, room: Room, slot: usize, phase: usize) -> usize {
        let members = self.0.entry(room.id).or_insert_with(|| Members {
            slots: Vec::new(),
            whispers: Vec::new(),
            phase,
            sum: [0; FRAME_8K],
        });
        if !members.slots.contains(&slot) {
            members.slots.push(slot);
        }
        members.phase
    }

    /// Lets a leg out.
    pub fn leave(&mut self, room: Room, slot: usize) {
        if let Some(members) = self.0.get_mut(&room.id) {
            members.slots.retain(|&member| member != slot);
            if members.slots.is_empty() {
                self.0.remove(&room.id);
            }
        }
    }

    /// Adds up what was said in the conferences that tick now.
    pub fn mix<'a>(&mut self, phase: usize, heard: impl Fn(usize) -> Option<(&'a Heard, Voice)>) {
        for members in self.0.values_mut().filter(|members| members.phase == phase) {
            members.sum = [0; FRAME_8K];
            members.whispers.clear();
            for (heard, voice) in members.slots.iter().filter_map(|&slot| heard(slot)).filter(|(heard, _)| heard.sound)
            {
                match voice {
                    Voice::All => add(&mut members.sum, &heard.pcm),
                    Voice::Only(listener) => members.whispers.push((listener, heard.pcm)),
                    Voice::Nobody => {}
                }
            }
        }
    }

    /// What one of them hears: the others, and what is whispered to it. Nothing if there is no such conference here.
    pub fn others(&self, room: Room, id: LegId, own: &Heard, voice: Voice) -> Option<Frame8k> {
        let members = self.0.get(&room.id)?;
        let mut heard = members.sum;
        if voice == Voice::All {
            heard.iter_mut().zip(&own.pcm).for_each(|(sum, &sample)| *sum -= i32::from(sample));
        }
        members
            .whispers
            .iter()
            .filter(|(listener, _)| *listener == id)
            .for_each(|(_, whisper)| add(&mut heard, whisper));
        Some(heard.map(|sample| sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16))
    }
}

fn add(sum: &mut [i32; FRAME_8K], pcm: &Frame8k) {
    sum.iter_mut().zip(pcm).for_each(|(sum, &sample)| *sum += i32::from(sample));
}
