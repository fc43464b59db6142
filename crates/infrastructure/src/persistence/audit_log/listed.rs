//! A page of the trail, along one index.
//!
//! There is an index for each filter, and none for two that meet: of an account's many events those of a rare kind would be
//! looked for past all others. So an index is walked for so many events a page, and what the other filters leave of them is
//! the page, which may be short, or empty, and go on.

use std::cmp::Reverse;

use countersign_application::ports::audit_log::AuditFilter;
use countersign_domain::page::{Cursor, Page, PageRequest};
use sea_orm::sea_query::SimpleExpr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityName as _, EntityTrait as _, QueryFilter,
    QueryOrder as _, QuerySelect as _, QueryTrait, Select,
};
use time::{Duration, OffsetDateTime};
use uuid::{Builder, Uuid};

use crate::persistence::entities::audit_events::{Column, Entity, Model};

/// So many events of an index are looked through for a page.
pub(crate) const WINDOW: u32 = 5_000;

/// The id of an event is made in the course of its request, so this close to its time and by the same clock.
const ID_LAG: Duration = Duration::HOUR;

/// The least id of version 7 that is made from then on: bounds of time become bounds of the index that is paged along,
/// or all that is newer would be read to find what is old.
fn first_id_of(time: OffsetDateTime) -> Uuid {
    let milliseconds = time.unix_timestamp_nanos() / 1_000_000;
    let milliseconds = u64::try_from(milliseconds.max(0)).unwrap_or(u64::MAX);
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

/// What a page is made from.
struct Walk<'a> {
    /// Of which index: the account as actor or as subject, the team, the kind, or all events by id.
    along: Option<SimpleExpr>,
    /// What is left of that.
    residue: Condition,
    filter: &'a AuditFilter,
    page: &'a PageRequest,
}

impl Walk<'_> {
    /// Events along the index, newest first, from the page's cursor on.
    fn events(&self) -> Select<Entity> {
        let AuditFilter { since, until, .. } = self.filter;
        Entity::find()
            .apply_if(self.along.clone(), QueryFilter::filter)
            .apply_if(*since, |select, since| select.filter(Column::Id.gte(first_id_of(since.saturating_sub(ID_LAG)))))
            .apply_if(*until, |select, until| select.filter(Column::Id.lt(first_id_of(until.saturating_add(ID_LAG)))))
            .apply_if(self.page.after(), |select, cursor| select.filter(Column::Id.lt(cursor.key())))
            .order_by_desc(Column::Id)
    }

    fn wanted(&self) -> u64 {
        u64::from(self.page.limit()) + 1
    }

    /// What is found in so many events, and the last of these if there are so many.
    async fn found(&self, database: &impl ConnectionTrait, window: u32) -> Result<(Vec<Model>, Option<Uuid>), DbErr> {
        if self.residue.is_empty() {
            return Ok((self.events().limit(self.wanted()).all(database).await?, None));
        }
        // The end first: what is purged meanwhile brings nothing new into the window.
        let keys = self.events().select_only().column(Column::Id).offset(u64::from(window.saturating_sub(1))).limit(1);
        let end: Option<Uuid> = keys.into_tuple().one(database).await?;
        let among = self.events().apply_if(end, |select, end| select.filter(Column::Id.gte(end)));
        let mut found = Entity::find();
        // A condition is not moved below a limit.
        let among = among.limit(u64::from(window)).into_query();
        QueryTrait::query(&mut found).from_clear().from_subquery(among, Entity.table_name());
        let found = found.filter(self.residue.clone()).order_by_desc(Column::Id).limit(self.wanted());
        Ok((found.all(database).await?, end))
    }
}

/// The walks that find what the filter asks for; together, if there are two.
fn walks<'a>(filter: &'a AuditFilter, page: &'a PageRequest) -> Vec<Walk<'a>> {
    let kind = filter.kind.map(|kind| Column::Kind.eq(kind.as_str()));
    let team = filter.team_id.map(|team| Column::TeamId.eq(team.as_uuid()));
    let times = Condition::all()
        .add_option(filter.since.map(|since| Column::At.gte(since)))
        .add_option(filter.until.map(|until| Column::At.lt(until)));
    let walk = |along, residue| Walk { along, residue, filter, page };
    match (filter.user_id, team, kind) {
        // Along one index each: over both, all that is kept of the account would be read and sorted for each page.
        (Some(user), team, kind) => [Column::ActorId, Column::UserId]
            .map(|whose| {
                let residue = times.clone().add_option(team.clone()).add_option(kind.clone());
                walk(Some(whose.eq(user.as_uuid())), residue)
            })
            .into(),
        (None, Some(team), kind) => vec![walk(Some(team), times.add_option(kind))],
        (None, None, kind) => vec![walk(kind, times)],
    }
}

/// A page of events that fulfil the filter, newest first.
pub(crate) async fn listed(
    database: &impl ConnectionTrait,
    filter: &AuditFilter,
    page: &PageRequest,
    window: u32,
) -> Result<Page<Model>, DbErr> {
    let (mut rows, mut end) = (vec![], None);
    for walk in walks(filter, page) {
        let (found, end_of_walk) = walk.found(database, window).await?;
        rows.extend(found);
        end = end.max(end_of_walk);
    }
    rows.sort_unstable_by_key(|row| Reverse(row.id));
    rows.dedup_by_key(|row| row.id);
    // Of two walks, the one that came less far says how far the page is whole.
    rows.retain(|row| end.is_none_or(|end| row.id >= end));
    if rows.len() > usize::from(page.limit()) {
        return Ok(Page::from_rows(rows, page, |row| row.id));
    }
    Ok(Page { items: rows, next: end.map(Cursor::after) })
}
