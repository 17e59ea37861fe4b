//! Comfort noise (RFC 3389): what is heard while the peer sends nothing, so that the line does not seem dead. A packet
//! holds the level, and perhaps how the noise is coloured.

use crate::Frame8k;

/// More coefficients than this say nothing more at 8 kHz.
const MOST: usize = 12;

/// Noise of one level and colour.
#[derive(Clone, Debug)]
pub struct ComfortNoise {
    /// RMS in units of a sample.
    level: f32,
    reflection: [f32; MOST],
    order: usize,
    /// The filter's memory.
    backward: [f32; MOST + 1],
    /// What the filter makes louder.
    gain: f32,
    random: u32,
}

impl ComfortNoise {
    /// White noise of this level (RMS, dBov).
    pub fn new(level_dbov: f32) -> Self {
        Self {
            level: rms(level_dbov),
            reflection: [0.0; MOST],
            order: 0,
            backward: [0.0; MOST + 1],
            gain: 1.0,
            random: 0x9E37_79B9,
        }
    }

    /// Follows a packet; nothing changes with an empty one.
    pub fn packet(&mut self, payload: &[u8]) {
        let Some((level, colour)) = payload.split_first() else {
            return;
        };
        self.level = rms(-f32::from(level & 0x7F));
        self.order = colour.len().min(MOST);
        self.gain = 1.0;
        for (to, byte) in self.reflection.iter_mut().zip(colour) {
            // RFC 3389 section 3: 127 is 0, ±127 steps are ±1; a filter at 1 would never fade.
            *to = ((f32::from(*byte) - 127.0) / 128.0).clamp(-0.98, 0.98);
            self.gain *= (1.0 - *to * *to).sqrt();
        }
    }

    /// The payload for noise of this level (RMS, dBov) without a colour.
    pub fn payload(level_dbov: f32) -> [u8; 1] {
        [(-level_dbov).round().clamp(0.0, 127.0) as u8]
    }

    /// The next 20 ms.
    pub fn fill(&mut self, frame: &mut Frame8k) {
        for sample in frame {
            self.random ^= self.random << 13;
            self.random ^= self.random >> 17;
            self.random ^= self.random << 5;
            // Even noise of RMS 1.
            let white = (self.random as f32 / u32::MAX as f32 - 0.5) * 12f32.sqrt();
            *sample = (self.filter(white * self.gain) * self.level) as i16;
        }
    }

    /// The all-pole lattice.
    fn filter(&mut self, input: f32) -> f32 {
        let mut forward = input;
        for n in (0..self.order).rev() {
            forward -= self.reflection[n] * self.backward[n];
            self.backward[n + 1] = self.backward[n] + self.reflection[n] * forward;
        }
        self.backward[0] = forward;
        forward
    }
}

fn rms(level_dbov: f32) -> f32 {
    // Louder noise than −20 dBov comforts nobody.
    32_768.0 * 10f32.powf(level_dbov.clamp(-127.0, -20.0) / 20.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Pcm8k;

    fn second(noise: &mut ComfortNoise) -> Pcm8k {
        let mut audio = Pcm8k::empty();
        for _ in 0..50 {
            let mut frame = [0; 160];
            noise.fill(&mut frame);
            audio.extend(&frame);
        }
        audio
    }

    #[test]
    fn noise_has_the_level_that_was_asked_for() {
        for level in [-30.0, -45.0, -60.0f32] {
            let got = second(&mut ComfortNoise::new(level)).level_dbov();
            assert!((got - level).abs() < 0.7, "{level}: {got}");
            let mut noise = ComfortNoise::new(-100.0);
            noise.packet(&ComfortNoise::payload(level));
            assert!((second(&mut noise).level_dbov() - level).abs() < 0.7);
        }
    }

    #[test]
    fn colour_changes_the_sound_and_not_the_level() {
        let mut noise = ComfortNoise::new(-40.0);
        noise.packet(&[40, 20, 150, 120]);
        let audio = second(&mut noise);
        assert!((audio.level_dbov() + 40.0).abs() < 2.0, "{}", audio.level_dbov());
        let steps: f32 = audio.samples().windows(2).map(|w| f32::from(w[1] - w[0]).abs()).sum();
        let white = second(&mut ComfortNoise::new(-40.0));
        let even: f32 = white.samples().windows(2).map(|w| f32::from(w[1] - w[0]).abs()).sum();
        assert!(steps < even * 0.8, "{steps} {even}");
    }

    proptest! {
        #[test]
        fn any_packet_is_heard_without_harm(payload in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut noise = ComfortNoise::new(-50.0);
            noise.packet(&payload);
            let level = second(&mut noise).level_dbov();
            prop_assert!(level < -8.0, "{}", level);
        }
    }
}
