//! Runs: the folder that a training leaves and that export, reports and other trainings read.

mod changes;
mod checkpoint;
mod folder;
mod info;

pub use changes::Changes;
pub use folder::RunFolder;
pub use info::RunInfo;
