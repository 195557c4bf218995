//! A convolution as matrix products.

use std::cell::RefCell;

use gemm::{Parallelism, gemm};
use rayon::prelude::*;

/// Windows whose share of a weight's gradient is summed on one thread, whatever number of threads there is, so that
/// the sum's rounding is always the same.
const WINDOWS_TOGETHER: usize = 2;

thread_local! {
    /// Room for the patches of a window.
    static ROOM: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Extents of a convolution; pairs are rows and columns.
pub(super) struct Patches {
    pub(super) channels: usize,
    pub(super) outputs: usize,
    pub(super) input: [usize; 2],
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    /// Zeros on either side.
    pub(super) padding: [usize; 2],
}

impl Patches {
    /// Return the rows and columns of the output.
    pub(super) fn places(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            (self.input[axis] + 2 * self.padding[axis] - self.kernel[axis]) / self.stride[axis] + 1
        })
    }

    /// Compute the output `[N, output, place]` from `[N, channel, row, column]` and weights `[output, patch]`.
    pub(super) fn forward(&self, x: &[f32], weight: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0; x.len() / self.input_len() * self.output_len()];
        let weight = Matrix::new(weight, self.outputs);
        y.par_chunks_exact_mut(self.output_len())
            .zip(x.par_chunks_exact(self.input_len()))
            .for_each(|(y, x)| {
                self.with_room(|patches| {
                    self.take(x, patches);
                    multiply(weight, Matrix::new(patches, self.patch_len()), y, false);
                });
            });
        y
    }

    /// Compute the gradient of the input from that of the output.
    pub(super) fn input_gradient(&self, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
        let mut own = vec![0.0; gradient.len() / self.output_len() * self.input_len()];
        let weight = Matrix::new(weight, self.outputs).transposed();
        own.par_chunks_exact_mut(self.input_len())
            .zip(gradient.par_chunks_exact(self.output_len()))
            .for_each(|(own, gradient)| {
                self.with_room(|patches| {
                    multiply(weight, Matrix::new(gradient, self.outputs), patches, false);
                    self.give(patches, own);
                });
            });
        own
    }

    /// Compute the gradient of the weights from that of the output.
    pub(super) fn weight_gradient(&self, x: &[f32], gradient: &[f32]) -> Vec<f32> {
        let len = self.outputs * self.patch_len();
        let shares: Vec<Vec<f32>> = x
            .par_chunks(WINDOWS_TOGETHER * self.input_len())
            .zip(gradient.par_chunks(WINDOWS_TOGETHER * self.output_len()))
            .map(|(x, gradient)| {
                let mut share = vec![0.0; len];
                let windows = x.chunks_exact(self.input_len());
                for (x, gradient) in windows.zip(gradient.chunks_exact(self.output_len())) {
                    self.with_room(|patches| {
                        self.take(x, patches);
                        let patches = Matrix::new(patches, self.patch_len()).transposed();
                        multiply(
                            Matrix::new(gradient, self.outputs),
                            patches,
                            &mut share,
                            true,
                        );
                    });
                }
                share
            })
            .collect();
        let mut own = vec![0.0; len];
        for share in &shares {
            for (sum, value) in own.iter_mut().zip(share) {
                *sum += value;
            }
        }
        own
    }

    fn input_len(&self) -> usize {
        self.channels * self.input[0] * self.input[1]
    }

    fn output_len(&self) -> usize {
        let [rows, columns] = self.places();
        self.outputs * rows * columns
    }

    fn patch_len(&self) -> usize {
        self.channels * self.kernel[0] * self.kernel[1]
    }

    fn with_room(&self, work: impl FnOnce(&mut [f32])) {
        let [rows, columns] = self.places();
        let len = self.patch_len() * rows * columns;
        ROOM.with_borrow_mut(|room| {
            if room.len() < len {
                room.resize(len, 0.0);
            }
            work(&mut room[..len]);
        });
    }

    /// Return the places along an axis at which a kernel's element lies on the input and not on the padding.
    fn inside(&self, axis: usize, element: usize) -> (usize, usize) {
        let (stride, padding) = (self.stride[axis], self.padding[axis]);
        let end = (self.input[axis] + padding).saturating_sub(element);
        let begin = padding.saturating_sub(element).div_ceil(stride);
        let end = end.div_ceil(stride).min(self.places()[axis]);
        (begin.min(end), end)
    }

    /// Call `row` with every piece of a row of the input that lies in a row of the patches: where it begins in
    /// the input, and where it begins and ends in the patches' row, which is numbered as well.
    fn rows(&self, mut row: impl FnMut(Row)) {
        let [_, columns] = self.places();
        let mut patch = 0;
        for channel in 0..self.channels {
            for kernel_row in 0..self.kernel[0] {
                let rows = self.inside(0, kernel_row);
                for kernel_column in 0..self.kernel[1] {
                    let (begin, end) = self.inside(1, kernel_column);
                    let first = begin * self.stride[1] + kernel_column;
                    for place in rows.0..rows.1 {
                        let input_row = place * self.stride[0] + kernel_row - self.padding[0];
                        let line = channel * self.input[0] + input_row;
                        if begin < end {
                            row(Row {
                                patch,
                                begin: place * columns + begin,
                                len: end - begin,
                                input: line * self.input[1] + first - self.padding[1],
                            });
                        }
                    }
                    patch += 1;
                }
            }
        }
    }

    /// Write the patches `[patch, place]` of a window.
    fn take(&self, x: &[f32], patches: &mut [f32]) {
        let [rows, columns] = self.places();
        let stride = self.stride[1];
        if self.padding != [0; 2] {
            patches.fill(0.0);
        }
        self.rows(|row| {
            let to = &mut patches[row.patch * rows * columns + row.begin..][..row.len];
            let from = &x[row.input..][..(row.len - 1) * stride + 1];
            if stride == 1 {
                to.copy_from_slice(from);
            } else {
                for (to, from) in to.iter_mut().zip(from.iter().step_by(stride)) {
                    *to = *from;
                }
            }
        });
    }

    /// Add patches to the places that they came from.
    fn give(&self, patches: &[f32], x: &mut [f32]) {
        let [rows, columns] = self.places();
        let stride = self.stride[1];
        self.rows(|row| {
            let from = &patches[row.patch * rows * columns + row.begin..][..row.len];
            let to = &mut x[row.input..][..(row.len - 1) * stride + 1];
            if stride == 1 {
                for (to, from) in to.iter_mut().zip(from) {
                    *to += *from;
                }
            } else {
                for (to, from) in to.iter_mut().step_by(stride).zip(from) {
                    *to += *from;
                }
            }
        });
    }
}

/// A piece of a row of the input that is a piece of a row of the patches.
struct Row {
    patch: usize,
    begin: usize,
    len: usize,
    input: usize,
}

/// A matrix, row after row or, transposed, column after column.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    values: &'a [f32],
    shape: [usize; 2],
    strides: [usize; 2],
}

impl<'a> Matrix<'a> {
    fn new(values: &'a [f32], rows: usize) -> Self {
        let columns = values.len() / rows;
        assert_eq!(rows * columns, values.len(), "no whole rows");
        Self {
            values,
            shape: [rows, columns],
            strides: [columns, 1],
        }
    }

    fn transposed(self) -> Self {
        let ([rows, columns], [row, column]) = (self.shape, self.strides);
        Self {
            values: self.values,
            shape: [columns, rows],
            strides: [column, row],
        }
    }
}

/// Write or add a product to `out`, row after row.
fn multiply(left: Matrix<'_>, right: Matrix<'_>, out: &mut [f32], add: bool) {
    let ([rows, depth], [_, columns]) = (left.shape, right.shape);
    assert_eq!(depth, right.shape[0], "matrices do not fit");
    assert_eq!(out.len(), rows * columns, "product does not fit");
    // SAFETY: every element that the extents and strides reach lies in the three slices, whose lengths are the
    // product of their extents (`Matrix::new`, and the assertion above)
    unsafe {
        gemm(
            rows,
            columns,
            depth,
            out.as_mut_ptr(),
            1,
            columns as isize,
            add,
            left.values.as_ptr(),
            left.strides[1] as isize,
            left.strides[0] as isize,
            right.values.as_ptr(),
            right.strides[1] as isize,
            right.strides[0] as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
