//! The form of something that is spelt character by character: which places are letters, which are digits, and how many there are.

/// Longer than any id that people read out.
const LONGEST: usize = 32;

/// The form of an id.
///
/// ```
/// use models::{Class, Form};
/// let form = Form::new(vec![Class::Letter, Class::Digit, Class::Digit], 2);
/// assert!(form.fits("X4") && form.fits("X42") && !form.fits("4X"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    places: Vec<Class>,
    /// How many of the places must be filled.
    least: usize,
}

/// What may stand in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// A letter.
    Letter,
    /// A digit.
    Digit,
    /// One of both.
    Either,
}

impl Class {
    pub(crate) fn allows(self, character: char) -> bool {
        match self {
            Class::Letter => character.is_ascii_uppercase(),
            Class::Digit => character.is_ascii_digit(),
            Class::Either => character.is_ascii_uppercase() || character.is_ascii_digit(),
        }
    }
}

impl Form {
    /// At most 32 places, of which the first `least` must be filled; without a place it is [`Form::single`].
    pub fn new(mut places: Vec<Class>, least: usize) -> Self {
        places.truncate(LONGEST);
        if places.is_empty() {
            return Form::single();
        }
        let least = least.clamp(1, places.len());
        Form { places, least }
    }

    /// One letter or digit.
    pub fn single() -> Self {
        Form { places: vec![Class::Either], least: 1 }
    }

    /// Between `min` and `max` letters and digits in any order; both are brought between 1 and 32.
    pub fn any(min: usize, max: usize) -> Self {
        Form::new(vec![Class::Either; max.clamp(1, LONGEST)], min)
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

    /// What may stand at a place, counted from 0; `None` beyond the last.
    pub(crate) fn class(&self, place: usize) -> Option<Class> {
        self.places.get(place).copied()
    }
}
