//! Another version in the place of the one that a file holds.

use std::ops::Range;

use super::error::VersionFileError;
use super::scan::looks_like_version;
use super::{Entries, Kind, VersionFile, requirement};

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
