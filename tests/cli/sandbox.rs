//! A build's room: what stands in it, who runs in it, and that nothing of it
//! is left.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use debcut::sys::process::{Tool, ToolError};
use debcut::sys::sandbox::{
    Account, Bind, Description, Limits, Manner, Network, Room, Root, Upper, Who,
};

use crate::world::{World, is_root};

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
        (
            "getent passwd root builder | cut -d: -f1,3,6",
            "root:0:/root\nbuilder:1234:/build/home",
        ),
        (
            "ls -A ~builder /run/lock /tmp /var/tmp /sys | grep -v :",
            "",
        ),
        (
            "ls -d /home /root /srv /mnt /media /var/log /var/cache/apt 2>/dev/null",
            "",
        ),
        (
            "ls /dev | xargs",
            "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero",
        ),
        ("echo x > /dev/null && head -c 4 /dev/zero | wc -c", "4"),
        (
            "(: < /dev/tty) 2>&1 | grep -c 'No such device or address'",
            "1",
        ),
        (
            "[ $(ls -d /proc/[0-9]* | wc -l) -lt 10 ] && echo few",
            "few",
        ),
        (
            "grep Cap /proc/self/status | cut -f2 | head -3 | sort -u",
            "0000000000000000",
        ),
        ("grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1"),
        (
            "env | sort",
            "LC_ALL=C.UTF-8\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/build/hello-1.0",
        ),
        ("ls /proc/self/fd | xargs", "0 1 2 3"),
        ("dpkg-query -W -f '${Package}' dpkg", "dpkg"),
        (
            "for f in /x /usr/x /etc/x /usr/bin/x /opt/x /var/lib/dpkg/x /dev/x /sys/x; do \
             touch $f 2>/dev/null && echo $f; done",
            "",
        ),
    ];
    for (script, want) in cases {
        assert_eq!(said(&room, &format!("{script}\nexit 0")), want, "{script}");
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

#[test]
fn manner_is_kept() {
    let room = opened(&plain());
    let manner = Manner {
        umask: 0o77,
        processors: Some(1),
        old_kernel_name: true,
        ..AS_ACCOUNT
    };
    let script = "umask; nproc; uname -r | cut -c1-3";
    assert_eq!(said_as(&room, script, &manner), "0077\n1\n2.6");
}

/// Copies some programs and their libraries to where a layer will be.
const LAYER: &str = "set -e; cd /srv/base; chown root:root .; mkdir -p usr/bin usr/lib64 etc tmp
    for link in bin lib64; do ln -s usr/$link $link; done
    for program in sh bash env cat id mkdir touch ls stat setpriv unshare; do
      cp /usr/bin/$program usr/bin
      ldd /usr/bin/$program | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p ./${library%/*}; cp -n $library ./$library
      done
    done
    echo base > etc/which; mkdir -p ../more/etc; echo more > ../more/etc/which";

#[test]
fn layers_are_laid_over_each_other() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |below: &str| dir.path().join(below);
    let mut making = plain();
    for below in ["base", "more", "changes", "work"] {
        std::fs::create_dir(at(below)).expect("a directory");
        making.binds.push(Bind {
            from: at(below),
            to: Path::new("/srv").join(below),
            writable: true,
        });
    }
    let room = Room::open(&making, program());
    let room = room.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    said_as(&room, LAYER, &AS_ROOT);
    said_as(&room, "chown root:root /srv/changes /srv/work", &AS_ROOT);
    drop(room);

    let mut description = plain();
    description.root = Root::Layers {
        lower: vec![at("base"), at("more")],
        upper: Some(Upper {
            changes: at("changes"),
            work: at("work"),
        }),
    };
    let room = opened(&description);
    let script = "cat /etc/which; mkdir /usr/made; echo new > /etc/which; id -u";
    assert_eq!(said_as(&room, script, &AS_ROOT), "more\n0");
    drop(room);
    let read = |path: &str| std::fs::read_to_string(at(path)).expect("it is there");
    assert_eq!(read("changes/etc/which"), "new\n");
    assert_eq!(read("more/etc/which"), "more\n", "a layer stays as it was");

    description.root = Root::Layers {
        lower: vec![at("base"), at("more"), at("changes")],
        upper: None,
    };
    let room = opened(&description);
    let script =
        "cat /etc/which /etc/hostname; ls -d /usr/made; touch /usr/x || id -un; stat -c %U .";
    assert_eq!(
        said(&room, script),
        "new\ndebcut\n/usr/made\nbuilder\nbuilder"
    );
}

/// Finds the processes of a session.
fn session(number: u32) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("it is there").flatten();
    let stats = entries
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok())
        .filter(|stat| {
            let after = stat.rsplit_once(") ").map(|(_, after)| after);
            let its = after.and_then(|after| after.split(' ').nth(3));
            its == Some(number.to_string().as_str()) && !stat.contains(") Z ")
        });
    stats.collect()
}

/// Checks that no room has left a control group. Rooms of tests beside this one
/// may be between their last process and their group's removal: one that stays
/// was left.
#[track_caller]
pub fn assert_no_group_left() {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let left = groups_without_room();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "{left:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Names the control groups of rooms whose first process has ended.
fn groups_without_room() -> BTreeSet<PathBuf> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut found = BTreeSet::new();
    for line in own.lines() {
        let group = line.rsplit(':').next().unwrap_or_default();
        for top in ["memory", "pids", "unified", "."] {
            let group = Path::new("/sys/fs/cgroup").join(top).join(&group[1..]);
            let entries = std::fs::read_dir(group).into_iter().flatten().flatten();
            found.extend(entries.map(|entry| entry.path()).filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let number = name.strip_prefix("debcut-room-");
                number.is_some_and(|number| !Path::new("/proc").join(number).exists())
            }));
        }
    }
    found
}

#[test]
fn room_of_a_killed_owner_is_gone() {
    let world = World::new();
    let description = serde_json::to_string(&plain()).expect("it is JSON");
    world.write("room.json", description);
    let mounts = || std::fs::read_to_string("/proc/self/mounts").expect("it is there");
    let before = mounts();
    for after in [0, 5, 10, 20, 30, 40, 60, 90, 150, 300] {
        let words = ["sandbox", "run", "--description", "room.json", "--"];
        let sleep = ["sh", "-c", "setsid sleep 1000 & sleep 1000"];
        let call = world.debcut(words.into_iter().chain(sleep));
        let mut owner = call.under(["setsid"]).start();
        std::thread::sleep(Duration::from_millis(after));
        owner.kill().expect("it is ours");
        owner.wait().expect("it is ours");
        let until = Instant::now() + Duration::from_secs(10);
        while !session(owner.id()).is_empty() {
            let left = session(owner.id());
            assert!(Instant::now() < until, "after {after} ms: {left:#?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert_eq!(mounts(), before);
    // What a killed owner could not remove the next room does.
    drop(opened(&plain()));
    assert_no_group_left();
}

#[test]
fn tool_in_a_room_is_stopped_in_time() {
    let room = opened(&plain());
    let started = Instant::now();
    let slow = shell("sleep 1000 & sleep 1000").limit(Duration::from_millis(500));
    let ran = room.enter(slow, &AS_ACCOUNT).output();
    assert!(matches!(ran, Err(ToolError::TimedOut { .. })), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(said(&room, "echo again"), "again");
    let seen = room.sightings().expect("its first process lives");
    assert_eq!(seen.left_behind, Vec::<String>::new());
}

#[test]
fn ordinary_user_has_a_room() {
    let world = World::new();
    world.write("room.json", serde_json::to_string(&plain()).expect("JSON"));
    let words = ["sandbox", "run", "--description", "room.json", "--"];
    let script = "id -un; id -u; stat -c %U .; hostname; touch x; ls /home 2>/dev/null; ls";
    let ran = world
        .debcut(words.into_iter().chain(["sh", "-c", script]))
        .by_nobody()
        .run()
        .code(0);
    let said: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let want = "builder\n1234\nbuilder\ndebcut\nx\n";
    assert_eq!(said["ran"]["stdout"], want, "{}", ran.stdout);

    let mut description = plain();
    for below in ["lower", "changes", "work"] {
        std::fs::create_dir_all(world.project().join(below)).expect("a directory");
    }
    description.root = Root::Layers {
        lower: vec![world.project().join("lower")],
        upper: Some(Upper {
            changes: world.project().join("changes"),
            work: world.project().join("work"),
        }),
    };
    world.write(
        "room.json",
        serde_json::to_string(&description).expect("JSON"),
    );
    let ran = world
        .debcut(words.into_iter().chain(["id"]))
        .by_nobody()
        .run();
    if is_root() {
        assert!(ran.stdout.contains("accounts of its own"), "{}", ran.stdout);
        assert!(ran.stdout.contains("/etc/subuid"), "{}", ran.stdout);
    }
}

#[test]
fn machine_that_allows_no_room_says_which_switch() {
    let world = World::new();
    world.write("room.json", serde_json::to_string(&plain()).expect("JSON"));
    let cases = [
        (
            "echo 0 > /proc/sys/user/max_user_namespaces",
            "user.max_user_namespaces is 0",
        ),
        (
            "mount -t tmpfs none /proc/sys/kernel",
            "systempaths=unconfined",
        ),
    ];
    for (switch, want) in cases {
        let words = ["sandbox", "run", "--description", "room.json", "--", "id"];
        let script = format!("{switch} && exec \"$@\"");
        let container = ["unshare", "--user", "--map-root-user", "--mount", "--pid"];
        let more = ["--fork", "--mount-proc", "sh", "-c", &script, "sh"];
        let call = world.debcut(words).under(container.into_iter().chain(more));
        let ran = call.run().code(0);
        assert!(ran.stdout.contains(want), "{switch}: {}", ran.stdout);
        assert!(
            ran.stdout.contains("does not allow"),
            "{switch}: {}",
            ran.stdout
        );
    }
}

#[test]
fn toolchain_in_a_forbidden_home_is_shown_without_its_secrets() {
    let home = tempfile::tempdir().expect("a directory");
    let at = |below: &str| home.path().join(below);
    std::fs::create_dir_all(at(".cargo/bin")).expect("a directory");
    std::fs::write(at(".cargo/bin/tool"), "shown").expect("a file");
    std::fs::write(at(".cargo/credentials.toml"), "secret").expect("a file");
    let mut description = plain();
    description.forbidden = vec![home.path().to_owned(), "/tmp".into(), "/".into()];
    description.binds = vec![Bind {
        from: at(".cargo"),
        to: at(".cargo"),
        writable: false,
    }];
    let room = opened(&description);
    let cargo = at(".cargo").display().to_string();
    assert_eq!(said(&room, &format!("cat {cargo}/bin/tool")), "shown");
    assert_eq!(
        room.sightings().expect("its first process lives").forbidden,
        Vec::<String>::new()
    );
    let script = format!("cat {cargo}/credentials.toml; ls {cargo}/..; touch /tmp/x");
    assert_eq!(said(&room, &script), "");
    let seen = room.sightings().expect("its first process lives").forbidden;
    let credentials = format!("{cargo}/credentials.toml");
    assert!(seen.contains(&credentials), "{seen:?}");
    assert!(
        seen.contains(&home.path().display().to_string()),
        "{seen:?}"
    );
}
