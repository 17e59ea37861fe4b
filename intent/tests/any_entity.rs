//! Whatever is said: nothing panics, spans lie on characters of the text, and no two values overlap.

use intent::{
    Language,
    entity::{Context, Item, Kind, Region, SlotSpec, Value, correct, extract},
};
use proptest::prelude::*;

fn slots() -> Vec<SlotSpec> {
    let items = vec![Item { id: "mocha".into(), phrases: vec!["mocha".into(), "摩卡".into(), "white mocha".into()] }];
    [
        ("number", Kind::Number),
        ("quantity", Kind::Quantity),
        ("money", Kind::Money),
        ("date", Kind::Date { past: false }),
        ("until", Kind::Date { past: false }),
        ("past", Kind::Date { past: true }),
        ("time", Kind::Time),
        ("moment", Kind::DateTime),
        ("length", Kind::Duration),
        ("phone", Kind::Phone),
        ("digits", Kind::Digits { least: 1, most: 20 }),
        ("code", Kind::Code { form: "A9*(9)".parse().expect("a form") }),
        ("yes", Kind::YesNo),
        ("item", Kind::List { items }),
        ("name", Kind::Name),
    ]
    .into_iter()
    .map(|(name, kind)| SlotSpec::new(name, kind).with_words(&["people", "from", "人"]))
    .collect()
}

fn text() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "double",
        "five",
        "forty",
        "hundred",
        "thousand",
        "million",
        "billion",
        "and",
        "oh",
        "no",
        "not",
        "sorry",
        "half",
        "past",
        "to",
        "quarter",
        "tomorrow",
        "next",
        "last",
        "tuesday",
        "may",
        "the",
        "third",
        "31st",
        "2026",
        "99999999999999999999",
        "12",
        "30",
        ":",
        "/",
        ".",
        ",",
        "-",
        "$",
        "pm",
        "in",
        "weeks",
        "ago",
        "years",
        "from",
        "between",
        "dollars",
        "cents",
        "kilo",
        "point",
        "a",
        "dozen",
        "plus",
        "mocha",
        "under",
        "my name is",
        "wrong",
        "三",
        "十",
        "百",
        "万",
        "亿",
        "零",
        "点",
        "半",
        "刻",
        "差",
        "分",
        "号",
        "月",
        "年",
        "下",
        "周",
        "天",
        "后",
        "到",
        "块",
        "毛",
        "个",
        "不是",
        "改",
        "我叫",
        "王",
        "🙂",
        "é",
        "½",
        "㎏",
    ]);
    prop_oneof![
        any::<String>(),
        "\\PC{0,60}",
        prop::collection::vec(words.clone(), 0..25).prop_map(|words| words.join(" ")),
        prop::collection::vec(words, 0..25).prop_map(|words| words.concat()),
        "[三十百千万亿零一二两个点半分号月年下周到块毛0-9 ]{0,40}",
        "[0-9/:.,$ -]{0,40}"
    ]
}

proptest! {
    #[test]
    fn any_text_is_survived_and_values_keep_apart(text in text(), year in -9000i16..9999, region in "[A-Z]{2}") {
        let now = jiff::civil::date(year, 2, 28).at(23, 59, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).expect("a time");
        let context = Context { now, region: region.parse::<Region>().expect("two letters") };
        for language in [Language::English, Language::Chinese] {
            let found = extract(&text, language, &slots(), &context);
            let mut end = 0;
            for entity in &found {
                prop_assert!(entity.span.start >= end && entity.span.end > entity.span.start, "{found:?}");
                prop_assert_eq!(text.get(entity.span.clone()), Some(entity.raw.as_str()));
                prop_assert!((0.0..=1.0).contains(&entity.confidence));
                end = entity.span.end;
            }
            let mut names: Vec<&str> = found.iter().map(|entity| entity.slot.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), found.len());
            let known: Vec<(String, Value)> = found.iter().map(|entity| (entity.slot.clone(), entity.value.clone())).collect();
            for correction in correct(&text, language, &slots(), &known, &context) {
                if let Some(to) = correction.to {
                    prop_assert_eq!(text.get(to.span.clone()), Some(to.raw.as_str()));
                }
            }
        }
    }
}

#[test]
fn ten_thousand_characters_take_no_long_time() {
    let context = Context { now: jiff::Zoned::default(), region: Region::CHINA };
    for text in ["one two three ".repeat(800), "三百零五点半".repeat(1_700), "the 3rd of may to 4 pm ".repeat(500)]
    {
        for language in Language::ALL {
            assert!(extract(&text, language, &slots(), &context).iter().all(|entity| entity.span.end <= text.len()));
        }
    }
}
