//! Blocks that shape the flow itself: parts that are used from several places, and the way back from them.

use super::{BlockSpec, Category, FieldType, edge, field, optional, required, with_default};

pub(super) const SUB_FLOW: BlockSpec = BlockSpec {
    name: "sub_flow",
    title_en: "Sub-flow",
    title_zh: "子流程",
    category: Category::Structure,
    fields: &[required(field("flow", FieldType::SubFlow, r#""identify""#, "The sub-flow.", "子流程。"))],
    edges: &[optional(edge(
        "next",
        "A return block of the sub-flow leads back here. Each edge that its return blocks name is one of this block.",
        "子流程经返回块回到此处。返回块命名的每个出口都是本块的出口。",
    ))],
    help_en: "Goes through a part of the flow that is used from several places, and comes back.",
    help_zh: "执行可在多处使用的一段流程,然后返回。",
};

pub(super) const RETURN: BlockSpec = BlockSpec {
    name: "return",
    title_en: "Return",
    title_zh: "返回",
    category: Category::Structure,
    fields: &[with_default(
        field(
            "edge",
            FieldType::Name,
            r#""found""#,
            "The edge by which the sub-flow's block is left.",
            "离开子流程块时所走的出口。",
        ),
        r#""next""#,
    )],
    edges: &[],
    help_en: "Ends a sub-flow and goes on where it was called from.",
    help_zh: "结束子流程,回到调用处继续。",
};
