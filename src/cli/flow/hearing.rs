//! `hotline flow test --audio`: what a caller says in a test is spoken by the voice of its language, goes through a telephone line (8 kHz,
//! μ-law, G.711) and is recognised as a call recognises it, told what the flow expects.

use anyhow::Context;
use audio::Pcm8k;
use audio::g711::Codec;
use flow::event::{Expect, Grammar};
use flow::scenario::Ear;
use flow::{Flow, Heard};
use intent::Language;
use models::{Hints, Priority};
use tokio::runtime::Handle;

use crate::call::hinted;
use crate::config::Config;
use crate::listen::Recognisers;
use crate::service::prepare;
use crate::speak::Speaker;

/// Silence before and after the words, in samples of 8 kHz.
const MARGIN: usize = 8 * 300;

/// A voice, a line and a recogniser.
pub struct Telephone {
    voices: Speaker,
    recognisers: Recognisers,
    runtime: Handle,
}

impl Telephone {
    /// What the service would hear and speak with; an error says what is missing.
    pub async fn ready(config: &Config) -> anyhow::Result<Self> {
        let nothing = r#"{"schema_version": 1, "id": "x", "name": "x", "languages": ["en", "zh-CN"], "start": "x",
            "blocks": [{"id": "x", "type": "end", "params": {"outcome": "resolved"}}]}"#;
        let flow: Flow = flow::parse(nothing).map_err(|_| anyhow::anyhow!("no flow can be prepared"))?;
        let prepared = prepare(config, &flow).await.context("there is nothing to speak or to listen with")?;
        Ok(Self { voices: prepared.voices, recognisers: prepared.recognisers, runtime: Handle::current() })
    }

    async fn through(&self, said: &Heard, expect: Option<&Expect>) -> anyhow::Result<Heard> {
        let language: Language = said.language;
        let spoken = self.voices.sound(&said.text, language).await?;
        let grammar = expect.map_or(Grammar::Free, |expect| expect.grammar.clone());
        let hints = Hints::free(models::Language::new(language.code())).with_grammar(hinted(grammar));
        let heard = self.recognisers.recognise(on_the_line(&spoken), language, hints, Priority::Final).await;
        let heard = heard.map_err(|error| anyhow::anyhow!("{error}"))?;
        let text = if heard.no_speech { String::new() } else { heard.text };
        let alternatives =
            heard.alternatives.into_iter().map(|other| other.text).filter(|other| *other != text).collect();
        Ok(Heard { text, confidence: heard.confidence, alternatives, ..said.clone() })
    }
}

impl Ear for Telephone {
    fn hear(&mut self, said: Heard, expect: Option<&Expect>) -> Heard {
        self.runtime.block_on(self.through(&said, expect)).unwrap_or_else(|error| {
            eprintln!("{:?} was not heard: {error:#}", said.text);
            Heard { text: String::new(), confidence: 0.0, ..said }
        })
    }
}

/// What comes out of a telephone line.
fn on_the_line(spoken: &Pcm8k) -> Pcm8k {
    let mut sent = Vec::new();
    let silence = [0_i16; MARGIN];
    for part in [&silence[..], spoken.samples(), &silence[..]] {
        Codec::Pcmu.encode(part, &mut sent);
    }
    let mut received = Vec::new();
    Codec::Pcmu.decode(&sent, &mut received);
    Pcm8k::new(received)
}
