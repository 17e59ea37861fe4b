//! The languages the engine understands, their codes, and how to tell them apart. What differs between them (words or
//! characters, fillers, numerals) is decided where it matters; this module only names them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A language the engine understands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// English; `en`, and any regional form such as `en-GB` when read through [`FromStr`].
    #[default]
    #[serde(rename = "en", alias = "en-US", alias = "en-GB")]
    English,
    /// Mandarin Chinese, written `zh-CN`; `zh`, `cmn` and Traditional forms are read as well.
    #[serde(
        rename = "zh-CN",
        alias = "zh",
        alias = "cmn",
        alias = "zh-TW",
        alias = "zh-HK",
        alias = "zh-Hans",
        alias = "zh-Hant"
    )]
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// The BCP 47 code: `en` or `zh-CN`.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh-CN",
        }
    }

    /// Guesses the language of a text: Chinese as soon as it holds a Han character for every three Latin words. Text with neither is English.
    pub fn detect(text: &str) -> Language {
        let han = text.chars().filter(|c| is_han(*c)).count();
        if han == 0 {
            return Language::English;
        }
        let latin = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).count();
        if han * 3 >= latin { Language::Chinese } else { Language::English }
    }
}

/// Whether a character is a Han ideograph (the unified block, extension A, the compatibility block and the planes of rare ones).
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}' | '〇')
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A language code that is neither English nor Chinese.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown language {0:?}; use \"en\" or \"zh-CN\"")]
pub struct UnknownLanguage(pub String);

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        let lower = code.to_ascii_lowercase();
        match lower.split(['-', '_']).next() {
            Some("en") => Ok(Language::English),
            Some("zh" | "cmn") => Ok(Language::Chinese),
            _ => Err(UnknownLanguage(code.to_owned())),
        }
    }
}
