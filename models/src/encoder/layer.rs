//! One transformer layer of BERT (Devlin et al., 2019): self-attention and a feed-forward part, each followed by a sum with its
//! input and a layer normalisation. Forward, and backward for fine-tuning. Sentences lie one after another without padding;
//! `spans` tells where each begins and ends.

use std::ops::Range;

use super::maths::{Normed, View, add, add_row, add_rows_to, dot, exp, gelu, gelu_back, layer_norm, multiply};

/// Numbers that make a token.
pub(super) const WIDTH: usize = 384;
/// Attention heads.
pub(super) const HEADS: usize = 12;
/// Numbers of a token inside the feed-forward part.
pub(super) const INNER: usize = 1_536;
const HEAD: usize = WIDTH / HEADS;

/// The parameters of a layer, or a gradient of them: one list, so that an optimiser need not know what is what.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub values: Vec<f32>,
}

/// Where a parameter lies; matrices are kept output by output, as in the file.
macro_rules! parts {
    ($($name:ident: $length:expr, after $before:ident;)*) => {
        $(pub(super) const $name: Range<usize> = $before.end..$before.end + $length;)*
    };
}
const START: Range<usize> = 0..0;
parts! {
    QKV: 3 * WIDTH * WIDTH, after START;
    QKV_BIAS: 3 * WIDTH, after QKV;
    OUT: WIDTH * WIDTH, after QKV_BIAS;
    OUT_BIAS: WIDTH, after OUT;
    GAIN1: WIDTH, after OUT_BIAS;
    BIAS1: WIDTH, after GAIN1;
    UP: INNER * WIDTH, after BIAS1;
    UP_BIAS: INNER, after UP;
    DOWN: WIDTH * INNER, after UP_BIAS;
    DOWN_BIAS: WIDTH, after DOWN;
    GAIN2: WIDTH, after DOWN_BIAS;
    BIAS2: WIDTH, after GAIN2;
}
/// Parameters of a layer.
pub(super) const SIZE: usize = BIAS2.end;

/// What the way back needs of the way forth.
pub(super) struct Trace {
    input: Vec<f32>,
    qkv: Vec<f32>,
    /// Attention of every sentence and head, query by query.
    attention: Vec<f32>,
    context: Vec<f32>,
    normed1: Normed,
    middle: Vec<f32>,
    before_gelu: Vec<f32>,
    after_gelu: Vec<f32>,
    normed2: Normed,
}

impl Layer {
    /// A gradient of nothing.
    pub fn zero() -> Self {
        Layer { values: vec![0.0; SIZE] }
    }

    fn matrix(&self, part: Range<usize>, columns: usize) -> View<'_> {
        View::new(&self.values[part], columns)
    }

    /// What the layer makes of tokens.
    pub fn forward(&self, input: Vec<f32>, spans: &[Range<usize>]) -> (Vec<f32>, Trace) {
        let tokens = input.len() / WIDTH;
        let mut qkv = vec![0.0; tokens * 3 * WIDTH];
        multiply(View::new(&input, WIDTH), self.matrix(QKV, WIDTH).turned(), 0.0, &mut qkv);
        add_row(&mut qkv, &self.values[QKV_BIAS]);
        let (context, attention) = attend(&qkv, spans);
        let mut middle = input.clone();
        multiply(View::new(&context, WIDTH), self.matrix(OUT, WIDTH).turned(), 1.0, &mut middle);
        add_row(&mut middle, &self.values[OUT_BIAS]);
        let normed1 = layer_norm(&mut middle, &self.values[GAIN1], &self.values[BIAS1]);
        let mut before_gelu = vec![0.0; tokens * INNER];
        multiply(View::new(&middle, WIDTH), self.matrix(UP, WIDTH).turned(), 0.0, &mut before_gelu);
        add_row(&mut before_gelu, &self.values[UP_BIAS]);
        let mut after_gelu = vec![0.0; before_gelu.len()];
        gelu(&before_gelu, &mut after_gelu);
        let mut output = middle.clone();
        multiply(View::new(&after_gelu, INNER), self.matrix(DOWN, INNER).turned(), 1.0, &mut output);
        add_row(&mut output, &self.values[DOWN_BIAS]);
        let normed2 = layer_norm(&mut output, &self.values[GAIN2], &self.values[BIAS2]);
        let trace = Trace { input, qkv, attention, context, normed1, middle, before_gelu, after_gelu, normed2 };
        (output, trace)
    }

    /// Takes the gradient of the output, adds to the one of the parameters, and gives the one of the input.
    pub fn backward(&self, trace: &Trace, mut gradient: Vec<f32>, spans: &[Range<usize>], sum: &mut Layer) -> Vec<f32> {
        let part = |sum: &mut Layer, left: &[f32], left_width, right: &[f32], right_width, at: Range<usize>| {
            multiply(View::new(left, left_width).turned(), View::new(right, right_width), 1.0, &mut sum.values[at]);
        };
        norm_back(&trace.normed2, &mut gradient, &self.values, sum, GAIN2, BIAS2);
        part(sum, &gradient, WIDTH, &trace.after_gelu, INNER, DOWN);
        add_rows_to(&mut sum.values[DOWN_BIAS], &gradient);
        let mut inner = vec![0.0; trace.before_gelu.len()];
        multiply(View::new(&gradient, WIDTH), self.matrix(DOWN, INNER), 0.0, &mut inner);
        gelu_back(&trace.before_gelu, &mut inner);
        part(sum, &inner, INNER, &trace.middle, WIDTH, UP);
        add_rows_to(&mut sum.values[UP_BIAS], &inner);
        multiply(View::new(&inner, INNER), self.matrix(UP, WIDTH), 1.0, &mut gradient);
        norm_back(&trace.normed1, &mut gradient, &self.values, sum, GAIN1, BIAS1);
        part(sum, &gradient, WIDTH, &trace.context, WIDTH, OUT);
        add_rows_to(&mut sum.values[OUT_BIAS], &gradient);
        let mut context = vec![0.0; trace.context.len()];
        multiply(View::new(&gradient, WIDTH), self.matrix(OUT, WIDTH), 0.0, &mut context);
        let qkv = attend_back(trace, &context, spans);
        part(sum, &qkv, 3 * WIDTH, &trace.input, WIDTH, QKV);
        add_rows_to(&mut sum.values[QKV_BIAS], &qkv);
        multiply(View::new(&qkv, 3 * WIDTH), self.matrix(QKV, WIDTH), 1.0, &mut gradient);
        gradient
    }
}

fn norm_back(
    normed: &Normed,
    gradient: &mut [f32],
    values: &[f32],
    sum: &mut Layer,
    gain: Range<usize>,
    bias: Range<usize>,
) {
    // Gain and bias lie side by side.
    let (gains, biases) = sum.values[gain.start..bias.end].split_at_mut(gain.len());
    normed.back(gradient, &values[gain], gains, biases);
}

/// The query, key or value (0, 1, 2) of a token in a head.
fn part_of(qkv: &[f32], token: usize, which: usize, head: usize) -> &[f32] {
    let start = token * 3 * WIDTH + which * WIDTH + head * HEAD;
    &qkv[start..start + HEAD]
}

fn part_of_mut(qkv: &mut [f32], token: usize, which: usize, head: usize) -> &mut [f32] {
    let start = token * 3 * WIDTH + which * WIDTH + head * HEAD;
    &mut qkv[start..start + HEAD]
}

fn add_scaled(to: &mut [f32], values: &[f32], by: f32) {
    for (sum, value) in to.iter_mut().zip(values) {
        *sum += by * value;
    }
}

/// Every token looks at every token of its sentence.
fn attend(qkv: &[f32], spans: &[Range<usize>]) -> (Vec<f32>, Vec<f32>) {
    let scale = 1.0 / (HEAD as f32).sqrt();
    let mut context = vec![0.0; qkv.len() / 3];
    let mut attention = Vec::with_capacity(spans.iter().map(|span| span.len() * span.len() * HEADS).sum());
    for span in spans {
        for head in 0..HEADS {
            for query in span.clone() {
                let begin = attention.len();
                let q = part_of(qkv, query, 0, head);
                attention.extend(span.clone().map(|key| dot(q, part_of(qkv, key, 1, head)) * scale));
                let row = &mut attention[begin..];
                soften(row);
                let into = &mut context[query * WIDTH + head * HEAD..][..HEAD];
                for (key, share) in span.clone().zip(row.iter()) {
                    add_scaled(into, part_of(qkv, key, 2, head), *share);
                }
            }
        }
    }
    (context, attention)
}

/// Makes shares that sum to 1 of scores.
fn soften(row: &mut [f32]) {
    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in row.iter_mut() {
        *value = exp(*value - top);
        sum += *value;
    }
    for value in row {
        *value /= sum;
    }
}

fn attend_back(trace: &Trace, context: &[f32], spans: &[Range<usize>]) -> Vec<f32> {
    let scale = 1.0 / (HEAD as f32).sqrt();
    let mut gradient = vec![0.0; trace.qkv.len()];
    let mut rows = trace.attention.as_slice();
    let mut slope = Vec::new();
    for span in spans {
        for head in 0..HEADS {
            for query in span.clone() {
                let (row, rest) = rows.split_at(span.len());
                rows = rest;
                let up = &context[query * WIDTH + head * HEAD..][..HEAD];
                slope.clear();
                slope.extend(span.clone().map(|key| dot(up, part_of(&trace.qkv, key, 2, head))));
                let mean: f32 = slope.iter().zip(row).map(|(s, share)| s * share).sum();
                for ((key, share), slope) in span.clone().zip(row).zip(&slope) {
                    add_scaled(part_of_mut(&mut gradient, key, 2, head), up, *share);
                    let by = share * (slope - mean) * scale;
                    add_scaled(part_of_mut(&mut gradient, query, 0, head), part_of(&trace.qkv, key, 1, head), by);
                    add_scaled(part_of_mut(&mut gradient, key, 1, head), part_of(&trace.qkv, query, 0, head), by);
                }
            }
        }
    }
    gradient
}

/// The mean of each sentence's tokens, with length 1, and the length it had.
pub(super) fn pool(hidden: &[f32], spans: &[Range<usize>]) -> (Vec<Vec<f32>>, Vec<f32>) {
    spans
        .iter()
        .map(|span| {
            let mut mean = vec![0.0; WIDTH];
            for token in hidden[span.start * WIDTH..span.end * WIDTH].chunks_exact(WIDTH) {
                add(&mut mean, token);
            }
            for value in &mut mean {
                *value /= span.len().max(1) as f32;
            }
            let length = super::maths::normalise(&mut mean);
            (mean, length)
        })
        .unzip()
}

/// The way back of [`pool`]: from the gradients of the sentences to those of their tokens.
pub(super) fn pool_back(
    pooled: &[Vec<f32>],
    lengths: &[f32],
    gradients: &[Vec<f32>],
    spans: &[Range<usize>],
) -> Vec<f32> {
    let mut tokens = Vec::with_capacity(spans.last().map_or(0, |span| span.end) * WIDTH);
    for (((z, length), gradient), span) in pooled.iter().zip(lengths).zip(gradients).zip(spans) {
        let along = dot(z, gradient);
        let share = 1.0 / (length * span.len().max(1) as f32);
        let one: Vec<f32> = gradient.iter().zip(z).map(|(g, z)| (g - along * z) * share).collect();
        for _ in span.clone() {
            tokens.extend_from_slice(&one);
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: usize, scale: f32, seed: u64) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * scale
        };
        (0..count).map(|_| next()).collect()
    }

    /// A loss that every output enters with a weight of its own.
    fn loss(layer: &Layer, input: &[f32], spans: &[Range<usize>], weights: &[Vec<f32>]) -> f64 {
        let (pooled, _) = pool(&layer.forward(input.to_vec(), spans).0, spans);
        pooled.iter().zip(weights).flat_map(|(z, w)| z.iter().zip(w)).map(|(z, w)| f64::from(*z) * f64::from(*w)).sum()
    }

    #[test]
    fn the_gradient_is_what_small_steps_say() {
        let spans = [0..3, 3..7];
        let mut layer = Layer { values: noise(SIZE, 0.15, 1) };
        for part in [GAIN1, GAIN2] {
            layer.values[part].iter_mut().for_each(|gain| *gain += 1.0);
        }
        let input = noise(7 * WIDTH, 2.0, 2);
        let weights = [noise(WIDTH, 1.0, 3), noise(WIDTH, 1.0, 4)];
        let (output, trace) = layer.forward(input.clone(), &spans);
        let (pooled, lengths) = pool(&output, &spans);
        let mut sum = Layer::zero();
        let back = pool_back(&pooled, &lengths, &weights, &spans);
        let of_input = layer.backward(&trace, back, &spans, &mut sum);
        let near = |numeric: f64, analytic: f32, what: &str| {
            let scale = numeric.abs().max(f64::from(analytic.abs())).max(2e-3);
            assert!((numeric - f64::from(analytic)).abs() / scale < 0.03, "{what}: {numeric} and {analytic}");
        };
        for part in [QKV, QKV_BIAS, OUT, OUT_BIAS, GAIN1, BIAS1, UP, UP_BIAS, DOWN, DOWN_BIAS, GAIN2, BIAS2] {
            // The steepest few: where the slope is small, rounding hides it.
            let mut at: Vec<usize> = part.clone().collect();
            at.sort_by(|a, b| sum.values[*b].abs().total_cmp(&sum.values[*a].abs()));
            for index in at.into_iter().take(3) {
                let step = 0.01;
                let mut moved = layer.clone();
                moved.values[index] += step;
                let up = loss(&moved, &input, &spans, &weights);
                moved.values[index] -= 2.0 * step;
                let down = loss(&moved, &input, &spans, &weights);
                near((up - down) / f64::from(2.0 * step), sum.values[index], &format!("{part:?}"));
            }
        }
        let mut at: Vec<usize> = (0..input.len()).collect();
        at.sort_by(|a, b| of_input[*b].abs().total_cmp(&of_input[*a].abs()));
        for index in at.into_iter().take(5) {
            let mut moved = input.clone();
            moved[index] += 0.01;
            let up = loss(&layer, &moved, &spans, &weights);
            moved[index] -= 0.02;
            let down = loss(&layer, &moved, &spans, &weights);
            near((up - down) / 0.02, of_input[index], "input");
        }
    }
}
