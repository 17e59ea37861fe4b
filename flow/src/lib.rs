//! IVR flows: from the document that an admin writes to the run that answers a call.
//!
//! A document goes through [`parse()`] and becomes a [`Flow`]; [`validate()`] says whether it may be published; a [`Run`] answers
//! one call with it: [`Run::on`] takes an [`Event`] and the time, and gives the [`Action`]s to carry out. A run is a pure
//! function: no socket, clock, storage, audio or randomness, so the telephone, a chat, a simulation and the replay of
//! yesterday's calls are the same code fed from different sources.
//!
//! | module | holds |
//! |---|---|
//! | [`registry`] | the kinds of block: fields, edges, help; declared once, read by everything else |
//! | [`reference`](mod@reference) | the registry as a page for people |
//! | [`document`] | a flow as plain data, and its canonical JSON |
//! | [`mod@parse`] | reading a document, with errors that name the place and the cure |
//! | [`phrases`] | the words a run finds by itself: "I didn't hear anything." |
//! | [`schema`] | the JSON Schema of a document, made from the registry |
//! | [`mod@validate`] | what publishing refuses or warns of |
//! | [`event`] | what a run hears and what it wants done |
//! | [`exchange`] | flows of other products, read into ours |
//! | [`run`] | the run itself |
//! | [`asked`] | a question as somebody sees it who reads instead of listening |
//! | [`simulate`] | a call without a telephone |
//! | [`replay`] | what a flow would have done with a call that is over |
//! | [`scenario`] | tests of a flow: what a caller does and what must come of it |
//! | [`finding`] | what is wrong with a flow, where, and how to mend it |
//! | [`mod@difference`] | what changed from one document to another |
//! | [`hours`] | opening hours, also for others than flows |

pub mod asked;
mod check;
mod collect;
pub mod difference;
pub mod document;
pub mod event;
pub mod exchange;
mod expression;
pub mod finding;
pub mod hours;
pub mod markup;
pub mod parse;
pub mod phrases;
mod plan;
pub mod reference;
pub mod registry;
pub mod replay;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod simulate;
mod spoken;
mod template;
pub mod validate;
mod values;

pub use asked::{AnswerForm, Asked, ChosenBy};
pub use difference::{Difference, difference};
pub use document::{Block, BlockId, Flow, Intent};
pub use event::{
    Action, Answer, Brief, By, Context, Event, Expect, Grammar, Heard, HttpFailure, HttpReply, Inquiry, Knowledge,
    KnownArticle, LanguageBy, Millis, Note, Outcome, Part, Profile, QueueResult, TicketStatus,
};
pub use finding::{Finding, Severity};
pub use parse::parse;
pub use run::Run;
pub use validate::validate;
