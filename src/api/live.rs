//! Everything that happens, as it happens: one WebSocket per console, resumable by cursor. Listening begins before what was
//! missed is read, and each entry is sent by its cursor, so nothing is left out and nothing comes twice.
//!
//! A console that does not keep up is told so and asks for everything again; one that does not even take what is sent to it
//! is dropped. What waits for it is bounded by the store's backlog, which all consoles share.

use std::sync::Arc;
use std::time::Duration;

use axum::Error;
use axum::extract::State as Of;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, Uri, header};
use axum::response::Response;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use utoipa::IntoParams;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Ask;
use super::guard::host;
use super::session::{SignedIn, token};
use super::view::LiveMessage;
use super::{App, State, now};
use crate::store::{Live, StoreError};

/// How often the other side is asked for a sign of life, and the session looked at.
const PING: Duration = Duration::from_secs(20);
/// How long a console may take nothing of what is sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// Entries read at once when resuming.
const BLOCK: u64 = 500;
/// Entries replayed at most; whoever missed more asks for everything again.
const MOST_REPLAYED: u64 = 5_000;
/// Clients have nothing to say.
const LARGEST_MESSAGE: usize = 1_024;

/// Where to begin.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LiveQuery {
    /// The last cursor seen; what came after it is sent first. Only what is new when 0 or left out.
    after: Option<i64>,
}

/// The live stream
///
/// A WebSocket whose text frames are `LiveMessage`s: `hello` first, then what happens. `Origin` must name the same host.
#[utoipa::path(
    get, path = "/live", tag = "calls", params(LiveQuery),
    responses(
        (status = 101, description = "The stream begins"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "The page is another site's", body = ErrorBody),
    )
)]
pub async fn live(
    Of(app): State,
    headers: HeaderMap,
    SignedIn(_): SignedIn,
    Ask(query): Ask<LiveQuery>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    if !is_ours(&headers) {
        return Err(ApiError::foreign_origin());
    }
    let upgrade = upgrade.map_err(|_| ApiError::invalid("This address is a WebSocket; connect to it as one."))?;
    let session = token(&headers).ok_or_else(ApiError::signed_out)?.to_owned();
    let after = query.after.filter(|&after| after > 0);
    // Before anything is read, so that nothing falls between.
    let news = app.console.tenant.subscribe();
    Ok(upgrade.max_message_size(LARGEST_MESSAGE).on_upgrade(async move |socket| {
        let stopped = app.stopped.clone();
        let mut stream = Stream { app, socket, session, sent: 0, heard_from: true };
        let end = tokio::select! {
            end = stream.run(news, after) => end,
            () = stopped.cancelled() => End::Stopping,
        };
        stream.close(end).await;
    }))
}

/// Whether the page that connects is one of ours. Browsers always say where a page is from, and no page can lie about it.
pub(super) fn is_ours(headers: &HeaderMap) -> bool {
    let origin =
        headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).and_then(|o| o.parse::<Uri>().ok());
    let page = origin.as_ref().filter(|origin| matches!(origin.scheme_str(), Some("http" | "https")));
    let from = page.and_then(Uri::authority);
    match (from, host(headers)) {
        (Some(from), Some(host)) => from.as_str().eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// One console that listens.
struct Stream {
    app: Arc<App>,
    socket: WebSocket,
    session: String,
    /// The cursor of the last entry it was sent, or need not be sent.
    sent: i64,
    /// Whether it gave a sign of life since the last ping.
    heard_from: bool,
}

/// Why a stream ends.
enum End {
    /// The service stops.
    Stopping,
    /// The session is over.
    SignedOut,
    /// The other side left, or does not take what is sent.
    Gone,
    /// The store does not answer.
    Failed(StoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<Error> for End {
    fn from(_: Error) -> Self {
        Self::Gone
    }
}

impl Stream {
    async fn run(&mut self, news: Receiver<Live>, after: Option<i64>) -> End {
        match self.follow(news, after).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn follow(&mut self, mut news: Receiver<Live>, after: Option<i64>) -> Result<std::convert::Infallible, End> {
        let last = self.app.console.tenant.last_cursor().await?;
        match after {
            Some(after) if after <= last => {
                self.sent = after;
                self.send(&LiveMessage::Hello { cursor: after }).await?;
                self.replay().await?;
            }
            // From a database that is no longer there.
            Some(_) => {
                self.send(&LiveMessage::Hello { cursor: last }).await?;
                self.skip().await?;
            }
            None => {
                self.sent = last;
                self.send(&LiveMessage::Hello { cursor: last }).await?;
            }
        }
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                live = news.recv() => match live {
                    Ok(live) => self.pass_on(&live).await?,
                    Err(RecvError::Lagged(_)) => self.skip().await?,
                    Err(RecvError::Closed) => return Err(End::Stopping),
                },
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
                    Some(Ok(_)) => self.heard_from = true,
                },
                _ = ping.tick() => self.ping().await?,
            }
        }
    }

    /// Sends what was stored after the last entry sent.
    async fn replay(&mut self) -> Result<(), End> {
        let mut replayed = 0;
        loop {
            let missed = self.app.console.tenant.entries_after(self.sent, BLOCK).await?;
            for live in &missed {
                self.pass_on(live).await?;
            }
            replayed += missed.len() as u64;
            if (missed.len() as u64) < BLOCK {
                return Ok(());
            }
            if replayed >= MOST_REPLAYED {
                return self.skip().await;
            }
        }
    }

    /// Goes on from now, and says that something was left out.
    async fn skip(&mut self) -> Result<(), End> {
        self.sent = self.app.console.tenant.last_cursor().await?;
        self.send(&LiveMessage::Lagged { cursor: self.sent }).await
    }

    async fn pass_on(&mut self, live: &Live) -> Result<(), End> {
        match live.cursor {
            Some(cursor) if cursor <= self.sent => return Ok(()),
            Some(cursor) => self.sent = cursor,
            None => {}
        }
        self.send(&LiveMessage::Entry { cursor: live.cursor, call: live.call, entry: &live.entry }).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.heard_from) {
            return Err(End::Gone);
        }
        if self.app.console.tenant.session_user(&self.session, now()).await?.is_none() {
            return Err(End::SignedOut);
        }
        self.send_message(Message::Ping(Default::default())).await
    }

    async fn send(&mut self, message: &LiveMessage<'_>) -> Result<(), End> {
        let text =
            serde_json::to_string(message).expect("the journal's types have text keys and no failing serialiser");
        self.send_message(Message::Text(text.into())).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), End> {
        match timeout(PATIENCE, self.socket.send(message)).await {
            Ok(result) => Ok(result?),
            Err(_) => {
                tracing::debug!("a console that took nothing was dropped");
                Err(End::Gone)
            }
        }
    }

    async fn close(mut self, end: End) {
        let (code, reason) = match end {
            End::Gone => return,
            End::Stopping => (close_code::AWAY, "the service stops"),
            End::SignedOut => (close_code::POLICY, "signed out"),
            End::Failed(error) => {
                tracing::warn!(%error, "a live stream broke off");
                (close_code::ERROR, "the store does not answer")
            }
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = timeout(Duration::from_millis(500), self.socket.send(Message::Close(Some(frame)))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_listen() {
        let check = |origin: Option<&str>, host: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a header"));
            }
            assert_eq!(is_ours(&headers), expected, "{origin:?} at {host}");
        };
        check(Some("http://127.0.0.1:8080"), "127.0.0.1:8080", true);
        check(Some("https://calls.example"), "Calls.example", true);
        check(Some("http://[::1]:8080"), "[::1]:8080", true);
        check(Some("http://127.0.0.1:8081"), "127.0.0.1:8080", false);
        check(Some("https://evil.example"), "calls.example", false);
        check(Some("https://calls.example.evil.example"), "calls.example", false);
        check(Some("null"), "null", false);
        check(None, "calls.example", false);
    }
}
