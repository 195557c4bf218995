//! Figures against scikit-learn's and against numbers worked out by hand; and the files of a report and a comparison.

mod page;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{GENRES, Numbers};
use timbrel_train::data::Dataset;
use timbrel_train::evaluate::Answers;
use timbrel_train::evaluate::score::Score;
use timbrel_train::report::{Compared, Figures, Report, compare, read_history};

fn dataset(tracks: usize) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    crate::common::write_all(folder.path(), tracks);
    Dataset::read(folder.path()).unwrap()
}

/// Make answers for three windows per track, drawn at random but leaning to the true class.
fn answers(dataset: &Dataset, seed: u64) -> Answers {
    let mut numbers = Numbers(seed);
    let mut answers = Answers::default();
    for track in &dataset.tracks {
        for window in 0..3 {
            let mut p: Vec<f32> = (0..3).map(|_| numbers.float().abs() + 0.02).collect();
            p[track.label.unwrap()] += 0.25;
            let sum: f32 = p.iter().sum();
            p.iter_mut().for_each(|p| *p /= sum);
            answers.rows.push(track.row as u32);
            answers.starts.push(8 * window);
            answers.probabilities.push(p);
        }
    }
    answers
}

#[test]
fn figures_by_hand() {
    let dataset = dataset(6); // classes 0 1 2 0 1 2
    let one = |p: [f32; 3]| p.to_vec();
    // tracks 0 to 5 are answered 0, 1, 0, 0, 2, 2; track 3 by two windows of which one is wrong
    let probabilities = vec![
        one([0.9, 0.05, 0.05]),
        one([0.2, 0.58, 0.22]),
        one([0.5, 0.1, 0.4]),
        one([0.8, 0.1, 0.1]),
        one([0.3, 0.4, 0.3]),
        one([0.1, 0.2, 0.7]),
        one([0.0, 0.0, 1.0]),
    ];
    let answers = Answers {
        rows: vec![0, 1, 2, 3, 3, 4, 5],
        starts: vec![0, 0, 0, 0, 8, 0, 0],
        probabilities,
        ..Answers::default()
    };
    let figures = Figures::new(&answers, &dataset, "all");
    assert_eq!((figures.tracks, figures.windows), (6, 7));
    assert_eq!(figures.confusion, [[2, 0, 0], [0, 1, 1], [1, 0, 1]]);
    assert_eq!(figures.window_confusion, [[2, 1, 0], [0, 1, 1], [1, 0, 1]]);
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
    near(figures.track_accuracy, 4.0 / 6.0);
    let mut accuracies = figures.risk_coverage.iter().map(|surest| surest.accuracy);
    let mut coverages = figures.risk_coverage.iter().map(|surest| surest.coverage);
    // from the surest on: track 5 (1.0), 0 (0.9), 4 (0.7), 1 (0.58), 2 (0.5), 3 (about 0.5); tracks 2 and 4 are wrong
    assert!(
        figures
            .risk_coverage
            .is_sorted_by(|a, b| a.confidence > b.confidence)
    );
    near(coverages.next().unwrap(), 1.0 / 6.0);
    near(coverages.next_back().unwrap(), 1.0);
    near(accuracies.next().unwrap(), 1.0);
    near(accuracies.next_back().unwrap(), 4.0 / 6.0);
    near(figures.window_accuracy, 4.0 / 7.0);
    // Wilson's interval of 4 of 6: (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
    near(figures.track_accuracy_interval_95[0], 0.299_993_3);
    near(figures.track_accuracy_interval_95[1], 0.903_228_5);
    let class = |index: usize| {
        let class = &figures.classes[index];
        [class.precision, class.recall, class.f1]
    };
    for (found, expected) in [
        (class(0), [2.0 / 3.0, 1.0, 0.8]),
        (class(1), [1.0, 0.5, 2.0 / 3.0]),
        (class(2), [0.5, 0.5, 0.5]),
    ] {
        (0..3).for_each(|i| near(found[i], expected[i]));
    }
    near(figures.macro_f1, (0.8 + 2.0 / 3.0 + 0.5) / 3.0);
    let pairs: Vec<_> = (figures.most_confused.iter())
        .map(|pair| {
            (
                pair.label.as_str(),
                pair.answer.as_str(),
                pair.tracks,
                pair.share,
            )
        })
        .collect();
    assert_eq!(pairs, [("rows", "both", 1, 0.5), ("both", "bars", 1, 0.5)]);
    // that of the geometric means 0.490, 0.200 and 0.173 of track 3's windows
    let third = 0.24_f64.sqrt() / (0.24_f64.sqrt() + 0.04_f64.sqrt() + 0.03_f64.sqrt());
    // confidences 0.9 0.58 0.5 0.568 0.7 1.0: (0.4, 0.5] wrong, (0.5, 0.6] both right, (0.6, 0.7] wrong, the rest right
    let tracks: Vec<usize> = figures.reliability.iter().map(|bin| bin.tracks).collect();
    assert_eq!(tracks, [0, 0, 0, 0, 1, 2, 1, 0, 1, 1]);
    near(figures.reliability[5].confidence, (0.58 + third) / 2.0);
    near(figures.reliability[5].accuracy, 1.0);
    near(
        figures.calibration_error,
        (0.5 + (2.0 - 0.58 - third) + 0.7 + 0.1 + 0.0) / 6.0,
    );
    let loss = -(0.9_f64.ln() + 0.58_f64.ln() + 0.4_f64.ln() + third.ln() + 0.2_f64.ln()) / 6.0;
    near(figures.track_loss, loss);
}

#[test]
fn a_track_without_windows_does_not_count() {
    let mut score = Score::new(3);
    score.add(0, &[] as &[Vec<f32>]);
    assert_eq!(score, Score::new(3));
    score.add(1, &[vec![0.2, 0.5, 0.3]]);
    assert_eq!((score.tracks, score.tracks_right, score.windows), (1, 1, 1));
}

#[test]
fn a_class_without_tracks_is_not_a_fault() {
    let dataset = dataset(2); // classes 0 and 1 only
    let answers = Answers {
        rows: vec![0, 1],
        starts: vec![0, 0],
        probabilities: vec![vec![1.0, 0.0, 0.0], vec![0.0, 0.0, 1.0]],
        ..Answers::default()
    };
    let figures = Figures::new(&answers, &dataset, "all");
    let third = &figures.classes[2];
    assert_eq!((third.tracks, third.answered), (0, 1));
    assert_eq!([third.precision, third.recall, third.f1], [0.0; 3]);
    assert_eq!(figures.macro_recall, 0.5);
}

const SKLEARN: &str = r#"
import csv, json, sys
import numpy as np
from sklearn import metrics
rows = list(csv.DictReader(open(sys.argv[1])))
labels = json.loads(sys.argv[2])
tracks = {}
for row in rows:
    tracks.setdefault(row["track"], (row["genre"], []))[1].append([float(row["p_" + l]) for l in labels])
mean = {t: np.exp(np.log(np.maximum(w, 1e-30)).mean(0)) for t, (_, w) in tracks.items()}
mean = {t: (p / p.sum()).tolist() for t, p in mean.items()}
truth = [g for g, _ in tracks.values()]
answer = [labels[max(range(len(labels)), key=p.__getitem__)] for p in mean.values()]
p, r, f, s = metrics.precision_recall_fscore_support(truth, answer, labels=labels, zero_division=0)
print(json.dumps({
    "confusion": metrics.confusion_matrix(truth, answer, labels=labels).tolist(),
    "window_confusion": metrics.confusion_matrix([x["genre"] for x in rows], [x["answer"] for x in rows], labels=labels).tolist(),
    "accuracy": metrics.accuracy_score(truth, answer),
    "precision": p.tolist(), "recall": r.tolist(), "f1": f.tolist(), "support": s.tolist(),
    "macro_f1": metrics.f1_score(truth, answer, labels=labels, average="macro"),
    "loss": metrics.log_loss([labels.index(g) for g in truth], list(mean.values()), labels=range(len(labels))),
}))
"#;

#[test]
#[ignore = "needs TIMBREL_PYTHON"]
fn figures_are_scikit_learns() {
    let python = crate::common::python();
    let (dataset, folder) = (dataset(90), tempfile::tempdir().unwrap());
    let answers = answers(&dataset, 5);
    let figures = Figures::new(&answers, &dataset, "all");
    assert!(figures.track_accuracy > 0.4 && figures.track_accuracy < 1.0);
    report(&figures, &answers, &dataset, &[])
        .write(folder.path())
        .unwrap();
    let output = Command::new(&python)
        .args(["-c", SKLEARN])
        .arg(folder.path().join("segments.csv"))
        .arg(serde_json::to_string(&GENRES).unwrap())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let expected: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let matrix = |matrix: &Vec<Vec<usize>>| serde_json::to_value(matrix).unwrap();
    assert_eq!(matrix(&figures.confusion), expected["confusion"]);
    assert_eq!(
        matrix(&figures.window_confusion),
        expected["window_confusion"]
    );
    let near = |found: f64, expected: &serde_json::Value| {
        let expected = expected.as_f64().unwrap();
        assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
    };
    near(figures.track_accuracy, &expected["accuracy"]);
    near(figures.macro_f1, &expected["macro_f1"]);
    near(figures.track_loss, &expected["loss"]);
    for (index, class) in figures.classes.iter().enumerate() {
        near(class.precision, &expected["precision"][index]);
        near(class.recall, &expected["recall"][index]);
        near(class.f1, &expected["f1"][index]);
        near(class.tracks as f64, &expected["support"][index]);
    }
}

fn report<'a>(
    figures: &'a Figures,
    answers: &'a Answers,
    dataset: &'a Dataset,
    history: &'a [timbrel_train::report::Epoch],
) -> Report<'a> {
    Report {
        title: "a <b> & \"c\"",
        about: vec![("split".to_owned(), "<all>".to_owned())],
        figures,
        history,
        answers,
        dataset,
        column_seconds: 0.0775,
    }
}

/// Two epochs, of which the second was evaluated, and a line that a kill cut off.
const METRICS: &str = concat!(
    "{\"epoch\":1,\"learning_rate\":0.1,\"train_loss\":1.5,\"crops_per_second\":9.0,\"seconds\":30.0}\n",
    "{\"epoch\":2,\"learning_rate\":0.1,\"train_loss\":1.25,\"valid_track_accuracy\":0.5,",
    "\"valid_window_accuracy\":0.4,\"valid_track_loss\":1.75,\"crops_per_second\":9.0,\"seconds\":30.0}\n",
    "{\"epoch\":3,\"lea"
);

/// Check that every tag that is opened is closed, in the right order.
#[track_caller]
fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, _) = part.split_once('>').expect("a tag that ends");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_report_is_whole_and_stands_alone() {
    let (dataset, folder) = (dataset(30), tempfile::tempdir().unwrap());
    let answers = answers(&dataset, 2);
    let figures = Figures::new(&answers, &dataset, "all");
    let metrics = folder.path().join("metrics.jsonl");
    fs::write(&metrics, METRICS).unwrap();
    let history = read_history(&metrics).unwrap();
    assert_eq!(
        (history.len(), history[1].valid_track_loss),
        (2, Some(1.75))
    );
    let out = folder.path().join("out");
    let files = report(&figures, &answers, &dataset, &history)
        .write(&out)
        .unwrap();
    assert_eq!(files.len(), 9);
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        if file.extension().is_some_and(|extension| extension == "svg") {
            assert_well_formed(&text);
            assert!(
                !text.contains("NaN") && !text.contains("inf"),
                "{}",
                file.display()
            );
        }
    }
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 6);
    assert!(page.contains("a &lt;b&gt; &amp; &quot;c&quot;") && page.contains("&lt;all&gt;"));
    for outside in ["<script", "<link", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    let wrong = figures.tracks - (figures.track_accuracy * figures.tracks as f64).round() as usize;
    assert!(page.contains(&format!("{wrong} tracks, the surest first")));
    let read: Figures =
        serde_json::from_str(&fs::read_to_string(out.join("metrics.json")).unwrap()).unwrap();
    assert_eq!(read.confusion, figures.confusion);
    let segments = fs::read_to_string(out.join("segments.csv")).unwrap();
    assert_eq!(segments.lines().count(), 1 + 90);
    let second = segments.lines().nth(2).unwrap();
    assert!(second.starts_with("bars.00000,bars,1,0.620,"), "{second}");
}

fn run(folder: &Path, batch: &str, report: Option<&Figures>) {
    fs::create_dir_all(folder.join("report")).unwrap();
    fs::write(folder.join("metrics.jsonl"), METRICS).unwrap();
    fs::write(
        folder.join("recipe.toml"),
        crate::common::RECIPE.replace("batch = 8", batch),
    )
    .unwrap();
    if let Some(figures) = report {
        let text = serde_json::to_string(figures).unwrap();
        fs::write(folder.join("report/metrics.json"), text).unwrap();
    }
}

#[test]
fn runs_are_compared() {
    let (dataset, place) = (dataset(30), tempfile::tempdir().unwrap());
    let figures = Figures::new(&answers(&dataset, 2), &dataset, "valid");
    let paths = ["one", "two"].map(|name| place.path().join(name));
    run(&paths[0], "batch = 8", Some(&figures));
    run(&paths[1], "batch = 16", None);
    let runs = paths.each_ref().map(|path| Compared::read(path).unwrap());
    assert_eq!(runs[0].best(), Some((0.5, 2)));
    let page = place.path().join("compare.html");
    let text = compare(&runs, Some(&page)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[1].contains("/one ") && lines[1].contains("50.0 % (2)"),
        "{text}"
    );
    assert!(
        lines[1].contains("(valid)") && !lines[2].contains("(valid)"),
        "{text}"
    );
    assert!(text.contains("training.batch: 8 | 16"), "{text}");
    assert!(!text.contains("training.epochs"), "{text}");
    let page = fs::read_to_string(page).unwrap();
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(page.contains("<h2>Recall</h2>"));
    let error = format!("{:#}", Compared::read(place.path()).unwrap_err());
    assert!(error.contains("metrics.jsonl"), "{error}");
}

#[test]
fn seeds_of_one_recipe_are_averaged() {
    let place = tempfile::tempdir().unwrap();
    let paths = [1, 2, 3].map(|seed| place.path().join(format!("seed-{seed}")));
    for path in &paths {
        run(path, "batch = 8", None);
    }
    // of epochs 1 and 2 the second and third run have other valid accuracies than the first
    for (path, best, last) in [(&paths[1], 0.75, 0.7), (&paths[2], 0.625, 0.6)] {
        let lines = format!(
            "{{\"epoch\":1,\"train_loss\":1.0,\"valid_track_accuracy\":{best}}}\n\
             {{\"epoch\":2,\"train_loss\":1.0,\"valid_track_accuracy\":{last}}}\n"
        );
        fs::write(path.join("metrics.jsonl"), lines).unwrap();
    }
    let runs: Vec<_> = paths
        .iter()
        .map(|path| Compared::read(path).unwrap())
        .collect();
    assert_eq!(
        (runs[1].best(), runs[1].last()),
        (Some((0.75, 1)), Some(0.7))
    );
    let text = compare(&runs, None).unwrap();
    let mean = text.lines().nth(4).unwrap();
    assert!(mean.starts_with("mean of 3 seeds of tiny"), "{text}");
    // 50, 75 and 62.5: mean 62.5, deviation 12.5
    assert!(
        mean.contains("manifest") && mean.contains("62.5 % ± 12.5"),
        "{text}"
    );
    assert!(!text.contains("differs"), "{text}");
}
