//! What a check finds: a mark, one plain sentence, and what to do. In English and Chinese side by side, so that neither is forgotten.

use std::fmt;

use serde_json::{Map, Value};

/// The language of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// 中文.
    Chinese,
}

impl Language {
    /// By a name as in `--language` or `LANG`: `zh`, `zh_CN.UTF-8`; everything else is English.
    pub fn named(name: &str) -> Self {
        if name.to_lowercase().starts_with("zh") { Language::Chinese } else { Language::English }
    }

    /// That of the environment: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that says something.
    pub fn of_environment() -> Self {
        let said = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let name = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(said);
        Language::named(&name.unwrap_or_default())
    }
}

/// A sentence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    english: String,
    chinese: String,
}

impl Text {
    /// Usually made by `say!`.
    pub fn new(english: String, chinese: String) -> Self {
        Self { english, chinese }
    }

    /// What others say, such as the system: it is not translated.
    pub fn verbatim(text: impl fmt::Display) -> Self {
        Self { english: text.to_string(), chinese: text.to_string() }
    }

    /// In one of them.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }
}

/// A text in English and in Chinese, as a part of a sentence.
pub fn in_both(text: &Text) -> (&str, &str) {
    (text.in_language(Language::English), text.in_language(Language::Chinese))
}

/// A sentence in English and in Chinese, with the same names in braces.
macro_rules! say {
    ($english:literal, $chinese:literal $(,)?) => {
        $crate::cli::doctor::finding::Text::new(format!($english), format!($chinese))
    };
}
pub(super) use say;

/// How good it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// It works, but it should be looked at.
    Warning,
    /// It does not work.
    Failed,
}

impl Mark {
    /// In the table.
    pub fn sign(self) -> char {
        match self {
            Mark::Good => '✓',
            Mark::Warning => '!',
            Mark::Failed => '✗',
        }
    }

    /// In the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Mark::Good => "good",
            Mark::Warning => "warning",
            Mark::Failed => "failed",
        }
    }
}

/// What belongs together in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Configuration, data, models.
    Installation,
    /// Ports and limits.
    Ports,
    /// The media clock.
    Clock,
    /// TLS.
    Certificates,
    /// NAT.
    Addresses,
    /// Trunks.
    Trunks,
    /// Calls.
    Calls,
}

impl Group {
    /// Its heading.
    pub fn title(self) -> Text {
        match self {
            Group::Installation => say!("Installation", "安装"),
            Group::Ports => say!("Ports and limits", "端口与限制"),
            Group::Clock => say!("Media clock", "媒体时钟"),
            Group::Certificates => say!("Certificates", "证书"),
            Group::Addresses => say!("Addresses and NAT", "地址与 NAT"),
            Group::Trunks => say!("Trunks", "中继"),
            Group::Calls => say!("Calls", "呼叫"),
        }
    }
}

/// What one check found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Where it belongs.
    pub group: Group,
    /// What was checked: a name that stays the same, like `sip.udp` or `trunk.acme.registration`.
    pub check: String,
    /// How good it is.
    pub mark: Mark,
    /// In one sentence.
    pub says: Text,
    /// What to do.
    pub cure: Option<Text>,
    /// What was measured, for programs.
    pub values: Map<String, Value>,
}

impl Finding {
    fn new(group: Group, check: impl Into<String>, mark: Mark, says: Text, cure: Option<Text>) -> Self {
        Self { group, check: check.into(), mark, says, cure, values: Map::new() }
    }

    /// All is well.
    pub fn good(group: Group, check: impl Into<String>, says: Text) -> Self {
        Self::new(group, check, Mark::Good, says, None)
    }

    /// Worth a look.
    pub fn warning(group: Group, check: impl Into<String>, says: Text, cure: Text) -> Self {
        Self::new(group, check, Mark::Warning, says, Some(cure))
    }

    /// Broken.
    pub fn failed(group: Group, check: impl Into<String>, says: Text, cure: Text) -> Self {
        Self::new(group, check, Mark::Failed, says, Some(cure))
    }

    /// Adds what was measured.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_locale() {
        for (name, language) in [
            ("zh_CN.UTF-8", Language::Chinese),
            ("zh", Language::Chinese),
            ("en_GB.UTF-8", Language::English),
            ("C", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::named(name), language, "{name}");
        }
    }

    #[test]
    fn a_sentence_is_the_same_in_both_languages_but_for_the_language() {
        let port = 5060;
        let text = say!("port {port} is free", "端口 {port} 空闲");
        assert_eq!(text.in_language(Language::English), "port 5060 is free");
        assert_eq!(text.in_language(Language::Chinese), "端口 5060 空闲");
    }
}
