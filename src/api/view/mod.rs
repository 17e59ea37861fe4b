//! What the console is shown: the schemas of the API, made from what the store answers. Only here does a
//! [`Personal`](crate::event::Personal) datum leave its wrapper, on the way to a screen whose reader has signed in.

mod call;
mod flow;
mod intents;
pub mod knowledge;
mod report;
mod signalling;
mod ticket;
mod user;

pub use call::{CallDetail, CallPage, CallSummary, LiveMessage, Peaks};
pub use flow::{BlockSpec, FlowDetail, FlowFinding, FlowSummary, FlowVersion};
pub use intents::Parsed;
pub use knowledge::Spoken;
pub use report::report;
pub use signalling::CallSignalling;
pub use ticket::{TicketDetail, TicketPage, TicketSummary};
pub use user::{Language, Me, Person};
