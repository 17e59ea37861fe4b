//! `hotline call`: the test phone as a command, for people and for tests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use audio::{Pcm8k, wav};
use clap::Args;
use serde::Serialize;
use sip::media::Clock;
use sip::ua::EndCause;

use crate::phone::{Line, LineError, Phone};

/// How long the other side must be silent before it is our turn.
const QUIET: Duration = Duration::from_millis(700);

/// Arguments of `hotline call`.
#[derive(Args)]
pub struct Arguments {
    /// Whom to call, e.g. sip:100@127.0.0.1:5060
    to: String,
    /// Recording to play when it is our turn to speak; several are played in turn, one a turn
    #[arg(long)]
    play: Vec<PathBuf>,
    /// Write what was heard (left) and said (right) into this WAV file
    #[arg(long)]
    record: Option<PathBuf>,
    /// Keys to press when it is our turn, after the recordings: 0–9, *, #, A–D, w waits half a second
    #[arg(long)]
    keys: Option<String>,
    /// Do not wait for our turn: play and press as soon as the call is answered
    #[arg(long)]
    at_once: bool,
    /// Who calls: a number or a SIP URI
    #[arg(long, default_value = "phone")]
    from: String,
    /// Hang up after so many seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Our own SIP address [default: a free port on the address that reaches the other side]
    #[arg(long)]
    bind: Option<SocketAddr>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What came of the call.
#[derive(Serialize, Default)]
struct Report {
    answered: bool,
    status: Option<u16>,
    reason: Option<String>,
    codec: Option<&'static str>,
    /// INVITE → 200, in ms.
    answer_ms: Option<u64>,
    /// Answer → first voiced frame heard, in ms.
    first_sound_ms: Option<u64>,
    /// End of our speech → first voiced frame of the reply, in ms, for each recording played.
    reply_ms: Vec<u64>,
    /// Keys the other side pressed.
    keys_heard: String,
    /// `remote`, `local`, or what went wrong.
    ended_by: Option<&'static str>,
    seconds: f64,
    packets_in: u64,
    packets_out: u64,
    packets_lost: u64,
    problem: Option<String>,
}

/// Places the call.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut sounds = Vec::new();
    for file in &arguments.play {
        sounds.push(wav::read::<8_000>(file)?);
    }
    let bind = arguments.bind.unwrap_or_else(|| SocketAddr::new(local_ip(&arguments.to), 0));
    let clock = Clock::start()?;
    let phone = Phone::start(bind, clock.clone()).await?;
    let report = place(&phone, &arguments, sounds).await?;
    phone.shutdown().await;
    clock.shutdown();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(if report.answered && report.problem.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn place(phone: &Phone, arguments: &Arguments, sounds: Vec<Pcm8k>) -> anyhow::Result<Report> {
    let mut line = match phone.call(&arguments.to, &arguments.from, Duration::from_secs(30)).await {
        Ok(line) => line,
        Err(LineError::Refused { status, reason }) => {
            let problem = Some(format!("the call was refused: {status} {reason}"));
            return Ok(Report { status: Some(status), reason: Some(reason), problem, ..Report::default() });
        }
        Err(error) => return Ok(Report { problem: Some(error.to_string()), ..Report::default() }),
    };
    let up = tokio::time::Instant::now();
    let limit = Duration::from_secs(arguments.seconds);
    let talked = tokio::time::timeout(limit, talk(&mut line, arguments, sounds)).await;
    let mut report = Report {
        answered: true,
        status: Some(200),
        codec: Some(line.codec()),
        answer_ms: Some(line.answered_after().as_millis() as u64),
        first_sound_ms: line.first_sound_after().map(|d| d.as_millis() as u64),
        reply_ms: line.replies().iter().map(|d| d.as_millis() as u64).collect(),
        keys_heard: line.keys_heard(),
        ended_by: Some(match line.ended() {
            None => "local",
            Some(EndCause::ByRemote) => "remote",
            Some(EndCause::ByLocal) => "local",
            Some(_) => "failure",
        }),
        seconds: up.elapsed().as_secs_f64(),
        ..Report::default()
    };
    report.problem = match talked {
        Ok(Err(LineError::HungUp)) | Err(_) | Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
    };
    if let Some(file) = &arguments.record {
        wav::write_stereo(file, &line.heard(), &line.said())?;
    }
    if let Some(stats) = line.hang_up().await {
        (report.packets_in, report.packets_out, report.packets_lost) =
            (stats.packets_in, stats.packets_out, stats.lost);
    }
    Ok(report)
}

/// Says and presses what was asked for, each in our turn, then listens until the other side hangs up.
async fn talk(line: &mut Line, arguments: &Arguments, sounds: Vec<Pcm8k>) -> Result<(), LineError> {
    let patience = Duration::from_secs(arguments.seconds);
    for sound in sounds {
        if !arguments.at_once {
            line.our_turn(QUIET, patience).await?;
        }
        line.say(sound).await?;
    }
    if let Some(keys) = &arguments.keys {
        if !arguments.at_once {
            line.our_turn(QUIET, patience).await?;
        }
        line.press(keys);
    }
    line.wait_end(patience).await
}

/// Loopback for a loopback peer, otherwise any address: the phone advertises the one that routes to the peer.
pub(super) fn local_ip(uri: &str) -> IpAddr {
    let host = uri.rsplit('@').next().unwrap_or(uri);
    if host.contains("127.0.0.1") || host.contains("localhost") {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    }
}

fn print(report: &Report) {
    if let Some(problem) = &report.problem {
        println!("{problem}");
    }
    if !report.answered {
        return;
    }
    let ms = |value: Option<u64>| value.map_or("-".to_owned(), |ms| format!("{ms} ms"));
    println!("answered after {}, {}", ms(report.answer_ms), report.codec.unwrap_or("?"));
    println!("first sound after {}", ms(report.first_sound_ms));
    for (number, reply) in report.reply_ms.iter().enumerate() {
        println!("reply {} after {reply} ms", number + 1);
    }
    println!(
        "{:.1} s, ended by {}; packets in {}, out {}, lost {}",
        report.seconds,
        report.ended_by.unwrap_or("?"),
        report.packets_in,
        report.packets_out,
        report.packets_lost
    );
}
