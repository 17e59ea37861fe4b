//! A disk that is full: said clearly, nothing half written, and everything goes on when there is space again.

use std::fs;

use hotline::{event::Outcome, store::StoreError};

use crate::bed::{Bed, Journal, run};

/// Puts a small disk in place of a folder, seen by this thread and those it starts only. False where that is not
/// permitted.
fn mount_small_disk(folder: &std::path::Path) -> bool {
    use std::{ffi::CString, os::unix::ffi::OsStrExt, ptr::null};
    let folder = CString::new(folder.as_os_str().as_bytes()).expect("a temporary path has no zero byte");
    // SAFETY: plain system calls; every text ends in zero and lives until the calls return.
    unsafe {
        libc::unshare(libc::CLONE_NEWNS) == 0
            && libc::mount(null(), c"/".as_ptr(), null(), libc::MS_REC | libc::MS_PRIVATE, null()) == 0
            && libc::mount(c"none".as_ptr(), folder.as_ptr(), c"tmpfs".as_ptr(), 0, c"size=4m,mode=700".as_ptr().cast())
                == 0
    }
}

#[test]
fn a_full_disk_is_said_and_what_was_refused_is_stored_when_there_is_space() {
    let bed = Bed::sqlite();
    if !mount_small_disk(bed.folder.path()) {
        println!("skipped: mounting a small disk needs root");
        return;
    }
    run(Some(bed), |bed| async move {
        let tenant = bed.tenant().await;
        let mut journal = Journal::from("+49301111");
        journal.store(&tenant).await;
        let mut recording = tenant.record(journal.call).await.expect("it begins");
        let second = [1_000; 8_000];
        recording.push(&second, &second).expect("there is space yet");

        let filler = bed.folder.path().join("filler");
        let full = fs::write(&filler, vec![0; 8 << 20]).expect_err("the disk is smaller");
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        let error = recording.push(&second, &second).expect_err("there is no space");
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
        // The database still has room in its files for some entries, not for many.
        let error = loop {
            journal.heard(&"long words ".repeat(400));
            if let Err(error) = tenant.append(journal.call, journal.entries.clone()).await {
                break error;
            }
        };
        assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
        assert!(error.is_temporary());

        fs::remove_file(&filler).expect("the space comes back");
        journal.ended(Outcome::Resolved).store(&tenant).await;
        assert_eq!(tenant.journal(journal.call).await.expect("it is there"), journal.entries);
        recording.push(&second, &second).expect("there is space again");
        assert_eq!(recording.lost_seconds(), 1);
        recording.finish().expect("written");
        let recording = tenant.recording(journal.call).await.expect("it answers").expect("there is one");
        let samples = recording.read(0..24_000).expect("readable");
        assert_eq!([samples[0], samples[16_000], samples[32_000]], [1_000, 0, 1_000]);
    });
}
