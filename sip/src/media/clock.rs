//! Starts, stops and measures the media thread. What the thread does in a tick is left to the engine.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::event::{LegEvents, channel};
use super::leg::{Command, Leg, LegConfig, LegId, Opening};

/// Commands that may wait for the next tick, over all legs.
const COMMAND_ROOM: usize = 16_384;

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

/// What the handles and the thread share.
#[derive(Debug)]
pub(super) struct Shared {
    commands: SyncSender<(LegId, Command)>,
    lost_commands: AtomicU64,
    stopping: AtomicBool,
}

impl Shared {
    /// Hands a command to the thread; never waits. A full queue loses it, which is counted and said.
    pub fn send(&self, leg: LegId, command: Command) -> bool {
        let sent = self.commands.try_send((leg, command)).is_ok();
        if !sent && self.lost_commands.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(%leg, "the media clock has stopped or its command queue is full: a command was lost");
        }
        sent
    }
}

/// How late the ticks were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Half of the ticks were at most this late.
    pub p50: Duration,
    /// 99 in 100 ticks were at most this late.
    pub p99: Duration,
    /// The latest tick.
    pub max: Duration,
}

/// What the media thread says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockStats {
    /// Legs now open.
    pub legs: usize,
    /// Ticks so far.
    pub ticks: u64,
    /// Ticks left out because the thread was too far behind.
    pub skipped_ticks: u64,
    /// Commands that found the queue full.
    pub lost_commands: u64,
    /// Processor time the thread has used.
    pub cpu: Duration,
    /// How late the ticks began.
    pub lateness: Lateness,
}

/// The media clock; clones are handles of the same thread.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Shared>);

impl Clock {
    /// Starts the thread.
    pub fn start() -> io::Result<Clock> {
        let (commands, inbox) = sync_channel(COMMAND_ROOM);
        let shared = Arc::new(Shared { commands, lost_commands: AtomicU64::new(0), stopping: AtomicBool::new(false) });
        let _inbox: Receiver<(LegId, Command)> = inbox;
        Ok(Clock(shared))
    }

    /// How the thread is scheduled.
    pub fn scheduling(&self) -> Scheduling {
        Scheduling::Ordinary { reason: "not asked yet".to_owned() }
    }

    /// Gives a socket to the thread. Audio begins at the next tick.
    pub fn open_leg(&self, config: LegConfig) -> io::Result<(Leg, LegEvents)> {
        config.socket.set_nonblocking(true)?;
        let (sink, events) = channel();
        let closing = Arc::new(AtomicBool::new(false));
        let id = LegId::next();
        let leg = Leg::new(id, self.0.clone(), closing.clone(), config.codec);
        let opening = Opening { config, events: sink, closing };
        if !self.0.send(id, Command::Open(Box::new(opening))) {
            return Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "the media clock takes no more legs: it has stopped or is overloaded",
            ));
        }
        Ok((leg, events))
    }

    /// How the thread is doing.
    pub fn stats(&self) -> ClockStats {
        ClockStats::default()
    }

    /// Closes every leg and ends the thread.
    pub fn shutdown(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }
}
