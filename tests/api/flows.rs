//! The flow over HTTP: an admin edits a draft, publishes it, has it wait for its time and goes back; and what callers of a real service
//! hear of that.

use std::time::Duration;

use hotline::event::{CallId, Event};
use hotline::phone::{Line, Phone};
use hotline::store::{CallFilter, Role};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::bed::{Bed, Browser, json as body};
use super::common::{PATIENCE, QUIET, phone};
use super::running::Running;

const DRAFT: &str = "/api/v1/flows/draft";
const PUBLISH: &str = "/api/v1/flows/publish";
const VERSIONS: &str = "/api/v1/flows/versions";

async fn ok(reply: Response) -> Value {
    let status = reply.status();
    let body = body(reply).await;
    assert!(status.is_success(), "{status}: {body}");
    body
}

/// The words of a refusal.
async fn refused(reply: Response, status: u16) -> String {
    let (was, body) = (reply.status().as_u16(), body(reply).await);
    assert_eq!(was, status, "{body}");
    body["error"]["message"].as_str().expect("words").to_owned()
}

async fn save(admin: &Browser<'_>, revision: i64, document: &Value) -> Response {
    admin.send(Method::PUT, DRAFT, json!({ "revision": revision, "document": document })).await
}

async fn publish(admin: &Browser<'_>, revision: i64, at: Option<i64>) -> Response {
    admin.send(Method::POST, PUBLISH, json!({ "revision": revision, "note": "as told", "at": at })).await
}

/// The numbers of the versions with their states, newest first.
async fn states(admin: &Browser<'_>) -> Vec<(i64, String)> {
    let versions = admin.get(VERSIONS).await;
    let state = |version: &Value| (version["number"].as_i64(), version["state"].as_str().map(str::to_owned));
    let versions = versions.as_array().expect("a list").iter().map(state);
    versions.map(|(number, state)| (number.expect("a number"), state.expect("a state"))).collect()
}

fn listed(states: &[(i64, &str)]) -> Vec<(i64, String)> {
    states.iter().map(|(number, state)| (*number, (*state).to_owned())).collect()
}

async fn name(admin: &Browser<'_>) -> Value {
    admin.get("/api/v1/flows").await[0]["name"].clone()
}

/// The built-in flow under another name.
async fn renamed(admin: &Browser<'_>, name: &str) -> Value {
    let mut document = admin.get(DRAFT).await["live_document"].clone();
    document["name"] = json!(name);
    document
}

fn severities(findings: &Value) -> Vec<&str> {
    findings.as_array().expect("a list").iter().filter_map(|finding| finding["severity"].as_str()).collect()
}

#[tokio::test]
async fn the_draft_is_what_answers_until_somebody_changes_it() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Agent).await;
    let draft = agent.get(DRAFT).await;
    assert_eq!((&draft["revision"], &draft["live"], &draft["changed"]), (&json!(0), &json!(null), &json!(false)));
    assert_eq!((&draft["document"], &draft["document"]["id"]), (&draft["live_document"], &json!("bicycle-shop")));
    assert!(!severities(&draft["findings"]).contains(&"error"), "{}", draft["findings"]);
    assert_eq!(draft["saved_by"], json!(null));
    let blocks = agent.get("/api/v1/flows/blocks").await;
    assert_eq!(blocks, agent.get("/api/v1/flows/bicycle-shop").await["blocks"]);
    assert_eq!(agent.get(VERSIONS).await, json!([]));

    // Layout and order are no change of what callers hear, and one of another number's form is none at all.
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let mut same = draft["document"].clone();
    same["blocks"].as_array_mut().expect("blocks").reverse();
    ok(save(&admin, 0, &same).await).await;
    let draft = admin.get(DRAFT).await;
    assert_eq!(
        (&draft["revision"], &draft["changed"], &draft["saved_by"]),
        (&json!(1), &json!(false), &json!(admin.user.id))
    );
}

#[tokio::test]
async fn a_draft_with_errors_is_kept_and_does_not_answer() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let mut document = renamed(&admin, "Half done").await;
    let greeting = document["blocks"].as_array().expect("blocks").iter().position(|block| block["id"] == "greeting");
    let greeting = greeting.expect("the flow greets");
    document["blocks"][greeting]["edges"]["next"] = json!("nowhere");
    let checked = ok(admin.send(Method::POST, "/api/v1/flows/check", json!({ "document": document })).await).await;
    assert_eq!(admin.get(DRAFT).await["revision"], 0, "a check keeps nothing");
    let saved = ok(save(&admin, 0, &document).await).await;
    assert_eq!((&saved["revision"], &saved["findings"]), (&json!(1), &checked["findings"]));
    let first = &saved["findings"][0];
    assert_eq!((&first["code"], &first["block"]), (&json!("unknown_target"), &json!("greeting")));
    assert_eq!(first["place"], json!(format!("/blocks/{greeting}/edges/next")));

    let words = refused(publish(&admin, 1, None).await, 400).await;
    assert!(words.contains("greeting") && words.contains("nowhere"), "{words}");
    assert_eq!((name(&admin).await, states(&admin).await), (json!("Wobbly Wheel Cycles"), vec![]));
    // Anything that is an object, for a draft may be begun with nothing.
    let saved = ok(save(&admin, 1, &json!({ "x": [1, { "y": null }] })).await).await;
    assert!(severities(&saved["findings"]).contains(&"error"));
    assert_eq!(admin.get(DRAFT).await["document"], json!({ "x": [1, { "y": null }] }));
    refused(publish(&admin, 2, None).await, 400).await;
    for nothing in [json!([]), json!("flow"), json!(null), json!(7)] {
        refused(save(&admin, 2, &nothing).await, 400).await;
    }
}

#[tokio::test]
async fn nobody_writes_or_publishes_over_somebody_else() {
    let bed = Bed::start().await;
    let (ada, bea) = (bed.signed_in("Ada", Role::Admin).await, bed.signed_in("Bea", Role::Admin).await);
    ok(save(&ada, 0, &renamed(&ada, "Ada's").await).await).await;
    for late in
        [save(&bea, 0, &renamed(&bea, "Bea's").await).await, publish(&bea, 0, None).await, publish(&bea, 2, None).await]
    {
        let words = refused(late, 412).await;
        assert!(words.contains("changed by somebody else"), "{words}");
    }
    let late = bea.send(Method::POST, "/api/v1/flows/draft/revert", json!({ "revision": 0, "to": null })).await;
    refused(late, 412).await;
    assert_eq!(bea.get(DRAFT).await["document"]["name"], "Ada's");
    ok(save(&bea, 1, &renamed(&bea, "Bea's").await).await).await;
    ok(publish(&bea, 2, None).await).await;
    assert_eq!(name(&ada).await, "Bea's");
}

#[tokio::test]
async fn a_publish_answers_at_once_and_every_version_can_come_back() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let before = admin.get("/api/v1/flows").await[0].clone();
    let (before, blocks) = (&before["version"], before["blocks"].as_u64());
    ok(save(&admin, 0, &renamed(&admin, "New").await).await).await;
    let made = ok(publish(&admin, 1, None).await).await;
    assert_eq!((&made["number"], &made["state"], &made["note"]), (&json!(2), &json!("live"), &json!("as told")));
    assert_eq!((&made["made_by"], &made["at"], &made["blocks"]), (&json!(admin.user.id), &json!(null), &json!(blocks)));
    let shown = admin.get("/api/v1/flows").await;
    assert_eq!((&shown[0]["name"], &shown[0]["version"]), (&json!("New"), &made["hash"]));
    assert_eq!(states(&admin).await, listed(&[(2, "live"), (1, "earlier")]));
    let draft = admin.get(DRAFT).await;
    assert_eq!((&draft["live"], &draft["changed"]), (&json!(2), &json!(false)));

    // What answered before the first publish is a version, too.
    let first = admin.get(&format!("{VERSIONS}/1")).await;
    assert_eq!((&first["version"]["hash"], &first["version"]["made_by"]), (before, &json!(null)));
    assert_eq!(first["document"]["name"], "Wobbly Wheel Cycles");
    let back = ok(admin.send(Method::POST, &format!("{VERSIONS}/1/promote"), json!({})).await).await;
    assert_eq!((&back["number"], &back["state"]), (&json!(1), &json!("live")));
    assert_eq!(
        (name(&admin).await, states(&admin).await),
        (json!("Wobbly Wheel Cycles"), listed(&[(2, "earlier"), (1, "live")]))
    );
    // The draft stays what it was.
    let draft = admin.get(DRAFT).await;
    assert_eq!(
        (&draft["document"]["name"], &draft["live"], &draft["changed"]),
        (&json!("New"), &json!(1), &json!(true))
    );

    let revert = async |to: Value, revision: i64| {
        ok(admin.send(Method::POST, "/api/v1/flows/draft/revert", json!({ "revision": revision, "to": to })).await)
            .await
    };
    assert_eq!(revert(json!(null), 1).await["revision"], 2);
    assert_eq!(admin.get(DRAFT).await["changed"], false);
    assert_eq!(revert(json!(2), 2).await["revision"], 3);
    assert_eq!(admin.get(DRAFT).await["document"]["name"], "New");
    for path in [format!("{VERSIONS}/9/promote"), "/api/v1/flows/draft/revert".to_owned()] {
        refused(admin.send(Method::POST, &path, json!({ "revision": 3, "to": 9 })).await, 404).await;
    }
    let missing = admin.request(Method::GET, &format!("{VERSIONS}/9")).send().await.expect("an answer");
    refused(missing, 404).await;
}

#[tokio::test]
async fn what_is_scheduled_answers_when_its_time_has_come_unless_it_is_cancelled() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let now = hotline::call::now();
    ok(save(&admin, 0, &renamed(&admin, "Cancelled").await).await).await;
    let cancelled = ok(publish(&admin, 1, Some(now + 1_500)).await).await;
    assert_eq!((&cancelled["state"], &cancelled["at"]), (&json!("scheduled"), &json!(now + 1_500)));
    ok(save(&admin, 1, &renamed(&admin, "Far").await).await).await;
    ok(publish(&admin, 2, Some(now + 3_600_000)).await).await;
    ok(save(&admin, 2, &renamed(&admin, "Soon").await).await).await;
    ok(publish(&admin, 3, Some(now + 2_000)).await).await;
    let gone = admin.send(Method::DELETE, &format!("{VERSIONS}/1"), json!({})).await;
    assert_eq!(ok(gone).await["state"], "cancelled");
    assert_eq!(states(&admin).await, listed(&[(3, "scheduled"), (2, "scheduled"), (1, "cancelled")]));
    assert_eq!(name(&admin).await, "Wobbly Wheel Cycles");

    let came = async {
        while name(&admin).await != "Soon" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), came).await.expect("its time comes");
    assert!(hotline::call::now() >= now + 2_000, "not before its time");
    let expected = [(4, "earlier"), (3, "live"), (2, "scheduled"), (1, "cancelled")];
    assert_eq!(states(&admin).await, listed(&expected));
    let late = admin.send(Method::DELETE, &format!("{VERSIONS}/3"), json!({})).await;
    let words = refused(late, 400).await;
    assert!(words.contains("not scheduled"), "{words}");
    // What waits need not be waited for.
    ok(admin.send(Method::POST, &format!("{VERSIONS}/2/promote"), json!({})).await).await;
    assert_eq!(name(&admin).await, "Far");
    // A time that has passed is now.
    let made = ok(publish(&admin, 3, Some(now - 1)).await).await;
    assert_eq!((&made["state"], &made["at"]), (&json!("live"), &json!(null)));
}

/// The built-in flow with one more intent, of this name.
async fn with_intent(admin: &Browser<'_>, intent: &str) -> Value {
    let mut document = admin.get(DRAFT).await["live_document"].clone();
    let lines =
        ["do you sell gift cards", "I want to buy a gift card", "a gift card for a friend", "can I get a voucher"];
    let more = json!({ "name": intent, "label": { "en": "a gift card", "zh-CN": "礼品卡" },
        "examples": { "en": lines, "zh-CN": ["有礼品卡吗", "我想买礼品卡", "买一张礼品卡"] } });
    document["intents"].as_array_mut().expect("intents").push(more);
    for block in document["blocks"].as_array_mut().expect("blocks") {
        if block["type"] == "ask_intent" {
            block["params"]["intents"].as_array_mut().expect("a list").push(json!(intent));
            block["edges"][intent] = json!("goodbye");
        }
    }
    document
}

#[tokio::test]
async fn what_the_flow_learns_is_understood_when_it_answers_beside_what_was_taught_here() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let understood =
        async |text: &str| ok(admin.send(Method::POST, "/api/v1/intents/parse", json!({ "text": text })).await).await;
    let own = json!({ "name": "rental", "examples": [{ "text": "can I rent a bike" }, { "text": "do you rent out bikes" }, { "text": "bike rental" }] });
    let change = json!({ "revision": 0, "intents": [own], "out_of_scope": [], "tests": [] });
    ok(admin.send(Method::PUT, "/api/v1/intents", change).await).await;
    ok(admin.send(Method::POST, "/api/v1/intents/train", json!({})).await).await;
    let before = understood("do you still sell gift cards").await;
    assert_ne!(before["intent"], "gift_card");

    ok(save(&admin, 0, &with_intent(&admin, "gift_card").await).await).await;
    ok(publish(&admin, 1, None).await).await;
    let after = understood("do you still sell gift cards").await;
    assert_eq!((&after["intent"], &after["version"]), (&json!("gift_card"), &json!(1)), "{after}");
    assert_ne!(after["model"], before["model"]);
    assert_eq!(understood("could I rent a bike").await["intent"], "rental");
    let intents = admin.get("/api/v1/intents").await;
    assert!(intents["intents"].to_string().contains("gift_card"), "the page of intents shows the flow's");

    // A flow with the same to learn keeps the model.
    ok(save(&admin, 1, &renamed(&admin, "Renamed").await).await).await;
    ok(publish(&admin, 2, None).await).await;
    assert_eq!(understood("x").await["model"], after["model"]);
    ok(admin.send(Method::POST, &format!("{VERSIONS}/1/promote"), json!({})).await).await;
    let back = understood("do you still sell gift cards").await;
    assert_eq!((&back["model"], &back["intent"]), (&before["model"], &before["intent"]));
}

#[tokio::test]
async fn a_flow_whose_intents_cannot_be_trained_does_not_answer() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    // The validator has nothing against this name; the engine has.
    ok(save(&admin, 0, &with_intent(&admin, "---").await).await).await;
    for at in [None, Some(hotline::call::now() + 3_600_000)] {
        let words = refused(publish(&admin, 1, at).await, 400).await;
        assert!(words.contains("has no name") && words.contains("goes on answering"), "{words}");
    }
    assert_eq!((name(&admin).await, states(&admin).await), (json!("Wobbly Wheel Cycles"), vec![]));
    let asked = json!({ "text": "where is my order" });
    let answer = ok(admin.send(Method::POST, "/api/v1/intents/parse", asked).await).await;
    assert_eq!(answer["intent"], "order_status");
}

#[tokio::test]
async fn a_flow_that_nothing_here_can_say_does_not_answer() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let mut document = renamed(&admin, "Chinese first").await;
    document["languages"] = json!(["zh-CN", "en"]);
    let saved = ok(save(&admin, 0, &document).await).await;
    assert_eq!(
        (&saved["findings"][0]["code"], &saved["findings"][0]["place"]),
        (&json!("no_voice"), &json!("/languages/0"))
    );
    let words = refused(publish(&admin, 1, None).await, 400).await;
    assert!(words.contains("voice.zh"), "{words}");
}

#[tokio::test]
async fn what_is_too_large_or_too_deep_is_refused_in_words() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let large = json!({ "name": "x".repeat(10 * 1024 * 1024) });
    for (method, path, asked) in [
        (Method::PUT, DRAFT, json!({ "revision": 0, "document": large })),
        (Method::POST, "/api/v1/flows/check", json!({ "document": large })),
    ] {
        let words = refused(admin.send(method, path, asked).await, 413).await;
        assert!(words.contains("larger than 10 MB") || words.contains("too large"), "{words}");
    }
    let deep = format!("{{\"revision\": 0, \"document\": {{\"x\": {}{}}}}}", "[".repeat(200), "]".repeat(200));
    let request = admin.request(Method::PUT, DRAFT).header("content-type", "application/json").body(deep);
    let words = refused(request.send().await.expect("an answer"), 400).await;
    assert!(words.contains("nested too deeply"), "{words}");
    // Kept, although it is larger than any flow may be.
    let saved = ok(save(&admin, 0, &json!({ "name": "x".repeat(6 * 1024 * 1024) })).await).await;
    assert_eq!(saved["findings"][0]["code"], "too_large");
    refused(publish(&admin, 1, None).await, 400).await;
    let note = json!({ "revision": 1, "note": "x".repeat(1_001) });
    let words = refused(admin.send(Method::POST, PUBLISH, note).await, 400).await;
    assert!(words.contains("1000 characters"), "{words}");
}

#[tokio::test]
async fn only_an_admin_changes_the_flow() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Al", Role::Agent).await;
    for (method, path, asked) in [
        (Method::PUT, DRAFT, json!({ "revision": 0, "document": {} })),
        (Method::POST, PUBLISH, json!({ "revision": 0, "note": "" })),
        (Method::POST, "/api/v1/flows/draft/revert", json!({ "revision": 0, "to": null })),
        (Method::POST, "/api/v1/flows/versions/1/promote", json!({})),
        (Method::DELETE, "/api/v1/flows/versions/1", json!({})),
    ] {
        assert_eq!(agent.send(method.clone(), path, asked).await.status(), 403, "{method} {path}");
    }
    let checked = ok(agent.send(Method::POST, "/api/v1/flows/check", json!({ "document": {} })).await).await;
    assert!(severities(&checked["findings"]).contains(&"error"));
    assert_eq!(agent.get(DRAFT).await["revision"], 0);
}

/// A flow that says a word of its own at the beginning and after a key, and hands callers to a queue of its own.
fn small(word: &str) -> Value {
    json!({
        "schema_version": 1, "id": "small", "name": word, "languages": ["en"], "start": "which", "person": "people",
        "queues": [{"id": format!("queue_{word}"), "name": "Service"}],
        "blocks": [
            {"id": "which", "type": "menu", "params": {"prompt": {"en": format!("This is {word}. Press 1.")}, "options": [{"key": "1", "edge": "one"}]},
             "edges": {"one": "bye", "no_input": "people", "no_match": "people"}},
            {"id": "bye", "type": "say", "params": {"prompt": {"en": format!("Goodbye from {word}.")}}, "edges": {"next": "done"}},
            {"id": "people", "type": "to_queue", "params": {"queue": format!("queue_{word}")}, "edges": {"no_agents": "done", "timeout": "done", "error": "done"}},
            {"id": "done", "type": "end", "params": {"outcome": "resolved"}},
        ],
    })
}

/// A service without recognisers whose first flow is the one of `small("one")`.
async fn small_service() -> Running {
    Running::start(|config| {
        let file = config.data_dir.join("flow.json");
        std::fs::write(&file, small("one").to_string()).expect("a file");
        config.flow_file = Some(file);
        (config.speech_en, config.speech_zh) = (String::new(), String::new());
    })
    .await
}

async fn publish_small(running: &Running, word: &str) -> Value {
    let revision = running.get(DRAFT).await["revision"].clone();
    let change = json!({ "revision": revision, "document": small(word) });
    let revision = running.send(Method::PUT, DRAFT, change).await["revision"].clone();
    running.send(Method::POST, PUBLISH, json!({ "revision": revision, "note": word })).await
}

async fn dial(phone: &Phone, running: &Running, from: &str) -> Line {
    let mut line = phone.call(&running.address(), from, PATIENCE).await.expect("answered");
    line.our_turn(QUIET, PATIENCE).await.expect("the bot greets and asks");
    line
}

async fn finish(mut line: Line) {
    line.press("1");
    line.wait_end(PATIENCE).await.expect("the flow ends the call");
    line.hang_up().await;
}

/// What was said in the call from a number, once it is over.
async fn said(running: &Running, from: &str) -> Vec<String> {
    let tenant = running.service.tenant();
    let over = async {
        loop {
            let calls = tenant.calls(&CallFilter::default(), None, 50).await.expect("calls").items;
            let call = calls.into_iter().find(|call| call.from.reveal().contains(from) && call.outcome.is_some());
            if let Some(call) = call {
                return call.id;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let call: CallId = tokio::time::timeout(PATIENCE, over).await.expect("the call has its outcome");
    let journal = tenant.journal(call).await.expect("a journal");
    let said = journal.into_iter().filter_map(|entry| match entry.event {
        Event::Said { text, .. } => Some(text.reveal().to_owned()),
        _ => None,
    });
    said.collect()
}

fn heard(word: &str) -> [String; 2] {
    [format!("This is {word}. Press 1."), format!("Goodbye from {word}.")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_finishes_with_the_flow_that_it_began_with_and_the_next_hears_the_new_one() {
    let (running, phone) = (small_service().await, phone().await);
    let first = dial(&phone, &running, "+441632960031").await;
    publish_small(&running, "two").await;
    finish(dial(&phone, &running, "+441632960032").await).await;
    // Back, while the first call still goes on.
    running.send(Method::POST, &format!("{VERSIONS}/1/promote"), json!({})).await;
    let third = dial(&phone, &running, "+441632960033").await;
    publish_small(&running, "three").await;
    finish(first).await;
    finish(third).await;
    for (from, word) in [("960031", "one"), ("960032", "two"), ("960033", "one")] {
        // Whoever is not quick enough is asked once more.
        let said = said(&running, from).await;
        assert_eq!([&said[0], &said[said.len() - 1]], heard(word).each_ref(), "{from}: {said:?}");
    }
    let prompts = running.get("/api/v1/prompts").await.to_string();
    assert!(prompts.contains("Goodbye from three.") && !prompts.contains("Goodbye from one."), "{prompts}");
    running.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_and_what_was_due_meanwhile_answers_after_a_restart() {
    let running = small_service().await;
    publish_small(&running, "two").await;
    let running = running.restart().await;
    let draft = running.get(DRAFT).await;
    assert_eq!((&draft["live"], &draft["live_document"]["name"]), (&json!(2), &json!("two")));
    let phone = phone().await;
    finish(dial(&phone, &running, "+441632960034").await).await;
    assert_eq!(said(&running, "960034").await, heard("two"));

    let change = json!({ "revision": draft["revision"], "document": small("three") });
    let revision = running.send(Method::PUT, DRAFT, change).await["revision"].clone();
    let at = hotline::call::now() + 1_000;
    let made = running.send(Method::POST, PUBLISH, json!({ "revision": revision, "note": "", "at": at })).await;
    assert_eq!(made["state"], "scheduled");
    let running = running.restart().await;
    let live = running.get(DRAFT).await["live_document"]["name"].clone();
    // Due while it was stopped, or a moment later.
    let came = async {
        while running.get(DRAFT).await["live_document"]["name"] != "three" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), came).await.unwrap_or_else(|_| panic!("{live} answers"));
    running.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_flow_that_cannot_be_read_gives_way_to_the_file() {
    let running = small_service().await;
    publish_small(&running, "two").await;
    let damage = "UPDATE flow_version SET document = '{\"blocks\": 1}' WHERE number = 2";
    let running = running.restart_after(damage).await;
    let draft = running.get(DRAFT).await;
    assert_eq!((&draft["live"], &draft["live_document"]["name"]), (&json!(null), &json!("one")));
    // The versions are still there, and another publish mends it.
    let made = publish_small(&running, "three").await;
    assert_eq!((&made["number"], &made["state"]), (&json!(3), &json!("live")));
    let versions = running.get(VERSIONS).await;
    let states: Vec<&Value> = versions.as_array().expect("a list").iter().map(|version| &version["state"]).collect();
    assert_eq!(states, [&json!("live"), &json!("earlier"), &json!("earlier")]);
    running.service.stop().await;
}
