//! Markup in prompts: the part of SSML (W3C, version 1.1) that helps on a telephone. `<break time="500ms"/>` pauses,
//! `<say-as interpret-as="digits">` says how something is read, `<prosody rate="slow">` how fast. A text is written without its
//! markup in transcripts, and spoken without whatever else looks like a tag; the validator names that before a flow is published.

use std::fmt::{self, Write};

/// The longest pause that can be asked for, in ms: callers take a longer one for the end of the call.
pub const LONGEST_BREAK_MS: u32 = 10_000;
/// How slow and how fast speech can be asked for, as a factor.
pub const RATES: std::ops::RangeInclusive<f32> = 0.5..=2.0;

/// How a piece of text is to be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SayAs {
    /// Letter by letter, digits one by one.
    Characters,
    /// Digits one by one.
    Digits,
    /// A telephone number: digits in groups.
    Telephone,
    /// How many.
    Cardinal,
    /// Which one.
    Ordinal,
    /// A date; the order in which numbers stand, such as `dmy`, if it was given.
    Date(Option<String>),
    /// A time of day.
    Time,
    /// An amount of money.
    Currency,
}

impl SayAs {
    /// The names of `interpret-as`.
    pub const NAMES: [&'static str; 12] = [
        "characters",
        "spell-out",
        "verbatim",
        "digits",
        "telephone",
        "cardinal",
        "number",
        "ordinal",
        "date",
        "time",
        "currency",
        "money",
    ];

    fn from_name(name: &str, format: Option<&str>) -> Option<Self> {
        Some(match name {
            "characters" | "spell-out" | "verbatim" => Self::Characters,
            "digits" => Self::Digits,
            "telephone" => Self::Telephone,
            "cardinal" | "number" => Self::Cardinal,
            "ordinal" => Self::Ordinal,
            "date" => Self::Date(format.map(str::to_owned)),
            "time" => Self::Time,
            "currency" | "money" => Self::Currency,
            _ => return None,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Digits => "digits",
            Self::Telephone => "telephone",
            Self::Cardinal => "cardinal",
            Self::Ordinal => "ordinal",
            Self::Date(_) => "date",
            Self::Time => "time",
            Self::Currency => "currency",
        }
    }
}

/// A piece of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub enum Span {
    /// Words.
    Text {
        /// As written, entities resolved.
        text: String,
        /// How they are read; as people would, unless said otherwise.
        say_as: Option<SayAs>,
        /// How fast, as a factor; 1 is the voice's own pace.
        rate: f32,
    },
    /// Silence.
    Break {
        /// Its length in ms.
        ms: u32,
    },
}

/// Something that looks like markup and is none that is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The tag as it was written.
    pub tag: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The pieces of a text. What is not understood is left out of them and returned beside them; it never fails.
pub fn parse(text: &str) -> (Vec<Span>, Vec<Unknown>) {
    let mut reader = Reader { spans: Vec::new(), unknown: Vec::new(), open: Vec::new(), words: String::new() };
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tail) = rest.split_at(at);
        reader.words.push_str(&resolved(before));
        // "5 < 6" and "<3" are words: a tag begins with a letter, or closes one.
        let begins = |c: char| c.is_ascii_alphabetic();
        let is_tag =
            tail[1..].starts_with(begins) || tail[1..].strip_prefix('/').is_some_and(|t| t.starts_with(begins));
        let end = tail.find('>').filter(|_| is_tag);
        match end {
            Some(end) => {
                reader.tag(&tail[..=end]);
                rest = &tail[end + 1..];
            }
            None => {
                if is_tag {
                    reader.complain(tail, "it is not closed with >");
                }
                reader.words.push('<');
                rest = &tail[1..];
            }
        }
    }
    reader.words.push_str(&resolved(rest));
    reader.flush();
    for open in std::mem::take(&mut reader.open) {
        reader.complain(&format!("<{}>", open.name), &format!("it is not closed with </{}>", open.name));
    }
    (reader.spans, reader.unknown)
}

/// The text as it stands in a transcript: without markup.
pub fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.to_owned();
    }
    let mut plain = String::new();
    for span in parse(text).0 {
        match span {
            Span::Text { text, .. } => plain.push_str(&text),
            // A pause stands between words, and where it stood must be no "oneword".
            Span::Break { .. } => plain.push(' '),
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Pieces back in writing, so that [`parse`] gives them again.
pub fn write(spans: &[Span]) -> String {
    let mut out = String::new();
    for span in spans {
        match span {
            Span::Break { ms } => {
                let _ = write!(out, "<break time=\"{ms}ms\"/>");
            }
            Span::Text { text, say_as, rate } => {
                let fast = (rate - 1.0).abs() > 0.001;
                if fast {
                    let _ = write!(out, "<prosody rate=\"{}%\">", (rate * 100.0).round());
                }
                match say_as {
                    None => out.push_str(&escaped(text)),
                    Some(say_as) => {
                        let _ = write!(out, "<say-as interpret-as=\"{}\"", say_as.name());
                        if let SayAs::Date(Some(format)) = say_as {
                            let _ = write!(out, " format=\"{}\"", escaped(format));
                        }
                        let _ = write!(out, ">{}</say-as>", escaped(text));
                    }
                }
                if fast {
                    out.push_str("</prosody>");
                }
            }
        }
    }
    out
}

/// The tags of a template's source that would not be spoken as meant. What a template fills in is not looked at.
pub fn check(source: &str) -> Vec<Unknown> {
    parse(&without_templates(source)).1
}

/// A source with every `{{ … }}`, `{% … %}` and `{# … #}` taken for a word.
fn without_templates(source: &str) -> String {
    let mut out = String::new();
    let mut rest = source;
    while let Some(at) = rest.find('{') {
        let close = match rest[at + 1..].chars().next() {
            Some('{') => "}}",
            Some('%') => "%}",
            Some('#') => "#}",
            _ => {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
                continue;
            }
        };
        out.push_str(&rest[..at]);
        out.push('0');
        rest = rest[at + 2..].find(close).map_or("", |end| &rest[at + 2 + end + 2..]);
    }
    out.push_str(rest);
    out
}

struct Open {
    name: String,
    say_as: Option<SayAs>,
    rate: Option<f32>,
}

struct Reader {
    spans: Vec<Span>,
    unknown: Vec<Unknown>,
    open: Vec<Open>,
    words: String,
}

impl Reader {
    fn complain(&mut self, tag: &str, reason: &str) {
        let tag: String = tag.chars().take(60).collect();
        self.unknown.push(Unknown { tag, reason: reason.to_owned() });
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.words);
        if text.is_empty() {
            return;
        }
        let say_as = self.open.iter().rev().find_map(|open| open.say_as.clone());
        let rate: f32 = self.open.iter().filter_map(|open| open.rate).product();
        self.spans.push(Span::Text { text, say_as, rate: rate.clamp(*RATES.start(), *RATES.end()) });
    }

    fn tag(&mut self, whole: &str) {
        self.flush();
        let inner = whole.trim_start_matches('<').trim_end_matches('>');
        if let Some(name) = inner.strip_prefix('/') {
            let name = name.trim();
            return match self.open.iter().rposition(|open| open.name == name) {
                Some(at) => {
                    for left in self.open.split_off(at).into_iter().skip(1) {
                        self.complain(&format!("<{}>", left.name), &format!("it is not closed with </{}>", left.name));
                    }
                }
                None => self.complain(whole, "nothing of that name is open here"),
            };
        }
        let (inner, alone) = match inner.strip_suffix('/') {
            Some(inner) => (inner, true),
            None => (inner, false),
        };
        let name: String = inner.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let attribute = |wanted: &str| attribute(&inner[name.len()..], wanted);
        let mut open = Open { name: name.clone(), say_as: None, rate: None };
        match name.as_str() {
            "break" => {
                match break_ms(attribute("time").as_deref(), attribute("strength").as_deref()) {
                    Ok(ms) => self.spans.push(Span::Break { ms }),
                    Err(reason) => self.complain(whole, &reason),
                }
                if alone {
                    return;
                }
            }
            "say-as" => match (attribute("interpret-as"), attribute("format")) {
                (Some(kind), format) => {
                    open.say_as = SayAs::from_name(&kind, format.as_deref());
                    if open.say_as.is_none() {
                        let names = SayAs::NAMES.join(", ");
                        self.complain(whole, &format!("interpret-as is one of {names}"));
                    }
                }
                (None, _) => self.complain(whole, "it needs interpret-as, such as interpret-as=\"digits\""),
            },
            "prosody" => match attribute("rate").as_deref().map(rate) {
                Some(Some(rate)) => open.rate = Some(rate),
                _ => self.complain(whole, "it needs a rate: slow, medium, fast, or 50% to 200%"),
            },
            // Text from elsewhere often comes in one, and it changes nothing.
            "speak" => {}
            _ => self.complain(whole, "only <break>, <say-as> and <prosody rate> are spoken"),
        }
        if !alone {
            self.open.push(open);
        }
    }
}

/// The value of an attribute, in either kind of quotes.
fn attribute(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let equals = rest.find('=')?;
        let name = rest[..equals].trim();
        let value = rest[equals + 1..].trim_start();
        let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
        let end = value[1..].find(quote)?;
        if name == wanted {
            return Some(resolved(&value[1..=end]));
        }
        rest = &value[end + 2..];
    }
}

fn break_ms(time: Option<&str>, strength: Option<&str>) -> Result<u32, String> {
    let expected = || format!("its time is written like 500ms or 1.5s, up to {} s", LONGEST_BREAK_MS / 1_000);
    if let Some(time) = time {
        let time = time.trim();
        let ms = match (time.strip_suffix("ms"), time.strip_suffix('s')) {
            (Some(ms), _) => ms.trim().parse::<f64>().ok(),
            (None, Some(seconds)) => seconds.trim().parse::<f64>().ok().map(|seconds| seconds * 1_000.0),
            (None, None) => None,
        };
        let fits = |ms: &f64| (0.0..=f64::from(LONGEST_BREAK_MS)).contains(ms);
        return ms.filter(fits).map(|ms| ms as u32).ok_or_else(expected);
    }
    match strength {
        None | Some("medium") => Ok(400),
        Some("none") => Ok(0),
        Some("x-weak") => Ok(100),
        Some("weak") => Ok(200),
        Some("strong") => Ok(700),
        Some("x-strong") => Ok(1_200),
        Some(_) => Err(expected()),
    }
}

fn rate(written: &str) -> Option<f32> {
    let rate = match written.trim() {
        "x-slow" => 0.6,
        "slow" => 0.8,
        "medium" | "default" => 1.0,
        "fast" => 1.2,
        "x-fast" => 1.5,
        number => match number.strip_suffix('%') {
            // "+10%" is relative to the voice's own pace, "90%" a share of it.
            Some(percent) if percent.starts_with(['+', '-']) => 1.0 + percent.parse::<f32>().ok()? / 100.0,
            Some(percent) => percent.parse::<f32>().ok()? / 100.0,
            None => number.parse().ok()?,
        },
    };
    RATES.contains(&rate).then_some(rate)
}

const ENTITIES: [(&str, &str); 5] = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];

/// The five entities of XML; an ampersand that begins none is itself.
fn resolved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)) {
            Some((entity, meant)) => {
                out.push_str(meant);
                rest = &rest[entity.len()..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.tag, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Span {
        Span::Text { text: text.into(), say_as: None, rate: 1.0 }
    }

    #[test]
    fn pauses_readings_and_rates_are_understood() {
        let (spans, unknown) = parse(
            "Hello.<break time=\"0.5s\"/><say-as interpret-as='date' format=\"dmy\">3/4/2026</say-as> <prosody rate=\"slow\">bye</prosody>",
        );
        assert_eq!(unknown, []);
        assert_eq!(
            spans,
            [
                text("Hello."),
                Span::Break { ms: 500 },
                Span::Text { text: "3/4/2026".into(), say_as: Some(SayAs::Date(Some("dmy".into()))), rate: 1.0 },
                text(" "),
                Span::Text { text: "bye".into(), say_as: None, rate: 0.8 },
            ]
        );
    }

    #[test]
    fn what_is_no_tag_is_words() {
        for words in ["5 < 6 and 7 > 3", "I <3 bikes", "AT&T", "a<b", "100% & more;"] {
            let (spans, _) = parse(words);
            if words != "a<b" {
                assert_eq!(spans, [text(words)], "{words}");
            }
        }
        assert_eq!(plain("AT&amp;T &lt;b&gt;"), "AT&T <b>");
    }

    #[test]
    fn other_tags_are_never_spoken_and_always_named() {
        for (source, spoken) in [
            ("a <b>bold</b> word", "a bold word"),
            ("<audio src=\"http://x\"/>hello", "hello"),
            ("<break time=\"2h\"/>hello", "hello"),
            ("<break time=\"900s\"/>hello", "hello"),
            ("<say-as interpret-as=\"song\">la</say-as>", "la"),
            ("<prosody rate=\"9000%\">hello</prosody>", "hello"),
            ("<prosody pitch=\"high\">hello</prosody>", "hello"),
            ("<say-as interpret-as=\"digits\">12", "12"),
            ("12</say-as>", "12"),
        ] {
            assert_eq!(plain(source), spoken, "{source}");
            assert!(!check(source).is_empty(), "{source}");
        }
    }

    #[test]
    fn templates_are_no_markup() {
        for source in [
            "<say-as interpret-as=\"digits\">{{ slots.a }}</say-as>",
            "{% if a <b %}x{% endif %}",
            "{{ '<i>' }} and {# <i> #}",
        ] {
            assert_eq!(check(source), [], "{source}");
        }
    }

    #[test]
    fn what_is_written_back_is_read_the_same() {
        for source in [
            "Your number is <say-as interpret-as=\"characters\">B4</say-as>.",
            "<prosody rate=\"150%\">a &lt; b</prosody><break time=\"20ms\"/>c &amp; d",
            "<say-as interpret-as=\"date\" format=\"mdy\">3/4</say-as>",
        ] {
            let (spans, _) = parse(source);
            assert_eq!(parse(&write(&spans)), (spans, vec![]), "{source}");
        }
    }
}
