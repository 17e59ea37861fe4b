//! The console's own files, built into the program, and the visitors' widget with its pages. Whatever is not a file is a page of the
//! console, which finds its way by the address itself.

use axum::body::{Body, Bytes};
use axum::extract::State as Of;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};

use super::State;
use super::error::ApiError;
use super::guard::is_api;

/// Empty when the console was not built before the program.
#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";
/// The script that shows the widget on any page, and the one with which it calls.
pub const WIDGET: [&str; 2] = ["/widget.js", "/widget-voice.js"];
/// Pages of visitors who write, which need no sign-in, and their files.
const WRITING: [(&str, &str); 2] = [("chat", "chat.html"), ("tap", "tap.html")];
/// The page of visitors who call.
const CALLING: [(&str, &str); 1] = [("talk", "talk.html")];
const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>Hotline</title>\
    <h1>The console was not built</h1><p>This program was compiled without it. Run <code>make console</code>, then compile again.\
    <p>The service itself works: see <a href=\"/readyz\">/readyz</a> and <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.";

/// Answers everything that no route knows.
pub async fn file(Of(app): State, method: Method, address: Uri, headers: HeaderMap) -> Response {
    if is_api(&address) {
        return ApiError::not_found("There is nothing at this address; /api/v1/openapi.json says what there is.")
            .into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return ApiError::wrong_method().into_response();
    }
    let path = address.path().trim_start_matches('/');
    // Where there is no chat, and where pages cannot call, these are no pages.
    let writing = WRITING.iter().filter(|_| app.console.chats.is_some());
    let takes_callers = app.console.browsers.as_ref().is_some_and(|browsers| browsers.takes_callers());
    let calling = CALLING.iter().filter(|_| takes_callers);
    let path = writing.chain(calling).find(|(page, _)| *page == path).map_or(path, |(_, file)| file);
    if let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
        return answer(path, file, &headers);
    }
    // A page has no dot in its last part; a missing file must not come as a page.
    let is_page = path.rsplit('/').next().is_none_or(|last| !last.contains('.'));
    match Files::get(INDEX) {
        Some(index) if is_page => answer(INDEX, index, &headers),
        Some(_) => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response(),
    }
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    // The build puts a hash of the content into the names of what lies in assets/, so those never change.
    let lasting = path.starts_with("assets/");
    let cache = if lasting { "public, max-age=31536000, immutable" } else { "no-cache" };
    let tag: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let about = [(header::CACHE_CONTROL, cache.to_owned()), (header::ETAG, tag.clone())];
    let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if held.flat_map(|value| value.split(',')).any(|value| value.trim().trim_start_matches("W/") == tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == mime_guess::mime::TEXT { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let content = match file.data {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    (about, [(header::CONTENT_TYPE, kind)], Body::from(content)).into_response()
}
