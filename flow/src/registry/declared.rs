//! The declarations themselves, as one table. A new kind of block begins here; a test walks the table and sees that every entry
//! is complete, in both languages, and understood by the run.

mod deciding;
mod keeping;
mod reaching;
mod shaping;

use super::{BlockSpec, Category, EdgeSpec, FieldSpec, FieldType};
use crate::{check::CheckDigit, collect};

const fn field(
    name: &'static str,
    kind: FieldType,
    example: &'static str,
    help_en: &'static str,
    help_zh: &'static str,
) -> FieldSpec {
    FieldSpec { name, kind, required: false, default: None, example, help_en, help_zh }
}

const fn required(field: FieldSpec) -> FieldSpec {
    FieldSpec { required: true, ..field }
}

const fn with_default(field: FieldSpec, json: &'static str) -> FieldSpec {
    FieldSpec { default: Some(json), ..field }
}

const fn edge(name: &'static str, help_en: &'static str, help_zh: &'static str) -> EdgeSpec {
    EdgeSpec { name, required: true, help_en, help_zh }
}

const fn optional(edge: EdgeSpec) -> EdgeSpec {
    EdgeSpec { required: false, ..edge }
}

const PROMPT: FieldSpec = field(
    "prompt",
    FieldType::Texts,
    r#"{"en": "How can I help you?", "zh-CN": "请问有什么可以帮您?"}"#,
    "What is said first.",
    "首先播报的内容。",
);
const RETRY_PROMPTS: FieldSpec = with_default(
    field(
        "retry_prompts",
        FieldType::TextsList,
        r#"[{"en": "What can I do for you?", "zh-CN": "您想办理什么业务?"}]"#,
        "What is said after the first, second and third failed try: first other words, then an example or the keys. Where one is missing, \
         suitable words are found; the same words never come twice in a row.",
        "第一次、第二次……未成功后播报的内容:先换一种说法,再举例或提示按键。缺少时会自动补上合适的话,绝不会连续两次播报相同的内容。",
    ),
    "[]",
);
const MAX_TRIES: FieldSpec = with_default(
    field(
        "max_tries",
        FieldType::Integer { min: 1, max: 5 },
        "3",
        "How many tries the caller has before no_input or no_match; silence and misunderstanding are counted apart.",
        "走向 no_input 或 no_match 之前允许尝试的次数;无输入与无法识别分别计数。",
    ),
    "3",
);
const NO_INPUT_MS: FieldSpec = with_default(
    field(
        "no_input_ms",
        FieldType::Integer { min: 1_000, max: 60_000 },
        "6000",
        "How long to wait for the caller once the prompt has ended, in ms; the timer rests while the caller speaks.",
        "提示播完后等待来电者的时间(毫秒);来电者说话时计时暂停。",
    ),
    "6000",
);
const BARGE_IN: FieldSpec = with_default(
    field(
        "barge_in",
        FieldType::Flag,
        "true",
        "Whether voice and keys stop the prompt.",
        "语音和按键是否可以打断提示。",
    ),
    "true",
);
const TURN: FieldSpec = with_default(
    field(
        "turn",
        FieldType::Choice { words: &["auto", "word", "yes_no", "digits", "name", "free"] },
        r#""name""#,
        "How the end of an answer is told: after a word or a yes or no at once, after digits and names with more patience, in free speech \
         after a finished clause. `auto` takes what suits the block.",
        "如何判断回答结束:单词和是否类回答最快;数字、姓名和地址更有耐心;自由讲述时等一句话说完。auto 由系统按块选择。",
    ),
    r#""auto""#,
);
const KEY: FieldSpec = field("key", FieldType::Key, r#""1""#, "The key that chooses it.", "选择该项的按键。");
const EDGE: FieldSpec =
    required(field("edge", FieldType::Edge, r#""orders""#, "The edge it leads to.", "对应的出口。"));
const LABEL: FieldSpec = field(
    "label",
    FieldType::Texts,
    r#"{"en": "your order", "zh-CN": "订单"}"#,
    "What to call it when listing the choices.",
    "列举选项时使用的名称。",
);

const NEXT: EdgeSpec = edge("next", "When it is done.", "完成之后。");
const NO_INPUT: EdgeSpec = edge("no_input", "The caller stayed silent on every try.", "来电者每次都没有回应。");
const NO_MATCH: EdgeSpec = edge("no_match", "The caller was not understood on any try.", "每次都没有听懂来电者。");
const HANGUP: EdgeSpec = optional(edge(
    "hangup",
    "The caller hung up here; goes on unheard, for a ticket or a request. Without it, the flow's own hangup block.",
    "来电者在此挂断;之后静默继续,例如登记工单或发出请求。未连接时使用流程的挂断块。",
));
const ERROR: EdgeSpec = optional(edge(
    "error",
    "A text could not be filled in. Without it, the flow's person block.",
    "文本无法填充。未连接时转到流程的人工块。",
));

pub(super) const BLOCKS: &[BlockSpec] = &[
    BlockSpec {
        name: "say",
        title_en: "Say",
        title_zh: "播报",
        category: Category::Speak,
        fields: &[
            required(FieldSpec {
                help_en: "What is said.",
                help_zh: "播报的内容。",
                example: r#"{"en": "Your order is on its way.", "zh-CN": "您的订单正在配送。"}"#,
                ..PROMPT
            }),
            with_default(
                field(
                    "barge_in",
                    FieldType::Flag,
                    "true",
                    "Whether a key stops it; the key then counts for the next question.",
                    "按键是否可以打断播报;该按键会用于下一个问题。",
                ),
                "true",
            ),
            with_default(
                field(
                    "resolves",
                    FieldType::Flag,
                    "false",
                    "Whether the caller has got the answer once this was said; hanging up afterwards counts as resolved.",
                    "播报之后来电者的问题是否已解决;此后挂断视为已解决。",
                ),
                "false",
            ),
        ],
        edges: &[NEXT, ERROR, HANGUP],
        help_en: "Says something.",
        help_zh: "播报一段内容。",
    },
    BlockSpec {
        name: "menu",
        title_en: "Menu",
        title_zh: "菜单",
        category: Category::Listen,
        fields: &[
            required(FieldSpec {
                example: r#"{"en": "For orders press 1 or say orders.", "zh-CN": "订单请按1或说订单。"}"#,
                ..PROMPT
            }),
            RETRY_PROMPTS,
            required(field(
                "options",
                FieldType::Rows {
                    columns: &[
                        KEY,
                        EDGE,
                        LABEL,
                        field(
                            "phrases",
                            FieldType::Phrases,
                            r#"{"en": ["order", "my order"], "zh-CN": ["订单", "我的订单"]}"#,
                            "What the caller may say to choose it.",
                            "来电者可以说的话。",
                        ),
                    ],
                },
                r#"[{"key": "1", "edge": "orders", "label": {"en": "orders", "zh-CN": "订单"}, "phrases": {"en": ["orders"], "zh-CN": ["订单"]}}]"#,
                "The choices, each by key, by voice or both.",
                "选项,可按键、语音或两者皆可。",
            )),
            MAX_TRIES,
            NO_INPUT_MS,
            BARGE_IN,
            TURN,
        ],
        edges: &[NO_INPUT, NO_MATCH, ERROR, HANGUP],
        help_en: "Offers choices by key and by voice; each choice is an edge.",
        help_zh: "提供按键和语音选项;每个选项是一个出口。",
    },
    reaching::CONFIRM,
    BlockSpec {
        name: "ask_intent",
        title_en: "Ask intent",
        title_zh: "询问意图",
        category: Category::Listen,
        fields: &[
            required(PROMPT),
            RETRY_PROMPTS,
            field(
                "intents",
                FieldType::Intents,
                r#"["order_status", "refund"]"#,
                "The intents that make sense here; all of the flow's when absent. Each is an edge.",
                "此处可能的意图;缺省为流程的全部意图。每个意图是一个出口。",
            ),
            with_default(
                field(
                    "keys",
                    FieldType::Rows { columns: &[required(KEY), EDGE, LABEL] },
                    r#"[{"key": "1", "edge": "order_status"}]"#,
                    "Keys that choose an intent, or an edge of their own.",
                    "可选择意图或独立出口的按键。",
                ),
                "[]",
            ),
            with_default(
                field(
                    "confirm_below",
                    FieldType::Share,
                    "0.5",
                    "An intent less certain than this is confirmed first: \"You want X, is that right?\"",
                    "意图的把握低于该值时先确认:“您是想 X,对吗?”",
                ),
                "0.5",
            ),
            with_default(
                field(
                    "words",
                    FieldType::Phrases,
                    r#"{"en": ["tubeless tyre", "Shimano"], "zh-CN": ["真空胎"]}"#,
                    "Names and words that callers are likely to say here, so that they are heard rightly: products, places, people.",
                    "来电者可能说到的名称和词语(产品、地点、人名),以便准确识别。",
                ),
                "{}",
            ),
            MAX_TRIES,
            NO_INPUT_MS,
            BARGE_IN,
            TURN,
        ],
        edges: &[
            NO_INPUT,
            NO_MATCH,
            optional(edge(
                "rejected",
                "What was said was heard well and means none of the intents. Leads to an answer from the knowledge base, say; without it, the caller is asked again.",
                "听清了,但不属于任何意图。例如可转到知识问答;未连接时再问一次。",
            )),
            edge(
                "low_confidence",
                "Something was understood on the last try, but the caller did not confirm it.",
                "最后一次听到了内容,但来电者没有确认。",
            ),
            ERROR,
            HANGUP,
        ],
        help_en: "Asks an open question and understands what the caller wants; asks back when in doubt.",
        help_zh: "提出开放式问题并理解来电者的意图;拿不准时会反问。",
    },
    BlockSpec {
        name: "collect",
        title_en: "Collect",
        title_zh: "收集信息",
        category: Category::Listen,
        fields: &[
            required(FieldSpec {
                example: r#"{"en": "What is your order number?", "zh-CN": "请说出或输入您的订单号。"}"#,
                ..PROMPT
            }),
            RETRY_PROMPTS,
            required(field(
                "slot",
                FieldType::Name,
                r#""order_number""#,
                "The name under which the value is kept: {{ slots.order_number }}.",
                "保存该值的名称:{{ slots.order_number }}。",
            )),
            with_default(
                field(
                    "kind",
                    FieldType::Choice { words: collect::KINDS },
                    r#""digits""#,
                    "What is collected, and how it is kept: digits or an id of a form; yes_no (yes or no); text (the caller's own words); phone (+441632960001), date (2026-12-03), time \
                     (15:30), amount (45.50 GBP), number (4), quantity (2.5 kg), one of a list (its value), the name of a person. What \
                     callers say of it earlier, with their request or in answer to another question, is read back and not asked for.",
                    "收集的内容及保存形式:digits 为数字或有格式的编号;yes_no 为是或否(yes、no);text 为来电者的原话;phone 为电话(+8613812345678),date 为日期(2026-12-03),time 为时间(15:30),\
                     amount 为金额(45.50 CNY),number 为数目(4),quantity 为数量(2.5 kg),list 为列表中的一项,name 为人名。来电者提前说过的内容只复述确认,不再询问。",
                ),
                r#""digits""#,
            ),
            with_default(
                field(
                    "items",
                    FieldType::Rows {
                        columns: &[
                            required(field(
                                "value",
                                FieldType::Name,
                                r#""city_bike""#,
                                "What is kept when it is chosen.",
                                "选中后保存的值。",
                            )),
                            KEY,
                            FieldSpec {
                                help_en: "What it is called when it is read back.",
                                help_zh: "复述时的名称。",
                                ..LABEL
                            },
                            field(
                                "phrases",
                                FieldType::Phrases,
                                r#"{"en": ["city bike", "town bike"], "zh-CN": ["城市车", "通勤车"]}"#,
                                "What callers call it, beside its label; what sounds alike is understood, too.",
                                "除名称外来电者可能的说法;发音相近的也能识别。",
                            ),
                        ],
                    },
                    r#"[{"value": "city_bike", "key": "1", "label": {"en": "a city bike", "zh-CN": "城市车"}, "phrases": {"en": ["city bike"], "zh-CN": ["城市车"]}}]"#,
                    "For one of a list: what there is to choose from.",
                    "用于列表:可选的各项。",
                ),
                "[]",
            ),
            field(
                "list",
                FieldType::Name,
                r#""bikes""#,
                "For one of a list: a list that is edited under Understanding, Entities; its entries count beside the items here.",
                "用于列表:在“理解 › 实体”中维护的列表名称;其条目与此处的各项一并可选。",
            ),
            field(
                "label",
                FieldType::Texts,
                r#"{"en": "the day of delivery", "zh-CN": "送货日期"}"#,
                "What to call the value when several are read back and one is wrong; a word for its kind when absent.",
                "同时复述多项、询问哪一项有误时使用的名称;缺省时使用该类内容的通称。",
            ),
            with_default(
                field(
                    "words",
                    FieldType::Phrases,
                    r#"{"en": ["deliver", "delivery"], "zh-CN": ["送货", "送到"]}"#,
                    "Words that callers say with the value or for it. They tell two values of one kind apart, and a number that is meant from \
                     one that is not.",
                    "来电者说到该值时的相关词语,用于区分同类的值,以及判断数字是否指该值。",
                ),
                "{}",
            ),
            with_default(
                field(
                    "past",
                    FieldType::Flag,
                    "false",
                    "For dates: whether the day lies in the past, so that \"Tuesday\" is the last and not the next.",
                    "用于日期:是否为过去的日期(“周二”指上一个周二而不是下一个)。",
                ),
                "false",
            ),
            with_default(
                field(
                    "min_digits",
                    FieldType::Integer { min: 1, max: 32 },
                    "4",
                    "At least so many digits.",
                    "最少位数。",
                ),
                "1",
            ),
            with_default(
                field(
                    "max_digits",
                    FieldType::Integer { min: 1, max: 32 },
                    "4",
                    "At most so many digits.",
                    "最多位数。",
                ),
                "32",
            ),
            field(
                "form",
                FieldType::Template,
                r#""AA9999""#,
                "For ids with letters, instead of the numbers of digits: A is a letter, 9 a digit, * either; what stands in brackets at the \
                 end may be left out.",
                "含字母的编号格式(代替位数):A 为字母,9 为数字,* 为任意;末尾括号内可省略。",
            ),
            with_default(
                field(
                    "check",
                    FieldType::Choice { words: CheckDigit::NAMES },
                    r#""luhn""#,
                    "The check digit that the number ends with; what does not pass is asked for again.",
                    "号码末尾的校验方式;校验不通过时重新询问。",
                ),
                r#""none""#,
            ),
            with_default(
                field(
                    "confirm_below",
                    FieldType::Share,
                    "0.9",
                    "A spoken value that is heard or understood less surely than this is read back first, or asked for again if it is secret.",
                    "语音识别或理解的把握低于该值时先复述确认;保密的内容则重新询问。",
                ),
                "0.9",
            ),
            with_default(
                field(
                    "read_back",
                    FieldType::Flag,
                    "false",
                    "Whether to read the value back and ask whether it is right; what is corrected then (\"no, Thursday\") is read back once more.",
                    "是否复述并请来电者确认;来电者当场更正(“不对,是星期四”)后再次复述。",
                ),
                "false",
            ),
            with_default(
                field(
                    "echo",
                    FieldType::Flag,
                    "false",
                    "Whether to name a value that is not read back at the beginning of what is said next (\"Thursday.\"), so that the caller \
                     can correct it without being asked: \"no, Friday\".",
                    "未复述确认的内容,是否在下一句话开头说出(“周四。”),以便来电者不经询问即可更正(“不对,周五”)。",
                ),
                "false",
            ),
            with_default(
                field(
                    "secret",
                    FieldType::Flag,
                    "false",
                    "Whether the value must not be shown to anybody or read back.",
                    "内容是否保密(不显示、不复述)。",
                ),
                "false",
            ),
            with_default(
                field(
                    "gap_ms",
                    FieldType::Integer { min: 500, max: 20_000 },
                    "3000",
                    "How long to wait for the next digit, in ms.",
                    "等待下一位数字的时间(毫秒)。",
                ),
                "3000",
            ),
            with_default(
                field(
                    "meanwhile",
                    FieldType::Intents,
                    r#"["opening_hours"]"#,
                    "What callers may ask here instead of answering. Each is an edge; one that leads to the answer and back here asks again \
                     afterwards, and nothing that was collected is lost.",
                    "来电者在此可以改问的其他事项。每项是一个出口;先转到答复再接回本块,之后会重新询问,已收集的内容不会丢失。",
                ),
                "[]",
            ),
            MAX_TRIES,
            NO_INPUT_MS,
            BARGE_IN,
            TURN,
        ],
        edges: &[NEXT, NO_INPUT, NO_MATCH, ERROR, HANGUP],
        help_en: "Collects a value, spoken or keyed; # ends digits.",
        help_zh: "收集来电者说出或按键输入的一项信息;数字以 # 结束。",
    },
    BlockSpec {
        name: "answer",
        title_en: "Answer",
        title_zh: "知识问答",
        category: Category::Know,
        fields: &[
            required(FieldSpec {
                example: r#"{"en": "What would you like to know?", "zh-CN": "您想了解什么?"}"#,
                ..PROMPT
            }),
            RETRY_PROMPTS,
            with_default(
                field(
                    "last_words",
                    FieldType::Flag,
                    "true",
                    "Whether to look up what the caller said last, without asking first: for a question that was put already and meant no intent.",
                    "是否直接查询来电者刚才所说的话而不再询问:用于已经提出、但不属于任何意图的问题。",
                ),
                "false",
            ),
            with_default(
                field(
                    "offer_rest",
                    FieldType::Flag,
                    "true",
                    "Whether to offer the rest of a longer answer: \"Would you like to hear more?\"",
                    "答案较长时,是否询问来电者继续听其余部分:“还要继续听吗?”",
                ),
                "true",
            ),
            MAX_TRIES,
            NO_INPUT_MS,
            BARGE_IN,
            TURN,
        ],
        edges: &[
            edge("next", "An article answered, and the caller heard it.", "找到了答案并已告知来电者。"),
            edge(
                "unknown",
                "No article answers it; the question is among the gaps of the knowledge base.",
                "知识库中没有答案;该问题会列入知识缺口。",
            ),
            NO_INPUT,
            NO_MATCH,
            ERROR,
            HANGUP,
        ],
        help_en: "Answers a question from the knowledge base: says the short answer, offers the rest, and says so when it does not know.",
        help_zh: "用知识库回答问题:先说简短答案,可继续听其余内容;不知道时走 unknown。",
    },
    reaching::LOOKUP_CUSTOMER,
    BlockSpec {
        name: "http",
        title_en: "HTTP request",
        title_zh: "HTTP 请求",
        category: Category::Know,
        fields: &[
            with_default(
                field(
                    "method",
                    FieldType::Choice { words: &["GET", "POST", "PUT", "PATCH", "DELETE"] },
                    r#""GET""#,
                    "The method.",
                    "请求方法。",
                ),
                r#""GET""#,
            ),
            required(field(
                "url",
                FieldType::Url,
                r#""{{ vars.order_service }}/orders/{{ slots.order_number }}""#,
                "The address. What comes from the caller or from a reply is percent-encoded.",
                "地址。来自来电者或回复的内容会自动进行百分号编码。",
            )),
            with_default(
                field("headers", FieldType::TemplateMap, r#"{"Accept": "application/json"}"#, "Headers.", "请求头。"),
                "{}",
            ),
            field(
                "body",
                FieldType::Json,
                r#"{"number": "{{ slots.order_number }}"}"#,
                "A JSON body; templates may stand in its strings.",
                "JSON 正文;其中的字符串可使用模板。",
            ),
            with_default(
                field(
                    "timeout_ms",
                    FieldType::Integer { min: 100, max: 30_000 },
                    "3000",
                    "How long to wait for the reply, in ms.",
                    "等待回复的时间(毫秒)。",
                ),
                "3000",
            ),
            with_default(
                field(
                    "retries",
                    FieldType::Integer { min: 0, max: 3 },
                    "1",
                    "How often to try again without a reply; never for POST and PATCH, which may not be repeated safely.",
                    "无回复时的重试次数;POST 与 PATCH 不重试,因为重复可能不安全。",
                ),
                "0",
            ),
            required(field(
                "save_as",
                FieldType::Name,
                r#""order""#,
                "The name of the reply: {{ order.status }} is a member of its body, {{ order.status_code }} the HTTP status.",
                "回复的名称:{{ order.status }} 为正文字段,{{ order.status_code }} 为 HTTP 状态码。",
            )),
            field(
                "filler",
                FieldType::Texts,
                r#"{"en": "One moment, please.", "zh-CN": "请稍等。"}"#,
                "What is said when the reply takes longer than 1.5 s; suitable words when absent.",
                "回复超过 1.5 秒时播报的内容;缺省时自动补上合适的话。",
            ),
        ],
        edges: &[
            edge("ok", "A reply came, whatever its status code.", "收到回复(不论状态码)。"),
            edge("timeout", "No reply came in time.", "未及时收到回复。"),
            edge("error", "The address cannot be reached, or the reply cannot be used.", "无法连接,或回复无法使用。"),
            HANGUP,
        ],
        help_en: "Asks another system and keeps its reply.",
        help_zh: "请求其他系统并保存回复。",
    },
    BlockSpec {
        name: "branch",
        title_en: "Branch",
        title_zh: "分支",
        category: Category::Decide,
        fields: &[required(field(
            "cases",
            FieldType::Rows {
                columns: &[
                    required(field(
                        "when",
                        FieldType::Expression,
                        r#""order.status_code == 200""#,
                        "A condition over vars, slots, call, intent and replies.",
                        "基于 vars、slots、call、intent 与回复的条件。",
                    )),
                    EDGE,
                ],
            },
            r#"[{"when": "order.status_code == 200", "edge": "found"}]"#,
            "Conditions in order; the first that is true decides.",
            "按顺序判断的条件,第一个成立的生效。",
        ))],
        edges: &[
            edge("else", "No condition is true.", "没有条件成立。"),
            edge(
                "error",
                "A condition cannot be evaluated, e.g. because a value is missing.",
                "条件无法计算,例如缺少某个值。",
            ),
        ],
        help_en: "Goes one way or another by conditions.",
        help_zh: "根据条件选择走向。",
    },
    deciding::HOURS,
    deciding::QUEUE_STATUS,
    deciding::SPLIT,
    keeping::SET,
    keeping::TAG,
    keeping::PRIORITY,
    BlockSpec {
        name: "language",
        title_en: "Language",
        title_zh: "语言",
        category: Category::Decide,
        fields: &[
            required(field(
                "language",
                FieldType::Choice { words: &["en", "zh-CN", "caller", "detect"] },
                r#""zh-CN""#,
                "What is spoken and understood from here on: `en`, `zh-CN`, the language that the caller chose in an earlier call \
                 (`caller`), or the one in which the caller answers next (`detect`).",
                "此后使用的语言:en、zh-CN、来电者以前选择的语言(caller),或来电者接下来所说的语言(detect)。",
            )),
            field(
                "default",
                FieldType::Choice { words: &["en", "zh-CN"] },
                r#""en""#,
                "With `caller` and `detect`: what is spoken as long as the caller's language is not known. Without it, the language so far.",
                "与 caller、detect 配合:尚不知道来电者语言时使用的语言。缺省时保持当前语言。",
            ),
            with_default(
                field(
                    "remember",
                    FieldType::Flag,
                    "true",
                    "Whether to keep the language for this caller: their next call begins in it.",
                    "是否为该来电者记住此语言:下次来电将以此语言开始。",
                ),
                "false",
            ),
        ],
        edges: &[
            NEXT,
            optional(edge(
                "unknown",
                "Nothing is remembered of the caller, or no recogniser here can tell languages apart. Without it, next.",
                "没有该来电者的语言记录,或当前识别器无法判断语言。未连接时走 next。",
            )),
        ],
        help_en: "Sets the language of the rest of the call: prompts, voices, recognition and what is understood.",
        help_zh: "设置后续通话的语言:提示、语音、识别与理解。",
    },
    BlockSpec {
        name: "to_queue",
        title_en: "To queue",
        title_zh: "转接队列",
        category: Category::HandOver,
        fields: &[
            required(field("queue", FieldType::Queue, r#""service""#, "The queue.", "队列。")),
            field(
                "prompt",
                FieldType::Texts,
                r#"{"en": "I'll put you through.", "zh-CN": "正在为您转接。"}"#,
                "What is said before.",
                "转接前播报的内容。",
            ),
            with_default(
                field(
                    "reason",
                    FieldType::Template,
                    r#""Wants a refund for order {{ slots.order_number }}""#,
                    "Why the caller comes, for the agent; what is known when empty.",
                    "告知坐席的来电原因;为空时使用已知信息。",
                ),
                r#""""#,
            ),
            with_default(
                field(
                    "timeout_ms",
                    FieldType::Integer { min: 1_000, max: 3_600_000 },
                    "120000",
                    "How long the caller may wait for an agent, in ms.",
                    "等待坐席的最长时间(毫秒)。",
                ),
                "120000",
            ),
        ],
        edges: &[
            optional(edge(
                "ended",
                "The agent ended the conversation. Without it, the call ends.",
                "坐席结束了通话。未连接时通话结束。",
            )),
            edge("no_agents", "Nobody serves the queue now.", "目前无人值守该队列。"),
            edge("timeout", "Nobody answered in time.", "无人及时接听。"),
            optional(edge(
                "voicemail",
                "The caller pressed the queue's key to leave a message. Without it, timeout.",
                "来电者按键选择留言。未连接时走 timeout。",
            )),
            edge("error", "The call could not be handed over.", "无法转接。"),
            HANGUP,
        ],
        help_en: "Puts the caller through to the next free agent, with everything said so far.",
        help_zh: "把来电转给下一位空闲坐席,并附上此前的全部内容。",
    },
    reaching::TRANSFER,
    reaching::CALLBACK,
    reaching::VOICEMAIL,
    BlockSpec {
        name: "create_ticket",
        title_en: "Create ticket",
        title_zh: "创建工单",
        category: Category::Record,
        fields: &[
            required(field(
                "subject",
                FieldType::Template,
                r#""Order {{ slots.order_number }}""#,
                "The subject.",
                "标题。",
            )),
            with_default(
                field(
                    "body",
                    FieldType::Template,
                    r#""The caller asked for order {{ slots.order_number }}.""#,
                    "The text; the transcript is attached anyway.",
                    "正文;通话记录会自动附上。",
                ),
                r#""""#,
            ),
            with_default(field("tags", FieldType::Templates, r#"["order"]"#, "Tags.", "标签。"), "[]"),
            with_default(
                field(
                    "status",
                    FieldType::Choice { words: &["open", "pending", "solved"] },
                    r#""open""#,
                    "The status it begins with.",
                    "初始状态。",
                ),
                r#""open""#,
            ),
        ],
        edges: &[NEXT, ERROR],
        help_en: "Files a ticket with the call inside it.",
        help_zh: "创建包含本次通话的工单。",
    },
    keeping::RECORDING,
    reaching::SURVEY,
    shaping::SUB_FLOW,
    shaping::RETURN,
    BlockSpec {
        name: "end",
        title_en: "End",
        title_zh: "结束",
        category: Category::Structure,
        fields: &[
            required(field(
                "outcome",
                FieldType::Choice { words: &["resolved", "agent", "callback", "voicemail", "abandoned", "failed"] },
                r#""resolved""#,
                "How the call counts.",
                "通话结果。",
            )),
            field(
                "prompt",
                FieldType::Texts,
                r#"{"en": "Goodbye.", "zh-CN": "再见。"}"#,
                "What is said before hanging up.",
                "挂断前播报的内容。",
            ),
        ],
        edges: &[],
        help_en: "Ends the call with an outcome.",
        help_zh: "以某种结果结束通话。",
    },
];
