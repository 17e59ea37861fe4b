//! Calls that take the place of a leg (INVITE with Replaces): the one who was talking has told somebody else to go on instead.

use hotline::event::{Channel, Event, How, Outcome};
use sip::message::{Name, Replaces};
use sip::ua::{ActiveCall, Credentials, Dial, OutgoingCall, Progress, Signal};

use crate::bed::*;

fn ended(event: &Event) -> bool {
    matches!(event, Event::Ended { .. })
}

/// How the other end of a call would name it.
fn named(call: &ActiveCall) -> Replaces {
    let ladder = call.ladder();
    let answer = ladder.iter().filter(|message| message.text().starts_with("SIP/2.0 200")).find_map(|message| {
        let text = message.text();
        let value = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            let tag = line.split(";tag=").nth(1)?;
            Some(tag.split(';').next()?.trim().to_owned())
        };
        Some((message.sent, value("From:")?, value("To:")?))
    });
    let (sent, from, to) = answer.expect("it was answered");
    // Our own tag is that of the side that we are on.
    let (ours, theirs) = if sent { (to, from) } else { (from, to) };
    Replaces { call_id: call.sip_call_id().to_owned(), to_tag: theirs, from_tag: ours, early_only: false }
}

async fn takes(phone: &Telephone, replaces: &Replaces, credentials: Option<Credentials>) -> OutgoingCall {
    let mut dial = Dial::new(phone.uri("anna"), phone.uri(&phone.name));
    dial.credentials = credentials;
    dial.headers.push((Name::Replaces.to_string(), replaces.to_string()));
    phone.agent.dial(dial).await.expect("the call is on its way")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_was_told_so_takes_the_place_of_another() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    // They talk from telephone to telephone, and then she asks him to take over.
    let to_him = Dial::new(format!("sip:ben@{}", ben.agent.local_addr()), "sip:anna@127.0.0.1");
    let mut direct = anna.agent.dial(to_him).await.expect("on its way");
    let mut asked = ben.answer().await;
    let direct = answered(&mut direct).await;
    direct.refer_to_replace(&agent.call).expect("both calls are up");
    let Some(Signal::Transfer(mut transfer)) = soon(asked.signals.recv()).await else { panic!("she asks him") };
    transfer.accept();
    let replaces = transfer.replaces().cloned().expect("to take her place");
    let mut outgoing = takes(&ben, &replaces, Some(ben.credentials())).await;
    let colleague = Talk::new(answered(&mut outgoing).await, BEN);
    transfer.progress(200);
    agent.ends().await;
    caller.hears(BEN).await;
    colleague.hears(CALLER).await;
    caller.hang_up().await;
    colleague.ends().await;
    let journal = bed.journaled("the end", ended).await;
    assert_eq!(story(&journal), "offered queued ringing bridged unbridged transferred bridged unbridged hung_up ended");
    let moved = journal.iter().any(|event| match event {
        Event::Transferred { from, to, how } => from == "anna" && to.reveal() == "ben" && *how == How::Attended,
        _ => false,
    });
    assert!(moved);
    // What is offered ends in an outcome, this too.
    let own = bed.journals(|event| matches!(event, Event::Offered { channel: Channel::Extension, .. })).await;
    assert_eq!((story(&own[0]).as_str(), outcome(&own[0])), ("offered hung_up ended", Some(Outcome::Agent)));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_outside_takes_over_a_call() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let ben = bed.hire("ben", BEN).await;
    let replaces = named(&agent.call);
    // Without a proof, with a wrong one, and from a stranger who has no name here.
    assert_eq!(failed(&mut takes(&ben, &replaces, None).await).await, 401);
    let wrong = Credentials { username: "ben".into(), password: "guessed".into() };
    assert_eq!(failed(&mut takes(&ben, &replaces, Some(wrong)).await).await, 403);
    let mut dial = Dial::new(ben.uri("anna"), "sip:stranger@example.com");
    dial.headers.push(("Replaces".into(), replaces.to_string()));
    assert_eq!(failed(&mut ben.agent.dial(dial.clone()).await.expect("on its way")).await, 401);
    // By the carrier, which has legs of its own, but this is not one.
    assert_eq!(failed(&mut bed.carrier.agent.dial(dial).await.expect("on its way")).await, 403);
    caller.hears(ANNA).await;
    agent.hears(CALLER).await;
    // A telephone of ours takes no leg of the carrier's either.
    let theirs = named(&caller.call);
    assert_eq!(failed(&mut takes(&ben, &theirs, Some(ben.credentials())).await).await, 403);
    caller.hears(ANNA).await;
    let outcomes: Vec<_> = bed.journals(|_| true).await.iter().filter_map(|journal| outcome(journal)).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Failed), "{outcomes:?}");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_exist_or_is_no_early_call_is_not_taken_over() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let ben = bed.hire("ben", BEN).await;
    let right = named(&agent.call);
    for (replaces, status) in [
        (Replaces { to_tag: "guessed".into(), ..right.clone() }, 481),
        (Replaces { from_tag: "guessed".into(), ..right.clone() }, 481),
        (Replaces { call_id: "guessed".into(), ..right.clone() }, 481),
        (Replaces { early_only: true, ..right.clone() }, 486),
    ] {
        assert_eq!(failed(&mut takes(&ben, &replaces, Some(ben.credentials())).await).await, status);
    }
    caller.hears(ANNA).await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_system_hands_its_end_of_a_call_to_another_of_its_telephones() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let mut dial = Dial::new(format!("sip:+49301001@{}", bed.service.sip), "sip:+49308888888@carrier.example");
    dial.headers.push(("Replaces".into(), named(&caller.call).to_string()));
    let mut outgoing = bed.carrier.agent.dial(dial).await.expect("on its way");
    let other = Talk::new(answered(&mut outgoing).await, EXPERT);
    caller.ends().await;
    other.hears(ANNA).await;
    agent.hears(EXPERT).await;
    // It is the caller's call still: hold, and the end.
    soon(agent.call.hold(true)).await.expect("hold is accepted");
    other.hears_music().await;
    soon(agent.call.hold(false)).await.expect("and taken back");
    other.hears(ANNA).await;
    other.hang_up().await;
    agent.ends().await;
    let outside = |event: &Event| matches!(event, Event::Offered { channel: Channel::Sip, .. });
    bed.ends_with_stories(
        outside,
        &["offered queued ringing bridged transferred held resumed unbridged hung_up ended", "offered hung_up ended"],
    )
    .await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_waits_in_a_queue_may_be_somebody_else_by_then() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let mut outgoing = bed.call_in("+49301001").await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    let ringing = anna.rings().await;
    caller.hears_music().await;
    let mut dial = Dial::new(format!("sip:+49301001@{}", bed.service.sip), "sip:+49308888888@carrier.example");
    dial.headers.push(("Replaces".into(), named(&caller.call).to_string()));
    let mut outgoing = bed.carrier.agent.dial(dial).await.expect("on its way");
    let other = Talk::new(answered(&mut outgoing).await, EXPERT);
    caller.ends().await;
    other.hears_music().await;
    let agent = Talk::new(soon(ringing.answer()).await.expect("answered"), ANNA);
    other.hears(ANNA).await;
    agent.hears(EXPERT).await;
    assert!(!matches!(soon(outgoing.next()).await, Progress::Answered(_)));
    bed.stop().await;
}
