//! A supervisor in a call: listening, whispering, joining in, taking over.

use hotline::event::{Event, Supervision};
use serde_json::json;

use crate::bed::*;

/// How long somebody is listened to who is not to be heard.
const A_WHILE: std::time::Duration = std::time::Duration::from_millis(600);

async fn how(bed: &Bed, how: &str) {
    let call = bed.call_from_outside().await;
    bed.asks("POST", &format!("calls/{call}/supervise"), &json!({"extension": "ben", "how": how})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_listens_whispers_joins_in_and_takes_over() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let mut ben = bed.hire("ben", BEN).await;

    let ((), supervisor) = tokio::join!(how(&bed, "listen"), ben.answer());
    supervisor.hears(CALLER).await;
    supervisor.hears(ANNA).await;
    caller.does_not_hear(BEN, A_WHILE).await;
    agent.does_not_hear(BEN, A_WHILE).await;
    caller.hears(ANNA).await;

    how(&bed, "whisper").await;
    agent.hears(BEN).await;
    agent.hears(CALLER).await;
    caller.does_not_hear(BEN, A_WHILE).await;

    how(&bed, "barge").await;
    caller.hears(BEN).await;
    caller.hears(ANNA).await;

    how(&bed, "take_over").await;
    agent.ends().await;
    caller.hears(BEN).await;
    supervisor.hears(CALLER).await;
    supervisor.hang_up().await;
    caller.ends().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    let supervised = |event: &Event| match event {
        Event::Supervised { by, how } if by == "ben" => Some(*how),
        _ => None,
    };
    let told: Vec<Supervision> = journal.iter().filter_map(supervised).collect();
    assert_eq!(told, [Supervision::Listen, Supervision::Whisper, Supervision::Barge, Supervision::TakeOver]);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_who_leaves_changes_nothing_and_goes_when_the_caller_does() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    let ((), supervisor) = tokio::join!(how(&bed, "listen"), ben.answer());
    supervisor.hears(CALLER).await;
    supervisor.hang_up().await;
    let over = |event: &Event| matches!(event, Event::Supervised { how: Supervision::Over, .. });
    bed.journaled("he left", over).await;
    caller.hears(ANNA).await;
    agent.hears(CALLER).await;

    let ((), supervisor) = tokio::join!(how(&bed, "whisper"), ben.answer());
    agent.hears(BEN).await;
    caller.hang_up().await;
    supervisor.ends().await;
    agent.ends().await;
    let call = bed.call_from_outside().await;
    bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    let path = format!("calls/{call}/supervise");
    let refused = bed.try_ask("POST", &path, &json!({"extension": "ben", "how": "listen"})).await;
    assert_eq!(refused.status().as_u16(), 409);
    bed.stop().await;
}
