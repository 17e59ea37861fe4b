//! Queues, what agents can do and what they were when the service stopped, and callbacks that are under way.

use sea_orm_migration::{prelude::*, schema::*};

/// Queues and those who work in them.
pub(super) struct Queues;

impl MigrationName for Queues {
    fn name(&self) -> &str {
        "0007_queues"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Queues {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let of_tenant = |name: &'static str| {
            let tenant = ForeignKey::create().from(name, "tenant").to("tenant", "id").to_owned();
            Table::create().table(name).col(uuid("tenant")).foreign_key(&mut tenant.clone()).take()
        };
        let tables = [
            of_tenant("queue")
                .col(text("id"))
                .col(big_integer("revision"))
                .col(big_integer("changed_at"))
                .col(uuid_null("changed_by"))
                .col(text("document"))
                .primary_key(Index::create().col("tenant").col("id"))
                .take(),
            of_tenant("agent_profile")
                .col(text("extension"))
                .col(text("document"))
                .primary_key(Index::create().col("tenant").col("extension"))
                .take(),
            of_tenant("presence")
                .col(text("extension"))
                .col(text_null("reason"))
                .col(big_integer("since"))
                .primary_key(Index::create().col("tenant").col("extension"))
                .take(),
            of_tenant("callback")
                .col(uuid("call"))
                .col(integer("tries"))
                .col(big_integer("due_at"))
                .col(text("state"))
                .primary_key(Index::create().col("tenant").col("call"))
                .take(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["callback", "presence", "agent_profile", "queue"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
