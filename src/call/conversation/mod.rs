//! The conversation: who holds the floor, what is being said, what was heard, where the flow stands. A pure state machine:
//! [`Conversation::on`] takes what happened and returns what to do, so every interleaving of voice, keys, prompts and
//! hang-ups can be tested without a phone. Times are milliseconds since the call was offered.
//!
//! Sound is named twice: by the id of its piece and by the turn that caused it. Whatever comes back with another id than the
//! one waited for belongs to a turn that is over, and changes nothing.

mod closing;
mod deciding;
mod handing;
mod hearing;
mod interface;
mod patience;
mod quiet;
mod speaking;
mod waiting;
mod words;

use std::collections::VecDeque;
use std::sync::Arc;

use flow::event::{self as flowing, Action, Context, Expect};
use flow::{Flow, Run};
use intent::Language;

pub use closing::closing_events;
pub use interface::{Input, Millis, Output, QueueNews};

use crate::event::{CallId, Entry, Event, Outcome, Personal, Timestamp};
use crate::lookup;
use crate::queue::{Keys, Left};
use crate::speak::Recorded;
use deciding::{Held, Tentative};
use hearing::{Listening, Utterance};
use quiet::Quiet;
use speaking::{ReplyClock, Saying};
pub use waiting::waiting_callback;
pub use words::{brief_text, callback_events, from_flow, journaled, ticket_opened};

/// How soon it is the turn of a caller of whom the flow says nothing.
pub const USUAL_PRIORITY: u8 = 5;

/// With whom the caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum With {
    Bot,
    /// `dialled`: who is called, where it is not whoever of the queue is free.
    Queue {
        queue: String,
        since: Millis,
        dialled: Option<Personal>,
    },
    /// `waits`: since when the caller hears music and not a person; `also`: further people.
    Agent {
        agent: String,
        also: Vec<String>,
        queue: String,
        since: Millis,
        waits: Option<Millis>,
    },
    /// With nobody, in a slot.
    Parked {
        queue: String,
        since: Millis,
    },
}

/// Whose turn it is to be heard. There is one owner at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// Ours: something is being said, or about to be.
    Bot,
    /// The caller's, who talks …
    Talking,
    /// … or may talk now.
    Caller,
    /// It is being found out whether the caller takes it from us; the prompt is silent meanwhile.
    Open,
    /// People's, among themselves.
    People,
}

/// One call's conversation.
pub struct Conversation {
    call: CallId,
    run: Run,
    /// Whether the run has begun: not while the caller is with somebody who was rung directly.
    begun: bool,
    /// For a run from the beginning.
    start: (Arc<Flow>, Arc<intent::Model>, Context),
    /// What agents were told last.
    brief: Personal,
    /// Prompts that are played whole.
    recorded: Recorded,
    /// What the flow speaks, and the caller is heard in.
    language: Language,
    offered_at: Timestamp,
    recording_since: Option<Millis>,
    sayings: VecDeque<Saying>,
    listening: Option<Listening>,
    caller: Option<Utterance>,
    agent: Option<Utterance>,
    /// Speech that began while the bot could not be interrupted, or while what was said before was still being recognised.
    waiting_speech: Option<u64>,
    /// What another engine takes some words to mean.
    meant: Option<(String, Box<intent::Meaning>)>,
    reply: Option<ReplyClock>,
    /// Since when the prompt is silent while it is found out if the caller means to interrupt it.
    suspended: Option<Millis>,
    /// The flow's last prompt.
    last_say: u64,
    /// The decision about the last turn, while it can be taken back.
    tentative: Option<Tentative>,
    /// What is not journaled before that decision is final.
    held: Option<Vec<Held>>,
    quiet: Quiet,
    /// Whether the flow has paused the recording, and whether it is silent now.
    paused: bool,
    silent: bool,
    with: With,
    /// What the caller can press while they wait.
    keys: Keys,
    /// The priority with which they wait.
    priority: u8,
    /// The call ends without the flow.
    settled: bool,
    next_id: u64,
    journal: Vec<Entry>,
    /// How the call ends once the last words are played.
    ending: Option<Outcome>,
    over: bool,
}

impl Conversation {
    /// A conversation that waits for [`Input::Answered`].
    pub fn new(
        call: CallId,
        flow: Arc<Flow>,
        model: Arc<intent::Model>,
        context: Context,
        offered_at: Timestamp,
    ) -> Self {
        let run = Run::new(flow.clone(), model.clone(), context.clone());
        Self {
            call,
            language: run.language(),
            run,
            begun: false,
            start: (flow, model, context),
            brief: Personal::default(),
            recorded: Recorded::default(),
            offered_at,
            recording_since: None,
            sayings: VecDeque::new(),
            listening: None,
            caller: None,
            agent: None,
            waiting_speech: None,
            meant: None,
            reply: None,
            suspended: None,
            last_say: 0,
            tentative: None,
            held: None,
            quiet: Quiet::default(),
            paused: false,
            silent: false,
            with: With::Bot,
            keys: Keys::default(),
            priority: USUAL_PRIORITY,
            settled: false,
            next_id: 1,
            journal: Vec::new(),
            ending: None,
            over: false,
        }
    }

    /// The same, with the prompts that a person has recorded.
    pub fn with_recorded(mut self, recorded: Recorded) -> Self {
        self.recorded = recorded;
        self
    }

    /// Journals what happened before the conversation began: the offer, or why it was not answered.
    pub fn note(&mut self, event: Event, now: Millis) -> Entry {
        self.entry(event, now, None)
    }

    /// The call this is about.
    pub fn call(&self) -> CallId {
        self.call
    }

    /// When to come back with [`Input::Timeout`] unless something else happens first.
    pub fn deadline(&self) -> Option<Millis> {
        if self.over {
            return None;
        }
        let run = if self.ending.is_some() || !self.begun { None } else { self.run.deadline() };
        let own = [self.tentative.as_ref().map(|tentative| tentative.until), self.doubt_ends(), self.quiet_ends()];
        own.into_iter().chain([run]).flatten().min()
    }

    /// Whether the call has its outcome.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// What the caller speaks.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Whether something is being said, or waits to be.
    pub fn is_speaking(&self) -> bool {
        !self.sayings.is_empty()
    }

    /// Whose turn it is.
    pub fn floor(&self) -> Floor {
        match &self.caller {
            _ if self.with != With::Bot => Floor::People,
            Some(utterance) if utterance.doubt.is_some() => Floor::Open,
            Some(utterance) if utterance.ended.is_none() => Floor::Talking,
            _ if self.is_our_turn() => Floor::Bot,
            _ => Floor::Caller,
        }
    }

    /// Whether an agent's voice should be followed.
    pub fn is_bridged(&self) -> bool {
        matches!(self.with, With::Agent { waits: None, .. })
    }

    /// Takes what happened, returns what to do, in order.
    pub fn on(&mut self, input: Input, now: Millis) -> Vec<Output> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        if self.settles(&input, now) {
            self.commit(&mut out);
        }
        match input {
            Input::Answered { codec } => {
                self.write(Event::Answered { codec }, now, &mut out);
                if self.run.is_deaf() {
                    let message = "nothing the caller says will be understood: no recogniser has the time, or the language; \
                                   the caller is asked to use keys";
                    self.write(Event::Problem { what: "recogniser".into(), message: message.into() }, now, &mut out);
                }
                self.begin(now, &mut out);
            }
            Input::AnsweredFor { codec, queue, timeout_ms } => {
                self.write(Event::Answered { codec }, now, &mut out);
                self.enqueue(queue.clone(), now, &mut out);
                out.push(Output::Queue { queue, priority: USUAL_PRIORITY, timeout_ms });
            }
            Input::AnsweredBy { codec, agent, queue } => {
                self.write(Event::Answered { codec }, now, &mut out);
                self.write(Event::Bridged { agent: agent.clone(), waited_ms: now as u32 }, now, &mut out);
                self.with = With::Agent { agent, also: Vec::new(), queue, since: now, waits: None };
            }
            Input::RecordingStarted => self.recording_since = Some(now),
            Input::SpeechStarted { speaker, from_ms } => self.speech_started(speaker, from_ms, now, &mut out),
            Input::Talking { speaker, from_ms, to_ms } => self.talking(speaker, from_ms, to_ms, now, &mut out),
            Input::SpeechPaused { speaker, from_ms, to_ms, last_voiced } => {
                self.speech_paused(speaker, (from_ms, to_ms), last_voiced, &mut out);
            }
            Input::SpeechResumed { speaker } => self.speech_resumed(speaker, now, &mut out),
            Input::SpeechEnded { speaker, from_ms, to_ms, last_voiced } => {
                self.speech_ended(speaker, (from_ms, to_ms), last_voiced, now, &mut out);
            }
            Input::Meant { text, meaning } => self.meant = Some((text, meaning)),
            Input::Recognised { job, sound_from_ms, result } => {
                self.recognised(job, sound_from_ms, result, now, &mut out);
            }
            Input::PieceReady { id, of_ms } => {
                if let Some(piece) = self.piece(id) {
                    piece.of_ms = Some(of_ms);
                }
                if let Some(reply) =
                    self.reply.as_mut().filter(|reply| reply.decided.is_some_and(|(_, piece)| piece == id))
                {
                    reply.ready = Some(now);
                }
            }
            Input::PieceStarted { id, at } => self.piece_started(id, at, now, &mut out),
            Input::PieceEnded { id, played_ms, of_ms } => self.piece_over(id, played_ms, of_ms, now, &mut out),
            Input::PieceFailed { id, reason } => {
                self.write(Event::Problem { what: "voice".into(), message: reason }, now, &mut out);
                self.piece_over(id, 0, 0, now, &mut out);
            }
            Input::Key(digit) => self.key(digit, now, &mut out),
            Input::Http { id, result } => self.tell(flowing::Event::HttpDone { id, result }, now, &mut out),
            Input::Consulted { id, answer } => self.tell(flowing::Event::Consulted { id, answer }, now, &mut out),
            Input::Told { id, answer } => self.tell(flowing::Event::Told { id, answer }, now, &mut out),
            Input::Queue(news) => self.queue_news(news, now, &mut out),
            Input::Problem { what, message } => {
                self.write(Event::Problem { what: what.into(), message }, now, &mut out)
            }
            Input::HungUp { by, cause } => self.hung_up(by, cause, now, &mut out),
            Input::Timeout => {
                self.end_doubt(now, &mut out);
                self.break_silence(now, &mut out);
                self.tell(flowing::Event::Timeout, now, &mut out);
            }
        }
        self.finish_if_all_is_said(now, &mut out);
        self.resume_if_nobody_interrupts(now, &mut out);
        self.listen_for_silence(now);
        let silent = self.paused || self.with == With::Bot && self.run.asks_a_secret();
        if std::mem::replace(&mut self.silent, silent) != silent {
            out.push(Output::Record(!silent));
        }
        out
    }

    fn tell(&mut self, event: flowing::Event, now: Millis, out: &mut Vec<Output>) {
        if self.run.finished() || self.settled {
            return;
        }
        for action in self.run.on(event, now) {
            self.perform(action, now, out);
        }
        self.language = self.run.language();
    }

    fn perform(&mut self, action: Action, now: Millis, out: &mut Vec<Output>) {
        let is_final = matches!(
            action,
            Action::Http { .. }
                | Action::Queue { .. }
                | Action::Transfer { .. }
                | Action::Callback { .. }
                | Action::Record { .. }
                | Action::LeaveQueue
                | Action::Ticket { .. }
                | Action::End { .. }
        );
        if is_final {
            self.commit(out);
        }
        match action {
            Action::Say { id, turn, parts, barge_in } => self.say(id, turn, parts, barge_in, now, out),
            Action::Listen { turn, expect: Expect { grammar, profile }, .. } => {
                self.listening = Some(Listening { turn, grammar, profile });
                out.push(Output::SetProfile(profile));
            }
            Action::StopListening => self.listening = None,
            Action::StopSpeaking => self.stop_speaking(out),
            Action::Http { id, method, url, headers, body, timeout_ms } => {
                let timeout = std::time::Duration::from_millis(timeout_ms);
                out.push(Output::Http(id, lookup::Request { method, url, headers, body, timeout }));
            }
            Action::Consult { id, question, language } => {
                out.push(Output::Consult { id, question: Personal::new(question), language });
            }
            Action::Queue { queue, summary, timeout_ms } => {
                self.brief = Personal::new(brief_text(&summary));
                let priority = summary.priority.unwrap_or(USUAL_PRIORITY);
                self.priority = priority;
                self.enqueue(queue.clone(), now, out);
                out.push(Output::Queue { queue, priority, timeout_ms });
            }
            Action::Transfer { to, summary, timeout_ms } => {
                self.brief = Personal::new(brief_text(&summary));
                let to = Personal::new(to);
                self.write(Event::Connecting { to: to.clone(), brief: self.brief.clone() }, now, out);
                let queue = self.start.0.queues.first().map(|queue| queue.id.clone()).unwrap_or_default();
                self.with = With::Queue { queue, since: now, dialled: Some(to.clone()) };
                self.reply = None;
                out.push(Output::Transfer { to, timeout_ms });
            }
            Action::Inquire { id, what } => out.push(Output::Inquire { id, what }),
            Action::Callback { number, queue, summary } => {
                for event in callback_events(number, queue, summary) {
                    self.write(event, now, out);
                }
            }
            Action::Record { on } => {
                self.paused = !on;
                self.write(Event::Recording { on }, now, out);
            }
            Action::LeaveQueue => {
                // What was to tell so is overdue.
                match std::mem::replace(&mut self.with, With::Bot) {
                    With::Queue { dialled: Some(to), .. } => {
                        let reason = "no_answer: it is overdue".to_owned();
                        self.write(Event::TransferFailed { from: "flow".into(), to, reason }, now, out);
                    }
                    With::Queue { queue, .. } => {
                        self.write(Event::Unqueued { queue, reason: "timeout".into() }, now, out);
                    }
                    _ => {}
                }
                out.push(Output::LeaveQueue(Left::Else));
            }
            Action::Ticket { subject, body, tags, status } => {
                self.write(ticket_opened(subject, body, tags, status), now, out);
            }
            Action::End { outcome } => self.ending = Some(from_flow(outcome)),
            Action::Note(note) => {
                if let Some(event) = journaled(note) {
                    self.write(event, now, out);
                }
            }
        }
    }

    fn audio_ms(&self, at: Millis) -> Option<u32> {
        self.recording_since.map(|since| at.saturating_sub(since) as u32)
    }

    fn entry(&mut self, event: Event, now: Millis, audio_ms: Option<u32>) -> Entry {
        let audio_ms = audio_ms.or_else(|| self.audio_ms(now));
        let entry = Entry { seq: self.journal.len() as u32 + 1, at: self.offered_at + now as i64, audio_ms, event };
        self.journal.push(entry.clone());
        entry
    }

    fn write(&mut self, event: Event, now: Millis, out: &mut Vec<Output>) {
        self.write_at(event, now, None, out);
    }

    fn write_at(&mut self, event: Event, now: Millis, audio_ms: Option<u32>, out: &mut Vec<Output>) {
        let audio_ms = audio_ms.or_else(|| self.audio_ms(now));
        if let Some(held) = &mut self.held {
            held.push(Held { event, now, audio_ms });
            return;
        }
        let entry = self.entry(event, now, audio_ms);
        out.push(Output::Journal(entry));
    }
}
