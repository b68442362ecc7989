//! The roles in plain words: what each is for, how far it reaches, what it may do, and what is never done by one person
//! alone.

use crate::policies::{Apart, Binding, ElevationKind, Policies, Reach, Role};
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::page::Page;
use kit::web::{Access, Fail, Routes, Visit, render};
use std::sync::Arc;

pub(crate) fn role_routes() -> Routes {
    Routes::new().get("/roles", Access::SignedIn, show_roles)
}

#[derive(Template)]
#[template(path = "people/templates/roles.html")]
struct RolesPage {
    page: Page,
    policies: Arc<Policies>,
}

fn about_key(role: &Role) -> String {
    format!("role-about-{}", role.id)
}

fn reach_key(role: &Role) -> &'static str {
    match role.reach {
        Reach::Province => "role-reach-province",
        Reach::Subtree => "role-reach-subtree",
    }
}

fn capability_keys(role: &Role) -> Vec<String> {
    role.capabilities.iter().map(|one| format!("capability-{}", one.name())).collect()
}

impl RolesPage {
    fn apart(&self) -> Vec<&Apart> {
        self.policies.separation.roles.iter().chain(&self.policies.separation.acts).collect()
    }
}

/// What a kind needs, in words: rows that need no approval, and how long one lasts.
fn limits(page: &Page, kind: &ElevationKind) -> String {
    if kind.binding() == Binding::Key {
        return page.tn("role-elevation-with-key", "rows", kind.most_rows);
    }
    let lasts = page.tn("role-elevation-lasts", "minutes", kind.minutes);
    match kind.rows {
        0 => lasts,
        rows => format!("{} {lasts}", page.tn("role-elevation-rows", "rows", rows)),
    }
}

async fn show_roles(visit: Visit) -> Result<Response, Fail> {
    let page = RolesPage { policies: Policies::of(&visit.app)?, page: visit.page().await? };
    Ok(render(&page)?.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::locale::{Lang, texts};

    #[test]
    fn every_role_is_explained_in_both_languages() {
        for role in &Policies::embedded().unwrap().roles {
            for key in capability_keys(role).into_iter().chain([about_key(role), reach_key(role).to_owned()]) {
                for lang in Lang::ALL {
                    assert!(texts().has(lang, &key), "{key}");
                }
            }
        }
    }
}
