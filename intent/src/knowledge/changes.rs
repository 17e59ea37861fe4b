//! What differs between two versions of an article, word by word (character by character in Chinese).

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, TextDiff};

use super::Article;

/// A part of an article that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Which part.
    pub part: Part,
    /// The old and the new text, laid over each other.
    pub pieces: Vec<Piece>,
}

/// A part of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The ways of asking, a line each.
    Questions,
    /// The answer for the ear.
    Ear,
    /// The answer for the eye.
    Eye,
    /// The language, by its code.
    Language,
    /// The labels, a line each.
    Tags,
    /// Who it is for.
    Audience,
    /// How far it has come.
    Review,
    /// From when on it is told (ms since 1970).
    ValidFrom,
    /// Until when (ms since 1970).
    ValidUntil,
}

/// A stretch of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// In which of the two versions it stands.
    pub stands: Stands,
    /// The text.
    pub text: String,
}

/// In which of two versions a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// In both.
    Both,
    /// In the old one only.
    Old,
    /// In the new one only.
    New,
}

/// The parts in which `new` differs from `old`, in the order of [`Part`].
pub fn changes(old: &Article, new: &Article) -> Vec<Changed> {
    let name = |value: &dyn std::fmt::Debug| snake_case(&format!("{value:?}"));
    let time = |time: Option<i64>| time.map(|ms| ms.to_string()).unwrap_or_default();
    let parts = |article: &Article| {
        [
            (Part::Questions, article.questions.join("\n")),
            (Part::Ear, article.ear.clone()),
            (Part::Eye, article.eye.clone()),
            (Part::Language, article.language.code().to_owned()),
            (Part::Tags, article.tags.join("\n")),
            (Part::Audience, name(&article.audience)),
            (Part::Review, name(&article.review)),
            (Part::ValidFrom, time(article.valid_from)),
            (Part::ValidUntil, time(article.valid_until)),
        ]
    };
    let pairs = parts(old).into_iter().zip(parts(new));
    let changed = |((part, old), (_, new)): ((Part, String), (Part, String))| {
        (old != new).then(|| Changed { part, pieces: pieces(&old, &new, part) })
    };
    pairs.filter_map(changed).collect()
}

fn pieces(old: &str, new: &str, part: Part) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |stands: Stands, text: &str| match pieces.last_mut() {
        Some(last) if last.stands == stands => last.text.push_str(text),
        _ if text.is_empty() => {}
        _ => pieces.push(Piece { stands, text: text.to_owned() }),
    };
    match part {
        Part::Questions | Part::Ear | Part::Eye | Part::Tags => {
            for change in TextDiff::from_unicode_words(old, new).iter_all_changes() {
                let stands = match change.tag() {
                    ChangeTag::Equal => Stands::Both,
                    ChangeTag::Delete => Stands::Old,
                    ChangeTag::Insert => Stands::New,
                };
                add(stands, change.value());
            }
        }
        // Half a word of a closed set means nothing.
        Part::Language | Part::Audience | Part::Review | Part::ValidFrom | Part::ValidUntil => {
            add(Stands::Old, old);
            add(Stands::New, new);
        }
    }
    pieces
}

/// `InReview` as `in_review`, the way it is written everywhere else.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Review;

    fn shown(changed: &Changed) -> String {
        let mark = |piece: &Piece| match piece.stands {
            Stands::Both => piece.text.clone(),
            Stands::Old => format!("[-{}]", piece.text),
            Stands::New => format!("[+{}]", piece.text),
        };
        changed.pieces.iter().map(mark).collect()
    }

    #[test]
    fn words_that_differ_are_marked() {
        let article = |eye: &str| Article { eye: eye.into(), ..Article::default() };
        for (old, new, expected) in [
            ("Open from nine to five.", "Open from ten to five.", "Open from [-nine][+ten] to five."),
            ("九点开门", "十点开门", "[-九][+十]点开门"),
            ("", "New.", "[+New.]"),
        ] {
            let changed = changes(&article(old), &article(new));
            assert_eq!(changed.iter().map(shown).collect::<Vec<_>>(), [expected]);
        }
    }

    #[test]
    fn only_parts_that_differ_are_told() {
        let old = Article { questions: vec!["a?".into()], ..Article::default() };
        assert_eq!(changes(&old, &old), []);
        let new = Article { review: Review::InReview, valid_from: Some(7), ..old.clone() };
        let changed = changes(&old, &new);
        assert_eq!(changed.iter().map(|c| c.part).collect::<Vec<_>>(), [Part::Review, Part::ValidFrom]);
        assert_eq!(shown(&changed[0]), "[-draft][+in_review]");
        assert_eq!(shown(&changed[1]), "[+7]");
    }
}
