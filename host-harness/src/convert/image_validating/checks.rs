//! What a validation of an ImageValidatingPolicy asks for, where it is one of the known shapes.
//!
//! The shapes: over one or several lists of images, each image must satisfy a check. Checks are signatures by so many of
//! some attestors, attestations by so many of them, and comparisons of what an attestation says.

use serde_json::{Value, json};

use super::cel::{Expression, parse};

/// What must hold for every image.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Check {
    /// So many of these attestors have signed.
    Signed { attestors: Vec<String>, count: usize },
    /// So many of these attestors have attested this.
    Attested { attestation: String, attestors: Vec<String>, count: usize },
    /// The attestation says one of these.
    Says { attestation: String, conditions: Vec<Condition> },
}

/// A condition in the words of our settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) key: String,
    pub(super) operator: &'static str,
    pub(super) value: Value,
}

/// What a body yields.
enum Body {
    /// A number of attestors: `verifyImageSignatures(…)`.
    Count(Check),
    /// Checks that all hold.
    Truth(Vec<Check>),
}

/// What a validation asks for; an empty list where it always holds. `None`: it is none of the known shapes.
pub(super) fn read(text: &str) -> Option<Vec<Check>> {
    conjunction(&parse(text)?)
}

fn conjunction(expression: &Expression) -> Option<Vec<Check>> {
    match expression {
        Expression::Truth(true) => Some(Vec::new()),
        Expression::Binary(operator, left, right) if operator == "&&" => {
            let mut checks = conjunction(left)?;
            checks.extend(conjunction(right)?);
            Some(checks)
        }
        other => quantified(other),
    }
}

/// `images.containers.map(i, BODY).all(e, e > 0)` or `images.containers.all(i, BODY)`.
fn quantified(expression: &Expression) -> Option<Vec<Check>> {
    let Expression::Method(over, name, arguments) = expression else { return None };
    let [Expression::Name(variable), predicate] = arguments.as_slice() else { return None };
    if name != "all" {
        return None;
    }
    if are_images(over) {
        return match body(predicate, variable)? {
            Body::Truth(checks) => Some(checks),
            Body::Count(_) => None,
        };
    }
    let Expression::Method(images, map, inner) = over.as_ref() else { return None };
    let [Expression::Name(image), mapped] = inner.as_slice() else { return None };
    if map != "map" || !are_images(images) {
        return None;
    }
    match body(mapped, image)? {
        Body::Truth(checks) => (*predicate == Expression::Name(variable.clone())).then_some(checks),
        Body::Count(check) => Some(vec![with_count(check, predicate, variable)?]),
    }
}

/// `images.containers`, or several lists joined.
fn are_images(expression: &Expression) -> bool {
    match expression {
        Expression::Field(object, list) => {
            **object == Expression::Name("images".to_owned())
                && ["containers", "initContainers", "ephemeralContainers"].contains(&list.as_str())
        }
        Expression::Binary(operator, left, right) => operator == "+" && are_images(left) && are_images(right),
        _ => false,
    }
}

fn body(expression: &Expression, image: &str) -> Option<Body> {
    if let Some(check) = counted(expression, image) {
        return Some(Body::Count(check));
    }
    let mut checks = Vec::new();
    truths(expression, image, &mut checks)?;
    Some(Body::Truth(checks))
}

fn truths(expression: &Expression, image: &str, checks: &mut Vec<Check>) -> Option<()> {
    if let Expression::Binary(operator, left, right) = expression {
        if operator == "&&" {
            truths(left, image, checks)?;
            return truths(right, image, checks);
        }
        if let Some(check) = counted(left, image) {
            // The whole comparison, with a name in place of the call.
            let variable = "count";
            let comparison =
                Expression::Binary(operator.clone(), Box::new(Expression::Name(variable.to_owned())), right.clone());
            checks.push(with_count(check, &comparison, variable)?);
            return Some(());
        }
    }
    let mut conditions = Vec::new();
    let attestation = alternatives(expression, image, &mut conditions)?;
    checks.push(Check::Says { attestation, conditions });
    Some(())
}

/// `verifyImageSignatures(image, [attestors.a])` and `verifyAttestationSignatures(image, attestations.x, [attestors.a])`.
fn counted(expression: &Expression, image: &str) -> Option<Check> {
    let Expression::Call(function, arguments) = expression else { return None };
    match (function.as_str(), arguments.as_slice()) {
        ("verifyImageSignatures", [of, attestors]) if is_name(of, image) => {
            Some(Check::Signed { attestors: names(attestors)?, count: 0 })
        }
        ("verifyAttestationSignatures", [of, attestation, attestors]) if is_name(of, image) => Some(Check::Attested {
            attestation: member(attestation, "attestations")?,
            attestors: names(attestors)?,
            count: 0,
        }),
        _ => None,
    }
}

/// The check with the least count that satisfies the comparison of `variable` with a number.
fn with_count(check: Check, comparison: &Expression, variable: &str) -> Option<Check> {
    let Expression::Binary(operator, left, right) = comparison else { return None };
    if !is_name(left, variable) {
        return None;
    }
    let all = match &check {
        Check::Signed { attestors, .. } | Check::Attested { attestors, .. } => attestors.len(),
        Check::Says { .. } => return None,
    };
    let least = match right.as_ref() {
        Expression::Number(number) => usize::try_from(*number).ok()?,
        Expression::Call(function, arguments) if function == "size" => match arguments.as_slice() {
            [list] => names(list)?.len(),
            _ => return None,
        },
        _ => return None,
    };
    let least = match operator.as_str() {
        ">" => least.checked_add(1)?,
        ">=" => least,
        // "Exactly so many" is "at least so many" only where there are no more.
        "==" if least == all => least,
        _ => return None,
    };
    if least == 0 || least > all {
        return None;
    }
    Some(match check {
        Check::Signed { attestors, .. } => Check::Signed { attestors, count: least },
        Check::Attested { attestation, attestors, .. } => Check::Attested { attestation, attestors, count: least },
        says => says,
    })
}

/// The one attestation that all alternatives (`a || b`) speak of.
fn alternatives(expression: &Expression, image: &str, conditions: &mut Vec<Condition>) -> Option<String> {
    if let Expression::Binary(operator, left, right) = expression
        && operator == "||"
    {
        let first = alternatives(left, image, conditions)?;
        let second = alternatives(right, image, conditions)?;
        return (first == second).then_some(first);
    }
    let (attestation, condition) = condition(expression, image)?;
    conditions.push(condition);
    Some(attestation)
}

fn condition(expression: &Expression, image: &str) -> Option<(String, Condition)> {
    let truth = |key: String| Condition { key: format!("{{{{ {key} }}}}"), operator: "Equals", value: json!(true) };
    match expression {
        Expression::Binary(operator, left, right) => {
            let (attestation, path) = payload(left, image)?;
            let condition = match (operator.as_str(), right.as_ref()) {
                ("==", literal) => equals(&path, literal, true)?,
                ("!=", literal) => equals(&path, literal, false)?,
                ("in", Expression::List(items)) => {
                    let values: Option<Vec<Value>> = items.iter().map(literal).collect();
                    truth(format!("contains({}, {path})", json_literal(&Value::Array(values?))?))
                }
                (order @ ("<" | "<=" | ">" | ">="), Expression::Number(number)) => {
                    truth(format!("{path} {order} `{number}`"))
                }
                _ => return None,
            };
            Some((attestation, condition))
        }
        Expression::Method(subject, function, arguments) => {
            let (attestation, path) = payload(subject, image)?;
            let [Expression::Text(text)] = arguments.as_slice() else { return None };
            let text = raw_string(text)?;
            let key = match function.as_str() {
                "matches" => format!("regex_match({text}, {path})"),
                "startsWith" => format!("starts_with({path}, {text})"),
                "endsWith" => format!("ends_with({path}, {text})"),
                "contains" => format!("contains({path}, {text})"),
                _ => return None,
            };
            Some((attestation, truth(key)))
        }
        Expression::Call(function, arguments) if function == "has" => {
            let [subject] = arguments.as_slice() else { return None };
            let (attestation, path) = payload(subject, image)?;
            // An absent key is an error, which refuses as `false` does; what is present has a type.
            let types = json!(["array", "boolean", "null", "number", "object", "string"]);
            Some((attestation, Condition { key: format!("{{{{ type({path}) }}}}"), operator: "AnyIn", value: types }))
        }
        Expression::Field(..) => {
            let (attestation, path) = payload(expression, image)?;
            Some((attestation, Condition { key: format!("{{{{ {path} }}}}"), operator: "Equals", value: json!(true) }))
        }
        Expression::Not(inner) => {
            let (attestation, path) = payload(inner, image)?;
            Some((attestation, Condition { key: format!("{{{{ {path} }}}}"), operator: "Equals", value: json!(false) }))
        }
        _ => None,
    }
}

fn equals(path: &str, value: &Expression, is_equal: bool) -> Option<Condition> {
    let value = literal(value)?;
    let is_plain = |text: &str| {
        // Kyverno's operators see patterns, numbers, quantities and durations in strings.
        !text.is_empty()
            && !text.contains(['*', '?', '{', '}'])
            && !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'))
    };
    match &value {
        Value::String(text) if is_plain(text) => {
            let operator = if is_equal { "Equals" } else { "NotEquals" };
            Some(Condition { key: format!("{{{{ {path} }}}}"), operator, value })
        }
        other => {
            let operator = if is_equal { "==" } else { "!=" };
            let key = format!("{{{{ {path} {operator} {} }}}}", json_literal(other)?);
            Some(Condition { key, operator: "Equals", value: json!(true) })
        }
    }
}

/// A JSON literal of JMESPath.
fn json_literal(value: &Value) -> Option<String> {
    let text = value.to_string();
    // Variables are found by their braces, and the literal ends at a backtick.
    (!text.contains('`') && !text.contains("{{") && !text.contains("}}")).then(|| format!("`{text}`"))
}

/// A raw string of JMESPath.
fn raw_string(text: &str) -> Option<String> {
    // Variables are found by their braces; a backslash at the end would escape the quote.
    let is_simple = !text.contains("{{") && !text.contains("}}") && !text.ends_with('\\') && !text.contains("\\'");
    is_simple.then(|| format!("'{}'", text.replace('\'', "\\'")))
}

fn literal(expression: &Expression) -> Option<Value> {
    match expression {
        Expression::Text(text) => Some(json!(text)),
        Expression::Number(number) => Some(json!(number)),
        Expression::Truth(truth) => Some(json!(truth)),
        _ => None,
    }
}

/// `extractPayload(image, attestations.x).predicate.a.b`: the attestation, and the path in its predicate.
fn payload(expression: &Expression, image: &str) -> Option<(String, String)> {
    let (attestation, steps) = steps(expression, image)?;
    let (first, rest) = steps.split_first()?;
    if first != "predicate" || rest.is_empty() {
        return None;
    }
    Some((attestation, rest.join(".").replace(".[", "[")))
}

fn steps(expression: &Expression, image: &str) -> Option<(String, Vec<String>)> {
    match expression {
        Expression::Call(function, arguments) if function == "extractPayload" => match arguments.as_slice() {
            [of, attestation] if is_name(of, image) => Some((member(attestation, "attestations")?, Vec::new())),
            _ => None,
        },
        Expression::Field(object, field) => {
            let (attestation, mut path) = steps(object, image)?;
            path.push(field.clone());
            Some((attestation, path))
        }
        Expression::Index(object, index) => {
            let (attestation, mut path) = steps(object, image)?;
            path.push(match index.as_ref() {
                Expression::Number(number) => format!("[{number}]"),
                Expression::Text(text) if !text.contains(['"', '\\', '{', '}']) => format!("\"{text}\""),
                _ => return None,
            });
            Some((attestation, path))
        }
        _ => None,
    }
}

fn is_name(expression: &Expression, name: &str) -> bool {
    matches!(expression, Expression::Name(other) if other == name)
}

/// `x` of `of.x`.
fn member(expression: &Expression, of: &str) -> Option<String> {
    match expression {
        Expression::Field(object, name) if is_name(object, of) => Some(name.clone()),
        Expression::Index(object, name) if is_name(object, of) => match name.as_ref() {
            Expression::Text(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn names(expression: &Expression) -> Option<Vec<String>> {
    let Expression::List(items) = expression else { return None };
    let names: Option<Vec<String>> = items.iter().map(|item| member(item, "attestors")).collect();
    names.filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(attestors: &[&str], count: usize) -> Check {
        Check::Signed { attestors: attestors.iter().map(|name| (*name).to_owned()).collect(), count }
    }

    fn says(key: &str, operator: &'static str, value: Value) -> Check {
        let conditions = vec![Condition { key: key.to_owned(), operator, value }];
        Check::Says { attestation: "slsa".to_owned(), conditions }
    }

    #[test]
    fn known_shapes() {
        let attested = Check::Attested { attestation: "slsa".to_owned(), attestors: vec!["a".to_owned()], count: 1 };
        let over = |body: &str| format!("images.containers.map(i, {body}).all(e, e)");
        let of = "extractPayload(i, attestations.slsa).predicate";
        let cases = [
            ("images.containers.map(image, verifyImageSignatures(image, [attestors.a])).all(e ,e > 0)".to_owned(), vec![signed(&["a"], 1)]),
            ("images.containers.map(i, verifyImageSignatures(i, [attestors.a, attestors.b])).all(e, e >= 2)".to_owned(), vec![signed(&["a", "b"], 2)]),
            (
                "images.containers.map(i, verifyImageSignatures(i, [attestors.a, attestors.b])).all(e, e == size([attestors.a, attestors.b]))".to_owned(),
                vec![signed(&["a", "b"], 2)],
            ),
            (
                "(images.containers + images.initContainers).all(i, verifyImageSignatures(i, [attestors['a']]) > 0)".to_owned(),
                vec![signed(&["a"], 1)],
            ),
            (
                "images.containers.map(i, verifyAttestationSignatures(i, attestations.slsa ,[attestors.a])).all(e, e > 0) && true".to_owned(),
                vec![attested],
            ),
            (over(&format!("{of}.builder.id == 'https://x'")), vec![says("{{ builder.id }}", "Equals", json!("https://x"))]),
            (over(&format!("{of}.builder.id != 'a'")), vec![says("{{ builder.id }}", "NotEquals", json!("a"))]),
            (over(&format!("{of}.v == 'a*'")), vec![says("{{ v == `\"a*\"` }}", "Equals", json!(true))]),
            (over(&format!("{of}.v == 5")), vec![says("{{ v == `5` }}", "Equals", json!(true))]),
            (over(&format!("{of}.v[0]['a-b'] <= 5")), vec![says("{{ v[0].\"a-b\" <= `5` }}", "Equals", json!(true))]),
            (over(&format!("{of}.v.matches('^a')")), vec![says("{{ regex_match('^a', v) }}", "Equals", json!(true))]),
            (over(&format!("{of}.v in ['a', 'b']")), vec![says("{{ contains(`[\"a\",\"b\"]`, v) }}", "Equals", json!(true))]),
            (over(&format!("!{of}.v")), vec![says("{{ v }}", "Equals", json!(false))]),
            (
                over(&format!("has({of}.buildDefinition)")),
                vec![says(
                    "{{ type(buildDefinition) }}",
                    "AnyIn",
                    json!(["array", "boolean", "null", "number", "object", "string"]),
                )],
            ),
            ("true".to_owned(), vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_shapes_are_not_guessed() {
        let cases = [
            "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).all(e, e >= 0)",
            "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).all(e, e > 1)",
            "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).all(e, e < 2)",
            "images.containers.map(i, verifyImageSignatures(i, [attestors.a, attestors.b])).all(e, e == 1)",
            "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).exists(e, e > 0)",
            "images.containers.map(i, verifyImageSignatures(j, [attestors.a])).all(e, e > 0)",
            "images.containers.map(i, verifyImageSignatures(i, [])).all(e, e > 0)",
            "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).all(e, f > 0)",
            "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).all(e, e)",
            "images.bar.map(i, verifyImageSignatures(i, [attestors.a])).all(e, e > 0)",
            "images.containers.map(i, extractPayload(i, attestations.x).bomFormat == 'x').all(e, e)",
            "images.containers.map(i, extractPayload(i, attestations.x).predicate.a == extractPayload(i, attestations.x).predicate.b).all(e, e)",
            "images.containers.map(i, extractPayload(i, attestations.x).predicate.a == '{{ request.x }}').all(e, e > 0)",
            "images.containers.map(i, extractPayload(i, attestations.x).predicate.a.matches('{{ y }}')).all(e, e)",
            "images.containers.map(i, i.contains('@sha256:')).all(e, e)",
            "images.containers.map(i, verifyImageSignatures(i, [attestors.a])).all(e, e > 0) || true",
            "false",
            "variables.x == 'y'",
        ];
        for text in cases {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
