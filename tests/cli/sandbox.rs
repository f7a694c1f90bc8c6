//! A build's room: what stands in it, who runs in it, and that nothing of it
//! is left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use debcut::sys::process::{Tool, ToolError};
use debcut::sys::sandbox::{Account, Bind, Description, Limits, Manner, Network, Room, Root, Who};

/// This program, which is a room's first process.
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_debcut"))
}

/// A room with the machine's system and nothing else.
pub fn plain() -> Description {
    Description {
        root: Root::Host,
        binds: Vec::new(),
        files: BTreeMap::new(),
        host_name: "debcut".to_owned(),
        network: Network::None,
        build_path: PathBuf::from("/build/hello-1.0"),
        account: Account {
            name: "builder".to_owned(),
            uid: 1234,
            home: PathBuf::from("/build/home"),
        },
        limits: Limits {
            processes: 200,
            memory_bytes: 1 << 30,
            space_bytes: 64 << 20,
        },
        forbidden: Vec::new(),
    }
}

/// As the account, as builds run.
pub const AS_ACCOUNT: Manner = Manner {
    who: Who::Account,
    umask: 0o22,
    processors: None,
    old_kernel_name: false,
};

const AS_ROOT: Manner = Manner {
    who: Who::Root,
    ..AS_ACCOUNT
};

/// A shell in the build's directory.
pub fn shell(script: &str) -> Tool {
    Tool::new("sh")
        .args(["-c", script])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .dir(Path::new("/build/hello-1.0"))
}

/// Opens a room, on a machine that allows it.
#[track_caller]
pub fn opened(description: &Description) -> Room {
    Room::open(description, program()).unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

/// Runs a script as the account and returns what it wrote.
#[track_caller]
pub fn said(room: &Room, script: &str) -> String {
    said_as(room, script, &AS_ACCOUNT)
}

#[track_caller]
fn said_as(room: &Room, script: &str, manner: &Manner) -> String {
    let ran = room.enter(shell(script), manner).output();
    let output = ran.unwrap_or_else(|error| panic!("{script}: {error}"));
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

#[test]
fn room_is_as_described() {
    let room = opened(&plain());
    let cases = [
        ("hostname", "debcut"),
        ("pwd", "/build/hello-1.0"),
        ("id -un; id -u; id -g", "builder\n1234\n1234"),
        ("stat -c %U:%a .", "builder:755"),
        ("umask", "0022"),
        ("cat /etc/hostname", "debcut"),
        ("getent hosts localhost | cut -d' ' -f1", "::1"),
        (
            "ls -A ~builder /run/lock /tmp /var/tmp",
            "/build/home:\n\n/run/lock:\n\n/tmp:\n\n/var/tmp:",
        ),
        (
            "ls -A /home /root /srv /mnt /media /sys 2>&1 | grep -v 'No such'",
            "/sys:",
        ),
        (
            "ls /dev | tr '\\n' ' '",
            "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero",
        ),
        ("echo x > /dev/null && head -c 4 /dev/zero | wc -c", "4"),
        ("echo $(ls -d /proc/[0-9]* | wc -l) $$", "4 4"),
        (
            "grep -c . /proc/net/dev; ip -br address 2>/dev/null | wc -l",
            "3\n1",
        ),
        (
            "grep Cap /proc/self/status | cut -f2 | sort -u",
            "0000000000000000\n000001ffffffffff",
        ),
        ("grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1"),
        (
            "env",
            "LC_ALL=C.UTF-8\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/build/hello-1.0",
        ),
        ("dpkg-query -W -f '${Package}' dpkg", "dpkg"),
        (
            "for f in /x /usr/x /etc/x /usr/bin/x /opt/x /var/lib/dpkg/x /dev/x /sys/x; do : > $f; done 2>&1 | wc -l",
            "",
        ),
    ];
    for (script, want) in cases {
        assert_eq!(said(&room, script), want, "{script}");
    }
}

#[test]
fn program_that_is_not_inside_is_missing() {
    let room = opened(&plain());
    let tool = Tool::new("no-such-program").env("PATH", "/usr/bin");
    let ran = room.enter(tool, &AS_ACCOUNT).output();
    assert!(matches!(ran, Err(ToolError::Missing { program }) if program == "no-such-program"));
}

#[test]
fn shown_directories_lie_where_only_root_may_look() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let dir = tempfile::tempdir().expect("a directory");
    for below in ["in", "in/deep", "out"] {
        std::fs::create_dir(dir.path().join(below)).expect("a directory");
    }
    std::fs::write(dir.path().join("in/deep/file"), "shown").expect("a file");
    let closed = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(dir.path(), closed).expect("it is ours");
    let bind = |from: &str, to: &str, writable| Bind {
        from: dir.path().join(from),
        to: to.into(),
        writable,
    };
    let mut description = plain();
    description.binds = vec![
        bind("in", "/build/hello-1.0/in", false),
        bind("out", "/srv/out", true),
        bind("in/deep/file", "/etc/shown", false),
    ];
    let room = opened(&description);
    let script = "cat in/deep/file /etc/shown; touch in/x 2>/dev/null || echo closed; \
        echo made > /srv/out/made";
    assert_eq!(said(&room, script), "shownshownclosed");
    let made = dir.path().join("out/made");
    assert_eq!(std::fs::read_to_string(&made).expect("it is out"), "made\n");
    let owner = std::fs::metadata(&made).expect("it is out").uid();
    assert_ne!(owner, 0, "nobody inside is root");
    drop(room);
    assert!(dir.path().join("in/deep/file").exists());
}

#[test]
fn root_of_a_room_is_nobody_outside() {
    let room = opened(&plain());
    let cases = [
        ("id -u", "0"),
        (
            "cat /etc/shadow /root/.profile 2>&1 | grep -c 'No such'",
            "2",
        ),
        ("mount -o remount,rw /usr 2>&1 | grep -c denied", "1"),
        (
            "umount /usr 2>&1 | grep -c -e denied -e permitted -e superuser",
            "1",
        ),
        ("date --set 2001-01-01 2>&1 | grep -c 'not permitted'", "1"),
        (
            "install -d -o builder -g builder /tmp/x && stat -c %U /tmp/x",
            "builder",
        ),
    ];
    for (script, want) in cases {
        assert_eq!(said_as(&room, script, &AS_ROOT), want, "{script}");
    }
}
