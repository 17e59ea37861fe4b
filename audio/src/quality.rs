//! How a call sounds to a person, from what was lost and how long it took: the E-model of ITU-T G.107 (R, 0 to 93.2),
//! with the codec figures of G.113 Appendix I, simplified to what a telephone call over IP has: no noise, no echo
//! beyond the default. Measuring loss and delay is left to others.

use std::time::Duration;

/// How a codec bears loss (ITU-T G.113 Appendix I).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodecClass {
    /// G.711 with concealment: no impairment of its own, Bpl 25.1.
    #[default]
    G711,
    /// G.722 at 64 kbit/s. On the narrow-band scale it impairs nothing; its loss robustness is taken as that of G.711
    /// with simple concealment, because G.113 has no figure.
    G722,
    /// Opus. Not in G.113; at 20 kbit/s and above no impairment of its own, and concealment like that of G.711.
    Opus,
}

impl CodecClass {
    /// Equipment impairment Ie and packet-loss robustness Bpl.
    fn figures(self) -> (f32, f32) {
        match self {
            CodecClass::G711 => (0.0, 25.1),
            CodecClass::G722 => (0.0, 20.0),
            CodecClass::Opus => (0.0, 27.0),
        }
    }
}

/// What happened to speech on its way to an ear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairments {
    /// The coding.
    pub codec: CodecClass,
    /// Packets that were not heard, lost or late, in percent.
    pub loss_percent: f32,
    /// Mean length of a run of such packets over that of random loss, 1 for random (BurstR of G.107 §3.5).
    pub burst_ratio: f32,
    /// From mouth to ear.
    pub delay: Duration,
}

impl Default for Impairments {
    /// Nothing is lost, nothing takes time.
    fn default() -> Self {
        Self { codec: CodecClass::default(), loss_percent: 0.0, burst_ratio: 1.0, delay: Duration::ZERO }
    }
}

/// The transmission rating R (ITU-T G.107), 0 (unusable) to 93.2.
pub fn rating(impairments: &Impairments) -> f32 {
    /// Everything at its default: signal to noise less simultaneous impairments.
    const BEST: f32 = 93.2;
    let (own, robustness) = impairments.codec.figures();
    let loss = impairments.loss_percent.clamp(0.0, 100.0);
    let burst = impairments.burst_ratio.max(1.0);
    // G.107 (7-29).
    let equipment = own + (95.0 - own) * loss / (loss / burst + robustness);
    (BEST - delay_impairment(impairments.delay) - equipment).clamp(0.0, BEST)
}

/// Id of G.107 without echo, in the usual piecewise linear form (Cole and Rosenbluth, 2001).
fn delay_impairment(delay: Duration) -> f32 {
    let ms = delay.as_secs_f32() * 1e3;
    0.024 * ms + 0.11 * (ms - 177.3).max(0.0)
}

/// The mean opinion score of a rating, 1 (bad) to 4.5 (G.107 Annex B).
pub fn mos_of_rating(rating: f32) -> f32 {
    let r = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

/// The mean opinion score of what happened, 1 to 4.5.
pub fn mos(impairments: &Impairments) -> f32 {
    mos_of_rating(rating(impairments))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(loss_percent: f32, burst_ratio: f32, delay_ms: u64, expected: f32) {
        let delay = Duration::from_millis(delay_ms);
        let got = mos(&Impairments { loss_percent, burst_ratio, delay, ..Impairments::default() });
        assert!((got - expected).abs() < 0.05, "{loss_percent} %, {burst_ratio}, {delay_ms} ms: {got}");
    }

    /// Worked by hand from G.107 with G.113's figures.
    #[test]
    fn known_conditions_have_known_scores() {
        check(0.0, 1.0, 0, 4.41);
        check(0.0, 1.0, 150, 4.33);
        check(0.0, 1.0, 400, 3.07);
        check(1.0, 1.0, 50, 4.29);
        check(5.0, 1.0, 50, 3.87);
        check(5.0, 2.0, 50, 3.81);
        check(20.0, 1.0, 50, 2.57);
        check(100.0, 1.0, 0, 1.18);
    }

    #[test]
    fn nothing_makes_a_score_leave_its_scale() {
        for loss_percent in [-5.0, 0.0, 50.0, 1e9, f32::NAN] {
            for delay in [Duration::ZERO, Duration::from_secs(5), Duration::MAX] {
                let score = mos(&Impairments { loss_percent, delay, ..Impairments::default() });
                assert!((1.0..=4.5).contains(&score) || loss_percent.is_nan(), "{loss_percent} {delay:?}: {score}");
            }
        }
    }

    #[test]
    fn more_of_anything_bad_is_never_better() {
        let score = |loss_percent, delay_ms| {
            let delay = Duration::from_millis(delay_ms);
            mos(&Impairments { loss_percent, delay, ..Impairments::default() })
        };
        for step in 0..50u64 {
            assert!(score(step as f32 + 1.0, 100) <= score(step as f32, 100));
            assert!(score(1.0, step * 20 + 20) <= score(1.0, step * 20));
        }
    }
}
