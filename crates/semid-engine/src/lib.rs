//! Data sets, runs, reports: the only composer.
