//! Digits as people dictate them: one by one, in pairs, doubled, as numbers, written by the recogniser or any mixture. The
//! result is what one would type on the keys, leading zeros included.

mod chinese;

use chinese::{chinese, chinese_value};

use crate::{
    Language,
    language::is_han,
    normalise::{clean, small},
};

/// The digits spoken or written in a text, in order; empty when there are none. Of several groups with other words between
/// them, lone small words ("the first one is …") do not count; after a correction ("no, sorry, …") the new number does.
pub fn digits(text: &str, language: Language) -> String {
    let text = join_grouped(text);
    // Either language's numbers may occur in the other: 我的订单号是 four five.
    let (han, latin): (Vec<String>, Vec<String>) =
        tokens(&clean(&text)).into_iter().partition(|t| t.chars().all(is_han));
    if han.is_empty()
        || (language == Language::English && !latin.is_empty() && !han.iter().any(|t| chinese_value(t).is_some()))
    {
        english(&latin)
    } else {
        chinese(&tokens(&clean(&text)))
    }
}

/// Thousands separators do not part a number: "4,500" is one. A comma before anything else does.
fn join_grouped(text: &str) -> String {
    let characters: Vec<char> = text.chars().take(crate::normalise::LONGEST).collect();
    let digit = |at: usize| characters.get(at).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(characters.len());
    for (at, c) in characters.iter().enumerate() {
        let grouped = *c == ',' && at > 0 && digit(at - 1) && (1..=3).all(|n| digit(at + n)) && !digit(at + 4);
        if !grouped {
            out.push(*c);
        }
    }
    out
}

/// Words, and Han characters one by one; letters and digits that touch ("b12") are parted.
fn tokens(clean: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    for c in clean.chars() {
        let joins =
            last.is_some_and(|l| l != ' ' && !is_han(l) && !is_han(c) && l.is_ascii_digit() == c.is_ascii_digit());
        match tokens.last_mut() {
            _ if c == ' ' => {}
            Some(token) if joins => token.push(c),
            _ => tokens.push(c.to_string()),
        }
        last = Some(c);
    }
    tokens
}

/// Digits in groups, parted where other words stand between them.
#[derive(Default)]
struct Groups {
    /// The digits, and whether they are surely meant as such.
    groups: Vec<(String, bool)>,
    open: bool,
}

impl Groups {
    /// Adds digits; `firm` says that they are surely meant as digits.
    fn push(&mut self, digits: &str, firm: bool) {
        if !self.open {
            self.groups.push((String::new(), false));
        }
        self.open = true;
        if let Some((group, sure)) = self.groups.last_mut() {
            group.push_str(digits);
            *sure |= firm;
        }
    }

    fn close(&mut self) {
        self.open = false;
    }

    fn finish(self) -> String {
        let firm: Vec<&str> = self.groups.iter().filter(|(_, sure)| *sure).map(|(g, _)| g.as_str()).collect();
        if firm.is_empty() { self.groups.into_iter().map(|(g, _)| g).collect() } else { firm.concat() }
    }
}

fn english(tokens: &[String]) -> String {
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    // What comes after the last correction, if it is a number of its own; otherwise all of it.
    for at in (0..words.len()).rev() {
        let length = [&["no"][..], &["sorry"], &["i", "mean"], &["correction"], &["wait"], &["rather"]]
            .iter()
            .find(|c| words[at..].starts_with(c))
            .map_or(0, |c| c.len());
        if length > 0 {
            let (before, after) = (english_run(&words[..at]), english_run(&words[at + length..]));
            if !after.is_empty() && after.len() >= before.len() {
                return after;
            }
        }
    }
    english_run(&words)
}

fn english_run(words: &[&str]) -> String {
    // Where nothing but numbers is said, words that sound like one are one.
    let numeric = words.iter().filter(|w| is_number(w)).count();
    let alike = words.iter().filter(|w| alike(w).is_some()).count();
    let only = numeric > 0 && words.iter().all(|w| is_number(w) || alike_or_filler(w)) && numeric >= alike;
    let mut groups = Groups::default();
    let mut at = 0;
    while at < words.len() {
        let word = words[at];
        if let Some(times) = multiplier(word)
            && let Some((value, used)) = single(&words[at + 1..], only)
        {
            groups.push(&value.repeat(times), true);
            at += 1 + used;
            continue;
        }
        if let Some((value, used)) = cardinal(&words[at..]) {
            // "One" alone is a pronoun as often.
            groups.push(&value, !(used == 1 && matches!(word, "one" | "hundred" | "thousand")));
            at += used;
        } else if let Some((value, used)) = single(&words[at..], only) {
            groups.push(&value, word != "o" && word != "oh");
            at += used;
        } else {
            if !matches!(
                word,
                "and"
                    | "then"
                    | "dash"
                    | "hyphen"
                    | "minus"
                    | "space"
                    | "comma"
                    | "um"
                    | "uh"
                    | "er"
                    | "erm"
                    | "hm"
                    | "point"
            ) {
                groups.close();
            }
            at += 1;
        }
    }
    groups.finish()
}

fn is_number(word: &str) -> bool {
    value(word).is_some()
        || word.chars().all(|c| c.is_ascii_digit())
        || multiplier(word).is_some()
        || matches!(word, "oh" | "o" | "hundred" | "thousand")
}

fn alike_or_filler(word: &str) -> bool {
    alike(word).is_some()
        || matches!(word, "um" | "uh" | "er" | "erm" | "and" | "then" | "please" | "its" | "it" | "is" | "dash")
}

/// Words that a recogniser writes for a digit.
fn alike(word: &str) -> Option<&'static str> {
    Some(match word {
        "to" | "too" => "2",
        "for" | "fore" => "4",
        "ate" => "8",
        "won" => "1",
        "tree" | "free" => "3",
        "sex" | "sicks" => "6",
        "niner" => "9",
        _ => return None,
    })
}

fn multiplier(word: &str) -> Option<usize> {
    Some(match word {
        "double" => 2,
        "triple" | "treble" => 3,
        "quadruple" => 4,
        _ => return None,
    })
}

/// One digit, said or written, or a written run of digits.
fn single(words: &[&str], only: bool) -> Option<(String, usize)> {
    let word = *words.first()?;
    if word.chars().all(|c| c.is_ascii_digit()) {
        return Some((word.to_owned(), 1));
    }
    match word {
        "oh" | "o" | "nought" | "naught" | "nil" | "zero" => Some(("0".to_owned(), 1)),
        _ => match value(word) {
            Some(value) if value < 10 => Some((value.to_string(), 1)),
            _ if only => alike(word).map(|digit| (digit.to_owned(), 1)),
            _ => None,
        },
    }
}

/// A number said as such: "forty five", "one hundred and five", "two thousand twenty five". A lone digit is not one.
fn cardinal(words: &[&str]) -> Option<(String, usize)> {
    let article = matches!(words, ["a", "hundred" | "thousand", ..]);
    let (mut total, mut used) = if article { (1, 1) } else { below_hundred(words).unwrap_or((0, 0)) };
    let at = |i: usize| words.get(i).copied();
    let mut big = false;
    if at(used) == Some("hundred") {
        (total, used, big) = (total.max(1) * 100, used + 1, true);
        if let Some((rest, n)) = rest(words, used, 100) {
            (total, used) = (total + rest, used + n);
        }
    }
    if at(used) == Some("thousand") {
        (total, used, big) = (total.max(1) * 1_000, used + 1, true);
        if let Some((rest, n)) = rest(words, used, 1_000) {
            (total, used) = (total + rest, used + n);
        }
    }
    if used == 0 || (article && !big) {
        return None;
    }
    // A leading zero is kept by the single digits, not here.
    (big || total >= 10 || used > 1 || (1..10).contains(&total)).then(|| (total.to_string(), used))
}

/// What follows "hundred" or "thousand", with or without "and".
fn rest(words: &[&str], from: usize, below: u32) -> Option<(u32, usize)> {
    let and = usize::from(words.get(from) == Some(&"and"));
    let tail = words.get(from + and..)?;
    let (mut value, mut used) = below_hundred(tail)?;
    if tail.get(used) == Some(&"hundred") && below > 100 {
        (value, used) = (value * 100, used + 1);
        if let Some((more, n)) = rest(tail, used, 100) {
            (value, used) = (value + more, used + n);
        }
    }
    // "One hundred five six" dictates on: a digit followed by digits is not part of the number.
    let dictated = used == 1 && value < 10 && and == 0 && tail.get(1).is_some_and(|w| self::value(w).is_some());
    (value > 0 && value < below && !dictated).then_some((value, used + and))
}

fn below_hundred(words: &[&str]) -> Option<(u32, usize)> {
    let first = words.first()?;
    if let Ok(written) = first.parse::<u32>() {
        // "5 hundred": written digits count as a number only before the word.
        return (written > 0
            && written < 100
            && !first.starts_with('0')
            && matches!(words.get(1), Some(&"hundred" | &"thousand")))
        .then_some((written, 1));
    }
    let tens = value(first)?;
    let unit = words.get(1).and_then(|w| value(w)).filter(|u| (1..10).contains(u));
    match unit {
        Some(unit) if tens >= 20 => Some((tens + unit, 2)),
        _ => (tens > 0).then_some((tens, 1)),
    }
}

fn value(word: &str) -> Option<u32> {
    match word {
        "zero" => Some(0),
        "one" => Some(1),
        larger => small(larger),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(digits(text, Language::detect(text)), *expected, "{text}");
        }
    }

    #[test]
    fn english_digits_are_read_as_people_dictate_them() {
        check(&[
            ("four five five oh one", "45501"),
            ("four five five oh one three two", "4550132"),
            ("double two", "22"),
            ("one double oh seven", "1007"),
            ("triple nine", "999"),
            ("forty five", "45"),
            ("forty-five fifty one", "4551"),
            ("one hundred", "100"),
            ("one hundred and five", "105"),
            ("two thousand and twenty five", "2025"),
            ("twenty twenty five", "2025"),
            ("four thousand five hundred", "4500"),
            ("nineteen eighty four", "1984"),
            ("zero zero seven", "007"),
            ("4 5-5", "455"),
            ("4,500", "4500"),
            ("45 five oh", "4550"),
            ("It's 4-5-5-0-1.", "45501"),
            ("double 2 3", "223"),
            ("four to five", "425"),
            ("two for one", "241"),
            ("my order number is four five five, um, oh one", "45501"),
            ("the first one is for my order four five six", "456"),
            ("four five six, no sorry, four five seven", "457"),
            ("one", "1"),
            ("oh", "0"),
            ("order B12", "12"),
            ("hello there", ""),
            ("", ""),
        ]);
    }

    #[test]
    fn chinese_digits_are_read_as_people_dictate_them() {
        check(&[
            ("幺八六", "186"),
            ("一三八零零", "13800"),
            ("四十五", "45"),
            ("十五", "15"),
            ("一百零五", "105"),
            ("三千五", "3500"),
            ("三千零五", "3005"),
            ("一万二", "12000"),
            ("两千零二十五", "2025"),
            ("我的订单号是四五五零一", "45501"),
            ("三个五", "555"),
            ("四五二个零", "4500"),
            ("訂單號是兩三四", "234"),
            ("4 5 5 零 1", "45501"),
            ("我有一个订单 号码是四五六", "456"),
            ("四五六 不对 四五七", "457"),
            ("你好", ""),
        ]);
    }

    #[test]
    fn absurd_numbers_do_not_overflow() {
        assert!(!digits(&"万".repeat(3_000), Language::Chinese).is_empty());
        assert!(!digits(&format!("{}三百十", "万".repeat(100)), Language::Chinese).is_empty());
        assert!(!digits(&"ninety thousand ".repeat(500), Language::English).is_empty());
        assert_eq!(digits("99999999999999999999999", Language::English), "99999999999999999999999");
    }
}
