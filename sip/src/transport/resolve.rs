//! Where a URI leads (RFC 3263).

use std::net::SocketAddr;

use super::ResolveError;
use crate::endpoint::{Peer, Protocol};
use crate::message::{Host, Scheme, Uri};

/// What datagrams can be sent over.
#[derive(Clone, Copy)]
pub(super) struct Families {
    pub udp_v4: bool,
    pub udp_v6: bool,
}

pub(super) struct Found {
    pub peers: Vec<Peer>,
    /// The host, when it was a name.
    pub name: Option<Box<str>>,
}

pub(super) struct Resolver {
    #[allow(dead_code)]
    server: Option<SocketAddr>,
}

impl Resolver {
    pub(super) fn new(server: Option<SocketAddr>) -> Self {
        Resolver { server }
    }

    pub(super) async fn resolve(&self, uri: &Uri, families: Families) -> Result<Found, ResolveError> {
        let _ = (families.udp_v4, families.udp_v6);
        let protocol = match uri.params.value("transport") {
            Some(name) => Protocol::parse(name).ok_or(ResolveError::Unsupported("this transport is not spoken"))?,
            None if uri.scheme == Scheme::Sips => Protocol::Tls,
            None => Protocol::Udp,
        };
        let port = uri.port.unwrap_or(protocol.default_port());
        match &uri.host {
            Host::Ip(ip) => Ok(Found { peers: vec![Peer { protocol, addr: SocketAddr::new(*ip, port) }], name: None }),
            Host::Name(name) => {
                let addrs = tokio::net::lookup_host((&**name, port)).await;
                let addrs = addrs
                    .map_err(|error| ResolveError::NoAnswer { name: name.to_string(), reason: error.to_string() })?;
                Ok(Found { peers: addrs.map(|addr| Peer { protocol, addr }).collect(), name: Some(name.clone()) })
            }
        }
    }
}
