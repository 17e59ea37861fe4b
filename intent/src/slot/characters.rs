//! Letters and digits as people spell them: one by one, run together, by the radio alphabet, "B as in Bravo", doubled.

use super::digits;
use crate::{
    Language,
    normalise::{LONGEST, small},
};

/// ICAO's spelling alphabet, and how some write it.
const RADIO: [(&str, char); 29] = [
    ("alfa", 'A'),
    ("alpha", 'A'),
    ("bravo", 'B'),
    ("charlie", 'C'),
    ("delta", 'D'),
    ("echo", 'E'),
    ("foxtrot", 'F'),
    ("golf", 'G'),
    ("hotel", 'H'),
    ("india", 'I'),
    ("juliet", 'J'),
    ("juliett", 'J'),
    ("kilo", 'K'),
    ("lima", 'L'),
    ("mike", 'M'),
    ("november", 'N'),
    ("oscar", 'O'),
    ("papa", 'P'),
    ("quebec", 'Q'),
    ("romeo", 'R'),
    ("sierra", 'S'),
    ("tango", 'T'),
    ("uniform", 'U'),
    ("victor", 'V'),
    ("whiskey", 'W'),
    ("xray", 'X'),
    ("yankee", 'Y'),
    ("zulu", 'Z'),
    ("zed", 'Z'),
];

/// The letters and digits that a text spells, as capitals and figures; other words are passed over, "a" and "I" among them unless
/// something spelt stands beside them.
pub fn characters(text: &str, language: Language) -> String {
    // The only name of the radio alphabet that is written with a hyphen.
    let text: String = text.chars().take(LONGEST).collect::<String>().replace("-ray", "ray");
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .flat_map(parted)
        .filter(|word| !word.is_empty())
        .collect();
    let meant: Vec<Option<String>> = words.iter().map(|word| spelt(word, language)).collect();
    let is_spelt = |at: Option<usize>| {
        let at = at.filter(|at| *at < words.len());
        at.is_some_and(|at| meant[at].is_some() && !is_word(&words[at]))
    };
    let mut out = String::new();
    let mut at = 0;
    let mut times = 1;
    while at < words.len() {
        let word = words[at].to_lowercase();
        match (&meant[at], word.as_str()) {
            (None, "double") => times = 2,
            (None, "triple") => times = 3,
            (Some(_), "a" | "i") if !is_spelt(at.checked_sub(1)) && !is_spelt(Some(at + 1)) && words.len() > 1 => {}
            // "Forty two" is one number between letters, too.
            (Some(_), tens) if tens_of(tens) && words.get(at + 1).is_some_and(|unit| unit_of(unit)) => {
                out.push_str(&digits(&format!("{tens} {}", words[at + 1]), language));
                (at, times) = (at + 1, 1);
            }
            (Some(spelt), _) => {
                for _ in 0..std::mem::replace(&mut times, 1) {
                    out.push_str(spelt);
                }
                at += explanation(&words[at + 1..], spelt);
            }
            (None, _) => times = 1,
        }
        at += 1;
    }
    out
}

fn tens_of(word: &str) -> bool {
    small(word).is_some_and(|value| value >= 20)
}

fn unit_of(word: &str) -> bool {
    let lower = word.to_lowercase();
    lower == "one" || small(&lower).is_some_and(|value| value < 10)
}

/// Whether a letter alone is also a word.
fn is_word(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "a" | "i")
}

/// Letters and figures that touch are parted only from Han characters, which are read one by one.
fn parted(word: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut open = false;
    for c in word.chars() {
        let han = crate::language::is_han(c);
        match out.last_mut() {
            Some(last) if open && !han => last.push(c),
            _ => out.push(c.to_string()),
        }
        open = !han;
    }
    out
}

/// How many words explain the letter before them: "as in Bravo", "for Bravo", "like Bravo".
fn explanation(words: &[String], letter: &str) -> usize {
    let lower: Vec<String> = words.iter().take(3).map(|word| word.to_lowercase()).collect();
    let begins =
        |at: usize| lower.get(at).is_some_and(|word| word.len() > 1 && word.starts_with(&letter.to_lowercase()));
    match lower.first().map(String::as_str) {
        Some("as") if lower.get(1).is_some_and(|word| word == "in") && begins(2) => 3,
        Some("for" | "like") if begins(1) => 2,
        _ => 0,
    }
}

fn spelt(word: &str, language: Language) -> Option<String> {
    let lower = word.to_lowercase();
    let code = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    // "AB12" and "b"; a longer word in capitals is a code, too.
    if code || (word.len() == 1 && word.is_ascii()) {
        return Some(word.to_ascii_uppercase());
    }
    if lower.bytes().any(|b| b.is_ascii_digit()) && lower.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Some(lower.to_ascii_uppercase());
    }
    if let Some((_, letter)) = RADIO.iter().find(|(name, _)| *name == lower) {
        return Some(letter.to_string());
    }
    let digits = digits(word, language);
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_are_read_however_they_are_spelt() {
        for (text, expected) in [
            ("AB1042", "AB1042"),
            ("a b one oh four two", "AB1042"),
            ("It's X, K, four-two.", "XK42"),
            ("alpha bravo 7", "AB7"),
            ("B as in Bravo, D for dog, double three", "BD33"),
            ("x like x-ray one", "X1"),
            ("my id is b12", "B12"),
            ("A B ten forty two", "AB1042"),
            ("A B forty-two", "AB42"),
            ("I have a question", ""),
            ("a", "A"),
            ("订单号是 A B 一 二", "AB12"),
            ("", ""),
        ] {
            let language = if text.contains('订') { Language::Chinese } else { Language::English };
            assert_eq!(characters(text, language), expected, "{text}");
        }
    }
}
