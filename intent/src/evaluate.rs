//! Measures a model on labelled lines.
