//! Pulls a model into the store and prints what happens: `cargo run -p hotline-models --example pull -- [id]`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id = std::env::args().nth(1).unwrap_or_else(|| models::manifest::DEFAULT_ENGLISH.to_owned());
    let store = models::Store::open(None)?;
    for (role, path) in store.pull(&id, |progress| println!("{progress:?}")).await? {
        println!("{role}: {}", path.display());
    }
    Ok(())
}
