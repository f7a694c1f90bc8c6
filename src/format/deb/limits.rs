//! How much a package may demand of its reader.

/// What reading a package may cost at most. The defaults are estimates with
/// room to spare, not measurements of an archive: whoever has a larger package
/// raises them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The control member unpacked, all of it in memory: 64 MiB. At 100 bytes
    /// a line that is `md5sums` of more than half a million files.
    pub control_bytes: u64,
    /// The data member unpacked: 64 GiB, seven times the largest member that
    /// an ar header can name (9.3 GiB).
    pub data_bytes: u64,
    /// How many times larger than packed a member may be unpacked: 200, far
    /// above text and programs; only emptiness compresses better.
    pub ratio: u64,
    /// Up to this size unpacked the ratio does not count: 1 GiB, so that a
    /// package with an empty disk image passes.
    pub ratio_free_bytes: u64,
    /// Entries of a tar member: a million. Each costs some 40 bytes to
    /// remember.
    pub entries: u64,
    /// The decompressor's window: 128 MiB, libzstd's own default and what
    /// level 22 needs; `xz -9` needs 64 MiB.
    pub window_bytes: u64,
    /// Members of the package, with those dpkg ignores: 64. Signatures of
    /// several tools make a handful.
    pub members: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            control_bytes: 64 * MIB,
            data_bytes: 64 * 1024 * MIB,
            ratio: 200,
            ratio_free_bytes: 1024 * MIB,
            entries: 1_000_000,
            window_bytes: 128 * MIB,
            members: 64,
        }
    }
}

impl Limits {
    /// Returns how far a member of `packed` bytes may unpack.
    pub(super) fn unpacked(&self, packed: u64, largest: u64) -> u64 {
        let by_ratio = packed.saturating_mul(self.ratio).max(self.ratio_free_bytes);
        by_ratio.min(largest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_are_told_from_packages() {
        const MB: u64 = 1_000_000;
        const GB: u64 = 1000 * MB;
        let limits = Limits::default();
        for (what, packed, unpacked, passes) in [
            ("an ordinary package", 5 * MB, 20 * MB, true),
            ("an empty disk image", MB / 5, GB, true),
            ("a huge library", 5 * GB, 25 * GB, true),
            ("a small bomb", MB, 10 * GB, false),
            ("a large bomb", GB, 70 * GB, false),
        ] {
            let limit = limits.unpacked(packed, limits.data_bytes);
            assert_eq!(unpacked <= limit, passes, "{what}");
        }
    }
}
