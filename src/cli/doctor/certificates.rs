//! Certificates: our own, and those that trunks show. Who has ended, who ends soon, and who is not believed, and why.

use std::time::{Duration, SystemTime};

use sip::transport::{Distrust, Shown, TransportError};
use sip::ua::{Peer, UserAgent};

use super::finding::{Finding, Group, Text, say};
use crate::config::Config;

const GROUP: Group = Group::Certificates;
/// Time enough to get a new one.
const SOON: Duration = Duration::from_secs(21 * 86_400);

/// What TLS cannot start with.
pub fn unusable(error: &TransportError) -> Finding {
    let cure = say!(
        "Correct sip.tls_certificate, sip.tls_key, sip.tls_client_ca or sip.tls_trust: certificate and key must belong together.",
        "请更正 sip.tls_certificate、sip.tls_key、sip.tls_client_ca 或 sip.tls_trust:证书与私钥必须匹配。"
    );
    Finding::failed(GROUP, "tls.own", Text::verbatim(error), cure)
}

/// Our own. That the key fits has been seen when the agent was started with it.
pub fn own(config: &Config, agent: &UserAgent, now: SystemTime) -> Vec<Finding> {
    const NAME: &str = "tls.own";
    if config.sip_tls_certificate.is_none() {
        if config.sip_tls.is_empty() {
            return Vec::new();
        }
        let says = say!("SIP over TLS has no certificate.", "SIP over TLS 没有证书。");
        let cure = say!("Set sip.tls_certificate and sip.tls_key.", "请设置 sip.tls_certificate 与 sip.tls_key。");
        return vec![Finding::failed(GROUP, NAME, says, cure)];
    }
    let transports = agent.transports();
    let names = transports.certificate_names().join(", ");
    let Some(ends) = transports.certificate_ends() else {
        let says = say!("The certificate's end cannot be read.", "无法读取证书的到期时间。");
        return vec![Finding::warning(
            GROUP,
            NAME,
            says,
            say!("Look at it with openssl x509.", "请用 openssl x509 查看。"),
        )];
    };
    let cure = say!(
        "Renew it, and start Hotline again, or phones and trunks refuse to connect.",
        "请更新证书并重新启动 Hotline,否则话机与中继会拒绝连接。"
    );
    let whose = say!("Our own for {names}, whose key fits,", "本机证书({names},私钥匹配)");
    vec![ending(NAME, &whose, ends, now, cure)]
}

/// How long a certificate still lasts.
fn ending(name: &str, whose: &Text, ends: SystemTime, now: SystemTime, cure: Text) -> Finding {
    use super::finding::Language::{Chinese, English};
    let (english, chinese) = (whose.in_language(English), whose.in_language(Chinese));
    let day = day(ends);
    match ends.duration_since(now) {
        Err(_) => {
            let says = say!("{english} ended on {day}.", "{chinese}已于 {day} 过期。");
            Finding::failed(GROUP, name, says, cure).with("ends", day)
        }
        Ok(left) => {
            let days = left.as_secs() / 86_400;
            let says = say!("{english} ends on {day}, in {days} days.", "{chinese}将于 {day} 到期,还有 {days} 天。");
            let finding =
                if left < SOON { Finding::warning(GROUP, name, says, cure) } else { Finding::good(GROUP, name, says) };
            finding.with("ends", day).with("days", days)
        }
    }
}

/// `2031-01-02`.
fn day(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_else(|_| "?".to_owned())
}

/// What one peer of a trunk shows.
pub async fn of_trunk(agent: &UserAgent, trunk: &str, peer: Peer, now: SystemTime) -> Finding {
    let name = format!("trunk.{trunk}.tls");
    match agent.transports().inspect(peer).await {
        Ok(shown) => judge(&name, peer, &shown, now),
        Err(reason) => {
            let says = say!("{peer} shows no certificate: {reason}.", "{peer} 未出示证书:{reason}。");
            let cure = say!(
                "Check that the trunk speaks TLS on this port, and that the firewall lets TCP out to it.",
                "请确认中继在该端口提供 TLS,且防火墙允许到它的 TCP 出站连接。"
            );
            Finding::failed(GROUP, name, says, cure)
        }
    }
}

fn judge(name: &str, peer: Peer, shown: &Shown, now: SystemTime) -> Finding {
    let names = shown.names.join(", ");
    let whose = say!("The certificate of {peer}", "{peer} 的证书");
    let expired = say!(
        "Nobody connects to it until the trunk has a new one: tell its operator.",
        "中继更换证书之前无法连接:请通知其运营方。"
    );
    let failed = |says, cure| Finding::failed(GROUP, name, says, cure).with("names", names.clone());
    match (&shown.distrust, shown.ends) {
        (Some(Distrust::Expired), Some(ends)) => {
            ending(name, &whose, ends.min(now - Duration::from_secs(1)), now, expired)
        }
        (Some(Distrust::Expired), None) => {
            failed(say!("The certificate of {peer} has ended.", "{peer} 的证书已过期。"), expired)
        }
        (Some(Distrust::NotYetValid), _) => failed(
            say!("The certificate of {peer} is not valid yet.", "{peer} 的证书尚未生效。"),
            say!("Set this machine's clock (`timedatectl`).", "请校准本机时钟(`timedatectl`)。"),
        ),
        (Some(Distrust::WrongName(wanted)), _) => failed(
            say!(
                "{peer} shows a certificate for {names}, not for {wanted}.",
                "{peer} 出示的证书属于 {names},而不是 {wanted}。"
            ),
            say!(
                "Write the trunk's address with the name in its certificate, e.g. address = \"sips:{names}\".",
                "请在中继的 address 中使用证书里的名称,例如 address = \"sips:{names}\"。"
            ),
        ),
        (Some(Distrust::UnknownAuthority), _) => failed(
            say!(
                "{peer} shows a certificate that no authority we trust has signed.",
                "{peer} 的证书并非由受信任的机构签发。"
            ),
            say!(
                "Set sip.tls_trust to a file with the trunk's authority.",
                "请将 sip.tls_trust 设为包含该中继签发机构的文件。"
            ),
        ),
        (Some(Distrust::Other(reason)), _) => failed(
            say!("The certificate of {peer} is not believed: {reason}.", "{peer} 的证书不可信:{reason}。"),
            say!("Ask the trunk's operator.", "请咨询中继运营方。"),
        ),
        (None, Some(ends)) => ending(name, &whose, ends, now, say!("Tell the trunk's operator.", "请通知中继运营方。"))
            .with("names", names),
        (None, None) => {
            Finding::good(GROUP, name, say!("The certificate of {peer} is believed.", "{peer} 的证书可信。"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::*;

    fn at(days: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400)
    }

    fn mark(ends: u64, distrust: Option<Distrust>) -> Mark {
        let shown = Shown { ends: Some(at(ends)), names: vec!["sip.example".to_owned()], distrust };
        let peer = Peer { protocol: sip::ua::Protocol::Tls, addr: ([192, 0, 2, 1], 5061).into() };
        judge("trunk.x.tls", peer, &shown, at(1_000)).mark
    }

    #[test]
    fn three_weeks_before_its_end_a_certificate_is_warned_about() {
        assert_eq!(mark(1_021, None), Mark::Good);
        assert_eq!(mark(1_020, None), Mark::Warning);
        assert_eq!(mark(999, None), Mark::Failed);
        assert_eq!(mark(999, Some(Distrust::Expired)), Mark::Failed);
    }

    #[test]
    fn a_certificate_that_is_not_believed_has_failed_however_long_it_lasts() {
        for why in [Distrust::NotYetValid, Distrust::WrongName("x".into()), Distrust::UnknownAuthority] {
            assert_eq!(mark(9_000, Some(why)), Mark::Failed);
        }
    }
}
