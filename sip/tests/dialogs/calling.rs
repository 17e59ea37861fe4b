//! We call SIPp.

use std::time::Duration;

use sip::ua::{ActiveCall, Dial, EndCause, OutgoingCall, Progress, UaConfig};

use super::common::pair::{answered, end};
use super::common::sipp::Sipp;
use super::common::*;
use super::{Scene, failed, seen};

impl Scene {
    /// We call SIPp, which waits with a scenario.
    async fn calling(&self, scenario: &str, keys: &[(&str, &str)]) -> (OutgoingCall, Sipp) {
        let sipp = Sipp::waits(scenario, keys);
        let outgoing = self.agent.dial(Dial::new(sipp.uri(), "sip:4711@127.0.0.1")).await.expect("on its way");
        (outgoing, sipp)
    }

    async fn up(&self, scenario: &str) -> (ActiveCall, Sipp) {
        let (mut outgoing, sipp) = self.calling(scenario, &[]).await;
        (answered(&mut outgoing).await, sipp)
    }
}

#[tokio::test]
async fn it_rings_and_is_answered() {
    let Some(scene) = Scene::new().await else { return };
    let (mut outgoing, sipp) = scene.calling("answers", &[]).await;
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    let active = answered(&mut outgoing).await;
    soon(active.hangup(None)).await;
    sipp.done().await;
}

#[tokio::test]
async fn reliable_provisional_responses_are_acknowledged_once_each() {
    let Some(scene) = Scene::new().await else { return };
    let (mut outgoing, sipp) = scene.calling("answers_prack", &[]).await;
    assert!(matches!(soon(outgoing.next()).await, Progress::EarlyMedia { .. }));
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    let active = answered(&mut outgoing).await;
    let pracks = active.ladder().iter().filter(|m| m.sent && m.text().starts_with("PRACK ")).count();
    assert_eq!(pracks, 2);
    soon(active.hangup(None)).await;
    sipp.done().await;
}

#[tokio::test]
async fn update_changes_the_session_before_the_answer() {
    let Some(scene) = Scene::new().await else { return };
    let (mut outgoing, sipp) = scene.calling("answers_update", &[]).await;
    assert!(matches!(soon(outgoing.next()).await, Progress::EarlyMedia { .. }));
    let active = answered(&mut outgoing).await;
    soon(active.held().wait_for(|held| !*held)).await.expect("the second takes it back");
    seen(&active.record(), "UPDATE ", 2).await;
    soon(active.hangup(None)).await;
    sipp.done().await;
}

#[tokio::test]
async fn an_answer_need_not_say_again_what_a_reliable_183_said() {
    let Some(scene) = Scene::new().await else { return };
    let (mut outgoing, sipp) = scene.calling("answers_bare", &[]).await;
    assert!(matches!(soon(outgoing.next()).await, Progress::EarlyMedia { .. }));
    let active = answered(&mut outgoing).await;
    soon(active.hangup(None)).await;
    sipp.done().await;
}

#[tokio::test]
async fn the_one_who_was_called_holds_and_is_held() {
    let Some(scene) = Scene::new().await else { return };
    let (active, sipp) = scene.up("holds_back").await;
    let mut held = active.held();
    soon(held.wait_for(|held| *held)).await.expect("held");
    soon(held.wait_for(|held| !*held)).await.expect("resumed");
    soon(active.hold(true)).await.expect("accepted");
    soon(active.hangup(None)).await;
    sipp.done().await;
}

fn hasty() -> UaConfig {
    UaConfig { min_session_expires: Duration::from_secs(1), ..config() }
}

#[tokio::test]
async fn a_longer_session_interval_is_asked_for_when_ours_is_422() {
    let Some(scene) = Scene::new().await else { return };
    let (active, sipp) = scene.up("wants_longer").await;
    soon(active.hangup(None)).await;
    sipp.done().await;
}

#[tokio::test]
async fn we_refresh_when_we_are_asked_to() {
    let Some(scene) = Scene::with(hasty()).await else { return };
    let (active, sipp) = scene.up("wants_refreshes").await;
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
}

#[tokio::test]
async fn a_peer_that_stops_refreshing_is_hung_up() {
    let Some(scene) = Scene::with(hasty()).await else { return };
    let (active, sipp) = scene.up("forgets_refreshes").await;
    assert!(matches!(end(&active).await, EndCause::Vanished(_)));
    sipp.done().await;
}

#[tokio::test]
async fn a_cancel_waits_for_the_first_response() {
    let Some(scene) = Scene::new().await else { return };
    let (outgoing, sipp) = scene.calling("slow", &[]).await;
    let record = outgoing.record();
    outgoing.cancel().await;
    sipp.done().await;
    soon(record.closed()).await;
    assert_eq!(scene.agent.load().dialogs, 0);
}

#[tokio::test]
async fn an_answer_that_was_faster_than_our_cancel_is_hung_up() {
    let Some(scene) = Scene::new().await else { return };
    let (mut outgoing, sipp) = scene.calling("faster", &[]).await;
    let record = outgoing.record();
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    outgoing.cancel().await;
    sipp.done().await;
    soon(record.closed()).await;
    assert_eq!(scene.agent.live_calls(), 0);
}

#[tokio::test]
async fn of_two_answers_the_second_is_thanked_and_hung_up() {
    let Some(scene) = Scene::new().await else { return };
    let (active, sipp) = scene.up("forks").await;
    // The other branch is told goodbye before this one is.
    seen(&active.record(), "ACK ", 2).await;
    soon(active.hangup(None)).await;
    sipp.done().await;
}

#[tokio::test]
async fn a_redirection_is_reported_and_can_be_followed() {
    let Some(mut scene) = Scene::new().await else { return };
    let elsewhere = format!("sip:elsewhere@{}", scene.agent.local_addr());
    let (mut outgoing, sipp) = scene.calling("moved", &[("elsewhere", &elsewhere)]).await;
    assert_eq!(failed(&mut outgoing).await, 302);
    sipp.done().await;
    let failure = outgoing.failure().expect("it says where to");
    let [contact] = failure.contacts.as_slice() else { panic!("one contact, not {:?}", failure.contacts) };
    let mut outgoing =
        scene.agent.dial(Dial::new(contact.to_string(), "sip:4711@127.0.0.1")).await.expect("on its way");
    let incoming = scene.incoming().await;
    assert_eq!(incoming.request_user(), "elsewhere");
    let _theirs = soon(incoming.answer()).await.expect("answered");
    answered(&mut outgoing).await;
}

#[tokio::test]
async fn a_refusal_says_why_and_when_to_come_back() {
    let Some(scene) = Scene::new().await else { return };
    let (mut outgoing, sipp) = scene.calling("refuses", &[]).await;
    assert_eq!(failed(&mut outgoing).await, 503);
    let failure = outgoing.failure().expect("it says more");
    assert_eq!((failure.status, failure.retry_after), (503, Some(Duration::from_secs(7))));
    assert!(failure.explanation.is_some_and(|text| text.contains("out of lines")));
    sipp.done().await;
}
