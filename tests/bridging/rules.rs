//! The bridge as a pure machine: whatever the parties do, in any order, nobody is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use hotline::call::Destination;
use hotline::call::bridge::{Audience, Bridge, CALLER, Guest, Input, News, Output, Seat, Sound, Supervision};
use hotline::call::leg::TransferNews;
use hotline::event::Personal;
use proptest::prelude::*;

fn phone(name: &str) -> Guest {
    Guest { name: name.into(), is_phone: true }
}

fn extension(name: &str) -> Destination {
    Destination::Extension(name.into())
}

/// The seat that the last dialling is for.
fn dialled(outputs: &[Output]) -> Seat {
    let seat = outputs.iter().find_map(|output| match output {
        Output::Dial { seat, .. } => Some(*seat),
        _ => None,
    });
    seat.unwrap_or_else(|| panic!("nobody is dialled: {outputs:?}"))
}

fn told(outputs: &[Output]) -> Vec<TransferNews> {
    let news = outputs.iter().filter_map(|output| match output {
        Output::Tell(_, news) => Some(*news),
        _ => None,
    });
    news.collect()
}

#[test]
fn caller_and_agent_hear_each_other() {
    assert_eq!(Bridge::served(phone("anna")).sound(), Sound::Pair(0, 1));
}

#[test]
fn whoever_is_on_hold_hears_music_and_whoever_holds_hears_nothing() {
    let mut bridge = Bridge::served(phone("anna"));
    bridge.on(Input::Held { seat: 1, on: true });
    assert_eq!(bridge.sound(), Sound::Waits { seat: 0, ringing: false });
    assert_eq!(bridge.on(Input::Held { seat: 1, on: true }), [], "it is news only once");
    bridge.on(Input::Held { seat: 1, on: false });
    assert_eq!(bridge.sound(), Sound::Pair(0, 1));
}

#[test]
fn the_caller_hears_music_then_ringing_then_the_colleague() {
    let mut bridge = Bridge::served(phone("anna"));
    let seat = dialled(&bridge.on(Input::Asked { by: 1, ask: 1, to: extension("ben") }));
    assert_eq!(bridge.sound(), Sound::Waits { seat: 0, ringing: false });
    bridge.on(Input::Ringing(seat));
    assert_eq!(bridge.sound(), Sound::Waits { seat: 0, ringing: true });
    let outputs = bridge.on(Input::Answered(seat));
    assert_eq!(told(&outputs), [TransferNews::Done]);
    assert!(outputs.contains(&Output::LetGo(1)));
    assert_eq!(bridge.sound(), Sound::Pair(0, seat));
}

#[test]
fn the_caller_hears_what_a_carrier_plays_and_the_agent_does_not() {
    let mut bridge = Bridge::served(phone("anna"));
    let seat = dialled(&bridge.on(Input::Asked { by: 1, ask: 1, to: extension("ben") }));
    assert_eq!(told(&bridge.on(Input::Sounding(seat))), [TransferNews::Ringing]);
    assert_eq!(bridge.sound(), Sound::Announced { seat: 0, of: seat });
    assert_eq!(bridge.on(Input::Ringing(seat)), [], "it is known");
    bridge.on(Input::NotAnswered { seat, why: "busy", reason: "busy".into() });
    assert_eq!(bridge.sound(), Sound::Pair(0, 1));
}

#[test]
fn somebody_outside_to_whom_a_phone_forwards_is_no_phone_of_ours() {
    let mut bridge = Bridge::served(phone("anna"));
    let seat = dialled(&bridge.on(Input::Asked { by: 1, ask: 1, to: extension("ben") }));
    bridge.on(Input::Forwarded { seat, to: Destination::Outside(Personal::new("0301234567")) });
    bridge.on(Input::Answered(seat));
    assert_eq!(bridge.guest(seat), Some(&Guest { name: "outside".into(), is_phone: false }));
    let outputs = bridge.on(Input::Asked { by: seat, ask: 2, to: extension("carl") });
    assert_eq!(told(&outputs), [TransferNews::Failed("forbidden")]);
}

#[test]
fn a_parked_call_of_a_phone_that_forwards_may_go_to_a_queue() {
    let mut bridge = Bridge::served(phone("anna"));
    bridge.on(Input::AskedToPark { by: 1, ask: 1, slot: Some(701) });
    let seat = dialled(&bridge.on(Input::SlotTimedOut));
    let outputs = bridge.on(Input::SentTo { seat, to: Destination::Queue("sales".into()) });
    assert_eq!(outputs.last(), Some(&Output::Seek(Some("sales".into()))));
}

#[test]
fn whoever_is_being_called_can_come_from_the_agents_other_call() {
    let mut bridge = Bridge::served(phone("anna"));
    bridge.on(Input::AskedToJoin { by: 1, ask: 1, to: Personal::default() });
    let seat = bridge.new_seat();
    let outputs = bridge.on(Input::FetchedRinging { ask: 1, seat, to: extension("ben"), rings: true });
    assert_eq!(told(&outputs), [TransferNews::Ringing]);
    assert_eq!(bridge.sound(), Sound::Waits { seat: 0, ringing: true });
    assert_eq!(bridge.on(Input::Left(1)), []);
    assert_eq!(told(&bridge.on(Input::Answered(seat))), [TransferNews::Done]);
    assert_eq!(bridge.sound(), Sound::Pair(0, seat));
}

#[test]
fn a_transfer_that_fails_gives_the_caller_back() {
    for gone in [false, true] {
        let mut bridge = Bridge::served(phone("anna"));
        let seat = dialled(&bridge.on(Input::Asked { by: 1, ask: 1, to: extension("ben") }));
        if gone {
            assert_eq!(bridge.on(Input::Left(1)), []);
        }
        let outputs = bridge.on(Input::NotAnswered { seat, why: "busy", reason: "busy".into() });
        assert_eq!(told(&outputs), [TransferNews::Failed("busy")]);
        assert_eq!(outputs.contains(&Output::Seek(None)), gone);
        assert_eq!(bridge.sound(), if gone { Sound::Nobody } else { Sound::Pair(0, 1) });
    }
}

#[test]
fn somebody_outside_transfers_nothing() {
    let mut bridge = Bridge::served(Guest { name: "outside".into(), is_phone: false });
    for by in [CALLER, 1] {
        let outputs = bridge.on(Input::Asked { by, ask: 1, to: Destination::Outside(Personal::new("0301234567")) });
        assert_eq!(outputs, [Output::Tell(1, TransferNews::Failed("forbidden"))]);
    }
}

#[test]
fn one_thing_at_a_time() {
    let mut bridge = Bridge::served(phone("anna"));
    bridge.on(Input::Asked { by: 1, ask: 1, to: extension("ben") });
    let second = bridge.on(Input::Asked { by: 1, ask: 2, to: extension("carl") });
    assert_eq!(second, [Output::Tell(2, TransferNews::Failed("busy"))]);
}

#[test]
fn the_caller_who_leaves_stops_the_ringing() {
    let mut bridge = Bridge::served(phone("anna"));
    let seat = dialled(&bridge.on(Input::Asked { by: 1, ask: 1, to: extension("ben") }));
    let outputs = bridge.on(Input::Left(CALLER));
    assert!(outputs.contains(&Output::GiveUp(seat)) && outputs.contains(&Output::LetGo(1)));
    assert!(bridge.is_over());
}

#[test]
fn phones_that_talk_to_each_other_can_be_parted_by_a_transfer_of_either() {
    for by in [0, 1] {
        let mut bridge = Bridge::between(phone("anna"), phone("ben"));
        let seat = dialled(&bridge.on(Input::Asked { by, ask: 1, to: extension("carl") }));
        bridge.on(Input::Answered(seat));
        assert_eq!(bridge.sound(), Sound::Pair(1 - by, seat));
        assert!(bridge.on(Input::Left(seat)).contains(&Output::LetGo(1 - by)));
        assert!(bridge.is_over());
    }
}

#[test]
fn a_phone_has_no_queue_to_go_back_to() {
    let mut bridge = Bridge::between(phone("anna"), phone("ben"));
    let outputs = bridge.on(Input::Asked { by: 0, ask: 1, to: Destination::Queue("service".into()) });
    assert_eq!(told(&outputs), [TransferNews::Failed("forbidden")]);
    assert_eq!(bridge.sound(), Sound::Pair(0, 1));
}

#[test]
fn a_third_party_makes_a_conference_and_anybody_may_leave_it() {
    for leaves in [CALLER, 1, 2] {
        let mut bridge = Bridge::served(phone("anna"));
        let seat = bridge.new_seat();
        bridge.on(Input::Joined { seat, guest: phone("ben") });
        assert_eq!(bridge.sound(), Sound::Together(vec![0, 1, 2]));
        bridge.on(Input::Left(leaves));
        let rest: Vec<Seat> = [0, 1, 2].into_iter().filter(|seat| *seat != leaves).collect();
        assert_eq!(bridge.sound(), Sound::Pair(rest[0], rest[1]));
    }
}

#[test]
fn a_parked_call_waits_with_music_and_goes_back_when_nobody_takes_it() {
    let mut bridge = Bridge::served(phone("anna"));
    let outputs = bridge.on(Input::AskedToPark { by: 1, ask: 1, slot: Some(701) });
    assert!(told(&outputs) == [TransferNews::Parked(701)] && outputs.contains(&Output::LetGo(1)));
    assert_eq!(bridge.sound(), Sound::Waits { seat: 0, ringing: false });
    let seat = dialled(&bridge.on(Input::SlotTimedOut));
    assert_eq!(bridge.sound(), Sound::Waits { seat: 0, ringing: true });
    let outputs = bridge.on(Input::NotAnswered { seat, why: "no_answer", reason: "no_answer".into() });
    assert_eq!(outputs.last(), Some(&Output::Seek(None)));
}

#[test]
fn a_call_is_taken_out_of_its_slot_once() {
    let mut bridge = Bridge::served(phone("anna"));
    bridge.on(Input::AskedToPark { by: 1, ask: 1, slot: Some(701) });
    let (first, second) = (bridge.new_seat(), bridge.new_seat());
    let outputs = bridge.on(Input::PickedUp { seat: first, guest: phone("ben") });
    assert!(outputs.contains(&Output::FreeSlot(701)));
    assert_eq!(bridge.on(Input::PickedUp { seat: second, guest: phone("carl") }), [Output::LetGo(second)]);
    assert_eq!(bridge.sound(), Sound::Pair(0, first));
}

#[test]
fn a_supervisor_is_heard_by_those_who_should_and_is_no_party() {
    let mut bridge = Bridge::served(phone("anna"));
    let seat = bridge.new_seat();
    let supervises = |how| Input::Supervises { seat, guest: phone("vera"), how };
    for (how, audience) in [
        (Supervision::Listen, Audience::Nobody),
        (Supervision::Whisper, Audience::One(1)),
        (Supervision::Barge, Audience::All),
    ] {
        assert_eq!(bridge.on(supervises(how)), [Output::News(News::Supervised("vera".into(), how))]);
        assert_eq!(bridge.sound(), Sound::Supervised { parties: vec![0, 1], supervisors: vec![(seat, audience)] });
    }
    // When the agent leaves, the caller goes on as without a supervisor.
    let outputs = bridge.clone().on(Input::Left(1));
    assert!(outputs.contains(&Output::Parted("anna".into())) && outputs.contains(&Output::LetGo(seat)), "{outputs:?}");
    let outputs = bridge.on(supervises(Supervision::TakeOver));
    assert!(outputs.contains(&Output::LetGo(1)), "{outputs:?}");
    assert_eq!(bridge.sound(), Sound::Pair(0, seat));
}

/// One thing that may happen, chosen by numbers so that it fits whatever state the bridge is in.
#[derive(Clone, Debug)]
struct Step {
    what: u8,
    seat: Seat,
    flag: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0u8..20, 0u32..6, any::<bool>()).prop_map(|(what, seat, flag)| Step { what, seat, flag });
    proptest::collection::vec(step, 0..40)
}

/// What must hold, kept up as things happen.
struct Watch {
    bridge: Bridge,
    served: bool,
    asks: u32,
    answered: BTreeMap<u32, usize>,
    /// Who sits here, and whether their phone holds.
    seated: BTreeMap<Seat, bool>,
    /// Who supervises.
    above: BTreeSet<Seat>,
    phones: BTreeSet<Seat>,
    ringing: Option<Seat>,
    leaving: Option<(u32, Seat)>,
    slot: bool,
    endings: usize,
    was_over: bool,
}

impl Watch {
    fn feed(&mut self, input: Input) {
        let asks_by = match &input {
            Input::Asked { by, ask, .. } | Input::AskedToJoin { by, ask, .. } => Some((*ask, *by)),
            _ => None,
        };
        for output in self.bridge.on(input) {
            match output {
                Output::Dial { seat, .. } => {
                    assert!(self.ringing.replace(seat).is_none(), "two ring at a time");
                    if let Some((_, by)) = asks_by {
                        assert!(self.phones.contains(&by), "only phones have us call somebody");
                        self.leaving = asks_by;
                    }
                }
                Output::GiveUp(seat) => assert_eq!(self.ringing.take(), Some(seat)),
                Output::Fetch(_) => self.leaving = asks_by,
                Output::Tell(ask, TransferNews::Accepted | TransferNews::Ringing) => assert!(ask <= self.asks),
                Output::Tell(ask, _) => {
                    *self.answered.entry(ask).or_default() += 1;
                    self.leaving.take_if(|(asked, _)| *asked == ask);
                }
                Output::LetGo(seat) => {
                    self.seated.remove(&seat);
                    self.above.remove(&seat);
                    self.phones.remove(&seat);
                }
                Output::FreeSlot(_) => self.slot = false,
                Output::News(News::Parked { .. }) => self.slot = true,
                Output::News(_) => {}
                Output::Seek(_) | Output::ToFlow | Output::Parted(_) => {
                    assert!(self.served && self.seated.contains_key(&CALLER), "only a caller who is there is served");
                    self.endings += 1;
                }
            }
        }
    }

    fn check(&mut self) {
        assert!(self.answered.values().all(|count| *count == 1), "each wish gets one answer");
        if self.bridge.is_over() {
            if !std::mem::replace(&mut self.was_over, true) {
                let caller_waits = self.served && self.seated.remove(&CALLER).is_some();
                assert_eq!(self.endings, usize::from(caller_waits), "a caller who is there goes somewhere, once");
            }
            let left: Vec<_> = self.seated.keys().collect();
            assert!(left.is_empty() && self.above.is_empty(), "forgotten: {left:?} {:?}", self.above);
            assert!(self.ringing.is_none() && !self.slot);
            assert_eq!(self.answered.len() as u32, self.asks, "every wish has its answer");
            return;
        }
        let live: BTreeSet<Seat> = self
            .seated
            .iter()
            .filter(|(seat, held)| !**held && self.leaving.is_none_or(|(_, by)| by != **seat))
            .map(|(s, _)| *s)
            .collect();
        let served: BTreeSet<Seat> = match self.bridge.sound() {
            Sound::Nobody => BTreeSet::new(),
            Sound::Waits { seat, .. } => [seat].into(),
            Sound::Announced { seat, of } => {
                assert_eq!(Some(of), self.ringing, "who plays something is being called");
                [seat].into()
            }
            Sound::Pair(one, other) => [one, other].into(),
            Sound::Together(all) => all.into_iter().collect(),
            Sound::Supervised { parties, supervisors } => {
                let there: BTreeSet<Seat> = supervisors.iter().map(|(seat, _)| *seat).collect();
                assert_eq!(there, self.above, "whoever supervises hears them");
                let known = |one: &Audience| !matches!(one, Audience::One(agent) if !parties.contains(agent));
                assert!(
                    supervisors.iter().all(|(_, audience)| known(audience)),
                    "a whisper is for somebody who is there"
                );
                assert!(parties.len() > 1);
                parties.into_iter().collect()
            }
        };
        assert_eq!(served, live, "whoever listens hears something");
    }

    fn sit(&mut self, seat: Seat) {
        self.seated.insert(seat, false);
        self.phones.insert(seat);
    }

    fn step(&mut self, Step { what, seat, flag }: Step) {
        let ask = self.asks + 1;
        let by = seat;
        match what {
            0 | 1 => {
                if let Some(held) = self.seated.get_mut(&seat).filter(|_| seat != CALLER || !self.served) {
                    *held = flag;
                    self.feed(Input::Held { seat, on: flag });
                }
            }
            2..=4 => {
                self.asks += 1;
                let to = match (what, flag) {
                    (2, true) => extension("ben"),
                    (2, false) => Destination::Outside(Personal::new("030123456")),
                    (3, true) => Destination::Queue("service".into()),
                    (3, false) => Destination::Flow,
                    _ => Destination::Nowhere(Personal::new("5")),
                };
                self.feed(Input::Asked { by, ask, to });
            }
            5 => {
                self.asks += 1;
                self.feed(Input::AskedToPark { by, ask, slot: flag.then_some(700 + ask) });
            }
            6 => {
                self.asks += 1;
                self.feed(Input::AskedToJoin { by, ask, to: Personal::default() });
            }
            7 => {
                if let Some(seat) = self.ringing.take() {
                    if flag {
                        self.sit(seat);
                        self.feed(Input::Answered(seat));
                    } else {
                        self.feed(Input::NotAnswered { seat, why: "busy", reason: "busy".into() });
                    }
                }
            }
            8 => {
                if let Some(seat) = self.ringing {
                    self.feed(Input::Ringing(seat));
                }
            }
            9 => {
                let new = self.bridge.new_seat();
                if flag {
                    self.sit(new);
                    self.feed(Input::Fetched { ask: self.asks, seat: new, guest: phone("carl") });
                } else {
                    self.feed(Input::NotFetched { ask: self.asks, why: "not_found" });
                }
            }
            10 if self.seated.len() < 5 => {
                let new = self.bridge.new_seat();
                self.sit(new);
                self.feed(Input::Joined { seat: new, guest: phone("dora") });
            }
            11 => {
                let new = self.bridge.new_seat();
                self.sit(new);
                self.feed(Input::PickedUp { seat: new, guest: phone("emil") });
            }
            18 => {
                let new = self.bridge.new_seat();
                let how = if flag { Supervision::Whisper } else { Supervision::Listen };
                self.above.insert(new);
                self.feed(Input::Supervises { seat: new, guest: phone("vera"), how });
            }
            19 => {
                let chosen = self.above.first().copied();
                if flag && let Some(seat) = chosen {
                    self.above.remove(&seat);
                    self.sit(seat);
                    self.feed(Input::Supervises { seat, guest: phone("vera"), how: Supervision::TakeOver });
                } else if let Some(seat) = chosen {
                    self.above.remove(&seat);
                    self.feed(Input::Left(seat));
                }
            }
            12 if self.slot => self.feed(Input::SlotTimedOut),
            14 => {
                if let Some(seat) = self.ringing {
                    self.feed(Input::Sounding(seat));
                }
            }
            15 => {
                if let Some(seat) = self.ringing {
                    let to = Destination::Outside(Personal::new("030123456"));
                    let by = "ben".to_owned();
                    self.feed(Input::Redirected { seat, by, to: to.shown() });
                    if flag {
                        self.feed(Input::Forwarded { seat, to });
                    }
                }
            }
            16 => {
                if let Some(seat) = self.ringing.take() {
                    let to = if flag { Destination::Queue("service".into()) } else { Destination::Flow };
                    self.feed(Input::SentTo { seat, to });
                }
            }
            17 if self.ringing.is_none() => {
                let new = self.bridge.new_seat();
                self.ringing = Some(new);
                self.feed(Input::FetchedRinging { ask: self.asks, seat: new, to: extension("ben"), rings: flag });
            }
            13 if self.seated.remove(&seat).is_some() => {
                self.phones.remove(&seat);
                self.served &= seat != CALLER;
                self.feed(Input::Left(seat));
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn nobody_is_forgotten_whatever_happens(served in any::<bool>(), steps in steps()) {
        let bridge = if served { Bridge::served(phone("anna")) } else { Bridge::between(phone("zoe"), phone("anna")) };
        let phones = if served { [1].into() } else { [0, 1].into() };
        let mut watch = Watch {
            bridge, served, phones,
            asks: 0, answered: BTreeMap::new(), seated: [(0, false), (1, false)].into(), above: BTreeSet::new(),
            ringing: None, leaving: None, slot: false, endings: 0, was_over: false,
        };
        for step in steps {
            watch.step(step);
            watch.check();
        }
    }
}
