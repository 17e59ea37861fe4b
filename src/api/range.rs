//! The `Range` header (RFC 9110, section 14): one range of bytes. Several ranges at once are answered with the whole, which
//! the RFC allows; no player asks for them.

use std::ops::Range;

/// What of `length` bytes is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything: there is no range, or none that we serve.
    Whole,
    /// A part.
    Part(Range<u64>),
    /// A part that lies beyond the end.
    Nothing,
}

/// Reads the header's value.
pub fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let Some((unit, ranges)) = header.and_then(|header| header.split_once('=')) else { return Wanted::Whole };
    let Some((first, last)) = ranges.split_once('-') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.contains(',') {
        return Wanted::Whole;
    }
    match (number(first), number(last)) {
        (Number::Absent, Number::Of(suffix)) => part(length.saturating_sub(suffix), length),
        (Number::Of(first), Number::Absent) => part(first, length),
        (Number::Of(first), Number::Of(last)) if first <= last => part(first, last.saturating_add(1).min(length)),
        _ => Wanted::Whole,
    }
}

fn part(from: u64, to: u64) -> Wanted {
    if from < to { Wanted::Part(from..to) } else { Wanted::Nothing }
}

enum Number {
    Absent,
    Of(u64),
    No,
}

fn number(text: &str) -> Number {
    match text.trim() {
        "" => Number::Absent,
        digits if digits.bytes().all(|c| c.is_ascii_digit()) => Number::Of(digits.parse().unwrap_or(u64::MAX)),
        _ => Number::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_the_rfc_says() {
        let check = |header: &str, expected: Wanted| assert_eq!(wanted(Some(header), 1_000), expected, "{header}");
        check("bytes=0-99", Wanted::Part(0..100));
        check("Bytes = 500-", Wanted::Part(500..1_000));
        check("bytes=-100", Wanted::Part(900..1_000));
        check("bytes=-5000", Wanted::Part(0..1_000));
        check("bytes=990-99999999999999999999999", Wanted::Part(990..1_000));
        check("bytes=1000-", Wanted::Nothing);
        check("bytes=-0", Wanted::Nothing);
        for odd in ["bytes=5-1", "bytes=-", "bytes=a-b", "bytes=+1-2", "bytes=0-1,5-6", "seconds=0-1", "bytes", ""] {
            check(odd, Wanted::Whole);
        }
        assert_eq!(wanted(None, 1_000), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
    }
}
