//! What a media thread does in a step of 5 ms: commands, datagrams, and the tick of those legs whose turn it is. Time
//! comes in as an argument; sleeping and scheduling are left to the clock.
//!
//! Four steps make a tick, and each leg ticks in one of them (its phase). So a new leg sends its first packet within
//! two steps, the load is spread, and no leg is delayed by all the others. Bridged legs share a phase, so what one hears
//! the other sends in the same tick, and so do the legs of a conference.
//!
//! Legs that belong together must be on one thread. Of two legs that want each other (both were told), the younger goes
//! to where the older is; a leg that joins a conference goes to the conference's thread. A leg leaves with the lock on
//! its commands held and after everything sent to it has been taken, so that no command is lost or overtaken.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, TryLockError, Weak};
use std::time::{Duration, Instant};

use super::clock::Shared;
use super::conference::{Room, Rooms};
use super::gauges::Gauges;
use super::leg::{Command, LegId, Route};
use super::line::Line;
use super::speaking::Company;
use super::stream::Workspace;
use super::sys::Poll;
use super::wire::Inbox;

/// Steps in a tick.
pub const PHASES: usize = 4;
/// A step.
pub const STEP: Duration = Duration::from_millis(5);
/// So many legs may tick in one step however few there are altogether.
const MOST_AT_ONCE: usize = 8;
/// Datagrams read from one socket in one step, at most: a flood is left to the kernel to drop.
const MAX_READS: usize = 64;

/// All legs of one thread.
pub struct Engine {
    /// The number of the thread.
    home: usize,
    /// The way to the other threads.
    shared: Weak<Shared>,
    commands: Receiver<(LegId, Command)>,
    /// A command that ended a wait.
    first: Option<(LegId, Command)>,
    gauges: Arc<Gauges>,
    poll: Poll,
    lines: Vec<Option<Box<Line>>>,
    slots: HashMap<LegId, usize>,
    free: Vec<usize>,
    /// Legs at the browsers' port, which have no socket to be polled.
    placed: Vec<usize>,
    phases: [Vec<usize>; PHASES],
    rooms: Rooms,
    step: u64,
    /// Legs that may have to be joined with others, or to leave for another thread.
    seeking: Vec<usize>,
    // Working memory, kept from step to step.
    ready: Vec<usize>,
    news: Vec<usize>,
    closing: Vec<usize>,
    inbox: Inbox,
    work: Workspace,
}

impl Engine {
    pub fn new(
        home: usize,
        shared: Weak<Shared>,
        commands: Receiver<(LegId, Command)>,
        gauges: Arc<Gauges>,
        poll: Poll,
    ) -> Engine {
        Engine {
            home,
            shared,
            commands,
            first: None,
            gauges,
            poll,
            lines: Vec::new(),
            slots: HashMap::new(),
            free: Vec::new(),
            placed: Vec::new(),
            phases: Default::default(),
            rooms: Rooms::default(),
            step: 0,
            seeking: Vec::new(),
            ready: Vec::new(),
            news: Vec::new(),
            closing: Vec::new(),
            inbox: Inbox::new(),
            work: Workspace::default(),
        }
    }

    /// Whether there is no leg.
    pub fn is_idle(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many legs there are.
    #[cfg(test)]
    pub fn legs(&self) -> usize {
        self.slots.len()
    }

    /// Waits for a command while there is no leg; says whether any handle is left that could send one.
    pub fn wait(&mut self, at_most: Duration) -> bool {
        match self.commands.recv_timeout(at_most) {
            Ok(command) => {
                self.first = Some(command);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// One step; `monotonic` is the same moment as `now`. `skipped` ticks were left out before it.
    pub fn step(&mut self, step: u64, now: Instant, monotonic: Duration, skipped: u64) {
        self.step = step;
        if skipped > 0 {
            for line in self.lines.iter_mut().flatten() {
                line.skip(skipped);
            }
        }
        self.take_commands(now);
        self.join_those_that_seek(now);
        self.read(now, monotonic);
        self.tick(phase_of(step), now);
        self.between_ticks(phase_of(step + PHASES as u64 / 2));
        for slot in std::mem::take(&mut self.news) {
            if let Some(line) = self.line(slot) {
                line.flush();
            }
        }
        self.gauges.legs.store(self.slots.len(), Ordering::Relaxed);
    }

    /// Closes every leg, also those that wait to be opened.
    pub fn close_all(&mut self, now: Instant) {
        self.take_commands(now);
        for slot in 0..self.lines.len() {
            self.close(slot, now);
        }
    }

    fn tick(&mut self, phase: usize, now: Instant) {
        self.close_those_that_wish(phase, now);
        let legs = std::mem::take(&mut self.phases[phase]);
        for &slot in &legs {
            if let Some(line) = self.lines[slot].as_mut() {
                line.hear();
            }
        }
        self.rooms.mix(phase, |slot| Some(self.lines.get(slot)?.as_ref()?.heard()));
        for &slot in &legs {
            // Taken out while it speaks, because it looks at the leg it is bridged with.
            if let Some(mut line) = self.lines[slot].take() {
                let company = company(&line, &self.lines, &self.rooms);
                line.speak(company, now, &mut self.work);
                self.lines[slot] = Some(line);
            }
        }
        let mut dropped = 0;
        for &slot in &legs {
            if let Some(line) = self.line(slot) {
                line.report(now);
                dropped += line.newly_dropped();
            }
        }
        if dropped > 0 {
            self.gauges.dropped_events.fetch_add(dropped, Ordering::Relaxed);
        }
        self.phases[phase] = legs;
    }

    /// Half a tick after the legs of this phase had theirs: packets that last no 20 ms are due then too.
    fn between_ticks(&mut self, phase: usize) {
        for &slot in &self.phases[phase] {
            if let Some(line) = self.lines[slot].as_mut() {
                line.speak_between(&mut self.work);
            }
        }
    }

    fn close_those_that_wish(&mut self, phase: usize, now: Instant) {
        let mut closing = std::mem::take(&mut self.closing);
        for &slot in &self.phases[phase] {
            let Some(line) = self.lines.get(slot).and_then(Option::as_ref) else {
                continue;
            };
            if line.is_closing() {
                closing.push(slot);
            } else if line.seeks() {
                self.seeking.push(slot);
            }
        }
        for slot in closing.drain(..) {
            self.close(slot, now);
        }
        self.closing = closing;
    }

    /// Reads what has come, one datagram from each socket in turn.
    fn read(&mut self, now: Instant, arrival: Duration) {
        self.read_placed(now, arrival);
        let rounds = MAX_READS * self.slots.len().div_ceil(Poll::BATCH);
        for _ in 0..rounds {
            self.poll.ready(&mut self.ready);
            if self.ready.is_empty() {
                return;
            }
            for n in 0..self.ready.len() {
                self.read_one(self.ready[n], now, arrival);
            }
        }
    }

    /// Reads what has come through the browsers' port; its queues are short.
    fn read_placed(&mut self, now: Instant, arrival: Duration) {
        for n in 0..self.placed.len() {
            let slot = self.placed[n];
            for _ in 0..MAX_READS {
                if !self.line(slot).is_some_and(|line| line.wire.waits()) {
                    break;
                }
                self.read_one(slot, now, arrival);
            }
        }
    }

    fn read_one(&mut self, slot: usize, now: Instant, arrival: Duration) {
        let Some(line) = self.lines.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        let key = line.read(&mut self.inbox, now, arrival);
        if line.has_news() {
            self.news.push(slot);
        }
        if let Some(phase) = line.better_phase(self.step) {
            // Not where everybody wants to be: no leg shall be delayed by all the others.
            let fair = self.slots.len() / PHASES;
            if self.phases[phase].len() <= fair + fair / 2 + MOST_AT_ONCE {
                self.set_phase(slot, phase);
            }
        }
        if let Some(key) = key
            && let Some(other) = self.line(slot).and_then(|line| line.bridge)
            && let Some(other) = self.line(other)
        {
            other.press(key.encode_utf8(&mut [0; 4]));
        }
    }

    fn take_commands(&mut self, now: Instant) {
        if let Some((leg, command)) = self.first.take() {
            self.command(leg, command, now);
        }
        loop {
            match self.commands.try_recv() {
                Ok((leg, command)) => self.command(leg, command, now),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    fn command(&mut self, leg: LegId, command: Command, now: Instant) {
        if let Command::Open(line) | Command::Adopt(line) = command {
            self.open(line, now);
            return;
        }
        // Commands to a leg that is gone are late, not wrong.
        let Some(&slot) = self.slots.get(&leg) else {
            return;
        };
        match command {
            Command::Bridge(other) => {
                if !other.is_closing() {
                    self.part(slot);
                    self.seek(slot, Some(other), None, now);
                }
            }
            Command::Join(room) => {
                self.part(slot);
                self.seek(slot, None, Some(room), now);
            }
            Command::Unbridge => self.unbridge(slot),
            Command::Leave => self.leave(slot),
            command => {
                if let Some(line) = self.line(slot) {
                    line.command(command, now);
                    if line.has_news() {
                        self.news.push(slot);
                    }
                }
            }
        }
    }

    fn open(&mut self, mut line: Box<Line>, now: Instant) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.lines.push(None);
            self.lines.len() - 1
        });
        let watched = match line.wire.own() {
            Some(socket) => self.poll.add(socket, slot),
            None => {
                self.placed.push(slot);
                Ok(())
            }
        };
        if let Err(error) = watched {
            tracing::error!(leg = %line.route.id, %error, "a leg cannot be opened: its socket cannot be watched");
            self.free.push(slot);
            self.gauges.load.fetch_sub(1, Ordering::Relaxed);
            line.close(now);
            return;
        }
        let here = phase_of(self.step);
        let next = phase_of(self.step + 1);
        line.phase = if self.phases[next].len() < self.phases[here].len() { next } else { here };
        self.phases[line.phase].push(slot);
        self.slots.insert(line.route.id, slot);
        if line.seeks() {
            self.seeking.push(slot);
        }
        self.lines[slot] = Some(line);
    }

    /// Takes a leg out of everything.
    fn remove(&mut self, slot: usize) -> Option<Box<Line>> {
        self.part(slot);
        let line = self.lines.get_mut(slot).and_then(Option::take)?;
        self.phases[line.phase].retain(|&other| other != slot);
        self.slots.remove(&line.route.id);
        self.free.push(slot);
        self.gauges.load.fetch_sub(1, Ordering::Relaxed);
        // Not left to the closing of the descriptor, of which somebody may hold a copy.
        match line.wire.own() {
            Some(socket) => drop(self.poll.remove(socket)),
            None => self.placed.retain(|&other| other != slot),
        }
        Some(line)
    }

    fn close(&mut self, slot: usize, now: Instant) {
        if let Some(line) = self.remove(slot) {
            line.close(now);
        }
    }

    /// From now on the leg wants to be with another one, or in a conference, and plays nothing.
    fn seek(&mut self, slot: usize, other: Option<Arc<Route>>, room: Option<Room>, now: Instant) {
        if let Some(line) = self.line(slot) {
            line.silence(now);
            (line.wish, line.room) = (other, room);
            self.news.push(slot);
            self.seeking.push(slot);
        }
    }

    fn join_those_that_seek(&mut self, now: Instant) {
        for slot in std::mem::take(&mut self.seeking) {
            self.join(slot, now);
        }
    }

    /// Joins a leg with what it wants to be with if that is here; otherwise goes there, or waits for it to come.
    fn join(&mut self, slot: usize, now: Instant) {
        let Some(line) = self.line(slot) else {
            return;
        };
        let (id, phase) = (line.route.id, line.phase);
        if line.wish.as_ref().is_some_and(|other| other.is_closing()) {
            line.wish = None;
        }
        match (line.room, line.wish.clone()) {
            (Some(room), _) if room.home != self.home => self.move_to(slot, room.home, now),
            (Some(room), _) => {
                let common = self.rooms.enter(room, slot, phase);
                if let Some(line) = self.line(slot) {
                    line.entered = true;
                }
                self.set_phase(slot, common);
            }
            (None, None) => {}
            (None, Some(wish)) => match self.slots.get(&wish.id).copied() {
                Some(other) => self.couple(slot, other, id),
                None if wish.id < id && wish.home() != self.home => self.move_to(slot, wish.home(), now),
                None => {}
            },
        }
    }

    /// Bridges two legs of this thread, if the other wants it too.
    fn couple(&mut self, slot: usize, other: usize, id: LegId) {
        let Some(line) = self.line(other).filter(|line| line.wish.as_ref().is_some_and(|wish| wish.id == id)) else {
            return;
        };
        line.bridge = Some(slot);
        if let Some(line) = self.line(slot) {
            line.bridge = Some(other);
            let phase = line.phase;
            self.set_phase(other, phase);
        }
    }

    fn set_phase(&mut self, slot: usize, phase: usize) {
        if let Some(line) = self.line(slot)
            && line.phase != phase
        {
            let before = std::mem::replace(&mut line.phase, phase);
            self.phases[before].retain(|&leg| leg != slot);
            self.phases[phase].push(slot);
        }
    }

    /// Gives a leg to another thread. If that is not possible now, it stays, and seeks again at its next tick.
    fn move_to(&mut self, slot: usize, home: usize, now: Instant) {
        let (Some(shared), Some(line)) = (self.shared.upgrade(), self.line(slot)) else {
            return;
        };
        let route = line.route.clone();
        // Held while the leg moves: nobody can send it a command meanwhile. Never waited for.
        let _sending = match route.sending.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        // What was sent to it before is here already, and may change where it wants to go.
        let wanted = |line: &Line| (line.wish.as_ref().map(|wish| wish.id), line.room);
        let before = wanted(line);
        self.take_commands(now);
        if self.line(slot).is_none_or(|line| line.route.id != route.id || wanted(line) != before) {
            return;
        }
        let wish = self.line(slot).and_then(|line| line.wish.clone());
        let Some(mut line) = self.remove(slot) else {
            return;
        };
        (line.wish, line.room) = (wish, before.1);
        match shared.hand_over(line, home) {
            Ok(()) => route.home.store(home, Ordering::Release),
            Err(line) => {
                self.gauges.load.fetch_add(1, Ordering::Relaxed);
                self.open(line, now);
            }
        }
    }

    /// Ends whatever joins a leg with others.
    fn part(&mut self, slot: usize) {
        self.unbridge(slot);
        self.leave(slot);
    }

    fn unbridge(&mut self, slot: usize) {
        let Some(line) = self.line(slot) else {
            return;
        };
        line.wish = None;
        let other = line.bridge.take();
        if let Some(other) = other.and_then(|other| self.line(other)) {
            other.bridge = None;
            other.wish = None;
        }
    }

    fn leave(&mut self, slot: usize) {
        if let Some(line) = self.line(slot) {
            line.entered = false;
            if let Some(room) = line.room.take() {
                self.rooms.leave(room, slot);
            }
        }
    }

    fn line(&mut self, slot: usize) -> Option<&mut Box<Line>> {
        self.lines.get_mut(slot).and_then(Option::as_mut)
    }
}

/// Whom the leg's peer hears.
fn company<'a>(line: &Line, lines: &'a [Option<Box<Line>>], rooms: &Rooms) -> Company<'a> {
    if let Some(other) = line.bridge.and_then(|other| lines.get(other)?.as_ref()) {
        return Company::Peer(other.heard());
    }
    let others = line.room.and_then(|room| rooms.others(room, line.heard()));
    others.map_or(Company::Alone, Company::Others)
}

fn phase_of(step: u64) -> usize {
    (step % PHASES as u64) as usize
}
