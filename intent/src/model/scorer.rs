//! Three views on how well a text fits each intent: the support vector machine, the centre of the intent's examples, and the
//! nearest example. Their combination and what it means as a probability is left to `calibrate`.

use std::sync::Arc;

use super::{
    features::{BLOCKS, Vector, Vocabulary},
    svm::Svm,
};

/// A training text, normalised.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub text: String,
    /// The intent; `None` is out of scope.
    pub class: Option<usize>,
    /// It is the verbalised name of the intent rather than an example.
    pub is_name: bool,
    /// The words as an encoder should read them.
    pub spoken: String,
    /// What the encoder made of it; `None` when it does not know the language, or there is none.
    pub vector: Option<Arc<[f32]>>,
}

/// The raw scores of one text.
#[derive(Clone, Debug)]
pub(super) struct Scores {
    /// Decision value of the machine, about -1 to 1.
    pub machine: Vec<f32>,
    /// Likeness to the centre, 0 to 1.
    pub centre: Vec<f32>,
    /// Likeness to the nearest example, 0 to 1.
    pub nearest: Vec<f32>,
    /// The nearest out-of-scope line, 0 to 1.
    pub stray: f32,
    /// The share of the text that is made of known pieces.
    pub known: f32,
    /// The items most like the text, with their likeness.
    pub neighbours: Vec<(u32, f32)>,
}

/// Everything learnt from the items except calibration.
#[derive(Debug, Default)]
pub(super) struct Scorer {
    pub vocabulary: Vocabulary,
    pub svm: Svm,
    classes: usize,
    /// For each feature the centres that have it.
    centres: Postings,
    /// For each feature the items that have it.
    examples: Postings,
    /// The whole vectors, for exact likeness.
    vectors: Vec<Vector>,
    class_of: Vec<Option<u32>>,
    /// Features in more items than this are skipped while looking for neighbours; they are put back for the best few.
    common: usize,
}

const COST: f32 = 1.0;
/// Neighbours whose likeness is computed exactly.
const EXACT: usize = 48;
/// How much the name counts in the centre, against 1 for the mean of the examples.
const NAME_WEIGHT: f32 = 0.3;

impl Scorer {
    pub fn fit(items: &[&Item], classes: usize, seed: u64) -> Scorer {
        let vocabulary = Vocabulary::learn(items.iter().map(|item| item.text.as_str()));
        let vectors: Vec<Vector> = items.iter().map(|item| vocabulary.vector(&item.text)).collect();
        // In a large set, what occurs once tells the machine nothing it can use; in a small one it may be all there is.
        let features = if items.len() > 2_000 { vocabulary.shared } else { vocabulary.len() };
        let labelled: Vec<(&Vector, Option<usize>)> =
            vectors.iter().zip(items).map(|(v, item)| (v, item.class)).collect();
        let svm = Svm::train(&labelled, classes, &vocabulary, features, COST, seed);
        let centres = Postings::new(vocabulary.len(), &centres(items, &vectors, classes));
        let all: Vec<&[(u32, f32)]> = vectors.iter().map(|v| v.entries.as_slice()).collect();
        let examples = Postings::new(vocabulary.len(), &all);
        let class_of = items.iter().map(|item| item.class.map(|c| c as u32)).collect();
        Scorer { vocabulary, svm, classes, centres, examples, vectors, class_of, common: (items.len() / 20).max(200) }
    }

    /// The class of an item.
    pub fn class_of(&self, item: u32) -> Option<usize> {
        self.class_of[item as usize].map(|class| class as usize)
    }

    pub fn score(&self, normalised: &str) -> Scores {
        let vector = self.vocabulary.vector(normalised);
        let machine = self.svm.score(&vector, &self.vocabulary);
        let mut centre = vec![0f32; self.classes];
        for (feature, value) in &vector.entries {
            for (class, weight) in self.centres.of(*feature) {
                centre[*class as usize] += value * weight;
            }
        }
        for c in &mut centre {
            *c /= (BLOCKS as f32).sqrt();
        }
        let (nearest, stray, neighbours) = self.neighbours(&vector);
        let known = vector.known.iter().sum::<f32>() / BLOCKS as f32;
        Scores { machine, centre, nearest, stray, known, neighbours }
    }

    fn neighbours(&self, vector: &Vector) -> (Vec<f32>, f32, Vec<(u32, f32)>) {
        let mut rough = vec![0f32; self.vectors.len()];
        for (feature, value) in &vector.entries {
            let postings = self.examples.of(*feature);
            if postings.len() <= self.common {
                for (item, weight) in postings {
                    rough[*item as usize] += value * weight;
                }
            }
        }
        let mut nearest = vec![0f32; self.classes];
        let mut stray = 0f32;
        let mut put = |item: usize, likeness: f32| {
            let slot = match self.class_of[item] {
                Some(class) => &mut nearest[class as usize],
                None => &mut stray,
            };
            *slot = slot.max(likeness);
        };
        let mut best: Vec<(u32, f32)> = Vec::with_capacity(rough.len());
        for (item, sum) in rough.iter().enumerate() {
            if *sum > 0.0 {
                put(item, sum / BLOCKS as f32);
                best.push((item as u32, *sum));
            }
        }
        let by_likeness = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if best.len() > EXACT {
            best.select_nth_unstable_by(EXACT, by_likeness);
            best.truncate(EXACT);
        }
        for (item, likeness) in &mut best {
            *likeness = dot(&vector.entries, &self.vectors[*item as usize].entries) / BLOCKS as f32;
            put(*item as usize, *likeness);
        }
        best.sort_unstable_by(by_likeness);
        (nearest, stray, best)
    }
}

/// The centre of every class: the mean of its examples and, more lightly, its name, with length 1.
fn centres(items: &[&Item], vectors: &[Vector], classes: usize) -> Vec<Vec<(u32, f32)>> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (at, item) in items.iter().enumerate() {
        if let Some(class) = item.class {
            members[class].push(at);
        }
    }
    members
        .iter()
        .map(|members| {
            let examples = sum(members.iter().filter(|at| !items[**at].is_name).map(|at| &vectors[*at]));
            let mut name = sum(members.iter().filter(|at| items[**at].is_name).map(|at| &vectors[*at]));
            for (_, value) in &mut name {
                *value *= NAME_WEIGHT;
            }
            unit(merge(examples.into_iter().chain(name).collect()))
        })
        .collect()
}

fn sum<'a>(vectors: impl Iterator<Item = &'a Vector>) -> Vec<(u32, f32)> {
    unit(merge(vectors.flat_map(|v| v.entries.iter().copied()).collect()))
}

fn merge(mut entries: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    entries.sort_by_key(|(feature, _)| *feature);
    entries.chunk_by(|a, b| a.0 == b.0).map(|run| (run[0].0, run.iter().map(|(_, v)| v).sum())).collect()
}

fn unit(mut entries: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    let length = entries.iter().map(|(_, v)| v * v).sum::<f32>().sqrt();
    if length > 0.0 {
        for (_, value) in &mut entries {
            *value /= length;
        }
    }
    entries
}

fn dot(a: &[(u32, f32)], b: &[(u32, f32)]) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        match a[i].0.cmp(&b[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += a[i].1 * b[j].1;
                i += 1;
                j += 1;
            }
        }
    }
    sum
}

/// For each feature, who has it and how much.
#[derive(Debug, Default)]
struct Postings {
    starts: Vec<u32>,
    entries: Vec<(u32, f32)>,
}

impl Postings {
    fn new<E: AsRef<[(u32, f32)]>>(features: usize, rows: &[E]) -> Postings {
        let mut starts = vec![0u32; features + 1];
        for (feature, _) in rows.iter().flat_map(|row| row.as_ref()) {
            starts[*feature as usize + 1] += 1;
        }
        for at in 0..features {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0u32, 0f32); starts[features] as usize];
        for (row, cells) in rows.iter().enumerate() {
            for (feature, value) in cells.as_ref() {
                let slot = &mut next[*feature as usize];
                entries[*slot as usize] = (row as u32, *value);
                *slot += 1;
            }
        }
        Postings { starts, entries }
    }

    fn of(&self, feature: u32) -> &[(u32, f32)] {
        let feature = feature as usize;
        &self.entries[self.starts[feature] as usize..self.starts[feature + 1] as usize]
    }
}
