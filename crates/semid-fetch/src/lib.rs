//! Downloads with several sources, digests, resume.
