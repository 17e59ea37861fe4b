//! The flow that is edited, and its versions.

use hotline::{
    event::Timestamp,
    store::{FlowState, NewFlowVersion, NewUser, Role, StoreError, Tenant, User},
};

use crate::bed::{NOW, on_both};

async fn ada(tenant: &Tenant) -> User {
    let new = NewUser { name: "Ada".into(), email: None, role: Role::Admin, language: None };
    tenant.create_user(new, NOW).await.expect("the user is added")
}

fn new(note: &str, at: Option<Timestamp>) -> NewFlowVersion {
    let document = format!("{{\"name\": \"{note}\"}}");
    NewFlowVersion { made_by: None, note: note.into(), at, hash: "0123456789ab".into(), blocks: 3, document }
}

async fn published(tenant: &Tenant, note: &str, at: Option<Timestamp>) -> i64 {
    tenant.add_flow_version(new(note, at), new("configured", None), NOW).await.expect("it is kept").number
}

/// Numbers, notes and states, newest first.
async fn listed(tenant: &Tenant) -> Vec<(i64, String, FlowState)> {
    let versions = tenant.flow_versions().await.expect("a list");
    versions.into_iter().map(|version| (version.number, version.note, version.state)).collect()
}

on_both! {
    async fn a_draft_is_changed_by_whoever_has_seen_the_last_change(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        assert_eq!(tenant.flow_draft().await.expect("none yet").revision, 0);
        let save = async |revision, text: &str| tenant.save_flow_draft(revision, text.into(), ada.id, NOW + revision).await;
        assert_eq!(save(0, "{}").await.expect("the first"), 1);
        assert_eq!(save(1, "{\"half\": \"done").await.expect("whatever it is"), 2);
        for late in [0, 1, 7] {
            let refused = save(late, "late").await;
            assert!(matches!(refused, Err(StoreError::Changed { version: 2, .. })), "{refused:?}");
        }
        let draft = tenant.flow_draft().await.expect("it is kept");
        let expected = (2, "{\"half\": \"done", Some(ada.id), NOW + 1);
        assert_eq!((draft.revision, draft.document.as_str(), draft.changed_by, draft.changed_at), expected);
    }

    async fn one_version_answers_and_what_answered_before_the_first_can_come_back(bed: Bed) {
        let tenant = bed.tenant().await;
        assert_eq!(tenant.live_flow().await.expect("none"), None);
        assert_eq!(published(&tenant, "first", None).await, 2);
        assert_eq!(published(&tenant, "second", None).await, 3);
        let earlier = |number, note: &str| (number, note.to_owned(), FlowState::Earlier);
        let live = |number, note: &str| (number, note.to_owned(), FlowState::Live);
        assert_eq!(listed(&tenant).await, [live(3, "second"), earlier(2, "first"), earlier(1, "configured")]);

        let back = tenant.make_flow_live(1, new("never kept", None), NOW).await.expect("it is there");
        assert_eq!((back.number, back.state), (1, FlowState::Live));
        assert_eq!(listed(&tenant).await, [earlier(3, "second"), earlier(2, "first"), live(1, "configured")]);
        assert_eq!(tenant.live_flow().await.expect("one").map(|live| live.number), Some(1));
        assert_eq!(tenant.flow_document(2).await.expect("it is kept"), "{\"name\": \"first\"}");

        let nothing = tenant.make_flow_live(9, new("never kept", None), NOW).await;
        assert!(matches!(nothing, Err(StoreError::NoSuch { .. })), "{nothing:?}");
        assert_eq!(tenant.live_flow().await.expect("one").map(|live| live.number), Some(1), "nothing was changed");
        // The connection that was refused can still write.
        assert_eq!(published(&tenant, "third", None).await, 4);
    }

    async fn what_is_scheduled_waits_and_can_be_taken_back(bed: Bed) {
        let tenant = bed.tenant().await;
        published(&tenant, "first", None).await;
        let late = published(&tenant, "late", Some(NOW + 2_000)).await;
        let soon = published(&tenant, "soon", Some(NOW + 1_000)).await;
        let waiting = async || -> Vec<i64> {
            tenant.scheduled_flows().await.expect("a list").into_iter().map(|version| version.number).collect()
        };
        assert_eq!(waiting().await, [soon, late]);
        assert_eq!(tenant.live_flow().await.expect("one").map(|live| live.note), Some("first".into()));

        let cancelled = tenant.unschedule_flow(soon, FlowState::Cancelled).await.expect("it waits");
        assert_eq!((cancelled.state, cancelled.at), (FlowState::Cancelled, Some(NOW + 1_000)));
        assert_eq!(waiting().await, [late]);
        for number in [soon, 2] {
            let refused = tenant.unschedule_flow(number, FlowState::Cancelled).await;
            assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
        }
        assert!(matches!(tenant.unschedule_flow(99, FlowState::Held).await, Err(StoreError::NoSuch { .. })));
        tenant.make_flow_live(late, new("never kept", None), NOW + 2_000).await.expect("its time has come");
        assert_eq!(waiting().await, Vec::<i64>::new());
    }

    async fn another_tenant_has_a_flow_of_its_own(bed: Bed) {
        let store = bed.open().await;
        let (ours, theirs) = (store.default_tenant(), store.create_tenant("other", NOW).await.expect("a tenant"));
        let theirs = store.tenant(theirs);
        let ada = ada(&ours).await;
        ours.save_flow_draft(0, "{}".into(), ada.id, NOW).await.expect("kept");
        published(&ours, "ours", None).await;
        assert_eq!((theirs.flow_draft().await.expect("none").revision, listed(&theirs).await), (0, vec![]));
        assert!(matches!(theirs.flow_document(1).await, Err(StoreError::NoSuch { .. })));
        assert!(matches!(theirs.make_flow_live(2, new("x", None), NOW).await, Err(StoreError::NoSuch { .. })));
        assert_eq!(listed(&theirs).await, []);
        published(&theirs, "theirs", None).await;
        assert_eq!(ours.live_flow().await.expect("one").map(|live| live.note), Some("ours".into()));
    }

    async fn old_versions_are_forgotten_and_what_answers_is_not(bed: Bed) {
        let tenant = bed.tenant().await;
        let live = published(&tenant, "live", None).await;
        let waiting = published(&tenant, "waiting", Some(NOW + 1_000)).await;
        for _ in 0..210 {
            let number = published(&tenant, "again", Some(NOW + 1_000)).await;
            tenant.unschedule_flow(number, FlowState::Cancelled).await.expect("it waits");
        }
        assert!(matches!(tenant.flow_version(1).await, Err(StoreError::NoSuch { .. })));
        for number in [live, waiting] {
            assert_eq!(tenant.flow_version(number).await.expect("it is kept").number, number);
        }
        assert_eq!(tenant.live_flow().await.expect("one").map(|version| version.number), Some(live));
    }
}
