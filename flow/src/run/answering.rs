//! Answering from the knowledge base: what is looked up, what is told of it, and what is asked back. Finding the article is left to the
//! service; a question that is on its way when the caller hangs up is forgotten.

use std::sync::Arc;

use intent::{command, slot};

use super::{
    Run, State, Then,
    listening::{Listening, Question, listening_step},
    understanding::ALIKE,
};
use crate::{Action, BlockId, Heard, Knowledge, KnownArticle, Millis, Note, Part, phrases, phrases::Miss, plan::Step};

/// The knowledge base lies in memory: an answer that takes longer than this does not come.
const PATIENCE_MS: Millis = 5_000;

/// A question on its way to the knowledge base.
#[derive(Clone, Debug)]
pub(super) struct Consulting {
    listening: Box<Listening>,
    id: u64,
    question: Heard,
    pub until: Millis,
}

impl Consulting {
    pub fn block(&self) -> &BlockId {
        &self.listening.block
    }
}

impl Run {
    /// Asks what the caller wants to know, or looks up what they have said already.
    pub(super) fn begin_answer(&mut self, id: &str, last_words: bool) {
        match self.last_heard.clone().filter(|heard| last_words && heard.language == self.language) {
            None => self.begin_listening(id),
            Some(heard) => match self.new_listening(id) {
                Some(listening) => self.consult(listening, heard),
                None => self.fail(id, format!("block {id} does not listen")),
            },
        }
    }

    pub(super) fn understand_question(&mut self, listening: Box<Listening>, heard: &Heard) {
        match command::detect(&heard.text, heard.language) {
            Some(command) => self.command(listening, command),
            None => self.consult(listening, heard.clone()),
        }
    }

    fn consult(&mut self, listening: Box<Listening>, question: Heard) {
        self.waits += 1;
        self.requests += 1;
        self.actions.push(Action::StopListening);
        self.actions.push(Action::Consult {
            id: self.requests,
            question: question.text.clone(),
            language: question.language,
        });
        let until = self.now + PATIENCE_MS;
        self.state = State::Consulting(Box::new(Consulting { listening, id: self.requests, question, until }));
    }

    pub(super) fn consulted(&mut self, id: u64, answer: Knowledge) {
        let consulting = match std::mem::replace(&mut self.state, State::Moving) {
            State::Consulting(consulting) if consulting.id == id => *consulting,
            other => {
                self.state = other;
                return;
            }
        };
        let Consulting { listening, question, .. } = consulting;
        self.note(Note::Consulted {
            block: listening.block.clone(),
            question: question.text.clone(),
            language: question.language,
            answer: answer.clone(),
        });
        match answer {
            Knowledge::Known(article) => self.tell(listening, article),
            Knowledge::Unsure(between) => {
                let text = phrases::which_question(&between[0].title, &between[1].title, self.language);
                self.ask_back(listening, Question::Which(Box::new(between)), text);
            }
            Knowledge::Unknown(_) => self.follow(&listening.block, "unknown"),
        }
    }

    pub(super) fn consulting_timed_out(&mut self) {
        if let State::Consulting(consulting) = &self.state
            && self.now >= consulting.until
        {
            let block = consulting.block().clone();
            self.fail(&block, "the knowledge base does not answer".to_owned());
        }
    }

    /// Tells an article: the short answer, and whether there is more.
    fn tell(&mut self, listening: Box<Listening>, article: KnownArticle) {
        let plan = Arc::clone(&self.plan);
        let Some((Step::Answer { offer_rest, tries, .. }, _)) = listening_step(&plan, &listening.block) else {
            return self.fail(&listening.block, "the block answers nothing".to_owned());
        };
        self.resolved = true;
        match article.rest.filter(|_| *offer_rest) {
            Some(rest) => {
                let text = format!("{} {}", article.short, phrases::more(self.language));
                self.ask_back(listening, Question::More(rest), text);
            }
            None => self.tell_last(&listening.block, article.short, tries.barge_in),
        }
    }

    /// Says the last of an answer, and goes on.
    fn tell_last(&mut self, block: &str, text: String, barge_in: bool) {
        let parts = vec![Part { text, language: self.language }];
        self.speak(block, parts, barge_in, Then::Next { barge_in, resolves: true });
    }

    pub(super) fn understand_more(&mut self, listening: Box<Listening>, heard: &Heard, rest: String) {
        if slot::yes_no(&heard.text, heard.language) == Some(true) {
            return self.tell_rest(&listening, rest);
        }
        match command::detect(&heard.text, heard.language) {
            Some(command) => self.command(listening, command),
            None => self.leave(listening, "next"),
        }
    }

    pub(super) fn tell_rest(&mut self, listening: &Listening, rest: String) {
        let barge_in = listening.barge_in;
        self.actions.push(Action::StopListening);
        self.tell_last(&listening.block, rest, barge_in);
    }

    pub(super) fn understand_which(&mut self, listening: Box<Listening>, heard: &Heard, between: [KnownArticle; 2]) {
        let phrases_of = |(place, article): (usize, &KnownArticle)| {
            let mut phrases = phrases::the_one(place, heard.language);
            phrases.push(article.title.clone());
            (place.to_string(), phrases)
        };
        let choices: Vec<(String, Vec<String>)> = between.iter().enumerate().map(phrases_of).collect();
        if let Some((place, _)) = slot::match_phrase(&heard.text, &choices).filter(|(_, alike)| *alike >= ALIKE) {
            return self.tell_one(listening, between, usize::from(place == "1"));
        }
        match command::detect(&heard.text, heard.language) {
            Some(command) => self.command(listening, command),
            None => self.miss(listening, Miss::NoMatch, true),
        }
    }

    /// Tells the one of two articles that the caller chose.
    pub(super) fn tell_one(&mut self, listening: Box<Listening>, between: [KnownArticle; 2], place: usize) {
        let [first, second] = between;
        let article = KnownArticle { confidence: 1.0, ..if place == 0 { first } else { second } };
        self.actions.push(Action::StopListening);
        self.note(Note::Consulted {
            block: listening.block.clone(),
            question: article.title.clone(),
            language: self.language,
            answer: Knowledge::Known(article.clone()),
        });
        self.tell(listening, article);
    }
}
