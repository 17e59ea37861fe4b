//! OPTIONS by hand, outside the user agent: who answers by its own word, from where it sees us, and, when nobody answers, whether
//! somebody at least says no.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use sip::message::{Message, Name, Via};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// How long somebody may take to answer.
const PATIENCE: Duration = Duration::from_millis(700);
/// How often a datagram is sent before nobody is there.
const TRIES: usize = 3;

/// An answer to OPTIONS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it calls itself (Server or User-Agent); empty when it does not say.
    pub product: String,
    /// The address that it saw the question come from (`received` of Via, RFC 3261 section 18.2.1), or that we named and it found true.
    pub seen: Option<IpAddr>,
}

/// How nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The other machine says that nobody listens on this port.
    Refused,
    /// This machine knows no way there.
    NoRoute,
    /// Not a word: a firewall, or nobody at all.
    Nothing,
    /// Over a stream: the connection is accepted, but the question is not answered.
    Mute,
}

fn any(to: SocketAddr) -> SocketAddr {
    let ip: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    (ip, 0).into()
}

fn silence(error: &std::io::Error) -> Silence {
    match error.kind() {
        ErrorKind::ConnectionRefused => Silence::Refused,
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => Silence::NoRoute,
        _ => Silence::Nothing,
    }
}

fn question(to: SocketAddr, from: SocketAddr, transport: &str) -> String {
    let branch = rand::random::<u64>();
    format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/{transport} {from};branch=z9hG4bK{branch:x};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:doctor@{from}>;tag={branch:x}\r\nTo: <sip:{to}>\r\nCall-ID: {branch:x}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// Asks over UDP.
pub async fn by_udp(to: SocketAddr) -> Result<Answer, Silence> {
    let ask = async {
        let socket = UdpSocket::bind(any(to)).await?;
        // Connected, so that the system tells when the other side refuses.
        socket.connect(to).await?;
        let request = question(to, socket.local_addr()?, "UDP");
        let mut room = vec![0; 65_536];
        for _ in 0..TRIES {
            socket.send(request.as_bytes()).await?;
            if let Ok(length) = timeout(PATIENCE, socket.recv(&mut room)).await {
                return Ok(answer(&room[..length?]));
            }
        }
        Ok(None)
    };
    ask.await.map_err(|error: std::io::Error| silence(&error))?.ok_or(Silence::Nothing)
}

/// Asks over TCP.
pub async fn by_tcp(to: SocketAddr) -> Result<Answer, Silence> {
    let mut stream = connect(to).await?;
    let ask = async {
        let request = question(to, stream.local_addr().ok()?, "TCP");
        stream.write_all(request.as_bytes()).await.ok()?;
        let (mut room, mut length) = (vec![0; 65_536], 0);
        while length < room.len() {
            length += stream.read(&mut room[length..]).await.ok().filter(|more| *more > 0)?;
            if let Some(answer) = answer(&room[..length]) {
                return Some(answer);
            }
        }
        None
    };
    timeout(PATIENCE * 3, ask).await.ok().flatten().ok_or(Silence::Mute)
}

/// Only connects, which is all that can be said of TLS without its certificates.
pub async fn connect(to: SocketAddr) -> Result<TcpStream, Silence> {
    match timeout(PATIENCE * 3, TcpStream::connect(to)).await {
        Ok(stream) => stream.map_err(|error| silence(&error)),
        Err(_) => Err(Silence::Nothing),
    }
}

fn answer(message: &[u8]) -> Option<Answer> {
    let message = Message::parse(message).ok()?;
    let headers = message.headers();
    let said = headers.get(&Name::Server).or_else(|| headers.get(&Name::UserAgent)).unwrap_or_default();
    let via = headers.get(&Name::Via).and_then(Via::parse);
    Some(Answer {
        // It is printed: nothing that a terminal would act on.
        product: said.chars().filter(|c| !c.is_control()).take(80).collect(),
        seen: via.and_then(|via| via.response_address()).map(|addr| addr.ip().to_canonical()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> SocketAddr {
        (Ipv4Addr::LOCALHOST, 0).into()
    }

    #[tokio::test]
    async fn who_refuses_is_told_from_who_is_silent() {
        let mute = UdpSocket::bind(loopback()).await.expect("a free port");
        assert_eq!(by_udp(mute.local_addr().expect("bound")).await, Err(Silence::Nothing));
        let addr = mute.local_addr().expect("bound");
        drop(mute);
        assert_eq!(by_udp(addr).await, Err(Silence::Refused));
        let listener = tokio::net::TcpListener::bind(loopback()).await.expect("a free port");
        let addr = listener.local_addr().expect("bound");
        assert_eq!(by_tcp(addr).await, Err(Silence::Mute));
        drop(listener);
        assert_eq!(by_tcp(addr).await, Err(Silence::Refused));
    }

    #[test]
    fn an_answer_says_who_it_is_and_from_where_it_sees_us() {
        let text = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK1;received=192.0.2.44;rport=1024\r\n\
            From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nServer: SomePBX/1.0\x1b[2J\r\n\
            Content-Length: 0\r\n\r\n";
        let text = String::from_utf8_lossy(text).replace('\x1b', "");
        let answer = answer(text.as_bytes()).expect("an answer");
        assert_eq!((answer.product.as_str(), answer.seen), ("SomePBX/1.0[2J", Some([192, 0, 2, 44].into())));
    }
}
