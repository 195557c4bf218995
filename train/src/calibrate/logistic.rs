//! Logistic regression with weighted examples and a ridge.

/// Newton steps at most; a fit takes about ten.
const STEPS: usize = 50;
/// Change of the coefficients at which a fit is finished.
const CONVERGED: f64 = 1e-8;

/// One example.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    /// Values, as many as every other example has.
    pub values: &'a [u8],
    /// Whether it belongs to the class.
    pub positive: bool,
    /// Weight of its loss.
    pub weight: f64,
}

/// A linear score: above 0, an example more likely belongs to the class.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// One weight per value.
    pub weights: Vec<f64>,
    /// Score of an example whose values are all 0.
    pub bias: f64,
}

impl Logistic {
    /// Minimise the weighted logistic loss, plus `ridge / 2` times the squares of the weights for values of
    /// deviation 1. The result depends on the order of the examples in the last places only, and on nothing random.
    #[must_use]
    pub fn fit(examples: &[Example<'_>], ridge: f64) -> Self {
        let count = examples.first().map_or(0, |example| example.values.len());
        let (mean, deviation) = moments(examples, count);
        let mut coefficients = vec![0.0; count + 1];
        let mut row = vec![1.0; count + 1];
        for _ in 0..STEPS {
            let mut gradient = vec![0.0; count + 1];
            let mut hessian = vec![0.0; (count + 1) * (count + 1)];
            for index in 0..count {
                gradient[index] = ridge * coefficients[index];
                hessian[index * (count + 1) + index] = ridge;
            }
            for example in examples {
                for (index, slot) in row.iter_mut().take(count).enumerate() {
                    *slot = (f64::from(example.values[index]) - mean[index]) / deviation[index];
                }
                let score: f64 = row.iter().zip(&coefficients).map(|(x, c)| x * c).sum();
                let p = 1.0 / (1.0 + (-score).exp());
                let error = example.weight * (p - f64::from(u8::from(example.positive)));
                let curvature = example.weight * p * (1.0 - p);
                for (index, &x) in row.iter().enumerate() {
                    gradient[index] += error * x;
                    let line = &mut hessian[index * (count + 1)..][..=index];
                    let scaled = curvature * x;
                    for (slot, &other) in line.iter_mut().zip(&row) {
                        *slot += scaled * other;
                    }
                }
            }
            // one class alone would have no curvature in the end
            hessian[count * (count + 1) + count] += 1e-9;
            let step = solve(hessian, gradient);
            for (coefficient, step) in coefficients.iter_mut().zip(&step) {
                *coefficient -= step;
            }
            if step.iter().all(|step| step.abs() < CONVERGED) {
                break;
            }
        }
        let weights: Vec<f64> = (0..count)
            .map(|index| coefficients[index] / deviation[index])
            .collect();
        let shift: f64 = weights.iter().zip(&mean).map(|(w, m)| w * m).sum();
        Self {
            bias: coefficients[count] - shift,
            weights,
        }
    }

    /// Compute the score of an example.
    #[must_use]
    pub fn score(&self, values: &[u8]) -> f64 {
        let products = self.weights.iter().zip(values);
        self.bias + products.map(|(w, v)| w * f64::from(*v)).sum::<f64>()
    }
}

/// Weighted mean and deviation of each value.
fn moments(examples: &[Example<'_>], count: usize) -> (Vec<f64>, Vec<f64>) {
    let total: f64 = examples.iter().map(|example| example.weight).sum();
    let moment = |value: &dyn Fn(&Example<'_>) -> f64| {
        examples.iter().map(|e| e.weight * value(e)).sum::<f64>() / total
    };
    let mean: Vec<f64> = (0..count)
        .map(|index| moment(&|example| f64::from(example.values[index])))
        .collect();
    let deviation = (0..count).map(|index| {
        let square = moment(&|e| (f64::from(e.values[index]) - mean[index]).powi(2));
        // a value that never changes gets no weight, whatever it is divided by
        square.sqrt().max(1e-3)
    });
    let deviation = deviation.collect();
    (mean, deviation)
}

/// Solve a symmetric positive definite system, of whose matrix the lower triangle is given, by Cholesky's method.
fn solve(mut matrix: Vec<f64>, mut vector: Vec<f64>) -> Vec<f64> {
    let size = vector.len();
    for row in 0..size {
        for column in 0..=row {
            let (a, b) = (row * size, column * size);
            let sum: f64 = (0..column).map(|k| matrix[a + k] * matrix[b + k]).sum();
            let rest = matrix[a + column] - sum;
            matrix[a + column] = if row == column {
                rest.max(1e-12).sqrt()
            } else {
                rest / matrix[b + column]
            };
        }
    }
    for row in 0..size {
        let sum: f64 = (0..row).map(|k| matrix[row * size + k] * vector[k]).sum();
        vector[row] = (vector[row] - sum) / matrix[row * size + row];
    }
    for row in (0..size).rev() {
        let sum: f64 = (row + 1..size)
            .map(|k| matrix[k * size + row] * vector[k])
            .sum();
        vector[row] = (vector[row] - sum) / matrix[row * size + row];
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9: `LogisticRegression(C=1/0.5).fit((x − mean) / deviation, y, sample_weight)`, whose
    /// coefficients divided by the deviations are these.
    #[test]
    fn scikit_learn_finds_the_same() {
        let rows: [[u8; 2]; 6] = [
            [10, 200],
            [30, 180],
            [60, 90],
            [80, 120],
            [120, 60],
            [200, 10],
        ];
        let examples: Vec<Example<'_>> = (rows.iter().enumerate())
            .map(|(index, values)| Example {
                values,
                positive: [false, false, true, false, true, true][index],
                weight: [1.0, 2.0, 1.0, 1.0, 0.5, 1.5][index],
            })
            .collect();
        let found = Logistic::fit(&examples, 0.5);
        let expected = [0.00877922, -0.02024323, 1.32131525];
        let found = [found.weights[0], found.weights[1], found.bias];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
        }
    }
}
