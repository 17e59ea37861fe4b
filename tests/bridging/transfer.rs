//! Transfers that an agent's telephone asks for.

use hotline::event::{Event, How, Outcome};

use crate::bed::*;

fn ended(event: &Event) -> bool {
    matches!(event, Event::Ended { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blind_transfer_connects_the_caller_with_the_colleague() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    // Ben comes later, so that the queue could not choose him.
    let mut ben = bed.hire("ben", BEN).await;
    agent.call.refer(&anna.uri("ben")).expect("a URI");
    let ringing = ben.rings().await;
    ringing.ring().await.expect("it rings");
    caller.hears_music().await;
    let colleague = Talk::new(soon(ringing.answer()).await.expect("answered"), BEN);
    caller.hears(BEN).await;
    colleague.hears(CALLER).await;
    assert_eq!(agent.news().await, [202, 100, 180, 200]);
    agent.ends().await;
    assert!(caller.is_up());
    colleague.hang_up().await;
    caller.ends().await;
    let journal = bed.journaled("the end", ended).await;
    assert_eq!(
        story(&journal),
        "offered queued ringing bridged ringing unbridged transferred bridged unbridged hung_up ended"
    );
    let transferred = journal.iter().find_map(|event| match event {
        Event::Transferred { from, to, how } => Some((from.as_str(), to.reveal(), *how)),
        _ => None,
    });
    assert_eq!(transferred, Some(("anna", "ben", How::Blind)));
    assert_eq!(outcome(&journal), Some(Outcome::Agent));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_is_busy_leaves_the_caller_with_the_agent() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    agent.call.refer(&anna.uri("ben")).expect("a URI");
    ben.rings().await.reject(486, "").await;
    assert_eq!(agent.news().await, [202, 100, 486]);
    caller.hears(ANNA).await;
    agent.hears(CALLER).await;
    agent.hang_up().await;
    let journal = bed.journaled("the end", ended).await;
    assert!(story(&journal).contains("bridged ringing transfer_failed unbridged"), "{}", story(&journal));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whose_agent_left_during_a_transfer_that_fails_is_in_the_queue_again() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    agent.call.refer(&anna.uri("ben")).expect("a URI");
    // Never answered; the agent does not wait for it.
    let unanswered = ben.rings().await;
    agent.hang_up().await;
    caller.hears_music().await;
    caller.is_never_silent_for(std::time::Duration::from_secs(2)).await;
    drop(ben);
    let again = anna.answer().await;
    caller.hears(ANNA).await;
    again.hears(CALLER).await;
    drop(unanswered);
    caller.hang_up().await;
    let journal = bed.journaled("the end", ended).await;
    assert!(story(&journal).contains("transfer_failed unbridged queued"), "{}", story(&journal));
    let briefs: Vec<_> = journal
        .iter()
        .filter_map(|event| match event {
            Event::Queued { queue, brief, .. } => Some((queue.clone(), brief.clone())),
            _ => None,
        })
        .collect();
    assert_eq!((briefs.len(), &briefs[0]), (2, &briefs[1]));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_a_number_outside_goes_through_the_trunk() {
    let mut bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    agent.call.refer(&anna.uri("0301234567")).expect("a URI");
    let call = bed.carrier.rings().await;
    assert_eq!(call.request_user(), "+49301234567");
    let expert = Talk::new(soon(call.answer()).await.expect("answered"), EXPERT);
    caller.hears(EXPERT).await;
    expert.hears(CALLER).await;
    assert_eq!(agent.news().await.last(), Some(&200));
    // Somebody outside who asks us to call numbers is refused, whoever they talk to.
    let mut outsiders = [caller, expert];
    for outsider in &mut outsiders {
        outsider.call.refer("sip:+4930555@127.0.0.1").expect("a URI");
        let news = outsider.news().await;
        assert!([403, 603].contains(&news[0]), "{news:?}");
    }
    assert!(bed.carrier.calls.try_recv().is_err());
    outsiders[0].hang_up().await;
    let journal = bed.journaled("the end", ended).await;
    let clear: Vec<_> = journal.iter().filter_map(|event| event.header().label).collect();
    assert!(clear.contains(&"outside") && !clear.iter().any(|label| label.contains("1234567")), "{clear:?}");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guards_of_the_trunk_hold_for_transfers_too() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    for (number, status) in [("09001234567", 403), ("5555", 404)] {
        agent.call.refer(&anna.uri(number)).expect("a URI");
        assert_eq!(agent.news().await.last(), Some(&status), "{number}");
        caller.hears(ANNA).await;
    }
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_a_queue_by_name_lets_the_agent_go_at_once() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    agent.call.refer(&anna.uri("service")).expect("a URI");
    assert_eq!(agent.news().await, [202, 100, 200]);
    agent.ends().await;
    let again = anna.answer().await;
    caller.hears(ANNA).await;
    again.hang_up().await;
    let journal = bed.journaled("the end", ended).await;
    assert!(story(&journal).contains("bridged unbridged transferred queued ringing bridged"), "{}", story(&journal));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_the_flow_begins_it_from_the_beginning() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    agent.call.refer(&anna.uri("bicycle-shop")).expect("a URI");
    assert_eq!(agent.news().await.last(), Some(&200));
    bed.journaled("what the bot says", |event| matches!(event, Event::Entered { .. })).await;
    caller.hears_music().await;
    caller.hang_up().await;
    bed.journaled("the end", ended).await;
    bed.stop().await;
}

/// The agent holds the caller and talks to a colleague.
async fn consulting(bed: &Bed, anna: &mut Telephone) -> (Talk, Talk, Talk, Talk, Telephone) {
    let (caller, agent) = bed.caller_with(anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    soon(agent.call.hold(true)).await.expect("hold is accepted");
    let (consulting, colleague) = tokio::join!(anna.call("ben"), ben.answer());
    consulting.hears(BEN).await;
    colleague.hears(ANNA).await;
    caller.hears_music().await;
    (caller, agent, consulting, colleague, ben)
}

async fn the_caller_is_with_the_colleague(bed: Bed, caller: Talk, colleague: Talk) {
    caller.hears(BEN).await;
    colleague.hears(CALLER).await;
    caller.hang_up().await;
    colleague.ends().await;
    let journal = bed.journaled("the end", ended).await;
    assert!(story(&journal).contains("held unbridged transferred bridged unbridged"), "{}", story(&journal));
    assert!(journal.iter().any(|event| matches!(event, Event::Transferred { how: How::Attended, .. })));
    let own = bed.journals(|event| matches!(event, Event::Offered { from, .. } if from.reveal() == "anna")).await;
    assert_eq!(story(&own[0]), "offered dialled ringing bridged unbridged hung_up ended");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attended_transfer_connects_the_caller_with_the_one_who_was_asked() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent, consulting, colleague, _ben) = consulting(&bed, &mut anna).await;
    agent.call.refer_to_replace(&consulting.call).expect("both calls are up");
    assert_eq!(agent.news().await.last(), Some(&200));
    agent.ends().await;
    consulting.ends().await;
    the_caller_is_with_the_colleague(bed, caller, colleague).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attended_transfer_may_be_asked_for_on_either_of_both_calls() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent, mut consulting, colleague, _ben) = consulting(&bed, &mut anna).await;
    consulting.call.refer_to_replace(&agent.call).expect("both calls are up");
    assert_eq!(consulting.news().await.last(), Some(&200));
    agent.ends().await;
    consulting.ends().await;
    the_caller_is_with_the_colleague(bed, caller, colleague).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_over_the_call_of_somebody_else() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent) = bed.caller_with(&mut anna).await;
    let (mut ben, mut eve) = (bed.hire("ben", BEN).await, bed.hire("eve", EXPERT).await);
    let (mut evil, victim) = tokio::join!(eve.call("ben"), ben.answer());
    // Eve names the dialog between Anna and the service.
    let caller_id = agent.call.sip_call_id().to_owned();
    let to = format!("{}?Replaces={caller_id}%3Bto-tag%3Da%3Bfrom-tag%3Db", eve.uri("anna"));
    evil.call.refer(&to).expect("a URI");
    assert_eq!(evil.news().await.last(), Some(&404));
    caller.hears(ANNA).await;
    victim.hears(EXPERT).await;
    let _ = eve.calls.try_recv();
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consultation_that_was_not_answered_cannot_be_transferred_to() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent) = bed.caller_with(&mut anna).await;
    let to = format!("{}?Replaces=unknown%3Bto-tag%3Da%3Bfrom-tag%3Db", anna.uri("ben"));
    agent.call.refer(&to).expect("a URI");
    assert_eq!(agent.news().await.last(), Some(&404));
    caller.hears(ANNA).await;
    bed.stop().await;
}

/// The agent holds the caller, calls a colleague, and hands the caller on to them while it still rings there.
async fn handing_on_while_it_rings(
    bed: &Bed,
    anna: &mut Telephone,
) -> (Talk, Talk, sip::ua::OutgoingCall, sip::ua::IncomingCall, Telephone) {
    let (caller, agent) = bed.caller_with(anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    soon(agent.call.hold(true)).await.expect("hold is accepted");
    let mut consulting = anna.dial("ben").await;
    let ringing = ben.rings().await;
    ringing.ring().await.expect("it rings");
    assert!(matches!(soon(consulting.next()).await, sip::ua::Progress::Ringing));
    let to = format!("{}?Replaces={}%3Bto-tag%3Da%3Bfrom-tag%3Db", anna.uri("ben"), consulting.sip_call_id());
    agent.call.refer(&to).expect("a URI");
    (caller, agent, consulting, ringing, ben)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consultation_that_still_rings_can_be_transferred_to() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent, mut consulting, ringing, mut ben) = handing_on_while_it_rings(&bed, &mut anna).await;
    // The colleague's telephone goes on ringing, that of the agent need not.
    assert_eq!(failed(&mut consulting).await, 487);
    agent.hang_up().await;
    caller.hears_music().await;
    let colleague = Talk::new(soon(ringing.answer()).await.expect("answered"), BEN);
    caller.hears(BEN).await;
    colleague.hears(CALLER).await;
    assert!(ben.calls.try_recv().is_err(), "it rang once");
    caller.hang_up().await;
    colleague.ends().await;
    let journal = bed.journaled("the end", ended).await;
    assert_eq!(
        story(&journal),
        "offered queued ringing bridged held ringing unbridged transferred bridged unbridged hung_up ended"
    );
    assert!(journal.iter().any(|event| matches!(event, Event::Transferred { how: How::Attended, .. })));
    let own = bed.journals(|event| matches!(event, Event::Offered { from, .. } if from.reveal() == "anna")).await;
    assert_eq!(story(&own[0]), "offered dialled ringing hung_up ended");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_colleague_who_does_not_answer_after_all_leaves_the_caller_with_the_agent() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, mut agent, _consulting, ringing, _ben) = handing_on_while_it_rings(&bed, &mut anna).await;
    // A refusal that overtakes the transfer is the consultation's, not the transfer's.
    assert_eq!(agent.news_until(180).await, [202, 100, 180]);
    ringing.reject(486, "").await;
    assert_eq!(agent.news().await, [486]);
    soon(agent.call.hold(false)).await.expect("and taken back");
    caller.hears(ANNA).await;
    agent.hears(CALLER).await;
    caller.hang_up().await;
    let journal = bed.journaled("the end", ended).await;
    assert!(story(&journal).contains("held ringing transfer_failed resumed unbridged"), "{}", story(&journal));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whose_agent_left_while_it_rang_in_vain_is_in_the_queue_again() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (caller, agent, mut consulting, ringing, ben) = handing_on_while_it_rings(&bed, &mut anna).await;
    assert_eq!(failed(&mut consulting).await, 487);
    agent.hang_up().await;
    caller.hears_music().await;
    ringing.reject(480, "").await;
    drop(ben);
    let again = anna.answer().await;
    caller.hears(ANNA).await;
    again.hears(CALLER).await;
    caller.hang_up().await;
    let journal = bed.journaled("the end", ended).await;
    assert!(story(&journal).contains("transfer_failed unbridged queued"), "{}", story(&journal));
    bed.stop().await;
}
