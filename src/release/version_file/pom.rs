//! `pom.xml`: `project/version`, and the versions of parents and dependencies.
//!
//! Maven's POM reference. A project without a version of its own has its
//! parent's, which is the parent's to change.

use std::ops::Range;

use roxmltree::{Document, Node, TextPos};

use super::error::Unread;

pub(super) fn spans(text: &str) -> Result<Vec<Range<usize>>, Unread> {
    let document = parse(text)?;
    let project = project(&document)?;
    let mut versions = children(project, "version");
    let Some(version) = versions.next() else {
        return Err(match child(project, "parent") {
            Some(_) => Unread::Dynamic("it is the parent's".into()),
            None => Unread::NoVersion("project/version".into()),
        });
    };
    if let Some(second) = versions.next() {
        let at = vec![version.range().start, second.range().start];
        return Err(Unread::several("project/version", at));
    }
    written(text, version).map(|at| vec![at])
}

/// Finds the versions of a parent or of dependencies with this artifact's name:
/// `artifact` or `group:artifact`.
pub(super) fn requirement(text: &str, artifact: &str) -> Result<Vec<Range<usize>>, Unread> {
    let document = parse(text)?;
    let project = project(&document)?;
    let managed = child(project, "dependencyManagement");
    let lists = [Some(project), managed].into_iter().flatten();
    let listed = lists.flat_map(|of| children(of, "dependencies"));
    let dependencies = listed.flat_map(|list| children(list, "dependency"));
    let all = children(project, "parent").chain(dependencies);
    let text_of = |node: Node<'_, '_>, name| {
        child(node, name)
            .and_then(|node| node.text().map(|text| text.trim().to_owned()))
            .unwrap_or_default()
    };
    let named = all.filter(|node| {
        let own = text_of(*node, "artifactId");
        own == artifact || format!("{}:{own}", text_of(*node, "groupId")) == artifact
    });
    let named: Vec<_> = named.collect();
    if named.is_empty() {
        return Err(Unread::NoVersion(format!("a dependency on {artifact}")));
    }
    let versions = named.into_iter().filter_map(|node| child(node, "version"));
    // A property is set elsewhere, and there it is changed.
    let written = versions.map(|version| written(text, version));
    written
        .filter(|found| !matches!(found, Err(Unread::Dynamic(_))))
        .collect()
}

fn parse(text: &str) -> Result<Document<'_>, Unread> {
    Document::parse(text).map_err(|error| {
        let at = byte_at(text, error.pos());
        Unread::Malformed(Some(at), error.to_string())
    })
}

fn project<'a, 'input>(document: &'a Document<'input>) -> Result<Node<'a, 'input>, Unread> {
    let root = document.root_element();
    (root.tag_name().name() == "project")
        .then_some(root)
        .ok_or_else(|| Unread::NoVersion("project/version".into()))
}

fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &'a str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children()
        .filter(move |child| child.is_element() && child.tag_name().name() == name)
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &'a str) -> Option<Node<'a, 'input>> {
    children(node, name).next()
}

/// Finds an element's one text, without the blanks around it.
fn written(text: &str, node: Node<'_, '_>) -> Result<Range<usize>, Unread> {
    let mut inside = node.children();
    let (Some(only), None) = (inside.next(), inside.next()) else {
        let message = "the version is not one plain text".to_owned();
        return Err(Unread::Malformed(Some(node.range().start), message));
    };
    let at = only.range();
    let raw = &text[at.clone()];
    let start = at.start + raw.len() - raw.trim_start().len();
    let at = start..start + raw.trim().len();
    let raw = &text[at.clone()];
    if raw.contains("${") {
        return Err(Unread::Dynamic(format!("it is the property {raw}")));
    }
    if !only.is_text() || raw.is_empty() || raw.contains(['&', '<']) {
        let message = "the version is not one plain text".to_owned();
        return Err(Unread::Malformed(Some(at.start), message));
    }
    Ok(at)
}

fn byte_at(text: &str, position: TextPos) -> usize {
    let row = usize::try_from(position.row).unwrap_or(usize::MAX);
    let lines = text.split_inclusive('\n').take(row.saturating_sub(1));
    lines.map(str::len).sum()
}
