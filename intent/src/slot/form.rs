//! The form of something that is spelt character by character: which places are letters, which are digits, and how many there are.

use std::fmt;
use std::str::FromStr;

/// Longer than any id that people read out.
const LONGEST: usize = 32;

/// The form of an id. Written `AA9999`: `A` a letter, `9` a digit, `*` either; spaces and dashes are not spoken. What stands in
/// brackets at the end may be left out: `A999(99)`.
///
/// ```
/// let form: intent::slot::Form = "AA99(9)".parse()?;
/// assert!(form.fits("XK42") && form.fits("XK421") && !form.fits("4XK2"));
/// # Ok::<(), intent::slot::FormError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Form {
    places: Vec<Class>,
    /// How many of the places must be filled.
    least: usize,
}

/// What may stand in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A capital.
    Letter,
    /// A figure.
    Digit,
    /// One of both.
    Either,
}

impl Class {
    fn allows(self, character: char) -> bool {
        match self {
            Class::Letter => character.is_ascii_uppercase(),
            Class::Digit => character.is_ascii_digit(),
            Class::Either => character.is_ascii_uppercase() || character.is_ascii_digit(),
        }
    }
}

/// Why a text is no form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// No place at all, or too many.
    #[error("a form has between 1 and {LONGEST} places; write A for a letter, 9 for a digit, * for either: AA9999")]
    Length,
    /// A character that means nothing.
    #[error("`{0}` means nothing in a form; write A for a letter, 9 for a digit, * for either: AA9999")]
    Character(char),
    /// A bracket that is not closed at the end.
    #[error("brackets hold what may be left out, at the end of a form only: A999(99)")]
    Brackets,
}

impl Form {
    /// What may stand in each place, in order.
    pub fn places(&self) -> &[Class] {
        &self.places
    }

    /// The most characters.
    pub fn longest(&self) -> usize {
        self.places.len()
    }

    /// The fewest characters.
    pub fn shortest(&self) -> usize {
        self.least
    }

    /// Whether capitals and figures are of this form.
    pub fn fits(&self, text: &str) -> bool {
        let length = text.chars().count();
        (self.least..=self.places.len()).contains(&length)
            && text.chars().zip(&self.places).all(|(character, class)| class.allows(character))
    }

    /// The same characters with O for 0 and I for 1, or the other way round, where only that fits; `None` if nothing fits.
    pub fn fitted(&self, text: &str) -> Option<String> {
        let mend = |(character, class): (char, &Class)| match (character, class) {
            ('O', Class::Digit) => '0',
            ('I', Class::Digit) => '1',
            ('0', Class::Letter) => 'O',
            ('1', Class::Letter) => 'I',
            (other, _) => other,
        };
        let mended: String =
            text.chars().zip(&self.places).map(mend).chain(text.chars().skip(self.places.len())).collect();
        self.fits(&mended).then_some(mended)
    }
}

impl TryFrom<String> for Form {
    type Error = FormError;

    fn try_from(text: String) -> Result<Self, FormError> {
        text.parse()
    }
}

impl From<Form> for String {
    fn from(form: Form) -> String {
        form.to_string()
    }
}

impl FromStr for Form {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let (must, may) = match text.trim().split_once('(') {
            None => (text.trim(), ""),
            Some((must, rest)) => (must, rest.strip_suffix(')').ok_or(FormError::Brackets)?),
        };
        let places = |part: &str| -> Result<Vec<Class>, FormError> {
            let spoken = part.chars().filter(|c| !matches!(c, ' ' | '-'));
            spoken
                .map(|c| match c {
                    'A' | 'a' => Ok(Class::Letter),
                    '9' => Ok(Class::Digit),
                    '*' => Ok(Class::Either),
                    '(' | ')' => Err(FormError::Brackets),
                    other => Err(FormError::Character(other)),
                })
                .collect()
        };
        let mut all = places(must)?;
        let least = all.len();
        all.extend(places(may)?);
        if all.is_empty() || all.len() > LONGEST {
            return Err(FormError::Length);
        }
        Ok(Form { places: all, least: least.max(1) })
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, class) in self.places.iter().enumerate() {
            if place == self.least {
                f.write_str("(")?;
            }
            f.write_str(match class {
                Class::Letter => "A",
                Class::Digit => "9",
                Class::Either => "*",
            })?;
        }
        f.write_str(if self.places.len() > self.least { ")" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_written_as_people_write_it_and_comes_back() {
        for (text, shortest, longest, again) in
            [("AA9999", 6, 6, "AA9999"), ("A99-(99)", 3, 5, "A99(99)"), ("*", 1, 1, "*"), ("(**)", 1, 2, "*(*)")]
        {
            let form: Form = text.parse().expect(text);
            assert_eq!((form.shortest(), form.longest(), form.to_string().as_str()), (shortest, longest, again));
        }
    }

    #[test]
    fn what_is_no_form_says_how_one_is_written() {
        assert_eq!("".parse::<Form>(), Err(FormError::Length));
        assert_eq!("A".repeat(33).parse::<Form>(), Err(FormError::Length));
        assert_eq!("AB99".parse::<Form>(), Err(FormError::Character('B')));
        for text in ["A(9", "A9)", "A(9)9", "A((9))"] {
            assert_eq!(text.parse::<Form>(), Err(FormError::Brackets), "{text}");
        }
    }

    #[test]
    fn letters_do_not_fit_where_digits_stand() {
        let form: Form = "A9*".parse().expect("it is one");
        for (text, fits) in
            [("B7C", true), ("B77", true), ("77B", false), ("B7", false), ("B7CC", false), ("b77", false)]
        {
            assert_eq!(form.fits(text), fits, "{text}");
        }
    }

    #[test]
    fn an_o_is_a_zero_where_a_digit_stands() {
        let form: Form = "A9".parse().expect("it is one");
        assert_eq!(form.fitted("BO").as_deref(), Some("B0"));
        assert_eq!(form.fitted("05").as_deref(), Some("O5"));
        assert_eq!(form.fitted("BOO"), None);
    }
}
