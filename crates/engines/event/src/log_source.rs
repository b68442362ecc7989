//! What Sigma calls a log source: product, category, service. One event can stand for several categories
//! or services (Sysmon 13 is `registry_set` and `registry_event`).

use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct LogSource {
    pub product: Option<Arc<str>>,
    pub categories: Vec<Arc<str>>,
    pub services: Vec<Arc<str>>,
}

impl LogSource {
    /// Whether a rule written for this product, category and service applies here. Parts that the rule
    /// leaves out apply to everything; parts that it names must be present (Sigma specification 2, log source).
    pub fn matches(&self, product: Option<&str>, category: Option<&str>, service: Option<&str>) -> bool {
        let same = |wanted: &str, have: &[Arc<str>]| have.iter().any(|one| one.eq_ignore_ascii_case(wanted));
        product.is_none_or(|wanted| self.product.as_deref().is_some_and(|have| have.eq_ignore_ascii_case(wanted)))
            && category.is_none_or(|wanted| same(wanted, &self.categories))
            && service.is_none_or(|wanted| same(wanted, &self.services))
    }

    pub fn is_empty(&self) -> bool {
        self.product.is_none() && self.categories.is_empty() && self.services.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_parts_left_out_apply_to_everything() {
        let source = LogSource {
            product: Some("windows".into()),
            categories: vec!["registry_set".into(), "registry_event".into()],
            services: vec!["sysmon".into()],
        };
        assert!(source.matches(Some("windows"), None, None));
        assert!(source.matches(None, Some("registry_event"), None));
        assert!(!source.matches(Some("linux"), None, None));
        assert!(!source.matches(Some("windows"), Some("process_creation"), None));
        assert!(!LogSource::default().matches(Some("windows"), None, None));
    }
}
