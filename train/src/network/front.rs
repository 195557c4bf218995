//! The fixed maps of a window before the first block, with nothing to learn.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use crate::recipe::NetworkKeys;

/// Added to a window's variance, in units of the full scale squared, before it divides.
pub(crate) const VARIANCE_FLOOR: f32 = 1e-5;

/// A matrix that maps the bins or the columns of a window to others, `[out, in]`.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) shape: [usize; 2],
    pub(crate) values: Vec<f32>,
}

impl Matrix {
    fn new(shape: [usize; 2], value: impl Fn(usize, usize) -> f64) -> Self {
        let [rows, columns] = shape;
        let values = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .map(|(row, column)| value(row, column) as f32)
            .collect();
        Self { shape, values }
    }

    /// Return the first `count` rows of the orthonormal cosine transform (DCT-II) of `bins` values: mel bands in
    /// decibels to MFCCs, as librosa's `mfcc` has them.
    fn cosine(count: usize, bins: usize) -> Self {
        let size = bins as f64;
        Self::new([count, bins], |k, bin| {
            let angle = std::f64::consts::PI * k as f64 * (bin as f64 + 0.5) / size;
            let norm = if k == 0 { 1.0 } else { 2.0 };
            (norm / size).sqrt() * angle.cos()
        })
    }

    /// Return the matrix of a linear interpolation of `from` values at `to` places, edge to edge; where it shrinks,
    /// each new value is a mean weighted by a triangle as wide as two of them.
    fn resizing(to: usize, from: usize) -> Self {
        let ratio = from as f64 / to as f64;
        let reach = ratio.max(1.0);
        let weight = move |row: usize, column: usize| {
            let centre = (row as f64 + 0.5) * ratio - 0.5;
            (1.0 - (column as f64 - centre).abs() / reach).max(0.0)
        };
        let sums: Vec<f64> = (0..to)
            .map(|row| (0..from).map(|column| weight(row, column)).sum())
            .collect();
        Self::new([to, from], |row, column| weight(row, column) / sums[row])
    }

    /// Swap rows and columns.
    pub(crate) fn transposed(&self) -> Self {
        let [rows, columns] = self.shape;
        let at = |row: usize, column: usize| f64::from(self.values[column * columns + row]);
        Self::new([columns, rows], at)
    }

    /// Return the mean over a grid of cells as adaptive pooling places them.
    pub(crate) fn adaptive(to: usize, from: usize) -> Self {
        Self::new([to, from], |row, column| {
            let (begin, end) = (row * from / to, ((row + 1) * from).div_ceil(to));
            if (begin..end).contains(&column) {
                1.0 / (end - begin) as f64
            } else {
                0.0
            }
        })
    }
}

/// Standardisation, then a map of the bins, then one of the columns, each where the recipe has it.
#[derive(Module, Debug)]
pub(crate) struct Front {
    pub(crate) standardise: bool,
    #[module(skip)]
    pub(crate) bins: Option<Matrix>,
    #[module(skip)]
    pub(crate) columns: Option<Matrix>,
}

impl Front {
    pub(crate) fn new(keys: &NetworkKeys, [bins, columns]: [usize; 2]) -> Self {
        let [bins_to, columns_to] = keys.front([bins, columns]);
        Self {
            standardise: keys.standardise,
            bins: match (keys.cepstra, keys.resize) {
                (Some(count), _) => Some(Matrix::cosine(count.get(), bins)),
                (None, Some(_)) => Some(Matrix::resizing(bins_to, bins)),
                (None, None) => None,
            },
            columns: keys.resize.map(|_| Matrix::resizing(columns_to, columns)),
        }
    }

    pub(super) fn forward(&self, mut x: Tensor<4>) -> Tensor<4> {
        let [count, _, bins, columns] = x.dims();
        if self.standardise {
            let flat = x.reshape([count, bins * columns]);
            let centred = flat.clone() - flat.mean_dim(1);
            let variance = centred.clone().square().mean_dim(1);
            x = (centred / (variance + VARIANCE_FLOOR).sqrt()).reshape([count, 1, bins, columns]);
        }
        if let Some(matrix) = &self.bins {
            x = tensor(matrix, &x).matmul(x);
        }
        if let Some(matrix) = &self.columns {
            let map = tensor(matrix, &x).swap_dims(2, 3);
            x = x.matmul(map);
        }
        x
    }
}

/// Return the matrix once for each window of `like`.
fn tensor(matrix: &Matrix, like: &Tensor<4>) -> Tensor<4> {
    let [rows, columns] = matrix.shape;
    let data = TensorData::new(matrix.values.clone(), [1, 1, rows, columns]);
    Tensor::<4>::from_data(data, &like.device()).expand([like.dims()[0], 1, rows, columns])
}
