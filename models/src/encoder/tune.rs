//! Fine-tuning: sentences of one class are drawn together and those of different classes apart, by the supervised contrastive
//! loss (Khosla et al., 2020) on the top layers, with AdamW (Loshchilov and Hutter, 2019). The layers below stay as they are,
//! so what they make of a sentence is computed once.

use std::ops::Range;

use super::layer::{Layer, SIZE, Trace, WIDTH, pool, pool_back};
use super::maths::{add, dot, exp};

/// A sentence to learn from: what the lower layers made of its tokens, and its class.
pub(super) struct Sample {
    pub hidden: Vec<f32>,
    pub class: usize,
}

/// Sentences of a step.
const BATCH: usize = 64;
/// Classes of a step at most.
const CLASSES: usize = 32;
/// Likenesses are divided by this: small, so that near misses weigh more than what is far off anyway.
const TEMPERATURE: f32 = 0.05;
/// Of the tokens after the first, this share is left out at random in every step, against learning by heart.
const LEFT_OUT: f32 = 0.1;
const RATE: f32 = 1e-4;
const WARM_UP: usize = 10;
const DECAY: f32 = 0.01;
const LONGEST_GRADIENT: f32 = 1.0;

/// Trains layers for some steps; `going_on` hears the share done and may end it. Gives `None` when it was ended.
/// The same seed gives the same layers on any number of cores but for the order of sums, which is fixed by `threads`.
pub(super) fn tune(
    mut layers: Vec<Layer>,
    samples: &[Sample],
    steps: usize,
    threads: usize,
    seed: u64,
    going_on: &(dyn Fn(f32) -> bool + Sync),
) -> Option<Vec<Layer>> {
    let mut random = Random(seed);
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (at, sample) in samples.iter().enumerate() {
        if members.len() <= sample.class {
            members.resize(sample.class + 1, Vec::new());
        }
        members[sample.class].push(at);
    }
    members.retain(|members| members.len() > 1);
    if members.len() < 2 {
        return Some(layers);
    }
    let mut moments: Vec<Moments> = layers.iter().map(|_| Moments::new()).collect();
    for step in 0..steps {
        if !going_on(step as f32 / steps as f32) {
            return None;
        }
        let batch = draw(&mut members, &mut random);
        let sentences: Vec<(Vec<f32>, usize)> =
            batch.iter().map(|at| (thinned(&samples[*at].hidden, &mut random), samples[*at].class)).collect();
        let gradients = gradients(&layers, &sentences, threads);
        let length = gradients.iter().map(|g| dot(&g.values, &g.values)).sum::<f32>().sqrt();
        if !length.is_finite() {
            continue;
        }
        let shrink = (LONGEST_GRADIENT / length.max(1e-12)).min(1.0);
        let rate = RATE * schedule(step, steps);
        std::thread::scope(|scope| {
            for ((layer, moments), gradient) in layers.iter_mut().zip(&mut moments).zip(&gradients) {
                scope.spawn(move || {
                    step_aside();
                    moments.step(layer, gradient, shrink, rate, step as i32 + 1);
                });
            }
        });
    }
    Some(layers)
}

/// Which items the steps can make use of: all, or with many of them as many as could be drawn, the same number of every class.
pub(super) fn wanted(items: &[(&str, usize)], steps: usize, seed: u64) -> Vec<usize> {
    let most = steps * BATCH;
    let mut order: Vec<usize> = (0..items.len()).collect();
    if items.len() <= most {
        return order;
    }
    let mut random = Random(seed ^ 0x0c1a_55e5);
    for at in 0..order.len() {
        let other = at + random.below(order.len() - at);
        order.swap(at, other);
    }
    let classes = items.iter().map(|(_, class)| class + 1).max().unwrap_or(1);
    let each = most.div_ceil(classes).max(2);
    let mut taken = vec![0usize; classes];
    order.retain(|at| {
        taken[items[*at].1] += 1;
        taken[items[*at].1] <= each
    });
    order
}

/// Rises over the first steps, then falls in a line to a tenth.
fn schedule(step: usize, steps: usize) -> f32 {
    if step < WARM_UP {
        return (step + 1) as f32 / WARM_UP as f32;
    }
    let done = (step - WARM_UP) as f32 / (steps - WARM_UP).max(1) as f32;
    1.0 - 0.9 * done
}

/// Random classes, as many sentences of each as fit.
fn draw(members: &mut [Vec<usize>], random: &mut Random) -> Vec<usize> {
    let classes = members.len().min(CLASSES);
    for at in 0..classes {
        members.swap(at, at + random.below(members.len() - at));
    }
    let each = BATCH / classes;
    let mut batch = Vec::with_capacity(BATCH);
    for members in &mut members[..classes] {
        for at in 0..each.min(members.len()) {
            let other = at + random.below(members.len() - at);
            members.swap(at, other);
            batch.push(members[at]);
        }
    }
    batch
}

/// A sentence without some of its tokens. A token that no other may look at and that is not pooled might as well not be there.
fn thinned(hidden: &[f32], random: &mut Random) -> Vec<f32> {
    let mut kept = Vec::with_capacity(hidden.len());
    for (at, token) in hidden.chunks_exact(WIDTH).enumerate() {
        if at == 0 || random.unit() >= LEFT_OUT {
            kept.extend_from_slice(token);
        }
    }
    kept
}

/// What one thread made of its share of the sentences.
struct Share {
    spans: Vec<Range<usize>>,
    traces: Vec<Trace>,
    pooled: Vec<Vec<f32>>,
    lengths: Vec<f32>,
}

fn gradients(layers: &[Layer], sentences: &[(Vec<f32>, usize)], threads: usize) -> Vec<Layer> {
    let parts: Vec<&[(Vec<f32>, usize)]> = sentences.chunks(sentences.len().div_ceil(threads.max(1)).max(1)).collect();
    let forward = |part: &[(Vec<f32>, usize)]| {
        step_aside();
        let mut hidden = Vec::new();
        let mut spans = Vec::with_capacity(part.len());
        for (tokens, _) in part {
            let begin = hidden.len() / WIDTH;
            hidden.extend_from_slice(tokens);
            spans.push(begin..hidden.len() / WIDTH);
        }
        let mut traces = Vec::with_capacity(layers.len());
        for layer in layers {
            let (output, trace) = layer.forward(hidden, &spans);
            hidden = output;
            traces.push(trace);
        }
        let (pooled, lengths) = pool(&hidden, &spans);
        Share { spans, traces, pooled, lengths }
    };
    let shares: Vec<Share> = in_parallel(&parts, |part| forward(part));
    let pooled: Vec<&[f32]> = shares.iter().flat_map(|share| &share.pooled).map(Vec::as_slice).collect();
    let classes: Vec<usize> = sentences.iter().map(|(_, class)| *class).collect();
    let (_, slopes) = contrast(&pooled, &classes);
    let mut slopes = slopes.into_iter();
    let with_slopes: Vec<(Share, Vec<Vec<f32>>)> = shares
        .into_iter()
        .map(|share| {
            let own = slopes.by_ref().take(share.pooled.len()).collect();
            (share, own)
        })
        .collect();
    let sums = in_parallel(&with_slopes, |(share, slopes)| {
        step_aside();
        let mut sums: Vec<Layer> = layers.iter().map(|_| Layer::zero()).collect();
        let mut gradient = pool_back(&share.pooled, &share.lengths, slopes, &share.spans);
        for ((layer, trace), sum) in layers.iter().zip(&share.traces).zip(&mut sums).rev() {
            gradient = layer.backward(trace, gradient, &share.spans, sum);
        }
        sums
    });
    sums.into_iter()
        .reduce(|mut all, one| {
            for (sum, gradient) in all.iter_mut().zip(one) {
                add(&mut sum.values, &gradient.values);
            }
            all
        })
        .unwrap_or_default()
}

/// Does each part on a thread of its own; a single one here.
pub(super) fn in_parallel<P: Sync, R: Send>(parts: &[P], work: impl Fn(&P) -> R + Sync) -> Vec<R> {
    std::thread::scope(|scope| {
        let running: Vec<_> = parts.iter().map(|part| scope.spawn(|| work(part))).collect();
        running.into_iter().map(|one| one.join().expect("the work is arithmetic within bounds")).collect()
    })
}

/// The loss of a batch and its gradient for each sentence's vector.
fn contrast(vectors: &[&[f32]], classes: &[usize]) -> (f32, Vec<Vec<f32>>) {
    let count = vectors.len();
    let mut slopes = vec![vec![0f32; WIDTH]; count];
    let friends = |i: usize| (0..count).filter(move |j| *j != i && classes[*j] == classes[i]);
    let anchors = (0..count).filter(|i| friends(*i).next().is_some()).count().max(1) as f32;
    let mut loss = 0.0;
    for i in 0..count {
        let own = friends(i).count() as f32;
        if own == 0.0 {
            continue;
        }
        let likeness: Vec<f32> = vectors.iter().map(|other| dot(vectors[i], other) / TEMPERATURE).collect();
        let top = likeness.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, s)| *s).fold(f32::MIN, f32::max);
        let shares: Vec<f32> =
            likeness.iter().enumerate().map(|(j, s)| if j == i { 0.0 } else { exp(s - top) }).collect();
        let sum: f32 = shares.iter().sum();
        loss -= friends(i).map(|j| likeness[j] - top - sum.ln()).sum::<f32>() / own / anchors;
        for j in (0..count).filter(|j| *j != i) {
            let wanted = if classes[j] == classes[i] { 1.0 / own } else { 0.0 };
            let by = (shares[j] / sum - wanted) / TEMPERATURE / anchors;
            for (slope, value) in slopes[i].iter_mut().zip(vectors[j]) {
                *slope += by * value;
            }
            for (slope, value) in slopes[j].iter_mut().zip(vectors[i]) {
                *slope += by * value;
            }
        }
    }
    (loss, slopes)
}

/// AdamW's running means of gradient and squared gradient.
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Moments {
    fn new() -> Self {
        Moments { first: vec![0.0; SIZE], second: vec![0.0; SIZE] }
    }

    fn step(&mut self, layer: &mut Layer, gradient: &Layer, shrink: f32, rate: f32, step: i32) {
        const FIRST: f32 = 0.9;
        const SECOND: f32 = 0.999;
        let (first_scale, second_scale) = (1.0 / (1.0 - FIRST.powi(step)), 1.0 / (1.0 - SECOND.powi(step)));
        let values = layer.values.iter_mut().zip(&gradient.values);
        for ((value, gradient), (first, second)) in values.zip(self.first.iter_mut().zip(&mut self.second)) {
            let gradient = gradient * shrink;
            *first = FIRST * *first + (1.0 - FIRST) * gradient;
            *second = SECOND * *second + (1.0 - SECOND) * gradient * gradient;
            let direction = *first * first_scale / ((*second * second_scale).sqrt() + 1e-8);
            *value -= rate * (direction + DECAY * *value);
        }
    }
}

/// Calls come first: a thread that trains gets what they leave. Where the system has no such thing, all are equal.
pub(super) fn step_aside() {
    #[cfg(target_os = "linux")]
    // SAFETY: setpriority takes three numbers; 0 means the calling thread on Linux. That it fails changes nothing.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(count: usize, seed: u64) -> Vec<Vec<f32>> {
        let mut random = Random(seed);
        let mut one = || {
            let mut vector: Vec<f32> = (0..WIDTH).map(|_| random.unit() - 0.5).collect();
            super::super::maths::normalise(&mut vector);
            vector
        };
        (0..count).map(|_| one()).collect()
    }

    #[test]
    fn the_slope_of_the_loss_is_what_small_steps_say() {
        let all = vectors(7, 5);
        let classes = [0, 0, 1, 1, 1, 2, 0];
        let refer = |all: &[Vec<f32>]| contrast(&all.iter().map(Vec::as_slice).collect::<Vec<_>>(), &classes);
        let (_, slopes) = refer(&all);
        for i in 0..all.len() {
            let at = (0..WIDTH).max_by(|a, b| slopes[i][*a].abs().total_cmp(&slopes[i][*b].abs())).unwrap_or(0);
            let mut moved = all.clone();
            moved[i][at] += 0.002;
            let up = refer(&moved).0;
            moved[i][at] -= 0.004;
            let slope = (up - refer(&moved).0) / 0.004;
            assert!((slope - slopes[i][at]).abs() < 0.02 * slope.abs().max(0.1), "{i}: {slope} and {}", slopes[i][at]);
        }
    }

    #[test]
    fn a_batch_has_each_sentence_once_and_two_of_a_class_at_least() {
        let mut members: Vec<Vec<usize>> = (0..40).map(|class| (class * 3..class * 3 + 3).collect()).collect();
        let mut batch = draw(&mut members, &mut Random(1));
        assert_eq!(batch.len(), BATCH);
        batch.sort_unstable();
        assert!(batch.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(draw(&mut [vec![1, 2], vec![3, 4, 5]], &mut Random(1)).len(), 5);
    }

    #[test]
    fn the_rate_rises_and_falls() {
        assert!(schedule(0, 60) < schedule(9, 60));
        assert_eq!(schedule(10, 60), 1.0);
        assert!(schedule(59, 60) < 0.15);
    }
}
