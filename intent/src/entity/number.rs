//! Numbers as people say them, English and Chinese, at a place in what was said. What the number counts is left to the readers
//! of money, dates, times and quantities.

mod chinese;
mod english;

pub(super) use chinese::{digit as chinese_digit, integer as chinese_integer};
pub(super) use english::{below_hundred, integer, ordinal, pair};

use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::token::Said;

/// A number and where it ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Count {
    pub value: Decimal,
    /// What else it may be: "两三个" is two or three.
    pub other: Option<Decimal>,
    /// The token after it.
    pub end: usize,
    /// "About", "or so", 来, 多, 几.
    pub approximate: bool,
    /// Figures one after the other (二零二六), rather than a number with units.
    pub dictated: bool,
}

impl Count {
    fn new(value: impl Into<Decimal>, end: usize) -> Self {
        Count { value: value.into(), other: None, end, approximate: false, dictated: false }
    }

    /// As a whole number that is not negative.
    pub fn whole(&self) -> Option<u64> {
        self.value.is_integer().then(|| self.value.to_u64()).flatten()
    }
}

/// The number that begins here, in either language.
pub(super) fn count(said: &Said, at: usize) -> Option<Count> {
    if said.han(at).is_some() {
        return chinese::count(said, at);
    }
    let found = english::count(said, at)?;
    // "3万" is written so by recognisers; its figures alone would be wrong.
    match chinese::count(said, at) {
        Some(longer) if longer.end > found.end => Some(longer),
        _ => Some(found),
    }
}

/// Figures with thousands separators and a decimal point: 12,300.5. Longer than any amount, they are a string of digits and no number.
fn written(said: &Said, at: usize) -> Option<(Decimal, usize)> {
    let mut text = said.figures(at)?.to_owned();
    let mut end = at + 1;
    while said.word(end) == ","
        && said.joined(end)
        && said.joined(end + 1)
        && said.figures(end + 1).is_some_and(|figures| figures.len() == 3)
        && text.len() <= 12
    {
        text.push_str(said.word(end + 1));
        end += 2;
    }
    if text.len() > 15 {
        return None;
    }
    if said.word(end) == "."
        && said.joined(end)
        && said.joined(end + 1)
        && said.figures(end + 1).is_some_and(|f| f.len() <= 6)
    {
        // "3.14.2026" is a date, and "1.2.3" a version.
        let more = said.word(end + 2) == "." && said.joined(end + 2) && said.figures(end + 3).is_some();
        if !more {
            text.push('.');
            text.push_str(said.word(end + 1));
            end += 2;
        }
    }
    Some((text.parse().ok()?, end))
}
