//! The gate, the duty cycle and the PDM converter through C: Rust's decisions and samples, and errors for bad input.

mod common;

use std::ptr::{null, null_mut};

use common::message;
use timbrel::timbrel_phase::*;
use timbrel::timbrel_status::*;
use timbrel::*;
use timbrel_core::audio::{BitOrder, Pdm};
use timbrel_core::wake::{Gate, GateSettings};

const SETTINGS: timbrel_gate_settings = timbrel_gate_settings {
    struct_size: size_of::<timbrel_gate_settings>() as u32,
    open_dbfs: -40.0,
    close_dbfs: -50.0,
    least_flux_db: 0.0,
    hold_seconds: 0.5,
};

/// Make notes of different loudness with silence between them.
fn notes() -> Vec<i16> {
    let note = |i: i64| (i * 37 % 200 - 100) * [160, 0, 3, 0, 0, 20][(i / 6_000 % 6) as usize];
    (0..72_000).map(|i| note(i) as i16).collect()
}

fn init(settings: *const timbrel_gate_settings) -> Result<timbrel_gate, timbrel_status> {
    let mut gate = timbrel_gate::default();
    // SAFETY: writable, and settings or NULL
    match unsafe { timbrel_gate_init(&mut gate, 16_000, settings) } {
        TIMBREL_OK => Ok(gate),
        status => Err(status),
    }
}

#[test]
fn a_gate_decides_as_in_rust() {
    let rust = |settings| Gate::new(16_000, settings).unwrap();
    let narrow = GateSettings {
        open_dbfs: -40.0,
        close_dbfs: -50.0,
        least_flux_db: 0.0,
        hold_seconds: 0.5,
    };
    let own = SETTINGS;
    for (settings, mut expected) in [
        (null(), rust(GateSettings::default())),
        (&raw const own, rust(narrow)),
    ] {
        let mut gate = init(settings).unwrap();
        let mut wide = gate;
        let mut states = [0; 2];
        for block in notes().chunks(700) {
            let (mut open, mut open_wide) = (7, 7);
            let high: Vec<i32> = block.iter().map(|x| i32::from(*x) << 16).collect();
            let (mut level, mut flux) = (0.0, 0.0);
            // SAFETY: initialised gates, slices and writable values
            let status = unsafe {
                [
                    timbrel_gate_push_i16(&mut gate, block.as_ptr(), block.len(), &mut open),
                    timbrel_gate_push_i32(&mut wide, high.as_ptr(), high.len(), &mut open_wide),
                    timbrel_gate_level(&gate, &mut level, &mut flux),
                ]
            };
            assert_eq!(status, [TIMBREL_OK; 3]);
            assert_eq!(open != 0, expected.push(block));
            assert_eq!(open, open_wide);
            assert_eq!((level, flux), (expected.level_dbfs(), expected.flux_db()));
            states[usize::from(open)] += 1;
        }
        assert!(states[0] > 3 && states[1] > 3, "{states:?}");
    }
}

#[test]
fn bad_gates_are_refused() {
    let bad = |change: fn(&mut timbrel_gate_settings)| {
        let mut settings = SETTINGS;
        change(&mut settings);
        init(&settings).err()
    };
    assert_eq!(bad(|s| s.struct_size = 16), Some(TIMBREL_ERROR_STRUCT_SIZE));
    assert_eq!(bad(|s| s.open_dbfs = 1.0), Some(TIMBREL_ERROR_ARGUMENT));
    assert_eq!(message(), "open_dbfs must be -90 to 0");
    assert_eq!(
        bad(|s| s.hold_seconds = f32::NAN),
        Some(TIMBREL_ERROR_ARGUMENT)
    );
    assert_eq!(bad(|s| s.struct_size = 400), None);

    let mut gate = init(null()).unwrap();
    let mut open = 9;
    let mut never = timbrel_gate::default();
    let mut level = 0.0;
    // SAFETY: NULL, or writable and readable
    unsafe {
        assert_eq!(
            timbrel_gate_init(null_mut(), 16_000, null()),
            TIMBREL_ERROR_NULL
        );
        assert_eq!(
            timbrel_gate_init(&mut gate, 7, null()),
            TIMBREL_ERROR_ARGUMENT
        );
        let status = timbrel_gate_push_i16(&mut never, [1].as_ptr(), 1, &mut open);
        assert_eq!((status, open), (TIMBREL_ERROR_ARGUMENT, 9));
        let status = timbrel_gate_push_i16(&mut gate, null(), 5, &mut open);
        assert_eq!((status, open), (TIMBREL_ERROR_NULL, 9));
        let status = timbrel_gate_push_i32(&mut gate, null(), 0, &mut open);
        assert_eq!((status, open), (TIMBREL_OK, 0));
        assert_eq!(
            timbrel_gate_push_i16(&mut gate, null(), 0, null_mut()),
            TIMBREL_ERROR_NULL
        );
        assert_eq!(
            timbrel_gate_level(&gate, &mut level, null_mut()),
            TIMBREL_ERROR_NULL
        );
        let status = timbrel_gate_level(&never, &mut level, &mut 0.0);
        assert_eq!(status, TIMBREL_ERROR_ARGUMENT);
    }
}

#[test]
fn a_duty_cycle_listens_and_pauses() {
    let mut duty = timbrel_duty::default();
    let (mut consumed, mut phase, mut ends, mut ms) = (0, TIMBREL_PHASE_PAUSING, 0, 1);
    // SAFETY: writable values throughout
    unsafe {
        assert_eq!(timbrel_duty_slept(&mut duty, 1), TIMBREL_ERROR_ARGUMENT);
        assert_eq!(
            timbrel_duty_init(&mut duty, 16_000, 10, 20, 30),
            TIMBREL_ERROR_ARGUMENT
        );
        assert_eq!(message(), "listen_ms must be 500 to 600,000");
        assert_eq!(
            timbrel_duty_init(&mut duty, 16_000, 100, 3_000, 10_000),
            TIMBREL_OK
        );
        let mut push = |duty: &mut timbrel_duty, count| {
            let status = timbrel_duty_push(duty, count, &mut consumed, &mut phase, &mut ends);
            assert_eq!(status, TIMBREL_OK);
            (consumed, phase, ends)
        };
        assert_eq!(push(&mut duty, 2_000), (1_600, TIMBREL_PHASE_SETTLING, 0));
        assert_eq!(push(&mut duty, 400), (400, TIMBREL_PHASE_LISTENING, 0));
        assert_eq!(timbrel_duty_pause(&duty, &mut ms), TIMBREL_OK);
        assert_eq!(ms, 0);
        assert_eq!(
            push(&mut duty, 99_999),
            (47_600, TIMBREL_PHASE_LISTENING, 1)
        );
        assert_eq!(timbrel_duty_pause(&duty, &mut ms), TIMBREL_OK);
        assert_eq!(ms, 6_900);
        assert_eq!(push(&mut duty, 1_600), (1_600, TIMBREL_PHASE_PAUSING, 0));
        assert_eq!(timbrel_duty_slept(&mut duty, 6_800), TIMBREL_OK);
        assert_eq!(push(&mut duty, 1), (1, TIMBREL_PHASE_SETTLING, 0));
        assert_eq!(timbrel_duty_end_turn(&mut duty), TIMBREL_OK);
        assert_eq!(timbrel_duty_pause(&duty, &mut ms), TIMBREL_OK);
        assert_eq!(ms, 6_900);
        let status = timbrel_duty_push(&mut duty, 1, &mut consumed, null_mut(), &mut ends);
        assert_eq!(status, TIMBREL_ERROR_NULL);
        assert_eq!(timbrel_duty_pause(&duty, null_mut()), TIMBREL_ERROR_NULL);
    }
}

#[test]
fn bits_give_rusts_samples() {
    let bytes: Vec<u8> = (0..3_000_u32).map(|i| ((i * i * 37) >> 3) as u8).collect();
    for (lsb_first, order) in [(0, BitOrder::MsbFirst), (1, BitOrder::LsbFirst)] {
        let mut expected = [0; 400];
        let mut pdm = Pdm::new(1_411_200, 22_050)
            .unwrap()
            .with_order(order)
            .with_gain(4.0);
        let made = pdm.process(&bytes, &mut expected);
        let mut pdm = timbrel_pdm { content: [0; 160] };
        let (mut samples, mut consumed, mut produced) = ([0; 400], 0, 0);
        // SAFETY: a slice and writable values
        let status = unsafe {
            assert_eq!(
                timbrel_pdm_init(&mut pdm, 1_411_200, 22_050, 4.0, lsb_first),
                TIMBREL_OK
            );
            timbrel_pdm_process(
                &mut pdm,
                bytes.as_ptr(),
                bytes.len(),
                &mut consumed,
                samples.as_mut_ptr(),
                samples.len(),
                &mut produced,
            )
        };
        assert_eq!(status, TIMBREL_OK);
        assert_eq!((consumed, produced), (made.consumed, made.produced));
        assert_eq!(samples, expected);
    }
    let mut pdm = timbrel_pdm { content: [0; 160] };
    let (mut consumed, mut produced) = (5, 5);
    // SAFETY: NULL or writable values
    unsafe {
        let status = timbrel_pdm_init(&mut pdm, 1_000_000, 22_050, 1.0, 0);
        assert_eq!(status, TIMBREL_ERROR_RATE);
        assert!(message().contains("1000000 Hz"), "{}", message());
        let status = timbrel_pdm_process(
            &mut pdm,
            bytes.as_ptr(),
            bytes.len(),
            &mut consumed,
            null_mut(),
            0,
            &mut produced,
        );
        assert_eq!((status, consumed, produced), (TIMBREL_ERROR_ARGUMENT, 5, 5));
    }
}
