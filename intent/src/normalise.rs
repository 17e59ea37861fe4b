//! One spelling for what sounds the same: Unicode forms, case, punctuation, Traditional characters, number words, fillers and
//! politeness. Training examples and requests go through the same steps, so that nothing hangs on how a recogniser or an
//! admin happens to write. Turning text into features is left to `model`.

mod frame;
mod numbers;
mod simplify;

pub(crate) use frame::is_all_frame;
pub(crate) use numbers::small;

use unicode_normalization::UnicodeNormalization;

use crate::{Language, language::is_han};

pub use simplify::simplify;

/// Characters beyond this many are not looked at: nobody says that much in one turn, and the time to understand stays bounded.
pub const LONGEST: usize = 2_000;

/// Normalises a text for understanding: [`clean`], number words as digits, without fillers and politeness. When nothing else
/// was said ("thanks"), those stay.
pub fn normalise(text: &str, language: Language) -> String {
    let clean = clean(text);
    let lean = match language {
        Language::English => strip_english(&clean),
        Language::Chinese => strip_chinese(&clean),
    };
    numbers::digits_for_words(if lean.is_empty() { &clean } else { &lean })
}

/// A text for a sentence encoder, which knows words as people write them: without fillers and politeness as in [`normalise`], but with
/// apostrophes and with numbers as they were said.
pub fn spoken(text: &str, language: Language) -> String {
    if language == Language::Chinese {
        return clean(text);
    }
    let shorter: String = text.chars().take(LONGEST).collect();
    let written: Vec<String> = shorter
        .split(|c: char| c.is_whitespace())
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric() && c != '$' && c != '%').to_lowercase().replace('’', "'")
        })
        .filter(|word| !word.is_empty())
        .collect();
    let plain: Vec<String> = written.iter().map(|word| word.chars().filter(|c| *c != '\'').collect()).collect();
    let words: Vec<&str> = plain.iter().map(String::as_str).collect();
    let kept = kept_english(&words);
    if kept.is_empty() {
        return written.join(" ");
    }
    kept.into_iter().map(|at| written[at].as_str()).collect::<Vec<_>>().join(" ")
}

/// The common ground of all normalisation: NFKC, lower case, Simplified characters, punctuation as spaces, apostrophes dropped
/// ("don't" becomes "dont"), one space between words and between Latin and Han. Only the first [`LONGEST`] characters count.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST * 4));
    let mut last = ' ';
    for c in text.chars().take(LONGEST).nfkc().flat_map(char::to_lowercase) {
        let c = simplify(c);
        match c {
            '\'' | '’' | '‘' | '`' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => continue,
            c if c.is_alphanumeric() || is_mark(c) => {
                if last != ' ' && (is_han(last) != is_han(c)) {
                    out.push(' ');
                }
                out.push(c);
                last = c;
            }
            _ if last != ' ' => {
                out.push(' ');
                last = ' ';
            }
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Combining marks belong to the letter before them; other scripts (Hindi, Arabic) need them to stay words.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{0900}'..='\u{0903}' | '\u{093a}'..='\u{094f}' | '\u{064b}'..='\u{0652}')
}

/// What people say while they think, in words separated by spaces. They are dropped wherever they stand.
const HESITATION: &[&str] = &[
    "um",
    "umm",
    "ummm",
    "uh",
    "uhh",
    "uhm",
    "er",
    "err",
    "erm",
    "hm",
    "hmm",
    "hmmm",
    "mm",
    "mmm",
    "ah",
    "eh",
    "oh",
    "you know",
    "i mean",
    "well",
    "so",
    "basically",
    "actually",
    "like um",
];

/// What people say to be polite. It is dropped at the start and at the end of a request only, since it may mean something inside.
const COURTESY_BEFORE: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "hi there",
    "hello there",
    "good morning",
    "good afternoon",
    "good evening",
    "excuse me",
    "please",
    "sorry",
    "okay",
    "ok",
    "can you please",
    "could you please",
    "would you please",
    "will you please",
    "can you kindly",
    "could you kindly",
    "could you possibly",
    "could you",
    "would you",
    "would you mind",
    "would you be so kind as to",
    "would you be able to",
    "i was wondering if you could",
    "i was wondering if",
    "i wonder if you could",
    "i wonder if",
    "i was wondering",
    "i was just wondering",
    "i would like to",
    "i would really like to",
    "i would love to",
    "id like to",
    "id really like to",
    "id love to",
    "i d like to",
    "i want you to",
    "i need you to",
    "tell me",
    "please tell me",
    "if you could",
    "if you can",
    "if possible",
    "i am calling to",
    "im calling to",
    "i am calling because",
    "im calling because",
];

const COURTESY_AFTER: &[&str] = &[
    "please",
    "pls",
    "thanks",
    "thank you",
    "thank you very much",
    "thank you so much",
    "thanks a lot",
    "thanks so much",
    "many thanks",
    "cheers",
    "if you could",
    "if you can",
    "if possible",
    "if you dont mind",
    "if thats ok",
    "if thats okay",
    "if you would",
    "sir",
    "madam",
];

fn strip_english(clean: &str) -> String {
    let words: Vec<&str> = clean.split(' ').filter(|w| !w.is_empty()).collect();
    kept_english(&words).into_iter().map(|at| words[at]).collect::<Vec<_>>().join(" ")
}

/// Which words remain without fillers and politeness.
fn kept_english(words: &[&str]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        match longest_phrase(&words[at..], HESITATION) {
            0 => {
                kept.push(at);
                at += 1;
            }
            n => at += n,
        }
    }
    let left: Vec<&str> = kept.iter().map(|at| words[*at]).collect();
    let (mut begin, mut end) = (0, left.len());
    loop {
        let before = longest_phrase(&left[begin..end], COURTESY_BEFORE);
        begin += before;
        let after = longest_ending(&left[begin..end], COURTESY_AFTER);
        end -= after;
        if before + after == 0 {
            break;
        }
    }
    kept[begin..end].to_vec()
}

/// How many words the longest phrase at the start takes; 0 for none.
fn longest_phrase(words: &[&str], phrases: &[&str]) -> usize {
    let Some(first) = words.first() else { return 0 };
    phrases
        .iter()
        .filter(|p| p.starts_with(first))
        .filter_map(|p| {
            let n = p.split(' ').count();
            (n <= words.len() && p.split(' ').eq(words[..n].iter().copied())).then_some(n)
        })
        .max()
        .unwrap_or(0)
}

fn longest_ending(words: &[&str], phrases: &[&str]) -> usize {
    let Some(last) = words.last() else { return 0 };
    phrases
        .iter()
        .filter(|p| p.ends_with(last))
        .filter_map(|p| {
            let n = p.split(' ').count();
            (n <= words.len() && p.split(' ').eq(words[words.len() - n..].iter().copied())).then_some(n)
        })
        .max()
        .unwrap_or(0)
}

const HESITATION_ZH: &[&str] = &["嗯", "呃", "唔", "嗯嗯", "那个那个", "就是说"];

const COURTESY_BEFORE_ZH: &[&str] = &[
    "你好",
    "您好",
    "喂",
    "请问一下",
    "请问",
    "麻烦你",
    "麻烦您",
    "麻烦",
    "劳驾",
    "不好意思",
    "打扰一下",
    "那个",
    "额",
];

const COURTESY_AFTER_ZH: &[&str] = &["谢谢你", "谢谢您", "谢谢", "多谢"];

fn strip_chinese(clean: &str) -> String {
    let mut text = clean.to_owned();
    for filler in HESITATION_ZH {
        if text.contains(filler) {
            text = text.replace(filler, "");
        }
    }
    let mut rest = text.trim();
    loop {
        let before = COURTESY_BEFORE_ZH.iter().filter(|p| rest.starts_with(**p)).map(|p| p.len()).max().unwrap_or(0);
        rest = rest[before..].trim_start();
        let after = COURTESY_AFTER_ZH.iter().filter(|p| rest.ends_with(**p)).map(|p| p.len()).max().unwrap_or(0);
        rest = rest[..rest.len() - after].trim_end();
        if before + after == 0 {
            break;
        }
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(normalise(text, Language::detect(text)), *expected, "{text}");
        }
    }

    #[test]
    fn what_sounds_the_same_is_written_the_same() {
        check(&[
            ("Where's   my ORDER?!", "wheres my order"),
            ("ｗｈｅｒｅ is my order", "where is my order"),
            ("twenty-five bikes", "25 bikes"),
            ("I'd like to, um, return two bikes", "return 2 bikes"),
            ("could you please tell me where my order is, thanks", "where my order is"),
            ("請問我的訂單到哪了？", "我的订单到哪了"),
            ("打开QQ通讯", "打开 qq 通讯"),
        ]);
    }

    #[test]
    fn politeness_stays_when_nothing_else_is_said() {
        check(&[("Thank you!", "thank you"), ("hello", "hello"), ("um", "um"), ("谢谢", "谢谢")]);
    }

    #[test]
    fn text_without_words_is_empty() {
        check(&[("", ""), ("?!…", ""), ("🙂", "")]);
    }

    #[test]
    fn nothing_beyond_the_longest_turn_is_read() {
        assert_eq!(clean(&"a".repeat(LONGEST + 50)).len(), LONGEST);
    }
}
