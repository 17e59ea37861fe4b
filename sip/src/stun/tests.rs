use super::*;

/// The sample messages of RFC 5769, whose numbers anyone may check.
const ID: TransactionId = TransactionId([0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae]);
pub(super) const REQUEST_2_1: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff\
    80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";
const IPV4_2_2: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643\
    000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";
const IPV6_2_3: &str = "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9fa\
    a5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

fn mapped(hex: &str) -> Option<String> {
    match Binding::parse(&bytes(hex))? {
        Binding::Success { id, mapped } if id == ID => Some(mapped.to_string()),
        _ => None,
    }
}

#[test]
fn the_samples_of_rfc_5769_are_read() {
    assert_eq!(Binding::parse(&bytes(REQUEST_2_1)), Some(Binding::Request { id: ID }));
    assert_eq!(mapped(IPV4_2_2).as_deref(), Some("192.0.2.1:32853"));
    assert_eq!(mapped(IPV6_2_3).as_deref(), Some("[2001:db8:1234:5678:11:2233:4455:6677]:32853"));
}

#[test]
fn a_damaged_address_is_noticed_by_the_fingerprint() {
    let whole = bytes(IPV4_2_2);
    // Transaction, software and address: everything whose damage leaves the fingerprint where it is.
    for bit in (8 * 8..20 * 8).chain(24 * 8..36 * 8).chain(40 * 8..48 * 8) {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Binding::parse(&damaged), None, "bit {bit}");
    }
    for length in 0..whole.len() {
        assert_eq!(Binding::parse(&whole[..length]), None, "{length} bytes");
    }
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let id = TransactionId::random();
    for message in [
        Binding::Request { id },
        Binding::Success { id, mapped: "203.0.113.9:5060".parse().expect("an address") },
        Binding::Success { id, mapped: "[2001:db8::1]:65535".parse().expect("an address") },
        Binding::Failure { id, code: 420 },
        Binding::Failure { id, code: 699 },
    ] {
        assert_eq!(Binding::parse(&message.to_bytes()), Some(message));
    }
}

#[test]
fn a_server_of_the_old_standard_says_it_without_a_mask() {
    let mut old = vec![1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42];
    old.extend(ID.0);
    old.extend([0, 1, 0, 8, 0, 1, 0x13, 0xc4, 198, 51, 100, 7]);
    let mapped = "198.51.100.7:5060".parse().expect("an address");
    assert_eq!(Binding::parse(&old), Some(Binding::Success { id: ID, mapped }));
}

#[test]
fn sip_and_rtp_are_no_stun() {
    assert!(!is_stun(b"OPTIONS sip:a@b SIP/2.0\r\n\r\n"));
    assert!(!is_stun(&[0x80; 172]));
    assert!(is_stun(&Binding::Request { id: ID }.to_bytes()));
}

#[tokio::test]
async fn the_public_address_is_what_the_server_saw() {
    let server = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let place = server.local_addr().expect("an address");
    let seen: SocketAddr = "203.0.113.9:40000".parse().expect("an address");
    let serving = tokio::spawn(async move {
        let mut buffer = [0; 1500];
        // The first request is lost, and the first answer belongs to another.
        let _ = server.recv_from(&mut buffer).await;
        let (length, source) = server.recv_from(&mut buffer).await.expect("a request");
        let Some(Binding::Request { id }) = Binding::parse(&buffer[..length]) else { panic!("no request") };
        for (id, mapped) in [(ID, place), (id, seen)] {
            server.send_to(&Binding::Success { id, mapped }.to_bytes(), source).await.expect("sent");
        }
    });
    assert_eq!(public_address(&socket, place).await.expect("an answer"), seen);
    serving.await.expect("served");
}

#[tokio::test]
async fn a_server_that_is_silent_or_refuses_is_named() {
    let server = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
    let place = server.local_addr().expect("an address");
    let silent = ask(&socket, place, &[Duration::from_millis(1)]).await.expect_err("silence").to_string();
    assert!(silent.contains(&place.to_string()), "{silent}");
    let asked = tokio::spawn(async move { public_address(&socket, place).await });
    let mut buffer = [0; 1500];
    // The request of before is still in the queue.
    for _ in 0..2 {
        let (length, source) = server.recv_from(&mut buffer).await.expect("a request");
        let Some(Binding::Request { id }) = Binding::parse(&buffer[..length]) else { panic!("no request") };
        server.send_to(&Binding::Failure { id, code: 401 }.to_bytes(), source).await.expect("sent");
    }
    assert!(matches!(asked.await.expect("a task"), Err(StunError::Refused(_, 401))));
}
