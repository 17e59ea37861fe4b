//! Piper's voices on the real ONNX Runtime, with a network that is made here: it has a voice's inputs and output, and gives each phoneme
//! a short tone.

use std::fs;
use std::path::{Path, PathBuf};

use models::{LoadError, Piper, Store, Voice, VoiceError, manifest};

/// Samples that the network gives each number.
const EACH: usize = 400;

/// ONNX Runtime, if it has been pulled.
fn library() -> Option<PathBuf> {
    let found = Store::open(None).ok().and_then(|store| store.paths(manifest::ONNX_RUNTIME).ok());
    let library = found.and_then(|mut paths| paths.remove("library"));
    if library.is_none() {
        println!("skipped: ONNX Runtime is not here; run `hotline models pull`");
    }
    library
}

/// The wire format of protocol buffers, as far as ONNX needs it.
#[derive(Default, Clone)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn number(mut self, field: u64, value: i64) -> Self {
        self.varint(field << 3);
        self.varint(value as u64);
        self
    }

    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: Message) -> Self {
        self.bytes(field, &message.0)
    }
}

const FLOAT: i64 = 1;
const INT64: i64 = 7;

/// An input or output; a dimension of 0 has any length.
fn value(name: &str, kind: i64, dimensions: &[i64]) -> Message {
    let shape = dimensions.iter().fold(Message::default(), |shape, length| {
        let dimension = Message::default();
        shape.message(
            1,
            if *length == 0 { dimension.text(2, &format!("{name}_n")) } else { dimension.number(1, *length) },
        )
    });
    let tensor = Message::default().number(1, kind).message(2, shape);
    Message::default().text(1, name).message(2, Message::default().message(1, tensor))
}

fn node(kind: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) -> Message {
    let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input)).text(2, output).text(4, kind);
    attributes.iter().fold(node, |node, (name, value)| {
        node.message(5, Message::default().text(1, name).number(3, *value).number(20, 2))
    })
}

fn constant(name: &str, kind: i64, dimensions: &[i64], raw: Vec<u8>) -> Message {
    let tensor = dimensions.iter().fold(Message::default(), |tensor, length| tensor.number(1, *length));
    tensor.number(2, kind).text(8, name).bytes(9, &raw)
}

/// A network with the signature of a Piper voice: every number becomes [`EACH`] samples of a tone, as loud as the number is large.
fn network(speakers: bool) -> Vec<u8> {
    let wave: Vec<u8> = (0..EACH).flat_map(|n| (0.004 * (n as f32 * 0.2).sin()).to_le_bytes()).collect();
    let shape: Vec<u8> = [1i64, 1, 1, -1].iter().flat_map(|n| n.to_le_bytes()).collect();
    let mut graph = Message::default()
        .message(1, node("Cast", &["input"], "numbers", &[("to", FLOAT)]))
        .message(1, node("Unsqueeze", &["numbers", "axis"], "columns", &[]))
        .message(1, node("Mul", &["columns", "wave"], "tones", &[]))
        .message(1, node("Reshape", &["tones", "shape"], "output", &[]))
        .text(2, "voice")
        .message(5, constant("axis", INT64, &[1], 2i64.to_le_bytes().to_vec()))
        .message(5, constant("wave", FLOAT, &[1, 1, EACH as i64], wave))
        .message(5, constant("shape", INT64, &[4], shape))
        .message(11, value("input", INT64, &[1, 0]))
        .message(11, value("input_lengths", INT64, &[1]))
        .message(11, value("scales", FLOAT, &[3]));
    if speakers {
        graph = graph.message(11, value("sid", INT64, &[1]));
    }
    let graph = graph.message(12, value("output", FLOAT, &[1, 1, 1, 0]));
    let opset = Message::default().text(1, "").number(2, 13);
    Message::default().number(1, 8).message(8, opset).message(7, graph).0
}

fn config(speakers: i64) -> serde_json::Value {
    let letters = "_^$ ,.?!abcdefghijklmnopqrstuvwxyzˈˌːəʊɜɪɛæɑɔʌɹŋθðʃʒɡ";
    let map: serde_json::Map<String, serde_json::Value> =
        letters.chars().enumerate().map(|(id, c)| (c.to_string(), serde_json::json!([id + 1]))).collect();
    serde_json::json!({
        "audio": {"sample_rate": 22_050},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_id_map": map,
        "num_speakers": speakers,
    })
}

/// A voice's two files.
fn voice(folder: &Path, network: &[u8], config: &serde_json::Value) -> PathBuf {
    let model = folder.join("test.onnx");
    fs::write(&model, network).expect("a file");
    fs::write(folder.join("test.onnx.json"), config.to_string()).expect("a file");
    model
}

#[test]
fn a_voice_speaks_through_the_runtime() {
    let Some(library) = library() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let model = voice(folder.path(), &network(false), &config(1));
    let piper = Piper::load(&model, None, &library).expect("the network loads");
    assert_eq!((piper.name(), piper.language().primary()), ("piper-test", "en"));
    let spoken = match piper.speak("Hello there, my friend.") {
        Err(VoiceError::NotInstalled { .. }) => return println!("skipped: espeak-ng is not installed"),
        spoken => spoken.expect("it speaks").duration(),
    };
    let longer =
        piper.speak("Hello there, my friend. How are you doing on this fine day?").expect("it speaks").duration();
    assert!(spoken.as_millis() > 300 && longer > spoken * 2, "{spoken:?} {longer:?}");
    assert!(matches!(piper.speak(" … "), Err(VoiceError::Empty { .. })));
}

#[test]
fn a_voice_of_several_speakers_is_told_which() {
    let Some(library) = library() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let model = voice(folder.path(), &network(true), &config(3));
    let piper = Piper::load(&model, Some(2), &library).expect("the network loads");
    assert_eq!(piper.name(), "piper-test-2");
    match piper.speak("Hello.") {
        Err(VoiceError::NotInstalled { .. }) => println!("skipped: espeak-ng is not installed"),
        spoken => assert!(!spoken.expect("it speaks").samples().is_empty()),
    }
    assert!(matches!(Piper::load(&model, Some(3), &library), Err(LoadError::Invalid { .. })));
}

#[test]
fn damaged_files_are_errors_that_say_what_is_wrong() {
    let Some(library) = library() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |network: &[u8], config: &serde_json::Value| {
        let model = voice(folder.path(), network, config);
        match Piper::load(&model, None, &library) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("it loaded"),
        }
    };
    let whole = network(false);
    for cut in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
        refused(&whole[..cut], &config(1));
    }
    assert!(refused(b"not a network at all", &config(1)).contains("test.onnx"));
    assert!(refused(&whole, &config(4)).contains("speakers"));
    let with = |path: &str, value: serde_json::Value| {
        let mut config = config(1);
        *config.pointer_mut(path).expect("it is there") = value;
        config
    };
    assert!(refused(&whole, &with("/audio/sample_rate", 1.into())).contains("sample rate"));
    assert!(refused(&whole, &with("/espeak/voice", "--help".into())).contains("espeak-ng"));
    assert!(refused(&whole, &with("/phoneme_id_map", serde_json::json!({}))).contains("phoneme_id_map"));
    assert!(refused(&whole, &with("/phoneme_type", "text".into())).contains("phoneme_type"));
    assert!(refused(&whole, &serde_json::json!([1, 2])).contains("JSON"));
    fs::remove_file(folder.path().join("test.onnx.json")).expect("it is there");
    let missing = Piper::load(&folder.path().join("test.onnx"), None, &library);
    assert!(matches!(missing, Err(LoadError::Unreadable { .. })));
}
