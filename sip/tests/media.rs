//! baresip, a real softphone, in every coding, packet length and way of encryption. It echoes what it hears, so what comes
//! back has gone both ways.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::pair::answered;
use common::phone::{Phone, Voice, heard};
use common::*;
use sip::media::{Clip, Codec, LegEvent, LegStats, Playback};
use sip::sdp::{Encryption, Keying, Preferences};
use sip::ua::{ActiveCall, Dial, UaConfig};

/// One second of a tone that is none of baresip's own.
fn tone() -> Arc<Clip> {
    Arc::new(Clip::new(audio::tone::sine(600.0, -12.0, Duration::from_secs(1))))
}

/// Takes a call from a phone with these account parameters, plays a tone until it comes back, and hangs up.
async fn echoed(account: &str, modules: &[&str], media: Preferences) -> Option<(Codec, LegStats)> {
    if !have("baresip") {
        return None;
    }
    let (server, mut calls) = agent(UaConfig { media, ..config() }).await;
    let account = format!("<sip:alice@{}>;regint=0;catchall=yes;{account}\n", server.local_addr());
    let service = format!("/dial sip:service@{}", server.local_addr());
    let phone = Phone::speaking(Voice::Echo, &account, modules, Some(&service));
    let incoming = soon(calls.recv()).await.expect("the call arrives");
    let call = soon(incoming.answer()).await.expect("answered");
    Some((call.codec(), echo_of(call, &phone).await))
}

/// Plays a tone until it comes back, hangs up, and tells what the leg counted.
async fn echo_of(mut call: ActiveCall, phone: &Phone) -> LegStats {
    call.leg().play(Playback { turn: 1, id: 1, clip: tone(), loop_: true });
    let mut events = heard(&mut call, 600.0, phone).await;
    soon(call.hangup(None)).await;
    loop {
        if let LegEvent::Closed(stats) = soon(events.recv()).await.expect("the leg says goodbye") {
            return stats;
        }
    }
}

fn only(codec: Codec) -> Preferences {
    Preferences { codecs: vec![codec], encryption: Encryption::Never, ..Preferences::default() }
}

fn encrypted() -> Preferences {
    Preferences { codecs: vec![Codec::Pcma], encryption: Encryption::Required, ..Preferences::default() }
}

#[tokio::test]
async fn a_call_in_g722() {
    let call = echoed("audio_codecs=G722/16000/1", &["g722"], only(Codec::G722)).await;
    assert!(call.is_none_or(|(codec, _)| codec == Codec::G722));
}

#[tokio::test]
async fn a_call_in_opus() {
    let call = echoed("audio_codecs=opus/48000/2", &["opus"], only(Codec::Opus)).await;
    assert!(call.is_none_or(|(codec, _)| codec == Codec::Opus));
}

#[tokio::test]
async fn calls_with_packets_of_10_30_40_and_60_ms() {
    for ptime in [10, 30, 40, 60] {
        let account = format!("audio_codecs=PCMA/8000/1;ptime={ptime}");
        let media = Preferences { ptime_ms: ptime, ..only(Codec::Pcma) };
        let Some((_, stats)) = echoed(&account, &["g711"], media).await else { return };
        for (packets, bytes) in [(stats.packets_in, stats.bytes_in), (stats.packets_out, stats.bytes_out)] {
            assert_eq!(bytes / packets, u64::from(ptime) * 8, "{stats:?}");
        }
    }
}

#[tokio::test]
async fn a_call_encrypted_with_keys_in_the_description() {
    for how in ["srtp", "srtp-mand"] {
        let account = format!("audio_codecs=PCMA/8000/1;mediaenc={how}");
        let Some((_, stats)) = echoed(&account, &["g711", "srtp"], encrypted()).await else { return };
        // Its first report, which is to open a NAT for the others, leaves before it has the keys.
        assert!(stats.unauthentic <= 1 && stats.rtcp_in > 0, "{how}: {stats:?}");
    }
}

#[tokio::test]
async fn a_call_encrypted_with_keys_of_a_handshake() {
    let _ = echoed("audio_codecs=PCMA/8000/1;mediaenc=dtls_srtp", &["g711", "dtls_srtp"], encrypted()).await;
}

/// Calls a phone that answers by itself; the same echo.
async fn called(account: &str, modules: &[&str], media: Preferences) -> Option<LegStats> {
    if !have("baresip") {
        return None;
    }
    let (server, _calls) = agent(UaConfig { media, ..registrar() }).await;
    let mut changes = server.registrations().expect("there is a registrar");
    let account = format!(
        "<sip:alice@{}>;auth_user=alice;auth_pass=secret;regint=60;answermode=auto;catchall=yes;{account}\n",
        server.local_addr()
    );
    let phone = Phone::speaking(Voice::Echo, &account, modules, None);
    soon(changes.recv()).await.expect("it registers");
    let contact = server.registered("alice").remove(0);
    let dial = Dial { destination: Some(contact.source), ..Dial::new(contact.uri, "sip:4711@127.0.0.1") };
    let mut outgoing = server.dial(dial).await.expect("on its way");
    let call = answered(&mut outgoing).await;
    Some(echo_of(call, &phone).await)
}

#[tokio::test]
async fn calls_to_a_phone_that_answers_our_encrypted_offers() {
    for (keying, how, module) in [(Keying::Sdes, "srtp-mand", "srtp"), (Keying::Dtls, "dtls_srtp", "dtls_srtp")] {
        let account = format!("audio_codecs=PCMA/8000/1;mediaenc={how}");
        let media = Preferences { keying, ..encrypted() };
        if called(&account, &["g711", module], media).await.is_none() {
            return;
        }
    }
}

#[tokio::test]
async fn a_plain_phone_answers_an_offer_that_may_be_encrypted() {
    let media = Preferences { codecs: vec![Codec::Pcma], ..Preferences::default() };
    let stats = called("audio_codecs=PCMA/8000/1", &["g711"], media).await;
    assert!(stats.is_none_or(|stats| stats.unauthentic == 0));
}
