//! Links a board's program: its memory map is `memory.x` in its folder, or that of the chip that a feature selects.

use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let rp2040 = env::var_os("CARGO_FEATURE_RP2040").is_some();
    let map = if rp2040 {
        "memory/rp2040.x"
    } else if env::var_os("CARGO_FEATURE_RP2350").is_some() {
        "memory/rp2350.x"
    } else {
        "memory.x"
    };
    println!("cargo:rerun-if-changed={map}");
    fs::copy(map, out.join("memory.x"))?;
    // making a classifier takes 16 KiB of stack, interrupts the rest
    let stack =
        "ASSERT(_stack_start - _stack_end >= 24K, \"too little RAM is left for the stack\");\n";
    fs::write(out.join("stack.x"), stack)?;
    println!("cargo:rustc-link-search={}", out.display());

    // without --nmagic the linker would align sections to pages of 64 KiB
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tstack.x");
    if rp2040 {
        // the boot loader's second stage
        println!("cargo:rustc-link-arg-bins=-Tlink-rp.x");
    }
    // QEMU's program prints by semihosting
    if env::var("CARGO_PKG_NAME")? != "qemu" {
        println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    }
    Ok(())
}
