//! Values that are checked where they are read, so that an error points at their line.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

/// A whole number between `MIN` and `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub struct Whole<const MIN: u16, const MAX: u16>(u16);

impl<const MIN: u16, const MAX: u16> Whole<MIN, MAX> {
    /// Return the number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// Return the least number.
    #[must_use]
    pub const fn least() -> Self {
        Self(MIN)
    }

    /// Return the number `VALUE`, which has to be one of those.
    #[must_use]
    pub const fn of<const VALUE: u16>() -> Self {
        const {
            assert!(MIN <= VALUE);
            assert!(VALUE <= MAX);
        }
        Self(VALUE)
    }

    /// Return the number as the 16 bits it fits in.
    #[must_use]
    pub const fn short(self) -> u16 {
        self.0
    }
}

impl<const MIN: u16, const MAX: u16> TryFrom<i64> for Whole<MIN, MAX> {
    type Error = String;

    fn try_from(value: i64) -> Result<Self, String> {
        u16::try_from(value)
            .ok()
            .filter(|v| (MIN..=MAX).contains(v))
            .map(Self)
            .ok_or_else(|| format!("must be {MIN} to {MAX}, is {value}"))
    }
}

/// A number from 0 to `MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Real<const MAX: u16>(f64);

impl<const MAX: u16> Real<MAX> {
    /// Return 1.
    #[must_use]
    pub const fn one() -> Self {
        Self(1.0)
    }

    /// Return the number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl<const MAX: u16> TryFrom<f64> for Real<MAX> {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        if (0.0..=f64::from(MAX)).contains(&value) {
            Ok(Self(value))
        } else {
            Err(format!("must be 0 to {MAX}, is {value}"))
        }
    }
}

/// A probability of dropping something: 0 or more, less than 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Share(f64);

impl Share {
    /// Return the number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Share {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        if (0.0..1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(format!("must be at least 0 and less than 1, is {value}"))
        }
    }
}

/// Extents along bins and columns, 1 to `MAX` each: `2` for both, or `[4, 2]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<const MAX: u16>([u16; 2]);

impl<const MAX: u16> Pair<MAX> {
    /// Return the extents along bins and columns.
    #[must_use]
    pub const fn get(self) -> [usize; 2] {
        [self.0[0] as usize, self.0[1] as usize]
    }
}

impl<const MAX: u16> Default for Pair<MAX> {
    fn default() -> Self {
        Self([1; 2])
    }
}

impl<'de, const MAX: u16> Deserialize<'de> for Pair<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Extents<const MAX: u16>;

        impl<'de, const MAX: u16> Visitor<'de> for Extents<MAX> {
            type Value = Pair<MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from 1 to {MAX} or two of them in a list")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Pair<MAX>, E> {
                let value = Whole::<1, MAX>::try_from(value).map_err(E::custom)?;
                Ok(Pair([value.short(); 2]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Pair<MAX>, A::Error> {
                let mut extents = [1; 2];
                for (index, extent) in extents.iter_mut().enumerate() {
                    let value: Whole<1, MAX> = list
                        .next_element()?
                        .ok_or_else(|| de::Error::invalid_length(index, &self))?;
                    *extent = value.short();
                }
                if list.next_element::<i64>()?.is_some() {
                    return Err(de::Error::invalid_length(3, &self));
                }
                Ok(Pair(extents))
            }
        }

        deserializer.deserialize_any(Extents::<MAX>)
    }
}
