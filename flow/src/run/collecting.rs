//! Collecting values: the answer to a block's question, and whatever else a caller says that later blocks would ask for. What is
//! not certain is read back; a correction then ("no, Thursday") is taken in the same turn, and a plain "no" to several values
//! asks which of them is wrong. Nothing that was said, read back and confirmed is asked for.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use intent::{
    Language, command,
    entity::{self, Entity, Kind, Region, SlotSpec, Value},
    slot,
};
use jiff::SignedDuration;
use serde_json::Value as Json;

use super::{
    Run, State,
    listening::{Listening, Question, listening_step, words},
    understanding::{ALIKE, SURELY_ALIKE, readings, spoken_key},
};
use crate::{
    BlockId, Heard, Note,
    collect::Wanted,
    phrases::{self, Miss},
    plan::{Plan, Step},
    spoken,
};

/// So many values are looked for in one utterance.
const MAX_AHEAD: usize = 12;
/// So many values are read back at once; callers lose count of more.
const MAX_READ_BACK: usize = 4;
/// A value that takes the place of one that is read back must be this sure, and this where many words resemble one.
const INSTEAD: f32 = 0.6;
const SURELY_INSTEAD: f32 = 0.8;
/// So sure must be a reading of an answer that stands against one for a later question.
const OWN: f32 = 0.5;
/// Edges that no answer leads along.
const ELSEWHERE: [&str; 8] =
    ["no_input", "no_match", "low_confidence", "error", "hangup", "timeout", "no_agents", "agent"];

/// A value and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filled {
    pub block: BlockId,
    pub slot: String,
    pub value: Value,
}

impl Filled {
    /// Whether it is said digit by digit.
    pub fn is_spelt(&self) -> bool {
        matches!(self.value, Value::Digits { .. } | Value::Code { .. } | Value::Phone { .. })
    }
}

/// What is known of values, beside those that templates see.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// What the caller said when asked what they want, until a block looks for values in it.
    request: Option<Heard>,
    /// Values that were said before they were asked for, by slot.
    told: BTreeMap<String, Told>,
    /// Slots that were collected for the present request.
    kept: BTreeSet<String>,
    /// Of these the ones with which nothing was done yet, so that they can still be corrected.
    recent: Vec<Filled>,
}

#[derive(Clone, Debug)]
struct Told {
    filled: Filled,
    /// It was read back.
    confirmed: bool,
}

/// What an utterance makes of values that were read back.
enum Amended {
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

impl Known {
    pub fn request(&mut self, heard: &Heard) {
        self.request = Some(heard.clone());
    }

    /// A new request: what was said for the one before does not count for it.
    pub fn begin_request(&mut self) {
        self.told.clear();
        self.kept.clear();
        self.recent.clear();
    }

    /// Something was done with what was collected, which a correction would not undo.
    pub fn used(&mut self) {
        self.recent.clear();
    }
}

impl Run {
    /// The moment and the place in which the caller speaks.
    fn place(&self) -> entity::Context {
        let since = SignedDuration::from_millis(i64::try_from(self.now - self.begun).unwrap_or(i64::MAX));
        let region = self.region.unwrap_or(match self.language {
            Language::English => Region::UNITED_STATES,
            Language::Chinese => Region::CHINA,
        });
        entity::Context { now: self.calendar.checked_add(since).unwrap_or_else(|_| self.calendar.clone()), region }
    }

    /// Asks for a value, unless the caller has said it already.
    pub(super) fn begin_collecting(&mut self, listening: Box<Listening>) {
        let plan = Arc::clone(&self.plan);
        let id = listening.block.clone();
        let Some((Step::Collect { wanted, secret: false, .. }, _)) = listening_step(&plan, &id) else {
            return self.ask_own(listening);
        };
        if let Some(heard) = self.known.request.take() {
            let mut all = vec![(id.clone(), wanted)];
            all.extend(self.ahead(&plan, &id));
            self.gather(&all, &[], &heard);
        }
        match self.known.told.remove(&wanted.spec.name).filter(|told| wanted.takes(&told.filled.value)) {
            Some(told) if told.confirmed => {
                // The caller never hears this question, so "back" does not lead to it.
                self.listened.pop_if(|last| *last == id);
                self.store(Filled { block: id.clone(), ..told.filled }, false);
                self.follow(&id, "next");
            }
            Some(told) => {
                let mut values = vec![Filled { block: id.clone(), ..told.filled }];
                values.extend(self.told_ahead(&plan, &id));
                // Heard among other words, so less surely than an answer: a yes is still quicker than saying it again.
                self.read_back(listening, values, false);
            }
            None => self.ask_own(listening),
        }
    }

    /// The blocks on the way from here that collect something which is not known yet, nearest first. The way ends where the caller is
    /// asked for another request.
    fn ahead<'p>(&self, plan: &'p Plan, from: &str) -> Vec<(BlockId, &'p Wanted)> {
        let mut found: Vec<(BlockId, &Wanted)> = Vec::new();
        let mut slots: BTreeSet<&str> = BTreeSet::new();
        if let Some(Step::Collect { wanted, .. }) = plan.blocks.get(from).map(|planned| &planned.step) {
            slots.insert(&wanted.spec.name);
        }
        let mut seen: BTreeSet<&str> = BTreeSet::from([from]);
        let mut open: VecDeque<&str> = VecDeque::from([from]);
        while let Some(planned) = open.pop_front().and_then(|id| plan.blocks.get(id)) {
            for (edge, to) in &planned.edges {
                let Some(next) = plan.blocks.get(to).filter(|_| !ELSEWHERE.contains(&edge.as_str())) else { continue };
                if !seen.insert(to) || matches!(next.step, Step::AskIntent { .. }) {
                    continue;
                }
                if let Step::Collect { wanted, secret: false, .. } = &next.step
                    && !self.known.kept.contains(&wanted.spec.name)
                    && slots.insert(&wanted.spec.name)
                {
                    found.push((to.clone(), wanted));
                    if found.len() == MAX_AHEAD {
                        return found;
                    }
                }
                open.push_back(to);
            }
        }
        found
    }

    /// Keeps what was said of values that are still to be asked for; what stands for one of `pending` is no other's. Tells whether there
    /// was anything new.
    fn gather(&mut self, wanted: &[(BlockId, &Wanted)], pending: &[SlotSpec], heard: &Heard) -> bool {
        let place = self.place();
        let mut specs: Vec<SlotSpec> = pending.to_vec();
        specs.extend(wanted.iter().map(|(_, wanted)| wanted.spec.clone()));
        let mut any = false;
        for text in readings(heard) {
            for entity in entity::extract(text, heard.language, &specs, &place) {
                let whose = wanted.iter().find(|(_, wanted)| wanted.spec.name == entity.slot);
                if let Some((block, wanted)) = whose
                    && wanted.was_told(&entity)
                {
                    any |= self.note_told(block, entity);
                }
            }
        }
        any
    }

    fn note_told(&mut self, block: &str, entity: Entity) -> bool {
        if self.known.told.contains_key(&entity.slot) {
            return false;
        }
        let filled = Filled { block: block.to_owned(), slot: entity.slot.clone(), value: entity.value };
        self.known.told.insert(entity.slot, Told { filled, confirmed: false });
        true
    }

    /// What was said for the blocks to come and not read back yet.
    fn told_ahead(&self, plan: &Plan, from: &str) -> Vec<Filled> {
        self.ahead(plan, from)
            .into_iter()
            .filter_map(|(_, wanted)| self.known.told.get(&wanted.spec.name))
            .filter(|told| !told.confirmed)
            .map(|told| told.filled.clone())
            .take(MAX_READ_BACK - 1)
            .collect()
    }

    /// Whether other values than the block's own may be said here.
    pub(super) fn more_may_be_said(&self, block: &str) -> bool {
        !self.ahead(&Arc::clone(&self.plan), block).is_empty()
    }

    pub(super) fn understand_value(
        &mut self,
        listening: Box<Listening>,
        heard: &Heard,
        wanted: &Wanted,
        secret: bool,
    ) {
        let place = self.place();
        let is_fresh = listening.digits.is_empty();
        if !wanted.is_spelt()
            && let Some(command) = command::detect(&heard.text, heard.language)
            && !self.surely_item(heard, wanted)
        {
            return self.command(listening, command);
        }
        if is_fresh && !secret {
            let plan = Arc::clone(&self.plan);
            let (own, beside) = self.understand_several(&plan, &listening.block, heard, wanted);
            if own.is_none() && self.corrects_earlier(heard) {
                return self.understand_earlier(listening, heard);
            }
            let news = beside.into_iter().fold(false, |any, (block, entity)| self.note_told(&block, entity) | any);
            if let Some(own) = own.filter(|_| news) {
                let confidence = if own.others.is_empty() { own.confidence.min(heard.confidence) } else { 0.0 };
                return self.accept_value(listening, own.value, confidence, false);
            }
            if news {
                // It was an answer, only not to this question.
                return self.ask_own(listening);
            }
        }
        let found = readings(heard).enumerate().find_map(|(reading, text)| {
            let (value, confidence) = self.answer_in(text, &listening.digits, heard.language, wanted, &place)?;
            // Another reading than the likeliest is a guess, even one that passes the check.
            let confidence =
                if reading == 0 { confidence.min(wanted.check.confidence(heard.confidence)) } else { 0.0 };
            Some((value, confidence))
        });
        if let Some((value, confidence)) = found {
            return self.accept_value(listening, value, confidence, false);
        }
        if let Some(item) = spoken_key(heard, &wanted.items) {
            let value = Value::Item { id: item.edge.clone() };
            return self.accept_value(listening, value, heard.confidence, false);
        }
        match wanted.spec.kind {
            Kind::Digits { .. } | Kind::Code { .. } | Kind::Phone => self.understand_part(listening, heard, wanted),
            _ => self.understand_earlier(listening, heard),
        }
    }

    /// A list's item that is said in so many words goes before a command.
    fn surely_item(&self, heard: &Heard, wanted: &Wanted) -> bool {
        !wanted.items.is_empty()
            && wanted
                .found(&heard.text, heard.language, &self.place())
                .is_some_and(|entity| entity.confidence >= SURELY_ALIKE)
    }

    /// The value in one reading of an answer, and how sure it is apart from the recogniser.
    fn answer_in(
        &self,
        text: &str,
        so_far: &str,
        language: Language,
        wanted: &Wanted,
        place: &entity::Context,
    ) -> Option<(Value, f32)> {
        if wanted.is_spelt() || !so_far.is_empty() {
            return wanted.fitted(so_far, &wanted.said(text, language), place).map(|value| (value, 1.0));
        }
        let entity = wanted.found(text, language, place)?;
        let confidence = match &entity.value {
            // Half a number: the rest is on its way.
            Value::Phone { number, valid: false } if number.len() < wanted.keys()?.0 => return None,
            Value::Phone { valid: false, .. } => 0.0,
            _ if !entity.others.is_empty() => 0.0,
            _ => entity.confidence,
        };
        Some((entity.value, confidence))
    }

    /// What an answer says of this question and of those to come, each with its block.
    fn understand_several(
        &self,
        plan: &Plan,
        block: &str,
        heard: &Heard,
        wanted: &Wanted,
    ) -> (Option<Entity>, Vec<(BlockId, Entity)>) {
        let ahead = self.ahead(plan, block);
        let place = self.place();
        let specs: Vec<SlotSpec> =
            std::iter::once(wanted).chain(ahead.iter().map(|(_, wanted)| *wanted)).map(|w| w.spec.clone()).collect();
        let mut found = entity::extract(&heard.text, heard.language, &specs, &place);
        let own = found.iter().position(|entity| entity.slot == wanted.spec.name).map(|at| found.remove(at));
        let own = own.filter(|own| wanted.takes(&own.value));
        // Words that answer this question are not taken for another's because they suit it better.
        let own = own.or_else(|| {
            wanted.found(&heard.text, heard.language, &place).filter(|own| own.confidence >= OWN)
        });
        let apart = |other: &Entity| {
            own.as_ref().is_none_or(|own| other.span.end <= own.span.start || own.span.end <= other.span.start)
        };
        let whose = |entity: Entity| {
            let (block, wanted) = ahead.iter().find(|(_, wanted)| wanted.spec.name == entity.slot)?;
            wanted.was_told(&entity).then(|| (block.clone(), entity))
        };
        let beside = found.into_iter().filter(apart).filter_map(whose).collect();
        (own, beside)
    }

    /// Digits that are not complete, or nothing of the kind.
    fn understand_part(&mut self, mut listening: Box<Listening>, heard: &Heard, wanted: &Wanted) {
        let heard_now = wanted.said(&heard.text, heard.language);
        let so_far = listening.digits.len();
        if heard_now.is_empty() {
            return match command::detect(&heard.text, heard.language) {
                Some(command) => self.command(listening, command),
                None if so_far == 0 => self.understand_earlier(listening, heard),
                None => self.keep_listening(listening),
            };
        }
        if wanted.keys().is_some_and(|(least, _)| so_far + heard_now.len() < least) {
            // The caller paused between groups; the rest is on its way.
            listening.digits.push_str(&heard_now);
            return self.keep_listening(listening);
        }
        self.miss(listening, Miss::NoMatch, true);
    }

    fn corrects_earlier(&self, heard: &Heard) -> bool {
        matches!(self.amended(&self.known.recent, heard, false), Amended::Values(_) | Amended::OneOf(..))
    }

    /// "No, make it Friday", said when something else is asked already.
    fn understand_earlier(&mut self, listening: Box<Listening>, heard: &Heard) {
        let recent = self.known.recent.clone();
        match self.amended(&recent, heard, false) {
            Amended::Values(values) => {
                let changed = values.into_iter().filter(|value| !recent.contains(value)).collect();
                self.read_back(listening, changed, false);
            }
            Amended::OneOf(values, instead) => self.ask_which_part(listening, values, instead),
            Amended::Wrong(_) | Amended::Same | Amended::Nothing => self.miss(listening, Miss::NoMatch, true),
        }
    }

    /// No more digits come.
    pub(super) fn digits_over(&mut self, listening: Box<Listening>) {
        let plan = Arc::clone(&self.plan);
        let value = match listening_step(&plan, &listening.block) {
            Some((Step::Collect { wanted, .. }, _)) => wanted.fitted("", &listening.digits, &self.place()),
            _ => None,
        };
        match value {
            Some(value) => self.accept_value(listening, value, 1.0, true),
            None => self.miss(listening, Miss::NoMatch, true),
        }
    }

    /// The value is known; whether it is read back, and with what else, is decided here.
    pub(super) fn accept_value(&mut self, listening: Box<Listening>, value: Value, confidence: f32, keyed: bool) {
        let plan = Arc::clone(&self.plan);
        let Some((Step::Collect { wanted, confirm_below, read_back, secret, .. }, _)) =
            listening_step(&plan, &listening.block)
        else {
            return self.fail(&listening.block, "the block collects nothing".to_owned());
        };
        let filled = Filled { block: listening.block.clone(), slot: wanted.spec.name.clone(), value };
        if *secret {
            return if confidence >= *confirm_below {
                self.keep_value(listening, filled)
            } else {
                self.miss(listening, Miss::NoMatch, true)
            };
        }
        let others = self.told_ahead(&plan, &listening.block);
        if confidence >= *confirm_below && !read_back && others.is_empty() {
            return self.keep_value(listening, filled);
        }
        let values = std::iter::once(filled).chain(others).collect();
        self.read_back(listening, values, keyed);
    }

    fn read_back(&mut self, mut listening: Box<Listening>, values: Vec<Filled>, keyed: bool) {
        listening.digits.clear();
        let between = values.iter().map(|filled| filled.value.to_string()).collect();
        self.note(Note::Confirming { block: listening.block.clone(), between });
        let plan = Arc::clone(&self.plan);
        let text = match values.as_slice() {
            [one] if one.is_spelt() => {
                phrases::read_back(&self.spoken(&plan, one), keyed, self.language)
            }
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
        match command::detect(&heard.text, heard.language) {
            Some(command) => self.command(listening, command),
            None => self.miss(listening, Miss::NoMatch, true),
        }
    }

    /// "Yes, at seven": what is said beside the yes is for a question to come.
    fn confirmed(&mut self, listening: Box<Listening>, plan: &Plan, heard: &Heard, values: Vec<Filled>) {
        self.gather_beside(&listening, plan, &values, heard);
        self.confirm(listening, values);
    }

    fn gather_beside(&mut self, listening: &Listening, plan: &Plan, values: &[Filled], heard: &Heard) {
        let pending = specs_of(plan, values);
        let mut ahead = self.ahead(plan, &listening.block);
        ahead.retain(|(_, wanted)| !pending.iter().any(|spec| spec.name == wanted.spec.name));
        if !ahead.is_empty() {
            self.gather(&ahead, &pending, heard);
        }
    }

    /// Values with those that were told beside them, as far as there is room.
    fn with_told(&self, listening: &Listening, plan: &Plan, mut values: Vec<Filled>) -> Vec<Filled> {
        for told in self.told_ahead(plan, &listening.block) {
            if values.len() < MAX_READ_BACK && !values.iter().any(|filled| filled.slot == told.slot) {
                values.push(told);
            }
        }
        values
    }

    /// What an utterance changes of some values. With `asked` they were just read back, so that a new value needs no "no" before it.
    fn amended(&self, values: &[Filled], heard: &Heard, asked: bool) -> Amended {
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
            known.iter().any(|(slot, value)| {
                *slot == entity.slot && (entity.value == *value || entity.others.contains(value))
            })
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

    fn ask_which_part(&mut self, listening: Box<Listening>, values: Vec<Filled>, instead: Option<Value>) {
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
        if let Some((slot, _)) =
            slot::match_phrase(&heard.text, &choices).filter(|(_, alike)| *alike >= ALIKE)
        {
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

    fn keep_value(&mut self, listening: Box<Listening>, filled: Filled) {
        let plan = Arc::clone(&self.plan);
        let secret =
            matches!(listening_step(&plan, &listening.block), Some((Step::Collect { secret: true, .. }, _)));
        self.store(filled, secret);
        self.leave(listening, "next");
    }

    fn store(&mut self, filled: Filled, secret: bool) {
        let Filled { block, slot, value } = &filled;
        if secret {
            self.secrets.insert(slot.clone());
        } else {
            self.secrets.remove(slot);
        }
        let text = value.to_string();
        if let Some(Json::Object(slots)) = self.values.others.get_mut("slots") {
            slots.insert(slot.clone(), Json::String(text.clone()));
        }
        self.note(Note::Slot { block: block.clone(), name: slot.clone(), value: text, secret });
        self.known.told.remove(slot);
        self.known.kept.insert(slot.clone());
        self.known.recent.retain(|other| other.slot != *slot);
        if !secret {
            self.known.recent.push(filled);
        }
    }

    /// A key in answer to a question for digits.
    pub(super) fn digit_key(&mut self, mut listening: Box<Listening>, key: char, max: usize) {
        match key {
            '#' if listening.digits.is_empty() => return self.miss(listening, Miss::NoMatch, true),
            '#' => return self.digits_over(listening),
            '*' => listening.digits.clear(),
            digit if digit.is_ascii_digit() => listening.digits.push(digit),
            _ => return self.miss(listening, Miss::NoMatch, true),
        }
        if listening.digits.len() >= max {
            self.hash_is_late = true;
            return self.digits_over(listening);
        }
        listening.wait(self.now);
        self.state = State::Listening(listening);
    }
}

/// Values with others that stood beside them.
fn in_order(mut values: Vec<Filled>, others: &[Filled]) -> Vec<Filled> {
    values.extend(others.iter().cloned());
    values
}

fn wanted_of<'p>(plan: &'p Plan, block: &str) -> Option<&'p Wanted> {
    match &plan.blocks.get(block)?.step {
        Step::Collect { wanted, .. } => Some(wanted),
        _ => None,
    }
}

fn specs_of(plan: &Plan, values: &[Filled]) -> Vec<SlotSpec> {
    values.iter().filter_map(|filled| wanted_of(plan, &filled.block)).map(|wanted| wanted.spec.clone()).collect()
}
