//! A whole service in this process with its chat open, the shop's order service, and visitors.

use std::net::Ipv4Addr;
use std::time::Duration;

use hotline::api::order_service;
use hotline::config::Config;
use hotline::event::{CallId, Event, Outcome};
use hotline::service::Service;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

pub struct Bed {
    pub service: Service,
    http: Client,
    /// Ends the order service with the bed.
    _orders: DropGuard,
    _folder: tempfile::TempDir,
}

impl Bed {
    pub async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let stopped = CancellationToken::new();
        let orders = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", orders.local_addr().expect("bound"));
        tokio::spawn(order_service::serve(orders, stopped.clone()));
        let loopback = (Ipv4Addr::LOCALHOST, 0).into();
        let mut config = Config {
            data_dir: folder.path().into(),
            http_bind: loopback,
            sip_bind: loopback,
            // Nobody calls here.
            speech_en: String::new(),
            speech_zh: String::new(),
            understand_encoder: false,
            flow_variables: [("order_service".to_owned(), address)].into(),
            chat_enabled: true,
            chat_starts: 10_000,
            chat_messages: 10_000,
            ..Config::default()
        };
        change(&mut config);
        let service = Service::start(config).await.expect("it starts");
        Self { service, http: Client::new(), _orders: stopped.drop_guard(), _folder: folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.service.http)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.url(path))
    }

    pub fn begin(&self, body: Value) -> RequestBuilder {
        self.http.post(self.url("/api/v1/chat/sessions")).header("x-hotline", "1").json(&body)
    }

    pub async fn visitor(&self) -> Visitor {
        self.visitor_in("en-GB").await
    }

    pub async fn visitor_in(&self, language: &str) -> Visitor {
        let page = "https://shop.example/help?order=1042";
        let reply = self.begin(json!({"language": language, "page": page})).send().await.expect("an answer");
        assert_eq!(reply.status(), 201);
        assert!(reply.headers().get("set-cookie").is_none(), "a visitor gets no cookie");
        let begun: Value = reply.json().await.expect("JSON");
        Visitor::of(self.url("/api/v1/chat/sessions"), &begun)
    }

    /// What an admin sees.
    pub async fn admin(&self, path: &str) -> Value {
        let access = self.service.local_access().await.expect("a session");
        let request = self.get(path).header("cookie", format!("hotline_session={}", access.token));
        let reply = request.send().await.expect("an answer");
        assert_eq!(reply.status(), 200, "{path}");
        reply.json().await.expect("JSON")
    }

    /// Stops the service, as an operator would.
    pub async fn stop(self) {
        self.service.stop().await;
    }

    /// The journal of a chat that is over.
    pub async fn journal(&self, id: CallId) -> Vec<Event> {
        for _ in 0..200 {
            let journal = self.service.tenant().journal(id).await.expect("it has begun");
            if journal.iter().any(|entry| matches!(entry.event, Event::Ended { .. })) {
                let numbers: Vec<u32> = journal.iter().map(|entry| entry.seq).collect();
                assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>(), "no gap and nothing twice");
                return journal.into_iter().map(|entry| entry.event).collect();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the chat {id} has no end in its journal");
    }
}

pub fn outcomes(journal: &[Event]) -> Vec<Outcome> {
    let ended = |event: &Event| if let Event::Ended { outcome, .. } = event { Some(*outcome) } else { None };
    journal.iter().filter_map(ended).collect()
}

pub fn kinds(messages: &[Value]) -> Vec<&str> {
    messages.iter().filter_map(|message| message["kind"].as_str()).collect()
}

pub fn texts<'m>(messages: &'m [Value], kind: &str) -> Vec<&'m str> {
    messages.iter().filter(|message| message["kind"] == kind).filter_map(|message| message["text"].as_str()).collect()
}

/// Somebody who chats, as the widget does.
pub struct Visitor {
    pub id: CallId,
    pub token: String,
    pub url: String,
    pub http: Client,
    /// The open stream, with what has come of an event that is not whole yet.
    pub stream: Option<(Response, String)>,
    /// The number of the last message.
    pub last: u64,
    /// Everything that was told.
    pub seen: Vec<Value>,
}

impl Visitor {
    pub fn of(sessions: String, begun: &Value) -> Self {
        let text = |name: &str| begun[name].as_str().expect("a text").to_owned();
        let id: CallId = text("session").parse().expect("an id");
        let url = format!("{sessions}/{id}");
        Self { id, token: text("token"), url, http: Client::new(), stream: None, last: 0, seen: Vec::new() }
    }

    /// The same visitor on another page, which has seen as much.
    pub fn again(&self) -> Self {
        let (token, url, seen) = (self.token.clone(), self.url.clone(), self.seen.clone());
        Self { id: self.id, token, url, http: Client::new(), stream: None, last: self.last, seen }
    }

    pub fn events(&self) -> RequestBuilder {
        self.http.get(format!("{}/events", self.url)).bearer_auth(&self.token)
    }

    pub async fn post(&self, said: Value) -> Response {
        let request = self.http.post(format!("{}/messages", self.url)).bearer_auth(&self.token);
        request.json(&said).send().await.expect("an answer")
    }

    pub async fn say(&self, text: &str) {
        assert_eq!(self.post(json!({ "text": text })).await.status(), 202, "{text}");
    }

    /// Taps on a choice of the question that is asked.
    pub async fn choose(&self, label: &str) {
        let question = self.seen.iter().rev().find(|message| message["kind"] == "asking").expect("something is asked");
        let choices = question["choices"].as_array().expect("choices");
        let choice =
            choices.iter().find(|choice| choice["label"] == label).unwrap_or_else(|| panic!("{label}: {choices:?}"));
        let said = json!({"choice": choice["id"], "question": question["question"]});
        assert_eq!(self.post(said).await.status(), 202, "{label}");
    }

    pub async fn leave(&self) {
        let reply = self.http.delete(&self.url).bearer_auth(&self.token).send().await.expect("an answer");
        assert_eq!(reply.status(), 204);
    }

    /// The connection breaks.
    pub fn lose(&mut self) {
        self.stream = None;
    }

    /// The next message; nothing at the end of the stream.
    pub async fn next(&mut self) -> Option<Value> {
        if self.stream.is_none() {
            let reply = self.events().header("last-event-id", self.last.to_string()).send().await.expect("an answer");
            assert_eq!(reply.status(), 200);
            assert!(reply.headers()["content-type"].to_str().expect("text").starts_with("text/event-stream"));
            assert!(reply.headers().get("set-cookie").is_none());
            self.stream = Some((reply, String::new()));
        }
        let (reply, text) = self.stream.as_mut().expect("it was just opened");
        loop {
            while let Some((event, rest)) = text.split_once("\n\n") {
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let found = line("data:").map(|data| {
                    let message: Value = serde_json::from_str(data).expect("JSON");
                    assert_eq!(line("id:"), Some(message["id"].to_string().as_str()));
                    message
                });
                *text = rest.to_owned();
                if let Some(message) = found {
                    assert_eq!(message["id"], self.last + 1, "nothing is lost and nothing comes twice");
                    self.last += 1;
                    self.seen.push(message.clone());
                    return Some(message);
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), reply.chunk()).await;
            match chunk.expect("something comes, or the end").expect("the stream holds") {
                Some(bytes) => text.push_str(std::str::from_utf8(&bytes).expect("the tests' events come whole")),
                None => return None,
            }
        }
    }

    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut told = Vec::new();
        loop {
            let message = self.next().await.unwrap_or_else(|| panic!("no {kind} came: {:?}", self.seen));
            let is_it = message["kind"] == kind;
            told.push(message);
            if is_it {
                return told;
            }
        }
    }

    /// What is told up to the next question.
    pub async fn until_asked(&mut self) -> Vec<Value> {
        self.until("asking").await
    }

    /// What is told up to the end, after which nothing comes.
    pub async fn until_over(&mut self) -> Vec<Value> {
        let told = self.until("ended").await;
        assert_eq!(self.next().await, None);
        told
    }
}
