//! Counters for Prometheus.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use serde_json::Value;

/// Upper bounds of the histogram of times, seconds.
const SECONDS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];

type Labels = Vec<(&'static str, String)>;

/// All that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Histogram,
    answers: Family<Labels, Counter>,
    audio: Counter<f64, AtomicU64>,
    /// Lines of the log that nobody took in time.
    pub(crate) lost_lines: Counter,
    pub(crate) waiting: Level,
    pub(crate) working: Level,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("timbrel");
        let requests = Family::<Labels, Counter>::default();
        registry.register("requests", "Requests by path and status", requests.clone());
        let seconds = Histogram::new(SECONDS);
        registry.register_with_unit(
            "request_duration",
            "Time from a request's head to its answer",
            Unit::Seconds,
            seconds.clone(),
        );
        let answers = Family::<Labels, Counter>::default();
        registry.register(
            "answers",
            "Files classified, by state and genre",
            answers.clone(),
        );
        let audio = Counter::default();
        registry.register_with_unit("audio", "Audio classified", Unit::Seconds, audio.clone());
        let lost_lines = Counter::default();
        registry.register(
            "log_lines_lost",
            "Lines of the log that were not written because nobody took them",
            lost_lines.clone(),
        );
        let (waiting, working) = (Level::default(), Level::default());
        registry.register("waiting", "Files that wait for a worker", waiting.0.clone());
        registry.register(
            "working",
            "Files that are being classified",
            working.0.clone(),
        );
        Self {
            registry,
            requests,
            seconds,
            answers,
            audio,
            lost_lines,
            waiting,
            working,
        }
    }

    /// Count a request that was answered.
    pub(crate) fn count_request(&self, path: &str, status: u16, time: Duration) {
        let labels = vec![("path", path.to_owned()), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(time.as_secs_f64());
    }

    /// Count an answer, given as its JSON.
    pub(crate) fn count_answer(&self, answer: &Value) {
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        let labels = vec![("state", text("state")), ("genre", text("genre"))];
        self.answers.get_or_create(&labels).inc();
        self.audio.inc_by(answer["seconds"].as_f64().unwrap_or(0.0));
    }

    /// Return everything in the text format of Prometheus (OpenMetrics).
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // writing to a string cannot fail
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// A number of things that are going on.
#[derive(Clone, Default)]
pub(crate) struct Level(Gauge);

impl Level {
    /// Count one more, until what is returned is dropped.
    pub(crate) fn enter(&self) -> Entered {
        self.0.inc();
        Entered(self.0.clone())
    }
}

/// One thing that is going on.
pub(crate) struct Entered(Gauge);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.dec();
    }
}
