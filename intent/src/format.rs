//! Training data of other programs: Rasa, Dialogflow ES, Amazon Lex, tables and JSON Lines come in; Rasa, tables and JSON Lines
//! go out. Bytes in, an [`Import`] out, whose report names everything that did not map. Nothing is dropped without a finding.
//!
//! What the formats map to stands in `docs/training-data.md`. Files and uploads are left to the caller, and so is what
//! becomes of lists, slots and answers.
//!
//! ```
//! let import = intent::format::read("faq.csv", b"text,intent\nwhere is my order,order\n")?;
//! assert_eq!(import.content.training.intents[0].name, "order");
//! # Ok::<(), intent::format::FormatError>(())
//! ```

mod archive;
mod builder;
mod dialogflow;
mod encoding;
mod import;
mod json;
mod jsonl;
mod lex;
mod markup;
mod rasa;
mod rasa_write;
mod report;
mod table;
mod yaml;

use std::collections::HashSet;

use archive::File;
use builder::Builder;
use rasa::Rasa;

pub use archive::{MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES};
pub use builder::{MAX_CHARS, MAX_EXAMPLES, MAX_INTENTS};
pub use import::{
    Annotated, Answer, Content, Entity, Entry, Export, Finding, Format, FormatError, Import, Kind, List, Pattern,
    Place, Said, Severity, Slot, ValueKind,
};

/// Reads one file, or an archive of files. The format is told by the content, helped by the name.
pub fn read(name: &str, bytes: &[u8]) -> Result<Import, FormatError> {
    read_files(&[(name, bytes)])
}

/// Reads several files that belong together, such as a folder of Rasa's; archives among them are unpacked.
///
/// A file that cannot be read is an error in the report as long as another one can; otherwise it is the error returned.
pub fn read_files(files: &[(&str, &[u8])]) -> Result<Import, FormatError> {
    let mut unpacked = Vec::new();
    for (name, bytes) in files {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(FormatError::TooLarge { file: (*name).to_owned(), limit: MAX_FILE_BYTES >> 20 });
        }
        if archive::is_zip(bytes) {
            unpacked.extend(archive::unpack(name, bytes)?);
        } else {
            unpacked.push(File { name: (*name).to_owned(), bytes: bytes.to_vec() });
        }
    }
    let total: usize = unpacked.iter().map(|file| file.bytes.len()).sum();
    let first = files.first().map_or("nothing", |(name, _)| name);
    if total > MAX_TOTAL_BYTES {
        return Err(FormatError::TooLarge { file: first.to_owned(), limit: MAX_TOTAL_BYTES >> 20 });
    }
    if unpacked.len() > MAX_FILES {
        let reason = format!("there are more than {MAX_FILES} files");
        return Err(FormatError::Archive { file: first.to_owned(), reason });
    }
    if unpacked.is_empty() {
        return Err(FormatError::Unknown { file: first.to_owned(), reason: "there is no file in it".to_owned() });
    }
    let mut builder = Builder::new();
    if dialogflow::is_agent(&unpacked) {
        let texts = decode_all(&mut builder, unpacked);
        dialogflow::read(&mut builder, &texts);
    } else if lex::is_v2(&unpacked) {
        let texts = decode_all(&mut builder, unpacked);
        lex::read_v2(&mut builder, &texts);
    } else {
        read_each(&mut builder, unpacked)?;
    }
    Ok(builder.finish())
}

/// Writes training data as a file. `Rasa`, `Csv` and `JsonLines` can be written.
pub fn write(format: Format, content: &Content) -> Result<Export, FormatError> {
    match format {
        Format::Rasa => Ok(rasa_write::write(content)),
        Format::Csv => Ok(table::write(content)),
        Format::JsonLines => Ok(jsonl::write(content)),
        other => Err(FormatError::ReadOnly(other)),
    }
}

/// Files that are read one by one: Rasa's, tables, JSON.
fn read_each(builder: &mut Builder, files: Vec<File>) -> Result<(), FormatError> {
    if files.iter().any(|file| {
        file.name.contains("trainingPhrases/") || file.name.contains("flows/") && file.name.ends_with(".json")
    }) {
        return Err(FormatError::Unknown {
            file: files.first().map(|file| file.name.clone()).unwrap_or_default(),
            reason: "this is an agent of Dialogflow CX; only Dialogflow ES is read".to_owned(),
        });
    }
    let mut rasa = Rasa::default();
    let mut failed = None;
    for (name, text) in decode_all(builder, files) {
        if let Err(error) = read_one(builder, &mut rasa, &name, &text) {
            let (kind, place) = match &error {
                FormatError::Syntax { place, .. } => (Kind::Unreadable, place.clone()),
                _ => (Kind::UnknownFile, Place::file(name)),
            };
            let message = match &error {
                FormatError::Syntax { reason, .. } | FormatError::Unknown { reason, .. } => reason.clone(),
                other => other.to_string(),
            };
            builder.error(kind, "the file", &place, format!("{message}; it was left out"), "");
            failed.get_or_insert(error);
        }
    }
    rasa.finish(builder);
    match failed {
        Some(error) if !builder.has_format() => Err(error),
        _ => Ok(()),
    }
}

fn read_one(builder: &mut Builder, rasa: &mut Rasa, name: &str, text: &str) -> Result<(), FormatError> {
    let ending = name.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase());
    let unknown = |reason: &str| Err(FormatError::Unknown { file: name.to_owned(), reason: reason.to_owned() });
    let start = text.trim_start();
    if start.is_empty() {
        return unknown("it is empty; choose a file with training data");
    }
    if matches!(ending.as_str(), "yml" | "yaml") {
        return rasa.read_yaml(builder, name, text);
    }
    if matches!(ending.as_str(), "csv" | "tsv") {
        return table::read(builder, name, text);
    }
    if text.contains('\0') {
        return unknown("it is not a text; choose Rasa YAML, a zip of Dialogflow or Lex, CSV or JSON Lines");
    }
    if start.starts_with(['{', '[']) {
        return read_json(builder, name, text);
    }
    if rasa::looks_like_markdown(text) {
        rasa.read_markdown(builder, name, text);
        return Ok(());
    }
    if table::looks_like_table(text) {
        return table::read(builder, name, text);
    }
    if rasa::looks_like_yaml(text) {
        return rasa.read_yaml(builder, name, text);
    }
    unknown(
        "no format is recognised in it; choose Rasa YAML, a zip of Dialogflow or Lex, CSV with a header or JSON Lines",
    )
}

fn read_json(builder: &mut Builder, name: &str, text: &str) -> Result<(), FormatError> {
    let whole = json::parse(name, text);
    match &whole {
        Ok(value) if lex::is_v1(value) => lex::read_v1(builder, name, value),
        Ok(value) if jsonl::is_array(value) => jsonl::read_array(builder, name, value),
        Ok(value) if value.get("rasa_nlu_data").is_some() => {
            let reason = "this is Rasa's JSON of before 2020; turn it into YAML with `rasa data convert nlu -f yaml`";
            return Err(FormatError::Unknown { file: name.to_owned(), reason: reason.to_owned() });
        }
        _ if jsonl::looks_like_lines(text) => jsonl::read(builder, name, text),
        Ok(_) => {
            let reason = "it is JSON, but neither an export of Amazon Lex nor objects with text and intent".to_owned();
            return Err(FormatError::Unknown { file: name.to_owned(), reason });
        }
        Err(_) => return whole.map(drop),
    }
    Ok(())
}

/// Files as text, with what was odd about their bytes in the report. Names that come twice are told apart there.
fn decode_all(builder: &mut Builder, files: Vec<File>) -> Vec<(String, String)> {
    let mut names = HashSet::new();
    let mut texts = Vec::new();
    for File { name, bytes } in files {
        let place = Place::file(name.as_str());
        if !names.insert(name.clone()) {
            let message = "another file has the same name; both were read".to_owned();
            builder.warning(Kind::RepeatedName, "the file", &place, message, "");
        }
        let decoded = encoding::decode(&bytes);
        if let Some(encoding) = decoded.encoding {
            let message = format!("its encoding is {encoding}");
            let advice = "save it as UTF-8";
            if decoded.guessed {
                let message = format!("it is not UTF-8; it seems to be {encoding} and was read as that");
                builder.warning(
                    Kind::Encoding,
                    "the file",
                    &place,
                    message,
                    "look at its texts; if they are garbled, save it as UTF-8",
                );
            } else {
                builder.note(Kind::Encoding, "the file", &place, message, advice);
            }
        }
        if let Some((line, count)) = decoded.damage {
            let message = format!("{count} places hold bytes that mean nothing; they read \u{fffd} now");
            let place = Place::line(name.as_str(), line);
            builder.error(Kind::Encoding, "the file", &place, message, "mend them, or save the original as UTF-8");
        }
        texts.push((name, decoded.text));
    }
    texts
}
