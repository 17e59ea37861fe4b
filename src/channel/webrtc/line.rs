//! One leg of a browser: its sound, its end, its wishes, and its way back when the page was loaded anew or the network has changed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sip::ice::Credentials;
use sip::media::{self, LegConfig, LegEvents, Path};
use sip::sdp::{Browser, SdpError};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Inner;
use super::ladder::Ladder;
use super::protocol::ToBrowser;
use crate::call::leg::LegEnd;

/// What a page may want of a leg at a time; one that wants more is told that it is too fast.
const WISHES: usize = 16;
/// How often it is looked whether page and sound are still there.
const LOOK: Duration = Duration::from_secs(1);
/// After so long without a check and without sound the browser counts as lost, for whoever looks into the call. Browsers check every
/// 2.5 s, and must every 5 s (RFC 7675 section 5.1).
const LOST: Duration = Duration::from_secs(6);

/// Where what is said to a browser goes; whoever has the page knows.
pub(super) trait Page: Send + Sync {
    /// Says something. Nobody there is no error: whoever comes back is told how things stand.
    fn tell(&self, message: ToBrowser);
    /// Since when nobody has been there.
    fn gone_since(&self) -> Option<Instant>;
    /// The leg is over.
    fn over(&self, leg: &str, reason: &str);
}

/// What a page wants of a leg that is up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Held(bool),
    Transfer { to: String, replaces: Option<String> },
}

/// Why an offer leads to no sound.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSound {
    #[error(transparent)]
    Sdp(#[from] SdpError),
    #[error("the sound cannot be opened: {0}")]
    Media(#[from] std::io::Error),
    #[error("the leg is over")]
    Over,
}

/// A leg that is up.
pub(super) struct Line {
    pub leg: String,
    pub page: Arc<dyn Page>,
    pub ladder: Arc<Ladder>,
    pub sound: media::Leg,
    path: Path,
    session: Mutex<Browser>,
    held: AtomicBool,
    asks: mpsc::Sender<Asked>,
    ended: watch::Sender<Option<LegEnd>>,
}

/// What whoever connects a leg gets with it.
pub(super) struct Opened {
    pub line: Arc<Line>,
    pub events: LegEvents,
    pub asks: mpsc::Receiver<Asked>,
    /// The answer to the offer.
    pub answer: String,
}

impl Line {
    /// Answers an offer and opens the sound. `record` is whether the leg reports frames.
    pub fn open(
        web: &Arc<Inner>,
        (leg, page, ladder): (String, Arc<dyn Page>, Arc<Ladder>),
        offer: &str,
        record: bool,
    ) -> Result<Opened, NoSound> {
        let ours = Credentials::random();
        let mut session = Browser::new(web.settings.codecs.clone());
        let answer = session.answer(offer.as_bytes(), &ours, &web.candidates)?;
        let (place, path) = web.port.place(&ours, &answer.ufrag);
        let config = LegConfig {
            wire: place.into(),
            // Nothing may leave before the leg has been told all of the agreement.
            remote: None,
            codec: answer.agreed.codec,
            telephone_event: answer.agreed.telephone_event,
            record,
        };
        let (sound, events) = web.clock.open_leg(config)?;
        sound.agree(&answer.agreed);
        let (asks, waiting) = mpsc::channel(WISHES);
        let line = Arc::new(Line {
            leg,
            page,
            ladder,
            sound,
            path,
            session: Mutex::new(session),
            held: AtomicBool::new(false),
            asks,
            ended: watch::Sender::new(None),
        });
        line.direct(answer.agreed.direction.sends());
        tokio::spawn(look_after(line.clone(), web.settings.keep));
        Ok(Opened { line, events, asks: waiting, answer: answer.text })
    }

    /// Whether an offer could be answered.
    pub fn check(web: &Inner, offer: &str) -> Result<(), NoSound> {
        let mut session = Browser::new(web.settings.codecs.clone());
        session.answer(offer.as_bytes(), &Credentials::random(), &web.candidates)?;
        Ok(())
    }

    /// Answers a new offer for the same leg: an ICE restart, or the first offer of a page that was loaded anew, whose certificate is
    /// another one. The old path holds until the new one is there.
    pub fn restart(&self, web: &Inner, offer: &str) -> Result<String, NoSound> {
        let ours = Credentials::random();
        let answer = {
            let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            session.answer(offer.as_bytes(), &ours, &web.candidates)?
        };
        if self.has_ended() || !self.path.restart(&ours, &answer.ufrag) {
            return Err(NoSound::Over);
        }
        self.sound.agree(&answer.agreed);
        self.direct(answer.agreed.direction.sends());
        Ok(answer.text)
    }

    /// Puts the others on hold, or takes that back: they hear music from whoever keeps the room, and the browser hears and says nothing.
    pub fn hold(&self, on: bool) -> bool {
        let changed = self.held.swap(on, Ordering::Relaxed) != on;
        if changed {
            self.sound.mute_in(on);
            self.sound.pause(on);
        }
        !changed || self.ask(Asked::Held(on))
    }

    pub fn is_held(&self) -> bool {
        self.held.load(Ordering::Relaxed)
    }

    /// Hands a wish to the call; says whether there was room for it.
    pub fn ask(&self, asked: Asked) -> bool {
        self.asks.try_send(asked).is_ok()
    }

    pub fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    pub fn ended(&self) -> watch::Receiver<Option<LegEnd>> {
        self.ended.subscribe()
    }

    /// Ends it, the first time; tells the page why.
    pub fn end(&self, end: LegEnd, reason: &str) {
        let first = self.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            ended.get_or_insert(end);
            first
        });
        if first {
            self.sound.close();
            self.page.over(&self.leg, reason);
            self.ladder.close();
        }
    }

    /// A browser that only sends is not sent to.
    fn direct(&self, sends: bool) {
        self.sound.pause(!sends || self.is_held());
    }
}

/// Ends a leg whose page or whose sound has been gone for too long.
async fn look_after(line: Arc<Line>, keep: Duration) {
    let mut ended = line.ended();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lost = false;
    loop {
        tokio::select! {
            _ = ended.wait_for(Option::is_some) => return,
            _ = look.tick() => {}
        }
        let silence = line.path.silence();
        if lost != (silence >= LOST) {
            lost = !lost;
            let what = if lost { "lost" } else { "found" };
            line.ladder.note(false, &format!(r#"{{"type":"{what}","silent_ms":{}}}"#, silence.as_millis()));
            tracing::debug!(leg = %line.sound.id(), lost, "the path to a browser");
        }
        let alone = line.page.gone_since().map(|since| since.elapsed()).unwrap_or_default();
        if alone >= keep || silence >= keep {
            line.end(LegEnd::Failed, "lost");
        }
    }
}
