//! Measured values: collected as they come, reported as quantiles.

use serde::Serialize;

use super::sys::Nanos;

/// Values of one kind, in nanoseconds.
#[derive(Default, Clone)]
pub struct Values(Vec<Nanos>);

impl Values {
    /// Adds one.
    pub fn add(&mut self, value: Nanos) {
        self.0.push(value);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A quantile in milliseconds, by the nearest rank; `None` without a value.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().map(milliseconds)
    }

    /// The quantiles; `None` without a value.
    pub fn quantiles(&self) -> Option<Quantiles> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        // The nearest rank: of 100 values, the 99th is p99.
        let at = |share: f64| {
            let rank = (share * sorted.len() as f64).ceil() as usize;
            milliseconds(sorted[rank.saturating_sub(1).min(last)])
        };
        Some(Quantiles { p50: at(0.5), p99: at(0.99), max: at(1.0) })
    }
}

fn milliseconds(nanos: Nanos) -> f64 {
    rounded(nanos as f64 / 1e6)
}

/// Four digits after the point: nobody measures more.
pub fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Quantiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantiles {
    /// Half are at most this.
    pub p50: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

/// Two quantiles, where the largest says little.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Half are at most this.
    pub p50: f64,
    /// 99 of 100 are at most this.
    pub p99: f64,
}

impl From<Quantiles> for Pair {
    fn from(all: Quantiles) -> Self {
        Self { p50: all.p50, p99: all.p99 }
    }
}

/// A table for people: a row of titles, and rows of cells, each column as wide as it must be.
pub fn table(titles: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([titles[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..titles.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}"));
        padded.collect::<Vec<_>>().join("  ") + "\n"
    };
    let mut text = line(titles.to_vec());
    for row in rows {
        text += &line(row.iter().map(String::as_str).collect());
    }
    text
}

/// A number as a table shows it, or a dash.
pub fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// Several numbers of one cell.
pub fn cells(values: Option<&[f64]>, digits: usize) -> String {
    match values {
        Some(values) => values.iter().map(|value| format!("{value:.digits$}")).collect::<Vec<_>>().join(" / "),
        None => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let mut values = Values::default();
        assert_eq!(values.quantiles(), None);
        (1..=100).rev().for_each(|ms| values.add(ms * 1_000_000));
        assert_eq!(values.quantiles(), Some(Quantiles { p50: 50.0, p99: 99.0, max: 100.0 }));
        let mut one = Values::default();
        one.add(1_500_000);
        assert_eq!(one.quantiles(), Some(Quantiles { p50: 1.5, p99: 1.5, max: 1.5 }));
        assert_eq!((one.len(), values.len()), (1, 100));
    }

    #[test]
    fn a_table_is_as_wide_as_its_cells() {
        let text = table(&["calls", "ms"], &[vec!["5".into(), "12.5 / 13".into()], vec!["500".into(), cell(None, 1)]]);
        assert_eq!(text, "calls         ms\n    5  12.5 / 13\n  500          –\n");
        assert_eq!(cells(Some(&[1.0, 2.25]), 1), "1.0 / 2.2");
    }
}
