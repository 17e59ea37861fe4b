//! Tickets: what a call leaves behind for people. The draft is read from the journal alone, so it can be written at the end of
//! a call, after a crash, or again.

use crate::event::{Channel, Entry, Event, Outcome, Speaker};

/// A ticket as the journal suggests it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// One line: what the call was about.
    pub subject: String,
    /// The story: what was understood, collected, tried and said.
    pub body: String,
    /// The intents that were accepted, each once.
    pub tags: Vec<String>,
}

/// Drafts the ticket of a call from what was journaled up to now.
pub fn draft(entries: &[Entry], outcome: Outcome) -> Draft {
    let mut tags: Vec<String> = Vec::new();
    let mut story = Vec::new();
    let mut slots = Vec::new();
    let (mut caller, mut page) = ("", None);
    let mut first_words = None;
    for entry in entries {
        match &entry.event {
            Event::Offered { channel: Channel::Chat, to, .. } => page = Some(to.as_str()),
            Event::Offered { from, .. } => caller = from.reveal(),
            Event::Understood { decision: crate::event::Decision::Accepted, ranking, .. } => {
                if let Some(best) = ranking.first().filter(|best| !tags.contains(&best.intent)) {
                    tags.push(best.intent.clone());
                }
            }
            Event::Heard { speaker, text, .. } => {
                let who = if *speaker == Speaker::Caller { "Caller" } else { "Agent" };
                if *speaker == Speaker::Caller && first_words.is_none() {
                    first_words = Some(text.reveal());
                }
                story.push(format!("{who}: {}", text.reveal()));
            }
            Event::Said { text, .. } if !text.reveal().is_empty() => story.push(format!("Bot: {}", text.reveal())),
            Event::Key { digit } => match story.last_mut() {
                Some(line) if line.starts_with("Caller pressed") => line.push_str(digit.reveal()),
                _ => story.push(format!("Caller pressed {}", digit.reveal())),
            },
            Event::Slot { name, value, .. } => slots.push(format!("{}: {}", words(name), value.reveal())),
            Event::Bridged { agent, .. } => story.push(format!("— {agent} took the call —")),
            Event::Redirected { from, to } => story.push(format!("— {from} sent the call on to {} —", to.reveal())),
            Event::Transferred { from, to, .. } => story.push(format!("— {from} handed the call to {} —", to.reveal())),
            Event::TransferFailed { from, to, .. } => {
                story.push(format!("— {from} could not hand the call to {} —", to.reveal()));
            }
            Event::Connecting { to, .. } => story.push(format!("— calling {} —", to.reveal())),
            Event::CallbackArranged { number, .. } => {
                story.push(format!("— to be called back on {} —", number.reveal()))
            }
            Event::Rated { name, score, scale, .. } => slots.push(format!("{}: {score} of {scale}", words(name))),
            Event::Tagged { tags: more, .. } => {
                tags.extend(more.iter().filter(|tag| !tags.contains(tag)).cloned().collect::<Vec<_>>());
            }
            Event::Parked { slot, by } => story.push(format!("— {by} parked the call at {slot} —")),
            Event::Joined { agent } => story.push(format!("— {agent} joined the call —")),
            Event::Parted { agent } => story.push(format!("— {agent} left the call —")),
            Event::Unqueued { .. } => story.push("— nobody could take the call —".to_owned()),
            Event::Problem { message, .. } => story.push(format!("! {message}")),
            _ => {}
        }
    }
    let about = match (tags.first(), first_words) {
        (Some(intent), _) => capitalised(&words(intent)),
        (None, Some(said)) => format!("“{}”", shortened(said, 60)),
        (None, None) if page.is_some() => "Chat without words".to_owned(),
        (None, None) => "Call without words".to_owned(),
    };
    let ending = match outcome {
        Outcome::Resolved => "answered by the bot",
        Outcome::Agent => "handled by an agent",
        Outcome::Callback => "wants a call back",
        Outcome::Voicemail => "left a message",
        Outcome::Abandoned if page.is_some() => "visitor left",
        Outcome::Abandoned => "caller hung up",
        Outcome::Failed if page.is_some() => "chat failed",
        Outcome::Failed => "call failed",
    };
    let from = match (page, caller) {
        (Some(""), _) => "Chat".to_owned(),
        (Some(page), _) => format!("Chat on {page}"),
        (None, "") => "Call from a withheld number".to_owned(),
        (None, caller) => format!("Call from {caller}"),
    };
    let subject = format!("{about}: {ending}");
    let mut body = format!("{from}, {ending}.\n");
    if !slots.is_empty() {
        body.push_str(&format!("\n{}\n", slots.join("\n")));
    }
    if !story.is_empty() {
        body.push_str(&format!("\n{}\n", story.join("\n")));
    }
    Draft { subject, body, tags }
}

/// `order_status` reads "order status".
fn words(name: &str) -> String {
    name.replace(['_', '-', '.'], " ")
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let cut: String = text.chars().take(longest).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Decision, Personal, Scored};

    fn entries(events: Vec<Event>) -> Vec<Entry> {
        let numbered = events.into_iter().zip(1..);
        numbered.map(|(event, seq)| Entry { seq, at: i64::from(seq), audio_ms: None, event }).collect()
    }

    fn heard(text: &str) -> Event {
        Event::Heard {
            turn: 1,
            speaker: Speaker::Caller,
            text: Personal::new(text),
            confidence: 0.9,
            from_ms: 0,
            to_ms: 900,
            engine: "test".into(),
            alternatives: vec![],
            words: vec![],
        }
    }

    #[test]
    fn the_ticket_of_a_crashed_call_holds_what_was_said_up_to_then() {
        let journal = entries(vec![
            Event::Offered {
                channel: Channel::Sip,
                from: Personal::new("+441632960001"),
                to: "1".into(),
                flow: "f".into(),
            },
            heard("where is my order"),
            Event::Understood {
                block: "ask".into(),
                decision: Decision::Accepted,
                ranking: vec![Scored { intent: "order_status".into(), confidence: 0.9 }],
                model: "m".into(),
            },
        ]);
        let draft = draft(&journal, Outcome::Failed);
        assert_eq!(draft.subject, "Order status: call failed");
        assert!(draft.body.contains("Caller: where is my order") && draft.body.contains("+441632960001"));
        assert_eq!(draft.tags, ["order_status"]);
    }

    #[test]
    fn the_ticket_of_a_chat_says_so_and_on_which_page() {
        let offered = |to: &str| Event::Offered {
            channel: Channel::Chat,
            from: Personal::default(),
            to: to.into(),
            flow: "f".into(),
        };
        let on_a_page = draft(&entries(vec![offered("https://shop.example/help")]), Outcome::Abandoned);
        assert_eq!(on_a_page.subject, "Chat without words: visitor left");
        assert!(on_a_page.body.starts_with("Chat on https://shop.example/help, visitor left."));
        assert!(draft(&entries(vec![offered("")]), Outcome::Failed).body.starts_with("Chat, chat failed."));
    }

    #[test]
    fn keys_in_a_row_are_one_line() {
        let keys = "1042".chars().map(|digit| Event::Key { digit: Personal::new(digit) }).collect();
        assert!(draft(&entries(keys), Outcome::Resolved).body.contains("Caller pressed 1042"));
    }

    #[test]
    fn a_call_without_a_word_still_has_a_subject() {
        assert_eq!(draft(&[], Outcome::Abandoned).subject, "Call without words: caller hung up");
    }
}
