//! News for open pages, carried by server-sent events. A ring of recent news lets a browser that was away
//! resume by id. Only identifiers and counts travel; the page asks for what it may see.

use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::broadcast;

const REMEMBERED: usize = 512;

/// One piece of news.
#[derive(Debug, Clone, Serialize)]
pub struct News {
    pub id: u64,
    /// `alert`, `incident`, `source`, `inbox` …
    pub topic: &'static str,
    /// Agency it belongs to; `None` is for everyone.
    pub agency_id: Option<String>,
    /// What the page needs to update itself, identifiers mostly.
    pub data: serde_json::Value,
}

/// The channel. Cheap to clone.
#[derive(Clone)]
pub struct Live {
    sender: broadcast::Sender<News>,
    recent: Arc<Mutex<(u64, VecDeque<News>)>>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::channel(REMEMBERED).0, recent: Arc::default() }
    }
}

impl Live {
    pub fn send(&self, topic: &'static str, agency_id: Option<String>, data: serde_json::Value) {
        let Ok(mut recent) = self.recent.lock() else { return };
        recent.0 += 1;
        let news = News { id: recent.0, topic, agency_id, data };
        if recent.1.len() == REMEMBERED {
            recent.1.pop_front();
        }
        recent.1.push_back(news.clone());
        // Nobody listening is no error.
        let _ = self.sender.send(news);
    }

    /// What came after `id`, then everything new.
    pub fn since(&self, id: Option<u64>) -> (Vec<News>, broadcast::Receiver<News>) {
        let receiver = self.sender.subscribe();
        let missed = match (id, self.recent.lock()) {
            (Some(id), Ok(recent)) => recent.1.iter().filter(|news| news.id > id).cloned().collect(),
            _ => Vec::new(),
        };
        (missed, receiver)
    }
}
