//! What is dictated sign by sign: strings of digits, telephone numbers, ids of a form. Where a dictated run begins and ends is found here;
//! what its words mean is left to [`crate::slot::digits`] and [`crate::slot::characters`].

use std::ops::Range;

use super::{
    Reading, Region, Value,
    number::{self, chinese_digit},
    region::{DIALLING, Dialling},
    token::{Said, Shape},
};
use crate::{
    Language,
    slot::{Class, Form, characters, digits},
};

/// Dictated runs are not looked at beyond this many tokens.
const LONGEST: usize = 48;

/// Whether a token is part of a dictated number by itself.
fn dictated(said: &Said, at: usize) -> bool {
    match said.shape(at) {
        Some(Shape::Figures) => true,
        Some(Shape::Han) => said.han(at).is_some_and(|c| chinese_digit(c).is_some() || "十百千洞拐勾".contains(c)),
        Some(Shape::Word) => number::below_hundred(said, at).is_some() || said.is(at, &["hundred", "thousand"]),
        _ => false,
    }
}

/// Joins digits, and is none itself.
fn between(said: &Said, at: usize) -> bool {
    said.is(
        at,
        &[
            "-", "–", "(", ")", ".", "/", ",", "，", "、", "dash", "hyphen", "um", "uh", "er", "erm", "then", "and",
            "space", "嗯", "呃", "杠", "然", "再", "。",
        ],
    )
}

/// Runs of digits: tokens from the first to the last digit.
fn runs(said: &Said) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < said.len() {
        if !begins(said, at) {
            at += 1;
            continue;
        }
        let mut end = at;
        let mut next = at;
        let mut gap = 0;
        while next < said.len() && next - at < LONGEST && gap < 4 {
            if dictated(said, next) || said.is(next, &["oh", "o"]) {
                next += 1;
                end = next;
                gap = 0;
            } else if multiplies(said, next) && (dictated(said, next + 1) || said.is(next + 1, &["oh", "o"])) {
                next += 1;
                gap = 0;
            } else if between(said, next)
                || said.word(next) == "+" && next == at
                || said.word(next) == "plus" && next == at
            {
                next += 1;
                gap += 1;
            } else {
                break;
            }
        }
        if end > at {
            out.push(at..end);
        }
        at = end.max(at + 1);
    }
    out
}

/// "Double", and 个 in 三个五.
fn multiplies(said: &Said, at: usize) -> bool {
    said.is(at, &["double", "triple", "treble", "quadruple"])
        || said.is(at, &["个"])
            && at > 0
            && dictated(said, at - 1)
            && said.han(at + 1).and_then(chinese_digit).is_some()
}

fn begins(said: &Said, at: usize) -> bool {
    let signed = |at: usize| dictated(said, at) || said.is(at, &["double", "triple", "treble", "oh", "o"]);
    // A letter that touches figures makes an id of them.
    let stuck = at > 0 && said.joined(at) && said.shape(at - 1) == Some(Shape::Word);
    !stuck
        && (dictated(said, at)
            || said.is(at, &["double", "triple", "treble", "oh", "o"]) && signed(at + 1)
            || said.is(at, &["+", "plus", "("]) && signed(at + 1))
}

/// The strings of digits in a text, as one would key them in.
pub(super) fn strings(said: &Said, least: usize, most: usize, language: Language) -> Vec<(Range<usize>, Reading)> {
    let runs = runs(said);
    let mut out = Vec::new();
    for run in runs {
        let key = digits(said.raw(run.clone()), spoken(said, &run, language));
        let fits = (least..=most).contains(&key.len());
        // A string of the right length is what was asked for; a single digit is often something else.
        let confidence = match key.len() {
            0 => continue,
            _ if !fits => continue,
            1 if !said.alone(run.clone()) => 0.4,
            1..=2 => 0.7,
            _ => 0.9,
        };
        out.push((run.clone(), Reading::new(Value::Digits { digits: key }, run.end, confidence)));
    }
    out
}

fn spoken(said: &Said, run: &Range<usize>, language: Language) -> Language {
    if run.clone().any(|at| said.han(at).is_some()) { Language::Chinese } else { language }
}

/// The telephone numbers in a text.
pub(super) fn phones(said: &Said, region: Region, language: Language) -> Vec<(Range<usize>, Reading)> {
    let mut out = Vec::new();
    for run in runs(said) {
        let international = said.is(run.start, &["+", "plus"]) || said.word(run.start.wrapping_sub(1)) == "加";
        let raw = said.raw(run.clone());
        let key = digits(raw.trim_start_matches('+'), spoken(said, &run, language));
        if !(5..=17).contains(&key.len()) {
            continue;
        }
        let (number, valid) = phone(&key, international, region);
        let start = if international && !said.is(run.start, &["+", "plus"]) { run.start - 1 } else { run.start };
        let confidence = if valid { 0.95 } else { 0.55 };
        out.push((start..run.end, Reading::new(Value::Phone { number, valid }, run.end, confidence)));
    }
    out
}

/// The number in international form where the length is right for its country; else the digits as they were said.
pub(super) fn phone(key: &str, international: bool, region: Region) -> (String, bool) {
    let abroad = match (international, region.code()) {
        (true, _) => Some(key),
        (_, "US" | "CA") => key.strip_prefix("011"),
        _ => key.strip_prefix("00"),
    };
    if let Some(abroad) = abroad {
        // Calling codes are prefix-free, so at most one fits.
        let of = DIALLING.iter().find(|dialling| abroad.starts_with(dialling.code));
        return match of {
            Some(dialling) => {
                let own = &abroad[dialling.code.len()..];
                let own = own.strip_prefix("0").filter(|_| dialling.trunk == "0").unwrap_or(own);
                (format!("+{}{own}", dialling.code), fits(dialling, own))
            }
            // E.164 allows fifteen digits.
            None => (format!("+{abroad}"), (8..=15).contains(&abroad.len()) && !abroad.starts_with('0')),
        };
    }
    let Some(dialling) = region.dialling() else { return (key.to_owned(), (7..=15).contains(&key.len())) };
    if region.is("CN") {
        return chinese(key);
    }
    let own = key.strip_prefix(dialling.trunk).filter(|_| !dialling.trunk.is_empty()).unwrap_or(key);
    for own in [own, key] {
        if fits(dialling, own) {
            return (format!("+{}{own}", dialling.code), true);
        }
    }
    // The calling code without a plus: 44 20 7946 0958.
    if let Some(own) = key.strip_prefix(dialling.code).filter(|own| fits(dialling, own)) {
        return (format!("+{}{own}", dialling.code), true);
    }
    (key.to_owned(), false)
}

fn fits(dialling: &Dialling, own: &str) -> bool {
    let length = (dialling.shortest..=dialling.longest).contains(&own.len());
    // North American area codes and exchanges begin with 2 to 9.
    let plan = dialling.code != "1" || own.bytes().enumerate().all(|(at, b)| !matches!(at, 0 | 3) || b >= b'2');
    length && plan && !own.starts_with('0')
}

/// Mobiles have eleven digits from 13 to 19, landlines an area code with 0, service numbers begin with 400 or 800 and are not dialled from
/// abroad.
fn chinese(key: &str) -> (String, bool) {
    let mobile = |key: &str| key.len() == 11 && key.starts_with('1') && key.as_bytes()[1] >= b'3';
    if mobile(key) || key.starts_with('0') && (11..=12).contains(&key.len()) {
        return (format!("+86{}", key.strip_prefix('0').unwrap_or(key)), true);
    }
    if let Some(own) = key.strip_prefix("86").filter(|own| mobile(own)) {
        return (format!("+86{own}"), true);
    }
    let service = key.len() == 10 && (key.starts_with("400") || key.starts_with("800"));
    let short = key.len() == 5 && (key.starts_with("95") || key.starts_with("10") || key.starts_with("12"));
    // A landline of the caller's own town: seven or eight digits.
    let local = matches!(key.len(), 7 | 8) && !key.starts_with(['0', '1']);
    (key.to_owned(), service || short || local)
}

/// Ids of a form.
pub(super) fn codes(said: &Said, form: &Form, language: Language) -> Vec<(Range<usize>, Reading)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < said.len() {
        if !spells(said, at) {
            at += 1;
            continue;
        }
        let mut end = at;
        while end < said.len() && end - at < LONGEST && (spells(said, end) || explains(said, end) || between(said, end))
        {
            end += 1;
        }
        out.extend(best_window(said, at..end, form, language));
        at = end;
    }
    out
}

/// The stretch of a run that is of the form: rather one that fits as it was said than one that needs O for 0, then the longest.
fn best_window(said: &Said, run: Range<usize>, form: &Form, language: Language) -> Option<(Range<usize>, Reading)> {
    let lettered = form.places().contains(&Class::Letter);
    let mut best: Option<((bool, usize), Range<usize>, String)> = None;
    for start in run.clone().filter(|at| spells(said, *at)) {
        for end in (start + 1..=run.end).rev().filter(|end| spells(said, end - 1)) {
            let window = start..end;
            let key = characters(said.raw(window.clone()), spoken(said, &window, language));
            let exact = form.fits(&key);
            // Digits alone are no id with letters, although 0 may be an O.
            let mended = !lettered || key.bytes().any(|b| b.is_ascii_uppercase());
            let rank = (exact, window.len());
            if (exact || mended)
                && best.as_ref().is_none_or(|(other, ..)| rank > *other)
                && let Some(id) = form.fitted(&key)
            {
                best = Some((rank, window, id));
            }
            if exact {
                break;
            }
        }
    }
    let ((exact, _), window, id) = best?;
    let confidence = match id.len() {
        0..3 => 0.6,
        _ if exact => 0.95,
        _ => 0.75,
    };
    let end = window.end;
    Some((window, Reading::new(Value::Code { code: id }, end, confidence)))
}

/// Whether a token stands for letters or digits of an id.
fn spells(said: &Said, at: usize) -> bool {
    dictated(said, at)
        || said.is(at, &["oh", "double", "triple"])
        || said.shape(at) == Some(Shape::Word) && {
            let word = said.word(at);
            let touches = said.joined(at) && said.figures(at.wrapping_sub(1)).is_some()
                || said.joined(at + 1) && said.figures(at + 1).is_some();
            let capitals = said.raw(at..at + 1);
            word.len() == 1
                || touches
                || capitals.len() > 1 && capitals.bytes().all(|b| b.is_ascii_uppercase())
                || !characters(word, Language::English).is_empty()
        }
}

/// "As in bravo", "for dog".
fn explains(said: &Said, at: usize) -> bool {
    // The only name of the radio alphabet with a hyphen.
    let x_ray = said.is(at, &["-", "ray"]) && said.is(at.wrapping_sub(1), &["x", "-"]);
    x_ray
        || said.is(at, &["as", "in", "for", "like"])
        || said.is(at.wrapping_sub(1), &["in", "for", "like"]) && said.shape(at) == Some(Shape::Word)
}
