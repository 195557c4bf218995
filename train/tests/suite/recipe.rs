//! Recipes: the shipped ones are valid, and faults are named with their line.

use crate::common::RECIPE;
use timbrel_train::recipe::Recipe;

#[test]
fn shipped_recipes_are_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        Recipe::read(&entry.unwrap().path()).unwrap();
        found += 1;
    }
    assert!(found > 0);
}

#[test]
fn own_models_average_over_a_power_of_two() {
    for text in [
        include_str!("../../recipes/compact.toml"),
        include_str!("../../recipes/tiny.toml"),
        include_str!("../../recipes/tiny-16k.toml"),
        include_str!("../../recipes/large-distilled.toml"),
    ] {
        let recipe = Recipe::parse(text).unwrap();
        let shapes = recipe.network.shapes(recipe.input()).unwrap();
        let places: usize = shapes.last().unwrap().iter().product();
        assert!(places.is_power_of_two(), "{}: {places}", recipe.name);
    }
}

/// Return the message of the recipe with one line replaced.
fn error(from: &str, to: &str) -> String {
    assert_eq!(RECIPE.matches(from).count(), 1, "{from}");
    format!(
        "{:#}",
        Recipe::parse(&RECIPE.replace(from, to)).unwrap_err()
    )
}

#[track_caller]
fn assert_names(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in:\n{message}");
    }
}

#[test]
fn unknown_keys_are_named_with_their_line() {
    let line = |text: &str| RECIPE.lines().position(|l| l.starts_with(text)).unwrap() + 1;
    let message = error("batch = 8", "batch = 8\nbatches = 8");
    assert_names(
        &message,
        &["batches", &format!("line {}", line("batch") + 1)],
    );
    let message = error("[window]", "[windows]");
    assert_names(
        &message,
        &["windows", &format!("line {}", line("[window]"))],
    );
    let message = error(
        "{ channels = 8, kernel = 1 }",
        "{ channels = 8, kernel = 1, groups = 2 }",
    );
    assert_names(&message, &["groups", "line 14"]);
}

#[test]
fn impossible_values_are_named_with_their_line() {
    assert_names(
        &error("epochs = 4", "epochs = 0"),
        &["epochs = 0", "line ", "must be 1 to 10000"],
    );
    assert_names(&error("epochs = 4", "epochs = -3"), &["is -3"]);
    assert_names(
        &error("epochs = 4", "epochs = 1.5"),
        &["epochs = 1.5", "line "],
    );
    assert_names(
        &error("mixup_alpha = 0.2", "mixup_alpha = nan"),
        &["must be 0 to 10, is NaN"],
    );
    assert_names(
        &error("warmup = 0.25", "warmup = 1.25"),
        &["warmup = 1.25", "must be 0 to 1"],
    );
    assert_names(&error("epochs = 4\n", ""), &["missing field `epochs`"]);
    assert_names(
        &error("n_fft = 512", "n_fft = 512\nsample_rate = 4000"),
        &["sample_rate = 4000", "line ", "must be 8000 to 48000"],
    );
}

#[test]
fn keys_that_contradict_each_other_are_named() {
    assert_names(&error("n_fft = 512", "n_fft = 1000"), &["n_fft", "1000"]);
    assert_names(&error("hop = 8", "hop = 33"), &["hop 33", "columns 32"]);
    assert_names(
        &error("{ channels = 6, kernel = 3,", "{ channels = 7, kernel = 3,"),
        &["block 1", "depthwise"],
    );
    assert_names(
        &error("kernel = 3, pool = 2", "kernel = 3, pool = 8, stride = 8"),
        &["block 1", "nothing is left"],
    );
    assert_names(&error("name = \"tiny\"", "name = \"a/b\""), &["a/b"]);
    assert_names(
        &error("epochs = 4", "epochs = 4\nselect = \"last\"\npatience = 3"),
        &["patience", "select"],
    );
}

#[test]
fn the_line_of_a_contradiction_is_named() {
    let line = |text: &str| RECIPE.lines().position(|l| l.contains(text)).unwrap() + 1;
    for (from, to, key) in [
        ("columns = 32", "columns = 4096", "columns = 32"),
        ("hop = 8", "hop = 33", "hop = 8"),
        ("n_fft = 512", "n_fft = 1000", "n_fft"),
        (
            "{ channels = 6, kernel = 3,",
            "{ channels = 7, kernel = 3,",
            "depthwise",
        ),
        (
            "kernel = 3, pool = 2",
            "kernel = 3, pool = 8, stride = 8",
            "depthwise",
        ),
        ("name = \"tiny\"", "name = \"a/b\"", "name"),
    ] {
        assert_names(&error(from, to), &[&format!("line {}: ", line(key))]);
    }
    let message = error("columns = 32", "columns = 4096");
    assert_names(&message, &["1 to 1024", "4096"]);
    // only a model that never runs on a device may have more
    let bins = RECIPE.replace("n_mels = 32\n", "");
    Recipe::parse(&bins.replace("columns = 32", "columns = 4096")).unwrap();
}

#[test]
fn impossible_networks_are_named() {
    let block = "{ channels = 8, kernel = 1 }";
    let with = |keys: &str| error(block, &format!("{{ channels = 8, kernel = 1, {keys} }}"));
    assert_names(
        &with("pool = [0, 2]"),
        &["pool", "must be 1 to 8, is 0", "line 14"],
    );
    assert_names(&with("pool = 9"), &["must be 1 to 8, is 9", "line 14"]);
    assert_names(
        &with("pool = [2, 2, 2]"),
        &["two of them in a list", "line 14"],
    );
    assert_names(&with("pool = [2]"), &["two of them in a list", "line 14"]);
    assert_names(
        &with("norm = \"middle\""),
        &["middle", "before-relu", "line 14"],
    );
    assert_names(&with("dropout = 1.0"), &["less than 1, is 1", "line 14"]);
    assert_names(
        &with("branches = true, norm = \"none\""),
        &["block 2", "branches"],
    );

    let network = |keys: &str| error("[network]\n", &format!("[network]\n{keys}\n"));
    assert_names(&network("reduce = \"gru\""), &["units"]);
    assert_names(&network("units = 5"), &["units"]);
    assert_names(&network("reduce = \"adaptive\""), &["places"]);
    assert_names(&network("reduce = \"rnn\""), &["rnn", "lstm", "line 11"]);
    assert_names(&network("cepstra = 33"), &["cepstra", "32 bins"]);
    assert_names(&network("cepstra = 13\nresize = 8"), &["cepstra", "resize"]);
    assert_names(
        &network("quantised = true"),
        &["quantised", "norm = \"none\""],
    );
    assert_names(
        &network("hidden = [{ units = 0 }]"),
        &["must be 1 to 4096, is 0", "line 11"],
    );
}

#[test]
fn impossible_splits_and_teachers_are_named() {
    let end = |table: &str| {
        format!(
            "{:#}",
            Recipe::parse(&format!("{RECIPE}{table}")).unwrap_err()
        )
    };
    let split = "[split]\nof = \"tracks\"\ntrain = 0.8\nvalid = 0.3\n";
    assert_names(&end(split), &["[split]", "0.8", "0.3"]);
    assert_names(
        &end(&split.replace("tracks", "songs")),
        &["songs", "segments", "line "],
    );
    assert_names(
        &end(&split.replace("0.8", "1.0")),
        &["less than 1", "line "],
    );
    assert_names(
        &end(&split.replace("train = 0.8\n", "")),
        &["missing field `train`"],
    );
    assert_names(
        &end("[distillation]\nweight = 1.5\n"),
        &["must be 0 to 1, is 1.5", "line "],
    );
    assert_names(
        &end("[distillation]\nweight = 1.0\ntemperature = 0.0\n"),
        &["temperature"],
    );
    let file = "[distillation]\ntargets = \"teacher\"\n";
    assert_names(&end(file), &["teaches nothing", "line "]);
    assert_names(
        &end(&format!("{file}weight = 0.5\n")),
        &["targets", "regress", "answers"],
    );
    assert_names(
        &end("[distillation]\nregress = \"values\"\n"),
        &["targets", "regress"],
    );
    assert_names(
        &end(&format!("{file}regress = \"a\"\nanswers = \"b\"\n")),
        &["answers need a weight", "line "],
    );
}
