//! The formats of an audio stream: payload types and what they stand for (RFC 3551, RFC 8866 section 6.6), and how long
//! packets should be.

use audio::codec::Codec;

use super::text::Stream;

/// The static payload type of comfort noise (RFC 3389).
const COMFORT_NOISE: u8 = 13;
/// Formats of one stream that are looked at; more are nobody's.
const MAX_FORMATS: usize = 64;

/// What one payload type stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Sound.
    Audio(Codec),
    /// Keys (RFC 4733), with the clock of their durations in Hz.
    Event(u32),
    /// A description of the background noise (RFC 3389).
    ComfortNoise,
}

/// The payload types of a stream that mean something to us, in the order of its `m=` line. A static type needs no
/// `a=rtpmap`, but if there is one, it counts: also G.711 may have a dynamic type.
pub fn formats(stream: &Stream) -> Vec<(u8, Format)> {
    let types = stream.formats.split_ascii_whitespace().filter_map(|f| f.parse::<u8>().ok()).filter(|f| *f < 128);
    types
        .take(MAX_FORMATS)
        .filter_map(|payload_type| {
            let format = match rtpmap(stream, payload_type) {
                Some(encoding) => named(encoding)?,
                None if payload_type == COMFORT_NOISE => Format::ComfortNoise,
                None => Format::Audio(Codec::from_static_payload_type(payload_type)?),
            };
            Some((payload_type, format))
        })
        .collect()
}

fn rtpmap(stream: &Stream, payload_type: u8) -> Option<&str> {
    stream.section.all("rtpmap").find_map(|value| {
        let (number, encoding) = value.split_once(char::is_whitespace)?;
        (number.trim().parse::<u8>().ok()? == payload_type).then(|| encoding.trim())
    })
}

/// What an encoding name means. Channels are passed over: “PCMU/8000/1” is PCMU/8000, and some write opus/48000.
fn named(encoding: &str) -> Option<Format> {
    let mut parts = encoding.split('/');
    let name = parts.next()?.trim();
    let clock: u32 = parts.next()?.trim().parse().ok()?;
    if name.eq_ignore_ascii_case("telephone-event") {
        return Some(Format::Event(clock)).filter(|_| (8_000..=48_000).contains(&clock));
    }
    if name.eq_ignore_ascii_case("CN") {
        return (clock == 8_000).then_some(Format::ComfortNoise);
    }
    let codec = Codec::from_name(name)?;
    // Some phones write the true rate of G.722.
    let right = clock == codec.clock() || (codec == Codec::G722 && clock == 16_000);
    right.then_some(Format::Audio(codec))
}

/// How long the packets should be that this stream's side receives, in whole 10 ms from 10 to 60 (RFC 8866 sections 6.4
/// and 6.5); nothing if it does not say.
pub fn ptime_ms(stream: &Stream) -> Option<u8> {
    // Some write “20.0”.
    let value = |name| {
        let value = stream.section.first(name)?.split('.').next()?.trim().parse::<u32>().ok()?;
        (value > 0).then_some(value)
    };
    let (wanted, most) = (value("ptime"), value("maxptime"));
    let wanted = match (wanted, most) {
        (None, None) => return None,
        (Some(wanted), None) => wanted,
        (None, Some(most)) => most.min(u32::from(super::PTIME_MS)),
        (Some(wanted), Some(most)) => wanted.min(most),
    };
    Some(round(wanted))
}

/// The nearest packet length that we make, in ms.
pub fn round(ms: u32) -> u8 {
    (ms.clamp(10, 60) / 10 * 10) as u8
}
