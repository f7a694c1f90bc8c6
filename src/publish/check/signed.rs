//! What clients read first: `InRelease`, `Release` and `Release.gpg`.

use super::{Check, Verify};
use crate::archive::layout;
use crate::format::release::Release;
use crate::model::{ArchivePath, Timestamp};
use crate::publish::apply::APT_TOLERANCE_SECONDS;
use crate::publish::error::PublishError;
use crate::publish::head::Head;

/// What to do when the published files are not those of the head.
const COMPLETE: &str = "publish anything, which first completes what was stopped";

impl Check<'_> {
    /// Checks a suite's signed texts against its head; returns what is promised
    /// to clients.
    pub(super) fn signed(
        &mut self,
        head: &Head,
        keys: &dyn Verify,
        now: Timestamp,
    ) -> Result<Option<Release>, PublishError> {
        let (suite, number) = (&head.suite, head.generation.number);
        let path = layout::in_release(suite);
        let Some(in_release) = self.text(&path)? else {
            return Ok(None);
        };
        let release = self.release(&path, &in_release, keys, now);
        if in_release != head.in_release {
            let message = format!("it is not that of generation {number}, which is the head");
            self.error("unfinished-publish", &path, message, COMPLETE);
            // Everything else is compared with what clients are promised now.
            return Ok(release);
        }
        let path = layout::release(suite);
        if let Some(text) = self.text(&path)?
            && text != head.release
        {
            let message = format!("it is not that of generation {number}");
            self.error("unfinished-publish", &path, message, COMPLETE);
        }
        let path = layout::release_gpg(suite);
        if let Some(signature) = self.text(&path)? {
            if signature != head.release_gpg {
                let message = format!("it is not that of generation {number}");
                self.error("unfinished-publish", &path, message, COMPLETE);
            }
            let verified = keys.verify_detached(head.release.as_bytes(), &signature, now);
            if let Err(error) = verified {
                self.bad_signature(&path, &*error);
            }
        }
        Ok(release)
    }

    fn release(
        &mut self,
        path: &ArchivePath,
        in_release: &str,
        keys: &dyn Verify,
        now: Timestamp,
    ) -> Option<Release> {
        let text = match keys.verify_clear(in_release, now) {
            Ok(text) => text,
            Err(error) => {
                self.bad_signature(path, &*error);
                return None;
            }
        };
        let release = match Release::parse(text.as_bytes()) {
            Ok(release) => release,
            Err(error) => {
                let fix = "publish the suite again";
                self.error("invalid-release", path, error.to_string(), fix);
                return None;
            }
        };
        if let Some(until) = release.valid_until.filter(|until| *until < now) {
            let message = format!("it was valid until {until}; clients refuse it");
            self.error("expired-release", path, message, "publish the suite again");
        }
        if release.date > now.plus_seconds(APT_TOLERANCE_SECONDS) {
            let message = format!(
                "its date {} is in the future; clients refuse it",
                release.date
            );
            self.error(
                "release-in-the-future",
                path,
                message,
                "set the clock right",
            );
        }
        Some(release)
    }

    fn bad_signature(&mut self, path: &ArchivePath, error: &(dyn std::error::Error + 'static)) {
        let fix = "check whether the key that counts is the one it is signed with, \
                   then publish the suite again";
        let message = format!("its signature does not count: {error}");
        self.error("bad-signature", path, message, fix);
    }

    /// Reads a text that must be there.
    fn text(&mut self, path: &ArchivePath) -> Result<Option<String>, PublishError> {
        let text = self.store.read(path)?.map(String::from_utf8);
        match text {
            Some(Ok(text)) => return Ok(Some(text)),
            Some(Err(_)) => {
                let message = "it is not text".to_owned();
                self.error("invalid-release", path, message, COMPLETE);
            }
            None => {
                let message = "it is missing".to_owned();
                self.error("missing-release", path, message, COMPLETE);
            }
        }
        Ok(None)
    }
}
