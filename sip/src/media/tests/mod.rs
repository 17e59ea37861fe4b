//! Legs on real sockets over loopback, with an engine that is stepped by hand: time is a count, so nothing here waits
//! for a clock or depends on one.

mod bridging;
mod browsers;
mod codecs;
mod conferences;
mod encryption;
mod intruders;
mod keys;
mod lifecycle;
mod playing;
mod quality;
mod recording;
mod threads;

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use audio::codec::Codec;
use audio::{FRAME_8K, Pcm8k, tone};

use super::clock::Clock;
use super::engine::{Engine, PHASES, STEP};
use super::*;
use crate::rtp::rtcp::is_rtcp;
use crate::rtp::{Header, Packet, TelephoneEvent};

/// The payload type for telephone events in these tests.
const EVENTS: u8 = 101;

/// A clock whose steps are made by the test.
struct Rig {
    clock: Clock,
    engine: Engine,
    /// Those of the other threads.
    others: Vec<Engine>,
    start: Instant,
    step: u64,
}

impl Rig {
    fn new() -> Rig {
        Rig::with_threads(1)
    }

    fn with_threads(threads: usize) -> Rig {
        let (clock, mut engines) = Clock::by_hand(threads).expect("epoll is there");
        let engine = engines.remove(0);
        Rig { clock, engine, others: engines, start: Instant::now(), step: 0 }
    }

    fn now(&self) -> Instant {
        self.start + STEP * self.step as u32
    }

    fn step(&mut self) {
        let elapsed = STEP * self.step as u32;
        for engine in std::iter::once(&mut self.engine).chain(&mut self.others) {
            engine.step(self.step, self.start + elapsed, elapsed, 0);
        }
        self.step += 1;
    }

    fn ticks(&mut self, count: usize) {
        for _ in 0..count * PHASES {
            self.step();
        }
    }

    /// How many legs each thread has.
    fn legs(&self) -> Vec<usize> {
        std::iter::once(&self.engine).chain(&self.others).map(Engine::legs).collect()
    }

    fn leg(&self, remote: Option<SocketAddr>, change: impl FnOnce(&mut LegConfig)) -> TestLeg {
        let socket = loopback();
        let address = socket.local_addr().expect("bound");
        let mut config =
            LegConfig { wire: socket.into(), remote, codec: Codec::Pcmu, telephone_event: Some(EVENTS), record: true };
        change(&mut config);
        let (leg, events) = self.clock.open_leg(config).expect("room for a leg");
        TestLeg { leg, events, address }
    }

    /// Two legs that talk to each other over the wire.
    fn pair(&self, one: Codec, two: Codec) -> (TestLeg, TestLeg) {
        let a = self.leg(None, |config| config.codec = one);
        let b = self.leg(Some(a.address), |config| config.codec = two);
        a.leg.set_remote(b.address, one, Some(EVENTS));
        (a, b)
    }

    /// A leg and the peer it talks to.
    fn call(&self, codec: Codec) -> (TestLeg, Peer) {
        let peer = Peer::new(codec);
        let leg = self.leg(Some(peer.address()), |config| config.codec = codec);
        let peer = peer.of(leg.address);
        (leg, peer)
    }
}

fn loopback() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a free port on loopback")
}

struct TestLeg {
    leg: Leg,
    events: LegEvents,
    address: SocketAddr,
}

impl TestLeg {
    /// Everything reported since the last call.
    fn events(&mut self) -> Vec<LegEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    fn frames(&mut self) -> Vec<MediaFrame> {
        let frame = |event| match event {
            LegEvent::Frame(frame) => Some(*frame),
            _ => None,
        };
        self.events().into_iter().filter_map(frame).collect()
    }

    /// Everything but frames and the quality of the last seconds.
    fn news(&mut self) -> Vec<LegEvent> {
        let is_news = |event: &LegEvent| !matches!(event, LegEvent::Frame(_) | LegEvent::Quality(_));
        self.events().into_iter().filter(is_news).collect()
    }

    fn keys(&mut self) -> String {
        let key = |event: &LegEvent| match event {
            LegEvent::Key { digit, .. } => Some(*digit),
            _ => None,
        };
        self.events().iter().filter_map(key).collect()
    }

    fn play(&self, id: u64, clip: &Arc<Clip>) {
        self.leg.play(Playback { turn: 1, id, clip: clip.clone(), loop_: false });
    }
}

/// The other end of a leg: a plain socket and hand-made packets.
struct Peer {
    socket: UdpSocket,
    leg: Option<SocketAddr>,
    codec: Codec,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
}

impl Peer {
    fn new(codec: Codec) -> Peer {
        let socket = loopback();
        socket.set_nonblocking(true).expect("a plain socket");
        Peer { socket, leg: None, codec, sequence: 65_530, timestamp: u32::MAX - 1_000, ssrc: 42 }
    }

    fn of(mut self, leg: SocketAddr) -> Peer {
        self.leg = Some(leg);
        self
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    fn send(&mut self, marker: bool, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        let mut bytes = Vec::new();
        header.write(payload, &mut bytes);
        self.sequence = self.sequence.wrapping_add(1);
        self.raw(&bytes);
    }

    fn raw(&self, bytes: &[u8]) {
        let leg = self.leg.expect("the peer of a leg");
        // A full buffer is part of a flood.
        let _ = self.socket.send_to(bytes, leg);
    }

    /// One packet of sound.
    fn say(&mut self, payload: &[u8]) {
        self.send(false, self.codec.static_payload_type().expect("G.711"), self.timestamp, payload);
        self.timestamp = self.timestamp.wrapping_add(payload.len() as u32);
    }

    fn say_silence(&mut self) {
        self.say(audio::codec::silence(self.codec));
    }

    /// One packet of a key that began at `since`.
    fn event(&mut self, since: u32, event: u8, duration: u16, end: bool) {
        let payload = TelephoneEvent { event, end, volume: 10, duration }.to_bytes();
        self.send(false, EVENTS, since, &payload);
    }

    /// What came from the leg.
    fn packets(&self) -> Vec<(Header, Vec<u8>)> {
        let mut buffer = [0; 2_048];
        std::iter::from_fn(|| self.socket.recv_from(&mut buffer).ok().map(|(length, _)| buffer[..length].to_vec()))
            .filter(|bytes| !is_rtcp(bytes))
            .map(|bytes| {
                let packet = Packet::parse(&bytes).expect("a leg sends RTP");
                (packet.header, packet.payload.to_vec())
            })
            .collect()
    }

    fn payloads(&self) -> Vec<Vec<u8>> {
        self.packets().into_iter().map(|(_, payload)| payload).collect()
    }
}

/// Speech-like sound that never repeats within a second, loud enough to be voiced in every frame.
fn sound(ticks: usize) -> Pcm8k {
    let sample = |n: usize| {
        let t = n as f32 / 8_000.0;
        let sweep = (t * (300.0 + 150.0 * t) * std::f32::consts::TAU).sin();
        (sweep * 8_000.0) as i16
    };
    Pcm8k::new((0..ticks * FRAME_8K).map(sample).collect())
}

fn clip(pcm: Pcm8k) -> Arc<Clip> {
    Arc::new(Clip::new(pcm))
}

/// Most tests are in G.711, in which a sample is a byte.
const LAWS: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

fn law(codec: Codec) -> audio::g711::Codec {
    codec.g711().expect("G.711")
}

fn encoded(codec: Codec, pcm: &[i16]) -> Vec<u8> {
    let mut bytes = Vec::new();
    law(codec).encode(pcm, &mut bytes);
    bytes
}

fn decoded(codec: Codec, bytes: &[u8]) -> Vec<i16> {
    let mut pcm = Vec::new();
    law(codec).decode(bytes, &mut pcm);
    pcm
}

fn is_silence(codec: Codec, payload: &[u8]) -> bool {
    payload.iter().all(|&byte| byte == law(codec).silence_byte())
}

/// Whether `part` stands somewhere in `whole`, without a gap.
fn contains<T: PartialEq>(whole: &[T], part: &[T]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A tone and nothing else, to be looped.
fn music() -> Arc<Clip> {
    clip(tone::sine(440.0, -20.0, ms(100)))
}
