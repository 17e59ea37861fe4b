//! Legs at the port of browsers: a browser here is a socket that sends checks, shakes hands and encrypts, as real ones do.

use super::*;
use crate::dtls::{Association, Report, fingerprint, is_dtls};
use crate::ice::Credentials;
use crate::sdp::{Agreed, Direction, Fingerprint, Handshake, ICE_PATH, Security};
use crate::srtp::Shield;
use crate::stun::{check::request, is_stun};

/// Steps that a test waits for something at most; a step is as long as the port's thread needs to wake up.
const PATIENCE: usize = 2_000;

struct Browser {
    socket: UdpSocket,
    port: SocketAddr,
    ours: Credentials,
    handshake: Option<Association>,
    shield: Option<Shield>,
    answers: usize,
    sound: usize,
    sequence: u16,
}

impl Browser {
    /// A browser that was given these credentials.
    fn new(port: &SharedPort, ours: &Credentials) -> Browser {
        let socket = loopback();
        socket.set_nonblocking(true).expect("a plain socket");
        let (port, ours) = (port.local_addr(), ours.clone());
        Browser { socket, port, ours, handshake: None, shield: None, answers: 0, sound: 0, sequence: 1 }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    /// The same browser behind another address, as after a change of networks.
    fn moves(&mut self) {
        self.socket = loopback();
        self.socket.set_nonblocking(true).expect("a plain socket");
    }

    fn raw(&self, bytes: &[u8]) {
        let _ = self.socket.send_to(bytes, self.port);
    }

    fn check(&self, nominates: bool) {
        self.raw(&request(&format!("{}:theirs", self.ours.ufrag), &self.ours.password, nominates, &[]));
    }

    /// Begins the handshake.
    fn shake(&mut self) {
        let handshake = Handshake { client: true, fingerprints: vec![fingerprint().clone()] };
        let mut association = Association::begin(handshake, self.port, Instant::now()).expect("a client");
        let mut reports = Vec::new();
        association.flush(&mut reports);
        self.handshake = Some(association);
        self.shield = None;
        self.act(reports);
    }

    fn act(&mut self, reports: Vec<Report>) {
        for report in reports {
            match report {
                Report::Send { datagram, .. } => self.raw(&datagram),
                Report::Done(keys) => self.shield = Shield::new(&keys),
                Report::Failed(why) => panic!("{why}"),
            }
        }
    }

    fn say(&mut self, payload: &[u8]) {
        let timestamp = u32::from(self.sequence) * 160;
        let header = Header { marker: false, payload_type: 0, sequence: self.sequence, timestamp, ssrc: 42 };
        let mut packet = Vec::new();
        header.write(payload, &mut packet);
        let shield = self.shield.as_mut().expect("keys");
        assert!(shield.protect_rtp(&mut packet));
        self.sequence += 1;
        self.raw(&packet);
    }

    /// Takes what has come.
    fn hear(&mut self) {
        let mut buffer = [0; 2_048];
        while let Ok((length, _)) = self.socket.recv_from(&mut buffer) {
            let datagram = &buffer[..length];
            if is_stun(datagram) {
                self.answers += 1;
            } else if is_dtls(datagram) {
                let mut reports = Vec::new();
                if let Some(handshake) = &mut self.handshake {
                    handshake.datagram(self.port, datagram, Instant::now(), &mut reports);
                }
                self.act(reports);
            } else if let Some(shield) = &mut self.shield
                && !is_rtcp(datagram)
            {
                self.sound += usize::from(shield.unprotect_rtp(datagram, &mut Vec::new()));
            }
        }
    }

    /// Steps until something has happened.
    fn until(&mut self, rig: &mut Rig, what: &str, happened: impl Fn(&Browser) -> bool) {
        for _ in 0..PATIENCE {
            rig.step();
            self.hear();
            if happened(self) {
                return;
            }
            std::thread::sleep(ms(1));
        }
        panic!("{what} never happened");
    }
}

fn agreed(fingerprints: Vec<Fingerprint>) -> Agreed {
    let security = Security::Dtls(Handshake { client: false, fingerprints });
    Agreed {
        security,
        direction: Direction::SendRecv,
        remote_rtcp: ICE_PATH,
        ..Agreed::plain(ICE_PATH, Codec::Pcmu, Some(EVENTS))
    }
}

/// A leg at the port, and its browser, which knows the way and has not tried it.
fn browser(rig: &Rig, port: &SharedPort) -> (TestLeg, Path, Browser) {
    let ours = Credentials::random();
    let (place, path) = port.place(&ours, "theirs");
    let leg = rig.leg(None, |config| config.wire = place.into());
    leg.leg.agree(&agreed(vec![fingerprint().clone()]));
    (leg, path, Browser::new(port, &ours))
}

/// The same, once both hear each other.
fn connected(rig: &mut Rig, port: &SharedPort) -> (TestLeg, Path, Browser) {
    let (leg, path, mut browser) = browser(rig, port);
    browser.check(true);
    browser.until(rig, "an answer", |browser| browser.answers == 1);
    browser.shake();
    browser.until(rig, "the handshake", |browser| browser.shield.is_some());
    browser.until(rig, "sound", |browser| browser.sound > 0);
    (leg, path, browser)
}

fn port() -> SharedPort {
    SharedPort::open("127.0.0.1:0".parse().expect("an address")).expect("a free port on loopback")
}

/// Whether the leg hears what its browser says.
fn hears(rig: &mut Rig, leg: &mut TestLeg, browser: &mut Browser) -> bool {
    let voice = encoded(Codec::Pcmu, sound(1).samples());
    leg.frames();
    for _ in 0..20 {
        browser.say(&voice);
        std::thread::sleep(ms(2));
        rig.ticks(1);
    }
    browser.hear();
    leg.frames().iter().any(|frame| frame.heard.iter().any(|sample| sample.unsigned_abs() > 1_000))
}

#[test]
fn a_browser_is_heard_and_hears_through_the_port_of_all() {
    let (mut rig, port) = (Rig::new(), port());
    let (mut anna, _, mut of_anna) = connected(&mut rig, &port);
    let (mut bob, _, mut of_bob) = connected(&mut rig, &port);
    assert!(hears(&mut rig, &mut anna, &mut of_anna));
    assert!(
        !bob.frames().iter().any(|frame| frame.heard.iter().any(|sample| *sample != 0)),
        "nobody hears the other's"
    );
    assert!(hears(&mut rig, &mut bob, &mut of_bob));
    let stats = port.stats();
    assert_eq!((stats.peers, stats.checks, stats.overflowed), (2, 2, 0));
}

#[test]
fn nothing_leaves_before_it_is_known_where_the_browser_is() {
    let (mut rig, port) = (Rig::new(), port());
    let (leg, path, mut browser) = browser(&rig, &port);
    rig.ticks(5);
    browser.hear();
    assert_eq!((browser.answers, browser.sound, path.address()), (0, 0, None));
    leg.leg.close();
    rig.ticks(1);
    // The port forgets it, and answers it no more.
    for _ in 0..PATIENCE {
        if port.stats().peers == 0 {
            break;
        }
        std::thread::sleep(ms(5));
    }
    assert_eq!(port.stats().peers, 0);
    assert!(!path.restart(&Credentials::random(), "theirs"));
}

#[test]
fn sound_follows_a_browser_whose_address_changes() {
    let (mut rig, port) = (Rig::new(), port());
    let (mut leg, path, mut browser) = connected(&mut rig, &port);
    browser.moves();
    let before = browser.sound;
    browser.check(true);
    browser.until(&mut rig, "sound at the new address", |browser| browser.sound > before + 3);
    assert_eq!(path.address(), Some(browser.address()));
    assert!(hears(&mut rig, &mut leg, &mut browser), "and it is heard from there, with the keys that it had");
}

#[test]
fn a_page_that_was_loaded_anew_takes_its_leg_over_with_other_keys() {
    let (mut rig, port) = (Rig::new(), port());
    let (mut leg, path, _old) = connected(&mut rig, &port);
    let ours = Credentials::random();
    assert!(path.restart(&ours, "theirs"));
    let other = vec![fingerprint().clone(), Fingerprint::of(b"the certificate that the page had before")];
    leg.leg.agree(&agreed(other));
    let mut browser = Browser::new(&port, &ours);
    browser.sequence = 30_000;
    browser.check(true);
    browser.until(&mut rig, "an answer", |browser| browser.answers == 1);
    browser.shake();
    browser.until(&mut rig, "the second handshake", |browser| browser.shield.is_some());
    browser.until(&mut rig, "sound", |browser| browser.sound > 3);
    assert!(hears(&mut rig, &mut leg, &mut browser));
}

#[test]
fn strangers_at_the_port_disturb_nobody() {
    let (mut rig, port) = (Rig::new(), port());
    let (mut leg, path, mut browser) = connected(&mut rig, &port);
    let stranger = Browser::new(&port, &Credentials { password: "guessed".into(), ..browser.ours.clone() });
    for n in 0..2_000_u32 {
        match n % 4 {
            0 => stranger.check(true),
            1 => stranger.raw(&n.to_be_bytes().repeat(10)),
            2 => stranger.raw(&[&[0x80, 0][..], &n.to_be_bytes().repeat(40)].concat()),
            _ => stranger.raw(&[&[22, 0xFE, 0xFD][..], &n.to_be_bytes().repeat(20)].concat()),
        }
    }
    assert!(hears(&mut rig, &mut leg, &mut browser));
    assert_eq!(path.address(), Some(browser.address()));
    let before = browser.sound;
    browser.until(&mut rig, "more sound", |browser| browser.sound > before);
}

#[test]
fn a_leg_that_nobody_steps_loses_packets_and_keeps_no_more_than_its_queue() {
    let (mut rig, port) = (Rig::new(), port());
    let (_leg, _, mut browser) = connected(&mut rig, &port);
    for n in 0..50 {
        for _ in 0..20 {
            browser.say(&[0; 160]);
        }
        // The kernel's own queue is short.
        std::thread::sleep(ms(n % 3));
    }
    for _ in 0..PATIENCE {
        let stats = port.stats();
        if stats.overflowed > 0 && stats.packets > 0 {
            return;
        }
        std::thread::sleep(ms(1));
    }
    panic!("the queue has no end: {:?}", port.stats());
}
