//! What apt and dpkg said of a step that failed, in words that say what it
//! means for hosts. Pure; follows dpkg's own messages (dpkg 1.21 to 1.22,
//! `maintscript_run_old_or_new` and its neighbours) in the locale C.

/// A step of a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The old version is installed, to start with.
    Before,
    /// From the old version to the new one.
    There,
    /// From the new version to the old one.
    Back,
    /// From the old version to the new one once more.
    Again,
}

/// The two ends of a step.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// The version that is left; empty where there was none.
    pub from: &'a str,
    /// The version that comes.
    pub to: &'a str,
}

/// A maintainer script that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The package.
    pub package: String,
    /// Whether it is of the version that is left.
    pub is_left: bool,
    /// Its name: `preinst`, `postinst`, `prerm`, `postrm`.
    pub name: &'static str,
    /// How it ended, as dpkg says it.
    pub how: String,
}

const NAMES: [(&str, &str); 4] = [
    ("pre-installation", "preinst"),
    ("post-installation", "postinst"),
    ("pre-removal", "prerm"),
    ("post-removal", "postrm"),
];

/// Finds the scripts that dpkg says have failed, each once, in order.
pub fn scripts(said: &str) -> Vec<Script> {
    let mut found: Vec<Script> = Vec::new();
    for line in said.lines() {
        let Some((before, how)) = line.split_once(" script subprocess ") else {
            continue;
        };
        let words: Vec<&str> = before.split_whitespace().collect();
        let [.., whose, package, "package", what] = words[..] else {
            continue;
        };
        let Some((_, name)) = NAMES.iter().find(|(long, _)| *long == what) else {
            continue;
        };
        let is_left = match whose {
            "old" => true,
            // An “installed” prerm or postrm runs before its package goes.
            "installed" => matches!(*name, "prerm" | "postrm"),
            _ => false,
        };
        let script = Script {
            package: package.to_owned(),
            is_left,
            name,
            how: how.trim().to_owned(),
        };
        if !found.contains(&script) {
            found.push(script);
        }
    }
    found
}

/// Says what it means that a step failed.
pub fn failed(step: Step, ends: Ends<'_>, said: &str) -> Vec<String> {
    let Ends { from, to } = ends;
    let means = match step {
        Step::Before => format!("{to}, which hosts have, cannot be installed by itself"),
        Step::There if from.is_empty() => format!("{to} cannot be installed"),
        Step::There => format!("hosts with {from} do not get to {to}"),
        Step::Back => format!("there is no way back from {from}"),
        Step::Again => format!(
            "hosts that went back to {to_old} do not get to {to}",
            to_old = from
        ),
    };
    let mut problems: Vec<String> = Vec::new();
    let all = scripts(said);
    // Where dpkg tries the other version's script instead, the first has failed
    // already, and is the cause.
    for script in all.iter().take(1) {
        let version = if script.is_left { from } else { to };
        problems.push(format!(
            "the {} of {} {version} fails ({}): {means}",
            script.name, script.package, script.how
        ));
    }
    if problems.is_empty() {
        let why = apt_said(said);
        problems.push(format!("{means}: {why}"));
    }
    problems
}

/// Returns what of apt's words says why it does nothing.
pub fn apt_said(said: &str) -> String {
    let mut found: Vec<&str> = Vec::new();
    let mut lines = said.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_end();
        if line.starts_with("The following packages have unmet dependencies") {
            while let Some(more) = lines.next_if(|more| more.starts_with(' ')) {
                found.push(more.trim());
            }
        } else if line.starts_with("The following packages will be REMOVED") {
            found.push("it would remove");
            while let Some(more) = lines.next_if(|more| more.starts_with(' ')) {
                found.push(more.trim());
            }
        } else if let Some(error) = line.strip_prefix("E: ") {
            found.push(error);
        } else if line.starts_with("dpkg: error") || line.contains("trying to overwrite") {
            found.push(line.trim());
        }
    }
    if found.is_empty() {
        let last: Vec<&str> = said
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        found.extend(last.iter().rev().take(3).rev().map(|line| line.trim()));
    }
    found.dedup();
    found.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: Ends<'_> = Ends {
        from: "2.0",
        to: "1.0",
    };

    #[test]
    fn the_script_that_failed_first_is_named_with_its_version() {
        let cases = [
            (
                Step::Back,
                "dpkg: warning: old hello package pre-removal script subprocess returned error exit status 1\n\
                 dpkg: trying script from the new package instead ...\n\
                 dpkg: error processing archive /a/hello_1.0_all.deb (--unpack):\n\
                 \u{20}there is no script in the new version of the package - giving up\n",
                "the prerm of hello 2.0 fails (returned error exit status 1): there is no way back from 2.0",
            ),
            (
                Step::There,
                "dpkg: error processing package hello (--configure):\n \
                 installed hello package post-installation script subprocess was killed by signal (Killed)\n",
                "the postinst of hello 1.0 fails (was killed by signal (Killed)): hosts with 2.0 do not get to 1.0",
            ),
            (
                Step::Before,
                " new hello package pre-installation script subprocess returned error exit status 3\n",
                "the preinst of hello 1.0 fails (returned error exit status 3): 1.0, which hosts have, cannot be installed by itself",
            ),
            (
                Step::There,
                "Some packages could not be installed.\n\
                 The following packages have unmet dependencies:\n hello : Depends: gone but it is not installable\n\
                 E: Unable to correct problems, you have held broken packages.\n",
                "hosts with 2.0 do not get to 1.0: hello : Depends: gone but it is not installable; \
                 Unable to correct problems, you have held broken packages.",
            ),
            (
                Step::Again,
                "",
                "hosts that went back to 2.0 do not get to 1.0: ",
            ),
        ];
        for (step, said, want) in cases {
            assert_eq!(failed(step, ENDS, said), [want], "{said}");
        }
    }
}
