//! Panel.
pub fn duty_panel() -> kit::area::Slot {
    kit::area::Slot {
        place: "duty.panel",
        title_key: "roster-on-duty",
        order: 10,
        capability: None,
        fragment: std::sync::Arc::new(|_app, _scope, _lang, _key| Box::pin(async { Ok(String::new()) })),
    }
}
