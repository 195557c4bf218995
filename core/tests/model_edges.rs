//! The limits of a model file from both sides: the last value that is accepted and the first that is refused, each of
//! which `cargo mutants` may move by one.

mod common;

use common::Random;
use common::mutants::crc32;
use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};
use timbrel_core::model::{
    Field, Geometry, InvalidField, LayerSpec, Model, ModelError, ModelSpec, Op, RejectionSpec,
    Shape,
};

const WINDOW: WindowSpec = WindowSpec {
    columns: 32,
    hop: 20,
};
const LAYER_BYTES: usize = 48;
/// Indices of the sections in the header's table.
const LABELS: usize = 2;
const LAYERS: usize = 3;
const WEIGHTS: usize = 4;
const PROVENANCE: usize = 5;

fn spec_of(ops: &[(Op, u16)]) -> ModelSpec {
    let random = &mut Random(5);
    let front_end = FrontEnd::librosa(2048, 512, 16);
    let mut input = Shape::new(16, WINDOW.columns, 1);
    let mut layers: Vec<LayerSpec> = Vec::new();
    for (op, channels) in ops {
        let layer = common::layer(random, *op, input, *channels).unwrap();
        input = layer.output;
        layers.push(layer);
    }
    common::model(random, front_end, WINDOW, layers, 3)
}

const AROUND: Geometry = Geometry::square(3, 1, 1);

/// A convolution whose 27 weights and 3 biases leave gaps, a maximum and an average.
fn of_three() -> ModelSpec {
    let pool = [2, 2];
    let conv = Op::Conv {
        geometry: AROUND,
        pool,
    };
    let average = Op::AveragePool {
        geometry: AROUND,
        multiplier: 1,
    };
    spec_of(&[
        (conv, 3),
        (Op::MaxPool { geometry: AROUND }, 0),
        (average, 0),
    ])
}

/// Return the name of the field for which a spec is refused.
fn fault(spec: &ModelSpec) -> &'static str {
    match spec.to_bytes() {
        Err(ModelError::Invalid { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

fn section(file: &[u8], index: usize) -> usize {
    let entry = 32 + index * 8;
    u32::from_le_bytes(file[entry..entry + 4].try_into().unwrap()) as usize
}

/// Return the error for a file with other bytes at a place and a valid checksum.
fn error_with(good: &[u8], at: usize, bytes: &[u8]) -> ModelError {
    let mut file = good.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    let crc = crc32(&file[20..]);
    file[16..20].copy_from_slice(&crc.to_le_bytes());
    Model::parse(&file).unwrap_err()
}

fn invalid(what: &'static str, at: usize, found: f64) -> ModelError {
    ModelError::Invalid { what, at, found }
}

#[test]
fn sums_may_reach_the_largest_i32_and_not_one_more() {
    let mut spec = spec_of(&[]);
    let most = i32::MAX - 16 * 32 * 255 * 128;
    for bias in [most, -most] {
        spec.layers[0].biases[1] = bias;
        spec.to_bytes().unwrap();
    }
    for bias in [most + 1, -most - 1, i32::MIN] {
        spec.layers[0].biases[1] = bias;
        assert_eq!(fault(&spec), "largest possible sum");
    }
    let mut spec = spec_of(&[]);
    let rejection = |bias, weights| RejectionSpec {
        bias,
        exponent: 31,
        weights: vec![-128; weights],
    };
    for bias in [most, -most] {
        spec.rejection = Some(rejection(bias, 512));
        spec.to_bytes().unwrap();
    }
    for bias in [most + 1, -most - 1] {
        spec.rejection = Some(rejection(bias, 512));
        assert_eq!(fault(&spec), "largest possible rejection");
    }
    spec.rejection = Some(rejection(0, 511));
    assert_eq!(fault(&spec), "rejection length");
}

#[test]
fn a_model_without_an_embedding_has_no_rejection() {
    let conv = Op::Conv {
        geometry: AROUND,
        pool: [1, 1],
    };
    // 2,048 inputs of the last layer, and an embedding has at most 1,024
    let mut spec = spec_of(&[(conv, 4)]);
    let file = spec.to_bytes().unwrap();
    assert_eq!(Model::parse(&file).unwrap().info().embedding, 0);
    spec.rejection = Some(RejectionSpec {
        bias: 0,
        exponent: 0,
        weights: Vec::new(),
    });
    assert_eq!(fault(&spec), "rejection length");
}

#[test]
fn an_activation_has_at_most_64_mebibytes() {
    let sized = |channels| {
        let conv = Op::Conv {
            geometry: Geometry::square(1, 1, 0),
            pool: [1, 1],
        };
        let whole = Geometry {
            kernel: [128, 128],
            stride: [1, 1],
            pad: [0; 4],
        };
        let random = &mut Random(1);
        let window = WindowSpec {
            columns: 128,
            hop: 1,
        };
        let wide = common::layer(random, conv, Shape::new(128, 128, 1), channels).unwrap();
        let max = Op::MaxPool { geometry: whole };
        let narrow = common::layer(random, max, wide.output, 0).unwrap();
        let front_end = FrontEnd::librosa(2048, 512, 128);
        common::model(random, front_end, window, vec![wide, narrow], 3)
    };
    sized(4096).to_bytes().unwrap();
    assert_eq!(fault(&sized(4097)), "activation size");
}

#[test]
fn padding_is_smaller_than_the_kernel_on_every_side() {
    for side in 0..4 {
        let mut spec = of_three();
        let Op::Conv { geometry, .. } = &mut spec.layers[0].op else {
            unreachable!()
        };
        geometry.pad[side] = 3;
        assert_eq!(fault(&spec), "padding", "side {side}");
    }
}

#[test]
fn fields_that_an_operator_does_not_use_are_refused() {
    let good = of_three().to_bytes().unwrap();
    let layers = section(&good, LAYERS);
    for (what, layer, offset, value, found) in [
        ("shift", 0, 1, 32_u8, 32.0),
        ("shift", 1, 1, 1, 1.0),
        ("fused pool", 1, 10, 2, 2.0),
        ("fused pool", 2, 10, 0, 0.0),
        ("multiplier", 0, 40, 0xff, -1.0),
        ("multiplier", 1, 40, 1, 1.0),
        ("multiplier", 2, 40, 0, 0.0),
        ("multiplier", 2, 40, 0x80, -128.0),
        ("multiplier", 3, 40, 0xff, -1.0),
        ("shift of the last layer", 3, 1, 1, 1.0),
        ("layer op", 0, 0, 8, 8.0),
    ] {
        let at = layers + layer * LAYER_BYTES + offset;
        assert_eq!(error_with(&good, at, &[value]), invalid(what, at, found));
    }
}

#[test]
fn the_network_begins_at_the_window_and_ends_at_the_classes() {
    let good = of_three().to_bytes().unwrap();
    let last = section(&good, LAYERS) + 3 * LAYER_BYTES;
    let mut spec = of_three();
    // four names take as many bytes as three and their gap
    spec.labels.push("class 3".into());
    assert_eq!(
        spec.to_bytes().unwrap_err(),
        invalid("outputs", last + 22, 3.0)
    );
    let mut spec = of_three();
    spec.layers.pop();
    assert_eq!(fault(&spec), "last layer");
    spec.layers.clear();
    assert_eq!(fault(&spec), "layers length");
    let mut spec = of_three();
    spec.layers.remove(0);
    assert_eq!(fault(&spec), "input shape");
}

#[test]
fn gaps_between_weights_are_zeros() {
    let good = of_three().to_bytes().unwrap();
    let weights = section(&good, WEIGHTS);
    for at in [27, 31, 44, 47].map(|offset| weights + offset) {
        assert_eq!(error_with(&good, at, &[7]), invalid("gap", at, 7.0));
    }
}

#[test]
fn text_is_named_with_its_byte() {
    let good = of_three().to_bytes().unwrap();
    let at = section(&good, PROVENANCE) + 4;
    assert_eq!(
        error_with(&good, at, &[0xff]),
        invalid("provenance", at, 255.0)
    );
    // the last of three names of seven bytes, one byte longer than the section
    let at = section(&good, LABELS) + 2 * 8;
    let error = error_with(&good, at, &[8]);
    let (needed, found) = (at + 9, at + 8);
    assert_eq!(error, ModelError::Truncated { needed, found });
}

#[test]
fn names_and_maps_are_found_by_their_index() {
    let file = of_three().to_bytes().unwrap();
    let model = Model::parse(&file).unwrap();
    assert_eq!(model.label(0), Some("class 0"));
    assert_eq!(model.label(2), Some("class 2"));
    assert_eq!(model.label(3), None);
    assert_eq!(model.info().window_len(), 16 * 32);
    // one map serves all bins
    assert_eq!(model.normalisation().bin(15), Some(Affine::DB80));
    let empty: Vec<bool> = model.layers().map(|l| l.biases.is_empty()).collect();
    assert_eq!(empty, [false, true, true, false]);
    let mut spec = of_three();
    spec.normalisation = (0..16).map(common::of_coefficient).collect();
    let file = spec.to_bytes().unwrap();
    let maps = Model::parse(&file).unwrap().normalisation();
    for bin in 0..16 {
        assert_eq!(maps.bin(bin.into()), Some(common::of_coefficient(bin)));
    }
    assert_eq!(maps.bin(16), None);
}

#[test]
fn names_and_maps_are_counted() {
    let file = of_three().to_bytes().unwrap();
    let info = Model::parse(&file).unwrap().info();
    let parts = |invalid: InvalidField| (invalid.field, invalid.found);
    let labels = |labels: &[&'static str]| {
        let labels = labels.iter().copied();
        info.validate_labels(labels).map_err(parts)
    };
    assert_eq!(labels(&["a", "b", "c"]), Ok(()));
    assert_eq!(labels(&[]), Err((Field::Labels, 0.0)));
    assert_eq!(labels(&["a", "b"]), Err((Field::Labels, 2.0)));
    assert_eq!(labels(&["a"; 4]), Err((Field::Labels, 4.0)));
    assert_eq!(labels(&["a", "", "c"]), Err((Field::LabelLength, 0.0)));
    assert_eq!(labels(&["a", "b\0", "c"]), Err((Field::LabelByte, 0.0)));
    assert_eq!(labels(&["a", "b", "a"]), Err((Field::RepeatedLabel, 2.0)));
    let maps = |maps: &[Affine]| {
        let maps = maps.iter().copied();
        info.validate_normalisation(maps).map_err(parts)
    };
    let error = |count| Err((Field::NormalisationLength, count));
    assert_eq!(maps(&[]), error(0.0));
    assert_eq!(maps(&[Affine::DB80]), Ok(()));
    assert_eq!(maps(&[Affine::DB80; 2]), error(2.0));
    assert_eq!(maps(&[Affine::DB80; 16]), Ok(()));
    assert_eq!(maps(&[Affine::DB80; 17]), error(17.0));
    let far = Affine {
        scale: 1.0,
        offset: -2e6,
    };
    assert_eq!(maps(&[far]), Err((Field::Normalisation, -2e6)));
}

#[test]
fn a_window_that_does_not_fit_has_no_output() {
    let input = Shape::new(5, 9, 2);
    let with = |kernel, stride, pad| Geometry {
        kernel,
        stride,
        pad,
    };
    for (geometry, expected) in [
        (with([2, 3], [1, 2], [1, 2, 0, 0]), Some([5, 5])),
        (with([2, 3], [1, 2], [0, 0, 1, 2]), Some([5, 5])),
        (with([5, 9], [7, 7], [0; 4]), Some([1, 1])),
        (with([6, 9], [1, 1], [0; 4]), None),
        (with([5, 10], [1, 1], [0; 4]), None),
        (with([0, 1], [1, 1], [0; 4]), None),
        (with([1, 0], [1, 1], [0; 4]), None),
        (with([1, 1], [0, 1], [0; 4]), None),
        (with([1, 1], [1, 0], [0; 4]), None),
    ] {
        assert_eq!(geometry.output(input), expected, "{geometry:?}");
    }
    let pool = |pool| Op::Conv {
        geometry: Geometry::square(1, 1, 0),
        pool,
    };
    assert_eq!(pool([5, 9]).output(input, 4), Some(Shape::new(1, 1, 4)));
    for empty in [[6, 9], [5, 10], [0, 1], [1, 0]] {
        assert_eq!(pool(empty).output(input, 4), None);
    }
    assert!(Shape::new(3, 0, 1).is_empty() && !Shape::new(1, 1, 1).is_empty());
}
