//! Configuration: one list of keys feeds the parser, `hotline config` and the reference page.
//!
//! Values come from the defaults, then `hotline.toml`, then `HOTLINE_…` variables (`http.bind` is `HOTLINE_HTTP_BIND`).
//! A key that is not on the list is an error that names the one that was probably meant. Trunks are tables with keys of their own
//! ([`trunk`]).

mod trunk;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::tz::TimeZone;
use sip::media::Codec;
use sip::transport::gate::Net;
use sip::trunk::{Country, TrunkConfig};
pub use trunk::TRUNK_KEYS;

/// What is wrong with the configuration, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {reason}; check that the file exists and that this user may read it")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The file is not TOML.
    #[error("{path} is not valid TOML: {reason}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column.
        reason: String,
    },
    /// Nobody knows this key.
    #[error("{source_name}: unknown key `{key}`{}; `hotline config` lists all keys", suggestion(.nearest))]
    UnknownKey {
        /// Where it was found.
        source_name: String,
        /// The key.
        key: String,
        /// The known key nearest to it.
        nearest: Option<&'static str>,
    },
    /// The value is not of the key's kind.
    #[error("{source_name}: `{key}` cannot be `{value}`: {reason}")]
    BadValue {
        /// Where it was found.
        source_name: String,
        /// The key.
        key: String,
        /// What was given.
        value: String,
        /// What is expected.
        reason: String,
    },
}

fn suggestion(nearest: &Option<&'static str>) -> String {
    nearest.map(|key| format!(", did you mean `{key}`?")).unwrap_or_default()
}

/// A configuration key, as the reference shows it.
pub struct Key {
    /// Dotted name in the file.
    pub name: &'static str,
    /// Default, as it would be written.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
}

impl Key {
    /// The environment variable that overrides the key.
    pub fn variable(&self) -> String {
        format!("HOTLINE_{}", self.name.replace('.', "_").to_uppercase())
    }
}

macro_rules! keys {
    ($( $field:ident: $type:ty = $name:literal, $default:literal, $help:literal; )*) => {
        /// Every configuration key.
        pub const KEYS: &[Key] = &[$( Key { name: $name, default: $default, help: $help } ),*];

        /// The service's configuration.
        #[derive(Clone, Debug)]
        pub struct Config {
            $( #[doc = $help] pub $field: $type, )*
            /// The trunks: tables `[trunk.NAME]`.
            pub trunks: Vec<TrunkConfig>,
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $( $field: <$type as Value>::read($default).expect("defaults are valid, a test walks them"), )* trunks: Vec::new() }
            }
        }

        impl Config {
            fn set(&mut self, source_name: &str, key: &str, value: &str) -> Result<(), ConfigError> {
                match key {
                    $( $name => self.$field = <$type as Value>::read(value).map_err(|reason| ConfigError::BadValue {
                        source_name: source_name.to_owned(), key: $name.to_owned(), value: value.to_owned(), reason,
                    })?, )*
                    _ => return Err(ConfigError::UnknownKey {
                        source_name: source_name.to_owned(), key: key.to_owned(), nearest: nearest_key(KEYS, key),
                    }),
                }
                Ok(())
            }
        }
    };
}

keys! {
    data_dir: PathBuf = "data.dir", "./data", "folder of the database, the recordings and the master key";
    http_bind: SocketAddr = "http.bind", "127.0.0.1:8080", "address of the console and the API";
    http_proxies: Vec<Net> = "http.proxies", "", "proxies before http.bind, e.g. 192.0.2.7: of these the header X-Forwarded-For is believed, so that limits count browsers and not the proxy";
    chat_enabled: bool = "chat.enabled", "false", "the flow also answers in writing: the widget, and the pages /chat and /tap, open to everybody";
    chat_origins: Vec<Origin> = "chat.origins", "", "sites whose pages may show the widget, e.g. https://shop.example; this service's own pages always may";
    chat_sessions: usize = "chat.sessions", "200", "chats at once";
    chat_starts: usize = "chat.starts", "20", "chats that may be begun from one address in five minutes";
    chat_messages: usize = "chat.messages", "30", "messages a minute of one chat; from one address four times as many";
    chat_longest_text: usize = "chat.longest_text", "1000", "characters of a message";
    chat_idle_minutes: u64 = "chat.idle_minutes", "20", "a chat is over after so long without a word from the visitor";
    chat_patience: u64 = "chat.patience", "20", "how many times as long as on the telephone a question waits: who reads, or looks for a number, is not silent";
    webrtc_bind: Option<SocketAddr> = "webrtc.bind", "127.0.0.1:0", "the one UDP address for the sound of all browsers: agents' phones in the console, and callers of web pages; port 0: any, which no firewall lets through; empty: browsers cannot telephone";
    webrtc_advertised: Vec<IpAddr> = "webrtc.advertised", "", "addresses under which browsers reach webrtc.bind, the best first, e.g. 203.0.113.7 behind a NAT; empty: its own";
    webrtc_codecs: Vec<Codec> = "webrtc.codecs", "PCMU, opus", "codings towards browsers, the best first; PCMU passes to telephones untouched and costs nothing, opus bears loss better and costs a hundredth of a core for each";
    webrtc_ice_servers: Vec<IceUrl> = "webrtc.ice_servers", "", "STUN and TURN servers that browsers are told, e.g. turn:turn.example.com:3478?transport=udp";
    webrtc_turn_secret: Option<PathBuf> = "webrtc.turn_secret", "", "file with the secret that the TURN servers share with this service (coturn: static-auth-secret); browsers get credentials that end";
    webrtc_turn_user: String = "webrtc.turn_user", "", "name for TURN servers without such a secret; every page learns it";
    webrtc_turn_password: Option<PathBuf> = "webrtc.turn_password", "", "file with the password of webrtc.turn_user";
    webrtc_widget: bool = "webrtc.widget", "false", "web pages may call: the widget's telephone, open to everybody";
    webrtc_origins: Vec<Origin> = "webrtc.origins", "", "sites whose pages may call, e.g. https://shop.example; this service's own pages always may";
    webrtc_calls: usize = "webrtc.calls", "50", "callers of web pages at once";
    webrtc_starts: usize = "webrtc.starts", "20", "calls that may be begun from one address in five minutes";
    webrtc_keep_seconds: u64 = "webrtc.keep_seconds", "30", "a call goes on for so long without its page or its sound: it was loaded anew, or its network has changed";
    sip_bind: SocketAddr = "sip.bind", "127.0.0.1:5060", "UDP address for SIP";
    sip_realm: String = "sip.realm", "hotline", "realm of the digest authentication of phones";
    sip_tcp: Vec<SocketAddr> = "sip.tcp", "", "TCP addresses for SIP, divided by commas";
    sip_tls: Vec<SocketAddr> = "sip.tls", "", "TLS addresses for SIP, divided by commas; they need sip.tls_certificate";
    sip_tls_certificate: Option<PathBuf> = "sip.tls_certificate", "", "certificate chain for SIP over TLS (PEM)";
    sip_tls_key: Option<PathBuf> = "sip.tls_key", "", "private key of sip.tls_certificate (PEM)";
    sip_tls_client_ca: Option<PathBuf> = "sip.tls_client_ca", "", "who connects over TLS must show a certificate of these authorities (PEM); empty: none is asked for";
    sip_tls_trust: Option<PathBuf> = "sip.tls_trust", "", "authorities that certificates of trunks must be signed by (PEM); empty: those of the system";
    sip_advertised_ip: Option<IpAddr> = "sip.advertised_ip", "", "public address behind a NAT, for Via, Contact and, without sip.media_ip, RTP";
    sip_media_ip: Option<IpAddr> = "sip.media_ip", "", "address offered for RTP; empty: the advertised one, or that of sip.bind";
    sip_rtp_ports: Option<RangeInclusive<u16>> = "sip.rtp_ports", "", "UDP ports for RTP, e.g. 10000-20000; empty: any";
    sip_default_country: Option<&'static Country> = "sip.default_country", "", "ISO code of the country that numbers without a country code belong to, e.g. DE; trunks need it";
    sip_digest: Vec<Hash> = "sip.digest", "md5", "hashes offered to phones, in this order: md5, sha256; many phones give up when they see sha256";
    sip_allow: Vec<Net> = "sip.allow", "", "networks that may send SIP at all, besides trunks, e.g. 192.0.2.0/24; empty: anybody";
    store_url: String = "store.url", "", "postgres://… for PostgreSQL; empty: SQLite in data.dir";
    store_master_key: Option<PathBuf> = "store.master_key", "", "file of the master key; empty: master.key in data.dir";
    models_dir: Option<PathBuf> = "models.dir", "", "folder of the models; empty: the user's cache folder";
    understand_encoder: bool = "understand.encoder", "true", "go by the meaning of sentences as well as by their words, where the encoder's model is installed";
    understand_remote: String = "understand.remote", "", "another service whose intent engine calls ask first, e.g. https://engine.example.com; empty: none. The own one answers when it does not";
    understand_remote_token: Option<PathBuf> = "understand.remote_token", "", "file with a token of that service (scope understand)";
    understand_remote_timeout_ms: u64 = "understand.remote_timeout_ms", "300", "how long a call waits for its answer, in ms";
    call_time_zone: Option<TimeZone> = "call.time_zone", "", "time zone in which callers mean \"tomorrow at four\", e.g. Europe/London; empty: the system's";
    models_threads: usize = "models.threads", "0", "inference threads; 0: all cores but one, at least one";
    speech_en: String = "speech.en", "auto", "recogniser for English: auto (the most accurate model that is here and fast enough), the name of a model, or whisper:FILE; empty: keys only";
    speech_zh: String = "speech.zh", "auto", "recogniser for Chinese: auto, the name of a model, or whisper:FILE; empty: keys only";
    voice_en: String = "voice.en", "flite:rms", "voice for English: flite:rms, flite:slt, flite:awb, flite:kal16, espeak:en or piper:FILE (a Piper voice, FILE.json beside it; #2 behind it names a speaker)";
    voice_zh: String = "voice.zh", "espeak:cmn", "voice for Chinese: espeak:cmn or piper:FILE";
    flow_file: Option<PathBuf> = "flow.file", "", "flow that answers calls until one is published; empty: the built-in example";
    flow_variables: BTreeMap<String, String> = "flow.variables", "", "variables handed to the flow, e.g. order_service=http://127.0.0.1:9000";
    queue_ring_seconds: u64 = "queue.ring_seconds", "20", "how long one agent's phone rings before the next is tried";
    queue_max_wait_seconds: u64 = "queue.max_wait_seconds", "120", "how long a caller waits before the flow goes on without an agent";
    call_max_minutes: u64 = "call.max_minutes", "120", "a call is ended after this long";
    call_hold_music: Option<PathBuf> = "call.hold_music", "", "WAV file heard on hold and in a slot; empty: a built-in melody";
    park_code: u32 = "park.code", "700", "transfers to it park a call; the numbers that follow are the slots, which any extension dials to take it";
    park_slots: u32 = "park.slots", "20", "how many calls can be parked at a time";
    park_return_seconds: u64 = "park.return_seconds", "120", "a parked call goes back to the phone that parked it after this long, and to the queue if that is not answered";
    trace_otlp: String = "trace.otlp", "", "OTLP/HTTP endpoint for traces, e.g. http://127.0.0.1:4318; empty: off";
    log_level: String = "log.level", "info", "error, warn, info, debug or trace";
}

/// How a value is read from its written form; the error says what is expected.
trait Value: Sized {
    fn read(text: &str) -> Result<Self, String>;
}

fn parse<T: FromStr>(text: &str, expected: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("expected {expected}"))
}

impl Value for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Value for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("expected a path".into()) } else { Ok(text.into()) }
    }
}

impl Value for SocketAddr {
    fn read(text: &str) -> Result<Self, String> {
        parse(text, "an address with a port, like 127.0.0.1:8080")
    }
}

impl Value for IpAddr {
    fn read(text: &str) -> Result<Self, String> {
        parse(text, "an IP address, like 192.0.2.10")
    }
}

impl Value for usize {
    fn read(text: &str) -> Result<Self, String> {
        parse(text, "a whole number")
    }
}

impl Value for u32 {
    fn read(text: &str) -> Result<Self, String> {
        parse(text, "a whole number")
    }
}

impl Value for Option<TimeZone> {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let expected = |_| "expected the name of a time zone that this system knows, like Europe/London".to_owned();
        TimeZone::get(text).map(Some).map_err(expected)
    }
}

impl Value for u64 {
    fn read(text: &str) -> Result<Self, String> {
        parse(text, "a whole number")
    }
}

/// `10000-20000`.
impl Value for RangeInclusive<u16> {
    fn read(text: &str) -> Result<Self, String> {
        let range =
            text.split_once('-').and_then(|(from, to)| Some(from.trim().parse().ok()?..=to.trim().parse().ok()?));
        // Two ports are one call.
        range
            .filter(|range| range.start() < range.end())
            .ok_or_else(|| "expected two ports, like 10000-20000".to_owned())
    }
}

impl Value for &'static Country {
    fn read(text: &str) -> Result<Self, String> {
        let codes = || sip::trunk::COUNTRIES.iter().map(|country| country.iso).collect::<Vec<_>>().join(", ");
        Country::of(text).ok_or_else(|| format!("expected one of {}", codes()))
    }
}

impl Value for Net {
    fn read(text: &str) -> Result<Self, String> {
        parse(text, "a network, like 192.0.2.0/24, or an address")
    }
}

/// Where a page is from: `https://shop.example`, as browsers write it in the header Origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(pub String);

impl Value for Origin {
    fn read(text: &str) -> Result<Self, String> {
        let origin = text.trim_end_matches('/').to_ascii_lowercase();
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let plain =
            |host: &str| !host.is_empty() && host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-:[]".contains(&c));
        match host.is_some_and(plain) {
            true => Ok(Self(origin)),
            false => Err("expected where a page is from, without a path, like https://shop.example".to_owned()),
        }
    }
}

/// A STUN or TURN server (RFC 7064, RFC 7065): `stun:stun.example.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceUrl(pub String);

impl Value for IceUrl {
    fn read(text: &str) -> Result<Self, String> {
        let known = ["stun:", "stuns:", "turn:", "turns:"].iter().any(|scheme| text.starts_with(scheme));
        match known && !text.contains(char::is_whitespace) {
            true => Ok(Self(text.to_owned())),
            false => Err("expected a server like stun:stun.example.com or turn:turn.example.com:3478".to_owned()),
        }
    }
}

impl Value for Codec {
    fn read(text: &str) -> Result<Self, String> {
        Codec::from_name(text).ok_or_else(|| "expected PCMU, PCMA, G722 or opus".to_owned())
    }
}

/// A hash of digest authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// `md5`.
    Md5,
    /// `sha256`.
    Sha256,
}

impl Value for Hash {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "md5" => Ok(Hash::Md5),
            "sha256" => Ok(Hash::Sha256),
            _ => Err("expected md5 or sha256".to_owned()),
        }
    }
}

/// Divided by commas, or an array in the file.
impl<T: Value> Value for Vec<T> {
    fn read(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(T::read).collect()
    }
}

impl<T: Value> Value for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::read(text).map(Some) }
    }
}

/// Written as `name=value,name=value`, or as a table in the file.
impl Value for BTreeMap<String, String> {
    fn read(text: &str) -> Result<Self, String> {
        text.split(',')
            .filter(|pair| !pair.trim().is_empty())
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
                None => Err("expected name=value, several divided by commas".to_owned()),
            })
            .collect()
    }
}

fn nearest_key(keys: &'static [Key], key: &str) -> Option<&'static str> {
    keys.iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(known.name, key), known.name))
        .filter(|(similarity, _)| *similarity > 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

impl Config {
    /// Reads the configuration: defaults, then `file` (or `./hotline.toml` when there is one), then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let mut trunks = trunk::Drafts::default();
        let standard = Path::new("hotline.toml");
        let file = file.or_else(|| standard.exists().then_some(standard));
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|e| ConfigError::Unreadable { path: path.into(), reason: e.to_string() })?;
            config.apply_toml(path, &text, &mut trunks)?;
        }
        config.apply_variables(std::env::vars(), &mut trunks)?;
        config.trunks = trunks.build(config.sip_default_country)?;
        Ok(config)
    }

    fn apply_toml(&mut self, path: &Path, text: &str, trunks: &mut trunk::Drafts) -> Result<(), ConfigError> {
        let mut table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| ConfigError::NotToml { path: path.into(), reason: e.to_string() })?;
        let mut flat = Vec::new();
        let source_name = path.display().to_string();
        if let Some(tables) = table.remove("trunk") {
            trunks.read(&source_name, tables)?;
        }
        flatten("", &table, &mut flat);
        flat.iter().try_for_each(|(key, value)| self.set(&source_name, key, value))
    }

    fn apply_variables(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
        trunks: &mut trunk::Drafts,
    ) -> Result<(), ConfigError> {
        for (variable, value) in variables {
            // HOTLINE_CONFIG, _SHARED and _MODELS belong to the command line, the tests and the model store.
            if !variable.starts_with("HOTLINE_")
                || ["HOTLINE_CONFIG", "HOTLINE_SHARED", "HOTLINE_MODELS"].contains(&&*variable)
            {
                continue;
            }
            if let Some(rest) = variable.strip_prefix("HOTLINE_TRUNK_") {
                trunks.variable(&variable, rest, &value)?;
                continue;
            }
            let key = KEYS.iter().find(|key| key.variable() == variable).map(|key| key.name.to_owned());
            let key = key.unwrap_or_else(|| variable["HOTLINE_".len()..].to_lowercase().replace('_', "."));
            self.set(&format!("environment variable {variable}"), &key, &value)?;
        }
        Ok(())
    }
}

/// Turns nested tables into dotted keys; the table of a key that takes pairs becomes `name=value,…`.
fn flatten(prefix: &str, table: &toml::Table, out: &mut Vec<(String, String)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(pairs) if key == "flow.variables" => {
                let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect();
                out.push((key, pairs.join(",")));
            }
            toml::Value::Table(inner) => flatten(&key, inner, out),
            other => out.push((key, plain(other))),
        }
    }
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_toml(text: &str) -> Result<Config, String> {
        let mut config = Config::default();
        let mut trunks = trunk::Drafts::default();
        config.apply_toml(Path::new("hotline.toml"), text, &mut trunks).map_err(|e| e.to_string())?;
        config.trunks = trunks.build(config.sip_default_country).map_err(|e| e.to_string())?;
        Ok(config)
    }

    #[test]
    fn every_default_is_valid_and_loopback() {
        let config = Config::default();
        assert!(config.http_bind.ip().is_loopback() && config.sip_bind.ip().is_loopback());
    }

    #[test]
    fn the_file_overrides_the_defaults_and_the_environment_the_file() {
        let mut config = from_toml("[http]\nbind = \"127.0.0.1:9000\"\n[queue]\nring_seconds = 5").unwrap();
        let variables = [("HOTLINE_HTTP_BIND".to_owned(), "127.0.0.1:9001".to_owned())];
        config.apply_variables(variables.into_iter(), &mut trunk::Drafts::default()).unwrap();
        assert_eq!(config.http_bind.port(), 9001);
        assert_eq!(config.queue_ring_seconds, 5);
    }

    #[test]
    fn a_mistyped_key_is_refused_with_the_one_that_was_meant() {
        let message = from_toml("[http]\nbnd = \"127.0.0.1:9000\"").unwrap_err();
        assert!(message.contains("`http.bnd`") && message.contains("did you mean `http.bind`?"), "{message}");
    }

    #[test]
    fn a_mistyped_variable_is_refused_with_the_one_that_was_meant() {
        let variables = [("HOTLINE_SIP_BINDD".to_owned(), "x".to_owned())];
        let result = Config::default().apply_variables(variables.into_iter(), &mut trunk::Drafts::default());
        let message = result.unwrap_err().to_string();
        assert!(message.contains("did you mean `sip.bind`?"), "{message}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_says_what_is_expected() {
        let message = from_toml("[sip]\nbind = \"5060\"").unwrap_err();
        assert!(message.contains("like 127.0.0.1:8080"), "{message}");
    }

    #[test]
    fn flow_variables_are_a_table_in_the_file() {
        let config = from_toml("[flow.variables]\norder_service = \"http://127.0.0.1:9000\"").unwrap();
        assert_eq!(config.flow_variables["order_service"], "http://127.0.0.1:9000");
    }

    #[test]
    fn each_key_has_its_own_variable_and_help() {
        let variables: std::collections::BTreeSet<_> = KEYS.iter().map(Key::variable).collect();
        assert_eq!(variables.len(), KEYS.len());
        assert!(KEYS.iter().all(|key| !key.help.is_empty()));
    }

    const TRUNK: &str = r#"
        [sip]
        default_country = "DE"
        tcp = ["127.0.0.1:5060", "[::1]:5060"]
        rtp_ports = "10000-20000"
        allow = ["192.0.2.0/24"]
        [trunk.carrier]
        address = ["sip.example.net", "sip:192.0.2.9:5080"]
        transport = "tcp"
        registrar = "sip:sip.example.net"
        username = "acme"
        password = "hunter2"
        caller_id = "+49301234567"
        number_form = "digits"
        priority = 2
        weight = 70
        sources = ["192.0.2.0/28"]
        trusted = true
        allow = ["+49", "+43"]
        max_calls = 12
        [trunk.carrier.did]
        "+4930123456*" = "flow:support;language=zh-CN"
        "+49301234567" = "extension:101"
        [trunk.pbx]
        address = "sip:10.0.0.7"
    "#;

    #[test]
    fn trunks_are_tables_with_names() {
        let config = from_toml(TRUNK).unwrap();
        assert_eq!((config.sip_tcp.len(), config.sip_rtp_ports.clone()), (2, Some(10_000..=20_000)));
        assert_eq!(config.trunks.iter().map(|trunk| &*trunk.name).collect::<Vec<_>>(), ["carrier", "pbx"]);
        let carrier = &config.trunks[0];
        assert_eq!(carrier.addresses[0].to_string(), "sip:sip.example.net;transport=tcp");
        assert_eq!((carrier.priority, carrier.weight, carrier.limits.at_once), (2, 70, 12));
        assert_eq!(carrier.dids.iter().filter(|did| did.prefix).count(), 1);
        let languages = carrier.dids.iter().map(|did| (did.prefix, did.language.as_deref()));
        assert_eq!(languages.collect::<Vec<_>>(), [(true, Some("zh-CN")), (false, None)]);
        assert!(carrier.trusted && carrier.registrar.is_some());
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_wrong_with_a_trunk_is_said() {
        for (from, to, expected) in [
            ("caller_id =", "caler_id =", "did you mean `caller_id`?"),
            ("transport = \"tcp\"", "transport = \"sctp\"", "udp, tcp or tls"),
            ("flow:support", "support", "flow:NAME"),
            ("language=zh-CN", "language=fr", "language=en or language=zh-CN"),
            ("language=zh-CN", "lang=zh-CN", "language=en or language=zh-CN"),
            ("\"+43\"", "\"0043\"", "write + and digits"),
            ("default_country = \"DE\"", "", "sip.default_country"),
            ("address = \"sip:10.0.0.7\"", "", "`trunk.pbx.address`"),
            ("password = \"hunter2\"", "", "`trunk.carrier.password`"),
            ("weight = 70", "weight = \"heavy\"", "`trunk.carrier.weight` cannot be `heavy`"),
        ] {
            assert!(TRUNK.contains(from), "{from}");
            let message = from_toml(&TRUNK.replacen(from, to, 1)).unwrap_err();
            assert!(message.contains(expected) && !message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_password_can_come_from_a_file_or_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "from file\n").unwrap();
        let text =
            TRUNK.replace("password = \"hunter2\"", &format!("password_file = {:?}", file.display().to_string()));
        let password = |config: &Config| config.trunks[0].credentials.as_ref().unwrap().password.clone();
        assert_eq!(password(&from_toml(&text).unwrap()), "from file");

        let mut trunks = trunk::Drafts::default();
        let mut config = Config::default();
        config.apply_toml(Path::new("hotline.toml"), TRUNK, &mut trunks).unwrap();
        let variables = [("HOTLINE_TRUNK_CARRIER_PASSWORD".to_owned(), "from variable".to_owned())];
        config.apply_variables(variables.into_iter(), &mut trunks).unwrap();
        config.trunks = trunks.build(config.sip_default_country).unwrap();
        assert_eq!(password(&config), "from variable");
    }
}
