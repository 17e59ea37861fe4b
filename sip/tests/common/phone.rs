//! baresip, a real softphone, as a process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use sip::media::LegEvent;
use sip::ua::ActiveCall;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::certificates::Certificates;
use super::{free_address, soon};

/// A running baresip and its configuration; both go when it is dropped.
pub struct Phone {
    /// Where it listens: UDP and TCP.
    pub listen: SocketAddr,
    /// Where it takes orders.
    orders: SocketAddr,
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
        Phone::secured(voice, account, modules, command, None)
    }

    /// As [`Phone::speaking`], with certificates for TLS: its own, and whom it believes.
    pub fn secured(
        voice: Voice,
        account: &str,
        modules: &[&str],
        command: Option<&str>,
        certificates: Option<&Certificates>,
    ) -> Phone {
        let dir = std::env::temp_dir().join(format!("baresip-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&dir).expect("a directory for baresip");
        let listen = free_address();
        let (player, source) = match voice {
            Voice::Tone => ("aubridge,sink", "ausine,440\nausrc_srate 48000\nausrc_channels 2"),
            Voice::Echo => ("aubridge,echo", "aubridge,echo"),
        };
        let modules: String = modules.iter().map(|module| format!("module {module}.so\n")).collect();
        let orders = free_address();
        let certificates = certificates.map_or(String::new(), |files| {
            let (own, authority) = (files.path("both.pem"), files.path("authority.pem"));
            format!("sip_certificate {}\nsip_cafile {}\n", own.display(), authority.display())
        });
        let config = format!(
            "{certificates}ctrl_tcp_listen {orders}\nmodule_app ctrl_tcp.so\nsip_listen {listen}\naudio_player {player}\naudio_source {source}\naudio_alert aubridge,alert\n\
             module_path /usr/lib/baresip/modules\n{modules}module aubridge.so\nmodule ausine.so\nmodule uuid.so\n\
             module_tmp account.so\nmodule_app menu.so\nsnd_path {}\n",
            dir.display()
        );
        for (file, text) in [("config", config.as_str()), ("accounts", account), ("contacts", ""), ("uuid", "")] {
            if !text.is_empty() || file == "contacts" {
                std::fs::write(dir.join(file), text).expect("baresip's files can be written");
            }
        }
        let mut program = tokio::process::Command::new("baresip");
        program.arg("-f").arg(&dir).args(["-t", "20"]);
        if let Some(command) = command {
            program.args(["-e", command]);
        }
        let log = std::fs::File::create(dir.join("log")).expect("baresip's log can be written");
        let errors = log.try_clone().expect("a file can be shared");
        let child =
            program.stdin(Stdio::null()).stdout(log).stderr(errors).kill_on_drop(true).spawn().expect("baresip starts");
        Phone { listen, orders, dir, child }
    }

    /// Where it listens for TLS: one port higher.
    pub fn listen_tls(&self) -> SocketAddr {
        SocketAddr::new(self.listen.ip(), self.listen.port() + 1)
    }

    /// Has it carry out a command of its menu, and waits until it says yes.
    pub async fn order(&self, command: &str, params: &str) {
        let mut orders = soon(async {
            loop {
                match tokio::net::TcpStream::connect(self.orders).await {
                    Ok(stream) => return stream,
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                }
            }
        })
        .await;
        let order = format!(r#"{{"command":"{command}","params":"{params}","token":"test"}}"#);
        orders.write_all(format!("{}:{order},", order.len()).as_bytes()).await.expect("it listens");
        let (mut answer, mut piece) = (String::new(), [0; 1024]);
        // Events come the same way.
        while !answer.contains("\"response\":true") {
            let length = soon(orders.read(&mut piece)).await.expect("it answers");
            assert!(length > 0, "it hung up after {answer}");
            answer.push_str(&String::from_utf8_lossy(&piece[..length]));
        }
        assert!(answer.contains("\"ok\":true"), "{command}: {answer}");
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

/// What share of a frame's energy is at so many Hz.
fn share_at(hz: f32, frame: &[i16]) -> f32 {
    let (mut re, mut im, mut energy) = (0.0f32, 0.0f32, 1.0f32);
    for (n, &sample) in frame.iter().enumerate() {
        let phase = std::f32::consts::TAU * hz * n as f32 / 8_000.0;
        let sample = f32::from(sample);
        re += sample * phase.cos();
        im += sample * phase.sin();
        energy += sample * sample;
    }
    2.0 * (re * re + im * im) / (frame.len() as f32 * energy)
}

/// Waits until half a second of this tone is heard in a call: whole, not in pieces.
pub async fn heard(call: &mut ActiveCall, hz: f32, phone: &Phone) -> sip::media::LegEvents {
    let mut events = call.take_events().expect("the events were not taken yet");
    let mut loud = 0;
    while loud < 25 {
        match soon(events.recv()).await.expect("the leg is open") {
            LegEvent::Frame(frame) if frame.heard.iter().any(|s| s.unsigned_abs() > 1_000) => {
                loud += usize::from(share_at(hz, &frame.heard) > 0.8);
            }
            LegEvent::NoRtp { .. } => panic!("silence; baresip said:\n{}", phone.log()),
            _ => {}
        }
    }
    events
}
