//! What the words around a reading say about it: whose value it is, whether it is part of something else, whether it was taken back.

use std::ops::Range;

use super::{
    Candidate, Context, Kind, SlotSpec, Value, number, readings, spelt,
    time::{self, counts_something},
    token::{Said, Shape},
};
use crate::Language;

/// A number that is part of a date, a time, an amount of money or a length of time is seldom the number that is wanted.
pub(super) fn overshadow(
    said: &Said,
    language: Language,
    slots: &[SlotSpec],
    context: &Context,
    candidates: &mut [Candidate],
) {
    const FIRM: f32 = 0.8;
    const PHONE: usize = 5;
    let kinds = [Kind::Date { past: false }, Kind::Time, Kind::Money, Kind::Duration, Kind::Quantity];
    let mut shadows: Vec<(usize, Range<usize>)> = Vec::new();
    for at in 0..said.len() {
        for (kind, which) in kinds.iter().zip(0..) {
            let firm = readings(said, at, kind, context, None).into_iter().filter(|reading| reading.confidence >= FIRM);
            let firm = firm.filter(|reading| !matches!(reading.value, Value::Quantity { unit: None, .. }));
            shadows.extend(firm.map(|reading| (which, at..reading.end)));
        }
    }
    // A whole telephone number is no two numbers and no id, where one is asked for.
    if slots.iter().any(|slot| slot.kind == Kind::Phone) {
        let phones = spelt::phones(said, context.region, language).into_iter();
        let valid = phones.filter(|(_, reading)| matches!(reading.value, Value::Phone { valid: true, .. }));
        shadows.extend(valid.filter(|(range, _)| range.len() > 1).map(|(range, _)| (PHONE, range)));
    }
    let counts = slots.iter().filter(|slot| matches!(slot.kind, Kind::Number | Kind::Quantity)).count();
    let clock = slots.iter().any(|slot| matches!(slot.kind, Kind::Time | Kind::DateTime));
    // The times that are said, so that "for two" beside "at eight" is none of them.
    let times: Vec<Range<usize>> = candidates
        .iter()
        .filter(|candidate| matches!(slots[candidate.slot].kind, Kind::Time | Kind::DateTime))
        .filter(|candidate| time::is_introduced(said, candidate.tokens.start) || candidate.confidence >= FIRM)
        .map(|candidate| candidate.tokens.clone())
        .collect();
    for candidate in candidates {
        let own: &[usize] = match slots[candidate.slot].kind {
            Kind::Number | Kind::Digits { .. } => &[],
            Kind::Quantity => &[4],
            Kind::Money => &[2],
            // Ids are spelt with the same words as anything else, but only telephone numbers hide one by chance.
            Kind::Code { .. } => &[0, 1, 2, 3, 4],
            _ => continue,
        };
        let bare = matches!(candidate.value, Value::Money { currency: None, .. });
        let shadowed = shadows.iter().any(|(which, range)| {
            !own.contains(which)
                && range.start < candidate.tokens.end
                && candidate.tokens.start < range.end
                && (range.len() > candidate.tokens.len() || bare && range.len() == candidate.tokens.len())
        });
        let own_word = named_after(said, &slots[candidate.slot], candidate.tokens.end);
        if shadowed && !own_word {
            candidate.confidence *= 0.4;
        } else if clock
            && !own_word
            && time::is_introduced(said, candidate.tokens.start)
            && !(said.before(candidate.tokens.start) == "for" && times.iter().any(|time| apart(time, candidate)))
        {
            // "After six", when a time is wanted, too.
            candidate.confidence *= 0.6;
        }
        // A number is money when that is the question, not where people are counted, too.
        if bare && counts > 0 && !own_word && !said.alone(candidate.tokens.clone()) {
            candidate.confidence *= 0.4;
        }
        // "Four out of six": the first is what is counted.
        let start = candidate.tokens.start;
        let of = said.before(start) == "of" && start >= 2;
        let out_of = of && (said.word(start - 2) == "out" || number::below_hundred(said, start - 2).is_some());
        let leads = slots[candidate.slot].words.iter().any(|word| word.ends_with("of"));
        if out_of && !leads {
            candidate.confidence *= 0.5;
        }
    }
}

fn apart(range: &Range<usize>, candidate: &Candidate) -> bool {
    range.end <= candidate.tokens.start || candidate.tokens.end <= range.start
}

/// Whether a word of the slot follows at once: "3 nights" for the slot of nights.
fn named_after(said: &Said, slot: &SlotSpec, end: usize) -> bool {
    slot.words.iter().any(|word| said.phrase(end, word).is_some())
}

/// How the words around a reading speak for or against its slot: the factor for its confidence.
pub(super) fn hint(said: &Said, slots: &[SlotSpec], candidate: &Candidate) -> f32 {
    let own = &slots[candidate.slot];
    let counted = matches!(own.kind, Kind::Number | Kind::Quantity | Kind::Duration);
    let alike = |slot: &SlotSpec| std::mem::discriminant(&slot.kind) == std::mem::discriminant(&own.kind);
    let rivals: Vec<&SlotSpec> = slots
        .iter()
        .filter(|slot| alike(slot) || counted && matches!(slot.kind, Kind::Number | Kind::Quantity | Kind::Duration))
        .collect();
    // Whether a word of the slot itself or of a rival stands here, and where it ends.
    let whose = |at: usize| {
        let end = |slot: &SlotSpec| slot.words.iter().filter_map(|word| said.phrase(at, word)).max();
        end(own).map(|end| (true, end)).or_else(|| rivals.iter().find_map(|slot| end(slot)).map(|end| (false, end)))
    };
    let stops =
        |at: usize| said.shape(at) == Some(Shape::Mark) || said.figures(at).is_some() || said.is(at, &["and", "和"]);
    let (start, end) = (candidate.tokens.start, candidate.tokens.end);
    // The reading may hold its word itself: "three nights".
    let within = || candidate.tokens.clone().find_map(whose).filter(|(own, _)| *own);
    let after = || (end..end + 3).take_while(|at| !stops(*at) && *at < said.len()).find_map(whose);
    let found = if counted {
        // In front it must lead up to the number: "party of eight", "rooms: 3", 人数是五.
        let leads = |(_, past): &(bool, usize)| {
            *past == start
                || *past + 1 == start && said.is(*past, &[":", "is", "are", "be", "number", "是", "为", "有"])
        };
        let before = || (start.saturating_sub(4)..start).rev().filter_map(whose).find(leads);
        within().or_else(after).or_else(before)
    } else {
        let before = || (start.saturating_sub(5)..start).rev().take_while(|at| !stops(*at)).find_map(whose);
        // Behind it only in Chinese: 二十号入住.
        let behind = || after().filter(|_| said.han(end).is_some());
        within().or_else(before).or_else(behind)
    };
    // "A table for four", "we are six": people, where nothing else is named.
    let people = counted
        && own.words.iter().any(|word| matches!(word.as_str(), "people" | "persons" | "guests" | "人" | "位"))
        && said.is(start.wrapping_sub(1), &["for", "are", "were", "of"])
        && !counts_something(said, end);
    // "One" is a pronoun until something is counted with it.
    let pronoun = counted && said.word(start) == "one" && candidate.tokens.len() == 1;
    let followed = counted && !own.words.is_empty() && said.shape(end) == Some(Shape::Word);
    match found {
        Some((true, _)) if pronoun => 2.3,
        Some((true, _)) => 1.3,
        Some((false, _)) => 0.35,
        // "One" that counts nothing here, and "four dogs" where people are counted.
        None if pronoun && !own.words.is_empty() && !said.alone(candidate.tokens.clone()) => 0.5,
        None if people => 1.25,
        None if followed && rivals.len() > 1 && counts_something(said, end) => 0.45,
        None if followed => 0.8,
        None => 1.0,
    }
}

/// "Tuesday, no, Wednesday": what stands behind a correction counts, what stands before it does not.
pub(super) fn after_correction(said: &Said, tokens: Range<usize>) -> f32 {
    const MARKS: &[&str] = &[
        "no",
        "sorry",
        "i mean",
        "no sorry",
        "wait",
        "rather",
        "i meant",
        "make that",
        "不对",
        "不是",
        "说错了",
        "错了",
    ];
    let near = |from: usize, to: usize| (from..to).any(|at| said.any(at, MARKS).is_some());
    if near(tokens.end, (tokens.end + 3).min(said.len())) {
        return 0.75;
    }
    if near(tokens.start.saturating_sub(3), tokens.start) {
        return 1.1;
    }
    1.0
}
