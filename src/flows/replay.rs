//! Calls that are over, taken by another flow: what of a journal does not depend on the flow becomes a script, and what came of the
//! call is compared with what would have come of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use flow::event::{Context, HttpFailure, HttpReply, Inquiry, Knowledge, KnownArticle, MASKED, MASKED_KEY};
use flow::replay::{Deed, Did, Replayed, Script, Way, replay};
use flow::{Flow, Heard, Outcome, QueueResult};
use intent::{Language, Model};
use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Flows, FlowsError, Prepared, judge};
use crate::event::{CallId, Cited, Consulted, Entry, Event, LanguageBy, Party, Speaker, Timestamp};
use crate::knowledge::told_now;
use crate::store::CallFilter;

/// How the journal says that the knowledge base, or the call centre, did not answer.
const UNANSWERED: [&str; 2] = ["the knowledge base does not answer", "the call centre does not tell in time"];
/// So long after its end, in ms, speech is understood.
const UNDERSTOOD_WITHIN_MS: u64 = 1_000;
/// The most calls of one replay.
pub const MOST_CALLS: usize = 2_000;
/// So many results are told; the counts are of all.
const MOST_TOLD: usize = 500;
/// So many calls are read at a time.
const PAGE: u64 = 100;

/// What came of a replay.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Report {
    /// How many calls were replayed.
    pub calls: usize,
    /// With how many the same would have come of them.
    pub same: usize,
    /// How many would have gone another way.
    pub moved: usize,
    /// How many would have been asked something that they were not asked then.
    pub diverged: usize,
    /// How many could not be replayed for want of records.
    pub skipped: usize,
    /// Tells two replays apart that did something else in any call: 16 hexadecimal digits.
    pub trace_hash: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The calls with which something else would have come of them, newest first.
    pub results: Vec<Compared>,
}

/// A call, as it was and as it would have been.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Compared {
    /// The call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// When it began.
    pub at: Timestamp,
    /// How the two compare.
    pub status: Status,
    /// The block at which they part.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// Why it stopped there, as a sentence; empty where it only goes another way.
    pub why: String,
    /// As it was.
    #[schema(value_type = Object)]
    pub before: Way,
    /// As it would have been.
    #[schema(value_type = Object)]
    pub after: Way,
}

/// How a call compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The same would have come of it.
    Same,
    /// Path, values, queue or outcome are others.
    Moved,
    /// Something would have been asked that was not asked then; nobody can tell what would have come of it.
    Diverged,
    /// Something that would have to be known was not kept.
    Skipped,
}

/// A call that is over.
struct Past {
    call: CallId,
    at: Timestamp,
    journal: Vec<Entry>,
}

impl Flows {
    /// Has a flow take the last calls that are over, at most `calls`. Without a document, the draft.
    pub async fn replay(&self, document: Option<&serde_json::Value>, calls: usize) -> Result<Report, FlowsError> {
        let begun = Instant::now();
        let (flow, model) = self.prepared(document).await?;
        let past = self.past_calls(calls.min(MOST_CALLS)).await?;
        let articles = self.shared.tenant.articles().await?;
        let articles = articles.into_iter().map(told_now).map(|article| (article.id.clone(), article)).collect();
        let (variables, zone) = (self.shared.variables.clone(), self.shared.zone.clone());
        judge::on_a_thread(move || report(&(flow, model), past, &Here { variables, zone, articles }, begun)).await
    }

    async fn past_calls(&self, most: usize) -> Result<Vec<Past>, FlowsError> {
        let tenant = &self.shared.tenant;
        let filter = CallFilter { live: Some(false), ..CallFilter::default() };
        let (mut past, mut before) = (Vec::new(), None);
        while past.len() < most {
            let page = tenant.calls(&filter, before, PAGE.min((most - past.len()) as u64)).await?;
            for call in page.items {
                let journal = tenant.journal(call.id).await?;
                past.push(Past { call: call.id, at: call.started_at, journal });
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        Ok(past)
    }
}

/// What a call knows of the service.
pub struct Here {
    /// Values of the flow's variables.
    pub variables: BTreeMap<String, serde_json::Value>,
    /// Where "tomorrow at four" is meant.
    pub zone: TimeZone,
    /// The articles as callers are told them now, by id.
    pub articles: HashMap<String, KnownArticle>,
}

fn report((flow, model): &Prepared, past: Vec<Past>, here: &Here, begun: Instant) -> Report {
    let mut report = Report::default();
    let mut trace = 0_u64;
    for Past { call, at, journal } in past {
        let Some((compared, of_call)) = replayed((flow, model), (call, at), &journal, here) else { continue };
        report.calls += 1;
        trace = trace.rotate_left(5) ^ of_call;
        match compared.status {
            Status::Same => report.same += 1,
            Status::Moved => report.moved += 1,
            Status::Diverged => report.diverged += 1,
            Status::Skipped => report.skipped += 1,
        }
        if compared.status != Status::Same && report.results.len() < MOST_TOLD {
            report.results.push(compared);
        }
    }
    report.trace_hash = format!("{trace:016x}");
    report.seconds = begun.elapsed().as_secs_f64();
    report
}

/// Has a flow take one call, and tells how that compares, with a number that tells two replays apart. `None` of a call that never came
/// to a flow, which says nothing about one.
pub fn replayed(
    (flow, model): (&Arc<Flow>, &Arc<Model>),
    (call, at): (CallId, Timestamp),
    journal: &[Entry],
    here: &Here,
) -> Option<(Compared, u64)> {
    let before = way(journal)?;
    let script = match script(call, journal, here) {
        Ok(script) => script,
        Err(why) => {
            let status = Status::Skipped;
            let (why, after) = (why.to_owned(), Way::default());
            return Some((Compared { call, at, status, place: None, why, before, after }, 0));
        }
    };
    let Replayed { way: after, diverged, trace } = replay(flow, model, &script);
    let (status, place, why) = match diverged {
        Some(diverged) if diverged.for_want => (Status::Skipped, Some(diverged.block), diverged.why),
        Some(diverged) => (Status::Diverged, Some(diverged.block), diverged.why),
        None => match before.parts_from(&after) {
            None => (Status::Same, None, String::new()),
            Some(place) => (Status::Moved, Some(place), String::new()),
        },
    };
    Some((Compared { call, at, status, place, why, before, after }, trace))
}

/// What came of a call; `None` of one that never came to a flow.
fn way(journal: &[Entry]) -> Option<Way> {
    let mut way = Way::default();
    for entry in journal {
        match &entry.event {
            Event::Entered { block, .. } => way.path.push(block.clone()),
            Event::Slot { name, value, .. } => {
                way.slots.insert(name.clone(), value.reveal().to_owned());
            }
            Event::Queued { queue, .. } => way.queue.push(queue.clone()),
            Event::Connecting { to, .. } => way.queue.push(to.reveal().to_owned()),
            Event::Ended { outcome, .. } => {
                way.outcome = Some(match outcome {
                    crate::event::Outcome::Resolved => Outcome::Resolved,
                    crate::event::Outcome::Agent => Outcome::Agent,
                    crate::event::Outcome::Callback => Outcome::Callback,
                    crate::event::Outcome::Voicemail => Outcome::Voicemail,
                    crate::event::Outcome::Abandoned => Outcome::Abandoned,
                    crate::event::Outcome::Failed => Outcome::Failed,
                });
            }
            _ => {}
        }
    }
    (!way.path.is_empty()).then_some(way)
}

/// What of a call does not depend on the flow; an error says why it cannot be told.
fn script(call: CallId, journal: &[Entry], here: &Here) -> Result<Script, &'static str> {
    let first = journal.first().ok_or("nothing of the call was kept")?;
    let Event::Offered { from, to, .. } = &first.event else { return Err("the beginning of the call was not kept") };
    let now = jiff::Timestamp::from_millisecond(first.at).unwrap_or_default().to_zoned(here.zone.clone());
    let mut script = Script {
        context: Context {
            call_id: call.to_string(),
            caller: from.reveal().to_owned(),
            called: to.clone(),
            variables: here.variables.clone(),
            now,
            // Whether it can be told then was seen then.
            detects: true,
            ..Context::default()
        },
        ..Script::default()
    };
    let mut block = String::new();
    let mut begun = false;
    for (place, entry) in journal.iter().enumerate() {
        let later = &journal[place + 1..];
        let at = since(first.at, entry.at);
        let began = match &entry.event {
            Event::Heard { from_ms, to_ms, .. } => {
                at.saturating_sub(u64::from(to_ms.saturating_sub(*from_ms)) + UNDERSTOOD_WITHIN_MS)
            }
            _ => at,
        };
        let did = |what: Deed| Did { at, began, block: block.clone(), what };
        match &entry.event {
            Event::Entered { block: entered, .. } => {
                begun = true;
                block.clone_from(entered);
            }
            Event::Bridged { .. } if !begun => return Err("the caller was put through before the flow"),
            Event::Transferred { to, .. } if to.reveal() == "flow" => {
                return Err("an agent sent the caller to the flow again");
            }
            Event::Language { block: None, language, by, .. } => {
                let language = language.reveal().parse().ok();
                match by {
                    LanguageBy::Caller => script.context.remembered = language,
                    _ => script.context.language = language,
                }
            }
            Event::Heard { speaker: Speaker::Caller, text, confidence, alternatives, .. } if begun => {
                let secret = text.reveal() == MASKED;
                let language = told_language(later);
                script.caller.push(did(match secret {
                    true => Deed::TellsASecret,
                    false => Deed::Says(Heard {
                        text: text.reveal().to_owned(),
                        confidence: *confidence,
                        alternatives: alternatives.iter().map(|other| other.reveal().to_owned()).collect(),
                        language: language.unwrap_or_default(),
                        detected: language.is_some(),
                        meaning: None,
                    }),
                }));
            }
            Event::NotHeard { reason, .. } if begun && reason != "back_channel" && is_missed(later, &block) => {
                script.caller.push(did(Deed::Sounds));
            }
            Event::Key { digit } if begun => script.caller.push(did(match digit.reveal().chars().next() {
                Some(MASKED_KEY) | None => Deed::TellsASecret,
                Some(key) => Deed::Presses(key),
            })),
            // Whoever was asked did not answer in time.
            Event::Problem { what, message }
                if what == "flow" && UNANSWERED.iter().any(|end| message.ends_with(end)) =>
            {
                script.caller.push(did(Deed::IsSilent));
            }
            Event::NoInput { .. } => script.caller.push(did(Deed::IsSilent)),
            Event::Bridged { .. } => script.caller.push(did(Deed::Waits(QueueResult::Bridged))),
            Event::Unbridged { by: Party::Agent, .. } if !goes_on_with_people(later) => {
                script.caller.push(did(Deed::Waits(QueueResult::AgentEnded)));
            }
            Event::Unqueued { reason, .. } => match reason.as_str() {
                "no_agents" | "full" | "closed" => script.caller.push(did(Deed::Waits(QueueResult::NoAgents))),
                "timeout" => script.caller.push(did(Deed::Waits(QueueResult::Timeout))),
                "voicemail" => script.caller.push(did(Deed::Waits(QueueResult::Voicemail))),
                _ => {}
            },
            Event::TransferFailed { from, reason, .. } if from == "flow" => match reason.split(':').next() {
                Some("hung_up") => {}
                Some("busy" | "declined") => script.caller.push(did(Deed::Waits(QueueResult::Busy))),
                Some("no_answer") => script.caller.push(did(Deed::Waits(QueueResult::Timeout))),
                _ => script.caller.push(did(Deed::Waits(QueueResult::Failed))),
            },
            Event::Fetched { block, status, error, request, reply, .. } => {
                let answer = match (status, error, reply) {
                    (Some(status), _, Some(body)) => {
                        serde_json::from_str(body.reveal()).ok().map(|body| Ok(HttpReply { status: *status, body }))
                    }
                    (None, Some(error), _) => Some(Err(match error.as_str() {
                        "timeout" => HttpFailure::Timeout,
                        "refused" => HttpFailure::Refused,
                        other => HttpFailure::BadReply(other.to_owned()),
                    })),
                    _ => None,
                };
                match (request, answer) {
                    (Some(request), Some(answer)) => script.replies.push((request.reveal().to_owned(), answer)),
                    (Some(request), None) => script.not_kept.push(request.reveal().to_owned()),
                    (None, _) => script.not_kept.push(block.clone()),
                }
            }
            Event::Consulted { question, answer, articles, .. } => {
                script.knowledge.push((question.reveal().to_owned(), known(*answer, articles, &here.articles)?));
            }
            Event::LookedUp { about, known, .. } => {
                let Ok(what) = serde_json::from_str::<Inquiry>(about.reveal()) else { continue };
                let answer = known.as_ref().and_then(|known| serde_json::from_str(known.reveal()).ok());
                script.told.push((what, answer.ok_or_else(|| "it could not be told".to_owned())));
            }
            // What the flow still does unheard stands before the hang-up.
            Event::Left { edge, .. } if edge == "hangup" => script.caller.push(did(Deed::HangsUp)),
            // Whoever ended the call: the flow goes on unheard.
            Event::HungUp { by, cause }
                if (*by == Party::Caller || cause != "normal")
                    && !script.caller.iter().any(|did| did.what == Deed::HangsUp) =>
            {
                script.caller.push(did(Deed::HangsUp));
            }
            _ => {}
        }
    }
    Ok(script)
}

fn since(begun: Timestamp, at: Timestamp) -> u64 {
    u64::try_from(at - begun).unwrap_or(0)
}

/// Entries that follow from one thing that the caller did: up to the next.
fn consequences(later: &[Entry]) -> impl Iterator<Item = &Event> {
    later.iter().map(|entry| &entry.event).take_while(|event| {
        !matches!(event, Event::Heard { .. } | Event::NotHeard { .. } | Event::Key { .. } | Event::NoInput { .. })
    })
}

/// The language that was told from the sound of what was said.
fn told_language(later: &[Entry]) -> Option<Language> {
    consequences(later).find_map(|event| match event {
        Event::Language { language, by: LanguageBy::Detected, .. } => language.reveal().parse().ok(),
        _ => None,
    })
}

/// Whether a sound was asked about: others were only noise over a prompt.
fn is_missed(later: &[Entry], in_block: &str) -> bool {
    consequences(later).any(|event| matches!(event, Event::NoMatch { block, .. } if block == in_block))
}

/// Whether the caller was handed on to other people, or waits for them again.
fn goes_on_with_people(later: &[Entry]) -> bool {
    later
        .iter()
        .map(|entry| &entry.event)
        .find_map(|event| match event {
            Event::Bridged { .. } | Event::Queued { .. } | Event::Parked { .. } | Event::Transferred { .. } => {
                Some(true)
            }
            Event::Entered { .. } | Event::Left { .. } | Event::HungUp { .. } => Some(false),
            _ => None,
        })
        .unwrap_or(false)
}

/// What the knowledge base answered, in the words that the articles have now.
fn known(
    answer: Consulted,
    articles: &[Cited],
    now: &HashMap<String, KnownArticle>,
) -> Result<Knowledge, &'static str> {
    const GONE: &str = "an article that was told then is not there any more";
    let told = |cited: &Cited| {
        let article = now.get(&cited.article.to_string())?;
        Some(KnownArticle { confidence: cited.confidence, ..article.clone() })
    };
    Ok(match answer {
        Consulted::Known => Knowledge::Known(articles.first().and_then(told).ok_or(GONE)?),
        Consulted::Unsure => {
            let two: Vec<KnownArticle> = articles.iter().filter_map(told).take(2).collect();
            Knowledge::Unsure(<[KnownArticle; 2]>::try_from(two).map_err(|_| GONE)?)
        }
        Consulted::Unknown => Knowledge::Unknown(articles.iter().filter_map(told).collect()),
    })
}
