//! Reaching peers behind NAT: a Contact with an address that its owner plainly does not send from is
//! rewritten to the address it does send from, before dialogs learn it.
//!
//! Only between neighbours (one Via, no Record-Route) and only when the IP address differs: a peer that
//! merely listens on another port of the same host is believed. REGISTER is left alone, because the
//! registrar stores both the Contact and the source.

use rsipstack::sip::headers::typed::Contact;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{HasHeaders, Header, Host, Method, SipMessage};
use rsipstack::transaction::endpoint::MessageInspector;
use rsipstack::transport::SipAddr;

pub(super) struct SeenFrom;

impl MessageInspector for SeenFrom {
    fn before_send(&self, msg: SipMessage, _dest: Option<&SipAddr>) -> SipMessage {
        msg
    }

    fn after_received(&self, mut msg: SipMessage, from: Option<&SipAddr>) -> SipMessage {
        let Some(from) = from else { return msg };
        if matches!(&msg, SipMessage::Request(request) if request.method == Method::Register) {
            return msg;
        }
        if msg.has_multiple_vias() || msg.record_route_header().is_some() {
            return msg;
        }
        for header in msg.headers_mut().iter_mut() {
            if let Header::Contact(contact) = header
                && let Some(seen) = rewritten(contact.value(), from)
            {
                contact.replace(seen);
            }
        }
        msg
    }
}

fn rewritten(value: &str, from: &SipAddr) -> Option<String> {
    let mut contact = Contact::parse(value).ok()?;
    let (Host::IpAddr(claimed), Host::IpAddr(seen)) = (&contact.uri.host_with_port.host, &from.addr.host) else {
        return None;
    };
    if claimed == seen {
        return None;
    }
    contact.uri.host_with_port = from.addr.clone();
    Some(contact.to_string())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use rsipstack::sip::Transport;

    use super::*;

    fn seen(contact: &str) -> Option<String> {
        let addr: SocketAddr = "203.0.113.7:34567".parse().expect("an address");
        rewritten(contact, &SipAddr { r#type: Some(Transport::Udp), addr: addr.into() })
    }

    #[test]
    fn a_private_contact_becomes_the_address_it_was_seen_at() {
        assert_eq!(seen("<sip:alice@192.168.1.5:5060;ob>"), Some("<sip:alice@203.0.113.7:34567;ob>".to_owned()));
    }

    #[test]
    fn a_contact_on_the_same_host_or_with_a_name_is_believed() {
        assert_eq!(seen("<sip:alice@203.0.113.7:5060>"), None);
        assert_eq!(seen("<sip:alice@phone.example>"), None);
        assert_eq!(seen("*"), None);
    }
}
