//! The five callers: what each says and presses, and what must have come of the call. They hear the bot over RTP and speak in
//! their turn, as people would; nothing tells the service what to expect.

use std::time::Duration;

use audio::Pcm8k;
use audio::resample::resample;
use audio::similarity::best_match;
use models::{Flite, FliteVoice, Voice};
use tokio::sync::watch;

use crate::event::{Decision, Entry, Event, Outcome, Speaker};
use crate::phone::{Line, LineError, Phone};
use crate::service::Service;
use crate::store::{CallFilter, CallSummary, Tenant};

/// The bot has finished when it has been silent for this long.
const QUIET: Duration = Duration::from_millis(800);
/// Longest wait for anything in a call; the silent caller is asked four times before the bot gives up.
const PATIENCE: Duration = Duration::from_secs(90);
/// From here on, what one side said and what the other heard are the same sound.
const SAME_SOUND: f32 = 0.8;
/// Samples that are compared at a time: half a second.
const PIECE: usize = 4_000;

/// How much of what was said was heard: piece by piece, weighted by energy, because a jitter buffer may lengthen or shorten the pauses
/// between the pieces.
fn correlation(said: &Pcm8k, heard: &Pcm8k) -> f32 {
    let (mut sum, mut total) = (0.0, 0.0);
    for piece in said.samples().chunks(PIECE) {
        let energy: f32 = piece.iter().map(|&s| f32::from(s).powi(2)).sum();
        if energy > 0.0 {
            sum += energy * best_match(&Pcm8k::new(piece.to_vec()), heard).correlation;
            total += energy;
        }
    }
    if total > 0.0 { sum / total } else { 0.0 }
}

/// What came of a call.
pub struct Played {
    /// What it was about.
    pub title: &'static str,
    /// The call as the store has it.
    pub call: Option<CallSummary>,
    /// What the service heard, in order.
    pub heard: Vec<String>,
    /// The intents it accepted.
    pub understood: Vec<String>,
    /// Wire latencies of its replies in ms, as the service journals them.
    pub wire_ms: Vec<u32>,
    /// The same replies, measured at the caller's phone.
    pub ear_ms: Vec<u32>,
    /// Answer → first sound at the caller's phone, in ms.
    pub greeting_ms: Option<u32>,
    /// What should have happened and did not.
    pub misses: Vec<String>,
}

/// One thing a caller does.
enum Step {
    Say(&'static str),
    Press(&'static str),
    /// Says nothing until the bot has spoken and paused once more.
    StaySilent,
}

/// A caller.
struct Caller {
    title: &'static str,
    number: &'static str,
    voice: FliteVoice,
    steps: &'static [Step],
}

const CALLERS: [Caller; 5] = [
    Caller {
        title: "asks where the order is, and says its number",
        number: "+441632960001",
        voice: FliteVoice::Slt,
        steps: &[Step::Say("Hello, where is my order?"), Step::Say("one zero four two"), Step::Say("no thank you")],
    },
    Caller {
        title: "only presses keys",
        number: "+441632960002",
        voice: FliteVoice::Slt,
        steps: &[Step::Press("1"), Step::Press("1043"), Step::Press("2")],
    },
    Caller {
        title: "wants a refund, and a person",
        number: "+441632960003",
        voice: FliteVoice::Awb,
        steps: &[Step::Say("I would like a refund, please"), Step::Say("yes please")],
    },
    Caller {
        title: "asks what only the knowledge base knows",
        number: "+441632960005",
        voice: FliteVoice::Slt,
        steps: &[Step::Say("How long is the warranty on a frame?"), Step::Say("yes please"), Step::Say("no thank you")],
    },
    Caller {
        title: "asks for something else, then says nothing",
        number: "+441632960004",
        voice: FliteVoice::Slt,
        steps: &[Step::Say("Can you tell me a joke, please?"), Step::StaySilent],
    },
];

/// Everybody on stage.
pub struct Stage<'a> {
    /// The service they call.
    pub service: &'a Service,
    /// The callers' phone.
    pub phone: Phone,
    /// The agent's phone, registered.
    pub desk: Phone,
}

impl Stage<'_> {
    /// Plays the five calls, one after another.
    pub async fn play(mut self) -> Vec<Played> {
        let mut results = Vec::new();
        for (index, caller) in CALLERS.iter().enumerate() {
            println!("── {} {}", index + 1, caller.title);
            let result = match index {
                2 => self.with_agent(caller).await,
                _ => self.alone(caller).await,
            };
            results.push(result);
            println!();
        }
        results
    }

    /// A call in which only the bot answers.
    async fn alone(&mut self, caller: &Caller) -> Played {
        let mut misses = Vec::new();
        let line = self.dial(caller).await;
        let mut measured = (Vec::new(), None);
        match line {
            Ok(mut line) => {
                let talked = async {
                    act(&mut line, caller).await?;
                    line.wait_end(PATIENCE).await
                };
                misses.extend(talked.await.err().map(|e| format!("the call broke off: {e}")));
                measured = numbers(&line);
                line.hang_up().await;
            }
            Err(error) => misses.push(format!("no call: {error}")),
        }
        self.result(caller, measured, misses).await
    }

    /// A call that ends with Anna; checks that each hears the other.
    async fn with_agent(&mut self, caller: &Caller) -> Played {
        let mut misses = Vec::new();
        let (greeted, anna_greeted) = watch::channel(false);
        let (answered, caller_answered) = watch::channel(false);
        let anna_says = speech(FliteVoice::Slt, "Hello, this is Anna. How can I help you with your refund?");
        let anna_closes = speech(FliteVoice::Slt, "Of course. The money is on its way back to you.");
        let caller_says = speech(caller.voice, "The helmet does not fit, so I sent it back on Monday.");
        let mut measured = (Vec::new(), None);
        let line = self.dial(caller).await;

        let at_the_desk = async {
            let mut line = tokio::time::timeout(PATIENCE, self.desk.answer(Duration::from_millis(600))).await??;
            line.say(anna_says.clone()).await?;
            greeted.send_replace(true);
            wait_for(caller_answered).await?;
            line.say(anna_closes.clone()).await?;
            line.wait_end(PATIENCE).await?;
            let heard = line.heard();
            line.hang_up().await;
            anyhow::Ok(heard)
        };
        let on_the_phone = async {
            let mut line = line?;
            let talked = async {
                act(&mut line, caller).await?;
                wait_for(anna_greeted).await?;
                tokio::time::sleep(QUIET).await;
                line.say(caller_says.clone()).await?;
                answered.send_replace(true);
                line.our_turn(QUIET, PATIENCE).await?;
                anyhow::Ok(())
            };
            let talked = talked.await;
            measured = numbers(&line);
            let heard = line.heard();
            line.hang_up().await;
            talked.map(|()| heard)
        };
        let (desk, phone) = tokio::join!(at_the_desk, on_the_phone);
        for (who, heard, said) in [("the caller", &phone, &anna_says), ("Anna", &desk, &caller_says)] {
            match heard {
                Ok(heard) => {
                    let same = correlation(said, heard);
                    println!("   {who} heard the other person: correlation {same:.2}");
                    if same < SAME_SOUND {
                        misses.push(format!("{who} did not hear the other person (correlation {same:.2})"));
                    }
                }
                Err(error) => misses.push(format!("{who}'s call broke off: {error}")),
            }
        }
        self.result(caller, measured, misses).await
    }

    async fn dial(&self, caller: &Caller) -> Result<Line, LineError> {
        self.phone.call(&format!("sip:100@{}", self.service.sip), caller.number, PATIENCE).await
    }

    async fn result(
        &self,
        caller: &Caller,
        (ear_ms, greeting_ms): (Vec<u32>, Option<u32>),
        mut misses: Vec<String>,
    ) -> Played {
        let tenant = self.service.tenant();
        let call = ended_call(tenant, caller.number).await;
        let journal = match &call {
            Some(call) => tenant.journal(call.id).await.unwrap_or_default(),
            None => Vec::new(),
        };
        misses.extend(missed(caller, call.as_ref(), &journal));
        Played {
            title: caller.title,
            call,
            heard: heard(&journal),
            understood: understood(&journal),
            wire_ms: journal.iter().filter_map(wire_ms).collect(),
            ear_ms,
            greeting_ms,
            misses,
        }
    }
}

fn speech(voice: FliteVoice, words: &str) -> Pcm8k {
    let spoken = Flite::new(voice).speak(words);
    resample(&spoken.expect("the demo's sentences are words that flite can speak"))
}

async fn wait_for(mut flag: watch::Receiver<bool>) -> anyhow::Result<()> {
    tokio::time::timeout(PATIENCE, flag.wait_for(|&set| set)).await??;
    Ok(())
}

async fn act(line: &mut Line, caller: &Caller) -> Result<(), LineError> {
    for step in caller.steps {
        line.our_turn(QUIET, PATIENCE).await?;
        match step {
            Step::Say(words) => line.say(speech(caller.voice, words)).await?,
            Step::Press(keys) => line.press(keys),
            Step::StaySilent => line.wait_next(),
        }
    }
    Ok(())
}

fn numbers(line: &Line) -> (Vec<u32>, Option<u32>) {
    let replies = line.replies().iter().map(|reply| reply.as_millis() as u32).collect();
    (replies, line.first_sound_after().map(|after| after.as_millis() as u32))
}

/// The newest call from a number, once it has its outcome.
async fn ended_call(tenant: &Tenant, number: &str) -> Option<CallSummary> {
    for _ in 0..100 {
        let calls = tenant.calls(&CallFilter::default(), None, 20).await.ok()?;
        let call = calls.items.into_iter().find(|call| call.from.reveal() == number);
        if call.as_ref().is_some_and(|call| call.outcome.is_some()) {
            return call;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    None
}

fn heard(journal: &[Entry]) -> Vec<String> {
    let words = |entry: &Entry| match &entry.event {
        Event::Heard { text, speaker: Speaker::Caller, .. } => Some(text.reveal().to_owned()),
        _ => None,
    };
    journal.iter().filter_map(words).collect()
}

fn understood(journal: &[Entry]) -> Vec<String> {
    let intent = |entry: &Entry| match &entry.event {
        Event::Understood { decision: Decision::Accepted, ranking, .. } => {
            ranking.first().map(|best| best.intent.clone())
        }
        _ => None,
    };
    journal.iter().filter_map(intent).collect()
}

fn wire_ms(entry: &Entry) -> Option<u32> {
    match &entry.event {
        Event::Replied { latency, .. } => Some(latency.wire_ms),
        _ => None,
    }
}

/// What a call's journal should show, and does not.
fn missed(caller: &Caller, call: Option<&CallSummary>, journal: &[Entry]) -> Vec<String> {
    let mut misses = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            misses.push(what.to_owned());
        }
    };
    let any = |test: &dyn Fn(&Event) -> bool| journal.iter().any(|entry| test(&entry.event));
    let said = |words: &str| any(&|event| matches!(event, Event::Said { text, .. } if text.reveal().contains(words)));
    let slot = |wanted: &str| any(&|event| matches!(event, Event::Slot { value, .. } if value.reveal() == wanted));
    let outcome = call.and_then(|call| call.outcome);
    expect(call.is_some(), "the call has no outcome");
    expect(call.is_some_and(|call| call.ticket.is_some()), "there is no ticket");
    let intents = understood(journal);
    match caller.number {
        "+441632960001" => {
            expect(outcome == Some(Outcome::Resolved), "the outcome is not resolved");
            expect(intents.iter().any(|intent| intent == "order_status"), "order_status was not understood");
            expect(slot("1042"), "the order number was not heard as 1042");
            expect(
                any(&|event| matches!(event, Event::Fetched { status: Some(200), .. })),
                "the order service was not asked",
            );
            expect(said("on its way"), "the order's status was not spoken");
        }
        "+441632960002" => {
            expect(outcome == Some(Outcome::Resolved), "the outcome is not resolved");
            expect(slot("1043"), "the keys were not taken as 1043");
            expect(said("ready"), "the order's status was not spoken");
            expect(heard(journal).is_empty(), "something was heard in a call without words");
        }
        "+441632960003" => {
            expect(outcome == Some(Outcome::Agent), "the outcome is not agent");
            expect(intents.iter().any(|intent| intent == "refund"), "refund was not understood");
            expect(any(&|event| matches!(event, Event::Bridged { .. })), "the caller was not bridged");
        }
        "+441632960005" => {
            expect(outcome == Some(Outcome::Resolved), "the outcome is not resolved");
            expect(any(&|event| matches!(event, Event::Consulted { .. })), "the knowledge base was not asked");
            expect(said("warranty of five years"), "the short answer was not spoken");
            expect(said("receipt"), "the rest of the answer was not spoken");
        }
        _ => {
            expect(matches!(outcome, Some(Outcome::Callback)), "the outcome is not callback");
            expect(
                any(&|e| matches!(e, Event::Understood { decision: Decision::Rejected, .. })),
                "it was taken for something in scope",
            );
            expect(any(&|event| matches!(event, Event::NoInput { .. })), "the silence was not noticed");
            expect(said("person") || said("people"), "no person was offered");
        }
    }
    misses
}
