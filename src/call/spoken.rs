//! Which words of a prompt were really played.

/// The beginning of `text` that was heard when `played_ms` of `of_ms` went out, cut after a whole word. Proportional: the voices
/// here do not tell when each word is said.
pub fn heard_part(text: &str, played_ms: u32, of_ms: u32) -> String {
    if played_ms >= of_ms {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let share = f64::from(played_ms) / f64::from(of_ms.max(1));
    let mut end = (characters.len() as f64 * share) as usize;
    // Inside a word of an alphabet, go back to its beginning; Chinese characters are words enough.
    let inside = |at: usize| {
        let word = |c: Option<&char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '\'');
        at > 0 && word(characters.get(at - 1)) && word(characters.get(at))
    };
    while inside(end) {
        end -= 1;
    }
    characters[..end].iter().collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::heard_part;

    #[test]
    fn a_word_that_was_cut_off_was_not_heard() {
        assert_eq!(heard_part("your order is on its way", 500, 1_000), "your order");
        assert_eq!(heard_part("your order is on its way", 1_000, 1_000), "your order is on its way");
    }

    #[test]
    fn nothing_played_is_nothing_heard() {
        assert_eq!(heard_part("hello there", 0, 1_000), "");
        assert_eq!(heard_part("", 0, 0), "");
    }

    #[test]
    fn chinese_is_cut_between_characters() {
        assert_eq!(heard_part("您的订单在路上", 500, 1_000), "您的订");
    }
}
