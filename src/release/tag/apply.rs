//! Makes the tags, each whole or not at all.
