//! Sound before the answer: ringing, announcements and music that a carrier sends itself (early media, RFC 3960). Pure.

use std::time::{Duration, Instant};

use sip::message::{Message, Method};
use sip::ua::Traced;

use super::finding::{Finding, Group, say};

const GROUP: Group = Group::Calls;
/// A carrier that announces sound and answers within this has had no time to send any.
const TOO_SOON: Duration = Duration::from_millis(500);

/// What comes so shortly before the answer came with it.
const WITH_IT: Duration = Duration::from_millis(60);

/// What came before the answer, and how long before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Early {
    /// A provisional answer with a description, and its status.
    pub announced: Option<(u16, Duration)>,
    /// The first packet.
    pub sound: Option<Duration>,
}

impl Early {
    /// From the messages of a call that was answered, and the time of its first packet.
    pub fn of(ladder: &[Traced], first_packet: Option<Instant>) -> Self {
        let answers = ladder.iter().filter(|message| !message.sent).filter_map(|message| {
            match Message::parse(&message.bytes).ok()? {
                Message::Response(response) => {
                    let of_invite = response.headers.cseq().is_some_and(|cseq| cseq.method == Method::Invite);
                    of_invite.then_some((message.at, response.status, !response.body.is_empty()))
                }
                Message::Request(_) => None,
            }
        });
        let answers: Vec<_> = answers.collect();
        let Some(answered) = answers.iter().find(|(_, status, _)| (200..300).contains(status)).map(|(at, _, _)| *at)
        else {
            return Self::default();
        };
        let announced = answers.iter().find(|(_, status, described)| (101..200).contains(status) && *described);
        Self {
            announced: announced.map(|(at, status, _)| (*status, answered.saturating_duration_since(*at))),
            sound: first_packet.and_then(|at| answered.checked_duration_since(at)).filter(|before| *before > WITH_IT),
        }
    }
}

/// What it means for whoever calls out through the trunk.
pub fn judge(check: &str, who: &str, early: Early) -> Finding {
    let check = format!("{check}.early");
    let ms = |time: Duration| time.as_millis() as u64;
    let finding = match (early.announced, early.sound) {
        (Some((status, _)), Some(sound)) => {
            let sound = ms(sound);
            let says = say!(
                "{who} sends sound before the answer ({status}): the first packet came {sound} ms before it.",
                "{who} 在接通前就发送声音({status}):第一个包比接通早 {sound} 毫秒。"
            );
            Finding::good(GROUP, check, says)
        }
        (Some((status, time)), None) if time >= TOO_SOON => {
            let time = ms(time);
            let says = say!(
                "{who} announces sound before the answer ({status}), but none came in the {time} ms until then.",
                "{who} 宣布接通前有声音({status}),但在接通前的 {time} 毫秒内没有收到任何包。"
            );
            let cure = say!(
                "Whoever calls out hears silence instead of ringing: see whether sound comes after the answer (from_them); if it does, ask its operator about early media.",
                "呼出者听到的是静音而非回铃:请看接通后是否有声音(from_them);若有,请向其运营方咨询早期媒体。"
            );
            Finding::warning(GROUP, check, says, cure)
        }
        (Some((status, time)), None) => {
            let time = ms(time);
            let says = say!(
                "{who} announced sound before the answer ({status}), and answered {time} ms later, before any came.",
                "{who} 宣布接通前有声音({status}),{time} 毫秒后即接通,其间尚无声音。"
            );
            Finding::good(GROUP, check, says)
        }
        (None, Some(sound)) => {
            let sound = ms(sound);
            let says = say!(
                "{who} sends sound {sound} ms before the answer without announcing it; it is not heard until then.",
                "{who} 未宣布就在接通前 {sound} 毫秒发送声音;接通前听不到。"
            );
            Finding::good(GROUP, check, says)
        }
        (None, None) => {
            let says = say!("{who} sends no sound before the answer.", "{who} 在接通前不发送声音。");
            Finding::good(GROUP, check, says)
        }
    };
    finding.with("announced_ms", early.announced.map(|(_, time)| ms(time))).with("sound_ms", early.sound.map(ms))
}

#[cfg(test)]
mod tests {
    use super::super::finding::{Language, Mark};
    use super::*;

    #[test]
    fn what_comes_before_the_answer_is_told_and_missing_sound_is_named() {
        let (long, short) = (Duration::from_secs(2), Duration::from_millis(40));
        for (announced, sound, mark, words) in [
            (Some((183, long)), Some(long), Mark::Good, "the first packet came 2000 ms before it"),
            (Some((183, long)), None, Mark::Warning, "none came in the 2000 ms"),
            (Some((180, short)), None, Mark::Good, "answered 40 ms later"),
            (None, Some(short), Mark::Good, "without announcing it"),
            (None, None, Mark::Good, "no sound before the answer"),
        ] {
            let found = judge("trunk.x.call", "x", Early { announced, sound });
            assert_eq!(found.mark, mark, "{words}");
            assert!(found.says.in_language(Language::English).contains(words), "{found:?}");
            assert!(found.says.in_language(Language::Chinese).contains("接通"), "{found:?}");
        }
    }

    #[test]
    fn without_an_answer_nothing_came_before_it() {
        assert_eq!(Early::of(&[], Some(Instant::now())), Early::default());
    }
}
