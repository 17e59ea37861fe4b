//! The console's HTTP interface: JSON under `/api/v1`, the live stream, recordings, and the console's own files. It shows
//! what the store holds and passes on what people do; it decides nothing about calls.
//!
//! Every route is declared once, beside its handler; the router and `docs/openapi.json` are made from that declaration.
//!
//! - [`session`]: signing in; [`permission`]: who may do what; [`throttle`] slows down whoever guesses.
//! - [`queues`], [`agents`], [`floor`]: queues, those who work in them, and how all of them stand.
//! - [`guard`]: what holds for every request and answer: the header against forged requests, the security headers.
//! - [`view`]: the schemas; [`error`]: the words of failure; [`extract`]: reading requests.
//! - [`live`]: the stream of everything that happens.
//! - [`flows`]: the flow that answers, its draft and its versions.
//! - [`intents`]: the shared intent engine, whose training data [`exchange`] reads and writes; [`tokens`] let other programs use it.
//! - [`recording`]: sound, by [`range`].
//! - [`desk`]: what somebody wants to know whose phone rings.
//! - [`knowledge`]: the articles that answer questions.
//! - [`chat`]: the chat of visitors, who sign in nowhere; [`address`]: whose request it is, as limits count it.
//! - [`phone`]: the telephone in an agent's browser; [`widget`]: callers of web pages, who sign in nowhere either.
//! - [`assets`]: the console itself and the visitors' widget, built into the program.
//! - [`order_service`]: not the console's, but the only other thing here that answers over HTTP: the demo's order service.
//!
//! Architecture invariant: nothing outside this folder names the web framework, and nothing in here names SIP, media or a
//! database.

mod address;
mod agents;
mod assets;
mod beginnings;
mod calls;
mod chat;
mod desk;
mod error;
mod exchange;
mod extensions;
mod extract;
mod floor;
mod flows;
mod guard;
mod health;
mod hearing;
mod intents;
mod knowledge;
mod live;
pub mod order_service;
mod pcap;
mod people;
mod permission;
mod phone;
mod phones;
mod prompts;
mod queues;
mod range;
mod recording;
mod session;
mod signalling;
mod simulate;
mod slots;
mod supervise;
mod throttle;
mod tickets;
mod tokens;
mod trunks;
mod view;
mod widget;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::call::{LiveLegs, NotSupervised};
use crate::channel::{TrunkStatus, WebRtc};
use crate::chat::Chats;
use crate::event::{CallId, Supervision};
use crate::flows::Flows;
use crate::knowledge::KnowledgeBase;
use crate::listen::Recognisers;
use crate::speak::Speaker;
use crate::store::{Store, Tenant};
use crate::understand::Understanding;
pub use phones::PhoneBook;
use throttle::Throttle;

/// No request of the console is larger: a note, at most.
const LARGEST_BODY: usize = 128 * 1024;
/// Within how long the chats are counted that begin from one address.
const CHAT_STARTS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// From one address come as many messages as so many chats may send.
const CHATS_OF_AN_ADDRESS: usize = 4;
/// A call from a web page may connect so often: its network comes and goes.
const SOCKETS_OF_A_CALL: usize = 10;
/// How long requests in progress may go on once the service stops.
const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// Rings the phone of an extension and lets it take part in a call.
pub type Supervise =
    Arc<dyn Fn(CallId, String, Supervision) -> BoxFuture<'static, Result<(), NotSupervised>> + Send + Sync>;

/// What the console shows and acts on.
pub struct Console {
    /// Data.
    pub tenant: Tenant,
    /// Storage, to ask whether it answers.
    pub store: Store,
    /// The flow that answers calls, and those that are to.
    pub flows: Flows,
    /// What says the flow's prompts.
    pub voices: Speaker,
    /// What hears callers.
    pub recognisers: Arc<dyn Fn() -> Recognisers + Send + Sync>,
    /// What texts mean.
    pub understanding: Understanding,
    /// The articles, ready to be asked.
    pub knowledge: KnowledgeBase,
    /// The agents' phones.
    pub extensions: Arc<dyn PhoneBook>,
    /// Who is free, and who waits.
    pub agents: crate::agent::Agents,
    /// How the trunks stand.
    pub trunks: Arc<dyn Fn() -> Vec<TrunkStatus> + Send + Sync>,
    /// What is known of the legs of calls that go on.
    pub legs: LiveLegs,
    /// Lets the phone of an extension take part in a call.
    pub supervise: Supervise,
    /// The chats of visitors, where they are open.
    pub chats: Option<Chats>,
    /// Browsers that telephone, where they are taken.
    pub browsers: Option<WebRtc>,
    /// Which pages may call, and how often.
    pub web_calls: WebCalls,
    /// Whether an address is a proxy's that is believed about whom it asks for.
    pub is_proxy: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Whether calls can be taken.
    pub ready: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// Who may call from web pages.
pub struct WebCalls {
    /// Sites whose pages may, besides our own.
    pub origins: Vec<String>,
    /// Calls that may be begun from one address in five minutes.
    pub starts: usize,
}

/// What all handlers share.
struct App {
    console: Console,
    /// Held for a look at a map, never across an await.
    sign_ins: Mutex<Throttle>,
    chat_starts: Mutex<Throttle>,
    chat_messages: Mutex<Throttle>,
    web_starts: Mutex<Throttle>,
    /// Sockets that are opened by tokens, right ones and guesses.
    web_sockets: Mutex<Throttle>,
    stopped: CancellationToken,
}

type State = axum::extract::State<Arc<App>>;

/// Answers requests until `stopped`, then ends live streams, lets short requests finish, and returns.
pub async fn serve(listener: tokio::net::TcpListener, console: Console, stopped: CancellationToken) {
    let limits = console.chats.as_ref().map(Chats::limits);
    let [starts, messages] = limits.map_or([1, 1], |limits| [limits.starts, limits.messages * CHATS_OF_AN_ADDRESS]);
    let web_starts = console.web_calls.starts;
    let app = Arc::new(App {
        console,
        sign_ins: Mutex::default(),
        chat_starts: Mutex::new(Throttle::new(starts, CHAT_STARTS_WITHIN)),
        chat_messages: Mutex::new(Throttle::new(messages, Duration::from_secs(60))),
        web_starts: Mutex::new(Throttle::new(web_starts, CHAT_STARTS_WITHIN)),
        web_sockets: Mutex::new(Throttle::new(web_starts.saturating_mul(SOCKETS_OF_A_CALL), CHAT_STARTS_WITHIN)),
        stopped: stopped.clone(),
    });
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stopped.clone().cancelled_owned());
    let overdue = async {
        stopped.cancelled().await;
        tokio::time::sleep(STOP_PATIENCE).await;
    };
    tokio::select! {
        result = serving.into_future() => if let Err(error) = result {
            tracing::error!(%error, "the console stopped answering");
        },
        () = overdue => tracing::debug!("requests that went on too long were cut off"),
    }
}

/// The OpenAPI document of the interface, as pretty JSON.
pub fn openapi() -> String {
    permission::described(declared().into_openapi())
        .to_pretty_json()
        .expect("the document is made of texts and maps with text keys")
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hotline",
        description = "The interface of the console. Times are ms since the epoch, UTC; ids are UUIDs. Whoever signs in gets the cookie \
                       `hotline_session`; requests that change something need the header `x-hotline: 1`. Programs send a token instead \
                       (`Authorization: Bearer …`), which opens what its scope says. What a route needs of whoever signs in is its `x-permission`; \
                       `GET /api/v1/me` says what one may do.",
    ),
    components(schemas(view::LiveMessage, floor::FloorMessage, crate::chat::told::Message, error::ErrorBody))
)]
struct Document;

/// Everything that the document describes.
fn declared() -> OpenApiRouter<Arc<App>> {
    let api = OpenApiRouter::new()
        .routes(routes!(session::sign_in, session::sign_out))
        .routes(routes!(people::me, people::change_me))
        .routes(routes!(people::users))
        .routes(routes!(people::change_role))
        .routes(routes!(calls::calls))
        .routes(routes!(calls::call))
        .routes(routes!(supervise::supervise))
        .routes(routes!(desk::caller))
        .routes(routes!(signalling::signalling))
        .routes(routes!(signalling::signalling_text))
        .routes(routes!(signalling::signalling_pcap))
        .routes(routes!(recording::recording))
        .routes(routes!(recording::peaks))
        .routes(routes!(tickets::tickets))
        .routes(routes!(tickets::ticket, tickets::change_ticket))
        .routes(routes!(tickets::add_note))
        .routes(routes!(flows::flows))
        .routes(routes!(flows::draft, flows::save_draft).layer(DefaultBodyLimit::max(flows::LARGEST_BODY)))
        .routes(routes!(flows::revert))
        .routes(routes!(flows::check).layer(DefaultBodyLimit::max(flows::LARGEST_BODY)))
        .routes(routes!(hearing::hear).layer(DefaultBodyLimit::max(hearing::LARGEST_BYTES)))
        .routes(routes!(simulate::simulate).layer(DefaultBodyLimit::max(flows::LARGEST_BODY)))
        .routes(routes!(flows::replay).layer(DefaultBodyLimit::max(flows::LARGEST_BODY)))
        .routes(routes!(simulate::test).layer(DefaultBodyLimit::max(flows::LARGEST_BODY)))
        .routes(routes!(beginnings::all_templates))
        .routes(routes!(beginnings::import).layer(DefaultBodyLimit::max(flows::LARGEST_BODY)))
        .routes(routes!(flows::blocks))
        .routes(routes!(flows::publish))
        .routes(routes!(flows::versions))
        .routes(routes!(flows::version, flows::cancel))
        .routes(routes!(flows::promote))
        .routes(routes!(flows::flow))
        .routes(routes!(prompts::prompts))
        .routes(routes!(prompts::prompt_sound))
        .routes(
            routes!(prompts::record_prompt, prompts::remove_prompt_recording)
                .layer(DefaultBodyLimit::max(crate::speak::LARGEST_BYTES)),
        )
        .routes(routes!(intents::parse))
        .routes(routes!(intents::parse_batch).layer(DefaultBodyLimit::max(intents::LARGEST_BATCH)))
        .routes(routes!(intents::draft, intents::save_draft).layer(DefaultBodyLimit::max(intents::LARGEST_DRAFT)))
        .routes(routes!(intents::check))
        .routes(routes!(exchange::import).layer(DefaultBodyLimit::max(exchange::LARGEST_FILE)))
        .routes(routes!(exchange::export))
        .routes(routes!(intents::publish))
        .routes(routes!(intents::versions))
        .routes(routes!(intents::tuning))
        .routes(routes!(intents::version))
        .routes(routes!(intents::promote))
        .routes(routes!(intents::diff))
        .routes(routes!(intents::unmatched, intents::teach))
        .routes(routes!(tokens::tokens, tokens::make_token))
        .routes(routes!(tokens::remove_token))
        .routes(routes!(knowledge::articles, knowledge::add_article))
        .routes(routes!(knowledge::article, knowledge::change_article, knowledge::remove_article))
        .routes(routes!(knowledge::article_history))
        .routes(routes!(knowledge::article_feedback))
        .routes(routes!(knowledge::import_articles).layer(DefaultBodyLimit::max(knowledge::LARGEST_IMPORT)))
        .routes(routes!(knowledge::search_articles))
        .routes(routes!(knowledge::spoken_answer))
        .routes(routes!(knowledge::answer_sound))
        .routes(routes!(knowledge::gaps))
        .routes(routes!(knowledge::set_gap_aside))
        .routes(routes!(queues::queues, queues::add_queue))
        .routes(routes!(queues::queue, queues::change_queue, queues::remove_queue))
        .routes(routes!(agents::agents))
        .routes(routes!(agents::change_agent))
        .routes(routes!(agents::presence, agents::change_presence))
        .routes(routes!(agents::wrap_up))
        .routes(routes!(agents::reasons, agents::set_reasons))
        .routes(routes!(floor::floor))
        .routes(routes!(floor::why))
        .routes(routes!(floor::reorder))
        .routes(routes!(floor::floor_live))
        .routes(routes!(extensions::extensions, extensions::add_extension))
        .routes(routes!(trunks::trunks))
        .routes(routes!(chat::begin).layer(DefaultBodyLimit::max(chat::LARGEST_BODY)))
        .routes(routes!(chat::events))
        .routes(routes!(chat::say).layer(DefaultBodyLimit::max(chat::LARGEST_BODY)))
        .routes(routes!(chat::leave))
        .routes(routes!(phone::phone))
        .routes(routes!(phone::settings, phone::change_settings))
        .routes(routes!(widget::begin).layer(DefaultBodyLimit::max(chat::LARGEST_BODY)))
        .routes(routes!(widget::call))
        .routes(routes!(live::live));
    OpenApiRouter::with_openapi(Document::openapi())
        .nest("/api/v1", api)
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

fn router(app: Arc<App>) -> Router {
    Router::from(declared())
        .route("/api/v1/openapi.json", get(health::openapi_json))
        .fallback(assets::file)
        .method_not_allowed_fallback(async || error::ApiError::wrong_method())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(guard::mutations))
        .layer(from_fn_with_state(app.clone(), chat::origins))
        .layer(from_fn(guard::answers))
        .with_state(app)
}

/// Now, in milliseconds since the Unix epoch.
fn now() -> crate::event::Timestamp {
    jiff::Timestamp::now().as_millisecond()
}
