//! What is installed on top of a bare system: the key that names it, and the
//! record that is kept with it. Pure.

use serde::{Deserialize, Serialize};

use super::RootError;
use super::debs::Debs;
use super::sources::{Source, extra_sources};
use super::wanted::{Dependencies, RootWanted};
use crate::format::deb822::{Syntax, paragraphs};
use crate::model::Sha256;

/// What is kept with a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// What it is for: the source package's name, or the record's.
    pub subject: String,
    /// When it was made, in seconds since 1970.
    pub made_unix: i64,
    /// The digest of the packages, those of the bare system included.
    pub identity: Sha256,
    /// What those that were installed here came in.
    pub debs: Debs,
}

/// Changes when layers are made in another way.
const LAYOUT: u32 = 2;

/// Returns the digest of what decides a layer: the system below, what it needs,
/// and what the archives that it may come from hold.
pub fn key(wanted: &RootWanted, root: &Sha256, states: &[Sha256]) -> Result<Sha256, RootError> {
    let dependencies = wanted.dependencies.as_ref().map(relations).transpose()?;
    let exact = wanted.exact.as_ref().map(|packages| {
        let mut lines: Vec<String> = packages.iter().map(ToString::to_string).collect();
        lines.sort();
        lines
    });
    let archives: Vec<String> = extra_sources(wanted).iter().map(Source::line).collect();
    let keys: Vec<_> = wanted
        .archives
        .iter()
        .map(|archive| &archive.keys)
        .collect();
    // The suites on top of the base are in the system's key, not in its list
    // of packages.
    let suites = (&wanted.suites, &wanted.snapshot);
    let what = serde_json::json!([
        LAYOUT,
        root,
        suites,
        dependencies,
        exact,
        archives,
        keys,
        states
    ]);
    Ok(Sha256::of(what.to_string().as_bytes()))
}

/// Returns what a `debian/control` says about building, and nothing else of it.
fn relations(dependencies: &Dependencies) -> Result<serde_json::Value, RootError> {
    let all = paragraphs(dependencies.control.as_bytes(), Syntax::Handwritten);
    let all = all.map_err(RootError::Control)?;
    let source = all.first();
    let fields = source.into_iter().flat_map(|source| source.fields());
    let build = fields.filter(|field| field.name().to_ascii_lowercase().starts_with("build-"));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut build: Vec<String> = build
        .map(|field| format!("{}: {}", field.name(), words(field.value())))
        .collect();
    build.sort();
    let mut profiles = dependencies.profiles.clone();
    profiles.sort();
    let of = (dependencies.parts, &dependencies.host_architecture);
    Ok(serde_json::json!([build, profiles, of]))
}

/// Returns what a layer is for.
pub fn subject(wanted: &RootWanted) -> String {
    let Some(dependencies) = &wanted.dependencies else {
        return "a record's packages".to_owned();
    };
    let all = paragraphs(dependencies.control.as_bytes(), Syntax::Handwritten).unwrap_or_default();
    let name = all.first().and_then(|source| source.get("Source"));
    name.unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::root::sources::tests::wanted;
    use crate::build::root::wanted::Parts;

    const CONTROL: &str = "Source: hello\nMaintainer: A <a@b.example>\n\
        Build-Depends: debhelper-compat (= 13),\n help2man\n\nPackage: hello\nArchitecture: any\n";

    fn of(control: &str) -> RootWanted {
        RootWanted {
            dependencies: Some(Dependencies {
                control: control.to_owned(),
                parts: Parts::All,
                profiles: vec!["nocheck".to_owned(), "nodoc".to_owned()],
                host_architecture: None,
            }),
            ..wanted("unstable")
        }
    }

    #[test]
    fn only_what_a_build_needs_decides() {
        let root = Sha256::of(b"root");
        let key = |wanted: &RootWanted, states: &[Sha256]| {
            key(wanted, &root, states).expect("a control file").hex()
        };
        let first = key(&of(CONTROL), &[]);
        let same = [
            CONTROL.replace("A <a@b.example>", "B <b@b.example>"),
            CONTROL.replace(",\n help2man", ", help2man"),
            CONTROL.replace("Package: hello", "Package: other"),
        ];
        for text in same {
            assert_eq!(key(&of(&text), &[]), first, "{text}");
        }
        let other = CONTROL.replace("help2man", "help2man (>= 2)");
        assert_ne!(key(&of(&other), &[]), first);
        assert_ne!(key(&of(CONTROL), &[Sha256::of(b"InRelease")]), first);
        let mut turned = of(CONTROL);
        turned
            .dependencies
            .as_mut()
            .expect("there")
            .profiles
            .reverse();
        assert_eq!(key(&turned, &[]), first);
        turned.dependencies.as_mut().expect("there").parts = Parts::Indep;
        assert_ne!(key(&turned, &[]), first);
        assert_eq!(subject(&of(CONTROL)), "hello");
    }
}
