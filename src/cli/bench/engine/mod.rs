//! The load generator: one thread, one SIP socket for all callers, an RTP socket for each. It never waits for an answer before it
//! begins the next call (open loop), and every time that it reports comes from the kernel's stamp on the datagram, so that its own
//! lateness is not counted as the service's.

mod answers;
mod desks;
mod sound;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

use super::caller::{Call, Method, Plan, Registration, Sound, State, Waiting};
use super::desk::Phone;
use super::rtp::{Heard, Marks};
use super::sys::{self, Inbox, MS, Nanos, Outbox, SECOND};
use super::talk::{Script, Talker};
use super::tally::Tally;
use super::wire::Direction;

/// T1 and T2 of RFC 3261 section 17.1.
const T1: Nanos = 500 * MS;
const T2: Nanos = 4 * SECOND;
/// From one packet of sound to the next.
const TICK: Nanos = 20 * MS;
/// Datagrams read before timers are looked at again.
const ROUNDS: usize = 8;
/// Most requests that wait for the socket.
const WAITING: usize = 64;
/// The mark of a datagram whose time of leaving nobody asks for.
const UNMARKED: u64 = u64::MAX;

/// Whom to call, and from where.
#[derive(Clone)]
pub struct Target {
    /// The URI.
    pub uri: String,
    /// Where its requests go.
    pub address: SocketAddr,
    /// On loopback: from how many addresses calls come, as from so many peers.
    pub sources: u8,
}

/// Something to do at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Again(u32),
    CancelAgain,
    GiveUp,
    HangUp,
    Press,
    Hold,
    Resume,
    Sound,
    Register,
    /// Asks for a person.
    Person,
    /// A phone answers; then again after so long, until that is acknowledged.
    Answer(Nanos),
    Refuse,
    /// What an agent wants to do with a caller.
    Errand,
}

/// Calls that begin at a steady rate.
struct Offer {
    begun: Nanos,
    rate: f64,
    made: u64,
    total: u64,
    plan: Box<dyn FnMut(&mut StdRng) -> Plan + Send>,
}

impl Offer {
    fn due(&self) -> Option<Nanos> {
        (self.made < self.total).then(|| self.begun + (self.made as f64 / self.rate * 1e9) as Nanos)
    }
}

/// The generator.
pub struct Engine {
    target: Target,
    socket: UdpSocket,
    /// The address of each source.
    locals: Vec<SocketAddr>,
    /// Where callers hear; SIP alone gets a socket that nobody reads.
    ip: IpAddr,
    unheard: UdpSocket,
    run: u32,
    next: u64,
    calls: HashMap<u64, Call>,
    /// Agents' phones, and the calls that rang them by their Call-ID.
    phones: Vec<Phone>,
    rung: HashMap<String, u64>,
    due: BinaryHeap<Reverse<(Nanos, u64, Due)>>,
    inbox: Inbox,
    ears: Inbox,
    outbox: Outbox,
    offer: Option<Offer>,
    random: StdRng,
    /// Samples of pacing are kept while this is set.
    pub pacing: bool,
    /// By which the prompts are known.
    pub marks: Option<Marks>,
    /// What was counted so far.
    pub tally: Tally,
    /// What callers that remember have heard: all voiced packets, and when the first key went out.
    pub remembered: Vec<(Vec<Heard>, Nanos)>,
    stop: Arc<AtomicBool>,
}

impl Engine {
    /// A generator for this target. It stops early when `stop` is set.
    pub fn new(target: Target, seed: u64, stop: Arc<AtomicBool>) -> std::io::Result<Self> {
        let loopback = target.address.ip().is_loopback() && target.address.is_ipv4();
        let many = if loopback && target.sources > 1 { sys::all_of_loopback().ok() } else { None };
        let (socket, ips) = match many {
            Some(socket) => {
                let ips = (1..=target.sources).map(|last| Some(Ipv4Addr::new(127, 0, 0, last)));
                (socket, ips.map(|ip| ip.map(IpAddr::V4)).collect())
            }
            None => (UdpSocket::bind(unspecified_like(&target.address))?, vec![None]),
        };
        let mut ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
        if ips == [None] {
            socket.connect(target.address)?;
            ip = socket.local_addr()?.ip();
        }
        let port = socket.local_addr()?.port();
        let locals = ips.into_iter().map(|of| SocketAddr::new(of.unwrap_or(ip), port)).collect();
        let mut random = StdRng::seed_from_u64(seed);
        Ok(Self {
            target,
            socket: sys::stamped(socket, 32 << 20)?,
            locals,
            ip,
            unheard: UdpSocket::bind((ip, 0))?,
            run: random.next_u32(),
            next: 1,
            calls: HashMap::new(),
            phones: Vec::new(),
            rung: HashMap::new(),
            due: BinaryHeap::new(),
            inbox: Inbox::new(sys::BATCH),
            ears: Inbox::new(4),
            outbox: Outbox::default(),
            offer: None,
            random,
            pacing: false,
            marks: None,
            tally: Tally::default(),
            remembered: Vec::new(),
            stop,
        })
    }

    /// Calls and registrations that are not over.
    pub fn live(&self) -> usize {
        self.calls.len()
    }

    /// Callers whose calls are up.
    pub fn up(&self) -> usize {
        let is_caller = |call: &&Call| call.registration.is_none() && call.desk.is_none();
        self.calls.values().filter(is_caller).filter(|call| call.state == State::Up).count()
    }

    /// Whether the operator wants to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// A random number below `below`.
    pub fn below(&mut self, below: Nanos) -> Nanos {
        self.random.random_range(0..below.max(1))
    }

    /// Offers `total` calls at `rate` a second from now on, while [`Engine::run`] runs.
    pub fn offer(&mut self, rate: f64, total: u64, plan: impl FnMut(&mut StdRng) -> Plan + Send + 'static) {
        self.offer = Some(Offer { begun: sys::now(), rate: rate.max(0.001), made: 0, total, plan: Box::new(plan) });
    }

    /// Offers no more.
    pub fn stop_offering(&mut self) {
        self.offer = None;
    }

    /// Whether calls of an offer are yet to come.
    pub fn is_offering(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.due().is_some())
    }

    /// Runs until `until`, or until `enough` says so after something happened, or until it is stopped.
    pub fn run(&mut self, until: Nanos, mut enough: impl FnMut(&Self) -> bool) {
        loop {
            let now = sys::now();
            if now >= until || self.is_stopped() || enough(self) {
                break;
            }
            self.begin_due(now);
            self.do_due(now);
            self.flush();
            let mut taken = 0;
            for _ in 0..ROUNDS {
                let count = self.inbox.fill(&self.socket);
                taken += count;
                self.take(count);
                self.flush();
                if !self.inbox.was_full() {
                    break;
                }
            }
            if taken == 0 {
                let timer = self.due.peek().map_or(Nanos::MAX, |Reverse((at, _, _))| *at);
                // Calls that are due within a quarter of a millisecond begin together.
                let offer = self.offer.as_ref().and_then(Offer::due).map_or(Nanos::MAX, |at| at.max(now + MS / 4));
                sys::wait(&self.socket, until.min(timer).min(offer).min(now + 50 * MS));
            }
        }
        self.flush();
    }

    /// Begins a call now and returns its number, or `None` for want of a socket.
    pub fn begin(&mut self, plan: Plan) -> Option<u64> {
        let id = self.next;
        self.next += 1;
        self.tally.offered += 1;
        let sound = match plan.sound {
            true => match Sound::open(self.ip, self.random.next_u64()) {
                Ok(mut sound) => {
                    let talker = |script: &Arc<Script>| {
                        Talker::new(script.clone(), StdRng::seed_from_u64(self.random.next_u64()))
                    };
                    sound.talker = plan.talk.as_ref().map(talker).map(Box::new);
                    Some(sound)
                }
                Err(_) => {
                    self.tally.not_begun += 1;
                    return None;
                }
            },
            false => None,
        };
        let local = self.locals[id as usize % self.locals.len()];
        let now = sys::now();
        if let Some(after) = plan.cancel_after {
            self.at(now + after, id, Due::GiveUp);
        }
        self.calls.insert(id, Call::new(id, local, plan, sound));
        self.request(id, Method::Invite, 1, now);
        Some(id)
    }

    /// Registers a phone, again and again. It takes the calls that it is rung for, and transfers some of them.
    pub fn register(&mut self, user: &str, password: &str, every: Nanos) {
        let id = self.next;
        self.next += 1;
        self.furnish(user, password, self.locals[id as usize % self.locals.len()]);
        let mut call = Call::new(id, self.locals[id as usize % self.locals.len()], Plan::default(), None);
        let registration = Registration { user: user.into(), password: password.into(), every, authorization: None };
        call.registration = Some(Box::new(registration));
        call.state = State::Up;
        self.calls.insert(id, call);
        self.request(id, Method::Register, 1, sys::now());
    }

    /// Lets the phones be: they take no more calls, and are forgotten when their bindings expire.
    pub fn end_registrations(&mut self) {
        self.calls.retain(|_, call| call.registration.is_none());
        self.phones.iter_mut().for_each(|phone| phone.user.clear());
    }

    /// Presses `1` in every call, at times that `when` picks for it (from now).
    pub fn press(&mut self, mut when: impl FnMut(&mut StdRng) -> Vec<Nanos>) {
        let now = sys::now();
        let mut ids: Vec<u64> = self.calls.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            for after in when(&mut self.random) {
                self.at(now + after, id, Due::Press);
            }
        }
    }

    /// Lets callers finish what they are saying, and say no more.
    pub fn stop_talking(&mut self) {
        let sounds = self.calls.values_mut().filter_map(|call| call.sound.as_mut());
        sounds.filter_map(|sound| sound.talker.as_mut()).for_each(|talker| talker.stop());
    }

    /// Hangs every call up, spread over a time so that the service is not flooded.
    pub fn hang_up_all(&mut self, over: Nanos) {
        let ids: Vec<u64> = self.calls.values().filter(|c| c.registration.is_none()).map(|call| call.id).collect();
        let (now, step) = (sys::now(), over / ids.len().max(1) as u64);
        for (place, id) in ids.into_iter().enumerate() {
            self.at(now + step * place as u64, id, Due::HangUp);
        }
    }

    fn at(&mut self, at: Nanos, id: u64, due: Due) {
        self.due.push(Reverse((at, id, due)));
    }

    fn begin_due(&mut self, now: Nanos) {
        let Some(mut offer) = self.offer.take() else { return };
        while let Some(at) = offer.due().filter(|at| *at <= now) {
            offer.made += 1;
            let plan = (offer.plan)(&mut self.random);
            self.begin(plan);
            self.tally.lateness.add(sys::now().saturating_sub(at));
            if self.outbox.len() >= WAITING {
                self.flush();
            }
        }
        self.offer = Some(offer);
    }

    fn do_due(&mut self, now: Nanos) {
        while let Some(Reverse((at, id, due))) = self.due.peek().copied() {
            if at > now {
                break;
            }
            self.due.pop();
            match due {
                Due::Again(cseq) => self.again(id, Some(cseq), now),
                Due::CancelAgain => self.again(id, None, now),
                Due::GiveUp => self.give_up(id, now),
                Due::HangUp => self.hang_up(id, now),
                Due::Press => self.key_down(id, '1', now),
                Due::Hold => self.hold(id, Direction::Hold, now),
                Due::Resume => self.hold(id, Direction::Both, now),
                Due::Sound => self.speak(id, now),
                Due::Person => self.key_down(id, '0', now),
                Due::Answer(interval) => self.pick_up(id, interval, now),
                Due::Refuse => self.refuse(id, "486 Busy Here"),
                Due::Errand => self.errand(id, now),
                Due::Register => {
                    if let Some(call) = self.calls.get_mut(&id) {
                        call.cseq += 1;
                        let cseq = call.cseq;
                        self.request(id, Method::Register, cseq, now);
                    }
                }
            }
            if self.outbox.len() >= WAITING {
                self.flush();
            }
        }
    }

    /// Sends what waits; an INVITE's time is that of its leaving.
    fn flush(&mut self) {
        let Self { outbox, socket, target, calls, .. } = self;
        if outbox.len() > 0 {
            outbox.send(socket, &target.address, |id, at| {
                if let Some(call) = calls.get_mut(&id).filter(|call| call.invited_at == 0) {
                    call.invited_at = at;
                }
            });
        }
    }

    /// Sends a request and sees to its repetition.
    fn request(&mut self, id: u64, method: Method, cseq: u32, now: Nanos) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let waiting = Waiting { method, cseq, since: now, interval: T1, heard: false };
        let due = if method == Method::Cancel {
            call.cancelling = Some(waiting);
            Due::CancelAgain
        } else {
            call.waiting = Some(waiting);
            Due::Again(cseq)
        };
        self.write(id, waiting);
        self.at(now + T1, id, due);
    }

    fn write(&mut self, id: u64, waiting: Waiting) {
        let Self { calls, outbox, target, run, unheard, locals, ip, .. } = self;
        let Some(call) = calls.get(&id) else { return };
        let source = source_of(call.local, locals.len());
        let port = |socket: &UdpSocket| socket.local_addr().map_or(0, |address| address.port());
        let rtp = SocketAddr::new(*ip, call.sound.as_ref().map_or_else(|| port(unheard), |sound| port(&sound.socket)));
        let wire = call.wire(*run, &target.uri);
        let Waiting { method, cseq, .. } = waiting;
        let mark = if method == Method::Invite { id } else { UNMARKED };
        outbox.put(source, mark, |out| match method {
            Method::Invite => {
                let authorization = call.desk.as_ref().and_then(|desk| desk.authorization.as_deref());
                wire.invite(out, cseq, rtp, Direction::Both, authorization);
            }
            Method::Reinvite(direction) => wire.invite(out, cseq, rtp, direction, None),
            Method::Refer => wire.refer(out, cseq, call.desk.as_ref().map_or("", |desk| &desk.refer_to)),
            Method::Cancel => wire.cancel(out, cseq),
            Method::Bye => wire.bye(out, cseq),
            Method::Register => {
                if let Some(registration) = &call.registration {
                    wire.register(out, cseq, &registration.user, registration.authorization.as_deref());
                }
            }
        });
    }

    /// Timers A, E and their like: the request again, or the end of patience.
    fn again(&mut self, id: u64, cseq: Option<u32>, now: Nanos) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let slot = if cseq.is_some() { &mut call.waiting } else { &mut call.cancelling };
        let Some(waiting) = slot.as_mut().filter(|waiting| cseq.is_none_or(|cseq| cseq == waiting.cseq)) else {
            return;
        };
        let invite = matches!(waiting.method, Method::Invite | Method::Reinvite(_));
        if now.saturating_sub(waiting.since) >= 64 * T1 {
            let method = waiting.method;
            *slot = None;
            match method {
                Method::Register => {
                    self.tally.not_registered += 1;
                    self.register_later(id, now);
                }
                Method::Reinvite(_) => self.tally.holds_refused += 1,
                _ => {
                    self.tally.timed_out += 1;
                    self.end(id);
                }
            }
            return;
        }
        waiting.interval = if invite { waiting.interval * 2 } else { (waiting.interval * 2).min(T2) };
        let (copy, next) = (*waiting, now + waiting.interval);
        if !(invite && copy.heard) {
            self.tally.retransmitted += 1;
            self.write(id, copy);
        }
        self.at(next, id, cseq.map_or(Due::CancelAgain, Due::Again));
    }

    fn give_up(&mut self, id: u64, now: Nanos) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.state == State::Inviting) else { return };
        // A caller who plans to take its call back is as impatient as real phones are; the others wait for a provisional answer
        // (RFC 3261 section 9.1).
        let may = call.plan.cancel_after.is_some() || call.waiting.is_some_and(|waiting| waiting.heard);
        if may {
            call.state = State::Cancelling;
            self.request(id, Method::Cancel, 1, now);
        } else {
            self.at(now + 5 * MS, id, Due::GiveUp);
        }
    }

    fn hang_up(&mut self, id: u64, now: Nanos) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        match call.state {
            State::Up => {
                call.state = State::Leaving;
                call.cseq += 1;
                let cseq = call.cseq;
                self.request(id, Method::Bye, cseq, now);
            }
            State::Inviting => self.give_up(id, now),
            State::Ringing => self.refuse(id, "480 Temporarily Unavailable"),
            State::Cancelling | State::Leaving => {}
        }
    }

    fn hold(&mut self, id: u64, direction: Direction, now: Nanos) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.state == State::Up) else { return };
        if call.waiting.is_some() {
            return;
        }
        call.cseq += 1;
        let cseq = call.cseq;
        self.request(id, Method::Reinvite(direction), cseq, now);
    }

    fn register_later(&mut self, id: u64, now: Nanos) {
        let every = self.calls.get_mut(&id).and_then(|call| call.registration.as_mut()).map(|registration| {
            registration.authorization = None;
            registration.every
        });
        if let Some(every) = every {
            self.at(now + every, id, Due::Register);
        }
    }

    /// A call is over.
    fn end(&mut self, id: u64) {
        self.listen(id);
        let Some(call) = self.calls.remove(&id) else { return };
        if let Some(desk) = &call.desk {
            self.leave_desk(desk);
        }
        if let Some(sound) = call.sound.filter(|_| call.plan.remember) {
            self.remembered.push((sound.heard, sound.pressed_at.unwrap_or_default()));
        }
    }
}

/// The address a datagram leaves from, when there are several to choose from.
fn source_of(local: SocketAddr, sources: usize) -> Option<Ipv4Addr> {
    match local.ip() {
        IpAddr::V4(ip) if sources > 1 => Some(ip),
        _ => None,
    }
}

fn unspecified_like(address: &SocketAddr) -> SocketAddr {
    let ip: IpAddr = match (address.is_ipv4(), address.ip().is_loopback()) {
        (true, true) => Ipv4Addr::LOCALHOST.into(),
        (true, false) => Ipv4Addr::UNSPECIFIED.into(),
        (false, true) => std::net::Ipv6Addr::LOCALHOST.into(),
        (false, false) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(ip, 0)
}
