//! Links with the memory maps of esp-hal.

fn main() {
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    // the last one, as esp-hal's documentation says
    println!("cargo:rustc-link-arg-bins=-Tlinkall.x");
}
