//! What an answer means: an option, an intent, yes or no. Each way ends in exactly one of leaving the block, asking back, asking
//! again, or listening on; which words are used then is left to [`listening`](super::listening), and values that are collected to
//! [`collecting`](super::collecting).

use std::sync::Arc;

use intent::{
    Decision, Meaning, Query,
    command::{self, Command},
    slot,
};
use serde_json::json;

use super::{
    Run, State,
    listening::{Listening, Question, UNCLEAR_BELOW, listening_step},
};
use crate::{
    By, Heard, Note,
    phrases::{self, Miss},
    plan::{Choice, Step},
};

/// A phrase that is less alike than this is not taken for an option.
pub(super) const ALIKE: f32 = 0.6;
/// A phrase that is this much alike goes before a command that is always on.
pub(super) const SURELY_ALIKE: f32 = 0.9;
/// So many other readings are tried.
const READINGS: usize = 3;

impl Run {
    pub(super) fn understand(&mut self, listening: Box<Listening>, heard: &Heard) {
        match listening.question.clone() {
            Question::Own => self.understand_own(listening, heard),
            Question::Confirm { intent, confidence } => {
                self.understand_confirmed(listening, heard, &intent, confidence)
            }
            Question::Between(between) => self.understand_between(listening, heard, &between),
            Question::ReadBack(values) => self.understand_read_back(listening, heard, values),
            Question::WhichPart { values, instead, others } => {
                self.understand_which_part(listening, heard, values, instead, others);
            }
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
            Some(Step::Collect { wanted, secret, .. }) => self.understand_value(listening, heard, wanted, *secret),
            Some(Step::Answer { .. }) => self.understand_question(listening, heard),
            Some(Step::Voicemail { .. }) => self.understand_message(listening, heard),
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
        self.known.request(heard);
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

    /// The intents among which an answer is looked for now; none while the question is about something else. Somebody who asks
    /// another engine ([`Heard::meaning`]) asks it about these.
    pub fn intents_asked(&self) -> Vec<String> {
        let State::Listening(listening) = &self.state else { return Vec::new() };
        match (&listening.question, listening_step(&self.plan, &listening.block)) {
            (Question::Between(between), _) => between.to_vec(),
            (Question::Own | Question::Confirm { .. }, Some((Step::AskIntent { intents, .. }, _))) => intents.clone(),
            (Question::Own, Some((Step::Collect { meanwhile, .. }, _))) => meanwhile.clone(),
            _ => Vec::new(),
        }
    }

    /// What was meant, by the likeliest reading that means anything here.
    pub(super) fn meaning(&self, heard: &Heard, allowed: &[String]) -> Meaning {
        if let Some(meaning) = &heard.meaning {
            return within(Meaning::clone(meaning), allowed);
        }
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
            self.known.request(heard);
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
        self.known.begin_request();
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
            Some((Step::Menu { offer: Some(offer), .. }, _)) if edge == "next" => {
                self.arrange_callback(listening, offer);
            }
            _ => self.leave(listening, edge),
        }
    }

    /// Whether a key answers the block's own question, so that it may have been pressed ahead.
    pub(super) fn key_fits(&self, listening: &Listening, key: char) -> bool {
        match listening_step(&self.plan, &listening.block) {
            Some((Step::Collect { wanted, .. }, _)) if wanted.keys().is_some() => {
                key.is_ascii_digit() || key == '#' || key == '*'
            }
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
            (Question::ReadBack(values), '1' | '#') => return self.confirm(listening, values),
            (Question::ReadBack(values), '2' | '*') => return self.deny(listening, values),
            (Question::ReadBack(_), _) => return self.miss(listening, Miss::NoMatch, true),
            (Question::WhichPart { mut values, instead, others }, key) => {
                let place = key.to_digit(10).and_then(|place| (place as usize).checked_sub(1));
                let Some(slot) = place.and_then(|place| values.get(place)).map(|filled| filled.slot.clone()) else {
                    return self.miss(listening, Miss::NoMatch, true);
                };
                values.extend(others);
                return self.this_part(listening, values, &slot, instead);
            }
            (Question::More(rest), '1') => return self.tell_rest(&listening, rest),
            (Question::More(_), _) => return self.miss(listening, Miss::NoMatch, false),
            (Question::Which(between), '1' | '2') => {
                return self.tell_one(listening, *between, usize::from(key == '2'));
            }
            (Question::Which(_), _) => return self.miss(listening, Miss::NoMatch, true),
            (Question::Own | Question::Confirm { .. } | Question::Between(_), _) => {}
        }
        if let Step::Voicemail { .. } = step {
            return if key == '#' { self.message_over(listening) } else { self.keep_listening(listening) };
        }
        if let Step::Collect { wanted, .. } = step {
            return match (wanted.keys(), wanted.keyed_item(key)) {
                (Some((_, most)), _) => self.digit_key(listening, key, most),
                (None, Some(item)) => self.accept_value(listening, item, 1.0, true),
                (None, None) => self.miss(listening, Miss::NoMatch, true),
            };
        }
        match step.choices().iter().find(|choice| choice.key == Some(key)) {
            Some(choice) => self.chosen(listening, &choice.edge.clone(), By::Key, 1.0),
            None => self.miss(listening, Miss::NoMatch, true),
        }
    }
}

/// What was heard, likeliest first.
pub(super) fn readings(heard: &Heard) -> impl Iterator<Item = &str> {
    std::iter::once(heard.text.as_str()).chain(heard.alternatives.iter().map(String::as_str).take(READINGS))
}

/// "One", or "press one", where a choice has the key 1.
pub(super) fn spoken_key<'c>(heard: &Heard, choices: &'c [Choice]) -> Option<&'c Choice> {
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

/// A meaning that was found elsewhere, as far as it makes sense here.
fn within(mut meaning: Meaning, allowed: &[String]) -> Meaning {
    let fits = |intent: &String| allowed.contains(intent);
    let sense = match &meaning.decision {
        Decision::Accept { intent } => fits(intent),
        Decision::Disambiguate { between } => between.iter().all(fits),
        Decision::Reject => true,
    };
    if !sense {
        meaning.decision = Decision::Reject;
    }
    meaning.ranking.retain(|scored| fits(&scored.intent));
    meaning
}
