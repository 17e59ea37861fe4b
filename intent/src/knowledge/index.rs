//! Finding the article that answers a question: rare words in common (BM25, through `tantivy`) and, where there is a model for it, the cosine of
//! embeddings. An article is as near as its nearest phrasing. There is a shelf per language; nobody is answered in another one.

use std::{collections::HashMap, sync::Arc};

use tantivy::{
    IndexSettings, Searcher, TantivyDocument, TantivyError, Term,
    collector::TopDocs,
    directory::RamDirectory,
    query::{BooleanQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    tokenizer::{PreTokenizedString, Token},
};

use super::{
    Article, Audience,
    calibrate::{Calibration, Case, Signs},
    spoken,
    words::{Word, words},
};
use crate::{EncodeError, Encoder, Language, normalise::normalise};

/// How much words count beside meaning.
const WORDS_BESIDE_MEANING: f32 = 0.25;
/// The answer's own words count for less than a question's: it says more than it is asked for.
const BODY: f32 = 0.6;
/// From this probability on the best article is told.
const SURE: f32 = 0.6;
/// From this probability on that any article answers, two are offered.
const PERHAPS: f32 = 0.5;
/// Of two that are offered, the second has at least this share of the first one's score.
const CLOSE: f32 = 0.6;
/// At most this many phrasings are asked to learn where the line is.
const ASKED_TO_LEARN: usize = 400;
/// Words beyond this many are not looked up: nobody asks that much in one turn.
const LONGEST_QUESTION: usize = 64;

/// An article as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Which one.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// What it says.
    pub article: Article,
}

/// What is asked, by whom and when.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The words.
    pub text: &'a str,
    /// Their language.
    pub language: Language,
    /// Who asks.
    pub audience: Audience,
    /// When (ms since 1970).
    pub now: i64,
    /// Whether to look at articles that do not answer yet or any more, too: for whoever writes them.
    pub drafts: bool,
}

impl<'a> Question<'a> {
    /// What a caller asks.
    pub fn caller(text: &'a str, language: Language, now: i64) -> Self {
        Question { text, language, audience: Audience::Caller, now, drafts: false }
    }
}

/// An article that may answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The article.
    pub filed: Arc<Filed>,
    /// How near it is, 0 to 1; the order of the hits.
    pub score: f32,
    /// For the first hit, the probability that it is the right one; for others their share of it.
    pub confidence: f32,
    /// Why.
    pub why: Why,
}

/// Why an article was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Why {
    /// The nearest way of asking; empty when the words of the answer itself were nearest.
    pub phrasing: String,
    /// The cosine of the embeddings, when there are any.
    pub cosine: Option<f32>,
    /// The share of the question's words, weighed by rarity, that the phrasing has, 0 to 1.
    pub words: f32,
    /// The words in common.
    pub common: Vec<String>,
}

/// What can be answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// This.
    Known(Hit),
    /// One of two; ask which.
    Unsure([Hit; 2]),
    /// Nothing. What was nearest stands here for whoever wants to know why.
    Unknown(Vec<Hit>),
}

impl Answer {
    /// The article, when there is one.
    pub fn known(&self) -> Option<&Hit> {
        match self {
            Answer::Known(hit) => Some(hit),
            Answer::Unsure(_) | Answer::Unknown(_) => None,
        }
    }
}

/// All articles, ready to be asked.
pub struct Knowledge {
    shelves: Vec<(Language, Shelf)>,
    encoder: Option<Arc<dyn Encoder>>,
}

impl std::fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Knowledge").field("articles", &self.len()).finish_non_exhaustive()
    }
}

impl Knowledge {
    /// Puts articles on their shelves. Where the encoder does not read their language or fails, or there is none, words alone decide.
    pub fn new(articles: Vec<Filed>, encoder: Option<Arc<dyn Encoder>>) -> Self {
        let mut by_language: HashMap<Language, Vec<Arc<Filed>>> = HashMap::new();
        for filed in articles {
            by_language.entry(filed.article.language).or_default().push(Arc::new(filed));
        }
        let shelf = |language| {
            let articles = by_language.remove(&language)?;
            Some((language, Shelf::new(language, articles, encoder.as_deref())))
        };
        let shelves = Language::ALL.into_iter().filter_map(shelf).collect();
        Self { shelves, encoder }
    }

    /// How many articles there are.
    pub fn len(&self) -> usize {
        self.shelves.iter().map(|(_, shelf)| shelf.articles.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.shelves.is_empty()
    }

    /// The articles nearest to a question, nearest first, at most ten.
    pub fn search(&self, question: &Question<'_>) -> Vec<Hit> {
        self.ranked(question).map(|(hits, _, _)| hits).unwrap_or_default()
    }

    /// What can be answered.
    pub fn answer(&self, question: &Question<'_>) -> Answer {
        let Some((hits, answered, exact)) = self.ranked(question) else { return Answer::Unknown(Vec::new()) };
        let mut first = hits.iter();
        match (first.next(), first.next()) {
            // Word for word the question of two articles: nobody can know which is meant.
            (Some(a), Some(b)) if exact > 1 => Answer::Unsure([a.clone(), b.clone()]),
            (Some(a), _) if exact == 1 || a.confidence >= SURE => Answer::Known(a.clone()),
            (Some(a), Some(b)) if answered >= PERHAPS && b.score >= CLOSE * a.score => {
                Answer::Unsure([a.clone(), b.clone()])
            }
            _ => Answer::Unknown(hits),
        }
    }

    /// The hits, the probability that any article answers, and how many have the question word for word.
    fn ranked(&self, question: &Question<'_>) -> Option<(Vec<Hit>, f32, usize)> {
        let (_, shelf) = self.shelves.iter().find(|(language, _)| *language == question.language)?;
        let normal = normalise(question.text, question.language);
        if normal.is_empty() {
            return None;
        }
        let vector = shelf
            .vectors
            .as_ref()
            .and_then(|_| vectors(1, self.encoder.as_ref()?.encode(question.text).map(|vector| vec![vector]))?.pop());
        let asked = Asked { words: shelf.asked(question.text), vector };
        let told = |filed: &Filed| {
            let article = &filed.article;
            question.audience.may_hear(article.audience) && (question.drafts || article.answers_at(question.now))
        };
        let nearness = shelf.nearness(&asked);
        let ranking = shelf.ranking(&nearness, asked.vector.is_some(), |at| told(&shelf.articles[at]), |_| true);
        let signs = signs(&ranking)?;
        let calibration = shelf.calibration(asked.vector.is_some());
        let exact = |place: &Place| shelf.articles_with(&normal).any(|article| article == place.article);
        let mut ranking = ranking;
        // Word for word beats everything.
        ranking.sort_by_key(|place| !exact(place));
        let exactly = ranking.iter().filter(|place| exact(place)).count();
        let right = if exactly > 0 { 1.0 / exactly as f32 } else { calibration.right(signs) };
        let best = ranking.first().map_or(1.0, |place| place.score).max(f32::MIN_POSITIVE);
        let hits = ranking.iter().take(10).map(|place| Hit {
            filed: shelf.articles[place.article].clone(),
            score: place.score,
            confidence: right * (place.score / best).min(1.0),
            why: shelf.why(place, &asked),
        });
        Some((hits.collect(), calibration.answered(signs), exactly))
    }
}

/// The vectors of so many texts; `None` when there are none, or what came has not the shape that was promised.
fn vectors(texts: usize, encoded: Result<Vec<Vec<f32>>, EncodeError>) -> Option<Vec<Vec<f32>>> {
    let mut vectors: Vec<Vec<f32>> = encoded.ok()?;
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.len() != texts || vectors.iter().any(|vector| vector.len() != length) {
        return None;
    }
    for vector in &mut vectors {
        let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        if !norm.is_finite() {
            return None;
        }
        vector.iter_mut().for_each(|x| *x /= norm.max(f32::MIN_POSITIVE));
    }
    Some(vectors)
}

/// A question, ready to be compared.
struct Asked {
    /// Its words with how rare each is, without repetition.
    words: Vec<(Word, f32)>,
    vector: Option<Vec<f32>>,
}

impl Asked {
    fn weight(&self) -> f32 {
        self.words.iter().map(|(_, rarity)| rarity).sum()
    }
}

/// A text that articles are found by.
struct Phrasing {
    article: usize,
    /// As it was written; empty for the words of an answer.
    text: String,
    /// The rarity of all its words together.
    weight: f32,
}

/// How near one phrasing is.
#[derive(Clone, Copy, Default)]
struct Near {
    cosine: f32,
    of_question: f32,
    of_phrasing: f32,
}

/// An article's place in a ranking.
struct Place {
    article: usize,
    phrasing: usize,
    near: Near,
    score: f32,
}

/// The articles of one language.
struct Shelf {
    language: Language,
    articles: Vec<Arc<Filed>>,
    phrasings: Vec<Phrasing>,
    /// Articles by the normal form of their questions.
    exact: HashMap<String, Vec<usize>>,
    /// Of each phrasing.
    vectors: Option<Vec<Vec<f32>>>,
    /// `None` when there is not a single word to be found by.
    found: Option<(Searcher, Field)>,
    by_words: Calibration,
    by_meaning: Calibration,
}

impl Shelf {
    fn new(language: Language, articles: Vec<Arc<Filed>>, encoder: Option<&dyn Encoder>) -> Self {
        let mut texts: Vec<(usize, String, String)> = Vec::new();
        let mut exact: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, filed) in articles.iter().enumerate() {
            for question in &filed.article.questions {
                texts.push((at, question.clone(), question.clone()));
                let same = exact.entry(normalise(question, language)).or_default();
                if same.last() != Some(&at) {
                    same.push(at);
                }
            }
            let said = spoken(&filed.article.eye, &filed.article.ear, language);
            let body = format!("{} {}", said.short, said.rest.unwrap_or_default());
            texts.push((at, String::new(), format!("{} {body}", filed.article.tags.join(" "))));
        }
        exact.remove("");
        // In memory there is nothing to go wrong but its size; words are then not found, meaning still is.
        let found = searcher(texts.iter().map(|(_, _, text)| words(text, language))).ok();
        let embedded = encoder.filter(|encoder| encoder.reads(language)).and_then(|encoder| {
            let texts: Vec<&str> = texts.iter().map(|(_, _, text)| text.as_str()).collect();
            vectors(texts.len(), encoder.encode_all(&texts))
        });
        let mut shelf = Self {
            language,
            articles,
            phrasings: Vec::new(),
            exact,
            vectors: embedded,
            found,
            by_words: Calibration::WORDS,
            by_meaning: Calibration::MEANING,
        };
        shelf.phrasings = texts
            .into_iter()
            .map(|(article, text, indexed)| {
                let weight = shelf.asked(&indexed).iter().map(|(_, rarity)| rarity).sum();
                Phrasing { article, text, weight }
            })
            .collect();
        shelf.learn();
        shelf
    }

    fn calibration(&self, meaning: bool) -> &Calibration {
        if meaning { &self.by_meaning } else { &self.by_words }
    }

    fn articles_with(&self, normal: &str) -> impl Iterator<Item = usize> + '_ {
        self.exact.get(normal).into_iter().flatten().copied()
    }

    /// The words of a text, each once, with their rarity (the idf of BM25).
    fn asked(&self, text: &str) -> Vec<(Word, f32)> {
        let mut all: Vec<(Word, f32)> = Vec::new();
        for word in words(text, self.language).into_iter().take(LONGEST_QUESTION) {
            match all.iter_mut().find(|(known, _)| known.term == word.term) {
                // A character that is also a word of its own has a surface.
                Some((known, _)) if known.surface.is_empty() => known.surface = word.surface,
                Some(_) => {}
                None => {
                    let rarity = self.rarity(&word.term);
                    all.push((word, rarity));
                }
            }
        }
        all
    }

    fn rarity(&self, term: &str) -> f32 {
        let Some((searcher, field)) = &self.found else { return 0.0 };
        let with = searcher.doc_freq(&Term::from_field_text(*field, term)).unwrap_or(0) as f32;
        let all = searcher.num_docs() as f32;
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// How near each phrasing is.
    fn nearness(&self, asked: &Asked) -> Vec<Near> {
        let mut nearness = vec![Near::default(); self.phrasings.len()];
        if let (Some(all), Some(vector)) = (&self.vectors, &asked.vector) {
            for (near, of) in nearness.iter_mut().zip(all) {
                near.cosine = of.iter().zip(vector).map(|(a, b)| a * b).sum();
            }
        }
        let weight = asked.weight();
        for (at, score) in self.bm25(&asked.words) {
            if let (Some(near), Some(phrasing)) = (nearness.get_mut(at), self.phrasings.get(at)) {
                let share = |of: f32| if of > 0.0 { (score / of).clamp(0.0, 1.0) } else { 0.0 };
                near.of_question = share(weight);
                near.of_phrasing = share(phrasing.weight);
            }
        }
        for (near, phrasing) in nearness.iter_mut().zip(&self.phrasings) {
            if phrasing.text.is_empty() {
                near.of_question *= BODY;
                near.cosine *= BODY;
            }
        }
        nearness
    }

    /// The phrasings that share a word, with their BM25 score.
    fn bm25(&self, words: &[(Word, f32)]) -> Vec<(usize, f32)> {
        let Some((searcher, field)) = &self.found else { return Vec::new() };
        let clause = |(word, _): &(Word, f32)| {
            let term = Term::from_field_text(*field, &word.term);
            let query: Box<dyn Query> = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
            (Occur::Should, query)
        };
        let query = BooleanQuery::new(words.iter().map(clause).collect());
        // All of them: what is left out afterwards (audience, validity) must not have pushed others out.
        let all = TopDocs::with_limit(self.phrasings.len().max(1)).order_by_score();
        let found = searcher.search(&query, &all).unwrap_or_default();
        // One segment, filled in order: a document's number is its phrasing's.
        found.into_iter().map(|(score, address)| (address.doc_id as usize, score)).collect()
    }

    /// The articles by score, each with its nearest phrasing. Only those count that are `told`, and of their phrasings those `with`.
    fn ranking(
        &self,
        nearness: &[Near],
        meaning: bool,
        told: impl Fn(usize) -> bool,
        with: impl Fn(usize) -> bool,
    ) -> Vec<Place> {
        let mut best: HashMap<usize, Place> = HashMap::new();
        for (phrasing, near) in nearness.iter().enumerate() {
            let article = self.phrasings[phrasing].article;
            if !told(article) || !with(phrasing) {
                continue;
            }
            let score = match meaning {
                true => (near.cosine.max(0.0) + WORDS_BESIDE_MEANING * near.of_question) / (1.0 + WORDS_BESIDE_MEANING),
                false => near.of_question,
            };
            let place = Place { article, phrasing, near: *near, score };
            match best.get(&article) {
                Some(known) if (known.score, known.near.of_phrasing) >= (score, near.of_phrasing) => {}
                _ if score > 0.0 => {
                    best.insert(article, place);
                }
                _ => {}
            }
        }
        let mut ranking: Vec<Place> = best.into_values().collect();
        ranking.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.article.cmp(&b.article)));
        ranking
    }

    /// Asks the shelf its own questions to learn where the line is.
    fn learn(&mut self) {
        let questions: Vec<usize> =
            (0..self.phrasings.len()).filter(|at| !self.phrasings[*at].text.is_empty()).collect();
        let step = questions.len().div_ceil(ASKED_TO_LEARN).max(1);
        let (mut by_words, mut by_meaning) = (Vec::new(), Vec::new());
        for at in questions.into_iter().step_by(step) {
            let phrasing = &self.phrasings[at];
            let own = phrasing.article;
            let others = self.articles[own].article.questions.len() > 1;
            let words = self.asked(&phrasing.text);
            let of_meaning = self.vectors.as_ref().map(|all| all[at].clone());
            let ways = [(None, &mut by_words), (of_meaning, &mut by_meaning)];
            for (index, (vector, cases)) in ways.into_iter().enumerate() {
                if index == 1 && vector.is_none() {
                    continue;
                }
                let asked = Asked { words: words.clone(), vector };
                let nearness = self.nearness(&asked);
                let meaning = asked.vector.is_some();
                if others {
                    let ranking = self.ranking(&nearness, meaning, |_| true, |other| other != at);
                    if let Some(signs) = signs(&ranking) {
                        let right = ranking.first().is_some_and(|place| place.article == own);
                        cases.push(Case { signs, answered: true, right });
                    }
                }
                let ranking = self.ranking(&nearness, meaning, |article| article != own, |_| true);
                if let Some(signs) = signs(&ranking) {
                    cases.push(Case { signs, answered: false, right: false });
                }
            }
        }
        self.by_words = self.by_words.learn(&by_words);
        self.by_meaning = self.by_meaning.learn(&by_meaning);
    }

    fn why(&self, place: &Place, asked: &Asked) -> Why {
        let phrasing = &self.phrasings[place.phrasing];
        let text = match phrasing.text.as_str() {
            "" => {
                let article = &self.articles[phrasing.article].article;
                format!("{} {} {}", article.tags.join(" "), article.ear, article.eye)
            }
            text => text.to_owned(),
        };
        let has = words(&text, self.language);
        let common = asked
            .words
            .iter()
            .filter(|(word, _)| !word.surface.is_empty() && has.iter().any(|other| other.term == word.term));
        Why {
            phrasing: phrasing.text.clone(),
            cosine: asked.vector.as_ref().map(|_| place.near.cosine),
            words: place.near.of_question,
            common: common.map(|(word, _)| word.surface.clone()).collect(),
        }
    }
}

/// What is seen of a ranking; `None` when nothing was found.
fn signs(ranking: &[Place]) -> Option<Signs> {
    let first = ranking.first()?;
    let second = ranking.get(1).map_or(0.0, |place| place.score);
    Some(Signs {
        cosine: first.near.cosine,
        of_question: first.near.of_question,
        of_phrasing: first.near.of_phrasing,
        lead: 1.0 - second / first.score.max(f32::MIN_POSITIVE),
    })
}

/// An index in memory with one document per list of words, in their order.
fn searcher(texts: impl Iterator<Item = Vec<Word>>) -> Result<(Searcher, Field), TantivyError> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_index_option(IndexRecordOption::WithFreqs);
    let field = schema.add_text_field("words", TextOptions::default().set_indexing_options(indexing));
    let settings = IndexSettings::default();
    let mut writer = tantivy::Index::builder()
        .schema(schema.build())
        .settings(settings)
        .single_segment_index_writer(RamDirectory::create(), MEMORY)?;
    for words in texts {
        let mut document = TantivyDocument::default();
        let token = |(position, word): (usize, Word)| Token { position, text: word.term, ..Token::default() };
        let tokens = words.into_iter().enumerate().map(token).collect();
        document.add_pre_tokenized_text(field, PreTokenizedString { text: String::new(), tokens });
        writer.add_document(document)?;
    }
    let index = writer.finalize()?;
    Ok((index.reader()?.searcher(), field))
}

/// What the writer may use before it would have to write to disk, in bytes; there is no disk, so it is only a hint of size.
const MEMORY: usize = 50_000_000;
