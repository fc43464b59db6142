//! Reads the fields of a body, a form or a query one by one, and collects every rule that is broken.

use countersign_domain::page::PageRequest;
use countersign_domain::secret::Secret;
use countersign_domain::violation::Violation;

use crate::extract::json::Json;
use crate::problem::{FieldError, Problem};

/// What can be made of fields. `None` only after a rule was broken, which [`Fields`] then knows.
pub(crate) trait FromFields: Sized {
    fn from_fields(fields: &mut Fields) -> Option<Self>;
}

/// The fields that were sent. Those that nobody asks for never take effect.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    members: Vec<(String, Json)>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Of a JSON object.
    pub(crate) fn of_object(members: Vec<(String, Json)>) -> Self {
        Self { members, errors: vec![] }
    }

    /// Of a query or a form.
    pub(crate) fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        Self { members: pairs.into_iter().map(|(name, value)| (name, Json::String(value))).collect(), errors: vec![] }
    }

    /// Makes something of them, or says everything that is wrong.
    pub(crate) fn read<T: FromFields>(mut self) -> Result<T, Problem> {
        let value = T::from_fields(&mut self);
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            None if self.errors.is_empty() => Err(Problem::internal("fields were refused without a reason")),
            _ => Err(Problem::validation(self.errors)),
        }
    }

    /// A text that must be there.
    pub(crate) fn required<T, E: Violation>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(name) {
            None | Some(Json::Null) => self.refuse(FieldError::required(name)),
            Some(value) => self.text(name, value, parse),
        }
    }

    /// A text that may be absent or null.
    pub(crate) fn optional<T, E: Violation>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.take(name) {
            None | Some(Json::Null) => None,
            Some(value) => self.text(name, value, parse),
        }
    }

    /// A text of a PATCH: absent keeps the old one, null is refused.
    pub(crate) fn change<T, E: Violation>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.take(name).and_then(|value| self.text(name, value, parse))
    }

    /// A text of a PATCH that null or an empty text clears: `Some(None)`.
    #[expect(clippy::option_option, reason = "absent, cleared and set are three things")]
    pub(crate) fn clearable<T, E: Violation>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<Option<T>, E>,
    ) -> Option<Option<T>> {
        match self.take(name)? {
            Json::Null => Some(None),
            value => self.text(name, value, parse),
        }
    }

    /// A truth value of a PATCH: absent keeps the old one, null is refused.
    pub(crate) fn change_flag(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Json::Bool(value) => Some(value),
            _other => self.refuse(FieldError::invalid_type(name, "true or false")),
        }
    }

    /// A token that must be there. What it says is nobody's business here.
    pub(crate) fn secret(&mut self, name: &'static str) -> Option<Secret> {
        let secret = self.required(name, |text| Ok::<_, NoRule>(Secret::new(text)))?;
        if secret.expose().is_empty() { self.refuse(FieldError::required(name)) } else { Some(secret) }
    }

    /// A token that may be absent or null.
    pub(crate) fn optional_secret(&mut self, name: &'static str) -> Option<Secret> {
        self.optional(name, |text| Ok::<_, NoRule>(Secret::new(text)))
    }

    /// A text without a rule.
    pub(crate) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        self.optional(name, |text| Ok::<_, NoRule>(text.to_owned()))
    }

    /// `limit` and `cursor`.
    pub(crate) fn page(&mut self) -> Option<PageRequest> {
        let limit = self.optional_text("limit");
        let cursor = self.optional_text("cursor");
        match PageRequest::parse(limit.as_deref(), cursor.as_deref()) {
            Ok(page) => Some(page),
            Err(error) => self.refuse(FieldError::of(error.field(), &error)),
        }
    }

    /// Notes a broken rule.
    pub(crate) fn refuse<T>(&mut self, error: FieldError) -> Option<T> {
        self.errors.push(error);
        None
    }

    fn take(&mut self, name: &'static str) -> Option<Json> {
        let at = self.members.iter().position(|(member, _)| member == name)?;
        let value = self.members.swap_remove(at).1;
        // JSON with a key twice never gets here; a query does.
        if self.members.iter().any(|(member, _)| member == name) {
            self.errors.push(FieldError::new(name, "duplicate", "must be given once"));
        }
        Some(value)
    }

    fn text<T, E: Violation>(
        &mut self,
        name: &'static str,
        value: Json,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Json::String(text) = value else { return self.refuse(FieldError::invalid_type(name, "a string")) };
        match parse(&text) {
            Ok(value) => Some(value),
            Err(violation) => self.refuse(FieldError::of(name, &violation)),
        }
    }
}

/// The error of a reading that cannot fail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRule {}

impl Violation for NoRule {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::email_address::EmailAddress;
    use countersign_domain::name::{Description, PersonName};

    use super::*;
    use crate::extract::json::parse_object;

    fn fields(body: &str) -> Fields {
        Fields::of_object(parse_object(body.as_bytes()).unwrap())
    }

    fn codes(fields: &Fields) -> Vec<(&str, &str)> {
        fields.errors.iter().map(|error| (error.field, error.code)).collect()
    }

    #[test]
    fn every_broken_rule_is_collected() {
        let mut fields = fields(r#"{"email":["a@x","b@y"],"first_name":null,"unknown":1}"#);
        assert!(fields.required("email", EmailAddress::parse).is_none());
        assert!(fields.required("first_name", PersonName::parse).is_none());
        assert!(fields.required("last_name", PersonName::parse).is_none());
        assert_eq!(codes(&fields), [("email", "invalid_type"), ("first_name", "required"), ("last_name", "required")]);
    }

    #[test]
    fn in_a_change_absent_keeps_and_null_clears_only_what_can_be_cleared() {
        let mut fields = fields(r#"{"description":null,"first_name":null}"#);
        assert_eq!(fields.clearable("description", Description::parse), Some(None));
        assert_eq!(fields.clearable("description", Description::parse), None);
        assert_eq!(fields.change("last_name", PersonName::parse), None);
        assert!(codes(&fields).is_empty());
        assert_eq!(fields.change("first_name", PersonName::parse), None);
        assert_eq!(codes(&fields), [("first_name", "invalid_type")]);
    }

    #[test]
    fn flags_are_true_or_false_and_nothing_else() {
        let mut fields = fields(r#"{"a":true,"b":"true","c":1,"d":null}"#);
        assert_eq!(fields.change_flag("a"), Some(true));
        for name in ["b", "c", "d"] {
            assert_eq!(fields.change_flag(name), None);
        }
        assert_eq!(codes(&fields).len(), 3);
    }

    #[test]
    fn a_parameter_twice_is_refused() {
        let mut fields = Fields::of_pairs(vec![("limit".into(), "5".into()), ("limit".into(), "6".into())]);
        let _ = fields.page();
        assert_eq!(codes(&fields), [("limit", "duplicate")]);
    }
}
