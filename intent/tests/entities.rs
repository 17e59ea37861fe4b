//! What people say in answer to a question for one value, row by row: the tables in `spoken/`. A row whose value has `|` is ambiguous: the likelier
//! reading first, then the one that must be reported beside it.

use intent::{
    Language,
    entity::{Context, Entity, Item, Kind, Region, SlotSpec, Value, correct, extract},
};
use jiff::{civil::date, tz::TimeZone};

fn kind(name: &str) -> Kind {
    let item =
        |id: &str, phrases: &[&str]| Item { id: id.into(), phrases: phrases.iter().map(|p| (*p).into()).collect() };
    match name {
        "number" => Kind::Number,
        "quantity" => Kind::Quantity,
        "money" => Kind::Money,
        "date" => Kind::Date { past: false },
        "past" => Kind::Date { past: true },
        "time" => Kind::Time,
        "datetime" => Kind::DateTime,
        "duration" => Kind::Duration,
        "phone" => Kind::Phone,
        "digits" => Kind::Digits { least: 3, most: 12 },
        "code" => Kind::Code { form: "AA9999".parse().expect("a form") },
        "yes" => Kind::YesNo,
        "name" => Kind::Name,
        "list" => Kind::List {
            items: vec![
                item("mocha", &["mocha", "摩卡"]),
                item("latte", &["latte", "coffee with milk", "拿铁"]),
                item("cappuccino", &["cappuccino", "卡布奇诺"]),
                item("espresso", &["espresso", "浓缩"]),
            ],
        },
        other => panic!("no kind {other}"),
    }
}

fn context(language: Language) -> Context {
    let (zone, region) = match language {
        Language::English => (TimeZone::posix("EST5EDT,M3.2.0,M11.1.0"), Region::UNITED_STATES),
        Language::Chinese => (TimeZone::posix("CST-8"), Region::CHINA),
    };
    let now = date(2026, 3, 11).at(10, 0, 0, 0).to_zoned(zone.expect("a zone")).expect("a time");
    Context { now, region }
}

fn run(table: &str, language: Language) {
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in table.lines().filter(|row| !row.starts_with('#') && !row.is_empty()) {
        let [name, text, expected] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {row}") };
        rows += 1;
        let found = extract(text, language, &[SlotSpec::new(name, kind(name))], &context(language));
        let mut expected = expected.split('|');
        let first = expected.next().unwrap_or_default();
        let right = found.first().is_some_and(|entity| {
            entity.value.to_string() == first
                && expected.clone().all(|other| entity.others.iter().any(|o| o.to_string() == other))
        });
        if !right {
            let found: Vec<String> =
                found.iter().map(|e| format!("{} {:?} {:?} {:.2}", e.value, e.others, e.raw, e.confidence)).collect();
            wrong.push(format!("{row} -> {found:?}"));
        }
    }
    println!("{} of {rows} rows are right", rows - wrong.len());
    assert!(wrong.is_empty(), "{} of {rows} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn english_values_are_read_as_people_say_them() {
    run(include_str!("spoken/en.tsv"), Language::English);
}

#[test]
fn chinese_values_are_read_as_people_say_them() {
    run(include_str!("spoken/zh.tsv"), Language::Chinese);
}

#[test]
fn what_only_looks_like_a_value_is_none() {
    let check = |name: &str, texts: &[&str]| {
        for text in texts {
            let language = Language::detect(text);
            let slots = [SlotSpec::new(name, kind(name)), SlotSpec::new("yes", Kind::YesNo)];
            let found = extract(text, language, &slots, &context(language));
            let found: Vec<_> = found.iter().filter(|entity| entity.slot == name).collect();
            assert!(found.is_empty(), "{name} in {text}: {found:?}");
        }
    };
    check(
        "date",
        &["I may be late", "we'd like a room", "on the second floor", "the first option", "一周两次", "hello", "几号"],
    );
    check(
        "time",
        &[
            "I need one",
            "快一点",
            "有一点问题",
            "便宜一点",
            "a table for four",
            "five people",
            "good morning",
            "什么时候",
            "三个人",
        ],
    );
    check("number", &["hello", "等一下", "我们一起去", "nobody"]);
    check("money", &["hello", "how much is it", "多少钱"]);
    check("list", &["what is the weather like", "moon", "你好", "match"]);
    check("name", &["I am looking for a room", "this is taking too long", "I'm done with this", "我是来退款的"]);
    check("phone", &["my order is 45", "twenty five", "一百二十块"]);
    check("code", &["I have a question", "twelve", "号码忘了"]);
    check("duration", &["one day I will call", "周三", "good night"]);
}

fn slots() -> Vec<SlotSpec> {
    vec![
        SlotSpec::new("tickets", Kind::Number).with_words(&["tickets", "ticket", "people", "张票", "张", "个人", "位"]),
        SlotSpec::new("date", Kind::Date { past: false }),
        SlotSpec::new("time", Kind::Time),
    ]
}

fn filled(found: &[Entity]) -> Vec<(&str, String, &str)> {
    found.iter().map(|entity| (entity.slot.as_str(), entity.value.to_string(), entity.raw.as_str())).collect()
}

#[test]
fn several_slots_are_filled_from_one_utterance() {
    let check = |text: &str, expected: &[(&str, &str, &str)]| {
        let language = Language::detect(text);
        let found = extract(text, language, &slots(), &context(language));
        let expected: Vec<_> = expected.iter().map(|(slot, value, raw)| (*slot, (*value).to_owned(), *raw)).collect();
        assert_eq!(filled(&found), expected, "{text}");
    };
    check(
        "two tickets for tomorrow at half past three",
        &[("tickets", "2", "two"), ("date", "2026-03-12", "tomorrow"), ("time", "15:30", "half past three")],
    );
    check(
        "On the twenty third, at seven thirty pm, for four people please.",
        &[("date", "2026-03-23", "the twenty third"), ("time", "19:30", "seven thirty pm"), ("tickets", "4", "four")],
    );
    check(
        "table for six on March third at 8",
        &[("tickets", "6", "six"), ("date", "2027-03-03", "March third"), ("time", "08:00", "8")],
    );
    check(
        "我要订两张下周三下午三点半的票",
        &[("tickets", "2", "两"), ("date", "2026-03-18", "下周三"), ("time", "15:30", "下午三点半")],
    );
    check(
        "五月二十号晚上七点，四个人",
        &[("date", "2026-05-20", "五月二十号"), ("time", "19:00", "晚上七点"), ("tickets", "4", "四")],
    );
    check("a table for two at eight", &[("tickets", "2", "two"), ("time", "08:00", "eight")]);
    check("hello", &[]);
    check("", &[]);
}

#[test]
fn what_is_one_value_is_not_two_others() {
    let slots = [
        SlotSpec::new("people", Kind::Number).with_words(&["people", "个人"]),
        SlotSpec::new("phone", Kind::Phone),
        SlotSpec::new("order", kind("code")),
        SlotSpec::new("amount", Kind::Money),
        SlotSpec::new("time", Kind::Time),
    ];
    let check = |text: &str, expected: &[(&str, &str)]| {
        let language = Language::detect(text);
        let found = extract(text, language, &slots, &context(language));
        let found: Vec<_> = found.iter().map(|e| (e.slot.as_str(), e.value.to_string())).collect();
        let expected: Vec<_> = expected.iter().map(|(slot, value)| (*slot, (*value).to_owned())).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("my number is 617 555 0199", &[("phone", "+16175550199")]);
    check("order A B one two three four, I paid forty five dollars", &[("order", "AB1234"), ("amount", "45.00 USD")]);
    check("电话是幺三八零零幺三八零零零", &[("phone", "+8613800138000")]);
    check("four people at seven thirty", &[("people", "4"), ("time", "07:30")]);
    check("晚上七点四个人", &[("time", "19:00"), ("people", "4")]);
    check("一会儿再打给你", &[]);
}

#[test]
fn two_dates_are_told_apart_by_the_words_beside_them() {
    let slots = [
        SlotSpec::new("arrival", Kind::Date { past: false })
            .with_words(&["arrive", "arriving", "from", "check in", "入住"]),
        SlotSpec::new("departure", Kind::Date { past: false }).with_words(&[
            "leave",
            "leaving",
            "until",
            "check out",
            "离开",
            "退房",
        ]),
    ];
    let check = |text: &str, arrival: Option<&str>, departure: Option<&str>| {
        let language = Language::detect(text);
        let found = extract(text, language, &slots, &context(language));
        let value = |slot: &str| found.iter().find(|e| e.slot == slot).map(|e| e.value.to_string());
        assert_eq!((value("arrival").as_deref(), value("departure").as_deref()), (arrival, departure), "{text}");
    };
    check("leaving on the 14th, arriving on the 12th", Some("2026-03-12"), Some("2026-03-14"));
    check("from the 20th to the 25th", Some("2026-03-20"), Some("2026-03-25"));
    check("the 17 to 19 July", Some("2026-07-17"), Some("2026-07-19"));
    check("we leave on Friday", None, Some("2026-03-13"));
    check("二十号入住，二十三号退房", Some("2026-03-20"), Some("2026-03-23"));
}

/// Rasa #5972: an entity in a sentence without spaces ran to its end.
#[test]
fn chinese_values_do_not_swallow_the_sentence() {
    let check = |name: &str, text: &str, raw: &str| {
        let found = extract(text, Language::Chinese, &[SlotSpec::new(name, kind(name))], &context(Language::Chinese));
        assert_eq!(found.iter().map(|e| e.raw.as_str()).collect::<Vec<_>>(), [raw], "{text}");
        assert_eq!(&text[found[0].span.clone()], raw);
    };
    check("date", "我想把明天的预约改一下可以吗", "明天");
    check("time", "麻烦您帮我约下午三点半行不行", "下午三点半");
    check("money", "我上次付了一百二十块五怎么还没到账", "一百二十块五");
    check("list", "麻烦给我来一杯拿铁谢谢你啊", "拿铁");
    check("name", "你好我叫王小明想订一个房间", "王小明");
    check("phone", "我的手机号是13800138000请打给我", "13800138000");
    check("number", "我们一共有五个人过去吃饭", "五");
}

#[test]
fn spans_are_bytes_of_the_original() {
    let text = "🙂 Héllo ｔｏｍｏｒｒｏｗ at ３ pm";
    let found = extract(text, Language::English, &slots(), &context(Language::English));
    assert_eq!(filled(&found), [("date", "2026-03-12".into(), "ｔｏｍｏｒｒｏｗ"), ("time", "15:00".into(), "３ pm")]);
    assert!(found.iter().all(|e| text[e.span.clone()] == e.raw));
}

#[test]
fn the_last_of_two_values_counts_after_a_correction() {
    for (text, expected) in [
        ("Tuesday, no, Wednesday", "2026-03-18"),
        ("on Friday, sorry, I mean Saturday", "2026-03-14"),
        ("周三，不对，周四", "2026-03-12"),
    ] {
        let language = Language::detect(text);
        let found = extract(text, language, &[SlotSpec::new("date", kind("date"))], &context(language));
        assert_eq!(found.first().map(|e| e.value.to_string()).as_deref(), Some(expected), "{text}");
    }
}

fn value(text: &str, name: &str) -> Value {
    let language = Language::detect(text);
    let found = extract(text, language, &[SlotSpec::new(name, kind(name))], &context(language));
    found.into_iter().next().unwrap_or_else(|| panic!("{text} is a {name}")).value
}

#[test]
fn a_correction_in_one_turn_changes_the_slot_that_is_meant() {
    let slots = [
        SlotSpec::new("people", Kind::Number).with_words(&["people", "人", "人数"]),
        SlotSpec::new("date", Kind::Date { past: false }),
        SlotSpec::new("time", Kind::Time),
        SlotSpec::new("drink", kind("list")).with_words(&["drink", "饮料"]),
    ];
    let known = [
        ("people".to_owned(), value("four", "number")),
        ("date".to_owned(), value("April 5th", "date")),
        ("time".to_owned(), value("3 pm", "time")),
        ("drink".to_owned(), value("latte", "list")),
    ];
    let check = |text: &str, expected: &[(&str, Option<&str>)]| {
        let language = Language::detect(text);
        let found = correct(text, language, &slots, &known, &context(language));
        let found: Vec<(&str, Option<String>)> =
            found.iter().map(|c| (c.slot.as_str(), c.to.as_ref().map(|to| to.value.to_string()))).collect();
        let expected: Vec<_> = expected.iter().map(|(slot, value)| (*slot, value.map(str::to_owned))).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("no, Thursday", &[("date", Some("2026-03-12"))]);
    check("not the fifth, the sixth", &[("date", Some("2026-04-06"))]);
    check("no, the sixth", &[("date", Some("2026-04-06"))]);
    check("I mean the sixth of May", &[("date", Some("2026-05-06"))]);
    check("no, at four", &[("time", Some("16:00"))]);
    check("not three, half past three", &[("time", Some("15:30"))]);
    check("make it five people", &[("people", Some("5"))]);
    check("sorry, we are five people, not four", &[("people", Some("5"))]);
    check("a mocha, not a latte", &[("drink", Some("mocha"))]);
    check("no, tomorrow at five", &[("date", Some("2026-03-12")), ("time", Some("17:00"))]);
    check("not in the afternoon, in the morning", &[("time", Some("03:00"))]);
    check("not in the afternoon", &[("time", Some("03:00"))]);
    check("the date is wrong", &[("date", None)]);
    check("the time isn't right", &[("time", None)]);
    check("I need to change the drink", &[("drink", None)]);
    check("the date is wrong, it's the eighth", &[("date", Some("2026-04-08"))]);
    check("move it from the fifth to the seventh", &[("date", Some("2026-04-07"))]);
    check("not the fifth, the day after", &[("date", Some("2026-04-06"))]);
    check("no, I said mocha", &[("drink", Some("mocha"))]);
    check("three in the afternoon, not in the morning", &[]);
    check("十$wrong", &[]);
    check("no", &[]);
    check("yes", &[]);
    check("no, that's all", &[]);
    check("不是五号，是六号", &[("date", Some("2026-04-06"))]);
    check("不是三点，是四点", &[("time", Some("16:00"))]);
    check("不对，是五个人", &[("people", Some("5"))]);
    check("日期不对", &[("date", None)]);
    check("时间错了，应该是下午五点", &[("time", Some("17:00"))]);
    check("把拿铁换成摩卡", &[("drink", Some("mocha"))]);
    check("改到下周四", &[("date", Some("2026-03-19"))]);
    check("不是", &[]);
    // A pause behind what denies: it denies what was asked, not what follows.
    check("不是，四点", &[("time", Some("16:00"))]);
    check("not, the sixth", &[("date", Some("2026-04-06"))]);
    // One value is named, another of its own kind stands beside it.
    check("no, for five people at four", &[("people", Some("5")), ("time", Some("16:00"))]);
}

#[test]
fn a_name_may_be_corrected_without_being_introduced() {
    let slots = [SlotSpec::new("name", Kind::Name)];
    let known = [("name".to_owned(), value("my name is Anna Smith", "name"))];
    for (text, expected) in [
        ("no, Anna Schmidt", Some("Anna Schmidt")),
        ("no, that's wrong", None),
        ("no", None),
        ("nope, incorrect", None),
    ] {
        let found = correct(text, Language::English, &slots, &known, &context(Language::English));
        let found = found.first().and_then(|c| c.to.as_ref()).map(|to| to.value.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }
}

#[test]
fn a_denied_value_names_one_of_two_slots_of_its_kind() {
    let slots =
        [SlotSpec::new("arrival", kind("date")), SlotSpec::new("departure", kind("date")).with_words(&["leaving"])];
    let known =
        [("arrival".to_owned(), value("April 5th", "date")), ("departure".to_owned(), value("April 9th", "date"))];
    let run = |text: &str| correct(text, Language::English, &slots, &known, &context(Language::English));
    let changed = run("not the ninth, the tenth");
    assert_eq!((changed[0].slot.as_str(), changed[0].among.len()), ("departure", 0));
    let changed = run("no, leaving on the tenth");
    assert_eq!((changed[0].slot.as_str(), changed[0].among.len()), ("departure", 0));
    let unclear = run("no, the tenth");
    assert_eq!(unclear[0].among, ["departure"], "which of the two is not guessed silently");
    let wrong = run("the date is wrong");
    assert_eq!(
        (wrong.len(), wrong[0].to.is_none(), wrong[0].among.as_slice()),
        (1, true, &["departure".to_owned()][..])
    );
}

#[test]
fn values_survive_json_in_their_canonical_form() {
    for (text, name, json) in [
        ("three pm", "time", r#"{"type":"time","time":"15:00:00"}"#),
        ("April 5th", "date", r#"{"type":"date","date":"2026-04-05"}"#),
        ("$12.50", "money", r#"{"type":"money","amount":"12.50","currency":"USD"}"#),
        ("three nights", "duration", r#"{"type":"duration","length":"P3D"}"#),
        ("about twenty", "number", r#"{"type":"number","number":"20","approximate":true}"#),
        ("212 555 0142", "phone", r#"{"type":"phone","number":"+12125550142","valid":true}"#),
    ] {
        let value = value(text, name);
        assert_eq!(serde_json::to_string(&value).expect("plain data"), json);
        assert_eq!(serde_json::from_str::<Value>(json).expect("its own JSON"), value);
    }
    let spec: SlotSpec =
        serde_json::from_str(r#"{"name":"order","kind":"code","form":"AA9999","words":["order"]}"#).expect("a slot");
    assert_eq!(spec.kind, kind("code"));
}
