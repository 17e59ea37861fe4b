//! TCP and TLS connections: accepted and opened, read and written, each by one task, all within bounds.
//!
//! A connection is known by its peer's address. What is sent to a peer goes over the connection that is open to exactly this address,
//! whoever opened it (RFC 3261 section 18, RFC 5923), and opens one when there is none. The table of connections is bounded in total and
//! per source, the queue of each in messages and bytes; whoever does not read, does not finish a message, or is silent for long is
//! closed, and the driver hears of it as [`Inbound::Lost`].

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::gate::{Offence, Reason, source_of};
use super::{Inbound, Received, Shared, TransportError, expiry, locked, tls};
use crate::endpoint::{Peer, Protocol};
use crate::message::Framer;

/// What one read takes at most.
const READ: usize = 4 * 1024;
/// What one write carries at most, when several messages wait.
const WRITE: usize = 64 * 1024;
/// Connections that the system keeps until they are accepted.
const BACKLOG: u32 = 1_024;
/// How long an accepted connection may be silent before its first message, in units of the patience.
const FIRST_MESSAGE: u32 = 3;
/// The system asks a silent peer whether it is still there after this, and then this often.
const PROBE_AFTER: Duration = Duration::from_secs(60);
const PROBE_EVERY: Duration = Duration::from_secs(10);
/// What was sent and is not acknowledged for so long ends a connection.
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// The connections that there are.
#[derive(Default)]
pub(super) struct Table {
    open: HashMap<Peer, Connection>,
    accepted: HashMap<IpAddr, usize>,
    next: u64,
}

struct Connection {
    number: u64,
    queue: mpsc::Sender<Bytes>,
    control: Arc<Control>,
}

/// What a connection's task shares with those who send on it.
#[derive(Default)]
struct Control {
    /// Bytes in the queue.
    waiting: AtomicUsize,
    /// Ends the task.
    close: CancellationToken,
    /// Why, when it was this side.
    why: OnceLock<&'static str>,
    /// Whether the driver knows of this peer, and so must hear of its end.
    known: AtomicBool,
    /// When the certificate of the server ends.
    not_after: OnceLock<SystemTime>,
    /// The last time that something was written.
    written: Mutex<Option<Instant>>,
}

impl Control {
    fn close(&self, why: &'static str) {
        let _ = self.why.set(why);
        self.close.cancel();
    }
}

/// Takes a connection out of the table when its task ends, however it does.
struct Entry {
    shared: Arc<Shared>,
    peer: Peer,
    number: u64,
    source: Option<IpAddr>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut table = locked(&self.shared.table);
        // A newer connection may have taken the place of this one.
        if table.open.get(&self.peer).is_some_and(|open| open.number == self.number) {
            table.open.remove(&self.peer);
        }
        if let Some(source) = self.source
            && let Some(count) = table.accepted.get_mut(&source)
        {
            *count -= 1;
            if *count == 0 {
                table.accepted.remove(&source);
            }
        }
    }
}

/// Opens a listening socket.
pub(super) fn listen(protocol: Protocol, addr: SocketAddr) -> Result<TcpListener, TransportError> {
    let failed = |reason| TransportError::Bind { protocol: protocol.name(), addr, reason };
    let open = || {
        let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if addr.is_ipv6() {
            SockRef::from(&socket).set_only_v6(true)?;
        }
        // A restart must not wait until the connections of the last run are forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        socket.listen(BACKLOG)
    };
    open().map_err(failed)
}

/// Accepts connections until the transports stop.
pub(super) async fn accept(shared: Arc<Shared>, protocol: Protocol, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, addr)) => take_in(&shared, Peer { protocol, addr }, stream),
            Err(error) => {
                // Out of descriptors, mostly: it passes, but it must not spin.
                tracing::warn!(%error, protocol = protocol.name(), "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn take_in(shared: &Arc<Shared>, peer: Peer, stream: TcpStream) {
    let ip = peer.addr.ip();
    let (admitted, always) = {
        let mut gate = locked(&shared.gate);
        (gate.connects(ip, std::time::Instant::now()), gate.is_always(ip))
    };
    if !admitted {
        return;
    }
    let source = source_of(ip);
    let mut table = locked(&shared.table);
    let of_source = table.accepted.get(&source).copied().unwrap_or(0);
    if table.open.len() >= shared.streams.connections || (of_source >= shared.streams.per_source && !always) {
        drop(table);
        locked(&shared.gate).count(Reason::TooManyConnections);
        return;
    }
    *table.accepted.entry(source).or_default() += 1;
    let (entry, control, queue) = table.enter(shared, peer, Some(source));
    drop(table);
    tokio::spawn(live(entry, control.clone(), Begin::Accepted(stream), queue));
}

/// Sends over the connection to this peer; opens one when there is none.
pub(super) fn send(shared: &Arc<Shared>, to: Peer, bytes: Bytes) {
    let mut table = locked(&shared.table);
    if let Some(open) = table.open.get(&to)
        && !open.control.close.is_cancelled()
    {
        return push(shared, open, bytes);
    }
    if shared.stop.is_cancelled() {
        return;
    }
    if table.open.len() >= shared.streams.connections {
        drop(table);
        locked(&shared.gate).count(Reason::TooManyConnections);
        return shared.lose(to, "there are too many connections already".to_owned());
    }
    let (entry, control, queue) = table.enter(shared, to, None);
    control.known.store(true, Ordering::Relaxed);
    if let Some(open) = table.open.get(&to) {
        push(shared, open, bytes);
    }
    drop(table);
    tokio::spawn(live(entry, control, Begin::Open, queue));
}

fn push(shared: &Shared, open: &Connection, bytes: Bytes) {
    let length = bytes.len();
    let waiting = open.control.waiting.fetch_add(length, Ordering::Relaxed) + length;
    if waiting > shared.streams.waiting_bytes || open.queue.try_send(bytes).is_err() {
        open.control.close("it did not read what was sent to it");
    }
}

/// When the certificate ends that the server at the other end of an open connection showed.
pub(super) fn not_after(shared: &Shared, peer: Peer) -> Option<SystemTime> {
    locked(&shared.table).open.get(&peer)?.control.not_after.get().copied()
}

/// Whether a connection to this peer is there, or about to be.
pub(super) fn is_open(shared: &Shared, peer: Peer) -> bool {
    locked(&shared.table).open.contains_key(&peer)
}

/// Closes the connections of a source.
pub(super) fn close(shared: &Shared, ip: IpAddr, why: &'static str) {
    let table = locked(&shared.table);
    for (_, open) in table.open.iter().filter(|(peer, _)| source_of(peer.addr.ip()) == source_of(ip)) {
        open.control.close(why);
    }
}

/// How many connections there are.
pub(super) fn count(shared: &Shared) -> usize {
    locked(&shared.table).open.len()
}

impl Table {
    fn enter(
        &mut self,
        shared: &Arc<Shared>,
        peer: Peer,
        source: Option<IpAddr>,
    ) -> (Entry, Arc<Control>, mpsc::Receiver<Bytes>) {
        let (queue, waiting) = mpsc::channel(shared.streams.waiting_messages.max(1));
        let control = Arc::<Control>::default();
        let number = self.next;
        self.next += 1;
        let former = self.open.insert(peer, Connection { number, queue, control: control.clone() });
        if let Some(former) = former {
            former.control.close("the peer connected again");
        }
        (Entry { shared: shared.clone(), peer, number, source }, control, waiting)
    }
}

/// How a connection comes about.
enum Begin {
    Accepted(TcpStream),
    Open,
}

/// The life of a connection, from before its handshake until the driver knows of its end.
async fn live(entry: Entry, control: Arc<Control>, begin: Begin, mut queue: mpsc::Receiver<Bytes>) {
    let (shared, peer) = (entry.shared.clone(), entry.peer);
    let why = tokio::select! {
        why = work(&shared, peer, &control, begin, &mut queue) => why,
        () = control.close.cancelled() => control.why.get().copied().unwrap_or("closed").to_owned(),
    };
    // Out of the table first, so that whoever hears of the end and sends again gets a new connection.
    drop(entry);
    if control.known.load(Ordering::Relaxed) && !shared.stop.is_cancelled() {
        tokio::select! {
            _ = shared.inbound.send(Inbound::Lost(peer, why)) => {}
            () = shared.stop.cancelled() => {}
        }
    }
}

async fn work(
    shared: &Arc<Shared>,
    peer: Peer,
    control: &Control,
    begin: Begin,
    queue: &mut mpsc::Receiver<Bytes>,
) -> String {
    let patience = shared.streams.handshake;
    let (stream, accepted) = match begin {
        Begin::Accepted(stream) => (stream, true),
        Begin::Open => match timeout(patience, TcpStream::connect(peer.addr)).await {
            Ok(Ok(stream)) => (stream, false),
            Ok(Err(error)) => return format!("cannot connect: {error}"),
            Err(_) => return "cannot connect: no answer".to_owned(),
        },
    };
    tune(&stream);
    if peer.protocol != Protocol::Tls {
        return carry(shared, peer, control, stream, accepted, queue).await;
    }
    if accepted {
        let acceptor = locked(&shared.acceptor).clone();
        let Some(acceptor) = acceptor else { return "there is no certificate".to_owned() };
        return match timeout(patience, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => carry(shared, peer, control, stream, accepted, queue).await,
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "a TLS handshake failed");
                format!("the TLS handshake failed: {error}")
            }
            Err(_) => "the TLS handshake was not finished".to_owned(),
        };
    }
    let connector = match shared.connector() {
        Ok(connector) => connector,
        Err(error) => return error.to_string(),
    };
    let name = locked(&shared.names).get(&peer.addr).cloned();
    let name = tls::server_name(name.as_deref(), peer.addr);
    match timeout(patience, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => {
            let (_, session) = stream.get_ref();
            let certificate = session.peer_certificates().and_then(<[_]>::first);
            if let Some(end) = certificate.and_then(|certificate| expiry::not_after(certificate)) {
                let _ = control.not_after.set(end);
            }
            carry(shared, peer, control, stream, accepted, queue).await
        }
        Ok(Err(error)) => format!("the TLS handshake failed: {error}"),
        Err(_) => "the TLS handshake was not finished".to_owned(),
    }
}

/// Best effort: a connection works without any of it.
fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let _ = socket
        .set_tcp_keepalive(&TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_EVERY).with_retries(3));
    let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
}

/// Reads and writes until one of the two ends, and says why.
async fn carry(
    shared: &Arc<Shared>,
    peer: Peer,
    control: &Control,
    stream: impl AsyncRead + AsyncWrite,
    accepted: bool,
    queue: &mut mpsc::Receiver<Bytes>,
) -> String {
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        why = read(shared, peer, control, reader, accepted) => why,
        why = write(shared, control, writer, queue) => why,
    }
}

async fn read(
    shared: &Arc<Shared>,
    peer: Peer,
    control: &Control,
    mut reader: impl AsyncRead + Unpin,
    accepted: bool,
) -> String {
    let config = shared.streams;
    let (mut framer, mut raw) = (Framer::default(), BytesMut::new());
    let mut buffer = vec![0; READ];
    let mut heard = Instant::now();
    // Since when a message is being waited for.
    let mut begun: Option<Instant> = None;
    loop {
        let silent = if accepted && !control.known.load(Ordering::Relaxed) {
            heard.checked_add(config.patience * FIRST_MESSAGE)
        } else {
            (*locked(&control.written)).max(Some(heard)).and_then(|last| last.checked_add(config.idle))
        };
        let deadline = begun.map_or(silent, |begun| begun.checked_add(config.patience));
        let deadline = deadline.unwrap_or_else(|| heard + Duration::from_secs(86_400));
        let count = match timeout_at(deadline, reader.read(&mut buffer)).await {
            Ok(Ok(0)) => return "closed by the other side".to_owned(),
            Ok(Ok(count)) => count,
            // Many end TLS without saying so.
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return "closed by the other side".to_owned();
            }
            Ok(Err(error)) => return error.to_string(),
            Err(_) if begun.is_some() => return "it did not finish a message".to_owned(),
            Err(_) if control.written_after(heard, config.idle) => continue,
            Err(_) => return "no traffic".to_owned(),
        };
        // Before the first message, line ends alone do not keep a stranger's connection open.
        let mut complete = false;
        framer.push(&buffer[..count]);
        raw.extend_from_slice(&buffer[..count]);
        loop {
            let before = framer.waiting();
            let next = framer.next();
            let used = raw.split_to((before - framer.waiting()).min(raw.len()));
            match next {
                Ok(None) => break,
                Ok(Some(message)) => {
                    complete = true;
                    let blank = used.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(used.len());
                    let bytes = used.freeze().slice(blank..);
                    let received = Received { peer, bytes, message, at: std::time::Instant::now() };
                    control.known.store(true, Ordering::Relaxed);
                    if shared.inbound.send(Inbound::Message(received)).await.is_err() {
                        return "stopped".to_owned();
                    }
                }
                Err(_) => {
                    locked(&shared.gate).report(peer.addr.ip(), Offence::Malformed, std::time::Instant::now());
                    locked(&shared.gate).count(Reason::Malformed);
                    return "what it sent is no SIP".to_owned();
                }
            }
        }
        let now = Instant::now();
        if complete || control.known.load(Ordering::Relaxed) {
            heard = now;
        }
        begun = match framer.waiting() {
            0 => None,
            _ if complete => Some(now),
            _ => begun.or(Some(now)),
        };
        // One answer is enough, however many pings came at once.
        if framer.pings() > 0 {
            send(shared, peer, Bytes::from_static(b"\r\n"));
        }
    }
}

impl Control {
    /// Whether something was written within the last `idle`, so that silence since `heard` does not count.
    fn written_after(&self, heard: Instant, idle: Duration) -> bool {
        self.known.load(Ordering::Relaxed)
            && locked(&self.written).is_some_and(|written| written > heard && written.elapsed() < idle)
    }
}

async fn write(
    shared: &Shared,
    control: &Control,
    mut writer: impl AsyncWrite + Unpin,
    queue: &mut mpsc::Receiver<Bytes>,
) -> String {
    let mut stopping = false;
    let mut batch = Vec::new();
    loop {
        // Whatever waits leaves before the end.
        let first = tokio::select! {
            biased;
            first = queue.recv() => first,
            () = shared.stop.cancelled(), if !stopping => {
                queue.close();
                stopping = true;
                continue;
            }
        };
        let Some(first) = first else {
            let _ = timeout(shared.streams.patience, writer.shutdown()).await;
            return "stopped".to_owned();
        };
        batch.clear();
        batch.extend_from_slice(&first);
        while batch.len() < WRITE
            && let Ok(more) = queue.try_recv()
        {
            batch.extend_from_slice(&more);
        }
        let sent = timeout(shared.streams.patience, async {
            writer.write_all(&batch).await?;
            writer.flush().await
        });
        match sent.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.to_string(),
            Err(_) => return "it did not read what was sent to it".to_owned(),
        }
        control.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
        *locked(&control.written) = Some(Instant::now());
    }
}
