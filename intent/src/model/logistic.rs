//! Logistic regression of a handful of signs, held near a prior: a few lines of data bend the usual weights, many replace
//! them. Small enough for Newton's method.

use super::calibrate::SIGNS;

/// How strongly the prior holds each weight.
const PRIOR_STRENGTH: f64 = 0.3;

/// Fits weights to rows of signs; both outcomes count the same however often each occurs.
pub(super) fn fit(rows: &[([f32; SIGNS], bool)], prior: [f32; SIGNS]) -> [f32; SIGNS] {
    let yes = rows.iter().filter(|(_, outcome)| *outcome).count().max(1) as f64;
    let no = (rows.len() as f64 - yes).max(1.0);
    let total = rows.len().min(400) as f64;
    let prior = prior.map(f64::from);
    let mut weights = prior;
    for _ in 0..30 {
        let mut gradient = [0f64; SIGNS];
        let mut curvature = [[0f64; SIGNS]; SIGNS];
        for (signs, outcome) in rows {
            let signs = signs.map(f64::from);
            let odds: f64 = signs.iter().zip(&weights).map(|(s, w)| s * w).sum();
            let p = 1.0 / (1.0 + (-odds).exp());
            let weight = total / 2.0 / if *outcome { yes } else { no };
            for a in 0..SIGNS {
                gradient[a] += weight * (p - f64::from(u8::from(*outcome))) * signs[a];
                for b in 0..SIGNS {
                    curvature[a][b] += weight * p * (1.0 - p) * signs[a] * signs[b];
                }
            }
        }
        for a in 0..SIGNS {
            gradient[a] += PRIOR_STRENGTH * (weights[a] - prior[a]);
            curvature[a][a] += PRIOR_STRENGTH;
        }
        let step = solve(curvature, gradient);
        let size: f64 = step.iter().map(|s| s * s).sum::<f64>().sqrt();
        let damping = if size > 5.0 { 5.0 / size } else { 1.0 };
        for a in 0..SIGNS {
            weights[a] -= damping * step[a];
        }
        if size < 1e-6 {
            break;
        }
    }
    weights.map(|w| w as f32)
}

/// Solves a symmetric positive definite system by Gaussian elimination. The prior keeps every pivot above 0.
fn solve(mut matrix: [[f64; SIGNS]; SIGNS], mut right: [f64; SIGNS]) -> [f64; SIGNS] {
    for pivot in 0..SIGNS {
        for row in pivot + 1..SIGNS {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot];
            for (cell, above) in matrix[row].iter_mut().zip(above) {
                *cell -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for pivot in (0..SIGNS).rev() {
        for column in pivot + 1..SIGNS {
            right[pivot] -= matrix[pivot][column] * right[column];
        }
        right[pivot] /= matrix[pivot][pivot];
    }
    right
}
