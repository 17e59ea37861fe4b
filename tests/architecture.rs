//! The arrows of the architecture: which crate may use which, and which module may name what. A change that draws a new arrow
//! fails here first, and then either moves or changes `docs/architecture.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Dependencies (not for tests) of a crate's manifest, by name.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(manifest).expect("every member has a manifest");
    let manifest: toml::Table = text.parse().expect("cargo reads it too");
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table.into_iter().flat_map(|table| table.keys().cloned()).collect()
}

/// Every Rust file below a folder, with its text, without comments and without its tests.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("sources are text");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            files.push((path, lines.collect::<Vec<_>>().join("\n")));
        }
    }
    files
}

/// The folder or file right below `src/` that a path belongs to: `store` of `src/store/key.rs`.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).expect("a source of the service");
    let first = below.components().next().expect("a file name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Whether `code` names a crate or module as a path: `axum::…`, `use axum`.
fn names(code: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + name.len()..];
        !before.is_some_and(|c| is_word(c) || c == ':' || c == '.') && after.starts_with("::")
    })
}

#[test]
fn crates_use_only_what_stands_below_them() {
    let allowed = BTreeMap::from([
        ("audio", vec![]),
        ("sip", vec!["hotline-audio"]),
        ("models", vec!["hotline-audio"]),
        ("intent", vec![]),
        ("flow", vec!["hotline-intent"]),
    ]);
    for (name, allowed) in allowed {
        for dependency in dependencies(&root().join(name).join("Cargo.toml")) {
            let own = dependency.starts_with("hotline-");
            assert!(!own || allowed.contains(&dependency.as_str()), "{name} must not use {dependency}");
        }
    }
}

#[test]
fn pure_crates_know_no_async_no_clock_and_no_socket() {
    for name in ["flow", "intent"] {
        for dependency in dependencies(&root().join(name).join("Cargo.toml")) {
            assert!(
                !["tokio", "futures", "async-std", "reqwest"].contains(&dependency.as_str()),
                "{name}: {dependency}"
            );
        }
        for (path, code) in sources(&root().join(name).join("src")) {
            for forbidden in ["std::net", "Instant::now", "SystemTime", "async fn", ".await", "std::fs"] {
                assert!(!code.contains(forbidden), "{} names {forbidden}", path.display());
            }
        }
    }
}

#[test]
fn audio_knows_no_socket_and_no_async() {
    for (path, code) in sources(&root().join("audio/src")) {
        for forbidden in ["std::net", "async fn", "tokio::"] {
            assert!(!code.contains(forbidden), "{} names {forbidden}", path.display());
        }
    }
}

#[test]
fn each_library_is_named_by_one_module_only() {
    let owners: [(&str, &[&str]); 8] = [
        ("sea_orm", &["store"]),
        ("sea_orm_migration", &["store"]),
        ("axum", &["api"]),
        ("utoipa_axum", &["api"]),
        ("reqwest", &["lookup"]),
        // The test phone is a user agent of its own; the service's only one is the channel's.
        ("sip::ua", &["channel", "phone", "cli"]),
        // The load generator registers phones.
        ("sip::digest", &["channel", "cli"]),
        ("metrics", &["metric"]),
    ];
    for (path, code) in sources(&root().join("src")) {
        for (library, modules) in owners {
            let owner = module(&path);
            assert!(!names(&code, library) || modules.contains(&owner.as_str()), "{} names {library}", path.display());
        }
    }
}

#[test]
fn sockets_are_opened_by_channels_and_at_the_top_only() {
    for (path, code) in sources(&root().join("src")) {
        let allowed = ["channel", "api", "service", "cli"].contains(&module(&path).as_str());
        assert!(allowed || !code.contains("tokio::net"), "{} names tokio::net", path.display());
    }
}

#[test]
fn modules_use_only_what_stands_below_them() {
    let floors: BTreeMap<&str, u8> = BTreeMap::from([
        ("event", 1),
        ("config", 1),
        ("listen", 1),
        ("speak", 1),
        ("lookup", 1),
        ("metric", 2),
        ("store", 2),
        ("queue", 2),
        ("ticket", 2),
        ("agent", 3),
        ("understand", 3),
        ("knowledge", 3),
        ("call", 4),
        ("flows", 4),
        ("channel", 5),
        ("chat", 5),
        ("phone", 5),
        // The assembly and the console know each other: one starts the other and is shown by it.
        ("service", 6),
        ("api", 6),
        ("cli", 7),
        ("lib", 8),
        ("main", 8),
    ]);
    for (path, code) in sources(&root().join("src")) {
        let from = module(&path);
        let floor = *floors.get(from.as_str()).unwrap_or_else(|| panic!("{from} has no floor: give it one here"));
        for (to, below) in &floors {
            let uses = code.contains(&format!("crate::{to}::")) || code.contains(&format!("crate::{to};"));
            let same = from == *to || (floor == 6 && *below == 6);
            assert!(!uses || same || *below < floor, "{} (floor {floor}) uses {to} (floor {below})", path.display());
        }
    }
}

#[test]
fn a_call_knows_no_database_and_no_protocol() {
    for (path, code) in sources(&root().join("src/call")) {
        for forbidden in ["crate::store", "crate::channel", "crate::api", "sip::ua"] {
            assert!(!code.contains(forbidden), "{} names {forbidden}", path.display());
        }
    }
}

#[test]
fn there_is_one_tls_provider() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("the lock file is committed");
    for other in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{other}\"")), "{other} is linked beside ring");
    }
}

/// All Rust files below a folder, as one text.
fn text_below(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            text_below(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).expect("sources are text"));
        }
    }
}

#[test]
fn every_test_that_is_named_as_a_proof_exists() {
    let mut tests = String::new();
    for folder in ["tests", "src", "sip/tests", "sip/src", "audio"] {
        text_below(&root().join(folder), &mut tests);
    }
    let page = fs::read_to_string(root().join("docs/telephone.md")).expect("the page is committed");
    // Of what is quoted, a name of several words: not a command and not a file.
    let quoted = page.split('`').skip(1).step_by(2);
    let named: Vec<&str> = quoted.filter(|name| name.contains('_') && !name.contains([' ', '/', '.'])).collect();
    assert!(named.len() > 60, "the page is read wrongly: {} names", named.len());
    let missing: Vec<&&str> = named.iter().filter(|name| !tests.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "docs/telephone.md names tests that are gone: {missing:?}");
}
