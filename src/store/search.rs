//! What counts as a match when somebody searches tickets. Nothing searchable is kept in clear, so texts are opened and
//! compared one by one; this module only compares.

/// The words of a query; a text matches when all of them occur in it.
pub(super) struct Words(Vec<String>);

impl Words {
    /// `None` when there is nothing to look for.
    pub(super) fn of(query: &str) -> Option<Self> {
        let mut words: Vec<String> = Vec::new();
        let mut last = Kind::Space;
        for c in query.chars().flat_map(char::to_lowercase) {
            let kind = Kind::of(c);
            match words.last_mut() {
                Some(word) if kind == last && kind != Kind::Space => word.push(c),
                _ if kind != Kind::Space => words.push(c.to_string()),
                _ => {}
            }
            last = kind;
        }
        (!words.is_empty()).then_some(Self(words))
    }

    /// A matcher that has seen nothing yet.
    pub(super) fn search(&self) -> Search<'_> {
        Search { missing: self.0.iter().map(String::as_str).collect() }
    }
}

/// One search over the texts of one thing.
pub(super) struct Search<'a> {
    missing: Vec<&'a str>,
}

impl Search<'_> {
    /// Looks at another text; true once every word has occurred somewhere.
    pub(super) fn see(&mut self, text: &str) -> bool {
        if !self.missing.is_empty() {
            let text = text.to_lowercase();
            self.missing.retain(|word| !occurs(word, &text));
        }
        self.missing.is_empty()
    }
}

/// Chinese is written without spaces, so a run of it is found anywhere; a word of letters or digits is found where a
/// word begins ("ref" finds "refund", "art" does not find "start").
fn occurs(word: &str, text: &str) -> bool {
    if word.chars().next().map(Kind::of) == Some(Kind::Ideograph) {
        return text.contains(word);
    }
    text.match_indices(word)
        .any(|(at, _)| text[..at].chars().next_back().is_none_or(|before| Kind::of(before) != Kind::Letter))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Letter,
    Ideograph,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            // Kana, CJK with its first extension, Hangul, compatibility ideographs, and the later extensions.
            '\u{3040}'..='\u{30ff}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => Self::Ideograph,
            _ if c.is_alphanumeric() => Self::Letter,
            _ => Self::Space,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    fn check(query: &str, text: &str, expected: bool) {
        let words = Words::of(query).expect("the query has words");
        assert_eq!(words.search().see(text), expected, "{query} in {text}");
    }

    #[test]
    fn all_words_must_occur_in_any_order_and_case() {
        check("Refund BICYCLE", "My bicycle is broken, I want a refund.", true);
        check("refund car", "My bicycle is broken, I want a refund.", false);
        check("#12", "12", true);
    }

    #[test]
    fn a_word_is_found_by_its_beginning_only() {
        check("ref", "a refund", true);
        check("art", "start", false);
    }

    #[test]
    fn chinese_is_found_without_spaces() {
        check("退款", "我要申请退款。", true);
        check("订单45501", "查询订单号码 45501", true);
        check("发票", "我要申请退款。", false);
    }

    #[test]
    fn a_query_of_punctuation_looks_for_nothing() {
        assert!(Words::of(" ?! ").is_none());
    }
}
