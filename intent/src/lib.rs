//! The shared intent engine: text in, meaning out.
