//! How well a recogniser did: word, character and digit error rates over any number of utterances. Reference and hypothesis are
//! brought to the same form first ([`words`]); where the utterances come from is the caller's business.

mod text;

pub use text::{digits, is_only_digits, is_phantom, same_words, without_loop, words};
pub(crate) use text::{numbers_as_figures, numbers_as_words};

/// The fewest insertions, deletions and substitutions that turn one sequence into the other (Levenshtein).
pub fn edits<T: PartialEq>(reference: &[T], hypothesis: &[T]) -> usize {
    let mut row: Vec<usize> = (0..=hypothesis.len()).collect();
    for (i, expected) in reference.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, heard) in hypothesis.iter().enumerate() {
            let substituted = diagonal + usize::from(expected != heard);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[hypothesis.len()]
}

/// Counts of an evaluation; rates are computed from the sums, so long utterances weigh more than short ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Utterances counted.
    pub utterances: usize,
    /// Utterances without a single word error.
    pub right: usize,
    /// Words of the references.
    pub words: usize,
    /// Word insertions, deletions and substitutions.
    pub word_errors: usize,
    /// Characters of the references, without spaces.
    pub characters: usize,
    /// Character insertions, deletions and substitutions.
    pub character_errors: usize,
    /// Utterances that are digit strings.
    pub digit_strings: usize,
    /// Digit strings heard without error.
    pub digit_strings_right: usize,
    /// Digits of the references.
    pub digits: usize,
    /// Digit insertions, deletions and substitutions.
    pub digit_errors: usize,
}

impl Tally {
    /// Counts one utterance.
    pub fn add(&mut self, reference: &str, hypothesis: &str) {
        let (expected, heard) = (words(reference), words(hypothesis));
        let errors = edits(&expected, &heard);
        self.utterances += 1;
        self.right += usize::from(errors == 0);
        self.words += expected.len();
        self.word_errors += errors;
        let characters = |words: Vec<String>| words.concat().chars().collect::<Vec<_>>();
        let (expected, heard) = (characters(expected), characters(heard));
        self.characters += expected.len();
        self.character_errors += edits(&expected, &heard);
    }

    /// Counts the digits of an utterance whose digits are known; `hypothesis` is any text, spelt or written.
    pub fn add_digits(&mut self, reference: &str, hypothesis: &str) {
        let (expected, heard) = (digits(reference), digits(hypothesis));
        let errors = edits(expected.as_bytes(), heard.as_bytes());
        self.digit_strings += 1;
        self.digit_strings_right += usize::from(errors == 0);
        self.digits += expected.len();
        self.digit_errors += errors;
    }

    /// Adds another evaluation's counts.
    pub fn merge(&mut self, other: &Tally) {
        self.utterances += other.utterances;
        self.right += other.right;
        self.words += other.words;
        self.word_errors += other.word_errors;
        self.characters += other.characters;
        self.character_errors += other.character_errors;
        self.digit_strings += other.digit_strings;
        self.digit_strings_right += other.digit_strings_right;
        self.digits += other.digits;
        self.digit_errors += other.digit_errors;
    }

    /// Word error rate, 0 upwards; `None` without words.
    pub fn wer(&self) -> Option<f64> {
        rate(self.word_errors, self.words)
    }

    /// Character error rate, 0 upwards; the one to look at for Chinese.
    pub fn cer(&self) -> Option<f64> {
        rate(self.character_errors, self.characters)
    }

    /// Share of utterances without error.
    pub fn sentence_accuracy(&self) -> Option<f64> {
        rate(self.right, self.utterances)
    }

    /// Digit error rate, 0 upwards; `None` without digit strings.
    pub fn digit_error(&self) -> Option<f64> {
        rate(self.digit_errors, self.digits)
    }

    /// Share of digit strings without error.
    pub fn digit_string_accuracy(&self) -> Option<f64> {
        rate(self.digit_strings_right, self.digit_strings)
    }
}

fn rate(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_as_insertions_deletions_and_substitutions() {
        let check = |a: &str, b: &str, expected: usize| {
            assert_eq!(edits(a.as_bytes(), b.as_bytes()), expected, "{a} {b}");
            assert_eq!(edits(b.as_bytes(), a.as_bytes()), expected, "{b} {a}");
        };
        check("", "", 0);
        check("abc", "", 3);
        check("kitten", "sitting", 3);
        check("1174", "174", 1);
    }

    #[test]
    fn numbers_are_the_same_spelt_or_written() {
        for (a, b) in [
            ("forty-five", "45"),
            ("one hundred and five", "105"),
            ("two thousand three hundred", "2300"),
            ("nineteen ninety nine", "1999"),
            ("one two three", "123"),
            ("twenty-first", "twenty first"),
            ("the 3rd", "the 3"),
            ("zero five", "05"),
            ("ten ten", "1010"),
        ] {
            assert_eq!(words(a), words(b), "{a} / {b}");
        }
        assert_ne!(words("forty five"), words("45 0"));
    }

    #[test]
    fn an_and_that_ends_a_number_is_a_word_again() {
        assert_eq!(words("a hundred and counting"), ["a", "hundred", "and", "counting"]);
        assert_eq!(words("two hundred and counting"), ["2", "0", "0", "and", "counting"]);
    }

    #[test]
    fn case_and_punctuation_do_not_count() {
        let mut tally = Tally::default();
        tally.add("you don't mean that mister hale", "You don’t mean that, Mr. Hale!");
        assert_eq!(tally.wer(), Some(0.0));
        assert_eq!(tally.sentence_accuracy(), Some(1.0));
    }

    #[test]
    fn chinese_is_counted_by_character_and_its_digits_are_digits() {
        let mut tally = Tally::default();
        tally.add("我的订单号是四五五零", "我的订单号是4550。");
        assert_eq!(tally.cer(), Some(0.0));
        tally.add("东北饺子王", "东北饺子");
        assert_eq!(tally.character_errors, 1);
    }

    #[test]
    fn digits_are_found_in_any_spelling() {
        let check = |text: &str, expected: &str| assert_eq!(digits(text), expected, "{text}");
        check("Four five, five-oh one.", "45501");
        check("4550 1", "45501");
        check("double two triple seven", "22777");
        check("O nine", "09");
        check("forty-five oh one", "4501");
        check("幺八六", "186");
        check("no digits here", "");
    }

    #[test]
    fn rates_without_anything_counted_are_absent_not_zero() {
        assert_eq!(Tally::default().wer(), None);
        assert_eq!(Tally::default().digit_error(), None);
    }

    #[test]
    fn numbers_change_between_words_and_figures() {
        for (words, figures) in [("twelve ounce", "12 ounce"), ("twenty-five grams", "25 grams"), ("ninety", "90")] {
            assert_eq!(numbers_as_figures(words), figures);
            assert_eq!(numbers_as_words(figures), words);
        }
        assert_eq!(numbers_as_figures("flat-white for one"), "flat-white for 1");
        assert_eq!(numbers_as_words("order 4550"), "order 4550");
    }

    #[test]
    fn what_recognisers_invent_is_known_in_both_languages() {
        for text in ["Thank you for watching!", "You", "谢谢观看。", "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目"]
        {
            assert!(is_phantom(text), "{text}");
        }
        for text in ["Thank you for calling me back", "谢谢,我要查订单", "oh five", "you are right"] {
            assert!(!is_phantom(text), "{text}");
        }
    }

    #[test]
    fn a_recogniser_that_runs_in_circles_is_cut_short() {
        for (text, cut) in [
            ("I'm going to go, I'm going to go, I'm going to go, I'm going to go, I'm", "I'm going to go, I'm"),
            ("well the the the the the the", "well the"),
        ] {
            assert_eq!(without_loop(text).as_deref(), Some(cut));
        }
        for text in ["no no no", "one one one two", "", "a b a b a b"] {
            assert_eq!(without_loop(text), None, "{text}");
        }
    }
}
