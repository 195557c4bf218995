//! The README's tables of sizes, recomputed.
//!
//! Paths are relative to the package, where cargo runs its tests.

use std::path::Path;

use timbrel_core::audio::Resampler;
use timbrel_core::classifier::{Classifier, feature_bytes};
use timbrel_core::engine::Int8Engine;
use timbrel_core::frontend::{FrontEnd, LogMel, Mfcc, Stft, WindowSpec};
use timbrel_core::model::{Model, Op};

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The front ends of the systems that the project reproduces, with the seconds their windows have.
const SYSTEMS: [(&str, FrontEnd, u16); 7] = [
    ("compact: 2048 / 512, 3 s", FrontEnd::COMPACT, 128),
    (
        "tiny: 2048 / 1708, 2.8 s",
        FrontEnd::librosa(2048, 1708, 128),
        36,
    ),
    (
        "tiny-16k: 1024 / 768 at 16 kHz, 3.1 s",
        FrontEnd::librosa(1024, 768, 128).at_rate(16_000),
        64,
    ),
    (
        "mel, 3 s: 2048 / 512",
        FrontEnd::librosa(2048, 512, 128),
        130,
    ),
    (
        "13 MFCCs, 3 s: 2048 / 512",
        FrontEnd::librosa(2048, 512, 128).mfcc(13),
        129,
    ),
    (
        "mel, 3 s: 1024 / 256",
        FrontEnd::librosa(1024, 256, 128),
        258,
    ),
    (
        "mel, 10 s: 2048 / 512",
        FrontEnd::librosa(2048, 512, 128),
        431,
    ),
];

fn readme() -> String {
    std::fs::read_to_string(Path::new("../README.md")).unwrap()
}

fn has_row(readme: &str, cells: &[&str]) {
    let row = format!("| {} |", cells.join(" | "));
    assert!(readme.contains(&row), "the README lacks this row:\n{row}");
}

#[test]
fn the_readme_states_the_memory_of_every_front_end() {
    let readme = readme();
    for (name, front_end, columns) in SYSTEMS {
        let window = WindowSpec { columns, hop: 1 };
        let all = feature_bytes(&front_end, &window);
        let ring = 2 * usize::from(columns) * usize::from(front_end.n_mels);
        let cells = [
            name.into(),
            thousands(all - ring),
            thousands(ring),
            thousands(all),
        ];
        has_row(&readme, &cells.each_ref().map(String::as_str));
    }
    // whole values, with the sizes they have where a pointer has 32 bits
    if cfg!(target_pointer_width = "32") {
        for (name, bytes) in [
            ("`Stft<2048>`", Stft::<2048>::REQUIRED_BYTES),
            ("`LogMel<2048, 128>`", LogMel::<2048, 128>::REQUIRED_BYTES),
            ("`LogMel<1024, 128>`", LogMel::<1024, 128>::REQUIRED_BYTES),
            (
                "`Mfcc<2048, 128, 13>`",
                Mfcc::<2048, 128, 13>::REQUIRED_BYTES,
            ),
        ] {
            has_row(&readme, &[name, &thousands(bytes)]);
        }
        // tests have std; the firmware of examples/cortex-m checks the size without it
        let resampler = thousands(Resampler::REQUIRED_BYTES);
        assert!(readme.contains(&format!("| `Resampler` ({resampler} with std) | 2,396 |")));
    }
}

#[test]
fn the_readme_states_the_sizes_of_the_shipped_model() {
    let file = std::fs::read(Path::new("../models/compact.timbrel")).unwrap();
    let readme = readme();
    let model = Model::parse(&file).unwrap();
    let info = model.info();
    let total = Classifier::required_bytes(&model);
    let ring = 2 * info.window_len();
    let features = feature_bytes(&info.front_end, &info.window);
    let embedding = Classifier::<Int8Engine<'_>>::feature_bytes(&info) - features;
    let engine = Int8Engine::required_bytes(&model);
    let macs: u64 = model
        .layers()
        .map(|layer| {
            let [height, width] = match layer.op {
                Op::Conv { geometry, .. } | Op::Depthwise { geometry, .. } => {
                    geometry.output(layer.input).unwrap()
                }
                Op::Dense => [1, 1],
                _ => [0, 0],
            };
            u64::from(height)
                * u64::from(width)
                * u64::from(layer.output.channels)
                * layer.op.taps(layer.input)
        })
        .sum();
    for (what, value) in [
        ("model file (flash)", thousands(file.len())),
        ("working memory (RAM)", thousands(total)),
        ("— ring of columns", thousands(ring)),
        ("— front end", thousands(features - ring)),
        ("— network", thousands(engine)),
        ("— embedding", thousands(embedding)),
        (
            "multiply-adds per window",
            format!("{:.1} million", macs as f64 / 1e6),
        ),
    ] {
        has_row(&readme, &[what, &value]);
    }
    // the project's own limits
    assert!(
        file.len() <= 100_000 && total <= 96 * 1024 && Int8Engine::arena_bytes(&model) <= 64 * 1024
    );
}

/// Return the bytes that a shipped model needs at least, and those it is fastest in with the DSP extension.
fn working_memory(name: &str) -> [usize; 2] {
    let file = std::fs::read(format!("../models/{name}.timbrel")).unwrap();
    let model = Model::parse(&file).unwrap();
    let least = Classifier::required_bytes(&model);
    // four words for each four taps of two positions or of two outputs' widened weights
    let words = model.layers().map(|layer| {
        let taps = layer.op.taps(layer.input) as usize;
        let [inputs, outputs] =
            [layer.input, layer.output].map(|shape| usize::from(shape.channels));
        match layer.op {
            Op::Conv { .. } if inputs == 1 => taps.div_ceil(4) * (1 + outputs / 2),
            Op::Conv { .. } => taps.div_ceil(4),
            Op::Depthwise { .. } => inputs.div_ceil(4) * (1 + taps.div_ceil(2)),
            _ => 0,
        }
    });
    [least, least + 16 * words.max().unwrap()]
}

/// Documents and programs that state the working memory of a shipped model, with what they say.
#[test]
fn the_working_memory_is_one_number_everywhere() {
    let [least, dsp] = working_memory("compact");
    let kibibytes = [least, dsp].map(|bytes| bytes.div_ceil(1024));
    let [plain, with_dsp] = kibibytes.map(|count| thousands(1024 * count));
    let row = format!(
        "| working memory (`fast_bytes`), rounded up to 1 KiB | {plain} | {with_dsp} | {plain} | {plain} | {plain} |"
    );
    let statements = [
        ("../docs/embedded.md", row),
        (
            "../docs/embedded.md",
            format!("({} bytes more", thousands(dsp - least)),
        ),
        (
            "../docs/placement.md",
            format!("| working memory | {} |", thousands(least)),
        ),
        ("../examples/cortex-m/firmware/src/main.rs", {
            let [plain, with_dsp] = kibibytes;
            format!("if cfg!(feature = \"dsp\") {{ {with_dsp} }} else {{ {plain} }} * 1024")
        }),
        ("../examples/boards-rust/listener/src/lib.rs", {
            let tiny = working_memory("tiny")[1].div_ceil(1024);
            let compact = kibibytes[1];
            format!("if cfg!(feature = \"compact\") {{ {compact} }} else {{ {tiny} }} * 1024")
        }),
        ("src/lib.rs", format!("[u8; {} * 1024]", kibibytes[1])),
    ];
    for (path, statement) in statements {
        let text = std::fs::read_to_string(Path::new(path)).unwrap();
        assert!(text.contains(&statement), "{path} lacks: {statement}");
    }
    // with the handle of a 32-bit core, which is smaller than this machine's
    let c = std::fs::read_to_string(Path::new("../examples/cortex-m/c/main.c")).unwrap();
    assert!(c.contains("MEMORY_BYTES = 88 * 1024"));
    let placement = std::fs::read_to_string(Path::new("../docs/placement.md")).unwrap();
    for array in ["memory", "classifier"] {
        assert!(placement.contains(&format!("uint8_t {array}[88 * 1024];")));
    }
    assert!(dsp + size_of::<Classifier<'_, Int8Engine<'_>>>() <= 88 * 1024);
}

#[test]
fn the_readme_states_the_needs_of_every_model() {
    let readme = readme();
    for name in ["compact", "tiny", "tiny-16k", "s2-mfcc-3s", "large"] {
        let file = std::fs::read(format!("../models/{name}.timbrel")).unwrap();
        let model = Model::parse(&file).unwrap();
        let cells = [file.len(), Classifier::required_bytes(&model)].map(thousands);
        let row = (readme.lines())
            .find(|line| line.starts_with(&format!("| `{name}`")))
            .unwrap_or_else(|| panic!("the README does not name {name}"));
        assert!(
            row.contains(&format!("| {} |", cells.join(" | "))),
            "{row}: {cells:?}"
        );
    }
}
