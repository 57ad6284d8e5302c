//! The workspace database; the only room with SQL.
