//! Starts, paces and stops the media threads. What a thread does in a step is left to its engine.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use audio::FRAME;

use super::conference::Conference;
use super::engine::{Engine, PHASES, STEP};
use super::event::{LegEvents, channel};
use super::gauges::{ClockStats, Gauges};
use super::leg::{Command, Leg, LegConfig, LegId, Route};
use super::line::Line;
use super::sys;

/// Threads started when nobody says how many: one core is left to everything else, and more than this many would carry
/// more calls than one machine's network.
const MOST_THREADS: usize = 8;
/// Commands that may wait for the next step, over all legs of a thread.
const COMMAND_ROOM: usize = 16_384;
/// The lowest tenth of the real-time priorities: ahead of ordinary threads, behind those of the kernel.
const PRIORITY: u8 = 10;
/// A thread that is this late leaves ticks out; if less, it catches up.
const MAX_LATE: Duration = Duration::from_millis(100);
/// How often a clock without legs looks whether it is still wanted.
const IDLE: Duration = Duration::from_millis(100);
/// Reading the thread's processor time is a system call: once in so many steps is enough.
const STEPS_PER_CPU_READING: u64 = 50;

/// How the operating system schedules the media thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheduling {
    /// `SCHED_FIFO`: ahead of everything that is not real-time.
    RealTime {
        /// The priority, 1 to 99.
        priority: u8,
    },
    /// Like any other thread, because real-time was not permitted: ticks may be late when the machine is busy.
    Ordinary {
        /// What the system answered.
        reason: String,
    },
}

/// What the handles share. The threads hold it weakly, so that they notice when all handles are gone.
#[derive(Debug)]
pub(super) struct Shared {
    threads: Vec<Thread>,
    scheduling: OnceLock<Scheduling>,
}

/// The way to one thread.
#[derive(Debug)]
struct Thread {
    commands: SyncSender<(LegId, Command)>,
    gauges: Arc<Gauges>,
}

impl Shared {
    /// Hands a command to the thread of a leg; never waits for it. A full queue loses it, which is counted and, once,
    /// said.
    pub fn send(&self, route: &Route, command: Command) -> bool {
        // The lock guards no data, only the order: see `Route::sending`.
        let _sending = route.sending.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(thread) = self.threads.get(route.home()) else {
            return false;
        };
        let sent = thread.commands.try_send((route.id, command)).is_ok();
        if !sent && !thread.gauges.stopping.load(Ordering::Relaxed) {
            let lost = thread.gauges.lost_commands.fetch_add(1, Ordering::Relaxed);
            if lost == 0 {
                tracing::error!(leg = %route.id, "the command queue of the media clock is full; a command was lost");
            }
        }
        sent
    }

    /// Gives a leg to another thread; gives it back if there is no room.
    pub fn hand_over(&self, line: Box<Line>, home: usize) -> Result<(), Box<Line>> {
        let Some(thread) = self.threads.get(home) else {
            return Err(line);
        };
        match thread.commands.try_send((line.route.id, Command::Adopt(line))) {
            Ok(()) => {
                thread.gauges.load.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(
                TrySendError::Full((_, Command::Adopt(line))) | TrySendError::Disconnected((_, Command::Adopt(line))),
            ) => Err(line),
            Err(_) => unreachable!("the command that was sent is the one that comes back"),
        }
    }

    /// The thread with the fewest legs.
    fn idlest(&self) -> usize {
        let load = |home: &usize| self.threads[*home].gauges.load.load(Ordering::Relaxed);
        (0..self.threads.len()).min_by_key(load).unwrap_or(0)
    }
}

/// The media clock; clones are handles of the same threads, which end when all clocks, legs and conferences are gone.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Shared>);

impl Clock {
    /// Starts a thread for each core but one, or one if there are only two.
    pub fn start() -> io::Result<Clock> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Clock::start_with(cores.saturating_sub(1).clamp(1, MOST_THREADS))
    }

    /// Starts this many threads (at least one). Legs are spread over them.
    pub fn start_with(threads: usize) -> io::Result<Clock> {
        let (clock, engines) = prepare(threads)?;
        let (tell, told) = sync_channel(engines.len());
        for (number, mut engine) in engines.into_iter().enumerate() {
            let (tell, gauges) = (tell.clone(), clock.0.threads[number].gauges.clone());
            std::thread::Builder::new().name(format!("media-{number}")).spawn(move || {
                // There is room for one message of each thread. If a later thread could not be started, nobody listens.
                let _ = tell.send(schedule());
                drop(tell);
                run(&mut engine, &gauges);
            })?;
        }
        drop(tell);
        // All threads are scheduled alike; if not, the worst counts.
        let mut schedulings: Vec<Scheduling> = told.iter().collect();
        schedulings.sort_by_key(|scheduling| matches!(scheduling, Scheduling::RealTime { .. }));
        let worst = schedulings.into_iter().next();
        let worst = worst.ok_or_else(|| io::Error::other("the media thread ended before it began"))?;
        clock.0.scheduling.get_or_init(|| worst);
        Ok(clock)
    }

    /// A clock without threads, whose engines the caller steps.
    #[cfg(test)]
    pub(super) fn by_hand(threads: usize) -> io::Result<(Clock, Vec<Engine>)> {
        prepare(threads)
    }

    /// How the threads are scheduled.
    pub fn scheduling(&self) -> Scheduling {
        let unknown = || Scheduling::Ordinary { reason: "the clock has no threads".to_owned() };
        self.0.scheduling.get().cloned().unwrap_or_else(unknown)
    }

    /// Gives a socket to a thread. The first packet leaves within 10 ms, if it is known where to.
    pub fn open_leg(&self, config: LegConfig) -> io::Result<(Leg, LegEvents)> {
        if let Some(socket) = config.wire.own() {
            socket.set_nonblocking(true)?;
        }
        let (sink, events) = channel();
        let home = self.0.idlest();
        let route = Arc::new(Route::new(home));
        let leg = Leg::new(route.clone(), self.0.clone(), config.codec);
        let line = Box::new(Line::new(route.clone(), config, sink));
        let load = &self.0.threads[home].gauges.load;
        load.fetch_add(1, Ordering::Relaxed);
        if !self.0.send(&route, Command::Open(line)) {
            load.fetch_sub(1, Ordering::Relaxed);
            return Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "the media clock takes no more legs: it has stopped or is overloaded",
            ));
        }
        Ok((leg, events))
    }

    /// An empty conference.
    pub fn conference(&self) -> Conference {
        Conference::new(self.0.idlest(), self.0.clone())
    }

    /// How the threads are doing, together.
    pub fn stats(&self) -> ClockStats {
        Gauges::read(self.0.threads.iter().map(|thread| &*thread.gauges))
    }

    /// Closes every leg and ends the threads, soon; does not wait for it.
    pub fn shutdown(&self) {
        for thread in &self.0.threads {
            thread.gauges.stopping.store(true, Ordering::Release);
        }
    }
}

fn prepare(threads: usize) -> io::Result<(Clock, Vec<Engine>)> {
    let (mut ways, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..threads.max(1) {
        let (commands, inbox) = sync_channel(COMMAND_ROOM);
        let gauges = Arc::new(Gauges::default());
        ends.push((inbox, gauges.clone(), sys::Poll::new()?));
        ways.push(Thread { commands, gauges });
    }
    let shared = Arc::new(Shared { threads: ways, scheduling: OnceLock::new() });
    let engine = |(home, (inbox, gauges, poll))| Engine::new(home, Arc::downgrade(&shared), inbox, gauges, poll);
    let engines = ends.into_iter().enumerate().map(engine).collect();
    Ok((Clock(shared), engines))
}

/// Asks for real-time scheduling of this thread.
fn schedule() -> Scheduling {
    sys::exact_timers();
    match sys::real_time(PRIORITY) {
        Ok(()) => Scheduling::RealTime { priority: PRIORITY },
        Err(error) => {
            tracing::warn!(
                %error,
                "the media thread runs without real-time priority, so audio may stutter when the machine is busy; \
                 grant CAP_SYS_NICE or set RLIMIT_RTPRIO (LimitRTPRIO in systemd) to {PRIORITY} or more"
            );
            Scheduling::Ordinary { reason: error.to_string() }
        }
    }
}

/// Steps the engine at absolute deadlines until nobody wants it any more.
fn run(engine: &mut Engine, gauges: &Gauges) {
    let begin = sys::now();
    let mut step: u64 = 0;
    loop {
        if gauges.stopping.load(Ordering::Acquire) {
            engine.close_all(Instant::now());
            return;
        }
        if engine.is_idle() {
            if !engine.wait(IDLE) {
                return;
            }
            // Nobody heard the steps meanwhile; go on with the present one.
            step = step_at(sys::now().saturating_sub(begin));
        }
        let mut deadline = begin + offset(step);
        sys::sleep_until(deadline);
        let mut skipped = 0;
        let late = sys::now().saturating_sub(deadline);
        if late > MAX_LATE {
            skipped = (late.as_nanos() / FRAME.as_nanos()) as u64;
            step += skipped * PHASES as u64;
            deadline = begin + offset(step);
            gauges.skipped_ticks.fetch_add(skipped, Ordering::Relaxed);
        }
        let now = sys::now();
        if !engine.is_idle() {
            gauges.woke(late.max(now.saturating_sub(deadline)));
        }
        engine.step(step, Instant::now(), now, skipped);
        if step.is_multiple_of(STEPS_PER_CPU_READING) {
            gauges.used(sys::thread_cpu());
        }
        step += 1;
    }
}

fn offset(step: u64) -> Duration {
    Duration::from_nanos((STEP.as_nanos() as u64).saturating_mul(step))
}

fn step_at(offset: Duration) -> u64 {
    (offset.as_nanos() / STEP.as_nanos()) as u64
}
