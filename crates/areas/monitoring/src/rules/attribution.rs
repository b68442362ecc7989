//! Who wrote a rule and under which licence. Rules of others may be used where every match names its author (Detection Rule
//! License 1.1), so this travels with every alert, also after its rule is gone.

use super::Book;
use super::versions::store;
use kit::{Connection, Error};
use std::collections::HashMap;

#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Attribution {
    #[serde(rename = "rule_author")]
    pub author: Option<String>,
    #[serde(rename = "rule_licence")]
    pub licence: Option<String>,
}

/// Attributions of these rules. What is loaded now holds; of a rule that is gone the newest text that was kept.
pub async fn of(
    connection: &impl Connection,
    book: Option<&Book>,
    rule_ids: &[&str],
) -> Result<HashMap<String, Attribution>, Error> {
    let loaded = book.iter().flat_map(|book| book.set.rules());
    let loaded: HashMap<&str, _> = loaded.map(|rule| (rule.id.as_str(), rule)).collect();
    let mut found: HashMap<String, Attribution> = HashMap::new();
    let mut gone: Vec<&str> = Vec::new();
    for id in rule_ids.iter().copied() {
        match loaded.get(id) {
            _ if found.contains_key(id) || gone.contains(&id) => {}
            Some(rule) => {
                let own = Attribution { author: rule.author.clone(), licence: rule.licence.clone() };
                found.insert(id.to_owned(), own);
            }
            None => gone.push(id),
        }
    }
    let kept = store::authors(connection, &gone).await?;
    found.extend(kept.into_iter().map(|(id, (author, licence))| (id, Attribution { author, licence })));
    Ok(found)
}
