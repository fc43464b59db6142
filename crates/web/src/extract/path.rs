//! Ids in paths. One that is not an id is the id of nothing: 404, as for an unknown one.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest};
use countersign_domain::ids::{InvitationId, SessionId, TeamId, UserId};

use crate::problem::Problem;

macro_rules! path_id {
    ($(#[$doc:meta])* $name:ident($id:ident) = $parameter:literal, $code:literal, $detail:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name(pub(crate) $id);

        impl $name {
            pub(crate) fn of(req: &HttpRequest) -> Result<Self, Problem> {
                req.match_info()
                    .get($parameter)
                    .and_then($id::parse)
                    .map(Self)
                    .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, $code, $detail))
            }
        }

        impl FromRequest for $name {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(Self::of(req))
            }
        }
    };
}

path_id!(
    /// `{team_id}`. Endpoints take it from the membership that their gate found.
    TeamPath(TeamId) = "team_id", "team_not_found", "No such team."
);
path_id!(
    /// `{user_id}` of a member.
    MemberPath(UserId) = "user_id", "member_not_found", "No such member in this team."
);
path_id!(
    /// `{id}` of an invitation.
    InvitationPath(InvitationId) = "id", "invitation_not_found", "No such invitation in this team."
);
path_id!(
    /// `{id}` of a session.
    SessionPath(SessionId) = "id", "session_not_found", "No such session."
);
path_id!(
    /// `{id}` of an account, under `/admin`.
    UserPath(UserId) = "id", "user_not_found", "No such user."
);
