//! Prints what the firmware must print.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!(
        "{}{}",
        reference::classification()?,
        reference::fingerprints()
    );
    Ok(())
}
