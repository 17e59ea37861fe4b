//! Telephone numbers: from what was dialled or sent to E.164, and back into the form that a trunk expects.

use std::fmt;

use super::countries::Country;

/// A number by ITU-T E.164: `+` and 7 to 15 digits. Personal data: it has no `Display`, and its `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct E164(String);

/// Fewest and most digits of an international number, its country code included.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Why a text is no number that can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// There is something in it that numbers do not have.
    #[error(
        "this is no telephone number: write +49 30 1234567, or 030 1234567 as it is dialled in the default country"
    )]
    NotANumber,
    /// Too few digits: a short code, an emergency number, or a number without its area code.
    #[error("the number is too short: short codes and numbers without their area code cannot be called")]
    TooShort,
    /// Too many digits.
    #[error("the number has more digits than numbers can have")]
    TooLong,
}

/// How a trunk writes numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberForm {
    /// `+4930123456`.
    #[default]
    Plus,
    /// `4930123456`.
    Digits,
    /// `004930123456`, by the default country's prefix.
    International,
    /// `030123456` within the default country, with the international prefix elsewhere.
    National,
}

impl NumberForm {
    /// The form of this name: `plus`, `digits`, `international` or `national`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "plus" => Some(NumberForm::Plus),
            "digits" => Some(NumberForm::Digits),
            "international" => Some(NumberForm::International),
            "national" => Some(NumberForm::National),
            _ => None,
        }
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("E164(…)")
    }
}

impl E164 {
    /// Reads a number as it is dialled in `country` or written internationally: with `+`, with the international prefix, with the trunk
    /// prefix, or as bare digits, which some networks send for either. Spaces and the punctuation of numbers are left out; the user
    /// part of a SIP URI may be given with its parameters (`;phone-context=…`).
    pub fn read(text: &str, country: &Country) -> Result<E164, NumberError> {
        let (text, context) = split_context(text);
        let text = text.replace("(0)", "");
        let mut digits = String::with_capacity(text.len());
        let mut plus = false;
        for c in text.trim().chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() && !plus => plus = true,
                ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
                _ => return Err(NumberError::NotANumber),
            }
        }
        if digits.is_empty() {
            return Err(NumberError::NotANumber);
        }
        if plus {
            return E164::of_digits(&digits);
        }
        if let Some(code) = context {
            return E164::of_digits(&format!("{code}{digits}"));
        }
        if let Some(rest) = country.international.iter().find_map(|prefix| digits.strip_prefix(prefix)) {
            // Nobody's code begins with 0; Italy's and others' own numbers do.
            if !rest.starts_with('0') && DIGITS.contains(&rest.len()) {
                return E164::of_digits(rest);
            }
        }
        let fits = |rest: &str| (usize::from(country.digits.0)..=usize::from(country.digits.1)).contains(&rest.len());
        let own = |rest: &str| E164::of_digits(&format!("{}{rest}", country.code));
        let bare = digits.strip_prefix(country.code).filter(|rest| fits(rest));
        match digits.strip_prefix(country.trunk).filter(|_| !country.trunk.is_empty()) {
            Some(rest) if fits(rest) => own(rest),
            // Where others dial a prefix, bare digits are rather a number with its code than one without either.
            None if !country.trunk.is_empty() && bare.is_some() => E164::of_digits(&digits),
            _ if fits(&digits) => own(&digits),
            _ if bare.is_some() => E164::of_digits(&digits),
            _ if digits.len() < usize::from(country.digits.0) + country.trunk.len() => Err(NumberError::TooShort),
            // A foreign number whose plus got lost.
            _ if !digits.starts_with('0') => E164::of_digits(&digits),
            _ => Err(NumberError::TooLong),
        }
    }

    /// Reads a number that a trunk sent which writes numbers in this form: with [`NumberForm::Digits`], bare digits begin with a country
    /// code. Everything else is read as if it were dialled.
    pub fn received(text: &str, form: NumberForm, country: &Country) -> Result<E164, NumberError> {
        let bare = form == NumberForm::Digits && text.bytes().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
        if bare && DIGITS.contains(&text.len()) { E164::of_digits(text) } else { E164::read(text, country) }
    }

    fn of_digits(digits: &str) -> Result<E164, NumberError> {
        match digits.len() {
            _ if digits.starts_with('0') => Err(NumberError::NotANumber),
            len if len < *DIGITS.start() => Err(NumberError::TooShort),
            len if len > *DIGITS.end() => Err(NumberError::TooLong),
            _ => Ok(E164(format!("+{digits}"))),
        }
    }

    /// `+` and the digits. Whoever prints it prints personal data.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In the form that a trunk expects.
    pub fn write(&self, form: NumberForm, country: &Country) -> String {
        let digits = &self.0[1..];
        let abroad = || format!("{}{digits}", country.international.first().unwrap_or(&"00"));
        match form {
            NumberForm::Plus => self.0.clone(),
            NumberForm::Digits => digits.to_owned(),
            NumberForm::International => abroad(),
            NumberForm::National => match digits.strip_prefix(country.code) {
                Some(national) => format!("{}{national}", country.trunk),
                None => abroad(),
            },
        }
    }
}

/// The number of a user part, and the digits of its `phone-context` (RFC 3966 section 5.1.5) when that is a number's beginning.
fn split_context(text: &str) -> (&str, Option<String>) {
    let Some((number, params)) = text.split_once(';') else { return (text, None) };
    let context = params.split(';').find_map(|param| param.strip_prefix("phone-context="));
    let code = context.and_then(|context| context.strip_prefix('+')).map(|code| code.replace(['-', '.', ' '], ""));
    (number, code.filter(|code| !code.is_empty() && code.bytes().all(|c| c.is_ascii_digit())))
}
