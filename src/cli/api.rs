//! A service's API, as the commands ask it: that of `hotline serve` on this machine, or another one's by its sign-in link.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use flow::event::HttpReply;
use serde_json::{Value, json};

use crate::config::Config;
use crate::lookup::{Lookup, Request};
use crate::service::LocalAccess;

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long what is trained or rendered before it answers may take.
const WORK: Duration = Duration::from_secs(10 * 60);
/// Longer than any answer: two flows of the largest size, indented.
const LONGEST: usize = 64 * 1024 * 1024;

/// The variable of the environment that may hold a token; arguments can be read by others.
const TOKEN: &str = "HOTLINE_TOKEN";

/// A service's API, signed in.
pub struct Api {
    client: Lookup,
    access: LocalAccess,
    /// Whether the token is a program's, and not that of a session.
    is_program: bool,
}

impl Api {
    /// The API that was named, or that of the service on this machine. With a token in `HOTLINE_TOKEN` nobody signs in.
    pub async fn open(named: Option<&str>, config: &Config) -> anyhow::Result<Self> {
        if let Some(token) = std::env::var(TOKEN).ok().filter(|token| !token.trim().is_empty()) {
            let api = match named {
                Some(named) => named.trim_end_matches('/').to_owned(),
                None => LocalAccess::read(&config.data_dir).map_err(anyhow::Error::msg)?.api,
            };
            return Ok(Self { client: client()?, access: LocalAccess { api, token }, is_program: true });
        }
        match named {
            Some(named) => Self::sign_in(named, config).await,
            None => Self::with(LocalAccess::read(&config.data_dir).map_err(anyhow::Error::msg)?),
        }
    }

    /// With an access that is there.
    pub fn with(access: LocalAccess) -> anyhow::Result<Self> {
        Ok(Self { client: client()?, access, is_program: false })
    }

    /// Signs in with a one-time link, or, on this machine, with what the running service wrote down.
    async fn sign_in(named: &str, config: &Config) -> anyhow::Result<Self> {
        let Some((base, token)) = named.split_once("/sign-in?token=") else {
            let mut access = LocalAccess::read(&config.data_dir).map_err(|reason| {
                anyhow::anyhow!("{reason}, as the sign-in link that it prints (http://…/sign-in?token=…)")
            })?;
            access.api = named.trim_end_matches('/').to_owned();
            return Self::with(access);
        };
        let client = client()?;
        let request = Request {
            method: "POST".to_owned(),
            url: format!("{base}/api/v1/session"),
            headers: BTreeMap::from([("x-hotline".to_owned(), "1".to_owned())]),
            body: Some(json!({ "token": token })),
            timeout: ANSWER,
        };
        let (reply, cookie) = client
            .ask_for_cookie(request)
            .await
            .map_err(|error| anyhow::anyhow!("{base} does not answer: {error:?}"))?;
        anyhow::ensure!(
            reply.status == 200,
            "{base} refuses the sign-in link ({}); a link works once, within the hour",
            reply.status
        );
        let token = cookie.context("the service sent no session")?;
        Ok(Self { client, access: LocalAccess { api: base.to_owned(), token }, is_program: false })
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        &self.access.api
    }

    /// What stands below `/api/v1/`.
    pub async fn get(&self, path: &str) -> Result<Value, String> {
        let reply = self.ask("GET", path, None, ANSWER).await?;
        match reply.status {
            200 => Ok(reply.body),
            status => Err(self
                .refused(status, &reply.body)
                .unwrap_or_else(|| format!("{} answers {status} to {path}", self.address()))),
        }
    }

    /// Has something done.
    pub async fn send(&self, method: &str, path: &str, body: Value) -> Result<Value, String> {
        let reply = self.ask(method, path, Some(body), WORK).await?;
        match reply.status {
            200..300 => Ok(reply.body),
            status => Err(self
                .refused(status, &reply.body)
                .unwrap_or_else(|| format!("{} answers {status} to {path}", self.address()))),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>, timeout: Duration) -> Result<HttpReply, String> {
        let whose = match self.is_program {
            true => ("authorization".to_owned(), format!("Bearer {}", self.access.token)),
            false => ("cookie".to_owned(), format!("hotline_session={}", self.access.token)),
        };
        let headers = [whose, ("x-hotline".to_owned(), "1".to_owned())];
        let request = Request {
            method: method.to_owned(),
            url: format!("{}/api/v1/{path}", self.access.api),
            headers: BTreeMap::from(headers),
            body,
            timeout,
        };
        let reply = self.client.ask(request).await;
        reply.map_err(|error| {
            format!("{} does not answer: {error:?}; is it the API of the service that is meant?", self.access.api)
        })
    }

    /// What the service says about a request that it does not do.
    fn refused(&self, status: u16, body: &Value) -> Option<String> {
        if status == 401 {
            return Some(format!(
                "{} does not let us in; sign in again with --api and a new sign-in link",
                self.address()
            ));
        }
        body["error"]["message"].as_str().map(str::to_owned)
    }
}

fn client() -> anyhow::Result<Lookup> {
    Ok(Lookup::new().map_err(anyhow::Error::msg)?.reading(LONGEST))
}
