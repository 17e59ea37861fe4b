//! Values that another program wants to be found in a text: which, and what was found.

use intent::entity::{self, Entity, Kind, Region, SlotSpec};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult};
use crate::understand::Draft;

/// So many at once; a form has less.
const MOST: usize = 32;

/// What kind of value is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedKind {
    /// A plain number.
    Number,
    /// A number with or without a unit of measure.
    Quantity,
    /// An amount of money.
    Money,
    /// A day, or days from one to another.
    Date,
    /// A time of day, or a range of them.
    Time,
    /// A day and a time together.
    DateTime,
    /// A length of time.
    Duration,
    /// A telephone number.
    Phone,
    /// A string of digits, of `least` to `most`.
    Digits,
    /// An id of letters and digits in a `form`.
    Code,
    /// Yes or no.
    YesNo,
    /// One of a published `list`.
    List,
    /// The name of a person.
    Name,
}

/// A value that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedSlot {
    /// What to call it in the answer.
    name: String,
    /// What it is.
    kind: WantedKind,
    /// For `list`: which of the lists that are edited under Understanding.
    list: Option<String>,
    /// For `code`: A is a letter, 9 a digit, * either; what stands in brackets at the end may be left out.
    form: Option<String>,
    /// For `digits`: at least so many.
    least: Option<usize>,
    /// For `digits`: at most so many.
    most: Option<usize>,
    /// For `date`: whether it lies in the past.
    #[serde(default)]
    past: bool,
    /// Words that stand with it ("nights", "arriving"); they tell two slots of one kind apart.
    #[serde(default)]
    words: Vec<String>,
}

/// A value that was found.
#[derive(Serialize, ToSchema)]
pub struct FoundValue {
    /// The slot that it fills.
    slot: String,
    /// The value with its `type`: dates and times by ISO 8601, amounts as decimal strings, telephone numbers with + and country code.
    #[schema(value_type = Object)]
    value: entity::Value,
    /// What else it may be, likelier ones first; empty when it is clear.
    #[schema(value_type = Vec<Object>)]
    others: Vec<entity::Value>,
    /// The words that say it.
    text: String,
    /// How surely they mean this, 0 to 1.
    confidence: f32,
}

/// Where and when something was said, as far as it is told.
#[derive(Clone, Copy, Default)]
pub struct Told<'a> {
    /// A time zone (IANA).
    pub zone: Option<&'a str>,
    /// A country (ISO 3166).
    pub country: Option<&'a str>,
}

impl Told<'_> {
    /// The moment and the place. Without a zone that of the system, without a country that of most who speak the language.
    pub fn context(self, language: intent::Language) -> ApiResult<entity::Context> {
        let zone = match self.zone {
            None => TimeZone::system(),
            Some(name) => TimeZone::get(name).map_err(|_| {
                ApiError::invalid(format!(
                    "`zone` is `{name}`, which this system does not know; write one like Europe/London."
                ))
            })?,
        };
        let region = match self.country {
            None if language == intent::Language::Chinese => Region::CHINA,
            None => Region::UNITED_STATES,
            Some(code) => code.parse().map_err(|_| {
                ApiError::invalid(format!("`country` is `{code}`; write the two letters of ISO 3166, like GB."))
            })?,
        };
        Ok(entity::Context { now: jiff::Timestamp::now().to_zoned(zone), region })
    }
}

/// The slots as the engine looks for them.
pub fn specs(wanted: &[WantedSlot], published: &Draft) -> ApiResult<Vec<SlotSpec>> {
    if wanted.len() > MOST {
        return Err(ApiError::invalid(format!("At most {MOST} values can be asked for at once.")));
    }
    wanted.iter().map(|slot| spec(slot, published)).collect()
}

fn spec(slot: &WantedSlot, published: &Draft) -> ApiResult<SlotSpec> {
    let name = &slot.name;
    let refuse = |words: String| ApiError::invalid(format!("The slot `{name}`: {words}"));
    let kind = match slot.kind {
        WantedKind::Number => Kind::Number,
        WantedKind::Quantity => Kind::Quantity,
        WantedKind::Money => Kind::Money,
        WantedKind::Date => Kind::Date { past: slot.past },
        WantedKind::Time => Kind::Time,
        WantedKind::DateTime => Kind::DateTime,
        WantedKind::Duration => Kind::Duration,
        WantedKind::Phone => Kind::Phone,
        WantedKind::YesNo => Kind::YesNo,
        WantedKind::Name => Kind::Name,
        WantedKind::Digits => {
            let (least, most) = (slot.least.unwrap_or(1), slot.most.unwrap_or(32));
            if least == 0 || least > most || most > 64 {
                return Err(refuse("`least` and `most` are 1 to 64, and `least` is not more than `most`.".into()));
            }
            Kind::Digits { least, most }
        }
        WantedKind::Code => {
            let form = slot.form.as_deref().ok_or_else(|| refuse("a `code` needs its `form`, like AA9999.".into()))?;
            Kind::Code { form: form.parse().map_err(|error| refuse(format!("`form` cannot be used: {error}.")))? }
        }
        WantedKind::List => {
            let list =
                slot.list.as_deref().ok_or_else(|| refuse("a `list` needs the name of one in `list`.".into()))?;
            let found = published.list(list).ok_or_else(|| {
                refuse(format!(
                    "there is no published list `{list}`; add it under Understanding, Entities, and publish."
                ))
            })?;
            Kind::List { items: found.items() }
        }
    };
    Ok(SlotSpec { name: name.clone(), kind, words: slot.words.iter().map(|word| word.trim().to_lowercase()).collect() })
}

impl From<Entity> for FoundValue {
    fn from(entity: Entity) -> Self {
        let Entity { slot, value, others, raw, confidence, .. } = entity;
        Self { slot, value, others, text: raw, confidence }
    }
}
