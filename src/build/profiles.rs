//! Build profiles that a build is asked for and nobody knows. Pure.

use crate::model::Finding;

/// The registered profiles (Debian's BuildProfileSpec).
const REGISTERED: [&str; 22] = [
    "cross",
    "nobiarch",
    "nocheck",
    "nocil",
    "nodoc",
    "nogir",
    "nogolang",
    "noguile",
    "noinsttest",
    "nojava",
    "nolua",
    "noocaml",
    "noopt",
    "noperl",
    "nopython",
    "noruby",
    "norust",
    "nostrip",
    "noudeb",
    "nowindows",
    "stage1",
    "stage2",
];

/// Warns of each profile that neither Debian has registered nor `control`
/// names: such a profile changes nothing.
pub fn unknown(profiles: &[String], control: &str) -> Vec<Finding> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    let named = |profile: &str| control.split(|c| !is_part(c)).any(|word| word == profile);
    let unknown = profiles.iter().filter(|profile| {
        let own = profile.starts_with("pkg.");
        (own || !REGISTERED.contains(&profile.as_str())) && !named(profile)
    });
    let finding = |profile: &String| {
        let found = "debian/control names no such build profile, and none is registered";
        let finding = Finding::warning("unknown-profile", profile, found);
        finding.fix("wiki.debian.org/BuildProfileSpec lists the registered ones")
    };
    unknown.map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_knows_is_warned_of() {
        let control = "Build-Depends: a <!nodoc>, b <!pkg.pp.gui>\nBuild-Profiles: <!own>\n";
        for (profile, known) in [
            ("nocheck", true),
            ("own", true),
            ("pkg.pp.gui", true),
            ("pkg.pp.other", false),
            ("bogus", false),
            ("ow", false),
        ] {
            let found = unknown(&[profile.to_owned()], control);
            assert_eq!(found.is_empty(), known, "{profile}");
        }
    }
}
