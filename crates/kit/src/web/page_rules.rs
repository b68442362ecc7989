//! The rules of the pages that are mounted, for whoever shows a link: one that its reader would be refused is not shown.

use crate::app::App;
use crate::scope::Scope;
use crate::web::routes::{Access, Operation};
use std::sync::Arc;

/// Who may open which page. `luytre` puts it among the ports; where it is not, every link counts as open.
#[derive(Debug, Clone, Default)]
pub struct PageRules(Arc<[(&'static str, Access)]>);

impl PageRules {
    pub fn of(operations: &[Operation]) -> Self {
        let pages = operations.iter().filter(|operation| operation.method == "GET");
        Self(pages.map(|operation| (operation.path, operation.access)).collect())
    }

    /// The rule of the page at an address, as the router would choose it; nothing where no page is mounted.
    fn rule(&self, href: &str) -> Option<Access> {
        let path = href.split(['?', '#']).next().unwrap_or_default();
        let fitting = self.0.iter().filter(|(pattern, _)| fits(pattern, path));
        fitting.min_by_key(|(pattern, _)| pattern.matches('{').count()).map(|(_, access)| *access)
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let fits = |(expected, part): (&str, &str)| expected == part || (expected.starts_with('{') && !part.is_empty());
    pattern.split('/').all(|expected| parts.next().is_some_and(|part| fits((expected, part)))) && parts.next().is_none()
}

/// What one visitor may open.
#[derive(Debug, Clone, Default)]
pub struct OpenPages {
    rules: PageRules,
    scope: Option<Scope>,
}

impl OpenPages {
    pub fn to(app: &App, scope: &Scope) -> Self {
        let rules = app.ports.get::<PageRules>().as_deref().cloned().unwrap_or_default();
        Self { rules, scope: Some(scope.clone()) }
    }

    /// Whether a link of ours leads this visitor to a page, as far as rights go.
    pub fn opens(&self, href: &str) -> bool {
        let Some(scope) = &self.scope else { return true };
        self.rules.rule(href).is_none_or(|access| access.allows(Some(scope)).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::{Actor, Agencies, Capability};

    #[test]
    fn a_link_is_open_to_who_may_open_its_page() {
        let page = |path: &'static str, access: Access| (path, access);
        let rules = PageRules(Arc::new([
            page("/{index}", Access::AnswersItself(Capability::IngestEvents)),
            page("/alerts", Access::Needs(Capability::ViewAlerts)),
            page("/channels/{id}", Access::Needs(Capability::Administer)),
            page("/channels/new", Access::Needs(Capability::ViewAlerts)),
            page("/", Access::SignedIn),
        ]));
        let actor = Actor::Person { id: "p".into(), name: "An".into() };
        let scope = Scope::new(actor, Agencies::All, [Capability::ViewAlerts], None);
        let open = OpenPages { rules: rules.clone(), scope: Some(scope) };
        for href in ["/", "/?wall=1", "/alerts?state=all#rows", "/channels/new", "/nobody/knows/it"] {
            assert!(open.opens(href), "{href}");
        }
        for href in ["/channels/0193", "/channels/0193?tab=x", "/logs"] {
            assert!(!open.opens(href), "{href}");
        }
        assert!(rules.rule("/channels/").is_none() && rules.rule("/channels/a/b").is_none());
        assert!(OpenPages::default().opens("/alerts"), "where nothing is known");
    }
}
