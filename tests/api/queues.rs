//! Queues, those who work in them, and the floor.

use hotline::event::{CallId, Event};
use hotline::queue::Entry;
use hotline::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::bed::{Bed, json as body_of};

#[tokio::test]
async fn a_queue_is_defined_changed_by_whoever_has_seen_it_and_removed() {
    let bed = Bed::start().await;
    let boss = bed.signed_in("Sue", Role::Supervisor).await;
    let reply =
        boss.send(Method::POST, "/api/v1/queues", json!({"id": "sales", "title": "Sales", "wrap_up_s": 30})).await;
    assert_eq!(reply.status(), 201);
    let made = body_of(reply).await;
    assert_eq!((made["revision"].as_i64(), made["queue"]["strategy"].as_str()), (Some(1), Some("longest_idle")));
    assert_eq!(bed.agents.queue("sales").wrap_up_s, 30, "it counts at once");
    assert_eq!(boss.send(Method::POST, "/api/v1/queues", json!({"id": "sales"})).await.status(), 409);

    let mut queue = made["queue"].clone();
    queue["strategy"] = json!("ring_all");
    let change = |revision: i64, queue: &Value| json!({"revision": revision, "queue": queue});
    let reply = boss.send(Method::PUT, "/api/v1/queues/sales", change(1, &queue)).await;
    assert_eq!(body_of(reply).await["revision"], 2);
    assert_eq!(boss.send(Method::PUT, "/api/v1/queues/sales", change(1, &queue)).await.status(), 412);
    assert_eq!(boss.send(Method::PUT, "/api/v1/queues/other", change(2, &queue)).await.status(), 400);

    let listed = boss.get("/api/v1/queues").await;
    let named: Vec<(&str, bool)> = listed
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|view| Some((view["queue"]["id"].as_str()?, view["stored"].as_bool()?)))
        .collect();
    assert!(named.contains(&("sales", true)) && named.iter().any(|(_, stored)| !stored), "{named:?}");
    assert_eq!(boss.send(Method::DELETE, "/api/v1/queues/sales", json!({})).await.status(), 204);
    assert_eq!(boss.send(Method::DELETE, "/api/v1/queues/sales", json!({})).await.status(), 404);
}

#[tokio::test]
async fn what_is_wrong_with_a_queue_is_said() {
    let bed = Bed::start().await;
    let boss = bed.signed_in("Sue", Role::Supervisor).await;
    for (body, words) in [
        (json!({"id": "a b"}), "id: the name has 1 to 64"),
        (json!({"id": "a", "overflow": [{"after_s": 5, "then": "queue", "queue": "gone"}]}), "there is no queue gone"),
        (json!({"id": "a", "needs": [{"skill": "x", "level": 20}]}), "levels go from 1 to 10"),
        (json!({"id": "a", "nonsense": 1}), "unknown field `nonsense`"),
        (json!({"id": "a", "strategy": "best"}), "unknown variant `best`"),
    ] {
        let reply = boss.send(Method::POST, "/api/v1/queues", body.clone()).await;
        assert_eq!(reply.status(), 400, "{body}");
        let message = body_of(reply).await["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(words), "{body}: {message}");
    }
}

#[tokio::test]
async fn an_agent_says_whether_they_are_there_for_themselves_and_a_supervisor_for_all() {
    let bed = Bed::start().await;
    let bob = bed.signed_in("Bob", Role::Agent).await;
    assert_eq!(bob.request(Method::GET, "/api/v1/agents/me/presence").send().await.expect("an answer").status(), 404);
    bed.extension("101", bob.user.id).await;
    let ann = bed.signed_in("Ann", Role::Agent).await;
    bed.extension("102", ann.user.id).await;
    let lunch = json!({"presence": "away", "reason": "lunch"});
    let reply = bob.send(Method::PUT, "/api/v1/agents/me/presence", lunch.clone()).await;
    let is = body_of(reply).await;
    assert_eq!(
        (is["extension"].as_str(), is["state"].as_str(), is["reason"].as_str()),
        (Some("101"), Some("away"), Some("lunch"))
    );
    assert_eq!(is["name"], "Bob");
    let nap = json!({"presence": "away", "reason": "nap"});
    assert_eq!(bob.send(Method::PUT, "/api/v1/agents/me/presence", nap).await.status(), 400);
    assert_eq!(bob.send(Method::PUT, "/api/v1/agents/102/presence", lunch.clone()).await.status(), 403);
    assert_eq!(bob.request(Method::GET, "/api/v1/agents/102/presence").send().await.expect("an answer").status(), 403);
    let boss = bed.signed_in("Sue", Role::Supervisor).await;
    assert_eq!(boss.send(Method::PUT, "/api/v1/agents/102/presence", lunch).await.status(), 200);
    assert_eq!(boss.get("/api/v1/agents/102/presence").await["state"], "away");
    assert_eq!(
        boss.send(Method::PUT, "/api/v1/agents/999/presence", json!({"presence": "available"})).await.status(),
        404
    );
}

#[tokio::test]
async fn skills_and_tiers_count_at_once_and_are_shown() {
    let bed = Bed::start().await;
    let bob = bed.signed_in("Bob", Role::Agent).await;
    bed.extension("101", bob.user.id).await;
    let boss = bed.signed_in("Sue", Role::Supervisor).await;
    boss.send(Method::POST, "/api/v1/queues", json!({"id": "sales"})).await;
    let can = json!({"skills": {"en": 5, "billing": 3}, "queues": {"sales": 2}});
    assert_eq!(boss.send(Method::PUT, "/api/v1/agents/101", can.clone()).await.status(), 200);
    let agents = boss.get("/api/v1/agents").await;
    assert_eq!((&agents[0]["skills"], &agents[0]["queues"]), (&can["skills"], &can["queues"]));
    for wrong in [json!({"skills": {"en": 0}}), json!({"queues": {"gone": 1}}), json!({"queues": {"sales": 11}})] {
        assert_eq!(boss.send(Method::PUT, "/api/v1/agents/101", wrong.clone()).await.status(), 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_floor_shows_who_waits_and_why_and_a_supervisor_moves_them() {
    let bed = Bed::start().await;
    let bob = bed.signed_in("Bob", Role::Agent).await;
    bed.extension("101", bob.user.id).await;
    let boss = bed.signed_in("Sue", Role::Supervisor).await;
    for id in ["sales", "service"] {
        boss.send(Method::POST, "/api/v1/queues", json!({"id": id, "when_empty": "wait"})).await;
    }
    let (first, second) = (CallId::new(), CallId::new());
    let entry = || Entry::now("sales", 5, bed.agents.now());
    let _first = bed.agents.enter(first, entry(), Default::default());
    let _second = bed.agents.enter(second, entry(), Default::default());
    let floor = boss.get("/api/v1/floor").await;
    assert_eq!(floor["waiting"][0]["call"], first.to_string());
    assert_eq!(floor["waiting"][0]["why"]["excluded"][0], json!({"agent": "101", "why": "unreachable"}));
    let sales =
        floor["queues"].as_array().expect("a list").iter().find(|queue| queue["id"] == "sales").expect("it is there");
    assert_eq!((sales["waiting"].as_u64(), sales["agents"]["offline"].as_u64()), (Some(2), Some(1)));

    let at = |call: CallId| format!("/api/v1/floor/calls/{call}");
    let reply = boss.send(Method::PUT, &at(second), json!({"first": true})).await;
    assert_eq!(body_of(reply).await["place"], 1);
    let reply = boss.send(Method::PUT, &at(first), json!({"queue": "service", "priority": 9})).await;
    let moved = body_of(reply).await;
    assert_eq!((moved["queue"].as_str(), moved["priority"].as_u64()), (Some("service"), Some(9)));
    assert_eq!(boss.send(Method::PUT, &at(first), json!({"queue": "gone"})).await.status(), 400);
    assert_eq!(boss.send(Method::PUT, &at(first), json!({"priority": 11})).await.status(), 400);
    assert_eq!(boss.send(Method::PUT, &at(CallId::new()), json!({"first": true})).await.status(), 404);
    assert_eq!(boss.get(&format!("/api/v1/floor/calls/{first}/why")).await["waits"], "nobody_serves");
    let refused =
        bob.request(Method::GET, &format!("/api/v1/floor/calls/{first}/why")).send().await.expect("an answer");
    assert_eq!(refused.status(), 403);
}

#[tokio::test]
async fn the_agent_whose_phone_rings_is_told_why_by_the_stream_and_finishes_the_work_with_a_word() {
    let bed = Bed::start().await;
    let bob = bed.signed_in("Bob", Role::Agent).await;
    bed.extension("101", bob.user.id).await;
    let boss = bed.signed_in("Sue", Role::Supervisor).await;
    let queue = json!({"id": "sales", "wrap_up_s": 60, "dispositions": [{"id": "sold", "title": "Sold"}]});
    boss.send(Method::POST, "/api/v1/queues", queue).await;
    let mut own = bob.stream("/api/v1/floor/live").await;
    assert_eq!(own.next().await["agent"]["state"], "free");
    let mut all = boss.stream("/api/v1/floor/live").await;
    assert_eq!(all.next().await["type"], "floor");

    let (call, _) = bed.call().await;
    let mut place = bed.agents.enter(call, Entry::now("sales", 5, bed.agents.now()), ["101".to_owned()].into());
    let offer = own.until("offer").await;
    assert_eq!((offer["call"].as_str(), &offer["why"]["chosen"]), (Some(call.to_string().as_str()), &json!(["101"])));
    assert_eq!(bob.get(&format!("/api/v1/floor/calls/{call}/why")).await["strategy"], "longest_idle");
    loop {
        let frame = all.until("floor").await;
        if frame["floor"]["agents"][0]["state"] == "offered" {
            break;
        }
    }
    while !matches!(place.next().await, hotline::queue::Decision::Offer { .. }) {}
    drop(place.answered("101").expect("they were offered it"));
    let finish = |body: Value| bob.send(Method::POST, "/api/v1/agents/me/wrap-up", body);
    assert_eq!(finish(json!({"disposition": "lost"})).await.status(), 400);
    let reply = finish(json!({"disposition": "sold"})).await;
    assert_eq!(body_of(reply).await["state"], "free");
    assert_eq!(finish(json!({})).await.status(), 409);
    let journal = bed.tenant.journal(call).await.expect("it can be read");
    let said = journal.iter().find_map(|entry| match &entry.event {
        Event::WrappedUp { agent, disposition, .. } => Some((agent.clone(), disposition.clone())),
        _ => None,
    });
    assert_eq!(said, Some(("101".to_owned(), Some("sold".to_owned()))));
}

#[tokio::test]
async fn the_reasons_to_be_away_are_set_by_an_admin() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    assert_eq!(admin.get("/api/v1/presence/reasons").await, json!(["break", "lunch", "training", "meeting"]));
    let set = |body: Value| admin.send(Method::PUT, "/api/v1/presence/reasons", body);
    assert_eq!(set(json!(["coffee", "doctor"])).await.status(), 200);
    assert_eq!(admin.get("/api/v1/presence/reasons").await, json!(["coffee", "doctor"]));
    for wrong in [json!([]), json!(["a", "a"]), json!(["not_answering"]), json!(["a b"])] {
        assert_eq!(set(wrong.clone()).await.status(), 400, "{wrong}");
    }
}
