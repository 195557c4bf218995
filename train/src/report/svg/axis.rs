//! Round numbers along an axis.

/// Values at even distances of 1, 2 or 5 times a power of ten, which their labels show unrounded.
pub(super) struct Ticks {
    /// 1, 2 or 5.
    factor: i64,
    /// Power of ten.
    exponent: i32,
}

impl Ticks {
    /// Choose the least distance that divides a range into at most `most` parts. A range that is not above 0 counts
    /// as 1.
    pub(super) fn over(range: f64, most: f64) -> Self {
        let rough = if range > 0.0 { range } else { 1.0 } / most;
        let exponent = rough.log10().floor() as i32;
        // a little less, because the division rounds
        let fits = |step: &Self| step.distance() >= rough * (1.0 - 1e-9);
        [1, 2, 5]
            .map(|factor| Self { factor, exponent })
            .into_iter()
            .find(fits)
            .unwrap_or(Self {
                factor: 1,
                exponent: exponent + 1,
            })
    }

    /// Choose one for things that are counted.
    pub(super) fn whole(range: f64, most: f64) -> Self {
        Self::over(range.max(most), most)
    }

    /// Return the distance from value to value.
    pub(super) fn distance(&self) -> f64 {
        self.value(1)
    }

    /// Return the least multiple of the distance that is not below a value, and at least one distance.
    pub(super) fn above(&self, value: f64) -> f64 {
        self.value((value / self.distance() - 1e-9).ceil().max(1.0) as i64)
    }

    /// Return the values from `low` to `high` with their labels.
    pub(super) fn between(&self, [low, high]: [f64; 2]) -> Vec<(f64, String)> {
        let first = (low / self.distance() - 1e-9).ceil() as i64;
        let last = (high / self.distance() + 1e-9).floor() as i64;
        let digits = self.exponent.min(0).unsigned_abs() as usize;
        (first..=last)
            .map(|index| {
                let value = self.value(index);
                (value, format!("{value:.digits$}"))
            })
            .collect()
    }

    /// Return a multiple of the distance, rounded once: 3 · 0.1 would not be 0.3.
    fn value(&self, index: i64) -> f64 {
        let (units, power) = (
            (index * self.factor) as f64,
            10_f64.powi(self.exponent.abs()),
        );
        if self.exponent < 0 {
            units / power
        } else {
            units * power
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ticks;

    fn labels(ticks: &Ticks, range: [f64; 2]) -> Vec<String> {
        let ticks = ticks.between(range).into_iter();
        ticks.map(|(_, label)| label).collect()
    }

    #[test]
    fn labels_are_round() {
        let five = |range: [f64; 2]| labels(&Ticks::over(range[1] - range[0], 5.0), range);
        assert_eq!(five([0.0, 1.0]), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        // a distance of 0.25 would be labelled 0.2, 0.5, 0.8
        assert_eq!(five([0.0, 1.25]), ["0.0", "0.5", "1.0"]);
        assert_eq!(five([0.0, 100.0]), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(five([0.0, 0.012]), ["0.000", "0.005", "0.010"]);
        assert_eq!(five([-3.0, 3.0]), ["-2", "0", "2"]);
        assert_eq!(five([0.0, 0.0]), ["0.0"]);
    }

    #[test]
    fn epochs_are_whole() {
        let epochs = |last: f64| labels(&Ticks::whole(last - 1.0, 6.0), [1.0, last]);
        assert_eq!(epochs(2.0), ["1", "2"]);
        assert_eq!(epochs(7.0), ["1", "2", "3", "4", "5", "6", "7"]);
        assert_eq!(epochs(12.0), ["2", "4", "6", "8", "10", "12"]);
        assert_eq!(epochs(47.0), ["10", "20", "30", "40"]);
    }

    #[test]
    fn the_top_is_a_tick() {
        for value in [0.003, 0.3, 0.9, 1.01, 2.5, 12.4, 700.0] {
            let ticks = Ticks::over(value, 5.0);
            let top = ticks.above(value);
            assert!(
                top >= value && top - value < ticks.distance(),
                "{value}: {top}"
            );
            let last = ticks.between([0.0, top]).pop().unwrap().0;
            assert_eq!(last.to_bits(), top.to_bits(), "{value}");
        }
    }
}
