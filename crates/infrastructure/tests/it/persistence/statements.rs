//! What calls cost.

use countersign_application::ports::session_repository::SessionRepository as _;
use countersign_application::ports::user_repository::UserRepository as _;
use countersign_application::testing::{NOW, email, user_id};

use crate::persistence::fresh::on_each;

#[tokio::test]
async fn each_call_on_its_own_is_one_statement() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let counter = fresh.database().statements();
        let store = fresh.store();
        let before = counter.statements();
        store.find_by_email(&email("x@example.com")).await.unwrap();
        assert_eq!(counter.statements() - before, 1);
        store.end_oldest(user_id(1), 3, NOW).await.unwrap();
        assert_eq!(counter.statements() - before, 2);
    })
    .await;
}

#[tokio::test]
async fn a_unit_of_work_counts_its_statements_and_one_commit() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let counter = fresh.database().statements();
        let before = counter.statements();
        let uow = fresh.begin().await;
        uow.users().lock(user_id(1)).await.unwrap();
        uow.sessions().list_live_by_user(user_id(1), NOW).await.unwrap();
        uow.commit().await.unwrap();
        assert_eq!((counter.statements() - before, counter.commits()), (2, 1));
        drop(fresh.begin().await);
        assert_eq!(counter.commits(), 1);
    })
    .await;
}
