//! What stands between a leg and its socket: nothing, the keys of SRTP, or a handshake that has yet to give them.
//! Descriptions and their keys are left to [`crate::sdp`], ciphers to [`crate::srtp`].
//!
//! An encrypted leg lets nothing through that is not authentic, also not to the latch: so nobody without the keys can
//! make it listen or send elsewhere.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::leg::Command;
use crate::dtls::{Handshakes, Report, is_dtls};
use crate::rtp::rtcp::is_rtcp;
use crate::sdp::{Agreed, Security};
use crate::srtp::Shield;

/// The guard of one leg.
#[derive(Debug, Default)]
pub struct Guard {
    state: State,
    /// The handshake, which stays to repeat its last flight when that was lost.
    handshake: Option<(u64, Handshakes)>,
    /// The packet let through last.
    clear: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    /// Everything passes as it is.
    #[default]
    Plain,
    /// Nothing passes: there are no keys yet, or none that fit.
    Waiting,
    Ready(Box<Shield>),
}

/// What becomes of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub enum Passed<'a> {
    /// It may be sound or a key, as what it now is.
    Rtp(&'a [u8]),
    /// It may be a report, as what it now is.
    Rtcp(&'a [u8]),
    /// It belongs to the handshake.
    Handshake,
    /// It is not from somebody who has the keys.
    Unauthentic,
    /// It is nothing that belongs on this leg.
    Invalid,
}

impl Guard {
    /// As agreed on. Made on the caller's thread, because keys are derived; a handshake begins at once and reports with
    /// commands to its leg through `send`, which says whether the leg still is.
    pub fn new(agreed: &Agreed, send: impl Fn(Command) -> bool + Send + 'static) -> Guard {
        match &agreed.security {
            Security::Plain => Guard::default(),
            Security::Sdes(keys) => {
                let state = Shield::new(keys).map_or(State::Waiting, |shield| State::Ready(Box::new(shield)));
                Guard { state, ..Guard::default() }
            }
            Security::Dtls(handshake) => {
                static NEXT: AtomicU64 = AtomicU64::new(1);
                let number = NEXT.fetch_add(1, Ordering::Relaxed);
                let reply = move |report| match report {
                    Report::Send { to, datagram } => send(Command::Datagram(to, datagram)),
                    Report::Done(keys) => {
                        Shield::new(&keys).is_some_and(|shield| send(Command::Secure(number, Box::new(shield))))
                    }
                    Report::Failed(why) => {
                        tracing::warn!(why, "a DTLS handshake failed; the call stays silent");
                        send(Command::Insecure(number, why));
                        false
                    }
                };
                let handshakes = Handshakes::begin(handshake.clone(), agreed.remote, Box::new(reply));
                Guard { state: State::Waiting, handshake: Some((number, handshakes)), clear: Vec::new() }
            }
        }
    }

    /// Takes the keys of a handshake, if it is the one that is still waited for.
    pub fn secure(&mut self, handshake: u64, shield: Box<Shield>) {
        if self.waits_for(handshake) {
            self.state = State::Ready(shield);
        }
    }

    /// Whether the keys of this handshake are still waited for.
    pub fn waits_for(&self, handshake: u64) -> bool {
        let expected = self.handshake.as_ref().is_some_and(|(number, _)| *number == handshake);
        expected && matches!(self.state, State::Waiting)
    }

    /// Looks at a datagram from the socket.
    pub fn admit<'a>(&'a mut self, datagram: &'a [u8], from: SocketAddr) -> Passed<'a> {
        if is_dtls(datagram) {
            let taken = self.handshake.as_mut().is_some_and(|(_, handshake)| handshake.datagram(from, datagram));
            return if taken { Passed::Handshake } else { Passed::Invalid };
        }
        let rtcp = is_rtcp(datagram);
        let packet: &[u8] = match &mut self.state {
            State::Plain => datagram,
            State::Waiting => return Passed::Unauthentic,
            State::Ready(shield) => {
                let authentic = if rtcp {
                    shield.unprotect_rtcp(datagram, &mut self.clear)
                } else {
                    shield.unprotect_rtp(datagram, &mut self.clear)
                };
                if !authentic {
                    return Passed::Unauthentic;
                }
                &self.clear
            }
        };
        if rtcp { Passed::Rtcp(packet) } else { Passed::Rtp(packet) }
    }

    /// How packets are to be protected on their way out; nothing if none may leave.
    pub fn outgoing(&mut self) -> Option<Option<&mut Shield>> {
        match &mut self.state {
            State::Plain => Some(None),
            State::Waiting => None,
            State::Ready(shield) => Some(Some(shield)),
        }
    }
}
