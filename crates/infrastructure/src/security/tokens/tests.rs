mod forged;
mod forger;
mod genuine;
mod rotation;
