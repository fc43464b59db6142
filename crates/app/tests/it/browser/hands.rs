//! That what is done by the tests of pages is done to what a person would mean.

use crate::browser::site::Site;

/// A page of the test's own.
const PAGE: &str = "data:text/html,<title>Lists</title><h1>Lists</h1><p hidden>Unseen</p>
    <label for=rank>Role</label><select id=rank><option>Member<option>Admin</select>
    <label><input type=checkbox id=agreed> Agreed</label>
    <section><h2>Members</h2><ul>
    <li>First <button onclick=\"out.textContent='first removed'\">Remove</button></li>
    <li>Second <button hidden>Remove</button><button onclick=\"out.textContent=rank.value+agreed.checked\">Remove</button></li>
    </ul></section><p id=out></p>";

#[tokio::test]
async fn lists_boxes_and_rows_are_found_by_what_they_say() {
    let Some(site) = Site::open().await else { return };
    site.browser.open(PAGE).await;
    assert!(!site.browser.text().await.contains("Unseen"));
    site.browser.choose("Role", "Admin").await;
    assert_eq!(site.browser.value("Role").await, "Admin");
    site.browser.tick("Agreed").await;
    site.browser.click_beside("Second", "Remove").await;
    site.browser.see("Admintrue").await;
    site.browser.click("Remove").await;
    site.browser.see("first removed").await;
    site.close().await;
}
