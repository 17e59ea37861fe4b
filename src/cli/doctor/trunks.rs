//! Trunks: does the name lead somewhere, does somebody answer there, and are we let in? Nothing is changed at the other side: who is
//! registered is asked, not replaced.

use std::time::{Duration, SystemTime};

use sip::message::Uri;
use sip::trunk::TrunkConfig;
use sip::ua::{Peer, Protocol, SipError, UserAgent};
use tokio::time::timeout;

use super::asking::{self, Silence};
use super::certificates;
use super::finding::{Finding, Group, say};
use super::ports::{Running, get};

const GROUP: Group = Group::Trunks;
/// A trunk that takes longer than this would lose its calls to the next one.
const PATIENCE: Duration = Duration::from_secs(6);
/// A round trip above this is heard as a pause in a conversation.
const FAR: Duration = Duration::from_millis(250);

/// A trunk, and where its addresses lead.
pub struct Found<'a> {
    /// As it is configured.
    pub config: &'a TrunkConfig,
    /// Where, without repetitions.
    pub peers: Vec<Peer>,
    /// Addresses that lead nowhere, and why.
    nowhere: Vec<(Uri, String)>,
}

/// Asks where the trunks are.
pub async fn find<'a>(agent: &UserAgent, trunks: &'a [TrunkConfig]) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for config in trunks {
        let (mut peers, mut nowhere): (Vec<Peer>, Vec<(Uri, String)>) = (Vec::new(), Vec::new());
        for address in &config.addresses {
            match timeout(PATIENCE, agent.peers(address)).await {
                Ok(Ok(more)) => peers.extend(more),
                Ok(Err(SipError::Unresolved(reason))) => nowhere.push((address.clone(), reason)),
                Ok(Err(error)) => nowhere.push((address.clone(), error.to_string())),
                Err(_) => nowhere.push((address.clone(), "no name server answered".to_owned())),
            }
        }
        let mut known = Vec::new();
        peers.retain(|peer| {
            !known.contains(peer) && {
                known.push(*peer);
                true
            }
        });
        found.push(Found { config, peers, nowhere });
    }
    found
}

/// All checks of all trunks.
pub async fn check(agent: &UserAgent, trunks: &[Found<'_>], running: &Running) -> Vec<Finding> {
    let metrics = match running.http {
        Some(http) => get(http, "/metrics").await.map(|(_, body)| body).unwrap_or_default(),
        None => String::new(),
    };
    let mut findings = Vec::new();
    for trunk in trunks {
        findings.push(names(trunk));
        for peer in &trunk.peers {
            findings.push(options(agent, trunk.config, *peer).await);
        }
        findings.extend(registration(agent, trunk.config, running).await);
        findings.extend(standing(&trunk.config.name, &metrics));
    }
    findings
}

/// What the peers of trunks over TLS show.
pub async fn certificates(agent: &UserAgent, trunks: &[Found<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for trunk in trunks {
        for peer in trunk.peers.iter().filter(|peer| peer.protocol == Protocol::Tls) {
            findings.push(certificates::of_trunk(agent, &trunk.config.name, *peer, SystemTime::now()).await);
        }
    }
    findings
}

fn names(trunk: &Found<'_>) -> Finding {
    let check = format!("trunk.{}.dns", trunk.config.name);
    let peers = trunk.peers.iter().map(Peer::to_string).collect::<Vec<_>>().join(", ");
    let finding = match trunk.nowhere.first() {
        None => Finding::good(GROUP, check, say!("It is at {peers}.", "位于 {peers}。")),
        Some((address, reason)) => {
            let says = say!("{address} leads nowhere: {reason}.", "{address} 无法解析:{reason}。");
            let cure = say!(
                "Correct its address, or look at the name server (`resolvectl query`).",
                "请更正 address,或检查域名服务器(`resolvectl query`)。"
            );
            if trunk.peers.is_empty() {
                Finding::failed(GROUP, check, says, cure)
            } else {
                Finding::warning(GROUP, check, says, cure)
            }
        }
    };
    finding.with("peers", trunk.peers.iter().map(Peer::to_string).collect::<Vec<_>>())
}

async fn options(agent: &UserAgent, config: &TrunkConfig, peer: Peer) -> Finding {
    let check = format!("trunk.{}.options", config.name);
    let mut uri = Uri::sip(None, peer.addr);
    uri.params.set("transport", Some(peer.protocol.param()));
    let user = config.credentials.as_ref().map_or("hotline", |own| &own.username);
    let from = format!("sip:{user}@{}", config.domain());
    let answer = timeout(PATIENCE, agent.ping(&uri.to_string(), &from)).await;
    match answer {
        Err(_) | Ok(Ok((408, _)) | Err(_)) => silent(check, peer).await,
        Ok(Ok((status @ (500 | 503), _))) => {
            let says = say!(
                "{peer} answers {status}: it is there, but takes no calls.",
                "{peer} 应答 {status}:在线但不受理呼叫。"
            );
            let cure = say!(
                "Ask its operator; calls go through the next trunk meanwhile.",
                "请咨询其运营方;其间呼叫会走下一条中继。"
            );
            Finding::warning(GROUP, check, says, cure).with("status", status)
        }
        Ok(Ok((status, took))) => {
            let ms = took.as_secs_f64() * 1e3;
            let says = say!("{peer} answers ({status}) after {ms:.1} ms.", "{peer} 应答({status}),用时 {ms:.1} 毫秒。");
            let finding = if took > FAR {
                let cure = say!(
                    "It is far away, or the network is full: `mtr` shows where.",
                    "距离过远或网络拥塞:可用 `mtr` 定位。"
                );
                Finding::warning(GROUP, check, says, cure)
            } else {
                Finding::good(GROUP, check, says)
            };
            finding.with("status", status).with("round_trip_ms", ms)
        }
    }
}

/// Nobody answered: a second look says how.
async fn silent(check: String, peer: Peer) -> Finding {
    let how = match peer.protocol {
        Protocol::Udp => asking::by_udp(peer.addr).await.err(),
        Protocol::Tcp => asking::by_tcp(peer.addr).await.err(),
        Protocol::Tls => asking::connect(peer.addr).await.err().or(Some(Silence::Mute)),
    };
    let (says, cure) = match how {
        Some(Silence::Refused) => (
            say!("{peer} refuses: nobody listens on this port there.", "{peer} 拒绝连接:该端口无人监听。"),
            say!(
                "Correct the port or the transport in the trunk's address.",
                "请更正中继 address 中的端口或传输方式。"
            ),
        ),
        Some(Silence::NoRoute) => (
            say!("There is no way from here to {peer}.", "本机没有通往 {peer} 的路由。"),
            say!("Check the network: `ip route get`.", "请检查网络:`ip route get`。"),
        ),
        Some(Silence::Mute) => (
            say!("{peer} accepts the connection, but does not answer OPTIONS.", "{peer} 接受连接,但不应答 OPTIONS。"),
            say!(
                "Over TLS see its certificate above; else ask its operator whether our address is allowed.",
                "若使用 TLS,请看上面的证书;否则请询问其运营方是否允许本机地址。"
            ),
        ),
        Some(Silence::Nothing) => {
            let seconds = PATIENCE.as_secs();
            (
                say!(
                    "{peer} does not answer OPTIONS within {seconds} s, nor refuses.",
                    "{peer} 在 {seconds} 秒内既不应答 OPTIONS 也不拒绝。"
                ),
                say!(
                    "Check its address, that firewalls let SIP out to it and the answers in, and that the trunk knows our address.",
                    "请检查其地址、防火墙是否放行到它的 SIP 及其应答,以及中继是否登记了本机地址。"
                ),
            )
        }
        None => {
            let says = say!("{peer} answers OPTIONS only now and then.", "{peer} 只偶尔应答 OPTIONS。");
            let cure = say!("Packets are lost on the way: `mtr` shows where.", "途中丢包:可用 `mtr` 定位。");
            return Finding::warning(GROUP, check, says, cure);
        }
    };
    Finding::failed(GROUP, check, says, cure)
}

/// Whether name and password are right, and whether somebody is registered with them.
async fn registration(agent: &UserAgent, config: &TrunkConfig, running: &Running) -> Option<Finding> {
    let (registrar, credentials) = (config.registrar.as_ref()?, config.credentials.clone()?);
    let answer = timeout(PATIENCE, agent.bindings(&registrar.to_string(), credentials)).await;
    let answer = answer.unwrap_or_else(|_| Err(SipError::Gone("the registrar did not answer".to_owned())));
    Some(registered(&config.name, registrar, answer.map(|bindings| bindings.len()), running.is_there()))
}

fn registered(name: &str, registrar: &Uri, answer: Result<usize, SipError>, runs: bool) -> Finding {
    let check = format!("trunk.{name}.registration");
    let failed = |says, cure| Finding::failed(GROUP, &*check, says, cure);
    let upper = name.to_uppercase().replace('-', "_");
    match answer {
        Ok(0) if runs => failed(
            say!(
                "{registrar} takes the password, but nobody is registered: calls from it reach nobody.",
                "{registrar} 接受密码,但没有任何注册:来自它的呼叫无人接听。"
            ),
            say!(
                "Look at the log of the running service: it says why it cannot register.",
                "请查看正在运行的服务的日志,其中说明无法注册的原因。"
            ),
        ),
        Ok(bindings) => Finding::good(
            GROUP,
            &*check,
            say!(
                "{registrar} takes name and password; registered now: {bindings}.",
                "{registrar} 接受用户名与密码;当前注册数:{bindings}。"
            ),
        )
        .with("bindings", bindings),
        Err(SipError::Refused { status: status @ (401 | 403 | 407), .. }) => failed(
            say!(
                "{registrar} refuses the name or the password ({status}).",
                "{registrar} 拒绝了用户名或密码({status})。"
            ),
            say!(
                "Correct trunk.{name}.username and its password (password_file, or HOTLINE_TRUNK_{upper}_PASSWORD).",
                "请更正 trunk.{name}.username 及其密码(password_file 或 HOTLINE_TRUNK_{upper}_PASSWORD)。"
            ),
        )
        .with("status", status),
        Err(SipError::Refused { status: status @ (404 | 604), .. }) => failed(
            say!("{registrar} does not know this account ({status}).", "{registrar} 不认识该账户({status})。"),
            say!(
                "Correct trunk.{name}.username or trunk.{name}.registrar.",
                "请更正 trunk.{name}.username 或 trunk.{name}.registrar。"
            ),
        )
        .with("status", status),
        Err(SipError::Refused { status, reason }) => {
            let says = say!(
                "{registrar} does not say who is registered ({status} {reason}), so the password could not be checked.",
                "{registrar} 不透露注册情况({status} {reason}),因此无法检查密码。"
            );
            let cure =
                say!("Start Hotline and look at GET /api/v1/trunks.", "请启动 Hotline 并查看 GET /api/v1/trunks。");
            Finding::warning(GROUP, &*check, says, cure).with("status", status)
        }
        Err(error) => failed(
            say!("{registrar} does not answer: {error}.", "{registrar} 没有应答:{error}。"),
            say!(
                "Check trunk.{name}.registrar, and that the firewall lets SIP out to it and the answers in.",
                "请检查 trunk.{name}.registrar,以及防火墙是否放行到它的 SIP 及其应答。"
            ),
        ),
    }
}

/// What the running service thinks of a trunk.
fn standing(name: &str, metrics: &str) -> Option<Finding> {
    let line = format!("hotline_trunk_up{{trunk=\"{name}\"}} ");
    let up = metrics.lines().find_map(|found| found.strip_prefix(&line))?.trim() == "1";
    let check = format!("trunk.{name}.service");
    Some(if up {
        Finding::good(GROUP, check, say!("The running service can call through it.", "正在运行的服务可以经它呼出。"))
    } else {
        let says = say!(
            "The running service has given it up: no calls go through it.",
            "正在运行的服务已停用它:没有呼叫经过它。"
        );
        let cure =
            say!("What failed above says why; it comes back by itself.", "上面的故障说明了原因;恢复后会自动启用。");
        Finding::failed(GROUP, check, says, cure)
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Language, Mark};
    use super::*;

    fn of(answer: Result<usize, SipError>, runs: bool) -> Finding {
        registered("acme", &Uri::parse("sip:carrier.example").expect("a URI"), answer, runs)
    }

    fn refused(status: u16) -> Result<usize, SipError> {
        Err(SipError::Refused { status, reason: "No".to_owned() })
    }

    #[test]
    fn a_refused_registration_is_said_in_words() {
        for (answer, runs, mark, words) in [
            (Ok(1), true, Mark::Good, "takes name and password"),
            (Ok(0), false, Mark::Good, "registered now: 0"),
            (Ok(0), true, Mark::Failed, "nobody is registered"),
            (refused(403), true, Mark::Failed, "refuses the name or the password"),
            (refused(404), true, Mark::Failed, "does not know this account"),
            (refused(405), true, Mark::Warning, "could not be checked"),
            (Err(SipError::Gone("x".to_owned())), true, Mark::Failed, "does not answer"),
        ] {
            let found = of(answer, runs);
            assert_eq!(found.mark, mark, "{words}");
            assert!(found.says.in_language(Language::English).contains(words), "{found:?}");
        }
    }

    #[test]
    fn the_running_services_own_view_counts() {
        let metrics =
            "# TYPE hotline_trunk_up gauge\nhotline_trunk_up{trunk=\"acme\"} 0\nhotline_trunk_up{trunk=\"b\"} 1\n";
        assert_eq!(standing("acme", metrics).map(|found| found.mark), Some(Mark::Failed));
        assert_eq!(standing("b", metrics).map(|found| found.mark), Some(Mark::Good));
        assert!(standing("c", metrics).is_none());
    }
}
