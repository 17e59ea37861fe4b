//! One way to whoever was dialled: a phone of ours, or a number outside through the trunks. A phone that forwards its calls is followed,
//! for as long as that is no loop; what a carrier plays before the answer is handed on, and goes one way only.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::driver::Services;
use super::leg::{Diverted, Leg, OnTheWay, Placing, Refused, Unreached};
use super::legs::Legs;
use super::plan::Destination;
use crate::agent::Reservation;
use crate::event::CallId;

/// How often one call may be sent on.
const MOST_REDIRECTS: usize = 5;
/// News that may wait to be read; what exceeds it is only of the way there.
const NEWS_ROOM: usize = 16;

/// For whom somebody is called.
#[derive(Clone, Debug)]
pub struct Calling {
    /// For which call.
    pub call: CallId,
    /// The number or extension that is shown.
    pub shown: String,
    /// The extension with whose allowance it counts.
    pub source: String,
    /// How often the call was sent on before it came to us.
    pub diversions: usize,
}

/// Somebody who answered.
pub struct Reached {
    /// Their leg.
    pub leg: Leg,
    /// Who it is, which need not be who was dialled.
    pub to: Destination,
    /// Keeps them busy.
    pub reservation: Option<Reservation>,
}

/// How it came out.
pub enum Came {
    /// Somebody answered.
    Reached(Reached),
    /// Whoever was dialled sends the call to a queue or the flow.
    SentTo(Destination),
    /// Nobody takes it.
    Refused(Refused),
}

impl Came {
    /// For callers who can go to people only.
    pub fn into_people(self) -> Result<Reached, Refused> {
        match self {
            Self::Reached(reached) => Ok(reached),
            Self::Refused(refused) => Err(refused),
            Self::SentTo(place) => {
                let reason = format!("the call was sent on to {}, which takes callers from outside only", place.name());
                Err(Refused { label: "redirected", reason })
            }
        }
    }
}

/// What is heard of a call on its way.
pub enum News {
    /// It is not decided yet.
    OnTheWay(OnTheWay),
    /// It is: nothing follows.
    Over(Came),
}

/// Somebody who is being called, in a task of their own, so that whoever waits for them can change. Dropping it gives up.
pub struct Ringing {
    /// Who was dialled.
    pub to: Destination,
    rings: bool,
    news: mpsc::Receiver<News>,
    _task: AbortOnDropHandle<()>,
}

impl Ringing {
    /// Begins to call; each phone rings for as long as phones ring.
    pub fn begin(services: Services, to: Destination, from: Calling, legs: Legs) -> Self {
        let (teller, news) = mpsc::channel(NEWS_ROOM);
        let wanted = to.clone();
        let task = tokio::spawn(async move {
            let told = |on_the_way| {
                let _ = teller.try_send(News::OnTheWay(on_the_way));
            };
            let came = reach(&services, wanted, &from, &legs, &told).await;
            // If nobody reads it any more, the leg is dropped, which hangs up.
            let _ = teller.send(News::Over(came)).await;
        });
        Self { to, rings: false, news, _task: AbortOnDropHandle::new(task) }
    }

    /// What happens next; safe to drop and ask again, until it is over.
    pub async fn next(&mut self) -> News {
        let gone = || News::Over(Came::Refused(Refused { label: "gone", reason: "it was given up".into() }));
        let news = self.news.recv().await.unwrap_or_else(gone);
        self.rings |= matches!(news, News::OnTheWay(OnTheWay::Rings));
        news
    }

    /// Whether it has said that it rings.
    pub fn rings(&self) -> bool {
        self.rings
    }
}

/// Somebody to be tried, and how the call came to them.
struct Next {
    to: Destination,
    diverted: Vec<Diverted>,
}

async fn reach(
    services: &Services,
    to: Destination,
    from: &Calling,
    legs: &Legs,
    told: &(dyn Fn(OnTheWay) + Send + Sync),
) -> Came {
    let mut tried: Vec<Destination> = Vec::new();
    let mut waiting = vec![Next { to, diverted: Vec::new() }];
    let redirected = |reason: String| Refused { label: "redirected", reason };
    let mut last = Refused { label: "unreachable", reason: "nobody was called".into() };
    while let Some(Next { to, diverted }) = waiting.pop() {
        if tried.contains(&to) {
            last = redirected(format!("the call was sent round in a circle, back to {}", to.name()));
            continue;
        }
        if tried.len() + from.diversions > MOST_REDIRECTS {
            last = redirected(format!("the call was sent on more than {MOST_REDIRECTS} times"));
            break;
        }
        tried.push(to.clone());
        if let Some(by) = diverted.last() {
            told(OnTheWay::Redirected { from: by.by.clone(), to: to.shown() });
        }
        if matches!(to, Destination::Queue(_) | Destination::Flow) {
            return Came::SentTo(to);
        }
        let reservation = match &to {
            Destination::Extension(name) => services.agents.take(from.call, name),
            _ => None,
        };
        let rang = AtomicBool::new(false);
        let told = |on_the_way: OnTheWay| {
            match &on_the_way {
                OnTheWay::Rings => rang.store(true, Ordering::Relaxed),
                // Whoever speaks before the answer does so for nothing, at somebody's cost: what a carrier plays is heard, no more.
                OnTheWay::Sounds(leg) => leg.mute_out(true),
                OnTheWay::Redirected { .. } => {}
            }
            told(on_the_way);
        };
        let placing = Placing { call: from.call, shown: &from.shown, diverted: &diverted, legs, told: &told };
        // Whoever sends a call outside has it on their own allowance.
        let source = diverted.last().map_or(&from.source, |by| &by.by);
        let attempt = async {
            match &to {
                Destination::Outside(number) => {
                    services.phones.call_out(number.reveal(), source, placing).await.map_err(Unreached::Refused)
                }
                other => services.phones.ring(&other.name(), placing).await,
            }
        };
        let no_answer = || Unreached::Refused(Refused { label: "no_answer", reason: "it was not answered".into() });
        match timeout(services.ring, attempt).await.unwrap_or_else(|_| Err(no_answer())) {
            Ok(leg) => {
                leg.sound.mute_out(false);
                return Came::Reached(Reached { leg, to, reservation });
            }
            Err(Unreached::Refused(refused)) => last = refused,
            Err(Unreached::Redirected(targets)) => {
                last = redirected(format!("{} forwards its calls to nobody that can be called", to.name()));
                let by = Diverted { by: to.name(), rang: rang.load(Ordering::Relaxed) };
                let diverted: Vec<Diverted> = diverted.into_iter().chain([by]).collect();
                let leads = |dialled: &String| {
                    let to = services.plan.lead(dialled, |name| services.phones.has(name));
                    let callable = !matches!(to, Destination::Nowhere(_) | Destination::Park | Destination::Slot(_));
                    callable.then(|| Next { to, diverted: diverted.clone() })
                };
                let next: Vec<Next> = targets.iter().filter_map(leads).take(MOST_REDIRECTS).collect();
                waiting.extend(next.into_iter().rev());
            }
        }
    }
    Came::Refused(last)
}
