//! Who is told of a rollout, and how.
