//! Values marked in an example as Rasa writes them: `[Berlin](city)`, `[Berlin](city:berlin)`,
//! `[Berlin]{"entity": "city", "role": "to"}`, `[Berlin][{"entity": …}, {"entity": …}]`.

use serde_json::{Value, json};

use super::builder::Marked;
use super::import::Entity;

/// Most bytes that say what marked words are.
const MAX_VALUE: usize = 4096;

/// An example without its marks.
pub(super) struct Plain {
    pub text: String,
    pub marked: Vec<Marked>,
    /// What looks like a mark and is none, with the reason.
    pub problems: Vec<String>,
}

/// Takes the marks out of an example. What looks like a mark and cannot be read stays in the text as it is.
pub(super) fn parse(raw: &str) -> Plain {
    let mut plain = Plain { text: String::new(), marked: Vec::new(), problems: Vec::new() };
    let mut rest = raw;
    // Where the next bracket closes, counted from the end: looked for once, not once for each that opens.
    let mut closing = None;
    while let Some(open) = rest.find('[') {
        plain.text.push_str(&rest[..open]);
        rest = &rest[open..];
        if closing.is_none_or(|closing| closing > rest.len()) {
            let Some(close) = rest.find(']') else { break };
            closing = Some(rest.len() - close);
        }
        let close = rest.len() - closing.unwrap_or_default();
        match mark(rest, close) {
            Ok(Some((words, values, length))) => {
                let start = plain.text.len();
                plain.text.push_str(words);
                let span = start..plain.text.len();
                plain.marked.extend(values.into_iter().map(|value| Marked { span: span.clone(), ..value }));
                rest = &rest[length..];
            }
            other => {
                if let Err(problem) = other {
                    plain.problems.push(problem);
                }
                plain.text.push('[');
                rest = &rest[1..];
            }
        }
    }
    plain.text.push_str(rest);
    plain
}

/// The mark that a text begins with: its words, its values (spans still empty) and its length.
type Mark<'a> = Option<(&'a str, Vec<Marked>, usize)>;

fn mark(text: &str, close: usize) -> Result<Mark<'_>, String> {
    if close < 2 {
        return Ok(None);
    }
    let (words, after) = (&text[1..close], &text[close + 1..]);
    let after = &after[..after.floor_char_boundary(MAX_VALUE)];
    let marked = |slot: &str, value: Option<&str>| Marked {
        slot: slot.to_owned(),
        role: None,
        group: None,
        value: value.map(str::to_owned),
        span: 0..0,
    };
    if let Some(inner) = after.strip_prefix('(') {
        let Some(end) = inner.find(')').filter(|end| *end > 0) else { return Ok(None) };
        let inner = &inner[..end];
        let length = close + 1 + end + 2;
        if inner.contains("://") {
            return Err(format!("[{words}]({inner}) is a link, not a value; it stays as it is"));
        }
        return match inner.split_once(':') {
            None => Ok(Some((words, vec![marked(inner, None)], length))),
            Some((slot, value)) if !slot.is_empty() && !value.is_empty() => {
                Ok(Some((words, vec![marked(slot, Some(value))], length)))
            }
            Some(_) => Ok(None),
        };
    }
    if !after.starts_with('{') && !after.starts_with("[{") {
        return Ok(None);
    }
    // JSON says itself where it ends, also with a brace inside a string.
    let mut stream = serde_json::Deserializer::from_str(after).into_iter::<Value>();
    let bad = |why: &str| format!("the value of [{words}] cannot be read ({why}); it stays as it is");
    let value = match stream.next() {
        Some(Ok(value)) => value,
        Some(Err(error)) => return Err(bad(&error.to_string())),
        None => return Ok(None),
    };
    let length = close + 1 + stream.byte_offset();
    let objects = match value {
        Value::Array(objects) => objects,
        object => vec![object],
    };
    let mut values = Vec::new();
    for object in objects {
        let text = |key: &str| match &object[key] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let Some(slot) = text("entity").filter(|slot| !slot.is_empty()) else { return Err(bad("it names no entity")) };
        values.push(Marked { slot, role: text("role"), group: text("group"), value: text("value"), span: 0..0 });
    }
    Ok(Some((words, values, length)))
}

/// An example with its marks, or `None` where this notation cannot carry them.
pub(super) fn write(text: &str, entities: &[Entity]) -> Option<String> {
    let (mut out, mut at, mut rest) = (String::new(), 0, entities);
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|entity| entity.span == first.span).count();
        let (here, later) = rest.split_at(same);
        let words = text.get(first.span.clone())?;
        out.push_str(text.get(at..first.span.start)?);
        out.push_str(&format!("[{words}]"));
        let is_short = same == 1 && first.role.is_none() && first.group.is_none() && first.value == words;
        if is_short && !first.slot.contains([':', ')', '/']) {
            out.push_str(&format!("({})", first.slot));
        } else if let [one] = here {
            out.push_str(&object(one, words));
        } else {
            let objects: Vec<_> = here.iter().map(|entity| object(entity, words)).collect();
            out.push_str(&format!("[{}]", objects.join(", ")));
        }
        (at, rest) = (first.span.end, later);
    }
    out.push_str(text.get(at..)?);
    // The proof is in the reading: brackets in the words themselves cannot be told from marks.
    let back = parse(&out);
    let same = |(marked, entity): (&Marked, &Entity)| {
        (&marked.slot, &marked.role, &marked.group, &marked.span)
            == (&entity.slot, &entity.role, &entity.group, &entity.span)
            && marked.value.as_deref().unwrap_or(&text[entity.span.clone()]) == entity.value
    };
    let whole = back.text == text && back.marked.len() == entities.len() && back.problems.is_empty();
    (whole && back.marked.iter().zip(entities).all(same)).then_some(out)
}

fn object(entity: &Entity, words: &str) -> String {
    let mut out = json!({ "entity": entity.slot });
    for (key, value) in [("role", &entity.role), ("group", &entity.group)] {
        if let Some(value) = value {
            out[key] = json!(value);
        }
    }
    if entity.value != words {
        out["value"] = json!(entity.value);
    }
    // Rasa ends at the first brace, so a brace inside a string is written as its number.
    let inner = out.to_string();
    format!("{{{}}}", inner[1..inner.len() - 1].replace('{', "\\u007b").replace('}', "\\u007d"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(raw: &str) -> (String, Vec<String>, usize) {
        let plain = parse(raw);
        let show = |m: &Marked| {
            let words = &plain.text[m.span.clone()];
            format!(
                "{words}|{}|{}|{}|{}",
                m.slot,
                m.role.as_deref().unwrap_or_default(),
                m.group.as_deref().unwrap_or_default(),
                m.value.as_deref().unwrap_or_default()
            )
        };
        (plain.text.clone(), plain.marked.iter().map(show).collect(), plain.problems.len())
    }

    #[test]
    fn every_way_of_marking_a_value_is_read() {
        for (raw, text, expected, problems) in [
            ("to [Berlin](city) now", "to Berlin now", vec!["Berlin|city|||"], 0),
            ("to [NYC](city:New York)", "to NYC", vec!["NYC|city|||New York"], 0),
            (
                r#"[SF]{"entity": "location", "value": "San Francisco", "role": "from"}!"#,
                "SF!",
                vec!["SF|location|from||San Francisco"],
                0,
            ),
            (
                r#"[a]{"entity":"size","group":"1"} [b]{"entity":"t","group":2}"#,
                "a b",
                vec!["a|size||1|", "b|t||2|"],
                0,
            ),
            (r#"[x][{"entity":"a"},{"entity":"b","role":"r"}]"#, "x", vec!["x|a|||", "x|b|r||"], 0),
            (r#"[x]{"entity":"a","value":"}"}y"#, "xy", vec!["x|a|||}"], 0),
            ("看[成都]{\"entity\": \"city\"}天气", "看成都天气", vec!["成都|city|||"], 0),
            ("a [b] c", "a [b] c", vec![], 0),
            ("[] [x]() [x](:y) [x](y:)", "[] [x]() [x](:y) [x](y:)", vec![], 0),
            ("see [here](https://a.b/c)", "see [here](https://a.b/c)", vec![], 1),
            (r#"[x]{"entity": }"#, r#"[x]{"entity": }"#, vec![], 1),
            (r#"[x]{"role": "a"}"#, r#"[x]{"role": "a"}"#, vec![], 1),
            ("[[x](y)", "[x", vec!["[x|y|||"], 0),
        ] {
            assert_eq!(values(raw), (text.to_owned(), expected.into_iter().map(str::to_owned).collect(), problems));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            parts in prop::collection::vec(("\\PC{0,6}", "\\PC{1,6}", "\\PC{1,6}", prop::option::of("\\PC{1,4}"), prop::option::of("\\PC{1,4}")), 0..4),
        ) {
            let (mut text, mut entities) = (String::new(), Vec::new());
            for (before, words, slot, role, value) in parts {
                text.push_str(&before);
                let span = text.len()..text.len() + words.len();
                text.push_str(&words);
                let value = value.unwrap_or(words);
                entities.push(Entity { slot, role, group: None, value, span });
            }
            let brackets = text.contains(['[', ']']);
            match write(&text, &entities) {
                Some(raw) => prop_assert_eq!(parse(&raw).text, text),
                None => prop_assert!(brackets, "{} {:?}", text, entities),
            }
        }

        #[test]
        fn any_brackets_are_survived(raw in "[\\[\\](){}\":,a-c ]{0,40}") {
            parse(&raw);
        }
    }
}
