//! A tag's tree → source package, by dpkg-source(1).
//!
//! A quilt package is packed from upstream's tarball and the tag's `debian/`
//! alone, whatever else the tree holds: that the tree is the same is proven
//! afterwards, by unpacking what was packed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::given_back::{self, Rules, Tagged};
use super::orig::changes;
use super::{Bench, BuildError, files_with_ending, name_of, only};
use crate::build::layout::Ignored;
use crate::build::patches;
use crate::build::plan::RecipePlan;
use crate::build::source::SourceFormat;
use crate::build::upstream::{Exported, Follow, Orig};
use crate::model::Finding;
use crate::sys::files::{self, Access};
use crate::sys::git::ExportChanges;

/// Exports the tag's tree and packs it; returns the signed `.dsc`.
pub(super) fn source_package(
    bench: &mut Bench<'_>,
    orig: Option<&Orig>,
    work: &Path,
) -> Result<PathBuf, BuildError> {
    let export = work.join("export");
    files::create_dir(&export)?;
    let tree = bench.package_tree()?;
    let mut tagged = given_back::tagged(bench.workshop.repository, &tree)?;
    let packed = export.join(bench.plan.directory_name());
    match orig {
        Some(orig) => {
            bench.origs(orig, &export)?;
            bench.compose(orig, &tree, &tagged, &export, &packed)?;
        }
        None => bench.whole_tree(&tree, &packed)?,
    }
    bench.enter_into_source(&packed)?;
    if bench.plan.entry.is_some() {
        // What the source package is held to is the tree with the entry that
        // this build alone has.
        let path = "debian/changelog";
        let id = bench
            .workshop
            .repository
            .blob_id(&files::read(&packed.join(path))?)?;
        let executable = false;
        let seen = given_back::Seen::File { id, executable };
        tagged.files.insert(path.to_owned(), seen);
    }
    let (format, _) = bench.source_choices();
    let mut pack = bench.tool("dpkg-source", &export);
    // dpkg-source leaves out what it takes for litter (*.so, *.a, .gitignore);
    // in a tag it is there on purpose. No file matches this name.
    pack = pack.arg("--tar-ignore=//");
    pack = match orig {
        None => pack.arg("--diff-ignore=^\\0$"),
        // Our own configuration is the packaging's, and no change of upstream's.
        Some(_) => pack.arg("--extend-diff-ignore=^debcut\\.toml$"),
    };
    if format == SourceFormat::OldNative || format == SourceFormat::OldDiff {
        // Said aloud, or dpkg-source complains of the missing file.
        pack = pack.arg("--format=1.0");
    }
    let directory = packed.file_name().unwrap_or_default();
    bench.run("packing the source of", pack.arg("--build").arg(directory))?;
    files::remove_tree(&packed)?;
    let dsc = only(&export, ".dsc")?;
    bench.prove(&dsc, orig, &tagged, work)?;
    bench.sign(&dsc)?;
    for file in files_with_ending(&export, "")? {
        let to = work.join(name_of(&file));
        fs::rename(&file, &to).map_err(files::failed("move", &file))?;
    }
    Ok(work.join(name_of(&dsc)))
}

impl Bench<'_> {
    fn source_choices(&self) -> (SourceFormat, &Exported) {
        let RecipePlan::Debian {
            format, exported, ..
        } = &self.plan.recipe
        else {
            unreachable!("only packages with debian/ have source packages");
        };
        (*format, exported)
    }

    fn begin_export(&self) {
        let shown = self.plan.revision.shown();
        self.workshop.listener.begin(format!("exporting {shown}"));
    }

    /// Writes a native package's tree.
    fn whole_tree(&self, tree: &str, to: &Path) -> Result<(), BuildError> {
        self.begin_export();
        let (_, exported) = self.source_choices();
        if exported.follow == Follow::Nothing {
            return self.export(tree, to);
        }
        let repository = self.workshop.repository;
        let changes = changes(repository, tree, &self.plan.commit, exported)?;
        self.export_changed(tree, to, &changes)
    }

    fn export_changed(
        &self,
        tree: &str,
        to: &Path,
        changes: &ExportChanges,
    ) -> Result<(), BuildError> {
        let repository = self.workshop.repository;
        let exported = repository.export_changed(tree, to, self.plan.epoch, changes)?;
        for submodule in exported.submodules {
            self.workshop.listener.warn(format!(
                "the submodule {submodule} is left out: an empty directory"
            ));
        }
        Ok(())
    }

    /// Writes upstream's files with the tag's `debian/`, or, where dpkg-source
    /// looks for changes itself, the tag's tree.
    fn compose(
        &mut self,
        orig: &Orig,
        tree: &str,
        tagged: &Tagged,
        export: &Path,
        to: &Path,
    ) -> Result<(), BuildError> {
        let upstream = self.work().join("upstream");
        self.unpack(&export.join(&orig.tarball.name), &upstream)?;
        for component in &orig.components {
            let into = upstream.join(&component.component);
            files::remove_tree(&into)?;
            self.unpack(&export.join(&component.tarball.name), &into)?;
        }
        self.begin_export();
        if orig.packing.layout.is_packed_as_it_is() {
            let (_, exported) = self.source_choices();
            let ignored = Ignored::new([], &[], exported);
            let lacks = |path: &&String| {
                let found = upstream.join(path.as_str()).symlink_metadata();
                ignored.is_left_out(path) && found.is_err()
            };
            let changes = ExportChanges {
                without: tagged.files.keys().filter(lacks).cloned().collect(),
                ..ExportChanges::default()
            };
            files::remove_tree(&upstream)?;
            return self.export_changed(tree, to, &changes);
        }
        fs::rename(&upstream, to).map_err(files::failed("move", &upstream))?;
        // dpkg-source drops upstream's own packaging, too.
        let packaging = to.join("debian");
        files::remove_tree(&packaging)?;
        let repository = self.workshop.repository;
        let below = repository.subtree(tree, "debian")?;
        let below = below.expect("observe() read debian/control");
        repository.export(&below, &packaging, self.plan.epoch)?;
        self.write_patches(orig, &packaging)
    }

    /// Unpacks a tarball as dpkg-source does: a single directory in it is no
    /// part of the tree.
    fn unpack(&mut self, tarball: &Path, to: &Path) -> Result<(), BuildError> {
        let inside = self.work().join("unpacking");
        files::create_dir(&inside)?;
        let tar = self.tool("tar", &inside);
        let tar = tar
            .args(["--extract", "--no-same-owner", "--no-same-permissions"])
            .arg("--file")
            .arg(tarball);
        self.run("unpacking the upstream tarball of", tar)?;
        let found = files_with_ending(&inside, "")?;
        match found.as_slice() {
            [one] if one.symlink_metadata().is_ok_and(|found| found.is_dir()) => {
                fs::rename(one, to).map_err(files::failed("move", one))?;
                files::remove_tree(&inside)?;
            }
            _ => fs::rename(&inside, to).map_err(files::failed("move", &inside))?,
        }
        Ok(())
    }

    /// Writes the patches that are made of commits, and their list.
    fn write_patches(&self, orig: &Orig, packaging: &Path) -> Result<(), BuildError> {
        let planned = &orig.packing.patches;
        if planned.is_empty() {
            return Ok(());
        }
        let (_, exported) = self.source_choices();
        let ignored = ignored(orig, exported);
        let below = packaging.join("patches");
        let mut series = String::new();
        let mut written = Vec::new();
        for patch in planned {
            let diff = patches::diff(
                self.workshop.repository,
                &patch.before,
                &patch.after,
                &|path| ignored.is_no_change(path),
            )?;
            let path = below.join(&patch.name);
            no_link_between(packaging, &path)?;
            files::create_dir(path.parent().unwrap_or(&below))?;
            let text = [patch.header.as_bytes(), b"\n", &diff.text].concat();
            files::replace(&path, &text, Access::Public)?;
            written.push(path);
            series.push_str(&format!("{}\n", patch.name));
        }
        let list = below.join("series");
        files::replace(&list, series.as_bytes(), Access::Public)?;
        written.push(list);
        let mut directories: Vec<_> = written
            .iter()
            .flat_map(|path| path.ancestors().skip(1))
            .take_while(|path| path.starts_with(packaging))
            .map(Path::to_owned)
            .collect();
        directories.sort();
        directories.dedup();
        directories.reverse();
        for path in &written {
            set(path, 0o644, self.plan.epoch.unix())?;
        }
        for path in &directories {
            set(path, 0o755, self.plan.epoch.unix())?;
        }
        Ok(())
    }

    /// Unpacks what was packed and compares it with the tag's tree.
    fn prove(
        &mut self,
        dsc: &Path,
        orig: Option<&Orig>,
        tagged: &Tagged,
        work: &Path,
    ) -> Result<(), BuildError> {
        let to = work.join("given-back");
        let unpack = self.tool("dpkg-source", work);
        let mut unpack = unpack.args(["--no-check", "--no-copy", "--extract"]);
        let is_quilt = self.source_choices().0 == SourceFormat::Quilt;
        if is_quilt && orig.is_some_and(|orig| orig.packing.layout.is_unapplied()) {
            unpack = unpack.arg("--skip-patches");
        }
        self.run("checking the source of", unpack.arg(dsc).arg(&to))?;
        let repository = self.workshop.repository;
        let (format, exported) = self.source_choices();
        let nothing = Ignored::new([], &[], exported);
        let ignored = orig.map_or(nothing, |orig| ignored(orig, exported));
        let rules = Rules {
            format,
            orig,
            exported,
            ignored: &ignored,
            is_filled: &|path| given_back::is_filled(repository, tagged, &to, path),
        };
        let compared = rules.compare(tagged, &given_back::unpacked(repository, &to)?);
        files::remove_tree(&to)?;
        let findings = compared.findings(&name_of(dsc));
        if !findings.is_empty() {
            return Err(BuildError::Refused { findings });
        }
        if !compared.left_out.is_empty() {
            let shown = given_back::shown(&compared.left_out);
            self.workshop
                .listener
                .note(format!("the source package leaves out {shown}"));
        }
        if !compared.modes.is_empty() {
            let shown = given_back::shown(&compared.modes);
            self.workshop.listener.warn(format!(
                "a .diff.gz holds no executable bit: dpkg-source -x gives {shown} without it"
            ));
        }
        Ok(())
    }
}

fn ignored(orig: &Orig, exported: &Exported) -> Ignored {
    let components = orig.components.iter().map(|found| found.component.as_str());
    Ignored::new(components, &orig.packing.diff_ignore, exported)
}

/// Refuses to write where the tag's tree has something else than a directory on
/// the way: a link would lead out of the export.
fn no_link_between(packaging: &Path, path: &Path) -> Result<(), BuildError> {
    let above = path.ancestors().skip(1);
    for directory in above.take_while(|above| above.starts_with(packaging)) {
        if directory
            .symlink_metadata()
            .is_ok_and(|found| !found.is_dir())
        {
            let shown = directory.strip_prefix(packaging).unwrap_or(directory);
            let what = "patches are to be written there, and it is no directory";
            let shown = Path::new("debian").join(shown).display().to_string();
            let finding = Finding::error("no-directory", shown, what);
            return Err(BuildError::Refused {
                findings: vec![finding.fix("remove it, commit, and tag that commit")],
            });
        }
    }
    Ok(())
}

fn set(path: &Path, mode: u32, unix: i64) -> Result<(), BuildError> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(unix.max(0).unsigned_abs());
    let set = || {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        fs::File::open(path)?.set_modified(time)
    };
    Ok(set().map_err(files::failed("set the time of", path))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_written_through_no_link() {
        let place = tempfile::tempdir().expect("a directory");
        let packaging = place.path().join("debian");
        fs::create_dir_all(packaging.join("patches/real")).expect("directories");
        let lead = |name: &str| std::os::unix::fs::symlink("../..", packaging.join(name));
        lead("patches/away").expect("a link");
        lead("away").expect("a link");
        for (name, fine) in [
            ("patches/a.patch", true),
            ("patches/new/a.patch", true),
            ("patches/real/a.patch", true),
            ("patches/away/a.patch", false),
            ("away/a.patch", false),
            ("away/deep/a.patch", false),
        ] {
            let found = no_link_between(&packaging, &packaging.join(name));
            assert_eq!(found.is_ok(), fine, "{name}");
        }
    }
}
