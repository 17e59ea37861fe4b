//! The checks of `sip/fuzz` under the stable compiler: every seed as it is, and damaged in a thousand ways that are the same
//! on each run. What libFuzzer finds becomes another seed.

#[allow(unused_imports)] // The targets use what the tests find by name.
#[path = "../fuzz/src/lib.rs"]
mod checks;

use std::path::Path;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

/// Damaged inputs of each kind.
const ROUNDS: usize = 10_000;

/// What readers stumble over.
const TRAPS: [&[u8]; 24] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n ",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"<",
    b">",
    b"\"",
    b"\\",
    b"=",
    b"@",
    b"%",
    b"%00",
    b"\0",
    b"\xff\xfe",
    b"4294967296",
    b"-1",
    b"SIP/2.0",
    b"[::1]",
];

fn seeds(kind: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(kind);
    let mut files: Vec<_> =
        folder.read_dir().expect("a folder of seeds").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no seeds for {kind}");
    files.iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

fn damage(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut StdRng) {
    let at = random.random_range(0..=input.len());
    let end = (at + random.random_range(0..=16)).min(input.len());
    match random.random_range(0..8) {
        0 if at < input.len() => input[at] ^= 1 << random.random_range(0..8),
        1 if at < input.len() => input[at] = random.random(),
        2 => drop(input.drain(at..end)),
        3 => input.truncate(at),
        4 => {
            let piece = input[at..end].to_vec();
            let times = random.random_range(1..40);
            input.splice(at..at, piece.repeat(times));
        }
        5 | 6 => {
            let trap = TRAPS.choose(random).copied().unwrap_or_default();
            input.splice(at..if random.random() { at } else { end }, trap.iter().copied());
        }
        _ => {
            let other = seeds.choose(random).map_or(&[][..], |seed| &seed[..]);
            let from = random.random_range(0..=other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}

fn survives(kind: &str) {
    let (_, check) = checks::CHECKS.iter().find(|(name, _)| *name == kind).expect("a check of that name");
    let seeds = seeds(kind);
    seeds.iter().for_each(|seed| check(seed));
    for round in 0..ROUNDS {
        let mut random = StdRng::seed_from_u64(round as u64);
        let mut input = seeds[round % seeds.len()].clone();
        for _ in 0..random.random_range(1..=6) {
            damage(&mut input, &seeds, &mut random);
        }
        if std::panic::catch_unwind(|| check(&input)).is_err() {
            panic!("round {round} of {kind} fails with {:?}", String::from_utf8_lossy(&input));
        }
    }
}

#[test]
fn damaged_sip_messages_are_survived() {
    survives("sip_message");
}

#[test]
fn damaged_sip_streams_are_survived() {
    survives("sip_stream");
}

#[test]
fn damaged_dialogues_are_survived_and_leave_nothing_behind() {
    survives("endpoint");
}

#[test]
fn damaged_session_descriptions_are_survived() {
    survives("sdp");
}

#[test]
fn damaged_media_packets_are_survived() {
    survives("rtp");
}

#[test]
fn damaged_reports_are_survived() {
    survives("rtcp");
}

#[test]
fn damaged_stun_messages_are_survived() {
    survives("stun");
}

#[test]
fn every_check_has_its_seeds_and_its_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for (kind, _) in checks::CHECKS {
        assert!(fuzz.join("fuzz_targets").join(kind).with_extension("rs").exists(), "{kind} has no target");
        assert!(!seeds(kind).is_empty());
    }
}
