//! Plain numbers, amounts with a unit ("half a kilo", 三斤半) and lengths of time ("three nights", 两个半小时).

use jiff::{Span, ToSpan};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    Reading, Value,
    number::{self, count},
    time,
    token::{Said, Shape},
};

/// A number that counts something; what it counts is not looked at here.
pub(super) fn numbers(said: &Said, at: usize) -> Vec<Reading> {
    let Some(count) = count(said, at) else { return Vec::new() };
    // The middle of a longer written thing: "B12", "12/3", "3:30".
    let stuck =
        at > 0 && said.joined(at) && said.shape(at) == Some(Shape::Figures) && said.shape(at - 1) != Some(Shape::Han);
    let alone = said.alone(at..count.end);
    let pronoun = said.is(at, &["one", "half", "none"]) && count.end == at + 1;
    let idle = said.is(at, &["一"])
        && count.end == at + 1
        && said
            .is(count.end, &["下", "样", "般", "直", "定", "起", "些", "点", "共", "切", "会", "边", "路", "旦", "句"]);
    let confidence = match () {
        _ if idle => 0.1,
        _ if alone => 0.9,
        _ if stuck => 0.25,
        // An hour, more often than not.
        _ if said.is(at.wrapping_sub(1), &["at", "past", "until", "till"]) => 0.4,
        _ if count.dictated => 0.5,
        _ if pronoun => 0.35,
        _ => 0.7,
    };
    let value = |number: Decimal| Value::Number { number: number.normalize(), approximate: count.approximate };
    let others = count.other.map(value).into_iter().collect();
    let mut out = vec![Reading { value: value(count.value), others, end: count.end, confidence, parts: Vec::new() }];
    // An ordinal or a pair may be the number, too: "room two thirty seven".
    if let Some((first, second, end)) = number::pair(said, at).filter(|(.., end)| *end > count.end) {
        let value = value(Decimal::from(first * 100 + second));
        out.push(Reading { value, others: Vec::new(), end, confidence: 0.3, parts: Vec::new() });
    }
    out
}

const UNITS: &[(&str, &str)] = &[
    ("kilos", "kg"),
    ("kilo", "kg"),
    ("kilograms", "kg"),
    ("kilogram", "kg"),
    ("kg", "kg"),
    ("grams", "g"),
    ("gram", "g"),
    ("g", "g"),
    ("pounds", "lb"),
    ("pound", "lb"),
    ("lbs", "lb"),
    ("ounces", "oz"),
    ("ounce", "oz"),
    ("tons", "t"),
    ("tonnes", "t"),
    ("litres", "l"),
    ("liters", "l"),
    ("litre", "l"),
    ("liter", "l"),
    ("gallons", "gal"),
    ("gallon", "gal"),
    ("pints", "pt"),
    ("pint", "pt"),
    ("metres", "m"),
    ("meters", "m"),
    ("metre", "m"),
    ("meter", "m"),
    ("kilometres", "km"),
    ("kilometers", "km"),
    ("km", "km"),
    ("miles", "mi"),
    ("mile", "mi"),
    ("centimetres", "cm"),
    ("centimeters", "cm"),
    ("cm", "cm"),
    ("inches", "in"),
    ("inch", "in"),
    ("feet", "ft"),
    ("foot", "ft"),
    ("yards", "yd"),
    ("percent", "%"),
    ("per cent", "%"),
    ("%", "%"),
    ("degrees", "°"),
    ("公斤", "kg"),
    ("千克", "kg"),
    ("斤", "斤"),
    ("克", "g"),
    ("吨", "t"),
    ("两", "两"),
    ("升", "l"),
    ("毫升", "ml"),
    ("米", "m"),
    ("公里", "km"),
    ("厘米", "cm"),
    ("寸", "寸"),
    ("里", "里"),
    ("平米", "m²"),
    ("平方米", "m²"),
    ("平方", "m²"),
    ("度", "°"),
];

/// An amount with its unit; a number without one is an amount, too.
pub(super) fn quantities(said: &Said, at: usize) -> Vec<Reading> {
    let mut out: Vec<Reading> = Vec::new();
    let percent = said.phrase(at, "百分之");
    if let Some(count) = count(said, percent.unwrap_or(at)) {
        let article = said.any(count.end, &["a", "an", "of a", "个"]).unwrap_or(count.end);
        let unit = match percent {
            Some(_) => Some(("%", count.end)),
            None => said.look_up(count.end, UNITS).or_else(|| said.look_up(article, UNITS)),
        };
        if let Some((unit, end)) = unit {
            let (amount, end) = half(said, count.value, end);
            out.push(Reading {
                value: Value::Quantity {
                    amount: amount.normalize(),
                    unit: Some(unit.to_owned()),
                    approximate: count.approximate,
                },
                others: Vec::new(),
                end,
                confidence: 0.93,
                parts: Vec::new(),
            });
        }
    } else if said.is(at, &["a", "an"])
        && let Some((unit, end)) = said.look_up(at + 1, UNITS).filter(|(unit, _)| unit.len() > 1)
    {
        let (amount, end) = half(said, Decimal::ONE, end);
        let value = Value::Quantity { amount, unit: Some(unit.to_owned()), approximate: false };
        out.push(Reading { value, others: Vec::new(), end, confidence: 0.6, parts: Vec::new() });
    }
    let plain = |value: Value| match value {
        Value::Number { number, approximate } => Value::Quantity { amount: number, unit: None, approximate },
        other => other,
    };
    out.extend(numbers(said, at).into_iter().map(|reading| Reading {
        value: plain(reading.value),
        others: reading.others.into_iter().map(plain).collect(),
        ..reading
    }));
    out
}

/// 三斤半; "a kilo and a half".
fn half(said: &Said, amount: Decimal, end: usize) -> (Decimal, usize) {
    match said.any(end, &["半", "and a half"]) {
        Some(past) if amount.is_integer() => (amount.checked_add(Decimal::new(5, 1)).unwrap_or(amount), past),
        _ => (amount, end),
    }
}

/// Lengths of time.
pub(super) fn durations(said: &Said, at: usize) -> Vec<Reading> {
    days(said, at).or_else(|| minutes(said, at)).into_iter().collect()
}

fn duration(span: Span, end: usize, confidence: f32) -> Reading {
    Reading { value: Value::Duration { length: span }, others: Vec::new(), end, confidence, parts: Vec::new() }
}

/// Days, nights, weeks, months, years.
fn days(said: &Said, at: usize) -> Option<Reading> {
    const SET: &[(&str, i64)] =
        &[("a fortnight", 14), ("fortnight", 14), ("a weekend", 2), ("半个月", 15), ("一个星期", 7), ("一晚", 1)];
    if let Some((days, end)) = said.look_up(at, SET) {
        return Some(duration(days.days(), end, 0.8));
    }
    // The minutes of 12:25 are no nights.
    if said.joined(at) && said.shape(at - 1) == Some(Shape::Mark) {
        return None;
    }
    let article = said.is(at, &["a", "another", "single"]);
    let count = if article { None } else { count(said, at) };
    let (value, end) = match &count {
        Some(count) => (count.value, count.end),
        None if article => (Decimal::ONE, at + 1),
        None => return None,
    };
    let end = said.any(end, &["-", "more", "full", "whole", "consecutive", "整"]).unwrap_or(end);
    let (unit, past) = said.look_up(
        end,
        &[
            ("nights", 'd'),
            ("night", 'd'),
            ("nites", 'd'),
            ("days", 'd'),
            ("day", 'd'),
            ("weeks", 'w'),
            ("week", 'w'),
            ("weekends", 'e'),
            ("months", 'm'),
            ("month", 'm'),
            ("years", 'y'),
            ("year", 'y'),
            ("天", 'd'),
            ("晚", 'd'),
            ("晚上", 'd'),
            ("个晚上", 'd'),
            ("夜", 'd'),
            ("周", 'w'),
            ("个星期", 'w'),
            ("星期", 'w'),
            ("个礼拜", 'w'),
            ("个月", 'm'),
            ("年", 'y'),
        ],
    )?;
    // 三周 is three weeks, 周三 a day; 二零二六年 is a year of its own; "a day" is seldom a length.
    if count.as_ref().is_some_and(|count| count.dictated)
        || said.is(past, &["ago", "前"])
        || said.any(past, &["from now", "from today", "from tomorrow"]).is_some()
        || said.is(past, &["后"])
    {
        return None;
    }
    // "One day I will" is some day.
    if value == Decimal::ONE && said.is(past, &["i", "we", "you", "he", "she", "they"]) {
        return None;
    }
    if unit == 'y' && value > Decimal::ONE_HUNDRED {
        return None;
    }
    let amount = value.to_i64().filter(|amount| (0..=10_000).contains(amount) && value.is_integer());
    let span = match (unit, amount) {
        ('d', Some(amount)) => amount.days(),
        ('w', Some(amount)) => Span::new().try_days(amount * 7).ok()?,
        ('e', Some(amount)) => Span::new().try_days(amount * 2).ok()?,
        ('m', Some(amount)) => amount.months(),
        ('y', Some(amount)) => Span::new().try_years(amount).ok()?,
        // Half days are lengths as well; half a month is not so many days.
        ('d', None) => whole_minutes(value, 1_440)?,
        ('w', None) => whole_minutes(value, 10_080)?,
        _ => return None,
    };
    // "In two days" is a date.
    let ahead = said.is(at.wrapping_sub(1), &["in", "within"]);
    let confidence = if ahead {
        0.4
    } else if article {
        0.55
    } else {
        0.93
    };
    Some(duration(span, past, confidence))
}

fn whole_minutes(value: Decimal, each: i64) -> Option<Span> {
    let hours = value.checked_mul(each.into())?.checked_div(60.into())?.round().to_i64()?;
    (0..1_000_000).contains(&hours).then(|| hours.hours())
}

/// Hours and minutes.
fn minutes(said: &Said, at: usize) -> Option<Reading> {
    let (minutes, end) = time::length(said, at)?;
    let minutes = minutes.round().to_i64().filter(|minutes| (0..6_000_000).contains(minutes))?;
    let span = if minutes >= 60 { (minutes / 60).hours().minutes(minutes % 60) } else { minutes.minutes() };
    Some(duration(span, end, 0.9))
}
