//! TLS for both roles: own authorities or the system's, and client certificates both ways. One provider: ring.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::inspect::Watching;
use super::{TlsIdentity, TransportConfig, TransportError, Trust};

/// What this side shows and demands when others connect; `None` without a certificate.
pub(super) fn acceptor(config: &TransportConfig) -> Result<Option<TlsAcceptor>, TransportError> {
    let Some(identity) = &config.server_tls else { return Ok(None) };
    let provider = provider();
    let failed = |path: &Path, reason: String| TransportError::Tls { path: path.to_owned(), reason };
    let versions = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&identity.certificates, error.to_string()))?;
    let builder = match &config.client_ca {
        Some(path) => {
            let roots = Arc::new(roots(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            versions.with_client_cert_verifier(verifier.map_err(|error| failed(path, error.to_string()))?)
        }
        None => versions.with_no_client_auth(),
    };
    let (chain, key) = load(identity)?;
    let server = builder
        .with_single_cert(chain, key)
        .map_err(|error| failed(&identity.certificates, format!("with {}: {error}", identity.key.display())))?;
    Ok(Some(TlsAcceptor::from(Arc::new(server))))
}

/// Whom this side trusts, and what it shows, where it connects.
pub(super) fn connector(config: &TransportConfig) -> Result<TlsConnector, TransportError> {
    let roots = match &config.trust {
        Trust::File(path) => roots(path)?,
        Trust::System => system_roots()?,
    };
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        // Unreachable with ring, which has the default versions.
        .map_err(|_| TransportError::NoRoots)?
        .with_root_certificates(roots);
    let client = match &config.client_identity {
        Some(identity) => {
            let (chain, key) = load(identity)?;
            let reason = |error| format!("with {}: {error}", identity.key.display());
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| TransportError::Tls { path: identity.certificates.clone(), reason: reason(error) })?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(client)))
}

/// As [`connector`], but it believes everything and notes what it should not have.
pub(super) fn watching(config: &TransportConfig) -> Result<(TlsConnector, Arc<Watching>), TransportError> {
    let roots = match &config.trust {
        Trust::File(path) => roots(path)?,
        Trust::System => system_roots()?,
    };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let watching = Watching::new(verifier.map_err(|_| TransportError::NoRoots)?);
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        // Unreachable with ring, which has the default versions.
        .map_err(|_| TransportError::NoRoots)?
        .dangerous()
        .with_custom_certificate_verifier(watching.clone());
    Ok((TlsConnector::from(Arc::new(builder.with_no_client_auth())), watching))
}

/// The name that a server's certificate must have: the host of the URI (RFC 5922 section 7.1), or else its address.
pub(super) fn server_name(name: Option<&str>, addr: SocketAddr) -> ServerName<'static> {
    let named = name.and_then(|name| ServerName::try_from(name.trim_end_matches('.').to_owned()).ok());
    named.unwrap_or_else(|| ServerName::from(addr.ip()))
}

/// The certificates of an identity, its own first.
pub(super) fn chain(identity: &TlsIdentity) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    certificates(&identity.certificates)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn load(identity: &TlsIdentity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TransportError> {
    let key = PrivateKeyDer::from_pem_file(&identity.key)
        .map_err(|error| TransportError::Tls { path: identity.key.clone(), reason: explain(error, "private key") })?;
    Ok((chain(identity)?, key))
}

fn roots(path: &Path) -> Result<RootCertStore, TransportError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| TransportError::Tls { path: path.to_owned(), reason: error.to_string() })?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let failed = |reason| TransportError::Tls { path: path.to_owned(), reason };
    let read = |error| failed(explain(error, "certificate"));
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(read)?.collect::<Result<_, _>>().map_err(read)?;
    if certificates.is_empty() {
        return Err(failed("there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)".to_owned()));
    }
    Ok(certificates)
}

fn system_roots() -> Result<RootCertStore, TransportError> {
    let mut roots = RootCertStore::empty();
    // A root that cannot be read is one that nobody is trusted by; the others count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TransportError::NoRoots) } else { Ok(roots) }
}

/// The error without what stands in the file, which may be a private key.
fn explain(error: pem::Error, what: &str) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => format!("there is no {what} in it (PEM)"),
        _ => "it is not a whole PEM file".to_owned(),
    }
}
