//! Dead air: nothing is to be heard although it is our turn, because a service, a voice or the recogniser takes its time or does not come
//! back. After two seconds something is said; after five the block takes its way out. A wait for another service has a deadline of its
//! own in the flow, so there the caller is told again and again that we are still there.

use flow::event as flowing;
use flow::phrases;

use super::speaking::{Piece, Saying};
use super::{Conversation, Millis, Output, With};
use crate::event::Event;

/// So much silence is broken by a few words …
const FILL_MS: Millis = 2_000;
/// … later ones come less often …
const FILL_AGAIN_MS: Millis = 4_500;
/// … and so much is given up.
const GIVE_UP_MS: Millis = 5_000;
/// A piece that is this much behind its end is not being heard.
const OVERDUE_MS: Millis = 500;

/// What is known of a silence that is ours.
#[derive(Default)]
pub(super) struct Quiet {
    since: Option<Millis>,
    /// Something was to be said in this silence.
    filled: bool,
    /// How often, since the caller last had the floor.
    fillers: u32,
}

impl Conversation {
    /// Takes note of whether it is our turn and nothing is to be heard.
    pub(super) fn listen_for_silence(&mut self, now: Millis) {
        if self.is_our_turn() && !self.is_audible(now) {
            if self.quiet.since.is_none() {
                self.quiet.since = Some(now);
                self.quiet.filled = false;
            }
        } else {
            self.quiet.since = None;
            if !self.is_our_turn() {
                self.quiet.fillers = 0;
            }
        }
    }

    pub(super) fn is_our_turn(&self) -> bool {
        if self.over || !self.begun || self.with != With::Bot || self.suspended.is_some() {
            return false;
        }
        match &self.caller {
            Some(utterance) if utterance.ended.is_none() => false,
            Some(_) => true,
            None => !self.sayings.is_empty() || self.ending.is_some() || !self.run.is_listening(),
        }
    }

    fn is_audible(&self, now: Millis) -> bool {
        self.heard_until().any(|until| now < until)
    }

    /// When those pieces that are being heard should be over.
    fn heard_until(&self) -> impl Iterator<Item = Millis> {
        self.sayings.iter().flat_map(|saying| {
            let delayed = saying.delayed;
            saying.pieces.iter().filter_map(move |piece| match (piece.started, piece.over) {
                (Some(at), None) => Some(at + delayed + Millis::from(piece.of_ms.unwrap_or(0)) + OVERDUE_MS),
                _ => None,
            })
        })
    }

    /// When something has to be done about a silence. A piece that is being heard is looked at again when it should be over.
    pub(super) fn quiet_ends(&self) -> Option<Millis> {
        if let Some(since) = self.quiet.since {
            let fill = (!self.quiet.filled).then_some(since + self.fill_after());
            let give_up = (!self.run.is_requesting()).then_some(since + GIVE_UP_MS);
            return fill.into_iter().chain(give_up).min();
        }
        if self.is_our_turn() { self.heard_until().min() } else { None }
    }

    fn fill_after(&self) -> Millis {
        if self.quiet.fillers == 0 { FILL_MS } else { FILL_AGAIN_MS }
    }

    /// Does what is due about a silence.
    pub(super) fn break_silence(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.listen_for_silence(now);
        let Some(since) = self.quiet.since else { return };
        if !self.run.is_requesting() && now >= since + GIVE_UP_MS {
            self.quiet = Quiet::default();
            self.give_up_silence(now, out);
        } else if !self.quiet.filled && now >= since + self.fill_after() {
            self.fill(now, out);
        }
    }

    fn fill(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.quiet.filled = true;
        self.quiet.fillers += 1;
        let message = format!("nothing was to be heard for {} s, so the caller was asked to wait", FILL_MS / 1_000);
        self.write(Event::Problem { what: "filler".into(), message }, now, out);
        // Words that do not come are not made to come by more of them in the same queue, so these go past it.
        let (id, language) = (self.next_id, self.language);
        self.next_id += 1;
        let text = phrases::still_there(self.quiet.fillers, language).to_owned();
        let turn = self.run.turn();
        out.push(Output::Fill { id, turn, text: text.clone(), language });
        let piece = Piece { id, text, of_ms: None, started: None, over: None };
        // Before whatever waits: it is heard first, and is over first.
        self.sayings.push_front(Saying::filler(turn, piece));
    }

    fn give_up_silence(&mut self, now: Millis, out: &mut Vec<Output>) {
        self.commit(out);
        let message = format!(
            "nothing was to be heard for {} s although it was our turn: the block was left",
            GIVE_UP_MS / 1_000
        );
        self.write(Event::Problem { what: "dead_air".into(), message }, now, out);
        if let Some(utterance) = self.caller.take_if(|utterance| utterance.ended.is_some()) {
            out.extend(utterance.job.map(Output::CancelRecognition));
            let (from_ms, to_ms) = (utterance.from_ms as u32, utterance.to_ms as u32);
            let event = Event::NotHeard { turn: utterance.turn, from_ms, to_ms, reason: "timeout".into() };
            self.write_at(event, now, Some(from_ms), out);
        }
        self.stop_speaking(out);
        self.cut_off_speech(now);
        self.sayings.iter_mut().for_each(|saying| saying.withdrawn = true);
        self.tell(flowing::Event::DeadAir, now, out);
        self.close_sayings(now, out);
    }
}
