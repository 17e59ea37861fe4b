//! The sockets of SIP against real sockets: UDP in batches, TCP, TLS both ways, bounds and failures.

mod certificates;

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use certificates::{Authority, ENDS};
use sip::endpoint::{Peer, Protocol};
use sip::message::{Message, Uri};
use sip::transport::gate::{Net, Offence, Reason};
use sip::transport::{
    Distrust, Inbound, Inbox, Received, Shown, StreamConfig, TlsIdentity, TransportConfig, TransportError, Transports,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// Longer than anything here takes, however busy the machine is.
const LONG: Duration = Duration::from_secs(30);

fn free(ip: &str) -> Vec<SocketAddr> {
    vec![SocketAddr::new(ip.parse().expect("an address"), 0)]
}

fn request(method: &str, call: &str, body: &str) -> Bytes {
    format!(
        "{method} sip:100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{call};rport\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:100@127.0.0.1>\r\nCall-ID: {call}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into()
}

fn call_id(received: &Received) -> &str {
    received.message.as_ref().expect("a message").headers().call_id()
}

/// One end: what it sends with, what it got.
struct End {
    transports: Transports,
    inbox: Inbox,
    waiting: Vec<Inbound>,
}

impl End {
    async fn start(config: TransportConfig) -> End {
        let (transports, inbox) = Transports::start(config).await.expect("it starts");
        End { transports, inbox, waiting: Vec::new() }
    }

    /// The next thing that comes in.
    async fn next(&mut self) -> Inbound {
        if self.waiting.is_empty() {
            let received = timeout(LONG, self.inbox.recv(&mut self.waiting)).await;
            received.expect("something comes").expect("it is open");
        }
        self.waiting.remove(0)
    }

    async fn message(&mut self) -> Received {
        match self.next().await {
            Inbound::Message(received) => received,
            Inbound::Lost(peer, why) => panic!("lost {peer}: {why}"),
        }
    }

    async fn loss(&mut self) -> (Peer, String) {
        match self.next().await {
            Inbound::Lost(peer, why) => (peer, why),
            Inbound::Message(received) => panic!("a message from {}", received.peer),
        }
    }

    fn peer(&self, protocol: Protocol) -> Peer {
        Peer { protocol, addr: self.transports.local_addr(protocol).expect("it listens") }
    }

    fn dropped(&self, reason: Reason) -> u64 {
        self.transports.dropped().into_iter().find(|(known, _)| *known == reason).map_or(0, |(_, count)| count)
    }
}

fn udp(ip: &str) -> TransportConfig {
    TransportConfig { udp: free(ip), ..TransportConfig::default() }
}

fn tcp(ip: &str) -> TransportConfig {
    TransportConfig { tcp: free(ip), ..TransportConfig::default() }
}

fn tls(authority: &Authority, identity: TlsIdentity) -> TransportConfig {
    let (tls, server_tls, trust) = (free("127.0.0.1"), Some(identity), authority.trust());
    TransportConfig { tls, server_tls, trust, ..TransportConfig::default() }
}

fn impatient(mut config: TransportConfig) -> TransportConfig {
    config.streams = StreamConfig { patience: Duration::from_millis(300), ..config.streams };
    config
}

/// Sends a request one way and an answer back over the same connection.
async fn converse(server: &mut End, client: &mut End, protocol: Protocol) {
    let to = server.peer(protocol);
    let sent = request("OPTIONS", "there", "hello");
    client.transports.send(to, sent.clone());
    client.transports.flush();
    let there = server.message().await;
    assert_eq!(there.bytes, sent);
    assert_eq!((there.peer.protocol, call_id(&there)), (protocol, "there"));
    server.transports.send(there.peer, request("OPTIONS", "back", ""));
    server.transports.flush();
    let back = client.message().await;
    assert_eq!((back.peer, call_id(&back)), (to, "back"));
}

#[tokio::test]
async fn datagrams_go_both_ways_over_both_families() {
    for ip in ["127.0.0.1", "::1"] {
        let (mut server, mut client) = (End::start(udp(ip)).await, End::start(udp(ip)).await);
        converse(&mut server, &mut client, Protocol::Udp).await;
    }
}

#[tokio::test]
async fn one_port_serves_both_families() {
    let first = End::start(udp("0.0.0.0")).await;
    let port = first.peer(Protocol::Udp).addr.port();
    let both = SocketAddr::new("::".parse().expect("an address"), port);
    let second = End::start(TransportConfig { udp: vec![both], ..TransportConfig::default() }).await;
    assert_eq!(second.peer(Protocol::Udp).addr.port(), port);
}

#[tokio::test]
async fn a_reply_leaves_from_the_socket_that_the_request_came_to() {
    let two = [free("127.0.0.1"), free("127.0.0.1")].concat();
    let mut server = End::start(TransportConfig { udp: two, ..TransportConfig::default() }).await;
    for addr in server.transports.local_addrs(Protocol::Udp) {
        let mut client = End::start(udp("127.0.0.1")).await;
        client.transports.send(Peer::udp(addr), request("OPTIONS", "there", ""));
        client.transports.flush();
        let there = server.message().await;
        assert_eq!(server.transports.local_towards(there.peer), Some(addr));
        server.transports.send(there.peer, request("OPTIONS", "back", ""));
        server.transports.flush();
        assert_eq!(client.message().await.peer.addr, addr);
    }
}

#[tokio::test]
async fn a_batch_of_hundreds_arrives_in_order_and_the_longest_whole() {
    let (mut server, client) = (End::start(udp("127.0.0.1")).await, End::start(udp("127.0.0.1")).await);
    for call in 0..300 {
        client.transports.send(server.peer(Protocol::Udp), request("OPTIONS", &call.to_string(), ""));
    }
    client.transports.send(server.peer(Protocol::Udp), request("MESSAGE", "long", &"x".repeat(60_000)));
    client.transports.flush();
    for call in 0..300 {
        assert_eq!(call_id(&server.message().await), call.to_string());
    }
    assert_eq!(server.message().await.message.expect("whole").body().len(), 60_000);
}

#[tokio::test]
async fn keep_alives_and_garbage_in_datagrams_say_nothing() {
    let mut server = End::start(udp("127.0.0.1")).await;
    let to = server.peer(Protocol::Udp).addr;
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    for datagram in [&b"\r\n\r\n"[..], b"", b"\0\0\0\0", b"no SIP at all", &request("OPTIONS", "real", "")] {
        socket.send_to(datagram, to).await.expect("sent");
    }
    assert_eq!(call_id(&server.message().await), "real");
    assert_eq!(server.dropped(Reason::Malformed), 1);
}

#[tokio::test]
async fn a_request_that_can_be_answered_comes_with_its_fault() {
    let mut server = End::start(udp("127.0.0.1")).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    let text = String::from_utf8(request("INVITE", "1", "").to_vec())
        .expect("text")
        .replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia");
    socket.send_to(text.as_bytes(), server.peer(Protocol::Udp).addr).await.expect("sent");
    assert!(server.message().await.message.is_err());
}

#[tokio::test]
async fn a_source_too_fast_is_told_so() {
    let mut config = udp("127.0.0.1");
    (config.gate.per_second, config.gate.burst) = (0.0, 1.0);
    let (mut server, mut client) = (End::start(config).await, End::start(udp("127.0.0.1")).await);
    for call in ["first", "second"] {
        client.transports.send(server.peer(Protocol::Udp), request("INVITE", call, ""));
    }
    client.transports.flush();
    assert_eq!(call_id(&server.message().await), "first");
    let served = tokio::spawn(async move {
        server.next().await;
    });
    let refusal = client.message().await;
    assert_eq!(call_id(&refusal), "second");
    let Ok(Message::Response(response)) = refusal.message else { panic!("a response was expected") };
    assert_eq!(response.status, 503);
    served.abort();
}

#[tokio::test]
async fn a_banned_source_is_not_heard_and_loses_its_connections() {
    let mut config = tcp("127.0.0.1");
    config.udp = free("127.0.0.1");
    config.gate.ban_loopback = true;
    let mut server = End::start(config).await;
    let mut client = End::start(TransportConfig { udp: free("127.0.0.1"), ..TransportConfig::default() }).await;
    converse(&mut server, &mut client, Protocol::Tcp).await;
    let source = "127.0.0.1".parse().expect("an address");
    for _ in 0..20 {
        server.transports.failed_auth(source);
    }
    assert_eq!(server.transports.bans()[0].reason, Offence::FailedAuth);
    let (lost, _) = client.loss().await;
    assert_eq!(lost, server.peer(Protocol::Tcp));
    server.loss().await;
    client.transports.send(server.peer(Protocol::Udp), request("OPTIONS", "unheard", ""));
    client.transports.flush();
    let heard = timeout(Duration::from_millis(200), server.inbox.recv(&mut server.waiting)).await;
    assert!(heard.is_err(), "nothing comes in");
    assert_eq!(server.dropped(Reason::Banned), 1);

    assert!(server.transports.unban(source));
    converse(&mut server, &mut client, Protocol::Udp).await;
}

#[tokio::test]
async fn a_connection_carries_both_directions_over_both_families() {
    for ip in ["127.0.0.1", "::1"] {
        let (mut server, mut client) = (End::start(tcp(ip)).await, End::start(TransportConfig::default()).await);
        converse(&mut server, &mut client, Protocol::Tcp).await;
        converse(&mut server, &mut client, Protocol::Tcp).await;
        assert_eq!((server.transports.connections(), client.transports.connections()), (1, 1));
    }
}

#[tokio::test]
async fn a_message_in_pieces_is_put_together_and_a_ping_is_answered() {
    let mut server = End::start(tcp("127.0.0.1")).await;
    let mut stream = TcpStream::connect(server.peer(Protocol::Tcp).addr).await.expect("connected");
    stream.set_nodelay(true).expect("set");
    let bytes = [request("OPTIONS", "1", "body"), request("OPTIONS", "2", "")].concat();
    for piece in bytes.chunks(7) {
        stream.write_all(piece).await.expect("written");
        tokio::task::yield_now().await;
    }
    assert_eq!(server.message().await.bytes, request("OPTIONS", "1", "body"));
    assert_eq!(server.message().await.bytes, request("OPTIONS", "2", ""));
    stream.write_all(b"\r\n\r\n").await.expect("written");
    let mut pong = [0; 2];
    timeout(LONG, stream.read_exact(&mut pong)).await.expect("an answer").expect("read");
    assert_eq!(&pong, b"\r\n");
}

#[tokio::test]
async fn a_flow_is_kept_alive() {
    let mut server = End::start(tcp("127.0.0.1")).await;
    let mut client = End::start(udp("127.0.0.1")).await;
    converse(&mut server, &mut client, Protocol::Tcp).await;
    client.transports.keep_alive(server.peer(Protocol::Tcp));
    converse(&mut server, &mut client, Protocol::Tcp).await;

    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
    client.transports.keep_alive(Peer::udp(socket.local_addr().expect("it is bound")));
    client.transports.flush();
    let mut ping = [0; 16];
    let (length, _) = timeout(LONG, socket.recv_from(&mut ping)).await.expect("a ping").expect("read");
    assert_eq!(&ping[..length], b"\r\n");
}

#[tokio::test]
async fn a_torn_connection_is_reported_and_opened_anew() {
    let mut server = End::start(tcp("127.0.0.1")).await;
    let mut client = End::start(TransportConfig::default()).await;
    converse(&mut server, &mut client, Protocol::Tcp).await;
    let to = server.peer(Protocol::Tcp);
    server.transports.stop();
    assert_eq!(server.inbox.recv(&mut Vec::new()).await, None);
    assert_eq!(client.loss().await.0, to);
    drop(server);
    let config = TransportConfig { tcp: vec![to.addr], ..TransportConfig::default() };
    let mut again = loop {
        // The listening task of the first end may need a moment to go.
        match Transports::start(config.clone()).await {
            Ok((transports, inbox)) => break End { transports, inbox, waiting: Vec::new() },
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    converse(&mut again, &mut client, Protocol::Tcp).await;
}

#[tokio::test]
async fn what_waits_is_still_sent_when_the_transports_stop() {
    let mut server = End::start(tcp("127.0.0.1")).await;
    let client = End::start(TransportConfig::default()).await;
    for call in 0..100 {
        client.transports.send(server.peer(Protocol::Tcp), request("BYE", &call.to_string(), ""));
    }
    // The connection has to be there: opening one is not waited for.
    server.message().await;
    client.transports.stop();
    for _ in 1..100 {
        server.message().await;
    }
    server.loss().await;
}

#[tokio::test]
async fn a_peer_that_cannot_be_reached_is_reported() {
    let mut client = End::start(udp("127.0.0.1")).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    let to = Peer { protocol: Protocol::Tcp, addr: closed };
    client.transports.send(to, request("OPTIONS", "1", ""));
    assert_eq!(client.loss().await.0, to);
    let other_family = Peer::udp("[::1]:5060".parse().expect("an address"));
    client.transports.send(other_family, request("OPTIONS", "1", ""));
    assert_eq!(client.loss().await.0, other_family);
    let (too_long, bytes) = (Peer::udp(closed), vec![b'x'; 65_530]);
    client.transports.send(too_long, bytes.into());
    client.transports.flush();
    assert_eq!(client.loss().await.0, too_long);
}

#[tokio::test]
async fn a_stream_that_is_no_sip_or_too_long_is_closed() {
    let mut server = End::start(tcp("127.0.0.1")).await;
    let endless = [&b"OPTIONS sip:a@b SIP/2.0\r\nSubject: "[..], &[b'x'; 70_000]].concat();
    let announced = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 4000000000\r\n\r\n".to_vec();
    let garbage = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
    for bytes in [endless, announced, garbage] {
        let mut stream = TcpStream::connect(server.peer(Protocol::Tcp).addr).await.expect("connected");
        // The other side may close before all is written.
        let _ = stream.write_all(&bytes).await;
        let mut rest = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut rest)).await.expect("closed");
        assert!(rest.is_empty());
    }
    let heard = timeout(Duration::from_millis(50), server.inbox.recv(&mut server.waiting)).await;
    assert!(heard.is_err(), "strangers who said nothing are nobody's loss: {:?}", server.waiting);
}

#[tokio::test]
async fn who_does_not_finish_a_message_is_closed() {
    let mut server = End::start(impatient(tcp("127.0.0.1"))).await;
    let mut stream = TcpStream::connect(server.peer(Protocol::Tcp).addr).await.expect("connected");
    let whole = request("OPTIONS", "1", "");
    stream.write_all(&whole).await.expect("written");
    server.message().await;
    stream.write_all(&whole[..whole.len() / 2]).await.expect("written");
    let mut rest = Vec::new();
    timeout(LONG, stream.read_to_end(&mut rest)).await.expect("closed").expect("read");
    assert_eq!(server.loss().await.1, "it did not finish a message");
}

#[tokio::test]
async fn who_does_not_read_is_closed_and_the_others_are_served() {
    let config = StreamConfig { waiting_bytes: 200_000, waiting_messages: 100, ..StreamConfig::default() };
    let mut server = End::start(TransportConfig { streams: config, ..tcp("127.0.0.1") }).await;
    let mut deaf = TcpStream::connect(server.peer(Protocol::Tcp).addr).await.expect("connected");
    deaf.write_all(&request("OPTIONS", "1", "")).await.expect("written");
    let peer = server.message().await.peer;
    let mut client = End::start(TransportConfig::default()).await;
    // More than the buffers of the system take.
    let (mut sent, bulk) = (0usize, request("MESSAGE", "2", &"x".repeat(50_000)));
    while server.transports.is_connected(peer) {
        server.transports.send(peer, bulk.clone());
        sent += bulk.len();
        assert!(sent < 1_000_000_000, "it never ends");
        tokio::task::yield_now().await;
    }
    let (lost, why) = server.loss().await;
    assert_eq!((lost, why.as_str()), (peer, "it did not read what was sent to it"));
    converse(&mut server, &mut client, Protocol::Tcp).await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let streams = StreamConfig { idle: Duration::from_millis(200), ..StreamConfig::default() };
    let mut server = End::start(TransportConfig { streams, ..tcp("127.0.0.1") }).await;
    let mut client = End::start(TransportConfig::default()).await;
    converse(&mut server, &mut client, Protocol::Tcp).await;
    assert_eq!(server.loss().await.1, "no traffic");
    assert_eq!(client.loss().await.0, server.peer(Protocol::Tcp));
}

#[tokio::test]
async fn connections_are_bounded_in_total_and_per_source() {
    let closed = |mut stream: TcpStream| async move {
        let mut rest = Vec::new();
        timeout(LONG, stream.read_to_end(&mut rest)).await.expect("closed").is_ok()
    };
    for (streams, always) in [
        (StreamConfig { per_source: 2, ..StreamConfig::default() }, Vec::new()),
        (
            StreamConfig { per_source: 1, connections: 2, ..StreamConfig::default() },
            vec!["127.0.0.0/8".parse::<Net>().expect("a network")],
        ),
    ] {
        let mut config = TransportConfig { streams, ..tcp("127.0.0.1") };
        config.gate.always = always;
        let mut server = End::start(config).await;
        let mut kept = Vec::new();
        for call in ["1", "2"] {
            let mut stream = TcpStream::connect(server.peer(Protocol::Tcp).addr).await.expect("connected");
            stream.write_all(&request("OPTIONS", call, "")).await.expect("written");
            assert_eq!(call_id(&server.message().await), call);
            kept.push(stream);
        }
        assert!(closed(TcpStream::connect(server.peer(Protocol::Tcp).addr).await.expect("connected")).await);
        assert_eq!(server.dropped(Reason::TooManyConnections), 1);
        kept.pop();
        server.loss().await;
        let mut stream = TcpStream::connect(server.peer(Protocol::Tcp).addr).await.expect("connected");
        stream.write_all(&request("OPTIONS", "3", "")).await.expect("written");
        assert_eq!(call_id(&server.message().await), "3");
    }
}

#[tokio::test]
async fn tls_with_an_authority_of_ones_own() {
    let authority = Authority::new();
    let mut server = End::start(tls(&authority, authority.issue("127.0.0.1"))).await;
    let mut client = End::start(TransportConfig { trust: authority.trust(), ..TransportConfig::default() }).await;
    converse(&mut server, &mut client, Protocol::Tls).await;
    let end = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(ENDS));
    assert_eq!(server.transports.certificate_ends(), end);
    assert_eq!(client.transports.peer_certificate_ends(server.peer(Protocol::Tls)), end);
    assert_eq!(server.transports.certificate_names(), ["127.0.0.1"]);
}

#[tokio::test]
async fn what_a_tls_server_shows_can_be_looked_at_although_it_is_not_believed() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (trusted, host, distrust) in [
        (&authority, "127.0.0.1", None),
        (&authority, "elsewhere.example", Some(Distrust::WrongName("127.0.0.1".to_owned()))),
        (&other, "127.0.0.1", Some(Distrust::UnknownAuthority)),
    ] {
        let server = End::start(tls(&authority, authority.issue(host))).await;
        let client = End::start(TransportConfig { trust: trusted.trust(), ..TransportConfig::default() }).await;
        let shown = client.transports.inspect(server.peer(Protocol::Tls)).await.expect("it shows a certificate");
        let ends = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(ENDS));
        assert_eq!(shown, Shown { ends, names: vec![host.to_owned()], distrust });
        assert_eq!(client.transports.connections(), 0);
    }
    let client = End::start(TransportConfig { trust: authority.trust(), ..TransportConfig::default() }).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    let nobody = Peer { addr: nobody, protocol: Protocol::Tls };
    assert!(client.transports.inspect(nobody).await.is_err_and(|why| why.contains("cannot connect")));
}

#[tokio::test]
async fn the_certificate_must_name_the_host_of_the_uri() {
    let authority = Authority::new();
    for (host, fits) in [("localhost", true), ("elsewhere.example", false)] {
        let mut server = End::start(tls(&authority, authority.issue(host))).await;
        let mut client = End::start(TransportConfig { trust: authority.trust(), ..TransportConfig::default() }).await;
        let to = server.peer(Protocol::Tls);
        let uri = Uri::parse(&format!("sips:100@localhost:{}", to.addr.port())).expect("a URI");
        let found = client.transports.resolve(&uri).await.expect("found");
        assert!(found.contains(&to), "{found:?}");
        if fits {
            converse(&mut server, &mut client, Protocol::Tls).await;
        } else {
            client.transports.send(to, request("OPTIONS", "1", ""));
            let (lost, why) = client.loss().await;
            assert_eq!(lost, to);
            assert!(why.contains("certificate"), "{why}");
        }
    }
}

#[tokio::test]
async fn a_server_of_a_stranger_is_refused() {
    let (own, foreign) = (Authority::new(), Authority::new());
    let server = End::start(tls(&foreign, foreign.issue("127.0.0.1"))).await;
    let mut client = End::start(TransportConfig { trust: own.trust(), ..TransportConfig::default() }).await;
    client.transports.send(server.peer(Protocol::Tls), request("OPTIONS", "1", ""));
    assert!(client.loss().await.1.contains("certificate"));
}

#[tokio::test]
async fn mutual_tls_lets_in_whom_the_authority_signed_and_nobody_else() {
    let (own, foreign) = (Authority::new(), Authority::new());
    let mut config = tls(&own, own.issue("127.0.0.1"));
    config.client_ca = Some(own.file());
    let mut server = End::start(config).await;
    for (identity, welcome) in
        [(Some(own.issue("pbx.example")), true), (Some(foreign.issue("pbx.example")), false), (None, false)]
    {
        let config = TransportConfig { trust: own.trust(), client_identity: identity, ..TransportConfig::default() };
        let mut client = End::start(config).await;
        if welcome {
            converse(&mut server, &mut client, Protocol::Tls).await;
            drop(client);
            server.loss().await;
        } else {
            client.transports.send(server.peer(Protocol::Tls), request("OPTIONS", "1", ""));
            let (lost, why) = client.loss().await;
            assert_eq!(lost, server.peer(Protocol::Tls), "{why}");
        }
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart() {
    let authority = Authority::new();
    let identity = authority.issue("elsewhere.example");
    let mut server = End::start(tls(&authority, identity.clone())).await;
    let renewed = authority.issue("127.0.0.1");
    std::fs::copy(&renewed.certificates, &identity.certificates).expect("copied");
    assert!(server.transports.reload_tls().is_err(), "the key is still the old one");
    std::fs::copy(&renewed.key, &identity.key).expect("copied");
    server.transports.reload_tls().expect("both fit");
    let mut client = End::start(TransportConfig { trust: authority.trust(), ..TransportConfig::default() }).await;
    converse(&mut server, &mut client, Protocol::Tls).await;
}

#[tokio::test]
async fn who_does_not_finish_the_handshake_is_closed() {
    let authority = Authority::new();
    let streams = StreamConfig { handshake: Duration::from_millis(200), ..StreamConfig::default() };
    let config = TransportConfig { streams, ..tls(&authority, authority.issue("127.0.0.1")) };
    let server = End::start(config).await;
    let mut stream = TcpStream::connect(server.peer(Protocol::Tls).addr).await.expect("connected");
    let mut rest = Vec::new();
    timeout(LONG, stream.read_to_end(&mut rest)).await.expect("closed").expect("read");
    assert!(rest.is_empty());
}

#[tokio::test]
async fn what_cannot_work_is_said_at_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = taken.local_addr().expect("bound");
    let start = |config| async { Transports::start(config).await.err().expect("it cannot start") };
    let config = TransportConfig { tcp: vec![addr], ..TransportConfig::default() };
    assert!(matches!(start(config).await, TransportError::Bind { protocol: "TCP", .. }));
    let config = TransportConfig { tls: free("127.0.0.1"), ..TransportConfig::default() };
    assert!(matches!(start(config).await, TransportError::NoCertificate(_)));
    let authority = Authority::new();
    let mut identity = authority.issue("127.0.0.1");
    identity.key = authority.file();
    let error = start(tls(&authority, identity)).await;
    assert!(error.to_string().contains("there is no private key in it"), "{error}");
}

/// Prints what a request costs from socket to socket, read and judged: `cargo test -p hotline-sip --test transport -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn requests_per_second() {
    const ROUNDS: usize = 2_000;
    let mut config = udp("127.0.0.1");
    (config.gate.per_second, config.gate.burst) = (1e9, 1e9);
    let (mut server, client) = (End::start(config).await, End::start(udp("127.0.0.1")).await);
    let (to, message) = (server.peer(Protocol::Udp), request("OPTIONS", "1", &"x".repeat(200)));
    for batch in [1, 8, 64] {
        let begun = std::time::Instant::now();
        for _ in 0..ROUNDS {
            for _ in 0..batch {
                client.transports.send(to, message.clone());
            }
            client.transports.flush();
            server.waiting.clear();
            while server.waiting.len() < batch {
                server.inbox.recv(&mut server.waiting).await.expect("open");
            }
        }
        let each = begun.elapsed().as_secs_f64() * 1e6 / (ROUNDS * batch) as f64;
        println!("{batch:3} at a time, sent, received, parsed and judged: {each:5.2} µs, {:.0} a second", 1e6 / each);
    }
}
