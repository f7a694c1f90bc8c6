//! The archive's pages: valid, safe, whole, and only what changed is written.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::archive::packages::{deb, source};
use crate::world::{Listing, World, listing, tool};

/// What a package may say of itself to be trouble.
const EVIL: &str = "</title><script>alert(1)</script> \"'><img src=x onerror=alert(2)> {{ 7*7 }}";

/// Makes a package with a changelog and these fields.
fn told(world: &World, name: &str, version: &str, fields: &str) -> PathBuf {
    let tree = world.path("told");
    let _ = std::fs::remove_dir_all(&tree);
    let doc = tree.join("usr/share/doc").join(name);
    std::fs::create_dir_all(tree.join("DEBIAN")).expect("a directory");
    std::fs::create_dir_all(&doc).expect("a directory");
    let control = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: all\n\
         Maintainer: Ada Example <ada@example.org>\n{fields}"
    );
    std::fs::write(tree.join("DEBIAN/control"), control).expect("a file");
    let changelog = format!(
        "{name} ({version}) stable; urgency=medium\n\n  * {EVIL}\n\n \
         -- Ada Example <ada@example.org>  Thu, 01 May 2025 10:00:00 +0000\n"
    );
    std::fs::write(doc.join("changelog"), changelog).expect("a file");
    let mut gzip = tool("gzip", "gzip");
    gzip.arg("-9n").arg(doc.join("changelog"));
    world.judge(gzip).code(0);
    let made = world.path(&format!("{name}_{version}.deb"));
    let mut dpkg = tool("dpkg-deb", "dpkg");
    dpkg.args(["--root-owner-group", "-Zgzip", "--build"]);
    world.judge({
        dpkg.arg(&tree).arg(&made);
        dpkg
    });
    made
}

/// The pages of an archive, and nothing else of it.
fn pages(archive: &Path) -> Listing {
    let mut found = listing(archive);
    found.retain(|path, _| path.starts_with("pages") || path == Path::new("index.html"));
    found
}

/// Names the files that are in one of two listings only, or differ.
fn changed(before: &Listing, after: &Listing) -> BTreeSet<String> {
    let all: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differs = all
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path));
    differs.map(|path| path.display().to_string()).collect()
}

/// Two suites with packages of every kind, some of them hostile.
fn filled() -> World {
    let world = World::new();
    world.key();
    let words = [
        "init",
        "--suite",
        "stable,book/next",
        "--component",
        "main,contrib",
    ];
    world
        .archive(words.into_iter().chain(["--label", "House & Garden"]))
        .code(0);
    let fields = format!(
        "Homepage: javascript:alert(1)\nDepends: pear (>= 1.0), nothing-here | cherry\n\
         Description: {EVIL}\n It is <b>bold</b>.\n .\n More:\n  * one\n  * two & three\n"
    );
    let apple = told(&world, "apple", "1:1.0~rc1+b", &fields);
    let pear = deb("pear", "1.0").make(&world, "debs");
    let plus = told(
        &world,
        "libg++",
        "2.0",
        "Homepage: https://example.org/?a=\"b\"\nDescription: a library\n",
    );
    world.add(&[apple, pear, plus, source(&world)], &[]).code(0);
    let next = deb("pear", "2.0").make(&world, "debs");
    let next = next.to_str().expect("text");
    world.archive(["add", next, "--to", "book/next"]).code(0);
    world
}

/// Parses every page as HTML5, without mercy; and follows every reference.
const JUDGE: &str = r#"
import os, sys, urllib.parse
import html5lib
top = sys.argv[1]
pages = 0
for directory, _, names in os.walk(top):
    for name in names:
        if not name.endswith('.html'):
            continue
        pages += 1
        path = os.path.join(directory, name)
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(open(path, 'rb'))
        ids = [e.get('id') for e in tree.iter() if e.get('id')]
        assert len(ids) == len(set(ids)), (path, 'an id twice', ids)
        assert len(list(tree.iter('h1'))) == 1, (path, 'one h1')
        assert tree.get('lang') == 'en' and tree.find('head/title').text.strip(), path
        for e in tree.iter():
            if not isinstance(e.tag, str):
                continue
            assert e.tag not in ('script', 'img', 'iframe', 'object', 'form'), (path, e.tag)
            assert not any(a.startswith('on') or a in ('src', 'style') for a in e.attrib), (path, e.attrib)
            href = e.get('href')
            if href is None:
                continue
            url = urllib.parse.urlsplit(href)
            if e.tag == 'link':
                assert not url.netloc and url.scheme in ('', 'data'), (path, href)
            if url.scheme:
                assert url.scheme in ('http', 'https', 'data'), (path, href)
                continue
            if not url.path:
                assert not url.fragment or url.fragment in ids, (path, href)
                continue
            to = os.path.normpath(os.path.join(directory, urllib.parse.unquote(url.path)))
            assert os.path.isfile(to) and to.startswith(top), (path, href, to)
print(pages)
"#;

fn judged(world: &World, top: &Path) -> usize {
    let mut python = tool("/usr/bin/python3", "python3-html5lib");
    python.args(["-c", JUDGE]).arg(top);
    let ran = world.judge(python).code(0);
    ran.stdout.trim().parse().expect("a number")
}

#[test]
fn every_page_is_valid_and_every_link_leads_somewhere() {
    let world = filled();
    let words = ["pages", "--uri", "https://apt.example.org", "--json"];
    let document = world.archive(words).code(0);
    let document = document.document("debcut/archive-pages/1");
    assert_eq!(document["changed"], true);
    let at = world.archive_at();
    // Front, 2 × (suite, history, list), apple, libg++, pear, plum.
    assert_eq!(judged(&world, &at), 1 + 6 + 4);
    let read = |path: &str| std::fs::read_to_string(at.join(path)).expect(path);
    let apple = read("pages/packages/a/apple.html");
    assert!(
        !apple.contains("<script") && !apple.contains("<b>bold"),
        "{apple}"
    );
    assert!(!apple.contains("href=\"javascript"), "{apple}");
    for part in [
        "<a href=\"../../../pages/packages/p/pear.html\">pear</a> (&gt;= 1.0)",
        "nothing-here | cherry",
        "<h2>Changelog</h2>",
        "  * &lt;/title&gt;",
        "pool/main/a/apple/apple_1.0~rc1%2Bb_all.deb\"",
    ] {
        assert!(apple.contains(part), "{part} in\n{apple}");
    }
    let pear = read("pages/packages/p/pear.html");
    let (newer, older) = (pear.find("2.0</th>"), pear.find("1.0</th>"));
    assert!(newer.is_some() && newer < older, "{pear}");
    assert!(
        pear.contains("../../../pages/suites/book%3Anext/index.html"),
        "{pear}"
    );
    let plum = read("pages/packages/p/plum.html");
    assert!(plum.contains("plum_1.0-1.dsc"), "{plum}");
    let front = read("index.html");
    assert!(front.contains("House &amp; Garden"), "{front}");
    assert!(front.contains("URIs: https://apt.example.org\n"), "{front}");
    // What is to be pasted is what `archive sources` writes.
    let sources = read("pages/suites/stable/apt.sources");
    let said = world.archive(["sources", "stable", "--uri", "https://apt.example.org"]);
    assert_eq!(sources.trim(), said.stdout.trim());
    // Twice is nothing to do, and a plan writes nothing.
    let before = pages(&at);
    let again = world.archive(["pages", "--json"]).code(0);
    assert_eq!(again.document("debcut/archive-pages/1")["changed"], false);
    let plan = world.archive(["pages", "--everything", "--dry-run", "--json"]);
    let plan = plan.code(0).document("debcut/archive-pages/1");
    assert_eq!(plan["dry_run"], true);
    world.archive(["pages", "--everything"]).code(0);
    assert_eq!(changed(&before, &pages(&at)), BTreeSet::new());
    world.archive(["check", "--deep"]).code(0);
    in_chromium(&world, &at);
}

/// Looks at two pages in a real browser, on a phone, in the dark.
#[expect(clippy::print_stderr, reason = "who skips says why")]
fn in_chromium(world: &World, at: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|place| place.join("chromium").is_file()) {
        eprintln!("skipped: chromium is not installed, so no browser looks at the pages");
        return;
    }
    for (page, heading) in [
        ("index.html", "House &amp; Garden"),
        ("pages/packages/a/apple.html", "apple"),
    ] {
        let mut chromium = tool("chromium", "chromium");
        chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
        chromium.args([
            "--window-size=360,640",
            "--force-dark-mode",
            "--disable-extensions",
        ]);
        chromium.args(["--disable-background-networking", "--no-first-run"]);
        chromium.arg(format!(
            "--user-data-dir={}",
            world.path("chromium").display()
        ));
        chromium.arg(format!("file://{}", at.join(page).display()));
        let shown = world.judge(chromium).code(0).stdout;
        assert!(
            shown.contains(&format!("<h1>{heading}</h1>")),
            "{page}: {shown}"
        );
        assert!(!shown.contains("<img"), "{page}: {shown}");
    }
}

#[test]
fn a_publish_writes_the_pages_of_what_changed() {
    let world = World::new();
    world.key();
    world
        .archive(["init", "--suite", "stable", "--pages"])
        .code(0);
    let at = world.archive_at();
    let files: Vec<_> = ["apple", "pear", "plum"]
        .map(|name| deb(name, "1.0").make(&world, "debs"))
        .to_vec();
    world.add(&files, &[]).code(0);
    assert_eq!(judged(&world, &at), 1 + 3 + 3);
    // Also where clients fetch long descriptions only when they want them.
    let page = std::fs::read_to_string(at.join("pages/packages/p/pear.html")).expect("a page");
    assert!(page.contains("<p>It exists to be published.</p>"), "{page}");
    let before = pages(&at);
    let newer = deb("pear", "1.1").make(&world, "debs");
    world.add(&[newer], &[]).code(0);
    let after = pages(&at);
    let of_suite = [
        "index.html",
        "pages/packages/p/pear.html",
        "pages/state.json",
        "pages/suites/stable/history.html",
        "pages/suites/stable/index.html",
        "pages/suites/stable/list/_first.html",
    ];
    assert_eq!(changed(&before, &after), of_suite.map(str::to_owned).into());
    // What went keeps a page that says so, until all is written anew.
    world
        .archive(["remove", "plum", "--from", "stable"])
        .code(0);
    let plum = at.join("pages/packages/p/plum.html");
    let gone = std::fs::read_to_string(&plum).expect("a page");
    assert!(gone.contains("in no suite any more"), "{gone}");
    // Without knowing what it shows, everything is written anew.
    std::fs::write(at.join("pages/state.json"), "{}").expect("writes");
    world.archive(["pages"]).code(0);
    assert!(!plum.exists());
    judged(&world, &at);
    world.archive(["check", "--deep"]).code(0);
    // A publish is done also where its pages cannot be written.
    std::fs::remove_file(at.join("index.html")).expect("removes");
    std::fs::create_dir(at.join("index.html")).expect("a directory");
    let more = deb("quince", "1.0").make(&world, "debs");
    let ran = world.add(&[more], &[]).code(0);
    ran.says(&["the pages are not up to date"]);
    std::fs::remove_dir(at.join("index.html")).expect("removes");
    world.archive(["pages"]).code(0);
    assert!(at.join("pages/packages/q/quince.html").exists());
    assert!(at.join("index.html").is_file());
}

#[test]
fn pages_brought_up_to_date_are_those_written_anew() {
    let world = World::new();
    world.key();
    world
        .archive(["init", "--suite", "stable,next", "--pages"])
        .code(0);
    let add = |names: &[&str], version: &str, suite: &str| {
        let made = names
            .iter()
            .map(|name| deb(name, version).make(&world, "debs"));
        let made: Vec<_> = made.collect();
        let mut words = vec!["add", "--to", suite];
        words.extend(made.iter().map(|path| path.to_str().expect("text")));
        world.archive(words).code(0);
    };
    add(&["apple", "pear", "plum"], "1.0", "stable");
    add(&["apple", "cherry"], "1.1", "next");
    world
        .archive(["promote", "apple", "--from", "next", "--to", "stable"])
        .code(0);
    world
        .archive(["remove", "pear", "--from", "stable"])
        .code(0);
    add(&["pear"], "1.2", "stable");
    let out = world.path("anew");
    let text = out.to_str().expect("text");
    world
        .archive(["pages", "--everything", "--out", text])
        .code(0);
    assert_eq!(
        changed(&pages(&world.archive_at()), &pages(&out)),
        BTreeSet::new()
    );
    judged(&world, &world.archive_at());
}
