//! The figures of an evaluation. The JSON fields are an interface: they are only ever added to.

use std::collections::BTreeMap;

use models::score::Tally;
use serde::Serialize;

use super::super::Percentiles;

/// Confidences from which on an answer might be taken without asking.
const THRESHOLDS: [f32; 6] = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99];

/// The whole report.
#[derive(Serialize)]
pub struct Report {
    pub engine: String,
    /// Lines passed over: without a text, in a language that was not asked for or that the engine does not know, or of another
    /// kind than the grammar.
    pub skipped: usize,
    #[serde(flatten)]
    pub all: Figures,
    /// By folder, over all conditions.
    pub by: BTreeMap<String, Figures>,
    /// By condition, and in it by folder.
    pub conditions: BTreeMap<String, OfCondition>,
}

/// The figures of one condition.
#[derive(Serialize)]
pub struct OfCondition {
    #[serde(flatten)]
    pub all: Figures,
    pub by: BTreeMap<String, Figures>,
}

/// What came out.
#[derive(Serialize)]
pub struct Figures {
    utterances: usize,
    words: usize,
    wer: Option<f64>,
    cer: Option<f64>,
    sentence_accuracy: Option<f64>,
    digit_error: Option<f64>,
    digit_string_accuracy: Option<f64>,
    /// Share of lines of which all that matters is right: the digits, the letter, the values, or every word.
    accuracy: f64,
    /// Lines in which no speech was found.
    silent: usize,
    /// Share of the values said that are in the text.
    value_recall: Option<f64>,
    /// Values of the list that are in the text of a line that does not have them.
    values_invented: usize,
    /// How many answers a confidence lets through, and how many of those are right.
    acceptance: Vec<Acceptance>,
    /// Distance of the edges of words from where they are marked, in milliseconds; lines with marks whose words are all right.
    word_edges_ms: Option<Percentiles>,
    audio_seconds: f64,
    cpu_seconds: f64,
    latency_ms: Percentiles,
}

#[derive(Serialize)]
struct Acceptance {
    confidence: f32,
    /// Share of all lines.
    accepted: f64,
    /// Share of those accepted.
    right: Option<f64>,
}

/// What is summed up over recordings.
#[derive(Clone, Default)]
pub struct Sums {
    pub tally: Tally,
    /// Confidence, and whether all was right; silence has no confidence.
    pub answers: Vec<(f32, bool)>,
    pub silent: usize,
    /// Values said, and found.
    pub values: (usize, usize),
    pub values_invented: usize,
    pub edges_ms: Vec<f64>,
    pub audio_seconds: f64,
    pub cpu_seconds: f64,
    pub latencies_ms: Vec<f64>,
}

impl Sums {
    pub fn add(&mut self, other: &Sums) {
        self.tally.merge(&other.tally);
        self.answers.extend(&other.answers);
        self.silent += other.silent;
        self.values.0 += other.values.0;
        self.values.1 += other.values.1;
        self.values_invented += other.values_invented;
        self.edges_ms.extend(&other.edges_ms);
        self.audio_seconds += other.audio_seconds;
        self.cpu_seconds += other.cpu_seconds;
        self.latencies_ms.extend(&other.latencies_ms);
    }

    pub fn figures(self) -> Figures {
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        let acceptance = THRESHOLDS.map(|confidence| {
            let accepted: Vec<bool> = self.answers.iter().filter(|(c, _)| *c >= confidence).map(|(_, r)| *r).collect();
            let right = accepted.iter().filter(|right| **right).count();
            Acceptance {
                confidence,
                accepted: share(accepted.len(), self.answers.len()).unwrap_or(0.0),
                right: share(right, accepted.len()),
            }
        });
        let right = self.answers.iter().filter(|(_, right)| *right).count();
        Figures {
            utterances: self.answers.len(),
            words: self.tally.words,
            wer: self.tally.wer(),
            cer: self.tally.cer(),
            sentence_accuracy: self.tally.sentence_accuracy(),
            digit_error: self.tally.digit_error(),
            digit_string_accuracy: self.tally.digit_string_accuracy(),
            accuracy: share(right, self.answers.len()).unwrap_or(0.0),
            silent: self.silent,
            value_recall: share(self.values.1, self.values.0),
            values_invented: self.values_invented,
            acceptance: acceptance.into(),
            word_edges_ms: (!self.edges_ms.is_empty()).then(|| Percentiles::of(&self.edges_ms)),
            audio_seconds: self.audio_seconds,
            cpu_seconds: self.cpu_seconds,
            latency_ms: Percentiles::of(&self.latencies_ms),
        }
    }
}
