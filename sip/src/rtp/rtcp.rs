//! The bytes of RTCP (RFC 3550 §6): compound packets, read by a view that takes anything, and our own reports. When to
//! send one, and what follows from the peer's, is left to [`super::reports`].

/// Seconds from 1900 (NTP) to 1970.
pub(super) const NTP_TO_UNIX: u64 = 2_208_988_800;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const APPLICATION: u8 = 204;
const EXTENDED: u8 = 207;
/// Of the items in a description.
const CNAME: u8 = 1;

/// Whether a datagram is RTCP rather than RTP, where both come to one port (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [first, kind, ..] if first >> 6 == 2 && (192..=223).contains(kind))
}

/// What a sender says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// Its clock when it sent this, seconds since 1900 in 32.32 bits.
    pub ntp: u64,
    /// The same moment on the clock of its RTP timestamps.
    pub rtp: u32,
    /// Packets sent so far.
    pub packets: u32,
    /// Payload bytes sent so far.
    pub bytes: u32,
}

/// What a receiver says of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream.
    pub ssrc: u32,
    /// Share lost since the report before, in 256ths.
    pub fraction_lost: u8,
    /// Lost since the beginning; negative when more came than were sent. 24 bits.
    pub lost: i32,
    /// The highest sequence number with the count of its wraps above it.
    pub highest: u32,
    /// Interarrival jitter in units of the RTP clock.
    pub jitter: u32,
    /// The middle of the NTP time of the last sender report, 0 without one.
    pub last_report: u32,
    /// How long ago that came, in 1/65536 s.
    pub delay: u32,
}

impl ReportBlock {
    const LENGTH: usize = 24;

    fn read(bytes: &[u8; Self::LENGTH]) -> ReportBlock {
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        ReportBlock {
            ssrc: word(0),
            fraction_lost: bytes[4],
            // Sign-extended from 24 bits.
            lost: ((word(4) << 8) as i32) >> 8,
            highest: word(8),
            jitter: word(12),
            last_report: word(16),
            delay: word(20),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let lost = self.lost.clamp(-0x80_0000, 0x7F_FFFF) as u32 & 0xFF_FFFF;
        for word in [
            self.ssrc,
            u32::from(self.fraction_lost) << 24 | lost,
            self.highest,
            self.jitter,
            self.last_report,
            self.delay,
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// SR.
    SenderReport {
        /// Who reports.
        ssrc: u32,
        /// What it sent.
        info: SenderInfo,
        /// What it received.
        blocks: Blocks<'a>,
    },
    /// RR.
    ReceiverReport {
        /// Who reports.
        ssrc: u32,
        /// What it received.
        blocks: Blocks<'a>,
    },
    /// SDES: the canonical name of the first source, if there is one.
    Description {
        /// Who is described.
        ssrc: u32,
        /// Its CNAME; any bytes.
        cname: &'a [u8],
    },
    /// BYE: the first of those who leave, if any is named.
    Goodbye {
        /// Who leaves.
        ssrc: Option<u32>,
    },
    /// APP, which we have no use for.
    Application {
        /// Its name.
        name: [u8; 4],
    },
    /// XR (RFC 3611).
    Extended,
    /// Feedback and whatever else there is.
    Other(u8),
}

/// Report blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks<'a>(&'a [u8]);

impl Iterator for Blocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(ReportBlock::read(block))
    }
}

/// The packets of a compound, up to the first one that cannot be read.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    /// Reads a datagram, which may hold anything.
    pub fn new(datagram: &'a [u8]) -> Parts<'a> {
        Parts(datagram)
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let ([first, kind, high, low], behind) = self.0.split_first_chunk::<4>()?;
        let words = usize::from(u16::from_be_bytes([*high, *low]));
        // What ends the datagram too early ends the reading.
        let (mut body, rest) = behind.split_at_checked(words * 4)?;
        if first >> 6 != 2 {
            return None;
        }
        self.0 = rest;
        if first & 0x20 != 0 {
            let padding = usize::from(*body.last()?);
            body = body.get(..body.len().checked_sub(padding)?)?;
        }
        let part = read(*kind, usize::from(first & 0x1F), body);
        if part.is_none() {
            self.0 = &[];
        }
        part
    }
}

fn read(kind: u8, count: usize, body: &[u8]) -> Option<Part<'_>> {
    let source = || Some(u32::from_be_bytes(*body.first_chunk()?));
    let blocks = |bytes: &'_ [u8]| bytes.len().min(count * ReportBlock::LENGTH);
    Some(match kind {
        SENDER_REPORT => {
            let (info, behind) = body.get(4..)?.split_first_chunk::<20>()?;
            let word = |at: usize| u32::from_be_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]);
            let ntp = u64::from(word(0)) << 32 | u64::from(word(4));
            let info = SenderInfo { ntp, rtp: word(8), packets: word(12), bytes: word(16) };
            Part::SenderReport { ssrc: source()?, info, blocks: Blocks(&behind[..blocks(behind)]) }
        }
        RECEIVER_REPORT => {
            let behind = body.get(4..)?;
            Part::ReceiverReport { ssrc: source()?, blocks: Blocks(&behind[..blocks(behind)]) }
        }
        DESCRIPTION if count > 0 => Part::Description { ssrc: source()?, cname: cname(body.get(4..)?) },
        GOODBYE => Part::Goodbye { ssrc: if count > 0 { Some(source()?) } else { None } },
        APPLICATION => Part::Application { name: *body.get(4..)?.first_chunk()? },
        EXTENDED => Part::Extended,
        other => Part::Other(other),
    })
}

/// The canonical name in a chunk of a description; empty without one.
fn cname(mut items: &[u8]) -> &[u8] {
    while let [kind, length, rest @ ..] = items {
        let Some((text, behind)) = rest.split_at_checked(usize::from(*length)) else {
            break;
        };
        match *kind {
            0 => break,
            CNAME => return text,
            _ => items = behind,
        }
    }
    &[]
}

/// Writes a compound to `out`, which is emptied first: SR if there is something to say of our sending, else RR; the
/// name; and BYE at the end of a stream.
pub fn write(
    out: &mut Vec<u8>,
    ssrc: u32,
    info: Option<SenderInfo>,
    block: Option<ReportBlock>,
    name: &[u8; 16],
    bye: bool,
) {
    out.clear();
    let count = u8::from(block.is_some());
    let block_words = u16::from(count) * 6;
    match info {
        Some(info) => {
            header(out, count, SENDER_REPORT, 6 + block_words, ssrc);
            out.extend_from_slice(&info.ntp.to_be_bytes());
            for word in [info.rtp, info.packets, info.bytes] {
                out.extend_from_slice(&word.to_be_bytes());
            }
        }
        None => header(out, count, RECEIVER_REPORT, 1 + block_words, ssrc),
    }
    if let Some(block) = block {
        block.write(out);
    }
    // Two bytes of item header, the name, and two zeros, which end the chunk on a word.
    header(out, 1, DESCRIPTION, 1 + 5, ssrc);
    out.extend_from_slice(&[CNAME, 16]);
    out.extend_from_slice(name);
    out.extend_from_slice(&[0, 0]);
    if bye {
        header(out, 1, GOODBYE, 1, ssrc);
    }
}

fn header(out: &mut Vec<u8>, count: u8, kind: u8, words: u16, ssrc: u32) {
    out.extend_from_slice(&[0x80 | count, kind]);
    out.extend_from_slice(&words.to_be_bytes());
    out.extend_from_slice(&ssrc.to_be_bytes());
}

#[cfg(test)]
#[path = "rtcp_tests.rs"]
mod tests;
