//! Digits and numbers in Chinese: dictated one by one, counted (三个五) or said as a number (一百零五).

use super::{Groups, cardinal, single, tokens};

/// Chinese digits, with the telephone's own names for 1, 0, 7 and 9.
pub(super) fn chinese_value(token: &str) -> Option<u64> {
    Some(match token {
        "零" | "〇" | "洞" => 0,
        "一" | "幺" | "妖" | "腰" | "壹" => 1,
        "二" | "两" | "贰" => 2,
        "三" | "叁" => 3,
        "四" | "肆" => 4,
        "五" | "伍" => 5,
        "六" | "陆" => 6,
        "七" | "拐" | "柒" => 7,
        "八" | "捌" => 8,
        "九" | "勾" | "玖" => 9,
        _ => return None,
    })
}

fn unit(token: &str) -> Option<u64> {
    Some(match token {
        "十" | "拾" => 10,
        "百" | "佰" => 100,
        "千" | "仟" => 1_000,
        "万" => 10_000,
        _ => return None,
    })
}

/// The digits in words and Han characters one by one.
pub(super) fn chinese(all_tokens: &[String]) -> String {
    let all: String = all_tokens.concat();
    for correction in ["不对", "不是", "错了", "说错了", "更正"] {
        if let Some((before, after)) = all.rsplit_once(correction) {
            let (before, after) = (chinese_run(&tokens(before)), chinese_run(&tokens(after)));
            if !after.is_empty() && after.len() >= before.len() {
                return after;
            }
        }
    }
    chinese_run(all_tokens)
}

fn chinese_run(tokens: &[String]) -> String {
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let mut groups = Groups::default();
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at];
        // 三个五: five, three times.
        if let (Some(times @ 2..=5), Some(&"个"), Some(digit)) =
            (small(token), tokens.get(at + 1), tokens.get(at + 2).and_then(|t| small(t)))
        {
            groups.push(&digit.to_string().repeat(times as usize), true);
            at += 3;
            continue;
        }
        let mut end = at + tokens[at..].iter().take_while(|t| chinese_value(t).is_some() || unit(t).is_some()).count();
        // The last one may say how often the next is meant: 四五, 两个零.
        if end > at + 1 && tokens.get(end) == Some(&"个") && tokens.get(end + 1).is_some_and(|t| small(t).is_some()) {
            end -= 1;
        }
        if end > at {
            let run = &tokens[at..end];
            let lone = run.len() == 1
                && matches!(token, "一" | "两" | "十" | "百" | "千" | "万" | "腰" | "妖" | "洞" | "勾" | "拐");
            groups.push(&chinese_number(run), !lone);
            at = end;
            continue;
        }
        match single(&[token], false).or_else(|| cardinal(&tokens[at..])) {
            Some((value, used)) => {
                groups.push(&value, true);
                at += used;
            }
            None => {
                if !matches!(token, "嗯" | "呃" | "杠" | "横" | "然" | "后" | "再" | "是") {
                    groups.close();
                }
                at += 1;
            }
        }
    }
    groups.finish()
}

fn small(token: &str) -> Option<u64> {
    chinese_value(token).or_else(|| token.parse().ok().filter(|n| *n < 10))
}

/// A run of digits, or a number with units: 一三八 is 138, 一百零五 is 105, 三千五 is 3500. Digits before a number are dictated.
fn chinese_number(run: &[&str]) -> String {
    let Some(first_unit) = run.iter().position(|t| unit(t).is_some()) else {
        return run.iter().filter_map(|t| chinese_value(t)).map(|d| d.to_string()).collect();
    };
    // Only the digit right before the first unit belongs to the number.
    let start = first_unit.saturating_sub(1);
    let mut out: String = run[..start].iter().filter_map(|t| chinese_value(t)).map(|d| d.to_string()).collect();
    let (mut total, mut section, mut digit, mut last_unit, mut zero) = (0u64, 0u64, None, 1u64, false);
    let mut at = start;
    while at < run.len() {
        if let Some(u) = unit(run[at]) {
            if u == 10_000 {
                // Nobody means 万 five times over, but noise may be heard so.
                total = total.saturating_add(section + digit.unwrap_or(0)).max(1).saturating_mul(u);
                section = 0;
            } else {
                section += digit.unwrap_or(1) * u;
            }
            (digit, last_unit, zero) = (None, u, false);
        } else if digit.is_some() || (last_unit == 10 && chinese_value(run[at]) == Some(0)) {
            break; // A second digit in a row: the number has ended, the rest is dictated.
        } else if chinese_value(run[at]) == Some(0) {
            zero = true;
        } else {
            digit = chinese_value(run[at]);
        }
        at += 1;
    }
    // 三千五 is 3500, but 三千零五 is 3005.
    let tail = digit.unwrap_or(0) * if last_unit >= 100 && !zero { last_unit / 10 } else { 1 };
    out.push_str(&total.saturating_add(section + tail).to_string());
    out.extend(run[at..].iter().filter_map(|t| chinese_value(t)).map(|d| d.to_string()));
    out
}
