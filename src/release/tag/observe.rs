//! What stands at a release commit: the versions that its tree holds. Writes
//! nothing.
