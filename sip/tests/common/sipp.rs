//! SIPp as caller and as callee.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{free_port, soon};

/// Runs a scenario `calls` times against `to` and returns SIPp's own account of what failed.
pub async fn sipp(scenario: &Path, to: SocketAddr, calls: u32) -> Result<(), String> {
    let mut run = Run::new(scenario, calls);
    run.program.arg(to.to_string()).args(["-p", &free_port().to_string()]);
    run.finish().await
}

/// A SIPp that waits to be called.
pub struct Callee {
    pub addr: SocketAddr,
    run: tokio::task::JoinHandle<Result<(), String>>,
}

impl Callee {
    /// Waits for `calls` calls. The scenario may send requests of its own only within them.
    pub fn start(scenario: &str, calls: u32) -> Callee {
        let addr = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut run = Run::new(&ours(scenario), calls);
        run.program.args(["-p", &addr.port().to_string()]);
        Callee { addr, run: tokio::spawn(run.finish()) }
    }

    pub fn uri(&self) -> String {
        format!("sip:gateway@{}", self.addr)
    }

    /// Waits until it is done; panics with its account when something failed.
    pub async fn done(self) {
        if let Err(account) = soon(self.run).await.expect("no panic") {
            panic!("{account}");
        }
    }
}

struct Run {
    dir: PathBuf,
    program: tokio::process::Command,
}

impl Run {
    fn new(scenario: &Path, calls: u32) -> Run {
        let dir = std::env::temp_dir().join(format!("sipp-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&dir).expect("a directory for SIPp's logs");
        let mut program = tokio::process::Command::new("sipp");
        program
            .args(["-sf".as_ref(), scenario.as_os_str()])
            .args(["-s", "service", "-i", "127.0.0.1", "-mp", &free_port().to_string()])
            .args(["-m", &calls.to_string(), "-r", "50", "-l", "20", "-nostdin", "-timeout", "15s", "-timeout_error"])
            .args(["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"])
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        Run { dir, program }
    }

    async fn finish(mut self) -> Result<(), String> {
        let status = soon(self.program.status()).await.expect("SIPp runs");
        let log = |name: &str| std::fs::read_to_string(self.dir.join(name)).unwrap_or_default();
        match status.success() {
            true => Ok(()),
            false => Err(format!("{status}\n{}\n{}", log("errors"), log("messages"))),
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A scenario of this repository.
pub fn ours(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sipp").join(scenario)
}
