//! One caller of the load generator: what it is going to do, where its call stands, and its ear and mouth.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use super::desk::Desk;
use super::rtp::{Ear, Heard, Mouth};
use super::sys::Nanos;
use super::talk::{Script, Talker};
use super::wire;

/// What a caller is going to do. Times count from the answer, unless said otherwise.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Sends and hears sound; without it the call is signalling alone.
    pub sound: bool,
    /// Sends no sound, only keys.
    pub silent: bool,
    /// Hangs up after this time.
    pub hang_up_after: Option<Nanos>,
    /// Gives up after this time from the INVITE.
    pub cancel_after: Option<Nanos>,
    /// Presses `1` after these times.
    pub keys: Vec<Nanos>,
    /// Asks for a person with `0` after this time. Then it is no failure when the other side ends the call.
    pub person_after: Option<Nanos>,
    /// Holds after the first time, and takes the call up again after the second.
    pub hold: Option<(Nanos, Nanos)>,
    /// The share of its packets that the network loses.
    pub loss: f32,
    /// Keeps what it hears, for learning the prompts.
    pub remember: bool,
    /// Talks.
    pub talk: Option<Arc<Script>>,
}

/// Where a call stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The INVITE is out.
    Inviting,
    /// The INVITE is out, and taken back.
    Cancelling,
    /// A phone of ours that rings.
    Ringing,
    /// Answered.
    Up,
    /// BYE is out.
    Leaving,
}

/// A request that waits for its final answer, and when it is sent again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting {
    pub method: Method,
    pub cseq: u32,
    pub since: Nanos,
    /// Until it is sent again; doubled each time.
    pub interval: Nanos,
    /// A provisional answer came: an INVITE is not sent again.
    pub heard: bool,
}

/// The requests that wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    Invite,
    Reinvite(wire::Direction),
    Cancel,
    Bye,
    Register,
    Refer,
}

impl Method {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invite | Self::Reinvite(_) => "INVITE",
            Self::Cancel => "CANCEL",
            Self::Bye => "BYE",
            Self::Register => "REGISTER",
            Self::Refer => "REFER",
        }
    }
}

/// A phone that keeps its registration alive.
pub struct Registration {
    pub user: String,
    pub password: String,
    /// From one to the next.
    pub every: Nanos,
    /// The answer to the challenge, for the request that is out.
    pub authorization: Option<String>,
}

/// A caller.
pub struct Call {
    pub id: u64,
    pub local: SocketAddr,
    pub state: State,
    pub plan: Plan,
    pub invited_at: Nanos,
    pub answered_at: Nanos,
    pub to: String,
    pub remote: String,
    pub routes: Vec<String>,
    /// Of the last request.
    pub cseq: u32,
    pub waiting: Option<Waiting>,
    /// CANCEL has a transaction beside the INVITE's.
    pub cancelling: Option<Waiting>,
    pub sound: Option<Box<Sound>>,
    pub registration: Option<Box<Registration>>,
    /// What makes it a call of an agent's phone.
    pub desk: Option<Box<Desk>>,
}

impl Call {
    /// A call that is about to begin.
    pub fn new(id: u64, local: SocketAddr, plan: Plan, sound: Option<Box<Sound>>) -> Self {
        Self {
            id,
            local,
            state: State::Inviting,
            plan,
            invited_at: 0,
            answered_at: 0,
            to: String::new(),
            remote: String::new(),
            routes: Vec::new(),
            cseq: 1,
            waiting: None,
            cancelling: None,
            sound,
            registration: None,
            desk: None,
        }
    }

    /// Its side of the wire.
    pub fn wire<'a>(&'a self, run: u32, target: &'a str) -> wire::Caller<'a> {
        let desk = self.desk.as_deref();
        wire::Caller {
            id: self.id,
            run,
            local: self.local,
            target: desk.map_or(target, |desk| &desk.target),
            call_id: desk.map_or("", |desk| &desk.call_id),
            from: desk.map_or("", |desk| &desk.from),
            to: &self.to,
            remote: &self.remote,
            routes: &self.routes,
        }
    }
}

/// The sound of a call.
pub struct Sound {
    pub socket: UdpSocket,
    pub mouth: Mouth,
    pub ear: Ear,
    pub remote: Option<SocketAddr>,
    /// The next packet is due.
    pub due: Nanos,
    /// When the key went out whose prompt has not been heard yet.
    pub pressed_at: Option<Nanos>,
    /// Keys sent so far: says which prompt comes next.
    pub keys: u32,
    /// A packet that the network holds back to send it after the next.
    pub delayed: Option<Vec<u8>>,
    /// Voiced packets, when the plan says to remember.
    pub heard: Vec<Heard>,
    pub held: bool,
    pub talker: Option<Box<Talker>>,
}

impl Sound {
    /// A socket of its own for one call.
    pub fn open(ip: IpAddr, seed: u64) -> std::io::Result<Box<Self>> {
        // A quarter of a second of packets: it is read every 20 ms.
        let socket = super::sys::stamped(UdpSocket::bind((ip, 0))?, 65_536)?;
        Ok(Box::new(Self {
            socket,
            mouth: Mouth::new(seed),
            ear: Ear::default(),
            remote: None,
            due: 0,
            pressed_at: None,
            keys: 0,
            delayed: None,
            heard: Vec::new(),
            held: false,
            talker: None,
        }))
    }
}
