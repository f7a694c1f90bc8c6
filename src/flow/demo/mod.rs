//! `demo`: a sample project from its first commit to a package that the real
//! apt has fetched and verified, by the same chains as in one's own project.

mod project;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::FlowError;
use super::archiving::{Act, Desk, Outcome as PublishOutcome, open_store};
use super::building::{self, CacheUse, How, Outcome as BuildOutcome, Request};
use super::project::Workspace;
use super::signing::{self, KeyWanted};
use crate::archive::{Older, Settings};
use crate::build::observe::Wanted;
use crate::build::plan::Scope;
use crate::model::{
    Architecture, Component, Event, Finding, Fingerprint, Listener, Suite, TagName,
};
use crate::sys::apt::{AptError, AptRoot};
use crate::sys::clock::Clock;
use crate::sys::environment::Environment;
use crate::sys::files::{self, Access};
use crate::sys::http::Server;
use crate::sys::openpgp::NewKey;
use crate::sys::outward::Destination;
use crate::sys::process::{Tool, ToolError};
use crate::sys::temporary::Temporary;

/// What the demo left, and what apt said of it.
#[derive(Debug)]
pub struct Demo {
    /// The directory of it all.
    pub directory: PathBuf,
    /// The tag that was built.
    pub tag: String,
    /// The package that was built.
    pub package: &'static str,
    /// Its version.
    pub version: String,
    /// The throw-away key.
    pub key: Fingerprint,
    /// What apt and dpkg did.
    pub apt: AptVerdict,
    /// Whether anything was made that was not there before.
    pub changed: bool,
}

/// What the real apt made of the archive.
#[derive(Debug)]
pub enum AptVerdict {
    /// It fetched, verified, and dpkg installed; what the program then said.
    Installed {
        /// The program's output.
        said: String,
    },
    /// This machine has no apt.
    NotHere {
        /// The program that is missing.
        program: String,
    },
}

/// What the demo came to.
#[derive(Debug)]
pub enum Outcome {
    /// All the way.
    Done(Box<Demo>),
    /// A stage said no; which should never happen.
    Refused(Vec<Finding>),
}

const MARK: &str = ".debcut-demo";
const SUITE: &str = "stable";

/// Runs the demo in a directory, which must be new, empty or a demo's.
pub fn run(
    directory: &Path,
    environment: &Environment,
    clock: Clock,
    listener: &dyn Listener,
) -> Result<Outcome, FlowError> {
    let directory = claim(directory)?;
    // Its own keys: the user's are none of its business.
    let data = directory.join("data");
    let own = environment
        .with("XDG_DATA_HOME", &data)
        .without(crate::keys::ci::VARIABLE)
        .behind(environment.gate().clone().with_own(&directory));
    let done = |what: String| listener.hear(Event::Finished(what));

    let store = signing::key_store(&own)?;
    let now = clock.now();
    let key = match store.list(now)?.into_iter().next() {
        Some(key) => key.fingerprint,
        None => {
            let new = NewKey {
                name: project::AUTHOR.0.to_owned(),
                email: project::AUTHOR.1.to_owned(),
                // The clock may be set to long ago, but apt's is not: it would
                // refuse a key that has expired meanwhile.
                lifetime_seconds: None,
                passphrase: None,
            };
            let made = store.create(&new, now, rand::rngs::OsRng)?;
            made.certificate().fingerprint().clone()
        }
    };
    done(format!("made a throw-away signing key: {key}"));

    let repository_at = directory.join("project");
    let tag = project::create(&repository_at, &own, now)?;
    done(format!(
        "wrote a sample project with its history and the signed tag {tag}"
    ));

    let workspace = Workspace::open(&repository_at, None)?;
    let mut no_passphrase = |_: &crate::keys::KeyDescription| Ok(None);
    let request = Request {
        wanted: Some(Wanted::Tag(
            TagName::new(tag.as_str()).expect("a constant tag"),
        )),
        package: None,
        out: Some(directory.join("dist")),
        orig: None,
        scope: Scope::Full,
        variant: building::Variant::default(),
        how: How {
            cache: CacheUse::None,
            ..How::default()
        },
        key: KeyWanted::Usual,
        dry_run: false,
        force: false,
        candidate: None,
    };
    let outcome = building::build(
        &workspace,
        &request,
        &own,
        clock,
        &mut no_passphrase,
        listener,
    )?;
    let (plan, built, mut changed) = match outcome {
        BuildOutcome::Built {
            plan,
            built,
            changed,
        } => (plan, built, changed),
        BuildOutcome::Refused(refusal) => return Ok(Outcome::Refused(refusal.findings)),
        BuildOutcome::Planned(_) => unreachable!("no dry run was asked for"),
    };
    let names: Vec<&str> = built
        .artifacts
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    done(format!(
        "built {} {} from the tag: {}",
        plan.package,
        plan.version,
        names.join(", ")
    ));

    let archive_at = directory.join("archive");
    let desk = Desk {
        store: open_store(&archive_at.display().to_string(), &directory, &own)?,
        environment: &own,
        clock,
        dates: clock,
        configured_key: None,
        rules: Default::default(),
        wait: Duration::from_secs(60),
        who: format!("{} <{}>", project::AUTHOR.0, project::AUTHOR.1),
        command: "debcut demo".to_owned(),
        listener,
    };
    let suite = Suite::new(SUITE).expect("a constant suite");
    let mut act = Act {
        key: KeyWanted::Usual,
        ask: &mut no_passphrase,
        dry_run: false,
        reason: None,
    };
    let settings = |before: Option<&Settings>| {
        before.cloned().unwrap_or_else(|| {
            let main = Component::new("main").expect("a constant component");
            let mut new = Settings::new(vec![main], vec![Architecture::of_this_machine()]);
            new.codename = Some(SUITE.to_owned());
            new.origin = Some("debcut demo".to_owned());
            new
        })
    };
    let made = desk.settle(&suite, &settings, &mut act)?;
    let paths: Vec<PathBuf> = built.changes().into_iter().collect();
    let added = desk.add(&paths, &suite, None, Older::Refuse, &mut act)?;
    for outcome in [made, added] {
        match outcome {
            PublishOutcome::Done(..) => changed = true,
            PublishOutcome::Refused(findings) => return Ok(Outcome::Refused(findings)),
            PublishOutcome::Unchanged(..) | PublishOutcome::Planned(..) => {}
        }
    }
    let mut sources = desk.client_sources(&[suite])?;
    let key_file = directory.join("archive.pgp");
    files::replace(&key_file, &sources.binary(), Access::Public)?;
    sources.key_file = Some(key_file);
    let text = sources.text();
    files::replace(
        &directory.join("archive.sources"),
        text.as_bytes(),
        Access::Public,
    )?;
    done(format!(
        "published it to {SUITE} of a signed archive, live at once"
    ));

    let fetched = served(&archive_at, environment, |uri| {
        sources.uri = uri;
        install(&sources.text(), plan.package.as_str(), &own, listener)
    })?;
    let apt = match fetched {
        Ok(said) => AptVerdict::Installed { said },
        Err(AptError::Tool(ToolError::Missing { program })) => {
            listener.warn(format!(
                "{program} is not on this machine: nothing was fetched"
            ));
            AptVerdict::NotHere { program }
        }
        Err(AptError::Tool(error)) => return Err(FlowError::Tool(error)),
        Err(AptError::File(error)) => return Err(error.into()),
    };
    Ok(Outcome::Done(Box::new(Demo {
        directory,
        tag,
        package: "hail",
        version: plan.version.to_string(),
        key,
        apt,
        changed,
    })))
}

/// Takes a directory that is new, empty or a demo's.
fn claim(directory: &Path) -> Result<PathBuf, FlowError> {
    files::create_dir(directory)?;
    let directory = directory
        .canonicalize()
        .map_err(files::failed("enter", directory))?;
    let mark = directory.join(MARK);
    let listing = std::fs::read_dir(&directory).map_err(files::failed("list", &directory))?;
    if listing.count() > 0 && !mark.is_file() {
        return Err(FlowError::NoDemo { path: directory });
    }
    files::replace(
        &mark,
        b"made by debcut demo; the whole directory may be deleted\n",
        Access::Public,
    )?;
    Ok(directory)
}

/// Serves the archive over HTTP on the loopback while `act` is at work: from a
/// `file:` URI apt would fetch nothing, but read in place.
fn served<T>(
    archive: &Path,
    environment: &Environment,
    act: impl FnOnce(String) -> T,
) -> Result<T, FlowError> {
    let failed = || files::failed("serve", archive);
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let permit = environment
        .gate()
        .permit(Destination::Listeners(loopback))?;
    let server = Server::bind(&permit, archive).map_err(failed())?;
    let uri = format!("http://{}", server.address().map_err(failed())?);
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| server.run(|| ended.load(Ordering::Relaxed), |_| ()));
        let result = act(uri);
        ended.store(true, Ordering::Relaxed);
        Ok(result)
    })
}

/// Lets the real apt fetch and verify the package, dpkg install it into a
/// private root, and the program run from there.
fn install(
    sources: &str,
    package: &str,
    environment: &Environment,
    listener: &dyn Listener,
) -> Result<String, AptError> {
    let done = |what: &str| listener.hear(Event::Finished(what.to_owned()));
    let parent = environment.temporary_directory();
    let root = Temporary::new(&parent, "debcut-demo-", Access::Public)?;
    let architecture = Architecture::of_this_machine();
    let apt = AptRoot::create(root.path(), sources, architecture.as_str(), environment)?;
    listener.begin("apt-get update in a private root, over HTTP");
    apt.update()?;
    done("apt-get update fetched the indices and verified their signature");
    listener.begin(format!("apt-get install --download-only {package}"));
    let packages = apt.download(package)?;
    done("apt-get install --download-only fetched the package and verified its digest");
    listener.begin("dpkg --root --install");
    apt.install(&packages)?;
    let program = apt.file("/usr/bin/hail");
    let said = Tool::new("sh")
        .arg(program)
        .arg("debcut")
        .env("PATH", environment.search_path())
        .env("HAIL_CONFIG", apt.file("/etc/hail.conf"))
        .output()?;
    let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    done(&format!(
        "dpkg installed it into the private root, where `hail debcut` says: {said}"
    ));
    Ok(said)
}
