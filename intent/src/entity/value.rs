//! Values in their canonical forms: dates, times and lengths of time by ISO 8601, money and numbers as decimal strings, telephone numbers
//! with their country code.

use std::fmt;

use jiff::{
    Span, Timestamp, Zoned,
    civil::{Date, DateTime, Time},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A value that was said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Value {
    /// A number.
    Number {
        /// As a decimal string.
        number: Decimal,
        /// "About twenty", 二十来个.
        #[serde(default, skip_serializing_if = "is_false")]
        approximate: bool,
    },
    /// An amount of something.
    Quantity {
        /// As a decimal string.
        amount: Decimal,
        /// The unit's symbol (kg, l, km, %, 斤); absent for things that are counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
        /// "About half a kilo".
        #[serde(default, skip_serializing_if = "is_false")]
        approximate: bool,
    },
    /// An amount of money.
    Money {
        /// As a decimal string, in the currency's main unit.
        amount: Decimal,
        /// The currency's three letters (ISO 4217); absent if none was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        currency: Option<String>,
    },
    /// A day.
    Date {
        /// In the Gregorian calendar.
        date: Date,
    },
    /// Days from one to another.
    DateRange {
        /// The first day.
        from: Date,
        /// The last day; it belongs to the range.
        to: Date,
    },
    /// A time of day.
    Time {
        /// To the minute.
        time: Time,
    },
    /// From one time of day to another; the second may lie after midnight.
    TimeRange {
        /// Its begin.
        from: Time,
        /// Its end.
        to: Time,
    },
    /// A moment.
    DateTime {
        /// As the caller's clock shows it.
        local: DateTime,
        /// The same moment, in UTC.
        instant: Timestamp,
    },
    /// A length of time.
    Duration {
        /// Days and nights, or hours and minutes.
        length: Span,
    },
    /// A telephone number.
    Phone {
        /// With + and country code where the number is known to be whole; else the digits as they were said.
        number: String,
        /// Whether its length is right for the country.
        valid: bool,
    },
    /// Digits as one would key them in.
    Digits {
        /// Leading zeros included.
        digits: String,
    },
    /// An id of the form that was asked for.
    Code {
        /// In capitals and figures.
        code: String,
    },
    /// Yes or no.
    YesNo {
        /// Whether it is yes.
        yes: bool,
    },
    /// One of a list.
    Item {
        /// Its id.
        id: String,
    },
    /// A person's name.
    Name {
        /// As it was said.
        name: String,
    },
    /// The caller's own words.
    Text {
        /// As they were said.
        text: String,
    },
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Value {
    pub(super) fn time(time: Time) -> Self {
        Value::Time { time }
    }

    /// A local time in the zone of the call; `None` beyond the years that can be reckoned.
    pub(super) fn moment(local: DateTime, now: &Zoned) -> Option<Self> {
        let zoned = local.to_zoned(now.time_zone().clone()).ok()?;
        Some(Value::DateTime { local: zoned.datetime(), instant: zoned.timestamp() })
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        // A length has no order of its own (a month is not so many days), so it is compared by its fields, which its text shows.
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.to_string() == other.to_string()
    }
}

impl fmt::Display for Value {
    /// The canonical form, as a flow's variables hold it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: &Time| format!("{:02}:{:02}", time.hour(), time.minute());
        match self {
            Value::Number { number, .. } => write!(f, "{number}"),
            Value::Quantity { amount, unit: Some(unit), .. } => write!(f, "{amount} {unit}"),
            Value::Quantity { amount, unit: None, .. } => write!(f, "{amount}"),
            Value::Money { amount, currency: Some(currency) } => write!(f, "{amount:.2} {currency}"),
            Value::Money { amount, currency: None } => write!(f, "{amount:.2}"),
            Value::Date { date } => write!(f, "{date}"),
            Value::DateRange { from, to } => write!(f, "{from}/{to}"),
            Value::Time { time } => f.write_str(&clock(time)),
            Value::TimeRange { from, to } => write!(f, "{}/{}", clock(from), clock(to)),
            Value::DateTime { local, .. } => write!(f, "{}T{}", local.date(), clock(&local.time())),
            Value::Duration { length } => write!(f, "{length}"),
            Value::Phone { number, .. } => f.write_str(number),
            Value::Digits { digits } => f.write_str(digits),
            Value::Code { code } => f.write_str(code),
            Value::YesNo { yes } => f.write_str(if *yes { "yes" } else { "no" }),
            Value::Item { id } => f.write_str(id),
            Value::Name { name: text } | Value::Text { text } => f.write_str(text),
        }
    }
}
