//! What people say to a telephone that has nothing to do with any business. A small set of examples cannot tell its own
//! subject from the words that every sentence is made of ("what is the", "can you"); these lines show it the difference. A
//! line that shares a word of substance with the set is left out, so a bot about the weather may still be asked about it.

use std::collections::HashSet;

use super::scorer::Item;
use crate::{
    Language,
    language::is_han,
    normalise::{normalise, spoken},
};

/// Sets with more texts than this know the language from their own examples.
const SMALL: usize = 1_000;

const ENGLISH: &[&str] = &[
    "what is the weather going to be like on sunday",
    "tell me a joke",
    "who is the president of france",
    "how old are you",
    "what is the meaning of life",
    "how do i cook rice",
    "play some music",
    "i like turtles",
    "what is the capital of australia",
    "can you sing a song for me",
    "who won the football match last night",
    "how tall is the tallest mountain in the world",
    "do you want to have dinner with me",
    "my neighbour has a very loud dog",
    "what time is it in tokyo",
    "how far away is the moon",
    "set an alarm for seven in the morning",
    "i am so bored today",
    "where were you born",
    "how do you spell necessary",
    "what should i wear to a wedding",
    "can you recommend a good film",
    "the children are at school",
    "what is the square root of sixteen",
    "i think it is going to snow",
    "why is the sky blue",
    "how many people live in china",
    "are you a robot or a human",
    "turn on the lights in the kitchen",
    "i had eggs for breakfast",
    "what is your favourite colour",
    "is there any life on mars",
    "how do i get to the airport",
    "when does the next train leave",
    "i need a recipe for banana bread",
    "who wrote that famous book about the whale",
    "what do you think about politics",
    "my grandmother is ninety years old",
    "how can i lose weight quickly",
    "what is the best way to learn spanish",
    "do i have to see a doctor about this cough",
    "wrong number sorry",
    "hold on someone is at the door",
    "let me just get my glasses",
    "can you hear me now",
    "it is none of your business",
    "i do not want to talk about that",
    "this is ridiculous",
    "you are not listening to me",
    "what are you talking about",
    "do not do that",
    "he told her that they would be there",
    "we were there when it happened",
    "she is not the one i was talking about",
    "there is something wrong with the television",
    "would you like to buy some insurance",
    "have you seen my keys",
    "which one is the biggest of them all",
    "where can i find a good pizza",
    "why did you not tell me",
];

const CHINESE: &[&str] = &[
    "明天天气怎么样",
    "给我讲个笑话",
    "你今年多大了",
    "法国的总统是谁",
    "放一首歌给我听",
    "怎么做红烧肉",
    "昨天晚上的球赛谁赢了",
    "世界上最高的山有多高",
    "你会唱歌吗",
    "现在几点了",
    "月亮离我们有多远",
    "明天早上七点叫我起床",
    "我今天好无聊",
    "你是机器人吗",
    "推荐一部好看的电影",
    "十六的平方根是多少",
    "天空为什么是蓝色的",
    "中国有多少人口",
    "把厨房的灯打开",
    "你最喜欢什么颜色",
    "火星上有没有生命",
    "去机场怎么走",
    "下一班火车什么时候开",
    "怎么才能快点减肥",
    "学英语有什么好办法",
    "打错了不好意思",
    "等一下有人敲门",
    "你听得见我说话吗",
    "这不关你的事",
    "你在说什么",
    "我不想说这个",
    "孩子们都在学校",
    "我奶奶九十岁了",
    "晚上一起吃饭吧",
    "你看见我的钥匙了吗",
    "附近有什么好吃的",
    "你们要不要买保险",
    "他说他们会在那里",
    "哪一个最大",
    "为什么不早告诉我",
];

/// The lines that can serve a set as examples of what is out of its scope.
pub(super) fn lines(items: &[Item]) -> Vec<Item> {
    if items.len() > SMALL {
        return Vec::new();
    }
    let own: HashSet<String> =
        items.iter().filter(|item| item.class.is_some()).flat_map(|item| substance(&item.text)).collect();
    let mut lines = Vec::new();
    for (texts, language) in [(ENGLISH, Language::English), (CHINESE, Language::Chinese)] {
        let is_spoken = items.iter().any(|item| Language::detect(&item.text) == language);
        for line in texts.iter().filter(|_| is_spoken) {
            let text = normalise(line, language);
            if !substance(&text).any(|word| own.contains(&word)) {
                lines.push(Item { text, class: None, is_name: false, spoken: spoken(line, language), vector: None });
            }
        }
    }
    lines
}

/// The words of four letters and more without their endings, and pairs of Han characters: what a sentence is about rather than
/// what it is made of.
fn substance(text: &str) -> impl Iterator<Item = String> {
    let characters: Vec<char> = text.chars().collect();
    let pairs: Vec<String> = characters
        .windows(2)
        .filter(|pair| pair.iter().copied().all(is_han))
        .map(|pair| pair.iter().collect())
        .collect();
    let words: Vec<String> = text
        .split(' ')
        .filter(|w| w.len() >= 4 && w.is_ascii() && !COMMON.contains(w))
        .map(|w| w.chars().take(5).collect())
        .collect();
    pairs.into_iter().filter(|pair| !COMMON_ZH.contains(&pair.as_str())).chain(words)
}

const COMMON: &[&str] = &[
    "what",
    "when",
    "where",
    "which",
    "have",
    "that",
    "this",
    "there",
    "they",
    "them",
    "would",
    "could",
    "should",
    "about",
    "with",
    "from",
    "your",
    "want",
    "like",
    "need",
    "does",
    "just",
    "know",
    "going",
    "some",
    "tell",
    "will",
    "were",
    "then",
    "than",
    "very",
    "much",
    "many",
    "good",
    "last",
    "next",
    "best",
    "make",
    "find",
    "please",
    "think",
    "talk",
    "talking",
    "someone",
    "something",
    "today",
    "time",
    "been",
    "their",
    "would",
    "here",
];

const COMMON_ZH: &[&str] = &[
    "什么", "怎么", "我的", "你的", "有没", "没有", "是什", "一下", "多少", "为什", "么时", "时候", "可以", "我想",
    "我要", "给我", "帮我", "你们", "我们", "一个", "不想", "现在", "怎样", "么样",
];
