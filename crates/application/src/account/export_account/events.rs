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
    /// Whether the present address was the account's, and proven, when what comes next in the pages happened.
    proven: bool,
    next: Option<PageRequest>,
    left: usize,
}

impl EventPages {
    /// From the newest on.
    pub(crate) fn of(audit: Arc<dyn AuditLog>, owner: User) -> Self {
        let (proven, first) = (owner.email_verified, PageRequest::first(PageRequest::MAX_LIMIT));
        Self { audit, owner, proven, next: Some(first), left: MOST_EVENTS }
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
        Ok(Some(items.into_iter().filter_map(|event| self.shown(event)).collect()))
    }

    /// The event as the account may see it, if it may. Called from the newest on.
    fn shown(&mut self, event: AuditEvent) -> Option<AuditEvent> {
        let proven = self.proven;
        let is_proof = matches!(event.kind, AuditKind::EmailVerified | AuditKind::EmailChanged);
        self.proven &= !(is_proof && event.user_id == Some(self.owner.id));
        self.may_know(&event, proven).then(|| self.without_others(event, proven))
    }

    /// What others did about invitations before the present address was proven is left out: they may have been meant
    /// for somebody else, who reads the mail of an address that the account only claimed.
    fn may_know(&self, event: &AuditEvent, proven: bool) -> bool {
        let of_invitation =
            matches!(event.kind, AuditKind::MemberInvited | AuditKind::InvitationResent | AuditKind::InvitationRevoked);
        proven || !of_invitation || event.actor_id == Some(self.owner.id)
    }

    /// Left out is what is about somebody else (GDPR Art. 15(4)). That is whom the account did something to: that an
    /// event knows an account for an address would tell an inviter that there is one. And it is from where and with
    /// which program somebody else acted, also somebody unknown who may read the mail of an address that was not
    /// proven then.
    fn without_others(&self, event: AuditEvent, proven: bool) -> AuditEvent {
        // Whoever reads the mail of the new address confirms it, signed in or not.
        let by_mail_alone = event.kind == AuditKind::EmailChanged;
        let own = !by_mail_alone && event.actor_id.map_or(proven, |actor| actor == self.owner.id);
        AuditEvent {
            user_id: event.user_id.filter(|user| *user == self.owner.id),
            network: event.network.filter(|_| own),
            user_agent: event.user_agent.filter(|_| own),
            ..event
        }
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

    /// The pages of an account whose trail is this, each event on a page of its own.
    async fn shown(email_verified: bool, all: &[AuditEvent]) -> Vec<AuditEvent> {
        let (mut log, trail) = (MockAuditLog::new(), all.to_vec());
        log.expect_list().returning(move |_, page| {
            let at = page
                .after()
                .map_or(0, |last| 1 + trail.iter().position(|event| event.id.as_uuid() == last.key()).unwrap());
            let next = (at + 1 < trail.len()).then(|| Cursor::after(trail[at].id.as_uuid()));
            Ok(Page { items: vec![trail[at].clone()], next })
        });
        let mut pages = EventPages::of(Arc::new(log), User { email_verified, ..user(1) });
        let mut shown = vec![];
        while let Some(page) = pages.next().await.unwrap() {
            shown.extend(page);
        }
        shown
    }

    #[tokio::test]
    async fn invitations_from_before_the_present_address_was_proven_stay_out_for_good() {
        for proof in [AuditKind::EmailVerified, AuditKind::EmailChanged] {
            let all = [
                event(6, AuditKind::MemberInvited).by(user_id(2)).about(user_id(1)),
                event(5, AuditKind::EmailVerified).by(user_id(1)).about(user_id(3)),
                event(4, AuditKind::InvitationResent).by(user_id(2)).about(user_id(1)),
                event(3, proof).by(user_id(1)).about(user_id(1)),
                event(2, AuditKind::InvitationResent).by(user_id(2)).about(user_id(1)),
                event(1, AuditKind::MemberInvited).by(user_id(2)).about(user_id(1)),
            ];
            let ids: Vec<_> = shown(true, &all).await.iter().map(|event| event.id.as_uuid().as_u128()).collect();
            assert_eq!(ids, [6, 5, 4, 3], "{proof:?}");
        }
    }

    #[tokio::test]
    async fn from_where_somebody_else_acted_is_not_told_nor_who_may_read_an_unproven_address() {
        let all = [
            event(7, AuditKind::RoleChanged).by(user_id(2)).about(user_id(1)),
            event(6, AuditKind::LoginFailed).about(user_id(1)),
            event(5, AuditKind::LoginSucceeded).by(user_id(1)).about(user_id(1)),
            event(4, AuditKind::EmailVerified).by(user_id(1)).about(user_id(1)),
            event(3, AuditKind::LoginSucceeded).by(user_id(1)).about(user_id(1)),
            event(2, AuditKind::ProofFailed).about(user_id(1)),
            event(1, AuditKind::PasswordResetRequested).about(user_id(1)),
        ];
        let told = async |verified: bool, all: &[AuditEvent]| {
            let shown = shown(verified, all).await;
            assert_eq!(shown.len(), all.len());
            assert!(shown.iter().all(|event| event.network.is_some() == event.user_agent.is_some()));
            let told = shown.into_iter().filter(|event| event.network.is_some());
            told.map(|event| event.id.as_uuid().as_u128()).collect::<Vec<_>>()
        };
        assert_eq!(told(true, &all).await, [6, 5, 4, 3]);
        assert_eq!(told(false, &all[4..]).await, [3]);
        let confirmed = event(1, AuditKind::EmailChanged).by(user_id(1)).about(user_id(1));
        assert!(told(true, &[confirmed]).await.is_empty());
    }
}
