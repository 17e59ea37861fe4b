//! The media half of one call: its RTP socket, its leg, and what the two sides have agreed on so far.
//! Dialogs and messages are left to the call.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard};

use audio::codec::Codec;
use tokio::sync::watch;

use super::SipError;
use super::agent::Core;
use super::ports::local_ip_towards;
use crate::media::{Leg, LegConfig, LegEvents};
use crate::sdp::{Agreed, Description, Direction, Local, SdpError};

pub(super) struct Session {
    local: Mutex<Local>,
    leg: Leg,
    /// Whether the peer listens to us; false while it has us on hold.
    held: watch::Sender<bool>,
}

impl Session {
    /// Opens media for an offer: the session, its events, and our answer.
    pub(super) fn answering(
        core: &Core,
        peer: IpAddr,
        offer: &Description,
        record: bool,
    ) -> Result<(Self, LegEvents, String), SipError> {
        let (socket, mut local) = prepare(core, peer)?;
        let (answer, agreed) = local.answer(offer).map_err(no_media)?;
        let (session, events) = Session::open(core, socket, local, Some(agreed), record)?;
        Ok((session, events, answer))
    }

    /// Opens media towards somebody whose description is not known yet: the session, its events, and our offer.
    pub(super) fn offering(core: &Core, peer: IpAddr, record: bool) -> Result<(Self, LegEvents, String), SipError> {
        let (socket, mut local) = prepare(core, peer)?;
        let offer = local.offer();
        let (session, events) = Session::open(core, socket, local, None, record)?;
        Ok((session, events, offer))
    }

    fn open(
        core: &Core,
        socket: std::net::UdpSocket,
        local: Local,
        agreed: Option<Agreed>,
        record: bool,
    ) -> Result<(Self, LegEvents), SipError> {
        let config = LegConfig {
            wire: socket.into(),
            // Nothing may leave before the leg has been told all of the agreement.
            remote: None,
            codec: agreed.as_ref().map_or(Codec::default(), |a| a.codec),
            telephone_event: agreed.as_ref().and_then(|a| a.telephone_event),
            record,
        };
        let (leg, events) = core.clock.open_leg(config).map_err(SipError::Media)?;
        let session = Session { local: Mutex::new(local), leg, held: watch::Sender::new(false) };
        if let Some(agreed) = agreed {
            session.apply(agreed);
        }
        Ok((session, events))
    }

    pub(super) fn leg(&self) -> &Leg {
        &self.leg
    }

    pub(super) fn held(&self) -> watch::Receiver<bool> {
        self.held.subscribe()
    }

    /// The codec agreed on, once there is one.
    pub(super) fn codec(&self) -> Option<Codec> {
        self.local().codec()
    }

    /// What we now want to do with audio; comes into force with the next offer.
    pub(super) fn want(&self, direction: Direction) -> Direction {
        std::mem::replace(&mut self.local().wanted, direction)
    }

    /// Our offer in this session.
    pub(super) fn offer(&self) -> String {
        self.local().offer()
    }

    /// Answers their new offer and lets the leg follow it.
    pub(super) fn answer(&self, offer: &[u8]) -> Result<String, SdpError> {
        let offer = Description::parse(offer)?;
        let (answer, agreed) = self.local().answer(&offer)?;
        self.apply(agreed);
        Ok(answer)
    }

    /// Takes their answer to our offer and lets the leg follow it.
    pub(super) fn accept(&self, answer: &[u8]) -> Result<(), SdpError> {
        let answer = Description::parse(answer)?;
        let agreed = self.local().accept(&answer)?;
        self.apply(agreed);
        Ok(())
    }

    fn apply(&self, agreed: Agreed) {
        self.leg.agree(&agreed);
        self.follow_direction(agreed.direction);
    }

    fn follow_direction(&self, direction: Direction) {
        let held = !direction.sends();
        let changed = self.held.send_if_modified(|now| std::mem::replace(now, held) != held);
        if changed {
            self.leg.pause(held);
        }
    }

    fn local(&self) -> MutexGuard<'_, Local> {
        self.local.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn prepare(core: &Core, peer: IpAddr) -> Result<(std::net::UdpSocket, Local), SipError> {
    let (socket, port) = core.ports.bind().map_err(SipError::Media)?;
    let bound = core.config.bind.ip();
    let ip = match core.config.media_ip.or(core.config.advertised_ip) {
        Some(ip) => ip,
        None if bound.is_unspecified() => local_ip_towards(peer).map_err(SipError::Media)?,
        None => bound,
    };
    Ok((socket, Local::new(SocketAddr::new(ip, port), core.config.media.clone())))
}

pub(super) fn no_media(error: SdpError) -> SipError {
    SipError::NoMedia(error.to_string())
}
