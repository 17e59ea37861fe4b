//! The schema, as the list of changes that made it; the same for SQLite and PostgreSQL. A change that was released is
//! never edited: the next one follows it.

mod channel;
mod flows;
mod queues;
mod understanding;

use channel::Channel;
use flows::Flows;
use queues::Queues;
use sea_orm_migration::{prelude::*, schema::*};
use understanding::Understanding;

/// Applies the changes in order.
pub(super) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(First),
            Box::new(PersonLanguage),
            Box::new(Knowledge),
            Box::new(Understanding),
            Box::new(Flows),
            Box::new(Channel),
            Box::new(Queues),
        ]
    }
}

/// The tables of the first version.
struct First;

impl MigrationName for First {
    fn name(&self) -> &str {
        "0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for First {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut table in tables() {
            manager.create_table(table.take()).await?;
        }
        for (table, columns, unique) in INDEXES {
            let mut index = Index::create();
            index.name(format!("{table}_{}", columns.join("_"))).table(*table);
            for column in *columns {
                index.col(*column);
            }
            if *unique {
                index.unique();
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["setting", "extension", "link", "session", "user", "ticket", "event", "call", "person", "tenant"]
        {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// The language that a person chose.
struct PersonLanguage;

impl MigrationName for PersonLanguage {
    fn name(&self) -> &str {
        "0002_person_language"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for PersonLanguage {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        manager.alter_table(table.table("person").add_column(blob_null("language")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        manager.alter_table(table.table("person").drop_column("language").take()).await
    }
}

/// The knowledge base.
struct Knowledge;

impl MigrationName for Knowledge {
    fn name(&self) -> &str {
        "0003_knowledge"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Knowledge {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_tenant = |name: &'static str| {
            let key = &mut ForeignKey::create();
            Table::create()
                .table(name)
                .col(uuid("tenant"))
                .foreign_key(key.from(name, "tenant").to("tenant", "id"))
                .take()
        };
        let tables = [
            of_tenant("article")
                .col(pk_uuid("id"))
                .col(integer("version"))
                .col(text("body"))
                .col(uuid_null("owner"))
                .col(big_integer("created_at"))
                .col(big_integer("changed_at"))
                .col(big_integer("helped"))
                .col(big_integer("not_helped"))
                .take(),
            of_tenant("article_version")
                .col(uuid("article"))
                .col(integer("version"))
                .col(text("body"))
                .col(uuid_null("by"))
                .col(big_integer("at"))
                .primary_key(Index::create().col("article").col("version"))
                .foreign_key(ForeignKey::create().from("article_version", "article").to("article", "id"))
                .take(),
            of_tenant("set_aside")
                .col(blob("question"))
                .col(uuid("by"))
                .col(big_integer("at"))
                .primary_key(Index::create().col("tenant").col("question"))
                .take(),
        ];
        for mut table in tables {
            manager.create_table(table.take()).await?;
        }
        let mut index = Index::create();
        manager.create_index(index.name("article_tenant").table("article").col("tenant").take()).await?;
        let mut index = Index::create();
        manager.create_index(index.name("event_tenant_kind").table("event").col("tenant").col("kind").take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("event_tenant_kind").table("event").to_owned()).await?;
        for table in ["set_aside", "article_version", "article"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Table, columns, whether unique.
const INDEXES: &[(&str, &[&str], bool)] = &[
    // PostgreSQL and SQLite both let many rows have no value in a unique index.
    ("person", &["tenant", "lookup"], true),
    ("call", &["tenant", "state"], false),
    ("call", &["tenant", "person"], false),
    ("event", &["call", "seq"], true),
    ("event", &["call", "given"], true),
    ("event", &["tenant", "id"], false),
    ("ticket", &["tenant", "number"], true),
    ("ticket", &["call"], false),
    ("user", &["tenant", "email"], true),
    ("session", &["user"], false),
    ("session", &["expires_at"], false),
    ("link", &["user"], false),
];

fn tables() -> Vec<TableCreateStatement> {
    let table = |name: &'static str| Table::create().table(name).take();
    let of_tenant = |name: &'static str| {
        table(name).col(uuid("tenant")).foreign_key(ForeignKey::create().from(name, "tenant").to("tenant", "id")).take()
    };
    vec![
        table("tenant")
            .col(pk_uuid("id"))
            .col(text("name"))
            .col(big_integer("created_at"))
            .col(blob("key_check"))
            .take(),
        of_tenant("person")
            .col(pk_uuid("id"))
            .col(blob_null("wrapped_key"))
            .col(blob_null("lookup"))
            .col(big_integer("created_at"))
            .col(big_integer_null("erased_at"))
            .take(),
        of_tenant("call")
            .col(pk_uuid("id"))
            .col(uuid("person"))
            .col(big_integer("started_at"))
            .col(big_integer_null("ended_at"))
            .col(text_null("outcome"))
            .col(text("state"))
            .col(text_null("intent"))
            .col(text("flow"))
            .col(text("dialled"))
            .col(blob("caller"))
            .col(text_null("agent"))
            .col(uuid_null("ticket"))
            .col(big_integer_null("duration_ms"))
            .col(integer("turns"))
            .col(text("wire_ms"))
            .col(big_integer_null("wire_p50_ms"))
            .col(integer("last_seq"))
            .col(integer("last_given"))
            .foreign_key(ForeignKey::create().from("call", "person").to("person", "id"))
            .take(),
        // No foreign key to `call`: the calls are computed from the events, not the other way round.
        of_tenant("event")
            .col(big_pk_auto("id"))
            .col(uuid("call"))
            .col(uuid("person"))
            .col(integer("seq"))
            .col(integer_null("given"))
            .col(big_integer("at"))
            .col(big_integer_null("audio_ms"))
            .col(text("kind"))
            .col(text_null("block"))
            .col(big_integer_null("turn"))
            .col(big_integer_null("duration_ms"))
            .col(float_null("score"))
            .col(text_null("label"))
            .col(blob("body"))
            .foreign_key(ForeignKey::create().from("event", "person").to("person", "id"))
            .take(),
        of_tenant("ticket")
            .col(pk_uuid("id"))
            .col(big_integer("number"))
            .col(uuid("call"))
            .col(uuid("person"))
            .col(text("status"))
            .col(uuid_null("assignee"))
            .col(text("tags"))
            .col(text_null("outcome"))
            .col(big_integer("opened_at"))
            .col(big_integer("changed_at"))
            .col(blob("subject"))
            .col(blob("body"))
            .foreign_key(ForeignKey::create().from("ticket", "person").to("person", "id"))
            .take(),
        of_tenant("user")
            .col(pk_uuid("id"))
            .col(text("name"))
            .col(text_null("email"))
            .col(text("role"))
            .col(text_null("language"))
            .col(text_null("password_hash"))
            .col(big_integer("created_at"))
            .take(),
        of_user("session").col(big_integer("expires_at")).take(),
        of_user("link").col(big_integer("expires_at")).col(big_integer_null("used_at")).take(),
        of_tenant("extension")
            .col(text("name"))
            .col(uuid("user"))
            .col(text("realm"))
            .col(blob("digests"))
            .primary_key(Index::create().col("tenant").col("name"))
            .foreign_key(ForeignKey::create().from("extension", "user").to("user", "id"))
            .take(),
        of_tenant("setting")
            .col(text("key"))
            .col(text("value"))
            .primary_key(Index::create().col("tenant").col("key"))
            .take(),
    ]
}

/// A table of hashed tokens that belong to somebody.
fn of_user(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(text("token_hash").primary_key())
        .col(uuid("tenant"))
        .col(uuid("user"))
        .foreign_key(ForeignKey::create().from(name, "tenant").to("tenant", "id"))
        .foreign_key(ForeignKey::create().from(name, "user").to("user", "id"))
        .take()
}
