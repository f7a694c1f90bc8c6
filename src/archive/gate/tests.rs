//! The gates, against what is around a change as a test says it is.
