//! Opening a store, and what it says when it cannot be opened.

use std::{fs, os::unix::fs::PermissionsExt};

use hotline::store::{MasterKey, Store, StoreError, TicketFilter};

use crate::bed::{Bed, on_both, run, whole_call};

on_both! {
    async fn what_was_stored_is_there_after_a_restart(bed: Bed) {
        let store = bed.open().await;
        let (call, ticket) = whole_call(&store.default_tenant(), "+49301111", "hello", "Hello").await;
        let id = store.default_tenant().id();
        store.close().await;
        let store = bed.open().await;
        store.check().await.expect("it answers");
        assert_eq!(store.default_tenant().id(), id);
        assert_eq!(store.default_tenant().ticket(ticket).await.expect("it is there").ticket.call, call);
    }

    async fn another_master_key_does_not_open_the_store(bed: Bed) {
        bed.open().await.close().await;
        let other = Bed { key: [8; 32], ..bed };
        let error = other.try_open().await.err().expect("the key is wrong");
        assert!(matches!(error, StoreError::WrongMasterKey), "{error}");
        assert!(error.to_string().contains("put the key file"), "{error}");
    }

    async fn a_database_from_a_newer_version_is_left_alone(bed: Bed) {
        bed.open().await.close().await;
        bed.sql("INSERT INTO seaql_migrations (version, applied_at) VALUES ('9999_future', 0)").await;
        let error = bed.try_open().await.err().expect("it is newer");
        assert!(matches!(&error, StoreError::NewerDatabase { change } if change == "9999_future"), "{error}");
    }

    async fn a_data_folder_in_use_is_refused(bed: Bed) {
        let _store = bed.open().await;
        let error = bed.try_open().await.err().expect("it is in use");
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        assert!(error.to_string().contains(&format!("(process {})", std::process::id())), "{error}");
    }

    async fn a_store_killed_without_closing_opens_again(bed: Bed) {
        // Dropping everything is what the system does to a killed process.
        let tenant = bed.tenant().await;
        whole_call(&tenant, "+49301111", "hello", "Hello").await;
        drop(tenant);
        let store = loop {
            match bed.try_open().await {
                Ok(store) => break store,
                Err(StoreError::Locked { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        };
        let tickets = store.default_tenant().tickets(&TicketFilter::default(), None, 9).await.expect("it answers");
        assert_eq!(tickets.items.len(), 1);
    }
}

#[test]
fn a_master_key_is_made_once_and_readable_by_its_owner_only() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("deep/master.key");
    MasterKey::load_or_create(&path).expect("it is made");
    let made = fs::read_to_string(&path).expect("it is there");
    assert_eq!(made.trim().len(), 64);
    assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    MasterKey::load_or_create(&path).expect("it is read");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), made);
    assert_eq!(fs::read_dir(folder.path().join("deep")).expect("a folder").count(), 1);
}

#[test]
fn a_master_key_that_others_can_read_is_refused_with_the_command_that_helps() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("master.key");
    MasterKey::load_or_create(&path).expect("it is made");
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        let error = MasterKey::load_or_create(&path).expect_err("others can read it");
        assert!(error.to_string().contains(&format!("chmod 600 {}", path.display())), "{error}");
    }
}

#[test]
fn a_file_that_holds_no_key_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("master.key");
    for text in ["", "abc", "g".repeat(64).as_str(), "a".repeat(63).as_str(), "a".repeat(1_000).as_str(), "密"] {
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
        let error = MasterKey::load_or_create(&path).expect_err("it is no key");
        assert!(matches!(error, StoreError::KeyUnusable { .. }), "{error}");
    }
}

#[test]
fn a_data_folder_that_is_a_file_is_named_in_the_error() {
    run(Some(Bed::sqlite()), |bed| async move {
        let path = bed.folder.path().join("file");
        fs::write(&path, "").expect("written");
        let error = Store::open("sqlite", MasterKey::from_bytes(bed.key), &path).await.err().expect("it is a file");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    });
}

#[test]
fn a_file_that_is_no_database_is_said_to_be_none() {
    run(Some(Bed::sqlite()), |bed| async move {
        fs::write(bed.folder.path().join("hotline.db"), "hello ".repeat(1_000)).expect("written");
        let error = bed.try_open().await.err().expect("it is text");
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    });
}

#[test]
fn an_address_that_makes_no_sense_is_answered_with_those_that_do() {
    run(Some(Bed::sqlite()), |bed| async move {
        for address in ["", "mysql://x", "sqlite:", "hotline.db"] {
            let key = MasterKey::from_bytes(bed.key);
            let error = Store::open(address, key, bed.folder.path()).await.err().expect("it is nonsense");
            assert!(matches!(error, StoreError::BadAddress), "{address}: {error}");
        }
    });
}

#[test]
fn a_server_that_does_not_answer_is_said_to_be_unreachable() {
    run(Some(Bed::sqlite()), |bed| async move {
        let nowhere = format!("postgres://hotline@localhost/hotline?host={}", bed.folder.path().display());
        let bed = Bed { address: nowhere, ..bed };
        let error = bed.try_open().await.err().expect("nobody listens");
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
    });
}

#[test]
fn the_sqlite_file_may_be_elsewhere() {
    run(Some(Bed::sqlite()), |bed| async move {
        let path = bed.folder.path().join("a ?#%25 name.db");
        let bed = Bed { address: format!("sqlite:{}", path.display()), ..bed };
        bed.open().await.close().await;
        assert!(path.exists());
    });
}
