//! A console that is served on a port of its own, with a store in a temporary folder, and a browser's part.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures::StreamExt;
use hotline::api::{self, Console};
use hotline::event::{CallId, Channel, Entry, Event, Outcome, Party, Personal, Speaker, TicketId};
use hotline::flows::{Flows, Standing};
use hotline::knowledge::KnowledgeBase;
use hotline::service::{Extensions, load_flow};
use hotline::speak::Speaker as Voices;
use hotline::store::{MasterKey, NewUser, Role, Store, Tenant, User};
use hotline::understand::Understanding;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

/// 2026-01-01, in milliseconds.
pub const NOW: i64 = 1_767_225_600_000;
pub const PASSWORD: &str = "correct horse battery";

pub struct Bed {
    pub tenant: Tenant,
    pub agents: hotline::agent::Agents,
    extensions: Arc<Extensions>,
    /// `127.0.0.1:port`.
    pub address: String,
    pub stopped: CancellationToken,
    pub serving: tokio::task::JoinHandle<()>,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Bed {
    pub async fn start() -> Self {
        log();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store =
            Store::open("sqlite", MasterKey::from_bytes([7; 32]), folder.path()).await.expect("the store opens");
        let tenant = store.default_tenant();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let standing = Standing::configured(load_flow(None).expect("the built-in flow is valid"));
        let understanding = Understanding::open(tenant.clone(), standing.flow.clone(), None);
        let understanding = understanding.await.expect("its intents are trained");
        let voices =
            Voices::new().with(intent::Language::English, Arc::new(models::Flite::new(models::FliteVoice::Rms)));
        let flows = Flows::new(
            tenant.clone(),
            standing,
            understanding.clone(),
            voices.clone(),
            Default::default(),
            jiff::tz::TimeZone::UTC,
        );
        let agents = hotline::agent::Agents::new();
        let extensions = Extensions::load(&tenant, "hotline", agents.clone()).await.expect("they load");
        let extensions = Arc::new(extensions);
        let stopped = CancellationToken::new();
        tokio::spawn(flows.clone().keep_time(stopped.clone()));
        let console = Console {
            tenant: tenant.clone(),
            store,
            understanding,
            recognisers: Arc::new(hotline::listen::Recognisers::default),
            knowledge: KnowledgeBase::load(tenant.clone(), None).await.expect("it loads"),
            flows,
            extensions: extensions.clone(),
            agents: agents.clone(),
            voices,
            trunks: Arc::new(Vec::new),
            // No call goes on here.
            supervise: Arc::new(|_, _, _| Box::pin(async { Err(hotline::call::NotSupervised::NotTalking) })),
            legs: Default::default(),
            chats: None,
            browsers: None,
            web_calls: api::WebCalls { origins: Vec::new(), starts: 1 },
            is_proxy: Arc::new(|_| false),
            ready: Arc::new(|| true),
        };
        let serving = tokio::spawn(api::serve(listener, console, stopped.clone()));
        Self { tenant, agents, extensions, address, stopped, serving, http: reqwest::Client::new(), _folder: folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request as the console makes it, but signed in as nobody.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path)).header("x-hotline", "1")
    }

    pub async fn user(&self, name: &str, role: Role) -> User {
        let user = NewUser { name: name.into(), email: None, role, language: None };
        self.tenant.create_user(user, hotline::call::now()).await.expect("a new user")
    }

    /// Somebody with a browser that is signed in.
    pub async fn signed_in(&self, name: &str, role: Role) -> Browser<'_> {
        let user = self.user(name, role).await;
        let link = self.tenant.create_link(user.id, hotline::call::now(), Duration::from_secs(60)).await;
        let link = link.expect("a link").reveal().to_owned();
        let reply = self.post("/api/v1/session", serde_json::json!({ "token": link })).await;
        assert_eq!(reply.status(), 200);
        let cookie = cookie(&reply).expect("a cookie");
        Browser { bed: self, user, cookie, link }
    }

    /// Gives somebody a telephone, which is not registered.
    pub async fn extension(&self, name: &str, user: hotline::event::UserId) {
        self.extensions.add(&self.tenant, name, user).await.expect("an extension");
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.request(Method::POST, path).json(&body).send().await.expect("an answer")
    }

    /// Stores a short call that a person was asked for, with a ticket.
    pub async fn call(&self) -> (CallId, TicketId) {
        let (call, ticket) = (CallId::new(), TicketId::new());
        let offered = Event::Offered {
            channel: Channel::Sip,
            from: Personal::new("+4930555001"),
            to: "100".into(),
            flow: "bicycle-shop".into(),
        };
        let events = [
            Event::Answered { codec: "PCMU".into() },
            heard("where is my order"),
            Event::TicketOpened {
                ticket,
                subject: Personal::new("Where is the order?"),
                body: Personal::new("The caller asks for an order."),
                tags: vec!["order_status".into()],
                status: hotline::event::TicketStatus::Open,
            },
            Event::HungUp { by: Party::Caller, cause: "normal".into() },
            Event::Ended { outcome: Outcome::Callback, duration_ms: 5_000 },
        ];
        let entries = std::iter::once(offered).chain(events).zip(1..);
        let entries: Vec<_> = entries.map(|(event, seq)| entry(seq, event)).collect();
        self.tenant.append(call, entries).await.expect("it is stored");
        (call, ticket)
    }
}

pub fn entry(seq: u32, event: Event) -> Entry {
    Entry { seq, at: NOW + i64::from(seq) * 1_000, audio_ms: (seq > 1).then_some(seq * 1_000), event }
}

pub fn heard(words: &str) -> Event {
    Event::Heard {
        turn: 1,
        speaker: Speaker::Caller,
        text: Personal::new(words),
        confidence: 0.9,
        from_ms: 0,
        to_ms: 900,
        engine: "moonshine-tiny-en".into(),
        alternatives: Vec::new(),
        words: Vec::new(),
    }
}

pub fn cookie(reply: &Response) -> Option<String> {
    let set = reply.headers().get("set-cookie")?.to_str().ok()?;
    set.split(';').next().map(str::to_owned)
}

pub async fn json(reply: Response) -> Value {
    reply.json().await.expect("JSON")
}

/// Somebody who is signed in.
pub struct Browser<'a> {
    pub bed: &'a Bed,
    pub user: User,
    pub cookie: String,
    pub link: String,
}

impl Browser<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bed.request(method, path).header("cookie", &self.cookie)
    }

    pub async fn get(&self, path: &str) -> Value {
        let reply = self.request(Method::GET, path).send().await.expect("an answer");
        assert_eq!(reply.status(), 200, "{path}");
        json(reply).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> Response {
        self.request(method, path).json(&body).send().await.expect("an answer")
    }

    /// The live stream, after its `hello`.
    pub async fn live(&self, query: &str) -> (Stream, i64) {
        let origin = format!("http://{}", self.bed.address);
        let mut stream = self.connect(query, Some(&origin)).await.expect("the stream begins");
        let hello = stream.next().await;
        assert_eq!(hello["type"], "hello");
        (stream, hello["cursor"].as_i64().expect("a number"))
    }

    /// Another stream.
    pub async fn stream(&self, path: &str) -> Stream {
        let origin = format!("http://{}", self.bed.address);
        self.open(path, Some(&origin)).await.expect("the stream begins")
    }

    pub async fn connect(&self, query: &str, origin: Option<&str>) -> Result<Stream, tungstenite::Error> {
        self.open(&format!("/api/v1/live{query}"), origin).await
    }

    async fn open(&self, path: &str, origin: Option<&str>) -> Result<Stream, tungstenite::Error> {
        let mut request = format!("ws://{}{path}", self.bed.address).into_client_request()?;
        request.headers_mut().insert("cookie", self.cookie.parse().expect("a header"));
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header"));
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Stream(socket))
    }
}

pub struct Stream(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Stream {
    /// The next frame.
    pub async fn next(&mut self) -> Value {
        self.frame().await.expect("the stream goes on")
    }

    /// The next frame of this type.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next frame, or nothing when the other side has closed.
    pub async fn frame(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(20), self.0.next()).await;
            match message.expect("something comes, or the end") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}

/// Everything that any part of the program logs during these tests, at the finest level.
pub fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    })
}

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
