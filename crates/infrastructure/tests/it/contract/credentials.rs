//! Password hashes.

use countersign_application::ports::credential_repository::CredentialRepository;
use countersign_application::ports::user_repository::UserRepository as _;
use countersign_application::testing::{NOW, credentials, email, user_id};
use countersign_domain::password::PasswordHash;

use crate::persistence::fresh::on_each;

#[tokio::test]
async fn credentials_are_found_by_address_and_by_account() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let repository: &dyn CredentialRepository = &store;
        let user = fresh.user(1).await;
        assert_eq!(repository.find_by_email(&user.email).await.unwrap(), Some(credentials(1)));
        assert_eq!(repository.find_by_user(user.id).await.unwrap(), Some(credentials(1)));
        assert_eq!(repository.find_by_email(&email("x@example.com")).await.unwrap(), None);
        assert_eq!(repository.find_by_user(user_id(2)).await.unwrap(), None);
        assert_eq!(repository.lock(user.id).await.unwrap(), Some(credentials(1)));
        assert_eq!(repository.lock(user_id(2)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_does_not_undo_a_change_of_the_password() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let repository: &dyn CredentialRepository = &store;
        let user = fresh.user(1).await;
        fresh.user(2).await;
        let [old, upgraded, new] = ["hash", "upgraded", "new"].map(PasswordHash::new);
        assert!(repository.upgrade(user.id, &old, &upgraded).await.unwrap());
        repository.replace(user.id, &new).await.unwrap();
        assert!(!repository.upgrade(user.id, &upgraded, &old).await.unwrap());
        let hash_of = async |n| repository.find_by_user(user_id(n)).await.unwrap().unwrap().password_hash;
        assert_eq!(hash_of(1).await, new);
        assert_eq!(hash_of(2).await, old);
    })
    .await;
}

#[tokio::test]
async fn replacing_the_hash_is_an_update_of_the_account() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let user = fresh.user(1).await;
        store.replace(user.id, &PasswordHash::new("new")).await.unwrap();
        let updated = store.find_by_id(user.id).await.unwrap().unwrap();
        assert!(updated.updated_at > NOW);
        assert_eq!(updated.created_at, NOW);
    })
    .await;
}
