//! A caller of the load generator who talks: waits for a pause, says a sentence, listens to the reply, and now and then interrupts it.
//! What is measured is what is on the wire, packet by packet.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::Rng;
use rand::rngs::StdRng;

use super::measure::Values;
use super::rtp::is_voiced;
use super::sys::{MS, Nanos, SECOND};

/// The other side has finished when it has been silent for this long.
const PAUSE: Nanos = 900 * MS;
/// Time of a packet.
const PACKET: Nanos = 20 * MS;
const SAMPLES: usize = 160;
/// A reply that is not there by then does not come.
const NO_REPLY: Nanos = 8 * SECOND;
/// When a reply is interrupted, from its first sound.
const INTERRUPTED: std::ops::Range<Nanos> = 1_000 * MS..2_500 * MS;

/// Something to say, as μ-law.
#[derive(Debug)]
pub struct Words {
    payload: Vec<u8>,
    /// The first and the last packet that can be heard.
    voiced: (usize, usize),
}

impl Words {
    /// Takes μ-law; `None` when nothing in it can be heard.
    pub fn new(mut payload: Vec<u8>) -> Option<Self> {
        payload.resize(payload.len().next_multiple_of(SAMPLES), 0xff);
        let mut packets = payload.chunks(SAMPLES);
        let first = packets.position(is_voiced)?;
        let last = payload.chunks(SAMPLES).rposition(is_voiced)?;
        Some(Self { payload, voiced: (first, last) })
    }
}

/// What callers say.
#[derive(Debug)]
pub struct Script {
    /// When it is their turn.
    pub sentences: Vec<Words>,
    /// When it is not.
    pub interruptions: Vec<Words>,
    /// Who may talk at the same time.
    pub turns: Turns,
}

/// How many callers talk at the same time: from the first packet of their words to the first sound of the reply. The others listen.
#[derive(Debug)]
pub struct Turns(AtomicUsize);

impl Turns {
    /// So many at most.
    pub fn at_once(callers: usize) -> Self {
        Self(AtomicUsize::new(callers))
    }

    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    fn give_back(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What was measured of talk.
#[derive(Clone, Default)]
pub struct Talked {
    /// Last voiced packet of a sentence sent → first voiced packet of the reply.
    pub reply: Values,
    /// The same of an interruption.
    pub reply_after_interruption: Values,
    /// First voiced packet of an interruption sent → the last voiced packet of the prompt.
    pub silenced: Values,
    /// Sentences during which the other side began to speak.
    pub cut_ins: u64,
    /// Sentences said, and interruptions.
    pub sentences: u64,
    pub interruptions: u64,
    /// No reply came.
    pub unanswered: u64,
}

#[derive(Debug)]
enum State {
    /// For a pause after something was heard.
    Waiting {
        last_heard: Option<Nanos>,
    },
    Saying {
        interrupts: bool,
        number: usize,
        packet: usize,
        onset: Option<Nanos>,
        last_heard: Option<Nanos>,
        cut_in: bool,
    },
    /// For the reply, since the last voiced packet.
    Expecting {
        interrupted: bool,
        since: Nanos,
    },
    Hearing {
        interrupt_at: Option<Nanos>,
        last_heard: Nanos,
    },
}

/// One caller. Hanging up in the middle of a sentence gives the turn to somebody else.
#[derive(Debug)]
pub struct Talker {
    script: Arc<Script>,
    random: StdRng,
    state: State,
    /// Two voiced packets in a row make a sound.
    voiced: u32,
    talking: bool,
}

impl Talker {
    /// Talks from now on, until told to stop.
    pub fn new(script: Arc<Script>, random: StdRng) -> Self {
        Self { script, random, state: State::Waiting { last_heard: None }, voiced: 0, talking: true }
    }

    /// Says no more, once what is being said is said.
    pub fn stop(&mut self) {
        self.talking = false;
    }

    /// A packet came in.
    pub fn hear(&mut self, payload: &[u8], at: Nanos, talked: &mut Talked) {
        if !is_voiced(payload) {
            self.voiced = 0;
            return;
        }
        self.voiced += 1;
        let begins = self.voiced == 1;
        match &mut self.state {
            State::Waiting { last_heard } => *last_heard = Some(at),
            State::Hearing { last_heard, .. } => *last_heard = at,
            State::Saying { interrupts: true, onset, last_heard, .. } => {
                if onset.is_some() {
                    *last_heard = Some(at);
                }
            }
            State::Saying { interrupts: false, onset, cut_in, .. } => *cut_in |= onset.is_some() && !begins,
            State::Expecting { interrupted, since } => {
                let wait = at.saturating_sub(*since);
                if *interrupted {
                    talked.reply_after_interruption.add(wait)
                } else {
                    talked.reply.add(wait)
                }
                let interrupt = !*interrupted && !self.script.interruptions.is_empty();
                let interrupt_at = interrupt.then(|| at + self.random.random_range(INTERRUPTED));
                self.script.turns.give_back();
                self.state = State::Hearing { interrupt_at, last_heard: at };
            }
        }
    }

    /// The next packet's sound, if there is any; it leaves now.
    pub fn next(&mut self, now: Nanos, talked: &mut Talked) -> Option<&[u8]> {
        self.turn(now, talked);
        let State::Saying { interrupts, number, packet, onset, last_heard, cut_in } = &mut self.state else {
            return None;
        };
        let of = if *interrupts { &self.script.interruptions } else { &self.script.sentences };
        let words = &of[*number];
        let at = *packet;
        *packet += 1;
        if at == words.voiced.0 {
            *onset = Some(now);
        }
        if at == words.voiced.1 {
            let interrupted = *interrupts;
            if interrupted {
                talked.interruptions += 1;
                let silent = last_heard.zip(*onset).map(|(heard, onset)| (heard + PACKET).saturating_sub(onset));
                talked.silenced.add(silent.unwrap_or_default());
            } else {
                talked.sentences += 1;
                talked.cut_ins += u64::from(*cut_in);
            }
            self.state = State::Expecting { interrupted, since: now };
        }
        words.payload.get(at * SAMPLES..(at + 1) * SAMPLES)
    }

    /// Begins to speak when it is time.
    fn turn(&mut self, now: Nanos, talked: &mut Talked) {
        let say = |interrupts, number| State::Saying {
            interrupts,
            number,
            packet: 0,
            onset: None,
            last_heard: None,
            cut_in: false,
        };
        match self.state {
            State::Waiting { last_heard: Some(heard) }
                if now > heard + PAUSE && self.talking && self.script.turns.take() =>
            {
                let number = self.random.random_range(0..self.script.sentences.len());
                self.state = say(false, number);
            }
            State::Hearing { interrupt_at, last_heard } => {
                if now > last_heard + PAUSE {
                    self.state = State::Waiting { last_heard: Some(last_heard) };
                } else if interrupt_at.is_some_and(|at| at <= now)
                    && now < last_heard + 2 * PACKET
                    && self.talking
                    && self.script.turns.take()
                {
                    let number = self.random.random_range(0..self.script.interruptions.len());
                    self.state = say(true, number);
                }
            }
            State::Expecting { since, .. } if now > since + NO_REPLY => {
                talked.unanswered += 1;
                self.script.turns.give_back();
                self.state = State::Waiting { last_heard: Some(now) };
            }
            _ => {}
        }
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        if matches!(self.state, State::Saying { .. } | State::Expecting { .. }) {
            self.script.turns.give_back();
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const LOUD: [u8; SAMPLES] = [0x10; SAMPLES];
    const QUIET: [u8; SAMPLES] = [0xff; SAMPLES];

    fn words(packets: usize) -> Words {
        let mut payload = QUIET.to_vec();
        (0..packets).for_each(|_| payload.extend(LOUD));
        payload.extend(QUIET);
        Words::new(payload).expect("it can be heard")
    }

    /// Lets a caller listen and talk: one letter a packet of the other side, `x` for a voiced one.
    fn talk(heard: &str) -> (Vec<bool>, Talked) {
        let script = Script { sentences: vec![words(10)], interruptions: vec![words(10)], turns: Turns::at_once(1) };
        let mut talker = Talker::new(Arc::new(script), StdRng::seed_from_u64(1));
        let mut talked = Talked::default();
        let mut said = Vec::new();
        for (n, c) in heard.chars().enumerate() {
            let now = n as Nanos * PACKET;
            talker.hear(if c == 'x' { &LOUD } else { &QUIET }, now, &mut talked);
            said.push(talker.next(now, &mut talked).is_some_and(is_voiced));
        }
        (said, talked)
    }

    #[test]
    fn a_reply_is_timed_from_the_last_to_the_first_voiced_packet() {
        // Greeting, a pause of 46 packets, the sentence (one silent, ten voiced), 20 packets of nothing, the reply.
        let (said, talked) = talk(&format!("{}{}{}", "x".repeat(10), ".".repeat(46 + 11 + 20), "x".repeat(20)));
        let last = said.iter().rposition(|said| *said).expect("it spoke");
        assert_eq!(talked.sentences, 1);
        assert_eq!(talked.reply.quantile(0.5), Some((87 - last) as f64 * 20.0));
    }

    #[test]
    fn an_interruption_is_timed_from_its_onset_to_the_last_packet_of_the_prompt() {
        let (said, talked) = talk(&format!("{}{}{}", "x".repeat(10), ".".repeat(70), "x".repeat(400)));
        let onset = said.iter().skip(80).position(|said| *said).expect("it interrupts") + 80;
        assert!((80 + 50..80 + 130).contains(&onset), "{onset}");
        assert_eq!((talked.interruptions, talked.silenced.len()), (1, 1));
        assert!(talked.silenced.quantile(0.5).is_some_and(|ms| ms >= 180.0));
    }

    #[test]
    fn somebody_who_speaks_within_a_sentence_cuts_it_off() {
        let (_, talked) = talk(&format!("{}{}{}", "x".repeat(10), ".".repeat(50), "x".repeat(50)));
        assert_eq!(talked.cut_ins, 1);
    }

    #[test]
    fn who_has_no_turn_listens_until_there_is_one() {
        let turns = Turns::at_once(1);
        let script = Arc::new(Script { sentences: vec![words(10)], interruptions: Vec::new(), turns });
        let talker = |seed| Talker::new(script.clone(), StdRng::seed_from_u64(seed));
        let (mut first, mut second) = (talker(1), talker(2));
        let mut talked = Talked::default();
        let mut said = [Vec::new(), Vec::new()];
        // Both hear a greeting and want to talk in the same pause; the reply to the first gives the second its turn.
        for n in 0..220 {
            let now = n * PACKET;
            let heard = n < 10 || (90..100).contains(&n);
            for (talker, said) in [&mut first, &mut second].into_iter().zip(&mut said) {
                talker.hear(if heard { &LOUD } else { &QUIET }, now, &mut talked);
                if talker.next(now, &mut talked).is_some_and(is_voiced) {
                    said.push(n);
                }
            }
        }
        assert!(said[0].first() < Some(&90) && said[1].first() > Some(&100), "{said:?}");
        drop(first);
        drop(second);
        assert!(script.turns.take() && !script.turns.take());
    }
}
