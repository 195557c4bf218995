//! A model's metadata, apart from its weights and names.

use crate::frontend::{Affine, FrontEnd, WindowSpec};
use crate::limits::{
    CONFIDENCE_SCALE, Field, InvalidField, MAX_CLASSES, MAX_COLUMNS, MAX_EMBEDDING,
    MAX_LABEL_BYTES, MAX_LOGITS_EXPONENT, MAX_NORMALISATION, MAX_REJECTION_EXPONENT,
};

/// Metadata of a model: its front end, its windows and its outputs.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// Front end that makes the columns.
    pub front_end: FrontEnd,
    /// Columns of a window and from window to window.
    pub window: WindowSpec,
    /// Number of classes, `1..=`[`MAX_CLASSES`].
    pub classes: usize,
    /// A logit's value is its i32 times `2^-logits_exponent`.
    pub logits_exponent: u8,
    /// Values of the embedding, at most [`MAX_EMBEDDING`]; 0 for a model without one.
    pub embedding: usize,
    /// The rejection logit's value is its i32 times `2^-exponent`; `None` for a model that rejects nothing.
    pub rejection_exponent: Option<u8>,
    /// Calibration of the probabilities.
    pub confidence: Confidence,
}

/// Calibration of a model's probabilities. The default changes nothing.
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence {
    /// Factor of the logits before the softmax (an inverse temperature), within
    /// [`CONFIDENCE_SCALE`].
    pub scale: f32,
    /// Probability of the likeliest class below which the answer is unsure, `0.0..=1.0`.
    pub unsure_below: f32,
}

impl Confidence {
    /// The calibration of a model that states none: no scaling, and no answer is unsure.
    pub const NEUTRAL: Self = Self {
        scale: 1.0,
        unsure_below: 0.0,
    };

    /// Check both numbers against their limits.
    ///
    /// # Errors
    /// The first number outside its limits.
    pub fn validate(&self) -> Result<(), InvalidField> {
        // written so that NaN fails
        let [smallest, largest] = CONFIDENCE_SCALE;
        let scale = self.scale >= smallest && self.scale <= largest;
        InvalidField::unless(scale, Field::ConfidenceScale, self.scale)?;
        // a negative zero would be a second form of the same threshold
        let share =
            (0.0..=1.0).contains(&self.unsure_below) && self.unsure_below.is_sign_positive();
        InvalidField::unless(share, Field::UnsureBelow, self.unsure_below)
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self::NEUTRAL
    }
}

impl ModelInfo {
    /// Describe a model without an embedding.
    #[must_use]
    pub const fn new(
        front_end: FrontEnd,
        window: WindowSpec,
        classes: usize,
        logits_exponent: u8,
    ) -> Self {
        Self {
            front_end,
            window,
            classes,
            logits_exponent,
            embedding: 0,
            rejection_exponent: None,
            confidence: Confidence::NEUTRAL,
        }
    }

    /// Return the same description with an embedding of `values` values.
    #[must_use]
    pub const fn with_embedding(self, values: usize) -> Self {
        Self {
            embedding: values,
            ..self
        }
    }

    /// Return the same description of a model that rejects windows which are not music; `exponent` is that of its
    /// rejection logit.
    #[must_use]
    pub const fn with_rejection(self, exponent: u8) -> Self {
        Self {
            rejection_exponent: Some(exponent),
            ..self
        }
    }

    /// Return whether a window with this rejection logit, an i32 in the model's units, has a vote in the answer. It has
    /// one up to a value of 1.5, a probability of 82 % that it is not music: of the windows of music that a model rejects
    /// by less, most still have the right genre.
    #[must_use]
    pub fn has_vote(&self, not_music: Option<i32>) -> bool {
        let exponent = self.rejection_exponent.unwrap_or(0);
        not_music
            .is_none_or(|logit| 2 * i64::from(logit) <= 3 << exponent.min(MAX_REJECTION_EXPONENT))
    }

    /// Return the same description with calibrated probabilities.
    #[must_use]
    pub const fn with_confidence(self, confidence: Confidence) -> Self {
        Self { confidence, ..self }
    }

    /// Return the bytes of a window: `bins · columns`, with [`FrontEnd::bins`].
    #[must_use]
    pub fn window_len(&self) -> usize {
        usize::from(self.front_end.bins()) * usize::from(self.window.columns)
    }

    /// Check every field against its limits.
    ///
    /// # Errors
    /// The first field outside its limits, and its value.
    pub fn validate(&self) -> Result<(), InvalidField> {
        self.front_end.validate()?;
        self.window.validate()?;
        let classes = (1..=MAX_CLASSES).contains(&self.classes);
        InvalidField::unless(classes, Field::Classes, saturated(self.classes))?;
        InvalidField::unless(
            self.logits_exponent <= MAX_LOGITS_EXPONENT,
            Field::LogitsExponent,
            self.logits_exponent,
        )?;
        InvalidField::unless(
            self.embedding <= MAX_EMBEDDING,
            Field::Embedding,
            saturated(self.embedding),
        )?;
        let exponent = self.rejection_exponent.unwrap_or(0);
        let good = exponent <= MAX_REJECTION_EXPONENT;
        InvalidField::unless(good, Field::RejectionExponent, exponent)?;
        self.confidence.validate()
    }

    /// Check the names of the classes: one per class, each of 1 to [`MAX_LABEL_BYTES`] bytes, without a NUL, no two the
    /// same.
    ///
    /// # Errors
    /// The number of names, or the first fault of a name: its length, a NUL, or the index of the class that repeats it.
    pub fn validate_labels<'l, L>(&self, labels: L) -> Result<(), InvalidField>
    where
        L: IntoIterator<Item = &'l str, IntoIter: Clone>,
    {
        let labels = labels.into_iter();
        let count = labels.clone().count();
        InvalidField::unless(count == self.classes, Field::Labels, saturated(count))?;
        for (class, label) in labels.clone().enumerate() {
            check_label(label)?;
            let is_new = labels.clone().take(class).all(|earlier| earlier != label);
            InvalidField::unless(is_new, Field::RepeatedLabel, saturated(class))?;
        }
        Ok(())
    }

    /// Check the maps from the feature to the network's input: one for all bins or one per bin, with finite
    /// numbers of at most [`MAX_NORMALISATION`] in magnitude.
    ///
    /// # Errors
    /// The number of maps or the first value outside the limits.
    pub fn validate_normalisation(
        &self,
        maps: impl IntoIterator<Item = Affine>,
    ) -> Result<(), InvalidField> {
        let mut count = 0_usize;
        for map in maps {
            check_normalisation(map.scale)?;
            check_normalisation(map.offset)?;
            count += 1;
        }
        self.check_normalisation_length(count)
    }

    /// Check the number of maps.
    pub(super) fn check_normalisation_length(&self, count: usize) -> Result<(), InvalidField> {
        let fits = count == 1 || count == usize::from(self.front_end.bins());
        InvalidField::unless(fits, Field::NormalisationLength, saturated(count))
    }
}

impl WindowSpec {
    /// Check the window against its limits.
    ///
    /// # Errors
    /// The first field outside its limits, and its value.
    pub fn validate(&self) -> Result<(), InvalidField> {
        let columns = (1..=MAX_COLUMNS).contains(&self.columns);
        InvalidField::unless(columns, Field::WindowColumns, self.columns)?;
        let hop = (1..=self.columns).contains(&self.hop);
        InvalidField::unless(hop, Field::WindowHop, self.hop)
    }
}

/// Check one number of a map.
pub(super) fn check_normalisation(value: f32) -> Result<(), InvalidField> {
    // written so that NaN fails
    let good = value.abs() <= MAX_NORMALISATION;
    InvalidField::unless(good, Field::Normalisation, value)
}

/// Check a class name by itself.
pub(super) fn check_label(label: &str) -> Result<(), InvalidField> {
    check_label_length(label.len())?;
    InvalidField::unless(!label.contains('\0'), Field::LabelByte, 0_u8)
}

/// Check the bytes of a class name.
pub(super) fn check_label_length(bytes: usize) -> Result<(), InvalidField> {
    let good = (1..=MAX_LABEL_BYTES).contains(&bytes);
    InvalidField::unless(good, Field::LabelLength, saturated(bytes))
}

fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
