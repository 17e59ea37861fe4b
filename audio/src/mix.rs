//! Sums and gains with saturation.

/// Adds `other` to `into`, sample by sample, as far as both reach.
pub fn add(into: &mut [i16], other: &[i16]) {
    for (a, &b) in into.iter_mut().zip(other) {
        *a = a.saturating_add(b);
    }
}

/// Makes samples louder (positive) or softer (negative).
pub fn gain(samples: &mut [i16], decibels: f32) {
    let factor = 10f32.powf(decibels / 20.0);
    for sample in samples {
        // A float-to-integer cast saturates.
        *sample = (f32::from(*sample) * factor).round() as i16;
    }
}
