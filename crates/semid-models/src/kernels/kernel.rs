//! Which instructions the products run on, found out once at run time.

use serde::{Deserialize, Serialize};

/// How exactly products multiply. Sums, residuals, norms and softmax are f32 always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// The fastest on this CPU whose vectors keep a cosine of 0.9999 with f32's.
    Auto,
    /// 24 bits of mantissa.
    F32,
    /// 8 bits of mantissa in what is multiplied.
    Bf16,
}

/// A family of micro-kernels that this CPU can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kernel(Family);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Family {
    Portable,
    Avx2,
    Avx512,
    Avx512Bf16,
    AmxBf16,
}

impl Kernel {
    /// The fastest for a precision; none if this CPU has no instructions for it.
    pub fn detect(precision: Precision) -> Option<Kernel> {
        let kernels = Self::available();
        let fastest = |bf16| kernels.iter().rev().find(|kernel| kernel.multiplies_bf16() == bf16).copied();
        match precision {
            Precision::Auto => kernels.last().copied(),
            Precision::F32 => fastest(false),
            Precision::Bf16 => fastest(true),
        }
    }

    /// All that this CPU can run, slowest first. The first is there on every CPU.
    pub fn available() -> Vec<Kernel> {
        #[cfg_attr(not(target_arch = "x86_64"), allow(unused_mut))]
        let mut found = vec![Kernel(Family::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Kernel(Family::Avx2));
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    found.push(Kernel(Family::Avx512));
                    if is_x86_feature_detected!("avx512bf16") {
                        found.push(Kernel(Family::Avx512Bf16));
                        if super::amx::is_usable() {
                            found.push(Kernel(Family::AmxBf16));
                        }
                    }
                }
            }
        }
        found
    }

    /// A name for reports and digests: kernels sum in different orders, so their last bits differ.
    pub fn name(self) -> &'static str {
        match self.0 {
            Family::Portable => "f32",
            Family::Avx2 => "f32-avx2",
            Family::Avx512 => "f32-avx512",
            Family::Avx512Bf16 => "bf16-avx512",
            Family::AmxBf16 => "bf16-amx",
        }
    }

    /// Whether it is for bf16 (its f32 products are those of AVX-512).
    pub fn multiplies_bf16(self) -> bool {
        self.0 >= Family::Avx512Bf16
    }

    /// The depth of a product is padded with zeros to a multiple of this where that is cheap.
    pub fn depth_step(self) -> usize {
        match self.0 {
            Family::AmxBf16 => 32,
            Family::Avx512Bf16 => 2,
            _ => 1,
        }
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn has_avx2(self) -> bool {
        self.0 >= Family::Avx2
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn has_avx512(self) -> bool {
        self.0 >= Family::Avx512
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn has_avx512_bf16(self) -> bool {
        self.0 >= Family::Avx512Bf16
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn has_amx(self) -> bool {
        self.0 >= Family::AmxBf16
    }
}
