//! Certificates for tests: an authority, and what it signs for the loopback.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sip::transport::{TlsIdentity, TransportConfig, Trust};

/// Files that last as long as this does.
pub struct Certificates {
    dir: tempfile::TempDir,
}

impl Certificates {
    pub fn new() -> Certificates {
        let dir = tempfile::tempdir().expect("a directory");
        let authority_key = KeyPair::generate().expect("a key");
        let mut authority = CertificateParams::new(Vec::new()).expect("no names");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With the name that all certificates get, those that it signs would seem to be signed by themselves.
        authority.distinguished_name.push(DnType::CommonName, "authority");
        let signed = authority.self_signed(&authority_key).expect("a certificate");
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().expect("a key");
        let names = vec!["127.0.0.1".to_owned(), "::1".to_owned(), "localhost".to_owned()];
        let certificate =
            CertificateParams::new(names).expect("names").signed_by(&key, &issuer).expect("a certificate");
        let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).expect("a file");
        write("authority.pem", signed.pem());
        write("certificate.pem", certificate.pem());
        write("key.pem", key.serialize_pem());
        write("both.pem", certificate.pem() + &key.serialize_pem());
        Certificates { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn identity(&self) -> TlsIdentity {
        TlsIdentity { certificates: self.path("certificate.pem"), key: self.path("key.pem") }
    }

    /// UDP is up to the user agent; TCP and TLS on free ports of the loopback.
    pub fn transport(&self) -> TransportConfig {
        TransportConfig {
            tcp: vec![([127, 0, 0, 1], 0).into()],
            tls: vec![([127, 0, 0, 1], 0).into()],
            server_tls: Some(self.identity()),
            trust: Trust::File(self.path("authority.pem")),
            ..TransportConfig::default()
        }
    }
}
