//! Which trunk carries a call, and which one next. Pure; chance is an argument.

use super::config::TrunkConfig;
use super::number::E164;

/// Why no trunk can carry a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTrunk {
    /// There is none.
    #[error("there is no trunk: add a table [trunk.NAME] to hotline.toml")]
    None,
    /// None of them may.
    #[error("no trunk may call this number; its beginning must be in `allow` of a trunk")]
    Forbidden,
    /// Those that may are down.
    #[error("every trunk that may call this number is down")]
    Down,
}

/// The trunks that may call a number and are up, in the order in which to try: by priority, and within one by chance according to
/// weight. `chance` gives numbers from 0 to 1.
pub fn order(
    trunks: &[TrunkConfig],
    number: &E164,
    is_up: impl Fn(usize) -> bool,
    mut chance: impl FnMut() -> f64,
) -> Result<Vec<usize>, NoTrunk> {
    let permitted: Vec<usize> = (0..trunks.len()).filter(|&at| trunks[at].rules.permit(number)).collect();
    let mut candidates: Vec<(u16, f64, usize)> = permitted
        .iter()
        .filter(|&&at| is_up(at))
        .map(|&at| {
            let weight = f64::from(trunks[at].weight);
            // Efraimidis and Spirakis: the largest u^(1/w) comes first with a probability of w over the sum.
            let key =
                if weight > 0.0 { chance().clamp(f64::MIN_POSITIVE, 1.0).ln() / weight } else { f64::NEG_INFINITY };
            (trunks[at].priority, key, at)
        })
        .collect();
    candidates.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    match (trunks.len(), permitted.len(), candidates.len()) {
        (0, ..) => Err(NoTrunk::None),
        (_, 0, _) => Err(NoTrunk::Forbidden),
        (.., 0) => Err(NoTrunk::Down),
        _ => Ok(candidates.into_iter().map(|(.., at)| at).collect()),
    }
}

/// Whether a call that failed with this status may be tried on another trunk. Not once it rang: whoever didn't answer then would not
/// like to be rung again. Not when the callee, or the network on their behalf, has decided.
pub fn may_fail_over(status: u16, rang: bool) -> bool {
    // 401 and 407: the trunk does not accept our credentials; 408, 430 and 5xx: it, or the way to it, does not work.
    !rang && matches!(status, 401 | 407 | 408 | 430 | 500..=599)
}
