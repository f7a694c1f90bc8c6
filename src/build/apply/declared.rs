//! A declared package → `.deb`, `.buildinfo` and `.changes`, in this process.
//!
//! Needs no tool of Debian's; a build command is the package's own affair.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Bench, BuildError, listed, name_of};
use crate::build::package::{Content, CopyrightSource, Declared, Owner};
use crate::format::buildinfo::Buildinfo;
use crate::format::changelog::{Entry, Upload};
use crate::format::changes::{Changes, ChangesFile};
use crate::format::compress::{Settings, gzip};
use crate::format::control::DeclaredControl;
use crate::format::deb;
use crate::format::tar::{self, Node, Owners, Tree, TreePath};
use crate::model::PackageName;
use crate::sys::files::{self, Access};

/// Builds and returns the `.deb`, the `.buildinfo` and the `.changes`.
pub(super) fn build(
    bench: &mut Bench<'_>,
    declared: &Declared,
    changelog: &str,
) -> Result<Vec<PathBuf>, BuildError> {
    let work = bench.work();
    let whole = work.join(bench.plan.directory_name());
    bench
        .workshop
        .listener
        .begin(format!("exporting {}", bench.plan.revision.shown()));
    // The whole tree: a package of a workspace needs what is above it.
    bench.export(&bench.plan.tree, &whole)?;
    let source = whole.join(&bench.plan.path);
    if let Some(command) = &declared.command {
        // The user's umask must not reach what the command makes.
        let command = format!("umask 022\n{command}");
        let shell = bench.tool("sh", &source).args(["-euc", &command]);
        bench.run("running the build command of", shell)?;
    }
    bench
        .workshop
        .listener
        .begin(format!("packing {}", bench.plan.package));
    let deb = package(bench, declared, changelog, &source, &work)?;
    let entry = Entry::newest(changelog.as_bytes()).map_err(BuildError::Changelog)?;
    let buildinfo = work.join(format!(
        "{}_{}.buildinfo",
        bench.plan.file_stem(),
        declared.architecture
    ));
    let record = record(bench, declared, &deb)?;
    files::replace(&buildinfo, record.as_bytes(), Access::Public)?;
    bench.sign(&buildinfo)?;
    let changes = buildinfo.with_extension("changes");
    let upload = upload(bench, declared, &entry, &[&deb, &buildinfo])?;
    files::replace(&changes, upload.as_bytes(), Access::Public)?;
    bench.sign(&changes)?;
    Ok(vec![deb, buildinfo, changes])
}

fn package(
    bench: &Bench<'_>,
    declared: &Declared,
    changelog: &str,
    source: &Path,
    work: &Path,
) -> Result<PathBuf, BuildError> {
    let plan = bench.plan;
    let mut packing = Packing {
        package: &plan.package,
        source,
        epoch: plan.epoch.unix(),
        data: Tree::new(),
        conffiles: Vec::new(),
    };
    for content in &declared.contents {
        packing.add(content)?;
    }
    packing.document(declared, changelog, plan.version.is_native())?;
    let mut control_files = std::collections::BTreeMap::new();
    for (name, file) in &declared.scripts {
        control_files.insert(name.clone(), packing.read(file)?);
    }
    let whole = deb::Declared {
        control: DeclaredControl {
            package: plan.package.clone(),
            version: plan.version.clone(),
            architecture: declared.architecture.clone(),
            maintainer: declared.maintainer.clone(),
            relations: declared.relations.clone(),
            section: Some(declared.section.clone()),
            priority: Some(declared.priority.clone()),
            multi_arch: None,
            homepage: declared.homepage.clone(),
            synopsis: declared.summary.clone(),
            description: match declared.description.trim() {
                // Debian Policy 5.6.13 wants more than the first line.
                "" => format!(
                    "This package provides {}: {}.",
                    plan.package, declared.summary
                ),
                _ => declared.description.clone(),
            },
        },
        files: control_files,
        conffiles: packing.conffiles,
        data: packing.data,
    };
    let path = work.join(format!(
        "{}_{}.deb",
        plan.file_stem(),
        declared.architecture
    ));
    let pack = |source: Box<dyn std::error::Error + Send + Sync>| BuildError::Pack {
        file: name_of(&path),
        source,
    };
    let control = whole
        .control_tree(plan.epoch)
        .map_err(|error| pack(error.into()))?;
    let options = deb::Options {
        compress: Settings::new(declared.compression),
        owners: Owners::Kept,
        ..deb::Options::new(plan.epoch)
    };
    let file = File::create_new(&path).map_err(files::failed("write", &path))?;
    let mut file = BufWriter::new(file);
    deb::write(&mut file, &control, &whole.data, &options).map_err(|error| pack(error.into()))?;
    file.flush().map_err(files::failed("write", &path))?;
    Ok(path)
}

/// The data tree of a package while it is filled.
struct Packing<'a> {
    package: &'a PackageName,
    source: &'a Path,
    epoch: i64,
    data: Tree,
    conffiles: Vec<TreePath>,
}

impl Packing<'_> {
    fn refuse(&self, message: impl Into<String>) -> BuildError {
        let package = self.package.to_string();
        BuildError::Declared {
            package,
            message: message.into(),
        }
    }

    fn add(&mut self, content: &Content) -> Result<(), BuildError> {
        match content {
            Content::Directory {
                target,
                mode,
                owner,
            } => {
                let node = Node {
                    mode: *mode,
                    owner: owned(owner),
                    ..Node::directory(self.epoch)
                };
                self.insert(target.as_bytes(), node).map(drop)
            }
            Content::Symlink { target, to } => self
                .insert(target.as_bytes(), Node::symlink(to.as_bytes(), self.epoch))
                .map(drop),
            Content::File {
                source,
                target,
                mode,
                owner,
                conffile,
            } => {
                let (prefix, found) = self.matches(source)?;
                for path in found {
                    let below = path.strip_prefix(&prefix).unwrap_or(&path);
                    let target = match (target.ends_with('/'), below.as_os_str().is_empty()) {
                        (true, true) => {
                            Path::new(target).join(path.file_name().unwrap_or_default())
                        }
                        (_, true) => PathBuf::from(target),
                        (_, false) => Path::new(target).join(below),
                    };
                    let target = target.as_os_str().as_bytes();
                    let node = self.node(&path, *mode, owner)?;
                    let regular = matches!(node.kind, tar::Kind::File(_));
                    let placed = self.insert(target, node)?;
                    let etc = placed.as_bytes().starts_with(b"etc/");
                    if regular && conffile.unwrap_or(etc) {
                        self.conffiles.push(placed);
                    }
                }
                Ok(())
            }
        }
    }

    /// Finds the files that a path or pattern names, and the directory below
    /// which their own paths are kept.
    fn matches(&self, source: &str) -> Result<(PathBuf, Vec<PathBuf>), BuildError> {
        let whole = self.source.join(source);
        let is_pattern = source.contains(['*', '?', '[']);
        if !is_pattern && whole.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            return Ok((whole.clone(), vec![whole]));
        }
        let (prefix, pattern) = if is_pattern {
            let parts = source
                .split('/')
                .take_while(|part| !part.contains(['*', '?', '[']));
            (
                parts.fold(self.source.to_owned(), |at, part| at.join(part)),
                source.to_owned(),
            )
        } else {
            (whole, format!("{source}/**/*"))
        };
        let base = glob::Pattern::escape(&self.source.to_string_lossy());
        let found = glob::glob(&format!("{base}/{pattern}"));
        let found = found.map_err(|error| self.refuse(format!("files: “{source}”: {error}")))?;
        let mut paths = Vec::new();
        for path in found {
            let path = path.map_err(|error| {
                let (path, why) = (error.path().to_owned(), error.into());
                files::failed("read", &path)(why)
            })?;
            if path.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
                paths.push(path);
            }
        }
        if paths.is_empty() {
            return Err(self.refuse(format!("files: nothing in the tree matches “{source}”")));
        }
        paths.sort();
        Ok((prefix, paths))
    }

    fn node(&self, path: &Path, mode: Option<u32>, owner: &Owner) -> Result<Node, BuildError> {
        let metadata = path
            .symlink_metadata()
            .map_err(files::failed("read", path))?;
        if metadata.is_symlink() {
            let to = fs::read_link(path).map_err(files::failed("read", path))?;
            return Ok(Node::symlink(to.as_os_str().as_bytes(), self.epoch));
        }
        if !metadata.is_file() {
            let shown = path.strip_prefix(self.source).unwrap_or(path).display();
            return Err(self.refuse(format!("files: {shown} is neither a file nor a link")));
        }
        let opened = path.to_owned();
        let content =
            tar::Content::opened_by(metadata.len(), move || Ok(Box::new(File::open(&opened)?)));
        // Not the whole mode: what else there is depends on the umask and the
        // user's habits.
        let executable = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o100;
        let usual = if executable != 0 { 0o755 } else { 0o644 };
        Ok(Node {
            kind: tar::Kind::File(content),
            mode: mode.unwrap_or(usual),
            owner: owned(owner),
            mtime: self.epoch,
        })
    }

    fn insert(&mut self, target: &[u8], node: Node) -> Result<TreePath, BuildError> {
        let trimmed = target.strip_prefix(b"/").unwrap_or(target);
        let trimmed = trimmed.strip_suffix(b"/").unwrap_or(trimmed);
        let path = TreePath::new(trimmed).map_err(|error| self.refuse(error.to_string()))?;
        self.data
            .insert(path.clone(), node)
            .map_err(|error| self.refuse(error.to_string()))?;
        Ok(path)
    }

    /// Adds what Debian Policy 12.5 and 12.7 ask of every package.
    fn document(
        &mut self,
        declared: &Declared,
        changelog: &str,
        native: bool,
    ) -> Result<(), BuildError> {
        let copyright = match &declared.copyright {
            CopyrightSource::File(file) => self.read(file)?,
            CopyrightSource::License(license) => {
                copyright(self.package, declared, license, self.epoch).into_bytes()
            }
        };
        let changelog_name = if native {
            "changelog.gz"
        } else {
            "changelog.Debian.gz"
        };
        for (name, bytes) in [
            ("copyright", copyright),
            (changelog_name, gzip(changelog.as_bytes())),
        ] {
            let target = format!("/usr/share/doc/{}/{name}", self.package);
            self.insert(target.as_bytes(), Node::file(bytes, 0o644, self.epoch))?;
        }
        Ok(())
    }

    fn read(&self, file: &str) -> Result<Vec<u8>, BuildError> {
        let found = files::read_if_there(&self.source.join(file))?;
        found.ok_or_else(|| self.refuse(format!("the tree has no file {file}")))
    }
}

fn owned(owner: &Owner) -> tar::Owner {
    // dpkg goes by name where the host has it; the number is for the rest.
    let (user, group) = (
        owner.user.as_bytes().to_vec(),
        owner.group.as_bytes().to_vec(),
    );
    tar::Owner {
        user,
        group,
        ..tar::Owner::root()
    }
}

/// Writes a copyright file in Debian's machine-readable form, 1.0, for a
/// package that names its licence and has no file of its own.
fn copyright(package: &PackageName, declared: &Declared, license: &str, epoch: i64) -> String {
    let year = crate::model::Timestamp::from_unix(epoch).day()[..4].to_owned();
    let homepage = declared
        .homepage
        .as_ref()
        .map(|page| format!("Source: {page}\n"));
    let text = match license {
        "MIT" | "Expat" => MIT.to_owned(),
        other => {
            let known = COMMON.iter().find(|(name, _)| other.starts_with(name));
            known.map_or_else(
                || format!(" The licence is {other}; its text comes with the source.\n"),
                |(_, file)| {
                    format!(
                        " On Debian systems, the full text of this licence is in\n \
                         /usr/share/common-licenses/{file}.\n"
                    )
                },
            )
        }
    };
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: {package}\n{}\nFiles: *\nCopyright: {year} {}\nLicense: {}\n{text}",
        homepage.unwrap_or_default(),
        declared.maintainer,
        if license == "MIT" { "Expat" } else { license },
    )
}

/// Licences that every Debian system has the text of (Debian Policy 12.5).
const COMMON: [(&str, &str); 9] = [
    ("GPL-1", "GPL-1"),
    ("GPL-2", "GPL-2"),
    ("GPL-3", "GPL-3"),
    ("LGPL-2.1", "LGPL-2.1"),
    ("LGPL-2", "LGPL-2"),
    ("LGPL-3", "LGPL-3"),
    ("Apache-2.0", "Apache-2.0"),
    ("MPL-2.0", "MPL-2.0"),
    ("CC0-1.0", "CC0-1.0"),
];

const MIT: &str = " Permission is hereby granted, free of charge, to any person obtaining a
 copy of this software and associated documentation files (the \"Software\"),
 to deal in the Software without restriction, including without limitation
 the rights to use, copy, modify, merge, publish, distribute, sublicense,
 and/or sell copies of the Software, and to permit persons to whom the
 Software is furnished to do so, subject to the following conditions:
 .
 The above copyright notice and this permission notice shall be included in
 all copies or substantial portions of the Software.
 .
 THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
 IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
 FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
 AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
 LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
 OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
 SOFTWARE.
";

fn record(bench: &Bench<'_>, declared: &Declared, deb: &Path) -> Result<String, BuildError> {
    let plan = bench.plan;
    let environment = ["LC_ALL", "TZ", "SOURCE_DATE_EPOCH"].into_iter();
    let environment =
        environment.filter_map(|name| Some((name.to_owned(), plan.environment.get(name)?.clone())));
    let buildinfo = Buildinfo {
        source: plan.package.clone(),
        source_version: plan.version.clone(),
        binaries: vec![plan.package.clone()],
        architectures: vec![declared.architecture.clone()],
        version: plan.version.clone(),
        binary_only_changes: Vec::new(),
        files: vec![listed(deb)?],
        build_origin: None,
        build_architecture: plan.architecture.clone(),
        build_date: bench.workshop.clock.now(),
        build_kernel_version: None,
        build_path: declared.command.as_ref().map(|_| {
            bench
                .work()
                .join(plan.directory_name())
                .display()
                .to_string()
        }),
        tainted_by: Vec::new(),
        installed: Vec::new(),
        environment: environment.collect(),
    };
    buildinfo.text().map_err(|source| BuildError::Write {
        file: "the .buildinfo",
        source,
    })
}

fn upload(
    bench: &Bench<'_>,
    declared: &Declared,
    entry: &Entry,
    made: &[&PathBuf],
) -> Result<String, BuildError> {
    let plan = bench.plan;
    let mut listed_files = Vec::new();
    for path in made {
        listed_files.push(ChangesFile {
            file: listed(path)?,
            section: declared.section.clone(),
            priority: declared.priority.clone(),
        });
    }
    let changes = Changes {
        date: entry.date_text.clone(),
        source: plan.package.clone(),
        source_version: plan.version.clone(),
        binaries: vec![plan.package.clone()],
        architectures: vec![declared.architecture.clone()],
        version: plan.version.clone(),
        distributions: entry.distributions.clone(),
        urgency: Some(entry.urgency),
        maintainer: declared.maintainer.clone(),
        changed_by: Some(entry.maintainer.clone()),
        descriptions: vec![(plan.package.clone(), declared.summary.clone())],
        closes: entry.closes(),
        upload: Upload::Source,
        changes: entry.changes().map(str::to_owned).collect(),
        files: listed_files,
    };
    changes.text().map_err(|source| BuildError::Write {
        file: "the .changes",
        source,
    })
}
