//! The audit events of an export, page by page: there may be very many.

use std::fmt;
use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::user::User;

use crate::error::Fault;
use crate::ports::audit_log::{AuditFilter, AuditLog};

/// Most events of an export, the newest.
pub const MOST_EVENTS: usize = 10_000;

/// Audit events by or about an account, newest first, up to [`MOST_EVENTS`]. Each page is read when it is asked for, so
/// that no export is held in memory as a whole.
#[derive(Clone)]
pub struct EventPages {
    audit: Arc<dyn AuditLog>,
    owner: User,
    next: Option<PageRequest>,
    left: usize,
}

impl EventPages {
    /// From the newest on.
    pub(crate) fn of(audit: Arc<dyn AuditLog>, owner: User) -> Self {
        Self { audit, owner, next: Some(PageRequest::first(PageRequest::MAX_LIMIT)), left: MOST_EVENTS }
    }

    /// Whether every page was read.
    pub const fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// The next page, which may be empty; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<AuditEvent>>, Fault> {
        let Some(request) = self.next.take() else { return Ok(None) };
        let filter = AuditFilter { user_id: Some(self.owner.id), ..AuditFilter::default() };
        let Page { mut items, next } = self.audit.list(&filter, &request).await?;
        items.truncate(self.left);
        self.left -= items.len();
        self.next = next.filter(|_| self.left > 0).map(|cursor| request.starting(cursor));
        items.retain(|event| self.may_know(event));
        Ok(Some(items.into_iter().map(|event| self.without_others(event)).collect()))
    }

    /// Whom the account did something to is left out: that is about somebody else (GDPR Art. 15(4)), and that an event
    /// knows an account for an address would tell an inviter that there is one.
    fn without_others(&self, event: AuditEvent) -> AuditEvent {
        AuditEvent { user_id: event.user_id.filter(|user| *user == self.owner.id), ..event }
    }

    /// Invitations are left out of the export until the address is verified, and so is what others did about them: they
    /// may be meant for somebody else.
    fn may_know(&self, event: &AuditEvent) -> bool {
        let of_invitation =
            matches!(event.kind, AuditKind::MemberInvited | AuditKind::InvitationResent | AuditKind::InvitationRevoked);
        self.owner.email_verified || !of_invitation || event.actor_id == Some(self.owner.id)
    }
}

impl fmt::Debug for EventPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventPages").field("next", &self.next).field("left", &self.left).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::ids::AuditEventId;
    use countersign_domain::page::Cursor;
    use uuid::Uuid;

    use super::*;
    use crate::ports::audit_log::MockAuditLog;
    use crate::testing::{NOW, origin, team, user, user_id};

    fn event(n: u128, kind: AuditKind) -> AuditEvent {
        AuditEvent::new(AuditEventId::new(Uuid::from_u128(n)), kind, &origin(), NOW)
    }

    /// A trail of the first account that goes on for ever: ids count down from page to page.
    fn endless() -> MockAuditLog {
        let mut log = MockAuditLog::new();
        log.expect_list().withf(|filter, _| filter.user_id == Some(user_id(1))).returning(|_, page| {
            let newest = page.after().map_or(1_000_000, |cursor| cursor.key().as_u128()) - 1;
            let ids = (0..u128::from(page.limit())).map(|n| newest - n);
            let items: Vec<_> = ids.map(|id| event(id, AuditKind::LoginFailed)).collect();
            let next = items.last().map(|last| Cursor::after(last.id.as_uuid()));
            Ok(Page { items, next })
        });
        log
    }

    #[tokio::test]
    async fn pages_follow_each_other_up_to_the_newest_ten_thousand() {
        let mut pages = EventPages::of(Arc::new(endless()), user(1));
        let mut ids = vec![];
        while let Some(page) = pages.next().await.unwrap() {
            assert!(page.len() <= 200);
            ids.extend(page.into_iter().map(|event| event.id.as_uuid().as_u128()));
        }
        assert!(pages.is_over());
        assert_eq!(ids, (990_000..1_000_000).rev().collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn whom_an_account_did_something_to_is_not_told() {
        let invited = |n| event(n, AuditKind::MemberInvited).by(user_id(1)).in_team(team(1).id).detail("member");
        // Of every kind: who knows what the next one will give away.
        let others = AuditKind::ALL.iter().map(|kind| event(3, *kind).by(user_id(1)).about(user_id(3)));
        let mut log = MockAuditLog::new();
        let all: Vec<_> = [invited(1).about(user_id(2)), invited(2)].into_iter().chain(others).collect();
        log.expect_list().returning(move |_, _| Ok(Page { items: all.clone(), next: None }));
        let mut shown = EventPages::of(Arc::new(log), user(1)).next().await.unwrap().unwrap();
        assert_eq!(shown.len(), AuditKind::ALL.len() + 2);
        assert!(shown.iter().all(|event| event.user_id.is_none()));
        shown[0].id = shown[1].id;
        assert_eq!(shown[0], shown[1], "an address with an account and one without look alike");
        // What was done to the account itself has it.
        let mut log = MockAuditLog::new();
        log.expect_list().returning(|_, _| {
            let of_another = event(1, AuditKind::RoleChanged).by(user_id(2)).about(user_id(1));
            Ok(Page { items: vec![of_another], next: None })
        });
        let shown = EventPages::of(Arc::new(log), user(1)).next().await.unwrap().unwrap();
        assert_eq!((shown[0].actor_id, shown[0].user_id), (Some(user_id(2)), Some(user_id(1))));
    }

    #[tokio::test]
    async fn until_the_address_is_verified_invitations_to_it_are_not_mentioned() {
        let all = [
            event(5, AuditKind::MemberInvited).by(user_id(2)).about(user_id(1)),
            event(4, AuditKind::MemberInvited).by(user_id(1)).about(user_id(3)),
            event(3, AuditKind::InvitationResent).by(user_id(2)).about(user_id(1)),
            event(2, AuditKind::InvitationRevoked).by(user_id(2)).about(user_id(1)),
            event(1, AuditKind::LoginFailed).about(user_id(1)),
        ];
        for (email_verified, expected) in [(true, vec![5, 4, 3, 2, 1]), (false, vec![4, 1])] {
            let mut log = MockAuditLog::new();
            let items = all.to_vec();
            log.expect_list().returning(move |_, _| Ok(Page { items: items.clone(), next: None }));
            let mut pages = EventPages::of(Arc::new(log), User { email_verified, ..user(1) });
            let page = pages.next().await.unwrap().unwrap();
            let ids: Vec<_> = page.iter().map(|event| event.id.as_uuid().as_u128()).collect();
            assert_eq!(ids, expected, "verified: {email_verified}");
            assert!(pages.next().await.unwrap().is_none());
        }
    }
}
