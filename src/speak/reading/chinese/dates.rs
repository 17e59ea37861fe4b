//! Chinese dates and times of day.

use super::words::{cardinal, counting, year};
use crate::speak::reading::scan::{Found, Rule};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s](\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?-u:\b)",
            |found| {
                let words = date(Some(found.get(1)), found.get(2), found.get(3)).filter(|_| found.ends())?;
                match found.get(4) {
                    "" => Some(words),
                    hours => Some(words + &clock(hours, found.get(5), "")?),
                }
            },
        ),
        Rule::new(r"(\d{2}|\d{4})\s?年(?:\s?(\d{1,2})\s?月)?(?:\s?(\d{1,2})\s?([日号]))?", years),
        Rule::new(r"(\d{1,2})\s?月(?:\s?(\d{1,2})\s?([日号]))?", |found| {
            let month: u64 = found.get(1).parse().ok().filter(|month| (1..=12).contains(month))?;
            let mut words = format!("{}月", cardinal(month));
            if !found.get(2).is_empty() {
                words += &format!("{}{}", cardinal(found.get(2).parse().ok()?), found.get(3));
            }
            // "3月" alone may be a month, "3个月" is a count and no match.
            Some(words)
        }),
        Rule::new(r"(\d{1,2}):(\d{2})\s?[-–—~至到]\s?(\d{1,2}):(\d{2})(?-u:\b)", |found| {
            let half = half_of(found);
            Some(format!("{}到{}", clock(found.get(1), found.get(2), half)?, clock(found.get(3), found.get(4), half)?))
        }),
        Rule::new(r"(\d{1,2})[:\x{ff1a}](\d{2})(?:[:\x{ff1a}]\d{2})?(?-u:\b)", |found| {
            clock(found.get(1), found.get(2), half_of(found)).filter(|_| found.ends())
        }),
        Rule::new(r"(\d{1,2})\s?点(?:\s?(\d{1,2})\s?分|\s?(半|整|钟))?", |found| {
            let hour: u64 = found.get(1).parse().ok().filter(|hour| *hour <= 24)?;
            // "2点5" is a decimal that somebody wrote in characters.
            if found.after.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            let tail = match (found.get(2), found.get(3)) {
                ("", tail) => tail.to_owned(),
                (minutes, _) => format!("{}分", padded(minutes)?),
            };
            Some(format!("{}点{tail}", counting(hour)))
        }),
    ]
}

/// A date in the order that was given.
pub(super) fn date_as(text: &str, format: Option<&str>) -> Option<String> {
    let format = format.unwrap_or("ymd");
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let part = |letter: char| format.chars().position(|c| c == letter).and_then(|at| parts.get(at).copied());
    (parts.len() == format.chars().count()).then_some(())?;
    date(part('y'), part('m')?, part('d')?)
}

/// A time of day.
pub(super) fn time_as(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match (text.split_once([':', '\u{ff1a}']), digits.len()) {
        (Some((hours, rest)), _) => clock(hours.trim(), rest.get(..2)?, ""),
        (None, 4) => clock(&digits[..2], &digits[2..], ""),
        (None, 1 | 2) => clock(&digits, "00", ""),
        _ => None,
    }
}

fn years(found: &Found<'_>) -> Option<String> {
    let (written, month) = (found.get(1), found.get(2));
    let value: u64 = written.parse().ok()?;
    // "25年" counts years unless a month follows; "2026年" is one.
    if (written.len() == 2 && month.is_empty()) || (written.len() == 4 && !(1_000..2_200).contains(&value)) {
        return None;
    }
    let mut words = format!("{}年", year(written));
    if !month.is_empty() {
        let month: u64 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
        words += &format!("{}月", cardinal(month));
        if !found.get(3).is_empty() {
            words += &format!("{}{}", cardinal(found.get(3).parse().ok()?), found.get(4));
        }
    }
    if month.is_empty() && !found.get(3).is_empty() {
        return None;
    }
    Some(words)
}

/// 二〇二六年十一月二十七日.
fn date(written_year: Option<&str>, month: &str, day: &str) -> Option<String> {
    let (month, day): (u64, u64) = (month.parse().ok()?, day.parse().ok()?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = written_year.map(|written| format!("{}年", year(written))).unwrap_or_default();
    Some(format!("{year}{}月{}日", cardinal(month), cardinal(day)))
}

/// The half of the day that stands before it, so that it is not said twice.
fn half_of(found: &Found<'_>) -> &'static str {
    let before = found.before.trim_end();
    let named = ["凌晨", "早上", "早晨", "上午", "中午", "下午", "傍晚", "晚上", "夜里"];
    named.into_iter().find(|half| before.ends_with(half)).unwrap_or("")
}

/// 下午两点半.
fn clock(hours: &str, minutes: &str, half: &str) -> Option<String> {
    let (hour, minute): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hour > 24 || minute > 59 {
        return None;
    }
    let padded_hour = hours.len() == 2 && hours.starts_with('0');
    let (part, spoken) = match hour {
        _ if !half.is_empty() => ("", if hour > 12 { hour - 12 } else { hour }),
        0 | 24 => ("凌晨", 0),
        1..=5 if padded_hour => ("凌晨", hour),
        6..=11 if padded_hour => ("上午", hour),
        13..=17 => ("下午", hour - 12),
        18..=23 => ("晚上", hour - 12),
        _ => ("", hour),
    };
    let tail = match minute {
        0 => String::new(),
        30 => "半".to_owned(),
        _ => format!("{}分", padded(minutes)?),
    };
    Some(format!("{part}{}点{tail}", counting(spoken)))
}

/// Minutes below ten with their zero: 零五.
fn padded(minutes: &str) -> Option<String> {
    let minute: u64 = minutes.parse().ok().filter(|minute| *minute < 60)?;
    Some(if minute < 10 && minute > 0 { format!("零{}", cardinal(minute)) } else { cardinal(minute) })
}
