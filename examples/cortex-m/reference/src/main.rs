//! Prints the output that the firmware must have.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!(
        "{}{}",
        reference::classification()?,
        reference::fingerprints()
    );
    Ok(())
}
