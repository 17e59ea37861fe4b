//! Transactions (RFC 3261 section 17 with the corrections of RFC 6026): matching, retransmission, and what leaves the endpoint.
//! What a request or response means is left to calls and to the endpoint.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::config::{Config, Peer, Protocol};
use super::event::{CallId, Event, Output, RequestId};
use super::timers::{CallTimer, Timer, Timers};
use crate::message::{Message, Method, Name, Request, Response};

/// A client transaction: the number in its branch, and whether it is the CANCEL of the one with that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ClientKey(u64, bool);

/// A server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(u64);

/// Whose a client transaction is, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Call(CallId, Purpose),
    Outside(RequestId),
    Nobody,
}

/// What a request within a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Invite,
    Reinvite,
    /// With an offer, or without one to refresh the session.
    Update {
        offer: bool,
    },
    Prack,
    Bye,
    Refer,
    Notify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientState {
    Calling,
    Proceeding,
    /// An INVITE was refused; its ACK is kept.
    Refused,
    /// An INVITE was accepted; more 2xx may come.
    Accepted,
}

struct Client {
    state: ClientState,
    owner: Owner,
    peer: Peer,
    /// Kept while a CANCEL, an ACK or a retry with credentials may be made of it.
    request: Option<Request>,
    /// What is sent again: the request, later the ACK of a refusal.
    bytes: Bytes,
    interval: Duration,
    invite: bool,
    cancel_wanted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ServerState {
    /// No final response yet.
    Proceeding,
    /// The final response is out; of an INVITE: a refusal that has no ACK yet.
    Completed,
    /// The refusal has its ACK.
    Confirmed,
    /// An INVITE was accepted: the call sends the 2xx again itself.
    Accepted,
}

struct Server {
    key: Box<str>,
    state: ServerState,
    reply_to: Peer,
    /// Until the final response.
    request: Option<Box<Request>>,
    last: Option<Bytes>,
    interval: Duration,
    call: Option<CallId>,
    invite: bool,
}

/// What a request turned out to be.
pub(super) enum Arrived {
    /// Nothing to do: a retransmission, or the ACK of a refusal.
    Absorbed,
    /// An ACK that no transaction takes: it is for a call.
    Ack(Box<Request>),
    /// New.
    New(ServerId, Box<Request>),
    /// Too many transactions.
    Overload(Box<Request>),
}

/// What a response turned out to be: whose, and the request if it is still known.
pub(super) struct Answered {
    pub owner: Owner,
    pub response: Response,
    pub peer: Peer,
    /// The transaction's request, handed over with the final response of all but accepted INVITEs.
    pub request: Option<Request>,
    /// What the transaction itself sent on hearing it: the ACK of a refusal, a CANCEL that waited.
    pub sent: Option<(Peer, Bytes)>,
}

/// Why a client transaction ended without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    Timeout,
    Transport,
}

/// What leads from the endpoint to the network and back.
pub(super) struct Net {
    pub now: Instant,
    pub config: Config,
    pub timers: Timers,
    pub out: VecDeque<Output>,
    /// What we write in Via and Contact towards a peer.
    local: Box<dyn Fn(Peer) -> SocketAddr + Send>,
    clients: HashMap<ClientKey, Client>,
    servers: HashMap<ServerId, Server>,
    server_keys: HashMap<Box<str>, ServerId>,
    next_server: u64,
    /// Requests and responses that were sent again.
    pub retransmitted: u64,
}

const COOKIE: &str = "z9hG4bK";

impl Net {
    pub fn new(config: Config, local: Box<dyn Fn(Peer) -> SocketAddr + Send>, now: Instant) -> Self {
        Net {
            now,
            config,
            timers: Timers::default(),
            out: VecDeque::new(),
            local,
            clients: HashMap::new(),
            servers: HashMap::new(),
            server_keys: HashMap::new(),
            next_server: 0,
            retransmitted: 0,
        }
    }

    pub fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    pub fn transmit(&mut self, to: Peer, bytes: Bytes) {
        self.out.push_back(Output::Transmit { to, bytes });
    }

    pub fn after(&mut self, wait: Duration, timer: Timer) {
        self.timers.at(self.now + wait, timer);
    }

    pub fn call_after(&mut self, wait: Duration, call: CallId, timer: CallTimer) {
        self.after(wait, Timer::Call(call, timer));
    }

    /// Our address as this peer sees it.
    pub fn local(&self, peer: Peer) -> SocketAddr {
        (self.local)(peer)
    }

    /// Our Contact towards this peer.
    pub fn contact(&self, peer: Peer, user: &str) -> String {
        let at = if user.is_empty() { String::new() } else { format!("{user}@") };
        let transport = match peer.protocol {
            Protocol::Udp => String::new(),
            protocol => format!(";transport={}", protocol.param()),
        };
        format!("<sip:{at}{}{transport}>", self.local(peer))
    }

    /// How many transactions there are.
    pub fn transactions(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    // ── Client side ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Sends a request in a transaction of its own; adds Via, Max-Forwards and User-Agent. Returns it with its bytes.
    pub fn send(&mut self, request: Request, peer: Peer, owner: Owner) -> (ClientKey, Bytes) {
        let key = ClientKey(rand::random(), false);
        self.send_as(key, request, peer, owner)
    }

    fn send_as(&mut self, key: ClientKey, mut request: Request, peer: Peer, owner: Owner) -> (ClientKey, Bytes) {
        request.headers.remove(&Name::Via);
        let via = format!("SIP/2.0/{} {};branch={COOKIE}{:016x};rport", peer.protocol.name(), self.local(peer), key.0);
        request.headers.push_front(Name::Via, via);
        if request.headers.get(&Name::MaxForwards).is_none() {
            request.headers.push(Name::MaxForwards, "70");
            request.headers.push(Name::UserAgent, self.config.user_agent.as_str());
        }
        let bytes = Bytes::from(request.to_bytes());
        let invite = request.method == Method::Invite;
        self.transmit(peer, bytes.clone());
        if !peer.protocol.is_reliable() {
            self.after(self.config.t1, Timer::ClientRetransmit(key));
        }
        self.after(self.config.patience(), Timer::ClientTimeout(key));
        let client = Client {
            state: ClientState::Calling,
            owner,
            peer,
            request: Some(request),
            bytes: bytes.clone(),
            interval: self.config.t1,
            invite,
            cancel_wanted: false,
        };
        self.clients.insert(key, client);
        (key, bytes)
    }

    /// Sends an ACK, which has no transaction. Returns its bytes, for the next time the 2xx comes.
    pub fn send_ack(&mut self, mut ack: Request, peer: Peer) -> Bytes {
        let branch: u64 = rand::random();
        let via = format!("SIP/2.0/{} {};branch={COOKIE}{branch:016x};rport", peer.protocol.name(), self.local(peer));
        ack.headers.push_front(Name::Via, via);
        ack.headers.push(Name::MaxForwards, "70");
        let bytes = Bytes::from(ack.to_bytes());
        self.transmit(peer, bytes.clone());
        bytes
    }

    /// Cancels an INVITE (section 9.1): at once if it has a provisional response, else as soon as it gets one. Returns
    /// what was sent.
    pub fn cancel(&mut self, key: ClientKey) -> Option<(Peer, Bytes)> {
        let client = self.clients.get_mut(&key)?;
        match client.state {
            ClientState::Calling => {
                client.cancel_wanted = true;
                None
            }
            ClientState::Proceeding => {
                client.cancel_wanted = false;
                let peer = client.peer;
                let invite = client.request.as_ref()?;
                let mut cancel = Request::new(Method::Cancel, invite.uri.clone());
                for header in &invite.headers {
                    match header.name {
                        Name::From | Name::To | Name::CallId | Name::Route => {
                            cancel.headers.push(header.name.clone(), header.value());
                        }
                        Name::CSeq => {
                            let seq = invite.headers.cseq().map_or(1, |cseq| cseq.seq);
                            cancel.headers.push(Name::CSeq, format!("{seq} CANCEL"));
                        }
                        _ => {}
                    }
                }
                let (_, bytes) = self.send_as(ClientKey(key.0, true), cancel, peer, Owner::Nobody);
                Some((peer, bytes))
            }
            ClientState::Refused | ClientState::Accepted => None,
        }
    }

    /// Takes a response. `None` when it belongs to no transaction, repeats a refusal, or is of no interest to its owner.
    pub fn response(&mut self, response: Response, peer: Peer) -> Option<Answered> {
        let via = response.headers.via()?;
        let number = u64::from_str_radix(via.branch().strip_prefix(COOKIE)?, 16).ok()?;
        let method = response.headers.cseq()?.method;
        let key = ClientKey(number, method == Method::Cancel);
        let client = self.clients.get_mut(&key)?;
        if client.invite != (method == Method::Invite) {
            return None;
        }
        let owner = client.owner;
        if response.status < 200 {
            if !matches!(client.state, ClientState::Calling | ClientState::Proceeding) {
                return None;
            }
            client.state = ClientState::Proceeding;
            if !client.invite {
                client.interval = self.config.t1 * 8;
            }
            let sent = if client.cancel_wanted { self.cancel(key) } else { None };
            return Some(Answered { owner, response, peer, request: None, sent });
        }
        if !client.invite {
            // Repetitions of a final response find nothing, which is all that timer K is for.
            let client = self.clients.remove(&key)?;
            return Some(Answered { owner, response, peer, request: client.request, sent: None });
        }
        if response.status < 300 {
            if client.state == ClientState::Refused {
                return None;
            }
            let first = client.state != ClientState::Accepted;
            client.state = ClientState::Accepted;
            client.bytes = Bytes::new();
            let request = client.request.clone();
            if first {
                self.after(self.config.patience(), Timer::ClientGone(key));
            }
            return Some(Answered { owner, response, peer, request, sent: None });
        }
        match client.state {
            ClientState::Refused => {
                let (ack, to) = (client.bytes.clone(), client.peer);
                self.retransmitted += 1;
                self.transmit(to, ack);
                None
            }
            ClientState::Accepted => None,
            ClientState::Calling | ClientState::Proceeding => {
                let request = client.request.take()?;
                let ack = Bytes::from(ack_of_refusal(&request, &response).to_bytes());
                client.bytes = ack.clone();
                client.state = ClientState::Refused;
                let to = client.peer;
                self.transmit(to, ack.clone());
                self.after(self.config.patience(), Timer::ClientGone(key));
                Some(Answered { owner, response, peer, request: Some(request), sent: Some((to, ack)) })
            }
        }
    }

    /// Forgets a request whose answer no longer matters; it is not sent again.
    pub fn forget(&mut self, key: ClientKey) {
        self.clients.remove(&key);
    }

    /// The client transactions that a failed transport leaves without an answer.
    pub fn unreachable(&mut self, peer: Peer) -> Vec<(Owner, ClientKey)> {
        let waiting = |client: &Client| {
            client.peer == peer && matches!(client.state, ClientState::Calling | ClientState::Proceeding)
        };
        let lost: Vec<_> = self.clients.iter().filter(|(_, c)| waiting(c)).map(|(key, c)| (c.owner, *key)).collect();
        for (_, key) in &lost {
            self.clients.remove(key);
        }
        lost
    }

    // ── Server side ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Takes a request whose top Via knows where it came from.
    pub fn request(&mut self, request: Request, peer: Peer) -> Arrived {
        let ack = request.method == Method::Ack;
        let key = server_key(&request, if ack { &Method::Invite } else { &request.method });
        if let Some(id) = self.server_keys.get(&*key)
            && let Some(server) = self.servers.get_mut(id)
        {
            if ack {
                return match server.state {
                    ServerState::Completed => {
                        server.state = ServerState::Confirmed;
                        server.last = None;
                        let wait = if peer.protocol.is_reliable() { Duration::ZERO } else { self.config.t1 * 10 };
                        let id = *id;
                        self.after(wait, Timer::ServerGone(id));
                        Arrived::Absorbed
                    }
                    ServerState::Confirmed => Arrived::Absorbed,
                    // An ACK of a 2xx has a branch of its own, but not everybody knows that.
                    _ => Arrived::Ack(Box::new(request)),
                };
            }
            if let (Some(last), true) = (server.last.clone(), server.state != ServerState::Confirmed) {
                self.retransmitted += 1;
                let to = server.reply_to;
                self.transmit(to, last);
            }
            return Arrived::Absorbed;
        }
        if ack {
            return Arrived::Ack(Box::new(request));
        }
        if self.transactions() >= self.config.max_transactions {
            return Arrived::Overload(Box::new(request));
        }
        self.next_server += 1;
        let id = ServerId(self.next_server);
        let invite = request.method == Method::Invite;
        let server = Server {
            key: key.clone(),
            state: ServerState::Proceeding,
            reply_to: reply_to(&request, peer),
            request: Some(Box::new(request.clone())),
            last: None,
            interval: self.config.t1,
            call: None,
            invite,
        };
        self.servers.insert(id, server);
        self.server_keys.insert(key, id);
        if invite {
            self.after(Duration::from_millis(150).min(self.config.t1), Timer::Trying(id));
        }
        Arrived::New(id, Box::new(request))
    }

    /// Answers a request without keeping anything.
    pub fn respond_stateless(&mut self, request: &Request, peer: Peer, status: u16, headers: Vec<(Name, String)>) {
        if request.method == Method::Ack {
            return;
        }
        let tag = format!("{:016x}", rand::random::<u64>());
        let mut response = request.respond(status, Some(&tag));
        for (name, value) in headers {
            response.headers.push(name, value);
        }
        self.transmit(reply_to(request, peer), Bytes::from(response.to_bytes()));
    }

    /// Marks the call that a transaction belongs to, so that a CANCEL finds it.
    pub fn bind(&mut self, id: ServerId, call: CallId) {
        if let Some(server) = self.servers.get_mut(&id) {
            server.call = Some(call);
        }
    }

    /// The INVITE that a CANCEL means, and its call, while it has no final response.
    pub fn cancelled(&self, cancel: &Request) -> Option<(ServerId, Option<CallId>, bool)> {
        let id = *self.server_keys.get(&*server_key(cancel, &Method::Invite))?;
        let server = self.servers.get(&id)?;
        Some((id, server.call, server.state == ServerState::Proceeding))
    }

    /// Answers a request. `None` when it has its final response already. Returns the bytes and where they went.
    pub fn reply(
        &mut self,
        id: ServerId,
        status: u16,
        tag: Option<&str>,
        headers: Vec<(Name, String)>,
        body: Bytes,
    ) -> Option<(Bytes, Peer)> {
        let server = self.servers.get_mut(&id)?;
        if server.state != ServerState::Proceeding {
            return None;
        }
        let mut response = server.request.as_ref()?.respond(status, tag);
        for (name, value) in headers {
            response.headers.push(name, value);
        }
        response.body = body;
        self.reply_with(id, response)
    }

    /// Answers with a response made elsewhere.
    pub fn reply_with(&mut self, id: ServerId, mut response: Response) -> Option<(Bytes, Peer)> {
        let server = self.servers.get_mut(&id)?;
        if server.state != ServerState::Proceeding {
            return None;
        }
        if response.status > 100 && response.headers.get(&Name::Server).is_none() {
            response.headers.push(Name::Server, self.config.user_agent.as_str());
        }
        let bytes = Bytes::from(response.to_bytes());
        let to = server.reply_to;
        server.last = Some(bytes.clone());
        let reliable = to.protocol.is_reliable();
        if response.status >= 200 {
            server.request = None;
            let accepted = server.invite && response.status < 300;
            server.state = if accepted { ServerState::Accepted } else { ServerState::Completed };
            let wait = if reliable && !server.invite { Duration::ZERO } else { self.config.patience() };
            let again = server.invite && !accepted && !reliable;
            self.after(wait, Timer::ServerGone(id));
            if again {
                self.after(self.config.t1, Timer::ServerRetransmit(id));
            }
        }
        self.transmit(to, bytes.clone());
        Some((bytes, to))
    }

    // ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// What fired for a transaction; a client transaction that is lost is the owner's business.
    pub fn fired(&mut self, timer: Timer) -> Option<(Owner, ClientKey, Lost)> {
        match timer {
            Timer::ClientRetransmit(key) => {
                let t2 = self.config.t2();
                let client = self.clients.get_mut(&key)?;
                let wanted = match client.state {
                    ClientState::Calling => true,
                    ClientState::Proceeding => !client.invite,
                    _ => false,
                };
                if wanted {
                    client.interval *= 2;
                    if !client.invite {
                        client.interval = client.interval.min(t2);
                    }
                    let (to, bytes, wait) = (client.peer, client.bytes.clone(), client.interval);
                    self.retransmitted += 1;
                    self.transmit(to, bytes);
                    self.after(wait, Timer::ClientRetransmit(key));
                }
            }
            Timer::ClientTimeout(key) => {
                let client = self.clients.get(&key)?;
                let lost = match client.state {
                    ClientState::Calling => true,
                    // An INVITE may ring for minutes; whoever placed it decides when that is enough.
                    ClientState::Proceeding => !client.invite,
                    _ => false,
                };
                if lost {
                    let owner = client.owner;
                    self.clients.remove(&key);
                    return Some((owner, key, Lost::Timeout));
                }
            }
            Timer::ClientGone(key) => {
                self.clients.remove(&key);
            }
            Timer::ServerRetransmit(id) => {
                let t2 = self.config.t2();
                let server = self.servers.get_mut(&id)?;
                if server.state == ServerState::Completed
                    && let Some(bytes) = server.last.clone()
                {
                    server.interval = (server.interval * 2).min(t2);
                    let (to, wait) = (server.reply_to, server.interval);
                    self.retransmitted += 1;
                    self.transmit(to, bytes);
                    self.after(wait, Timer::ServerRetransmit(id));
                }
            }
            Timer::Trying(id) => {
                if self.servers.get(&id).is_some_and(|s| s.last.is_none() && s.state == ServerState::Proceeding) {
                    let response = self.servers.get(&id)?.request.as_ref()?.respond(100, None);
                    self.reply_with(id, response);
                }
            }
            Timer::ServerGone(id) => {
                if let Some(server) = self.servers.remove(&id) {
                    self.server_keys.remove(&server.key);
                }
            }
            Timer::Call(..) => {}
        }
        None
    }
}

/// Where the response to a request goes: back over the stream, or by the Via (RFC 3261 section 18.2.2).
fn reply_to(request: &Request, peer: Peer) -> Peer {
    if peer.protocol.is_reliable() {
        return peer;
    }
    let by_via = request.headers.via().and_then(|via| via.response_address());
    Peer { protocol: peer.protocol, addr: by_via.unwrap_or(peer.addr) }
}

/// RFC 3261 section 17.2.3; the second form is for peers of RFC 2543.
fn server_key(request: &Request, method: &Method) -> Box<str> {
    let headers = &request.headers;
    let Some(via) = headers.via() else { return "".into() };
    let branch = via.branch();
    let place = (&via.host, via.port.unwrap_or(5060));
    if let Some(unique) =
        via.params.value("branch").and_then(|branch| branch.strip_prefix(COOKIE)).filter(|unique| !unique.is_empty())
    {
        format!("{unique}|{}:{}|{method}", place.0, place.1).into()
    } else {
        let seq = headers.cseq().map_or(0, |cseq| cseq.seq);
        let from = headers.tag(&Name::From).unwrap_or_default();
        format!("{}|{from}|{seq}|{branch}|{}:{}|{method}", headers.call_id(), place.0, place.1).into()
    }
}

/// RFC 3261 section 17.1.1.3.
fn ack_of_refusal(invite: &Request, response: &Response) -> Request {
    let mut ack = Request::new(Method::Ack, invite.uri.clone());
    for header in &invite.headers {
        match header.name {
            Name::From | Name::CallId | Name::Route | Name::MaxForwards => {
                ack.headers.push(header.name.clone(), header.value());
            }
            Name::Via if ack.headers.get(&Name::Via).is_none() => ack.headers.push(Name::Via, header.value()),
            Name::To => ack.headers.push(Name::To, response.headers.get(&Name::To).unwrap_or(header.value())),
            Name::CSeq => {
                let seq = invite.headers.cseq().map_or(1, |cseq| cseq.seq);
                ack.headers.push(Name::CSeq, format!("{seq} ACK"));
            }
            _ => {}
        }
    }
    ack
}

/// A message on its way in, for whoever only knows bytes.
pub(super) fn call_tag(message: &Message) -> Option<CallId> {
    let headers = message.headers();
    let tag = match message {
        Message::Request(_) => headers.tag(&Name::To),
        Message::Response(_) => headers.tag(&Name::From),
    };
    CallId::from_tag(tag?)
}
