//! Hold by an agent's telephone.

use hotline::event::Event;

use crate::bed::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_on_hold_hears_music_and_then_the_agent_again() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    soon(agent.call.hold(true)).await.expect("hold is accepted");
    caller.hears_music().await;
    caller.is_never_silent_for(std::time::Duration::from_secs(2)).await;
    soon(agent.call.hold(false)).await.expect("and taken back");
    caller.hears(ANNA).await;
    agent.hears(CALLER).await;
    caller.hang_up().await;
    agent.ends().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert_eq!(story(&journal), "offered queued ringing bridged held resumed unbridged hung_up ended");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_may_hang_up_while_on_hold() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    soon(agent.call.hold(true)).await.expect("hold is accepted");
    caller.hears_music().await;
    caller.hang_up().await;
    agent.ends().await;
    bed.stop().await;
}
