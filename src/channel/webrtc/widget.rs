//! Callers of web pages. A token, asked for over HTTP, opens one socket once; the socket dials; a secret that comes with the answer leads
//! back to the call when the socket breaks. Of both only hashes are kept.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use intent::Language;
use rand::Rng;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::captions::Captions;
use super::control::handed;
use super::ladder::Ladder;
use super::line::{Line, NoSound, Page};
use super::protocol::{FromCaller, ToBrowser, is_key};
use super::{Inner, WebCall};
use crate::call::leg::{LegEnd, Refused};
use crate::call::{Incoming, Leg, Signalling};
use crate::event::{CallId, Channel, Event, Timestamp};

/// How long a token opens a call.
const TOKEN_LASTS: Duration = Duration::from_secs(60);
/// Tokens that wait to be redeemed; those beyond it are refused.
const MOST_TOKENS: usize = 1_000;
/// Messages that may wait for a page; one that takes none of them is let go.
const MESSAGES: usize = 128;

/// The callers of a channel.
#[derive(Default)]
pub(super) struct Callers(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// By the hash of their token.
    tokens: HashMap<Hash, (Instant, Caller)>,
    /// By the hash of the secret that leads back to them.
    sessions: HashMap<Hash, Arc<Session>>,
}

type Hash = [u8; 32];

/// Who wants to call.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The language of the page.
    pub language: Option<Language>,
    /// Its address; empty when unknown.
    pub page: String,
}

/// A call that may be opened.
pub struct Begun {
    /// Opens it, once.
    pub token: String,
    /// Until then, in ms since the epoch.
    pub expires: Timestamp,
}

/// Why a token opens nothing: it is forged, was used, or is too old; which of them is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRefused;

/// One caller's page, through all sockets that it connects.
struct Session {
    call: CallId,
    caller: Caller,
    ladder: Arc<Ladder>,
    /// What it comes back with; told once.
    resume: String,
    cancel: CancellationToken,
    /// Through all its sockets, so that numbers go on.
    captions: Mutex<Captions>,
    /// Held for a look, never across an await.
    state: Mutex<State>,
}

struct State {
    socket: Option<(u64, mpsc::Sender<ToBrowser>)>,
    alone_since: Instant,
    /// Its call, from the moment that it dials.
    stage: Stage,
}

enum Stage {
    New,
    Dialling(String),
    Up(Arc<Line>),
    Over,
}

impl Callers {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn secret() -> String {
    let bytes: [u8; 32] = rand::rng().random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A secret has 256 random bits, so one round of a fast hash is enough.
fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

pub(super) fn begin(web: &Arc<Inner>, caller: Caller) -> Result<Begun, Refused> {
    let full = || Refused { label: "busy", reason: "there are as many callers as there may be".to_owned() };
    let most = web.settings.callers.ok_or_else(full)?;
    let mut known = web.callers.known();
    let now = Instant::now();
    known.tokens.retain(|_, (until, _)| *until > now);
    if known.sessions.len() >= most || known.tokens.len() >= MOST_TOKENS {
        return Err(full());
    }
    let token = secret();
    known.tokens.insert(hash(&token), (now + TOKEN_LASTS, caller));
    Ok(Begun { token, expires: crate::call::now() + TOKEN_LASTS.as_millis() as Timestamp })
}

pub(super) fn redeem(web: &Arc<Inner>, token: &str, peer: SocketAddr) -> Result<CallerSocket, TokenRefused> {
    let most = web.settings.callers.ok_or(TokenRefused)?;
    let mut known = web.callers.known();
    let (until, caller) = known.tokens.remove(&hash(token)).ok_or(TokenRefused)?;
    // Between the token and its use others may have come.
    if until <= Instant::now() || known.sessions.len() >= most {
        return Err(TokenRefused);
    }
    let resume = secret();
    let session = Arc::new(Session {
        call: CallId::new(),
        caller,
        ladder: Arc::new(Ladder::new(web.settings.http, peer)),
        resume: resume.clone(),
        cancel: CancellationToken::new(),
        captions: Mutex::default(),
        state: Mutex::new(State { socket: None, alone_since: Instant::now(), stage: Stage::New }),
    });
    known.sessions.insert(hash(&resume), session.clone());
    Ok(CallerSocket::new(web.clone(), session))
}

pub(super) fn resume(web: &Arc<Inner>, secret: &str, peer: SocketAddr) -> Result<CallerSocket, TokenRefused> {
    let session = web.callers.known().sessions.get(&hash(secret)).cloned().ok_or(TokenRefused)?;
    session.ladder.moved(peer);
    Ok(CallerSocket::new(web.clone(), session))
}

impl Session {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing follows: whoever comes back finds no call.
    fn close(&self, reason: &str) {
        let before = std::mem::replace(&mut self.state().stage, Stage::Over);
        if !matches!(before, Stage::Over) {
            let ended = ToBrowser::Ended { leg: None, reason: reason.to_owned() };
            self.ladder.note(true, &ended.text());
            self.ladder.close();
            self.tell(ended);
        }
    }
}

impl State {
    fn leave(&mut self) {
        if self.socket.take().is_some() {
            self.alone_since = Instant::now();
        }
    }
}

impl Page for Session {
    fn tell(&self, message: ToBrowser) {
        let mut state = self.state();
        if let Some((_, out)) = &state.socket
            && out.try_send(message).is_err()
        {
            state.leave();
        }
    }

    fn gone_since(&self) -> Option<Instant> {
        let state = self.state();
        state.socket.is_none().then_some(state.alone_since)
    }

    fn over(&self, _: &str, reason: &str) {
        self.close(reason);
    }
}

/// One connected page of a caller.
pub struct CallerSocket {
    web: Arc<Inner>,
    session: Arc<Session>,
    connection: u64,
    begun: Instant,
    sender: mpsc::Sender<ToBrowser>,
    messages: mpsc::Receiver<ToBrowser>,
}

impl CallerSocket {
    fn new(web: Arc<Inner>, session: Arc<Session>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let connection = NEXT.fetch_add(1, Ordering::Relaxed);
        let (sender, messages) = mpsc::channel(MESSAGES);
        session.state().socket = Some((connection, sender.clone()));
        CallerSocket { web, session, connection, begun: Instant::now(), sender, messages }
    }

    /// Whether the page has a socket and no call for longer than a token lasts.
    pub fn is_stale(&self) -> bool {
        let state = self.session.state();
        matches!(state.stage, Stage::New) && self.begun.elapsed() >= TOKEN_LASTS
    }

    /// Under which the call is journaled.
    pub fn call(&self) -> CallId {
        self.session.call
    }

    /// Whether nothing more will happen, once [`CallerSocket::next`] has nothing.
    pub fn is_over(&self) -> bool {
        matches!(self.session.state().stage, Stage::Over) && self.messages.is_empty()
    }

    /// The next frame for the page; safe to drop and ask again.
    pub async fn next(&mut self) -> String {
        match self.messages.recv().await {
            Some(message) => message.text(),
            // This socket keeps a sender.
            None => std::future::pending().await,
        }
    }

    /// Something happened in the call: tells the page what it is to see of it.
    pub fn entry(&self, event: &Event) {
        let caption = self.session.captions.lock().unwrap_or_else(PoisonError::into_inner).entry(event);
        if let Some(caption) = caption {
            self.reply(caption);
        }
    }

    /// The page has said something.
    pub fn hear(&mut self, frame: &str) {
        let message = match serde_json::from_str::<FromCaller>(frame) {
            Ok(message) => message,
            Err(error) => {
                let why = format!("This message cannot be read: {error}.");
                return self.reply(ToBrowser::error("unreadable", why, None));
            }
        };
        self.session.ladder.note(false, frame);
        let line = match &self.session.state().stage {
            Stage::Up(line) => Some(line.clone()),
            Stage::New | Stage::Dialling(_) | Stage::Over => None,
        };
        match (message, line) {
            (FromCaller::Dial { sdp }, None) => self.dial(sdp),
            (FromCaller::Restart { sdp }, Some(line)) => self.restart(&line, &sdp),
            (FromCaller::Key { digit }, Some(line)) if is_key(digit) => line.sound.key_from_signalling(digit),
            (FromCaller::HangUp {}, Some(line)) => line.end(LegEnd::Remote, "hung_up"),
            (FromCaller::HangUp {}, None) => self.session.cancel.cancel(),
            (FromCaller::Dial { .. } | FromCaller::Restart { .. } | FromCaller::Key { .. }, _) => {
                let why = "This is not possible now: the call has not begun, has begun already, or is over.";
                self.reply(ToBrowser::error("not_now", why, None));
            }
        }
    }

    fn reply(&self, message: ToBrowser) {
        // A page that reads nothing is noticed by whoever writes to it.
        let _ = self.sender.try_send(message);
    }

    fn dial(&self, offer: String) {
        if let Err(error) = Line::check(&self.web, &offer) {
            return self.reply(no_sound(&error));
        }
        {
            let mut state = self.session.state();
            if !matches!(state.stage, Stage::New) {
                drop(state);
                return self.reply(ToBrowser::error("not_now", "This call has begun already, or is over.", None));
            }
            state.stage = Stage::Dialling(offer);
        }
        let incoming = Box::new(Dialled { web: self.web.clone(), session: self.session.clone() });
        // Dropped where there is no room, which says so.
        let _ = self.web.calls.try_send(WebCall { id: self.session.call, incoming });
    }

    fn restart(&self, line: &Line, offer: &str) {
        match line.restart(&self.web, offer) {
            Ok(answer) => {
                let restarted = ToBrowser::Restarted { leg: None, sdp: answer };
                self.session.ladder.note(true, &restarted.text());
                self.reply(restarted);
            }
            Err(error) => self.reply(no_sound(&error)),
        }
    }
}

fn no_sound(error: &NoSound) -> ToBrowser {
    ToBrowser::error("bad_offer", format!("There is no sound: {error}."), None)
}

impl Drop for CallerSocket {
    fn drop(&mut self) {
        let mut state = self.session.state();
        if state.socket.as_ref().is_some_and(|(connection, _)| *connection == self.connection) {
            state.leave();
        }
        // Nobody comes back to a call that never began, or is over.
        let is_done = matches!(state.stage, Stage::New | Stage::Over);
        drop(state);
        if is_done {
            self.web.callers.known().sessions.remove(&hash(&self.session.resume));
        }
    }
}

/// A call that a page has dialled.
struct Dialled {
    web: Arc<Inner>,
    session: Arc<Session>,
}

impl Dialled {
    /// The call came to nothing.
    fn close(&self, reason: &str) {
        self.session.close(reason);
        // Otherwise its socket forgets it once the page has been told.
        if self.session.gone_since().is_some() {
            self.web.callers.known().sessions.remove(&hash(&self.session.resume));
        }
    }

    fn connect(&self) -> Result<Leg, Refused> {
        let gone = || Refused { label: "gone", reason: "the page has hung up".to_owned() };
        let offer = match &self.session.state().stage {
            Stage::Dialling(offer) if !self.session.cancel.is_cancelled() => Some(offer.clone()),
            _ => None,
        };
        let about = (String::new(), self.session.clone() as Arc<dyn Page>, self.session.ladder.clone());
        let opened = Line::open(&self.web, about, &offer.ok_or_else(gone)?, true)
            .map_err(|error| Refused { label: "no_codec", reason: error.to_string() })?;
        self.session.state().stage = Stage::Up(opened.line.clone());
        let connected = ToBrowser::Connected {
            leg: None,
            call: self.session.call,
            sdp: opened.answer.clone(),
            resume: Some(self.session.resume.clone()),
        };
        self.session.ladder.note(true, &connected.text());
        self.session.tell(connected);
        tokio::spawn(forget_when_over(self.web.clone(), self.session.clone(), opened.line.clone()));
        let mut leg = handed(opened);
        // What names a telephone's leg for transfers; a caller's page asks for none.
        leg.key = self.session.call.to_string();
        leg.dialog = format!("browser:{}", self.session.call);
        Ok(leg)
    }
}

/// Once a call is over its page has been told, or was away and finds nothing when it comes back.
async fn forget_when_over(web: Arc<Inner>, session: Arc<Session>, line: Arc<Line>) {
    let _ = line.ended().wait_for(Option::is_some).await;
    web.callers.known().sessions.remove(&hash(&session.resume));
}

impl Drop for Dialled {
    fn drop(&mut self) {
        if matches!(self.session.state().stage, Stage::New | Stage::Dialling(_)) {
            let hung_up = self.session.cancel.is_cancelled();
            self.close(if hung_up { "hung_up" } else { "gone" });
        }
    }
}

impl Incoming for Dialled {
    fn from(&self) -> String {
        String::new()
    }

    fn to(&self) -> String {
        if self.session.caller.page.is_empty() { "web".to_owned() } else { self.session.caller.page.clone() }
    }

    fn channel(&self) -> Channel {
        Channel::Web
    }

    fn signalling(&self) -> Arc<dyn Signalling> {
        self.session.ladder.clone()
    }

    fn language(&self) -> Option<Language> {
        self.session.caller.language
    }

    fn key(&self) -> String {
        self.session.call.to_string()
    }

    fn ring(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.session.cancel.cancelled())
    }

    fn refuse(self: Box<Self>, refused: Refused) -> BoxFuture<'static, ()> {
        self.close(refused.label);
        Box::pin(std::future::ready(()))
    }

    fn answer(self: Box<Self>) -> BoxFuture<'static, Result<Leg, Refused>> {
        let connected = self.connect();
        if let Err(refused) = &connected {
            self.close(refused.label);
        }
        Box::pin(std::future::ready(connected))
    }
}
