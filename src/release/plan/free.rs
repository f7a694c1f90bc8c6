//! Numbers that are free: a branch that shares its past with a maintenance
//! branch takes none that is in use there, nor one that comes next there.

use super::hotfix;
use super::line::Line;
use crate::format::version::Version;
use crate::model::TagName;
use crate::release::TagPattern;
use crate::release::facts::{Facts, UnitFacts};
use crate::release::number::Number;
use crate::release::policy::Bump;

/// A number that is asked for.
pub(super) struct Asked<'a> {
    /// It.
    pub number: Number,
    /// That of the last release.
    pub last: &'a Number,
    /// The step between them.
    pub bump: Bump,
}

/// Raises a number until it is free; says why, where it had to. One that is in
/// use is passed over where this branch knows of it, by its own files, or a
/// maintenance branch has its line: any other tag is in the way by mistake, as
/// is one beside this branch's own release commit.
pub(super) fn number(
    asked: Asked<'_>,
    line: &Line<'_>,
    facts: &Facts,
    known: &UnitFacts,
) -> (Number, Option<String>) {
    let mut number = asked.number.clone();
    let mut step = asked.bump.max(Bump::Patch);
    let mut reasons = Vec::new();
    if let Some(elsewhere) = &known.elsewhere
        && hotfix::is_inside(number.as_str(), &elsewhere.line)
    {
        // Out of the line: of `1` that is a major step.
        step = match elsewhere.line.contains('.') {
            true => Bump::Minor,
            false => Bump::Major,
        };
        number = asked.last.raised(step);
        reasons.push(format!(
            "{} numbers are those of {}",
            elsewhere.line, elsewhere.branch
        ));
    }
    let written = line
        .debian
        .and_then(|version| line.number(version.as_str()));
    let in_tree = line.in_tree.as_ref().map(|(number, _)| number);
    while let Some(tag) = used(&number, &line.pattern, facts) {
        let in_tree = in_tree.is_some_and(|own| *own >= number);
        let written = written.as_ref().is_some_and(|own| *own >= number);
        let of_line = || {
            facts
                .lines
                .iter()
                .any(|it| hotfix::is_inside(number.as_str(), it))
        };
        if known.mistagged.is_some() || (!in_tree && !written && !of_line()) {
            break;
        }
        reasons.push(format!("{number} is in use: {tag}"));
        number = number.raised(step);
    }
    let why = (number != asked.number).then(|| reasons.join(", "));
    (number, why)
}

/// Finds the tag of a version on whatever line.
fn used<'a>(number: &Number, pattern: &TagPattern, facts: &'a Facts) -> Option<&'a str> {
    let is_it = |tag: &str| {
        let Some(version) = pattern.version_in(tag) else {
            return false;
        };
        match pattern.is_debian() {
            true => Version::new(version).is_ok_and(|it| it.upstream() == number.as_str()),
            false => version == number.as_str(),
        }
    };
    facts
        .tags
        .keys()
        .map(TagName::as_str)
        .find(|tag| is_it(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::facts::Elsewhere;
    use crate::release::plan::line::Raises;

    #[test]
    fn numbers_that_others_use_are_left_to_them() {
        // What is asked for, the last one, tags, the other branch's line, all
        // lines, the number in the tree → number, why.
        type Case<'a> = (
            (&'a str, &'a str),
            &'a [&'a str],
            Option<&'a str>,
            &'a [&'a str],
            &'a str,
            &'a str,
            &'a str,
        );
        let cases: &[Case<'_>] = &[
            (
                ("1.0.1", "1.0.0"),
                &["v1.0.0"],
                None,
                &[],
                "1.0.0",
                "1.0.1",
                "",
            ),
            // Nobody here knows what it is: the plan refuses it.
            (
                ("1.0.1", "1.0.0"),
                &["v1.0.1"],
                None,
                &[],
                "1.0.0",
                "1.0.1",
                "",
            ),
            (
                ("1.0.1", "1.0.0"),
                &["v1.0.1", "v1.0.2"],
                None,
                &[],
                "1.0.2",
                "1.0.3",
                "1.0.1 is in use: v1.0.1, 1.0.2 is in use: v1.0.2",
            ),
            (
                ("1.0.1", "1.0.0"),
                &[],
                Some("1.0"),
                &["1.0"],
                "1.0.0",
                "1.1.0",
                "1.0 numbers are those of release-1.0",
            ),
            (
                ("1.1.0", "1.0.0"),
                &[],
                Some("1.0"),
                &["1.0"],
                "1.0.0",
                "1.1.0",
                "",
            ),
            (
                ("1.0.2", "1.0.1"),
                &["v1.1.0"],
                Some("1.0"),
                &["1.0", "1.1"],
                "1.0.1",
                "1.2.0",
                "1.0 numbers are those of release-1.0, 1.1.0 is in use: v1.1.0",
            ),
            // Tags on branches alone, as Kubernetes has them.
            (
                ("1.1.0", "1.0.0"),
                &["v1.1.0"],
                None,
                &["1.1"],
                "1.0.0",
                "1.2.0",
                "1.1.0 is in use: v1.1.0",
            ),
            (
                ("1.5.0", "1.4.2"),
                &[],
                Some("1"),
                &["1"],
                "1.4.2",
                "2.0.0",
                "1 numbers are those of release-1",
            ),
            (
                ("10.0.1", "10.0.0"),
                &[],
                Some("1"),
                &["1"],
                "10.0.0",
                "10.0.1",
                "",
            ),
        ];
        let parse = |text: &str| Number::parse(text).expect("a version");
        for ((wanted, last), tags, elsewhere, lines, tree, number, why) in cases {
            let tags = tags
                .iter()
                .map(|tag| (TagName::new(*tag).expect("a tag"), String::new()));
            let facts = Facts {
                tags: tags.collect(),
                lines: lines.iter().map(|line| (*line).to_owned()).collect(),
                ..Facts::default()
            };
            let known = UnitFacts {
                elsewhere: elsewhere.map(|line| Elsewhere {
                    line: line.into(),
                    branch: format!("release-{line}"),
                }),
                ..UnitFacts::default()
            };
            let (wanted, last) = (parse(wanted), parse(last));
            let line = Line {
                pattern: TagPattern::new("v{version}").expect("a pattern"),
                raises: Raises::Number,
                current: None,
                last: Some(last.clone()),
                in_tree: Some((parse(tree), "VERSION".into())),
                debian: None,
                released: None,
                is_unreleased: false,
            };
            let asked = Asked {
                bump: wanted.step_from(&last),
                number: wanted,
                last: &last,
            };
            let (found, said) = super::number(asked, &line, &facts, &known);
            assert_eq!(
                (found.as_str(), said.unwrap_or_default().as_str()),
                (*number, *why)
            );
        }
    }
}
