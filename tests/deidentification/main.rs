//! De-identification: what leaves tells nothing of the patient, by the opinion of others; and it is the same each time.

mod corpus;
mod sending;
