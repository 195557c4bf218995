//! Training, evaluation, quantisation and export of Timbrel's models: what the `timbrel` command does.
//!
//! A [`recipe`] describes a system. [`training`] turns it and a [`data`] cache into a run's folder,
//! [`quantise`] a run's float weights into integers, [`export`] the integers into files, [`evaluate`] a
//! file into answers, [`report`] answers into figures and pages. [`waveform`] changes signals. Features, model
//! file and engines are `timbrel-core`'s.

pub mod augment;
pub mod batch;
pub mod console;
#[path = "data/cache.rs"]
pub mod data;
pub mod device;
pub mod evaluate;
pub mod export;
pub mod features;
mod file;
pub mod float;
pub mod inference;
pub mod network;
pub mod quantise;
pub mod recipe;
pub mod report;
pub mod score;
pub mod split;
pub mod training;
pub mod waveform;
pub mod weights;
