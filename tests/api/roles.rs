//! Who may do what, over the whole interface.

use std::collections::BTreeSet;

use hotline::event::{CallId, Event, Party};
use hotline::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::bed::{Bed, entry, json as body_of};

/// A route: method, path with its parts filled in, and what it needs.
struct Route {
    method: Method,
    path: String,
    shown: String,
    needs: String,
}

fn routes() -> Vec<Route> {
    let document: Value = serde_json::from_str(&hotline::api::openapi()).expect("the document is JSON");
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("there are paths") {
        for (method, operation) in methods.as_object().expect("with methods") {
            if !["get", "put", "post", "delete", "patch"].contains(&method.as_str()) {
                continue;
            }
            let needs = operation["x-permission"].as_str().unwrap_or("").to_owned();
            let shown = format!("{} {path}", method.to_uppercase());
            let mut filled = path.clone();
            for (part, value) in [
                ("{number}", "1"),
                ("{extension}", "101"),
                ("{id}", &CallId::new().to_string()),
                ("{call}", &CallId::new().to_string()),
            ] {
                filled = filled.replace(part, value);
            }
            let method = method.to_uppercase().parse().expect("a method");
            routes.push(Route { method, path: filled, shown, needs });
        }
    }
    routes
}

#[test]
fn every_route_says_what_it_needs() {
    let open: Vec<String> =
        routes().into_iter().filter(|route| route.needs.is_empty()).map(|route| route.shown).collect();
    let expected = [
        "POST /api/v1/chat/sessions",
        "DELETE /api/v1/chat/sessions/{id}",
        "GET /api/v1/chat/sessions/{id}/events",
        "POST /api/v1/chat/sessions/{id}/messages",
        "POST /api/v1/session",
        "DELETE /api/v1/session",
        "POST /api/v1/widget/calls",
        "GET /api/v1/widget/call",
        "GET /healthz",
        "GET /metrics",
        "GET /readyz",
    ];
    let (open, expected): (BTreeSet<_>, BTreeSet<_>) = (open.into_iter().collect(), expected.map(str::to_owned).into());
    assert_eq!(open, expected, "whoever adds a route says in src/api/permission.rs what it needs");
}

#[tokio::test]
async fn every_route_refuses_whoever_may_not_use_it() {
    let bed = Bed::start().await;
    for role in Role::ALL {
        let browser = bed.signed_in("Somebody", role).await;
        let me = browser.get("/api/v1/me").await;
        let permissions: BTreeSet<&str> =
            me["permissions"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        for Route { method, path, shown, needs } in routes().into_iter().filter(|route| !route.needs.is_empty()) {
            if needs != "signed_in" && !permissions.contains(needs.as_str()) {
                let reply = browser.send(method, &path, json!({})).await;
                let status = reply.status().as_u16();
                let code = body_of(reply).await["error"]["code"].clone();
                assert_eq!((status, code.as_str()), (403, Some("not_permitted")), "{shown} as {role:?}");
            } else if method == Method::GET && !path.ends_with("/agents/101/presence") {
                let reply = browser.request(method, &path).send().await.expect("an answer");
                if reply.status() == 403 {
                    let code = body_of(reply).await["error"]["code"].clone();
                    // Of somebody else's calls nothing is told, and streams want to know the page.
                    assert!(
                        ["not_yours", "foreign_origin"].contains(&code.as_str().unwrap_or("")),
                        "{shown} as {role:?}: {code}"
                    );
                }
            }
        }
    }
    for Route { method, path, shown, .. } in routes().into_iter().filter(|route| !route.needs.is_empty()) {
        let reply = bed.request(method, &path).json(&json!({})).send().await.expect("an answer");
        assert_eq!(reply.status(), 401, "{shown}, signed in as nobody");
    }
}

#[tokio::test]
async fn an_auditor_sees_all_of_it_and_changes_nothing_and_an_agent_is_no_supervisor() {
    let bed = Bed::start().await;
    let (call, ticket) = bed.call().await;
    let auditor = bed.signed_in("Olga", Role::Auditor).await;
    assert_eq!(auditor.get(&format!("/api/v1/calls/{call}")).await["id"], call.to_string());
    let reply = auditor.send(Method::PATCH, &format!("/api/v1/tickets/{ticket}"), json!({"status": "solved"})).await;
    assert_eq!(reply.status(), 403);
    let agent = bed.signed_in("Bob", Role::Agent).await;
    for (method, path, body) in [
        (Method::GET, "/api/v1/floor", json!({})),
        (Method::POST, "/api/v1/queues", json!({"id": "mine"})),
        (Method::PUT, "/api/v1/agents/101", json!({"skills": {"en": 10}})),
        (Method::PUT, "/api/v1/presence/reasons", json!(["nap"])),
    ] {
        assert_eq!(agent.send(method, path, body).await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn an_agent_sees_the_calls_that_came_to_them_and_no_others() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Agent).await;
    bed.extension("101", agent.user.id).await;
    let (others, _) = bed.call().await;
    let (own, _) = bed.call().await;
    let rings = vec![entry(7, Event::Ringing { agent: "101".into() })];
    bed.tenant.append(own, rings).await.expect("it is stored");
    let listed = agent.get("/api/v1/calls").await;
    let ids: Vec<&str> =
        listed["calls"].as_array().expect("a list").iter().filter_map(|call| call["id"].as_str()).collect();
    assert_eq!(ids, [own.to_string().as_str()]);
    assert_eq!(agent.get(&format!("/api/v1/calls/{own}")).await["id"], own.to_string());
    let refused = agent.request(Method::GET, &format!("/api/v1/calls/{others}")).send().await.expect("an answer");
    assert_eq!(refused.status(), 403);
    assert_eq!(body_of(refused).await["error"]["code"], "not_yours");
}

#[tokio::test]
async fn an_agents_live_stream_has_their_own_calls_only() {
    let bed = Bed::start().await;
    let agent = bed.signed_in("Bob", Role::Agent).await;
    bed.extension("101", agent.user.id).await;
    let (others, _) = bed.call().await;
    let (own, _) = bed.call().await;
    let (mut stream, _) = agent.live("").await;
    let parted = |agent: &str| Event::Unbridged { agent: agent.into(), by: Party::Agent, talked_ms: 5 };
    bed.tenant
        .append(others, vec![entry(7, Event::Ringing { agent: "102".into() }), entry(8, parted("102"))])
        .await
        .expect("stored");
    bed.tenant
        .append(own, vec![entry(7, Event::Ringing { agent: "101".into() }), entry(8, parted("101"))])
        .await
        .expect("stored");
    for kind in ["ringing", "unbridged"] {
        let frame = stream.next().await;
        assert_eq!(
            (frame["call"].as_str(), frame["entry"]["kind"].as_str()),
            (Some(own.to_string().as_str()), Some(kind))
        );
    }
}

#[tokio::test]
async fn a_role_is_given_by_an_admin_and_somebody_stays_one() {
    let bed = Bed::start().await;
    let admin = bed.signed_in("Ada", Role::Admin).await;
    let bob = bed.signed_in("Bob", Role::Agent).await;
    let role = |user: hotline::event::UserId| format!("/api/v1/users/{user}/role");
    let reply = bob.send(Method::PUT, &role(bob.user.id), json!({"role": "admin"})).await;
    assert_eq!(reply.status(), 403);
    let reply = admin.send(Method::PUT, &role(bob.user.id), json!({"role": "supervisor"})).await;
    assert_eq!(reply.status(), 204);
    assert_eq!(bob.get("/api/v1/me").await["role"], "supervisor");
    let reply = admin.send(Method::PUT, &role(admin.user.id), json!({"role": "agent"})).await;
    assert_eq!(reply.status(), 400);
    assert_eq!(admin.get("/api/v1/me").await["role"], "admin");
}
