//! What a reader sees: axes, tables on narrow screens, and cautions where tracks are few.

use std::fs;

use timbrel_train::data::Dataset;
use timbrel_train::evaluate::Answers;
use timbrel_train::report::{Compared, Epoch, Figures, compare};

use super::{answers, dataset, report, run};

/// Make a right answer for every track, of one window.
fn right(dataset: &Dataset) -> Answers {
    let mut answers = Answers::default();
    for track in &dataset.tracks {
        let mut p = vec![0.1; 3];
        p[track.label.unwrap()] = 0.8;
        answers.rows.push(track.row as u32);
        answers.starts.push(0);
        answers.probabilities.push(p);
    }
    answers
}

/// Write the report of such answers and return the file of that name.
fn written(answers: &Answers, dataset: &Dataset, history: &[Epoch], file: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let figures = Figures::new(answers, dataset, "all");
    let report = report(&figures, answers, dataset, history);
    report.write(folder.path()).unwrap();
    fs::read_to_string(folder.path().join(file)).unwrap()
}

/// Make a history whose greatest loss is as given.
fn history(epochs: usize, loss: f64) -> Vec<Epoch> {
    let epoch = |epoch: usize| {
        let line = format!(
            "{{\"epoch\":{epoch},\"train_loss\":{},\"valid_track_accuracy\":0.5}}",
            loss / epoch as f64
        );
        serde_json::from_str(&line).unwrap()
    };
    (1..=epochs).map(epoch).collect()
}

/// Return place and value of the numbers along an axis: x for texts in the middle of theirs, y for those that end there.
fn axis(svg: &str, anchor: &str) -> Vec<(f64, f64)> {
    let attribute = |tag: &str, name: &str| -> Option<f64> {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        rest.split_once('"')?.0.parse().ok()
    };
    let text = |part: &str| {
        let (tag, text) = part.split_once('>')?;
        let own = tag.contains(&format!("text-anchor=\"{anchor}\""));
        let text = text.split_once('<')?.0.trim_end_matches(" %");
        let place = attribute(tag, if anchor == "end" { "y" } else { "x" })?;
        Some((place, text.parse().ok()?)).filter(|_| own)
    };
    svg.split("<text").skip(1).filter_map(text).collect()
}

/// Check that labels are multiples of a round number, at even distances, and say where they are.
#[track_caller]
fn assert_even_and_round(axis: &[(f64, f64)], of: &str) {
    assert!((2..=9).contains(&axis.len()), "{of}: {axis:?}");
    let ((place, value), (next_place, next)) = (axis[0], axis[1]);
    let step = next - value;
    let leading = step / 10_f64.powf((step * 1.000_001).log10().floor());
    assert!(
        [1.0, 2.0, 2.5, 5.0]
            .iter()
            .any(|round| (leading - round).abs() < 1e-6),
        "{of}: steps of {step}"
    );
    for (index, (found_place, found)) in axis.iter().enumerate() {
        let index = index as f64;
        assert!(
            (found - value - index * step).abs() < 1e-9,
            "{of}: {axis:?}"
        );
        assert!(
            (found / step - (found / step).round()).abs() < 1e-6,
            "{of}: {axis:?}"
        );
        // places have one decimal
        let even = place + index * (next_place - place);
        assert!(
            (found_place - even).abs() <= 0.1 * index + 0.1,
            "{of}: {axis:?}"
        );
    }
}

#[test]
fn axes_have_round_numbers_at_even_distances() {
    let dataset = dataset(30);
    let answers = answers(&dataset, 2);
    // gridlines a quarter apart would suit the first two, but their labels would be rounded
    for (epochs, loss) in [
        (2, 1.1),
        (7, 12.4),
        (12, 0.3),
        (47, 0.012),
        (60, 2.3),
        (400, 3.0),
    ] {
        let history = history(epochs, loss);
        for file in ["loss.svg", "accuracy.svg"] {
            let svg = written(&answers, &dataset, &history, file);
            for anchor in ["end", "middle"] {
                let of = format!("{file}, {epochs} epochs, loss {loss}, {anchor}");
                assert_even_and_round(&axis(&svg, anchor), &of);
            }
        }
        // the axis begins at 0 and reaches every value
        let svg = written(&answers, &dataset, &history, "loss.svg");
        let losses = axis(&svg, "end");
        assert_eq!(losses[0].1, 0.0);
        assert!(losses.last().unwrap().1 >= loss - 1e-9, "{losses:?}");
    }
    let svg = written(&answers, &dataset, &[], "risk-coverage.svg");
    for anchor in ["end", "middle"] {
        assert_even_and_round(&axis(&svg, anchor), anchor);
    }
}

#[test]
fn tables_and_plots_scroll_in_themselves() {
    let (dataset, place) = (dataset(30), tempfile::tempdir().unwrap());
    let answers = answers(&dataset, 2);
    let page = written(&answers, &dataset, &history(3, 1.0), "report.html");
    let figures = Figures::new(&answers, &dataset, "valid");
    let paths = ["one", "two"].map(|name| place.path().join(name));
    run(&paths[0], "batch = 8", Some(&figures));
    run(&paths[1], "batch = 16", None);
    let runs = paths.each_ref().map(|path| Compared::read(path).unwrap());
    let file = place.path().join("compare.html");
    compare(&runs, Some(&file)).unwrap();
    let comparison = fs::read_to_string(&file).unwrap();
    for (page, tables, plots) in [(page, 3, 6), (comparison, 3, 2)] {
        for (tag, count) in [("<table", tables), ("<svg", plots)] {
            let before: Vec<&str> = page.split(tag).collect();
            assert_eq!(before.len() - 1, count, "{tag}");
            for before in &before[..count] {
                // directly inside a container that the keyboard reaches and a reader can tell from others
                let container = before.rsplit_once("<div ").unwrap().1.trim_end();
                assert!(container.starts_with("class=\"wide\" role=\"region\" aria-label=\""));
                assert!(container.ends_with(" tabindex=\"0\">"), "{container}");
            }
        }
        assert!(page.contains(".wide { overflow-x: auto; "));
        assert!(page.contains("name=\"viewport\" content=\"width=device-width, initial-scale=1\""));
    }
}

#[test]
fn figures_on_few_tracks_come_with_a_caution() {
    let page = |tracks: usize| {
        let dataset = dataset(tracks);
        written(&right(&dataset), &dataset, &[], "report.html")
    };
    // Wilson's interval where all are right begins at n / (n + z²): 51.0 % for 4, 96.3 % for 99
    for (tracks, low) in [(4, "51.0"), (99, "96.3")] {
        let note = format!(
            "<p class=\"few\" role=\"note\">Only {tracks} tracks: the accuracy on others could be anywhere from {low} to \
             100.0 % (95 % interval)"
        );
        let page = page(tracks);
        assert!(
            page.contains("<b>100.0 %</b>") && page.contains(&note),
            "{note}"
        );
    }
    assert!(!page(100).contains("<p class=\"few\""));

    // of 31 tracks the genres have 11, 10 and 10, of 28 they have 10, 9 and 9
    let genres = "Genres with fewer than 10 tracks: ";
    assert!(!page(31).contains(genres));
    assert!(page(28).contains(&format!("{genres}rows 9, both 9. ")));
}

#[test]
fn cautions_are_in_texts_and_comparisons_too() {
    let place = tempfile::tempdir().unwrap();
    let figures = |tracks: usize| {
        let dataset = dataset(tracks);
        Figures::new(&right(&dataset), &dataset, "valid")
    };
    let [few, many, none] = [4, 120, 0].map(figures);
    assert!(
        few.to_string()
            .ends_with("Fewer than 100 tracks say little about a model.")
    );
    assert!(!many.to_string().contains("Fewer than"));
    assert!(none.caution().unwrap().contains("mean nothing"));

    let paths = ["few", "many"].map(|name| place.path().join(name));
    run(&paths[0], "batch = 8", Some(&few));
    run(&paths[1], "batch = 8", Some(&many));
    let runs = paths.each_ref().map(|path| Compared::read(path).unwrap());
    let file = place.path().join("compare.html");
    let text = compare(&runs, Some(&file)).unwrap();
    assert!(text.contains("100.0 % of 4, 51–100 (valid)"), "{text}");
    assert!(
        text.contains("/few: Only 4 tracks: ") && !text.contains("/many: Only"),
        "{text}"
    );
    let page = fs::read_to_string(&file).unwrap();
    assert_eq!(page.matches("<p class=\"few\"").count(), 1);
}
