//! The shape of the way: opening hours, shares, variables, and the parts of a flow that are used from several places.

use serde_json::{Value, json};

use super::{MAX_DEPTH, Run, SUB_FLOW};
use crate::{
    BlockId, Note,
    hours::Hours,
    plan::{Assigned, Assignment},
    template::Template,
    values::check_size,
};

/// The longest tag, in characters, and the most of a call.
const LONGEST_TAG: usize = 64;
const MOST_TAGS: usize = 32;

impl Run {
    pub(super) fn look_at_hours(&mut self, id: &str, hours: &Hours) {
        let standing = hours.at(&self.place().now);
        let opens = standing.opens;
        self.values.others.insert(
            "hours".to_owned(),
            json!({
                "open": standing.open,
                "holiday": standing.holiday,
                "opens": opens.map(|opens| opens.strftime("%Y-%m-%d %H:%M").to_string()),
                "opens_date": opens.map(|opens| opens.date().to_string()),
                "opens_time": opens.map(|opens| opens.strftime("%H:%M").to_string()),
            }),
        );
        let edge = match (standing.open, &standing.holiday) {
            (true, _) => "open",
            (false, Some(_)) if self.has_edge(id, "holiday") => "holiday",
            (false, _) => "closed",
        };
        self.follow(id, edge);
    }

    /// Which way is told by the call alone, so that a replay goes the same one.
    pub(super) fn split(&mut self, id: &str, ways: &[(String, u32)], by_caller: bool) {
        let of = |name: &str| self.values.others["call"][name].as_str().unwrap_or_default();
        let whose = match of("caller") {
            // A withheld number is not the same caller.
            caller if by_caller && !caller.is_empty() => caller,
            _ => of("id"),
        };
        let mut place = spread(&[id, whose]) % 100;
        let chosen = ways.iter().find(|(_, percent)| match place.checked_sub(u64::from(*percent)) {
            None => true,
            Some(rest) => {
                place = rest;
                false
            }
        });
        match chosen.or(ways.last()) {
            Some((edge, _)) => self.follow(id, edge),
            None => self.fail(id, "there is no way to go".to_owned()),
        }
    }

    pub(super) fn set_values(&mut self, id: &str, values: &[Assignment]) {
        for Assignment { name, value } in values {
            let value = match value {
                Assigned::Text(template) => self.plan.templates.fill(template, &self.values).map(Value::String),
                Assigned::Expression(Ok(expression)) => expression.value(&self.values),
                Assigned::Expression(Err(error)) => Err(error.clone()),
            };
            match value.and_then(|value| check_size(&value).map(|()| value)) {
                Ok(value) => {
                    self.values.set.insert(name.clone(), value);
                }
                Err(error) => return self.fail(id, format!("{name} cannot be set: {error}")),
            }
        }
        self.follow(id, "next");
    }

    pub(super) fn tag(&mut self, id: &str, tags: &[Template]) {
        let filled: Result<Vec<String>, String> =
            tags.iter().map(|tag| self.plan.templates.fill(tag, &self.values)).collect();
        match filled {
            Ok(filled) => {
                let mut new = Vec::new();
                for tag in filled {
                    let tag: String = tag.trim().chars().take(LONGEST_TAG).collect();
                    if !tag.is_empty() && self.tags.len() < MOST_TAGS && self.tags.insert(tag.clone()) {
                        new.push(tag);
                    }
                }
                if !new.is_empty() {
                    self.note(Note::Tagged { block: id.to_owned(), tags: new });
                }
                self.follow(id, "next");
            }
            Err(error) => self.fail(id, format!("a tag cannot be filled in: {error}")),
        }
    }

    pub(super) fn enter_sub_flow(&mut self, id: &str, start: &BlockId) {
        if self.stack.len() >= MAX_DEPTH {
            return self.fail(id, format!("sub-flows go through each other deeper than {MAX_DEPTH}"));
        }
        self.stack.push(id.to_owned());
        self.go(id, SUB_FLOW, start.clone());
    }

    pub(super) fn return_along(&mut self, id: &str, edge: &str) {
        match self.stack.pop() {
            Some(caller) => self.follow(&caller, edge),
            None => self.fail(id, "there is no block to return to".to_owned()),
        }
    }

    /// Goes on in the main flow, out of whatever part of it.
    pub(super) fn go_to_main(&mut self, block: &str, edge: &str, to: BlockId) {
        self.stack.clear();
        self.go(block, edge, to);
    }
}

/// A number that is told by the texts and spread evenly: FNV-1a, 64 bits, with a last mixing of the bits.
fn spread(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn a_share_of_many_calls_is_about_that_share() {
        let calls = (0..10_000).filter(|call| spread(&["split", &format!("call-{call}")]) % 100 < 20).count();
        assert!((1_850..2_150).contains(&calls), "{calls} of 10000 for 20 %");
        assert_eq!(spread(&["a", "bc"]), spread(&["a", "bc"]));
        assert_ne!(spread(&["a", "bc"]), spread(&["ab", "c"]));
    }
}
