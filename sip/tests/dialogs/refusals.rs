//! What SIPp asks for and does not get.

use sip::ua::{EndCause, RateLimit, UaConfig};

use super::Scene;
use super::common::pair::end;
use super::common::*;

#[tokio::test]
async fn what_belongs_to_no_call_is_refused_by_name() {
    let Some(scene) = Scene::new().await else { return };
    scene.called("refused", &[]).done().await;
}

#[tokio::test]
async fn an_invite_that_comes_by_two_ways_is_one_call() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("merged", &[]);
    let incoming = scene.incoming().await;
    incoming.ring().await.expect("it rings");
    assert_eq!(soon(incoming.cancelled()).await, EndCause::Cancelled);
    sipp.done().await;
    assert!(scene.calls.try_recv().is_err(), "one call");
}

#[tokio::test]
async fn what_is_refused_within_a_call_leaves_it_as_it_was() {
    let Some(mut scene) = Scene::new().await else { return };
    let sipp = scene.called("within", &[]);
    let active = scene.answered().await;
    assert_eq!(end(&active).await, EndCause::ByRemote);
    sipp.done().await;
}

#[tokio::test]
async fn a_source_that_asks_too_much_is_told_when_to_come_back() {
    let limited = UaConfig { rate_limit: RateLimit { per_second: 0.001, burst: 3.0 }, ..config() };
    let Some(scene) = Scene::with(limited).await else { return };
    scene.called("overload", &[]).done().await;
}
