//! A queue as an admin writes it: plain data, with everything that can be wrong with it said by name and with its cure.

use std::collections::{BTreeMap, BTreeSet};

use flow::hours::{Hours, RawHours};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The highest level of a skill, and the highest priority.
pub const HIGHEST: u8 = 10;
/// More would be a mistake.
const MOST_NEEDS: usize = 20;
const MOST_STEPS: usize = 20;
const MOST_DISPOSITIONS: usize = 100;
const LONGEST_TEXT: usize = 500;

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Its name in flows, trunks and dial plans: 1 to 64 letters, digits, `.`, `-` and `_`.
    #[schema(example = "service")]
    pub id: String,
    /// Its name for people; the id where it is empty.
    #[serde(default)]
    pub title: String,
    /// Who is offered a call among those who could take it.
    #[serde(default)]
    pub strategy: Strategy,
    /// What an agent must be able to do.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// How well an agent must speak the caller's language, from 1 to 10, as a skill with the language's code as its name (`en`,
    /// `zh-CN`); 0: it does not matter.
    #[serde(default)]
    pub language_level: u8,
    /// After how many seconds of waiting the next tier is asked, too.
    #[serde(default = "tier_after_s")]
    pub tier_after_s: u32,
    /// What happens to those who wait longer, in order.
    #[serde(default)]
    pub overflow: Vec<Step>,
    /// When the queue is open, like the `hours` block of a flow: `weekly`, `holidays`, `time_zone`. Always, where there are none.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub hours: Option<Value>,
    /// How long a caller waits at most, in seconds.
    #[serde(default = "max_wait_s")]
    pub max_wait_s: u32,
    /// How many callers may wait; none: any number.
    #[serde(default)]
    pub max_length: Option<u32>,
    /// What is aimed at.
    #[serde(default)]
    pub target: Target,
    /// How long a phone rings, in seconds.
    #[serde(default = "ring_s")]
    pub ring_s: u32,
    /// After how many calls in a row that somebody did not answer they are away; 0: never.
    #[serde(default = "missed_limit")]
    pub missed_limit: u32,
    /// How long agents have after a call for the work that it leaves, in seconds.
    #[serde(default)]
    pub wrap_up_s: u32,
    /// So many seconds of waiting are worth one step of priority.
    #[serde(default = "age_s")]
    pub age_s: u32,
    /// What becomes of callers when nobody serves the queue.
    #[serde(default)]
    pub when_empty: WhenEmpty,
    /// What callers hear between the music.
    #[serde(default)]
    pub announce: Announce,
    /// What callers can press.
    #[serde(default)]
    pub keys: Keys,
    /// How those are called back who left the queue for it.
    #[serde(default)]
    pub callback: CallbackPolicy,
    /// How agents can say that a call ended.
    #[serde(default)]
    pub dispositions: Vec<Disposition>,
}

fn tier_after_s() -> u32 {
    20
}

fn max_wait_s() -> u32 {
    600
}

fn ring_s() -> u32 {
    20
}

fn missed_limit() -> u32 {
    3
}

fn age_s() -> u32 {
    60
}

/// Who is offered a call first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QueueStrategy)]
pub enum Strategy {
    /// Who has been free for longest.
    #[default]
    LongestIdle,
    /// Who has talked for the smallest part of their time.
    LeastOccupied,
    /// Who was offered a call longest ago.
    RoundRobin,
    /// All at once; who answers first has it.
    RingAll,
    /// Who is best at what the call needs.
    MostSkilled,
    /// Whoever the caller talked to last, then who has been free for longest.
    LastAgent,
}

impl Strategy {
    /// The name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::LongestIdle => "longest_idle",
            Self::LeastOccupied => "least_occupied",
            Self::RoundRobin => "round_robin",
            Self::RingAll => "ring_all",
            Self::MostSkilled => "most_skilled",
            Self::LastAgent => "last_agent",
        }
    }
}

/// Something that an agent must be able to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QueueNeed)]
pub struct Need {
    /// What: a skill, or the code of a language.
    pub skill: String,
    /// How well, from 1 to 10.
    #[serde(default = "a_little")]
    pub level: u8,
}

fn a_little() -> u8 {
    1
}

/// What happens to a caller who has waited for so long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = QueueStep)]
pub struct Step {
    /// After how many seconds in this queue.
    pub after_s: u32,
    /// What.
    #[serde(flatten)]
    pub then: Overflow,
}

/// Where callers go for whom there is nobody in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "then", rename_all = "snake_case")]
#[schema(as = QueueOverflow)]
pub enum Overflow {
    /// To another queue, where they keep their priority and the time that they have waited.
    Queue {
        /// Which.
        queue: String,
    },
    /// To whoever is less skilled: all levels count as so much lower. A level that falls to 0 is needed no more.
    Relax {
        /// By how much.
        levels: u8,
    },
}

/// How soon callers should be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = QueueTarget)]
pub struct Target {
    /// How many of them, in per cent.
    pub percent: u8,
    /// Within how many seconds.
    pub within_s: u32,
}

impl Default for Target {
    fn default() -> Self {
        Self { percent: 80, within_s: 20 }
    }
}

/// What becomes of callers when nobody serves a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenEmpty {
    /// They leave it: the flow goes on.
    #[default]
    Leave,
    /// They wait for somebody to come.
    Wait,
}

/// What callers hear between the music.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = QueueAnnounce)]
pub struct Announce {
    /// After how many seconds for the first time; 0: never.
    pub first_s: u32,
    /// How many seconds pass until the next time.
    pub every_s: u32,
    /// Whether they are told their place.
    pub position: bool,
    /// Whether they are told how long it will take, once enough is known to say so.
    pub wait: bool,
    /// A few friendly words before that, by language.
    pub comfort: BTreeMap<String, String>,
}

impl Default for Announce {
    fn default() -> Self {
        Self { first_s: 15, every_s: 45, position: true, wait: true, comfort: BTreeMap::new() }
    }
}

/// What callers can press while they wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = QueueKeys)]
pub struct Keys {
    /// To be called back, and keep their place.
    #[schema(example = "1")]
    pub callback: Option<String>,
    /// To leave the queue, along the flow's edge `voicemail`.
    #[schema(example = "2")]
    pub voicemail: Option<String>,
}

/// How somebody is called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallbackPolicy {
    /// How often it is tried.
    pub tries: u32,
    /// How many minutes lie between two tries.
    pub minutes: u32,
}

impl Default for CallbackPolicy {
    fn default() -> Self {
        Self { tries: 3, minutes: 10 }
    }
}

/// How a call can have ended, in an agent's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disposition {
    /// Its name in journals and reports.
    pub id: String,
    /// Its name for people.
    #[serde(default)]
    pub title: String,
}

/// What is wrong with a queue: where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    /// The member of the document.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl Queue {
    /// A queue with this name and the usual settings.
    pub fn named(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: String::new(),
            strategy: Strategy::default(),
            needs: Vec::new(),
            language_level: 0,
            tier_after_s: tier_after_s(),
            overflow: Vec::new(),
            hours: None,
            max_wait_s: max_wait_s(),
            max_length: None,
            target: Target::default(),
            ring_s: ring_s(),
            missed_limit: missed_limit(),
            wrap_up_s: 0,
            age_s: age_s(),
            when_empty: WhenEmpty::default(),
            announce: Announce::default(),
            keys: Keys::default(),
            callback: CallbackPolicy::default(),
            dispositions: Vec::new(),
        }
    }

    /// What people call it.
    pub fn shown(&self) -> &str {
        if self.title.trim().is_empty() { &self.id } else { &self.title }
    }

    /// The opening hours, ready to be asked; none: always open.
    pub(super) fn opening(&self) -> Result<Option<Hours>, String> {
        let Some(hours) = &self.hours else { return Ok(None) };
        let mut hours = hours.clone();
        if let Some(members) = hours.as_object_mut() {
            members.entry("holidays").or_insert_with(|| Value::Array(Vec::new()));
        }
        let raw: RawHours = serde_json::from_value(hours).map_err(|error| {
            format!("they have not the form of a flow's hours ({error}); write weekly, holidays and time_zone")
        })?;
        Hours::new(raw).map(Some)
    }

    /// Everything that is wrong with it, the first member first. `others` are the queues that there are beside it.
    pub fn check(&self, others: &BTreeSet<String>) -> Vec<Invalid> {
        let mut wrong = Vec::new();
        let mut say = |field: &'static str, problem: String| wrong.push(Invalid { field, problem });
        if !is_name(&self.id, 64) {
            say("id", "the name has 1 to 64 letters, digits, `.`, `-` and `_`, e.g. `service`".into());
        }
        if self.title.chars().count() > 100 {
            say("title", "the title has at most 100 characters".into());
        }
        if self.needs.len() > MOST_NEEDS {
            say(
                "needs",
                format!("a queue needs at most {MOST_NEEDS} skills; give agents one skill for what they do together"),
            );
        }
        for (place, need) in self.needs.iter().enumerate() {
            if !is_name(&need.skill, 64) {
                say("needs", format!("{:?} is no name of a skill: use letters, digits, `.`, `-` and `_`", need.skill));
            }
            if !(1..=HIGHEST).contains(&need.level) {
                say("needs", format!("the level of {} is {}; levels go from 1 to {HIGHEST}", need.skill, need.level));
            }
            if self.needs[..place].iter().any(|other| other.skill == need.skill) {
                say("needs", format!("{} is there twice; keep the higher level", need.skill));
            }
        }
        if self.language_level > HIGHEST {
            say("language_level", format!("levels go from 1 to {HIGHEST}; 0 if the language does not matter"));
        }
        let mut range = |field: &'static str, value: u32, from: u32, to: u32, unit: &str| {
            if !(from..=to).contains(&value) {
                wrong.push(Invalid { field, problem: format!("{value} {unit} cannot be used; choose {from} to {to}") });
            }
        };
        range("tier_after_s", self.tier_after_s, 1, 3_600, "seconds");
        range("max_wait_s", self.max_wait_s, 1, 86_400, "seconds");
        range("ring_s", self.ring_s, 3, 120, "seconds");
        range("missed_limit", self.missed_limit, 0, 100, "calls");
        range("wrap_up_s", self.wrap_up_s, 0, 3_600, "seconds");
        range("age_s", self.age_s, 1, 3_600, "seconds");
        range("target", u32::from(self.target.percent), 1, 100, "per cent");
        range("target", self.target.within_s, 1, 3_600, "seconds");
        range("announce", self.announce.first_s, 0, 3_600, "seconds");
        range("announce", self.announce.every_s, 10, 3_600, "seconds");
        range("callback", self.callback.tries, 1, 20, "tries");
        range("callback", self.callback.minutes, 1, 1_440, "minutes");
        if let Some(length) = self.max_length {
            range("max_length", length, 1, 100_000, "callers");
        }
        if self.overflow.len() > MOST_STEPS {
            wrong.push(Invalid { field: "overflow", problem: format!("there are at most {MOST_STEPS} steps") });
        }
        for (place, step) in self.overflow.iter().enumerate() {
            let mut say = |problem: String| wrong.push(Invalid { field: "overflow", problem });
            if !(1..=86_400).contains(&step.after_s) {
                say(format!("{} seconds cannot be used; choose 1 to 86400", step.after_s));
            }
            if self.overflow[..place].iter().any(|earlier| earlier.after_s >= step.after_s) {
                say("each step comes later than the one before; put them in order".into());
            }
            match &step.then {
                Overflow::Queue { queue } if *queue == self.id => {
                    say(format!("{queue} is this queue; name another one"))
                }
                Overflow::Queue { queue } if !others.contains(queue) => {
                    say(format!("there is no queue {queue}; add it first, or name another one"));
                }
                Overflow::Queue { .. } if place + 1 < self.overflow.len() => {
                    say("after the step to another queue no step of this one follows; leave out the later ones".into());
                }
                Overflow::Relax { levels } if !(1..=HIGHEST).contains(levels) => {
                    say(format!("levels are lowered by 1 to {HIGHEST}"));
                }
                _ => {}
            }
        }
        if let Err(problem) = self.opening() {
            wrong.push(Invalid { field: "hours", problem });
        }
        for (language, words) in &self.announce.comfort {
            if language.parse::<intent::Language>().is_err() {
                wrong.push(Invalid {
                    field: "announce",
                    problem: format!("{language:?} is no language that can be spoken"),
                });
            }
            if words.chars().count() > LONGEST_TEXT {
                wrong.push(Invalid {
                    field: "announce",
                    problem: format!("the words of {language} have at most {LONGEST_TEXT} characters"),
                });
            }
        }
        for key in [&self.keys.callback, &self.keys.voicemail].into_iter().flatten() {
            if key.chars().count() != 1 || !key.chars().all(|c| c.is_ascii_digit() || c == '*' || c == '#') {
                wrong
                    .push(Invalid { field: "keys", problem: format!("{key:?} is no key; use one of 0 to 9, * and #") });
            }
        }
        if self.keys.callback.is_some() && self.keys.callback == self.keys.voicemail {
            wrong.push(Invalid {
                field: "keys",
                problem: "both have the same key; choose another for one of them".into(),
            });
        }
        if self.dispositions.len() > MOST_DISPOSITIONS {
            wrong.push(Invalid { field: "dispositions", problem: format!("there are at most {MOST_DISPOSITIONS}") });
        }
        let mut seen = BTreeSet::new();
        for disposition in &self.dispositions {
            if !is_name(&disposition.id, 64) {
                wrong.push(Invalid {
                    field: "dispositions",
                    problem: format!("{:?} is no name: use letters, digits, `.`, `-` and `_`", disposition.id),
                });
            }
            if !seen.insert(&disposition.id) {
                wrong.push(Invalid { field: "dispositions", problem: format!("{} is there twice", disposition.id) });
            }
        }
        wrong
    }
}

/// Whether a text can be a name in documents and addresses.
pub fn is_name(text: &str, longest: usize) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    (1..=longest).contains(&text.len()) && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_queue_with_a_name_alone_has_the_usual_settings() {
        let read: Queue = serde_json::from_value(json!({"id": "service"})).expect("a name is enough");
        assert_eq!(read, Queue::named("service"));
        assert_eq!(read.check(&BTreeSet::new()), []);
    }

    #[test]
    fn what_is_wrong_with_a_queue_is_said_by_its_member() {
        let others = BTreeSet::from(["backup".to_owned()]);
        for (members, field) in [
            (json!({"id": "a b"}), "id"),
            (json!({"needs": [{"skill": "billing", "level": 11}]}), "needs"),
            (json!({"needs": [{"skill": "x"}, {"skill": "x", "level": 2}]}), "needs"),
            (json!({"language_level": 11}), "language_level"),
            (json!({"age_s": 0}), "age_s"),
            (json!({"ring_s": 1}), "ring_s"),
            (json!({"overflow": [{"after_s": 60, "then": "queue", "queue": "gone"}]}), "overflow"),
            (json!({"overflow": [{"after_s": 0, "then": "queue", "queue": "backup"}]}), "overflow"),
            (json!({"overflow": [{"after_s": 60, "then": "queue", "queue": "service"}]}), "overflow"),
            (
                json!({"overflow": [{"after_s": 60, "then": "relax", "levels": 2}, {"after_s": 60, "then": "relax", "levels": 2}]}),
                "overflow",
            ),
            (json!({"hours": {"weekly": [{"days": ["mon"], "from": "25:00", "to": "26:00"}]}}), "hours"),
            (json!({"hours": {"weekly": [], "time_zone": "Mars/Base"}}), "hours"),
            (json!({"announce": {"comfort": {"tlh": "nuqneH"}}}), "announce"),
            (json!({"keys": {"callback": "12"}}), "keys"),
            (json!({"keys": {"callback": "1", "voicemail": "1"}}), "keys"),
            (json!({"dispositions": [{"id": "sold"}, {"id": "sold"}]}), "dispositions"),
        ] {
            let mut document = json!({"id": "service"});
            document.as_object_mut().expect("an object").extend(members.as_object().cloned().expect("an object"));
            let queue: Queue = serde_json::from_value(document).expect("it has the form");
            let wrong = queue.check(&others);
            assert!(!wrong.is_empty() && wrong.iter().all(|wrong| wrong.field == field), "{members}: {wrong:?}");
        }
        let good = json!({"id": "service", "overflow": [{"after_s": 30, "then": "relax", "levels": 2}, {"after_s": 60, "then": "queue", "queue": "backup"}],
            "hours": {"weekly": [{"days": ["mon"], "from": "09:00", "to": "17:00"}], "time_zone": "Europe/Berlin"}, "keys": {"callback": "1", "voicemail": "*"}});
        let queue: Queue = serde_json::from_value(good).expect("it has the form");
        assert_eq!(queue.check(&others), []);
        let again: Queue = serde_json::from_value(serde_json::to_value(&queue).expect("JSON")).expect("and back");
        assert_eq!(again, queue);
    }
}
