//! Names of people that stand in no list, by what people say around them: "my name is …", "under …", 我叫…. Only the words behind such a phrase
//! are taken, and only as far as they can be a name.

use std::ops::Range;

use super::{
    Reading, Value,
    token::{Said, Shape},
};

/// What comes before a name, and how surely.
const BEFORE: &[(&str, f32)] = &[
    ("my name is", 0.95),
    ("my names", 0.9),
    ("the name is", 0.95),
    ("name is", 0.9),
    ("the name of", 0.9),
    ("the name", 0.8),
    ("in the name of", 0.92),
    ("under the name of", 0.95),
    ("under the name", 0.95),
    ("under name", 0.9),
    ("is under", 0.9),
    ("its under", 0.9),
    ("under", 0.8),
    ("on behalf of", 0.9),
    ("this is", 0.6),
    ("i am", 0.5),
    ("im", 0.5),
    ("its", 0.35),
    ("booked for", 0.3),
    ("speak to", 0.6),
    ("talk to", 0.6),
    ("surname is", 0.95),
    ("call me", 0.8),
    ("我叫", 0.95),
    ("我的名字是", 0.95),
    ("我名字叫", 0.95),
    ("名字叫", 0.9),
    ("名字是", 0.9),
    ("姓名是", 0.9),
    ("叫做", 0.7),
    ("我姓", 0.95),
    ("姓", 0.75),
    ("免贵姓", 0.95),
    ("我是", 0.4),
    ("预订人是", 0.9),
    ("联系人是", 0.9),
    ("找", 0.4),
];

/// Words that no name goes on with.
const NO_NAME: &[&str] = &[
    "a",
    "an",
    "the",
    "my",
    "your",
    "our",
    "his",
    "her",
    "their",
    "this",
    "that",
    "these",
    "and",
    "or",
    "but",
    "for",
    "from",
    "to",
    "on",
    "at",
    "in",
    "of",
    "with",
    "as",
    "is",
    "was",
    "are",
    "be",
    "will",
    "would",
    "can",
    "could",
    "not",
    "i",
    "im",
    "ive",
    "id",
    "we",
    "you",
    "he",
    "she",
    "it",
    "its",
    "they",
    "so",
    "please",
    "thanks",
    "thank",
    "here",
    "calling",
    "speaking",
    "today",
    "tomorrow",
    "tonight",
    "now",
    "just",
    "only",
    "sorry",
    "looking",
    "going",
    "trying",
    "about",
    "having",
    "afraid",
    "sure",
    "interested",
    "what",
    "when",
    "where",
    "why",
    "how",
    "who",
    "which",
    "if",
    "because",
    "room",
    "booking",
    "reservation",
    "name",
    "hotel",
    "table",
    "manager",
    "someone",
    "somebody",
    "person",
    "human",
    "agent",
    "there",
    "no",
    "yes",
    "change",
    "cancel",
    "confirm",
    "listed",
    "booked",
    "any",
    "some",
    "all",
    "one",
    "two",
    "also",
    "still",
    "very",
    "too",
    "up",
    "out",
    "need",
    "want",
    "have",
    "has",
    "had",
    "get",
    "got",
    "been",
    "do",
    "does",
    "dont",
    "did",
    "then",
    "than",
    "by",
    "yet",
    "even",
    "really",
    "already",
    "currently",
    "unable",
    "happy",
    "glad",
    "good",
    "fine",
    "ok",
    "okay",
    "well",
    "us",
    "me",
    "him",
    "them",
    "wondering",
    "arriving",
    "coming",
    "staying",
    "leaving",
    "staff",
    "reception",
    "service",
    "again",
    "arrival",
    "another",
    "anyone",
    "following",
    "same",
    "different",
    "construction",
    "way",
    "impression",
    "done",
    "gonna",
    "gona",
    "possible",
    "kind",
    "until",
    "till",
    "after",
    "before",
    "guests",
    "ready",
    "back",
    "late",
    "new",
    "not",
    "ill",
    "lost",
    "wrong",
    "right",
    "correct",
    "incorrect",
    "nope",
    "yeah",
    "yep",
    "nah",
];

/// The hundred commonest surnames, and a few of two characters.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
const DOUBLE_SURNAMES: &[&str] = &["欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "令狐"];
const TITLES: &[&str] = &["先生", "女士", "小姐", "太太", "老师", "经理", "师傅"];

/// `only` says that nothing else is asked for, so that the whole answer may be a name.
pub(super) fn readings(said: &Said, only: bool) -> Vec<(Range<usize>, Reading)> {
    let mut out = Vec::new();
    for at in 0..said.len() {
        if let Some((confidence, begin)) = said.look_up(at, BEFORE) {
            let begin = said.any(begin, &["mr", "mrs", "ms", "miss", "dr", ":"]).unwrap_or(begin);
            let found = name(said, begin, confidence);
            // "I am done with this": what goes on is no name; a name is followed by a pause or the end.
            let pauses = |end: usize| {
                matches!(said.shape(end), None | Some(Shape::Mark))
                    || said.is(end, &["here", "calling", "speaking", "and", "i", "from"])
                    || said.han(end - 1).is_some()
            };
            out.extend(found.filter(|(range, _)| confidence > 0.6 || pauses(range.end)));
        }
        // 王先生, 李小姐.
        if let Some(title) = said.any(at + 1, TITLES).filter(|_| said.han(at).is_some_and(|c| SURNAMES.contains(c))) {
            out.push(read(said, at..title, 0.85));
        }
        if said.is(at, &["here", "calling", "speaking"]) {
            out.extend(before(said, at));
        }
    }
    // The whole answer is a name when nothing in it speaks against it.
    if only && out.is_empty() {
        // "No, it's Schmidt" corrects one.
        let mut begin = 0;
        while said.shape(begin) == Some(Shape::Mark) || said.is(begin, &["no", "nope", "sorry", "its", "it", "is"]) {
            begin += 1;
        }
        let words = (begin..said.len()).filter(|at| said.shape(*at) != Some(Shape::Mark)).count();
        out.extend(name(said, begin, 0.5).filter(|(range, _)| range.len() == words));
    }
    out
}

fn read(said: &Said, range: Range<usize>, confidence: f32) -> (Range<usize>, Reading) {
    let value = Value::Name { name: said.raw(range.clone()).to_owned() };
    (range.clone(), Reading::new(value, range.end, confidence))
}

fn can_be(said: &Said, at: usize) -> bool {
    said.shape(at) == Some(Shape::Word)
        && !said.is(at, NO_NAME)
        && !said.word(at).ends_with("ing")
        && super::date::weekday(said.word(at)).is_none()
        && super::number::below_hundred(said, at).is_none()
}

/// Up to three words, or a surname with one or two characters.
fn name(said: &Said, begin: usize, confidence: f32) -> Option<(Range<usize>, Reading)> {
    if said.han(begin).is_some() {
        return chinese(said, begin, confidence);
    }
    let mut end = begin;
    while end < begin + 3 && can_be(said, end) {
        end += 1;
        if said.word(end) == "-" && said.joined(end) && can_be(said, end + 1) {
            end += 1;
        }
    }
    (end > begin).then(|| read(said, begin..end, confidence))
}

/// "Jamesha Hamlett here".
fn before(said: &Said, end: usize) -> Option<(Range<usize>, Reading)> {
    let mut begin = end;
    while begin > 0
        && end - begin < 2
        && can_be(said, begin - 1)
        && !said.is(begin - 1, &["hi", "hello", "hey", "morning", "is", "evening", "afternoon"])
    {
        begin -= 1;
    }
    let opens = begin == 0
        || said.shape(begin - 1) == Some(Shape::Mark)
        || said.is(begin - 1, &["hi", "hello", "hey", "its", "is", "afternoon", "morning"]);
    (begin < end && opens).then(|| read(said, begin..end, 0.75))
}

fn chinese(said: &Said, begin: usize, confidence: f32) -> Option<(Range<usize>, Reading)> {
    let given = if said.any(begin, DOUBLE_SURNAMES).is_some() {
        begin + 2
    } else if said.han(begin).is_some_and(|c| SURNAMES.contains(c)) {
        begin + 1
    } else {
        return None;
    };
    if let Some(end) = said.any(given, TITLES) {
        return Some(read(said, begin..end, confidence));
    }
    // 我姓李: nothing more is needed. What follows a given name seldom is one of these.
    let goes_on = |at: usize| {
        said.han(at).is_some()
            && said.any(at, &["明天", "今天", "明晚", "今晚"]).is_none()
            && !said.is(
                at,
                &[
                    "的", "想", "要", "在", "是", "我", "你", "请", "订", "打", "帮", "有", "那", "，", "电", "手",
                    "来", "给", "这", "不", "预", "需", "就", "号",
                ],
            )
    };
    let mut end = given;
    while end < given + 2 && goes_on(end) {
        end += 1;
    }
    let surname_only = end == given && !said.is(begin.wrapping_sub(1), &["姓"]);
    (!surname_only).then(|| read(said, begin..end, confidence))
}
