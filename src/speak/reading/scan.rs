//! Goes through a text once and hands each place where something may begin to a list of rules; the first that reads it wins.

use regex::{Captures, Regex};

/// Something that can be read.
pub(super) struct Rule {
    pattern: Regex,
    read: fn(&Found<'_>) -> Option<String>,
}

/// A place where a rule's pattern fits.
pub(super) struct Found<'t> {
    captures: Captures<'t>,
    /// The text before it.
    pub before: &'t str,
    /// The text after it.
    pub after: &'t str,
}

impl<'t> Found<'t> {
    /// What a group holds; empty when it took no part.
    pub fn get(&self, group: usize) -> &'t str {
        self.captures.get(group).map_or("", |found| found.as_str())
    }

    /// The words before it in lower case, the nearest first.
    pub fn words_before(&self) -> impl Iterator<Item = String> + '_ {
        self.before
            .rsplit(|c: char| !c.is_alphanumeric() && c != '\'' && c != '©')
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
    }

    /// Whether no letter or digit follows directly.
    pub fn ends(&self) -> bool {
        !self.after.starts_with(|c: char| c.is_ascii_alphanumeric())
    }
}

impl Rule {
    /// A rule for what begins like this pattern.
    pub fn new(pattern: &str, read: fn(&Found<'_>) -> Option<String>) -> Self {
        // Digits are 0 to 9 here, not those of every script.
        let pattern = format!("^(?:{})", pattern.replace(r"\d", "[0-9]"));
        let pattern = Regex::new(&pattern).expect("patterns are written here, and a test compiles them");
        Self { pattern, read }
    }
}

/// The text with everything that a rule reads replaced by its words.
pub(super) fn scan(text: &str, rules: &[Rule]) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    let mut in_word = false;
    while let Some(next) = text[at..].chars().next() {
        // Inside a word nothing begins; after what was read, something may.
        let inside = next.is_ascii_alphanumeric() && in_word;
        let found = if inside || next.is_whitespace() { None } else { find(text, at, rules) };
        match found {
            Some((words, length)) => {
                // A sign glued to a word ("AT&T") is said apart from it.
                if out.ends_with(|c: char| c.is_ascii_alphanumeric())
                    && words.starts_with(|c: char| c.is_ascii_alphanumeric())
                {
                    out.push(' ');
                }
                out.push_str(&words);
                at += length;
                in_word = false;
                let follows = text[at..].starts_with(|c: char| c.is_ascii_alphanumeric());
                if follows && out.ends_with(|c: char| c.is_ascii_alphanumeric()) {
                    out.push(' ');
                }
            }
            None => {
                out.push(next);
                at += next.len_utf8();
                in_word = next.is_ascii_alphanumeric();
            }
        }
    }
    out
}

fn find(text: &str, at: usize, rules: &[Rule]) -> Option<(String, usize)> {
    rules.iter().find_map(|rule| {
        let captures = rule.pattern.captures(&text[at..])?;
        let length = captures.get(0).map(|whole| whole.end()).filter(|length| *length > 0)?;
        let found = Found { captures, before: &text[..at], after: &text[at + length..] };
        (rule.read)(&found).map(|words| (words, length))
    })
}

/// Single spaces, none before punctuation, and no two pauses in a row.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if matches!(c, ',' | '.' | '?' | '!' | ';' | ':' | '\u{ff0c}' | '。' | '\u{ff1f}' | '\u{ff01}') {
            let trimmed = out.trim_end_matches(' ').len();
            out.truncate(trimmed);
            // ", ." is one pause, and so is ", ,".
            if out.ends_with([',', '\u{ff0c}']) {
                out.pop();
            }
            out.push(c);
        } else {
            out.push(c);
        }
    }
    out.trim().to_owned()
}
