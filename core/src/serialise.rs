//! Errors as the text that they display, for feature `serde`; everything else derives its form.

use serde::{Serialize, Serializer};

macro_rules! as_text {
    ($($(#[$when:meta])? $error:ty),* $(,)?) => {$(
        $(#[$when])?
        impl Serialize for $error {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

as_text!(
    crate::Error,
    crate::audio::UnsupportedRate,
    crate::model::InvalidField,
    crate::model::ModelError,
    crate::model::TooCostly,
    #[cfg(feature = "decode")]
    crate::host::decode::DecodeError,
    #[cfg(feature = "std")]
    crate::host::piece::PieceError,
);
