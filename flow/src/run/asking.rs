//! The question that waits for its answer, for whoever shows it.

use intent::entity::Kind;

use super::{
    Run, State,
    listening::{Listening, Question, listening_step, words},
};
use crate::{
    asked::{AnswerForm, Asked, Choice, ChosenBy},
    collect::Wanted,
    phrases,
    plan::{self, Step},
};

/// More than this nobody reads through.
const MOST_CHOICES: usize = 24;

impl Run {
    /// What is asked now; nothing while nobody is waited for, or somebody else is.
    pub fn asked(&self) -> Option<Asked> {
        let State::Listening(listening) = &self.state else { return None };
        let (step, _) = listening_step(&self.plan, &listening.block)?;
        let (form, mut choices) = self.form_and_choices(listening, step);
        choices.truncate(MOST_CHOICES);
        Some(Asked {
            turn: self.turn,
            form,
            choices,
            secret: matches!(step, Step::Collect { secret: true, .. }),
            partly: !listening.digits.is_empty(),
            back: self.listened.len() > 1,
            person: self.person_is_off_the_list(listening, step),
        })
    }

    fn form_and_choices(&self, listening: &Listening, step: &Step) -> (AnswerForm, Vec<Choice>) {
        let key = |key: char, label: String| Choice { label: phrases::capital(&label), by: ChosenBy::Key(key) };
        let numbered =
            |labels: Vec<String>| labels.into_iter().zip('1'..='9').map(|(label, at)| key(at, label)).collect();
        match &listening.question {
            Question::Confirm { .. } | Question::ReadBack(_) => (
                AnswerForm::YesNo,
                numbered(vec![phrases::yes(self.language).to_owned(), phrases::no(self.language).to_owned()]),
            ),
            Question::More(_) => {
                (AnswerForm::YesNo, numbered(phrases::more_or_not(self.language).map(str::to_owned).to_vec()))
            }
            Question::Between(between) => {
                (AnswerForm::Choice, numbered(between.iter().map(|name| self.label(name)).collect()))
            }
            Question::Which(between) => {
                (AnswerForm::Choice, numbered(between.iter().map(|article| article.title.clone()).collect()))
            }
            Question::WhichPart { values, .. } => (AnswerForm::Choice, numbered(self.part_names(values))),
            Question::Own => match step {
                Step::Menu { options, .. } => (AnswerForm::Choice, self.offered(options)),
                Step::AskIntent { intents, keys, .. } => {
                    // What is asked for comes before the ways around it, such as a person.
                    let mut choices = self.offered(keys.iter().filter(|key| intents.contains(&key.edge)));
                    let others = intents.iter().filter(|intent| keys.iter().all(|key| key.edge != **intent));
                    choices.extend(others.map(|intent| Choice {
                        label: phrases::capital(&self.label(intent)),
                        by: ChosenBy::Intent(intent.clone()),
                    }));
                    choices.extend(self.offered(keys.iter().filter(|key| !intents.contains(&key.edge))));
                    (AnswerForm::Text, choices)
                }
                Step::Collect { wanted, scale: Some(_), .. } => {
                    let marks = wanted.items.iter().filter_map(|mark| Some(key(mark.key?, mark.edge.clone())));
                    (AnswerForm::Choice, marks.collect())
                }
                Step::Collect { wanted, .. } if wanted.spec.kind == Kind::YesNo => {
                    let said =
                        |words: &str| Choice { label: phrases::capital(words), by: ChosenBy::Words(words.to_owned()) };
                    (AnswerForm::YesNo, [phrases::yes, phrases::no].map(|word| said(word(self.language))).to_vec())
                }
                Step::Collect { wanted, .. } => (form_of(wanted), self.offered(&wanted.items)),
                // A telephone hears when a message is over.
                Step::Voicemail { .. } if !listening.message.is_empty() => {
                    (AnswerForm::Text, vec![key('#', phrases::that_is_all(self.language).to_owned())])
                }
                _ => (AnswerForm::Text, Vec::new()),
            },
        }
    }

    /// Options that a caller can name: by their key, or else by what they are called.
    fn offered<'c>(&self, options: impl IntoIterator<Item = &'c plan::Choice>) -> Vec<Choice> {
        let offer = |option: &plan::Choice| {
            let label = self.fill_prompt(&option.label).map(|parts| words(&parts)).unwrap_or_default();
            let phrase = option.phrases.get(&self.language).and_then(|phrases| phrases.first());
            let label = match (label.is_empty(), phrase) {
                (false, _) => label,
                (true, _) if self.flow.intent(&option.edge).is_some() => self.label(&option.edge),
                (true, Some(phrase)) => phrase.clone(),
                (true, None) => option.edge.replace(['_', '-'], " "),
            };
            let by = match (option.key, phrase) {
                (Some(key), _) => ChosenBy::Key(key),
                (None, Some(phrase)) => ChosenBy::Words(phrase.clone()),
                (None, None) => ChosenBy::Words(label.clone()),
            };
            Choice { label: phrases::capital(&label), by }
        };
        options.into_iter().map(offer).collect()
    }

    /// Whether a person can be asked for here, and none of the choices says so.
    fn person_is_off_the_list(&self, listening: &Listening, step: &Step) -> bool {
        let edges = self.plan.blocks.get(&listening.block).map(|planned| &planned.edges);
        let to = |edge: &str| edges.and_then(|edges| edges.get(edge));
        let person = to("agent").or(self.flow.person.as_ref()).filter(|person| **person != listening.block);
        let Some(person) = person else { return false };
        listening.question != Question::Own || step.choices().iter().all(|choice| to(&choice.edge) != Some(person))
    }
}

fn form_of(wanted: &Wanted) -> AnswerForm {
    match &wanted.spec.kind {
        Kind::Digits { least, most } => AnswerForm::Digits { least: *least, most: *most },
        Kind::Code { form } => AnswerForm::Code { most: form.longest() },
        Kind::Phone => AnswerForm::Phone,
        Kind::Date { past } => AnswerForm::Date { past: *past },
        Kind::Time => AnswerForm::Time,
        Kind::Money => AnswerForm::Amount,
        Kind::Number | Kind::Quantity => AnswerForm::Number,
        Kind::List { .. } => AnswerForm::Choice,
        Kind::YesNo => AnswerForm::YesNo,
        Kind::Name => AnswerForm::Name,
        // Whatever else there is to say is said in words.
        _ => AnswerForm::Text,
    }
}
