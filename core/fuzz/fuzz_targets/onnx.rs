//! Any bytes as an ONNX file: what is accepted is run once, within limits and without a panic that is not caught.
#![no_main]

use libfuzzer_sys::fuzz_target;
use timbrel_core::engine::Engine;
use timbrel_core::host::tract::TractEngine;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut engine) = TractEngine::from_bytes(bytes) else {
        return;
    };
    let mut logits = vec![0; engine.info().classes];
    engine.input().fill(200);
    // an error is as good as an answer
    let _ = engine.run(&mut logits);
});
