//! The words a run finds by itself, in each language: when a flow gives none for a second try, when it asks back, when it says
//! goodbye. Only wording; when it is said is decided by the [run](crate::run).

use intent::{Language, entity::Kind};

/// Why a caller is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// Nothing was heard.
    NoInput,
    /// What was heard fits nothing.
    NoMatch,
}

/// What opens a further try. Different for each `number` from 0 on, and then from the beginning again.
pub fn lead_in(miss: Miss, number: usize, language: Language) -> &'static str {
    let words: [&str; 3] = match (language, miss) {
        (Language::English, Miss::NoInput) => {
            ["I'm afraid I didn't hear anything.", "I still can't hear you.", "Are you still there?"]
        }
        (Language::English, Miss::NoMatch) => {
            ["Sorry, I didn't catch that.", "I'm sorry, I still didn't get that.", "Let's try once more."]
        }
        (Language::Chinese, Miss::NoInput) => ["抱歉,我没有听到您的声音。", "我还是没有听到您说话。", "您还在吗?"],
        (Language::Chinese, Miss::NoMatch) => ["抱歉,我没有听清。", "不好意思,我还是没有听懂。", "我们再试一次。"],
    };
    words[number % words.len()]
}

/// What is said before the same words when a caller asked for them again and they would follow each other.
pub fn once_more(language: Language) -> &'static str {
    match language {
        Language::English => "Once more:",
        Language::Chinese => "再说一遍:",
    }
}

/// What a caller who cannot be listened to hears before the keys.
pub fn keys_only(language: Language) -> &'static str {
    match language {
        Language::English => "I'm sorry, I can't listen to you right now. Please use the keys of your telephone.",
        Language::Chinese => "很抱歉,现在无法语音应答,请使用电话按键。",
    }
}

/// Whether a text already says which keys to press.
pub fn names_keys(text: &str, language: Language) -> bool {
    match language {
        Language::English => text
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| ["press", "enter", "key", "keys"].iter().any(|name| word.eq_ignore_ascii_case(name))),
        Language::Chinese => ["按", "键", "输入"].iter().any(|name| text.contains(name)),
    }
}

/// The choices with their keys: `(key, label)`.
pub fn choices(choices: &[(Option<char>, String)], language: Language) -> String {
    let one = |(key, label): &(Option<char>, String)| match (language, key) {
        (Language::English, Some(key)) => format!("for {label}, press {}", key_name(*key, language)),
        (Language::English, None) => format!("for {label}, just say so"),
        (Language::Chinese, Some(key)) => format!("{label}请按{}", key_name(*key, language)),
        (Language::Chinese, None) => format!("{label}请直接说"),
    };
    let all: Vec<String> = choices.iter().map(one).collect();
    match language {
        _ if all.is_empty() => String::new(),
        Language::English => capital(&format!("{}.", all.join("; "))),
        Language::Chinese => format!("{}。", all.join(",")),
    }
}

/// An example of what can be said.
pub fn example(example: &str, language: Language) -> String {
    let example = example.trim_end_matches(['.', '?', '!', '。', '?', '!']);
    match language {
        Language::English => format!("For example, you can say: {example}."),
        Language::Chinese => format!("例如,您可以说:{example}。"),
    }
}

/// How digits can be keyed.
pub fn key_digits(min: usize, max: usize, language: Language) -> String {
    match language {
        Language::English if min == max => {
            format!("Please key in the {min} digits on your telephone, one by one.")
        }
        Language::English => "Please key in the digits on your telephone, and finish with the hash key.".to_owned(),
        Language::Chinese if min == max => format!("请在电话键盘上逐位输入{min}位数字。"),
        Language::Chinese => "请在电话键盘上输入数字,以井号键结束。".to_owned(),
    }
}

/// How letters and digits are best said.
pub fn spell(language: Language) -> &'static str {
    match language {
        Language::English => "Please spell it slowly, one letter or digit at a time, for example: B as in Bravo, 1, 2.",
        Language::Chinese => "请逐个慢慢说出字母和数字。",
    }
}

/// "I have 1 0, 4 2. Is that right?" of digits as they are said. Somebody who keyed them also hears which keys answer.
pub fn read_back(digits: &str, keyed: bool, language: Language) -> String {
    match language {
        Language::English => format!("I have {digits}. {}", right(keyed, language)),
        Language::Chinese => format!("您的号码是 {digits},{}", right(keyed, language)),
    }
}

/// "Order number: 1 0, 4 2." of a value that is said in passing.
pub fn echo(label: &str, value: &str, language: Language) -> String {
    match (label.is_empty(), language) {
        (true, Language::English) => format!("{}.", capital(value)),
        (false, Language::English) => format!("{}: {value}.", capital(label)),
        (true, Language::Chinese) => format!("{value}。"),
        (false, Language::Chinese) => format!("{label}{value}。"),
    }
}

/// "Thursday, the 3rd of December. Is that right?"
pub fn is_right(value: &str, keyed: bool, language: Language) -> String {
    match language {
        Language::English => format!("{}. {}", capital(value), right(keyed, language)),
        Language::Chinese => format!("{value},{}", right(keyed, language)),
    }
}

/// "I have 4; Thursday, the 3rd of December; and 7:30 pm. Is that right?", of values with what each is called, if it is called anything.
pub fn read_back_all(values: &[(String, String)], keyed: bool, language: Language) -> String {
    let one = |(label, value): &(String, String)| match (label.is_empty(), language) {
        (true, _) => value.clone(),
        (false, Language::English) => format!("{label}: {value}"),
        (false, Language::Chinese) => format!("{label} {value}"),
    };
    let all: Vec<String> = values.iter().map(one).collect();
    match (language, all.split_last()) {
        (_, None) => String::new(),
        (Language::English, Some((last, first))) => {
            format!("I have {}; and {last}. {}", first.join("; "), right(keyed, language))
        }
        (Language::Chinese, _) => format!("{},{}", all.join(";"), right(keyed, language)),
    }
}

fn right(keyed: bool, language: Language) -> &'static str {
    match (language, keyed) {
        (Language::English, false) => "Is that right?",
        (Language::English, true) => "If that is right, press 1; otherwise press 2.",
        (Language::Chinese, false) => "对吗?",
        (Language::Chinese, true) => "正确请按1,重新输入请按2。",
    }
}

/// "Which part is wrong: the date, or the time?"; "Which do you mean: the arrival, or the departure?" where a new value was said already.
pub fn which_part(names: &[String], is_known: bool, language: Language) -> String {
    match (language, names.split_last()) {
        (_, None) => String::new(),
        (Language::English, Some((last, first))) => {
            let question = if is_known { "Which do you mean" } else { "Which part is wrong" };
            format!("{question}: {}, or {last}?", first.join(", "))
        }
        (Language::Chinese, Some((last, first))) => {
            let question = if is_known { "您说的是哪一项" } else { "哪一项不对" };
            format!("{question}:{},还是{last}?", first.join("、"))
        }
    }
}

/// What a value is called when the flow has no name for it.
pub fn part(kind: &Kind, language: Language) -> &'static str {
    let (en, zh) = match kind {
        Kind::Date { .. } | Kind::DateTime => ("the date", "日期"),
        Kind::Time => ("the time", "时间"),
        Kind::Duration => ("the length", "时长"),
        Kind::Money => ("the amount", "金额"),
        Kind::Phone => ("the phone number", "电话号码"),
        Kind::Digits { .. } | Kind::Code { .. } => ("the number", "号码"),
        Kind::Number | Kind::Quantity => ("how many", "数量"),
        Kind::Name => ("the name", "姓名"),
        Kind::List { .. } | Kind::YesNo => ("the choice", "选项"),
        Kind::Text => ("the words", "内容"),
    };
    match language {
        Language::English => en,
        Language::Chinese => zh,
    }
}

/// How a value may be said, for an example.
pub fn sample(kind: &Kind, language: Language) -> &'static str {
    let (en, zh) = match kind {
        Kind::Date { past: false } | Kind::DateTime => ("next Thursday", "下周四"),
        Kind::Date { past: true } => ("last Thursday", "上周四"),
        Kind::Time => ("half past three in the afternoon", "下午三点半"),
        Kind::Duration => ("two hours", "两个小时"),
        Kind::Money => ("forty-five dollars", "四十五块"),
        Kind::Phone | Kind::Digits { .. } | Kind::Code { .. } => ("one, two, three", "一二三"),
        Kind::Number => ("four", "四个"),
        Kind::Quantity => ("two kilos", "两公斤"),
        Kind::Name => ("my name is Anna Smith", "我叫王小明"),
        Kind::List { .. } => ("the first one", "第一个"),
        Kind::YesNo => ("yes", "是"),
        Kind::Text => ("it makes a noise when I turn left", "左转的时候有异响"),
    };
    match language {
        Language::English => en,
        Language::Chinese => zh,
    }
}

/// "You want a refund, is that right?"
pub fn confirm(label: &str, language: Language) -> String {
    match language {
        Language::English => format!("It's about {label}, is that right?"),
        Language::Chinese => format!("您是想咨询{label},对吗?"),
    }
}

/// "Is it about your order, or a repair?"
pub fn which(first: &str, second: &str, language: Language) -> String {
    match language {
        Language::English => format!("Is it about {first}, or {second}?"),
        Language::Chinese => format!("您是想咨询{first},还是{second}?"),
    }
}

/// "Do you mean 'when are you open', or 'where are you'?"
pub fn which_question(first: &str, second: &str, language: Language) -> String {
    let bare = |title: &str| title.trim_end_matches(['?', '？', '.', '。', ' ']).to_owned();
    match language {
        Language::English => format!("Do you mean: {}, or: {}?", bare(first), bare(second)),
        Language::Chinese => format!("您想问的是“{}”,还是“{}”?", bare(first), bare(second)),
    }
}

/// Said after the short answer to a question.
pub fn more(language: Language) -> &'static str {
    match language {
        Language::English => "Would you like to hear more?",
        Language::Chinese => "还要继续听吗?",
    }
}

/// Ways of choosing the first (0) or the second (1) of two.
pub fn the_one(place: usize, language: Language) -> Vec<String> {
    let words: &[&str] = match (language, place) {
        (Language::English, 0) => &["the first", "the first one", "the former"],
        (Language::English, _) => &["the second", "the second one", "the latter"],
        (Language::Chinese, 0) => &["第一个", "前者"],
        (Language::Chinese, _) => &["第二个", "后者"],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// What is likely to be answered to a question that is answered by yes or no.
pub fn yes_or_no(language: Language) -> Vec<String> {
    let words: &[&str] = match language {
        Language::English => &["yes", "no", "that's right", "that's wrong"],
        Language::Chinese => &["是", "不是", "对", "不对", "好", "不用"],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// What whoever has written a message says to end it.
pub fn that_is_all(language: Language) -> &'static str {
    match language {
        Language::English => "that is all",
        Language::Chinese => "说完了",
    }
}

/// What the answers to "would you like to hear more?" are called.
pub fn more_or_not(language: Language) -> [&'static str; 2] {
    match language {
        Language::English => ["yes, please", "no, thanks"],
        Language::Chinese => ["好的", "不用了"],
    }
}

/// "Yes" and "no", as answers to choose from.
pub fn yes(language: Language) -> &'static str {
    match language {
        Language::English => "yes",
        Language::Chinese => "是",
    }
}

/// The other one.
pub fn no(language: Language) -> &'static str {
    match language {
        Language::English => "no",
        Language::Chinese => "否",
    }
}

/// Ways of saying a mark from 1 to 9.
pub fn mark(mark: u8, language: Language) -> Vec<String> {
    const EN: [&str; 9] = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    const ZH: [&str; 9] = ["一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let at = usize::from(mark.clamp(1, 9)) - 1;
    match language {
        Language::English => vec![EN[at].to_owned(), mark.to_string(), format!("{} stars", EN[at])],
        Language::Chinese => vec![ZH[at].to_owned(), mark.to_string(), format!("{}分", ZH[at]), format!("{mark}分")],
    }
}

/// How a mark can be given.
pub fn rate(best: u8, language: Language) -> String {
    match language {
        Language::English => format!("Please press a key from 1, the worst, to {best}, the best."),
        Language::Chinese => format!("请按1到{best},1为最差,{best}为最好。"),
    }
}

/// The text of a message of which no words were recognised.
pub fn no_words(language: Language) -> &'static str {
    match language {
        Language::English => "No words were recognised; the recording holds the message.",
        Language::Chinese => "未能识别文字,请听录音。",
    }
}

/// Said while a reply takes its time.
pub fn one_moment(language: Language) -> &'static str {
    match language {
        Language::English => "One moment, please.",
        Language::Chinese => "请稍等。",
    }
}

/// Said, for the `time`-th time from 1, into a silence that is ours.
pub fn still_there(time: u32, language: Language) -> &'static str {
    match (language, time) {
        (_, 0 | 1) => one_moment(language),
        (Language::English, _) if time.is_multiple_of(2) => "I am still looking, thank you for waiting.",
        (Language::English, _) => "Just a moment longer, please.",
        (Language::Chinese, _) if time.is_multiple_of(2) => "还在为您处理,感谢您的等待。",
        (Language::Chinese, _) => "请再稍等一下。",
    }
}

/// Said to a caller who wants to stop, or from whom nothing is heard any more.
pub fn goodbye(language: Language) -> &'static str {
    match language {
        Language::English => "Thank you for calling. Goodbye.",
        Language::Chinese => "感谢您的来电,再见。",
    }
}

/// Said when a call cannot go on.
pub fn apology(language: Language) -> &'static str {
    match language {
        Language::English => "I'm sorry, something went wrong on our side. Please call again later.",
        Language::Chinese => "非常抱歉,系统出现了问题,请稍后再拨。",
    }
}

/// Why a caller comes to an agent, when the flow gives no reason.
pub fn reason(label: Option<&str>, asked_for_person: bool, language: Language) -> String {
    match (language, label, asked_for_person) {
        (Language::English, Some(label), true) => format!("Asked for a person; it is about {label}."),
        (Language::English, Some(label), false) => format!("It is about {label}."),
        (Language::English, None, true) => "Asked for a person.".to_owned(),
        (Language::English, None, false) => "Not understood yet.".to_owned(),
        (Language::Chinese, Some(label), true) => format!("来电者要求人工服务;涉及{label}。"),
        (Language::Chinese, Some(label), false) => format!("涉及{label}。"),
        (Language::Chinese, None, true) => "来电者要求人工服务。".to_owned(),
        (Language::Chinese, None, false) => "来电意图尚不明确。".to_owned(),
    }
}

/// Digits as people read them to each other, in groups of about the same length: `1 0, 4 2`. None is left alone at the end, so nobody
/// loses count.
pub fn group_digits(digits: &str, language: Language) -> String {
    let digits: Vec<char> = digits.chars().filter(|c| !c.is_whitespace()).collect();
    let mut rest = digits.as_slice();
    let mut spoken = Vec::new();
    for length in groups(digits.len(), language) {
        let (group, after) = rest.split_at(length);
        spoken.push(group.iter().map(char::to_string).collect::<Vec<_>>().join(" "));
        rest = after;
    }
    spoken.join(", ")
}

/// The lengths of the groups of so many digits; together they are `count`.
fn groups(count: usize, language: Language) -> Vec<usize> {
    match (count, language) {
        (0, _) => vec![],
        (1..=3, _) => vec![count],
        (4, _) => vec![2, 2],
        (5, _) => vec![3, 2],
        // A telephone number with its trunk prefix; of a Chinese mobile number the first three name the network.
        (11, Language::English) => vec![4, 3, 4],
        (11, Language::Chinese) => vec![3, 4, 4],
        // As they stand on a payment card.
        (16, _) => vec![4; 4],
        // Threes, the last one or two of them longer where it does not come out even: 3+4, 4+4, 3+3+4.
        _ => {
            let (threes, left) = (count / 3, count % 3);
            (0..threes).map(|group| if group + left >= threes { 4 } else { 3 }).collect()
        }
    }
}

fn key_name(key: char, language: Language) -> String {
    match (language, key) {
        (Language::English, '#') => "hash".to_owned(),
        (Language::English, '*') => "star".to_owned(),
        (Language::Chinese, '#') => "井号键".to_owned(),
        (Language::Chinese, '*') => "星号键".to_owned(),
        (_, digit) => digit.to_string(),
    }
}

/// The same, as a sentence begins.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_back_in_groups() {
        for (digits, spoken) in [
            ("", ""),
            ("7", "7"),
            ("42", "4 2"),
            ("104", "1 0 4"),
            ("1042", "1 0, 4 2"),
            ("10 42", "1 0, 4 2"),
            ("10423", "1 0 4, 2 3"),
            ("AB1042", "A B 1, 0 4 2"),
            ("5550142", "5 5 5, 0 1 4 2"),
            ("20261127", "2 0 2 6, 1 1 2 7"),
            ("123456789", "1 2 3, 4 5 6, 7 8 9"),
            ("2025550142", "2 0 2, 5 5 5, 0 1 4 2"),
            ("4111111111111111", "4 1 1 1, 1 1 1 1, 1 1 1 1, 1 1 1 1"),
        ] {
            for language in [Language::English, Language::Chinese] {
                assert_eq!(group_digits(digits, language), spoken);
            }
        }
        assert_eq!(group_digits("07700900123", Language::English), "0 7 7 0, 0 9 0, 0 1 2 3");
        assert_eq!(group_digits("13812345678", Language::Chinese), "1 3 8, 1 2 3 4, 5 6 7 8");
    }

    #[test]
    fn groups_hold_every_digit_and_none_is_alone() {
        for count in 2..60 {
            for language in [Language::English, Language::Chinese] {
                let groups = groups(count, language);
                assert_eq!(groups.iter().sum::<usize>(), count);
                assert!(groups.iter().all(|group| (2..=4).contains(group)), "{count}: {groups:?}");
            }
        }
    }

    #[test]
    fn choices_are_listed_with_their_keys() {
        let listed =
            [(Some('1'), "orders".to_owned()), (Some('#'), "a person".to_owned()), (None, "repairs".to_owned())];
        assert_eq!(
            choices(&listed, Language::English),
            "For orders, press 1; for a person, press hash; for repairs, just say so."
        );
        assert_eq!(choices(&listed[..2], Language::Chinese), "orders请按1,a person请按井号键。");
        assert_eq!(choices(&[], Language::English), "");
    }

    #[test]
    fn further_tries_never_open_with_the_same_words() {
        for language in [Language::English, Language::Chinese] {
            for miss in [Miss::NoInput, Miss::NoMatch] {
                for number in 0..5 {
                    assert_ne!(lead_in(miss, number, language), lead_in(miss, number + 1, language));
                }
            }
        }
    }
}
