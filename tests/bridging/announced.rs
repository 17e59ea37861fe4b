//! What a carrier plays before the answer: an announcement, its own ringing tone.

use std::time::Duration;

use hotline::event::{Channel, Event, Outcome};
use sip::ua::{OutgoingCall, Progress};

use crate::bed::*;

fn internal(event: &Event) -> bool {
    matches!(event, Event::Offered { channel: Channel::Extension, .. })
}

/// Waits until sound comes before the answer, enough of it to be heard.
async fn sounds(outgoing: &mut OutgoingCall) {
    assert!(matches!(soon(outgoing.next()).await, Progress::EarlyMedia { .. }));
    let observer = outgoing.leg().observer();
    soon(async {
        while observer.stats().await.is_none_or(|stats| stats.packets_in < 25) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_hears_the_announcement_and_then_whoever_answers() {
    let mut bed = Bed::start().await;
    let anna = bed.hire("anna", ANNA).await;
    let mut outgoing = anna.dial("0301234567").await;
    plays(outgoing.leg(), ANNA);
    let call = bed.carrier.rings().await;
    let early = call.early_media().await.expect("it is wanted").expect("there was an offer");
    plays(&early, EXPERT);
    sounds(&mut outgoing).await;
    early.stop();
    let mut far = soon(call.answer()).await.expect("answered");
    plays(far.leg(), CALLER);
    let mut near = answered(&mut outgoing).await;
    let (before, said) = tokio::join!(heard_before(&mut near, CALLER), heard_before(&mut far, ANNA));
    assert!(has(&before, EXPERT), "the announcement");
    // Nobody talks for nothing before the answer.
    assert!(said.len() > 20 * 160 && !has(&said, ANNA), "{} samples", said.len());
    // The phone understands reliable provisional responses, so it was asked to acknowledge this one.
    assert!(near.ladder().iter().any(|message| message.sent && message.text().starts_with("PRACK ")));
    soon(far.hangup(None)).await;
    bed.ends_with_stories(internal, &["offered dialled ringing bridged parted unbridged hung_up ended"]).await;
    let journal = bed.journals(internal).await.remove(0);
    let talked = journal.iter().find_map(|event| match event {
        Event::Unbridged { talked_ms, .. } => Some(*talked_ms),
        _ => None,
    });
    let whole = journal.iter().find_map(|event| match event {
        Event::Ended { duration_ms, .. } => Some(*duration_ms),
        _ => None,
    });
    // At least the announcement is no talk.
    assert!(talked.zip(whole).is_some_and(|(talked, whole)| talked + 480 <= whole), "{talked:?} of {whole:?}");
    let recorded = bed.recordings(internal).await.remove(0);
    assert!(recorded.iter().any(|channel| has(channel, CALLER)) && recorded.iter().any(|channel| has(channel, ANNA)));
    assert!(!recorded.iter().any(|channel| has(channel, EXPERT)), "the announcement is recorded");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_may_be_all_that_comes() {
    let mut bed = Bed::start().await;
    let anna = bed.hire("anna", ANNA).await;
    let mut outgoing = anna.dial("0301234567").await;
    let call = bed.carrier.rings().await;
    let early = call.early_media().await.expect("it is wanted").expect("there was an offer");
    plays(&early, EXPERT);
    sounds(&mut outgoing).await;
    call.reject(404, "").await;
    assert_eq!(failed(&mut outgoing).await, 404);
    bed.ends_with_stories(internal, &["offered dialled ringing missed hung_up ended"]).await;
    assert_eq!(outcome(&bed.journals(internal).await[0]), Some(Outcome::Failed));
    assert!(bed.recordings(internal).await.is_empty(), "nothing is recorded before the answer");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_says_only_that_it_rings_lets_the_phone_ring() {
    let mut bed = Bed::start().await;
    let anna = bed.hire("anna", ANNA).await;
    let mut outgoing = anna.dial("0301234567").await;
    let call = bed.carrier.rings().await;
    call.ring().await.expect("it rings");
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    // Sound may come afterwards all the same.
    let early = call.early_media().await.expect("it is wanted").expect("there was an offer");
    plays(&early, EXPERT);
    sounds(&mut outgoing).await;
    outgoing.cancel().await;
    soon(call.cancelled()).await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_is_transferred_hears_the_announcement_and_comes_back() {
    let mut bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    agent.call.refer(&anna.uri("0301234567")).expect("a URI");
    let call = bed.carrier.rings().await;
    let early = call.early_media().await.expect("it is wanted").expect("there was an offer");
    plays(&early, EXPERT);
    caller.hears(EXPERT).await;
    call.reject(404, "").await;
    assert_eq!(agent.news().await, [202, 100, 180, 404]);
    caller.hears(ANNA).await;
    agent.hears(CALLER).await;
    caller.hang_up().await;
    bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert!(!bed.recording().await.iter().any(|channel| has(channel, EXPERT)), "the announcement is recorded");
    bed.stop().await;
}
