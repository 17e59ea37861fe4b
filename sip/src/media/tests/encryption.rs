//! SRTP on legs: with keys from the description, and from a handshake on the media path.

use super::*;
use crate::sdp::{Agreed, Direction, Encryption, Keying, Local, Preferences, Security};
use crate::srtp::{Keys, MasterKey, Shield, Suite};

/// A leg that was told to encrypt, and the keys as its peer has them.
fn encrypted(rig: &Rig, suite: Suite) -> (TestLeg, Peer, Shield) {
    let (leg, peer) = rig.call(Codec::Pcmu);
    let keys = Keys { ours: MasterKey::random(suite), theirs: MasterKey::random(suite) };
    let mirrored = Keys { ours: keys.theirs.clone(), theirs: keys.ours.clone() };
    let plain = Agreed::plain(peer.address(), Codec::Pcmu, Some(EVENTS));
    leg.leg.agree(&Agreed { security: Security::Sdes(keys), ..plain });
    (leg, peer, Shield::new(&mirrored).expect("keys that fit"))
}

impl Peer {
    /// What came from the leg and could be decrypted.
    fn decrypted(&self, shield: &mut Shield) -> Vec<Vec<u8>> {
        let mut buffer = [0; 2_048];
        let mut all = Vec::new();
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let mut clear = Vec::new();
            if shield.unprotect_rtp(&buffer[..length], &mut clear) {
                all.push(clear);
            }
        }
        all
    }

    fn say_encrypted(&mut self, shield: &mut Shield, payload: &[u8]) {
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        };
        let mut packet = Vec::new();
        header.write(payload, &mut packet);
        assert!(shield.protect_rtp(&mut packet));
        self.raw(&packet);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(payload.len() as u32);
    }
}

#[test]
fn an_encrypted_leg_sends_and_hears_only_what_the_keys_fit() {
    for suite in [Suite::AeadAes256Gcm, Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32] {
        let mut rig = Rig::new();
        let (mut leg, mut peer, mut shield) = encrypted(&rig, suite);
        let voice = encoded(Codec::Pcmu, sound(1).samples());
        for _ in 0..10 {
            peer.say_encrypted(&mut shield, &voice);
            rig.ticks(1);
        }
        assert_eq!(peer.decrypted(&mut shield).len(), 10, "{suite:?}: all packets are encrypted");
        let loud = leg.frames().iter().filter(|frame| frame.heard.iter().any(|s| s.unsigned_abs() > 1_000)).count();
        assert!(loud >= 7, "{suite:?}: {loud}");
        // Plain, replayed and forged ones.
        for _ in 0..5 {
            peer.say(&voice);
        }
        let mut forged = vec![0x80, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 42];
        forged.extend_from_slice(&[7; 170]);
        peer.raw(&forged);
        rig.ticks(1);
        leg.leg.close();
        rig.ticks(1);
        match leg.events().pop() {
            Some(LegEvent::Closed(stats)) => assert_eq!((stats.unauthentic, stats.packets_in), (6, 10), "{suite:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn nobody_without_the_keys_takes_an_encrypted_leg_over() {
    let mut rig = Rig::new();
    let (mut leg, mut peer, mut shield) = encrypted(&rig, Suite::AesCm128HmacSha1_80);
    let mut stranger = Peer::new(Codec::Pcmu).of(leg.address);
    // From the very host of the description, before the peer says a word.
    for _ in 0..20 {
        stranger.say_silence();
        rig.ticks(1);
    }
    assert!(stranger.packets().is_empty(), "nothing is sent to the stranger");
    assert_eq!(peer.decrypted(&mut shield).len(), 20);
    peer.say_encrypted(&mut shield, &encoded(Codec::Pcmu, sound(1).samples()));
    rig.ticks(1);
    let first = leg.news().into_iter().find_map(|event| match event {
        LegEvent::FirstPacket { from, .. } => Some(from),
        _ => None,
    });
    assert_eq!(first, Some(peer.address()));
}

#[test]
fn a_new_agreement_with_the_same_keys_goes_on_where_it_was() {
    let mut rig = Rig::new();
    let (leg, peer) = rig.call(Codec::Pcmu);
    let suite = Suite::AesCm128HmacSha1_80;
    let keys = Keys { ours: MasterKey::random(suite), theirs: MasterKey::random(suite) };
    let mut shield =
        Shield::new(&Keys { ours: keys.theirs.clone(), theirs: keys.ours.clone() }).expect("keys that fit");
    let plain = Agreed::plain(peer.address(), Codec::Pcmu, Some(EVENTS));
    let agreed = Agreed { security: Security::Sdes(keys), ..plain.clone() };
    leg.leg.agree(&agreed);
    rig.ticks(5);
    leg.leg.agree(&Agreed { direction: Direction::SendOnly, ..agreed });
    rig.ticks(5);
    assert_eq!(peer.decrypted(&mut shield).len(), 10);
    leg.leg.agree(&plain);
    rig.ticks(5);
    assert_eq!(peer.packets().len(), 5, "plain again, when that is what was agreed on");
}

#[test]
fn a_handshake_gives_two_legs_their_keys() {
    for codec in [Codec::Pcma, Codec::Opus] {
        let mut rig = Rig::new();
        let mut a = rig.leg(None, |config| config.codec = codec);
        let mut b = rig.leg(None, |config| config.codec = codec);
        let preferences = Preferences {
            codecs: vec![codec],
            encryption: Encryption::Required,
            keying: Keying::Dtls,
            ..Preferences::default()
        };
        let mut one = Local::new(a.address, preferences.clone());
        let mut other = Local::new(b.address, preferences);
        let read = |text: String| crate::sdp::Description::parse(text.as_bytes()).expect("our own");
        let (answer, theirs) = other.answer(&read(one.offer())).expect("an answer");
        let ours = one.accept(&read(answer)).expect("it fits");
        b.leg.agree(&theirs);
        a.leg.agree(&ours);
        a.play(1, &clip(sound(100)));
        // The handshake is another thread's: it takes as many ticks as it takes.
        let mut heard = 0;
        for _ in 0..5_000 {
            rig.ticks(1);
            let loud = |frame: &MediaFrame| frame.heard.iter().any(|s| s.unsigned_abs() > 1_000);
            heard += b.frames().iter().filter(|frame| loud(frame)).count();
            a.events();
            if heard > 20 {
                break;
            }
            std::thread::sleep(ms(1));
        }
        assert!(heard > 20, "{codec}: {heard}");
    }
}

#[test]
fn a_handshake_with_somebody_else_is_a_failure_by_name() {
    let mut rig = Rig::new();
    let mut a = rig.leg(None, |_| {});
    let b = rig.leg(None, |_| {});
    let handshake = |of: &str, client: bool| {
        let preferences =
            Preferences { encryption: Encryption::Required, keying: Keying::Dtls, ..Preferences::default() };
        let offer = Local::new(a.address, preferences).offer();
        let line = offer.lines().find_map(|l| l.strip_prefix("a=fingerprint:")).expect("a fingerprint").to_owned();
        let digest = match of {
            "ours" => line,
            // As long, of a certificate that nobody has.
            _ => format!("sha-256 {}", ["AB"; 32].join(":")),
        };
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} UDP/TLS/RTP/SAVP 0\r\n\
             a=fingerprint:{digest}\r\na=setup:{}\r\n",
            if client { b.address } else { a.address }.port(),
            if client { "passive" } else { "active" },
        );
        let description = crate::sdp::Description::parse(text.as_bytes()).expect("a description");
        let preferences =
            Preferences { encryption: Encryption::Required, keying: Keying::Dtls, ..Preferences::default() };
        Local::new(a.address, preferences).answer(&description).expect("an answer").1
    };
    let (ours, theirs) = (handshake("somebody's", true), handshake("ours", false));
    b.leg.agree(&theirs);
    a.leg.agree(&ours);
    let mut failures = Vec::new();
    for _ in 0..5_000 {
        rig.ticks(1);
        failures.extend(a.events().into_iter().filter_map(|event| match event {
            LegEvent::NoKeys { why } => Some(why),
            _ => None,
        }));
        if !failures.is_empty() {
            break;
        }
        std::thread::sleep(ms(1));
    }
    assert_eq!(failures, ["the peer's certificate is not the one of its session description"]);
}
