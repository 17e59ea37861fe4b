//! English dates and times of day.

use super::words::{cardinal, ordinal, year};
use crate::speak::reading::scan::{Found, Rule};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const MONTH: &str = r"(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?";
const DAYS: [(&str, &str); 7] = [
    ("Mon", "Monday"),
    ("Tue", "Tuesday"),
    ("Wed", "Wednesday"),
    ("Thu", "Thursday"),
    ("Fri", "Friday"),
    ("Sat", "Saturday"),
    ("Sun", "Sunday"),
];

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(
            r"(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:T|\s)(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b",
            iso,
        ),
        Rule::new(r"(\d{4})/(\d{1,2})/(\d{1,2})\b", |found| {
            date(found.get(3), found.get(2), Some(found.get(1))).filter(|_| found.ends())
        }),
        Rule::new(r"(\d{1,2})([/.])(\d{1,2})([/.])(\d{4}|\d{2})\b", numeric),
        Rule::new(&format!(r"{MONTH}\s(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s(\d{{4}})\b)?"), |found| {
            let year = Some(found.get(3)).filter(|year| !year.is_empty());
            date(found.get(2), &month(found.get(1))?.to_string(), year)
                .filter(|_| found.ends() && !found.after.starts_with(':'))
        }),
        Rule::new(&format!(r"(\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?{MONTH}\b(?:,?\s(\d{{4}})\b)?"), day_first),
        Rule::new(&format!(r"{MONTH},?\s(\d{{4}})\b"), |found| {
            let name = MONTHS[month(found.get(1))? - 1];
            Some(format!("{name} {}", year(found.get(2).parse().ok()?)))
        }),
        Rule::new(r"(Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)\b\.?", weekday),
        Rule::new(r"(\d{1,2}):(\d{2})\s?[-–—]\s?(\d{1,2}):(\d{2})\b", |found| {
            let from = clock(found.get(1), found.get(2), "")?;
            Some(format!("{from} to {}", clock(found.get(3), found.get(4), "")?)).filter(|_| found.ends())
        }),
        Rule::new(r"(\d{1,2}):(\d{2})(?::\d{2})?(?:\s?([aApP])\.?\s?[mM](\b\.?))?", |found| {
            let ends = found.ends() && !found.after.starts_with(':');
            let full_stop = if found.get(4) == "." && found.after.trim().is_empty() { "." } else { "" };
            clock(found.get(1), found.get(2), found.get(3)).filter(|_| ends).map(|words| words + full_stop)
        }),
        Rule::new(r"(\d{1,2})\s?([aApP])\.?\s?[mM](\b\.?)", |found| {
            let full_stop = if found.get(3) == "." && found.after.trim().is_empty() { "." } else { "" };
            clock(found.get(1), "00", found.get(2)).filter(|_| found.ends()).map(|words| words + full_stop)
        }),
    ]
}

/// A date in the order that was given, `dmy`, `mdy`, `ymd`, `md` or `dm`; without one, as it would be read anyway.
pub(super) fn date_as(text: &str, format: Option<&str>) -> Option<String> {
    let format = format?;
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let part = |letter: char| format.chars().position(|c| c == letter).and_then(|at| parts.get(at).copied());
    if parts.len() != format.chars().count() {
        return None;
    }
    date(part('d')?, part('m')?, part('y'))
}

/// A time of day.
pub(super) fn time_as(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let half = text.chars().find(|c| ['a', 'A', 'p', 'P'].contains(c)).map(String::from).unwrap_or_default();
    let (hours, minutes) = match (text.contains(':'), digits.len()) {
        (true, _) => text.split_once(':').map(|(hours, rest)| (hours.trim(), rest.get(..2).unwrap_or_default()))?,
        (false, 4) => digits.split_at(2),
        (false, 1 | 2) => (digits.as_str(), "00"),
        _ => return None,
    };
    clock(hours, minutes, &half)
}

fn month(name: &str) -> Option<usize> {
    let start = name.get(..3)?;
    MONTHS.iter().position(|month| month.starts_with(start)).map(|at| at + 1)
}

/// "November twenty-seventh, twenty twenty-six".
fn date(day: &str, month: &str, written_year: Option<&str>) -> Option<String> {
    let (day, month): (u64, usize) = (day.parse().ok()?, month.parse().ok()?);
    let name = MONTHS.get(month.checked_sub(1)?)?;
    if !(1..=31).contains(&day) {
        return None;
    }
    let words = format!("{name} {}", ordinal(day));
    match written_year {
        None => Some(words),
        Some(written) => Some(format!("{words}, {}", full_year(written)?)),
    }
}

/// `26` is in this century, `98` in the last.
fn full_year(written: &str) -> Option<String> {
    let number: u64 = written.parse().ok()?;
    Some(match written.len() {
        2 if number >= 70 => year(1_900 + number),
        2 => year(2_000 + number),
        _ => year(number),
    })
}

fn iso(found: &Found<'_>) -> Option<String> {
    let words = date(found.get(3), found.get(2), Some(found.get(1))).filter(|_| found.ends())?;
    match found.get(4) {
        "" => Some(words),
        hours => Some(format!("{words}, at {}", clock(hours, found.get(5), "")?)),
    }
}

/// `27/11/2026`: the day is the number that can be no month; with points it comes first. Else nobody knows, and the numbers are
/// said as they stand.
fn numeric(found: &Found<'_>) -> Option<String> {
    let (first, mark, second, written) = (found.get(1), found.get(2), found.get(3), found.get(5));
    if mark != found.get(4) || !found.ends() || (mark == "." && written.len() == 2) {
        return None;
    }
    let (one, two): (u64, u64) = (first.parse().ok()?, second.parse().ok()?);
    match (one, two) {
        (1..=31, 1..=12) if one > 12 || mark == "." || one == two => date(first, second, Some(written)),
        (1..=12, 13..=31) => date(second, first, Some(written)),
        (1..=12, 1..=12) => Some(format!("{}, {}, {}", cardinal(one), cardinal(two), full_year(written)?)),
        _ => None,
    }
}

fn day_first(found: &Found<'_>) -> Option<String> {
    let day: u64 = found.get(1).parse().ok().filter(|day| (1..=31).contains(day))?;
    let name = MONTHS[month(found.get(2))? - 1];
    let article = if found.words_before().next().is_some_and(|word| word == "the") { "" } else { "the " };
    let mut words = format!("{article}{} of {name}", ordinal(day));
    if !found.get(3).is_empty() {
        words += &format!(", {}", year(found.get(3).parse().ok()?));
    }
    Some(words)
}

/// Only before a date or a time: "Sun" is more often the sun.
fn weekday(found: &Found<'_>) -> Option<String> {
    let rest = found.after.trim_start_matches([',', ' ']);
    let dated = rest.len() < found.after.len()
        && (rest.starts_with(|c: char| c.is_ascii_digit()) || month_name(rest) || rest.starts_with("at "));
    let (_, name) = DAYS.iter().find(|(short, _)| found.get(1).starts_with(short)).filter(|_| dated)?;
    Some((*name).to_owned())
}

fn month_name(text: &str) -> bool {
    text.get(..3).is_some_and(|start| MONTHS.iter().any(|month| month.starts_with(start)))
}

/// "two thirty P M"; in the morning of a 24-hour clock nothing is added, so that it stays true of a 12-hour one.
pub(super) fn clock(hours: &str, minutes: &str, half: &str) -> Option<String> {
    let (hour, minute): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hour > 24 || minute > 59 || (!half.is_empty() && !(1..=12).contains(&hour)) {
        return None;
    }
    let (spoken, suffix) = match (half, hour) {
        ("a" | "A", hour) => (hour, " A M"),
        ("p" | "P", hour) => (hour, " P M"),
        (_, 0 | 24) => (12, " A M"),
        (_, 13..) => (hour - 12, " P M"),
        (_, hour) if hours.len() == 2 && hours.starts_with('0') => (hour, " A M"),
        (_, hour) => (hour, ""),
    };
    let spoken = cardinal(spoken);
    Some(match (minute, suffix) {
        (0, "") => format!("{spoken} o'clock"),
        (0, suffix) => format!("{spoken}{suffix}"),
        (1..=9, suffix) => format!("{spoken} oh {}{suffix}", cardinal(minute)),
        (_, suffix) => format!("{spoken} {}{suffix}", cardinal(minute)),
    })
}
