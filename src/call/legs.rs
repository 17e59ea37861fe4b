//! The legs that a call has had, for whoever looks into it: the messages of their signalling and how they sounded. Whoever brings a
//! leg about puts it in the book, also when nobody answers; once the call is over, the book is written into its journal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use sip::media::{LegObserver, LegStats, QualityDirection};

use super::now;
use crate::event::{
    CallId, Event, Heard, LegName, LegPoint, LegRole, LegSound, LegTotals, Personal, SignalMessage, Timestamp,
};

/// How long the last messages of a call's legs are waited for once it is over.
const LAST_MESSAGES: Duration = Duration::from_millis(500);
/// Legs of one call that are kept: more than these is a queue that tries the same phones again and again.
const MOST_LEGS: usize = 64;
/// What of one message is kept. Few are larger than 2 kB.
const LONGEST_MESSAGE: usize = 16 * 1024;
/// What of all messages of a leg is kept.
const MOST_TEXT: usize = 128 * 1024;

/// What was said about a leg in its protocol; it outlives the leg.
pub trait Signalling: Send + Sync {
    /// The messages so far, without credentials, keys and pressed digits; all of them once [`closed`](Self::closed) has returned.
    fn messages(&self) -> Vec<SignalMessage>;
    /// Returns when no more will come.
    fn closed(&self) -> BoxFuture<'_, ()>;
}

/// The legs of one call. Clones are the same book.
#[derive(Clone, Default)]
pub struct Legs(Arc<Mutex<Vec<Arc<Record>>>>);

/// One leg in the book.
pub struct Record {
    name: LegName,
    signalling: Arc<dyn Signalling>,
    sound: OnceLock<Sound>,
}

struct Sound {
    since: Timestamp,
    observer: LegObserver,
}

impl Legs {
    /// Puts a leg in the book.
    pub fn add(&self, role: LegRole, name: &str, signalling: Arc<dyn Signalling>) -> Arc<Record> {
        let mut legs = self.all();
        let number = legs.iter().map(|leg| leg.name.number).max().unwrap_or(0) + 1;
        let name = LegName { number, role, name: Personal::new(name) };
        let record = Arc::new(Record { name, signalling, sound: OnceLock::new() });
        if legs.len() < MOST_LEGS {
            legs.push(record.clone());
        }
        record
    }

    /// Takes over those legs of another book that still go on: in their new call they are looked at as a whole.
    pub fn go_on_with(&self, other: &Legs) {
        let all = other.all().clone();
        let going_on = all.into_iter().filter(|leg| leg.signalling.closed().now_or_never().is_none());
        self.all().extend(going_on);
    }

    /// What is known of the legs so far, as it would be journaled.
    pub async fn events(&self) -> Vec<Event> {
        let legs = self.all().clone();
        join_all(legs.iter().map(|leg| leg.events())).await.into_iter().flatten().collect()
    }

    /// What is known of the legs of a call that is over: with the last message of each and the end of its sound, if these come soon.
    pub async fn finished(&self) -> Vec<Event> {
        let legs = self.all().clone();
        let _ = tokio::time::timeout(LAST_MESSAGES, join_all(legs.iter().map(|leg| leg.closed()))).await;
        self.events().await
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Record>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    /// The leg has sound from now on.
    pub fn sounds(&self, observer: LegObserver) {
        // A leg has one sound for its whole life.
        let _ = self.sound.set(Sound { since: now(), observer });
    }

    async fn closed(&self) {
        self.signalling.closed().await;
        if let Some(sound) = self.sound.get() {
            sound.observer.last().await;
        }
    }

    async fn events(&self) -> Vec<Event> {
        let mut events = Vec::with_capacity(2);
        let messages = bounded(self.signalling.messages());
        if !messages.is_empty() {
            events.push(Event::Signalling { leg: self.name.clone(), messages });
        }
        if let Some(sound) = self.sound.get()
            && let Some(stats) = sound.observer.stats().await
            // A phone that was rung in vain has nothing to tell.
            && stats.packets_in + stats.packets_out > 0
        {
            events.push(Event::LegQuality { leg: self.name.clone(), sound: Box::new(measured(sound.since, &stats)) });
        }
        events
    }
}

/// The books of the calls that go on. Clones are the same.
#[derive(Clone, Default)]
pub struct LiveLegs(Arc<Mutex<HashMap<CallId, Legs>>>);

impl LiveLegs {
    /// A book for a new call, which is found here until the guard is dropped.
    pub fn begin(&self, call: CallId) -> (Legs, LiveGuard) {
        let legs = Legs::default();
        self.all().insert(call, legs.clone());
        (legs, LiveGuard { live: self.clone(), call })
    }

    /// The book of a call that goes on.
    pub fn of(&self, call: CallId) -> Option<Legs> {
        self.all().get(&call).cloned()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, Legs>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a call's book among those of live calls.
pub struct LiveGuard {
    live: LiveLegs,
    call: CallId,
}

impl Drop for LiveGuard {
    fn drop(&mut self) {
        self.live.all().remove(&self.call);
    }
}

/// Cuts what is too long; what is cut ends with `…`.
fn bounded(mut messages: Vec<SignalMessage>) -> Vec<SignalMessage> {
    let mut room = MOST_TEXT;
    for message in &mut messages {
        let text = message.text.reveal();
        let most = LONGEST_MESSAGE.min(room);
        if text.len() > most {
            let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            message.text = Personal::new(format!("{}…", &text[..end]));
        }
        room = room.saturating_sub(message.text.reveal().len());
    }
    messages
}

fn measured(since: Timestamp, stats: &LegStats) -> LegSound {
    let ms = |length: Duration| length.as_millis() as u32;
    let rounded = |value: f32, to: f32| (value * to).round() / to;
    let way = |way: &QualityDirection| Heard {
        loss_percent: way.loss_percent.map(|loss| rounded(loss, 100.0)),
        jitter_ms: way.jitter_ms.map(|jitter| rounded(jitter, 10.0)),
        mos: way.mos.map(|mos| rounded(mos, 100.0)),
        level_dbov: way.level_dbov.map(|level| rounded(level, 10.0)),
    };
    let trip = |trip: Option<Duration>| trip.map(|trip| rounded(trip.as_secs_f32() * 1e3, 10.0));
    let points = stats.history.points();
    let points = points.iter().map(|point| LegPoint {
        at_ms: ms(point.at),
        length_ms: ms(point.length),
        incoming: way(&point.heard),
        outgoing: way(&point.said),
        round_trip_ms: trip(point.round_trip),
        buffer_ms: ms(point.buffer),
    });
    let mut sound = LegSound {
        since,
        codec: stats.codec.name().to_owned(),
        points: points.collect(),
        totals: LegTotals {
            packets_in: stats.packets_in,
            packets_out: stats.packets_out,
            lost: stats.lost,
            late: stats.late,
            duplicated: stats.duplicated,
            concealed: stats.concealed,
            jitter_ms: rounded(stats.jitter_ms, 10.0),
            invalid: stats.invalid,
            strangers: stats.strangers,
            unauthentic: stats.unauthentic,
            send_errors: stats.send_errors,
            rtcp_in: stats.rtcp_in,
            rtcp_out: stats.rtcp_out,
            remote_lost: stats.remote_lost,
            round_trip_ms: trip(stats.round_trip),
        },
    };
    sound.make_finite();
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Said(Vec<SignalMessage>);

    impl Signalling for Said {
        fn messages(&self) -> Vec<SignalMessage> {
            self.0.clone()
        }

        fn closed(&self) -> BoxFuture<'_, ()> {
            Box::pin(async {})
        }
    }

    fn message(text: &str) -> SignalMessage {
        let (local, peer) = (Personal::new("192.0.2.1:5060"), Personal::new("192.0.2.2:5060"));
        SignalMessage { at_us: 0, sent: true, protocol: "UDP".into(), local, peer, text: Personal::new(text) }
    }

    #[test]
    fn a_flood_of_long_messages_is_kept_in_part_and_no_character_is_split() {
        let kept = bounded((0..64).map(|_| message(&"打".repeat(10_000))).collect());
        let lengths: Vec<usize> = kept.iter().map(|message| message.text.reveal().len()).collect();
        assert_eq!(lengths[0], LONGEST_MESSAGE - LONGEST_MESSAGE % 3 + "…".len());
        assert!(lengths.iter().sum::<usize>() <= MOST_TEXT + 64 * "…".len());
        assert!(kept.iter().all(|message| message.text.reveal().ends_with('…')));
    }

    #[tokio::test]
    async fn a_leg_that_never_sounded_has_a_ladder_and_no_measurements() {
        let live = LiveLegs::default();
        let call = CallId::new();
        let (legs, guard) = live.begin(call);
        legs.add(LegRole::Caller, "4711", Arc::new(Said(vec![message("INVITE")])));
        legs.add(LegRole::Agent, "101", Arc::new(Said(Vec::new())));
        let events = live.of(call).expect("it goes on").events().await;
        assert!(matches!(&events[..], [Event::Signalling { leg: LegName { number: 1, .. }, .. }]), "{events:?}");
        drop(guard);
        assert!(live.of(call).is_none());
    }
}
