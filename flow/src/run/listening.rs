//! Questions: asking, asking again in other words, and the commands that are always on. Silence and misunderstanding are counted
//! apart; the first miss brings other words, the second an example or the keys, and then the block's edge follows. What an
//! answer means is the business of [`understanding`](super::understanding).

use std::sync::Arc;

use intent::{
    Language,
    command::Command,
    entity::{Kind, Value},
};

use super::{MAX_KEYS_AHEAD, MAX_QUESTIONS, MAX_SILENCE, MAX_SPEECH_MS, Run, State, Then, Visited, collecting::Filled};
use crate::{
    Action, BlockId, Expect, Grammar, Heard, KnownArticle, Millis, Note, Outcome, Part, Profile,
    phrases::{self, Miss},
    plan::{Choice, Plan, Step, Tries},
};

/// An utterance that is not over by then is given up.
const MAX_UTTERANCE_MS: Millis = 60_000;
/// Words with less confidence than this were hardly understood.
pub(super) const UNCLEAR_BELOW: f32 = 0.5;
/// After so many turns of which little was understood the line is bad, and questions come with their keys.
const BAD_LINE_AFTER: u32 = 2;
/// So many listening blocks are remembered for "back".
const MAX_HISTORY: usize = 50;

/// A question to the caller.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    pub block: BlockId,
    /// The prompt that is being said.
    pub say: Option<u64>,
    /// When to go on without the caller.
    pub until: Millis,
    pub barge_in: bool,
    pub question: Question,
    /// What was named before the question, and may be denied instead of answering it.
    pub echoed: Option<Filled>,
    /// Digits so far.
    pub digits: String,
    /// What was said so far of a message, and whether there was anything beside words.
    pub message: Vec<String>,
    pub voiced: bool,
    /// How long a message may be, and when that is over; it counts from the end of the prompt.
    max_ms: Option<Millis>,
    pub ends: Option<Millis>,
    /// Whether the last miss was something that was understood but not confirmed.
    pub unsure: bool,
    pub talking: bool,
    no_input_ms: Millis,
    gap_ms: Millis,
    no_inputs: u32,
    no_matches: u32,
    /// What was said last, with and without what opened it.
    said: Vec<Part>,
    asked: Vec<Part>,
}

/// What is being asked.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Question {
    /// The block's own question.
    Own,
    /// "You want X, is that right?"
    Confirm { intent: String, confidence: f32 },
    /// "Is it about A, or B?"
    Between([String; 2]),
    /// "I have 1 0, 4 2. Is that right?"
    ReadBack(Vec<Filled>),
    /// "Which part is wrong: the date, or the time?"
    WhichPart {
        /// One of these.
        values: Vec<Filled>,
        /// What it is instead, if that was said.
        instead: Option<Value>,
        /// What was read back beside them.
        others: Vec<Filled>,
    },
    /// "Would you like to hear more?"
    More(String),
    /// "Do you mean A, or B?", of two articles.
    Which(Box<[KnownArticle; 2]>),
}

impl Listening {
    pub fn prompt_over(&mut self, now: Millis) {
        self.say = None;
        if !self.talking {
            self.wait(now);
        }
    }

    /// Waits for the caller, from now on.
    pub fn wait(&mut self, now: Millis) {
        self.ends = self.ends.or(self.max_ms.map(|most| now + most));
        let until = now + if self.digits.is_empty() { self.no_input_ms } else { self.gap_ms };
        self.until = until.min(self.ends.unwrap_or(until));
    }
}

impl Step {
    pub(super) fn tries(&self) -> Option<&Tries> {
        match self {
            Step::Menu { tries, .. }
            | Step::AskIntent { tries, .. }
            | Step::Collect { tries, .. }
            | Step::Voicemail { tries, .. }
            | Step::Answer { tries, .. } => Some(tries),
            _ => None,
        }
    }

    /// What can be chosen by key.
    pub(super) fn choices(&self) -> &[Choice] {
        match self {
            Step::Menu { options, .. } => options,
            Step::AskIntent { keys, .. } => keys,
            Step::Collect { wanted, .. } => &wanted.items,
            _ => &[],
        }
    }
}

impl Run {
    pub(super) fn begin_listening(&mut self, id: &str) {
        let Some(listening) = self.new_listening(id) else {
            return self.fail(id, format!("block {id} does not listen"));
        };
        if !self.keys_ahead.is_empty() {
            return self.use_keys_ahead(listening);
        }
        self.begin_collecting(listening);
    }

    /// A question that was not asked yet; none of a block that does not listen.
    pub(super) fn new_listening(&mut self, id: &str) -> Option<Box<Listening>> {
        let plan = Arc::clone(&self.plan);
        let (step, tries) = listening_step(&plan, id)?;
        if self.listened.last().is_none_or(|last| last.block != id || last.stack != self.stack) {
            self.listened.push(Visited { block: id.to_owned(), stack: self.stack.clone() });
            if self.listened.len() > MAX_HISTORY {
                self.listened.remove(0);
            }
        }
        Some(Box::new(Listening {
            block: id.to_owned(),
            say: None,
            until: self.now + tries.no_input_ms,
            barge_in: tries.barge_in,
            question: Question::Own,
            echoed: None,
            digits: String::new(),
            message: Vec::new(),
            voiced: false,
            max_ms: match step {
                Step::Voicemail { max_ms, .. } => Some(*max_ms),
                _ => None,
            },
            ends: None,
            unsure: false,
            talking: false,
            no_input_ms: tries.no_input_ms,
            gap_ms: match step {
                Step::Collect { gap_ms, .. } => *gap_ms,
                _ => 0,
            },
            no_inputs: 0,
            no_matches: 0,
            said: Vec::new(),
            asked: Vec::new(),
        }))
    }

    /// Asks the block's own question.
    pub(super) fn ask_own(&mut self, mut listening: Box<Listening>) {
        let plan = Arc::clone(&self.plan);
        let Some((step, tries)) = listening_step(&plan, &listening.block) else {
            return self.fail(&listening.block, "the block does not listen".to_owned());
        };
        match self.fill_prompt(&tries.prompt) {
            Ok(_) if self.is_deaf() && !step.takes_a_message() && self.help(step).is_empty() => {
                self.cannot_ask(listening);
            }
            Ok(parts) => {
                listening.question = Question::Own;
                self.ask(listening, None, parts);
            }
            Err(message) => self.fail(&listening.block, message),
        }
    }

    /// Asks something else of the caller before the block's own question is answered.
    pub(super) fn ask_back(&mut self, mut listening: Box<Listening>, question: Question, text: String) {
        listening.question = question;
        let parts = vec![Part { text, language: self.language }];
        self.ask(listening, None, parts);
    }

    /// Whether keys are the better way to answer: nobody listens, or the line is bad.
    fn wants_keys(&self) -> bool {
        self.is_deaf() || self.unclear >= BAD_LINE_AFTER
    }

    /// A question that no key answers, to a caller who is not listened to: a person will have to ask it.
    fn cannot_ask(&mut self, listening: Box<Listening>) {
        let person = self.flow.person.clone().filter(|person| *person != listening.block);
        if self.has_edge(&listening.block, "agent") {
            self.leave(listening, "agent");
        } else if let Some(person) = person {
            self.actions.push(Action::StopListening);
            self.go_to_main(&listening.block, "keys_only", person);
        } else {
            self.leave(listening, "no_match");
        }
    }

    fn ask(&mut self, mut listening: Box<Listening>, lead_in: Option<&'static str>, mut parts: Vec<Part>) {
        if self.wants_keys()
            && listening.question == Question::Own
            && !phrases::names_keys(&words(&parts), self.language)
            && let Some((step, _)) = listening_step(&self.plan, &listening.block)
            && let help = self.help(step)
            && !help.is_empty()
        {
            parts.push(Part { text: help, language: self.language });
            if self.is_deaf() && !std::mem::replace(&mut self.apologised, true) {
                parts.insert(0, Part { text: phrases::keys_only(self.language).to_owned(), language: self.language });
            }
        }
        listening.asked.clone_from(&parts);
        let opened = |lead_in: &str, language: Language| Part { text: lead_in.to_owned(), language };
        let mut said: Vec<Part> = lead_in.into_iter().map(|words| opened(words, self.language)).chain(parts).collect();
        if let Some(echo) = self.echo.take() {
            said.insert(0, self.echo_of(&echo));
            listening.echoed = Some(echo);
        }
        if words(&said) == self.last_words && !said.is_empty() {
            said.insert(0, opened(phrases::once_more(self.language), self.language));
        }
        self.last_words = words(&said);
        self.say_and_listen(listening, said);
    }

    fn say_and_listen(&mut self, mut listening: Box<Listening>, said: Vec<Part>) {
        self.questions += 1;
        if self.questions > MAX_QUESTIONS {
            self.note(Note::Error {
                block: listening.block,
                message: format!("the caller was asked {MAX_QUESTIONS} times"),
            });
            self.actions.push(Action::StopListening);
            return self.give_up();
        }
        self.waits += 1;
        listening.talking = false;
        listening.said.clone_from(&said);
        if said.is_empty() {
            listening.say = None;
            listening.wait(self.now);
        } else {
            listening.say = Some(self.say(said, listening.barge_in));
            listening.until = self.now + MAX_SPEECH_MS;
        }
        self.listen(&listening);
        self.state = State::Listening(listening);
    }

    fn listen(&mut self, listening: &Listening) {
        self.turn += 1;
        let expect = self.expect(listening);
        self.actions.push(Action::Listen { turn: self.turn, expect, keys: true });
    }

    /// Goes on listening for the same answer, after a part of it.
    pub(super) fn keep_listening(&mut self, mut listening: Box<Listening>) {
        listening.wait(self.now);
        self.listen(&listening);
        self.state = State::Listening(listening);
    }

    fn expect(&self, listening: &Listening) -> Expect {
        let phrases = |phrases, profile| Expect { grammar: Grammar::Phrases(phrases), profile };
        match &listening.question {
            // What is right instead may follow the no, in any words.
            Question::ReadBack(values) if !values.iter().all(Filled::is_spelt) => {
                let mut likely = phrases::yes_or_no(self.language);
                likely.extend(self.likely_instead(values));
                return Expect { grammar: Grammar::List(likely), profile: Profile::YesNo };
            }
            Question::WhichPart { values, .. } => {
                return Expect { grammar: Grammar::List(self.part_names(values)), profile: Profile::Free };
            }
            Question::Confirm { .. } | Question::ReadBack(_) | Question::More(_) => {
                return phrases(phrases::yes_or_no(self.language), Profile::YesNo);
            }
            Question::Between(between) => {
                return phrases(between.iter().map(|name| self.label(name)).collect(), Profile::Menu);
            }
            Question::Which(between) => {
                return phrases(between.iter().map(|article| article.title.clone()).collect(), Profile::Free);
            }
            Question::Own => {}
        }
        let Some((step, tries)) = listening_step(&self.plan, &listening.block) else {
            return Expect { grammar: Grammar::Free, profile: Profile::Free };
        };
        let heard_in = self.languages_heard();
        let expect = match step {
            Step::Menu { options, .. } => phrases(
                heard_in
                    .iter()
                    .flat_map(|l| options.iter().filter_map(|o| o.phrases.get(l)))
                    .flatten()
                    .cloned()
                    .collect(),
                Profile::Menu,
            ),
            Step::Collect { wanted, .. } => match (&wanted.spec.kind, wanted.keys()) {
                (Kind::Code { form }, _) => {
                    Expect { grammar: Grammar::Characters(form.clone()), profile: Profile::Digits }
                }
                // Of digits that come in groups, only the rest is still to come.
                (Kind::Digits { .. } | Kind::Phone, Some((min, max))) => {
                    let rest = |digits: usize| digits.saturating_sub(listening.digits.len()).max(1);
                    let grammar = Grammar::Digits { min: rest(min), max: rest(max) };
                    Expect { grammar, profile: Profile::Digits }
                }
                (Kind::List { .. }, _) => {
                    let phrases_in = heard_in.iter().flat_map(|l| wanted.items.iter().filter_map(|i| i.phrases.get(l)));
                    let likely = phrases_in.flatten().cloned().chain(self.labels(&wanted.items)).collect();
                    if self.more_may_be_said(&listening.block) {
                        Expect { grammar: Grammar::List(likely), profile: Profile::Free }
                    } else {
                        phrases(likely, Profile::Menu)
                    }
                }
                (Kind::Name, _) => Expect { grammar: Grammar::Free, profile: Profile::Name },
                (Kind::YesNo, _) => phrases(phrases::yes_or_no(self.language), Profile::YesNo),
                _ => Expect { grammar: Grammar::Free, profile: Profile::Free },
            },
            Step::AskIntent { intents, keys, words, .. } => {
                let mut likely: Vec<String> = intents.iter().map(|intent| self.label(intent)).collect();
                likely.extend(self.labels(keys));
                likely.extend(heard_in.iter().filter_map(|language| words.get(language)).flatten().cloned());
                likely.retain(|word| !word.trim().is_empty());
                Expect { grammar: Grammar::List(likely), profile: Profile::Free }
            }
            _ => Expect { grammar: Grammar::Free, profile: Profile::Free },
        };
        Expect { profile: tries.turn.unwrap_or(expect.profile), ..expect }
    }

    /// What choices are called.
    fn labels(&self, choices: &[Choice]) -> Vec<String> {
        let labels = choices.iter().filter_map(|choice| self.fill_prompt(&choice.label).ok());
        labels.map(|parts| words(&parts)).filter(|label| !label.is_empty()).collect()
    }

    pub(super) fn take_listening(&mut self) -> Option<Box<Listening>> {
        match std::mem::replace(&mut self.state, State::Moving) {
            State::Listening(listening) => Some(listening),
            other => {
                self.state = other;
                None
            }
        }
    }

    /// The caller's voice or key stops the prompt, where the block lets it.
    pub(super) fn interrupt(&mut self, listening: &mut Listening) {
        if listening.say.is_some() && listening.barge_in {
            listening.say = None;
            self.actions.push(Action::StopSpeaking);
        }
    }

    pub(super) fn speech_started(&mut self) {
        if let Some(mut listening) = self.take_listening() {
            self.interrupt(&mut listening);
            listening.talking = true;
            listening.until = listening.ends.unwrap_or(self.now + listening.max_ms.unwrap_or(MAX_UTTERANCE_MS));
            self.state = State::Listening(listening);
        }
    }

    pub(super) fn heard(&mut self, heard: &Heard) {
        if heard.text.trim().is_empty() {
            return self.nothing();
        }
        self.unclear = if heard.confidence < UNCLEAR_BELOW { self.unclear + 1 } else { self.unclear.saturating_sub(1) };
        self.last_heard = Some(heard.clone());
        if let Some(mut listening) = self.take_listening() {
            self.caller_is_there();
            self.language_heard(heard);
            self.interrupt(&mut listening);
            listening.talking = false;
            self.understand(listening, heard);
        }
    }

    /// A sound that meant nothing. In the middle of digits it is no more than a cough.
    pub(super) fn nothing(&mut self) {
        let Some(mut listening) = self.take_listening() else { return };
        self.unclear += 1;
        self.interrupt(&mut listening);
        listening.talking = false;
        if self.takes_a_message(&listening) {
            // Nobody can tell what it was but whoever hears the message.
            listening.voiced = true;
            self.keep_listening(listening);
        } else if listening.digits.is_empty() {
            self.miss(listening, Miss::NoMatch, true);
        } else {
            self.keep_listening(listening);
        }
    }

    pub(super) fn key(&mut self, key: char) {
        let key = key.to_ascii_uppercase();
        if !matches!(key, '0'..='9' | '*' | '#' | 'A'..='D') {
            return;
        }
        if std::mem::take(&mut self.hash_is_late) && key == '#' {
            return;
        }
        match &self.state {
            State::Speaking { block, then: Then::Next { barge_in, resolves }, .. } => {
                let (block, barge_in, resolves) = (block.clone(), *barge_in, *resolves);
                self.caller_is_there();
                self.remember_key(key);
                if barge_in {
                    self.actions.push(Action::StopSpeaking);
                    self.resolved |= resolves;
                    self.follow(&block, "next");
                }
            }
            State::Requesting(_) | State::Consulting(_) | State::Inquiring(_) => {
                self.caller_is_there();
                self.remember_key(key);
            }
            State::Listening(_) => {
                if let Some(mut listening) = self.take_listening() {
                    self.caller_is_there();
                    self.interrupt(&mut listening);
                    listening.talking = false;
                    self.understand_key(listening, key);
                }
            }
            State::New | State::Speaking { .. } | State::Queued(_) | State::Moving | State::Over => {}
        }
    }

    fn remember_key(&mut self, key: char) {
        if self.keys_ahead.len() < MAX_KEYS_AHEAD {
            self.keys_ahead.push_back(key);
        }
    }

    /// Keys that were pressed before the question came answer it; the question itself is then not asked.
    fn use_keys_ahead(&mut self, listening: Box<Listening>) {
        let block = listening.block.clone();
        self.state = State::Listening(listening);
        while let Some(key) = self.keys_ahead.pop_front() {
            if std::mem::take(&mut self.hash_is_late) && key == '#' {
                continue;
            }
            let Some(listening) = self.take_listening() else { break };
            if !self.key_fits(&listening, key) {
                // Rather ask than guess.
                self.keys_ahead.clear();
                return self.ask_own(listening);
            }
            self.understand_key(listening, key);
            let still_here =
                matches!(&self.state, State::Listening(now) if now.block == block && now.question == Question::Own);
            if !still_here {
                return;
            }
        }
        // Digits that are not complete yet.
        if let Some(listening) = self.take_listening() {
            self.keep_listening(listening);
        }
    }

    pub(super) fn listening_timed_out(&mut self) {
        let Some(mut listening) = self.take_listening() else { return };
        if listening.say.is_some() {
            listening.talking = false;
            listening.prompt_over(self.now);
            self.state = State::Listening(listening);
        } else if self.takes_a_message(&listening) {
            listening.voiced |= listening.talking;
            self.message_over(listening);
        } else if listening.talking {
            listening.talking = false;
            self.miss(listening, Miss::NoMatch, true);
        } else if !listening.digits.is_empty() {
            self.digits_over(listening);
        } else {
            self.miss(listening, Miss::NoInput, true);
        }
    }

    /// The caller was not heard or not understood. With `again` a question that was asked back stays the question.
    pub(super) fn miss(&mut self, mut listening: Box<Listening>, miss: Miss, again: bool) {
        if matches!(listening.question, Question::More(_)) {
            // The answer was heard; whoever does not say yes has heard enough.
            return self.leave(listening, "next");
        }
        self.attempts += 1;
        self.keys_ahead.clear();
        listening.digits.clear();
        let block = listening.block.clone();
        let count = match miss {
            Miss::NoInput => &mut listening.no_inputs,
            Miss::NoMatch => &mut listening.no_matches,
        };
        *count += 1;
        let count = *count;
        self.note(match miss {
            Miss::NoInput => Note::NoInput { block: block.clone(), count },
            Miss::NoMatch => Note::NoMatch { block: block.clone(), count },
        });
        if miss == Miss::NoInput {
            self.silence += 1;
            if self.silence > MAX_SILENCE {
                return self.say_goodbye();
            }
        }
        let plan = Arc::clone(&self.plan);
        let Some((step, tries)) = listening_step(&plan, &block) else {
            return self.fail(&block, "the block does not listen".to_owned());
        };
        if count >= tries.max_tries {
            let edge = match miss {
                Miss::NoInput => "no_input",
                Miss::NoMatch if listening.unsure && self.has_edge(&block, "low_confidence") => "low_confidence",
                Miss::NoMatch => "no_match",
            };
            return self.leave(listening, edge);
        }
        let number = count as usize - 1;
        if again && listening.question != Question::Own {
            let parts = listening.asked.clone();
            return self.ask(listening, Some(phrases::lead_in(miss, number, self.language)), parts);
        }
        listening.question = Question::Own;
        let misses = (listening.no_inputs + listening.no_matches) as usize;
        // To somebody who is not listened to, "I can't hear you" is no news.
        let is_news = miss == Miss::NoMatch || !self.is_deaf();
        let lead_in = is_news.then(|| phrases::lead_in(miss, number, self.language));
        let asked = match tries.retry_prompts.get(misses - 1) {
            Some(prompt) => self.fill_prompt(prompt).map(|parts| (None, parts)),
            None if misses == 1 => self.fill_prompt(&tries.prompt).map(|parts| (lead_in, parts)),
            None => match self.help(step) {
                help if help.is_empty() => self.fill_prompt(&tries.prompt).map(|parts| (lead_in, parts)),
                help => Ok((lead_in, vec![Part { text: help, language: self.language }])),
            },
        };
        match asked {
            Ok((lead_in, parts)) => self.ask(listening, lead_in, parts),
            Err(message) => self.fail(&block, message),
        }
    }

    /// An example of what to say, or the keys; where keys are the better way, only those.
    fn help(&self, step: &Step) -> String {
        let only_keys = self.wants_keys();
        let choices: Vec<(Option<char>, String)> = step
            .choices()
            .iter()
            .filter(|choice| !only_keys || choice.key.is_some())
            .map(|choice| {
                let label = self.fill_prompt(&choice.label).unwrap_or_default();
                let label = if label.is_empty() { self.label(&choice.edge) } else { words(&label) };
                (choice.key, label)
            })
            .collect();
        let choices = phrases::choices(&choices, self.language);
        match step {
            Step::AskIntent { intents, .. } => {
                let example = intents
                    .iter()
                    .filter(|_| !only_keys)
                    .filter_map(|name| self.flow.intent(name)?.examples.get(&self.language)?.first())
                    .next()
                    .map(|example| phrases::example(example, self.language));
                let all: Vec<String> =
                    example.into_iter().chain(Some(choices).filter(|text| !text.is_empty())).collect();
                all.join(" ")
            }
            Step::Collect { scale: Some(scale), .. } => phrases::rate(*scale, self.language),
            Step::Collect { wanted, .. } => match (&wanted.spec.kind, wanted.keys()) {
                // Letters have no keys that people know.
                (Kind::Code { .. }, _) if self.is_deaf() => String::new(),
                (Kind::Code { .. }, _) => phrases::spell(self.language).to_owned(),
                (Kind::List { .. } | Kind::YesNo, _) => choices,
                (Kind::Digits { .. } | Kind::Phone, Some((min, max))) => phrases::key_digits(min, max, self.language),
                (_, Some((min, max))) if only_keys => phrases::key_digits(min, max, self.language),
                (_, None) if self.is_deaf() => String::new(),
                (kind, _) => phrases::example(phrases::sample(kind, self.language), self.language),
            },
            _ => choices,
        }
    }

    /// Leaves the listening block along an edge.
    pub(super) fn leave(&mut self, mut listening: Box<Listening>, edge: &str) {
        self.interrupt(&mut listening);
        self.actions.push(Action::StopListening);
        self.follow(&listening.block, edge);
    }

    pub(super) fn command(&mut self, mut listening: Box<Listening>, command: Command) {
        self.note(Note::Command { block: listening.block.clone(), command });
        match command {
            Command::Agent => {
                self.asked_for_person = true;
                let person = self.flow.person.clone().filter(|person| *person != listening.block);
                if self.has_edge(&listening.block, "agent") {
                    self.leave(listening, "agent");
                } else if let Some(person) = person {
                    self.interrupt(&mut listening);
                    self.actions.push(Action::StopListening);
                    self.go_to_main(&listening.block, "command:agent", person);
                } else {
                    self.miss(listening, Miss::NoMatch, true);
                }
            }
            Command::Repeat => {
                let said = listening.said.clone();
                self.say_and_listen(listening, said);
            }
            Command::Back => {
                self.listened.pop();
                match self.listened.pop() {
                    Some(before) => {
                        self.interrupt(&mut listening);
                        self.actions.push(Action::StopListening);
                        self.stack = before.stack;
                        self.go(&listening.block, "command:back", before.block);
                    }
                    None => {
                        self.listened.push(Visited { block: listening.block.clone(), stack: self.stack.clone() });
                        self.ask_own(listening);
                    }
                }
            }
            Command::Stop => {
                self.interrupt(&mut listening);
                self.say_goodbye();
            }
        }
    }

    fn say_goodbye(&mut self) {
        self.actions.push(Action::StopListening);
        let outcome = if self.resolved { Outcome::Resolved } else { Outcome::Abandoned };
        let parts = vec![Part { text: phrases::goodbye(self.language).to_owned(), language: self.language }];
        self.speak("", parts, false, Then::End(outcome));
    }
}

pub(super) fn listening_step<'p>(plan: &'p Plan, id: &str) -> Option<(&'p Step, &'p Tries)> {
    let step = &plan.blocks.get(id)?.step;
    Some((step, step.tries()?))
}

pub(super) fn words(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(" ")
}
