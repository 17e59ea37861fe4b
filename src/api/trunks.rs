//! The trunks: whether each can be called through, and what is wrong if not.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::extract::State as Of;
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::error::{ApiResult, ErrorBody};
use super::session::SignedIn;
use crate::channel::{TrunkError, TrunkStatus};
use crate::event::Timestamp;

/// A way into the telephone network.
#[derive(Serialize, ToSchema)]
pub struct Trunk {
    /// Its name in the configuration.
    name: String,
    /// How it stands.
    state: TrunkState,
    /// Since when.
    #[schema(required)]
    since: Option<Timestamp>,
    /// Whether Hotline is registered with it; null where it need not be.
    #[schema(required)]
    registered: Option<bool>,
    /// What went wrong last.
    #[schema(required)]
    last_error: Option<TrunkProblem>,
    /// Calls now, in both directions.
    calls_now: u32,
    /// Calls today (UTC), in both directions.
    calls_today: u32,
}

/// How a trunk stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrunkState {
    /// It answers, and where it must, it has us registered.
    Up,
    /// It does not; calls go through others.
    Down,
    /// It was not asked yet, or shall not be.
    Unknown,
}

/// What went wrong with a trunk.
#[derive(Serialize, ToSchema)]
pub struct TrunkProblem {
    /// The SIP status; 0 when there was none.
    status: u16,
    /// In words.
    reason: String,
    /// When.
    at: Timestamp,
}

impl From<TrunkStatus> for Trunk {
    fn from(status: TrunkStatus) -> Self {
        let problem = |error: TrunkError| TrunkProblem { status: error.status, reason: error.reason, at: ms(error.at) };
        Self {
            name: status.name,
            state: match status.up {
                Some(true) => TrunkState::Up,
                Some(false) => TrunkState::Down,
                None => TrunkState::Unknown,
            },
            since: status.since.map(ms),
            registered: status.registered,
            last_error: status.last_error.map(problem),
            calls_now: status.calls_now,
            calls_today: status.calls_today,
        }
    }
}

fn ms(at: SystemTime) -> Timestamp {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| Timestamp::try_from(since.as_millis()).unwrap_or(Timestamp::MAX))
}

/// All trunks, in the order of their names
#[utoipa::path(
    get, path = "/trunks", tag = "trunks",
    responses(
        (status = 200, description = "The trunks", body = Vec<Trunk>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may see them", body = ErrorBody),
    )
)]
pub async fn trunks(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<Trunk>>> {
    Ok(Json((app.console.trunks)().into_iter().map(Trunk::from).collect()))
}
