//! Blocks at which the way divides: by the hour, by chance, by how busy a queue is.

use super::{BlockSpec, Category, ERROR, FieldSpec, FieldType, NEXT, edge, field, optional, required, with_default};

const FROM: FieldSpec = field("from", FieldType::Time, r#""09:00""#, "From this time on.", "开始时间。");
const TO: FieldSpec = field(
    "to",
    FieldType::Time,
    r#""17:30""#,
    "Until this time; one that is not later than the first lies on the next day.",
    "结束时间;不晚于开始时间的表示次日。",
);

pub(super) const HOURS: BlockSpec = BlockSpec {
    name: "hours",
    title_en: "Hours and holidays",
    title_zh: "营业时间与节假日",
    category: Category::Decide,
    fields: &[
        required(field(
            "weekly",
            FieldType::Rows {
                columns: &[
                    required(field(
                        "days",
                        FieldType::Weekdays,
                        r#"["mon", "tue", "wed", "thu", "fri"]"#,
                        "On these days.",
                        "适用的日子。",
                    )),
                    required(FROM),
                    required(TO),
                ],
            },
            r#"[{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:30"}]"#,
            "When it is open, in an ordinary week. Several rows may name one day, for a break at noon.",
            "平时每周的营业时间。同一天可以有多行,例如中午休息。",
        )),
        with_default(
            field(
                "holidays",
                FieldType::Rows {
                    columns: &[
                        required(field("date", FieldType::Date, r#""2026-12-25""#, "The day.", "日期。")),
                        field(
                            "until",
                            FieldType::Date,
                            r#""2026-12-26""#,
                            "The last of several days.",
                            "多日假期的最后一天。",
                        ),
                        with_default(
                            field(
                                "yearly",
                                FieldType::Flag,
                                "true",
                                "Whether it comes every year on the same days.",
                                "是否每年同一日期重复。",
                            ),
                            "false",
                        ),
                        field(
                            "name",
                            FieldType::Template,
                            r#""Christmas""#,
                            "Its name; prompts can say it: {{ hours.holiday }}.",
                            "名称;提示中可用 {{ hours.holiday }}。",
                        ),
                        FieldSpec {
                            help_en: "Where it is open for a part of the day: from this time on.",
                            help_zh: "当天部分时间营业时的开始时间。",
                            ..FROM
                        },
                        TO,
                    ],
                },
                r#"[{"date": "2026-12-25", "until": "2026-12-26", "yearly": true, "name": "Christmas"}]"#,
                "Days on which the ordinary week does not count.",
                "不按平时营业时间的日子。",
            ),
            "[]",
        ),
        field(
            "time_zone",
            FieldType::Template,
            r#""Europe/London""#,
            "The time zone of the hours, by its name in the IANA database; that of the call centre when absent.",
            "营业时间所在时区(IANA 名称);缺省为呼叫中心的时区。",
        ),
    ],
    edges: &[
        edge("open", "It is open now.", "现在营业。"),
        edge("closed", "It is closed now.", "现在不营业。"),
        optional(edge(
            "holiday",
            "It is closed for a holiday. Without it, closed.",
            "因节假日不营业。未连接时走 closed。",
        )),
    ],
    help_en: "Goes one way while it is open and another while it is closed. Prompts behind it can say when it opens again: \
              {{ hours.opens_date }}, {{ hours.opens_time }}.",
    help_zh: "按是否在营业时间内分流。之后的提示可以说明何时再营业:{{ hours.opens_date }}、{{ hours.opens_time }}。",
};

pub(super) const SPLIT: BlockSpec = BlockSpec {
    name: "split",
    title_en: "Percent split",
    title_zh: "按比例分流",
    category: Category::Decide,
    fields: &[
        required(field(
            "ways",
            FieldType::Rows {
                columns: &[
                    required(field(
                        "edge",
                        FieldType::Edge,
                        r#""new_greeting""#,
                        "The edge it leads to.",
                        "对应的出口。",
                    )),
                    required(field(
                        "percent",
                        FieldType::Integer { min: 0, max: 100 },
                        "20",
                        "How many of a hundred go this way.",
                        "每一百个中走这条路的数量。",
                    )),
                ],
            },
            r#"[{"edge": "new_greeting", "percent": 20}, {"edge": "old_greeting", "percent": 80}]"#,
            "The ways; together they make a hundred.",
            "各条路;合计为一百。",
        )),
        with_default(
            field(
                "by",
                FieldType::Choice { words: &["call", "caller"] },
                r#""caller""#,
                "Whether each call is sent by itself, or whoever calls again goes the same way again.",
                "按每次来电分流,或同一来电者始终走同一条路。",
            ),
            r#""call""#,
        ),
    ],
    edges: &[],
    help_en: "Sends a share of the calls each way: to try something with a few callers first.",
    help_zh: "把来电按比例分到各条路:可先让少数来电者试用。",
};

pub(super) const QUEUE_STATUS: BlockSpec = BlockSpec {
    name: "queue_status",
    title_en: "Queue status",
    title_zh: "队列状态",
    category: Category::Decide,
    fields: &[
        required(field("queue", FieldType::Queue, r#""service""#, "The queue.", "队列。")),
        with_default(
            field(
                "save_as",
                FieldType::Name,
                r#""queue""#,
                "The name under which it is kept: {{ queue.waiting }} callers wait, {{ queue.agents }} agents serve it of whom \
                 {{ queue.free }} are free, the longest wait is {{ queue.longest_wait_s }} s.",
                "保存的名称:{{ queue.waiting }} 为等待人数,{{ queue.agents }} 为坐席数,其中 {{ queue.free }} 位空闲,\
                 {{ queue.longest_wait_s }} 为最长等待秒数。",
            ),
            r#""queue""#,
        ),
    ],
    edges: &[
        NEXT,
        optional(edge(
            "no_agents",
            "Nobody serves the queue now. Without it, next.",
            "目前无人值守该队列。未连接时走 next。",
        )),
        ERROR,
    ],
    help_en: "Looks at how busy a queue is, for prompts and branches: \"There are three callers before you.\"",
    help_zh: "查看队列繁忙程度,供提示和分支使用:“您前面还有三位来电者。”",
};
