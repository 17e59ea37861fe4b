//! Finding messages in a stream (RFC 3261 section 18.3): over TCP and TLS the Content-Length says where one ends.

use super::parse::{Head, MAX_BYTES, split_head};
use super::{Message, ParseError};

/// Why a stream cannot go on: where the next message begins is unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameError {
    /// Longer than [`MAX_BYTES`].
    TooLong,
    /// No readable head, or no Content-Length that could be believed.
    Lost(&'static str),
}

/// Collects bytes until they are a message.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Line ends before a message, for keep-alives: two answer a ping with a pong (RFC 5626 section 4.4.1).
    blank: usize,
    pings: usize,
}

impl Framer {
    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Keep-alive pings (CRLF CRLF) since the last call; each wants a CRLF back.
    pub fn pings(&mut self) -> usize {
        std::mem::take(&mut self.pings)
    }

    /// Bytes that wait for the rest of their message.
    pub fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// The next whole message, if there is one. A request that can be answered comes as
    /// [`ParseError::Answerable`] inside; the stream goes on behind it.
    pub fn next(&mut self) -> Result<Option<Result<Message, ParseError>>, FrameError> {
        self.skip_blank();
        let Some((head, body)) = split_head(&self.buffer) else {
            return if self.buffer.len() > MAX_BYTES { Err(FrameError::TooLong) } else { Ok(None) };
        };
        let before = self.buffer.len() - body.len();
        let head = match Head::read(head) {
            Ok(head) => head,
            Err(ParseError::Garbage(why)) => return Err(FrameError::Lost(why)),
            Err(_) => return Err(FrameError::Lost("the head cannot be read")),
        };
        let length = match head.content_length {
            Some(Ok(length)) => length,
            Some(Err(())) => return Err(FrameError::Lost("the Content-Length is no number")),
            // Required on streams; without it there is no body to be found.
            None => 0,
        };
        if before.saturating_add(length) > MAX_BYTES {
            return Err(FrameError::TooLong);
        }
        if body.len() < length {
            return Ok(None);
        }
        let message = head.finish(&body[..length], true);
        self.buffer.drain(..before + length);
        Ok(Some(message))
    }

    fn skip_blank(&mut self) {
        let blank = self.buffer.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(self.buffer.len());
        let ends = self.buffer[..blank].iter().filter(|b| **b == b'\n').count();
        self.buffer.drain(..blank);
        self.blank += ends;
        self.pings += self.blank / 2;
        self.blank = if self.buffer.is_empty() { self.blank % 2 } else { 0 };
    }
}
