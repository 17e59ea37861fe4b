//! Conditions, in the Common Expression Language: `order.status_code == 200 && slots.number != ""`. Compiled once per flow;
//! bounded in length, in depth and in loops inside loops, so that no condition can hold up a call.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use cel::common::ast::{EntryExpr, Expr, IdedExpr};

use crate::values::{Values, kept_value};

/// The longest condition, in bytes.
const MAX_SOURCE: usize = 1_000;
/// The deepest nesting of brackets and signs. The interpreter recurses, so depth is stack.
const MAX_DEPTH: usize = 32;

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Expression {
    program: cel::Program,
}

impl Expression {
    /// Compiles a condition; an error says what is wrong with it.
    pub fn new(source: &str) -> Result<Self, String> {
        if source.trim().is_empty() {
            return Err("it is empty".to_owned());
        }
        if source.len() > MAX_SOURCE {
            return Err(format!("it is longer than {MAX_SOURCE} bytes"));
        }
        if nesting(source) > MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
        }
        let program = guarded(|| cel::Program::compile(source))?.map_err(|errors| in_words(&errors))?;
        if loops_in_loops(program.expression(), false) {
            return Err("a loop (map, filter, all, exists) cannot stand inside or after another".to_owned());
        }
        Ok(Expression { program })
    }

    /// The names it uses, such as `order.status_code` or `call`. Those that `has(…)` asks for are not among them.
    pub fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        collect_names(self.program.expression(), &mut Vec::new(), &mut names);
        names
    }

    /// Whether it is true; an error when it cannot be told.
    pub fn test(&self, values: &Values) -> Result<bool, String> {
        match self.execute(values)? {
            cel::Value::Bool(truth) => Ok(truth),
            other => Err(format!("the condition is neither true nor false but of type {}", other.type_of())),
        }
    }

    /// What it comes to.
    pub fn value(&self, values: &Values) -> Result<serde_json::Value, String> {
        kept_value(&self.execute(values)?)
    }

    fn execute(&self, values: &Values) -> Result<cel::Value, String> {
        let context = values.for_expressions();
        guarded(|| self.program.execute(&context))?.map_err(|error| error.to_string())
    }
}

/// The interpreter is not ours, and an expression must never end a call: should it panic after all, that is an error of the
/// expression. Nothing is shared with it that a panic could leave half changed.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| "the expression interpreter failed on it".to_owned())
}

/// The first line of each error, as the rest draws a picture of the place.
fn in_words(errors: &cel::ParseErrors) -> String {
    errors
        .errors
        .iter()
        .take(2)
        .map(|error| format!("{} (column {})", error.msg, error.pos.1))
        .collect::<Vec<_>>()
        .join("; ")
}

/// How deep a source nests: open brackets plus the longest row of signs that each nest the next.
fn nesting(source: &str) -> usize {
    let mut open = 0_usize;
    let mut signs = 0;
    let mut deepest = 0;
    for c in source.chars() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        match c {
            '!' | '-' => signs += 1,
            // A conditional nests its third part.
            '?' => open += 1,
            c if c.is_whitespace() => {}
            _ => signs = 0,
        }
        deepest = deepest.max(open + signs);
    }
    deepest
}

fn children(expression: &IdedExpr) -> Vec<&IdedExpr> {
    match &expression.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(comprehension) => vec![
            &comprehension.iter_range,
            &comprehension.accu_init,
            &comprehension.loop_cond,
            &comprehension.loop_step,
            &comprehension.result,
        ],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Struct(fields) => fields.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// Also what a loop goes over counts as inside: `.map(i, i + i)` a few times in a row doubles a text each time.
fn loops_in_loops(expression: &IdedExpr, inside: bool) -> bool {
    let is_loop = matches!(expression.expr, Expr::Comprehension(_));
    (inside && is_loop) || children(expression).into_iter().any(|child| loops_in_loops(child, inside || is_loop))
}

fn collect_names<'e>(expression: &'e IdedExpr, bound: &mut Vec<&'e str>, names: &mut BTreeSet<String>) {
    match &expression.expr {
        Expr::Ident(name) if !name.starts_with('@') && !bound.contains(&name.as_str()) => {
            names.insert(name.clone());
        }
        Expr::Select(select) if select.test => {}
        Expr::Select(select) => match &select.operand.expr {
            Expr::Ident(name) if !bound.contains(&name.as_str()) => {
                names.insert(format!("{name}.{}", select.field));
            }
            _ => collect_names(&select.operand, bound, names),
        },
        Expr::Comprehension(comprehension) => {
            collect_names(&comprehension.iter_range, bound, names);
            let before = bound.len();
            bound.push(&comprehension.iter_var);
            bound.push(&comprehension.accu_var);
            for part in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
                collect_names(part, bound, names);
            }
            bound.truncate(before);
        }
        _ => {
            for child in children(expression) {
                collect_names(child, bound, names);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn values() -> Values {
        let mut values = Values::default();
        values.vars.insert("limit".into(), json!(3));
        values.others.insert(
            "order".into(),
            json!({"status_code": 200, "status": "shipped", "price": 12.5, "late": false, "items": ["bell", "lamp"]}),
        );
        values.others.insert("slots".into(), json!({"number": "1042"}));
        values
    }

    fn test(source: &str) -> Result<bool, String> {
        Expression::new(source)?.test(&values())
    }

    #[test]
    fn conditions_are_true_or_false() {
        for (source, expected) in [
            ("order.status_code == 200", true),
            ("order.status_code >= 200 && order.status_code < 300", true),
            ("order.status == 'shipped' || order.late", true),
            ("order.price > 12.0", true),
            ("size(order.items) > vars.limit", false),
            ("has(order.refund)", false),
            ("order.items.exists(i, i == 'bell')", true),
            ("slots.number.startsWith('10')", true),
            ("slots.number.matches('^[0-9]{4}$')", true),
            ("int(slots.number) > 1000", true),
        ] {
            assert_eq!(test(source), Ok(expected), "{source}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_an_error_in_words() {
        for source in [
            "",
            "order.status_code ==",
            "order.nothing == 1",
            "nobody == 1",
            "order.status_code + 1",
            "1 / 0 == 1",
            "9223372036854775807 + 1 > 0",
            "order.status > 3",
            "slots.number.matches('(')",
            "int('x') == 1",
            "order.items[7] == 'x'",
            "[[1].map(x, [2].map(y, x * y))].size() == 1",
            "order.items.all(i, order.items.all(j, i != j))",
            "order.items.map(i, i + i).map(i, i + i).size() > 0",
        ] {
            let error = test(source).expect_err(source);
            assert!(!error.is_empty(), "{source}");
        }
    }

    #[test]
    fn a_deep_condition_is_refused_before_it_reaches_the_stack() {
        for source in [
            format!("{}true{}", "(".repeat(400), ")".repeat(400)),
            format!("{}true", "!".repeat(900)),
            format!("{}1 < 2", "-".repeat(900)),
            format!("{}true", "true ? ".repeat(120)),
            format!("{}1{} == 1", "[".repeat(300), "]".repeat(300)),
        ] {
            assert!(Expression::new(&source).is_err(), "{source}");
        }
    }

    #[test]
    fn the_longest_chains_fit_a_small_stack() {
        std::thread::Builder::new()
            .stack_size(1024 * 1024)
            .spawn(|| {
                for source in [
                    format!("1{} > 0", "+1".repeat(490)),
                    format!("order{} == 1", ".a".repeat(490)),
                    format!("true{}", "||true".repeat(160)),
                    format!("order{} == 1", "[0]".repeat(320)),
                    format!("'a'{} == ''", "+'a'".repeat(240)),
                    format!("order.items{}.size() > 9", ".map(i,i+i)".repeat(80)),
                ] {
                    let _ = test(&source);
                }
            })
            .expect("a thread can be started")
            .join()
            .expect("no chain overflows or panics");
    }

    #[test]
    fn a_condition_tells_the_names_it_uses() {
        let names = Expression::new(
            "order.status_code == 200 && order.items.all(i, i != slots.a) && has(x.y) && call.id != ''",
        )
        .expect("it is well formed")
        .names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(names, ["call.id", "order.items", "order.status_code", "slots.a"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn no_text_makes_a_condition_panic(source in "[-+*/%!=<>&|?:.,()\\[\\]{}'\"0-9a-z order.status_code\\\\]{0,60}") {
            let result = catch_unwind(|| cel::Program::compile(&source).map(|program| {
                let _ = program.execute(&values().for_expressions());
            }));
            let _ = test(&source);
            prop_assert!(result.is_ok(), "the interpreter itself panicked on {source:?}");
        }
    }
}
