//! The deep publish: what answers is trained once more in the background, with the encoder tuned to it, and swapped in when that proves
//! better. Calls, other publishes and the end of the service never wait for it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, Weak};
use std::time::Instant;

use intent::{Deep, TrainError};
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::{Live, Report, SEED, Shared, UnderstandError, Understanding};

/// A tuning that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// The version that is tuned.
    pub version: i64,
    /// How much is done, 0 to 100.
    pub percent: u8,
}

/// Ends its work when it is dropped.
pub(super) struct Running {
    version: i64,
    percent: Arc<AtomicU8>,
    stop: Arc<AtomicBool>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Understanding {
    /// What is being tuned; `None` while nothing is.
    pub fn tuning(&self) -> Option<Progress> {
        let running = self.shared.tuning.lock().unwrap_or_else(PoisonError::into_inner);
        running
            .as_ref()
            .map(|running| Progress { version: running.version, percent: running.percent.load(Ordering::Relaxed) })
    }

    /// Begins to tune what answers now, instead of what was being tuned before. Does nothing without an encoder, or while the flow's own
    /// intents are all there is.
    pub(super) fn deepen(&self) {
        let live = self.live();
        let mut running = self.shared.tuning.lock().unwrap_or_else(PoisonError::into_inner);
        running.take();
        let (Some(version), Some(encoder)) = (live.version, self.shared.encoder.clone()) else { return };
        let (percent, stop) = (Arc::<AtomicU8>::default(), Arc::<AtomicBool>::default());
        let set = live.draft.training_set(&live.flow);
        let report = Report::of(&set);
        let work = {
            let (percent, stop) = (percent.clone(), stop.clone());
            move || {
                intent::train_deep(&set, SEED, &encoder, &|share| {
                    percent.store((share * 100.0) as u8, Ordering::Relaxed);
                    !stop.load(Ordering::Relaxed)
                })
            }
        };
        // Not a thread of the runtime's, whose end would wait for it.
        let (tell, told) = oneshot::channel();
        let begun = Instant::now();
        let thread = std::thread::Builder::new().name("tuning".into()).spawn(move || drop(tell.send(work())));
        if let Err(error) = thread {
            tracing::warn!(version, %error, "there is no thread to tune the intents with: they answer as they were published");
            return;
        }
        *running = Some(Running { version, percent, stop: stop.clone() });
        let shared = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            let Ok(done) = told.await else { return };
            if !stop.load(Ordering::Relaxed) {
                let report = Report { train_ms: begun.elapsed().as_millis() as u64, ..report };
                finish(&shared, &live, &stop, done, report).await;
            }
        });
    }

    /// Ends the tuning.
    pub(super) fn stop_deepening(&self) {
        self.shared.tuning.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

async fn finish(
    shared: &Weak<Shared>,
    tuned: &Live,
    stop: &Arc<AtomicBool>,
    done: Result<Deep, TrainError>,
    report: Report,
) {
    let (Some(shared), Some(version)) = (shared.upgrade(), tuned.version) else { return };
    let understanding = Understanding { shared };
    let kept = match done {
        Ok(deep) => understanding.keep(tuned, deep, report).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = kept {
        tracing::warn!(version, %error, "the intents were not tuned: they answer as they were published");
    }
    let mut running = understanding.shared.tuning.lock().unwrap_or_else(PoisonError::into_inner);
    if running.as_ref().is_some_and(|running| Arc::ptr_eq(&running.stop, stop)) {
        *running = None;
    }
}

impl Understanding {
    /// Keeps a tuned model as a version of its own: live when it proved better than the one that it was tuned from, else held.
    async fn keep(&self, from: &Live, deep: Deep, report: Report) -> Result<(), UnderstandError> {
        let Some(trial) = deep.trial else { return Ok(()) };
        let _turn = self.shared.training.lock().await;
        let before = self.live();
        // Another publish, or another flow with other intents, came first.
        if !Arc::ptr_eq(&before.model, &from.model) {
            return Ok(());
        }
        let trained = Live { model: Arc::new(deep.model), version: None, ..before.clone() };
        let mut report = Report { trial: Some(trial.into()), ..report };
        report.judge(&trained, &before);
        let live = report.is_better() && report.regressions.is_empty();
        let at = jiff::Timestamp::now().as_millisecond();
        let version = self.add_version(trained, &report, live, String::new(), None, at).await?;
        tracing::info!(
            version = version.number,
            from = from.version,
            live,
            n = trial.n,
            right = trial.right,
            untuned = trial.right_untuned,
            "the intents were tuned"
        );
        Ok(())
    }
}
