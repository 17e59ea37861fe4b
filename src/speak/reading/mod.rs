//! Reading as people read: from a text as it is written to the words that a voice says. Numbers, dates, times, money, telephone
//! numbers, order ids and units become words here, the same for every voice; the transcript keeps what was written.
//!
//! Where a writing has two readings, the one that nobody misunderstands is taken: `3/4/2026` is "three, four, twenty twenty-six", as
//! no one knows which is the month, unless `<say-as interpret-as="date" format="dmy">` says so. Ids are read letter by letter and
//! digit by digit, never "double five", which half of the callers write down wrong.
//!
//! - [`scan`]: finds in a text what a list of rules can read.
//! - [`number`]: numbers as they are written.
//! - [`english`], [`chinese`]: the rules.

mod chinese;
mod english;
mod number;
mod scan;

use std::time::Duration;

use flow::markup::{self, SayAs, Span};
use intent::Language;

/// What is said without a break of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Segment {
    /// Words for a voice, all of them words: no digit, no sign is left.
    Words {
        /// The words.
        text: String,
        /// How fast, as a factor of the voice's own pace.
        rate: f32,
    },
    /// Silence.
    Pause(Duration),
}

/// How a prompt's text, markup included, is said.
pub fn segments(text: &str, language: Language) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut last_plain = false;
    for span in markup::parse(text).0 {
        match span {
            Span::Break { ms } => {
                segments.push(Segment::Pause(Duration::from_millis(ms.into())));
                last_plain = false;
            }
            Span::Text { text, say_as, rate } => {
                let words = match &say_as {
                    Some(say_as) => read_as(&text, say_as, language),
                    None => read(&text, language),
                };
                // Neighbours of one pace are one breath.
                match segments.last_mut() {
                    Some(Segment::Words { text, rate: before }) if last_plain && *before == rate => {
                        let gap = if language == Language::English { " " } else { "" };
                        text.push_str(gap);
                        text.push_str(&words);
                    }
                    _ => segments.push(Segment::Words { text: words, rate }),
                }
                last_plain = true;
            }
        }
    }
    for segment in &mut segments {
        if let Segment::Words { text, .. } = segment {
            *text = scan::tidy(text);
        }
    }
    segments.retain(|segment| match segment {
        Segment::Words { text, .. } => text.chars().any(char::is_alphanumeric),
        Segment::Pause(length) => !length.is_zero(),
    });
    segments
}

/// A text's words, as people read them.
pub fn read(text: &str, language: Language) -> String {
    let words = match language {
        Language::English => english::read(text),
        Language::Chinese => chinese::read(text),
    };
    scan::tidy(&words)
}

/// A text's words, read as it was asked for; as people would, where it is nothing of that kind.
pub fn read_as(text: &str, say_as: &SayAs, language: Language) -> String {
    let words = match language {
        Language::English => english::read_as(text, say_as),
        Language::Chinese => chinese::read_as(text, say_as),
    };
    words.map_or_else(|| read(text, language), |words| scan::tidy(&words))
}

#[cfg(test)]
mod tests;
