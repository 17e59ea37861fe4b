//! Values in what somebody said, typed by the slots that are asked for: "two tickets for tomorrow at half past three" fills a quantity, a
//! date and a time. [`extract`] finds them, [`correct`] tells which of the values known so far a caller changes.
//!
//! Each kind of value has readers that say, for a place in the text, what may begin there; the readings of all slots are then chosen
//! so that none overlap and every slot is filled once. What is ambiguous is not guessed silently: the other readings stand in
//! [`Entity::others`]. Nothing here reads a clock; the time of the call and its zone are arguments.

mod assign;
mod correct;
mod date;
mod list;
mod money;
mod number;
mod people;
mod person;
mod quantity;
mod region;
mod spelt;
mod surround;
mod time;
mod token;
mod value;

use std::ops::Range;

use jiff::{Zoned, civil::Date};
use serde::{Deserialize, Serialize};

pub use correct::{Correction, correct};
pub use list::Item;
pub use region::{Region, UnknownRegion};
pub use value::Value;

use crate::{
    Language,
    slot::{Form, yes_no},
};
use date::Around;
use token::Said;

/// What a slot holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A plain number.
    Number,
    /// A number with or without a unit of measure.
    Quantity,
    /// An amount of money.
    Money,
    /// A day, or days from one to another.
    Date {
        /// The date lies in the past: when something was ordered, or someone was born.
        #[serde(default)]
        past: bool,
    },
    /// A time of day, or a range of them.
    Time,
    /// A day and a time together; a day or a time alone where no more was said.
    DateTime,
    /// A length of time.
    Duration,
    /// A telephone number.
    Phone,
    /// A string of digits.
    Digits {
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// An id of letters and digits.
    Code {
        /// Its form.
        form: Form,
    },
    /// Yes or no.
    YesNo,
    /// One of a list: products, places, known people.
    List {
        /// What there is to choose from.
        items: Vec<Item>,
    },
    /// The name of a person who stands in no list.
    Name,
    /// The caller's own words, whatever they are. Nothing is looked for: the whole answer is the value.
    Text,
}

/// A value that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotSpec {
    /// What the value is called in the flow.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Words that stand with it ("nights", "people", "arriving"), and by which callers name it ("the date is wrong"). They tell two slots
    /// of one kind apart.
    #[serde(default)]
    pub words: Vec<String>,
}

impl SlotSpec {
    /// A slot without words of its own.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        SlotSpec { name: name.into(), kind, words: Vec::new() }
    }

    /// The same slot with words that stand with it.
    #[must_use]
    pub fn with_words(mut self, words: &[&str]) -> Self {
        self.words = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }
}

/// Where and when something was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// The moment of the call, in the caller's time zone.
    pub now: Zoned,
    /// The caller's country.
    pub region: Region,
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// The slot that it fills.
    pub slot: String,
    /// The value.
    pub value: Value,
    /// What else it may be, likelier ones first: 3:30 in the morning or in the afternoon. Empty when it is clear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Value>,
    /// The words of the original.
    pub raw: String,
    /// Their bytes in the original.
    pub span: Range<usize>,
    /// How surely the words mean this, from 0 to 1.
    pub confidence: f32,
}

/// What may begin at a place.
#[derive(Clone, Debug)]
struct Reading {
    value: Value,
    others: Vec<Value>,
    end: usize,
    confidence: f32,
    /// For a range, the tokens and values of its two ends.
    parts: Vec<(Range<usize>, Value)>,
}

impl Reading {
    fn new(value: Value, end: usize, confidence: f32) -> Self {
        Reading { value, others: Vec::new(), end, confidence, parts: Vec::new() }
    }
}

/// A reading for a slot.
#[derive(Clone, Debug)]
struct Candidate {
    slot: usize,
    tokens: Range<usize>,
    value: Value,
    others: Vec<Value>,
    confidence: f32,
}

/// The values in a text for the slots asked, in the order in which they were said. No two overlap and no slot is filled twice. Only
/// the first [`crate::normalise::LONGEST`] characters are looked at.
///
/// ```
/// use intent::{Language, entity::{Context, Kind, Region, SlotSpec, extract}};
/// let slots = [
///     SlotSpec::new("tickets", Kind::Number),
///     SlotSpec::new("date", Kind::Date { past: false }),
///     SlotSpec::new("time", Kind::Time),
/// ];
/// let context = Context { now: "2026-03-11T10:00+00[+00]".parse()?, region: Region::UNITED_KINGDOM };
/// let found = extract("two tickets for tomorrow at half past three", Language::English, &slots, &context);
/// let values: Vec<String> = found.iter().map(|entity| entity.value.to_string()).collect();
/// assert_eq!(values, ["2", "2026-03-12", "15:30"]);
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn extract(text: &str, language: Language, slots: &[SlotSpec], context: &Context) -> Vec<Entity> {
    find(&Said::new(text), language, slots, context, None, &[])
}

/// `month_of` is the date in whose month a lone day is looked for; values of `known` count less.
fn find(
    said: &Said,
    language: Language,
    slots: &[SlotSpec],
    context: &Context,
    month_of: Option<Date>,
    known: &[(String, Value)],
) -> Vec<Entity> {
    let mut candidates = Vec::new();
    for slot in 0..slots.len() {
        candidates.extend(candidates_of(said, language, slots, slot, context, month_of));
    }
    let numeric = |kind: &Kind| {
        matches!(kind, Kind::Number | Kind::Quantity | Kind::Digits { .. } | Kind::Money | Kind::Code { .. })
    };
    if slots.iter().any(|slot| numeric(&slot.kind)) {
        surround::overshadow(said, language, slots, context, &mut candidates);
    }
    for candidate in &mut candidates {
        let factor =
            surround::hint(said, slots, candidate) * surround::after_correction(said, candidate.tokens.clone());
        candidate.confidence = (candidate.confidence * factor).clamp(0.0, 0.99);
    }
    // What is known already is seldom what is said now: "no, at four" about four people is a time. Yet it was said.
    for candidate in &mut candidates {
        let repeated =
            |(name, value): &(String, Value)| *name == slots[candidate.slot].name && *value == candidate.value;
        if known.iter().any(repeated) {
            candidate.confidence *= 0.5;
        }
    }
    candidates.retain(|candidate| candidate.confidence >= LEAST);
    let chosen = assign::choose(candidates);
    let entity = |candidate: Candidate| Entity {
        slot: slots[candidate.slot].name.clone(),
        value: candidate.value,
        others: candidate.others,
        raw: said.raw(candidate.tokens.clone()).to_owned(),
        span: said.span(candidate.tokens),
        confidence: candidate.confidence,
    };
    chosen.into_iter().map(entity).collect()
}

/// Readings below this confidence are not worth asking back about.
const LEAST: f32 = 0.2;

fn candidates_of(
    said: &Said,
    language: Language,
    slots: &[SlotSpec],
    slot: usize,
    context: &Context,
    month_of: Option<Date>,
) -> Vec<Candidate> {
    let kind = &slots[slot].kind;
    let mut placed: Vec<(Range<usize>, Reading)> = match kind {
        Kind::Digits { least, most } => spelt::strings(said, *least, *most, language),
        Kind::Phone => spelt::phones(said, context.region, language),
        Kind::Code { form } => spelt::codes(said, form, language),
        Kind::List { items } => list::readings(said, items),
        Kind::Name => person::readings(said, slots.len() == 1),
        Kind::YesNo => answer(said, language).into_iter().collect(),
        Kind::Text => Vec::new(),
        _ => {
            let each = |at: usize| {
                readings(said, at, kind, context, month_of).into_iter().map(move |reading| (at..reading.end, reading))
            };
            (0..said.len()).flat_map(each).collect()
        }
    };
    if *kind == Kind::Number {
        placed.extend(people::readings(said, &slots[slot]));
    }
    // Which of several slots of the kind this is.
    let alike = |other: &SlotSpec| std::mem::discriminant(&other.kind) == std::mem::discriminant(kind);
    let several = slots.iter().filter(|other| alike(other)).count() > 1;
    let rank = slots[..slot].iter().filter(|other| alike(other)).count();
    let mut out = Vec::new();
    for (tokens, reading) in longest(placed) {
        if several && !reading.parts.is_empty() {
            // A range fills two slots with its ends.
            if let Some((tokens, value)) = reading.parts.get(rank) {
                let confidence = (reading.confidence * 1.05).min(0.99);
                out.push(Candidate {
                    slot,
                    tokens: tokens.clone(),
                    value: value.clone(),
                    others: Vec::new(),
                    confidence,
                });
            }
            continue;
        }
        let confidence = reading.confidence * (1.0 - 0.03 * rank.min(5) as f32);
        out.push(Candidate { slot, tokens, value: reading.value, others: reading.others, confidence });
    }
    out
}

fn readings(said: &Said, at: usize, kind: &Kind, context: &Context, month_of: Option<Date>) -> Vec<Reading> {
    match kind {
        Kind::Number => quantity::numbers(said, at),
        Kind::Quantity => quantity::quantities(said, at),
        Kind::Money => money::readings(said, at, context.region),
        Kind::Date { past } => date::readings(said, at, &around(context, *past, month_of)),
        Kind::Time => time::readings(said, at, &context.now),
        Kind::DateTime => moments(said, at, context, month_of),
        Kind::Duration => quantity::durations(said, at),
        _ => Vec::new(),
    }
}

fn around(context: &Context, past: bool, month_of: Option<Date>) -> Around {
    Around { today: context.now.date(), past, month_of, region: context.region }
}

/// Of the readings of one kind those that lie inside a longer one are dropped, unless the longer is much less sure.
fn longest(placed: Vec<(Range<usize>, Reading)>) -> Vec<(Range<usize>, Reading)> {
    let inside = |inner: &(Range<usize>, Reading), outer: &(Range<usize>, Reading)| {
        outer.0.start <= inner.0.start
            && inner.0.end <= outer.0.end
            && outer.0.len() > inner.0.len()
            && outer.1.confidence >= 0.75 * inner.1.confidence
    };
    // Nothing is longer than forty tokens, so only neighbours need be compared.
    let mut by_start = placed;
    by_start.sort_by_key(|(range, _)| range.start);
    let keep: Vec<bool> = (0..by_start.len())
        .map(|at| {
            let near = |other: &usize| by_start[*other].0.start.abs_diff(by_start[at].0.start) < 40;
            let before = (0..at).rev().take_while(near);
            let after = (at + 1..by_start.len()).take_while(near);
            !before.chain(after).any(|other| inside(&by_start[at], &by_start[other]))
        })
        .collect();
    by_start.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(placed, _)| placed).collect()
}

/// A day and a time that stand together, in either order.
fn moments(said: &Said, at: usize, context: &Context, month_of: Option<Date>) -> Vec<Reading> {
    let days = |at: usize| date::readings(said, at, &around(context, false, month_of));
    let times = |at: usize| time::readings(said, at, &context.now);
    let joined = |end: usize| {
        // The part of the day stands with the date, and the time looks back at it.
        let end = said.any(end, &["morning", "afternoon", "evening", "night"]).unwrap_or(end);
        said.any(end, &["at", ",", "around", "about", "on", "的", ", at", "at around", "at about", "for"])
            .unwrap_or(end)
    };
    let day = |value: &Value| if let Value::Date { date } = value { Some(*date) } else { None };
    let time = |value: &Value| if let Value::Time { time } = value { Some(*time) } else { None };
    let mut out = Vec::new();
    let pairs = |first: Vec<Reading>, second: &dyn Fn(usize) -> Vec<Reading>| -> Vec<(Reading, Reading)> {
        first.into_iter().flat_map(|a| second(joined(a.end)).into_iter().map(move |b| (a.clone(), b))).collect()
    };
    for (a, b) in pairs(days(at), &times).into_iter().chain(pairs(times(at), &days)) {
        let (date, clock) = if day(&a.value).is_some() { (&a, &b) } else { (&b, &a) };
        let at_time = |value: &Value| Value::moment(day(&date.value)?.to_datetime(time(value)?), &context.now);
        if let Some(value) = at_time(&clock.value) {
            let others = clock.others.iter().filter_map(at_time).collect();
            let confidence = a.confidence.min(b.confidence).max(0.5);
            out.push(Reading { others, ..Reading::new(value, b.end, confidence) });
        }
    }
    // A day or a time alone is worth knowing, too; the other half can be asked for.
    let halves = days(at).into_iter().chain(times(at));
    out.extend(halves.map(|reading| Reading { confidence: 0.75 * reading.confidence, parts: Vec::new(), ..reading }));
    // "In two hours" is a moment by itself.
    for reading in
        times(at).into_iter().filter(|reading| said.is(at, &["in"]) || said.is(reading.end - 1, &["后", "now"]))
    {
        if let Some(clock) = time(&reading.value) {
            let today = context.now.date();
            let next = if clock < context.now.time() { today.tomorrow().unwrap_or(today) } else { today };
            out.extend(
                Value::moment(next.to_datetime(clock), &context.now)
                    .map(|value| Reading::new(value, reading.end, 0.85)),
            );
        }
    }
    out
}

/// Yes or no, at the word that says it.
fn answer(said: &Said, language: Language) -> Option<(Range<usize>, Reading)> {
    let clause = (0..said.len())
        .find(|at| *at > 0 && said.is(*at, &[",", "，", ".", "。", ";", "!", "?"]))
        .unwrap_or(said.len());
    let opening = said.raw(0..clause);
    let (meant, within) = match yes_no(said.original, language) {
        Some(meant) => (meant, said.len()),
        None => (yes_no(opening, language)?, clause),
    };
    // The shortest stretch from the front that says the same.
    for start in 0..within.min(8) {
        for end in start + 1..=(start + 4).min(within) {
            if yes_no(said.raw(start..end), language) == Some(meant) {
                return Some((start..end, Reading::new(Value::YesNo { yes: meant }, end, 0.95)));
            }
        }
    }
    Some((0..within, Reading::new(Value::YesNo { yes: meant }, within, 0.7))).filter(|_| within > 0)
}
