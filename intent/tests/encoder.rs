//! What a sentence encoder adds, and what happens when it fails. The encoder here knows a few synonyms and nothing else, so that every
//! effect is its doing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use intent::{
    Decision, Deep, EncodeError, Encoder, Example, IntentDef, Language, Model, Query, TrainError, TrainingSet, Tuned,
    restore, train, train_deep, train_with,
};

const SYNONYMS: &[&[&str]] = &[
    &["refund", "money", "reimbursement", "compensation"],
    &["order", "parcel", "consignment", "delivery"],
    &["open", "hours", "close", "shut"],
];
const WIDTH: usize = 16;

#[derive(Debug, Default)]
struct Synonyms {
    fails: AtomicBool,
    tuned: bool,
}

impl Encoder for Synonyms {
    fn id(&self) -> &str {
        if self.tuned { "synonyms/tuned" } else { "synonyms" }
    }

    fn reads(&self, language: Language) -> bool {
        language == Language::English
    }

    fn encode(&self, text: &str) -> Result<Vec<f32>, EncodeError> {
        if self.fails.load(Relaxed) {
            return Err(EncodeError::Failed("out of order".to_owned()));
        }
        let mut vector = vec![0.02f32; WIDTH];
        for word in text.split(' ') {
            match SYNONYMS.iter().position(|meaning| meaning.contains(&word)) {
                Some(meaning) => vector[meaning] += 1.0,
                None => vector[SYNONYMS.len() + word.len() % (WIDTH - SYNONYMS.len())] += 0.15,
            }
        }
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        Ok(vector.into_iter().map(|v| v / length).collect())
    }

    fn encode_all(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EncodeError> {
        texts.iter().map(|text| self.encode(text)).collect()
    }

    fn tune(
        &self,
        items: &[(&str, usize)],
        _seed: u64,
        going_on: &(dyn Fn(f32) -> bool + Sync),
    ) -> Result<Arc<dyn Encoder>, EncodeError> {
        assert!(items.iter().all(|(text, _)| text.is_ascii()), "it gets what it reads");
        if !going_on(0.5) {
            return Err(EncodeError::Cancelled);
        }
        Ok(Arc::new(Synonyms { tuned: true, ..Synonyms::default() }))
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        self.tuned.then(|| vec![7])
    }

    fn restored(&self, bytes: &[u8]) -> Result<Arc<dyn Encoder>, EncodeError> {
        if bytes != [7] {
            return Err(EncodeError::Failed("no such bytes".to_owned()));
        }
        Ok(Arc::new(Synonyms { tuned: true, ..Synonyms::default() }))
    }
}

fn set() -> TrainingSet {
    let def = |name: &str, texts: &[&str]| IntentDef {
        name: name.to_owned(),
        examples: texts.iter().map(|text| Example::new(*text, Language::detect(text))).collect(),
    };
    TrainingSet::new(vec![
        def(
            "refund",
            &["I want a refund", "give me my money back", "refund my money please", "我要退款", "把钱退给我"],
        ),
        def(
            "order_status",
            &["where is my order", "track my parcel", "has my order left", "我的订单到哪了", "查一下订单"],
        ),
        def(
            "opening_hours",
            &["when are you open", "what are your hours", "when do you close", "你们几点开门", "营业时间"],
        ),
    ])
}

fn with(encoder: &Arc<Synonyms>) -> Model {
    let encoder: Arc<dyn Encoder> = encoder.clone();
    train_with(&set(), 1, Some(&encoder)).expect("the set is in order")
}

#[test]
fn a_word_that_no_example_has_is_understood_by_its_meaning() {
    let (plain, better) = (train(&set(), 1).expect("in order"), with(&Arc::default()));
    for (text, intent) in
        [("reimbursement", "refund"), ("my consignment", "order_status"), ("is it shut", "opening_hours")]
    {
        let meaning = better.parse(&Query::new(text));
        assert_eq!(meaning.best().map(|best| best.intent.as_str()), Some(intent), "{text}: {:?}", meaning.ranking);
        assert!(meaning.in_scope > plain.parse(&Query::new(text)).in_scope, "{text}");
        assert_eq!(meaning.explain.by_meaning[0].intent, intent, "{text}");
    }
}

#[test]
fn a_failing_encoder_leaves_the_words_and_says_so() {
    let encoder = Arc::new(Synonyms::default());
    let (plain, model) = (train(&set(), 1).expect("in order"), with(&encoder));
    encoder.fails.store(true, Relaxed);
    for text in ["where is my order", "I want a refund", "tell me a joke"] {
        let (meaning, without) = (model.parse(&Query::new(text)), plain.parse(&Query::new(text)));
        assert_eq!(meaning.decision, without.decision, "{text}");
        assert_eq!(meaning.ranking, without.ranking, "{text}");
        assert_eq!(meaning.explain.encoder_failure.as_deref(), Some("out of order"));
    }
    let trained_without = with(&encoder);
    assert!(trained_without.encoder().is_none());
    assert_eq!(trained_without.encoder_failure(), Some(&EncodeError::Failed("out of order".to_owned())));
    assert_eq!(trained_without.parse(&Query::new("track my order")).accepted(), Some("order_status"));
}

#[test]
fn what_the_encoder_does_not_read_is_understood_as_without_it() {
    let (plain, model) = (train(&set(), 1).expect("in order"), with(&Arc::default()));
    for text in ["我要退款", "查一下我的订单", "几点开门", "讲个笑话", "退钱"] {
        let (meaning, without) = (model.parse(&Query::new(text)), plain.parse(&Query::new(text)));
        assert_eq!(
            (&meaning.decision, &meaning.ranking, meaning.in_scope),
            (&without.decision, &without.ranking, without.in_scope),
            "{text}"
        );
        assert_eq!(meaning.explain.encoder_failure, None);
    }
}

#[test]
fn a_beginning_or_a_letter_is_nothing_with_an_encoder_too() {
    let model = with(&Arc::default());
    for text in ["I would like to", "I want to", "can you", "我想", "x", "", "🙂"] {
        assert_eq!(model.parse(&Query::new(text)).decision, Decision::Reject, "{text:?}");
    }
}

#[test]
fn badly_heard_words_are_judged_less_by_the_vector() {
    let model = with(&Arc::default());
    let heard = |confidence| {
        let query = Query { text: "reimbursement", recognition_confidence: Some(confidence), ..Query::default() };
        model.parse(&query).best().map_or(0.0, |best| best.confidence)
    };
    assert!(heard(0.1) < heard(0.4));
    assert!(heard(0.4) < heard(0.9));
}

/// Large enough to be tuned to.
fn large() -> TrainingSet {
    let mut set = set();
    for thing in ["bell", "lock", "light", "saddle", "chain", "pedal", "wheel", "frame"] {
        let examples =
            (1..15).map(|n| Example::new(format!("tell me about the {thing} number {n}"), Language::English));
        set.intents.push(IntentDef { name: thing.to_owned(), examples: examples.collect() });
    }
    set
}

#[test]
fn a_set_too_small_to_be_tuned_to_is_trained_as_it_is() {
    let encoder: Arc<dyn Encoder> = Arc::new(Synonyms::default());
    let Deep { model, trial } = train_deep(&set(), 1, &encoder, &|_| true).expect("the set is in order");
    assert_eq!(trial, None);
    assert_eq!(model.encoder().map(|encoder| encoder.id().to_owned()).as_deref(), Some("synonyms"));
    assert!(model.tuned().is_none());
}

#[test]
fn a_deep_publish_can_be_cancelled_and_survives_a_restart() {
    let encoder: Arc<dyn Encoder> = Arc::new(Synonyms::default());
    let cancelled = train_deep(&large(), 1, &encoder, &|_| false);
    assert!(matches!(cancelled, Err(TrainError::Encoder(EncodeError::Cancelled))), "{cancelled:?}");
    let Deep { model, trial } = train_deep(&large(), 1, &encoder, &|_| true).expect("the set is in order");
    let trial = trial.expect("it was tuned");
    assert!(trial.n >= 20 && trial.right <= trial.n && trial.right_untuned <= trial.n, "{trial:?}");
    assert_eq!(model.encoder().map(|encoder| encoder.id().to_owned()).as_deref(), Some("synonyms/tuned"));
    assert_ne!(model.version(), train(&large(), 1).expect("in order").version());
    let bytes = model.tuned().expect("it was tuned").to_bytes();
    let kept = Tuned::from_bytes(&bytes).expect("what was written is read");
    let again = restore(&large(), 1, &encoder, &kept).expect("what was kept fits");
    for text in ["where is my consignment", "reimbursement", "tell me a joke", "我要退款"] {
        assert_eq!(again.parse(&Query::new(text)), model.parse(&Query::new(text)), "{text}");
    }
    let damaged = Tuned::from_bytes(&bytes[..bytes.len() - 1]).expect("the calibration is whole");
    assert!(restore(&large(), 1, &encoder, &damaged).is_err());
    for cut in [0, 3, 4, 20] {
        assert!(Tuned::from_bytes(&bytes[..cut]).is_none(), "{cut} bytes");
    }
    assert!(train(&set(), 1).expect("in order").tuned().is_none());
}
