//! Names and prompts of an export in our spelling. A name becomes lower-case letters, digits and `_`; a prompt keeps the markup that is
//! spoken and loses the rest, and nothing that stands in it is taken for a template by accident.

use std::collections::BTreeSet;

use crate::markup;

/// The longest name that is made of a foreign one.
const LONGEST_NAME: usize = 40;

/// Names that are taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    pub fn with(taken: &[&str]) -> Self {
        Names(taken.iter().map(|name| (*name).to_owned()).collect())
    }

    /// A name of our own that nothing else has.
    pub fn new_name(&mut self, wanted: &str, otherwise: &str) -> String {
        let name = slug(wanted).unwrap_or_else(|| otherwise.to_owned());
        let mut unique = name.clone();
        let mut number = 2;
        while !self.0.insert(unique.clone()) {
            unique = format!("{name}_{number}");
            number += 1;
        }
        unique
    }
}

/// A foreign name in our spelling: `getBranch`, `get-branch` and `Get branch` become `get_branch`. Nothing if no letter is left.
pub(super) fn slug(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut before = ' ';
    let mut letters = name.chars().peekable();
    while let Some(c) = letters.next() {
        if c.is_ascii_alphanumeric() {
            let after_small = before.is_ascii_lowercase() || before.is_ascii_digit();
            // `getHTTPStatus` is `get_http_status`.
            let last_capital =
                before.is_ascii_uppercase() && letters.peek().is_some_and(|next| next.is_ascii_lowercase());
            if c.is_ascii_uppercase() && (after_small || last_capital) {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        } else {
            out.push('_');
        }
        before = c;
    }
    let mut parts: Vec<&str> = out.split('_').filter(|part| !part.is_empty()).collect();
    if !parts.iter().any(|part| part.contains(|c: char| c.is_ascii_lowercase())) {
        return None;
    }
    if parts[0].starts_with(|c: char| c.is_ascii_digit()) {
        parts.insert(0, "n");
    }
    let mut name = parts.join("_");
    name.truncate(LONGEST_NAME);
    Some(name.trim_end_matches('_').to_owned())
}

/// Whether an id was made by a program, so that it tells nobody anything.
pub(super) fn is_opaque(id: &str) -> bool {
    id.len() >= 32 && id.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Words as they stand in a template: what looks like one is said and not filled in.
pub(super) fn escape_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match ["{{", "{%", "{#"].iter().find(|mark| rest.starts_with(**mark)) {
            Some(mark) => {
                out.push_str("{{ '");
                out.push_str(mark);
                out.push_str("' }}");
                rest = &rest[2..];
            }
            None => {
                // A brace before a template must not become part of its mark.
                out.push_str(if rest.len() == 1 { "{{ '{' }}" } else { "{" });
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A part of a prompt: words, or a template that stands among them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Words(String),
    Template(String),
}

/// A prompt and what cannot be spoken of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Prompt {
    pub text: String,
    /// Tags that were left out.
    pub dropped: Vec<String>,
}

/// What stands for a template while the markup around it is read; letters for private use, which no export contains.
const OPEN: char = '\u{e000}';
const CLOSE: char = '\u{e001}';

/// Puts a prompt together. `marked_up` says whether tags in it are markup or words.
pub(super) fn prompt(parts: &[Part], marked_up: bool) -> Prompt {
    let mut text = String::new();
    let mut templates = Vec::new();
    for part in parts {
        match part {
            Part::Words(words) => text.extend(words.chars().filter(|c| ![OPEN, CLOSE].contains(c))),
            Part::Template(template) => {
                text.push_str(&format!("{OPEN}{}{CLOSE}", templates.len()));
                templates.push(template.as_str());
            }
        }
    }
    let mut dropped = Vec::new();
    let text = if marked_up {
        let (spans, unknown) = markup::parse(&text);
        // What stood in a tag that is not spoken is lost with it, so its number is no name for anybody.
        dropped.extend(unknown.into_iter().map(|unknown| without_numbers(&unknown.tag)));
        dropped.dedup();
        markup::write(&spans)
    } else {
        words_only(&text)
    };
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(OPEN) {
        let Some(end) = rest[at..].find(CLOSE).map(|end| at + end) else { break };
        out.push_str(&escape_marks(&rest[..at]));
        let number = rest[at + OPEN.len_utf8()..end].parse::<usize>().ok();
        out.push_str(number.and_then(|number| templates.get(number)).copied().unwrap_or_default());
        rest = &rest[end + CLOSE.len_utf8()..];
    }
    out.push_str(&escape_marks(rest));
    Prompt { text: out.trim().to_owned(), dropped }
}

fn without_numbers(tag: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in tag.chars() {
        match c {
            OPEN => {
                inside = true;
                out.push('…');
            }
            CLOSE => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// Words in which `<` and `&` mean themselves.
fn words_only(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        match c {
            '<' if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') => out.push_str("&lt;"),
            '&' if ["lt;", "gt;", "quot;", "apos;", "amp;"].iter().any(|entity| rest.starts_with(entity)) => {
                out.push_str("&amp;");
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether words carry markup of speech, as far as it can be told.
pub(super) fn has_markup(text: &str) -> bool {
    ["<speak", "<break", "<say-as", "<prosody", "<emphasis", "<amazon:", "<phoneme", "<audio"]
        .iter()
        .any(|tag| text.contains(tag))
}

/// Whether words are Chinese: at least a fifth of their letters.
pub(super) fn is_chinese(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let chinese = text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    chinese > 0 && chinese * 5 >= letters
}

/// A text of an export for a sentence of the report.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match short.char_indices().nth(80) {
        Some((at, _)) => format!("“{}…”", &short[..at]),
        None => format!("“{short}”"),
    }
}
