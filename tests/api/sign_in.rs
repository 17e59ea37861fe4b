//! Signing in, and who may do what.

use hotline::store::Role;
use reqwest::Method;
use serde_json::json;

use crate::bed::{Bed, PASSWORD, cookie, json, log};

#[tokio::test]
async fn a_link_signs_in_once_only() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    assert_eq!(admin.get("/api/v1/me").await["name"], "Ada");
    let again = bed.post("/api/v1/session", json!({ "token": admin.link })).await;
    assert_eq!(again.status(), 401);
    assert!(cookie(&again).is_none());
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let bed = Bed::start().await;
    let user = bed.user("Ada", Role::Admin).await;
    let link = bed
        .tenant
        .create_link(user.id, hotline::call::now(), std::time::Duration::from_secs(60))
        .await
        .expect("a link");
    let reply = bed.post("/api/v1/session", json!({ "token": link.reveal() })).await;
    let cookie = reply.headers()["set-cookie"].to_str().expect("text");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "over HTTP a browser would throw it away");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_refused_in_the_same_words() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let change = json!({ "email": "ada@shop.example", "password": PASSWORD, "language": "zh-CN" });
    let me = json(admin.send(Method::PUT, "/api/v1/me", change).await).await;
    assert_eq!(
        (&me["email"], &me["has_password"], &me["language"]),
        (&json!("ada@shop.example"), &json!(true), &json!("zh-CN"))
    );

    let mut words = Vec::new();
    for (email, password) in
        [("ada@shop.example", "wrong horse battery"), ("eve@shop.example", PASSWORD), ("nonsense", "")]
    {
        let reply = bed.post("/api/v1/session", json!({ "email": email, "password": password })).await;
        assert_eq!(reply.status(), 401);
        words.push(json(reply).await);
    }
    assert!(words.windows(2).all(|pair| pair[0] == pair[1]));

    let reply = bed.post("/api/v1/session", json!({ "email": "Ada@Shop.example", "password": PASSWORD })).await;
    assert_eq!(reply.status(), 200);
    assert_eq!(json(reply).await["user"]["name"], "Ada");
}

#[tokio::test]
async fn whoever_guesses_is_slowed_down() {
    let bed = Bed::start().await;
    for _ in 0..10 {
        assert_eq!(bed.post("/api/v1/session", json!({ "token": "guess" })).await.status(), 401);
    }
    let reply = bed.post("/api/v1/session", json!({ "token": "guess" })).await;
    assert_eq!(reply.status(), 429);
    assert!(reply.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let reply = admin.request(Method::DELETE, "/api/v1/session").send().await.expect("an answer");
    assert_eq!(reply.status(), 204);
    assert_eq!(cookie(&reply).as_deref(), Some("hotline_session="));
    let reply = admin.request(Method::GET, "/api/v1/me").send().await.expect("an answer");
    assert_eq!(reply.status(), 401);
}

#[tokio::test]
async fn a_request_that_changes_something_needs_the_consoles_header() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let http = reqwest::Client::new();
    for (method, path) in
        [(Method::POST, "/api/v1/session"), (Method::PUT, "/api/v1/me"), (Method::DELETE, "/api/v1/session")]
    {
        let request = http.request(method.clone(), bed.url(path)).header("cookie", &admin.cookie);
        let reply = request.json(&json!({ "name": "Eve" })).send().await.expect("an answer");
        assert_eq!(reply.status(), 403, "{method} {path}");
        assert_eq!(json(reply).await["error"]["code"], "missing_header");
    }
    assert_eq!(admin.get("/api/v1/me").await["name"], "Ada");
}

#[tokio::test]
async fn only_an_admin_gives_out_extensions_and_each_password_is_shown_once() {
    let bed = Bed::start().await;
    let (admin, agent) = (bed.signed_in("Ada", Role::Admin).await, bed.signed_in("Bob", Role::Agent).await);
    let refused = agent.send(Method::POST, "/api/v1/extensions", json!({ "name": "101" })).await;
    assert_eq!(
        (refused.status().as_u16(), json(refused).await["error"]["code"].as_str()),
        (403, Some("not_permitted"))
    );

    let new = json!({ "name": "101", "user": agent.user.id });
    let reply = admin.send(Method::POST, "/api/v1/extensions", new.clone()).await;
    assert_eq!(reply.status(), 201);
    let password = json(reply).await["password"].as_str().expect("a password").to_owned();
    assert!(password.len() >= 16);

    let list = admin.get("/api/v1/extensions").await;
    assert_eq!(list, json!([{ "name": "101", "user": { "id": agent.user.id, "name": "Bob" }, "registered": false }]));
    assert!(!list.to_string().contains(&password));

    assert_eq!(admin.send(Method::POST, "/api/v1/extensions", new).await.status(), 409);
    let reply = admin.send(Method::POST, "/api/v1/extensions", json!({ "name": "101", "replace": true })).await;
    assert_ne!(json(reply).await["password"], password.as_str());
    assert_eq!(admin.get("/api/v1/extensions").await[0]["user"]["name"], "Bob", "it stays its owner's");
    let reply = admin.send(Method::POST, "/api/v1/extensions", json!({ "name": "one o one" })).await;
    assert_eq!(reply.status(), 400);
}

#[tokio::test]
async fn no_secret_and_nothing_a_caller_said_reaches_the_log() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let (password, email) = ("tr0ub4dor and 3 more", "ada.lovelace@shop.example");
    admin.send(Method::PUT, "/api/v1/me", json!({ "email": email, "password": password })).await;
    bed.post("/api/v1/session", json!({ "email": email, "password": password })).await;
    bed.post("/api/v1/session", json!({ "email": email, "password": "tr0ub4dor, wrongly" })).await;
    bed.request(Method::GET, "/sign-in?token=t0ken-in-the-address").send().await.expect("an answer");
    let (call, ticket) = bed.call().await;
    let (mut stream, _) = admin.live("").await;
    admin.send(Method::POST, &format!("/api/v1/tickets/{ticket}/notes"), json!({ "text": "a n0te of mine" })).await;
    stream.next().await;
    admin.get(&format!("/api/v1/calls/{call}")).await;
    admin.get("/api/v1/tickets?q=lovelace-qu3ry").await;

    let log = log().text();
    assert!(log.contains("signed in"), "the log is on");
    let session = admin.cookie.split_once('=').expect("a cookie").1;
    let secrets = [
        session,
        &admin.link,
        password,
        "tr0ub4dor",
        email,
        "t0ken-in-the-address",
        "a n0te of mine",
        "lovelace-qu3ry",
    ];
    for secret in secrets.into_iter().chain(["+4930555001", "where is my order"]) {
        // What the browser's side of the test logs is not ours.
        let ours = |line: &&str| !line.contains("reqwest::") && !line.contains("hyper_util::client");
        let line = log.lines().filter(ours).find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} stands in: {}", line.unwrap_or_default());
    }
}
