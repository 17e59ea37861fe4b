//! Cross-validation: every text is scored by scorers that have not seen it.

use super::{
    calibrate::HeldOut,
    scorer::{Item, Scorer},
    sense::SenseScorer,
};

/// Which fold each item belongs to, dealt out class by class, so that each fold has its share of every intent.
pub(super) fn folds(items: &[Item], classes: usize, folds: usize) -> Vec<usize> {
    let mut dealt = vec![0usize; classes + 1];
    items
        .iter()
        .map(|item| {
            let hand = &mut dealt[item.class.unwrap_or(classes)];
            *hand += 1;
            // Classes start at different folds; otherwise small classes would all leave the first one empty.
            (*hand + item.class.unwrap_or(classes)) % folds
        })
        .collect()
}

/// The items that remain when a fold is held out.
pub(super) fn kept<'a>(items: &'a [Item], folds: &'a [usize], fold: usize) -> impl Iterator<Item = &'a Item> {
    items.iter().zip(folds).filter(move |(item, f)| item.is_name || **f != fold).map(|(item, _)| item)
}

/// Scores a fold by scorers that know the other folds and the background.
pub(super) fn score(
    items: &[Item],
    background: &[Item],
    folds: &[usize],
    fold: usize,
    classes: usize,
    seed: u64,
) -> Vec<HeldOut> {
    let mut sizes = vec![0usize; classes];
    for class in items.iter().filter_map(|item| item.class) {
        sizes[class] += 1;
    }
    let kept: Vec<&Item> = kept(items, folds, fold).chain(background).collect();
    let scorer = Scorer::fit(&kept, classes, seed);
    let sense = SenseScorer::fit(&kept, classes, seed);
    items
        .iter()
        .zip(folds)
        .filter(|(item, f)| !item.is_name && **f == fold)
        // A class must keep an example (its name counts in `sizes`, hence 3) to be recognised at all.
        .filter(|(item, _)| item.class.is_none_or(|class| sizes[class] >= 3))
        .map(|(item, _)| HeldOut {
            scores: scorer.score(&item.text),
            sense: sense.as_ref().and_then(|sense| sense.score(item.vector.as_deref()?)),
            class: item.class,
        })
        .collect()
}
