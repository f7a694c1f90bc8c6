//! Errors of the chains: mostly those of a stage.

use super::{Exit, Failure};
use crate::flow::FlowError;
use crate::flow::announcing::SendError;
use crate::flow::attesting::AttestingError;
use crate::flow::rolling::delivering::DeliverError;
use crate::flow::rolling::opening::TargetError;
use crate::sys::store::LockError;

impl From<FlowError> for Failure {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::File(error) => error.into(),
            FlowError::Git(error) => error.into(),
            FlowError::Config(error) => error.into(),
            FlowError::History(error) => error.into(),
            FlowError::Observe(error) => error.into(),
            FlowError::Choose(error) => error.into(),
            FlowError::Keys(error) => error.into(),
            FlowError::Sign(error) => error.into(),
            FlowError::Build(error) => error.into(),
            FlowError::Root(error) => error.into(),
            FlowError::Want(error) => error.into(),
            FlowError::NoRoot { .. } => Self::of(Exit::Request, "no-root", &error)
                .hint("debcut root list shows what is kept"),
            FlowError::Archive(error) => error.into(),
            FlowError::Publish(error) => error.into(),
            FlowError::Lock(LockError::Store(error)) => error.into(),
            FlowError::Lock(LockError::Held { .. }) => Self::of(Exit::Outside, "locked", &error)
                .hint("wait for it and run the same command again; --wait SECONDS waits longer"),
            FlowError::NoArchive { ref place } => Self::of(Exit::Request, "no-archive", &error)
                .hint(format!("debcut archive init {place} --suite stable"))
                .hint("where a suite is published already: debcut archive check --rebuild"),
            FlowError::NoSuite {
                ref place,
                ref wanted,
                ..
            } => Self::of(Exit::Request, "no-suite", &error).hint(format!(
                "debcut archive init {place} --suite {wanted} adds one"
            )),
            FlowError::Patching(error) => error.into(),
            FlowError::Rolling(error) => error.into(),
            FlowError::Journal(error) => error.into(),
            FlowError::Drive(error) => error.into(),
            FlowError::Replay(_) => Self::of(Exit::Request, "damaged-state", &error)
                .hint("the journal was changed, or written by another version of debcut"),
            FlowError::NoContent { .. } => Self::of(Exit::Request, "no-content", &error)
                .hint("name it by the SHA-256 of the whole file, or by its path below pool/"),
            FlowError::NoGeneration { ref suite, .. } => {
                Self::of(Exit::Request, "no-generation", &error)
                    .hint(format!("debcut archive history {suite} says what they are"))
            }
            FlowError::Rehearsal(_) => {
                Self::of(Exit::Outside, "rehearsal", &error).hint(super::rollout::SKIP_REHEARSAL)
            }
            FlowError::Target(ref target) => {
                let failure = Self::of(Exit::Request, "no-target", &error);
                match target {
                    TargetError::NotThere { suites, .. } => match suites.first() {
                        Some(suite) => {
                            failure.hint(format!("debcut archive list {suite} shows what is there"))
                        }
                        None => failure,
                    },
                    TargetError::Ambiguous { .. } => failure,
                    TargetError::Binary { origin, .. } => {
                        failure.hint(format!("debcut rollout start {origin}=VERSION"))
                    }
                    TargetError::NoBinaries { .. } => {
                        failure.hint("debcut archive add puts its .deb files into the suite")
                    }
                }
            }
            FlowError::Attesting(AttestingError::NoProvenance { .. }) => {
                Self::of(Exit::Request, "no-provenance", &error)
                    .hint("--to names the .intoto.jsonl of the published build")
            }
            FlowError::Attesting(_) => Self::of(Exit::Request, "no-key", &error),
            FlowError::WhichSuite { .. } => {
                Self::of(Exit::Request, "several-suites", &error).hint("--suite SUITE")
            }
            FlowError::NotInstalled { .. } => Self::of(Exit::Request, "not-installed", &error)
                .hint("--uninstalled takes the archive's package; --root DIR looks elsewhere")
                .hint("a .deb is named by its path"),
            FlowError::NoDebs { .. } => Self::of(Exit::Request, "no-package", &error)
                .hint("--chain takes .deb files, directories with them, or packages by name"),
            FlowError::Outward(error)
            | FlowError::Announce(SendError::Outward(error))
            | FlowError::Announce(SendError::Deliver(DeliverError::Outward(error))) => error.into(),
            FlowError::Announce(SendError::Deliver(DeliverError::Render(_))) => {
                Self::of(Exit::Request, "template", &error)
                    .hint("correct the template that [[announce.channel]] names")
            }
            FlowError::Announce(SendError::Deliver(DeliverError::Variable {
                ref variable,
                ..
            })) => {
                let hint = format!("export {variable}=https://…");
                Self::of(Exit::Request, "no-webhook", &error).hint(hint)
            }
            FlowError::Announce(_) => Self::of(Exit::Outside, "announce", &error)
                .hint("run the same command again: who was told is not told twice"),
            FlowError::ObjectStore(error) => error.into(),
            FlowError::UnsupportedLocation { .. } => {
                Self::of(Exit::Request, "unsupported-archive", &error)
            }
            FlowError::Mirror(error) => error.into(),
            FlowError::ImportStopped => Self::of(Exit::Stopped, "stopped", &error)
                .hint("run the same command again: it reads no file twice"),
            FlowError::Fetch { .. } => Self::of(Exit::Outside, "fetch", &error),
            FlowError::Pack(error) => error.into(),
            FlowError::MissingSigner {
                ref fingerprint, ..
            } => {
                let fingerprint = fingerprint.clone();
                Self::of(Exit::Request, "no-key", &error)
                    .hint("debcut key import FILE, or gpg --import FILE, brings its secret part")
                    .hint(format!(
                        "debcut archive init … --drop-key {fingerprint} ends its time: clients that \
                         trust no other key are then locked out"
                    ))
                    .hint("debcut key rotate --finish ends a rotation")
            }
            FlowError::UnsignedArchive => Self::of(Exit::Request, "no-key", &error),
            FlowError::NoCertificate { .. } => Self::of(Exit::Request, "no-key", &error)
                .hint("publish once more with the same key, or export it with debcut key export"),
            FlowError::Tool(error) => error.into(),
            FlowError::Prepare(error) => error.into(),
            FlowError::Tag(error) => error.into(),
            FlowError::Template(_) => Self::of(Exit::Request, "notes-template", &error)
                .hint("correct the template that debcut.toml names, and commit it"),
            FlowError::Push(error) => error.into(),
            FlowError::UserGit(error) => error.into(),
            FlowError::Editor { .. } => {
                Self::of(Exit::Request, "editor", &error).hint("VISUAL or EDITOR names another one")
            }
            FlowError::Hook { .. } => Self::of(Exit::Stopped, "hook", &error)
                .hint("make it succeed, then run the same command again: it runs what is left"),
            FlowError::Record { .. } => Self::of(Exit::Request, "buildinfo", &error),
            FlowError::RecordLacks { .. } => Self::of(Exit::Request, "buildinfo", &error),
            FlowError::NoSource { .. } => Self::of(Exit::Request, "no-source", &error)
                .hint("put the .dsc and what it lists beside it, or --archive DIR names where"),
            FlowError::OtherDependencies { .. } => {
                Self::of(Exit::Request, "other-dependencies", &error)
                    .hint("--isolation chroot installs exactly those of the record")
                    .hint("--other-versions builds all the same, with what is here")
            }
            FlowError::NoReference { .. } => Self::of(Exit::Request, "no-reference", &error),
            FlowError::NoDemo { .. } => Self::of(Exit::Request, "output-taken", &error)
                .hint("debcut demo DIR with a new directory"),
            FlowError::NoDataHome => Self::of(Exit::Request, "no-home", &error),
            FlowError::Keyring { .. } => Self::of(Exit::Request, "keyring", &error)
                .hint("debcut key export writes one, and so does gpg --export"),
            FlowError::NoPackage {
                only_in_work_tree,
                ref revision,
            } => {
                let failure = Self::of(Exit::Request, "no-package", &error);
                match only_in_work_tree {
                    true => failure
                        .hint(format!(
                            "commit debcut.toml and tag again: a build reads it from {revision}"
                        ))
                        .hint("--config debcut.toml builds the tag by the work tree's file"),
                    false => failure
                        .hint("debcut init writes a debcut.toml to start from")
                        .hint("describe the package there, commit it, and tag again"),
                }
            }
            FlowError::UnknownPackage { ref known, .. } => {
                let hint = match known.as_slice() {
                    [only] => format!("{only} is the only one; it need not be named"),
                    _ => "each [[package]] of debcut.toml is one".to_owned(),
                };
                Self::of(Exit::Request, "no-package", &error).hint(hint)
            }
            FlowError::OneVersionForSeveral { ref packages } => {
                let first = packages.first().map_or("PACKAGE", String::as_str);
                Self::of(Exit::Request, "several-packages", &error).hint(format!(
                    "name the package: {first} --set-version V; packages of one group can share it"
                ))
            }
            FlowError::UnknownTagStyle { .. } => Self::of(Exit::Request, "tag-style", &error)
                .hint("name the style in debcut.toml: tag = \"release-{version}\""),
            FlowError::SeveralPackages { .. } => {
                Self::of(Exit::Request, "several-packages", &error).hint(
                    "debcut build --package NAME picks one; plan, prepare and tag take its name",
                )
            }
            FlowError::NoTagAtHead { ref tags } => {
                let failure = Self::of(Exit::Request, "no-tag", &error);
                match tags.last() {
                    Some(tag) => failure.hint(format!("debcut build {tag}")),
                    None => failure
                        .hint("debcut build TAG builds an older one")
                        .hint("debcut build --commit HEAD builds a candidate"),
                }
            }
            FlowError::NoToolchain { ref architecture } => Self::of(
                Exit::Request,
                "unsupported-architecture",
                &error,
            )
            .hint(format!(
                "apt-get install crossbuild-essential-{architecture}   # to cross build"
            ))
            .hint(format!(
                "apt-get install qemu-user-static binfmt-support, then --isolation chroot   \
                         # to build in a system of {architecture}"
            )),
            FlowError::OtherBuild { .. } => Self::of(Exit::Request, "other-build", &error)
                .hint("--force replaces it; --out DIR builds somewhere else"),
            FlowError::OutTaken { .. } => Self::of(Exit::Request, "output-taken", &error)
                .hint("name another directory with --out DIR"),
        }
    }
}
