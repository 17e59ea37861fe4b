//! Keys through a trunk: pressed in a call, and looked for where they can come out. That is the call itself when an echo answers, and
//! the running service when the number is one of our own: its journal says what arrived. It is read, never written.

use std::time::Duration;

use sip::trunk::{E164, did_of};
use tokio::time::Instant;

use super::finding::{Finding, Group, Text, in_both, say};
use super::listening::Listened;
use super::ports::Running;
use crate::config::Config;
use crate::event::{Event, Timestamp};
use crate::service::look_into_store;
use crate::store::{CallFilter, StoreError, Tenant};

const GROUP: Group = Group::Calls;
/// What is pressed: one key twice, so that doubled ones show, and none that usually leads to a person.
pub const KEYS: &str = "7*#7";
/// Until the service has written down what it heard.
const WRITTEN: Duration = Duration::from_secs(3);
/// Calls that may have come since.
const NEWEST: u64 = 20;

/// What is known of the keys at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// The call came to the running service, which heard these.
    Ours(String),
    /// No call with this number came to the running service; whether the configuration knows it as ours.
    Elsewhere { configured: bool },
    /// No Hotline runs here; whether the configuration knows the number as ours.
    NotRunning { configured: bool },
    /// The journal of the running service cannot be read.
    Unreadable(String),
}

/// Looks for the call at the running service, and for its keys.
pub async fn at_service(config: &Config, running: &Running, number: &str, begun: Timestamp) -> Arrived {
    let country = config.sip_default_country;
    let dialled = country.and_then(|country| E164::read(number, country).ok());
    let dialled = dialled.as_ref().map_or(number, E164::as_str);
    let leads = |trunk| country.is_some_and(|country| did_of(trunk, dialled, country).is_some());
    let configured = config.trunks.iter().any(leads);
    if !running.is_there() {
        return Arrived::NotRunning { configured };
    }
    let store = match look_into_store(config).await {
        Ok(store) => store,
        Err(error) => return Arrived::Unreadable(error.to_string()),
    };
    let (tenant, until) = (store.default_tenant(), Instant::now() + WRITTEN);
    let found = loop {
        let keys = keys_of(&tenant, dialled, begun).await;
        let done = matches!(&keys, Ok(Some(keys)) if keys == KEYS) || keys.is_err();
        if done || Instant::now() >= until {
            break keys;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    store.close().await;
    match found {
        Ok(Some(keys)) => Arrived::Ours(keys),
        Ok(None) => Arrived::Elsewhere { configured },
        Err(error) => Arrived::Unreadable(error.to_string()),
    }
}

/// The keys of the newest call to this number that began after `begun`.
async fn keys_of(tenant: &Tenant, dialled: &str, begun: Timestamp) -> Result<Option<String>, StoreError> {
    let calls = tenant.calls(&CallFilter::default(), None, NEWEST).await?.items;
    let Some(call) = calls.into_iter().find(|call| call.started_at >= begun && call.to == dialled) else {
        return Ok(None);
    };
    let journal = tenant.journal(call.id).await?;
    let key = |event: &Event| match event {
        Event::Key { digit } => Some(digit.reveal().to_owned()),
        _ => None,
    };
    Ok(Some(journal.iter().filter_map(|entry| key(&entry.event)).collect()))
}

/// Whether keys get through, as far as it can be told; nothing if none could be pressed.
pub fn judge(check: &str, who: &str, heard: &Listened, arrived: &Arrived) -> Option<Finding> {
    if !heard.pressed {
        return None;
    }
    let check = format!("{check}.keys");
    let way = if heard.telephone_event {
        say!("as events (RFC 4733)", "以事件方式(RFC 4733)")
    } else {
        say!("as tones, since {who} agreed to no events (RFC 4733)", "以音频方式(因 {who} 未协商 RFC 4733 事件)")
    };
    let (english, chinese) = in_both(&way);
    let finding = match arrived {
        Arrived::Ours(keys) if keys == KEYS => {
            let says = say!(
                "Keys pressed {english} come back to our own number through {who}, each once.",
                "按键{chinese}经 {who} 回到本机号码,每个都只到达一次。"
            );
            Finding::good(GROUP, check, says)
        }
        _ if heard.keys == KEYS => {
            let says = say!(
                "Keys pressed {english} come back from {who}, each once.",
                "按键{chinese}从 {who} 返回,每个都只到达一次。"
            );
            Finding::good(GROUP, check, says)
        }
        Arrived::Ours(keys) => wrong(check, who, keys, &way),
        _ if !heard.keys.is_empty() => wrong(check, who, &heard.keys, &way),
        unknown => untold(check, who, unknown, &way),
    };
    let came = match arrived {
        Arrived::Ours(keys) => keys,
        _ => &heard.keys,
    };
    Some(finding.with("pressed", KEYS).with("arrived", came.as_str()).with("telephone_event", heard.telephone_event))
}

fn wrong(check: String, who: &str, came: &str, way: &Text) -> Finding {
    let (english, chinese) = in_both(way);
    let says = if came.is_empty() {
        say!(
            "The call came back to our own number through {who}, but no key did: {KEYS} was pressed {english}.",
            "呼叫经 {who} 回到本机号码,但没有任何按键到达:{chinese}按下了 {KEYS}。"
        )
    } else {
        say!(
            "Keys change on the way through {who}: {KEYS} was pressed {english}, {came} arrived.",
            "按键经 {who} 时发生变化:{chinese}按下 {KEYS},到达 {came}。"
        )
    };
    let cure = say!(
        "Ask its operator to pass telephone-event (RFC 4733) through in both directions, and not to send tones beside it.",
        "请让其运营方双向透传 telephone-event(RFC 4733),且不要同时发送音频按键。"
    );
    Finding::failed(GROUP, check, says, cure)
}

/// It cannot be told; and why, and what would tell.
fn untold(check: String, who: &str, arrived: &Arrived, way: &Text) -> Finding {
    let (english, chinese) = in_both(way);
    let why = match arrived {
        Arrived::Elsewhere { configured: true } => say!(
            "the number is one of ours, but no call to it reached the running service",
            "该号码是本机号码,但运行中的服务没有收到呼叫"
        ),
        Arrived::NotRunning { configured: true } => {
            say!(
                "the number is one of ours, but no Hotline runs here to hear them",
                "该号码是本机号码,但本机没有运行 Hotline"
            )
        }
        Arrived::Unreadable(reason) => {
            say!("the journal of the running service cannot be read ({reason})", "无法读取运行中服务的日志({reason})")
        }
        _ => say!("whoever answered sends nothing back", "接听方没有返回任何按键"),
    };
    let (why, why_chinese) = in_both(&why);
    let says = say!(
        "Whether keys get through {who} cannot be told: {KEYS} was pressed {english}, and {why}.",
        "无法得知按键能否通过 {who}:{chinese}按下了 {KEYS},而{why_chinese}。"
    );
    let cure = match arrived {
        Arrived::Elsewhere { configured: true } => say!(
            "Ask the operator of {who} where it leads this number; see its registration and addresses above.",
            "请向 {who} 的运营方确认该号码的去向;并查看上面的注册与地址。"
        ),
        Arrived::NotRunning { configured: true } => {
            say!("Start Hotline, and dial again.", "请启动 Hotline 后再次拨打。")
        }
        Arrived::Unreadable(_) => say!(
            "Run this as the user that runs Hotline, with the same configuration.",
            "请以运行 Hotline 的用户身份和相同配置运行本命令。"
        ),
        _ => say!(
            "While Hotline runs, dial one of your own numbers (trunk.NAME.did) through the trunk; or dial an echo number.",
            "请在 Hotline 运行时经该中继拨打自己的号码(trunk.NAME.did),或拨打回声测试号码。"
        ),
    };
    Finding::warning(GROUP, check, says, cure)
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Language, Mark};
    use super::*;

    fn pressed(back: &str) -> Listened {
        Listened { pressed: true, telephone_event: true, keys: back.to_owned(), ..Listened::default() }
    }

    fn ours(keys: &str) -> Arrived {
        Arrived::Ours(keys.to_owned())
    }

    const STRANGER: Arrived = Arrived::Elsewhere { configured: false };

    fn said(heard: &Listened, arrived: &Arrived) -> (Mark, String) {
        let finding = judge("trunk.x.call", "x", heard, arrived).expect("keys were pressed");
        (finding.mark, finding.says.in_language(Language::English).to_owned())
    }

    #[test]
    fn keys_that_arrive_at_our_own_number_or_come_back_are_well() {
        assert_eq!(said(&pressed(""), &ours(KEYS)).0, Mark::Good);
        assert_eq!(said(&pressed(KEYS), &STRANGER).0, Mark::Good);
    }

    #[test]
    fn keys_that_are_lost_or_doubled_are_named() {
        let (mark, says) = said(&pressed(""), &ours(""));
        assert!(mark == Mark::Failed && says.contains("no key did"), "{says}");
        let (mark, says) = said(&pressed(""), &ours("77**##77"));
        assert!(mark == Mark::Failed && says.contains("77**##77 arrived"), "{says}");
        assert_eq!(said(&pressed("7"), &STRANGER).0, Mark::Failed);
    }

    #[test]
    fn what_cannot_be_told_is_said_with_its_reason() {
        for (arrived, why) in [
            (STRANGER, "sends nothing back"),
            (Arrived::Elsewhere { configured: true }, "no call to it reached"),
            (Arrived::NotRunning { configured: true }, "no Hotline runs here"),
            (Arrived::NotRunning { configured: false }, "sends nothing back"),
            (Arrived::Unreadable("locked".into()), "cannot be read (locked)"),
        ] {
            let (mark, says) = said(&pressed(""), &arrived);
            assert!(mark == Mark::Warning && says.contains(why), "{says}");
        }
    }

    #[test]
    fn a_carrier_that_knows_no_events_is_said_to_get_tones() {
        let heard = Listened { telephone_event: false, ..pressed("") };
        assert!(said(&heard, &ours(KEYS)).1.contains("as tones, since x agreed to no events"));
        assert!(judge("c", "x", &Listened::default(), &STRANGER).is_none(), "nothing was pressed");
    }
}
