//! Signing keys.

use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_application::testing::NOW;
use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use time::Duration;

use crate::persistence::fresh::on_each;

fn key(kid: &str, algorithm: SigningAlgorithm, age: i64) -> SigningKey {
    SigningKey {
        kid: kid.to_owned(),
        algorithm,
        sealed_private: vec![0, 1, 255],
        public_jwk: r#"{"kty":"EC"}"#.to_owned(),
        created_at: NOW - Duration::days(age),
        active_from: NOW,
        retired_at: None,
        refused_at: None,
    }
}

#[tokio::test]
async fn keys_are_listed_oldest_first_changed_and_forgotten() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let keys: &dyn SigningKeyRepository = &store;
        let mut old = key("b", SigningAlgorithm::Rs256, 9);
        let young = key("a", SigningAlgorithm::Es256, 1);
        let between = key("c", SigningAlgorithm::EdDsa, 5);
        for key in [&young, &old, &between] {
            keys.insert(key).await.unwrap();
        }
        assert_eq!(keys.list().await.unwrap(), [old.clone(), between.clone(), young.clone()]);
        old.sealed_private = vec![7; 40];
        old.active_from = NOW + Duration::minutes(1);
        old.retired_at = Some(NOW + Duration::minutes(2));
        old.refused_at = Some(NOW + Duration::minutes(3));
        keys.update(&old).await.unwrap();
        assert_eq!(keys.list().await.unwrap(), [old, between.clone(), young.clone()]);
        assert!(keys.remove("b").await.unwrap());
        assert!(!keys.remove("b").await.unwrap());
        assert_eq!(keys.list().await.unwrap(), [between, young]);
    })
    .await;
}
