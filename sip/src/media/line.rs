//! One leg as the media thread sees it: a socket, its two halves, and what is to be reported. Which legs there are and
//! when they tick is left to the engine.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use audio::FRAME_8K;
use audio::vad::VoiceActivity;

use super::conference::Room;
use super::event::{EventSink, LegEvent, LegStats, MediaFrame, Recording};
use super::hearing::{Heard, Hearing};
use super::leg::{Command, LegConfig, Route, RtcpTo};
use super::quality::{Meter, QualityPoint};
use super::speaking::{Company, Speaking, Workspace, prepare_tones};
use super::sys;
use super::wire::{Inbox, Outbox};
use crate::rtp::rtcp::is_rtcp;
use crate::rtp::{KeySource, Reports};

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
    reports: Reports,
    rtcp_to: RtcpTo,
    rtcp_in: u64,
    rtcp_out: u64,
    meter: Meter,
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
            reports: Reports::new(Instant::now()),
            rtcp_to: RtcpTo::default(),
            rtcp_in: 0,
            rtcp_out: 0,
            meter: Meter::default(),
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
            Command::SignalledKey(digit) => {
                self.hearing.press(digit, KeySource::Info, now, &mut self.events);
            }
            Command::Rtcp(to) => self.rtcp_to = to,
            Command::DetectTones(detect) => self.hearing.detect_tones(detect),
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
        if is_rtcp(datagram) {
            // The peer's host is enough: RTCP may come from another port, and changes nothing but what is reported.
            if self.hearing.latch.destination().is_some_and(|to| to.ip().to_canonical() == from.ip().to_canonical()) {
                self.rtcp_in += 1;
                let heard = self.hearing.reception.ssrc();
                let unheard = self.reports.receive(datagram, self.speaking.stream(), heard, now);
                self.events.extend(unheard.map(|(how, for_)| LegEvent::Unheard { how, for_ }));
            }
            return None;
        }
        self.hearing.datagram(datagram, from, now, arrival, &mut self.events)
    }

    /// Takes the peer's 20 ms out of the jitter buffer.
    pub fn hear(&mut self) {
        let samples = self.wants_samples();
        self.hearing.tick(samples);
    }

    /// Sends the packet of this tick.
    pub fn speak(&mut self, company: Company<'_>, now: Instant, work: &mut Workspace) {
        let out = self.hearing.latch.destination().map(|to| Outbox::new(&self.socket, to));
        self.speaking.tick(out, company, now, work, &mut self.events);
        if self.reports.is_due(now) && !self.speaking.paused {
            self.send_report(now, false, &mut work.packet);
        }
    }

    /// Tells the peer by RTCP what was sent and received.
    fn send_report(&mut self, now: Instant, bye: bool, packet: &mut Vec<u8>) {
        let Some(audio) = self.hearing.latch.destination() else {
            return;
        };
        let to = match self.rtcp_to {
            RtcpTo::Muxed => audio,
            RtcpTo::Port(port) if port != 0 => SocketAddr::new(audio.ip(), port),
            RtcpTo::Port(_) | RtcpTo::PortAbove => SocketAddr::new(audio.ip(), audio.port().saturating_add(1)),
            RtcpTo::Off => return,
        };
        let block = self.hearing.reception.report(self.hearing.clock());
        let (ssrc, _) = self.speaking.stream();
        self.reports.write(now, ssrc, self.speaking.sender_info(), block, bye, packet);
        self.rtcp_out += u64::from(Outbox::new(&self.socket, to).send(packet));
    }

    fn wants_samples(&self) -> bool {
        self.vad.is_some() || self.bridge.is_some() || self.room.is_some() || self.hearing.listens_for_tones()
    }

    /// Ends an interval of the history; says how it sounded.
    fn measure(&mut self, now: Instant) -> QualityPoint {
        let remote = self.reports.remote().map(|remote| (remote, self.speaking.clock()));
        let codecs = (self.hearing.codec_class(), self.speaking.codec_class());
        self.meter.close(self.hearing.counts(), remote, self.reports.round_trip(), codecs, now)
    }

    /// Ends the tick: voice activity, the frame, and whatever else is to be reported.
    pub fn report(&mut self, now: Instant) {
        let due = !self.speaking.paused && self.hearing.latch.destination().is_some();
        self.hearing.watch(due, &mut self.events);
        self.hearing.find_tone(now, &mut self.events);
        let heard = self.wants_samples().then_some(&self.hearing.heard.pcm);
        if self.meter.tick(heard, &self.speaking.said, self.hearing.heard.concealed) {
            let point = self.measure(now);
            self.events.push(LegEvent::Quality(Box::new(point)));
        }
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
        if self.meter.is_open() {
            self.measure(now);
        }
        // Whoever has never had a report from us does not wait for a goodbye.
        if self.reports.has_sent() {
            self.send_report(now, true, &mut Vec::new());
        }
        let mut stats = LegStats {
            dropped_events: self.sink.dropped(),
            rtcp_in: self.rtcp_in,
            rtcp_out: self.rtcp_out,
            remote_lost: self.reports.remote().map(|remote| remote.lost),
            round_trip: self.reports.round_trip(),
            history: std::mem::take(&mut self.meter.history),
            ..LegStats::default()
        };
        self.hearing.count(&mut stats);
        self.speaking.count(&mut stats);
        drop(self.socket);
        self.sink.close(stats);
    }
}
