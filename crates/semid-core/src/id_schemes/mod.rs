//! ID schemes that need no learning: hash, permuted, category path, atomic, imported; and the rules by which items that
//! share all their codes are told apart.
//!
//! A scheme gives a [`CodeTable`](crate::CodeTable); [`resolve`] turns it into [`SemanticIds`](crate::SemanticIds).
//! Permuted and atomic IDs are complete as they come.

mod atomic;
mod category_path;
mod collisions;
mod hash;
mod imported;
mod permuted;

pub use atomic::atomic_ids;
pub use category_path::{CategoryCodes, category_path_codes};
pub use collisions::{CollisionReport, CollisionRule, Preference, Resolved, resolve};
pub use hash::{HashDraw, hash_codes};
pub use imported::ImportedCodes;
pub use permuted::permuted_ids;
