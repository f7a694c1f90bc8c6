//! What a store that stands before another one passes on to it.

/// Writes the questions of [`super::Store`] that change nothing, each put to
/// the field `inner`. Whoever stands before a store says itself what becomes of
/// its changes and its lock.
macro_rules! reads_go_to_inner {
    () => {
        fn place(&self) -> String {
            self.inner.place()
        }

        fn read(&self, path: &ArchivePath) -> Result<Option<Vec<u8>>, StoreError> {
            self.inner.read(path)
        }

        fn read_revision(&self, path: &ArchivePath) -> Result<Option<Object>, StoreError> {
            self.inner.read_revision(path)
        }

        fn open(&self, path: &ArchivePath) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
            self.inner.open(path)
        }

        fn size(&self, path: &ArchivePath) -> Result<Option<u64>, StoreError> {
            self.inner.size(path)
        }

        fn recorded_digest(&self, path: &ArchivePath) -> Result<Option<(u64, Sha256)>, StoreError> {
            self.inner.recorded_digest(path)
        }

        fn list(&self, below: &ArchivePath) -> Result<Vec<Entry>, StoreError> {
            self.inner.list(below)
        }

        fn reads(&self) -> Reads {
            self.inner.reads()
        }

        fn fan_out(&self, files: usize) -> usize {
            self.inner.fan_out(files)
        }

        fn traffic(&self) -> Option<String> {
            self.inner.traffic()
        }

        fn caution(&self) -> Option<String> {
            self.inner.caution()
        }
    };
}

pub(super) use reads_go_to_inner;
