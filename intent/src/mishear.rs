//! What a recogniser might make of a text: seeded word errors and the fillers of live speech, to measure how understanding holds up.
//! In Chinese a word is a character.

use crate::{Language, model::Random};

/// Of the errors, so many are words taken for another; the rest are words left out and words added.
const TAKEN_FOR_ANOTHER: f32 = 0.65;
const LEFT_OUT: f32 = 0.2;

const FILLERS: &[&str] = &["um", "uh", "er", "you know", "well", "i mean"];
const BEGINNINGS: &[&str] = &["um i would like to", "hi um", "yeah so", "uh hello", "okay um", "um can you please"];
const FILLERS_ZH: &[&str] = &["嗯", "那个", "呃", "就是说"];
const BEGINNINGS_ZH: &[&str] = &["喂你好嗯", "那个我想问一下", "嗯请问一下", "呃你好"];

/// A text with a share of its words misheard. `others` are words that may be heard instead, such as all words of the test.
pub fn mishear(text: &str, language: Language, share: f32, others: &[String], seed: u64) -> String {
    let mut random = Random::new(seed);
    let mut heard: Vec<String> = Vec::new();
    for word in words(text, language) {
        if random.unit() >= share {
            heard.push(word);
            continue;
        }
        let kind = random.unit();
        if kind < TAKEN_FOR_ANOTHER {
            heard.push(another(&word, others, &mut random));
        } else if kind >= TAKEN_FOR_ANOTHER + LEFT_OUT {
            let more = another(&word, others, &mut random);
            heard.extend([word, more]);
        }
    }
    together(&heard, language)
}

/// A text as somebody says it who thinks while speaking: a beginning, and a filler or two inside.
pub fn with_fillers(text: &str, language: Language, seed: u64) -> String {
    let mut random = Random::new(seed);
    let (fillers, beginnings) = match language {
        Language::English => (FILLERS, BEGINNINGS),
        Language::Chinese => (FILLERS_ZH, BEGINNINGS_ZH),
    };
    let mut said = words(text, language);
    let count = 1 + random.below(2);
    for _ in 0..count {
        let at = random.below(said.len() + 1);
        said.insert(at, fillers[random.below(fillers.len())].to_owned());
    }
    if random.unit() < 0.5 {
        said.insert(0, beginnings[random.below(beginnings.len())].to_owned());
    }
    together(&said, language)
}

/// The words of a text, or its characters.
pub fn words(text: &str, language: Language) -> Vec<String> {
    match language {
        Language::English => text.split_whitespace().map(str::to_owned).collect(),
        Language::Chinese => text.chars().filter(|c| !c.is_whitespace()).map(String::from).collect(),
    }
}

fn together(words: &[String], language: Language) -> String {
    words.join(if language == Language::Chinese { "" } else { " " })
}

/// What sounds alike (a letter is another) or is some other word of the same business.
fn another(word: &str, others: &[String], random: &mut Random) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() > 2 && letters.iter().all(char::is_ascii) && random.unit() < 0.5 {
        let at = random.below(letters.len());
        letters[at] = char::from(b'a' + random.below(26) as u8);
        return letters.into_iter().collect();
    }
    others.get(random.below(others.len())).cloned().unwrap_or_else(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_the_share_asked_for_is_misheard_and_a_seed_repeats_it() {
        let text = "where is the order that i made last week in your shop ".repeat(40);
        let others = ["bicycle".to_owned()];
        for share in [0.0, 0.1, 0.2] {
            let heard = mishear(&text, Language::English, share, &others, 3);
            let wrong = heard.split(' ').filter(|word| !text.split(' ').any(|w| w == *word)).count() as f32;
            let lost = (480.0 * share * (TAKEN_FOR_ANOTHER + 0.15)).round();
            assert!((wrong - lost).abs() <= 25.0, "{share}: {wrong} of {lost}");
            assert_eq!(heard, mishear(&text, Language::English, share, &others, 3));
        }
        assert_eq!(mishear("我要退款", Language::Chinese, 0.0, &others, 1), "我要退款");
    }

    #[test]
    fn fillers_leave_the_words_in_their_order() {
        for seed in 0..20 {
            let said = with_fillers("where is my order", Language::English, seed);
            let mut words = said.split(' ');
            assert!(["where", "is", "my", "order"].iter().all(|word| words.any(|w| w == *word)), "{said}");
            assert!(said.len() > "where is my order".len());
        }
    }
}
