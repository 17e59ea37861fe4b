//! What must be there before the first call: the flow, a data folder that can be written, room on the disk, a master key that nobody
//! else reads, the models. Nothing is made or downloaded.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use models::{Status, Store};

use super::finding::{Finding, Group, Text, say};
use super::system;
use crate::config::{Config, ConfigError};
use crate::service::load_flow;

const GROUP: Group = Group::Installation;
/// Below this a day of recordings may not fit: an hour of a call takes about 115 MB (two directions, 16 bits, 8 kHz).
const LITTLE_ROOM: u64 = 2_000_000_000;
/// Below this the database may stop at any moment.
const NO_ROOM: u64 = 100_000_000;

/// A configuration that cannot be read.
pub fn unreadable(error: &ConfigError) -> Finding {
    let cure = say!("Correct it; `hotline config` lists every key.", "请更正;`hotline config` 列出所有配置项。");
    Finding::failed(GROUP, "configuration", Text::verbatim(error), cure)
}

/// All of them.
pub fn check(config: &Config) -> Vec<Finding> {
    let trunks = config.trunks.len();
    let read = say!("It is understood; trunks: {trunks}.", "配置可用;中继:{trunks} 条。");
    let mut findings = vec![Finding::good(GROUP, "configuration", read)];
    findings.push(flow(config));
    findings.push(data(&config.data_dir));
    findings.extend(disk(&config.data_dir));
    findings.extend(master_key(config));
    let config = &crate::service::resolved(config, false);
    findings.extend(
        [("speech.en", &config.speech_en), ("speech.zh", &config.speech_zh)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| recogniser(config.models_dir.as_deref(), key, value)),
    );
    findings
}

fn flow(config: &Config) -> Finding {
    match load_flow(config.flow_file.as_deref()) {
        Ok(flow) => {
            let name = flow.name;
            Finding::good(GROUP, "flow.file", say!("The flow “{name}” can answer calls.", "流程“{name}”可以接听来电。"))
        }
        Err(error) => {
            let cure = say!(
                "Correct the flow, or leave flow.file empty to answer with the example.",
                "请更正流程,或将 flow.file 留空以使用示例流程。"
            );
            Finding::failed(GROUP, "flow.file", Text::verbatim(error), cure)
        }
    }
}

/// The nearest folder above that exists.
fn existing(path: &Path) -> Option<&Path> {
    path.ancestors()
        .map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path })
        .find(|path| path.exists())
}

fn data(folder: &Path) -> Finding {
    let shown = folder.display();
    let above = existing(folder);
    if above.is_some_and(system::may_write) {
        return Finding::good(GROUP, "data.dir", say!("{shown} can be written.", "{shown} 可写。"));
    }
    let says = say!("{shown} cannot be written by this user.", "当前用户无法写入 {shown}。");
    let cure = say!(
        "Give the folder to the user that runs Hotline (chown), or set data.dir to another.",
        "请将该文件夹的所有权交给运行 Hotline 的用户(chown),或将 data.dir 设为其他文件夹。"
    );
    Finding::failed(GROUP, "data.dir", says, cure)
}

fn disk(folder: &Path) -> Option<Finding> {
    let free = system::free_bytes(existing(folder)?)?;
    let (gb, hours) = (free as f64 / 1e9, free / 115_000_000);
    let room = say!(
        "{gb:.1} GB are free, room for about {hours} hours of recorded calls.",
        "剩余 {gb:.1} GB,约可存 {hours} 小时通话录音。"
    );
    let cure = || {
        say!(
            "Make room, or set data.dir to a larger disk: without room nothing is recorded or journaled.",
            "请清理空间,或将 data.dir 设到更大的磁盘:空间用尽后无法录音和记录。"
        )
    };
    let finding = match free {
        ..NO_ROOM => Finding::failed(GROUP, "disk", room, cure()),
        NO_ROOM..LITTLE_ROOM => Finding::warning(GROUP, "disk", room, cure()),
        _ => Finding::good(GROUP, "disk", room),
    };
    Some(finding.with("free_bytes", free))
}

fn master_key(config: &Config) -> Option<Finding> {
    const NAME: &str = "store.master_key";
    let path: PathBuf = config.store_master_key.clone().unwrap_or_else(|| config.data_dir.join("master.key"));
    let shown = path.display();
    let Ok(found) = fs::metadata(&path) else {
        let has_data = config.data_dir.join("hotline.db").exists();
        if has_data && config.store_url.is_empty() {
            let says = say!("{shown} is missing, but there is a database.", "缺少 {shown},但数据库已存在。");
            let cure = say!(
                "Put the key back from your backup: without it nothing personal can be read.",
                "请从备份恢复密钥:没有它就无法读取任何个人数据。"
            );
            return Some(Finding::failed(GROUP, NAME, says, cure));
        }
        let says = say!("It will be made at the first start: {shown}.", "首次启动时将生成:{shown}。");
        return Some(Finding::good(GROUP, NAME, says));
    };
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let says = say!("Others may read {shown} (mode {mode:o}).", "其他用户可以读取 {shown}(权限 {mode:o})。");
        return Some(Finding::failed(GROUP, NAME, says, say!("chmod 600 {shown}", "chmod 600 {shown}")));
    }
    if fs::File::open(&path).is_err() {
        let says = say!("This user may not read {shown}.", "当前用户无法读取 {shown}。");
        let cure = say!(
            "Run this as the user that runs Hotline, or chown the file.",
            "请以运行 Hotline 的用户执行,或用 chown 更改文件所有者。"
        );
        return Some(Finding::failed(GROUP, NAME, says, cure));
    }
    Some(Finding::good(GROUP, NAME, say!("{shown}, for its owner only.", "{shown},仅所有者可读。")))
}

fn recogniser(folder: Option<&Path>, key: &'static str, value: &str) -> Finding {
    if let Some(file) = value.strip_prefix("whisper:") {
        if Path::new(file).is_file() {
            return Finding::good(GROUP, key, say!("{file} is here.", "{file} 已就位。"));
        }
        let says = say!("There is no model at {file}.", "{file} 处没有模型。");
        return Finding::failed(
            GROUP,
            key,
            says,
            say!("Put it there, or correct {key}.", "请放入该文件,或更正 {key}。"),
        );
    }
    let status = Store::open(folder).and_then(|store| store.status(value));
    let cure = say!(
        "`hotline models pull {value}`, or leave {key} empty: callers then use keys.",
        "执行 `hotline models pull {value}`,或将 {key} 留空:来电者改用按键。"
    );
    match status {
        Ok(Status::Ready { .. }) => {
            Finding::good(GROUP, key, say!("{value} is here and whole.", "{value} 已就位且完整。"))
        }
        Ok(Status::Missing) => {
            Finding::failed(GROUP, key, say!("The model {value} is not here.", "缺少模型 {value}。"), cure)
        }
        Ok(Status::Corrupt { reason }) => Finding::failed(
            GROUP,
            key,
            say!("The model {value} is broken: {reason}.", "模型 {value} 已损坏:{reason}。"),
            cure,
        ),
        Err(error) => Finding::failed(GROUP, key, Text::verbatim(error), cure),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::*;

    fn marks(config: &Config) -> Vec<(String, Mark)> {
        check(config).into_iter().map(|finding| (finding.check, finding.mark)).collect()
    }

    #[test]
    fn an_installation_before_its_first_start_is_well() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { data_dir: folder.path().join("data"), speech_en: String::new(), ..Config::default() };
        assert!(marks(&config).iter().all(|(_, mark)| *mark != Mark::Failed), "{:?}", marks(&config));
        assert!(!config.data_dir.exists(), "looking makes nothing");
    }

    #[test]
    fn a_key_that_others_may_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { data_dir: folder.path().to_owned(), speech_en: String::new(), ..Config::default() };
        let key = folder.path().join("master.key");
        fs::write(&key, "secret").expect("written");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("changed");
        assert!(marks(&config).contains(&("store.master_key".to_owned(), Mark::Failed)));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("changed");
        assert!(marks(&config).contains(&("store.master_key".to_owned(), Mark::Good)));
        assert!(!check(&config).iter().any(|finding| format!("{finding:?}").contains("secret")));
    }

    #[test]
    fn a_missing_model_and_a_missing_flow_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config {
            data_dir: folder.path().to_owned(),
            speech_zh: "whisper:/no/such/model.bin".to_owned(),
            speech_en: String::new(),
            flow_file: Some("/no/such/flow.json".into()),
            ..Config::default()
        };
        for name in ["speech.zh", "flow.file"] {
            assert!(marks(&config).contains(&(name.to_owned(), Mark::Failed)), "{name}");
        }
    }
}
