//! Limits: how many pass, who is counted, and by which address.

mod client_address;
mod flood;
mod named;
mod passwords;
