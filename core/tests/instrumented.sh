#!/usr/bin/env bash
# The compiler with instructions that count, for coverage.sh: cargo calls it for the members of the workspace.
# Branches are counted by an option that stable compilers accept on this condition alone; names are not compressed, because
# not every llvm-cov is built with zlib.
export RUSTC_BOOTSTRAP=1
exec "$@" -Cinstrument-coverage -Zcoverage-options=branch -Cllvm-args=-enable-name-compression=false
