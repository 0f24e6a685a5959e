use tempfile::TempDir;

use super::*;
use crate::engine::tests::wat;

const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ9xKWPa6S6+eRH3FowRnTrcNdJQ8
amA7l77HtjTdwH0MMMEUSaOgN3zhD62pt3hgiq/ClyAz5z9VuxByGUfTVA==
-----END PUBLIC KEY-----
";

const REFUSES: &str = r#"{"response": {"accepted": false, "message": "no", "code": 403},
    "explanation": {"outcome": "failed", "subject": "Pod default/images"}}"#;
const ADMITS: &str = r#"{"response": {"accepted": true},
    "explanation": {"outcome": "passed", "subject": "Pod default/images"}}"#;

/// Where `wat` puts its data.
const DATA: usize = 32768;

/// A directory with a module and files for it.
struct World {
    dir: TempDir,
}

/// How a command ended: its answer, or the error, and what it wrote.
#[derive(Debug)]
struct Ended {
    answer: Result<Answer, String>,
    out: String,
    err: String,
}

impl World {
    /// A module that takes any settings and gives `answer` to everything else.
    fn answering(answer: &str) -> Self {
        let valid = r#"{"valid":true}"#;
        let body = format!(
            "(if (i32.and (i32.eq (i32.load8_u (i32.const 0)) (i32.const {v})) (i32.eq (local.get $operation) (i32.const 17)))
                (then (call $response (i32.const 32768) (i32.const {settings})))
                (else (call $response (i32.const {start}) (i32.const {length}))))
             (i32.const 1)",
            v = u32::from(b'v'),
            settings = valid.len(),
            start = valid.len().saturating_add(DATA),
            length = answer.len(),
        );
        Self::with_module(&wat(&body, &format!("{valid}{answer}")))
    }

    /// A module that answers whatever it is asked with the question, as an error.
    fn asking_back() -> Self {
        Self::with_module(&wat("(call $error (i32.const 1024) (local.get $payload)) (i32.const 0)", ""))
    }

    fn with_module(text: &str) -> Self {
        let world = Self { dir: TempDir::new().unwrap() };
        world.file("policy.wasm", text);
        world.file("policy.yaml", "verifyImages: []\n");
        world
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// Runs a command line. `@name` stands for a file of this world.
    fn run(&self, command_line: &str) -> Ended {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let answer = self.run_into(command_line, &mut Streams { out: &mut out, err: &mut err });
        Ended { answer, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
    }

    fn run_into(&self, command_line: &str, streams: &mut Streams<'_>) -> Result<Answer, String> {
        let command_line = format!("{command_line} --module @policy.wasm");
        self.run_without_module(&command_line, streams)
    }

    /// For commands that run none.
    fn run_without_module(&self, command_line: &str, streams: &mut Streams<'_>) -> Result<Answer, String> {
        let words = command_line.split_whitespace().map(|word| match word.strip_prefix('@') {
            Some(name) => self.path(name),
            None => word.to_owned(),
        });
        let arguments = std::iter::once("sigwarden".to_owned()).chain(words);
        let cli = Cli::try_parse_from(arguments).map_err(|error| error.kind().to_string())?;
        cli.run(streams).map_err(|error| format!("{error:#}"))
    }

    /// What the module was asked, where it asks back.
    fn question(&self, command_line: &str) -> Value {
        let error = self.run(command_line).answer.unwrap_err();
        let (_, question) = error.split_once("gave no answer to `").unwrap().1.split_once("`: ").unwrap();
        serde_json::from_str(question).unwrap()
    }
}

#[test]
fn exit_codes() {
    let codes = [(Answer::Yes, 0), (Answer::No, 1), (Answer::Unknown, 2)];
    for (answer, code) in codes {
        assert_eq!(format!("{:?}", ExitCode::from(answer)), format!("{:?}", ExitCode::from(code)));
    }
}

#[test]
fn the_module_decides() {
    let undecided = REFUSES.replace("failed", "undecided");
    let audited = ADMITS.replace("passed", "audited");
    let cases = [
        ("admitted", ADMITS, Ok(Answer::Yes)),
        ("audited", &audited, Ok(Answer::Yes)),
        ("refused", REFUSES, Ok(Answer::No)),
        ("undecided", &undecided, Ok(Answer::Unknown)),
    ];
    for (name, answer, expected) in cases {
        let world = World::answering(answer);
        world.file("request.json", r#"{"uid": "u", "object": {}}"#);
        assert_eq!(world.run("verify a:1 --policy @policy.yaml").answer, expected, "verify, case `{name}`");
        let run = world.run("run -r @request.json -s @policy.yaml");
        assert_eq!(run.answer, expected, "run, case `{name}`");
        let allowed = format!(r#""allowed":{}"#, expected == Ok(Answer::Yes));
        assert!(run.out.contains(&allowed), "run, case `{name}`: {}", run.out);
    }
}

#[test]
fn what_is_no_answer_is_no_consent() {
    let contradiction = ADMITS.replace("passed", "failed");
    let other_contradiction = REFUSES.replace("failed", "passed");
    let cases = [
        ("accepted, and explained as refused", &*contradiction, "contradicts itself"),
        ("refused, and explained as admitted", &other_contradiction, "contradicts itself"),
        ("no JSON", "accepted", "cannot be read"),
        ("no explanation", r#"{"response": {"accepted": true}}"#, "cannot be read"),
        ("an unknown outcome", &ADMITS.replace("passed", "perfect"), "cannot be read"),
    ];
    for (name, answer, expected) in cases {
        let error = World::answering(answer).run("verify a:1 --policy @policy.yaml").answer.unwrap_err();
        assert!(error.contains(expected), "case `{name}`: {error}");
    }
    let traps = World::with_module(&wat("unreachable", ""));
    assert!(traps.run("verify a:1 --policy @policy.yaml").answer.unwrap_err().contains("gave no answer"));
}

#[test]
fn bundles_are_judged_by_the_module() {
    let passed = r#"{"source": "bundle", "outcome": "passed", "signer": "me@example.org"}"#;
    let failed = r#"{"source": "bundle", "outcome": "failed", "finding":
        {"code": "SW4002", "message": "somebody else", "wanted": "me", "found": "you"}}"#;
    let cases = [
        ("verified", passed, Answer::Yes, "✓ NAME: signed by me@example.org\n"),
        ("not verified", failed, Answer::No, "✗ NAME: somebody else (wanted me, found you) [SW4002]\n"),
    ];
    for (name, answer, expected, text) in cases {
        let world = World::answering(answer);
        world.file("bundle.json", "{}");
        world.file("cosign.pub", KEY);
        let artifact = format!("sha256:{:064}", 0);
        let ended = world.run(&format!("verify-bundle --bundle @bundle.json --key @cosign.pub {artifact}"));
        assert_eq!(ended.answer, Ok(expected), "case `{name}`");
        let out = anstream::adapter::strip_str(&ended.out).to_string();
        assert_eq!(out, text.replace("NAME", &artifact), "case `{name}`");
    }
}

#[test]
fn questions_about_bundles() {
    let world = World::asking_back();
    world.file("bundle.json", "BUNDLE");
    world.file("root.json", r#"{"root": 1}"#);
    world.file("cosign.pub", KEY);
    world.file("artifact", "content");
    let digest = format!("sha256:{:064}", 0);

    let by_identity = "verify-bundle --bundle @bundle.json --certificate-identity me --certificate-oidc-issuer URL";
    assert_eq!(
        world.question(&format!("{by_identity} --trusted-root @root.json @artifact")),
        json!({"bundle": "BUNDLE", "artifact": {"bytes": "Y29udGVudA=="}, "trustedRoot": {"root": 1},
            "certificateIdentity": "me", "certificateOidcIssuer": "URL",
            "insecureIgnoreTlog": false, "insecureIgnoreSct": false})
    );
    assert_eq!(
        world.question(&format!(
            "verify-bundle --bundle @bundle.json --key @cosign.pub --insecure-ignore-tlog {digest}"
        )),
        json!({"bundle": "BUNDLE", "artifact": {"digest": digest}, "key": KEY,
            "insecureIgnoreTlog": true, "insecureIgnoreSct": false})
    );
    let missing = world.run(&format!("{by_identity} sha256:abc"));
    assert_eq!(missing.answer, Err("cannot read `sha256:abc`: No such file or directory (os error 2)".to_owned()));
}

#[test]
fn settings_say_where_to_look_and_whom_to_trust() {
    let world = World::asking_back();
    world.file("root.json", r#"{"root": 1}"#);
    let open = || json!({"trustRoots": {"sigstore": {"root": 1}}});
    let everything =
        || json!({"deadline": PATIENCE, "evidence": {"extended": true}, "trustRoots": {"sigstore": {"root": 1}}});
    let cases = [
        ("left open", "--host extended", "{}", everything()),
        ("left open, on a stock host", "--host kubewarden", "{}", open()),
        ("left open, on no host in particular", "", "{}", open()),
        (
            "said otherwise",
            "--host extended",
            r#"{"deadline":"1s","evidence":{"extended":false},"trustRoots":{"sigstore":{"root":2},"own":{}}}"#,
            json!({"deadline": "1s", "evidence": {"extended": false}, "trustRoots": {"sigstore": {"root": 1}, "own": {}}}),
        ),
        ("not an object", "--host extended", "[1]", json!([1])),
        (
            "wrong types inside",
            "--host extended",
            r#"{"evidence":1,"trustRoots":2}"#,
            json!({"deadline": PATIENCE, "evidence": 1, "trustRoots": 2}),
        ),
    ];
    world.file("request.json", "{}");
    for (name, host, settings, expected) in cases {
        let question = world
            .question(&format!("run -r @request.json {host} --settings-json {settings} --trusted-root @root.json"));
        assert_eq!(question, expected, "case `{name}`");
    }
    let verify = world.question("verify a --policy @policy.yaml --trusted-root @root.json");
    assert_eq!(verify["evidence"], json!({"extended": true}), "verify sees everything");
}

#[test]
fn settings_that_cannot_be_used_are_told_one_by_one() {
    let invalid = r#"{"valid": false, "message": "everything"}"#;
    let explained = r#"{"response": {"accepted": false}, "explanation": {"outcome": "failed", "subject": "",
        "problems": [{"code": "SW2001", "message": "one", "remedy": "mend it"}, {"code": "SW2001", "message": "two"}]}}"#;
    let body = |explains: usize| {
        format!(
            "(if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 118))
                (then (call $response (i32.const 32768) (i32.const {})))
                (else (call $response (i32.const {}) (i32.const {explains}))))
             (i32.const 1)",
            invalid.len(),
            invalid.len().saturating_add(DATA),
        )
    };
    let world = World::with_module(&wat(&body(explained.len()), &format!("{invalid}{explained}")));
    let ended = world.run("verify a:1 --policy @policy.yaml");
    assert_eq!(ended.answer, Err("the settings cannot be used".to_owned()));
    assert_eq!(
        anstream::adapter::strip_str(&ended.err).to_string(),
        "✗ one [SW2001]\n    do:        mend it\n✗ two [SW2001]\n"
    );

    let silent = World::with_module(&wat(&body(0), invalid));
    let ended = silent.run("verify a:1 --policy @policy.yaml");
    assert_eq!(ended.answer, Err("the settings cannot be used: everything".to_owned()));
}

#[test]
fn command_lines() {
    let world = World::answering(ADMITS);
    world.file("cosign.pub", KEY);
    let missing = "one or more required arguments were not provided";
    let conflict = "an argument cannot be used with one or more of the other specified arguments";
    let unknown = "unexpected argument found";
    let invalid = "invalid value for one of the arguments";
    let not_listed = "one of the values isn't valid for an argument";
    let cases = [
        ("policy", "verify a --policy @policy.yaml", None),
        ("identity", "verify a b --certificate-identity me --certificate-oidc-issuer URL", None),
        ("gh's names", "verify a --cert-identity me --cert-oidc-issuer URL", None),
        ("expressions", "verify a --certificate-identity-regexp m.* --certificate-oidc-issuer-regexp U.*", None),
        ("key", "verify a --key @cosign.pub -a a=b -a c=d --type vuln --signature-digest-algorithm sha512", None),
        ("no image", "verify --policy @policy.yaml", Some(missing)),
        ("no image's name", "verify a@b --policy @policy.yaml", Some(invalid)),
        ("no rules", "verify a", Some(missing)),
        ("identity without issuer", "verify a --certificate-identity me", Some(missing)),
        ("issuer without identity", "verify a --certificate-oidc-issuer URL", Some(missing)),
        ("hash without key", "verify a --policy @policy.yaml --signature-digest-algorithm sha512", Some(conflict)),
        ("policy and key", "verify a --policy @policy.yaml --key @cosign.pub", Some(conflict)),
        ("policy and type", "verify a --policy @policy.yaml --type vuln", Some(conflict)),
        ("policy and no log", "verify a --policy @policy.yaml --insecure-ignore-tlog", Some(conflict)),
        ("policy and annotation", "verify a --policy @policy.yaml -a a=b", Some(conflict)),
        ("key and issuer", "verify a --key @cosign.pub --certificate-oidc-issuer URL", Some(conflict)),
        ("bad annotation", "verify a --key @cosign.pub -a a", Some(invalid)),
        ("bad type", "verify a --key @cosign.pub --type provenance", Some(invalid)),
        ("a flag of cosign's that means nothing here", "verify a --key @cosign.pub --check-claims", Some(unknown)),
        ("bundle without signer", "verify-bundle --bundle @policy.yaml @policy.yaml", Some(missing)),
        ("request missing", "run -s @policy.yaml", Some(missing)),
        ("host", "verify a --policy @policy.yaml --host kubewarden --allowed-host-capabilities oci/*", None),
        ("another host", "verify a --policy @policy.yaml --host docker", Some(not_listed)),
        ("no capability", "verify a --policy @policy.yaml --allowed-host-capabilities oci", Some(invalid)),
        ("no time", "verify a --policy @policy.yaml --policy-timeout 0", Some(invalid)),
        (
            "record and replay",
            "verify a --policy @policy.yaml --record-host-capabilities-interactions a \
             --replay-host-capabilities-interactions b",
            Some(conflict),
        ),
    ];
    for (name, command_line, expected) in cases {
        let ended = world.run(command_line);
        match expected {
            None => assert_eq!(ended.answer, Ok(Answer::Yes), "case `{name}`"),
            Some(error) => assert_eq!(ended.answer, Err(error.to_owned()), "case `{name}`"),
        }
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let world = World::answering(ADMITS);
    world.file("broken.json", "{");
    world.file("broken.yaml", "a: 1\na: 2\n");
    let broken = world.path("broken.json");
    let gone = format!("cannot read `{}`: No such file or directory (os error 2)", world.path("gone"));
    let gone_key = format!("--key {}: cannot read it: No such file or directory (os error 2)", world.path("gone"));
    let cases = [
        ("policy", "verify a --policy @gone", gone.clone()),
        ("key", "verify a --key @gone", gone_key),
        ("trust root", "verify a --policy @policy.yaml --trusted-root @gone", format!("--trusted-root: {gone}")),
        ("request", "run -r @gone -s @policy.yaml", gone),
        (
            "trust root, no JSON",
            "verify a --policy @policy.yaml --trusted-root @broken.json",
            format!("--trusted-root: `{broken}` is not JSON: EOF while parsing an object at line 1 column 1"),
        ),
        (
            "request, no JSON",
            "run -r @broken.json -s @policy.yaml",
            format!("the request in `{broken}` is not JSON: EOF while parsing an object at line 1 column 1"),
        ),
        (
            "layout",
            "verify a --policy @policy.yaml --oci-layout x=@gone",
            "--oci-layout: `@gone` is not a directory".to_owned(),
        ),
    ];
    for (name, command_line, expected) in cases {
        assert_eq!(world.run(command_line).answer, Err(expected), "case `{name}`");
    }
    let error = world.run("verify a --policy @broken.yaml").answer.unwrap_err();
    assert!(error.contains("broken.yaml:2:1"), "{error}");

    let text = World::with_module("no module");
    let error = text.run("verify a --policy @policy.yaml").answer.unwrap_err();
    assert!(error.starts_with("no policy to run in `"), "{error}");
}

/// Takes nothing, like a pipe whose reader has left.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_leaves_does_not_change_the_answer() {
    for (answer, expected) in [(ADMITS, Answer::Yes), (REFUSES, Answer::No)] {
        let world = World::answering(answer);
        for form in ["text", "json"] {
            let command_line = format!("verify a b --policy @policy.yaml -o {form}");
            let mut streams = Streams { out: &mut Closed, err: &mut Closed };
            assert_eq!(world.run_into(&command_line, &mut streams), Ok(expected), "{form}");
        }
    }
}

#[test]
fn a_reader_that_leaves_is_no_error_to_any_command() {
    let world = World::answering(ADMITS);
    world.file("request.json", r#"{"uid": "u", "object": {}}"#);
    world.file("kyverno.yaml", include_str!("../../../demo/kyverno.yaml"));
    world.file("key.pub", include_str!("../../../tests/fixtures/keys/k-p256.pub"));
    let cases = [
        "run -r @request.json -s @policy.yaml",
        "run -r @request.json -s @policy.yaml -o text",
        "verify a --policy @policy.yaml -o html",
        "inspect @key.pub",
        "inspect @key.pub -o json",
        "explain",
        "explain SW4001",
        "completions bash",
        "test @nothing-here",
        "convert @kyverno.yaml",
        "convert @kyverno.yaml -o json",
    ];
    std::fs::create_dir(world.path("nothing-here")).unwrap();
    for command_line in cases {
        let mut streams = Streams { out: &mut Closed, err: &mut Closed };
        let has_module = ["run", "verify", "test"].iter().any(|name| command_line.starts_with(name));
        let answer = if has_module {
            world.run_into(command_line, &mut streams)
        } else {
            world.run_without_module(command_line, &mut streams)
        };
        assert!(matches!(answer, Ok(Answer::Yes | Answer::No)), "{command_line}: {answer:?}");
    }
}

/// Takes settings for wrong, and says why.
const UNUSABLE: &str = r#"{"valid": false, "message": "settings: bad", "response": {"accepted": false, "code": 403},
    "explanation": {"outcome": "failed", "subject": "Pod default/images",
        "problems": [{"code": "SW2001", "message": "unknown field `atestors`", "remedy": "did you mean `attestors`?"}]}}"#;

#[test]
fn settings_that_cannot_be_used_are_told_in_the_form_that_was_asked_for() {
    let world = World::with_module(&wat(
        &format!("(call $response (i32.const 32768) (i32.const {})) (i32.const 1)", UNUSABLE.len()),
        UNUSABLE,
    ));
    world.file("request.json", r#"{"uid": "u", "object": {}}"#);
    let error = Err("the settings cannot be used".to_owned());
    for command_line in ["verify a --policy @policy.yaml", "run -r @request.json -s @policy.yaml"] {
        let text = world.run(&format!("{command_line} -o text"));
        assert_eq!(text.answer, error, "{command_line}");
        assert!(text.out.is_empty() && text.err.contains("unknown field `atestors` [SW2001]"), "{}", text.err);
        for quiet in ["", " -q"] {
            let json = world.run(&format!("{command_line} -o json{quiet}"));
            assert_eq!(json.answer, error, "{command_line}");
            let document: Value = serde_json::from_str(&json.out).unwrap();
            assert_eq!(document["error"], "the settings cannot be used");
            assert_eq!(document["problems"][0]["code"], "SW2001");
            assert!(json.err.contains("unknown field `atestors` [SW2001]"), "{}", json.err);
        }
    }
    let quiet = world.run("verify a --policy @policy.yaml -q");
    assert!(quiet.err.contains("SW2001"), "an error is no note: {}", quiet.err);
}

#[test]
fn quiet_leaves_out_notes_and_warnings() {
    let world = World::answering(ADMITS);
    std::fs::create_dir(world.path("nothing-here")).unwrap();
    let loud = world.run("test @nothing-here");
    assert!(loud.err.starts_with("note: there is no test in `"), "{}", loud.err);
    assert_eq!(loud.answer, Ok(Answer::Yes));
    let quiet = world.run("test @nothing-here --quiet");
    assert_eq!((quiet.err.as_str(), &quiet.out, &quiet.answer), ("", &loud.out, &loud.answer));
    let required = world.run("test @nothing-here -q --require-tests").answer.unwrap_err();
    assert!(required.starts_with("there is no test in "), "{required}");
    assert_eq!(
        world.run("verify a --policy @policy.yaml -q -v").answer.unwrap_err(),
        clap::error::ErrorKind::ArgumentConflict.to_string()
    );

    world.file("kyverno.yaml", include_str!("../../../demo/kyverno.yaml"));
    let loud = world.run("verify a --policy @kyverno.yaml");
    assert!(loud.err.contains("means something else here"), "{}", loud.err);
    let quiet = world.run("verify a --policy @kyverno.yaml -q");
    assert_eq!((quiet.err.as_str(), &quiet.out), ("", &loud.out));
}

#[test]
fn every_command_shows_examples_that_it_would_take() {
    use clap::CommandFactory as _;
    let mut cli = Cli::command();
    cli.build();
    let names: Vec<String> = cli.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert!(names.iter().any(|name| name == "inspect"), "{names:?}");
    for command in std::iter::once(&cli).chain(cli.get_subcommands().filter(|command| command.get_name() != "help")) {
        let help = command.clone().render_long_help().to_string();
        let (_, examples) = help.split_once("Examples:").unwrap_or_else(|| panic!("{}: {help}", command.get_name()));
        // clap wraps help to the terminal; what it is told is not wrapped.
        let told = command.get_after_help().unwrap().to_string();
        let (_, told) = told.split_once("Examples:\n").unwrap();
        assert!(examples.contains("sigwarden") && told.lines().count() > 0, "{}", command.get_name());
        for line in told.lines() {
            let (_, example) = line.split_once("sigwarden").unwrap_or_else(|| panic!("no example: {line}"));
            let example = example.split(['>', '|']).next().unwrap_or_default();
            let words = format!("sigwarden{example}");
            let parsed = Cli::try_parse_from(words.split_whitespace());
            assert!(parsed.is_ok(), "{words}: {}", parsed.map(drop).unwrap_err());
        }
    }
}

#[test]
fn examples_in_help_can_be_copied_at_every_width() {
    let words = |text: &str| text.replace("\\\n", " ").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let plain = Cli::command();
    for columns in [50, 80, 100] {
        let mut cli = command_line(columns);
        cli.build();
        for command in std::iter::once(&cli).chain(cli.get_subcommands().filter(|command| command.get_name() != "help"))
        {
            let name = command.get_name();
            let help = command.clone().render_long_help().to_string();
            let (_, examples) = help.split_once(EXAMPLES).unwrap();
            let told = if name == "sigwarden" { &plain } else { plain.find_subcommand(name).unwrap() };
            let told = told.get_after_help().unwrap().to_string();
            let (_, told) = told.split_once(EXAMPLES).unwrap();
            let joined = examples.trim_end().replace("\\\n", " ");
            for (shown, told) in joined.lines().zip(told.lines()) {
                assert_eq!(words(shown), words(told), "{name}, {columns} columns: {help}");
            }
            assert_eq!(joined.lines().count(), told.lines().count(), "{name}, {columns} columns: {help}");
        }
    }
}

#[test]
fn help_has_each_heading_once() {
    let mut cli = command_line(100);
    cli.build();
    for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
        let help = command.clone().render_long_help().to_string();
        let mut headings: Vec<&str> =
            help.lines().filter(|line| line.ends_with(':') && !line.starts_with(' ')).collect();
        let count = headings.len();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), count, "{}: {help}", command.get_name());
    }
}

#[test]
fn bench_says_all_that_it_can_measure() {
    let error = Cli::command().try_get_matches_from(["sigwarden", "bench"]).unwrap_err().to_string();
    for what in ["<SUITE|", "--request-path <FILE>", "--bundle <FILE>"] {
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn shells_complete_every_command() {
    use clap::CommandFactory as _;
    let world = World::answering(ADMITS);
    for shell in ["bash", "zsh", "fish"] {
        let mut out = Vec::new();
        let mut streams = Streams { out: &mut out, err: &mut io::sink() };
        assert_eq!(world.run_without_module(&format!("completions {shell}"), &mut streams), Ok(Answer::Yes));
        let script = String::from_utf8(out).unwrap();
        for command in Cli::command().get_subcommands() {
            assert!(script.contains(command.get_name()), "{shell} does not know {}", command.get_name());
        }
        for flag in ["quiet", "require-tests", "oci-layout"] {
            assert!(script.contains(flag), "{shell} does not know --{flag}");
        }
    }
}

#[test]
fn a_code_is_explained_in_text_and_not_in_markdown() {
    let world = World::answering(ADMITS);
    for code in sigwarden_core::decision::Code::ALL {
        let mut out = Vec::new();
        let mut streams = Streams { out: &mut out, err: &mut io::sink() };
        assert_eq!(world.run_without_module(&format!("explain {code}"), &mut streams), Ok(Answer::Yes));
        let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        assert!(text.starts_with(&format!("{code}: ")) && text.contains("\nDo: "), "{text}");
        assert!(!text.contains("**") && !text.contains("]("), "{text}");
        let long = |line: &&str| line.chars().count() > 100 && line.trim().contains(' ') && !line.starts_with("    ");
        assert_eq!(text.lines().find(long), None, "{code}");
    }
}
