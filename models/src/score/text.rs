//! Text as it is compared: lower case, no punctuation, numbers as single digits. Recogniser and reference pass through the same
//! steps, so that "45", "forty-five" and "Forty five." count as the same answer.

/// Spelt numbers below a hundred.
const UNITS: [(&str, u32); 28] = [
    ("zero", 0),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
];

/// Spellings that mean the same.
const SAME: [(&str, &str); 16] = [
    ("mr", "mister"),
    ("mrs", "missus"),
    ("dr", "doctor"),
    ("st", "saint"),
    ("ok", "okay"),
    ("cannot", "can not"),
    ("colour", "color"),
    ("favour", "favor"),
    ("honour", "honor"),
    ("grey", "gray"),
    ("centre", "center"),
    ("theatre", "theater"),
    ("neighbour", "neighbor"),
    ("harbour", "harbor"),
    ("labour", "labor"),
    ("everyone", "every one"),
];

/// What recognisers trained on subtitles say when nobody speaks.
const PHANTOMS: [&str; 29] = [
    "you",
    "so",
    "thank you",
    "thank you very much",
    "thank you for watching",
    "thank you so much for watching",
    "thanks for watching",
    "please subscribe",
    "please subscribe to my channel",
    "bye",
    "bye bye",
    "the end",
    "uh",
    "um",
    "hmm",
    "mm",
    "ah",
    "music",
    "applause",
    "transcript emily beynon",
    "谢谢观看",
    "感谢观看",
    "谢谢收看",
    "谢谢大家",
    "谢谢大家观看",
    "感谢您的观看",
    "感谢收看",
    "请订阅我的频道",
    "下期再见",
];

/// What no caller says, wherever it stands: the credits of subtitles.
const CREDITS: [&str; 9] = [
    "thanks for watching",
    "thank you for watching",
    "subscribe to my channel",
    "subtitles by the",
    "amara org",
    "明镜与点点",
    "请不吝点赞",
    "字幕志愿者",
    "字幕由",
];

/// The words of a text as they are compared: numbers become single digits.
///
/// ```
/// assert_eq!(models::score::words("Mr. Smith's 45 apples!"), ["mister", "smith's", "4", "5", "apples"]);
/// assert_eq!(models::score::words("forty-five"), models::score::words("45"));
/// ```
pub fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut number = Number::default();
    for word in plain_words(text) {
        if number.take(&word) {
            continue;
        }
        number.flush(&mut out);
        if number.take(&word) {
            continue;
        }
        match digit_words(&word) {
            Some(digits) => out.extend(digits),
            None => out.push(word),
        }
    }
    number.flush(&mut out);
    out
}

/// Lower case, apostrophes inside words kept, all else a space; synonyms replaced.
fn plain_words(text: &str) -> Vec<String> {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '’' | '\'' => clean.push('\''),
            '%' => clean.push_str(" percent "),
            '&' => clean.push_str(" and "),
            c if is_chinese(c) => {
                clean.push(' ');
                clean.push(chinese_digit(c).unwrap_or(c));
                clean.push(' ');
            }
            c if c.is_alphanumeric() => clean.extend(c.to_lowercase()),
            _ => clean.push(' '),
        }
    }
    let mut out = Vec::new();
    for word in clean.split_whitespace() {
        let word = word.trim_matches('\'');
        match SAME.iter().find(|(from, _)| *from == word) {
            Some((_, to)) => out.extend(to.split(' ').map(str::to_owned)),
            None if word.is_empty() => {}
            None => out.push(word.to_owned()),
        }
    }
    out
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '〇')
}

fn chinese_digit(c: char) -> Option<char> {
    let digits = [
        ('零', '0'),
        ('〇', '0'),
        ('一', '1'),
        ('幺', '1'),
        ('二', '2'),
        ('两', '2'),
        ('三', '3'),
        ('四', '4'),
        ('五', '5'),
        ('六', '6'),
        ('七', '7'),
        ('八', '8'),
        ('九', '9'),
    ];
    digits.iter().find(|(chinese, _)| *chinese == c).map(|(_, digit)| *digit)
}

/// `4502` → `4`, `5`, `0`, `2`; `21st` → `2`, `1`.
fn digit_words(word: &str) -> Option<Vec<String>> {
    let number = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| number.chars().map(String::from).collect())
}

/// A cardinal number as it is spelt out, word by word.
#[derive(Default)]
struct Number {
    /// Finished thousands.
    thousands: u64,
    /// What is being built below a thousand.
    value: u64,
    last: Option<Last>,
}

#[derive(Clone, Copy, PartialEq)]
enum Last {
    Unit,
    Teen,
    Ten,
    Hundred,
    Thousand,
    And,
}

impl Number {
    /// Whether the word goes on with the number.
    fn take(&mut self, word: &str) -> bool {
        if let Some((_, value)) = UNITS.iter().find(|(name, _)| *name == word) {
            let kind = match value {
                0..=9 => Last::Unit,
                10..=19 => Last::Teen,
                _ => Last::Ten,
            };
            let fits = match (self.last, kind) {
                (None, _) => true,
                (Some(Last::Ten), Last::Unit) => *value > 0,
                (Some(Last::Hundred | Last::Thousand | Last::And), _) => true,
                _ => false,
            };
            if fits {
                self.value += u64::from(*value);
                self.last = Some(kind);
            }
            return fits;
        }
        match (word, self.last) {
            ("hundred", Some(Last::Unit | Last::Teen | Last::Ten)) if self.value < 100 => {
                self.value *= 100;
                self.last = Some(Last::Hundred);
                true
            }
            ("thousand", Some(Last::Unit | Last::Teen | Last::Ten | Last::Hundred)) if self.thousands == 0 => {
                self.thousands = self.value * 1_000;
                self.value = 0;
                self.last = Some(Last::Thousand);
                true
            }
            ("and", Some(Last::Hundred | Last::Thousand)) => {
                self.last = Some(Last::And);
                true
            }
            _ => false,
        }
    }

    fn flush(&mut self, out: &mut Vec<String>) {
        if let Some(last) = self.last {
            let number = self.thousands + self.value;
            out.extend(number.to_string().chars().map(String::from));
            if last == Last::And {
                out.push("and".to_owned());
            }
        }
        *self = Number::default();
    }
}

/// The digits in a text, in order, spelt or written; "oh" and a lone "o" are zero, "double" and "triple" repeat what follows.
///
/// ```
/// assert_eq!(models::score::digits("Four five, five oh one"), "45501");
/// assert_eq!(models::score::digits("double two 7"), "227");
/// ```
pub fn digits(text: &str) -> String {
    let mut out = String::new();
    let mut repeat = 1;
    for word in words(text) {
        let digit = match word.as_str() {
            "oh" | "o" => Some('0'),
            "double" => {
                repeat = 2;
                continue;
            }
            "triple" => {
                repeat = 3;
                continue;
            }
            word => word.chars().next().filter(|c| word.len() == 1 && c.is_ascii_digit()),
        };
        if let Some(digit) = digit {
            out.extend(std::iter::repeat_n(digit, repeat));
        }
        repeat = 1;
    }
    out
}

/// Whether a text is digits and nothing else.
pub fn is_only_digits(text: &str) -> bool {
    let words = words(text);
    !words.is_empty()
        && words.iter().all(|word| {
            matches!(word.as_str(), "oh" | "o" | "double" | "triple")
                || (word.len() == 1 && word.as_bytes()[0].is_ascii_digit())
        })
}

/// Whether two texts are the same words.
pub fn same_words(a: &str, b: &str) -> bool {
    words(a) == words(b)
}

/// Spelt numbers below a hundred as figures: "twenty five grams" → "25 grams".
pub(crate) fn numbers_as_figures(text: &str) -> String {
    let value = |word: &str| UNITS.iter().find(|(name, _)| *name == word.to_lowercase()).map(|(_, value)| *value);
    let words: Vec<&str> = text.split_whitespace().flat_map(|word| word.split('-')).collect();
    let hyphens =
        text.split_whitespace().any(|word| word.contains('-') && word.split('-').all(|part| value(part).is_some()));
    let words = if hyphens { words } else { text.split_whitespace().collect() };
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        match (value(word), words.get(at).and_then(|next| value(next))) {
            (Some(ten @ 20..), Some(unit @ 1..10)) => {
                out.push((ten + unit).to_string());
                at += 1;
            }
            (Some(number), _) => out.push(number.to_string()),
            (None, _) => out.push((*word).to_owned()),
        }
    }
    out.join(" ")
}

/// Figures below a hundred as they are spelt: "12 ounce" → "twelve ounce".
pub(crate) fn numbers_as_words(text: &str) -> String {
    let name = |value: u32| UNITS.iter().find(|(_, known)| *known == value).map(|(name, _)| (*name).to_owned());
    let spelt = |word: &str| match word.parse::<u32>() {
        Ok(value) if value < 100 && !word.starts_with('+') => match (name(value), value % 10) {
            (Some(name), _) => Some(name),
            (None, unit) => Some(format!("{}-{}", name(value - unit)?, name(unit)?)),
        },
        _ => None,
    };
    text.split_whitespace().map(|word| spelt(word).unwrap_or_else(|| word.to_owned())).collect::<Vec<_>>().join(" ")
}

/// Whether a text is one of those that recognisers invent in silence. People say "thank you" and "bye" too, but no answer that a
/// caller is asked for is lost by taking them for silence.
pub fn is_phantom(text: &str) -> bool {
    // Chinese comes out of plain_words() character by character.
    let plain = |text: &str| plain_words(text).join(" ");
    let heard = plain(text);
    PHANTOMS.iter().any(|phantom| plain(phantom) == heard)
        || CREDITS.iter().any(|credit| heard.contains(&plain(credit)))
}

/// The text without what it repeats over and over, if it does: a recogniser that has lost its way says the same words until it is
/// stopped. Four times the same one to eight words are a loop; people say "no, no, no".
pub fn without_loop(text: &str) -> Option<String> {
    let pieces: Vec<&str> = text.split_whitespace().collect();
    let same: Vec<String> = pieces.iter().map(|piece| plain_words(piece).join("")).collect();
    for length in 1..=8usize {
        for from in 0..same.len().saturating_sub(4 * length - 1) {
            let once = &same[from..from + length];
            let times = same[from..].chunks_exact(length).take_while(|chunk| *chunk == once).count();
            if times >= 4 {
                let rest = &pieces[from + times * length..];
                return Some([&pieces[..from + length], rest].concat().join(" "));
            }
        }
    }
    None
}
