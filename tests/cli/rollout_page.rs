//! The page of a rollout: valid, safe, whole, and drawn by a real browser.

use std::path::{Path, PathBuf};

use debcut::report::rolling::{Lead, page};
use debcut::rollout::plan;
use debcut::rollout::policy::Approval;

use crate::rollout_samples::{EVIL, Story, at};
use crate::world::{World, tool};

/// Parses a page as HTML5, without mercy, and looks for what it must not have.
const JUDGE: &str = r#"
import sys
import html5lib
tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(open(sys.argv[1], 'rb'))
ids = [e.get('id') for e in tree.iter() if e.get('id')]
assert len(ids) == len(set(ids)), ids
assert len(list(tree.iter('h1'))) == 1 and tree.get('lang') == 'en'
for e in tree.iter():
    if not isinstance(e.tag, str):
        continue
    assert e.tag not in ('script', 'img', 'iframe', 'object', 'form'), e.tag
    assert not any(a.startswith('on') or a in ('src', 'style') for a in e.attrib), e.attrib
    for name in ('aria-labelledby',):
        if e.get(name):
            assert e.get(name) in ids, e.get(name)
    href = e.get('href')
    if href is not None:
        assert href == 'data:,' or (href.startswith('#') and href[1:] in ids), href
    fill = e.get('fill')
    if fill and fill.startswith('url('):
        assert fill[5:-1] in ids, fill
    for name in ('x', 'width', 'x1', 'x2'):
        value = e.get(name)
        if value and value.endswith('%'):
            assert 0 <= float(value[:-1]) <= 100.01, (e.tag, name, value)
for table in tree.iter('table'):
    heads = len(list(table.find('thead').iter('th')))
    for row in table.find('tbody').iter('tr'):
        assert len(row) == heads, (heads, [c.text for c in row])
print(' '.join(''.join(tree.itertext()).split()))
"#;

fn judged(world: &World, page: &Path) -> String {
    let mut python = tool("/usr/bin/python3", "python3-html5lib");
    python.args(["-c", JUDGE]).arg(page);
    world.judge(python).code(0).stdout
}

fn written(world: &World, name: &str, story: &Story, now: &str) -> PathBuf {
    let (rollout, now) = (story.rollout(), at(now));
    let leads = [
        (
            "hello 1.2-1",
            "2025-05-28T10:00:00Z",
            "2025-06-04T16:00:00Z",
        ),
        (
            "hello 1.1-1",
            "2025-05-01T10:00:00Z",
            "2025-05-06T16:00:00Z",
        ),
        (
            "hello 1.0-1",
            "2025-04-01T10:00:00Z",
            "2025-04-15T10:00:00Z",
        ),
    ]
    .map(|(label, commit, everyone)| {
        let begun = at(commit);
        let steps = [
            ("commit", Some(begun)),
            ("tag", Some(begun.plus_seconds(2 * 86_400))),
            ("archive", Some(begun.plus_seconds(2 * 86_400 + 1_800))),
            ("canary", Some(begun.plus_seconds(3 * 86_400))),
            ("everyone", Some(at(everyone))),
        ];
        Lead::new(label.to_owned(), &steps).expect("five moments")
    });
    let text = page(
        &rollout,
        &story.entries,
        &plan::next(&rollout, now),
        &leads,
        now,
    );
    let path = world.path(name);
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn every_page_is_valid_and_says_what_matters() {
    let world = World::new();
    let mut planned = Story::new(EVIL, Approval::NotNeeded);
    let mut halted = Story::new("a fix for the parser", Approval::NotNeeded);
    halted.canaries().halted();
    let mut soaking = Story::new("a fix for the parser", Approval::NotNeeded);
    soaking.canaries();
    let mut done = Story::new("a fix for the parser", Approval::NotNeeded);
    done.canaries().done();
    planned.rehearsed("2025-06-02T08:10:00Z");
    let cases: [(&str, &Story, &str, &[&str]); 4] = [
        (
            "planned.html",
            &planned,
            "2025-06-02T08:15:00Z",
            &[
                "hello 1.2-1",
                "rehearsed",
                "Reason",
                "{{ 7*7 }}",
                "at the earliest",
                "waits",
            ],
        ),
        (
            "halted.html",
            &halted,
            "2025-06-03T09:30:00Z",
            &[
                "2 hosts failed in ring early, 0 may",
                "web06.example.org",
                "HTTP 500 from /health",
                "No route to host",
                "5 ok",
            ],
        ),
        (
            "soaked.html",
            &soaking,
            "2025-06-03T08:32:00Z",
            &[
                "canary",
                "passed",
                "Lead time",
                "half of the releases took no longer than 7 d 6 h, the slowest 14 d",
            ],
        ),
        (
            "done.html",
            &done,
            "2025-06-05T09:00:00Z",
            &[
                "Every ring has passed",
                "94 of 94",
                "3 of 3",
                "nothing: it has ended",
            ],
        ),
    ];
    for (name, story, now, parts) in cases {
        let path = written(&world, name, story, now);
        let said = judged(&world, &path);
        for part in parts {
            assert!(said.contains(part), "{name}: {part:?} in\n{said}");
        }
        let html = std::fs::read_to_string(&path).expect("read");
        assert!(
            !html.contains("<script") && !html.contains("<img"),
            "{name}"
        );
    }
    in_chromium(
        &world,
        &["planned.html", "halted.html", "soaked.html", "done.html"],
    );
}

/// Lets a real browser draw the pages on a phone and in the dark, and asks it
/// how wide they became: nothing may stick out. The pages have no script, so a
/// copy with one is asked.
#[expect(clippy::print_stderr, reason = "who skips says why")]
fn in_chromium(world: &World, names: &[&str]) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|place| place.join("chromium").is_file()) {
        eprintln!("skipped: chromium is not installed, so no browser looks at the pages");
        return;
    }
    for name in names {
        let page = std::fs::read_to_string(world.path(name)).expect("read");
        let asking = "<script>document.title = [document.documentElement.scrollWidth, innerWidth, \
                      document.querySelectorAll('svg.track rect.bar').length].join(' ')</script>";
        let asked = world.path("asked.html");
        let copy = page.replace("</body>", &format!("{asking}</body>"));
        std::fs::write(&asked, copy).expect("written");
        let mut chromium = browser(world);
        chromium.args(["--window-size=500,800", "--force-dark-mode", "--dump-dom"]);
        chromium.arg(format!("file://{}", asked.display()));
        let shown = world.judge(chromium).code(0).stdout;
        let title = shown
            .split("<title>")
            .nth(1)
            .and_then(|rest| rest.split('<').next());
        let numbers: Vec<u32> = title
            .unwrap_or_default()
            .split(' ')
            .filter_map(|number| number.parse().ok())
            .collect();
        let [width, window, bars] = numbers[..] else {
            panic!("{name}: {title:?}\n{shown}");
        };
        assert!(
            width <= window,
            "{name} is {width} wide in a window of {window}"
        );
        assert!(bars > 3, "{name} has {bars} bars");
        assert!(shown.contains("<h1>hello 1.2-1</h1>"), "{shown}");
    }
    // For people who want to look: DEBCUT_TEST_PICTURES names a directory.
    let Some(pictures) = std::env::var_os("DEBCUT_TEST_PICTURES") else {
        return;
    };
    for name in names {
        for (size, mode) in [("1280,2400", None), ("500,3600", Some("--force-dark-mode"))] {
            let width = size.split(',').next().unwrap_or_default();
            let picture = Path::new(&pictures).join(format!("{name}-{width}.png"));
            let mut chromium = browser(world);
            chromium.args(mode);
            if mode.is_some() {
                chromium.arg("--blink-settings=preferredColorScheme=0");
            }
            chromium.arg(format!("--window-size={size}"));
            chromium.arg(format!("--screenshot={}", picture.display()));
            chromium.arg(format!("file://{}", world.path(name).display()));
            world.judge(chromium).code(0);
        }
    }
}

fn browser(world: &World) -> std::process::Command {
    let mut chromium = tool("chromium", "chromium");
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu"]);
    chromium.args([
        "--disable-extensions",
        "--disable-background-networking",
        "--no-first-run",
    ]);
    let place = world.path("chromium");
    chromium.arg(format!("--user-data-dir={}", place.display()));
    chromium
}
