//! Values of every kind, as dialogues: what the caller says, what the bot says next, and what is known in the end. The calls of the
//! tables begin on Saturday, 28 November 2026, at ten in the morning.

use std::sync::{Arc, OnceLock};

use flow::{Context, Event, Flow, Grammar, Heard, Outcome, Profile, Run, Severity};
use intent::{Language, Model, entity::Region};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::line::{Line, end, flow, flow_with, queue};

fn collect(id: &str, params: Value, next: &str) -> Value {
    let mut all = json!({"slot": id, "prompt": {"en": format!("The {id}?"), "zh-CN": format!("{id}?")}});
    for (name, value) in params.as_object().expect("an object") {
        all[name] = value.clone();
    }
    json!({"id": id, "type": "collect", "params": all, "edges": {"next": next, "no_input": "lost", "no_match": "lost"}})
}

/// One block that collects a value.
fn single(params: Value) -> Flow {
    flow_with(
        json!([collect("value", params, "done"), end("done", "resolved"), end("lost", "failed")]),
        json!({"languages": ["en", "zh-CN"]}),
    )
}

fn bikes() -> Value {
    json!([
        {"value": "city", "key": "1", "label": {"en": "a city bike", "zh-CN": "城市车"}, "phrases": {"en": ["city bike", "town bike"], "zh-CN": ["城市自行车"]}},
        {"value": "road", "key": "2", "label": {"en": "a road bike", "zh-CN": "公路车"}, "phrases": {"en": ["road bike", "racing bike"], "zh-CN": ["赛车"]}},
    ])
}

/// A restaurant: what is wanted, for how many, on what day and at what time.
fn restaurant() -> (Arc<Flow>, Arc<Model>) {
    static BOTH: OnceLock<(Arc<Flow>, Arc<Model>)> = OnceLock::new();
    BOTH.get_or_init(|| {
        let flow = flow_with(
            json!([
                {"id": "ask", "type": "ask_intent", "params": {"prompt": {"en": "How can I help?", "zh-CN": "您需要什么?"}, "confirm_below": 0},
                 "edges": {"book": "people", "hours": "done", "no_input": "lost", "no_match": "lost", "low_confidence": "lost"}},
                collect("people", json!({"kind": "number", "label": {"en": "the number of people", "zh-CN": "人数"},
                    "words": {"en": ["people", "persons", "guests"], "zh-CN": ["人", "位"]}}), "date"),
                collect("date", json!({"kind": "date"}), "time"),
                collect("time", json!({"kind": "time"}), "done"),
                end("done", "resolved"), end("lost", "failed"),
            ]),
            json!({"languages": ["en", "zh-CN"], "intents": [
                {"name": "book", "label": {"en": "a table", "zh-CN": "订位"}, "examples": {
                    "en": ["I'd like to book a table", "a table please", "can I reserve a table", "a reservation for tonight", "book a table for tomorrow"],
                    "zh-CN": ["我想订位", "订一张桌子", "预订座位", "我要订位子", "想订个桌"]}},
                {"name": "hours", "label": {"en": "opening hours", "zh-CN": "营业时间"}, "examples": {
                    "en": ["when are you open", "opening hours please", "are you open today", "when do you close", "what are your hours"],
                    "zh-CN": ["几点营业", "营业时间", "今天开门吗", "几点关门", "什么时候营业"]}},
            ]}),
        );
        let model = intent::train(&flow.training_set(), 1).expect("its intents can be trained");
        (Arc::new(flow), Arc::new(model))
    })
    .clone()
}

fn call(flow: Arc<Flow>, model: Arc<Model>, language: Language) -> Line {
    let (zone, region) = match language {
        Language::English => ("+00:00[+00:00]", Region::UNITED_KINGDOM),
        Language::Chinese => ("+08:00[+08:00]", Region::CHINA),
    };
    let now = format!("2026-11-28T10:00{zone}").parse().expect("a moment");
    let context = Context { language: Some(language), now, region: Some(region), ..Context::default() };
    let mut line = Line::with(flow, model, context);
    line.send(Event::Begin);
    line
}

fn slots(line: &Line) -> String {
    let variables = line.run.variables();
    let slots = variables["slots"].as_object().expect("slots").iter();
    slots.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("?"))).collect::<Vec<_>>().join(" ")
}

/// Plays a dialogue: `caller:` says or `keys:` presses something, `bot:` is what was said last, `slots:` is what is known.
#[track_caller]
fn play(mut line: Line, language: Language, dialogue: &str) {
    line.hear_out();
    for step in dialogue.lines().map(str::trim).filter(|step| !step.is_empty()) {
        let (who, what) = step.split_once(':').expect("a step");
        let what = what.trim();
        let found = match who {
            "caller" => {
                line.caller_in(what, language);
                continue;
            }
            "keys" => {
                line.keys(what);
                continue;
            }
            "bot" => (*line.words().last().expect("something was said")).to_owned(),
            "slots" => slots(&line),
            "end" => format!("{:?}", line.outcome()),
            other => panic!("nobody is called {other}"),
        };
        assert_eq!(found, what, "at {step:?} of\n{dialogue}\n{:#?}", line.log);
    }
}

/// A day that is named in passing, and the hour that is asked next.
fn named_in_passing() -> Flow {
    let day = collect("day", json!({"kind": "date", "echo": true}), "hour");
    let hour = collect("hour", json!({"kind": "time"}), "done");
    let blocks = json!([day, hour, end("done", "resolved"), end("lost", "failed")]);
    flow_with(blocks, json!({"languages": ["en", "zh-CN"]}))
}

#[test]
fn what_is_named_in_passing_can_be_denied_or_corrected_in_the_next_answer() {
    let line = |language| call(named_in_passing().into(), Model::empty().into(), language);
    play(
        line(Language::English),
        Language::English,
        "bot: The day?
         caller: on thursday
         bot: Thursday, the 3rd of December. The hour?
         caller: no
         bot: The day?
         caller: friday
         bot: Friday, the 4th of December. The hour?
         caller: no, saturday
         bot: Saturday, the 5th of December. Is that right?
         caller: yes
         bot: The hour?
         caller: half past three in the afternoon
         slots: day=2026-12-05 hour=15:30
         end: Some(Resolved)",
    );
    play(
        line(Language::Chinese),
        Language::Chinese,
        "bot: day?
         caller: 下周四
         bot: 12月3日,星期四。 hour?
         caller: 不对
         bot: day?
         caller: 下周五
         bot: 12月4日,星期五。 hour?
         caller: 下午三点半
         slots: day=2026-12-04 hour=15:30
         end: Some(Resolved)",
    );
}

#[test]
fn every_kind_of_value_is_kept_in_one_form_and_read_back_as_people_say_it() {
    let table: &[(Value, Language, &str, &str, &str)] = &[
        (
            json!({"kind": "date"}),
            Language::English,
            "next Thursday",
            "Thursday, the 3rd of December. Is that right?",
            "2026-12-03",
        ),
        (
            json!({"kind": "date"}),
            Language::English,
            "the twelfth of March",
            "Friday, the 12th of March. Is that right?",
            "2027-03-12",
        ),
        (
            json!({"kind": "date", "past": true}),
            Language::English,
            "it was on Tuesday",
            "Tuesday, the 24th of November. Is that right?",
            "2026-11-24",
        ),
        (json!({"kind": "date"}), Language::Chinese, "下周四", "12月3日,星期四,对吗?", "2026-12-03"),
        (
            json!({"kind": "time"}),
            Language::English,
            "at half past three in the afternoon",
            "3:30 pm. Is that right?",
            "15:30",
        ),
        (json!({"kind": "time"}), Language::Chinese, "下午三点半", "下午3:30,对吗?", "15:30"),
        (
            json!({"kind": "amount"}),
            Language::English,
            "forty five pounds fifty",
            "£45.50. Is that right?",
            "45.50 GBP",
        ),
        (json!({"kind": "amount"}), Language::Chinese, "三百块", "300元,对吗?", "300.00 CNY"),
        (json!({"kind": "number"}), Language::English, "we are four", "4. Is that right?", "4"),
        (json!({"kind": "number"}), Language::Chinese, "四个", "4,对吗?", "4"),
        (json!({"kind": "quantity"}), Language::English, "half a kilo", "0.5 kg. Is that right?", "0.5 kg"),
        (
            json!({"kind": "phone"}),
            Language::English,
            "oh one six three two nine six oh oh oh one",
            "I have 0 1 6 3, 2 9 6, 0 0 0 1. Is that right?",
            "+441632960001",
        ),
        (
            json!({"kind": "phone"}),
            Language::Chinese,
            "幺三八幺二三四五六七八",
            "您的号码是 1 3 8, 1 2 3 4, 5 6 7 8,对吗?",
            "+8613812345678",
        ),
        (
            json!({"kind": "list", "items": bikes()}),
            Language::English,
            "the racing bike please",
            "A road bike. Is that right?",
            "road",
        ),
        (json!({"kind": "list", "items": bikes()}), Language::Chinese, "我要城市车", "城市车,对吗?", "city"),
        (
            json!({"kind": "name"}),
            Language::English,
            "my name is Anna Smith",
            "Anna Smith. Is that right?",
            "Anna Smith",
        ),
        (json!({"kind": "name"}), Language::Chinese, "我叫王小明", "王小明,对吗?", "王小明"),
        (
            json!({"kind": "digits", "min_digits": 4, "max_digits": 4}),
            Language::English,
            "one zero four two",
            "I have 1 0, 4 2. Is that right?",
            "1042",
        ),
    ];
    let mut wrong = Vec::new();
    for (params, language, said, read, kept) in table {
        let mut params = params.clone();
        params["read_back"] = json!(true);
        let mut line = call(single(params.clone()).into(), Model::empty().into(), *language);
        line.caller_in(said, *language);
        let found = (*line.words().last().expect("a question")).to_owned();
        line.caller_in(if *language == Language::English { "yes" } else { "对" }, *language);
        let known = slots(&line);
        if found != *read || known != format!("value={kept}") {
            wrong.push(format!("{params} {said:?}: {found:?} {known}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_sure_is_not_read_back_and_what_is_not_a_single_value_is_asked_for_again() {
    for (params, said, kept) in [
        (json!({"kind": "date"}), "on the third of December", "value=2026-12-03"),
        (json!({"kind": "list", "items": bikes()}), "a city bike", "value=city"),
        (json!({"kind": "number"}), "four", "value=4"),
        // Days from one to another are no day.
        (json!({"kind": "date"}), "from Monday to Wednesday", ""),
        (json!({"kind": "date"}), "banana bread", ""),
        (json!({"kind": "time"}), "whenever you like", ""),
        (json!({"kind": "number"}), "", ""),
    ] {
        let mut line = call(single(params).into(), Model::empty().into(), Language::English);
        line.caller(said);
        assert_eq!(slots(&line), kept, "{said}: {:#?}", line.log);
        assert_eq!(line.outcome().is_some(), !kept.is_empty(), "{said}");
    }
}

#[test]
fn a_value_is_corrected_in_the_turn_in_which_it_is_denied() {
    for (params, language, dialogue) in [
        (
            json!({"kind": "date"}),
            Language::English,
            "
            caller: Wednesday
            bot: Wednesday, the 2nd of December. Is that right?
            caller: no, Thursday
            bot: Thursday, the 3rd of December. Is that right?
            caller: yes
            slots: value=2026-12-03",
        ),
        (
            json!({"kind": "date"}),
            Language::English,
            "
            caller: Wednesday
            caller: Thursday
            bot: Thursday, the 3rd of December. Is that right?
            caller: Thursday, yes
            slots: value=2026-12-03",
        ),
        (
            json!({"kind": "date"}),
            Language::English,
            "
            caller: Wednesday
            caller: no
            bot: Sorry, I didn't catch that. The value?
            caller: on the fourth
            caller: that's right
            slots: value=2026-12-04",
        ),
        (
            json!({"kind": "date"}),
            Language::Chinese,
            "
            caller: 下周三
            bot: 12月2日,星期三,对吗?
            caller: 不对,是星期四
            bot: 12月3日,星期四,对吗?
            caller: 对
            slots: value=2026-12-03",
        ),
        (
            json!({"kind": "time"}),
            Language::English,
            "
            caller: three in the afternoon
            bot: 3 pm. Is that right?
            caller: no, four
            bot: 4 pm. Is that right?
            caller: yes
            slots: value=16:00",
        ),
        (
            json!({"kind": "time"}),
            Language::Chinese,
            "
            caller: 下午三点
            caller: 不是,四点半
            bot: 下午4:30,对吗?
            caller: 是的
            slots: value=16:30",
        ),
        (
            json!({"kind": "amount"}),
            Language::English,
            "
            caller: forty pounds
            caller: no, fifty pounds
            bot: £50. Is that right?
            caller: yes
            slots: value=50.00 GBP",
        ),
        (
            json!({"kind": "list", "items": bikes()}),
            Language::English,
            "
            caller: a city bike
            bot: A city bike. Is that right?
            caller: no, the road bike
            bot: A road bike. Is that right?
            caller: yes
            slots: value=road",
        ),
        (
            json!({"kind": "list", "items": bikes()}),
            Language::Chinese,
            "
            caller: 城市车
            caller: 不对,公路车
            bot: 公路车,对吗?
            caller: 对
            slots: value=road",
        ),
        (
            json!({"kind": "name"}),
            Language::English,
            "
            caller: Anna Smith
            bot: Anna Smith. Is that right?
            caller: no, my name is Anna Schmidt
            bot: Anna Schmidt. Is that right?
            caller: yes
            slots: value=Anna Schmidt",
        ),
        (
            json!({"kind": "phone"}),
            Language::English,
            "
            caller: 01632 960001
            caller: no, it's 01632 960002
            bot: I have 0 1 6 3, 2 9 6, 0 0 0 2. Is that right?
            caller: yes
            slots: value=+441632960002",
        ),
        (
            json!({"min_digits": 4, "max_digits": 4}),
            Language::English,
            "
            caller: 1042
            caller: no, 1043
            bot: I have 1 0, 4 3. Is that right?
            keys: 1
            slots: value=1043",
        ),
    ] {
        let mut params = params;
        params["read_back"] = json!(true);
        play(call(single(params).into(), Model::empty().into(), language), language, dialogue);
    }
}

#[test]
fn what_was_said_with_the_request_is_read_back_once_and_never_asked_for() {
    for (language, dialogue) in [
        (
            Language::English,
            "
            bot: How can I help?
            caller: I'd like to book a table for four people tomorrow at half past seven in the evening
            bot: I have the number of people: 4; Sunday, the 29th of November; and 7:30 pm. Is that right?
            caller: yes please
            slots: date=2026-11-29 people=4 time=19:30
            end: Some(Resolved)",
        ),
        (
            Language::Chinese,
            "
            caller: 我想订位,明天晚上七点半,四位
            bot: 人数 4;11月29日,星期日;晚上7:30,对吗?
            caller: 对
            slots: date=2026-11-29 people=4 time=19:30
            end: Some(Resolved)",
        ),
        // What is missing is asked for, and only that.
        (
            Language::English,
            "
            caller: can I reserve a table for tomorrow
            bot: The people?
            caller: four
            bot: I have the number of people: 4; and Sunday, the 29th of November. Is that right?
            caller: yes
            bot: The time?
            caller: at eight in the evening
            slots: date=2026-11-29 people=4 time=20:00",
        ),
        // Something more is said beside the yes.
        (
            Language::English,
            "
            caller: book a table for six people on Friday please
            bot: I have the number of people: 6; and Friday, the 4th of December. Is that right?
            caller: yes, at eight o'clock in the evening
            bot: 8 pm. Is that right?
            caller: yes
            slots: date=2026-12-04 people=6 time=20:00",
        ),
        // And with an answer.
        (
            Language::English,
            "
            caller: a table please
            bot: The people?
            caller: four, on Friday at eight in the evening
            bot: I have the number of people: 4; Friday, the 4th of December; and 8 pm. Is that right?
            caller: yes
            slots: date=2026-12-04 people=4 time=20:00",
        ),
        // An answer to another question than this is kept, and this one asked again without a reproach.
        (
            Language::English,
            "
            caller: a table please
            caller: on Friday in the evening
            bot: Once more: The people?
            caller: four
            bot: I have the number of people: 4; and Friday, the 4th of December. Is that right?
            caller: yes
            bot: The time?",
        ),
        (
            Language::Chinese,
            "
            caller: 我要订位子
            bot: people?
            caller: 四位,星期五晚上八点
            bot: 人数 4;12月4日,星期五;晚上8点,对吗?
            caller: 不对,是星期六
            bot: 人数 4;12月5日,星期六;晚上8点,对吗?
            caller: 对
            slots: date=2026-12-05 people=4 time=20:00",
        ),
    ] {
        let (flow, model) = restaurant();
        play(call(flow, model, language), language, dialogue);
    }
}

#[test]
fn of_several_values_the_wrong_one_is_found() {
    let all = "caller: book a table for four people on Friday at eight in the evening\n";
    for (language, dialogue) in [
        // In one turn.
        (
            Language::English,
            "
            caller: no, on Saturday
            bot: I have the number of people: 4; Saturday, the 5th of December; and 8 pm. Is that right?
            caller: no, for five people at nine
            bot: I have the number of people: 5; Saturday, the 5th of December; and 9 pm. Is that right?
            caller: yes
            slots: date=2026-12-05 people=5 time=21:00",
        ),
        // In two.
        (
            Language::English,
            "
            caller: no
            bot: Which part is wrong: the number of people, the date, or the time?
            caller: the date
            bot: The date?
            caller: Saturday the fifth of December
            slots: date=2026-12-05 people=4 time=20:00",
        ),
        (
            Language::English,
            "
            caller: the time is wrong
            bot: The time?
            caller: nine in the evening
            slots: date=2026-12-04 people=4 time=21:00",
        ),
        // The one that is being collected.
        (
            Language::English,
            "
            caller: no
            caller: the number of people
            bot: Sorry, I didn't catch that. The people?
            caller: five
            slots: date=2026-12-04 people=5 time=20:00",
        ),
        // With its new value.
        (
            Language::English,
            "
            caller: no
            caller: the date should be Saturday
            bot: I have the number of people: 4; Saturday, the 5th of December; and 8 pm. Is that right?
            caller: yes
            slots: date=2026-12-05 people=4 time=20:00",
        ),
        // By keys.
        (
            Language::English,
            "
            keys: 2
            bot: Which part is wrong: the number of people, the date, or the time?
            keys: 3
            bot: The time?
            caller: nine in the evening
            slots: date=2026-12-04 people=4 time=21:00",
        ),
    ] {
        let (flow, model) = restaurant();
        play(call(flow, model, language), language, &format!("{all}{dialogue}"));
    }
    let (flow, model) = restaurant();
    play(
        call(flow, model, Language::Chinese),
        Language::Chinese,
        "
        caller: 我想订位,星期五晚上八点,四位
        caller: 不对
        bot: 哪一项不对:人数、日期,还是时间?
        caller: 时间
        bot: time?
        caller: 晚上九点
        slots: date=2026-12-04 people=4 time=21:00",
    );
}

#[test]
fn one_new_value_for_two_of_its_kind_is_asked_about() {
    let stay = flow_with(
        json!([
            collect(
                "arrival",
                json!({"kind": "date", "label": {"en": "the arrival"}, "words": {"en": ["arriving", "arrival"]}}),
                "departure"
            ),
            collect(
                "departure",
                json!({"kind": "date", "label": {"en": "the departure"}, "words": {"en": ["leaving", "departure"]}}),
                "done"
            ),
            end("done", "resolved"),
            end("lost", "failed"),
        ]),
        json!({}),
    );
    let stay = Arc::new(stay);
    for dialogue in [
        "caller: from the third to the fifth of December
         bot: I have the arrival: Thursday, the 3rd of December; and the departure: Saturday, the 5th of December. Is that right?
         caller: no, the sixth
         bot: Which do you mean: the arrival, or the departure?
         caller: the departure
         bot: I have the arrival: Thursday, the 3rd of December; and the departure: Sunday, the 6th of December. Is that right?
         caller: yes
         slots: arrival=2026-12-03 departure=2026-12-06",
        "caller: arriving on the third of December and leaving on the fifth
         caller: no, I'm leaving on the sixth
         bot: I have the arrival: Thursday, the 3rd of December; and the departure: Sunday, the 6th of December. Is that right?
         caller: yes
         slots: arrival=2026-12-03 departure=2026-12-06",
    ] {
        play(call(stay.clone(), Model::empty().into(), Language::English), Language::English, dialogue);
    }
}

#[test]
fn an_earlier_value_is_corrected_until_something_is_done_with_it() {
    let (flow, model) = restaurant();
    play(
        call(flow, model, Language::English),
        Language::English,
        "
        caller: a table please
        caller: four
        bot: The date?
        caller: no, make it five
        bot: 5. Is that right?
        caller: yes
        bot: The date?
        caller: on the fourth of December
        caller: nine in the evening
        slots: date=2026-12-04 people=5 time=21:00",
    );

    // Beside the answer to another question.
    let (flow, model) = restaurant();
    play(
        call(flow, model, Language::English),
        Language::English,
        "
        caller: a table please
        caller: four
        caller: sorry, we are five people, and it's on Friday
        bot: I have Friday, the 4th of December; and the number of people: 5. Is that right?
        caller: yes
        caller: nine in the evening
        slots: date=2026-12-04 people=5 time=21:00",
    );
    // What was told and not read back yet, too; and what more is said to a read-back is read back with it.
    let (flow, model) = restaurant();
    play(
        call(flow, model, Language::English),
        Language::English,
        "
        caller: can I reserve a table for tonight
        bot: The people?
        caller: not tonight, tomorrow
        bot: Sunday, the 29th of November. Is that right?
        caller: yes
        bot: The people?
        caller: four people
        bot: The time?
        caller: at one
        bot: 1 pm. Is that right?
        caller: yes
        slots: date=2026-11-29 people=4 time=13:00",
    );
    let (flow, model) = restaurant();
    play(
        call(flow, model, Language::English),
        Language::English,
        "
        caller: table for two tomorrow
        bot: I have the number of people: 2; and Sunday, the 29th of November. Is that right?
        caller: at eight in the evening
        bot: I have the number of people: 2; Sunday, the 29th of November; and 8 pm. Is that right?
        caller: sounds good
        slots: date=2026-11-29 people=2 time=20:00",
    );

    let used = flow_with(
        json!([
            collect("people", json!({"kind": "number"}), "look"),
            {"id": "look", "type": "branch", "params": {"cases": []}, "edges": {"else": "date", "error": "lost"}},
            collect("date", json!({"kind": "date"}), "done"),
            end("done", "resolved"), end("lost", "failed"),
        ]),
        json!({}),
    );
    play(
        call(used.into(), Model::empty().into(), Language::English),
        Language::English,
        "
        caller: four
        caller: no, make it five
        bot: Sorry, I didn't catch that. The date?
        slots: people=4",
    );
}

#[test]
fn a_question_to_come_is_not_answered_by_what_only_sounds_like_it() {
    let (flow, model) = restaurant();
    for said in ["I have two questions about a table", "one table please", "a table please, number one"] {
        let mut line = call(flow.clone(), model.clone(), Language::English);
        line.caller(said);
        assert_eq!(line.words().last(), Some(&"The people?"), "{said}: {:#?}", line.log);
    }
}

#[test]
fn keys_answer_where_they_can() {
    for (params, keys, kept) in [
        (json!({"kind": "phone"}), "01632960001#", "value=+441632960001"),
        (json!({"kind": "number"}), "4#", "value=4"),
        (json!({"kind": "quantity"}), "12#", "value=12"),
        (json!({"kind": "list", "items": bikes()}), "2", "value=road"),
        (json!({"kind": "date"}), "7", ""),
        (json!({"kind": "list", "items": bikes()}), "7", ""),
    ] {
        let mut line = call(single(params.clone()).into(), Model::empty().into(), Language::English);
        line.keys(keys);
        assert_eq!(slots(&line), kept, "{params}: {:#?}", line.log);
    }
    // Who cannot be listened to and has no keys for it is asked by a person.
    let date = flow_with(
        json!([
            collect("date", json!({"kind": "date"}), "done"),
            queue("q"),
            end("done", "resolved"),
            end("lost", "failed"),
            end("failed", "failed")
        ]),
        json!({"person": "q"}),
    );
    let context = Context { deaf: vec![Language::English], ..Context::default() };
    let mut line = Line::with(date.into(), Model::empty().into(), context);
    line.send(Event::Begin);
    assert_eq!(line.path(), ["date.keys_only"]);
}

#[test]
fn a_telephone_number_may_come_in_groups() {
    let mut line = call(single(json!({"kind": "phone"})).into(), Model::empty().into(), Language::Chinese);
    for group in ["一三八", "一二三四五六七八"] {
        line.caller_in(group, Language::Chinese);
    }
    assert_eq!(slots(&line), "value=+8613812345678", "{:#?}", line.log);
}

#[test]
fn secret_values_are_neither_told_ahead_nor_read_back() {
    let flow = flow(json!([
        collect("date", json!({"kind": "date"}), "pin"),
        collect("pin", json!({"secret": true, "min_digits": 4, "max_digits": 4}), "done"),
        end("done", "resolved"),
        end("lost", "failed"),
    ]));
    let mut line = call(flow.into(), Model::empty().into(), Language::English);
    line.caller("on the fourth of December, and my pin is 4711").hear_out();
    assert_eq!(line.words().last(), Some(&"The pin?"), "{:#?}", line.log);
    assert!(!format!("{:?}", line.log).contains("4711"));
    line.caller("4711");
    assert_eq!(slots(&line), "date=2026-12-04", "{:#?}", line.log);
    assert_eq!(line.outcome(), Some(Outcome::Resolved));
}

#[test]
fn the_recogniser_is_told_what_is_collected() {
    let profile = |params: Value| {
        let line = call(single(params).into(), Model::empty().into(), Language::English);
        let expect = &line.expected[0];
        (format!("{:?}", expect.grammar).split([' ', '(']).next().unwrap_or_default().to_owned(), expect.profile)
    };
    for (params, grammar, expected) in [
        (json!({}), "Digits", Profile::Digits),
        (json!({"kind": "phone"}), "Digits", Profile::Digits),
        (json!({"kind": "date"}), "Free", Profile::Free),
        (json!({"kind": "amount"}), "Free", Profile::Free),
        (json!({"kind": "name"}), "Free", Profile::Name),
        (json!({"kind": "list", "items": bikes()}), "Phrases", Profile::Menu),
        (json!({"kind": "date", "turn": "word"}), "Free", Profile::Menu),
    ] {
        assert_eq!(profile(params.clone()), (grammar.to_owned(), expected), "{params}");
    }
    // A correction may follow the no.
    let mut line =
        call(single(json!({"kind": "date", "read_back": true})).into(), Model::empty().into(), Language::English);
    line.caller("Thursday");
    let last = line.expected.last().expect("it listens");
    assert!(matches!(last.grammar, Grammar::List(_)) && last.profile == Profile::YesNo, "{last:?}");
}

#[test]
fn the_country_is_told_from_the_callers_number() {
    for (caller, kept) in [("+442079460000", "+441632960001"), ("+12025550100", "01632960001"), ("", "01632960001")] {
        let context = Context { caller: caller.into(), ..Context::default() };
        let mut line = Line::with(single(json!({"kind": "phone"})).into(), Model::empty().into(), context);
        line.send(Event::Begin).caller("01632 960001").caller("yes");
        assert_eq!(slots(&line), format!("value={kept}"), "{caller}: {:#?}", line.log);
    }
}

#[test]
fn what_does_not_go_together_is_found_before_anybody_calls() {
    for (params, severity, code) in [
        (json!({"kind": "list"}), Severity::Error, "no_items"),
        (json!({"kind": "list", "items": []}), Severity::Error, "no_items"),
        (
            json!({"kind": "list", "items": [{"value": "a", "phrases": {"en": ["a b"]}}, {"value": "a", "key": "1"}]}),
            Severity::Error,
            "duplicate_id",
        ),
        (
            json!({"kind": "list", "items": [{"value": "a", "key": "1"}, {"value": "b", "key": "1"}]}),
            Severity::Error,
            "duplicate_key",
        ),
        (json!({"kind": "list", "items": [{"value": "a"}]}), Severity::Error, "no_way_to_choose"),
        (json!({"kind": "date", "items": bikes()}), Severity::Warning, "unused_field"),
        (json!({"kind": "date", "form": "AA99"}), Severity::Warning, "unused_field"),
        (json!({"kind": "phone", "min_digits": 4}), Severity::Warning, "unused_field"),
        (json!({"past": true}), Severity::Warning, "unused_field"),
    ] {
        let found = flow::validate(&single(params.clone()));
        assert!(found.iter().any(|f| f.severity == severity && f.code == code), "{params}: {found:?}");
    }
    let wrong = json!({"schema_version": 1, "id": "x", "name": "X", "languages": ["en"], "start": "value",
        "blocks": [collect("value", json!({"kind": "colour"}), "value")]});
    assert!(flow::parse(&wrong.to_string()).is_err(), "there is no such kind");
}

fn any_words() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "no",
        "yes",
        "not",
        "the",
        "fifth",
        "Thursday",
        "at",
        "four",
        "half past",
        "pm",
        "people",
        "for",
        "one two three",
        "January",
        "and",
        "from",
        "to",
        "date",
        "time",
        "wrong",
        "不对",
        "是",
        "星期四",
        "下午",
        "三点半",
        "四位",
        "明天",
        "人数",
        "都",
        "12",
        "$45",
        "£",
        "🚲",
        "my name is",
        "Anna",
        ",",
        "99999999999999999999",
        "it is",
    ]);
    prop_oneof![
        6 => prop::collection::vec(pieces, 0..9).prop_map(|pieces| pieces.join(" ")),
        1 => "\\PC{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_is_said_the_questions_end(
        words in prop::collection::vec((any_words(), any_words(), 0f32..=1.0, any::<bool>()), 0..40),
        chinese in any::<bool>(),
    ) {
        let (flow, model) = restaurant();
        let language = if chinese { Language::Chinese } else { Language::English };
        let now = "2026-11-28T10:00+00:00[+00:00]".parse().expect("a moment");
        let context = Context { language: Some(language), now, ..Context::default() };
        let mut run = Run::new(flow, model, context);
        let _ = run.on(Event::Begin, 0);
        let mut now = 0;
        for (text, other, confidence, keyed) in words {
            now += 1_000;
            let event = if keyed {
                Event::Key(other.chars().find(char::is_ascii_digit).unwrap_or('2'))
            } else {
                Event::Heard(Heard { text, confidence, alternatives: vec![other], language, ..Heard::default() })
            };
            let _ = run.on(event, now);
        }
        let mut silent = 0;
        while let Some(deadline) = run.deadline() {
            let _ = run.on(Event::Timeout, deadline);
            silent += 1;
            prop_assert!(silent < 100, "the questions do not end");
        }
        prop_assert!(run.finished());
    }
}

/// The restaurant, whose opening hours may be asked when the day is asked for.
fn restaurant_with_hours() -> (Arc<Flow>, Arc<Model>) {
    let (flow, model) = restaurant();
    let mut document: Value = serde_json::from_str(&flow.to_json()).expect("JSON");
    let blocks = document["blocks"].as_array_mut().expect("blocks");
    for block in blocks.iter_mut().filter(|block| block["id"] == "date") {
        block["params"]["meanwhile"] = json!(["hours"]);
        block["edges"]["hours"] = json!("open");
    }
    blocks.push(json!({"id": "open", "type": "say", "params": {"prompt": {"en": "From six.", "zh-CN": "六点起。"}}, "edges": {"next": "date"}}));
    let flow = flow::parse(&document.to_string()).unwrap_or_else(|findings| panic!("{findings:#?}"));
    (Arc::new(flow), model)
}

#[test]
fn something_else_may_be_asked_instead_of_answering_and_nothing_is_lost() {
    let (flow, model) = restaurant_with_hours();
    play(
        call(flow.clone(), model.clone(), Language::English),
        Language::English,
        "caller: a table for four people please
         bot: 4. Is that right?
         caller: yes
         bot: The date?
         caller: what are your hours
         bot: Once more: The date?
         slots: people=4
         caller: next Thursday
         bot: The time?
         slots: date=2026-12-03 people=4",
    );
    play(
        call(flow, model, Language::Chinese),
        Language::Chinese,
        "caller: 我想订位
         bot: people?
         caller: 四位
         bot: date?
         caller: 你们几点营业
         bot: 再说一遍: date?
         slots: people=4",
    );
}

#[test]
fn what_may_be_asked_meanwhile_needs_its_edge_and_its_intent() {
    let (flow, _) = restaurant_with_hours();
    let mut document: Value = serde_json::from_str(&flow.to_json()).expect("JSON");
    for block in document["blocks"].as_array_mut().expect("blocks").iter_mut().filter(|block| block["id"] == "date") {
        block["params"]["meanwhile"] = json!(["hours", "horses"]);
        block["edges"].as_object_mut().expect("edges").remove("hours");
    }
    let flow = flow::parse(&document.to_string()).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let codes: Vec<String> = flow::validate(&flow)
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error && finding.block.as_deref() == Some("date"))
        .map(|finding| finding.code.to_string())
        .collect();
    assert!(
        codes.iter().any(|code| code == "unwired_edge") && codes.iter().any(|code| code == "unknown_intent"),
        "{codes:?}"
    );
}

#[test]
fn what_another_engine_says_goes_before_the_own_model_where_it_makes_sense() {
    let (flow, model) = restaurant();
    let meaning = |intent: &str| intent::Meaning {
        decision: intent::Decision::Accept { intent: intent.into() },
        ranking: vec![intent::Scored { intent: intent.into(), confidence: 0.9 }],
        in_scope: 0.9,
        threshold: 0.5,
        explain: intent::Explain::default(),
        model_version: "elsewhere".into(),
    };
    let say = |meaning| {
        Event::Heard(Heard {
            text: "blue".into(),
            confidence: 0.9,
            meaning: Some(Box::new(meaning)),
            ..Heard::default()
        })
    };
    let mut line = call(flow.clone(), model.clone(), Language::English);
    line.hear_out();
    assert_eq!(line.run.intents_asked(), ["book", "hours"]);
    line.send(say(meaning("book")));
    assert_eq!(line.words().last().copied(), Some("The people?"));
    assert!(line.run.intents_asked().is_empty());
    let mut line = call(flow, model, Language::English);
    line.hear_out();
    // An intent that nobody asked for.
    line.send(say(meaning("refund")));
    assert_eq!(line.outcome(), None);
    assert_ne!(line.words().last().copied(), Some("The people?"));
}

#[test]
fn a_shared_list_stands_beside_the_items_of_a_block() {
    let flow = single(
        json!({"kind": "list", "list": "bikes", "items": [{"value": "child", "label": {"en": "a child's bike", "zh-CN": "童车"}}]}),
    );
    assert_eq!(flow.lists().collect::<Vec<_>>(), ["bikes"]);
    let errors = |flow: &Flow| -> Vec<String> {
        let errors = flow::validate(flow).into_iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| finding.code.to_string()).filter(|code| code != "no_way_to_a_person").collect()
    };
    assert_eq!(errors(&flow), [""; 0]);
    let entries = bikes().as_array().expect("a list").clone();
    let flow = Arc::new(flow.with_lists(|name| (name == "bikes").then(|| entries.clone())));
    for (said, value) in [("the racing bike", "road"), ("a child's bike", "child")] {
        let mut line = call(flow.clone(), Arc::new(Model::empty()), Language::English);
        line.hear_out().caller_in(said, Language::English);
        assert!(
            slots(&line).contains(value) || line.words().last().is_some_and(|words| words.contains("bike")),
            "{said}: {:#?}",
            line.log
        );
        line.caller_in("yes", Language::English);
        assert_eq!(slots(&line), format!("value={value}"));
    }
    // Without the list, and without items, there is nothing to choose from.
    let empty = single(json!({"kind": "list"}));
    assert_eq!(errors(&empty), ["no_items"]);
}
