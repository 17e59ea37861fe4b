//! The floor: how queues, callers and agents stand, what supervisors do about it, and a stream of all that as it changes.

use std::time::Duration;

use axum::Json;
use axum::extract::State as Of;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use utoipa::ToSchema;

use super::agents::{PresenceView, view};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Body, In};
use super::live::is_ours;
use super::permission::{self, Permission};
use super::session::{SignedIn, is_own, token};
use super::{App, State, now, queues};
use crate::agent::News;
use crate::event::{CallId, Timestamp, Why};
use crate::queue::{Floor, Preference, WaitingStanding};
use crate::store::User;

/// How often the other side is asked for a sign of life, and the session looked at.
const PING: Duration = Duration::from_secs(20);
/// How long a screen may take nothing of what is sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// The floor is sent no more often than this, however much happens.
const BREATH: Duration = Duration::from_millis(200);
/// Screens have nothing to say.
const LARGEST_MESSAGE: usize = 1_024;

/// How everything stands
#[utoipa::path(
    get, path = "/floor", tag = "floor",
    responses(
        (status = 200, description = "The queues, the agents, and who waits", body = Floor),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Your role does not include this", body = ErrorBody),
    )
)]
pub async fn floor(Of(app): State, SignedIn(_): SignedIn) -> Json<Floor> {
    Json(app.console.agents.floor())
}

/// Why a call waits, or why it came to whom it came
///
/// Whoever may not see the floor is told it of the calls that came to them.
#[utoipa::path(
    get, path = "/floor/calls/{call}/why", tag = "floor", params(("call" = CallId, Path, description = "Which call")),
    responses(
        (status = 200, description = "Who could take it, who could not, and why", body = Why),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "It is not your call, and your role does not include this", body = ErrorBody),
        (status = 404, description = "The call waits in no queue, and came to nobody from one", body = ErrorBody),
    )
)]
pub async fn why(Of(app): State, SignedIn(me): SignedIn, In(call): In<CallId>) -> ApiResult<Json<Why>> {
    if !permission::may(me.role, Permission::Floor) && !is_own(&me, call, &app).await? {
        return Err(ApiError::not_yours());
    }
    let nowhere = || ApiError::not_found("The call waits in no queue, and came to nobody from one lately.");
    app.console.agents.why(call).map(Json).ok_or_else(nowhere)
}

/// What is to become of a call that waits.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reorder {
    /// The queue where it goes on waiting.
    queue: Option<String>,
    /// How soon it is its turn, from 1 to 10.
    #[schema(minimum = 1, maximum = 10)]
    priority: Option<u8>,
    /// Before everybody else.
    first: Option<bool>,
}

/// Move a call that waits, or change its turn
#[utoipa::path(
    put, path = "/floor/calls/{call}", tag = "floor", request_body = Reorder,
    params(("call" = CallId, Path, description = "Which call")),
    responses(
        (status = 200, description = "How it stands now", body = WaitingStanding),
        (status = 400, description = "There is no such queue or priority", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Your role does not include this", body = ErrorBody),
        (status = 404, description = "The call does not wait", body = ErrorBody),
    )
)]
pub async fn reorder(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(call): In<CallId>,
    Body(change): Body<Reorder>,
) -> ApiResult<Json<WaitingStanding>> {
    let gone = || ApiError::not_found("This call waits no more: an agent has it, or the caller is gone.");
    let agents = &app.console.agents;
    let Reorder { queue, priority, first } = change;
    if priority.is_some_and(|priority| !(1..=10).contains(&priority)) {
        return Err(ApiError::invalid("A priority goes from 1 to 10, which is first."));
    }
    let before = agents.waiting(call).ok_or_else(gone)?;
    if let Some(queue) = queue.filter(|queue| *queue != before.queue) {
        let stored = app.console.tenant.queue(&queue).await?.is_some();
        if !stored && !queues::of_flow(&app).contains(&queue) {
            return Err(ApiError::invalid(format!(
                "There is no queue {queue}; the list of queues has those there are."
            )));
        }
        agents.move_to(call, &queue);
    }
    let preference = match (first, priority) {
        (Some(true), _) => Some(Preference::First),
        (_, Some(priority)) => Some(Preference::Priority(priority)),
        (Some(false), None) => Some(Preference::Priority(before.priority)),
        (None, None) => None,
    };
    if let Some(preference) = preference {
        agents.prefer(call, preference);
    }
    tracing::info!(%call, by = %me.id, "the turn of a call that waits was changed");
    agents.waiting(call).map(Json).ok_or_else(gone)
}

/// A frame of the floor's stream.
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FloorMessage {
    /// How everything stands: at first, and after changes; for those who may see the floor.
    Floor {
        /// All of it.
        floor: Floor,
    },
    /// What one is doing oneself: at first, and whenever it changes; for those who have an extension.
    Presence {
        /// That.
        agent: PresenceView,
    },
    /// One's own phone rings for a call of a queue.
    Offer {
        /// The call.
        call: CallId,
        /// The queue.
        queue: String,
        /// When it stops.
        until: Timestamp,
        /// Why oneself.
        why: Why,
    },
    /// It rings no more.
    Withdrawn {
        /// The call.
        call: CallId,
    },
}

/// The floor's stream
///
/// A WebSocket whose text frames are `FloorMessage`s. `Origin` must name the same host.
#[utoipa::path(
    get, path = "/floor/live", tag = "floor",
    responses(
        (status = 101, description = "The stream begins"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "The page is another site's", body = ErrorBody),
    )
)]
pub async fn floor_live(
    Of(app): State,
    headers: HeaderMap,
    SignedIn(me): SignedIn,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    if !is_ours(&headers) {
        return Err(ApiError::foreign_origin());
    }
    let upgrade = upgrade.map_err(|_| ApiError::invalid("This address is a WebSocket; connect to it as one."))?;
    let session = token(&headers).ok_or_else(ApiError::signed_out)?.to_owned();
    let own = app.console.tenant.extensions_of(me.id).await?;
    Ok(upgrade.max_message_size(LARGEST_MESSAGE).on_upgrade(async move |socket| {
        let stopped = app.stopped.clone();
        let mut screen = Screen { app, socket, session, own, heard_from: true };
        let end = tokio::select! {
            end = screen.run(me) => end,
            () = stopped.cancelled() => End::Stopping,
        };
        screen.close(end).await;
    }))
}

/// A screen that shows the floor.
struct Screen {
    app: std::sync::Arc<App>,
    socket: WebSocket,
    session: String,
    own: Vec<String>,
    heard_from: bool,
}

/// Why a stream ends.
enum End {
    Stopping,
    SignedOut,
    Gone,
}

impl Screen {
    async fn run(&mut self, mut me: User) -> End {
        match self.go_on(&mut me).await {
            Ok(()) => End::Gone,
            Err(end) => end,
        }
    }

    async fn go_on(&mut self, me: &mut User) -> Result<(), End> {
        // Before anything is read, so that nothing falls between.
        let mut news = self.app.console.agents.watch();
        for extension in self.own.clone() {
            self.tell_presence(&extension).await?;
        }
        let (mut is_due, mut next) = (true, Instant::now());
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let sees_all = permission::may(me.role, Permission::Floor);
            tokio::select! {
                news = news.recv() => match news {
                    Ok(news) => {
                        is_due = true;
                        self.tell(news).await?;
                    }
                    Err(RecvError::Lagged(_)) => {
                        is_due = true;
                        for extension in self.own.clone() {
                            self.tell_presence(&extension).await?;
                        }
                    }
                    Err(RecvError::Closed) => return Err(End::Stopping),
                },
                () = sleep_until(next), if is_due && sees_all => {
                    let floor = self.app.console.agents.floor();
                    self.send(&FloorMessage::Floor { floor }).await?;
                    (is_due, next) = (false, Instant::now() + BREATH);
                }
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
                    Some(Ok(_)) => self.heard_from = true,
                },
                _ = ping.tick() => {
                    if !std::mem::take(&mut self.heard_from) {
                        return Err(End::Gone);
                    }
                    // A role that was changed counts from now on.
                    match self.app.console.tenant.session_user(&self.session, now()).await {
                        Ok(Some(user)) => *me = user,
                        Ok(None) => return Err(End::SignedOut),
                        Err(error) => tracing::warn!(%error, "it cannot be told whether somebody is still signed in"),
                    }
                    self.send_message(Message::Ping(Default::default())).await?;
                }
            }
        }
    }

    async fn tell(&mut self, news: News) -> Result<(), End> {
        let is_own = |agent: &String| self.own.contains(agent);
        match news {
            News::Agent(agent) if is_own(&agent) => self.tell_presence(&agent).await,
            News::Offered { agent, call, queue, until, why } if is_own(&agent) => {
                self.send(&FloorMessage::Offer { call, queue, until, why: *why }).await
            }
            News::Withdrawn { agent, call } if is_own(&agent) => self.send(&FloorMessage::Withdrawn { call }).await,
            _ => Ok(()),
        }
    }

    async fn tell_presence(&mut self, extension: &str) -> Result<(), End> {
        match view(&self.app, extension).await {
            Ok(agent) => self.send(&FloorMessage::Presence { agent }).await,
            // An extension that was taken away has none.
            Err(_) => Ok(()),
        }
    }

    async fn send(&mut self, message: &FloorMessage) -> Result<(), End> {
        let text = serde_json::to_string(message).expect("the floor has text keys and no failing serialiser");
        self.send_message(Message::Text(text.into())).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), End> {
        match timeout(PATIENCE, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    async fn close(mut self, end: End) {
        let (code, reason) = match end {
            End::Gone => return,
            End::Stopping => (close_code::AWAY, "the service stops"),
            End::SignedOut => (close_code::POLICY, "signed out"),
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = timeout(Duration::from_millis(500), self.socket.send(Message::Close(Some(frame)))).await;
    }
}
