//! The ways to say a date in Chinese. Days of the lunar calendar (春节, 中秋) need a calendar of their own and are not read.

use jiff::civil::{Date, Weekday};

use super::{
    Around, Found, Unit, add, full_year, monday, nearest_day, nearest_in_month, nearest_weekday, shift, weekday_of_week,
};
use crate::entity::{
    number::{chinese_digit, chinese_integer as integer},
    token::Said,
};

const NAMED: &[(&str, i64)] = &[
    ("今天", 0),
    ("今日", 0),
    ("今晚", 0),
    ("今早", 0),
    ("今儿", 0),
    ("当天", 0),
    ("明天", 1),
    ("明日", 1),
    ("明早", 1),
    ("明晚", 1),
    ("明儿", 1),
    ("后天", 2),
    ("后日", 2),
    ("大后天", 3),
    ("昨天", -1),
    ("昨日", -1),
    ("昨晚", -1),
    ("前天", -2),
    ("大前天", -3),
];

const FEASTS: &[(&str, (i8, i8))] = &[
    ("国庆节", (10, 1)),
    ("国庆", (10, 1)),
    ("元旦", (1, 1)),
    ("劳动节", (5, 1)),
    ("五一", (5, 1)),
    ("圣诞节", (12, 25)),
    ("圣诞", (12, 25)),
    ("平安夜", (12, 24)),
    ("情人节", (2, 14)),
    ("妇女节", (3, 8)),
    ("儿童节", (6, 1)),
    ("教师节", (9, 10)),
    ("双十一", (11, 11)),
    ("双十二", (12, 12)),
];

pub(super) fn date(said: &Said, at: usize, around: &Around) -> Option<Found> {
    // About a date that was said before: 不是明天，是后一天.
    let moved = around.month_of.and_then(|previous| {
        let steps = [("后一天", 1), ("晚一天", 1), ("第二天", 1), ("前一天", -1), ("早一天", -1), ("提前一天", -1)];
        let (days, end) = said.look_up(at, &steps)?;
        Some(Found::day(add(previous, days)?, end, 0.9))
    });
    let found = [
        moved,
        said.look_up(at, NAMED).and_then(|(days, end)| Some(Found::day(add(around.today, days)?, end, 0.98))),
        of_week(said, at, around),
        with_month(said, at, around),
        counted(said, at, around),
        whole(said, at, around),
        feast(said, at, around),
    ];
    found.into_iter().flatten().max_by_key(|found| found.end)
}

fn feast(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let ((month, day), end) = said.look_up(at, FEASTS)?;
    // 五一 inside a run of digits is no feast.
    let dictated = |at: usize| said.han(at).and_then(chinese_digit).is_some() || said.figures(at).is_some();
    let numeric = chinese_digit(said.han(at)?).is_some();
    if numeric && (dictated(end) || at > 0 && dictated(at - 1)) {
        return None;
    }
    Some(Found::day(nearest_in_month(month, day, None, around)?, end, if numeric { 0.6 } else { 0.9 }))
}

/// 周三, 下周三, 下下个星期天, 这周五, 上礼拜二.
fn of_week(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let mut weeks = None;
    let mut begin = at;
    while let Some(step) = match said.word(begin) {
        "下" => Some(1),
        "上" => Some(-1),
        "这" | "本" if weeks.is_none() => Some(0),
        _ => None,
    } {
        weeks = Some(weeks.unwrap_or(0) + step);
        begin += 1;
        if begin > at + 3 {
            return None;
        }
    }
    let begin = if weeks.is_some() { said.any(begin, &["个"]).unwrap_or(begin) } else { begin };
    let day = said.any(begin, &["周", "星期", "礼拜"])?;
    if let Some(end) = said.any(day, &["末"]) {
        let saturday = add(monday(weeks.unwrap_or(0), around)?, 5)?;
        return Some(Found { to: Some(add(saturday, 1)?), ..Found::day(saturday, end, 0.85) });
    }
    let weekday = match said.word(day) {
        "日" | "天" | "7" => Weekday::Sunday,
        word => {
            let number = said.han(day).and_then(chinese_digit).or_else(|| word.parse().ok())?;
            Weekday::from_monday_one_offset(i8::try_from(number).ok()?).ok()?
        }
    };
    // 一周两次, 三周一次: a count of weeks, not a day.
    if weeks.is_none() && at > 0 && said.word(begin) == "周" && said.han(at - 1).and_then(chinese_digit).is_some() {
        return None;
    }
    let (date, others) = match weeks {
        Some(weeks) => (weekday_of_week(weekday, weeks, around)?, Vec::new()),
        None => nearest_weekday(weekday, around)?,
    };
    Some(Found { others, ..Found::day(date, day + 1, 0.95) })
}

/// 五月二十号, 2026年5月20日, 二零二六年五月二十, 下个月五号, 明年三月一号, 二十号.
fn with_month(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let (year, begin) = year(said, at, around).map_or((None, at), |(year, end)| (Some(year), end));
    if let Some((months, end)) = said.look_up(
        begin,
        &[("这个月", 0), ("本月", 0), ("下个月", 1), ("下下个月", 2), ("下月", 1), ("上个月", -1), ("上月", -1)],
    ) && year.is_none()
    {
        let first = shift(around.today.first_of_month(), months, Unit::Months)?;
        if let Some(end) = said.any(end, &["底", "末"]) {
            return Some(Found::day(first.last_of_month(), end, 0.8));
        }
        let (day, end) = day(said, end, true)?;
        return Some(Found::day(Date::new(first.year(), first.month(), day).ok()?, end, 0.97));
    }
    let month = integer(said, begin).filter(|(month, end)| said.word(*end) == "月" && (1..=12).contains(month));
    if let Some((month, end)) = month {
        let month = month as i8;
        if let Some(end) = said.any(end + 1, &["底", "末"]) {
            let first = nearest_in_month(month, 28, year, around)?;
            return Some(Found::day(first.last_of_month(), end, 0.8));
        }
        let (day, end) = day(said, end + 1, false)?;
        let near =
            around.month_of.filter(|_| year.is_none()).and_then(|previous| Date::new(previous.year(), month, day).ok());
        let near = near.filter(|date| around.past || *date >= around.today);
        let date = near.or_else(|| nearest_in_month(month, day, year, around))?;
        return Some(Found::day(date, end, 0.97));
    }
    if year.is_some() {
        return None;
    }
    if let Some(end) = said.any(at, &["月底", "月末"]) {
        return Some(Found::day(around.today.last_of_month(), end, 0.7));
    }
    let (day, end) = day(said, at, true)?;
    // 三号线, 五号楼: a line and a building.
    let named =
        said.is(end, &["线", "楼", "店", "桌", "房", "柜", "口", "厅", "码", "车", "门", "床", "机", "院", "窗"]);
    let date = nearest_day(day, None, around)?;
    Some(Found { day_only: Some(day), ..Found::day(date, end, if named { 0.15 } else { 0.85 }) })
}

fn year(said: &Said, at: usize, around: &Around) -> Option<(i16, usize)> {
    if let Some((years, end)) = said.look_up(at, &[("今年", 0), ("明年", 1), ("后年", 2), ("去年", -1)]) {
        return Some((around.today.year() + years, said.any(end, &["的"]).unwrap_or(end)));
    }
    if let Some(figures) = said.figures(at) {
        return (said.word(at + 1) == "年")
            .then(|| figures.parse().ok().and_then(full_year))
            .flatten()
            .map(|year| (year, at + 2));
    }
    let digits: Vec<u64> = (at..at + 4).map_while(|at| said.han(at).and_then(chinese_digit)).collect();
    if !matches!(digits.len(), 2 | 4) || said.word(at + digits.len()) != "年" {
        return None;
    }
    let year = digits.iter().fold(0, |year, digit| year * 10 + digit);
    Some((full_year(year)?, at + digits.len() + 1))
}

/// A day of the month; without its month 号 or 日 must follow.
fn day(said: &Said, at: usize, marked: bool) -> Option<(i8, usize)> {
    let (day, end) = integer(said, at).filter(|(day, _)| (1..=31).contains(day))?;
    match said.any(end, &["号", "日"]) {
        Some(end) => Some((day as i8, end)),
        None if marked => None,
        None => Some((day as i8, end)),
    }
}

/// 三天后, 两周以后, 一个月后, 三天前.
fn counted(said: &Said, at: usize, around: &Around) -> Option<Found> {
    let begin = said.any(at, &["过", "再过"]).unwrap_or(at);
    let (amount, end) = integer(said, begin).filter(|(amount, _)| *amount <= 10_000)?;
    let amount = amount as i64;
    let (unit, end) = said.look_up(
        end,
        &[
            ("天", Unit::Days),
            ("日", Unit::Days),
            ("周", Unit::Weeks),
            ("个星期", Unit::Weeks),
            ("星期", Unit::Weeks),
            ("个礼拜", Unit::Weeks),
            ("礼拜", Unit::Weeks),
            ("个月", Unit::Months),
            ("年", Unit::Years),
        ],
    )?;
    let (forward, end) = said.look_up(
        end,
        &[
            ("后", true),
            ("以后", true),
            ("之后", true),
            ("过后", true),
            ("前", false),
            ("以前", false),
            ("之前", false),
        ],
    )?;
    Some(Found::day(shift(around.today, if forward { amount } else { -amount }, unit)?, end, 0.95))
}

/// 下周, 这个月, 周末.
fn whole(said: &Said, at: usize, around: &Around) -> Option<Found> {
    const WHOLES: &[(&str, (Unit, i64))] = &[
        ("这周", (Unit::Weeks, 0)),
        ("本周", (Unit::Weeks, 0)),
        ("这个星期", (Unit::Weeks, 0)),
        ("下周", (Unit::Weeks, 1)),
        ("下个星期", (Unit::Weeks, 1)),
        ("下星期", (Unit::Weeks, 1)),
        ("上周", (Unit::Weeks, -1)),
        ("上个星期", (Unit::Weeks, -1)),
        ("这个月", (Unit::Months, 0)),
        ("本月", (Unit::Months, 0)),
        ("下个月", (Unit::Months, 1)),
        ("上个月", (Unit::Months, -1)),
    ];
    let ((unit, amount), end) = said.look_up(at, WHOLES)?;
    let (from, to) = if unit == Unit::Weeks {
        let monday = monday(amount, around)?;
        (monday, add(monday, 6)?)
    } else {
        let first = shift(around.today.first_of_month(), amount, unit)?;
        (first, first.last_of_month())
    };
    Some(Found { to: Some(to), ..Found::day(from, end, 0.7) })
}
