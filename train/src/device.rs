//! The device that trains the network, chosen at run time among those compiled in.

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
    /// Open the device, without gradients.
    ///
    /// # Errors
    /// The backend was not compiled in, or the GPU is an emulation and `allow_software` is off.
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

#[cfg(feature = "gpu")]
mod gpu {
    use anyhow::{Result, anyhow, ensure};
    use burn::tensor::Device;
    use burn::tensor::wgpu::wgpu::DeviceType;

    /// Open the adapter that wgpu prefers and print which it is: without a usable driver wgpu silently
    /// falls back to one that computes on the CPU, many times slower than `--device cpu`.
    pub(super) fn open(allow_software: bool) -> Result<Device> {
        let opened = Device::wgpu_options().init_with_setup();
        let (device, setup) = opened.map_err(|error| anyhow!("cannot open a GPU: {error}"))?;
        let info = setup.adapter.get_info();
        eprintln!(
            "GPU: {} ({:?}, {:?})",
            info.name, info.device_type, info.backend
        );
        ensure!(
            allow_software || info.device_type != DeviceType::Cpu,
            "{} is not a GPU but an emulation on the CPU; use --device cpu, or --allow-software-adapter to take it",
            info.name
        );
        Ok(device)
    }
}
