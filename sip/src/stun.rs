//! STUN's Binding method (RFC 8489): which address does a server on the other side of the NAT see? For `doctor`, and for
//! phones that keep their binding alive with it (RFC 5626 section 4.4.2). Messages are pure; [`public_address`] asks.
//!
//! Left out: credentials, which are the business of [`check`] (ICE), and every other method. A message that needs more than this
//! knows is not read.

pub mod check;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

const COOKIE: u32 = 0x2112_A442;
const HEADER: usize = 20;
const REQUEST: u16 = 0x0001;
const SUCCESS: u16 = 0x0101;
const FAILURE: u16 = 0x0111;

const MAPPED_ADDRESS: u16 = 0x0001;
const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const FINGERPRINT: u16 = 0x8028;
/// Set over the CRC, so that it is not mistaken for another protocol's (RFC 8489 section 14.7).
const FINGERPRINT_MASK: u32 = 0x5354_554E;

/// How long each of the requests waits for an answer: 500 ms, doubled (RFC 8489 section 6.2.1, with fewer repetitions).
const PATIENCE: [Duration; 3] = [Duration::from_millis(500), Duration::from_millis(1000), Duration::from_millis(2000)];

/// Ties an answer to its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionId(pub [u8; 12]);

impl TransactionId {
    /// One that nobody can guess.
    pub fn random() -> Self {
        TransactionId(rand::random())
    }
}

/// A Binding message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Someone asks for its address.
    Request {
        /// To be repeated in the answer.
        id: TransactionId,
    },
    /// The server says where the request came from.
    Success {
        /// The request's.
        id: TransactionId,
        /// The sender as the server saw it.
        mapped: SocketAddr,
    },
    /// The server says no.
    Failure {
        /// The request's.
        id: TransactionId,
        /// 300 to 699.
        code: u16,
    },
}

/// Why the public address is unknown.
#[derive(Debug, thiserror::Error)]
pub enum StunError {
    /// Nothing came back.
    #[error("{0} does not answer STUN requests; is UDP to it blocked?")]
    Silent(SocketAddr),
    /// It refused.
    #[error("{0} refuses STUN requests with {1}")]
    Refused(SocketAddr, u16),
    /// The socket failed.
    #[error("cannot ask {0} by STUN: {1}")]
    Io(SocketAddr, std::io::Error),
}

/// Whether a datagram looks like STUN rather than SIP or RTP (RFC 7983): worth a [`Binding::parse`].
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER && datagram[0] < 4 && datagram[4..8] == COOKIE.to_be_bytes()
}

impl Binding {
    /// Reads a datagram; nothing if it is no Binding message, is damaged, or demands what is not known here.
    pub fn parse(datagram: &[u8]) -> Option<Binding> {
        let (header, mut rest) = datagram.split_first_chunk::<HEADER>()?;
        let kind = u16::from_be_bytes([header[0], header[1]]);
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        if !is_stun(datagram) || length != rest.len() || length % 4 != 0 {
            return None;
        }
        let id = TransactionId(*header.last_chunk()?);
        let (mut mapped, mut xored, mut code) = (None, None, None);
        while !rest.is_empty() {
            let before = datagram.len() - rest.len();
            let ([t0, t1, l0, l1], behind) = rest.split_first_chunk::<4>()?;
            let length = usize::from(u16::from_be_bytes([*l0, *l1]));
            let value = behind.get(..length)?;
            rest = behind.get(length.next_multiple_of(4)..)?;
            match u16::from_be_bytes([*t0, *t1]) {
                FINGERPRINT => {
                    let claimed = u32::from_be_bytes(value.try_into().ok()?);
                    // The last attribute; what follows would not be covered.
                    if claimed != crc32(&datagram[..before]) ^ FINGERPRINT_MASK || !rest.is_empty() {
                        return None;
                    }
                }
                // The first of its kind counts.
                MAPPED_ADDRESS if mapped.is_none() => mapped = address(value, [0; 16]),
                XOR_MAPPED_ADDRESS if xored.is_none() => xored = address(value, mask(id)),
                ERROR_CODE if code.is_none() => {
                    let [_, _, class, number, ..] = *value else { return None };
                    code =
                        Some(u16::from(class & 7) * 100 + u16::from(number)).filter(|code| (300..700).contains(code));
                }
                // Repetitions; credentials, which are not asked for; what ICE adds.
                MAPPED_ADDRESS | XOR_MAPPED_ADDRESS | ERROR_CODE | 0x0006 | 0x0008 | 0x000A | 0x0014 | 0x0015 => {}
                0x001C..=0x001E | 0x0024 | 0x0025 => {}
                optional if optional >= 0x8000 => {}
                _ => return None,
            }
        }
        match kind {
            REQUEST => Some(Binding::Request { id }),
            SUCCESS => xored.or(mapped).map(|mapped| Binding::Success { id, mapped }),
            FAILURE => code.map(|code| Binding::Failure { id, code }),
            _ => None,
        }
    }

    /// The message as it goes on the wire, with a fingerprint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, id) = match self {
            Binding::Request { id } => (REQUEST, id),
            Binding::Success { id, .. } => (SUCCESS, id),
            Binding::Failure { id, .. } => (FAILURE, id),
        };
        let mut out = Vec::with_capacity(64);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&COOKIE.to_be_bytes());
        out.extend_from_slice(&id.0);
        match self {
            Binding::Request { .. } => {}
            Binding::Success { mapped, .. } => {
                attribute(&mut out, XOR_MAPPED_ADDRESS, &xored(*id, *mapped));
            }
            Binding::Failure { code, .. } => {
                attribute(&mut out, ERROR_CODE, &[0, 0, (code / 100) as u8 & 7, (code % 100) as u8]);
            }
        }
        // The length counts the fingerprint already when that is computed.
        let length = (out.len() - HEADER + 8) as u16;
        out[2..4].copy_from_slice(&length.to_be_bytes());
        let fingerprint = crc32(&out) ^ FINGERPRINT_MASK;
        attribute(&mut out, FINGERPRINT, &fingerprint.to_be_bytes());
        out
    }
}

/// Asks a server for the public address of this socket. Datagrams from elsewhere are passed over, so the socket should not
/// be in use for anything else at the time; gives up after 3.5 s.
pub async fn public_address(socket: &UdpSocket, server: SocketAddr) -> Result<SocketAddr, StunError> {
    ask(socket, server, &PATIENCE).await
}

async fn ask(socket: &UdpSocket, server: SocketAddr, patience: &[Duration]) -> Result<SocketAddr, StunError> {
    let id = TransactionId::random();
    let request = Binding::Request { id }.to_bytes();
    for wait in patience {
        socket.send_to(&request, server).await.map_err(|error| StunError::Io(server, error))?;
        match tokio::time::timeout(*wait, answer(socket, server, id)).await {
            Ok(Ok(Ok(mapped))) => return Ok(mapped),
            Ok(Ok(Err(code))) => return Err(StunError::Refused(server, code)),
            // A port that was closed a moment ago may be open now.
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
            Ok(Err(error)) => return Err(StunError::Io(server, error)),
            Err(_) => {}
        }
    }
    Err(StunError::Silent(server))
}

/// Waits for the answer of that server to that request: an address, or a status.
async fn answer(socket: &UdpSocket, server: SocketAddr, id: TransactionId) -> std::io::Result<Result<SocketAddr, u16>> {
    let mut buffer = [0; 1500];
    loop {
        let (length, source) = socket.recv_from(&mut buffer).await?;
        if source != server {
            continue;
        }
        match Binding::parse(&buffer[..length]) {
            Some(Binding::Success { id: theirs, mapped }) if theirs == id => return Ok(Ok(mapped)),
            Some(Binding::Failure { id: theirs, code }) if theirs == id => return Ok(Err(code)),
            _ => {}
        }
    }
}

/// What addresses are masked with: the cookie, then the transaction id (RFC 8489 section 14.2).
fn mask(id: TransactionId) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(&id.0);
    mask
}

/// The value of XOR-MAPPED-ADDRESS.
fn xored(id: TransactionId, mapped: SocketAddr) -> Vec<u8> {
    let mut value = vec![0, if mapped.is_ipv4() { 1 } else { 2 }];
    value.extend_from_slice(&mapped.port().to_be_bytes());
    match mapped.ip() {
        IpAddr::V4(ip) => value.extend_from_slice(&ip.octets()),
        IpAddr::V6(ip) => value.extend_from_slice(&ip.octets()),
    }
    let mask = mask(id);
    value[2..4].iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    value[4..].iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    value
}

fn address(value: &[u8], mask: [u8; 16]) -> Option<SocketAddr> {
    let ([_, family, p0, p1], ip) = value.split_first_chunk::<4>()?;
    let port = u16::from_be_bytes([p0 ^ mask[0], p1 ^ mask[1]]);
    let ip: IpAddr = match family {
        1 => {
            let ip: [u8; 4] = ip.try_into().ok()?;
            Ipv4Addr::from(std::array::from_fn::<u8, 4, _>(|at| ip[at] ^ mask[at])).into()
        }
        2 => {
            let ip: [u8; 16] = ip.try_into().ok()?;
            Ipv6Addr::from(std::array::from_fn::<u8, 16, _>(|at| ip[at] ^ mask[at])).into()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// The CRC of ITU V.42. A message has a hundred bytes: no table is worth it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests;
