//! The ways to say a date in English.

use jiff::civil::{Date, Weekday};

use super::{
    Around, Found, Unit, add, full_year, monday, nearest_day, nearest_in_month, nearest_weekday, shift, weekday_of_week,
};
use crate::entity::{
    number::{self, below_hundred, ordinal},
    token::Said,
};

pub(in crate::entity) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" | "mondays" => Weekday::Monday,
        "tuesday" | "tue" | "tues" | "tuesdays" => Weekday::Tuesday,
        "wednesday" | "wed" | "wednesdays" => Weekday::Wednesday,
        "thursday" | "thu" | "thur" | "thurs" | "thursdays" => Weekday::Thursday,
        "friday" | "fri" | "fridays" => Weekday::Friday,
        "saturday" | "saturdays" => Weekday::Saturday,
        "sunday" | "sundays" => Weekday::Sunday,
        _ => return None,
    })
}

pub(in crate::entity) fn month(word: &str) -> Option<i8> {
    Some(match word {
        "january" | "jan" => 1,
        "february" | "feb" => 2,
        "march" | "mar" => 3,
        "april" | "apr" => 4,
        "may" => 5,
        "june" | "jun" => 6,
        "july" | "jul" => 7,
        "august" | "aug" => 8,
        "september" | "sept" | "sep" => 9,
        "october" | "oct" => 10,
        "november" | "nov" => 11,
        "december" | "dec" => 12,
        _ => return None,
    })
}

/// Days that keep their date every year.
const FEASTS: &[(&str, (i8, i8))] = &[
    ("christmas day", (12, 25)),
    ("christmas", (12, 25)),
    ("christmas eve", (12, 24)),
    ("boxing day", (12, 26)),
    ("new years eve", (12, 31)),
    ("new year s eve", (12, 31)),
    ("new years day", (1, 1)),
    ("new years", (1, 1)),
    ("valentines day", (2, 14)),
    ("halloween", (10, 31)),
];

const NAMED: &[(&str, i64)] = &[
    ("today", 0),
    ("todays", 0),
    ("tonight", 0),
    ("tonights", 0),
    ("this morning", 0),
    ("this afternoon", 0),
    ("this evening", 0),
    ("tomorrow", 1),
    ("tomorrows", 1),
    ("day after tomorrow", 2),
    ("the day after tomorrow", 2),
    ("overmorrow", 2),
    ("yesterday", -1),
    ("yesterdays", -1),
    ("last night", -1),
    ("day before yesterday", -2),
    ("the day before yesterday", -2),
];

pub(super) fn date(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let found = [
        named(said, at, around),
        counted(said, at, around),
        with_weekday(said, at, around),
        with_month(said, at, around),
        whole(said, at, around),
        day_alone(said, at, around),
        feast(said, at, around),
    ];
    found.into_iter().flatten().max_by_key(|found| found.end)
}

fn named(said: &Said, at: usize, around: &Around) -> Option<Found> {
    // About a date that was said before: "not tomorrow, the day after".
    if let Some(previous) = around.month_of
        && let Some((days, end)) = said.look_up(
            at,
            &[
                ("the day after", 1),
                ("a day later", 1),
                ("one day later", 1),
                ("the day before", -1),
                ("a day earlier", -1),
                ("a week later", 7),
            ],
        )
        && !said.is(end, &["tomorrow", "yesterday"])
    {
        return Some(Found::day(add(previous, days)?, end, 0.9));
    }
    let (days, end) = said.look_up(at, NAMED)?;
    let date = add(around.today, days)?;
    // "A fortnight today", "tomorrow week".
    if let Some(end) = said.phrase(end, "week").filter(|_| days >= 0) {
        return Some(Found::day(add(date, 7)?, end, 0.85));
    }
    let by_part = said.is(at, &["this", "tonight", "tonights"]);
    Some(Found::day(date, end, if by_part { 0.7 } else { 0.98 }))
}

/// "In two weeks", "three days ago", "ten days from now", "a week from tomorrow", "a fortnight today", "a week on Tuesday".
fn counted(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let prefixed = said.is(at, &["in", "within"]);
    let (amount, unit, end) = amount(said, at + usize::from(prefixed))?;
    let forward = |end: usize| shift(around.today, amount, unit).map(|date| Found::day(date, end, 0.93));
    if let Some(end) = said.any(end, &["ago", "back", "earlier"]) {
        return Some(Found::day(shift(around.today, amount.checked_neg()?, unit)?, end, 0.95));
    }
    if let Some(end) = said.any(end, &["from now", "from today", "later", "today", "time"]) {
        return forward(end);
    }
    if !prefixed && let Some(next) = said.any(end, &["from", "after", "on"]) {
        let start = date_but_counted(said, next, around)?;
        // "Three days from the 8th of May" more often begins then than ends.
        let relative = named(said, next, around).is_some() || unit == Unit::Weeks && amount == 1;
        let confidence = if relative || said.word(end) == "after" { 0.9 } else { 0.7 };
        return Some(Found::day(shift(start.from, amount, unit)?, start.end, confidence));
    }
    if prefixed { forward(end) } else { None }
}

fn date_but_counted(said: &Said, at: usize, around: &Around) -> Option<Found> {
    named(said, at, around).or_else(|| with_weekday(said, at, around)).or_else(|| with_month(said, at, around))
}

/// "Two weeks", "a fortnight", "a couple of days", "a year".
fn amount(said: &Said, at: usize) -> Option<(i64, Unit, usize)> {
    if let Some(end) = said.any(at, &["a fortnight", "one fortnight", "fortnight"]) {
        return Some((2, Unit::Weeks, end));
    }
    let unit = |at: usize| {
        Some(match said.word(at) {
            "day" | "days" => Unit::Days,
            "week" | "weeks" => Unit::Weeks,
            "month" | "months" => Unit::Months,
            "year" | "years" => Unit::Years,
            _ => return None,
        })
    };
    let apostrophe = |end: usize| if said.word(end) == "s" { end + 1 } else { end };
    if said.is(at, &["a", "one"])
        && let Some(unit) = unit(at + 1)
    {
        return Some((1, unit, apostrophe(at + 2)));
    }
    let count = number::count(said, at)?;
    let amount = i64::try_from(count.whole()?).ok().filter(|amount| *amount <= 10_000)?;
    let unit = unit(count.end)?;
    Some((amount, unit, count.end + 1))
}

/// "Tuesday", "next Tuesday", "Tuesday week", "Friday the 17th", "Saturday 3 December", "Friday next week".
fn with_weekday(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let (which, begin) = said
        .look_up(
            at,
            &[
                ("this", 'h'),
                ("next", 'n'),
                ("last", 'l'),
                ("coming", 'c'),
                ("this coming", 'c'),
                ("the coming", 'c'),
                ("past", 'l'),
            ],
        )
        .map_or((' ', at), |(which, end)| (which, end));
    let day = weekday(said.word(begin))?;
    // "We'd" is no Wednesday.
    if said.word(begin) == "wed" && said.raw(begin..begin + 1).len() > 3 {
        return None;
    }
    let end = begin + 1;
    let comma = said.any(end, &[","]).unwrap_or(end);
    let the = said.any(comma, &["the"]).unwrap_or(comma);
    if which != 'l' {
        // The date says more than the weekday; that they agree is looked at where one may choose.
        if let Some(found) = with_month(said, comma, around).or_else(|| with_month(said, the, around)) {
            return Some(found);
        }
        if let Some((number, end)) = ordinal(said, the)
            && let Some(date) = nearest_day(i8::try_from(number).ok()?, Some(day), around)
        {
            return Some(Found::day(date, end, 0.95));
        }
    }
    if let Some(end) = said.any(end, &["week", "in a week"]) {
        return Some(Found::day(add(nearest_weekday(day, around)?.0, 7)?, end, 0.9));
    }
    if let Some(end) = said.any(end, &["after next"]) {
        return Some(Found::day(weekday_of_week(day, 2, around)?, end, 0.9));
    }
    if let Some(end) = said.any(end, &["next week", "of next week"]) {
        return Some(Found::day(weekday_of_week(day, 1, around)?, end, 0.95));
    }
    if let Some(end) = said.any(end, &["this week", "of this week"]) {
        return Some(Found::day(weekday_of_week(day, 0, around)?, end, 0.95));
    }
    if let Some(end) = said.any(end, &["last week", "of last week"]) {
        return Some(Found::day(weekday_of_week(day, -1, around)?, end, 0.95));
    }
    let (date, others) = match which {
        'n' => {
            // Some mean the nearest, some the one of the week that begins on Monday.
            let date = weekday_of_week(day, 1, around)?;
            let nearest = nearest_weekday(day, &Around { past: false, ..*around })?.0;
            (date, Some(nearest).filter(|nearest| *nearest != date).into_iter().collect())
        }
        'l' => (nearest_weekday(day, &Around { past: true, ..*around })?.0, Vec::new()),
        'h' => {
            let date = weekday_of_week(day, 0, around)?;
            if date < around.today && !around.past { nearest_weekday(day, around)? } else { (date, Vec::new()) }
        }
        'c' => (nearest_weekday(day, &Around { past: false, ..*around })?.0, Vec::new()),
        _ => nearest_weekday(day, around)?,
    };
    let short = said.word(begin).len() <= 3;
    Some(Found { others, ..Found::day(date, end, if short { 0.7 } else { 0.95 }) })
}

/// "The 5th of March", "5 March", "March the fifth", "March 5th 2026", "March 2026".
fn with_month(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let (month, day, end, confidence) = if let Some(name) = month(said.word(at)) {
        let the = said.any(at + 1, &["the", ".", ","]).unwrap_or(at + 1);
        let (day, end) = ordinal(said, the).or_else(|| below_hundred(said, the))?;
        // "May" is a verb, too, and "in March 2026" has no day; a figure that counts something is none.
        if end == the + 1 && said.joined(end) && said.is(end, &["/", ":", "%"]) {
            return None;
        }
        (name, day, end, 0.95)
    } else {
        let begin = said.any(at, &["the"]).unwrap_or(at);
        let (day, end) = ordinal(said, begin).or_else(|| below_hundred(said, begin))?;
        let of = said.any(end, &["of", "day of", "-", "/"]).unwrap_or(end);
        let name = month(said.word(of))?;
        (name, day, of + 1, 0.97)
    };
    let day = i8::try_from(day).ok()?;
    let dot = if said.word(end) == "." && said.joined(end) { end + 1 } else { end };
    let (year, end) = year(said, dot).map_or((None, end), |(year, end)| (Some(year), end));
    let date = match around.month_of.filter(|_| year.is_none()) {
        Some(previous) => {
            Date::new(previous.year(), month, day).ok().filter(|date| around.past || *date >= around.today)
        }
        None => None,
    };
    let date = date.or_else(|| nearest_in_month(month, day, year, around))?;
    Some(Found::day(date, end, confidence))
}

/// A year behind a date: 2026, "twenty twenty-six", "two thousand and six".
fn year(said: &Said, at: usize) -> Option<(i16, usize)> {
    let at = said.any(at, &[",", "in", "of"]).unwrap_or(at);
    if let Some(figures) = said.figures(at) {
        let clock = said.is(at + 1, &[":", "am", "pm"]);
        return (figures.len() == 4 && !clock)
            .then(|| figures.parse().ok().and_then(full_year))
            .flatten()
            .map(|year| (year, at + 1));
    }
    if let Some((century, rest, end)) = number::pair(said, at).filter(|(century, ..)| matches!(century, 19 | 20)) {
        return Some((full_year(century * 100 + rest)?, end));
    }
    let (year, end) = number::integer(said, at).filter(|(year, _)| (1_900..2_200).contains(year))?;
    Some((full_year(year)?, end))
}

/// "Next week", "this weekend", "next month", "the end of the month".
fn whole(said: &Said, at: usize, around: &Around) -> Option<Found> {
    const WHOLES: &[(&str, (Unit, i64))] = &[
        ("this week", (Unit::Weeks, 0)),
        ("next week", (Unit::Weeks, 1)),
        ("last week", (Unit::Weeks, -1)),
        ("the week after next", (Unit::Weeks, 2)),
        ("this month", (Unit::Months, 0)),
        ("next month", (Unit::Months, 1)),
        ("last month", (Unit::Months, -1)),
        ("this year", (Unit::Years, 0)),
        ("next year", (Unit::Years, 1)),
        ("last year", (Unit::Years, -1)),
    ];
    const WEEKENDS: &[(&str, i64)] =
        &[("this weekend", 0), ("the weekend", 0), ("at the weekend", 0), ("next weekend", 1), ("last weekend", -1)];
    if let Some((weeks, end)) = said.look_up(at, WEEKENDS) {
        let saturday = add(monday(weeks, around)?, 5)?;
        return Some(Found { to: Some(add(saturday, 1)?), ..Found::day(saturday, end, 0.8) });
    }
    if let Some(end) = said.any(at, &["the end of the month", "end of the month", "end of this month"]) {
        return Some(Found::day(around.today.last_of_month(), end, 0.8));
    }
    if said.is(at.wrapping_sub(1), &["in", "during"])
        && let Some(month) = month(said.word(at))
        && below_hundred(said, at + 1).is_none()
        && ordinal(said, at + 1).is_none()
    {
        let (year, end) = year(said, at + 1).map_or((None, at + 1), |(year, end)| (Some(year), end));
        // This month counts as well, although its first day is past.
        let first = nearest_in_month(month, 1, year, &Around { today: around.today.first_of_month(), ..*around })?;
        return Some(Found { to: Some(first.last_of_month()), ..Found::day(first, end, 0.7) });
    }
    let ((unit, amount), end) = said.look_up(at, WHOLES)?;
    // "Next week Tuesday".
    if unit == Unit::Weeks
        && let Some(day) = weekday(said.word(said.any(end, &["on", "s"]).unwrap_or(end)))
    {
        let end = said.any(end, &["on", "s"]).unwrap_or(end) + 1;
        return Some(Found::day(weekday_of_week(day, amount, around)?, end, 0.95));
    }
    let (from, to) = match unit {
        Unit::Weeks => {
            let monday = monday(amount, around)?;
            (monday, add(monday, 6)?)
        }
        Unit::Months => {
            let day = shift(around.today.first_of_month(), amount, unit)?;
            (day, day.last_of_month())
        }
        _ => {
            let day = shift(around.today.first_of_year(), amount, Unit::Years)?;
            (day, day.last_of_year())
        }
    };
    Some(Found { to: Some(to), ..Found::day(from, end, 0.75) })
}

/// "The twenty-third", "the 20th of next month".
fn day_alone(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let the = said.any(at, &["the"]).unwrap_or(at);
    let (day, end) = ordinal(said, the)?;
    let day = i8::try_from(day).ok()?;
    if let Some((months, end)) = said.look_up(
        end,
        &[
            ("of the month", 0),
            ("of this month", 0),
            ("this month", 0),
            ("of next month", 1),
            ("next month", 1),
            ("of last month", -1),
        ],
    ) {
        let date = if said.phrase(end - 3, "of the month").is_some() {
            nearest_day(day, None, around)?
        } else {
            let first = shift(around.today.first_of_month(), months, Unit::Months)?;
            Date::new(first.year(), first.month(), day).ok()?
        };
        return Some(Found { day_only: Some(day), ..Found::day(date, end, 0.95) });
    }
    let written = said.figures(the).is_some();
    let introduced = said
        .is(the.wrapping_sub(2), &["on", "for", "from", "until", "till", "by", "to", "before", "after", "not"])
        || said.is(the.wrapping_sub(1), &["on", "for", "from", "until", "till", "by", "to"]);
    // "Second" is a time, "the first one" a choice, "the third floor" a place.
    let follows = said.is(
        end,
        &[
            "one", "floor", "time", "thing", "option", "question", "of", "class", "name", "item", "order", "street",
            "avenue", "person", "half", "quarter", "room", "night",
        ],
    );
    let confidence = match (written, introduced, the > at) {
        _ if follows => 0.1,
        (true, _, _) => 0.9,
        (_, true, true) => 0.85,
        (_, _, true) => 0.7,
        _ if said.alone(at..end) => 0.7,
        _ if day > 3 || introduced => 0.55,
        _ => 0.25,
    };
    let weekday = weekday(said.word(said.any(end, &[",", "a"]).unwrap_or(end)));
    let date = nearest_day(day, None, around)?;
    if let Some(weekday) = weekday
        && let Some(agreed) = nearest_day(day, Some(weekday), around)
    {
        return Some(Found::day(agreed, said.any(end, &[",", "a"]).unwrap_or(end) + 1, 0.9));
    }
    Some(Found { day_only: Some(day), ..Found::day(date, end, confidence) })
}

fn feast(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let ((month, day), end) = said.look_up(at, FEASTS)?;
    let confidence =
        if said.is(end, &["time", "card", "party", "present", "presents", "tree", "dinner"]) { 0.3 } else { 0.85 };
    let (year, end) = year(said, end).map_or((None, end), |(year, end)| (Some(year), end));
    Some(Found::day(nearest_in_month(month, day, year, around)?, end, confidence))
}
