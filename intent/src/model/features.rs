//! Text as numbers: which pieces a normalised text has, and how much each weighs. There are two blocks, each of length 1, so
//! that neither drowns the other: words (a Han character counts as a word) alone and in pairs, and sounds (pieces of 2 to 5
//! letters inside a word; Pinyin syllables, alone and in pairs, for Han). What to conclude from them is left to the others.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use pinyin::ToPinyin;

use crate::language::is_han;

/// Number of blocks.
pub(super) const BLOCKS: usize = 2;

/// One piece of a text.
pub(super) struct Piece<'a> {
    pub block: usize,
    pub hash: u64,
    pub text: &'a str,
}

/// Calls `emit` for every piece of a normalised text, repeated pieces repeatedly.
pub(super) fn pieces(normalised: &str, mut emit: impl FnMut(Piece<'_>)) {
    // Padded, every word has a space on both sides: its pieces know whether they begin or end it.
    let padded = format!(" {normalised} ");
    let units = units(&padded);
    for (at, unit) in units.iter().enumerate() {
        let one = &padded[unit.start..unit.end];
        emit(Piece { block: 0, hash: hash(0, one), text: one });
        if let Some(next) = units.get(at + 1) {
            let two = &padded[unit.start..next.end];
            emit(Piece { block: 0, hash: hash(0, two), text: two });
        }
    }
    let mut sound = String::new();
    for (at, unit) in units.iter().enumerate() {
        match unit.sound {
            None => letters(&padded[unit.start - 1..unit.end + 1], &mut emit),
            Some(syllable) => {
                emit(Piece { block: 1, hash: hash(2, syllable), text: syllable });
                if let Some(next) = units.get(at + 1).and_then(|u| u.sound) {
                    sound.clear();
                    sound.push_str(syllable);
                    sound.push(' ');
                    sound.push_str(next);
                    emit(Piece { block: 1, hash: hash(2, &sound), text: &sound });
                }
            }
        }
    }
}

/// The pieces of 2 to 5 characters inside a word that has a space on both sides.
fn letters(word: &str, emit: &mut impl FnMut(Piece<'_>)) {
    let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    let length = ends.len() - 1;
    for n in 2..=5.min(length) {
        for start in 0..=length - n {
            let text = &word[ends[start]..ends[start + n]];
            emit(Piece { block: 1, hash: hash(1, text), text });
        }
    }
}

struct Unit {
    start: usize,
    end: usize,
    /// The Pinyin of a Han character.
    sound: Option<&'static str>,
}

/// Words and single Han characters. A run of letters always has a space on both sides, as normalisation sees to.
fn units(padded: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut open: Option<usize> = None;
    for (at, c) in padded.char_indices() {
        if c == ' ' || is_han(c) {
            if let Some(start) = open.take() {
                units.push(Unit { start, end: at, sound: None });
            }
            if c != ' ' {
                units.push(Unit {
                    start: at,
                    end: at + c.len_utf8(),
                    sound: Some(c.to_pinyin().map_or("?", |p| p.plain())),
                });
            }
        } else if open.is_none() {
            open = Some(at);
        }
    }
    units
}

/// A 64-bit hash of a piece. Two pieces of one model colliding is a matter of one in many millions.
fn hash(kind: u64, text: &str) -> u64 {
    let mut h = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(kind + 1);
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0u8; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        h = mix(h ^ u64::from_le_bytes(word).wrapping_add(chunk.len() as u64));
    }
    h
}

/// A bijective scrambling of 64 bits.
pub(super) fn mix(mut h: u64) -> u64 {
    h = (h ^ (h >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    h = (h ^ (h >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    h ^ (h >> 32)
}

/// A seeded source of numbers (a Weyl sequence, scrambled).
pub(crate) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed ^ 0x5eed_0f1e_1d5a_17e5)
    }

    /// Below a bound; 0 when there is nothing below.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(self.0) % bound.max(1) as u64) as usize
    }

    /// From 0 to 1, without 1.
    pub fn unit(&mut self) -> f32 {
        self.below(1 << 24) as f32 / (1u64 << 24) as f32
    }
}

/// Keys that are hashes already need no hashing again.
#[derive(Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

pub(super) type HashedMap<V> = HashMap<u64, V, BuildHasherDefault<Hashed>>;

/// A text as a sparse vector. Its blocks have length 1 together with what is unknown, so an unknown word costs likeness.
#[derive(Clone, Debug, Default)]
pub(super) struct Vector {
    /// Feature and value, by rising feature.
    pub entries: Vec<(u32, f32)>,
    /// For each block the share of its squared length that is known; 0 when nothing is.
    pub known: [f32; BLOCKS],
    /// The factor for each block that gives the known part the length 1.
    pub stretch: [f32; BLOCKS],
}

/// Which pieces are known, and how rare each is.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    ids: HashedMap<u32>,
    idf: Vec<f32>,
    block: Vec<u8>,
    unknown_idf: f32,
    /// Features below this number occur in more than one text.
    pub shared: usize,
}

impl Vocabulary {
    /// Learns the pieces of texts; those that occur in several texts come first.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut seen: HashedMap<(u32, u32, u8)> = HashedMap::default(); // hash -> (texts, last text, block)
        let mut order: Vec<u64> = Vec::new();
        let mut count = 0u32;
        for text in texts {
            count += 1;
            pieces(text, |piece| {
                let entry = seen.entry(piece.hash).or_insert_with(|| {
                    order.push(piece.hash);
                    (0, 0, piece.block as u8)
                });
                if entry.1 != count {
                    *entry = (entry.0 + 1, count, entry.2);
                }
            });
        }
        // Stable, so that the numbers hang on nothing but the texts.
        order.sort_by_key(|hash| seen[hash].0 == 1);
        let rarity = |texts: u32| ((1.0 + count as f32) / (1.0 + texts as f32)).ln() + 1.0;
        let mut vocabulary = Vocabulary { unknown_idf: rarity(0), ..Vocabulary::default() };
        for (id, hash) in order.iter().enumerate() {
            let (texts, _, block) = seen[hash];
            vocabulary.ids.insert(*hash, id as u32);
            vocabulary.idf.push(rarity(texts));
            vocabulary.block.push(block);
            vocabulary.shared += usize::from(texts > 1);
        }
        vocabulary
    }

    /// The number of features.
    pub fn len(&self) -> usize {
        self.idf.len()
    }

    /// The block a feature is in.
    pub fn block(&self, feature: u32) -> usize {
        usize::from(self.block[feature as usize])
    }

    /// The number of a piece.
    pub fn id(&self, hash: u64) -> Option<u32> {
        self.ids.get(&hash).copied()
    }

    /// A normalised text as a vector.
    pub fn vector(&self, normalised: &str) -> Vector {
        let mut found: Vec<u32> = Vec::new();
        let mut unknown: [HashedMap<u32>; BLOCKS] = Default::default();
        pieces(normalised, |piece| match self.ids.get(&piece.hash) {
            Some(id) => found.push(*id),
            None => *unknown[piece.block].entry(piece.hash).or_default() += 1,
        });
        found.sort_unstable();
        let mut known = [0f32; BLOCKS];
        let mut entries: Vec<(u32, f32)> = Vec::with_capacity(found.len());
        for run in found.chunk_by(|a, b| a == b) {
            let value = weight(run.len() as u32, self.idf[run[0] as usize]);
            known[self.block(run[0])] += value * value;
            entries.push((run[0], value));
        }
        let mut whole = known;
        for (block, counts) in unknown.iter().enumerate() {
            // Summed in a fixed order: a sum of floats must not hang on the order of a map.
            let mut values: Vec<u32> = counts.values().copied().collect();
            values.sort_unstable();
            whole[block] += values.into_iter().map(|n| weight(n, self.unknown_idf).powi(2)).sum::<f32>();
        }
        for (feature, value) in &mut entries {
            *value /= whole[self.block(*feature)].sqrt();
        }
        let share = |b: usize| if whole[b] > 0.0 { known[b] / whole[b] } else { 0.0 };
        let known = std::array::from_fn(share);
        Vector { entries, known, stretch: known.map(|k: f32| if k > 0.0 { k.sqrt().recip() } else { 0.0 }) }
    }
}

/// Sublinear term frequency times rarity.
fn weight(times: u32, idf: f32) -> f32 {
    (1.0 + (times as f32).ln()) * idf
}
