//! Any bytes as a model file, and the same with a length and a checksum that fit. What is accepted is run, and gives the
//! numbers of the definition with every set of inner loops.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::mutants;
use common::reference::{reference, run};
use libfuzzer_sys::fuzz_target;
use timbrel_core::model::{Model, ModelSpec};

/// Most multiply-adds of a network that is compared with the definition.
const AFFORDABLE: u64 = 40_000;
/// Most bytes of activations: a network with branches may place small ones far apart.
const ROOM: u64 = 1 << 24;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let mut sealed = bytes.to_vec();
    mutants::seal(&mut sealed);
    check(&sealed);
});

fn check(file: &[u8]) {
    let Ok(model) = Model::parse(file) else {
        return;
    };
    let spec = ModelSpec::from(&model);
    let again = spec
        .to_bytes()
        .expect("what was accepted is accepted again");
    let extended = mutants::has_unknown_section(file);
    assert!(again == file || extended, "two files of one model");
    let cost = model.cost();
    if cost.window > AFFORDABLE || cost.activations > ROOM {
        return;
    }
    // the end of the file, which are weights and text, serves as the window
    let len = model.input().len() as usize;
    let window: Vec<u8> = file.iter().rev().copied().cycle().take(len).collect();
    assert_eq!(run(&spec, &window), reference(&spec, &window));
}
