//! `hotline bench`: loads a service as carriers and callers do, and prints what that costs.
//!
//! - [`calls`], [`signalling`], [`soak`], [`turn`]: the benches.
//! - [`bed`]: what they begin with; [`serving`]: the service under test, a process of its own.
//! - [`engine`], [`caller`], [`desk`]: the load generator, its callers and agents' phones, with [`wire`] (SIP), [`rtp`] (sound and keys) and [`sys`] (sockets and clocks).
//! - [`talk`]: callers who say something, and listen to the answer.
//! - [`tally`], [`measure`]: what is counted, and how it is shown.
//!
//! The generator shares nothing with the SIP and media stack under test but the digest of registrations: a fault there cannot hide
//! itself here.

mod bed;
mod caller;
mod calls;
mod desk;
mod engine;
mod measure;
mod rtp;
mod serving;
mod signalling;
mod soak;
mod sys;
mod talk;
mod tally;
mod turn;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, anyhow};
use clap::Subcommand;
use tokio::signal::unix::{SignalKind, signal};

use bed::{Bench, Options};

/// Arguments of `hotline bench`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Calls with sound: processor time, memory, pacing, time to the first packet and to a key's prompt
    Calls(calls::Arguments),
    /// INVITE, 200, ACK, BYE as fast as asked for: how many are served, and how soon
    Signalling(signalling::Arguments),
    /// A mix of calls, holds, transfers, cancelled calls, registrations and bad networks: what is left over
    Soak(soak::Arguments),
    /// Callers who talk and interrupt: how soon the reply comes and where the time goes, how soon a prompt is silent
    Turn(turn::Arguments),
}

impl What {
    fn options(&self) -> &Options {
        match self {
            Self::Calls(arguments) => &arguments.options,
            Self::Signalling(arguments) => &arguments.options,
            Self::Soak(arguments) => &arguments.options,
            Self::Turn(arguments) => &arguments.options,
        }
    }
}

/// Runs a bench on a thread of its own, which may be scheduled in real time. Ctrl-C ends it, and the service that it started.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let stop = Arc::new(AtomicBool::new(false));
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stopping = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
            // The kernel ends our service with us, should somebody lose patience.
            if stopping.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            eprintln!("stopping: the service started here is ended; once more to stop at once");
        }
    });
    let bench = move || {
        let bench = Bench::begin(arguments.what.options().clone(), stop);
        match &arguments.what {
            What::Calls(arguments) => calls::run(arguments, bench),
            What::Signalling(arguments) => signalling::run(arguments, bench),
            What::Soak(arguments) => soak::run(arguments, bench),
            What::Turn(arguments) => turn::run(arguments, bench),
        }
    };
    let (done, result) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("bench".into()).spawn(move || {
        let _ = done.send(bench());
    });
    let thread = thread.context("cannot start the generator's thread")?;
    let result = result.await;
    thread.join().map_err(|_| anyhow!("the generator failed"))?;
    result.context("the generator ended without a result")?
}
