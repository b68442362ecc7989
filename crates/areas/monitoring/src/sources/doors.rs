//! What the doors received and lost since the start, who exports flows, and the folders that are followed.

use crate::intake::{DoorFigures, Doors, ExporterFigures};
use crate::watch::{FolderFigures, WatchBoard};
use askama::Template;
use axum::response::{IntoResponse, Response};
use kit::Capability;
use kit::page::Page;
use kit::web::{Fail, Visit, render};

#[derive(Template)]
#[template(path = "sources/templates/doors.html")]
struct DoorsPage {
    page: Page,
    doors: Vec<DoorFigures>,
    exporters: Vec<ExporterFigures>,
    folders: Vec<FolderFigures>,
}

pub(super) async fn show_doors(visit: Visit) -> Result<Response, Fail> {
    visit.require(Capability::ManageSources)?;
    let doors = visit.app.ports.get::<Doors>();
    let folders = visit.app.ports.get::<WatchBoard>();
    let template = DoorsPage {
        exporters: doors.as_ref().map(|doors| doors.exporters()).unwrap_or_default(),
        folders: folders.map(|folders| folders.figures()).unwrap_or_default(),
        doors: doors.map(|doors| doors.figures()).unwrap_or_default(),
        page: visit.page().await?.part_of("/sources"),
    };
    Ok(render(&template)?.into_response())
}
