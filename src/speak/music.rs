//! A melody for those who wait, made here so that nobody has to license one: broken chords, slow and soft.

use std::f64::consts::TAU;
use std::time::Duration;

use audio::Pcm8k;

/// How long one note is struck before the next; it sounds on beneath those that follow.
const BEAT: Duration = Duration::from_millis(400);
/// Notes in MIDI numbers, four to a chord: C, A minor, F, G.
const NOTES: [u8; 32] = [
    60, 64, 67, 72, 67, 64, 67, 64, 57, 60, 64, 69, 64, 60, 64, 60, 53, 57, 60, 65, 60, 57, 60, 57, 55, 59, 62, 67, 62,
    59, 62, 59,
];
/// Loud enough to be heard on any telephone, soft enough to be listened to for minutes.
const LOUDNESS: f64 = 2_600.0;

/// 12.8 s, made to be looped: what sounds on at the end sounds on into the beginning.
pub fn melody() -> Pcm8k {
    let rate = f64::from(Pcm8k::RATE);
    let beat = Pcm8k::samples_in(BEAT);
    let length = beat * NOTES.len();
    let mut sum = vec![0.0; length];
    for (at, note) in NOTES.iter().enumerate() {
        let hz = 440.0 * ((f64::from(*note) - 69.0) / 12.0).exp2();
        for n in 0..beat * 5 {
            let t = n as f64 / rate;
            let swell = (t / 0.03).min(1.0);
            let tone = (TAU * hz * t).sin() + 0.3 * (2.0 * TAU * hz * t).sin();
            sum[(at * beat + n) % length] += swell * (-1.6 * t).exp() * tone;
        }
    }
    let loudest = sum.iter().fold(1.0, |loudest: f64, sample| loudest.max(sample.abs()));
    Pcm8k::new(sum.iter().map(|sample| (sample / loudest * LOUDNESS * 2.0) as i16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_melody_is_never_silent_not_even_where_it_begins_again() {
        let melody = melody();
        let samples = melody.samples();
        let twice: Vec<i16> = samples.iter().chain(samples).copied().collect();
        for part in twice.chunks(800) {
            let level = Pcm8k::new(part.to_vec()).level_dbov();
            assert!((-45.0..-12.0).contains(&level), "{level}");
        }
    }
}
