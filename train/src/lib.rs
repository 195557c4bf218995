//! Training, evaluation, quantisation and export of Timbrel's models: the library of the `timbrel` command.
//!
//! A [`recipe`] describes a system. [`data`] are collections and the caches made of them. [`training`] turns a recipe
//! and a cache into a [`run`], [`quantise`] a run's float weights into [`integers`], [`export`] the integers into
//! files, [`calibrate`] adds an output for what is not music, [`evaluate`] a file or a network into answers, [`report`]
//! answers into figures and pages. [`waveform`] changes
//! signals. Features, model file and engines are `timbrel-core`'s.

pub mod calibrate;
pub mod console;
pub mod data;
pub mod device;
pub mod evaluate;
pub mod export;
pub mod features;
mod file;
pub mod integers;
pub mod network;
pub mod quantise;
pub mod recipe;
pub mod report;
pub mod run;
pub mod training;
pub mod waveform;
pub mod weights;
