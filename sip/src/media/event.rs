//! What a leg reports: its events, its counters, and the bounded queue that carries them out of the media thread.
//! Frames may be dropped when nobody reads them, and are counted; everything else has room of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use audio::Frame8k;
use audio::codec::Codec;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;

use super::quality::{History, QualityPoint};
use crate::rtp::Unheard;

/// Room for frames: just over five seconds.
pub(super) const FRAME_ROOM: usize = 256;
/// Room that frames leave free for everything else.
pub(super) const CONTROL_ROOM: usize = 256;

/// Something that happened on a leg, in the order in which it happened.
#[derive(Debug)]
pub enum LegEvent {
    /// 20 ms of both directions; only when [`LegConfig::record`](super::LegConfig::record) is set. Boxed, so that a
    /// leg without frames keeps no room for them.
    Frame(Box<MediaFrame>),
    /// The first voiced packet of a clip left. A clip without a voiced frame never starts, it only ends.
    PlayStarted {
        /// [`Playback::id`](super::Playback::id).
        id: u64,
        /// [`Playback::turn`](super::Playback::turn).
        turn: u64,
        /// When the packet was handed to the network.
        at: Instant,
    },
    /// A clip is over: played to its end, stopped, or dropped before it began.
    PlayEnded {
        /// [`Playback::id`](super::Playback::id).
        id: u64,
        /// [`Playback::turn`](super::Playback::turn).
        turn: u64,
        /// How much of it went out, in whole frames; for a loop all rounds together.
        played: Duration,
        /// How long the clip is.
        of: Duration,
        /// Whether it was played to its end.
        completed: bool,
        /// When it ended.
        at: Instant,
    },
    /// The peer pressed a key: reported once, at its start, however it reaches us (RFC 4733, SIP INFO, a tone).
    Key {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// When it was first noticed.
        at: Instant,
    },
    /// The first valid packet; from now on audio goes to where it came from.
    FirstPacket {
        /// Where it came from.
        from: SocketAddr,
        /// When it was read.
        at: Instant,
    },
    /// The peer has sent nothing for this long: said after 5 s and each 5 s again.
    NoRtp {
        /// How long it has been.
        for_: Duration,
    },
    /// The peer's RTCP reports say that it hears nothing of us (at least a second report, and again with each that
    /// follows), although we send.
    Unheard {
        /// What the reports say.
        how: Unheard,
        /// Since the first such report.
        for_: Duration,
    },
    /// The handshake that was to give this leg its keys (DTLS-SRTP) failed: nothing is heard or sent until there is another agreement.
    NoKeys {
        /// Why, for people.
        why: &'static str,
    },
    /// How the last five seconds sounded, both ways.
    Quality(Box<QualityPoint>),
    /// The leg is closed and its socket is free; always the last event.
    Closed(LegStats),
}

/// 20 ms of a leg, both directions.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaFrame {
    /// When the tick began that this frame belongs to.
    pub at: Instant,
    /// Ticks since the leg's media began; a gap means dropped frames.
    pub index: u64,
    /// What the peer said: decoded, concealed, or silence.
    pub heard: Frame8k,
    /// What was sent to the peer in this tick; silence while a key is sent.
    pub said: Frame8k,
    /// The probability (0 to 1) that `heard` is speech.
    pub speech: f32,
    /// Whether `heard` stands in for a packet that is missing.
    pub concealed: bool,
    /// Whether this may be kept. If not, a recording gets silence in its place, whatever is heard here.
    pub recorded: bool,
}

impl MediaFrame {
    /// What was said and heard, as a recording keeps it: what may not be kept leaves silence of the same length.
    pub fn kept(&self) -> (&Frame8k, &Frame8k) {
        static SILENCE: Frame8k = [0; audio::FRAME_8K];
        if self.recorded { (&self.said, &self.heard) } else { (&SILENCE, &SILENCE) }
    }
}

/// What of a call may be kept, so that card numbers and the like never reach a recording. Frames keep coming in any
/// case, so that the recording stays as long as the call; keys are reported in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recording {
    /// Everything.
    #[default]
    On,
    /// Nothing, and nobody listens either: the sound does not leave the media thread. Frames hold silence in both
    /// directions.
    Paused,
    /// Nothing, but recognition goes on: frames hold what was said and heard, with
    /// [`recorded`](MediaFrame::recorded) unset.
    Masked,
}

/// Counters of a leg over its whole life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegStats {
    /// What is sent.
    pub codec: Codec,
    /// Valid RTP packets from the peer.
    pub packets_in: u64,
    /// RTP packets sent.
    pub packets_out: u64,
    /// RTP payload bytes from the peer.
    pub bytes_in: u64,
    /// RTP payload bytes sent.
    pub bytes_out: u64,
    /// Packets of the peer that never came (RFC 3550 §A.3).
    pub lost: u64,
    /// Packets that came after their turn to be played.
    pub late: u64,
    /// Packets that came more than once.
    pub duplicated: u64,
    /// Interarrival jitter (RFC 3550 §A.8) in ms, as fine as the sockets are read (5 ms).
    pub jitter_ms: f32,
    /// Datagrams that were not RTP of this leg.
    pub invalid: u64,
    /// Valid RTP packets from somebody who is not the peer.
    pub strangers: u64,
    /// Packets on an encrypted leg that were plain, forged or replayed, or came before there were keys.
    pub unauthentic: u64,
    /// Packets that the network stack refused to send.
    pub send_errors: u64,
    /// Events that found no room: frames, unless the reader has stopped altogether.
    pub dropped_events: u64,
    /// Whether the peer never sent a valid packet.
    pub no_rtp: bool,
    /// Ticks for which something had to be made up.
    pub concealed: u64,
    /// RTCP packets of the peer.
    pub rtcp_in: u64,
    /// RTCP packets sent.
    pub rtcp_out: u64,
    /// Packets of ours that the peer says never came (RTCP), if it says anything; negative if more came than we sent.
    pub remote_lost: Option<i32>,
    /// There and back, by the last reports that told.
    pub round_trip: Option<Duration>,
    /// How the leg sounded from its beginning to its end.
    pub history: History,
}

/// The events of one leg.
#[derive(Debug)]
pub struct LegEvents(mpsc::Receiver<LegEvent>);

impl LegEvents {
    /// The next event; nothing after [`LegEvent::Closed`].
    pub async fn recv(&mut self) -> Option<LegEvent> {
        self.0.recv().await
    }

    /// The next event if one is waiting.
    pub fn try_recv(&mut self) -> Result<LegEvent, TryRecvError> {
        self.0.try_recv()
    }

    /// The next event, waiting for it on a thread outside the async runtime.
    pub fn blocking_recv(&mut self) -> Option<LegEvent> {
        self.0.blocking_recv()
    }
}

/// The media thread's end of a leg's events.
#[derive(Debug)]
pub(super) struct EventSink {
    sender: mpsc::Sender<LegEvent>,
    /// Room kept from the start, so that `Closed` always arrives.
    last: Option<mpsc::OwnedPermit<LegEvent>>,
    dropped: u64,
    /// How many of them have been taken note of.
    noted: u64,
}

/// A bounded queue from the media thread to the reader of a leg.
pub(super) fn channel() -> (EventSink, LegEvents) {
    let (sender, receiver) = mpsc::channel(FRAME_ROOM + CONTROL_ROOM + 1);
    let last = sender.clone().try_reserve_owned().ok();
    let sink = EventSink { sender, last, dropped: 0, noted: 0 };
    (sink, LegEvents(receiver))
}

impl EventSink {
    /// Sends a frame if that leaves the control events their room.
    pub fn frame(&mut self, frame: MediaFrame) {
        if self.sender.capacity() <= CONTROL_ROOM {
            self.dropped += 1;
            return;
        }
        self.control(LegEvent::Frame(Box::new(frame)));
    }

    /// Sends anything but a frame.
    pub fn control(&mut self, event: LegEvent) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(event) {
            self.dropped += 1;
        }
    }

    /// Events that found no room so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Events that found no room since this was last asked.
    pub fn newly_dropped(&mut self) -> u64 {
        let new = self.dropped - self.noted;
        self.noted = self.dropped;
        new
    }

    /// Sends the last event.
    pub fn close(mut self, stats: LegStats) {
        if let Some(permit) = self.last.take() {
            permit.send(LegEvent::Closed(stats));
        }
    }
}
