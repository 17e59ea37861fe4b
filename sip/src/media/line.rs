//! One leg as the media thread sees it: a wire, its two halves, and what is to be reported. Which legs there are and
//! when they tick is left to the engine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use audio::FRAME_8K;
use audio::vad::VoiceActivity;

use super::conference::Room;
use super::event::{EventSink, LegEvent, LegStats, MediaFrame, Recording};
use super::guard::{Guard, Passed};
use super::hearing::{Heard, Hearing, class};
use super::leg::{Command, LegConfig, Route, RtcpTo};
use super::phase::Arrivals;
use super::quality::{Meter, QualityPoint};
use super::speaking::{Company, Speaking, prepare};
use super::stream::{Exit, Workspace};
use super::sys;
use super::wire::{Inbox, Wire};
use crate::rtp::{KeySource, Reports};
use crate::sdp::Agreed;

/// A leg on the media thread.
pub struct Line {
    pub route: Arc<Route>,
    /// Which of the steps of a tick is this leg's.
    pub phase: usize,
    /// When the peer's packets come.
    arrivals: Arrivals,
    /// The leg that this one is to be bridged with, wherever it is.
    pub wish: Option<Arc<Route>>,
    /// The slot of that leg, once both are on this thread and want each other.
    pub bridge: Option<usize>,
    /// The conference that this leg is in, or on its way to.
    pub room: Option<Room>,
    /// Whether it has arrived there.
    pub entered: bool,
    recording: Recording,
    pub wire: Wire,
    hearing: Hearing,
    speaking: Speaking,
    guard: Guard,
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
        if let Some(socket) = config.wire.own() {
            sys::mark_as_voice(socket);
        }
        prepare(config.codec);
        let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let agreed = Agreed::plain(config.remote.unwrap_or(nowhere), config.codec, config.telephone_event);
        Line {
            route,
            phase: 0,
            arrivals: Arrivals::default(),
            wish: None,
            bridge: None,
            room: None,
            entered: false,
            recording: Recording::On,
            hearing: Hearing::new(&agreed),
            speaking: Speaking::new(&agreed),
            guard: Guard::default(),
            vad: config.record.then(VoiceActivity::new),
            wire: config.wire,
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
            Command::Suspend(suspended) => self.speaking.player.suspend(suspended),
            Command::Stop => {
                self.silence(now);
                self.speaking.keys.stop();
            }
            Command::StopTurn(turn) => {
                self.speaking.player.stop(Some(turn), now, &mut self.events);
            }
            Command::SendKeys(keys) => self.press(&keys),
            Command::Agree(agreed, change) => {
                self.hearing.agree(&agreed);
                self.speaking.stream.agree(&agreed);
                if let Some(guard) = change {
                    self.guard = *guard;
                }
            }
            Command::Secure(handshake, shield) => self.guard.secure(handshake, shield),
            Command::Insecure(handshake, why) => {
                if self.guard.waits_for(handshake) {
                    self.events.push(LegEvent::NoKeys { why });
                }
            }
            Command::Datagram(to, datagram) => {
                // Lost like any other datagram if it cannot be sent; it will be repeated.
                if let Some(out) = self.wire.outbox(to) {
                    out.send(&datagram);
                }
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
            // Whoever asked may have lost interest.
            Command::Count(reply) => drop(reply.send(self.stats())),
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
        let (datagram, from, arrival) = inbox.read(&mut self.wire, arrival)?;
        match self.guard.admit(datagram, from) {
            Passed::Rtp(packet) => self.hearing.datagram(packet, from, now, arrival, &mut self.events),
            Passed::Rtcp(packet) => {
                // The peer's host is enough: RTCP may come from another port, and changes nothing but what is reported.
                let to = self.hearing.latch.destination();
                if to.is_some_and(|to| to.ip().to_canonical() == from.ip().to_canonical()) {
                    self.rtcp_in += 1;
                    let heard = self.hearing.reception.ssrc();
                    let unheard = self.reports.receive(packet, self.speaking.stream.sent(), heard, now);
                    self.events.extend(unheard.map(|(how, for_)| LegEvent::Unheard { how, for_ }));
                }
                None
            }
            Passed::Handshake => None,
            Passed::Unauthentic => {
                self.hearing.disbelieve();
                None
            }
            Passed::Invalid => {
                self.hearing.reject();
                None
            }
        }
    }

    /// The phase that would be better for this leg, which has just heard something.
    pub fn better_phase(&mut self, step: u64) -> Option<usize> {
        let better = self.arrivals.came(step, self.phase, self.speaking.is_idle())?;
        // Those who are together keep step with each other; packets of other lengths leave at their own pace.
        let alone = self.wish.is_none() && self.bridge.is_none() && self.room.is_none();
        (alone && !self.speaking.stream.is_paced()).then_some(better)
    }

    /// Takes the peer's 20 ms out of the jitter buffer.
    pub fn hear(&mut self) {
        let samples = self.wants_samples();
        self.hearing.tick(samples);
    }

    /// Sends the sound of this tick.
    pub fn speak(&mut self, company: Company<'_>, now: Instant, work: &mut Workspace) {
        let exit = exit(&self.hearing, &mut self.guard, &mut self.wire);
        self.speaking.tick(exit, company, now, work, &mut self.events);
        if self.reports.is_due(now) && !self.speaking.paused {
            self.send_report(now, false, &mut work.packet);
        }
    }

    /// Sends what is due between two ticks.
    pub fn speak_between(&mut self, work: &mut Workspace) {
        if self.speaking.stream.is_paced()
            && !self.speaking.paused
            && let Some(mut exit) = exit(&self.hearing, &mut self.guard, &mut self.wire)
        {
            self.speaking.stream.between(&mut exit, work);
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
        let Some(shield) = self.guard.outgoing() else {
            return;
        };
        let block = self.hearing.reception.report(self.hearing.clock());
        let (ssrc, _) = self.speaking.stream.sent();
        self.reports.write(now, ssrc, self.speaking.stream.sender_info(), block, bye, packet);
        let ready = shield.is_none_or(|shield| shield.protect_rtcp(packet));
        let sent = ready && self.wire.outbox(to).is_some_and(|out| out.send(packet));
        self.rtcp_out += u64::from(sent);
    }

    fn wants_samples(&self) -> bool {
        self.vad.is_some() || self.bridge.is_some() || self.room.is_some() || self.hearing.listens_for_tones()
    }

    /// Ends an interval of the history; says how it sounded.
    fn measure(&mut self, now: Instant) -> QualityPoint {
        let sent = self.speaking.stream.codec();
        let remote = self.reports.remote().map(|remote| (remote, sent.clock()));
        let codecs = (self.hearing.codec_class(), class(sent));
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

    /// Events that nobody had room for since this was last asked.
    pub fn newly_dropped(&mut self) -> u64 {
        self.sink.newly_dropped()
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
        self.speaking.stream.skip(ticks);
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
        let stats = self.stats();
        self.route.closed.send_replace(Some(Arc::new(stats.clone())));
        drop(self.wire);
        self.sink.close(stats);
    }

    /// The counters as they are.
    fn stats(&self) -> LegStats {
        let mut stats = LegStats {
            dropped_events: self.sink.dropped(),
            rtcp_in: self.rtcp_in,
            rtcp_out: self.rtcp_out,
            remote_lost: self.reports.remote().map(|remote| remote.lost),
            round_trip: self.reports.round_trip(),
            history: self.meter.history.clone(),
            ..LegStats::default()
        };
        self.hearing.count(&mut stats);
        self.speaking.stream.count(&mut stats);
        stats
    }
}

/// The way out, if it is known where to and the packets may go there.
fn exit<'a>(hearing: &Hearing, guard: &'a mut Guard, wire: &'a mut Wire) -> Option<Exit<'a>> {
    let out = wire.outbox(hearing.latch.destination()?)?;
    Some(Exit { out, shield: guard.outgoing()? })
}
