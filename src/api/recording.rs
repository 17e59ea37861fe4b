//! The sound of a call, as a WAV file that a browser can seek in, and its outline for drawing. A recording is sealed second
//! by second, so only the seconds asked for are opened, on threads that may wait. A call that goes on is as long as it is
//! when asked.

use std::ops::Range;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State as Of;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Ask, In};
use super::range::{Wanted, wanted};
use super::session::SignedIn;
use super::view::Peaks;
use super::{App, State};
use crate::event::CallId;
use crate::store::{CHANNELS, RATE, RecordingReader, StoreError};

/// Bytes of a WAV header.
const HEADER: u64 = 44;
/// Bytes of a sample frame: 16 bits a channel.
const FRAME: u64 = 2 * CHANNELS as u64;
/// Sample frames read at once: 8 s, a quarter of a megabyte.
const AT_ONCE: u64 = 8 * RATE as u64;

/// The recording
///
/// Stereo, 8 kHz, 16 bits: left is what the caller heard (bot or agent), right the caller. `Range` is understood.
#[utoipa::path(
    get, path = "/calls/{id}/recording.wav", tag = "calls",
    params(
        ("id" = CallId, Path, description = "Which call"),
        ("Range" = Option<String>, Header, description = "A part, e.g. `bytes=0-1023`"),
    ),
    responses(
        (status = 200, description = "The whole", body = Vec<u8>, content_type = "audio/wav"),
        (status = 206, description = "The part asked for", body = Vec<u8>, content_type = "audio/wav"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no recording, or none yet", body = ErrorBody),
        (status = 416, description = "The part lies beyond the end"),
    )
)]
pub async fn recording(
    Of(app): State,
    SignedIn(_): SignedIn,
    In(id): In<CallId>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let reader = open(&app, id).await?;
    // A RIFF file is at most 4 GiB long: 37 hours, more than any call may last.
    let data = (reader.frames() * FRAME).min(u64::from(u32::MAX) - HEADER);
    let length = HEADER + data - data % FRAME;
    // A live recording grows; whoever holds an older part of it must not put the two together.
    let tag = format!("\"{length}\"");
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let same = text(header::IF_RANGE).is_none_or(|held| held == tag);
    let asked = if same { wanted(text(header::RANGE), length) } else { Wanted::Whole };
    let (status, part) = match asked {
        Wanted::Whole => (StatusCode::OK, 0..length),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Nothing => {
            let all = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, all).into_response());
        }
    };
    let about = [
        (header::CONTENT_TYPE, "audio/wav".to_owned()),
        (header::CONTENT_LENGTH, (part.end - part.start).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, tag),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"call-{id}.wav\"")),
    ];
    let within = (status == StatusCode::PARTIAL_CONTENT)
        .then(|| [(header::CONTENT_RANGE, format!("bytes {}-{}/{length}", part.start, part.end - 1))]);
    Ok((
        status,
        about,
        within.map(IntoIterator::into_iter).map(axum::response::AppendHeaders),
        bytes(reader, length, part),
    )
        .into_response())
}

/// How fine the outline is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PeaksQuery {
    /// Parts a second, from 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    per_second: Option<u32>,
}

/// The outline of the recording
#[utoipa::path(
    get, path = "/calls/{id}/peaks", tag = "calls",
    params(("id" = CallId, Path, description = "Which call"), PeaksQuery),
    responses(
        (status = 200, description = "The outline, as far as the call has come", body = Peaks),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no recording, or none yet", body = ErrorBody),
    )
)]
pub async fn peaks(
    Of(app): State,
    SignedIn(_): SignedIn,
    In(id): In<CallId>,
    Ask(query): Ask<PeaksQuery>,
) -> ApiResult<Json<Peaks>> {
    let reader = open(&app, id).await?;
    let per_second = query.per_second.unwrap_or(20).clamp(1, 100);
    let peaks = on_a_thread(move || reader.peaks(per_second)).await??;
    Ok(Json(peaks.into()))
}

async fn open(app: &App, id: CallId) -> ApiResult<RecordingReader> {
    let reader = app.console.tenant.recording(id).await?;
    reader.ok_or_else(|| {
        ApiError::not_found("This call has no recording: it was not answered, has only just begun, or was erased.")
    })
}

/// Work that reads the disk.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::internal("a recording's reader was stopped"))
}

/// A part of the file as a body that is read as fast as it is taken.
fn bytes(reader: RecordingReader, length: u64, part: Range<u64>) -> Body {
    let blocks = stream::try_unfold((reader, part), move |(reader, part)| async move {
        if part.is_empty() {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let block = block(&reader, length, part.clone());
            (reader, part, block)
        });
        let (reader, part, block) = read.await.map_err(std::io::Error::other)?;
        // The status is sent already; cutting the body short is all that is left to say it.
        let block = block
            .inspect_err(|error| tracing::error!(%error, "a recording broke off"))
            .map_err(std::io::Error::other)?;
        let rest = part.start + block.len() as u64..part.end;
        Ok::<_, std::io::Error>(Some((block, (reader, rest))))
    });
    Body::from_stream(blocks)
}

/// The first bytes of a part, at least one.
fn block(reader: &RecordingReader, length: u64, part: Range<u64>) -> Result<Bytes, StoreError> {
    if part.start < HEADER {
        let header = audio::wav::header(RATE, CHANNELS, (length - HEADER) as u32);
        return Ok(Bytes::copy_from_slice(&header[part.start as usize..part.end.min(HEADER) as usize]));
    }
    let (from, to) = (part.start - HEADER, part.end - HEADER);
    let first = from / FRAME;
    let last = to.div_ceil(FRAME).min(first + AT_ONCE);
    let mut bytes: Vec<u8> = reader.read(first..last)?.into_iter().flat_map(i16::to_le_bytes).collect();
    // A second that shrank under us would leave a hole; silence keeps the rest in its place.
    bytes.resize(((last - first) * FRAME) as usize, 0);
    let (skip, end) = ((from - first * FRAME) as usize, (to - first * FRAME).min(bytes.len() as u64) as usize);
    Ok(Bytes::from(bytes).slice(skip..end))
}
