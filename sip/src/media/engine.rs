//! What the media thread does in a step of 5 ms: commands, datagrams, and the tick of those legs whose turn it is. Time
//! comes in as an argument; sleeping and scheduling are left to the clock.
//!
//! Four steps make a tick, and each leg ticks in one of them (its phase). So a new leg sends its first packet within
//! two steps, the load is spread, and no leg is delayed by all the others. Bridged legs share a phase, so what one hears
//! the other sends in the same tick.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use super::gauges::Gauges;
use super::leg::{Command, LegId};
use super::line::Line;
use super::speaking::Workspace;
use super::sys::Poll;
use super::wire::Inbox;

/// Steps in a tick.
pub const PHASES: usize = 4;
/// A step.
pub const STEP: Duration = Duration::from_millis(5);
/// Datagrams read from one socket in one step, at most: a flood is left to the kernel to drop.
const MAX_READS: usize = 64;

/// All legs of the clock.
pub struct Engine {
    commands: Receiver<(LegId, Command)>,
    /// A command that ended a wait.
    first: Option<(LegId, Command)>,
    gauges: Arc<Gauges>,
    poll: Poll,
    lines: Vec<Option<Box<Line>>>,
    slots: HashMap<LegId, usize>,
    free: Vec<usize>,
    phases: [Vec<usize>; PHASES],
    step: u64,
    // Working memory, kept from step to step.
    ready: Vec<usize>,
    news: Vec<usize>,
    closing: Vec<usize>,
    inbox: Inbox,
    work: Workspace,
}

impl Engine {
    pub fn new(commands: Receiver<(LegId, Command)>, gauges: Arc<Gauges>, poll: Poll) -> Engine {
        Engine {
            commands,
            first: None,
            gauges,
            poll,
            lines: Vec::new(),
            slots: HashMap::new(),
            free: Vec::new(),
            phases: Default::default(),
            step: 0,
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
        self.read(now, monotonic);
        self.tick(phase_of(step), now);
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
        for &slot in &legs {
            // Taken out while it speaks, because it looks at the leg it is bridged with.
            if let Some(mut line) = self.lines[slot].take() {
                let other = line.bridge.and_then(|other| self.lines[other].as_ref());
                line.speak(other.map(|other| other.heard()), now, &mut self.work);
                self.lines[slot] = Some(line);
            }
        }
        for &slot in &legs {
            if let Some(line) = self.line(slot) {
                line.report(now);
            }
        }
        self.phases[phase] = legs;
    }

    fn close_those_that_wish(&mut self, phase: usize, now: Instant) {
        let mut closing = std::mem::take(&mut self.closing);
        closing.extend(self.phases[phase].iter().filter(|&&slot| {
            let line = self.lines.get(slot).and_then(Option::as_ref);
            line.is_some_and(|line| line.is_closing())
        }));
        for slot in closing.drain(..) {
            self.close(slot, now);
        }
        self.closing = closing;
    }

    /// Reads what has come, one datagram from each socket in turn.
    fn read(&mut self, now: Instant, arrival: Duration) {
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

    fn read_one(&mut self, slot: usize, now: Instant, arrival: Duration) {
        let Some(line) = self.lines.get_mut(slot).and_then(Option::as_mut) else {
            return;
        };
        let key = line.read(&mut self.inbox, now, arrival);
        if line.has_news() {
            self.news.push(slot);
        }
        if let (Some(key), Some(other)) = (key, line.bridge)
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
        if let Command::Open(line) = command {
            self.open(line, now);
            return;
        }
        // Commands to a leg that is gone are late, not wrong.
        let Some(&slot) = self.slots.get(&leg) else {
            return;
        };
        match command {
            Command::Bridge(other) => {
                if let Some(&other) = self.slots.get(&other)
                    && other != slot
                {
                    self.bridge(slot, other, now);
                }
            }
            Command::Unbridge => self.unbridge(slot),
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
        if let Err(error) = self.poll.add(&line.socket, slot) {
            tracing::error!(leg = %line.id, %error, "a leg cannot be opened: its socket cannot be watched");
            self.free.push(slot);
            line.close(now);
            return;
        }
        let here = phase_of(self.step);
        let next = phase_of(self.step + 1);
        line.phase = if self.phases[next].len() < self.phases[here].len() { next } else { here };
        self.phases[line.phase].push(slot);
        self.slots.insert(line.id, slot);
        self.lines[slot] = Some(line);
    }

    fn close(&mut self, slot: usize, now: Instant) {
        self.unbridge(slot);
        let Some(line) = self.lines.get_mut(slot).and_then(Option::take) else {
            return;
        };
        self.phases[line.phase].retain(|&other| other != slot);
        self.slots.remove(&line.id);
        self.free.push(slot);
        // Not left to the closing of the descriptor, of which somebody may hold a copy.
        let _ = self.poll.remove(&line.socket);
        line.close(now);
    }

    fn bridge(&mut self, slot: usize, other: usize, now: Instant) {
        self.unbridge(slot);
        self.unbridge(other);
        for (one, two) in [(slot, other), (other, slot)] {
            if let Some(line) = self.line(one) {
                line.silence(now);
                line.bridge = Some(two);
                self.news.push(one);
            }
        }
        let phase = self.line(slot).map_or(0, |line| line.phase);
        if let Some(line) = self.line(other)
            && line.phase != phase
        {
            let before = std::mem::replace(&mut line.phase, phase);
            self.phases[before].retain(|&leg| leg != other);
            self.phases[phase].push(other);
        }
    }

    fn unbridge(&mut self, slot: usize) {
        let other = self.line(slot).and_then(|line| line.bridge.take());
        if let Some(other) = other.and_then(|other| self.line(other)) {
            other.bridge = None;
        }
    }

    fn line(&mut self, slot: usize) -> Option<&mut Box<Line>> {
        self.lines.get_mut(slot).and_then(Option::as_mut)
    }
}

fn phase_of(step: u64) -> usize {
    (step % PHASES as u64) as usize
}
