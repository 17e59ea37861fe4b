//! A call without a telephone: the conversation, the ear and the voice activity of real calls, with a clock that stands still while the
//! recogniser works. Its time is then charged as processor time, so that other work on the machine changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use audio::resample::resample;
use audio::vad::VoiceActivity;
use audio::{FRAME_8K, Pcm8k};
use flow::event::Context as CallContext;
use intent::Language;
use models::{Hints, Priority, Recogniser};
use serde_json::{Value, json};

use super::Asked;
use crate::call::{Conversation, Input, Output, hinted, turn_profile};
use crate::config::Config;
use crate::event::{CallId, Speaker};
use crate::listen::{Ear, EarEvent, NotRecognised};
use crate::service::recogniser;

const FRAME_MS: u64 = 20;
/// From the decision to the first packet of a prompt that is at hand.
const SPEAK_MS: u64 = 30;
/// How long a reply lasts.
const REPLY_MS: u64 = 1_500;

/// What was taken for turns, in ms from the beginning of the line.
#[derive(Debug, Default)]
pub struct Taken {
    pub starts_ms: Vec<f64>,
    /// When the flow replied …
    pub ends_ms: Vec<f64>,
    /// … and whether it took that back.
    pub taken_back: Vec<bool>,
}

/// The block that listens.
pub struct Block<'a> {
    pub asked: Asked,
    /// How many digits are said.
    pub digits: Option<usize>,
    /// What a menu offers.
    pub vocabulary: &'a [(Language, String)],
    pub language: Language,
}

impl Block<'_> {
    fn flow(&self) -> Value {
        let (lang, hello) = match self.language {
            Language::English => ("en", "Please speak."),
            Language::Chinese => ("zh-CN", "请讲。"),
        };
        let turn = match self.asked {
            Asked::Word => "word",
            Asked::YesNo => "yes_no",
            Asked::Digits | Asked::DigitsKnown => "digits",
            Asked::Name => "name",
            Asked::Free => "free",
        };
        let mut params = json!({"prompt": {lang: hello}, "turn": turn, "max_tries": 5, "no_input_ms": 60_000});
        let mut edges = json!({"no_input": "end", "no_match": "end", "error": "end"});
        let kind = match self.asked {
            Asked::Digits | Asked::DigitsKnown => {
                let known = self.digits.filter(|_| self.asked == Asked::DigitsKnown);
                params["slot"] = json!("digits");
                (params["min_digits"], params["max_digits"]) =
                    (json!(known.unwrap_or(1)), json!(known.unwrap_or(32).max(1)));
                edges["next"] = json!("end");
                "collect"
            }
            Asked::Word | Asked::YesNo => {
                let phrases: Vec<&str> = match self.asked {
                    Asked::YesNo => vec!["yes", "no", "是", "不是"],
                    _ => self
                        .vocabulary
                        .iter()
                        .filter(|(of, _)| *of == self.language)
                        .map(|(_, word)| word.as_str())
                        .collect(),
                };
                params["options"] = json!([{"edge": "chosen", "phrases": {lang: phrases}}]);
                edges["chosen"] = json!("end");
                "menu"
            }
            Asked::Name | Asked::Free => {
                params["intents"] = json!([]);
                edges["low_confidence"] = json!("end");
                "ask_intent"
            }
        };
        json!({
            "schema_version": 1, "id": "turns", "name": "Turns", "languages": [lang], "start": "ask",
            "blocks": [
                {"id": "ask", "type": kind, "params": params, "edges": edges},
                {"id": "end", "type": "end", "params": {"outcome": "resolved", "prompt": {lang: hello}}},
            ],
        })
    }
}

/// Everything that listens, but for the block.
pub struct Listener {
    recognisers: Vec<(Language, Box<dyn Recogniser>)>,
    model: Arc<intent::Model>,
}

impl Listener {
    pub fn new(config: &Config, words: bool, languages: impl Iterator<Item = Language>) -> anyhow::Result<Self> {
        let mut recognisers: Vec<(Language, Box<dyn Recogniser>)> = Vec::new();
        for language in languages {
            let (key, value) = match language {
                Language::English => ("speech.en", &config.speech_en),
                Language::Chinese => ("speech.zh", &config.speech_zh),
            };
            if words && !value.is_empty() && recognisers.iter().all(|(known, _)| *known != language) {
                recognisers.push((language, recogniser(config.models_dir.as_deref(), key, value)?()?));
            }
        }
        Ok(Self { recognisers, model: Arc::new(intent::Model::empty()) })
    }

    /// Which recognisers there are.
    pub fn names(&self) -> BTreeMap<&'static str, String> {
        self.recognisers.iter().map(|(language, engine)| (language.code(), engine.name().to_owned())).collect()
    }

    /// Lets a block listen to a line.
    pub fn listen(&mut self, line: &Pcm8k, block: &Block<'_>) -> anyhow::Result<Taken> {
        let flow = flow::parse(&block.flow().to_string()).map_err(|findings| anyhow!("{findings:?}"))?;
        let context = CallContext { language: Some(block.language), ..CallContext::default() };
        let conversation = Conversation::new(CallId::new(), Arc::new(flow), self.model.clone(), context, 0);
        let mut call = Call {
            conversation,
            ear: Ear::new(),
            epoch: Instant::now(),
            now: 0,
            due: Vec::new(),
            begun: false,
            replying: false,
            stopped: false,
            taken: Taken::default(),
            recognisers: &mut self.recognisers,
        };
        call.feed(Input::Answered { codec: "PCMU".into() })?;
        call.feed(Input::RecordingStarted)?;
        call.begun = true;
        let mut voice = VoiceActivity::new();
        for (index, frame) in line.samples().as_chunks::<FRAME_8K>().0.iter().enumerate() {
            call.now = (index as u64 + 1) * FRAME_MS;
            call.happen()?;
            let at = call.epoch + Duration::from_millis(call.now);
            if let Some(event) = call.ear.push(index as u64, frame, voice.push(frame), at) {
                call.hear(event)?;
            }
        }
        Ok(call.taken)
    }
}

/// Something that comes back after a while.
struct Due {
    at: u64,
    input: Input,
}

struct Call<'a> {
    conversation: Conversation,
    ear: Ear,
    epoch: Instant,
    now: u64,
    due: Vec<Due>,
    /// The question has been asked.
    begun: bool,
    /// A reply is under way.
    replying: bool,
    /// The reply was stopped by what is being handed in.
    stopped: bool,
    taken: Taken,
    recognisers: &'a mut Vec<(Language, Box<dyn Recogniser>)>,
}

impl Call<'_> {
    /// Hands in what has come back by now.
    fn happen(&mut self) -> anyhow::Result<()> {
        while let Some(next) =
            (0..self.due.len()).filter(|&at| self.due[at].at <= self.now).min_by_key(|&at| self.due[at].at)
        {
            let due = self.due.remove(next);
            self.feed(due.input)?;
        }
        if self.conversation.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.feed(Input::Timeout)?;
        }
        Ok(())
    }

    fn hear(&mut self, event: EarEvent) -> anyhow::Result<()> {
        let speaker = Speaker::Caller;
        let ms = |at: Instant| at.saturating_duration_since(self.epoch).as_millis() as u64;
        let input = match event {
            EarEvent::Started { from_ms } => {
                self.taken.starts_ms.push(self.now as f64);
                Input::SpeechStarted { speaker, from_ms }
            }
            EarEvent::Talking { from_ms, to_ms } => Input::Talking { speaker, from_ms, to_ms },
            EarEvent::Paused { from_ms, to_ms } => {
                let last_voiced = self.ear.last_voiced().map_or(self.now, ms);
                Input::SpeechPaused { speaker, from_ms, to_ms, last_voiced }
            }
            EarEvent::Resumed => Input::SpeechResumed { speaker },
            EarEvent::Ended { from_ms, to_ms, last_voiced } => {
                Input::SpeechEnded { speaker, from_ms, to_ms, last_voiced: ms(last_voiced) }
            }
        };
        self.feed(input)
    }

    fn feed(&mut self, input: Input) -> anyhow::Result<()> {
        self.stopped = false;
        if matches!(input, Input::PieceEnded { .. }) {
            self.replying = false;
        }
        let outputs = self.conversation.on(input, self.now);
        for output in outputs {
            self.perform(output)?;
        }
        Ok(())
    }

    fn perform(&mut self, output: Output) -> anyhow::Result<()> {
        match output {
            Output::Play { id, .. } if !self.begun => {
                self.due.push(Due { at: 0, input: Input::PieceEnded { id, played_ms: 0, of_ms: 0 } });
            }
            Output::Play { id, .. } => {
                if !std::mem::replace(&mut self.replying, true) {
                    self.taken.ends_ms.push(self.now as f64);
                    self.taken.taken_back.push(false);
                }
                let (at, of_ms) = (self.now + SPEAK_MS, REPLY_MS as u32);
                self.due.push(Due { at: self.now, input: Input::PieceReady { id, of_ms } });
                self.due.push(Due { at, input: Input::PieceStarted { id, at } });
                self.due.push(Due { at: at + REPLY_MS, input: Input::PieceEnded { id, played_ms: of_ms, of_ms } });
            }
            Output::StopPlaying => {
                self.replying = false;
                self.stopped = true;
                let now = self.now;
                let stopped = self.due.iter_mut().filter_map(|due| match &mut due.input {
                    Input::PieceEnded { id, played_ms, .. } => {
                        (due.at, *played_ms) = (now, 0);
                        Some(*id)
                    }
                    _ => None,
                });
                let stopped: Vec<u64> = stopped.collect();
                self.due.retain(|due| match &due.input {
                    Input::PieceStarted { id, .. } | Input::PieceReady { id, .. } => !stopped.contains(id),
                    _ => true,
                });
            }
            // As under load: what is only shown is shed first.
            Output::Recognise { job, priority: Priority::Partial, .. } => {
                let input = Input::Recognised { job, sound_from_ms: 0, result: Err(NotRecognised::Busy) };
                self.due.push(Due { at: self.now, input });
            }
            Output::Recognise { job, from_ms, to_ms, language, grammar, .. } => {
                let (sound_from_ms, sound) = self.ear.sound(from_ms, to_ms);
                let (result, took_ms) = match self.recognisers.iter_mut().find(|(known, _)| *known == language) {
                    None => (Err(NotRecognised::NoRecogniser), 0),
                    Some((_, engine)) => {
                        let sound = resample(&sound);
                        let hints = Hints::free(models::Language::new(language.code())).with_grammar(hinted(grammar));
                        let cpu = super::super::cpu_seconds();
                        let result = engine.recognise(&sound, &hints).context("the recogniser failed")?;
                        (Ok(result), ((super::super::cpu_seconds() - cpu) * 1_000.0) as u64)
                    }
                };
                let input = Input::Recognised { job, sound_from_ms, result };
                self.due.push(Due { at: self.now + took_ms, input });
            }
            Output::CancelRecognition(cancelled) => {
                self.due.retain(|due| !matches!(&due.input, Input::Recognised { job, .. } if *job == cancelled));
            }
            Output::SetProfile(profile) => self.ear.set_profile(turn_profile(profile)),
            Output::WaitFor(silence) => self.ear.wait_for(silence),
            Output::Rejoin { from_ms, .. } => {
                self.ear.rejoin(from_ms);
                if let Some(last) = self.taken.taken_back.last_mut().filter(|_| self.stopped) {
                    *last = true;
                }
            }
            Output::FinishTurn => self.ear.finish_turn(),
            _ => {}
        }
        Ok(())
    }
}
