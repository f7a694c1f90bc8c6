//! The judge: apt itself reads what was published.
