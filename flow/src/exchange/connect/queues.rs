//! Which queue a caller is meant for at each action. There it is a state of the contact that an earlier action has set; here a block names
//! its queue. Where only one can have been set on the way, that is it; where it may be one of several, the way decides (see `routing`). What the
//! caller keyed last is such a state, too.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::{Action, references::ATTRIBUTES};
use crate::exchange::words::{is_opaque, slug};

/// More queues than this are not told apart.
const MOST: usize = 8;

/// What a caller is meant for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meant {
    /// Nothing was set on the way.
    Nothing,
    /// A queue with this name.
    Queue(String),
    /// An agent, by a template or a name.
    Agent(String),
    /// A queue that is only known during the call.
    Unknown(String),
}

/// What callers may be meant for, and may have keyed last, before each action.
pub(super) struct Queues {
    before: Vec<BTreeSet<Meant>>,
    carried: bool,
    keyed: Vec<BTreeSet<Keyed>>,
}

/// What the caller keyed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Keyed {
    /// Nothing yet, or what anybody may see.
    Openly,
    /// What nobody may see.
    Secretly,
}

/// What may have been set before each action, by every way from the start.
fn before<T: Clone + Ord>(
    actions: &[Action],
    start: &str,
    at_first: T,
    sets: impl Fn(&Action) -> Option<T>,
) -> Vec<BTreeSet<T>> {
    let by_id: HashMap<&str, usize> =
        actions.iter().enumerate().map(|(index, action)| (action.id.as_str(), index)).collect();
    let mut before: Vec<BTreeSet<T>> = vec![BTreeSet::new(); actions.len()];
    let mut open = VecDeque::new();
    if let Some(&first) = by_id.get(start) {
        before[first].insert(at_first);
        open.push_back(first);
    }
    while let Some(index) = open.pop_front() {
        let action = &actions[index];
        let after = match sets(action) {
            Some(value) => BTreeSet::from([value]),
            None => before[index].clone(),
        };
        for target in action.targets() {
            let Some(&next) = by_id.get(target) else { continue };
            let known = before[next].len();
            for value in &after {
                if before[next].len() < MOST {
                    before[next].insert(value.clone());
                }
            }
            if before[next].len() > known {
                open.push_back(next);
            }
        }
    }
    before
}

impl Queues {
    /// Follows every way from the start.
    pub fn of(actions: &[Action], start: &str) -> Self {
        let queues = before(actions, start, Meant::Nothing, sets);
        let keyed = before(actions, start, Keyed::Openly, |action| {
            is_stored(action).then(|| if is_secret(action) { Keyed::Secretly } else { Keyed::Openly })
        });
        let carried = actions
            .iter()
            .zip(&queues)
            .any(|(action, meant)| action.kind == "TransferContactToQueue" && meant.len() > 1);
        Queues { before: queues, carried, keyed }
    }

    /// Whether what the caller keyed last can only be a secret there.
    pub fn is_secret(&self, index: usize) -> bool {
        self.keyed.get(index).is_some_and(|keyed| keyed.len() == 1 && keyed.contains(&Keyed::Secretly))
    }

    /// What callers may be meant for there.
    pub fn at(&self, index: usize) -> Vec<Meant> {
        self.before.get(index).into_iter().flatten().cloned().collect()
    }

    /// Whether callers come to a queue by ways that mean different ones, so that a variable must carry which.
    pub fn are_carried(&self) -> bool {
        self.carried
    }

    /// The name of the queue, if it is certain.
    pub fn name(&self, index: usize) -> Option<String> {
        match &self.at(index)[..] {
            [Meant::Queue(name)] => Some(name.clone()),
            _ => None,
        }
    }
}

/// What an action makes callers be meant for.
pub(super) fn sets(action: &Action) -> Option<Meant> {
    if action.kind != "UpdateContactTargetQueue" {
        return None;
    }
    if let Some(agent) = action.text("AgentId") {
        return Some(Meant::Agent(agent));
    }
    let id = action.text("QueueId").unwrap_or_default();
    if let Some(label) = action.label.as_deref().filter(|label| slug(label).is_some()) {
        return Some(Meant::Queue(label.to_owned()));
    }
    if id.starts_with('$') {
        return Some(Meant::Unknown(id));
    }
    let name = id.rsplit('/').next().unwrap_or_default().trim_matches('%').to_owned();
    Some(if id.is_empty() {
        Meant::Unknown("a queue that the export does not name".to_owned())
    } else if is_opaque(&name) {
        Meant::Queue(format!("Queue {}", &name[name.len() - 6..]))
    } else {
        Meant::Queue(name)
    })
}

/// The variable that carries the queue where ways with several meet.
pub(super) const CARRIED: (&str, &str) = (ATTRIBUTES, "hotline target queue");

/// Whether an action keeps what the caller keys.
pub(super) fn is_stored(action: &Action) -> bool {
    action.kind == "GetParticipantInput"
        && action.text("StoreInput").is_some_and(|store| store.eq_ignore_ascii_case("true"))
}

/// Whether it keeps it from everybody.
pub(super) fn is_secret(action: &Action) -> bool {
    action.parameters.contains_key("InputEncryption")
}
