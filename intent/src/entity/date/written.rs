//! Dates in figures: 2026-03-14, 3/14, 14.3.2026, 14-3-26. Whether day or month stands first is a matter of the region; where both are
//! possible the other is reported, too.

use jiff::civil::Date;

use super::{Around, Found, full_year, nearest_in_month};
use crate::entity::token::Said;

pub(super) fn date(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let first = said.figures(at)?;
    let sign = said.word(at + 1);
    if !matches!(sign, "/" | "-" | ".") || !said.joined(at + 1) || !said.joined(at + 2) || at > 0 && said.joined(at) {
        return None;
    }
    let second = said.figures(at + 2).filter(|figures| figures.len() <= 2)?;
    let third = (said.word(at + 3) == sign && said.joined(at + 3) && said.joined(at + 4))
        .then(|| said.figures(at + 4))
        .flatten();
    let number = |figures: &str| figures.parse::<i8>().ok();
    if first.len() == 4 {
        let third = third.filter(|figures| figures.len() <= 2)?;
        let year = first.parse().ok().and_then(full_year)?;
        return Date::new(year, number(second)?, number(third)?).ok().map(|date| Found::day(date, at + 5, 0.98));
    }
    if first.len() > 2 {
        return None;
    }
    let year = match third {
        Some(third) if matches!(third.len(), 2 | 4) => Some(third.parse().ok().and_then(full_year)?),
        Some(_) => return None,
        // 12.50 and 3-4 are seldom dates.
        None if sign == "/" => None,
        None => return None,
    };
    let end = if third.is_some() { at + 5 } else { at + 3 };
    let (first, second) = (number(first)?, number(second)?);
    let month_first = nearest_in_month(first, second, year, around);
    let day_first = nearest_in_month(second, first, year, around);
    let (likely, other) = if around.region.month_first() { (month_first, day_first) } else { (day_first, month_first) };
    let date = likely.or(other)?;
    let others = other.filter(|other| *other != date).into_iter().collect();
    Some(Found { others, ..Found::day(date, end, 0.9) })
}
