//! Connecting to the database, SQLite or PostgreSQL, and saying its errors in our words. What differs between the two
//! is here and nowhere else.

use std::{error::Error, ops::Deref, path::Path, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqlErr, Statement, TransactionTrait,
    sqlx::{
        self,
        sqlite::{SqliteJournalMode, SqliteSynchronous},
    },
};
use sea_orm_migration::{MigratorTrait, SchemaManager};

use super::{error::StoreError, migration::Migrator};

/// How long to wait for another program that holds the database.
const PATIENCE: Duration = Duration::from_secs(5);
/// Readers: enough for the console's pages beside a long search, few enough for a small machine.
const READERS: u32 = 4;
/// Any number, the same on every node: PostgreSQL's lock that makes journal entries visible in the order of their ids.
const APPEND_LOCK: i64 = 0x686f_746c;

/// The database: one connection that writes and some that read.
///
/// SQLite allows one writer at a time. A single writing connection queues in the process, in order, where SQLite would
/// make them sleep and retry. PostgreSQL has a pool for both.
pub(super) struct Database {
    pub(super) writer: DatabaseConnection,
    pub(super) reader: DatabaseConnection,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Full,
    /// On SQLite nothing can be written; on PostgreSQL nobody tries.
    Reading,
}

impl Database {
    /// Connects and brings the schema up to date.
    pub(super) async fn open(address: &str, folder: &Path) -> Result<Self, StoreError> {
        let database = Self::connect(address, folder, Access::Full).await?;
        database.migrate().await?;
        Ok(database)
    }

    /// Connects for reading what is there, as it is.
    pub(super) async fn look(address: &str, folder: &Path) -> Result<Self, StoreError> {
        Self::connect(address, folder, Access::Reading).await
    }

    async fn connect(address: &str, folder: &Path, access: Access) -> Result<Self, StoreError> {
        Ok(match address {
            "sqlite" => Self::sqlite(&folder.join("hotline.db"), access).await?,
            _ if address.starts_with("postgres://") || address.starts_with("postgresql://") => {
                let mut options = ConnectOptions::new(address);
                options.max_connections(16).acquire_timeout(PATIENCE).sqlx_logging(false);
                let pool = sea_orm::Database::connect(options).await?;
                Self { writer: pool.clone(), reader: pool }
            }
            _ => match address.strip_prefix("sqlite:") {
                Some(path) if !path.is_empty() => {
                    Self::sqlite(Path::new(path.strip_prefix("//").unwrap_or(path)), access).await?
                }
                _ => return Err(StoreError::BadAddress),
            },
        })
    }

    async fn sqlite(path: &Path, access: Access) -> Result<Self, StoreError> {
        let connect = async |connections: u32, writes: bool| {
            let path = path.to_owned();
            // The real path goes in through the options: as part of an address its special characters would be read.
            let mut options = ConnectOptions::new("sqlite::memory:");
            options
                .max_connections(connections)
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
                .acquire_timeout(PATIENCE * 2)
                .sqlx_logging(false)
                .map_sqlx_sqlite_opts(move |options| {
                    let options = options
                        .in_memory(false)
                        .shared_cache(false)
                        .filename(&path)
                        .create_if_missing(writes)
                        // Readers never wait for the writer.
                        .journal_mode(SqliteJournalMode::Wal)
                        // FULL: in WAL mode, NORMAL survives a killed process but can lose minutes of calls with the
                        // power, since the log reaches the disk at a checkpoint only. Entries of all calls share a
                        // commit, so the price is some dozen flushes a second at most, never one per entry.
                        .synchronous(SqliteSynchronous::Full)
                        .busy_timeout(PATIENCE)
                        .foreign_keys(true)
                        // A destroyed key must not linger in free pages.
                        .pragma("secure_delete", "ON");
                    if writes { options } else { options.pragma("query_only", "ON") }
                });
            sea_orm::Database::connect(options).await
        };
        let opened = async {
            match access {
                Access::Full => Ok(Self { writer: connect(1, true).await?, reader: connect(READERS, false).await? }),
                Access::Reading => {
                    let reader = connect(1, false).await?;
                    Ok(Self { writer: reader.clone(), reader })
                }
            }
        };
        opened.await.map_err(|error: DbErr| match code(&error).as_deref() {
            Some("14") => StoreError::reading(path, std::io::Error::other("the database file cannot be opened")),
            Some("26") => StoreError::damaged(format!("the database {} is not a SQLite file; it", path.display())),
            _ => error.into(),
        })
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let known: Vec<String> = Migrator::migrations().iter().map(|change| change.name().to_owned()).collect();
        let manager = SchemaManager::new(&self.writer);
        if manager.has_table("seaql_migrations").await? {
            let applied = Statement::from_string(
                self.backend(),
                "SELECT version FROM seaql_migrations ORDER BY version".to_owned(),
            );
            for row in self.writer.query_all_raw(applied).await? {
                let change: String = row.try_get("", "version")?;
                if !known.contains(&change) {
                    return Err(StoreError::NewerDatabase { change });
                }
            }
        }
        Ok(Migrator::up(&self.writer, None).await?)
    }

    pub(super) fn backend(&self) -> DatabaseBackend {
        self.writer.get_database_backend()
    }

    /// Begins a transaction that appends to the journal. Across all nodes there is one at a time: whoever reads the
    /// journal by cursor would otherwise pass by an entry whose smaller id is committed later.
    pub(super) async fn begin_append(&self) -> Result<DatabaseTransaction, StoreError> {
        let transaction = self.writer.begin().await?;
        if self.backend() == DatabaseBackend::Postgres {
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({APPEND_LOCK})")).await?;
        }
        Ok(transaction)
    }

    /// After a transaction that failed: makes sure that none is open on the writing connection. A full disk can make SQLite
    /// end a transaction by itself; sqlx then still counts it, takes the next one for a savepoint within it, and a savepoint
    /// that is rolled back stays open, so that whatever is committed after it would never reach the disk.
    pub(super) async fn settle(&self) {
        if self.backend() == DatabaseBackend::Sqlite {
            // An error says that no transaction was open, which is what is wanted.
            let _ = self.writer.execute_unprepared("ROLLBACK").await;
        }
    }

    /// Removes what deleted rows left behind in the files.
    pub(super) async fn scrub(&self) -> Result<(), StoreError> {
        let scrub = match self.backend() {
            DatabaseBackend::Sqlite => "PRAGMA wal_checkpoint(TRUNCATE)",
            // Only FULL writes the table anew; a plain VACUUM leaves the old bytes in its pages.
            _ => "VACUUM FULL person",
        };
        self.writer.execute_unprepared(scrub).await?;
        Ok(())
    }

    /// Waits for what is being done and closes.
    pub(super) async fn close(&self) {
        for connection in [&self.reader, &self.writer] {
            if let Err(error) = connection.close_by_ref().await {
                tracing::warn!(%error, "the database did not close properly");
            }
        }
    }
}

/// The database's own error code.
fn code(error: &DbErr) -> Option<String> {
    match driver_error(error)? {
        sqlx::Error::Database(error) => error.code().map(|code| code.into_owned()),
        _ => None,
    }
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => Some(e.deref()),
        _ => None,
    }
}

/// Whether a unique index refused the row.
pub(super) fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        let unreachable = |error: &dyn Error| Self::Unreachable { why: error.to_string() };
        match code(&error).as_deref() {
            // SQLITE_FULL; PostgreSQL's disk_full.
            Some("13" | "53100") => return Self::DiskFull { what: "the database".into() },
            // SQLITE_BUSY, with its extended codes.
            Some("5" | "261" | "517" | "773") => return Self::Busy,
            // SQLITE_READONLY, with its extended codes.
            Some("8" | "264" | "520" | "776" | "1032") => {
                return Self::NotWritable {
                    path: "the database".into(),
                    source: std::io::Error::from(std::io::ErrorKind::PermissionDenied),
                };
            }
            Some("11" | "26") => return Self::damaged("the database"),
            // No such role, wrong password, no such database, too many connections, shutting down or starting.
            Some("28000" | "28P01" | "3D000" | "53300" | "57P01" | "57P03") => return unreachable(&error),
            _ => {}
        }
        match (&error, driver_error(&error)) {
            (DbErr::ConnectionAcquire(_), _) => Self::Busy,
            (_, Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)) => unreachable(&error),
            (_, Some(sqlx::Error::Configuration(_))) => Self::BadAddress,
            _ => Self::Database(Box::new(error)),
        }
    }
}
