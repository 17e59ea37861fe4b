//! What the telephone network of a country sounds like while a caller waits (ITU-T E.180 and its Supplement 2).

use std::time::Duration;

use super::{Sound, sounds};
use crate::Pcm8k;

/// What the network says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Dial now.
    Dial,
    /// The other telephone rings.
    Ringback,
    /// The other party is speaking.
    Busy,
    /// No way through.
    Congestion,
    /// Somebody else calls.
    CallWaiting,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Signal; 5] =
        [Signal::Dial, Signal::Ringback, Signal::Busy, Signal::Congestion, Signal::CallWaiting];
}

/// A country whose tones are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Country {
    /// Australia.
    Au,
    /// China.
    Cn,
    /// Germany.
    De,
    /// France.
    Fr,
    /// United Kingdom.
    Gb,
    /// India.
    In,
    /// Japan.
    Jp,
    /// United States and Canada.
    #[default]
    Us,
}

impl Country {
    /// Every country, in the order of their codes.
    pub const ALL: [Country; 8] =
        [Country::Au, Country::Cn, Country::De, Country::Fr, Country::Gb, Country::In, Country::Jp, Country::Us];

    /// The ISO 3166 code.
    pub fn code(self) -> &'static str {
        match self {
            Country::Au => "AU",
            Country::Cn => "CN",
            Country::De => "DE",
            Country::Fr => "FR",
            Country::Gb => "GB",
            Country::In => "IN",
            Country::Jp => "JP",
            Country::Us => "US",
        }
    }

    /// The country with this ISO 3166 code, in any case; `UK` is understood.
    pub fn from_code(code: &str) -> Option<Country> {
        let code = if code.eq_ignore_ascii_case("uk") { "GB" } else { code };
        Country::ALL.into_iter().find(|country| country.code().eq_ignore_ascii_case(code))
    }

    /// How the country says it.
    pub fn cadence(self, signal: Signal) -> Cadence {
        let (sound, on_off_ms) = table(self, signal);
        Cadence { sound, on_off_ms }
    }
}

/// One period of a tone: its sound, and for how long it is on and off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cadence {
    /// What is heard.
    pub sound: Sound,
    /// On, off, on, off … in ms; empty for a tone that never stops.
    pub on_off_ms: &'static [u16],
}

impl Cadence {
    /// One period, made to be looped; a second of a tone that never stops.
    pub fn period(&self) -> Pcm8k {
        if self.on_off_ms.is_empty() {
            // All frequencies are whole, so a second ends where it begins.
            return sounds(self.sound, Duration::from_secs(1), false);
        }
        let mut audio = Pcm8k::empty();
        for (n, ms) in self.on_off_ms.iter().enumerate() {
            let length = Duration::from_millis(u64::from(*ms));
            let part = if n % 2 == 0 { sounds(self.sound, length, true) } else { Pcm8k::silence(length) };
            audio.append(&part);
        }
        audio
    }
}

const fn plain(hz: f32) -> Sound {
    Sound { hz: [hz, 0.0], modulated_by_hz: 0.0 }
}

const fn both(low: f32, high: f32) -> Sound {
    Sound { hz: [low, high], modulated_by_hz: 0.0 }
}

const fn modulated(hz: f32, by: f32) -> Sound {
    Sound { hz: [hz, 0.0], modulated_by_hz: by }
}

fn table(country: Country, signal: Signal) -> (Sound, &'static [u16]) {
    use Country::*;
    use Signal::*;
    match (country, signal) {
        (Au, Dial) => (both(400.0, 450.0), &[]),
        (Au, Ringback) => (both(400.0, 450.0), &[400, 200, 400, 2_000]),
        (Au, Busy | Congestion) => (plain(425.0), &[375, 375]),
        (Au, CallWaiting) => (plain(425.0), &[200, 200, 200, 4_400]),
        (Cn, Dial) => (plain(450.0), &[]),
        (Cn, Ringback) => (plain(450.0), &[1_000, 4_000]),
        (Cn, Busy) => (plain(450.0), &[350, 350]),
        (Cn, Congestion) => (plain(450.0), &[700, 700]),
        (Cn, CallWaiting) => (plain(450.0), &[400, 4_000]),
        (De, Dial) => (plain(425.0), &[]),
        (De, Ringback) => (plain(425.0), &[1_000, 4_000]),
        (De, Busy) => (plain(425.0), &[480, 480]),
        (De, Congestion) => (plain(425.0), &[240, 240]),
        (De, CallWaiting) => (plain(425.0), &[200, 200, 200, 5_000]),
        (Fr, Dial) => (plain(440.0), &[]),
        (Fr, Ringback) => (plain(440.0), &[1_500, 3_500]),
        (Fr, Busy) => (plain(440.0), &[500, 500]),
        (Fr, Congestion) => (plain(440.0), &[250, 250]),
        (Fr, CallWaiting) => (plain(440.0), &[300, 10_000]),
        (Gb, Dial) => (both(350.0, 440.0), &[]),
        (Gb, Ringback) => (both(400.0, 450.0), &[400, 200, 400, 2_000]),
        (Gb, Busy) => (plain(400.0), &[375, 375]),
        (Gb, Congestion) => (plain(400.0), &[400, 350, 225, 525]),
        (Gb, CallWaiting) => (plain(400.0), &[100, 4_000]),
        (In, Dial) => (modulated(400.0, 25.0), &[]),
        (In, Ringback) => (modulated(400.0, 25.0), &[400, 200, 400, 2_000]),
        (In, Busy) => (plain(400.0), &[750, 750]),
        (In, Congestion) => (plain(400.0), &[250, 250]),
        (In, CallWaiting) => (plain(400.0), &[200, 100, 200, 7_500]),
        (Jp, Dial) => (plain(400.0), &[]),
        (Jp, Ringback) => (modulated(400.0, 16.0), &[1_000, 2_000]),
        (Jp, Busy | Congestion) => (plain(400.0), &[500, 500]),
        (Jp, CallWaiting) => (modulated(400.0, 16.0), &[500, 8_000]),
        (Us, Dial) => (both(350.0, 440.0), &[]),
        (Us, Ringback) => (both(440.0, 480.0), &[2_000, 4_000]),
        (Us, Busy) => (both(480.0, 620.0), &[500, 500]),
        (Us, Congestion) => (both(480.0, 620.0), &[250, 250]),
        (Us, CallWaiting) => (plain(440.0), &[300, 10_000]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tone_sounds_at_a_comfortable_level_for_as_long_as_it_says() {
        for country in Country::ALL {
            for signal in Signal::ALL {
                let cadence = country.cadence(signal);
                let period = cadence.period();
                let total: u64 = cadence.on_off_ms.iter().map(|ms| u64::from(*ms)).sum();
                let length = Duration::from_millis(if total == 0 { 1_000 } else { total });
                assert_eq!(period.duration(), length, "{} {signal:?}", country.code());
                let on = cadence.on_off_ms.first().map_or(1_000, |ms| u64::from(*ms));
                let level = period.slice(Duration::ZERO, Duration::from_millis(on)).level_dbov();
                assert!((-24.0..-17.0).contains(&level), "{} {signal:?}: {level}", country.code());
            }
        }
    }

    #[test]
    fn a_tone_that_never_stops_is_looped_without_a_click() {
        for country in Country::ALL {
            let second = country.cadence(Signal::Dial).period();
            let samples = second.samples();
            let inside = samples.windows(2).map(|w| (i32::from(w[0]) - i32::from(w[1])).abs()).max();
            let seam = (i32::from(samples[7_999]) - i32::from(samples[0])).abs();
            assert!(Some(seam) <= inside, "{}", country.code());
        }
    }

    #[test]
    fn codes_lead_back_to_the_country() {
        for country in Country::ALL {
            assert_eq!(Country::from_code(&country.code().to_lowercase()), Some(country));
        }
        assert_eq!(Country::from_code("UK"), Some(Country::Gb));
        assert_eq!(Country::from_code("XX"), None);
    }
}
