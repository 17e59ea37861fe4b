//! Countries: how numbers are dialled within each (ITU-T E.164 and its list of national prefixes), and which of them cost extra.
//!
//! A table of our own: a library with every country's number ranges weighs more than the rest of this crate, and what is needed here
//! is how to get from what was dialled to E.164, not whether a range has been given to an operator.

/// How numbers are dialled in a country.
#[derive(Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1, two capital letters.
    pub iso: &'static str,
    /// The country calling code, without `+`.
    pub code: &'static str,
    /// What is dialled before a number of another area; empty where there is nothing.
    pub trunk: &'static str,
    /// What is dialled before the code of another country.
    pub international: &'static [&'static str],
    /// Digits of a national number without its trunk prefix, the fewest and the most.
    pub digits: (u8, u8),
    /// How numbers begin, without code and trunk prefix, that cost more than a call, or share the price with whoever is called.
    pub premium: &'static [&'static str],
}

impl Country {
    /// The country of this ISO 3166-1 code, in either case.
    pub fn of(iso: &str) -> Option<&'static Country> {
        COUNTRIES.iter().find(|country| country.iso.eq_ignore_ascii_case(iso.trim()))
    }
}

const fn country(
    iso: &'static str,
    code: &'static str,
    trunk: &'static str,
    international: &'static [&'static str],
    digits: (u8, u8),
    premium: &'static [&'static str],
) -> Country {
    Country { iso, code, trunk, international, digits, premium }
}

/// Area codes of +1 that belong to neither the United States and their territories nor Canada, and cost like other countries.
pub(super) const OTHER_NORTH_AMERICA: &[&str] = &[
    "242", "246", "264", "268", "284", "345", "441", "473", "649", "658", "664", "721", "758", "767", "784", "809",
    "829", "849", "868", "869", "876",
];

/// Codes that no country has: satellites, shared cost, networks, premium rate.
pub(super) const COSTLY_CODES: &[&str] = &["808", "870", "878", "881", "882", "883", "888", "979"];

/// Every country known here.
pub const COUNTRIES: &[Country] = &[
    country("AE", "971", "0", &["00"], (7, 9), &["900", "700"]),
    country("AR", "54", "0", &["00"], (10, 11), &["600", "609"]),
    country("AT", "43", "0", &["00"], (4, 13), &["90", "93", "118", "82"]),
    country("AU", "61", "0", &["0011"], (6, 10), &["19"]),
    country("BE", "32", "0", &["00"], (8, 9), &["90", "70"]),
    country("BG", "359", "0", &["00"], (7, 9), &["90"]),
    country("BR", "55", "0", &["00"], (10, 11), &["900", "500"]),
    country("CA", "1", "1", &["011"], (10, 10), &["900"]),
    country("CH", "41", "0", &["00"], (9, 9), &["90", "84", "18"]),
    country("CL", "56", "", &["00"], (9, 9), &["700"]),
    country("CN", "86", "0", &["00"], (7, 12), &["168", "160"]),
    country("CO", "57", "0", &["00"], (10, 10), &["901", "904", "905", "909"]),
    country("CZ", "420", "", &["00"], (9, 9), &["90"]),
    country("DE", "49", "0", &["00"], (5, 13), &["900", "137", "180", "118", "190"]),
    country("DK", "45", "", &["00"], (8, 8), &["90"]),
    country("EE", "372", "", &["00"], (7, 8), &["900"]),
    country("EG", "20", "0", &["00"], (8, 10), &["900"]),
    country("ES", "34", "", &["00"], (9, 9), &["80", "905", "907", "901", "902"]),
    country("FI", "358", "0", &["00", "990", "994", "999"], (5, 12), &["600", "700"]),
    country("FR", "33", "0", &["00"], (9, 9), &["81", "82", "89"]),
    country("GB", "44", "0", &["00"], (9, 10), &["9", "70", "76", "84", "87"]),
    country("GR", "30", "", &["00"], (10, 10), &["90", "80"]),
    country("HK", "852", "", &["001", "006", "009"], (8, 8), &["900"]),
    country("HR", "385", "0", &["00"], (8, 9), &["60", "61", "64", "65", "69"]),
    country("HU", "36", "06", &["00"], (8, 9), &["90", "91"]),
    country("ID", "62", "0", &["001", "007", "008", "009"], (7, 12), &["809"]),
    country("IE", "353", "0", &["00"], (7, 10), &["15"]),
    country("IL", "972", "0", &["00", "012", "013", "014"], (8, 9), &["19"]),
    country("IN", "91", "0", &["00"], (10, 10), &["186", "190"]),
    country("IT", "39", "", &["00"], (6, 11), &["89", "199", "178", "144", "166"]),
    country("JP", "81", "0", &["010"], (9, 10), &["990", "570", "180"]),
    country("KR", "82", "0", &["001", "002", "005", "006", "008"], (8, 11), &["60"]),
    country("LT", "370", "0", &["00"], (8, 8), &["90"]),
    country("LU", "352", "", &["00"], (4, 11), &["90", "80"]),
    country("LV", "371", "", &["00"], (8, 8), &["90"]),
    country("MX", "52", "", &["00"], (10, 10), &["900"]),
    country("MY", "60", "0", &["00"], (8, 10), &["600"]),
    country("NG", "234", "0", &["009"], (8, 10), &[]),
    country("NL", "31", "0", &["00"], (9, 11), &["90"]),
    country("NO", "47", "", &["00"], (8, 8), &["82"]),
    country("NZ", "64", "0", &["00"], (8, 10), &["90"]),
    country("PH", "63", "0", &["00"], (8, 10), &[]),
    country("PL", "48", "", &["00"], (9, 9), &["70", "30", "40"]),
    country("PT", "351", "", &["00"], (9, 9), &["6", "76"]),
    country("RO", "40", "0", &["00"], (9, 9), &["90"]),
    country("RU", "7", "8", &["810"], (10, 10), &["803", "809"]),
    country("SA", "966", "0", &["00"], (8, 9), &["70", "900"]),
    country("SE", "46", "0", &["00"], (7, 9), &["90", "99", "77"]),
    country("SG", "65", "", &["000", "001", "002", "008"], (8, 8), &["1900"]),
    country("SI", "386", "0", &["00"], (8, 8), &["90", "89"]),
    country("SK", "421", "0", &["00"], (9, 9), &["900", "97", "98"]),
    country("TH", "66", "0", &["001", "00"], (8, 9), &["1900"]),
    country("TR", "90", "0", &["00"], (10, 10), &["900"]),
    country("TW", "886", "0", &["002", "009"], (8, 9), &["20"]),
    country("UA", "380", "0", &["00"], (9, 9), &["900"]),
    country("US", "1", "1", &["011"], (10, 10), &["900"]),
    country("VN", "84", "0", &["00"], (9, 10), &["1900"]),
    country("ZA", "27", "0", &["00"], (9, 9), &["86", "90"]),
];
