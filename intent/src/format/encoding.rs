//! Bytes to text. UTF-8 unless a byte order mark or the bytes themselves say otherwise; what was guessed is said.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

/// Text, with how it came about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub text: String,
    /// The encoding, when it is not plain UTF-8.
    pub encoding: Option<&'static str>,
    /// Whether the encoding was guessed from the bytes alone.
    pub guessed: bool,
    /// The first line (from 1) with bytes that mean nothing, and how many such places there are.
    pub damage: Option<(usize, usize)>,
}

/// Reads bytes as text. Bytes that mean nothing become U+FFFD and are counted.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        return utf_32(bytes);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return with(&bytes[mark..], encoding, false);
    }
    if let Some(encoding) = utf_16_without_mark(bytes) {
        return with(bytes, encoding, true);
    }
    if std::str::from_utf8(bytes).is_ok() || mostly_utf_8(bytes) {
        return with(bytes, UTF_8, false);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    // GB18030 reads all of GBK and more.
    with(bytes, if guess == GBK { GB18030 } else { guess }, true)
}

fn with(bytes: &[u8], encoding: &'static Encoding, guessed: bool) -> Decoded {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let text = text.into_owned();
    let damage = damage(&text, bytes, encoding);
    Decoded { damage, text, encoding: (encoding != UTF_8).then(|| encoding.name()), guessed }
}

/// Where replacement characters stand that were not in the file already.
fn damage(text: &str, bytes: &[u8], encoding: &'static Encoding) -> Option<(usize, usize)> {
    if encoding == UTF_8 && std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let count = text.matches('\u{fffd}').count();
    let first = text.find('\u{fffd}')?;
    Some((1 + text[..first].matches('\n').count(), count))
}

/// UTF-32 is outside the Encoding Standard, and a few lines long.
fn utf_32(bytes: &[u8]) -> Decoded {
    let little = bytes[0] == 0xff;
    let (units, rest) = bytes[4..].as_chunks::<4>();
    let unit = |four: &[u8; 4]| if little { u32::from_le_bytes(*four) } else { u32::from_be_bytes(*four) };
    let mut text: String =
        units.iter().map(|four| char::from_u32(unit(four)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    let count = text.matches('\u{fffd}').count();
    let damage = text.find('\u{fffd}').map(|first| (1 + text[..first].matches('\n').count(), count));
    Decoded { text, encoding: Some(if little { "UTF-32LE" } else { "UTF-32BE" }), guessed: false, damage }
}

/// In UTF-16 the spaces, line ends and punctuation of any language have a zero beside them; no other text holds zeros.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096)];
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let many = (head.len() / 20).max(2);
    if bytes.len().is_multiple_of(2) && odd >= many && odd > 8 * even {
        Some(UTF_16LE)
    } else if bytes.len().is_multiple_of(2) && even >= many && even > 8 * odd {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// A UTF-8 file with a few broken places (cut or pasted together) is still UTF-8, not some other encoding.
fn mostly_utf_8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good >= 2 * bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_an_admin_may_have_is_read_and_named() {
        let chinese =
            "text,intent\n我的订单到哪里了，帮我查一下,order\n我要退款，钱什么时候到账,refund\n你们几点开门,hours\n";
        let english = "text,intent\nwhere is my café order,order\nI'd like my naïve résumé back,refund\n";
        let utf_16 = |text: &str, big: bool, mark: bool| {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(|unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect::<Vec<u8>>()
        };
        let utf_32: Vec<u8> = "\u{feff}我的订单".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        let marked = format!("\u{feff}{chinese}");
        for (bytes, text, encoding, guessed) in [
            (chinese.as_bytes().to_vec(), chinese, None, false),
            (marked.into_bytes(), chinese, None, false),
            (GB18030.encode(chinese).0.into_owned(), chinese, Some("gb18030"), true),
            (encoding_rs::WINDOWS_1252.encode(english).0.into_owned(), english, Some("windows-1252"), true),
            (utf_16(chinese, false, true), chinese, Some("UTF-16LE"), false),
            (utf_16(chinese, true, true), chinese, Some("UTF-16BE"), false),
            (utf_16(english, false, false), english, Some("UTF-16LE"), true),
            (utf_16(english, true, false), english, Some("UTF-16BE"), true),
            (utf_32, "我的订单", Some("UTF-32LE"), false),
            (Vec::new(), "", None, false),
        ] {
            let text = text.to_owned();
            assert_eq!(decode(&bytes), Decoded { text, encoding, guessed, damage: None });
        }
    }

    #[test]
    fn broken_bytes_in_utf_8_are_found_by_line() {
        let mut bytes = "我的订单到哪里了\n我要退款\n".as_bytes().to_vec();
        bytes.splice(28..28, [0xff]);
        let decoded = decode(&bytes);
        assert_eq!((decoded.encoding, decoded.damage), (None, Some((2, 1))));
    }
}
