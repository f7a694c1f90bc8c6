//! `init --ci`: pipelines that the forges' own readers would take.

use serde_json::Value;

use crate::world::{World, tool};

const GITHUB: &str = ".github/workflows/debcut.yml";
const GITLAB: &str = ".gitlab-ci.yml";

/// Reads YAML as python3-yaml does; none: it is not installed.
fn yaml(world: &World, path: &str) -> Option<Value> {
    let script = "import sys\ntry:\n import yaml\nexcept ImportError:\n sys.exit(77)\n\
        import json\nprint(json.dumps(yaml.safe_load(open(sys.argv[1]))))\n";
    let mut python = tool("python3", "python3");
    python.args(["-c", script]).arg(world.project().join(path));
    let ran = world.judge(python);
    if ran.code == 77 {
        say_skipped(path);
        return None;
    }
    let text = ran.code(0).stdout;
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// A skipped judge is said, once, where the test's output shows it.
fn say_skipped(path: &str) {
    use std::io::Write;
    let _ = writeln!(
        std::io::stderr(),
        "{path} was not read: apt-get install python3-yaml"
    );
}

fn project() -> World {
    let world = World::new();
    world.write("bin/greet", "#!/bin/sh\necho hi\n");
    world.write("VERSION", "1.0\n");
    world.write("LICENSE", "Do what you like.\n");
    world.commit("feat: greet");
    world
}

/// Collects every shell text of a pipeline.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(table) => {
            for (key, value) in table {
                match (key.as_str(), value) {
                    ("run", Value::String(text)) => found.push(text.clone()),
                    ("script" | "before_script" | "after_script", Value::Array(lines)) => {
                        found.extend(lines.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => scripts(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| scripts(value, found)),
        _ => {}
    }
}

/// Lets a shell read them, and looks for secrets on command lines.
fn judge_scripts(world: &World, pipeline: &Value, count: usize) {
    let mut found = Vec::new();
    scripts(pipeline, &mut found);
    assert!(found.len() >= count, "{found:#?}");
    for text in &found {
        let mut shell = tool("sh", "dash");
        shell.args(["-n", "-c", text]);
        world.judge(shell).code(0);
        assert!(
            !text.contains("secrets.") && !text.contains("SIGNING"),
            "{text}"
        );
    }
}

#[test]
fn a_pipeline_for_github_plans_releases_and_promotes() {
    let world = project();
    let said = world.run(["init", "--ci", "github"]).code(0);
    assert!(said.stdout.contains(GITHUB), "{}", said.stdout);
    assert!(world.project().join("debcut.toml").is_file());
    let Some(read) = yaml(&world, GITHUB) else {
        return;
    };
    // YAML 1.1 takes the key `on` for a truth.
    let on = read.get("on").or_else(|| read.get("true")).expect("events");
    assert!(on.get("pull_request").is_some(), "{on}");
    assert_eq!(on["push"]["branches"], serde_json::json!(["main"]));
    let jobs = &read["jobs"];
    for job in ["plan", "release", "promote"] {
        let steps = jobs[job]["steps"].as_array().expect(job);
        assert_eq!(steps[0]["with"]["fetch-depth"], 0, "{job}");
        let foreign = steps.iter().filter_map(|step| step["uses"].as_str());
        assert!(foreign.eq(["actions/checkout@v4"]), "{job}");
        assert_eq!(steps[1]["name"], "Install debcut", "{job}");
    }
    assert_eq!(jobs["promote"]["environment"], "production");
    assert_eq!(jobs["promote"]["needs"], "release");
    assert_eq!(jobs["release"]["permissions"]["contents"], "write");
    assert_eq!(read["permissions"], serde_json::json!({"contents": "read"}));
    // Strangers' pull requests see no key.
    assert!(!jobs["plan"].to_string().contains("secrets."));
    assert!(!read["env"].to_string().contains("secrets."));
    assert!(
        jobs["release"]
            .to_string()
            .contains("secrets.DEBCUT_SIGNING_KEY")
    );
    judge_scripts(&world, &read, 6);
}

#[test]
fn a_pipeline_for_gitlab_plans_releases_and_promotes() {
    let world = project();
    world.run(["init", "--ci", "gitlab"]).code(0);
    let Some(read) = yaml(&world, GITLAB) else {
        return;
    };
    assert_eq!(
        read["stages"],
        serde_json::json!(["plan", "release", "promote"])
    );
    assert_eq!(read["variables"]["GIT_DEPTH"], "0");
    assert_eq!(read["variables"]["RELEASE_BRANCH"], "main");
    assert_eq!(read["promote"]["rules"][0]["when"], "manual");
    assert_eq!(read["promote"]["environment"], "production");
    assert_eq!(read["promote"]["needs"], serde_json::json!(["release"]));
    assert_eq!(read["plan"]["rules"].as_array().map(Vec::len), Some(1));
    judge_scripts(&world, &read, 8);
}

#[test]
fn a_weekly_release_waits_for_its_day_or_for_a_trigger() {
    let world = project();
    for forge in ["github", "gitlab"] {
        world
            .run(["init", "--ci", forge, "--ci-schedule", "weekly"])
            .code(0);
    }
    if let Some(read) = yaml(&world, GITHUB) {
        let on = read.get("on").or_else(|| read.get("true")).expect("events");
        assert!(on.get("push").is_none(), "{on}");
        assert_eq!(on["schedule"][0]["cron"], "17 5 * * 1");
        assert_eq!(on["repository_dispatch"]["types"][0], "security");
    }
    if let Some(read) = yaml(&world, GITLAB) {
        let rules = read["workflow"]["rules"].to_string();
        assert!(rules.contains("(schedule|trigger|web)"), "{rules}");
        assert!(!rules.contains("$RELEASE_BRANCH\"}"), "{rules}");
    }
}

#[test]
fn a_pipeline_that_is_there_is_kept() {
    let world = project();
    world.write(GITLAB, "mine: {}\n");
    let before = world.listing();
    let refused = world.run(["init", "--ci", "gitlab"]).code(2);
    refused.says(&[".gitlab-ci.yml is there already", "--force"]);
    assert_eq!(
        world.listing(),
        before,
        "nothing was written, debcut.toml neither"
    );
    let shown = world
        .run(["init", "--ci", "gitlab", "--dry-run"])
        .code(0)
        .stdout;
    assert!(
        shown.contains("stages: [plan, release, promote]"),
        "{shown}"
    );
    assert_eq!(world.listing(), before);
    world.run(["init", "--ci", "gitlab", "--force"]).code(0);
    // What somebody wrote into debcut.toml stays, whatever is added beside it.
    world.write("debcut.toml", "# mine\n");
    world.run(["init", "--ci", "github", "--force"]).code(0);
    let kept = std::fs::read_to_string(world.project().join("debcut.toml")).expect("is there");
    assert_eq!(kept, "# mine\n");
}

#[test]
fn the_release_branch_is_the_one_that_the_remote_names() {
    let world = project();
    world.git(&["switch", "--quiet", "--create", "feature"]);
    let shown = || {
        world
            .run(["init", "--ci", "gitlab", "--dry-run"])
            .code(0)
            .stdout
    };
    assert!(shown().contains("RELEASE_BRANCH: \"feature\"\n"));
    world.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    let head = "refs/remotes/origin/HEAD";
    world.git(&["symbolic-ref", head, "refs/remotes/origin/trunk"]);
    assert!(shown().contains("RELEASE_BRANCH: \"trunk\"\n"));
}
