mod forged;
mod forger;
mod genuine;
mod remembered;
mod rotation;
