//! A difference of two flows in words, a line for each change.

use std::fmt::Write;

use flow::Difference;
use flow::difference::{Change, Changed};
use serde_json::Value;

/// Longer values are cut.
const LONGEST: usize = 160;

/// The whole difference; says so when there is none.
pub fn told(difference: &Difference) -> String {
    let mut text = String::new();
    if difference.is_empty() {
        text.push_str("The flows are the same.\n");
    }
    let changes = |changes: &[Change], what: &str, text: &mut String| {
        for change in changes {
            // A String takes everything.
            let _ = writeln!(text, "    {}", line(change, what));
        }
    };
    if !difference.document.is_empty() {
        text.push_str("~ flow\n");
        changes(&difference.document, "", &mut text);
    }
    for block in &difference.blocks {
        let sign = match block.change {
            Changed::Added => '+',
            Changed::Removed => '-',
            Changed::Changed => '~',
        };
        let _ = writeln!(text, "{sign} block {} ({})", block.id, block.kind);
        // What a block that is gone said and led to is of interest to nobody who knows that it is gone.
        if block.change != Changed::Removed {
            changes(&block.params, "", &mut text);
            changes(&block.edges, "edge ", &mut text);
        }
    }
    match difference.moved {
        0 => {}
        1 => text.push_str("1 block stands elsewhere on the canvas.\n"),
        n => {
            let _ = writeln!(text, "{n} blocks stand elsewhere on the canvas.");
        }
    }
    text
}

fn line(change: &Change, what: &str) -> String {
    let place = &change.place;
    match (&change.before, &change.after) {
        (None, Some(after)) => format!("{what}{place}: + {}", shown(after)),
        (Some(before), None) => format!("{what}{place}: - {}", shown(before)),
        (before, after) => {
            let [before, after] = [before, after].map(|value| value.as_ref().map(shown).unwrap_or_default());
            format!("{what}{place}: {before} → {after}")
        }
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
