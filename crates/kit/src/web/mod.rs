//! The edge of the web: who visits, forms with their CSRF proof, errors as pages or problem+json, security
//! headers, live news. Nothing here knows an area.

mod answer;
mod csv;
mod fields;
mod flash;
mod form;
mod headers;
mod live;
mod pace;
mod page_rules;
mod rates;
mod routes;
mod rows;
mod visit;

pub use answer::{Fail, Html, render, see_other};
pub use csv::{Csv, csv_cell};
pub use flash::see_other_saying;
pub use form::{Form, OnceForm, OnceKey};
pub use headers::{secure, strict_transport};
pub use live::live_news;
pub use pace::{Pace, TooSlow, paced};
pub use page_rules::{OpenPages, PageRules};
pub use rates::{Rate, RequestRates};
pub use routes::{Access, Needed, Operation, Routes};
pub use rows::Released;
pub use visit::{ASKED_EVERY, ApiVisit, Guest, Renewal, SlotContent, Visit, identify, rows_to_skip};
