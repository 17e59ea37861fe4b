//! The program `hotline`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hotline::cli::main()
}
