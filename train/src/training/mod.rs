//! Training: crops and their batches, the objective, the schedule, the loop.

pub mod augment;
pub mod batch;
mod begin;
pub mod objective;
mod schedule;
mod session;

pub use schedule::LearningRate;
pub use session::{Options, train};
