//! YAML as a tree that knows its lines. Every scalar stays the text it was written as: `no` is an answer here, not a boolean.
//! Depth, nodes and what aliases repeat are bounded.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// Most levels of nesting; a domain of Rasa has about eight.
const MAX_DEPTH: usize = 64;
/// Most nodes, those that aliases repeat included.
const MAX_NODES: usize = 1_000_000;
/// Most bytes that aliases may repeat.
const MAX_REPEATED: usize = 1 << 20;

/// Most bytes read again for repairs.
const MAX_MENDING: usize = 64 << 20;
/// Spaces that bring a line far enough to the right of any level.
const MENDING: usize = 2 * MAX_DEPTH;

/// A value with the line that it begins on, counted from 1.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub line: usize,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// `block` is true for `|`, whose first line of text is the one below the key.
    Text {
        text: String,
        plain: bool,
        block: bool,
    },
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar; `None` for a collection and for nothing (`~`, `null`, or nothing at all).
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, plain, .. } => {
                (!*plain || !matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")).then_some(text)
            }
            _ => None,
        }
    }

    /// Whether nothing stands here.
    pub fn is_nothing(&self) -> bool {
        match &self.value {
            Value::Text { .. } => self.text().is_none(),
            Value::Sequence(items) => items.is_empty(),
            Value::Mapping(pairs) => pairs.is_empty(),
        }
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Node] {
        if let Value::Sequence(items) = &self.value { items } else { &[] }
    }

    /// The pairs of a mapping; none for anything else.
    pub fn pairs(&self) -> &[(Node, Node)] {
        if let Value::Mapping(pairs) = &self.value { pairs } else { &[] }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.pairs().iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// How many nodes and bytes of text this is.
    fn size(&self) -> (usize, usize) {
        let children: Vec<&Node> = match &self.value {
            Value::Text { text, .. } => return (1, text.len()),
            Value::Sequence(items) => items.iter().collect(),
            Value::Mapping(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        };
        children.into_iter().map(Node::size).fold((1, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

/// A collection that is still open.
struct Open {
    anchor: usize,
    line: usize,
    mapping: bool,
    children: Vec<Node>,
}

/// Reads all documents of a text, or says at which line it stops making sense; `at` becomes the place of a mistake in syntax,
/// in characters.
fn parse_to(text: &str, at: &mut usize) -> Result<Vec<Node>, (usize, String)> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, Node> = HashMap::new();
    let (mut nodes, mut repeated) = (0, 0);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| {
            *at = e.marker().index();
            (e.marker().line(), e.info().to_owned())
        })?;
        let line = span.start.line();
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let (plain, block) = (style == ScalarStyle::Plain, style == ScalarStyle::Literal);
                (anchor, Node { line, value: Value::Text { text: text.into_owned(), plain, block } })
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                if open.len() == MAX_DEPTH {
                    return Err((line, format!("it is nested more than {MAX_DEPTH} levels deep")));
                }
                let mapping = matches!(event, Event::MappingStart(..));
                open.push(Open { anchor, line, mapping, children: Vec::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(done) = open.pop() else { continue };
                let value = if done.mapping {
                    let mut children = done.children.into_iter();
                    let pairs = std::iter::from_fn(|| Some((children.next()?, children.next()?)));
                    Value::Mapping(pairs.collect())
                } else {
                    Value::Sequence(done.children)
                };
                (done.anchor, Node { line: done.line, value })
            }
            Event::Alias(anchor) => {
                let Some(node) = anchors.get(&anchor) else {
                    return Err((line, "an alias refers to what contains it, or to nothing".to_owned()));
                };
                let (more, bytes) = node.size();
                nodes += more;
                repeated += bytes + more;
                if repeated > MAX_REPEATED {
                    return Err((line, "its aliases repeat too much; write the values out".to_owned()));
                }
                if open.len() + depth(node) > MAX_DEPTH {
                    return Err((line, format!("it is nested more than {MAX_DEPTH} levels deep")));
                }
                (0, node.clone())
            }
            _ => continue,
        };
        nodes += 1;
        if nodes > MAX_NODES {
            return Err((line, format!("it holds more than {MAX_NODES} values; split the file")));
        }
        if anchor != 0 {
            // What is remembered for aliases is a copy and counts like one.
            let (more, bytes) = node.size();
            repeated += bytes + more;
            if repeated > MAX_REPEATED {
                return Err((line, "its anchors hold too much; write the values out".to_owned()));
            }
            anchors.insert(anchor, node.clone());
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => documents.push(node),
        }
    }
    Ok(documents)
}

/// Reads all documents, and where a quoted text goes on too far to the left, takes it all the same and says at which lines:
/// Python's YAML, and so Rasa, lets that pass.
pub(super) fn parse_leniently(text: &str) -> Result<(Vec<Node>, Vec<usize>), (usize, String)> {
    let mut mended = Vec::new();
    let mut text = std::borrow::Cow::Borrowed(text);
    let mut at = 0;
    loop {
        let (line, why) = match parse_to(&text, &mut at) {
            Ok(documents) => return Ok((documents, mended)),
            Err(error) => error,
        };
        // Each repair reads the text anew; what that may cost is bounded.
        let again = why.contains("indentation in quoted scalar") && !mended.contains(&line);
        let more = quoted_lines(&text, at).filter(|_| again && (mended.len() + 1) * text.len() <= MAX_MENDING);
        let Some(more) = more else { return Err((line, why)) };
        mended.push(line);
        // Space at the beginning of a line of a quoted text means nothing.
        let indent = |(index, one): (usize, &str)| {
            if index >= line && index < line + more { format!("{:MENDING$}{one}", "") } else { one.to_owned() }
        };
        text = text.split_inclusive('\n').enumerate().map(indent).collect::<String>().into();
    }
}

/// How many lines a quoted text goes on for that begins at a character.
fn quoted_lines(text: &str, at: usize) -> Option<usize> {
    let mut rest = text.chars().skip(at);
    let quote = rest.next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (mut lines, mut escaped) = (0, false);
    for c in rest {
        lines += usize::from(c == '\n');
        if c == quote && !escaped {
            break;
        }
        escaped = c == '\\' && quote == '"' && !escaped;
    }
    Some(lines)
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Text { .. } => 0,
        Value::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Mapping(pairs) => 1 + pairs.iter().map(|(key, value)| depth(key).max(depth(value))).max().unwrap_or(0),
    }
}

/// A text as a double-quoted scalar; any character survives.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xff => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// A name as a plain scalar where that is safe, quoted where it is not.
pub(super) fn name(text: &str) -> String {
    let safe = text.chars().next().is_some_and(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '+' | '.' | '-'))
        && !["yes", "no", "on", "off", "y", "n", "true", "false", "null"].contains(&&*text.to_lowercase());
    if safe { text.to_owned() } else { quoted(text) }
}

/// Whether a character may stand in a block scalar as it is (YAML 1.2, section 5.1), line ends and tabs not counted.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Vec<Node>, (usize, String)> {
        parse_to(text, &mut 0)
    }

    #[test]
    fn a_tree_knows_its_lines() {
        let tree = parse("nlu:\n- intent: no\n  examples: |\n    - hi\n    - ho\n").expect("in order");
        let item = &tree[0].get("nlu").expect("a key").items()[0];
        assert_eq!(item.get("intent").and_then(Node::text), Some("no"));
        let examples = item.get("examples").expect("a key");
        assert_eq!((examples.text(), item.line), (Some("- hi\n- ho\n"), 2));
    }

    #[test]
    fn a_quoted_text_too_far_to_the_left_is_read_all_the_same() {
        let text = "a:\n    - text: \"one\n  two\n\n  three\"\n    - text: four\n";
        assert!(parse(text).is_err());
        let (tree, mended) = parse_leniently(text).expect("mended");
        let items = tree[0].get("a").expect("a key").items();
        assert_eq!(items[0].get("text").and_then(Node::text), Some("one two\nthree"));
        assert_eq!((items[1].line, mended), (6, vec![2]));
    }

    #[test]
    fn bombs_and_wells_are_refused() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [&*alias; 10].join(", ")));
        }
        assert!(parse(&bomb).expect_err("a bomb").1.contains("write the values out"));
        for well in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(10_000), "a: &a [*a]".to_owned()] {
            assert!(parse(&well).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_quotes(text in any::<String>()) {
            let tree = parse(&format!("a:\n- {}\n", quoted(&text))).expect("quoted");
            prop_assert_eq!(tree[0].get("a").expect("a key").items()[0].text(), Some(&*text));
        }

        #[test]
        fn any_name_survives(text in "\\PC{1,12}|[a-zA-Z0-9_/+.-]{1,8}|yes|null|~|true") {
            let tree = parse(&format!("{}: x\n", name(&text))).expect("a name");
            prop_assert_eq!(tree[0].pairs()[0].0.text(), Some(&*text));
        }

        #[test]
        fn any_yaml_is_survived(text in "[-:|>&*!{}\\[\\],#'\"a \n\t?%@`]{0,80}") {
            let _ = parse(&text);
        }
    }
}
