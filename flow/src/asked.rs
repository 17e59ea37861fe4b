//! A question as somebody sees it who reads instead of listening: what form its answer has, and what there is to choose from. Every
//! choice is a key or words that a caller could press or say as well, so that it leads where these lead.

/// A question that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The turn it belongs to; each question has one of its own.
    pub turn: u64,
    /// In what form it is answered.
    pub form: AnswerForm,
    /// What there is to choose from. Anything else may be said as well, unless the form is [`AnswerForm::Choice`].
    pub choices: Vec<Choice>,
    /// Whether the answer must not be shown.
    pub secret: bool,
    /// Whether a part of the answer is there and the rest is waited for.
    pub partly: bool,
    /// Whether "go back" leads to an earlier question.
    pub back: bool,
    /// Whether "talk to a person" leads to one, and no choice does.
    pub person: bool,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// Any words.
    Text,
    /// One of the choices, or words that mean one.
    Choice,
    /// Yes or no.
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
    /// A number, with or without a unit.
    Number,
    /// Somebody's name.
    Name,
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it is called, in the language that is spoken.
    pub label: String,
    /// How it is chosen.
    pub by: ChosenBy,
}

/// How something is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChosenBy {
    /// By this key.
    Key(char),
    /// By saying this.
    Words(String),
    /// By saying something that means this intent; its name.
    Intent(String),
}
