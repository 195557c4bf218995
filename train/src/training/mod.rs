//! Training: the loop, its schedule, and what a run leaves in its folder.

mod begin;
#[path = "../run/folder.rs"]
mod checkpoint;
#[path = "objective/supervised.rs"]
mod loss;
mod run;
mod schedule;
mod teachers;

pub use checkpoint::{RunFolder, RunInfo};
pub use loss::{cross_entropy, distilled};
pub use run::{Options, train};
pub use schedule::LearningRate;
pub use teachers::Teachers;
