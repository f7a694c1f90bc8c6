//! How long a copy of a published file may be used.

/// How long whoever keeps a copy of a file, a cache or a client, may use it
/// without asking again (RFC 9111).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// For ever: the name says what is in it, or it is never replaced.
    Lasting,
    /// For the moment: it is replaced by every publish.
    Brief,
    /// Not at all: what is decided by it must be decided by its present state.
    Never,
}

impl Freshness {
    /// Returns it as the value of a `Cache-Control` field (RFC 9111 5.2.2,
    /// RFC 8246).
    ///
    /// A minute is short for whoever waits for an update, and spares a server
    /// nearly all requests of a fleet that updates at the same time. `InRelease`
    /// and the plain indices get the same, so that a cache holds neither much
    /// longer than the other.
    pub fn cache_control(self) -> &'static str {
        match self {
            Self::Lasting => "public, max-age=31536000, immutable",
            Self::Brief => "public, max-age=60, must-revalidate",
            Self::Never => "no-store",
        }
    }
}
