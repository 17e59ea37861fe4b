//! Markdown: each heading with text below it is an article. Headings without text of their own divide the file and become labels of what
//! stands below them. Front matter (YAML) says `tags`, `language`, `audience` and, for a file without headings, `title`.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use saphyr_parser::{Event as Yaml, Parser as YamlParser};

use super::{Imported, Label, Missed, asks, labelled, language_of};
use crate::{
    Language,
    knowledge::{Article, Audience},
};

/// What front matter says of all articles of a file.
#[derive(Default)]
struct Front {
    title: String,
    tags: Vec<String>,
    language: Option<Language>,
    audience: Audience,
}

/// A heading and the source below it, up to the next heading.
struct Section<'a> {
    line: usize,
    level: HeadingLevel,
    heading: String,
    body: &'a str,
}

/// Reads a Markdown file. A list of questions directly below a heading holds further ways of asking; `Q:` and `A:` (问 and 答) at the
/// start of paragraphs are understood where there are no headings.
pub fn markdown(text: &str) -> Imported {
    let mut imported = Imported::default();
    let text = text.trim_start_matches('\u{feff}');
    let options = Options::ENABLE_YAML_STYLE_METADATA_BLOCKS | Options::ENABLE_TABLES;
    let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    let mut front = Front::default();
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut began = 0;
    let mut heading: Option<(HeadingLevel, usize, String)> = None;
    let mut metadata: Option<String> = None;
    // A heading inside a quotation or a list is part of an answer.
    let mut depth = 0_usize;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::MetadataBlock(_)) => metadata = Some(String::new()),
            Event::End(TagEnd::MetadataBlock(_)) => {
                front = Front::read(&metadata.take().unwrap_or_default(), &mut imported);
                began = range.end;
            }
            Event::Text(line) if metadata.is_some() => metadata.iter_mut().for_each(|yaml| yaml.push_str(&line)),
            Event::Start(Tag::BlockQuote(_) | Tag::List(_)) => depth += 1,
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => depth = depth.saturating_sub(1),
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                let before = text.get(began..range.start).unwrap_or_default();
                match sections.last_mut() {
                    Some(section) => section.body = before,
                    None => introduction(before, line(began), &mut front, &mut imported),
                }
                heading = Some((level, range.start, String::new()));
            }
            Event::End(TagEnd::Heading(_)) if depth == 0 => {
                if let Some((level, at, heading)) = heading.take() {
                    sections.push(Section { line: line(at), level, heading, body: "" });
                    began = range.end;
                }
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some((_, _, heading)) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, _, heading)) = &mut heading {
                    heading.push(' ');
                }
            }
            _ => {}
        }
    }
    let rest = text.get(began..).unwrap_or_default();
    match sections.last_mut() {
        Some(section) => section.body = rest,
        None => alone(rest, line(began), &front, &mut imported),
    }
    for (line, article) in articles(&sections, &front) {
        imported.add(line, article);
    }
    imported.ended()
}

/// Text above the first heading answers nothing, unless front matter gives it a title.
fn introduction(text: &str, line: usize, front: &mut Front, imported: &mut Imported) {
    if text.trim().is_empty() {
        return;
    }
    match std::mem::take(&mut front.title) {
        title if title.is_empty() => imported.note(line, Missed::Introduction, text),
        title => imported.add(line, front.article(vec![title], text.to_owned(), &[])),
    }
}

/// A file without headings: questions and answers by label, or one article under the title.
fn alone(text: &str, line: usize, front: &Front, imported: &mut Imported) {
    let pairs = by_label(text);
    if pairs.is_empty() {
        if !text.trim().is_empty() {
            let questions = Some(front.title.clone()).filter(|title| !title.is_empty());
            imported.add(line, front.article(questions.into_iter().collect(), text.to_owned(), &[]));
        }
        return;
    }
    for (at, question, answer) in pairs {
        imported.add(line + at, front.article(vec![question], answer, &[]));
    }
}

/// Lines that begin with `Q:` and what stands below them, without the `A:`; with the line of each, from 0.
fn by_label(text: &str) -> Vec<(usize, String, String)> {
    let mut pairs: Vec<(usize, String, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match (labelled(line), pairs.last_mut()) {
            (Some((Label::Question, question)), _) => {
                pairs.push((at, question.trim_end_matches(['*', '_', ' ']).to_owned(), String::new()));
            }
            (Some((Label::Answer, answer)), Some(last)) if last.2.trim().is_empty() => last.2 = format!("{answer}\n"),
            (_, Some(last)) => {
                last.2.push_str(line);
                last.2.push('\n');
            }
            (_, None) => {}
        }
    }
    pairs
}

fn articles(sections: &[Section<'_>], front: &Front) -> Vec<(usize, Article)> {
    let mut articles = Vec::new();
    // The headings above, outermost first.
    let mut above: Vec<(HeadingLevel, &str)> = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        above.retain(|(level, _)| *level < section.level);
        let divides = sections.get(at + 1).is_some_and(|next| next.level > section.level);
        if section.body.trim().is_empty() && divides {
            above.push((section.level, &section.heading));
            continue;
        }
        let (mut questions, body) = further_questions(section.body);
        let heading = labelled(&section.heading).map_or(section.heading.as_str(), |(_, heading)| heading);
        questions.insert(0, heading.to_owned());
        let labels: Vec<&str> = above.iter().map(|(_, heading)| *heading).collect();
        let body = labelled(body).filter(|(label, _)| *label == Label::Answer).map_or(body, |(_, body)| body);
        articles.push((section.line, front.article(questions, body.to_owned(), &labels)));
        above.push((section.level, &section.heading));
    }
    articles
}

/// The list of questions that a body begins with, and what follows it.
fn further_questions(body: &str) -> (Vec<String>, &str) {
    let mut questions = Vec::new();
    let mut item = String::new();
    for (event, range) in Parser::new(body).into_offset_iter() {
        match event {
            Event::Start(Tag::List(_)) if body[..range.start].trim().is_empty() => {}
            Event::Start(Tag::Item) => item.clear(),
            Event::Text(words) | Event::Code(words) => item.push_str(&words),
            Event::SoftBreak => item.push(' '),
            Event::End(TagEnd::Item) if asks(&item) => questions.push(std::mem::take(&mut item)),
            Event::End(TagEnd::List(_)) if !questions.is_empty() => return (questions, &body[range.end..]),
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Paragraph)
            | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Paragraph) => {}
            _ => break,
        }
    }
    (Vec::new(), body)
}

impl Front {
    fn read(yaml: &str, imported: &mut Imported) -> Self {
        let mut front = Front::default();
        // Only the outermost mapping counts; nothing is expanded, so an alias costs nothing.
        let (mut depth, mut key) = (0_usize, None::<String>);
        let mut lists = 0_usize;
        for event in YamlParser::new_from_str(yaml) {
            let Ok((event, span)) = event else {
                imported.note(1, Missed::Unreadable, yaml);
                break;
            };
            match event {
                Yaml::MappingStart(..) => depth += 1,
                Yaml::MappingEnd => {
                    depth = depth.saturating_sub(1);
                    key = None;
                }
                Yaml::SequenceStart(..) => lists += 1,
                Yaml::SequenceEnd => {
                    lists = lists.saturating_sub(1);
                    key = None;
                }
                Yaml::Scalar(value, ..) if depth == 1 => match key.take() {
                    None if lists == 0 => key = Some(value.to_lowercase()),
                    None => {}
                    Some(name) => {
                        front.set(&name, &value, span.start.line() + 1, imported);
                        key = (lists > 0).then_some(name);
                    }
                },
                _ => {}
            }
        }
        front
    }

    fn set(&mut self, name: &str, value: &str, line: usize, imported: &mut Imported) {
        match name {
            "title" => self.title = value.to_owned(),
            "tags" | "tag" | "keywords" | "categories" | "category" => {
                self.tags.extend(value.split([',', '，']).map(|tag| tag.trim().to_owned()));
            }
            "language" | "lang" => match value.parse() {
                Ok(language) => self.language = Some(language),
                Err(_) => imported.note(line, Missed::UnknownValue, value),
            },
            "audience" => match value {
                "caller" => self.audience = Audience::Caller,
                "agent" => self.audience = Audience::Agent,
                // In doubt it is not told to callers.
                _ => {
                    imported.note(line, Missed::UnknownValue, value);
                    self.audience = Audience::Agent;
                }
            },
            // What a site's generator wants to know (layout, date) is nobody's loss.
            _ => {}
        }
    }

    fn article(&self, questions: Vec<String>, eye: String, labels: &[&str]) -> Article {
        let language = self.language.unwrap_or_else(|| language_of(&questions, &eye));
        let tags = self.tags.iter().cloned().chain(labels.iter().map(|label| (*label).to_owned())).collect();
        Article { questions, eye, language, tags, audience: self.audience, ..Article::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Questions joined by `|`, the answer, the labels joined by `,`.
    fn read(text: &str) -> Vec<(String, String, String)> {
        let article = |a: Article| (a.questions.join("|"), a.eye, a.tags.join(","));
        markdown(text).articles.into_iter().map(article).collect()
    }

    fn check(text: &str, expected: &[(&str, &str, &str)]) {
        let owned = |(a, b, c): &(&str, &str, &str)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned());
        assert_eq!(read(text), expected.iter().map(owned).collect::<Vec<_>>(), "{text}");
    }

    #[test]
    fn a_heading_with_text_is_an_article() {
        check(
            "# Shop\n\n## When are you open?\n\nFrom **nine**\nto five.\n\n## Where?\n\nHere.\n",
            &[("When are you open?", "From **nine**\nto five.", "Shop"), ("Where?", "Here.", "Shop")],
        );
        check("Returns\n=======\n\nWithin a week.\n", &[("Returns", "Within a week.", "")]);
        check("## 怎么退款？\n\n七天内。\n", &[("怎么退款？", "七天内。", "")]);
    }

    #[test]
    fn questions_listed_below_a_heading_are_ways_of_asking() {
        check(
            "## Returns\n\n- Can I send it back?\n- How do I get my *money* back?\n\nWithin a week.\n",
            &[("Returns|Can I send it back?|How do I get my money back?", "Within a week.", "")],
        );
        check("## Returns\n\n- by post\n- in the shop\n", &[("Returns", "- by post\n- in the shop", "")]);
    }

    #[test]
    fn headings_within_an_answer_belong_to_it() {
        check("## A?\n\n> # Quoted\n> text\n", &[("A?", "> # Quoted\n> text", "")]);
        check("## A?\n\n```\n# no heading\n```\nB.\n", &[("A?", "```\n# no heading\n```\nB.", "")]);
    }

    #[test]
    fn front_matter_says_what_holds_for_all() {
        let file = "---\ntitle: Opening hours\ntags: [shop, hours]\nlanguage: en-GB\naudience: agent\nlayout: page\n---\nNine to five.\n";
        let imported = markdown(file);
        let article = &imported.articles[0];
        assert_eq!(article.questions, ["Opening hours"]);
        assert_eq!(article.tags, ["shop", "hours"]);
        assert_eq!((article.language, article.audience), (Language::English, Audience::Agent));
        assert_eq!(imported.notes, []);
        let imported = markdown("---\ntags:\n  - a\n  - b\n---\n# Q?\nA.\n");
        assert_eq!(imported.articles[0].tags, ["a", "b"]);
    }

    #[test]
    fn questions_and_answers_by_label() {
        check("**Q: Where?**\nA: Here.\n\nQ2: When?\n\nNow.\n", &[("Where?", "Here.", ""), ("When?", "Now.", "")]);
        check("问：几点开门？\n答：九点。\n", &[("几点开门？", "九点。", "")]);
    }

    #[test]
    fn what_is_not_taken_is_said() {
        for (text, what, line) in [
            ("Hello.\n\n# A?\n\nB.\n", Missed::Introduction, Some(1)),
            ("# A?\n\n# B?\n\nC.\n", Missed::NoAnswer, Some(1)),
            ("# A?\nB.\n# a\nC.\n", Missed::Repeated, Some(3)),
            ("Just text.\n", Missed::NoQuestion, Some(1)),
            ("", Missed::NothingFound, None),
            ("---\nlanguage: fr\n---\n# A?\nB.\n", Missed::UnknownValue, Some(2)),
        ] {
            let notes = markdown(text).notes;
            assert_eq!(notes.iter().map(|note| (note.what, note.line)).collect::<Vec<_>>(), [(what, line)], "{text}");
        }
    }
}
