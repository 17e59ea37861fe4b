//! Personal data: unreadable without the keys, gone with them, and never in another tenant's hands.

use std::fs;

use hotline::{
    event::{Event, LanguageBy, Outcome, Personal, TicketStatus, UserId},
    store::{CallFilter, ERASED, Extension, NewUser, Role, StoreError, Tenant, TicketChange, TicketFilter, UserChange},
};

use crate::bed::{Bed, Journal, NOW, on_both, whole_call};

async fn holds(bed: &Bed, marker: &[u8]) -> Vec<String> {
    let files = bed.files().await.into_iter().filter(|file| {
        let bytes = fs::read(file).unwrap_or_default();
        bytes.windows(marker.len()).any(|window| window == marker)
    });
    files.map(|file| file.display().to_string()).collect()
}

on_both! {
    async fn nothing_personal_is_stored_in_clear(bed: Bed) {
        let store = bed.open().await;
        let tenant = store.default_tenant();
        let marker = "xylophone-marker";
        let mut journal = Journal::from(&format!("sip:{marker}@example.org"));
        journal.heard(marker).said(marker, 100);
        journal.push(Event::Slot { block: "ask".into(), name: "order".into(), value: Personal::new(marker) });
        journal.push(Event::Queued { queue: "shop".into(), brief: Personal::new(marker), priority: None });
        let ticket = journal.ticket(marker, marker);
        journal.store(&tenant).await;
        let new = NewUser { name: "Ann".into(), email: None, role: Role::Agent, language: None };
        let ann = tenant.create_user(new, NOW).await.expect("added");
        let password = Some(format!("password {marker}"));
        tenant.change_user(ann.id, UserChange { password, ..UserChange::default() }).await.expect("changed");
        tenant.note(ticket, ann.id, Personal::new(marker), NOW).await.expect("noted");
        let phone = Extension {
            name: "201".into(),
            user: ann.id,
            realm: "hotline".into(),
            ha1_md5: marker.into(),
            ha1_sha256: marker.into(),
        };
        tenant.put_extension(phone).await.expect("added");
        let mut recording = tenant.record(journal.call).await.expect("it begins");
        let samples: Vec<i16> = marker.repeat(2_000).bytes().collect::<Vec<_>>().chunks(2)
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        recording.push(&samples, &samples).expect("written");
        recording.finish().expect("written");

        assert_eq!(tenant.call(journal.call).await.expect("it is there").from.reveal(), format!("sip:{marker}@example.org"));
        assert_eq!(holds(&bed, marker.as_bytes()).await, Vec::<String>::new());
        assert!(!holds(&bed, b"bicycle-shop@1").await.is_empty(), "the search looks at the right files");
        store.close().await;
        assert_eq!(holds(&bed, marker.as_bytes()).await, Vec::<String>::new());
    }

    async fn an_erased_person_cannot_be_read_any_more(bed: Bed) {
        let store = bed.open().await;
        let tenant = store.default_tenant();
        let (call, ticket) = whole_call(&tenant, "+49301111", "my name is Zacharias", "Zacharias").await;
        let (other, _) = whole_call(&tenant, "+49302222", "somebody else", "Else").await;
        tenant.record(call).await.expect("it begins").push(&[1; 8_000], &[2; 8_000]).expect("written");
        let person = tenant.person_by_number(&Personal::new("0049 30 1111")).await.expect("it answers");
        let person = person.expect("they called");
        assert_eq!(person, tenant.call(call).await.expect("it is there").person);
        let before = tenant.journal(call).await.expect("it is there");

        tenant.erase_person(person, NOW).await.expect("erased");
        tenant.erase_person(person, NOW).await.expect("still erased");
        let after = tenant.journal(call).await.expect("it can still be read");
        assert_eq!(after.len(), before.len());
        assert!(!serde_json::to_string(&after).expect("it is JSON").contains("Zacharias"));
        let kinds = |entries: &[hotline::event::Entry]| {
            entries.iter().map(|entry| entry.event.header().kind).collect::<Vec<_>>()
        };
        // All but the ticket, whose id only the sealed part had, are still told apart.
        assert_eq!(kinds(&after).iter().zip(kinds(&before)).filter(|(a, b)| *a != b).count(), 1);
        assert!(after.iter().any(|entry| matches!(&entry.event, Event::Heard { text, .. } if text.reveal() == ERASED)));
        assert!(after.iter().any(|entry| matches!(&entry.event, Event::Ended { outcome: Outcome::Resolved, .. })));

        let summary = tenant.call(call).await.expect("it is still counted");
        assert_eq!((summary.from.reveal(), summary.outcome), (ERASED, Some(Outcome::Resolved)));
        assert_eq!(tenant.ticket(ticket).await.expect("it is there").ticket.subject.reveal(), ERASED);
        assert_eq!(tenant.recording(call).await.expect("it answers").map(|recording| recording.frames()), None);
        assert!(!bed.folder.path().join(format!("recordings/{call}.hlr")).exists());
        assert_eq!(tenant.person_by_number(&Personal::new("+49301111")).await.expect("it answers"), None);
        let note = tenant.note(ticket, UserId::new(), Personal::new("hm"), NOW).await;
        assert!(matches!(note, Err(StoreError::Erased)));
        assert_eq!(tenant.entries_after(0, 100).await.expect("it can still be read").len(), before.len() * 2);
        let found = TicketFilter { q: Some("else".into()), ..TicketFilter::default() };
        assert_eq!(tenant.tickets(&found, None, 9).await.expect("it answers").items.len(), 1);

        assert_eq!(tenant.call(other).await.expect("it is there").from.reveal(), "+49302222");
        whole_call(&tenant, "+49301111", "hello again", "New").await;
        let again = tenant.person_by_number(&Personal::new("+49301111")).await.expect("it answers");
        assert!(again.is_some_and(|again| again != person), "who calls again is somebody new");
    }

    async fn the_key_of_an_erased_person_is_in_no_file(bed: Bed) {
        let store = bed.open().await;
        let tenant = store.default_tenant();
        let (call, _) = whole_call(&tenant, "+49301111", "hello", "Hello").await;
        let person = tenant.call(call).await.expect("it is there").person;
        // A marker in the place of the key, for want of knowing the key.
        let marker = *b"the-wrapped-key-of-somebody-that";
        let hex: String = marker.iter().map(|byte| format!("{byte:02x}")).collect();
        let value = if bed.is_sqlite() { format!("x'{hex}'") } else { format!("'\\x{hex}'") };
        bed.sql(&format!("UPDATE person SET wrapped_key = {value}")).await;
        let in_tables = async || holds(&bed, &marker).await.into_iter().filter(|file| !file.contains("pg_wal")).count();
        assert_ne!(in_tables().await, 0);
        tenant.erase_person(person, NOW).await.expect("erased");
        assert_eq!(in_tables().await, 0);
    }

    async fn a_person_on_the_line_is_not_erased(bed: Bed) {
        let tenant = bed.tenant().await;
        let journal = Journal::from("+49301111");
        journal.store(&tenant).await;
        let person = tenant.call(journal.call).await.expect("it is there").person;
        assert!(matches!(tenant.erase_person(person, NOW).await, Err(StoreError::InCall)));
    }

    async fn callers_are_known_by_their_number_unless_they_withhold_it(bed: Bed) {
        let tenant = bed.tenant().await;
        let person = async |from: &str| {
            let (call, _) = whole_call(&tenant, from, "hello", "Hello").await;
            tenant.call(call).await.expect("it is there").person
        };
        assert_eq!(person("+49 30 1234").await, person("0049301234").await);
        assert_ne!(person("+49301234").await, person("+49301235").await);
        assert_ne!(person("").await, person("").await);
        assert_ne!(person("anonymous").await, person("anonymous").await);
    }

    async fn the_language_that_a_caller_chose_is_kept_sealed_and_goes_with_them(bed: Bed) {
        let store = bed.open().await;
        let tenant = store.default_tenant();
        let number = Personal::new("+49 30 1111");
        let of = async |tenant: &Tenant| {
            let language = tenant.language_of(&number).await.expect("it answers");
            language.map(|language| language.reveal().to_owned())
        };
        assert_eq!(of(&tenant).await, None);
        let chooses = |language: &str, remembered| Event::Language {
            block: Some("languages".into()),
            language: Personal::new(language),
            by: LanguageBy::Flow,
            remembered,
        };
        let mut journal = Journal::from("0049301111");
        journal.push(chooses("tlh-marker", true)).push(chooses("other", false)).ended(Outcome::Resolved);
        journal.store(&tenant).await;
        assert_eq!(of(&tenant).await.as_deref(), Some("tlh-marker"));
        assert_eq!(holds(&bed, b"tlh-marker").await, Vec::<String>::new());
        let other = tenant.language_of(&Personal::new("+49302222")).await.expect("it answers");
        assert!(other.is_none() && tenant.language_of(&Personal::default()).await.expect("it answers").is_none());

        let mut again = Journal::from("+49301111");
        again.push(chooses("zh-CN", true)).ended(Outcome::Resolved);
        again.store(&tenant).await;
        assert_eq!(of(&tenant).await.as_deref(), Some("zh-CN"), "the last one counts");
        bed.sql("UPDATE person SET language = NULL").await;
        tenant.rebuild().await.expect("rebuilt");
        assert_eq!(of(&tenant).await.as_deref(), Some("zh-CN"), "the journal knows it");

        let two = store.tenant(store.create_tenant("two", NOW).await.expect("added"));
        assert_eq!(of(&two).await, None);
        let person = tenant.person_by_number(&number).await.expect("it answers").expect("they called");
        tenant.erase_person(person, NOW).await.expect("erased");
        assert_eq!(of(&tenant).await, None);
        let told = tenant.journal(journal.call).await.expect("it can still be read");
        assert!(told.iter().any(|entry| matches!(&entry.event, Event::Language { block: Some(block), language, by: LanguageBy::Flow, .. }
            if block == "languages" && language.reveal() == ERASED)));
        whole_call(&tenant, "+49301111", "hello again", "New").await;
        assert_eq!(of(&tenant).await, None, "who calls again is somebody new");
    }

    async fn two_tenants_never_see_each_other(bed: Bed) {
        let store = bed.open().await;
        let one = store.default_tenant();
        let two = store.tenant(store.create_tenant("two", NOW).await.expect("added"));
        assert_ne!(one.id(), two.id());
        let mut seen_by_two = two.subscribe();
        let (call, ticket) = whole_call(&one, "+49301111", "hello", "Hello").await;
        let new = NewUser { name: "Ann".into(), email: Some("ann@one.example".into()), role: Role::Admin, language: None };
        let ann = one.create_user(new.clone(), NOW).await.expect("added");
        let hour = std::time::Duration::from_secs(3_600);
        let session = one.open_session(ann.id, NOW, hour).await.expect("signed in");
        let link = one.create_link(ann.id, NOW, hour).await.expect("made");
        let phone = Extension {
            name: "201".into(), user: ann.id, realm: "r".into(), ha1_md5: "a".into(), ha1_sha256: "b".into(),
        };
        one.put_extension(phone.clone()).await.expect("added");
        one.set("greeting", "hello").await.expect("set");
        one.record(call).await.expect("it begins").push(&[1; 8_000], &[1; 8_000]).expect("written");
        let person = one.call(call).await.expect("it is there").person;

        let missing = |error: StoreError| matches!(error, StoreError::NoSuch { .. });
        assert!(two.calls(&CallFilter::default(), None, 9).await.expect("it answers").items.is_empty());
        assert!(two.tickets(&TicketFilter::default(), None, 9).await.expect("it answers").items.is_empty());
        assert!(missing(two.call(call).await.expect_err("not theirs")));
        assert!(missing(two.journal(call).await.expect_err("not theirs")));
        assert!(missing(two.ticket(ticket).await.expect_err("not theirs")));
        assert!(missing(two.recording(call).await.err().expect("not theirs")));
        assert!(missing(two.record(call).await.err().expect("not theirs")));
        assert!(missing(two.erase_person(person, NOW).await.expect_err("not theirs")));
        assert!(missing(two.user(ann.id).await.expect_err("not theirs")));
        assert!(missing(two.change_user(ann.id, UserChange::default()).await.expect_err("not theirs")));
        assert!(missing(two.put_extension(phone).await.expect_err("not theirs")));
        let solve = TicketChange { status: Some(TicketStatus::Solved), ..TicketChange::default() };
        assert!(missing(two.change_ticket(ticket, ann.id, solve, NOW).await.expect_err("not theirs")));
        assert!(missing(two.note(ticket, ann.id, Personal::new("x"), NOW).await.expect_err("not theirs")));
        assert!(two.users().await.expect("it answers").is_empty());
        assert!(two.unended_calls().await.expect("it answers").is_empty());
        assert_eq!(two.session_user(session.reveal(), NOW).await.expect("it answers"), None);
        assert_eq!(two.redeem_link(link.reveal(), NOW).await.expect("it answers"), None);
        assert_eq!(two.extension("201").await.expect("it answers"), None);
        assert_eq!(two.extensions().await.expect("it answers"), []);
        two.remove_extension("201").await.expect("nothing to remove");
        two.close_session(session.reveal()).await.expect("nothing to close");
        assert_eq!(two.setting("greeting").await.expect("it answers"), None);
        assert_eq!(two.person_by_number(&Personal::new("+49301111")).await.expect("it answers"), None);
        assert_eq!((two.last_cursor().await.expect("it answers"), two.entries_after(0, 9).await.expect("it answers")), (0, vec![]));
        assert!(seen_by_two.try_recv().is_err());

        two.create_user(new, NOW).await.expect("the same address is free there");
        let (_, theirs) = whole_call(&two, "+49301111", "hello", "Hello").await;
        assert_eq!(two.ticket(theirs).await.expect("it is there").ticket.number, 1);
        two.rebuild().await.expect("rebuilt");
        assert!(one.session_user(session.reveal(), NOW).await.expect("it answers").is_some());
        assert!(one.extension("201").await.expect("it answers").is_some());
        // A call's id in the wrong hands begins no second call of that id.
        let mut stolen = Journal::from("+49309999");
        stolen.call = call;
        assert!(two.append(call, stolen.entries).await.is_err());
        assert_eq!(one.call(call).await.expect("it is there").from.reveal(), "+49301111");
    }
}
