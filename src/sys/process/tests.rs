use super::*;
use crate::model::Silent;

fn sh(script: &str) -> Tool {
    Tool::new("sh")
        .arg("-c")
        .arg(script)
        .env("PATH", "/usr/bin:/bin")
}

#[test]
fn ends_are_told_apart() {
    let ok = sh("cat; echo err >&2").input("in").output().expect("runs");
    assert_eq!(
        (ok.stdout.as_slice(), ok.stderr.as_slice()),
        (&b"in"[..], &b"err\n"[..])
    );
    let cases: &[(Tool, &str)] = &[
        (sh("echo no >&2; exit 3"), "sh ended with 3: no"),
        (sh("kill -9 $$"), "sh was killed by signal 9"),
        (
            Tool::new("no-such-program"),
            "no-such-program is not installed",
        ),
        (
            sh("echo slow >&2; sleep 60").limit(Duration::from_millis(300)),
            "sh did not end within 0 s and was killed: slow",
        ),
    ];
    for (tool, want) in cases {
        let found = tool.clone().output().expect_err(want).to_string();
        assert_eq!(&found, want);
    }
}

#[test]
fn environment_is_only_what_was_given() {
    let ok = Tool::new("/usr/bin/env")
        .env("A", "1")
        .output()
        .expect("runs");
    assert_eq!(String::from_utf8_lossy(&ok.stdout), "A=1\n");
}

#[test]
fn what_is_left_behind_holds_nobody_up() {
    let cases = [
        ("a child", "sleep 60 & echo out; echo err >&2"),
        (
            "a daemon",
            "setsid sleep 7 & sleep 0.3; echo out; echo err >&2",
        ),
    ];
    for (case, script) in cases {
        let started = Instant::now();
        let output = sh(script).output().expect(case);
        assert_eq!(output.stdout, b"out\n", "{case}");
        assert_eq!(output.stderr, b"err\n", "{case}");
        let mut log = Vec::new();
        sh(script).logged(&mut log, &Silent).expect(case);
        assert_eq!(String::from_utf8_lossy(&log), "out\nerr\n", "{case}");
        assert!(started.elapsed() < 3 * LINGER, "{case}");
    }
}

#[test]
fn what_is_left_behind_is_ended() {
    let dir = tempfile::tempdir().expect("dir");
    let script = "{ sleep 1; touch late; } & echo $!";
    sh(script).dir(dir.path()).output().expect("runs");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!dir.path().join("late").exists());
}

#[test]
fn log_holds_both_streams_in_order() {
    let mut log = Vec::new();
    let tool = sh("echo a; echo b >&2; echo c");
    tool.logged(&mut log, &Silent).expect("runs");
    assert_eq!(String::from_utf8_lossy(&log), "a\nb\nc\n");
    let error = sh("echo last words; exit 1")
        .logged(&mut log, &Silent)
        .expect_err("fails");
    assert_eq!(error.to_string(), "sh ended with 1: last words");
}

#[test]
fn who_writes_without_end_is_ended() {
    // Lines, a line that never ends, and a daemon that holds the pipe.
    let cases = [
        "yes a line",
        "cat /dev/zero",
        "setsid yes daemon & exec yes",
    ];
    for script in cases {
        let dir = tempfile::tempdir().expect("dir");
        let most = 300_000;
        let mut log = Vec::new();
        let started = Instant::now();
        let tool = || sh(script).at_most(most);
        let logged = tool().logged(&mut log, &Silent);
        let file = dir.path().join("file");
        let written = tool().write_to(File::create(&file).expect("new"));
        for ended in [logged, written, tool().output().map(drop)] {
            let error = ended.expect_err(script);
            assert!(matches!(error, ToolError::TooMuch { .. }), "{error}");
            assert!(error.to_string().len() < 20_000, "{script}");
        }
        assert!(log.len() as u64 <= most, "{script}: {}", log.len());
        let size = file.metadata().expect("there").len();
        assert!(size <= most, "{script}: {size}");
        assert!(started.elapsed() < 4 * LINGER, "{script}");
    }
}

#[test]
fn clock_is_looked_at_while_a_tool_writes() {
    for script in ["yes", "cat /dev/zero"] {
        let limit = Duration::from_millis(300);
        let started = Instant::now();
        let ended = sh(script).limit(limit).logged(&mut io::sink(), &Silent);
        let error = ended.expect_err(script);
        assert!(matches!(error, ToolError::TimedOut { .. }), "{error}");
        assert!(started.elapsed() < 2 * LINGER, "{script}");
    }
}
