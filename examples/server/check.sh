#!/usr/bin/env bash
# Lints the server, tests it over real connections, and checks the OpenAPI document and the systemd unit.
set -euo pipefail
cd "$(dirname "$0")"
cargo fmt --check
cargo clippy --quiet --all-targets -- -D warnings
cargo test

cache=${TIMBREL_CACHE:-$HOME/.cache/timbrel}
if [ ! -x "$cache/openapi/bin/python" ]; then
    python3 -m venv "$cache/openapi" &&
        "$cache/openapi/bin/pip" install -q --disable-pip-version-check openapi-spec-validator==0.7.2 ||
        rm -rf "$cache/openapi"
fi
if [ -x "$cache/openapi/bin/python" ]; then
    "$cache/openapi/bin/python" -m openapi_spec_validator src/openapi.json
else
    echo "skipped: no openapi-spec-validator"
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
