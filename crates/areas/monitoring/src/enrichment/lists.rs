//! Lists of values as events are held against them.

use super::known::Above;
use crate::value_lists::ListedValue;
use event::{Text, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// A place of a value on a list.
#[derive(Debug)]
struct Place {
    list: Value,
    agency_id: Option<Box<str>>,
}

#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<Text, Vec<Place>>);

/// A value in the form in which values are compared: letter case says nothing.
fn compared(text: &str) -> Text {
    text.trim().chars().flat_map(char::to_lowercase).collect()
}

impl Lists {
    pub(super) fn of(values: &[ListedValue]) -> Self {
        let mut lists: HashMap<Text, Vec<Place>> = HashMap::new();
        for value in values {
            let place =
                Place { list: Value::from(value.list.as_str()), agency_id: value.agency_id.as_deref().map(Into::into) };
            lists.entry(compared(&value.value)).or_default().push(place);
        }
        Self(lists)
    }

    /// Puts values of the whole centre in the place of a list.
    pub(super) fn replace(&mut self, list: &str, values: &[String]) {
        let list = Value::from(list);
        self.0.values_mut().for_each(|places| places.retain(|place| place.list != list));
        self.0.retain(|_, places| !places.is_empty());
        for value in values {
            self.0.entry(compared(value)).or_default().push(Place { list: list.clone(), agency_id: None });
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lists that a value stands on in events of `owner`.
    pub(super) fn find(&self, text: &str, owner: Option<&str>, above: &Above) -> Option<Cow<'_, Value>> {
        let places = self.0.get(&compared(text))?;
        let mut found: Vec<&Value> = Vec::new();
        for place in places.iter().filter(|place| above.holds(place.agency_id.as_deref(), owner)) {
            if !found.contains(&&place.list) {
                found.push(&place.list);
            }
        }
        match found.as_slice() {
            [] => None,
            [one] => Some(Cow::Borrowed(*one)),
            many => Some(Cow::Owned(Value::List(many.iter().copied().cloned().collect()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_on_its_lists_in_any_case_and_only_where_they_hold() {
        let value = |list: &str, value: &str, agency: Option<&str>| ListedValue {
            list: list.to_owned(),
            value: value.to_owned(),
            agency_id: agency.map(ToOwned::to_owned),
            ..ListedValue::default()
        };
        let values = [
            value("administrators", "SYT\\QuanTri", None),
            value("service", "svc", Some("a")),
            value("x", "SVC", None),
        ];
        let (lists, above) = (Lists::of(&values), Above::default());
        let found = |text: &str, owner| lists.find(text, owner, &above).map(Cow::into_owned);
        assert_eq!(found("syt\\quantri", None), Some("administrators".into()));
        assert_eq!(found("svc", None), Some("x".into()));
        assert_eq!(found("svc", Some("a")), Some(Value::List(vec!["service".into(), "x".into()])));
        assert_eq!(found("other", Some("a")), None);
    }

    #[test]
    fn a_list_takes_the_place_of_the_one_that_has_its_name() {
        let value = |list: &str, value: &str| ListedValue {
            list: list.to_owned(),
            value: value.to_owned(),
            ..ListedValue::default()
        };
        let mut lists =
            Lists::of(&[value("administrators", "root"), value("service", "root"), value("service", "svc")]);
        lists.replace("administrators", &["An".to_owned()]);
        let found = |text: &str| lists.find(text, None, &Above::default()).map(Cow::into_owned);
        assert_eq!(found("an"), Some("administrators".into()));
        assert_eq!(found("root"), Some("service".into()));
        lists.replace("service", &[]);
        assert_eq!(lists.0.len(), 1);
    }
}
