//! Long text is spoken sentence by sentence, so that the first is heard while the next is rendered.

use flow::markup::{self, Span};

/// Words with a point that end no sentence, in lower case.
const ABBREVIATIONS: [&str; 16] =
    ["mr", "mrs", "ms", "dr", "st", "prof", "no", "nr", "vs", "e.g", "i.e", "approx", "tel", "ext", "incl", "dept"];

/// Splits a text after sentence ends, English and Chinese. Parts keep their words, punctuation and markup, and follow each other
/// without a gap; a text without letters or digits has no parts.
pub fn sentences(text: &str) -> Vec<String> {
    if !text.contains('<') {
        return spoken(split(text));
    }
    let mut parts: Vec<Vec<Span>> = Vec::new();
    let mut current: Vec<Span> = Vec::new();
    let spans = markup::parse(text).0;
    for (at, span) in spans.iter().enumerate() {
        let Span::Text { text, say_as: None, rate } = span else {
            current.push(span.clone());
            continue;
        };
        let pieces = split(text);
        let last = pieces.len().saturating_sub(1);
        for (index, piece) in pieces.into_iter().enumerate() {
            let ended = piece.trim_end().ends_with(['.', '!', '?', '。', '\u{ff01}', '\u{ff1f}', '\u{ff1b}']);
            // What goes on behind a tag is the same sentence, unless a pause or a space stands there.
            let apart = piece.ends_with(char::is_whitespace)
                || !matches!(spans.get(at + 1), Some(Span::Text { text, .. }) if !text.starts_with(char::is_whitespace));
            let close = index < last || (ended && apart);
            current.push(Span::Text { text: piece, say_as: None, rate: *rate });
            if close {
                parts.push(std::mem::take(&mut current));
            }
        }
    }
    parts.push(current);
    // A pause, or a mark alone, goes with what follows, and at the end with what was before.
    let mut whole: Vec<Vec<Span>> = Vec::new();
    let mut waiting: Vec<Span> = Vec::new();
    for part in parts {
        waiting.extend(part);
        if waiting.iter().any(has_words) {
            whole.push(std::mem::take(&mut waiting));
        }
    }
    if let Some(last) = whole.last_mut() {
        last.extend(waiting);
    }
    spoken(whole.iter().map(|spans| markup::write(spans)).collect())
}

fn has_words(span: &Span) -> bool {
    matches!(span, Span::Text { text, .. } if text.chars().any(char::is_alphanumeric))
}

fn spoken(parts: Vec<String>) -> Vec<String> {
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| part.chars().any(char::is_alphanumeric)).collect()
}

fn split(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut parts = Vec::new();
    let mut current = String::new();
    for (at, &c) in characters.iter().enumerate() {
        current.push(c);
        let next = characters.get(at + 1).copied();
        let ends = match c {
            '。' | '\u{ff01}' | '\u{ff1f}' | '\u{ff1b}' => true,
            // "3.50" and "e.g." do not end a sentence: an end is followed by space and something that begins one.
            '.' | '!' | '?' => {
                next.is_none_or(char::is_whitespace)
                    && begins_sentence(&characters[at + 1..])
                    && !(c == '.' && next.is_some() && is_abbreviated(&current))
            }
            _ => false,
        };
        if ends {
            parts.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        parts.push(current);
    }
    parts
}

fn begins_sentence(rest: &[char]) -> bool {
    rest.iter().find(|c| !c.is_whitespace()).is_none_or(|c| !c.is_lowercase())
}

/// Whether a text ends with an abbreviation, such as "Mr.".
fn is_abbreviated(text: &str) -> bool {
    let word = text.trim_end_matches('.').rsplit(|c: char| !c.is_alphanumeric() && c != '.').next().unwrap_or_default();
    ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn sentences_are_split_and_numbers_are_not() {
        assert_eq!(sentences("It costs 3.50 today. Anything else?"), ["It costs 3.50 today.", "Anything else?"]);
        assert_eq!(sentences("Ask e.g. for a bell."), ["Ask e.g. for a bell."]);
        assert_eq!(sentences("Ask for Mr. Smith. He is in."), ["Ask for Mr. Smith.", "He is in."]);
    }

    #[test]
    fn chinese_sentences_need_no_space() {
        assert_eq!(sentences("您好。请问需要什么\u{ff1f}"), ["您好。", "请问需要什么\u{ff1f}"]);
    }

    #[test]
    fn punctuation_alone_is_nothing_to_say() {
        assert!(sentences(" … ! ").is_empty());
        assert!(sentences("").is_empty());
        assert!(sentences("<break time=\"1s\"/>").is_empty());
    }

    #[test]
    fn each_sentence_keeps_its_markup() {
        assert_eq!(
            sentences("<prosody rate=\"slow\">One. Two.</prosody> Three."),
            ["<prosody rate=\"80%\">One.</prosody>", "<prosody rate=\"80%\"> Two.</prosody>", "Three."]
        );
        assert_eq!(
            sentences(
                "Hello.<break time=\"1s\"/> Your code is <say-as interpret-as=\"digits\">12</say-as>. Bye.<break/>"
            ),
            [
                "Hello.",
                "<break time=\"1000ms\"/> Your code is <say-as interpret-as=\"digits\">12</say-as>.",
                "Bye.<break time=\"400ms\"/>"
            ]
        );
    }
}
