//! Invitations: who may use one, and what it opens.

mod accepting;
mod awaiting;
mod managing;
mod registering;
