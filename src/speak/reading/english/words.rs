//! English words for numbers.

use crate::speak::reading::number::{Written, in_groups};

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [&str; 5] = ["", " thousand", " million", " billion", " trillion"];

/// `1234` is "one thousand two hundred thirty-four".
pub(super) fn cardinal(number: u64) -> String {
    if number >= 1_000_000_000_000_000 {
        return digits(&number.to_string());
    }
    if number == 0 {
        return SMALL[0].to_owned();
    }
    let mut parts = Vec::new();
    let mut rest = number;
    for scale in SCALES {
        let group = (rest % 1_000) as usize;
        if group > 0 {
            parts.push(format!("{}{scale}", below_thousand(group)));
        }
        rest /= 1_000;
    }
    parts.reverse();
    parts.join(" ")
}

fn below_thousand(number: usize) -> String {
    let (hundreds, rest) = (number / 100, number % 100);
    match (hundreds, rest) {
        (0, rest) => below_hundred(rest),
        (hundreds, 0) => format!("{} hundred", SMALL[hundreds]),
        (hundreds, rest) => format!("{} hundred {}", SMALL[hundreds], below_hundred(rest)),
    }
}

fn below_hundred(number: usize) -> String {
    match (number / 10, number % 10) {
        (0 | 1, _) => SMALL[number].to_owned(),
        (tens, 0) => TENS[tens].to_owned(),
        (tens, ones) => format!("{}-{}", TENS[tens], SMALL[ones]),
    }
}

/// `22` is "twenty-second".
pub(super) fn ordinal(number: u64) -> String {
    let words = cardinal(number);
    let at = words.rfind([' ', '-']).map_or(0, |at| at + 1);
    let (head, last) = words.split_at(at);
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        ten if ten.ends_with('y') => format!("{}ieth", &ten[..ten.len() - 1]),
        other => format!("{other}th"),
    };
    format!("{head}{last}")
}

/// `2026` is "twenty twenty-six".
pub(super) fn year(number: u64) -> String {
    let (century, rest) = (number / 100, (number % 100) as usize);
    match (century, rest) {
        (20, 0..=9) | (0..=9, _) | (10, _) => cardinal(number),
        (_, 0) => format!("{} hundred", cardinal(century)),
        (_, 1..=9) => format!("{} oh {}", cardinal(century), SMALL[rest]),
        _ => format!("{} {}", cardinal(century), below_hundred(rest)),
    }
}

/// Digit by digit: "one zero four two".
pub(super) fn digits(text: &str) -> String {
    let words: Vec<&str> =
        text.bytes().filter(u8::is_ascii_digit).map(|byte| SMALL[usize::from(byte - b'0')]).collect();
    words.join(" ")
}

/// Digit by digit with a pause after each group.
pub(super) fn grouped(text: &str) -> String {
    in_groups(text, false).iter().map(|group| digits(group)).collect::<Vec<_>>().join(", ")
}

/// A number with sign and fraction.
pub(super) fn number(written: &Written) -> String {
    let sign = if written.negative { "minus " } else { "" };
    let whole = written.value().map_or_else(|| grouped(&written.whole), cardinal);
    match written.fraction.as_str() {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole} point {}", digits(fraction)),
    }
}

/// Letters by their names, digits singly, a pause where a hyphen or another sign divides them, and in long runs of digits.
pub(super) fn spelled(text: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut run = String::new();
    let end_run = |run: &mut String, parts: &mut Vec<String>| {
        if !run.is_empty() {
            parts.push(if run.len() > 4 { grouped(run) } else { digits(run) });
            run.clear();
        }
    };
    for c in text.chars() {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        end_run(&mut run, &mut parts);
        match c {
            c if c.is_alphabetic() => parts.push(c.to_uppercase().collect()),
            '@' => parts.push("at".to_owned()),
            '.' => parts.push("dot".to_owned()),
            '_' => parts.push("underscore".to_owned()),
            '+' => parts.push("plus".to_owned()),
            '#' => parts.push("hash".to_owned()),
            '*' => parts.push("star".to_owned()),
            // A dash, a slash or a space is a pause.
            _ => {
                if let Some(last) = parts.last_mut().filter(|last| !last.ends_with(',')) {
                    last.push(',');
                }
            }
        }
    }
    end_run(&mut run, &mut parts);
    parts.join(" ").trim_end_matches(',').to_owned()
}
