//! Yes or no. An answer that says both, neither or "I don't know" is neither, so that the flow asks again rather than guesses.

use crate::{Language, normalise::clean};

/// Whether an answer means yes or no; `None` when it says neither, or both.
pub fn yes_no(text: &str, language: Language) -> Option<bool> {
    let clean = clean(text);
    match language {
        Language::Chinese => chinese(&clean).or_else(|| english(&clean)),
        Language::English => english(&clean).or_else(|| chinese(&clean)),
    }
}

const UNSURE: &[&str] =
    &["dont know", "do not know", "not sure", "no idea", "yes or no", "yes and no", "maybe", "yes no", "no yes"];
/// Longer than this, only a yes or no at the start counts.
const SHORT: usize = 6;

/// Phrases in the order in which they are looked for: what contains a word of the other kind stands first.
const PHRASES: &[(&str, bool)] = &[
    ("no problem", true),
    ("why not", true),
    ("no doubt", true),
    ("not wrong", true),
    ("dont see why not", true),
    ("uh uh", false),
    ("nuh uh", false),
    ("uh huh", true),
    ("mm hmm", true),
    ("not right", false),
    ("not correct", false),
    ("isnt right", false),
    ("isnt correct", false),
    ("not really", false),
    ("not at all", false),
    ("not yet", false),
    ("no thanks", false),
    ("no thank you", false),
    ("of course not", false),
    ("absolutely not", false),
    ("definitely not", false),
    ("certainly not", false),
    ("not ok", false),
    ("not okay", false),
    ("of course", true),
    ("go ahead", true),
    ("sounds good", true),
    ("thats it", true),
    ("it is", true),
    ("i do", true),
    ("do it", true),
    ("you bet", true),
    ("all right", true),
    ("i dont", false),
    ("i do not", false),
    ("it isnt", false),
    ("its not", false),
    ("it is not", false),
    ("dont", false),
    ("do not", false),
    ("no", false),
    ("nope", false),
    ("nah", false),
    ("never", false),
    ("wrong", false),
    ("incorrect", false),
    ("negative", false),
    ("not", false),
    ("yes", true),
    ("yeah", true),
    ("yep", true),
    ("yup", true),
    ("yea", true),
    ("ya", true),
    ("aye", true),
    ("sure", true),
    ("correct", true),
    ("right", true),
    ("ok", true),
    ("okay", true),
    ("absolutely", true),
    ("definitely", true),
    ("certainly", true),
    ("exactly", true),
    ("affirmative", true),
    ("indeed", true),
    ("mhm", true),
    ("please", true),
];

fn english(clean: &str) -> Option<bool> {
    let padded = format!(" {clean} ");
    if UNSURE.iter().any(|phrase| padded.contains(&format!(" {phrase} "))) {
        return None;
    }
    let words = clean.split(' ').count();
    let mut rest = padded;
    let mut said: Vec<(bool, &str)> = Vec::new();
    // Longer phrases first: "it is not" before "it is".
    let mut phrases: Vec<&(&str, bool)> = PHRASES.iter().collect();
    phrases.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
    for (phrase, meaning) in phrases {
        let needle = format!(" {phrase} ");
        if words > SHORT && !rest.trim_start().starts_with(&format!("{phrase} ")) {
            continue;
        }
        while let Some(at) = rest.find(&needle) {
            said.push((*meaning, phrase));
            rest.replace_range(at..at + needle.len(), " | ");
        }
    }
    // "No, please" and "no, that's right" differ: courtesy gives way, anything else is a contradiction.
    if said.len() > 1 {
        said.retain(|(_, phrase)| *phrase != "please");
    }
    let (first, _) = *said.first()?;
    said.iter().all(|(meaning, _)| *meaning == first).then_some(first)
}

const UNSURE_ZH: &[&str] =
    &["不知道", "不确定", "不清楚", "是不是", "对不对", "好不好", "要不要", "可不可以", "行不行", "也许", "可能"];
const NO_ZH: &[&str] = &[
    "不是",
    "不对",
    "不行",
    "不要",
    "不用",
    "不可以",
    "不好",
    "不同意",
    "不需要",
    "不正确",
    "不想",
    "没有",
    "错",
    "否",
    "别",
    "不",
];
const YES_ZH: &[&str] = &[
    "没错",
    "没问题",
    "没有错",
    "没有问题",
    "不错",
    "是",
    "对",
    "好",
    "行",
    "可以",
    "要",
    "嗯",
    "确认",
    "正确",
    "同意",
    "当然",
    "需要",
    "愿意",
    "成",
];

/// These open an answer whatever follows.
const OPENING_ZH: &[(&str, bool)] = &[
    ("是的", true),
    ("对的", true),
    ("好的", true),
    ("没错", true),
    ("没问题", true),
    ("对啊", true),
    ("是啊", true),
    ("不是", false),
    ("不对", false),
    ("不用", false),
    ("不要", false),
    ("不行", false),
    ("没有", false),
];

const PARTICLES_ZH: &[&str] = &[
    "谢谢", "这个", "那个", "这样", "就", "的", "了", "啊", "吧", "呀", "嘛", "哦", "呢", "我", "你", "您", "这", "那",
    "很", "都", "也", "个", "一下", "说",
];

/// Whether a text is made of answers and particles only.
fn only_answers(text: &str) -> bool {
    let mut rest = text.to_owned();
    for phrase in YES_ZH.iter().chain(NO_ZH).chain(PARTICLES_ZH) {
        rest = rest.replace(phrase, "");
    }
    rest.is_empty()
}

fn chinese(clean: &str) -> Option<bool> {
    let mut text: String = clean.split(' ').collect();
    for courtesy in ["对不起", "不好意思", "你好", "您好"] {
        text = text.replace(courtesy, "");
    }
    if UNSURE_ZH.iter().any(|phrase| text.contains(phrase)) {
        return None;
    }
    // A single character means other things inside a sentence, so either nothing else is said, or it opens the answer.
    let opening = clean.split(' ').next().unwrap_or_default();
    if let Some((_, meaning)) = OPENING_ZH.iter().find(|(phrase, _)| text.starts_with(phrase)) {
        let contrary = |phrase: &&str| if *meaning { NO_ZH.contains(phrase) } else { YES_ZH.contains(phrase) };
        let closing = clean.split(' ').next_back().unwrap_or_default();
        return (!contrary(&closing)).then_some(*meaning);
    }
    if !only_answers(&text) && only_answers(opening) {
        text = opening.to_owned();
    }
    if !only_answers(&text) {
        return None;
    }
    let mut found = |phrases: &[&str]| {
        let mut any = false;
        for phrase in phrases {
            if text.contains(phrase) {
                any = true;
                text = text.replace(phrase, "|");
            }
        }
        any
    };
    // What only looks like a no ("no problem") first, then no, then yes: 不是 holds 是.
    let agreeing = found(&YES_ZH[..5]);
    let no = found(NO_ZH);
    let yes = found(&YES_ZH[5..]) || agreeing;
    (yes != no).then_some(yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Option<bool>, texts: &[&str]) {
        for text in texts {
            assert_eq!(yes_no(text, Language::detect(text)), expected, "{text}");
        }
    }

    #[test]
    fn yes_is_understood() {
        check(
            Some(true),
            &[
                "yes",
                "Yes please.",
                "yeah",
                "yep that's right",
                "sure",
                "of course",
                "uh-huh",
                "correct",
                "that's correct",
                "no problem",
                "ok go ahead",
                "yes I would like that very much please thank you",
                "是",
                "是的",
                "对",
                "好的",
                "没错",
                "没问题",
                "嗯",
                "可以",
                "要",
                "確認",
            ],
        );
    }

    #[test]
    fn no_is_understood() {
        check(
            Some(false),
            &[
                "no",
                "No, thanks.",
                "nope",
                "that's not right",
                "not really",
                "of course not",
                "no it isn't",
                "it is not",
                "I don't",
                "no please",
                "no I was asking about something else entirely",
                "不",
                "不是",
                "不对",
                "不用了谢谢",
                "没有",
                "错了",
                "对不起不是",
            ],
        );
    }

    #[test]
    fn neither_and_both_are_nothing() {
        check(
            None,
            &[
                "",
                "I don't know",
                "not sure",
                "yes or no",
                "banana",
                "yes no",
                "where is my order then I wonder",
                "不知道",
                "是不是",
                "自行车",
                "行李在哪里",
                "我要查订单",
                "🙂",
            ],
        );
    }
}
