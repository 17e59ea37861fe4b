//! The few kernels that a transformer layer is made of, on plain slices. Branch-free, so that the compiler can use whatever
//! vectors the target has; matrix products are left to `matrixmultiply`, which looks at the processor itself.

/// A matrix inside a slice: rows, columns, and the distance between neighbours along each.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a> View<'a> {
    /// Row after row.
    pub fn new(values: &'a [f32], columns: usize) -> Self {
        View { values, rows: values.len() / columns, columns, row_step: columns, column_step: 1 }
    }

    /// The same matrix on its side.
    pub fn turned(self) -> Self {
        View { rows: self.columns, columns: self.rows, row_step: self.column_step, column_step: self.row_step, ..self }
    }
}

/// `into = a · b + keep · into`, row after row.
///
/// # Panics
/// When the shapes do not fit; they are fixed by the network.
pub(super) fn multiply(a: View<'_>, b: View<'_>, keep: f32, into: &mut [f32]) {
    assert!(a.columns == b.rows && into.len() == a.rows * b.columns, "the shapes of a product fit");
    assert!(a.values.len() == a.rows * a.columns && b.values.len() == b.rows * b.columns, "a matrix is whole");
    if into.is_empty() {
        return;
    }
    // SAFETY: the views cover exactly their slices (asserted above, and both steps come from `new` and `turned` alone), and
    // `into` is borrowed mutably, so it overlaps neither.
    unsafe {
        matrixmultiply::sgemm(
            a.rows,
            a.columns,
            b.columns,
            1.0,
            a.values.as_ptr(),
            a.row_step as isize,
            a.column_step as isize,
            b.values.as_ptr(),
            b.row_step as isize,
            b.column_step as isize,
            keep,
            into.as_mut_ptr(),
            b.columns as isize,
            1,
        );
    }
}

/// Adds a row to every row.
pub(super) fn add_row(rows: &mut [f32], row: &[f32]) {
    for values in rows.chunks_exact_mut(row.len()) {
        add(values, row);
    }
}

/// Adds element by element.
pub(super) fn add(to: &mut [f32], values: &[f32]) {
    for (sum, value) in to.iter_mut().zip(values) {
        *sum += value;
    }
}

/// Adds all rows to one.
pub(super) fn add_rows_to(row: &mut [f32], rows: &[f32]) {
    for values in rows.chunks_exact(row.len()) {
        add(row, values);
    }
}

/// The scalar product.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
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

/// Gives a vector the length 1, and tells which it had.
pub(super) fn normalise(vector: &mut [f32]) -> f32 {
    let length = dot(vector, vector).sqrt().max(1e-12);
    for value in vector {
        *value /= length;
    }
    length
}

/// e to the power of `x`, within 2 units in the last place between -87 and 87. The polynomial is the one of Cephes' `expf`.
#[inline]
pub(super) fn exp(x: f32) -> f32 {
    /// Adding it rounds to a whole number and leaves that number in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_2e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let mantissa = p * r * r + r + 1.0;
    let power = f32::from_bits(((shifted.to_bits() as i32).wrapping_add(127) << 23) as u32);
    mantissa * power
}

/// The normal distribution function and its density: Abramowitz and Stegun 7.1.26, within 1e-7.
#[inline]
fn normal(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let bell = exp(-z * z);
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let tail =
        t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4)))) * bell * 0.5;
    let below = if x >= 0.0 { 1.0 - tail } else { tail };
    (below, bell * 0.398_942_3)
}

/// The exact GELU.
pub(super) fn gelu(from: &[f32], to: &mut [f32]) {
    for (y, x) in to.iter_mut().zip(from) {
        *y = x * normal(*x).0;
    }
}

/// Multiplies a gradient by the slope of the GELU at `from`.
pub(super) fn gelu_back(from: &[f32], gradient: &mut [f32]) {
    for (g, x) in gradient.iter_mut().zip(from) {
        let (below, density) = normal(*x);
        *g *= below + x * density;
    }
}

/// Layer normalisation of each row in place; gives back what the way back needs: the standardised rows and 1 / deviation.
pub(super) fn layer_norm(rows: &mut [f32], gain: &[f32], bias: &[f32]) -> Normed {
    const EPSILON: f32 = 1e-12;
    let width = gain.len();
    let mut normed = Normed { standard: vec![0.0; rows.len()], scale: Vec::with_capacity(rows.len() / width) };
    for (row, standard) in rows.chunks_exact_mut(width).zip(normed.standard.chunks_exact_mut(width)) {
        let mean = row.iter().sum::<f32>() / width as f32;
        for (s, value) in standard.iter_mut().zip(row.iter()) {
            *s = value - mean;
        }
        let scale = 1.0 / (dot(standard, standard) / width as f32 + EPSILON).sqrt();
        for (((value, s), gain), bias) in row.iter_mut().zip(standard).zip(gain).zip(bias) {
            *s *= scale;
            *value = *s * gain + bias;
        }
        normed.scale.push(scale);
    }
    normed
}

/// See [`layer_norm`].
pub(super) struct Normed {
    standard: Vec<f32>,
    scale: Vec<f32>,
}

impl Normed {
    /// Turns the gradient after the normalisation into the one before it, in place; adds to those of gain and bias.
    pub fn back(&self, gradient: &mut [f32], gain: &[f32], gain_gradient: &mut [f32], bias_gradient: &mut [f32]) {
        let width = gain.len();
        let rows = gradient.chunks_exact_mut(width).zip(self.standard.chunks_exact(width)).zip(&self.scale);
        for ((row, standard), scale) in rows {
            add(bias_gradient, row);
            for (((g, s), gain), sum) in row.iter_mut().zip(standard).zip(gain).zip(gain_gradient.iter_mut()) {
                *sum += *g * s;
                *g *= gain;
            }
            let mean = row.iter().sum::<f32>() / width as f32;
            let along = dot(row, standard) / width as f32;
            for (g, s) in row.iter_mut().zip(standard) {
                *g = (*g - mean - s * along) * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_enough() {
        for step in -870..=870 {
            let x = step as f32 / 10.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 5e-7, "{x}");
        }
        assert!(exp(-1000.0) < 1e-37 && exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn gelu_meets_known_values() {
        let mut out = [0.0; 5];
        gelu(&[-3.0, -0.5, 0.0, 1.0, 4.0], &mut out);
        for (value, known) in out.iter().zip([-0.004_049_7, -0.154_268_8, 0.0, 0.841_344_8, 3.999_873_3]) {
            assert!((value - known).abs() < 1e-6, "{value} {known}");
        }
    }

    #[test]
    fn products_fit_their_shapes() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0, 1.0, 0.0, 3.0]);
        let mut c = [10.0, 0.0, 0.0, 0.0];
        multiply(View::new(&a, 3), View::new(&b, 3).turned(), 1.0, &mut c);
        assert_eq!(c, [17.0, 10.0, 16.0, 22.0]);
        let mut d = [0.0; 9];
        multiply(View::new(&a, 3).turned(), View::new(&b, 3), 0.0, &mut d);
        assert_eq!(d, [5.0, 0.0, 14.0, 7.0, 0.0, 19.0, 9.0, 0.0, 24.0]);
    }
}
