//! The handshake of DTLS-SRTP (RFC 5763, RFC 5764): datagrams in, datagrams and finally the keys of SRTP out.
//!
//! The signatures and the key exchange of a handshake cost about a millisecond, which the media thread does not have.
//! So a leg hands the datagrams that are DTLS (RFC 7983: first byte 20 to 63) to one thread for all legs, which reports
//! back what is to be sent and, at the end, the keys. Which certificate is the peer's is said by the fingerprint in its
//! session description; ours is made when it is first needed and is the same for all calls of the process.
//!
//! [`Association`] is the protocol, with time as an argument; [`Handshakes`] is the thread.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rtc_dtls::config::{ClientAuthType, ConfigBuilder, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;

use crate::sdp::{Fingerprint, Handshake};
use crate::srtp::{Keys, MasterKey, Suite, provider};

/// The label of the exported keys (RFC 5764 section 4.2).
const LABEL: &str = "EXTRACTOR-dtls_srtp";
/// The first repetition of a flight; each later one waits twice as long.
const FLIGHT: Duration = Duration::from_millis(250);
/// A handshake that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Addresses other than the one in the description that may try the handshake of a leg.
const MAX_SOURCES: usize = 4;
/// Datagrams that one leg may hand over in its life; a handshake takes about ten.
const MAX_DATAGRAMS: u32 = 256;
/// Tasks that may wait for the thread, over all legs; more are lost, and repeated by the peer.
const ROOM: usize = 1_024;
/// How long the thread sleeps when nothing is due.
const IDLE: Duration = Duration::from_secs(3_600);

/// Whether a datagram on the media port is DTLS (RFC 7983 section 7).
pub(crate) fn is_dtls(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| (20..=63).contains(first))
}

struct Identity {
    certificate: Certificate,
    fingerprint: Fingerprint,
}

/// The certificate of this process.
fn identity() -> &'static Identity {
    static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
        let certificate = Certificate::generate_self_signed(vec!["hotline".to_owned()], provider().crypto())
            .expect("a new key for a fixed name can be signed wherever there is randomness");
        let fingerprint = Fingerprint::of(certificate.certificate.first().map_or(&[], |der| der.as_ref()));
        Identity { certificate, fingerprint }
    });
    &IDENTITY
}

/// The digest of our certificate, for our descriptions.
pub(crate) fn fingerprint() -> &'static Fingerprint {
    &identity().fingerprint
}

fn config(client: bool) -> Option<Arc<HandshakeConfig>> {
    let config = ConfigBuilder::default()
        .with_crypto_provider(provider().clone())
        .with_certificates(vec![identity().certificate.clone()])
        .with_srtp_protection_profiles(vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_32,
        ])
        // Certificates are self-signed; whose they are is said by the fingerprint, which is compared at the end.
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        .with_flight_interval(FLIGHT);
    config.build(client, None).ok().map(Arc::new)
}

fn suite(profile: SrtpProtectionProfile) -> Option<Suite> {
    match profile {
        SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => Some(Suite::AeadAes256Gcm),
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Some(Suite::AeadAes128Gcm),
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Some(Suite::AesCm128HmacSha1_80),
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_32 => Some(Suite::AesCm128HmacSha1_32),
        _ => None,
    }
}

/// What a handshake wants done.
#[derive(Debug)]
pub(crate) enum Report {
    /// Send this to the peer.
    Send {
        /// Where to.
        to: SocketAddr,
        /// One DTLS datagram.
        datagram: Vec<u8>,
    },
    /// The keys that both sides now have.
    Done(Keys),
    /// There will be no keys; why.
    Failed(&'static str),
}

/// One handshake. It stays after its end to repeat its last flight when that was lost.
pub(crate) struct Association {
    endpoint: Endpoint,
    handshake: Handshake,
    /// The address in the peer's description.
    expected: SocketAddr,
    sources: Vec<SocketAddr>,
    begun: Instant,
    /// Whether the end has been reported.
    over: bool,
}

impl Association {
    /// Begins a handshake with the peer at `remote`; as the client this makes the first datagram.
    pub fn begin(handshake: Handshake, remote: SocketAddr, now: Instant) -> Option<Association> {
        let here = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let server = if handshake.client { None } else { Some(config(false)?) };
        let mut endpoint = Endpoint::new(here, TransportProtocol::UDP, server);
        let mut sources = Vec::new();
        if handshake.client {
            endpoint.connect(now, remote, config(true)?, None).ok()?;
            sources.push(remote);
        }
        Some(Association { endpoint, handshake, expected: remote, sources, begun: now, over: false })
    }

    /// Takes a datagram.
    pub fn datagram(&mut self, from: SocketAddr, datagram: &[u8], now: Instant, reports: &mut Vec<Report>) {
        if !self.sources.contains(&from) {
            let from_host = from.ip().to_canonical() == self.expected.ip().to_canonical();
            // As the client we spoke to one address; an answer from another is somebody else's.
            if self.handshake.client || self.over || (!from_host && self.sources.len() >= MAX_SOURCES) {
                return;
            }
            if from_host && self.sources.len() >= 2 * MAX_SOURCES {
                return;
            }
            self.sources.push(from);
        }
        // An error is the sender's: forged, or of a handshake that failed there; it may still begin anew.
        let events = self.endpoint.read(now, from, None, datagram.into()).unwrap_or_default();
        let complete = events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete));
        self.flush(reports);
        if complete && !self.over {
            self.over = true;
            reports.push(self.keys(from).map_or_else(Report::Failed, Report::Done));
        }
    }

    /// Repeats what was lost, when it is time to.
    pub fn timeout(&mut self, now: Instant, reports: &mut Vec<Report>) {
        if self.over {
            return;
        }
        if now.saturating_duration_since(self.begun) >= PATIENCE {
            self.over = true;
            reports.push(Report::Failed("it took too long"));
            return;
        }
        let due = |endpoint: &Endpoint, source: &SocketAddr| endpoint.poll_timeout(source).is_some_and(|at| at <= now);
        for source in &self.sources {
            if due(&self.endpoint, source) && self.endpoint.handle_timeout(*source, now).is_err() {
                // Out of repetitions: this source has gone.
                self.endpoint.stop(now, *source);
            }
        }
        self.flush(reports);
    }

    /// When [`Association::timeout`] is due; never again once it is over.
    pub fn due(&self) -> Option<Instant> {
        if self.over {
            return None;
        }
        let repeats = self.sources.iter().filter_map(|source| self.endpoint.poll_timeout(source));
        Some(repeats.fold(self.begun + PATIENCE, Instant::min))
    }

    pub fn flush(&mut self, reports: &mut Vec<Report>) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            reports.push(Report::Send { to: transmit.transport.peer_addr, datagram: transmit.message.to_vec() });
        }
    }

    fn keys(&self, with: SocketAddr) -> Result<Keys, &'static str> {
        let state = self.endpoint.get_connection_state(with).ok_or("it was closed at once")?;
        let certificate = state.peer_certificates.first().ok_or("the peer has no certificate")?;
        if !self.handshake.fingerprints.iter().any(|fingerprint| fingerprint.matches(certificate)) {
            return Err("the peer's certificate is not the one of its session description");
        }
        let suite = suite(state.srtp_protection_profile()).ok_or("no common SRTP profile")?;
        let (key, salt) = (suite.key_length(), suite.salt_length());
        let material =
            state.export_keying_material(LABEL, &[], 2 * (key + salt)).map_err(|_| "the keys could not be exported")?;
        // Client key, server key, client salt, server salt (RFC 5764 section 4.2).
        let material: &[u8] = material.as_ref();
        let part = |from: usize, length: usize| material.get(from..from + length).unwrap_or_default();
        let master = |n: usize| {
            let bytes = [part(n * key, key), part(2 * key + n * salt, salt)].concat();
            MasterKey::new(suite, &bytes).ok_or("the keys have a wrong length")
        };
        let (client, server) = (master(0)?, master(1)?);
        let (ours, theirs) = if state.is_client() { (client, server) } else { (server, client) };
        Ok(Keys { ours, theirs })
    }
}

/// Takes a report to whoever began the handshake; false once nobody is there any more.
pub(crate) type Reply = Box<dyn FnMut(Report) -> bool + Send>;

enum Task {
    Begin(u64, Handshake, SocketAddr, Reply),
    Datagram(u64, SocketAddr, Vec<u8>),
    End(u64),
}

/// A leg's hold on its handshake, which is forgotten when this is dropped.
#[derive(Debug)]
pub(crate) struct Handshakes {
    number: u64,
    datagrams: u32,
}

impl Handshakes {
    /// Begins a handshake on the thread for all of them.
    pub fn begin(handshake: Handshake, remote: SocketAddr, reply: Reply) -> Handshakes {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let _ = thread().try_send(Task::Begin(number, handshake, remote, reply));
        Handshakes { number, datagrams: 0 }
    }

    /// Hands a datagram over; never waits. False if that is one too many.
    pub fn datagram(&mut self, from: SocketAddr, datagram: &[u8]) -> bool {
        self.datagrams = self.datagrams.saturating_add(1);
        self.datagrams <= MAX_DATAGRAMS
            && thread().try_send(Task::Datagram(self.number, from, datagram.to_vec())).is_ok()
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        // If there is no room, the association goes when its next report finds nobody, or with its time.
        let _ = thread().try_send(Task::End(self.number));
    }
}

fn thread() -> &'static SyncSender<Task> {
    static THREAD: LazyLock<SyncSender<Task>> = LazyLock::new(|| {
        let (tasks, inbox) = sync_channel(ROOM);
        if let Err(error) = std::thread::Builder::new().name("dtls".to_owned()).spawn(move || run(&inbox)) {
            tracing::error!(%error, "there is no thread for DTLS handshakes; calls that need one stay silent");
        }
        tasks
    });
    &THREAD
}

fn run(inbox: &Receiver<Task>) {
    let mut all: HashMap<u64, (Association, Reply)> = HashMap::new();
    let mut reports = Vec::new();
    loop {
        let due = all.values().filter_map(|(association, _)| association.due()).min();
        let wait = due.map_or(IDLE, |due| due.saturating_duration_since(Instant::now()));
        let task = match inbox.recv_timeout(wait) {
            Ok(task) => Some(task),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let now = Instant::now();
        match task {
            Some(Task::Begin(number, handshake, remote, mut reply)) => {
                if let Some(mut association) = Association::begin(handshake, remote, now) {
                    association.flush(&mut reports);
                    all.insert(number, (association, reply));
                    tell(&mut all, number, &mut reports);
                } else {
                    reply(Report::Failed("it could not begin"));
                }
            }
            Some(Task::Datagram(number, from, datagram)) => {
                if let Some((association, _)) = all.get_mut(&number) {
                    association.datagram(from, &datagram, now, &mut reports);
                    tell(&mut all, number, &mut reports);
                }
            }
            Some(Task::End(number)) => drop(all.remove(&number)),
            None => {
                let numbers: Vec<u64> = all.keys().copied().collect();
                for number in numbers {
                    if let Some((association, _)) = all.get_mut(&number) {
                        association.timeout(now, &mut reports);
                        tell(&mut all, number, &mut reports);
                    }
                }
            }
        }
    }
}

/// Hands the reports over, and forgets the association if nobody wants them.
fn tell(all: &mut HashMap<u64, (Association, Reply)>, number: u64, reports: &mut Vec<Report>) {
    let Some((_, reply)) = all.get_mut(&number) else {
        reports.clear();
        return;
    };
    if !reports.drain(..).all(reply) {
        all.remove(&number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
    }

    fn ours(client: bool) -> Handshake {
        Handshake { client, fingerprints: vec![fingerprint().clone()] }
    }

    /// Carries datagrams between a client at port 1 and a server at port 2, except those that `lost` names by their
    /// number, until nothing moves; time passes when it must.
    fn exchange(client: &mut Association, server: &mut Association, lost: &[usize]) -> (Vec<Report>, Vec<Report>) {
        let mut now = Instant::now();
        let (mut of_client, mut of_server) = (Vec::new(), Vec::new());
        let (mut done_client, mut done_server) = (Vec::new(), Vec::new());
        let mut count = 0;
        client.flush(&mut of_client);
        for _ in 0..100 {
            let moved = !of_client.is_empty() || !of_server.is_empty();
            for report in std::mem::take(&mut of_client) {
                match report {
                    Report::Send { datagram, .. } => {
                        count += 1;
                        if !lost.contains(&count) {
                            server.datagram(at(1), &datagram, now, &mut of_server);
                        }
                    }
                    other => done_client.push(other),
                }
            }
            for report in std::mem::take(&mut of_server) {
                match report {
                    Report::Send { datagram, .. } => {
                        count += 1;
                        if !lost.contains(&count) {
                            client.datagram(at(2), &datagram, now, &mut of_client);
                        }
                    }
                    other => done_server.push(other),
                }
            }
            if !moved {
                if !done_client.is_empty() && !done_server.is_empty() {
                    break;
                }
                now += Duration::from_secs(1);
                client.timeout(now, &mut of_client);
                server.timeout(now, &mut of_server);
            }
        }
        (done_client, done_server)
    }

    fn pair(of_client: Handshake, of_server: Handshake) -> (Association, Association) {
        let now = Instant::now();
        let client = Association::begin(of_client, at(2), now).expect("a client");
        let server = Association::begin(of_server, at(1), now).expect("a server");
        (client, server)
    }

    fn keys(reports: &[Report]) -> Keys {
        match reports {
            [Report::Done(keys)] => keys.clone(),
            other => panic!("no keys: {other:?}"),
        }
    }

    #[test]
    fn both_sides_end_with_the_same_keys() {
        let (mut client, mut server) = pair(ours(true), ours(false));
        let (of_client, of_server) = exchange(&mut client, &mut server, &[]);
        let (client, server) = (keys(&of_client), keys(&of_server));
        assert_eq!((&client.ours, &client.theirs), (&server.theirs, &server.ours));
        assert_eq!(client.ours.suite(), Suite::AeadAes256Gcm);
    }

    #[test]
    fn lost_datagrams_are_repeated() {
        for lost in [&[1][..], &[2], &[3, 4], &[5]] {
            let (mut client, mut server) = pair(ours(true), ours(false));
            let (of_client, of_server) = exchange(&mut client, &mut server, lost);
            assert_eq!(keys(&of_client).ours, keys(&of_server).theirs, "{lost:?}");
        }
    }

    #[test]
    fn a_certificate_that_is_not_the_peers_gives_no_keys() {
        let stranger = Handshake { client: false, fingerprints: vec![Fingerprint::of(b"another certificate")] };
        let (mut client, mut server) = pair(ours(true), stranger);
        let (_, of_server) = exchange(&mut client, &mut server, &[]);
        assert!(matches!(of_server[..], [Report::Failed(_)]), "{of_server:?}");
    }

    #[test]
    fn strangers_cannot_fill_a_leg_with_handshakes() {
        let now = Instant::now();
        let mut server = Association::begin(ours(false), at(1), now).expect("a server");
        let mut client = Association::begin(ours(true), at(2), now).expect("a client");
        let mut hello = Vec::new();
        client.flush(&mut hello);
        let Some(Report::Send { datagram, .. }) = hello.pop() else { panic!("a client says hello") };
        let mut reports = Vec::new();
        for n in 0..100 {
            let from = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 1_000 + n);
            server.datagram(from, &datagram, now, &mut reports);
        }
        assert_eq!(server.sources.len(), MAX_SOURCES);
        // The peer itself still gets through.
        let (_, of_server) = exchange(&mut client, &mut server, &[]);
        assert!(matches!(of_server[..], [] | [Report::Done(_)]), "{of_server:?}");
    }

    #[test]
    fn a_handshake_that_nobody_answers_ends() {
        let begun = Instant::now();
        let mut client = Association::begin(ours(true), at(2), begun).expect("a client");
        let mut reports = Vec::new();
        while let Some(due) = client.due() {
            client.timeout(due, &mut reports);
            assert!(reports.len() < 100);
        }
        assert!(matches!(reports.last(), Some(Report::Failed(_))));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_datagram_makes_a_handshake_panic(
            first in 20u8..64, bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        ) {
            let now = Instant::now();
            let mut server = Association::begin(ours(false), at(1), now).expect("a server");
            let mut reports = Vec::new();
            // A record of the right form, and one of none.
            let mut record = vec![first, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0];
            record.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
            record.extend_from_slice(&bytes);
            server.datagram(at(1), &record, now, &mut reports);
            server.datagram(at(1), &record[..record.len().min(14)], now, &mut reports);
            server.datagram(at(1), &bytes, now, &mut reports);
        }
    }
}
