//! Recordings: what both sides of a call said, in a file per call, sealed a second at a time with the caller's key.
//!
//! The file begins with [`HEADER`] bytes of header; then follow slots of one size, each holding one sealed second of
//! interleaved 16-bit stereo. A slot stands where its second belongs, so any second is found without reading the others,
//! a crash loses the second that was not yet written, and a second that a full disk refused is a hole, heard as silence.

use crate::event::{CallId, TenantId};

mod reader;
mod writer;

pub use self::{
    reader::{Peaks, RecordingReader},
    writer::RecordingWriter,
};
use super::key::OVERHEAD;

/// Sample frames per second.
pub const RATE: u32 = 8_000;
/// Left is what the caller hears (bot or agent), right is the caller.
pub const CHANNELS: u16 = 2;

/// Sample frames in a chunk: one second.
const CHUNK: usize = RATE as usize;
/// Bytes of a sample frame.
const FRAME: usize = 2 * CHANNELS as usize;
/// Bytes of a slot: the length of what follows, then the sealed chunk.
const SLOT: usize = 4 + OVERHEAD + CHUNK * FRAME;
/// Bytes of the header: magic and version, rate, channels, frames per chunk, two bytes unused, call.
const HEADER: usize = 8 + 4 + 2 + 4 + 2 + 16;
/// First bytes of the file; the last two are the version.
const MAGIC: &[u8; 8] = b"HLREC\0\x01\0";

fn header(call: CallId) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&RATE.to_le_bytes());
    header[12..14].copy_from_slice(&CHANNELS.to_le_bytes());
    header[14..18].copy_from_slice(&RATE.to_le_bytes());
    header[20..].copy_from_slice(call.0.as_bytes());
    header
}

/// Where a chunk's slot begins.
fn offset(chunk: u64) -> u64 {
    HEADER as u64 + chunk * SLOT as u64
}

/// What a sealed chunk is bound to.
fn aad(tenant: TenantId, call: CallId, chunk: u64) -> Vec<u8> {
    [b"recording", tenant.0.as_bytes() as &[u8], call.0.as_bytes(), &chunk.to_le_bytes()].concat()
}
