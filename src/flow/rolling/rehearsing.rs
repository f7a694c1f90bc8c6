//! The rehearsal: old → new → old in a throw-away root, before any host is
//! touched.
