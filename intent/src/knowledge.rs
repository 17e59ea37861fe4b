//! The knowledge base: articles that answer questions, and finding the one that does. [`Knowledge`] is built from all articles at once and
//! never changes; whoever edits an article builds a new one. Where articles are kept, what a language model for embeddings is, and how
//! an answer reaches an ear is left to the caller.
//!
//! | module | holds |
//! |---|---|
//! | [`article`] | an article, who may hear it and when |
//! | `index` | [`Knowledge`]: words (BM25) and meaning (embeddings) together |
//! | `calibrate` | how likely the best article is the right one, and the line below which nothing is said |
//! | `words` | a text as the words that it is found by |
//! | [`spoken`] | an answer for the eye as one for the ear |
//! | [`import`] | articles out of Markdown, CSV and web pages |
//! | [`changes`] | what differs between two versions |
//! | [`evaluate`] | how often the right article comes first |

pub mod article;
mod calibrate;
pub mod changes;
pub mod evaluate;
pub mod import;
mod index;
pub mod spoken;
mod words;

pub use article::{Article, ArticleError, Audience, Review};
pub use index::{Answer, Filed, Hit, Knowledge, Question, Why};
pub use spoken::{Spoken, spoken};
