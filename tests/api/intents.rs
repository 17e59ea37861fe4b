//! The shared intent engine over HTTP: other programs ask it with a token; an admin edits, tries, publishes and takes back; what was not
//! understood is taught.

use hotline::event::{CallId, Channel, Decision, Event, Outcome, Party, Personal, Scored};
use std::time::Duration;

use hotline::lookup::Lookup;
use hotline::store::Role;
use hotline::understand::remote::{Question, Remote, RemoteError};
use reqwest::Method;
use serde_json::{Value, json};

use super::bed::{Bed, Browser, entry, heard, json as body};

fn refund() -> Value {
    let lines =
        ["I want my gift card back", "can I buy a gift card", "do you sell gift cards", "a gift card for a friend"];
    let examples: Vec<Value> = lines.iter().map(|text| json!({ "text": text })).collect();
    json!({ "name": "gift_card", "label": { "en": "a gift card" }, "examples": examples })
}

async fn save(admin: &Browser<'_>, revision: i64, intents: Value, tests: Value) -> reqwest::Response {
    let change = json!({ "revision": revision, "intents": intents, "out_of_scope": [], "tests": tests });
    admin.send(Method::PUT, "/api/v1/intents", change).await
}

async fn ok(reply: reqwest::Response) -> Value {
    let status = reply.status();
    let body = body(reply).await;
    assert!(status.is_success(), "{status}: {body}");
    body
}

async fn parse(admin: &Browser<'_>, asked: Value) -> Value {
    ok(admin.send(Method::POST, "/api/v1/intents/parse", asked).await).await
}

#[tokio::test]
async fn a_program_asks_with_a_token_that_opens_nothing_else_and_can_be_taken_away() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let new = json!({ "name": "web chat", "scope": "understand" });
    let made = ok(admin.send(Method::POST, "/api/v1/tokens", new).await).await;
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    // As another program would: no cookie, no header of ours.
    let http = reqwest::Client::new();
    let ask = |path: &str, secret: &str, asked: Value| http.post(bed.url(path)).bearer_auth(secret).json(&asked).send();
    let asked = json!({ "text": "where is my order" });
    let reply = ok(ask("/api/v1/intents/parse", &secret, asked.clone()).await.expect("an answer")).await;
    assert_eq!((&reply["decision"], &reply["intent"]), (&json!("accept"), &json!("order_status")));
    assert!(reply["model"].as_str().is_some_and(|model| model.len() == 16), "{reply}");
    assert_eq!(reply["nearest"][0]["intent"], "order_status");
    let batch = json!([asked, { "text": "我的订单到哪里了" }, { "readings": [{ "text": "qqq", "confidence": 0.2 }, { "text": "when are you open", "confidence": 0.9 }] }]);
    let replies = ok(ask("/api/v1/intents/parse/batch", &secret, batch).await.expect("an answer")).await;
    let intents: Vec<&Value> = replies.as_array().expect("a list").iter().map(|reply| &reply["intent"]).collect();
    assert_eq!(intents, [&json!("order_status"), &json!("order_status"), &json!("opening_hours")]);

    let shown = admin.get("/api/v1/tokens").await;
    assert!(shown[0]["used_at"].is_i64() && !shown.to_string().contains(&secret), "{shown}");
    // Everything else is closed to it, and a wrong one opens nothing.
    for path in ["/api/v1/calls", "/api/v1/tokens", "/api/v1/intents"] {
        let reply = http.get(bed.url(path)).bearer_auth(&secret).send().await.expect("an answer");
        assert_eq!(reply.status(), 401, "{path}");
    }
    let wrong = ask("/api/v1/intents/parse", "0123", asked.clone()).await.expect("an answer");
    assert_eq!(body(wrong).await["error"]["code"], "token_refused");
    let id = made["token"]["id"].as_str().expect("an id");
    let gone = admin.send(Method::DELETE, &format!("/api/v1/tokens/{id}"), json!({})).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(ask("/api/v1/intents/parse", &secret, asked).await.expect("an answer").status(), 401);
    assert!(!super::bed::log().text().contains(&secret), "the secret is in the log");
}

#[tokio::test]
async fn only_an_admin_changes_publishes_and_makes_tokens() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Al", Role::Agent).await;
    let change = json!({ "revision": 0, "intents": [], "out_of_scope": [], "tests": [] });
    let lesson = json!({ "utterances": [], "intent": null, "keep": "nothing" });
    for (method, path, asked) in [
        (Method::PUT, "/api/v1/intents", change),
        (Method::POST, "/api/v1/intents/train", json!({})),
        (Method::POST, "/api/v1/intents/versions/1/promote", json!({})),
        (Method::POST, "/api/v1/intents/unmatched", lesson),
        (Method::POST, "/api/v1/tokens", json!({ "name": "x", "scope": "understand" })),
    ] {
        assert_eq!(agent.send(method.clone(), path, asked).await.status(), 403, "{method} {path}");
    }
    assert_eq!(agent.get("/api/v1/intents").await["revision"], 0);
}

#[tokio::test]
async fn what_is_published_answers_at_once_and_an_earlier_version_can_come_back() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let asked = json!({ "text": "could I get a gift card" });
    assert_ne!(parse(&admin, asked.clone()).await["intent"], "gift_card");
    let tests = json!([{ "text": "I would like to buy a gift card", "intent": "gift_card" }, { "text": "where is my order", "intent": "order_status" }]);
    let saved = ok(save(&admin, 0, json!([refund()]), tests.clone()).await).await;
    assert_eq!(saved["revision"], 1);
    // Saved is not published.
    assert_ne!(parse(&admin, asked.clone()).await["intent"], "gift_card");
    let draft = admin.get("/api/v1/intents").await;
    let origin = |draft: &Value, name: &str| {
        let intents = draft["intents"].as_array().expect("intents");
        intents.iter().find(|intent| intent["name"] == name).map(|intent| intent["origin"].clone())
    };
    assert_eq!((&draft["changed"], origin(&draft, "gift_card")), (&json!(true), Some(json!("own"))));
    assert_eq!(origin(&draft, "order_status"), Some(json!("flow")));

    let first = ok(admin.send(Method::POST, "/api/v1/intents/train", json!({ "note": "gift cards" })).await).await;
    assert_eq!((&first["number"], &first["state"]), (&json!(1), &json!("live")), "{first}");
    assert_eq!(first["report"]["tests"]["all"]["right"], 2, "{first}");
    let answer = parse(&admin, asked.clone()).await;
    assert_eq!((&answer["intent"], &answer["version"]), (&json!("gift_card"), &json!(1)));

    // Somebody who still has the first revision is told.
    let late = save(&admin, 0, json!([]), json!([])).await;
    assert_eq!((late.status().as_u16(), body(late).await["error"]["code"].clone()), (412, json!("changed")));

    ok(save(&admin, 1, json!([]), json!([])).await).await;
    let diff = admin.get("/api/v1/intents/diff?from=1").await;
    assert_eq!(diff["intents"][0]["name"], "gift_card");
    assert_eq!(diff["intents"][0]["removed"].as_array().map(Vec::len), Some(4));
    let second = ok(admin.send(Method::POST, "/api/v1/intents/train", json!({})).await).await;
    assert_eq!(second["state"], "live", "no tests, nothing to hold it for");
    assert_ne!(parse(&admin, asked.clone()).await["intent"], "gift_card");
    ok(admin.send(Method::POST, "/api/v1/intents/versions/1/promote", json!({})).await).await;
    assert_eq!(parse(&admin, asked).await["version"], 1);
    let states: Vec<Value> = admin
        .get("/api/v1/intents/versions")
        .await
        .as_array()
        .expect("a list")
        .iter()
        .map(|v| v["state"].clone())
        .collect();
    assert_eq!(states, [json!("retired"), json!("live")]);
}

#[tokio::test]
async fn a_version_that_breaks_an_intent_is_held_until_somebody_insists() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let texts = ["where is my order", "track my order", "where is my parcel", "has my order been sent"];
    let tests: Vec<Value> = texts.iter().map(|text| json!({ "text": text, "intent": "order_status" })).collect();
    // A poisoned label set: everything that asks for an order is called a gift card, many times over.
    let poison: Vec<Value> = texts
        .iter()
        .flat_map(|text| {
            ["", " please", " now", " today", " thanks"].map(|end| json!({ "text": format!("{text}{end}") }))
        })
        .collect();
    let intents = json!([{ "name": "gift_card", "examples": poison }, { "name": "order_status", "examples": [{ "text": "repair" }] }]);
    ok(save(&admin, 0, intents, json!(tests)).await).await;
    let held = ok(admin.send(Method::POST, "/api/v1/intents/train", json!({})).await).await;
    assert_eq!(held["state"], "held", "{held}");
    assert_eq!(held["report"]["regressions"][0]["intent"], "order_status");
    let asked = json!({ "text": "where is my order" });
    let answer = parse(&admin, asked.clone()).await;
    assert_eq!(
        (&answer["intent"], &answer["version"]),
        (&json!("order_status"), &Value::Null),
        "the one before answers"
    );
    ok(admin.send(Method::POST, "/api/v1/intents/train", json!({ "insist": true })).await).await;
    assert_eq!(parse(&admin, asked).await["intent"], "gift_card");
}

#[tokio::test]
async fn a_draft_is_looked_at_before_it_is_published() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let twice = json!([
        { "name": "gift_card", "examples": [{ "text": "where is my order" }] },
        { "name": "empty", "examples": [] },
    ]);
    ok(save(&admin, 0, twice, json!([])).await).await;
    let found = ok(admin.send(Method::POST, "/api/v1/intents/check", json!({})).await).await;
    let findings = found["findings"].as_array().expect("findings");
    let about = |code: &str| findings.iter().find(|finding| finding["code"] == code).expect(code);
    assert_eq!(about("contradiction")["intents"], json!(["gift_card", "order_status"]));
    assert_eq!(about("no_example")["intents"], json!(["empty"]));
    assert!(found["accuracy"]["n"].as_u64() > Some(10), "{found}");
    // An intent without examples keeps nobody from publishing the others.
    ok(admin.send(Method::POST, "/api/v1/intents/train", json!({})).await).await;
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused_and_odd_texts_are_not() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    for asked in [
        json!({}),
        json!({ "text": "x", "lang": "fr" }),
        json!({ "texts": "x" }),
        json!({ "readings": vec![json!({"text": "x"}); 11] }),
    ] {
        let reply = admin.send(Method::POST, "/api/v1/intents/parse", asked.clone()).await;
        assert_eq!(reply.status(), 400, "{asked}");
    }
    for text in ["", "x", "🙂", "\u{0}\u{200b}", &"where is my order ".repeat(600), "where 我的 order 在 is"] {
        let answer = parse(&admin, json!({ "text": text })).await;
        assert!(answer["decision"].is_string(), "{text}");
    }
    for text in ["", "x", "🙂", "\u{0}"] {
        assert_eq!(parse(&admin, json!({ "text": text })).await["decision"], "reject", "{text}");
    }
    // Of a story of 10,000 characters its beginning is understood.
    let answer = parse(&admin, json!({ "text": "where is my order ".repeat(600), "allowed": ["order_status"] })).await;
    assert_eq!(answer["ranking"][0]["intent"], "order_status");
    let many = vec![json!({ "text": "x" }); 501];
    let reply = admin.send(Method::POST, "/api/v1/intents/parse/batch", json!(many)).await;
    assert_eq!(reply.status(), 400);
}

/// A call in which these were said and rejected, now.
async fn call(bed: &Bed, said: &[&str]) -> CallId {
    let call = CallId::new();
    let offered = Event::Offered {
        channel: Channel::Sip,
        from: Personal::new("+4930555001"),
        to: "100".into(),
        flow: "bicycle-shop".into(),
    };
    let rejected = || Event::Understood {
        block: "ask".into(),
        decision: Decision::Rejected,
        ranking: vec![Scored { intent: "order_status".into(), confidence: 0.1 }],
        model: "0".into(),
    };
    let mut events = vec![offered, Event::Answered { codec: "PCMU".into() }];
    events.extend(said.iter().flat_map(|text| [heard(text), rejected()]));
    events.extend([
        Event::HungUp { by: Party::Caller, cause: "normal".into() },
        Event::Ended { outcome: Outcome::Callback, duration_ms: 5_000 },
    ]);
    let now = hotline::call::now();
    let entries =
        events.into_iter().zip(1..).map(|(event, seq)| hotline::event::Entry { at: now, ..entry(seq, event) });
    bed.tenant.append(call, entries.collect()).await.expect("it is stored");
    call
}

#[tokio::test]
async fn what_was_not_understood_is_shown_in_groups_taught_with_a_click_and_understood_then() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let said = ["do you sell gift cards", "can I buy gift cards", "do you have gift cards", "my budgie is ill"];
    let id = call(&bed, &said).await;
    let groups = admin.get("/api/v1/intents/unmatched").await;
    let group = &groups[0]["utterances"];
    assert_eq!(group.as_array().map(Vec::len), Some(3), "{groups}");
    assert_eq!(group[0]["call"], json!(id));
    let ids: Vec<Value> =
        group.as_array().expect("a list").iter().map(|u| json!({ "call": u["call"], "seq": u["seq"] })).collect();
    let lesson = |utterances: &[Value], intent: Value, keep: &str| json!({ "utterances": utterances, "intent": intent, "keep": keep });
    ok(admin.send(Method::POST, "/api/v1/intents/unmatched", lesson(&ids, json!("gift_card"), "example")).await).await;

    let groups = admin.get("/api/v1/intents/unmatched").await;
    assert_eq!(groups.as_array().map(Vec::len), Some(1), "{groups}");
    let rest = &groups[0]["utterances"][0];
    assert_eq!(rest["text"], "my budgie is ill");
    let rest = [json!({ "call": rest["call"], "seq": rest["seq"] })];
    ok(admin.send(Method::POST, "/api/v1/intents/unmatched", lesson(&rest, Value::Null, "nothing")).await).await;
    assert_eq!(admin.get("/api/v1/intents/unmatched").await, json!([]));

    ok(admin.send(Method::POST, "/api/v1/intents/train", json!({ "note": "from calls" })).await).await;
    assert_eq!(parse(&admin, json!({ "text": "do you still sell gift cards" })).await["intent"], "gift_card");
    let nobody = [json!({ "call": id, "seq": 99 })];
    let reply = admin.send(Method::POST, "/api/v1/intents/unmatched", lesson(&nobody, Value::Null, "nothing")).await;
    assert_eq!(reply.status(), 404);
}

#[tokio::test]
async fn training_data_of_other_programs_is_looked_at_taken_in_and_given_back() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let send = |path: &'static str, file: &'static str| {
        let request = admin.request(Method::POST, path).header("content-type", "application/octet-stream");
        async move { request.body(file).send().await.expect("an answer") }
    };
    let rasa = "version: \"3.1\"\nnlu:\n- intent: gift_card\n  examples: |\n    - do you sell [gift cards](product)\n    - can I buy a gift card\n- intent: order_status\n  examples: |\n    - where is my order\n    - has it left yet\n- intent: bare\n  examples: |\n";
    let seen = ok(send("/api/v1/intents/import?file=nlu.yml", rasa).await).await;
    assert_eq!((&seen["formats"], &seen["intents"], &seen["examples"]), (&json!(["Rasa YAML"]), &json!(3), &json!(4)));
    assert!(seen["findings"].to_string().contains("bare"), "{seen}");
    assert_eq!(admin.get("/api/v1/intents").await["revision"], 0, "only looked at");

    let kept = ok(send("/api/v1/intents/import?file=nlu.yml&revision=0", rasa).await).await;
    assert_eq!(kept["revision"], 1);
    let again = ok(send("/api/v1/intents/import?file=nlu.yml&revision=1", rasa).await).await;
    assert_eq!(again["new_examples"], 0, "the same again is nothing new: {again}");
    let stale = send("/api/v1/intents/import?file=nlu.yml&revision=1", rasa).await;
    assert_eq!(stale.status(), 412);
    for (file, name) in [("\u{1}\u{2}", "x.bin"), ("", "nlu.yml"), ("nlu: [", "nlu.yml")] {
        let reply = admin.request(Method::POST, &format!("/api/v1/intents/import?file={name}")).body(file).send().await;
        let reply = reply.expect("an answer");
        assert_eq!(reply.status(), 400, "{name}");
        assert!(body(reply).await["error"]["message"].as_str().is_some_and(|words| words.len() > 20), "{name}");
    }

    let request = admin.request(Method::GET, "/api/v1/intents/export?format=csv").send().await.expect("an answer");
    assert!(request.headers()["content-disposition"].to_str().expect("text").contains("intents.csv"));
    let table = request.text().await.expect("text");
    assert!(table.contains("can I buy a gift card,gift_card,en") && table.contains(",order_status,zh"), "{table}");
    let lines = admin.request(Method::GET, "/api/v1/intents/export?format=json_lines").send().await.expect("an answer");
    let back =
        admin.request(Method::POST, "/api/v1/intents/import?file=a.jsonl").body(lines.text().await.expect("text"));
    let back = ok(back.send().await.expect("an answer")).await;
    assert_eq!(
        (&back["new_examples"], &back["formats"]),
        (&json!(0), &json!(["JSON Lines"])),
        "what was written is what is there"
    );
}

#[tokio::test]
async fn a_service_asks_the_engine_of_another_and_leaves_it_alone_when_it_fails() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let made =
        ok(admin.send(Method::POST, "/api/v1/tokens", json!({ "name": "branch", "scope": "understand" })).await).await;
    let secret = Personal::new(made["secret"].as_str().expect("a secret"));
    let engine = |token: Option<Personal>| {
        let lookup = Lookup::new().expect("a client");
        Remote::new(lookup, &bed.url("/"), token, Duration::from_secs(5))
    };
    let readings = [("where is my border".to_owned(), 0.4), ("where is my order".to_owned(), 0.3)];
    let allowed = ["order_status".to_owned(), "refund".to_owned()];
    let question = Question { readings: &readings, language: intent::Language::English, allowed: &allowed };
    let remote = engine(Some(secret.clone()));
    let meaning = remote.ask(question).await.expect("it answers");
    assert_eq!(meaning.accepted(), Some("order_status"));
    let own = parse(&admin, json!({ "text": "where is my order" })).await;
    assert_eq!(meaning.model_version, own["model"].as_str().expect("a model"));

    let unknown = ["table_booking".to_owned()];
    let none = remote.ask(Question { allowed: &unknown, ..question }).await;
    assert_eq!(none, Err(RemoteError::UnknownIntents));
    assert_eq!(engine(None).ask(question).await, Err(RemoteError::Refused(403)));
    assert_eq!(engine(Some(Personal::new("0123"))).ask(question).await, Err(RemoteError::Refused(401)));

    bed.stopped.cancel();
    bed.serving.await.expect("it ends");
    // With the question that it could not answer, these are three failures in a row.
    for _ in 0..2 {
        assert!(matches!(remote.ask(question).await, Err(RemoteError::Unreachable(_))));
    }
    assert_eq!(remote.ask(question).await, Err(RemoteError::Resting));
    assert!(!super::bed::log().text().contains(secret.reveal()), "the secret is in the log");
}

#[tokio::test]
async fn a_list_is_edited_published_and_found_in_texts_with_other_values() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let lists = json!([{ "name": "bikes", "values": [
        { "value": "city_bike", "label": { "en": "a city bike", "zh-CN": "城市车" }, "phrases": { "en": ["town bike"] } },
        { "value": "road_bike", "label": { "en": "a road bike" } },
    ] }]);
    let change = |revision: i64, lists: &Value| json!({ "revision": revision, "intents": [refund()], "out_of_scope": [], "tests": [], "lists": lists });
    let kept = ok(admin.send(Method::PUT, "/api/v1/intents", change(0, &lists)).await).await;
    let revision = kept["revision"].as_i64().expect("a revision");
    let asked = json!({
        "text": "I'd like the town bike tomorrow at half past three, my number is 020 7946 0958",
        "zone": "Europe/London", "country": "GB",
        "slots": [
            { "name": "bike", "kind": "list", "list": "bikes" },
            { "name": "day", "kind": "date" }, { "name": "time", "kind": "time" }, { "name": "phone", "kind": "phone" },
        ],
    });
    // It is a draft still: other programs do not know it yet, and are told so.
    let refused = admin.send(Method::POST, "/api/v1/intents/parse", asked.clone()).await;
    assert_eq!(refused.status(), 400);
    assert!(body(refused).await["error"]["message"].as_str().is_some_and(|words| words.contains("bikes")));
    ok(admin.send(Method::POST, "/api/v1/intents/train", json!({})).await).await;
    let found = parse(&admin, asked.clone()).await;
    let value = |slot: &str| {
        let values = found["values"].as_array().expect("values");
        values.iter().find(|value| value["slot"] == slot).map(|found| found["value"].clone()).unwrap_or_default()
    };
    assert_eq!(value("bike")["id"], "city_bike", "{found}");
    let tomorrow = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::get("Europe/London").expect("a zone"));
    let tomorrow = tomorrow.tomorrow().expect("a day").date().to_string();
    assert_eq!(value("day")["date"].as_str(), Some(tomorrow.as_str()), "{found}");
    assert!(value("time")["time"].as_str().is_some_and(|time| time.contains(":30")), "{found}");
    assert_eq!(value("phone")["number"], "+442079460958", "{found}");

    // Left out of a change, lists stay; what cannot be kept is refused in words.
    let without = json!({ "revision": revision, "intents": [refund()], "out_of_scope": [], "tests": [] });
    let kept = ok(admin.send(Method::PUT, "/api/v1/intents", without).await).await;
    assert_eq!(admin.get("/api/v1/intents").await["lists"][0]["name"], "bikes");
    let revision = kept["revision"].as_i64().expect("a revision");
    let bad = json!([{ "name": "bikes", "values": [{ "value": "a b" }] }]);
    let refused = admin.send(Method::PUT, "/api/v1/intents", change(revision, &bad)).await;
    assert_eq!(refused.status(), 400);
    for (field, wrong) in [("zone", json!("Mars/Olympus")), ("country", json!("Mars"))] {
        let mut asked = asked.clone();
        asked[field] = wrong;
        assert_eq!(admin.send(Method::POST, "/api/v1/intents/parse", asked).await.status(), 400, "{field}");
    }
}
