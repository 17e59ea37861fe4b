//! What an English text means, in words.

mod dates;
mod money;
mod words;

use std::sync::LazyLock;

use flow::markup::SayAs;

use super::number::{Written, country_code_length};
use super::scan::{Found, Rule, scan};
use words::{cardinal, digits, grouped, number, ordinal, spelled, year};

/// A number, with or without a sign that divides thousands, and with a fraction.
const NUMBER: &str = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?";

/// A text in words.
pub(super) fn read(text: &str) -> String {
    scan(text, &RULES)
}

/// A text read as it was asked for, or nothing when it is not of that kind.
pub(super) fn read_as(text: &str, say_as: &SayAs) -> Option<String> {
    let trimmed = text.trim();
    let words = match say_as {
        SayAs::Characters => spelled(trimmed),
        SayAs::Digits => scan(trimmed, &DIGITS_ONLY),
        SayAs::Telephone => telephone(trimmed),
        SayAs::Cardinal => number(&Written::parse(trimmed)?),
        SayAs::Ordinal => ordinal(Written::parse(trimmed.trim_end_matches(char::is_alphabetic))?.value()?),
        SayAs::Date(format) => dates::date_as(trimmed, format.as_deref())?,
        SayAs::Time => dates::time_as(trimmed)?,
        SayAs::Currency => money::amount_as(trimmed)?,
    };
    Some(words).filter(|words| !words.is_empty())
}

static DIGITS_ONLY: LazyLock<Vec<Rule>> =
    LazyLock::new(|| vec![Rule::new(r"\d+", |found| Some(grouped(found.get(0))))]);

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut rules = vec![
        Rule::new(r"[A-Za-z0-9][\w.+-]*@[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)+", |found| {
            Some(address(found.get(0)))
        }),
        Rule::new(r"(?:https?://|www\.)[^\s<>()]*[A-Za-z0-9/]", |found| Some(address(found.get(0)))),
        Rule::new(r"\d(?: \d){2,}\b(?:, ?\d(?: \d)*\b)*", |found| Some(spaced_digits(found.get(0)))),
        // Pairs are digits only where another pair or more follows.
        Rule::new(r"\d \d(?:, ?\d(?: \d)+\b)+", |found| Some(spaced_digits(found.get(0)))),
    ];
    rules.extend(dates::rules());
    rules.extend(money::rules());
    rules.extend([
        Rule::new(&format!(r"([-−+]?{NUMBER})\s?(%|‰|percent\b|per cent\b)"), |found| {
            let share = if found.get(2) == "‰" { "per mille" } else { "percent" };
            Some(format!("{} {share}", number(&Written::parse(found.get(1))?)))
        }),
        Rule::new(&format!(r"([-−]?{NUMBER})\s?(°\s?[CF]|[A-Za-z°µ²³/]+)"), unit),
        // Telephone numbers: with a country code, with an area code in brackets, in three groups, or with a leading zero in groups.
        Rule::new(r"\+\d{1,3}(?:[\s().-]{0,2}\d){5,14}\b", |found| Some(telephone(found.get(0)))),
        Rule::new(r"\(\d{2,5}\)\s?\d(?:[\s-]?\d){4,10}\b", |found| Some(telephone(found.get(0)))),
        Rule::new(r"(?:1[ -])?\d{3}[-. ]\d{3}[-. ]\d{4}\b", |found| Some(telephone(found.get(0)))),
        Rule::new(r"0\d{2,5}(?:[ /-]\d{2,8}){1,4}\b", |found| Some(telephone(found.get(0)))),
        Rule::new(r"\d+(?:\.\d+){2,}\b", |found| {
            let parts: Vec<String> = found.get(0).split('.').map(cardinal_of).collect();
            Some(parts.join(" point "))
        }),
        Rule::new(r"24/7\b", |_| Some("twenty-four seven".to_owned())),
        Rule::new(r"(?:(\d+)\s)?(\d{1,3})/(\d{1,3})\b", fraction),
        Rule::new(r"(\d*)\s?([½⅓⅔¼¾⅛])", |found| {
            let (over, under) = match found.get(2) {
                "½" => (1, 2),
                "⅓" => (1, 3),
                "⅔" => (2, 3),
                "¼" => (1, 4),
                "¾" => (3, 4),
                _ => (1, 8),
            };
            Some(mixed(found.get(1), over, under))
        }),
        Rule::new(r"(\d[\d,]*)(?:st|nd|rd|th)\b", |found| Some(ordinal(Written::parse(found.get(1))?.value()?))),
        Rule::new(r"(\d{0,3}0)s\b", |found| decade(found.get(1).parse().ok()?)),
        Rule::new(&format!(r"({NUMBER})\s?[-–—]\s?({NUMBER})\b"), range),
        Rule::new(r"#\s?(\d+)\b", |found| match found.get(1) {
            short if short.len() <= 2 => Some(format!("number {}", cardinal_of(short))),
            long => Some(format!("number {}", grouped(long))),
        }),
        Rule::new(r"No\.\s?(\d+)\b", |found| {
            let number = found.get(1);
            Some(format!("number {}", if number.len() <= 2 { cardinal_of(number) } else { grouped(number) }))
        }),
        Rule::new(r"[A-Za-z0-9]+(?:[-_/.][A-Za-z0-9]+)*", code),
        Rule::new(&format!("[-−+]?{NUMBER}"), plain_number),
        Rule::new(r"[-−+]?\d+", |found| Some(grouped(found.get(0)))),
        Rule::new(r"[A-Za-z][A-Za-z.]*\.", abbreviation),
        Rule::new(r"[A-Z]{2,}\b", |found| (found.get(0) == "ID").then(|| "I D".to_owned())),
        Rule::new(r"[&%+=*#@/°§~£€$¥_|^\\<>≤≥×÷±]", sign),
    ]);
    rules
});

fn cardinal_of(digits: &str) -> String {
    digits.parse().map_or_else(|_| grouped(digits), cardinal)
}

/// `1 0, 4 2`, which is how a flow reads back what was said.
fn spaced_digits(text: &str) -> String {
    text.split(',').map(digits).collect::<Vec<_>>().join(", ")
}

/// A telephone number with its groups, or with those of its length when none are written.
fn telephone(text: &str) -> String {
    let plus = text.trim_start().starts_with('+');
    let mut groups: Vec<String> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).map(str::to_owned).collect();
    // A lone trunk prefix or country digit goes with what follows: "1-800" is one breath.
    if !plus && groups.len() > 2 && groups[0].len() == 1 {
        let first = groups.remove(0);
        groups[0].insert_str(0, &first);
    }
    let country = match groups.first() {
        Some(first) if plus => {
            let length = country_code_length(first).min(first.len());
            let (code, rest) = first.split_at(length);
            let (code, rest) = (code.to_owned(), rest.to_owned());
            groups.remove(0);
            if !rest.is_empty() {
                groups.insert(0, rest);
            }
            Some(format!("plus {}", digits(&code)))
        }
        _ => None,
    };
    country.into_iter().chain(groups.iter().map(|group| grouped(group))).collect::<Vec<_>>().join(", ")
}

fn plain_number(found: &Found<'_>) -> Option<String> {
    let text = found.get(0);
    if !found.ends() {
        return None;
    }
    let whole = text.trim_start_matches(['-', '−', '+']);
    // A hyphen after a word joins, it does not subtract.
    let joined = whole.len() < text.len() && found.before.ends_with(|c: char| c.is_alphanumeric());
    let is_digits = whole.bytes().all(|byte| byte.is_ascii_digit());
    let words = if is_digits && (names_something(found, whole) || whole.len() >= 7 || is_padded(whole)) {
        grouped(whole)
    } else if is_digits && whole.len() == text.len() && is_year(found, whole) {
        year(whole.parse().ok()?)
    } else if joined {
        number(&Written::parse(whole)?)
    } else {
        let sign = if text.starts_with('+') { "plus " } else { "" };
        return Some(format!("{sign}{}", number(&Written::parse(text)?)));
    };
    let sign = match text.chars().next() {
        Some('+') => "plus ",
        Some('-' | '−') if !joined => "minus ",
        _ if joined => " ",
        _ => "",
    };
    Some(format!("{sign}{words}"))
}

fn is_padded(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

/// Whether a number stands for something, such as an order, and is no count.
fn names_something(found: &Found<'_>, digits: &str) -> bool {
    const NAMES: [&str; 24] = [
        "order",
        "number",
        "no",
        "nr",
        "code",
        "pin",
        "id",
        "account",
        "extension",
        "ext",
        "ref",
        "reference",
        "ticket",
        "invoice",
        "customer",
        "case",
        "booking",
        "confirmation",
        "card",
        "ending",
        "tracking",
        "serial",
        "postcode",
        "zip",
    ];
    const BETWEEN: [&str; 7] = ["is", "was", "in", "with", "for", "your", "id"];
    let mut words = found.words_before().take(3).skip_while(|word| BETWEEN.contains(&word.as_str()) && word != "id");
    digits.len() >= 3 && words.next().is_some_and(|word| NAMES.contains(&word.as_str()))
}

fn is_year(found: &Found<'_>, text: &str) -> bool {
    const BEFORE: [&str; 14] = [
        "in", "since", "until", "year", "from", "by", "before", "after", "spring", "summer", "autumn", "fall",
        "winter", "©",
    ];
    let counted = found.after.trim_start().starts_with(|c: char| c.is_ascii_lowercase());
    let before = found.words_before().next();
    text.len() == 4
        && ("1100".."2100").contains(&text)
        && before.is_some_and(|word| BEFORE.contains(&word.as_str()) && !(counted && word != "year" && word != "since"))
}

fn decade(number: u64) -> Option<String> {
    let words = if number < 100 { cardinal(number) } else { year(number) };
    words.strip_suffix('y').map(|stem| format!("{stem}ies")).or_else(|| Some(words + "s"))
}

fn fraction(found: &Found<'_>) -> Option<String> {
    let (over, under): (u64, u64) = (found.get(2).parse().ok()?, found.get(3).parse().ok()?);
    // "12/2026" and "and/or" are no fractions, nor is anything with a third part.
    if !found.ends() || found.after.starts_with('/') || under < 2 || over == 0 || over >= under {
        return None;
    }
    Some(mixed(found.get(1), over, under))
}

fn mixed(whole: &str, over: u64, under: u64) -> String {
    let part = match (over, under) {
        (1, 2) if whole.is_empty() => "one half".to_owned(),
        (1, 2) => "a half".to_owned(),
        (1, 4) if !whole.is_empty() => "a quarter".to_owned(),
        (over, 4) if over == 1 || over == 3 => {
            format!("{} quarter{}", cardinal(over), if over == 1 { "" } else { "s" })
        }
        (over, under) => format!("{} {}{}", cardinal(over), ordinal(under), if over == 1 { "" } else { "s" }),
    };
    if whole.is_empty() { part } else { format!("{} and {part}", cardinal_of(whole)) }
}

fn range(found: &Found<'_>) -> Option<String> {
    let (from, to) = (Written::parse(found.get(1))?, Written::parse(found.get(2))?);
    let value = |written: &Written| -> Option<f64> { format!("{}.{}0", written.whole, written.fraction).parse().ok() };
    let next = found.after.chars().next();
    let more =
        next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-') || is_padded(&from.whole) || is_padded(&to.whole);
    if more || value(&from)? >= value(&to)? || names_something(found, &from.whole) {
        return None;
    }
    let years = from.whole.len() == 4 && is_year_like(&from) && is_year_like(&to);
    let say = |written: &Written| if years { written.value().map(year) } else { Some(number(written)) };
    Some(format!("{} to {}", say(&from)?, say(&to)?))
}

fn is_year_like(written: &Written) -> bool {
    written.fraction.is_empty() && written.value().is_some_and(|value| (1_800..2_100).contains(&value))
}

/// Letters and digits in one token are an id, unless the letters are a word.
fn code(found: &Found<'_>) -> Option<String> {
    let text = found.get(0);
    let (letters, figures) =
        (text.contains(|c: char| c.is_ascii_alphabetic()), text.contains(|c: char| c.is_ascii_digit()));
    if !figures || !found.ends() {
        return None;
    }
    if !letters {
        // Groups of digits with hyphens or underscores: an id. With points: a version, which has its own rule.
        let is_id =
            text.contains(['-', '_']) || (text.contains('/') && text.matches('/').count() == 1 && text.len() > 7);
        return is_id.then(|| spelled(text));
    }
    let mut words = Vec::new();
    for part in text.split_inclusive(['-', '_', '/', '.']) {
        let (body, mark) = match part.chars().next_back() {
            Some(c) if !c.is_ascii_alphanumeric() => part.split_at(part.len() - 1),
            _ => (part, ""),
        };
        words.push(code_part(body));
        match mark {
            "" => {}
            "." => words.push("point".to_owned()),
            // Between words it is nothing, in an id a pause.
            _ if is_word(body) => {}
            _ => words.push(",".to_owned()),
        }
    }
    Some(words.join(" ").trim_end_matches([' ', ',']).to_owned())
}

/// Three letters or more that are not all capitals.
fn is_word(text: &str) -> bool {
    text.len() >= 3
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// `B455`, `iPhone15`, `touring`.
fn code_part(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != kind).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        words.push(match kind {
            true if words.last().is_some_and(|word: &String| is_word(word)) && run.len() < 3 => cardinal_of(run),
            true => spelled(run),
            false if is_word(run) => run.to_owned(),
            false => spelled(run),
        });
        rest = after;
    }
    words.join(" ")
}

fn address(text: &str) -> String {
    let text = text.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    let mut words: Vec<String> = Vec::new();
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_alphabetic() || c.is_ascii_digit() {
            // Letters and digits are said apart.
            let same = run.is_empty()
                || run.chars().next_back().is_some_and(|last| last.is_ascii_digit() == c.is_ascii_digit());
            if !same {
                words.push(address_part(&std::mem::take(&mut run)));
            }
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            words.push(address_part(&std::mem::take(&mut run)));
        }
        words.push(
            match c {
                '.' => "dot",
                '@' => "at",
                '-' => "dash",
                '_' => "underscore",
                '/' => "slash",
                '+' => "plus",
                '?' => "question mark",
                '=' => "equals",
                '&' => "and",
                '#' => "hash",
                _ => continue,
            }
            .to_owned(),
        );
    }
    words.join(" ")
}

fn address_part(run: &str) -> String {
    let no_vowel = !run.contains(['a', 'e', 'i', 'o', 'u', 'y', 'A', 'E', 'I', 'O', 'U', 'Y']);
    match run {
        "com" | "org" | "net" | "www" if run != "www" => run.to_owned(),
        run if run.bytes().all(|byte| byte.is_ascii_digit()) => grouped(run),
        run if run.len() <= 2 || no_vowel => spelled(run),
        run => run.to_owned(),
    }
}

fn abbreviation(found: &Found<'_>) -> Option<String> {
    let more = found.after.trim_start();
    let name_follows = more.starts_with(|c: char| c.is_uppercase());
    let last = more.is_empty();
    let words = match found.get(0) {
        "Mr." => "Mister",
        "Mrs." => "Missus",
        "Ms." => "Miz",
        "Dr." if name_follows => "Doctor",
        "Dr." => "Drive",
        "St." if name_follows => "Saint",
        "St." => "Street",
        "Prof." => "Professor",
        "e.g." => "for example",
        "i.e." => "that is",
        "etc." if last => "et cetera.",
        "etc." => "et cetera",
        "vs." => "versus",
        "approx." => "approximately",
        "incl." => "including",
        "excl." => "excluding",
        "tel." | "Tel." => "telephone",
        "ext." => "extension",
        "dept." | "Dept." => "department",
        "Ltd." => "Limited",
        "Inc." => "Incorporated",
        "Co." => "Company",
        "Ave." => "Avenue",
        "Rd." => "Road",
        "p.m." | "P.M." => "P M",
        "a.m." | "A.M." => "A M",
        _ => return None,
    };
    Some(words.to_owned())
}

fn sign(found: &Found<'_>) -> Option<String> {
    let between = found.before.ends_with(char::is_alphabetic) && found.after.starts_with(char::is_alphabetic);
    let word = match found.get(0) {
        "&" => "and",
        "%" => "percent",
        "+" => "plus",
        "=" => "equals",
        "*" => "star",
        "#" => "hash",
        "@" => "at",
        "/" if between && !found.after.starts_with("or") => "or",
        "°" => "degrees",
        "§" => "section",
        "£" => "pounds",
        "€" => "euros",
        "$" => "dollars",
        "¥" => "yuan",
        "<" => "less than",
        ">" => "greater than",
        "≤" => "at most",
        "≥" => "at least",
        "×" => "times",
        "÷" => "divided by",
        "±" => "plus or minus",
        _ => "",
    };
    Some(if word.is_empty() { " ".to_owned() } else { format!(" {word} ") })
}

/// Symbol, one, several. Single letters only where nothing else is meant by them after a number.
const UNITS: [(&str, &str, &str); 52] = [
    ("km/h", "kilometer per hour", "kilometers per hour"),
    ("kmh", "kilometer per hour", "kilometers per hour"),
    ("m/s", "meter per second", "meters per second"),
    ("mph", "mile per hour", "miles per hour"),
    ("km", "kilometer", "kilometers"),
    ("m", "meter", "meters"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("mi", "mile", "miles"),
    ("ft", "foot", "feet"),
    ("yd", "yard", "yards"),
    ("m²", "square meter", "square meters"),
    ("m³", "cubic meter", "cubic meters"),
    ("kg", "kilogram", "kilograms"),
    ("g", "gram", "grams"),
    ("mg", "milligram", "milligrams"),
    ("t", "ton", "tons"),
    ("lb", "pound", "pounds"),
    ("lbs", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("l", "liter", "liters"),
    ("L", "liter", "liters"),
    ("ml", "milliliter", "milliliters"),
    ("h", "hour", "hours"),
    ("hr", "hour", "hours"),
    ("hrs", "hour", "hours"),
    ("min", "minute", "minutes"),
    ("mins", "minute", "minutes"),
    ("s", "second", "seconds"),
    ("sec", "second", "seconds"),
    ("secs", "second", "seconds"),
    ("ms", "millisecond", "milliseconds"),
    ("kW", "kilowatt", "kilowatts"),
    ("kWh", "kilowatt hour", "kilowatt hours"),
    ("W", "watt", "watts"),
    ("V", "volt", "volts"),
    ("Hz", "hertz", "hertz"),
    ("kHz", "kilohertz", "kilohertz"),
    ("MHz", "megahertz", "megahertz"),
    ("GHz", "gigahertz", "gigahertz"),
    ("kB", "kilobyte", "kilobytes"),
    ("KB", "kilobyte", "kilobytes"),
    ("MB", "megabyte", "megabytes"),
    ("GB", "gigabyte", "gigabytes"),
    ("TB", "terabyte", "terabytes"),
    ("Mbit/s", "megabit per second", "megabits per second"),
    ("Mbps", "megabit per second", "megabits per second"),
    ("Gbit/s", "gigabit per second", "gigabits per second"),
    ("°C", "degree Celsius", "degrees Celsius"),
    ("°F", "degree Fahrenheit", "degrees Fahrenheit"),
    ("°", "degree", "degrees"),
    ("kcal", "kilocalorie", "kilocalories"),
];

fn unit(found: &Found<'_>) -> Option<String> {
    let symbol: String = found.get(2).split_whitespace().collect();
    let (_, one, several) = UNITS.iter().find(|(known, _, _)| *known == symbol)?;
    if !found.ends()
        || (found.after.starts_with('-') && found.after[1..].starts_with(|c: char| c.is_ascii_alphanumeric()))
    {
        return None;
    }
    let written = Written::parse(found.get(1))?;
    // "the 1990s" are no seconds.
    if symbol == "s" && written.fraction.is_empty() && written.whole.ends_with('0') && !found.get(0).contains(' ') {
        return None;
    }
    let name = if written.is_one() { one } else { several };
    Some(format!("{} {name}", number(&written)))
}
