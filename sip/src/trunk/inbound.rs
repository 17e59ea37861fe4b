//! Calls that come in: through which trunk, and where the number leads that was dialled.

use std::net::IpAddr;

use super::config::{Did, TrunkConfig};
use super::countries::Country;
use super::number::E164;

/// The trunk that a call comes from: one whose networks or addresses (`is_at`) its source belongs to. Of several, the one whose account was
/// called (`user`, the Request-URI's), or else the one that knows the number.
pub fn trunk_of(
    trunks: &[TrunkConfig],
    source: IpAddr,
    user: &str,
    is_at: impl Fn(usize, IpAddr) -> bool,
) -> Option<usize> {
    let from = |at: usize| trunks[at].sources.iter().any(|net| net.contains(source)) || is_at(at, source);
    let account = |at: usize| {
        trunks[at].registrar.is_some() && trunks[at].credentials.as_ref().is_some_and(|own| own.username == user)
    };
    let knows = |at: usize| trunks[at].dids.iter().any(|did| did.number == user);
    let candidates: Vec<usize> = (0..trunks.len()).filter(|&at| from(at)).collect();
    let first = |fits: &dyn Fn(usize) -> bool| candidates.iter().copied().find(|&at| fits(at));
    first(&account).or_else(|| first(&knows)).or_else(|| candidates.first().copied())
}

/// What is known of a dialled number, and where it leads: the longest rule that fits it as it was sent, or in E.164.
pub fn did_of<'a>(trunk: &'a TrunkConfig, dialled: &str, country: &Country) -> Option<&'a Did> {
    let number = E164::received(dialled, trunk.form, country).ok();
    let fits = |rule: &str, prefix: bool| {
        let fit = |text: &str| if prefix { text.starts_with(rule) } else { text == rule };
        fit(dialled) || number.as_ref().is_some_and(|number| fit(number.as_str()))
    };
    let fitting = trunk.dids.iter().filter(|did| fits(&did.number, did.prefix));
    fitting.max_by_key(|did| (!did.prefix, did.number.len()))
}
