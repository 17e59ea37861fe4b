//! Check digits: what tells a number that was misheard from one that exists.

use serde::Deserialize;

/// How the last digits of a number are computed from those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckDigit {
    /// They are not.
    #[default]
    None,
    /// Cards and many customer numbers (ISO/IEC 7812-1, annex B).
    Luhn,
    /// Article numbers (GS1: EAN-8, EAN-13, UPC).
    Ean,
    /// Two digits (ISO 7064, MOD 97-10).
    Mod97,
}

impl CheckDigit {
    /// The names in a flow's document.
    pub(crate) const NAMES: &'static [&'static str] = &["none", "luhn", "ean", "mod97"];

    /// Whether a number can be right. What holds anything but digits cannot, unless nothing is checked.
    pub(crate) fn passes(self, number: &str) -> bool {
        let digits: Option<Vec<u32>> = number.chars().map(|c| c.to_digit(10)).collect();
        let (Some(digits), false) = (digits, self == CheckDigit::None) else {
            return self == CheckDigit::None;
        };
        // From the right, where the check digit stands.
        let weighed = |weigh: fn(usize, u32) -> u32| -> u32 {
            digits.iter().rev().enumerate().map(|(place, digit)| weigh(place, *digit)).sum()
        };
        match self {
            CheckDigit::None => true,
            CheckDigit::Luhn => {
                digits.len() > 1
                    && weighed(|place, digit| match (place % 2, digit) {
                        (0, digit) => digit,
                        (_, digit @ 5..) => 2 * digit - 9,
                        (_, digit) => 2 * digit,
                    })
                    .is_multiple_of(10)
            }
            CheckDigit::Ean => {
                digits.len() > 1
                    && weighed(|place, digit| if place % 2 == 0 { digit } else { 3 * digit }).is_multiple_of(10)
            }
            CheckDigit::Mod97 => digits.len() > 2 && digits.iter().fold(0, |rest, digit| (rest * 10 + digit) % 97) == 1,
        }
    }

    /// How sure one may be of a number that passes, when the recogniser is this sure: of wrong ones only some pass.
    pub(crate) fn confidence(self, recognised: f32) -> f32 {
        let chance = match self {
            CheckDigit::None => return recognised,
            CheckDigit::Luhn | CheckDigit::Ean => 0.1,
            CheckDigit::Mod97 => 0.01,
        };
        let recognised = recognised.clamp(0.0, 1.0);
        recognised / (recognised + (1.0 - recognised) * chance)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::CheckDigit;

    #[test]
    fn known_numbers_pass_and_a_digit_off_does_not() {
        for (check, number) in [
            (CheckDigit::Luhn, "79927398713"),
            (CheckDigit::Luhn, "4111111111111111"),
            (CheckDigit::Ean, "4006381333931"),
            (CheckDigit::Ean, "73513537"),
            (CheckDigit::Mod97, "79444"),
        ] {
            assert!(check.passes(number), "{check:?} {number}");
            let off = number.replacen(&number[..1], if number.starts_with('9') { "1" } else { "9" }, 1);
            assert!(!check.passes(&off), "{check:?} {off}");
        }
    }

    #[test]
    fn what_is_no_number_passes_only_where_nothing_is_checked() {
        for text in ["", "7", "AB12", "１２"] {
            assert!(CheckDigit::None.passes(text));
            assert!(!CheckDigit::Luhn.passes(text) && !CheckDigit::Ean.passes(text) && !CheckDigit::Mod97.passes(text));
        }
    }

    proptest! {
        #[test]
        fn every_beginning_has_exactly_one_end_that_passes(beginning in "[0-9]{1,20}") {
            for check in [CheckDigit::Luhn, CheckDigit::Ean] {
                let ends = (0..10).filter(|end| check.passes(&format!("{beginning}{end}"))).count();
                prop_assert_eq!(ends, 1);
            }
            let ends = (0..100).filter(|end| CheckDigit::Mod97.passes(&format!("{beginning}{end:02}"))).count();
            prop_assert!((1..=2).contains(&ends), "{} of {}", ends, beginning);
        }

        #[test]
        fn a_check_that_passes_makes_nobody_less_sure(recognised in -1f32..2.0) {
            for check in [CheckDigit::None, CheckDigit::Luhn, CheckDigit::Mod97] {
                prop_assert!(check.confidence(recognised) >= recognised.clamp(0.0, 1.0) - 1e-6 || check == CheckDigit::None);
            }
        }
    }
}
