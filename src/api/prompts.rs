//! The prompt library: what the flow says to everybody, in each of its languages, with the recordings that are played in place of the
//! voice. A change is heard by the next prompt that is played; no call is disturbed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Of;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::{Ask, In};
use super::session::SignedIn;
use super::{App, State, now};
use crate::event::Timestamp;
use crate::speak::{self, LARGEST_BYTES, fixed_prompts};
use crate::store::PromptRecording;

/// A text that is said the same to each caller.
#[derive(Serialize, ToSchema)]
pub struct Prompt {
    /// Which one.
    id: String,
    /// Its language, e.g. `en`.
    language: String,
    /// As it is written, markup included.
    text: String,
    /// Where the flow says it; nowhere (any more) when empty.
    places: Vec<PromptPlace>,
    /// The voice that says it when it was not recorded.
    #[schema(required)]
    voice: Option<String>,
    /// The recording that is played instead.
    #[schema(required)]
    recording: Option<Recorded>,
}

/// A place in the flow.
#[derive(Serialize, ToSchema)]
pub struct PromptPlace {
    /// The block's id.
    block: String,
    /// Its parameter, e.g. `retry_prompts/0`.
    field: String,
}

/// A recorded prompt.
#[derive(Serialize, ToSchema)]
pub struct Recorded {
    /// The name of the file that was uploaded.
    file: String,
    /// When.
    uploaded_at: Timestamp,
    /// Its length.
    duration_ms: u64,
    /// Its loudness before it was normalised, in LUFS (EBU R 128).
    was_lufs: f64,
    /// What it was made louder by, in dB, so that all prompts are equally loud.
    gain_db: f64,
}

/// Every prompt, in the order of the flow; then recordings whose text the flow does not say any more
#[utoipa::path(
    get, path = "/prompts", tag = "prompts",
    responses(
        (status = 200, description = "The prompts", body = Vec<Prompt>),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn prompts(Of(app): State, SignedIn(_): SignedIn) -> ApiResult<Json<Vec<Prompt>>> {
    Ok(Json(list(&app).await?))
}

/// A prompt as callers hear it
///
/// A WAV file, 8 kHz, 16 bits, mono: the recording, or the voice.
#[utoipa::path(
    get, path = "/prompts/{id}/sound.wav", tag = "prompts", params(("id" = String, Path, description = "Which prompt")),
    responses(
        (status = 200, description = "The sound", body = Vec<u8>, content_type = "audio/wav"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 404, description = "There is no such prompt", body = ErrorBody),
        (status = 409, description = "No voice can say it", body = ErrorBody),
    )
)]
pub async fn prompt_sound(Of(app): State, SignedIn(_): SignedIn, In(id): In<String>) -> ApiResult<Response> {
    let prompt = find(&app, &id).await?;
    let language = prompt.language.parse().map_err(|_| unknown())?;
    let sound = app.console.voices.sound(&prompt.text, language).await;
    let sound = sound.map_err(|error| ApiError::conflict(format!("This prompt cannot be said: {error}.")))?;
    // What it sounds like may change at any time.
    let headers = [(header::CONTENT_TYPE, "audio/wav"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, wav(sound.samples())).into_response())
}

/// What is known of an upload.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// The name of the file, to recognise it by.
    file: Option<String>,
}

/// Record a prompt
///
/// The body is a WAV file (PCM, 8 to 48 kHz, mono or stereo, up to two minutes). Silence around it is cut off, and it is made as
/// loud as all prompts (EBU R 128, -20 LUFS).
#[utoipa::path(
    put, path = "/prompts/{id}/recording", tag = "prompts",
    params(("id" = String, Path, description = "Which prompt"), Upload),
    request_body(content = Vec<u8>, content_type = "audio/wav"),
    responses(
        (status = 200, description = "The prompt with its recording", body = Prompt),
        (status = 400, description = "This is no recording that can be used", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
        (status = 404, description = "There is no such prompt", body = ErrorBody),
    )
)]
pub async fn record_prompt(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(id): In<String>,
    Ask(upload): Ask<Upload>,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Json<Prompt>> {
    let body = body.map_err(|_| {
        ApiError::invalid(format!(
            "The file is larger than {} MB or did not arrive; cut it and upload it again.",
            LARGEST_BYTES / 1_048_576
        ))
    })?;
    let prompt = find(&app, &id).await?;
    let language = prompt.language.parse().map_err(|_| unknown())?;
    let ready = tokio::task::spawn_blocking(move || speak::ready(&body)).await;
    let ready = ready.map_err(ApiError::internal)?.map_err(|error| {
        let text = error.to_string();
        let mut letters = text.chars();
        // A sentence of its own on the screen.
        let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        ApiError::invalid(format!("{first}{}.", letters.as_str()))
    })?;
    let name = upload.file.unwrap_or_default();
    let about = PromptRecording {
        id: prompt.id.clone(),
        language: prompt.language,
        text: prompt.text.clone(),
        file: name.chars().filter(|c| !c.is_control()).take(120).collect(),
        uploaded_at: now(),
        by: me.id,
        duration_ms: ready.sound.duration().as_millis() as u64,
        was_lufs: (ready.was_lufs * 10.0).round() / 10.0,
        gain_db: (ready.gain_db * 10.0).round() / 10.0,
    };
    app.console.tenant.put_prompt_recording(about, wav(ready.sound.samples())).await?;
    app.console.voices.set_recording(language, &prompt.text, Some(ready.sound));
    tracing::info!(prompt = id, by = %me.id, "a prompt was recorded");
    Ok(Json(find(&app, &id).await?))
}

/// Remove a prompt's recording, so that the voice says it again
#[utoipa::path(
    delete, path = "/prompts/{id}/recording", tag = "prompts", params(("id" = String, Path, description = "Which prompt")),
    responses(
        (status = 204, description = "Removed, or there was none"),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
        (status = 403, description = "Only an admin may do this", body = ErrorBody),
        (status = 404, description = "There is no such prompt", body = ErrorBody),
    )
)]
pub async fn remove_prompt_recording(
    Of(app): State,
    SignedIn(me): SignedIn,
    In(id): In<String>,
) -> ApiResult<StatusCode> {
    let prompt = find(&app, &id).await?;
    let language = prompt.language.parse().map_err(|_| unknown())?;
    app.console.tenant.remove_prompt_recording(&id).await?;
    app.console.voices.set_recording(language, &prompt.text, None);
    tracing::info!(prompt = id, by = %me.id, "a prompt's recording was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// A WAV file of samples at 8 kHz, mono.
pub fn wav(samples: &[i16]) -> Vec<u8> {
    let mut wav = audio::wav::header(8_000, 1, (samples.len() * 2) as u32).to_vec();
    wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}

fn unknown() -> ApiError {
    ApiError::not_found("There is no such prompt; the flow may have changed. Load the list again.")
}

async fn find(app: &App, id: &str) -> ApiResult<Prompt> {
    list(app).await?.into_iter().find(|prompt| prompt.id == id).ok_or_else(unknown)
}

async fn list(app: &App) -> ApiResult<Vec<Prompt>> {
    let mut recordings: Vec<PromptRecording> =
        app.console.tenant.prompt_recordings().await?.into_iter().map(|(about, _)| about).collect();
    let voices = &app.console.voices;
    let mut prompts: Vec<Prompt> = fixed_prompts(&app.console.flows.live().flow)
        .into_iter()
        .map(|prompt| Prompt {
            recording: recordings.iter().position(|about| about.id == prompt.id).map(|at| recordings.remove(at).into()),
            voice: voices.voice_name(prompt.language),
            id: prompt.id,
            language: prompt.language.code().to_owned(),
            text: prompt.text,
            places: prompt
                .places
                .into_iter()
                .map(|place| PromptPlace { block: place.block, field: place.field })
                .collect(),
        })
        .collect();
    prompts.extend(recordings.into_iter().map(|about| Prompt {
        id: about.id.clone(),
        language: about.language.clone(),
        text: about.text.clone(),
        places: vec![],
        voice: about.language.parse().ok().and_then(|language| voices.voice_name(language)),
        recording: Some(about.into()),
    }));
    Ok(prompts)
}

impl From<PromptRecording> for Recorded {
    fn from(about: PromptRecording) -> Self {
        Self {
            file: about.file,
            uploaded_at: about.uploaded_at,
            duration_ms: about.duration_ms,
            was_lufs: about.was_lufs,
            gain_db: about.gain_db,
        }
    }
}
