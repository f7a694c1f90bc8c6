use super::*;

/// What an edit to 2.0.0 makes of a text; or the error.
fn edited(path: &str, text: &str) -> Result<String, String> {
    let file = VersionFile::new(path);
    file.edited(text, "2.0.0")
        .map_err(|error| error.to_string())
}

/// In each text the version is marked with `«»`, and nothing else changes.
fn assert_held(cases: &[(&str, &str)]) {
    for (path, marked) in cases {
        let file = VersionFile::new(*path);
        assert_held_by(&file, marked);
    }
}

fn assert_held_by(file: &VersionFile, marked: &str) {
    let path = &file.path;
    let text = marked.replace(['«', '»'], "");
    let mut want = String::new();
    for (index, part) in marked.split(['«', '»']).enumerate() {
        want.push_str(if index % 2 == 0 { part } else { "2.0.0" });
    }
    let found = file
        .edited(&text, "2.0.0")
        .map_err(|error| error.to_string());
    assert_eq!(found, Ok(want), "{path}: {text}");
}

fn assert_refused(cases: &[(&str, &str, &str)]) {
    for (path, text, want) in cases {
        let file = VersionFile::new(*path);
        let error = file.version_in(text).map_err(|error| error.to_string());
        assert_eq!(error, Err((*want).into()), "{path}: {text}");
        assert!(edited(path, text).is_err(), "{path}: {text}");
    }
}

#[test]
fn every_kind_tells_its_version() {
    let cases: &[(&str, &str, Result<&str, &str>)] = &[
        ("Cargo.toml", "[package]\nversion = \"1.2.3\"", Ok("1.2.3")),
        (
            "Cargo.toml",
            "[package]\nversion.workspace = true\n[workspace.package]\nversion = \"2.0.0\"",
            Ok("2.0.0"),
        ),
        (
            "a/Cargo.toml",
            "[package]\nversion = ",
            Err("a/Cargo.toml:2: "),
        ),
        (
            "Cargo.toml",
            "[package]\nname = \"x\"",
            Err("Cargo.toml: no version at package.version"),
        ),
        ("pyproject.toml", "[project]\nversion = \"1\"", Ok("1")),
        (
            "pyproject.toml",
            "[tool.poetry]\nversion = \"1.1\"",
            Ok("1.1"),
        ),
        (
            "pyproject.toml",
            "[project]\ndynamic = [\"version\"]",
            Err("pyproject.toml: the version is dynamic, made by the build backend"),
        ),
        (
            "package.json",
            "{\"version\": \"3.1.0-rc.1\"}",
            Ok("3.1.0-rc.1"),
        ),
        ("package.json", "{\n\"version\": }", Err("package.json:2: ")),
        ("VERSION", "1.0\n", Ok("1.0")),
        (
            "VERSION",
            "this is it\n",
            Err("VERSION: no version at the first line"),
        ),
    ];
    for (path, text, want) in cases {
        let found = VersionFile::new(*path)
            .version_in(text)
            .map_err(|e| e.to_string());
        match (&found, want) {
            (Ok(found), Ok(want)) => assert_eq!(found, want, "{path}: {text}"),
            (Err(found), Err(want)) => assert!(found.starts_with(want), "{found}"),
            _ => panic!("{path}: {text}: {found:?}, not {want:?}"),
        }
    }
}

#[test]
fn toml_is_edited_however_it_is_written() {
    assert_held(&[
        ("Cargo.toml", "package.version = \"«1.2.3»\"\n"),
        ("Cargo.toml", "[package]\nversion=\"«1.2.3»\""),
        (
            "Cargo.toml",
            "[package]\r\nversion\t=  '«1.2.3»' # version = \"1.2.3\"\r\n",
        ),
        (
            "Cargo.toml",
            "package = { name = \"x\", version = \"«1.2.3»\" }",
        ),
        ("Cargo.toml", "[\"package\"]\n\"version\" = '''«1.2.3»'''\n"),
        ("Cargo.toml", "\u{feff}[package]\nversion = \"«1.2.3»\"\n"),
        (
            "Cargo.toml",
            "[dependencies]\nversion = \"1.2.3\"\nx = { version = \"1.2.3\" }\n\
             [package]\ndescription = \"\"\"\nversion = \"1.2.3\"\n\"\"\"\nversion = \"«1.2.3»\"\n",
        ),
        (
            "Cargo.toml",
            "[package]\nversion.workspace = true\n[workspace.package]\nversion = \"«1.2.3»\"\n\
             [workspace.dependencies]\nx = { version = \"1.2.3\", path = \"x\" }\n",
        ),
        (
            "pyproject.toml",
            "[project]\nname = 'ä'\nversion = '«1.2.3»'\n[tool.x]\nversion = '1.2.3'\n",
        ),
        (
            "pyproject.toml",
            "[project]\nversion = '«1.2.3»'\n[tool.poetry]\nversion = '«1.2.3»'\n",
        ),
        (
            "pyproject.toml",
            "[project]\ndynamic = ['version']\n[tool.poetry]\nversion = '«1.2.3»'\n",
        ),
    ]);
    assert_refused(&[
        (
            "Cargo.toml",
            "[package]\nversion = \"1.2\\u002e3\"",
            "Cargo.toml:2: the text is written with escapes",
        ),
        (
            "c/Cargo.toml",
            "[package]\nversion.workspace = true",
            "c/Cargo.toml: the version is dynamic, inherited from the workspace",
        ),
        (
            "pyproject.toml",
            "[project]\ndynamic = ['version']\n[tool.setuptools_scm]\n",
            "pyproject.toml: the version is dynamic, made by the build backend from the \
             repository's tags",
        ),
    ]);
    // An edit heals what disagrees within one file.
    let two = "[project]\nversion = '1.2'\n[tool.poetry]\nversion = '1.3'\n";
    let error = VersionFile::new("pyproject.toml").version_in(two);
    let want = "pyproject.toml: line 2 says 1.2, line 4 says 1.3, where one version is expected";
    assert_eq!(error.map_err(|error| error.to_string()), Err(want.into()));
    let healed = two.replace("1.2", "2.0.0").replace("1.3", "2.0.0");
    assert_eq!(edited("pyproject.toml", two), Ok(healed));
}

#[test]
fn lock_files_change_in_their_own_entries() {
    let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \"b 1.0.0\",\n \
                \"b 1.0.0 (registry+x)\",\n \"c\",\n]\n\n[[package]]\nname = \"b\"\n\
                version = \"1.0.0\"\n\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n\
                source = \"registry+x\"\n\n[[package]]\nname = \"c\"\nversion = \"0.3.0\"\n";
    let of = |entries| VersionFile {
        path: "Cargo.lock".into(),
        kind: Kind::CargoLock(entries),
    };
    let b = of(Entries::Named(vec!["b".into()]));
    let want = lock.replacen("\"b 1.0.0\"", "\"b 2.0.0\"", 1).replacen(
        "\"b\"\nversion = \"1.0.0\"",
        "\"b\"\nversion = \"2.0.0\"",
        1,
    );
    assert_eq!(b.edited(lock, "2.0.0"), Ok(want));
    let saying = of(Entries::Saying("1.0.0".into()));
    let all = saying.edited(lock, "2.0.0").expect("entries that say it");
    assert_eq!(all.matches("2.0.0").count(), 3);
    let unknown = of(Entries::Named(vec!["x".into()]));
    assert_eq!(unknown.edited(lock, "2.0.0").as_deref(), Ok(lock));
    let error = unknown.version_in(lock).map_err(|e| e.to_string());
    assert_eq!(
        error,
        Err("Cargo.lock: no version at the entry of x".into())
    );
    // Named for itself, it must not make one version of two.
    let error = edited("Cargo.lock", lock);
    let want = "Cargo.lock: line 3 says 1.0.0, line 5 says 1.0.0, line 12 says 1.0.0, \
                line 21 says 0.3.0, where one version is expected";
    assert_eq!(error, Err(want.into()));

    let uv = "[[package]]\nname = \"a-b\"\nversion = \"1.0.0\"\nsource = { editable = \".\" }\n\
              dependencies = [\n    { name = \"c\", version = \"1.0.0\", source = { registry = \"x\" } },\n]\n\
              \n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\nsource = { registry = \"x\" }\n";
    let want = uv.replacen("1.0.0", "2.0.0", 1);
    assert_eq!(edited("uv.lock", uv), Ok(want.clone()));
    let [companion] = &VersionFile::new("pyproject.toml").companions("[project]\nname='A_b'\n")[..]
    else {
        panic!("one lock file at the top");
    };
    assert_eq!(companion.edited(uv, "2.0.0"), Ok(want));
}

#[test]
fn npm_lock_files_know_their_members() {
    let lock = r#"{"name": "top", "version": "1.0.0", "packages": {
        "": {"version": "1.0.0"},
        "node_modules/x": {"resolved": "packages/x", "link": true},
        "node_modules/y": {"version": "1.0.0"},
        "packages/x": {"version": "0.5.0"}
    }, "dependencies": {"y": {"version": "1.0.0"}}}"#;
    let top = lock.replacen("1.0.0", "2.0.0", 2);
    assert_eq!(edited("package-lock.json", lock), Ok(top));
    let member = VersionFile::new("packages/x/package.json");
    let companions = member.companions("{\"version\": \"0.5.0\"}");
    let paths: Vec<_> = companions.iter().map(|file| file.path.as_str()).collect();
    let want = [
        "packages/x/package-lock.json",
        "packages/x/npm-shrinkwrap.json",
        "packages/package-lock.json",
        "packages/npm-shrinkwrap.json",
        "package-lock.json",
        "npm-shrinkwrap.json",
    ];
    assert_eq!(paths, want);
    let found = companions[4].edited(lock, "2.0.0");
    assert_eq!(found, Ok(lock.replace("0.5.0", "2.0.0")));
    let alone = VersionFile::new("package.json").companions("{\"workspaces\": [\"packages/*\"]}");
    assert_eq!(alone.len(), 2);
}

#[test]
fn cargo_names_the_lock_file_of_its_workspace() {
    let paths = |path: &str, text: &str| -> Vec<(String, Kind)> {
        let found = VersionFile::new(path).companions(text);
        found
            .into_iter()
            .map(|file| (file.path, file.kind))
            .collect()
    };
    let named = |path: &str, name: &str| {
        let kind = Kind::CargoLock(Entries::Named(vec![name.into()]));
        (path.to_owned(), kind)
    };
    let member = "[package]\nname = \"m\"\nversion = \"1.0.0\"\n";
    assert_eq!(
        paths("a/m/Cargo.toml", member),
        [
            named("a/m/Cargo.lock", "m"),
            named("a/Cargo.lock", "m"),
            named("Cargo.lock", "m")
        ]
    );
    let top = format!("{member}[workspace]\n");
    assert_eq!(paths("a/Cargo.toml", &top), [named("a/Cargo.lock", "m")]);
    let shared = "[workspace.package]\nversion = \"1.0.0\"\n";
    let kind = Kind::CargoLock(Entries::Saying("1.0.0".into()));
    assert_eq!(paths("Cargo.toml", shared), [("Cargo.lock".into(), kind)]);
    assert_eq!(paths("VERSION", "1.0.0"), []);
}

#[test]
fn json_is_edited_in_its_place() {
    assert_held(&[
        (
            "package.json",
            "\u{feff}{\r\n  \"config\": {\"version\": \"1.2.3\"},\r\n  \"x\": \"\\\"version\\\": 1\",\r\n  \
             \"version\" : \"«1.2.3»\"\r\n}",
        ),
        ("composer.json", "{\"version\":\"«1.2.3»\"}"),
        (
            "deno.json",
            "{\n// \"version\": \"1.2.3\"\n\"version\": \"«1.2.3»\",\n}\n",
        ),
    ]);
    assert_refused(&[
        (
            "package.json",
            "{\"version\": \"1.2.3\",\n\"version\": \"1.2.3\"}",
            "package.json: version is found 2 times (lines 1, 2), not once",
        ),
        (
            "package.json",
            "{\"version\":\n\"1.2.\\u0033\"}",
            "package.json:2: the version is written with escapes",
        ),
        (
            "package.json",
            "{\n\"version\": 1}",
            "package.json:2: the version is no string",
        ),
        ("package.json", "{}", "package.json: no version at version"),
        (
            "package.json",
            "[]",
            "package.json:1: an object is expected",
        ),
        ("package.json", "", "package.json:1: an object is expected"),
    ]);
}

#[test]
fn charts_and_poms_are_edited_in_their_place() {
    assert_held(&[
        (
            "Chart.yaml",
            "apiVersion: v2\nname: x\ndescription: |\n  version: 1.2.3\nversion: «1.2.3»\n\
             appVersion: \"1.16.0\"\ndependencies:\n  - name: y\n    version: 1.2.3\n",
        ),
        (
            "Chart.yaml",
            "---\r\nappVersion: \"«1.2.3»\" # version: 1\r\n\"version\": '«1.2.3»'  # 1.2.3\r\n",
        ),
        (
            "pom.xml",
            "<?xml version=\"1.0\"?>\n<!-- <version>1.2.3</version> -->\n<project xmlns=\"u\">\n\
             <parent><version>1.2.3</version></parent>\n<version>\n  «1.2.3»\n</version>\n\
             <dependencies><dependency><version>1.2.3</version></dependency></dependencies>\n\
             </project>",
        ),
    ]);
    assert_refused(&[
        (
            "Chart.yaml",
            "name: x\n",
            "Chart.yaml: no version at version",
        ),
        (
            "Chart.yaml",
            "name: x\n}\n",
            "Chart.yaml:2: a key is expected",
        ),
        (
            "Chart.yaml",
            "version: 1.0.0\nversion: 1.0.0\n",
            "Chart.yaml: version is found 2 times (lines 1, 2), not once",
        ),
        (
            "pom.xml",
            "<project>\n<version>${revision}</version></project>",
            "pom.xml: the version is dynamic, it is the property ${revision}",
        ),
        (
            "pom.xml",
            "<project>\n<version>1<!-- x -->2</version></project>",
            "pom.xml:2: the version is not one plain text",
        ),
        (
            "pom.xml",
            "<project></project>",
            "pom.xml: no version at project/version",
        ),
    ]);
    let broken = VersionFile::new("pom.xml").version_in("<project>\n<version>1</project>");
    let broken = broken.map_err(|error| error.to_string());
    assert!(broken.is_err_and(|error| error.starts_with("pom.xml:2: ")));
}

#[test]
fn python_is_read_and_not_run() {
    assert_held(&[
        (
            "x/__init__.py",
            "\"\"\"\n__version__ = '1.2.3'\n\"\"\"\n__version__ = '«1.2.3»'  # 1.2.3\n",
        ),
        (
            "_version.py",
            "# __version__ = '1'\n__version__: str = \"«1.2.3»\"",
        ),
        (
            "_version.py",
            "__version__ = version = '«1.2.3»'\r\n__version_tuple__ = (1, 2, 3)\r\n",
        ),
        ("version.py", "VERSION = '''«1.2.3»'''\n"),
        (
            "x.py",
            "class A:\n    __version__ = '1'\n\n__version__ = '«1.2.3»'\n",
        ),
        (
            "setup.py",
            "from setuptools import setup\nsetup(\n  name='x', # version='0'\n  version = '«1.2.3»',\n)\n",
        ),
        (
            "setup.py",
            "import setuptools\nVERSION = '«1.2.3»'\nsetuptools.setup(x=dict(version='1'), version=VERSION)\n",
        ),
        (
            "setup.cfg",
            "[a]\nversion = 1\n[metadata]\nname = x\nversion = «1.2.3»\r\n[b]\nversion=2\n",
        ),
        ("setup.cfg", "[metadata]\nversion: «1.2.3»"),
    ]);
    assert_refused(&[
        (
            "_version.py",
            "__version__ = get()\n",
            "_version.py: the version is dynamic, line 1 computes it",
        ),
        (
            "_version.py",
            "__version__ = '1' + x\n",
            "_version.py: the version is dynamic, line 1 computes it",
        ),
        (
            "_version.py",
            "__version__ = f'1'\n__version__ = '1'\n__version__ = '1'",
            "_version.py: __version__ is found 2 times (lines 2, 3), not once",
        ),
        (
            "_version.py",
            "x = '''\n",
            "_version.py:1: ''' is opened and not closed",
        ),
        (
            "x.py",
            "print('__version__')",
            "x.py: no version at __version__",
        ),
        (
            "setup.py",
            "setup(version='1' + x)",
            "setup.py: the version is dynamic, line 1 computes it",
        ),
        (
            "setup.py",
            "setup(\nversion=get_version())",
            "setup.py: the version is dynamic, line 2 computes it",
        ),
        (
            "setup.py",
            "setup()",
            "setup.py: no version at setup(version=…)",
        ),
        (
            "setup.cfg",
            "[metadata]\nversion = file: VERSION\n",
            "setup.cfg: the version is dynamic, it is in VERSION",
        ),
    ]);
}

#[test]
fn build_systems_are_read_and_not_run() {
    assert_held(&[
        (
            "CMakeLists.txt",
            "cmake_minimum_required(VERSION 3.10)\n# project(x VERSION 1.2.3)\nPROJECT( VERSION VERSION «1.2.3» LANGUAGES C)\n",
        ),
        (
            "CMakeLists.txt",
            "#[[ project(x VERSION 1.2.3) ]]\r\nproject(x\r\n  VERSION \"«1.2.3»\" # 1.2.3\r\n)",
        ),
        (
            "CMakeLists.txt",
            "message(\"project(x VERSION 1)\")\nproject(x VERSION «1.2.3.4»)",
        ),
        (
            "meson.build",
            "# version: '1'\nproject('version', 'c', license: ['version'], version: '«1.2.3»', meson_version: '>=0.47')\n",
        ),
        (
            "configure.ac",
            "dnl AC_INIT([x],[1.2.3])\n# AC_INIT(x, 1)\nAC_PREREQ([2.69])\nAC_INIT([x, (y)], [«1.2.3»], [a@b])\n",
        ),
        ("configure.ac", "AC_INIT(hello,\n   «1.2.3»)"),
        ("configure.ac", "AC_INIT([[hello]], [[«1.2.3»]])"),
        (
            "version.go",
            "package x\n\n// const Version = \"1.2.3\"\nconst (\n\tName = \"version\"\n\tVersion = \"v«1.2.3»\" // 1.2.3\n)\n",
        ),
        (
            "x.go",
            "package x\nvar version string = `«1.2.3»`\nfunc f() {\n\tconst version = \"1.2.3\"\n}\n",
        ),
        ("VERSION", "«1.2.3»"),
        ("VERSION", "\u{feff}v«1.2.3» \r\nmore 1.2.3\n"),
    ]);
    assert_refused(&[
        (
            "CMakeLists.txt",
            "project(x)",
            "CMakeLists.txt: no version at project(… VERSION …)",
        ),
        (
            "CMakeLists.txt",
            "project(x VERSION ${V})",
            "CMakeLists.txt: the version is dynamic, project() takes it from ${V}",
        ),
        (
            "CMakeLists.txt",
            "project(x VERSION 1)\nproject(y VERSION 1)",
            "CMakeLists.txt: project(… VERSION …) is found 2 times (lines 1, 2), not once",
        ),
        (
            "meson.build",
            "project('x',\n version: run_command('v'))",
            "meson.build: the version is dynamic, line 2 computes it",
        ),
        (
            "meson.build",
            "project('x', version: files('VERSION'))",
            "meson.build: the version is dynamic, it is in VERSION",
        ),
        (
            "configure.ac",
            "AC_INIT([x], m4_esyscmd([v]))",
            "configure.ac: the version is dynamic, AC_INIT takes it from m4_esyscmd([v])",
        ),
        (
            "configure.ac",
            "x\nAC_INIT([x], [1.2",
            "configure.ac:2: AC_INIT( is opened and not closed",
        ),
        (
            "configure.ac",
            "AC_INIT",
            "configure.ac: no version at AC_INIT",
        ),
        (
            "version.go",
            "const Version = \"1\" + x\n",
            "version.go: no version at const Version",
        ),
        (
            "version.go",
            "const Version = \"1\n",
            "version.go:1: \" is opened and not closed",
        ),
        ("VERSION", "", "VERSION: no version at the first line"),
    ]);
}

#[test]
fn a_format_refuses_versions_that_its_tool_refuses() {
    let cases = [
        (
            "CMakeLists.txt",
            "project(x VERSION 1.2.3)",
            "1.3.0-rc.1",
            "CMake takes numbers only",
        ),
        (
            "Cargo.toml",
            "package.version = '1.2.3'",
            "1.3",
            "a version of SemVer is expected, such as 1.2.3 or 1.2.3-rc.1",
        ),
        ("VERSION", "1.2", "1.3 beta", "it is no version"),
        ("VERSION", "1.2", "1\"", "it is no version"),
        ("VERSION", "1.2", "", "it is no version"),
    ];
    for (path, text, to, why) in cases {
        let error = VersionFile::new(path)
            .edited(text, to)
            .map_err(|e| e.to_string());
        assert_eq!(
            error,
            Err(format!("{path}: “{to}” cannot be written there: {why}"))
        );
    }
    let loose = VersionFile::new("package.json").edited("{\"version\": \"1.2\"}", "1.3");
    assert_eq!(loose.as_deref(), Ok("{\"version\": \"1.3\"}"));
}

#[test]
fn patterns_match_as_often_as_they_should() {
    let pattern = |pattern: &str, count| VersionFile::with_pattern("doc.md", pattern, count);
    let text = "img:1.2.3\nand img:1.2.3, not img:latest\r\n";
    let twice = pattern("img:{version}", 2).expect("a pattern");
    assert_eq!(
        twice.edited(text, "2.0.0"),
        Ok(text.replace("1.2.3", "2.0.0"))
    );
    let once = pattern("img:{version}", 1).expect("a pattern");
    let error = once.version_in(text).map_err(|e| e.to_string());
    let want = "doc.md: “img:{version}” is found 2 times (lines 1, 2), not once";
    assert_eq!(error, Err(want.into()));
    let error = once.version_in("none").map_err(|e| e.to_string());
    assert_eq!(
        error,
        Err("doc.md: “img:{version}” is found nowhere, not once".into())
    );
    let mixed = twice
        .version_in("img:1.2 img:1.3")
        .map_err(|e| e.to_string());
    let want = "doc.md: line 1 says 1.2, line 1 says 1.3, where one version is expected";
    assert_eq!(mixed, Err(want.into()));
    for (bad, count, why) in [
        ("version", 1, "needs one {version}"),
        ("{version}{version}", 1, "needs one {version}"),
        ("{version}", 1, "needs text around {version}"),
        ("a\n{version}", 1, "is more than one line"),
        ("a{version}", 0, "must be found at least once"),
    ] {
        let error = pattern(bad, count).map_err(|e| e.to_string());
        assert_eq!(error, Err(format!("doc.md: the pattern “{bad}” {why}")));
    }
}

#[test]
fn requirements_keep_their_operators() {
    let cases = [
        (
            "Cargo.toml",
            "[dependencies]\nx = \"^«1.2»\"\ny = \"1.2\"\n[dev-dependencies.x]\nversion = '=«1.2.3»'\npath = '../x'\n[workspace.dependencies]\nz = { package = \"x\", version = \">=«1.2», <3\" }\n[target.'cfg(unix)'.build-dependencies]\nx = { version = \"*\" }\n",
        ),
        (
            "package.json",
            "{\"version\": \"1.2.3\", \"dependencies\": {\"x\": \"^«1.2.3»\", \"y\": \"^1.2.3\"}, \"peerDependencies\": {\"x\": \">=«1.2.3» <3\"}, \"devDependencies\": {\"x\": \"workspace:*\"}}",
        ),
        (
            "pyproject.toml",
            "[project]\nname = 'X'\ndependencies = ['X>=«1.2»', \"x.y>=1\", \"x[a,b] ~= «1.2» ; python_version<'3.8'\"]\n[project.optional-dependencies]\nall = ['x @ file:../x', 'x(==«1.2»)']\n[tool.poetry.dependencies]\nx = {version = '^«1.2»', path = '../x'}\n",
        ),
        ("requirements.txt", "# x==1.2\nx==«1.2»  # 1.2\nxy==1.2\n"),
        (
            "go.mod",
            "module a\nrequire e.org/x v«1.2.3» // indirect\nrequire (\n\te.org/x/v2 v2.0.0\n)\n",
        ),
        (
            "Chart.yaml",
            "version: 1.2.3\ndependencies:\n- name: y\n  version: 1.2.3\n- version: \"^«1.2.3»\"\n  name: x\nother:\n- name: x\n  version: 1\n",
        ),
        (
            "pom.xml",
            "<project><version>1</version><dependencyManagement><dependencies><dependency><groupId>g</groupId><artifactId>x</artifactId><version>«1.2.3»</version></dependency></dependencies></dependencyManagement><dependencies><dependency><artifactId>x</artifactId><version>${x.version}</version></dependency></dependencies></project>",
        ),
    ];
    for (path, marked) in cases {
        let name = if path == "go.mod" { "e.org/x" } else { "x" };
        assert_held_by(&VersionFile::requirement(path, name), marked);
        let other = VersionFile::requirement(path, "absent");
        let text = marked.replace(['«', '»'], "");
        let error = other.version_in(&text).map_err(|error| error.to_string());
        assert_eq!(
            error,
            Err(format!("{path}: no version at a dependency on absent"))
        );
    }
    let any = VersionFile::requirement("Cargo.toml", "x");
    let text = "[dependencies]\nx = { path = \"../x\" }\n";
    assert_eq!(any.edited(text, "2.0.0").as_deref(), Ok(text));
}

#[test]
fn versions_are_followed_to_where_they_are() {
    let paths = |path: &str, text: &str| -> Vec<String> {
        let found = VersionFile::new(path).follows(text);
        found.into_iter().map(|file| file.path).collect()
    };
    let inherited = "[package]\nversion.workspace = true\n";
    assert_eq!(
        paths("a/b/Cargo.toml", inherited),
        ["a/Cargo.toml", "Cargo.toml"]
    );
    let named = "[package]\nversion.workspace = true\nworkspace = \"../..\"\n";
    assert_eq!(paths("a/b/Cargo.toml", named), ["Cargo.toml"]);
    let outside = "[package]\nversion.workspace = true\nworkspace = \"../../..\"\n";
    assert!(paths("a/b/Cargo.toml", outside).is_empty());
    assert_eq!(
        paths(
            "m/meson.build",
            "project('x', version: files('../VERSION'))"
        ),
        ["VERSION"]
    );
    let attr = "[project]\ndynamic=['version']\n[tool.setuptools.dynamic]\nversion.attr='a.b.v'\n";
    let want = [
        "p/a/b/__init__.py",
        "p/a/b.py",
        "p/src/a/b/__init__.py",
        "p/src/a/b.py",
    ];
    assert_eq!(paths("p/pyproject.toml", attr), want);
    let file = "[project]\ndynamic=['version']\n[tool.setuptools.dynamic]\nversion={file=['V']}\n";
    assert_eq!(paths("pyproject.toml", file), ["V"]);
    assert!(paths("Cargo.toml", "package.version = '1.2.3'").is_empty());

    let member = VersionFile::new("a/b/Cargo.toml");
    let read = |path: &str| match path {
        "a/Cargo.toml" => Some("[package]\nname = \"a\"\nversion.workspace = true\n".to_owned()),
        "Cargo.toml" => Some("[workspace.package]\nversion = \"3.1.0\"\n".to_owned()),
        _ => None,
    };
    let found = member.resolved(inherited, &read);
    assert_eq!(found, Ok((VersionFile::new("Cargo.toml"), "3.1.0".into())));
}

#[test]
fn members_of_a_workspace_are_told_apart() {
    let top = "[workspace]\nmembers = [\"*\"]\n[workspace.package]\nversion = \"1.0.0\"\n";
    let shared = |name: &str| format!("[package]\nname = \"{name}\"\nversion.workspace = true\n");
    let own = "[package]\nname = \"own\"\nversion = \"1.0.0\"\n";
    let (aa, bb, cc) = (shared("aa"), shared("bb"), shared("cc"));
    let manifests = [
        ("rs/Cargo.toml", top),
        ("rs/aa/Cargo.toml", &aa),
        ("rs/own/Cargo.toml", own),
        ("rs/a/Cargo.toml", top),
        ("rs/a/bb/Cargo.toml", &bb),
        ("rs2/cc/Cargo.toml", &cc),
    ];
    let file = VersionFile::new("rs/Cargo.toml");
    let entries = |found: Vec<VersionFile>| found.into_iter().map(|file| file.kind).next();
    assert_eq!(
        entries(file.companions_among(top, &manifests)),
        Some(Kind::CargoLock(Entries::Named(vec!["aa".into()])))
    );
    // Where nobody is known, the version tells.
    assert_eq!(
        entries(file.companions_among(top, &[])),
        Some(Kind::CargoLock(Entries::Saying("1.0.0".into())))
    );
}

#[test]
fn a_listing_has_its_version_files() {
    let names = [
        "README.md",
        "VERSION",
        "src/x/__init__.py",
        "Cargo.toml",
        "Cargo.lock",
        "main.go",
    ];
    let found = VersionFile::candidates("sub", &names);
    let want = ["sub/Cargo.toml", "sub/VERSION", "sub/src/x/__init__.py"];
    assert_eq!(found, want.map(VersionFile::new));
    assert_eq!(
        VersionFile::candidates("", &["pom.xml"]),
        [VersionFile::new("pom.xml")]
    );
    for name in VersionFile::usual_names() {
        let plain = ["VERSION", "VERSION.txt", "version.txt", ".version"].contains(&name);
        let first_line = VersionFile::new(name).kind == Kind::FirstLine;
        assert_eq!(first_line, plain, "{name}");
    }
}
