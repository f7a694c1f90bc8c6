//! JSON: `version` of `package.json` and its like, the lock files of npm, and
//! the requirements on other packages.
//!
//! RFC 8259, read by jsonc-parser for the bytes of each value. Of a key that
//! stands there twice, readers take one or the other: it is refused.

use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::error::Unread;

/// How strictly a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// RFC 8259.
    Strict,
    /// With comments and trailing commas.
    WithComments,
}

/// Finds the top's `version`.
pub(super) fn spans(text: &str, dialect: Dialect) -> Result<Vec<Range<usize>>, Unread> {
    with_top(text, dialect, |top| {
        version_of(text, top)?
            .map(|at| vec![at])
            .ok_or_else(|| Unread::NoVersion("version".into()))
    })
}

/// Finds the versions of a member of an npm workspace in its lock file: of the
/// directory itself where `member` is empty, there at the top too.
pub(super) fn lock(text: &str, member: &str) -> Result<Vec<Range<usize>>, Unread> {
    with_top(text, Dialect::Strict, |top| {
        let mut found = Vec::new();
        if member.is_empty() {
            found.extend(version_of(text, top)?);
        }
        // Lock files of version 1 have no `packages`.
        if let Some(packages) = object(text, top, "packages")?
            && let Some(own) = object(text, packages, member)?
        {
            found.extend(version_of(text, own)?);
        }
        Ok(found)
    })
}

/// Finds the requirements on a package, as they are written.
pub(super) fn requirements(text: &str, name: &str) -> Result<Vec<Range<usize>>, Unread> {
    const LISTS: [&str; 7] = [
        "dependencies",
        "devDependencies",
        "peerDependencies",
        "optionalDependencies",
        "require",
        "require-dev",
        "imports",
    ];
    with_top(text, Dialect::WithComments, |top| {
        let mut found = Vec::new();
        for list in LISTS {
            if let Some(list) = object(text, top, list)?
                && let Some(value) = one(list, name)?
            {
                found.push(plain(text, value)?);
            }
        }
        if found.is_empty() {
            return Err(Unread::NoVersion(format!("a dependency on {name}")));
        }
        Ok(found)
    })
}

fn with_top<T>(
    text: &str,
    dialect: Dialect,
    read: impl FnOnce(&Object<'_>) -> Result<T, Unread>,
) -> Result<T, Unread> {
    let lenient = dialect == Dialect::WithComments;
    let options = ParseOptions {
        allow_comments: lenient,
        allow_loose_object_property_names: false,
        allow_trailing_commas: lenient,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &options)
        .map_err(|error| Unread::Malformed(Some(error.range().start), error.kind().to_string()))?;
    match &parsed.value {
        Some(Value::Object(top)) => read(top),
        _ => Err(Unread::Malformed(Some(0), "an object is expected".into())),
    }
}

fn one<'a, 'text>(of: &'a Object<'text>, key: &str) -> Result<Option<&'a Value<'text>>, Unread> {
    let mut named = of.properties.iter().filter(|own| own.name.as_str() == key);
    let first = named.next();
    if let (Some(first), Some(second)) = (first, named.next()) {
        let at = vec![first.range.start, second.range.start];
        return Err(Unread::several(key, at));
    }
    Ok(first.map(|own| &own.value))
}

fn object<'a, 'text>(
    text: &str,
    of: &'a Object<'text>,
    key: &str,
) -> Result<Option<&'a Object<'text>>, Unread> {
    match one(of, key)? {
        None => Ok(None),
        Some(Value::Object(inner)) => Ok(Some(inner)),
        Some(other) => {
            let line = super::error::line_of(text, other.start());
            let message = format!("{key} at line {line} is no object");
            Err(Unread::Malformed(Some(other.start()), message))
        }
    }
}

fn version_of(text: &str, of: &Object<'_>) -> Result<Option<Range<usize>>, Unread> {
    one(of, "version")?
        .map(|value| plain(text, value))
        .transpose()
}

/// Returns the bytes between a text's quotes.
fn plain(text: &str, value: &Value<'_>) -> Result<Range<usize>, Unread> {
    let at = value.start() + 1..value.end().saturating_sub(1);
    match value {
        Value::StringLit(literal) if text.get(at.clone()) == Some(literal.value.as_ref()) => Ok(at),
        Value::StringLit(_) => Err(Unread::Malformed(
            Some(value.start()),
            "the version is written with escapes".into(),
        )),
        _ => Err(Unread::Malformed(
            Some(value.start()),
            "the version is no string".into(),
        )),
    }
}

/// Tells whether a `package.json` is the top of a workspace.
pub(super) fn is_workspace(text: &str) -> bool {
    let has = |top: &Object<'_>| Ok(top.get("workspaces").is_some());
    with_top(text, Dialect::Strict, has).unwrap_or(false)
}
