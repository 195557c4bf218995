//! The files that leave a run: `.timbrel`, `.onnx` and the model card.

mod card;
mod onnx;
mod proto;
mod run;

pub use card::{Card, Measured};
pub use onnx::onnx;
pub use run::{Exported, export};
