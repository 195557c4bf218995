//! A model file with the engine that runs it.

use std::borrow::Cow;
use std::string::String;
use std::vec::Vec;

use super::room;
use crate::Error;
#[cfg(feature = "tract")]
use crate::host::tract::TractEngine;
use crate::model::{Cost, Limits, Model, ModelInfo};

/// A valid model, for either engine, from which any number of classifiers can be made.
#[derive(Clone, Debug)]
pub struct Loaded<'m> {
    network: Network<'m>,
    info: ModelInfo,
    cost: Cost,
    labels: Vec<String>,
}

/// The network of a [`Loaded`] model, by the engine that runs it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Network<'m> {
    /// Bytes of a `.timbrel` file, for [`Int8Engine`](crate::engine::Int8Engine).
    Int8(Cow<'m, [u8]>),
    /// A plan that all classifiers share.
    #[cfg(feature = "tract")]
    Tract(TractEngine),
}

impl<'m> Loaded<'m> {
    /// Load a model file for the engine that its content requires: with feature `tract`, anything that does not
    /// begin like a `.timbrel` file is read as ONNX. The model's cost must be within [`Limits::DEFAULT`].
    ///
    /// # Errors
    /// [`Error::Model`] or [`Error::Onnx`](crate::Error) with the fault, [`Error::Cost`] with the cost.
    pub fn from_bytes(file: impl Into<Cow<'m, [u8]>>) -> Result<Self, Error> {
        Self::from_bytes_within(file, &Limits::DEFAULT)
    }

    /// Load a model file as [`Self::from_bytes`] does, within other limits.
    ///
    /// # Errors
    /// As [`Self::from_bytes`].
    pub fn from_bytes_within(
        file: impl Into<Cow<'m, [u8]>>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let file = file.into();
        #[cfg(feature = "tract")]
        if let Err(crate::model::ModelError::NotAModel) = Model::parse(&file) {
            return Self::tract_within(&file, limits);
        }
        Self::int8_within(file, limits)
    }

    /// Load a `.timbrel` file within [`Limits::DEFAULT`].
    ///
    /// # Errors
    /// [`Error::Model`] with the fault, [`Error::Cost`] with the cost, [`Error::Memory`] if there is none for the names of the
    /// classes.
    pub fn int8(file: impl Into<Cow<'m, [u8]>>) -> Result<Self, Error> {
        Self::int8_within(file, &Limits::DEFAULT)
    }

    /// Load a `.timbrel` file within other limits.
    ///
    /// # Errors
    /// As [`Self::int8`].
    pub fn int8_within(file: impl Into<Cow<'m, [u8]>>, limits: &Limits) -> Result<Self, Error> {
        let file = file.into();
        let model = Model::parse(&file)?;
        let cost = model.cost();
        limits.check(&cost)?;
        let info = model.info();
        let labels = room::list(info.classes, model.labels().map(room::text))?;
        Ok(Self {
            network: Network::Int8(file),
            info,
            cost,
            labels,
        })
    }

    /// Load an `.onnx` file within [`Limits::DEFAULT`].
    ///
    /// # Errors
    /// [`Error::Onnx`] with the fault, [`Error::Cost`] with the cost.
    #[cfg(feature = "tract")]
    pub fn tract(file: &[u8]) -> Result<Self, Error> {
        Self::tract_within(file, &Limits::DEFAULT)
    }

    /// Load an `.onnx` file within other limits.
    ///
    /// # Errors
    /// As [`Self::tract`].
    #[cfg(feature = "tract")]
    pub fn tract_within(file: &[u8], limits: &Limits) -> Result<Self, Error> {
        use crate::engine::Engine;
        let engine = TractEngine::from_bytes_within(file, limits)?;
        let info = engine.info();
        let labels = (0..info.classes).filter_map(|class| engine.label(class));
        Ok(Self {
            labels: labels.map(String::from).collect(),
            cost: engine.cost(),
            network: Network::Tract(engine),
            info,
        })
    }

    /// Return the model's metadata.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// Return what the model costs to run.
    #[must_use]
    pub fn cost(&self) -> &Cost {
        &self.cost
    }

    /// Return the names of the classes in the order of the logits.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Return the network.
    #[must_use]
    pub fn network(&self) -> &Network<'m> {
        &self.network
    }

    /// Return the network by value.
    #[must_use]
    pub fn into_network(self) -> Network<'m> {
        self.network
    }
}
