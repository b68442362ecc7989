//! Words of what leaves (pure).

use crate::policies::NoticePolicy;
use kit::Lang;
use kit::locale::{Argument, texts};
use serde_json::{Map, Value};

/// Stands where a variable may not leave.
const HIDDEN: &str = "…";

/// The title in a language, with the variables that the policy lets out.
pub(super) fn title(policy: &NoticePolicy, lang: Lang, key: &str, arguments: &str) -> String {
    let arguments: Map<String, Value> = serde_json::from_str(arguments).unwrap_or_default();
    let kind = policy.kind_of(key);
    let variables: Vec<(&str, Argument<'_>)> = arguments
        .iter()
        .map(|(name, value)| {
            let leaves = kind.is_some_and(|kind| kind.may_leave.contains(name));
            let text = match value.as_str() {
                _ if !leaves => HIDDEN.to_owned(),
                Some(text) => text.to_owned(),
                None => value.to_string(),
            };
            (name.as_str(), text.into())
        })
        .collect();
    texts().text_with(lang, key, &variables)
}

/// Address of a page for somebody who reads it elsewhere; the path alone where the centre has no address.
pub(super) fn link(address: &str, path: &str) -> String {
    format!("{}{path}", address.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::Policies;

    #[test]
    fn only_what_the_policy_lets_out_stands_in_a_title() {
        let policy = &Policies::embedded().unwrap().notice;
        let account = r#"{"account":"nguyen.van.a","address":"203.0.113.9"}"#;
        for lang in Lang::ALL {
            let words = title(policy, lang, "inbox-account-locked", account);
            assert!(!words.contains("nguyen") && !words.contains("203") && words.contains(HIDDEN), "{words}");
        }
        let alert = r#"{"severity":"critical","title":"Guess","title_vi":"Dò mật khẩu","agency":"Sở Y tế"}"#;
        let words = title(policy, Lang::Vi, "alert-message-raised", alert);
        assert_eq!(words, "Cảnh báo nghiêm trọng: … (…)");
        let day = title(policy, Lang::Vi, "inbox-store-full", r#"{"day":"01/12/2026"}"#);
        assert!(day.contains("01/12/2026"), "{day}");
    }

    #[test]
    fn a_link_is_whole_where_the_centre_has_an_address() {
        assert_eq!(link("https://tre.example.vn/", "/inbox/1"), "https://tre.example.vn/inbox/1");
        assert_eq!(link("", "/inbox/1"), "/inbox/1");
    }
}
