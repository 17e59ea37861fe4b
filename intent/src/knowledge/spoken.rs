//! An answer for the eye as one for the ear: no markup, no addresses spelled out, the first sentences at once and the rest when it is
//! wanted. Reading numbers and abbreviations aloud is left to the voice.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::Language;

/// What is said of an article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// Said at once.
    pub short: String,
    /// Said when the caller wants to hear more; `None` when there is no more to say.
    pub rest: Option<String>,
}

/// The longest that is said at once of an answer that was written for the eye, in characters: some fifteen seconds of speech.
fn at_once(language: Language) -> usize {
    match language {
        Language::English => 240,
        Language::Chinese => 80,
    }
}

/// What is said of an answer `eye` (Markdown) when `ear` is what its author wants to be said first. Without `ear` it is the first
/// sentences of `eye`; the rest is what `eye` has beyond them. A link is offered to be sent, once.
pub fn spoken(eye: &str, ear: &str, language: Language) -> Spoken {
    let plain = Plain::of(eye);
    let sentences: Vec<&str> = plain.paragraphs.iter().flat_map(|text| sentences(text)).collect();
    let join = |parts: &[&str]| match language {
        Language::English => parts.join(" "),
        Language::Chinese => parts.concat(),
    };
    let with_link = |text: String| match (plain.links, language) {
        (false, _) => text,
        (true, Language::English) => format!("{text} We can send you the link.").trim_start().to_owned(),
        (true, Language::Chinese) => format!("{text}链接我们可以发给您。"),
    };
    let ear = ear.split_whitespace().collect::<Vec<_>>().join(" ");
    if !ear.is_empty() {
        let whole = join(&sentences);
        let same = |a: &str, b: &str| crate::normalise::clean(a) == crate::normalise::clean(b);
        let rest = (!whole.is_empty() && !same(&whole, &ear)).then(|| with_link(whole));
        return Spoken { short: ear, rest };
    }
    let mut first = 0;
    let mut length = 0;
    for sentence in &sentences {
        length += sentence.chars().count();
        if first > 0 && length > at_once(language) {
            break;
        }
        first += 1;
    }
    let (short, rest) = sentences.split_at(first);
    if rest.is_empty() {
        let short = join(short);
        let short = if short.is_empty() { short } else { with_link(short) };
        return Spoken { short, rest: None };
    }
    Spoken { short: join(short), rest: Some(with_link(join(rest))) }
}

/// Markdown as paragraphs of plain words.
struct Plain {
    paragraphs: Vec<String>,
    /// Whether something was there that can be clicked.
    links: bool,
}

impl Plain {
    fn of(markdown: &str) -> Self {
        let mut plain = Plain { paragraphs: Vec::new(), links: false };
        let mut text = String::new();
        // Pictures and code are for the eye alone; inside them nothing is said.
        let mut silent = 0_usize;
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Start(Tag::Image { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock) => silent += 1,
                Event::End(TagEnd::Image | TagEnd::CodeBlock | TagEnd::HtmlBlock) => silent = silent.saturating_sub(1),
                _ if silent > 0 => {}
                Event::Start(Tag::Link { .. }) => plain.links = true,
                Event::Text(words) | Event::Code(words) => text.push_str(&words),
                Event::SoftBreak | Event::HardBreak => text.push(' '),
                Event::End(TagEnd::TableCell) => text.push_str(", "),
                Event::Start(Tag::List(_))
                | Event::End(
                    TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead,
                ) => plain.end(&mut text),
                _ => {}
            }
        }
        plain.end(&mut text);
        plain
    }

    /// Ends a paragraph, with a full stop when it has none.
    fn end(&mut self, text: &mut String) {
        let whole = std::mem::take(text);
        let mut words = Vec::new();
        for word in whole.split_whitespace() {
            if is_address(word) {
                self.links = true;
            } else {
                words.push(word);
            }
        }
        let mut paragraph = words.join(" ");
        paragraph.truncate(paragraph.trim_end_matches([',', '，', '、', ' ']).len());
        if !paragraph.chars().any(char::is_alphanumeric) {
            return;
        }
        if !paragraph.ends_with(ENDS) && !paragraph.ends_with([':', '：', ';', '；']) {
            paragraph.push(if Language::detect(&paragraph) == Language::Chinese { '。' } else { '.' });
        }
        self.paragraphs.push(paragraph);
    }
}

const ENDS: [char; 7] = ['.', '!', '?', '。', '！', '？', '…'];

fn is_address(word: &str) -> bool {
    let word = word.trim_start_matches(['(', '<', '（', '"']);
    ["http://", "https://", "www."]
        .iter()
        .any(|start| word.get(..start.len()).is_some_and(|w| w.eq_ignore_ascii_case(start)))
}

/// The sentences of a paragraph. A full stop ends one only before a space and a letter that can begin one: "at 5 p.m. on Sundays"
/// and "3.5" stay whole.
fn sentences(paragraph: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut from = 0;
    let mut characters = paragraph.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let after = at + c.len_utf8();
        let ends = match c {
            '。' | '！' | '？' => true,
            '.' | '!' | '?' | '…' => {
                let mut next = paragraph[after..].chars();
                next.next() == Some(' ') && next.next().is_none_or(|c| !c.is_lowercase())
            }
            _ => false,
        };
        // Closing quotes and repeated marks belong to the sentence that they close.
        let closes = |c: char| "\"”’）)」！？".contains(c);
        if ends && !characters.peek().is_some_and(|(_, c)| closes(*c)) {
            sentences.push(paragraph[from..after].trim());
            from = after;
        }
    }
    sentences.push(paragraph[from..].trim());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(eye: &str, short: &str, rest: Option<&str>) {
        let said = spoken(eye, "", Language::detect(eye));
        assert_eq!((said.short.as_str(), said.rest.as_deref()), (short, rest), "{eye}");
    }

    #[test]
    fn markup_is_not_said() {
        check("**Nine** to `five`, _every_ day", "Nine to five, every day.", None);
        check("# Hours\n\n- Monday: nine\n- Sunday: closed", "Hours. Monday: nine. Sunday: closed.", None);
        check("Here ![a map](map.png) we are.", "Here we are.", None);
        check("Run this:\n\n```\nrm\n```", "Run this:", None);
    }

    #[test]
    fn addresses_are_offered_not_read_out() {
        check("See [our page](https://shop.example/returns).", "See our page. We can send you the link.", None);
        check("More at https://shop.example/returns", "More at. We can send you the link.", None);
        check("退货请看[这一页](https://shop.example)。", "退货请看这一页。链接我们可以发给您。", None);
        check("https://shop.example", "", None);
    }

    #[test]
    fn a_long_answer_is_said_in_two_parts() {
        let one = format!("{}.", "One word after another".repeat(9));
        let two = format!("{}.", "Two words after another".repeat(9));
        check(&format!("{one} {two}"), &one, Some(&two));
        let one = format!("{}。", "一句话".repeat(20));
        let two = format!("{}。", "两句话".repeat(20));
        check(&format!("{one}{two}"), &one, Some(&two));
    }

    #[test]
    fn numbers_and_abbreviations_do_not_end_a_sentence() {
        assert_eq!(
            sentences("It costs 3.5 euros at 5 p.m. on Sundays. Call us! 好的。再见"),
            ["It costs 3.5 euros at 5 p.m. on Sundays.", "Call us!", "好的。", "再见"]
        );
    }

    #[test]
    fn what_its_author_wrote_for_the_ear_comes_first() {
        let eye = "We are open from **nine to five**.";
        let said = |ear: &str| spoken(eye, ear, Language::English);
        assert_eq!(said("Nine to five.").rest.as_deref(), Some("We are open from nine to five."));
        assert_eq!(said("We are open from nine to five").rest, None);
    }
}
