//! The number between a release and the next one of its line.

use super::{Number, reparsed};

/// How a hotfix of a release is written, so that it is higher than that release
/// and lower than the next patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HotfixForm {
    /// A fourth number: `1.12.3` → `1.12.3.1` → `1.12.3.2`.
    Number,
    /// Build metadata, where a tool takes three numbers only (SemVer 2.0.0 has
    /// no number between two patches): `1.12.3` → `1.12.3+hotfix.1`.
    Build,
}

/// What marks a hotfix where there is no fourth number.
const WORD: &str = "hotfix.";

impl Number {
    /// Returns the next hotfix of this release; one of a hotfix is the hotfix
    /// after it. Of fewer than three numbers the lacking ones are 0.
    ///
    /// dpkg, PEP 440 and [`Ord`] sort it behind the release and before the next
    /// patch; to SemVer a version with build metadata is the same release.
    pub fn hotfix(&self, form: HotfixForm) -> Self {
        let release = self.released();
        let mut numbers = release.numbers.clone();
        while numbers.len() < 3 {
            numbers.push((0, 1));
        }
        let build = release.build.as_deref();
        let before = build.and_then(|build| build.strip_prefix(WORD)?.parse::<u64>().ok());
        let behind = match (form, before) {
            (HotfixForm::Number, _) => {
                match numbers.get_mut(3) {
                    Some((number, _)) => *number += 1,
                    None => numbers.push((1, 1)),
                }
                String::new()
            }
            (HotfixForm::Build, before) => format!("+{WORD}{}", before.unwrap_or(0) + 1),
        };
        let written: Vec<_> = numbers
            .iter()
            .map(|(number, width)| format!("{number:0width$}"))
            .collect();
        reparsed(format!(
            "{}{}{behind}",
            release.epoch_text(),
            written.join(".")
        ))
    }

    /// Tells whether it is a hotfix of a release, or that release itself.
    pub fn is_hotfix_of(&self, release: &Self) -> bool {
        let own = self.numbers.iter().map(|(number, _)| number);
        let of = release.numbers.iter().map(|(number, _)| number);
        let same = own.clone().take(of.clone().count()).eq(of.clone());
        let build = self.build.as_deref().unwrap_or_default();
        same && self.epoch == release.epoch
            && match own.count() - of.clone().count().min(self.numbers.len()) {
                0 => self.text == release.text || build.starts_with(WORD),
                more => more == 1,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::version::Version;
    use crate::release::Bump;
    use crate::release::upstream::debian_upstream;

    fn number(text: &str) -> Number {
        Number::parse(text).expect("a version")
    }

    #[test]
    fn hotfixes_sort_between_a_release_and_the_next() {
        let forms = [HotfixForm::Number, HotfixForm::Build];
        for text in ["1.12.3", "1.2", "2.0.9", "2026.09.1", "1.0.0"] {
            for form in forms {
                let release = number(text);
                let next = release.raised(Bump::Patch);
                let candidate = next.pre_release(super::super::PreKind::Alpha, 1, None);
                let first = release.hotfix(form);
                let mut line = vec![release.clone(), first.clone()];
                for _ in 0..10 {
                    line.push(line.last().expect("there is one").hotfix(form));
                }
                line.extend([candidate, next.clone()]);
                for two in line.windows(2) {
                    assert!(two[0] < two[1], "{} < {}", two[0], two[1]);
                    let debian = |number: &Number| {
                        let text = format!("{}-1", debian_upstream(number.as_str()));
                        Version::new(text).expect("a Debian version")
                    };
                    let (a, b) = (debian(&two[0]), debian(&two[1]));
                    assert!(a < b, "dpkg: {a} < {b}");
                }
                // The normal line goes on as if there had been none.
                assert_eq!(first.raised(Bump::Patch), next, "{first}");
            }
        }
    }

    #[test]
    fn forms() {
        for (text, plain, build) in [
            ("1.12.3", "1.12.3.1", "1.12.3+hotfix.1"),
            ("1.12.3.1", "1.12.3.2", "1.12.3.1+hotfix.1"),
            ("1.12.3+hotfix.9", "1.12.3.1", "1.12.3+hotfix.10"),
            ("1.12.3-rc.1", "1.12.3.1", "1.12.3+hotfix.1"),
            ("1.12", "1.12.0.1", "1.12.0+hotfix.1"),
        ] {
            assert_eq!(number(text).hotfix(HotfixForm::Number).as_str(), plain);
            assert_eq!(number(text).hotfix(HotfixForm::Build).as_str(), build);
        }
    }

    #[test]
    fn hotfixes_are_known_again() {
        let release = number("1.12.3");
        for (text, is) in [
            ("1.12.3", true),
            ("1.12.3.1", true),
            ("1.12.3+hotfix.2", true),
            ("1.12.3+git.1", false),
            ("1.12.4", false),
            ("1.12", false),
            ("1.12.3.1.1", false),
        ] {
            assert_eq!(number(text).is_hotfix_of(&release), is, "{text}");
        }
    }
}
