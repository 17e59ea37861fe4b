//! The sentence encoder itself, where its model is here.

use models::{EncoderError, EncoderPaths, SentenceEncoder, Store, manifest};

fn encoder() -> Option<SentenceEncoder> {
    let roles = Store::open(None).and_then(|store| store.paths(manifest::SENTENCE_ENCODER));
    match roles {
        Ok(roles) => {
            let paths = EncoderPaths::from_roles(&roles).expect("an entry names all that the encoder needs");
            Some(SentenceEncoder::load(&paths).expect("what the store calls whole loads"))
        }
        Err(reason) => {
            println!("skipped: {reason}");
            None
        }
    }
}

fn likeness(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[test]
fn sentences_lie_where_the_published_model_puts_them() {
    let Some(encoder) = encoder() else { return };
    // From the published weights by an independent implementation in double precision.
    for (text, first) in [
        ("where is my order", [-0.0062, -0.026, 0.0684, 0.0187, 0.0046, 0.0265]),
        ("What's the status of my delivery?", [-0.0024, -0.0474, 0.0581, 0.0149, -0.0167, -0.0336]),
        ("Café naïve résumé", [-0.0383, -0.0132, 0.0087, 0.0374, 0.0412, 0.0707]),
    ] {
        let vector = encoder.encode(text).expect("it runs");
        assert_eq!(vector.len(), SentenceEncoder::WIDTH);
        assert!((likeness(&vector, &vector) - 1.0).abs() < 1e-4);
        for (value, known) in vector.iter().zip(first) {
            assert!((value - known).abs() < 0.025, "{text}: {value} and {known}");
        }
    }
    let [a, b, c] = ["where is my order", "What's the status of my delivery?", "I'd like a refund, please!"]
        .map(|text| encoder.encode(text).expect("it runs"));
    for (pair, known) in [(likeness(&a, &b), 0.436), (likeness(&a, &c), 0.304), (likeness(&b, &c), 0.268)] {
        assert!((pair - known).abs() < 0.04, "{pair} and {known}");
    }
}

#[test]
fn many_at_once_are_the_same_as_one_by_one() {
    let Some(encoder) = encoder() else { return };
    let texts = ["where is my order", "I want a refund", "", "where is my order", "🙂", &"long ".repeat(3_000)];
    for _ in 0..2 {
        let all = encoder.encode_all(&texts).expect("it runs");
        for (text, vector) in texts.iter().zip(&all) {
            assert_eq!(*vector, encoder.encode(text).expect("it runs"));
        }
    }
}

#[test]
fn tuning_draws_a_class_together_and_can_be_kept() {
    let Some(encoder) = encoder() else { return };
    let items = [
        ("where is my order", 0),
        ("has the bike been shipped", 0),
        ("track the parcel", 0),
        ("I want my money back", 1),
        ("the frame is broken, I return it", 1),
        ("refund me", 1),
    ];
    assert!(matches!(encoder.tune(&items, 1, &|_| false), Err(EncoderError::Cancelled)));
    let tuned = encoder.tune(&items, 1, &|_| true).expect("it trains");
    assert_ne!(tuned.id(), encoder.id());
    let contrast = |encoder: &SentenceEncoder| {
        let vectors = items.map(|(text, class)| (encoder.encode(text).expect("it runs"), class));
        let mean = |same: bool| {
            let pairs: Vec<f32> = (0..items.len())
                .flat_map(|i| (0..i).map(move |j| (i, j)))
                .filter(|(i, j)| (vectors[*i].1 == vectors[*j].1) == same)
                .map(|(i, j)| likeness(&vectors[i].0, &vectors[j].0))
                .collect();
            pairs.iter().sum::<f32>() / pairs.len() as f32
        };
        mean(true) - mean(false)
    };
    assert!(contrast(&tuned) > 2.0 * contrast(&encoder), "{} after {}", contrast(&tuned), contrast(&encoder));
    let bytes = tuned.to_bytes().expect("it was tuned");
    assert!(encoder.to_bytes().is_none());
    let again = encoder.restored(&bytes).expect("its own bytes");
    assert_eq!(again.id(), tuned.id());
    assert_eq!(again.encode("refund").expect("it runs"), tuned.encode("refund").expect("it runs"));
    for damaged in [&bytes[1..], &bytes[..bytes.len() - 2], &[]] {
        assert!(matches!(encoder.restored(damaged), Err(EncoderError::Tuned(_))));
    }
}

#[test]
fn a_damaged_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let Ok(roles) = Store::open(None).and_then(|store| store.paths(manifest::ONNX_RUNTIME)) else {
        println!("skipped: no ONNX Runtime; hotline models pull");
        return;
    };
    let paths = EncoderPaths {
        weights: folder.path().join("model.safetensors"),
        vocabulary: folder.path().join("vocab.txt"),
        library: roles["library"].clone(),
    };
    let message = |paths: &EncoderPaths| SentenceEncoder::load(paths).map(|_| ()).unwrap_err().to_string();
    assert!(message(&paths).contains("vocab.txt"));
    std::fs::write(&paths.vocabulary, "a\nb\n").expect("a file");
    assert!(message(&paths).contains("pieces"), "{}", message(&paths));
    let vocabulary: String = ["[CLS]", "[SEP]", "[UNK]"]
        .into_iter()
        .map(str::to_owned)
        .chain((3..30_522).map(|n| format!("p{n}")))
        .collect::<Vec<_>>()
        .join("\n");
    std::fs::write(&paths.vocabulary, vocabulary).expect("a file");
    for bytes in [&b"hello"[..], &[0xff; 64], &[2, 0, 0, 0, 0, 0, 0, 0, b'{', b'}']] {
        std::fs::write(&paths.weights, bytes).expect("a file");
        assert!(message(&paths).contains("model.safetensors"), "{}", message(&paths));
    }
}
