//! Where the network is trained, chosen at run time among what was compiled in.

use anyhow::{Result, bail};
use burn::tensor::Device;
use clap::ValueEnum;

/// A backend of burn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeviceKind {
    /// burn's flex backend: SIMD and threads.
    Cpu,
    /// burn-ndarray: deprecated upstream, slow, for comparison.
    Ndarray,
    /// burn-wgpu: Vulkan, Metal or DX12.
    Gpu,
}

impl DeviceKind {
    /// Opens the device, without gradients.
    ///
    /// # Errors
    /// The backend was not compiled in, or the GPU is none and `allow_software` is off.
    pub fn open(self, allow_software: bool) -> Result<Device> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            #[expect(deprecated, reason = "kept selectable to compare with flex")]
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "gpu")]
            Self::Gpu => gpu::open(allow_software),
            #[allow(unreachable_patterns, reason = "reachable where a feature is off")]
            other => {
                let _ = allow_software;
                let name = other
                    .to_possible_value()
                    .map(|v| v.get_name().to_owned())
                    .unwrap_or_default();
                bail!("--device {name} was not compiled in; build with `--features {name}`")
            }
        }
    }
}
