//! What every bench begins with: something to load (a service of its own, or a running one), a generator, and the options they share.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::caller::Plan;
use super::engine::{Engine, Target};
use super::rtp::{self, Marks};
use super::serving::{self, Sample, Serving};
use super::sys::{self, MS, SECOND};

/// Options of every bench.
#[derive(clap::Args, Clone)]
pub struct Options {
    /// Drive a running service instead of one started here, e.g. sip:100@127.0.0.1:5060
    #[arg(long, value_name = "SIP-URI")]
    target: Option<String>,
    /// The running service's process on this machine, to measure its processor time and memory
    #[arg(long, requires = "target")]
    pid: Option<u32>,
    /// Allow a target on another machine; make sure that it is yours to load
    #[arg(long, requires = "target")]
    beyond_loopback: bool,
    /// Write the result as JSON (- for standard output)
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Call from so many loopback addresses, as if from so many carriers
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u8).range(1..=250))]
    sources: u8,
    /// A configuration key of the service started here, e.g. log.level=info; may be given again
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// The bench as a whole: options, and whether somebody wants to stop.
pub struct Bench {
    options: Options,
    stop: Arc<AtomicBool>,
    machine: String,
    loaded: bool,
    /// Learned once: the voice says the same thing every time.
    marks: Option<Option<Marks>>,
}

impl Bench {
    /// Looks at the machine, says what it found, and takes what makes good time.
    pub fn begin(options: Options, stop: Arc<AtomicBool>) -> Self {
        sys::raise_file_limit();
        let (machine, loaded) = serving::machine_line();
        println!("profile {}; {machine}", serving::profile());
        if !sys::keep_time_well() {
            println!("SCHED_FIFO is not permitted: the generator may send late; run as root or with CAP_SYS_NICE");
        }
        Self { options, stop, machine, loaded, marks: None }
    }

    /// Whether to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Whether the service is somebody else's.
    pub fn is_foreign(&self) -> bool {
        self.options.target.is_some()
    }

    /// A service with a flow of its own, and a generator that knows nothing of its prompts. What the operator sets goes before.
    pub fn bed_with(&mut self, own: &[(&str, String)]) -> anyhow::Result<Bed> {
        let set = own.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        let operators = std::mem::take(&mut self.options.set);
        self.options.set = set.chain(operators.iter().cloned()).collect();
        self.marks = Some(None);
        let bed = self.bed(|_| Ok(()));
        self.options.set = operators;
        bed
    }

    /// Something to load, and a generator that has called it once.
    pub fn bed(&mut self, prepare: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<Bed> {
        let (serving, uri, address) = match &self.options.target {
            Some(uri) => (None, uri.clone(), resolve(uri, self.options.beyond_loopback)?),
            None => {
                let serving = Serving::start(&self.options.set, prepare)?;
                let address = serving.sip;
                (Some(serving), format!("sip:100@{address}"), address)
            }
        };
        let pid = serving.as_ref().map(Serving::pid).or(self.options.pid);
        let target = Target { uri, address, sources: self.options.sources };
        let engine = Engine::new(target, self.options.seed, self.stop.clone())?;
        let mut bed = Bed { engine, pid, serving };
        if self.marks.is_none() {
            self.marks = Some(bed.learn()?);
        }
        bed.engine.marks = self.marks.flatten();
        Ok(bed)
    }

    /// Writes the JSON where it is wanted.
    pub fn report(&self, mut result: Value) -> anyhow::Result<()> {
        result["machine"] = json!({
            "profile": serving::profile(),
            "before": self.machine,
            "loaded": self.loaded,
            "service": if self.is_foreign() { "running" } else { "own" },
        });
        let text = serde_json::to_string_pretty(&result)? + "\n";
        match self.options.json.as_deref() {
            None => {}
            Some(path) if path == Path::new("-") => print!("{text}"),
            Some(path) => {
                std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(())
    }
}

/// A service and its load. The generator is dropped before the service.
pub struct Bed {
    /// The load.
    pub engine: Engine,
    /// The service's process, if it is known.
    pub pid: Option<u32>,
    /// The service, if it is ours.
    pub serving: Option<Serving>,
}

impl Bed {
    /// Processor time of the service so far.
    pub fn cpu(&self) -> Option<Duration> {
        serving::cpu(self.pid?)
    }

    /// The service's time and memory.
    pub fn sample(&self) -> Option<Sample> {
        serving::sample(self.pid?)
    }

    /// Lets time pass, with the calls going on.
    pub fn rest(&mut self, nanos: sys::Nanos) {
        self.engine.run(sys::now() + nanos, |_| false);
    }

    /// Waits until the service has written down what it had to: until it uses next to no time.
    pub fn settle(&mut self, most: sys::Nanos) {
        let until = sys::now() + most;
        let mut before = self.cpu();
        while sys::now() < until && !self.engine.is_stopped() {
            self.rest(300 * MS);
            let after = self.cpu();
            let used = after.zip(before).map_or(Duration::ZERO, |(after, before)| after.saturating_sub(before));
            if used < Duration::from_millis(30) {
                return;
            }
            before = after;
        }
    }

    /// What went wrong, with the service's own words.
    pub fn complaints(&self) -> String {
        let failures = self.engine.tally.failures();
        let log = self.serving.as_ref().map(Serving::log).unwrap_or_default();
        match (failures.is_empty(), log.is_empty()) {
            (true, _) => String::new(),
            (false, true) => failures,
            (false, false) => format!("{failures}; the service's log ends with:\n{log}"),
        }
    }

    /// Three probe calls, from which is learned how the service's two prompts begin. They warm the service up, too. Fails when none
    /// is answered; the prompts may stay unknown, with a foreign flow.
    fn learn(&mut self) -> anyhow::Result<Option<Marks>> {
        let probe = |key: Option<u64>| Plan {
            sound: true,
            remember: true,
            keys: key.into_iter().collect(),
            hang_up_after: Some(2_500 * MS),
            ..Plan::default()
        };
        for key in [None, Some(800 * MS), Some(1_307 * MS)] {
            self.engine.begin(probe(key));
        }
        self.engine.run(sys::now() + 40 * SECOND, |engine| engine.live() == 0);
        if self.engine.tally.answered == 0 && !self.engine.is_stopped() {
            bail!("no probe call was answered: {}", self.complaints());
        }
        let mut heard = std::mem::take(&mut self.engine.remembered);
        heard.sort_by_key(|(_, pressed)| *pressed);
        let marks = match heard.as_slice() {
            [(listened, 0), (one, one_at), (other, other_at)] => {
                rtp::learn(listened, [(one, *one_at), (other, *other_at)])
            }
            _ => None,
        };
        if marks.is_none() && !self.engine.is_stopped() {
            println!("key 1 brings no prompt that could be told from the first: key_to_prompt_ms is left out");
        }
        Ok(marks)
    }
}

/// Where a URI's requests go.
fn resolve(uri: &str, beyond_loopback: bool) -> anyhow::Result<SocketAddr> {
    let rest =
        uri.strip_prefix("sip:").with_context(|| format!("{uri} is not a SIP URI like sip:100@127.0.0.1:5060"))?;
    let rest = rest.split([';', '?']).next().unwrap_or_default();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let has_port = host.rsplit_once(':').is_some_and(|(name, _)| !name.contains(':') || name.ends_with(']'));
    let host = if has_port { host.to_owned() } else { format!("{host}:5060") };
    let found = host.to_socket_addrs().with_context(|| format!("cannot find {host}"))?.next();
    let address = found.with_context(|| format!("{host} has no address"))?;
    if !address.ip().is_loopback() && !beyond_loopback {
        bail!("{address} is not this machine: add --beyond-loopback if it is yours to load");
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_uri_on_loopback_unless_it_may_be_elsewhere() {
        let of = |uri: &str, beyond| resolve(uri, beyond).map(|address| address.to_string()).map_err(|e| e.to_string());
        assert_eq!(of("sip:100@127.0.0.1:5070;transport=udp", false).as_deref(), Ok("127.0.0.1:5070"));
        assert_eq!(of("sip:127.0.0.1", false).as_deref(), Ok("127.0.0.1:5060"));
        assert_eq!(of("sip:100@[::1]:5070", false).as_deref(), Ok("[::1]:5070"));
        assert_eq!(of("sip:100@[::1]", false).as_deref(), Ok("[::1]:5060"));
        assert!(of("sip:100@192.0.2.1", false).is_err_and(|error| error.contains("--beyond-loopback")));
        assert_eq!(of("sip:100@192.0.2.1", true).as_deref(), Ok("192.0.2.1:5060"));
        assert!(of("http://127.0.0.1", false).is_err_and(|error| error.contains("not a SIP URI")));
    }

    #[test]
    fn configuration_keys_are_pairs() {
        assert_eq!(pair("log.level=info"), Ok(("log.level".to_owned(), "info".to_owned())));
        assert!(pair("log.level").is_err());
    }
}
