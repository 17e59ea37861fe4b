//! What a TLS server shows to those who connect, and why it would not be believed. For people who look for a fault: nothing is ever
//! sent over such a connection, so it may be made to a server that nobody should trust.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::{Shared, expiry, locked, tls};
use crate::endpoint::Peer;

/// A certificate as it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When it ends; `None` when it cannot be read.
    pub ends: Option<SystemTime>,
    /// Whom it names: hosts and addresses.
    pub names: Vec<String>,
    /// Why it is not believed.
    pub distrust: Option<Distrust>,
}

/// Why a certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It has ended.
    Expired,
    /// It is not valid yet; perhaps a clock is wrong.
    NotYetValid,
    /// It is somebody else's: this is whom it should name.
    WrongName(String),
    /// No authority that we trust has signed it.
    UnknownAuthority,
    /// Something else, in words.
    Other(String),
}

/// Believes everything, and notes what it should have thought of it.
#[derive(Debug)]
pub(super) struct Watching {
    verifier: Arc<dyn ServerCertVerifier>,
    seen: Mutex<Option<Shown>>,
}

impl Watching {
    pub(super) fn new(verifier: Arc<dyn ServerCertVerifier>) -> Arc<Self> {
        Arc::new(Watching { verifier, seen: Mutex::default() })
    }
}

impl ServerCertVerifier for Watching {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.verifier.verify_server_cert(certificate, intermediates, name, ocsp, now);
        *locked(&self.seen) = Some(Shown {
            ends: expiry::not_after(certificate),
            names: expiry::names(certificate),
            distrust: verified.err().map(|error| distrust(error, name)),
        });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn distrust(error: Error, name: &ServerName<'_>) -> Distrust {
    match error {
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Distrust::Expired
        }
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            Distrust::NotYetValid
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Distrust::WrongName(name.to_str().into_owned()),
        // The second: an authority of the same name, but another key.
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            Distrust::UnknownAuthority
        }
        other => Distrust::Other(other.to_string()),
    }
}

/// Connects, looks, and leaves. The error says in words why nothing was shown.
pub(super) async fn inspect(shared: &Shared, peer: Peer) -> Result<Shown, String> {
    let patience = shared.streams.handshake;
    let (connector, watching) = tls::watching(&shared.config).map_err(|error| error.to_string())?;
    let stream = match timeout(patience, TcpStream::connect(peer.addr)).await {
        Ok(stream) => stream.map_err(|error| format!("cannot connect: {error}"))?,
        Err(_) => return Err("cannot connect: no answer".to_owned()),
    };
    let name = locked(&shared.names).get(&peer.addr).cloned();
    let name = tls::server_name(name.as_deref(), peer.addr);
    let met = timeout(patience, connector.connect(name, stream)).await;
    let seen = locked(&watching.seen).take();
    match (seen, met) {
        (Some(seen), _) => Ok(seen),
        (None, Ok(Err(error))) => Err(format!("the TLS handshake failed: {error}")),
        (None, _) => Err("the TLS handshake was not finished".to_owned()),
    }
}
