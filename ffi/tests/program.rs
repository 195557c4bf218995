//! The program in the README and in docs/c-api.md: both are the same, and it compiles without a warning. Needs `cc`.

use std::path::Path;
use std::process::Command;

fn program(document: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(document);
    let text = std::fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once("```c\n").expect("there is a C program");
    rest.split_once("\n```").unwrap().0.to_owned()
}

#[test]
fn the_documented_program_compiles() {
    let source = program("README.md");
    assert_eq!(source, program("docs/c-api.md"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.c");
    std::fs::write(&path, source).unwrap();
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include");
    let output = Command::new("cc")
        .args([
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-fsyntax-only",
            "-I",
        ])
        .args([&include, &path])
        .output()
        .expect("there is a cc");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
