//! Another service's engine, asked before our own, so that one engine can serve many: `POST /api/v1/intents/parse` of the same API.
//! It is asked within a time that a caller does not notice, left alone for a while when it fails, and our own engine answers
//! whenever it does not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use intent::{Decision, Explain, Language, Meaning, Neighbour, Scored};
use serde::Deserialize;
use serde_json::json;

use crate::event::Personal;
use crate::lookup::{Lookup, Request};
use crate::metric;

/// So many failures in a row, and it is left alone …
const FAILURES: u32 = 3;
/// … for so long, twice as long after each try that fails …
const PAUSE: Duration = Duration::from_secs(2);
/// … and never longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// So many readings of what was said are sent, as many as the API takes.
const READINGS: usize = 10;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was heard, and how surely, best first.
    pub readings: &'a [(String, f32)],
    /// In which language.
    pub language: Language,
    /// The intents that make sense now.
    pub allowed: &'a [String],
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// It is left alone after failures.
    #[error("it failed several times and is left alone for a while")]
    Resting,
    /// It did not answer in time, or cannot be reached.
    #[error("{0}")]
    Unreachable(String),
    /// It takes no questions of ours.
    #[error("it answered {0}: is understand.remote_token a token of that service, with the scope `understand`?")]
    Refused(u16),
    /// What it said is no answer.
    #[error("its answer cannot be read: {0}")]
    BadAnswer(String),
    /// It knows none of the intents that were asked for.
    #[error("it knows none of the intents of this flow; import them there, or set understand.remote to nothing")]
    UnknownIntents,
}

impl RemoteError {
    /// A label for metrics.
    fn label(&self) -> &'static str {
        match self {
            Self::Resting => "resting",
            Self::Unreachable(_) => "unreachable",
            Self::Refused(_) => "refused",
            Self::BadAnswer(_) => "bad_answer",
            Self::UnknownIntents => "unknown_intents",
        }
    }
}

/// The engine of another service. Cheap to clone; all clones leave it alone together.
#[derive(Clone)]
pub struct Remote {
    lookup: Lookup,
    url: String,
    token: Option<Personal>,
    timeout: Duration,
    breaker: Arc<Mutex<Breaker>>,
}

impl Remote {
    /// The engine at `base`, e.g. `https://engine.example.com`, which is given `token` and has `timeout` for each answer.
    pub fn new(lookup: Lookup, base: &str, token: Option<Personal>, timeout: Duration) -> Self {
        let url = format!("{}/api/v1/intents/parse", base.trim_end_matches('/'));
        Self { lookup, url, token, timeout, breaker: Arc::default() }
    }

    /// What was meant, or why our own engine has to say. The log has it when the engine is left alone, and when it is back.
    pub async fn ask(&self, question: Question<'_>) -> Result<Meaning, RemoteError> {
        if !self.breaker().may_ask(Instant::now()) {
            metric::remote_meaning(RemoteError::Resting.label());
            return Err(RemoteError::Resting);
        }
        let answer = self.exchange(question).await;
        let (now, mut breaker) = (Instant::now(), self.breaker());
        match &answer {
            Ok(_) => {
                metric::remote_meaning("answered");
                if breaker.succeeded() {
                    tracing::info!("the remote intent engine answers again");
                }
            }
            Err(error) => {
                metric::remote_meaning(error.label());
                if let Some(pause) = breaker.failed(now) {
                    tracing::warn!(%error, seconds = pause.as_secs(), "the remote intent engine is left alone: the own one answers");
                }
            }
        }
        answer
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, question: Question<'_>) -> Result<Meaning, RemoteError> {
        let readings: Vec<_> = question.readings.iter().take(READINGS).collect();
        let readings: Vec<_> =
            readings.iter().map(|(text, confidence)| json!({"text": text, "confidence": confidence})).collect();
        let body = json!({"readings": readings, "lang": question.language.code(), "allowed": question.allowed});
        let bearer = self.token.iter().map(|token| ("authorization".to_owned(), format!("Bearer {}", token.reveal())));
        let request = Request {
            method: "POST".to_owned(),
            url: self.url.clone(),
            headers: bearer.collect::<BTreeMap<_, _>>(),
            body: Some(body),
            timeout: self.timeout,
        };
        let reply = self.lookup.ask(request).await.map_err(|failure| RemoteError::Unreachable(in_words(&failure)))?;
        if reply.status != 200 {
            return Err(RemoteError::Refused(reply.status));
        }
        let answer: Answer =
            serde_json::from_value(reply.body).map_err(|error| RemoteError::BadAnswer(error.to_string()))?;
        answer.meaning()
    }
}

fn in_words(failure: &flow::HttpFailure) -> String {
    match failure {
        flow::HttpFailure::Timeout => "it did not answer in time".to_owned(),
        flow::HttpFailure::Refused => "it cannot be reached".to_owned(),
        flow::HttpFailure::BadReply(reason) => reason.clone(),
    }
}

/// The parts of the API's answer that a call needs; it may have more.
#[derive(Deserialize)]
struct Answer {
    decision: Decided,
    #[serde(default)]
    intent: Option<String>,
    #[serde(default)]
    between: Vec<String>,
    ranking: Vec<Scored>,
    in_scope: f32,
    threshold: f32,
    #[serde(default)]
    nearest: Vec<Neighbour>,
    #[serde(default)]
    ngrams: Vec<String>,
    model: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decided {
    Accept,
    Disambiguate,
    Reject,
}

impl Answer {
    fn meaning(self) -> Result<Meaning, RemoteError> {
        // Without a single intent to rank it has rejected everything, and would go on doing so.
        if self.ranking.is_empty() {
            return Err(RemoteError::UnknownIntents);
        }
        let bad = |what: &str| RemoteError::BadAnswer(what.to_owned());
        let decision = match self.decision {
            Decided::Accept => Decision::Accept { intent: self.intent.ok_or_else(|| bad("it accepts no intent"))? },
            Decided::Disambiguate => {
                let between = self.between.try_into().map_err(|_| bad("it asks about other than two intents"))?;
                Decision::Disambiguate { between }
            }
            Decided::Reject => Decision::Reject,
        };
        let explain = Explain { nearest: self.nearest, ngrams: self.ngrams, ..Explain::default() };
        Ok(Meaning {
            decision,
            ranking: self.ranking,
            in_scope: self.in_scope,
            threshold: self.threshold,
            explain,
            model_version: self.model,
        })
    }
}

/// A circuit breaker (M. Nygard, *Release It!*): after some failures in a row nothing is asked for a while; then one question is let
/// through, and its answer decides.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    /// When the next may be asked, while it is open, and for how long it was opened.
    open: Option<(Instant, Duration)>,
}

impl Breaker {
    fn may_ask(&mut self, now: Instant) -> bool {
        match self.open {
            Some((until, _)) if now < until => false,
            Some((_, pause)) => {
                // This one is the try; the others wait for what comes of it.
                self.open = Some((now + pause, pause));
                true
            }
            None => true,
        }
    }

    /// Returns whether it was open.
    fn succeeded(&mut self) -> bool {
        let was_open = self.open.is_some();
        *self = Self::default();
        was_open
    }

    /// Returns for how long it is open now, if that is news.
    fn failed(&mut self, now: Instant) -> Option<Duration> {
        self.failures += 1;
        let pause = match self.open {
            Some((_, pause)) => (pause * 2).min(LONGEST_PAUSE),
            None if self.failures >= FAILURES => PAUSE,
            None => return None,
        };
        let news = self.open.is_none();
        self.open = Some((now + pause, pause));
        news.then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_opens_after_failures_and_closes_with_the_first_answer() {
        let start = Instant::now();
        let mut breaker = Breaker::default();
        assert!(breaker.may_ask(start) && breaker.failed(start).is_none());
        assert!(!breaker.succeeded());
        for _ in 1..FAILURES {
            assert!(breaker.may_ask(start) && breaker.failed(start).is_none());
        }
        assert_eq!(breaker.failed(start), Some(PAUSE));
        assert!(!breaker.may_ask(start + PAUSE / 2));
        let later = start + PAUSE;
        assert!(breaker.may_ask(later));
        assert!(!breaker.may_ask(later), "one try at a time");
        assert_eq!(breaker.failed(later), None, "it was said already");
        assert!(!breaker.may_ask(later + PAUSE + PAUSE / 2), "twice as long now");
        assert!(breaker.may_ask(later + 2 * PAUSE));
        assert!(breaker.succeeded());
        assert!(breaker.may_ask(later));
    }

    #[test]
    fn the_pause_has_an_end() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        for _ in 0..40 {
            breaker.failed(now);
            now += LONGEST_PAUSE;
            assert!(breaker.may_ask(now));
        }
    }

    #[test]
    fn answers_that_make_no_sense_are_told_from_those_that_do() {
        let answer =
            |json: serde_json::Value| serde_json::from_value::<Answer>(json).expect("it has the fields").meaning();
        let ranking = json!([{"intent": "refund", "confidence": 0.9}]);
        let base = |decision: &str| json!({"decision": decision, "ranking": ranking, "in_scope": 0.9, "threshold": 0.5, "model": "m"});
        let mut accepted = base("accept");
        assert!(matches!(answer(accepted.clone()), Err(RemoteError::BadAnswer(_))));
        accepted["intent"] = json!("refund");
        assert_eq!(answer(accepted).expect("an answer").accepted(), Some("refund"));
        let mut between = base("disambiguate");
        between["between"] = json!(["refund"]);
        assert!(matches!(answer(between), Err(RemoteError::BadAnswer(_))));
        let mut unknown = base("reject");
        unknown["ranking"] = json!([]);
        assert_eq!(answer(unknown), Err(RemoteError::UnknownIntents));
        assert_eq!(answer(base("reject")).expect("an answer").decision, Decision::Reject);
    }
}
