//! Every command, its wire types, and the sentences people read.
