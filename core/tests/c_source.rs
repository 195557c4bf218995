//! Models as C source: what a C compiler reads must be the model, and text from a model must stay in its comment.

use timbrel_core::classifier::Classifier;
use timbrel_core::host::{CSource, CSourceError};
use timbrel_core::model::{Model, ModelSpec};

const COMPACT: &[u8] = include_bytes!("../models/compact.timbrel");

/// Return the value of a macro of the header.
fn defined(header: &str, name: &str) -> usize {
    let line = header
        .lines()
        .find_map(|line| line.strip_prefix(&format!("#define {name} ")));
    line.expect(name).parse().expect("a number")
}

#[test]
fn the_array_is_the_file() {
    let c = CSource::new("s2-mfcc", COMPACT).unwrap();
    let (head, values) = c.source.split_once("[S2_MFCC_MODEL_BYTES] = {").unwrap();
    assert!(head.contains("#include \"s2-mfcc.h\"\n"));
    assert!(head.ends_with("const uint8_t s2_mfcc_model"));
    let values = values.strip_suffix("};\n").unwrap();
    let bytes: Vec<u8> = values
        .split_terminator(',')
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .map(|value| value.parse().unwrap())
        .collect();
    assert_eq!(bytes, COMPACT);
}

#[test]
fn the_header_states_the_model() {
    let model = Model::parse(COMPACT).unwrap();
    let header = CSource::new("compact", COMPACT).unwrap().header;
    assert_eq!(defined(&header, "COMPACT_MODEL_BYTES"), COMPACT.len());
    assert_eq!(defined(&header, "COMPACT_SAMPLE_RATE"), 22_050);
    assert_eq!(defined(&header, "COMPACT_CLASSES"), 10);
    // the classifier itself has at most 4 KiB, and two positions at a time take less than 2
    let memory = defined(&header, "COMPACT_MEMORY_BYTES");
    let least = Classifier::required_bytes(&model) + 3_800;
    assert!((least..least + 2_400).contains(&memory), "{memory}");
    for (index, label) in model.labels().enumerate() {
        assert!(header.contains(&format!("\n *   {index}  {label}\n")));
    }
    let column = f64::from(model.front_end().hop) / 22_050.0;
    let [window, hop] =
        [model.window().columns, model.window().hop].map(|columns| f64::from(columns) * column);
    let times = format!("A window is {window:.1} s, and a new one is complete every {hop:.1} s.");
    assert!(header.contains(&times));
}

#[test]
fn no_text_of_a_model_ends_the_comment() {
    let mut spec = ModelSpec::from(&Model::parse(COMPACT).unwrap());
    spec.labels[0] = "*/ int x; /*\u{1b}".into();
    spec.provenance = "from: **/\nint y;\n".into();
    let file = spec.to_bytes().unwrap();
    let c = CSource::new("hostile", &file).unwrap();
    for text in [&c.header, &c.source] {
        let (comment, code) = text.split_once("*/").unwrap();
        assert!(comment.contains("int x") && comment.contains("int y"));
        assert!(!code.contains("int x") && !code.contains("int y"));
        assert_eq!(comment.matches("/*").count(), 1);
        assert!(!comment.contains('\u{1b}'));
    }
}

#[test]
fn names_that_c_cannot_have_and_damaged_files_are_refused() {
    for name in ["", "3s", "-a", "_a", "a b", "jäzz", "a/b", "a\"b"] {
        let error = CSource::new(name, COMPACT).unwrap_err();
        assert!(
            matches!(&error, CSourceError::Name(found) if found == name),
            "{name}"
        );
        assert!(error.to_string().contains(&format!("`{name}`")));
    }
    let error = CSource::new("cut", &COMPACT[..1000]).unwrap_err();
    assert!(matches!(error, CSourceError::Model(_)));
}
