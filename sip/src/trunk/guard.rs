//! Guards against toll fraud: which numbers may be called, and how many calls there may be. Pure; time is an argument.
//!
//! Whoever steals a phone's password, or talks a flow into calling, wants expensive numbers and many calls. So without a word of the
//! operator only the default country can be called, premium numbers nowhere, and each trunk and each source has an allowance.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::countries::{COSTLY_CODES, COUNTRIES, Country, OTHER_NORTH_AMERICA};
use super::number::E164;

/// Sources counted at a time; beyond it new ones are refused until some are done or the day is over.
const SOURCES: usize = 10_000;

/// Which numbers may be called. The longest beginning that fits decides; of equal ones the operator's own, then the one that blocks.
#[derive(Clone, Debug)]
pub struct NumberRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// `+` and digits; `+` alone fits everything.
    prefix: String,
    allow: bool,
    own: bool,
}

/// Why a text is no beginning of numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no beginning of numbers: write + and digits, such as +49, or + for all")]
pub struct PrefixError(pub String);

impl NumberRules {
    /// The default country's numbers and no others; nowhere premium numbers.
    pub fn of(country: &Country) -> Self {
        let mut rules = NumberRules { rules: Vec::new() };
        for known in COUNTRIES {
            rules.builtin(known.code, known.premium);
        }
        rules.builtin("1", OTHER_NORTH_AMERICA);
        rules.builtin("", COSTLY_CODES);
        rules.rules.push(Rule { prefix: format!("+{}", country.code), allow: true, own: false });
        // Shared codes: the neighbour's numbers are another country's.
        if country.code == "7" {
            rules.builtin("7", &["6", "7"]);
        }
        rules
    }

    fn builtin(&mut self, code: &str, beginnings: &[&str]) {
        let rule = |beginning: &&str| Rule { prefix: format!("+{code}{beginning}"), allow: false, own: false };
        self.rules.extend(beginnings.iter().map(rule));
    }

    /// Instead of the default country only what begins like these may be called; an empty list changes nothing. Premium numbers stay
    /// blocked unless one of these is at least as long as what blocks them.
    pub fn allow(mut self, prefixes: &[String]) -> Result<Self, PrefixError> {
        if !prefixes.is_empty() {
            self.rules.retain(|rule| rule.own || !rule.allow);
        }
        self.own(prefixes, true)
    }

    /// What begins like these may not be called.
    pub fn block(self, prefixes: &[String]) -> Result<Self, PrefixError> {
        self.own(prefixes, false)
    }

    fn own(mut self, prefixes: &[String], allow: bool) -> Result<Self, PrefixError> {
        for text in prefixes {
            let prefix = text.trim().trim_end_matches('*').replace([' ', '-'], "");
            let digits = prefix.strip_prefix('+').filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()));
            digits.ok_or_else(|| PrefixError(text.clone()))?;
            self.rules.push(Rule { prefix, allow, own: true });
        }
        Ok(self)
    }

    /// Whether a number may be called.
    pub fn permit(&self, number: &E164) -> bool {
        let fitting = self.rules.iter().filter(|rule| number.as_str().starts_with(&rule.prefix));
        fitting.max_by_key(|rule| (rule.prefix.len(), rule.own, !rule.allow)).is_some_and(|rule| rule.allow)
    }
}

/// How many calls there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At a time.
    pub at_once: u32,
    /// A day (UTC).
    pub a_day: u32,
    /// At a time, for one source: an extension, a flow.
    pub source_at_once: u32,
    /// A day, for one source.
    pub source_a_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { at_once: 30, a_day: 1_000, source_at_once: 5, source_a_day: 200 }
    }
}

/// Why a call may not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverLimit {
    /// The trunk carries as many calls as it may.
    #[error("the trunk carries as many calls as it may at once")]
    AtOnce,
    /// The trunk has carried as many calls today as it may.
    #[error("the trunk has carried as many calls today as it may")]
    ADay,
    /// The source has as many calls as it may.
    #[error("this source makes as many calls as it may at once")]
    SourceAtOnce,
    /// The source has made as many calls today as it may.
    #[error("this source has made as many calls today as it may")]
    SourceADay,
    /// Nobody knows so many sources.
    #[error("there are too many sources of calls")]
    Sources,
}

/// The calls of one trunk: how many there are, and how many there were today. It begins anew with the process.
#[derive(Debug, Default)]
pub struct Ledger {
    day: u64,
    trunk: Count,
    sources: HashMap<String, Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    now: u32,
    today: u32,
}

impl Ledger {
    /// Counts a call that is about to be made, or says why it must not be. Each success needs one [`Ledger::end`].
    pub fn begin(&mut self, source: &str, limits: &Limits, now: SystemTime) -> Result<(), OverLimit> {
        self.turn_day(now);
        let own = self.sources.get(source).copied().unwrap_or_default();
        let checks = [
            (self.trunk.now < limits.at_once, OverLimit::AtOnce),
            (self.trunk.today < limits.a_day, OverLimit::ADay),
            (own.now < limits.source_at_once, OverLimit::SourceAtOnce),
            (own.today < limits.source_a_day, OverLimit::SourceADay),
            (self.sources.len() < SOURCES || self.sources.contains_key(source), OverLimit::Sources),
        ];
        if let Some((_, over)) = checks.into_iter().find(|(fine, _)| !fine) {
            return Err(over);
        }
        for count in [&mut self.trunk, self.sources.entry(source.to_owned()).or_default()] {
            count.now += 1;
            count.today += 1;
        }
        Ok(())
    }

    /// A call that was counted is over.
    pub fn end(&mut self, source: &str) {
        self.trunk.now = self.trunk.now.saturating_sub(1);
        if let Some(count) = self.sources.get_mut(source) {
            count.now = count.now.saturating_sub(1);
        }
    }

    /// Calls now, and today.
    pub fn counts(&mut self, now: SystemTime) -> (u32, u32) {
        self.turn_day(now);
        (self.trunk.now, self.trunk.today)
    }

    fn turn_day(&mut self, now: SystemTime) {
        let day = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() / 86_400;
        // A clock that is set back opens no new day.
        if day > self.day {
            self.day = day;
            self.trunk.today = 0;
            self.sources.retain(|_, count| count.now > 0);
            self.sources.values_mut().for_each(|count| count.today = 0);
        }
    }
}
