//! Flows to begin from. Each is a document like any other, with its tests beside it in the source.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A flow to begin from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Template {
    /// Its id, which is also its file.
    pub id: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Chinese.
    pub name_zh: String,
    /// What it does, in English.
    pub help_en: String,
    /// What it does, in Chinese.
    pub help_zh: String,
    /// The flow.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    pub document: Value,
}

const INDEX: &str = include_str!("templates/index.json");
const DOCUMENTS: [(&str, &str); 6] = [
    ("order-status", include_str!("templates/order-status.json")),
    ("appointment", include_str!("templates/appointment.json")),
    ("outage-notice", include_str!("templates/outage-notice.json")),
    ("after-hours", include_str!("templates/after-hours.json")),
    ("survey", include_str!("templates/survey.json")),
    ("bilingual-reception", include_str!("templates/bilingual-reception.json")),
];

/// All of them, in the order in which they are offered.
pub fn templates() -> &'static [Template] {
    static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| {
        let mut templates: Vec<Template> = serde_json::from_str(INDEX).unwrap_or_default();
        for template in &mut templates {
            let text = DOCUMENTS.iter().find(|(id, _)| *id == template.id).map_or("null", |(_, text)| text);
            template.document = serde_json::from_str(text).unwrap_or_default();
        }
        templates
    });
    &TEMPLATES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use flow::scenario::Scenarios;
    use flow::{Severity, validate};

    use super::{DOCUMENTS, templates};

    const TESTS: [(&str, &str); 6] = [
        ("order-status", include_str!("templates/order-status.test.yaml")),
        ("appointment", include_str!("templates/appointment.test.yaml")),
        ("outage-notice", include_str!("templates/outage-notice.test.yaml")),
        ("after-hours", include_str!("templates/after-hours.test.yaml")),
        ("survey", include_str!("templates/survey.test.yaml")),
        ("bilingual-reception", include_str!("templates/bilingual-reception.test.yaml")),
    ];

    #[test]
    fn every_template_can_be_published_and_passes_its_tests() {
        assert_eq!(templates().len(), DOCUMENTS.len());
        for template in templates() {
            let flow =
                flow::parse(&template.document.to_string()).unwrap_or_else(|f| panic!("{}: {f:#?}", template.id));
            let errors: Vec<_> = validate(&flow).into_iter().filter(|f| f.severity == Severity::Error).collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", template.id);
            let model = match flow.intents.is_empty() {
                true => intent::Model::empty(),
                false => intent::train(&flow.training_set(), 1).expect("its intents can be trained"),
            };
            let (flow, model) = (Arc::new(flow), Arc::new(model));
            let (_, tests) = TESTS.iter().find(|(id, _)| *id == template.id).expect("it has tests");
            let tests = Scenarios::read(tests).expect("its tests can be read").tests;
            assert!(tests.len() >= 3, "{} has {} tests", template.id, tests.len());
            for test in tests {
                let played = test.run(&flow, &model, &BTreeMap::new());
                assert!(
                    played.failures.is_empty(),
                    "{}: {}: {:#?}\n{:#?}",
                    template.id,
                    test.name,
                    played.failures,
                    played.steps
                );
            }
        }
    }
}
