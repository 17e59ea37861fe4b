//! Queues: which agent is offered a waiting call. A decision from plain data, so that it can be explained and replayed; ringing
//! and bridging are left to `call/`, who is free to `agent/`.

/// An agent as the decision sees one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The agent's extension.
    pub agent: String,
    /// Whether a phone of theirs is registered.
    pub reachable: bool,
    /// For how long the agent has been free, in ms; `None` while reserved or talking.
    pub idle_ms: Option<u64>,
    /// Whether this call was offered to them already.
    pub tried: bool,
}

/// What to do with a waiting call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Ring this agent.
    Offer(String),
    /// All who could take it are busy.
    Wait,
    /// Nobody is left who could.
    Nobody,
}

/// Chooses among the agents of a queue: longest idle first; nobody is offered the same call twice.
pub fn choose(candidates: &[Candidate]) -> Choice {
    let mut possible = candidates.iter().filter(|c| c.reachable && !c.tried).peekable();
    if possible.peek().is_none() {
        return Choice::Nobody;
    }
    let free = possible.filter_map(|c| Some((c.idle_ms?, c)));
    match free.max_by(|(a, x), (b, y)| a.cmp(b).then_with(|| y.agent.cmp(&x.agent))) {
        Some((_, candidate)) => Choice::Offer(candidate.agent.clone()),
        None => Choice::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(agent: &str, reachable: bool, idle_ms: Option<u64>, tried: bool) -> Candidate {
        Candidate { agent: agent.into(), reachable, idle_ms, tried }
    }

    #[test]
    fn the_agent_who_has_waited_longest_is_offered_the_call() {
        let anna = candidate("anna", true, Some(10), false);
        let ben = candidate("ben", true, Some(20), false);
        assert_eq!(choose(&[anna, ben]), Choice::Offer("ben".into()));
    }

    #[test]
    fn an_agent_who_did_not_take_the_call_is_not_rung_again() {
        let anna = candidate("anna", true, Some(50), true);
        let ben = candidate("ben", true, Some(20), false);
        assert_eq!(choose(&[anna.clone(), ben]), Choice::Offer("ben".into()));
        assert_eq!(choose(&[anna]), Choice::Nobody);
    }

    #[test]
    fn a_busy_agent_is_waited_for_and_an_absent_one_is_not() {
        assert_eq!(choose(&[candidate("anna", true, None, false)]), Choice::Wait);
        assert_eq!(choose(&[candidate("anna", false, Some(50), false)]), Choice::Nobody);
        assert_eq!(choose(&[]), Choice::Nobody);
    }
}
