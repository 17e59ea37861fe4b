//! The people who sign in, and their phones.

use std::time::Duration;

use hotline::{
    event::UserId,
    store::{Extension, NewUser, Role, StoreError, Tenant, User, UserChange},
};

use crate::bed::{NOW, on_both};

const HOUR: Duration = Duration::from_secs(3_600);
const HOUR_MS: i64 = 3_600_000;

async fn ann(tenant: &Tenant) -> User {
    let email = Some(" Ann@Shop.Example ".into());
    let new = NewUser { name: "Ann".into(), email, role: Role::Admin, language: Some("en".into()) };
    tenant.create_user(new, NOW).await.expect("the user is added")
}

fn password(password: &str) -> UserChange {
    UserChange { password: Some(password.into()), ..UserChange::default() }
}

on_both! {
    async fn a_password_lets_in_only_who_has_it(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = ann(&tenant).await;
        assert_eq!(ann.email.as_deref(), Some("ann@shop.example"));
        let try_in = async |email: &str, password: &str| {
            tenant.verify_password(email, password).await.expect("it answers").map(|user| user.id)
        };
        assert_eq!(try_in("ann@shop.example", "correct horse").await, None, "there is no password yet");
        let changed = tenant.change_user(ann.id, password("correct horse")).await.expect("set");
        assert!(changed.has_password);
        assert_eq!(try_in("ANN@shop.example", "correct horse").await, Some(ann.id));
        assert_eq!(try_in("ann@shop.example", "Correct horse").await, None);
        assert_eq!(try_in("bob@shop.example", "correct horse").await, None);
        assert_eq!(try_in("nonsense", "").await, None);
    }

    async fn a_short_password_is_refused_with_a_reason(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = ann(&tenant).await;
        let error = tenant.change_user(ann.id, password("too short")).await.expect_err("nine characters");
        assert!(error.to_string().contains("at least 10"), "{error}");
    }

    async fn an_address_belongs_to_one_person(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = ann(&tenant).await;
        let new = NewUser { name: "Bob".into(), email: Some("ann@shop.example".into()), role: Role::Agent, language: None };
        assert!(matches!(tenant.create_user(new.clone(), NOW).await, Err(StoreError::Taken { .. })));
        let bob = tenant.create_user(NewUser { email: None, ..new }, NOW).await.expect("added");
        let address = UserChange { email: ann.email.clone(), ..UserChange::default() };
        assert!(matches!(tenant.change_user(bob.id, address).await, Err(StoreError::Taken { .. })));
        let language = UserChange { language: Some("zh-CN".into()), name: Some("Bo".into()), ..UserChange::default() };
        let bob = tenant.change_user(bob.id, language).await.expect("changed");
        assert_eq!((bob.name.as_str(), bob.language.as_deref(), bob.email), ("Bo", Some("zh-CN"), None));
        let names: Vec<String> = tenant.users().await.expect("it answers").into_iter().map(|user| user.name).collect();
        assert_eq!(names, ["Ann", "Bo"]);
    }

    async fn a_session_lasts_until_it_expires_or_is_closed(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = ann(&tenant).await;
        let session = tenant.open_session(ann.id, NOW, HOUR).await.expect("signed in");
        let who = async |token: &str, at| tenant.session_user(token, at).await.expect("it answers").map(|user| user.id);
        assert_eq!(who(session.reveal(), NOW + HOUR_MS - 1).await, Some(ann.id));
        assert_eq!(who(session.reveal(), NOW + HOUR_MS).await, None);
        assert_eq!(who("guess", NOW).await, None);
        tenant.close_session(session.reveal()).await.expect("signed out");
        assert_eq!(who(session.reveal(), NOW).await, None);
        assert!(tenant.open_session(UserId::new(), NOW, HOUR).await.is_err());
        assert!(!format!("{session:?}").contains(session.reveal()));
    }

    async fn a_link_signs_in_once_and_in_time(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = ann(&tenant).await;
        let late = tenant.create_link(ann.id, NOW, HOUR).await.expect("made");
        assert_eq!(tenant.redeem_link(late.reveal(), NOW + HOUR_MS).await.expect("it answers"), None);
        let link = tenant.create_link(ann.id, NOW, HOUR).await.expect("made");
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (tenant, link) = (tenant.clone(), link.clone());
            tries.spawn(async move { tenant.redeem_link(link.reveal(), NOW).await.expect("it answers") });
        }
        let let_in = tries.join_all().await.into_iter().flatten().count();
        assert_eq!(let_in, 1);
    }

    async fn a_phone_is_kept_by_name_and_can_be_replaced(bed: Bed) {
        let tenant = bed.tenant().await;
        let ann = ann(&tenant).await;
        let phone = |name: &str, digest: &str| Extension {
            name: name.into(),
            user: ann.id,
            realm: "hotline".into(),
            ha1_md5: digest.into(),
            ha1_sha256: format!("{digest}{digest}"),
        };
        for (name, digest) in [("202", "c"), ("201", "a"), ("201", "b")] {
            tenant.put_extension(phone(name, digest)).await.expect("stored");
        }
        assert_eq!(tenant.extensions().await.expect("it answers"), [phone("201", "b"), phone("202", "c")]);
        assert_eq!(tenant.extension("201").await.expect("it answers"), Some(phone("201", "b")));
        tenant.remove_extension("201").await.expect("removed");
        assert_eq!(tenant.extension("201").await.expect("it answers"), None);
        let nobodys = Extension { user: UserId::new(), ..phone("203", "d") };
        assert!(tenant.put_extension(nobodys).await.is_err());
    }

    async fn a_setting_is_the_last_value_set(bed: Bed) {
        let tenant = bed.tenant().await;
        assert_eq!(tenant.setting("greeting").await.expect("it answers"), None);
        for value in ["hello", "你好"] {
            tenant.set("greeting", value).await.expect("set");
        }
        assert_eq!(tenant.setting("greeting").await.expect("it answers").as_deref(), Some("你好"));
    }
}
