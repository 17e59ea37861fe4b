//! Whatever a recogniser or a chat widget sends, nothing panics and every number stays in its bounds.

use intent::{Example, IntentDef, Language, Query, TrainingSet, command, normalise::normalise, slot, train};
use proptest::prelude::*;

fn model() -> &'static intent::Model {
    static MODEL: std::sync::OnceLock<intent::Model> = std::sync::OnceLock::new();
    MODEL.get_or_init(|| {
        let def = |name: &str, texts: &[&str]| IntentDef {
            name: name.to_owned(),
            examples: texts.iter().map(|text| Example::new(*text, Language::detect(text))).collect(),
        };
        let set = TrainingSet::new(vec![
            def("order", &["where is my order", "track my parcel", "我的订单到哪了"]),
            def("refund", &["I want my money back", "refund please", "我要退款"]),
        ]);
        train(&set, 1).expect("the set is in order")
    })
}

/// Any text, and text made of the words that the rules look for.
fn text() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "double", "triple", "five", "forty", "hundred", "thousand", "and", "oh", "no", "sorry", "yes", "not", "agent",
        "stop", "repeat", "三", "十", "百", "万", "零", "个", "不", "是", "人工", "请", "4,5", "00", "my", "order",
        "🙂", "é",
    ]);
    prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        prop::collection::vec(words, 0..30).prop_map(|words| words.join(" ")),
        "[三十百千万零一二个 0-9]{0,30}"
    ]
}

proptest! {
    #[test]
    fn any_text_is_survived(text in text(), heard in prop::option::of(any::<f32>())) {
        for language in [Language::English, Language::Chinese] {
            let meaning = model().parse(&Query { text: &text, language: Some(language), recognition_confidence: heard, allowed: None });
            prop_assert!((0.0..=1.0).contains(&meaning.in_scope));
            prop_assert!(meaning.ranking.iter().all(|scored| (0.0..=1.0).contains(&scored.confidence)));
            prop_assert!(slot::digits(&text, language).chars().all(|c| c.is_ascii_digit()));
            slot::yes_no(&text, language);
            command::detect(&text, language);
        }
        slot::match_phrase(&text, &[("a".into(), vec![text.clone()]), ("b".into(), vec!["order".into(), String::new()])]);
    }

    #[test]
    fn normal_text_has_single_spaces_only(text in "[a-z ]{0,40}") {
        let once = normalise(&text, Language::English);
        prop_assert!(!once.contains("  ") && once.trim() == once);
    }
}
