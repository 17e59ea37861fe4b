//! A text as the words that it is found by. English words are stemmed; of Chinese there are the words, their characters and the sound of
//! each pair of characters, so that a recogniser's homophone still finds its article. Questions and articles go through the same steps.

use std::sync::LazyLock;

use jieba_rs::Jieba;
use pinyin::ToPinyin;
use tantivy::tokenizer::{SimpleTokenizer, Stemmer, TextAnalyzer};

use crate::{Language, language::is_han, normalise::normalise};

/// Segments Chinese; the default dictionary is unpacked at the first use (about 0.3 s and 60 MB).
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// A word to be found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The form in the index.
    pub(super) term: String,
    /// As it stands in the normalised text; empty for a sound.
    pub(super) surface: String,
}

/// The words of a text, in order, repeated as often as they occur. Words that say nothing (articles, particles) are left out
/// unless there are no others.
pub(super) fn words(text: &str, language: Language) -> Vec<Word> {
    let normal = normalise(text, language);
    let all = match language {
        Language::English => english(&normal),
        Language::Chinese => chinese(&normal),
    };
    let telling: Vec<Word> = all.iter().filter(|word| !says_nothing(&word.surface)).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

fn english(normal: &str) -> Vec<Word> {
    let mut analyzer = TextAnalyzer::builder(SimpleTokenizer::default()).filter(Stemmer::default()).build();
    let mut stream = analyzer.token_stream(normal);
    let mut words = Vec::new();
    while stream.advance() {
        let token = stream.token();
        let surface = normal.get(token.offset_from..token.offset_to).unwrap_or_default().to_owned();
        words.push(Word { term: token.text.clone(), surface });
    }
    words
}

fn chinese(normal: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for part in normal.split(' ') {
        if !part.chars().any(is_han) {
            words.extend(english(part));
            continue;
        }
        let mut run = String::new();
        for token in JIEBA.cut(part, true) {
            if says_nothing(token.word) {
                telling(&std::mem::take(&mut run), &mut words);
                words.push(Word { term: token.word.to_owned(), surface: token.word.to_owned() });
            } else {
                run.push_str(token.word);
            }
        }
        telling(&run, &mut words);
    }
    words
}

/// A run of Chinese between words of grammar: every word that it may be cut into (开发票 is 开发 and 发票), every character, and how each
/// two of them sound.
fn telling(run: &str, words: &mut Vec<Word>) {
    for token in JIEBA.cut_all(run).into_iter().filter(|token| token.word.chars().nth(1).is_some()) {
        words.push(Word { term: token.word.to_owned(), surface: token.word.to_owned() });
    }
    let alone = run.chars().nth(1).is_none();
    words.extend(
        run.chars().map(|c| Word { term: c.to_string(), surface: if alone { c.to_string() } else { String::new() } }),
    );
    let sounds: Vec<&str> = run.chars().filter_map(|c| c.to_pinyin()).map(|sound| sound.plain()).collect();
    let of_pair = |pair: &[&str]| Word { term: format!("~{}{}", pair[0], pair[1]), surface: String::new() };
    words.extend(sounds.windows(2).map(of_pair));
}

/// Whether a word is only grammar.
fn says_nothing(word: &str) -> bool {
    ENGLISH.binary_search(&word).is_ok() || CHINESE.contains(&word)
}

const ENGLISH: &[&str] = &[
    "a", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does",
    "for", "from", "had", "has", "have", "i", "id", "if", "im", "in", "into", "is", "it", "its", "ive", "me", "my",
    "of", "on", "or", "our", "shall", "should", "so", "some", "than", "that", "thats", "the", "their", "them", "then",
    "there", "theres", "these", "they", "this", "those", "to", "us", "was", "we", "were", "what", "whats", "which",
    "will", "with", "would", "you", "your", "youre",
];

const CHINESE: &[&str] = &[
    "的",
    "了",
    "吗",
    "呢",
    "吧",
    "啊",
    "呀",
    "嘛",
    "哦",
    "我",
    "你",
    "您",
    "他",
    "她",
    "它",
    "我们",
    "你们",
    "您们",
    "是",
    "在",
    "有",
    "和",
    "与",
    "就",
    "都",
    "也",
    "还",
    "要",
    "想",
    "请",
    "请问",
    "一下",
    "这",
    "那",
    "这个",
    "那个",
    "一个",
    "个",
    "把",
    "给",
    "会",
    "能",
    "能不能",
    "可以",
    "可不可以",
    "什么",
    "怎么",
    "怎么样",
    "怎么办",
    "怎样",
    "如何",
    "们",
    "么",
    "地",
    "得",
    "着",
    "过",
];
#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        words(text, Language::detect(text)).into_iter().map(|word| word.term).collect()
    }

    #[test]
    fn words_are_found_by_their_stems() {
        for (text, expected) in [
            ("How do I return the bikes?", vec!["how", "return", "bike"]),
            ("Returning a bike", vec!["return", "bike"]),
            ("Uh, could you tell me your opening hours, please", vec!["open", "hour"]),
            ("what is this", vec!["what", "is", "this"]),
            ("", vec![]),
            ("?!", vec![]),
        ] {
            let stems: Vec<String> = terms(text);
            assert_eq!(stems, expected, "{text}");
        }
    }

    #[test]
    fn chinese_is_found_by_words_characters_and_sound() {
        let found = terms("请问怎么退款？");
        for term in ["退款", "退", "款", "~tuikuan"] {
            assert!(found.iter().any(|word| word == term), "{term} in {found:?}");
        }
        assert!(terms("退宽").contains(&"~tuikuan".to_owned()));
    }

    #[test]
    fn the_list_is_sorted_for_its_search() {
        assert!(ENGLISH.is_sorted());
    }
}
