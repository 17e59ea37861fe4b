//! What a recogniser hears of somebody who tries a flow with a microphone.

use std::io::Cursor;

use audio::Pcm8k;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Of;
use axum::extract::rejection::BytesRejection;
use intent::Language;
use models::{Hints, Priority};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Ask;
use super::session::SignedIn;
use crate::listen::NotRecognised;

/// The largest recording, in bytes: half a minute of 48 kHz.
pub const LARGEST_BYTES: usize = 3 * 1024 * 1024;
const LONGEST_SECONDS: u64 = 30;

/// In which language somebody speaks.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Spoken {
    /// `en` or `zh-CN`.
    language: String,
}

/// What was heard.
#[derive(Serialize, ToSchema)]
pub struct HeardWords {
    /// The words; empty when there were none.
    text: String,
    /// How sure the recogniser is, 0 to 1.
    confidence: f32,
    /// Other readings, likelier first.
    alternatives: Vec<String>,
}

/// Hear what somebody says who tries a flow
///
/// The body is a WAV file (PCM, 8 to 48 kHz, up to half a minute). It is heard as by telephone, at 8 kHz; nothing is kept. Calls go first.
#[utoipa::path(
    post, path = "/flows/simulate/hear", operation_id = "flow_hear", tag = "flows", params(Spoken),
    request_body(content = Vec<u8>, content_type = "audio/wav"),
    responses(
        (status = 200, description = "The words", body = HeardWords),
        (status = 400, description = "This is no sound that can be heard", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 503, description = "No recogniser has the time, or the language", body = ErrorBody),
    )
)]
pub async fn hear(
    Of(app): State,
    SignedIn(_): SignedIn,
    Ask(spoken): Ask<Spoken>,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Json<HeardWords>> {
    let too_long = || ApiError::invalid(format!("Say it in less than {LONGEST_SECONDS} s, and try again."));
    let body = body.map_err(|_| too_long())?;
    let language: Language =
        spoken.language.parse().map_err(|_| ApiError::invalid("The language can be en or zh-CN."))?;
    let sound: Pcm8k = audio::wav::read_from(Cursor::new(body), "the recording")
        .map_err(|error| ApiError::invalid(format!("This is no sound that can be heard: {error}.")))?;
    if sound.duration().as_secs() > LONGEST_SECONDS {
        return Err(too_long());
    }
    let hints = Hints::free(models::Language::new(language.code()));
    let recognisers = (app.console.recognisers)();
    match recognisers.recognise(sound, language, hints, Priority::Speculative).await {
        Ok(heard) => {
            let text = if heard.no_speech { String::new() } else { heard.text };
            let others = heard.alternatives.into_iter().map(|other| other.text);
            let alternatives = others.filter(|other| *other != text).collect();
            Ok(Json(HeardWords { text, confidence: heard.confidence, alternatives }))
        }
        Err(NotRecognised::NoRecogniser) => Err(ApiError::unavailable(
            "There is no recogniser for this language; install one with `hotline models pull`.",
        )),
        Err(error) => Err(ApiError::unavailable(format!("It was not heard: {error}. Try again in a moment."))),
    }
}
