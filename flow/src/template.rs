//! Templates: `Your order is {{ order.status }}.` A set of them is compiled once per flow and filled in many times, within
//! bounds: so many steps, so many characters. A missing value is an error, never an empty place in a sentence.

use std::{collections::BTreeSet, fmt::Write};

use intent::Language;
use minijinja::{AutoEscape, Environment, Error, State, UndefinedBehavior, escape_formatter};

use crate::phrases::group_digits;
use crate::values::Values;

/// The longest template, in bytes.
const MAX_SOURCE: usize = 8_000;
/// The longest result, in bytes; about ten minutes of speech.
const MAX_RESULT: usize = 8_000;
/// Steps and written bytes while filling in.
const FUEL: u64 = 50_000;

/// What stands around a template, and so what must be escaped in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Plain text.
    Text,
    /// What a caller hears in this language.
    Spoken(Language),
    /// An address.
    Url,
}

/// A template of a [`Templates`] set.
#[derive(Clone, Debug)]
pub(crate) enum Template {
    /// Text without anything to fill in.
    Fixed(String),
    /// Its name in the set.
    Named(String),
    /// It could not be compiled; why.
    Broken(String),
}

/// A set of compiled templates.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
    count: usize,
}

impl Templates {
    pub fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(50);
        // `{{ slots.order_number | digits }}` reads `1 0, 4 2`, as a person would say it in the language of the prompt.
        environment.add_filter("digits", |state: &State, text: String| group_digits(&text, language_of(state.name())));
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".url") { AutoEscape::Custom("url".into()) } else { AutoEscape::None }
        });
        environment.set_formatter(|out, state, value| {
            if !matches!(state.auto_escape(), AutoEscape::Custom(_)) {
                return escape_formatter(out, state, value);
            }
            let text = value.to_string();
            if value.is_safe() {
                out.write_str(&text)?;
            } else {
                out.write_str(&percent_encode(&text))?;
            }
            Ok(())
        });
        Templates { environment, count: 0 }
    }

    /// Compiles a template. One with a mistake is kept as such, to fail where it is used.
    pub fn add(&mut self, source: &str, place: Place) -> Template {
        if source.len() > MAX_SOURCE {
            return Template::Broken(format!("it is longer than {MAX_SOURCE} bytes"));
        }
        if !["{{", "{%", "{#"].iter().any(|mark| source.contains(mark)) {
            return Template::Fixed(source.to_owned());
        }
        let name = match place {
            Place::Text => format!("{}.text", self.count),
            Place::Spoken(language) => format!("{}.{language}.spoken", self.count),
            Place::Url => format!("{}.url", self.count),
        };
        self.count += 1;
        match self.environment.add_template_owned(name.clone(), source.to_owned()) {
            Ok(()) => Template::Named(name),
            Err(error) => Template::Broken(in_words(&error)),
        }
    }

    /// The names that a template uses, such as `slots.order_number`.
    pub fn names(&self, template: &Template) -> BTreeSet<String> {
        match template {
            Template::Named(name) => self
                .environment
                .get_template(name)
                .map(|compiled| compiled.undeclared_variables(true).into_iter().collect())
                .unwrap_or_default(),
            Template::Fixed(_) | Template::Broken(_) => BTreeSet::new(),
        }
    }

    /// Fills a template in.
    pub fn fill(&self, template: &Template, values: &Values) -> Result<String, String> {
        match template {
            Template::Fixed(text) => Ok(text.clone()),
            Template::Broken(why) => Err(why.clone()),
            Template::Named(name) => {
                let text = self
                    .environment
                    .get_template(name)
                    .and_then(|compiled| compiled.render(values.for_templates()))
                    .map_err(|error| in_words(&error))?;
                if text.len() > MAX_RESULT {
                    return Err(format!("the result is longer than {MAX_RESULT} bytes"));
                }
                Ok(text)
            }
        }
    }
}

/// The language in which a template is spoken, from its name in the set; English for what nobody hears.
fn language_of(name: &str) -> Language {
    let is_chinese =
        name.strip_suffix(".spoken").is_some_and(|name| name.ends_with(&format!(".{}", Language::Chinese)));
    if is_chinese { Language::Chinese } else { Language::English }
}

/// The message without the template's internal name, which means nothing to anybody.
fn in_words(error: &Error) -> String {
    let mut words = error.kind().to_string();
    if let Some(detail) = error.detail() {
        let _ = write!(words, ": {detail}");
    }
    if let Some(line) = error.line().filter(|line| *line > 1) {
        let _ = write!(words, " (line {line})");
    }
    words
}

/// Everything but the unreserved characters of RFC 3986 section 2.3.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values() -> Values {
        let mut values = Values::default();
        values.vars.insert("base".into(), json!("http://127.0.0.1:9/a"));
        values.others.insert(
            "order".into(),
            json!({"status": "on its way", "days": 2, "price": 12.5, "gone": null, "list": [1, 2]}),
        );
        values.others.insert("slots".into(), json!({"number": "../1 2?x"}));
        values
    }

    fn fill(source: &str, place: Place) -> Result<String, String> {
        let mut templates = Templates::new();
        let template = templates.add(source, place);
        templates.fill(&template, &values())
    }

    #[test]
    fn values_are_filled_in() {
        for (source, expected) in [
            ("Hello.", "Hello."),
            ("{{ '1042' | digits }}", "1 0, 4 2"),
            ("It is {{ order.status }}.", "It is on its way."),
            ("In {{ order.days }} days for {{ order.price }}", "In 2 days for 12.5"),
            ("{% if order.days > 1 %}soon{% else %}now{% endif %}", "soon"),
            ("{{ order.gone | default('no date yet') }}", "no date yet"),
            ("{{ order.nothing | default('no date yet') }}", "no date yet"),
        ] {
            assert_eq!(fill(source, Place::Text).as_deref(), Ok(expected), "{source}");
        }
    }

    #[test]
    fn digits_are_grouped_as_in_the_language_of_the_prompt() {
        for (place, spoken) in [
            (Place::Spoken(Language::Chinese), "1 3 8, 1 2 3 4, 5 6 7 8"),
            (Place::Spoken(Language::English), "1 3 8 1, 2 3 4, 5 6 7 8"),
            (Place::Text, "1 3 8 1, 2 3 4, 5 6 7 8"),
        ] {
            assert_eq!(fill("{{ '13812345678' | digits }}", place).as_deref(), Ok(spoken), "{place:?}");
        }
    }

    #[test]
    fn what_a_caller_says_cannot_change_an_address() {
        assert_eq!(
            fill("{{ vars.base }}/orders/{{ slots.number }}", Place::Url).as_deref(),
            Ok("http://127.0.0.1:9/a/orders/..%2F1%202%3Fx")
        );
    }

    #[test]
    fn mistakes_and_missing_values_are_errors_in_words() {
        for source in [
            "{{ order.nothing }}",
            "{{ order.gone }}",
            "{{ nobody.there }}",
            "{{ order.status",
            "{% for %}",
            "{{ order.status | no_such_filter }}",
            "{% include 'secret' %}",
        ] {
            let error = fill(source, Place::Text).expect_err(source);
            assert!(!error.is_empty() && !error.contains(".text"), "{source}: {error}");
        }
    }

    #[test]
    fn no_template_runs_for_long() {
        for source in [
            "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}",
            "{{ 'x' * 100000000 }}",
            "{{ ('x' * 9000) }}",
            "{{ range(1000000000) | list | length }}",
        ] {
            assert!(fill(source, Place::Text).is_err(), "{source}");
        }
        assert!(fill(&"{{ 1 }}".repeat(2_000), Place::Text).is_err());
        assert!(fill(&format!("{{{{ {}1{} }}}}", "(".repeat(1000), ")".repeat(1000)), Place::Text).is_err());
    }

    #[test]
    fn a_template_tells_the_names_it_uses() {
        let mut templates = Templates::new();
        let template = templates.add("{{ order.status }} {{ slots.a }} {{ call.id }}", Place::Text);
        let names: Vec<String> = templates.names(&template).into_iter().collect();
        assert_eq!(names, ["call.id", "order.status", "slots.a"]);
    }
}
