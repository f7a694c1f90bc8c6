//! What is where in a package that is being made.

use std::io::Read;

use crate::format::tar::{Kind, Node, Tree, TreePath};

/// A look into a data tree.
#[derive(Clone, Copy)]
pub(super) struct Place<'a>(pub(super) &'a Tree);

impl Place<'_> {
    /// Returns the names of the regular files right in a directory, in order.
    pub(super) fn files_in(&self, directory: &str) -> Vec<String> {
        let inside = |path: &TreePath| {
            let name = path.as_bytes().strip_prefix(directory.as_bytes())?;
            let name = std::str::from_utf8(name.strip_prefix(b"/")?).ok()?;
            (!name.contains('/')).then(|| name.to_owned())
        };
        let files = self.0.iter().filter(|(_, node)| is_file(node));
        files.filter_map(|(path, _)| inside(path)).collect()
    }

    /// Returns the names of the regular files somewhere below a directory that
    /// end so, in order and once.
    pub(super) fn names_below(&self, directory: &str, ending: &str) -> Vec<String> {
        let Ok(directory) = TreePath::new(directory) else {
            return Vec::new();
        };
        let below = |(path, node): &(&TreePath, &Node)| path.is_inside(&directory) && is_file(node);
        let names = self.0.iter().filter(below);
        let names = names.map(|(path, _)| String::from_utf8_lossy(path.file_name()).into_owned());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(ending)).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Tells whether something is at an absolute path, wherever `/bin`, `/sbin`
    /// and `/lib` lie.
    pub(super) fn has(&self, path: &str) -> bool {
        let bare = path.trim_start_matches('/');
        let merged = bare.strip_prefix("usr/").map(str::to_owned);
        let merged = merged.unwrap_or_else(|| format!("usr/{bare}"));
        let there = |path: &str| TreePath::new(path).is_ok_and(|path| self.0.get(&path).is_some());
        there(bare) || there(&merged)
    }

    /// Reads a text of the package.
    pub(super) fn text(&self, path: &str) -> Result<String, String> {
        let node = TreePath::new(path).ok().and_then(|path| self.0.get(&path));
        let Some(Kind::File(content)) = node.map(|node| &node.kind) else {
            return Err(format!("/{path} is no file"));
        };
        let mut bytes = Vec::new();
        let read = content
            .open()
            .and_then(|mut file| file.read_to_end(&mut bytes));
        read.map_err(|error| format!("cannot read /{path}: {error}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn is_file(node: &Node) -> bool {
    matches!(node.kind, Kind::File(_))
}

/// Makes the tree again with some of its nodes replaced, under the same path or
/// another; what `replace` returns nothing for stays.
pub(super) fn replaced(
    tree: &Tree,
    mut replace: impl FnMut(&TreePath, &Node) -> Option<(TreePath, Node)>,
) -> Result<Tree, String> {
    let mut made = Tree::new();
    for (path, node) in tree.iter() {
        let (path, node) = replace(path, node).unwrap_or_else(|| (path.clone(), node.clone()));
        made.insert(path, node).map_err(|error| error.to_string())?;
    }
    Ok(made)
}

/// Makes a tree of files, and reads the programs in it.
#[cfg(test)]
pub(super) fn read_tree(
    files: &[(&str, &[u8])],
) -> (super::Shaping, Vec<super::programs::Program>) {
    let mut data = Tree::new();
    for (path, bytes) in files {
        let node = Node::file(bytes.to_vec(), 0o755, 0);
        data.insert(TreePath::new(*path).expect(path), node)
            .expect(path);
    }
    let programs = files.iter().filter_map(|(path, bytes)| {
        let elf = crate::format::elf::Elf::read(bytes).ok()?;
        Some(super::programs::Program::of(
            TreePath::new(*path).ok()?,
            elf,
        ))
    });
    let programs = programs.collect();
    let conffiles = Vec::new();
    (super::Shaping { data, conffiles }, programs)
}
