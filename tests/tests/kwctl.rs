//! `tests/kwctl`: the scenes of the demo as `kwctl run` can replay them. Here the harness replays them, as a stock host.
//!
//! `SIGWARDEN_UPDATE=1` (`make accept`) writes them anew.

use serde_json::Value;
use sigwarden::admission::AdmissionResponse;
use sigwarden::commands::Answer;
use sigwarden::engine::Module;
use sigwarden::host::{Host, declared};
use sigwarden::log::Log;
use sigwarden::policy::Policy;
use sigwarden::request;
use sigwarden::session::Session;
use sigwarden::sources::Layouts;
use sigwarden_tests::layout::Layout;
use sigwarden_tests::published::publish;
use sigwarden_tests::{Run, deny_module, fixture, module, scratch, sigwarden, sigwarden_on, top, write};
use std::path::PathBuf;
use std::sync::{Arc, Once};

/// The request of a scene.
enum Request {
    /// One of the demo's.
    File(&'static str),
    /// A Pod with this image.
    Pod(&'static str),
}

struct Scene {
    name: &'static str,
    request: Request,
    settings: &'static str,
    /// Whether evidence was published. Otherwise it is where cosign put it.
    published: bool,
    answer: Answer,
}

const SIGNED: &str = "demo/1-signed-by-our-workflows.yaml";
const BUILT: &str = "demo/3-built-by-our-workflow.yaml";

/// Where the fixtures were signed.
const ELSEWHERE: &str = "127.0.0.1:17021/myorg";

/// The scenes of `demo/run.sh`, and what becomes of them where nothing was published.
const SCENES: [Scene; 7] = [
    Scene {
        name: "1-signed-by-our-workflow",
        request: Request::Pod("ghcr.io/myorg/app:1.4.2"),
        settings: SIGNED,
        published: true,
        answer: Answer::Yes,
    },
    Scene {
        name: "2-unsigned-init-container",
        request: Request::File("demo/pod-with-init-container.json"),
        settings: SIGNED,
        published: true,
        answer: Answer::No,
    },
    Scene {
        name: "3-third-party-pinned",
        request: Request::File("demo/deployment-with-redis.json"),
        settings: "demo/2-pin-third-party.yaml",
        published: true,
        answer: Answer::Yes,
    },
    Scene {
        name: "4-built-by-our-workflow",
        request: Request::Pod("ghcr.io/myorg/app:1.4.2"),
        settings: BUILT,
        published: true,
        answer: Answer::Yes,
    },
    Scene {
        name: "5-built-on-a-laptop",
        request: Request::Pod("ghcr.io/myorg/app:laptop"),
        settings: BUILT,
        published: true,
        answer: Answer::No,
    },
    Scene {
        name: "6-signed-by-cosign-2",
        // As it was called when it was signed: cosign 2 signs that name, and a stock host does not hand out what it signed.
        request: Request::Pod("127.0.0.1:17021/myorg/app-legacy:1.4.2"),
        settings: SIGNED,
        published: false,
        answer: Answer::Yes,
    },
    Scene {
        name: "7-signed-and-not-published",
        request: Request::Pod("ghcr.io/myorg/app:1.4.2"),
        settings: SIGNED,
        published: false,
        answer: Answer::No,
    },
];

impl Scene {
    fn path(&self, file: &str) -> PathBuf {
        top().join("tests/kwctl").join(self.name).join(file)
    }

    fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{}/{file}: {error}", self.name))
    }

    /// The words for `sigwarden run`, without where evidence comes from.
    fn run(&self) -> Vec<String> {
        let path = |file| self.path(file).display().to_string();
        ["run", "-r", &path("request.json"), "-s", &path("settings.yaml")].map(str::to_owned).into()
    }

    fn replay(&self) -> Vec<String> {
        let recording = self.path("recording.yaml").display().to_string();
        [self.run(), vec!["--replay-host-capabilities-interactions".to_owned(), recording]].concat()
    }

    /// What this scene's request and settings should be.
    fn sources(&self) -> (String, String) {
        let request = match self.request {
            Request::File(path) => std::fs::read_to_string(top().join(path)).unwrap(),
            Request::Pod(image) => format!("{:#}\n", request::pod_with_images(&[image])),
        };
        let mut settings = std::fs::read_to_string(top().join(self.settings)).unwrap();
        if request.contains(ELSEWHERE) {
            settings = settings.replace("ghcr.io/myorg", ELSEWHERE);
        }
        let root: Value =
            serde_json::from_str(&std::fs::read_to_string(fixture("trust/trusted_root.json")).unwrap()).unwrap();
        // The fixtures come from a Sigstore of our own: its trust root stands in for the public one.
        (request, format!("{settings}trustRoots: {{\"sigstore\": {root}}}\n"))
    }
}

/// The story's registries, with or without published evidence.
struct World {
    myorg: tempfile::TempDir,
    _layouts: Vec<Layout>,
}

impl World {
    fn new(published: bool) -> Self {
        let myorg = scratch();
        let mut layouts = Vec::new();
        for (name, tags) in [("app", &["1.4.2", "laptop"][..]), ("app-legacy", &["1.4.2"]), ("debug", &[])] {
            let layout = Layout::copy(fixture(&format!("layouts/referrers/myorg/{name}")).as_ref());
            for tag in tags.iter().filter(|_| published) {
                assert!(publish(&layout, tag) > 0, "{name}:{tag} has no evidence");
            }
            std::os::unix::fs::symlink(layout.path(), myorg.path().join(name)).unwrap();
            layouts.push(layout);
        }
        Self { myorg, _layouts: layouts }
    }

    /// The words for `sigwarden run` that say where images are.
    fn words(&self) -> Vec<String> {
        let redis = format!("docker.io/bitnami/redis={}", fixture("layouts/referrers/thirdparty/redis"));
        let [myorg, elsewhere] =
            ["ghcr.io/myorg", ELSEWHERE].map(|name| format!("{name}={}", self.myorg.path().display()));
        ["--offline", "--oci-layout", &redis, "--oci-layout", &myorg, "--oci-layout", &elsewhere]
            .map(str::to_owned)
            .into()
    }
}

fn record(scene: &Scene, world: &World) -> (Run, String) {
    let folder = scratch();
    let file = folder.path().join("recording.yaml").display().to_string();
    let recording = vec!["--record-host-capabilities-interactions".to_owned(), file.clone()];
    let run = sigwarden(&[scene.run(), world.words(), recording].concat());
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}\n{}", scene.name, run.text()));
    (run, text)
}

/// The scenes, written anew if that was asked for.
fn scenes() -> &'static [Scene; 7] {
    static WRITTEN: Once = Once::new();
    WRITTEN.call_once(|| {
        if std::env::var_os("SIGWARDEN_UPDATE").is_none() {
            return;
        }
        let worlds = [World::new(false), World::new(true)];
        for scene in &SCENES {
            let (request, settings) = scene.sources();
            let folder = top().join("tests/kwctl").join(scene.name);
            std::fs::create_dir_all(&folder).unwrap();
            write(&folder, "request.json", &request);
            write(&folder, "settings.yaml", &settings);
            write(&folder, "recording.yaml", record(scene, &worlds[usize::from(scene.published)]).1);
            write(&folder, "response.json", &sigwarden(&scene.replay()).out);
        }
    });
    &SCENES
}

#[test]
fn every_scene_can_be_replayed() {
    for scene in scenes() {
        let (request, settings) = scene.sources();
        assert_eq!(scene.text("request.json"), request, "{}: `make accept`", scene.name);
        assert_eq!(scene.text("settings.yaml"), settings, "{}: `make accept`", scene.name);

        let run = sigwarden(&scene.replay());
        assert_eq!(run.out, scene.text("response.json"), "{}", scene.name);
        assert_eq!(run.answer, scene.answer, "{}: {}", scene.name, run.text());
        assert!(!run.err.contains("were not asked for"), "{}: {}", scene.name, run.err);
        let denied = sigwarden_on(&deny_module(), &scene.replay());
        assert_eq!(denied.json()["allowed"], false, "{}: without the policy: {}", scene.name, denied.text());
    }
    let folders = std::fs::read_dir(top().join("tests/kwctl")).unwrap();
    let scenes = folders.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(scenes, SCENES.len(), "a folder that no test knows");
}

#[test]
fn recording_a_scene_gives_the_same_bytes_every_time() {
    let worlds = [World::new(false), World::new(true)];
    for scene in scenes() {
        let world = &worlds[usize::from(scene.published)];
        let (first, recording) = record(scene, world);
        let (second, again) = record(scene, world);
        assert_eq!(recording, again, "{}", scene.name);
        assert_eq!(recording, scene.text("recording.yaml"), "{}: `make accept`", scene.name);
        assert!(!recording.contains("Sigwarden"), "{}: kwctl cannot replay this", scene.name);
        assert_eq!((&first.out, first.answer), (&second.out, scene.answer), "{}", scene.name);
        // What was said live is what the replay says.
        assert_eq!(first.out, scene.text("response.json"), "{}", scene.name);
    }
}

/// kwctl asks the module to `validate`, and not for the reasons: the questions to the host must be the same.
#[test]
fn the_answer_without_reasons_asks_the_same_questions() {
    let module = Module::from_file(&module()).unwrap();
    let declared = declared(&std::fs::read(sigwarden_tests::module()).unwrap()).unwrap();
    let log = Arc::new(Log::default());
    for scene in scenes() {
        let session = Arc::new(Session::replaying(&scene.path("recording.yaml")).unwrap());
        let nothing = Arc::new(Layouts::open(&[], Arc::clone(&log)).unwrap());
        let host = Host { session: Arc::clone(&session), ..Host::kubewarden(nothing, &declared).unwrap() };
        let policy = Policy::on(host, module.clone(), Arc::clone(&log));
        let request: Value = serde_json::from_str(&scene.text("request.json")).unwrap();
        let settings: Value = serde_saphyr::from_str(&scene.text("settings.yaml")).unwrap();
        let answer = policy.validate(&request, &settings).unwrap();
        let response = serde_json::to_string(&AdmissionResponse::new(&request, answer)).unwrap();
        assert_eq!(format!("{response}\n"), scene.text("response.json"), "{}", scene.name);
        assert_eq!((session.finish(&log), log.take()), (Ok(()), vec![]), "{}", scene.name);
    }
}

#[test]
fn a_replay_of_something_else_has_no_result() {
    let [signed, unsigned, ..] = scenes();
    let folder = scratch();
    let recording = |scene: &Scene| scene.path("recording.yaml").display().to_string();
    let (first, _) =
        unsigned.text("recording.yaml").split_once("\n- type").map(|(a, b)| (format!("{a}\n"), b.len())).unwrap();
    let cut = write(folder.path(), "cut.yaml", first);
    let longer = write(
        folder.path(),
        "longer.yaml",
        format!("{}{}", signed.text("recording.yaml"), unsigned.text("recording.yaml")),
    );
    let cases = [
        ("another scene's", recording(unsigned), Answer::Unknown, "is not the one in"),
        ("a part", cut, Answer::Unknown, "is not"),
        ("no file", folder.path().join("gone").display().to_string(), Answer::Unknown, "cannot read the recording"),
        ("more than was asked", longer, Answer::Yes, "were not asked for"),
    ];
    for (name, file, answer, text) in cases {
        let words = [signed.run(), vec!["--replay-host-capabilities-interactions".to_owned(), file]].concat();
        let run = sigwarden(&words);
        assert_eq!(run.answer, answer, "case `{name}`: {}", run.text());
        assert!(run.err.contains(text), "case `{name}`: {}", run.err);
    }
}

#[test]
fn what_lies_out_of_reach_is_told_with_the_ways_out() {
    let world = World::new(false);
    let scene = scenes().iter().find(|scene| scene.name == "7-signed-and-not-published").unwrap();
    let stock = sigwarden(&[scene.run(), world.words()].concat());
    for words in ["2 OCI referrers", "`sigwarden publish ghcr.io/myorg/app@sha256:", "`--host extended`"] {
        assert!(stock.err.contains(words), "no {words} in {}", stock.err);
    }
    let extended = sigwarden(&[scene.run(), world.words(), vec!["--host".to_owned(), "extended".to_owned()]].concat());
    assert_eq!(extended.answer, Answer::Yes, "{}", extended.text());
    assert!(!extended.err.contains("publish"), "{}", extended.err);
}
