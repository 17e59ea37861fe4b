//! Reading values back, and what a caller says to it: yes, no, or what is right instead ("no, Thursday"), which is taken in the same
//! turn. A plain "no" to several values asks which of them is wrong.

use std::sync::Arc;

use intent::{
    Language, command,
    entity::{self, Entity, Kind, SlotSpec, Value},
    slot,
};

use super::{
    Run,
    collecting::{Filled, Told, wanted_of},
    listening::{Listening, Question, listening_step, words},
    understanding::ALIKE,
};
use crate::{
    Action, Heard, Note, Part,
    phrases::{self, Miss},
    plan::{Plan, Step},
    spoken,
};

/// So many values are read back at once; callers lose count of more.
pub(super) const MAX_READ_BACK: usize = 4;
/// A value that takes the place of one that is read back must be this sure, and this where many words resemble one.
const INSTEAD: f32 = 0.6;
const SURELY_INSTEAD: f32 = 0.8;

/// What an utterance makes of values that were read back.
pub(super) enum Amended {
    /// Some are others.
    Values(Vec<Filled>),
    /// One of these is another, or wrong.
    OneOf(Vec<Filled>, Option<Value>),
    /// The one of this slot is wrong.
    Wrong(String),
    /// They were said once more.
    Same,
    Nothing,
}

impl Run {
    pub(super) fn read_back(&mut self, mut listening: Box<Listening>, values: Vec<Filled>, keyed: bool) {
        listening.digits.clear();
        let between = values.iter().map(|filled| filled.value.to_string()).collect();
        self.note(Note::Confirming { block: listening.block.clone(), between });
        let plan = Arc::clone(&self.plan);
        let text = match values.as_slice() {
            [one] if one.is_spelt() => phrases::read_back(&self.spoken(&plan, one), keyed, self.language),
            [one] => phrases::is_right(&self.spoken(&plan, one), keyed, self.language),
            several => {
                let all: Vec<(String, String)> = several
                    .iter()
                    .map(|filled| (self.label_of(&plan, filled).unwrap_or_default(), self.spoken(&plan, filled)))
                    .collect();
                phrases::read_back_all(&all, keyed, self.language)
            }
        };
        self.ask_back(listening, Question::ReadBack(values), text);
    }

    /// What is said in passing of a value that was understood surely enough, so that it can be corrected.
    pub(super) fn echo_of(&self, filled: &Filled) -> Part {
        let plan = Arc::clone(&self.plan);
        let label = self.label_of(&plan, filled).unwrap_or_default();
        let text = phrases::echo(&label, &self.spoken(&plan, filled), self.language);
        Part { text, language: self.language }
    }

    /// "No", to what was said in passing: it is asked for once more, by its own block.
    pub(super) fn ask_again(&mut self, mut listening: Box<Listening>, wrong: &Filled) {
        let Some(at) = self.listened.iter().rposition(|visited| visited.block == wrong.block) else {
            return self.miss(listening, Miss::NoMatch, true);
        };
        self.attempts += 1;
        self.known.forget(&wrong.slot);
        self.stack = self.listened[at].stack.clone();
        self.listened.truncate(at);
        self.interrupt(&mut listening);
        self.actions.push(Action::StopListening);
        self.go(&listening.block, "correction", wrong.block.clone());
    }

    fn spoken(&self, plan: &Plan, filled: &Filled) -> String {
        let item = match (&filled.value, wanted_of(plan, &filled.block)) {
            (Value::Item { id }, Some(wanted)) => {
                let item = wanted.items.iter().find(|item| item.edge == *id);
                item.and_then(|item| self.fill_prompt(&item.label).ok())
                    .map(|parts| words(&parts))
                    .filter(|label| !label.is_empty())
            }
            _ => None,
        };
        spoken::value(&filled.value, item, self.language, &self.place())
    }

    /// What the flow calls the value.
    fn label_of(&self, plan: &Plan, filled: &Filled) -> Option<String> {
        match listening_step(plan, &filled.block) {
            Some((Step::Collect { label, .. }, _)) => {
                let label = self.fill_prompt(label).ok().map(|parts| words(&parts));
                label.filter(|label| !label.is_empty())
            }
            _ => None,
        }
    }

    /// What to call the value, one way or another.
    fn part_name(&self, plan: &Plan, filled: &Filled) -> String {
        self.label_of(plan, filled).unwrap_or_else(|| match wanted_of(plan, &filled.block) {
            Some(wanted) => phrases::part(&wanted.spec.kind, self.language).to_owned(),
            None => filled.slot.replace('_', " "),
        })
    }

    /// What is likely to be answered to what is read back, beside yes and no.
    pub(super) fn likely_instead(&self, values: &[Filled]) -> Vec<String> {
        let plan = &self.plan;
        let items = values.iter().filter_map(|filled| wanted_of(plan, &filled.block)).flat_map(|wanted| &wanted.items);
        items.flat_map(|item| item.phrases.get(&self.language).into_iter().flatten().cloned()).collect()
    }

    pub(super) fn part_names(&self, values: &[Filled]) -> Vec<String> {
        values.iter().map(|filled| self.part_name(&self.plan, filled)).collect()
    }

    pub(super) fn understand_read_back(&mut self, listening: Box<Listening>, heard: &Heard, values: Vec<Filled>) {
        let plan = Arc::clone(&self.plan);
        let answer = slot::yes_no(&heard.text, heard.language);
        let spelt = match values.as_slice() {
            [one] => wanted_of(&plan, &one.block).filter(|wanted| wanted.is_spelt()),
            _ => None,
        };
        if let (Some(wanted), [one]) = (spelt, values.as_slice()) {
            if answer == Some(true) {
                return self.confirmed(listening, &plan, heard, values);
            }
            // "No, 1043" corrects in one turn.
            match wanted.fitted("", &wanted.said(&heard.text, heard.language), &self.place()) {
                Some(instead) if instead == one.value => return self.confirm(listening, values),
                Some(instead) => {
                    let instead = Filled { value: instead, ..one.clone() };
                    return self.read_back(listening, vec![instead], false);
                }
                None => {}
            }
        } else {
            match self.amended(&values, heard, true) {
                Amended::Values(values) => {
                    self.gather_beside(&listening, &plan, &values, heard);
                    let values = self.with_told(&listening, &plan, values);
                    return self.read_back(listening, values, false);
                }
                Amended::OneOf(values, instead) => return self.ask_which_part(listening, values, instead),
                Amended::Wrong(slot) => return self.part_is_wrong(listening, values, &slot),
                Amended::Same if answer != Some(false) => return self.confirmed(listening, &plan, heard, values),
                Amended::Same | Amended::Nothing => {}
            }
            if answer == Some(true) {
                return self.confirmed(listening, &plan, heard, values);
            }
        }
        if answer == Some(false) {
            return self.deny(listening, values);
        }
        if let Some(command) = command::detect(&heard.text, heard.language) {
            return self.command(listening, command);
        }
        // Neither yes nor no, but something more: it is read back with the rest.
        if self.gather_beside(&listening, &plan, &values, heard) {
            let before = values.len();
            let values = self.with_told(&listening, &plan, values);
            if values.len() > before {
                return self.read_back(listening, values, false);
            }
        }
        self.miss(listening, Miss::NoMatch, true);
    }

    /// "Yes, at seven": what is said beside the yes is for a question to come.
    fn confirmed(&mut self, listening: Box<Listening>, plan: &Plan, heard: &Heard, values: Vec<Filled>) {
        self.gather_beside(&listening, plan, &values, heard);
        self.confirm(listening, values);
    }

    fn gather_beside(&mut self, listening: &Listening, plan: &Plan, values: &[Filled], heard: &Heard) -> bool {
        let pending = specs_of(plan, values);
        let mut ahead = self.ahead(plan, &listening.block);
        ahead.retain(|(_, wanted)| !pending.iter().any(|spec| spec.name == wanted.spec.name));
        !ahead.is_empty() && self.gather(&ahead, &pending, heard)
    }

    /// Values with those that were told beside them, as far as there is room.
    pub(super) fn with_told(&self, listening: &Listening, plan: &Plan, mut values: Vec<Filled>) -> Vec<Filled> {
        for told in self.told_ahead(plan, &listening.block) {
            if values.len() < MAX_READ_BACK && !values.iter().any(|filled| filled.slot == told.slot) {
                values.push(told);
            }
        }
        values
    }

    /// What an utterance changes of some values. With `asked` they were just read back, so that a new value needs no "no" before it.
    pub(super) fn amended(&self, values: &[Filled], heard: &Heard, asked: bool) -> Amended {
        let plan = &self.plan;
        let specs = specs_of(plan, values);
        if specs.is_empty() {
            return Amended::Nothing;
        }
        let place = self.place();
        let known: Vec<(String, Value)> =
            values.iter().map(|filled| (filled.slot.clone(), filled.value.clone())).collect();
        let correct = |text: &str| entity::correct(text, heard.language, &specs, &known, &place);
        let wanted = |slot: &str| {
            values.iter().find(|filled| filled.slot == slot).and_then(|filled| wanted_of(plan, &filled.block))
        };
        let serious = |entity: &Entity| {
            let least = match wanted(&entity.slot).map(|wanted| &wanted.spec.kind) {
                Some(Kind::List { .. }) => SURELY_INSTEAD,
                _ => INSTEAD,
            };
            entity.confidence >= least
        };
        let said = correct(&heard.text);
        // "Thursday" alone, where Wednesday was read back.
        let guessed = if asked && said.is_empty() {
            let no = match heard.language {
                Language::English => "no, ",
                Language::Chinese => "不对,",
            };
            let mut guessed = correct(&format!("{no}{}", heard.text));
            guessed.retain(|correction| correction.to.as_ref().is_some_and(serious));
            guessed
        } else {
            Vec::new()
        };
        let mut out = values.to_vec();
        for correction in said.iter().chain(&guessed) {
            let Some(to) = correction.to.as_ref().filter(|to| asked || serious(to)) else { continue };
            if !wanted(&correction.slot).is_some_and(|wanted| wanted.takes(&to.value)) {
                continue;
            }
            let meant: Vec<Filled> = values
                .iter()
                .filter(|filled| filled.slot == correction.slot || correction.among.contains(&filled.slot))
                .cloned()
                .collect();
            if meant.len() > 1 {
                return Amended::OneOf(meant, Some(to.value.clone()));
            }
            for filled in out.iter_mut().filter(|filled| filled.slot == correction.slot) {
                filled.value = to.value.clone();
            }
        }
        if out != values {
            return Amended::Values(out);
        }
        if let Some(wrong) = said.iter().find(|correction| correction.to.is_none()) {
            let meant: Vec<Filled> = values
                .iter()
                .filter(|filled| filled.slot == wrong.slot || wrong.among.contains(&filled.slot))
                .cloned()
                .collect();
            return if meant.len() > 1 { Amended::OneOf(meant, None) } else { Amended::Wrong(wrong.slot.clone()) };
        }
        let again = entity::extract(&heard.text, heard.language, &specs, &place);
        let is_known = |entity: &Entity| {
            known
                .iter()
                .any(|(slot, value)| *slot == entity.slot && (entity.value == *value || entity.others.contains(value)))
        };
        if !again.is_empty() && again.iter().all(is_known) { Amended::Same } else { Amended::Nothing }
    }

    /// What was read back is right.
    pub(super) fn confirm(&mut self, listening: Box<Listening>, values: Vec<Filled>) {
        let mut own = None;
        for filled in values {
            if filled.block == listening.block {
                own = Some(filled);
            } else if self.known.kept.contains(&filled.slot) {
                self.store(filled, false);
            } else {
                self.known.told.insert(filled.slot.clone(), Told { filled, confirmed: true });
            }
        }
        match own {
            Some(own) => self.keep_value(listening, own),
            // Something else was corrected on the way.
            None => self.ask_own(listening),
        }
    }

    /// Something that was read back is wrong.
    pub(super) fn deny(&mut self, listening: Box<Listening>, values: Vec<Filled>) {
        match values.as_slice() {
            [one] if one.block == listening.block => self.miss(listening, Miss::NoMatch, false),
            // A correction that was none.
            [_] | [] => self.ask_own(listening),
            _ => self.ask_which_part(listening, values, None),
        }
    }

    pub(super) fn ask_which_part(&mut self, listening: Box<Listening>, values: Vec<Filled>, instead: Option<Value>) {
        let names = self.part_names(&values);
        let others = match &listening.question {
            Question::ReadBack(all) => all.iter().filter(|filled| !values.contains(filled)).cloned().collect(),
            Question::WhichPart { others, .. } => others.clone(),
            _ => Vec::new(),
        };
        self.note(Note::Confirming { block: listening.block.clone(), between: names.clone() });
        let text = phrases::which_part(&names, instead.is_some(), self.language);
        self.ask_back(listening, Question::WhichPart { values, instead, others }, text);
    }

    pub(super) fn understand_which_part(
        &mut self,
        listening: Box<Listening>,
        heard: &Heard,
        values: Vec<Filled>,
        instead: Option<Value>,
        others: Vec<Filled>,
    ) {
        let plan = Arc::clone(&self.plan);
        let all = |values: Vec<Filled>| in_order(values, &others);
        match self.amended(&values, heard, true) {
            Amended::Values(values) => return self.read_back(listening, all(values), false),
            Amended::Wrong(slot) => return self.this_part(listening, all(values), &slot, instead),
            Amended::OneOf(..) | Amended::Same | Amended::Nothing => {}
        }
        let choices: Vec<(String, Vec<String>)> = values
            .iter()
            .map(|filled| {
                let mut names = vec![self.part_name(&plan, filled), filled.slot.replace('_', " ")];
                if let Some(wanted) = wanted_of(&plan, &filled.block) {
                    names.push(phrases::part(&wanted.spec.kind, self.language).to_owned());
                    names.extend(wanted.spec.words.iter().cloned());
                }
                (filled.slot.clone(), names)
            })
            .collect();
        if let Some((slot, _)) = slot::match_phrase(&heard.text, &choices).filter(|(_, alike)| *alike >= ALIKE) {
            return self.this_part(listening, all(values), &slot, instead);
        }
        match command::detect(&heard.text, heard.language) {
            Some(command) => self.command(listening, command),
            None => self.miss(listening, Miss::NoMatch, true),
        }
    }

    /// The caller said which of several values is wrong, and perhaps before what it is instead.
    pub(super) fn this_part(
        &mut self,
        listening: Box<Listening>,
        mut values: Vec<Filled>,
        slot: &str,
        instead: Option<Value>,
    ) {
        match instead {
            Some(instead) => {
                for filled in values.iter_mut().filter(|filled| filled.slot == slot) {
                    filled.value = instead.clone();
                }
                self.read_back(listening, values, false);
            }
            None => self.part_is_wrong(listening, values, slot),
        }
    }

    /// All but one of several values are right; that one is asked for, here or by its own block.
    fn part_is_wrong(&mut self, listening: Box<Listening>, mut values: Vec<Filled>, slot: &str) {
        self.attempts += 1;
        values.retain(|filled| filled.slot != slot);
        self.known.told.remove(slot);
        let own_is_right = values.iter().any(|filled| filled.block == listening.block);
        let own_was_asked = matches!(
            listening_step(&self.plan, &listening.block),
            Some((Step::Collect { wanted, .. }, _)) if wanted.spec.name == slot
        );
        if own_is_right || !own_was_asked {
            return self.confirm(listening, values);
        }
        for filled in values {
            self.known.told.insert(filled.slot.clone(), Told { filled, confirmed: true });
        }
        self.miss(listening, Miss::NoMatch, false);
    }
}

/// Values with others that stood beside them.
fn in_order(mut values: Vec<Filled>, others: &[Filled]) -> Vec<Filled> {
    values.extend(others.iter().cloned());
    values
}

fn specs_of(plan: &Plan, values: &[Filled]) -> Vec<SlotSpec> {
    values.iter().filter_map(|filled| wanted_of(plan, &filled.block)).map(|wanted| wanted.spec.clone()).collect()
}
