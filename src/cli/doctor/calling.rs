//! Calls to the running service, and out through trunks. Nothing outside is dialled that was not asked for: `--dial`, or a trunk's
//! `test_number`; and it is said before.

use std::time::Duration;

use sip::trunk::TrunkConfig;
use sip::ua::{ActiveCall, Dial, Progress, UserAgent};
use tokio::time::{Instant, timeout_at};

use super::finding::{Finding, Group, Text, say};
use super::listening::{Press, judge, listen, not_up};
use super::ports::Running;
use super::report::Report;
use super::{early, keys};
use crate::channel::{Outbound, Trunks};
use crate::config::Config;

const GROUP: Group = Group::Calls;
/// How long somebody may take to answer.
const RINGING: Duration = Duration::from_secs(30);

/// What to dial.
pub struct Wanted<'a> {
    /// Numbers to call through every trunk.
    pub numbers: &'a [String],
    /// Only through this trunk.
    pub trunk: Option<&'a str>,
    /// How long each call is listened to.
    pub seconds: Duration,
}

/// The UDP ports that a firewall must let in.
fn ports(config: &Config) -> String {
    match &config.sip_rtp_ports {
        Some(range) => format!("{}–{}", range.start(), range.end()),
        None => "1024–65535 (sip.rtp_ports)".to_owned(),
    }
}

/// Calls the running service, if there is one.
pub async fn service(agent: &UserAgent, config: &Config, running: &Running, seconds: Duration, report: &mut Report) {
    let Some(addr) = running.sip else { return };
    report.announce(&say!("calling the running service at {addr}", "正在呼叫运行中的服务 {addr}"));
    let from = format!("sip:doctor@{}", agent.local_addr());
    let who = &*format!("Hotline ({addr})");
    match answered(agent, Dial::new(format!("sip:doctor@{addr}"), from)).await {
        Ok((call, took)) => {
            let ms = took.as_millis() as u64;
            let says = say!("The running service answered after {ms} ms.", "运行中的服务在 {ms} 毫秒后应答。");
            report.add([Finding::good(GROUP, "call.service", says).with("answered_ms", ms)]);
            let heard = listen(call, seconds, Press::Nothing).await;
            report.add(judge("call.service", who, &heard, &ports(config)));
        }
        Err(reason) => report.add([not_up("call.service", who, &reason)]),
    }
}

async fn answered(agent: &UserAgent, dial: Dial) -> Result<(ActiveCall, Duration), Text> {
    let begun = Instant::now();
    let mut call = agent.dial(dial).await.map_err(Text::verbatim)?;
    loop {
        match timeout_at(begun + RINGING, call.next()).await {
            Ok(Progress::Ringing | Progress::EarlyMedia { .. }) => {}
            Ok(Progress::Answered(active)) => return Ok((active, begun.elapsed())),
            Ok(Progress::Failed { status, reason }) => return Err(Text::verbatim(format!("{status} {reason}"))),
            Err(_) => {
                call.cancel().await;
                return Err(nobody());
            }
        }
    }
}

fn nobody() -> Text {
    let seconds = RINGING.as_secs();
    say!("nobody answered within {seconds} s", "{seconds} 秒内无人应答")
}

/// Calls through the trunks what was asked for.
pub async fn trunks(agent: &UserAgent, config: &Config, running: &Running, wanted: &Wanted<'_>, report: &mut Report) {
    let chosen = config.trunks.iter().filter(|trunk| wanted.trunk.is_none_or(|name| name == trunk.name));
    for trunk in chosen {
        let own = trunk.test_number.iter().filter(|_| wanted.numbers.is_empty());
        for number in wanted.numbers.iter().chain(own) {
            let name = &trunk.name;
            report.announce(&say!("dialling {number} through {name}", "正在经 {name} 拨打 {number}"));
            through(agent, (config, running), trunk, number, wanted.seconds, report).await;
        }
    }
}

async fn through(
    agent: &UserAgent,
    (config, running): (&Config, &Running),
    trunk: &TrunkConfig,
    number: &str,
    seconds: Duration,
    report: &mut Report,
) {
    let (name, check) = (&trunk.name, format!("trunk.{}.call", trunk.name));
    // The very way that the service goes; who is registered there stays registered.
    let only = TrunkConfig { registrar: None, ask_every: None, ..trunk.clone() };
    let trunks = Trunks::start(agent.clone(), vec![only], config.sip_default_country);
    let (begun, since) = (Instant::now(), jiff::Timestamp::now().as_millisecond());
    let calling = trunks.call(Outbound {
        number,
        caller: "",
        source: "doctor",
        diverted: &[],
        record: true,
        legs: None,
        told: None,
    });
    match timeout_at(begun + RINGING, calling).await {
        Ok(Ok(connected)) => {
            let ms = begun.elapsed().as_millis() as u64;
            let says = say!("{name} answered after {ms} ms.", "{name} 在 {ms} 毫秒后接通。");
            report.add([Finding::good(GROUP, check.as_str(), says).with("number", number).with("answered_ms", ms)]);
            let heard = listen(connected.call, seconds, Press::Keys).await;
            report.add([early::judge(&check, name, heard.early)]);
            report.add(judge(&check, name, &heard, &ports(config)));
            let arrived = keys::at_service(config, running, number, since).await;
            report.add(keys::judge(&check, name, &heard, &arrived));
        }
        Ok(Err(refused)) => {
            let reason = Text::verbatim(refused.reason);
            report.add([not_up(&check, name, &reason).with("number", number).with("why", refused.label)]);
        }
        Err(_) => report.add([not_up(&check, name, &nobody()).with("number", number)]),
    }
    trunks.stop().await;
}
