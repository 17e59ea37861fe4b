//! What a run hears and what it wants done: the whole surface between a flow and the service. Plain data; a run is a function
//! from the one to the other, so a list of events is a test, a simulation or a replay.

use std::collections::BTreeMap;

use intent::{Language, Meaning, entity::Region};
use jiff::Zoned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Milliseconds on a clock that the service chooses; only differences count.
pub type Millis = u64;

/// Stands in a journal for words and values that must not be shown. A replay knows by it that what was said was not kept.
pub const MASKED: &str = "••••";
/// Stands in a journal for one key of a secret.
pub const MASKED_KEY: char = '•';

/// What is known of a call before it begins.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The call's id; templates say `{{ call.id }}`.
    pub call_id: String,
    /// The caller's number; `{{ call.caller }}`. Empty when withheld.
    pub caller: String,
    /// The number that was called; `{{ call.called }}`.
    pub called: String,
    /// The language in which calls to this number begin, if one is set.
    pub language: Option<Language>,
    /// Languages in which nobody listens to the caller, for want of a recogniser or of time: questions are asked by keys.
    pub deaf: Vec<Language>,
    /// The language that the caller chose in an earlier call. A flow that remembers none does not use it.
    pub remembered: Option<Language>,
    /// Whether a recogniser here can tell the languages of the flow apart.
    pub detects: bool,
    /// Values of the flow's variables; `{{ vars.name }}`.
    pub variables: BTreeMap<String, Value>,
    /// The moment at which the call begins, in the time zone in which callers mean "tomorrow at four": that of the business, unless the
    /// caller's is known. A run has no other calendar; the default, the epoch in UTC, suits flows that collect no dates.
    pub now: Zoned,
    /// The country whose currency, dates and telephone numbers callers mean; told from the caller's number when absent, or else from
    /// the language that is spoken.
    pub region: Option<Region>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The call was answered. The first event, once.
    Begin,
    /// All parts of an [`Action::Say`] were played, or it was stopped.
    SpeechDone {
        /// Its id.
        say: u64,
    },
    /// The caller said something.
    Heard(Heard),
    /// The caller began to talk: the no-input timer rests.
    SpeechStarted,
    /// The caller made a sound that was no speech or could not be recognised.
    Nothing,
    /// The caller pressed a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Key(char),
    /// An HTTP request came back or failed.
    HttpDone {
        /// Its id.
        id: u64,
        /// The reply; one with an error status is a reply, too.
        result: Result<HttpReply, HttpFailure>,
    },
    /// The knowledge base was asked.
    Consulted {
        /// The id of the question.
        id: u64,
        /// What it answers.
        answer: Knowledge,
    },
    /// The service told what it was asked.
    Told {
        /// The id of the inquiry.
        id: u64,
        /// What is known, by name; or why it cannot be told.
        answer: Result<serde_json::Map<String, Value>, String>,
    },
    /// News from the queue, or of a transfer.
    QueueDone(QueueResult),
    /// The caller hung up.
    Hangup,
    /// Nothing has been heard for too long although the flow was to speak: what it waits for does not come.
    DeadAir,
    /// [`Run::deadline`](crate::Run::deadline) was reached. One that comes too early is ignored.
    Timeout,
}

/// What was recognised of an utterance, or typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// The words.
    pub text: String,
    /// How sure the recogniser is, 0 to 1; 1 for typed text.
    pub confidence: f32,
    /// Other readings, likelier first.
    pub alternatives: Vec<String>,
    /// The language the recogniser worked in.
    pub language: Language,
    /// Whether that language was told from the sound, and not only expected.
    pub detected: bool,
    /// What another engine takes it to mean; the run's own model says so where there is none.
    pub meaning: Option<Box<intent::Meaning>>,
}

/// The reply to an HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpReply {
    /// The status code.
    pub status: u16,
    /// The body: JSON, or a string where it is none, or null where it is empty.
    pub body: Value,
}

/// Why there is no reply to an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFailure {
    /// None came in time.
    Timeout,
    /// The address cannot be reached.
    Refused,
    /// What came is no valid reply; in words.
    BadReply(String),
}

/// News from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueResult {
    /// The caller is talking to an agent; more news follows.
    Bridged,
    /// The agent ended the conversation.
    AgentEnded,
    /// Nobody serves the queue.
    NoAgents,
    /// Nobody answered in time.
    Timeout,
    /// The caller wants to leave a message instead of waiting.
    Voicemail,
    /// The one who was called is busy, or declines.
    Busy,
    /// The call could not be handed over.
    Failed,
}

/// What the knowledge base answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Knowledge {
    /// This.
    Known(KnownArticle),
    /// One of two; which is for the caller to say.
    Unsure([KnownArticle; 2]),
    /// Nothing; these came nearest.
    Unknown(Vec<KnownArticle>),
}

impl Default for Knowledge {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

/// An article as a caller may be told it.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownArticle {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its first question.
    pub title: String,
    /// Said at once.
    pub short: String,
    /// Said when the caller wants to hear more.
    pub rest: Option<String>,
    /// How likely it is that it answers, 0 to 1.
    pub confidence: f32,
}

/// What the service is to do, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Say something after what is still being said; answer with [`Event::SpeechDone`].
    Say {
        /// The id to answer with.
        id: u64,
        /// The turn it belongs to; turns only grow.
        turn: u64,
        /// What to say, without a pause between the parts.
        parts: Vec<Part>,
        /// Whether the caller's voice and keys stop it.
        barge_in: bool,
    },
    /// Listen, from now on and also while speaking. Replaces an earlier [`Action::Listen`].
    Listen {
        /// The turn; whatever is heard from an earlier one is stale.
        turn: u64,
        /// What is likely to be said.
        expect: Expect,
        /// Whether keys are of use.
        keys: bool,
    },
    /// Stop listening.
    StopListening,
    /// Stop speaking at once and forget what waits to be said.
    StopSpeaking,
    /// Send a request; answer with [`Event::HttpDone`]. Send it once: the run repeats it where that is safe.
    Http {
        /// The id to answer with.
        id: u64,
        /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
        method: String,
        /// The address.
        url: String,
        /// Headers, by name.
        headers: BTreeMap<String, String>,
        /// A JSON body.
        body: Option<Value>,
        /// How long to wait for the whole reply, in ms.
        timeout_ms: u64,
    },
    /// Ask the knowledge base; answer with [`Event::Consulted`].
    Consult {
        /// The id to answer with.
        id: u64,
        /// What the caller asked.
        question: String,
        /// In which language.
        language: Language,
    },
    /// Put the caller into a queue; answer with [`Event::QueueDone`].
    Queue {
        /// The queue's id.
        queue: String,
        /// What the agent should know.
        summary: Brief,
        /// How long the caller may wait for an agent, in ms.
        timeout_ms: u64,
    },
    /// Connect the caller with one person; answer with [`Event::QueueDone`].
    Transfer {
        /// An extension, or a number outside.
        to: String,
        /// What whoever answers should know.
        summary: Brief,
        /// How long it may ring, in ms.
        timeout_ms: u64,
    },
    /// Look up something of the call centre's own; answer with [`Event::Told`].
    Inquire {
        /// The id to answer with.
        id: u64,
        /// What.
        what: Inquiry,
    },
    /// Somebody is to call back.
    Callback {
        /// The number.
        number: String,
        /// The queue whose agents call.
        queue: Option<String>,
        /// What they should know.
        summary: Brief,
    },
    /// Pause the recording, or go on with it.
    Record {
        /// Whether what follows is recorded.
        on: bool,
    },
    /// Take the caller out of the queue again, or give up the transfer: an answer is overdue.
    LeaveQueue,
    /// File a ticket.
    Ticket {
        /// Its subject.
        subject: String,
        /// Its text.
        body: String,
        /// Its tags.
        tags: Vec<String>,
        /// Its status.
        status: TicketStatus,
    },
    /// The run is over; hang up if the caller is still there. The last action, once.
    End {
        /// How the call ended.
        outcome: Outcome,
    },
    /// Nothing to do: for the journal.
    Note(Note),
}

/// What a run asks of the call centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Inquiry {
    /// How busy a queue is: `agents`, `free`, `waiting`, `longest_wait_s`.
    Queue {
        /// Which.
        queue: String,
    },
    /// Who calls from a number: `known`, `calls`, `last_call`, `open_tickets`, `ticket_subject`.
    Customer {
        /// Which.
        number: String,
    },
}

/// One piece of a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    /// The words.
    pub text: String,
    /// Their language.
    pub language: Language,
}

/// What is likely to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// In what form.
    pub grammar: Grammar,
    /// How the end of the utterance is told.
    pub profile: Profile,
}

/// The form of what is likely to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// Anything.
    Free,
    /// Digits.
    Digits {
        /// At least so many.
        min: usize,
        /// At most so many.
        max: usize,
    },
    /// One of a few phrases, or nearly.
    Phrases(Vec<String>),
    /// Anything, and these words and names are likely to be in it.
    List(Vec<String>),
    /// Letters and digits, spelt one by one, in this form.
    Characters(intent::slot::Form),
}

/// What the flow would make of an answer; see [`Run::answer`](crate::Run::answer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It would go on, with these words if they are known before other services are asked.
    Taken(Vec<Part>),
    /// It would wait for the rest.
    Part,
    /// It would not know what was meant.
    Missed,
}

/// How the end of an utterance is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// A word or two: end fast.
    Menu,
    /// Yes or no: end fast, and a sound of agreement is an answer.
    YesNo,
    /// Digits, with pauses between groups.
    Digits,
    /// A name or an address: people spell, and think.
    Name,
    /// Free speech: wait for a finished clause.
    Free,
}

/// What an agent should know of a caller before the first word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// The last intent that was understood.
    pub intent: Option<String>,
    /// How sure that was, 0 to 1.
    pub confidence: Option<f32>,
    /// What was collected, without what is secret.
    pub slots: BTreeMap<String, String>,
    /// How often the caller was not heard or not understood.
    pub attempts: u32,
    /// Why the caller comes, in a sentence.
    pub reason: String,
    /// The call's tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// How soon it is the caller's turn, from 1 to 10; 5 when the flow does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
}

/// The status of a new ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// Someone must act.
    #[default]
    Open,
    /// Waiting for something.
    Pending,
    /// Nothing left to do.
    Solved,
}

/// How a call ended. Every call ends in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The caller got the answer.
    Resolved,
    /// The caller talked to an agent.
    Agent,
    /// Somebody will call back.
    Callback,
    /// The caller left a message.
    Voicemail,
    /// The caller hung up before any of these.
    Abandoned,
    /// The call could not go on.
    Failed,
}

/// Something for the journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The run entered a block.
    Entered {
        /// The block.
        block: String,
        /// Its type.
        kind: String,
    },
    /// The run left a block.
    Edge {
        /// The block.
        block: String,
        /// The edge it took; `command:agent` and the like for what a caller may say at any moment.
        edge: String,
        /// Where it leads.
        to: String,
    },
    /// The intent engine answered.
    Understood {
        /// The block.
        block: String,
        /// The answer.
        meaning: Meaning,
    },
    /// The caller chose an option of a menu.
    Chosen {
        /// The block.
        block: String,
        /// The option's edge.
        option: String,
        /// How: by key or by voice.
        by: By,
        /// How alike what was said is to the option, 0 to 1; 1 for a key.
        confidence: f32,
    },
    /// The caller used a command that is always on.
    Command {
        /// The block.
        block: String,
        /// The command.
        command: intent::command::Command,
    },
    /// A value was collected.
    Slot {
        /// The block.
        block: String,
        /// The name under `slots`.
        name: String,
        /// The value in its canonical form: dates and times by ISO 8601, amounts as `45.50 GBP`, telephone numbers with + and country
        /// code where the number is known to be whole.
        value: String,
        /// Whether it must not be shown.
        secret: bool,
    },
    /// The call centre told what it knows.
    Told {
        /// The block.
        block: String,
        /// What it was asked.
        what: Inquiry,
        /// What it told, or why it cannot.
        answer: Result<serde_json::Map<String, Value>, String>,
    },
    /// The caller gave a mark.
    Rated {
        /// The block.
        block: String,
        /// What was rated.
        name: String,
        /// The mark, from 1.
        score: u8,
        /// The best mark.
        scale: u8,
    },
    /// The call was tagged.
    Tagged {
        /// The block.
        block: String,
        /// The new tags.
        tags: Vec<String>,
    },
    /// The call goes on, or begins, in this language.
    Language {
        /// The block that led to it; none where the call begins in it.
        block: Option<String>,
        /// The language.
        language: Language,
        /// Whose choice it is.
        by: LanguageBy,
        /// Whether it is to be kept for the caller's next call.
        remember: bool,
    },
    /// The caller was asked whether something was understood rightly, or which of two was meant.
    Confirming {
        /// The block.
        block: String,
        /// What is in question: intents, values in their canonical form, or what values are called.
        between: Vec<String>,
    },
    /// Nothing was heard for too long.
    NoInput {
        /// The block.
        block: String,
        /// How often in this block, from 1.
        count: u32,
    },
    /// What was heard fits nothing.
    NoMatch {
        /// The block.
        block: String,
        /// How often in this block, from 1.
        count: u32,
    },
    /// A request was answered or failed.
    HttpCalled {
        /// The block.
        block: String,
        /// What was asked: method and address, without what is secret.
        request: String,
        /// The status code, if there was a reply.
        status: Option<u16>,
        /// The reply, without what is secret, or why there is none.
        reply: Result<Value, HttpFailure>,
        /// How long it took, in ms.
        ms: u64,
        /// Which try it was, from 1.
        attempt: u32,
    },
    /// The knowledge base answered.
    Consulted {
        /// The block.
        block: String,
        /// What was asked.
        question: String,
        /// In which language.
        language: Language,
        /// The answer.
        answer: Knowledge,
    },
    /// Something went wrong that the flow handles or ends with.
    Error {
        /// The block.
        block: String,
        /// What, as a sentence.
        message: String,
    },
}

/// Where the language of a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LanguageBy {
    /// The number that was called has it.
    Number,
    /// The caller chose it in an earlier call.
    Caller,
    /// A block of the flow names it.
    Flow,
    /// It was told from what the caller said.
    Detected,
}

/// The way a caller chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A key of the telephone.
    Key,
    /// The voice, or typed words.
    Speech,
}
