//! What one end of a dialog remembers (RFC 3261 section 12): names, counters, and the way to the other end.

use std::net::IpAddr;

use super::config::{Peer, Protocol};
use crate::message::{Headers, Method, Name, NameAddr, Request, Uri};

/// One dialog.
#[derive(Clone, Debug)]
pub(super) struct Dialog {
    pub call_id: String,
    /// Our From in requests, tag included.
    pub local: String,
    /// Our To in requests, tag included.
    pub remote: String,
    /// The other end's tag; empty for peers of RFC 2543.
    pub remote_tag: String,
    pub local_seq: u32,
    pub remote_seq: Option<u32>,
    /// The other end's Contact.
    pub target: Uri,
    pub routes: Vec<Uri>,
    /// Where its messages come from.
    pub peer: Peer,
    /// Whether its Contact names a host that cannot be the one it sends from: then the latter is believed (NAT).
    moved: bool,
    /// Whether the INVITE was sent by a way that its owner chose: to an outbound proxy, or where a phone was last seen.
    chosen: bool,
    /// Whether it says that it takes UPDATE.
    pub updates: bool,
}

impl Dialog {
    /// The callee's end. `None` when the INVITE has no usable Contact.
    pub fn callee(request: &Request, tag: &str, peer: Peer) -> Option<Self> {
        let headers = &request.headers;
        let target = headers.address(&Name::Contact)?.uri.bare();
        let local = with_tag(headers.get(&Name::To)?, tag);
        let mut dialog = Dialog {
            call_id: headers.call_id().to_owned(),
            local,
            remote: headers.get(&Name::From)?.to_owned(),
            remote_tag: headers.tag(&Name::From).unwrap_or_default().to_owned(),
            local_seq: rand::random::<u32>() >> 16,
            remote_seq: headers.cseq().map(|cseq| cseq.seq),
            target,
            routes: headers.routes(&Name::RecordRoute)?,
            peer,
            moved: false,
            chosen: false,
            updates: headers.lists(&Name::Allow, "UPDATE"),
        };
        dialog.learn_from_request(headers);
        Some(dialog)
    }

    /// The caller's end, from a response with a tag to `request`.
    pub fn caller(request: &Request, response: &Headers, peer: Peer) -> Option<Self> {
        let headers = &request.headers;
        let mut routes = response.routes(&Name::RecordRoute)?;
        routes.reverse();
        let contact = response.address(&Name::Contact).map(|contact| contact.uri.bare());
        let mut dialog = Dialog {
            call_id: headers.call_id().to_owned(),
            local: headers.get(&Name::From)?.to_owned(),
            remote: response.get(&Name::To)?.to_owned(),
            remote_tag: response.tag(&Name::To).unwrap_or_default().to_owned(),
            local_seq: headers.cseq()?.seq,
            remote_seq: None,
            target: contact.unwrap_or_else(|| request.uri.clone()),
            routes,
            peer,
            moved: false,
            chosen: headers.get(&Name::Route).is_some(),
            updates: response.lists(&Name::Allow, "UPDATE"),
        };
        dialog.learn_from_response();
        Some(dialog)
    }

    /// Follows the other end's Contact and way (section 12.2.2).
    pub fn refresh_by_request(&mut self, headers: &Headers, peer: Peer) {
        self.follow(headers, peer);
        self.learn_from_request(headers);
    }

    /// The same by a response of it (section 12.2.1.2).
    pub fn refresh_by_response(&mut self, headers: &Headers, peer: Peer) {
        let before = self.target.host.clone();
        self.follow(headers, peer);
        // A Contact that stays says nothing new.
        if self.target.host != before {
            self.learn_from_response();
        }
    }

    fn follow(&mut self, headers: &Headers, peer: Peer) {
        if let Some(contact) = headers.address(&Name::Contact)
            && contact.uri.is_sip()
        {
            self.target = contact.uri.bare();
        }
        if headers.get(&Name::Allow).is_some() {
            self.updates = headers.lists(&Name::Allow, "UPDATE");
        }
        self.peer = peer;
    }

    /// A request of a neighbour comes from the host that its Contact names, unless there is a NAT between.
    fn learn_from_request(&mut self, headers: &Headers) {
        let neighbour = headers.list(&Name::Via).count() <= 1;
        self.moved = neighbour && self.routes.is_empty() && self.is_elsewhere();
    }

    /// A response says nothing of the hosts that it came by: one between may be a proxy that only helps to find the other end, and is not
    /// to be bothered again (section 12.2), or a NAT. It is a NAT if the Contact is of a narrower network than the way here; and the way
    /// that the owner of the call chose is kept in any case.
    fn learn_from_response(&mut self) {
        let narrower = self.target.host.ip().is_some_and(|ip| reach(ip) < reach(self.peer.addr.ip()));
        self.moved = self.routes.is_empty() && self.is_elsewhere() && (self.chosen || narrower);
    }

    fn is_elsewhere(&self) -> bool {
        self.target.host.ip().is_some_and(|ip| ip != self.peer.addr.ip().to_canonical())
    }

    /// Whether a request of the other end is in order; a later one moves the counter (section 12.2.2).
    pub fn in_order(&mut self, seq: u32) -> bool {
        if self.remote_seq.is_some_and(|last| seq <= last) {
            return false;
        }
        self.remote_seq = Some(seq);
        true
    }

    /// The next request of ours, without Via.
    pub fn request(&mut self, method: Method) -> Request {
        self.local_seq += 1;
        self.numbered(method, self.local_seq)
    }

    /// A request with this number: the ACK of the INVITE that had it.
    pub fn numbered(&self, method: Method, seq: u32) -> Request {
        let cseq = format!("{seq} {method}");
        let (uri, routes) = self.routed();
        let mut request = Request::new(method, uri);
        for route in routes {
            request.headers.push(Name::Route, format!("<{route}>"));
        }
        request.headers.push(Name::From, self.local.as_str());
        request.headers.push(Name::To, self.remote.as_str());
        request.headers.push(Name::CallId, self.call_id.as_str());
        request.headers.push(Name::CSeq, cseq);
        request
    }

    /// The Request-URI and the Route headers; a strict router at the front takes the target's place (section 12.2.1.1).
    fn routed(&self) -> (Uri, Vec<Uri>) {
        match self.routes.first() {
            Some(first) if !first.params.has("lr") => {
                let mut routes = self.routes[1..].to_vec();
                routes.push(self.target.clone());
                (first.clone().bare(), routes)
            }
            _ => (self.target.clone(), self.routes.clone()),
        }
    }

    /// Where the next request goes.
    pub fn next_hop(&self) -> Peer {
        let hop = self.routes.first().unwrap_or(&self.target);
        if self.moved {
            return self.peer;
        }
        // Names were resolved when the dialog began; its messages keep to that way.
        let Some(named) = literal(hop) else { return self.peer };
        // A stream that is open is used, whatever port the Contact names.
        if self.peer.protocol.is_reliable()
            && named.protocol == self.peer.protocol
            && named.addr.ip() == self.peer.addr.ip().to_canonical()
        {
            return self.peer;
        }
        named
    }

    /// Whether a message with these tags and this Call-ID belongs here.
    pub fn is(&self, call_id: &str, remote_tag: &str) -> bool {
        self.call_id == call_id && self.remote_tag == remote_tag
    }
}

/// How far away an address can be used: on this machine or link, in a private network, anywhere.
fn reach(ip: IpAddr) -> u8 {
    match ip.to_canonical() {
        IpAddr::V4(ip) if ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() => 0,
        // Also the addresses behind a carrier's NAT (RFC 6598).
        IpAddr::V4(ip) if ip.is_private() || (ip.octets()[0] == 100 && ip.octets()[1] & 0xC0 == 64) => 1,
        IpAddr::V6(ip) if ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified() => 0,
        IpAddr::V6(ip) if ip.is_unique_local() => 1,
        _ => 2,
    }
}

/// Where a URI with an address leads; `None` when it has a name.
pub(super) fn literal(uri: &Uri) -> Option<Peer> {
    let ip = uri.host.ip()?;
    let secure = matches!(uri.scheme, crate::message::Scheme::Sips);
    let protocol = uri.params.value("transport").and_then(Protocol::parse);
    let protocol = if secure { Protocol::Tls } else { protocol.unwrap_or(Protocol::Udp) };
    Some(Peer { protocol, addr: (ip, uri.port.unwrap_or(protocol.default_port())).into() })
}

fn with_tag(value: &str, tag: &str) -> String {
    match NameAddr::parse(value) {
        Ok(address) if address.tag().is_none() => address.with_tag(tag).to_string(),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Name;

    /// Where a request goes in the dialog that this Contact made, in a response that came from `peer`; the INVITE had these routes.
    fn way(contact: &str, peer: &str, routes: &[&str]) -> String {
        let mut invite = Request::new(Method::Invite, Uri::parse("sip:service@192.0.2.1").expect("a URI"))
            .with(Name::From, "<sip:4711@192.0.2.2>;tag=ours")
            .with(Name::CallId, "call")
            .with(Name::CSeq, "1 INVITE");
        for route in routes {
            invite.headers.push(Name::Route, format!("<sip:{route};lr>"));
        }
        let mut ok = Headers::default();
        ok.push(Name::To, "<sip:service@192.0.2.1>;tag=theirs");
        ok.push(Name::Contact, format!("<sip:phone@{contact}:5070>"));
        let peer = Peer::udp((peer.parse::<IpAddr>().expect("an address"), 5060).into());
        Dialog::caller(&invite, &ok, peer).expect("a dialog").next_hop().addr.to_string()
    }

    #[test]
    fn a_proxy_that_stays_out_of_the_dialog_is_left_out() {
        assert_eq!(way("192.0.2.9", "198.51.100.1", &[]), "192.0.2.9:5070");
        assert_eq!(way("10.0.0.9", "10.1.0.1", &[]), "10.0.0.9:5070");
        assert_eq!(way("127.0.0.2", "127.0.0.1", &[]), "127.0.0.2:5070");
    }

    #[test]
    fn a_contact_that_cannot_be_reached_from_here_is_not_believed() {
        assert_eq!(way("10.0.0.9", "198.51.100.1", &[]), "198.51.100.1:5060");
        assert_eq!(way("100.64.0.9", "198.51.100.1", &[]), "198.51.100.1:5060");
        assert_eq!(way("127.0.0.1", "10.0.0.9", &[]), "10.0.0.9:5060");
    }

    #[test]
    fn the_way_that_was_chosen_is_kept() {
        assert_eq!(way("192.168.1.9", "10.1.0.1", &["10.1.0.1"]), "10.1.0.1:5060");
    }
}
