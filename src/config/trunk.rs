//! Trunks in the configuration: tables `[trunk.NAME]`, with one list of keys for all of them. They are built when everything has been
//! read, since numbers depend on the default country.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use intent::Language;
use sip::message::Uri;
use sip::transport::gate::Net;
use sip::trunk::{CallerId, Country, Credentials, Did, Limits, NumberForm, NumberRules, Target, TrunkConfig};

use super::{ConfigError, Key, Value, nearest_key, plain};

/// Every key of a table `[trunk.NAME]`.
pub const TRUNK_KEYS: &[Key] = &[
    key("address", "", "where it is, the first that works: sip.example.net, sip:192.0.2.1:5080; empty: the registrar"),
    key("transport", "", "udp, tcp or tls, where an address names none; empty: what DNS says, or UDP"),
    key("registrar", "", "where to register, e.g. sip.example.net; empty: nowhere"),
    key("username", "", "name of the account"),
    key("password", "", "password of the account; better in a variable or in password_file"),
    key("password_file", "", "file with nothing but the password"),
    key("expires_seconds", "600", "how long a registration is asked for"),
    key("domain", "", "domain in From; empty: the host of the address"),
    key("caller_id", "pass", "what callees see: a number, pass (the number the call is made for) or anonymous"),
    key(
        "number_form",
        "plus",
        "how it writes numbers: plus (+4930…), digits (4930…), international (004930…) or national (030…)",
    ),
    key("priority", "1", "trunks of a lower number are tried first"),
    key("weight", "10", "share of the calls among trunks of one priority; 0: only when the others have failed"),
    key("sources", "", "networks that its calls come from, besides its own addresses"),
    key("trusted", "false", "whether its P-Asserted-Identity is believed, and ours told to it"),
    key(
        "did",
        "",
        "table: dialled number = flow:NAME, queue:NAME or extension:NAME, with ;language=zh-CN for the language its calls begin in; a * at the end \
         stands for any digits",
    ),
    key(
        "allow",
        "",
        "how numbers begin that may be called, e.g. +49, or + for all but premium; empty: the default country",
    ),
    key("block", "", "how numbers begin that may not be called"),
    key("max_calls", "30", "outbound calls at a time"),
    key("max_calls_a_day", "1000", "outbound calls a day (UTC)"),
    key("max_calls_of_one", "5", "outbound calls at a time for one extension or flow"),
    key("max_calls_a_day_of_one", "200", "outbound calls a day for one extension or flow"),
    key("options_seconds", "30", "how often it is asked whether it is there; 0: never"),
    key("test_number", "", "number that `hotline doctor` dials through it, best an echo; costs what a call costs"),
];

const fn key(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, default, help }
}

/// Trunks as they are written, before anything of them is understood. Passwords are among them: it has no `Debug`.
#[derive(Default)]
pub(super) struct Drafts(BTreeMap<String, Draft>);

#[derive(Default)]
struct Draft {
    /// By key, with where it was written.
    values: BTreeMap<&'static str, (String, String)>,
    source_name: String,
}

impl Drafts {
    /// The tables below `trunk` in a file.
    pub(super) fn read(&mut self, source_name: &str, tables: toml::Value) -> Result<(), ConfigError> {
        let unknown = |key: String| ConfigError::UnknownKey { source_name: source_name.to_owned(), key, nearest: None };
        let toml::Value::Table(tables) = tables else { return Err(unknown("trunk".to_owned())) };
        for (name, table) in tables {
            let toml::Value::Table(table) = table else { return Err(unknown(format!("trunk.{name}"))) };
            self.0.entry(name.clone()).or_default().source_name = source_name.to_owned();
            for (key, value) in table {
                let text = match &value {
                    toml::Value::Table(pairs) if key == "did" => pairs
                        .iter()
                        .map(|(name, value)| format!("{name}={}", plain(value)))
                        .collect::<Vec<_>>()
                        .join(","),
                    toml::Value::Table(_) => return Err(unknown(format!("trunk.{name}.{key}"))),
                    other => plain(other),
                };
                self.put(source_name, &name, &key, text)?;
            }
        }
        Ok(())
    }

    /// `HOTLINE_TRUNK_NAME_KEY`; `rest` is what follows `HOTLINE_TRUNK_`.
    pub(super) fn variable(&mut self, variable: &str, rest: &str, value: &str) -> Result<(), ConfigError> {
        let source_name = format!("environment variable {variable}");
        let rest = rest.to_lowercase();
        let fits = |key: &&Key| rest.strip_suffix(key.name).is_some_and(|name| name.len() > 1 && name.ends_with('_'));
        let Some(key) = TRUNK_KEYS.iter().filter(fits).max_by_key(|key| key.name.len()) else {
            let key = format!("trunk.{}", rest.replacen('_', ".", 1));
            return Err(ConfigError::UnknownKey { source_name, key, nearest: None });
        };
        let name = rest[..rest.len() - key.name.len() - 1].to_owned();
        // The file may write the name with capitals or hyphens, which variables cannot.
        let known = self.0.keys().find(|known| known.to_lowercase().replace('-', "_") == name).cloned();
        let name = known.unwrap_or(name);
        self.put(&source_name, &name, key.name, value.to_owned())
    }

    fn put(&mut self, source_name: &str, name: &str, key: &str, value: String) -> Result<(), ConfigError> {
        let Some(known) = TRUNK_KEYS.iter().find(|known| known.name == key) else {
            return Err(ConfigError::UnknownKey {
                source_name: source_name.to_owned(),
                key: format!("trunk.{name}.{key}"),
                nearest: nearest_key(TRUNK_KEYS, key),
            });
        };
        let draft = self.0.entry(name.to_owned()).or_default();
        if draft.source_name.is_empty() {
            draft.source_name = source_name.to_owned();
        }
        draft.values.insert(known.name, (source_name.to_owned(), value));
        Ok(())
    }

    /// Understands them all.
    pub(super) fn build(&self, country: Option<&'static Country>) -> Result<Vec<TrunkConfig>, ConfigError> {
        let build = |(name, draft): (&String, &Draft)| {
            let reason = "trunks need it to understand numbers; write for example default_country = \"DE\" below [sip]";
            let country = country.ok_or_else(|| ConfigError::BadValue {
                source_name: draft.source_name.clone(),
                key: "sip.default_country".to_owned(),
                value: String::new(),
                reason: reason.to_owned(),
            })?;
            Reading { name, draft }.build(country)
        };
        self.0.iter().map(build).collect()
    }
}

/// One trunk that is being understood.
struct Reading<'a> {
    name: &'a str,
    draft: &'a Draft,
}

impl Reading<'_> {
    fn text(&self, key: &'static str) -> &str {
        let default = || TRUNK_KEYS.iter().find(|known| known.name == key).map_or("", |key| key.default);
        self.draft.values.get(key).map_or_else(default, |(_, value)| value)
    }

    fn bad(&self, key: &'static str, reason: impl Into<String>) -> ConfigError {
        let source_name = self.draft.values.get(key).map_or(&self.draft.source_name, |(source, _)| source).clone();
        // Never a password: nothing is wrong with any but that it is missing.
        let value = self.text(key).to_owned();
        ConfigError::BadValue { source_name, key: format!("trunk.{}.{key}", self.name), value, reason: reason.into() }
    }

    fn value<T: Value>(&self, key: &'static str) -> Result<T, ConfigError> {
        T::read(self.text(key)).map_err(|reason| self.bad(key, reason))
    }

    fn count<T: TryFrom<u64>>(&self, key: &'static str) -> Result<T, ConfigError> {
        T::try_from(self.value::<u64>(key)?).map_err(|_| self.bad(key, "expected a smaller number"))
    }

    fn seconds(&self, key: &'static str) -> Result<Duration, ConfigError> {
        self.count::<u32>(key).map(|seconds| Duration::from_secs(seconds.into()))
    }

    fn build(&self, country: &Country) -> Result<TrunkConfig, ConfigError> {
        let registrar = self.uris("registrar")?.into_iter().next();
        let mut addresses = self.uris("address")?;
        addresses.extend(registrar.clone().filter(|_| addresses.is_empty()));
        if addresses.is_empty() {
            return Err(
                self.bad("address", "a trunk has an address or a registrar, e.g. address = \"sip.example.net\"")
            );
        }
        let rules = NumberRules::of(country)
            .allow(&self.value::<Vec<String>>("allow")?)
            .map_err(|error| self.bad("allow", error.to_string()))?
            .block(&self.value::<Vec<String>>("block")?)
            .map_err(|error| self.bad("block", error.to_string()))?;
        let credentials = self.credentials()?;
        if registrar.is_some() && credentials.is_none() {
            return Err(self.bad("username", "a registration needs username and password"));
        }
        let text = |key| Some(self.text(key).to_owned()).filter(|text| !text.is_empty());
        let form = NumberForm::from_name(self.text("number_form"));
        Ok(TrunkConfig {
            registrar,
            credentials,
            expires: self.seconds("expires_seconds")?.max(Duration::from_secs(60)),
            domain: text("domain"),
            caller_id: match self.text("caller_id") {
                "" | "pass" => CallerId::Pass,
                "anonymous" => CallerId::Anonymous,
                number => CallerId::Fixed(number.to_owned()),
            },
            form: form.ok_or_else(|| self.bad("number_form", "expected plus, digits, international or national"))?,
            priority: self.count("priority")?,
            weight: self.count("weight")?,
            sources: self.value::<Vec<Net>>("sources")?,
            trusted: self.value("trusted")?,
            dids: self.dids()?,
            limits: Limits {
                at_once: self.count("max_calls")?,
                a_day: self.count("max_calls_a_day")?,
                source_at_once: self.count("max_calls_of_one")?,
                source_a_day: self.count("max_calls_a_day_of_one")?,
            },
            test_number: text("test_number"),
            ask_every: Some(self.seconds("options_seconds")?).filter(|every| !every.is_zero()),
            ..TrunkConfig::new(self.name, addresses, rules)
        })
    }

    /// SIP URIs, or hosts that become some; with the trunk's transport where they name none.
    fn uris(&self, key: &'static str) -> Result<Vec<Uri>, ConfigError> {
        let transport = self.text("transport");
        if !["", "udp", "tcp", "tls"].contains(&transport) {
            return Err(self.bad("transport", "expected udp, tcp or tls"));
        }
        let read = |text: String| {
            let text = if text.starts_with("sip:") || text.starts_with("sips:") { text } else { format!("sip:{text}") };
            let expected = || self.bad(key, "expected a host or a SIP URI, like sip.example.net or sip:192.0.2.1:5080");
            let mut uri = Uri::parse(&text).map_err(|_| expected())?;
            if !transport.is_empty() && !uri.params.has("transport") {
                uri.params.set("transport", Some(transport));
            }
            Ok(uri)
        };
        self.value::<Vec<String>>(key)?.into_iter().map(read).collect()
    }

    fn credentials(&self) -> Result<Option<Credentials>, ConfigError> {
        let username = self.text("username").to_owned();
        if username.is_empty() {
            return Ok(None);
        }
        let file = self.value::<Option<PathBuf>>("password_file")?;
        let password = match file.filter(|_| self.text("password").is_empty()) {
            Some(path) => read_password(&path)?,
            None => self.text("password").to_owned(),
        };
        if password.is_empty() {
            let variable = format!("HOTLINE_TRUNK_{}_PASSWORD", self.name.to_uppercase().replace('-', "_"));
            return Err(self.bad("password", format!("an account has one; write password_file, or set {variable}")));
        }
        Ok(Some(Credentials { username, password }))
    }

    fn dids(&self) -> Result<Vec<Did>, ConfigError> {
        let pairs: BTreeMap<String, String> = self.value("did")?;
        let read = |(number, text): (String, String)| {
            let expected = || self.bad("did", "expected number = flow:NAME, queue:NAME or extension:NAME");
            let (target, parameter) =
                text.split_once(';').map_or((&*text, None), |(target, more)| (target, Some(more)));
            let target = Target::read(target).ok_or_else(expected)?;
            let language = parameter.map(|parameter| self.language(parameter)).transpose()?;
            let prefix = number.ends_with('*');
            Ok(Did { prefix, number: number.trim_end_matches('*').to_owned(), target, language })
        };
        pairs.into_iter().map(read).collect()
    }

    /// What follows the target of a number: `language=zh-CN`.
    fn language(&self, parameter: &str) -> Result<String, ConfigError> {
        let expected = || self.bad("did", "expected language=en or language=zh-CN after the ;");
        let code = parameter.trim().strip_prefix("language=").ok_or_else(expected)?;
        let language: Language = code.trim().parse().map_err(|_| expected())?;
        Ok(language.code().to_owned())
    }
}

fn read_password(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.into(), reason: error.to_string() })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

impl Value for bool {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "expected true or false".to_owned())
    }
}
