//! Puts the board's memory map where the linker finds it, and makes the bench's models.

use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "build/layers.rs"]
mod layers;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);

    // thumbv8m is the Cortex-M55's, everything else an MPS2's; another board brings its own file
    println!("cargo:rerun-if-env-changed=BOARD_MEMORY");
    let board = if env::var("TARGET")?.starts_with("thumbv8m") {
        "../boards/mps3.x"
    } else {
        "../boards/mps2.x"
    };
    let board = env::var("BOARD_MEMORY").unwrap_or_else(|_| board.into());
    println!("cargo:rerun-if-changed={board}");
    fs::copy(board, out.join("memory.x"))?;
    println!("cargo:rustc-link-search={}", out.display());

    if env::var("CARGO_FEATURE_MEASURE").is_ok() {
        let model = Path::new("../../../models/compact.timbrel");
        println!("cargo:rerun-if-changed={}", model.display());
        layers::write(&fs::read(model)?, &out)?;
    }
    Ok(())
}
