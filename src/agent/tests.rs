//! Places and reservations: what holding and dropping them means.

use super::*;

fn names(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|&name| name.to_owned()).collect()
}

fn entry(agents: &Agents) -> Entry {
    Entry::now("service", 5, agents.now())
}

/// Agents whose queue lets them finish their work for a while.
fn agents(wrap_up_s: u32, names: &[&str]) -> Agents {
    let agents = Agents::with(Queue { wrap_up_s, ..Queue::named("") }, TimeZone::UTC);
    names.iter().for_each(|name| agents.add(name));
    agents
}

async fn offer(place: &mut InQueue) -> String {
    loop {
        if let Decision::Offer { agent, .. } = place.next().await {
            return agent;
        }
    }
}

#[tokio::test]
async fn an_agent_is_busy_until_the_reservation_is_dropped() {
    let agents = agents(0, &["anna"]);
    let mut first = agents.enter(CallId::new(), entry(&agents), names(&["anna"]));
    assert_eq!(offer(&mut first).await, "anna");
    let held = first.answered("anna").expect("she was offered the call");
    let mut second = agents.enter(CallId::new(), entry(&agents), names(&["anna"]));
    assert_eq!(agents.standing("service", names(&["anna"])).free, 0);
    drop(held);
    assert_eq!(offer(&mut second).await, "anna");
}

#[tokio::test]
async fn a_caller_who_is_dropped_while_a_phone_rings_frees_the_agent() {
    let agents = agents(0, &["anna"]);
    let mut gone = agents.enter(CallId::new(), entry(&agents), names(&["anna"]));
    offer(&mut gone).await;
    drop(gone);
    assert_eq!(agents.agent("anna").map(|anna| anna.state), Some("free".to_owned()));
    assert_eq!(agents.standing("service", names(&["anna"])).waiting, 0);
}

#[tokio::test]
async fn of_two_phones_that_are_answered_at_once_one_has_the_call() {
    let agents = Agents::with(Queue { strategy: crate::queue::Strategy::RingAll, ..Queue::named("") }, TimeZone::UTC);
    ["anna", "ben"].iter().for_each(|name| agents.add(name));
    let mut place = agents.enter(CallId::new(), entry(&agents), names(&["anna", "ben"]));
    assert_eq!((offer(&mut place).await, offer(&mut place).await), ("anna".into(), "ben".into()));
    let anna = place.answered("anna");
    assert!(anna.is_some() && place.answered("ben").is_none());
    assert_eq!(agents.agent("ben").map(|ben| ben.state), Some("free".to_owned()));
}

#[tokio::test]
async fn who_makes_a_call_is_taken_once() {
    let agents = agents(0, &["anna"]);
    let own = agents.take(CallId::new(), "anna");
    assert!(own.is_some() && agents.take(CallId::new(), "anna").is_none());
    drop(own);
    assert!(agents.take(CallId::new(), "anna").is_some() && agents.take(CallId::new(), "nobody").is_none());
}

#[tokio::test]
async fn the_work_after_a_call_of_a_queue_is_finished_before_the_next_one() {
    let agents = agents(30, &["anna"]);
    let mut place = agents.enter(CallId::new(), entry(&agents), names(&["anna"]));
    offer(&mut place).await;
    drop(place.answered("anna"));
    assert_eq!(agents.agent("anna").map(|anna| anna.state), Some("wrap_up".to_owned()));
    assert_eq!(agents.wrapped_up("anna").map(|anna| anna.state), Some("free".to_owned()));
}

#[tokio::test]
async fn listeners_hear_of_offers_and_of_states() {
    let agents = agents(0, &["anna"]);
    let mut news = agents.watch();
    let call = CallId::new();
    let _place = agents.enter(call, entry(&agents), names(&["anna"]));
    let mut heard = Vec::new();
    while let Ok(news) = news.try_recv() {
        heard.push(news);
    }
    assert!(heard.contains(&News::Agent("anna".into())) && heard.contains(&News::Queues));
    assert!(
        heard
            .iter()
            .any(|news| matches!(news, News::Offered { agent, call: of, .. } if agent == "anna" && *of == call))
    );
    assert_eq!(agents.why(call).map(|why| why.chosen), Some(vec!["anna".to_owned()]));
}
