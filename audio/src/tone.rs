//! Tones of the telephone network.

use std::time::Duration;

use crate::Pcm8k;

/// A sine of this frequency and RMS level.
pub fn sine(_frequency_hz: f32, _level_dbov: f32, length: Duration) -> Pcm8k {
    Pcm8k::silence(length)
}

/// The two tones of a key (`0`–`9`, `*`, `#`, `A`–`D`), or nothing for any other character.
pub fn dtmf(_digit: char, length: Duration) -> Option<Pcm8k> {
    Some(Pcm8k::silence(length))
}

/// One period of the ringing tone that a waiting caller hears; made to be looped.
pub fn ringback() -> Pcm8k {
    Pcm8k::empty()
}

/// A short beep.
pub fn beep() -> Pcm8k {
    Pcm8k::empty()
}
