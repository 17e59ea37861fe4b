//! Numbers as they are written, and how long ones are cut into groups that can be followed.

/// A number that was written in digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Below zero.
    pub negative: bool,
    /// Digits before the point, without signs that divide thousands.
    pub whole: String,
    /// Digits after it.
    pub fraction: String,
}

impl Written {
    /// Reads `1,234.50`, `-3` or `12,5`; nothing that is no number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let unsigned = text.trim_start_matches(['-', '−', '+']);
        let negative = text.starts_with(['-', '−']);
        let (whole, mut fraction) = match unsigned.split_once('.') {
            Some((whole, fraction)) => (whole, fraction.to_owned()),
            None => (unsigned, String::new()),
        };
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mut groups = whole.split([',', '\u{a0}', '\u{202f}']);
        let first = groups.next().filter(|group| is_digits(group))?;
        let rest: Vec<&str> = groups.collect();
        let thousands = first.len() <= 3 && rest.iter().all(|group| is_digits(group) && group.len() == 3);
        let whole = match rest.as_slice() {
            [] => first.to_owned(),
            _ if thousands => first.to_owned() + &rest.concat(),
            // The decimal comma of much of Europe.
            [cents] if is_digits(cents) && cents.len() <= 2 && fraction.is_empty() => {
                fraction = (*cents).to_owned();
                first.to_owned()
            }
            _ => return None,
        };
        if !fraction.is_empty() && !is_digits(&fraction) {
            return None;
        }
        Some(Self { negative, whole, fraction })
    }

    /// The whole part as a number, unless it is too large for one.
    pub fn value(&self) -> Option<u64> {
        self.whole.parse().ok()
    }

    /// Whether it is exactly one.
    pub fn is_one(&self) -> bool {
        !self.negative && self.value() == Some(1) && self.fraction.is_empty()
    }
}

/// How many digits are said in one breath, for a string of so many. `mobile` numbers of eleven are 3-4-4, as in China.
pub(super) fn groups(length: usize, mobile: bool) -> Vec<usize> {
    match length {
        0 => vec![],
        1..=4 => vec![length],
        5 => vec![3, 2],
        7 => vec![3, 4],
        8 => vec![4, 4],
        10 => vec![3, 3, 4],
        11 if mobile => vec![3, 4, 4],
        11 => vec![4, 3, 4],
        16 => vec![4, 4, 4, 4],
        _ => {
            let mut groups = vec![3; length / 3];
            match (length % 3, groups.last_mut()) {
                // Nobody says one digit alone at the end.
                (1, Some(last)) => *last += 1,
                (2, _) => groups.push(2),
                _ => {}
            }
            groups
        }
    }
}

/// The digits of a text in groups.
pub(super) fn in_groups(digits: &str, mobile: bool) -> Vec<String> {
    let digits: Vec<char> = digits.chars().filter(char::is_ascii_digit).collect();
    let mut at = 0;
    groups(digits.len(), mobile)
        .into_iter()
        .map(|length| {
            at += length;
            digits[at - length..at].iter().collect()
        })
        .collect()
}

/// The country code of a number in E.164 without its plus: its length in digits (ITU-T E.164, list of assigned codes).
pub(super) fn country_code_length(digits: &str) -> usize {
    const TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
        "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81", "82", "84",
        "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        _ if TWO.iter().any(|code| digits.starts_with(code)) => 2,
        _ => 3.min(digits.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_the_ways_they_are_written() {
        for (text, whole, fraction) in [
            ("1042", "1042", ""),
            ("1,234,567.5", "1234567", "5"),
            ("12,50", "12", "50"),
            ("-3", "3", ""),
            ("1\u{a0}000", "1000", ""),
        ] {
            let written = Written::parse(text).expect(text);
            assert_eq!((written.whole.as_str(), written.fraction.as_str()), (whole, fraction), "{text}");
        }
        for text in ["", "-", "1,23,4", "1.2.3", "a", ",5", "1,2345"] {
            assert_eq!(Written::parse(text), None, "{text}");
        }
    }

    #[test]
    fn groups_hold_every_digit_and_none_is_alone() {
        for length in 2..60 {
            let groups = groups(length, false);
            assert_eq!(groups.iter().sum::<usize>(), length);
            assert!(groups.iter().all(|group| (2..=4).contains(group)), "{length}: {groups:?}");
        }
    }
}
