//! The intent engine of another service, if calls are to ask one: whether it answers, how soon, and whether it knows this flow.

use std::time::Instant;

use super::finding::{Finding, Group, Text, say};
use crate::config::Config;
use crate::lookup::Lookup;
use crate::service::{load_flow, remote_engine};
use crate::understand::remote::{Question, RemoteError};

const GROUP: Group = Group::Installation;
const CHECK: &str = "understand.remote";

/// Asks it what an example of the flow means, as a call would; nothing where no other engine is asked, or nothing could be asked.
pub async fn check(config: &Config) -> Option<Finding> {
    let remote = match Lookup::new().map(|lookup| remote_engine(config, &lookup)) {
        Ok(Ok(remote)) => remote?,
        Ok(Err(error)) => return Some(broken(Text::verbatim(error), as_configured())),
        Err(reason) => return Some(broken(Text::verbatim(reason), as_configured())),
    };
    let flow = load_flow(config.flow_file.as_deref()).ok()?;
    let allowed: Vec<String> = flow.intents.iter().map(|intent| intent.name.clone()).collect();
    let (language, example) = flow
        .intents
        .iter()
        .flat_map(|intent| &intent.examples)
        .find_map(|(language, examples)| Some((*language, examples.first()?.clone())))?;
    let asked = Instant::now();
    let answer = remote.ask(Question { readings: &[(example, 1.0)], language, allowed: &allowed }).await;
    let took = asked.elapsed().as_millis() as u64;
    let (address, patience) = (config.understand_remote.trim(), config.understand_remote_timeout_ms);
    Some(
        match answer {
            Ok(meaning) if took > patience / 2 => {
                let says = say!(
                    "The engine at {address} answers after {took} ms; a call waits {patience} ms.",
                    "{address} 的意图引擎在 {took} 毫秒后才回答;来电最多等待 {patience} 毫秒。"
                );
                let cure = say!(
                    "Look at the way there and at its load; calls that cannot wait are answered by the own engine.",
                    "请检查网络与对方负载;等不到回答的来电由本机引擎处理。"
                );
                Finding::warning(GROUP, CHECK, says, cure).with("model", meaning.model_version)
            }
            Ok(meaning) => {
                let model = &meaning.model_version;
                let says = say!(
                    "The engine at {address} answers after {took} ms, with model {model}.",
                    "{address} 的意图引擎在 {took} 毫秒后回答,模型 {model}。"
                );
                Finding::good(GROUP, CHECK, says).with("model", model.as_str())
            }
            Err(error) => {
                let says = say!(
                    "The engine at {address} is of no use to calls: {error}",
                    "{address} 的意图引擎无法为来电服务:{error}"
                );
                broken(says, cure(&error))
            }
        }
        .with("ms", took),
    )
}

fn broken(says: Text, cure: Text) -> Finding {
    Finding::failed(GROUP, CHECK, says, cure)
}

fn as_configured() -> Text {
    say!(
        "Correct understand.remote and understand.remote_token; without them the own engine answers.",
        "请更正 understand.remote 与 understand.remote_token;留空时由本机引擎回答。"
    )
}

fn cure(error: &RemoteError) -> Text {
    match error {
        RemoteError::Unreachable(_) | RemoteError::Resting => say!(
            "Is that service running, and may this machine reach it? Calls are answered by the own engine meanwhile.",
            "请确认该服务正在运行且本机可以访问;在此期间由本机引擎回答。"
        ),
        RemoteError::Refused(_) => say!(
            "Make a token with the scope `understand` there (Understanding, Access) and put it into understand.remote_token.",
            "请在对方的“理解 › 访问”中创建 understand 范围的令牌,写入 understand.remote_token 指定的文件。"
        ),
        RemoteError::UnknownIntents => say!(
            "Import this flow's intents there: Understanding, Import.",
            "请在对方的“理解 › 导入”中导入本流程的意图。"
        ),
        RemoteError::BadAnswer(_) => say!(
            "Is that address a Hotline, of a version that this one knows?",
            "请确认该地址是 Hotline 服务,且版本兼容。"
        ),
    }
}
