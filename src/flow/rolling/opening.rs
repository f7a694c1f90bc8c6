//! Suites that open for a ring, suites that lose a version again, and what the
//! archive still has of the way back.
