//! The queue with real telephones: who is passed over, who is sent back where, and who is called back.

use hotline::event::{Event, Outcome, TicketStatus};
use hotline::store::TicketFilter;
use serde_json::json;
use sip::trunk::{Did, Target};

use super::bed::{ANNA, BEN, Bed, CALLER, EXPERT, Talk, answered, outcome, soon, story};

fn ended(event: &Event) -> bool {
    matches!(event, Event::Ended { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_is_not_answered_is_passed_over_and_the_journal_says_why() {
    let bed = Bed::start().await;
    let mut anna = bed.hire("anna", ANNA).await;
    let mut outgoing = bed.call_in("+49301001").await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    let unanswered = anna.rings().await;
    let mut ben = bed.hire("ben", BEN).await;
    let agent = ben.answer().await;
    caller.hears(BEN).await;
    agent.hang_up().await;
    let journal = bed.journaled("the end", ended).await;
    assert!(story(&journal).starts_with("offered queued ringing missed ringing bridged"), "{}", story(&journal));
    let whys: Vec<_> = journal
        .iter()
        .filter_map(|event| if let Event::Assigned { agent, why } = event { Some((agent.as_str(), why)) } else { None })
        .collect();
    assert_eq!(whys.iter().map(|(agent, _)| *agent).collect::<Vec<_>>(), ["anna", "ben"]);
    assert_eq!(whys[1].1.best().map(|best| best.agent.as_str()), Some("ben"));
    assert_eq!(
        serde_json::to_value(&whys[1].1.excluded).expect("JSON"),
        json!([{"agent": "anna", "why": "not_answered"}])
    );
    drop(unanswered);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whom_an_agent_sends_back_waits_in_the_queue_they_came_from() {
    let bed = Bed::with(|config| {
        let target = Target::Queue("sales".into());
        config.trunks[0].dids.push(Did { number: "+49301004".into(), prefix: false, target, language: None });
    })
    .await;
    let mut anna = bed.hire("anna", ANNA).await;
    let mut ben = bed.hire("ben", BEN).await;
    bed.ask("POST", "queues", &json!({"id": "sales"})).await;
    bed.ask("PUT", "agents/ben", &json!({"queues": {"sales": 1}})).await;
    bed.ask("PUT", "agents/anna", &json!({"queues": {}})).await;
    let mut outgoing = bed.call_in("+49301004").await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    let agent = ben.answer().await;
    caller.hears(BEN).await;
    agent.call.refer(&ben.uri("anna")).expect("a URI");
    let unanswered = anna.rings().await;
    agent.hang_up().await;
    let again = ben.answer().await;
    caller.hears(BEN).await;
    again.hang_up().await;
    drop(unanswered);
    let journal = bed.journaled("the end", ended).await;
    let queues: Vec<&str> = journal
        .iter()
        .filter_map(|event| if let Event::Queued { queue, .. } = event { Some(queue.as_str()) } else { None })
        .collect();
    assert_eq!(queues, ["sales", "sales"]);
    let asked: Vec<(&str, &str)> = journal
        .iter()
        .filter_map(|event| {
            if let Event::Assigned { agent, why } = event { Some((agent.as_str(), why.queue.as_str())) } else { None }
        })
        .collect();
    assert_eq!(asked, [("ben", "sales"), ("ben", "sales")]);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_chooses_to_be_called_back_keeps_their_place_and_the_agent_is_rung_first() {
    let mut bed = Bed::start().await;
    bed.ask("POST", "queues", &json!({"id": "service", "keys": {"callback": "1"}})).await;
    let mut anna = bed.hire("anna", ANNA).await;
    let (first, busy) = bed.caller_with(&mut anna).await;
    let mut outgoing = bed.call_in("+49301001").await;
    let waits = Talk::new(answered(&mut outgoing).await, EXPERT);
    waits.hears_music().await;
    waits.call.leg().stop();
    waits.call.leg().send_keys("1");
    waits.ends().await;
    first.hang_up().await;
    busy.ends().await;

    let agent = anna.answer().await;
    let call = bed.carrier.rings().await;
    assert_eq!(call.request_user(), "+49309999999");
    let back = Talk::new(soon(call.answer()).await.expect("answered"), CALLER);
    back.hears(ANNA).await;
    agent.hears(CALLER).await;
    back.hang_up().await;
    agent.ends().await;

    let asked = |event: &Event| matches!(event, Event::Offered { from, to, .. } if from.reveal().starts_with('+') && to != "service");
    let journals = bed.journals(asked).await;
    let arranged =
        journals.iter().find(|journal| outcome(journal) == Some(Outcome::Callback)).expect("somebody is called back");
    assert!(arranged.iter().any(|event| matches!(event, Event::CallbackArranged { since: Some(_), .. })));
    bed.ends_with_stories(
        |event| matches!(event, Event::Offered { to, .. } if to == "service"),
        &["offered continues queued ringing ringing bridged parted unbridged hung_up ended"],
    )
    .await;
    let solved = async {
        loop {
            let tickets = bed.service.tenant().tickets(&TicketFilter::default(), None, 50).await.expect("a list").items;
            let of = |ticket: &&hotline::store::TicketSummary| ticket.subject.reveal() == "Call back +49309999999";
            if tickets.iter().find(of).is_some_and(|ticket| ticket.status == TicketStatus::Solved) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    soon(solved).await;
    bed.stop().await;
}
