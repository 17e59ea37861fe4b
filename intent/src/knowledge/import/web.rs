//! Web pages, as source or as copied text. Questions are headings, terms of definition lists, summaries of what folds out, and short paragraphs that ask;
//! their answers are what follows. Menus, forms and scripts are left out. The page is not fetched here.

use html5gum::{Token, Tokenizer};

use super::{Imported, Label, Missed, asks, labelled, language_of};
use crate::knowledge::Article;

/// A paragraph that asks is a question only when it is as short as one.
const LONGEST_QUESTION: usize = 160;

/// A part of a page, in reading order.
#[derive(Debug, Default)]
struct Block {
    kind: Kind,
    text: String,
    /// The line that it begins at.
    line: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Text,
    Item,
    /// A heading of a level.
    Heading(u8),
    /// A term of a definition list or a summary of what folds out.
    Question,
}

/// Reads a page.
pub fn web(page: &str) -> Imported {
    let mut imported = Imported::default();
    let source = page.contains("</") || page.to_ascii_lowercase().contains("<br");
    let blocks = if source { blocks(page) } else { plain(page) };
    let mut section = String::new();
    let mut open: Option<(usize, Kind, Vec<String>, String)> = None;
    let mut before = String::new();
    let mut before_line = 1;
    for block in blocks {
        let label = labelled(&block.text).map(|(label, rest)| (label, rest.to_owned()));
        let question = match (&label, block.kind) {
            (Some((Label::Question, _)), _) | (_, Kind::Question | Kind::Heading(_)) => true,
            (Some((Label::Answer, _)), _) | (_, Kind::Item) => false,
            (None, Kind::Text) => asks(&block.text) && block.text.chars().count() <= LONGEST_QUESTION,
        };
        let text = label.map_or(block.text, |(_, rest)| rest);
        if !question {
            match &mut open {
                Some((_, _, _, answer)) => {
                    let gap = match block.kind {
                        Kind::Item if answer.lines().last().is_some_and(|line| line.starts_with("- ")) => "\n",
                        _ => "\n\n",
                    };
                    let mark = if block.kind == Kind::Item { "- " } else { "" };
                    answer.push_str(&format!("{gap}{mark}{text}"));
                }
                None => {
                    if before.is_empty() {
                        before_line = block.line;
                    }
                    before.push_str(&text);
                    before.push(' ');
                }
            }
            continue;
        }
        if let Some((line, kind, questions, answer)) = open.take() {
            match (answer.is_empty(), kind, block.kind) {
                // Two terms with one definition.
                (true, Kind::Question, Kind::Question) => {
                    open = Some((line, kind, [questions, vec![text]].concat(), answer));
                    continue;
                }
                // A heading that only divides.
                (true, Kind::Heading(_), _) => section = questions.concat(),
                _ => imported.add(line, article(questions, answer, &section)),
            }
        }
        if let Kind::Heading(1 | 2) = block.kind {
            section.clear();
        }
        open = Some((block.line, block.kind, vec![text], String::new()));
    }
    if let Some((line, _, questions, answer)) = open {
        imported.add(line, article(questions, answer, &section));
    }
    if !before.trim().is_empty() {
        imported.note(before_line, Missed::Introduction, &before);
    }
    imported.ended()
}

fn article(questions: Vec<String>, eye: String, section: &str) -> Article {
    let language = language_of(&questions, &eye);
    let tags = Some(section.to_owned()).filter(|tag| !tag.is_empty());
    Article { questions, eye, language, tags: tags.into_iter().collect(), ..Article::default() }
}

/// Copied text: blocks between empty lines; a line that asks stands for itself.
fn plain(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fresh = true;
    for (at, line) in page.lines().enumerate() {
        let line = line.trim();
        let apart = asks(line) || labelled(line).is_some();
        match blocks.last_mut() {
            _ if line.is_empty() => fresh = true,
            Some(block) if !fresh && !apart => {
                block.text.push(' ');
                block.text.push_str(line);
            }
            _ => {
                blocks.push(Block { kind: Kind::Text, text: line.to_owned(), line: at + 1 });
                fresh = apart && !labelled(line).is_some_and(|(label, _)| label == Label::Answer);
            }
        }
    }
    blocks
}

/// The source of a page as blocks of text.
fn blocks(page: &str) -> Vec<Block> {
    const LEFT_OUT: &[&str] = &[
        "script", "style", "noscript", "template", "svg", "nav", "header", "footer", "aside", "form", "button",
        "select", "iframe", "head", "dialog",
    ];
    let mut blocks: Vec<Block> = Vec::new();
    let mut block = Block::default();
    let mut left_out: Vec<String> = Vec::new();
    let mut link: Option<String> = None;
    let lines = Lines::of(page);
    let emitter = html5gum::DefaultEmitter::<usize>::new_with_span();
    let mut tokenizer = Tokenizer::new_with_emitter(page, emitter);
    for Ok(token) in tokenizer.by_ref() {
        match token {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                if LEFT_OUT.contains(&name.as_str()) && !tag.self_closing {
                    left_out.push(name);
                    continue;
                }
                if !left_out.is_empty() {
                    continue;
                }
                match begins(&name) {
                    Some(kind) => {
                        end(&mut block, &mut blocks);
                        block.kind = kind;
                        block.line = lines.at(tag.span.start);
                    }
                    None if name == "br" => block.text.push(' '),
                    None if name == "a" => {
                        let address = tag.attributes.get(b"href".as_slice());
                        let address = address.map(|address| String::from_utf8_lossy(address).into_owned());
                        link =
                            address.filter(|address| address.starts_with("http") && !address.contains([' ', ')', '<']));
                        if link.is_some() {
                            block.text.push('[');
                        }
                    }
                    None => {}
                }
            }
            Token::EndTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                if let Some(at) = left_out.iter().rposition(|open| *open == name) {
                    left_out.truncate(at);
                } else if !left_out.is_empty() {
                    continue;
                } else if name == "a" {
                    if let Some(address) = link.take() {
                        block.text.push_str(&format!("]({address})"));
                    }
                } else if begins(&name).is_some() {
                    end(&mut block, &mut blocks);
                    block.line = lines.at(tag.span.start);
                }
            }
            Token::String(text) if left_out.is_empty() => block.text.push_str(&String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    end(&mut block, &mut blocks);
    blocks
}

/// Ends a block and keeps it when it has words.
fn end(block: &mut Block, blocks: &mut Vec<Block>) {
    let mut done = std::mem::take(block);
    done.text = done.text.split_whitespace().collect::<Vec<_>>().join(" ");
    if done.text.chars().any(char::is_alphanumeric) {
        blocks.push(done);
    }
}

/// The kind of block that an element is; `None` for what stands within a line.
fn begins(name: &str) -> Option<Kind> {
    match name {
        "h1" => Some(Kind::Heading(1)),
        "h2" => Some(Kind::Heading(2)),
        "h3" => Some(Kind::Heading(3)),
        "h4" | "h5" | "h6" => Some(Kind::Heading(4)),
        "dt" | "summary" => Some(Kind::Question),
        "li" => Some(Kind::Item),
        "p" | "div" | "dd" | "dl" | "ul" | "ol" | "table" | "tr" | "section" | "article" | "main" | "body"
        | "details" | "blockquote" | "pre" | "figure" | "figcaption" | "hr" | "title" => Some(Kind::Text),
        _ => None,
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of a byte, from 1.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, expected: &[(&str, &str, &str)]) {
        let article = |a: Article| (a.questions.join("|"), a.eye, a.tags.join(","));
        let read: Vec<(String, String, String)> = web(page).articles.into_iter().map(article).collect();
        let owned = |(a, b, c): &(&str, &str, &str)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned());
        assert_eq!(read, expected.iter().map(owned).collect::<Vec<_>>(), "{page}");
    }

    #[test]
    fn headings_with_what_follows() {
        check(
            "<html><head><title>Shop</title></head><body><nav><ul><li>Home</li></ul></nav>\
             <h1>Questions</h1><h3>When are you open?</h3><p>From <b>nine</b><br>to five.</p><ul><li>not on Sunday</li><li>nor on Monday</li></ul>\
             <h3>Where?</h3><p>Here &amp; <a href=\"https://x.example/there\">there</a>.<script>if (a < b) { }</script></p><footer>© us</footer></body></html>",
            &[
                ("When are you open?", "From nine to five.\n\n- not on Sunday\n- nor on Monday", "Questions"),
                ("Where?", "Here & [there](https://x.example/there).", "Questions"),
            ],
        );
    }

    #[test]
    fn definition_lists_and_what_folds_out() {
        check(
            "<dl><dt>Where?<dt>In which town?<dd>Here.<dt>When?<dd>Now.</dl>",
            &[("Where?|In which town?", "Here.", ""), ("When?", "Now.", "")],
        );
        check("<details><summary>几点开门？</summary><div>九点。</div></details>", &[("几点开门？", "九点。", "")]);
    }

    #[test]
    fn paragraphs_that_ask() {
        check(
            "<p><strong>Q: Where?</strong></p><p>A: Here.</p><p><b>When?</b></p><p>Now.</p>",
            &[("Where?", "Here.", ""), ("When?", "Now.", "")],
        );
    }

    #[test]
    fn copied_text() {
        check(
            "Where are you?\nHere,\nin town.\n\nWhen?\n\nNow.\nAnd then.\n",
            &[("Where are you?", "Here, in town.", ""), ("When?", "Now. And then.", "")],
        );
        check("问：几点开门？\n答：九点。\n", &[("几点开门？", "九点。", "")]);
    }

    #[test]
    fn what_is_not_taken_is_said() {
        for (page, what, line) in [
            ("Welcome.\n\nWhere?\nHere.\n", Missed::Introduction, Some(1)),
            ("<h2>A</h2>\n<p>B.</p>\n<h2>C?</h2>", Missed::NoAnswer, Some(3)),
            ("", Missed::NothingFound, None),
        ] {
            let notes = web(page).notes;
            assert_eq!(notes.iter().map(|note| (note.what, note.line)).collect::<Vec<_>>(), [(what, line)], "{page}");
        }
    }
}
