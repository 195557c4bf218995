//! The files that leave a run: `.timbrel`, `.onnx` of integers or floats, and the model card.

mod c_source;
mod card;
mod convert;
mod float_onnx;
mod graph;
mod metadata;
mod onnx;
mod origin;
mod proto;
mod resampling;
mod run;

pub use card::{Card, Measured};
pub(crate) use card::{KNOWS_NOTHING_ELSE, REJECTS_THE_REST};
pub use convert::{Format, convert, spec};
pub use float_onnx::{LOGITS_EXPONENT, float_onnx};
pub use onnx::onnx;
pub use run::{Exported, Target, export};
