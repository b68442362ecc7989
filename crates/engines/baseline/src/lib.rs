//! What is normal, and what is not: baselines of sources, hosts and accounts with the rhythm of hours, days and weeks.
//! Pure and deterministic: time comes with each observation, memory is bounded, nothing is read or written here, and
//! nothing is known of events, agencies or alerts.

mod anomaly;
mod baselines;
mod counts;
mod hours;
mod intervals;
mod noise;
mod rhythm;
mod robust;
mod settings;
mod values;

pub use anomaly::{Anomaly, Bar, Label, Normal};
pub use baselines::{Baselines, Changes, Key, Observation, Row};
pub use rhythm::{DAY, HOUR, Micros, Rhythm};
pub use robust::median;
pub use settings::{CountSettings, Detector, HourSettings, IntervalSettings, Method, NoveltySettings, RareSettings};
