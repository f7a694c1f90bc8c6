//! in-toto statements in DSSE envelopes.
