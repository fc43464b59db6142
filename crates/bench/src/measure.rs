//! Paired runs and their medians.

use anyhow::Result;

/// What paired runs gave.
pub(crate) struct Pairs {
    pub(crate) a: Vec<f64>,
    pub(crate) b: Vec<f64>,
    /// `a / b`, pair by pair: holds also when the machine's speed drifts.
    pub(crate) ratios: Vec<f64>,
}

/// Measures both in turn, after one warm-up of each.
pub(crate) fn pairs(
    rounds: usize,
    mut a: impl FnMut() -> Result<f64>,
    mut b: impl FnMut() -> Result<f64>,
) -> Result<Pairs> {
    a()?;
    b()?;
    let mut pairs = Pairs { a: vec![], b: vec![], ratios: vec![] };
    for _ in 0..rounds {
        let (x, y) = (a()?, b()?);
        pairs.a.push(x);
        pairs.b.push(y);
        pairs.ratios.push(x / y);
    }
    Ok(pairs)
}

/// The middle value.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Smallest and largest value.
pub(crate) fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{least:.2} to {most:.2}")
}
