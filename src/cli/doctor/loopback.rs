//! A call through a service of its own on loopback, from one telephone to another: tone and keys in both directions. What fails here
//! is wrong on this machine or in this program, not in the network.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use audio::tone::sine;
use sip::media::{Clock, LegStats};

use super::finding::{Finding, Group, Text, in_both, say};
use super::tone::heard;
use crate::config::Config;
use crate::phone::{Line, Phone};
use crate::service::Service;
use crate::store::Role;

const GROUP: Group = Group::Calls;
const FLOW: &str = include_str!("flow.json");
const DESK: &str = "doctor";
/// Who calls: not in the name of an extension, which would have to prove it.
const CALLER: &str = "patient";
/// What the caller sends, and what the agent sends: far from each other, from ringing, and from keys.
const CALLER_HZ: f32 = 1_000.0;
const AGENT_HZ: f32 = 1_400.0;
const LEVEL_DBOV: f32 = -15.0;
const TONE: Duration = Duration::from_secs(2);
/// Of a tone so much must arrive.
const ENOUGH: Duration = Duration::from_millis(1_500);
const KEYS: &str = "1234567890*#";
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was seen of the call.
struct Seen {
    answered_after: Duration,
    /// How long the agent heard the caller's tone, and the caller the agent's.
    at_agent: Duration,
    at_caller: Duration,
    keys_at_agent: String,
    keys_at_caller: String,
    stats: Option<LegStats>,
}

/// Makes the call and judges it.
pub async fn check(clock: &Clock) -> Vec<Finding> {
    match call(clock).await {
        Ok(seen) => judge(&seen),
        Err(error) => {
            let says = Text::verbatim(format!("{error:#}"));
            let cure = say!(
                "This needs nothing but loopback and the temporary folder: a local firewall or a full disk is in the way.",
                "此项只需要回环网络与临时文件夹:请检查本机防火墙与磁盘空间。"
            );
            vec![Finding::failed(GROUP, "call.loopback", says, cure)]
        }
    }
}

fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

async fn call(clock: &Clock) -> anyhow::Result<Seen> {
    let folder = tempfile::Builder::new().prefix("hotline-doctor-").tempdir().context("no room for a test's data")?;
    let flow = folder.path().join("flow.json");
    std::fs::write(&flow, FLOW)?;
    let config = Config {
        data_dir: folder.path().join("data"),
        http_bind: loopback(),
        sip_bind: loopback(),
        flow_file: Some(flow),
        // Nobody speaks.
        speech_en: String::new(),
        speech_zh: String::new(),
        ..Config::default()
    };
    let service = Service::start(config).await.context("a service on loopback does not start")?;
    let talked = talk(&service, clock).await;
    service.stop().await;
    talked
}

async fn talk(service: &Service, clock: &Clock) -> anyhow::Result<Seen> {
    let user = service.add_user("Doctor", Role::Agent).await?;
    let password = service.add_extension(DESK, user.id).await?;
    let mut desk = Phone::start(loopback(), clock.clone()).await?;
    let registrar = format!("sip:{}", service.sip);
    let registration =
        desk.register(&registrar, DESK, &password).await.context("a phone on loopback cannot register")?;
    let phone = Phone::start(loopback(), clock.clone()).await?;
    let to = format!("sip:100@{}", service.sip);
    let (caller, agent) =
        tokio::join!(phone.call(&to, CALLER, PATIENCE), tokio::time::timeout(PATIENCE, desk.answer(Duration::ZERO)));
    let mut caller = caller.context("the call on loopback was not answered")?;
    let Ok(agent) = agent else { bail!("the agent's phone on loopback was not rung") };
    let mut agent = agent.context("the agent's phone on loopback could not answer")?;
    let seen = exchange(&mut caller, &mut agent).await;
    let answered_after = caller.answered_after();
    let (keys_at_agent, keys_at_caller) = (agent.keys_heard(), caller.keys_heard());
    let (at_agent, at_caller) = (heard(agent.heard().samples(), CALLER_HZ), heard(caller.heard().samples(), AGENT_HZ));
    let stats = caller.hang_up().await;
    agent.hang_up().await;
    registration.unregister().await;
    phone.shutdown().await;
    desk.shutdown().await;
    seen?;
    Ok(Seen { answered_after, at_agent, at_caller, keys_at_agent, keys_at_caller, stats })
}

/// Both speak at once, then both press keys at once.
async fn exchange(caller: &mut Line, agent: &mut Line) -> anyhow::Result<()> {
    // Until the bridge stands, the caller hears ringing.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let both = async {
        tokio::join!(caller.say(sine(CALLER_HZ, LEVEL_DBOV, TONE)), agent.say(sine(AGENT_HZ, LEVEL_DBOV, TONE)),)
    };
    let (one, other) = tokio::time::timeout(PATIENCE, both).await.context("a tone did not end")?;
    one.and(other).context("the call on loopback broke off")?;
    caller.press(KEYS);
    agent.press(KEYS);
    let all = async {
        while caller.keys_heard().len() < KEYS.len() || agent.keys_heard().len() < KEYS.len() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // What did not come until then is judged as missing.
    let _ = tokio::time::timeout(Duration::from_secs(8), all).await;
    Ok(())
}

fn judge(seen: &Seen) -> Vec<Finding> {
    let ms = seen.answered_after.as_millis() as u64;
    let mut findings = vec![
        Finding::good(
            GROUP,
            "call.loopback",
            say!("A call on loopback was answered after {ms} ms.", "回环呼叫在 {ms} 毫秒后接通。"),
        )
        .with("answered_ms", ms),
    ];
    let to_agent = say!("caller → agent", "来电者 → 坐席");
    let to_caller = say!("agent → caller", "坐席 → 来电者");
    findings.push(tone("call.loopback.tone", &to_agent, seen.at_agent));
    findings.push(tone("call.loopback.tone", &to_caller, seen.at_caller));
    findings.push(keys("call.loopback.keys", &to_agent, &seen.keys_at_agent));
    findings.push(keys("call.loopback.keys", &to_caller, &seen.keys_at_caller));
    findings.extend(seen.stats.as_ref().map(loss));
    findings
}

fn tone(check: &str, way: &Text, heard: Duration) -> Finding {
    let ((english, chinese), ms) = (in_both(way), heard.as_millis() as u64);
    let finding = if heard >= ENOUGH {
        Finding::good(GROUP, check, say!("{english}: the tone is heard.", "{chinese}:听到测试音。"))
    } else {
        let of = TONE.as_millis();
        let says =
            say!("{english}: the tone is not heard ({ms} of {of} ms).", "{chinese}:听不到测试音({ms}/{of} 毫秒)。");
        let cure = say!(
            "Nothing but this machine is between the two: look for a local firewall (nft, ufw) that blocks UDP on lo, and at the media clock above.",
            "两端之间只有本机:请检查本机防火墙(nft、ufw)是否阻挡 lo 上的 UDP,以及上面的媒体时钟。"
        );
        Finding::failed(GROUP, check, says, cure)
    };
    finding.with("direction", english.to_owned()).with("heard_ms", ms)
}

fn keys(check: &str, way: &Text, heard: &str) -> Finding {
    let (english, chinese) = in_both(way);
    let finding = if heard == KEYS {
        Finding::good(
            GROUP,
            check,
            say!("{english}: each key arrives once (RFC 4733).", "{chinese}:每个按键都只到达一次(RFC 4733)。"),
        )
    } else {
        let shown = if heard.is_empty() { "–" } else { heard };
        let says = say!("{english}: pressed {KEYS}, arrived {shown}.", "{chinese}:按下 {KEYS},到达 {shown}。");
        let cure = say!(
            "If the tone is heard, please report this: it is a fault of Hotline.",
            "若能听到测试音,请报告此问题:这是 Hotline 的故障。"
        );
        Finding::failed(GROUP, check, says, cure)
    };
    finding.with("direction", english.to_owned()).with("heard", heard.to_owned())
}

fn loss(stats: &LegStats) -> Finding {
    let (packets, lost) = (stats.packets_in, stats.lost);
    let ms = stats.round_trip.map(|time| time.as_secs_f64() * 1e3);
    let says = match ms {
        Some(ms) => say!(
            "{packets} packets came, {lost} lost; round trip {ms:.1} ms.",
            "收到 {packets} 个包,丢失 {lost} 个;往返 {ms:.1} 毫秒。"
        ),
        None => say!("{packets} packets came, {lost} lost.", "收到 {packets} 个包,丢失 {lost} 个。"),
    };
    let finding = if lost == 0 {
        Finding::good(GROUP, "call.loopback.loss", says)
    } else {
        let cure = say!(
            "Packets are lost inside this machine: see the socket buffers and the media clock above.",
            "本机内部丢包:请看上面的套接字缓冲与媒体时钟。"
        );
        Finding::warning(GROUP, "call.loopback.loss", says, cure)
    };
    finding.with("packets", packets).with("lost", lost).with("round_trip_ms", ms)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::*;

    fn seen() -> Seen {
        Seen {
            answered_after: Duration::from_millis(3),
            at_agent: TONE,
            at_caller: TONE,
            keys_at_agent: KEYS.to_owned(),
            keys_at_caller: KEYS.to_owned(),
            stats: None,
        }
    }

    fn failing(seen: &Seen) -> Vec<String> {
        let failed = judge(seen).into_iter().filter(|finding| finding.mark == Mark::Failed);
        failed
            .map(|finding| format!("{} {}", finding.check, finding.values["direction"].as_str().unwrap_or("")))
            .collect()
    }

    #[test]
    fn the_direction_that_fails_is_named() {
        assert!(failing(&seen()).is_empty());
        let deaf = Seen { at_agent: Duration::from_millis(100), ..seen() };
        assert_eq!(failing(&deaf), ["call.loopback.tone caller → agent"]);
        let twice = Seen { keys_at_caller: "11234567890*#".to_owned(), ..seen() };
        assert_eq!(failing(&twice), ["call.loopback.keys agent → caller"]);
    }

    #[test]
    fn the_flow_of_the_test_can_answer() {
        let flow = flow::parse(FLOW).expect("a flow");
        let findings = flow::validate(&flow);
        assert!(findings.iter().all(|finding| finding.severity != flow::Severity::Error), "{findings:?}");
    }
}
