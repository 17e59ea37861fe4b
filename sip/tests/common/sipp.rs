//! SIPp as caller and as callee.
//!
//! The scenarios of dialogs (`tests/sipp/dialogs`) say only what is special about them. Lines that begin with `@` are spelled out
//! here before SIPp reads them:
//!
//! | line | stands for |
//! |---|---|
//! | `@request METHOD CSEQ [BRANCH]` | a request outside a dialog, with the headers that every one has |
//! | `@within METHOD CSEQ [BRANCH]` | the same in the dialog that SIPp began |
//! | `@back METHOD CSEQ` | the same in the dialog that we began; the INVITE was kept |
//! | `@answer STATUS REASON` | a response to what came last |
//! | `@reply TAG STATUS REASON` | a response to the request that was kept, with this tag in To (`-` for none) |
//! | `@sdp ATTRIBUTE [ADDRESS [FORMATS]]` | an audio stream as the body |
//! | `@news STATUS` | how a transfer goes, as the body |
//! | `@keep` | keeps the names of a request, for `@back` and `@reply` |
//! | `@take HEADER NAME` | keeps a header as `[$NAME]` |
//! | `@see HEADER PATTERN`, `@see body PATTERN` | fails unless it is there |

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::{free_address, free_port, soon};

/// Runs a scenario `calls` times against `to` and returns SIPp's own account of what failed.
pub async fn sipp(scenario: &Path, to: SocketAddr, calls: u32) -> Result<(), String> {
    let mut run = Run::new(scenario, calls, &[]);
    run.program.arg(to.to_string()).args(["-p", &free_port().to_string()]);
    run.finish().await
}

/// A SIPp that plays one scenario of `tests/sipp/dialogs`, once.
pub struct Sipp {
    /// Where it is.
    pub addr: SocketAddr,
    scenario: String,
    run: tokio::task::JoinHandle<Result<(), String>>,
}

impl Sipp {
    /// It calls `to`. The keys stand for `[name]` in the scenario.
    pub fn calls(to: SocketAddr, scenario: &str, keys: &[(&str, &str)]) -> Sipp {
        Sipp::start(scenario, keys, &[&to.to_string()])
    }

    /// It calls `to` over TCP.
    pub fn calls_over_tcp(to: SocketAddr, scenario: &str, keys: &[(&str, &str)]) -> Sipp {
        Sipp::start(scenario, keys, &[&to.to_string(), "-t", "t1"])
    }

    /// It waits to be called.
    pub fn waits(scenario: &str, keys: &[(&str, &str)]) -> Sipp {
        Sipp::start(scenario, keys, &[])
    }

    fn start(scenario: &str, keys: &[(&str, &str)], more: &[&str]) -> Sipp {
        let addr = free_address();
        let mut run = Run::new(&ours(&format!("dialogs/{scenario}.xml")), 1, keys);
        run.program.args(more).args(["-p", &addr.port().to_string()]);
        Sipp { addr, scenario: scenario.to_owned(), run: tokio::spawn(run.finish()) }
    }

    pub fn uri(&self) -> String {
        format!("sip:gateway@{}", self.addr)
    }

    /// Waits until it is done; panics with its account when something failed.
    pub async fn done(self) {
        if let Err(account) = soon(self.run).await.expect("no panic") {
            panic!("{}: {account}", self.scenario);
        }
    }
}

struct Run {
    dir: PathBuf,
    program: tokio::process::Command,
}

impl Run {
    fn new(scenario: &Path, calls: u32, keys: &[(&str, &str)]) -> Run {
        let dir = std::env::temp_dir().join(format!("sipp-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&dir).expect("a directory for SIPp's logs");
        let text = std::fs::read_to_string(scenario).unwrap_or_else(|error| panic!("{}: {error}", scenario.display()));
        std::fs::write(dir.join("scenario.xml"), spelled_out(&text)).expect("a file");
        let mut program = tokio::process::Command::new("sipp");
        program
            .args(["-sf", "scenario.xml", "-s", "service", "-i", "127.0.0.1", "-mp", &free_port().to_string()])
            .args(["-m", &calls.to_string(), "-r", "50", "-l", "20", "-nostdin", "-timeout", "15s", "-timeout_error"])
            .args(["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"])
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        for (name, value) in keys {
            program.args(["-key", name, value]);
        }
        Run { dir, program }
    }

    async fn finish(mut self) -> Result<(), String> {
        let status = soon(self.program.status()).await.expect("SIPp runs");
        match status.success() {
            true => Ok(()),
            false => Err(format!("{status}\n{}", self.account())),
        }
    }

    /// What SIPp says of itself: what failed, and the messages.
    fn account(&self) -> String {
        let log = |name: &str| std::fs::read_to_string(self.dir.join(name)).unwrap_or_default();
        format!("{}\n{}", log("errors"), log("messages"))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("SIPp said:\n{}", self.account());
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A scenario of this repository.
pub fn ours(scenario: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/sipp").join(scenario)
}

/// The scenario as SIPp reads it; one without `@` lines stays as it is.
fn spelled_out(text: &str) -> String {
    if !text.lines().any(|line| line.trim_start().starts_with('@')) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() * 4);
    let mut names = Vec::new();
    let (mut sending, mut has_body, mut acting) = (false, false, false);
    for line in text.lines() {
        let line = line.trim();
        let mut words = line.split_ascii_whitespace();
        match words.next().unwrap_or_default() {
            "<send" | "<send>" => {
                (sending, has_body) = (true, false);
                let _ = write!(out, "{line}\n<![CDATA[\n");
                continue;
            }
            "</send>" => {
                sending = false;
                out.push_str(if has_body { "\n]]>\n" } else { "Content-Length: 0\n\n]]>\n" });
            }
            "</recv>" if std::mem::take(&mut acting) => out.push_str("</action>\n"),
            "</scenario>" if !names.is_empty() => {
                // SIPp refuses variables that nobody reads.
                let _ = writeln!(out, "<Reference variables=\"{}\"/>", names.join(","));
            }
            "@sdp" | "@news" => has_body = true,
            "@see" | "@take" | "@keep" if !std::mem::replace(&mut acting, true) => out.push_str("<action>\n"),
            _ => {}
        }
        match line.strip_prefix('@') {
            Some(shorthand) if sending => out.push_str(&message(shorthand)),
            Some(shorthand) => out.push_str(&action(shorthand, &mut names)),
            None if sending => {
                has_body |= line.starts_with("Content-Length");
                let _ = writeln!(out, "{}", line.replace("&lt;", "<").replace("&gt;", ">"));
            }
            None => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out
}

/// Headers and bodies.
fn message(shorthand: &str) -> String {
    let (word, rest) = shorthand.split_once(' ').unwrap_or((shorthand, ""));
    let mut words = rest.split_ascii_whitespace();
    let mut next = |otherwise: &'static str| words.next().map_or(otherwise.to_owned(), str::to_owned);
    let via = |branch: &str| format!("Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}\n");
    let from = "From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]-[call_number]\n";
    let contact = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>\n";
    let end = format!("{contact}Max-Forwards: 70\n");
    match word {
        "request" | "within" => {
            let (method, seq, branch) = (next("INVITE"), next("1"), next("[branch]"));
            let (uri, tag) = match word {
                "within" => ("[next_url]", "[peer_tag_param]"),
                _ => ("sip:[service]@[remote_ip]:[remote_port]", ""),
            };
            let to = format!("To: <sip:[service]@[remote_ip]:[remote_port]>{tag}\n");
            let (via, cseq) = (via(&branch), format!("Call-ID: [call_id]\nCSeq: {seq} {method}\n"));
            format!("{method} {uri} SIP/2.0\n{via}{from}{to}{cseq}{end}")
        }
        "back" => {
            let (method, seq) = (next("BYE"), next("1"));
            let names = "From: [$to];tag=gateway\nTo: [$from]\n";
            let (via, cseq) = (via("[branch]"), format!("Call-ID: [call_id]\nCSeq: {seq} {method}\n"));
            format!("{method} [next_url] SIP/2.0\n{via}{names}{cseq}{end}")
        }
        "answer" => {
            format!("SIP/2.0 {rest}\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\n{contact}")
        }
        "reply" => {
            let tag = match next("-").as_str() {
                "-" => String::new(),
                tag => format!(";tag={tag}"),
            };
            let status = rest.split_once(' ').map_or("", |(_, status)| status);
            let names = format!("Via: [$via]\nFrom: [$from]\nTo: [$to]{tag}\nCall-ID: [call_id]\nCSeq: [$cseq]\n");
            let contact = if status.starts_with(['1', '2']) { contact } else { "" };
            format!("SIP/2.0 {status}\n{names}{contact}")
        }
        "sdp" => {
            let (attribute, address, formats) = (next("sendrecv"), next("127.0.0.1"), next("0"));
            format!(
                "Content-Type: application/sdp\nContent-Length: [len]\n\nv=0\no=sipp 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 {address}\n\
                 t=0 0\nm=audio [media_port] RTP/AVP {formats}\na={attribute}\n"
            )
        }
        "news" => format!("Content-Type: message/sipfrag\nContent-Length: [len]\n\nSIP/2.0 {rest}\n"),
        _ => panic!("@{word} is no shorthand"),
    }
}

/// What SIPp does with what it received.
fn action(shorthand: &str, names: &mut Vec<String>) -> String {
    let mut words = shorthand.splitn(3, ' ');
    let (word, header, value) =
        (words.next().unwrap_or_default(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut find = |place: &str, pattern: &str, name: &str| {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        let place = match place {
            "body" => "search_in=\"body\"".to_owned(),
            header => format!("search_in=\"hdr\" header=\"{header}:\""),
        };
        format!("<ereg regexp=\"{pattern}\" {place} check_it=\"true\" assign_to=\"{name}\"/>\n")
    };
    match word {
        "see" => find(header, value, "seen"),
        "take" => find(header, ".+", value),
        "keep" => [("Via", "via"), ("From", "from"), ("To", "to"), ("CSeq", "cseq")]
            .map(|(header, name)| find(header, ".+", name))
            .concat(),
        _ => panic!("@{word} is no shorthand"),
    }
}
