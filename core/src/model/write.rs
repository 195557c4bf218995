//! Writing `.timbrel` files (feature `std`).

use std::string::String;
use std::vec;
use std::vec::Vec;

use super::format::{self, field, section};
use super::{Layer, Model, ModelError, Op, Shape};
use crate::frontend::{Affine, Feature, FrontEnd, MelNorm, MelScale, Padding, WindowSpec};

/// A model in owned form: what [`ModelSpec::to_bytes`] writes and [`Model`] reads.
#[derive(Clone, Debug)]
pub struct ModelSpec {
    /// Front end whose columns fill the window.
    pub front_end: FrontEnd,
    /// Columns of a window and from window to window.
    pub window: WindowSpec,
    /// Feature to u8, either one for all bins or one a bin.
    pub normalisation: Vec<Affine>,
    /// Class names in the order of the logits, each 1 to 255 bytes of UTF-8.
    pub labels: Vec<String>,
    /// A logit's value is its i32 times `2^-logits_exponent`.
    pub logits_exponent: u8,
    /// The network; the first layer's input is `[bins, columns, 1]`.
    pub layers: Vec<LayerSpec>,
    /// Where the model comes from, lines of `key: value`.
    pub provenance: String,
}

/// One layer in owned form; see [`Layer`] for the fields.
#[derive(Clone, Debug)]
pub struct LayerSpec {
    /// What it computes.
    pub op: Op,
    /// Right shift of the requantisation.
    pub shift: u8,
    /// Shape of its input.
    pub input: Shape,
    /// Shape of its output.
    pub output: Shape,
    /// Weights in the layout that [`Op`] states.
    pub weights: Vec<i8>,
    /// Biases.
    pub biases: Vec<i32>,
}

impl ModelSpec {
    /// Encodes the model and reads it back, so that what is returned is a valid file.
    ///
    /// # Errors
    /// What [`Model::parse`] finds wrong with the result: a spec that contradicts itself.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let (layers, weights) = self.encode_layers();
        let sections = [
            self.encode_front_end(),
            bytes_of_f32(self.normalisation.iter().flat_map(|a| [a.scale, a.offset])),
            self.encode_labels(),
            layers,
            weights,
            self.provenance.clone().into_bytes(),
        ];
        let mut file = vec![0; format::HEADER_BYTES];
        file[..8].copy_from_slice(&format::MAGIC);
        file[field::VERSION..][..2].copy_from_slice(&format::VERSION.to_le_bytes());
        for (index, section) in sections.iter().enumerate() {
            let entry = field::SECTIONS + index * 8;
            let offset = file.len() as u32;
            file[entry..][..4].copy_from_slice(&offset.to_le_bytes());
            file[entry + 4..][..4].copy_from_slice(&(section.len() as u32).to_le_bytes());
            file.extend_from_slice(section);
            align(&mut file);
        }
        let length = file.len() as u32;
        file[field::LENGTH..][..4].copy_from_slice(&length.to_le_bytes());
        let checksum = format::checksum(&file);
        file[field::CHECKSUM..][..4].copy_from_slice(&checksum.to_le_bytes());
        Model::parse(&file)?;
        Ok(file)
    }

    fn encode_front_end(&self) -> Vec<u8> {
        let FrontEnd {
            feature,
            sample_rate,
            n_fft,
            hop,
            n_mels,
            f_min,
            f_max,
            mel_scale,
            mel_norm,
            padding,
            amin,
            top_db,
        } = self.front_end;
        let mut out = vec![
            match feature {
                Feature::LogMel => section::LOG_MEL,
                Feature::Mfcc { .. } => section::MFCC,
            },
            match mel_scale {
                MelScale::Slaney => 1,
                MelScale::Htk => 2,
            },
            match mel_norm {
                MelNorm::None => 0,
                MelNorm::Slaney => 1,
            },
            match padding {
                Padding::None => 0,
                Padding::Zeros => 1,
                Padding::Reflect => 2,
            },
        ];
        out.extend(sample_rate.to_le_bytes());
        out.extend(
            [n_fft, hop, n_mels, self.front_end.bins()]
                .iter()
                .flat_map(|v| v.to_le_bytes()),
        );
        out.extend(bytes_of_f32([f_min, f_max, amin, top_db]));
        let classes = self.labels.len() as u16;
        out.extend(
            [self.window.columns, self.window.hop, classes]
                .iter()
                .flat_map(|v| v.to_le_bytes()),
        );
        out.extend([self.logits_exponent, section::RELATIVE_TO_WINDOW_MAXIMUM]);
        out.resize(section::FRONT_END_BYTES, 0);
        out
    }

    fn encode_labels(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for label in &self.labels {
            out.push(label.len() as u8);
            out.extend_from_slice(label.as_bytes());
        }
        out
    }

    fn encode_layers(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut records, mut data) = (Vec::new(), Vec::new());
        for layer in &self.layers {
            let weights_at = data.len() as u32;
            data.extend_from_slice(bytemuck::cast_slice(&layer.weights));
            align(&mut data);
            let biases_at = data.len() as u32;
            data.extend(layer.biases.iter().flat_map(|b| b.to_le_bytes()));
            align(&mut data);
            let (op, multiplier, g, pool) = match layer.op {
                Op::Conv { geometry, pool } => (section::CONV, 0, Some(geometry), pool),
                Op::Depthwise { geometry, pool } => (section::DEPTHWISE, 0, Some(geometry), pool),
                Op::MaxPool { geometry } => (section::MAX_POOL, 0, Some(geometry), [1, 1]),
                Op::AveragePool {
                    geometry,
                    multiplier,
                } => (section::AVERAGE_POOL, multiplier, Some(geometry), [1, 1]),
                Op::Dense => (section::DENSE, 0, None, [1, 1]),
            };
            records.extend([op, layer.shift]);
            match g {
                Some(g) => records.extend(g.kernel.iter().chain(&g.stride).chain(&g.pad)),
                None => records.extend([0; 8]),
            }
            records.extend(pool);
            for shape in [layer.input, layer.output] {
                records.extend(
                    [shape.height, shape.width, shape.channels]
                        .iter()
                        .flat_map(|v| v.to_le_bytes()),
                );
            }
            let spans = [
                weights_at,
                layer.weights.len() as u32,
                biases_at,
                layer.biases.len() as u32 * 4,
            ];
            records.extend(spans.iter().flat_map(|v| v.to_le_bytes()));
            records.push(multiplier as u8);
            records.extend([0; 7]);
        }
        (records, data)
    }
}

impl From<&Layer<'_>> for LayerSpec {
    fn from(layer: &Layer<'_>) -> Self {
        Self {
            op: layer.op,
            shift: layer.shift,
            input: layer.input,
            output: layer.output,
            weights: layer.weights.to_vec(),
            biases: layer.biases.iter().collect(),
        }
    }
}

impl From<&Model<'_>> for ModelSpec {
    fn from(model: &Model<'_>) -> Self {
        Self {
            front_end: *model.front_end(),
            window: model.window(),
            normalisation: model.normalisation().iter().collect(),
            labels: model.labels().map(String::from).collect(),
            logits_exponent: model.logits_exponent(),
            layers: model
                .layers()
                .map(|layer| LayerSpec::from(&layer))
                .collect(),
            provenance: String::from(model.provenance()),
        }
    }
}

fn bytes_of_f32(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Pads with zeros to the next multiple of 16.
fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(format::ALIGNMENT), 0);
}
