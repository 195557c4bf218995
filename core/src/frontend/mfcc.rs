//! Mel-frequency cepstral coefficients.

use core::f64::consts::PI;

use super::FrontEnd;
use super::log_mel::FixedBank;
use super::stream::{Analysis, Frame, Stream};

/// Compute a value of the orthonormal DCT-II's basis: `√(2 / bands) · cos(π c (m + ½) / bands)`, for `c = 0`
/// `√(1 / bands)`.
fn basis(c: usize, m: usize, bands: usize) -> f64 {
    let norm = libm::sqrt(if c == 0 { 1.0 } else { 2.0 } / bands as f64);
    norm * libm::cos(PI * c as f64 * (m as f64 + 0.5) / bands as f64)
}

/// Sum the products from the first band to the last, so that every target computes the same bits.
fn product(row: &[f32], decibels: &[f32]) -> f32 {
    row.iter().zip(decibels).map(|(b, x)| b * x).sum()
}

/// [`Dct`] with sizes known at run time and its basis in borrowed memory.
///
/// ```
/// use timbrel_core::frontend::{Dct, DctTable};
///
/// let mut memory = [0.0; 13 * 40];
/// let table = DctTable::new(&mut memory, 40);
/// let decibels = core::array::from_fn::<f32, 40, _>(|band| -(band as f32));
/// let coefficients = Dct::<40, 13>::new(0).transform(&decibels);
/// assert!((0..13).all(|c| table.coefficient(c, &decibels) == coefficients[c]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DctTable<'m> {
    basis: &'m [f32],
    bands: usize,
}

impl<'m> DctTable<'m> {
    /// Compute the basis of as many coefficients as fit `memory`, `bands` values each.
    #[must_use]
    pub fn new(memory: &'m mut [f32], bands: usize) -> Self {
        let bands = bands.max(1);
        for (c, row) in memory.chunks_exact_mut(bands).enumerate() {
            for (m, value) in row.iter_mut().enumerate() {
                *value = basis(c, m, bands) as f32;
            }
        }
        Self {
            basis: memory,
            bands,
        }
    }

    /// Compute coefficient `index` of one column of decibel values; missing values count as 0, and so does a
    /// coefficient for which there is no memory.
    #[must_use]
    pub fn coefficient(&self, index: usize, decibels: &[f32]) -> f32 {
        let from = index.saturating_mul(self.bands);
        let row = self.basis.get(from..from.saturating_add(self.bands));
        product(row.unwrap_or_default(), decibels)
    }
}

/// Orthonormal DCT-II from `M` log-mel bands to the first `C` coefficients (scipy's
/// `dct(x, type=2, norm="ortho")`), with librosa's optional lifter.
#[derive(Clone, Debug)]
pub struct Dct<const M: usize, const C: usize> {
    basis: [[f32; M]; C],
}

impl<const M: usize, const C: usize> Dct<M, C> {
    /// Compute the basis.
    ///
    /// A `lifter` above 0 multiplies coefficient `c` by `1 + lifter / 2 · sin(π (c + 1) / lifter)`
    /// (librosa's `feature.mfcc(lifter=…)`); 0 means no lifter.
    #[must_use]
    pub fn new(lifter: u16) -> Self {
        let mut rows = [[0.0; M]; C];
        for (c, row) in rows.iter_mut().enumerate() {
            let lift = match f64::from(lifter) {
                0.0 => 1.0,
                lifter => 1.0 + lifter / 2.0 * libm::sin(PI * (c + 1) as f64 / lifter),
            };
            for (m, value) in row.iter_mut().enumerate() {
                *value = (lift * basis(c, m, M)) as f32;
            }
        }
        Self { basis: rows }
    }

    /// Compute the coefficients of one column of `M` decibel values; missing values count as 0.
    #[must_use]
    pub fn transform(&self, decibels: &[f32]) -> [f32; C] {
        self.basis.each_ref().map(|row| product(row, decibels))
    }
}

/// Streaming MFCC: the columns of [`LogMel`](super::LogMel) with `M` bands of frames of `N` samples, and the first `C`
/// coefficients of their DCT. Its columns are arrays of `C` values.
///
/// These are librosa's `feature.mfcc(S=power_to_db(melspectrogram(y), top_db=None))`: a stream has no maximum to
/// clamp at. For a whole signal, apply [`Dct`] after [`relative_to_maximum`](super::relative_to_maximum) (which also
/// subtracts the maximum: that changes coefficient 0 alone, by `√M` times it).
///
/// ```
/// use timbrel_core::frontend::{FrontEnd, Mfcc};
///
/// let mut mfcc = Mfcc::<1024, 40, 13>::new(&FrontEnd::librosa(1024, 256, 40), 0).unwrap();
/// let column: Option<[f32; 13]> = (0..512).find_map(|_| mfcc.push(0.1));
/// assert!(column.is_some());
/// ```
pub type Mfcc<const N: usize, const M: usize, const C: usize> = Stream<Cepstra<N, M, C>>;

/// From a frame of `N` samples through `M` bands to `C` coefficients.
#[derive(Clone, Debug)]
pub struct Cepstra<const N: usize, const M: usize, const C: usize> {
    bank: FixedBank<N, M>,
    dct: Dct<M, C>,
}

impl<const N: usize, const M: usize, const C: usize> Frame for Cepstra<N, M, C> {
    fn slices(&mut self) -> (&mut [f32], &mut [f32]) {
        self.bank.slices()
    }
}

impl<const N: usize, const M: usize, const C: usize> Analysis for Cepstra<N, M, C> {
    type Column<'a> = [f32; C];

    fn column(&mut self) -> Option<[f32; C]> {
        Some(self.dct.transform(self.bank.column()?))
    }
}

impl<const N: usize, const M: usize, const C: usize> Mfcc<N, M, C> {
    /// Size of the value in bytes; it needs no other memory.
    pub const REQUIRED_BYTES: usize = size_of::<Self>();

    /// Make a front end; `None` unless its `n_fft` is `N`, its `n_mels` is `M` and all its fields are within their
    /// limits. For `lifter` see [`Dct::new`].
    #[must_use]
    pub fn new(front_end: &FrontEnd, lifter: u16) -> Option<Self> {
        let bank = FixedBank::fixed(front_end)?;
        let dct = Dct::new(lifter);
        Some(Self::over(front_end, Cepstra { bank, dct }))
    }
}
