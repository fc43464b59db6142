//! Fields that are wrong: that they look it, and are called it to whoever does not see them.

use crate::browser::person::Browser;

/// The hint stays: whoever fills the field in again needs it.
const MARKS: &str = "
    return [...document.querySelectorAll('[aria-invalid=true]')].flatMap(field => {
        const told = (field.getAttribute('aria-describedby') ?? '').split(' ');
        const parts = ['hint', 'error'].map(part => document.getElementById(`${field.id}-${part}`)).filter(Boolean);
        const findings = parts.filter(part => !told.includes(part.id)).map(part => `${field.id} is not described by ${part.id}`);
        const error = document.getElementById(`${field.id}-error`);
        const style = getComputedStyle(field);
        const isAlarming = error && style.borderTopColor === getComputedStyle(error).color;
        if (!isAlarming || parseFloat(style.borderTopWidth) < 2) findings.push(`${field.id} does not look wrong`);
        return findings;
    });";

impl Browser {
    /// What is missing of the marks of fields that are wrong (WCAG 2.2, 1.3.1 and 3.3.1).
    pub(in crate::browser) async fn wrong_marks(&self) -> Vec<String> {
        self.told_by(MARKS, &[]).await
    }
}
