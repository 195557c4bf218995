//! Impossible counts, misaligned pointers, failed calls over a live classifier, and models that cost too much.

mod common;

use std::mem::MaybeUninit;
use std::ptr::null_mut;

use common::*;
use timbrel::timbrel_status::*;
use timbrel::*;
use timbrel_core::classifier::Classifier;
use timbrel_core::frontend::{Affine, FrontEnd, WindowSpec};
use timbrel_core::model::{Confidence, Cost, Geometry, LayerSpec, Model, ModelSpec, Op, Shape};

/// Make a classifier in `memory`.
fn init(
    memory: &mut [u8],
    model: &[u8],
    config: &timbrel_config,
) -> Result<*mut timbrel_classifier, timbrel_status> {
    let mut made = null_mut();
    // SAFETY: slices; the caller keeps them as long as the classifier is used
    let status = unsafe {
        timbrel_classifier_init(
            memory.as_mut_ptr(),
            memory.len(),
            model.as_ptr(),
            model.len(),
            config,
            &mut made,
        )
    };
    if status == TIMBREL_OK {
        Ok(made)
    } else {
        assert!(made.is_null(), "written on success only");
        Err(status)
    }
}

#[test]
fn a_failed_init_leaves_a_live_classifier_alone() {
    let (bytes, samples) = (model(), music());
    let mut memory = vec![0xEE_u8; 1 << 20];
    let live = init(&mut memory, &bytes, &CONFIG).unwrap();
    let taken = push(live, &samples);
    let before = memory.clone();
    for (model, config, len, expected) in [
        (&bytes[..], config(3_999, 2), 1 << 20, TIMBREL_ERROR_RATE),
        (
            &bytes[..],
            config(44_100, 0),
            1 << 20,
            TIMBREL_ERROR_CHANNELS,
        ),
        (&bytes[..500], CONFIG, 1 << 20, TIMBREL_ERROR_MODEL),
        (&bytes[..], CONFIG, 4_000, TIMBREL_ERROR_MEMORY),
        (&bytes[..], CONFIG, 3, TIMBREL_ERROR_MEMORY),
    ] {
        assert_eq!(init(&mut memory[..len], model, &config), Err(expected));
        assert!(memory == before, "{expected:?} changed the memory");
    }
    assert_eq!(c_says(live, &samples[taken..]), rust_says(&samples));
}

#[test]
fn init_touches_only_what_it_makes_use_of() {
    let bytes = model();
    let model = Model::parse(&bytes).unwrap();
    let handle = size_of::<timbrel_classifier>() + align_of::<timbrel_classifier>();
    let most = Classifier::fast_bytes(&model).max(Classifier::required_bytes(&model)) + handle;
    let mut memory = vec![0xEE_u8; most + 100_000];
    init(&mut memory, &bytes, &CONFIG).unwrap();
    assert!(memory[most..].iter().all(|byte| *byte == 0xEE));
}

#[test]
fn impossible_counts_and_misaligned_pointers_are_refused() {
    let classifier = new(&model(), &CONFIG).unwrap();
    let samples = [0_i16; 9];
    let floats = [0.0_f32; 9];
    let words = [0_i32; 9];
    let mut states = [timbrel_state::TIMBREL_STATE_UNSURE; 2];
    let mut consumed = 77;
    let most = isize::MAX as usize;
    // SAFETY: arguments that must be refused are not read
    let statuses = unsafe {
        [
            timbrel_classifier_push_i16(
                classifier,
                samples.as_ptr(),
                most / 2 + 1,
                &mut consumed,
                null_mut(),
            ),
            timbrel_classifier_push_i16(
                classifier,
                samples.as_ptr(),
                usize::MAX,
                &mut consumed,
                null_mut(),
            ),
            timbrel_classifier_push_f32(
                classifier,
                floats.as_ptr(),
                most / 4 + 1,
                &mut consumed,
                null_mut(),
            ),
            timbrel_classifier_push_f32(
                classifier,
                floats.as_ptr(),
                usize::MAX / 4 + 2,
                &mut consumed,
                null_mut(),
            ),
            timbrel_classifier_push_i16(
                classifier,
                samples.as_ptr().byte_add(1),
                4,
                &mut consumed,
                null_mut(),
            ),
            timbrel_classifier_push_f32(
                classifier,
                floats.as_ptr().byte_add(2),
                4,
                &mut consumed,
                null_mut(),
            ),
            timbrel_classifier_push_i32(
                classifier,
                words.as_ptr().byte_add(2),
                4,
                &mut consumed,
                null_mut(),
            ),
            timbrel_classifier_push_i32(
                classifier,
                words.as_ptr(),
                most / 4 + 1,
                &mut consumed,
                null_mut(),
            ),
            timbrel_classifier_window(classifier, states.as_mut_ptr().byte_add(1), null_mut(), 0),
            timbrel_model_info(
                samples.as_ptr().cast(),
                usize::MAX,
                &mut MaybeUninit::zeroed().assume_init(),
            ),
            timbrel_model_embedding(samples.as_ptr().cast(), most + 1, &mut consumed),
            timbrel_required_bytes(samples.as_ptr().cast(), most + 1, &mut consumed),
            timbrel_classifier_logits(
                classifier,
                (&raw mut consumed).cast::<i32>().byte_add(1),
                64,
            ),
            timbrel_classifier_finish(classifier.byte_add(1)),
        ]
    };
    assert_eq!(statuses, [TIMBREL_ERROR_ARGUMENT; 14]);
    assert_eq!(consumed, 77);
    // the largest slice that the address space could hold
    let end = usize::MAX as *const i16;
    // SAFETY: refused before it is read
    let status = unsafe {
        timbrel_classifier_push_i16(classifier, end.byte_sub(1), 2, &mut consumed, null_mut())
    };
    assert_eq!(status, TIMBREL_ERROR_ARGUMENT);
    assert!(message().contains("misaligned"), "{}", message());
    free(classifier);
}

/// Make a valid model of 4 KB whose window costs 9.7 · 10^9 multiply-adds.
fn costly() -> Vec<u8> {
    let conv = |kernel: u8| Op::Conv {
        geometry: Geometry::square(kernel, 1, kernel / 2),
        pool: [1, 1],
    };
    let pool = Op::MaxPool {
        geometry: Geometry {
            kernel: [128, 128],
            stride: [128, 128],
            pad: [0; 4],
        },
    };
    let mut input = Shape::new(256, 1024, 1);
    let mut layers = Vec::new();
    for (op, channels) in [(conv(1), 64), (conv(3), 64), (pool, 64), (Op::Dense, 2)] {
        let output = op.output(input, channels).unwrap();
        layers.push(LayerSpec {
            op,
            shift: 0,
            input,
            output,
            weights: vec![1; op.weights(input, output) as usize],
            biases: vec![0; op.biases(output) as usize],
        });
        input = output;
    }
    let spec = ModelSpec {
        front_end: FrontEnd::librosa(2048, 512, 256),
        window: WindowSpec {
            columns: 1024,
            hop: 512,
        },
        normalisation: vec![Affine::DB80],
        labels: vec!["a".into(), "b".into()],
        logits_exponent: 0,
        layers,
        provenance: String::new(),
        rejection: None,
        confidence: Confidence::NEUTRAL,
        graph: None,
    };
    spec.to_bytes().unwrap()
}

fn cost_of(model: &[u8]) -> timbrel_cost {
    let mut cost = timbrel_cost {
        struct_size: size_of::<timbrel_cost>() as u32,
        window: 0,
        second: 0,
        activations: 0,
    };
    // SAFETY: a slice and a writable struct
    let status = unsafe { timbrel_model_cost(model.as_ptr(), model.len(), &mut cost) };
    assert_eq!(status, TIMBREL_OK);
    cost
}

fn new_within(model: &[u8], most: &timbrel_cost) -> timbrel_status {
    let mut made = null_mut();
    // SAFETY: slices and writable values
    let status = unsafe {
        timbrel_classifier_new_within(model.as_ptr(), model.len(), &CONFIG, most, &mut made)
    };
    assert_eq!(status == TIMBREL_OK, !made.is_null());
    free(made);
    status
}

#[test]
fn a_model_that_costs_too_much_is_refused_with_its_cost() {
    let bytes = costly();
    let cost = cost_of(&bytes);
    // 1 × 1 and 3 × 3 convolutions and a pooling over 64 channels of 256 × 1024 cells, and two sums of 1,024
    let cells = 64 * 256 * 1024;
    assert_eq!(cost.window, cells * (1 + 576 + 1) + 2 * 1024);
    assert_eq!(cost.activations, 2 * cells);
    assert_eq!(new(&bytes, &CONFIG), Err(TIMBREL_ERROR_COST));
    let said = message();
    assert!(
        said.contains(&format!("{} multiply-adds per window", cost.window)),
        "{said}"
    );
    assert!(said.contains("at most 4000000000"), "{said}");
    assert_eq!(new_within(&bytes, &cost), TIMBREL_OK);
    let less = |change: fn(&mut timbrel_cost)| {
        let mut most = cost;
        change(&mut most);
        new_within(&bytes, &most)
    };
    assert_eq!(less(|most| most.window -= 1), TIMBREL_ERROR_COST);
    assert_eq!(less(|most| most.second -= 1), TIMBREL_ERROR_COST);
    assert_eq!(less(|most| most.activations -= 1), TIMBREL_ERROR_COST);
    assert_eq!(less(|most| most.struct_size = 8), TIMBREL_ERROR_STRUCT_SIZE);
}

#[test]
fn the_cost_is_rusts() {
    let bytes = model();
    let cost: Cost = Model::parse(&bytes).unwrap().cost();
    assert_eq!(cost_of(&bytes), cost.into());
    let mut short = cost_of(&bytes);
    short.struct_size = 0;
    // SAFETY: a slice and writable values, or NULL
    let statuses = unsafe {
        [
            timbrel_model_cost(bytes.as_ptr(), bytes.len(), &mut short),
            timbrel_model_cost(bytes.as_ptr(), bytes.len(), null_mut()),
            timbrel_model_cost(std::ptr::null(), bytes.len(), &mut { cost_of(&bytes) }),
            timbrel_model_cost(bytes.as_ptr(), 100, &mut { cost_of(&bytes) }),
        ]
    };
    let null = TIMBREL_ERROR_NULL;
    assert_eq!(
        statuses,
        [TIMBREL_ERROR_STRUCT_SIZE, null, null, TIMBREL_ERROR_MODEL]
    );
}
