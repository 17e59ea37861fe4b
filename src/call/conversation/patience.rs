//! How long to wait in a pause before the turn is taken as over: by what kind of answer the block wants, by what the flow would make
//! of the words so far, and by whether they sound finished. A pure table.

use std::time::Duration;

use flow::event::{Answer, Profile};

use crate::listen::Clause;

/// What is known of the words when the caller pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// Nothing more can follow: all digits are there.
    Complete,
    /// They are what the block asked for.
    Taken(Clause),
    /// They are a part of it.
    Part,
    /// They are something else.
    Missed(Clause),
    /// There were none: breath, a cough, noise.
    None,
}

impl Words {
    pub(super) fn new(answer: &Answer, clause: Clause) -> Self {
        match answer {
            Answer::Taken(_) => Self::Taken(clause),
            Answer::Part => Self::Part,
            Answer::Missed => Self::Missed(clause),
        }
    }
}

/// The silence, counted from the last voiced frame, that ends the turn.
pub(super) fn patience(profile: Profile, words: Words) -> Duration {
    use Clause::{Finished, Open, Unfinished};
    let ms = match (profile, words) {
        (_, Words::Complete) => 0,
        (_, Words::None) => 600,
        (Profile::YesNo, Words::Taken(_)) => 320,
        (Profile::Menu, Words::Taken(Finished | Open)) => 340,
        (Profile::YesNo | Profile::Menu, Words::Missed(Finished | Open) | Words::Part) => 500,
        (Profile::YesNo | Profile::Menu, Words::Taken(Unfinished) | Words::Missed(Unfinished)) => 1_000,
        (Profile::Free, Words::Taken(Finished)) => 380,
        (Profile::Free, Words::Taken(Open)) => 440,
        (Profile::Free, Words::Missed(Finished)) => 480,
        (Profile::Free, Words::Missed(Open) | Words::Part) => 600,
        (Profile::Free, Words::Taken(Unfinished) | Words::Missed(Unfinished)) => 1_200,
        // So many digits may be all, or a group of them.
        (Profile::Digits, Words::Taken(_)) => 1_000,
        (Profile::Digits, Words::Part) => 1_200,
        (Profile::Digits, Words::Missed(Finished)) => 800,
        (Profile::Digits, Words::Missed(Open | Unfinished)) => 1_200,
        (Profile::Name, Words::Taken(Finished) | Words::Missed(Finished)) => 750,
        (Profile::Name, Words::Taken(Open) | Words::Missed(Open) | Words::Part) => 900,
        (Profile::Name, Words::Taken(Unfinished) | Words::Missed(Unfinished)) => 1_400,
    };
    Duration::from_millis(ms)
}

/// Somebody who tells a long story, or has paused before, will pause again: the patience for them.
pub(super) fn patience_for_more(
    profile: Profile,
    patience: Duration,
    lasted_ms: u64,
    longest_pause_ms: u64,
) -> Duration {
    if patience.is_zero() || !matches!(profile, Profile::Free | Profile::Name) {
        return patience;
    }
    let story = match lasted_ms {
        0..4_500 => 0,
        4_500..8_000 => 150,
        _ => 300,
    };
    let again = Duration::from_millis(longest_pause_ms + longest_pause_ms / 3).min(Duration::from_millis(1_200));
    (patience + Duration::from_millis(story)).max(again)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [Profile; 5] = [Profile::Menu, Profile::YesNo, Profile::Digits, Profile::Name, Profile::Free];

    #[test]
    fn what_is_complete_waits_for_nothing() {
        assert!(PROFILES.iter().all(|&profile| patience(profile, Words::Complete).is_zero()));
    }

    #[test]
    fn an_unfinished_clause_waits_longest() {
        for profile in PROFILES {
            for words in [Words::Taken, Words::Missed] {
                let of = |clause| patience(profile, words(clause));
                assert!(
                    of(Clause::Finished) <= of(Clause::Open) && of(Clause::Open) <= of(Clause::Unfinished),
                    "{profile:?}"
                );
            }
        }
    }

    #[test]
    fn what_was_asked_for_never_waits_longer_than_something_else() {
        for profile in [Profile::Menu, Profile::YesNo, Profile::Name, Profile::Free] {
            for clause in [Clause::Finished, Clause::Open, Clause::Unfinished] {
                assert!(patience(profile, Words::Taken(clause)) <= patience(profile, Words::Missed(clause)));
            }
        }
    }

    #[test]
    fn a_story_and_a_caller_who_paused_before_are_waited_for() {
        let base = Duration::from_millis(400);
        let of = |lasted, paused| patience_for_more(Profile::Free, base, lasted, paused).as_millis();
        assert_eq!((of(2_000, 0), of(6_000, 0), of(9_000, 0)), (400, 550, 700));
        assert_eq!((of(2_000, 300), of(2_000, 600), of(2_000, 5_000)), (400, 800, 1_200));
        assert_eq!(patience_for_more(Profile::Menu, base, 9_000, 600), base);
        assert!(patience_for_more(Profile::Free, Duration::ZERO, 9_000, 600).is_zero());
    }

    #[test]
    fn half_a_number_waits_longer_than_a_sentence() {
        assert!(patience(Profile::Digits, Words::Part) > 2 * patience(Profile::Free, Words::Taken(Clause::Finished)));
    }
}
