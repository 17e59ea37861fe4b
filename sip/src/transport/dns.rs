//! DNS messages (RFC 1035, 2782, 3403), as far as RFC 3263 needs them: a question written, an answer read, SRV records put in order.
//! Pure. Only the answer section is believed, and of it only what belongs to the name that was asked for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names and aliases longer than this are no names; also stops loops.
const MAX_NAME: usize = 255;
const MAX_ALIASES: usize = 8;
const CLASS_IN: u16 = 1;
const CNAME: u16 = 5;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    A = 1,
    Aaaa = 28,
    Srv = 33,
    Naptr = 35,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data {
    Ip(IpAddr),
    Srv(Srv),
    Naptr(Naptr),
}

/// A service's host (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Srv {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    pub target: String,
}

/// A pointer to a service (RFC 3403). Those with a regular expression are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Naptr {
    pub order: u16,
    pub preference: u16,
    pub flags: String,
    pub service: String,
    pub replacement: String,
}

/// What a name server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The records of the name, and for how many seconds they hold; none when the name or the kind does not exist.
    Records(Vec<Data>, u32),
    /// Too long for a datagram: ask over TCP.
    Truncated,
    /// The server failed (its RCODE): ask another.
    Failed(u8),
}

/// A question; `None` when the name cannot be asked for.
pub(super) fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(32 + name.len());
    out.extend_from_slice(&id.to_be_bytes());
    // One question, recursion desired.
    out.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        out.push(length);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    if out.len() - 12 > MAX_NAME {
        return None;
    }
    out.extend_from_slice(&(kind as u16).to_be_bytes());
    out.extend_from_slice(&CLASS_IN.to_be_bytes());
    Some(out)
}

/// Reads the answer to a question; `None` when it is not one.
pub(super) fn answer(id: u16, name: &str, kind: Kind, bytes: &[u8]) -> Option<Answer> {
    let mut reader = Reader { bytes, at: 0 };
    let (found, flags) = (reader.u16()?, reader.u16()?);
    let (questions, answers) = (reader.u16()?, reader.u16()?);
    reader.skip(4)?;
    // An answer (QR) to this very question.
    if found != id || flags & 0x8000 == 0 || questions != 1 {
        return None;
    }
    let asked = reader.name()?;
    let matches = same(&asked, name) && reader.u16()? == kind as u16 && reader.u16()? == CLASS_IN;
    if !matches {
        return None;
    }
    match (flags & 0x0200 != 0, (flags & 0x000f) as u8) {
        (true, _) => return Some(Answer::Truncated),
        (_, 0) => {}
        // No such name.
        (_, 3) => return Some(Answer::Records(Vec::new(), 0)),
        (_, code) => return Some(Answer::Failed(code)),
    }
    let mut records = Vec::new();
    for _ in 0..answers {
        let owner = reader.name()?;
        let (record, class, ttl, length) = (reader.u16()?, reader.u16()?, reader.u32()?, reader.u16()?);
        let end = reader.at.checked_add(usize::from(length)).filter(|end| *end <= bytes.len())?;
        if class == CLASS_IN && (record == CNAME || record == kind as u16) {
            records.push((owner, record, ttl, reader.at..end));
        }
        reader.at = end;
    }
    // The name may be an alias of an alias.
    let mut owner = asked;
    let mut holds = u32::MAX;
    for _ in 0..MAX_ALIASES {
        let Some((_, _, ttl, data)) = records.iter().find(|(of, record, ..)| *record == CNAME && same(of, &owner))
        else {
            break;
        };
        holds = holds.min(*ttl);
        owner = Reader { bytes, at: data.start }.name()?;
    }
    let mut found = Vec::new();
    for (_, _, ttl, data) in records.iter().filter(|(of, record, ..)| *record == kind as u16 && same(of, &owner)) {
        // A record that cannot be read is left out; the others may do.
        if let Some(data) = read_data(kind, bytes, data.clone()) {
            holds = holds.min(*ttl);
            found.push(data);
        }
    }
    Some(Answer::Records(found, if holds == u32::MAX { 0 } else { holds }))
}

fn read_data(kind: Kind, bytes: &[u8], range: std::ops::Range<usize>) -> Option<Data> {
    let raw = bytes.get(range.clone())?;
    // Names may point to before the record, so the reader sees the whole message.
    let mut reader = Reader { bytes: &bytes[..range.end], at: range.start };
    Some(match kind {
        Kind::A => Data::Ip(Ipv4Addr::from(<[u8; 4]>::try_from(raw).ok()?).into()),
        Kind::Aaaa => Data::Ip(Ipv6Addr::from(<[u8; 16]>::try_from(raw).ok()?).into()),
        Kind::Srv => {
            let (priority, weight, port) = (reader.u16()?, reader.u16()?, reader.u16()?);
            Data::Srv(Srv { priority, weight, port, target: reader.name()? })
        }
        Kind::Naptr => {
            let (order, preference) = (reader.u16()?, reader.u16()?);
            let (flags, service, expression) = (reader.text()?, reader.text()?, reader.text()?);
            if !expression.is_empty() {
                return None;
            }
            Data::Naptr(Naptr { order, preference, flags, service, replacement: reader.name()? })
        }
    })
}

fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn skip(&mut self, count: usize) -> Option<&[u8]> {
        let end = self.at.checked_add(count)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.skip(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.skip(4)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::from(*self.skip(1)?.first()?);
        Some(String::from_utf8_lossy(self.skip(length)?).into_owned())
    }

    /// A name, without a dot at its end; empty for the root. Pointers lead to earlier bytes only, so there is no way round.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut reader = Reader { bytes: self.bytes, at: self.at };
        let mut earliest = self.at;
        let mut after = None;
        loop {
            let length = *reader.skip(1)?.first()?;
            match length {
                0 => break,
                1..=63 => {
                    let label = reader.skip(usize::from(length))?;
                    if label.iter().any(|b| !b.is_ascii_graphic() || *b == b'.') {
                        return None;
                    }
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&String::from_utf8_lossy(label));
                    if name.len() > MAX_NAME {
                        return None;
                    }
                }
                0xc0..=0xff => {
                    let low = *reader.skip(1)?.first()?;
                    let to = usize::from(length & 0x3f) << 8 | usize::from(low);
                    after.get_or_insert(reader.at);
                    if to >= earliest {
                        return None;
                    }
                    earliest = to;
                    reader.at = to;
                }
                _ => return None,
            }
        }
        self.at = after.unwrap_or(reader.at);
        Some(name)
    }
}

/// Puts services into the order in which they are to be tried (RFC 2782): by priority, and among equals by chance, according to their
/// weights. `random(n)` gives a number from 0 to `n`, both included.
pub(super) fn order(mut services: Vec<Srv>, mut random: impl FnMut(u32) -> u32) -> Vec<Srv> {
    // Those without weight first, so that they keep a small chance.
    services.sort_by_key(|srv| (srv.priority, srv.weight != 0));
    let mut ordered = Vec::with_capacity(services.len());
    while let Some(priority) = services.first().map(|srv| srv.priority) {
        let equals = services.iter().take_while(|srv| srv.priority == priority);
        let sum: u32 = equals.clone().map(|srv| u32::from(srv.weight)).sum();
        let drawn = random(sum);
        let mut running = 0;
        let chosen = equals.map(|srv| u32::from(srv.weight)).position(|weight| {
            running += weight;
            running >= drawn
        });
        ordered.push(services.remove(chosen.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An answer with these records (owner, kind, data), owners written out.
    pub(in crate::transport) fn message(
        id: u16,
        name: &str,
        kind: Kind,
        flags: u16,
        records: &[(&str, u16, u32, Vec<u8>)],
    ) -> Vec<u8> {
        let mut out = question(id, name, kind).expect("a name");
        out[2..4].copy_from_slice(&flags.to_be_bytes());
        out[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
        for (owner, kind, ttl, data) in records {
            out.extend(labels(owner));
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend_from_slice(&CLASS_IN.to_be_bytes());
            out.extend_from_slice(&ttl.to_be_bytes());
            out.extend_from_slice(&(data.len() as u16).to_be_bytes());
            out.extend_from_slice(data);
        }
        out
    }

    pub(in crate::transport) fn labels(name: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for label in name.split('.').filter(|label| !label.is_empty()) {
            out.push(label.len() as u8);
            out.extend_from_slice(label.as_bytes());
        }
        out.push(0);
        out
    }

    pub(in crate::transport) fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Srv {
        Srv { priority, weight, port, target: target.to_owned() }
    }

    pub(in crate::transport) fn srv_data(srv: &Srv) -> Vec<u8> {
        let mut out = [srv.priority, srv.weight, srv.port].map(u16::to_be_bytes).concat();
        out.extend(labels(&srv.target));
        out
    }

    #[test]
    fn services_are_read_with_their_names_in_any_case() {
        let service = srv(10, 60, 5060, "sip1.example.com");
        let bytes = message(
            7,
            "_SIP._udp.Example.com",
            Kind::Srv,
            0x8180,
            &[
                ("_sip._udp.example.COM", 33, 300, srv_data(&service)),
                ("elsewhere.example", 33, 300, srv_data(&srv(0, 0, 1, "evil.example"))),
            ],
        );
        let expected = Answer::Records(vec![Data::Srv(service)], 300);
        assert_eq!(answer(7, "_sip._udp.example.com", Kind::Srv, &bytes), Some(expected));
    }

    #[test]
    fn aliases_lead_to_the_records_and_the_shortest_time_holds() {
        let bytes = message(
            7,
            "a.example",
            Kind::A,
            0x8180,
            &[
                ("b.example", 5, 20, labels("c.example")),
                ("c.example", 1, 300, vec![192, 0, 2, 1]),
                ("a.example", 5, 60, labels("b.example")),
                ("c.example", 1, 300, vec![192, 0, 2, 2]),
                ("c.example", 1, 300, vec![192, 0, 2]),
            ],
        );
        let ips = ["192.0.2.1", "192.0.2.2"].map(|ip| Data::Ip(ip.parse().expect("an address")));
        assert_eq!(answer(7, "a.example.", Kind::A, &bytes), Some(Answer::Records(ips.to_vec(), 20)));
    }

    #[test]
    fn names_may_be_compressed() {
        let mut bytes = message(7, "example.com", Kind::Naptr, 0x8180, &[]);
        bytes[6..8].copy_from_slice(&1u16.to_be_bytes());
        // The owner points to the question's name, and so does the end of the replacement.
        bytes.extend_from_slice(&[0xc0, 12, 0, 35, 0, 1, 0, 0, 0, 9, 0, 27]);
        bytes.extend_from_slice(&[0, 1, 0, 2, 1, b's', 7]);
        bytes.extend_from_slice(b"SIP+D2U\x00\x04_sip\x04_udp\xc0\x0c");
        let naptr = Naptr {
            order: 1,
            preference: 2,
            flags: "s".to_owned(),
            service: "SIP+D2U".to_owned(),
            replacement: "_sip._udp.example.com".to_owned(),
        };
        assert_eq!(answer(7, "example.com", Kind::Naptr, &bytes), Some(Answer::Records(vec![Data::Naptr(naptr)], 9)));
    }

    #[test]
    fn what_is_not_the_answer_is_not_believed() {
        let good = message(7, "a.example", Kind::A, 0x8180, &[("a.example", 1, 60, vec![192, 0, 2, 1])]);
        assert!(answer(7, "a.example", Kind::A, &good).is_some());
        assert_eq!(answer(8, "a.example", Kind::A, &good), None);
        assert_eq!(answer(7, "b.example", Kind::A, &good), None);
        assert_eq!(answer(7, "a.example", Kind::Aaaa, &good), None);
        let question = question(7, "a.example", Kind::A).expect("a name");
        assert_eq!(answer(7, "a.example", Kind::A, &question), None);
        for (flags, expected) in
            [(0x8183, Answer::Records(Vec::new(), 0)), (0x8182, Answer::Failed(2)), (0x8380, Answer::Truncated)]
        {
            assert_eq!(answer(7, "a.example", Kind::A, &message(7, "a.example", Kind::A, flags, &[])), Some(expected));
        }
    }

    #[test]
    fn a_name_that_points_to_itself_is_none() {
        let mut bytes = message(7, "a.example", Kind::A, 0x8180, &[]);
        bytes[7] = 1;
        let here = bytes.len() as u8;
        bytes.extend_from_slice(&[0xc0, here, 0, 1, 0, 1, 0, 0, 0, 9, 0, 0]);
        assert_eq!(answer(7, "a.example", Kind::A, &bytes), None);
    }

    #[test]
    fn names_that_cannot_be_asked_for_are_refused() {
        let long = "a".repeat(64);
        let many = "a.".repeat(200);
        for name in ["", "a..b", long.as_str(), many.as_str()] {
            assert_eq!(question(1, name, Kind::A), None, "{name}");
        }
    }

    #[test]
    fn services_are_ordered_by_priority_and_drawn_by_weight() {
        let all = || {
            vec![
                srv(20, 0, 1, "backup"),
                srv(10, 60, 1, "a"),
                srv(10, 20, 1, "b"),
                srv(10, 20, 1, "c"),
                srv(10, 0, 1, "d"),
            ]
        };
        let names = |ordered: Vec<Srv>| ordered.into_iter().map(|srv| srv.target).collect::<Vec<_>>().join(" ");
        assert_eq!(names(order(all(), |_| 0)), "d a b c backup");
        assert_eq!(names(order(all(), |sum| sum)), "c b a d backup");
        assert_eq!(names(order(all(), |sum| sum / 2)), "a b c d backup");
        let mut drawn = Vec::new();
        order(all(), |sum| {
            drawn.push(sum);
            1
        });
        assert_eq!(drawn, [100, 40, 20, 0, 0]);
    }

    #[test]
    fn weights_are_kept_to_in_the_long_run() {
        let mut state = 1u64;
        let mut first = 0;
        for _ in 0..10_000 {
            let ordered = order(vec![srv(0, 75, 1, "a"), srv(0, 25, 1, "b")], |sum| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 33) % (u64::from(sum) + 1)) as u32
            });
            first += u32::from(ordered[0].target == "a");
        }
        assert!((7_300..7_700).contains(&first), "{first}");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), at in 12usize..60) {
            for kind in [Kind::A, Kind::Aaaa, Kind::Srv, Kind::Naptr] {
                let mut message = message(7, "a.example", kind, 0x8180, &[("a.example", kind as u16, 60, vec![0; 30])]);
                let _ = answer(7, "a.example", kind, &bytes);
                message[7] = 9;
                message.extend_from_slice(&bytes);
                let _ = answer(7, "a.example", kind, &message);
                let at = at.min(message.len());
                let end = (at + bytes.len()).min(message.len());
                message[at..end].copy_from_slice(&bytes[..end - at]);
                let _ = answer(7, "a.example", kind, &message);
            }
        }
    }
}
