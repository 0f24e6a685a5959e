//! `docs/settings.md` and `docs/settings.schema.json` name the fields that the reader of settings knows, no more and no
//! less, and every example can be used.

use serde_json::Value;
use sigwarden::policy_file;
use sigwarden_core::settings::Settings;
use sigwarden_tests::top;
use std::collections::{BTreeMap, BTreeSet};

type Fields = BTreeMap<String, BTreeSet<String>>;

/// The kinds of objects, as the reader calls them, and their headings.
const HEADINGS: [(&str, &str); 22] = [
    ("Settings", "Settings"),
    ("Exception", "An exception"),
    ("ActionOverride", "An override of the failure action"),
    ("Evidence", "Evidence"),
    ("TrustRoot", "A trust root in a ConfigMap"),
    ("ConfigMap", "A ConfigMap"),
    ("Block", "A block"),
    ("RegistryCredentials", "Credentials"),
    ("Set", "An attestor set"),
    ("Entry", "An entry"),
    ("Keys", "Keys"),
    ("Secret", "A Secret"),
    ("Keyless", "Keyless"),
    ("Certificates", "Certificates"),
    ("Rekor", "Rekor"),
    ("Ctlog", "Ctlog"),
    ("Attestation", "An attestation"),
    ("Slsa", "Slsa"),
    ("ConditionBlock", "A block of conditions"),
    ("Condition", "A condition"),
    ("Validate", "Validate"),
    ("Deny", "Deny"),
];

fn page() -> String {
    std::fs::read_to_string(top().join("docs/settings.md")).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(top().join("docs/settings.schema.json")).unwrap()).unwrap()
}

fn examples() -> Vec<Value> {
    let page = page();
    let texts = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    texts
        .map(|text| policy_file::parse(text, "an example").unwrap_or_else(|e| panic!("{e}\n{text}")).settings)
        .collect()
}

/// What the reader asks for while it reads all examples.
fn known() -> Fields {
    let mut known = Fields::new();
    for example in examples() {
        for (place, fields) in Settings::fields_of(&example) {
            known.entry(place).or_default().extend(fields.into_iter().map(str::to_owned));
        }
    }
    known
}

/// The first column of each table, by its heading.
fn documented() -> Fields {
    let page = page();
    let mut documented = Fields::new();
    for section in page.split("\n## ").skip(1) {
        let heading = section.lines().next().unwrap();
        let (place, _) = HEADINGS.iter().find(|(_, known)| *known == heading).unwrap_or_else(|| panic!("{heading}"));
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let fields: Vec<_> = rows.map(str::to_owned).collect();
        let distinct: BTreeSet<_> = fields.iter().cloned().collect();
        assert_eq!(distinct.len(), fields.len(), "a field stands twice under {heading}");
        documented.insert((*place).to_owned(), distinct);
    }
    documented
}

/// The properties of each object of the schema.
fn described() -> Fields {
    let schema = schema();
    let properties = |object: &Value| object["properties"].as_object().unwrap().keys().cloned().collect();
    let mut described = Fields::from([("Settings".to_owned(), properties(&schema))]);
    for (name, object) in schema["$defs"].as_object().unwrap() {
        let place =
            HEADINGS.iter().find(|(place, _)| place.eq_ignore_ascii_case(name)).unwrap_or_else(|| panic!("{name}"));
        described.insert(place.0.to_owned(), properties(object));
    }
    described
}

#[test]
fn the_page_and_the_schema_name_what_the_reader_knows() {
    let known = known();
    assert_eq!(documented(), known, "docs/settings.md (left) and the reader (right)");
    assert_eq!(described(), known, "docs/settings.schema.json (left) and the reader (right)");
    let places: BTreeSet<_> = HEADINGS.iter().map(|(place, _)| (*place).to_owned()).collect();
    assert_eq!(known.into_keys().collect::<BTreeSet<_>>(), places, "kinds of objects");
}

#[test]
fn every_example_can_be_used() {
    let examples = examples();
    assert!(examples.len() >= 10, "{} examples", examples.len());
    for example in examples {
        let problems = Settings::parse(&example).map(|_| ()).err().unwrap_or_default();
        assert!(problems.is_empty(), "{problems:#?}\n{example:#}");
        let mut misspelt = example.clone();
        misspelt["verifyImages"][0]["imageReference"] = "x".into();
        assert!(Settings::parse(&misspelt).is_err(), "{example}");
    }
}

/// Every object refuses what it does not know, and every reference leads somewhere.
#[test]
fn the_schema_is_closed() {
    let schema = schema();
    let mut open = vec![&schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if fields.contains_key("properties") {
                    assert_eq!(fields["additionalProperties"], false, "{value}");
                }
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    assert!(schema.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
}

/// The page links to sections that are there.
#[test]
fn the_links_within_the_page_lead_somewhere() {
    let page = page();
    let anchors: BTreeSet<String> =
        HEADINGS.iter().map(|(_, heading)| heading.to_lowercase().replace(' ', "-")).collect();
    let links = page.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap());
    for link in links {
        assert!(anchors.contains(link), "#{link}");
    }
}
