//! Who does the arithmetic of signatures.

use jsonwebtoken::crypto::aws_lc;

use crate::staged_issuer::StagedIssuer;

/// A program whose crates switch on both providers of jsonwebtoken has none until one is installed. (A test says something
/// where it has a process of its own, as under nextest.)
#[tokio::test]
async fn a_verifier_leaves_no_choice_of_provider_open() {
    let _verifier = StagedIssuer::with(&[]).verifier();
    assert!(aws_lc::DEFAULT_PROVIDER.install_default().is_err(), "none was installed");
}
