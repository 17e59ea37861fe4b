//! Calls, tickets and flows.

use hotline::event::{CallId, Event};
use hotline::store::Role;
use reqwest::Method;
use serde_json::json;

use crate::bed::{Bed, entry, json};

#[tokio::test]
async fn calls_are_listed_in_pages_and_shown_in_full() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(bed.call().await);
    }
    let first = agent.get("/api/v1/calls?limit=2").await;
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let calls = page["calls"].as_array().expect("calls");
        calls.iter().map(|call| call["id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(ids(&first), [calls[2].0.to_string(), calls[1].0.to_string()]);
    let second =
        agent.get(&format!("/api/v1/calls?limit=2&before={}", first["next"].as_str().expect("a cursor"))).await;
    assert_eq!((ids(&second), &second["next"]), (vec![calls[0].0.to_string()], &json!(null)));
    assert_eq!(ids(&agent.get("/api/v1/calls?outcome=resolved").await), [""; 0]);
    assert_eq!(ids(&agent.get("/api/v1/calls?live=true").await), [""; 0]);

    let (call, ticket) = calls[0];
    let detail = agent.get(&format!("/api/v1/calls/{call}")).await;
    assert_eq!(detail["from"], "+4930555001");
    assert_eq!((&detail["outcome"], &detail["state"]), (&json!("callback"), &json!("ended")));
    assert_eq!(detail["ticket"], json!({ "id": ticket, "number": 1 }));
    assert_eq!(detail["waveform_ms"], json!(null));
    let kinds: Vec<_> =
        detail["entries"].as_array().expect("entries").iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds, ["offered", "answered", "heard", "ticket_opened", "hung_up", "ended"]);
    assert_eq!(detail["entries"][2]["text"], "where is my order");

    let missing =
        agent.request(Method::GET, &format!("/api/v1/calls/{}", CallId::new())).send().await.expect("an answer");
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn a_ticket_is_given_solved_and_noted() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, ticket) = bed.call().await;
    let path = format!("/api/v1/tickets/{ticket}");
    let opened = agent.get(&path).await;
    assert_eq!((&opened["status"], &opened["assignee"], &opened["number"]), (&json!("open"), &json!(null), &json!(1)));
    assert_eq!(opened["call"]["id"], json!(call));

    let changed =
        json(agent.send(Method::PATCH, &path, json!({ "assignee": agent.user.id, "status": "solved" })).await).await;
    assert_eq!((&changed["status"], &changed["assignee"]["name"]), (&json!("solved"), &json!("Bob")));
    let noted = agent.send(Method::POST, &format!("{path}/notes"), json!({ "text": "  Called back.  " })).await;
    assert_eq!(noted.status(), 201);
    let noted = json(noted).await;
    assert_eq!((&noted["notes"][0]["text"], &noted["notes"][0]["by"]["name"]), (&json!("Called back."), &json!("Bob")));
    let what: Vec<_> =
        noted["history"].as_array().expect("history").iter().map(|change| change["what"].clone()).collect();
    assert_eq!(what, ["status", "assigned"]);

    let found =
        async |query: &str| agent.get(&format!("/api/v1/tickets?{query}")).await["tickets"].as_array().map(Vec::len);
    assert_eq!(found("assignee=me").await, Some(1));
    assert_eq!(found("assignee=none").await, Some(0));
    assert_eq!(found(&format!("assignee={}&status=solved", agent.user.id)).await, Some(1));
    assert_eq!(found("q=order").await, Some(1));
    assert_eq!(found("q=piano").await, Some(0));

    let freed = json(agent.send(Method::PATCH, &path, json!({ "assignee": null })).await).await;
    assert_eq!((&freed["assignee"], &freed["status"]), (&json!(null), &json!("solved")));
}

#[tokio::test]
async fn what_makes_no_sense_on_a_ticket_is_refused() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (_, ticket) = bed.call().await;
    let path = format!("/api/v1/tickets/{ticket}");
    for (method, path, body, status) in [
        (Method::PATCH, path.clone(), json!({}), 400),
        (Method::PATCH, path.clone(), json!({ "status": "lost" }), 400),
        (Method::PATCH, path.clone(), json!({ "assignee": CallId::new() }), 404),
        (Method::POST, format!("{path}/notes"), json!({ "text": "   " }), 400),
        (Method::POST, format!("{path}/notes"), json!({ "text": "a".repeat(10_001) }), 400),
        (Method::PATCH, format!("/api/v1/tickets/{}", CallId::new()), json!({ "status": "open" }), 404),
    ] {
        let reply = agent.send(method.clone(), &path, body.clone()).await;
        assert_eq!(reply.status(), status, "{method} {path} {body}");
    }
    let reply = agent.request(Method::GET, "/api/v1/tickets?assignee=bob").send().await.expect("an answer");
    assert_eq!(reply.status(), 400);
}

#[tokio::test]
async fn whoever_works_here_can_be_given_a_ticket() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    bed.user("Ada", Role::Admin).await;
    let users = agent.get("/api/v1/users").await;
    let names: Vec<_> = users.as_array().expect("users").iter().map(|user| user["name"].clone()).collect();
    assert_eq!(names, ["Ada", "Bob"]);
}

#[tokio::test]
async fn the_flow_is_shown_with_the_declarations_of_its_blocks() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let flows = agent.get("/api/v1/flows").await;
    let (id, version) = (flows[0]["id"].as_str().expect("an id"), &flows[0]["version"]);
    let flow = agent.get(&format!("/api/v1/flows/{id}")).await;
    assert_eq!(&flow["version"], version);
    assert_eq!(
        flow["document"]["blocks"].as_array().map(|blocks| json!(blocks.len())),
        Some(flows[0]["blocks"].clone())
    );
    for block in flow["document"]["blocks"].as_array().expect("blocks") {
        let declared = flow["blocks"].as_array().expect("kinds").iter().any(|kind| kind["name"] == block["type"]);
        assert!(declared, "{} is declared", block["type"]);
    }
    let missing = agent.request(Method::GET, "/api/v1/flows/none").send().await.expect("an answer");
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn an_erased_person_leaves_a_call_without_words() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    let (call, ticket) = bed.call().await;
    let person = bed.tenant.call(call).await.expect("stored").person;
    bed.tenant.erase_person(person, hotline::call::now()).await.expect("erased");
    let detail = agent.get(&format!("/api/v1/calls/{call}")).await;
    assert!(!detail.to_string().contains("order") && detail["outcome"] == "callback", "{detail}");
    let reply = agent.send(Method::POST, &format!("/api/v1/tickets/{ticket}/notes"), json!({ "text": "late" })).await;
    assert_eq!((reply.status().as_u16(), json(reply).await["error"]["code"].as_str()), (410, Some("erased")));
}

#[tokio::test]
async fn a_call_that_goes_on_is_listed_as_live() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Supervisor).await;
    bed.call().await;
    let call = CallId::new();
    let offered = Event::Offered {
        channel: hotline::event::Channel::Sip,
        from: hotline::event::Personal::new("+4930555002"),
        to: "100".into(),
        flow: "bicycle-shop".into(),
    };
    bed.tenant.begin_call(call, entry(1, offered)).await.expect("it is stored");
    let live = agent.get("/api/v1/calls?live=true").await;
    assert_eq!(live["calls"].as_array().map(Vec::len), Some(1));
    assert_eq!((&live["calls"][0]["id"], &live["calls"][0]["state"]), (&json!(call), &json!("ringing")));
}
