//! What the program `classify` is made of, for other programs that take audio files.

pub mod demo;
pub mod listen;
pub mod model;
pub mod report;
