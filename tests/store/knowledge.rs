//! The knowledge base: articles, their versions, and what callers asked of them.

use hotline::{
    event::{ArticleId, Cited, Consulted, Event, Outcome, Personal},
    store::{NewUser, Role, StoreError, Tenant, User},
};
use intent::{Language, knowledge::Article};

use crate::bed::{Journal, NOW, on_both};

fn article(question: &str, eye: &str) -> Article {
    Article { questions: vec![question.into()], eye: eye.into(), ..Article::default() }
}

async fn ada(tenant: &Tenant) -> User {
    let new = NewUser { name: "Ada".into(), email: None, role: Role::Admin, language: None };
    tenant.create_user(new, NOW).await.expect("the user is added")
}

async fn added(tenant: &Tenant, by: &User, article: Article) -> ArticleId {
    tenant.add_articles(vec![article], by.id, NOW).await.expect("it is added")[0]
}

/// A call in which something was asked of the knowledge base.
async fn asked(tenant: &Tenant, caller: &str, question: &str, answer: Consulted, articles: Vec<Cited>) -> Journal {
    let mut journal = Journal::from(caller);
    journal.push(Event::Consulted {
        block: "answer".into(),
        question: Personal::new(question),
        language: Personal::new(Language::detect(question).code()),
        answer,
        articles,
    });
    journal.ended(Outcome::Resolved);
    journal.store(tenant).await;
    journal
}

on_both! {
    async fn an_article_keeps_every_version(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        let id = added(&tenant, &ada, article("When are you open?", "Nine to five.")).await;
        let changed = article("When are you open?", "Nine to six.");
        let kept = tenant.change_article(id, Some(1), changed.clone(), ada.id, NOW + 5).await.expect("it is changed");
        assert_eq!((kept.version, &kept.article, kept.changed_at), (2, &changed, NOW + 5));
        assert_eq!(kept.owner.as_ref().map(|owner| owner.name.as_str()), Some("Ada"));

        let versions = tenant.article_versions(id).await.expect("they are kept");
        let told: Vec<(u32, &str)> = versions.iter().map(|v| (v.version, v.article.eye.as_str())).collect();
        assert_eq!(told, [(2, "Nine to six."), (1, "Nine to five.")]);
        assert_eq!(tenant.articles().await.expect("a list"), [kept]);
    }

    async fn saving_what_is_there_already_makes_no_version(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        let same = article("When are you open?", "Nine to five.");
        let id = added(&tenant, &ada, same.clone()).await;
        assert_eq!(tenant.change_article(id, None, same, ada.id, NOW).await.expect("it is kept").version, 1);
        assert_eq!(tenant.article_versions(id).await.expect("one").len(), 1);
    }

    async fn nobody_writes_over_somebody_else(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        let id = added(&tenant, &ada, article("When?", "Now.")).await;
        let write = async |seen, eye: &str| tenant.change_article(id, seen, article("When?", eye), ada.id, NOW).await;
        write(Some(1), "Soon.").await.expect("nobody else was there");
        let late = write(Some(1), "Never.").await;
        assert!(matches!(late, Err(StoreError::Changed { version: 2, .. })), "{late:?}");
        assert!(matches!(tenant.remove_article(id, Some(1)).await, Err(StoreError::Changed { version: 2, .. })));
        assert_eq!(tenant.article(id).await.expect("it is there").article.eye, "Soon.");
        // The connection that was refused can still write.
        write(Some(2), "Later.").await.expect("it is changed");
        tenant.remove_article(id, Some(3)).await.expect("it is removed");
        assert!(matches!(tenant.article(id).await, Err(StoreError::NoSuch { what: "article" })));
        assert!(matches!(tenant.article_versions(id).await, Err(StoreError::NoSuch { .. })));
    }

    async fn articles_are_added_all_or_none(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        let refused = tenant.add_articles(vec![article("When?", "Now."), article("Where?", "")], ada.id, NOW).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
        assert_eq!(tenant.articles().await.expect("a list"), []);
    }

    async fn another_tenant_sees_nothing_of_it(bed: Bed) {
        let store = bed.open().await;
        let (ours, theirs) = (store.default_tenant(), store.create_tenant("other", NOW).await.expect("a tenant"));
        let theirs = store.tenant(theirs);
        let ada = ada(&ours).await;
        let id = added(&ours, &ada, article("When?", "Now.")).await;
        assert_eq!(theirs.articles().await.expect("a list"), []);
        assert!(matches!(theirs.article(id).await, Err(StoreError::NoSuch { .. })));
        assert!(matches!(theirs.article_helped(id, true).await, Err(StoreError::NoSuch { .. })));
        assert!(matches!(theirs.remove_article(id, None).await, Err(StoreError::NoSuch { .. })));
    }

    async fn what_helped_is_counted(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        let id = added(&tenant, &ada, article("When?", "Now.")).await;
        for helped in [true, false, true] {
            tenant.article_helped(id, helped).await.expect("it is counted");
        }
        let kept = tenant.article(id).await.expect("it is there");
        assert_eq!((kept.helped, kept.not_helped, kept.version), (2, 1, 1));
    }

    async fn what_nothing_answered_is_counted_by_its_words(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        let id = added(&tenant, &ada, article("When?", "Now.")).await;
        let cited = || vec![Cited { article: id, version: 1, confidence: 0.9 }];
        asked(&tenant, "1001", "Do you rent bikes?", Consulted::Unknown, vec![]).await;
        asked(&tenant, "1002", "When?", Consulted::Known, cited()).await;
        let last = asked(&tenant, "1003", "uh, do you rent bikes", Consulted::Unknown, cited()).await;
        asked(&tenant, "1004", "可以租车吗", Consulted::Unknown, vec![]).await;
        asked(&tenant, "1005", "When or where?", Consulted::Unsure, cited()).await;

        let asked = tenant.asked(0).await.expect("it is counted");
        assert_eq!((asked.told.get(&id), asked.unsure), (Some(&1), 1));
        let gaps: Vec<(&str, u32)> = asked.gaps.iter().map(|gap| (gap.question.reveal(), gap.count)).collect();
        assert_eq!(gaps, [("uh, do you rent bikes", 2), ("可以租车吗", 1)]);
        assert_eq!((asked.gaps[0].call, asked.gaps[1].language), (last.call, Language::Chinese));
        assert_eq!(tenant.asked(NOW + 1_000_000).await.expect("nothing since").gaps, []);
    }

    async fn a_question_set_aside_stays_aside(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        asked(&tenant, "1001", "Sing a song!", Consulted::Unknown, vec![]).await;
        let gap = tenant.asked(0).await.expect("one").gaps.remove(0);
        for _ in 0..2 {
            tenant.set_gap_aside(&gap.id, ada.id, NOW).await.expect("it is set aside");
        }
        asked(&tenant, "1001", "sing a song", Consulted::Unknown, vec![]).await;
        assert_eq!(tenant.asked(0).await.expect("none").gaps, []);
        for nonsense in ["", "xyz", "00"] {
            assert!(matches!(tenant.set_gap_aside(nonsense, ada.id, NOW).await, Err(StoreError::NoSuch { .. })));
        }
    }

    async fn whoever_is_erased_takes_their_questions_along(bed: Bed) {
        let tenant = bed.tenant().await;
        asked(&tenant, "+49301234", "Do you rent out my neighbour's house?", Consulted::Unknown, vec![]).await;
        asked(&tenant, "1002", "Do you rent bikes?", Consulted::Unknown, vec![]).await;
        let number = Personal::new("+49301234");
        let person = tenant.person_by_number(&number).await.expect("it answers").expect("they called");
        tenant.erase_person(person, NOW).await.expect("they are erased");
        let gaps = tenant.asked(0).await.expect("it is counted").gaps;
        assert_eq!(gaps.iter().map(|gap| gap.question.reveal()).collect::<Vec<_>>(), ["Do you rent bikes?"]);
    }
}
