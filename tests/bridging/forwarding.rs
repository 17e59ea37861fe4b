//! Phones that forward their calls (302).

use hotline::event::{Channel, Event, Outcome};

use crate::bed::*;

fn internal(event: &Event) -> bool {
    matches!(event, Event::Offered { channel: Channel::Extension, .. })
}

/// Who sent the call on, and where to.
fn redirects(journal: &[Event]) -> Vec<(&str, &str)> {
    let told = journal.iter().filter_map(|event| match event {
        Event::Redirected { from, to } => Some((from.as_str(), to.reveal())),
        _ => None,
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_follows_a_phone_that_forwards_it_to_another() {
    let bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    let mut carl = bed.hire("carl", EXPERT).await;
    let mut outgoing = anna.dial("ben").await;
    ben.rings().await.redirect(&[&ben.uri("carl")]).await.expect("a URI");
    let call = carl.rings().await;
    assert_eq!(call.from_user(), "anna");
    assert_eq!(call.diverted_by(), ["ben"]);
    assert_eq!(call.headers("History-Info").len(), 1);
    let far = Talk::new(soon(call.answer()).await.expect("answered"), EXPERT);
    let near = Talk::new(answered(&mut outgoing).await, ANNA);
    near.hears(EXPERT).await;
    far.hears(ANNA).await;
    near.hang_up().await;
    far.ends().await;
    bed.ends_with_stories(internal, &["offered dialled ringing redirected bridged parted unbridged hung_up ended"])
        .await;
    let journal = bed.journals(internal).await.remove(0);
    assert_eq!(redirects(&journal), [("ben", "carl")]);
    let with: Vec<_> =
        journal.iter().filter(|event| matches!(event, Event::Bridged { agent, .. } if agent == "carl")).collect();
    assert_eq!(with.len(), 1);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_cannot_be_forwarded_to_is_passed_over_for_the_next() {
    let bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    let (mut carl, mut dora) = (bed.hire("carl", EXPERT).await, bed.hire("dora", CALLER).await);
    let outgoing = anna.dial("ben").await;
    ben.rings().await.redirect(&[&ben.uri("5555"), &ben.uri("carl"), &ben.uri("dora")]).await.expect("URIs");
    carl.rings().await.reject(486, "").await;
    dora.rings().await.ring().await.expect("it rings");
    drop(outgoing);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_sent_round_in_a_circle_comes_to_an_end() {
    let bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    let mut carl = bed.hire("carl", EXPERT).await;
    let mut outgoing = anna.dial("ben").await;
    ben.rings().await.redirect(&[&ben.uri("carl")]).await.expect("a URI");
    carl.rings().await.redirect(&[&carl.uri("ben")]).await.expect("a URI");
    assert_eq!(failed(&mut outgoing).await, 480);
    assert!(ben.calls.try_recv().is_err() && carl.calls.try_recv().is_err());
    bed.ends_with_stories(internal, &["offered dialled ringing redirected missed hung_up ended"]).await;
    let journal = bed.journals(internal).await.remove(0);
    assert!(journal.iter().any(|event| matches!(event, Event::Missed { reason, .. } if reason.contains("circle"))));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_sent_on_a_few_times_and_no_more() {
    let bed = Bed::start().await;
    let anna = bed.hire("anna", ANNA).await;
    let mut phones = Vec::new();
    for number in 0..8 {
        phones.push(bed.hire(&format!("phone{number}"), BEN).await);
    }
    let mut outgoing = anna.dial("phone0").await;
    for (number, phone) in phones.iter_mut().take(6).enumerate() {
        let next = phone.uri(&format!("phone{}", number + 1));
        phone.rings().await.redirect(&[&next]).await.expect("a URI");
    }
    assert_eq!(failed(&mut outgoing).await, 480);
    assert!(phones[6].calls.try_recv().is_err());
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_forwards_to_a_number_outside_at_its_own_cost() {
    let mut bed = Bed::with(|config| config.trunks[0].limits.source_at_once = 1).await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    let mut outgoing = anna.dial("ben").await;
    ben.rings().await.redirect(&[&ben.uri("0301234567")]).await.expect("a URI");
    let call = bed.carrier.rings().await;
    assert_eq!(call.request_user(), "+49301234567");
    let far = Talk::new(soon(call.answer()).await.expect("answered"), CALLER);
    let near = Talk::new(answered(&mut outgoing).await, ANNA);
    near.hears(CALLER).await;
    far.hears(ANNA).await;
    // Ben has used up what he may, Anna has not.
    let mut second = anna.dial("ben").await;
    ben.rings().await.redirect(&[&ben.uri("0301234568")]).await.expect("a URI");
    assert_eq!(failed(&mut second).await, 403);
    let _third = anna.dial("0301234569").await;
    assert_eq!(bed.carrier.rings().await.request_user(), "+49301234569");
    // Whoever is outside has us call nobody.
    let mut far = far;
    far.call.refer(&anna.uri("ben")).expect("a URI");
    assert!([403, 603].contains(&far.news().await[0]));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guards_of_the_trunk_hold_for_forwarding_too() {
    let mut bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    for (target, status) in [("09001234567", 403), ("nobody", 480), ("701", 480)] {
        let mut outgoing = anna.dial("ben").await;
        ben.rings().await.redirect(&[&ben.uri(target)]).await.expect("a URI");
        assert_eq!(failed(&mut outgoing).await, status, "{target}");
    }
    assert!(bed.carrier.calls.try_recv().is_err());
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_for_an_agent_follows_the_agents_phone_to_a_colleague_or_a_queue() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let mut ben = bed.hire("ben", BEN).await;
    let mut outgoing = bed.call_in("+49301002").await;
    anna.rings().await.redirect(&[&anna.uri("ben")]).await.expect("a URI");
    let call = ben.rings().await;
    assert_eq!(call.diverted_by(), ["anna"]);
    let agent = Talk::new(soon(call.answer()).await.expect("answered"), BEN);
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    caller.hears(BEN).await;
    agent.hears(CALLER).await;
    caller.hang_up().await;
    agent.ends().await;

    let mut outgoing = bed.call_in("+49301002").await;
    anna.rings().await.redirect(&[&anna.uri("service")]).await.expect("a URI");
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    caller.hears_music().await;
    caller.hang_up().await;
    let outside = |event: &Event| matches!(event, Event::Offered { channel: Channel::Sip, .. });
    bed.ends_with_stories(
        outside,
        &[
            "offered ringing redirected bridged unbridged hung_up ended",
            "offered ringing redirected queued ringing unqueued hung_up ended",
        ],
    )
    .await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_follows_a_phone_that_forwards() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    let (mut ben, mut carl) = (bed.hire("ben", BEN).await, bed.hire("carl", EXPERT).await);
    agent.call.refer(&anna.uri("ben")).expect("a URI");
    ben.rings().await.redirect(&[&ben.uri("carl")]).await.expect("a URI");
    let colleague = carl.answer().await;
    caller.hears(EXPERT).await;
    colleague.hears(CALLER).await;
    assert_eq!(agent.news().await.last(), Some(&200));
    caller.hang_up().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert_eq!(redirects(&journal), [("ben", "carl")]);
    assert!(journal.iter().any(|event| matches!(event, Event::Transferred { to, .. } if to.reveal() == "carl")));
    assert_eq!(outcome(&journal), Some(Outcome::Agent));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_does_not_follow_the_phones_of_its_agents() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let mut outgoing = bed.call_in("+49301001").await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    anna.rings().await.redirect(&[&anna.uri("0301234567")]).await.expect("a URI");
    let journal = bed.journaled("she was missed", |event| matches!(event, Event::Missed { .. })).await;
    assert!(redirects(&journal).is_empty());
    caller.hang_up().await;
    bed.stop().await;
}
