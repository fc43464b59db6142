//! `GET /auth/me/export`

mod audit_event;
mod invitation;
mod mail;
mod one_time_token;
mod session;
mod stream;

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::export_account::AccountExport;
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::export_account::audit_event::ExportedEventBody;
use crate::account::export_account::invitation::ExportedInvitationBody;
use crate::account::export_account::mail::ExportedMailBody;
use crate::account::export_account::one_time_token::ExportedOneTimeTokenBody;
use crate::account::export_account::session::ExportedSessionBody;
use crate::account::export_account::stream::pieces;
use crate::extract::{Authenticated, RequestOrigin};
use crate::present::{TeamMembershipBody, Timestamp, UserBody};
use crate::problem::Problem;

/// Everything held about an account but its secrets.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountExport)]
pub(crate) struct AccountExportBody {
    exported_at: Timestamp,
    user: UserBody,
    teams: Vec<TeamMembershipBody>,
    sessions: Vec<ExportedSessionBody>,
    sign_in_networks: Vec<SignInNetworkBody>,
    /// Mailed and not used yet, with an address that waits to be confirmed.
    one_time_tokens: Vec<ExportedOneTimeTokenBody>,
    /// About the account and, once its address is verified, to that address, oldest first; none to an address that
    /// waits to be confirmed.
    mails: Vec<ExportedMailBody>,
    /// To the address of the account, once it is verified.
    invitations: Vec<ExportedInvitationBody>,
    /// By or about the account, newest first, at most 10,000.
    audit_events: Vec<ExportedEventBody>,
}

/// A network that the account signed in from.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInNetwork)]
pub(crate) struct SignInNetworkBody {
    /// Such as `192.0.2.0/24`.
    network: String,
    last_seen_at: Timestamp,
}

impl From<AccountExport> for AccountExportBody {
    fn from(export: AccountExport) -> Self {
        let owner = export.user.id;
        let now = export.exported_at;
        let invitations = export.invitations.iter();
        let networks = export.sign_in_networks.into_iter();
        Self {
            exported_at: export.exported_at.into(),
            user: export.user.into(),
            teams: export.teams.into_iter().map(Into::into).collect(),
            sessions: export.sessions.into_iter().map(Into::into).collect(),
            sign_in_networks: networks
                .map(|(network, seen)| SignInNetworkBody { network, last_seen_at: seen.into() })
                .collect(),
            one_time_tokens: export.one_time_tokens.into_iter().map(Into::into).collect(),
            mails: export.mails.into_iter().map(Into::into).collect(),
            invitations: invitations.map(|invitation| ExportedInvitationBody::of(invitation, now)).collect(),
            audit_events: export.audit_events.into_iter().map(|event| ExportedEventBody::of(event, owner)).collect(),
        }
    }
}

/// Export everything held about the account (GDPR Art. 15 and 20). What is long is sent as it is read: an answer that
/// breaks off is not the whole.
#[utoipa::path(get, path = "/auth/me/export", tag = "account",
    responses((status = 200, description = "The personal data.", body = AccountExportBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
) -> Result<HttpResponse, Problem> {
    let export = application.account.export_account.execute(&actor, &origin).await?;
    let pages = export.later_events.clone();
    let body = AccountExportBody::from(export);
    let mut answer = HttpResponse::Ok();
    if pages.is_over() {
        return Ok(answer.json(body));
    }
    let head = serde_json::to_vec(&body).map_err(|_unwritten| Problem::internal("the export cannot be written"))?;
    let pieces = pieces(head, !body.audit_events.is_empty(), pages, actor.id());
    Ok(answer.content_type(ContentType::json()).streaming(pieces))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::ports::audit_log::AuditLog as _;
    use countersign_application::ports::outbox::HeldMail;
    use countersign_application::testing::{
        Mocks, NOW, email, invitation, membership, one_time_token, origin, session, team, user,
    };
    use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
    use countersign_domain::ids::AuditEventId;
    use countersign_domain::invitation::Delivery;
    use countersign_domain::one_time_token::{OneTimeToken, Purpose};
    use countersign_domain::page::Page;
    use countersign_domain::session::Session;
    use countersign_domain::team::membership::TeamMembership;
    use countersign_domain::team::role::Role;
    use countersign_domain::user::User;
    use serde_json::json;
    use uuid::Uuid;

    use crate::testing::{call, sign_in, signed_in};

    #[actix_web::test]
    async fn a_long_trail_is_sent_page_by_page_and_is_one_document() {
        for email_verified in [true, false] {
            let mut mocks = Mocks::default();
            let owner = User { email_verified, ..user(1) };
            sign_in(&mut mocks, &owner);
            mocks.memberships.expect_list_by_user().returning(|_, _| Ok(Page { items: vec![], next: None }));
            mocks.sessions.expect_list_by_user().returning(|_| Ok(vec![]));
            mocks.one_time_tokens.expect_list_by_user().returning(|_| Ok(vec![]));
            mocks.outbox.expect_list_by_recipient().returning(|_, _| Ok(vec![]));
            mocks.networks.expect_list_by_user().returning(|_| Ok(vec![]));
            mocks.invitations.expect_list_by_email().returning(|_| Ok(vec![]));
            // Pages of 200: some of them are left out for an address that is not verified.
            for n in 0..650_u128 {
                let kind = if n < 300 { AuditKind::LoginFailed } else { AuditKind::MemberInvited };
                let event = AuditEvent::new(AuditEventId::new(Uuid::from_u128(n)), kind, &origin(), NOW);
                mocks.recorded.append(&event.about(user(1).id)).await.unwrap();
            }
            let answer = call(mocks, signed_in(TestRequest::get().uri("/auth/me/export"))).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
            let export = answer.json();
            let events = export["audit_events"].as_array().unwrap();
            assert_eq!(events.len(), if email_verified { 651 } else { 301 });
            assert_eq!(events[0]["event"], "account_exported");
            assert_eq!(events.last().unwrap()["id"], Uuid::from_u128(0).to_string());
        }
    }

    fn exported_session() -> Session {
        let Origin { ip, user_agent, .. } = origin();
        Session { ended_at: Some(NOW), sign_in_ip: ip, sign_in_user_agent: user_agent, ..session(1) }
    }

    #[actix_web::test]
    async fn everything_is_there_but_secrets() {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        mocks.memberships.expect_list_by_user().returning(|_, _| {
            let item = TeamMembership { team: team(1), membership: membership(1, Role::Member) };
            Ok(Page { items: vec![item], next: None })
        });
        mocks.sessions.expect_list_by_user().returning(|_| Ok(vec![exported_session()]));
        mocks.one_time_tokens.expect_list_by_user().returning(|_| {
            let token = one_time_token(Purpose::EmailChange, "secret");
            let requested_by = Some(session(1).id);
            Ok(vec![OneTimeToken { new_email: Some(email("new@example.com")), requested_by, ..token }])
        });
        mocks.outbox.expect_list_by_recipient().returning(|_, _| {
            Ok(vec![HeldMail {
                kind: "password_changed".to_owned(),
                recipient: email("user1@example.com"),
                recipient_name: Some("Firstname".to_owned()),
                delivery: Delivery::Sent,
                created_at: NOW,
                sent_at: Some(NOW),
            }])
        });
        mocks.networks.expect_list_by_user().returning(|_| Ok(vec![("192.0.2.0/24".to_owned(), NOW)]));
        mocks
            .invitations
            .expect_list_by_email()
            .returning(|address| Ok(vec![invitation(address.as_str(), Role::Member)]));
        let request = TestRequest::get().uri("/auth/me/export").insert_header(("x-request-id", "export"));
        let answer = call(mocks, signed_in(request)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let export = answer.json();
        let (at, id) = ("2026-01-02T03:04:05.678Z", user(1).id.to_string());
        let expected = json!({
            "exported_at": at,
            "user": {"id": id, "email": "user1@example.com", "first_name": "Firstname", "last_name": "Surname",
                "is_active": true, "is_superuser": false, "email_verified": true, "created_at": at, "updated_at": at},
            "teams": [{"id": team(1).id.to_string(), "name": "Engines", "description": null, "created_at": at,
                "updated_at": at, "role": "member", "status": "active", "joined_at": at}],
            "sessions": [{"id": session(1).id.to_string(), "created_at": at, "last_seen_at": at,
                "expires_at": "2026-07-01T03:04:05.678Z", "ended_at": at, "ip": null, "user_agent": null,
                "sign_in_ip": "192.0.2.7", "sign_in_user_agent": "test"}],
            "sign_in_networks": [{"network": "192.0.2.0/24", "last_seen_at": at}],
            "one_time_tokens": [{"purpose": "email_change", "new_email": "new@example.com",
                "requested_by": session(1).id.to_string(), "created_at": at,
                "expires_at": "2026-01-02T04:04:05.678Z"}],
            "mails": [{"kind": "password_changed", "recipient": "user1@example.com", "recipient_name": "Firstname",
                "delivery": "sent", "created_at": at, "sent_at": at}],
            "invitations": [{"id": invitation("user1@example.com", Role::Member).id.to_string(),
                "team_id": team(1).id.to_string(), "role": "member", "state": "pending", "created_at": at,
                "expires_at": "2026-01-09T03:04:05.678Z"}],
            "audit_events": [{"id": export["audit_events"][0]["id"], "at": at, "event": "account_exported",
                "actor_id": id, "user_id": id, "team_id": null, "network": null, "user_agent": null,
                "request_id": "export", "detail": null}],
        });
        assert_eq!(export, expected);
    }
}
