//! Writing `.timbrel` files (feature `std`).

use std::string::String;
use std::vec;
use std::vec::Vec;

use super::codes::{
    self, extension, feature, front_end as at, header, layer as at_layer, op, section,
};
use super::{Confidence, GraphSpec, Layer, Model, ModelError, Op, Rejection, Resampling, Shape};
use crate::frontend::{Affine, Feature, FrontEnd, WindowSpec};

/// A model in owned form, which [`ModelSpec::to_bytes`] writes and [`Model`] reads.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// Front end whose columns fill the window.
    pub front_end: FrontEnd,
    /// Columns of a window and from window to window.
    pub window: WindowSpec,
    /// Maps from the feature to u8, either one for all bins or one per bin.
    pub normalisation: Vec<Affine>,
    /// Class names in the order of the logits, each of 1 to [`MAX_LABEL_BYTES`](super::MAX_LABEL_BYTES) bytes of
    /// UTF-8.
    pub labels: Vec<String>,
    /// A logit's value is its i32 times `2^-logits_exponent`.
    pub logits_exponent: u8,
    /// The network; the first layer's input is `[bins, columns, 1]`.
    pub layers: Vec<LayerSpec>,
    /// Where the model comes from, lines of `key: value`.
    pub provenance: String,
    /// Output that tells windows which are not music.
    pub rejection: Option<RejectionSpec>,
    /// Calibration of the probabilities.
    pub confidence: Confidence,
    /// Branches of the network, from [`GraphSpec::plan`]; `None` for a chain, in which each layer reads the output of the one
    /// before it.
    pub graph: Option<GraphSpec>,
}

/// A [`Rejection`] in owned form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectionSpec {
    /// Added to the sum of the products.
    pub bias: i32,
    /// The logit's value is its i32 times `2^-exponent`.
    pub exponent: u8,
    /// One weight per value of the embedding, which is the last layer's input.
    pub weights: Vec<i8>,
}

/// One layer in owned form; see [`Layer`] for the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// Operator.
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

impl LayerSpec {
    /// Return the weights of an [`Op::Resample`] in their parts; `None` for any other layer, or where they are too short.
    #[must_use]
    pub fn resampling(&self) -> Option<Resampling<'_>> {
        Resampling::new(self.op, &self.weights)
    }
}

impl ModelSpec {
    /// Encode the model, and read it back so that the result is a valid file.
    ///
    /// # Errors
    /// The fault that [`Model::parse`] finds in the result of a spec that contradicts itself.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let (layers, weights) = self.encode_layers();
        let sections: [Vec<u8>; section::COUNT] = [
            self.encode_front_end(),
            bytes_of_f32(self.normalisation.iter().flat_map(|a| [a.scale, a.offset])),
            self.encode_labels(),
            layers,
            weights,
            self.provenance.clone().into_bytes(),
        ];
        let mut file = vec![0; header::BYTES];
        put(&mut file, 0, codes::MAGIC);
        put(&mut file, header::VERSION, codes::VERSION.to_le_bytes());
        for (index, section) in sections.iter().enumerate() {
            let entry = header::SECTIONS + index * 8;
            let (offset, length) = (file.len() as u32, section.len() as u32);
            put(&mut file, entry, offset.to_le_bytes());
            put(&mut file, entry + 4, length.to_le_bytes());
            file.extend_from_slice(section);
            align(&mut file);
        }
        self.append_extensions(&mut file);
        let length = file.len() as u32;
        put(&mut file, header::LENGTH, length.to_le_bytes());
        let checksum = codes::checksum(&file);
        put(&mut file, header::CHECKSUM, checksum.to_le_bytes());
        Model::parse(&file)?;
        Ok(file)
    }

    /// Append the table of the extension sections and these, if there are any.
    fn append_extensions(&self, file: &mut Vec<u8>) {
        let mut sections: Vec<(u32, Vec<u8>)> = Vec::new();
        if let Some(rejection) = &self.rejection {
            sections.push((extension::REJECTION, rejection.encode()));
        }
        if self.confidence != Confidence::NEUTRAL {
            let Confidence {
                scale,
                unsure_below,
            } = self.confidence;
            let numbers = bytes_of_f32([scale, unsure_below]);
            sections.push((extension::CONFIDENCE, numbers));
        }
        if let Some(graph) = &self.graph {
            sections.push((extension::GRAPH, graph.encode()));
        }
        if sections.is_empty() {
            return;
        }
        let table = file.len();
        put(file, header::EXTENSIONS, (table as u32).to_le_bytes());
        file.resize(table + (1 + sections.len()) * extension::BYTES, 0);
        put(file, table, (sections.len() as u32).to_le_bytes());
        for (index, (id, section)) in sections.iter().enumerate() {
            let entry = table + (1 + index) * extension::BYTES;
            let (offset, length) = (file.len() as u32, section.len() as u32);
            put(file, entry + extension::ID, id.to_le_bytes());
            put(file, entry + extension::PLACE, offset.to_le_bytes());
            put(file, entry + extension::PLACE + 4, length.to_le_bytes());
            file.extend_from_slice(section);
            align(file);
        }
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
        let mut out = vec![0; at::BYTES];
        out[at::FEATURE] = match feature {
            Feature::LogMel => feature::LOG_MEL,
            Feature::Mfcc { .. } => feature::MFCC,
        };
        out[at::MEL_SCALE] = codes::encode(&codes::MEL_SCALES, mel_scale);
        out[at::MEL_NORM] = codes::encode(&codes::MEL_NORMS, mel_norm);
        out[at::PADDING] = codes::encode(&codes::PADDINGS, padding);
        put(&mut out, at::SAMPLE_RATE, sample_rate.to_le_bytes());
        for (offset, value) in [
            (at::N_FFT, n_fft),
            (at::HOP, hop),
            (at::N_MELS, n_mels),
            (at::BINS, self.front_end.bins()),
            (at::WINDOW_COLUMNS, self.window.columns),
            (at::WINDOW_HOP, self.window.hop),
            // more classes than a u16 holds are refused just as the most that it holds
            (
                at::CLASSES,
                u16::try_from(self.labels.len()).unwrap_or(u16::MAX),
            ),
        ] {
            put(&mut out, offset, value.to_le_bytes());
        }
        for (offset, value) in [
            (at::F_MIN, f_min),
            (at::F_MAX, f_max),
            (at::AMIN, amin),
            (at::TOP_DB, top_db),
        ] {
            put(&mut out, offset, value.to_le_bytes());
        }
        out[at::LOGITS_EXPONENT] = self.logits_exponent;
        out[at::REFERENCE] = codes::RELATIVE_TO_WINDOW_MAXIMUM;
        out
    }

    fn encode_labels(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for label in &self.labels {
            // a length that the byte does not hold is refused just as the largest that it holds
            out.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
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
            let mut record = vec![0; at_layer::BYTES];
            let (code, multiplier, geometry, pool) = match layer.op {
                Op::Conv { geometry, pool } => (op::CONV, 0, Some(geometry), pool),
                Op::Depthwise { geometry, pool } => (op::DEPTHWISE, 0, Some(geometry), pool),
                Op::MaxPool { geometry } => (op::MAX_POOL, 0, Some(geometry), [1, 1]),
                Op::AveragePool {
                    geometry,
                    multiplier,
                } => (op::AVERAGE_POOL, multiplier, Some(geometry), [1, 1]),
                Op::Dense => (op::DENSE, 0, None, [1, 1]),
                Op::Join => (op::JOIN, 0, None, [1, 1]),
                Op::Resample { .. } => (op::RESAMPLE, 0, None, [1, 1]),
            };
            record[at_layer::OP] = code;
            record[at_layer::SHIFT] = layer.shift;
            if let Some(geometry) = geometry {
                put(&mut record, at_layer::KERNEL, geometry.kernel);
                put(&mut record, at_layer::STRIDE, geometry.stride);
                put(&mut record, at_layer::PAD, geometry.pad);
            }
            put(&mut record, at_layer::POOL, pool);
            for (at, shape) in [
                (at_layer::INPUT, layer.input),
                (at_layer::OUTPUT, layer.output),
            ] {
                put(&mut record, at, shape.height.to_le_bytes());
                put(&mut record, at + 2, shape.width.to_le_bytes());
                put(&mut record, at + 4, shape.channels.to_le_bytes());
            }
            let weights = (at_layer::WEIGHTS, weights_at, layer.weights.len());
            let biases = (at_layer::BIASES, biases_at, layer.biases.len() * 4);
            for (at, offset, length) in [weights, biases] {
                put(&mut record, at, offset.to_le_bytes());
                put(&mut record, at + 4, (length as u32).to_le_bytes());
            }
            record[at_layer::MULTIPLIER] = multiplier as u8;
            records.extend(record);
        }
        (records, data)
    }
}

impl RejectionSpec {
    fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; codes::rejection::WEIGHTS];
        put(&mut out, codes::rejection::BIAS, self.bias.to_le_bytes());
        out[codes::rejection::EXPONENT] = self.exponent;
        out.extend_from_slice(bytemuck::cast_slice(&self.weights));
        out
    }
}

impl From<Rejection<'_>> for RejectionSpec {
    fn from(rejection: Rejection<'_>) -> Self {
        Self {
            bias: rejection.bias,
            exponent: rejection.exponent,
            weights: rejection.weights.to_vec(),
        }
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
            rejection: model.rejection().map(RejectionSpec::from),
            confidence: model.confidence(),
            graph: GraphSpec::of(model),
        }
    }
}

fn bytes_of_f32(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Write a value at its place.
pub(super) fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    bytes[at..at + N].copy_from_slice(&value);
}

/// Pad with zeros to the next multiple of 16.
fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(codes::ALIGNMENT), 0);
}
