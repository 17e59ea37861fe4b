//! Waiting for an agent: what the caller is told between the music, and what they can press instead of waiting.

use flow::event::QueueResult;
use intent::Language;

use super::speaking::{Piece, Saying};
use super::{Conversation, Millis, Output, With};
use crate::event::{Channel, Entry, Event, Outcome, Personal, TicketId, TicketStatus, Timestamp};
use crate::queue::{Announcement, Left, Overflow};

/// The keys are named the first time, and then every so many times.
const KEYS_EVERY: u32 = 3;
/// Longer waits are told as more than an hour.
const HOUR_S: u32 = 3_600;

impl Conversation {
    /// Tells the caller how they stand.
    pub(super) fn announce(&mut self, told: &Announcement, now: Millis, out: &mut Vec<Output>) {
        if !matches!(self.with, With::Queue { dialled: None, .. }) || self.is_speaking() {
            return;
        }
        self.write(Event::Announced { place: told.place, wait_s: told.wait_s }, now, out);
        self.say_between(standing(told, self.language), out);
    }

    /// The queue asks others: which, is for the journal, and where it is another queue, the caller waits there.
    pub(super) fn overflowed(&mut self, from: String, then: Overflow, now: Millis, out: &mut Vec<Output>) {
        let (to, relaxed) = match then {
            Overflow::Queue { queue } => (Some(queue), None),
            Overflow::Relax { levels } => (None, Some(levels)),
        };
        if let (With::Queue { queue, .. }, Some(to)) = (&mut self.with, &to) {
            queue.clone_from(to);
        }
        self.write(Event::Overflowed { from, to, relaxed }, now, out);
    }

    /// A key of somebody who waits.
    pub(super) fn pressed_while_waiting(&mut self, digit: char, now: Millis, out: &mut Vec<Output>) {
        let With::Queue { dialled: None, queue, since } = self.with.clone() else { return };
        let is = |key: &Option<String>| key.as_ref().is_some_and(|key| key.starts_with(digit));
        if is(&self.keys.callback) {
            self.be_called_back(queue, since, now, out);
        } else if is(&self.keys.voicemail) {
            self.stop_speaking(out);
            self.write(Event::Unqueued { queue, reason: "voicemail".into() }, now, out);
            self.with = With::Bot;
            out.push(Output::LeaveQueue(Left::Voicemail));
            self.tell_queue(QueueResult::Voicemail, now, out);
        }
    }

    /// The caller is called back, and keeps their place; the call is over with a goodbye.
    fn be_called_back(&mut self, queue: String, since: Millis, now: Millis, out: &mut Vec<Output>) {
        self.stop_speaking(out);
        let number = self.start.2.caller.clone();
        if number.is_empty() {
            return self.say_between(vec![no_number(self.language).to_owned()], out);
        }
        let place = (self.offered_at + since as i64, Some(self.priority));
        for event in arranged(Personal::new(number), queue, self.brief.clone(), place) {
            self.write(event, now, out);
        }
        self.with = With::Bot;
        self.settled = true;
        self.ending = Some(Outcome::Callback);
        out.push(Output::LeaveQueue(Left::Callback));
        self.say_between(vec![called_back(self.language).to_owned()], out);
    }

    /// Says something that the flow knows nothing of.
    fn say_between(&mut self, sentences: Vec<String>, out: &mut Vec<Output>) {
        let mut pieces = Vec::new();
        for sentence in sentences {
            for text in self.recorded.pieces(&sentence, self.language) {
                let id = self.next_id;
                self.next_id += 1;
                out.push(Output::Play { id, turn: 0, text: text.clone(), language: self.language });
                pieces.push(Piece { id, text, of_ms: None, started: None, over: None });
            }
        }
        if !pieces.is_empty() {
            self.sayings.push_back(Saying::between(pieces));
        }
    }
}

/// What is written for a caller who waited when the service was killed: they are called back, and keep their place. Nothing, where nobody
/// waits in this journal, or their number is withheld.
pub fn waiting_callback(journal: &[Entry]) -> Vec<Event> {
    let mut number = None;
    let mut waits = None;
    for entry in journal {
        match &entry.event {
            Event::Offered { channel: Channel::Sip, from, .. } => number = Some(from.clone()),
            Event::Queued { queue, brief, priority } => {
                waits = Some((queue.clone(), brief.clone(), *priority, entry.at))
            }
            Event::Bridged { .. } | Event::Unqueued { .. } | Event::CallbackArranged { .. } => waits = None,
            _ => {}
        }
    }
    let number = number.filter(|number| !number.reveal().trim().is_empty());
    match (number, waits) {
        (Some(number), Some((queue, brief, priority, since))) => {
            arranged(number, queue, brief, (since, priority)).into()
        }
        _ => Vec::new(),
    }
}

/// Somebody who waits is called back: that, the ticket in case it fails, and the end of their waiting.
fn arranged(
    number: Personal,
    queue: String,
    brief: Personal,
    (since, priority): (Timestamp, Option<u8>),
) -> [Event; 3] {
    let subject = Personal::new(format!("Call back {}", number.reveal()));
    let body = format!("{}\nNumber: {}", brief.reveal(), number.reveal());
    let ticket = Event::TicketOpened {
        ticket: TicketId::new(),
        subject,
        body: Personal::new(body.trim_start()),
        tags: vec!["callback".to_owned()],
        status: TicketStatus::Open,
    };
    let unqueued = Event::Unqueued { queue: queue.clone(), reason: "callback".into() };
    let arranged = Event::CallbackArranged { number, queue: Some(queue), brief, since: Some(since), priority };
    [arranged, ticket, unqueued]
}

/// How somebody stands, in sentences; numbers are written so that a voice reads them well.
fn standing(told: &Announcement, language: Language) -> Vec<String> {
    let mut sentences: Vec<String> = told.comfort.iter().cloned().collect();
    sentences.extend(told.place.map(|place| place_words(place, language)));
    sentences.extend(told.wait_s.map(|seconds| wait_words(seconds, language)));
    if sentences.is_empty() {
        sentences.push(
            match language {
                Language::English => "You are still in the queue.",
                Language::Chinese => "您仍在排队,请稍候。",
            }
            .to_owned(),
        );
    }
    if told.count.is_multiple_of(KEYS_EVERY) {
        sentences.extend(told.callback.map(|key| match language {
            Language::English => {
                format!("To be called back without losing your place, press {}.", key_name(key, language))
            }
            Language::Chinese => format!("如需回拨并保留排队位置,请按{}。", key_name(key, language)),
        }));
        sentences.extend(told.voicemail.map(|key| match language {
            Language::English => format!("To leave a message, press {}.", key_name(key, language)),
            Language::Chinese => format!("如需留言,请按{}。", key_name(key, language)),
        }));
    }
    sentences
}

fn place_words(place: u32, language: Language) -> String {
    match (language, place) {
        (Language::English, 0 | 1) => "You are next in line.".to_owned(),
        (Language::English, place) => format!("You are number {place} in the queue."),
        (Language::Chinese, 0 | 1) => "您是下一位。".to_owned(),
        (Language::Chinese, place) => format!("您前面还有{}位。", place - 1),
    }
}

fn wait_words(seconds: u32, language: Language) -> String {
    let minutes = seconds.div_ceil(60);
    match (language, minutes) {
        (Language::English, 0 | 1) => "It will probably take less than a minute.".to_owned(),
        (Language::English, _) if seconds >= HOUR_S => "It will probably take more than an hour.".to_owned(),
        (Language::English, minutes) => format!("It will probably take about {minutes} minutes."),
        (Language::Chinese, 0 | 1) => "预计等待不到一分钟。".to_owned(),
        (Language::Chinese, _) if seconds >= HOUR_S => "预计等待一小时以上。".to_owned(),
        (Language::Chinese, minutes) => format!("预计等待约{minutes}分钟。"),
    }
}

fn key_name(key: char, language: Language) -> String {
    match (key, language) {
        ('*', Language::English) => "the star key".into(),
        ('#', Language::English) => "the hash key".into(),
        ('*', Language::Chinese) => "星号键".into(),
        ('#', Language::Chinese) => "井号键".into(),
        (key, _) => key.to_string(),
    }
}

fn no_number(language: Language) -> &'static str {
    match language {
        Language::English => "We cannot see your number, so we cannot call you back. Please stay on the line.",
        Language::Chinese => "我们看不到您的号码,无法回拨,请继续等候。",
    }
}

fn called_back(language: Language) -> &'static str {
    match language {
        Language::English => "We will call you back on this number as soon as it is your turn. Goodbye.",
        Language::Chinese => "轮到您时,我们会回拨此号码。再见。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(count: u32, place: Option<u32>, wait_s: Option<u32>) -> Announcement {
        Announcement { count, place, wait_s, comfort: None, callback: Some('1'), voicemail: Some('#') }
    }

    #[test]
    fn who_waits_hears_their_place_the_time_and_now_and_then_the_keys() {
        for (announcement, language, expected) in [
            (
                told(0, Some(3), Some(230)),
                Language::English,
                "You are number 3 in the queue. It will probably take about 4 minutes. \
                 To be called back without losing your place, press 1. To leave a message, press the hash key.",
            ),
            (
                told(1, Some(1), Some(20)),
                Language::English,
                "You are next in line. It will probably take less than a minute.",
            ),
            (told(1, Some(2), None), Language::English, "You are number 2 in the queue."),
            (told(1, None, Some(4_000)), Language::English, "It will probably take more than an hour."),
            (told(2, None, None), Language::English, "You are still in the queue."),
            (
                told(3, Some(3), Some(230)),
                Language::Chinese,
                "您前面还有2位。 预计等待约4分钟。 如需回拨并保留排队位置,请按1。 如需留言,请按井号键。",
            ),
        ] {
            assert_eq!(standing(&announcement, language).join(" "), expected);
        }
    }

    #[test]
    fn whoever_waited_when_the_service_was_killed_keeps_their_place_and_whoever_did_not_is_not_called() {
        let offered = |from: &str| Event::Offered {
            channel: Channel::Sip,
            from: Personal::new(from),
            to: "100".into(),
            flow: "f".into(),
        };
        let queued = || Event::Queued { queue: "service".into(), brief: Personal::new("a refund"), priority: Some(8) };
        let bridged = || Event::Bridged { agent: "101".into(), waited_ms: 5 };
        let journal = |events: Vec<Event>| -> Vec<Entry> {
            let entry = |(seq, event)| Entry { seq, at: i64::from(seq) * 1_000, audio_ms: None, event };
            (1..).zip(events).map(entry).collect()
        };
        let events = waiting_callback(&journal(vec![offered("+441632960001"), queued()]));
        let Event::CallbackArranged { number, queue, since, priority, .. } = &events[0] else { panic!("{events:?}") };
        assert_eq!(
            (number.reveal(), queue.as_deref(), *since, *priority),
            ("+441632960001", Some("service"), Some(2_000), Some(8))
        );
        assert!(matches!(&events[2], Event::Unqueued { reason, .. } if reason == "callback"));
        assert_eq!(waiting_callback(&journal(vec![offered(""), queued()])), []);
        assert_eq!(waiting_callback(&journal(vec![offered("+441632960001"), queued(), bridged()])), []);
        assert_eq!(waiting_callback(&journal(vec![offered("+441632960001")])), []);
        // Sent back to a queue, they wait again.
        assert_eq!(waiting_callback(&journal(vec![offered("1"), queued(), bridged(), queued()])).len(), 3);
    }

    #[test]
    fn a_comforting_word_comes_first() {
        let announcement = Announcement { comfort: Some("Thank you for waiting.".into()), ..told(1, Some(1), None) };
        assert_eq!(
            standing(&announcement, Language::English).join(" "),
            "Thank you for waiting. You are next in line."
        );
    }
}
