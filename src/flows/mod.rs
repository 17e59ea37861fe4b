//! The flow that answers calls: edited as a draft that may be half done, published in versions, and exchanged while calls go on. It
//! begins with the one that is configured; from the first publish on the published one answers.
//!
//! - [`judge`]: what is wrong with a document, and whether it may answer.
//! - [`replay`]: what a flow would have done with calls that are over.
//! - [`schedule`]: versions that wait for their time.
//! - [`templates`]: flows to begin from.
//!
//! What a flow means is the business of the `flow` crate, what callers mean that of `understand`, which exchanges flow and model together.

mod judge;
pub mod replay;
mod schedule;
pub mod templates;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flow::scenario::{Played, Scenario, Scenarios};
use flow::{Finding, Flow};
use jiff::tz::TimeZone;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, Notify, watch};

use crate::event::{Timestamp, UserId};
use crate::speak::{Speaker, fixed_prompts};
use crate::store::{FlowState, FlowVersion, NewFlowVersion, StoreError, Tenant};
use crate::understand::{UnderstandError, Understanding};

use judge::Here;
pub use judge::{LARGEST_DOCUMENT, words};

/// How long a publish waits for its new prompts to be rendered; what is not ready then is rendered while calls go on.
const PROMPTS_WITHIN: Duration = Duration::from_secs(10);
/// The note of what answered before the first publish.
const BEFORE: &str = "Answered before the first publish (flow.file)";

/// Why a flow was not kept, or does not answer. What answered before goes on.
#[derive(Debug, thiserror::Error)]
pub enum FlowsError {
    /// It has errors.
    #[error("the flow has errors, so it does not answer:\n{}", words(.0))]
    Invalid(Vec<Finding>),
    /// Tests that it brings along fail.
    #[error("tests of the flow fail, so it does not answer:\n{}", judge::failures(.0))]
    TestsFail(Vec<Played>),
    /// It is no document.
    #[error("a flow is a JSON object (`{{\"schema_version\": 1, …}}`), and this is something else")]
    NoObject,
    /// It is too large.
    #[error("the flow is larger than {} MB; split it into several", LARGEST_DOCUMENT / 1024 / 1024)]
    TooLarge,
    /// What was stored cannot be read.
    #[error("the stored {0} cannot be read; publish another, or restore a backup")]
    Damaged(String),
    /// Its intents cannot be understood.
    #[error("the intents of the flow cannot be trained: {0}. The flow before goes on answering")]
    Understand(#[from] UnderstandError),
    /// It could not be read or kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was cut off.
    #[error("the flow was not published: the work was cut off ({0}); try again")]
    Stopped(String),
}

/// What answers now.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The flow.
    pub flow: Arc<Flow>,
    /// The published version; `None` for the configured flow.
    pub version: Option<i64>,
    /// Of the flow's document.
    pub hash: String,
}

impl Standing {
    /// The flow that is configured.
    pub fn configured(flow: Flow) -> Self {
        Self::new(Arc::new(flow), None)
    }

    /// What was published last; `None` before the first publish, and, with a warning, when it cannot answer any more.
    pub async fn published(tenant: &Tenant) -> Result<Option<Self>, StoreError> {
        let Some(version) = tenant.live_flow().await? else { return Ok(None) };
        let text = tenant.flow_document(version.number).await?;
        match judge::publishable(text, None).await {
            Ok(flow) => Ok(Some(Self::new(Arc::new(flow), Some(version.number)))),
            Err(error) => {
                tracing::warn!(
                    version = version.number, %error,
                    "the published flow cannot answer any more: the one of flow.file does; correct it and publish it again"
                );
                Ok(None)
            }
        }
    }

    fn new(flow: Arc<Flow>, version: Option<i64>) -> Self {
        Self { hash: hash(&flow), flow, version }
    }
}

/// Names a flow by its contents: the first 12 hexadecimal digits of the SHA-256 of the canonical document.
pub fn hash(flow: &Flow) -> String {
    Sha256::digest(flow.to_json()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// A flow as calls would run it, with the model that would answer.
pub type Prepared = (Arc<Flow>, Arc<intent::Model>);

/// The flow as it is edited.
#[derive(Clone, Debug)]
pub struct Edited {
    /// Counts changes; 0 while nothing was edited.
    pub revision: i64,
    /// What is edited; without changes, what is live.
    pub document: Value,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// The version that answers; `None` for the configured flow.
    pub live: Option<i64>,
    /// What answers.
    pub live_document: Value,
    /// Whether the two differ.
    pub changed: bool,
    /// Who changed it last.
    pub saved_by: Option<UserId>,
    /// When.
    pub saved_at: Option<Timestamp>,
}

/// A draft that was kept.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The revision that it has.
    pub revision: i64,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// The flow of a tenant. Cheap to clone; all clones see a change at once.
#[derive(Clone)]
pub struct Flows {
    shared: Arc<Shared>,
}

struct Shared {
    tenant: Tenant,
    understanding: Understanding,
    voices: Speaker,
    /// Values of the flow's variables, for simulated calls.
    variables: BTreeMap<String, Value>,
    /// Where calls are answered.
    zone: TimeZone,
    standing: watch::Sender<Standing>,
    /// One exchange at a time.
    publishing: Mutex<()>,
    /// Something was scheduled.
    scheduled: Notify,
}

impl Flows {
    /// With what answers now, which is what `understanding` has been opened with; `variables` are the values of the flow's variables,
    /// `zone` is where "tomorrow at four" is meant.
    pub fn new(
        tenant: Tenant,
        standing: Standing,
        understanding: Understanding,
        voices: Speaker,
        variables: BTreeMap<String, Value>,
        zone: TimeZone,
    ) -> Self {
        let shared = Shared {
            tenant,
            understanding,
            voices,
            variables,
            zone,
            standing: watch::Sender::new(standing),
            publishing: Mutex::default(),
            scheduled: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// What answers the next call.
    pub fn live(&self) -> Standing {
        self.shared.standing.borrow().clone()
    }

    /// Tells when something else answers.
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.shared.standing.subscribe()
    }

    /// What is wrong with a document. Nothing is kept.
    pub async fn check(&self, document: &Value) -> Result<Vec<Finding>, FlowsError> {
        let text = judge::written(document)?;
        judge::findings(text, self.here()).await
    }

    /// The draft, beside what answers.
    pub async fn draft(&self) -> Result<Edited, FlowsError> {
        let stored = self.shared.tenant.flow_draft().await?;
        let standing = self.live();
        let edited = stored.revision > 0;
        let live_text = standing.flow.to_json();
        let text = if edited { stored.document } else { live_text.clone() };
        let damaged = |what: &str| FlowsError::Damaged(what.to_owned());
        let document = serde_json::from_str(&text).map_err(|_| damaged("draft of the flow"))?;
        let live_document = serde_json::from_str(&live_text).map_err(|_| damaged("flow"))?;
        let changed = edited && judge::differ(text.clone(), live_text).await?;
        Ok(Edited {
            revision: stored.revision,
            document,
            findings: judge::findings(text, self.here()).await?,
            live: standing.version,
            live_document,
            changed,
            saved_by: stored.changed_by,
            saved_at: edited.then_some(stored.changed_at),
        })
    }

    /// Keeps a draft, with its errors, if nobody has changed it since `revision`.
    pub async fn save(&self, document: &Value, revision: i64, by: UserId, now: Timestamp) -> Result<Saved, FlowsError> {
        self.keep(judge::written(document)?, revision, by, now).await
    }

    /// Has the draft be a version again, or what is live.
    pub async fn revert(
        &self,
        to: Option<i64>,
        revision: i64,
        by: UserId,
        now: Timestamp,
    ) -> Result<Saved, FlowsError> {
        let text = match to {
            Some(number) => self.shared.tenant.flow_document(number).await?,
            None => self.live().flow.to_json(),
        };
        self.keep(text, revision, by, now).await
    }

    async fn keep(&self, text: String, revision: i64, by: UserId, now: Timestamp) -> Result<Saved, FlowsError> {
        let findings = judge::findings(text.clone(), self.here()).await?;
        let revision = self.shared.tenant.save_flow_draft(revision, text, by, now).await?;
        Ok(Saved { revision, findings })
    }

    /// Has the draft answer, from the next call on or from a time in the future, if it has no errors and nobody has changed it since
    /// `revision`. Calls that go on finish with the flow that they began with.
    pub async fn publish(
        &self,
        revision: i64,
        note: String,
        at: Option<Timestamp>,
        by: UserId,
        now: Timestamp,
    ) -> Result<FlowVersion, FlowsError> {
        let flows = self.clone();
        whole(async move {
            let _turn = flows.shared.publishing.lock().await;
            let tenant = &flows.shared.tenant;
            let draft = tenant.flow_draft().await?;
            if draft.revision != revision {
                return Err(tenant.flow_changed_since().await?.into());
            }
            let text = if draft.revision > 0 { draft.document } else { flows.live().flow.to_json() };
            let flow = flows.publishable(text).await?;
            flows.pass(&flow).await?;
            let at = at.filter(|at| *at > now);
            let new = NewFlowVersion { made_by: Some(by), note, at, ..described(&flow) };
            if at.is_some() {
                // So that what cannot be trained is said now, and not when nobody looks.
                flows.shared.understanding.could_follow(flow).await?;
                let version = tenant.add_flow_version(new, flows.before(), now).await?;
                flows.shared.scheduled.notify_one();
                tracing::info!(version = version.number, at, "a flow was scheduled");
                return Ok(version);
            }
            flows.exchange(flow, tenant.add_flow_version(new, flows.before(), now)).await
        })
        .await
    }

    /// What was published, newest first.
    pub async fn versions(&self) -> Result<Vec<FlowVersion>, FlowsError> {
        Ok(self.shared.tenant.flow_versions().await?)
    }

    /// One of them with its document.
    pub async fn version(&self, number: i64) -> Result<(FlowVersion, Value), FlowsError> {
        let version = self.shared.tenant.flow_version(number).await?;
        let text = self.shared.tenant.flow_document(number).await?;
        let document = serde_json::from_str(&text);
        Ok((version, document.map_err(|_| FlowsError::Damaged(format!("version {number} of the flow")))?))
    }

    /// Has a version answer from the next call on, whatever became of it.
    pub async fn promote(&self, number: i64, now: Timestamp) -> Result<FlowVersion, FlowsError> {
        let flows = self.clone();
        whole(async move {
            let _turn = flows.shared.publishing.lock().await;
            flows.make_live(number, now).await
        })
        .await
    }

    /// Takes back a version that waits for its time.
    pub async fn cancel(&self, number: i64) -> Result<FlowVersion, FlowsError> {
        let _turn = self.shared.publishing.lock().await;
        let version = self.shared.tenant.unschedule_flow(number, FlowState::Cancelled).await?;
        tracing::info!(version = number, "a scheduled flow was cancelled");
        Ok(version)
    }

    /// A document that may answer.
    async fn publishable(&self, text: String) -> Result<Arc<Flow>, FlowsError> {
        Ok(Arc::new(judge::publishable(text, Some(self.here())).await?))
    }

    fn here(&self) -> Here {
        Here { voices: self.shared.voices.clone(), draft: self.shared.understanding.live().draft }
    }

    /// A document as a call would run it now, with the model that would answer; nothing is exchanged. Without a document, the draft.
    pub async fn prepared(&self, document: Option<&Value>) -> Result<Prepared, FlowsError> {
        let text = match document {
            Some(document) => judge::written(document)?,
            None => judge::written(&self.draft().await?.document)?,
        };
        let flow = self.publishable(text).await?;
        Ok(self.shared.understanding.prepared_for(flow).await?)
    }

    /// Plays the tests that a document brings along; without a document, the draft's.
    pub async fn test(&self, document: Option<&Value>) -> Result<Vec<Played>, FlowsError> {
        let (flow, model) = self.prepared(document).await?;
        judge::played(flow, model, self.shared.variables.clone()).await
    }

    /// Plays one test, which need not be the flow's own.
    pub async fn play(&self, (flow, model): &Prepared, test: Scenario) -> Result<Played, FlowsError> {
        let (flow, model, variables) = (flow.clone(), model.clone(), self.shared.variables.clone());
        judge::on_a_thread(move || test.run(&flow, &model, &variables)).await
    }

    /// Refuses a flow whose own tests fail.
    async fn pass(&self, flow: &Arc<Flow>) -> Result<(), FlowsError> {
        if Scenarios::of(flow).is_ok_and(|scenarios| scenarios.tests.is_empty()) {
            return Ok(());
        }
        let (served, model) = self.shared.understanding.prepared_for(flow.clone()).await?;
        let played = judge::played(served, model, self.shared.variables.clone()).await?;
        let failed: Vec<Played> = played.into_iter().filter(|played| !played.failures.is_empty()).collect();
        if failed.is_empty() { Ok(()) } else { Err(FlowsError::TestsFail(failed)) }
    }

    /// Must be called with the turn to publish.
    async fn make_live(&self, number: i64, now: Timestamp) -> Result<FlowVersion, FlowsError> {
        let tenant = &self.shared.tenant;
        let flow = self.publishable(tenant.flow_document(number).await?).await?;
        self.exchange(flow, tenant.make_flow_live(number, self.before(), now)).await
    }

    /// Has another flow answer once everything is ready for it and `keep` has stored that.
    async fn exchange(
        &self,
        flow: Arc<Flow>,
        keep: impl Future<Output = Result<FlowVersion, StoreError>>,
    ) -> Result<FlowVersion, FlowsError> {
        self.render(&flow).await;
        let keep = async { keep.await.map_err(FlowsError::from) };
        let version = self.shared.understanding.follow(flow.clone(), keep).await?;
        self.shared.standing.send_replace(Standing::new(flow, Some(version.number)));
        tracing::info!(version = version.number, hash = version.hash, "another flow answers from the next call on");
        Ok(version)
    }

    /// Renders what the flow says and no other has said yet, so that its first callers do not wait for it.
    async fn render(&self, flow: &Flow) {
        let voices = self.shared.voices.clone();
        let fixed: Vec<_> = fixed_prompts(flow)
            .into_iter()
            .filter(|prompt| voices.speaks(prompt.language))
            .map(|prompt| (prompt.text, prompt.language))
            .collect();
        let rendering = tokio::spawn(async move {
            for failure in voices.prepare(fixed).await {
                tracing::warn!(%failure, "a prompt could not be rendered ahead");
            }
        });
        if tokio::time::timeout(PROMPTS_WITHIN, rendering).await.is_err() {
            tracing::info!("the prompts of the flow are not all rendered yet; the rest is while calls go on");
        }
    }

    /// What answers now, as a version to come back to.
    fn before(&self) -> NewFlowVersion {
        NewFlowVersion { note: BEFORE.to_owned(), ..described(&self.live().flow) }
    }
}

/// A version of this flow, by nobody.
fn described(flow: &Flow) -> NewFlowVersion {
    let (document, blocks) = (flow.to_json(), flow.blocks.len() as i64);
    NewFlowVersion { made_by: None, note: String::new(), at: None, hash: hash(flow), blocks, document }
}

/// Work that goes on when whoever asked for it has gone: what is stored and what answers must not come apart.
async fn whole<T: Send + 'static>(
    work: impl Future<Output = Result<T, FlowsError>> + Send + 'static,
) -> Result<T, FlowsError> {
    tokio::spawn(work).await.map_err(|stopped| FlowsError::Stopped(stopped.to_string()))?
}
