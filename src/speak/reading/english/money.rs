//! English amounts of money.

use super::NUMBER;
use super::words::{cardinal, number};
use crate::speak::reading::number::Written;
use crate::speak::reading::scan::{Found, Rule};

/// Signs and codes, one, several, a hundredth, several of them.
const CURRENCIES: [(&[&str], &str, &str, &str, &str); 12] = [
    (&["US$", "$", "USD"], "dollar", "dollars", "cent", "cents"),
    (&["€", "EUR"], "euro", "euros", "cent", "cents"),
    (&["£", "GBP"], "pound", "pounds", "penny", "pence"),
    // Where Chinese is spoken too, it is the yuan; JPY says yen.
    (&["CN¥", "¥", "CNY", "RMB"], "yuan", "yuan", "fen", "fen"),
    (&["JP¥", "JPY"], "yen", "yen", "", ""),
    (&["HK$", "HKD"], "Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    (&["C$", "CAD"], "Canadian dollar", "Canadian dollars", "cent", "cents"),
    (&["A$", "AUD"], "Australian dollar", "Australian dollars", "cent", "cents"),
    (&["S$", "SGD"], "Singapore dollar", "Singapore dollars", "cent", "cents"),
    (&["CHF"], "Swiss franc", "Swiss francs", "centime", "centimes"),
    (&["₹", "INR"], "rupee", "rupees", "paisa", "paise"),
    (&["SEK"], "krona", "kronor", "öre", "öre"),
];
const SIGN: &str = r"US\$|HK\$|C\$|A\$|S\$|CN¥|JP¥|\$|€|£|¥|₹|USD|EUR|GBP|CNY|RMB|JPY|HKD|CAD|AUD|SGD|CHF|INR|SEK";
const AMOUNT: &str = r"\d[\d,]*(?:\.\d+)?";

pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule::new(&format!(r"([-−]?)(?:{SIGN})\s?({NUMBER})\s?(thousand|million|billion|k|m|bn|K|M)\b"), |found| {
            let scale = match found.get(3) {
                "k" | "K" | "thousand" => "thousand",
                "m" | "M" | "million" => "million",
                _ => "billion",
            };
            let (_, _, several, _, _) = currency(found.get(0))?;
            let sign = if found.get(1).is_empty() { "" } else { "minus " };
            Some(format!("{sign}{} {scale} {several}", number(&Written::parse(found.get(2))?)))
        }),
        Rule::new(&format!(r"([-−]?)({SIGN})\s?([-−]?{AMOUNT})"), |found| before(found).filter(|_| found.ends())),
        Rule::new(&format!(r"([-−]?{AMOUNT})\s?({SIGN})"), |found| {
            // "5 $" is an amount, "USD" as the beginning of "USDA" is not.
            amount(&Written::parse(found.get(1))?, found.get(2)).filter(|_| found.ends())
        }),
    ]
}

/// An amount with its currency, or with none.
pub(super) fn amount_as(text: &str) -> Option<String> {
    let digits = text.trim_matches(|c: char| !c.is_ascii_digit());
    let written = Written::parse(digits)?;
    let sign: String = text.replace(digits, "").chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    match currency(&sign) {
        Some(_) => amount(&written, &sign),
        None => Some(number(&written)),
    }
}

fn currency(text: &str) -> Option<(&'static [&'static str], &'static str, &'static str, &'static str, &'static str)> {
    let text = text.trim_start_matches(['-', '−']);
    // The longest sign first: "US$" before "$", and "HK$" is not a dollar of the United States.
    CURRENCIES
        .into_iter()
        .filter_map(|entry| {
            entry
                .0
                .iter()
                .filter(|sign| text.starts_with(**sign))
                .map(|sign| sign.len())
                .max()
                .map(|length| (length, entry))
        })
        .max_by_key(|(length, _)| *length)
        .map(|(_, entry)| entry)
}

fn before(found: &Found<'_>) -> Option<String> {
    let mut written = Written::parse(found.get(3))?;
    written.negative |= !found.get(1).is_empty();
    amount(&written, found.get(2))
}

fn amount(written: &Written, sign: &str) -> Option<String> {
    let (_, one, several, cent, cents) = currency(sign)?;
    let minus = if written.negative { "minus " } else { "" };
    let hundredths = match written.fraction.len() {
        0 => Some(0),
        1 => written.fraction.parse::<u64>().ok().map(|tenth| tenth * 10),
        2 => written.fraction.parse().ok(),
        _ => None,
    };
    let (Some(hundredths), Some(whole)) = (hundredths.filter(|_| !cent.is_empty()), written.value()) else {
        return Some(format!("{} {several}", number(written)));
    };
    let name = |count: u64, one: &str, several: &str| {
        format!("{} {}", cardinal(count), if count == 1 { one } else { several })
    };
    Some(match (whole, hundredths) {
        (0, 1..) => format!("{minus}{}", name(hundredths, cent, cents)),
        (whole, 0) => format!("{minus}{}", name(whole, one, several)),
        (whole, _) => format!("{minus}{} and {}", name(whole, one, several), name(hundredths, cent, cents)),
    })
}
