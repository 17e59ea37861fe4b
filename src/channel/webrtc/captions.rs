//! What a caller reads of their call while it goes on: what the bot says and what was heard, from the call's own journal, so that nothing
//! can be read that was kept secret there.

use super::protocol::ToBrowser;
use crate::event::{Event, Speaker};

/// Turns a call's journal into captions. What is said has a number; words that are still coming have the number that they will keep.
#[derive(Debug, Default)]
pub struct Captions {
    last: u64,
    /// The numbers of what is being said: by the caller, an agent, the bot.
    open: [Option<u64>; 3],
    with: &'static str,
}

impl Captions {
    /// What follows from an entry, if a caller is to see anything of it.
    pub fn entry(&mut self, event: &Event) -> Option<ToBrowser> {
        match event {
            Event::Partial { speaker, text } => Some(self.words(*speaker, text.reveal(), false)),
            Event::Heard { speaker, text, .. } => Some(self.words(*speaker, text.reveal(), true)),
            Event::Said { text, .. } if !text.reveal().trim().is_empty() => {
                Some(self.words(Speaker::Bot, text.reveal(), true))
            }
            Event::Answered { .. } | Event::Entered { .. } => self.with("bot"),
            Event::Queued { .. } => self.with("queue"),
            Event::Bridged { .. } => self.with("agent"),
            _ => None,
        }
    }

    fn words(&mut self, speaker: Speaker, text: &str, is_final: bool) -> ToBrowser {
        let (who, at) = match speaker {
            Speaker::Caller => ("caller", 0),
            Speaker::Agent => ("agent", 1),
            Speaker::Bot => ("bot", 2),
        };
        let seq = self.open[at].unwrap_or_else(|| {
            self.last += 1;
            self.last
        });
        self.open[at] = (!is_final).then_some(seq);
        ToBrowser::Caption { who, text: text.to_owned(), is_final, seq }
    }

    /// Only when it has changed.
    fn with(&mut self, state: &'static str) -> Option<ToBrowser> {
        let changed = std::mem::replace(&mut self.with, state) != state;
        changed.then_some(ToBrowser::State { state, position: None, wait_s: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Personal;

    fn partial(speaker: Speaker, text: &str) -> Event {
        Event::Partial { speaker, text: Personal::new(text) }
    }

    fn said(text: &str) -> Event {
        Event::Said { turn: 1, text: Personal::new(text), played_ms: 1, of_ms: 1, completed: true }
    }

    fn read(events: &[Event]) -> Vec<String> {
        let mut captions = Captions::default();
        let caption = |event| match captions.entry(event)? {
            ToBrowser::Caption { who, text, is_final, seq } => {
                Some(format!("{seq} {who} {text}{}", if is_final { "." } else { "" }))
            }
            ToBrowser::State { state, .. } => Some(state.to_owned()),
            other => panic!("{other:?}"),
        };
        events.iter().filter_map(caption).collect()
    }

    #[test]
    fn words_keep_their_number_until_they_are_all_said() {
        let events = [
            partial(Speaker::Bot, "Good"),
            partial(Speaker::Caller, "I"),
            said("Good morning"),
            partial(Speaker::Caller, "I want"),
            said("Yes?"),
            said(""),
        ];
        assert_eq!(
            read(&events),
            ["1 bot Good", "2 caller I", "1 bot Good morning.", "2 caller I want", "3 bot Yes?."]
        );
    }

    #[test]
    fn with_whom_the_caller_is_is_told_when_it_changes() {
        let queued = || Event::Queued { queue: "q".into(), brief: Personal::new("secret brief") };
        let entered = || Event::Entered { block: "b".into(), block_kind: "menu".into() };
        let bridged = || Event::Bridged { agent: "101".into(), waited_ms: 1 };
        let events = [entered(), entered(), queued(), bridged(), entered(), Event::Key { digit: Personal::new("4") }];
        assert_eq!(read(&events), ["bot", "queue", "agent", "bot"]);
    }
}
