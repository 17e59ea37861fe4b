//! Listening: which utterance is being followed, when it is over, and who is told.

use flow::event::{self as flowing, Grammar};
use models::{Priority, Recognition};

use super::speaking::ReplyClock;
use super::{Conversation, Millis, Output, With};
use crate::event::{Entry, Event, Personal, Speaker};
use crate::listen::NotRecognised;

pub(super) struct Listening {
    pub(super) turn: u64,
    pub(super) grammar: Grammar,
}

/// A stretch of speech that is being followed.
pub(super) struct Utterance {
    pub(super) turn: u64,
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) job: Option<u64>,
    pub(super) early: Option<Result<Recognition, NotRecognised>>,
    /// When its last voiced frame came in.
    pub(super) last_voiced: Millis,
    /// When it was taken as ended.
    pub(super) ended: Option<Millis>,
}

impl Conversation {
    pub(super) fn utterance(&mut self, speaker: Speaker) -> Option<&mut Utterance> {
        match speaker {
            Speaker::Agent => self.agent.as_mut(),
            _ => self.caller.as_mut(),
        }
    }

    /// Whether something is being said that the caller may not interrupt.
    pub(super) fn floor_is_held(&self) -> bool {
        self.sayings.iter().any(|saying| !saying.barge_in && !saying.stopped)
    }

    pub(super) fn speech_started(&mut self, speaker: Speaker, from_ms: u64, now: Millis, out: &mut Vec<Output>) {
        let turn = match (&self.with, &self.listening) {
            (With::Agent { .. }, _) => 0,
            (With::Bot, Some(listening)) if speaker == Speaker::Caller => {
                if self.floor_is_held() {
                    self.waiting_speech = Some(from_ms);
                    return;
                }
                listening.turn
            }
            _ => return,
        };
        let utterance =
            Utterance { turn, from_ms, to_ms: from_ms, job: None, early: None, last_voiced: now, ended: None };
        if speaker == Speaker::Agent {
            self.agent = Some(utterance);
            return;
        }
        if let Some(job) = self.caller.replace(utterance).and_then(|before| before.job) {
            out.push(Output::CancelRecognition(job));
        }
        if self.with == With::Bot {
            self.tell(flowing::Event::SpeechStarted, now, out);
        }
    }

    pub(super) fn speech_paused(
        &mut self,
        speaker: Speaker,
        (from_ms, to_ms): (u64, u64),
        last_voiced: Millis,
        out: &mut Vec<Output>,
    ) {
        // Of people talking to each other only whole turns are recognised: nobody waits for the text.
        if self.with != With::Bot {
            return;
        }
        let job = self.next_id;
        let Some(utterance) = self.utterance(speaker) else { return };
        utterance.to_ms = to_ms;
        utterance.last_voiced = last_voiced;
        utterance.job = Some(job);
        self.next_id += 1;
        out.push(self.recognise(job, speaker, from_ms, to_ms, Priority::Speculative));
    }

    pub(super) fn speech_ended(
        &mut self,
        speaker: Speaker,
        (from_ms, to_ms): (u64, u64),
        last_voiced: Millis,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        if speaker == Speaker::Caller {
            self.waiting_speech = None;
        }
        let next = self.next_id;
        let Some(utterance) = self.utterance(speaker) else { return };
        utterance.ended = Some(now);
        utterance.last_voiced = last_voiced;
        let speculated = utterance.job.is_some() && utterance.to_ms == to_ms;
        if !speculated {
            out.extend(utterance.job.replace(next).map(Output::CancelRecognition));
            utterance.to_ms = to_ms;
            utterance.early = None;
            self.next_id += 1;
            out.push(self.recognise(next, speaker, from_ms, to_ms, Priority::Final));
        } else if let Some(result) = utterance.early.take() {
            self.conclude(speaker, result, now, out);
        }
    }

    pub(super) fn recognise(&self, job: u64, speaker: Speaker, from_ms: u64, to_ms: u64, priority: Priority) -> Output {
        let grammar = match (&self.with, &self.listening) {
            (With::Bot, Some(listening)) => listening.grammar.clone(),
            _ => Grammar::Free,
        };
        Output::Recognise { job, speaker, from_ms, to_ms, language: self.language, grammar, priority }
    }

    pub(super) fn recognised(
        &mut self,
        job: u64,
        result: Result<Recognition, NotRecognised>,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        let of = |utterance: &Option<Utterance>| utterance.as_ref().is_some_and(|u| u.job == Some(job));
        let speaker = if of(&self.caller) {
            Speaker::Caller
        } else if of(&self.agent) {
            Speaker::Agent
        } else {
            return;
        };
        let at = self.offered_at + now as i64;
        let complete = self.listening.as_ref().is_some_and(|listening| is_complete(&listening.grammar, &result));
        let Some(utterance) = self.utterance(speaker) else { return };
        if utterance.ended.is_some() {
            self.conclude(speaker, result, now, out);
        } else if complete && speaker == Speaker::Caller {
            // The last digit has been said: waiting for more silence would only keep the caller waiting.
            utterance.ended = Some(now);
            out.push(Output::FinishTurn);
            self.conclude(speaker, result, now, out);
        } else {
            if let Ok(recognition) = &result
                && !recognition.no_speech
            {
                let event = Event::Partial { speaker, text: Personal::new(&recognition.text) };
                out.push(Output::Journal(Entry { seq: 0, at, audio_ms: None, event }));
            }
            utterance.early = Some(result);
        }
    }

    /// An utterance is over and its text is known.
    pub(super) fn conclude(
        &mut self,
        speaker: Speaker,
        result: Result<Recognition, NotRecognised>,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        let taken = if speaker == Speaker::Agent { self.agent.take() } else { self.caller.take() };
        let Some(utterance) = taken else { return };
        let (from_ms, to_ms) = (utterance.from_ms as u32, utterance.to_ms as u32);
        let to_flow = self.with == With::Bot
            && speaker == Speaker::Caller
            && self.listening.as_ref().is_some_and(|listening| listening.turn == utterance.turn);
        if to_flow {
            self.reply = Some(ReplyClock {
                last_voiced: utterance.last_voiced,
                ended: utterance.ended.unwrap_or(now),
                recognised: now,
                decided: None,
                ready: None,
            });
        }
        match result {
            Ok(recognition) if !recognition.no_speech && !recognition.text.trim().is_empty() => {
                let alternatives = others(&recognition);
                let event = Event::Heard {
                    turn: utterance.turn,
                    speaker,
                    text: Personal::new(&recognition.text),
                    confidence: recognition.confidence,
                    from_ms,
                    to_ms,
                    engine: recognition.engine.clone(),
                    alternatives: alternatives.iter().map(Personal::new).collect(),
                };
                self.write_at(event, now, Some(from_ms), out);
                if to_flow {
                    let heard = flowing::Heard {
                        text: recognition.text,
                        confidence: recognition.confidence,
                        alternatives,
                        language: self.language,
                    };
                    self.tell(flowing::Event::Heard(heard), now, out);
                }
            }
            other => {
                let reason = other.map_or_else(|e| e.to_string(), |_| "no_speech".to_owned());
                let event = Event::NotHeard { turn: utterance.turn, from_ms, to_ms, reason };
                self.write_at(event, now, Some(from_ms), out);
                if to_flow {
                    self.tell(flowing::Event::Nothing, now, out);
                }
            }
        }
    }

    pub(super) fn key(&mut self, digit: char, now: Millis, out: &mut Vec<Output>) {
        self.write(Event::Key { digit: Personal::new(digit) }, now, out);
        if self.with != With::Bot {
            return;
        }
        // A key is an answer; what was being said at the same time is not.
        self.caller = None;
        self.tell(flowing::Event::Key(digit), now, out);
    }
}

/// Whether no more can follow what was heard: all digits are there.
fn is_complete(grammar: &Grammar, result: &Result<Recognition, NotRecognised>) -> bool {
    match (grammar, result) {
        (Grammar::Digits { max, .. }, Ok(recognition)) => {
            recognition.in_grammar && recognition.text.chars().filter(char::is_ascii_digit).count() == *max
        }
        _ => false,
    }
}

fn others(recognition: &Recognition) -> Vec<String> {
    recognition.alternatives.iter().map(|a| a.text.clone()).filter(|text| *text != recognition.text).take(4).collect()
}
