//! People who sign in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::event::UserId;
use crate::store::{Role, User, UserRef};

/// A language of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// 简体中文.
    #[serde(rename = "zh-CN")]
    Chinese,
}

impl Language {
    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::English, Self::Chinese].into_iter().find(|language| language.name() == name)
    }
}

/// Whoever is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// The address they sign in with; nothing yet after a one-time link.
    #[schema(required)]
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The language they chose; nothing when the browser decides.
    #[schema(required)]
    pub language: Option<Language>,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// Their extension, if they have one: their telephone is in the console then, too.
    #[schema(required)]
    pub extension: Option<String>,
}

impl Me {
    /// Somebody with what their extension is.
    pub fn new(user: User, extension: Option<String>) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
            role: user.role,
            language: user.language.as_deref().and_then(Language::from_name),
            has_password: user.has_password,
            extension,
        }
    }
}

/// Somebody who signs in, as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// Their name; empty when they are no longer known.
    pub name: String,
}

impl From<UserRef> for Person {
    fn from(user: UserRef) -> Self {
        Self { id: user.id, name: user.name }
    }
}
