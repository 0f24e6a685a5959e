use serde_json::json;

use super::*;

fn pod_request(spec: Value) -> Value {
    json!({
        "uid": "1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "default",
        "name": "web",
        "operation": "CREATE",
        "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec},
        "oldObject": null
    })
}

fn container(image: &str) -> Value {
    json!({"name": "c", "image": image})
}

fn one_container() -> Value {
    json!({"containers": [container("nginx")]})
}

/// `request` with the value at `pointer` replaced or, in an object, added.
fn with(mut request: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = request.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}"));
    match parent {
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        parent => {
            parent.as_object_mut().expect("an object").insert(key.to_owned(), value);
        }
    }
    request
}

fn without(mut request: Value, pointer: &str) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    request.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(key).expect("something");
    request
}

#[test]
fn images_of_every_list_with_their_places() {
    let request = pod_request(json!({
        "containers": [{"name": "web", "image": "nginx:1"}, {"name": "sidecar", "image": "envoy"}],
        "initContainers": [{"name": "debug", "image": "ghcr.io/myorg/debug:1.2"}],
        "ephemeralContainers": [{"name": "shell", "image": "busybox"}],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            {"name": "model", "image": {"reference": "quay.io/models/a:1", "pullPolicy": "Always"}},
            {"name": "none", "image": null}
        ]
    }));
    let workload = Workload::from_request(&request).expect("readable");
    let places: Vec<_> = workload
        .images
        .iter()
        .map(|image| {
            let Location { pointer, field, name } = &image.location;
            (pointer.as_str(), field.as_str(), name.as_str(), image.image.as_str())
        })
        .collect();
    assert_eq!(
        places,
        [
            ("/spec/initContainers/0/image", "initContainers[0]", "debug", "ghcr.io/myorg/debug:1.2"),
            ("/spec/containers/0/image", "containers[0]", "web", "nginx:1"),
            ("/spec/containers/1/image", "containers[1]", "sidecar", "envoy"),
            ("/spec/ephemeralContainers/0/image", "ephemeralContainers[0]", "shell", "busybox"),
            ("/spec/volumes/1/image/reference", "volumes[1]", "model", "quay.io/models/a:1"),
        ]
    );
    for image in &workload.images {
        let found = request["object"].pointer(&image.location.pointer).and_then(Value::as_str);
        assert_eq!(found, Some(image.image.as_str()), "the pointer leads to the image");
    }
}

#[test]
fn the_eight_kinds() {
    let template = |spec: Value| json!({"template": {"spec": spec}});
    let cases = [
        ("", "Pod", one_container(), "/spec/containers/0/image"),
        ("", "ReplicationController", template(one_container()), "/spec/template/spec/containers/0/image"),
        ("apps", "Deployment", template(one_container()), "/spec/template/spec/containers/0/image"),
        ("apps", "ReplicaSet", template(one_container()), "/spec/template/spec/containers/0/image"),
        ("apps", "StatefulSet", template(one_container()), "/spec/template/spec/containers/0/image"),
        ("apps", "DaemonSet", template(one_container()), "/spec/template/spec/containers/0/image"),
        ("batch", "Job", template(one_container()), "/spec/template/spec/containers/0/image"),
        (
            "batch",
            "CronJob",
            json!({"jobTemplate": {"spec": template(one_container())}}),
            "/spec/jobTemplate/spec/template/spec/containers/0/image",
        ),
    ];
    for (group, kind, spec, pointer) in cases {
        let request = with(pod_request(spec), "/kind", json!({"group": group, "version": "v1", "kind": kind}));
        let request = with(request, "/object/kind", json!(kind));
        let workload = Workload::from_request(&request).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(workload.images[0].location.pointer, pointer, "{kind}");
        assert_eq!(workload.subject(), format!("{kind} default/web"));

        let other_group = with(request, "/kind/group", json!("example.com"));
        let expected = WorkloadError::UnknownKind { kind: format!("example.com/{kind}") };
        assert_eq!(Workload::from_request(&other_group), Err(expected), "{kind} of another group");
    }
}

#[test]
fn kinds_that_run_no_images_are_refused_with_the_rules_to_write() {
    let cases = [
        ("autoscaling", "Scale", "autoscaling/Scale"),
        ("policy", "Eviction", "policy/Eviction"),
        ("", "Binding", "Binding"),
        ("", "PodExecOptions", "PodExecOptions"),
        ("", "pod", "pod"),
        ("extensions", "Deployment", "extensions/Deployment"),
        ("apps", "Pod", "apps/Pod"),
    ];
    for (group, kind, expected) in cases {
        let request = with(pod_request(one_container()), "/kind", json!({"group": group, "kind": kind}));
        let error = Workload::from_request(&request).expect_err(kind);
        assert_eq!(error, WorkloadError::UnknownKind { kind: expected.to_owned() });
        let finding = error.finding();
        assert_eq!(finding.code, Code::KindUnsupported);
        assert!(finding.remedy.is_some_and(|remedy| remedy.contains("pods/ephemeralcontainers")), "{kind}");
    }
}

#[test]
fn the_resource_is_not_asked() {
    let scanner = with(pod_request(one_container()), "/resource/resource", json!("Pod"));
    assert!(Workload::from_request(&scanner).is_ok());
    let ephemeral = with(pod_request(one_container()), "/subResource", json!("ephemeralcontainers"));
    assert!(Workload::from_request(&ephemeral).is_ok());
}

#[test]
fn what_cannot_be_read_is_refused() {
    let request = || pod_request(one_container());
    let missing = |pointer: &str| WorkloadError::Missing { pointer: pointer.to_owned() };
    let wrong = |pointer: &str, wanted| WorkloadError::WrongType { pointer: pointer.to_owned(), wanted };
    let no_image = |field: &str, name: &str| WorkloadError::ImageMissing { field: field.into(), name: name.into() };
    let volume = |image: Value| with(request(), "/object/spec/volumes", json!([{"name": "v", "image": image}]));
    let cases = [
        ("null", json!(null), wrong("", "an object")),
        ("a list", json!([]), wrong("", "an object")),
        ("nothing in it", json!({}), missing("/operation")),
        ("no kind", without(request(), "/kind"), missing("/kind/kind")),
        ("kind is a string", with(request(), "/kind", json!("Pod")), missing("/kind/kind")),
        ("group is a number", with(request(), "/kind/group", json!(1)), wrong("/kind/group", "a string")),
        ("operation is a number", with(request(), "/operation", json!(1)), wrong("/operation", "a string")),
        (
            "operation is CONNECT",
            with(request(), "/operation", json!("CONNECT")),
            WorkloadError::UnknownOperation { operation: "CONNECT".to_owned() },
        ),
        ("no object", with(request(), "/object", json!(null)), missing("/object")),
        ("object is a list", with(request(), "/object", json!([])), wrong("/object", "an object")),
        (
            "object of another kind",
            with(request(), "/object/kind", json!("Deployment")),
            WorkloadError::KindMismatch { request: "Pod".to_owned(), object: "Deployment".to_owned() },
        ),
        ("kind of object is a number", with(request(), "/object/kind", json!(1)), wrong("/object/kind", "a string")),
        ("no spec", without(request(), "/object/spec"), missing("/object/spec")),
        ("spec is a string", with(request(), "/object/spec", json!("x")), wrong("/object/spec", "an object")),
        ("no containers", without(request(), "/object/spec/containers"), missing("/object/spec/containers")),
        (
            "containers are null",
            with(request(), "/object/spec/containers", json!(null)),
            missing("/object/spec/containers"),
        ),
        (
            "containers are an object",
            with(request(), "/object/spec/containers", json!({})),
            wrong("/object/spec/containers", "a list"),
        ),
        (
            "init containers are a string",
            with(request(), "/object/spec/initContainers", json!("x")),
            wrong("/object/spec/initContainers", "a list"),
        ),
        (
            "volumes are a number",
            with(request(), "/object/spec/volumes", json!(1)),
            wrong("/object/spec/volumes", "a list"),
        ),
        (
            "a container is a string",
            with(request(), "/object/spec/containers/0", json!("nginx")),
            wrong("/object/spec/containers/0", "an object"),
        ),
        ("no image", without(request(), "/object/spec/containers/0/image"), no_image("containers[0]", "c")),
        (
            "a null image",
            with(request(), "/object/spec/containers/0/image", json!(null)),
            no_image("containers[0]", "c"),
        ),
        (
            "an empty image",
            with(request(), "/object/spec/containers/0/image", json!("")),
            no_image("containers[0]", "c"),
        ),
        (
            "an image that is a number",
            with(request(), "/object/spec/containers/0/image", json!(1)),
            wrong("/object/spec/containers/0/image", "a string"),
        ),
        ("no name", without(request(), "/object/spec/containers/0/name"), missing("/object/spec/containers/0/name")),
        (
            "a name that is a number",
            with(request(), "/object/spec/containers/0/name", json!(1)),
            wrong("/object/spec/containers/0/name", "a string"),
        ),
        ("an image volume without reference", volume(json!({})), no_image("volumes[0]", "v")),
        ("an image volume that is a string", volume(json!("nginx")), no_image("volumes[0]", "v")),
        (
            "an image volume whose reference is a list",
            volume(json!({"reference": []})),
            wrong("/object/spec/volumes/0/image/reference", "a string"),
        ),
    ];
    for (name, request, expected) in cases {
        assert_eq!(Workload::from_request(&request), Err(expected), "case `{name}`");
    }
}

#[test]
fn every_error_has_a_code() {
    let text = String::new;
    let cases = [
        (WorkloadError::Missing { pointer: text() }, Code::RequestMalformed),
        (WorkloadError::WrongType { pointer: text(), wanted: "" }, Code::RequestMalformed),
        (WorkloadError::KindMismatch { request: text(), object: text() }, Code::RequestMalformed),
        (WorkloadError::UnknownKind { kind: text() }, Code::KindUnsupported),
        (WorkloadError::UnknownOperation { operation: text() }, Code::KindUnsupported),
        (WorkloadError::ImageMissing { field: text(), name: text() }, Code::ReferenceInvalid),
        (WorkloadError::TooManyImages, Code::RequestTooLarge),
        (WorkloadError::TooLarge(0), Code::RequestTooLarge),
    ];
    for (error, code) in cases {
        assert_eq!(error.finding().code, code, "{error}");
    }
}

#[test]
fn limits() {
    let containers = |count: usize| pod_request(json!({"containers": vec![container("nginx"); count]}));
    assert_eq!(Workload::from_request(&containers(512)).map(|workload| workload.images.len()), Ok(512));
    assert_eq!(Workload::from_request(&containers(513)), Err(WorkloadError::TooManyImages));

    let spread = pod_request(json!({"containers": vec![container("a"); 512], "initContainers": [container("b")]}));
    assert_eq!(
        Workload::from_request(&spread),
        Err(WorkloadError::TooManyImages),
        "the limit is for all lists together"
    );

    let annotated = |bytes: usize| {
        let annotations = json!({"key": "v".repeat(bytes - 3)});
        with(pod_request(one_container()), "/object/metadata/annotations", annotations)
    };
    assert!(Workload::from_request(&annotated(256 * 1024)).is_ok());
    assert_eq!(Workload::from_request(&annotated(256 * 1024 + 1)), Err(WorkloadError::TooLarge(256 * 1024 + 1)));
}

#[test]
fn delete_reads_nothing() {
    let request = json!({"operation": "DELETE", "kind": {"group": "x", "kind": "Y"}, "namespace": "n", "name": "a"});
    let workload = Workload::from_request(&request).expect("readable");
    assert_eq!((workload.operation, workload.subject()), (Operation::Delete, "Y n/a"));
    assert_eq!(workload.images, []);
}

#[test]
fn updates_know_what_changed() {
    let old = json!({"kind": "Pod", "spec": {"containers": [container("nginx:1"), container("nginx:2")]}});
    let new =
        json!({"containers": [container("nginx:1"), container("nginx:3")], "initContainers": [container("nginx:1")]});
    let request =
        |old: &Value| with(with(pod_request(new.clone()), "/operation", json!("UPDATE")), "/oldObject", old.clone());
    let unchanged = |request: &Value| -> Vec<bool> {
        let workload = Workload::from_request(request).expect("readable");
        workload.images.iter().map(|image| workload.is_unchanged(&image.image, &image.location)).collect()
    };

    assert_eq!(unchanged(&request(&old)), [false, true, false], "new init container, same image, other image");
    assert_eq!(unchanged(&request(&json!(null))), [false; 3], "without an old object everything is new");
    assert_eq!(
        unchanged(&request(&json!({"spec": {"containers": "x"}}))),
        [false; 3],
        "an old object that is unreadable"
    );
    assert_eq!(
        unchanged(&with(request(&old), "/operation", json!("CREATE"))),
        [false; 3],
        "a CREATE has no old object"
    );
}

#[test]
fn an_object_on_its_way_out_may_let_go_of_its_finalizers() {
    let broken_spec = json!({"containers": [{"name": "c"}]});
    let old = json!({"kind": "Pod", "metadata": {"finalizers": ["a"]}, "spec": broken_spec});
    let leaving = with(pod_request(broken_spec), "/operation", json!("UPDATE"));
    let leaving = with(leaving, "/oldObject", old);
    let leaving = with(leaving, "/object/metadata/deletionTimestamp", json!("2026-01-01T00:00:00Z"));

    let workload = Workload::from_request(&leaving).expect("readable");
    assert!(workload.is_leaving_unchanged);
    assert_eq!(workload.images, []);

    let no_image = WorkloadError::ImageMissing { field: "containers[0]".to_owned(), name: "c".to_owned() };
    let twins = [
        ("not on its way out", without(leaving.clone(), "/object/metadata/deletionTimestamp")),
        ("a null timestamp", with(leaving.clone(), "/object/metadata/deletionTimestamp", json!(null))),
        ("not an update", with(leaving.clone(), "/operation", json!("CREATE"))),
        ("another specification", with(leaving.clone(), "/oldObject/spec/hostNetwork", json!(true))),
        ("no old object", with(leaving, "/oldObject", json!(null))),
    ];
    for (name, request) in twins {
        assert_eq!(Workload::from_request(&request), Err(no_image.clone()), "case `{name}`");
    }
}

#[test]
fn subjects() {
    let cases = [
        ("named", pod_request(one_container()), "Pod default/web"),
        ("nothing known", json!(null), "object (unnamed)"),
        ("name in the object", without(pod_request(one_container()), "/name"), "Pod default/web"),
        ("cluster-scoped", without(pod_request(one_container()), "/namespace"), "Pod web"),
        (
            "name to be generated",
            json!({"kind": {"kind": "Pod"}, "namespace": "n", "object": {"metadata": {"generateName": "web-"}}}),
            "Pod n/web-*",
        ),
        ("control characters", json!({"kind": {"kind": "Pod"}, "name": "a\nb"}), "Pod a\\nb"),
    ];
    for (name, request, expected) in cases {
        assert_eq!(subject_of(&request), expected, "case `{name}`");
    }
}
