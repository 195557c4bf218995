//! Training: the loop, its schedule, and what a run leaves in its folder.

mod checkpoint;
mod run;
mod schedule;

pub use checkpoint::{RunFolder, RunInfo};
pub use run::{Options, train};
pub use schedule::OneCycle;
