//! Training data of other programs: every real export imports, and whatever does not map is named. The exports lie in
//! `../shared/nlu-formats` beside the project, or in `HOTLINE_SHARED`.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use intent::Language;
use intent::format::{Finding, FormatError, Import, Kind, Severity, ValueKind, read, read_files};

/// The folder of exports, or `None` with a line that says so.
fn exports() -> Option<PathBuf> {
    let root = std::env::var_os("HOTLINE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let path = root.join("nlu-formats");
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} is not there", path.display());
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists").map(|entry| entry.expect("it can be read").path()) {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else if entry.file_name().is_some_and(|name| name != "README.md") {
            found.push(entry);
        }
    }
    found.sort();
    found
}

fn import(path: &Path) -> Result<Import, FormatError> {
    let name = path.file_name().expect("a file").to_string_lossy();
    read(&name, &fs::read(path).expect("it can be read"))
}

fn examples(import: &Import) -> usize {
    import.content.training.intents.iter().map(|def| def.examples.len()).sum()
}

/// Findings say what, where and why.
fn assert_precise(finding: &Finding) {
    assert!(!finding.item.is_empty() && finding.message.len() > 8, "{finding}");
    assert!(!finding.place.file.is_empty(), "{finding}");
    let whole_file =
        matches!(finding.kind, Kind::Encoding | Kind::UnknownFile | Kind::Language) || finding.item == "the report";
    assert!(whole_file || finding.place.line.is_some() || finding.place.path.is_some(), "{finding}");
    assert!(finding.severity != Severity::Error || !finding.advice.is_empty(), "{finding}");
}

#[test]
fn every_export_imports() {
    let Some(folder) = exports() else { return };
    let paths = files(&folder);
    assert!(paths.len() > 40, "{}", paths.len());
    for path in paths {
        let import = import(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        import.report.iter().for_each(assert_precise);
        let content = &import.content;
        let taken = examples(&import)
            + content.training.out_of_scope.len()
            + content.answers.len()
            + content.training.intents.len();
        assert!(taken > 0 || !import.report.is_empty(), "{}: nothing came of it", path.display());
        for annotated in &content.annotated {
            for entity in &annotated.entities {
                assert!(
                    annotated.text.get(entity.span.clone()).is_some_and(|words| !words.is_empty()),
                    "{annotated:?}"
                );
            }
        }
        println!(
            "{}: {} intents, {} examples, {} out of scope, {} marked, {} lists, {} patterns, {} slots, {} answers; {} errors, {} warnings, {} notes",
            path.strip_prefix(&folder).unwrap_or(&path).display(),
            content.training.intents.len(),
            examples(&import),
            content.training.out_of_scope.len(),
            content.annotated.len(),
            content.lists.len(),
            content.patterns.len(),
            content.slots.len(),
            content.answers.len(),
            import.of(Severity::Error).count(),
            import.of(Severity::Warning).count(),
            import.of(Severity::Note).count(),
        );
        if std::env::var_os("SHOW").is_some() {
            import.report.iter().for_each(|finding| println!("    {finding}"));
        }
    }
}

#[test]
fn what_the_exports_hold_is_counted() {
    let Some(folder) = exports() else { return };
    // Intents (fallbacks not counted) and phrases as the exports' own description counts them.
    for (file, intents, fallbacks, phrases) in [
        ("rasa/financial-demo/nlu.yml", 17, 1, None),
        ("rasa/helpdesk-assistant/nlu.yml", 14, 1, None),
        ("rasa/responseselectorbot/nlu.yml", 9, 0, None),
        ("rasa/role-examples/composite-entities.md", 6, 0, None),
        ("rasa/rasa_ch_faq-zh/nlu.yml", 16, 0, None),
        ("rasa/rasa_ch_faq-zh/rasa_faq.yml", 27, 0, None),
        ("dialogflow/iosched.zip", 51, 2, Some(404)),
        ("dialogflow/facts-about-google.zip", 8, 1, Some(44)),
        ("dialogflow/salesforce-virtual-agent-external.zip", 8, 1, Some(129)),
        ("dialogflow/salesforce-virtual-agent-internal.zip", 17, 2, Some(292)),
        ("dialogflow/covid-faq-usa-ama.zip", 27, 0, Some(264)),
        ("lex/InternationalPlan-v1.json", 3, 0, Some(17)),
        ("lex/CustomerAirlineSupport-v2.zip", 2, 1, Some(21)),
    ] {
        let import = import(&folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let training = &import.content.training;
        let rejected = import.report.iter().filter(|finding| finding.kind == Kind::OutOfScope).count();
        assert_eq!((training.intents.len() + rejected, rejected), (intents, fallbacks), "{file}");
        // A phrase is taken, or it is named: twice in its intent, or too long, or empty.
        let named = |finding: &&Finding| {
            finding.kind == Kind::RepeatedExample
                || finding.message.contains("example") && finding.message.contains("left out")
        };
        let named = import.report.iter().filter(named).count();
        if let Some(phrases) = phrases {
            assert_eq!(examples(&import) + training.out_of_scope.len() + named, phrases, "{file}");
        }
    }
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("in memory");
        writer.write_all(text.as_bytes()).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

fn texts(import: &Import, intent: &str) -> Vec<String> {
    let found = import.content.training.intents.iter().find(|def| def.name == intent);
    found.map_or(Vec::new(), |def| def.examples.iter().map(|example| example.text.clone()).collect())
}

/// Whether a finding about this item, at this place, says this.
fn finds(import: &Import, severity: Severity, item: &str, place: &str, message: &str) -> bool {
    import.report.iter().any(|finding| {
        finding.severity == severity
            && finding.item.contains(item)
            && finding.place.to_string().contains(place)
            && finding.message.contains(message)
    })
}

fn assert_finds(import: &Import, findings: &[(Severity, &str, &str, &str)]) {
    for (severity, item, place, message) in findings {
        let all: Vec<_> = import.report.iter().map(ToString::to_string).collect();
        assert!(finds(import, *severity, item, place, message), "{item} {place} {message}: {all:#?}");
    }
}

const ERROR: Severity = Severity::Error;
const WARNING: Severity = Severity::Warning;
const NOTE: Severity = Severity::Note;

#[test]
fn a_folder_of_rasa_is_read_as_one() {
    let Some(folder) = exports() else { return };
    let paths = files(&folder.join("rasa/rasa_ch_faq-zh"));
    let read: Vec<_> =
        paths.iter().map(|path| (path.to_string_lossy(), fs::read(path).expect("it can be read"))).collect();
    let read: Vec<_> = read.iter().map(|(name, bytes)| (name.as_ref(), bytes.as_slice())).collect();
    let import = read_files(&read).expect("Rasa");
    assert_eq!(import.content.training.intents.len(), 16 + 27, "the domain's are the same ones");
    let answered: Vec<_> = import.content.answers.iter().filter_map(|answer| answer.intent.as_deref()).collect();
    let faq = answered.iter().filter(|intent| intent.starts_with("rasa_faq/")).count();
    assert_eq!(faq, 27);
    assert!(answered.contains(&"bot_challenge"), "{answered:?}");
}

#[test]
fn every_part_of_rasa_maps_or_is_named() {
    let nlu = r#"version: "3.1"
nlu:
- intent: order_status
  examples: |
    - where is my order
    - to [Berlin]{"entity": "city", "role": "to"} from [NYC](city)
    - where is my order
    no dash here
    # a remark
- intent: refund+complain
  examples:
  - text: |
      give me my money back
    metadata:
      sentiment: angry
      language: en
  - nothing: here
- intent: out_of_scope
  examples: |
    - sing me a song
- intent: nobody
- examples: |
    - lost
- synonym: New York
  examples: |
    - NYC
    - big apple
- lookup: city
  examples: |
    - Berlin
    - NYC
- regex: order_id
  examples: |
    - \\d{6}
- intent: faq/price
  examples: |
    - Where is my order?
responses:
  utter_faq/price:
  - text: Five euros.
    image: a.png
  utter_hello:
  - text: Hello!
"#
    .replace("\\\\", "\\");
    let rules = "rules:\n- rule: hi\n  steps:\n  - intent: greet\n  - action: utter_hello\nintents:\n- greet\n- faq\n- nlu_fallback\n";
    let import = read_files(&[("nlu.yml", nlu.as_bytes()), ("rules.yml", rules.as_bytes()), ("a.png", b"\x89PNG\0")])
        .expect("Rasa");
    assert_eq!(texts(&import, "order_status"), ["where is my order", "to Berlin from NYC", "no dash here"]);
    assert_eq!(texts(&import, "refund+complain"), ["give me my money back"]);
    assert_eq!(import.content.training.out_of_scope[0].text, "sing me a song");
    let entities = import.content.entities(Some("order_status"), "to Berlin from NYC");
    assert_eq!((entities[0].role.as_deref(), entities[0].span.clone()), (Some("to"), 3..9));
    assert_eq!((entities[1].slot.as_str(), entities[1].value.as_str()), ("city", "New York"));
    let city = &import.content.lists[0];
    let values: Vec<_> = city.entries.iter().map(|entry| (entry.value.as_str(), entry.synonyms.len())).collect();
    assert_eq!((city.name.as_str(), values), ("city", vec![("Berlin", 0), ("New York", 2)]));
    assert_eq!(import.content.patterns[0].regex, r"\d{6}");
    let answers: Vec<_> = import.content.answers.iter().map(|answer| answer.intent.as_deref()).collect();
    assert_eq!(answers, [Some("faq/price"), Some("greet")]);
    assert_finds(
        &import,
        &[
            (NOTE, "intent order_status", "nlu.yml, line 7", "stands in nlu.yml, line 5 already"),
            (WARNING, "intent order_status", "line 8", "does not begin with"),
            (NOTE, "intent order_status", "line 9", "taken for a remark"),
            (WARNING, "intent refund+complain", "line 10", "several intents at once"),
            (NOTE, "intent refund+complain", "line 15", "sentiment"),
            (ERROR, "intent refund+complain", "line 17", "has no text"),
            (NOTE, "intent out_of_scope", "line 18", "out-of-scope"),
            (WARNING, "intent nobody", "line 21", "has no example"),
            (ERROR, "an item of nlu", "line 22", "neither an intent"),
            (WARNING, "intent faq/price", "line 37", "is also an example of intent order_status (nlu.yml, line 5, as"),
            (NOTE, "response utter_faq/price", "line 40", "image"),
            (NOTE, "rules", "rules.yml, line 1", "1 rules were not taken"),
            (WARNING, "intent greet", "rules.yml, line 7", "has no example"),
            (NOTE, "intent nlu_fallback", "rules.yml, line 9", "one of Rasa's own"),
            (ERROR, "the file", "a.png", "not a text"),
        ],
    );
    assert!(!import.report.iter().any(|finding| finding.item == "intent faq"), "faq stands for faq/price");
}

#[test]
fn nothing_of_dialogflow_is_lost_in_silence() {
    let intent = r#"{"id": "1", "name": "Order status", "contexts": ["in_shop"], "events": [{"name": "START"}], "webhookUsed": true,
        "priority": 750000, "fallbackIntent": false, "newThing": {"x": 1}, "responses": [{"action": "go", "affectedContexts":
        [{"name": "later"}], "parameters": [{"name": "when", "dataType": "@sys.date", "required": true, "value": "$when", "prompts":
        [{"lang": "en", "value": "Which day?"}]}, {"name": "what", "dataType": "@thing", "value": "$what"}, {"name": "odd", "dataType":
        "@sys.color", "value": "red"}], "messages": [{"type": 0, "lang": "en", "speech": ["It is on its way.", "Soon."]},
        {"type": 4, "payload": {"a": 1}}, {"type": 0, "lang": "de", "speech": "Bald."}]}]}"#;
    let english = r#"[{"data": [{"text": " where is my "}, {"text": "parcel", "alias": "what", "meta": "@thing"}]},
        {"data": [{"text": "order "}, {"text": "please", "meta": "@sys.ignore"}]}, {"isTemplate": true, "data": [{"text": "ship it @sys.date:when"}]},
        {"data": [{"text": ""}]}]"#;
    let files = [
        ("agent.json", r#"{"language": "en", "webhook": {"available": true, "url": "https://x"}}"#),
        ("package.json", r#"{"version": "1.0.0"}"#),
        ("intents/Order status.json", intent),
        ("intents/Order status_usersays_en.json", english),
        ("intents/Order status_usersays_zh-cn.json", r#"[{"data": [{"text": "包裹到哪了"}]}]"#),
        ("intents/Order status_usersays_fr.json", r#"[{"data": [{"text": "mon colis"}]}]"#),
        ("intents/None.json", r#"{"name": "None of it", "fallbackIntent": true, "responses": []}"#),
        ("intents/None_usersays_en.json", r#"[{"data": [{"text": "sing a song"}]}]"#),
        ("intents/broken.json", "{"),
        ("entities/thing.json", r#"{"name": "thing", "isEnum": false, "automatedExpansion": true}"#),
        (
            "entities/thing_entries_en.json",
            r#"[{"value": "package", "synonyms": ["package", "parcel"]}, {"value": "@sys.color box", "synonyms": []}]"#,
        ),
        ("entities/id.json", r#"{"name": "id", "isRegexp": true}"#),
        ("entities/id_entries_en.json", r#"[{"value": "[A-Z]{2}\\d+", "synonyms": []}]"#),
        ("smalltalk.json", r#"{"hello": "there"}"#),
    ];
    let import = read("agent.zip", &archive(&files)).expect("an agent");
    assert_eq!(texts(&import, "Order status"), ["where is my parcel", "order please", "ship it when", "包裹到哪了"]);
    let training = &import.content.training;
    assert_eq!((training.intents.len(), training.out_of_scope[0].text.as_str()), (1, "sing a song"));
    assert_eq!(training.intents[0].examples[3].language, Language::Chinese);
    let entity = &import.content.entities(Some("Order status"), "where is my parcel")[0];
    assert_eq!((entity.slot.as_str(), entity.value.as_str(), entity.span.clone()), ("what", "package", 12..18));
    let kinds: Vec<_> = import.content.slots.iter().map(|slot| slot.kind).collect();
    assert_eq!(kinds, [ValueKind::Date, ValueKind::List, ValueKind::Other]);
    assert_eq!(import.content.slots[0].prompts[0].text, "Which day?");
    assert_eq!(import.content.answers[0].texts.len(), 2);
    assert!(import.content.lists[0].open);
    assert_eq!(import.content.patterns[0].regex, r"[A-Z]{2}\d+");
    let file = "intents/Order status.json, ";
    assert_finds(
        &import,
        &[
            (WARNING, "intent Order status", &format!("{file}$.contexts"), "in_shop"),
            (NOTE, "intent Order status", &format!("{file}$.events"), "START"),
            (NOTE, "intent Order status", &format!("{file}$.webhookUsed"), "webhook"),
            (NOTE, "intent Order status", &format!("{file}$.priority"), "750000"),
            (NOTE, "intent Order status", &format!("{file}$"), "newThing"),
            (NOTE, "intent Order status", &format!("{file}$.responses[0]"), "action"),
            (NOTE, "intent Order status", &format!("{file}$.responses[0].affectedContexts"), "later"),
            (WARNING, "intent Order status", &format!("{file}$.responses[0].parameters[2]"), "@sys.color"),
            (NOTE, "intent Order status", &format!("{file}$.responses[0].parameters[2]"), "value"),
            (NOTE, "intent Order status", &format!("{file}$.responses[0].messages[1]"), "payload"),
            (WARNING, "intent Order status", &format!("{file}$.responses[0].messages[2]"), "in de"),
            (WARNING, "intent Order status", "usersays_en.json, $[2]", "template"),
            (NOTE, "intent Order status", "usersays_en.json, $[3]", "without words"),
            (ERROR, "intent Order status", "usersays_fr.json", "1 phrases in fr"),
            (NOTE, "intent None of it", "intents/None.json", "out-of-scope"),
            (ERROR, "the file", "intents/broken.json, line 1", "not valid JSON"),
            (ERROR, "list thing", "entities/thing_entries_en.json, $[1]", "made of other types"),
            (WARNING, "the file", "smalltalk.json", "no part of an agent"),
            (NOTE, "settings", "agent.json, $", "webhook"),
        ],
    );
}

#[test]
fn both_versions_of_lex_map_or_are_named() {
    let v1 = r#"{"metadata": {"importType": "LEX"}, "resource": {"name": "Shop", "locale": "en-US", "intents": [{"name": "Order",
        "sampleUtterances": ["order {what}", "on {when}", "a {ghost}"], "slots": [{"name": "what", "slotType": "Thing", "slotConstraint":
        "Required", "valueElicitationPrompt": {"messages": [{"contentType": "PlainText", "content": "What?"}, {"contentType": "SSML", "content":
        "<speak/>"}]}}, {"name": "when", "slotType": "AMAZON.DATE", "slotConstraint": "Optional", "sampleUtterances": ["for {when}"]}],
        "fulfillmentActivity": {"type": "ReturnIntent"}}, {"name": "Stop", "parentIntentSignature": "AMAZON.StopIntent", "sampleUtterances": []}],
        "slotTypes": [{"name": "Thing", "enumerationValues": [{"value": "bike", "synonyms": ["bicycle"]}], "valueSelectionStrategy":
        "ORIGINAL_VALUE"}]}}"#;
    let zipped = archive(&[("Shop_1_LEX.json", v1)]);
    for bytes in [v1.as_bytes(), &zipped] {
        let import = read("shop", bytes).expect("Lex V1");
        assert_eq!(texts(&import, "Order"), ["order bike", "on next Friday", "a ghost"]);
        assert_eq!(import.content.entities(Some("Order"), "order bike")[0].value, "bike");
        assert!(import.content.lists[0].open);
        let kinds: Vec<_> = import.content.slots.iter().map(|slot| (slot.kind, slot.required)).collect();
        assert_eq!(kinds, [(ValueKind::List, true), (ValueKind::Date, false)]);
        assert_finds(
            &import,
            &[
                (NOTE, "intent Order", "$.resource.intents[0].sampleUtterances[0]", "stand in"),
                (WARNING, "intent Order", "$.resource.intents[0].sampleUtterances[2]", "{ghost}"),
                (NOTE, "intent Order", "$.resource.intents[0].slots[0].valueElicitationPrompt.messages[1]", "SSML"),
                (NOTE, "intent Order", "$.resource.intents[0].slots[1]", "sample answers"),
                (NOTE, "intent Order", "$.resource.intents[0]", "fulfillmentActivity"),
                (WARNING, "intent Stop", "$.resource.intents[1]", "AMAZON.StopIntent"),
                (WARNING, "intent Stop", "$.resource.intents[1]", "no example"),
            ],
        );
    }
    let utterance = |words: &str| format!(r#"{{"name": "Order", "sampleUtterances": [{{"utterance": "{words}"}}]}}"#);
    let (english, chinese, french) = (utterance("order {what}"), utterance("我要{what}"), utterance("je veux"));
    let slot = r#"{"name": "what", "slotTypeName": "Thing", "valueElicitationSetting": {"slotConstraint": "Required", "promptSpecification":
        {"messageGroupsList": [{"message": {"plainTextMessage": {"value": "What?"}}}]}}, "multipleValuesSetting": {"allowMultipleValues": true}}"#;
    let thing = r#"{"name": "Thing", "slotTypeValues": [{"sampleValue": {"value": "bike"}, "synonyms": [{"value": "bicycle"}]}],
        "valueSelectionSetting": {"resolutionStrategy": "TOP_RESOLUTION"}}"#;
    let import = read(
        "shop.zip",
        &archive(&[
            ("Manifest.json", "{}"),
            ("Shop/Bot.json", "{}"),
            ("Shop/BotLocales/en_US/Intents/Order/Intent.json", &english),
            ("Shop/BotLocales/en_US/Intents/Order/Slots/what/Slot.json", slot),
            ("Shop/BotLocales/en_US/SlotTypes/Thing/SlotType.json", thing),
            ("Shop/BotLocales/zh_CN/Intents/Order/Intent.json", &chinese),
            ("Shop/BotLocales/zh_CN/Intents/Order/Slots/what/Slot.json", slot),
            ("Shop/BotLocales/fr_FR/Intents/Order/Intent.json", &french),
            ("Shop/BotLocales/en_US/CustomVocabulary/CustomVocabulary.json", r#"{"a": 1}"#),
        ]),
    )
    .expect("Lex V2");
    assert_eq!(texts(&import, "Order"), ["order bike", "我要bike"]);
    assert_eq!(import.content.training.intents[0].examples[1].language, Language::Chinese);
    assert!(import.content.slots[0].many && import.content.slots[0].required);
    assert_finds(
        &import,
        &[
            (ERROR, "locale fr_FR", "fr_FR/Intents/Order/Intent.json", "left out"),
            (NOTE, "the file", "CustomVocabulary.json", "not taken"),
        ],
    );
}

#[test]
fn tables_and_lines_are_read_as_people_write_them() {
    for (name, text) in [
        ("a.csv", "text,intent,lang\nwhere is it,order,en\n\"give, it \"\"back\"\"\",refund,\n"),
        ("a.csv", "Intent;Language;Utterance\r\norder;en-GB;where is it\r\nrefund;;\"give, it \"\"back\"\"\"\r\n"),
        ("a.tsv", "label\ttext\norder\twhere is it\nrefund\tgive, it \"back\"\n"),
        ("a.txt", "意图|例句\norder|where is it\nrefund|\"give, it \"\"back\"\"\"\n"),
        ("a", "where is it,order\n\"give, it \"\"back\"\"\",refund\n"),
        (
            "a.jsonl",
            "{\"text\": \"where is it\", \"intent\": \"order\", \"lang\": \"en\"}\n\n{\"utterance\": \"give, it \\\"back\\\"\", \"label\": \"refund\"}\n",
        ),
        (
            "a.json",
            "[{\"text\": \"where is it\", \"intent\": \"order\"}, {\"text\": \"give, it \\\"back\\\"\", \"intent\": \"refund\"}]",
        ),
    ] {
        let import = read(name, text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(texts(&import, "order"), ["where is it"], "{text}");
        assert_eq!(texts(&import, "refund"), ["give, it \"back\""], "{text}");
    }
    let import = read(
        "b.csv",
        "text,intent,lang,note\nhi,greet,en,x\nhola,greet,es,\nlost,,,\nwhat,oos,,\n,empty,,\n".as_bytes(),
    )
    .expect("CSV");
    assert_eq!(import.content.training.out_of_scope.len(), 1);
    assert_finds(
        &import,
        &[
            (NOTE, "columns", "b.csv, line 1", "note not taken"),
            (ERROR, "a row", "line 3", "is in es"),
            (ERROR, "a row", "line 4", "has no intent"),
            (WARNING, "intent empty", "line 6", "no example"),
        ],
    );
    let lines = "{\"text\": 5, \"intent\": \"a\"}\nnot json\n{\"text\": \"hi\"}\n[1]\n{\"text\": \"hi\", \"intent\": \"a\", \"entities\": [{\"slot\": \"x\", \"start\": 1, \"end\": 9}], \"id\": 7}\n";
    let import = read("b.jsonl", lines.as_bytes()).expect("JSON Lines");
    assert_finds(
        &import,
        &[
            (ERROR, "a line", "b.jsonl, line 1", "not a text"),
            (ERROR, "a line", "line 2", "is not JSON"),
            (ERROR, "a line", "line 3", "has no intent"),
            (ERROR, "a line", "line 4", "is no object"),
            (WARNING, "intent a", "line 5", "cannot be placed"),
            (NOTE, "field id", "b.jsonl", "1 lines"),
        ],
    );
}

#[test]
fn what_is_no_training_data_is_refused_with_a_reason() {
    let cx = archive(&[("agent.json", "{}"), ("flows/a/a.json", "{}"), ("intents/a/trainingPhrases/en.json", "{}")]);
    let nothing = archive(&[]);
    for (name, bytes, reason) in [
        ("a.csv", &b""[..], "is empty"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0", "not a text"),
        ("a.csv", b"name,age\nAnna,5\n", "names no column"),
        ("a.yml", b"services:\n  web: 1\n", "none of Rasa's keys"),
        ("a.yml", b"nlu:\n- intent: [\n", "not valid YAML"),
        ("a.json", b"{\"a\": ", "not valid JSON"),
        ("a.json", b"{\"a\": 1}", "neither an export"),
        ("a.json", b"{\"rasa_nlu_data\": {}}", "rasa data convert"),
        ("a.txt", b"just a sentence", "no format is recognised"),
        ("a.zip", b"PK\x03\x04 and nothing more", "damaged"),
        ("a.zip", &nothing, "no file in it"),
        ("a.zip", &cx, "Dialogflow CX"),
    ] {
        let error = read(name, bytes).expect_err(reason).to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

#[test]
fn a_file_in_another_encoding_is_read_and_said() {
    let text = "text,intent\n我的订单到哪里了，帮我查一下,order\n我要退款，钱什么时候到账,refund\n";
    let bytes = encoding_rs::GB18030.encode(text).0;
    let import = read("a.csv", &bytes).expect("CSV");
    assert_eq!(texts(&import, "refund"), ["我要退款，钱什么时候到账"]);
    assert_finds(&import, &[(WARNING, "the file", "a.csv", "seems to be gb18030")]);
}
