//! The media clock.
