//! A carrier with faults that can be chosen: it answers every call, and then sends sound or none, and hears ours or does not. Written by
//! hand over plain sockets, because no proper telephone behaves like that.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use audio::g711::Codec;
use audio::tone::sine;
use sip::message::{Message, Method, Name, Request, Response};
use sip::sdp::Description;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Its stream.
const SSRC: u32 = 0x0c0f_fee0;

/// What becomes of keys that go through it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Keys {
    /// It knows nothing of RFC 4733.
    #[default]
    Unknown,
    /// They are passed on.
    Passed,
    /// They are taken for packets that nobody needs.
    Lost,
    /// A `7` becomes an `8`.
    Changed,
}

/// What is wrong with it.
#[derive(Clone, Copy, Default)]
pub struct Habits {
    /// Whether it sends sound.
    pub speaks: bool,
    /// Whether what we send counts as arrived in its reports; without it, it asks for sound where nobody listens.
    pub hears: bool,
    /// For so long before the answer it has said 183, and sends sound if it speaks.
    pub early: Option<Duration>,
    /// What it does with keys.
    pub keys: Keys,
}

/// The carrier; it ends when dropped.
pub struct Carrier {
    /// Where its SIP is.
    pub addr: SocketAddr,
    /// Who has the numbers that are called, if they are not answered here.
    owner: Arc<OnceLock<SocketAddr>>,
    task: JoinHandle<()>,
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn socket() -> Arc<UdpSocket> {
    Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port"))
}

impl Carrier {
    pub async fn start(habits: Habits) -> Carrier {
        let signalling = socket().await;
        let addr = signalling.local_addr().expect("bound");
        let owner = Arc::<OnceLock<SocketAddr>>::default();
        let task = tokio::spawn(serve(signalling, owner.clone(), habits));
        Carrier { addr, owner, task }
    }

    /// Calls go on to whoever has the number: there.
    pub fn leads_to(&self, owner: SocketAddr) {
        self.owner.set(owner).expect("it is said once");
    }
}

async fn serve(signalling: Arc<UdpSocket>, owner: Arc<OnceLock<SocketAddr>>, habits: Habits) {
    let addr = signalling.local_addr().expect("bound");
    let (mut room, mut media, mut through) = (vec![0; 65_536], None, None::<Through>);
    while let Ok((length, from)) = signalling.recv_from(&mut room).await {
        let request = match Message::parse(&room[..length]) {
            Ok(Message::Request(request)) => request,
            Ok(Message::Response(response)) => {
                if let Some(through) = &mut through {
                    for (to, message) in through.answered(&response, addr) {
                        let _ = signalling.send_to(&message, to).await;
                    }
                }
                continue;
            }
            Err(_) => continue,
        };
        let answer = match (request.method.clone(), owner.get()) {
            (Method::Ack, _) => continue,
            // Sent again while the other side is asked.
            (Method::Invite, Some(_)) if through.is_some() => continue,
            (Method::Invite, Some(owner)) => {
                let call = Through::begin(request, from, *owner, habits).await;
                let _ = signalling.send_to(&call.invite(addr), owner).await;
                through = Some(call);
                continue;
            }
            (Method::Invite, None) => {
                let call = Call::begin(&request, habits).await;
                if let Some(time) = habits.early {
                    let _ = signalling.send_to(&call.answer(&request, 183, addr), from).await;
                    tokio::time::sleep(time).await;
                }
                let answer = call.answer(&request, 200, addr);
                media = Some(call);
                answer
            }
            (Method::Bye, _) => {
                media = None;
                if let Some(bye) = through.take().filter(|through| through.from == from).and_then(|call| call.bye(addr))
                {
                    let _ = signalling.send_to(&bye.1, bye.0).await;
                }
                request.respond(200, Some("carrier")).to_bytes()
            }
            _ => request.respond(200, Some("carrier")).to_bytes(),
        };
        let _ = signalling.send_to(&answer, from).await;
    }
    drop(media);
}

/// A call that goes on to the one who has the number; packets pass between the two.
struct Through {
    /// The caller's INVITE, and where it came from.
    request: Request,
    from: SocketAddr,
    owner: SocketAddr,
    /// Towards the caller, and towards the owner.
    near: Arc<UdpSocket>,
    far: Arc<UdpSocket>,
    offered: SocketAddr,
    /// The payload type of keys, in both directions.
    event: u8,
    keys: Keys,
    /// The owner's `To` and contact, and what passes the packets, once it has answered.
    up: Option<(String, JoinHandle<()>)>,
}

impl Drop for Through {
    fn drop(&mut self) {
        if let Some((_, task)) = &self.up {
            task.abort();
        }
    }
}

impl Through {
    async fn begin(request: Request, from: SocketAddr, owner: SocketAddr, habits: Habits) -> Through {
        let offered = Description::parse(&request.body).ok().and_then(|offer| offer.audio_addr()).expect("an offer");
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let event = text
            .lines()
            .find_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(" telephone-event/8000")?.0.parse().ok());
        let (near, far) = (socket().await, socket().await);
        let event = event.expect("telephone-event is offered");
        Through { request, from, owner, near, far, offered, event, keys: habits.keys, up: None }
    }

    /// A request to the owner.
    fn request(&self, method: &str, cseq: u32, to: &str, addr: SocketAddr, body: &str) -> Vec<u8> {
        let (owner, user) = (self.owner, self.request.uri.user.as_deref().unwrap_or_default());
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let branch = if method == "ACK" { "ack".to_owned() } else { format!("{method}{cseq}") };
        format!(
            "{method} sip:{user}@{owner} SIP/2.0\r\nVia: SIP/2.0/UDP {addr};branch=z9hG4bK{branch}\r\nMax-Forwards: 69\r\n\
             From: <sip:+49309999999@{addr}>;tag=carrier\r\nTo: {to}\r\nCall-ID: onward\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:carrier@{addr}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn description(&self, media: &UdpSocket) -> String {
        let (at, event) = (media.local_addr().expect("bound"), self.event);
        describe(at, Some(event).filter(|_| self.keys != Keys::Unknown))
    }

    fn invite(&self, addr: SocketAddr) -> Vec<u8> {
        let to = format!("<sip:{}@{}>", self.request.uri.user.as_deref().unwrap_or_default(), self.owner);
        self.request("INVITE", 1, &to, addr, &self.description(&self.far))
    }

    /// What follows from an answer of the owner: the ACK, and the answer to the caller.
    fn answered(&mut self, response: &Response, addr: SocketAddr) -> Vec<(SocketAddr, Vec<u8>)> {
        if response.status != 200 || self.up.is_some() {
            return Vec::new();
        }
        let Some(wants) = Description::parse(&response.body).ok().and_then(|answer| answer.audio_addr()) else {
            return Vec::new();
        };
        let to = response.headers.get(&Name::To).unwrap_or_default().to_owned();
        let ack = self.request("ACK", 1, &to, addr, "");
        let ways = [(self.near.clone(), self.offered), (self.far.clone(), wants)];
        self.up = Some((to, tokio::spawn(pass(ways, self.event, self.keys))));
        let body = self.description(&self.near);
        vec![(self.owner, ack), (self.from, accepted(&self.request, 200, addr, body))]
    }

    fn bye(&self, addr: SocketAddr) -> Option<(SocketAddr, Vec<u8>)> {
        let (to, _) = self.up.as_ref()?;
        Some((self.owner, self.request("BYE", 2, to, addr, "")))
    }
}

/// Passes packets between two sockets, and does to keys what it does.
async fn pass(ways: [(Arc<UdpSocket>, SocketAddr); 2], event: u8, keys: Keys) {
    let [(near, caller), (far, owner)] = ways;
    let (mut one, mut other) = (vec![0; 2_048], vec![0; 2_048]);
    loop {
        let (packet, to, by) = tokio::select! {
            Ok((length, _)) = near.recv_from(&mut one) => (&mut one[..length], owner, &far),
            Ok((length, _)) = far.recv_from(&mut other) => (&mut other[..length], caller, &near),
        };
        let is_key = packet.len() >= 16 && packet[1] & 0x7f == event;
        match keys {
            Keys::Lost if is_key => continue,
            Keys::Changed if is_key && packet[12] == 7 => packet[12] = 8,
            _ => {}
        }
        let _ = by.send_to(packet, to).await;
    }
}

/// An answer with a description.
fn accepted(request: &Request, status: u16, addr: SocketAddr, body: String) -> Vec<u8> {
    let mut answer = request
        .respond(status, Some("carrier"))
        .with(Name::Contact, format!("<sip:carrier@{addr}>"))
        .with(Name::ContentType, "application/sdp");
    answer.body = body.into();
    answer.to_bytes()
}

/// PCMU at an address, and keys if they are known.
fn describe(at: SocketAddr, event: Option<u8>) -> String {
    let (ip, port) = (at.ip(), at.port());
    let keys = event.map(|event| format!("a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\n"));
    let format = event.map(|event| format!(" {event}"));
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0{}\r\na=rtpmap:0 PCMU/8000\r\n{}",
        format.unwrap_or_default(),
        keys.unwrap_or_default()
    )
}

/// The sound of a call.
struct Call {
    /// Where it asks for sound.
    wants: SocketAddr,
    /// Kept open, so that what comes there is neither read nor refused.
    _nobody: Arc<UdpSocket>,
    task: JoinHandle<()>,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Call {
    async fn begin(request: &Request, habits: Habits) -> Call {
        let offered = Description::parse(&request.body).ok().and_then(|offer| offer.audio_addr()).expect("an offer");
        let (media, nobody) = (socket().await, socket().await);
        let wants = if habits.hears { &media } else { &nobody }.local_addr().expect("bound");
        let task = tokio::spawn(talk(media, offered, habits));
        Call { wants, _nobody: nobody, task }
    }

    fn answer(&self, request: &Request, status: u16, addr: SocketAddr) -> Vec<u8> {
        accepted(request, status, addr, describe(self.wants, None))
    }
}

/// Sends 20 ms of a tone again and again, and a report every second.
async fn talk(media: Arc<UdpSocket>, to: SocketAddr, habits: Habits) {
    let mut payload = Vec::new();
    Codec::Pcmu.encode(sine(400.0, -15.0, Duration::from_millis(20)).samples(), &mut payload);
    let mut heard: Option<(u32, u16)> = None;
    let mut room = vec![0; 2_048];
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for number in 1_u32.. {
        ticks.tick().await;
        // What it hears counts only if it hears.
        while let Ok(length) = media.try_recv(&mut room) {
            let is_rtp = length >= 12 && room[0] >> 6 == 2 && room[1] & 0x7f < 64;
            if is_rtp && habits.hears {
                let ssrc = u32::from_be_bytes([room[8], room[9], room[10], room[11]]);
                heard = Some((ssrc, u16::from_be_bytes([room[2], room[3]])));
            }
        }
        if habits.speaks {
            let mut packet = vec![0x80, 0];
            packet.extend((number as u16).to_be_bytes());
            packet.extend((number * 160).to_be_bytes());
            packet.extend(SSRC.to_be_bytes());
            packet.extend(&payload);
            let _ = media.send_to(&packet, to).await;
        }
        if number.is_multiple_of(50) {
            let _ = media.send_to(&report(heard), to).await;
        }
    }
}

/// A receiver report (RFC 3550 section 6.4.2): of the stream that it hears, or of none.
fn report(heard: Option<(u32, u16)>) -> Vec<u8> {
    let (count, words) = if heard.is_some() { (1_u8, 7_u16) } else { (0, 1) };
    let mut report = vec![0x80 | count, 201];
    report.extend(words.to_be_bytes());
    report.extend(SSRC.to_be_bytes());
    if let Some((ssrc, highest)) = heard {
        report.extend(ssrc.to_be_bytes());
        // Nothing lost.
        report.extend([0; 4]);
        report.extend(u32::from(highest).to_be_bytes());
        // No jitter, and none of our reports seen.
        report.extend([0; 12]);
    }
    report
}
