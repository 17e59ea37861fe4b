//! A carrier with faults that can be chosen: it answers every call, and then sends sound or none, and hears ours or does not. Written by
//! hand over plain sockets, because no proper telephone behaves like that.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use audio::g711::Codec;
use audio::tone::sine;
use sip::message::{Message, Method, Name, Request};
use sip::sdp::Description;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Its stream.
const SSRC: u32 = 0x0c0f_fee0;

/// What is wrong with it.
#[derive(Clone, Copy)]
pub struct Habits {
    /// Whether it sends sound.
    pub speaks: bool,
    /// Whether what we send counts as arrived in its reports; without it, it asks for sound where nobody listens.
    pub hears: bool,
}

/// The carrier; it ends when dropped.
pub struct Carrier {
    /// Where its SIP is.
    pub addr: SocketAddr,
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
        let task = tokio::spawn(async move {
            let (mut room, mut media) = (vec![0; 65_536], None);
            while let Ok((length, from)) = signalling.recv_from(&mut room).await {
                let Ok(Message::Request(request)) = Message::parse(&room[..length]) else { continue };
                let answer = match request.method {
                    Method::Ack => continue,
                    Method::Invite => {
                        let call = Call::begin(&request, habits).await;
                        let answer = call.answer(&request, addr);
                        media = Some(call);
                        answer
                    }
                    Method::Bye => {
                        media = None;
                        request.respond(200, Some("carrier")).to_bytes()
                    }
                    _ => request.respond(200, Some("carrier")).to_bytes(),
                };
                let _ = signalling.send_to(&answer, from).await;
            }
            drop(media);
        });
        Carrier { addr, task }
    }
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

    fn answer(&self, request: &Request, addr: SocketAddr) -> Vec<u8> {
        let (ip, port) = (self.wants.ip(), self.wants.port());
        let description = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        );
        let mut answer = request
            .respond(200, Some("carrier"))
            .with(Name::Contact, format!("<sip:carrier@{addr}>"))
            .with(Name::ContentType, "application/sdp");
        answer.body = description.into();
        answer.to_bytes()
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
