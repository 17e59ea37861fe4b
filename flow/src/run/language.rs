//! The language of the call: what it begins in, and what a block makes of it. From there on everything follows it that the run says,
//! expects and understands.

use serde_json::{Value, json};

use intent::Language;

use super::Run;
use crate::{BlockId, Context, Flow, Heard, LanguageBy, Note, plan::WantedLanguage};

/// A block that waits for words whose language can be told.
#[derive(Clone, Debug)]
pub(super) struct Detecting {
    block: BlockId,
    remember: bool,
}

/// What a call begins in, and whose choice that is: the caller's goes before that of the number, and both before the flow's. What
/// the flow does not speak does not count.
pub(super) fn first(flow: &Flow, context: &Context) -> (Language, Option<LanguageBy>) {
    let remembered = context.remembered.filter(|_| flow.remembers_language());
    let wanted = [(remembered, LanguageBy::Caller), (context.language, LanguageBy::Number)];
    let spoken = |language: &Language| flow.languages.contains(language);
    wanted
        .into_iter()
        .find_map(|(language, by)| Some((language.filter(spoken)?, Some(by))))
        .unwrap_or((flow.default_language(), None))
}

impl Run {
    /// The language that is spoken.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The language that is kept of the caller: from an earlier call, or since this one.
    pub fn remembered_language(&self) -> Option<Language> {
        self.remembered
    }

    /// Whether the language of what the caller says is to be told from its sound.
    pub fn is_detecting(&self) -> bool {
        self.detecting.is_some()
    }

    /// The same run, in the language of a call that it goes on with.
    pub fn going_on_in(mut self, language: Language) -> Run {
        self.first_by = None;
        self.speak_language(self.flow.language_for(Some(language)));
        self
    }

    pub(super) fn note_first_language(&mut self) {
        if let Some(by) = self.first_by.take() {
            self.note(Note::Language { block: None, language: self.language, by, remember: false });
        }
    }

    /// What may be heard now.
    pub(super) fn languages_heard(&self) -> Vec<Language> {
        if self.is_detecting() { self.flow.languages.clone() } else { vec![self.language] }
    }

    pub(super) fn change_language(
        &mut self,
        id: &str,
        wanted: WantedLanguage,
        default: Option<Language>,
        remember: bool,
    ) {
        // Of two blocks that want something of the caller's language, the last counts.
        self.detecting = None;
        let edge = match wanted {
            WantedLanguage::One(language) => {
                self.set_language(id, language, LanguageBy::Flow, remember);
                "next"
            }
            WantedLanguage::Callers => {
                match self.remembered.filter(|language| self.flow.languages.contains(language)) {
                    Some(language) => {
                        self.set_language(id, language, LanguageBy::Caller, false);
                        "next"
                    }
                    None => self.not_known(id, default),
                }
            }
            WantedLanguage::Spoken if self.can_detect => {
                // Until then something must be spoken.
                if let Some(language) = default {
                    self.set_language(id, language, LanguageBy::Flow, false);
                }
                self.detecting = Some(Detecting { block: id.to_owned(), remember });
                "next"
            }
            WantedLanguage::Spoken => self.not_known(id, default),
        };
        self.follow(id, edge);
    }

    fn not_known(&mut self, id: &str, default: Option<Language>) -> &'static str {
        if let Some(language) = default {
            self.set_language(id, language, LanguageBy::Flow, false);
        }
        if self.has_edge(id, "unknown") { "unknown" } else { "next" }
    }

    /// Words whose language was told end the search for it.
    pub(super) fn language_heard(&mut self, heard: &Heard) {
        if heard.detected
            && let Some(Detecting { block, remember }) = self.detecting.take()
        {
            self.set_language(&block, heard.language, LanguageBy::Detected, remember);
        }
    }

    fn set_language(&mut self, block: &str, language: Language, by: LanguageBy, remember: bool) {
        if !self.flow.languages.contains(&language) {
            // Half a flow in a language that it has no words for would be worse.
            let message = format!("the flow does not speak {language}, so the language stays {}", self.language);
            return self.note(Note::Error { block: block.to_owned(), message });
        }
        self.speak_language(language);
        if remember {
            self.remembered = Some(language);
        }
        self.note(Note::Language { block: Some(block.to_owned()), language, by, remember });
    }

    fn speak_language(&mut self, language: Language) {
        self.language = language;
        if let Some(Value::Object(call)) = self.values.others.get_mut("call") {
            call.insert("language".to_owned(), json!(language.code()));
        }
    }
}
