//! Numbers that are said without a number: "my wife and I" is two, "a child" one, "no kids" none, 没有孩子 none. They are read only for slots that
//! have words for what is counted.

use std::ops::Range;

use rust_decimal::Decimal;

use super::{
    Reading, SlotSpec, Value,
    token::{Said, Shape},
};

/// Words of a slot that counts people, in the languages' singular and plural.
const COUNTS_PEOPLE: &[&str] =
    &["people", "persons", "person", "guests", "guest", "adults", "adult", "人", "位", "成人", "大人"];

/// Grown-up relatives and friends; children are a matter of a slot of their own.
const RELATIVES: &[&str] = &[
    "wife",
    "husband",
    "partner",
    "girlfriend",
    "boyfriend",
    "fiance",
    "fiancee",
    "spouse",
    "mom",
    "mum",
    "mother",
    "dad",
    "father",
    "parent",
    "friend",
    "boss",
    "colleague",
    "brother",
    "sister",
    "cousin",
    "uncle",
    "aunt",
    "grandma",
    "grandmother",
    "granny",
    "grandpa",
    "grandfather",
    "granddad",
    "nephew",
    "niece",
    "assistant",
    "client",
    "flatmate",
    "roommate",
];
const CHILDREN: &[&str] =
    &["son", "daughter", "sons", "daughters", "kid", "kids", "child", "children", "baby", "toddler", "boys", "girls"];

/// The readings for a slot that counts something.
pub(super) fn readings(said: &Said, slot: &SlotSpec) -> Vec<(Range<usize>, Reading)> {
    if slot.words.is_empty() {
        return Vec::new();
    }
    let people = slot.words.iter().any(|word| COUNTS_PEOPLE.contains(&word.to_lowercase().as_str()));
    let mut out = Vec::new();
    for at in 0..said.len() {
        out.extend(by_article(said, at, slot));
        if people {
            out.extend(party(said, at));
        }
    }
    out
}

fn read(value: u64, tokens: Range<usize>, confidence: f32) -> (Range<usize>, Reading) {
    let value = Value::Number { number: Decimal::from(value), approximate: false };
    let end = tokens.end;
    (tokens, Reading::new(value, end, confidence))
}

/// "A room", "another double room", "no children".
fn by_article(said: &Said, at: usize, slot: &SlotSpec) -> Option<(Range<usize>, Reading)> {
    // "Party of" leads up to a number, and is none itself.
    let things = || slot.words.iter().filter(|word| !word.ends_with(" of"));
    let named = |at: usize| things().filter_map(|word| said.phrase(at, word)).max();
    if let Some(begin) = said.any(at, &["no", "without", "without any", "not any", "no more", "没有", "没", "不带"])
        && let Some(end) = named(begin)
    {
        return Some(read(0, at..end, 0.7));
    }
    let (one, begin) = (said.is(at, &["a", "an", "another"]), at + 1);
    if !one {
        return None;
    }
    // Adjectives stand between, no more than three and no end of the phrase.
    let between = |at: usize| {
        said.shape(at) == Some(Shape::Word)
            && !said.is(at, &["and", "or", "for", "of", "with", "to", "in", "on", "at", "my", "the", "a", "is"])
    };
    let end = (begin..begin + 4).take_while(|at| *at == begin || between(at - 1)).find_map(named)?;
    // "A room rate" and "a child seat" are no rooms and children.
    let compound =
        said.is(end, &["booking", "service", "rate", "price", "key", "number", "seat", "menu", "reservation", "type"]);
    (!compound).then(|| read(1, at..end, 0.45))
}

/// "Me and my wife", "my husband and I", "just me", "myself only".
fn party(said: &Said, at: usize) -> Option<(Range<usize>, Reading)> {
    if at > 0 && (one_of_us(said, at - 1).is_some() || said.is(at - 1, &["my", "our"])) {
        return None;
    }
    let mut end = one_of_us(said, at)?;
    let mut count = 1;
    loop {
        let comma = said.any(end, &[","]).unwrap_or(end);
        let Some(next) = said.any(comma, &["and", "plus", "with"]).or((comma > end).then_some(comma)) else { break };
        let Some(past) = one_of_us(said, next) else { break };
        (count, end) = (count + 1, past);
    }
    let only = said.is(at.wrapping_sub(1), &["just", "only"]) || said.is(end, &["only", "alone"]);
    let myself = said.is(at, &["me", "myself"]) && said.is(at.wrapping_sub(1), &["for"]);
    let with_child = said.is(end, &["and", "with", "plus"]) && (end + 1..end + 5).any(|at| said.is(at, CHILDREN));
    match count {
        1 if only && !said.is(at, &["i"]) => Some(read(1, at..end, 0.7)),
        1 if myself || with_child && said.is(at, &["me", "myself"]) => Some(read(1, at..end, 0.5)),
        1 => None,
        count => Some(read(count, at..end, 0.75)),
    }
}

/// Where one grown-up of the party ends.
fn one_of_us(said: &Said, at: usize) -> Option<usize> {
    if said.is(at, &["me", "myself", "i"]) {
        return Some(at + 1);
    }
    let begin = if said.is(at, &["my", "our", "a", "his", "her"]) {
        at + 1
    } else if said.is(at.wrapping_sub(1), &["and"]) {
        // "My mom and dad".
        at
    } else {
        return None;
    };
    let relative = (begin..begin + 2).find(|at| said.is(*at, RELATIVES))?;
    Some(relative + 1)
}
