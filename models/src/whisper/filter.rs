//! What Whisper may write where a number or an id is expected: tokens that are no part of one are made less likely while it decodes.
//! (Its own grammars cannot be used from here: the binding hands them over in another layout than whisper.cpp reads.)

use std::ffi::{c_int, c_void};

use crate::score;

/// Taken off the score of what does not belong: an expectation, no cage.
const PENALTY: f32 = 6.0;
const MARKS: [char; 8] = [' ', ',', '.', '-', '，', '。', '、', '\''];

/// By token: whether it may stand in what is expected.
pub(super) struct Filter {
    unwanted: Vec<bool>,
}

impl Filter {
    /// Among texts of tokens, in the order of their ids, those that are part of a string of digits.
    pub(super) fn digits<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> Self {
        Filter::new(texts, score::is_only_digits)
    }

    /// The same for letters and digits.
    pub(super) fn characters<'t>(texts: impl Iterator<Item = Option<&'t str>>) -> Self {
        Filter::new(texts, |word| {
            score::is_only_digits(word)
                || word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
                || word.len() == 1
        })
    }

    fn new<'t>(texts: impl Iterator<Item = Option<&'t str>>, belongs: impl Fn(&str) -> bool) -> Self {
        let unwanted = texts
            .map(|text| {
                // Half a character has no text; it may become a digit of another language.
                let Some(text) = text else { return false };
                let word = text.trim_matches(MARKS);
                !word.is_empty() && !belongs(word)
            })
            .collect();
        Filter { unwanted }
    }

    /// For whisper.cpp's callback; the filter must outlive the decoding.
    pub(super) fn as_data(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    #[cfg(test)]
    fn wants(&self, token: usize) -> bool {
        !self.unwanted[token]
    }
}

/// The callback; the types of whisper.cpp that it does not look at are left to inference.
///
/// # Safety
/// `logits` points to at least as many values as the filter has tokens, and `data` to a [`Filter`].
pub(super) unsafe extern "C" fn apply<C, S, T>(
    _: *mut C,
    _: *mut S,
    _: *const T,
    _: c_int,
    logits: *mut f32,
    data: *mut c_void,
) {
    if data.is_null() || logits.is_null() {
        return;
    }
    // SAFETY: decode() hands over a filter that lives until whisper.cpp returns.
    let filter = unsafe { &*data.cast::<Filter>() };
    // SAFETY: the filter was made of the tokens before the end of text, and there is a value for every token of the vocabulary.
    let logits = unsafe { std::slice::from_raw_parts_mut(logits, filter.unwanted.len()) };
    for (logit, unwanted) in logits.iter_mut().zip(&filter.unwanted) {
        if *unwanted {
            *logit -= PENALTY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [Option<&str>; 10] = [
        Some(" one"),
        Some("45"),
        Some(" hello"),
        Some(","),
        Some(" "),
        Some("三"),
        Some("好"),
        Some("B"),
        Some(" XK"),
        None,
    ];

    #[test]
    fn only_what_can_be_part_of_a_number_is_left_alone() {
        let filter = Filter::digits(TEXTS.into_iter());
        let wanted: Vec<usize> = (0..TEXTS.len()).filter(|token| filter.wants(*token)).collect();
        assert_eq!(wanted, [0, 1, 3, 4, 5, 9]);
    }

    #[test]
    fn ids_may_also_hold_letters() {
        let filter = Filter::characters(TEXTS.into_iter());
        let wanted: Vec<usize> = (0..TEXTS.len()).filter(|token| filter.wants(*token)).collect();
        assert_eq!(wanted, [0, 1, 3, 4, 5, 7, 8, 9]);
    }

    #[test]
    fn what_does_not_belong_becomes_less_likely_and_nothing_else_changes() {
        let filter = Filter::digits(TEXTS.into_iter());
        let mut logits = [1.0f32; 12];
        // SAFETY: there are more logits than tokens in the filter, and the data is the filter.
        unsafe {
            apply::<(), (), ()>(
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null(),
                0,
                logits.as_mut_ptr(),
                filter.as_data(),
            )
        };
        assert_eq!(
            logits,
            [1.0, 1.0, 1.0 - PENALTY, 1.0, 1.0, 1.0, 1.0 - PENALTY, 1.0 - PENALTY, 1.0 - PENALTY, 1.0, 1.0, 1.0]
        );
    }
}
