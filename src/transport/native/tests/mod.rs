//! The association against receivers that break every rule: real sockets, bytes of our own making.

mod confirm;
mod edited;
mod malicious;
mod manners;
mod raw;
