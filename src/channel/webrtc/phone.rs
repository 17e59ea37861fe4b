//! An agent's telephone in a browser. It belongs to an extension; one tab has it at a time, and gets whatever another tab, or itself before it
//! was loaded anew, left behind.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::control::handed;
use super::ladder::Ladder;
use super::line::{Asked, Line, NoSound, Opened, Page};
use super::protocol::{FromPhone, LONGEST_NAME, LONGEST_NUMBER, LegState, ToBrowser, is_key};
use super::{Inner, WebCall};
use crate::call::leg::{LegEnd, OnTheWay, Origin, Placing, Refused, Unreached};
use crate::call::{Incoming, Leg, Signalling, now};
use crate::event::{CallId, LegRole, Timestamp};

/// Legs of one telephone at a time; whoever has more cannot follow any of them.
const MOST_LEGS: usize = 8;
/// Messages that may wait for a page; one that takes none of them is let go.
const MESSAGES: usize = 128;
/// Replies to a ringing that may wait.
const REPLIES: usize = 4;
/// A phone that stopped ringing this long before its time was not left to ring.
const NEARLY: Duration = Duration::from_millis(500);

/// The telephone of one extension.
pub(super) struct Phone {
    pub extension: String,
    /// Held for a look, never across an await.
    state: Mutex<State>,
}

struct State {
    tab: Option<Tab>,
    legs: BTreeMap<String, Entry>,
    /// Since when no tab has it.
    alone_since: Instant,
}

/// The tab that has the telephone.
struct Tab {
    name: String,
    connection: u64,
    out: mpsc::Sender<ToBrowser>,
    peer: SocketAddr,
    /// Whether whoever has it is still signed in: otherwise nothing new begins.
    signed_in: bool,
}

/// A leg, however far it has come.
struct Entry {
    call: CallId,
    /// Who calls, or is called.
    with: String,
    since: Timestamp,
    stage: Stage,
}

enum Stage {
    Ringing(mpsc::Sender<Reply>),
    Dialling { ladder: Arc<Ladder>, offer: String, cancel: CancellationToken },
    Up(Arc<Line>),
}

/// What a page does about a call that rings.
enum Reply {
    Accept(String),
    Decline(Option<String>),
}

impl Phone {
    pub fn new(extension: &str) -> Self {
        let state = State { tab: None, legs: BTreeMap::new(), alone_since: Instant::now() };
        Phone { extension: extension.to_owned(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody could take a call here.
    pub fn is_there(&self) -> bool {
        self.state().tab.as_ref().is_some_and(|tab| tab.signed_in)
    }

    /// Rings until the page accepts or declines. A page that is loaded anew meanwhile finds the call still ringing.
    pub async fn ring(
        self: &Arc<Self>,
        web: &Arc<Inner>,
        placing: Placing<'_>,
        elsewhere: Arc<AtomicBool>,
    ) -> Result<Leg, Unreached> {
        let leg = uuid::Uuid::now_v7().to_string();
        let refused = |label, reason: &str| Unreached::Refused(Refused { label, reason: reason.to_owned() });
        let (replies, mut waiting) = mpsc::channel(REPLIES);
        let peer = {
            let mut state = self.state();
            if state.legs.len() >= MOST_LEGS {
                return Err(refused("busy", "the browser has as many calls as it can hold"));
            }
            let entry = Entry {
                call: placing.call,
                with: placing.shown.to_owned(),
                since: now(),
                stage: Stage::Ringing(replies),
            };
            state.legs.insert(leg.clone(), entry);
            state.tab.as_ref().map(|tab| tab.peer)
        };
        let peer = peer.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)));
        let ladder = Arc::new(Ladder::new(web.settings.http, peer));
        let until = Instant::now() + web.settings.ring;
        let bell =
            Bell { phone: self.clone(), leg: leg.clone(), ladder: ladder.clone(), until, elsewhere, rings: true };
        let record = placing.legs.add(LegRole::Agent, &self.extension, ladder.clone());
        let ringing = ToBrowser::Ringing {
            leg: leg.clone(),
            call: placing.call,
            from: placing.shown.to_owned(),
            to: self.extension.clone(),
        };
        ladder.note(true, &ringing.text());
        self.tell(ringing);
        (placing.told)(OnTheWay::Rings);
        let opened = loop {
            let offer = match waiting.recv().await {
                Some(Reply::Accept(offer)) => offer,
                Some(Reply::Decline(reason)) => {
                    bell.answered();
                    self.forget(&leg);
                    ladder.close();
                    return Err(refused("declined", reason.as_deref().unwrap_or("it was declined in the browser")));
                }
                // The entry went with the telephone's other legs.
                None => return Err(refused("gone", "the browser is gone")),
            };
            ladder.note(false, &accepted(&leg, &offer));
            // The caller's leg carries both voices already.
            match Line::open(web, (leg.clone(), self.clone(), ladder.clone()), &offer, false) {
                Ok(opened) => break opened,
                Err(error) => self.tell(no_sound(&error, &leg)),
            }
        };
        bell.answered();
        record.sounds(opened.line.sound.observer());
        self.up(&opened, placing.call);
        Ok(handed(opened))
    }

    /// A leg has sound: tells the page, and keeps it for pages that come later.
    fn up(&self, opened: &Opened, call: CallId) {
        let leg = opened.line.leg.clone();
        if let Some(entry) = self.state().legs.get_mut(&leg) {
            (entry.stage, entry.since) = (Stage::Up(opened.line.clone()), now());
        }
        let connected = ToBrowser::Connected { leg: Some(leg), call, sdp: opened.answer.clone(), resume: None };
        opened.line.ladder.note(true, &connected.text());
        self.tell(connected);
    }

    fn forget(&self, leg: &str) {
        self.state().legs.remove(leg);
    }
}

impl Page for Phone {
    fn tell(&self, message: ToBrowser) {
        let mut state = self.state();
        if let Some(tab) = &state.tab
            && tab.out.try_send(message).is_err()
        {
            // It takes nothing, or is gone: when it comes back it is told how things stand.
            state.leave();
        }
    }

    fn gone_since(&self) -> Option<Instant> {
        let state = self.state();
        state.tab.is_none().then_some(state.alone_since)
    }

    fn over(&self, leg: &str, reason: &str) {
        let entry = self.state().legs.remove(leg);
        let ended = ToBrowser::Ended { leg: Some(leg.to_owned()), reason: reason.to_owned() };
        if let Some(Entry { stage: Stage::Up(line), .. }) = entry {
            line.ladder.note(true, &ended.text());
        }
        self.tell(ended);
    }
}

impl State {
    fn leave(&mut self) {
        if self.tab.take().is_some() {
            self.alone_since = Instant::now();
        }
    }

    fn legs(&self) -> Vec<LegState> {
        let state = |entry: &Entry| match &entry.stage {
            Stage::Ringing(_) => "ringing",
            Stage::Dialling { .. } => "dialling",
            Stage::Up(line) if line.is_held() => "held",
            Stage::Up(_) => "connected",
        };
        let told = |(leg, entry): (&String, &Entry)| LegState {
            leg: leg.clone(),
            state: state(entry),
            from: entry.with.clone(),
            call: entry.call,
            since: entry.since,
        };
        self.legs.iter().map(told).collect()
    }
}

/// Stops the ringing when whoever rings gives up.
struct Bell {
    phone: Arc<Phone>,
    leg: String,
    ladder: Arc<Ladder>,
    until: Instant,
    elsewhere: Arc<AtomicBool>,
    rings: bool,
}

impl Bell {
    fn answered(mut self) {
        self.rings = false;
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        if !self.rings {
            return;
        }
        self.phone.forget(&self.leg);
        let reason = match self.elsewhere.load(Ordering::Relaxed) {
            true => "answered_elsewhere",
            false if Instant::now() + NEARLY >= self.until => "no_answer",
            false => "gone",
        };
        let stopped = ToBrowser::Stopped { leg: self.leg.clone(), reason };
        self.ladder.note(true, &stopped.text());
        self.ladder.close();
        self.phone.tell(stopped);
    }
}

fn accepted(leg: &str, offer: &str) -> String {
    serde_json::json!({ "type": "accept", "leg": leg, "sdp": offer }).to_string()
}

fn no_sound(error: &NoSound, leg: &str) -> ToBrowser {
    let code = match error {
        NoSound::Sdp(_) => "bad_offer",
        NoSound::Media(_) => "no_media",
        NoSound::Over => "no_such_leg",
    };
    ToBrowser::error(code, format!("There is no sound: {error}."), Some(leg))
}

/// One connected page.
pub struct PhoneSocket {
    web: Arc<Inner>,
    phone: Arc<Phone>,
    connection: u64,
    peer: SocketAddr,
    sender: mpsc::Sender<ToBrowser>,
    /// Closed when the page is not listened to any more.
    messages: mpsc::Receiver<ToBrowser>,
}

impl PhoneSocket {
    pub(super) fn new(web: Arc<Inner>, phone: Arc<Phone>, peer: SocketAddr) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (sender, messages) = mpsc::channel(MESSAGES);
        PhoneSocket { web, phone, connection: NEXT.fetch_add(1, Ordering::Relaxed), peer, sender, messages }
    }

    /// The next frame for the page; safe to drop and ask again.
    pub async fn next(&mut self) -> String {
        match self.messages.recv().await {
            Some(message) => message.text(),
            // This socket keeps a sender.
            None => std::future::pending().await,
        }
    }

    /// The page has said something.
    pub fn hear(&mut self, frame: &str) {
        let message = match serde_json::from_str::<FromPhone>(frame) {
            Ok(message) => message,
            Err(error) => {
                return self.reply(ToBrowser::error(
                    "unreadable",
                    format!("This message cannot be read: {error}."),
                    None,
                ));
            }
        };
        if let FromPhone::Hello { tab, take_over } = message {
            return self.hello(tab, take_over);
        }
        let has_it = self.phone.state().tab.as_ref().is_some_and(|tab| tab.connection == self.connection);
        if !has_it {
            let why = "This tab does not have the telephone; say hello first, or take it over.";
            return self.reply(ToBrowser::error("no_phone", why, None));
        }
        match message {
            FromPhone::Hello { .. } => {}
            FromPhone::Accept { leg, sdp } => self.answer(&leg, Reply::Accept(sdp)),
            FromPhone::Decline { leg, reason } => self.answer(&leg, Reply::Decline(reason.map(short))),
            FromPhone::Dial { leg, to, sdp } => self.dial(leg, to, sdp, frame),
            FromPhone::HangUp { leg } => self.hang_up(&leg, frame),
            FromPhone::Hold { leg, on } => self.with_line(&leg, frame, |line| line.hold(on)),
            FromPhone::Key { leg, digit } => self.with_line(&leg, frame, |line| {
                let key = is_key(digit);
                if key {
                    line.sound.key_from_signalling(digit);
                }
                key
            }),
            FromPhone::Transfer { leg, to, replaces } => self.transfer(&leg, to, replaces, frame),
            FromPhone::Restart { leg, sdp } => self.restart(&leg, sdp, frame),
            FromPhone::Quality { leg, .. } => {
                // A leg may have ended a moment ago.
                if let Some(line) = self.line(&leg) {
                    line.ladder.note(false, frame);
                }
            }
        }
    }

    /// Whoever is here has been signed out: what goes on goes on, and nothing new begins. Says whether anything goes on.
    pub fn signed_out(&mut self) -> bool {
        let mut state = self.phone.state();
        let goes_on = !state.legs.is_empty();
        let Some(tab) = state.tab.as_mut().filter(|tab| tab.connection == self.connection) else { return false };
        if std::mem::replace(&mut tab.signed_in, false) {
            let _ = self.sender.try_send(ToBrowser::SignedOut);
        }
        goes_on
    }

    fn reply(&self, message: ToBrowser) {
        // A page that reads nothing is noticed by whoever writes to it.
        let _ = self.sender.try_send(message);
    }

    fn hello(&mut self, name: String, take_over: bool) {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return self.reply(ToBrowser::error("unreadable", "`tab` has 1 to 64 characters.", None));
        }
        let mut state = self.phone.state();
        if let Some(other) = state.tab.as_ref().filter(|tab| tab.name != name && !tab.out.is_closed()) {
            if !take_over {
                drop(state);
                return self.reply(ToBrowser::Elsewhere);
            }
            let _ = other.out.try_send(ToBrowser::Elsewhere);
        }
        for line in state.legs.values().filter_map(Entry::line) {
            line.ladder.moved(self.peer);
        }
        let ready = ToBrowser::Ready {
            extension: self.phone.extension.clone(),
            ice_servers: self.web.settings.ice_servers.told(now()),
            legs: state.legs(),
        };
        let _ = self.sender.try_send(ready);
        let (connection, out, peer) = (self.connection, self.sender.clone(), self.peer);
        state.tab = Some(Tab { name, connection, out, peer, signed_in: true });
    }

    fn answer(&self, leg: &str, reply: Reply) {
        let replies = match self.phone.state().legs.get(leg).map(|entry| &entry.stage) {
            Some(Stage::Ringing(replies)) => replies.clone(),
            _ => return self.no_such(leg),
        };
        if replies.try_send(reply).is_err() {
            self.no_such(leg);
        }
    }

    fn no_such(&self, leg: &str) {
        let why = "There is no such call any more; somebody else may have taken it, or the caller has hung up.";
        self.reply(ToBrowser::error("no_such_leg", why, Some(&short(leg.to_owned()))));
    }

    fn line(&self, leg: &str) -> Option<Arc<Line>> {
        self.phone.state().legs.get(leg).and_then(Entry::line).cloned()
    }

    /// Does something with a leg that is up; `done` is whether it was possible.
    fn with_line(&self, leg: &str, frame: &str, act: impl FnOnce(&Line) -> bool) {
        let Some(line) = self.line(leg) else { return self.no_such(leg) };
        line.ladder.note(false, frame);
        if !act(&line) {
            let why = "This is not possible now; wait for what was asked before.";
            self.reply(ToBrowser::error("not_now", why, Some(leg)));
        }
    }

    fn transfer(&self, leg: &str, to: Option<String>, replaces: Option<String>, frame: &str) {
        let to = match (to, &replaces) {
            (Some(to), None) if !to.trim().is_empty() && to.len() <= LONGEST_NUMBER => to,
            (None, Some(other)) if other != leg => {
                let state = self.phone.state();
                state.legs.get(other).map(|entry| entry.with.clone()).unwrap_or_default()
            }
            _ => {
                let why = "Send either `to`, whom to call, or `replaces`, another leg of this telephone.";
                return self.reply(ToBrowser::error("unreadable", why, Some(leg)));
            }
        };
        self.with_line(leg, frame, |line| line.ask(Asked::Transfer { to, replaces }));
    }

    fn restart(&self, leg: &str, sdp: String, frame: &str) {
        let line = {
            let mut state = self.phone.state();
            match state.legs.get_mut(leg).map(|entry| &mut entry.stage) {
                Some(Stage::Up(line)) => line.clone(),
                // A page that was loaded anew while it dialled: this is what the answer will answer.
                Some(Stage::Dialling { offer, ladder, .. }) => {
                    ladder.note(false, frame);
                    *offer = sdp;
                    return;
                }
                Some(Stage::Ringing(_)) | None => {
                    drop(state);
                    return self.no_such(leg);
                }
            }
        };
        line.ladder.note(false, frame);
        match line.restart(&self.web, &sdp) {
            Ok(answer) => {
                let restarted = ToBrowser::Restarted { leg: Some(leg.to_owned()), sdp: answer };
                line.ladder.note(true, &restarted.text());
                self.reply(restarted);
            }
            Err(error) => self.reply(no_sound(&error, leg)),
        }
    }

    fn hang_up(&self, leg: &str, frame: &str) {
        let state = self.phone.state();
        match state.legs.get(leg).map(|entry| &entry.stage) {
            Some(Stage::Up(line)) => {
                let line = line.clone();
                drop(state);
                line.ladder.note(false, frame);
                line.end(LegEnd::Remote, "hung_up");
            }
            Some(Stage::Dialling { cancel, ladder, .. }) => {
                ladder.note(false, frame);
                cancel.cancel();
            }
            Some(Stage::Ringing(replies)) => {
                let _ = replies.try_send(Reply::Decline(None));
            }
            None => {
                drop(state);
                self.no_such(leg);
            }
        }
    }

    fn dial(&self, leg: String, to: String, offer: String, frame: &str) {
        let error = |code, why: &str| self.reply(ToBrowser::error(code, why, Some(&short(leg.clone()))));
        if leg.is_empty() || leg.len() > LONGEST_NAME || to.trim().is_empty() || to.len() > LONGEST_NUMBER {
            return error("unreadable", "`leg` and `to` have 1 to 64 characters.");
        }
        if let Err(reason) = Line::check(&self.web, &offer) {
            return self.reply(no_sound(&reason, &leg));
        }
        let (call, cancel) = (CallId::new(), CancellationToken::new());
        let ladder = Arc::new(Ladder::new(self.web.settings.http, self.peer));
        ladder.note(false, frame);
        {
            let mut state = self.phone.state();
            if !state.tab.as_ref().is_some_and(|tab| tab.signed_in) {
                drop(state);
                return error("signed_out", "Your sign-in has expired; sign in again to call somebody.");
            }
            if state.legs.contains_key(&leg) || state.legs.len() >= MOST_LEGS {
                drop(state);
                return error("not_now", "There is such a leg already, or there are too many; hang up first.");
            }
            let stage = Stage::Dialling { ladder: ladder.clone(), offer, cancel: cancel.clone() };
            state.legs.insert(leg.clone(), Entry { call, with: to.clone(), since: now(), stage });
        }
        self.reply(ToBrowser::Progress { leg: leg.clone(), state: "trying" });
        let place =
            Dialled { web: self.web.clone(), phone: self.phone.clone(), leg, call, to, ladder, cancel, open: true };
        if let Err(mpsc::error::TrySendError::Full(call) | mpsc::error::TrySendError::Closed(call)) =
            self.web.calls.try_send(WebCall { id: call, incoming: Box::new(place) })
        {
            // Dropped, which says so.
            drop(call);
        }
    }
}

impl Drop for PhoneSocket {
    fn drop(&mut self) {
        let mut state = self.phone.state();
        if state.tab.as_ref().is_some_and(|tab| tab.connection == self.connection) {
            state.leave();
        }
    }
}

impl Entry {
    fn line(&self) -> Option<&Arc<Line>> {
        match &self.stage {
            Stage::Up(line) => Some(line),
            Stage::Ringing(_) | Stage::Dialling { .. } => None,
        }
    }
}

fn short(text: String) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

/// A call that an agent has dialled.
struct Dialled {
    web: Arc<Inner>,
    phone: Arc<Phone>,
    leg: String,
    call: CallId,
    to: String,
    ladder: Arc<Ladder>,
    cancel: CancellationToken,
    /// Whether the page still waits for its end.
    open: bool,
}

impl Dialled {
    fn over(&mut self, reason: &str) {
        if std::mem::take(&mut self.open) {
            let ended = ToBrowser::Ended { leg: Some(self.leg.clone()), reason: reason.to_owned() };
            self.ladder.note(true, &ended.text());
            self.ladder.close();
            self.phone.forget(&self.leg);
            self.phone.tell(ended);
        }
    }

    fn connect(&mut self) -> Result<Leg, Refused> {
        let offer = match self.phone.state().legs.get(&self.leg).map(|entry| &entry.stage) {
            Some(Stage::Dialling { offer, .. }) => Some(offer.clone()),
            _ => None,
        };
        let gone = || Refused { label: "gone", reason: "the browser has hung up".to_owned() };
        let offer = offer.filter(|_| !self.cancel.is_cancelled()).ok_or_else(gone)?;
        let about = (self.leg.clone(), self.phone.clone() as Arc<dyn Page>, self.ladder.clone());
        let opened = Line::open(&self.web, about, &offer, true)
            .map_err(|error| Refused { label: "no_codec", reason: error.to_string() })?;
        self.open = false;
        self.phone.up(&opened, self.call);
        Ok(handed(opened))
    }
}

impl Drop for Dialled {
    fn drop(&mut self) {
        let reason = if self.cancel.is_cancelled() { "hung_up" } else { "gone" };
        self.over(reason);
    }
}

impl Incoming for Dialled {
    fn from(&self) -> String {
        self.phone.extension.clone()
    }

    fn to(&self) -> String {
        self.to.clone()
    }

    fn signalling(&self) -> Arc<dyn Signalling> {
        self.ladder.clone()
    }

    fn origin(&self) -> Origin {
        Origin::Extension(self.phone.extension.clone())
    }

    fn key(&self) -> String {
        self.leg.clone()
    }

    fn ring(&self) -> BoxFuture<'_, ()> {
        let ringing = ToBrowser::Progress { leg: self.leg.clone(), state: "ringing" };
        self.ladder.note(true, &ringing.text());
        self.phone.tell(ringing);
        Box::pin(std::future::ready(()))
    }

    fn cancelled(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            // A page that is gone for too long has hung up.
            let keep = self.web.settings.keep;
            loop {
                tokio::select! {
                    () = self.cancel.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_secs(1)) => {
                        if self.phone.gone_since().is_some_and(|since| since.elapsed() >= keep) {
                            return;
                        }
                    }
                }
            }
        })
    }

    fn refuse(mut self: Box<Self>, refused: Refused) -> BoxFuture<'static, ()> {
        self.over(refused.label);
        Box::pin(std::future::ready(()))
    }

    fn answer(mut self: Box<Self>) -> BoxFuture<'static, Result<Leg, Refused>> {
        let connected = self.connect();
        if let Err(refused) = &connected {
            self.over(refused.label);
        }
        Box::pin(std::future::ready(connected))
    }
}
