//! Values of an export, such as `{{widgets.get_branch.Digits | downcase}}` or `$.External.status`, and the conditions over them. A value is
//! written as a template where it is said and sent, and as a CEL expression where it is tested.

use std::fmt::Write;

use super::words::{self, Part};
use crate::{
    expression::Expression,
    template::{Place, Template, Templates},
    values::Values,
};

/// One of our own names with what is done to its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reference {
    /// Such as `vars.language` or `order.items[0].name`.
    pub path: String,
    /// Whether the number of its entries is meant.
    pub length: bool,
    pub lower: bool,
    pub upper: bool,
    pub trim: bool,
}

/// What a name of an export stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// One of our own names.
    Path(String),
    /// Always the same.
    Fixed(String),
    /// Nothing here; why, as a sentence.
    Lost(String),
}

/// A piece of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Value(Reference),
    /// A template that does more than fill in a value.
    Code(String),
}

/// A value: pieces in a row, and what could not be translated.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Value {
    pub pieces: Vec<Piece>,
    /// Sentences for the report.
    pub lost: Vec<String>,
}

impl Reference {
    pub fn to(path: impl Into<String>) -> Self {
        Reference { path: path.into(), ..Self::default() }
    }

    /// What stands between the brackets of a template. What has no value is empty, as it is in the export's program.
    pub fn expression(&self) -> String {
        let mut out = self.path.clone();
        // Variables are declared with a value; everything else may be missing.
        if !self.path.starts_with("vars.") {
            out.push_str(" | default('')");
        }
        for (wanted, filter) in
            [(self.length, "length"), (self.lower, "lower"), (self.upper, "upper"), (self.trim, "trim")]
        {
            if wanted {
                let _ = write!(out, " | {filter}");
            }
        }
        out
    }

    fn raw(&self) -> String {
        if self.length { format!("size({})", self.path) } else { self.path.clone() }
    }
}

impl Value {
    pub fn text(text: impl Into<String>) -> Self {
        Value { pieces: vec![Piece::Text(text.into())], lost: Vec::new() }
    }

    /// The words, if nothing has to be filled in.
    pub fn fixed(&self) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The one name that it is, if it is nothing else.
    pub fn reference(&self) -> Option<&Reference> {
        match self.pieces.iter().filter(|piece| !is_space(piece)).collect::<Vec<_>>()[..] {
            [Piece::Value(reference)] => Some(reference),
            _ => None,
        }
    }

    /// The value as parts of a prompt.
    pub fn parts(&self) -> Vec<Part> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Part::Words(text.clone()),
                Piece::Value(reference) => Part::Template(format!("{{{{ {} }}}}", reference.expression())),
                Piece::Code(code) => Part::Template(code.clone()),
            })
            .collect()
    }

    /// The value as a template that nobody hears.
    pub fn template(&self) -> String {
        self.parts()
            .iter()
            .map(|part| match part {
                Part::Words(words) => words::escape_marks(words),
                Part::Template(template) => template.clone(),
            })
            .collect()
    }

    /// The value as a CEL text, if it is a row of names and words.
    fn cel_text(&self) -> Option<String> {
        let mut terms = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => terms.push(cel_quoted(text)),
                Piece::Value(reference) => terms.push(format!("string({})", reference.raw())),
                Piece::Code(_) => return None,
            }
        }
        match &terms[..] {
            [] => Some("''".to_owned()),
            [one] => Some(one.clone()),
            _ => Some(format!("({})", terms.join(" + "))),
        }
    }

    /// The value as a CEL number.
    fn cel_number(&self) -> Option<String> {
        if let Some(text) = self.fixed() {
            let number: f64 = text.trim().parse().ok()?;
            return number.is_finite().then(|| format!("{number:?}"));
        }
        self.reference().map(|reference| format!("double({})", reference.raw()))
    }

    fn ignores_case(&self) -> bool {
        self.reference().is_some_and(|reference| reference.lower || reference.upper)
    }

    fn trims(&self) -> bool {
        self.reference().is_some_and(|reference| reference.trim)
    }
}

fn is_space(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(text) if text.trim().is_empty())
}

/// Whether a template can be compiled.
pub(super) fn is_template(source: &str) -> bool {
    !matches!(Templates::new().add(source, Place::Text), Template::Broken(_))
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    /// One of several that stand between commas.
    AnyOf,
    NoneOf,
    Contains,
    NotContains,
    StartsWith,
    NotStartsWith,
    EndsWith,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Blank,
    NotBlank,
    /// The whole value, as a regular expression.
    Regex,
}

impl Operator {
    /// In words, for the report.
    pub fn words(self) -> &'static str {
        match self {
            Operator::Equal => "is",
            Operator::NotEqual => "is not",
            Operator::AnyOf => "is one of",
            Operator::NoneOf => "is none of",
            Operator::Contains => "contains",
            Operator::NotContains => "does not contain",
            Operator::StartsWith => "starts with",
            Operator::NotStartsWith => "does not start with",
            Operator::EndsWith => "ends with",
            Operator::Less => "is less than",
            Operator::LessOrEqual => "is at most",
            Operator::Greater => "is greater than",
            Operator::GreaterOrEqual => "is at least",
            Operator::Blank => "is blank",
            Operator::NotBlank => "is not blank",
            Operator::Regex => "matches",
        }
    }

    /// Whether it holds for a value that is missing.
    pub fn holds_for_nothing(self) -> bool {
        matches!(
            self,
            Operator::Blank | Operator::NotEqual | Operator::NoneOf | Operator::NotContains | Operator::NotStartsWith
        )
    }
}

/// A comparison as a CEL condition that can be compiled; nothing if it cannot be said in one.
pub(super) fn condition(subject: &Value, operator: Operator, operand: &Value, ignore_case: bool) -> Option<String> {
    let text = || subject.cel_text();
    let ignore_case = ignore_case || subject.ignores_case();
    let matched = |before: &str, after: &str| {
        let words = operand.fixed()?;
        let words = if subject.trims() || ignore_case { words.trim().to_owned() } else { words };
        let case = if ignore_case && words.chars().any(char::is_alphabetic) { "(?i)" } else { "" };
        Some(format!("{}.matches({})", text()?, cel_quoted(&format!("{case}{before}{}{after}", regex_quoted(&words)))))
    };
    // Letters of either case, or space around it, can only be let through by a regular expression.
    let loose = |words: &str| subject.trims() || ignore_case && words.chars().any(char::is_alphabetic);
    let compared = |method: &str, before: &str, after: &str| match operand.fixed() {
        Some(words) if loose(&words) => matched(before, after),
        _ => Some(format!("{}.{method}({})", text()?, operand.cel_text()?)),
    };
    let equal = |operand: &Value| match operand.fixed() {
        Some(words) if loose(&words) => {
            let matching = words.trim();
            let case = if ignore_case && matching.chars().any(char::is_alphabetic) { "(?i)" } else { "" };
            Some(format!("{}.matches({})", text()?, cel_quoted(&format!("{case}^\\s*{}\\s*$", regex_quoted(matching)))))
        }
        _ => Some(format!("{} == {}", text()?, operand.cel_text()?)),
    };
    let any_of = || {
        let words = operand.fixed()?;
        let cases = words.split(',').map(|word| equal(&Value::text(word.trim()))).collect::<Option<Vec<_>>>()?;
        Some(cases.join(" || "))
    };
    let ordered = |sign: &str| Some(format!("{} {sign} {}", subject.cel_number()?, operand.cel_number()?));
    let source = match operator {
        Operator::Equal => equal(operand)?,
        Operator::NotEqual => format!("!({})", equal(operand)?),
        Operator::AnyOf => any_of()?,
        Operator::NoneOf => format!("!({})", any_of()?),
        Operator::Contains => compared("contains", "", "")?,
        Operator::NotContains => format!("!{}", compared("contains", "", "")?),
        Operator::StartsWith => compared("startsWith", "^\\s*", "")?,
        Operator::NotStartsWith => format!("!{}", compared("startsWith", "^\\s*", "")?),
        Operator::EndsWith => compared("endsWith", "", "\\s*$")?,
        Operator::Less => ordered("<")?,
        Operator::LessOrEqual => ordered("<=")?,
        Operator::Greater => ordered(">")?,
        Operator::GreaterOrEqual => ordered(">=")?,
        Operator::Blank => format!("{}.matches('^\\\\s*$')", text()?),
        Operator::NotBlank => format!("!{}.matches('^\\\\s*$')", text()?),
        Operator::Regex => {
            let case = if ignore_case { "(?i)" } else { "" };
            let pattern = cel_quoted(&format!("{case}^(?:{})$", operand.fixed()?));
            // Not every expression of the other program is one here.
            Expression::new(&format!("''.matches({pattern})")).ok()?.test(&Values::default()).ok()?;
            format!("{}.matches({pattern})", text()?)
        }
    };
    Expression::new(&source).ok().map(|_| source)
}

/// A text as a CEL literal.
pub(super) fn cel_quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

fn regex_quoted(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$#&-~".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A member of a value, as templates and expressions both write it.
pub(super) fn member(path: &str, name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&name);
    if plain {
        format!("{path}.{name}")
    } else if name.chars().all(|c| c.is_ascii_digit()) && !name.is_empty() && name.len() < 6 {
        format!("{path}[{name}]")
    } else {
        // Quotes and the like have no place in the name of a member.
        let name: String = name.chars().filter(|c| !"'\\{}%#<>&".contains(*c) && !c.is_control()).collect();
        format!("{path}['{name}']")
    }
}

/// Words that are no names in CEL or in templates.
const KEYWORDS: [&str; 26] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "null",
    "return",
    "true",
    "var",
    "void",
    "while",
    "and",
    "or",
    "not",
    "is",
    "none",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values() -> Values {
        let mut values = Values::default();
        values.vars.insert("count".into(), json!("2"));
        values.others.insert("slots".into(), json!({"said": " Yes please ", "key": "1"}));
        values.others.insert("reply".into(), json!({"valid": true, "sites": [1, 2, 3], "name": "O'Hara", "n": 7}));
        values
    }

    fn holds(path: &str, operator: Operator, operand: &str, ignore_case: bool) -> Result<bool, String> {
        let subject = Value { pieces: vec![Piece::Value(Reference::to(path))], lost: Vec::new() };
        let source = condition(&subject, operator, &Value::text(operand), ignore_case).ok_or("no condition")?;
        Expression::new(&source)?.test(&values())
    }

    #[test]
    fn comparisons_say_what_they_said_in_the_export() {
        use Operator::*;
        for (path, operator, operand, expected) in [
            ("slots.key", Equal, "1", true),
            ("slots.key", NotEqual, "2", true),
            ("slots.key", AnyOf, "2, 1", true),
            ("slots.key", NoneOf, "2,3", true),
            ("slots.said", Contains, "yes", true),
            ("slots.said", NotContains, "no", true),
            ("slots.said", StartsWith, "yes", true),
            ("slots.said", EndsWith, "please", true),
            ("slots.said", Equal, "yes", false),
            ("slots.said", Blank, "", false),
            ("slots.said", NotBlank, "", true),
            ("slots.said", Regex, ".*yes.*", true),
            ("slots.said", Regex, "yes", false),
            ("reply.valid", Equal, "True", true),
            ("reply.name", Equal, "o'hara", true),
            ("reply.n", Greater, "6.5", true),
            ("vars.count", Less, "3", true),
            ("vars.count", GreaterOrEqual, "2", true),
            ("vars.count", LessOrEqual, "1", false),
        ] {
            assert_eq!(holds(path, operator, operand, true), Ok(expected), "{path} {operator:?} {operand}");
        }
    }

    #[test]
    fn case_counts_where_it_counted() {
        assert_eq!(holds("slots.said", Operator::Contains, "yes", false), Ok(false));
        assert_eq!(holds("slots.said", Operator::Contains, "Yes", false), Ok(true));
    }

    #[test]
    fn what_cannot_be_compared_gives_no_condition() {
        use Operator::*;
        for (operator, operand) in
            [(Regex, "("), (Regex, "(?<=a)b"), (Less, "many"), (Equal, "x".repeat(2_000).as_str())]
        {
            let subject = Value { pieces: vec![Piece::Value(Reference::to("slots.key"))], lost: Vec::new() };
            assert_eq!(condition(&subject, operator, &Value::text(operand), true), None, "{operand}");
        }
    }

    #[test]
    fn a_missing_value_is_an_error_and_the_number_of_entries_a_number() {
        assert!(holds("reply.nothing", Operator::Equal, "x", true).is_err());
        let sites = Reference { length: true, ..Reference::to("reply.sites") };
        let subject = Value { pieces: vec![Piece::Value(Reference::to("vars.count"))], lost: Vec::new() };
        let operand = Value { pieces: vec![Piece::Value(sites)], lost: Vec::new() };
        let source = condition(&subject, Operator::Less, &operand, true).expect("it can be said");
        assert_eq!(Expression::new(&source).and_then(|condition| condition.test(&values())), Ok(true), "{source}");
    }

    #[test]
    fn members_with_strange_names_are_found_too() {
        for (name, expected) in
            [("a", "x.a"), ("a-b", "x['a-b']"), ("0", "x[0]"), ("in", "x['in']"), ("a'b", "x['ab']")]
        {
            assert_eq!(member("x", name), expected);
            assert!(Expression::new(&format!("{expected} == 1")).is_ok(), "{expected}");
            assert!(is_template(&format!("{{{{ {expected} }}}}")), "{expected}");
        }
    }
}
