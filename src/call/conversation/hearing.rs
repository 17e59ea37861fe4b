//! Listening: which utterance is being followed, when it is over, and who is told.
//!
//! Speech over a prompt makes the prompt silent at once, and then it is found out whether the caller means to interrupt: by the first
//! words, by how long the voice goes on. A cough, a breath, an "uh-huh" does not, and the prompt goes on.

use std::time::Duration;

use flow::event::{self as flowing, Answer, Grammar, MASKED, MASKED_KEY, Profile};
use intent::slot::yes_no;
use models::{Priority, Recognition, WordTime};

use super::patience::{Words, patience, patience_for_more};
use super::speaking::ReplyClock;
use super::{Conversation, Millis, Output, With};
use crate::event::{Entry, Event, Personal, Speaker, Word};
use crate::listen::{self, NotRecognised};

/// A voice that goes on for so long over a prompt interrupts it, whatever it says.
const INTERRUPTS_MS: u64 = 1_200;
/// So long at most it is left open whether a sound interrupts.
const DOUBT_MS: Millis = 2_500;
/// A prompt that goes on repeats so much at most.
const REPEATED_MS: Millis = 1_500;
/// A sound that is shorter than this and hardly understood is no word.
const SHORT_MS: u64 = 500;
const HARDLY: f32 = 0.35;
const SURELY: f32 = 0.5;
/// From so much on, what is being said is shown.
const SHOWN_MS: u64 = 800;
/// Of a long utterance, so much is recognised while it goes on.
const PARTIAL_MS: u64 = 8_000;

#[derive(Clone)]
pub(super) struct Listening {
    pub(super) turn: u64,
    pub(super) grammar: Grammar,
    pub(super) profile: Profile,
}

/// A stretch of speech that is being followed.
pub(super) struct Utterance {
    pub(super) turn: u64,
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    pub(super) job: Option<u64>,
    /// Where the sound of the last recognition begins, partial ones aside: its words count from there.
    pub(super) sound_from_ms: u64,
    pub(super) early: Option<Result<Recognition, NotRecognised>>,
    /// A recognition of what was said so far, for screens and for the doubt.
    pub(super) partial: Option<u64>,
    /// When its last voiced frame came in.
    pub(super) last_voiced: Millis,
    /// When it was taken as ended.
    pub(super) ended: Option<Millis>,
    /// Since when it is open whether it interrupts the prompt.
    pub(super) doubt: Option<Millis>,
    /// The longest pause in it so far.
    pub(super) longest_pause: Millis,
}

impl Utterance {
    pub(super) fn new(turn: u64, from_ms: u64, now: Millis) -> Self {
        Self {
            turn,
            from_ms,
            to_ms: from_ms,
            job: None,
            sound_from_ms: from_ms,
            early: None,
            partial: None,
            last_voiced: now,
            ended: None,
            doubt: None,
            longest_pause: 0,
        }
    }

    /// Withdraws what is being recognised of it.
    pub(super) fn jobs(&self) -> impl Iterator<Item = Output> + use<> {
        self.job.into_iter().chain(self.partial).map(Output::CancelRecognition)
    }
}

/// What speech over a prompt turned out to be.
enum Verdict {
    Speech,
    /// And why not.
    Nothing(&'static str),
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
        if self.goes_on(speaker, from_ms, now, out) {
            return;
        }
        let turn = match (&self.with, &self.listening) {
            (With::Agent { .. }, _) => 0,
            (With::Bot, Some(listening)) if speaker == Speaker::Caller => {
                if self.run.is_deaf() {
                    return;
                }
                // What was said before is not lost to what is said now.
                let is_being_recognised = |utterance: &Utterance| {
                    utterance.turn == listening.turn && utterance.ended.is_some() && utterance.job.is_some()
                };
                if self.floor_is_held() || self.caller.as_ref().is_some_and(is_being_recognised) {
                    self.waiting_speech = Some(from_ms);
                    return;
                }
                listening.turn
            }
            _ => return,
        };
        let mut utterance = Utterance::new(turn, from_ms, now);
        if speaker == Speaker::Agent {
            out.extend(self.agent.replace(utterance).into_iter().flat_map(|before| before.jobs()));
            return;
        }
        let interrupts = self.with == With::Bot && self.sayings.iter().any(|saying| !saying.stopped);
        utterance.doubt = interrupts.then_some(now);
        out.extend(self.caller.replace(utterance).into_iter().flat_map(|before| before.jobs()));
        if interrupts {
            self.suspended = Some(now);
            out.push(Output::Suspend);
        } else if self.with == With::Bot {
            self.tell(flowing::Event::SpeechStarted, now, out);
        }
    }

    pub(super) fn talking(&mut self, speaker: Speaker, from_ms: u64, to_ms: u64, now: Millis, out: &mut Vec<Output>) {
        let id = self.next_id;
        let Some(utterance) = self.utterance(speaker).filter(|utterance| utterance.ended.is_none()) else { return };
        let (from_ms, doubted) = (from_ms.min(utterance.from_ms), utterance.doubt.is_some());
        if utterance.job.is_none() {
            utterance.to_ms = to_ms;
        }
        // What interrupts must be known soon; for the screens the first words are early enough.
        let worth_it = doubted || to_ms.saturating_sub(from_ms) >= SHOWN_MS;
        if worth_it && utterance.partial.is_none() {
            utterance.partial = Some(id);
            self.next_id += 1;
            out.push(self.recognise(
                id,
                speaker,
                from_ms.max(to_ms.saturating_sub(PARTIAL_MS)),
                to_ms,
                Priority::Partial,
            ));
        }
        if doubted && to_ms.saturating_sub(from_ms) >= INTERRUPTS_MS {
            self.interrupt(now, out);
        }
    }

    /// It was speech that means us: the flow hears of it, and stops the prompt where the block lets it.
    fn interrupt(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.caller.as_mut().and_then(|utterance| utterance.doubt.take()).is_some() {
            self.tell(flowing::Event::SpeechStarted, now, out);
            // Words that only filled a silence are not the flow's to stop.
            self.stop_speaking(out);
        }
    }

    /// It was nothing: the prompt goes on.
    fn false_alarm(&mut self, reason: &'static str, now: Millis, out: &mut Vec<Output>) {
        let Some(utterance) = self.caller.take() else { return };
        out.extend(utterance.jobs());
        if utterance.ended.is_none() {
            out.push(Output::FinishTurn);
        }
        let (from_ms, to_ms) = (utterance.from_ms as u32, utterance.to_ms as u32);
        let event = Event::NotHeard { turn: utterance.turn, from_ms, to_ms, reason: reason.to_owned() };
        self.write_at(event, now, Some(from_ms), out);
    }

    /// When a doubt must be over.
    pub(super) fn doubt_ends(&self) -> Option<Millis> {
        Some(self.caller.as_ref()?.doubt? + DOUBT_MS)
    }

    pub(super) fn end_doubt(&mut self, now: Millis, out: &mut Vec<Output>) {
        if self.doubt_ends().is_some_and(|at| at <= now) {
            self.interrupt(now, out);
        }
    }

    /// A prompt that was made silent goes on when nobody interrupts it any more.
    pub(super) fn resume_if_nobody_interrupts(&mut self, now: Millis, out: &mut Vec<Output>) {
        let doubted = self.caller.as_ref().is_some_and(|utterance| utterance.doubt.is_some());
        if let Some(since) = self.suspended.take_if(|_| !doubted) {
            for saying in self.sayings.iter_mut().filter(|saying| saying.started.is_some()) {
                saying.delayed += now.saturating_sub(since) + REPEATED_MS;
            }
            out.push(Output::Resume);
        }
    }

    fn verdict(&self, result: &Result<Recognition, NotRecognised>, lasted_ms: u64) -> Verdict {
        let Ok(recognition) = result else { return Verdict::Speech };
        let text = recognition.text.trim();
        if recognition.no_speech || text.is_empty() || lasted_ms < SHORT_MS && recognition.confidence < HARDLY {
            return Verdict::Nothing("no_speech");
        }
        // Where a word is asked for, it may be one of these; nobody answers an open question with "okay".
        let profile = self.listening.as_ref().map(|listening| listening.profile);
        let answers = || {
            matches!(profile, Some(Profile::Menu | Profile::YesNo))
                && matches!(self.answer(recognition), Answer::Taken(_))
        };
        if listen::is_back_channel(text) && !answers() {
            return Verdict::Nothing("back_channel");
        }
        Verdict::Speech
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
        out.extend(utterance.jobs());
        utterance.partial = None;
        utterance.early = None;
        utterance.to_ms = to_ms;
        utterance.last_voiced = last_voiced;
        utterance.job = Some(job);
        let from_ms = from_ms.min(utterance.from_ms);
        self.next_id += 1;
        out.push(self.recognise(job, speaker, from_ms, to_ms, Priority::Speculative));
    }

    pub(super) fn speech_resumed(&mut self, speaker: Speaker, now: Millis, out: &mut Vec<Output>) {
        let Some(utterance) = self.utterance(speaker).filter(|utterance| utterance.ended.is_none()) else { return };
        utterance.longest_pause = utterance.longest_pause.max(now.saturating_sub(utterance.last_voiced));
        utterance.early = None;
        out.extend(utterance.job.take().map(Output::CancelRecognition));
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
            out.extend(utterance.jobs());
            (utterance.job, utterance.partial) = (Some(next), None);
            utterance.to_ms = to_ms;
            utterance.early = None;
            let from_ms = from_ms.min(utterance.from_ms);
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
        // While somebody still talks, it is not worth the time.
        let detects = self.with == With::Bot && self.run.is_detecting() && priority > Priority::Partial;
        let among = if detects { self.start.0.languages.clone() } else { Vec::new() };
        let answers = self.with == With::Bot && speaker == Speaker::Caller && priority > Priority::Partial;
        let intents = if answers { self.run.intents_asked() } else { Vec::new() };
        Output::Recognise { job, speaker, from_ms, to_ms, language: self.language, among, grammar, intents, priority }
    }

    pub(super) fn recognised(
        &mut self,
        job: u64,
        sound_from_ms: u64,
        result: Result<Recognition, NotRecognised>,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        let of = |utterance: &Option<Utterance>| {
            utterance.as_ref().is_some_and(|u| u.job == Some(job) || u.partial == Some(job))
        };
        let speaker = if of(&self.caller) {
            Speaker::Caller
        } else if of(&self.agent) {
            Speaker::Agent
        } else {
            return;
        };
        let to_bot = speaker == Speaker::Caller && self.with == With::Bot;
        let Some(utterance) = self.utterance(speaker) else { return };
        if utterance.partial == Some(job) {
            utterance.partial = None;
            self.show(speaker, &result, now, out);
            self.doubt_less(&result, false, now, out);
            return;
        }
        utterance.sound_from_ms = sound_from_ms;
        if utterance.ended.is_some() {
            self.conclude(speaker, result, now, out);
        } else if to_bot {
            self.paused_words(result, now, out);
        } else {
            utterance.early = Some(result);
        }
    }

    /// What a caller who has paused has said so far.
    fn paused_words(&mut self, result: Result<Recognition, NotRecognised>, now: Millis, out: &mut Vec<Output>) {
        if self.doubt_less(&result, true, now, out) {
            return;
        }
        let (answer, wait) = self.judged(&result);
        let Some(utterance) = &mut self.caller else { return };
        if now.saturating_sub(utterance.last_voiced) >= wait.as_millis() as Millis {
            // Waiting for more silence would only keep the caller waiting.
            utterance.ended = Some(now);
            out.push(Output::FinishTurn);
            return self.conclude(Speaker::Caller, result, now, out);
        }
        out.push(Output::WaitFor(wait));
        self.show(Speaker::Caller, &result, now, out);
        if let Answer::Taken(parts) = answer {
            for part in parts {
                let language = part.language;
                out.extend(
                    crate::speak::sentences(&part.text).into_iter().map(|text| Output::Prepare { text, language }),
                );
            }
        }
        if let Some(utterance) = &mut self.caller {
            utterance.early = Some(result);
        }
    }

    /// What the flow would make of the words so far, and how long to wait for more.
    fn judged(&self, result: &Result<Recognition, NotRecognised>) -> (Answer, Duration) {
        let profile = self.listening.as_ref().map_or(Profile::Free, |listening| listening.profile);
        let Ok(recognition) = result else { return (Answer::Missed, patience(profile, Words::Part)) };
        if recognition.no_speech || recognition.text.trim().is_empty() {
            return (Answer::Missed, patience(profile, Words::None));
        }
        let answer = self.answer(recognition);
        let complete = self.listening.as_ref().is_some_and(|listening| is_complete(&listening.grammar, result));
        let clause = listen::clause(&recognition.text, self.language);
        let words = if complete { Words::Complete } else { Words::new(&answer, clause) };
        let (lasted, paused) = self
            .caller
            .as_ref()
            .map_or((0, 0), |utterance| (utterance.to_ms.saturating_sub(utterance.from_ms), utterance.longest_pause));
        (answer, patience_for_more(profile, patience(profile, words), lasted, paused))
    }

    /// What the flow would make of the words. A "no" may lead to another question, and is an answer all the same.
    fn answer(&self, recognition: &Recognition) -> Answer {
        let answer = self.run.answer(&self.as_heard(recognition));
        let wants_yes_or_no = self.listening.as_ref().is_some_and(|listening| listening.profile == Profile::YesNo);
        match answer {
            Answer::Missed if wants_yes_or_no && yes_no(&recognition.text, self.language).is_some() => {
                Answer::Taken(Vec::new())
            }
            answer => answer,
        }
    }

    fn as_heard(&self, recognition: &Recognition) -> flowing::Heard {
        let detected = recognition.detected.as_ref().and_then(|(language, _)| language.tag().parse().ok());
        flowing::Heard {
            text: recognition.text.clone(),
            confidence: recognition.confidence,
            alternatives: others(recognition),
            language: detected.unwrap_or(self.language),
            detected: detected.is_some(),
            meaning: self
                .meant
                .as_ref()
                .filter(|(text, _)| *text == recognition.text)
                .map(|(_, meaning)| meaning.clone()),
        }
    }

    /// Decides by its words whether speech interrupts the prompt; returns whether it was nothing. The words of somebody who goes on
    /// talking may still become others.
    fn doubt_less(
        &mut self,
        result: &Result<Recognition, NotRecognised>,
        paused: bool,
        now: Millis,
        out: &mut Vec<Output>,
    ) -> bool {
        let Some(utterance) = self.caller.as_ref().filter(|utterance| utterance.doubt.is_some()) else { return false };
        let lasted_ms = utterance.to_ms.saturating_sub(utterance.from_ms);
        // Somebody in the middle of a word is easily misheard.
        let sure = result.as_ref().is_ok_and(|recognition| recognition.confidence >= SURELY);
        match self.verdict(result, lasted_ms) {
            Verdict::Speech if paused || sure => self.interrupt(now, out),
            Verdict::Nothing(reason) if paused => {
                self.false_alarm(reason, now, out);
                return true;
            }
            _ => {}
        }
        false
    }

    /// Words that may still change, for live screens.
    fn show(&self, speaker: Speaker, result: &Result<Recognition, NotRecognised>, now: Millis, out: &mut Vec<Output>) {
        if let Ok(recognition) = result
            && !recognition.no_speech
            && !(self.with == With::Bot && self.run.asks_a_secret())
        {
            let event = Event::Partial { speaker, text: Personal::new(&recognition.text) };
            let at = self.offered_at + now as i64;
            out.push(Output::Journal(Entry { seq: 0, at, audio_ms: None, event }));
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
        if speaker == Speaker::Caller && self.doubt_less(&result, true, now, out) {
            return;
        }
        let taken = if speaker == Speaker::Agent { self.agent.take() } else { self.caller.take() };
        let Some(utterance) = taken else { return };
        let (from_ms, to_ms) = (utterance.from_ms as u32, utterance.to_ms as u32);
        let to_flow = self.with == With::Bot
            && speaker == Speaker::Caller
            && self.listening.as_ref().is_some_and(|listening| listening.turn == utterance.turn);
        let before = to_flow.then(|| self.as_it_stands(&utterance, now));
        if to_flow {
            self.commit(out);
            self.held = Some(Vec::new());
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
                let heard = self.as_heard(&recognition);
                let secret = to_flow && self.run.asks_a_secret();
                let shown = |text: &str| Personal::new(if secret { MASKED } else { text });
                let event = Event::Heard {
                    turn: utterance.turn,
                    speaker,
                    text: shown(&recognition.text),
                    confidence: recognition.confidence,
                    from_ms,
                    to_ms,
                    engine: recognition.engine.clone(),
                    alternatives: if secret {
                        Vec::new()
                    } else {
                        heard.alternatives.iter().map(Personal::new).collect()
                    },
                    words: if secret {
                        Vec::new()
                    } else {
                        words(&recognition, utterance.sound_from_ms, (from_ms, to_ms))
                    },
                };
                self.write_at(event, now, Some(from_ms), out);
                if to_flow {
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
        // Unless something was done meanwhile that cannot be undone.
        if self.held.is_some() {
            self.tentative = before;
        }
        if speaker == Speaker::Caller {
            self.hear_what_waits(now, out);
        }
    }

    /// Speech that had to wait is followed as soon as it may be.
    pub(super) fn hear_what_waits(&mut self, now: Millis, out: &mut Vec<Output>) {
        if !self.floor_is_held()
            && let Some(from_ms) = self.waiting_speech.take()
        {
            self.speech_started(Speaker::Caller, from_ms, now, out);
        }
    }

    pub(super) fn key(&mut self, digit: char, now: Millis, out: &mut Vec<Output>) {
        let secret = self.with == With::Bot && self.run.asks_a_secret();
        let shown = if secret { MASKED_KEY } else { digit };
        self.write(Event::Key { digit: Personal::new(shown.to_string()) }, now, out);
        if self.with != With::Bot {
            return self.pressed_while_waiting(digit, now, out);
        }
        if self.settled {
            return;
        }
        // A key is an answer; what was being said at the same time is not.
        out.extend(self.caller.take().into_iter().flat_map(|utterance| utterance.jobs()));
        self.tell(flowing::Event::Key(digit), now, out);
    }
}

/// The words in their places in the recording. The sound that was recognised has a little before and after the utterance in it; what
/// was laid there belongs to the edge.
fn words(recognition: &Recognition, sound_from_ms: u64, (from_ms, to_ms): (u32, u32)) -> Vec<Word> {
    let place = |after: Duration| {
        let at = sound_from_ms.saturating_add(after.as_millis() as u64);
        u32::try_from(at).unwrap_or(u32::MAX).clamp(from_ms, to_ms.max(from_ms))
    };
    let word =
        |word: &WordTime| Word { text: Personal::new(&word.text), from_ms: place(word.start), to_ms: place(word.end) };
    recognition.words.iter().map(word).collect()
}

/// Whether no more can follow what was heard: all digits are there, or every place of the form is filled.
fn is_complete(grammar: &Grammar, result: &Result<Recognition, NotRecognised>) -> bool {
    match (grammar, result) {
        (Grammar::Digits { max, .. }, Ok(recognition)) => {
            recognition.in_grammar && recognition.text.chars().filter(char::is_ascii_digit).count() == *max
        }
        (Grammar::Characters(form), Ok(recognition)) => {
            let text = &recognition.text;
            recognition.in_grammar && text.chars().count() == form.longest() && form.fits(text)
        }
        _ => false,
    }
}

fn others(recognition: &Recognition) -> Vec<String> {
    recognition.alternatives.iter().map(|a| a.text.clone()).filter(|text| *text != recognition.text).take(4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognition(text: &str) -> Recognition {
        Recognition { text: text.into(), no_speech: false, in_grammar: true, ..Recognition::silence("test") }
    }

    #[test]
    fn a_form_is_complete_when_its_last_place_is_filled() {
        let grammar = Grammar::Characters("AA99(99)".parse().expect("a form"));
        for (text, complete) in [
            ("AB1042", true),
            ("AB10", false),
            ("AB104", false),
            ("ABCD42", false),
            ("AB10423", false),
            ("my order", false),
            ("", false),
        ] {
            assert_eq!(is_complete(&grammar, &Ok(recognition(text))), complete, "{text}");
        }
        let outside = Recognition { in_grammar: false, ..recognition("AB1042") };
        assert!(!is_complete(&grammar, &Ok(outside)));
        assert!(!is_complete(&grammar, &Err(NotRecognised::Busy)));
    }

    #[test]
    fn words_lie_in_the_recording_and_within_their_utterance() {
        let times = [("where", 180, 450), ("is", 450, 600), ("it?", 700, 1_350)];
        let word = |(text, start, end): (&str, u64, u64)| WordTime {
            text: text.into(),
            start: Duration::from_millis(start),
            end: Duration::from_millis(end),
        };
        let heard = Recognition { words: times.map(word).to_vec(), ..recognition("where is it?") };
        // The utterance goes from 300 ms to 1,200 ms of the sound.
        let words = words(&heard, 5_000, (5_300, 6_200));
        let placed: Vec<_> = words.iter().map(|word| (word.text.reveal(), word.from_ms, word.to_ms)).collect();
        assert_eq!(placed, [("where", 5_300, 5_450), ("is", 5_450, 5_600), ("it?", 5_700, 6_200)]);
    }
}
