//! Blocks that remember something: variables, tags, who goes first, and whether the call is recorded.

use super::{BlockSpec, Category, ERROR, FieldType, NEXT, field, required, with_default};

pub(super) const SET: BlockSpec = BlockSpec {
    name: "set",
    title_en: "Set variable",
    title_zh: "设置变量",
    category: Category::State,
    fields: &[required(field(
        "values",
        FieldType::Rows {
            columns: &[
                required(field(
                    "name",
                    FieldType::Name,
                    r#""tries""#,
                    "The name: {{ vars.tries }}.",
                    "名称:{{ vars.tries }}。",
                )),
                field(
                    "text",
                    FieldType::Template,
                    r#""{{ slots.order_number }}""#,
                    "Its value as a text, with templates.",
                    "文本值,可使用模板。",
                ),
                field(
                    "expression",
                    FieldType::Expression,
                    r#""vars.tries + 1""#,
                    "Or as a CEL expression, for numbers and what is true or false.",
                    "或 CEL 表达式,用于数字和真假值。",
                ),
            ],
        },
        r#"[{"name": "greeting", "text": "Order {{ slots.order_number }}"}]"#,
        "What is set, one after the other; each can use those before.",
        "依次设置的变量;后面的可以使用前面的。",
    ))],
    edges: &[NEXT, ERROR],
    help_en: "Gives variables other values, for the rest of the call.",
    help_zh: "为变量赋值,在后续通话中使用。",
};

pub(super) const TAG: BlockSpec = BlockSpec {
    name: "tag",
    title_en: "Tag",
    title_zh: "打标签",
    category: Category::State,
    fields: &[required(field(
        "tags",
        FieldType::Templates,
        r#"["order", "{{ intent.name }}"]"#,
        "The tags. They go with the call to the agent and stand on its tickets.",
        "标签。会随来电转给坐席,并记录在工单上。",
    ))],
    edges: &[NEXT, ERROR],
    help_en: "Tags the call.",
    help_zh: "为来电打标签。",
};

pub(super) const PRIORITY: BlockSpec = BlockSpec {
    name: "priority",
    title_en: "Priority",
    title_zh: "优先级",
    category: Category::State,
    fields: &[with_default(
        field(
            "priority",
            FieldType::Integer { min: 1, max: 10 },
            "8",
            "How soon it is the caller's turn in a queue: 10 goes first, 5 is usual. Among equals, who waits longest.",
            "排队优先级:10 最先,5 为普通;相同者按等待时间。",
        ),
        "5",
    )],
    edges: &[NEXT],
    help_en: "Says how soon it is the caller's turn when they wait for an agent.",
    help_zh: "设定来电者排队等待坐席时的优先级。",
};

pub(super) const RECORDING: BlockSpec = BlockSpec {
    name: "recording",
    title_en: "Recording control",
    title_zh: "录音控制",
    category: Category::Record,
    fields: &[with_default(
        field(
            "do",
            FieldType::Choice { words: &["pause", "resume"] },
            r#""pause""#,
            "Whether what follows is kept from the recording, which is silent meanwhile, or recorded again.",
            "暂停录音(期间为静音)或恢复录音。",
        ),
        r#""pause""#,
    )],
    edges: &[NEXT],
    help_en: "Pauses the recording, for what must not be kept, or goes on with it.",
    help_zh: "暂停或恢复录音,用于不得保留的内容。",
};
