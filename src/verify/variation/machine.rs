//! What can be varied on a machine, and how.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Variation;
use super::conditions::{Conditions, Order, is_plain};

/// What a machine offers to vary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// What stands between a build and the machine.
    pub apart: Apart,
    /// How many processors there are.
    pub processors: u32,
    /// The locales that programs of the build find, as `locale -a` names them.
    pub locales: Vec<String>,
    /// Whether a library can be loaded into the build's programs; why not.
    pub preload: Result<(), String>,
    /// What it calls itself under `setarch --uname-2.6`; why it does not.
    pub old_kernel: Result<String, String>,
}

/// What stands between a build and the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Apart {
    /// Namespaces of its own: account, host name and path can be chosen.
    Room,
    /// Nothing.
    Nothing,
}

/// What became of a variation that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Which.
    pub variation: Variation,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Whether something could be varied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was.
    Varied {
        /// By which means, one sentence without its stop.
        means: String,
        /// The first build's.
        first: String,
        /// The second build's.
        second: String,
    },
    /// It could not be.
    NotTried {
        /// Why.
        why: String,
    },
}

/// How far a varied clock is ahead: another year, month, day, weekday and
/// hour, whenever it is. Ahead and not behind, so that files written by the
/// build, whose times the kernel sets, are never from the future: make would
/// warn of those and build twice.
const AHEAD_SECONDS: i64 = ((401 * 24 + 6) * 60 + 23) * 60;

/// As far east as zones go: nearly always another day. In the form that needs
/// no database of zones (POSIX.1, 8.3).
const FAR_ZONE: &str = "LINT-14";

/// Locales whose order, letter case and dates are unlike `C`'s; the first
/// that is there is taken.
const TELLING: [&str; 6] = ["tr_TR", "et_EE", "de_DE", "fr_FR", "es_ES", "sv_SE"];

/// Varies conditions as far as the machine lets it, and says by which means.
/// What was asked for and cannot be varied stays as it is and is named with
/// the reason.
pub fn vary(
    usual: &Conditions,
    wanted: &BTreeSet<Variation>,
    machine: &Machine,
) -> (Conditions, Vec<Tried>) {
    let mut varied = usual.clone();
    let tried = wanted.iter().map(|variation| {
        let outcome = one(*variation, usual, &mut varied, machine);
        Tried {
            variation: *variation,
            outcome: outcome.unwrap_or_else(|why| Outcome::NotTried { why }),
        }
    });
    let tried = tried.collect();
    (varied, tried)
}

fn one(
    variation: Variation,
    usual: &Conditions,
    varied: &mut Conditions,
    machine: &Machine,
) -> Result<Outcome, String> {
    let outcome = |means: &str, first: &dyn ToString, second: &dyn ToString| Outcome::Varied {
        means: means.to_owned(),
        first: first.to_string(),
        second: second.to_string(),
    };
    let in_a_room = |what: &str| match machine.apart {
        Apart::Room => Ok(()),
        Apart::Nothing => Err(format!(
            "without isolation a build has the machine's own {what}: --isolation namespace"
        )),
    };
    Ok(match variation {
        Variation::Time => {
            machine.preload.clone()?;
            varied.ahead_seconds = usual.ahead_seconds + AHEAD_SECONDS;
            outcome(
                "a preloaded library answers time(), gettimeofday(), clock_gettime() and \
                 timespec_get(); times of files stay the machine's, and programs that are \
                 linked statically or ask the kernel themselves are not reached",
                &"the machine's time",
                &format!("{} days later", AHEAD_SECONDS / 86400),
            )
        }
        Variation::Zone => {
            FAR_ZONE.clone_into(&mut varied.zone);
            outcome("the variable TZ", &usual.zone, &varied.zone)
        }
        Variation::Locale => {
            varied.locale = other_locale(&usual.locale, &machine.locales)?;
            let means = match is_plain(&varied.locale) {
                true => {
                    "the variables LC_ALL and LANG; no other language is installed, so that \
                     only the character set differs"
                }
                false => "the variables LC_ALL, LANG and LANGUAGE",
            };
            outcome(means, &usual.locale, &varied.locale)
        }
        Variation::Umask => {
            varied.umask = if usual.umask == 0o002 { 0o022 } else { 0o002 };
            let shown = |umask: u32| format!("{umask:04o}");
            outcome(
                "the umask that the build's tools start with",
                &shown(usual.umask),
                &shown(varied.umask),
            )
        }
        Variation::User => {
            in_a_room("account")?;
            "varied-user".clone_into(&mut varied.user);
            varied.uid = usual.uid + 1718;
            let shown = |of: &Conditions| format!("{} ({})", of.user, of.uid);
            outcome(
                "an account of the room's, with its own number and group",
                &shown(usual),
                &shown(varied),
            )
        }
        Variation::HostName => {
            in_a_room("host name")?;
            "varied-host".clone_into(&mut varied.host_name);
            outcome(
                "the host name of the room (a UTS namespace)",
                &usual.host_name,
                &varied.host_name,
            )
        }
        Variation::Processors => {
            varied.processors = match usual.processors {
                0 | 1 if machine.processors > 1 => machine.processors,
                0 | 1 => return Err("this machine has only one processor".to_owned()),
                _ => 1,
            };
            outcome(
                "the processors that the scheduler lets the build run on, and parallel= in \
                 DEB_BUILD_OPTIONS",
                &usual.processors,
                &varied.processors,
            )
        }
        Variation::DirectoryOrder => {
            machine.preload.clone()?;
            varied.order = match usual.order {
                Order::AsStored => Order::Reversed,
                Order::Reversed => Order::AsStored,
            };
            outcome(
                "a preloaded library answers readdir() and scandir(); programs that are \
                 linked statically or ask the kernel themselves are not reached",
                &"as stored",
                &"reversed",
            )
        }
        Variation::Environment => {
            varied.noise.extend(noise());
            let names: Vec<_> = noise().into_keys().collect();
            outcome("further variables", &"none of them", &names.join(", "))
        }
        Variation::Kernel => {
            let old = machine.old_kernel.clone()?;
            varied.kernel = old;
            outcome("setarch --uname-2.6", &usual.kernel, &varied.kernel)
        }
        Variation::Path => {
            in_a_room("directories")?;
            // Longer, too: what is padded to a length shows.
            varied.path = format!("{}-at-a-varied-path", usual.path);
            outcome(
                "another build directory in the room",
                &usual.path,
                &varied.path,
            )
        }
    })
}

fn other_locale(usual: &str, installed: &[String]) -> Result<String, String> {
    let spelled = |locale: &str| locale.to_lowercase().replace('-', "");
    let others: Vec<_> = installed
        .iter()
        .filter(|locale| spelled(locale) != spelled(usual) && !is_plain(locale))
        .collect();
    let of = |language: &&str| others.iter().find(|locale| locale.starts_with(*language));
    if let Some(found) = TELLING.iter().find_map(of).or(others.first()) {
        return Ok((*found).clone());
    }
    match spelled(usual).as_str() {
        "c" | "posix" if installed.iter().any(|l| spelled(l) == "c.utf8") => {
            Ok("C.UTF-8".to_owned())
        }
        "c" | "posix" => Err("no locale but C is installed".to_owned()),
        _ => Ok("C".to_owned()),
    }
}

/// Variables as people have them, none of which steers a build.
fn noise() -> BTreeMap<String, String> {
    let variables = [
        ("CAPTURED_ENVIRONMENT", "varied-environment"),
        ("COLUMNS", "213"),
        ("EDITOR", "varied-editor"),
        ("MAIL", "/var/mail/varied-mail"),
        ("TERM", "varied-terminal"),
    ];
    variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
