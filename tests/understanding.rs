//! The complaints of `intent/tests/complaints`, answered with the sentence encoder. Skipped where it was not pulled.

#[path = "../intent/tests/complaints/cases.rs"]
mod cases;
#[path = "understanding/tuning.rs"]
mod tuning;

mod engine {
    use std::sync::{Arc, OnceLock};

    use intent::{Encoder, Model, TrainError, TrainingSet};

    /// With the encoder; by words alone where it is not here, which the complaints are tested on elsewhere.
    pub fn train(set: &TrainingSet, seed: u64) -> Result<Model, TrainError> {
        static ENCODER: OnceLock<Option<Arc<dyn Encoder>>> = OnceLock::new();
        let encoder = ENCODER.get_or_init(|| {
            hotline::service::sentence_encoder(None)
                .inspect_err(|reason| println!("skipped, the encoder is not here: {reason:#}"))
                .ok()
        });
        intent::train_with(set, seed, encoder.as_ref())
    }
}
