//! Organisation: agencies as a tree, people with roles, sign-in and keys, the duty roster, the inbox and what of it
//! leaves the house, the workforce, the law in force with its versions, and the audit trail. The leftmost area: every other
//! area may import it, it imports none.

pub mod agencies;
mod answers;
pub mod api_keys;
pub mod audit;
pub mod channels;
mod conditions;
pub mod delivery;
pub mod elevations;
mod escalation;
pub mod experts;
pub mod inbox;
pub mod incumbents;
pub mod outbox;
pub mod people;
pub mod policies;
pub mod qualifications;
pub mod regulations;
pub mod roster;
pub mod sheets;
pub mod sign_in;
pub mod signatures;
pub mod subscriptions;
mod wiring;

pub use conditions::like_escape;
pub use policies::Policies;
pub use sign_in::SignIn;
pub use wiring::{MIGRATIONS, area};
