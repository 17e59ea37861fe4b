//! Dates: "tomorrow", "next Tuesday", "the twenty-third", "March third", 3/14, 下周三, 五月二十号, and ranges of them. What a caller leaves
//! out (year, month) is filled in from the day of the call: forwards for what is to come, backwards for what has been.

mod chinese;
mod english;
mod written;

use std::ops::Range;

use jiff::{
    Span,
    civil::{Date, Weekday},
};

pub(super) use english::{month, weekday};

use super::{Reading, Region, Value, token::Said};

/// What fills in the parts that were not said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    pub today: Date,
    /// The date lies in the past: "I ordered it on Tuesday".
    pub past: bool,
    /// A date said before, in whose month a lone day is looked for: "no, the sixth".
    pub month_of: Option<Date>,
    pub region: Region,
}

/// A date or range of dates that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    from: Date,
    /// The last day, for a range.
    to: Option<Date>,
    others: Vec<Date>,
    end: usize,
    confidence: f32,
    /// Only the day of the month was said.
    day_only: Option<i8>,
    /// The tokens of the first and the last day of a range that says both.
    parts: Option<[Range<usize>; 2]>,
}

impl Found {
    fn day(date: Date, end: usize, confidence: f32) -> Self {
        Found { from: date, to: None, others: Vec::new(), end, confidence, day_only: None, parts: None }
    }

    fn reading(self) -> Reading {
        let value = match self.to {
            None => Value::Date { date: self.from },
            Some(to) => Value::DateRange { from: self.from, to },
        };
        let parts = match (&self.parts, self.to) {
            (Some([first, last]), Some(to)) => {
                vec![(first.clone(), Value::Date { date: self.from }), (last.clone(), Value::Date { date: to })]
            }
            _ => Vec::new(),
        };
        let others = self.others.into_iter().map(|date| Value::Date { date }).collect();
        Reading { value, others, end: self.end, confidence: self.confidence, parts }
    }
}

/// The dates that begin at a token.
pub(super) fn readings(said: &Said, at: usize, around: &Around) -> Vec<Reading> {
    let mut out: Vec<Reading> = range(said, at, around).into_iter().map(Found::reading).collect();
    out.extend(one(said, at, around).map(Found::reading));
    out
}

fn one(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let found = [written::date(said, at, around), english::date(said, at, around), chinese::date(said, at, around)];
    found.into_iter().flatten().max_by_key(|found| found.end)
}

/// "From the 23rd until the 29th of May", "between Monday and Friday", 三号到五号.
fn range(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let from = said.is(at, &["from", "between"]) || said.word(at) == "从";
    let begin = at + usize::from(from);
    let start = one(said, begin, around).or_else(|| bare(said, begin, around))?;
    let joins =
        said.any(start.end, &["to", "until", "till", "til", "through", "and", "-", "–", "—", "~", "到", "至", "和"])?;
    if said.is(start.end, &["and", "和"]) && said.word(at) != "between" && !from {
        return None;
    }
    let next = Around { today: start.from, month_of: None, past: false, ..*around };
    let joins = said.any(joins, &["the"]).unwrap_or(joins);
    // "Tomorrow" counts from today whatever stands before it; a weekday or a lone day comes after the first day.
    let later = one(said, joins, around).filter(|stop| stop.from > start.from && !around.past);
    let stop = later.or_else(|| one(said, joins, &next)).or_else(|| bare(said, joins, &next))?;
    if start.to.is_some() || stop.to.is_some() || start.confidence < 0.5 && stop.confidence < 0.5 {
        return None;
    }
    // "The 17th to the 19th of July": the month stands once, behind.
    let mut first = start.from;
    if let (Some(day), None) = (start.day_only, stop.day_only)
        && day <= stop.from.day()
    {
        first = Date::new(stop.from.year(), stop.from.month(), day).ok()?;
    }
    let last = stop.from;
    (first <= last).then(|| Found {
        to: Some(last),
        confidence: 0.95,
        others: Vec::new(),
        day_only: None,
        parts: Some([begin..start.end, joins..stop.end]),
        from: first,
        end: stop.end,
    })
}

/// A number from 1 to 31 alone, which only a range makes a day: "the 17 to 19 July".
fn bare(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let (day, end) = super::number::below_hundred(said, at)?;
    let day = i8::try_from(day).ok()?;
    if said.joined(end) && !said.is(end, &["-", "–", "—", "~", ",", "."]) && said.figures(end).is_none() {
        return None;
    }
    let date = nearest_day(day, None, around)?;
    Some(Found { day_only: Some(day), ..Found::day(date, end, 0.4) })
}

fn add(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

/// So many days, weeks, months or years from a date.
fn shift(date: Date, amount: i64, unit: Unit) -> Option<Date> {
    let span = match unit {
        Unit::Days => Span::new().try_days(amount),
        Unit::Weeks => Span::new().try_weeks(amount),
        Unit::Months => Span::new().try_months(amount),
        Unit::Years => Span::new().try_years(amount),
    };
    date.checked_add(span.ok()?).ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Days,
    Weeks,
    Months,
    Years,
}

/// The nearest date with that day of the month (and weekday, if it was said), in the direction meant.
fn nearest_day(day: i8, weekday: Option<Weekday>, around: &Around) -> Option<Date> {
    if !(1..=31).contains(&day) {
        return None;
    }
    if let Some(previous) = around.month_of
        && let Ok(date) = Date::new(previous.year(), previous.month(), day)
        && weekday.is_none_or(|weekday| date.weekday() == weekday)
    {
        return Some(date);
    }
    let first = around.today.first_of_month();
    (0..36)
        .filter_map(|months| shift(first, if around.past { -months } else { months }, Unit::Months))
        .filter_map(|month| Date::new(month.year(), month.month(), day).ok())
        .filter(|date| if around.past { *date <= around.today } else { *date >= around.today })
        .find(|date| weekday.is_none_or(|weekday| date.weekday() == weekday))
}

/// The nearest date with that day and month.
fn nearest_in_month(month: i8, day: i8, year: Option<i16>, around: &Around) -> Option<Date> {
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    let this = around.today.year();
    // The 29th of February may be seven years away.
    (0..8)
        .filter_map(|years| {
            Date::new(if around.past { this.checked_sub(years)? } else { this.checked_add(years)? }, month, day).ok()
        })
        .find(|date| if around.past { *date <= around.today } else { *date >= around.today })
}

/// The next such weekday; the last one for what has been. Said on the day itself it means the one in a week, and today is reported, too.
fn nearest_weekday(weekday: Weekday, around: &Around) -> Option<(Date, Vec<Date>)> {
    let date = around.today.nth_weekday(if around.past { -1 } else { 1 }, weekday).ok()?;
    let others = if around.today.weekday() == weekday { vec![around.today] } else { Vec::new() };
    Some((date, others))
}

/// A weekday of a week that begins on Monday, so many weeks from this one.
fn weekday_of_week(weekday: Weekday, weeks: i64, around: &Around) -> Option<Date> {
    add(monday(weeks, around)?, weekday.to_monday_zero_offset().into())
}

fn monday(weeks: i64, around: &Around) -> Option<Date> {
    add(around.today, weeks.checked_mul(7)? - i64::from(around.today.weekday().to_monday_zero_offset()))
}

/// A year in two figures or four.
fn full_year(year: u64) -> Option<i16> {
    match year {
        0..=68 => i16::try_from(2000 + year).ok(),
        69..=99 => i16::try_from(1900 + year).ok(),
        1900..=2199 => i16::try_from(year).ok(),
        _ => None,
    }
}
