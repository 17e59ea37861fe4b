//! English numbers: "three hundred and five", "fifteen hundred", "two point five", "half a dozen", "one and a half", "5k".

use rust_decimal::Decimal;

use super::{Count, written};
use crate::entity::token::Said;

/// The value of one number word.
pub(super) fn value(word: &str) -> Option<u64> {
    match word {
        "one" => Some(1),
        "zero" | "nought" | "naught" => Some(0),
        word => crate::normalise::small(word).map(u64::from),
    }
}

fn scale(word: &str) -> Option<u64> {
    Some(match word {
        "thousand" | "grand" => 1_000,
        "million" => 1_000_000,
        "billion" => 1_000_000_000,
        _ => return None,
    })
}

/// A whole number in words or figures, and where it ends.
pub(in crate::entity) fn integer(said: &Said, at: usize) -> Option<(u64, usize)> {
    if value(said.word(at)) == Some(0) {
        return Some((0, at + 1));
    }
    let mut end = at;
    let (mut total, mut group) = (0u64, 0u64);
    // The next part must be smaller than this: after "twenty" a unit only, after "five" nothing.
    let mut room = 100;
    let mut last_scale = u64::MAX;
    if said.is(at, &["a", "an"]) && (said.word(at + 1) == "hundred" || scale(said.word(at + 1)).is_some()) {
        (group, room, end) = (1, 0, at + 1);
    }
    loop {
        let mut next = end;
        if end > at && said.word(next) == "-" && said.joined(next) {
            next += 1;
        }
        let after_large = end > at && said.is(end - 1, &["hundred", "thousand", "million", "billion"]);
        if after_large && said.word(next) == "and" && value(said.word(next + 1)).is_some_and(|v| v > 0) {
            next += 1;
        }
        let word = said.word(next);
        if let Some(v) = value(word).filter(|v| (1..room).contains(v)) {
            group += v;
            room = if v >= 20 { 10 } else { 0 };
        } else if word == "hundred" && (1..100).contains(&group) {
            group *= 100;
            room = 100;
        } else if let Some(s) = scale(word).filter(|s| group > 0 && *s < last_scale) {
            total = total.checked_add(group.checked_mul(s)?)?;
            (group, room, last_scale) = (0, 100, s);
        } else if (end == at || after_large && group.is_multiple_of(100) && room == 100)
            && let Some((figures, past)) = written(said, next)
            && figures.is_integer()
            && let Ok(v) = u64::try_from(figures)
            && (end == at || v < 100 || group == 0 && v < 1_000)
        {
            group += v;
            (room, end) = (0, past);
            continue;
        } else {
            break;
        }
        end = next + 1;
    }
    (end > at && (total > 0 || group > 0 || said.figures(at).is_some())).then(|| (total.saturating_add(group), end))
}

/// One to ninety-nine in words, or as many in at most two figures.
pub(in crate::entity) fn below_hundred(said: &Said, at: usize) -> Option<(u64, usize)> {
    if let Some(figures) = said.figures(at) {
        return (figures.len() <= 2).then(|| figures.parse().ok()).flatten().map(|value| (value, at + 1));
    }
    let first = value(said.word(at))?;
    let unit_at = if said.word(at + 1) == "-" { at + 2 } else { at + 1 };
    match value(said.word(unit_at)) {
        Some(unit @ 1..=9) if first >= 20 => Some((first + unit, unit_at + 1)),
        _ => Some((first, at + 1)),
    }
}

/// Two numbers one after the other, the second from "oh one" to ninety-nine: the hours and minutes, dollars and cents, or halves of a
/// year.
pub(in crate::entity) fn pair(said: &Said, at: usize) -> Option<(u64, u64, usize)> {
    let (first, middle) = below_hundred(said, at)?;
    let middle = if said.word(middle) == "-" { middle + 1 } else { middle };
    if said.is(middle, &["oh", "o", "zero"]) {
        let unit = value(said.word(middle + 1)).or_else(|| said.figures(middle + 1)?.parse().ok())?;
        return (1..10).contains(&unit).then_some((first, unit, middle + 2));
    }
    if let Some(figures) = said.figures(middle) {
        return (figures.len() == 2).then(|| figures.parse().ok()).flatten().map(|second| (first, second, middle + 1));
    }
    let (second, end) = below_hundred(said, middle)?;
    (second >= 10).then_some((first, second, end))
}

/// "First" to "thirty-first" in words or figures ("23rd").
pub(in crate::entity) fn ordinal(said: &Said, at: usize) -> Option<(u64, usize)> {
    if let Some(figures) = said.figures(at) {
        let suffix = said.is(at + 1, &["st", "nd", "rd", "th"]);
        return (suffix && figures.len() <= 2).then(|| figures.parse().ok()).flatten().map(|value| (value, at + 2));
    }
    if let Some(unit) = simple_ordinal(said.word(at)) {
        return Some((unit, at + 1));
    }
    let tens = value(said.word(at)).filter(|tens| *tens >= 20)?;
    let unit_at = if said.word(at + 1) == "-" { at + 2 } else { at + 1 };
    let unit = simple_ordinal(said.word(unit_at)).filter(|unit| *unit < 10)?;
    Some((tens + unit, unit_at + 1))
}

fn simple_ordinal(word: &str) -> Option<u64> {
    Some(match word {
        "first" => 1,
        "second" => 2,
        "third" => 3,
        "fourth" => 4,
        "fifth" => 5,
        "sixth" => 6,
        "seventh" => 7,
        "eighth" => 8,
        "ninth" => 9,
        "tenth" => 10,
        "eleventh" => 11,
        "twelfth" => 12,
        "thirteenth" => 13,
        "fourteenth" => 14,
        "fifteenth" => 15,
        "sixteenth" => 16,
        "seventeenth" => 17,
        "eighteenth" => 18,
        "nineteenth" => 19,
        "twentieth" => 20,
        "thirtieth" => 30,
        _ => return None,
    })
}

const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
const QUARTER: Decimal = Decimal::from_parts(25, 0, 0, false, 2);

/// Phrases that are numbers as a whole.
const SET: &[(&str, Decimal)] = &[
    ("half a dozen", Decimal::from_parts(6, 0, 0, false, 0)),
    ("a half dozen", Decimal::from_parts(6, 0, 0, false, 0)),
    ("a dozen", Decimal::from_parts(12, 0, 0, false, 0)),
    ("dozen", Decimal::from_parts(12, 0, 0, false, 0)),
    ("a couple of", Decimal::TWO),
    ("a couple", Decimal::TWO),
    ("couple of", Decimal::TWO),
    ("a pair of", Decimal::TWO),
    ("none", Decimal::ZERO),
    ("three quarters", Decimal::from_parts(75, 0, 0, false, 2)),
    ("a quarter of", QUARTER),
    ("half", HALF),
    ("½", HALF),
    ("¼", QUARTER),
];

/// The number that begins here.
pub(super) fn count(said: &Said, at: usize) -> Option<Count> {
    if said.is(at, &["minus", "negative"]) || said.word(at) == "-" && !said.joined(at) && said.joined(at + 1) {
        let count = count(said, at + 1).filter(|count| !count.value.is_sign_negative())?;
        return Some(Count { value: -count.value, ..count });
    }
    let mut count = if let Some((value, end)) = said.look_up(at, SET) {
        Count::new(value, end)
    } else if said.is(at, &["point"]) {
        let (fraction, end) = fraction(said, at + 1)?;
        Count::new(fraction, end)
    } else {
        plain(said, at)?
    };
    let before = at.checked_sub(1).map_or("", |at| said.word(at));
    let after = said.any(count.end, &["or so", "odd", "ish", "or thereabouts"]);
    count.approximate = after.is_some()
        || matches!(before, "about" | "around" | "roughly" | "nearly" | "almost" | "approximately" | "some");
    Some(count)
}

fn plain(said: &Said, at: usize) -> Option<Count> {
    let decimal = written(said, at).filter(|(value, _)| !value.is_integer());
    let (mut value, mut end) = match decimal {
        Some(decimal) => decimal,
        None => integer(said, at).map(|(value, end)| (Decimal::from(value), end))?,
    };
    if said.word(end) == "point"
        && let Some((fraction, past)) = fraction(said, end + 1)
    {
        (value, end) = (value + fraction, past);
    }
    if let Some(past) = said.any(end, &["and a half", "and one half"]) {
        (value, end) = (value + HALF, past);
    } else if let Some(past) = said.phrase(end, "and a quarter") {
        (value, end) = (value + QUARTER, past);
    }
    let times = match said.word(end) {
        "dozen" => 12,
        "k" if said.joined(end) => 1_000,
        "m" if said.joined(end) && !said.joined(end + 1) && said.figures(at).is_some() && !value.is_integer() => {
            1_000_000
        }
        // "Two point five million"; the whole ones have been read already.
        word if !value.is_integer() => scale(word).unwrap_or(1),
        _ => 1,
    };
    if times > 1 {
        (value, end) = (value.checked_mul(times.into())?, end + 1);
    }
    Some(Count::new(value, end))
}

/// Digits after the point, one by one, or "seventy five".
fn fraction(said: &Said, at: usize) -> Option<(Decimal, usize)> {
    let mut digits = String::new();
    let mut end = at;
    while digits.len() < 6 {
        match (value(said.word(end)), said.figures(end)) {
            (_, Some(figures)) => digits.push_str(figures),
            (Some(v), _) if v < 10 || digits.is_empty() => digits.push_str(&v.to_string()),
            _ if said.is(end, &["oh", "o"]) => digits.push('0'),
            _ => break,
        }
        end += 1;
    }
    let fraction: Decimal = (end > at && digits.len() <= 9).then(|| format!("0.{digits}").parse().ok()).flatten()?;
    Some((fraction, end))
}
