//! A generated network, whose seed, weights and window are the input's: every set of inner loops against the definition.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::mutants;
use common::reference::{reference, run};
use libfuzzer_sys::fuzz_target;
use timbrel_core::model::{Model, ModelSpec};

fuzz_target!(|bytes: &[u8]| {
    let Some((seed, rest)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let file = mutants::file(u32::from_le_bytes(*seed).into());
    let Ok(model) = Model::parse(&file) else {
        return;
    };
    if model.cost().window > 40_000 {
        return;
    }
    let mut spec = ModelSpec::from(&model);
    let mut values = rest.iter().copied().chain([0]).cycle();
    for layer in &mut spec.layers {
        for weight in &mut layer.weights {
            *weight = weight.wrapping_add(values.next().unwrap_or(0) as i8);
        }
    }
    if spec.to_bytes().is_err() {
        return;
    }
    let window: Vec<u8> = values.take(spec.layers[0].input.len() as usize).collect();
    assert_eq!(run(&spec, &window), reference(&spec, &window));
});
