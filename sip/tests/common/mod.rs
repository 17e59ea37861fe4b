//! What the tests of the user agent share: agents on free ports, a directory, and a peer that speaks SIP
//! by hand over a real socket, for what no well-behaved peer would send.
#![allow(dead_code)] // Each test file uses its own part.

pub mod certificates;
pub mod pair;
pub mod phone;
pub mod ports;
pub mod sipp;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use ports::{free_address, free_port};
use sip::digest::DigestAlgorithm;
use sip::media::Clock;
use sip::ua::{Directory, IncomingCall, UaConfig, UserAgent};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

/// Generous: only a broken test waits this long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits, but not for ever.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("it should have happened by now")
}

/// A configuration on a free port of the loopback, ten times as impatient as RFC 3261.
pub fn config() -> UaConfig {
    UaConfig { t1: Duration::from_millis(50), ..UaConfig::new(([127, 0, 0, 1], 0).into()) }
}

/// A running agent.
pub async fn agent(config: UaConfig) -> (UserAgent, mpsc::Receiver<IncomingCall>) {
    let clock = Clock::start().expect("the media clock starts");
    UserAgent::start(config, clock).await.expect("the user agent starts")
}

/// Rings and answers every call, and keeps it until the peer hangs up.
pub fn answer_everything(mut calls: mpsc::Receiver<IncomingCall>) {
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            tokio::spawn(async move {
                let _ = call.ring().await;
                if let Ok(active) = call.answer().await {
                    let _ = active.ended().wait_for(Option::is_some).await;
                }
            });
        }
    });
}

/// A directory with one user, `alice`, whose password is `secret`.
pub struct Alice;

impl Directory for Alice {
    fn ha1(&self, user: &str, realm: &str, algorithm: DigestAlgorithm) -> Option<String> {
        (user == "alice").then(|| algorithm.ha1(user, realm, "secret"))
    }
}

/// An agent's configuration with a registrar for Alice.
pub fn registrar() -> UaConfig {
    UaConfig { registrar: Some(Arc::new(Alice)), realm: "test".to_owned(), ..config() }
}

/// A peer that writes its messages by hand.
pub struct Peer {
    socket: UdpSocket,
    to: SocketAddr,
    branch: u32,
}

impl Peer {
    pub async fn new(to: SocketAddr) -> Peer {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        Peer { socket, to, branch: 0 }
    }

    pub fn addr(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket has an address")
    }

    /// Sends a request with the usual headers in `call`, and `more` before the body.
    pub async fn request(&mut self, method: &str, cseq: u32, to_tag: &str, more: &str, body: &str) {
        self.branch += 1;
        let (me, to, branch) = (self.addr(), self.to, self.branch);
        let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
        let number = if method == "ACK" { "ACK" } else { method };
        let message = format!(
            "{method} sip:service@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{branch}-{port};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:caller@{me}>;tag=peer\r\nTo: <sip:service@{to}>{tag}\r\nCall-ID: call-{port}\r\nCSeq: {cseq} {number}\r\n\
             {more}Content-Length: {length}\r\n\r\n{body}",
            port = me.port(),
            length = body.len(),
        );
        self.send(&message).await;
    }

    pub async fn send(&self, message: &str) {
        self.socket.send_to(message.as_bytes(), self.to).await.expect("loopback takes it");
    }

    /// An INVITE with a Contact, and this session description if it is not empty.
    pub async fn invite(&mut self, cseq: u32, to_tag: &str, more: &str, body: &str) {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let more = format!("Contact: <sip:caller@{}>\r\n{kind}{more}", self.addr());
        self.request("INVITE", cseq, to_tag, &more, body).await;
    }

    /// The next message, whatever it is.
    pub async fn message(&self) -> String {
        let mut buf = vec![0; 65_535];
        let (len, _) = soon(self.socket.recv_from(&mut buf)).await.expect("loopback delivers");
        String::from_utf8(buf[..len].to_vec()).expect("SIP is text")
    }

    /// The next final answer to the request with this CSeq.
    pub async fn final_answer(&self, cseq: &str) -> Answer {
        loop {
            let answer = Answer(self.message().await);
            if answer.is_response() && answer.status() >= 200 && answer.header("CSeq") == cseq {
                return answer;
            }
        }
    }

    /// The next request with this method.
    pub async fn next_request(&self, method: &str) -> Answer {
        loop {
            let message = Answer(self.message().await);
            if !message.is_response() && message.0.starts_with(method) {
                return message;
            }
        }
    }

    /// Says 200 to a request of the other side.
    pub async fn ok(&self, request: &Answer) {
        let mut answer = "SIP/2.0 200 OK\r\n".to_owned();
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            answer.push_str(&format!("{name}: {}\r\n", request.header(name)));
        }
        self.send(&(answer + "Content-Length: 0\r\n\r\n")).await;
    }
}

/// A message from the other side.
pub struct Answer(pub String);

impl Answer {
    pub fn is_response(&self) -> bool {
        self.0.starts_with("SIP/2.0")
    }

    pub fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0)
    }

    pub fn header(&self, name: &str) -> String {
        let start = format!("{}:", name.to_ascii_lowercase());
        let mut lines = self.0.lines();
        let line = lines.find(|l| l.to_ascii_lowercase().starts_with(&start));
        line.map(|l| l[start.len()..].trim().to_owned()).unwrap_or_default()
    }

    pub fn to_tag(&self) -> String {
        self.header("To").split("tag=").nth(1).unwrap_or_default().to_owned()
    }

    pub fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// The version in the `o=` line of the body.
    pub fn version(&self) -> u64 {
        let origin = self.body().lines().find(|l| l.starts_with("o=")).unwrap_or_default();
        origin.split(' ').nth(2).and_then(|v| v.parse().ok()).unwrap_or(0)
    }
}

/// A session description with these formats and attributes.
pub fn description(port: u16, formats: &str, attributes: &str) -> String {
    format!(
        "v=0\r\no=peer 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {formats}\r\n{attributes}"
    )
}

/// PCMU with telephone events under payload type 97.
pub fn ordinary(attributes: &str) -> String {
    description(4000, "0 97", &format!("a=rtpmap:97 telephone-event/8000\r\n{attributes}"))
}

/// Whether a program is installed; says so when it is not.
pub fn have(program: &str) -> bool {
    let found =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(program).is_file());
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}
