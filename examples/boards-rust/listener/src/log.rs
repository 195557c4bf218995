//! The report of boards that have a debugger attached.

use crate::{Heard, Int8Classifier};

/// Log an answer: the genre with its probability in percent, or why there is none.
pub fn log(heard: Heard, classifier: &Int8Classifier<'_>) {
    let Ok(result) = classifier.result() else {
        return;
    };
    let percent = (100.0 * result.confidence) as u8;
    match heard {
        Heard::Window => defmt::info!("{} {} %, {}", result.label, percent, result.state),
        Heard::Piece => defmt::info!(
            "{} {} %, {}, {} windows in all",
            result.label,
            percent,
            result.state,
            result.windows
        ),
    }
}
