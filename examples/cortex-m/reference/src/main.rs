//! Prints the output that the firmware must have, or, with a model file as its argument, a program with that model.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = match std::env::args_os().nth(1) {
        Some(path) => reference::classification(&std::fs::read(path)?)?,
        None => reference::classification(scenario::MODEL)? + &reference::fingerprints(),
    };
    print!("{text}");
    Ok(())
}
