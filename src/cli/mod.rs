//! The command line.

mod api;
mod bench;
mod call;
mod demo;
mod doctor;
mod eval;
mod flow;
mod models;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, KEYS, TRUNK_KEYS};

/// A self-hosted call centre with a voice bot.
#[derive(Parser)]
#[command(name = "hotline", version, about, disable_help_subcommand = true)]
struct Arguments {
    /// Configuration file [default: ./hotline.toml when there is one]
    #[arg(long, short, global = true, env = "HOTLINE_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer calls and serve the console
    Serve,
    /// Place four real calls against a service of its own, and show them
    Demo(demo::Arguments),
    /// Call somebody: play a recording, press keys, record the answer
    Call(call::Arguments),
    /// Find out why calls have no sound, or do not come: ports, clock, certificates, NAT, trunks, and test calls
    Doctor(doctor::Arguments),
    /// Check flows, compare them, and publish them
    Flow(flow::Arguments),
    /// Pull and check the models
    Models(models::Arguments),
    /// Measure recognition and understanding on your own data
    Eval(eval::Arguments),
    /// Load a service and measure it
    Bench(bench::Arguments),
    /// List every configuration key with its default and its variable
    Config,
    /// Print the API's OpenAPI document
    Openapi,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => match &arguments.command {
            Command::Doctor(arguments) => return doctor::unreadable(arguments, &error),
            _ => return failed(&error),
        },
    };
    let is_doctor = matches!(arguments.command, Command::Doctor(_));
    let quiet = is_doctor
        || matches!(
            arguments.command,
            Command::Demo(_)
                | Command::Call(_)
                | Command::Flow(_)
                | Command::Eval(_)
                | Command::Models(_)
                | Command::Bench(_)
        );
    start_log(&config, quiet);
    let file = arguments.config.clone();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Serve => serve::run(config, file).await,
            Command::Demo(arguments) => demo::run(arguments, config).await,
            Command::Call(arguments) => call::run(arguments).await,
            Command::Doctor(arguments) => doctor::run(arguments, config).await,
            Command::Flow(arguments) => flow::run(arguments, &config).await,
            Command::Models(arguments) => models::run(arguments, &config).await,
            Command::Eval(arguments) => eval::run(arguments, &config).await,
            Command::Bench(arguments) => bench::run(arguments).await,
            Command::Config => print_keys(),
            Command::Openapi => print_line(&crate::api::openapi()),
        }
    });
    // What is still running in the background (a recorder's last write has been waited for) need not hold the exit up.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    match result {
        Ok(code) => code,
        Err(error) if is_doctor => {
            failed(&*error);
            ExitCode::from(doctor::COULD_NOT_RUN)
        }
        Err(error) => failed(&*error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("hotline: {error}");
    ExitCode::FAILURE
}

/// Logs to standard error. The SIP stack logs whole messages, credentials and numbers among them, below `warn`: it is held
/// there whatever is asked for.
fn start_log(config: &Config, quiet: bool) {
    let level = if quiet { "error" } else { &config.log_level };
    let filter = EnvFilter::new(format!("{level},sqlx=warn,sea_orm=warn,sea_orm_migration=warn,ort=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).compact().init();
}

fn print_line(text: &str) -> anyhow::Result<ExitCode> {
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}

fn print_keys() -> anyhow::Result<ExitCode> {
    for key in KEYS {
        let default = if key.default.is_empty() { "(empty)" } else { key.default };
        println!("{}\n    {}\n    default: {default}    variable: {}", key.name, key.help, key.variable());
    }
    for key in TRUNK_KEYS {
        let (default, name) = (if key.default.is_empty() { "(empty)" } else { key.default }, key.name.to_uppercase());
        println!(
            "trunk.NAME.{}\n    {}\n    default: {default}    variable: HOTLINE_TRUNK_NAME_{name}",
            key.name, key.help
        );
    }
    Ok(ExitCode::SUCCESS)
}
