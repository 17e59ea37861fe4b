//! What a caller may say at any moment: a person, again, back, stop. These need no training and must never be triggered by a
//! sentence about something else ("my travel agent lost the ticket"), so a whole utterance has to fit, not a word of it. What
//! to do about a command is left to the flow.

mod chinese;

use serde::{Deserialize, Serialize};

use crate::{Language, normalise::clean};

/// A command that is understood wherever a flow listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// "I want to speak to a person."
    Agent,
    /// "Say that again."
    Repeat,
    /// "Go back."
    Back,
    /// "Stop." Ends what is being said or done.
    Stop,
}

/// The command that a text is, if it is one. Characters tell Chinese from English, so that 人工 works in an English flow too.
pub fn detect(text: &str, language: Language) -> Option<Command> {
    let clean = clean(text);
    let han = language == Language::Chinese || Language::detect(&clean) == Language::Chinese;
    if let Some(command) = han.then(|| chinese::detect(&clean)).flatten() {
        return Some(command);
    }
    let words: Vec<&str> = clean.split(' ').filter(|w| !w.is_empty()).collect();
    ENGLISH.iter().find(|(_, pattern)| fits(&expand(pattern), &words)).map(|(command, _)| *command)
}

/// Patterns over whole utterances. A word is itself, `a|b` either, a `?` at the end makes it optional, `<name>` stands for a
/// pattern of [`PARTS`], and `*` for up to twelve words of any kind.
const ENGLISH: &[(Command, &str)] = &[
    (Command::Agent, "<lead> <a> <kind> <person> <person>? <tail>"),
    (Command::Agent, "<lead> <a> customer service|services|support|care <tail>"),
    (Command::Agent, "<lead> <ask> <need> <a> <kind> <person> <tail>"),
    (Command::Agent, "<lead> <ask> <need> <a> <kind> <person> <tail> <topic>"),
    (Command::Agent, "<lead> <ask> <need> <a> customer service|services|support|care <tail>"),
    (Command::Agent, "<lead> <ask> speak|talk|chat to|with <a> <kind> <person> <person>? <tail>"),
    (Command::Agent, "<lead> <ask> speak|talk|chat to|with <a> <kind> <person> <tail> <topic>"),
    (
        Command::Agent,
        "<lead> <ask> speak|talk|chat to|with <a> customer|technical|tech service|services|support|care <tail>",
    ),
    (Command::Agent, "<lead> <ask> <transfer> through? to|with <a> <kind> <person> <person>? <tail>"),
    (Command::Agent, "<lead> <ask> <transfer> through? to|with <a> <kind> <person> <tail> <topic>"),
    (
        Command::Agent,
        "<lead> <ask> <transfer> through? to|with <a> customer|technical|tech service|services|support|care <tail>",
    ),
    (Command::Agent, "<lead> <ask> get|give|find|pass|fetch me|us <a> <kind> <person> <tail>"),
    (Command::Agent, "<lead> <ask> get|give|find|pass|fetch me|us <a> <kind> <person> <tail> <topic>"),
    (
        Command::Agent,
        "<lead> is there <a> <kind> <person> there|here|available|around|i? could|can? i|to? speak|talk? to|with? <tail>",
    ),
    (Command::Agent, "<lead> are there any <kind> <person> there|here|available <tail>"),
    (Command::Agent, "<lead> <ask> transfer|connect me|my? call? <tail>"),
    (Command::Agent, "<lead> <ask> put me through <tail>"),
    (
        Command::Agent,
        "<lead> i dont|cannot|cant|wont want|wanna|like? to? talk|speak to|with a|this|the machine|robot|bot|computer|recording <tail>",
    ),
    (Command::Repeat, "<lead> <ask> repeat|replay <thing> <again> <tail>"),
    (Command::Repeat, "<lead> <ask> say|play|read|tell|give me? <thing> to? me? again <tail>"),
    (Command::Repeat, "<lead> <ask> say|play|read|tell|give me? <thing> to? me? once|one again|more time? <tail>"),
    (Command::Repeat, "<lead> again <tail>"),
    (Command::Repeat, "<lead> one|once more time? <tail>"),
    (Command::Repeat, "<lead> once again <tail>"),
    (Command::Repeat, "<lead> come again <tail>"),
    (Command::Repeat, "sorry? i? beg? your? pardon me? <tail>"),
    (Command::Repeat, "<lead> what|huh|eh <tail>"),
    (Command::Repeat, "<lead> what did you just? say <tail>"),
    (Command::Repeat, "<lead> what was|is that again? <tail>"),
    (Command::Repeat, "<lead> what were|are the|my options|choices again? <tail>"),
    (
        Command::Repeat,
        "<lead> i <not> quite|really|even? hear|catch|understand that|it|you|anything? what? you? just? said|say? <tail>",
    ),
    (Command::Repeat, "<lead> i <not> quite|really? get that <tail>"),
    (Command::Back, "<lead> <ask> go? back please? <tail>"),
    (
        Command::Back,
        "<lead> <ask> go|take|bring|send|get|return|step|back me? back? to the|my? <earlier> menu|step|question|page|option|one? <tail>",
    ),
    (Command::Back, "<lead> the? previous|last|main menu|step|question <tail>"),
    (Command::Back, "<lead> <ask> go|take|step|move me? back a|one step|menu|level <tail>"),
    (Command::Back, "<lead> previous <tail>"),
    (Command::Stop, "<lead> <ask> stop it|that|this|now|there|talking|speaking? <tail>"),
    (Command::Stop, "stop stop stop? stop?"),
    (Command::Stop, "<lead> be? quiet|silent|silence <tail>"),
    (Command::Stop, "<lead> shut up <tail>"),
    (Command::Stop, "<lead> thats? enough <tail>"),
    (Command::Stop, "<lead> never mind that|it? <tail>"),
    (Command::Stop, "<lead> nevermind that|it? <tail>"),
    (Command::Stop, "<lead> forget about? it|that <tail>"),
    (Command::Stop, "<lead> <ask> cancel that|this|it <tail>"),
];

/// Parts of the patterns above. The determiners leave out "my" and "his": somebody's own agent is somebody else.
const PARTS: &[(&str, &str)] = &[
    (
        "<lead>",
        "um|uh|er|well|so|no|yes|hi|hello|hey|ok|okay|oh|look|listen|just|please|sorry|actually? um|uh|no|yes|and|but|ok|please|just|hey|sorry? please|just?",
    ),
    (
        "<ask>",
        "i|can|could|would|may|will|lets|let|id|im|do? i|you|like|d|would|me|need|want|wanna|we? rather|please|just|really|have|d? like|love|want|need|prefer|wish|possibly|you? to|please? just|please? to?",
    ),
    ("<need>", "need|want|wanna|like|love|prefer|have|get|rather to? have|get|see|reach|contact?"),
    ("<transfer>", "transfer|connect|put|get|forward|redirect|switch|send|hand|pass me|us|this|over? my? call? over?"),
    ("<a>", "a|an|the|any|some|another|your|one|to? of? your?"),
    (
        "<kind>",
        "real|live|human|actual|customer|service|support|sales|phone|call|proper|different|physical|senior? human|live|service|support|care|centre|center|desk?",
    ),
    (
        "<person>",
        "agent|agents|person|human|humans|people|representative|representatives|rep|operator|operators|advisor|adviser|advisors|advisers|someone|somebody|being|receptionist|supervisor|manager|associate|consultant|colleague|staff|attendant",
    ),
    ("<person>?", "agent|person|being|representative|rep|operator|advisor|human|else|real|there|in? charge?"),
    ("<not>", "didnt|dont|couldnt|cant|cannot"),
    ("<earlier>", "previous|last|main|first|prior|earlier|beginning|start"),
    (
        "<thing>",
        "that|it|this|what|the|your|those|them|all|yourself? you|last|options|question|choices|menu|of|message|just? said|thing|question|part|bit|message|it|that?",
    ),
    ("<again>", "again|once|one|for? me|more|again? time? again?"),
    (
        "<tail>",
        "please|now|right|for|immediately|instead|then|thanks|thank|today|here|straight? now|me|you|away|please? thanks|thank|please? you? very? much?",
    ),
    ("<topic>", "about|regarding|because|concerning|who|instead|please *"),
];

fn expand(pattern: &str) -> Vec<&str> {
    pattern
        .split_whitespace()
        .flat_map(|word| match PARTS.iter().find(|(name, _)| *name == word) {
            Some((_, part)) => part.split_whitespace().collect(),
            None => vec![word],
        })
        .collect()
}

/// Whether words fit a pattern from the first to the last.
fn fits(pattern: &[&str], words: &[&str]) -> bool {
    // The set of positions in `words` that the pattern can have reached so far: bounded work, whatever the words are.
    if words.is_empty() || words.len() > 25 {
        return false;
    }
    let mut reached = vec![false; words.len() + 1];
    reached[0] = true;
    for part in pattern {
        let mut next = vec![false; words.len() + 1];
        for at in (0..reached.len()).filter(|at| reached[*at]) {
            if *part == "*" {
                next[at..words.len().min(at + 12) + 1].fill(true);
                continue;
            }
            let (choices, optional) = part.strip_suffix('?').map_or((*part, false), |p| (p, true));
            next[at] |= optional;
            if words.get(at).is_some_and(|word| choices.split('|').any(|c| c == *word)) {
                next[at + 1] = true;
            }
        }
        reached = next;
    }
    reached[words.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Option<Command>, texts: &[&str]) {
        for text in texts {
            assert_eq!(detect(text, Language::detect(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_person_is_asked_for_in_many_ways() {
        check(
            Some(Command::Agent),
            &[
                "agent",
                "Agent!",
                "operator please",
                "representative",
                "a real person",
                "human being",
                "I want to speak to a person",
                "Can I talk to somebody, please?",
                "could you please connect me to an agent",
                "I'd like to speak with a representative",
                "get me a human",
                "transfer me to customer service",
                "put me through to someone",
                "put me through",
                "let me talk to a real human being",
                "I need to speak to someone about my refund",
                "please transfer my call to an operator",
                "I want an agent now",
                "is there a person there",
                "no, I want to speak to your manager",
                "give me someone who can help",
                "customer service please",
                "I just want to talk to a live agent",
                "can you transfer me",
                "I don't want to talk to a machine",
                "speak to an advisor",
                "um agent",
                "I need a human",
                "connect me with a live representative right now",
            ],
        );
        check(
            Some(Command::Agent),
            &[
                "人工",
                "转人工",
                "人工服务",
                "请帮我转人工客服",
                "我要找人工",
                "我想和真人说话",
                "麻烦转接人工",
                "能不能给我转人工",
                "轉人工",
                "我要人工服务谢谢",
                "找个人",
                "我要跟人说话",
            ],
        );
    }

    #[test]
    fn sentences_about_something_else_are_not_commands() {
        check(
            None,
            &[
                "my travel agent booked the wrong bike and now I want to change the order",
                "I bought it from an agent in town last week",
                "my travel agent",
                "I talked to an agent yesterday and nothing happened",
                "I don't want to talk to an agent",
                "someone stole my bike",
                "I need someone to fix my brakes",
                "the person who sold me this was very rude",
                "can you repeat my last order",
                "I want my money back",
                "when will I get my money back",
                "stop my subscription",
                "where is the bus stop",
                "it won't stop squeaking",
                "cancel my order",
                "I want to send it back",
                "I did get it",
                "I want to go back to work",
                "give me one",
                "what is my order status",
                "",
                "🙂",
                "人工智能是什么",
                "人工费多少钱",
                "我不要人工",
                "自行车停在哪里",
                "我要返回商品",
                "重复扣款了怎么办",
                "我的车停不下来",
            ],
        );
    }

    #[test]
    fn asking_to_hear_it_again() {
        check(
            Some(Command::Repeat),
            &[
                "repeat",
                "repeat that please",
                "can you say that again",
                "could you repeat the question",
                "sorry, what?",
                "pardon",
                "pardon me",
                "I didn't catch that",
                "what did you say",
                "one more time please",
                "say it again",
                "come again",
                "again please",
                "I couldn't hear you",
                "please repeat the options",
                "sorry I didn't hear what you said",
                "重复",
                "再说一遍",
                "请再说一遍好吗",
                "我没听清楚",
                "你刚才说什么",
                "麻烦重复一下",
            ],
        );
    }

    #[test]
    fn going_back_and_stopping() {
        check(
            Some(Command::Back),
            &[
                "back",
                "go back",
                "please go back",
                "take me back to the main menu",
                "previous menu",
                "main menu",
                "can I go back please",
                "go back one step",
                "返回",
                "返回上一级",
                "上一步",
                "请返回主菜单",
                "回到主菜单",
            ],
        );
        check(
            Some(Command::Stop),
            &[
                "stop",
                "Stop!",
                "please stop",
                "stop talking",
                "stop it",
                "be quiet",
                "shut up",
                "that's enough",
                "never mind",
                "forget it",
                "cancel that",
                "停",
                "停止",
                "停下来",
                "别说了",
                "算了",
                "停一下",
            ],
        );
    }
}
