//! Gives the actor everything held about it (GDPR Art. 15 and 20).

mod events;

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::invitation::Invitation;
use countersign_domain::one_time_token::OneTimeToken;
use countersign_domain::page::PageRequest;
use countersign_domain::session::Session;
use countersign_domain::team::membership::TeamMembership;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::audit_log::AuditLog;
use crate::ports::clock::Clock;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::membership_repository::MembershipRepository;
use crate::ports::one_time_token_repository::OneTimeTokenRepository;
use crate::ports::outbox::{HeldMail, Outbox};
use crate::ports::session_repository::SessionRepository;
use crate::ports::sign_in_networks::SignInNetworks;
use crate::trail::Trail;

pub use crate::account::export_account::events::{EventPages, MOST_EVENTS};

/// Everything held about an account but its secrets.
#[derive(Clone, Debug)]
pub struct AccountExport {
    /// The account.
    pub user: User,
    /// Its teams, all of them.
    pub teams: Vec<TeamMembership>,
    /// Its sessions that are still held, over or not.
    pub sessions: Vec<Session>,
    /// Networks it signed in from, with the last time.
    pub sign_in_networks: Vec<(String, OffsetDateTime)>,
    /// Tokens that were mailed for it and not used, with the address that waits to be confirmed.
    pub one_time_tokens: Vec<OneTimeToken>,
    /// Mails about it and, once its address is verified, to that address.
    pub mails: Vec<HeldMail>,
    /// Invitations to its address, once that is verified: before, they may be somebody else's.
    pub invitations: Vec<Invitation>,
    /// Audit events by or about it, newest first: the first page, which has the export itself.
    pub audit_events: Vec<AuditEvent>,
    /// The pages after that.
    pub later_events: EventPages,
    /// When this was put together.
    pub exported_at: OffsetDateTime,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ExportAccountError {
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ExportAccountError {
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ExportAccount {
    clock: Arc<dyn Clock>,
    memberships: Arc<dyn MembershipRepository>,
    sessions: Arc<dyn SessionRepository>,
    networks: Arc<dyn SignInNetworks>,
    one_time_tokens: Arc<dyn OneTimeTokenRepository>,
    outbox: Arc<dyn Outbox>,
    invitations: Arc<dyn InvitationRepository>,
    audit: Arc<dyn AuditLog>,
    limits: Limits,
    trail: Trail,
}

impl ExportAccount {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            memberships: Arc::clone(&dependencies.memberships),
            sessions: Arc::clone(&dependencies.sessions),
            networks: Arc::clone(&dependencies.networks),
            one_time_tokens: Arc::clone(&dependencies.one_time_tokens),
            outbox: Arc::clone(&dependencies.outbox),
            invitations: Arc::clone(&dependencies.invitations),
            audit: Arc::clone(&dependencies.audit),
            limits: Limits::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Gives the actor everything held about it (GDPR Art. 15 and 20). The export is audited, and that event is
    /// part of it.
    pub async fn execute(&self, actor: &Actor, origin: &Origin) -> Result<AccountExport, ExportAccountError> {
        let now = self.clock.now();
        let _counted = self.limits.acquire(Limit::ExportOfUser, Subject::User(actor.id()), now).await?;
        let event = self.trail.event(AuditKind::AccountExported, origin, now).by(actor.id()).about(actor.id());
        self.trail.record(event).await?;
        let mut events = EventPages::of(Arc::clone(&self.audit), actor.user.clone());
        Ok(AccountExport {
            user: actor.user.clone(),
            teams: self.teams(actor).await?,
            sessions: self.sessions.list_by_user(actor.id()).await?,
            sign_in_networks: self.networks.list_by_user(actor.id()).await?,
            one_time_tokens: self.one_time_tokens.list_by_user(actor.id()).await?,
            mails: self.outbox.list_by_recipient(actor.id(), proven_address(actor)).await?,
            invitations: self.invitations(actor).await?,
            audit_events: events.next().await?.unwrap_or_default(),
            later_events: events,
            exported_at: now,
        })
    }

    async fn invitations(&self, actor: &Actor) -> Result<Vec<Invitation>, Fault> {
        match proven_address(actor) {
            Some(email) => self.invitations.list_by_email(&email).await,
            None => Ok(vec![]),
        }
    }

    async fn teams(&self, actor: &Actor) -> Result<Vec<TeamMembership>, Fault> {
        let mut request = PageRequest::first(PageRequest::MAX_LIMIT);
        let mut teams = vec![];
        loop {
            let page = self.memberships.list_by_user(actor.id(), &request).await?;
            teams.extend(page.items);
            match page.next {
                Some(cursor) => request = request.starting(cursor),
                None => return Ok(teams),
            }
        }
    }
}

/// Before it is verified, what was sent to an address may be somebody else's.
fn proven_address(actor: &Actor) -> Option<EmailAddress> {
    actor.user.email_verified.then(|| actor.user.email.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Classify, Kind};
    use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
    use crate::testing::{
        Mocks, NOW, actor, email, invitation, membership, one_time_token, origin, session, team, user, user_id,
    };
    use countersign_domain::invitation::Delivery;
    use countersign_domain::one_time_token::Purpose;
    use countersign_domain::page::{Cursor, Page};
    use countersign_domain::team::role::Role;
    use time::Duration;

    fn place(n: u64) -> TeamMembership {
        let membership =
            countersign_domain::team::membership::Membership { team_id: team(n).id, ..membership(1, Role::Member) };
        TeamMembership { team: team(n), membership }
    }

    fn pending() -> OneTimeToken {
        OneTimeToken { new_email: Some(email("new@example.com")), ..one_time_token(Purpose::EmailChange, "secret") }
    }

    fn held(kind: &str, to: &str) -> HeldMail {
        HeldMail {
            kind: kind.to_owned(),
            recipient: email(to),
            recipient_name: None,
            delivery: Delivery::Sent,
            created_at: NOW,
            sent_at: Some(NOW),
        }
    }

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        mocks.memberships.expect_list_by_user().withf(|id, _| *id == user_id(1)).returning(|_, page| {
            let first = Cursor::after(team(1).id.as_uuid());
            Ok(match page.after() {
                None => Page { items: vec![place(1)], next: Some(first) },
                Some(cursor) if cursor == first => Page { items: vec![place(2)], next: None },
                Some(_) => Page { items: vec![], next: None },
            })
        });
        mocks.invitations.expect_list_by_email().returning(|address| {
            let held = invitation("user1@example.com", Role::Member);
            Ok(vec![held].into_iter().filter(|held| held.email == *address).collect())
        });
        mocks
            .sessions
            .expect_list_by_user()
            .returning(|id| Ok(vec![session(1)].into_iter().filter(|session| session.user_id == id).collect()));
        mocks.one_time_tokens.expect_list_by_user().withf(|id| *id == user_id(1)).returning(|_| Ok(vec![pending()]));
        mocks.outbox.expect_list_by_recipient().withf(|id, _| *id == user_id(1)).returning(|_, address| {
            let to_address = address.map(|address| held("invitation", address.as_str()));
            Ok([held("password_changed", "user1@example.com")].into_iter().chain(to_address).collect())
        });
        mocks
    }

    #[tokio::test]
    async fn everything_is_there_over_all_pages_the_export_itself_included() {
        let mut mocks = mocks();
        mocks.networks.expect_list_by_user().returning(|_| Ok(vec![("192.0.2.0/24".to_owned(), NOW)]));
        let export = ExportAccount::new(&mocks.into_dependencies()).execute(&actor(), &origin()).await.unwrap();
        assert_eq!(export.user, user(1));
        assert_eq!(export.teams, [place(1), place(2)]);
        assert_eq!(export.sessions, [session(1)]);
        assert_eq!(export.sign_in_networks, [("192.0.2.0/24".to_owned(), NOW)]);
        assert_eq!(export.audit_events[0].kind, AuditKind::AccountExported);
        assert!(export.later_events.is_over());
        assert_eq!(export.invitations, [invitation("user1@example.com", Role::Member)]);
        assert_eq!(export.one_time_tokens, [pending()]);
        assert_eq!(
            export.mails,
            [held("password_changed", "user1@example.com"), held("invitation", "user1@example.com")]
        );
        assert_eq!(export.exported_at, NOW);
    }

    #[tokio::test]
    async fn whoever_asks_too_often_has_to_wait_and_nothing_is_read() {
        let mut mocks = Mocks { rate_limiter: MockRateLimiter::new(), ..Mocks::default() };
        mocks
            .rate_limiter
            .expect_acquire()
            .withf(|hit| hit.rule.name == "export_user" && hit.subject == user_id(1).to_string())
            .times(1)
            .returning(|_| LimitVerdict::Refused { retry_after: Duration::HOUR });
        let recorded = mocks.recorded.clone();
        let refused = ExportAccount::new(&mocks.into_dependencies()).execute(&actor(), &origin()).await.unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (Kind::Limited, "rate_limited"));
        assert_eq!(recorded.audited(), []);
    }

    #[tokio::test]
    async fn an_address_that_is_not_verified_gives_nothing_away_that_was_sent_to_it() {
        let mut mocks = mocks();
        mocks.networks.expect_list_by_user().returning(|_| Ok(vec![]));
        let squatter = Actor { user: User { email_verified: false, ..user(1) }, ..actor() };
        let export = ExportAccount::new(&mocks.into_dependencies()).execute(&squatter, &origin()).await.unwrap();
        assert_eq!(export.user.email, email("user1@example.com"));
        assert_eq!(export.invitations, []);
        assert_eq!(export.mails, [held("password_changed", "user1@example.com")]);
    }

    #[tokio::test]
    async fn an_outage_gives_no_partial_export() {
        let mut mocks = mocks();
        mocks.networks.expect_list_by_user().returning(|_| Err(Fault::unavailable("database", "gone")));
        let error = ExportAccount::new(&mocks.into_dependencies()).execute(&actor(), &origin()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
