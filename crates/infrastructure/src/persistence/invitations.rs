//! Invitations.

use async_trait::async_trait;
use countersign_application::error::{Fault, WriteError};
use countersign_application::ports::invitation_repository::InvitationRepository;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, TeamId, UserId};
use countersign_domain::invitation::{Delivery, Invitation, InvitationListing, InvitationState};
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::secret::TokenDigest;
use countersign_domain::team::role::Role;
use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Set,
};

use crate::persistence::entities::invitations::{ActiveModel, Column, Entity, Model};
use crate::persistence::entities::mails;
use crate::persistence::error::{fault, unreadable, write_error};
use crate::persistence::outbox::row;
use crate::persistence::store::Store;

/// The index of pending invitations is partial; a bound value would hide from SQLite that it applies.
pub(crate) const PENDING: &str = "state = 'pending'";

fn invitation(row: &Model) -> Result<Invitation, Fault> {
    Ok(Invitation {
        id: InvitationId::new(row.id),
        team_id: TeamId::new(row.team_id),
        email: EmailAddress::parse(&row.email).map_err(|_invalid| unreadable("invitations.email"))?,
        role: Role::parse(&row.role).map_err(|_invalid| unreadable("invitations.role"))?,
        digest: TokenDigest::from_stored(&row.digest).ok_or_else(|| unreadable("invitations.digest"))?,
        state: InvitationState::parse(&row.state).ok_or_else(|| unreadable("invitations.state"))?,
        invited_by: row.invited_by.map(UserId::new),
        accepted_by: row.accepted_by.map(UserId::new),
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

/// What the last mail of the invitation that the outer statement is at has in this column.
fn of_last_mail(column: mails::Column) -> Expr {
    let last = Query::select()
        .column(column)
        .from(mails::Entity)
        .and_where(Expr::col((mails::Entity, mails::Column::InvitationId)).equals((Entity, Column::Id)))
        .order_by(mails::Column::Id, Order::Desc)
        .limit(1)
        .take();
    Expr::SubQuery(None, Box::new(last.into()))
}

/// A mail that is no longer kept had been sent: one that was given up is kept as long as its invitation is open.
fn delivery(status: Option<&str>) -> Delivery {
    status.map_or(Delivery::Sent, row::delivery)
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> InvitationRepository for Store<C> {
    async fn find_by_id(&self, team: TeamId, id: InvitationId) -> Result<Option<Invitation>, Fault> {
        let row = Entity::find_by_id(id.as_uuid())
            .filter(Column::TeamId.eq(team.as_uuid()))
            .one(&self.0)
            .await
            .map_err(fault)?;
        row.as_ref().map(invitation).transpose()
    }

    async fn find_by_digest(&self, digest: &TokenDigest) -> Result<Option<Invitation>, Fault> {
        let row =
            Entity::find().filter(Column::Digest.eq(digest.as_bytes().to_vec())).one(&self.0).await.map_err(fault)?;
        row.as_ref().map(invitation).transpose()
    }

    async fn lock_pending(&self, team: TeamId, email: &EmailAddress) -> Result<Option<Invitation>, Fault> {
        let row = Entity::find()
            .filter(Column::TeamId.eq(team.as_uuid()))
            .filter(Column::Email.eq(email.as_str()))
            .filter(Expr::cust(PENDING))
            .lock_exclusive()
            .one(&self.0)
            .await
            .map_err(fault)?;
        row.as_ref().map(invitation).transpose()
    }

    async fn insert(&self, invitation: &Invitation) -> Result<(), WriteError> {
        let row = ActiveModel {
            id: Set(invitation.id.as_uuid()),
            team_id: Set(invitation.team_id.as_uuid()),
            email: Set(invitation.email.as_str().to_owned()),
            role: Set(invitation.role.as_str().to_owned()),
            digest: Set(invitation.digest.as_bytes().to_vec()),
            state: Set(invitation.state.as_str().to_owned()),
            invited_by: Set(invitation.invited_by.map(UserId::as_uuid)),
            accepted_by: Set(invitation.accepted_by.map(UserId::as_uuid)),
            created_at: Set(invitation.created_at),
            expires_at: Set(invitation.expires_at),
        };
        Entity::insert(row).exec_without_returning(&self.0).await.map_err(write_error)?;
        Ok(())
    }

    async fn renew(&self, invitation: &Invitation) -> Result<bool, Fault> {
        let change = ActiveModel {
            role: Set(invitation.role.as_str().to_owned()),
            digest: Set(invitation.digest.as_bytes().to_vec()),
            invited_by: Set(invitation.invited_by.map(UserId::as_uuid)),
            expires_at: Set(invitation.expires_at),
            ..ActiveModel::default()
        };
        let renewed = Entity::update_many()
            .set(change)
            .filter(Column::Id.eq(invitation.id.as_uuid()))
            .filter(Expr::cust(PENDING))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(renewed.rows_affected == 1)
    }

    async fn settle(
        &self,
        id: InvitationId,
        state: InvitationState,
        accepted_by: Option<UserId>,
    ) -> Result<bool, Fault> {
        let settled = Entity::update_many()
            .col_expr(Column::State, Expr::value(state.as_str()))
            .col_expr(Column::AcceptedBy, Expr::value(accepted_by.map(UserId::as_uuid)))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Expr::cust(PENDING))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(settled.rows_affected == 1)
    }

    async fn list_by_team(&self, team: TeamId, page: &PageRequest) -> Result<Page<InvitationListing>, Fault> {
        let statement = Entity::find()
            .expr_as(of_last_mail(mails::Column::Status), "delivery")
            .expr_as(of_last_mail(mails::Column::LastError), "delivery_reason")
            .filter(Column::TeamId.eq(team.as_uuid()))
            .apply_if(page.after(), |select, cursor| select.filter(Column::Id.gt(cursor.key())))
            .order_by_asc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .build(self.0.get_database_backend());
        let rows = self.0.query_all_raw(statement).await.map_err(fault)?;
        let mut listings = Vec::with_capacity(rows.len());
        for row in rows {
            let status: Option<String> = row.try_get("", "delivery").map_err(fault)?;
            let invitation = invitation(&Model::from_query_result(&row, "").map_err(fault)?)?;
            let delivery_reason = row.try_get("", "delivery_reason").map_err(fault)?;
            listings.push(InvitationListing { invitation, delivery: delivery(status.as_deref()), delivery_reason });
        }
        Ok(Page::from_rows(listings, page, |listing: &InvitationListing| listing.invitation.id.as_uuid()))
    }

    async fn list_by_email(&self, email: &EmailAddress) -> Result<Vec<Invitation>, Fault> {
        let rows = Entity::find()
            .filter(Column::Email.eq(email.as_str()))
            .order_by_asc(Column::Id)
            .all(&self.0)
            .await
            .map_err(fault)?;
        rows.iter().map(invitation).collect()
    }

    async fn remove_by_email(&self, email: &EmailAddress) -> Result<Vec<TeamId>, Fault> {
        let to_address = Entity::delete_many().filter(Column::Email.eq(email.as_str()));
        let removed = to_address.exec_with_returning(&self.0).await.map_err(fault)?;
        let pending = removed.iter().filter(|row| row.state == InvitationState::Pending.as_str());
        Ok(pending.map(|row| TeamId::new(row.team_id)).collect())
    }
}
