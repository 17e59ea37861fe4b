//! What a conversation hears and what it wants done: plain data.

use std::time::Duration;

use flow::event::{Grammar, HttpFailure, HttpReply, Inquiry, Knowledge, Profile};
use intent::Language;
use models::{Priority, Recognition};

use crate::call::bridge::News;
use crate::event::{Entry, Party, Personal, Speaker, Why};
use crate::listen::NotRecognised;
use crate::lookup;
use crate::queue::{Announcement, Keys, Left, Overflow, Unserved};

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
    /// The caller's leg is up, and the caller goes to a queue before the flow.
    AnsweredFor {
        /// E.g. `PCMU`.
        codec: String,
        /// Which queue.
        queue: String,
        /// How long the caller waits at most, in ms.
        timeout_ms: u64,
    },
    /// The caller's leg is up, because an agent who was rung directly answered: they hear each other.
    AnsweredBy {
        /// E.g. `PCMU`.
        codec: String,
        /// The agent's extension.
        agent: String,
        /// The queue in which the caller waits if the agent is lost.
        queue: String,
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
    /// They have been talking for a while.
    Talking {
        /// Who.
        speaker: Speaker,
        /// Where the speech began.
        from_ms: u64,
        /// Where it is now.
        to_ms: u64,
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
    /// What another engine takes the words of a recognition to mean; comes just before that recognition.
    Meant {
        /// The words.
        text: String,
        /// Their meaning.
        meaning: Box<intent::Meaning>,
    },
    /// A recognition is done.
    Recognised {
        /// Its job.
        job: u64,
        /// Where the sound that was recognised begins in the recording, in milliseconds; the times of the words count from there.
        sound_from_ms: u64,
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
    /// The knowledge base was asked.
    Consulted {
        /// The id of the question.
        id: u64,
        /// What it answers.
        answer: Knowledge,
    },
    /// The call centre was asked.
    Told {
        /// The id of the inquiry.
        id: u64,
        /// What is known, or why it cannot be told.
        answer: Result<serde_json::Map<String, serde_json::Value>, String>,
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
#[derive(Clone, Debug, PartialEq)]
pub enum QueueNews {
    /// What the caller can press while they wait.
    Keys(Keys),
    /// An agent was chosen, and from what.
    Assigned(String, Box<Why>),
    /// The caller is to be told how they stand.
    Announce(Announcement),
    /// The queue asks others from now on.
    Overflowed(Overflow),
    /// The queue does not take the caller.
    NotTaken(Unserved),
    /// A phone rings.
    Ringing(String),
    /// An agent did not take it: who, and why.
    Missed(String, String),
    /// Caller and agent hear each other.
    Bridged(String),
    /// They no longer do.
    Parted(String, Party),
    /// What the parties did meanwhile.
    Bridge(News),
    /// Whether the caller hears a person now, or music.
    Talking(bool),
    /// The caller waits for an agent again: in this queue, or the same as before.
    Requeued(Option<String>),
    /// The caller goes to the flow, from its beginning.
    ToFlow,
    /// Nobody can take the call.
    NoAgents,
    /// Nobody took it in time.
    TimedOut,
    /// The one who was called does not take it: why, by name, and in words.
    Refused(&'static str, String),
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
    /// Say this at once, whatever is being rendered: it fills a silence. It ends like any other piece.
    Fill {
        /// Id of the piece.
        id: u64,
        /// The turn that it belongs to.
        turn: u64,
        /// One sentence.
        text: String,
        /// Its language.
        language: Language,
    },
    /// Render this ahead: it is what will be said unless the caller goes on.
    Prepare {
        /// One sentence.
        text: String,
        /// Its language.
        language: Language,
    },
    /// Be silent for the moment, and keep what is queued and how much of it was played.
    Suspend,
    /// Go on with it, from the last pause in it.
    Resume,
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
        /// The languages that it may be in, where that is to be told first; empty where it is known.
        among: Vec<Language>,
        /// What is likely to be said.
        grammar: Grammar,
        /// The intents that it may mean, which another engine may be asked about; none where it is no answer to a question for one.
        intents: Vec<String>,
        /// How urgent it is.
        priority: Priority,
    },
    /// The result of this job is not wanted any more.
    CancelRecognition(u64),
    /// Be this patient from now on.
    SetProfile(Profile),
    /// In this pause, take the caller's turn as finished after so much silence.
    WaitFor(Duration),
    /// A turn goes on: it began there.
    Rejoin {
        /// Whose.
        speaker: Speaker,
        /// Where, in the recording.
        from_ms: u64,
    },
    /// Take the caller's turn as finished.
    FinishTurn,
    /// Ask another service.
    Http(u64, lookup::Request),
    /// Ask the knowledge base.
    Consult {
        /// The id to answer with.
        id: u64,
        /// What the caller asked.
        question: Personal,
        /// In which language.
        language: Language,
    },
    /// Look up what the call centre knows.
    Inquire {
        /// The id to answer with.
        id: u64,
        /// What.
        what: Inquiry,
    },
    /// Look for an agent.
    Queue {
        /// In which queue.
        queue: String,
        /// How soon it is the caller's turn, from 1 to 10.
        priority: u8,
        /// For how long, in ms.
        timeout_ms: u64,
    },
    /// Call one person.
    Transfer {
        /// An extension, or a number outside.
        to: Personal,
        /// For how long, in ms.
        timeout_ms: u64,
    },
    /// Record what follows, or be silent in the recording.
    Record(bool),
    /// Stop looking, or part the bridge; why, where it is a queue.
    LeaveQueue(Left),
    /// Write this into the journal.
    Journal(Entry),
    /// Hang up the caller's leg.
    HangUp,
}
