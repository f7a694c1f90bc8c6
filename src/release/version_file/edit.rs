//! Another version in the place of the one that a file holds.

use std::ops::Range;

use super::error::VersionFileError;
use super::scan::looks_like_version;
use super::{Entries, Kind, VersionFile, names, requirement};

impl VersionFile {
    /// Writes another version in its place and changes nothing else.
    ///
    /// Reads the result back and proves that each place says the new version.
    /// Refuses a version that the file's own tool would refuse.
    pub fn edited(&self, text: &str, to: &str) -> Result<String, VersionFileError> {
        let spans = self.spans(text)?;
        self.check(text, &spans, to)?;
        let mut edited = String::with_capacity(text.len() + to.len());
        let mut expected = Vec::new();
        let mut copied = 0;
        for at in &spans {
            edited.push_str(&text[copied..at.start]);
            expected.push(edited.len()..edited.len() + to.len());
            edited.push_str(to);
            copied = at.end;
        }
        edited.push_str(&text[copied..]);
        // What says the same by now and did not before is no harm: a chart's
        // appVersion that the chart has caught up with.
        let proven = self.after(to).spans(&edited).is_ok_and(|found| {
            let all = expected.iter().all(|at| found.contains(at));
            all && found.iter().all(|at| &edited[at.clone()] == to)
        });
        if proven {
            Ok(edited)
        } else {
            Err(VersionFileError::NotProven {
                path: self.path.clone(),
                to: to.to_owned(),
            })
        }
    }

    /// Reads the version of a file that may not be in UTF-8.
    pub fn version_in_bytes(&self, bytes: &[u8]) -> Result<String, VersionFileError> {
        self.version_in(&self.decoded(bytes)?.0)
    }

    /// Writes another version into a file that may not be in UTF-8, as old
    /// `configure.ac` with their authors' names.
    pub fn edited_bytes(&self, bytes: &[u8], to: &str) -> Result<Vec<u8>, VersionFileError> {
        let (text, encoding) = self.decoded(bytes)?;
        let edited = self.edited(&text, to)?;
        Ok(match encoding {
            Encoding::Utf8 => edited.into_bytes(),
            Encoding::Bytes => edited.chars().map(|c| c as u32 as u8).collect(),
        })
    }

    /// Formats that must be UTF-8 are refused in any other encoding; of the rest
    /// each byte is taken for a character.
    fn decoded(&self, bytes: &[u8]) -> Result<(String, Encoding), VersionFileError> {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Ok((text.to_owned(), Encoding::Utf8)),
            Err(error) => error,
        };
        let kind = match &self.kind {
            Kind::Requirement { .. } => names::kind(&self.path),
            kind => kind.clone(),
        };
        match kind {
            Kind::SetupCfg
            | Kind::SetupPy
            | Kind::Python
            | Kind::Cmake
            | Kind::Meson
            | Kind::Autoconf
            | Kind::FirstLine
            | Kind::Pattern { .. } => {
                let text = bytes.iter().map(|byte| char::from(*byte)).collect();
                Ok((text, Encoding::Bytes))
            }
            _ => {
                let before = &bytes[..error.valid_up_to()];
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                Err(VersionFileError::Malformed {
                    path: self.path.clone(),
                    line,
                    message: error.to_string(),
                })
            }
        }
    }

    /// The same file once it says another version.
    fn after(&self, to: &str) -> Self {
        let mut after = self.clone();
        if let Kind::CargoLock(entries) | Kind::UvLock(entries) = &mut after.kind
            && matches!(entries, Entries::Saying(_))
        {
            *entries = Entries::Saying(to.to_owned());
        }
        after
    }

    fn check(&self, text: &str, spans: &[Range<usize>], to: &str) -> Result<(), VersionFileError> {
        let unfit = |reason: String| {
            Err(VersionFileError::Unfit {
                path: self.path.clone(),
                to: to.to_owned(),
                reason,
            })
        };
        if !looks_like_version(to) {
            return unfit("it is no version".into());
        }
        let now_semantic = || spans.iter().all(|at| is_semantic(&text[at.clone()]));
        match &self.kind {
            // All of them are several packages': one version for all is right
            // only where they have had one.
            Kind::CargoLock(Entries::Own) | Kind::UvLock(Entries::Own) => {
                self.version_in(text)?;
            }
            Kind::Cmake if !to.bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
                return unfit("CMake takes numbers only".into());
            }
            Kind::Cargo | Kind::PackageJson | Kind::Chart if now_semantic() && !is_semantic(to) => {
                return unfit(
                    "a version of SemVer is expected, such as 1.2.3 or 1.2.3-rc.1".into(),
                );
            }
            Kind::Requirement { dependency } => {
                let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
                let body = &text[mark..];
                let written = self.requirements(body, dependency);
                let written = written.map_err(|unread| unread.of(&self.path, body))?;
                let mut bounds = written
                    .into_iter()
                    .filter_map(|at| requirement::excludes(body, at, to));
                if let Some(bound) = bounds.next() {
                    return unfit(format!("the requirement on {dependency} says {bound}"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

enum Encoding {
    Utf8,
    Bytes,
}

/// Tells whether a version is one of SemVer 2.0.0.
fn is_semantic(version: &str) -> bool {
    let (version, build) = match version.split_once('+') {
        Some((version, build)) => (version, Some(build)),
        None => (version, None),
    };
    let (core, pre) = match version.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (version, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let number = |part: &str| digits(part) && (part == "0" || !part.starts_with('0'));
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let mut numbers = core.split('.');
    let three = numbers.by_ref().take(3).filter(|part| number(part)).count() == 3;
    three
        && numbers.next().is_none()
        && pre.is_none_or(|pre| {
            pre.split('.')
                .all(|part| word(part) && (!digits(part) || number(part)))
        })
        && build.is_none_or(|build| build.split('.').all(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_semver_are_told_from_others() {
        let good = [
            "1.2.3",
            "0.0.0",
            "1.2.3-rc.1",
            "1.2.3-0a.x-y+b.01",
            "10.20.30+5",
        ];
        let bad = [
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3+",
            "1.2.3-a..b",
            "1.2.3~rc1",
        ];
        for version in good {
            assert!(is_semantic(version), "{version}");
        }
        for version in bad {
            assert!(!is_semantic(version), "{version}");
        }
    }
}
