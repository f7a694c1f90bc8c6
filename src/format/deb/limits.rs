//! How much a package may demand of its reader.

/// What reading a package may cost at most. The defaults pass every package
/// we know of and stop a bomb early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The control member unpacked, all of it in memory: 64 MiB. A hundred
    /// thousand files make about 11 MB of `md5sums`.
    pub control_bytes: u64,
    /// The data member unpacked: 64 GiB. The largest packages in use (GPU
    /// libraries) unpack to about 25 GB; ar itself ends at 9.3 GiB packed.
    pub data_bytes: u64,
    /// How many times larger than packed a member may be unpacked: 200. Text
    /// reaches 20, debug symbols 10; only emptiness compresses better.
    pub ratio: u64,
    /// Up to this size unpacked the ratio does not count: 1 GiB, so that a
    /// package with an empty disk image passes.
    pub ratio_free_bytes: u64,
    /// Files in the data member: a million. Each costs about 40 bytes to
    /// remember; the largest packages have a third of that.
    pub entries: u64,
    /// The decompressor's window: 128 MiB, as much as dpkg's zstd takes
    /// (level 22); `xz -9` needs 64 MiB.
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
