//! Downloads one file so that an interruption costs nothing: bytes go to a `.part` file, the next attempt asks for the rest
//! (RFC 9110, section 14), and the file gets its name only when its checksum is right.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, RANGE};

use super::pip::Location;
use super::{Progress, StoreError, status};

const ATTEMPTS: u32 = 5;
/// Without a byte for this long the connection counts as broken.
const STALL: Duration = Duration::from_secs(30);

/// Why a download did not end well.
#[derive(Debug)]
pub(super) enum FetchError {
    /// The server does not let us have it.
    Refused(String),
    /// The network does not carry it.
    Network(String),
    /// The disk does not hold it.
    Store(StoreError),
}

impl From<StoreError> for FetchError {
    fn from(error: StoreError) -> Self {
        FetchError::Store(error)
    }
}

/// Fetches a location into a folder and returns the path of the whole file.
pub(super) async fn fetch(
    location: &Location,
    folder: &Path,
    progress: &mut impl FnMut(Progress),
) -> Result<PathBuf, FetchError> {
    let name = file_name(&location.url);
    let target = folder.join(&name);
    if let Some(path) = local_path(&location.url) {
        // An index of local files: nothing to download, the wheel is read where it is.
        return Ok(path);
    }
    let part = folder.join(format!("{name}.part"));
    let client = client()?;
    let mut attempt = 0;
    let mut arrived = fs::metadata(&part).map_or(0, |data| data.len());
    loop {
        let outcome = continue_download(&client, &location.url, &part, &name, progress).await;
        let reason = match outcome {
            Ok(()) => match check(&part, location)? {
                None => {
                    fs::rename(&part, &target).map_err(|e| StoreError::io("rename", &target, e))?;
                    return Ok(target);
                }
                Some(reason) => {
                    // A stale or spoilt part is worth nothing; begin anew.
                    fs::remove_file(&part).map_err(|e| StoreError::io("remove", &part, e))?;
                    reason
                }
            },
            Err(FetchError::Network(reason)) => reason,
            Err(other) => return Err(other),
        };
        // Patience is counted from the last byte that arrived: a line that breaks often still gets there.
        let length = fs::metadata(&part).map_or(0, |data| data.len());
        attempt = if length > arrived { 1 } else { attempt + 1 };
        arrived = arrived.max(length);
        if attempt == ATTEMPTS {
            return Err(FetchError::Network(reason));
        }
        progress(Progress::Retrying { attempt, reason });
        tokio::time::sleep(Duration::from_millis(250 << attempt)).await;
    }
}

fn client() -> Result<reqwest::Client, FetchError> {
    // Someone else in the process may have chosen a provider already; then that one holds.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(20))
        .read_timeout(STALL)
        .user_agent(concat!("hotline/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| FetchError::Network(causes(&error)))
}

async fn continue_download(
    client: &reqwest::Client,
    url: &str,
    part: &Path,
    name: &str,
    progress: &mut impl FnMut(Progress),
) -> Result<(), FetchError> {
    let have = fs::metadata(part).map_or(0, |data| data.len());
    let mut request = client.get(url);
    if have > 0 {
        request = request.header(RANGE, format!("bytes={have}-"));
    }
    let mut response = request.send().await.map_err(network)?;
    let (mut done, total, append) = match response.status() {
        StatusCode::PARTIAL_CONTENT => {
            let (start, total) = content_range(&response).unwrap_or((0, None));
            if start != have {
                return Err(restart(part, "the server resumed at another place")?);
            }
            (have, total, true)
        }
        StatusCode::OK => (0, response.content_length(), false),
        // There is nothing after what we have: it is whole, or it is not ours; the checksum tells.
        StatusCode::RANGE_NOT_SATISFIABLE if have > 0 => return Ok(()),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return Err(FetchError::Network(format!("the server answers {status}")));
        }
        status => return Err(FetchError::Refused(format!("the server answers {status}"))),
    };
    let mut file = open_part(part, append).map_err(|e| StoreError::io("write", part, e))?;
    let what = name.to_owned();
    progress(Progress::Downloading { what: what.clone(), done, total });
    let mut said = done;
    while let Some(bytes) = response.chunk().await.map_err(network)? {
        file.write_all(&bytes).map_err(|e| StoreError::io("write", part, e))?;
        done += bytes.len() as u64;
        // A person sees 100 steps; a callback per packet would only cost.
        if done - said >= total.map_or(1 << 20, |total| total / 100).max(1 << 14) {
            said = done;
            progress(Progress::Downloading { what: what.clone(), done, total });
        }
    }
    file.sync_all().map_err(|e| StoreError::io("write", part, e))?;
    match total {
        Some(total) if done < total => {
            Err(FetchError::Network(format!("the connection ended after {done} of {total} bytes")))
        }
        _ => {
            progress(Progress::Downloading { what, done, total });
            Ok(())
        }
    }
}

fn open_part(part: &Path, append: bool) -> io::Result<File> {
    if append { OpenOptions::new().append(true).open(part) } else { File::create(part) }
}

/// Throws a useless part away and says why the attempt failed.
fn restart(part: &Path, reason: &str) -> Result<FetchError, FetchError> {
    fs::remove_file(part).map_err(|e| StoreError::io("remove", part, e))?;
    Ok(FetchError::Network(reason.to_owned()))
}

/// `None` when the file is what it should be, else what is wrong. Without a checksum from the index the manifest's own
/// checksums of the files inside decide later.
fn check(part: &Path, location: &Location) -> Result<Option<String>, StoreError> {
    let Some(expected) = &location.sha256 else {
        return Ok(None);
    };
    let actual = status::sha256_of(part).map_err(|e| StoreError::io("read", part, e))?;
    Ok((actual != *expected).then(|| "what arrived has another checksum than the index says".to_owned()))
}

/// `bytes 100-199/200` → (100, Some(200)).
fn content_range(response: &reqwest::Response) -> Option<(u64, Option<u64>)> {
    let value = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

fn network(error: reqwest::Error) -> FetchError {
    let reason = causes(&error);
    if reason.contains("invalid peer certificate") {
        // pip has reached this index, so it has certificates that the system's store (or SSL_CERT_FILE) lacks.
        FetchError::Refused(reason)
    } else if reason.contains("close_notify") {
        FetchError::Network("the connection was cut".to_owned())
    } else {
        FetchError::Network(reason)
    }
}

/// reqwest's own message says little; the chain below it says what happened. The address may hold credentials: it stays out.
fn causes(error: &reqwest::Error) -> String {
    let mut reasons = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        reasons.push(error.to_string());
        cause = error.source();
    }
    if reasons.is_empty() { "the download failed".to_owned() } else { reasons.join(": ") }
}

/// The last part of an address, made safe as the name of a file.
fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let name: String = path
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-+".contains(*c))
        .collect();
    let name = name.trim_start_matches('.').to_owned();
    if name.is_empty() { "package.whl".to_owned() } else { name }
}

/// The path of a `file:` address.
fn local_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [byte, tail @ ..] = rest {
        let escaped = match (byte, tail) {
            (b'%', [high, low, ..]) => {
                std::str::from_utf8(&[*high, *low]).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok())
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    Some(PathBuf::from(String::from_utf8(bytes).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_name_a_file_outside_the_folder() {
        for (url, expected) in [
            ("https://x/a/b-1.0-py3.whl#sha256=1", "b-1.0-py3.whl"),
            ("https://x/..", "package.whl"),
            ("https://x/", "package.whl"),
            ("https://x/%2e%2e%2fetc", "2e2e2fetc"),
        ] {
            assert_eq!(file_name(url), expected, "{url}");
        }
    }

    #[test]
    fn a_local_address_becomes_a_path() {
        assert_eq!(local_path("file:///opt/a%20b.whl"), Some(PathBuf::from("/opt/a b.whl")));
        assert_eq!(local_path("file:///opt/100%"), Some(PathBuf::from("/opt/100%")));
        assert_eq!(local_path("https://x/a.whl"), None);
    }
}
