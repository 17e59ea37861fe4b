//! The conversation: who holds the floor, what is being said, what was heard, where the flow stands. A pure state machine:
//! [`Conversation::on`] takes what happened and returns what to do, so every interleaving of voice, keys, prompts and
//! hang-ups can be tested without a phone. Times are milliseconds since the call was offered.
//!
//! Sound is named twice: by the id of its piece and by the turn that caused it. Whatever comes back with another id than the
//! one waited for belongs to a turn that is over, and changes nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use flow::event::{
    self as flowing, Action, Brief, Context, Expect, Grammar, HttpFailure, HttpReply, Note, Profile, QueueResult,
};
use flow::{Flow, Run};
use intent::Language;
use models::{Priority, Recognition};

use super::spoken::heard_part;
use crate::event::{
    CallId, Decision, Entry, Event, Latency, Outcome, Party, Personal, Scored, Speaker, TicketId, Timestamp,
};
use crate::listen::NotRecognised;
use crate::lookup;
use crate::ticket;

/// Milliseconds since the call was offered.
pub type Millis = u64;

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    /// The caller's leg is up.
    Answered {
        /// E.g. `PCMU`.
        codec: String,
    },
    /// The first frame was recorded: audio offsets count from now.
    RecordingStarted,
    /// Somebody began to speak. Positions are milliseconds in the recording.
    SpeechStarted {
        /// Who.
        speaker: Speaker,
        /// Where.
        from_ms: u64,
    },
    /// They paused.
    SpeechPaused {
        /// Who.
        speaker: Speaker,
        /// Where the speech began.
        from_ms: u64,
        /// Where the voice stopped.
        to_ms: u64,
        /// When the last voiced frame came in.
        last_voiced: Millis,
    },
    /// They went on after a pause.
    SpeechResumed {
        /// Who.
        speaker: Speaker,
    },
    /// They finished.
    SpeechEnded {
        /// Who.
        speaker: Speaker,
        /// Where the speech began.
        from_ms: u64,
        /// Where the voice stopped.
        to_ms: u64,
        /// When the last voiced frame came in.
        last_voiced: Millis,
    },
    /// A recognition is done.
    Recognised {
        /// Its job.
        job: u64,
        /// The text, or why there is none.
        result: Result<Recognition, NotRecognised>,
    },
    /// A piece's sound is ready and handed to the leg.
    PieceReady {
        /// Its id.
        id: u64,
        /// Its length.
        of_ms: u32,
    },
    /// The first voiced packet of a piece left.
    PieceStarted {
        /// Its id.
        id: u64,
        /// When.
        at: Millis,
    },
    /// A piece is over: played, stopped, or dropped.
    PieceEnded {
        /// Its id.
        id: u64,
        /// Milliseconds that went out.
        played_ms: u32,
        /// Its whole length.
        of_ms: u32,
    },
    /// A piece could not be spoken.
    PieceFailed {
        /// Its id.
        id: u64,
        /// Why.
        reason: String,
    },
    /// The caller pressed a key.
    Key(char),
    /// A request was answered or failed.
    Http {
        /// Its id.
        id: u64,
        /// The reply.
        result: Result<HttpReply, HttpFailure>,
    },
    /// News from the way to an agent.
    Queue(QueueNews),
    /// Something went wrong that does not end the call.
    Problem {
        /// What it concerns.
        what: &'static str,
        /// What happened.
        message: String,
    },
    /// The caller's leg ended, or must end.
    HungUp {
        /// By whom.
        by: Party,
        /// Why, by name.
        cause: &'static str,
    },
    /// The deadline was reached.
    Timeout,
}

/// News from the way to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueNews {
    /// A phone rings.
    Ringing(String),
    /// An agent did not take it: who, and why.
    Missed(String, String),
    /// Caller and agent hear each other.
    Bridged(String),
    /// They no longer do.
    Parted(String, Party),
    /// Nobody can take the call.
    NoAgents,
    /// Nobody took it in time.
    TimedOut,
}

/// Something to do.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Say this after what is queued already.
    Play {
        /// Id of the piece.
        id: u64,
        /// The turn that causes it.
        turn: u64,
        /// One sentence.
        text: String,
        /// Its language.
        language: Language,
    },
    /// Stop all sound and drop what is queued; each piece still ends with [`Input::PieceEnded`].
    StopPlaying,
    /// Recognise a stretch of the recording.
    Recognise {
        /// The id to answer with.
        job: u64,
        /// Whose voice.
        speaker: Speaker,
        /// From, in the recording.
        from_ms: u64,
        /// To, in the recording.
        to_ms: u64,
        /// In which language.
        language: Language,
        /// What is likely to be said.
        grammar: Grammar,
        /// How urgent it is.
        priority: Priority,
    },
    /// The result of this job is not wanted any more.
    CancelRecognition(u64),
    /// Be this patient from now on.
    SetProfile(Profile),
    /// Take the caller's turn as finished.
    FinishTurn,
    /// Ask another service.
    Http(u64, lookup::Request),
    /// Look for an agent.
    Queue {
        /// In which queue.
        queue: String,
        /// For how long, in ms.
        timeout_ms: u64,
    },
    /// Stop looking, or part the bridge.
    LeaveQueue,
    /// Write this into the journal.
    Journal(Entry),
    /// Hang up the caller's leg.
    HangUp,
}

struct Piece {
    id: u64,
    text: String,
    /// Its length in ms, once it is rendered.
    of_ms: Option<u32>,
    /// Played and whole length in ms, once it is over.
    over: Option<(u32, u32)>,
}

/// One `Say` of the flow.
struct Saying {
    say: u64,
    turn: u64,
    barge_in: bool,
    stopped: bool,
    started: Option<Millis>,
    pieces: Vec<Piece>,
}

struct Listening {
    turn: u64,
    grammar: Grammar,
}

/// A stretch of speech that is being followed.
struct Utterance {
    turn: u64,
    from_ms: u64,
    to_ms: u64,
    job: Option<u64>,
    early: Option<Result<Recognition, NotRecognised>>,
    /// When its last voiced frame came in.
    last_voiced: Millis,
    /// When it was taken as ended.
    ended: Option<Millis>,
}

/// The moments between a caller's last sound and the first of the reply.
#[derive(Clone, Copy)]
struct ReplyClock {
    turn: u64,
    last_voiced: Millis,
    ended: Millis,
    recognised: Millis,
    decided: Option<(Millis, u64)>,
    ready: Option<Millis>,
}

/// With whom the caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum With {
    Bot,
    Queue { queue: String, since: Millis },
    Agent { agent: String, queue: String, since: Millis },
}

/// One call's conversation.
pub struct Conversation {
    call: CallId,
    run: Run,
    language: Language,
    offered_at: Timestamp,
    recording_since: Option<Millis>,
    sayings: VecDeque<Saying>,
    listening: Option<Listening>,
    caller: Option<Utterance>,
    agent: Option<Utterance>,
    /// Speech that began while the bot could not be interrupted.
    waiting_speech: Option<u64>,
    reply: Option<ReplyClock>,
    with: With,
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
        let language = context.language.unwrap_or_default();
        Self {
            call,
            run: Run::new(flow, model, context),
            language,
            offered_at,
            recording_since: None,
            sayings: VecDeque::new(),
            listening: None,
            caller: None,
            agent: None,
            waiting_speech: None,
            reply: None,
            with: With::Bot,
            next_id: 1,
            journal: Vec::new(),
            ending: None,
            over: false,
        }
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
        if self.over || self.ending.is_some() { None } else { self.run.deadline() }
    }

    /// Whether the call has its outcome.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether something is being said, or waits to be.
    pub fn is_speaking(&self) -> bool {
        !self.sayings.is_empty()
    }

    /// Whether an agent's voice should be followed.
    pub fn is_bridged(&self) -> bool {
        matches!(self.with, With::Agent { .. })
    }

    /// Takes what happened, returns what to do, in order.
    pub fn on(&mut self, input: Input, now: Millis) -> Vec<Output> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        match input {
            Input::Answered { codec } => {
                self.write(Event::Answered { codec }, now, &mut out);
                self.tell(flowing::Event::Begin, now, &mut out);
            }
            Input::RecordingStarted => self.recording_since = Some(now),
            Input::SpeechStarted { speaker, from_ms } => self.speech_started(speaker, from_ms, now, &mut out),
            Input::SpeechPaused { speaker, from_ms, to_ms, last_voiced } => {
                self.speech_paused(speaker, (from_ms, to_ms), last_voiced, &mut out);
            }
            Input::SpeechResumed { speaker } => {
                if let Some(utterance) = self.utterance(speaker) {
                    utterance.early = None;
                    out.extend(utterance.job.take().map(Output::CancelRecognition));
                }
            }
            Input::SpeechEnded { speaker, from_ms, to_ms, last_voiced } => {
                self.speech_ended(speaker, (from_ms, to_ms), last_voiced, now, &mut out);
            }
            Input::Recognised { job, result } => self.recognised(job, result, now, &mut out),
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
            Input::Queue(news) => self.queue_news(news, now, &mut out),
            Input::Problem { what, message } => {
                self.write(Event::Problem { what: what.into(), message }, now, &mut out)
            }
            Input::HungUp { by, cause } => self.hung_up(by, cause, now, &mut out),
            Input::Timeout => self.tell(flowing::Event::Timeout, now, &mut out),
        }
        self.finish_if_all_is_said(now, &mut out);
        out
    }

    // ---- listening ----

    fn utterance(&mut self, speaker: Speaker) -> Option<&mut Utterance> {
        match speaker {
            Speaker::Agent => self.agent.as_mut(),
            _ => self.caller.as_mut(),
        }
    }

    /// Whether something is being said that the caller may not interrupt.
    fn floor_is_held(&self) -> bool {
        self.sayings.iter().any(|saying| !saying.barge_in && !saying.stopped)
    }

    fn speech_started(&mut self, speaker: Speaker, from_ms: u64, now: Millis, out: &mut Vec<Output>) {
        let turn = match (&self.with, &self.listening) {
            (With::Agent { .. }, _) => 0,
            (With::Bot, Some(listening)) if speaker == Speaker::Caller => {
                if self.floor_is_held() {
                    self.waiting_speech = Some(from_ms);
                    return;
                }
                listening.turn
            }
            _ => return,
        };
        let utterance =
            Utterance { turn, from_ms, to_ms: from_ms, job: None, early: None, last_voiced: now, ended: None };
        if speaker == Speaker::Agent {
            self.agent = Some(utterance);
            return;
        }
        if let Some(job) = self.caller.replace(utterance).and_then(|before| before.job) {
            out.push(Output::CancelRecognition(job));
        }
        if self.with == With::Bot {
            self.tell(flowing::Event::SpeechStarted, now, out);
        }
    }

    fn speech_paused(
        &mut self,
        speaker: Speaker,
        (from_ms, to_ms): (u64, u64),
        last_voiced: Millis,
        out: &mut Vec<Output>,
    ) {
        // Of people talking to each other only whole turns are recognised: nobody waits for the text.
        if self.with != With::Bot {
            return;
        }
        let job = self.next_id;
        let Some(utterance) = self.utterance(speaker) else { return };
        utterance.to_ms = to_ms;
        utterance.last_voiced = last_voiced;
        utterance.job = Some(job);
        self.next_id += 1;
        out.push(self.recognise(job, speaker, from_ms, to_ms, Priority::Speculative));
    }

    fn speech_ended(
        &mut self,
        speaker: Speaker,
        (from_ms, to_ms): (u64, u64),
        last_voiced: Millis,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        if speaker == Speaker::Caller {
            self.waiting_speech = None;
        }
        let next = self.next_id;
        let Some(utterance) = self.utterance(speaker) else { return };
        utterance.ended = Some(now);
        utterance.last_voiced = last_voiced;
        let speculated = utterance.job.is_some() && utterance.to_ms == to_ms;
        if !speculated {
            out.extend(utterance.job.replace(next).map(Output::CancelRecognition));
            utterance.to_ms = to_ms;
            utterance.early = None;
            self.next_id += 1;
            out.push(self.recognise(next, speaker, from_ms, to_ms, Priority::Final));
        } else if let Some(result) = utterance.early.take() {
            self.conclude(speaker, result, now, out);
        }
    }

    fn recognise(&self, job: u64, speaker: Speaker, from_ms: u64, to_ms: u64, priority: Priority) -> Output {
        let grammar = match (&self.with, &self.listening) {
            (With::Bot, Some(listening)) => listening.grammar.clone(),
            _ => Grammar::Free,
        };
        Output::Recognise { job, speaker, from_ms, to_ms, language: self.language, grammar, priority }
    }

    fn recognised(&mut self, job: u64, result: Result<Recognition, NotRecognised>, now: Millis, out: &mut Vec<Output>) {
        let of = |utterance: &Option<Utterance>| utterance.as_ref().is_some_and(|u| u.job == Some(job));
        let speaker = if of(&self.caller) {
            Speaker::Caller
        } else if of(&self.agent) {
            Speaker::Agent
        } else {
            return;
        };
        let at = self.offered_at + now as i64;
        let complete = self.listening.as_ref().is_some_and(|listening| is_complete(&listening.grammar, &result));
        let Some(utterance) = self.utterance(speaker) else { return };
        if utterance.ended.is_some() {
            self.conclude(speaker, result, now, out);
        } else if complete && speaker == Speaker::Caller {
            // The last digit has been said: waiting for more silence would only keep the caller waiting.
            utterance.ended = Some(now);
            out.push(Output::FinishTurn);
            self.conclude(speaker, result, now, out);
        } else {
            if let Ok(recognition) = &result
                && !recognition.no_speech
            {
                let event = Event::Partial { speaker, text: Personal::new(&recognition.text) };
                out.push(Output::Journal(Entry { seq: 0, at, audio_ms: None, event }));
            }
            utterance.early = Some(result);
        }
    }

    /// An utterance is over and its text is known.
    fn conclude(
        &mut self,
        speaker: Speaker,
        result: Result<Recognition, NotRecognised>,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        let taken = if speaker == Speaker::Agent { self.agent.take() } else { self.caller.take() };
        let Some(utterance) = taken else { return };
        let (from_ms, to_ms) = (utterance.from_ms as u32, utterance.to_ms as u32);
        let to_flow = self.with == With::Bot
            && speaker == Speaker::Caller
            && self.listening.as_ref().is_some_and(|listening| listening.turn == utterance.turn);
        if to_flow {
            self.reply = Some(ReplyClock {
                turn: utterance.turn,
                last_voiced: utterance.last_voiced,
                ended: utterance.ended.unwrap_or(now),
                recognised: now,
                decided: None,
                ready: None,
            });
        }
        match result {
            Ok(recognition) if !recognition.no_speech && !recognition.text.trim().is_empty() => {
                let alternatives = others(&recognition);
                let event = Event::Heard {
                    turn: utterance.turn,
                    speaker,
                    text: Personal::new(&recognition.text),
                    confidence: recognition.confidence,
                    from_ms,
                    to_ms,
                    engine: recognition.engine.clone(),
                    alternatives: alternatives.iter().map(Personal::new).collect(),
                };
                self.write_at(event, now, Some(from_ms), out);
                if to_flow {
                    let heard = flowing::Heard {
                        text: recognition.text,
                        confidence: recognition.confidence,
                        alternatives,
                        language: self.language,
                    };
                    self.tell(flowing::Event::Heard(heard), now, out);
                }
            }
            other => {
                let reason = other.map_or_else(|e| e.to_string(), |_| "no_speech".to_owned());
                let event = Event::NotHeard { turn: utterance.turn, from_ms, to_ms, reason };
                self.write_at(event, now, Some(from_ms), out);
                if to_flow {
                    self.tell(flowing::Event::Nothing, now, out);
                }
            }
        }
    }

    fn key(&mut self, digit: char, now: Millis, out: &mut Vec<Output>) {
        self.write(Event::Key { digit: Personal::new(digit) }, now, out);
        if self.with != With::Bot {
            return;
        }
        // A key is an answer; what was being said at the same time is not.
        self.caller = None;
        self.tell(flowing::Event::Key(digit), now, out);
    }

    // ---- speaking ----

    fn stop_speaking(&mut self, out: &mut Vec<Output>) {
        if self.sayings.iter().any(|saying| !saying.stopped) {
            self.sayings.iter_mut().for_each(|saying| saying.stopped = true);
            out.push(Output::StopPlaying);
        }
    }

    fn say(
        &mut self,
        say: u64,
        turn: u64,
        parts: Vec<flowing::Part>,
        barge_in: bool,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        let mut pieces = Vec::new();
        for part in parts {
            self.language = part.language;
            for text in crate::speak::sentences(&part.text) {
                let id = self.next_id;
                self.next_id += 1;
                if let Some(reply) = self.reply.as_mut().filter(|reply| reply.decided.is_none()) {
                    reply.decided = Some((now, id));
                }
                out.push(Output::Play { id, turn, text: text.clone(), language: part.language });
                pieces.push(Piece { id, text, of_ms: None, over: None });
            }
        }
        let nothing = pieces.is_empty();
        self.sayings.push_back(Saying { say, turn, barge_in, stopped: false, started: None, pieces });
        if nothing {
            self.close_sayings(now, out);
        }
    }

    fn piece_started(&mut self, id: u64, at: Millis, now: Millis, out: &mut Vec<Output>) {
        let saying = self.sayings.iter_mut().find(|saying| saying.pieces.iter().any(|piece| piece.id == id));
        if let Some(saying) = saying {
            saying.started.get_or_insert(at);
            if let Some(piece) = saying.pieces.iter().find(|piece| piece.id == id) {
                let event = Event::Partial { speaker: Speaker::Bot, text: Personal::new(&piece.text) };
                let at = self.offered_at + at as i64;
                out.push(Output::Journal(Entry { seq: 0, at, audio_ms: None, event }));
            }
        }
        let Some(reply) = self.reply.filter(|reply| reply.decided.is_some_and(|(_, piece)| piece == id)) else {
            return;
        };
        self.reply = None;
        let since = |later: Millis, earlier: Millis| later.saturating_sub(earlier) as u32;
        let decided = reply.decided.map_or(at, |(decided, _)| decided);
        let latency = Latency {
            wire_ms: since(at, reply.last_voiced),
            endpoint_ms: since(reply.ended, reply.last_voiced),
            recognise_ms: since(reply.recognised, reply.ended),
            decide_ms: since(decided, reply.recognised),
            speak_ms: since(reply.ready.unwrap_or(at), decided),
        };
        self.write(Event::Replied { turn: reply.turn, latency }, now, out);
    }

    fn piece(&mut self, id: u64) -> Option<&mut Piece> {
        self.sayings.iter_mut().flat_map(|saying| &mut saying.pieces).find(|piece| piece.id == id)
    }

    fn piece_over(&mut self, id: u64, played_ms: u32, of_ms: u32, now: Millis, out: &mut Vec<Output>) {
        if let Some(piece) = self.piece(id) {
            piece.over.get_or_insert((played_ms, of_ms));
        }
        self.close_sayings(now, out);
    }

    /// The leg is gone: what was being said ends here, by the clock.
    fn cut_off_speech(&mut self, now: Millis) {
        for saying in &mut self.sayings {
            let mut left = saying.started.map_or(0, |at| now.saturating_sub(at)) as u32;
            for piece in &mut saying.pieces {
                let of_ms = piece.over.map_or(piece.of_ms.unwrap_or(0), |(_, of)| of);
                let (played, _) = *piece.over.get_or_insert((left.min(of_ms), of_ms));
                left = left.saturating_sub(played);
            }
        }
    }

    /// Journals what was said and tells the flow, for each `Say` whose pieces are all over.
    fn close_sayings(&mut self, now: Millis, out: &mut Vec<Output>) {
        while let Some(saying) = self.sayings.front() {
            if saying.pieces.iter().any(|piece| piece.over.is_none()) {
                return;
            }
            let Some(saying) = self.sayings.pop_front() else { return };
            let sum = |pick: fn((u32, u32)) -> u32| saying.pieces.iter().filter_map(|p| p.over).map(pick).sum::<u32>();
            let (played_ms, of_ms) = (sum(|(played, _)| played), sum(|(_, of)| of));
            let words: Vec<String> = saying
                .pieces
                .iter()
                .filter_map(|piece| piece.over.map(|(played, of)| heard_part(&piece.text, played, of.max(1))))
                .filter(|words| !words.is_empty())
                .collect();
            if !words.is_empty() {
                let text = Personal::new(words.join(" "));
                let completed = played_ms >= of_ms;
                let audio_ms = saying.started.and_then(|at| self.audio_ms(at));
                self.write_at(Event::Said { turn: saying.turn, text, played_ms, of_ms, completed }, now, audio_ms, out);
            }
            self.tell(flowing::Event::SpeechDone { say: saying.say }, now, out);
            if !self.floor_is_held()
                && let Some(from_ms) = self.waiting_speech.take()
            {
                self.speech_started(Speaker::Caller, from_ms, now, out);
            }
        }
    }

    // ---- the flow ----

    fn tell(&mut self, event: flowing::Event, now: Millis, out: &mut Vec<Output>) {
        if self.run.finished() {
            return;
        }
        for action in self.run.on(event, now) {
            self.perform(action, now, out);
        }
    }

    fn perform(&mut self, action: Action, now: Millis, out: &mut Vec<Output>) {
        match action {
            Action::Say { id, turn, parts, barge_in } => self.say(id, turn, parts, barge_in, now, out),
            Action::Listen { turn, expect: Expect { grammar, profile }, .. } => {
                self.listening = Some(Listening { turn, grammar });
                out.push(Output::SetProfile(profile));
            }
            Action::StopListening => self.listening = None,
            Action::StopSpeaking => self.stop_speaking(out),
            Action::Http { id, method, url, headers, body, timeout_ms } => {
                let timeout = std::time::Duration::from_millis(timeout_ms);
                out.push(Output::Http(id, lookup::Request { method, url, headers, body, timeout }));
            }
            Action::Queue { queue, summary, timeout_ms } => {
                let brief = Personal::new(brief_text(&summary));
                self.write(Event::Queued { queue: queue.clone(), brief }, now, out);
                self.with = With::Queue { queue: queue.clone(), since: now };
                self.reply = None;
                out.push(Output::Queue { queue, timeout_ms });
            }
            Action::LeaveQueue => {
                self.with = With::Bot;
                out.push(Output::LeaveQueue);
            }
            Action::Ticket { subject, body, tags, .. } => {
                let event = Event::TicketOpened {
                    ticket: TicketId::new(),
                    subject: Personal::new(subject),
                    body: Personal::new(body),
                    tags,
                };
                self.write(event, now, out);
            }
            Action::End { outcome } => self.ending = Some(from_flow(outcome)),
            Action::Note(note) => {
                if let Some(event) = journaled(note) {
                    self.write(event, now, out);
                }
            }
        }
    }

    // ---- the way to an agent ----

    fn queue_news(&mut self, news: QueueNews, now: Millis, out: &mut Vec<Output>) {
        let (With::Queue { queue, since } | With::Agent { queue, since, .. }) = self.with.clone() else { return };
        let waited_ms = now.saturating_sub(since) as u32;
        match news {
            QueueNews::Ringing(agent) => self.write(Event::Ringing { agent }, now, out),
            QueueNews::Missed(agent, reason) => self.write(Event::Missed { agent, reason }, now, out),
            QueueNews::Bridged(agent) => {
                self.write(Event::Bridged { agent: agent.clone(), waited_ms }, now, out);
                self.with = With::Agent { agent, queue, since: now };
                self.tell(flowing::Event::QueueDone(QueueResult::Bridged), now, out);
            }
            QueueNews::Parted(agent, by) => {
                self.write(Event::Unbridged { agent, by, talked_ms: waited_ms }, now, out);
                self.with = With::Bot;
                self.tell(flowing::Event::QueueDone(QueueResult::AgentEnded), now, out);
            }
            QueueNews::NoAgents | QueueNews::TimedOut => {
                let (reason, result) = match news {
                    QueueNews::TimedOut => ("timeout", QueueResult::Timeout),
                    _ => ("no_agents", QueueResult::NoAgents),
                };
                self.write(Event::Unqueued { queue, reason: reason.into() }, now, out);
                self.with = With::Bot;
                self.tell(flowing::Event::QueueDone(result), now, out);
            }
        }
    }

    // ---- the end ----

    fn hung_up(&mut self, by: Party, cause: &'static str, now: Millis, out: &mut Vec<Output>) {
        match self.with.clone() {
            With::Agent { agent, since, .. } => {
                let talked_ms = now.saturating_sub(since) as u32;
                self.write(Event::Unbridged { agent, by, talked_ms }, now, out);
                out.push(Output::LeaveQueue);
            }
            With::Queue { queue, .. } => {
                self.write(Event::Unqueued { queue, reason: "hung_up".into() }, now, out);
                out.push(Output::LeaveQueue);
            }
            With::Bot => {}
        }
        let was_with = std::mem::replace(&mut self.with, With::Bot);
        self.listening = None;
        self.cut_off_speech(now);
        self.close_sayings(now, out);
        self.tell(flowing::Event::Hangup, now, out);
        let outcome = match (self.ending, was_with) {
            // Whoever talked to an agent has been served, whoever hung up first.
            (None | Some(Outcome::Abandoned), With::Agent { .. }) => Outcome::Agent,
            (Some(outcome), _) => outcome,
            (None, _) => Outcome::Abandoned,
        };
        self.end(outcome, by, cause, now, out);
    }

    fn finish_if_all_is_said(&mut self, now: Millis, out: &mut Vec<Output>) {
        if let Some(outcome) = self.ending.filter(|_| !self.over && self.sayings.is_empty()) {
            out.push(Output::HangUp);
            self.end(outcome, Party::Hotline, "normal", now, out);
        }
    }

    fn end(&mut self, outcome: Outcome, by: Party, cause: &str, now: Millis, out: &mut Vec<Output>) {
        self.over = true;
        self.write(Event::HungUp { by, cause: cause.to_owned() }, now, out);
        for event in closing_events(&self.journal, outcome, now as u32) {
            self.write(event, now, out);
        }
    }

    // ---- the journal ----

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
        let entry = self.entry(event, now, audio_ms);
        out.push(Output::Journal(entry));
    }
}

/// The events that close a journal: a ticket unless the flow opened one, and the outcome. Also for calls that a crash cut off.
pub fn closing_events(journal: &[Entry], outcome: Outcome, duration_ms: u32) -> Vec<Event> {
    let mut events = Vec::new();
    if !journal.iter().any(|entry| matches!(entry.event, Event::TicketOpened { .. })) {
        let draft = ticket::draft(journal, outcome);
        events.push(Event::TicketOpened {
            ticket: TicketId::new(),
            subject: Personal::new(draft.subject),
            body: Personal::new(draft.body),
            tags: draft.tags,
        });
    }
    events.push(Event::Ended { outcome, duration_ms });
    events
}

/// Whether no more can follow what was heard: all digits are there.
fn is_complete(grammar: &Grammar, result: &Result<Recognition, NotRecognised>) -> bool {
    match (grammar, result) {
        (Grammar::Digits { max, .. }, Ok(recognition)) => {
            recognition.in_grammar && recognition.text.chars().filter(char::is_ascii_digit).count() == *max
        }
        _ => false,
    }
}

fn others(recognition: &Recognition) -> Vec<String> {
    recognition.alternatives.iter().map(|a| a.text.clone()).filter(|text| *text != recognition.text).take(4).collect()
}

fn from_flow(outcome: flowing::Outcome) -> Outcome {
    match outcome {
        flowing::Outcome::Resolved => Outcome::Resolved,
        flowing::Outcome::Agent => Outcome::Agent,
        flowing::Outcome::Callback => Outcome::Callback,
        flowing::Outcome::Voicemail => Outcome::Voicemail,
        flowing::Outcome::Abandoned => Outcome::Abandoned,
        flowing::Outcome::Failed => Outcome::Failed,
    }
}

/// What the agent reads before the first word.
fn brief_text(brief: &Brief) -> String {
    let mut lines = vec![brief.reason.clone()];
    lines.extend(brief.intent.as_ref().map(|intent| format!("Intent: {}", intent.replace('_', " "))));
    lines.extend(brief.slots.iter().map(|(name, value)| format!("{}: {value}", name.replace('_', " "))));
    if brief.attempts > 0 {
        lines.push(format!("Misunderstood {} times so far", brief.attempts));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// A flow's note in the journal's words.
fn journaled(note: Note) -> Option<Event> {
    Some(match note {
        Note::Entered { block, kind } => Event::Entered { block, block_kind: kind },
        Note::Edge { block, edge, to } => Event::Left { block, edge, to },
        Note::Understood { block, meaning } => Event::Understood {
            block,
            decision: match meaning.decision {
                intent::Decision::Accept { .. } => Decision::Accepted,
                intent::Decision::Disambiguate { .. } => Decision::Disambiguated,
                intent::Decision::Reject => Decision::Rejected,
            },
            ranking: meaning
                .ranking
                .into_iter()
                .map(|s| Scored { intent: s.intent, confidence: s.confidence })
                .collect(),
            model: meaning.model_version,
        },
        Note::Slot { block, name, value, secret } => {
            Event::Slot { block, name, value: Personal::new(if secret { "••••".to_owned() } else { value }) }
        }
        Note::NoInput { block, count } => Event::NoInput { block, count },
        Note::NoMatch { block, count } => Event::NoMatch { block, count },
        Note::HttpCalled { block, status, ms, .. } => {
            let error = status.is_none().then(|| "no reply".to_owned());
            Event::Fetched { block, status, took_ms: ms as u32, error }
        }
        Note::Error { block, message } => {
            Event::Problem { what: "flow".into(), message: format!("{block}: {message}") }
        }
        // The edge that follows says the same.
        Note::Chosen { .. } | Note::Command { .. } | Note::Confirming { .. } => return None,
    })
}
