//! The language of a piece of speech, as a BCP-47 tag. Only the primary subtag decides which engine hears or speaks it; the
//! rest of the tag is kept for whoever asked.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A language tag such as `en`, `en-GB` or `zh-CN`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Language(Cow<'static, str>);

impl Language {
    /// English.
    pub const EN: Language = Language(Cow::Borrowed("en"));
    /// Chinese (Mandarin).
    pub const ZH: Language = Language(Cow::Borrowed("zh"));

    /// Takes any tag; `cmn` (Mandarin) becomes `zh`, an underscore becomes a hyphen.
    pub fn new(tag: &str) -> Self {
        let tag = tag.trim().replace('_', "-");
        match tag.split_once('-') {
            Some((primary, rest)) => Language(Cow::Owned(format!("{}-{rest}", canonical(primary)))),
            None => Language(Cow::Owned(canonical(&tag))),
        }
    }

    /// The whole tag.
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// The part before the first hyphen: `en` of `en-GB`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Whether two tags name the same language, whatever the region or script.
    pub fn same_language(&self, other: &Language) -> bool {
        self.primary() == other.primary()
    }
}

fn canonical(primary: &str) -> String {
    let primary = primary.to_ascii_lowercase();
    if primary == "cmn" { "zh".to_owned() } else { primary }
}

impl From<String> for Language {
    fn from(tag: String) -> Self {
        Language::new(&tag)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.into_owned()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mandarin_has_one_name_however_it_is_written() {
        for tag in ["zh", "cmn", "zh-CN", "zh_CN", "CMN"] {
            assert!(Language::new(tag).same_language(&Language::ZH), "{tag}");
        }
    }

    #[test]
    fn the_region_is_kept_but_does_not_change_the_language() {
        let british = Language::new("EN-gb");
        assert_eq!(british.tag(), "en-gb");
        assert!(british.same_language(&Language::EN));
    }
}
