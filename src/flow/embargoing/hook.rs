//! The hook for the user's own `git push`: a directory of hooks beside debcut's
//! notes, each of which runs the one it stands before. The directory that is
//! there may belong to the work tree or to all of the user's repositories, so
//! nothing is written into it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::flow::FlowError;
use crate::patch::embargo::Embargo;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access, failed};
use crate::sys::git::{Repository, UserGit};

/// git's setting for the directory of hooks.
const SETTING: &str = "core.hooksPath";

/// Hooks whose being there changes nothing: one that appears later in the
/// directory before is run as well. Others are passed on where they are there.
const HARMLESS: [&str; 11] = [
    "applypatch-msg",
    "commit-msg",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-rewrite",
    "pre-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "pre-rebase",
    "prepare-commit-msg",
];
/// Hooks of the embargo.
const OWN: [&str; 2] = ["pre-push", "sendemail-validate"];

const SCRIPT: &str = include_str!("../../../templates/hooks/embargo.sh");

/// How the hook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// git runs it.
    There,
    /// git runs others.
    Elsewhere,
}

fn directory(repository: &Repository) -> PathBuf {
    let own = repository.own_dir();
    own.canonicalize().unwrap_or(own).join("hooks")
}

/// Returns what stands in the repository's own configuration before an embargo.
pub fn before(
    repository: &Repository,
    environment: &Environment,
) -> Result<Option<String>, FlowError> {
    let own = directory(repository).display().to_string();
    let set = UserGit::new(repository, environment).own_setting(SETTING)?;
    Ok(set.filter(|set| *set != own))
}

/// Returns the directory whose hooks would be run without us.
pub(super) fn outside(
    repository: &Repository,
    embargo: &Embargo,
    environment: &Environment,
) -> Result<PathBuf, FlowError> {
    let git = UserGit::new(repository, environment);
    Ok(match &embargo.hooks_path {
        Some(set) => repository.top().join(set),
        None if standing(repository, environment)? == Standing::There => {
            repository.objects_directory().with_file_name("hooks")
        }
        None => git.hooks_directory()?,
    })
}

/// Tells whether git runs the hook.
pub fn standing(repository: &Repository, environment: &Environment) -> Result<Standing, FlowError> {
    let own = directory(repository);
    let run = UserGit::new(repository, environment).hooks_directory()?;
    let is_there = OWN.iter().all(|name| own.join(name).is_file());
    Ok(match is_there && run == own {
        true => Standing::There,
        false => Standing::Elsewhere,
    })
}

/// The file that says that the hook was set for a mark that came along.
const GUARD: &str = ".guard";

/// Tells whether the hook was set for a mark that came along.
pub(super) fn is_guard(repository: &Repository) -> bool {
    directory(repository).join(GUARD).exists()
}

/// Puts the hook before those that are there, for a mark that came along.
pub(super) fn install_guard(
    repository: &Repository,
    environment: &Environment,
) -> Result<(), FlowError> {
    files::create_dir(&repository.own_dir())?;
    let own = directory(repository);
    files::private_dir(&own)?;
    files::replace(&own.join(GUARD), b"", Access::Private)?;
    install(repository, None, environment)
}

/// Puts the hook before those that are there; `hooks_path` is the repository's
/// own setting of before.
pub fn install(
    repository: &Repository,
    hooks_path: Option<&str>,
    environment: &Environment,
) -> Result<(), FlowError> {
    if standing(repository, environment)? == Standing::There {
        return Ok(());
    }
    let git = UserGit::new(repository, environment);
    let own = directory(repository);
    // What is run without us: the repository's setting of before, else whatever
    // counts elsewhere.
    git.set_own_setting(SETTING, hooks_path)?;
    let before = git.hooks_directory()?;
    let before = before.canonicalize().unwrap_or(before);
    files::private_dir(&own)?;
    let script = SCRIPT
        .replace("@BEFORE@", &quoted(&before))
        .replace("@PROGRAM@", &quoted(environment.program()));
    let there = std::fs::read_dir(&before).into_iter().flatten().flatten();
    let there = there.filter_map(|entry| entry.file_name().into_string().ok());
    let there = there.filter(|name| !name.contains('.'));
    let all = HARMLESS.iter().chain(&OWN).map(|name| (*name).to_owned());
    for name in all.chain(there) {
        let path = own.join(name);
        files::replace(&path, script.as_bytes(), Access::Private)?;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, mode).map_err(failed("make executable", &path))?;
    }
    let value = own.display().to_string();
    Ok(git.set_own_setting(SETTING, Some(&value))?)
}

/// Takes the hook away, and lets git run those of before.
pub fn remove(
    repository: &Repository,
    hooks_path: Option<&str>,
    environment: &Environment,
) -> Result<(), FlowError> {
    let git = UserGit::new(repository, environment);
    let own = directory(repository);
    // Somebody may have set another one meanwhile: that stays.
    if git.own_setting(SETTING)?.as_deref() == own.to_str() {
        git.set_own_setting(SETTING, hooks_path)?;
    }
    match own.is_dir() {
        true => Ok(files::remove_tree(&own)?),
        false => Ok(()),
    }
}

/// Quotes a path for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
