//! Certificates for tests: an authority of their own, and what it signs, in files that are gone afterwards.

#![allow(dead_code)] // Each test program uses some of it.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sip::transport::{TlsIdentity, Trust};
use tempfile::TempDir;

/// When what [`Authority::issue`] signs ends: 2 January 2060, in seconds since 1970.
pub const ENDS: u64 = 2_840_227_200;

/// A certificate authority.
pub struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("signed");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).expect("written");
        Authority { folder, issuer }
    }

    /// The file with its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn trust(&self) -> Trust {
        Trust::File(self.file())
    }

    /// A certificate for a host, which is a name or an address.
    pub fn issue(&self, host: &str) -> TlsIdentity {
        let mut params = CertificateParams::new(vec![host.to_owned()]).expect("a host");
        params.not_after = rcgen::date_time_ymd(2060, 1, 2);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let file = |kind: &str| self.folder.path().join(format!("{}.{kind}.pem", host.replace(':', "_")));
        let identity = TlsIdentity { certificates: file("certificate"), key: file("key") };
        std::fs::write(&identity.certificates, certificate.pem()).expect("written");
        std::fs::write(&identity.key, key.serialize_pem()).expect("written");
        identity
    }
}
