//! A sentence for people.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

/// What happened, in words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageBody {
    pub(crate) message: Cow<'static, str>,
}

impl MessageBody {
    pub(crate) const fn new(message: &'static str) -> Self {
        Self { message: Cow::Borrowed(message) }
    }
}
