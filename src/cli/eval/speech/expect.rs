//! What the recogniser is told to expect of a recording, and when it is right.

use std::collections::{BTreeMap, BTreeSet};

use models::score::{digits, same_words, words};
use models::{Form, Grammar, Language, Recognition};
use serde::Deserialize;

/// A menu has no more phrases than this.
const MOST_PHRASES: usize = 64;

/// What the recogniser is told to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Expected {
    /// Strings of digits, of any length; lines with digits
    Digits,
    /// Strings of digits of the right length; lines with digits
    DigitsOfLength,
    /// One letter or digit; lines whose text is one
    Letters,
    /// The values of all slots as a list; all lines
    List,
    /// The texts of the line's folder as a menu; folders with at most 64 different ones
    Phrases,
}

/// A line of the manifest.
#[derive(Deserialize)]
pub struct Line {
    /// The recording, relative to the manifest.
    pub file: String,
    /// What is said.
    pub text: Option<String>,
    /// In which language; English unless given.
    pub lang: Option<String>,
    /// By whom.
    pub speaker: Option<String>,
    /// The digits that are said, if that is all.
    pub digits: Option<String>,
    /// Where each digit begins and ends, in seconds.
    pub marks: Option<Vec<[f64; 2]>>,
    /// The values that are said, by slot.
    pub slots: Option<BTreeMap<String, String>>,
    /// Its length.
    pub seconds: Option<f64>,
}

impl Line {
    /// Its folder; `.` without one.
    pub fn folder(&self) -> &str {
        self.file.rsplit_once('/').map_or(".", |(folder, _)| folder)
    }

    /// Its language.
    pub fn language(&self) -> Language {
        Language::new(self.lang.as_deref().unwrap_or("en"))
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().flat_map(|slots| slots.values()).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The letter or digit that is all that is said.
    fn character(&self) -> Option<char> {
        let text = self.text.as_deref()?.trim();
        let spelt = words(text);
        match &spelt[..] {
            [one] if one.chars().count() == 1 => one.chars().next().map(|c| c.to_ascii_uppercase()),
            _ => None,
        }
        .filter(char::is_ascii_alphanumeric)
    }
}

/// What the manifest says may be said.
pub struct Vocabulary {
    list: Vec<String>,
    phrases: BTreeMap<String, Vec<String>>,
}

impl Vocabulary {
    /// All values and all texts.
    pub fn of(lines: &[Line]) -> Self {
        let list: BTreeSet<&str> = lines.iter().flat_map(Line::values).collect();
        let mut phrases: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for line in lines {
            if let Some(text) = &line.text {
                phrases.entry(line.folder().to_owned()).or_default().insert(text);
            }
        }
        phrases.retain(|_, texts| texts.len() <= MOST_PHRASES);
        let owned = |texts: BTreeSet<&str>| texts.into_iter().map(str::to_owned).collect();
        Vocabulary {
            list: owned(list),
            phrases: phrases.into_iter().map(|(folder, texts)| (folder, owned(texts))).collect(),
        }
    }

    /// What to expect of a line; `None` where this says nothing about it.
    pub fn grammar(&self, expected: Option<Expected>, line: &Line) -> Option<Grammar> {
        let length = || line.digits.as_ref().map(|digits| digits.len() as u8);
        match expected {
            None => (line.text.is_some() || line.slots.is_some()).then_some(Grammar::Free),
            Some(Expected::Digits) => length().map(|_| Grammar::Digits { min: 1, max: 0 }),
            Some(Expected::DigitsOfLength) => length().map(|length| Grammar::Digits { min: length, max: length }),
            Some(Expected::Letters) => line.character().map(|_| Grammar::Characters(Form::single())),
            Some(Expected::List) => {
                (line.text.is_some() || line.slots.is_some()).then(|| Grammar::List(self.list.clone()))
            }
            Some(Expected::Phrases) => self.phrases.get(line.folder()).cloned().map(Grammar::Phrases),
        }
    }

    /// How many values of the list are in a text that are not in the other.
    pub fn values_only_in(&self, text: &str, other: &str) -> usize {
        self.list.iter().filter(|value| contains(text, value) && !contains(other, value)).count()
    }
}

/// How a line came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// All of it is right.
    pub right: bool,
    /// Values that were said, and those of them that are in the text.
    pub values: (usize, usize),
}

/// Compares what was heard with what was said.
pub fn judge(expected: Option<Expected>, line: &Line, heard: &Recognition) -> Outcome {
    let values = (line.values().count(), line.values().filter(|value| contains(&heard.text, value)).count());
    let right = match (expected, &line.digits, &line.text) {
        (Some(Expected::Letters), ..) => line.character().is_some_and(|c| heard.text == c.to_string()),
        (_, Some(said), _) => digits(&heard.text) == *said,
        (_, None, Some(text)) => same_words(text, &heard.text),
        (_, None, None) => values.0 == values.1,
    };
    Outcome { right: right && !heard.no_speech, values }
}

/// Whether a text has these words, next to each other and in this order.
fn contains(text: &str, value: &str) -> bool {
    let (text, value) = (words(text), words(value));
    !value.is_empty() && text.windows(value.len()).any(|window| window == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> Line {
        serde_json::from_str(json).expect("the line is JSON")
    }

    fn heard(text: &str) -> Recognition {
        Recognition { text: text.to_owned(), no_speech: false, ..Recognition::silence("test") }
    }

    #[test]
    fn a_line_is_right_when_all_that_matters_of_it_is() {
        for (expected, json, text, right) in [
            (None, r#"{"file": "a", "text": "twenty one, please"}"#, "21 please", true),
            (None, r#"{"file": "a", "digits": "107", "text": "one oh seven"}"#, "One zero seven.", true),
            (Some(Expected::Letters), r#"{"file": "a", "text": "b"}"#, "B", true),
            (Some(Expected::Letters), r#"{"file": "a", "text": "eight"}"#, "8", true),
            (
                Some(Expected::List),
                r#"{"file": "a", "slots": {"size": "large", "milk": " cream"}}"#,
                "a large one",
                false,
            ),
            (Some(Expected::List), r#"{"file": "a", "slots": {"size": "12 ounce"}}"#, "Twelve ounce tea", true),
        ] {
            assert_eq!(judge(expected, &line(json), &heard(text)).right, right, "{json} {text}");
        }
    }

    #[test]
    fn a_grammar_is_only_for_lines_that_it_says_something_about() {
        let lines = [
            line(r#"{"file": "d/1", "text": "one two", "digits": "12"}"#),
            line(r#"{"file": "s/1", "text": "b"}"#),
            line(r#"{"file": "o/1", "slots": {"size": " large"}}"#),
        ];
        let vocabulary = Vocabulary::of(&lines);
        let fits = |expected| lines.iter().map(|line| vocabulary.grammar(expected, line).is_some()).collect::<Vec<_>>();
        assert_eq!(fits(None), [true, true, true]);
        assert_eq!(fits(Some(Expected::Digits)), [true, false, false]);
        assert_eq!(fits(Some(Expected::Letters)), [false, true, false]);
        assert_eq!(fits(Some(Expected::Phrases)), [true, true, false]);
        assert_eq!(vocabulary.grammar(Some(Expected::List), &lines[2]), Some(Grammar::List(vec!["large".to_owned()])));
    }
}
