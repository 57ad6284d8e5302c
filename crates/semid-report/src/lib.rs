//! A comparison as a report folder.
