//! How many steps a run makes in a second: `cargo run --release -p hotline-flow --example bench -- FILE`, with the document of the
//! demonstration as FILE. The calls are those of a caller who only presses keys; understanding words is measured elsewhere.

use std::{process::ExitCode, sync::Arc, time::Instant};

use flow::{Action, Context, Event, HttpReply, Note, Run};
use serde_json::json;

const CALLS: u32 = 20_000;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: bench FILE");
        return ExitCode::from(2);
    };
    let flow = match std::fs::read_to_string(&path).map(|text| flow::parse(&text)) {
        Ok(Ok(flow)) => Arc::new(flow),
        Ok(Err(findings)) => {
            findings.iter().for_each(|finding| eprintln!("{finding}"));
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("{path} cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    let model = Arc::new(intent::Model::empty());
    let (mut events, mut blocks, mut actions, mut ended) = (0_u64, 0_u64, 0_u64, 0_u32);
    let begun = Instant::now();
    for _ in 0..CALLS {
        let context = Context {
            variables: [("order_service".to_owned(), json!("http://127.0.0.1:4000"))].into(),
            ..Context::default()
        };
        let mut run = Run::new(flow.clone(), model.clone(), context);
        let mut keys = "11042212".chars();
        let mut now = 0;
        let mut next = vec![Event::Begin];
        while let Some(event) = next.pop() {
            events += 1;
            now += 100;
            let mut answer = None;
            for action in run.on(event, now) {
                actions += 1;
                match action {
                    Action::Say { id, .. } => answer = Some(Event::SpeechDone { say: id }),
                    Action::Http { id, .. } => {
                        let body = json!({"status": "shipped", "item": "a bell", "expected": "Tuesday"});
                        answer = Some(Event::HttpDone { id, result: Ok(HttpReply { status: 200, body }) });
                    }
                    Action::Note(Note::Entered { .. }) => blocks += 1,
                    _ => {}
                }
            }
            let answer = answer.or_else(|| keys.next().map(Event::Key)).unwrap_or(Event::Hangup);
            if !run.finished() {
                next.push(answer);
            }
        }
        ended += u32::from(run.finished());
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("calls      {ended:>10}  {:>12.0} /s", f64::from(ended) / seconds);
    println!("blocks     {blocks:>10}  {:>12.0} /s", blocks as f64 / seconds);
    println!(
        "events     {events:>10}  {:>12.0} /s  {:.1} µs each",
        events as f64 / seconds,
        seconds * 1e6 / events as f64
    );
    println!("actions    {actions:>10}  {:>12.0} /s", actions as f64 / seconds);
    ExitCode::SUCCESS
}
