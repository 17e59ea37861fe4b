//! The machine under everything that can happen in any order: nobody is lost, nobody rings twice, nobody has two calls.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Draw;

use super::*;
use crate::event::{CallId, Timestamp};

const AGENTS: [&str; 4] = ["anna", "ben", "cleo", "dora"];
const QUEUES: [&str; 3] = ["service", "sales", "all"];

/// What may happen next; numbers choose among those whom it can concern.
#[derive(Clone, Debug)]
enum Step {
    Comes {
        queue: usize,
        priority: u8,
        callback: bool,
    },
    HangsUp(usize),
    Answers(usize),
    Declines(usize),
    CannotBeRung(usize),
    HangsUpOnAgent(usize),
    Presence {
        agent: usize,
        available: bool,
    },
    Dials(usize),
    WrapsUp(usize),
    Phones(u8),
    Passes(Timestamp),
    Moves {
        call: usize,
        queue: usize,
    },
    First(usize),
    Profile {
        agent: usize,
        queue: usize,
        tier: u8,
        level: u8,
    },
    /// What an agent who is confused, or a message that came late, would say.
    Nonsense {
        call: usize,
        agent: usize,
    },
}

fn step() -> impl Draw<Value = Step> {
    let one = 0..8usize;
    prop_oneof![
        4 => (0..3usize, 1..=10u8, any::<bool>()).prop_map(|(queue, priority, callback)| Step::Comes { queue, priority, callback }),
        1 => one.clone().prop_map(Step::HangsUp),
        4 => one.clone().prop_map(Step::Answers),
        1 => one.clone().prop_map(Step::Declines),
        1 => one.clone().prop_map(Step::CannotBeRung),
        4 => one.clone().prop_map(Step::HangsUpOnAgent),
        1 => (0..4usize, any::<bool>()).prop_map(|(agent, available)| Step::Presence { agent, available }),
        1 => (0..4usize).prop_map(Step::Dials),
        1 => (0..4usize).prop_map(Step::WrapsUp),
        1 => any::<u8>().prop_map(Step::Phones),
        3 => (0..40_000i64).prop_map(Step::Passes),
        1 => (one.clone(), 0..3usize).prop_map(|(call, queue)| Step::Moves { call, queue }),
        1 => one.clone().prop_map(Step::First),
        1 => (0..4usize, 0..4usize, 1..=2u8, 1..=10u8).prop_map(|(agent, queue, tier, level)| Step::Profile { agent, queue, tier, level }),
        1 => (one, 0..4usize).prop_map(|(call, agent)| Step::Nonsense { call, agent }),
    ]
}

/// The machine, and beside it what its decisions say.
struct World {
    machine: Machine,
    now: Timestamp,
    came: BTreeSet<CallId>,
    /// Those who are through, each exactly once.
    over: BTreeMap<CallId, &'static str>,
    /// Phones that ring, as the decisions have it.
    ringing: BTreeSet<(CallId, String)>,
    talking: BTreeMap<String, CallId>,
    missed: BTreeSet<(CallId, String)>,
}

fn queues() -> Vec<Queue> {
    vec![
        Queue {
            wrap_up_s: 5,
            overflow: vec![
                super::Step { after_s: 30, then: Overflow::Relax { levels: 5 } },
                super::Step { after_s: 60, then: Overflow::Queue { queue: "all".into() } },
            ],
            ..Queue::named("service")
        },
        Queue {
            needs: vec![Need { skill: "sales".into(), level: 3 }],
            strategy: super::Strategy::MostSkilled,
            max_length: Some(5),
            ..Queue::named("sales")
        },
        Queue {
            strategy: super::Strategy::RingAll,
            when_empty: WhenEmpty::Wait,
            max_wait_s: 300,
            ..Queue::named("all")
        },
    ]
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            machine: Machine::new(Queue::named(""), jiff::tz::TimeZone::UTC),
            now: 1_767_225_600_000,
            came: BTreeSet::new(),
            over: BTreeMap::new(),
            ringing: BTreeSet::new(),
            talking: BTreeMap::new(),
            missed: BTreeSet::new(),
        };
        world.on(Event::Queues(queues()));
        for agent in AGENTS {
            world.on(Event::Hired(agent.into(), Presence::Available, world.now));
        }
        world.on(Event::Phones(AGENTS.iter().map(|&agent| agent.to_owned()).collect()));
        world
    }

    fn on(&mut self, event: Event) {
        match &event {
            Event::Leave(call, _) if self.machine.waits(*call) => self.ends(*call, "left"),
            Event::Missed(call, agent, _) if self.ringing.remove(&(*call, agent.clone())) => {
                self.missed.insert((*call, agent.clone()));
            }
            Event::LegEnded(call, agent) if self.talking.get(agent) == Some(call) => {
                self.talking.remove(agent);
            }
            Event::Took(call, agent)
                if matches!(
                    self.machine.state(agent),
                    Some(State::Free { .. } | State::Away { .. } | State::WrapUp { .. })
                ) =>
            {
                self.talking.insert(agent.clone(), *call);
            }
            _ => {}
        }
        let decisions = self.machine.on(event, self.now);
        for decision in decisions {
            self.take(decision);
        }
        self.check();
    }

    fn ends(&mut self, call: CallId, how: &'static str) {
        let before = self.over.insert(call, how);
        assert_eq!(before, None, "{call} was over already, and is now {how}");
    }

    fn take(&mut self, decision: Decision) {
        match decision {
            Decision::Offer { call, agent, why, .. } => {
                assert!(!self.over.contains_key(&call), "a call that is over is offered");
                assert!(
                    !self.missed.contains(&(call, agent.clone())),
                    "{agent} is asked again for a call that they missed"
                );
                assert!(!self.talking.contains_key(&agent), "{agent} is asked while they talk");
                assert!(self.ringing.iter().all(|(_, other)| *other != agent), "two calls ring at {agent}");
                assert_eq!(why.best().map(|_| ()), Some(()));
                let others = self.ringing.iter().filter(|(other, _)| *other == call).count();
                assert!(others == 0 || why.strategy == "ring_all", "a call rings in two places");
                self.ringing.insert((call, agent));
            }
            Decision::Withdraw { call, agent, why } => {
                assert!(self.ringing.remove(&(call, agent.clone())), "what does not ring is withdrawn");
                if why == Withdrawn::NotAnswered {
                    self.missed.insert((call, agent));
                }
            }
            Decision::Connect { call, agent, .. } => {
                assert!(self.ringing.remove(&(call, agent.clone())), "who was not rung has the call");
                assert_eq!(self.talking.insert(agent, call), None, "somebody has two calls");
                self.ends(call, "agent");
            }
            Decision::Unserved(call, _) => self.ends(call, "unserved"),
            Decision::Announce(call, told) => {
                assert!(self.machine.waits(call));
                assert!(told.place.is_none_or(|place| place >= 1));
            }
            Decision::Overflowed { call, .. } => assert!(!self.over.contains_key(&call)),
            Decision::Changed(_) | Decision::SetAway(..) => {}
        }
    }

    fn check(&self) {
        let floor = self.machine.floor(self.now);
        // Nobody is lost, and nobody is in two places.
        for call in &self.came {
            assert_ne!(self.machine.waits(*call), self.over.contains_key(call), "{call} is lost, or in two places");
        }
        // What rings is what the decisions say, and who talks has one call.
        let ringing: BTreeSet<(CallId, String)> = floor
            .agents
            .iter()
            .filter(|agent| agent.state == "offered")
            .filter_map(|agent| Some((agent.call?, agent.extension.clone())))
            .collect();
        assert_eq!(ringing, self.ringing);
        let talking: BTreeMap<String, CallId> = floor
            .agents
            .iter()
            .filter(|agent| agent.state == "talking")
            .filter_map(|agent| Some((agent.extension.clone(), agent.call?)))
            .collect();
        assert_eq!(talking, self.talking);
        // Nobody waits for somebody who is free and could take them.
        for waiting in floor.waiting.iter().filter(|waiting| waiting.offered_to.is_empty()) {
            assert_eq!(waiting.why.candidates, [], "{} waits for nothing", waiting.call);
        }
        assert!(
            self.machine.deadline().is_none_or(|at| at > self.now),
            "a deadline that has passed is asked for for ever"
        );
    }

    fn pass(&mut self, ms: Timestamp) {
        let until = self.now + ms;
        while let Some(next) = self.machine.deadline().filter(|next| *next <= until) {
            self.now = next;
            self.on(Event::Tick);
        }
        self.now = until;
        self.on(Event::Tick);
    }

    fn waiting(&self, which: usize) -> Option<CallId> {
        let waiting: Vec<CallId> = self.came.iter().filter(|call| self.machine.waits(**call)).copied().collect();
        (!waiting.is_empty()).then(|| waiting[which % waiting.len()])
    }

    fn rings(&self, which: usize) -> Option<(CallId, String)> {
        let ringing: Vec<_> = self.ringing.iter().cloned().collect();
        (!ringing.is_empty()).then(|| ringing[which % ringing.len()].clone())
    }

    fn talks(&self, which: usize) -> Option<(String, CallId)> {
        let talking: Vec<_> = self.talking.iter().map(|(agent, call)| (agent.clone(), *call)).collect();
        (!talking.is_empty()).then(|| talking[which % talking.len()].clone())
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Comes { queue, priority, callback } => {
                let call = CallId::new();
                self.came.insert(call);
                let entry = Entry { is_callback: callback, ..Entry::now(QUEUES[queue], priority, self.now) };
                self.on(Event::Enter(call, entry));
            }
            Step::HangsUp(which) => {
                if let Some(call) = self.waiting(which) {
                    self.on(Event::Leave(call, Left::HungUp));
                }
            }
            Step::Answers(which) => {
                if let Some((call, agent)) = self.rings(which) {
                    self.on(Event::Answered(call, agent));
                }
            }
            Step::Declines(which) => {
                if let Some((call, agent)) = self.rings(which) {
                    self.on(Event::Missed(call, agent, Missed::Declined));
                }
            }
            Step::CannotBeRung(which) => {
                if let Some((call, agent)) = self.rings(which) {
                    self.on(Event::Missed(call, agent, Missed::Failed));
                }
            }
            Step::HangsUpOnAgent(which) => {
                if let Some((agent, call)) = self.talks(which) {
                    self.on(Event::LegEnded(call, agent));
                }
            }
            Step::Presence { agent, available } => {
                let presence = if available { Presence::Available } else { Presence::Away { reason: "break".into() } };
                self.on(Event::Wants(AGENTS[agent].into(), presence));
            }
            Step::Dials(agent) => self.on(Event::Took(CallId::new(), AGENTS[agent].into())),
            Step::WrapsUp(agent) => self.on(Event::WrappedUp(AGENTS[agent].into())),
            Step::Phones(which) => {
                let there = AGENTS.iter().enumerate().filter(|(place, _)| which & (1 << place) != 0);
                self.on(Event::Phones(there.map(|(_, agent)| (*agent).to_owned()).collect()));
            }
            Step::Passes(ms) => self.pass(ms),
            Step::Moves { call, queue } => {
                if let Some(call) = self.waiting(call) {
                    self.on(Event::Move(call, QUEUES[queue].into()));
                }
            }
            Step::First(which) => {
                if let Some(call) = self.waiting(which) {
                    self.on(Event::Prefer(call, Preference::First));
                }
            }
            Step::Profile { agent, queue, tier, level } => {
                let queues = QUEUES.get(queue).map(|queue| [((*queue).to_owned(), tier)].into());
                let profile = Profile { skills: [("sales".to_owned(), level)].into(), queues };
                self.on(Event::Knows(AGENTS[agent].into(), profile));
            }
            Step::Nonsense { call, agent } => {
                let call = self.came.iter().nth(call).copied().unwrap_or_else(CallId::new);
                let agent = AGENTS[agent].to_owned();
                if !self.ringing.contains(&(call, agent.clone())) {
                    self.on(Event::Answered(call, agent.clone()));
                    self.on(Event::Missed(call, agent.clone(), Missed::Declined));
                }
                if self.talking.get(&agent) != Some(&call) {
                    self.on(Event::LegEnded(call, agent));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_lost_and_nobody_has_two_calls_whatever_happens(steps in proptest::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        // Whoever still waits has their turn as soon as everybody works, or their time ends.
        for agent in AGENTS {
            world.on(Event::Knows(agent.into(), Profile { skills: [("sales".to_owned(), 9)].into(), queues: None }));
            world.on(Event::Wants(agent.into(), Presence::Available));
        }
        world.on(Event::Phones(AGENTS.iter().map(|&agent| agent.to_owned()).collect()));
        for _ in 0..2_000 {
            if world.waiting(0).is_none() {
                break;
            }
            while let Some((call, agent)) = world.rings(0) {
                world.on(Event::Answered(call, agent));
            }
            while let Some((agent, call)) = world.talks(0) {
                world.on(Event::LegEnded(call, agent));
            }
            world.pass(60_000);
        }
        prop_assert_eq!(world.waiting(0), None);
        prop_assert_eq!(world.over.len(), world.came.len());
    }

    #[test]
    fn nobody_starves_behind_callers_who_go_first(priority in 1..=10u8, gap_s in 1..30i64) {
        let mut machine = Machine::new(Queue { announce: Announce { first_s: 0, ..Announce::default() }, max_wait_s: 86_400, ..Queue::named("") }, jiff::tz::TimeZone::UTC);
        let mut now = 1_767_225_600_000;
        machine.on(Event::Hired("anna".into(), Presence::Available, now), now);
        machine.on(Event::Phones(["anna".to_owned()].into()), now);
        let patient = CallId::new();
        let mut talking = CallId::new();
        machine.on(Event::Enter(talking, Entry::now("service", 10, now)), now);
        machine.on(Event::Answered(talking, "anna".into()), now);
        machine.on(Event::Enter(patient, Entry::now("service", priority, now)), now);
        // Somebody with the highest priority comes whenever the agent is free again.
        let mut served = 0;
        while machine.waits(patient) {
            now += gap_s * 1_000;
            machine.on(Event::Enter(CallId::new(), Entry::now("service", 10, now)), now);
            let decisions = machine.on(Event::LegEnded(talking, "anna".into()), now);
            let next = decisions.iter().find_map(|d| if let Decision::Offer { call, .. } = d { Some(*call) } else { None });
            talking = next.expect("somebody always waits");
            machine.on(Event::Answered(talking, "anna".into()), now);
            served += 1;
            prop_assert!(served * gap_s <= 10 * 60 + gap_s, "they waited for longer than their priority explains");
        }
    }
}
