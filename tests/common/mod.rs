//! What the end-to-end tests share: a real `hotline serve` as a process of its own, and telephones.
#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use audio::Pcm8k;
use audio::resample::resample;
use hotline::config::Config;
use hotline::phone::Phone;
use hotline::store::{NewUser, Role, Scope};
use models::{Flite, FliteVoice, Voice};
use sip::media::Clock;

/// The service as an operator runs it. Ended (by its id) when dropped.
pub struct Serving {
    child: Child,
    /// Where SIP is.
    pub sip: SocketAddr,
    /// Where the console is.
    pub http: SocketAddr,
}

impl Serving {
    /// Starts `hotline serve` on free loopback ports with its data in `folder`.
    pub fn start(folder: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_with(folder, variables, Stdio::inherit())
    }

    /// The same, with its log in a file.
    pub fn start_logging(folder: &Path, variables: &[(&str, &str)], log: &Path) -> Self {
        Self::start_with(folder, variables, std::fs::File::create(log).expect("a file").into())
    }

    fn start_with(folder: &Path, variables: &[(&str, &str)], log: Stdio) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hotline"));
        command.arg("serve").current_dir(folder).env("HOTLINE_DATA_DIR", folder.join("data"));
        command.env("HOTLINE_HTTP_BIND", "127.0.0.1:0").env("HOTLINE_SIP_BIND", "127.0.0.1:0");
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the program was built");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let first = lines.next().expect("it says that it is ready, or ends").expect("in UTF-8");
        let after = |mark: &str| {
            let rest = first.split(mark).nth(1).unwrap_or_else(|| panic!("unexpected first line: {first}"));
            rest.split_whitespace().next().expect("an address").parse().expect("an address")
        };
        let (sip, http) = (after("sip:"), after("http://"));
        // Read on, so that the pipe never fills.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, sip, http }
    }

    /// As a power failure would: no chance to write anything.
    pub fn kill(mut self) {
        self.child.kill().expect("it is running");
        self.child.wait().expect("it can be waited for");
    }

    /// As an operator would, with SIGTERM. Returns whether it ended well.
    pub fn stop(mut self) -> bool {
        let id = i32::try_from(self.child.id()).expect("a process id");
        // SAFETY: a signal to a child of ours that has not been waited for.
        unsafe { libc::kill(id, libc::SIGTERM) };
        self.child.wait().expect("it can be waited for").success()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the default recogniser has been pulled; says so when a test has to be left out.
pub fn have_models() -> bool {
    let ready = models::Store::open(None).is_ok_and(|store| store.paths(models::manifest::DEFAULT_ENGLISH).is_ok());
    if !ready {
        println!("skipped: the default recogniser is not here; run `hotline models pull`");
    }
    ready
}

/// The configuration with which `Serving` ran in `folder`, for looking at its data afterwards.
pub fn config_of(folder: &Path) -> Config {
    Config { data_dir: folder.join("data"), ..Config::default() }
}

/// A token with which another program may ask the engine of the service in `folder`, which must not run yet.
pub async fn understand_token(folder: &Path) -> String {
    let store = hotline::service::open_store(&config_of(folder)).await.expect("the database");
    let (tenant, now) = (store.default_tenant(), hotline::call::now());
    let admin = NewUser { name: "Ada".into(), email: None, role: Role::Admin, language: None };
    let admin = tenant.create_user(admin, now).await.expect("a user");
    let (_, token) = tenant.create_api_token("here", Scope::Understand, admin.id, now).await.expect("a token");
    token.reveal().to_owned()
}

/// A telephone on loopback.
pub async fn phone() -> Phone {
    let clock = Clock::start().expect("a thread can be started");
    Phone::start((Ipv4Addr::LOCALHOST, 0).into(), clock).await.expect("port 0 is free")
}

/// A caller's words as sound.
pub fn words(text: &str) -> Pcm8k {
    resample(&Flite::new(FliteVoice::Slt).speak(text).expect("words that flite can speak"))
}

/// The bot has finished when it has been silent for this long.
pub const QUIET: Duration = Duration::from_millis(800);
/// Longest wait for anything in a call.
pub const PATIENCE: Duration = Duration::from_secs(60);
