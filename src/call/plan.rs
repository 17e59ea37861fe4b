//! What an extension dials, or transfers to, and what that means. Pure.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::event::Personal;

/// The shortest run of digits that is taken for a number outside; shorter ones are extensions, whether there or not.
const SHORTEST_NUMBER: usize = 6;

/// The codes and names that mean something of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Transfers to it park a call; the slots are the numbers that follow.
    pub park: u32,
    /// How many slots there are.
    pub slots: u32,
    /// The queues of the flow.
    pub queues: BTreeSet<String>,
    /// The flow.
    pub flow: String,
}

/// Where a call is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An agent's phone.
    Extension(String),
    /// A number outside, as dialled.
    Outside(Personal),
    /// A queue.
    Queue(String),
    /// The flow, from its beginning.
    Flow,
    /// A free slot.
    Park,
    /// What is parked in this slot.
    Slot(u32),
    /// Nothing is known under this name.
    Nowhere(Personal),
}

impl Destination {
    /// What the journal calls it in clear: numbers outside are personal.
    pub fn name(&self) -> String {
        match self {
            Self::Extension(name) | Self::Queue(name) => name.clone(),
            Self::Outside(_) => "outside".into(),
            Self::Flow => "flow".into(),
            Self::Park => "park".into(),
            Self::Slot(slot) => slot.to_string(),
            Self::Nowhere(_) => "nowhere".into(),
        }
    }

    /// What was dialled, for those who may see it.
    pub fn shown(&self) -> Personal {
        match self {
            Self::Outside(dialled) | Self::Nowhere(dialled) => dialled.clone(),
            other => Personal::new(other.name()),
        }
    }
}

impl Plan {
    /// Where something dialled leads. Extensions come first, so that an admin can give an agent any name.
    pub fn lead(&self, dialled: &str, is_extension: impl Fn(&str) -> bool) -> Destination {
        let dialled = dialled.trim();
        if is_extension(dialled) {
            return Destination::Extension(dialled.to_owned());
        }
        if dialled.eq_ignore_ascii_case("park") {
            return Destination::Park;
        }
        if let Some(queue) = self.queues.iter().find(|queue| queue.eq_ignore_ascii_case(dialled)) {
            return Destination::Queue(queue.clone());
        }
        if dialled.eq_ignore_ascii_case("flow") || dialled == self.flow {
            return Destination::Flow;
        }
        match dialled.parse::<u32>() {
            Ok(code) if code == self.park => return Destination::Park,
            Ok(code) if self.slots().contains(&code) => return Destination::Slot(code),
            _ => {}
        }
        let digits = dialled.chars().filter(char::is_ascii_digit).count();
        let written = dialled.chars().all(|c| c.is_ascii_digit() || "+ -()./".contains(c));
        match written && digits >= SHORTEST_NUMBER {
            true => Destination::Outside(Personal::new(dialled)),
            false => Destination::Nowhere(Personal::new(dialled)),
        }
    }

    /// The numbers of the slots.
    pub fn slots(&self) -> RangeInclusive<u32> {
        self.park.saturating_add(1)..=self.park.saturating_add(self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dialled_leads_somewhere() {
        let plan = Plan { park: 700, slots: 20, queues: ["Support".to_owned()].into(), flow: "bicycle-shop".into() };
        let outside = |number: &str| Destination::Outside(Personal::new(number));
        for (dialled, expected) in [
            ("101", Destination::Extension("101".into())),
            ("anna", Destination::Extension("anna".into())),
            ("700", Destination::Park),
            ("park", Destination::Park),
            ("701", Destination::Slot(701)),
            ("720", Destination::Slot(720)),
            ("721", Destination::Nowhere(Personal::new("721"))),
            ("support", Destination::Queue("Support".into())),
            ("bicycle-shop", Destination::Flow),
            ("+49 30 1234567", outside("+49 30 1234567")),
            ("0301234567", outside("0301234567")),
            ("105", Destination::Nowhere(Personal::new("105"))),
            ("bob", Destination::Nowhere(Personal::new("bob"))),
            ("", Destination::Nowhere(Personal::default())),
        ] {
            assert_eq!(plan.lead(dialled, |name| ["101", "anna"].contains(&name)), expected, "{dialled}");
        }
    }

    #[test]
    fn an_extension_with_the_name_of_a_code_is_rung() {
        let plan = Plan { park: 700, slots: 1, queues: BTreeSet::new(), flow: "f".into() };
        assert_eq!(plan.lead("700", |_| true), Destination::Extension("700".into()));
    }

    #[test]
    fn a_number_outside_has_no_name_in_clear() {
        let outside = Destination::Outside(Personal::new("+49301234567"));
        assert_eq!((outside.name().as_str(), outside.shown().reveal()), ("outside", "+49301234567"));
        assert!(!format!("{outside:?}").contains("4930"));
    }
}
