//! What went wrong, as the console reads it: a status, a code for programs and words for people. Words say what happened
//! and what to do; they hold no secret and nothing about a caller.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::flows::FlowsError;
use crate::store::StoreError;
use crate::understand::UnderstandError;

/// What every request that fails is answered with.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// The failure.
    pub error: Failure,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct Failure {
    /// A name for programs, e.g. `not_found`.
    #[schema(example = "not_found")]
    pub code: String,
    /// What happened and what to do, for people.
    pub message: String,
}

/// A request that cannot be answered as asked.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    retry_after: Option<u64>,
}

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// The request makes no sense; `message` says what would.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    /// A file that was sent cannot be read; the error says what is wrong with it and what to do.
    pub fn unreadable(error: &impl std::fmt::Display) -> Self {
        Self::invalid(sentence(error))
    }

    /// Nobody is signed in.
    pub fn signed_out() -> Self {
        let message = "You are not signed in, or your sign-in has expired; sign in again.";
        Self::new(StatusCode::UNAUTHORIZED, "signed_out", message)
    }

    /// The sign-in failed. The words are always the same, so they do not tell who has an account.
    pub fn sign_in_refused() -> Self {
        let message = "That did not sign you in: the link is used up or too old, or e-mail and password do not belong together. \
                       Check what you typed, or ask an admin for a new link.";
        Self::new(StatusCode::UNAUTHORIZED, "sign_in_refused", message)
    }

    /// A program's token is unknown, was removed, or is for something else.
    pub fn token_refused() -> Self {
        let message = "This token does not open this address: it was removed, or is for something else. An admin can make a new one.";
        Self::new(StatusCode::UNAUTHORIZED, "token_refused", message)
    }

    /// Too many tries from one address.
    pub fn too_many(wait_seconds: u64) -> Self {
        let message = format!("Too many tries to sign in from this address; wait {wait_seconds} s and try again.");
        Self { retry_after: Some(wait_seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", message) }
    }

    /// Signed in, but not as somebody who may do this.
    pub fn admins_only() -> Self {
        Self::new(StatusCode::FORBIDDEN, "admins_only", "Only an admin can do this; ask one, or sign in as one.")
    }

    /// A request that changes something came without the header that only our own pages send.
    pub fn no_header() -> Self {
        let message =
            "Requests that change something need the header `x-hotline: 1`; it shows that they come from the console.";
        Self::new(StatusCode::FORBIDDEN, "missing_header", message)
    }

    /// A page of another site tried to listen.
    pub fn foreign_origin() -> Self {
        let message =
            "The header `Origin` must name this address; open the console here, and let a proxy pass `Host` on.";
        Self::new(StatusCode::FORBIDDEN, "foreign_origin", message)
    }

    /// More was asked of one address, or in one chat, than is taken.
    pub fn too_fast(wait_seconds: u64) -> Self {
        let message = format!("That was too much at once; wait {wait_seconds} s and try again.");
        Self { retry_after: Some(wait_seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_fast", message) }
    }

    /// Whoever is signed in has no telephone.
    pub fn no_extension() -> Self {
        let message = "You have no extension, so there is no telephone for you here; an admin can give you one.";
        Self::new(StatusCode::NOT_FOUND, "no_extension", message)
    }

    /// There are as many callers of web pages as there may be.
    pub fn callers_full() -> Self {
        let message = "Everybody here is talking to somebody; try again in a minute.";
        Self { retry_after: Some(60), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "callers_full", message) }
    }

    /// A page of a site that may not show the widget.
    pub fn foreign_site() -> Self {
        let message = "Pages of this site may not chat or call here; whoever runs this can name the site in chat.origins and webrtc.origins.";
        Self::new(StatusCode::FORBIDDEN, "foreign_site", message)
    }

    /// A chat's token is unknown: it was over long ago, or the service was started anew.
    pub fn chat_unknown() -> Self {
        let message = "This chat is over, or the token is another one's; begin a new one.";
        Self::new(StatusCode::UNAUTHORIZED, "chat_unknown", message)
    }

    /// Nothing more can be said in a chat.
    pub fn chat_over() -> Self {
        Self::new(StatusCode::CONFLICT, "chat_over", "This chat is over; begin a new one.")
    }

    /// A choice of an earlier question.
    pub fn stale_choice() -> Self {
        let message = "This is no choice of the question that is asked now; choose from that one.";
        Self::new(StatusCode::CONFLICT, "stale_choice", message)
    }

    /// There are as many chats as there may be.
    pub fn chat_full() -> Self {
        let message = "Everybody here is talking to somebody; try again in a minute.";
        Self { retry_after: Some(60), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "chat_full", message) }
    }

    /// The service stops.
    pub fn closing() -> Self {
        let message = "The service is being stopped; try again in a minute.";
        Self { retry_after: Some(60), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "closing", message) }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The path exists, but not with this method.
    pub fn wrong_method() -> Self {
        let message = "This address does not take that method; see /api/v1/openapi.json for what it takes.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", message)
    }

    /// More was sent than can be kept; `message` says how much can.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// What it takes is not there now; `message` says what to do.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
    }

    /// It exists already.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// The service cannot answer; `reason` goes to the log, not to the screen.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        tracing::error!(%reason, "a request of the console failed");
        let message = "The service could not answer; its log says why. Nothing was changed unless it shows.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody { error: Failure { code: self.code.to_owned(), message: self.message } };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NoSuch { what } => {
                Self::not_found(format!("There is no such {what}; it may be an old link. Go back to the list."))
            }
            StoreError::Taken { .. } | StoreError::InCall => Self::conflict(sentence(&error)),
            StoreError::Changed { .. } => Self::new(StatusCode::PRECONDITION_FAILED, "changed", sentence(&error)),
            StoreError::Invalid(_) => Self::invalid(sentence(&error)),
            StoreError::Erased => Self::new(StatusCode::GONE, "erased", sentence(&error)),
            error if error.is_temporary() => {
                tracing::warn!(%error, "a request of the console failed for now");
                let message =
                    "The service cannot read or write its data right now; try again in a moment, its log says why.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            }
            error => Self::internal(error),
        }
    }
}

impl From<UnderstandError> for ApiError {
    fn from(error: UnderstandError) -> Self {
        match error {
            UnderstandError::Store(error) => error.into(),
            UnderstandError::Stopped(_) => Self::internal(error),
            UnderstandError::Training(_) | UnderstandError::Draft(_) => Self::invalid(sentence(&error)),
        }
    }
}

impl From<FlowsError> for ApiError {
    fn from(error: FlowsError) -> Self {
        match error {
            FlowsError::Store(error) | FlowsError::Understand(UnderstandError::Store(error)) => error.into(),
            FlowsError::TooLarge => Self::too_large(sentence(&error)),
            FlowsError::Stopped(_) | FlowsError::Damaged(_) | FlowsError::Understand(UnderstandError::Stopped(_)) => {
                Self::internal(error)
            }
            FlowsError::Invalid(_) => Self::new(StatusCode::BAD_REQUEST, "flow_has_errors", sentence(&error)),
            FlowsError::TestsFail(_) => Self::new(StatusCode::BAD_REQUEST, "flow_tests_fail", sentence(&error)),
            FlowsError::NoObject | FlowsError::Understand(_) => Self::invalid(sentence(&error)),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::too_large("The request is too large; shorten its text, or send it in parts.")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                let message = "The body must be JSON, with the header `content-type: application/json`.";
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message)
            }
            _ if rejection.body_text().contains("recursion limit exceeded") => {
                Self::invalid("The body is nested too deeply: lists and objects may stand 127 deep in each other.")
            }
            _ => Self::invalid(format!("The body is not what is expected here: {}.", rejection.body_text())),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid(format!("The query is not what is expected here: {}.", rejection.body_text()))
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::not_found("This address holds an id that cannot be one; ids are UUIDs. Go back to the list.")
    }
}

/// An error's words, as a sentence.
fn sentence(error: &impl std::fmt::Display) -> String {
    let words = error.to_string();
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    // What ends with the words of a finding has its full stop.
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
