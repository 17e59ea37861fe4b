//! The knowledge base as a caller meets it: the right answer, two to choose from, or the word that it is not known.

use std::sync::Arc;

use intent::{
    EncodeError, Encoder, Language,
    knowledge::{Answer, Article, Audience, Filed, Knowledge, Question, Review, changes::changes, import, spoken},
};
use proptest::prelude::*;

/// Id, questions, answer.
const SHOP: &[(&str, &[&str], &str)] = &[
    (
        "hours",
        &["When are you open?", "What are your opening hours?", "Until when is the shop open on Saturday?"],
        "We are open from nine to six, on Saturdays until four.",
    ),
    (
        "returns",
        &["How do I return a bike?", "Can I send something back?", "I want to return what I bought"],
        "Within thirty days, unused, with the receipt.",
    ),
    (
        "warranty",
        &["How long is the warranty?", "Is there a guarantee on the frame?", "My frame broke, is that covered?"],
        "The frame has five years, all other parts two.",
    ),
    (
        "delivery",
        &["How long does delivery take?", "When will my parcel arrive?", "Do you ship abroad?"],
        "Three working days within the country, ten abroad.",
    ),
    (
        "invoice",
        &["Can I have an invoice?", "Send me the invoice again", "I need a receipt for the tax office"],
        "The invoice comes by e-mail; we can send it again.",
    ),
];

const SHOP_ZH: &[(&str, &[&str], &str)] = &[
    ("hours-zh", &["你们几点开门？", "营业时间是什么？", "周六营业到几点？"], "早上九点到下午六点。"),
    ("returns-zh", &["怎么退货？", "买的东西可以退吗？", "我想退款"], "三十天内，未使用，凭收据可以退货退款。"),
    ("delivery-zh", &["快递要多久？", "什么时候送到？", "可以寄到国外吗？"], "国内三个工作日，国外十天。"),
    ("invoice-zh", &["可以开发票吗？", "发票再发我一次", "我要报销用的发票"], "发票会发到邮箱，也可以重新发送。"),
];

fn filed((id, questions, eye): &(&str, &[&str], &str)) -> Filed {
    Filed {
        id: (*id).to_owned(),
        version: 3,
        article: Article {
            questions: questions.iter().map(|question| (*question).to_owned()).collect(),
            eye: (*eye).to_owned(),
            language: Language::detect(questions[0]),
            review: Review::Approved,
            ..Article::default()
        },
    }
}

fn shop() -> Vec<Filed> {
    SHOP.iter().chain(SHOP_ZH).map(filed).collect()
}

fn ask<'a>(text: &'a str) -> Question<'a> {
    Question::caller(text, Language::detect(text), 0)
}

fn told(knowledge: &Knowledge, text: &str) -> String {
    match knowledge.answer(&ask(text)) {
        Answer::Known(hit) => hit.filed.id.clone(),
        Answer::Unsure([a, b]) => format!("{} or {}", a.filed.id, b.filed.id),
        Answer::Unknown(_) => "unknown".into(),
    }
}

#[test]
fn questions_in_other_words_are_answered() {
    let knowledge = Knowledge::new(shop(), None);
    for (text, expected) in [
        ("what are the opening hours on Saturday", "hours"),
        ("uh, hi, could you tell me when you are open, please?", "hours"),
        ("I would like to return a bike that I bought", "returns"),
        ("how long is the guarantee on a frame", "warranty"),
        ("how long will the delivery take", "delivery"),
        ("please send the invoice again", "invoice"),
        ("请问周六几点开门", "hours-zh"),
        ("我想退货，怎么办", "returns-zh"),
        ("快递多久能到", "delivery-zh"),
        ("能不能开一张发票", "invoice-zh"),
    ] {
        assert_eq!(told(&knowledge, text), expected, "{text}");
    }
}

#[test]
fn what_a_recogniser_mishears_by_sound_is_found() {
    let knowledge = Knowledge::new(shop(), None);
    let first = |text| knowledge.search(&ask(text)).first().map(|hit| hit.filed.id.clone());
    assert_eq!(first("我想退宽").as_deref(), Some("returns-zh"));
    assert_eq!(first("可以开发飘吗").as_deref(), Some("invoice-zh"));
}

#[test]
fn what_no_article_answers_is_not_known() {
    let knowledge = Knowledge::new(shop(), None);
    for text in [
        "do you sell car insurance",
        "what is the capital of France",
        "my neighbour plays the trumpet at night",
        "今天天气怎么样",
        "给我讲个笑话",
        "a",
        "?",
        "",
    ] {
        assert_eq!(told(&knowledge, text), "unknown", "{text}");
    }
}

#[test]
fn a_question_as_it_is_written_is_always_known() {
    let knowledge = Knowledge::new(shop(), None);
    for (id, questions, _) in SHOP.iter().chain(SHOP_ZH) {
        for question in *questions {
            assert_eq!(told(&knowledge, question), *id, "{question}");
        }
    }
}

#[test]
fn the_same_question_in_two_articles_is_asked_back() {
    let mut articles = shop();
    articles.push(filed(&("hours-2", &["When are you open?"], "Always, on the web.")));
    let knowledge = Knowledge::new(articles, None);
    assert_eq!(told(&knowledge, "When are you open"), "hours or hours-2");
}

#[test]
fn nobody_is_told_what_is_not_for_them_or_not_yet_true() {
    let hidden = [
        Article { review: Review::Draft, ..filed(&SHOP[0]).article },
        Article { audience: Audience::Agent, ..filed(&SHOP[0]).article },
        Article { valid_from: Some(10), ..filed(&SHOP[0]).article },
        Article { valid_until: Some(5), ..filed(&SHOP[0]).article },
    ];
    for article in hidden {
        let knowledge = Knowledge::new(vec![Filed { id: "hours".into(), version: 1, article: article.clone() }], None);
        let question = Question { now: 7, ..ask("When are you open?") };
        assert_eq!(knowledge.search(&question), [], "{article:?}");
        let author = Question { drafts: true, audience: Audience::Agent, ..question };
        assert_eq!(knowledge.search(&author).len(), 1, "{article:?}");
    }
}

#[test]
fn a_hit_says_why_it_was_found() {
    let knowledge = Knowledge::new(shop(), None);
    let hits = knowledge.search(&ask("how long is the guarantee"));
    assert_eq!(hits[0].filed.version, 3);
    assert!(SHOP[2].1.contains(&hits[0].why.phrasing.as_str()), "{:?}", hits[0].why);
    assert!(!hits[0].why.common.is_empty() && hits[0].why.cosine.is_none(), "{:?}", hits[0].why);
}

/// Stands in for a model: texts about the same thing point the same way.
fn about(text: &str) -> Vec<f32> {
    let text = text.to_lowercase();
    let topics: [&[&str]; 3] =
        [&["open", "shut", "close"], &["return", "send back", "give it back"], &["warranty", "broke"]];
    let on = |words: &&[&str]| if words.iter().any(|word| text.contains(word)) { 1.0 } else { 0.05 };
    topics.iter().map(on).collect()
}

/// An encoder that does what a function does.
struct By(fn(&[&str]) -> Option<Vec<Vec<f32>>>);

impl std::fmt::Debug for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("By")
    }
}

impl Encoder for By {
    fn id(&self) -> &str {
        "by"
    }

    fn reads(&self, language: Language) -> bool {
        language == Language::English
    }

    fn encode(&self, text: &str) -> Result<Vec<f32>, EncodeError> {
        self.encode_all(&[text])?.pop().ok_or_else(|| EncodeError::Failed("nothing".to_owned()))
    }

    fn encode_all(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EncodeError> {
        (self.0)(texts).ok_or_else(|| EncodeError::Failed("no model".to_owned()))
    }

    fn tune(
        &self,
        _: &[(&str, usize)],
        _: u64,
        _: &(dyn Fn(f32) -> bool + Sync),
    ) -> Result<Arc<dyn Encoder>, EncodeError> {
        Err(EncodeError::Failed("it stays as it is".to_owned()))
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        None
    }

    fn restored(&self, _: &[u8]) -> Result<Arc<dyn Encoder>, EncodeError> {
        Err(EncodeError::Failed("it stays as it is".to_owned()))
    }
}

#[test]
fn meaning_finds_what_has_no_word_in_common() {
    let encoder = Arc::new(By(|texts| Some(texts.iter().map(|text| about(text)).collect())));
    let articles: Vec<Filed> = SHOP[..3].iter().map(filed).collect();
    let (with, without) = (Knowledge::new(articles.clone(), Some(encoder)), Knowledge::new(articles, None));
    let hits = with.search(&ask("do they shut early"));
    assert_eq!(hits[0].filed.id, "hours");
    assert!(hits[0].why.cosine.is_some_and(|cosine| cosine > 0.9));
    assert_ne!(told(&without, "do they shut early"), "hours");
}

#[test]
fn a_model_that_breaks_leaves_words() {
    let broken = [
        By(|_| None),
        By(|_| Some(vec![])),
        By(|texts| Some((0..texts.len()).map(|n| vec![1.0; n]).collect())),
        By(|texts| Some(texts.iter().map(|_| vec![f32::NAN, 1.0]).collect())),
    ];
    for encoder in broken {
        let knowledge = Knowledge::new(shop(), Some(Arc::new(encoder)));
        assert_eq!(told(&knowledge, "how long is the guarantee on a frame"), "warranty");
    }
}

#[test]
fn an_empty_knowledge_base_knows_nothing() {
    assert_eq!(told(&Knowledge::new(vec![], None), "When are you open?"), "unknown");
    let empty =
        Filed { id: "empty".into(), version: 1, article: Article { review: Review::Approved, ..Article::default() } };
    assert_eq!(told(&Knowledge::new(vec![empty], None), "When are you open?"), "unknown");
}

/// Any text, and text with the marks that the readers look for.
fn text() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "# ",
        "## When?",
        "\n",
        "\n\n",
        "- ",
        "Q: ",
        "A：",
        "问：",
        "<h2>",
        "</h2>",
        "<dt>",
        "<dd>",
        "<p>",
        "<a href=\"http://x\">",
        "<script>",
        "</p>",
        "&amp;",
        "---\n",
        "tags: [a, ",
        "]",
        "question,answer\n",
        "\"",
        ";",
        "|",
        "退款",
        "open",
        "?",
        "。",
        "![",
        "](",
        "https://x.example",
        "```",
        "🙂",
        "\u{0}",
        "&#x0;",
        "&a *a",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(parts, 0..40).prop_map(|parts| parts.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_survived_by_the_search(asked in text(), written in text()) {
        let article = Article { questions: vec![written.clone(), asked.clone()], eye: written.clone(), review: Review::Approved, ..Article::default() };
        for language in Language::ALL {
            let filed = Filed { id: "a".into(), version: 1, article: Article { language, ..article.clone() } };
            let knowledge = Knowledge::new(vec![filed, Filed { id: "b".into(), ..self::filed(&SHOP[0]) }], None);
            for hit in knowledge.search(&Question::caller(&asked, language, 0)) {
                prop_assert!((0.0..=1.0).contains(&hit.score) && (0.0..=1.0).contains(&hit.confidence), "{hit:?}");
            }
            spoken(&written, &asked, language);
        }
        changes(&article, &Article { eye: asked, ..article.clone() });
    }

    #[test]
    fn any_file_is_survived_and_what_comes_of_it_can_be_kept(text in text()) {
        for read in [import::markdown, import::csv, import::web] {
            for article in read(&text).articles {
                prop_assert_eq!(article.check(), Ok(()));
                prop_assert_eq!(article.review, Review::Draft);
            }
        }
    }
}
