//! English voices of flite, called in the process. Flite sets itself up once and registers voices in a global list, and its
//! documentation promises nothing about threads, so one lock stands around every call.

use std::ffi::{CString, c_char, c_int, c_short, c_void};
use std::sync::{Mutex, PoisonError};

use audio::{Pcm16k, resample};

use super::{Voice, VoiceError, speakable, trim_silence};
use crate::Language;

/// The English voices that Debian's flite has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FliteVoice {
    /// A man, the clearest over the telephone; the bot's voice unless configured otherwise.
    Rms,
    /// A woman.
    Slt,
    /// A Scottish man.
    Awb,
    /// A diphone voice at 16 kHz.
    Kal16,
    /// A diphone voice at 8 kHz.
    Kal,
}

impl FliteVoice {
    /// Every voice.
    pub const ALL: [FliteVoice; 5] =
        [FliteVoice::Rms, FliteVoice::Slt, FliteVoice::Awb, FliteVoice::Kal16, FliteVoice::Kal];

    /// Its name, as in `flite-rms`.
    pub fn name(self) -> &'static str {
        match self {
            FliteVoice::Rms => "flite-rms",
            FliteVoice::Slt => "flite-slt",
            FliteVoice::Awb => "flite-awb",
            FliteVoice::Kal16 => "flite-kal16",
            FliteVoice::Kal => "flite-kal",
        }
    }

    /// The voice of that name, with or without `flite-`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|voice| voice.name() == name || voice.name().strip_prefix("flite-") == Some(name))
    }
}

/// One voice of flite.
#[derive(Clone, Copy, Debug)]
pub struct Flite {
    which: FliteVoice,
}

/// flite's `cst_wave`, the same since version 1.0.
#[repr(C)]
struct CstWave {
    kind: *const c_char,
    sample_rate: c_int,
    num_samples: c_int,
    num_channels: c_int,
    samples: *mut c_short,
}

/// The beginning of flite's `cst_voice`, the same since version 1.0.
#[repr(C)]
struct CstVoice {
    name: *const c_char,
    features: *mut c_void,
}

// The libraries are linked by build.rs.
unsafe extern "C" {
    fn flite_init() -> c_int;
    fn register_cmu_us_rms(folder: *const c_char) -> *mut CstVoice;
    fn register_cmu_us_slt(folder: *const c_char) -> *mut CstVoice;
    fn register_cmu_us_awb(folder: *const c_char) -> *mut CstVoice;
    fn register_cmu_us_kal16(folder: *const c_char) -> *mut CstVoice;
    fn register_cmu_us_kal(folder: *const c_char) -> *mut CstVoice;
    fn flite_text_to_wave(text: *const c_char, voice: *mut CstVoice) -> *mut CstWave;
    fn delete_wave(wave: *mut CstWave);
    fn flite_feat_set_float(features: *mut c_void, name: *const c_char, value: f32);
}

/// Voices registered so far; the list lives as long as the process, as flite's own does.
struct Registered {
    ready: bool,
    voices: Vec<(FliteVoice, *mut CstVoice)>,
}

// SAFETY: the pointers are only used while the mutex around this value is held.
unsafe impl Send for Registered {}

static FLITE: Mutex<Registered> = Mutex::new(Registered { ready: false, voices: Vec::new() });

impl Registered {
    fn voice(&mut self, which: FliteVoice) -> *mut CstVoice {
        if let Some((_, voice)) = self.voices.iter().find(|(known, _)| *known == which) {
            return *voice;
        }
        // SAFETY: under the lock, so set-up and registration run once and alone; a null folder selects the built-in data.
        let voice = unsafe {
            if !self.ready {
                flite_init();
                self.ready = true;
            }
            let folder = std::ptr::null();
            match which {
                FliteVoice::Rms => register_cmu_us_rms(folder),
                FliteVoice::Slt => register_cmu_us_slt(folder),
                FliteVoice::Awb => register_cmu_us_awb(folder),
                FliteVoice::Kal16 => register_cmu_us_kal16(folder),
                FliteVoice::Kal => register_cmu_us_kal(folder),
            }
        };
        self.voices.push((which, voice));
        voice
    }
}

impl Flite {
    /// A voice. Flite itself is set up at the first sentence.
    pub fn new(which: FliteVoice) -> Self {
        Flite { which }
    }

    fn failed(&self, reason: &str) -> VoiceError {
        VoiceError::Engine { voice: self.name().to_owned(), reason: reason.to_owned() }
    }

    /// One sentence or a few: samples and their rate.
    fn synthesise(&self, text: &str, rate: f32) -> Result<(Vec<i16>, u32), VoiceError> {
        let text = CString::new(text).map_err(|_| self.failed("the text holds a zero byte"))?;
        let mut flite = FLITE.lock().unwrap_or_else(PoisonError::into_inner);
        let voice = flite.voice(self.which);
        if voice.is_null() {
            return Err(self.failed("the voice did not register"));
        }
        // SAFETY: text and voice are valid, the lock is held; the wave is copied before it is freed, and its fields are
        // checked before they are trusted.
        // The pace is a feature of the voice: it is set for each sentence, as others share the voice.
        unsafe {
            flite_feat_set_float((*voice).features, c"duration_stretch".as_ptr(), 1.0 / rate.clamp(0.3, 3.0));
            let wave = flite_text_to_wave(text.as_ptr(), voice);
            if wave.is_null() {
                return Err(self.failed("flite returned nothing"));
            }
            let CstWave { sample_rate, num_samples, num_channels, samples, .. } = &*wave;
            let usable = *sample_rate > 0 && *num_samples >= 0 && *num_channels == 1 && !samples.is_null();
            let audio = usable.then(|| std::slice::from_raw_parts(*samples, *num_samples as usize).to_vec());
            let rate = *sample_rate as u32;
            delete_wave(wave);
            audio.map(|audio| (audio, rate)).ok_or_else(|| self.failed("flite returned no mono audio"))
        }
    }
}

impl Voice for Flite {
    fn name(&self) -> &str {
        self.which.name()
    }

    fn language(&self) -> &Language {
        &Language::EN
    }

    fn speak_at(&self, text: &str, rate: f32) -> Result<Pcm16k, VoiceError> {
        let text = speakable(&to_ascii(text), self.name())?;
        let (samples, rate) = self.synthesise(&text, rate)?;
        let audio = if rate == Pcm16k::RATE {
            Pcm16k::new(samples)
        } else {
            Pcm16k::new(resample::resample_rate(&samples, rate, Pcm16k::RATE))
        };
        Ok(trim_silence(audio))
    }
}

/// Flite reads ASCII; what people paste from a word processor is brought down to it, and the rest falls away.
fn to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii() => out.push(c),
            '‘' | '’' | 'ʼ' => out.push('\''),
            '“' | '”' | '«' | '»' => out.push('"'),
            '–' | '—' | '…' => out.push_str(", "),
            '£' => out.push_str(" pounds "),
            '€' => out.push_str(" euros "),
            '°' => out.push_str(" degrees "),
            '½' => out.push_str(" and a half "),
            'à'..='å' | 'À'..='Å' => out.push('a'),
            'ç' | 'Ç' => out.push('c'),
            'è'..='ë' | 'È'..='Ë' => out.push('e'),
            'ì'..='ï' | 'Ì'..='Ï' => out.push('i'),
            'ñ' | 'Ñ' => out.push('n'),
            'ò'..='ö' | 'ø' | 'Ò'..='Ö' | 'Ø' => out.push('o'),
            'ù'..='ü' | 'Ù'..='Ü' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ß' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            _ => out.push(' '),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_punctuation_and_accents_are_brought_down_to_ascii() {
        assert_eq!(to_ascii("It’s “Café” – £5"), "It's \"Cafe\" ,   pounds 5");
    }

    #[test]
    fn every_voice_is_found_by_its_name() {
        for voice in FliteVoice::ALL {
            assert_eq!(FliteVoice::from_name(voice.name()), Some(voice));
        }
        assert_eq!(FliteVoice::from_name("rms"), Some(FliteVoice::Rms));
        assert_eq!(FliteVoice::from_name("nobody"), None);
    }
}
