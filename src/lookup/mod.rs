//! Asking other services over HTTP on behalf of a flow. A reply with an error status is a reply; only its absence is a failure.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use flow::event::{HttpFailure, HttpReply};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// The longest reply that is read unless a longer one is wanted, in bytes; a flow needs a few fields, not a download.
const LONGEST_REPLY: usize = 256 * 1024;

/// What matters of an http or https address before anything is sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// It is https.
    pub encrypted: bool,
    /// It leads no further than this machine.
    pub on_this_machine: bool,
}

impl Address {
    /// None when it is no such address.
    pub fn parse(address: &str) -> Option<Self> {
        let url = reqwest::Url::parse(address).ok()?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"))?;
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
        Some(Self {
            encrypted: url.scheme() == "https",
            on_this_machine: host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback()),
        })
    }
}

/// A request of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The address, http or https.
    pub url: String,
    /// Headers, by name.
    pub headers: BTreeMap<String, String>,
    /// A JSON body.
    pub body: Option<Value>,
    /// How long to wait for the whole reply.
    pub timeout: Duration,
}

/// Makes requests; connections are kept and shared. Cloned cheaply into every call.
#[derive(Clone)]
pub struct Lookup {
    client: reqwest::Client,
    longest: usize,
}

impl Lookup {
    /// A client without proxies; TLS by the process's default provider (`ring`).
    pub fn new() -> Result<Self, String> {
        let agent = concat!("Hotline/", env!("CARGO_PKG_VERSION"));
        let client = reqwest::Client::builder().user_agent(agent).no_proxy().build();
        client
            .map(|client| Self { client, longest: LONGEST_REPLY })
            .map_err(|e| format!("cannot set up the HTTP client: {e}"))
    }

    /// The same, for replies of up to so many bytes.
    pub fn reading(self, longest: usize) -> Self {
        Self { longest, ..self }
    }

    /// Sends the request once and reads the reply.
    pub async fn ask(&self, request: Request) -> Result<HttpReply, HttpFailure> {
        let timeout = request.timeout;
        let exchange = tokio::time::timeout(timeout, self.exchange(request)).await;
        exchange.unwrap_or(Err(HttpFailure::Timeout)).map(|(reply, _)| reply)
    }

    /// The same, with the value of the first cookie that the reply sets.
    pub async fn ask_for_cookie(&self, request: Request) -> Result<(HttpReply, Option<String>), HttpFailure> {
        let timeout = request.timeout;
        tokio::time::timeout(timeout, self.exchange(request)).await.unwrap_or(Err(HttpFailure::Timeout))
    }

    async fn exchange(&self, request: Request) -> Result<(HttpReply, Option<String>), HttpFailure> {
        let bad = |what: String| HttpFailure::BadReply(what);
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|e| bad(e.to_string()))?;
        let mut call = self.client.request(method, &request.url).headers(headers(&request.headers)?);
        if let Some(body) = &request.body {
            call = call.json(body);
        }
        let mut reply = call.send().await.map_err(|e| failure(&e))?;
        let status = reply.status().as_u16();
        let cookie = reply.headers().get(reqwest::header::SET_COOKIE).and_then(|header| header.to_str().ok());
        let cookie =
            cookie.and_then(|cookie| cookie.split(';').next()?.split_once('=')).map(|(_, value)| value.to_owned());
        let mut bytes = Vec::new();
        while let Some(chunk) = reply.chunk().await.map_err(|e| failure(&e))? {
            if bytes.len() + chunk.len() > self.longest {
                return Err(bad(format!("the reply is longer than {} bytes", self.longest)));
            }
            bytes.extend_from_slice(&chunk);
        }
        let body = match bytes.as_slice() {
            [] => Value::Null,
            some => serde_json::from_slice(some).unwrap_or_else(|_| String::from_utf8_lossy(some).into_owned().into()),
        };
        Ok((HttpReply { status, body }, cookie))
    }
}

fn headers(named: &BTreeMap<String, String>) -> Result<HeaderMap, HttpFailure> {
    let header = |(name, value): (&String, &String)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    };
    named
        .iter()
        .map(|pair| {
            header(pair).ok_or_else(|| HttpFailure::BadReply(format!("{} is not a header that can be sent", pair.0)))
        })
        .collect()
}

fn failure(error: &reqwest::Error) -> HttpFailure {
    if error.is_timeout() {
        HttpFailure::Timeout
    } else if error.is_connect() {
        HttpFailure::Refused
    } else {
        // Without the address: it may hold a caller's number.
        let mut reason = String::new();
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
        while let Some(inner) = cause {
            reason = inner.to_string();
            cause = inner.source();
        }
        HttpFailure::BadReply(if reason.is_empty() { "the request cannot be sent".into() } else { reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_whether_others_can_read_on_the_way() {
        let of = |address| Address::parse(address).map(|a| (a.encrypted, a.on_this_machine));
        assert_eq!(of("https://engine.example.com"), Some((true, false)));
        assert_eq!(of("http://127.0.0.1:8080/"), Some((false, true)));
        assert_eq!(of("http://[::1]:8080/"), Some((false, true)));
        assert_eq!(of("http://localhost"), Some((false, true)));
        assert_eq!(of("http://10.0.0.5"), Some((false, false)));
        for none in ["engine.example.com", "ftp://engine.example.com", "http://", ""] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
