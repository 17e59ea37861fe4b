//! The chat of visitors, who sign in nowhere: a token opens one chat and nothing else. Pages of other sites may ask where the configuration
//! names them; no cookie is set or read.
//!
//! What a visitor is told comes as server-sent events, which pass every proxy and resume by the number of the last one seen; what a
//! visitor says is posted.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{ConnectInfo, Request, State as Of};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Ask, Body, In};
use super::guard::host;
use super::session::bearer;
use super::throttle::Throttle;
use super::{App, State, address};
use crate::chat::told::Message;
use crate::chat::{Answer, Begin, Chats, Failed, Refused, Session};
use crate::event::{CallId, Timestamp};

/// Nothing that a visitor sends is larger, in bytes.
pub const LARGEST_BODY: usize = 16 * 1024;
/// Where all of it is.
const PREFIX: &str = "/api/v1/chat/";
/// Where callers of web pages are.
const CALLERS: &str = "/api/v1/widget/";
/// The stream says so often that it is there, so that no proxy takes it for dead.
const STILL_HERE: Duration = Duration::from_secs(15);
/// How long a browser may remember what pages of another site may do, in seconds.
const REMEMBERED: &str = "600";
/// How long a page's address may be that is kept.
const LONGEST_PAGE: usize = 300;
const LONGEST_REFERENCE: usize = 64;
const MOST_KEYS: usize = 32;
const HEADERS: &str = "authorization, content-type, last-event-id, x-hotline";

/// Somebody who wants to chat.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatBegin {
    /// The language of the page, as BCP 47 has it; the flow's first when left out or not spoken.
    language: Option<String>,
    /// The address of the page. What follows `?` and `#` is not kept.
    page: Option<String>,
}

/// A chat that has begun.
#[derive(Serialize, ToSchema)]
pub struct ChatBegun {
    /// Its id.
    session: CallId,
    /// What opens it, as `Authorization: Bearer …`; nobody else learns it.
    token: String,
    /// When it is over at the latest, in ms since the epoch.
    expires: Timestamp,
}

/// What a visitor says: one of `text`, `key` and `choice`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChatSaid {
    /// Words.
    text: Option<String>,
    /// Keys of a telephone: `0`–`9`, `*`, `#`.
    key: Option<String>,
    /// A choice of the question, by its `id`.
    choice: Option<u32>,
    /// The question's number, with a choice.
    question: Option<u64>,
    /// A name of the sender's own: a message with a name that was taken before is not taken again, so it can be sent until it arrives.
    reference: Option<String>,
}

/// Where to go on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ChatAfter {
    /// The number of the last message seen; the header `Last-Event-ID` goes before it.
    after: Option<u64>,
}

/// Begin a chat
///
/// Open to everybody, where `chat.enabled` says so. The flow's first words follow as events.
#[utoipa::path(
    post, path = "/chat/sessions", operation_id = "chat_begin", tag = "chat", request_body = ChatBegin,
    responses(
        (status = 201, description = "It has begun", body = ChatBegun),
        (status = 403, description = "The page is of a site that may not", body = ErrorBody),
        (status = 404, description = "There is no chat here", body = ErrorBody),
        (status = 429, description = "Too many from this address", body = ErrorBody),
        (status = 503, description = "There are as many chats as there may be", body = ErrorBody),
    )
)]
pub async fn begin(
    Of(app): State,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(wanted): Body<ChatBegin>,
) -> ApiResult<(StatusCode, Json<ChatBegun>)> {
    let Some(chats) = &app.console.chats else {
        return Err(ApiError::not_found("There is no chat here; chat.enabled opens it."));
    };
    count(&app.chat_starts, address::of(from, &headers, &*app.console.is_proxy))?;
    let language = wanted.language.and_then(|language| language.parse().ok());
    let page = wanted.page.as_deref().and_then(page).unwrap_or_default();
    let begun = chats.begin(Begin { language, page }).await.map_err(|refused| match refused {
        Refused::Full => ApiError::chat_full(),
        Refused::Closing => ApiError::closing(),
    })?;
    Ok((StatusCode::CREATED, Json(ChatBegun { session: begun.session, token: begun.token, expires: begun.expires })))
}

pub(super) fn count(throttle: &Mutex<Throttle>, from: IpAddr) -> ApiResult<()> {
    let counted = throttle.lock().unwrap_or_else(PoisonError::into_inner).count(from, Instant::now());
    counted.map_err(|wait| ApiError::too_fast(wait.as_secs() + 1))
}

/// The address of a page without what is personal in it.
pub(super) fn page(address: &str) -> Option<String> {
    let address = address.split(['?', '#']).next().filter(|address| address.len() <= LONGEST_PAGE)?;
    let uri: Uri = address.parse().ok()?;
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
    // Whoever writes a password into an address did not write it for us.
    let host = uri.authority()?.as_str().rsplit('@').next()?;
    Some(format!("{scheme}://{host}{}", uri.path()))
}

/// Follow a chat
///
/// Server-sent events, each with its number as `id` and a `ChatMessage` as data: first those after the last one seen, then whatever
/// happens. The stream ends with the chat.
#[utoipa::path(
    get, path = "/chat/sessions/{id}/events", operation_id = "chat_events", tag = "chat",
    params(("id" = CallId, Path, description = "The chat"), ChatAfter),
    responses(
        (status = 200, description = "The messages", body = Message, content_type = "text/event-stream"),
        (status = 401, description = "The token does not open it, or it is over", body = ErrorBody),
        (status = 429, description = "Too many pages follow it", body = ErrorBody),
    )
)]
pub async fn events(
    Of(app): State,
    In(id): In<CallId>,
    headers: HeaderMap,
    Ask(ChatAfter { after }): Ask<ChatAfter>,
) -> ApiResult<Response> {
    let session = visitor(&app, id, &headers)?;
    let reader = session.reader().ok_or_else(|| ApiError::too_fast(STILL_HERE.as_secs()))?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.trim().parse().ok());
    let follower = Follower {
        grown: session.grown(),
        last: seen.or(after).unwrap_or(0),
        session,
        waiting: VecDeque::new(),
        _reader: reader,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let message = follower.next().await?;
        let event = Event::default().id(message.id.to_string()).json_data(&*message);
        Some((Ok::<_, Infallible>(event.unwrap_or_default()), follower))
    });
    let still_here = KeepAlive::new().interval(STILL_HERE);
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    Ok((unbuffered, Sse::new(events).keep_alive(still_here)).into_response())
}

/// One page that follows a chat. It reads from what the chat keeps, so however slow it is, nothing piles up for it.
struct Follower {
    session: Arc<Session>,
    grown: watch::Receiver<u64>,
    last: u64,
    waiting: VecDeque<Arc<Message>>,
    _reader: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(&mut self) -> Option<Arc<Message>> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                self.last = message.id;
                return Some(message);
            }
            // Marked as seen before it is read, so nothing falls between.
            self.grown.borrow_and_update();
            let (news, is_over) = self.session.after(self.last);
            if news.is_empty() {
                if is_over || self.grown.changed().await.is_err() {
                    return None;
                }
                continue;
            }
            self.waiting.extend(news);
        }
    }
}

/// Say something in a chat
///
/// What comes of it follows as events; it is among them itself. What comes before it can be taken waits for the next question.
#[utoipa::path(
    post, path = "/chat/sessions/{id}/messages", operation_id = "chat_say", tag = "chat",
    params(("id" = CallId, Path, description = "The chat")), request_body = ChatSaid,
    responses(
        (status = 202, description = "It is taken"),
        (status = 400, description = "It makes no sense, or is too long", body = ErrorBody),
        (status = 401, description = "The token does not open it", body = ErrorBody),
        (status = 409, description = "The choice's question is over, or the chat is", body = ErrorBody),
        (status = 413, description = "It is far too long", body = ErrorBody),
        (status = 429, description = "Too many messages", body = ErrorBody),
    )
)]
pub async fn say(
    Of(app): State,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    In(id): In<CallId>,
    headers: HeaderMap,
    Body(said): Body<ChatSaid>,
) -> ApiResult<StatusCode> {
    let session = visitor(&app, id, &headers)?;
    let longest = app.console.chats.as_ref().map_or(0, |chats| chats.limits().longest_text);
    let reference = said.reference.clone();
    if reference.as_ref().is_some_and(|reference| reference.len() > LONGEST_REFERENCE) {
        return Err(ApiError::invalid(format!("`reference` has at most {LONGEST_REFERENCE} characters.")));
    }
    let answer = answer(said, longest)?;
    count(&app.chat_messages, address::of(from, &headers, &*app.console.is_proxy))?;
    session.answer(answer, reference).await.map_err(|failed| match failed {
        Failed::Over => ApiError::chat_over(),
        Failed::Stale => ApiError::stale_choice(),
        Failed::Busy => ApiError::too_fast(1),
        Failed::TooFast(wait) => ApiError::too_fast(wait.as_secs() + 1),
    })?;
    Ok(StatusCode::ACCEPTED)
}

fn answer(said: ChatSaid, longest: usize) -> ApiResult<Answer> {
    match (said.text, said.key, said.choice, said.question) {
        (Some(text), None, None, None) => {
            if text.chars().count() > longest {
                return Err(ApiError::invalid(format!("A message has at most {longest} characters; shorten it.")));
            }
            match plain(&text) {
                text if text.is_empty() => Err(ApiError::invalid("The message has no words; write some.")),
                text => Ok(Answer::Text(text)),
            }
        }
        (None, Some(keys), None, None) => {
            let is_key = |key: char| key.is_ascii_digit() || matches!(key, '*' | '#' | 'A'..='D');
            match !keys.is_empty() && keys.len() <= MOST_KEYS && keys.chars().all(is_key) {
                true => Ok(Answer::Keys(keys)),
                false => Err(ApiError::invalid(format!("`key` has 1 to {MOST_KEYS} keys: 0 to 9, * and #."))),
            }
        }
        (None, None, Some(id), Some(question)) => Ok(Answer::Choice { question, id }),
        (None, None, Some(_), None) => Err(ApiError::invalid("Send `question`, its number, with a `choice`.")),
        _ => Err(ApiError::invalid("Send one of `text`, `key`, and `choice` with its `question`.")),
    }
}

/// A visitor's words without what nobody types: control characters, and marks that turn the direction of what follows.
fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = spaced.filter(|&c| !c.is_control() && !turns(c)).collect();
    kept.trim().to_owned()
}

/// Leave a chat
///
/// As a caller hangs up. The flow may still file what it knows.
#[utoipa::path(
    delete, path = "/chat/sessions/{id}", operation_id = "chat_leave", tag = "chat",
    params(("id" = CallId, Path, description = "The chat")),
    responses(
        (status = 204, description = "It is over"),
        (status = 401, description = "The token does not open it", body = ErrorBody),
    )
)]
pub async fn leave(Of(app): State, In(id): In<CallId>, headers: HeaderMap) -> ApiResult<StatusCode> {
    visitor(&app, id, &headers)?.leave();
    Ok(StatusCode::NO_CONTENT)
}

/// The chat that the request's token opens.
fn visitor(app: &App, id: CallId, headers: &HeaderMap) -> ApiResult<Arc<Session>> {
    let find = |chats: &Chats| chats.find(id, bearer(headers)?);
    app.console.chats.as_ref().and_then(find).ok_or_else(ApiError::chat_unknown)
}

/// Lets pages of the sites ask that may, and tells browsers so (CORS, without credentials). A page of another site is refused, whatever
/// it asks; whoever is no page says no origin.
pub async fn origins(Of(app): State, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (chats, callers) = (path.starts_with(PREFIX), path.starts_with(CALLERS));
    if !chats && !callers {
        return next.run(request).await;
    }
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let named = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    let is_ours = named
        .split_once("://")
        .zip(host(request.headers()))
        .is_some_and(|((_, from), host)| from.eq_ignore_ascii_case(host));
    let may_chat = |chats: &Chats| chats.limits().origins.contains(&named);
    let is_allowed = match callers {
        true => app.console.web_calls.origins.contains(&named),
        false => app.console.chats.as_ref().is_some_and(may_chat),
    };
    let mut response = if !is_ours && !is_allowed {
        return varying(ApiError::foreign_site().into_response());
    } else if request.method() == Method::OPTIONS {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ];
        (StatusCode::NO_CONTENT, allowed).into_response()
    } else {
        next.run(request).await
    };
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    varying(response)
}

/// Says that the answer depends on who asks.
fn varying(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_page_only_its_place_is_kept() {
        for (address, expected) in [
            ("https://shop.example/help?mail=anna@example.com#order-1042", Some("https://shop.example/help")),
            ("http://127.0.0.1:8080/chat", Some("http://127.0.0.1:8080/chat")),
            ("https://anna:secret@shop.example/", Some("https://shop.example/")),
            ("https://shop.example", Some("https://shop.example/")),
            ("javascript:alert(1)", None),
            ("/help", None),
            ("", None),
        ] {
            assert_eq!(page(address).as_deref(), expected, "{address}");
        }
        assert_eq!(page(&format!("https://shop.example/{}", "a".repeat(400))), None);
    }

    #[test]
    fn of_words_only_what_somebody_types_is_kept() {
        for (text, expected) in [
            ("  where is\tmy\r\norder? ", "where is my  order?"),
            ("a\u{0}b\u{1b}[31mc\u{7f}", "ab[31mc"),
            ("\u{202e}redro ym", "redro ym"),
            ("我的订单在哪里", "我的订单在哪里"),
            ("\u{0}\u{1}\n", ""),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_message_says_one_thing() {
        let said = |json: &str| {
            serde_json::from_str::<ChatSaid>(json).map_err(drop).and_then(|said| answer(said, 10).map_err(drop))
        };
        for (json, expected) in [
            (r#"{"text": "hello"}"#, Some(Answer::Text("hello".into()))),
            (r##"{"key": "1042#"}"##, Some(Answer::Keys("1042#".into()))),
            (r#"{"choice": 2, "question": 7}"#, Some(Answer::Choice { question: 7, id: 2 })),
            (r#"{"choice": 2}"#, None),
            (r#"{"choice": -2, "question": 7}"#, None),
            (r#"{"text": "hello", "key": "1"}"#, None),
            (r#"{"text": "eleven char"}"#, None),
            (r#"{"text": " \n "}"#, None),
            (r#"{"key": ""}"#, None),
            (r#"{"key": "12e4"}"#, None),
            (r#"{"txt": "hello"}"#, None),
            ("{}", None),
            ("[]", None),
        ] {
            assert_eq!(said(json).ok(), expected, "{json}");
        }
    }
}
