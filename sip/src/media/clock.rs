//! Starts, paces and stops the media thread. What the thread does in a step is left to the engine.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use audio::FRAME;

use super::engine::{Engine, PHASES, STEP};
use super::event::{LegEvents, channel};
use super::gauges::{ClockStats, Gauges};
use super::leg::{Command, Leg, LegConfig, LegId};
use super::line::Line;
use super::sys;

/// Commands that may wait for the next step, over all legs.
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

/// What the handles share. The thread does not hold it, so that it notices when all handles are gone.
#[derive(Debug)]
pub(super) struct Shared {
    commands: SyncSender<(LegId, Command)>,
    gauges: Arc<Gauges>,
    scheduling: Scheduling,
}

impl Shared {
    /// Hands a command to the thread; never waits. A full queue loses it, which is counted and, once, said.
    pub fn send(&self, leg: LegId, command: Command) -> bool {
        let sent = self.commands.try_send((leg, command)).is_ok();
        if !sent && !self.gauges.stopping.load(Ordering::Relaxed) {
            let lost = self.gauges.lost_commands.fetch_add(1, Ordering::Relaxed);
            if lost == 0 {
                tracing::error!(%leg, "the command queue of the media clock is full; a command was lost");
            }
        }
        sent
    }
}

/// The media clock; clones are handles of the same thread, which ends when all clocks and legs are gone.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Shared>);

impl Clock {
    /// Starts the thread.
    pub fn start() -> io::Result<Clock> {
        let (commands, mut engine, gauges) = prepare()?;
        let (tell, told) = sync_channel(1);
        let thread_gauges = gauges.clone();
        std::thread::Builder::new().name("media".to_owned()).spawn(move || {
            // The receiver waits for this one message, so it cannot be gone.
            let _ = tell.send(schedule());
            run(&mut engine, &thread_gauges);
        })?;
        let scheduling = told.recv().map_err(|_| io::Error::other("the media thread ended before it began"))?;
        Ok(Clock(Arc::new(Shared { commands, gauges, scheduling })))
    }

    /// A clock without a thread, whose engine the caller steps.
    #[cfg(test)]
    pub(super) fn by_hand() -> io::Result<(Clock, Engine)> {
        let (commands, engine, gauges) = prepare()?;
        let scheduling = Scheduling::Ordinary { reason: "stepped by hand".to_owned() };
        let shared = Shared { commands, gauges, scheduling };
        Ok((Clock(Arc::new(shared)), engine))
    }

    /// How the thread is scheduled.
    pub fn scheduling(&self) -> Scheduling {
        self.0.scheduling.clone()
    }

    /// Gives a socket to the thread. The first packet leaves within 10 ms, if it is known where to.
    pub fn open_leg(&self, config: LegConfig) -> io::Result<(Leg, LegEvents)> {
        config.socket.set_nonblocking(true)?;
        let (sink, events) = channel();
        let closing = Arc::new(AtomicBool::new(false));
        let id = LegId::next();
        let leg = Leg::new(id, self.0.clone(), closing.clone(), config.codec);
        let line = Box::new(Line::new(id, config, sink, closing));
        if !self.0.send(id, Command::Open(line)) {
            return Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "the media clock takes no more legs: it has stopped or is overloaded",
            ));
        }
        Ok((leg, events))
    }

    /// How the thread is doing.
    pub fn stats(&self) -> ClockStats {
        self.0.gauges.read()
    }

    /// Closes every leg and ends the thread, soon; does not wait for it.
    pub fn shutdown(&self) {
        self.0.gauges.stopping.store(true, Ordering::Release);
    }
}

type Commands = SyncSender<(LegId, Command)>;

fn prepare() -> io::Result<(Commands, Engine, Arc<Gauges>)> {
    let (commands, inbox): (Commands, Receiver<_>) = sync_channel(COMMAND_ROOM);
    let gauges = Arc::new(Gauges::default());
    let engine = Engine::new(inbox, gauges.clone(), sys::Poll::new()?);
    Ok((commands, engine, gauges))
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
