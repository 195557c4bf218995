#!/usr/bin/env bash
# Makes one test program out of core's files of tests, so that all are compiled and linked once: `one-program.sh` writes
# core/tests/one_program, which Cargo takes for a test of that name. Whoever calls it removes that folder. The files that
# have an allocator of their own stay programs of their own.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p one_program
printf '#[path = "../common/mod.rs"]\nmod common;\n' >one_program/main.rs
for file in *.rs; do
    name=$(basename "$file" .rs)
    case $name in allocator | long | onnx) continue ;; esac
    sed 's|^mod common;|use crate::common;|; s|"common/|"../common/|; s/\(include_[a-z]*!("\)/\1..\//' \
        "$file" >"one_program/of_$name.rs"
    echo "mod of_$name;" >>one_program/main.rs
done
