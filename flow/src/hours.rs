//! Opening hours: an ordinary week, days on which it does not count, and when it opens again. Local times of one time zone; where a clock
//! is put forward or back, jiff says which moment a local time is (RFC 5545 section 3.3.5).

use jiff::{ToSpan, Zoned, civil::Date, civil::DateTime, civil::Time, tz::TimeZone};
use serde::Deserialize;

/// So far ahead is looked for the next opening, in days.
const AHEAD: i32 = 400;
/// Days of the week as a document names them, Monday first.
pub(crate) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When a place is open.
#[derive(Debug, Default)]
pub struct Hours {
    weekly: Vec<Period>,
    holidays: Vec<Holiday>,
    zone: Option<TimeZone>,
}

/// Hours on some days of the week.
#[derive(Debug)]
struct Period {
    days: [bool; 7],
    span: Span,
}

/// From one time to another; into the next day where the second is not later.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Time,
    to: Time,
}

#[derive(Debug)]
struct Holiday {
    date: Date,
    until: Date,
    yearly: bool,
    name: String,
    span: Option<Span>,
}

/// How things stand at a moment.
#[derive(Debug, PartialEq)]
pub struct Standing {
    /// Whether it is open.
    pub open: bool,
    /// The name of the holiday that it is, if it is one.
    pub holiday: Option<String>,
    /// When it opens next, where it is closed and ever opens.
    pub opens: Option<DateTime>,
}

/// Hours as a document writes them.
#[derive(Deserialize)]
pub struct RawHours {
    weekly: Vec<RawPeriod>,
    holidays: Vec<RawHoliday>,
    time_zone: Option<String>,
}

#[derive(Deserialize)]
struct RawPeriod {
    days: Vec<String>,
    from: String,
    to: String,
}

#[derive(Deserialize)]
struct RawHoliday {
    date: String,
    until: Option<String>,
    #[serde(default)]
    yearly: bool,
    #[serde(default)]
    name: String,
    from: Option<String>,
    to: Option<String>,
}

/// A time of day as it is written in a document.
pub(crate) fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    match (hour.parse().ok()?, minute.parse().ok()?) {
        (24, 0) => Some(Time::midnight()),
        (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
    }
}

/// A day as it is written in a document.
pub(crate) fn date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// A time zone by its name.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name.trim()).map_err(|_| format!("there is no time zone {name:?}"))
}

impl Hours {
    /// Reads them; refuses times, days and time zones that there are not, in words.
    pub fn new(raw: RawHours) -> Result<Self, String> {
        let a_time = |text: &str| time(text).ok_or_else(|| format!("{text:?} is no time of day"));
        let a_date = |text: &str| date(text).ok_or_else(|| format!("{text:?} is no day"));
        let a_span = |from: &str, to: &str| Ok::<_, String>(Span { from: a_time(from)?, to: a_time(to)? });
        let weekly = raw.weekly.iter().map(|period| {
            let days = DAYS.map(|day| period.days.iter().any(|name| name == day));
            Ok(Period { days, span: a_span(&period.from, &period.to)? })
        });
        let holidays = raw.holidays.into_iter().map(|holiday| {
            let date = a_date(&holiday.date)?;
            let until = holiday.until.as_deref().map(a_date).transpose()?.unwrap_or(date);
            let span = match (&holiday.from, &holiday.to) {
                (Some(from), Some(to)) => Some(a_span(from, to)?),
                _ => None,
            };
            Ok(Holiday { date, until, yearly: holiday.yearly, name: holiday.name, span })
        });
        Ok(Hours {
            weekly: weekly.collect::<Result<_, String>>()?,
            holidays: holidays.collect::<Result<_, String>>()?,
            zone: raw.time_zone.filter(|name| !name.trim().is_empty()).map(|name| zone(&name)).transpose()?,
        })
    }

    /// How things stand at a moment, which is told in its own time zone unless the hours have one.
    pub fn at(&self, now: &Zoned) -> Standing {
        let local = match &self.zone {
            Some(zone) => now.with_time_zone(zone.clone()).datetime(),
            None => now.datetime(),
        };
        let holiday = self.holiday(local.date()).map(|holiday| holiday.name.clone());
        let today = self.spans(local.date());
        let yesterday = local.date().yesterday().map(|day| self.spans(day)).unwrap_or_default();
        let now = local.time();
        let open = today.iter().any(|span| span.from <= now && (now < span.to || span.wraps()))
            || yesterday.iter().any(|span| span.wraps() && now < span.to);
        let opens = if open { None } else { self.next(local) };
        Standing { open, holiday, opens }
    }

    fn next(&self, after: DateTime) -> Option<DateTime> {
        (0..AHEAD).find_map(|days| {
            let day = after.date().checked_add(days.days()).ok()?;
            let times = self.spans(day).into_iter().map(|span| span.from);
            times.filter(|time| day.to_datetime(*time) > after).min().map(|time| day.to_datetime(time))
        })
    }

    fn holiday(&self, day: Date) -> Option<&Holiday> {
        self.holidays.iter().find(|holiday| holiday.covers(day))
    }

    /// The hours that begin on a day.
    fn spans(&self, day: Date) -> Vec<Span> {
        match self.holiday(day) {
            Some(holiday) => holiday.span.into_iter().collect(),
            None => {
                let weekday = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
                self.weekly.iter().filter(|period| period.days[weekday]).map(|period| period.span).collect()
            }
        }
    }
}

impl Span {
    fn wraps(self) -> bool {
        self.to <= self.from
    }
}

impl Holiday {
    fn covers(&self, day: Date) -> bool {
        if !self.yearly {
            return (self.date..=self.until).contains(&day);
        }
        let of = |date: Date| (date.month(), date.day());
        let (from, until, day) = (of(self.date), of(self.until), of(day));
        // From the last days of one year into the first of the next.
        if from <= until { (from..=until).contains(&day) } else { day >= from || day <= until }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hours() -> Hours {
        let raw = json!({
            "weekly": [
                {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "12:00"},
                {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "13:00", "to": "17:30"},
                {"days": ["fri"], "from": "22:00", "to": "02:00"},
                {"days": ["sat"], "from": "20:00", "to": "24:00"},
            ],
            "holidays": [
                {"date": "2026-12-25", "until": "2026-12-26", "name": "Christmas"},
                {"date": "2025-12-31", "until": "2026-01-01", "yearly": true, "name": "New Year"},
                {"date": "2026-12-24", "from": "09:00", "to": "12:00", "name": "Christmas Eve"},
            ],
        });
        Hours::new(serde_json::from_value(raw).expect("it has the form")).expect("it has times")
    }

    #[test]
    fn it_is_open_within_its_hours_and_says_when_it_opens_again() {
        let hours = hours();
        for (now, open, holiday, opens) in [
            ("2026-11-30T08:59", false, None, Some("2026-11-30T09:00")), // a Monday
            ("2026-11-30T09:00", true, None, None),
            ("2026-11-30T12:00", false, None, Some("2026-11-30T13:00")),
            ("2026-11-30T17:29", true, None, None),
            ("2026-11-30T17:30", false, None, Some("2026-12-01T09:00")),
            ("2026-11-27T23:30", true, None, None), // Friday night
            ("2026-11-28T01:59", true, None, None),
            ("2026-11-28T02:00", false, None, Some("2026-11-28T20:00")),
            ("2026-11-28T23:59", true, None, None),
            ("2026-11-29T00:00", false, None, Some("2026-11-30T09:00")), // Sunday
            ("2026-12-24T10:00", true, Some("Christmas Eve"), None),
            ("2026-12-24T14:00", false, Some("Christmas Eve"), Some("2026-12-28T09:00")),
            ("2026-12-25T10:00", false, Some("Christmas"), Some("2026-12-28T09:00")),
            ("2027-01-01T10:00", false, Some("New Year"), Some("2027-01-02T20:00")),
        ] {
            let zoned = now.parse::<DateTime>().expect("a time").to_zoned(TimeZone::UTC).expect("a moment");
            let standing = hours.at(&zoned);
            let opens = opens.map(|opens: &str| opens.parse::<DateTime>().expect("a time"));
            assert_eq!(standing, Standing { open, holiday: holiday.map(str::to_owned), opens }, "{now}");
        }
    }

    #[test]
    fn what_never_opens_has_no_next_time() {
        let never = Hours::default();
        assert_eq!(never.at(&Zoned::default()), Standing { open: false, holiday: None, opens: None });
    }

    #[test]
    fn times_and_days_are_written_in_one_way() {
        for (text, good) in [
            ("09:00", true),
            ("24:00", true),
            ("24:01", false),
            ("9:00", false),
            ("12:60", false),
            ("noon", false),
            ("", false),
        ] {
            assert_eq!(time(text).is_some(), good, "{text}");
        }
        for (text, good) in
            [("2026-12-25", true), ("2026-02-30", false), ("25.12.2026", false), ("2026-12-25T10", false)]
        {
            assert_eq!(date(text).is_some(), good, "{text}");
        }
    }
}
