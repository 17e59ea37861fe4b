//! Blocks between the caller and the company: is it right, who calls, who takes the call, and what is left when nobody does.

use super::{
    BARGE_IN, BlockSpec, Category, ERROR, FieldSpec, FieldType, HANGUP, MAX_TRIES, NEXT, NO_INPUT, NO_INPUT_MS,
    NO_MATCH, PROMPT, RETRY_PROMPTS, TURN, edge, field, optional, required, with_default,
};

const CALLERS_NUMBER: FieldSpec = with_default(
    field(
        "number",
        FieldType::Template,
        r#""{{ slots.phone }}""#,
        "The number; the caller's own unless another was collected.",
        "号码;缺省为来电号码。",
    ),
    r#""{{ call.caller }}""#,
);

pub(super) const CONFIRM: BlockSpec = BlockSpec {
    name: "confirm",
    title_en: "Confirm",
    title_zh: "确认",
    category: Category::Listen,
    fields: &[
        required(FieldSpec {
            example: r#"{"en": "Shall I cancel the order?", "zh-CN": "要取消该订单吗?"}"#,
            help_en: "The question; it is answered by yes or no, or by the keys 1 and 2.",
            help_zh: "问题;回答是或否,或按 1、2。",
            ..PROMPT
        }),
        RETRY_PROMPTS,
        MAX_TRIES,
        NO_INPUT_MS,
        BARGE_IN,
        TURN,
    ],
    edges: &[
        edge("yes", "The caller said yes.", "来电者回答是。"),
        edge("no", "The caller said no.", "来电者回答否。"),
        NO_INPUT,
        NO_MATCH,
        ERROR,
        HANGUP,
    ],
    help_en: "Asks a question that is answered by yes or no.",
    help_zh: "提出一个以是或否回答的问题。",
};

pub(super) const LOOKUP_CUSTOMER: BlockSpec = BlockSpec {
    name: "lookup_customer",
    title_en: "Look up customer",
    title_zh: "查询客户",
    category: Category::Know,
    fields: &[
        CALLERS_NUMBER,
        with_default(
            field(
                "save_as",
                FieldType::Name,
                r#""customer""#,
                "The name under which it is kept: {{ customer.calls }} earlier calls, the last one on {{ customer.last_call }}, \
                 {{ customer.open_tickets }} open tickets, the newest about {{ customer.ticket_subject }}.",
                "保存的名称:{{ customer.calls }} 为以往来电次数,{{ customer.last_call }} 为上次来电日期,\
                 {{ customer.open_tickets }} 为未结工单数,{{ customer.ticket_subject }} 为最新工单的标题。",
            ),
            r#""customer""#,
        ),
    ],
    edges: &[
        edge("known", "Somebody has called from this number before.", "该号码以前来过电话。"),
        edge("unknown", "Nobody has, or the number is withheld.", "从未来电,或号码未显示。"),
        ERROR,
    ],
    help_en: "Looks up what is known of whoever calls: earlier calls, open tickets.",
    help_zh: "查询来电者的已知信息:以往来电、未结工单。",
};

pub(super) const TRANSFER: BlockSpec = BlockSpec {
    name: "transfer",
    title_en: "To agent or number",
    title_zh: "转接坐席或号码",
    category: Category::HandOver,
    fields: &[
        required(field(
            "to",
            FieldType::Template,
            r#""+441632960001""#,
            "An agent's extension, or a number outside, which is called through a trunk.",
            "坐席分机号,或通过中继呼叫的外部号码。",
        )),
        field(
            "prompt",
            FieldType::Texts,
            r#"{"en": "I'll put you through.", "zh-CN": "正在为您转接。"}"#,
            "What the caller hears before.",
            "转接前来电者听到的内容。",
        ),
        with_default(
            field(
                "timeout_ms",
                FieldType::Integer { min: 1_000, max: 120_000 },
                "30000",
                "How long it rings, in ms.",
                "振铃时间(毫秒)。",
            ),
            "30000",
        ),
    ],
    edges: &[
        optional(edge(
            "ended",
            "The other side ended the conversation. Without it, the call ends.",
            "对方结束了通话。未连接时通话结束。",
        )),
        edge("busy", "The other side is busy or declines.", "对方忙或拒接。"),
        edge("no_answer", "Nobody answered in time.", "无人及时接听。"),
        edge("error", "There is no such number, or it cannot be reached.", "没有该号码,或无法接通。"),
        HANGUP,
    ],
    help_en: "Calls one person, inside or outside, and connects the caller once they answer.",
    help_zh: "呼叫指定的人(内部或外部),接听后与来电者接通。",
};

pub(super) const CALLBACK: BlockSpec = BlockSpec {
    name: "callback",
    title_en: "Offer callback",
    title_zh: "提供回拨",
    category: Category::HandOver,
    fields: &[
        required(FieldSpec {
            example: r#"{"en": "Shall we call you back on this number?", "zh-CN": "需要我们回拨此号码吗?"}"#,
            help_en: "The question; it is answered by yes or no, or by the keys 1 and 2.",
            help_zh: "问题;回答是或否,或按 1、2。",
            ..PROMPT
        }),
        RETRY_PROMPTS,
        CALLERS_NUMBER,
        field("queue", FieldType::Queue, r#""service""#, "The queue whose agents call back.", "由哪个队列回拨。"),
        with_default(
            field(
                "reason",
                FieldType::Template,
                r#""Refund for order {{ slots.order_number }}""#,
                "What it is about, for whoever calls back; what is known when empty.",
                "告知回拨坐席的事由;为空时使用已知信息。",
            ),
            r#""""#,
        ),
        MAX_TRIES,
        NO_INPUT_MS,
        BARGE_IN,
        TURN,
    ],
    edges: &[
        edge("next", "The callback is arranged.", "已安排回拨。"),
        edge(
            "declined",
            "The caller does not want one, or there is no number to call.",
            "来电者不需要,或没有可回拨的号码。",
        ),
        NO_INPUT,
        NO_MATCH,
        ERROR,
        HANGUP,
    ],
    help_en: "Offers to call back instead of waiting. Who wants it is on the list of tickets with number and reason; the call then ends \
              as a callback, also when the caller hangs up at once.",
    help_zh: "提供回拨以代替等待。需要回拨的来电会连同号码和事由登记为工单;此后即使来电者立即挂断,通话也计为回拨。",
};

pub(super) const VOICEMAIL: BlockSpec = BlockSpec {
    name: "voicemail",
    title_en: "Voicemail",
    title_zh: "语音留言",
    category: Category::HandOver,
    fields: &[
        required(FieldSpec {
            example: r#"{"en": "Please leave your message, then hang up or press hash.", "zh-CN": "请留言,结束后挂断或按井号键。"}"#,
            ..PROMPT
        }),
        with_default(
            field(
                "max_ms",
                FieldType::Integer { min: 5_000, max: 600_000 },
                "120000",
                "How long the message may be, in ms.",
                "留言的最长时间(毫秒)。",
            ),
            "120000",
        ),
        with_default(
            field(
                "silence_ms",
                FieldType::Integer { min: 2_000, max: 30_000 },
                "5000",
                "So much silence ends the message, in ms.",
                "静音多久后结束留言(毫秒)。",
            ),
            "5000",
        ),
        with_default(
            field(
                "subject",
                FieldType::Template,
                r#""Voicemail from {{ call.caller }}""#,
                "The subject of the ticket that holds the message.",
                "留言工单的标题。",
            ),
            r#""Voicemail from {{ call.caller }}""#,
        ),
        with_default(
            field("tags", FieldType::Templates, r#"["voicemail"]"#, "Tags of the ticket.", "工单标签。"),
            r#"["voicemail"]"#,
        ),
    ],
    edges: &[
        edge("next", "The message is kept.", "留言已保存。"),
        edge("no_input", "Nothing was said.", "没有留言。"),
        ERROR,
        HANGUP,
    ],
    help_en: "Takes a message: it is written out into a ticket, with the recording beside it. Hanging up ends it, too, and loses nothing.",
    help_zh: "接受留言:转写为工单并附录音。挂断同样结束留言,内容不会丢失。",
};

pub(super) const SURVEY: BlockSpec = BlockSpec {
    name: "survey",
    title_en: "Survey",
    title_zh: "满意度调查",
    category: Category::Record,
    fields: &[
        required(FieldSpec {
            example: r#"{"en": "How was our service, from 1 to 5?", "zh-CN": "请为本次服务打分,1到5分。"}"#,
            ..PROMPT
        }),
        RETRY_PROMPTS,
        required(field(
            "name",
            FieldType::Name,
            r#""satisfaction""#,
            "What is rated; kept as {{ slots.satisfaction }}.",
            "评价的项目;保存为 {{ slots.satisfaction }}。",
        )),
        with_default(
            field(
                "scale",
                FieldType::Integer { min: 2, max: 9 },
                "5",
                "The best mark; 1 is the worst.",
                "最高分;1 为最低分。",
            ),
            "5",
        ),
        MAX_TRIES,
        NO_INPUT_MS,
        BARGE_IN,
        TURN,
    ],
    edges: &[NEXT, NO_INPUT, NO_MATCH, ERROR, HANGUP],
    help_en: "Asks for a mark, by voice or by key.",
    help_zh: "请来电者打分,可语音或按键。",
};
