use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use super::*;
use crate::transport::dns::tests::{labels, message, srv, srv_data};

const BOTH: Families = Families { udp_v4: true, udp_v6: true };

/// What the name server of a test knows: name, kind, data.
type Zone = Vec<(&'static str, Kind, Vec<u8>)>;

struct Server {
    addr: SocketAddr,
    asked: Arc<AtomicUsize>,
}

/// A name server on the loopback. Names that begin with `_long` are answered over TCP only, those that begin with `_sip._udp.broken`
/// and the host `broken` with a failure.
async fn serve(zone: Zone) -> Server {
    let (udp, tcp) = loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("it is bound")).await {
            break (udp, tcp);
        }
    };
    let addr = udp.local_addr().expect("it is bound");
    let asked = Arc::new(AtomicUsize::new(0));
    let (zone, count) = (Arc::new(zone), asked.clone());
    let over_tcp = zone.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
            count.fetch_add(1, Ordering::Relaxed);
            let _ = udp.send_to(&reply(&zone, &buffer[..length], false), from).await;
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut question = vec![0; usize::from(stream.read_u16().await.expect("a length"))];
            stream.read_exact(&mut question).await.expect("a question");
            let reply = reply(&over_tcp, &question, true);
            stream.write_u16(reply.len() as u16).await.expect("written");
            stream.write_all(&reply).await.expect("written");
        }
    });
    Server { addr, asked }
}

fn reply(zone: &Zone, question: &[u8], tcp: bool) -> Vec<u8> {
    let id = u16::from_be_bytes([question[0], question[1]]);
    let mut name = Vec::new();
    let mut at = 12;
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        name.push(String::from_utf8_lossy(&question[at + 1..end]).into_owned());
        at = end;
    }
    let (name, number) = (name.join("."), u16::from(question[at + 2]));
    let kind = [Kind::A, Kind::Aaaa, Kind::Srv, Kind::Naptr].into_iter().find(|kind| *kind as u16 == number);
    let kind = kind.expect("a kind that is asked for");
    let found: Vec<_> = zone
        .iter()
        .filter(|(known, of, _)| *known == name && *of == kind)
        .map(|(known, of, data)| (*known, *of as u16, 60, data.clone()))
        .collect();
    let flags = match () {
        () if name.contains("broken") => 0x8182,
        () if name.contains("long") && !tcp => 0x8380,
        () => 0x8180,
    };
    message(id, &name, kind, flags, &found)
}

fn v4(last: u8) -> Vec<u8> {
    vec![192, 0, 2, last]
}

fn naptr(order: u16, service: &str, replacement: &str) -> Vec<u8> {
    let mut out = [order.to_be_bytes(), [0, 0]].concat();
    for text in ["s", service, ""] {
        out.push(text.len() as u8);
        out.extend_from_slice(text.as_bytes());
    }
    out.extend(labels(replacement));
    out
}

async fn peers(resolver: &Resolver, uri: &str, families: Families) -> Result<String, ResolveError> {
    let found = resolver.resolve(&Uri::parse(uri).expect("a URI"), families).await?;
    Ok(found.peers.iter().map(Peer::to_string).collect::<Vec<_>>().join(", "))
}

#[tokio::test]
async fn an_address_needs_no_name_server() {
    let resolver = Resolver::new(None);
    for (uri, expected) in [
        ("sip:1@192.0.2.1", "UDP 192.0.2.1:5060"),
        ("sip:1@192.0.2.1:5080;transport=tcp", "TCP 192.0.2.1:5080"),
        ("sip:192.0.2.1;transport=TLS", "TLS 192.0.2.1:5061"),
        ("sips:1@[2001:db8::1]", "TLS [2001:db8::1]:5061"),
        ("sips:1@192.0.2.1;transport=tcp", "TLS 192.0.2.1:5061"),
        ("sip:1@example.com;maddr=192.0.2.2", "UDP 192.0.2.2:5060"),
    ] {
        assert_eq!(peers(&resolver, uri, BOTH).await.as_deref(), Ok(expected), "{uri}");
    }
    let none = Families { udp_v4: false, udp_v6: false };
    assert_eq!(peers(&resolver, "sip:192.0.2.1", none).await.as_deref(), Ok("TCP 192.0.2.1:5060"));
    for uri in ["tel:+4930123", "sips:192.0.2.1;transport=udp", "sip:192.0.2.1;transport=sctp"] {
        assert!(matches!(peers(&resolver, uri, BOTH).await, Err(ResolveError::Unsupported(_))), "{uri}");
    }
}

#[tokio::test]
async fn services_give_a_list_to_fail_over_in_the_order_of_their_priorities() {
    let server = serve(vec![
        ("_sip._udp.example.com", Kind::Srv, srv_data(&srv(30, 0, 5062, "backup.example.com"))),
        ("_sip._udp.example.com", Kind::Srv, srv_data(&srv(10, 0, 5060, "one.example.com"))),
        ("_sip._udp.example.com", Kind::Srv, srv_data(&srv(20, 0, 5061, "gone.example.com"))),
        ("one.example.com", Kind::A, v4(1)),
        ("one.example.com", Kind::A, v4(2)),
        ("one.example.com", Kind::Aaaa, [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1]].concat()),
        ("backup.example.com", Kind::A, v4(9)),
    ])
    .await;
    let resolver = Resolver::new(Some(server.addr));
    let all = "UDP 192.0.2.1:5060, UDP 192.0.2.2:5060, UDP [2001:db8::1]:5060, UDP 192.0.2.9:5062";
    assert_eq!(peers(&resolver, "sip:1@example.com", BOTH).await.as_deref(), Ok(all));
    let v4_only = Families { udp_v4: true, udp_v6: false };
    let reachable = "UDP 192.0.2.1:5060, UDP 192.0.2.2:5060, UDP 192.0.2.9:5062";
    assert_eq!(peers(&resolver, "sip:1@example.com", v4_only).await.as_deref(), Ok(reachable));
}

#[tokio::test]
async fn an_answer_is_asked_for_once() {
    let server = serve(vec![
        ("_sip._udp.example.com", Kind::Srv, srv_data(&srv(1, 0, 5060, "one.example.com"))),
        ("one.example.com", Kind::A, v4(1)),
    ])
    .await;
    let resolver = Resolver::new(Some(server.addr));
    let first = peers(&resolver, "sip:1@example.com", BOTH).await;
    let asked = server.asked.load(Ordering::Relaxed);
    assert_eq!(peers(&resolver, "sip:2@EXAMPLE.com", BOTH).await, first);
    assert_eq!(server.asked.load(Ordering::Relaxed), asked);
}

#[tokio::test]
async fn pointers_choose_the_transport() {
    let server = serve(vec![
        ("example.com", Kind::Naptr, naptr(20, "SIP+D2U", "_sip._udp.example.com")),
        ("example.com", Kind::Naptr, naptr(10, "SIPS+D2T", "_sips._tcp.edge.example.com")),
        ("example.com", Kind::Naptr, naptr(5, "SIP+D2W", "_sip._ws.example.com")),
        ("_sips._tcp.edge.example.com", Kind::Srv, srv_data(&srv(1, 0, 5071, "edge.example.com"))),
        ("_sip._udp.example.com", Kind::Srv, srv_data(&srv(1, 0, 5060, "edge.example.com"))),
        ("edge.example.com", Kind::A, v4(7)),
    ])
    .await;
    let resolver = Resolver::new(Some(server.addr));
    for (uri, expected) in [
        ("sip:1@example.com", "TLS 192.0.2.7:5071"),
        ("sip:1@example.com;transport=udp", "UDP 192.0.2.7:5060"),
        ("sips:1@example.com", "TLS 192.0.2.7:5071"),
        ("sip:1@edge.example.com:5090", "UDP 192.0.2.7:5090"),
    ] {
        assert_eq!(peers(&resolver, uri, BOTH).await.as_deref(), Ok(expected), "{uri}");
    }
    let found = resolver.resolve(&Uri::parse("sips:1@example.com").expect("a URI"), BOTH).await.expect("found");
    assert_eq!(found.name.as_deref(), Some("example.com"), "the certificate is for the domain, not for its server");
}

#[tokio::test]
async fn a_name_without_services_is_found_by_its_address() {
    let server = serve(vec![("pbx.example", Kind::A, v4(3))]).await;
    let resolver = Resolver::new(Some(server.addr));
    for (uri, expected) in [
        ("sip:1@pbx.example", "UDP 192.0.2.3:5060"),
        ("sip:1@pbx.example;transport=tcp", "TCP 192.0.2.3:5060"),
        ("sips:1@pbx.example", "TLS 192.0.2.3:5061"),
    ] {
        assert_eq!(peers(&resolver, uri, BOTH).await.as_deref(), Ok(expected), "{uri}");
    }
}

#[tokio::test]
async fn what_leads_nowhere_says_why() {
    let server = serve(vec![
        ("_sip._udp.nosip.example", Kind::Srv, srv_data(&srv(0, 0, 0, ""))),
        ("nosip.example", Kind::A, v4(3)),
    ])
    .await;
    let resolver = Resolver::new(Some(server.addr));
    let unknown = |name: &str| Err(ResolveError::Unknown(name.to_owned()));
    assert_eq!(peers(&resolver, "sip:1@nosip.example", BOTH).await, unknown("nosip.example"));
    assert_eq!(peers(&resolver, "sip:1@missing.example", BOTH).await, unknown("missing.example"));
    let broken = peers(&resolver, "sip:1@broken.example", BOTH).await;
    assert!(matches!(broken, Err(ResolveError::NoAnswer { .. })), "{broken:?}");
}

#[tokio::test]
async fn an_answer_too_long_for_a_datagram_comes_over_tcp() {
    let mut zone: Zone = (1..100).map(|last| ("long.example", Kind::A, v4(last))).collect();
    zone.push(("_sip._udp.long.example", Kind::Srv, srv_data(&srv(1, 0, 5060, "long.example"))));
    let resolver = Resolver::new(Some(serve(zone).await.addr));
    let found = peers(&resolver, "sip:1@long.example", BOTH).await.expect("found");
    assert_eq!(found.split(", ").count(), PEERS, "a list has a bound");
}

#[tokio::test]
async fn this_machine_has_no_services() {
    let server = serve(vec![("_sip._udp.localhost", Kind::Srv, srv_data(&srv(1, 0, 9, "evil.example")))]).await;
    let found = peers(&Resolver::new(Some(server.addr)), "sip:1@localhost", BOTH).await.expect("found");
    assert!(found.starts_with("UDP 127.0.0.1:5060") || found.starts_with("UDP [::1]:5060"), "{found}");
    assert_eq!(server.asked.load(Ordering::Relaxed), 0);
}
