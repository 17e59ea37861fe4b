//! On-device models: manifest, store, recognisers, voices.
