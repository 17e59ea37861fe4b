//! Queues, presence and callbacks as they are kept.

use hotline::{
    event::{CallId, Channel, Entry, Event, Outcome, Party, Personal},
    store::{CallFilter, CallbackState, KeptPresence, NewUser, Role, StoreError, Tenant, User},
};

use crate::bed::{NOW, on_both};

async fn ada(tenant: &Tenant) -> User {
    let new = NewUser { name: "Ada".into(), email: None, role: Role::Admin, language: None };
    tenant.create_user(new, NOW).await.expect("the user is added")
}

/// A call that is to be called back, or rang at an extension.
async fn call(tenant: &Tenant, from: &str, then: Vec<Event>) -> CallId {
    let call = CallId::new();
    let offered =
        Event::Offered { channel: Channel::Sip, from: Personal::new(from), to: "100".into(), flow: "shop".into() };
    let events = std::iter::once(offered).chain(then);
    let entry = |(seq, event)| Entry { seq, at: NOW + i64::from(seq), audio_ms: None, event };
    tenant.append(call, (1..).zip(events).map(entry).collect()).await.expect("it is stored");
    call
}

fn arranged(queue: Option<&str>, since: Option<i64>) -> Vec<Event> {
    vec![
        Event::CallbackArranged {
            number: Personal::new("+4930555001"),
            queue: queue.map(str::to_owned),
            brief: Personal::new("a refund"),
            since,
            priority: Some(7),
        },
        Event::HungUp { by: Party::Caller, cause: "normal".into() },
        Event::Ended { outcome: Outcome::Callback, duration_ms: 5 },
    ]
}

on_both! {
    async fn a_queue_is_changed_by_whoever_has_seen_the_last_change(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        tenant.add_queue("sales", "{}".into(), ada.id, NOW).await.expect("the first");
        let again = tenant.add_queue("sales", "{}".into(), ada.id, NOW).await;
        assert!(matches!(again, Err(StoreError::Taken { .. })), "{again:?}");
        let changed = tenant.change_queue("sales", 1, "{\"a\":1}".into(), ada.id, NOW + 1).await.expect("it has revision 1");
        assert_eq!((changed.revision, changed.document.as_str()), (2, "{\"a\":1}"));
        let late = tenant.change_queue("sales", 1, "{}".into(), ada.id, NOW).await;
        assert!(matches!(late, Err(StoreError::Changed { version: 2, .. })), "{late:?}");
        let gone = tenant.change_queue("gone", 1, "{}".into(), ada.id, NOW).await;
        assert!(matches!(gone, Err(StoreError::NoSuch { what: "queue" })), "{gone:?}");
        tenant.remove_queue("sales").await.expect("it is there");
        assert_eq!(tenant.queues().await.expect("none"), []);
    }

    async fn what_agents_can_do_and_want_to_be_is_kept_and_replaced(bed: Bed) {
        let tenant = bed.tenant().await;
        for document in ["{\"skills\":{}}", "{\"skills\":{\"en\":5}}"] {
            tenant.put_agent_profile("101", document.into()).await.expect("kept");
        }
        assert_eq!(tenant.agent_profiles().await.expect("one"), [("101".to_owned(), "{\"skills\":{\"en\":5}}".to_owned())]);
        let away = KeptPresence { extension: "101".into(), reason: Some("lunch".into()), since: NOW };
        let back = KeptPresence { extension: "101".into(), reason: None, since: NOW + 5 };
        for kept in [away, back.clone()] {
            tenant.put_presence(kept).await.expect("kept");
        }
        assert_eq!(tenant.presences().await.expect("one"), [back]);
    }

    async fn those_to_be_called_back_are_read_from_their_journals(bed: Bed) {
        let tenant = bed.tenant().await;
        let kept = call(&tenant, "+4930555001", arranged(Some("service"), Some(NOW - 60_000))).await;
        let plain = call(&tenant, "+4930555002", arranged(Some("service"), None)).await;
        let _nowhere = call(&tenant, "+4930555003", arranged(None, None)).await;
        let found = tenant.callbacks(NOW).await.expect("they can be read");
        assert_eq!(found.iter().map(|callback| callback.call).collect::<Vec<_>>(), [kept, plain]);
        assert_eq!((found[0].number.reveal(), found[0].since, found[0].keeps_place, found[0].priority), ("+4930555001", NOW - 60_000, true, Some(7)));
        assert!(!found[1].keeps_place && found[1].since == found[1].arranged_at);
        tenant.put_callback(kept, 1, NOW + 600_000, CallbackState::Waiting).await.expect("kept");
        tenant.put_callback(plain, 1, NOW, CallbackState::Done).await.expect("kept");
        let left = tenant.callbacks(NOW).await.expect("they can be read");
        assert_eq!((left.len(), left[0].tries, left[0].due_at), (1, 1, NOW + 600_000));
        // Whoever is erased is not called.
        let person = tenant.call(kept).await.expect("it is there").person;
        tenant.erase_person(person, NOW).await.expect("erased");
        assert_eq!(tenant.callbacks(NOW).await.expect("they can be read"), []);
    }

    async fn calls_that_came_to_somebody_are_told_from_others(bed: Bed) {
        let tenant = bed.tenant().await;
        let rang = call(&tenant, "+4930555001", vec![Event::Ringing { agent: "101".into() }]).await;
        let other = call(&tenant, "+4930555001", vec![Event::Bridged { agent: "102".into(), waited_ms: 5 }]).await;
        let own = ["101".to_owned()];
        let listed = tenant.calls_of(&own, &CallFilter::default(), None, 10).await.expect("a list").items;
        assert_eq!(listed.iter().map(|call| call.id).collect::<Vec<_>>(), [rang]);
        assert!(tenant.had_part(rang, &own).await.expect("told") && !tenant.had_part(other, &own).await.expect("told"));
        assert!(tenant.calls_of(&[], &CallFilter::default(), None, 10).await.expect("a list").items.is_empty());
        let last = tenant.last_agent(&Personal::new("+4930555001")).await.expect("told");
        assert_eq!(last.as_deref(), Some("102"));
    }

    async fn what_is_said_of_a_call_afterwards_stands_at_its_end(bed: Bed) {
        let tenant = bed.tenant().await;
        let over = call(&tenant, "+4930555001", arranged(None, None)).await;
        let said = Event::WrappedUp { agent: "101".into(), disposition: Some("sold".into()), took_ms: 900 };
        tenant.append_beside(over, said.clone(), NOW + 9).await.expect("it is stored");
        let journal = tenant.journal(over).await.expect("it can be read");
        assert_eq!(journal.last().map(|entry| (entry.seq, &entry.event)), Some((5, &said)));
        let nowhere = tenant.append_beside(CallId::new(), said, NOW).await;
        assert!(matches!(nowhere, Err(StoreError::NoSuch { what: "call" })), "{nowhere:?}");
    }

    async fn somebody_stays_an_admin(bed: Bed) {
        let tenant = bed.tenant().await;
        let ada = ada(&tenant).await;
        let refused = tenant.change_role(ada.id, Role::Agent).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
        let new = NewUser { name: "Bea".into(), email: None, role: Role::Auditor, language: None };
        let bea = tenant.create_user(new, NOW).await.expect("added");
        assert_eq!(tenant.user(bea.id).await.expect("there").role, Role::Auditor);
        tenant.change_role(bea.id, Role::Admin).await.expect("nobody minds");
        assert_eq!(tenant.change_role(ada.id, Role::Supervisor).await.expect("Bea is one").role, Role::Supervisor);
    }
}
