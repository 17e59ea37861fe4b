//! Calls that extensions make, and where calls from outside go first.

use hotline::event::{Channel, Event, Outcome};
use serde_json::{Value, json};
use sip::ua::{Credentials, Progress};

use crate::bed::*;

fn internal(event: &Event) -> bool {
    matches!(event, Event::Offered { channel: Channel::Extension, .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_calls_another() {
    let bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    let mut outgoing = anna.dial("ben").await;
    let call = ben.rings().await;
    assert_eq!(call.from_user(), "anna");
    call.ring().await.expect("it rings");
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    let far = Talk::new(soon(call.answer()).await.expect("answered"), BEN);
    let near = Talk::new(answered(&mut outgoing).await, ANNA);
    near.hears(BEN).await;
    far.hears(ANNA).await;
    far.hang_up().await;
    near.ends().await;
    bed.ends_with_stories(internal, &["offered dialled ringing bridged parted unbridged hung_up ended"]).await;
    let journal = bed.journals(internal).await.remove(0);
    assert_eq!(outcome(&journal), Some(Outcome::Agent));
    assert!(!journal.iter().any(|event| matches!(event, Event::TicketOpened { .. })));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_calls_in_the_name_of_an_extension_without_its_password() {
    let mut bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    for to in ["ben", "0301234567", "service"] {
        assert_eq!(failed(&mut anna.dial_with(to, None).await).await, 401);
        let wrong = Credentials { username: "anna".into(), password: "guessed".into() };
        assert_eq!(failed(&mut anna.dial_with(to, Some(wrong)).await).await, 403);
    }
    assert!(ben.calls.try_recv().is_err() && bed.carrier.calls.try_recv().is_err());
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_said_by_its_status() {
    let mut bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    bed.service.add_extension("carl", bed.service.tenant().users().await.expect("users")[0].id).await.expect("added");
    let mut outgoing = anna.dial("ben").await;
    ben.rings().await.reject(486, "").await;
    assert_eq!(failed(&mut outgoing).await, 486);
    for (number, status) in [("5555", 404), ("09001234567", 403), ("carl", 480)] {
        assert_eq!(failed(&mut anna.dial(number).await).await, status, "{number}");
    }
    let mut outgoing = anna.dial("0301234567").await;
    let call = bed.carrier.rings().await;
    call.reject(603, "").await;
    assert_eq!(failed(&mut outgoing).await, 603);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trunk_there_is_no_way_out() {
    let bed = Bed::with(|config| config.trunks.clear()).await;
    let anna = bed.hire("anna", ANNA).await;
    assert_eq!(failed(&mut anna.dial("0301234567").await).await, 503);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_gives_up_stops_the_ringing() {
    let bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    let outgoing = anna.dial("ben").await;
    let call = ben.rings().await;
    outgoing.cancel().await;
    soon(call.cancelled()).await;
    bed.ends_with_stories(internal, &["offered dialled ringing hung_up ended"]).await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_calls_a_number_outside() {
    let mut bed = Bed::start().await;
    let anna = bed.hire("anna", ANNA).await;
    let (near, far) = tokio::join!(anna.call("0301234567"), bed.carrier.answer());
    near.hears(CALLER).await;
    far.hears(ANNA).await;
    // Held by the telephone, the one outside hears music.
    soon(near.call.hold(true)).await.expect("hold is accepted");
    far.hears_music().await;
    near.hang_up().await;
    far.ends().await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_that_dials_a_queue_waits_in_it() {
    let bed = Bed::start().await;
    let (anna, mut ben) = (bed.hire("anna", ANNA).await, bed.hire("ben", BEN).await);
    // Anna's own telephone is the other one that the queue could ring.
    let mut outgoing = anna.dial("service").await;
    let near = Talk::new(answered(&mut outgoing).await, ANNA);
    near.hears_music().await;
    drop(anna);
    let far = ben.answer().await;
    near.hears(BEN).await;
    far.hears(ANNA).await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queues_of_a_flow_that_is_published_can_be_dialled_and_those_of_the_one_before_cannot() {
    let bed = Bed::start().await;
    let anna = bed.hire("anna", ANNA).await;
    assert_eq!(failed(&mut anna.dial("sales").await).await, 404);
    let draft = bed.ask("GET", "flows/draft", &Value::Null).await;
    // The same flow with its only queue under another name.
    let document = draft["document"].to_string().replace("\"service\"", "\"sales\"");
    let document: Value = serde_json::from_str(&document).expect("JSON");
    bed.ask("PUT", "flows/draft", &json!({ "revision": 0, "document": document })).await;
    bed.ask("POST", "flows/publish", &json!({ "revision": 1 })).await;
    let mut outgoing = anna.dial("sales").await;
    Talk::new(answered(&mut outgoing).await, ANNA).hears_music().await;
    assert_eq!(failed(&mut anna.dial("service").await).await, 404);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_an_extension_rings_it_before_the_call_is_answered() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let mut outgoing = bed.call_in("+49301002").await;
    let call = anna.rings().await;
    assert!(matches!(soon(outgoing.next()).await, Progress::Ringing));
    let agent = Talk::new(soon(call.answer()).await.expect("answered"), ANNA);
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    caller.hears(ANNA).await;
    agent.hears(CALLER).await;
    agent.hang_up().await;
    caller.ends().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert_eq!(story(&journal), "offered ringing bridged unbridged hung_up ended");
    assert_eq!(outcome(&journal), Some(Outcome::Agent));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_an_extension_that_does_not_answer_leads_to_the_flow() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    for number in ["+49301002", "+49301003"] {
        let mut outgoing = bed.call_in(number).await;
        if number.ends_with('2') {
            anna.rings().await.reject(486, "").await;
        }
        let caller = Talk::new(answered(&mut outgoing).await, CALLER);
        caller.hears_music().await;
        caller.hang_up().await;
    }
    let outside = |event: &Event| matches!(event, Event::Offered { channel: Channel::Sip, .. });
    let journals = bed.journals(outside).await;
    for journal in &journals {
        assert!(story(journal).starts_with("offered ringing missed"), "{}", story(journal));
        assert!(journal.iter().any(|event| matches!(event, Event::Entered { .. })));
    }
    assert_eq!(journals.len(), 2);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_gives_up_while_an_extension_rings_is_abandoned() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let outgoing = bed.call_in("+49301002").await;
    let call = anna.rings().await;
    outgoing.cancel().await;
    soon(call.cancelled()).await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert_eq!(outcome(&journal), Some(Outcome::Abandoned));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_a_queue_in_which_nobody_works_leads_to_the_flow() {
    let bed = Bed::start().await;
    let mut outgoing = bed.call_in("+49301001").await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    bed.journaled("the flow", |event| matches!(event, Event::Entered { .. })).await;
    caller.hang_up().await;
    let journal = bed.journaled("the end", |event| matches!(event, Event::Ended { .. })).await;
    assert!(story(&journal).starts_with("offered queued unqueued"), "{}", story(&journal));
    bed.stop().await;
}
