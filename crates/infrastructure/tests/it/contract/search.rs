//! What superusers search for is found alike by every adapter.

use countersign_application::ports::listings::Listings;
use countersign_application::ports::team_repository::TeamRepository;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{email, name, team, user, user_id};
use countersign_domain::name::TeamName;
use countersign_domain::page::PageRequest;
use countersign_domain::password::PasswordHash;
use countersign_domain::user::User;

use crate::persistence::fresh::{on_each, on_each_and_in_unicode};

/// Which of the accounts are found, by number.
async fn found(listings: &dyn Listings, part: &str, page: &PageRequest) -> Vec<u128> {
    let found = listings.users(Some(part.to_owned()), page).await.unwrap();
    found.items.iter().map(|user| user.id.as_uuid().as_u128() - user_id(0).as_uuid().as_u128()).collect()
}

async fn insert(users: &dyn UserRepository, n: u64, address: &str, first_name: &str, last_name: &str) {
    let named = User { email: email(address), first_name: name(first_name), last_name: name(last_name), ..user(n) };
    users.insert(&named, &PasswordHash::new("hash")).await.unwrap();
}

#[tokio::test]
async fn a_search_finds_parts_of_address_and_name_and_knows_no_wildcards() {
    on_each_and_in_unicode(|fresh| async move {
        let (store, listings) = (fresh.store(), fresh.database().listings());
        insert(&store, 1, "user1@example.com", "Firstname", "50%_\\x off").await;
        insert(&store, 2, "user2@example.com", "Firstname", "Surname").await;
        insert(&store, 3, "a.b-c@example.org", "van den Zoo", "O'Äther-MÜLLER").await;
        insert(&store, 4, "mix_100%@example.org", "山田", "太郎左衛門").await;
        insert(&store, 5, "x5@example.org", "Li", "Na").await;
        insert(&store, 6, "x6@example.org", "Bo Li", "Na").await;
        insert(&store, 7, "li@na.example.org", "Anna Li", "Nor").await;
        let everybody = vec![1, 2, 3, 4, 5, 6, 7];
        for (part, numbers) in [
            // Three letters or digits in a row: anywhere.
            ("USER2@", vec![2]),
            ("ame sur", vec![2]),
            ("rNaM", vec![2]),
            ("rstnaM", vec![1, 2]),
            ("example", everybody.clone()),
            ("ample.c", vec![1, 2]),
            ("ample_c", vec![]),
            ("ample%c", vec![]),
            ("100%@", vec![4]),
            ("x_100", vec![4]),
            ("x-100", vec![]),
            ("\\x off", vec![1]),
            ("example.net", vec![]),
            ("' OR 1=1 off--", vec![]),
            // Letters beyond ASCII are as they are written.
            ("Äth", vec![3]),
            ("äth", vec![]),
            ("er-mÜll", vec![3]),
            ("ER-MÜLL", vec![3]),
            ("er-müll", vec![]),
            ("太郎左", vec![4]),
            ("左衛門", vec![4]),
            // Fewer: where the address, the first or the last name begins.
            ("u", vec![1, 2]),
            ("US", vec![1, 2]),
            ("se", vec![]),
            ("su", vec![2]),
            ("va", vec![3]),
            ("de", vec![]),
            ("va d", vec![]),
            ("ex", vec![]),
            ("co", vec![]),
            ("o'Ät", vec![3]),
            ("Ät", vec![]),
            ("a.", vec![3]),
            ("a.b", vec![3]),
            ("a_b", vec![]),
            ("b-c", vec![]),
            ("mi", vec![4]),
            ("山", vec![4]),
            ("田", vec![]),
            ("太郎", vec![4]),
            ("山 太", vec![]),
            ("左衛", vec![]),
            // Several words: from the beginning of the address or of a name on.
            ("li na", vec![5]),
            ("LI N", vec![5]),
            ("l n", vec![]),
            ("li x", vec![]),
            ("i na", vec![]),
            ("na li", vec![]),
            ("li_na", vec![]),
            ("bo li", vec![6]),
            ("b li", vec![]),
            ("bo li na", vec![6]),
            ("山田 太", vec![4]),
            ("田 太", vec![]),
            ("50%_\\X", vec![1]),
            ("5%x", vec![]),
            ("0%_\\X", vec![]),
            // None: nowhere.
            ("%", vec![]),
            ("_", vec![]),
            ("\\", vec![]),
            ("@", vec![]),
            ("%%%", vec![]),
        ] {
            assert_eq!(found(&listings, part, &PageRequest::first(50)).await, numbers, "{part}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_of_what_is_found_follow_each_other_by_id() {
    on_each(|fresh| async move {
        let (store, listings) = (fresh.store(), fresh.database().listings());
        for n in [3, 1, 5, 2, 4] {
            insert(&store, n, &format!("user{n}@example.com"), "Given", if n == 2 { "Name" } else { "Sought" }).await;
        }
        for part in ["ought", "so"] {
            let first = PageRequest::first(2);
            assert_eq!(found(&listings, part, &first).await, [1, 3], "{part}");
            let next = listings.users(Some(part.to_owned()), &first).await.unwrap().next.unwrap();
            assert_eq!(found(&listings, part, &first.starting(next)).await, [4, 5], "{part}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_search_finds_parts_of_the_names_of_teams() {
    on_each_and_in_unicode(|fresh| async move {
        let (store, listings) = (fresh.store(), fresh.database().listings());
        for (n, named) in [(1, "Engines of Köln"), (2, "ENGINEERS 100%"), (3, "Of-fice"), (4, "Go up")] {
            let team = team(n);
            let name = TeamName::parse(named).unwrap();
            TeamRepository::insert(&store, &countersign_domain::team::Team { name, created_by: None, ..team })
                .await
                .unwrap();
        }
        for (part, numbers) in [
            ("engin", vec![1, 2]),
            ("GINES", vec![1]),
            ("ers 100%", vec![2]),
            ("ers_100%", vec![]),
            ("of", vec![3]),
            ("OF-F", vec![3]),
            ("of-x", vec![]),
            ("fi", vec![]),
            ("fice", vec![3]),
            ("go u", vec![4]),
            ("go-u", vec![]),
            ("köln", vec![1]),
            ("kÖln", vec![]),
            ("%", vec![]),
        ] {
            let teams = listings.teams(Some(part.to_owned()), &PageRequest::first(50)).await.unwrap();
            let ids: Vec<_> = teams.items.into_iter().map(|team| team.id).collect();
            assert_eq!(ids, numbers.into_iter().map(|n| team(n).id).collect::<Vec<_>>(), "{part}");
        }
    })
    .await;
}
