//! What an agent's desk asks.

use hotline::event::{CallId, Channel, Event, Personal};
use hotline::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, entry};

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| one["id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn the_desk_shows_what_a_caller_had_to_do_with_us_before() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (first, ticket) = bed.call().await;
    let (second, _) = bed.call().await;
    let somebody_else = CallId::new();
    let offered = Event::Offered {
        channel: Channel::Sip,
        from: Personal::new("+4930555002"),
        to: "100".into(),
        flow: "bicycle-shop".into(),
    };
    bed.tenant.begin_call(somebody_else, entry(1, offered)).await.expect("it is stored");

    let history = agent.get(&format!("/api/v1/calls/{second}/caller")).await;
    assert_eq!(ids(&history["calls"]), [first.to_string()], "the call itself is no history");
    assert_eq!(history["tickets"].as_array().map(Vec::len), Some(2));
    assert!(ids(&history["tickets"]).contains(&ticket.to_string().as_str()));
    let history = agent.get(&format!("/api/v1/calls/{somebody_else}/caller")).await;
    assert_eq!(history, json!({ "calls": [], "tickets": [] }));
    let missing = format!("/api/v1/calls/{}/caller", CallId::new());
    assert_eq!(agent.request(Method::GET, &missing).send().await.expect("an answer").status(), 404);
}
