//! The firmware's tune through the same classifier and with the same output, on any other machine.

use std::fmt::Write;

use timbrel_core::Error;
use timbrel_core::audio::InputFormat;
use timbrel_core::classifier::Classifier;
use timbrel_core::engine::Engine;
use timbrel_core::frontend::FrontEnd;
use timbrel_core::model::Model;

/// Return the firmware's lines about the windows and the genre, with a model file.
///
/// # Errors
/// Those of [`Model::parse`], and the classifier's if the model and the tune do not go together.
pub fn classification(model: &[u8]) -> Result<String, Error> {
    let model = Model::parse(model)?;
    let mut memory = vec![0; Classifier::fast_bytes(&model)];
    let format = InputFormat::mono(scenario::RATE_HZ);
    let mut classifier = Classifier::int8(model, format, &mut memory)?;
    let tune: Vec<i16> = scenario::Tune::new().take(scenario::SAMPLES).collect();
    let mut text = String::new();
    let mut rest = tune.as_slice();
    while !rest.is_empty() {
        let pushed = classifier.push(rest)?;
        rest = &rest[pushed.consumed..];
        if pushed.window {
            line(&mut text, "window", &classifier)?;
        }
    }
    classifier.finish()?;
    line(&mut text, "all", &classifier)?;
    Ok(text)
}

fn line<E: Engine>(
    text: &mut String,
    what: &str,
    classifier: &Classifier<'_, E>,
) -> Result<(), Error> {
    let result = classifier.result()?;
    let _ = write!(
        text,
        "{what} {}: {} {} %, logits",
        result.windows,
        result.label,
        (100.0 * result.confidence) as u32
    );
    for logit in classifier.logits() {
        let _ = write!(text, " {logit}");
    }
    text.push('\n');
    Ok(())
}

/// Return the bench firmware's lines about floating-point results.
#[must_use]
pub fn fingerprints() -> String {
    let log_mel = scenario::FrontEndMemory::new(&FrontEnd::COMPACT);
    let columns = log_mel.map_or(0, |mut log_mel| scenario::columns(&mut log_mel));
    let resampled = scenario::resampled().unwrap_or_default();
    format!("columns {columns}\nresampled {resampled}\n")
}

/// Return everything as bytes that a host without strings can read: the text's address in the lower and its length in
/// the upper 32 bits, for WebAssembly. The text is never freed.
// the name is the module's interface and unique in it
#[unsafe(no_mangle)]
pub extern "C" fn report() -> u64 {
    let text = classification(scenario::MODEL).unwrap_or_else(|error| format!("{error}\n"))
        + &fingerprints();
    let text = text.leak();
    ((text.len() as u64) << 32) | text.as_ptr().addr() as u64
}
