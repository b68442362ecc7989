//! The rules of the pages that are mounted, for whoever shows a link: one that its reader would be refused is not shown.

use crate::app::App;
use crate::scope::Scope;
use crate::web::routes::Operation;
use std::sync::Arc;

/// Who may open which page. `luytre` puts it among the ports; where it is not, every link counts as open.
#[derive(Debug, Clone, Default)]
pub struct PageRules(Arc<[Operation]>);

impl PageRules {
    pub fn of(operations: &[Operation]) -> Self {
        Self(operations.iter().filter(|operation| operation.method == "GET").copied().collect())
    }

    /// The page at an address, as the router would choose it; nothing where none is mounted.
    fn page(&self, path: &str) -> Option<&Operation> {
        let fitting = self.0.iter().filter(|page| fits(page.path, path));
        fitting.min_by_key(|page| page.path.matches('{').count())
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
        let address = href.split('#').next().unwrap_or_default();
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        self.rules.page(path).is_none_or(|page| page.allows(Some(scope), query).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::{Actor, Agencies, Capability};
    use crate::web::routes::Access;

    #[test]
    fn a_link_is_open_to_who_may_open_its_page() {
        let page = |path: &'static str, access: Access| Operation {
            method: "GET",
            path,
            access,
            file: (path == "/alerts").then_some(Capability::ExportRows),
            query: &[],
            body: &[],
        };
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
        for href in ["/channels/0193", "/channels/0193?tab=x", "/logs", "/alerts?state=all&format=csv#rows"] {
            assert!(!open.opens(href), "{href}");
        }
        assert!(rules.page("/channels/").is_none() && rules.page("/channels/a/b").is_none());
        assert!(OpenPages::default().opens("/alerts"), "where nothing is known");
    }
}
