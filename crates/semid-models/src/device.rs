//! Where candle's models compute: the CPU, or a device that this build was made for.

use candle_core::Device;
use semid_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// Where a model in candle's words computes. Another device adds in another order, so it gives other last bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "lowercase")]
pub enum ComputeDevice {
    /// The processor: in every build.
    #[default]
    Cpu,
    /// The first NVIDIA GPU: in builds with the feature `cuda`.
    Cuda,
    /// Apple's GPU: in builds with the feature `metal`.
    Metal,
}

impl ComputeDevice {
    /// What stands against the device in this build, in a sentence; none where the build has it.
    pub fn problem(self) -> Option<String> {
        let (key, built, needs) = match self {
            ComputeDevice::Cpu => return None,
            ComputeDevice::Cuda => ("cuda", cfg!(feature = "cuda"), "NVIDIA's CUDA toolkit"),
            ComputeDevice::Metal => ("metal", cfg!(feature = "metal"), "a Mac"),
        };
        (!built).then(|| {
            format!(
                "device is {key}, and this build of Semid computes without it. Set device to cpu, or build Semid with \
                 “cargo build --release --features {key}”, which needs {needs}."
            )
        })
    }

    /// Opens the device; a sentence that says what to do where the build has none or none answers.
    pub(crate) fn open(self) -> Result<Device> {
        if let Some(problem) = self.problem() {
            return Err(Error::input(problem));
        }
        let silent = |key: &str, look: &str, why: candle_core::Error| {
            Error::input(format!("device is {key}, and none answered ({why}). {look}, or set device to cpu."))
        };
        match self {
            ComputeDevice::Cpu => {
                // Shards and users are spread over the threads, each product stays on one: the same bits on any machine,
                // and faster than cutting small products.
                gemm::set_threading_threshold(usize::MAX);
                Ok(Device::Cpu)
            }
            ComputeDevice::Cuda => Device::new_cuda(0)
                .map_err(|why| silent("cuda", "Check the graphics card and its driver with “nvidia-smi”", why)),
            ComputeDevice::Metal => {
                Device::new_metal(0).map_err(|why| silent("metal", "Check that this Mac has a Metal GPU", why))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_this_build_has_not_is_refused_with_what_to_do() {
        assert!(ComputeDevice::Cpu.open().unwrap().is_cpu(), "the processor is always there");
        for (device, key, built) in [
            (ComputeDevice::Cuda, "cuda", cfg!(feature = "cuda")),
            (ComputeDevice::Metal, "metal", cfg!(feature = "metal")),
        ] {
            let Err(error) = device.open() else { continue };
            let sentence = error.to_string();
            assert!(sentence.contains(key) && sentence.contains("to cpu"), "{sentence} names the device and a way out");
            assert_eq!(sentence.contains(&format!("--features {key}")), !built, "{sentence} says how to build it");
        }
    }
}
