//! The knowledge base in use: the stored articles, ready to be asked, and asked anew after each change. How an answer is found is
//! `intent::knowledge`; where articles lie is `store`.

use std::sync::{Arc, PoisonError, RwLock};

use flow::event::KnownArticle;
use intent::{
    Encoder, Language,
    knowledge::{Answer, Filed, Knowledge, Question, spoken},
};
use tokio::sync::Mutex;

use crate::event::{ArticleId, Cited, Personal, Timestamp};
use crate::store::{KeptArticle, StoreError, Tenant};

/// A tenant's articles, ready to be asked. Cheap to clone; all clones see a change at once.
#[derive(Clone)]
pub struct KnowledgeBase {
    tenant: Tenant,
    encoder: Option<Arc<dyn Encoder>>,
    current: Arc<RwLock<Arc<Knowledge>>>,
    /// Held while the articles are read and put in order, so that the last change is the last to be seen.
    loading: Arc<Mutex<()>>,
}

impl KnowledgeBase {
    /// Reads the tenant's articles. Without `encoder` they are found by their words alone.
    pub async fn load(tenant: Tenant, encoder: Option<Arc<dyn Encoder>>) -> Result<Self, StoreError> {
        let nothing = Arc::new(RwLock::new(Arc::new(Knowledge::new(Vec::new(), None))));
        let base = Self { tenant, encoder, current: nothing, loading: Arc::default() };
        base.reload().await?;
        Ok(base)
    }

    /// Reads the articles again. Until that is done the old ones answer.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.loading.lock().await;
        let articles: Vec<Filed> = self.tenant.articles().await?.into_iter().map(filed).collect();
        let encoder = self.encoder.clone();
        match tokio::task::spawn_blocking(move || Knowledge::new(articles, encoder)).await {
            Ok(knowledge) => *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(knowledge),
            Err(stopped) => tracing::error!(%stopped, "the knowledge base was not put in order; the old one answers"),
        }
        Ok(())
    }

    /// The articles as they are now.
    pub fn now(&self) -> Arc<Knowledge> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a caller is told, away from the threads that carry calls.
    pub async fn ask(&self, question: Personal, language: Language, now: Timestamp) -> flow::event::Knowledge {
        let knowledge = self.now();
        let asked = move || told(&knowledge.answer(&Question::caller(question.reveal(), language, now)));
        tokio::task::spawn_blocking(asked).await.unwrap_or_default()
    }
}

/// An article as the search takes it.
fn filed(kept: KeptArticle) -> Filed {
    Filed { id: kept.id.to_string(), version: kept.version, article: kept.article }
}

/// An article as callers are told it now.
pub fn told_now(kept: KeptArticle) -> KnownArticle {
    as_told(&filed(kept), 1.0)
}

fn as_told(filed: &Filed, confidence: f32) -> KnownArticle {
    let said = spoken(&filed.article.eye, &filed.article.ear, filed.article.language);
    KnownArticle {
        id: filed.id.clone(),
        version: filed.version,
        title: filed.article.title().to_owned(),
        short: said.short,
        rest: said.rest,
        confidence,
    }
}

/// An answer in the flow's words.
fn told(answer: &Answer) -> flow::event::Knowledge {
    use flow::event::Knowledge as Told;
    let article = |hit: &intent::knowledge::Hit| as_told(&hit.filed, hit.confidence);
    match answer {
        Answer::Known(hit) => Told::Known(article(hit)),
        Answer::Unsure([a, b]) => Told::Unsure([article(a), article(b)]),
        Answer::Unknown(nearest) => Told::Unknown(nearest.iter().take(3).map(article).collect()),
    }
}

/// Articles in the journal's words.
pub fn cited(articles: &[KnownArticle]) -> Vec<Cited> {
    let cite = |known: &KnownArticle| {
        Some(Cited {
            article: known.id.parse::<ArticleId>().ok()?,
            version: known.version,
            confidence: known.confidence,
        })
    };
    articles.iter().filter_map(cite).collect()
}
