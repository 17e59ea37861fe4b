//! Collecting values: the answer to a block's question, and whatever else a caller says that later blocks would ask for. Nothing that
//! was said, read back and confirmed is asked for; reading back is the business of [`confirming`](super::confirming).

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
    Run, SUB_FLOW, State,
    confirming::{Amended, MAX_READ_BACK},
    listening::{Listening, UNCLEAR_BELOW, listening_step},
    understanding::{SURELY_ALIKE, readings, spoken_key},
};
use crate::{
    BlockId, Heard, Note,
    collect::Wanted,
    phrases::Miss,
    plan::{Plan, Step},
};

/// So many values are looked for in one utterance.
const MAX_AHEAD: usize = 12;
/// So sure must be a reading of an answer that stands against one for a later question.
const OWN: f32 = 0.5;
/// So sure must it be that something else is asked instead of answering.
const SURE: f32 = 0.5;
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
    pub told: BTreeMap<String, Told>,
    /// Slots that were collected for the present request.
    pub kept: BTreeSet<String>,
    /// Of these the ones with which nothing was done yet, so that they can still be corrected.
    recent: Vec<Filled>,
}

#[derive(Clone, Debug)]
pub(super) struct Told {
    pub filled: Filled,
    /// It was read back.
    pub confirmed: bool,
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

    /// What was collected in this slot was wrong.
    pub fn forget(&mut self, slot: &str) {
        self.kept.remove(slot);
        self.recent.retain(|filled| filled.slot != slot);
    }

    /// Something was done with what was collected, which a correction would not undo.
    pub fn used(&mut self) {
        self.recent.clear();
    }
}

impl Run {
    /// The moment and the place in which the caller speaks.
    pub(super) fn place(&self) -> entity::Context {
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
                self.listened.pop_if(|last| last.block == id);
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
    pub(super) fn ahead<'p>(&self, plan: &'p Plan, from: &str) -> Vec<(BlockId, &'p Wanted)> {
        let mut found: Vec<(BlockId, &Wanted)> = Vec::new();
        let mut slots: BTreeSet<&str> = BTreeSet::new();
        if let Some(Step::Collect { wanted, .. }) = plan.blocks.get(from).map(|planned| &planned.step) {
            slots.insert(&wanted.spec.name);
        }
        let mut seen: BTreeSet<&str> = BTreeSet::from([from]);
        let mut open: VecDeque<&str> = VecDeque::from([from]);
        while let Some(planned) = open.pop_front().and_then(|id| plan.blocks.get(id)) {
            let meanwhile = match &planned.step {
                Step::Collect { meanwhile, .. } => meanwhile.as_slice(),
                _ => &[],
            };
            let through = match &planned.step {
                Step::SubFlow { start } => Some((SUB_FLOW, start)),
                _ => None,
            };
            for (edge, to) in planned.edges.iter().map(|(edge, to)| (edge.as_str(), to)).chain(through) {
                let elsewhere = ELSEWHERE.contains(&edge) || meanwhile.iter().any(|name| name == edge);
                let Some(next) = plan.blocks.get(to).filter(|_| !elsewhere) else { continue };
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
    pub(super) fn gather(&mut self, wanted: &[(BlockId, &Wanted)], pending: &[SlotSpec], heard: &Heard) -> bool {
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

    pub(super) fn note_told(&mut self, block: &str, entity: Entity) -> bool {
        if self.known.told.contains_key(&entity.slot) {
            return false;
        }
        let filled = Filled { block: block.to_owned(), slot: entity.slot.clone(), value: entity.value };
        self.known.told.insert(entity.slot, Told { filled, confirmed: false });
        true
    }

    /// What was said for the blocks to come and not read back yet.
    pub(super) fn told_ahead(&self, plan: &Plan, from: &str) -> Vec<Filled> {
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

    pub(super) fn understand_value(&mut self, listening: Box<Listening>, heard: &Heard, wanted: &Wanted, secret: bool) {
        if wanted.spec.kind == Kind::Text {
            return match command::detect(&heard.text, heard.language) {
                Some(command) => self.command(listening, command),
                // However unsurely they were heard, they are read by people, who hear them, too.
                None => self.accept_value(listening, Value::Text { text: heard.text.trim().to_owned() }, 1.0, false),
            };
        }
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
            if own.is_none() && self.corrects_earlier(&listening.block, heard) {
                return self.understand_earlier(listening, heard);
            }
            let changed =
                own.as_ref().map(|own| self.corrected_beside(&listening.block, heard, own)).unwrap_or_default();
            let news = beside.into_iter().fold(false, |any, (block, entity)| self.note_told(&block, entity) | any);
            if let Some(own) = own.as_ref().filter(|_| !changed.is_empty()) {
                let own =
                    Filled { block: listening.block.clone(), slot: wanted.spec.name.clone(), value: own.value.clone() };
                let values = std::iter::once(own).chain(changed).collect();
                let values = self.with_told(&listening, &plan, values);
                return self.read_back(listening, values, false);
            }
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
            let confidence = if reading == 0 { confidence.min(wanted.check.confidence(heard.confidence)) } else { 0.0 };
            Some((value, confidence))
        });
        if let Some((value, confidence)) = found {
            return self.accept_value(listening, value, confidence, false);
        }
        if let Some(item) = spoken_key(heard, &wanted.items) {
            return self.accept_value(listening, wanted.item(item), heard.confidence, false);
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
        let own = own.or_else(|| wanted.found(&heard.text, heard.language, &place).filter(|own| own.confidence >= OWN));
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

    /// What was said already and can still be changed.
    fn earlier(&self, block: &str) -> Vec<Filled> {
        let mut earlier = self.known.recent.clone();
        earlier.extend(self.told_ahead(&Arc::clone(&self.plan), block));
        earlier
    }

    fn corrects_earlier(&self, block: &str, heard: &Heard) -> bool {
        matches!(self.amended(&self.earlier(block), heard, false), Amended::Values(_) | Amended::OneOf(..))
    }

    /// "No, for five, and on Friday", when the day is asked: what is changed beside the answer.
    fn corrected_beside(&self, block: &str, heard: &Heard, own: &Entity) -> Vec<Filled> {
        let earlier = self.earlier(block);
        let mut text = heard.text.clone();
        if earlier.is_empty() || text.get(own.span.clone()).is_none() {
            return Vec::new();
        }
        text.replace_range(own.span.clone(), &"|".repeat(own.span.len()));
        match self.amended(&earlier, &Heard { text, ..heard.clone() }, false) {
            Amended::Values(values) => values.into_iter().filter(|value| !earlier.contains(value)).collect(),
            _ => Vec::new(),
        }
    }

    /// "No, make it Friday", said when something else is asked already.
    fn understand_earlier(&mut self, listening: Box<Listening>, heard: &Heard) {
        let earlier = self.earlier(&listening.block);
        match self.amended(&earlier, heard, false) {
            Amended::Values(values) => {
                let changed = values.into_iter().filter(|value| !earlier.contains(value)).collect();
                self.read_back(listening, changed, false);
            }
            Amended::OneOf(values, instead) => self.ask_which_part(listening, values, instead),
            Amended::Wrong(_) | Amended::Same | Amended::Nothing => match &listening.echoed {
                Some(echoed) if slot::yes_no(&heard.text, heard.language) == Some(false) => {
                    let echoed = echoed.clone();
                    self.ask_again(listening, &echoed);
                }
                _ => self.understand_meanwhile(listening, heard),
            },
        }
    }

    /// "What are your hours?", when a number is asked for: the block may have a way there and back.
    fn understand_meanwhile(&mut self, listening: Box<Listening>, heard: &Heard) {
        let plan = Arc::clone(&self.plan);
        if let Some((Step::Collect { meanwhile, .. }, _)) = listening_step(&plan, &listening.block)
            && !meanwhile.is_empty()
            && heard.confidence >= UNCLEAR_BELOW
        {
            let meaning = self.meaning(heard, meanwhile);
            if let Some(intent) = surely(&meaning).map(str::to_owned) {
                self.note(Note::Understood { block: listening.block.clone(), meaning });
                return self.leave(listening, &intent);
            }
        }
        self.miss(listening, Miss::NoMatch, true);
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
        let Some((Step::Collect { wanted, confirm_below, read_back, echo, secret, .. }, _)) =
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
            self.echo = echo.then(|| filled.clone());
            return self.keep_value(listening, filled);
        }
        let values = std::iter::once(filled).chain(others).collect();
        self.read_back(listening, values, keyed);
    }

    pub(super) fn keep_value(&mut self, listening: Box<Listening>, filled: Filled) {
        let plan = Arc::clone(&self.plan);
        let secret = matches!(listening_step(&plan, &listening.block), Some((Step::Collect { secret: true, .. }, _)));
        if let Some((Step::Collect { scale: Some(scale), wanted, .. }, _)) = listening_step(&plan, &listening.block)
            && let Ok(score) = filled.value.to_string().parse()
        {
            let (block, name) = (listening.block.clone(), wanted.spec.name.clone());
            self.note(Note::Rated { block, name, score, scale: *scale });
        }
        self.store(filled, secret);
        self.leave(listening, "next");
    }

    pub(super) fn store(&mut self, filled: Filled, secret: bool) {
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

pub(super) fn wanted_of<'p>(plan: &'p Plan, block: &str) -> Option<&'p Wanted> {
    match &plan.blocks.get(block)?.step {
        Step::Collect { wanted, .. } => Some(wanted),
        _ => None,
    }
}

/// The intent that was accepted, if it needs no confirmation.
fn surely(meaning: &intent::Meaning) -> Option<&str> {
    let intent = meaning.accepted()?;
    meaning.ranking.iter().any(|scored| scored.intent == intent && scored.confidence >= SURE).then_some(intent)
}
