//! A call that is up, seen from the telephone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use audio::Pcm8k;
use sip::media::{Clip, Leg, LegEvent, LegEvents, LegStats, Playback};
use sip::ua::{ActiveCall, EndCause, SipError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::Measured;

/// How often a waiting telephone looks at what it has heard.
const LOOK: Duration = Duration::from_millis(20);

/// Why there is no call, or no way to go on with it.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The other side refused.
    #[error("the call was refused: {status} {reason}")]
    Refused {
        /// SIP status.
        status: u16,
        /// Reason phrase.
        reason: String,
    },
    /// Nobody answered.
    #[error("nobody answered within {} s", .0.as_secs())]
    NoAnswer(Duration),
    /// The other side hung up.
    #[error("the other side hung up")]
    HungUp,
    /// The other side said nothing, or did not stop.
    #[error("it did not become our turn to speak within {} s", .0.as_secs())]
    NoTurn(Duration),
    /// SIP failed.
    #[error(transparent)]
    Sip(#[from] SipError),
}

/// A call that is up.
pub struct Line {
    active: ActiveCall,
    leg: Leg,
    answered_after: Duration,
    answered_at: Instant,
    shared: Arc<Mutex<Shared>>,
    played: mpsc::Receiver<u64>,
    ended: watch::Receiver<Option<EndCause>>,
    pump: JoinHandle<()>,
    next_clip: u64,
}

#[derive(Default)]
struct Shared {
    measured: Measured,
    keys: String,
    stats: Option<LegStats>,
    /// Sends what is heard back on this leg, at this gain.
    echo: Option<(Leg, f32)>,
}

impl Line {
    pub(super) fn new(mut active: ActiveCall, answered_after: Duration) -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let (done, played) = mpsc::channel(16);
        let events = active.take_events();
        let pump = tokio::spawn(pump(events, shared.clone(), done));
        let (leg, ended) = (active.leg().clone(), active.ended());
        Self { active, leg, answered_after, answered_at: Instant::now(), shared, played, ended, pump, next_clip: 1 }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// INVITE → answer.
    pub fn answered_after(&self) -> Duration {
        self.answered_after
    }

    /// Answer → first sound heard.
    pub fn first_sound_after(&self) -> Option<Duration> {
        self.shared().measured.first_sound().map(|at| at.saturating_duration_since(self.answered_at))
    }

    /// End of our speech → first sound of the reply, for each time we spoke.
    pub fn replies(&self) -> Vec<Duration> {
        self.shared().measured.replies().to_vec()
    }

    /// What was heard so far.
    pub fn heard(&self) -> Pcm8k {
        self.shared().measured.heard()
    }

    /// What was said so far.
    pub fn said(&self) -> Pcm8k {
        self.shared().measured.said()
    }

    /// The keys the other side pressed.
    pub fn keys_heard(&self) -> String {
        self.shared().keys.clone()
    }

    /// The codec's name.
    pub fn codec(&self) -> &'static str {
        self.active.codec().name()
    }

    /// Why the call is over, if it is.
    pub fn ended(&self) -> Option<EndCause> {
        self.ended.borrow().clone()
    }

    /// Waits until the other side has spoken and then been silent for `quiet`.
    pub async fn our_turn(&mut self, quiet: Duration, limit: Duration) -> Result<(), LineError> {
        let deadline = Instant::now() + limit;
        while !self.shared().measured.is_our_turn(quiet, Instant::now()) {
            if self.ended().is_some() {
                return Err(LineError::HungUp);
            }
            if Instant::now() >= deadline {
                return Err(LineError::NoTurn(limit));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Speaks, and returns when it is said.
    pub async fn say(&mut self, sound: Pcm8k) -> Result<(), LineError> {
        let id = self.next_clip;
        self.next_clip += 1;
        self.leg.play(Playback { turn: 0, id, clip: Arc::new(Clip::new(sound)), loop_: false });
        loop {
            tokio::select! {
                done = self.played.recv() => match done {
                    Some(done) if done == id => break,
                    Some(_) => {}
                    None => return Err(LineError::HungUp),
                },
                _ = self.ended.wait_for(Option::is_some) => return Err(LineError::HungUp),
            }
        }
        self.shared().measured.spoke();
        Ok(())
    }

    /// From now on this telephone sends back what it hears, `db` dB louder and so much later: a bad hands-free set. Whoever speaks
    /// into it speaks when the echo is over.
    pub fn echo(&self, db: f32, delay: Duration) {
        let clip = Arc::new(Clip::new(Pcm8k::silence(delay)));
        self.leg.play(Playback { turn: 0, id: 0, clip, loop_: false });
        self.shared().echo = Some((self.leg.clone(), 10f32.powf(db / 20.0)));
    }

    /// Presses keys.
    pub fn press(&self, keys: &str) {
        self.shared().measured.pressed();
        self.leg.send_keys(keys);
    }

    /// Says nothing: our next turn comes when the other side has spoken once more.
    pub fn wait_next(&self) {
        self.shared().measured.pressed();
    }

    /// Waits until the other side hangs up.
    pub async fn wait_end(&mut self, limit: Duration) -> Result<(), LineError> {
        match tokio::time::timeout(limit, self.ended.wait_for(Option::is_some)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(LineError::NoTurn(limit)),
        }
    }

    /// Hangs up, unless the other side has, and returns what was counted on the way.
    pub async fn hang_up(self) -> Option<LegStats> {
        self.active.hangup(None).await;
        self.leg.close();
        let _ = tokio::time::timeout(Duration::from_secs(1), self.pump).await;
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).stats.take()
    }
}

/// Reads the leg's events until it is closed.
async fn pump(events: Option<LegEvents>, shared: Arc<Mutex<Shared>>, done: mpsc::Sender<u64>) {
    let Some(mut events) = events else { return };
    while let Some(event) = events.recv().await {
        let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            LegEvent::Frame(frame) => {
                state.measured.frame(&frame.heard, &frame.said, frame.at);
                if let Some((leg, gain)) = &state.echo {
                    let back = frame.heard.iter().map(|&sample| (f32::from(sample) * gain) as i16).collect();
                    leg.play(Playback { turn: 0, id: 0, clip: Arc::new(Clip::new(Pcm8k::new(back))), loop_: false });
                }
            }
            LegEvent::Key { digit, .. } => state.keys.push(digit),
            LegEvent::PlayEnded { id, .. } => {
                let _ = done.try_send(id);
            }
            LegEvent::Closed(stats) => state.stats = Some(stats),
            LegEvent::PlayStarted { .. }
            | LegEvent::FirstPacket { .. }
            | LegEvent::NoRtp { .. }
            | LegEvent::Unheard { .. }
            | LegEvent::NoKeys { .. }
            | LegEvent::Quality(_) => {}
        }
    }
}
