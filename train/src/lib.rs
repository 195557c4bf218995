//! Training, evaluation, quantisation and export of Timbrel's models.

pub mod augment;
pub mod batch;
pub mod data;
pub mod device;
pub mod float;
pub mod network;
pub mod recipe;
pub mod score;
pub mod training;
pub mod weights;
