//! The country that a caller most likely speaks from: how it writes dates, what its money is called, how long its telephone numbers are.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A country by its code of two letters (ISO 3166-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region([u8; 2]);

/// A text that is no country code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no region; write the country's two letters, such as US, GB or CN")]
pub struct UnknownRegion(pub String);

/// How a country's numbers are dialled: calling code, the digit before a national number, and its shortest and longest length without it
/// (ITU-T E.164 and the national plans).
pub(super) struct Dialling {
    pub region: &'static str,
    pub code: &'static str,
    pub trunk: &'static str,
    pub shortest: usize,
    pub longest: usize,
}

const fn dialling(
    region: &'static str,
    code: &'static str,
    trunk: &'static str,
    shortest: usize,
    longest: usize,
) -> Dialling {
    Dialling { region, code, trunk, shortest, longest }
}

pub(super) const DIALLING: &[Dialling] = &[
    dialling("US", "1", "1", 10, 10),
    dialling("CA", "1", "1", 10, 10),
    dialling("CN", "86", "0", 10, 11),
    dialling("HK", "852", "", 8, 8),
    dialling("MO", "853", "", 8, 8),
    dialling("TW", "886", "0", 8, 9),
    dialling("SG", "65", "", 8, 8),
    dialling("MY", "60", "0", 8, 10),
    dialling("JP", "81", "0", 9, 10),
    dialling("KR", "82", "0", 8, 10),
    dialling("IN", "91", "0", 10, 10),
    dialling("AU", "61", "0", 9, 9),
    dialling("NZ", "64", "0", 8, 10),
    dialling("GB", "44", "0", 9, 10),
    dialling("IE", "353", "0", 7, 9),
    dialling("DE", "49", "0", 6, 11),
    dialling("AT", "43", "0", 7, 12),
    dialling("CH", "41", "0", 9, 9),
    dialling("FR", "33", "0", 9, 9),
    dialling("NL", "31", "0", 9, 9),
    dialling("BE", "32", "0", 8, 9),
    dialling("ES", "34", "", 9, 9),
    dialling("IT", "39", "", 8, 11),
    dialling("PT", "351", "", 9, 9),
    dialling("SE", "46", "0", 7, 9),
    dialling("NO", "47", "", 8, 8),
    dialling("DK", "45", "", 8, 8),
    dialling("PL", "48", "", 9, 9),
    dialling("BR", "55", "0", 10, 11),
    dialling("MX", "52", "", 10, 10),
    dialling("ZA", "27", "0", 9, 9),
    dialling("RU", "7", "8", 10, 10),
];

impl Region {
    /// The United States.
    pub const UNITED_STATES: Region = Region(*b"US");
    /// The United Kingdom.
    pub const UNITED_KINGDOM: Region = Region(*b"GB");
    /// China.
    pub const CHINA: Region = Region(*b"CN");

    /// The two letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("US")
    }

    pub(super) fn is(self, code: &str) -> bool {
        self.code() == code
    }

    /// Whether 3/14 is the way to write the fourteenth of March.
    pub(super) fn month_first(self) -> bool {
        matches!(self.code(), "US" | "CN" | "JP" | "KR" | "TW" | "PH")
    }

    /// What "dollars" are here.
    pub(super) fn dollar(self) -> &'static str {
        match self.code() {
            "CA" => "CAD",
            "AU" => "AUD",
            "NZ" => "NZD",
            "SG" => "SGD",
            "HK" => "HKD",
            "TW" => "TWD",
            _ => "USD",
        }
    }

    /// What 块 and 元 are here.
    pub(super) fn yuan(self) -> &'static str {
        match self.code() {
            "HK" => "HKD",
            "TW" => "TWD",
            "SG" => "SGD",
            _ => "CNY",
        }
    }

    /// The country of an international number such as +441632960001; of those that share a calling code the first. `None` where the
    /// number has no + or the code is not known.
    pub fn of_number(number: &str) -> Option<Region> {
        let digits = number.trim().strip_prefix('+')?;
        DIALLING
            .iter()
            .filter(|dialling| digits.starts_with(dialling.code))
            // The longest code; of equal ones the first.
            .rev()
            .max_by_key(|dialling| dialling.code.len())
            .and_then(|dialling| dialling.region.parse().ok())
    }

    /// A number with this country's calling code as it is dialled within the country, which is how people read it: 01632960001 for
    /// +441632960001. `None` for the numbers of other countries.
    pub fn national(self, number: &str) -> Option<String> {
        let dialling = self.dialling()?;
        let rest = number.strip_prefix('+')?.strip_prefix(dialling.code)?;
        // Nobody says the 1 before an American number, and Chinese mobile numbers have nothing before them.
        let bare = dialling.trunk == dialling.code || self.is("CN") && rest.starts_with('1') && rest.len() == 11;
        Some(if bare { rest.to_owned() } else { format!("{}{rest}", dialling.trunk) })
    }

    pub(super) fn dialling(self) -> Option<&'static Dialling> {
        DIALLING.iter().find(|dialling| self.is(dialling.region))
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(code: &str) -> Result<Self, UnknownRegion> {
        match code.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Region([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(UnknownRegion(code.to_owned())),
        }
    }
}

impl TryFrom<String> for Region {
    type Error = UnknownRegion;

    fn try_from(code: String) -> Result<Self, UnknownRegion> {
        code.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> String {
        region.code().to_owned()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_tells_its_country_and_how_it_is_dialled_there() {
        for (number, region, national) in [
            ("+441632960001", Some("GB"), Some("01632960001")),
            ("+12025550142", Some("US"), Some("2025550142")),
            ("+8613812345678", Some("CN"), Some("13812345678")),
            ("+861012345678", Some("CN"), Some("01012345678")),
            ("+85221234567", Some("HK"), Some("21234567")),
            ("+35312345678", Some("IE"), Some("012345678")),
            ("+999123", None, None),
            ("02025550142", None, None),
            ("+", None, None),
            ("", None, None),
        ] {
            let found = Region::of_number(number);
            assert_eq!(found.as_ref().map(Region::code), region, "{number}");
            assert_eq!(found.and_then(|region| region.national(number)).as_deref(), national, "{number}");
        }
        assert_eq!(Region::CHINA.national("+441632960001"), None);
    }
}
