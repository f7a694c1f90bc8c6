//! The whole of an embargo on one branch.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};

use super::seen::seen;
use super::{EMBARGO, SECRET, fix, git, prepared, run, tells};
use crate::world::{Ran, World};

/// Writes down everything that is posted to it, until the test ends.
fn webhook(world: &World) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let heard = world.path("web");
    std::fs::write(&heard, "").expect("written");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            let mut reader = BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
            let lower = head.to_lowercase();
            let length = lower.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            let _ = reader.read_exact(&mut body);
            let all = [head.as_bytes(), &body].concat();
            let mut file = std::fs::OpenOptions::new()
                .append(true)
                .open(&heard)
                .expect("it is there");
            file.write_all(&all).expect("written");
            let _ = (&stream).write_all(b"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n");
        }
    });
    port
}

#[test]
fn nothing_leaves_before_the_lift_and_everything_with_it() {
    let world = prepared("[[announce.channel]]\nname = 'web'\nwebhook = '$WEB'\n");
    let web = format!("http://127.0.0.1:{}/hook", webhook(&world));
    let said = std::cell::RefCell::new(Vec::new());
    let heard = |ran: Ran| {
        said.borrow_mut()
            .push(format!("{}{}", ran.stdout, ran.stderr));
        ran
    };
    let debcut = |words: &str| {
        let call = world.debcut(words.split_whitespace());
        heard(call.env("WEB", &web).run())
    };
    let words = format!(
        "{EMBARGO} --branch main --suite stable --until 2025-06-02T00:00:00Z --lift-on-date"
    );
    debcut(&words).code(0);
    let again = debcut(&words).code(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    let due = "until        2025-06-02T00:00:00Z; then debcut patch lift --if-due lifts it";
    assert!(again.stdout.contains(due), "{}", again.stdout);
    fix(&world);
    // The user's own push, debcut's, and every other way out.
    for words in [
        "push public main",
        "push ../public.git main",
        "push --mirror public",
    ] {
        let ran = heard(git(&world, words));
        assert_ne!(ran.code, 0, "{words}");
        assert!(ran.stderr.contains("ORCHID"), "{words}: {}", ran.stderr);
    }
    assert_eq!(git(&world, "push private main").code, 0);
    let refused = |words: &str| {
        debcut(words).code(2).says(&["the embargo ORCHID refuses"]);
    };
    tells(
        &debcut("release --to stable --archive ../apt").code(1),
        &["the embargo ORCHID refuses"],
    );
    run(&world, "release --to stable --archive ../sec").code(0);
    refused("publish --to stable --archive ../apt");
    refused("announce --send");
    refused("archive serve --archive ../apt --listen 0.0.0.0:0");
    refused("tag --push");
    tells(
        &debcut("release --to stable --archive ../sec --push").code(1),
        &["the embargo ORCHID refuses"],
    );
    debcut("archive mirror ../mirror --archive ../sec")
        .code(2)
        .says(&["the private archive of an embargo (ORCHID), which refuses"]);
    // What was asked for and decided tells of it as well.
    let onto = "--bug b --affected a --severity s --verified v";
    world.git(&["branch", "release-1.2", "v1.2.0"]);
    let words = format!("patch pick HEAD~1 --onto release-1.2 {onto} --json");
    let request = run(&world, &words).code(0).document("debcut/patch-pick/1");
    let request = request["id"].as_str().expect("a name").to_owned();
    world
        .run([
            "patch",
            "approve",
            &request,
            "--reason",
            &format!("about {SECRET}"),
        ])
        .code(0);
    refused("patch sync");
    run(&world, "patch sync --remote private").code(0);
    tells(
        &debcut("status").code(0),
        &["nothing leaves before 2025-06-02"],
    );
    // From elsewhere, what was built here is known again.
    let package = std::fs::read_dir(world.project().join("dist/v1.2.1")).expect("a build");
    let package = package.flatten().map(|entry| entry.path());
    let package = package
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "deb"));
    let copy = world.path("copy.deb");
    std::fs::copy(package.expect("a package"), &copy).expect("copied");
    let place = world.path("apt");
    let add = ["-C", "/", "archive", "add", copy.to_str().expect("text")];
    let more = ["--to", "stable", "--archive", place.to_str().expect("text")];
    let ran = world.run(add.iter().chain(&more)).code(2);
    ran.says(&["built under it"]);
    std::fs::remove_file(&copy).expect("removed");
    assert_eq!(seen(&world, SECRET, &[]), Vec::<String>::new());
    debcut("patch lift --yes").code(1);
    tells(
        &debcut("patch lift --dry-run").code(0),
        &["push v1.2.1", "not before"],
    );
    let early = debcut("patch lift --if-due").code(0);
    assert!(early.stdout.contains("not before"), "{}", early.stdout);
    assert_eq!(seen(&world, SECRET, &said.borrow()), Vec::<String>::new());
    let due = || {
        let lift = world.debcut(["patch", "lift", "--if-due"]);
        let lift = lift.env("WEB", &web);
        lift.env("DEBCUT_NOW", "2025-06-03T00:00:00Z").run()
    };
    let lifted = due().code(0);
    assert!(lifted.stdout.contains("lifted"), "{}", lifted.stdout);
    let found = seen(&world, SECRET, &[]).join("\n");
    for want in ["mail", "wall", "web", "objects", ".deb"] {
        assert!(found.contains(want), "{want} in {found}");
    }
    let read = |name: &str| std::fs::read_to_string(world.path(name)).expect("it is there");
    assert!(read("hook").contains("tally"), "the hook ran with the lift");
    let tags = git(&world, "--git-dir ../public.git tag").stdout;
    assert!(tags.contains("v1.2.1"), "{tags}");
    let queue = git(
        &world,
        "--git-dir ../public.git ls-tree -r refs/debcut/patches",
    );
    assert_eq!(
        queue.code(0).stdout.lines().count(),
        5,
        "asked, approved, and announced on three channels"
    );
    assert!(due().code(0).stdout.contains("nothing to do"));
    assert_eq!(git(&world, "push public main").code, 0);
    assert_eq!(git(&world, "config --local core.hooksPath").code, 1);
    let left = git(&world, "for-each-ref").stdout;
    assert!(!left.contains("debcut-embargo"), "{left}");
}

#[test]
fn a_private_place_that_is_none_is_refused() {
    let world = crate::patches::project();
    world.git(&["init", "--quiet", "--bare", "../public.git"]);
    world.git(&["remote", "add", "origin", "../public.git"]);
    world.git(&["remote", "add", "fork", "https://forge.example/me/tool"]);
    for (words, rule) in [
        ("--private-remote ../public.git", "public-remote"),
        ("--private-remote nowhere", "no-remote"),
        (
            "--private-remote fork --public-remote https://forge.example/us/tool",
            "fork",
        ),
        ("--private-archive ../none", "no-archive"),
        ("--branch release-9.9", "no-branch"),
        ("--until 2020-01-01T00:00:00Z", "date"),
        ("--suite main=stable", "no-branch"),
    ] {
        let all = format!("patch embargo ORCHID --branch release-1.0 {words} --json");
        let ran = world.run(all.split_whitespace()).code(1);
        let document = ran.document("debcut/patch-embargo/1");
        let rules = document["findings"].to_string();
        assert!(rules.contains(&format!("\"{rule}\"")), "{words}: {rules}");
        assert!(!world.project().join(".git/debcut/embargo.json").exists());
    }
}
