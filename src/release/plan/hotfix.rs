//! The branch of one release: `release-1.12.3`, for what cannot wait for the
//! next patch release of its line.
//!
//! Its versions stand between that release and the next patch of the line,
//! which stays free for the normal branch: `1.12.3.1`, or `1.12.3+hotfix.1`
//! where a version file takes three numbers only; of a package of somebody
//! else's upstream the Debian revision gets a further number, `1.12.3-1.1`.

use super::line::{Line, Raises};
use crate::release::number::{HotfixForm, Number};
use crate::release::policy::{Policy, Unit};
use crate::release::version_file::Kind;

/// Reads the release that a branch is for, as its name has it: `release-1.12.3`
/// → `1.12.3`. A name of fewer than three numbers and no Debian revision is of
/// a whole line.
pub fn branch_of(branch: &str, patterns: &[String]) -> Option<String> {
    let version = super::decide::version_of(branch, patterns)?;
    let upstream = version.split(['-', '+', '~']).next().unwrap_or_default();
    let numbers = upstream.split('.');
    let plain = |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
    let revised = version
        .split_once('-')
        .is_some_and(|(_, revision)| revision.starts_with(|c: char| c.is_ascii_digit()));
    let whole = revised || numbers.clone().count() >= 3;
    (whole && numbers.clone().all(plain)).then(|| version.to_owned())
}

/// Reads the line that a branch maintains: `release-1.12` → `1.12`.
pub fn line_of(branch: &str, patterns: &[String]) -> Option<String> {
    super::decide::maintained(branch, patterns).map(|(line, _)| line)
}

/// Tells whether a version, as a project or Debian writes it, is of a line.
pub fn is_inside(version: &str, line: &str) -> bool {
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    let rest = upstream.strip_prefix(line);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Returns the release that a package's hotfixes on this branch are of: its
/// last release is that one, or a hotfix of it.
pub(super) fn base(branch: Option<&str>, line: &Line<'_>, policy: &Policy) -> Option<String> {
    let named = branch_of(branch?, &policy.maintenance)?;
    let current = line.current?;
    let is_own = match line.raises {
        Raises::Number => {
            let base = Number::parse(&named).ok()?;
            line.last
                .as_ref()
                .is_some_and(|last| last.is_hotfix_of(&base))
        }
        Raises::Revision => {
            let version = current.version.rsplit(':').next().unwrap_or_default();
            let rest = version.strip_prefix(&named);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }
    };
    is_own.then_some(named)
}

/// Tells how a package's hotfixes are written.
pub(super) fn form(unit: &Unit) -> HotfixForm {
    let semantic = |kind: &Kind| matches!(kind, Kind::Cargo | Kind::PackageJson | Kind::Chart);
    match unit.version_files.iter().any(|file| semantic(&file.kind)) {
        true => HotfixForm::Build,
        false => HotfixForm::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_of_one_release() {
        let patterns = [
            "release-{version}".to_owned(),
            "release/{version}".to_owned(),
        ];
        for (branch, want) in [
            ("release-1.12.3", Some("1.12.3")),
            ("release/v1.12.3", Some("1.12.3")),
            ("release-1.12.3-1", Some("1.12.3-1")),
            ("release-2.10-3", Some("2.10-3")),
            ("release-2.10-rc1", None),
            ("release-1.12", None),
            ("release-1.12.x", None),
            ("release-1.x.3", None),
            ("main", None),
        ] {
            assert_eq!(branch_of(branch, &patterns).as_deref(), want, "{branch}");
        }
    }
}
