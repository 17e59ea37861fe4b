//! The findings so far, printed as they come: a table for people, or JSON at the end for programs.

use std::io::IsTerminal;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::finding::{Finding, Group, Language, Mark, Text, say};

/// Something failed.
const FAILED: u8 = 1;
/// Width of the column of names; longer ones push their line.
const NAMES: usize = 26;

/// The findings.
pub struct Report {
    language: Language,
    json: bool,
    findings: Vec<Finding>,
    group: Option<Group>,
}

impl Report {
    /// Nothing found yet.
    pub fn new(language: Language, json: bool) -> Self {
        Self { language, json, findings: Vec::new(), group: None }
    }

    /// Takes findings, and shows them.
    pub fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.show(&finding);
            self.findings.push(finding);
        }
    }

    /// Says what is about to happen; on standard error, so that JSON stays JSON.
    pub fn announce(&self, text: &Text) {
        let text = text.in_language(self.language);
        if self.json { eprintln!("{text}") } else { println!("  … {text}") }
    }

    fn show(&mut self, finding: &Finding) {
        if self.json {
            return;
        }
        if self.group != Some(finding.group) {
            let gap = if self.group.is_some() { "\n" } else { "" };
            println!("{gap}{}", styled("1", finding.group.title().in_language(self.language)));
            self.group = Some(finding.group);
        }
        print!("{}", lines(finding, self.language));
    }

    fn count(&self, mark: Mark) -> usize {
        self.findings.iter().filter(|finding| finding.mark == mark).count()
    }

    /// Prints the sum, or the JSON, and says what the program ends with.
    pub fn finish(self) -> ExitCode {
        let (failed, warnings) = (self.count(Mark::Failed), self.count(Mark::Warning));
        if self.json {
            println!("{:#}", self.to_json());
        } else {
            let sum = match (failed, warnings) {
                (0, 0) => say!("All is well.", "一切正常。"),
                (0, _) => {
                    say!("Nothing failed; to look at: {warnings} (!).", "没有故障;需要留意:{warnings} 项(!)。")
                }
                _ => say!(
                    "Failed: {failed} (✗); to look at: {warnings} (!).",
                    "故障:{failed} 项(✗);需要留意:{warnings} 项(!)。"
                ),
            };
            println!("\n{}", styled("1", sum.in_language(self.language)));
        }
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
    }

    fn to_json(&self) -> Value {
        let checks: Vec<Value> = self.findings.iter().map(|finding| entry(finding, self.language)).collect();
        json!({
            "good": self.count(Mark::Failed) == 0,
            "failed": self.count(Mark::Failed),
            "warnings": self.count(Mark::Warning),
            "checks": checks,
        })
    }
}

fn entry(finding: &Finding, language: Language) -> Value {
    json!({
        "check": finding.check,
        "mark": finding.mark.name(),
        "says": finding.says.in_language(language),
        "do": finding.cure.as_ref().map(|cure| cure.in_language(language)),
        "values": finding.values,
    })
}

fn lines(finding: &Finding, language: Language) -> String {
    let colour = match finding.mark {
        Mark::Good => "32",
        Mark::Warning => "33",
        Mark::Failed => "31",
    };
    let mark = styled(colour, &finding.mark.sign().to_string());
    let mut text = format!("  {mark} {:<NAMES$}  {}\n", finding.check, finding.says.in_language(language));
    if let Some(cure) = &finding.cure {
        text += &format!("    {:<NAMES$}  → {}\n", "", cure.in_language(language));
    }
    text
}

fn styled(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Finding {
        let (says, cure) = (say!("It is broken.", "坏了。"), say!("Mend it.", "修好它。"));
        Finding::failed(Group::Ports, "sip.udp", says, cure).with("port", 5060)
    }

    #[test]
    fn a_failure_is_a_sentence_and_what_to_do() {
        let text = lines(&failed(), Language::English);
        assert!(text.starts_with("  ✗ sip.udp ") && text.contains("It is broken.") && text.contains("→ Mend it."));
        assert!(lines(&failed(), Language::Chinese).contains("修好它。"));
    }

    #[test]
    fn programs_get_the_same() {
        let mut report = Report::new(Language::English, true);
        report.add([failed()]);
        let json = report.to_json();
        assert_eq!((&json["good"], &json["failed"]), (&false.into(), &1.into()));
        assert_eq!(json["checks"][0]["values"]["port"], 5060);
        assert_eq!(json["checks"][0]["do"], "Mend it.");
    }
}
