use std::io::Cursor;
use std::time::Duration;

use hound::{WavSpec, WavWriter};
use proptest::prelude::*;

use super::*;
use crate::{Pcm8k, Pcm16k, tone};

fn error_of(name: &str, bytes: &[u8]) -> String {
    read_from::<8_000>(Cursor::new(bytes), name).expect_err("cannot be read").to_string()
}

fn file(spec: WavSpec, write: impl Fn(&mut WavWriter<&mut Cursor<Vec<u8>>>, f64)) -> Cursor<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).expect("is a valid format");
    for n in 0..spec.sample_rate {
        let sample = (f64::from(n) * 440.0 * std::f64::consts::TAU / f64::from(spec.sample_rate)).sin() * 0.3;
        for _ in 0..spec.channels {
            write(&mut writer, sample);
        }
    }
    writer.finalize().expect("memory takes any amount");
    bytes.set_position(0);
    bytes
}

fn simple() -> Vec<u8> {
    let mut bytes = header(8_000, 1, 1_600).to_vec();
    bytes.extend(tone::sine(440.0, -20.0, Duration::from_millis(100)).samples().iter().flat_map(|s| s.to_le_bytes()));
    bytes
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("tone.wav");
    let tone = tone::beep();
    write(&path, &tone).expect("is written");
    assert_eq!(read::<8_000>(&path).expect("is read"), tone);
    let quiet = Pcm8k::new(vec![5; 100]);
    write_stereo(&path, &tone, &quiet).expect("is written");
    let (left, right) = read_stereo::<8_000>(&path).expect("is read");
    assert_eq!((left.samples(), &right.samples()[..100], right.len()), (tone.samples(), quiet.samples(), tone.len()));
    assert!(right.samples()[100..].iter().all(|&s| s == 0));
}

#[test]
fn any_format_becomes_the_same_mono_audio() {
    let expected = resample_rate(&[0; 44_100], 44_100, 16_000).len();
    for (bits, format, channels) in [
        (8, SampleFormat::Int, 1),
        (16, SampleFormat::Int, 2),
        (24, SampleFormat::Int, 1),
        (32, SampleFormat::Int, 3),
        (32, SampleFormat::Float, 2),
    ] {
        let spec = WavSpec { channels, sample_rate: 44_100, bits_per_sample: bits, sample_format: format };
        let bytes = file(spec, |writer, sample| {
            let written = match format {
                SampleFormat::Float => writer.write_sample(sample as f32),
                SampleFormat::Int => writer.write_sample((sample * 2f64.powi(i32::from(bits) - 1)) as i32),
            };
            written.expect("fits the format");
        });
        let audio: Pcm16k = read_from(bytes, "a.wav").expect("is read");
        assert_eq!(audio.len(), expected);
        assert!((audio.level_dbov() + 13.5).abs() < 0.3, "{bits} {format:?}: {}", audio.level_dbov());
    }
}

#[test]
fn a_header_describes_what_follows() {
    let reader = WavReader::new(Cursor::new(simple())).expect("is a WAV file");
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample, reader.len()), (1, 8_000, 16, 800));
    assert_eq!(header(8_000, 2, u32::MAX)[4..8], [0xFF; 4]);
}

#[test]
fn a_missing_file_is_named() {
    let error = read::<8_000>("no/such/file.wav").expect_err("is not there").to_string();
    assert!(error.starts_with("cannot access no/such/file.wav: "), "{error}");
}

#[test]
fn other_files_are_told_apart() {
    for (bytes, reason) in [
        (&b"Dear Sir or Madam,\nplease find attached"[..], "it looks like text"),
        (b"", "it is empty"),
        (b"ID3\x04\0\0\0\0", "it looks like MP3"),
        (b"\xFF\xFB\x90\x64\0\0", "it looks like MP3"),
        (b"OggS\0\x02", "it looks like Ogg"),
        (b"\0\0\0\x20ftypM4A ", "it looks like MP4 or M4A"),
        (b"\0\x01\x02", "it does not begin with RIFF and WAVE"),
        (b"RIFF\0\0\0\0WAVE", "it ends within its header"),
    ] {
        let expected = format!("in.mp3 is not a WAV file: {reason}; convert it with: sox in.mp3 converted.wav");
        assert_eq!(error_of("in.mp3", bytes), expected);
    }
}

#[test]
fn a_truncated_file_says_how_much_is_there() {
    let error = error_of("a.wav", &simple()[..44 + 601]);
    assert!(error.starts_with("a.wav is cut off: its header announces 800 samples and 300 are there; "), "{error}");
}

#[test]
fn an_odd_format_is_named() {
    let mut mulaw = simple();
    mulaw[20] = 7;
    assert_eq!(
        error_of("a.wav", &mulaw),
        "a.wav is a WAV file, but its samples are μ-law; convert it with: sox a.wav -e signed-integer -b 16 converted.wav"
    );
    let mut slow = simple();
    slow[24..28].copy_from_slice(&3u32.to_le_bytes());
    slow[28..32].copy_from_slice(&6u32.to_le_bytes());
    assert!(error_of("a.wav", &slow).contains("its header claims 1 channels at 3 Hz"));
}

#[test]
fn a_mono_file_has_no_two_sides() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("mono.wav");
    write(&path, &tone::beep()).expect("is written");
    assert!(matches!(read_stereo::<8_000>(&path), Err(WavError::NotStereo { channels: 1, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_header_makes_reading_panic(changes in prop::collection::vec((0usize..44, any::<u8>()), 0..6), length in 0usize..1_644) {
        let mut bytes = simple();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes.truncate(length);
        // Only that it returns matters.
        let _ = read_from::<8_000>(Cursor::new(bytes), "a.wav").is_ok();
    }

    #[test]
    fn no_bytes_make_reading_panic(mut bytes in prop::collection::vec(any::<u8>(), 12..200)) {
        bytes[..4].copy_from_slice(b"RIFF");
        bytes[8..12].copy_from_slice(b"WAVE");
        let _ = read_from::<8_000>(Cursor::new(bytes), "a.wav").is_ok();
    }
}
