//! One-vs-rest linear support vector machines with squared hinge loss, trained by dual coordinate descent (Hsieh et al., "A
//! Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008). Classes are trained side by side in groups, so one
//! pass over a text serves them all; groups go to as many threads as there are cores, without any effect on the result.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::features::{Vector, Vocabulary, mix};

/// Classes trained side by side: sixteen 4-byte weights are one cache line.
const LANES: usize = 16;

/// When nothing violates its bound by more than this, a group is done. Accuracy does not change below it.
const TOLERANCE: f32 = 0.05;

const MOST_PASSES: usize = 40;

/// One weight per class and feature.
#[derive(Debug, Default)]
pub(super) struct Svm {
    classes: usize,
    groups: Vec<Vec<[f32; LANES]>>,
    bias: Vec<f32>,
}

/// A text with the values that the machine sees: each block of the known part has length 1.
struct Row {
    entries: Vec<(u32, f32)>,
    square: f32,
}

impl Row {
    fn new(vector: &Vector, vocabulary: &Vocabulary, features: usize) -> Row {
        let entries: Vec<(u32, f32)> = vector
            .entries
            .iter()
            .filter(|(f, _)| (*f as usize) < features)
            .map(|(f, v)| (*f, v * vector.stretch[vocabulary.block(*f)]))
            .collect();
        // The last 1 is the bias.
        let square = entries.iter().map(|(_, v)| v * v).sum::<f32>() + 1.0;
        Row { entries, square }
    }

    fn dense(vector: &[f32], stretch: f32) -> Row {
        let entries: Vec<(u32, f32)> = vector.iter().enumerate().map(|(at, v)| (at as u32, v * stretch)).collect();
        let square = entries.iter().map(|(_, v)| v * v).sum::<f32>() + 1.0;
        Row { entries, square }
    }
}

impl Svm {
    /// Trains on vectors and the class of each; `None` belongs to no class. `cost` weighs errors against simplicity.
    pub fn train(
        texts: &[(&Vector, Option<usize>)],
        classes: usize,
        vocabulary: &Vocabulary,
        features: usize,
        cost: f32,
        seed: u64,
    ) -> Svm {
        let rows: Vec<Row> = texts.iter().map(|(vector, _)| Row::new(vector, vocabulary, features)).collect();
        let labels: Vec<Option<usize>> = texts.iter().map(|(_, class)| *class).collect();
        Svm::train_rows(&rows, &labels, classes, features, cost, seed)
    }

    /// Trains on dense vectors, stretched.
    pub fn train_dense(vectors: &[(&[f32], Option<usize>)], classes: usize, stretch: f32, cost: f32, seed: u64) -> Svm {
        let rows: Vec<Row> = vectors.iter().map(|(vector, _)| Row::dense(vector, stretch)).collect();
        let labels: Vec<Option<usize>> = vectors.iter().map(|(_, class)| *class).collect();
        let features = vectors.first().map_or(0, |(vector, _)| vector.len());
        Svm::train_rows(&rows, &labels, classes, features, cost, seed)
    }

    fn train_rows(
        rows: &[Row],
        labels: &[Option<usize>],
        classes: usize,
        features: usize,
        cost: f32,
        seed: u64,
    ) -> Svm {
        let count = classes.div_ceil(LANES);
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(count.max(1));
        let work = || {
            let mut done = Vec::new();
            loop {
                let group = next.fetch_add(1, Ordering::Relaxed);
                if group >= count {
                    return done;
                }
                done.push((group, train_group(rows, labels, group * LANES, features, cost, seed)));
            }
        };
        let mut trained: Vec<(usize, Group)> = if threads <= 1 || rows.len() < 200 {
            work()
        } else {
            std::thread::scope(|scope| {
                let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                workers
                    .into_iter()
                    .flat_map(|w| w.join().expect("training a group does arithmetic within its bounds only"))
                    .collect()
            })
        };
        trained.sort_by_key(|(group, _)| *group);
        let mut svm = Svm { classes, groups: Vec::with_capacity(count), bias: Vec::with_capacity(classes) };
        for (_, group) in trained {
            svm.bias.extend(group.bias);
            svm.groups.push(group.weights);
        }
        svm
    }

    /// The decision value of every class; above 0 it is claimed by that class.
    pub fn score(&self, vector: &Vector, vocabulary: &Vocabulary) -> Vec<f32> {
        let features = self.groups.first().map_or(0, Vec::len);
        self.score_row(&Row::new(vector, vocabulary, features))
    }

    /// The decision value of every class for a dense vector of the width that was trained on.
    pub fn score_dense(&self, vector: &[f32], stretch: f32) -> Vec<f32> {
        self.score_row(&Row::dense(vector, stretch))
    }

    fn score_row(&self, row: &Row) -> Vec<f32> {
        let mut scores = Vec::with_capacity(self.classes);
        for (weights, bias) in self.groups.iter().zip(self.bias.chunks(LANES)) {
            let mut sum = [0f32; LANES];
            sum[..bias.len()].copy_from_slice(bias);
            for (feature, value) in &row.entries {
                let weight = &weights[*feature as usize];
                for lane in 0..LANES {
                    sum[lane] += value * weight[lane];
                }
            }
            scores.extend_from_slice(&sum);
        }
        scores.truncate(self.classes);
        scores
    }

    /// How much a feature speaks for a class.
    pub fn weight(&self, class: usize, feature: u32) -> f32 {
        self.groups.get(class / LANES).and_then(|g| g.get(feature as usize)).map_or(0.0, |w| w[class % LANES])
    }
}

struct Group {
    weights: Vec<[f32; LANES]>,
    bias: [f32; LANES],
}

fn train_group(rows: &[Row], labels: &[Option<usize>], first: usize, features: usize, cost: f32, seed: u64) -> Group {
    let mut weights = vec![[0f32; LANES]; features];
    let mut bias = [0f32; LANES];
    let mut alpha = vec![[0f32; LANES]; rows.len()];
    // A text that no class of the group leans on rests for a few passes.
    let mut rest = vec![0u8; rows.len()];
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    let mut random = seed ^ 0x5eed_0f1e_1d5a_17e5;
    let slack = 0.5 / cost;
    for pass in 0..MOST_PASSES {
        shuffle(&mut order, &mut random);
        let mut worst = 0f32;
        for &i in &order {
            let i = i as usize;
            if rest[i] > 0 {
                rest[i] -= 1;
                continue;
            }
            let row = &rows[i];
            let mut sum = bias;
            for (feature, value) in &row.entries {
                let weight = &weights[*feature as usize];
                for lane in 0..LANES {
                    sum[lane] += value * weight[lane];
                }
            }
            let own = labels[i].and_then(|class| class.checked_sub(first)).filter(|lane| *lane < LANES);
            let mut step = [0f32; LANES];
            let (mut moved, mut leaning) = (false, false);
            for lane in 0..LANES {
                let sign = if own == Some(lane) { 1.0 } else { -1.0 };
                let a = alpha[i][lane];
                let gradient = sign * sum[lane] - 1.0 + slack * a;
                let violation = if a == 0.0 { gradient.min(0.0) } else { gradient };
                if violation.abs() > 1e-6 {
                    worst = worst.max(violation.abs());
                    let new = (a - gradient / (row.square + slack)).max(0.0);
                    step[lane] = (new - a) * sign;
                    alpha[i][lane] = new;
                    moved = true;
                }
                leaning |= alpha[i][lane] > 0.0;
            }
            if moved {
                for (feature, value) in &row.entries {
                    let weight = &mut weights[*feature as usize];
                    for lane in 0..LANES {
                        weight[lane] += value * step[lane];
                    }
                }
                for lane in 0..LANES {
                    bias[lane] += step[lane];
                }
            }
            if !leaning && pass > 0 {
                rest[i] = 3;
            }
        }
        if worst < TOLERANCE {
            break;
        }
    }
    Group { weights, bias }
}

fn shuffle(order: &mut [u32], random: &mut u64) {
    for last in (1..order.len()).rev() {
        *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        order.swap(last, (mix(*random) % (last as u64 + 1)) as usize);
    }
}
