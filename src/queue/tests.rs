//! The machine, case by case.

use super::*;
use crate::event::{CallId, Exclusion, Timestamp, Waits};

const S: Timestamp = 1_000;

/// A machine on a clock of its own.
struct Bench {
    machine: Machine,
    now: Timestamp,
}

impl Bench {
    /// These queues, and agents who are free and have phones.
    fn new(queues: Vec<Queue>, agents: &[&str]) -> Self {
        let mut bench =
            Self { machine: Machine::new(Queue::named(""), jiff::tz::TimeZone::UTC), now: 1_767_225_600_000 };
        bench.on(Event::Queues(queues));
        for agent in agents {
            bench.on(Event::Hired((*agent).into(), Presence::Available, bench.now));
        }
        bench.phones(agents);
        bench
    }

    fn on(&mut self, event: Event) -> Vec<Decision> {
        self.machine.on(event, self.now)
    }

    fn phones(&mut self, agents: &[&str]) {
        self.on(Event::Phones(agents.iter().map(|&agent| agent.to_owned()).collect()));
    }

    /// Lets time pass, as its owner would: from deadline to deadline.
    fn pass(&mut self, ms: Timestamp) -> Vec<Decision> {
        let until = self.now + ms;
        let mut all = Vec::new();
        while let Some(next) = self.machine.deadline().filter(|next| *next <= until) {
            assert!(next > self.now, "a deadline that has passed would be asked for for ever");
            self.now = next;
            all.extend(self.on(Event::Tick));
        }
        self.now = until;
        all.extend(self.on(Event::Tick));
        all
    }

    fn enter(&mut self, queue: &str) -> (CallId, Vec<Decision>) {
        self.enters(Entry::now(queue, 5, self.now))
    }

    fn enters(&mut self, entry: Entry) -> (CallId, Vec<Decision>) {
        let call = CallId::new();
        let decisions = self.on(Event::Enter(call, entry));
        (call, decisions)
    }

    fn state(&self, agent: &str) -> &State {
        self.machine.state(agent).expect("somebody who works here")
    }
}

fn offered(decisions: &[Decision]) -> Vec<(CallId, String)> {
    let offer = |decision: &Decision| match decision {
        Decision::Offer { call, agent, .. } => Some((*call, agent.clone())),
        _ => None,
    };
    decisions.iter().filter_map(offer).collect()
}

fn agents_of(decisions: &[Decision]) -> Vec<String> {
    offered(decisions).into_iter().map(|(_, agent)| agent).collect()
}

fn service() -> Queue {
    Queue::named("service")
}

#[test]
fn whoever_has_been_free_for_longest_is_offered_the_call() {
    let mut bench = Bench::new(vec![service()], &["anna", "ben"]);
    let (first, decisions) = bench.enter("service");
    assert_eq!(agents_of(&decisions), ["anna"], "among equals the name decides");
    bench.on(Event::Answered(first, "anna".into()));
    bench.pass(60 * S);
    bench.on(Event::LegEnded(first, "anna".into()));
    bench.pass(S);
    assert_eq!(agents_of(&bench.enter("service").1), ["ben"]);
}

#[test]
fn an_agent_who_declines_is_not_rung_again_for_this_call_and_the_next_one_is_at_once() {
    let mut bench = Bench::new(vec![service()], &["anna", "ben"]);
    let (call, decisions) = bench.enter("service");
    assert_eq!(agents_of(&decisions), ["anna"]);
    let next = bench.on(Event::Missed(call, "anna".into(), Missed::Declined));
    assert_eq!(offered(&next), [(call, "ben".to_owned())]);
    let why = next
        .iter()
        .find_map(|d| if let Decision::Offer { why, .. } = d { Some(why) } else { None })
        .expect("it is offered");
    assert_eq!((why.excluded[0].agent.as_str(), why.excluded[0].why), ("anna", Exclusion::Declined));
    let over = bench.on(Event::Missed(call, "ben".into(), Missed::Declined));
    assert_eq!(over.last(), Some(&Decision::Unserved(call, Unserved::NobodyServes)));
    // Both are free for the next call.
    assert_eq!(agents_of(&bench.enter("service").1), ["anna"]);
}

#[test]
fn a_phone_that_is_not_answered_stops_ringing_by_itself_and_the_next_rings() {
    let mut bench = Bench::new(vec![service()], &["anna", "ben"]);
    let (call, _) = bench.enter("service");
    let decisions = bench.pass(20 * S);
    assert!(decisions.contains(&Decision::Withdraw { call, agent: "anna".into(), why: Withdrawn::NotAnswered }));
    assert_eq!(offered(&decisions), [(call, "ben".to_owned())]);
}

#[test]
fn whoever_does_not_answer_three_times_in_a_row_is_away_until_they_come_back() {
    let mut bench = Bench::new(vec![service()], &["anna"]);
    for _ in 0..2 {
        bench.enter("service");
        bench.pass(20 * S);
        assert_eq!(bench.state("anna").name(), "free");
    }
    bench.enter("service");
    let decisions = bench.pass(20 * S);
    assert!(decisions.contains(&Decision::SetAway("anna".into(), 3)));
    assert_eq!(bench.state("anna").presence(), Presence::Away { reason: NOT_ANSWERING.into() });
    assert!(offered(&bench.enter("service").1).is_empty());
    bench.on(Event::Wants("anna".into(), Presence::Available));
    assert_eq!(agents_of(&bench.enter("service").1), ["anna"]);
}

#[test]
fn an_answer_in_between_begins_the_count_anew() {
    let mut bench = Bench::new(vec![service()], &["anna"]);
    for _ in 0..3 {
        for _ in 0..2 {
            bench.enter("service");
            bench.pass(20 * S);
        }
        let (call, _) = bench.enter("service");
        bench.on(Event::Answered(call, "anna".into()));
        bench.on(Event::LegEnded(call, "anna".into()));
    }
    assert_eq!(bench.state("anna").name(), "free");
}

#[test]
fn the_higher_priority_goes_first_among_equals_the_longer_wait_and_waiting_adds_to_both() {
    let mut bench = Bench::new(vec![service()], &["anna"]);
    let (held, _) = bench.enter("service");
    bench.on(Event::Answered(held, "anna".into()));
    let (low, _) = bench.enters(Entry { limit_ms: None, ..Entry::now("service", 5, bench.now) });
    bench.pass(S);
    let (usual, _) = bench.enter("service");
    let (urgent, _) = bench.enters(Entry::now("service", 9, bench.now));
    let next = bench.on(Event::LegEnded(held, "anna".into()));
    assert_eq!(offered(&next), [(urgent, "anna".to_owned())]);
    let next = bench.on(Event::Missed(urgent, "anna".into(), Missed::Declined));
    assert_eq!(offered(&next), [(low, "anna".to_owned())], "who has declined the first is there for the others");
    bench.on(Event::Answered(low, "anna".into()));
    // After four minutes somebody with priority 5 goes before a new caller with priority 8.
    bench.pass(4 * 60 * S);
    let (_new, _) = bench.enters(Entry::now("service", 8, bench.now));
    let next = bench.on(Event::LegEnded(low, "anna".into()));
    assert_eq!(offered(&next), [(usual, "anna".to_owned())]);
}

#[test]
fn whoever_is_not_skilled_enough_is_not_asked_until_the_queue_asks_for_less() {
    let queue = Queue {
        needs: vec![Need { skill: "billing".into(), level: 5 }],
        language_level: 2,
        overflow: vec![Step { after_s: 30, then: Overflow::Relax { levels: 2 } }],
        ..service()
    };
    let mut bench = Bench::new(vec![queue], &["anna", "ben"]);
    let skills = |all: &[(&str, u8)]| Profile {
        skills: all.iter().map(|(skill, level)| ((*skill).to_owned(), *level)).collect(),
        queues: None,
    };
    bench.on(Event::Knows("anna".into(), skills(&[("billing", 3), ("zh-CN", 1)])));
    bench.on(Event::Knows("ben".into(), skills(&[("billing", 9), ("en", 5)])));
    let entry = Entry { language: Some("zh-CN".into()), ..Entry::now("service", 5, bench.now) };
    let (call, decisions) = bench.enters(entry);
    assert!(offered(&decisions).is_empty());
    let why = bench.machine.why(call, bench.now);
    assert_eq!(why.waits, Some(Waits::NobodyServes));
    assert_eq!(why.excluded[0].detail.as_deref(), Some("billing 3 of 5"));
    assert_eq!(why.excluded[1].detail.as_deref(), Some("zh-CN 0 of 2"));
    let decisions = bench.pass(30 * S);
    // Ben is excluded no more, either: a level of 2 that is lowered by 2 is not needed.
    assert_eq!(agents_of(&decisions), ["anna"]);
}

#[test]
fn the_second_tier_is_asked_when_the_first_is_busy_for_long_enough() {
    let mut bench = Bench::new(vec![service()], &["anna", "ben"]);
    let tier = |tier: u8| Profile { queues: Some([("service".to_owned(), tier)].into()), ..Profile::default() };
    bench.on(Event::Knows("anna".into(), tier(1)));
    bench.on(Event::Knows("ben".into(), tier(2)));
    let (first, decisions) = bench.enter("service");
    assert_eq!(agents_of(&decisions), ["anna"]);
    bench.on(Event::Answered(first, "anna".into()));
    let (second, decisions) = bench.enter("service");
    assert!(offered(&decisions).is_empty());
    assert_eq!(bench.machine.why(second, bench.now).excluded[1].why, Exclusion::Talking);
    assert_eq!(agents_of(&bench.pass(20 * S)), ["ben"]);
}

#[test]
fn who_works_in_other_queues_is_not_asked() {
    let mut bench = Bench::new(vec![service(), Queue::named("sales")], &["anna"]);
    bench.on(Event::Knows(
        "anna".into(),
        Profile { queues: Some([("sales".to_owned(), 1)].into()), ..Profile::default() },
    ));
    let (call, decisions) = bench.enter("service");
    assert_eq!(decisions, [Decision::Unserved(call, Unserved::NobodyServes)]);
    assert_eq!(agents_of(&bench.enter("sales").1), ["anna"]);
}

#[test]
fn callers_overflow_into_another_queue_and_keep_their_time() {
    let queue =
        Queue { overflow: vec![Step { after_s: 40, then: Overflow::Queue { queue: "backup".into() } }], ..service() };
    let mut bench = Bench::new(vec![queue, Queue::named("backup")], &["anna", "ben"]);
    let works = |queue: &str| Profile { queues: Some([(queue.to_owned(), 1)].into()), ..Profile::default() };
    bench.on(Event::Knows("anna".into(), works("service")));
    bench.on(Event::Knows("ben".into(), works("backup")));
    let (busy, _) = bench.enter("service");
    bench.on(Event::Answered(busy, "anna".into()));
    let (call, _) = bench.enter("service");
    let since = bench.now;
    let decisions = bench.pass(40 * S);
    assert_eq!(offered(&decisions), [(call, "ben".to_owned())]);
    assert_eq!(bench.machine.waiting_standing(call, bench.now).expect("it rings").since, since);
}

#[test]
fn all_phones_ring_and_the_first_to_answer_has_the_call() {
    let mut bench = Bench::new(vec![Queue { strategy: Strategy::RingAll, ..service() }], &["anna", "ben", "cleo"]);
    let (call, decisions) = bench.enter("service");
    assert_eq!(agents_of(&decisions), ["anna", "ben", "cleo"]);
    let decisions = bench.on(Event::Answered(call, "ben".into()));
    assert!(decisions.contains(&Decision::Connect { call, agent: "ben".into(), waited_ms: 0 }));
    for other in ["anna", "cleo"] {
        assert!(decisions.contains(&Decision::Withdraw { call, agent: other.into(), why: Withdrawn::Taken }));
        assert_eq!(bench.state(other).name(), "free");
    }
    // A second who answers in the same moment has nothing.
    assert_eq!(bench.on(Event::Answered(call, "anna".into())), []);
}

#[test]
fn the_most_skilled_the_least_occupied_the_longest_not_asked_and_the_last_agent_go_first() {
    let with = |strategy: Strategy| {
        let mut bench = Bench::new(vec![Queue { strategy, ..service() }], &["anna", "ben"]);
        let skills = Profile { skills: [("en".to_owned(), 9)].into(), queues: None };
        bench.on(Event::Knows("ben".into(), skills));
        bench
    };
    assert_eq!(agents_of(&with(Strategy::MostSkilled).enter("service").1), ["ben"]);
    let mut bench = with(Strategy::LastAgent);
    let entry = Entry { last_agent: Some("ben".into()), ..Entry::now("service", 5, bench.now) };
    assert_eq!(agents_of(&bench.enters(entry).1), ["ben"]);
    let mut bench = with(Strategy::RoundRobin);
    let (call, decisions) = bench.enter("service");
    assert_eq!(agents_of(&decisions), ["anna"]);
    bench.on(Event::Missed(call, "anna".into(), Missed::Declined));
    bench.on(Event::Leave(call, Left::HungUp));
    assert_eq!(agents_of(&bench.enter("service").1), ["anna"], "ben was asked later than anna");
    let mut bench = with(Strategy::LeastOccupied);
    let (call, _) = bench.enter("service");
    bench.on(Event::Answered(call, "anna".into()));
    bench.pass(60 * S);
    bench.on(Event::LegEnded(call, "anna".into()));
    bench.pass(120 * S);
    assert_eq!(agents_of(&bench.enter("service").1), ["ben"], "anna has talked for a third of her time");
}

#[test]
fn a_caller_is_let_go_when_the_time_is_up_the_queue_is_full_or_nobody_is_there() {
    let mut bench = Bench::new(vec![Queue { max_wait_s: 60, max_length: Some(1), ..service() }], &["anna"]);
    let (busy, _) = bench.enter("service");
    bench.on(Event::Answered(busy, "anna".into()));
    let (waits, _) = bench.enter("service");
    let (third, decisions) = bench.enter("service");
    assert_eq!(decisions, [Decision::Unserved(third, Unserved::Full)]);
    assert!(bench.pass(60 * S).contains(&Decision::Unserved(waits, Unserved::TimedOut)));
    bench.on(Event::Wants("anna".into(), Presence::Away { reason: "lunch".into() }));
    let (call, decisions) = bench.enter("service");
    assert_eq!(
        decisions,
        [Decision::Unserved(call, Unserved::NobodyServes)],
        "whoever goes to lunch after a call takes no other"
    );
}

#[test]
fn a_queue_that_is_closed_takes_nobody_and_lets_go_whoever_still_waits() {
    let hours = serde_json::json!({"weekly": [{"days": ["thu"], "from": "00:00", "to": "00:05"}]});
    // 2026-01-01 is a Thursday.
    let mut bench = Bench::new(vec![Queue { hours: Some(hours), ..service() }], &["anna"]);
    let (busy, _) = bench.enter("service");
    bench.on(Event::Answered(busy, "anna".into()));
    bench.pass(4 * 60 * S);
    let (call, _) = bench.enter("service");
    assert!(bench.pass(90 * S).contains(&Decision::Unserved(call, Unserved::Closed)));
    let (late, decisions) = bench.enter("service");
    assert_eq!(decisions, [Decision::Unserved(late, Unserved::Closed)]);
}

#[test]
fn a_break_during_a_call_begins_after_it_and_its_wrap_up() {
    let mut bench = Bench::new(vec![Queue { wrap_up_s: 30, ..service() }], &["anna"]);
    let (call, _) = bench.enter("service");
    bench.on(Event::Answered(call, "anna".into()));
    bench.on(Event::Wants("anna".into(), Presence::Away { reason: "break".into() }));
    assert_eq!(bench.state("anna").name(), "talking");
    bench.on(Event::LegEnded(call, "anna".into()));
    assert_eq!(bench.state("anna").name(), "wrap_up");
    bench.pass(30 * S);
    assert_eq!(bench.state("anna").presence(), Presence::Away { reason: "break".into() });
}

#[test]
fn whoever_finishes_their_work_early_is_free_early() {
    let mut bench = Bench::new(vec![Queue { wrap_up_s: 30, ..service() }], &["anna"]);
    let (call, _) = bench.enter("service");
    bench.on(Event::Answered(call, "anna".into()));
    bench.on(Event::LegEnded(call, "anna".into()));
    let (waits, decisions) = bench.enter("service");
    assert!(offered(&decisions).is_empty());
    assert_eq!(offered(&bench.on(Event::WrappedUp("anna".into()))), [(waits, "anna".to_owned())]);
}

#[test]
fn who_goes_away_while_their_phone_rings_is_rung_no_more_and_the_next_one_is() {
    let mut bench = Bench::new(vec![service()], &["anna", "ben"]);
    let (call, _) = bench.enter("service");
    let decisions = bench.on(Event::Wants("anna".into(), Presence::Away { reason: "break".into() }));
    assert!(decisions.contains(&Decision::Withdraw { call, agent: "anna".into(), why: Withdrawn::WentAway }));
    assert_eq!(offered(&decisions), [(call, "ben".to_owned())]);
}

#[test]
fn whoever_makes_a_call_is_offered_none_and_is_what_they_were_before_afterwards() {
    let mut bench = Bench::new(vec![service()], &["anna"]);
    let own = CallId::new();
    bench.on(Event::Wants("anna".into(), Presence::Away { reason: "break".into() }));
    bench.on(Event::Took(own, "anna".into()));
    assert_eq!(bench.state("anna").call(), Some(own));
    bench.on(Event::Took(CallId::new(), "anna".into()));
    assert_eq!(bench.state("anna").call(), Some(own), "nobody has two calls");
    bench.on(Event::LegEnded(own, "anna".into()));
    assert_eq!(bench.state("anna").presence(), Presence::Away { reason: "break".into() });
}

#[test]
fn a_place_that_was_kept_counts_from_its_beginning() {
    let mut bench = Bench::new(vec![service()], &["anna"]);
    let (busy, _) = bench.enter("service");
    bench.on(Event::Answered(busy, "anna".into()));
    let (_waits, _) = bench.enter("service");
    let kept = Entry { since: bench.now - 30 * S, is_callback: true, ..Entry::now("service", 5, bench.now) };
    let (back, _) = bench.enters(kept);
    assert_eq!(bench.machine.standing_of(back, bench.now).0, Some(1));
    assert_eq!(offered(&bench.on(Event::LegEnded(busy, "anna".into()))), [(back, "anna".to_owned())]);
}

#[test]
fn somebody_is_told_their_place_and_how_long_it_takes_once_that_is_known() {
    let mut bench =
        Bench::new(vec![Queue { keys: Keys { callback: Some("1".into()), voicemail: None }, ..service() }], &["anna"]);
    for _ in 0..5 {
        let (call, _) = bench.enter("service");
        bench.on(Event::Answered(call, "anna".into()));
        bench.pass(120 * S);
        bench.on(Event::LegEnded(call, "anna".into()));
    }
    let (busy, _) = bench.enter("service");
    bench.on(Event::Answered(busy, "anna".into()));
    let (first, _) = bench.enter("service");
    let (second, _) = bench.enter("service");
    let decisions = bench.pass(15 * S);
    let told = |call: CallId| {
        decisions.iter().find_map(|decision| match decision {
            Decision::Announce(to, told) if *to == call => Some((told.place, told.wait_s, told.callback)),
            _ => None,
        })
    };
    assert_eq!(told(first), Some((Some(1), Some(120), Some('1'))));
    assert_eq!(told(second), Some((Some(2), Some(240), Some('1'))));
    assert!(!bench.pass(44 * S).iter().any(|decision| matches!(decision, Decision::Announce(..))));
    assert!(bench.pass(S).iter().any(|decision| matches!(decision, Decision::Announce(..))));
}

#[test]
fn nothing_is_said_of_how_long_it_takes_while_too_little_is_known() {
    let mut bench = Bench::new(vec![service()], &["anna"]);
    let (busy, _) = bench.enter("service");
    bench.on(Event::Answered(busy, "anna".into()));
    let (call, _) = bench.enter("service");
    assert_eq!(bench.machine.standing_of(call, bench.now), (Some(1), None));
}

#[test]
fn a_supervisor_moves_a_call_to_another_queue_or_to_the_front() {
    let mut bench = Bench::new(vec![service(), Queue::named("sales")], &["anna"]);
    let (busy, _) = bench.enter("service");
    bench.on(Event::Answered(busy, "anna".into()));
    let (first, _) = bench.enter("service");
    let (second, _) = bench.enter("service");
    bench.on(Event::Prefer(second, Preference::First));
    assert_eq!(bench.machine.standing_of(first, bench.now).0, Some(2));
    bench.on(Event::Move(first, "sales".into()));
    assert_eq!(
        bench.machine.floor(bench.now).waiting.iter().map(|w| w.queue.as_str()).collect::<Vec<_>>(),
        ["service", "sales"]
    );
    assert_eq!(offered(&bench.on(Event::LegEnded(busy, "anna".into()))), [(second, "anna".to_owned())]);
}

#[test]
fn what_is_counted_is_what_happened_and_begins_anew_at_midnight() {
    let mut bench = Bench::new(vec![service()], &["anna"]);
    let (quick, _) = bench.enter("service");
    bench.on(Event::Answered(quick, "anna".into()));
    let (gone, _) = bench.enter("service");
    let (late, _) = bench.enter("service");
    bench.pass(30 * S);
    bench.on(Event::Leave(gone, Left::HungUp));
    bench.on(Event::LegEnded(quick, "anna".into()));
    bench.on(Event::Answered(late, "anna".into()));
    let standing = bench.machine.floor(bench.now).queues.remove(0);
    assert_eq!((standing.offered, standing.answered, standing.answered_in_time, standing.abandoned), (3, 2, 1, 1));
    assert_eq!(standing.service_level.map(|level| (level * 3.0).round()), Some(1.0));
    assert_eq!(standing.average_wait_s, Some(15.0));
    bench.on(Event::LegEnded(late, "anna".into()));
    bench.pass(24 * 60 * 60 * S);
    assert_eq!(bench.machine.floor(bench.now).queues[0].offered, 0);
}

#[test]
fn a_choice_can_be_made_again_from_what_is_stored_of_it() {
    let mut bench = Bench::new(vec![service()], &["anna", "ben", "cleo"]);
    bench.on(Event::Wants("anna".into(), Presence::Away { reason: "lunch".into() }));
    bench.pass(3 * S);
    let decisions = bench.enter("service").1;
    let Some(Decision::Offer { agent, why, .. }) = decisions.iter().find(|d| matches!(d, Decision::Offer { .. }))
    else {
        panic!("it is offered: {decisions:?}");
    };
    let stored: crate::event::Why = serde_json::from_str(&serde_json::to_string(why).expect("JSON")).expect("and back");
    assert_eq!(stored.best().map(|best| &best.agent), Some(agent));
    assert_eq!(stored.excluded[0].detail.as_deref(), Some("lunch"));
}
