//! What a Chinese text means, in words.

mod dates;
mod words;

use std::sync::LazyLock;

use flow::markup::SayAs;

use super::number::{Written, country_code_length};
use super::scan::{Found, Rule, scan};
use words::{cardinal, count, counting, digits, grouped, number, signed, spelled};

const NUMBER: &str = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?";

/// A text in words.
pub(super) fn read(text: &str) -> String {
    scan(&half_width(text), &RULES)
}

/// A text read as it was asked for, or nothing when it is not of that kind.
pub(super) fn read_as(text: &str, say_as: &SayAs) -> Option<String> {
    let text = half_width(text);
    let trimmed = text.trim();
    let words = match say_as {
        SayAs::Characters => spelled(trimmed),
        SayAs::Digits => scan(trimmed, &DIGITS_ONLY),
        SayAs::Telephone => telephone(trimmed),
        SayAs::Cardinal => number(&Written::parse(trimmed)?),
        SayAs::Ordinal => {
            format!("第{}", number(&Written::parse(trimmed.trim_matches(|c: char| !c.is_ascii_digit()))?))
        }
        SayAs::Date(format) => dates::date_as(trimmed, format.as_deref())?,
        SayAs::Time => dates::time_as(trimmed)?,
        SayAs::Currency => amount_as(trimmed)?,
    };
    Some(words).filter(|words| !words.is_empty())
}

/// Digits, letters and signs of full width as those of half width; Chinese punctuation stays.
fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            // The block is ASCII moved by this much; its punctuation is left, as it ends sentences.
            '\u{ff10}'..='\u{ff19}'
            | '\u{ff21}'..='\u{ff3a}'
            | '\u{ff41}'..='\u{ff5a}'
            | '\u{ff03}'..='\u{ff06}'
            | '\u{ff0a}'
            | '\u{ff0b}'
            | '\u{ff0d}'..='\u{ff0f}'
            | '\u{ff20}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '\u{ffe5}' => '¥',
            other => other,
        })
        .collect()
}

static DIGITS_ONLY: LazyLock<Vec<Rule>> =
    LazyLock::new(|| vec![Rule::new(r"\d+", |found| Some(grouped(found.get(0))))]);

/// What is counted and makes a two 两.
const MEASURES: &str = "个半小时|个|位|名|天|周|年|次|件|台|辆|张|条|只|本|份|杯|瓶|包|箱|盒|套|双|对|家|间|块|元|分钟|秒钟|秒|小时|工作日|公里|千米|米|厘米|毫米|公斤|千克|克|斤|吨|升|毫升|平方米|人|种|项|步|句|封|笔|单|遍|倍|成|点|站|圈|层";

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut rules = vec![
        Rule::new(r"[A-Za-z0-9][A-Za-z0-9_.+-]*@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+", |found| {
            Some(address(found.get(0)))
        }),
        Rule::new(r"(?:https?://|www\.)[A-Za-z0-9_.~/?#&=%+-]*[A-Za-z0-9/]", |found| Some(address(found.get(0)))),
        Rule::new(r"\d(?: \d){2,}(?-u:\b)(?:, ?\d(?: \d)*(?-u:\b))*", |found| Some(spaced_digits(found.get(0)))),
        // Pairs are digits only where another pair or more follows.
        Rule::new(r"\d \d(?:, ?\d(?: \d)+(?-u:\b))+", |found| Some(spaced_digits(found.get(0)))),
    ];
    rules.extend(dates::rules());
    rules.extend([
        Rule::new(&format!(r"([-−]?{NUMBER})\s?(%|‰)"), |found| {
            let whole = if found.get(2) == "‰" { "千分之" } else { "百分之" };
            let written = Written::parse(found.get(1))?;
            let sign = if written.negative { "负" } else { "" };
            Some(format!("{sign}{whole}{}", number(&Written { negative: false, ..written })))
        }),
        Rule::new(
            &format!(r"([-−]?)(US\$|HK\$|\$|€|£|CN¥|¥|USD|EUR|GBP|CNY|RMB|JPY|HKD)\s?([-−]?{NUMBER})"),
            |found| {
                let mut written = Written::parse(found.get(3))?;
                written.negative |= !found.get(1).is_empty();
                amount(&written, found.get(2), found.after)
            },
        ),
        Rule::new(&format!(r"([-−]?{NUMBER})\s?(€|£|\$|USD|EUR|GBP|CNY|RMB|JPY|HKD)(?-u:\b)?"), |found| {
            amount(&Written::parse(found.get(1))?, found.get(2), "").filter(|_| found.ends())
        }),
        Rule::new(&format!(r"([-−]?{NUMBER})\s?(°\s?[CF]|℃|[A-Za-z°²³㎡/]+)"), unit),
        Rule::new(r"\+\d{1,3}(?:[\s().-]{0,2}\d){5,14}(?-u:\b)", |found| Some(telephone(found.get(0)))),
        Rule::new(r"1[3-9]\d{9}(?-u:\b)", |found| Some(telephone(found.get(0)))),
        Rule::new(r"[48]00[- ]?\d{3}[- ]?\d{4}(?-u:\b)", |found| Some(telephone(found.get(0)))),
        Rule::new(r"1[3-9]\d[- ]\d{4}[- ]\d{4}(?-u:\b)", |found| Some(telephone(found.get(0)))),
        Rule::new(r"\(?0\d{2,3}\)?[- ]?\d{7,8}(?-u:\b)", |found| Some(telephone(found.get(0)))),
        Rule::new(r"\d+(?:\.\d+){2,}(?-u:\b)", |found| {
            Some(found.get(0).split('.').map(cardinal_of).collect::<Vec<_>>().join("点"))
        }),
        Rule::new(r"(\d{1,3})/(\d{1,3})(?-u:\b)", |found| {
            let (over, under): (u64, u64) = (found.get(1).parse().ok()?, found.get(2).parse().ok()?);
            let is_fraction =
                under >= 2 && (1..under).contains(&over) && !found.after.starts_with('/') && found.get(0) != "24/7";
            is_fraction.then(|| format!("{}分之{}", cardinal(under), cardinal(over)))
        }),
        Rule::new(&format!(r"({NUMBER})\s?[-–—~\x{{ff5e}}至]\s?({NUMBER})"), range),
        Rule::new(r"第\s?(\d+)", |found| Some(format!("第{}", cardinal_of(found.get(1))))),
        Rule::new(r"(?i:no\.\s?|#\s?)(\d+)", |found| Some(format!("{}号", grouped_or_counted(found.get(1))))),
        Rule::new(r"[A-Za-z0-9]+(?:[-_/.][A-Za-z0-9]+)*", code),
        Rule::new(&format!(r"([-−+]?{NUMBER})(\s?)(?:({MEASURES})|([万亿千百]))?"), plain_number),
        Rule::new(r"[-−+]?\d+", |found| Some(grouped(found.get(0)))),
        Rule::new(r"[&%+=*#@/°£€$¥_|^\\<>≤≥×÷±]", sign),
    ]);
    rules
});

/// `1 0, 4 2`, which is how a flow reads back what was said.
fn spaced_digits(text: &str) -> String {
    text.split(',').map(|group| digits(group).replace('一', "幺")).collect::<Vec<_>>().join(",")
}

fn cardinal_of(digits: &str) -> String {
    digits.parse().map_or_else(|_| grouped(digits), cardinal)
}

fn grouped_or_counted(digits: &str) -> String {
    if digits.len() <= 2 { cardinal_of(digits) } else { grouped(digits) }
}

fn telephone(text: &str) -> String {
    let plus = text.trim_start().starts_with('+');
    let mut groups: Vec<String> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).map(str::to_owned).collect();
    let mut said = Vec::new();
    if plus && let Some(first) = groups.first_mut() {
        let length = country_code_length(first).min(first.len());
        let rest = first.split_off(length);
        said.push(format!("加{}", digits(first).replace('一', "幺")));
        groups.remove(0);
        if !rest.is_empty() {
            groups.insert(0, rest);
        }
    }
    said.extend(groups.iter().map(|group| grouped(group)));
    said.join(",")
}

fn plain_number(found: &Found<'_>) -> Option<String> {
    let (text, measure, scale) = (found.get(1), found.get(3), found.get(4));
    if measure.is_empty() && scale.is_empty() && !found.ends() {
        return None;
    }
    let joined = text.starts_with(['-', '−', '+']) && found.before.ends_with(|c: char| c.is_alphanumeric());
    let whole = text.trim_start_matches(['-', '−', '+']);
    let is_digits = whole.bytes().all(|byte| byte.is_ascii_digit());
    let tail = found.get(2).to_owned() + measure + scale;
    let padded = whole.len() > 1 && whole.starts_with('0') && !whole.starts_with("0.");
    let sign = match text.chars().next() {
        Some('+') if !joined => "加",
        Some('-' | '−') if !joined => "负",
        _ => "",
    };
    if measure.is_empty()
        && scale.is_empty()
        && is_digits
        && (padded || whole.len() >= 7 || names_something(found, whole))
    {
        return Some(format!("{sign}{}{tail}", grouped(whole)));
    }
    let written = Written::parse(whole)?;
    let words =
        if measure.is_empty() && !matches!(scale, "万" | "亿" | "千") { number(&written) } else { count(&written) };
    Some(format!("{sign}{words}{}", tail.trim_start()))
}

/// Whether a number stands for something, such as an order, and is no count.
fn names_something(found: &Found<'_>, digits: &str) -> bool {
    const NAMES: [&str; 22] = [
        "订单",
        "单号",
        "编号",
        "号码",
        "号",
        "验证码",
        "密码",
        "卡号",
        "尾号",
        "工号",
        "分机",
        "会员",
        "账户",
        "账号",
        "快递",
        "邮编",
        "代码",
        "发票",
        "电话",
        "手机",
        "热线",
        "客服",
    ];
    let before = found.before.trim_end_matches([' ', ':', '\u{ff1a}', '是', '为', '“', '"', '了', '\u{a0}']);
    digits.len() >= 3 && NAMES.iter().any(|name| before.ends_with(name))
}

/// 三到五天.
fn range(found: &Found<'_>) -> Option<String> {
    let (from, to) = (Written::parse(found.get(1))?, Written::parse(found.get(2))?);
    let value = |written: &Written| -> Option<f64> { format!("{}.{}0", written.whole, written.fraction).parse().ok() };
    let next = found.after.chars().next();
    let padded = |written: &Written| written.whole.len() > 1 && written.whole.starts_with('0');
    if next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-')
        || padded(&from)
        || padded(&to)
        || value(&from)? >= value(&to)?
    {
        return None;
    }
    // 两到三天, but 二到三 when nothing is counted.
    let counted = !found.after.is_empty() && !found.after.starts_with(|c: char| !c.is_alphanumeric());
    let say = |written: &Written| if counted { count(written) } else { number(written) };
    Some(format!("{}到{}", say(&from), say(&to)))
}

/// Letters and digits in one token are an id, unless the letters are a word.
fn code(found: &Found<'_>) -> Option<String> {
    let text = found.get(0);
    let letters = text.contains(|c: char| c.is_ascii_alphabetic());
    let figures = text.contains(|c: char| c.is_ascii_digit());
    if !figures || !found.ends() {
        return None;
    }
    if !letters {
        return text.contains(['-', '_']).then(|| spelled(text));
    }
    Some(format!(" {} ", spelled(text)))
}

fn address(text: &str) -> String {
    let text = text.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    let mut out = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_alphanumeric() {
            if run.chars().next_back().is_some_and(|last| last.is_ascii_digit() != c.is_ascii_digit()) {
                out.push_str(&address_part(&std::mem::take(&mut run)));
            }
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            out.push_str(&address_part(&std::mem::take(&mut run)));
        }
        out.push_str(match c {
            '.' => "点",
            '@' => "艾特",
            '-' => "横杠",
            '_' => "下划线",
            '/' => "斜杠",
            _ => "",
        });
    }
    out
}

fn address_part(run: &str) -> String {
    let no_vowel = !run.to_ascii_lowercase().contains(['a', 'e', 'i', 'o', 'u', 'y']);
    if run.bytes().all(|byte| byte.is_ascii_digit()) {
        grouped(run)
    } else if run.len() <= 2 || no_vowel {
        format!(" {} ", spelled(run))
    } else {
        format!(" {run} ")
    }
}

fn amount_as(text: &str) -> Option<String> {
    let digits = text.trim_matches(|c: char| !c.is_ascii_digit());
    let written = Written::parse(digits)?;
    let sign: String = text.replace(digits, "").chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    amount(&written, if sign.is_empty() || sign == "元" { "¥" } else { &sign }, "")
}

/// 十二元五角; other currencies with a point.
fn amount(written: &Written, sign: &str, after: &str) -> Option<String> {
    let name = match sign {
        "$" | "US$" | "USD" => "美元",
        "€" | "EUR" => "欧元",
        "£" | "GBP" => "英镑",
        "JPY" => "日元",
        "HK$" | "HKD" => "港元",
        "¥" | "CN¥" | "CNY" | "RMB" => "元",
        _ => return None,
    };
    // ¥3万: the scale belongs to the number.
    if after.starts_with(['万', '亿']) {
        return Some(count(written));
    }
    let fraction = written.fraction.as_str();
    let minus = if written.negative { "负" } else { "" };
    let (tenths, hundredths) = match (name, fraction.len()) {
        ("元", 1) => (fraction.parse::<u64>().ok()?, 0),
        ("元", 2) => (fraction[..1].parse().ok()?, fraction[1..].parse::<u64>().ok()?),
        ("元", 0) => (0, 0),
        _ if fraction.bytes().all(|byte| byte == b'0') => (0, 0),
        _ => return Some(format!("{}{name}", number(written))),
    };
    let whole = written.value()?;
    let mut words = minus.to_owned();
    if whole > 0 || (tenths == 0 && hundredths == 0) {
        words += &format!("{}{name}", counting(whole));
    }
    if tenths > 0 {
        words += &format!("{}角", counting(tenths));
    } else if hundredths > 0 && whole > 0 {
        words.push('零');
    }
    if hundredths > 0 {
        words += &format!("{}分", cardinal(hundredths));
    }
    Some(words)
}

const UNITS: [(&str, &str); 34] = [
    ("km/h", "公里每小时"),
    ("m/s", "米每秒"),
    ("km", "公里"),
    ("m", "米"),
    ("cm", "厘米"),
    ("mm", "毫米"),
    ("m²", "平方米"),
    ("㎡", "平方米"),
    ("m³", "立方米"),
    ("kg", "公斤"),
    ("g", "克"),
    ("mg", "毫克"),
    ("t", "吨"),
    ("l", "升"),
    ("L", "升"),
    ("ml", "毫升"),
    ("mL", "毫升"),
    ("h", "小时"),
    ("min", "分钟"),
    ("s", "秒"),
    ("ms", "毫秒"),
    ("kW", "千瓦"),
    ("kWh", "千瓦时"),
    ("W", "瓦"),
    ("V", "伏"),
    ("Hz", "赫兹"),
    ("KB", "K B"),
    ("kB", "K B"),
    ("MB", "兆"),
    ("GB", "G B"),
    ("TB", "T B"),
    ("Mbps", "兆每秒"),
    ("Mbit/s", "兆每秒"),
    ("kcal", "千卡"),
];

fn unit(found: &Found<'_>) -> Option<String> {
    let symbol: String = found.get(2).split_whitespace().collect();
    let written = Written::parse(found.get(1))?;
    match symbol.as_str() {
        // 零下五摄氏度.
        "°C" | "℃" => return Some(format!("{}摄氏度", signed(&written, "零下", counting))),
        "°F" => return Some(format!("{}华氏度", signed(&written, "零下", counting))),
        "°" => return Some(format!("{}度", signed(&written, "零下", counting))),
        _ => {}
    }
    let (_, name) = UNITS.iter().find(|(known, _)| *known == symbol)?;
    found.ends().then(|| format!("{}{name}", count(&written)))
}

fn sign(found: &Found<'_>) -> Option<String> {
    let word = match found.get(0) {
        "&" => "和",
        "%" => "百分号",
        "+" => "加",
        "=" => "等于",
        "*" => "星号",
        "#" => "井号",
        "@" => "艾特",
        "°" => "度",
        "£" => "英镑",
        "€" => "欧元",
        "$" => "美元",
        "¥" => "元",
        "<" => "小于",
        ">" => "大于",
        "≤" => "不超过",
        "≥" => "不低于",
        "×" => "乘",
        "÷" => "除以",
        "±" => "正负",
        _ => " ",
    };
    // "*号键", "#键": the key's name is said once.
    let word = if found.after.starts_with('号') { word.trim_end_matches('号') } else { word };
    Some(word.to_owned())
}
