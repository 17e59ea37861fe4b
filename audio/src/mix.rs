//! Sums and gains that clip instead of wrapping round. Who hears whom is left to the media clock.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_clip_instead_of_wrapping() {
        let mut into = [30_000, -30_000, 5, 7];
        add(&mut into, &[10_000, -10_000, -3]);
        assert_eq!(into, [i16::MAX, i16::MIN, 2, 7]);
    }

    #[test]
    fn six_decibels_double_and_too_many_clip() {
        let mut samples = [1_000, -20_000];
        gain(&mut samples, 6.0206);
        assert_eq!(samples, [2_000, i16::MIN]);
        gain(&mut samples, f32::NEG_INFINITY);
        assert_eq!(samples, [0, 0]);
    }
}
