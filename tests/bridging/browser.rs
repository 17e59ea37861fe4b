//! Agents whose telephone is a browser, and callers of web pages: what their pages say and hear. The pages here send descriptions and no
//! sound; that is for the tests with real browsers (`web/e2e/phone.e2e.ts`).

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hotline::config::Origin;
use hotline::event::{Event, Outcome, UserId};
use hotline::store::{NewUser, Role};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::bed::*;

/// As Chromium offers it, shortened.
const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0 110 126\r\n\
    c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 \
    00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=setup:actpass\r\na=mid:0\r\n\
    a=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:110 telephone-event/48000\r\n\
    a=rtpmap:126 telephone-event/8000\r\n";

/// A page, through its socket.
struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    async fn open(bed: &Bed, path: &str, cookie: Option<&str>, origin: Option<&str>) -> Result<Page, Error> {
        let mut request = format!("ws://{}/api/v1/{path}", bed.service.http).into_client_request()?;
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
        }
        let ours = format!("http://{}", bed.service.http);
        request.headers_mut().insert("origin", origin.unwrap_or(&ours).parse().expect("a header"));
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Page(socket))
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("the page is connected");
    }

    /// The next message but captions and states; nothing when the service has closed the socket.
    async fn frame(&mut self) -> Option<Value> {
        loop {
            match soon(self.0.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if !["caption", "state"].contains(&message["type"].as_str().unwrap_or_default()) {
                        return Some(message);
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next message, which is of this type.
    async fn hears(&mut self, kind: &str) -> Value {
        let message = self.frame().await.expect("the service goes on");
        assert_eq!(message["type"], kind, "{message}");
        message
    }

    /// With whom the caller is next.
    async fn is_with(&mut self) -> String {
        loop {
            let message = soon(self.0.next()).await.expect("the service goes on").expect("a frame");
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["type"] == "state" {
                return message["state"].as_str().expect("a name").to_owned();
            }
        }
    }
}

/// Somebody who is signed in, and has an extension if a name is given for it.
async fn signed_in(bed: &Bed, extension: Option<&str>) -> (UserId, String) {
    let name = extension.unwrap_or("nobody").to_owned();
    let user = NewUser { name, email: None, role: Role::Agent, language: None };
    let user = bed.service.tenant().create_user(user, 0).await.expect("a new user").id;
    if let Some(extension) = extension {
        bed.service.add_extension(extension, user).await.expect("a new extension");
    }
    let session = bed.service.tenant().open_session(user, hotline::call::now(), Duration::from_secs(600)).await;
    (user, format!("hotline_session={}", session.expect("a session").reveal()))
}

/// An agent's page that has the telephone.
async fn ready(bed: &Bed, extension: &str) -> Page {
    let (_, cookie) = signed_in(bed, Some(extension)).await;
    connected(bed, extension, &cookie, "tab").await
}

async fn connected(bed: &Bed, extension: &str, cookie: &str, tab: &str) -> Page {
    let mut page = Page::open(bed, "phone", Some(cookie), None).await.expect("a socket");
    page.say(json!({ "type": "hello", "tab": tab })).await;
    let ready = page.hears("ready").await;
    assert_eq!((&ready["extension"], &ready["legs"]), (&json!(extension), &json!([])));
    page
}

/// A caller in the queue whom this page has taken; the leg's name.
async fn taken(bed: &Bed, page: &mut Page) -> (Talk, String) {
    let mut outgoing = bed.call_in("+49301001").await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    let ringing = page.hears("ringing").await;
    assert_eq!(ringing["from"], "+49309999999");
    let leg = ringing["leg"].as_str().expect("a name").to_owned();
    page.say(json!({ "type": "accept", "leg": leg, "sdp": OFFER })).await;
    let answer = page.hears("connected").await;
    let sdp = answer["sdp"].as_str().expect("a description");
    assert!(sdp.contains("a=setup:passive") && sdp.contains("a=ice-lite"), "{sdp}");
    (caller, leg)
}

fn ended(event: &Event) -> bool {
    matches!(event, Event::Ended { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_rings_a_browser_which_takes_holds_and_transfers_the_caller() {
    let bed = Bed::start().await;
    let mut anna = ready(&bed, "anna").await;
    let (caller, leg) = taken(&bed, &mut anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    anna.say(json!({ "type": "hold", "leg": leg, "on": true })).await;
    caller.hears_music().await;
    anna.say(json!({ "type": "hold", "leg": leg, "on": false })).await;
    anna.say(json!({ "type": "transfer", "leg": leg, "to": "ben" })).await;
    assert_eq!(anna.hears("transfer").await["state"], "accepted");
    let colleague = ben.answer().await;
    let mut states = Vec::new();
    while states.last() != Some(&json!("done")) {
        states.push(anna.hears("transfer").await["state"].clone());
    }
    let over = anna.hears("ended").await;
    assert_eq!((&over["leg"], &over["reason"]), (&json!(leg), &json!("transferred")));
    caller.hears(BEN).await;
    colleague.hang_up().await;
    caller.ends().await;
    let journal = bed.journaled("the end", ended).await;
    assert_eq!(outcome(&journal), Some(Outcome::Agent));
    let bridged: Vec<&str> = journal
        .iter()
        .filter_map(|event| match event {
            Event::Bridged { agent, .. } => Some(&**agent),
            _ => None,
        })
        .collect();
    assert_eq!(bridged, ["anna", "ben"]);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_asks_a_colleague_first_and_connects_the_caller_with_them() {
    let bed = Bed::start().await;
    let mut anna = ready(&bed, "anna").await;
    let (caller, leg) = taken(&bed, &mut anna).await;
    let mut ben = bed.hire("ben", BEN).await;
    anna.say(json!({ "type": "dial", "leg": "second", "to": "ben", "sdp": OFFER })).await;
    assert_eq!(anna.hears("progress").await["state"], "trying");
    let ringing = ben.rings().await;
    ringing.ring().await.expect("it rings");
    assert_eq!(anna.hears("progress").await["state"], "ringing");
    let colleague = Talk::new(soon(ringing.answer()).await.expect("answered"), BEN);
    assert_eq!(anna.hears("connected").await["leg"], "second");
    anna.say(json!({ "type": "transfer", "leg": leg, "replaces": "second" })).await;
    caller.hears(BEN).await;
    colleague.hears(CALLER).await;
    let mut over = Vec::new();
    while over.len() < 2 {
        let message = anna.frame().await.expect("the service goes on");
        if message["type"] == "ended" {
            over.push(message["leg"].as_str().expect("a name").to_owned());
        }
    }
    assert!(over.contains(&leg) && over.contains(&"second".to_owned()), "{over:?}");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_takes_stops_ringing_and_one_that_is_declined_goes_on() {
    let bed = Bed::start().await;
    let mut anna = ready(&bed, "anna").await;
    let mut outgoing = bed.call_in("+49301001").await;
    let caller = answered(&mut outgoing).await;
    let leg = anna.hears("ringing").await["leg"].clone();
    assert_eq!(anna.hears("stopped").await, json!({ "type": "stopped", "leg": leg, "reason": "no_answer" }));
    bed.journaled(
        "the agent was missed",
        |event| matches!(event, Event::Missed { reason, .. } if reason == "no_answer"),
    )
    .await;
    caller.hangup(None).await;
    bed.journaled("the end", ended).await;
    bed.stop().await;

    let bed = Bed::start().await;
    let mut anna = ready(&bed, "anna").await;
    let mut outgoing = bed.call_in("+49301002").await;
    let leg = anna.hears("ringing").await["leg"].clone();
    anna.say(json!({ "type": "decline", "leg": leg, "reason": "lunch" })).await;
    answered(&mut outgoing).await.hangup(None).await;
    let missed = bed.journaled("the agent was missed", |event| matches!(event, Event::Missed { .. })).await;
    let reason = missed.iter().find_map(|event| match event {
        Event::Missed { reason, .. } => Some(reason.as_str()),
        _ => None,
    });
    assert_eq!(reason, Some("declined: lunch"));
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_and_telephone_ring_together_where_their_owner_wants_it() {
    let bed = Bed::start().await;
    let mut telephone = bed.hire("anna", ANNA).await;
    let users = bed.service.tenant().users().await.expect("users");
    let anna = users.iter().find(|user| user.name == "anna").expect("she was hired").id;
    let session = bed.service.tenant().open_session(anna, hotline::call::now(), Duration::from_secs(600)).await;
    let cookie = format!("hotline_session={}", session.expect("a session").reveal());
    let mut page = connected(&bed, "anna", &cookie, "tab").await;

    let url = format!("http://{}/api/v1/phone/settings", bed.service.http);
    let request = |method: Method| {
        reqwest::Client::new().request(method, &url).header("cookie", &cookie).header("x-hotline", "1")
    };
    let settings = request(Method::GET).send().await.expect("an answer").json::<Value>().await.expect("JSON");
    assert_eq!(settings, json!({ "rings": "browser" }));
    let changed = request(Method::PUT).json(&json!({ "rings": "both" })).send().await.expect("an answer");
    assert_eq!(changed.status(), 200);

    let mut outgoing = bed.call_in("+49301001").await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    let leg = page.hears("ringing").await["leg"].clone();
    let talk = telephone.answer().await;
    assert_eq!(page.hears("stopped").await, json!({ "type": "stopped", "leg": leg, "reason": "answered_elsewhere" }));
    caller.hears(ANNA).await;
    talk.hang_up().await;
    caller.ends().await;

    // The other way round: the browser takes it, and the telephone stops.
    let mut outgoing = bed.call_in("+49301002").await;
    let leg = page.hears("ringing").await["leg"].clone();
    let rings = telephone.rings().await;
    page.say(json!({ "type": "accept", "leg": leg, "sdp": OFFER })).await;
    page.hears("connected").await;
    soon(rings.cancelled()).await;
    let caller = Talk::new(answered(&mut outgoing).await, CALLER);
    page.say(json!({ "type": "hang_up", "leg": leg })).await;
    page.hears("ended").await;
    caller.ends().await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tab_has_the_telephone_and_another_takes_it_with_its_calls() {
    let bed = Bed::start().await;
    let (_, cookie) = signed_in(&bed, Some("anna")).await;
    let mut first = connected(&bed, "anna", &cookie, "first").await;
    let (caller, leg) = taken(&bed, &mut first).await;
    let mut second = Page::open(&bed, "phone", Some(&cookie), None).await.expect("a socket");
    second.say(json!({ "type": "hang_up", "leg": leg })).await;
    assert_eq!(second.hears("error").await["code"], "no_phone");
    second.say(json!({ "type": "hello", "tab": "second" })).await;
    second.hears("elsewhere").await;
    second.say(json!({ "type": "hello", "tab": "second", "take_over": true })).await;
    let ready = second.hears("ready").await;
    assert_eq!((&ready["legs"][0]["leg"], &ready["legs"][0]["state"]), (&json!(leg), &json!("connected")));
    first.hears("elsewhere").await;
    // The other tab's sound takes the place of the first one's.
    second.say(json!({ "type": "restart", "leg": leg, "sdp": OFFER.replace("00:11", "FF:EE") })).await;
    assert_eq!(second.hears("restarted").await["leg"], json!(leg));
    second.say(json!({ "type": "hang_up", "leg": leg })).await;
    assert_eq!(second.hears("ended").await["reason"], "hung_up");
    caller.ends().await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_whose_page_is_gone_is_kept_for_a_while_and_then_hung_up() {
    let bed = Bed::with(|config| config.webrtc_keep_seconds = 2).await;
    let (_, cookie) = signed_in(&bed, Some("anna")).await;
    let mut page = connected(&bed, "anna", &cookie, "tab").await;
    let (caller, leg) = taken(&bed, &mut page).await;
    drop(page);
    let mut page = Page::open(&bed, "phone", Some(&cookie), None).await.expect("a socket");
    page.say(json!({ "type": "hello", "tab": "tab" })).await;
    assert_eq!(page.hears("ready").await["legs"][0]["leg"], json!(leg));
    drop(page);
    caller.ends().await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_cannot_say_what_makes_no_sense() {
    let bed = Bed::start().await;
    let mut anna = ready(&bed, "anna").await;
    for (message, code) in [
        (json!({ "type": "dance" }), "unreadable"),
        (json!({ "type": "hello", "tab": "t", "colour": "red" }), "unreadable"),
        (json!({ "type": "accept", "leg": "nothing", "sdp": OFFER }), "no_such_leg"),
        (json!({ "type": "hang_up", "leg": "nothing" }), "no_such_leg"),
        (json!({ "type": "dial", "leg": "", "to": "ben", "sdp": OFFER }), "unreadable"),
        (json!({ "type": "dial", "leg": "a", "to": "ben", "sdp": "v=0\r\n" }), "bad_offer"),
        (json!({ "type": "dial", "leg": "a", "to": "ben", "sdp": OFFER.replace("sha-256", "sha-1") }), "bad_offer"),
        (json!({ "type": "transfer", "leg": "a" }), "unreadable"),
    ] {
        anna.say(message.clone()).await;
        assert_eq!(anna.hears("error").await["code"], code, "{message}");
    }
    anna.say(json!({ "type": "dial", "leg": "a", "to": "99", "sdp": OFFER })).await;
    anna.hears("progress").await;
    assert_eq!(anna.hears("ended").await, json!({ "type": "ended", "leg": "a", "reason": "not_found" }));
    // Too much at once, and too long: the page is let go, the service goes on.
    for _ in 0..200 {
        if anna.0.send(Message::text("{}")).await.is_err() {
            break;
        }
    }
    while anna.frame().await.is_some() {}
    let mut ben = ready(&bed, "ben").await;
    let _ = ben.0.send(Message::text("x".repeat(100_000))).await;
    assert_eq!(ben.frame().await, None);
    ready(&bed, "carla").await;
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_people_with_an_extension_get_a_telephone_and_only_on_our_pages() {
    let bed = Bed::start().await;
    let status = |result: Result<Page, Error>| match result {
        Err(Error::Http(reply)) => Some(reply.status().as_u16()),
        _ => None,
    };
    assert_eq!(status(Page::open(&bed, "phone", None, None).await), Some(401));
    let (_, cookie) = signed_in(&bed, None).await;
    assert_eq!(status(Page::open(&bed, "phone", Some(&cookie), None).await), Some(404));
    let (_, cookie) = signed_in(&bed, Some("anna")).await;
    assert_eq!(status(Page::open(&bed, "phone", Some(&cookie), Some("https://evil.example")).await), Some(403));
    bed.stop().await;
}

/// A service that takes callers of web pages.
async fn open_to_pages() -> Bed {
    Bed::with(|config| {
        config.webrtc_widget = true;
        config.webrtc_calls = 2;
        config.webrtc_origins = vec![Origin("https://shop.example".to_owned())];
    })
    .await
}

async fn token(bed: &Bed) -> (StatusCode, Value) {
    let url = format!("http://{}/api/v1/widget/calls", bed.service.http);
    let request = reqwest::Client::new().request(Method::POST, url).header("x-hotline", "1").json(&json!({}));
    let reply = request.send().await.expect("an answer");
    (reply.status(), reply.json().await.expect("JSON"))
}

async fn opened(bed: &Bed) -> Page {
    let (status, begun) = token(bed).await;
    assert_eq!(status, 201);
    let path = format!("widget/call?token={}", begun["token"].as_str().expect("a token"));
    Page::open(bed, &path, None, Some("https://shop.example")).await.expect("a socket")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_of_a_web_page_is_with_the_bot_comes_back_and_hangs_up() {
    let bed = open_to_pages().await;
    let mut page = opened(&bed).await;
    page.say(json!({ "type": "restart", "sdp": OFFER })).await;
    assert_eq!(page.hears("error").await["code"], "not_now");
    page.say(json!({ "type": "dial", "sdp": OFFER })).await;
    let connected = page.hears("connected").await;
    // The first words wait for whoever is to hear them: this page never connects.
    assert_eq!(page.is_with().await, "bot");
    drop(page);
    let resume = connected["resume"].as_str().expect("a secret");
    let mut page = Page::open(&bed, &format!("widget/call?resume={resume}"), None, None).await.expect("a socket");
    page.say(json!({ "type": "restart", "sdp": OFFER })).await;
    page.hears("restarted").await;
    page.say(json!({ "type": "hang_up" })).await;
    assert_eq!(page.hears("ended").await["reason"], "hung_up");
    assert_eq!(page.frame().await, None, "the service closes");
    let call = connected["call"].as_str().expect("an id").parse().expect("an id");
    let mut told = None;
    for _ in 0..200 {
        let journal = bed.service.tenant().journal(call).await.expect("a journal");
        told = journal.iter().find_map(|entry| match &entry.event {
            Event::Signalling { messages, .. } => Some(messages.clone()),
            _ => None,
        });
        let technical = bed.service.tenant().technical(call).await.expect("it answers");
        told = told.or_else(|| {
            technical.into_iter().find_map(|event| match event {
                Event::Signalling { messages, .. } => Some(messages),
                _ => None,
            })
        });
        if told.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ladder: String = told.expect("a ladder").iter().map(|message| message.text.reveal().to_owned()).collect();
    assert!(ladder.contains("dial {}") && ladder.contains("m=audio"), "{ladder}");
    assert!(!ladder.contains(resume) && !ladder.contains("0123456789012345678901"), "{ladder}");
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_one_call_once_and_there_are_no_more_calls_than_there_may_be() {
    let bed = open_to_pages().await;
    let (_, begun) = token(&bed).await;
    let path = format!("widget/call?token={}", begun["token"].as_str().expect("a token"));
    let _first = Page::open(&bed, &path, None, None).await.expect("a socket");
    for path in [path.as_str(), "widget/call?token=forged", "widget/call?resume=forged"] {
        let mut refused = Page::open(&bed, path, None, None).await.expect("a socket");
        assert_eq!(refused.hears("error").await["code"], "token_refused");
        assert_eq!(refused.frame().await, None);
    }
    let second = opened(&bed).await;
    assert_eq!(token(&bed).await.0, 503, "two are all");
    drop(second);
    // A page that leaves without a call makes room.
    let mut last = StatusCode::SERVICE_UNAVAILABLE;
    for _ in 0..100 {
        last = token(&bed).await.0;
        if last == 201 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(last, 201);
    bed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_sites_and_services_without_the_widget_are_refused() {
    let bed = open_to_pages().await;
    let (_, begun) = token(&bed).await;
    let path = format!("widget/call?token={}", begun["token"].as_str().expect("a token"));
    let refused = Page::open(&bed, &path, None, Some("https://evil.example")).await;
    assert!(matches!(refused, Err(Error::Http(reply)) if reply.status() == 403));
    Page::open(&bed, &path, None, Some("https://shop.example")).await.expect("the token was not used up");
    bed.stop().await;
    let bed = Bed::start().await;
    assert_eq!(token(&bed).await.0, 404);
    bed.stop().await;
}
