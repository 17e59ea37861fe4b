//! How well a text fits each intent by the encoder's vectors: a support vector machine, the prototype of the intent (the mean
//! of its examples and, more lightly, its name), and the nearest example. The counterpart of `scorer`, which goes by words.

use super::{scorer::Item, svm::Svm};

/// Vectors are stretched by this before the machine sees them, which then finds a margin within its cost.
const STRETCH: f32 = 2.0;
const COST: f32 = 1.0;
/// How much the name counts in the prototype, against 1 for the mean of the examples.
const NAME_WEIGHT: f32 = 0.3;
/// With more examples than this, only as many of each intent are looked at one by one; the machine and the prototypes know all.
const MOST_NEIGHBOURS: usize = 6_000;
/// Neighbours that are named.
const NAMED: usize = 8;

/// The raw scores of one text, each about -1 to 1.
#[derive(Clone, Debug)]
pub(super) struct Sense {
    pub machine: Vec<f32>,
    pub prototype: Vec<f32>,
    pub nearest: Vec<f32>,
    /// The nearest out-of-scope line.
    pub stray: f32,
    /// The items nearest to the text, with their likeness.
    pub neighbours: Vec<(u32, f32)>,
}

/// What was learnt of the vectors.
#[derive(Debug)]
pub(super) struct SenseScorer {
    width: usize,
    classes: usize,
    svm: Svm,
    prototypes: Vec<Option<Vec<f32>>>,
    /// The vectors of the items that are looked at, one after another.
    vectors: Vec<f32>,
    /// For each of them its number among all items and its class.
    owners: Vec<(u32, Option<u32>)>,
}

impl SenseScorer {
    /// `None` when no item has a vector.
    pub fn fit(items: &[&Item], classes: usize, seed: u64) -> Option<SenseScorer> {
        let with: Vec<(usize, &Item, &[f32])> =
            items.iter().enumerate().filter_map(|(at, item)| Some((at, *item, item.vector.as_deref()?))).collect();
        let width = with.first()?.2.len();
        let rows: Vec<(&[f32], Option<usize>)> = with.iter().map(|(_, item, vector)| (*vector, item.class)).collect();
        let svm = Svm::train_dense(&rows, classes, STRETCH, COST, seed);
        let mut means = vec![(vec![0f32; width], vec![0f32; width]); classes];
        for (_, item, vector) in &with {
            if let Some(class) = item.class {
                let (examples, name) = &mut means[class];
                let sum = if item.is_name { name } else { examples };
                for (sum, value) in sum.iter_mut().zip(*vector) {
                    *sum += value;
                }
            }
        }
        let prototypes = means
            .into_iter()
            .map(|(mut mean, name)| {
                let some = unit(&mut mean);
                for (sum, value) in mean.iter_mut().zip(&name) {
                    *sum += NAME_WEIGHT * value;
                }
                (unit(&mut mean) || some).then_some(mean)
            })
            .collect();
        let quota = if with.len() > MOST_NEIGHBOURS { MOST_NEIGHBOURS / (classes + 1) + 1 } else { with.len() };
        let mut taken = vec![0usize; classes + 1];
        let (mut vectors, mut owners) = (Vec::new(), Vec::new());
        for (at, item, vector) in with {
            let taken = &mut taken[item.class.unwrap_or(classes)];
            *taken += 1;
            if *taken <= quota {
                vectors.extend_from_slice(vector);
                owners.push((at as u32, item.class.map(|class| class as u32)));
            }
        }
        Some(SenseScorer { width, classes, svm, prototypes, vectors, owners })
    }

    /// Scores a vector; `None` when it has another width.
    pub fn score(&self, vector: &[f32]) -> Option<Sense> {
        if vector.len() != self.width || vector.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let machine = self.svm.score_dense(vector, STRETCH);
        let prototype =
            self.prototypes.iter().map(|p| p.as_ref().map_or(-0.2, |prototype| dot(prototype, vector))).collect();
        // What has no example of its own is as far away as anything.
        let mut nearest = vec![-0.2f32; self.classes];
        let mut stray = -0.2f32;
        let mut best: Vec<(u32, f32)> = Vec::with_capacity(self.owners.len());
        for (other, (item, class)) in self.vectors.chunks_exact(self.width).zip(&self.owners) {
            let likeness = dot(other, vector);
            let slot = class.map_or(&mut stray, |class| &mut nearest[class as usize]);
            *slot = slot.max(likeness);
            best.push((*item, likeness));
        }
        let by_likeness = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if best.len() > NAMED {
            best.select_nth_unstable_by(NAMED, by_likeness);
            best.truncate(NAMED);
        }
        best.sort_unstable_by(by_likeness);
        Some(Sense { machine, prototype, nearest, stray, neighbours: best })
    }
}

/// Gives a vector the length 1; `false` when it has none.
fn unit(vector: &mut [f32]) -> bool {
    let length = dot(vector, vector).sqrt();
    if length <= 0.0 {
        return false;
    }
    for value in vector {
        *value /= length;
    }
    true
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
