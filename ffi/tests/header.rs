//! `include/timbrel.h` is up to date with this crate, C and C++ compilers accept it, and `abi.txt`, which a C compiler
//! made from it, has the layout of this crate's types. Needs `cc` and `c++`.
//!
//! `TIMBREL_BLESS=1 cargo test -p timbrel-ffi --test header` regenerates the header.

use std::mem::offset_of;
use std::path::{Path, PathBuf};
use std::process::Command;

use timbrel::*;

const OVERVIEW: &str = include_str!("../overview.h");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn generate() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut config = cbindgen::Config::from_file(package.join("cbindgen.toml")).unwrap();
    config.header = Some(OVERVIEW.trim_end().into());
    let version = |part: &str, value: &str| format!("#define TIMBREL_VERSION_{part} {value}\n");
    config.after_includes = Some(format!(
        "\n/// Version of the library that this header belongs to, from Cargo.toml.\n/// @{{\n{}{}{}/// @}}\n",
        version("MAJOR", env!("CARGO_PKG_VERSION_MAJOR")),
        version("MINOR", env!("CARGO_PKG_VERSION_MINOR")),
        version("PATCH", env!("CARGO_PKG_VERSION_PATCH")),
    ));
    let builder = cbindgen::Builder::new().with_config(config);
    // in the order of use
    let sources = [
        "info",
        "status",
        "cost",
        "handle",
        "memory",
        "heap",
        "result",
        "classifier",
        "file",
        "wake",
        "pdm",
    ];
    let builder = sources.iter().fold(builder, |builder, name| {
        builder.with_src(package.join(format!("src/{name}.rs")))
    });
    let mut header = Vec::new();
    builder
        .generate()
        .expect("cbindgen parses the crate")
        .write(&mut header);
    let header = String::from_utf8(header).unwrap();
    // safety sections mean nothing to a reader of C
    let lines = header.lines().scan(false, |skipping, line| {
        let text = line.trim_start_matches('/').trim();
        *skipping = line.starts_with("//") && (*skipping || text == "# Safety");
        Some((!*skipping).then(|| line.to_owned()))
    });
    let lines: Vec<String> = lines.flatten().collect();
    let text = lines.join("\n") + "\n";
    // an empty comment line that stood before such a section
    text.replace("\n///\ntimbrel_status ", "\ntimbrel_status ")
        .replace("\n///\nvoid ", "\nvoid ")
}

#[test]
fn the_committed_header_is_fresh() {
    let path = root().join("include/timbrel.h");
    let fresh = generate();
    if std::env::var_os("TIMBREL_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "include/timbrel.h is stale: TIMBREL_BLESS=1 cargo test -p timbrel-ffi --test header"
    );
}

/// A program that includes the header twice.
const USER: &str = "#include <timbrel.h>\n#include <timbrel.h>\n\
    int main(void) { return timbrel_abi_version() == TIMBREL_ABI_VERSION ? TIMBREL_OK : 1; }\n";

fn compiles(compiler: &str, standard: &str, name: &str, program: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join(name);
    std::fs::write(&source, program).unwrap();
    let output = Command::new(compiler)
        .args([
            standard,
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-fsyntax-only",
            "-I",
        ])
        .arg(root().join("include"))
        .arg(&source)
        .output()
        .unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn structs_can_be_declared_before_the_header() {
    let program = "struct timbrel_result;\nstruct timbrel_classifier;\n\
        typedef void on_result(const struct timbrel_result *);\n#include <timbrel.h>\n\
        struct timbrel_info info;\nstruct timbrel_config config;\nenum timbrel_status status = TIMBREL_OK;\n\
        void show(const timbrel_result *result); on_result *shown = show;\n";
    compiles("cc", "-std=c11", "declares.c", program);
}

#[test]
fn c11_takes_the_header() {
    compiles("cc", "-std=c11", "user.c", USER);
}

#[test]
fn cpp17_takes_the_header() {
    compiles("c++", "-std=c++17", "user.cpp", USER);
}

/// The lines of `abi.txt` about a struct: its size and alignment, then each field's offset and name.
macro_rules! layout {
    ($name:ident { $($field:ident),* }) => {{
        let mut lines = vec![format!(
            "struct {}, {} bytes, aligned to {}",
            stringify!($name), size_of::<$name>(), align_of::<$name>()
        )];
        $(lines.push(format!("{} {}", offset_of!($name, $field), stringify!($field)));)*
        lines
    }};
}

#[test]
fn structs_have_the_layout_that_a_c_compiler_gives_them() {
    let expected = [
        layout!(timbrel_info {
            sample_rate,
            class_count,
            window_seconds,
            hop_seconds,
            logits_exponent
        }),
        layout!(timbrel_cost {
            struct_size,
            window,
            second,
            activations
        }),
        layout!(timbrel_config {
            struct_size,
            sample_rate,
            channels
        }),
        layout!(timbrel_result {
            struct_size,
            class_index,
            confidence,
            windows,
            class_count,
            state,
            level_dbfs,
            clipped,
            silent,
            not_music,
            cancelled,
            heard,
            replaced,
            first_replaced,
            core_only,
            cut_off
        }),
        layout!(timbrel_gate { content }),
        layout!(timbrel_gate_settings {
            struct_size,
            open_dbfs,
            close_dbfs,
            least_flux_db,
            hold_seconds
        }),
        layout!(timbrel_duty { content }),
        layout!(timbrel_pdm { content }),
    ];
    let recorded: Vec<Vec<String>> = include_str!("../abi.txt")
        .split("\n\n")
        .filter(|part| part.starts_with("struct "))
        .map(|part| {
            let (head, fields) = part.split_once('\n').unwrap();
            let field = |line: &str| {
                let words: Vec<&str> = line.split_whitespace().collect();
                format!("{} {}", words[0], words[words.len() - 1])
            };
            std::iter::once(head.to_owned())
                .chain(fields.lines().map(field))
                .collect()
        })
        .collect();
    assert_eq!(recorded, expected);
}
