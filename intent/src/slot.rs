//! Values out of an answer: the digits of an order number, yes or no, one of a list. Each looks at one answer to one question;
//! which question was asked is known to the flow. Names of the values and what they are for are left to the flow, too.

mod characters;
mod digits;
mod form;
mod phrase;
mod yes_no;

pub use characters::characters;
pub use digits::digits;
pub use form::{Class, Form, FormError};
pub use phrase::match_phrase;
pub(crate) use phrase::syllable;
pub use yes_no::yes_no;
