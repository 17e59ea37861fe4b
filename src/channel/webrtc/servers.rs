//! The STUN and TURN servers that browsers are told. This side needs none of them: it has a public address, or is reached under one that
//! is configured. Browsers behind networks that let no UDP out need TURN.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use super::protocol::IceServer;
use crate::event::Timestamp;

/// How long credentials made from a secret work: longer than any call, since TURN asks for them again and again.
const LASTS_SECONDS: i64 = 12 * 60 * 60;

/// Servers, and how browsers prove to TURN that they may use it.
#[derive(Clone, Default)]
pub struct IceServers {
    /// E.g. `stun:stun.example.com:3478`, `turns:turn.example.com:443?transport=tcp`.
    pub urls: Vec<String>,
    /// For TURN servers.
    pub credentials: Credentials,
}

/// How browsers prove themselves to TURN.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// With a name and a password that are the same for all, and known to every page.
    Static {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// With a name that says when it ends, and its HMAC by a secret that only the TURN server and this service know
    /// (draft-uberti-behave-turn-rest; coturn's `use-auth-secret`).
    Secret(String),
}

impl fmt::Debug for IceServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IceServers({:?}, …)", self.urls)
    }
}

impl IceServers {
    /// What a browser is told now.
    pub fn told(&self, now: Timestamp) -> Vec<IceServer> {
        let (turn, stun): (Vec<String>, Vec<String>) =
            self.urls.iter().cloned().partition(|url| url.starts_with("turn"));
        let stun = (!stun.is_empty()).then_some(IceServer { urls: stun, username: None, credential: None });
        let (username, credential) = self.credentials.at(now).unzip();
        let turn = (!turn.is_empty()).then_some(IceServer { urls: turn, username, credential });
        stun.into_iter().chain(turn).collect()
    }
}

impl Credentials {
    fn at(&self, now: Timestamp) -> Option<(String, String)> {
        match self {
            Credentials::None => None,
            Credentials::Static { username, password } => Some((username.clone(), password.clone())),
            Credentials::Secret(secret) => {
                let username = format!("{}:hotline", now / 1_000 + LASTS_SECONDS);
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
                let credential = STANDARD.encode(hmac::sign(&key, username.as_bytes()));
                Some((username, credential))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(credentials: Credentials) -> IceServers {
        let urls = ["stun:stun.example.com", "turn:turn.example.com?transport=udp", "turns:turn.example.com"];
        IceServers { urls: urls.map(str::to_owned).to_vec(), credentials }
    }

    #[test]
    fn only_turn_gets_credentials() {
        let fixed = Credentials::Static { username: "anna".into(), password: "secret".into() };
        let told = servers(fixed).told(0);
        assert_eq!((told.len(), told[0].username.as_deref(), told[1].username.as_deref()), (2, None, Some("anna")));
        assert_eq!(told[1].urls.len(), 2);
        assert_eq!(IceServers::default().told(0), []);
    }

    #[test]
    fn a_secret_makes_credentials_that_end_and_does_not_leave() {
        let servers = servers(Credentials::Secret("north".into()));
        let told = servers.told(1_700_000_000_000);
        assert_eq!(told[1].username.as_deref(), Some("1700043200:hotline"));
        // printf '1700043200:hotline' | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(told[1].credential.as_deref(), Some("CorhCYJrBHpWn+EtFXW2CL0zLcQ="));
        assert!(!format!("{servers:?}").contains("north"));
    }
}
