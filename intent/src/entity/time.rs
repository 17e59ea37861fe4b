//! Times of day: "half past three", "quarter to nine in the evening", "3:30 pm", 三点半, 下午两点到四点, "in twenty minutes". An hour from
//! one to twelve without a part of the day may be either; the likelier is taken (from seven in the morning to seven in the evening)
//! and the other reported beside it.

mod chinese;
mod english;

pub(super) use english::{counts_something, is_introduced};

use jiff::{Span, ToSpan, Zoned, civil::Time};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{Reading, Value, number, token::Said};

/// A part of the day, as far as it tells what hour is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// After midnight, until noon: am, in the morning, 凌晨, 早上, 上午.
    Morning,
    /// 中午: eleven to two.
    Noon,
    /// After noon, until midnight: pm, in the afternoon, 下午.
    Afternoon,
    /// In the evening, 晚上: six to midnight; twelve is midnight.
    Evening,
    /// At night: before and after midnight.
    Night,
}

/// A time as it was said, not yet on a clock of 24 hours.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Clock {
    hour: u8,
    minute: u8,
    part: Option<Part>,
    end: usize,
    confidence: f32,
}

impl Clock {
    /// The likelier time first, then the other.
    fn times(self) -> Vec<Time> {
        let Clock { hour, minute, part, .. } = self;
        let hours: &[u8] = match (hour, part) {
            (0 | 24, Some(Part::Afternoon)) => &[12],
            (0 | 24, _) => &[0],
            (13..=23, _) => &[hour],
            (12, Some(Part::Morning | Part::Evening | Part::Night)) => &[0],
            (12, Some(Part::Noon | Part::Afternoon)) => &[12],
            (12, None) => &[12, 0],
            (_, Some(Part::Morning)) => &[hour],
            (10 | 11, Some(Part::Noon)) => &[hour],
            (_, Some(Part::Noon | Part::Afternoon)) => &[hour + 12],
            (1..=3, Some(Part::Evening)) => &[hour],
            (1..=5, Some(Part::Night)) => &[hour],
            (_, Some(Part::Evening | Part::Night)) => &[hour + 12],
            (7..=11, None) => &[hour, hour + 12],
            (_, None) => &[hour + 12, hour],
        };
        hours.iter().filter_map(|hour| Time::new(*hour as i8, minute as i8, 0, 0).ok()).collect()
    }
}

/// The times that begin at a token, with what comes before it in view.
pub(super) fn readings(said: &Said, at: usize, now: &Zoned) -> Vec<Reading> {
    let mut out = Vec::new();
    out.extend(range(said, at));
    out.extend(relative(said, at, now));
    out.extend(part_alone(said, at));
    if let Some(clock) = clock(said, at, false) {
        let mut times = clock.times().into_iter().map(Value::time);
        if let Some(value) = times.next() {
            out.push(Reading {
                value,
                others: times.collect(),
                end: clock.end,
                confidence: clock.confidence,
                parts: Vec::new(),
            });
        }
    }
    out
}

fn clock(said: &Said, at: usize, in_range: bool) -> Option<Clock> {
    english::clock(said, at, in_range).or_else(|| chinese::clock(said, at, in_range))
}

/// "Between two and four", "from 8 to 9 pm", 两点到四点.
fn range(said: &Said, at: usize) -> Option<Reading> {
    let from = said.is(at, &["from", "between"]) || said.word(at) == "从";
    let begin = at + usize::from(from);
    let first = if from { begin } else { at };
    // The first part may be bare: 两到四点.
    let start = clock(said, first, true)?;
    let past =
        said.any(start.end, &["to", "until", "till", "til", "through", "and", "-", "–", "—", "~", "到", "至", "或"])?;
    let joins = said.word(start.end);
    if joins == "and" && said.word(at) != "between" || joins == "to" && !from && in_minutes(said, first, start) {
        return None;
    }
    let past = said.any(past, &["about", "around"]).unwrap_or(past);
    let mut stop = clock(said, past, true)?;
    // Two bare numbers may be anything, unless they are said as a range of times.
    let shown = [start, stop].iter().any(|clock| clock.confidence >= 0.8);
    if !shown && !from {
        return None;
    }
    let mut start = start;
    if stop.part.is_none() && chinese::is_said(said, first) {
        stop.part = start.part.filter(|_| stop.hour >= start.hour && stop.hour < 12);
    }
    // 上午九点到下午五点 is clear; "eight to nine pm" has one part for both, "ten to two pm" has not.
    let mut pairs: Vec<(Time, Time)> = Vec::new();
    for from in start.times() {
        pairs.extend(stop.times().into_iter().filter(|to| *to > from || *to == Time::midnight()).map(|to| (from, to)));
    }
    if pairs.is_empty() {
        // Over midnight: "from ten pm to two am".
        start.part = start.part.or(Some(Part::Evening));
        pairs.push((*start.times().first()?, *stop.times().first()?));
    }
    let length = |(from, to): &(Time, Time)| (i32::from(to.hour()) - i32::from(from.hour())).rem_euclid(24);
    let default = start.times().first().copied();
    pairs.sort_by_key(|pair| (length(pair) / 6, Some(pair.0) != default, length(pair)));
    let end = stop.end.max(start.end);
    let parts = pairs.first().map_or_else(Vec::new, |(from, to)| {
        vec![(first..start.end, Value::time(*from)), (past..stop.end, Value::time(*to))]
    });
    let mut pairs = pairs.into_iter().map(|(from, to)| Value::TimeRange { from, to });
    let value = pairs.next()?;
    let confidence = if shown && from {
        0.95
    } else if shown {
        0.9
    } else {
        0.8
    };
    Some(Reading { value, others: pairs.take(2).collect(), end, confidence, parts })
}

/// "Ten to four" is ten minutes before four; "eight to nine" is an hour.
fn in_minutes(said: &Said, at: usize, clock: Clock) -> bool {
    let word = number::below_hundred(said, at);
    word.is_some_and(|(minutes, end)| end == clock.end && minutes.is_multiple_of(5))
}

/// "In two hours", "twenty minutes from now", 半小时后; "now".
fn relative(said: &Said, at: usize, now: &Zoned) -> Option<Reading> {
    let (span, end) = chinese::after(said, at).or_else(|| english::after(said, at)).or_else(|| {
        let end = said.any(at, &["right now", "now", "straight away", "immediately", "现在", "马上"])?;
        Some((Span::new(), end))
    })?;
    let then = now.checked_add(span).ok()?;
    let time = then.time();
    let time = Time::new(time.hour(), time.minute(), 0, 0).ok()?;
    let confidence = if span.is_zero() { 0.6 } else { 0.9 };
    Some(Reading { value: Value::Time { time }, others: Vec::new(), end, confidence, parts: Vec::new() })
}

/// "In the morning" with no hour: a range.
fn part_alone(said: &Said, at: usize) -> Option<Reading> {
    const PARTS: &[(&str, (i8, i8))] = &[
        ("in the morning", (6, 12)),
        ("this morning", (6, 12)),
        ("morning", (6, 12)),
        ("mornings", (6, 12)),
        ("lunchtime", (12, 14)),
        ("in the afternoon", (12, 18)),
        ("this afternoon", (12, 18)),
        ("afternoon", (12, 18)),
        ("in the evening", (18, 22)),
        ("this evening", (18, 22)),
        ("evening", (18, 22)),
        ("tonight", (18, 23)),
        ("at night", (20, 23)),
        ("night", (20, 23)),
        ("overnight", (20, 23)),
        ("早上", (6, 10)),
        ("上午", (8, 12)),
        ("下午", (12, 18)),
        ("傍晚", (17, 19)),
        ("晚上", (18, 23)),
        ("夜里", (20, 23)),
    ];
    let ((from, to), end) = said.look_up(at, PARTS)?;
    // A greeting is no time of day.
    if said.is(at.wrapping_sub(1), &["good", "last"]) || said.is(end, &["好"]) {
        return None;
    }
    let value = Value::TimeRange { from: Time::new(from, 0, 0, 0).ok()?, to: Time::new(to, 0, 0, 0).ok()? };
    Some(Reading { value, others: Vec::new(), end, confidence: 0.45, parts: Vec::new() })
}

/// So many minutes as a span; nothing beyond ten thousand days.
fn minutes(amount: Decimal, each: i64) -> Option<Span> {
    let minutes =
        amount.checked_mul(each.into())?.round().to_i64().filter(|minutes| (0..14_400_000).contains(minutes))?;
    Some(minutes.minutes())
}

/// Hours and minutes as minutes, in either language.
pub(super) fn length(said: &Said, at: usize) -> Option<(Decimal, usize)> {
    if said.han(at).is_some() || said.han(at + 1).is_some() {
        return chinese::length(said, at);
    }
    english::length(said, at)
}
