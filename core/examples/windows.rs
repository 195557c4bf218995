//! Times windows of a model on request: `windows MODEL` prints the names of the machine's sets of inner loops, then
//! answers each line `SET COUNT` (a set's index, windows) with the nanoseconds that the windows took. With the feature
//! `tract` the last set is tract, with the `.onnx` file beside the model.
//!
//! `benches/peers/compare.py` runs it beside other runtimes.

use std::error::Error;
use std::io::{BufRead, stdin};
use std::time::Instant;

use timbrel_core::engine::{Engine, Int8Engine, Kernels};
use timbrel_core::model::Model;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: windows MODEL")?;
    let file = std::fs::read(&path)?;
    let model = Model::parse(&file)?;
    let mut engines: Vec<Box<dyn Engine>> = Vec::new();
    for kernels in Kernels::available() {
        for (fast, size) in [
            ("", Int8Engine::fast_bytes_with(&model, kernels)),
            (" in place", Int8Engine::required_bytes(&model)),
        ] {
            let memory = vec![0; size].leak();
            let engine = Int8Engine::with_kernels(model, kernels, memory)?;
            if engine.is_fast() != fast.is_empty() {
                continue;
            }
            println!("{}{fast}", kernels.name());
            engines.push(Box::new(engine));
        }
    }
    #[cfg(feature = "tract")]
    {
        let file = std::fs::read(std::path::Path::new(&path).with_extension("onnx"))?;
        let engine = timbrel_core::host::tract::TractEngine::from_bytes(&file)?;
        println!("tract");
        engines.push(Box::new(engine));
    }
    println!();
    for line in stdin().lock().lines() {
        let line = line?;
        let (set, count) = line.split_once(' ').ok_or("want: SET COUNT")?;
        let engine = engines
            .get_mut(set.parse::<usize>()?)
            .ok_or("no such set")?;
        println!("{}", nanoseconds(engine.as_mut(), count.parse()?)?);
    }
    Ok(())
}

/// Time `count` windows, each filled with noise first, which the time includes as it does for every runtime.
fn nanoseconds(engine: &mut dyn Engine, count: u32) -> Result<u128, Box<dyn Error>> {
    let mut logits = vec![0; engine.info().classes];
    let mut state = 1_u32;
    let window: Vec<u8> = (0..engine.info().window_len())
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    let start = Instant::now();
    for _ in 0..count {
        engine.input().copy_from_slice(&window);
        engine.run(std::hint::black_box(&mut logits))?;
    }
    Ok(start.elapsed().as_nanos())
}
