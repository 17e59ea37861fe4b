//! Flows that are edited and published.

use sea_orm_migration::{prelude::*, schema::*};

/// Draft and versions of the flow.
pub(super) struct Flows;

impl MigrationName for Flows {
    fn name(&self) -> &str {
        "0005_flows"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Flows {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_tenant = |name: &'static str| {
            let tenant = ForeignKey::create().from(name, "tenant").to("tenant", "id").to_owned();
            Table::create().table(name).col(uuid("tenant")).foreign_key(&mut tenant.clone()).take()
        };
        let draft = of_tenant("flow_draft")
            .col(big_integer("revision"))
            .col(big_integer("changed_at"))
            .col(uuid_null("changed_by"))
            .col(text("document"))
            .primary_key(Index::create().col("tenant"))
            .take();
        let version = of_tenant("flow_version")
            .col(big_integer("number"))
            .col(big_integer("made_at"))
            .col(uuid_null("made_by"))
            .col(text("note"))
            .col(text("state"))
            .col(big_integer_null("at"))
            .col(text("hash"))
            .col(big_integer("blocks"))
            .col(text("document"))
            .primary_key(Index::create().col("tenant").col("number"))
            .take();
        for table in [draft, version] {
            manager.create_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["flow_version", "flow_draft"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
