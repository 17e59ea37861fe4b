//! Parking.

use hotline::event::Event;

use crate::bed::*;

fn slot(journal: &[Event]) -> Option<u32> {
    journal.iter().find_map(|event| match event {
        Event::Parked { slot, .. } => Some(*slot),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_call_is_taken_by_whoever_dials_its_slot() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    agent.call.refer(&anna.uri("700")).expect("a URI");
    assert_eq!(agent.news().await, [202, 100, 200]);
    agent.ends().await;
    caller.hears_music().await;
    let journal = bed.journaled("the slot", |event| matches!(event, Event::Parked { .. })).await;
    assert_eq!(slot(&journal), Some(701));
    let ben = bed.hire("ben", BEN).await;
    let colleague = ben.call("701").await;
    caller.hears(BEN).await;
    colleague.hears(CALLER).await;
    // The slot is free, and holds nothing any more.
    assert_eq!(failed(&mut ben.dial("701").await).await, 404);
    caller.hang_up().await;
    colleague.ends().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert!(story(&journal).contains("unbridged parked retrieved bridged unbridged hung_up"), "{}", story(&journal));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_call_that_nobody_takes_goes_back_to_who_parked_it_and_then_to_the_queue() {
    let bed = Bed::with(|config| config.park_return_seconds = 1).await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    agent.call.refer(&anna.uri("park")).expect("a URI");
    assert_eq!(agent.news().await.last(), Some(&200));
    agent.ends().await;
    let mut agent = anna.answer().await;
    caller.hears(ANNA).await;
    agent.call.refer(&anna.uri("park")).expect("a URI");
    assert_eq!(agent.news().await.last(), Some(&200));
    agent.ends().await;
    anna.rings().await.reject(486, "").await;
    // The queue rings her once more.
    let last = anna.answer().await;
    caller.hears(ANNA).await;
    last.hang_up().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert!(
        story(&journal)
            .contains("parked ringing retrieved bridged unbridged parked ringing missed queued ringing bridged"),
        "{}",
        story(&journal)
    );
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_may_hang_up_in_a_slot() {
    let bed = Bed::with(|config| config.park_slots = 1).await;
    let mut anna = bed.hire("anna", ANNA).await;
    for _ in 0..2 {
        let (caller, mut agent) = bed.caller_with(&mut anna).await;
        agent.call.refer(&anna.uri("park")).expect("a URI");
        // The only slot is free again the second time.
        assert_eq!(agent.news().await.last(), Some(&200));
        agent.ends().await;
        caller.hang_up().await;
        let ben = |journal: Vec<Event>| slot(&journal);
        assert_eq!(ben(bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await), Some(701));
    }
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_free_slot_the_caller_stays_with_the_agent() {
    let bed = Bed::with(|config| config.park_slots = 0).await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    agent.call.refer(&anna.uri("700")).expect("a URI");
    assert_eq!(agent.news().await, [486]);
    caller.hears(ANNA).await;
    bed.stop().await;
}
