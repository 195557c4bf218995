//! Models as C source, for programs on microcontrollers.

use anyhow::Result;
use timbrel_core::host::CSource;

/// Return `NAME.h` and `NAME.c` of a `.timbrel` file, by their names.
///
/// # Errors
/// The name cannot be one in C, or the file is not valid.
pub(super) fn c_source(name: &str, file: &[u8]) -> Result<[(String, Vec<u8>); 2]> {
    let c = CSource::new(name, file)?;
    Ok([("h", c.header), ("c", c.source)]
        .map(|(extension, text)| (format!("{name}.{extension}"), text.into_bytes())))
}
