//! Training of the shared intent engine, and the tokens of programs that use it.

use sea_orm_migration::{prelude::*, schema::*};

/// Draft and versions of the training, what people made of utterances, tokens.
pub(super) struct Understanding;

impl MigrationName for Understanding {
    fn name(&self) -> &str {
        "0004_understanding"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Understanding {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_tenant = |name: &'static str| {
            let tenant = ForeignKey::create().from(name, "tenant").to("tenant", "id").to_owned();
            Table::create().table(name).col(uuid("tenant")).foreign_key(&mut tenant.clone()).take()
        };
        let draft = of_tenant("training_draft")
            .col(big_integer("revision"))
            .col(big_integer("changed_at"))
            .col(uuid_null("changed_by"))
            .col(text("document"))
            .primary_key(Index::create().col("tenant"))
            .take();
        let version = of_tenant("training_version")
            .col(big_integer("number"))
            .col(big_integer("made_at"))
            .col(uuid_null("made_by"))
            .col(text("kind"))
            .col(text("state"))
            .col(text("note"))
            .col(text("model"))
            .col(text("document"))
            .col(text("report"))
            .col(blob_null("tuned"))
            .primary_key(Index::create().col("tenant").col("number"))
            .take();
        let judged = of_tenant("judged_utterance")
            .col(uuid("call"))
            .col(big_integer("seq"))
            .col(big_integer("judged_at"))
            .col(uuid("judged_by"))
            .col(text_null("intent"))
            .primary_key(Index::create().col("tenant").col("call").col("seq"))
            .take();
        let token = of_tenant("api_token")
            .col(text("token_hash").primary_key())
            .col(uuid("id").unique_key())
            .col(text("name"))
            .col(text("scope"))
            .col(uuid("created_by"))
            .col(big_integer("created_at"))
            .col(big_integer_null("used_at"))
            .take();
        for table in [draft, version, judged, token] {
            manager.create_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["api_token", "judged_utterance", "training_version", "training_draft"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
