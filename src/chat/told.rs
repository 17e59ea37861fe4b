//! What a visitor is told, in order. Every message has a number, and the messages of a chat are kept until it is over: whoever lost the
//! connection, or reloads the page, asks for those after the last one seen and has lost nothing.

use flow::asked::{AnswerForm, Asked};
use intent::Language;
use serde::Serialize;
use utoipa::ToSchema;

use crate::event::{Outcome, Timestamp};

/// Something that a visitor is told.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ChatMessage)]
pub struct Message {
    /// Its place in the chat, from 1, without gaps.
    pub id: u64,
    /// When, in ms since the epoch.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = ChatWhat)]
pub enum What {
    /// The bot says something.
    Said {
        /// The words, as plain text.
        text: String,
        /// Their language, as BCP 47 has it.
        language: String,
    },
    /// What the visitor said: everybody who reads along sees it, and whoever sent it knows that it arrived.
    You {
        /// The words, or the name of what was chosen; dots where they must not be shown.
        text: String,
        /// What the sender called it.
        #[serde(skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// The bot waits for an answer. Another question takes its place.
    Asking(Asking),
    /// Something is looked up; the answer follows.
    Working,
    /// A person was wanted.
    Queue {
        /// What comes of it.
        state: QueueState,
    },
    /// The chat is over. The last message.
    Ended {
        /// How.
        outcome: Outcome,
        /// Why, by name: `normal`, `idle`, `too_long`, `shutdown`.
        cause: String,
    },
}

/// A question that waits for its answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ChatAsking)]
pub struct Asking {
    /// Its number, to be sent with a choice.
    pub question: u64,
    /// In what form it is answered.
    pub form: Form,
    /// What there is to choose from.
    pub choices: Vec<Choice>,
    /// Whether the answer must not be shown.
    pub secret: bool,
    /// Whether "go back" leads to an earlier question.
    pub back: bool,
    /// Whether "talk to a person" leads to one, and no choice does.
    pub person: bool,
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChatChoice)]
pub struct Choice {
    /// Its place, from 1; sent as `choice`.
    pub id: u32,
    /// What it is called.
    pub label: String,
    /// The key that a caller would press.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// The form of an answer, for the right keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = ChatForm)]
pub enum Form {
    /// Any words.
    Text,
    /// One of the choices, or words that mean one.
    Choice,
    /// Yes or no, which are the choices.
    YesNo,
    /// Digits.
    Digits {
        /// At least so many.
        least: usize,
        /// At most so many.
        most: usize,
    },
    /// Letters and digits.
    Code {
        /// At most so many.
        most: usize,
    },
    /// A telephone number.
    Phone,
    /// A day.
    Date {
        /// It lies in the past.
        past: bool,
    },
    /// A time of day.
    Time,
    /// An amount of money.
    Amount,
    /// A number.
    Number,
    /// A name.
    Name,
}

/// What comes of wanting a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChatQueueState)]
pub enum QueueState {
    /// Somebody is looked for.
    Looking,
    /// Nobody takes the chat; the bot goes on.
    Nobody,
}

impl What {
    /// Words in a language.
    pub fn said(text: String, language: Language) -> Self {
        Self::Said { text, language: language.code().to_owned() }
    }

    /// How much room it takes, in bytes, roughly.
    pub(super) fn size(&self) -> usize {
        const OTHER: usize = 64;
        OTHER
            + match self {
                Self::Said { text, .. } | Self::You { text, .. } => text.len(),
                Self::Asking(asking) => asking.choices.iter().map(|choice| OTHER + choice.label.len()).sum(),
                Self::Working | Self::Queue { .. } | Self::Ended { .. } => 0,
            }
    }
}

impl From<&Asked> for Asking {
    fn from(asked: &Asked) -> Self {
        let choices = asked.choices.iter().zip(1..).map(|(choice, id)| Choice {
            id,
            label: choice.label.clone(),
            key: match choice.by {
                flow::ChosenBy::Key(key) => Some(key.to_string()),
                flow::ChosenBy::Words(_) | flow::ChosenBy::Intent(_) => None,
            },
        });
        Self {
            question: asked.turn,
            form: asked.form.into(),
            choices: choices.collect(),
            secret: asked.secret,
            back: asked.back,
            person: asked.person,
        }
    }
}

impl From<AnswerForm> for Form {
    fn from(form: AnswerForm) -> Self {
        match form {
            AnswerForm::Text => Self::Text,
            AnswerForm::Choice => Self::Choice,
            AnswerForm::YesNo => Self::YesNo,
            AnswerForm::Digits { least, most } => Self::Digits { least, most },
            AnswerForm::Code { most } => Self::Code { most },
            AnswerForm::Phone => Self::Phone,
            AnswerForm::Date { past } => Self::Date { past },
            AnswerForm::Time => Self::Time,
            AnswerForm::Amount => Self::Amount,
            AnswerForm::Number => Self::Number,
            AnswerForm::Name => Self::Name,
        }
    }
}
