//! Calls without a telephone: the tests of a flow, and a call that somebody plays step by step.

use axum::Json;
use axum::extract::State as Of;
use flow::Knowledge;
use flow::scenario::{Failure, Line, Played, Scenario, Told};
use flow::simulate::Waiting;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, ErrorBody};
use super::extract::Body;
use super::session::FlowReader;
use super::{State, now};
use crate::event::Personal;

/// Steps of a simulated call; each step plays all before it again.
const MOST_STEPS: usize = 200;
/// So many questions to the knowledge base are answered for one step.
const MOST_QUESTIONS: usize = 10;

/// A simulated call so far.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToSimulate {
    /// The flow; the draft when left out.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Value>>)]
    document: Option<Value>,
    /// The call, as a test: who calls and when, what other services answer, and what the caller does, step by step.
    #[schema(value_type = Object)]
    test: Scenario,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct Simulated {
    /// The call, with what the knowledge base answered as steps of its own: send it with the next step, or keep it as a test.
    #[schema(value_type = Object)]
    test: Scenario,
    /// What is out of place, by step of the test from 1.
    #[schema(value_type = Vec<Object>)]
    failures: Vec<Failure>,
    /// What happened: words, blocks, edges, intents with their scores, values, requests.
    #[schema(value_type = Vec<Object>)]
    steps: Vec<flow::simulate::Step>,
    /// What the call waits for.
    #[schema(value_type = Option<Object>)]
    waiting: Option<Waiting>,
}

/// Play a call without a telephone
///
/// Nothing is kept, and nobody else is asked but the knowledge base: what other services answer stands in the test.
#[utoipa::path(
    post, path = "/flows/simulate", operation_id = "flow_simulate", tag = "flows", request_body = ToSimulate,
    responses(
        (status = 200, description = "What happened", body = Simulated),
        (status = 400, description = "The flow has errors, or the steps make no sense", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn simulate(Of(app): State, _: FlowReader, Body(asked): Body<ToSimulate>) -> ApiResult<Json<Simulated>> {
    let ToSimulate { document, mut test } = asked;
    if test.steps.len() > MOST_STEPS {
        return Err(ApiError::invalid(format!("A simulated call has at most {MOST_STEPS} steps; begin another.")));
    }
    let prepared = app.console.flows.prepared(document.as_ref()).await?;
    let mut played = app.console.flows.play(&prepared, test.clone()).await?;
    for _ in 0..MOST_QUESTIONS {
        let Some(Waiting::Knowledge { question, language }) = &played.waiting else { break };
        let answer = app.console.knowledge.ask(Personal::new(question.as_str()), *language, now()).await;
        test.steps.push(Line { knowledge: Some(told(answer)), ..Line::default() });
        played = app.console.flows.play(&prepared, test.clone()).await?;
    }
    let Played { failures, steps, waiting, .. } = played;
    Ok(Json(Simulated { test, failures, steps, waiting }))
}

fn told(answer: Knowledge) -> Told {
    match answer {
        // Asking back which of two is meant is not simulated: the likelier one answers.
        Knowledge::Known(article) | Knowledge::Unsure([article, _]) => {
            Told { question: Some(article.title), short: Some(article.short), rest: article.rest }
        }
        Knowledge::Unknown(_) => Told::default(),
    }
}

/// A flow whose tests are to be played.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToTest {
    /// The flow; the draft when left out.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Value>>)]
    document: Option<Value>,
}

/// What came of a test.
#[derive(Serialize, ToSchema)]
pub struct Tested {
    /// The test.
    name: String,
    /// What is not as it should be, by step from 1; nothing when it passed.
    #[schema(value_type = Vec<Object>)]
    failures: Vec<Failure>,
    /// What happened.
    #[schema(value_type = Vec<Object>)]
    steps: Vec<flow::simulate::Step>,
}

/// Play a flow's tests
///
/// Those in `metadata.tests` of its document. A flow whose tests fail is not published.
#[utoipa::path(
    post, path = "/flows/test", operation_id = "flow_test", tag = "flows", request_body = ToTest,
    responses(
        (status = 200, description = "What came of each", body = Vec<Tested>),
        (status = 400, description = "The flow has errors", body = ErrorBody),
        (status = 401, description = "Nobody is signed in", body = ErrorBody),
    )
)]
pub async fn test(Of(app): State, _: FlowReader, Body(asked): Body<ToTest>) -> ApiResult<Json<Vec<Tested>>> {
    let played = app.console.flows.test(asked.document.as_ref()).await?;
    let tested = |played: Played| Tested { name: played.name, failures: played.failures, steps: played.steps };
    Ok(Json(played.into_iter().map(tested).collect()))
}
