//! Networks of sign-ins.

use countersign_application::ports::sign_in_networks::SignInNetworks;
use countersign_application::testing::{NOW, email, user_id};
use countersign_domain::network::Network;
use time::Duration;

use crate::persistence::fresh::on_each;

#[tokio::test]
async fn a_network_is_known_to_the_account_that_signed_in_from_it() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let networks: &dyn SignInNetworks = &store;
        let user = fresh.user(1).await;
        let other = fresh.user(2).await;
        let home = Network::logged([192, 0, 2, 7].into());
        networks.remember(user.id, home, NOW).await.unwrap();
        assert!(networks.knows(&user.email, home).await.unwrap());
        assert!(!networks.knows(&user.email, Network::logged([198, 51, 100, 7].into())).await.unwrap());
        assert!(!networks.knows(&other.email, home).await.unwrap());
        assert!(!networks.knows(&email("x@example.com"), home).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_repeated_sign_in_only_moves_the_time() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let networks: &dyn SignInNetworks = &store;
        fresh.user(1).await;
        let later = NOW + Duration::days(1);
        let home = Network::logged([192, 0, 2, 7].into());
        networks.remember(user_id(1), home, NOW).await.unwrap();
        networks.remember(user_id(1), home, later).await.unwrap();
        assert_eq!(networks.list_by_user(user_id(1)).await.unwrap(), [("192.0.2.0/24".to_owned(), later)]);
    })
    .await;
}

#[tokio::test]
async fn the_networks_of_one_account_are_forgotten() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let networks: &dyn SignInNetworks = &store;
        let home = Network::logged([192, 0, 2, 7].into());
        let [one, other] = [fresh.user(1).await, fresh.user(2).await];
        for user in [&one, &other] {
            networks.remember(user.id, home, NOW).await.unwrap();
        }
        networks.forget(one.id).await.unwrap();
        assert!(!networks.knows(&one.email, home).await.unwrap());
        assert!(networks.knows(&other.email, home).await.unwrap());
    })
    .await;
}
