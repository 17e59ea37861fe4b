//! A dialogue with an endpoint: datagrams that come in, what its owner does, and time that passes, in any order. Whatever happens,
//! it sends only what can be read, and once everything is hung up nothing of it is left.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sip::endpoint::{CallId, Config, Endpoint, Event, Invite, OfferId, Output, Peer};
use sip::message::{Message, Name, NameAddr, ParseError, Uri};

use super::{HERE, THERE};

/// Steps of one dialogue; further ones are left out.
const MAX_STEPS: usize = 64;
/// Timers that may fire before the last has: hours of retransmissions and refreshes of a few calls stay far below.
const MAX_TIMERS: usize = 20_000;

/// Steps are separated by lines of `%%`. One that begins with `@` is a command: `@invite`, `@accept`, `@ring`, `@reject`,
/// `@offer`, `@answer`, `@refuse`, `@refer`, `@hangup`, `@lost`, `@drain`, or `@` and milliseconds that pass. Anything else is a
/// datagram, in which `{tag}`, `{branch}`, `{call}` and `{seq}` are those of the last message that the endpoint sent.
pub fn endpoint(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut side = Side::new();
    for step in text.split("%%\n").take(MAX_STEPS) {
        match step.strip_prefix('@') {
            Some(command) => side.command(command.trim_ascii()),
            None => side.datagram(step),
        }
        side.drain();
    }
    side.end();
}

struct Side {
    endpoint: Endpoint,
    now: Instant,
    /// The call that was spoken of last, and its offer.
    call: Option<CallId>,
    offer: Option<(CallId, OfferId)>,
    seen: Vec<CallId>,
    /// Of the last message sent: tag of ours, branch, Call-ID, sequence number.
    tag: String,
    branch: String,
    call_id: String,
    seq: u32,
}

fn body() -> Bytes {
    Bytes::from_static(b"v=0\r\n")
}

fn peer() -> Peer {
    Peer::udp(THERE)
}

impl Side {
    fn new() -> Self {
        let now = Instant::now();
        let config = Config { max_calls: 8, max_transactions: 64, ..Config::default() };
        Side {
            endpoint: Endpoint::new(config, now, |_| HERE),
            now,
            call: None,
            offer: None,
            seen: Vec::new(),
            tag: String::new(),
            branch: String::new(),
            call_id: String::new(),
            seq: 0,
        }
    }

    fn datagram(&mut self, text: &str) {
        let text = text
            .replace("{tag}", &self.tag)
            .replace("{branch}", &self.branch)
            .replace("{call}", &self.call_id)
            .replace("{seq}", &self.seq.to_string());
        match Message::parse(text.as_bytes()) {
            Ok(message) => self.endpoint.receive(self.now, message, &Bytes::from(text), peer()),
            Err(ParseError::Answerable { request, status, why }) => {
                self.endpoint.refuse_unreadable(self.now, *request, status, why, peer());
            }
            Err(_) => {}
        }
    }

    fn command(&mut self, command: &str) {
        let (endpoint, now) = (&mut self.endpoint, self.now);
        if let Ok(ms) = command.parse::<u32>() {
            return self.pass(Duration::from_millis(u64::from(ms).min(7_200_000)));
        }
        let uri = || Uri::parse("sip:them@198.51.100.9:5080").expect("a URI");
        match (command, self.call, self.offer) {
            ("invite", ..) => {
                let from = NameAddr::new(Uri::parse("sip:us@192.0.2.1").expect("a URI"));
                let (routes, headers) = (Vec::new(), Vec::new());
                let invite = Invite { to: uri(), from, peer: peer(), routes, body: body(), headers, credentials: None };
                let call = endpoint.invite(now, invite);
                self.call = Some(call);
                self.seen.push(call);
            }
            ("accept", Some(call), _) => endpoint.accept(now, call, body()),
            ("ring", Some(call), _) => endpoint.provisional(now, call, 183, body()),
            ("reject", Some(call), _) => endpoint.reject(now, call, 486, Vec::new()),
            ("offer", Some(call), _) => endpoint.offer(now, call, body()),
            ("answer", _, Some((call, offer))) => endpoint.answer(now, call, offer, body()),
            ("refuse", _, Some((call, offer))) => endpoint.refuse(now, call, offer, 488, Vec::new()),
            ("refer", Some(call), _) => endpoint.refer(now, call, &uri()),
            ("hangup", Some(call), _) => endpoint.hang_up(now, call, None),
            ("lost", ..) => endpoint.unreachable(now, peer()),
            ("drain", ..) => endpoint.drain(),
            _ => {}
        }
    }

    /// Time passes, timer by timer.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        let mut fired = 0;
        while let Some(at) = self.endpoint.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.endpoint.timeout(self.now);
            self.drain();
            fired += 1;
            assert!(fired < MAX_TIMERS, "timers without end");
        }
        self.now = until;
    }

    fn drain(&mut self) {
        let mut outputs = 0;
        while let Some(output) = self.endpoint.poll_output() {
            outputs += 1;
            assert!(outputs < 1_000, "outputs without end");
            match output {
                Output::Transmit { bytes, .. } => self.sent(&bytes),
                Output::Event(event) => self.hear(event),
            }
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        let message = Message::parse(bytes).expect("what an endpoint sends can be read");
        let headers = message.headers();
        let ours = if matches!(message, Message::Request(_)) { Name::From } else { Name::To };
        if let Some(tag) = headers.tag(&ours) {
            self.tag = tag.to_owned();
        }
        self.branch = headers.via().map(|via| via.branch().to_owned()).unwrap_or_default();
        self.call_id = headers.call_id().to_owned();
        self.seq = headers.cseq().map_or(0, |cseq| cseq.seq);
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Incoming(incoming) => {
                self.call = Some(incoming.call);
                self.seen.push(incoming.call);
            }
            Event::Offer { call, offer, .. } => self.offer = Some((call, offer)),
            Event::Refer(refer) => {
                self.endpoint.refer_reply(self.now, refer.call, refer.refer, 202);
                self.endpoint.refer_progress(self.now, refer.call, refer.refer, 200, "OK");
            }
            Event::RefreshDue { call } => self.endpoint.offer(self.now, call, body()),
            Event::Request(request) => self.endpoint.reply_outside(self.now, request.id, 200, Vec::new()),
            _ => {}
        }
    }

    /// Everything is hung up; then time passes until nothing waits any more.
    fn end(&mut self) {
        for call in std::mem::take(&mut self.seen) {
            self.endpoint.hang_up(self.now, call, None);
            self.drain();
        }
        self.pass(Duration::from_secs(4 * 3600));
        let left = (self.endpoint.calls(), self.endpoint.transactions(), self.endpoint.timers());
        assert_eq!(left, (0, 0, 0), "calls, transactions and timers that are left");
    }
}
