//! The run of a flow for one call: events in, actions out, nothing else. It knows no clock but the time it is told, waits for
//! nothing without a deadline, and ends every call in exactly one outcome. This module holds the state and the way from block
//! to block; speaking, listening, understanding, ending and the blocks that do something have modules of their own.

mod answering;
mod arranging;
mod asking;
mod collecting;
mod confirming;
mod doing;
mod ending;
mod language;
mod listening;
mod shaping;
mod speaking;
mod understanding;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use intent::{Language, entity::Region};
use jiff::Zoned;
use serde_json::{Map, Value, json};

use crate::{
    Action, Answer, BlockId, Brief, Context, Event, Flow, Heard, LanguageBy, Millis, Note, Outcome, phrases,
    plan::{Plan, Planned, Step},
    values::Values,
};
use answering::Consulting;
use arranging::Inquiring;
use collecting::{Filled, Known};
use doing::{Queued, Requesting};
use language::Detecting;
use listening::{Listening, listening_step};

/// So many blocks in a row without a word or a key from the caller end the run.
const MAX_STEPS: u32 = 10_000;
/// So many prompts, requests and waits without a word or a key from the caller end the run.
const MAX_WAITS: u32 = 300;
/// So many questions without an answer in a row end the run: nobody is there.
const MAX_SILENCE: u32 = 20;
/// So many questions end the run, answered or not.
const MAX_QUESTIONS: u32 = 1_000;
/// A prompt that is not over by then is taken for over.
const MAX_SPEECH_MS: Millis = 180_000;
/// So deep sub-flows go through each other.
const MAX_DEPTH: usize = 16;
/// The edge from a block into its sub-flow.
const SUB_FLOW: &str = "sub_flow";
/// So often a run that cannot go on is sent to the flow's person block.
const MAX_RESCUES: u32 = 3;
/// Keys pressed ahead that are kept.
const MAX_KEYS_AHEAD: usize = 64;

/// One call in a flow. Make it, give it [`Event::Begin`], carry out the actions in order, and come back with what happened; with
/// [`Event::Timeout`] once the [deadline](Run::deadline) has passed.
#[derive(Clone, Debug)]
pub struct Run {
    flow: Arc<Flow>,
    plan: Arc<Plan>,
    model: Arc<intent::Model>,
    language: Language,
    /// Whose choice the first language is, until the call begins; none for the flow's own.
    first_by: Option<LanguageBy>,
    /// The language that is kept of the caller.
    remembered: Option<Language>,
    can_detect: bool,
    /// The block that waits for words whose language can be told.
    detecting: Option<Detecting>,
    values: Values,
    secrets: BTreeSet<String>,
    state: State,
    /// The block to enter next, while an event is being handled.
    next: Option<BlockId>,
    actions: Vec<Action>,
    now: Millis,
    turn: u64,
    says: u64,
    requests: u64,
    steps: u32,
    waits: u32,
    silence: u32,
    questions: u32,
    rescues: u32,
    /// The words said last in a question, so that they are not said again at once.
    last_words: String,
    /// What the caller said last.
    last_heard: Option<Heard>,
    /// The listening blocks on the way here, the present one last.
    listened: Vec<Visited>,
    /// The blocks whose sub-flows the run is in, the innermost last.
    stack: Vec<BlockId>,
    tags: BTreeSet<String>,
    priority: Option<u8>,
    /// What was arranged with the caller: to be called back, or a message.
    arranged: Option<Outcome>,
    keys_ahead: VecDeque<char>,
    /// Languages in which the caller is not listened to.
    deaf: Vec<Language>,
    /// Whether the caller was told so.
    apologised: bool,
    /// Turns that were hardly understood, less those that were since.
    unclear: u32,
    /// Whether a hash key now only ends digits that were complete already.
    hash_is_late: bool,
    understood: Option<(String, f32)>,
    /// What was said and collected, as typed values.
    known: Known,
    /// A value to be named at the beginning of what is said next.
    echo: Option<Filled>,
    /// The moment at which the call began, in the zone of the caller, and where that stands on the run's clock.
    calendar: Zoned,
    begun: Millis,
    /// The caller's country, if it is known.
    region: Option<Region>,
    attempts: u32,
    asked_for_person: bool,
    resolved: bool,
    talked_to_agent: bool,
    /// The outcome a hang-up leads to, once the caller has hung up.
    hung_up: Option<Outcome>,
    outcome: Option<Outcome>,
}

/// What the run is waiting for.
#[derive(Clone, Debug)]
enum State {
    /// For the call to begin.
    New,
    /// For a prompt to end.
    Speaking { block: BlockId, say: u64, until: Millis, then: Then },
    /// For the caller.
    Listening(Box<Listening>),
    /// For a reply.
    Requesting(Requesting),
    /// For the knowledge base.
    Consulting(Box<Consulting>),
    /// For something that the call centre knows.
    Inquiring(Inquiring),
    /// For an agent.
    Queued(Queued),
    /// On its way from block to block.
    Moving,
    /// For nothing any more.
    Over,
}

/// A listening block on the way, and the sub-flows it was in.
#[derive(Clone, Debug)]
struct Visited {
    block: BlockId,
    stack: Vec<BlockId>,
}

/// What follows a prompt.
#[derive(Clone, Copy, Debug)]
enum Then {
    Next { barge_in: bool, resolves: bool },
    End(Outcome),
}

impl Run {
    /// A run that waits for [`Event::Begin`]. The model must have been trained from this flow
    /// ([`Flow::training_set`]); [`intent::Model::empty`] will do for a flow without intents.
    pub fn new(flow: Arc<Flow>, model: Arc<intent::Model>, context: Context) -> Self {
        let (language, first_by) = language::first(&flow, &context);
        let region = context.region.or_else(|| Region::of_number(&context.caller));
        let mut values = Values::default();
        for variable in &flow.variables {
            if let Some(default) = &variable.default {
                values.vars.insert(variable.name.clone(), default.clone());
            }
        }
        values.vars.extend(context.variables);
        values.others = Map::from_iter([
            (
                "call".to_owned(),
                json!({
                    "id": context.call_id,
                    "caller": context.caller,
                    "called": context.called,
                    "language": language.code(),
                }),
            ),
            ("slots".to_owned(), json!({})),
            ("intent".to_owned(), json!({"name": null, "label": null, "confidence": null})),
        ]);
        let languages = flow.languages.len();
        Run {
            plan: flow.prepared.plan(&flow),
            flow,
            model,
            language,
            first_by,
            remembered: context.remembered,
            can_detect: context.detects && languages > 1,
            detecting: None,
            values,
            secrets: BTreeSet::new(),
            state: State::New,
            next: None,
            actions: Vec::new(),
            now: 0,
            turn: 0,
            says: 0,
            requests: 0,
            steps: 0,
            waits: 0,
            silence: 0,
            questions: 0,
            rescues: 0,
            last_words: String::new(),
            last_heard: None,
            listened: Vec::new(),
            stack: Vec::new(),
            tags: BTreeSet::new(),
            priority: None,
            arranged: None,
            keys_ahead: VecDeque::new(),
            deaf: context.deaf,
            apologised: false,
            unclear: 0,
            hash_is_late: false,
            understood: None,
            known: Known::default(),
            echo: None,
            calendar: context.now,
            begun: 0,
            region,
            attempts: 0,
            asked_for_person: false,
            resolved: false,
            talked_to_agent: false,
            hung_up: None,
            outcome: None,
        }
    }

    /// What to do about an event that happened at `now`. An event that does not fit the state, such as the end of a prompt that
    /// was stopped long ago, changes nothing.
    pub fn on(&mut self, event: Event, now: Millis) -> Vec<Action> {
        self.now = now.max(self.now);
        match event {
            Event::Begin => {
                if matches!(self.state, State::New) {
                    self.state = State::Moving;
                    self.begun = self.now;
                    self.note_first_language();
                    self.next = Some(self.flow.start.clone());
                }
            }
            Event::Hangup => self.hang_up(),
            Event::HttpDone { id, result } => self.http_done(id, result),
            Event::Told { id, answer } => self.told(id, answer),
            Event::Timeout => {
                if self.deadline().is_some_and(|deadline| deadline <= self.now) {
                    self.time_out();
                }
            }
            // What follows comes from the caller or the line, and the line is gone.
            _ if self.hung_up.is_some() => {}
            Event::SpeechDone { say } => self.speech_done(say),
            Event::Heard(heard) => self.heard(&heard),
            Event::SpeechStarted => self.speech_started(),
            Event::Nothing => self.nothing(),
            Event::Key(key) => self.key(key),
            Event::Consulted { id, answer } => self.consulted(id, answer),
            Event::QueueDone(result) => self.queue_done(result),
            Event::DeadAir => self.dead_air(),
        }
        while let Some(block) = self.next.take() {
            self.enter(block);
        }
        std::mem::take(&mut self.actions)
    }

    /// When to come back with [`Event::Timeout`] unless something else happens first. `None` before the call begins, while the
    /// caller talks to an agent, and once the run is over.
    pub fn deadline(&self) -> Option<Millis> {
        match &self.state {
            State::Speaking { until, .. } => Some(*until),
            State::Listening(listening) => Some(listening.until),
            State::Requesting(requesting) => Some(requesting.deadline()),
            State::Consulting(consulting) => Some(consulting.until),
            State::Inquiring(inquiring) => Some(inquiring.until),
            State::Queued(queued) => queued.until,
            State::New | State::Moving | State::Over => None,
        }
    }

    /// Whether what is asked for now must not be shown to anybody, nor kept in the recording.
    pub fn asks_a_secret(&self) -> bool {
        let State::Listening(listening) = &self.state else { return false };
        matches!(listening_step(&self.plan, &listening.block), Some((Step::Collect { secret: true, .. }, _)))
    }

    /// What it would make of these words, were they all that is said now. Nothing changes: it is tried on a copy.
    pub fn answer(&self, heard: &Heard) -> Answer {
        let State::Listening(before) = &self.state else { return Answer::Missed };
        let mut trial = self.clone();
        let actions = trial.on(Event::Heard(heard.clone()), self.now);
        if actions.iter().any(|action| matches!(action, Action::Note(Note::NoMatch { .. }))) {
            return Answer::Missed;
        }
        match &trial.state {
            State::Listening(now)
                if now.question == before.question
                    && now.block == before.block
                    && !actions.iter().any(|action| matches!(action, Action::Say { .. })) =>
            {
                Answer::Part
            }
            _ => Answer::Taken(
                actions
                    .into_iter()
                    .filter_map(|action| if let Action::Say { parts, .. } = action { Some(parts) } else { None })
                    .flatten()
                    .collect(),
            ),
        }
    }

    /// Goes back to an earlier state of this run: what was heard since was only a part, and nothing that cannot be undone was done.
    /// Numbers of turns, prompts and requests are not used again, so that whatever still comes of them fits nothing.
    pub fn take_back(&mut self, earlier: Run) {
        let (turn, says, requests) = (self.turn, self.says, self.requests);
        *self = earlier;
        self.turn = self.turn.max(turn);
        self.says = self.says.max(says);
        self.requests = self.requests.max(requests);
    }

    /// The number of the last turn.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// Whether a reply of another service is waited for, which has a deadline of its own.
    pub fn is_requesting(&self) -> bool {
        matches!(self.state, State::Requesting(_) | State::Consulting(_) | State::Inquiring(_))
    }

    /// Whether it is the caller's turn, as far as the flow is concerned.
    pub fn is_listening(&self) -> bool {
        matches!(self.state, State::Listening(_))
    }

    /// Whether the caller is not listened to, and was asked to use keys.
    pub fn is_deaf(&self) -> bool {
        self.deaf.contains(&self.language)
    }

    /// Whether the run is over.
    pub fn finished(&self) -> bool {
        self.outcome.is_some()
    }

    /// How the call ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// The block that the run waits in.
    pub fn block(&self) -> Option<&str> {
        match &self.state {
            State::Speaking { block, .. } => Some(block),
            State::Listening(listening) => Some(&listening.block),
            State::Requesting(requesting) => Some(&requesting.block),
            State::Consulting(consulting) => Some(consulting.block()),
            State::Inquiring(inquiring) => Some(&inquiring.block),
            State::Queued(queued) => Some(&queued.block),
            State::New | State::Moving | State::Over => None,
        }
    }

    /// Variables, slots and replies by name, as templates see them. Slots that are secret are left out.
    pub fn variables(&self) -> BTreeMap<String, Value> {
        let vars = self.values.vars.clone().into_iter().chain(self.values.set.clone()).collect();
        let mut all: BTreeMap<String, Value> = self.values.others.clone().into_iter().collect();
        if let Some(Value::Object(slots)) = all.get_mut("slots") {
            slots.retain(|name, _| !self.secrets.contains(name));
        }
        all.insert("vars".to_owned(), Value::Object(vars));
        all
    }

    /// What an agent or a ticket should know at this point.
    pub fn brief(&self) -> Brief {
        let slots = self
            .values
            .others
            .get("slots")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(name, _)| !self.secrets.contains(*name))
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        let label = self.understood.as_ref().map(|(name, _)| self.label(name));
        Brief {
            intent: self.understood.as_ref().map(|(name, _)| name.clone()),
            confidence: self.understood.as_ref().map(|(_, confidence)| *confidence),
            slots,
            attempts: self.attempts,
            reason: phrases::reason(label.as_deref(), self.asked_for_person, self.language),
            tags: self.tags.iter().cloned().collect(),
            priority: self.priority,
        }
    }

    /// What to call an intent in the language that is spoken.
    fn label(&self, intent: &str) -> String {
        self.flow
            .intent(intent)
            .and_then(|intent| {
                let default = self.flow.default_language();
                intent.label.get(&self.language).or_else(|| intent.label.get(&default))
            })
            .cloned()
            .unwrap_or_else(|| intent.replace('_', " "))
    }

    fn enter(&mut self, id: BlockId) {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.waits > MAX_WAITS {
            self.note(Note::Error {
                block: id,
                message: format!("the flow went round for {} blocks without a word from the caller", self.steps),
            });
            return self.give_up();
        }
        let plan = Arc::clone(&self.plan);
        let Some(planned) = plan.blocks.get(&id) else {
            self.note(Note::Error { block: id.clone(), message: format!("the flow has no block {id}") });
            return self.rescue(&id);
        };
        self.state = State::Moving;
        self.note(Note::Entered { block: id.clone(), kind: planned.kind.clone() });
        if self.hung_up.is_some() && planned.step.needs_caller() {
            // The caller is gone: what would be said is left out, and there is nobody to listen to.
            return match planned.step {
                Step::Say { .. } => self.follow(&id, "next"),
                _ => self.finish(Outcome::Abandoned),
            };
        }
        if planned.step.does_something() {
            self.known.used();
        }
        match &planned.step {
            Step::Say { prompt, barge_in, resolves } => match self.fill_prompt(prompt) {
                Ok(parts) => {
                    let then = Then::Next { barge_in: *barge_in, resolves: *resolves };
                    self.speak(&id, parts, *barge_in, then);
                }
                Err(message) => self.fail(&id, message),
            },
            Step::Menu { offer: Some(offer), .. } => self.offer_callback(&id, offer),
            Step::Menu { .. } | Step::AskIntent { .. } | Step::Collect { .. } | Step::Voicemail { .. } => {
                self.begin_listening(&id);
            }
            Step::Answer { last_words, .. } => self.begin_answer(&id, *last_words),
            Step::Http(request) => self.begin_request(&id, request),
            Step::Branch { cases } => self.branch(&id, cases),
            Step::Language { wanted, default, remember } => self.change_language(&id, *wanted, *default, *remember),
            Step::ToQueue { queue, prompt, reason, timeout_ms } => {
                self.begin_queue(&id, queue, prompt.as_ref(), reason, *timeout_ms);
            }
            Step::Transfer { to, prompt, timeout_ms } => self.begin_transfer(&id, to, prompt.as_ref(), *timeout_ms),
            Step::Inquire { about, .. } => self.begin_inquiry(&id, about),
            Step::Hours(hours) => self.look_at_hours(&id, hours),
            Step::Split { ways, by_caller } => self.split(&id, ways, *by_caller),
            Step::Set(values) => self.set_values(&id, values),
            Step::Tag(tags) => self.tag(&id, tags),
            Step::Priority(priority) => {
                self.priority = Some(*priority);
                self.follow(&id, "next");
            }
            Step::Recording { on } => {
                self.actions.push(Action::Record { on: *on });
                self.follow(&id, "next");
            }
            Step::SubFlow { start } => self.enter_sub_flow(&id, start),
            Step::Return { edge } => self.return_along(&id, edge),
            Step::CreateTicket { subject, body, tags, status } => {
                self.ticket(&id, subject, body, tags, *status);
            }
            Step::End { outcome, prompt } => match prompt.as_ref().filter(|_| self.hung_up.is_none()) {
                None => self.finish(*outcome),
                Some(prompt) => match self.fill_prompt(prompt) {
                    Ok(parts) => self.speak(&id, parts, false, Then::End(*outcome)),
                    Err(message) => {
                        // The call is over anyway: better without these words than with an apology instead of them.
                        self.note(Note::Error { block: id, message });
                        self.finish(*outcome);
                    }
                },
            },
            Step::Broken(message) => self.fail(&id, message.clone()),
        }
    }

    fn planned<'p>(&self, plan: &'p Plan, id: &str) -> Option<&'p Planned> {
        plan.blocks.get(id)
    }

    /// Goes on along an edge.
    fn follow(&mut self, block: &str, edge: &str) {
        let plan = Arc::clone(&self.plan);
        match self.planned(&plan, block).and_then(|planned| planned.edges.get(edge)) {
            Some(to) => self.go(block, edge, to.clone()),
            None => {
                self.note(Note::Error {
                    block: block.to_owned(),
                    message: format!("block {block} has no edge for {edge}"),
                });
                self.rescue(block);
            }
        }
    }

    fn go(&mut self, block: &str, edge: &str, to: BlockId) {
        self.note(Note::Edge { block: block.to_owned(), edge: edge.to_owned(), to: to.clone() });
        self.state = State::Moving;
        self.next = Some(to);
    }

    fn has_edge(&self, block: &str, edge: &str) -> bool {
        self.plan.blocks.get(block).is_some_and(|planned| planned.edges.contains_key(edge))
    }

    fn time_out(&mut self) {
        match &mut self.state {
            State::Speaking { say, .. } => {
                let say = *say;
                self.speech_done(say);
            }
            State::Listening(_) => self.listening_timed_out(),
            State::Requesting(_) => self.request_timed_out(),
            State::Consulting(_) => self.consulting_timed_out(),
            State::Inquiring(_) => self.inquiry_timed_out(),
            State::Queued(_) => self.queue_timed_out(),
            State::New | State::Moving | State::Over => {}
        }
    }

    /// What was to be heard does not come. A request is left to its own deadline, and a caller who was not heard is asked again.
    fn dead_air(&mut self) {
        match &self.state {
            // The last words do not come: the call ends without them.
            State::Speaking { then: Then::End(outcome), .. } => {
                let outcome = *outcome;
                self.actions.push(Action::StopSpeaking);
                self.finish(outcome);
            }
            State::Speaking { block, .. } => {
                let block = block.clone();
                self.actions.push(Action::StopSpeaking);
                self.fail(&block, "nothing could be said for too long".to_owned());
            }
            State::Listening(listening) if listening.say.is_some() => {
                let block = listening.block.clone();
                self.actions.push(Action::StopSpeaking);
                self.actions.push(Action::StopListening);
                self.fail(&block, "the question could not be said for too long".to_owned());
            }
            State::Listening(_) => self.nothing(),
            State::New
            | State::Requesting(_)
            | State::Consulting(_)
            | State::Inquiring(_)
            | State::Queued(_)
            | State::Moving
            | State::Over => {}
        }
    }

    /// The caller did something: whatever counts what happens without one begins anew.
    fn caller_is_there(&mut self) {
        self.steps = 0;
        self.waits = 0;
        self.silence = 0;
    }

    fn note(&mut self, note: Note) {
        self.actions.push(Action::Note(note));
    }
}

impl Step {
    /// Whether it makes no sense once the caller has hung up.
    fn needs_caller(&self) -> bool {
        match self {
            Step::Say { .. }
            | Step::Menu { .. }
            | Step::AskIntent { .. }
            | Step::Collect { .. }
            | Step::Answer { .. }
            | Step::Voicemail { .. }
            | Step::ToQueue { .. }
            | Step::Transfer { .. } => true,
            Step::Http(_)
            | Step::Branch { .. }
            | Step::Inquire { .. }
            | Step::Hours(_)
            | Step::Split { .. }
            | Step::Set(_)
            | Step::Tag(_)
            | Step::Priority(_)
            | Step::Recording { .. }
            | Step::SubFlow { .. }
            | Step::Return { .. }
            | Step::Language { .. }
            | Step::CreateTicket { .. }
            | Step::End { .. }
            | Step::Broken(_) => false,
        }
    }

    /// Whether what was collected is used by then, so that a correction would come too late.
    fn does_something(&self) -> bool {
        !matches!(
            self,
            Step::Say { .. }
                | Step::Collect { .. }
                | Step::Set(_)
                | Step::Tag(_)
                | Step::Priority(_)
                | Step::SubFlow { .. }
                | Step::Return { .. }
        )
    }

    /// Whether it takes a message.
    fn takes_a_message(&self) -> bool {
        matches!(self, Step::Voicemail { .. })
    }
}
