//! Speaking: what is being said, what of it was really heard, and how long a reply took.

use flow::event as flowing;

use super::{Conversation, Millis, Output};
use crate::call::spoken::heard_part;
use crate::event::{Entry, Event, Latency, Personal, Speaker};

/// One sentence of it.
pub(super) struct Piece {
    pub(super) id: u64,
    pub(super) text: String,
    /// Its length in ms, once it is rendered.
    pub(super) of_ms: Option<u32>,
    /// When its first voiced packet left.
    pub(super) started: Option<Millis>,
    /// Played and whole length in ms, once it is over.
    pub(super) over: Option<(u32, u32)>,
}

/// One `Say` of the flow.
pub(super) struct Saying {
    pub(super) say: u64,
    pub(super) turn: u64,
    pub(super) barge_in: bool,
    pub(super) stopped: bool,
    pub(super) started: Option<Millis>,
    /// The flow no longer asks when it is over.
    pub(super) withdrawn: bool,
    /// How long it was made silent for, in ms.
    pub(super) delayed: Millis,
    pub(super) pieces: Vec<Piece>,
}

impl Saying {
    /// A few words between the flow's.
    pub(super) fn filler(turn: u64, piece: Piece) -> Self {
        Self { turn, ..Self::between(vec![piece]) }
    }

    /// Words of which the flow knows nothing.
    pub(super) fn between(pieces: Vec<Piece>) -> Self {
        Self { say: 0, turn: 0, barge_in: true, stopped: false, started: None, withdrawn: true, delayed: 0, pieces }
    }
}

/// The moments between a caller's last sound and the first of the reply.
#[derive(Clone, Copy)]
pub(super) struct ReplyClock {
    pub(super) last_voiced: Millis,
    pub(super) ended: Millis,
    pub(super) recognised: Millis,
    pub(super) decided: Option<(Millis, u64)>,
    pub(super) ready: Option<Millis>,
}

impl Conversation {
    pub(super) fn stop_speaking(&mut self, out: &mut Vec<Output>) {
        if self.sayings.iter().any(|saying| !saying.stopped) {
            self.suspended = None;
            self.sayings.iter_mut().for_each(|saying| saying.stopped = true);
            out.push(Output::StopPlaying);
        }
    }

    pub(super) fn say(
        &mut self,
        say: u64,
        turn: u64,
        parts: Vec<flowing::Part>,
        barge_in: bool,
        now: Millis,
        out: &mut Vec<Output>,
    ) {
        // The flow does not wait for the end of what is being said: it goes on without it.
        if let Some(utterance) = self.caller.take_if(|utterance| utterance.ended.is_none() && utterance.doubt.is_none())
        {
            out.extend(utterance.jobs());
            out.push(Output::FinishTurn);
        }
        let mut pieces = Vec::new();
        self.last_say = self.last_say.max(say);
        for part in parts {
            for text in self.recorded.pieces(&part.text, part.language) {
                let id = self.next_id;
                self.next_id += 1;
                if let Some(reply) = self.reply.as_mut().filter(|reply| reply.decided.is_none()) {
                    reply.decided = Some((now, id));
                }
                out.push(Output::Play { id, turn, text: text.clone(), language: part.language });
                pieces.push(Piece { id, text, of_ms: None, started: None, over: None });
            }
        }
        // Transcripts keep what is written, without its markup.
        pieces.iter_mut().for_each(|piece: &mut Piece| piece.text = flow::markup::plain(&piece.text));
        let nothing = pieces.is_empty();
        self.sayings.push_back(Saying {
            say,
            turn,
            barge_in,
            stopped: false,
            started: None,
            withdrawn: false,
            delayed: 0,
            pieces,
        });
        if nothing {
            self.close_sayings(now, out);
        }
    }

    pub(super) fn piece_started(&mut self, id: u64, at: Millis, now: Millis, out: &mut Vec<Output>) {
        let saying = self.sayings.iter_mut().find(|saying| saying.pieces.iter().any(|piece| piece.id == id));
        let Some(saying) = saying else { return };
        saying.started.get_or_insert(at);
        let turn = saying.turn;
        if let Some(piece) = saying.pieces.iter_mut().find(|piece| piece.id == id) {
            piece.started.get_or_insert(at);
            let event = Event::Partial { speaker: Speaker::Bot, text: Personal::new(&piece.text) };
            let at = self.offered_at + at as i64;
            out.push(Output::Journal(Entry { seq: 0, at, audio_ms: None, event }));
        }
        let Some(reply) = self.reply.filter(|reply| reply.decided.is_some_and(|(_, piece)| piece == id)) else {
            return;
        };
        self.reply = None;
        self.reply_is_heard(at);
        let since = |later: Millis, earlier: Millis| later.saturating_sub(earlier) as u32;
        let decided = reply.decided.map_or(at, |(decided, _)| decided);
        let latency = Latency {
            wire_ms: since(at, reply.last_voiced),
            endpoint_ms: since(reply.ended, reply.last_voiced),
            recognise_ms: since(reply.recognised, reply.ended),
            decide_ms: since(decided, reply.recognised),
            speak_ms: since(reply.ready.unwrap_or(at), decided),
        };
        self.write(Event::Replied { turn, latency }, now, out);
    }

    pub(super) fn piece(&mut self, id: u64) -> Option<&mut Piece> {
        self.sayings.iter_mut().flat_map(|saying| &mut saying.pieces).find(|piece| piece.id == id)
    }

    pub(super) fn piece_over(&mut self, id: u64, played_ms: u32, of_ms: u32, now: Millis, out: &mut Vec<Output>) {
        if let Some(piece) = self.piece(id) {
            piece.over.get_or_insert((played_ms, of_ms));
        }
        self.close_sayings(now, out);
    }

    /// The leg is gone: what was being said ends here, by the clock.
    pub(super) fn cut_off_speech(&mut self, now: Millis) {
        for saying in &mut self.sayings {
            let mut left = saying.started.map_or(0, |at| now.saturating_sub(at + saying.delayed)) as u32;
            for piece in &mut saying.pieces {
                let of_ms = piece.over.map_or(piece.of_ms.unwrap_or(0), |(_, of)| of);
                let (played, _) = *piece.over.get_or_insert((left.min(of_ms), of_ms));
                left = left.saturating_sub(played);
            }
        }
    }

    /// Journals what was said and tells the flow, for each `Say` whose pieces are all over.
    pub(super) fn close_sayings(&mut self, now: Millis, out: &mut Vec<Output>) {
        while let Some(saying) = self.sayings.front() {
            if saying.pieces.iter().any(|piece| piece.over.is_none()) {
                return;
            }
            let Some(saying) = self.sayings.pop_front() else { return };
            let sum = |pick: fn((u32, u32)) -> u32| saying.pieces.iter().filter_map(|p| p.over).map(pick).sum::<u32>();
            let (played_ms, of_ms) = (sum(|(played, _)| played), sum(|(_, of)| of));
            let words: Vec<String> = saying
                .pieces
                .iter()
                .filter_map(|piece| piece.over.map(|(played, of)| heard_part(&piece.text, played, of.max(1))))
                .filter(|words| !words.is_empty())
                .collect();
            if !words.is_empty() {
                let text = Personal::new(words.join(" "));
                let completed = played_ms >= of_ms;
                let audio_ms = saying.started.and_then(|at| self.audio_ms(at));
                self.write_at(Event::Said { turn: saying.turn, text, played_ms, of_ms, completed }, now, audio_ms, out);
            }
            if !saying.withdrawn {
                self.tell(flowing::Event::SpeechDone { say: saying.say }, now, out);
            }
            self.hear_what_waits(now, out);
        }
    }
}
