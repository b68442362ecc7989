//! Posts of an agency, read from `content/agencies/posts.toml`.

use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Post {
    pub id: String,
    /// One person at a time.
    pub single: bool,
    /// An agency without one has a gap.
    pub wanted: bool,
}

impl Post {
    /// Key of its name.
    pub fn key(&self) -> String {
        format!("incumbent-post-{}", self.id)
    }
}

#[derive(Deserialize)]
struct File {
    post: Vec<Post>,
}

const POSTS: &str = include_str!("../../../../../content/agencies/posts.toml");

static LIST: LazyLock<Vec<Post>> =
    LazyLock::new(|| toml::from_str::<File>(POSTS).map(|file| file.post).unwrap_or_default());

/// All posts in order.
pub fn posts() -> &'static [Post] {
    &LIST
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::locale::{Lang, texts};

    #[test]
    fn every_post_has_a_name_and_one_is_the_dedicated_officer() {
        toml::from_str::<File>(POSTS).expect("the file reads");
        assert!(posts().iter().any(|post| post.id == "dedicated" && post.wanted));
        for post in posts() {
            for lang in Lang::ALL {
                assert!(texts().has(lang, &post.key()), "{}", post.id);
            }
        }
    }
}
