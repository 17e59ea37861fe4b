//! What is written reads back the same, whatever an admin types.

use intent::format::{Annotated, Content, Entity, Entry, Format, List, Pattern, read, write};
use intent::{Example, IntentDef, Language, TrainingSet};
use proptest::prelude::*;

/// Text with everything that a format could stumble over; without space around it, which every reader drops.
fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "where is my order",
        "[x](y)",
        "[a]{\"entity\": \"b\"}",
        "\"quoted\"",
        "it's",
        "- dash",
        "# hash",
        "a: b",
        "yes",
        "null",
        "~",
        "=1+1",
        "a,b;c|d",
        "two\nlines",
        "two\r\nlines",
        "tab\there",
        "🙂🚲",
        "我的订单，到哪了？",
        "café",
        "\\d+\\n",
        "{x}",
        "%",
        "&a *a",
        "\u{feff}mark",
        "nul\0",
        "\u{85}x",
        "a\u{2028}b",
        "👩‍👩‍👧",
        "|",
        ">",
        "```",
    ]);
    let any = prop_oneof![odd.prop_map(str::to_owned), "\\PC{1,20}", any::<String>()];
    prop::collection::vec(any, 1..3)
        .prop_map(|parts| parts.join(" ").trim().to_owned())
        .prop_filter("words", |text| !text.is_empty())
}

/// A name that is not read as out of scope.
fn name() -> impl Strategy<Value = String> {
    let text = prop_oneof!["[a-z_/+.-]{1,12}", "[\u{4e00}-\u{4eff}]{1,4}", text()];
    text.prop_map(|name| name.trim().to_owned()).prop_filter("a name", |name| {
        let folded = name.to_lowercase().replace(['-', ' '], "_");
        !name.is_empty() && !["oos", "out_of_scope", "outofscope", "nlu_fallback"].contains(&&*folded)
    })
}

fn example() -> impl Strategy<Value = Example> {
    (text(), prop::bool::ANY).prop_map(|(text, english)| {
        let language = if english { Language::English } else { Language::detect(&text) };
        Example::new(text, language)
    })
}

fn examples() -> impl Strategy<Value = Vec<Example>> {
    prop::collection::vec(example(), 0..5).prop_map(|mut examples| {
        let mut seen = std::collections::HashSet::new();
        examples.retain(|example| seen.insert(example.text.clone()));
        examples
    })
}

fn training() -> impl Strategy<Value = TrainingSet> {
    (prop::collection::btree_map(name(), examples(), 0..4), examples()).prop_map(|(intents, out_of_scope)| {
        let intents = intents.into_iter().map(|(name, examples)| IntentDef { name, examples }).collect();
        TrainingSet { out_of_scope, ..TrainingSet::new(intents) }
    })
}

/// Lists of words that occur once; numbers keep them apart.
fn lists() -> impl Strategy<Value = Vec<List>> {
    let word = "[a-z:#'\"\\\\é我 -]{0,6}";
    prop::collection::vec(prop::collection::vec((word, prop::collection::vec(word, 0..3)), 1..3), 0..3).prop_map(
        |lists| {
            let mut number = 0;
            let mut unique = |word: String| {
                number += 1;
                format!("w{word}{number}")
            };
            let mut list = |index: usize, entries: Vec<(String, Vec<String>)>| List {
                name: format!("list {index}"),
                entries: entries
                    .into_iter()
                    .map(|(value, synonyms)| Entry {
                        value: unique(value),
                        synonyms: synonyms.into_iter().map(&mut unique).collect(),
                    })
                    .collect(),
                open: false,
                fuzzy: false,
            };
            lists.into_iter().enumerate().map(|(index, entries)| list(index, entries)).collect()
        },
    )
}

fn content() -> impl Strategy<Value = Content> {
    let pattern = ("[a-z]{1,4}", "[a-z\\\\d\\[\\]{}+*?^$|:#\"']{1,10}");
    (training(), lists(), prop::collection::btree_set(pattern, 0..3)).prop_map(|(training, lists, patterns)| Content {
        lists,
        patterns: patterns.into_iter().map(|(name, regex)| Pattern { name, regex }).collect(),
        ..Content::new(training)
    })
}

fn back(format: Format, name: &str, content: &Content) -> Result<Content, TestCaseError> {
    let export = write(format, content).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let import = read(name, export.text.as_bytes());
    import.map(|import| import.content).map_err(|error| TestCaseError::fail(format!("{error}\n{}", export.text)))
}

proptest! {
    #[test]
    fn a_table_reads_back(training in training()) {
        let content = Content::new(training);
        prop_assert_eq!(back(Format::Csv, "x.csv", &content)?, content);
    }

    #[test]
    fn rasa_reads_back(content in content()) {
        prop_assert_eq!(back(Format::Rasa, "nlu.yml", &content)?, content);
    }

    #[test]
    fn lines_read_back(content in content()) {
        prop_assume!(content != Content::new(TrainingSet::new(Vec::new())));
        prop_assert_eq!(back(Format::JsonLines, "x.jsonl", &content)?, content);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200), text in text(), name in "a\\.(yml|csv|json|jsonl|md|zip|txt)") {
        let _ = read(&name, &bytes);
        let _ = read(&name, text.as_bytes());
    }
}

#[test]
fn marked_values_read_back() {
    let text = "从北京 to \u{1f6b2} Berlin";
    let training = TrainingSet::new(vec![IntentDef {
        name: "trip".to_owned(),
        examples: vec![Example::new(text, Language::English), Example::new("no [brackets", Language::English)],
    }]);
    let entity = |words: &str, role: Option<&str>| {
        let start = text.find(words).expect("it is there");
        Entity {
            slot: "city".to_owned(),
            role: role.map(str::to_owned),
            group: None,
            value: words.to_owned(),
            span: start..start + words.len(),
        }
    };
    let entities = vec![entity("北京", Some("from")), entity("Berlin", None)];
    let annotated = vec![Annotated { intent: Some("trip".to_owned()), text: text.to_owned(), entities }];
    let content = Content { annotated, ..Content::new(training) };
    for (format, name) in [(Format::Rasa, "nlu.yml"), (Format::JsonLines, "x.jsonl")] {
        let export = write(format, &content).expect("it is written");
        assert_eq!(read(name, export.text.as_bytes()).expect("it is read").content, content, "{}", export.text);
        assert!(export.report.is_empty(), "{:?}", export.report);
    }
    let export = write(Format::Csv, &content).expect("it is written");
    assert!(export.report[0].message.contains("1 examples' marked values not written"), "{:?}", export.report);
    assert!(write(Format::LexV2, &content).is_err());
}
