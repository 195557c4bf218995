//! Normalisation of cepstral coefficients to the range of the network's input, as core does it on a device.

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor};
use timbrel_core::frontend::Affine;

use super::FULL_SCALE;
use crate::recipe::NetworkKeys;

/// A map from decibels to steps for each coefficient: the normalisation of a model file.
#[derive(Module, Debug)]
pub(super) struct Normalise {
    scale: Param<Tensor<1>>,
    offset: Param<Tensor<1>>,
    #[module(skip)]
    bands: usize,
}

/// `factor · y + summand` is the step of a coefficient `y` of bands in units of the full scale.
pub(crate) struct Steps {
    /// Factor of a scale.
    pub(crate) factor: f32,
    /// Subtracted from coefficient 0 per unit of scale: the decibels that 0 in the cache represents.
    pub(crate) floor: f32,
}

impl Steps {
    pub(crate) fn new(bands: usize) -> Self {
        Self {
            factor: FULL_SCALE / Affine::DB80.scale,
            floor: (bands as f32).sqrt() * Affine::DB80.offset / Affine::DB80.scale,
        }
    }
}

impl Normalise {
    /// Make maps that training replaces by those of its data when it begins.
    pub(super) fn new(keys: &NetworkKeys, bands: usize, device: &Device) -> Option<Self> {
        let count = keys.cepstra.filter(|_| keys.normalise)?.get();
        let constant = |value: f32| {
            let tensor = Tensor::<1>::full([count], value, device);
            Param::initialized(ParamId::new(), tensor.set_require_grad(false))
        };
        Some(Self {
            scale: constant(1.0),
            offset: constant(128.0),
            bands,
        })
    }

    /// Normalise coefficients `[N, 1, coefficient, column]`, in units of the full scale.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let Steps { factor, floor } = Steps::new(self.bands);
        let (scale, offset) = (self.scale.val(), self.offset.val());
        let [count] = scale.dims();
        let device = scale.device();
        let first: Vec<f32> = (0..count)
            .map(|c| if c == 0 { floor } else { 0.0 })
            .collect();
        let summand = offset - scale.clone() * Tensor::from_floats(first.as_slice(), &device);
        let shape = [1, 1, count, 1];
        let steps = x * (scale * factor).reshape(shape) + summand.reshape(shape);
        steps.clamp(0.0, 255.0) / FULL_SCALE
    }
}
