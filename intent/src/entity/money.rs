//! Amounts of money: "$12.50", "twenty bucks", "three hundred and five dollars and ten cents", "twelve fifty", 一百二十块五, 五块三毛, 30元.

use rust_decimal::Decimal;

use super::{
    Reading, Region, Value,
    number::{self, count},
    token::{Said, Shape},
};

/// How many of the smaller unit make one.
const HUNDRED: Decimal = Decimal::ONE_HUNDRED;

pub(super) fn readings(said: &Said, at: usize, region: Region) -> Vec<Reading> {
    let found = symbol(said, at, region)
        .or_else(|| chinese(said, at, region))
        .or_else(|| words(said, at, region))
        .or_else(|| cents(said, at, region));
    match found {
        Some(reading) => vec![reading],
        None => bare(said, at).into_iter().collect(),
    }
}

fn reading(amount: Decimal, currency: Option<&str>, end: usize, confidence: f32) -> Reading {
    let value = Value::Money { amount, currency: currency.map(str::to_owned) };
    Reading { value, others: Vec::new(), end, confidence, parts: Vec::new() }
}

/// A sign in front: $12.50, US$ 5, ￥30.
fn symbol(said: &Said, at: usize, region: Region) -> Option<Reading> {
    let (currency, begin) = match said.word(at) {
        "$" => (region.dollar(), at + 1),
        "us" | "hk" | "a" | "c" | "nt" if said.word(at + 1) == "$" && said.joined(at + 1) => {
            let currency = match said.word(at) {
                "us" => "USD",
                "hk" => "HKD",
                "a" => "AUD",
                "c" => "CAD",
                _ => "TWD",
            };
            (currency, at + 2)
        }
        "£" => ("GBP", at + 1),
        "€" => ("EUR", at + 1),
        "¥" | "￥" => (if region.is("JP") { "JPY" } else { "CNY" }, at + 1),
        word => (code(word)?, at + 1),
    };
    let count = count(said, begin)?;
    // "$12 million" is read by the number; "$5 dollars" is said twice.
    let end = word(said, count.end, region).map_or(count.end, |(_, end)| end);
    Some(reading(count.value, Some(currency), end, 0.98))
}

fn code(word: &str) -> Option<&'static str> {
    Some(match word {
        "usd" => "USD",
        "eur" => "EUR",
        "gbp" => "GBP",
        "cny" | "rmb" => "CNY",
        "hkd" => "HKD",
        "jpy" => "JPY",
        "aud" => "AUD",
        "cad" => "CAD",
        "twd" => "TWD",
        "sgd" => "SGD",
        _ => return None,
    })
}

/// The currency that is named here.
fn word(said: &Said, at: usize, region: Region) -> Option<(&'static str, usize)> {
    if let Some((name, end)) = said.look_up(
        at,
        &[
            ("us dollars", "USD"),
            ("american dollars", "USD"),
            ("hong kong dollars", "HKD"),
            ("canadian dollars", "CAD"),
            ("australian dollars", "AUD"),
            ("pounds sterling", "GBP"),
            ("pound sterling", "GBP"),
        ],
    ) {
        return Some((name, end));
    }
    let currency = match said.word(at) {
        "$" if said.joined(at) => region.dollar(),
        "€" if said.joined(at) => "EUR",
        "£" if said.joined(at) => "GBP",
        "dollars" | "dollar" | "bucks" | "buck" => region.dollar(),
        "pounds" | "pound" | "quid" | "sterling" => "GBP",
        "euros" | "euro" => "EUR",
        "yuan" | "renminbi" | "kuai" => "CNY",
        "yen" => "JPY",
        word => code(word)?,
    };
    Some((currency, at + 1))
}

/// "Twenty bucks", "a buck fifty", "five dollars and ten cents", "a grand".
fn words(said: &Said, at: usize, region: Region) -> Option<Reading> {
    let (amount, end) = if said.is(at, &["a", "one"]) && said.is(at + 1, &["dollar", "buck", "pound", "euro", "quid"]) {
        (Decimal::ONE, at + 1)
    } else if said.is(at, &["a"]) && said.word(at + 1) == "grand" {
        return Some(reading(1_000.into(), None, at + 2, 0.8));
    } else if let Some((whole, part, end)) =
        number::pair(said, at).filter(|(.., end)| word(said, *end, region).is_some())
    {
        // "Twelve fifty dollars" is said rarely, "nineteen ninety-nine euros" often.
        (Decimal::from(whole) + Decimal::from(part) / HUNDRED, end)
    } else {
        let count = count(said, at).filter(|count| !count.dictated)?;
        (count.value, count.end)
    };
    let Some((currency, end)) = word(said, end, region) else {
        let grand = said.is(end.wrapping_sub(1), &["grand"]);
        return grand.then(|| reading(amount, None, end, 0.8));
    };
    let (more, end) = smaller(said, end).unwrap_or((Decimal::ZERO, end));
    Some(reading(amount.checked_add(more)?, Some(currency), end, 0.97))
}

/// "And ten cents", "fifty": what follows the currency.
fn smaller(said: &Said, at: usize) -> Option<(Decimal, usize)> {
    if let Some(end) = said.any(at, &["and a half"]) {
        return Some((Decimal::new(5, 1), end));
    }
    let and = said.any(at, &["and", ",", "and a"]);
    let begin = and.unwrap_or(at);
    let (cents, end) = number::below_hundred(said, begin)?;
    let value = Decimal::from(cents) / HUNDRED;
    if said.is(end, &["cents", "cent", "pence", "p", "penny"]) {
        return Some((value, end + 1));
    }
    // "Five dollars fifty" ends there; "five dollars, two coffees" goes on.
    let ends = matches!(said.shape(end), None | Some(Shape::Mark))
        || said.is(end, &["please", "for", "on", "and", "is", "to", "off"]);
    (and.is_none() && cents >= 10 && ends).then_some((value, end))
}

/// "Fifty cents", "99p".
fn cents(said: &Said, at: usize, region: Region) -> Option<Reading> {
    let (amount, end) = number::integer(said, at)?;
    let currency = match said.word(end) {
        "cents" | "cent" => Some(region.dollar()),
        "pence" => Some("GBP"),
        "p" if said.joined(end) || region.is("GB") => Some("GBP"),
        _ => return None,
    };
    Some(reading(Decimal::from(amount) / HUNDRED, currency, end + 1, 0.9))
}

/// A number alone: an amount if money was asked for. "Twelve fifty" is 12.50 or 1,250.
fn bare(said: &Said, at: usize) -> Option<Reading> {
    if let Some((whole, part, end)) = number::pair(said, at)
        && !said.is(end, &["oclock", "am", "pm", "past", "to", "hundred", "thousand"])
    {
        let amount = Decimal::from(whole) + Decimal::from(part) / HUNDRED;
        let others = vec![Value::Money { amount: Decimal::from(whole * 100 + part), currency: None }];
        let confidence = if said.figures(at).is_some() { 0.4 } else { 0.55 };
        return Some(Reading { others, ..reading(amount, None, end, confidence) });
    }
    let count = count(said, at).filter(|count| !count.dictated)?;
    let confidence = if said.alone(at..count.end) { 0.7 } else { 0.4 };
    Some(reading(count.value, None, count.end, confidence))
}

/// 一百二十块五, 五块三毛, 两毛五, 三万元, 50美元.
fn chinese(said: &Said, at: usize, region: Region) -> Option<Reading> {
    const CURRENCIES: &[(&str, &str)] = &[
        ("美元", "USD"),
        ("美金", "USD"),
        ("美刀", "USD"),
        ("刀", "USD"),
        ("欧元", "EUR"),
        ("英镑", "GBP"),
        ("港币", "HKD"),
        ("港元", "HKD"),
        ("日元", "JPY"),
        ("台币", "TWD"),
        ("人民币", "CNY"),
    ];
    let before = said.phrase(at, "人民币").unwrap_or(at);
    let count = count(said, before)?;
    let amount = count.value;
    if let Some((currency, end)) = said.look_up(count.end, CURRENCIES) {
        return Some(reading(amount, Some(currency), end, 0.97));
    }
    let own = region.yuan();
    if let Some(unit) = said.any(count.end, &["块", "元", "圆"]) {
        if said.is(unit, &["地", "表"]) {
            return None;
        }
        let half = said.phrase(unit, "半");
        let (more, mut end) = match half {
            Some(end) => (Decimal::new(5, 1), end),
            None => jiao(said, unit).unwrap_or((Decimal::ZERO, unit)),
        };
        end = said.any(end, &["钱", "整", "人民币"]).unwrap_or(end);
        let known = said.any(end, &["人民币"]).unwrap_or(end);
        return Some(reading(amount.checked_add(more)?, Some(own), known, 0.97));
    }
    // 两毛五, 三角.
    let (amount, end) =
        jiao(said, before).filter(|(_, end)| said.is(*end - 1, &["毛", "角", "分", "钱"]) || *end > before + 2)?;
    Some(reading(amount, Some(own), said.any(end, &["钱"]).unwrap_or(end), 0.85))
}

/// What follows 块: 三毛五, 五 (fifty), 零五分.
fn jiao(said: &Said, at: usize) -> Option<(Decimal, usize)> {
    let (digit, end) = number::chinese_integer(said, at)?;
    let tenth = |digit: u64| Decimal::new(digit as i64, 1);
    let hundredth = |digit: u64| Decimal::new(digit as i64, 2);
    if digit == 0 {
        let (digit, end) = number::chinese_integer(said, end).filter(|(digit, _)| *digit < 10)?;
        return Some((hundredth(digit), said.any(end, &["分"]).unwrap_or(end)));
    }
    if digit >= 100 {
        return None;
    }
    if let Some(past) = said.any(end, &["毛", "角"]).filter(|_| digit < 10) {
        let Some((cent, more)) = number::chinese_integer(said, past).filter(|(cent, _)| *cent < 10) else {
            return Some((tenth(digit), past));
        };
        return Some((tenth(digit) + hundredth(cent), said.any(more, &["分"]).unwrap_or(more)));
    }
    if let Some(past) = said.any(end, &["分"]) {
        return (said.word(past) != "钟").then(|| (hundredth(digit), past));
    }
    // 五块五; but not 五块五个.
    let counts = said.is(end, &["个", "张", "人", "位", "杯", "份", "点", "号", "月", "块", "天", "次"]);
    (digit < 10 && !counts).then(|| (tenth(digit), end))
}
