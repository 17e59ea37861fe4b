//! The complaints, answered without a sentence encoder.

#[path = "complaints/cases.rs"]
mod cases;

mod engine {
    pub use intent::train;
}

use intent::{Decision, Example, IntentDef, Language, Query, TrainingSet, train};

/// Not among the cases: the encoder finds "about my order" nearer to one of the two, which is no more than its opinion.
#[test]
fn two_intents_that_are_equally_likely_are_asked_about() {
    let def = |name: &str, texts: [&str; 4]| IntentDef {
        name: name.to_owned(),
        examples: texts.iter().map(|text| Example::new(*text, Language::English)).collect(),
    };
    let two = TrainingSet::new(vec![
        def("cancel_order", ["cancel my order", "I want to cancel the order", "please cancel it", "stop the order"]),
        def("change_order", ["change my order", "I want to change the order", "please change it", "modify the order"]),
    ]);
    let model = train(&two, 1).expect("the examples are in order");
    let meaning = model.parse(&Query::new("about my order"));
    assert!(!matches!(meaning.decision, Decision::Accept { .. }), "{meaning:?}");
    assert_eq!(model.parse(&Query::new("cancel the order")).accepted(), Some("cancel_order"));
}
