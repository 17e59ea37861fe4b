//! What a caller may say at any moment: a person, again, back, stop. These need no training and must never be triggered by a
//! sentence about something else ("my travel agent lost the ticket"), so a whole utterance has to fit, not a word of it. What
//! to do about a command is left to the flow.

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
    if language == Language::Chinese || Language::detect(&clean) == Language::Chinese {
        if let Some(command) = detect_chinese(&clean) {
            return Some(command);
        }
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

fn detect_chinese(clean: &str) -> Option<Command> {
    let joined: String = clean.split(' ').collect();
    let mut core = joined.as_str();
    loop {
        let before = BEFORE_ZH
            .iter()
            .filter(|p| core.starts_with(**p) && core.len() > p.len())
            .map(|p| p.len())
            .max()
            .unwrap_or(0);
        core = &core[before..];
        if let Some(command) = lookup(core) {
            return Some(command);
        }
        let after =
            AFTER_ZH.iter().filter(|p| core.ends_with(**p) && core.len() > p.len()).map(|p| p.len()).max().unwrap_or(0);
        core = &core[..core.len() - after];
        if let Some(command) = lookup(core) {
            return Some(command);
        }
        if before + after == 0 {
            return None;
        }
    }
}

fn lookup(core: &str) -> Option<Command> {
    CHINESE.iter().find(|(_, phrases)| phrases.contains(&core)).map(|(command, _)| *command)
}

/// What may stand around a Chinese command. Negations are not among them: 我不要人工 is not a request.
const BEFORE_ZH: &[&str] = &[
    "嗯",
    "呃",
    "啊",
    "那个",
    "哎",
    "喂",
    "你好",
    "您好",
    "请问",
    "请",
    "麻烦",
    "麻烦你",
    "麻烦您",
    "我",
    "我们",
    "要",
    "想",
    "想要",
    "需要",
    "能",
    "能不能",
    "可以",
    "可不可以",
    "帮我",
    "给我",
    "帮忙",
    "让我",
    "你",
    "您",
    "就",
    "还是",
    "直接",
    "快",
    "快点",
    "马上",
    "赶紧",
    "先",
    "再",
    "不好意思",
    "对不起",
    "不是",
    "好",
    "好的",
    "算了",
    "我说",
    "叫",
    "听",
    "希望",
];
const AFTER_ZH: &[&str] = &[
    "谢谢",
    "谢谢你",
    "谢谢您",
    "吧",
    "吗",
    "啊",
    "呀",
    "呢",
    "了",
    "嘛",
    "哦",
    "一下",
    "好吗",
    "好不好",
    "行吗",
    "可以吗",
    "行不行",
    "给我",
    "听",
    "给我听",
    "来",
    "去",
    "现在",
    "马上",
];

const CHINESE: &[(Command, &[&str])] = &[
    (
        Command::Agent,
        &[
            "人工",
            "人工服务",
            "人工客服",
            "人工坐席",
            "人工座席",
            "转人工",
            "转人工服务",
            "转人工客服",
            "转接人工",
            "转接人工服务",
            "转接人工客服",
            "接人工",
            "接人工服务",
            "接人工客服",
            "找人工",
            "找人工客服",
            "打人工",
            "换人工",
            "转到人工",
            "转到人工服务",
            "转到人工客服",
            "切换人工",
            "客服",
            "找客服",
            "转客服",
            "接客服",
            "转接客服",
            "联系客服",
            "真人",
            "真人客服",
            "转真人",
            "找真人",
            "换真人",
            "换个真人",
            "找个真人",
            "找个人",
            "找个人说话",
            "找人",
            "找人说",
            "跟人说话",
            "和人说话",
            "跟人说",
            "跟人聊",
            "跟人工说",
            "跟人工说话",
            "和人工说话",
            "跟真人说话",
            "和真人说话",
            "跟真人说",
            "跟真人讲话",
            "和真人讲话",
            "跟真人讲",
            "跟人讲话",
            "跟客服说",
            "跟客服说话",
            "和客服说话",
            "接线员",
            "找接线员",
            "转接线员",
            "坐席",
            "转坐席",
            "客服人员",
            "找客服人员",
            "转接客服人员",
            "转接",
            "转接电话",
            "找你们经理",
            "找经理",
            "找你们领导",
            "找你们客服",
            "换人",
            "换个人",
            "换一个人",
            "不想跟机器人说话",
            "不要机器人",
            "不想和机器人说话",
            "不跟机器人说话",
            "工作人员",
            "找工作人员",
            "有人",
        ],
    ),
    (
        Command::Repeat,
        &[
            "重复",
            "重复一遍",
            "重复一次",
            "重说",
            "重说一遍",
            "重新说",
            "重新说一遍",
            "说一遍",
            "再说",
            "再说一遍",
            "再说一次",
            "讲一遍",
            "再讲一遍",
            "再讲一次",
            "再来一遍",
            "再来一次",
            "再读一遍",
            "再念一遍",
            "再播一遍",
            "再放一遍",
            "一遍",
            "没听清",
            "没听清楚",
            "没听懂",
            "没听见",
            "没听到",
            "没有听清",
            "没有听清楚",
            "听不清",
            "听不清楚",
            "听不懂",
            "没明白",
            "刚才说什么",
            "刚刚说什么",
            "说什么",
            "说的什么",
            "刚才说的什么",
            "什么",
            "啥",
            "重播",
            "重放",
            "重听",
            "重听一遍",
        ],
    ),
    (
        Command::Back,
        &[
            "返回",
            "返回上一步",
            "返回上一级",
            "返回上一层",
            "返回上级",
            "返回主菜单",
            "返回上一级菜单",
            "返回上一个菜单",
            "返回菜单",
            "返回上一页",
            "后退",
            "退回",
            "退回去",
            "退回上一步",
            "倒回去",
            "回去",
            "回到上一步",
            "回到上一级",
            "回到主菜单",
            "回到菜单",
            "回主菜单",
            "回上一步",
            "上一步",
            "上一级",
            "上一层",
            "上一个",
            "上一级菜单",
            "主菜单",
            "回到前面",
            "回到开头",
            "往回走",
        ],
    ),
    (
        Command::Stop,
        &[
            "停",
            "停止",
            "停下",
            "停下来",
            "停一停",
            "停一下",
            "别说",
            "别说话",
            "别讲",
            "不要说",
            "不要说话",
            "不用说",
            "闭嘴",
            "安静",
            "够",
            "算",
            "算了",
            "不用",
            "取消吧",
            "打住",
            "暂停",
            "别念",
            "别播",
        ],
    ),
];

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
