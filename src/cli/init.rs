//! `init`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Said;
use super::context::Context;
use super::failure::Failure;
use crate::config::{
    self, CiForge, CiSchedule, Detected, DetectedKind, NewFile, Packaging, Pipeline, ReadyHook,
};
use crate::model::{PackageName, Sha256, TagName};
use crate::report::{Answer, InitDocument};
use crate::sys::files::{self, Access};
use crate::sys::git::Repository;

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct InitArguments {
    /// Write a debian/ directory for a package that has none
    #[arg(long)]
    debian: bool,
    /// The package that gets a debian/ directory, where there are several
    #[arg(long, value_name = "NAME", requires = "debian")]
    package: Option<PackageName>,
    /// Write a pipeline for this forge's CI
    #[arg(long, value_name = "FORGE")]
    ci: Option<Ci>,
    /// When the pipeline releases
    #[arg(
        long,
        value_name = "WHEN",
        requires = "ci",
        default_value = "each-push"
    )]
    ci_schedule: Schedule,
    /// Write a ready command for [hooks]; may be repeated
    #[arg(long, value_name = "HOOK")]
    hook: Vec<Hook>,
    /// Overwrite a debcut.toml, pipeline or hook that is there; never debian/
    #[arg(long)]
    force: bool,
    /// Print the files and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Ci {
    /// .github/workflows/debcut.yml
    Github,
    /// .gitlab-ci.yml
    Gitlab,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Hook {
    /// A release on GitHub (gh) or GitLab (glab), with notes and artifacts
    ForgeRelease,
    /// A container image of a Dockerfile (docker or podman)
    ContainerImage,
    /// A message to Slack, or another chat with its webhooks
    SlackMessage,
}

impl Hook {
    fn ready(self) -> ReadyHook {
        match self {
            Self::ForgeRelease => ReadyHook::ForgeRelease,
            Self::ContainerImage => ReadyHook::ContainerImage,
            Self::SlackMessage => ReadyHook::SlackMessage,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Schedule {
    /// With each push to the release branch
    EachPush,
    /// Once a week, and when something asks for it
    Weekly,
}

const EXAMPLES: &str = "\
Examples:
  debcut init --dry-run                  what would be written, on standard output
  debcut init                            debcut.toml at the top of the repository
  debcut init --debian                   and a debian/ directory, from templates
  debcut init --ci github                and a pipeline: plan on pull requests, release, promote
  debcut init --ci gitlab --ci-schedule weekly
  debcut init --hook forge-release       and a command that makes releases on the forge

Correct it, commit it, and tag: a build reads debcut.toml from the tag. With
--debian, --ci and --hook, a debcut.toml that is there stays as it is.";

/// A file that is to be written.
struct Planned {
    path: PathBuf,
    text: String,
    access: Access,
}

/// Writes a commented `debcut.toml`, and what else is asked for.
pub fn run(arguments: &InitArguments, context: &Context<'_>) -> Result<Said, Failure> {
    let repository = Repository::discover(&context.directory)?;
    let top = repository.top();
    let path = match &context.config {
        Some(path) => path.clone(),
        None => top.join(config::FILE_NAME),
    };
    let more = arguments.debian || arguments.ci.is_some() || !arguments.hook.is_empty();
    let there = path.exists();
    let keeps = there && more;
    if there && !more && !arguments.force && !arguments.dry_run {
        let why = format!("{} is there already", path.display());
        return Err(Failure::request("config-exists", why)
            .hint("debcut init --dry-run shows what would be written")
            .hint("debcut init --force overwrites it"));
    }
    let tags = repository.tag_names()?;
    let mut detected = config::detect(top, &tags)?;
    let maintainer = context.identity().whole();
    let mut planned = Vec::new();
    if arguments.debian {
        let files = debian(arguments, context, &repository, &tags, &mut detected)?;
        planned.extend(files);
    }
    if let Some(ci) = arguments.ci {
        planned.push(pipeline(arguments, context, &repository, ci, &path)?);
    }
    for hook in &arguments.hook {
        planned.push(ready_hook(arguments, top, hook.ready())?);
    }
    if !keeps {
        planned.push(Planned {
            text: config::render(&detected, maintainer.as_deref()),
            path: path.clone(),
            access: Access::Public,
        });
    }
    let shown = planned
        .iter()
        .map(|file| (file.path.as_path(), file.text.as_str()));
    let document = InitDocument::new(&detected, shown);
    if arguments.dry_run {
        let texts: String = planned.iter().map(|file| file.text.as_str()).collect();
        let digest = Sha256::of(texts.as_bytes());
        return Ok(Answer::new(document.with_text()).dry_run(digest).into());
    }
    for file in &planned {
        if let Some(parent) = file.path.parent() {
            files::create_dir(parent)?;
        }
        files::replace(&file.path, file.text.as_bytes(), file.access)?;
    }
    if !arguments.hook.is_empty() {
        let commands = arguments
            .hook
            .iter()
            .map(|hook| format!("\"{}\"", hook.ready().path()));
        let commands: Vec<_> = commands.collect();
        let note = format!(
            "to run it, say in debcut.toml: [hooks] after-publish = [{}]",
            commands.join(", ")
        );
        context.listener().note(note);
    }
    for note in notes(&planned, top, keeps && arguments.debian) {
        context.listener().note(&note);
    }
    Ok(Answer::new(document).changed(true).into())
}

/// Says what the user still has to do.
fn notes(planned: &[Planned], top: &Path, describes_too: bool) -> Vec<String> {
    let mut found = Vec::new();
    let says = |text: &str| planned.iter().any(|file| file.text.contains(text));
    if says("--locked") && !says("cargo install --locked") && !top.join("Cargo.lock").is_file() {
        found.push("the build command uses --locked: commit a Cargo.lock before you tag".into());
    }
    if says("No licence was found when this file was written") {
        found.push("no licence was found: put its text into debian/copyright".into());
    }
    if describes_too {
        let note = "debcut.toml stays as it is: where it has [package.declared] for this package, \
                    put build = \"debian\" in its place";
        found.push(note.into());
    }
    if says("https://git.example.org/debcut.git") {
        found.push("in the pipeline, DEBCUT_SOURCE must name where debcut's source is".into());
    }
    found
}

/// Plans `debian/`; from now on the package is built from it.
fn debian(
    arguments: &InitArguments,
    context: &Context<'_>,
    repository: &Repository,
    tags: &[TagName],
    detected: &mut Detected,
) -> Result<Vec<Planned>, Failure> {
    let fits = |name: &PackageName| {
        arguments
            .package
            .as_ref()
            .is_none_or(|wanted| wanted == name)
    };
    let named = detected
        .packages
        .iter_mut()
        .filter(|package| fits(&package.name));
    let mut open: Vec<_> = named
        .filter(|package| !package.kind.is_library() || arguments.package.is_some())
        .filter(|package| package.kind != DetectedKind::Debian)
        .collect();
    let package = match (open.len(), open.pop()) {
        (1, Some(package)) => package,
        (0, _) | (_, None) => {
            let why = match &arguments.package {
                Some(name) => format!("there is no package {name} without a debian/ directory"),
                None if detected.packages.is_empty() => "no package was found here".to_owned(),
                None => "every package has its debian/ directory already".to_owned(),
            };
            return Err(Failure::request("debian-exists", why)
                .hint("debcut init --dry-run shows the packages that are found"));
        }
        (_, Some(last)) => {
            open.push(last);
            let names: Vec<_> = open
                .iter()
                .map(|package| package.name.to_string())
                .collect();
            let why = format!("several packages have no debian/: {}", names.join(", "));
            return Err(Failure::request("several-packages", why)
                .hint(format!("debcut init --debian --package {}", names[0])));
        }
    };
    let top = repository.top();
    let remote = repository.remote_url("origin")?;
    let maintainer = context.identity().whole();
    let packaging = Packaging {
        maintainer: maintainer
            .as_deref()
            .unwrap_or("Your Name <you@example.org>"),
        date: context.now(),
        remote: remote.as_deref(),
        tags,
    };
    let written = config::debianize(top, package, &packaging)?;
    package.kind = DetectedKind::Debian;
    // What somebody wrote by hand is better than a template.
    let planned = written
        .into_iter()
        .map(|NewFile { path, text, access }| Planned {
            path: top.join(path),
            text,
            access,
        });
    Ok(planned.filter(|file| !file.path.exists()).collect())
}

fn ready_hook(arguments: &InitArguments, top: &Path, hook: ReadyHook) -> Result<Planned, Failure> {
    let path = top.join(hook.path());
    if path.exists() && !arguments.force && !arguments.dry_run {
        let why = format!("{} is there already", path.display());
        return Err(Failure::request("hook-exists", why)
            .hint("--dry-run shows what would be written; --force overwrites it"));
    }
    Ok(Planned {
        path,
        text: hook.text().to_owned(),
        access: Access::Program,
    })
}

fn pipeline(
    arguments: &InitArguments,
    context: &Context<'_>,
    repository: &Repository,
    ci: Ci,
    config: &Path,
) -> Result<Planned, Failure> {
    let top = repository.top();
    let identity = context.identity();
    let project = top.file_name().and_then(|name| name.to_str());
    let remote = match files::read_if_there(config)? {
        Some(text) => {
            let text = String::from_utf8_lossy(&text).into_owned();
            let shown = config.display().to_string();
            config::Project::parse(&shown, &text)?.release.remote
        }
        None => "origin".to_owned(),
    };
    let branch = repository.main_branch(&remote);
    let pipeline = Pipeline {
        forge: match ci {
            Ci::Github => CiForge::GitHub,
            Ci::Gitlab => CiForge::GitLab,
        },
        schedule: match arguments.ci_schedule {
            Schedule::EachPush => CiSchedule::EachPush,
            Schedule::Weekly => CiSchedule::Weekly,
        },
        project: project.unwrap_or("this project"),
        branch: branch.as_deref().unwrap_or("main"),
        name: identity.name.as_deref().unwrap_or("Release"),
        email: identity.email.as_deref().unwrap_or("release@example.org"),
    };
    let path = top.join(pipeline.path());
    if path.exists() && !arguments.force && !arguments.dry_run {
        let why = format!("{} is there already", path.display());
        return Err(Failure::request("pipeline-exists", why)
            .hint("--dry-run shows what would be written; --force overwrites it"));
    }
    Ok(Planned {
        path,
        text: pipeline.render(),
        access: Access::Public,
    })
}
