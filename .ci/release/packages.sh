# Sourced by release.sh: packages for Python, npm, Debian, microcontrollers and crates.io.

# make_wheel NAME: packs the library of the target's tarball, which check_library holds to glibc 2.17
make_wheel() {
    local tree
    describe "$1"
    if [ ! -f "$tarball" ]; then
        make_library "$1"
        check_library "$1"
    fi
    unpack "$1"
    install_tools
    TIMBREL_LIBRARY=$tree/lib/libtimbrel.so TIMBREL_PLATFORM=manylinux_2_17_${rust%%-*}.manylinux2014_${rust%%-*} \
        "$tools/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        --wheel-dir "$out" examples/python
}

check_wheel() {
    local tree wheel inside=$work/inside
    unpack "$1"
    wheel=$(echo "$out/timbrel-$version-py3-none-manylinux"*"_${rust%%-*}.whl")
    [ -f "$wheel" ] || fail "no wheel of $1"
    if [ "${rust%%-*}" = "$(uname -m)" ]; then
        # which symbols of which versions a manylinux wheel may use
        "$tools/bin/auditwheel" show "$wheel" | tr -d '\n' | grep -q 'platform tag: *"manylinux_2_1[0-7]_' ||
            fail "$("$tools/bin/auditwheel" show "$wheel")"
        python3 -m venv "$work/fresh"
        "$work/fresh/bin/pip" install --quiet --disable-pip-version-check "$wheel"
        agrees "$(basename "$wheel")" "$work/fresh/bin/python" -m timbrel --json
    else
        # there is no Python for that machine here; a C program has tried the same library from the tarball
        python3 -m zipfile -e "$wheel" "$inside"
        cmp "$inside/timbrel/libtimbrel.so" "$tree/lib/libtimbrel.so"
        cmp "$inside/timbrel/compact.timbrel" models/compact.timbrel
        echo "$(basename "$wheel"): the library of $1, which has been tried"
    fi
}

make_npm() {
    bash examples/web/build.sh >/dev/null
    (cd "$out" && npm pack --silent "$root/examples/web/dist/timbrel")
}

check_npm() {
    mkdir "$work/npm"
    (cd "$work/npm" && npm install --silent --no-audit --no-fund "$out/timbrel-$version.tgz")
    cat >"$work/npm/classify.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { Timbrel } from "timbrel";

const timbrel = await Timbrel.load();
for (const file of process.argv.slice(2)) {
  const { state, genre, windows } = timbrel.classify(readFileSync(file));
  console.log(JSON.stringify({ state, genre, windows }));
}
JS
    agrees npm node "$work/npm/classify.mjs"
}

export TIMBREL_DEB_ARCHITECTURES=${TIMBREL_DEB_ARCHITECTURES:-arm64 armhf amd64}

make_debs() {
    # shellcheck disable=SC2086 # architectures are words
    examples/raspberry-pi/make-debs.sh "$out" $TIMBREL_DEB_ARCHITECTURES
}

check_debs() {
    bash examples/raspberry-pi/check.sh "$out"
}

make_embedded() {
    bash examples/embedded-c/make.sh -o "$out"
    bash examples/frameworks/make.sh -e "$out/timbrel-embedded-$version.tar.gz" -o "$work/frameworks" all
    find "$work/frameworks" -maxdepth 1 -type f -exec mv {} "$out" \;
}

check_embedded() {
    TIMBREL_EMBEDDED=$out/timbrel-embedded-$version.tar.gz
    export TIMBREL_EMBEDDED
    bash examples/embedded-c/check.sh all
    bash examples/frameworks/check.sh
}

make_crates() {
    local name
    # each is also built from its package, and timbrel-ffi and classify against the packed core: in a new folder, because
    # cargo takes a packed core of the same version for unchanged
    CARGO_TARGET_DIR=$work/crates cargo package --quiet -p timbrel-core -p timbrel-ffi -p classify
    for name in timbrel-core timbrel-ffi classify; do
        cp "$work/crates/package/$name-$version.crate" "$out"
    done
    rm -r "$work/crates"
}

check_crates() {
    local name file
    for name in timbrel-core timbrel-ffi classify; do
        tar -xzf "$out/$name-$version.crate" -C "$work"
        for file in Cargo.toml README.md LICENSE-MIT LICENSE-APACHE; do
            [ -s "$work/$name-$version/$file" ] || fail "$name lacks $file"
        done
    done
    cmp "$work/timbrel-ffi-$version/include/timbrel.h" include/timbrel.h
    cmp "$work/classify-$version/models/compact.timbrel" models/compact.timbrel
    echo "crates: complete, and built from their packages"
    bash .ci/semver.sh
}

make_models() {
    local tree=$work/timbrel-models-$version
    mkdir "$tree"
    cp models/* LICENSE-* "$tree"
    pack "$tree" "$out/timbrel-models-$version.tar.gz"
}

# check_models: each model has its card and answers, the .onnx files in ONNX Runtime
check_models() {
    local tree=$work/unpacked/timbrel-models-$version model
    mkdir -p "$work/unpacked"
    tar -xzf "$out/timbrel-models-$version.tar.gz" -C "$work/unpacked"
    [ -d "$work/tunes" ] || tunes "$work/tunes"
    for model in "$tree"/*.timbrel "$tree"/*.onnx; do
        [ -s "${model%.*}.md" ] || fail "$(basename "$model") has no card"
    done
    for model in "$tree"/*.timbrel; do
        "${TIMBREL_CLASSIFY:-$target_dir/release/classify}" --json --model "$model" "$work/tunes"/*.wav >/dev/null ||
            fail "$(basename "$model"): exit status $?"
    done
    python3 -m venv "$work/onnx"
    "$work/onnx/bin/pip" install --quiet --disable-pip-version-check -r train/tests/requirements.txt
    "$work/onnx/bin/python" - "$tree"/*.onnx <<'PY' || fail "an .onnx file gives no logits"
import sys

import numpy
import onnxruntime

for path in sys.argv[1:]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    window = session.get_inputs()[0]
    (logits,) = session.run(["logits"], {window.name: numpy.full(window.shape, 128, numpy.uint8)})
    assert logits.any(), path
    print(f"{path.rsplit('/', 1)[-1]}: {logits.size} logits in ONNX Runtime")
PY
}
