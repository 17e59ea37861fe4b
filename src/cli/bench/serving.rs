//! The service under test: a process of its own, so that its processor time and memory can be told from the load generator's. It is
//! started with fresh data and free ports on loopback, and ended, by its id, when the bench is over.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::sys;

/// The flow that answers: two long announcements, and a key that leads from one to the other.
pub const FLOW: &str = include_str!("flow.json");
/// How long a service may take to end.
const PATIENCE: Duration = Duration::from_secs(90);
/// The log's last lines that are shown when a service does not start.
const LINES: usize = 8;

/// What is measured of a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Memory that is in use, in kB: whole, and its own part where pages are shared.
    pub rss_kb: u64,
    pub pss_kb: u64,
    /// Open files and sockets.
    pub files: u64,
    pub threads: u64,
}

/// Measures a process of this machine; `None` when it is gone.
pub fn sample(pid: u32) -> Option<Sample> {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let status = fs::read_to_string(proc.join("status")).ok()?;
    let rollup = fs::read_to_string(proc.join("smaps_rollup")).unwrap_or_default();
    let rss_kb = field(&status, "VmRSS:")?;
    Some(Sample {
        rss_kb,
        pss_kb: field(&rollup, "Pss:").unwrap_or(rss_kb),
        files: fs::read_dir(proc.join("fd")).map_or(0, |entries| entries.count() as u64),
        threads: field(&status, "Threads:").unwrap_or_default(),
    })
}

/// The processor time of a process, user and system.
pub fn cpu(pid: u32) -> Option<Duration> {
    cpu_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?, sys::ticks_per_second())
}

/// A number of a `name: value` file of `/proc`.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// utime + stime of `/proc/PID/stat`, the 14th and 15th field; the second, the name, may hold spaces.
fn cpu_of(stat: &str, ticks_per_second: u64) -> Option<Duration> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?) * 1_000 / ticks_per_second))
}

/// Processor time of the whole machine so far: busy, and in all.
#[derive(Clone, Copy)]
pub struct Machine {
    busy: f64,
    all: f64,
    at: Instant,
}

impl Machine {
    /// Reads it.
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
        let (busy, all) = busy_of(&stat).unwrap_or_default();
        let second = sys::ticks_per_second() as f64;
        Self { busy: busy as f64 / second, all: all as f64 / second, at: Instant::now() }
    }

    /// Processor seconds used by everybody since then, and how many there were to use.
    pub fn since(&self) -> (f64, f64) {
        let now = Self::now();
        (now.busy - self.busy, (now.all - self.all).max(1e-3))
    }

    /// Time since then.
    pub fn elapsed(&self) -> Duration {
        self.at.elapsed()
    }
}

fn busy_of(stat: &str) -> Option<(u64, u64)> {
    let times: Vec<u64> =
        stat.lines().next()?.split_whitespace().skip(1).filter_map(|time| time.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is part of user time.
    let all: u64 = times.iter().take(8).sum();
    Some((all - times.get(3)? - times.get(4)?, all))
}

/// One line on the machine, before anything is loaded.
pub fn machine_line() -> (String, bool) {
    let before = Machine::now();
    std::thread::sleep(Duration::from_millis(500));
    let (busy, all) = before.since();
    let share = busy / all;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let loaded = share > 0.1;
    let note = if loaded { ": OTHER WORK IS RUNNING HERE, which makes every number worse" } else { "" };
    (format!("{cores} cores, {:.0} % busy and load {load} before the bench{note}", share * 100.0), loaded)
}

/// How this program was built.
pub fn profile() -> &'static str {
    if cfg!(debug_assertions) { "dev (dependencies optimised)" } else { "release" }
}

/// A service that was started here.
pub struct Serving {
    child: Child,
    log: PathBuf,
    /// Where SIP is.
    pub sip: SocketAddr,
    /// Where HTTP is.
    pub http: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Serving {
    /// Starts `hotline serve` with the bench's flow. `set` holds configuration keys and values that differ from the defaults;
    /// `prepare` is handed the data folder before the start. The calling thread must outlive the service.
    pub fn start(set: &[(String, String)], prepare: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("hotline-bench-").tempdir().context("no room for the data")?;
        let data = folder.path().join("data");
        fs::create_dir_all(&data)?;
        prepare(&data)?;
        let flow = folder.path().join("flow.json");
        fs::write(&flow, FLOW)?;
        let log = folder.path().join("log");

        let mut command = Command::new(std::env::current_exe().context("cannot find this program")?);
        command.arg("serve").current_dir(folder.path());
        // The operator's own configuration is for the operator's own service.
        let own = |name: &str| name.starts_with("HOTLINE_") && name != "HOTLINE_MODELS";
        std::env::vars().filter(|(name, _)| own(name)).for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.env("HOTLINE_DATA_DIR", &data).env("HOTLINE_FLOW_FILE", &flow);
        command.env("HOTLINE_HTTP_BIND", "127.0.0.1:0").env("HOTLINE_SIP_BIND", "127.0.0.1:0");
        // Keys only: recognition has a bench of its own.
        command
            .env("HOTLINE_SPEECH_EN", "")
            .env("HOTLINE_SPEECH_ZH", "")
            .env("HOTLINE_LOG_LEVEL", "warn")
            .env("NO_COLOR", "1");
        for (key, value) in set {
            command.env(format!("HOTLINE_{}", key.replace('.', "_").to_uppercase()), value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(fs::File::create(&log)?);
        // SAFETY: between fork and exec only one async-signal-safe call is made.
        unsafe { command.pre_exec(sys::end_with_parent) };
        let mut child = command.spawn().context("cannot start the service")?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let first = lines.next().and_then(Result::ok).unwrap_or_default();
        let Some((sip, http)) = addresses(&first) else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("the service did not start:\n{}", last_lines(&log));
        };
        // Read on, so that the pipe never fills.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { child, log, sip, http, _folder: folder })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The last lines of its log, if it wrote any.
    pub fn log(&self) -> String {
        last_lines(&self.log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        sys::terminate(self.child.id());
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begun.elapsed() > PATIENCE {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where SIP and HTTP are, from the first line that `hotline serve` writes.
fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let after = |mark: &str| line.split(mark).nth(1)?.split_whitespace().next()?.parse().ok();
    Some((after("sip:")?, after("http://")?))
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// The numbers that the service itself shows at `/metrics`, of the gauges with these names (labels left out).
pub fn gauges(http: SocketAddr, names: &[&str]) -> Vec<Option<f64>> {
    let text = get(http, "/metrics").unwrap_or_default();
    names.iter().map(|name| gauge_of(&text, name)).collect()
}

fn get(http: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&http, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {http}\r\nConnection: close\r\n\r\n")?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The sum over a metric's labels.
fn gauge_of(text: &str, name: &str) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let rest = if rest.starts_with('{') { rest.split_once('}')?.1 } else { rest };
        rest.strip_prefix(' ')?.trim().parse::<f64>().ok()
    });
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_benchs_flow_can_answer_calls() {
        let flow = flow::parse(FLOW).expect("a flow");
        let findings = flow::validate(&flow);
        assert!(findings.iter().all(|finding| finding.severity != flow::Severity::Error), "{findings:?}");
    }

    #[test]
    fn this_process_can_be_measured() {
        let sample = sample(std::process::id()).expect("it is running");
        assert!(sample.rss_kb > 0 && sample.pss_kb > 0 && sample.files > 0 && sample.threads > 0, "{sample:?}");
        assert!(super::sample(u32::MAX).is_none());
    }

    #[test]
    fn the_times_of_a_process_are_found_behind_any_name() {
        let stat = "42 (a (b) c) S 1 1 1 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0";
        assert_eq!(cpu_of(stat, 100), Some(Duration::from_secs(3)));
        assert_eq!(cpu_of("nothing", 100), None);
    }

    #[test]
    fn waiting_is_not_work() {
        assert_eq!(busy_of("cpu  10 20 30 400 50 6 7 8 9 9\ncpu0 1"), Some((81, 531)));
        assert_eq!(busy_of(""), None);
    }

    #[test]
    fn the_service_says_where_it_is() {
        let line = "Hotline answers calls to sip:127.0.0.1:5 and shows them at http://127.0.0.1:6";
        assert_eq!(addresses(line).map(|(sip, http)| (sip.port(), http.port())), Some((5, 6)));
        assert_eq!(addresses("error"), None);
    }

    #[test]
    fn a_gauge_is_the_sum_of_its_labels() {
        let text = "# TYPE a gauge\na{x=\"1\"} 2\na{x=\"2\"} 3\nab 9\nb 4\n";
        assert_eq!((gauge_of(text, "a"), gauge_of(text, "b"), gauge_of(text, "c")), (Some(5.0), Some(4.0), None));
    }
}
