//! The ways to say a time in English, and the written ones.

use jiff::Span;
use rust_decimal::Decimal;

use super::{Clock, Part, minutes};
use crate::entity::{
    date,
    number::{self, below_hundred, pair},
    token::{Said, Shape},
};

/// Words that put an hour behind them, and no other number.
const BEFORE: &[&str] = &[
    "at",
    "by",
    "around",
    "about",
    "after",
    "before",
    "until",
    "till",
    "til",
    "than",
    "since",
    "from",
    "say",
    "approximately",
];

pub(super) fn clock(said: &Said, at: usize, in_range: bool) -> Option<Clock> {
    let clock = named(said, at)
        .or_else(|| hour_and_minutes(said, at))
        .or_else(|| past_and_to(said, at))
        .or_else(|| bare(said, at, in_range))?;
    Some(with_part(said, at, clock))
}

/// Reads the part of the day after a time, or takes over one that was said before it.
fn with_part(said: &Said, at: usize, mut clock: Clock) -> Clock {
    if clock.part.is_some() {
        return clock;
    }
    if let Some((part, end)) = part(said, clock.end) {
        let confidence = clock.confidence.max(0.95);
        return Clock { part: Some(part), end, confidence, ..clock };
    }
    clock.part = part_nearby(said, at, clock.end);
    clock
}

fn part(said: &Said, at: usize) -> Option<(Part, usize)> {
    const PARTS: &[(&str, Part)] = &[
        ("am", Part::Morning),
        ("a m", Part::Morning),
        ("a . m .", Part::Morning),
        ("a . m", Part::Morning),
        ("pm", Part::Afternoon),
        ("p m", Part::Afternoon),
        ("p . m .", Part::Afternoon),
        ("p . m", Part::Afternoon),
        ("in the morning", Part::Morning),
        ("this morning", Part::Morning),
        ("morning", Part::Morning),
        ("in the afternoon", Part::Afternoon),
        ("this afternoon", Part::Afternoon),
        ("afternoon", Part::Afternoon),
        ("in the evening", Part::Evening),
        ("this evening", Part::Evening),
        ("evening", Part::Evening),
        ("at night", Part::Night),
        ("in the night", Part::Night),
        ("night", Part::Night),
        ("tonight", Part::Evening),
    ];
    let at = if said.word(at) == "oclock" { at + 1 } else { at };
    let at = if said.word(at) == "," { at + 1 } else { at };
    said.look_up(at, PARTS)
}

/// "Tomorrow evening at eight", "at three tomorrow afternoon": the part of the day stands with the date.
fn part_nearby(said: &Said, start: usize, end: usize) -> Option<Part> {
    let mut before = start;
    while before > 0 && said.is(before - 1, &["at", "around", "about", "by", ","]) {
        before -= 1;
    }
    let word = |word: &str| match word {
        "morning" => Some(Part::Morning),
        "afternoon" => Some(Part::Afternoon),
        "evening" | "tonight" => Some(Part::Evening),
        "night" => Some(Part::Night),
        _ => None,
    };
    let day = |at: usize| said.is(at, &["tomorrow", "today", "on"]) || date::weekday(said.word(at)).is_some();
    let after = (end..end + 2).find(|at| !day(*at)).filter(|at| *at > end);
    let good = before >= 2 && said.word(before - 2) == "good";
    word(said.before(before)).filter(|_| !good).or_else(|| word(said.word(after?)))
}

/// Times that have a name.
fn named(said: &Said, at: usize) -> Option<Clock> {
    let end = |phrases| said.any(at, phrases);
    if let Some(end) = end(&["noon", "midday", "twelve noon", "12 noon"]) {
        return Some(Clock { hour: 12, minute: 0, part: Some(Part::Noon), end, confidence: 0.9 });
    }
    let end = end(&["midnight", "twelve midnight", "12 midnight"])?;
    Some(Clock { hour: 0, minute: 0, part: None, end, confidence: 0.9 })
}

fn small(value: u64, most: u64) -> Option<u8> {
    (value <= most).then(|| u8::try_from(value).ok()).flatten()
}

/// 15:30, 3.30, "three thirty", "three oh five", "3 pm", "three o'clock", "1530 hours", "fifteen hundred hours".
fn hour_and_minutes(said: &Said, at: usize) -> Option<Clock> {
    let clock = |hour: u64, minute: u64, end: usize, confidence: f32| {
        Some(Clock { hour: small(hour, 24)?, minute: small(minute, 59)?, part: None, end, confidence })
    };
    if let Some(figures) = said.figures(at) {
        let sign = said.word(at + 1);
        if matches!(sign, ":" | "." | "h") && said.joined(at + 1) && said.joined(at + 2) {
            let minute = said.figures(at + 2).filter(|minute| minute.len() == 2)?;
            let dated = sign == "." && (said.word(at + 3) == "." && said.joined(at + 4) || at > 0 && said.joined(at));
            let surely = sign == ":" || part(said, at + 3).is_some() || said.is(at.wrapping_sub(1), BEFORE);
            if dated || at > 0 && said.before(at) == ":" {
                return None;
            }
            return clock(figures.parse().ok()?, minute.parse().ok()?, at + 3, if surely { 0.95 } else { 0.5 });
        }
        let four = figures.len() == 4 && (said.is(at + 1, &["hours"]) || said.word(at.wrapping_sub(1)) == "at");
        if four || figures.len() == 3 && part(said, at + 1).is_some() {
            let (hour, minute) = figures.split_at(figures.len() - 2);
            let end = at + 1 + usize::from(said.word(at + 1) == "hours");
            return clock(hour.parse().ok()?, minute.parse().ok()?, end, 0.85);
        }
    }
    if let Some((hour, end)) = below_hundred(said, at) {
        if said.any(end, &["hundred hours"]).is_some() {
            return clock(hour, 0, end + 2, 0.95);
        }
        // "Eighteen hundred" is one when nothing else is said; "at" may stand before it.
        if said.word(end) == "hundred"
            && (10..=24).contains(&hour)
            && (said.alone(at..end + 1) || said.before(at) == "at" && !counts_something(said, end + 1))
        {
            return clock(hour, 0, end + 1, 0.7);
        }
        if said.word(end) == "oclock" || said.phrase(end, "o clock").is_some() {
            let end = if said.word(end) == "oclock" { end + 1 } else { end + 2 };
            return clock(hour, 0, end, 0.95);
        }
        if hour <= 12 && part(said, end).is_some() {
            return clock(hour, 0, end, 0.95);
        }
    }
    let (hour, minute, end) = pair(said, at)?;
    // "Three ten" may be money, a room or a time; what follows or stands before it tells.
    let shown = part(said, end).is_some() || said.is(at.wrapping_sub(1), BEFORE) || said.is(end, &["oclock", "hours"]);
    let counted = counts_something(said, end);
    if counted && !shown {
        return None;
    }
    let end = end + usize::from(said.word(end) == "hours");
    clock(hour, minute, end, if shown { 0.9 } else { 0.7 })
}

/// "Half past three", "quarter to nine", "ten past", "twenty-five to seven", "half three".
fn past_and_to(said: &Said, at: usize) -> Option<Clock> {
    let (minutes, middle, sure) = if let Some(end) = said.any(at, &["half", "half past", "half after"]) {
        (30, if end > at + 1 { end - 1 } else { end }, true)
    } else if let Some(end) = said.any(at, &["quarter", "a quarter"]) {
        (15, end, true)
    } else {
        let (minutes, end) = below_hundred(said, at).filter(|(minutes, _)| (1..60).contains(minutes))?;
        let end = end + usize::from(said.is(end, &["minutes", "minute", "mins"]));
        (minutes, end, minutes.is_multiple_of(5) || said.is(end - 1, &["minutes", "minute", "mins"]))
    };
    let past = said.is(middle, &["past", "after"]);
    let to = said.is(middle, &["to", "til", "till", "of", "before"]);
    if !past && !to {
        // British: "half three" is half past three.
        let (hour, end) = below_hundred(said, middle).filter(|(hour, _)| minutes == 30 && (1..=12).contains(hour))?;
        let half = said.word(at) == "half" && !counts_something(said, end);
        return half.then_some(Clock { hour: hour as u8, minute: 30, part: None, end, confidence: 0.8 });
    }
    let (hour, end) = match named(said, middle + 1) {
        Some(name) => (u64::from(name.hour), name.end),
        None => below_hundred(said, middle + 1).filter(|(hour, _)| *hour <= 24)?,
    };
    // "Two to four people", "five of six" are no times.
    if counts_something(said, end) && hour <= 12
        || (to && !sure)
        || said.is(middle, &["of", "before", "after"])
            && minutes != 15
            && !said.is(middle - 1, &["minutes", "mins", "minute", "half"])
    {
        return None;
    }
    let end = end + usize::from(said.word(end) == "oclock");
    let (hour, minute) = if past {
        (hour, minutes)
    } else {
        // Before one o'clock it is twelve, before zero it is twenty-three.
        (
            match hour {
                0 | 24 => 23,
                1 => 12,
                other => other - 1,
            },
            60 - minutes,
        )
    };
    // The part of the day belongs to the hour that was said: "quarter to twelve at night" is before midnight.
    let part = part(said, end).map(|(part, end)| match (past, hour, part) {
        (false, 11, Part::Night | Part::Evening | Part::Morning) => (Part::Evening, end),
        (false, 12, part) => (part, end),
        _ => (part, end),
    });
    let part_end = part.map_or(end, |(_, end)| end);
    Some(Clock { hour: hour as u8, minute: minute as u8, part: part.map(|(p, _)| p), end: part_end, confidence: 0.9 })
}

/// An hour alone: behind "at" and the like, or as the whole answer.
fn bare(said: &Said, at: usize, in_range: bool) -> Option<Clock> {
    let (hour, end) = below_hundred(said, at).filter(|(hour, _)| *hour <= 24)?;
    let prepared = said.is(at.wrapping_sub(1), BEFORE);
    if counts_something(said, end)
        || said.joined(end) && said.shape(end) != Some(Shape::Mark)
        || at > 0 && said.joined(at) && !in_range
    {
        return None;
    }
    // 5/6 and 12.50 are no hours.
    if said.joined(end) && said.is(end, &["/", ".", ",", ":"]) && said.joined(end + 1) {
        return None;
    }
    let confidence = match (prepared, said.alone(at..end)) {
        (true, _) => 0.6,
        (_, true) => 0.6,
        _ if in_range => 0.4,
        _ => return None,
    };
    Some(Clock { hour: hour as u8, minute: 0, part: None, end, confidence })
}

/// Whether the word before puts a time here: "after six".
pub(in crate::entity) fn is_introduced(said: &Said, at: usize) -> bool {
    said.is(at.wrapping_sub(1), BEFORE)
        && !counts_something(said, at + 1)
        && !said.is(at.wrapping_sub(2), &["more", "less", "fewer", "other"])
}

/// Whether the number that ends here counts what follows: "three people".
pub(in crate::entity) fn counts_something(said: &Said, end: usize) -> bool {
    const GOES_ON: &[&str] = &[
        "",
        "on",
        "for",
        "tomorrow",
        "today",
        "tonight",
        "please",
        "and",
        "or",
        "to",
        "until",
        "till",
        "til",
        "in",
        "at",
        "is",
        "would",
        "works",
        "oclock",
        "the",
        "this",
        "next",
        "if",
        "with",
        "under",
        "because",
        "but",
        "then",
        "sharp",
        "ish",
        "onwards",
        "am",
        "pm",
        "a",
        "p",
        "of",
        "when",
        "morning",
        "afternoon",
        "evening",
        "night",
        "through",
        "i",
        "we",
        "it",
        "that",
        "so",
        "not",
        "no",
        "instead",
        "could",
        "can",
        "will",
        "was",
        "has",
        "hours",
        "noon",
        "from",
        "by",
        "around",
        "about",
        "as",
        "though",
        "my",
        "thanks",
        "thank",
        "oh",
        "ok",
        "every",
    ];
    match said.shape(end) {
        Some(Shape::Mark) => matches!(said.word(end), "%" | "$" | "£" | "€"),
        Some(Shape::Han) => false,
        _ => !said.is(end, GOES_ON) && date::weekday(said.word(end)).is_none() && date::month(said.word(end)).is_none(),
    }
}

/// "In two hours", "in half an hour", "an hour and a half from now".
pub(super) fn after(said: &Said, at: usize) -> Option<(Span, usize)> {
    let prefixed = said.is(at, &["in", "within"]);
    let begin = at + usize::from(prefixed);
    let (amount, end) = length(said, begin)?;
    let suffix = said.any(end, &["from now", "later"]);
    if !prefixed && suffix.is_none() {
        return None;
    }
    Some((minutes(amount, 1)?, suffix.unwrap_or(end)))
}

/// Hours and minutes as minutes.
pub(in crate::entity) fn length(said: &Said, at: usize) -> Option<(Decimal, usize)> {
    const SET: &[(&str, i64)] = &[
        ("half an hour", 30),
        ("a half hour", 30),
        ("half hour", 30),
        ("an hour and a half", 90),
        ("an hour", 60),
        ("a quarter of an hour", 15),
        ("quarter of an hour", 15),
        ("three quarters of an hour", 45),
        ("a minute", 1),
    ];
    if let Some((minutes, end)) = said.look_up(at, SET) {
        return Some((minutes.into(), end));
    }
    let count = number::count(said, at)?;
    let end = said.any(count.end, &["more"]).unwrap_or(count.end);
    if said.is(end, &["minutes", "minute", "mins", "min"]) {
        return Some((count.value, end + 1));
    }
    if !said.is(end, &["hours", "hour", "hrs", "hr"]) {
        return None;
    }
    let hours = count.value.checked_mul(60.into())?;
    if let Some(end) = said.phrase(end + 1, "and a half") {
        return Some((hours.checked_add(30.into())?, end));
    }
    let more = said.any(end + 1, &["and"]).unwrap_or(end + 1);
    if let Some(count) = number::count(said, more)
        && said.is(count.end, &["minutes", "minute", "mins"])
    {
        return Some((hours.checked_add(count.value)?, count.end + 1));
    }
    Some((hours, end + 1))
}
