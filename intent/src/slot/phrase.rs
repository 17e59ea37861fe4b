//! One of a list: which choice of a menu, product or branch an answer means, although it was misheard ("mocker" for mocha) or
//! wrapped in other words. Spelling and sound count together.

use pinyin::ToPinyin;

use crate::{
    Language,
    language::is_han,
    normalise::{clean, normalise},
};

/// From this likeness on a choice is taken.
const CLOSE: f32 = 0.74;
/// Two choices closer to each other than this are not told apart.
const TIE: f32 = 0.03;
/// Words of an answer that are looked at.
const WORDS: usize = 60;

/// The choice whose phrases come closest to a text, with its likeness (0 to 1); `None` when none comes close, or two are equally close.
pub fn match_phrase(text: &str, choices: &[(String, Vec<String>)]) -> Option<(String, f32)> {
    let heard = words(text);
    if heard.is_empty() {
        return None;
    }
    // A longer phrase found whole beats a shorter one inside it ("white chocolate mocha", "mocha").
    let mut best: Vec<(f32, usize, &str)> = choices
        .iter()
        .filter_map(|(id, phrases)| {
            let likeness = phrases.iter().map(|phrase| likeness(&heard, &words(phrase)));
            let (likeness, length) = likeness.max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
            (likeness >= CLOSE).then_some((likeness, length, id.as_str()))
        })
        .collect();
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    match best.as_slice() {
        [first, second, ..] if first.0 - second.0 < TIE && first.1 == second.1 && first.2 != second.2 => None,
        [first, ..] => Some((first.2.to_owned(), first.0)),
        [] => None,
    }
}

/// A word as it is spelt and as it sounds.
struct Word {
    spelt: Vec<char>,
    sound: Vec<char>,
}

fn words(text: &str) -> Vec<Word> {
    let normal = normalise(text, Language::detect(text));
    let normal = if normal.is_empty() { clean(text) } else { normal };
    let mut words = Vec::new();
    for token in normal.split(' ').filter(|t| !t.is_empty()) {
        if token.chars().any(is_han) {
            words.extend(token.chars().map(|c| Word { spelt: vec![c], sound: syllable(c) }));
        } else {
            words.push(Word { spelt: token.chars().collect(), sound: sound(token) });
        }
        if words.len() >= WORDS {
            break;
        }
    }
    words.truncate(WORDS);
    words
}

/// Pinyin without what southern speakers do not tell apart: zh/z, ch/c, sh/s and -ng/-n.
pub(crate) fn syllable(c: char) -> Vec<char> {
    let plain = c.to_pinyin().map_or("?", |p| p.plain());
    let flat = plain.replacen("zh", "z", 1).replacen("ch", "c", 1).replacen("sh", "s", 1);
    flat.strip_suffix('g').filter(|s| s.ends_with('n')).unwrap_or(&flat).chars().collect()
}

/// Roughly how an English word sounds: consonants by kind, vowels only at the start, silent letters gone.
fn sound(word: &str) -> Vec<char> {
    let mut spelt = word.to_owned();
    for (from, to) in [
        ("tch", "k"),
        ("ch", "k"),
        ("ck", "k"),
        ("ph", "f"),
        ("gh", ""),
        ("kn", "n"),
        ("wr", "r"),
        ("sh", "s"),
        ("th", "t"),
        ("qu", "kw"),
        ("ce", "se"),
        ("ci", "si"),
        ("x", "ks"),
        ("dge", "j"),
    ] {
        spelt = spelt.replace(from, to);
    }
    let mut out: Vec<char> = Vec::new();
    for (at, c) in spelt.chars().enumerate() {
        let kind = match c {
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' => {
                if at == 0 {
                    'a'
                } else {
                    continue;
                }
            }
            'h' | 'w' if at > 0 => continue,
            'c' | 'q' | 'g' => 'k',
            'z' => 's',
            'd' => 't',
            'b' => 'p',
            'v' => 'f',
            other => other,
        };
        if out.last() != Some(&kind) {
            out.push(kind);
        }
    }
    // A final r is not spoken by half of the speakers.
    if out.len() > 2 && out.last() == Some(&'r') {
        out.pop();
    }
    out
}

/// How close the phrase comes to the best-fitting stretch of what was heard, and how many characters it has.
fn likeness(heard: &[Word], phrase: &[Word]) -> (f32, usize) {
    let length: usize = phrase.iter().map(|w| w.spelt.len()).sum();
    if phrase.is_empty() {
        return (0.0, 0);
    }
    let mut best = 0f32;
    for size in phrase.len().saturating_sub(1).max(1)..=phrase.len() + 1 {
        for stretch in heard.windows(size.min(heard.len())) {
            let (a, b) = (join(stretch, |w| &w.spelt), join(phrase, |w| &w.spelt));
            let spelt = closeness(&a, &b);
            let sound = closeness(&join(stretch, |w| &w.sound), &join(phrase, |w| &w.sound));
            let mut close = if spelt >= 1.0 { 1.0 } else { 0.5 * spelt + 0.5 * sound };
            // Short words resemble each other by chance.
            if b.len() <= 3 && spelt < 1.0 && !b.iter().copied().any(is_han) {
                close *= 0.7;
            }
            // Other words around it leave a little doubt.
            close -= 0.05 * (heard.len() > size) as u8 as f32;
            best = best.max(close);
        }
    }
    (best, length)
}

fn join<'a>(words: &'a [Word], part: impl Fn(&'a Word) -> &'a Vec<char>) -> Vec<char> {
    words.iter().flat_map(|w| part(w).iter().copied()).collect()
}

/// 1 minus the edit distance over the longer length.
fn closeness(a: &[char], b: &[char]) -> f32 {
    let longer = a.len().max(b.len());
    if longer == 0 {
        return 0.0;
    }
    // A difference in length alone is an edit distance; no need to count the rest.
    if a.len().abs_diff(b.len()) * 2 > longer {
        return 0.0;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    1.0 - row[b.len()] as f32 / longer as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn menu() -> Vec<(String, Vec<String>)> {
        [
            ("mocha", &["mocha", "摩卡"][..]),
            ("latte", &["latte", "caffè latte", "拿铁"]),
            ("white_mocha", &["white chocolate mocha"]),
            ("orders", &["order status", "my order", "查订单"]),
            ("repair", &["repair", "book a repair", "维修"]),
        ]
        .map(|(id, phrases)| (id.to_owned(), phrases.iter().map(|p| (*p).to_owned()).collect()))
        .to_vec()
    }

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(match_phrase(text, &menu()).map(|(id, _)| id).as_deref(), expected, "{text}");
    }

    #[test]
    fn the_exact_phrase_is_certain() {
        assert_eq!(match_phrase("Mocha!", &menu()), Some(("mocha".to_owned(), 1.0)));
    }

    #[test]
    fn a_misheard_word_is_found_by_its_sound() {
        check("mocker", Some("mocha"));
        check("lattay", Some("latte"));
        check("order stators", Some("orders"));
        check("repare", Some("repair"));
        check("磨卡", Some("mocha"));
        check("查丁单", Some("orders"));
    }

    #[test]
    fn a_phrase_is_found_among_other_words() {
        check("I would like a mocha please", Some("mocha"));
        check("um can you tell me about my order", Some("orders"));
        check("a white chocolate mocha please", Some("white_mocha"));
        check("我要一杯拿鐵", Some("latte"));
    }

    #[test]
    fn something_else_is_nothing() {
        for text in ["", "a", "what is the weather like", "moon", "你好", "🙂🙂", "x"] {
            check(text, None);
        }
    }

    #[test]
    fn two_equal_choices_are_not_guessed_between() {
        let choices =
            [("a".to_owned(), vec!["north shop".to_owned()]), ("b".to_owned(), vec!["south shop".to_owned()])];
        assert_eq!(match_phrase("north shop or south shop", &choices), None);
    }
}
