//! Prints what is wrong with a flow document, or its canonical form: `cargo run -p hotline-flow --example check -- FILE`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: check FILE");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path} cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    match flow::parse(&text) {
        Err(findings) => {
            findings.iter().for_each(|finding| eprintln!("{finding}"));
            ExitCode::FAILURE
        }
        Ok(flow) => {
            let findings = flow::validate(&flow);
            findings.iter().for_each(|finding| eprintln!("{finding}"));
            print!("{}", flow.to_json());
            if flow::validate::has_errors(&findings) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
    }
}
