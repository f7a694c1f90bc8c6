//! `rollout who`: which hosts take a phased update.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::world::{World, finished};

const IDS: [(&str, u8); 6] = [
    ("62063a0009d13dfd5ace3ae714d19853", 10),
    ("85acb55e5a8466ca646fe990fe239699", 0),
    ("66957da8fb7e954663ab26ad8198ed70", 100),
    ("606001bef9af906e3cb205b02fe81b8d", 1),
    ("8f060d321a1fa6b2c94608f07f217519", 11),
    ("ea582303a0a6a14f0af025dc04acead5", 50),
];

fn words(percentage: &str) -> [String; 10] {
    [
        "rollout",
        "who",
        "--source",
        "ph",
        "--source-version",
        "1.1",
        "--percentage",
        percentage,
        "--machine-ids",
        "ids",
    ]
    .map(str::to_owned)
}

fn world() -> World {
    let world = World::new();
    let lines: Vec<_> = IDS.iter().map(|(id, _)| format!("{id}\n")).collect();
    world.write("ids", format!("# the fleet\n\n{}", lines.concat()));
    world
}

#[test]
fn those_who_drew_no_more_take_it_in_the_order_of_the_input() {
    let world = world();
    for percentage in [0u8, 1, 10, 11, 49, 50, 99, 100] {
        let want: Vec<_> = IDS
            .iter()
            .filter(|(_, drew)| *drew <= percentage)
            .map(|(id, _)| *id)
            .collect();
        let ran = world.run(words(&percentage.to_string())).code(0);
        assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), want, "{percentage}");
        assert_eq!(ran.stderr, "", "{percentage}");
    }
    let ran = world
        .run(words("10").iter().map(String::as_str).chain(["--json"]))
        .code(0);
    let document = ran.document("debcut/rollout-who/1");
    assert_eq!(document["all"], 6);
    assert_eq!(document["takes"][0]["machine_id"], IDS[0].0);
    assert_eq!(document["takes"][0]["draw"], 10);
    assert_eq!(document["takes"].as_array().map(Vec::len), Some(3));
    // A newer apt takes it below the percentage alone, of 100 and not of 101.
    let new = world.run(
        words("0")
            .iter()
            .map(String::as_str)
            .chain(["--apt", "new"]),
    );
    assert_eq!(new.code(0).stdout, "");
    let new = world.run(
        words("100")
            .iter()
            .map(String::as_str)
            .chain(["--apt", "new"]),
    );
    assert_eq!(new.code(0).stdout.lines().count(), IDS.len());
}

#[test]
fn what_is_no_machine_id_is_refused_with_its_line() {
    let world = world();
    let before = world.listing();
    for (text, said) in [
        (
            "85acb55e5a8466ca646fe990fe239699\nhost7\n",
            "ids, line 2: “host7” is not a machine-id",
        ),
        ("\n85ACB55E5A8466CA646FE990FE239699\n", "ids, line 2: "),
        ("00000000000000000000000000000000\n", "ids, line 1: "),
    ] {
        world.write("ids", text);
        let ran = world.run(words("10")).code(2).says(&[said]);
        assert_eq!(ran.stdout, "", "{text}");
    }
    std::fs::remove_file(world.project().join("ids")).expect("removed");
    world.run(words("10")).code(2).says(&["ids"]);
    world.run(words("101")).code(2);
    let _ = before;
    // Cloned hosts draw alike: that is said, and both are named.
    world.write("ids", format!("{0}\n{0}\n", IDS[1].0));
    let ran = world
        .run(words("0").iter().map(String::as_str).chain(["--json"]))
        .code(0);
    let document = ran.document("debcut/rollout-who/1");
    assert_eq!(document["takes"].as_array().map(Vec::len), Some(2));
    assert_eq!(document["findings"][0]["rule"], "machine-id");
}

#[test]
fn a_dash_reads_standard_input() {
    let world = world();
    let mut debcut = Command::new(env!("CARGO_BIN_EXE_debcut"));
    world.surround(&mut debcut);
    let mut words = words("1");
    words[9] = "-".to_owned();
    debcut.args(&words).current_dir(world.project());
    debcut
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = debcut.spawn().expect("it starts");
    let mut to = child.stdin.take().expect("a pipe");
    for (id, _) in IDS {
        writeln!(to, "{id}").expect("it reads");
    }
    drop(to);
    let ran = finished(child.wait_with_output().expect("it ends")).code(0);
    assert_eq!(ran.stdout, format!("{}\n{}\n", IDS[1].0, IDS[3].0));
}
