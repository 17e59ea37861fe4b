//! What callers and other programs mean: one engine for the whole service, trained from the flow's intents and from those that are
//! edited here, published in versions, and exchanged while calls go on.
//!
//! - [`draft`]: what is edited, and how it joins with the flow's own intents.
//! - [`judge`]: how well a model does on the stored tests, and whether it may replace another.
//! - [`deepen`]: the deep publish, in the background.
//! - [`check`]: what an admin should know of a draft before it is published.
//! - [`learn`]: utterances that were not understood, in groups.
//! - [`lists`]: what callers choose from or name, for flows and other programs.
//! - [`remote`]: the engine of another service, which calls may ask first.
//!
//! How a text is understood is the business of the `intent` crate; what follows from it, the flow's.

pub mod check;
pub mod deepen;
pub mod draft;
pub mod judge;
pub mod learn;
pub mod lists;
pub mod remote;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use flow::Flow;
use intent::{Encoder, Model, TrainError, TrainingSet, Tuned};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use draft::Draft;
use judge::{Judgement, Regression, Share};

use crate::event::{Timestamp, UserId};
use crate::store::{NewVersion, Publish, StoreError, Tenant, TrainingVersion};

/// The same draft gives the same model.
const SEED: u64 = 1;

/// Why something could not be learned.
#[derive(Debug, thiserror::Error)]
pub enum UnderstandError {
    /// The draft cannot be trained. The model before goes on answering.
    #[error("{0}")]
    Training(#[from] TrainError),
    /// Something is wrong with the draft itself.
    #[error("{0}")]
    Draft(String),
    /// It could not be read or kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was cut off.
    #[error("the training was cut off ({0}); try again")]
    Stopped(String),
}

/// The shared engine. Cheap to clone.
#[derive(Clone)]
pub struct Understanding {
    shared: Arc<Shared>,
}

struct Shared {
    tenant: Tenant,
    /// Meaning beside words, where its model is installed.
    encoder: Option<Arc<dyn Encoder>>,
    /// Held for a look only, never across a wait.
    live: RwLock<Live>,
    /// One training at a time.
    training: tokio::sync::Mutex<()>,
    /// Held for a look only.
    tuning: Mutex<Option<deepen::Running>>,
    /// What was trained last for a flow that did not answer then: it is simulated, tested and then published with the same model.
    ready: Mutex<Option<(TrainingSet, Arc<Model>)>>,
}

/// What answers now.
#[derive(Clone)]
pub struct Live {
    /// The model.
    pub model: Arc<Model>,
    /// The published version; `None` while the flow's own intents are all there is.
    pub version: Option<i64>,
    /// What it was trained from.
    pub draft: Arc<Draft>,
    /// The flow that answers with it, whose intents it knows.
    pub flow: Arc<Flow>,
    /// The same flow with the entries of the lists that it names: what calls run.
    pub served: Arc<Flow>,
}

impl Live {
    fn new(model: Arc<Model>, version: Option<i64>, draft: Arc<Draft>, flow: Arc<Flow>) -> Self {
        Self { model, version, served: draft.filled(&flow), draft, flow }
    }
}

/// How a version did when it was published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Intents that it knows.
    pub intents: usize,
    /// Examples that it was trained from.
    pub examples: usize,
    /// How long the training took, in ms.
    pub train_ms: u64,
    /// What tuning the encoder was worth, after a deep publish.
    #[serde(default)]
    pub trial: Option<TuningTrial>,
    /// How it did on the stored tests; `None` without any.
    pub tests: Option<Judgement>,
    /// The live version on the same tests.
    pub before: Option<Judgement>,
    /// Intents that became worse than chance explains.
    pub regressions: Vec<Regression>,
}

/// A tuned encoder on examples that it was not tuned to, beside the encoder as it was on the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TuningTrial {
    /// With the tuned one.
    pub tuned: Share,
    /// Without the tuning.
    pub untuned: Share,
}

impl From<intent::Trial> for TuningTrial {
    fn from(trial: intent::Trial) -> Self {
        Self { tuned: Share::of(trial.right, trial.n), untuned: Share::of(trial.right_untuned, trial.n) }
    }
}

impl Understanding {
    /// Trains what was published last, or the flow's own intents; by meaning as well as by words where there is an `encoder`.
    ///
    /// # Errors
    /// When the flow's own intents cannot be trained. A published version that cannot be is left aside with a warning: calls go on with
    /// the flow's own.
    pub async fn open(
        tenant: Tenant,
        flow: Arc<Flow>,
        encoder: Option<Arc<dyn Encoder>>,
    ) -> Result<Self, UnderstandError> {
        let mut live = None;
        if let Some(version) = tenant.live_training().await? {
            match train_version(&tenant, version.number, &flow, encoder.as_ref()).await {
                Ok(trained) => live = Some(trained),
                Err(error) => tracing::warn!(
                    version = version.number, %error,
                    "the published intents cannot be trained: the flow's own are used; publish them again"
                ),
            }
        }
        let live = match live {
            Some(live) => live,
            None => train(Draft::default(), &flow, encoder.as_ref()).await?,
        };
        let shared = Shared {
            tenant,
            encoder,
            live: RwLock::new(live),
            training: tokio::sync::Mutex::default(),
            tuning: Mutex::default(),
            ready: Mutex::default(),
        };
        let understanding = Self { shared: Arc::new(shared) };
        understanding.deepen_if_untried().await?;
        Ok(understanding)
    }

    /// Begins the tuning that the last stop of the service cut off.
    async fn deepen_if_untried(&self) -> Result<(), StoreError> {
        let Some(live) = self.live().version else { return Ok(()) };
        let versions = self.shared.tenant.training_versions().await?;
        if versions.iter().all(|version| version.number < live || version.kind == Publish::Instant) {
            self.deepen();
        }
        Ok(())
    }

    /// What answers now. A call keeps the flow and the model that it began with.
    pub fn live(&self) -> Live {
        self.shared.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The flow whose intents are known whatever is edited here.
    pub fn flow(&self) -> Arc<Flow> {
        self.live().flow
    }

    /// Has another flow answer from now on. The model is trained for its intents first, and what is to be stored is `keep`'s business
    /// between the two; when either fails, everything stays as it was. Flow and model are exchanged in one step, so no call gets a
    /// flow with a model that lacks its intents.
    pub async fn follow<T, E: From<UnderstandError>>(
        &self,
        flow: Arc<Flow>,
        keep: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let _turn = self.shared.training.lock().await;
        let before = self.live();
        let next = self.trained_for(flow, &before).await?;
        let kept = keep.await?;
        let is_new = !Arc::ptr_eq(&next.model, &before.model);
        self.set_live(next);
        if is_new {
            self.deepen();
        }
        Ok(kept)
    }

    /// Whether the engine could [`follow`](Self::follow) this flow now.
    pub async fn could_follow(&self, flow: Arc<Flow>) -> Result<(), UnderstandError> {
        let _turn = self.shared.training.lock().await;
        self.prepared_for(flow).await.map(drop)
    }

    /// What would answer with this flow; nothing is exchanged. The flow comes back with the entries of its lists.
    pub async fn prepared_for(&self, flow: Arc<Flow>) -> Result<(Arc<Flow>, Arc<Model>), UnderstandError> {
        let next = self.trained_for(flow, &self.live()).await?;
        Ok((next.served, next.model))
    }

    /// What answers now with another flow. Where that has the same to learn, the model stays, and with it what was tuned.
    async fn trained_for(&self, flow: Arc<Flow>, before: &Live) -> Result<Live, UnderstandError> {
        let set = before.draft.training_set(&flow);
        if set == before.draft.training_set(&before.flow) {
            return Ok(Live::new(before.model.clone(), before.version, before.draft.clone(), flow));
        }
        let ready = self.shared.ready.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, model)) = ready.filter(|(learned, _)| *learned == set) {
            return Ok(Live::new(model, before.version, before.draft.clone(), flow));
        }
        let draft = Draft::clone(&before.draft);
        let trained = train_on(set.clone(), draft, flow, self.shared.encoder.as_ref()).await?;
        *self.shared.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some((set, trained.model.clone()));
        Ok(Live { version: before.version, ..trained })
    }

    /// What a draft would be like; the same encoder judges it.
    pub async fn check(&self, draft: Draft) -> Result<check::Check, UnderstandError> {
        let (flow, encoder) = (self.flow(), self.shared.encoder.clone());
        on_a_thread(move || check::check(&draft, &flow, encoder.as_ref())).await
    }

    /// The draft with its revision.
    pub async fn draft(&self) -> Result<(Draft, i64), UnderstandError> {
        let stored = self.shared.tenant.training_draft().await?;
        Ok((Draft::stored(&stored.document)?, stored.revision))
    }

    /// Keeps a draft if nobody has changed it since `revision`; returns the new revision.
    pub async fn save(&self, draft: &Draft, revision: i64, by: UserId, at: Timestamp) -> Result<i64, UnderstandError> {
        draft.check_limits()?;
        Ok(self.shared.tenant.save_training_draft(revision, draft.to_json(), by, at).await?)
    }

    /// Trains the draft and has it answer from now on, unless an intent became worse on the stored tests; with `insist`, also then.
    pub async fn publish(
        &self,
        note: String,
        insist: bool,
        by: UserId,
        at: Timestamp,
    ) -> Result<TrainingVersion, UnderstandError> {
        let _turn = self.shared.training.lock().await;
        let (draft, _) = self.draft().await?;
        let before = self.live();
        let begun = Instant::now();
        let set = draft.training_set(&before.flow);
        let mut report = Report::of(&set);
        let trained = train_on(set, draft, before.flow.clone(), self.shared.encoder.as_ref()).await?;
        report.train_ms = begun.elapsed().as_millis() as u64;
        report.judge(&trained, &before);
        let live = insist || report.regressions.is_empty();
        let version = self.add_version(trained, &report, live, note, Some(by), at).await?;
        if live {
            self.deepen();
        }
        tracing::info!(version = version.number, model = version.model, live, "intents were published");
        Ok(version)
    }

    /// Has an earlier version, or one that was held, answer from now on.
    pub async fn promote(&self, number: i64) -> Result<TrainingVersion, UnderstandError> {
        let _turn = self.shared.training.lock().await;
        let Shared { tenant, encoder, .. } = &*self.shared;
        let trained = train_version(tenant, number, &self.flow(), encoder.as_ref()).await?;
        let version = tenant.make_training_live(number).await?;
        self.set_live(trained);
        // What somebody chose is not exchanged behind their back.
        self.stop_deepening();
        Ok(version)
    }

    /// Stores what was trained as the next version, and has it answer if it is to be `live`.
    async fn add_version(
        &self,
        trained: Live,
        report: &Report,
        live: bool,
        note: String,
        made_by: Option<UserId>,
        at: Timestamp,
    ) -> Result<TrainingVersion, StoreError> {
        let tuned = trained.model.tuned().map(|tuned| tuned.to_bytes());
        let new = NewVersion {
            made_by,
            kind: if tuned.is_some() { Publish::Deep } else { Publish::Instant },
            note,
            model: trained.model.version().to_owned(),
            document: trained.draft.to_json(),
            report: serde_json::to_string(report).unwrap_or_default(),
            tuned,
            live,
        };
        let version = self.shared.tenant.add_training_version(new, at).await?;
        if live {
            self.set_live(Live { version: Some(version.number), ..trained });
        }
        Ok(version)
    }

    fn set_live(&self, live: Live) {
        *self.shared.live.write().unwrap_or_else(PoisonError::into_inner) = live;
    }
}

impl Report {
    fn of(set: &TrainingSet) -> Self {
        let examples = set.intents.iter().map(|intent| intent.examples.len()).sum();
        Self { intents: set.intents.len(), examples, ..Self::default() }
    }

    /// Whether something speaks for the new model.
    fn is_better(&self) -> bool {
        let more = |now: &Share, before: &Share| now.right > before.right;
        let tests = self.tests.as_ref().zip(self.before.as_ref());
        self.trial.is_some_and(|trial| more(&trial.tuned, &trial.untuned))
            || tests.is_some_and(|(now, before)| more(&now.all, &before.all))
    }

    /// Both models on the tests of the new one.
    fn judge(&mut self, trained: &Live, before: &Live) {
        let tests = &trained.draft.tests;
        if tests.is_empty() {
            return;
        }
        let (now, then) = (judge::judge(&trained.model, tests), judge::judge(&before.model, tests));
        self.regressions = judge::regressions(&then, &now);
        self.tests = Some(now);
        self.before = Some(then);
    }
}

async fn train_version(
    tenant: &Tenant,
    number: i64,
    flow: &Arc<Flow>,
    encoder: Option<&Arc<dyn Encoder>>,
) -> Result<Live, UnderstandError> {
    let from = tenant.trained_from(number).await?;
    let draft = Draft::stored(&from.document)?;
    if let (Some(encoder), Some(tuned)) = (encoder, from.tuned.as_deref().and_then(Tuned::from_bytes)) {
        let (set, encoder) = (draft.training_set(flow), encoder.clone());
        match on_a_thread(move || intent::restore(&set, SEED, &encoder, &tuned)).await? {
            Ok(model) => {
                return Ok(Live::new(Arc::new(model), Some(number), Arc::new(draft), flow.clone()));
            }
            Err(error) => tracing::warn!(version = number, %error, "the tuned intents are trained without the tuning"),
        }
    }
    Ok(Live { version: Some(number), ..train(draft, flow, encoder).await? })
}

async fn train(draft: Draft, flow: &Arc<Flow>, encoder: Option<&Arc<dyn Encoder>>) -> Result<Live, UnderstandError> {
    train_on(draft.training_set(flow), draft, flow.clone(), encoder).await
}

/// Trains from the set that a draft makes with the flow.
async fn train_on(
    set: TrainingSet,
    draft: Draft,
    flow: Arc<Flow>,
    encoder: Option<&Arc<dyn Encoder>>,
) -> Result<Live, UnderstandError> {
    let encoder = encoder.cloned();
    let model = on_a_thread(move || train_set(&set, encoder.as_ref())).await??;
    if let Some(failure) = model.encoder_failure() {
        tracing::warn!(%failure, "the sentence encoder failed: texts are understood by their words alone");
    }
    Ok(Live::new(Arc::new(model), None, Arc::new(draft), flow))
}

fn train_set(set: &TrainingSet, encoder: Option<&Arc<dyn Encoder>>) -> Result<Model, TrainError> {
    if set.intents.is_empty() { Ok(Model::empty()) } else { intent::train_with(set, SEED, encoder) }
}

/// Work that takes a while, where it holds nobody up.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, UnderstandError> {
    tokio::task::spawn_blocking(work).await.map_err(|stopped| UnderstandError::Stopped(stopped.to_string()))
}
