//! The console is embedded into the binary: build again when it changes.

fn main() {
    println!("cargo::rerun-if-changed=web/dist");
}
