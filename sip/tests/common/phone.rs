//! baresip, a real softphone, as a process.

use std::path::PathBuf;
use std::process::Stdio;

/// A running baresip and its configuration; both go when it is dropped.
pub struct Phone {
    dir: PathBuf,
    child: tokio::process::Child,
}

/// What the phone says: a tone, or what it hears.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    Tone,
    Echo,
}

impl Phone {
    /// Starts it with one account, and a command to carry out at once. It says a tone.
    pub fn start(account: &str, command: Option<&str>) -> Phone {
        Phone::speaking(Voice::Tone, account, &["g711"], command)
    }

    /// As [`Phone::start`], with another voice and these modules beside the usual ones.
    pub fn speaking(voice: Voice, account: &str, modules: &[&str], command: Option<&str>) -> Phone {
        let dir = std::env::temp_dir().join(format!("baresip-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&dir).expect("a directory for baresip");
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let listen = socket.local_addr().expect("a bound socket has an address");
        let (player, source) = match voice {
            Voice::Tone => ("aubridge,sink", "ausine,440\nausrc_srate 48000\nausrc_channels 2"),
            Voice::Echo => ("aubridge,echo", "aubridge,echo"),
        };
        let modules: String = modules.iter().map(|module| format!("module {module}.so\n")).collect();
        let config = format!(
            "sip_listen {listen}\naudio_player {player}\naudio_source {source}\naudio_alert aubridge,alert\n\
             module_path /usr/lib/baresip/modules\n{modules}module aubridge.so\nmodule ausine.so\nmodule uuid.so\n\
             module_tmp account.so\nmodule_app menu.so\nsnd_path {}\n",
            dir.display()
        );
        for (file, text) in [("config", config.as_str()), ("accounts", account), ("contacts", ""), ("uuid", "")] {
            if !text.is_empty() || file == "contacts" {
                std::fs::write(dir.join(file), text).expect("baresip's files can be written");
            }
        }
        drop(socket);
        let mut program = tokio::process::Command::new("baresip");
        program.arg("-f").arg(&dir).args(["-t", "20"]);
        if let Some(command) = command {
            program.args(["-e", command]);
        }
        let log = std::fs::File::create(dir.join("log")).expect("baresip's log can be written");
        let errors = log.try_clone().expect("a file can be shared");
        let child =
            program.stdin(Stdio::null()).stdout(log).stderr(errors).kill_on_drop(true).spawn().expect("baresip starts");
        Phone { dir, child }
    }

    /// Tells it to quit; it says BYE then.
    pub fn quit(&self) {
        let pid = self.child.id().expect("it is running");
        // SAFETY: kill only sends a signal to the process that was started above and is still ours.
        unsafe { libc::kill(pid as libc::pid_t, libc::SIGTERM) };
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        if std::thread::panicking() {
            println!("baresip said:\n{}", self.log());
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
