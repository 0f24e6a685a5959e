//! The program at a terminal and in a pipe: colours, and readers that leave.

use sigwarden_tests::registry::Registry;
use sigwarden_tests::{fixture, program, scratch, top, write};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn inspect() -> Command {
    let mut command = Command::new(program());
    command.args(["inspect", &fixture("keys/k-p256.pub")]);
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("CLICOLOR");
    command
}

/// Name, environment, flags, and whether there are colours.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str], bool);

#[test]
fn colours_are_where_they_are_wanted() {
    let cases: [Case; 6] = [
        ("a pipe", &[], &[], false),
        ("a pipe that is told to be coloured", &[], &["--color", "always"], true),
        ("forced by the environment", &[("CLICOLOR_FORCE", "1")], &[], true),
        ("NO_COLOR", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
        ("a flag before NO_COLOR", &[("NO_COLOR", "1")], &["--color", "always"], true),
        ("a flag before the environment", &[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
    ];
    for (name, environment, flags, expected) in cases {
        let output = inspect().envs(environment.iter().copied()).args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "case `{name}`");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("a public key"), "case `{name}`: {text}");
        assert_eq!(text.contains("\u{1b}["), expected, "case `{name}`: {text:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let settings = fixture("trust/trusted_root.json");
    let cases: [(&[&str], i32); 5] = [
        (&["explain"], 0),
        (&["explain", "SW4001"], 0),
        (&["completions", "bash"], 0),
        (&["inspect", &settings, "-o", "json"], 0),
        (&["--help"], 0),
    ];
    for (words, code) in cases {
        let mut child =
            Command::new(program()).args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{words:?}: {error}");
        assert_eq!(error, "", "{words:?}");
    }
}

/// What bash offers behind these words, by the script that `completions bash` prints.
fn offered(words: &[&str]) -> Vec<String> {
    let script = Command::new(program()).args(["completions", "bash"]).output().unwrap();
    let folder = scratch();
    let file = write(folder.path(), "completions.bash", String::from_utf8(script.stdout).unwrap());
    let (last, before) = (words.last().unwrap(), words.get(words.len().saturating_sub(2)).unwrap());
    let asked = format!(
        "source {file}; COMP_WORDS=({}); COMP_CWORD={}; _sigwarden sigwarden '{last}' '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1,
    );
    let output = Command::new("bash").args(["--norc", "-c", &asked]).output().expect("bash");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn shells_complete_commands_flags_and_codes() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&["sigwarden", "expl"], &["explain"]),
        (
            &["sigwarden", "explain", "SW400"],
            &["SW4001", "SW4002", "SW4003", "SW4004", "SW4005", "SW4006", "SW4007", "SW4008", "SW4009"],
        ),
        (&["sigwarden", "explain", "SW99"], &[""]),
        (&["sigwarden", "scan", "--fail-on"], &["--fail-on-uncovered"]),
        (&["sigwarden", "scan", "--output", "ju"], &["junit"]),
        (&["sigwarden", "completions", "z"], &["zsh"]),
    ];
    for (words, expected) in cases {
        assert_eq!(offered(words), expected, "{words:?}");
    }
    let codes = Command::new(program()).arg("explain").output().unwrap();
    let codes = String::from_utf8(codes.stdout).unwrap().lines().filter(|line| line.starts_with("SW")).count();
    assert_eq!(offered(&["sigwarden", "explain", "SW"]).len(), codes);
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = Command::new(program()).args(["completions", shell]).output().unwrap();
        let has_codes = String::from_utf8(script.stdout).unwrap().contains("SW4001");
        // clap_complete knows no values of arguments without a flag in the last two.
        assert_eq!(has_codes, matches!(shell, "zsh" | "fish"), "{shell}");
    }
    // Forty codes would be a wall.
    let help = Command::new(program()).args(["explain", "--help"]).output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("SW4001"));
}

/// What a command prints, `-q` or not, on a terminal of so many columns.
#[cfg(target_os = "linux")]
fn at(columns: u16, environment: &[(&str, &str)], line: &str) -> String {
    // A shell may have a mind of its own about COLUMNS: it gets there by `env`.
    let set: Vec<String> = environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let line = format!(
        "stty rows 24 cols {columns}; env -u COLUMNS NO_COLOR=1 {} {} {line}",
        set.join(" "),
        program().display()
    );
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(top()).stdin(Stdio::null());
    script.env("TERM", "xterm");
    let output = script.output().expect("util-linux");
    let text = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
    assert!(!text.trim().is_empty(), "{line}");
    text
}

#[cfg(target_os = "linux")]
const FIXTURES: &str = "--oci-layout ghcr.io/myorg=tests/fixtures/layouts/referrers/myorg \
    --oci-layout docker.io/bitnami=tests/fixtures/layouts/referrers/thirdparty \
    --trusted-root tests/fixtures/trust/trusted_root.json";

#[test]
#[cfg(target_os = "linux")]
fn lines_are_as_long_as_the_terminal_is_wide() {
    let commands = [
        format!("verify ghcr.io/myorg/debug:1.2 --policy demo/2-pin-third-party.yaml {FIXTURES}"),
        format!("verify ghcr.io/myorg/generated:2.0 --policy demo/3-built-by-our-workflow.yaml {FIXTURES}"),
        format!("scan -q demo/shop.yaml {FIXTURES}"),
        format!("scan -q demo/shop.yaml --policy demo/2-pin-third-party.yaml {FIXTURES}"),
        format!("inspect ghcr.io/myorg/app-legacy:1.4.2 --offline {FIXTURES}"),
        "publish ghcr.io/myorg/app:1.4.2 --dry-run --to-layout /nowhere --oci-layout tests/fixtures/layouts/referrers/myorg/app"
            .to_owned(),
        "explain".to_owned(),
        "explain SW4001".to_owned(),
        "scan /no/such/folder/at/all --policy /no/such/policy/either/and/so/this/ends/here".to_owned(),
    ];
    // Wider than the terminal may be one word, and what the hand copies: a command, or YAML.
    let is_whole = |line: &str| {
        let field: String = line.chars().skip(15).collect();
        [line, &field].iter().any(|text| {
            let text = text.trim_start_matches([' ', '✗', '✓', '!']);
            let first = text.split(' ').next().unwrap_or_default();
            first == text || ["cosign", "sigwarden", "-", "value:"].contains(&first)
        })
    };
    for columns in [40_u16, 50, 80] {
        let width = usize::from(columns);
        for command in &commands {
            let text = at(columns, &[], command);
            for line in text.lines() {
                let length = line.chars().count();
                assert!(length <= width || is_whole(line), "{columns} columns, {length} used: `{line}` in\n{text}");
                let bare = line.trim();
                assert!(!bare.starts_with('·') && !bare.ends_with('·'), "{columns} columns: `{line}` in\n{text}");
                assert!(!bare.starts_with('—') && !bare.ends_with('—'), "{columns} columns: `{line}` in\n{text}");
                assert_eq!(line.trim_end(), line, "{columns} columns, in\n{text}");
            }
        }
    }
    let text = at(40, &[], &commands[0]);
    assert!(text.lines().filter(|line| line.starts_with("         ") && line.len() <= 40).count() > 1, "{text}");
    assert!(text.contains("cosign sign --yes ghcr.io/myorg/debug@sha256:"), "{text}");
}

#[test]
#[cfg(target_os = "linux")]
fn somebody_may_say_how_wide_the_terminal_is() {
    let longest = |columns, environment: &[(&str, &str)], line: &str| {
        let text = at(columns, environment, line);
        text.lines().map(|line| line.chars().count()).max().unwrap()
    };
    for line in ["explain SW4001", "explain --help"] {
        for (name, columns, environment, expected) in [
            ("as it is", 60_u16, [].as_slice(), 50..=60),
            ("as COLUMNS says", 60, &[("COLUMNS", "90")], 80..=90),
            ("no number", 60, &[("COLUMNS", "many")], 50..=60),
            ("nothing", 60, &[("COLUMNS", "0")], 50..=60),
        ] {
            let found = longest(columns, environment, line);
            assert!(expected.contains(&found), "case `{name}`, {line}: {found}");
        }
    }
    // An eye needs some room, and loses a line that is too long.
    assert!((30..=40).contains(&longest(10, &[], "explain SW4001")));
    assert!((120..=140).contains(&longest(300, &[], "explain SW4001")));
    // A pipe has the same lines, whatever the environment says.
    let piped = |columns: &str| {
        let output = Command::new(program()).args(["explain", "SW4001"]).env("COLUMNS", columns).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(piped("40"), piped("140"));
    // And a file those of a pipe, whoever writes it.
    let folder = scratch();
    let file = folder.path().join("report.txt");
    let scan = format!("scan -q demo/shop.yaml {FIXTURES}");
    let script = format!("{scan} --output-file {}; {} {scan} | cat", file.display(), program().display());
    assert_eq!(at(40, &[], &script), std::fs::read_to_string(&file).unwrap());
}

/// Lines that are drawn while a registry takes its time are drawn by threads of their own, on a terminal only: `script` is one.
#[test]
#[cfg(target_os = "linux")]
fn what_takes_long_is_told_on_a_terminal_and_ends() {
    let registry = Registry::start();
    registry.set(|switches| switches.latency = Duration::from_millis(1500));
    let folder = scratch();
    let containers: Vec<String> = (0..3)
        .map(|number| format!("{{name: c{number}, image: '{}'}}", registry.image(&format!("x/y{number}:1"))))
        .collect();
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{}]}}\n",
        containers.join(", ")
    );
    let manifests = write(folder.path(), "pod.yaml", pod);
    let told = |flag: &str| {
        let line = format!("{} {flag} scan {manifests} --insecure-registry {}", program().display(), registry.host());
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = script.spawn().expect("util-linux");
        let start = Instant::now();
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            if start.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                panic!("it does not end");
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        // There is no such image, and nothing to say of it.
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("there is no image"), "{text}");
        (text.contains("waiting for http://"), text.contains("/3 images, "))
    };
    assert_eq!(told(""), (true, true));
    assert_eq!(told("--quiet"), (false, false));
}
