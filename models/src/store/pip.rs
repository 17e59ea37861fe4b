//! Asks the machine's own Python package client where a package is. So the operator's index, proxy, certificates and
//! credentials hold here too, and no registry is named in this program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

/// Enough for a slow index; a whole wheel is not downloaded in this time, only its address asked for.
const LOCATE_LIMIT: Duration = Duration::from_secs(180);
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(3600);

/// The package client, `python3 -m pip` unless told otherwise.
#[derive(Clone, Debug)]
pub struct Pip {
    commands: Vec<Vec<OsString>>,
    environment: Vec<(OsString, OsString)>,
}

impl Default for Pip {
    fn default() -> Self {
        let command = |words: &[&str]| words.iter().map(OsString::from).collect();
        Pip {
            commands: vec![command(&["python3", "-m", "pip"]), command(&["pip3"]), command(&["pip"])],
            environment: Vec::new(),
        }
    }
}

/// Where a package is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// `https:`, `http:` or `file:`.
    pub url: String,
    /// Of the whole package, when the index says.
    pub sha256: Option<String>,
}

impl Pip {
    /// Another client than `python3 -m pip`.
    pub fn with_command(mut self, words: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.commands = vec![words.into_iter().map(Into::into).collect()];
        self
    }

    /// A variable for the client alone, such as `PIP_INDEX_URL`.
    pub fn with_variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub(super) async fn locate(&self, project: &str, version: &str) -> Result<Location, String> {
        let wanted = format!("{project}=={version}");
        // A dry run resolves without installing; the report names the address and the hash. pip has known both since 22.2.
        let output = self
            .run(
                &[
                    "install",
                    "--dry-run",
                    "--ignore-installed",
                    "--no-deps",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-input",
                    "--only-binary",
                    ":all:",
                    "--report",
                    "-",
                    &wanted,
                ],
                LOCATE_LIMIT,
            )
            .await?;
        parse_report(&output.stdout)
            .ok_or_else(|| format!("pip's report on {wanted} was not understood; pip 22.2 or newer is needed"))
    }

    pub(super) async fn download(&self, project: &str, version: &str, to: &Path) -> Result<(), String> {
        let wanted = format!("{project}=={version}");
        let to = to.to_string_lossy();
        self.run(
            &[
                "download",
                "--no-deps",
                "--quiet",
                "--disable-pip-version-check",
                "--no-input",
                "--only-binary",
                ":all:",
                "--dest",
                &to,
                &wanted,
            ],
            DOWNLOAD_LIMIT,
        )
        .await
        .map(drop)
    }

    async fn run(&self, arguments: &[&str], limit: Duration) -> Result<Output, String> {
        let mut not_there = "no package client".to_owned();
        for words in &self.commands {
            let Some((program, first)) = words.split_first() else {
                continue;
            };
            let running = Command::new(program)
                .args(first)
                .args(arguments)
                .envs(self.environment.iter().map(|(name, value)| (name, value)))
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .output();
            let output = match tokio::time::timeout(limit, running).await {
                Err(_) => return Err(format!("pip did not answer within {} s", limit.as_secs())),
                Ok(Err(error)) => {
                    not_there = format!("{} does not start: {error}", PathBuf::from(program).display());
                    continue;
                }
                Ok(Ok(output)) => output,
            };
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() {
                return Ok(output);
            }
            if said.contains("No module named pip") {
                not_there = "python3 has no pip".to_owned();
                continue;
            }
            return Err(last_words(&said));
        }
        Err(format!("{not_there}; install it with: apt-get install python3-pip"))
    }
}

/// pip retries with many warnings; what a person needs is its last error.
fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let error = lines.iter().rev().find(|line| line.starts_with("ERROR:")).or(lines.last());
    let says = |words: &str| lines.iter().any(|line| line.contains(words));
    let error = error.map_or("pip failed without a word", |line| line.trim_start_matches("ERROR:").trim());
    if says("CERTIFICATE_VERIFY_FAILED") {
        format!("the certificate of the package index is not trusted; name yours with PIP_CERT (pip: {error})")
    } else if says("connection broken") || says("NewConnectionError") {
        format!("the package index cannot be reached (pip: {error})")
    } else {
        format!("pip: {error}")
    }
}

fn parse_report(report: &[u8]) -> Option<Location> {
    #[derive(Deserialize)]
    struct Report {
        install: Vec<Item>,
    }
    #[derive(Deserialize)]
    struct Item {
        download_info: DownloadInfo,
    }
    #[derive(Deserialize)]
    struct DownloadInfo {
        url: String,
        #[serde(default)]
        archive_info: ArchiveInfo,
    }
    #[derive(Default, Deserialize)]
    struct ArchiveInfo {
        #[serde(default)]
        hash: Option<String>,
        #[serde(default)]
        hashes: std::collections::BTreeMap<String, String>,
    }
    // Some versions say a word or two before the report.
    let start = report.iter().position(|byte| *byte == b'{')?;
    let mut report: Report = serde_json::from_slice(&report[start..]).ok()?;
    let info = report.install.pop()?.download_info;
    let sha256 =
        info.archive_info.hashes.get("sha256").cloned().or_else(|| {
            info.archive_info.hash.as_deref().and_then(|hash| hash.strip_prefix("sha256=")).map(str::to_owned)
        });
    Some(Location { url: info.url, sha256: sha256.map(|hash| hash.to_ascii_lowercase()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_of_an_old_pip_and_of_a_new_one_are_understood() {
        let old = br#"{"version":"0","install":[{"download_info":{"url":"https://x/y.whl","archive_info":{"hash":"sha256=AB12"}}}]}"#;
        let new = br#"note {"version":"1","install":[{"download_info":{"url":"https://x/y.whl","archive_info":{"hash":"sha256=ab12","hashes":{"sha256":"ab12"}}}}]}"#;
        let expected = Location { url: "https://x/y.whl".to_owned(), sha256: Some("ab12".to_owned()) };
        assert_eq!(parse_report(old), Some(expected.clone()));
        assert_eq!(parse_report(new), Some(expected));
    }

    #[test]
    fn a_report_that_is_no_report_is_not_a_panic() {
        for report in [&b""[..], b"{", b"{}", b"{\"install\":[]}", b"hello"] {
            assert_eq!(parse_report(report), None);
        }
    }

    #[test]
    fn of_all_that_pip_says_the_error_is_kept() {
        let said = "WARNING: Retrying after connection broken by NewConnectionError\nERROR: No matching distribution found for a==1\n";
        assert_eq!(
            last_words(said),
            "the package index cannot be reached (pip: No matching distribution found for a==1)"
        );
    }
}
