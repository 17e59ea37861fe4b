//! Three in one call.

use hotline::event::{Event, Outcome};

use crate::bed::*;

/// The agent holds the caller, calls a colleague, and brings all three together with keys on one of both calls.
async fn three(on_the_second: bool) -> (Bed, Talk, Talk, Talk, Telephone, Telephone) {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    soon(agent.call.hold(true)).await.expect("hold is accepted");
    let (consulting, colleague) = tokio::join!(anna.call("ben"), ben.answer());
    consulting.hears(BEN).await;
    if !on_the_second {
        soon(agent.call.hold(false)).await.expect("and taken back");
        agent.hears(CALLER).await;
    }
    let pressing = if on_the_second { &consulting } else { &agent };
    pressing.call.leg().stop();
    pressing.call.leg().send_keys("*3");
    consulting.ends().await;
    if on_the_second {
        // They talk already while she comes back.
        caller.hears(BEN).await;
        soon(agent.call.hold(false)).await.expect("and taken back");
    }
    (bed, caller, agent.again(), colleague, anna, ben)
}

async fn all_hear_each_other(caller: &Talk, agent: &Talk, colleague: &Talk) {
    for (who, others) in [(caller, [ANNA, BEN]), (agent, [CALLER, BEN]), (colleague, [CALLER, ANNA])] {
        for other in others {
            who.hears(other).await;
        }
    }
}

/// The caller is on one channel, everybody else on the other.
async fn the_recording_keeps_the_caller_apart(bed: &Bed) {
    let [one, other] = bed.recording().await;
    let tones = |channel: &[i16]| -> Vec<Vec<f32>> {
        let heard = |window: &[i16]| [CALLER, ANNA, BEN].into_iter().filter(|hz| share(window, *hz) > 0.1).collect();
        channel.chunks_exact(1_600).map(heard).collect()
    };
    let (one, other) = (tones(&one), tones(&other));
    let (caller, others) = if one.concat().contains(&CALLER) { (one, other) } else { (other, one) };
    assert!(caller.concat().contains(&CALLER) && !caller.concat().iter().any(|hz| [ANNA, BEN].contains(hz)));
    assert!(others.contains(&vec![ANNA, BEN]) && !others.concat().contains(&CALLER));
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hear_each_other_and_the_others_go_on_when_the_agent_leaves() {
    let (bed, caller, agent, colleague, _anna, _ben) = three(true).await;
    all_hear_each_other(&caller, &agent, &colleague).await;
    agent.hang_up().await;
    bed.journaled("she left", |event| matches!(event, Event::Parted { .. })).await;
    caller.hears(BEN).await;
    colleague.hears(CALLER).await;
    colleague.hang_up().await;
    caller.ends().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert!(story(&journal).contains("held joined resumed parted unbridged hung_up ended"), "{}", story(&journal));
    the_recording_keeps_the_caller_apart(&bed).await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_work_on_the_callers_call_too() {
    let (bed, caller, agent, colleague, _anna, _ben) = three(false).await;
    all_hear_each_other(&caller, &agent, &colleague).await;
    colleague.hang_up().await;
    bed.journaled("he left", |event| matches!(event, Event::Parted { .. })).await;
    caller.hears(ANNA).await;
    caller.hang_up().await;
    agent.ends().await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_and_colleague_go_on_when_the_caller_leaves() {
    let (bed, caller, agent, colleague, _anna, _ben) = three(true).await;
    all_hear_each_other(&caller, &agent, &colleague).await;
    caller.hang_up().await;
    bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    agent.hears(BEN).await;
    colleague.hears(ANNA).await;
    assert!(agent.is_up() && colleague.is_up());
    // What they say to each other is a call of its own, which knows where it comes from; and so is what becomes of it.
    soon(agent.call.hold(true)).await.expect("hold is accepted");
    colleague.hears_music().await;
    soon(agent.call.hold(false)).await.expect("and taken back");
    colleague.hears(ANNA).await;
    agent.hang_up().await;
    colleague.ends().await;
    let rest =
        |event: &Event| matches!(event, Event::Offered { from, to, .. } if from.reveal() == "anna" && to == "ben");
    let consulted = "offered dialled ringing bridged unbridged hung_up ended";
    let story = "offered continues bridged held resumed parted unbridged hung_up ended";
    bed.ends_with_stories(rest, &[consulted, story]).await;
    let journals = bed.journals(rest).await;
    let of = journals[1].iter().find_map(|event| match event {
        Event::Continues { call } => Some(call.clone()),
        _ => None,
    });
    let outside = bed.call_from_outside().await;
    assert_eq!(of, Some(outside.to_string()));
    assert_eq!(outcome(&journals[1]), Some(Outcome::Agent));
    // What was measured of their legs follows the outcome.
    let mut last = Vec::new();
    for _ in 0..100 {
        last = bed.technical(rest).await.remove(1);
        if last.contains(&"leg_quality") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(last.contains(&"leg_quality"), "{last:?}");
    assert_eq!(outcome(&bed.journal().await), Some(Outcome::Agent));
    bed.stop().await;
}
