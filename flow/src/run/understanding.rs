//! What an answer means: an option, an intent, digits, yes or no. Each way ends in exactly one of leaving the block, asking
//! back, asking again, or listening on; which words are used then is left to [`listening`](super::listening).

use std::sync::Arc;

use intent::{
    Decision, Language, Meaning, Query,
    command::{self, Command},
    slot::{self, Form},
};
use serde_json::{Value, json};

use super::{
    Run,
    listening::{Listening, Question, UNCLEAR_BELOW, listening_step},
};
use crate::{
    By, Heard, Note,
    check::CheckDigit,
    phrases::{self, Miss},
    plan::{Choice, Step},
};

/// A phrase that is less alike than this is not taken for an option.
pub(super) const ALIKE: f32 = 0.6;
/// A phrase that is this much alike goes before a command that is always on.
const SURELY_ALIKE: f32 = 0.9;
/// So many other readings are tried.
const READINGS: usize = 3;
/// Values with fewer digits or letters are always asked for.
const SHORTEST_TOLD: usize = 3;

impl Run {
    pub(super) fn understand(&mut self, listening: Box<Listening>, heard: &Heard) {
        match listening.question.clone() {
            Question::Own => self.understand_own(listening, heard),
            Question::Confirm { intent, confidence } => {
                self.understand_confirmed(listening, heard, &intent, confidence)
            }
            Question::Between(between) => self.understand_between(listening, heard, &between),
            Question::ReadBack(digits) => self.understand_read_back(listening, heard, &digits),
            Question::More(rest) => self.understand_more(listening, heard, rest),
            Question::Which(between) => self.understand_which(listening, heard, *between),
        }
    }

    fn understand_own(&mut self, listening: Box<Listening>, heard: &Heard) {
        let plan = Arc::clone(&self.plan);
        match listening_step(&plan, &listening.block).map(|(step, _)| step) {
            Some(Step::Menu { options, .. }) => self.understand_menu(listening, heard, options),
            Some(Step::AskIntent { intents, keys, confirm_below, .. }) => {
                self.understand_intent(listening, heard, intents, keys, *confirm_below);
            }
            Some(Step::Collect { min, max, form, check, confirm_below, .. }) => {
                let wanted = Wanted { min: *min, max: *max, form: form.as_ref(), check: *check };
                self.understand_digits(listening, heard, &wanted, *confirm_below);
            }
            Some(Step::Answer { .. }) => self.understand_question(listening, heard),
            _ => self.fail(&listening.block, "the block does not listen".to_owned()),
        }
    }

    fn understand_menu(&mut self, listening: Box<Listening>, heard: &Heard, options: &[Choice]) {
        let choices: Vec<(String, Vec<String>)> =
            options.iter().map(|option| (option.edge.clone(), self.phrases_of(option, heard))).collect();
        let best =
            readings(heard).find_map(|text| slot::match_phrase(text, &choices).filter(|(_, alike)| *alike >= ALIKE));
        let command = command::detect(&heard.text, heard.language);
        // The agent should know it even where an option, such as "a person", leads there by itself.
        self.asked_for_person |= command == Some(Command::Agent);
        if let Some((edge, alike)) = best.as_ref().filter(|(_, alike)| *alike >= SURELY_ALIKE) {
            return self.chosen(listening, edge, By::Speech, *alike);
        }
        if let Some(command) = command {
            return self.command(listening, command);
        }
        if let Some((edge, alike)) = best {
            return self.chosen(listening, &edge, By::Speech, alike);
        }
        // "Yes, please do" where an option is called "yes", and "one" where it has the key 1.
        let yes_or_no = slot::yes_no(&heard.text, heard.language);
        let by_yes_or_no = options.iter().find(|option| {
            yes_or_no.is_some()
                && self.phrases_of(option, heard).iter().any(|phrase| slot::yes_no(phrase, heard.language) == yes_or_no)
        });
        match by_yes_or_no.or_else(|| spoken_key(heard, options)) {
            Some(option) => self.chosen(listening, &option.edge.clone(), By::Speech, ALIKE),
            None => self.miss(listening, Miss::NoMatch, true),
        }
    }

    /// An option's phrases and its label, in the language that was spoken.
    fn phrases_of(&self, option: &Choice, heard: &Heard) -> Vec<String> {
        let label =
            option.label.get(&heard.language).and_then(|label| self.plan.templates.fill(label, &self.values).ok());
        option.phrases.get(&heard.language).into_iter().flatten().cloned().chain(label).collect()
    }

    fn understand_intent(
        &mut self,
        mut listening: Box<Listening>,
        heard: &Heard,
        intents: &[String],
        keys: &[Choice],
        confirm_below: f32,
    ) {
        if let Some(command) = command::detect(&heard.text, heard.language) {
            return self.command(listening, command);
        }
        if let Some(choice) = spoken_key(heard, keys) {
            return self.chosen(listening, &choice.edge.clone(), By::Speech, 1.0);
        }
        let meaning = self.meaning(heard, intents);
        self.note(Note::Understood { block: listening.block.clone(), meaning: meaning.clone() });
        self.told = Some(heard.clone());
        match &meaning.decision {
            Decision::Accept { intent } => {
                let confidence = confidence_of(&meaning, intent);
                if confidence >= confirm_below {
                    self.accept_intent(listening, intent, confidence);
                } else {
                    self.note(Note::Confirming { block: listening.block.clone(), between: vec![intent.clone()] });
                    let text = phrases::confirm(&self.label(intent), self.language);
                    let question = Question::Confirm { intent: intent.clone(), confidence };
                    self.ask_back(listening, question, text);
                }
            }
            Decision::Disambiguate { between } => {
                self.note(Note::Confirming { block: listening.block.clone(), between: between.to_vec() });
                let text = phrases::which(&self.label(&between[0]), &self.label(&between[1]), self.language);
                self.ask_back(listening, Question::Between(between.clone()), text);
            }
            // Words that were hardly understood are no question to anybody.
            Decision::Reject if heard.confidence >= UNCLEAR_BELOW && self.has_edge(&listening.block, "rejected") => {
                self.leave(listening, "rejected");
            }
            Decision::Reject => {
                listening.unsure = false;
                self.miss(listening, Miss::NoMatch, true);
            }
        }
    }

    /// What was meant, by the likeliest reading that means anything here.
    fn meaning(&self, heard: &Heard, allowed: &[String]) -> Meaning {
        let parse = |text: &str| {
            self.model.parse(&Query {
                text,
                language: Some(heard.language),
                recognition_confidence: Some(heard.confidence),
                allowed: Some(allowed),
            })
        };
        let first = parse(&heard.text);
        if first.decision != Decision::Reject {
            return first;
        }
        readings(heard)
            .skip(1)
            .map(parse)
            .find(|meaning| matches!(meaning.decision, Decision::Accept { .. }))
            .unwrap_or(first)
    }

    fn understand_confirmed(&mut self, mut listening: Box<Listening>, heard: &Heard, intent: &str, confidence: f32) {
        let answer = slot::yes_no(&heard.text, heard.language);
        if answer == Some(true) {
            return self.accept_intent(listening, intent, confidence);
        }
        if answer.is_none()
            && let Some(command) = command::detect(&heard.text, heard.language)
        {
            return self.command(listening, command);
        }
        // "No, I want a refund" corrects in one turn.
        if let Some((other, confidence)) = self.said_instead(&listening, heard, intent) {
            self.told = Some(heard.clone());
            return self.accept_intent(listening, &other, confidence);
        }
        if answer == Some(false) {
            listening.unsure = true;
            return self.miss(listening, Miss::NoMatch, false);
        }
        self.miss(listening, Miss::NoMatch, true);
    }

    /// The intent of an answer that was expected to be yes or no, if it is surely another one.
    fn said_instead(&mut self, listening: &Listening, heard: &Heard, denied: &str) -> Option<(String, f32)> {
        let plan = Arc::clone(&self.plan);
        let Some((Step::AskIntent { intents, confirm_below, .. }, _)) = listening_step(&plan, &listening.block) else {
            return None;
        };
        let meaning = self.meaning(heard, intents);
        let found = meaning
            .accepted()
            .filter(|intent| *intent != denied)
            .map(|intent| (intent.to_owned(), confidence_of(&meaning, intent)))
            .filter(|(_, confidence)| confidence >= confirm_below)?;
        self.note(Note::Understood { block: listening.block.clone(), meaning });
        Some(found)
    }

    fn understand_between(&mut self, mut listening: Box<Listening>, heard: &Heard, between: &[String; 2]) {
        let choices: Vec<(String, Vec<String>)> = between
            .iter()
            .enumerate()
            .map(|(place, name)| {
                let mut phrases = phrases::the_one(place, heard.language);
                phrases.push(self.label(name));
                phrases.push(name.replace('_', " "));
                (name.clone(), phrases)
            })
            .collect();
        if let Some((name, alike)) = slot::match_phrase(&heard.text, &choices).filter(|(_, alike)| *alike >= ALIKE) {
            return self.accept_intent(listening, &name, alike);
        }
        if let Some(command) = command::detect(&heard.text, heard.language) {
            return self.command(listening, command);
        }
        if slot::yes_no(&heard.text, heard.language) != Some(false) {
            let meaning = self.meaning(heard, between);
            if let Some(intent) = meaning.accepted().map(str::to_owned) {
                let confidence = confidence_of(&meaning, &intent);
                self.note(Note::Understood { block: listening.block.clone(), meaning });
                return self.accept_intent(listening, &intent, confidence);
            }
            return self.miss(listening, Miss::NoMatch, true);
        }
        listening.unsure = true;
        self.miss(listening, Miss::NoMatch, false);
    }

    fn accept_intent(&mut self, listening: Box<Listening>, intent: &str, confidence: f32) {
        self.understood = Some((intent.to_owned(), confidence));
        // A new request: what was answered before no longer says how this call ends.
        self.resolved = false;
        let known = json!({"name": intent, "label": self.label(intent), "confidence": confidence});
        self.values.others.insert("intent".to_owned(), known);
        self.leave(listening, intent);
    }

    /// An option of a menu, or a key of a question.
    fn chosen(&mut self, listening: Box<Listening>, edge: &str, by: By, confidence: f32) {
        self.note(Note::Chosen { block: listening.block.clone(), option: edge.to_owned(), by, confidence });
        let plan = Arc::clone(&self.plan);
        match listening_step(&plan, &listening.block) {
            Some((Step::AskIntent { intents, .. }, _)) if intents.iter().any(|intent| intent == edge) => {
                self.accept_intent(listening, edge, 1.0);
            }
            _ => self.leave(listening, edge),
        }
    }

    fn understand_digits(&mut self, mut listening: Box<Listening>, heard: &Heard, wanted: &Wanted, confirm_below: f32) {
        let so_far = listening.digits.clone();
        let complete = readings(heard)
            .map(|text| wanted.fitted(&so_far, &wanted.said(text, heard.language)))
            .enumerate()
            .find_map(|(reading, value)| Some((reading, value?)));
        if let Some((reading, value)) = complete {
            // Another reading than the likeliest is a guess, even one that passes the check.
            let confidence = if reading == 0 { wanted.check.confidence(heard.confidence) } else { 0.0 };
            if confidence >= confirm_below {
                return self.accept_digits(listening, value, false);
            }
            return if self.is_secret(&listening) {
                self.miss(listening, Miss::NoMatch, true)
            } else {
                self.read_back(listening, value, false)
            };
        }
        let heard_now = wanted.said(&heard.text, heard.language);
        if heard_now.is_empty() {
            return match command::detect(&heard.text, heard.language) {
                Some(command) => self.command(listening, command),
                None if so_far.is_empty() => self.miss(listening, Miss::NoMatch, true),
                None => self.keep_listening(listening),
            };
        }
        if so_far.len() + heard_now.len() < wanted.min {
            // The caller paused between groups; the rest is on its way.
            listening.digits.push_str(&heard_now);
            return self.keep_listening(listening);
        }
        self.miss(listening, Miss::NoMatch, true);
    }

    /// No more digits come.
    pub(super) fn digits_over(&mut self, listening: Box<Listening>) {
        let plan = Arc::clone(&self.plan);
        let digits = listening.digits.clone();
        match listening_step(&plan, &listening.block) {
            Some((Step::Collect { min, max, form, check, .. }, _)) => {
                let wanted = Wanted { min: *min, max: *max, form: form.as_ref(), check: *check };
                match wanted.fitted("", &digits) {
                    Some(digits) => self.accept_digits(listening, digits, true),
                    None => self.miss(listening, Miss::NoMatch, true),
                }
            }
            _ => self.miss(listening, Miss::NoMatch, true),
        }
    }

    /// What a block would ask for, if the caller has said it with what they want: "where is my order one zero four two". It is used once: when
    /// the block comes again, something was wrong with it.
    pub(super) fn told_already(&mut self, block: &str) -> Option<String> {
        let plan = Arc::clone(&self.plan);
        let (Step::Collect { min, max, form, check, secret: false, .. }, _) = listening_step(&plan, block)? else {
            return None;
        };
        // One or two digits among other words are more likely to count something.
        if *min < SHORTEST_TOLD {
            return None;
        }
        let wanted = Wanted { min: *min, max: *max, form: form.as_ref(), check: *check };
        let heard = self.told.as_ref()?;
        let value = readings(heard).find_map(|text| wanted.fitted("", &wanted.said(text, heard.language)));
        if value.is_some() {
            self.told = None;
        }
        value
    }

    fn is_secret(&self, listening: &Listening) -> bool {
        matches!(listening_step(&self.plan, &listening.block), Some((Step::Collect { secret: true, .. }, _)))
    }

    fn accept_digits(&mut self, listening: Box<Listening>, digits: String, keyed: bool) {
        let plan = Arc::clone(&self.plan);
        if let Some((Step::Collect { read_back: true, secret: false, .. }, _)) = listening_step(&plan, &listening.block)
        {
            self.read_back(listening, digits, keyed);
        } else {
            self.keep_digits(listening, digits);
        }
    }

    pub(super) fn read_back(&mut self, mut listening: Box<Listening>, digits: String, keyed: bool) {
        listening.digits.clear();
        self.note(Note::Confirming { block: listening.block.clone(), between: vec![digits.clone()] });
        let text = phrases::read_back(&digits, keyed, self.language);
        self.ask_back(listening, Question::ReadBack(digits), text);
    }

    fn keep_digits(&mut self, listening: Box<Listening>, digits: String) {
        let plan = Arc::clone(&self.plan);
        let Some((Step::Collect { slot, secret, .. }, _)) = listening_step(&plan, &listening.block) else {
            return self.fail(&listening.block, "the block collects nothing".to_owned());
        };
        if *secret {
            self.secrets.insert(slot.clone());
        } else {
            self.secrets.remove(slot);
        }
        if let Some(Value::Object(slots)) = self.values.others.get_mut("slots") {
            slots.insert(slot.clone(), Value::String(digits.clone()));
        }
        self.note(Note::Slot { block: listening.block.clone(), name: slot.clone(), value: digits, secret: *secret });
        self.leave(listening, "next");
    }

    fn understand_read_back(&mut self, listening: Box<Listening>, heard: &Heard, digits: &str) {
        let answer = slot::yes_no(&heard.text, heard.language);
        if answer == Some(true) {
            return self.keep_digits(listening, digits.to_owned());
        }
        // "No, 1043" corrects in one turn.
        let plan = Arc::clone(&self.plan);
        if let Some((Step::Collect { min, max, form, check, .. }, _)) = listening_step(&plan, &listening.block) {
            let wanted = Wanted { min: *min, max: *max, form: form.as_ref(), check: *check };
            match wanted.fitted("", &wanted.said(&heard.text, heard.language)) {
                Some(instead) if instead == digits => return self.keep_digits(listening, instead),
                Some(instead) => return self.read_back(listening, instead, false),
                None => {}
            }
        }
        if answer == Some(false) {
            return self.miss(listening, Miss::NoMatch, false);
        }
        match command::detect(&heard.text, heard.language) {
            Some(command) => self.command(listening, command),
            None => self.miss(listening, Miss::NoMatch, true),
        }
    }

    /// Whether a key answers the block's own question, so that it may have been pressed ahead.
    pub(super) fn key_fits(&self, listening: &Listening, key: char) -> bool {
        match listening_step(&self.plan, &listening.block) {
            Some((Step::Collect { .. }, _)) => key.is_ascii_digit() || key == '#' || key == '*',
            Some((step, _)) => step.choices().iter().any(|choice| choice.key == Some(key)),
            None => false,
        }
    }

    pub(super) fn understand_key(&mut self, mut listening: Box<Listening>, key: char) {
        let plan = Arc::clone(&self.plan);
        let Some((step, _)) = listening_step(&plan, &listening.block) else {
            return self.fail(&listening.block, "the block does not listen".to_owned());
        };
        match (listening.question.clone(), key) {
            (Question::Confirm { intent, confidence }, '1') => {
                return self.accept_intent(listening, &intent, confidence);
            }
            (Question::Between(between), '1' | '2') => {
                let place = usize::from(key == '2');
                return self.accept_intent(listening, &between[place], 1.0);
            }
            (Question::Confirm { .. }, '2') => {
                listening.unsure = true;
                return self.miss(listening, Miss::NoMatch, false);
            }
            (Question::ReadBack(digits), '1' | '#') => return self.keep_digits(listening, digits),
            (Question::ReadBack(_), '2' | '*') => return self.miss(listening, Miss::NoMatch, false),
            (Question::ReadBack(_), _) => return self.miss(listening, Miss::NoMatch, true),
            (Question::More(rest), '1') => return self.tell_rest(&listening, rest),
            (Question::More(_), _) => return self.miss(listening, Miss::NoMatch, false),
            (Question::Which(between), '1' | '2') => {
                return self.tell_one(listening, *between, usize::from(key == '2'));
            }
            (Question::Which(_), _) => return self.miss(listening, Miss::NoMatch, true),
            (Question::Own | Question::Confirm { .. } | Question::Between(_), _) => {}
        }
        if let Step::Collect { max, .. } = step {
            return self.digit_key(listening, key, *max);
        }
        match step.choices().iter().find(|choice| choice.key == Some(key)) {
            Some(choice) => self.chosen(listening, &choice.edge.clone(), By::Key, 1.0),
            None => self.miss(listening, Miss::NoMatch, true),
        }
    }

    fn digit_key(&mut self, mut listening: Box<Listening>, key: char, max: usize) {
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
        self.state = super::State::Listening(listening);
    }
}

/// What a block collects.
struct Wanted<'p> {
    min: usize,
    max: usize,
    form: Option<&'p Form>,
    check: CheckDigit,
}

impl Wanted<'_> {
    /// The digits of a text, or letters and digits where a form has them.
    fn said(&self, text: &str, language: Language) -> String {
        match self.form {
            Some(_) => slot::characters(text, language),
            None => slot::digits(text, language),
        }
    }

    /// What was said before and now as the value, if it can be one.
    fn fitted(&self, before: &str, now: &str) -> Option<String> {
        let whole = format!("{before}{now}");
        let value = match self.form {
            _ if now.is_empty() => None,
            Some(form) => form.fitted(&whole),
            None => (self.min..=self.max).contains(&whole.len()).then_some(whole),
        };
        value.filter(|value| self.check.passes(value))
    }
}

/// What was heard, likeliest first.
fn readings(heard: &Heard) -> impl Iterator<Item = &str> {
    std::iter::once(heard.text.as_str()).chain(heard.alternatives.iter().map(String::as_str).take(READINGS))
}

/// "One", or "press one", where a choice has the key 1.
fn spoken_key<'c>(heard: &Heard, choices: &'c [Choice]) -> Option<&'c Choice> {
    let digits = slot::digits(&heard.text, heard.language);
    let mut keys = digits.chars();
    let (Some(key), None) = (keys.next(), keys.next()) else { return None };
    // More words mean more than a key: "I bought one last week".
    (heard.text.split_whitespace().count() <= 2 && heard.text.chars().count() <= 12)
        .then(|| choices.iter().find(|choice| choice.key == Some(key)))
        .flatten()
}

fn confidence_of(meaning: &Meaning, intent: &str) -> f32 {
    meaning.ranking.iter().find(|scored| scored.intent == intent).map_or(0.0, |scored| scored.confidence)
}
