//! The form that entries have in Redis: an octet that names it, and JSON of the fields in their order.

mod account;
mod membership;
mod session;
mod team;
mod team_list;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// An entry that can be kept outside the process. It holds no hash and no secret.
pub trait Stored: Sized {
    /// `None` if it cannot be written down, and is then not kept.
    fn to_octets(&self) -> Option<Vec<u8>>;

    /// `None` for what is not of the form that this version of the service writes.
    fn from_octets(octets: &[u8]) -> Option<Self>;
}

/// Another one than any before, once a field of any entry comes, goes or means something else.
const FORM: u8 = b'2';

fn write(fields: &impl Serialize) -> Option<Vec<u8>> {
    let mut octets = vec![FORM];
    serde_json::to_writer(&mut octets, fields).ok()?;
    Some(octets)
}

fn read<T: DeserializeOwned>(octets: &[u8]) -> Option<T> {
    serde_json::from_slice(octets.strip_prefix(&[FORM])?).ok()
}
