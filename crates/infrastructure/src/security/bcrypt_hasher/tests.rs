use std::sync::Arc;

use super::*;

const COST: u32 = 4;

fn hasher(cost: u32) -> BcryptHasher {
    BcryptHasher::start(BcryptSettings { cost, threads: 2, queue: 64 }).unwrap()
}

async fn verdict(presented: &str, hash: &str) -> PasswordVerdict {
    let presented = PresentedPassword::parse(presented).unwrap();
    hasher(COST).verify(&presented, Some(PasswordHash::new(hash))).await.unwrap()
}

async fn hashed(normalized: &str) -> String {
    hasher(COST).hash(normalized).await.unwrap().expose().to_owned()
}

/// A password is right, and every other one given is wrong.
async fn assert_only(right: &str, others: &[&str]) {
    let hash = hashed(right).await;
    assert_eq!(verdict(right, &hash).await, PasswordVerdict::Right, "{hash}");
    for other in others {
        assert_eq!(verdict(other, &hash).await, PasswordVerdict::Wrong, "{other:?} against {hash}");
    }
}

#[tokio::test]
async fn short_passwords_get_plain_bcrypt_and_long_ones_the_prehashed_form() {
    assert!(hashed("correct horse").await.starts_with("$2b$04$"));
    assert!(hashed(&"x".repeat(71)).await.starts_with("$2b$04$"));
    assert!(hashed(&"x".repeat(72)).await.starts_with("$bcrypt-sha256$v=2,t=2b,r=4$"));
    assert!(hashed("with\0nul").await.starts_with("$bcrypt-sha256$v=2,t=2b,r=4$"));
    assert_ne!(hashed("correct horse").await, hashed("correct horse").await);
}

#[tokio::test]
async fn passwords_are_told_apart_by_their_last_octet_at_every_length() {
    for length in [8, 54, 55, 56, 70, 71, 72, 73, 128, 512] {
        let stem = "x".repeat(length - 1);
        let (right, wrong) = (format!("{stem}y"), format!("{stem}z"));
        assert_only(&right, &[&wrong, &stem, &format!("{right}y")]).await;
    }
}

#[tokio::test]
async fn sixty_four_emoji_are_told_apart_by_the_last() {
    let stem = "\u{1F512}".repeat(63);
    assert_only(&format!("{stem}\u{1F512}"), &[&format!("{stem}\u{1F513}"), &stem]).await;
}

#[tokio::test]
async fn nul_ends_nothing() {
    assert_only("abc\0defgh", &["abc", "abc\0XYZgh", "abc\0", "abc\0defg"]).await;
    // To bcrypt itself these are all one password.
    assert_only("abcdefgh", &["abcdefgh\0abcdefgh", "abcdefgh\0"]).await;
}

#[tokio::test]
async fn both_normal_forms_sign_in_with_a_password_of_ours() {
    let hash = hashed("caf\u{e9} au lait").await;
    assert_eq!(verdict("caf\u{e9} au lait", &hash).await, PasswordVerdict::Right);
    assert_eq!(verdict("cafe\u{301} au lait", &hash).await, PasswordVerdict::Right);
}

#[tokio::test]
async fn no_password_fits_no_account() {
    let hasher = hasher(COST);
    for text in ["", "x", "abcdefgh", "cafe\u{301}"].into_iter().filter(|text| !text.is_empty()) {
        let presented = PresentedPassword::parse(text).unwrap();
        assert_eq!(hasher.verify(&presented, None).await.unwrap(), PasswordVerdict::Wrong);
        let unreadable = Some(PasswordHash::new("!"));
        assert_eq!(hasher.verify(&presented, unreadable).await.unwrap(), PasswordVerdict::Wrong);
    }
}

#[tokio::test]
async fn another_cost_or_form_is_right_but_outdated() {
    let presented = PresentedPassword::parse("correct horse").unwrap();
    let cheap = hasher(COST).hash("correct horse").await.unwrap();
    assert_eq!(hasher(5).verify(&presented, Some(cheap.clone())).await.unwrap(), PasswordVerdict::RightButOutdated);
    let dear = hasher(5).hash("correct horse").await.unwrap();
    assert_eq!(hasher(COST).verify(&presented, Some(dear)).await.unwrap(), PasswordVerdict::RightButOutdated);
    for prefix in ["$2a$", "$2y$"] {
        let imported = cheap.expose().replace("$2b$", prefix);
        assert_eq!(verdict("correct horse", &imported).await, PasswordVerdict::RightButOutdated, "{prefix}");
    }
}

/// Made by Python's bcrypt 4.0.1 through passlib 1.7.4: plain bcrypt of the text as typed, cut at 72 octets.
#[tokio::test]
async fn imported_plain_hashes_are_verified_as_their_maker_did() {
    let decomposed = "$2b$04$Kq9Vv0oJ5S7yD1bq3Yv2fO2Cl/IJk17O3dvnfcB9Deht9Dq6CvPnS";
    assert_eq!(verdict("cafe\u{301} au lait", decomposed).await, PasswordVerdict::RightButOutdated);
    assert_eq!(verdict("caf\u{e9} au lait", decomposed).await, PasswordVerdict::Wrong);
    for prefix in ["$2a$", "$2b$", "$2y$"] {
        let cut = format!("{prefix}04$Kq9Vv0oJ5S7yD1bq3Yv2fOyFmV5m9jHuhqJDazWjogCTeuAG0ouvG");
        assert_eq!(verdict(&"x".repeat(100), &cut).await, PasswordVerdict::RightButOutdated);
        assert_eq!(verdict(&"x".repeat(72), &cut).await, PasswordVerdict::RightButOutdated);
        assert_eq!(verdict(&"x".repeat(71), &cut).await, PasswordVerdict::Wrong);
    }
    // Hashed anew, the same password counts whole.
    assert_only(&"x".repeat(100), &[&"x".repeat(72), &"x".repeat(99)]).await;
}

/// From passlib's own tests of `bcrypt_sha256`.
#[tokio::test]
async fn passlibs_vectors_are_verified() {
    let long: String = "abc123".repeat(12);
    let table = "t\u{e1}\u{411}\u{2113}\u{259}";
    let suffixed = |suffix: &str| format!("{long}{suffix}");
    let vectors = [
        (table.to_owned(), "$bcrypt-sha256$2a,5$.US1fQ4TQS.ZTz/uJ5Kyn.$QNdPDOTKKT5/sovNz1iWg26quOU4Pje"),
        ("password".to_owned(), "$bcrypt-sha256$2a,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu"),
        ("password".to_owned(), "$bcrypt-sha256$2b,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu"),
        (suffixed(""), "$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$r/hyEtqJ0teqPEmfTLoZ83ciAI1Q74."),
        (suffixed("qwr"), "$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$021KLEif6epjot5yoxk0m8I0929ohEa"),
        (suffixed("xyz"), "$bcrypt-sha256$2b,5$X1g1nh3g0v4h6970O68cxe$7.1kgpHduMGEjvM3fX6e/QCvfn6OKja"),
        ("password".to_owned(), "$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS"),
        (table.to_owned(), "$bcrypt-sha256$v=2,t=2b,r=5$.US1fQ4TQS.ZTz/uJ5Kyn.$pzzgp40k8reM1CuQb03PvE0IDPQSdV6"),
        (suffixed(""), "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$zu1cloESVFIOsUIo7fCEgkdHaI9SSue"),
        (suffixed("qwr"), "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$CBF9csfEdW68xv3DwE6xSULXMtqEFP."),
        (suffixed("xyz"), "$bcrypt-sha256$v=2,t=2b,r=5$X1g1nh3g0v4h6970O68cxe$zC/1UDUG2ofEXB6Onr2vvyFzfhEOS3S"),
    ];
    for (password, hash) in &vectors {
        assert_ne!(verdict(password, hash).await, PasswordVerdict::Wrong, "{hash}");
        assert_eq!(verdict(&format!("{password}!"), hash).await, PasswordVerdict::Wrong, "{hash}");
    }
}

#[tokio::test]
async fn what_passlib_wrote_in_todays_form_is_current() {
    let hash = "$bcrypt-sha256$v=2,t=2b,r=4$Kq9Vv0oJ5S7yD1bq3Yv2fO$n8KghpxyDU7vvcWiteFbjsN1b7d0ygm";
    assert_eq!(verdict(&"x".repeat(100), hash).await, PasswordVerdict::Right);
    let hash = "$bcrypt-sha256$v=2,t=2b,r=4$Kq9Vv0oJ5S7yD1bq3Yv2fO$ZpuUT5/7jMTwi1mGfQrw8s06P2mxTsK";
    assert_eq!(verdict("abc\0def", hash).await, PasswordVerdict::Right);
    assert_eq!(verdict("abc\0deg", hash).await, PasswordVerdict::Wrong);
}

#[tokio::test]
async fn a_cost_that_bcrypt_does_not_have_is_refused() {
    for cost in [0, 3, 32] {
        assert!(BcryptHasher::start(BcryptSettings { cost, threads: 1, queue: 1 }).is_err());
    }
}

#[tokio::test]
async fn a_storm_is_answered_or_refused() {
    let hasher = Arc::new(BcryptHasher::start(BcryptSettings { cost: COST, threads: 2, queue: 3 }).unwrap());
    let presented = PresentedPassword::parse("correct horse").unwrap();
    let jobs: Vec<_> = (0..200)
        .map(|_| {
            let (hasher, presented) = (Arc::clone(&hasher), presented.clone());
            tokio::spawn(async move { hasher.verify(&presented, None).await })
        })
        .collect();
    let mut answered = 0;
    for job in jobs {
        match job.await.unwrap() {
            Ok(verdict) => {
                assert_eq!(verdict, PasswordVerdict::Wrong);
                answered += 1;
            }
            Err(fault) => assert!(matches!(fault, Fault::Unavailable { what: "password hashing", .. })),
        }
    }
    assert!((3..200).contains(&answered), "{answered} answered");
    assert_eq!(hasher.queued(), 0);
}
