//! Reads the files people have into clean rows and a list of what was wrong.
