//! Whether what was said so far sounds finished, by its words alone. Somebody who stops after "my number is" is about to go on;
//! somebody who stops after "where is my order" is not. What the words mean is left to the flow: see
//! [`flow::Run::answer`].

use intent::Language;

/// The shape of what was said so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// A whole clause, a question, a courtesy: nothing is missing.
    Finished,
    /// It may be all, or the beginning of more.
    Open,
    /// Something must follow.
    Unfinished,
}

/// Words after which English goes on.
const OPEN_ENDED: &[&str] = &[
    // conjunctions
    "and",
    "or",
    "but",
    "because",
    "so",
    "if",
    "when",
    "while",
    "that",
    "which",
    "than",
    "then",
    "unless",
    "until",
    "although",
    "though",
    "as",
    "whether",
    "since",
    "plus",
    // prepositions
    "to",
    "of",
    "for",
    "from",
    "with",
    "without",
    "at",
    "by",
    "into",
    "about",
    "between",
    "under",
    "over",
    "through",
    "during",
    "after",
    "before",
    "against",
    "regarding",
    "concerning",
    "like",
    "per",
    "via",
    "in",
    "on",
    // determiners and possessives
    "the",
    "a",
    "an",
    "my",
    "your",
    "his",
    "her",
    "its",
    "our",
    "their",
    "this",
    "these",
    "those",
    "some",
    "any",
    "every",
    "each",
    "another",
    // pronouns and verbs that want a complement
    "i",
    "we",
    "they",
    "he",
    "she",
    "i'm",
    "we're",
    "they're",
    "you're",
    "i'd",
    "i'll",
    "i've",
    "it's",
    "is",
    "are",
    "was",
    "were",
    "am",
    "be",
    "been",
    "being",
    "has",
    "had",
    "have",
    "will",
    "would",
    "could",
    "should",
    "can",
    "may",
    "might",
    "must",
    "shall",
    "want",
    "wanted",
    "wanna",
    "need",
    "gonna",
    "going",
    "trying",
    "let",
    "let's",
    "got",
    "get",
    "very",
    "more",
    "most",
    "not",
    "don't",
    "doesn't",
    "didn't",
    "can't",
    "just",
    "also",
    "called",
    "named",
    // hesitation
    "um",
    "uh",
    "er",
    "erm",
    "hmm",
    "well",
    "like",
    "maybe",
    "actually",
    "basically",
];

/// Endings of which the last word looks open and is not.
const CLOSED: &[&str] = &[
    "used to",
    "it is",
    "this is it",
    "i do",
    "i did",
    "i was",
    "we are",
    "they are",
    "you are",
    "it was",
    "you can",
    "he is",
    "she is",
    "it on",
    "it in",
    "come in",
    "go on",
    "log in",
    "sign in",
    "check in",
    "turned on",
    "switched on",
    "what for",
    "where from",
    "why not",
    "of course not",
    "i think so",
    "hope so",
    "like that",
    "like this",
    "do that",
    "is that",
    "about that",
    "with that",
    "about this",
    "with this",
    "do this",
    "any more",
    "no more",
    "once more",
    "come from",
    "as well",
    "very well",
    "work from",
    "can i",
    "come over",
    "is over",
    "what i need",
    "what i want",
    "all i need",
    "all i want",
    "is not",
    "will not",
    "cannot",
    "before",
    "is on",
    "was on",
    "like it is",
    "the most",
];

/// A short answer that begins with these is whole with an auxiliary at its end: "yes, I would".
const ANSWERS: &[&str] = &["yes", "no", "yeah", "sure", "of course"];
const AUXILIARIES: &[&str] = &[
    "to", "is", "are", "was", "were", "am", "have", "has", "had", "do", "did", "can", "could", "will", "would",
    "should", "might", "may", "must", "not", "don't", "can't", "didn't", "doesn't",
];

/// With these an English caller has said all there is to say, however short it is.
const WHOLE: &[&str] = &[
    "yes",
    "no",
    "yeah",
    "yep",
    "nope",
    "okay",
    "ok",
    "please",
    "thanks",
    "thank you",
    "bye",
    "goodbye",
    "hello",
    "hi",
    "correct",
    "that's right",
    "that's all",
    "that's it",
    "sure",
    "never mind",
    "nothing",
    "exactly",
    "right",
    "wrong",
    "stop",
    "cancel",
    "help",
    "repeat",
    "agent",
    "operator",
];

/// Beginnings that ask.
const ASKING: &[&str] = &[
    "what",
    "where",
    "when",
    "who",
    "why",
    "how",
    "which",
    "can you",
    "could you",
    "can i",
    "could i",
    "may i",
    "do you",
    "does",
    "did",
    "is there",
    "are there",
    "are you",
    "is it",
    "will you",
    "would you",
    "have you",
    "please",
];

/// Endings after which Chinese goes on.
const OPEN_ENDED_ZH: &[&str] = &[
    "我想",
    "我要",
    "我想要",
    "我想问",
    "我想问一下",
    "想问一下",
    "我需要",
    "我的",
    "你的",
    "您的",
    "他的",
    "她的",
    "然后",
    "还有",
    "因为",
    "所以",
    "但是",
    "可是",
    "不过",
    "如果",
    "要是",
    "就是",
    "而且",
    "或者",
    "还是",
    "和",
    "跟",
    "与",
    "把",
    "被",
    "给",
    "在",
    "从",
    "到",
    "向",
    "对于",
    "关于",
    "是",
    "那个",
    "这个",
    "这",
    "那",
    "嗯",
    "呃",
    "额",
    "啊那个",
    "比如",
    "比如说",
    "号码是",
    "名字是",
    "地址是",
    "帮我",
    "请帮我",
    "请问",
    "麻烦",
    "能不能",
    "可不可以",
    "可以",
    "我叫",
    "我姓",
    "我在",
    "我是",
    "一个",
    "一下子",
    "想",
    "要",
    "去",
    "第",
    "的话",
    "之后",
    "以后",
    "的时候",
    "另外",
    "首先",
];

/// Endings and whole utterances with which Chinese is done.
const WHOLE_ZH: &[&str] = &[
    "是",
    "是的",
    "对",
    "对的",
    "不对",
    "不是",
    "好",
    "好的",
    "好吧",
    "不用",
    "不用了",
    "没有",
    "没有了",
    "可以",
    "行",
    "不行",
    "谢谢",
    "再见",
    "你好",
    "您好",
    "喂",
    "人工",
    "人工服务",
    "转人工",
    "重复",
    "取消",
    "我要的",
    "我想要的",
    "不要",
    "不知道",
    "就这样",
    "就这些",
];
const FINAL_ZH: &[&str] = &[
    "吗",
    "呢",
    "吧",
    "了",
    "谢谢",
    "哪里",
    "哪儿",
    "多少",
    "什么",
    "怎么办",
    "几点",
    "什么时候",
    "为什么",
    "多久",
    "怎么样",
    "服务",
    "一下",
    "没有",
    "可以吗",
    "行吗",
    "啊",
];

/// Tells the shape of what was said so far.
pub fn clause(text: &str, language: Language) -> Clause {
    match language {
        Language::English => english(text),
        Language::Chinese => chinese(text),
    }
}

fn english(text: &str) -> Clause {
    let trimmed = text.trim();
    let plain: Vec<String> = trimmed
        .split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’' || c == '-'))
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().replace('’', "'"))
        .collect();
    let Some(last) = plain.last() else { return Clause::Open };
    let words = plain.join(" ");
    let ends_with = |ending: &str| words == ending || words.ends_with(&format!(" {ending}"));
    if WHOLE.iter().any(|whole| words == *whole) {
        return Clause::Finished;
    }
    // A recogniser that hears a voice stay up writes a comma or dots.
    if trimmed.ends_with([',', '-', '–', '—', ':', ';', '…']) || trimmed.ends_with("...") {
        return Clause::Unfinished;
    }
    let answers = ANSWERS.iter().any(|answer| words.starts_with(&format!("{answer} ")));
    if answers && plain.len() <= 4 && AUXILIARIES.contains(&last.as_str()) {
        return Clause::Finished;
    }
    let asks = trimmed.ends_with('?');
    let closed = CLOSED.iter().any(|ending| ends_with(ending)) || asks_indirectly(&plain);
    if OPEN_ENDED.contains(&last.as_str()) && !closed && !(asks && plain.len() > 3) {
        return Clause::Unfinished;
    }
    if asks || ASKING.iter().any(|asking| words.starts_with(asking)) && plain.len() >= 4 {
        return Clause::Finished;
    }
    if ["please", "thanks", "thank you", "bye", "goodbye"].iter().any(|ending| ends_with(ending)) {
        return Clause::Finished;
    }
    // A single word, or two, may be a whole answer or a beginning.
    if plain.len() <= 2 { Clause::Open } else { Clause::Finished }
}

/// "I want to know where my parcel is": in a question inside a sentence the verb comes last.
fn asks_indirectly(plain: &[String]) -> bool {
    let Some((last, before)) = plain.split_last() else { return false };
    let asked = before.iter().rposition(|word| ["where", "when", "how", "who", "what"].contains(&word.as_str()));
    ["is", "are", "was", "were"].contains(&last.as_str()) && asked.is_some_and(|at| at > 0 && before.len() > at + 1)
}

fn chinese(text: &str) -> Clause {
    let trimmed = text.trim();
    let plain: String = trimmed.chars().filter(|c| c.is_alphanumeric()).collect();
    if plain.is_empty() {
        return Clause::Open;
    }
    if WHOLE_ZH.contains(&plain.as_str()) {
        return Clause::Finished;
    }
    if trimmed.ends_with([',', '\u{ff0c}', '、', '…', ':', '\u{ff1a}', ';', '\u{ff1b}']) || trimmed.ends_with("...")
    {
        return Clause::Unfinished;
    }
    if trimmed.ends_with(['?', '\u{ff1f}']) {
        return Clause::Finished;
    }
    if FINAL_ZH.iter().any(|ending| plain.ends_with(ending)) && plain.chars().count() >= 3 {
        return Clause::Finished;
    }
    if OPEN_ENDED_ZH.iter().any(|ending| plain.ends_with(ending)) {
        return Clause::Unfinished;
    }
    if plain.chars().count() <= 3 { Clause::Open } else { Clause::Finished }
}

/// Sounds by which a listener says "I am listening", in either language. They take no turn from whoever speaks.
const BACK_CHANNELS: &[&str] = &[
    "uh-huh",
    "uh huh",
    "uhuh",
    "uh",
    "um",
    "mm",
    "mm-hmm",
    "mm hmm",
    "mmhmm",
    "mhm",
    "mmm",
    "hmm",
    "hm",
    "mm-mm",
    "ah",
    "oh",
    "aha",
    "uhm",
    "yeah",
    "yep",
    "okay",
    "ok",
    "right",
    "sure",
    "i see",
    "oh i see",
    "oh okay",
    "oh ok",
    "yeah yeah",
    "okay okay",
    "all right",
    "alright",
    "got it",
    "huh",
    "ah okay",
    "m",
    "mhmm",
    "mm yeah",
    "uh yeah",
    "嗯",
    "嗯嗯",
    "嗯嗯嗯",
    "哦",
    "哦哦",
    "噢",
    "喔",
    "啊",
    "呃",
    "额",
    "诶",
    "唉",
    "对",
    "对对",
    "对对对",
    "是",
    "是是",
    "是的",
    "好",
    "好的",
    "好好",
    "好好好",
    "行",
    "嗯好",
    "嗯好的",
    "哦好",
    "哦好的",
    "明白",
    "知道了",
];

/// Whether the words only say that somebody listens. Whether they answer a question is for the flow to say first.
pub fn is_back_channel(text: &str) -> bool {
    let plain: Vec<String> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '\''))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    !plain.is_empty()
        && (BACK_CHANNELS.contains(&plain.join(" ").as_str())
            || plain.len() <= 3 && plain.iter().all(|word| BACK_CHANNELS.contains(&word.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, expected: Clause, texts: &[&str]) {
        for text in texts {
            assert_eq!(clause(text, language), expected, "{text}");
        }
    }

    #[test]
    fn an_english_clause_that_wants_more_is_unfinished() {
        check(
            Language::English,
            Clause::Unfinished,
            &[
                "I would like to check on my",
                "I'd like to order a",
                "My number is",
                "what I want is",
                "I want to know where is",
                "and",
                "I want to go to",
                "Um",
                "because I",
                "I want to",
                "I would like to",
                "no I want a",
                "Can you tell me the",
                "I'm calling about",
                "the order that I made is,",
                "It's for...",
            ],
        );
    }

    #[test]
    fn a_whole_english_clause_is_finished() {
        check(
            Language::English,
            Clause::Finished,
            &[
                "Where is my order?",
                "where is my order",
                "Yes.",
                "No thank you.",
                "I want a refund please",
                "I bought a bicycle last week",
                "Yes, I'd like to.",
                "I don't know what time it is.",
                "Hello, I want to know where my parcel is.",
                "can you tell me when the next appointments are",
                "that's all",
                "What is it?",
                "The printer is not.",
            ],
        );
    }

    #[test]
    fn a_word_or_two_may_be_all_or_a_beginning() {
        check(Language::English, Clause::Open, &["refund", "my order", "", "?!"]);
        check(Language::Chinese, Clause::Open, &["订单", "退款", ""]);
    }

    #[test]
    fn a_chinese_clause_that_wants_more_is_unfinished() {
        check(
            Language::Chinese,
            Clause::Unfinished,
            &["我想", "然后", "我的订单号码是", "请帮我", "我想查一下我的", "因为", "那个", "我要退款,", "嗯"],
        );
    }

    #[test]
    fn a_whole_chinese_clause_is_finished() {
        check(
            Language::Chinese,
            Clause::Finished,
            &[
                "我的订单在哪里",
                "你们几点开门?",
                "是的",
                "好的。",
                "我要退款谢谢",
                "对",
                "我想取消昨天的订单",
                "转人工",
            ],
        );
    }

    #[test]
    fn sounds_of_listening_are_back_channels_and_answers_are_not() {
        for text in ["Uh-huh.", "Mm-hmm", "嗯", "哦。", "嗯,好的", "Okay.", "yeah yeah", "Oh, I see", "Right, right."]
        {
            assert!(is_back_channel(text), "{text}");
        }
        for text in
            ["", "no", "refund", "yeah I want a refund", "不是", "okay but where is my order", "我要退款", "stop"]
        {
            assert!(!is_back_channel(text), "{text}");
        }
    }
}
