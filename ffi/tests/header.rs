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

fn compiles(compiler: &str, options: &[&str], name: &str, program: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join(name);
    std::fs::write(&source, program).unwrap();
    let output = Command::new(compiler)
        .args(options)
        .args([
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
    compiles("cc", &["-std=c11"], "declares.c", program);
}

#[test]
fn c11_takes_the_header() {
    compiles("cc", &["-std=c11"], "user.c", USER);
}

#[test]
fn cpp17_takes_the_header() {
    compiles("c++", &["-std=c++17"], "user.cpp", USER);
}

/// How a struct lies in memory.
struct Layout {
    name: &'static str,
    size: usize,
    align: usize,
    /// Each field's offset and name.
    fields: Vec<(usize, &'static str)>,
}

impl Layout {
    /// Return its lines of `abi.txt`: its size and alignment, then each field's offset and name.
    fn lines(&self) -> Vec<String> {
        let Self {
            name, size, align, ..
        } = self;
        let head = format!("struct {name}, {size} bytes, aligned to {align}");
        let fields = self.fields.iter();
        let fields = fields.map(|(offset, field)| format!("{offset} {field}"));
        std::iter::once(head).chain(fields).collect()
    }

    /// Return declarations in C that no compiler takes which gives it another layout.
    fn asserts(&self) -> String {
        let Self {
            name, size, align, ..
        } = self;
        let assert = |what: String| format!("_Static_assert({what}, \"{name}\");\n");
        let fields = self.fields.iter();
        let fields =
            fields.map(|(offset, field)| assert(format!("offsetof({name}, {field}) == {offset}")));
        let size = assert(format!("sizeof({name}) == {size}"));
        let align = assert(format!("_Alignof({name}) == {align}"));
        fields.chain([size, align]).collect()
    }
}

macro_rules! layout {
    ($name:ident { $($field:ident),* }) => {
        Layout {
            name: stringify!($name),
            size: size_of::<$name>(),
            align: align_of::<$name>(),
            fields: vec![$((offset_of!($name, $field), stringify!($field))),*],
        }
    };
}

fn layouts() -> Vec<Layout> {
    vec![
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
    ]
}

#[test]
fn a_c_compiler_gives_structs_their_layout() {
    let asserts: String = layouts().iter().map(Layout::asserts).collect();
    let program = format!("#include <stddef.h>\n#include <timbrel.h>\n{asserts}");
    // without a C library, which the compiler may have for its own machine alone
    let options: &[&str] = if cfg!(target_arch = "x86") {
        &["-std=c11", "-ffreestanding", "-m32"]
    } else {
        &["-std=c11"]
    };
    compiles("cc", options, "layout.c", &program);
}

#[test]
#[cfg_attr(
    not(target_pointer_width = "64"),
    ignore = "abi.txt is that of machines of 64 bits"
)]
fn the_recorded_layout_is_that_of_machines_of_64_bits() {
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
    let expected: Vec<Vec<String>> = layouts().iter().map(Layout::lines).collect();
    assert_eq!(recorded, expected);
}
