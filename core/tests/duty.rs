//! The duty cycle: its phases, sample by sample, and its pauses.

use proptest::prelude::*;
use timbrel_core::wake::{DutyCycle, DutySettings, Phase};

#[test]
fn settings_out_of_range_are_named() {
    let good = DutySettings {
        settle_ms: 50,
        listen_ms: 3_000,
        every_ms: 60_000,
    };
    assert!(DutyCycle::new(192_001, good).is_err());
    for (settings, name) in [
        (
            DutySettings {
                settle_ms: 10_001,
                ..good
            },
            "settle_ms",
        ),
        (
            DutySettings {
                listen_ms: 499,
                ..good
            },
            "listen_ms",
        ),
        (
            DutySettings {
                every_ms: 3_049,
                ..good
            },
            "every_ms",
        ),
        (
            DutySettings {
                every_ms: u32::MAX,
                ..good
            },
            "every_ms",
        ),
    ] {
        let error = DutyCycle::new(16_000, settings).unwrap_err();
        assert!(error.to_string().starts_with(name), "{error}");
    }
}

/// The phase of each sample of a microphone that is never off, and where turns end.
fn phases(
    duty: &mut DutyCycle,
    cuts: impl Iterator<Item = usize>,
    count: usize,
) -> Vec<(Phase, bool)> {
    let mut phases = Vec::new();
    for cut in cuts {
        let mut rest = cut.min(count - phases.len());
        while rest > 0 {
            let portion = duty.push(rest);
            assert!((1..=rest).contains(&portion.consumed));
            rest -= portion.consumed;
            phases.extend((1..portion.consumed).map(|_| (portion.phase, false)));
            phases.push((portion.phase, portion.ends));
        }
        if phases.len() == count {
            break;
        }
    }
    phases
}

#[test]
fn a_turn_has_its_phases() {
    let settings = DutySettings {
        settle_ms: 100,
        listen_ms: 1_000,
        every_ms: 5_000,
    };
    let mut duty = DutyCycle::new(8_000, settings).unwrap();
    let found = phases(&mut duty, std::iter::repeat(8_000), 80_000);
    for (at, (phase, ends)) in found.into_iter().enumerate() {
        let expected = match at % 40_000 {
            0..800 => Phase::Settling,
            800..8_800 => Phase::Listening,
            _ => Phase::Pausing,
        };
        assert_eq!((phase, ends), (expected, at % 40_000 == 8_799), "{at}");
    }
    assert_eq!(duty.pause_ms(), 0);
    duty.slept(10_000);
    assert_eq!(
        duty.push(1).phase,
        Phase::Settling,
        "only a pause can be slept through"
    );
    duty.push(799);
    assert!(duty.push(9_000).ends);
    assert_eq!(duty.pause_ms(), 3_900);
    duty.slept(3_000);
    assert_eq!((duty.pause_ms(), duty.push(1).phase), (900, Phase::Pausing));
    duty.slept(u32::MAX);
    assert_eq!(
        (duty.pause_ms(), duty.push(800).phase),
        (0, Phase::Settling)
    );
    duty.push(80);
    duty.end_turn();
    assert_eq!(duty.pause_ms(), 3_900);
    assert_eq!(duty.push(0).consumed, 0);

    // without a pause
    let settings = DutySettings {
        settle_ms: 0,
        listen_ms: 500,
        every_ms: 500,
    };
    let mut duty = DutyCycle::new(8_000, settings).unwrap();
    let found = phases(&mut duty, std::iter::repeat(700), 12_000);
    let ends: Vec<usize> = (0..12_000).filter(|at| found[*at].1).collect();
    assert_eq!(ends, [3_999, 7_999, 11_999]);
    assert!(found.iter().all(|(phase, _)| *phase == Phase::Listening));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn phases_do_not_depend_on_divisions(
        cuts in prop::collection::vec(1_usize..9_000, 1..20), settle_ms in 0_u32..300, more in 0_u32..2_000,
    ) {
        let settings = DutySettings { settle_ms, listen_ms: 500, every_ms: 500 + settle_ms + more };
        let mut duty = DutyCycle::new(8_000, settings).unwrap();
        let whole = phases(&mut duty.clone(), std::iter::repeat(30_000), 30_000);
        prop_assert_eq!(phases(&mut duty, cuts.into_iter().cycle(), 30_000), whole);
    }
}
