//! A suite of another program's, taken over: its stanzas as they were.
//!
//! Nothing of them is judged by our own rules for what comes new: the archive
//! has served them. Only what clients could not tell apart is refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::archive::admission::{Admission, Listed};
use crate::archive::admit::{same_content, same_version, unread};
use crate::archive::current::Current;
use crate::archive::descriptions::formed;
use crate::archive::layout::IndexName;
use crate::archive::settings::Settings;
use crate::archive::settle::settle;
use crate::format::index::Stanza;
use crate::format::index::translation::Translation;
use crate::model::Finding;

/// Returns the change that makes a suite of what another program's indices
/// list, or adds what is not in the suite yet; what is there stays. `current`
/// must have been observed whole; `known` has the long descriptions that stand apart.
/// All reasons against it are told at once.
pub fn take_over(
    current: &Current,
    wanted: &Settings,
    stanzas: &BTreeMap<IndexName, Vec<Stanza>>,
    known: &BTreeSet<Translation>,
) -> Result<Admission, Vec<Finding>> {
    let mut admission = settle(current, &joined(current, wanted))?;
    let mut findings = Vec::new();
    let mut refuse = |finding: Finding| {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    };
    for (name, stanzas) in stanzas {
        let mut add = Vec::new();
        let sorted: BTreeSet<&Stanza> = stanzas.iter().collect();
        let index = current.manifest().and_then(|m| m.index(name));
        let mut last: Option<&Stanza> = None;
        for stanza in sorted {
            let twin = last.filter(|last| are_one(last, stanza));
            if let Some(twin) = twin {
                if !same_content(twin, stanza) {
                    refuse(two_contents(name, stanza));
                }
                continue;
            }
            last = Some(stanza);
            let listed = Listed::of(stanza, name.component());
            let there = match index.map(|index| current.versions(index, stanza.name())) {
                None => None,
                Some(Err(error)) => {
                    refuse(unread(&error));
                    continue;
                }
                Some(Ok(versions)) => versions.iter().find(|there| are_one(there, stanza)),
            };
            match there {
                Some(there) if !same_content(there, stanza) => {
                    let message = format!("{} has this version with other content", current.suite);
                    let fix = "import it into a suite of its own: --suite NAME=OTHER";
                    let finding =
                        Finding::error("same-version-other-content", subject(stanza), message);
                    refuse(finding.fix(fix));
                }
                Some(_) => admission.unchanged.push(listed),
                None => {
                    admission.added.push(listed);
                    let settings = admission.settings();
                    let (stanza, long) = formed(settings, stanza.clone(), known);
                    admission.translations.extend(long);
                    add.push(stanza);
                }
            }
        }
        if !add.is_empty() {
            let edit = admission.edits.entry(name.clone()).or_default();
            edit.add.extend(add);
        }
    }
    match findings.is_empty() {
        true => Ok(admission.tidied()),
        false => Err(findings),
    }
}

/// Returns the settings of the suite that is there with what it lacks, or those
/// of a new one. A suite that lists nothing yet has no clients of its own: it
/// becomes what those of the old one know, whom apt would warn of another one.
fn joined(current: &Current, wanted: &Settings) -> Settings {
    let Some(manifest) = current.manifest() else {
        return wanted.clone();
    };
    let mut settings = manifest.settings.clone();
    if manifest.listings().all(|index| index.size == 0) {
        let there = settings.clone();
        settings.origin = there.origin.or(wanted.origin.clone());
        settings.label = there.label.or(wanted.label.clone());
        settings.version = there.version.or(wanted.version.clone());
        settings.description = there.description.or(wanted.description.clone());
        settings.codename = wanted.codename.clone().or(there.codename);
        settings.stated = wanted.stated.clone();
    }
    for component in &wanted.components {
        if !settings.components.contains(component) {
            settings.components.push(component.clone());
        }
    }
    for architecture in &wanted.architectures {
        if !settings.architectures.contains(architecture) {
            settings.architectures.push(architecture.clone());
        }
    }
    settings.architectures.sort();
    for key in &wanted.signers {
        if !settings.signers.contains(key) {
            settings.signers.push(key.clone());
        }
    }
    settings
}

/// Tells whether clients would take two stanzas of one index for one package.
fn are_one(a: &Stanza, b: &Stanza) -> bool {
    same_version(a, b) && a.architecture() == b.architecture()
}

fn subject(stanza: &Stanza) -> String {
    let (name, version) = (stanza.name(), stanza.version());
    format!("{name} {version} {}", stanza.architecture())
}

fn two_contents(name: &IndexName, stanza: &Stanza) -> Finding {
    let message = format!("{name} lists it twice, with two contents");
    Finding::error("same-version-other-content", subject(stanza), message)
        .fix("remove one of them from the old archive and publish that again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::tests::nothing_there;
    use crate::format::index::{Kind, parse};
    use crate::model::{Architecture, Component};

    fn stanzas(texts: &[(&str, &str, char)]) -> Vec<Stanza> {
        let text = |(name, version, digit): &(&str, &str, char)| {
            let digest = digit.to_string().repeat(64);
            format!(
                "Package: {name}\nVersion: {version}\nArchitecture: amd64\n\
                 Phased-Update-Percentage: 10\nFilename: pool/x/{name}_{version}.deb\n\
                 Size: 1\nSHA256: {digest}\n\n"
            )
        };
        let text: String = texts.iter().map(text).collect();
        parse(text.as_bytes(), Kind::Packages).expect("stanzas")
    }

    fn index() -> IndexName {
        "main/binary-amd64/Packages".parse().expect("an index")
    }

    fn settings() -> Settings {
        let main = Component::new("main").expect("a name");
        let amd64 = Architecture::new("amd64").expect("a name");
        Settings::new(vec![main], vec![amd64])
    }

    fn take(list: &[(&str, &str, char)]) -> Result<Admission, Vec<Finding>> {
        let mut empty = nothing_there();
        empty.generation = None;
        let stanzas = BTreeMap::from([(index(), stanzas(list))]);
        take_over(&empty, &settings(), &stanzas, &BTreeSet::new())
    }

    #[test]
    fn stanzas_come_as_they_were() {
        let list = [("b", "1.0", '1'), ("aa", "1.0", '2'), ("aa", "0.9", '3')];
        let list = list
            .map(|(name, version, digit)| (if name == "b" { "bb" } else { name }, version, digit));
        let admission = take(&list).expect("taken");
        assert_eq!(admission.added().len(), 3);
        let edit = &admission.edits()[&index()];
        assert!(
            edit.add
                .iter()
                .all(|s| s.text().contains("Phased-Update-Percentage: 10\n"))
        );
        assert!(admission.is_change());
    }

    #[test]
    fn an_empty_suite_becomes_what_the_old_ones_clients_know() {
        let mut wanted = settings();
        wanted.origin = Some("Old".to_owned());
        wanted.label = Some("Theirs".to_owned());
        let mut empty = nothing_there();
        let there = empty.generation.as_mut().map(|(_, manifest)| manifest);
        there.expect("a suite").settings.label = Some("Ours".to_owned());
        let joined = joined(&empty, &wanted);
        assert_eq!(joined.origin.as_deref(), Some("Old"));
        // What somebody has said of it holds.
        assert_eq!(joined.label.as_deref(), Some("Ours"));
    }

    #[test]
    fn one_version_with_two_contents_is_refused() {
        let twice = take(&[("aa", "1.0", '1'), ("aa", "1.0", '1')]).expect("the same");
        assert_eq!(twice.added().len(), 1);
        let findings = take(&[
            ("aa", "1.0", '1'),
            ("aa", "1.0", '2'),
            ("bb", "1", '1'),
            ("bb", "1", '3'),
        ]);
        let rules: Vec<_> = findings
            .expect_err("two contents")
            .into_iter()
            .map(|f| f.rule)
            .collect();
        assert_eq!(rules, ["same-version-other-content"; 2]);
    }
}
