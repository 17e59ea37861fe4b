//! SIPp calls us.

use std::time::Duration;

use sip::media::LegEvent;
use sip::ua::{EndCause, Signal, UaConfig};

use super::common::pair::end;
use super::common::sipp::Sipp;
use super::common::*;
use super::{Scene, seen};

/// Session intervals of a second.
fn hasty() -> UaConfig {
    let second = Duration::from_secs(1);
    UaConfig { session_expires: Some(second), min_session_expires: second, ..config() }
}

#[tokio::test]
async fn a_reliable_183_comes_again_until_its_prack_which_the_answer_waits_for() {
    for ask in ["Supported", "Require"] {
        let Some(mut scene) = Scene::new().await else { return };
        let sipp = scene.called("prack_late", &[("ask", ask)]);
        let incoming = scene.incoming().await;
        let _leg = incoming.early_media().await.expect("it is wanted");
        let active = soon(incoming.answer()).await.expect("answered");
        assert_eq!(end(&active).await, EndCause::ByRemote);
        sipp.done().await;
        assert!(scene.agent.load().retransmitted > 0, "{ask}");
    }
}

#[tokio::test]
async fn a_reliable_180_makes_the_offer_that_the_invite_lacks() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("prack_offer", &[]);
    let incoming = scene.incoming().await;
    incoming.ring().await.expect("it rings");
    let early = incoming.early_media().await.expect("it is wanted");
    assert!(early.is_some(), "the sound is there, as soon as PRACK says where to");
    let active = soon(incoming.answer()).await.expect("answered");
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
}

#[tokio::test]
async fn update_changes_the_session_before_and_after_the_answer() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("update", &[]);
    let incoming = scene.incoming().await;
    let _leg = incoming.early_media().await.expect("it is wanted");
    seen(&incoming.record(), "UPDATE ", 1).await;
    let active = soon(incoming.answer()).await.expect("answered");
    soon(active.held().wait_for(|held| !*held)).await.expect("the second takes it back");
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
}

#[tokio::test]
async fn a_re_invite_without_an_offer_gets_one_and_its_ack_counts() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("delayed_offer", &[]);
    let active = scene.answered().await;
    soon(active.held().wait_for(|held| *held)).await.expect("the ACK holds us");
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
}

#[tokio::test]
async fn a_caller_holds_in_any_way_and_resumes() {
    for (hold, at) in [("sendonly", "127.0.0.1"), ("inactive", "127.0.0.1"), ("sendrecv", "0.0.0.0")] {
        let Some(mut scene) = Scene::new().await else { return };
        let sipp = scene.called("hold", &[("hold", hold), ("at", at)]);
        let active = scene.answered().await;
        let mut held = active.held();
        soon(held.wait_for(|held| *held)).await.expect("held");
        soon(held.wait_for(|held| !*held)).await.expect("resumed");
        soon(active.hangup(None)).await;
        sipp.done().await;
    }
}

#[tokio::test]
async fn a_caller_is_held_and_resumed() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("held", &[]);
    let active = scene.answered().await;
    soon(active.hold(true)).await.expect("accepted");
    soon(active.hold(false)).await.expect("accepted");
    soon(active.hangup(None)).await;
    sipp.done().await;
}

#[tokio::test]
async fn a_session_interval_that_is_too_brief_is_422_and_then_granted() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("timer_brief", &[]);
    let active = scene.answered().await;
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
}

#[tokio::test]
async fn a_caller_who_stops_refreshing_is_hung_up() {
    let Some(mut scene) = Scene::with(hasty()).await else { return };
    let sipp = scene.called("timer_silent", &[]);
    let active = scene.answered().await;
    assert!(matches!(end(&active).await, EndCause::Vanished(_)));
    sipp.done().await;
}

#[tokio::test]
async fn we_refresh_by_update_or_else_by_invite() {
    for scenario in ["timer_update", "timer_invite"] {
        let Some(mut scene) = Scene::with(hasty()).await else { return };
        let sipp = scene.called(scenario, &[]);
        let active = scene.answered().await;
        assert_eq!(end(&active).await, EndCause::ByRemote, "{scenario}");
        sipp.done().await;
    }
}

#[tokio::test]
async fn a_caller_who_does_not_answer_the_refresh_has_vanished() {
    // The refresh is given up before it is sent again for good measure.
    let config = UaConfig { t1: Duration::from_millis(15), ..hasty() };
    let config = UaConfig { session_expires: Some(Duration::from_secs(3)), ..config };
    let Some(mut scene) = Scene::with(config).await else { return };
    let sipp = scene.called("refresh_unanswered", &[]);
    let active = scene.answered().await;
    assert!(matches!(end(&active).await, EndCause::Vanished(_)));
    sipp.done().await;
}

#[tokio::test]
async fn a_caller_gives_up_before_and_while_it_rings() {
    for scenario in ["cancel_at_once", "cancel_ringing"] {
        let Some(mut scene) = Scene::new().await else { return };
        let sipp = scene.called(scenario, &[]);
        let incoming = scene.incoming().await;
        if scenario == "cancel_ringing" {
            incoming.ring().await.expect("it rings");
        }
        assert_eq!(soon(incoming.cancelled()).await, EndCause::Cancelled, "{scenario}");
        sipp.done().await;
        assert_eq!(scene.agent.live_calls(), 0);
    }
}

#[tokio::test]
async fn a_cancel_that_meets_the_answer_changes_nothing() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("cancel_late", &[]);
    let active = scene.answered().await;
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
}

#[tokio::test]
async fn re_invites_that_cross_are_491_and_ours_is_tried_again() {
    // At the pace of RFC 3261, so that nothing is sent again before SIPp has answered.
    let Some(mut scene) = Scene::with(UaConfig { t1: Duration::from_millis(500), ..config() }).await else { return };
    let sipp = scene.called("glare", &[]);
    let active = scene.answered().await;
    soon(active.hold(true)).await.expect("accepted in the end");
    soon(active.hangup(None)).await;
    sipp.done().await;
}

#[tokio::test]
async fn a_caller_has_us_call_somebody_and_hears_how_it_goes() {
    for outcome in [200, 486] {
        let Some(mut scene) = Scene::new().await else { return };
        let sipp = scene.called("refer", &[]);
        let mut active = scene.answered().await;
        let mut signals = active.take_signals().expect("nobody took them");
        let Some(Signal::Transfer(mut transfer)) = soon(signals.recv()).await else { panic!("a transfer is expected") };
        assert_eq!((transfer.to_user(), transfer.by().as_deref()), ("expert".to_owned(), Some("sipp")));
        transfer.progress(180);
        transfer.progress(outcome);
        assert_eq!(end(&active).await, EndCause::ByRemote);
        assert!(active.ladder().iter().any(|m| m.text().contains(&format!("\r\n\r\nSIP/2.0 {outcome} "))));
        sipp.done().await;
    }
}

#[tokio::test]
async fn a_caller_is_asked_to_call_somebody_and_says_how_it_goes() {
    for (outcome, status) in [("200 OK", 200), ("486 Busy Here", 486)] {
        let Some(mut scene) = Scene::new().await else { return };
        let sipp = scene.called("referred", &[("outcome", outcome)]);
        let mut active = scene.answered().await;
        let mut signals = active.take_signals().expect("nobody took them");
        active.refer("sip:expert@127.0.0.1").expect("a URI");
        let mut news = Vec::new();
        while news.last() != Some(&(status, true)) {
            match soon(signals.recv()).await {
                Some(Signal::TransferProgress { status, done }) => news.push((status, done)),
                other => panic!("news expected, not {other:?} after {news:?}"),
            }
        }
        assert_eq!(news, [(202, false), (100, false), (180, false), (status, true)]);
        soon(active.hangup(None)).await;
        sipp.done().await;
    }
}

#[tokio::test]
async fn a_caller_takes_the_place_of_another() {
    let Some(mut scene) = Scene::new().await else { return };
    let first = scene.called("talk", &[]);
    let replaced = scene.answered().await;
    let invite = replaced.ladder().remove(0).text();
    let from_tag = invite.lines().find_map(|line| line.strip_prefix("From:")?.split("tag=").nth(1)).expect("a tag");
    let replaces = format!("{};to-tag={};from-tag={from_tag}", replaced.sip_call_id(), replaced.id());
    let second = scene.called("replaces", &[("replaces", &replaces)]);
    let incoming = scene.incoming().await;
    assert_eq!(incoming.replaces(), Some(replaced.id()));
    let active = soon(incoming.answer()).await.expect("answered");
    soon(replaced.hangup(None)).await;
    assert_eq!(end(&active).await, EndCause::ByRemote);
    first.done().await;
    second.done().await;
    // The dialog is no more.
    scene.called("replaces_nobody", &[("replaces", &replaces)]).done().await;
}

#[tokio::test]
async fn late_and_repeated_acks_and_byes_are_borne() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("late_ack", &[]);
    let active = scene.answered().await;
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
    assert!(scene.agent.load().retransmitted > 0, "the 200 of the INVITE came again");
}

#[tokio::test]
async fn an_answer_that_nobody_acknowledges_ends_the_call_by_name() {
    let Some(mut scene) = Scene::with(UaConfig { t1: Duration::from_millis(20), ..config() }).await else { return };
    let sipp = scene.called("no_ack", &[]);
    let active = scene.answered().await;
    assert_eq!(end(&active).await, EndCause::NotAcknowledged);
    sipp.done().await;
}

#[tokio::test]
async fn both_hang_up_at_once() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("byes_cross", &[]);
    let active = scene.answered().await;
    let record = active.record();
    soon(active.hangup(None)).await;
    soon(record.closed()).await;
    assert_eq!(end(&active).await, EndCause::ByLocal);
    sipp.done().await;
}

#[tokio::test]
async fn a_bye_that_nobody_answers_is_given_up() {
    let Some(mut scene) = Scene::with(UaConfig { t1: Duration::from_millis(20), ..config() }).await else { return };
    let sipp = scene.called("bye_unanswered", &[]);
    let active = scene.answered().await;
    let record = active.record();
    soon(active.hangup(None)).await;
    soon(record.closed()).await;
    sipp.done().await;
    assert_eq!(scene.agent.load().dialogs, 0);
}

#[tokio::test]
async fn what_networks_say_of_a_caller_is_read() {
    let diversion = "Diversion: <sip:2002@pbx.example>;reason=no-answer, <sip:2001@pbx.example>;reason=unconditional";
    let history =
        "History-Info: <sip:2001@pbx.example>;index=1, <sip:2002@pbx.example>;index=1.1, <sip:3@pbx.example>;index=1.2";
    for header in [diversion, history] {
        let Some(mut scene) = Scene::new().await else { return };
        let sipp = scene.called("identity", &[("diversion", header)]);
        let incoming = scene.incoming().await;
        let asserted = incoming.asserted_identity().expect("the network vouches for the caller");
        assert_eq!((asserted.uri.user(), asserted.display.as_deref()), ("+4930123456".to_owned(), Some("Ada")));
        assert!(incoming.is_private());
        assert_eq!(incoming.diverted_by(), ["2002", "2001"], "{header}");
        let active = soon(incoming.answer()).await.expect("answered");
        soon(active.hangup(None)).await;
        sipp.done().await;
    }
}

#[tokio::test]
async fn keys_come_by_info_in_both_forms() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("info", &[]);
    let mut active = scene.answered().await;
    let mut events = active.take_events().expect("nobody took them");
    let mut keys = String::new();
    while let Some(event) = soon(events.recv()).await {
        if let LegEvent::Key { digit, .. } = event {
            keys.push(digit);
        }
    }
    assert_eq!(keys, "5#");
    sipp.done().await;
}

#[tokio::test]
async fn an_invite_far_longer_than_a_packet_is_answered() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("long", &[("padding", &"x".repeat(9_000))]);
    let active = scene.answered().await;
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
}

#[tokio::test]
async fn a_caller_over_tcp_holds_and_is_held() {
    let tcp = sip::transport::TransportConfig { tcp: vec![([127, 0, 0, 1], 0).into()], ..Default::default() };
    let Some(mut scene) = Scene::with(UaConfig { transport: tcp, ..config() }).await else { return };
    let at = scene.agent.local_addr_of(sip::ua::Protocol::Tcp).expect("it listens");
    let sipp = Sipp::calls_over_tcp(at, "held", &[]);
    let active = scene.answered().await;
    soon(active.hold(true)).await.expect("accepted");
    soon(active.hold(false)).await.expect("accepted");
    soon(active.hangup(None)).await;
    sipp.done().await;
}
