//! Chinese numbers: 三百零五, 一万两千三 (12,300), 两点五, 1.5万, 二十来个, 两三百, 十几个.

use rust_decimal::Decimal;

use super::{Count, written};
use crate::entity::token::Said;

/// The value of one digit, with the telephone's own name for 1.
pub(in crate::entity) fn digit(c: char) -> Option<u64> {
    Some(match c {
        '零' | '〇' => 0,
        '一' | '壹' | '幺' => 1,
        '二' | '两' | '贰' | '俩' => 2,
        '三' | '叁' | '仨' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn unit(c: char) -> Option<u64> {
    Some(match c {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

/// A whole number and where it ends; figures count as well. No run of digits (一三八).
pub(in crate::entity) fn integer(said: &Said, at: usize) -> Option<(u64, usize)> {
    let (value, end) = units(said, at)?;
    value.is_integer().then(|| u64::try_from(value).ok()).flatten().map(|value| (value, end))
}

/// The number that begins here.
pub(super) fn count(said: &Said, at: usize) -> Option<Count> {
    let mut count = either(said, at).or_else(|| dictated(said, at)).or_else(|| half(said, at)).or_else(|| {
        let (value, end) = units(said, at)?;
        Some(point(said, value, end))
    })?;
    while said.is(count.end, &["来", "多", "几"]) && !count.dictated && (count.value >= Decimal::TEN) {
        count.approximate = true;
        count.end += 1;
        // 一百多万.
        if let Some(u) = said.han(count.end).and_then(unit)
            && let Some(value) = count.value.checked_mul(u.into())
        {
            (count.value, count.end) = (value, count.end + 1);
        }
    }
    let before = |n: usize| at.checked_sub(n).map_or("", |at| said.word(at));
    count.approximate |= matches!((before(2), before(1)), ("大", "约" | "概") | ("差", "不") | ("左", "右"))
        || said.any(count.end, &["左右", "上下"]).is_some();
    Some(count)
}

fn half(said: &Said, at: usize) -> Option<Count> {
    let counted = said
        .any(at + 1, &["斤", "公斤", "个", "年", "天", "小时", "米", "打", "杯", "份", "箱", "盒", "升", "瓶", "张"]);
    (said.word(at) == "半" && counted.is_some()).then(|| Count::new(Decimal::new(5, 1), at + 1))
}

/// 两三个, 三四百: neighbours one after the other are two guesses, not a number with two digits.
fn either(said: &Said, at: usize) -> Option<Count> {
    let (first, second) = (said.han(at).and_then(digit)?, said.han(at + 1).and_then(digit)?);
    if first == 0 || second != first + 1 {
        return None;
    }
    let times = said.han(at + 2).and_then(unit);
    let counted = said.han(at + 2).is_some_and(|c| "个只件张位人块杯份本台次天晚间盒箱瓶斤".contains(c));
    if times.is_none() && !counted {
        return None;
    }
    let scale = Decimal::from(times.unwrap_or(1));
    Some(Count {
        value: Decimal::from(first) * scale,
        other: Some(Decimal::from(second) * scale),
        end: at + 2 + usize::from(times.is_some()),
        approximate: true,
        dictated: false,
    })
}

/// Digits one by one: 二零二六, 一三八.
fn dictated(said: &Said, at: usize) -> Option<Count> {
    let digits: Vec<u64> = (at..said.len()).map_while(|at| said.han(at).and_then(digit)).take(16).collect();
    let end = at + digits.len();
    if digits.len() < 2 || digits.len() > 15 || said.han(end).and_then(unit).is_some() {
        return None;
    }
    let value = digits.iter().fold(0u64, |value, digit| value * 10 + digit);
    Some(Count { dictated: true, ..Count::new(value, end) })
}

/// 两点五; not 两点五十 and not 两点五分, which are times.
fn point(said: &Said, value: Decimal, end: usize) -> Count {
    let whole = Count::new(value, end);
    if said.word(end) != "点" || !value.is_integer() {
        return whole;
    }
    let digits: String = (end + 1..said.len())
        .map_while(|at| said.han(at).and_then(digit).map(|digit| digit.to_string()))
        .take(6)
        .collect();
    let past = end + 1 + digits.chars().count();
    // 七点四个人 is four people at seven: people do not come in tenths.
    let counted = digits.chars().count() == 1 && said.is(past, &["个", "位", "张", "人", "间", "份", "名", "口"]);
    if digits.is_empty() || counted || said.is(past, &["十", "分", "刻"]) {
        return whole;
    }
    let Ok(fraction) = format!("0.{digits}").parse::<Decimal>() else { return whole };
    let (mut value, mut end) = (value + fraction, past);
    // 两点五万.
    if let Some(times) = said.han(end).and_then(unit).filter(|times| *times >= 10_000) {
        (value, end) = (value * Decimal::from(times), end + 1);
    }
    Count::new(value, end)
}

/// A number with units.
fn units(said: &Said, at: usize) -> Option<(Decimal, usize)> {
    let mut total = Decimal::ZERO;
    // What stands before the next 万, and the digit before the next unit.
    let (mut section, mut last): (Decimal, Option<Decimal>) = (Decimal::ZERO, None);
    let (mut last_unit, mut smallest_large) = (u64::MAX, u64::MAX);
    let mut zero = false;
    let mut end = at;
    while end < said.len() {
        if let Some((figures, past)) = written(said, end) {
            if last.is_some() || zero && end == at + 1 {
                break;
            }
            // Figures that stand behind a unit must be digits: 3万5.
            if end > at && (figures >= Decimal::TEN || !figures.is_integer()) {
                break;
            }
            (last, end) = (Some(figures), past);
            continue;
        }
        let Some(c) = said.han(end) else { break };
        match (digit(c), unit(c)) {
            (Some(0), _) if end == at => {
                return Some((Decimal::ZERO, end + 1));
            }
            (Some(0), _) => {
                // Only in front of a digit: 三百零五.
                let followed =
                    said.han(end + 1).and_then(digit).is_some_and(|d| d > 0) || said.figures(end + 1).is_some();
                if last.is_some() || last_unit == u64::MAX || !followed {
                    break;
                }
                zero = true;
            }
            (Some(d), _) if last.is_none() => last = Some(d.into()),
            (_, Some(u @ (10 | 100 | 1_000))) if u < last_unit => {
                let times = match last.take() {
                    Some(times) => times,
                    None if u == 10 => Decimal::ONE,
                    None => break,
                };
                section = section.checked_add(times.checked_mul(u.into())?)?;
                (last_unit, zero) = (u, false);
            }
            (_, Some(u @ (10_000 | 100_000_000))) if u < smallest_large => {
                let times = section + last.take().unwrap_or_default();
                if times.is_zero() {
                    break;
                }
                total = total.checked_add(times.checked_mul(u.into())?)?;
                // The next section begins anew, below this unit.
                (section, smallest_large, last_unit, zero) = (Decimal::ZERO, u, u, false);
            }
            _ => break,
        }
        end += 1;
    }
    if end == at {
        return None;
    }
    // 三千五 is 3500, but 三千零五 is 3005.
    if let Some(digit) = last {
        let shortened = last_unit != u64::MAX && last_unit >= 100 && !zero;
        section = section.checked_add(if shortened { digit.checked_mul((last_unit / 10).into())? } else { digit })?;
    }
    Some((total.checked_add(section)?, end))
}
