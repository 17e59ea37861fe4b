//! Finding messages in a stream (RFC 3261 section 18.3): over TCP and TLS the Content-Length says where one ends.

use super::parse::{Head, MAX_BYTES, split_head};
use super::{Message, ParseError};

/// Room that a connection keeps between messages, in bytes.
const KEPT: usize = 8192;

/// Why a stream cannot go on: where the next message begins is unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameError {
    /// Longer than [`MAX_BYTES`].
    TooLong,
    /// No readable head, or no Content-Length that could be believed.
    Lost(&'static str),
}

/// Collects bytes until they are a message. However small the pieces, each byte is looked at a constant number of times.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// The end of the head lies behind this many bytes.
    scanned: usize,
    /// Bytes that the message in the buffer has, once its head is there.
    whole: Option<usize>,
    /// Line ends before a message, for keep-alives: two answer a ping with a pong (RFC 5626 section 4.4.1).
    blank: usize,
    pings: usize,
}

impl Framer {
    /// Takes what has come. To be followed by calls of [`Framer::next`], which bounds what is kept.
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
    #[allow(clippy::should_implement_trait)] // An iterator's `None` is final; this one's is not.
    pub fn next(&mut self) -> Result<Option<Result<Message, ParseError>>, FrameError> {
        if self.whole.is_some_and(|whole| self.buffer.len() < whole) {
            return Ok(None);
        }
        self.skip_blank();
        let Some((_, body)) = split_head(&self.buffer[self.scanned..]) else {
            // Its last three bytes may be the beginning of the end.
            self.scanned = self.buffer.len().saturating_sub(3);
            return if self.buffer.len() > MAX_BYTES { Err(FrameError::TooLong) } else { Ok(None) };
        };
        let before = self.buffer.len() - body.len();
        if before > MAX_BYTES {
            return Err(FrameError::TooLong);
        }
        let head = match Head::read(&self.buffer[..before]) {
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
        let whole = before.saturating_add(length);
        if whole > MAX_BYTES {
            return Err(FrameError::TooLong);
        }
        if self.buffer.len() < whole {
            self.whole = Some(whole);
            return Ok(None);
        }
        let message = head.finish(&self.buffer[before..whole], true);
        self.buffer.drain(..whole);
        // A long message once is no reason to hold its room for as long as the connection lasts.
        if self.buffer.capacity() > KEPT && self.buffer.len() < KEPT {
            self.buffer.shrink_to(KEPT);
        }
        self.whole = None;
        self.scanned = 0;
        Ok(Some(message))
    }

    fn skip_blank(&mut self) {
        let blank = self.buffer.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(self.buffer.len());
        let ends = self.buffer[..blank].iter().filter(|b| **b == b'\n').count();
        if blank > 0 {
            self.buffer.drain(..blank);
            self.scanned = 0;
        }
        self.blank += ends;
        self.pings += self.blank / 2;
        self.blank = if self.buffer.is_empty() { self.blank % 2 } else { 0 };
    }
}
