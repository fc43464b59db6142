//! Tables that superusers list along the key and search.

use countersign_application::error::Fault;
use countersign_domain::page::{Cursor, Page, PageRequest};
use countersign_domain::team::Team;
use countersign_domain::user::User;
use sea_orm::{
    ColumnTrait as _, DbBackend, EntityTrait, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait, Select,
};
use uuid::Uuid;

use crate::persistence::entities::{teams, users};
use crate::persistence::search::{ACCOUNT, Searched, TEAM};
use crate::persistence::teams::team;
use crate::persistence::users::user;

/// A table that is listed along its key.
pub(crate) trait Listed: EntityTrait {
    /// The column of the key.
    const KEY: Self::Column;
    /// What is searched.
    const SEARCHED: Searched;

    /// The key of a row.
    fn key_of(row: &Self::Model) -> Uuid;
}

impl Listed for users::Entity {
    const KEY: users::Column = users::Column::Id;
    const SEARCHED: Searched = ACCOUNT;

    fn key_of(row: &users::Model) -> Uuid {
        row.id
    }
}

impl Listed for teams::Entity {
    const KEY: teams::Column = teams::Column::Id;
    const SEARCHED: Searched = TEAM;

    fn key_of(row: &teams::Model) -> Uuid {
        row.id
    }
}

/// A page of all rows, or of those in which `part` is found, and one more.
pub(crate) fn listed<E: Listed>(part: Option<&str>, page: &PageRequest, backend: DbBackend) -> Select<E> {
    E::find()
        .apply_if(part, |select, part| select.filter(E::SEARCHED.finds(part, backend)))
        .apply_if(page.after().map(Cursor::key), |select, after| select.filter(E::KEY.gt(after)))
        .order_by_asc(E::KEY)
        .limit(u64::from(page.limit()) + 1)
}

/// At most `wanted` rows in which `part` is found, of the next so many after a key. However the database finds them, it looks
/// at no others.
pub(crate) fn listed_among<E: Listed>(
    part: &str,
    after: Uuid,
    rows: u32,
    wanted: usize,
    backend: DbBackend,
) -> Select<E> {
    let among = E::find().filter(E::KEY.gt(after)).order_by_asc(E::KEY).limit(u64::from(rows)).into_query();
    let mut found = E::find();
    // A condition is not moved below a limit.
    QueryTrait::query(&mut found).from_clear().from_subquery(among, E::default().table_name());
    found.filter(E::SEARCHED.finds(part, backend)).order_by_asc(E::KEY).limit(wanted as u64)
}

/// The last of the next so many keys after one, and the one that follows it; fewer where there are no more.
pub(crate) fn end_of<E: Listed>(after: Uuid, rows: u32) -> Select<E> {
    let keys = E::find().select_only().column(E::KEY).filter(E::KEY.gt(after)).order_by_asc(E::KEY);
    keys.offset(u64::from(rows).saturating_sub(1)).limit(2)
}

/// The accounts of rows.
pub(crate) fn users_of(page: &Page<users::Model>) -> Result<Page<User>, Fault> {
    let items = page.items.iter().map(user).collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.next })
}

/// The teams of rows.
pub(crate) fn teams_of(page: Page<teams::Model>) -> Result<Page<Team>, Fault> {
    let items = page.items.into_iter().map(team).collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.next })
}
