//! Speaking: prompts filled in, said, and what follows once they are over.

use super::{MAX_SPEECH_MS, Run, State, Then};
use crate::{Action, Part, plan::Prompt};

impl Run {
    /// Says something and waits until it is over.
    pub(super) fn speak(&mut self, block: &str, mut parts: Vec<Part>, barge_in: bool, then: Then) {
        self.next = None;
        self.waits += 1;
        if self.hung_up.is_some() || parts.is_empty() {
            return self.after_speech(block, then);
        }
        if let Some(echo) = self.echo.take() {
            parts.insert(0, self.echo_of(&echo));
        }
        let say = self.say(parts, barge_in);
        self.state = State::Speaking { block: block.to_owned(), say, until: self.now + MAX_SPEECH_MS, then };
    }

    pub(super) fn after_speech(&mut self, block: &str, then: Then) {
        match then {
            Then::Next { resolves, .. } => {
                self.resolved |= resolves;
                self.follow(block, "next");
            }
            Then::End(outcome) => self.finish(outcome),
        }
    }

    pub(super) fn say(&mut self, parts: Vec<Part>, barge_in: bool) -> u64 {
        self.says += 1;
        self.turn += 1;
        self.actions.push(Action::Say { id: self.says, turn: self.turn, parts, barge_in });
        self.says
    }

    /// A prompt in the language that is spoken, or in the flow's own where it has none.
    pub(super) fn fill_prompt(&self, prompt: &Prompt) -> Result<Vec<Part>, String> {
        let default = self.flow.default_language();
        let found = [self.language, default]
            .into_iter()
            .find_map(|language| Some((language, prompt.get(&language)?)))
            .or_else(|| prompt.iter().next().map(|(language, template)| (*language, template)));
        let Some((language, template)) = found else {
            return Err("a prompt has no text".to_owned());
        };
        let text = self
            .plan
            .templates
            .fill(template, &self.values)
            .map_err(|error| format!("a prompt cannot be filled in: {error}"))?;
        let text = text.trim();
        Ok(if text.is_empty() { Vec::new() } else { vec![Part { text: text.to_owned(), language }] })
    }

    pub(super) fn speech_done(&mut self, say: u64) {
        match &mut self.state {
            State::Speaking { block, say: current, then, .. } if *current == say => {
                let (block, then) = (block.clone(), *then);
                self.after_speech(&block, then);
            }
            State::Listening(listening) if listening.say == Some(say) => {
                let now = self.now;
                listening.prompt_over(now);
            }
            _ => {}
        }
    }
}
