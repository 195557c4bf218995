//! A network's weights and running statistics by name, out of it and into it.

use anyhow::{Context, Error, Result, anyhow, ensure};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData, Transaction};

use super::Network;
use crate::weights::Weights;

/// Fields from the network down to the tensor that is being visited.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn enter(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    fn exit(&mut self) {
        self.0.pop();
    }

    fn name(&self) -> String {
        self.0.join(".")
    }
}

/// Collects tensors, so that a device is asked for all of them at once: each question makes it finish its work.
#[derive(Default)]
struct Reader {
    path: Path,
    names: Vec<String>,
    tensors: Transaction,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.names.push(self.path.name());
        self.tensors = std::mem::take(&mut self.tensors).register(param.val());
    }
}

struct Writer<'a> {
    path: Path,
    weights: &'a Weights,
    failed: Option<Error>,
}

impl Writer<'_> {
    fn tensor<const D: usize>(&self, param: &Param<Tensor<D>>) -> Result<Tensor<D>> {
        let name = self.path.name();
        let array = self.weights.get(&name)?;
        let expected = param.lazy_shape();
        ensure!(
            array.shape[..] == expected[..],
            "tensor `{name}` has shape {:?}, expected {:?}",
            array.shape,
            &expected[..]
        );
        let data = TensorData::new(array.values.clone(), array.shape.clone());
        Ok(Tensor::from_data(data, &param.lazy_device()))
    }
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.enter(name);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.tensor(&param) {
            // the parameter keeps its identity, so that an optimiser's state stays its own
            Ok(value) => {
                let trained = param.is_require_grad();
                Param::initialized(param.id, value.set_require_grad(trained))
            }
            Err(error) => {
                self.failed.get_or_insert(error);
                param
            }
        }
    }
}

impl Network {
    /// Copy all weights and running statistics out, without those of the layer that only training has.
    ///
    /// # Errors
    /// The device does not deliver them as 32-bit floats.
    pub fn weights(&self) -> Result<Weights> {
        let mut reader = Reader::default();
        // `valid` also updates the running statistics
        let mut network = self.valid();
        network.predictor = None;
        network.visit(&mut reader);
        let read = reader.tensors.try_execute();
        let read = read.map_err(|error| anyhow!("the device's weights: {error:?}"))?;
        let mut out = Weights::default();
        for (name, data) in reader.names.into_iter().zip(read) {
            out.insert_data(name, data)?;
        }
        Ok(out)
    }

    /// Replace all weights and running statistics of a network that has not been trained yet.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    pub fn with_weights(self, weights: &Weights) -> Result<Self> {
        let mut writer = Writer {
            path: Path::default(),
            weights,
            failed: None,
        };
        let network = self.map(&mut writer);
        match writer.failed {
            Some(error) => Err(error).context("the weights do not fit the network"),
            None => Ok(network),
        }
    }
}
