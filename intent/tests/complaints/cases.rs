//! What users of other engines complain of, each a test. The sets are as small as a shop's own. How a model is trained stands in
//! the `engine` module of whoever includes this: by words alone, or with a sentence encoder.

use intent::{Decision, Example, IntentDef, Language, Meaning, Model, Query, TrainError, TrainingSet};

use crate::engine::train;

const SHOP: &[(&str, &[&str])] = &[
    (
        "order_status",
        &[
            "where is my order",
            "I want to know where my order is",
            "has my bike been shipped yet",
            "track my order",
            "when will my bicycle arrive",
            "what's the status of my delivery",
            "my parcel has not come",
        ],
    ),
    (
        "refund",
        &[
            "I want a refund",
            "I'd like my money back",
            "can I return my bike and get a refund",
            "how do I get my money back",
            "the bike is broken and I want to be refunded",
            "return an order",
        ],
    ),
    (
        "opening_hours",
        &[
            "when are you open",
            "what are your opening hours",
            "are you open on Sunday",
            "what time do you close",
            "when does the shop open",
            "until when is the shop open today",
        ],
    ),
    (
        "book_repair",
        &[
            "I need a repair",
            "book a repair",
            "my brakes are broken",
            "I have a flat tyre",
            "can you fix my bike",
            "I want to bring my bicycle in for a service",
        ],
    ),
];

const SHOP_ZH: &[(&str, &[&str])] = &[
    (
        "order_status",
        &["我的订单到哪了", "查一下订单", "我的自行车什么时候到", "查物流", "快递到哪里了", "订单发货了吗"],
    ),
    ("refund", &["我要退款", "我想退货", "怎么退钱", "把钱退给我", "车坏了我要退款", "申请退款"]),
    ("opening_hours", &["你们几点开门", "营业时间是什么", "周日开门吗", "几点关门", "今天营业到几点"]),
];

fn set(intents: &[(&str, &[&str])]) -> TrainingSet {
    let def = |(name, texts): &(&str, &[&str])| IntentDef {
        name: (*name).to_owned(),
        examples: texts.iter().map(|text| Example::new(*text, Language::detect(text))).collect(),
    };
    TrainingSet::new(intents.iter().map(def).collect())
}

fn shop() -> Model {
    train(&set(SHOP), 1).expect("the shop's examples are in order")
}

fn parse(model: &Model, text: &str) -> Meaning {
    model.parse(&Query::new(text))
}

fn confidence(meaning: &Meaning) -> f32 {
    meaning.best().map_or(0.0, |best| best.confidence)
}

#[test]
fn off_topic_text_gets_no_high_confidence() {
    let model = shop();
    for text in [
        "what is the weather like tomorrow",
        "tell me a joke",
        "I would like to order a large pizza with mushrooms",
        "who won the election",
        "my cat is ill",
        "can you sing me a song",
        "do you sell insurance",
        "the quick brown fox jumps over the lazy dog",
    ] {
        let meaning = parse(&model, text);
        assert!(confidence(&meaning) < 0.6, "{text}: {:?}", meaning.ranking);
    }
    for text in
        ["what is the weather like tomorrow", "tell me a joke", "who won the election", "can you sing me a song"]
    {
        assert_eq!(parse(&model, text).decision, Decision::Reject, "{text}");
    }
}

#[test]
fn a_literal_training_phrase_scores_high() {
    for intents in [SHOP, SHOP_ZH] {
        let model = train(&set(intents), 1).expect("the examples are in order");
        for (name, texts) in intents {
            for text in *texts {
                let meaning = parse(&model, text);
                assert_eq!(meaning.accepted(), Some(*name), "{text}");
                assert!(confidence(&meaning) > 0.9, "{text}: {:?}", meaning.ranking);
            }
        }
    }
}

#[test]
fn politeness_does_not_collapse_confidence() {
    let model = shop();
    for (plain, polite) in [
        ("where is my order", "could you please tell me where my order is, thanks"),
        ("I want a refund", "hello, um, I would like a refund please, thank you very much"),
        ("when are you open", "hi there, I was wondering if you could tell me when you are open please"),
        ("book a repair", "good morning, I'd like to, uh, book a repair if possible"),
    ] {
        let (plain, meaning) = (parse(&model, plain), parse(&model, polite));
        assert_eq!(meaning.accepted(), plain.accepted(), "{polite}: {:?}", meaning.ranking);
        assert!(confidence(&meaning) > 0.7, "{polite}: {:?}", meaning.ranking);
    }
    let model = train(&set(SHOP_ZH), 1).expect("the examples are in order");
    let meaning = parse(&model, "你好，麻烦您，嗯，查一下订单，谢谢");
    assert_eq!(meaning.accepted(), Some("order_status"), "{:?}", meaning.ranking);
    assert!(confidence(&meaning) > 0.7, "{:?}", meaning.ranking);
}

#[test]
fn one_letter_is_not_an_intent() {
    let model = shop();
    for text in ["a", "i", "x", "?", "1", "z z", "..."] {
        let meaning = parse(&model, text);
        assert_eq!(meaning.decision, Decision::Reject, "{text:?}");
        assert!(confidence(&meaning) < 0.4, "{text:?}: {:?}", meaning.ranking);
    }
}

#[test]
fn a_beginning_without_an_end_is_not_an_intent() {
    for intents in [SHOP, SHOP_ZH] {
        let model = train(&set(intents), 1).expect("the examples are in order");
        for text in [
            "I would like to",
            "I want to",
            "can you",
            "um, could you please",
            "I'm calling about my",
            "我想",
            "请帮我",
            "我想问一下",
        ] {
            let meaning = parse(&model, text);
            assert_eq!(meaning.decision, Decision::Reject, "{text:?}");
            assert!(confidence(&meaning) < 0.4, "{text:?}: {:?}", meaning.ranking);
        }
    }
}

#[test]
fn odd_input_is_survived_without_confidence() {
    let model = shop();
    let long = "lorem ipsum dolor ".repeat(600);
    let mash = "q".repeat(10_000);
    let mixed = "my order bike refund open repair ".repeat(400);
    for text in
        ["", "   ", "🙂🙂🙂", "\u{0}\u{1}", "👩‍👩‍👧‍👦 🚲", "ﷺﷺﷺ", "e\u{301}\u{301}\u{301}", "नमस्ते", &long, &mash, &mixed]
    {
        let meaning = parse(&model, text);
        assert!(confidence(&meaning) < 0.7, "{:?}: {:?}", text.chars().take(20).collect::<String>(), meaning.ranking);
        assert!(meaning.ranking.iter().all(|scored| (0.0..=1.0).contains(&scored.confidence)));
    }
}

#[test]
fn a_new_intent_does_not_break_old_ones() {
    let before = shop();
    let mut bigger = set(SHOP);
    bigger.intents.push(IntentDef {
        name: "gift_card".to_owned(),
        examples: [
            "I want to buy a gift card",
            "do you sell vouchers",
            "gift card balance",
            "how much is on my voucher",
            "can I pay with a gift card",
        ]
        .map(|text| Example::new(text, Language::English))
        .to_vec(),
    });
    let after = train(&bigger, 1).expect("the examples are in order");
    for text in [
        "has my order been shipped",
        "give me my money back",
        "what are the opening hours on Sunday",
        "my bike needs a repair",
    ] {
        assert!(parse(&before, text).accepted().is_some(), "{text}");
        assert_eq!(parse(&before, text).accepted(), parse(&after, text).accepted(), "{text}");
    }
}

#[test]
fn a_rejection_keeps_the_ranking() {
    let meaning = parse(&shop(), "what is the weather like tomorrow");
    assert_eq!(meaning.decision, Decision::Reject);
    assert_eq!(meaning.ranking.len(), SHOP.len());
    assert!(meaning.ranking.is_sorted_by(|a, b| a.confidence >= b.confidence));
}

#[test]
fn words_never_seen_in_training_are_understood_by_their_neighbours() {
    let model = shop();
    for (text, expected) in [
        ("where's my bike order", "order_status"),
        ("could you track the delivery", "order_status"),
        ("hi I'd like to get refunded", "refund"),
        ("give me my money back", "refund"),
        ("are you open on Saturday", "opening_hours"),
        ("my brake is broken", "book_repair"),
    ] {
        let meaning = parse(&model, text);
        assert_eq!(meaning.accepted(), Some(expected), "{text}: {:?} in scope {}", meaning.ranking, meaning.in_scope);
    }
    let model = train(&set(SHOP_ZH), 1).expect("the examples are in order");
    for (text, expected) in
        [("帮我查一下我的訂單", "order_status"), ("我想要退款", "refund"), ("你们周六几点开门", "opening_hours")]
    {
        assert_eq!(parse(&model, text).accepted(), Some(expected), "{text}");
    }
}

#[test]
fn badly_heard_words_are_trusted_less() {
    let model = shop();
    let heard = |confidence| {
        model.parse(&Query {
            text: "could you track the delivery",
            recognition_confidence: Some(confidence),
            ..Query::default()
        })
    };
    assert!(heard(0.2).in_scope < heard(0.5).in_scope);
    assert!(heard(0.5).in_scope < heard(0.9).in_scope);
    assert!(heard(f32::NAN).in_scope <= heard(0.2).in_scope);
}

#[test]
fn only_allowed_intents_are_ranked() {
    let model = shop();
    let allowed = ["refund".to_owned(), "opening_hours".to_owned()];
    let meaning = model.parse(&Query { text: "where is my order", allowed: Some(&allowed), ..Query::default() });
    assert!(meaning.ranking.iter().all(|scored| allowed.contains(&scored.intent)));
    assert_eq!(meaning.decision, Decision::Reject, "{meaning:?}");
    assert_eq!(
        model.parse(&Query { text: "where is my order", allowed: Some(&[]), ..Query::default() }).decision,
        Decision::Reject
    );
}

#[test]
fn an_out_of_scope_line_of_the_set_is_rejected() {
    let mut set = set(SHOP);
    set.out_of_scope = ["do you have jobs for me", "I want to apply for a job", "are you hiring"]
        .map(|text| Example::new(text, Language::English))
        .to_vec();
    let model = train(&set, 1).expect("the examples are in order");
    assert_eq!(parse(&model, "are you hiring").decision, Decision::Reject);
    assert_eq!(parse(&model, "I want to apply for a job please").decision, Decision::Reject);
}

#[test]
fn one_intent_with_one_example_is_enough_to_start_with() {
    let model = train(&set(&[("refund", &["I want a refund"])]), 1).expect("one example will do");
    assert_eq!(parse(&model, "I want a refund").accepted(), Some("refund"));
    assert_eq!(parse(&model, "tell me a joke").decision, Decision::Reject);
}

#[test]
fn the_same_set_and_seed_give_the_same_model() {
    let (a, b) = (shop(), shop());
    assert_eq!(a.version(), b.version());
    for text in ["where is my order", "tell me a joke", "my bike is broken", "cafe open"] {
        assert_eq!(parse(&a, text), parse(&b, text), "{text}");
    }
    assert_ne!(a.version(), train(&set(SHOP_ZH), 1).expect("the examples are in order").version());
}

#[test]
fn a_set_that_cannot_be_trained_says_why() {
    assert_eq!(train(&set(&[]), 1).unwrap_err(), TrainError::NoIntents);
    assert_eq!(train(&set(&[("refund", &["🙂"])]), 1).unwrap_err(), TrainError::NoExamples("refund".to_owned()));
    assert_eq!(
        train(&set(&[("refund", &["a b"]), ("refund", &["c d"])]), 1).unwrap_err(),
        TrainError::DuplicateIntent("refund".to_owned())
    );
    assert_eq!(train(&set(&[("", &["a b"])]), 1).unwrap_err(), TrainError::NoName(1));
    assert!(matches!(train(&TrainingSet { keep_in_scope: f32::NAN, ..set(SHOP) }, 1), Err(TrainError::KeepInScope(_))));
}

#[test]
fn a_meaning_survives_json() {
    let meaning = parse(&shop(), "where is my order");
    let json = serde_json::to_string(&meaning).expect("plain data");
    assert!(json.contains(r#""decision":"accept","intent":"order_status""#), "{json}");
    assert_eq!(serde_json::from_str::<Meaning>(&json).expect("its own JSON").decision, meaning.decision);
}
