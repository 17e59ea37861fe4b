//! What a collect block wants (digits, a date, one of a list …) and how words and keys become a value of that kind. Which question
//! was asked, and what follows from the answer, is the business of the [run](crate::run).

use intent::{
    Language,
    entity::{self, Entity, Kind, SlotSpec, Value},
    slot,
};

use crate::{check::CheckDigit, plan::Choice};

/// The kinds of value, by their names in a flow's document.
pub(crate) const KINDS: &[&str] =
    &["digits", "yes_no", "phone", "date", "time", "amount", "number", "quantity", "list", "name", "text"];
/// What a yes is kept as, and a no.
pub(crate) const YES: &str = "yes";
pub(crate) const NO: &str = "no";
/// The fewest and the most digits of a telephone number (ITU-T E.164 allows fifteen).
const PHONE: (usize, usize) = (5, 15);
/// The most digits of a number that is keyed.
const NUMBER: usize = 9;
/// A reading that is less sure is no answer.
const LEAST: f32 = 0.3;
/// Values with fewer digits or letters are always asked for: among other words they are more likely to count something.
const SHORTEST_TOLD: usize = 3;
/// How much a value must be worth that was said before it was asked for.
const TOLD: f32 = 0.55;
/// The same for what many words resemble: numbers, names, the items of a list.
const SURELY_TOLD: f32 = 0.8;

/// What a block collects.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The slot, as the intent engine looks for it.
    pub spec: SlotSpec,
    pub check: CheckDigit,
    /// What there is to choose from, if it is one of a list; the edge of each is its value.
    pub items: Vec<Choice>,
}

impl Wanted {
    /// Whether the value is spelt digit by digit, and may therefore come in groups.
    pub fn is_spelt(&self) -> bool {
        matches!(self.spec.kind, Kind::Digits { .. } | Kind::Code { .. })
    }

    /// How many digits can be keyed; nothing where keys mean nothing.
    pub fn keys(&self) -> Option<(usize, usize)> {
        match &self.spec.kind {
            Kind::Digits { least, most } => Some((*least, *most)),
            Kind::Code { form } => Some((form.shortest(), form.longest())),
            Kind::Phone => Some(PHONE),
            Kind::Number | Kind::Quantity => Some((1, NUMBER)),
            _ => None,
        }
    }

    /// The digits of a text, or letters and digits where a form has them.
    pub fn said(&self, text: &str, language: Language) -> String {
        match self.spec.kind {
            Kind::Code { .. } => slot::characters(text, language),
            _ => slot::digits(text, language),
        }
    }

    /// What was said or keyed before and now as the value, if it can be one.
    pub fn fitted(&self, before: &str, now: &str, context: &entity::Context) -> Option<Value> {
        if now.is_empty() {
            return None;
        }
        let whole = format!("{before}{now}");
        let value = match &self.spec.kind {
            Kind::Code { form } => Value::Code { code: form.fitted(&whole)? },
            Kind::Digits { least, most } => {
                (*least..=*most).contains(&whole.len()).then_some(Value::Digits { digits: whole })?
            }
            Kind::Phone | Kind::Number | Kind::Quantity => {
                let (least, most) = self.keys()?;
                let fits = (least..=most).contains(&whole.len());
                let found = fits.then(|| self.found(&whole, Language::English, context)).flatten();
                found.map(|entity| entity.value)?
            }
            _ => return None,
        };
        self.takes(&value).then_some(value)
    }

    /// The value in an answer to its own question.
    pub fn found(&self, text: &str, language: Language, context: &entity::Context) -> Option<Entity> {
        entity::extract(text, language, std::slice::from_ref(&self.spec), context)
            .into_iter()
            .find(|entity| self.takes(&entity.value) && entity.confidence >= LEAST)
    }

    /// Whether a value is one of the kind: a single day, no days from one to another; a number that passes its check.
    pub fn takes(&self, value: &Value) -> bool {
        match (&self.spec.kind, value) {
            (Kind::Digits { least, most }, Value::Digits { digits }) => {
                (*least..=*most).contains(&digits.len()) && self.check.passes(digits)
            }
            (Kind::Code { form }, Value::Code { code }) => form.fits(code) && self.check.passes(code),
            (Kind::List { items }, Value::Item { id }) => items.iter().any(|item| item.id == *id),
            (Kind::Phone, Value::Phone { .. })
            | (Kind::Date { .. }, Value::Date { .. })
            | (Kind::Time, Value::Time { .. })
            | (Kind::Money, Value::Money { .. })
            | (Kind::Number, Value::Number { .. })
            | (Kind::Quantity, Value::Quantity { .. })
            | (Kind::YesNo, Value::YesNo { .. })
            | (Kind::Name, Value::Name { .. })
            | (Kind::Text, Value::Text { .. }) => true,
            _ => false,
        }
    }

    /// Whether something said among other words, before it was asked for, is surely meant for this.
    pub fn was_told(&self, entity: &Entity) -> bool {
        let least = match (&self.spec.kind, &entity.value) {
            // Said among other words, a yes is a yes to something else.
            (Kind::YesNo | Kind::Text, _) => return false,
            (Kind::Digits { least, .. }, _) if *least < SHORTEST_TOLD => return false,
            (Kind::Code { form }, _) if form.shortest() < SHORTEST_TOLD => return false,
            (Kind::Money, Value::Money { currency: None, .. }) => return false,
            (Kind::Number | Kind::Quantity | Kind::Name | Kind::List { .. }, _) => SURELY_TOLD,
            _ => TOLD,
        };
        entity.confidence >= least && self.takes(&entity.value)
    }

    /// The item that a key chooses.
    pub fn keyed_item(&self, key: char) -> Option<Value> {
        self.items.iter().find(|item| item.key == Some(key)).map(|item| self.item(item))
    }

    /// An item as a value.
    pub fn item(&self, item: &Choice) -> Value {
        match self.spec.kind {
            Kind::YesNo => Value::YesNo { yes: item.edge == YES },
            _ => Value::Item { id: item.edge.clone() },
        }
    }
}
