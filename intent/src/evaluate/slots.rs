//! Measures the extraction of slots on labelled lines: how many of the labelled values are found, how many are right, and how many
//! are given that nobody labelled.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Language,
    entity::{Context, Entity, SlotSpec, Value, extract},
};

/// A line of a labelled file: `{"text": …, "slots": [{"slot": …, "text": …, "span": [from, to], "value": …}]}`, as NLU++ and SNIPS have them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SlotLine {
    /// What was said.
    pub text: String,
    /// What it holds.
    #[serde(default)]
    pub slots: Vec<SlotLabel>,
    /// Its language; detected when absent or unknown.
    #[serde(default)]
    pub lang: Option<String>,
}

impl SlotLine {
    /// The language of the line.
    pub fn language(&self) -> Language {
        self.lang.as_deref().and_then(|code| code.parse().ok()).unwrap_or_else(|| Language::detect(&self.text))
    }
}

/// A labelled value.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SlotLabel {
    /// The slot.
    pub slot: String,
    /// Its words; where absent, the value is taken for them.
    #[serde(default)]
    pub text: Option<String>,
    /// Where they begin and end, in characters.
    #[serde(default)]
    pub span: Option<(usize, usize)>,
    /// What they mean.
    #[serde(default, alias = "values")]
    pub value: Option<Gold>,
}

/// What a label says is meant, in the forms of the data sets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Gold {
    /// A day.
    Day {
        /// Its day of the month.
        day: i8,
        /// Its month.
        month: i8,
        /// Its year.
        year: i16,
    },
    /// A time of day.
    Clock {
        /// Its hour.
        hour: i8,
        /// Its minute.
        minute: i8,
    },
    /// A length in days.
    Length {
        /// How many.
        days: f64,
    },
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
    /// Anything else is not compared.
    Other(serde::de::IgnoredAny),
}

impl Gold {
    /// Whether a value means the same; `None` where the two cannot be compared.
    fn agrees(&self, value: &Value) -> Option<bool> {
        let close =
            |a: f64, b: &dyn std::fmt::Display| b.to_string().parse::<f64>().is_ok_and(|b| (a - b).abs() < 1e-9);
        Some(match (self, value) {
            (Gold::Day { day, month, year }, Value::Date { date }) => {
                (date.day(), date.month(), date.year()) == (*day, *month, *year)
            }
            (Gold::Clock { hour, minute }, Value::Time { time }) => {
                (time.hour(), time.minute()) == (hour % 24, *minute)
            }
            (Gold::Length { days }, Value::Duration { length }) => {
                let months = f64::from(length.get_months()) * 30.0 + f64::from(length.get_weeks()) * 7.0;
                (f64::from(length.get_days()) + months - days).abs() < 1e-9
            }
            (Gold::Number(number), Value::Number { number: found, .. }) => close(*number, found),
            (Gold::Text(text), Value::Name { name }) => text.eq_ignore_ascii_case(name),
            (Gold::Text(_) | Gold::Other(_), _) => return None,
            _ => false,
        })
    }
}

/// Counts for one slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotCount {
    /// Values that are labelled.
    pub labelled: usize,
    /// Of these, values found where they are: the words overlap.
    pub found: usize,
    /// Of these, values found with just the words that are labelled.
    pub exact: usize,
    /// Of the found, those whose value can be compared.
    pub compared: usize,
    /// Of the compared, those with the right value.
    pub right: usize,
    /// Of the compared, those with the right value or with it among the others that were reported.
    pub among: usize,
    /// Values given for this slot, labelled or not.
    pub given: usize,
}

impl SlotCount {
    /// The share of labelled values that are found.
    pub fn recall(&self) -> Option<f64> {
        super::share(self.found, self.labelled)
    }

    /// The share of given values that are labelled.
    pub fn precision(&self) -> Option<f64> {
        super::share(self.found, self.given)
    }

    /// The share of labelled values that are found with the right value.
    pub fn value_recall(&self) -> Option<f64> {
        super::share(self.right + self.found - self.compared, self.labelled)
    }

    fn add(&mut self, other: SlotCount) {
        self.labelled += other.labelled;
        self.found += other.found;
        self.exact += other.exact;
        self.compared += other.compared;
        self.right += other.right;
        self.among += other.among;
        self.given += other.given;
    }
}

impl std::iter::Sum for SlotCount {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut all, count| {
            all.add(count);
            all
        })
    }
}

/// A value that was missed, was wrong, or that nobody labelled.
#[derive(Clone, Debug, PartialEq)]
pub struct Miss {
    /// The line.
    pub text: String,
    /// The slot.
    pub slot: String,
    /// The words that are labelled, if any.
    pub labelled: Option<String>,
    /// What was given, if anything.
    pub given: Option<Entity>,
}

/// Which slots are asked in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Those that the line has a label for, as a flow asks for what it needs. Says how many values are found.
    Labelled,
    /// All of them in every line. Says how many are given that are not there.
    All,
}

/// Extracts the slots of labelled lines and counts by slot; what went wrong stands beside it.
pub fn measure(
    lines: &[SlotLine],
    specs: &[SlotSpec],
    asked: Asked,
    context: &Context,
) -> (BTreeMap<String, SlotCount>, Vec<Miss>) {
    let mut counts: BTreeMap<String, SlotCount> = BTreeMap::new();
    let mut misses = Vec::new();
    for line in lines {
        let of_line = |spec: &&SlotSpec| asked == Asked::All || line.slots.iter().any(|label| label.slot == spec.name);
        let wanted: Vec<SlotSpec> = specs.iter().filter(of_line).cloned().collect();
        if wanted.is_empty() {
            continue;
        }
        let mut given = extract(&line.text, line.language(), &wanted, context);
        for spec in &wanted {
            for label in line.slots.iter().filter(|label| label.slot == spec.name) {
                let count = counts.entry(spec.name.clone()).or_default();
                let at = given.iter().position(|entity| entity.slot == spec.name && overlaps(line, label, entity));
                let entity = at.map(|at| given.remove(at));
                let one = count_one(line, label, entity.as_ref());
                count.add(one);
                if one.found == 0 || one.compared > one.right {
                    misses.push(Miss {
                        text: line.text.clone(),
                        slot: spec.name.clone(),
                        labelled: Some(words_of(line, label)),
                        given: entity,
                    });
                }
            }
        }
        for entity in given {
            let count = counts.entry(entity.slot.clone()).or_default();
            count.given += 1;
            misses.push(Miss {
                text: line.text.clone(),
                slot: entity.slot.clone(),
                labelled: None,
                given: Some(entity),
            });
        }
    }
    (counts, misses)
}

fn count_one(line: &SlotLine, label: &SlotLabel, entity: Option<&Entity>) -> SlotCount {
    let Some(entity) = entity else { return SlotCount { labelled: 1, ..SlotCount::default() } };
    let agrees = |value: &Value| label.value.as_ref().and_then(|gold| gold.agrees(value));
    let first = agrees(&entity.value);
    let among = first == Some(true) || entity.others.iter().any(|value| agrees(value) == Some(true));
    SlotCount {
        labelled: 1,
        found: 1,
        exact: usize::from(words_of(line, label).eq_ignore_ascii_case(&entity.raw)),
        compared: usize::from(first.is_some()),
        right: usize::from(first == Some(true)),
        among: usize::from(among),
        given: 1,
    }
}

fn words_of(line: &SlotLine, label: &SlotLabel) -> String {
    match (&label.text, label.span, &label.value) {
        (Some(text), ..) => text.clone(),
        (None, Some((from, to)), _) => line.text.chars().skip(from).take(to.saturating_sub(from)).collect(),
        (None, None, Some(Gold::Text(text))) => text.clone(),
        _ => String::new(),
    }
}

/// Whether what was found shares words with what is labelled.
fn overlaps(line: &SlotLine, label: &SlotLabel, entity: &Entity) -> bool {
    let bytes = |at: usize| line.text.char_indices().nth(at).map_or(line.text.len(), |(byte, _)| byte);
    match label.span {
        Some((from, to)) => entity.span.start < bytes(to) && bytes(from) < entity.span.end,
        None => {
            let plain = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            let (words, raw) = (plain(&words_of(line, label)), plain(&entity.raw));
            // A list gives the item that was meant, however it was heard.
            let item = matches!(&entity.value, Value::Item { id } if *id == words);
            !words.is_empty() && (item || raw.contains(&words) || words.contains(&raw))
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{civil::date, tz::TimeZone};

    use super::*;
    use crate::entity::{Kind, Region};

    fn lines(json: &str) -> Vec<SlotLine> {
        json.lines().map(|line| serde_json::from_str(line).expect("a labelled line")).collect()
    }

    #[test]
    fn what_is_found_missed_wrong_and_too_much_is_counted_apart() {
        let lines = lines(
            r#"{"text": "a table at 7 pm for two", "slots": [{"slot": "time", "text": "7 pm", "span": [11, 15], "value": {"hour": 19, "minute": 0}}]}
{"text": "at half past six", "slots": [{"slot": "time", "text": "half past six", "span": [3, 16], "value": {"hour": 6, "minute": 30}}]}
{"text": "in the fullness of time", "slots": [{"slot": "time", "text": "fullness", "span": [7, 15], "value": {"hour": 1, "minute": 0}}]}
{"text": "nothing at noon"}"#,
        );
        let now = date(2022, 3, 15).at(10, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a time");
        let context = Context { now, region: Region::UNITED_KINGDOM };
        let (counts, misses) = measure(&lines, &[SlotSpec::new("time", Kind::Time)], Asked::All, &context);
        let expected = SlotCount { labelled: 3, found: 2, exact: 2, compared: 2, right: 1, among: 2, given: 3 };
        assert_eq!(counts["time"], expected);
        assert_eq!(misses.len(), 3);
        let (counts, _) = measure(&lines, &[SlotSpec::new("time", Kind::Time)], Asked::Labelled, &context);
        assert_eq!(counts["time"].given, 2, "a line without a label is not asked");
    }
}
