//! Why the machine does not let this user have a room, in words that say which
//! switch it is and what to do.

use super::room::SandboxError;

/// Explains why namespaces could not be had, from what the tools said.
pub(super) fn of_namespaces(said: &str) -> SandboxError {
    let mut why = if said.is_empty() {
        "the first process ended without a word".to_owned()
    } else {
        said.lines().collect::<Vec<_>>().join("; ")
    };
    let read = |path: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/{path}"));
        text.ok().map(|text| text.trim().to_owned())
    };
    let root = rustix::process::geteuid().is_root();
    if let Some(remedy) = remedy(said, root, &read) {
        why = format!("{why}: {remedy}");
    }
    SandboxError::NotAllowed { why }
}

/// Explains why a room could not be set up.
pub(super) fn of_set_up(why: String) -> SandboxError {
    // mount_namespaces(7): a new /proc needs one that is not covered in parts.
    if why.starts_with("mount /proc") && why.contains("permitted") {
        let why = format!(
            "{why}: parts of this container's own /proc are covered \
             (docker run --security-opt systempaths=unconfined, or --privileged)"
        );
        return SandboxError::NotAllowed { why };
    }
    SandboxError::SetUp { why }
}

/// Names the switch that forbids namespaces.
fn remedy(said: &str, root: bool, read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let is = |path: &str, value: &str| read(path).is_some_and(|found| found == value);
    if is("user/max_user_namespaces", "0") {
        return Some(
            "user.max_user_namespaces is 0 (sysctl -w user.max_user_namespaces=15000)".to_owned(),
        );
    }
    if !root && is("kernel/unprivileged_userns_clone", "0") {
        return Some(
            "kernel.unprivileged_userns_clone is 0 \
             (sysctl -w kernel.unprivileged_userns_clone=1)"
                .to_owned(),
        );
    }
    if !root && is("kernel/apparmor_restrict_unprivileged_userns", "1") {
        return Some(
            "AppArmor allows them to programs with a profile only: \
             kernel.apparmor_restrict_unprivileged_userns is 1 \
             (sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, \
             or an AppArmor profile with \"userns,\" for /usr/bin/unshare)"
                .to_owned(),
        );
    }
    if said.contains("No space left on device") {
        return Some(
            "as many as user.max_user_namespaces allows are in use, or they are nested too deeply"
                .to_owned(),
        );
    }
    if said.contains("not permitted") || said.contains("Permission denied") {
        return Some(
            "something around this process forbids it, as containers do \
             (docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined, \
             or --privileged; systemd: RestrictNamespaces=no)"
                .to_owned(),
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_names_the_switch() {
        const DENIED: &str = "unshare: unshare failed: Operation not permitted";
        let cases = [
            (
                DENIED,
                false,
                "user/max_user_namespaces=0",
                "max_user_namespaces is 0",
            ),
            (
                DENIED,
                true,
                "user/max_user_namespaces=0",
                "max_user_namespaces is 0",
            ),
            (
                DENIED,
                false,
                "kernel/unprivileged_userns_clone=0",
                "kernel.unprivileged_userns_clone=1",
            ),
            (
                DENIED,
                false,
                "kernel/apparmor_restrict_unprivileged_userns=1",
                "AppArmor profile",
            ),
            (
                DENIED,
                true,
                "kernel/apparmor_restrict_unprivileged_userns=1",
                "docker run",
            ),
            (DENIED, false, "", "seccomp=unconfined"),
            (
                "unshare: unshare failed: No space left on device",
                false,
                "",
                "in use",
            ),
        ];
        for (said, root, switch, want) in cases {
            let read = |path: &str| {
                let (name, value) = switch.split_once('=')?;
                (name == path).then(|| value.to_owned())
            };
            let found = remedy(said, root, &read).unwrap_or_default();
            assert!(found.contains(want), "{switch} {said}: {found}");
        }
    }
}
