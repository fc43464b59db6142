//! What the secret key seals: made once, and readable while the key is being replaced.

use std::sync::Arc;

use countersign_application::Dependencies;
use countersign_application::keys::ensure_key::{EnsureKey, EnsureKeyCommand};
use countersign_application::keys::reseal_keys::ResealKeys;
use countersign_application::mail::deliver_outbox::DeliverOutbox;
use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::mail_renderer::RenderedMail;
use countersign_application::ports::one_time_token_repository::OneTimeTokenRepository;
use countersign_application::ports::outbox::Outbox;
use countersign_application::ports::sealer::Sealer as _;
use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_application::testing::{Mocks, NOW, one_time_token};
use countersign_domain::audit::Origin;
use countersign_domain::ids::MailId;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::secret::Secret;
use countersign_domain::signing_key::SigningAlgorithm;
use countersign_infrastructure::persistence::Database;
use countersign_infrastructure::security::tokens::SealedKeyFactory;
use countersign_infrastructure::security::{SecretKey, SecretKeyRing, SecretKeySealer};
use countersign_infrastructure::system::UuidV7Generator;
use time::Duration;
use uuid::Uuid;

use crate::persistence::fresh::{Fresh, on_each};

const NODES: usize = 8;

fn ring(current: u8, previous: Option<u8>) -> Arc<SecretKeyRing> {
    let key = |octet: u8| SecretKey::new([octet; 32]);
    Arc::new(SecretKeyRing::new(key(current), previous.map(key)))
}

/// A node on this database with these secret keys.
fn node(database: &Database, keys: &Arc<SecretKeyRing>, mocks: Mocks) -> Dependencies {
    let store = Arc::new(database.store());
    Dependencies {
        ids: Arc::new(UuidV7Generator),
        units_of_work: Arc::new(database.units_of_work()),
        signing_keys: store.clone(),
        signing_key_factory: Arc::new(SealedKeyFactory::new(Arc::clone(keys))),
        outbox: store.clone(),
        one_time_tokens: store,
        sealer: Arc::new(SecretKeySealer::new(Arc::clone(keys))),
        ..mocks.into_dependencies()
    }
}

async fn start_at_once(fresh: &Fresh, keys: &Arc<SecretKeyRing>) {
    let is_postgres = fresh.url().starts_with("postgres");
    let barrier = Arc::new(tokio::sync::Barrier::new(NODES));
    let starts: Vec<_> = (0..NODES)
        .map(|_| {
            let node = node(fresh.database(), keys, Mocks::default());
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                if is_postgres {
                    // Each has its connection before the race begins.
                    let opened = node.units_of_work.begin().await.unwrap();
                    barrier.wait().await;
                    drop(opened);
                }
                barrier.wait().await;
                let command = EnsureKeyCommand { algorithm: SigningAlgorithm::Es256 };
                let seen = EnsureKey::new(&node).execute(&Origin::default(), command).await.unwrap();
                ResealKeys::new(&node).execute(seen).await.unwrap()
            })
        })
        .collect();
    for start in starts {
        start.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_the_same_moment_make_one_signing_key_and_seal_it_anew_together() {
    on_each(|fresh| async move {
        start_at_once(&fresh, &ring(1, None)).await;
        let store = fresh.store();
        let keys: &dyn SigningKeyRepository = &store;
        let first = keys.list().await.unwrap();
        assert_eq!(first.len(), 1);
        start_at_once(&fresh, &ring(2, Some(1))).await;
        let [resealed] = &keys.list().await.unwrap()[..] else { panic!("one key") };
        assert_eq!(resealed.kid, first[0].kid);
        // The former secret key can be dropped now.
        let reseal = async |of: &Arc<SecretKeyRing>| {
            let node = node(fresh.database(), of, Mocks::default());
            ResealKeys::new(&node).execute(keys.list().await.unwrap()).await
        };
        assert_eq!(reseal(&ring(2, None)).await.unwrap().resealed, 0);
        assert!(reseal(&ring(3, None)).await.is_err());
        assert_eq!(keys.list().await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn mails_that_wait_while_the_secret_key_is_replaced_are_sent() {
    on_each(|fresh| async move {
        let user = fresh.user(1).await;
        let store = fresh.store();
        let id = MailId::new(Uuid::from_u128(1));
        let token = Secret::new("token");
        let sealed = SecretKeySealer::new(ring(1, None)).seal_mail_token(id, &token).unwrap();
        let mail = QueuedMail::new(id, MailKind::ResetPassword, user.email.clone(), NOW).to_account(&user);
        Outbox::enqueue(&store, &mail.with_token(sealed, NOW + Duration::hours(1))).await.unwrap();
        OneTimeTokenRepository::replace(&store, &one_time_token(Purpose::PasswordReset, "token")).await.unwrap();

        let mut mocks = Mocks::default();
        mocks.mail_renderer.expect_render().returning(|mail, token| {
            let text = token.map(|token| token.expose().to_owned()).unwrap_or_default();
            let recipient = mail.recipient.clone();
            Ok(RenderedMail { id: mail.id, recipient, subject: String::new(), text, html: String::new() })
        });
        mocks.mailer.expect_send().withf(|mail| mail.text == "token").times(1).returning(|_| Ok(()));
        let node = node(fresh.database(), &ring(2, Some(1)), mocks);
        assert_eq!(DeliverOutbox::new(&node).execute().await.unwrap().sent, 1);
    })
    .await;
}
