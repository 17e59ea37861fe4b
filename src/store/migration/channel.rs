//! Through what a call came, so that lists tell chats from calls.

use sea_orm_migration::{prelude::*, schema::*};

/// The channel of a call; none of those that were stored before.
pub(super) struct Channel;

impl MigrationName for Channel {
    fn name(&self) -> &str {
        "0006_channel"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Channel {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        manager.alter_table(table.table("call").add_column(text_null("channel")).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        manager.alter_table(table.table("call").drop_column("channel").take()).await
    }
}
