//! Decisions that can be taken back. A caller who goes on after a short pause has not begun a new turn: as long as the reply can hardly
//! have been heard, and nothing was done that cannot be undone, the flow is put back to where it was, and what is said now is recognised
//! together with what was said before. Until then nothing of the decision is in the journal.

use flow::Run;
use intent::Language;

use super::hearing::{Listening, Utterance};
use super::{Conversation, Input, Millis, Output, With};
use crate::event::{Event, Speaker};

/// How long a decision can be taken back, from the end of the turn …
const TAKEN_BACK_MS: Millis = 1_000;
/// … and once the reply is heard: nobody has taken it in by then.
const AUDIBLE_MS: Millis = 300;
/// A longer pause between two stretches of speech makes them two turns.
const GAP_MS: u64 = 1_600;
/// A turn that is this long is not joined to another.
const LONGEST_MS: u64 = 12_000;

/// How things stood before a turn was decided.
pub(super) struct Tentative {
    pub(super) run: Run,
    pub(super) listening: Option<Listening>,
    pub(super) language: Language,
    pub(super) turn: u64,
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    /// Prompts with a later id are the reply.
    pub(super) last_say: u64,
    /// When the decision is final.
    pub(super) until: Millis,
}

/// Something to be journaled once the decision is final.
pub(super) struct Held {
    pub(super) event: Event,
    pub(super) now: Millis,
    pub(super) audio_ms: Option<u32>,
}

impl Conversation {
    /// How things stand, for coming back to them.
    pub(super) fn as_it_stands(&self, utterance: &Utterance, now: Millis) -> Tentative {
        Tentative {
            run: self.run.clone(),
            listening: self.listening.clone(),
            language: self.language,
            turn: utterance.turn,
            from_ms: utterance.from_ms,
            to_ms: utterance.to_ms,
            last_say: self.last_say,
            until: now + TAKEN_BACK_MS,
        }
    }

    /// Whether this makes the last decision final.
    pub(super) fn settles(&self, input: &Input, now: Millis) -> bool {
        let is_final = matches!(
            input,
            Input::Key(_) | Input::Http { .. } | Input::Queue(_) | Input::HungUp { .. } | Input::Answered { .. }
        );
        is_final || self.tentative.as_ref().is_some_and(|tentative| tentative.until <= now)
    }

    /// The reply begins to be heard.
    pub(super) fn reply_is_heard(&mut self, at: Millis) {
        if let Some(tentative) = &mut self.tentative {
            tentative.until = tentative.until.min(at + AUDIBLE_MS);
        }
    }

    /// The decision is final: what waited goes into the journal.
    pub(super) fn commit(&mut self, out: &mut Vec<Output>) {
        self.tentative = None;
        for Held { event, now, audio_ms } in self.held.take().into_iter().flatten() {
            let entry = self.entry(event, now, audio_ms);
            out.push(Output::Journal(entry));
        }
    }

    /// Whether speech that begins here belongs to the turn before; if so, the turn goes on.
    pub(super) fn goes_on(&mut self, speaker: Speaker, from_ms: u64, now: Millis, out: &mut Vec<Output>) -> bool {
        if let Some(tentative) = self.tentative.as_ref().filter(|_| speaker == Speaker::Caller) {
            let joins = joins(tentative.from_ms, tentative.to_ms, from_ms);
            // A prompt that nobody may interrupt has begun: it is said to its end.
            let held =
                self.sayings.iter().any(|saying| !saying.barge_in && !saying.stopped && saying.started.is_some());
            if joins && !held {
                self.take_back(from_ms, now, out);
                return true;
            }
            self.commit(out);
            return false;
        }
        // It is still being recognised.
        let turn = match self.with {
            With::Bot => self.listening.as_ref().map(|listening| listening.turn),
            _ => Some(0),
        };
        let Some(utterance) = self.utterance(speaker) else { return false };
        let joins = utterance.ended.is_some()
            && Some(utterance.turn) == turn
            && joins(utterance.from_ms, utterance.to_ms, from_ms);
        if joins {
            utterance.longest_pause = utterance.longest_pause.max(from_ms.saturating_sub(utterance.to_ms));
            utterance.ended = None;
            utterance.early = None;
            out.extend(utterance.job.take().map(Output::CancelRecognition));
            out.push(Output::Rejoin { speaker, from_ms: utterance.from_ms });
            // Words that filled the silence meanwhile; a prompt in doubt is silent as it is.
            if utterance.doubt.is_none() {
                self.stop_speaking(out);
            }
        }
        joins
    }

    fn take_back(&mut self, from_ms: u64, now: Millis, out: &mut Vec<Output>) {
        let Some(before) = self.tentative.take() else { return };
        for held in self.held.take().into_iter().flatten() {
            // What the caller heard and what failed is so, whatever comes of it.
            if matches!(held.event, Event::Said { .. } | Event::Problem { .. } | Event::Replied { .. }) {
                let entry = self.entry(held.event, held.now, held.audio_ms);
                out.push(Output::Journal(entry));
            }
        }
        self.run.take_back(before.run);
        self.language = before.language;
        self.reply = None;
        for saying in self.sayings.iter_mut().filter(|saying| saying.say > before.last_say) {
            saying.withdrawn = true;
        }
        self.stop_speaking(out);
        if let Some(listening) = &before.listening {
            out.push(Output::SetProfile(listening.profile));
        }
        self.listening = before.listening;
        let mut utterance = Utterance::new(before.turn, before.from_ms, now);
        utterance.longest_pause = from_ms.saturating_sub(before.to_ms);
        out.push(Output::Rejoin { speaker: Speaker::Caller, from_ms: utterance.from_ms });
        self.caller = Some(utterance);
    }
}

fn joins(from_ms: u64, to_ms: u64, next_ms: u64) -> bool {
    next_ms.saturating_sub(to_ms) <= GAP_MS && next_ms.saturating_sub(from_ms) <= LONGEST_MS
}
