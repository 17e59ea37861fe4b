//! Long text is spoken sentence by sentence, so that the first is heard while the next is rendered.

/// Splits a text after sentence ends, English and Chinese. Parts keep their words and punctuation, and follow each other
/// without a gap; a text without letters or digits has no parts.
pub fn sentences(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut parts = Vec::new();
    let mut current = String::new();
    for (at, &c) in characters.iter().enumerate() {
        current.push(c);
        let next = characters.get(at + 1).copied();
        let ends = match c {
            '。' | '！' | '？' | '；' => true,
            // "3.50" and "e.g." do not end a sentence: an end is followed by space and something that begins one.
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace) && begins_sentence(&characters[at + 1..]),
            _ => false,
        };
        if ends {
            parts.push(std::mem::take(&mut current));
        }
    }
    parts.push(current);
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| part.chars().any(char::is_alphanumeric)).collect()
}

fn begins_sentence(rest: &[char]) -> bool {
    rest.iter().find(|c| !c.is_whitespace()).is_none_or(|c| !c.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn sentences_are_split_and_numbers_are_not() {
        assert_eq!(sentences("It costs 3.50 today. Anything else?"), ["It costs 3.50 today.", "Anything else?"]);
        assert_eq!(sentences("Ask e.g. for a bell."), ["Ask e.g. for a bell."]);
    }

    #[test]
    fn chinese_sentences_need_no_space() {
        assert_eq!(sentences("您好。请问需要什么？"), ["您好。", "请问需要什么？"]);
    }

    #[test]
    fn punctuation_alone_is_nothing_to_say() {
        assert!(sentences(" … ! ").is_empty());
        assert!(sentences("").is_empty());
    }
}
