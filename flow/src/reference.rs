//! The reference of all blocks, written from the [`registry`](crate::registry): what a person reads who writes a flow as text, or looks
//! for a block.

use std::fmt::Write;

use intent::Language;

use crate::registry::{self, BlockSpec, Category, FieldSpec, FieldType};

/// The whole reference, as Markdown.
pub fn reference(language: Language) -> String {
    let say = |en: &'static str, zh: &'static str| if language == Language::Chinese { zh } else { en };
    let mut text = String::new();
    let _ = writeln!(text, "# {}\n", say("The blocks of a flow", "流程的各种块"));
    let _ = writeln!(
        text,
        "{}\n",
        say(
            "Written from the block registry by `hotline flow reference`. A block stands in a document as \
             `{\"id\": …, \"type\": …, \"params\": {…}, \"edges\": {…}}`. Fields and edges in **bold** must be there. Every block that asks the \
             caller something also has the edge `agent`: where to go when the caller asks for a person, instead of the flow's person block.",
            "由 `hotline flow reference` 根据块注册表生成。块在文档中写作 `{\"id\": …, \"type\": …, \"params\": {…}, \"edges\": {…}}`。\
             **粗体**的字段和出口必须填写。所有向来电者提问的块还有出口 `agent`:来电者要求人工时的去处(代替流程的人工块)。",
        )
    );
    for category in CATEGORIES {
        let _ = writeln!(text, "## {}\n", name(category, language));
        for spec in registry::blocks().iter().filter(|spec| spec.category == category) {
            block(&mut text, spec, language);
        }
    }
    text
}

const CATEGORIES: [Category; 8] = [
    Category::Speak,
    Category::Listen,
    Category::Know,
    Category::Decide,
    Category::State,
    Category::HandOver,
    Category::Record,
    Category::Structure,
];

fn name(category: Category, language: Language) -> &'static str {
    let (en, zh) = match category {
        Category::Speak => ("Speak", "播报"),
        Category::Listen => ("Listen", "聆听"),
        Category::Know => ("Know", "查询"),
        Category::Decide => ("Decide", "判断"),
        Category::State => ("State", "状态"),
        Category::HandOver => ("Hand over", "转接"),
        Category::Record => ("Record", "记录"),
        Category::Structure => ("Structure", "结构"),
    };
    if language == Language::Chinese { zh } else { en }
}

fn block(text: &mut String, spec: &BlockSpec, language: Language) {
    let zh = language == Language::Chinese;
    let (title, help) = if zh { (spec.title_zh, spec.help_zh) } else { (spec.title_en, spec.help_en) };
    let _ = writeln!(text, "### {title} (`{}`)\n\n{}\n", spec.name, one_line(help));
    if !spec.fields.is_empty() {
        let head = if zh { "| 字段 | 内容 | 缺省 | 说明 |" } else { "| Field | Holds | Default | What for |" };
        let _ = writeln!(text, "{head}\n|---|---|---|---|");
        for field in spec.fields {
            row(text, field, "", zh);
        }
        let _ = writeln!(text);
    }
    if !spec.edges.is_empty() {
        let _ = writeln!(text, "{}\n|---|---|", if zh { "| 出口 | 何时 |" } else { "| Edge | When |" });
        for edge in spec.edges {
            let help = cell(if zh { edge.help_zh } else { edge.help_en });
            let bold = if edge.required { "**" } else { "" };
            let _ = writeln!(text, "| {bold}`{}`{bold} | {help} |", edge.name);
        }
        let _ = writeln!(text);
    }
}

fn row(text: &mut String, field: &FieldSpec, of: &str, zh: bool) {
    let bold = if field.required { "**" } else { "" };
    let default = field.default.map(|json| format!("`{}`", cell(json))).unwrap_or_default();
    let help = cell(if zh { field.help_zh } else { field.help_en });
    let kind = kind(&field.kind, zh);
    let _ = writeln!(text, "| {bold}`{of}{}`{bold} | {kind} | {default} | {help} |", field.name);
    if let FieldType::Rows { columns } = field.kind {
        for column in columns {
            row(text, column, &format!("{of}{}[].", field.name), zh);
        }
    }
}

fn kind(kind: &FieldType, zh: bool) -> String {
    let (en, cn) = match kind {
        FieldType::Texts => ("prompt per language", "各语言的提示"),
        FieldType::TextsList => ("prompts", "多个提示"),
        FieldType::Phrases => ("phrases per language", "各语言的说法"),
        FieldType::Template => ("text with templates", "可用模板的文本"),
        FieldType::Templates => ("texts with templates", "多个可用模板的文本"),
        FieldType::TemplateMap => ("texts by name", "按名称的文本"),
        FieldType::Url => ("address", "地址"),
        FieldType::Json => ("JSON", "JSON"),
        FieldType::Expression => ("CEL expression", "CEL 表达式"),
        FieldType::Name => ("name", "名称"),
        FieldType::Key => ("key", "按键"),
        FieldType::Edge => ("name of an edge", "出口名称"),
        FieldType::Integer { min, max } => return format!("{min}–{max}"),
        FieldType::Share => ("0–1", "0–1"),
        FieldType::Flag => ("true, false", "true、false"),
        FieldType::Choice { words } => return format!("`{}`", words.join("`, `")),
        FieldType::Intents => ("intents; each is an edge", "意图;每个是一个出口"),
        FieldType::Queue => ("queue", "队列"),
        FieldType::SubFlow => ("sub-flow", "子流程"),
        FieldType::Weekdays => ("days: `mon` to `sun`", "星期:`mon` 至 `sun`"),
        FieldType::Time => ("time, `09:00`", "时间,`09:00`"),
        FieldType::Date => ("day, `2026-12-25`", "日期,`2026-12-25`"),
        FieldType::Rows { .. } => ("rows", "多行"),
    };
    (if zh { cn } else { en }).to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// In a table a bar would end the cell.
fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_in_the_documentation_is_this_one() {
        for (language, file) in [(Language::English, "flow-blocks.md"), (Language::Chinese, "flow-blocks.zh-CN.md")] {
            let path = format!("{}/../docs/{file}", env!("CARGO_MANIFEST_DIR"));
            let written = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                written == reference(language),
                "docs/{file} is not up to date: hotline flow reference --language {} > docs/{file}",
                language.code()
            );
        }
    }
}
