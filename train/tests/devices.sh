#!/usr/bin/env bash
# Compiles every device in and compares them: flex, burn-ndarray, and burn-wgpu on the GPU that there is or else on
# Mesa's software Vulkan, which is installed where no Vulkan driver is (Debian, apt).
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! ldconfig -p | grep -q libvulkan.so.1 || ! compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
        libvulkan1 mesa-vulkan-drivers >/dev/null
fi

# without tract, which is not involved; burn-flex and burn-ndarray unoptimised, which saves minutes of compiling them
quick=(--config profile.dev.package.burn-flex.opt-level=0 --config profile.dev.package.burn-ndarray.opt-level=0)
cargo test "${quick[@]}" -p timbrel-train --no-default-features \
    --features cpu,gpu,ndarray --test devices -- \
    --nocapture --test-threads 1 --include-ignored
