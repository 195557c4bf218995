//! Learning rates over a run.

use crate::common::RECIPE;
use timbrel_train::recipe::Recipe;
use timbrel_train::training::LearningRate;

const STEPS: usize = 100;

/// Return all rates of a run with the peak 0.01 and a quarter of the steps for the rise.
fn rates(schedule: &str) -> Vec<f64> {
    let text = RECIPE.replace(
        "[training]",
        &format!("[training]\nschedule = \"{schedule}\""),
    );
    let rate = LearningRate::new(&Recipe::parse(&text).unwrap().training, STEPS);
    (0..STEPS).map(|step| rate.rate(step)).collect()
}

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn one_cycle_rises_and_falls() {
    let rates = rates("one-cycle");
    assert_near(rates[0], 0.01 / 25.0);
    assert_near(rates[25], 0.01);
    assert!(rates[..26].is_sorted());
    assert!(rates[25..].iter().rev().is_sorted());
    // halfway down half a cosine
    assert_near(rates[25 + 75 / 3], 0.01 * (1e-3 + 0.999 * 0.75));
    assert!(rates[99] < 2e-5);
}

#[test]
fn cosine_begins_at_the_peak() {
    let rates = rates("cosine");
    assert_near(rates[0], 0.01);
    assert_near(rates[50], 0.01 * (1e-3 + 0.999 * 0.5));
    assert!(rates.iter().rev().is_sorted());
}

#[test]
fn constant_stays_at_the_peak() {
    let rates = rates("constant");
    assert_near(rates[0], 0.01 / 25.0);
    assert!(rates[25..].iter().all(|rate| *rate == 0.01));
}
