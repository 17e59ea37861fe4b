//! Tests of flows from the outside: events in, actions out. One binary, so that it is linked once.

mod answering;
mod arranging;
mod asked;
mod blocks;
mod collecting;
mod conversation;
mod demo;
mod exchange;
mod language;
mod line;
mod properties;
mod publishing;
mod scenario;
mod shaping;
