use serde_json::json;

use super::*;

fn small() -> Value {
    json!({
        "schema_version": 1,
        "id": "small",
        "name": "Small",
        "languages": ["en"],
        "start": "hello",
        "blocks": [
            {"id": "hello", "type": "say", "params": {"prompt": {"en": "Hello."}}, "edges": {"next": "bye"}},
            {"id": "bye", "type": "end", "params": {"outcome": "resolved"}},
        ],
    })
}

/// The findings of the small flow after a change, as `code place`.
fn after(change: impl FnOnce(&mut Value)) -> Vec<(String, String, String)> {
    let mut document = small();
    change(&mut document);
    parse(&document.to_string()).map(|_| Vec::new()).unwrap_or_else(|findings| {
        findings.into_iter().map(|f| (format!("{} {}", f.code, f.place), f.message, f.fix)).collect()
    })
}

#[test]
fn a_well_formed_document_is_read() {
    let flow = parse(&small().to_string()).expect("it is well formed");
    assert_eq!(flow.blocks.len(), 2);
    assert_eq!(flow.default_language(), Language::English);
}

#[test]
fn an_unknown_block_type_suggests_the_nearest() {
    let findings = after(|d| d["blocks"][0]["type"] = json!("sya"));
    assert_eq!(findings[0].0, "unknown_block_type /blocks/0/type");
    assert_eq!(findings[0].2, "Did you mean say?");
}

#[test]
fn each_mistake_names_its_place() {
    type Change = fn(&mut Value);
    let table: [(Change, &str); 14] = [
        (|d| d["blocks"][0]["params"]["promt"] = json!({}), "unknown_field /blocks/0/params/promt"),
        (|d| d["blocks"][0]["params"]["prompt"] = json!("Hello."), "wrong_type /blocks/0/params/prompt"),
        (|d| d["blocks"][0]["params"]["prompt"] = json!({"en": 3}), "wrong_type /blocks/0/params/prompt/en"),
        (
            |d| d["blocks"][0]["params"]["prompt"] = json!({"fr": "Bonjour"}),
            "unknown_language /blocks/0/params/prompt/fr",
        ),
        (|d| d["blocks"][0]["params"] = json!({}), "missing_field /blocks/0/params"),
        (|d| d["blocks"][0]["edges"]["next"] = json!(7), "wrong_type /blocks/0/edges"),
        (|d| d["blocks"][1]["params"]["outcome"] = json!("great"), "wrong_type /blocks/1/params/outcome"),
        (|d| d["blocks"][1]["id"] = json!(null), "wrong_type /blocks/1/id"),
        (|d| d["languages"] = json!(["klingon"]), "unknown_language /languages/0"),
        (|d| d["languages"] = json!([]), "wrong_type /languages"),
        (|d| d["strat"] = json!("hello"), "unknown_field /strat"),
        (|d| d["queues"] = json!([{"id": "a"}]), "missing_field /queues/0"),
        (|d| d["intents"] = json!([{"name": "a", "examples": {"en": "x"}}]), "wrong_type /intents/0"),
        (|d| d["schema_version"] = json!(2), "schema_version /schema_version"),
    ];
    for (change, expected) in table {
        let findings = after(change);
        assert!(findings.iter().any(|f| f.0 == expected), "{expected}: {findings:?}");
        assert!(findings.iter().all(|f| !f.1.is_empty() && !f.2.is_empty()));
    }
}

#[test]
fn all_mistakes_come_at_once() {
    let findings = after(|d| {
        d["blocks"][0]["type"] = json!("speak");
        d["blocks"][1]["params"]["outcome"] = json!(3);
        d["extra"] = json!(1);
    });
    assert_eq!(findings.len(), 3, "{findings:?}");
}

#[test]
fn a_finding_in_a_block_names_the_block() {
    let mut document = small();
    document["blocks"][0]["type"] = json!("speak");
    let findings = parse(&document.to_string()).expect_err("there is no such type");
    assert_eq!(findings[0].block.as_deref(), Some("hello"));
}

#[test]
fn text_that_is_no_json_tells_line_and_column() {
    let findings = parse("{\n  \"id\": ,\n}").expect_err("it is no JSON");
    assert_eq!(findings[0].place, "line 2, column 9");
}

#[test]
fn the_canonical_form_does_not_depend_on_the_order_of_writing() {
    let flow = parse(&small().to_string()).expect("it is well formed");
    let mut turned = small();
    turned["blocks"].as_array_mut().expect("blocks").reverse();
    let turned = parse(&turned.to_string()).expect("it is well formed");
    assert_eq!(flow.to_json(), turned.to_json());
    let again = parse(&flow.to_json()).expect("the canonical form is well formed");
    assert_eq!(again.to_json(), flow.to_json());
}

#[test]
fn the_examples_of_the_registry_have_the_form_they_declare() {
    for spec in registry::blocks() {
        for field in spec.fields {
            for json in [Some(field.example), field.default].into_iter().flatten() {
                let value: Value =
                    serde_json::from_str(json).unwrap_or_else(|error| panic!("{}.{}: {error}", spec.name, field.name));
                let mut reader = Reader::default();
                reader.fields(&[*field], &Map::from_iter([(field.name.to_owned(), value)]), "", spec.name);
                assert_eq!(reader.findings, [], "{}.{}", spec.name, field.name);
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    #[test]
    fn no_damage_to_a_document_panics(cut in 0usize..400, insert in "[\\[\\]{}\",:a-z0-9]{0,4}") {
        let mut text = small().to_string();
        let at = cut.min(text.len());
        text.insert_str(at, &insert);
        let _ = parse(&text);
        let _ = parse(&text[..at]);
    }
}
