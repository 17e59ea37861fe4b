//! The tables, as rows. Every row names its tenant; what is sealed is a `Vec<u8>` and says so. Times are milliseconds
//! since 1970, closed sets of names are stored as the journal spells them.

/// Who uses this installation; the embedded default has one.
pub(super) mod tenant {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub created_at: i64,
        /// Recognises the master key that this tenant's data is sealed with.
        pub key_check: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The people who call, each with a key of their own.
pub(super) mod person {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant: Uuid,
        /// The person's key, wrapped by the master key; gone when the person is erased.
        pub wrapped_key: Option<Vec<u8>>,
        /// The blind index of their number; none when withheld or erased.
        pub lookup: Option<Vec<u8>>,
        /// The language that they chose to be spoken to in, sealed; a projection of the journals of their calls.
        pub language: Option<Vec<u8>>,
        pub created_at: i64,
        pub erased_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Calls: a projection of the journal.
pub(super) mod call {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "call")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant: Uuid,
        pub person: Uuid,
        pub started_at: i64,
        pub ended_at: Option<i64>,
        pub outcome: Option<String>,
        pub state: String,
        pub intent: Option<String>,
        pub flow: String,
        pub dialled: String,
        /// The caller's number, sealed.
        pub caller: Vec<u8>,
        pub agent: Option<String>,
        /// The first ticket opened from the call.
        pub ticket: Option<Uuid>,
        pub duration_ms: Option<i64>,
        pub turns: i32,
        /// The wire latency of each reply, as a JSON list, so that the median can be kept up to date.
        pub wire_ms: String,
        pub wire_p50_ms: Option<i64>,
        /// The last place in the journal.
        pub last_seq: i32,
        /// The highest place that the call itself claimed; what others added to the journal makes it lag behind.
        pub last_given: i32,
        /// Through what it came; none of calls that were stored before that was kept.
        pub channel: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The journal.
pub(super) mod event {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "event")]
    pub struct Model {
        /// The cursor: entries become visible in this order.
        #[sea_orm(primary_key)]
        pub id: i64,
        pub tenant: Uuid,
        pub call: Uuid,
        /// Whose key seals the body.
        pub person: Uuid,
        pub seq: i32,
        /// The place that the call claimed; none for ticket work.
        pub given: Option<i32>,
        pub at: i64,
        pub audio_ms: Option<i64>,
        pub kind: String,
        pub block: Option<String>,
        pub turn: Option<i64>,
        pub duration_ms: Option<i64>,
        pub score: Option<f32>,
        pub label: Option<String>,
        /// The event as JSON, sealed.
        pub body: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Tickets: a projection of the journal.
pub(super) mod ticket {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant: Uuid,
        pub number: i64,
        pub call: Uuid,
        pub person: Uuid,
        pub status: String,
        pub assignee: Option<Uuid>,
        /// Labels, as a JSON list.
        pub tags: String,
        pub outcome: Option<String>,
        pub opened_at: i64,
        pub changed_at: i64,
        /// Sealed.
        pub subject: Vec<u8>,
        /// Sealed.
        pub body: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The people who sign in.
pub(super) mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "user")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant: Uuid,
        pub name: String,
        pub email: Option<String>,
        pub role: String,
        pub language: Option<String>,
        /// Argon2id, in the PHC format.
        pub password_hash: Option<String>,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who is signed in.
pub(super) mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        /// SHA-256 of the token in the cookie.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub tenant: Uuid,
        pub user: Uuid,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One-time sign-in links.
pub(super) mod link {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "link")]
    pub struct Model {
        /// SHA-256 of the token in the link.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub tenant: Uuid,
        pub user: Uuid,
        pub expires_at: i64,
        pub used_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Agents' phones.
pub(super) mod extension {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "extension")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub user: Uuid,
        pub realm: String,
        /// Both HA1 digests, sealed: whoever has one can register as this phone.
        pub digests: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What an admin set.
pub(super) mod setting {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "setting")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the intent engine will learn from at the next publish; one row a tenant.
pub(super) mod training_draft {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "training_draft")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        /// Counts changes, so that of two who edit at once the second is told.
        pub revision: i64,
        pub changed_at: i64,
        pub changed_by: Option<Uuid>,
        /// JSON.
        pub document: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was published.
pub(super) mod training_version {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "training_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub made_at: i64,
        pub made_by: Option<Uuid>,
        pub kind: String,
        pub state: String,
        pub note: String,
        /// The hash of everything that went into the model.
        pub model: String,
        /// The draft as it was, as JSON.
        pub document: String,
        /// How well it did, as JSON.
        pub report: String,
        /// The layers of the encoder that were trained for it.
        pub tuned: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The flow that is edited, one of a tenant.
pub(super) mod flow_draft {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "flow_draft")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        pub revision: i64,
        pub changed_at: i64,
        pub changed_by: Option<Uuid>,
        /// JSON, whether a flow or half of one.
        pub document: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Flows that were published.
pub(super) mod flow_version {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "flow_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub made_at: i64,
        pub made_by: Option<Uuid>,
        pub note: String,
        pub state: String,
        /// When it answers, or was to answer.
        pub at: Option<i64>,
        /// Of the document.
        pub hash: String,
        pub blocks: i64,
        /// In its canonical form.
        pub document: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Utterances that somebody has looked at and said what they mean.
pub(super) mod judged_utterance {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "judged_utterance")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub call: Uuid,
        /// The place in the call's journal of what the engine made of it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub judged_at: i64,
        pub judged_by: Uuid,
        /// None: it means nothing that is wanted.
        pub intent: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What lets other programs in; only hashes of tokens are kept.
pub(super) mod api_token {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_token")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub tenant: Uuid,
        pub id: Uuid,
        pub name: String,
        pub scope: String,
        pub created_by: Uuid,
        pub created_at: i64,
        pub used_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The knowledge base: what a company tells everybody, so it is not sealed.
pub(super) mod article {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "article")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant: Uuid,
        /// The version that `body` is, from 1.
        pub version: i32,
        /// The article, as JSON.
        pub body: String,
        pub owner: Option<Uuid>,
        pub created_at: i64,
        pub changed_at: i64,
        pub helped: i64,
        pub not_helped: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Every version of every article.
pub(super) mod article_version {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "article_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub article: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        pub tenant: Uuid,
        /// The article as it was, as JSON.
        pub body: String,
        pub by: Option<Uuid>,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Questions without an answer that need none.
pub(super) mod set_aside {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "set_aside")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        /// The blind index of the question.
        #[sea_orm(primary_key, auto_increment = false)]
        pub question: Vec<u8>,
        pub by: Uuid,
        pub at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Queues that somebody has defined.
pub(super) mod queue {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "queue")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// Counts changes, so that of two who edit at once the second is told.
        pub revision: i64,
        pub changed_at: i64,
        pub changed_by: Option<Uuid>,
        /// JSON.
        pub document: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What agents can do.
pub(super) mod agent_profile {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "agent_profile")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub extension: String,
        /// JSON.
        pub document: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What agents want to be.
pub(super) mod presence {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "presence")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub extension: String,
        /// Why they are away; none: they are available.
        pub reason: Option<String>,
        pub since: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// How it goes with those who are to be called back; who they are, and where they wait, is in their journal.
pub(super) mod callback {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "callback")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub call: Uuid,
        pub tries: i32,
        pub due_at: i64,
        pub state: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
