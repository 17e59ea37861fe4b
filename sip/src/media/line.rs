//! One leg as the media thread sees it: a socket, its two halves, and what is to be reported. Which legs there are and
//! when they tick is left to the engine.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use audio::FRAME_8K;
use audio::vad::VoiceActivity;

use super::conference::Room;
use super::event::{EventSink, LegEvent, LegStats, MediaFrame, Recording};
use super::hearing::{Heard, Hearing};
use super::leg::{Command, LegConfig, Route};
use super::speaking::{Company, Speaking, Workspace, prepare_tones};
use super::sys;
use super::wire::{Inbox, Outbox};

/// A leg on the media thread.
pub struct Line {
    pub route: Arc<Route>,
    /// Which of the steps of a tick is this leg's.
    pub phase: usize,
    /// The leg that this one is to be bridged with, wherever it is.
    pub wish: Option<Arc<Route>>,
    /// The slot of that leg, once both are on this thread and want each other.
    pub bridge: Option<usize>,
    /// The conference that this leg is in, or on its way to.
    pub room: Option<Room>,
    /// Whether it has arrived there.
    pub entered: bool,
    recording: Recording,
    pub socket: UdpSocket,
    hearing: Hearing,
    speaking: Speaking,
    /// Present on legs that report frames.
    vad: Option<VoiceActivity>,
    sink: EventSink,
    /// Events of this step, reported once all packets are out.
    events: Vec<LegEvent>,
    /// Ticks so far.
    index: u64,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.route.id)
    }
}

impl Line {
    /// Made on the caller's thread, because it allocates.
    pub fn new(route: Arc<Route>, config: LegConfig, sink: EventSink) -> Line {
        sys::mark_as_voice(&config.socket);
        prepare_tones();
        Line {
            route,
            phase: 0,
            wish: None,
            bridge: None,
            room: None,
            entered: false,
            recording: Recording::On,
            hearing: Hearing::new(config.remote, config.codec, config.telephone_event),
            speaking: Speaking::new(config.codec, config.telephone_event),
            vad: config.record.then(VoiceActivity::new),
            socket: config.socket,
            sink,
            events: Vec::new(),
            index: 0,
        }
    }

    pub fn is_closing(&self) -> bool {
        self.route.is_closing()
    }

    /// Whether it wants to be with others and is not yet.
    pub fn seeks(&self) -> bool {
        (self.room.is_some() && !self.entered) || (self.wish.is_some() && self.bridge.is_none())
    }

    pub fn heard(&self) -> &Heard {
        &self.hearing.heard
    }

    /// Takes a command that concerns this leg alone.
    pub fn command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Play(playback) => self.speaking.player.push(playback, now, &mut self.events),
            Command::Stop => {
                self.silence(now);
                self.speaking.keys.stop();
            }
            Command::StopTurn(turn) => {
                self.speaking.player.stop(Some(turn), now, &mut self.events);
            }
            Command::SendKeys(keys) => self.press(&keys),
            Command::SetRemote(remote, codec, telephone_event) => {
                self.hearing.latch.expect(remote);
                self.hearing.telephone_event = telephone_event;
                self.speaking.codec = codec;
                self.speaking.telephone_event = telephone_event;
            }
            Command::MuteIn(muted) => self.hearing.muted = muted,
            Command::MuteOut(muted) => self.speaking.muted = muted,
            Command::Pause(paused) => self.speaking.paused = paused,
            Command::Hold(clip) => self.speaking.set_hold(clip),
            Command::Record(recording) => self.recording = recording,
            // These concern the engine.
            Command::Open(_) | Command::Adopt(_) => {}
            Command::Bridge(_) | Command::Unbridge | Command::Join(_) | Command::Leave => {}
        }
    }

    /// Drops every clip.
    pub fn silence(&mut self, now: Instant) {
        self.speaking.player.stop(None, now, &mut self.events);
    }

    /// Sends keys to the peer.
    pub fn press(&mut self, keys: &str) {
        self.speaking.keys.push(keys);
    }

    /// Reads one datagram; a key that it begins goes to the bridged leg.
    pub fn read(&mut self, inbox: &mut Inbox, now: Instant, arrival: Duration) -> Option<char> {
        let (datagram, from) = inbox.read(&self.socket)?;
        self.hearing.datagram(datagram, from, now, arrival, &mut self.events)
    }

    /// Takes the peer's 20 ms out of the jitter buffer.
    pub fn hear(&mut self) {
        let samples = self.vad.is_some() || self.bridge.is_some() || self.room.is_some();
        self.hearing.tick(samples);
    }

    /// Sends the packet of this tick.
    pub fn speak(&mut self, company: Company<'_>, now: Instant, work: &mut Workspace) {
        let out = self.hearing.latch.destination().map(|to| Outbox::new(&self.socket, to));
        self.speaking.tick(out, company, now, work, &mut self.events);
    }

    /// Ends the tick: voice activity, the frame, and whatever else is to be reported.
    pub fn report(&mut self, now: Instant) {
        let due = !self.speaking.paused && self.hearing.latch.destination().is_some();
        self.hearing.watch(due, &mut self.events);
        self.flush();
        if let Some(vad) = &mut self.vad {
            let heard = &self.hearing.heard;
            let (heard_pcm, said) = match self.recording {
                Recording::Paused => ([0; FRAME_8K], [0; FRAME_8K]),
                Recording::On | Recording::Masked => (heard.pcm, self.speaking.said),
            };
            self.sink.frame(MediaFrame {
                at: now,
                index: self.index,
                heard: heard_pcm,
                said,
                speech: vad.push(&heard_pcm),
                concealed: heard.concealed,
                recorded: self.recording == Recording::On,
            });
        }
        self.index += 1;
    }

    /// Reports what waits.
    pub fn flush(&mut self) {
        for event in self.events.drain(..) {
            self.sink.control(event);
        }
    }

    /// Whether something waits to be reported.
    pub fn has_news(&self) -> bool {
        !self.events.is_empty()
    }

    /// Leaves out ticks that the thread was too late for.
    pub fn skip(&mut self, ticks: u64) {
        self.speaking.skip(ticks);
        self.index += ticks;
    }

    /// Frees the socket and says goodbye.
    pub fn close(mut self, now: Instant) {
        self.route.closing.store(true, Ordering::Release);
        self.silence(now);
        self.flush();
        let mut stats = LegStats { dropped_events: self.sink.dropped(), ..LegStats::default() };
        self.hearing.count(&mut stats);
        self.speaking.count(&mut stats);
        drop(self.socket);
        self.sink.close(stats);
    }
}
