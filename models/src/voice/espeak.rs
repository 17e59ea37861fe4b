//! espeak-ng for Mandarin and the many languages that flite lacks. It runs as a process of its own (its licence, GPL-3, would
//! bind what links to it); the text goes in by its standard input, never through a shell.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use audio::{Pcm16k, resample};

use super::{Voice, VoiceError, speakable, trim_silence};
use crate::Language;

const PROGRAM: &str = "espeak-ng";
/// It speaks some hundred times faster than a person; longer than this it hangs.
const LIMIT: Duration = Duration::from_secs(20);
/// Ten minutes at 22,050 Hz, 16 bits: more means that something is wrong.
const MOST_BYTES: u64 = 10 * 60 * 22_050 * 2;

/// One voice of espeak-ng.
#[derive(Clone, Debug)]
pub struct EspeakNg {
    language: Language,
    voice: String,
    name: String,
    program: String,
}

impl EspeakNg {
    /// The voice for a language: Mandarin for Chinese, else espeak-ng's voice of that tag. Checks that the program is there.
    pub fn new(language: Language) -> Result<Self, VoiceError> {
        Self::with_program(language, PROGRAM)
    }

    /// The same with the program at another path.
    pub fn with_program(language: Language, program: &str) -> Result<Self, VoiceError> {
        let voice = if language.same_language(&Language::ZH) {
            mandarin(program).to_owned()
        } else {
            // A tag is letters, digits and hyphens; anything else could be an option.
            language.tag().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
        };
        let espeak = EspeakNg { name: format!("espeak-ng-{voice}"), program: program.to_owned(), language, voice };
        espeak.spoken("1", 1.0).map(|_| espeak)
    }

    fn failed(&self, reason: impl Into<String>) -> VoiceError {
        VoiceError::Engine { voice: self.name.clone(), reason: reason.into() }
    }

    /// The WAV file that the program writes to its standard output.
    fn spoken(&self, text: &str, rate: f32) -> Result<Vec<u8>, VoiceError> {
        let pace = words_per_minute(rate);
        run(&self.program, &self.name, &["-v", &self.voice, "-s", &pace, "--stdin", "--stdout", "-b", "1"], text)
    }
}

/// The phonemes of a text without punctuation, in the alphabet of the IPA, as Piper's voices want them.
pub(super) fn phonemes(program: &str, espeak_voice: &str, text: &str) -> Result<String, VoiceError> {
    let arguments = ["-v", espeak_voice, "-q", "--ipa", "--stdin", "-b", "1"];
    let output = run(program, &format!("espeak-ng-{espeak_voice}"), &arguments, text)?;
    Ok(String::from_utf8_lossy(&output).split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Runs the program on a text; gives what it writes, of which there is something.
fn run(program: &str, name: &str, arguments: &[&str], text: &str) -> Result<Vec<u8>, VoiceError> {
    let failed = |reason: String| VoiceError::Engine { voice: name.to_owned(), reason };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                VoiceError::NotInstalled { program: program.to_owned(), advice: "apt-get install espeak-ng".to_owned() }
            }
            _ => failed(format!("{program} does not start: {error}")),
        })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let text = text.to_owned();
    // Three pipes, three threads: whichever fills up first, nobody waits for another.
    let writer = thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(text.as_bytes())));
    let complaints = thread::spawn(move || read_up_to(stderr, 4_096));
    let (send, receive) = mpsc::channel();
    thread::spawn(move || send.send(read_up_to(stdout, MOST_BYTES)));
    let received = receive.recv_timeout(LIMIT);
    if received.is_err() {
        // It may have ended in this instant; then there is nothing to kill.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    let _ = writer.join();
    let complaints = complaints.join().ok().and_then(Result::ok).unwrap_or_default();
    let output = received
        .map_err(|_| failed(format!("no answer within {} s", LIMIT.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if !status.success() || output.is_empty() {
        let complaints = String::from_utf8_lossy(&complaints);
        return Err(failed(format!("{status}: {}", complaints.trim())));
    }
    Ok(output)
}

impl Voice for EspeakNg {
    fn name(&self) -> &str {
        &self.name
    }

    fn language(&self) -> &Language {
        &self.language
    }

    fn speak_at(&self, text: &str, rate: f32) -> Result<Pcm16k, VoiceError> {
        let text = speakable(text, &self.name)?;
        let wav = self.spoken(&text, rate)?;
        let (samples, rate) = parse_wav(&wav).ok_or_else(|| self.failed("its output is not a WAV file"))?;
        Ok(trim_silence(Pcm16k::new(resample::resample_rate(&samples, rate, Pcm16k::RATE))))
    }
}

/// espeak-ng's own pace is 175 words a minute; below 80 it becomes hard to follow.
fn words_per_minute(rate: f32) -> String {
    ((175.0 * rate) as u32).clamp(80, 450).to_string()
}

/// The voice that reads Chinese. In espeak-ng 1.51, which Debian 12 has, `cmn` takes the syllables it has looked up for English and says
/// "ni three" for 你 (its issues 1028 and 1236); the same dictionary is right as `cmn-latn-pinyin`. The program is asked which it is.
fn mandarin(program: &str) -> &'static str {
    let phonemes = |voice: &str| Command::new(program).args(["-q", "-x", "-v", voice, "\u{4f60}"]).output();
    let broken = |voice: &str| {
        phonemes(voice)
            .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("(en)") || !output.status.success())
    };
    if broken("cmn") && !broken("cmn-latn-pinyin") { "cmn-latn-pinyin" } else { "cmn" }
}

fn read_up_to(pipe: Option<impl Read>, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Mono 16-bit samples and their rate. A program that writes to a pipe cannot know the length when it writes the header, so
/// the length of the data is what really follows.
fn parse_wav(bytes: &[u8]) -> Option<(Vec<i16>, u32)> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12;
    let mut rate = None;
    loop {
        let id = bytes.get(at..at + 4)?;
        let length = u32::from_le_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?) as usize;
        let body = bytes.get(at + 8..)?;
        match id {
            b"fmt " => {
                let field = |from: usize| Some(u16::from_le_bytes(body.get(from..from + 2)?.try_into().ok()?));
                if field(0)? != 1 || field(2)? != 1 || field(14)? != 16 {
                    return None;
                }
                rate = Some(u32::from_le_bytes(body.get(4..8)?.try_into().ok()?)).filter(|rate| *rate > 0);
            }
            b"data" => {
                let body = &body[..length.min(body.len())];
                let samples = body.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
                return Some((samples, rate?));
            }
            _ => {}
        }
        at = at.checked_add(8 + length + length % 2)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_written_before_the_length_was_known_is_read() {
        let mut wav = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data\xff\xff\xff\x7f".to_vec();
        wav.extend([1, 0, 255, 255]);
        assert_eq!(parse_wav(&wav), Some((vec![1, -1], 22_050)));
    }

    #[test]
    fn what_is_no_wav_is_refused_and_never_panics() {
        let wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data\x02\0\0\0\x01\0"
            .to_vec();
        for cut in 0..wav.len() - 10 {
            assert_eq!(parse_wav(&wav[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_what_to_do() {
        let error = EspeakNg::with_program(Language::ZH, "no-such-espeak").expect_err("there is no such program");
        assert!(matches!(error, VoiceError::NotInstalled { .. }), "{error}");
    }
}
