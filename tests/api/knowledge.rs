//! The knowledge base over HTTP.

use hotline::event::{CallId, Consulted, Event, Personal};
use hotline::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bed::{Bed, Browser, entry, json};

const ARTICLES: &str = "/api/v1/knowledge/articles";

fn hours() -> Value {
    json!({
        "questions": ["When are you open?", "What are your opening hours?", " "],
        "eye": "We are open from **nine to six**. See [the map](https://shop.example/map).",
        "language": "en",
        "tags": ["shop"],
        "review": "approved",
    })
}

async fn write(browser: &Browser<'_>, article: Value) -> Value {
    let reply = browser.send(Method::POST, ARTICLES, article).await;
    assert_eq!(reply.status(), 201);
    json(reply).await
}

async fn found(browser: &Browser<'_>, trial: Value) -> Value {
    let reply = browser.send(Method::POST, "/api/v1/knowledge/search", trial).await;
    assert_eq!(reply.status(), 200);
    json(reply).await
}

#[tokio::test]
async fn an_article_answers_as_soon_as_it_is_written_and_no_longer_than_it_is_there() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let question = json!({ "text": "what are the opening hours" });
    assert_eq!(found(&admin, question.clone()).await["answer"], "unknown");

    let article = write(&admin, hours()).await;
    assert_eq!(article["article"]["questions"], json!(["When are you open?", "What are your opening hours?"]));
    assert_eq!(article["spoken"]["short"], "We are open from nine to six. See the map. We can send you the link.");
    assert_eq!((&article["version"], &article["owner"]["name"]), (&json!(1), &json!("Ada")));
    let found_now = found(&admin, question.clone()).await;
    assert_eq!(found_now["answer"], "known");
    let hit = &found_now["hits"][0];
    assert_eq!((&hit["id"], &hit["phrasing"]), (&article["id"], &json!("What are your opening hours?")));
    assert_eq!((&hit["common"], &hit["meaning"]), (&json!(["opening", "hours"]), &json!(null)));

    let path = format!("{ARTICLES}/{}", article["id"].as_str().expect("an id"));
    let draft = json!({ "questions": ["When are you open?"], "eye": "Later.", "language": "en", "review": "draft" });
    assert_eq!(admin.send(Method::PUT, &path, draft).await.status(), 200);
    assert_eq!(found(&admin, question.clone()).await["hits"], json!([]));
    let with_drafts = found(&admin, json!({ "text": "when are you open", "drafts": true })).await;
    assert_eq!(with_drafts["answer"], "known");

    assert_eq!(admin.request(Method::DELETE, &path).send().await.expect("an answer").status(), 204);
    assert_eq!(admin.get(ARTICLES).await, json!([]));
}

#[tokio::test]
async fn whoever_was_slower_is_told_so() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let article = write(&admin, hours()).await;
    let path = format!("{ARTICLES}/{}", article["id"].as_str().expect("an id"));
    let change = async |tag: &str, eye: &str| {
        let mut text = hours();
        text["eye"] = json!(eye);
        admin.request(Method::PUT, &path).header("if-match", tag).json(&text).send().await.expect("an answer")
    };
    let changed = change("\"1\"", "From ten.").await;
    assert_eq!((changed.status().as_u16(), &changed.headers()["etag"]), (200, &"\"2\"".parse().expect("a tag")));
    let late = change("\"1\"", "From eleven.").await;
    assert_eq!((late.status().as_u16(), json(late).await["error"]["code"].as_str()), (412, Some("changed")));
    assert_eq!(change("nonsense", "From eleven.").await.status(), 400);
    assert_eq!(change("*", "From noon.").await.status(), 200);

    let history = admin.get(&format!("{path}/history")).await;
    let versions: Vec<&Value> = history.as_array().expect("a list").iter().map(|v| &v["version"]).collect();
    assert_eq!(versions, [3, 2, 1]);
    assert_eq!(history[0]["by"]["name"], "Ada");
    assert_eq!(
        history[0]["changes"],
        json!([{ "part": "eye", "pieces": [
            { "stands": "both", "text": "From " },
            { "stands": "old", "text": "ten" },
            { "stands": "new", "text": "noon" },
            { "stands": "both", "text": "." },
        ] }])
    );
    assert_eq!(history[2]["changes"], json!([]));
}

#[tokio::test]
async fn agents_read_and_say_what_helped_but_do_not_write() {
    let bed = Bed::start().await;
    let (admin, agent) = (bed.signed_in("Ada", Role::Admin).await, bed.signed_in("Bob", Role::Agent).await);
    let article = write(&admin, hours()).await;
    let path = format!("{ARTICLES}/{}", article["id"].as_str().expect("an id"));
    let gap = format!("/api/v1/knowledge/gaps/{}/aside", "0".repeat(64));
    for (method, path, body) in [
        (Method::POST, ARTICLES, hours()),
        (Method::PUT, path.as_str(), hours()),
        (Method::DELETE, path.as_str(), json!(null)),
        (Method::POST, "/api/v1/knowledge/import", json!({ "form": "csv", "text": "" })),
        (Method::POST, gap.as_str(), json!(null)),
    ] {
        assert_eq!(agent.send(method.clone(), path, body).await.status(), 403, "{method} {path}");
    }
    for helped in [true, true, false] {
        let reply = agent.send(Method::POST, &format!("{path}/feedback"), json!({ "helped": helped })).await;
        assert_eq!(reply.status(), 204);
    }
    let seen = agent.get(&path).await;
    assert_eq!((&seen["helped"], &seen["not_helped"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn the_list_is_narrowed_by_words_and_by_what_is_known_of_an_article() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    write(&admin, hours()).await;
    write(&admin, json!({ "questions": ["怎么退货？"], "eye": "三十天内。", "language": "zh-CN", "tags": ["退货"] }))
        .await;
    write(
        &admin,
        json!({ "questions": ["Who may see the safe?"], "eye": "Nobody.", "language": "en", "audience": "agent" }),
    )
    .await;
    for (query, expected) in [
        ("", 3),
        ("?language=en", 2),
        ("?language=zh-CN", 1),
        ("?audience=agent", 1),
        ("?review=approved", 1),
        ("?review=draft", 2),
        ("?tag=SHOP", 1),
        ("?q=open%20NINE", 1),
        ("?q=%E9%80%80%E8%B4%A7", 1),
        ("?q=nothing", 0),
    ] {
        let list = admin.get(&format!("{ARTICLES}{query}")).await;
        assert_eq!(list.as_array().expect("a list").len(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_file_is_shown_before_it_is_kept_and_never_taken_twice() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let text = "# Shop\n\n## Where?\n\nHere.\n\n## When?\n\n## Why?\n\nBecause.\n";
    let import = async |keep: bool| {
        let body = json!({ "form": "markdown", "text": text, "keep": keep });
        let reply = admin.send(Method::POST, "/api/v1/knowledge/import", body).await;
        assert_eq!(reply.status(), 200);
        json(reply).await
    };
    let shown = import(false).await;
    assert_eq!(shown["articles"].as_array().expect("a list").len(), 2);
    assert_eq!(shown["notes"], json!([{ "line": 7, "what": "no_answer", "text": "When?" }]));
    assert_eq!((&shown["added"], admin.get(ARTICLES).await), (&json!([]), json!([])));

    assert_eq!(import(true).await["added"].as_array().expect("ids").len(), 2);
    assert_eq!(admin.get(ARTICLES).await[0]["article"]["review"], "draft");
    let again = import(true).await;
    assert_eq!((&again["added"], &again["articles"]), (&json!([]), &json!([])));
    assert_eq!(again["notes"][1], json!({ "line": null, "what": "known", "text": "Where?" }));
}

#[tokio::test]
async fn an_article_that_cannot_be_kept_is_refused_in_words() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    for (article, word) in [
        (json!({ "questions": [], "eye": "Here.", "language": "en" }), "question"),
        (json!({ "questions": ["Where?"], "language": "en" }), "answer"),
        (json!({ "questions": ["Where?"], "eye": "Here.", "language": "fr" }), "fr"),
        (
            json!({ "questions": ["Where?"], "eye": "Here.", "language": "en", "valid_from": 2, "valid_until": 1 }),
            "ends",
        ),
    ] {
        let reply = admin.send(Method::POST, ARTICLES, article).await;
        assert_eq!(reply.status(), 400);
        let message = json(reply).await["error"]["message"].to_string();
        assert!(message.contains(word), "{message}");
    }
}

#[tokio::test]
async fn an_answer_is_heard_before_it_is_kept() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Agent).await;
    let sound = async |language: &str, eye: &str| {
        let body = json!({ "language": language, "eye": eye });
        agent.send(Method::POST, "/api/v1/knowledge/sound", body).await
    };
    let heard = sound("en", "From **nine** to six.").await;
    assert_eq!(
        (heard.status().as_u16(), &heard.headers()["content-type"]),
        (200, &"audio/wav".parse().expect("a type"))
    );
    assert_eq!(&heard.bytes().await.expect("a body")[..4], b"RIFF");
    assert_eq!(sound("en", "![](map.png)").await.status(), 400);
    assert_eq!(sound("zh-CN", "九点。").await.status(), 409, "no voice speaks Chinese here");
}

#[tokio::test]
async fn what_nothing_answers_is_listed_until_something_does() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let ask = async |question: &str| {
        let consulted = Event::Consulted {
            block: "answer".into(),
            question: Personal::new(question),
            language: Personal::new("en"),
            answer: Consulted::Unknown,
            articles: vec![],
        };
        let (call, _) = bed.call().await;
        let seq = bed.tenant.call(call).await.expect("the call").last_seq + 1;
        let mut consulted = entry(seq, consulted);
        consulted.at = hotline::call::now();
        bed.tenant.append(call, vec![consulted]).await.expect("it is stored");
        call
    };
    ask("what are the opening hours").await;
    let call: CallId = ask("do you rent bikes").await;
    let gaps = admin.get("/api/v1/knowledge/gaps").await;
    assert_eq!((gaps["gaps"].as_array().map(Vec::len), &gaps["unknown"]), (Some(2), &json!(2)));

    write(&admin, hours()).await;
    let gaps = admin.get("/api/v1/knowledge/gaps?days=7").await;
    let gap = &gaps["gaps"][0];
    assert_eq!(
        (&gap["question"], &gap["call"], &gaps["unknown"]),
        (&json!("do you rent bikes"), &json!(call), &json!(1))
    );
    let aside = format!("/api/v1/knowledge/gaps/{}/aside", gap["id"].as_str().expect("an id"));
    assert_eq!(admin.send(Method::POST, &aside, json!(null)).await.status(), 204);
    assert_eq!(admin.get("/api/v1/knowledge/gaps").await["gaps"], json!([]));
}
