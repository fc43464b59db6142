//! A value that breaks a rule.

use countersign_application::error::FieldViolation;
use countersign_domain::violation::Violation;
use serde::Serialize;
use utoipa::ToSchema;

/// A field and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Name of the field or query parameter.
    pub field: &'static str,
    /// Stable code of the rule.
    pub code: &'static str,
    /// The rule in words.
    pub message: String,
}

impl FieldError {
    pub(crate) fn new(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self { field, code, message: message.into() }
    }

    pub(crate) fn of(field: &'static str, violation: &impl Violation) -> Self {
        Self::new(field, violation.code(), violation.to_string())
    }

    /// Of a rule that only a page has: its words are in the catalogue of the pages, under this code.
    pub(crate) fn of_page(field: &'static str, code: &'static str) -> Self {
        Self::new(field, code, "")
    }

    pub(crate) fn required(field: &'static str) -> Self {
        Self::new(field, "required", "a value is required")
    }

    pub(crate) fn invalid_type(field: &'static str, expected: &str) -> Self {
        Self::new(field, "invalid_type", format!("must be {expected}"))
    }
}

impl From<FieldViolation> for FieldError {
    fn from(violation: FieldViolation) -> Self {
        Self { field: violation.field, code: violation.code, message: violation.message }
    }
}
