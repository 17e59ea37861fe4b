//! Chinese words for numbers.

use crate::speak::reading::number::{Written, in_groups};

const DIGITS: [char; 10] = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// `12300` is 一万两千三百.
pub(super) fn cardinal(number: u64) -> String {
    if number == 0 {
        return "零".to_owned();
    }
    let mut out = String::new();
    let mut gap = false;
    for (scale, name) in [(1_0000_0000_0000, "万亿"), (1_0000_0000, "亿"), (1_0000, "万"), (1, "")] {
        let group = number / scale % if scale == 1_0000_0000_0000 { u64::MAX } else { 1_0000 };
        if group == 0 {
            // 零 stands once between what is said, never at the end.
            gap |= !out.is_empty();
            continue;
        }
        if !out.is_empty() && (gap || group < 1_000) {
            out.push('零');
        }
        gap = false;
        out.push_str(&below_ten_thousand(group, out.is_empty(), name));
        out.push_str(name);
    }
    out
}

fn below_ten_thousand(number: u64, first: bool, scale: &str) -> String {
    // 两万, 两亿; a lone two is 二 until something is counted.
    if number == 2 && !scale.is_empty() {
        return "两".to_owned();
    }
    let mut out = String::new();
    let mut gap = false;
    for (unit, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = (number / unit % 10) as usize;
        if digit == 0 {
            gap |= !out.is_empty();
            continue;
        }
        if gap {
            out.push('零');
            gap = false;
        }
        match (digit, unit) {
            (2, 100 | 1_000) => out.push('两'),
            // 十二, but 一百一十二.
            (1, 10) if out.is_empty() && first => {}
            _ => out.push(DIGITS[digit]),
        }
        out.push_str(name);
    }
    out
}

/// `2` is 两 before what is counted: 两个.
pub(super) fn counting(number: u64) -> String {
    if number == 2 { "两".to_owned() } else { cardinal(number) }
}

/// Digit by digit, as years are read: 二〇二六.
pub(super) fn year(text: &str) -> String {
    digits(text).replace('零', "〇")
}

/// Digit by digit: 一零四二.
pub(super) fn digits(text: &str) -> String {
    text.bytes().filter(u8::is_ascii_digit).map(|byte| DIGITS[usize::from(byte - b'0')]).collect()
}

/// Digit by digit over a telephone, where 一 is mistaken for 七 and so said 幺, with a pause after each group.
pub(super) fn grouped(text: &str) -> String {
    let groups = in_groups(text, true);
    groups.iter().map(|group| digits(group).replace('一', "幺")).collect::<Vec<_>>().join(",")
}

/// A number with sign and fraction.
pub(super) fn number(written: &Written) -> String {
    signed(written, "负", cardinal)
}

/// The same before what is counted.
pub(super) fn count(written: &Written) -> String {
    signed(written, "负", if written.fraction.is_empty() { counting } else { cardinal })
}

/// The same with another word for what is below zero.
pub(super) fn signed(written: &Written, below: &str, say: fn(u64) -> String) -> String {
    let sign = if written.negative { below } else { "" };
    let whole =
        written.value().filter(|value| *value < 1_0000_0000_0000_0000).map_or_else(|| grouped(&written.whole), say);
    match written.fraction.as_str() {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}点{}", digits(fraction)),
    }
}

/// Letters by their names, digits singly.
pub(super) fn spelled(text: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            out.push_str(&if run.len() > 4 { grouped(&run) } else { digits(&run).replace('一', "幺") });
            run.clear();
        }
        match c {
            '\0' => {}
            c if c.is_ascii_alphabetic() => {
                // Letters apart from each other and from the characters around them.
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
                out.push(c.to_ascii_uppercase());
                out.push(' ');
            }
            c if c.is_alphanumeric() => out.push(c),
            '@' => out.push_str("艾特"),
            '.' => out.push('点'),
            '_' => out.push_str("下划线"),
            '+' => out.push('加'),
            '#' => out.push_str("井号"),
            '*' => out.push_str("星号"),
            _ if out.is_empty() || out.ends_with(',') => {}
            _ => out.push(','),
        }
    }
    out.trim_matches([' ', ',']).to_owned()
}
