//! What an embargo needs of the user's git: where hooks are, settings of the
//! repository itself, what a remote has, who shares its objects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::user::{UserGit, UserGitError, line};
use super::{Author, GitError, Repository, failed};
use crate::sys::process::ToolError;

/// How long a remote may take to say what it has.
const LIMIT: Duration = Duration::from_secs(120);

impl UserGit<'_> {
    /// Returns the directory whose hooks are run.
    pub fn hooks_directory(&self) -> Result<PathBuf, UserGitError> {
        let tool = self.with_hooks().args(["rev-parse", "--git-path", "hooks"]);
        let found = line(&self.run("tell where its hooks are", tool)?);
        Ok(self.repository.top().join(found))
    }

    /// Returns a setting of the repository itself, whatever the user's own says.
    pub fn own_setting(&self, name: &str) -> Result<Option<String>, UserGitError> {
        let tool = self.tool().args(["config", "--local", "--get", name]);
        match self.run("read its settings", tool) {
            Ok(said) => Ok(Some(line(&said))),
            // git-config(1): 1 where there is none.
            Err(error) if is_exit(&error.source, 1) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sets or removes a setting of the repository itself.
    pub fn set_own_setting(&self, name: &str, value: Option<&str>) -> Result<(), UserGitError> {
        let tool = self.tool().args(["config", "--local"]);
        let tool = match value {
            Some(value) => tool.args([name, value]),
            None => tool.args(["--unset-all", name]),
        };
        match self.run("change its settings", tool) {
            // git-config(1): 5 where there is none to remove.
            Err(error) if value.is_none() && is_exit(&error.source, 5) => Ok(()),
            ended => ended.map(drop),
        }
    }

    /// Asks a remote for its branches and tags: full names and objects.
    pub fn remote_refs(&self, remote: &str) -> Result<BTreeMap<String, String>, UserGitError> {
        let tool = self
            .tool()
            .args(["ls-remote", "--refs", "--", remote])
            .args(["refs/heads/*", "refs/tags/*"])
            .limit(LIMIT);
        let said = self.run("ask a remote what it has", tool)?.stdout;
        let said = String::from_utf8_lossy(&said);
        let refs = said.lines().filter_map(|line| line.split_once('\t'));
        Ok(refs
            .map(|(id, name)| (name.to_owned(), id.to_owned()))
            .collect())
    }
}

fn is_exit(error: &ToolError, code: i32) -> bool {
    match error {
        ToolError::Failed { code: found, .. } => *found == Some(code),
        _ => false,
    }
}

impl Repository {
    /// Returns the names of its remotes.
    pub fn remote_names(&self) -> Result<Vec<String>, GitError> {
        let names = self.inner.remotes().map_err(failed("list its remotes"))?;
        Ok(names
            .iter()
            .flatten()
            .flatten()
            .map(str::to_owned)
            .collect())
    }

    /// Writes a commit without parents that holds one file, the same one for the
    /// same file and author. No ref moves.
    pub fn write_lone_file(
        &self,
        name: &str,
        content: &[u8],
        author: Author<'_>,
        message: &str,
    ) -> Result<String, GitError> {
        let act = || failed("write a commit");
        let blob = self.inner.blob(content).map_err(act())?;
        let mut tree = self.inner.treebuilder(None).map_err(act())?;
        tree.insert(name, blob, 0o100_644).map_err(act())?;
        let tree = tree.write().map_err(act())?;
        let tree = self.inner.find_tree(tree).map_err(act())?;
        let time = git2::Time::new(author.date.unix(), 0);
        let who = git2::Signature::new(author.name, author.email, &time).map_err(act())?;
        let id = self.inner.commit(None, &who, &who, message, &tree, &[]);
        Ok(id.map_err(act())?.to_string())
    }

    /// Deletes the refs whose full names are meant.
    pub fn delete_refs(&self, is_meant: impl Fn(&str) -> bool) -> Result<(), GitError> {
        let act = || failed("delete a ref");
        let mut meant = Vec::new();
        for reference in self.inner.references().map_err(act())? {
            let reference = reference.map_err(act())?;
            if reference.name().is_ok_and(&is_meant) {
                meant.push(reference);
            }
        }
        for mut reference in meant {
            reference.delete().map_err(act())?;
        }
        Ok(())
    }

    /// Tells whether any ref's full name begins like this.
    pub fn has_ref_below(&self, start: &str) -> Result<bool, GitError> {
        let glob = format!("{start}*");
        let found = self.inner.references_glob(&glob);
        Ok(found.map_err(failed("list its refs"))?.next().is_some())
    }

    /// Tells whether it has an object.
    pub fn has_object(&self, id: &str) -> bool {
        let id = git2::Oid::from_str(id);
        let database = self.inner.odb();
        id.is_ok_and(|id| database.is_ok_and(|database| database.exists(id)))
    }

    /// Returns where its own objects are.
    pub fn objects_directory(&self) -> PathBuf {
        self.inner.commondir().join("objects")
    }

    /// Tells whether git-daemon(1) or a web server was told to show it.
    pub fn is_exported(&self) -> bool {
        self.inner.commondir().join("git-daemon-export-ok").exists()
    }
}

/// Lists the directories that a repository in a local directory takes objects
/// from (gitrepository-layout(5), objects/info/alternates).
pub fn alternates(git_directory: &Path) -> Vec<PathBuf> {
    let objects = git_directory.join("objects");
    let text = std::fs::read_to_string(objects.join("info/alternates"));
    let text = text.unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| objects.join(line))
        .map(|path| path.canonicalize().unwrap_or(path))
        .collect()
}
