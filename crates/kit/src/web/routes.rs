//! Routes that say who may use them. A handler cannot be mounted without saying it, and nobody reaches a handler whose
//! rule refuses them, whatever the handler itself looks at; nor one that changes something with a request that no page of
//! the session sent; no list leaves by the API before its rows were counted. The rules are also a list (`luytre access
//! matrix`).

use crate::app::App;
use crate::error::Error;
use crate::page::Address;
use crate::scope::{Capability, Scope};
use crate::session::Session;
use crate::web::answer::{Fail, Refused};
use crate::web::fields::fields_of;
use crate::web::{form, rows};
use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Who may use an operation. What they see and change there is up to their [`Scope`] in services and queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, also without signing in.
    Open,
    /// Whoever has given a name and a proof of it, also while a password or a second factor is due: what signing in needs.
    Entering,
    /// Whoever is signed in: their own things, and what every role may see.
    SignedIn,
    Needs(Capability),
    /// Whoever has one of these.
    NeedsOneOf(&'static [Capability]),
    /// Whoever has all of these.
    NeedsAll(&'static [Capability]),
    /// As [`Access::Needs`], refused by the handler itself in the words of its protocol.
    AnswersItself(Capability),
}

impl From<Capability> for Access {
    fn from(capability: Capability) -> Self {
        Self::Needs(capability)
    }
}

impl Access {
    /// Whether somebody (nobody: not signed in) may use it. Whoever has not finished signing in is told where that is done,
    /// whatever right the rule asks for.
    pub fn allows(self, scope: Option<&Scope>) -> Result<(), Error> {
        let scope = match (self, scope) {
            (Self::Open, _) | (Self::Entering, Some(_)) => return Ok(()),
            (_, None) => return Err(Error::Unauthenticated),
            (_, Some(scope)) => scope,
        };
        if let Some(path) = scope.due() {
            return Err(Error::Due(path));
        }
        match self {
            Self::Open | Self::Entering | Self::SignedIn => Ok(()),
            Self::Needs(capability) | Self::AnswersItself(capability) => scope.require(capability),
            Self::NeedsAll(several) => several.iter().try_for_each(|one| scope.require(*one)),
            Self::NeedsOneOf(several) => match several.iter().any(|one| scope.may(*one)) {
                true => Ok(()),
                false => Err(Error::Forbidden(several.first().map_or("", |one| one.name()))),
            },
        }
    }

    /// Whether these rights are enough for whoever has signed in.
    pub fn suits(self, may: impl Fn(Capability) -> bool) -> bool {
        match self {
            Self::Open | Self::Entering | Self::SignedIn => true,
            Self::Needs(capability) | Self::AnswersItself(capability) => may(capability),
            Self::NeedsAll(several) => several.iter().all(|one| may(*one)),
            Self::NeedsOneOf(several) => several.iter().any(|one| may(*one)),
        }
    }
}

/// What was missing where somebody was refused: what the rule of the operation asks for, and the right that its handler
/// asks for besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    pub access: Access,
    pub right: Option<Capability>,
}

impl Needed {
    /// Whether whoever has these rights has all that is needed.
    pub fn is_met(self, may: impl Fn(Capability) -> bool) -> bool {
        self.access.suits(&may) && self.right.is_none_or(may)
    }
}

/// Left in an answer that lets nobody through: the rule of the operation, and whether it was the rule that refused.
#[derive(Clone, Copy)]
pub(super) struct Ruled {
    pub(super) access: Access,
    pub(super) by_rule: bool,
}

/// One operation of the program as it is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    pub method: &'static str,
    /// With its places for ids, as `/alerts/{id}`.
    pub path: &'static str,
    pub access: Access,
    /// The right that its file asks for besides, where the address asks for one (`format`).
    pub file: Option<Capability>,
    /// Names of what it takes in its address, beside the ids of its path.
    pub query: &'static [&'static str],
    /// Names of the members of its body.
    pub body: &'static [&'static str],
}

/// Whether an address asks for a file in the place of a page.
fn asks_for_file(query: &str) -> bool {
    Address::parse(&format!("?{query}")).pairs().iter().any(|(name, value)| name == "format" && !value.is_empty())
}

impl Operation {
    fn new(method: &'static str, path: &'static str, access: Access) -> Self {
        Self { method, path, access, file: None, query: &[], body: &[] }
    }

    /// Whether somebody may use it at an address with this query.
    pub fn allows(&self, scope: Option<&Scope>, query: &str) -> Result<(), Error> {
        self.access.allows(scope)?;
        match (self.file, scope) {
            (Some(right), Some(scope)) if asks_for_file(query) => scope.require(right),
            _ => Ok(()),
        }
    }
}

/// A router and the rules of its operations.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    router: Router<App>,
    operations: Vec<Operation>,
}

macro_rules! methods {
    ($($name:ident $filter:ident),+) => {
        $(
            #[must_use]
            pub fn $name<H, T>(self, path: &'static str, access: impl Into<Access>, handler: H) -> Self
            where
                H: Handler<T, App>,
                T: 'static,
            {
                let operation = Operation::new(stringify!($filter), path, access.into());
                self.operation(MethodFilter::$filter, operation, handler)
            }
        )+
    };
}

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }

    methods!(get GET, head HEAD, post POST, put PUT, delete DELETE);

    /// A page that is a file as well (`format` in its address), for whoever has one right more.
    #[must_use]
    pub fn get_or_file<H, T>(self, path: &'static str, access: impl Into<Access>, file: Capability, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let operation = Operation { file: Some(file), ..Operation::new("GET", path, access.into()) };
        self.operation(MethodFilter::GET, operation, handler)
    }

    fn operation<H, T>(mut self, filter: MethodFilter, operation: Operation, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let lists = rows::is_list(operation.method, operation.path);
        let handler = match operation.access {
            Access::Open | Access::AnswersItself(_) if !lists => on(filter, handler),
            _ => on(filter, handler).route_layer(from_fn(move |request, next| guard(operation, lists, request, next))),
        };
        self.operations.push(operation);
        Self { router: self.router.route(operation.path, handler), ..self }
    }

    /// Says what the operation named last takes in its address, for its description.
    #[must_use]
    pub fn query(self, names: &'static [&'static str]) -> Self {
        self.last(|operation| operation.query = names)
    }

    /// The same as a type says that reads it.
    #[must_use]
    pub fn query_of<T: DeserializeOwned>(self) -> Self {
        self.query(fields_of::<T>())
    }

    /// Says which members the body has of the operation named last.
    #[must_use]
    pub fn body(self, names: &'static [&'static str]) -> Self {
        self.last(|operation| operation.body = names)
    }

    /// The same as a type says that reads it.
    #[must_use]
    pub fn body_of<T: DeserializeOwned>(self) -> Self {
        self.body(fields_of::<T>())
    }

    fn last(mut self, change: impl FnOnce(&mut Operation)) -> Self {
        if let Some(last) = self.operations.last_mut() {
            change(last);
        }
        self
    }

    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.operations.extend(other.operations);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// The same operations behind something more, for example a limit of the body.
    #[must_use]
    pub fn map(self, change: impl FnOnce(Router<App>) -> Router<App>) -> Self {
        Self { router: change(self.router), operations: self.operations }
    }

    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    pub fn into_router(self) -> Router<App> {
        self.router
    }
}

/// `lists`: it gives a list by the API, whose rows are counted.
async fn guard(operation: Operation, lists: bool, request: Request, next: Next) -> Response {
    let access = operation.access;
    let session = request.extensions().get::<Arc<Session>>().cloned();
    let scope = session.as_ref().map(|session| &session.scope);
    if let Err(error) = operation.allows(scope, request.uri().query().unwrap_or_default()) {
        let by_rule = access.allows(scope).is_err();
        let (parts, _) = request.into_parts();
        return ruled(access, by_rule, Fail::new(error, &parts).into_response());
    }
    if request.method().is_safe() {
        let response = ruled(access, false, next.run(request).await);
        return if lists { rows::checked(response) } else { response };
    }
    match form::proven(request).await {
        Ok(request) => ruled(access, false, next.run(request).await),
        Err(refused) => refused.into_response(),
    }
}

/// A refusal that says by which rule.
fn ruled(access: Access, by_rule: bool, mut response: Response) -> Response {
    if response.extensions().get::<Refused>().is_some() {
        response.extensions_mut().insert(Ruled { access, by_rule });
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::{Actor, Agencies};

    fn scope(capabilities: &[Capability]) -> Scope {
        let actor = Actor::Person { id: "p".into(), name: "An".into() };
        Scope::new(actor, Agencies::All, capabilities.iter().copied(), None)
    }

    #[test]
    fn each_rule_refuses_whom_it_names_and_nobody_else() {
        let alerts = scope(&[Capability::ViewAlerts]);
        let nothing = scope(&[]);
        let needs = Access::Needs(Capability::ViewAlerts);
        let one = Access::NeedsOneOf(&[Capability::ViewEvents, Capability::ViewAlerts]);
        for access in [needs, one, Access::AnswersItself(Capability::ViewAlerts)] {
            assert!(access.allows(Some(&alerts)).is_ok());
            assert!(matches!(access.allows(Some(&nothing)), Err(Error::Forbidden(_))));
            assert!(matches!(access.allows(None), Err(Error::Unauthenticated)));
        }
        let both = Access::NeedsAll(&[Capability::ViewEvents, Capability::ViewAlerts]);
        assert!(matches!(both.allows(Some(&alerts)), Err(Error::Forbidden("view-events"))));
        assert!(both.allows(Some(&scope(&[Capability::ViewEvents, Capability::ViewAlerts]))).is_ok());
        assert!(matches!(both.allows(None), Err(Error::Unauthenticated)));
        assert!(Access::SignedIn.allows(Some(&nothing)).is_ok());
        assert!(matches!(Access::SignedIn.allows(None), Err(Error::Unauthenticated)));
        let due = nothing.clone().due_at("/me");
        for access in [Access::SignedIn, needs, one, both] {
            assert!(matches!(access.allows(Some(&due)), Err(Error::Due("/me"))), "{access:?}");
        }
        assert!(Access::Entering.allows(Some(&due)).is_ok() && Access::Entering.allows(Some(&nothing)).is_ok());
        assert!(matches!(Access::Entering.allows(None), Err(Error::Unauthenticated)));
        assert!(Access::Open.allows(None).is_ok());
    }

    #[test]
    fn a_page_that_is_a_file_as_well_asks_for_one_right_more_where_a_file_is_asked_for() {
        let page = Operation::new("GET", "/alerts", Access::Needs(Capability::ViewAlerts));
        let either = Operation { file: Some(Capability::ExportRows), ..page };
        let (looks, takes) =
            (scope(&[Capability::ViewAlerts]), scope(&[Capability::ViewAlerts, Capability::ExportRows]));
        for query in ["", "state=all", "format=", "formats=csv"] {
            assert!(either.allows(Some(&looks), query).is_ok(), "{query}");
        }
        for query in ["format=csv", "state=all&format=json", "format=&format=csv", "f%6Frmat=csv"] {
            assert!(matches!(either.allows(Some(&looks), query), Err(Error::Forbidden("export-rows"))), "{query}");
            assert!(either.allows(Some(&takes), query).is_ok() && page.allows(Some(&looks), query).is_ok(), "{query}");
            assert!(matches!(either.allows(None, query), Err(Error::Unauthenticated)), "{query}");
        }
        assert!(either.allows(Some(&scope(&[Capability::ExportRows])), "format=csv").is_err());
    }

    #[test]
    fn what_is_needed_is_what_the_rule_asks_for_and_what_the_handler_asks_for_besides() {
        let met = |access, right, held: &[Capability]| Needed { access, right }.is_met(|one| held.contains(&one));
        let [events, alerts] = [Capability::ViewEvents, Capability::ViewAlerts];
        let both = Access::NeedsAll(&[Capability::ViewEvents, Capability::ViewAlerts]);
        let one = Access::NeedsOneOf(&[Capability::ViewEvents, Capability::ViewAlerts]);
        assert!(met(both, None, &[events, alerts]) && !met(both, None, &[events]));
        assert!(met(one, None, &[alerts]) && !met(one, None, &[Capability::Administer]));
        assert!(met(one, Some(events), &[events]) && !met(one, Some(events), &[alerts]), "the handler asks for more");
        assert!(met(Access::SignedIn, None, &[]) && !met(Access::SignedIn, Some(alerts), &[events]));
    }
}
