//! WAV files: reading whatever a person may bring, writing 16-bit PCM, and the header alone for sending a recording
//! piece by piece. Errors say what is wrong with the file and what to do; where files lie is left to others.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader};

use crate::Pcm;
use crate::resample::resample_rate;

/// Rates that a sound file may have; anything else is a broken header.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;
/// More channels than that is a broken header too.
const MOST_CHANNELS: u16 = 64;

/// Why a WAV file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WavError {
    /// The file could not be opened, read or written at all.
    #[error("cannot access {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{path} is not a WAV file: {reason}; convert it with: sox {path} converted.wav")]
    NotWav {
        /// The file.
        path: PathBuf,
        /// What it seems to be instead.
        reason: String,
    },
    /// A WAV file with samples of a kind that cannot be read here.
    #[error("{path} is a WAV file, but {reason}; convert it with: sox {path} -e signed-integer -b 16 converted.wav")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What its samples are.
        reason: String,
    },
    /// The file ends before the audio that its header announces.
    #[error(
        "{path} is cut off: its header announces {announced} samples and {found} are there; copy it again, or keep what is there with: sox --ignore-length {path} repaired.wav"
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Samples of all channels according to the header.
        announced: u32,
        /// Samples of all channels that could be read.
        found: u32,
    },
    /// Two channels were asked for.
    #[error("{path} has {channels} channel(s), but one for each side of the call is needed")]
    NotStereo {
        /// The file.
        path: PathBuf,
        /// Channels in the file.
        channels: u16,
    },
}

/// Reads a file of any rate, any number of channels and any integer or float samples; channels are averaged, other
/// rates converted to `R`.
pub fn read<const R: u32>(path: impl AsRef<Path>) -> Result<Pcm<R>, WavError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|source| WavError::Io { path: path.into(), source })?;
    read_from(BufReader::new(file), path)
}

/// As [`read`], from anything that holds a WAV file; `name` is what errors call it.
pub fn read_from<const R: u32>(source: impl Read + Seek, name: impl AsRef<Path>) -> Result<Pcm<R>, WavError> {
    let sound = decode(source, name.as_ref())?;
    let channels = usize::from(sound.channels);
    let mono: Vec<i16> = if channels == 1 {
        sound.samples
    } else {
        let mean = |all: &[i16]| (all.iter().map(|&s| i32::from(s)).sum::<i32>() / all.len() as i32) as i16;
        sound.samples.chunks_exact(channels).map(mean).collect()
    };
    Ok(Pcm::new(resample_rate(&mono, sound.rate, R)))
}

/// Reads the two channels of a stereo file; other rates are converted to `R`.
pub fn read_stereo<const R: u32>(path: impl AsRef<Path>) -> Result<(Pcm<R>, Pcm<R>), WavError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|source| WavError::Io { path: path.into(), source })?;
    let sound = decode(BufReader::new(file), path)?;
    if sound.channels != 2 {
        return Err(WavError::NotStereo { path: path.into(), channels: sound.channels });
    }
    let side = |first: usize| {
        let samples: Vec<i16> = sound.samples.iter().skip(first).step_by(2).copied().collect();
        Pcm::new(resample_rate(&samples, sound.rate, R))
    };
    Ok((side(0), side(1)))
}

struct Sound {
    rate: u32,
    channels: u16,
    /// Interleaved.
    samples: Vec<i16>,
}

fn decode(mut source: impl Read + Seek, path: &Path) -> Result<Sound, WavError> {
    let io = |source| WavError::Io { path: path.into(), source };
    let mut start = Vec::new();
    source.by_ref().take(64).read_to_end(&mut start).map_err(io)?;
    source.seek(SeekFrom::Start(0)).map_err(io)?;
    if !(start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WAVE")) {
        return Err(WavError::NotWav { path: path.into(), reason: looks_like(&start).into() });
    }
    let reader = WavReader::new(source).map_err(|error| broken(path, &start, error))?;
    let spec = reader.spec();
    if !RATES.contains(&spec.sample_rate) || spec.channels > MOST_CHANNELS {
        let reason = format!("its header claims {} channels at {} Hz", spec.channels, spec.sample_rate);
        return Err(WavError::Unsupported { path: path.into(), reason });
    }
    let announced = reader.len();
    let samples = match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Int, 16) => reader.into_samples::<i16>().collect_whole(),
        (SampleFormat::Int, bits @ 1..=32) => {
            let to_16 = move |sample: i32| ((i64::from(sample) << 16) >> bits) as i16;
            reader.into_samples::<i32>().map(|sample| sample.map(to_16)).collect_whole()
        }
        // The cast saturates, and what is no number becomes 0.
        (SampleFormat::Float, 32) => {
            reader.into_samples::<f32>().map(|sample| sample.map(|s| (s * 32_768.0).round() as i16)).collect_whole()
        }
        (format, bits) => {
            let reason = format!("its samples are {format:?} of {bits} bits");
            return Err(WavError::Unsupported { path: path.into(), reason });
        }
    };
    let samples = samples.map_err(|(found, error)| match error {
        hound::Error::IoError(_) => WavError::Truncated { path: path.into(), announced, found },
        other => WavError::Unsupported { path: path.into(), reason: other.to_string() },
    })?;
    Ok(Sound { rate: spec.sample_rate, channels: spec.channels.max(1), samples })
}

/// Collects samples; an error comes with the number of samples before it.
trait CollectWhole: Iterator<Item = hound::Result<i16>> + Sized {
    fn collect_whole(self) -> Result<Vec<i16>, (u32, hound::Error)> {
        let mut samples = Vec::new();
        for sample in self {
            samples.push(sample.map_err(|error| (samples.len() as u32, error))?);
        }
        Ok(samples)
    }
}

impl<I: Iterator<Item = hound::Result<i16>>> CollectWhole for I {}

fn broken(path: &Path, start: &[u8], error: hound::Error) -> WavError {
    let path = path.into();
    match error {
        hound::Error::Unsupported => {
            // Nearly every writer puts the format chunk first; if not, the message says a little less.
            let format_first = start.get(12..16) == Some(b"fmt ");
            let tag = start.get(20..22).filter(|_| format_first).map(|tag| u16::from_le_bytes([tag[0], tag[1]]));
            let reason = match tag {
                Some(2 | 17) => "its samples are ADPCM".into(),
                Some(6) => "its samples are A-law".into(),
                Some(7) => "its samples are μ-law".into(),
                Some(0x31) => "its samples are GSM 06.10".into(),
                Some(0x55) => "it holds MP3".into(),
                Some(tag) => format!("its samples are of a kind (format {tag}) that is not supported"),
                None => "its samples are of a kind that is not supported".into(),
            };
            WavError::Unsupported { path, reason }
        }
        hound::Error::IoError(_) => WavError::NotWav { path, reason: "it ends within its header".into() },
        other => WavError::NotWav { path, reason: format!("its header is broken ({other})") },
    }
}

/// What a file that is no WAV file seems to be.
fn looks_like(start: &[u8]) -> &'static str {
    match start {
        [] => "it is empty",
        [b'I', b'D', b'3', ..] | [0xFF, 0xE2..=0xFF, ..] => "it looks like MP3",
        [b'O', b'g', b'g', b'S', ..] => "it looks like Ogg",
        [b'f', b'L', b'a', b'C', ..] => "it looks like FLAC",
        [b'.', b's', b'n', b'd', ..] => "it looks like a Sun .au file",
        [b'F', b'O', b'R', b'M', ..] => "it looks like AIFF",
        [b'R', b'F', b'6', b'4', ..] => "it looks like a 64-bit (RF64) file",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "it looks like MP4 or M4A",
        _ if start.iter().all(|&b| b >= 0x20 || matches!(b, b'\n' | b'\r' | b'\t')) => "it looks like text",
        _ => "it does not begin with RIFF and WAVE",
    }
}

/// Writes a mono file of 16-bit samples.
pub fn write<const R: u32>(path: impl AsRef<Path>, audio: &Pcm<R>) -> Result<(), WavError> {
    let data: Vec<u8> = audio.samples().iter().flat_map(|s| s.to_le_bytes()).collect();
    write_file(path.as_ref(), R, 1, &data)
}

/// Writes a stereo file of 16-bit samples; the shorter side is filled up with silence.
pub fn write_stereo<const R: u32>(path: impl AsRef<Path>, left: &Pcm<R>, right: &Pcm<R>) -> Result<(), WavError> {
    write_file(path.as_ref(), R, 2, &stereo_bytes(left, right))
}

fn write_file(path: &Path, rate: u32, channels: u16, data: &[u8]) -> Result<(), WavError> {
    let io = |source| WavError::Io { path: path.into(), source };
    let too_long = || io(std::io::Error::other("a WAV file holds at most 4 GiB"));
    let length =
        u32::try_from(data.len()).ok().filter(|length| length.checked_add(36).is_some()).ok_or_else(too_long)?;
    let mut file = Vec::with_capacity(44 + data.len());
    file.extend(header(rate, channels, length));
    file.extend(data);
    std::fs::write(path, file).map_err(io)
}

/// The interleaved 16-bit little-endian data of two channels, without a header; the shorter side is filled up with
/// silence.
pub fn stereo_bytes<const R: u32>(left: &Pcm<R>, right: &Pcm<R>) -> Vec<u8> {
    let (left, right) = (left.samples(), right.samples());
    let at = |side: &[i16], n: usize| side.get(n).copied().unwrap_or(0).to_le_bytes();
    (0..left.len().max(right.len())).flat_map(|n| [at(left, n), at(right, n)]).flatten().collect()
}

/// The header that stands before `data_len` bytes of 16-bit samples, so that any part of a recording can be sent
/// without its whole: byte `44 + n` of the file is byte `n` of the data.
pub fn header(rate: u32, channels: u16, data_len: u32) -> [u8; 44] {
    let block = channels.saturating_mul(2);
    let mut header = [0; 44];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"RIFF");
    put(4, &data_len.saturating_add(36).to_le_bytes());
    put(8, b"WAVEfmt ");
    put(16, &16u32.to_le_bytes());
    put(20, &1u16.to_le_bytes());
    put(22, &channels.to_le_bytes());
    put(24, &rate.to_le_bytes());
    put(28, &rate.saturating_mul(u32::from(block)).to_le_bytes());
    put(32, &block.to_le_bytes());
    put(34, &16u16.to_le_bytes());
    put(36, b"data");
    put(40, &data_len.to_le_bytes());
    header
}

#[cfg(test)]
mod tests;
