//! What a notice is made from, gathered from the registers: the incident and its alerts, the system, the agency and how
//! it writes its papers, the person who writes.

use super::prefill::{AffectedSystem, Knowledge, RelatedAlert, Reporter, moment};
use super::{Letterhead, Notice, store};
use crate::incidents::Incident;
use crate::incidents::store as incident_store;
use kit::clock::Micros;
use kit::fold::normalise;
use kit::locale::texts;
use kit::{Connection, Error, Lang, Tx};
use organisation::{agencies, people};

pub(super) async fn related_alerts(
    connection: &impl Connection,
    incident_id: &str,
) -> Result<Vec<RelatedAlert>, Error> {
    let alerts = incident_store::alerts(connection, incident_id).await?;
    Ok(alerts
        .into_iter()
        .map(|alert| RelatedAlert {
            title: alert.title,
            severity: alert.severity,
            entity: alert.entity,
            first_event_at: alert.first_event_time,
            events: alert.count,
        })
        .collect())
}

/// Everything known of an incident that a form may ask for.
pub(super) async fn gather(
    tx: &Tx<'_>,
    incident: &Incident,
    notices: &[Notice],
    now: Micros,
) -> Result<Knowledge, Error> {
    let system = match &incident.system_id {
        Some(id) => Some(assurance::systems::store::find(tx, id).await?),
        None => None,
    };
    let first = notices.iter().find(|notice| notice.form == "first-notice" && notice.approved_at.is_some());
    let system = system.map(|system| AffectedSystem {
        operator: system.run_by().to_owned(),
        name: system.name,
        owner: system.agency_name,
        level: match system.level_decision {
            Some(decision) => format!("{} ({decision})", system.level),
            None => system.level.to_string(),
        },
        purpose: system.purpose,
        addresses: [system.public_addresses, system.domains]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n"),
        contact: joined(&[
            &system.contact_name,
            &system.contact_title,
            system.contact_phone.reveal(),
            system.contact_email.reveal(),
        ]),
    });
    Ok(Knowledge {
        reporter: reporter(tx, &incident.agency_id).await?,
        writer: writer(tx).await?,
        system,
        incident: incident.clone(),
        times: incident_store::times(tx, &incident.id).await?,
        alerts: related_alerts(tx, &incident.id).await?,
        first_notice_number: first
            .and_then(|notice| Some(format!("{}, {}", notice.symbol, moment(notice.approved_at?, now))))
            .unwrap_or_default(),
        now,
    })
}

/// Who writes, for questions about the notice; nobody where the program itself does.
async fn writer(tx: &Tx<'_>) -> Result<String, Error> {
    let Some(id) = tx.scope().person_id() else { return Ok(String::new()) };
    match people::find(tx, id).await {
        Ok(person) => Ok(joined(&[&person.full_name, &person.title, person.phone.reveal(), person.email.reveal()])),
        Err(Error::NotFound) => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Those parts that hold something, with commas between.
fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ")
}

/// The agency as it writes its papers: as last time, else from the register.
async fn reporter(tx: &Tx<'_>, agency_id: &str) -> Result<Reporter, Error> {
    let agency = agencies::find(tx, agency_id).await?;
    let letterhead = match store::last_letterhead(tx, agency_id).await? {
        // Whoever approves this time signs this time, with the own authority.
        Some(last) => {
            let none = String::new;
            Letterhead { signer: none(), position: none(), authority: none(), ..last }
        }
        None => {
            let root = agencies::root(tx).await?;
            let root_name = root.as_ref().map(|root| root.name.clone()).unwrap_or_default();
            let parent = match &agency.parent_id {
                None => String::new(),
                Some(id) if root.as_ref().is_some_and(|root| root.id == *id) => {
                    texts().text_with(Lang::Vi, "notice-committee-of", &[("province", lower_first(&root_name).into())])
                }
                Some(id) => agencies::find(tx, id).await.map(|parent| parent.name).unwrap_or_default(),
            };
            Letterhead {
                issuer_parent: parent,
                issuer: agency.name.clone(),
                symbol: agency.code.clone(),
                place: place(&root_name),
                ..Letterhead::default()
            }
        }
    };
    Ok(Reporter { name: agency.name, address: agency.address, phone: agency.phone, email: agency.email, letterhead })
}

/// "Tỉnh Bình Lâm" is dated "Bình Lâm, ngày …".
fn place(province: &str) -> String {
    let province = normalise(province);
    for key in ["notice-province-word", "notice-city-word"] {
        let word = texts().text(Lang::Vi, key);
        if let Some(place) = province.strip_prefix(word.as_str()) {
            return place.trim().to_owned();
        }
    }
    province
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
