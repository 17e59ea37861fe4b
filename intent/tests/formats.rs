//! Training data of other programs: every real export imports, and whatever does not map is named. The exports lie in
//! `../shared/nlu-formats` beside the project, or in `HOTLINE_SHARED`.

use std::path::{Path, PathBuf};
use std::{collections::BTreeSet, fs};

use intent::format::{Finding, FormatError, Import, Kind, Severity, read, read_files};

/// The folder of exports, or `None` with a line that says so.
fn exports() -> Option<PathBuf> {
    let root = std::env::var_os("HOTLINE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join("nlu-formats");
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("it can be read").path()) {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else if entry.file_name().is_some_and(|name| name != "README.md") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

fn import(path: &Path) -> Result<Import, FormatError> {
    let name = path.file_name().expect("a file").to_string_lossy();
    read(&name, &fs::read(path).expect("it can be read"))
}

fn examples(import: &Import) -> usize {
    import.content.training.intents.iter().map(|def| def.examples.len()).sum()
}

/// Findings say what, where and why.
fn assert_precise(finding: &Finding) {
    assert!(!finding.item.is_empty() && finding.message.len() > 8, "{finding}");
    assert!(!finding.place.file.is_empty(), "{finding}");
    let whole_file =
        matches!(finding.kind, Kind::Encoding | Kind::UnknownFile | Kind::Language) || finding.item == "the report";
    assert!(whole_file || finding.place.line.is_some() || finding.place.path.is_some(), "{finding}");
    assert!(finding.severity != Severity::Error || !finding.advice.is_empty(), "{finding}");
}

#[test]
fn every_export_imports() {
    let Some(folder) = exports() else { return };
    let paths = files(&folder);
    assert!(paths.len() > 40, "{}", paths.len());
    for path in paths {
        let import = import(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        import.report.iter().for_each(assert_precise);
        let content = &import.content;
        let taken = examples(&import)
            + content.training.out_of_scope.len()
            + content.answers.len()
            + content.training.intents.len();
        assert!(taken > 0 || !import.report.is_empty(), "{}: nothing came of it", path.display());
        for annotated in &content.annotated {
            for entity in &annotated.entities {
                assert!(
                    annotated.text.get(entity.span.clone()).is_some_and(|words| !words.is_empty()),
                    "{annotated:?}"
                );
            }
        }
        println!(
            "{}: {} intents, {} examples, {} out of scope, {} marked, {} lists, {} patterns, {} slots, {} answers; {} errors, {} warnings, {} notes",
            path.strip_prefix(&folder).unwrap_or(&path).display(),
            content.training.intents.len(),
            examples(&import),
            content.training.out_of_scope.len(),
            content.annotated.len(),
            content.lists.len(),
            content.patterns.len(),
            content.slots.len(),
            content.answers.len(),
            import.of(Severity::Error).count(),
            import.of(Severity::Warning).count(),
            import.of(Severity::Note).count(),
        );
        if std::env::var_os("SHOW").is_some() {
            import.report.iter().for_each(|finding| println!("    {finding}"));
        }
    }
}
