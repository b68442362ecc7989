//! The demonstration province: invented agencies, people and systems from `content/demo/`, and live traffic
//! that comes in through the real front doors.

pub mod lines;
pub mod province;
pub mod traffic;
