//! The templates of Twilio Studio, which are Liquid's: `{{widgets.order.parsed.status | downcase}}`, `{% if … %}`. What ours can say too is
//! translated; a text with anything else loses its templates, and the report says which.

use std::{collections::BTreeSet, fmt::Write};

use super::{
    value::{Found, Piece, Reference, Value, member},
    words::quoted,
};

/// How deep blocks may stand in each other.
const DEEPEST: usize = 20;

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Segment {
    /// `.name`, `['name']` or `[0]`.
    Name(String),
    /// `[name]`: whatever the value of a variable is.
    Local(String),
}

/// Finds out what a name of the export stands for.
pub(super) type Find<'f> = dyn FnMut(&[Segment]) -> Found + 'f;

/// The value that a text with templates has.
pub(super) fn translate(text: &str, find: &mut Find) -> Value {
    let mut translation = Translation { find, locals: BTreeSet::new(), open: Vec::new(), lost: Vec::new() };
    match translation.pieces(text) {
        Ok(pieces) => Value { pieces, lost: translation.lost },
        Err(what) => {
            let words = tokens(text).into_iter().filter_map(|token| match token {
                Token::Text(text) => Some(Piece::Text(text.to_owned())),
                _ => None,
            });
            let mut lost = translation.lost;
            lost.push(format!(
                "The template {} cannot be translated ({what}) and was left out; write it again.",
                quoted(text)
            ));
            Value { pieces: words.collect(), lost }
        }
    }
}

enum Token<'t> {
    Text(&'t str),
    Output(&'t str),
    Tag(&'t str),
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some((at, close)) = [("{{", "}}"), ("{%", "%}")]
        .into_iter()
        .filter_map(|(open, close)| Some((rest.find(open)?, close)))
        .min_by_key(|(at, _)| *at)
    {
        let Some(end) = rest[at + 2..].find(close).map(|end| at + 2 + end) else { break };
        if at > 0 {
            tokens.push(Token::Text(&rest[..at]));
        }
        let inner = rest[at + 2..end].trim_matches('-').trim();
        tokens.push(if close == "}}" { Token::Output(inner) } else { Token::Tag(inner) });
        rest = &rest[end + 2..];
    }
    if !rest.is_empty() {
        tokens.push(Token::Text(rest));
    }
    tokens
}

struct Translation<'a, 'f> {
    find: &'a mut Find<'f>,
    /// Names that the template sets itself.
    locals: BTreeSet<String>,
    open: Vec<Open>,
    lost: Vec<String>,
}

enum Open {
    If,
    /// With what is compared, and whether a `when` came already.
    Case(String, bool),
    For,
}

/// An operand with what filters made of it.
struct Operand {
    /// As it stands in a template of ours.
    expression: String,
    /// The same as a plain reference, if it is no more than one.
    reference: Option<Reference>,
    /// The same as words, if it is always the same.
    fixed: Option<String>,
}

impl Translation<'_, '_> {
    fn pieces(&mut self, text: &str) -> Result<Vec<Piece>, String> {
        let mut pieces = Vec::new();
        for token in tokens(text) {
            match token {
                Token::Text(text) => pieces.push(Piece::Text(text.to_owned())),
                Token::Output(inner) => {
                    let operand = self.filtered(inner)?;
                    pieces.push(match (operand.reference, operand.fixed) {
                        (Some(reference), _) => Piece::Value(reference),
                        (None, Some(words)) => Piece::Text(words),
                        (None, None) => Piece::Code(format!("{{{{ {} }}}}", operand.expression)),
                    });
                }
                Token::Tag(inner) => pieces.extend(self.tag(inner)?.map(Piece::Code)),
            }
        }
        if !self.open.is_empty() {
            return Err("a block of it is not closed".to_owned());
        }
        Ok(pieces)
    }

    /// A tag in our own language; nothing for one that says nothing.
    fn tag(&mut self, inner: &str) -> Result<Option<String>, String> {
        let (name, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        let rest = rest.trim();
        if self.open.len() > DEEPEST {
            return Err("it is nested too deep".to_owned());
        }
        Ok(Some(match name {
            "if" | "unless" => {
                self.open.push(Open::If);
                let condition = self.condition(rest)?;
                if name == "if" { format!("{{% if {condition} %}}") } else { format!("{{% if not ({condition}) %}}") }
            }
            "elsif" => format!("{{% elif {} %}}", self.condition(rest)?),
            "else" => match self.open.last() {
                Some(Open::If | Open::Case(_, true)) => "{% else %}".to_owned(),
                _ => return Err("an else stands alone".to_owned()),
            },
            "case" => {
                let operand = self.filtered(rest)?;
                self.open.push(Open::Case(operand.expression, false));
                return Ok(None);
            }
            "when" => {
                let Some(Open::Case(subject, begun)) = self.open.last_mut() else {
                    return Err("a when stands alone".to_owned());
                };
                let word = if std::mem::replace(begun, true) { "elif" } else { "if" };
                let subject = subject.clone();
                let cases = split_outside(rest, ',')
                    .into_iter()
                    .flat_map(|part| split_word(part, "or"))
                    .map(|part| Ok(format!("({subject}) == {}", self.operand(part.trim())?.expression)))
                    .collect::<Result<Vec<_>, String>>()?;
                format!("{{% {word} {} %}}", cases.join(" or "))
            }
            "endif" | "endunless" | "endcase" | "endfor" => match (name, self.open.pop()) {
                ("endif" | "endunless", Some(Open::If)) | ("endcase", Some(Open::Case(_, true))) => {
                    "{% endif %}".to_owned()
                }
                ("endfor", Some(Open::For)) => "{% endfor %}".to_owned(),
                _ => return Err(format!("{name} stands alone")),
            },
            "assign" => {
                let (name, value) = rest.split_once('=').ok_or("an assign without a value")?;
                let value = self.filtered(value.trim())?.expression;
                let name = local(name.trim()).ok_or("a name that is none here")?;
                self.locals.insert(name.clone());
                format!("{{% set {name} = {value} %}}")
            }
            "for" => {
                let (name, list) = rest.split_once(" in ").ok_or("a loop that goes over nothing")?;
                let list = self.operand(list.trim())?.expression;
                let name = local(name.trim()).ok_or("a name that is none here")?;
                self.locals.insert(name.clone());
                self.open.push(Open::For);
                format!("{{% for {name} in {list} %}}")
            }
            other => return Err(format!("{{% {other} %}} is not known here")),
        }))
    }

    /// `a == "b" and c contains 'd'`.
    fn condition(&mut self, source: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = source;
        loop {
            let next = ["and", "or"].iter().filter_map(|word| Some((find_word(rest, word)?, *word))).min();
            let (part, joined) = match next {
                Some((at, word)) => (&rest[..at], Some(word)),
                None => (rest, None),
            };
            let _ = write!(out, "({})", self.comparison(part.trim())?);
            let Some(word) = joined else { return Ok(out) };
            let _ = write!(out, " {word} ");
            rest = &rest[part.len() + word.len()..];
        }
    }

    fn comparison(&mut self, source: &str) -> Result<String, String> {
        for sign in ["==", "!=", "<=", ">=", "<>", "<", ">"] {
            if let Some(at) = find_outside(source, sign) {
                let left = self.operand(source[..at].trim())?.expression;
                let right = self.operand(source[at + sign.len()..].trim())?.expression;
                let sign = if sign == "<>" { "!=" } else { sign };
                // Numbers come as texts as often as not.
                return Ok(match sign {
                    "==" | "!=" => format!("({left}) | string {sign} ({right}) | string"),
                    _ => format!("({left} or 0) | float {sign} ({right} or 0) | float"),
                });
            }
        }
        if let Some(at) = find_word(source, "contains") {
            let left = self.operand(source[..at].trim())?.expression;
            let right = self.operand(source[at + "contains".len()..].trim())?.expression;
            return Ok(format!("({right}) in ({left})"));
        }
        Ok(self.operand(source)?.expression)
    }

    /// `path | filter: argument | filter`.
    fn filtered(&mut self, source: &str) -> Result<Operand, String> {
        let mut parts = split_outside(source, '|').into_iter();
        let mut operand = self.operand(parts.next().unwrap_or_default().trim())?;
        for filter in parts {
            let (name, arguments) = filter.split_once(':').unwrap_or((filter, ""));
            let arguments = split_outside(arguments, ',')
                .into_iter()
                .filter(|argument| !argument.trim().is_empty())
                .map(|argument| Ok(self.operand(argument.trim())?.expression))
                .collect::<Result<Vec<_>, String>>()?;
            operand = filter_on(operand, name.trim(), &arguments)?;
        }
        Ok(operand)
    }

    fn operand(&mut self, source: &str) -> Result<Operand, String> {
        let literal = |expression: String, fixed: &str| {
            Ok(Operand { expression, reference: None, fixed: Some(fixed.to_owned()) })
        };
        for quote in ['"', '\''] {
            if let Some(inner) = source.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
                if inner.contains(['"', '\'', '\\', '{', '}', '%', '\n']) {
                    return Err("quotes in quotes".to_owned());
                }
                return literal(format!("'{inner}'"), inner);
            }
        }
        match source {
            "" => return Err("something is missing".to_owned()),
            "nil" | "null" | "blank" | "empty" => return literal("''".to_owned(), ""),
            "true" | "false" => return literal(source.to_owned(), source),
            _ => {}
        }
        if source.parse::<f64>().is_ok_and(f64::is_finite)
            && source.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        {
            return literal(source.to_owned(), source);
        }
        let mut path = path(source).ok_or_else(|| format!("{} is no name", quoted(source)))?;
        let length = path.len() > 1 && path.last() == Some(&Segment::Name("size".to_owned()));
        if length {
            path.pop();
        }
        if let [Segment::Name(first), rest @ ..] = &path[..]
            && let Some(known) = local(first).filter(|name| self.locals.contains(name))
        {
            let expression = self.through(known, rest)?;
            return Ok(Operand { expression, reference: None, fixed: None });
        }
        let inner = path.iter().position(|segment| matches!(segment, Segment::Local(_)));
        let (fixed, moving) = path.split_at(inner.unwrap_or(path.len()));
        match (self.find)(fixed) {
            Found::Fixed(words) => {
                let quotable = !words.contains(['\'', '\\', '{', '}', '%']);
                let expression = if quotable { format!("'{words}'") } else { "''".to_owned() };
                Ok(Operand { expression, reference: None, fixed: Some(words) })
            }
            Found::Lost(sentence) => {
                self.lost.push(sentence);
                Ok(Operand { expression: "''".to_owned(), reference: None, fixed: Some(String::new()) })
            }
            Found::Path(found) if moving.is_empty() => {
                let reference = Reference { length, ..Reference::to(found) };
                Ok(Operand { expression: reference.expression(), reference: Some(reference), fixed: None })
            }
            Found::Path(found) => {
                let mut expression = self.through(found, moving)?;
                expression.push_str(" | default('')");
                if length {
                    expression.push_str(" | length");
                }
                Ok(Operand { expression, reference: None, fixed: None })
            }
        }
    }

    /// A path of ours with further steps.
    fn through(&self, from: String, steps: &[Segment]) -> Result<String, String> {
        steps.iter().try_fold(from, |path, step| match step {
            Segment::Name(name) => Ok(member(&path, name)),
            Segment::Local(name) => local(name)
                .filter(|name| self.locals.contains(name))
                .map(|name| format!("{path}[{name}]"))
                .ok_or_else(|| format!("[{name}] is not known")),
        })
    }
}

fn filter_on(operand: Operand, name: &str, arguments: &[String]) -> Result<Operand, String> {
    let inner = operand.expression;
    if let Some(mut reference) = operand.reference.clone() {
        let simple = match name {
            "downcase" => Some(&mut reference.lower),
            "upcase" => Some(&mut reference.upper),
            "strip" | "lstrip" | "rstrip" | "strip_newlines" => Some(&mut reference.trim),
            "size" => Some(&mut reference.length),
            _ => None,
        };
        if let Some(wanted) = simple {
            *wanted = true;
            return Ok(Operand { expression: reference.expression(), reference: Some(reference), fixed: None });
        }
    }
    let argument = |at: usize| arguments.get(at).ok_or_else(|| format!("{name} without a value"));
    let expression = match name {
        "downcase" => format!("({inner}) | lower"),
        "upcase" => format!("({inner}) | upper"),
        "capitalize" => format!("({inner}) | capitalize"),
        "strip" | "lstrip" | "rstrip" | "strip_newlines" => format!("({inner}) | trim"),
        "size" => format!("({inner}) | length"),
        "first" | "last" => format!("({inner}) | {name}"),
        // A variable that nobody has set counts as nothing.
        "plus" => format!("((({inner}) or 0) | int) + (({}) | int)", argument(0)?),
        "minus" => format!("((({inner}) or 0) | int) - (({}) | int)", argument(0)?),
        "times" => format!("((({inner}) or 0) | int) * (({}) | int)", argument(0)?),
        "divided_by" => format!("((({inner}) or 0) | int) // (({}) | int)", argument(0)?),
        "modulo" => format!("((({inner}) or 0) | int) % (({}) | int)", argument(0)?),
        "append" => format!("({inner}) ~ ({})", argument(0)?),
        "prepend" => format!("({}) ~ ({inner})", argument(0)?),
        "default" => format!("({inner}) or ({})", argument(0)?),
        "replace" => format!("({inner}) | replace({}, {})", argument(0)?, argument(1)?),
        "remove" => format!("({inner}) | replace({}, '')", argument(0)?),
        "split" => format!("({inner}) | split({})", argument(0)?),
        "join" => format!("({inner}) | join({})", argument(0)?),
        "round" => format!("({inner}) | float | round"),
        // An address is encoded by itself, and a prompt needs no code.
        "url_encode" | "escape" | "escape_once" => inner,
        other => return Err(format!("the filter {other} is not known here")),
    };
    Ok(Operand { expression, reference: None, fixed: None })
}

/// The name of a variable that a template sets, apart from our own names.
fn local(name: &str) -> Option<String> {
    super::words::slug(name).map(|name| format!("its_{name}"))
}

/// `a.b['c'][0][d]` as steps.
pub(super) fn path(source: &str) -> Option<Vec<Segment>> {
    let mut steps = Vec::new();
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut rest = source;
    let mut first = true;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']')?;
            let key = inner[..end].trim();
            let quoted = key.len() >= 2
                && (key.starts_with('"') && key.ends_with('"') || key.starts_with('\'') && key.ends_with('\''));
            steps.push(if quoted {
                Segment::Name(key[1..key.len() - 1].to_owned())
            } else if !key.is_empty() && key.chars().all(|c| c.is_ascii_digit()) {
                Segment::Name(key.to_owned())
            } else if !key.is_empty() && key.chars().all(is_name) {
                Segment::Local(key.to_owned())
            } else {
                return None;
            });
            rest = &inner[end + 1..];
        } else {
            let after = if first { rest } else { rest.strip_prefix('.')? };
            let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
            if end == 0 {
                return None;
            }
            steps.push(Segment::Name(after[..end].to_owned()));
            rest = &after[end..];
        }
        first = false;
    }
    (!steps.is_empty()).then_some(steps)
}

/// The first place of a sign that does not stand in quotes.
fn find_outside(text: &str, sign: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if text[at..].starts_with(sign) => return Some(at),
            None => {}
        }
    }
    None
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    find_outside(text, &format!(" {word} ")).map(|at| at + 1)
}

fn split_outside(text: &str, sign: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = find_outside(rest, sign.encode_utf8(&mut [0; 4])) {
        parts.push(&rest[..at]);
        rest = &rest[at + sign.len_utf8()..];
    }
    parts.push(rest);
    parts
}

fn split_word<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = find_word(rest, word) {
        parts.push(&rest[..at]);
        rest = &rest[at + word.len()..];
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        template::{Place, Templates},
        values::Values,
    };

    fn find(path: &[Segment]) -> Found {
        let names: Vec<&str> = path
            .iter()
            .map(|step| match step {
                Segment::Name(name) | Segment::Local(name) => name.as_str(),
            })
            .collect();
        match &names[..] {
            ["flow", "variables", name] => Found::Path(format!("vars.{name}")),
            ["widgets", widget, "parsed", rest @ ..] => {
                Found::Path(rest.iter().fold((*widget).to_owned(), |path, name| member(&path, name)))
            }
            ["flow", "sid"] => Found::Fixed("FW1".into()),
            _ => Found::Lost(format!("{} is nothing.", names.join("."))),
        }
    }

    fn filled(source: &str) -> String {
        let mut values = Values::default();
        for (name, value) in
            [("n", json!("2")), ("language", json!("en_US")), ("none", json!("")), ("said", json!(" Yes "))]
        {
            values.vars.insert(name.into(), value);
        }
        let sites = json!([{"name": "North"}, {"name": "South"}, {"name": "West"}]);
        values.others.insert("pantry".into(), json!({"sites": sites, "reason": "holiday", "open": true}));
        let value = translate(source, &mut find);
        assert_eq!(value.lost, Vec::<String>::new(), "{source}");
        let mut templates = Templates::new();
        let template = templates.add(&value.template(), Place::Text);
        templates.fill(&template, &values).unwrap_or_else(|error| panic!("{source} → {}: {error}", value.template()))
    }

    #[test]
    fn templates_say_what_they_said() {
        for (source, expected) in [
            ("Hello.", "Hello."),
            ("You chose {{flow.variables.language}}.", "You chose en_US."),
            ("{{flow.variables.said | downcase | strip}}", "yes"),
            ("{{flow.variables.none | plus: 1}}", "1"),
            ("{{flow.variables.n | plus: 1}}", "3"),
            ("{{ widgets.pantry.parsed.sites.size }}", "3"),
            ("{{ widgets.pantry.parsed.sites[1].name }}", "South"),
            ("{% assign idx = flow.variables.n | plus: 0 %}{{ widgets.pantry.parsed.sites[idx].name}}", "West"),
            ("{% if flow.variables.none %}a{% else %}b{% endif %}", "b"),
            ("{% if flow.variables.n == \"2\" and flow.variables.language contains 'US' %}a{% endif %}", "a"),
            ("{% unless flow.variables.n > 5 %}few{% endunless %}", "few"),
            (
                "{% case widgets.pantry.parsed.reason  %}\n{% when 'manual' %}closed{% when 'holiday', 'x' %}holiday{% endcase %}",
                "\nholiday",
            ),
            ("{% for s in widgets.pantry.parsed.sites %}{{ s.name }} {% endfor %}", "North South West "),
            ("{{ flow.variables.none | default: 'nobody' }}", "nobody"),
            ("{{ widgets.pantry.parsed.nothing }}", ""),
            ("{{ flow.sid }} {not a template}", "FW1 {not a template}"),
            ("{{ 'a' | append: 'b' }}", "ab"),
        ] {
            assert_eq!(filled(source), expected, "{source}");
        }
    }

    #[test]
    fn a_plain_reference_stays_one() {
        let value = translate("{{ flow.variables.said | downcase | strip }}", &mut find);
        assert_eq!(
            value.reference(),
            Some(&Reference { path: "vars.said".into(), lower: true, trim: true, ..Reference::default() })
        );
        assert_eq!(translate("{{ flow.sid }}", &mut find).fixed().as_deref(), Some("FW1"));
    }

    #[test]
    fn what_cannot_be_translated_is_left_out_and_said() {
        for source in [
            "a {{ 'now' | date: '%H' }} b",
            "{% if flow.variables.n %}a",
            "{% else %}",
            "{% endif %}",
            "{% when 'a' %}",
            "{% capture x %}a{% endcapture %}",
            "{{ }}",
            "{{ flow.variables.n | plus }}",
            "{{ a b }}",
        ] {
            let value = translate(source, &mut find);
            assert!(value.fixed().is_some() && value.lost.len() == 1, "{source}: {value:?}");
        }
        assert_eq!(translate("{{ who.knows }}", &mut find).lost, ["who.knows is nothing."]);
    }
}
