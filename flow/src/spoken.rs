//! How values are said: a day with its weekday, a time by the twelve-hour clock, digits in groups. The text is what a chat shows, and a
//! voice reads it as it reads any prompt.

use intent::{
    Language,
    entity::{self, Value},
};
use jiff::civil::{Date, Time, Weekday};

use crate::phrases::{self, group_digits};

/// A value as it is read back. `item` is what an item of a list is called; the moment and the country of the call say what goes
/// without saying, such as the year of a date that is near.
pub(crate) fn value(value: &Value, item: Option<String>, language: Language, context: &entity::Context) -> String {
    match value {
        Value::Digits { digits } => group_digits(digits, language),
        Value::Code { code } => group_digits(code, language),
        Value::Phone { number, .. } => phone(number, language, context),
        Value::Date { date } => day(*date, context.now.date(), language),
        Value::Time { time } => clock(*time, language),
        Value::Money { amount, currency } => money(&plain(&format!("{amount:.2}")), currency.as_deref(), language),
        Value::Quantity { amount, unit: Some(unit), .. } => format!("{amount} {unit}"),
        Value::YesNo { yes: true } => phrases::yes(language).to_owned(),
        Value::YesNo { yes: false } => phrases::no(language).to_owned(),
        Value::Item { id } => item.unwrap_or_else(|| id.replace('_', " ")),
        other => other.to_string(),
    }
}

/// Numbers of the caller's own country as they are dialled there.
fn phone(number: &str, language: Language, context: &entity::Context) -> String {
    if let Some(national) = context.region.national(number) {
        return group_digits(&national, language);
    }
    match number.strip_prefix('+') {
        Some(digits) => format!("+{digits}"),
        None => group_digits(number, language),
    }
}

fn day(date: Date, today: Date, language: Language) -> String {
    // A weekday and a day name one date within half a year; beyond it the year is said.
    let far = (date - today).get_days().abs() > 180;
    let (year, month, day) = (date.year(), date.month(), date.day());
    match language {
        Language::English => {
            let ordinal = match (day / 10, day % 10) {
                (1, _) => "th",
                (_, 1) => "st",
                (_, 2) => "nd",
                (_, 3) => "rd",
                _ => "th",
            };
            let year = if far { format!(" {year}") } else { String::new() };
            format!("{}, the {day}{ordinal} of {}{year}", date.strftime("%A"), date.strftime("%B"))
        }
        Language::Chinese => {
            let year = if far { format!("{year}年") } else { String::new() };
            format!("{year}{month}月{day}日,{}", weekday(date.weekday()))
        }
    }
}

/// The day of the week in Chinese.
fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "星期一",
        Weekday::Tuesday => "星期二",
        Weekday::Wednesday => "星期三",
        Weekday::Thursday => "星期四",
        Weekday::Friday => "星期五",
        Weekday::Saturday => "星期六",
        Weekday::Sunday => "星期日",
    }
}

fn clock(time: Time, language: Language) -> String {
    let (hour, minute) = (time.hour(), time.minute());
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    match language {
        Language::English => match (hour, minute) {
            (0, 0) => "midnight".to_owned(),
            (12, 0) => "noon".to_owned(),
            (_, 0) => format!("{twelve} {}", if hour < 12 { "am" } else { "pm" }),
            _ => format!("{twelve}:{minute:02} {}", if hour < 12 { "am" } else { "pm" }),
        },
        Language::Chinese => {
            let part = match hour {
                0..6 => "凌晨",
                6..9 => "早上",
                9..12 => "上午",
                12 => "中午",
                13..18 => "下午",
                _ => "晚上",
            };
            let hour = if hour == 0 { 0 } else { twelve };
            if minute == 0 { format!("{part}{hour}点") } else { format!("{part}{hour}:{minute:02}") }
        }
    }
}

/// "45", "45.50": whole amounts without their hundredths.
fn plain(amount: &str) -> String {
    amount.strip_suffix(".00").unwrap_or(amount).to_owned()
}

fn money(amount: &str, currency: Option<&str>, language: Language) -> String {
    match (currency, language) {
        (None, _) => amount.to_owned(),
        (Some("CNY"), Language::Chinese) if !amount.contains('.') => format!("{amount}元"),
        (Some("CNY"), Language::Chinese) => format!("¥{amount}"),
        (Some("USD"), _) => format!("${amount}"),
        (Some("GBP"), _) => format!("£{amount}"),
        (Some("EUR"), _) => format!("€{amount}"),
        (Some(currency), _) => format!("{amount} {currency}"),
    }
}

#[cfg(test)]
mod tests {
    use intent::entity::{Context, Region};
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    fn context(region: Region) -> Context {
        Context { now: "2026-11-28T10:00+00[+00]".parse().expect("a moment"), region }
    }

    #[test]
    fn values_are_read_as_people_read_them() {
        let money = |amount: &str, currency: &str| Value::Money {
            amount: amount.parse().expect("an amount"),
            currency: (!currency.is_empty()).then(|| currency.to_owned()),
        };
        let phone = |number: &str| Value::Phone { number: number.into(), valid: true };
        for (said, en, zh) in [
            (Value::Date { date: date(2026, 12, 3) }, "Thursday, the 3rd of December", "12月3日,星期四"),
            (Value::Date { date: date(2026, 12, 11) }, "Friday, the 11th of December", "12月11日,星期五"),
            (Value::Date { date: date(2027, 8, 22) }, "Sunday, the 22nd of August 2027", "2027年8月22日,星期日"),
            (Value::Time { time: time(15, 30, 0, 0) }, "3:30 pm", "下午3:30"),
            (Value::Time { time: time(9, 0, 0, 0) }, "9 am", "上午9点"),
            (Value::Time { time: time(12, 0, 0, 0) }, "noon", "中午12点"),
            (Value::Time { time: time(0, 15, 0, 0) }, "12:15 am", "凌晨0:15"),
            (money("45", "USD"), "$45", "$45"),
            (money("45.5", "GBP"), "£45.50", "£45.50"),
            (money("45.5", "CNY"), "45.50 CNY", "¥45.50"),
            (money("300", "CNY"), "300 CNY", "300元"),
            (money("12.05", ""), "12.05", "12.05"),
            (phone("+8613812345678"), "1 3 8 1, 2 3 4, 5 6 7 8", "1 3 8, 1 2 3 4, 5 6 7 8"),
            (phone("+441632960001"), "+441632960001", "+441632960001"),
            (Value::Digits { digits: "1042".into() }, "1 0, 4 2", "1 0, 4 2"),
            (Value::Item { id: "city_bike".into() }, "city bike", "city bike"),
        ] {
            let context = context(Region::CHINA);
            assert_eq!(value(&said, None, Language::English, &context), en);
            assert_eq!(value(&said, None, Language::Chinese, &context), zh);
        }
    }

    #[test]
    fn numbers_of_the_callers_country_are_read_as_they_are_dialled_there() {
        for (region, number, spoken) in [
            (Region::UNITED_KINGDOM, "+441632960001", "0 1 6 3, 2 9 6, 0 0 0 1"),
            (Region::UNITED_STATES, "+12025550142", "2 0 2, 5 5 5, 0 1 4 2"),
            (Region::CHINA, "+861012345678", "0 1 0, 1 2 3 4, 5 6 7 8"),
        ] {
            let said = Value::Phone { number: number.into(), valid: true };
            let spoken_now = value(&said, None, Language::Chinese, &context(region));
            assert_eq!(spoken_now.replace([',', ' '], ""), spoken.replace([',', ' '], ""), "{number}");
        }
    }

    proptest! {
        #[test]
        fn every_day_and_time_can_be_said(year in -9999i16..=9999, month in 1i8..=12, day in 1i8..=28, hour in 0i8..24, minute in 0i8..60) {
            for language in [Language::English, Language::Chinese] {
                let context = context(Region::CHINA);
                for said in [Value::Date { date: date(year, month, day) }, Value::Time { time: time(hour, minute, 0, 0) }] {
                    prop_assert!(!value(&said, None, language, &context).is_empty());
                }
            }
        }
    }
}
