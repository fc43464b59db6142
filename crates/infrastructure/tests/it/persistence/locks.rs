//! Whoever holds an account or a team does not hold up rows that merely refer to it. On PostgreSQL only: SQLite has one
//! writer, who waits for nobody.

use std::time::Duration;

use countersign_application::ports::unit_of_work::UnitOfWork;
use countersign_application::testing::{invitation, team, user_id};
use countersign_domain::ids::InvitationId;
use countersign_domain::invitation::Invitation;
use countersign_domain::secret::TokenDigest;
use countersign_domain::team::role::Role;
use uuid::Uuid;

use crate::persistence::fresh::{Fresh, on_each};

/// What a deadlock, or a lock that is not there to be waited for, would exceed.
const PATIENCE: Duration = Duration::from_secs(20);

async fn two_admins(fresh: &Fresh) {
    for n in [1, 2] {
        fresh.user(n).await;
        let team = fresh.team(n).await;
        fresh.member(n, &team, Role::Admin).await;
    }
}

async fn invite(uow: &dyn UnitOfWork, into: u64, by: u64, address: &str) {
    let invitation = Invitation {
        id: InvitationId::new(Uuid::from_u128(u128::from(into))),
        team_id: team(into).id,
        digest: TokenDigest::of(&into.to_be_bytes()),
        invited_by: Some(user_id(by)),
        ..invitation(address, Role::Member)
    };
    tokio::time::timeout(PATIENCE, uow.invitations().insert(&invitation)).await.unwrap().unwrap();
}

#[tokio::test]
async fn two_admins_who_invite_each_other_do_not_wait_for_one_another() {
    on_each(|fresh| async move {
        if fresh.url().starts_with("sqlite") {
            return;
        }
        two_admins(&fresh).await;
        let (first, second) = (fresh.begin().await, fresh.begin().await);
        // Each holds the account that it invites, then its own team, and names itself as the inviter.
        first.users().lock(user_id(2)).await.unwrap();
        second.users().lock(user_id(1)).await.unwrap();
        first.teams().lock(team(1).id).await.unwrap();
        second.teams().lock(team(2).id).await.unwrap();
        invite(&*first, 1, 1, "user2@example.com").await;
        invite(&*second, 2, 2, "user1@example.com").await;
        first.commit().await.unwrap();
        second.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_admin_who_invites_and_is_deleted_at_the_same_moment_does_both_in_turn() {
    on_each(|fresh| async move {
        if fresh.url().starts_with("sqlite") {
            return;
        }
        two_admins(&fresh).await;
        let (deletion, invitation) = (fresh.begin().await, fresh.begin().await);
        deletion.users().lock(user_id(1)).await.unwrap();
        invitation.teams().lock(team(1).id).await.unwrap();
        invite(&*invitation, 1, 1, "somebody@example.com").await;
        let deleted = tokio::spawn(async move {
            deletion.roster().lock_teams_of(user_id(1)).await.unwrap();
            deletion.users().remove(user_id(1)).await.unwrap();
            deletion.commit().await.unwrap();
        });
        invitation.commit().await.unwrap();
        tokio::time::timeout(PATIENCE, deleted).await.expect("no wait").unwrap();
        assert_eq!(fresh.text("SELECT CAST(COUNT(*) AS TEXT) FROM users").await.as_deref(), Some("1"));
        assert_eq!(fresh.text("SELECT CAST(invited_by AS TEXT) FROM invitations").await, None);
    })
    .await;
}

#[tokio::test]
async fn two_who_lock_the_same_account_take_turns() {
    on_each(|fresh| async move {
        if fresh.url().starts_with("sqlite") {
            return;
        }
        fresh.user(1).await;
        let (first, second) = (fresh.begin().await, fresh.begin().await);
        first.users().lock(user_id(1)).await.unwrap();
        let waiting = tokio::spawn(async move {
            second.users().lock(user_id(1)).await.unwrap();
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!waiting.is_finished(), "the lock is no lock");
        first.commit().await.unwrap();
        tokio::time::timeout(PATIENCE, waiting).await.expect("a turn").unwrap();
    })
    .await;
}
