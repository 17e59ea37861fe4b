//! The ways to say a time in Chinese: 三点半, 下午三点一刻, 差五分九点, 两点到四点, 半小时后.

use jiff::Span;
use rust_decimal::Decimal;

use super::{Clock, Part, minutes};
use crate::entity::{
    number::{chinese_integer as integer, count},
    token::Said,
};

const PARTS: &[(&str, Part)] = &[
    ("凌晨", Part::Morning),
    ("清晨", Part::Morning),
    ("早上", Part::Morning),
    ("早晨", Part::Morning),
    ("上午", Part::Morning),
    ("中午", Part::Noon),
    ("下午", Part::Afternoon),
    ("午后", Part::Afternoon),
    ("傍晚", Part::Afternoon),
    ("晚上", Part::Evening),
    ("晚间", Part::Evening),
    ("夜里", Part::Night),
    ("半夜", Part::Night),
    ("深夜", Part::Night),
];

/// Whether a Chinese time begins here.
pub(super) fn is_said(said: &Said, at: usize) -> bool {
    said.han(at).is_some() || said.han(at + 1).is_some()
}

pub(super) fn clock(said: &Said, at: usize, in_range: bool) -> Option<Clock> {
    let (part, begin) = said.look_up(at, PARTS).map_or((None, at), |(part, end)| (Some(part), end));
    let begin = said.any(begin, &["的"]).filter(|_| part.is_some()).unwrap_or(begin);
    let nearby = part.or_else(|| part_before(said, at));
    if part == Some(Part::Noon) && integer(said, begin).is_none() && said.word(at) == "中" {
        return Some(Clock { hour: 12, minute: 0, part, end: begin, confidence: 0.7 });
    }
    if let Some((hour, minute, end)) = before_the_hour(said, begin) {
        return Some(Clock { hour, minute, part: nearby, end, confidence: 0.95 });
    }
    // 下午3:30.
    if part.is_some()
        && let Some(written) = super::english::clock(said, begin, false)
        && said.han(begin).is_none()
        && written.end > begin + 1
    {
        return Some(Clock { part: nearby, confidence: 0.95, ..written });
    }
    let (hour, middle) = integer(said, begin).filter(|(hour, _)| *hour <= 24)?;
    if !said.is(middle, &["点", "时"]) {
        // 两到四点: the first hour of a range may be bare.
        let bare = in_range && said.is(middle, &["到", "至"]);
        return bare.then_some(Clock { hour: hour as u8, minute: 0, part: nearby, end: middle, confidence: 0.4 });
    }
    if said.word(middle + 1) == "间" || said.word(middle) == "时" && said.word(middle + 1) == "候" {
        return None;
    }
    let (minute, end) = after_the_hour(said, middle + 1);
    // 快一点, 有一点: a bit, not one o'clock.
    let alone = said.alone(at..end);
    if hour == 1 && nearby.is_none() && end == middle + 1 && !alone && !in_range {
        let introduced = said.is(begin.wrapping_sub(1), &["在", "到", "改", "是", "天", "约"]);
        if !introduced {
            return None;
        }
    }
    Some(Clock { hour: hour as u8, minute, part: nearby, end, confidence: 0.92 })
}

/// 差五分九点, 差一刻九点.
fn before_the_hour(said: &Said, at: usize) -> Option<(u8, u8, usize)> {
    if said.word(at) != "差" {
        return None;
    }
    let (amount, end) = integer(said, at + 1).filter(|(minutes, _)| (1..60).contains(minutes))?;
    let (minutes, end) = match said.word(end) {
        "刻" if amount == 1 => (15, end + 1),
        "分" => (amount, end + 1 + usize::from(said.word(end + 1) == "钟")),
        _ => return None,
    };
    let (hour, end) = integer(said, end).filter(|(hour, _)| (1..=24).contains(hour))?;
    let hour = if hour == 1 { 12 } else { hour - 1 };
    (said.word(end) == "点").then(|| (hour as u8, (60 - minutes) as u8, end + 1))
}

/// The minutes behind 点, and where they end.
fn after_the_hour(said: &Said, at: usize) -> (u8, usize) {
    if let Some(end) = said.any(at, &["半"]) {
        return (30, end);
    }
    if let Some(end) = said.any(at, &["整", "钟整", "钟"]) {
        return (0, end);
    }
    let begin = said.any(at, &["过", "零", "〇", "过了"]).unwrap_or(at);
    if let Some((minute, end)) = integer(said, begin).filter(|(minute, _)| *minute < 60) {
        if said.word(end) == "刻" && (minute == 1 || minute == 3) {
            return ((15 * minute) as u8, end + 1);
        }
        let counted = said.is(end, &["个", "人", "位", "张", "块", "天", "晚", "号", "月", "间", "点", "到"]);
        // A lone digit is a minute only with 零, 过 or 分.
        if said.word(end) == "分" {
            return (minute as u8, end + 1 + usize::from(said.word(end + 1) == "钟"));
        }
        if !counted && (minute >= 10 || begin > at) {
            return (minute as u8, end);
        }
    }
    (0, at)
}

/// 明早八点, 今晚七点: the part of the day stands in the date.
fn part_before(said: &Said, at: usize) -> Option<Part> {
    let mut before = at;
    while before > 0 && said.is(before - 1, &["的", ",", "，", "大", "概", "差", "不", "多", "约", "是", "在"])
    {
        before -= 1;
    }
    let day = |at: usize| said.is(at, &["今", "明", "昨", "天", "后", "当", "周", "日", "号"]);
    let (first, second) = (before.checked_sub(1)?, before.checked_sub(2)?);
    match said.word(first) {
        "早" if day(second) => Some(Part::Morning),
        "晚" if day(second) => Some(Part::Evening),
        "上" if said.word(second) == "早" => Some(Part::Morning),
        "上" if said.word(second) == "晚" => Some(Part::Evening),
        "午" => PARTS.iter().find(|(name, _)| name.starts_with(said.word(second))).map(|(_, part)| *part),
        _ => None,
    }
}

/// 半小时后, 两个小时以后, 二十分钟后.
pub(super) fn after(said: &Said, at: usize) -> Option<(Span, usize)> {
    let at = said.any(at, &["过"]).unwrap_or(at);
    let (amount, end) = length(said, at)?;
    let end = said.any(end, &["后", "以后", "之后", "过后"])?;
    Some((minutes(amount, 1)?, end))
}

/// Hours and minutes as minutes: 两个半小时, 一个钟头, 四十分钟, 一刻钟.
pub(in crate::entity) fn length(said: &Said, at: usize) -> Option<(Decimal, usize)> {
    if let Some((minutes, end)) =
        said.look_up(at, &[("半个小时", 30), ("半小时", 30), ("半个钟头", 30), ("一刻钟", 15), ("三刻钟", 45)])
    {
        return Some((minutes.into(), end));
    }
    let count = count(said, at)?;
    let mut amount = count.value;
    let mut end = said.any(count.end, &["个"]).unwrap_or(count.end);
    if said.word(end) == "半" {
        (amount, end) = (amount.checked_add(Decimal::new(5, 1))?, end + 1);
    }
    if let Some(past) = said.any(end, &["小时", "钟头"]) {
        let hours = amount.checked_mul(60.into())?;
        if let Some(past) = said.phrase(past, "半") {
            return Some((hours.checked_add(30.into())?, past));
        }
        if let Some((minutes, more)) = integer(said, past)
            && let Some(more) = said.any(more, &["分", "分钟"])
        {
            return Some((hours.checked_add(minutes.into())?, more));
        }
        return Some((hours, past));
    }
    let end = said.any(end, &["分钟"])?;
    Some((amount, end))
}
