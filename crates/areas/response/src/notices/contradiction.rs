//! Where a notice names another severity or class than its incident. One of the two is wrong, and a person says which:
//! nothing is approved before they agree. Pure.

use super::Notice;
use super::form::NoticeForm;
use super::prefill::{class_parts, severity};
use crate::incidents::Incident;
use crate::law::Law;
use kit::fold::fold;

/// A field that says something else than the incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    pub field: String,
    /// What the incident says, in the words of a notice.
    pub expected: String,
    /// Where the incident is changed instead.
    pub anchor: &'static str,
}

/// Contradictions of the filled fields. What the incident does not say yet contradicts nothing, and a field may say more
/// than the incident does.
pub fn contradictions(notice: &Notice, form: &NoticeForm, law: &Law, incident: &Incident) -> Vec<Contradiction> {
    let of_field = |field: &super::form::FormField| {
        let (parts, anchor) = match field.prefill.as_deref()? {
            "severity" => (vec![severity(law, incident)?], "severity"),
            "class" => (class_parts(incident), "facts-known"),
            _ => return None,
        };
        let said = fold(&notice.fields.get(&field.id)?.value);
        let differs = !said.trim().is_empty() && parts.iter().any(|part| !said.contains(&fold(part)));
        differs.then(|| Contradiction { field: field.id.clone(), expected: parts.join("; "), anchor })
    };
    form.fields().filter_map(of_field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notices::FieldValue;

    #[test]
    fn another_severity_or_class_is_found_and_more_words_are_not() {
        let law = Law::embedded().unwrap();
        let form = law.form("first-notice").unwrap();
        let incident =
            Incident { severity: Some("M2".into()), technical_kind: "intrusion".into(), ..Incident::default() };
        let found = |severity: &str, class: &str| {
            let field = |value: &str| FieldValue { value: value.into(), ..FieldValue::default() };
            let fields = [("severity".to_owned(), field(severity)), ("class".to_owned(), field(class))].into();
            let notice = Notice { fields, ..Notice::default() };
            contradictions(&notice, form, &law, &incident).into_iter().map(|one| one.field).collect::<Vec<_>>()
        };
        let right = law.scale().unwrap().level("M2").unwrap().title.vi.clone();
        let other = law.scale().unwrap().level("M4").unwrap().title.vi.clone();
        assert_eq!(found(&right, "Xâm nhập"), Vec::<String>::new());
        assert_eq!(found(&format!("{right} (ước tính ban đầu)"), "Xâm nhập qua cổng quản trị"), Vec::<String>::new());
        assert_eq!(found(&other, "Mã độc"), ["class", "severity"]);
        assert_eq!(found("", ""), Vec::<String>::new(), "what is missing is told as missing");
        let open = Incident::default();
        let notice = Notice {
            fields: [("severity".to_owned(), FieldValue { value: other, ..FieldValue::default() })].into(),
            ..Notice::default()
        };
        assert!(contradictions(&notice, form, &law, &open).is_empty(), "the incident says nothing yet");
    }
}
