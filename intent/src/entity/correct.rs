//! A correction in one turn: "no, Thursday", "not the fifth, the sixth", 不是周三，是周四. Which of the values known so far is changed follows from
//! what is denied, from the slot that is named, and from the kind of the new value.

use std::ops::Range;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Context, Entity, Kind, SlotSpec, Value, find, readings, token::Said};
use crate::Language;

/// What a caller changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// The slot whose value is wrong.
    pub slot: String,
    /// Its new value; `None` when only the slot was named ("the date is wrong"), which asks for it anew.
    pub to: Option<Entity>,
    /// Other slots that may be meant as well, because nothing said which: two dates are known and one new date is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub among: Vec<String>,
}

/// Opens a correction or stands before the new value.
const OPENS: &[&str] = &[
    "no",
    "nope",
    "not",
    "sorry",
    "i mean",
    "i meant",
    "i said",
    "actually",
    "wait",
    "make it",
    "make that",
    "change",
    "instead",
    "rather",
    "wrong",
    "isnt right",
    "is not right",
    "not right",
    "incorrect",
    "correction",
    "should be",
    "its",
    "it is",
    "oh",
    "but",
    "different",
    "move",
    "switch",
    "reschedule",
    "another",
    "不",
    "错",
    "应该",
    "改",
    "我说的是",
    "是",
    "换",
    "更正",
    "其实",
    "等等",
];
/// Denies what stands behind it.
const DENIES: &[&str] = &[
    "not",
    "instead of",
    "rather than",
    "isnt",
    "wasnt",
    "not on",
    "not at",
    "not for",
    "不是",
    "并非",
    "不要",
    "没说",
];
/// Denies what stands before it.
const DENIED: &[&str] = &[
    "is wrong",
    "was wrong",
    "isnt right",
    "is not right",
    "is incorrect",
    "不对",
    "错了",
    "有误",
    "is not correct",
    "isnt correct",
    "wrong",
    "不正确",
    "弄错了",
    "搞错了",
    "说错了",
    "should be different",
];
/// Closes what is denied.
const CLOSES: &[&str] = &[
    "but",
    "its",
    "it is",
    "rather",
    "i said",
    "i mean",
    "i meant",
    "make it",
    "make that",
    "而是",
    "是",
    "应该是",
    "改成",
    "换成",
    "我要",
    "我说的是",
];

/// The values that an utterance changes, given what is known so far. Empty when it changes nothing: a plain "no" says that something is
/// wrong, but not what.
///
/// `known` holds the slots that have a value; a slot of `slots` without one is filled by [`super::extract`], not corrected.
pub fn correct(
    text: &str,
    language: Language,
    slots: &[SlotSpec],
    known: &[(String, Value)],
    context: &Context,
) -> Vec<Correction> {
    let said = Said::new(text);
    let value_of = |slot: &SlotSpec| known.iter().find(|(name, _)| *name == slot.name).map(|(_, value)| value);
    let filled: Vec<SlotSpec> = slots.iter().filter(|slot| value_of(slot).is_some()).cloned().collect();
    let named = named(&said, &filled);
    if !(0..said.len()).any(|at| said.any(at, OPENS).is_some()) && named.is_empty() {
        return Vec::new();
    }
    let denied = denied(&said);
    // A lone day is looked for in the month of the date that it corrects.
    let month_of = known.iter().find_map(|(_, value)| day(value));
    // Between two values the denied one names the slot that is meant.
    let mut out: Vec<Correction> = Vec::new();
    let mut wanted: Vec<SlotSpec> = filled.clone();
    let rejected = rejected(&said, &denied, &filled, known, context);
    if let Some(slot) = &rejected {
        wanted.retain(|spec| spec.name == *slot || !same_kind(spec, &filled, slot));
    } else if !named.is_empty() {
        let chosen: Vec<&str> = named.iter().map(|(_, name)| name.as_str()).collect();
        // Of slots of one kind the named one is meant; a value of another kind may stand beside it: "five people at nine".
        let is_named = |spec: &SlotSpec| chosen.contains(&spec.name.as_str());
        let rivals = |spec: &SlotSpec| chosen.iter().any(|name| same_kind(spec, &filled, name));
        let only: Vec<SlotSpec> = wanted.iter().filter(|spec| is_named(spec)).cloned().collect();
        // "Change the date to four o'clock" names one and means another; then the kind decides.
        if !only.is_empty() && !outside(&said, language, &only, context, month_of, &denied, known).is_empty() {
            wanted.retain(|spec| is_named(spec) || !rivals(spec));
        }
    }
    for entity in outside(&said, language, &wanted, context, month_of, &denied, known) {
        let Some(spec) = filled.iter().find(|spec| spec.name == entity.slot) else { continue };
        let Some(before) = value_of(spec) else { continue };
        let entity = settle(entity, before);
        // A part of the day alone moves the time that is known rather than making a range of it.
        let part_alone = matches!((&entity.value, before), (Value::TimeRange { .. }, Value::Time { .. }));
        if entity.value == *before || part_alone && entity.confidence < 0.6 {
            continue;
        }
        let among = if rejected.is_none() && named.is_empty() {
            let alike = |other: &&SlotSpec| {
                std::mem::discriminant(&other.kind) == std::mem::discriminant(&spec.kind) && other.name != spec.name
            };
            let hinted = spec.words.iter().any(|word| (0..said.len()).any(|at| said.phrase(at, word).is_some()));
            filled.iter().filter(alike).filter(|_| !hinted).map(|other| other.name.clone()).collect()
        } else {
            Vec::new()
        };
        out.push(Correction { slot: entity.slot.clone(), to: Some(entity), among });
    }
    if out.is_empty() {
        // 下午 alone moves a time that is known: half past three in the afternoon.
        out.extend(moved(&said, &denied, &filled, known));
    }
    if out.is_empty() && complains(&said) {
        let wrong = |slot: String| Correction { slot, to: None, among: Vec::new() };
        for names in named.chunk_by(|a, b| a.0 == b.0) {
            let mut names = names.iter().map(|(_, name)| name.clone());
            let first = names.next().map(wrong);
            out.extend(first.map(|first| Correction { among: names.collect(), ..first }));
        }
        if out.is_empty() {
            out.extend(rejected.map(wrong));
        }
    }
    out.dedup_by(|a, b| a.slot == b.slot);
    out
}

fn day(value: &Value) -> Option<Date> {
    match value {
        Value::Date { date } => Some(*date),
        Value::DateRange { from, .. } => Some(*from),
        Value::DateTime { local, .. } => Some(local.date()),
        _ => None,
    }
}

fn same_kind(spec: &SlotSpec, filled: &[SlotSpec], slot: &str) -> bool {
    filled
        .iter()
        .any(|other| other.name == slot && std::mem::discriminant(&other.kind) == std::mem::discriminant(&spec.kind))
}

fn complains(said: &Said) -> bool {
    const WRONG: &[&str] = &[
        "wrong",
        "incorrect",
        "isnt right",
        "is not right",
        "not right",
        "not correct",
        "isnt correct",
        "change",
        "different",
        "fix",
        "no",
        "not",
        "错",
        "不对",
        "不是",
        "改",
        "换",
        "有误",
        "不正确",
    ];
    (0..said.len()).any(|at| said.any(at, WRONG).is_some())
}

/// Words by which callers name a kind of value, beside those of the slot.
fn names(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Date { .. } => &["date", "day", "日期", "日子", "哪天"],
        Kind::Time => &["time", "hour", "时间", "钟点"],
        Kind::DateTime => &["time", "date", "appointment", "时间", "日期"],
        Kind::Phone => &[
            "number",
            "phone number",
            "phone",
            "telephone number",
            "telephone",
            "电话",
            "号码",
            "手机",
            "手机号",
            "电话号码",
        ],
        Kind::Digits { .. } | Kind::Code { .. } => {
            &["number", "code", "order number", "reference", "id", "编号", "单号", "订单号", "号码"]
        }
        Kind::Money => &["amount", "price", "sum", "金额", "价格", "价钱"],
        Kind::Number | Kind::Quantity => &["number", "quantity", "amount", "how many", "数量", "人数", "个数"],
        Kind::Duration => &["length", "duration", "how long", "时长", "多久"],
        Kind::Name => &["name", "名字", "姓名", "姓"],
        Kind::YesNo | Kind::List { .. } | Kind::Text => &[],
    }
}

/// The slots that are named, with where.
fn named(said: &Said, filled: &[SlotSpec]) -> Vec<(Range<usize>, String)> {
    let mut out: Vec<(Range<usize>, String)> = Vec::new();
    for own in [true, false] {
        for spec in filled {
            let spoken = spec.name.replace(['_', '-', '.'], " ").to_lowercase();
            let mut words: Vec<&str> =
                if own { spec.words.iter().map(String::as_str).collect() } else { names(&spec.kind).to_vec() };
            if own {
                words.push(&spoken);
            }
            for at in 0..said.len() {
                let Some(end) = said.any(at, &words) else { continue };
                // The more precise name wins: "arrival date" over "date". Slots that share a name of their kind are all named.
                let longer = |range: &Range<usize>| range.len() > end - at || own && range.len() == end - at;
                let covered = out.iter().any(|(range, _)| range.start < end && at < range.end && longer(range));
                if !covered && !out.iter().any(|(_, name)| name == &spec.name) {
                    out.retain(|(range, _)| !(at <= range.start && range.end <= end && range.len() < end - at));
                    out.push((at..end, spec.name.clone()));
                }
            }
        }
        if !out.is_empty() {
            break;
        }
    }
    out.sort_by_key(|(range, _)| range.start);
    out
}

/// The tokens whose values are denied.
fn denied(said: &Said) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let stop = |at: usize| {
        said.is(at, &[",", "，", ".", "。", ";", "!", "?", "、"])
            && !(said.joined(at) && said.figures(at + 1).is_some() && said.joined(at + 1))
    };
    for at in 0..said.len() {
        // "Not, the sixth", 不是，四点半: a pause behind it, and it denies what was said before.
        if let Some(begin) = said.any(at, DENIES).filter(|begin| !stop(*begin)) {
            let end =
                (begin + 1..said.len()).find(|at| stop(*at) || said.any(*at, CLOSES).is_some()).unwrap_or(said.len());
            out.push(begin..end);
        }
        if said.any(at, DENIED).is_some() {
            let begin = (0..at).rev().find(|at| stop(*at)).map_or(0, |at| at + 1);
            out.push(begin..at);
        }
    }
    // "Change it from Tuesday to Thursday."
    for at in 0..said.len() {
        if said.is(at, &["from"])
            && (0..at).any(|at| said.is(at, &["change", "move", "changed", "switch", "reschedule"]))
            && let Some(to) = (at + 1..said.len()).find(|at| said.is(*at, &["to"]))
        {
            out.push(at..to);
        }
        if said.is(at, &["把"])
            && let Some(to) = (at + 1..said.len()).find(|at| said.any(*at, &["改", "换"]).is_some())
        {
            out.push(at..to);
        }
    }
    out
}

/// The slot whose known value stands in what is denied.
fn rejected(
    said: &Said,
    denied: &[Range<usize>],
    filled: &[SlotSpec],
    known: &[(String, Value)],
    context: &Context,
) -> Option<String> {
    for range in denied {
        for spec in filled {
            let value = known.iter().find(|(name, _)| *name == spec.name).map(|(_, value)| value)?;
            let month_of = day(value);
            let hit = range.clone().any(|at| {
                let found = readings(said, at, &spec.kind, context, month_of).into_iter();
                let found = found.filter(|reading| reading.end <= range.end);
                found
                    .flat_map(|reading| std::iter::once(reading.value).chain(reading.others))
                    .any(|found| resembles(&found, value))
            });
            let raw = said.raw(range.clone());
            let listed = matches!(
                spec.kind,
                Kind::List { .. } | Kind::Name | Kind::Phone | Kind::Digits { .. } | Kind::Code { .. }
            ) && super::extract(raw, Language::detect(raw), std::slice::from_ref(spec), context)
                .iter()
                .any(|entity| entity.value == *value);
            if hit || listed {
                return Some(spec.name.clone());
            }
        }
    }
    None
}

/// Whether a value that is denied is the known one: the same, or the same weekday or day of the month.
fn resembles(said: &Value, known: &Value) -> bool {
    said == known
        || match (said, known) {
            (Value::Date { date: a }, Value::Date { date: b }) => {
                a.weekday() == b.weekday() && (*a - *b).get_days().abs() <= 14 || a.day() == b.day()
            }
            (Value::Time { time: a }, Value::Time { time: b }) => {
                a.minute() == b.minute() && (a.hour() - b.hour()) % 12 == 0
            }
            (Value::Money { amount: a, .. }, Value::Money { amount: b, .. }) => a == b,
            _ => false,
        }
}

/// The values that stand outside of what is denied.
fn outside(
    said: &Said,
    language: Language,
    slots: &[SlotSpec],
    context: &Context,
    month_of: Option<Date>,
    denied: &[Range<usize>],
    known: &[(String, Value)],
) -> Vec<Entity> {
    // What is denied is blanked with as many bytes, so that spans keep their places.
    let mut text = said.original.to_owned();
    for range in denied.iter().rev() {
        let span = said.span(range.clone());
        text.replace_range(span.clone(), &"|".repeat(span.len()));
    }
    let mut entities = find(&Said::new(&text), language, slots, context, month_of, known);
    // A value that reaches into what was blanked is none: its bytes may lie inside a character of the original.
    let touches = |entity: &Entity| text.get(entity.span.clone()).is_none_or(|raw| raw.contains('|'));
    entities.retain(|entity| !touches(entity) && said.original.is_char_boundary(entity.span.start));
    for entity in &mut entities {
        entity.raw = said.original.get(entity.span.clone()).unwrap_or_default().to_owned();
    }
    entities
}

/// Of several readings the one that keeps the half of the day of the value before: "no, four" after 15:00 is 16:00.
fn settle(mut entity: Entity, before: &Value) -> Entity {
    if let Value::Time { time: before } = before {
        let half = |value: &Value| matches!(value, Value::Time { time } if (time.hour() < 12) == (before.hour() < 12));
        if !half(&entity.value)
            && let Some(at) = entity.others.iter().position(half)
        {
            std::mem::swap(&mut entity.value, &mut entity.others[at]);
        }
    }
    entity
}

/// "In the evening" about a time that is known.
fn moved(said: &Said, denied: &[Range<usize>], filled: &[SlotSpec], known: &[(String, Value)]) -> Option<Correction> {
    const LATER: &[&str] = &["pm", "p m", "p . m .", "afternoon", "evening", "tonight", "下午", "晚上"];
    const EARLIER: &[&str] = &["am", "a m", "a . m .", "morning", "上午", "早上", "凌晨"];
    let spec = filled.iter().find(|spec| spec.kind == Kind::Time)?;
    let Value::Time { time } = known.iter().find(|(name, _)| *name == spec.name).map(|(_, value)| value)? else {
        return None;
    };
    let part = |at: usize| {
        let later = said.any(at, LATER).map(|end| (true, at..end));
        later.or_else(|| said.any(at, EARLIER).map(|end| (false, at..end)))
    };
    // What is denied says the opposite, where nothing else is said: "not in the morning".
    let is_denied = |at: &usize| denied.iter().any(|range| range.contains(at));
    let said_so = (0..said.len()).rev().filter(|at| !is_denied(at)).find_map(part);
    let (later, tokens) =
        said_so.or_else(|| (0..said.len()).filter(is_denied).find_map(part).map(|(later, tokens)| (!later, tokens)))?;
    let hour = match (later, time.hour()) {
        (true, hour @ 1..12) => hour + 12,
        (false, hour @ 13..24) => hour - 12,
        _ => return None,
    };
    let value = Value::Time { time: jiff::civil::Time::new(hour, time.minute(), 0, 0).ok()? };
    let span = said.span(tokens.clone());
    let to = Entity {
        slot: spec.name.clone(),
        value,
        others: Vec::new(),
        raw: said.raw(tokens).to_owned(),
        span,
        confidence: 0.85,
    };
    Some(Correction { slot: spec.name.clone(), to: Some(to), among: Vec::new() })
}
