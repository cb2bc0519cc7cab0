//! How the words stand in a row of SQLite, for the store (feature `sqlite`).

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::{Announcement, Class, Confirmation, Event, Priority, State, Timestamp};

macro_rules! word {
    ($type:ty) => {
        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let text = value.as_str()?;
                <$type>::parse(text)
                    .ok_or_else(|| FromSqlError::Other(format!("unknown word {text:?}").into()))
            }
        }

        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }
    };
}

word!(Announcement);
word!(State);
word!(Class);
word!(Event);

impl FromSql for Confirmation {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        if value == ValueRef::Null {
            return Ok(Confirmation::None);
        }
        let text = value.as_str()?;
        Confirmation::parse(text)
            .ok_or_else(|| FromSqlError::Other(format!("unknown word {text:?}").into()))
    }
}

impl ToSql for Confirmation {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Confirmation::None => rusqlite::types::Null.into(),
            one => one.as_str().into(),
        })
    }
}

impl FromSql for Priority {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let rank = value.as_i64()?;
        Priority::from_rank(rank).ok_or(FromSqlError::OutOfRange(rank))
    }
}

impl ToSql for Priority {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.rank().into())
    }
}

impl FromSql for Timestamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Timestamp::from_micros)
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.micros().into())
    }
}
