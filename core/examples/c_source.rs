//! Writes models as C source: `c_source FOLDER PREFIX MODEL...` makes `PREFIXmodel.c` and `.h` in the folder, where
//! `model` is the file's name without its extension.
//!
//! It compiles without burn, so that packages for microcontrollers can be made on any machine.

use std::error::Error;
use std::path::Path;

use timbrel_core::host::CSource;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: c_source FOLDER PREFIX MODEL...";
    let folder = arguments.next().ok_or(usage)?;
    let prefix = arguments.next().ok_or(usage)?;
    for model in arguments {
        let path = Path::new(&model);
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let name = format!("{prefix}{}", stem.ok_or("a model without a name")?);
        let file = std::fs::read(path).map_err(|error| format!("{model}: {error}"))?;
        let c = CSource::new(&name, &file).map_err(|error| format!("{model}: {error}"))?;
        for (extension, text) in [("h", c.header), ("c", c.source)] {
            let path = Path::new(&folder).join(format!("{name}.{extension}"));
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}
