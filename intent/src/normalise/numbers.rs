//! Number words as digits, so that "two weeks" and "2 weeks" are the same words to the classifier. Reading the digits a
//! caller dictates is the business of `slot`.

/// Replaces English number words by digits; "twenty five" becomes "25". "One" stays a word: it is a pronoun as often.
pub(super) fn digits_for_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        if !out.is_empty() {
            out.push(' ');
        }
        let Some(value) = small(word) else {
            out.push_str(word);
            continue;
        };
        let unit = if value >= 20 {
            words.peek().and_then(|w| small(w).or((*w == "one").then_some(1))).filter(|u| *u < 10)
        } else {
            None
        };
        if unit.is_some() {
            words.next();
        }
        out.push_str(&(value + unit.unwrap_or(0)).to_string());
    }
    out
}

/// The value of a number word from two to ninety. One and zero are left to the caller: normalised text keeps "one", which is
/// as often a pronoun.
pub(crate) fn small(word: &str) -> Option<u32> {
    Some(match word {
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "eleven" => 11,
        "twelve" => 12,
        "thirteen" => 13,
        "fourteen" => 14,
        "fifteen" => 15,
        "sixteen" => 16,
        "seventeen" => 17,
        "eighteen" => 18,
        "nineteen" => 19,
        "twenty" => 20,
        "thirty" => 30,
        "forty" | "fourty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    })
}
