//! Builds the invented province in an empty data directory: agencies, people in every role, systems with
//! owners, sources, keys, and a duty roster. The same seed makes the same province.

use super::traffic::Sender;
use anyhow::{Context, Result};
use assurance::consolidation::NewMove;
use assurance::inventory::NewItem;
use assurance::systems::NewSystem;
use kit::clock::{DAY, HOUR, Micros};
use kit::{Capability, Db, Scope, Tx};
use monitoring::sources::SourceKind;
use monitoring::sources::service::SourceInput;
use monitoring::sources::settings::SourceSettings;
use organisation::agencies::{AgencyChange, NewAgency};
use organisation::experts::ExpertData;
use organisation::incumbents::NewIncumbent;
use organisation::people::NewPerson;
use organisation::policies::Policies;
use organisation::qualifications::NewQualification;
use organisation::roster::NewShift;
use organisation::{agencies, api_keys, experts, incumbents, people, qualifications, roster};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// `content/demo/province.toml`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Province {
    pub seed: u64,
    pub province: String,
    pub province_code: String,
    pub centre: String,
    pub mail_domain: String,
    pub phone: String,
    pub commune_body: String,
    pub central_place: String,
    pub address: String,
    pub mailbox: String,
    pub streets: Vec<String>,
    pub agency: Vec<Agency>,
    pub communes: Communes,
    pub people: Names,
    pub account: Vec<Account>,
    pub certificates: Certificates,
    pub expert: Vec<Expert>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    pub code: String,
    pub name: String,
    pub kind: String,
    pub system: MainSystem,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MainSystem {
    pub name: String,
    pub level: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Communes {
    pub xa: usize,
    pub phuong: usize,
    pub dac_khu: usize,
    pub first: Vec<String>,
    pub second: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub family: Vec<String>,
    pub middle: Vec<String>,
    pub given: Vec<String>,
}

#[derive(Debug, Clone, serde::Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub user: String,
    pub name: String,
    pub role: String,
    pub agency: String,
    pub title: String,
    /// Lines of the signature block, where the title alone is not right there.
    #[serde(default)]
    pub signs_as: String,
}

/// Days count from the start of the demonstration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    pub every: usize,
    pub issuer: String,
    pub names: Vec<String>,
    pub obtained_day: i64,
    pub end_days: Vec<i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expert {
    pub name: String,
    pub agency: String,
    pub workplace: String,
    pub fields: String,
    #[serde(default)]
    pub night_call: String,
    pub agreed_days: i64,
}

/// What the rest of the demonstration needs to know of it. Kept in `demonstration.json` in the data directory:
/// keys are told only once, when they are made.
#[derive(serde::Serialize, Deserialize)]
pub struct Built {
    pub senders: Vec<Sender>,
    /// Person id and role of each named account.
    pub accounts: Vec<(String, Account)>,
    /// Passwords by person id, for whoever has used up a link. Of a demonstration alone, where nothing is real.
    #[serde(default)]
    pub passwords: BTreeMap<String, String>,
}

/// An agency or commune with its systems.
struct Place {
    id: String,
    code: String,
    name: String,
    commune: bool,
    /// Systems: id, name, level.
    systems: Vec<(String, String, i64)>,
}

impl Province {
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("content/demo/province.toml")
    }
}

/// Builds everything in one transaction: either the whole province is there or nothing.
pub async fn build(
    db: &Db,
    scope: &Scope,
    policies: &Policies,
    sources: &SourceSettings,
    province: &Province,
    now: Micros,
) -> Result<Built> {
    let scoped = db.scoped(scope);
    let tx = scoped.begin().await?;
    let mut random = ChaCha8Rng::seed_from_u64(province.seed);
    let root = agencies::ensure_root_agency(&tx, now, &province.province, &province.province_code).await?;
    let (address, phone, email) = contacts(province, &province.province_code, &province.central_place, 999);
    let change = AgencyChange { kind: root.kind.clone(), address, phone, email, ..AgencyChange::default() };
    agencies::change(&tx, now, &root.id, &change).await?;
    let mut places = build_agencies(&tx, province, now, &mut random).await?;
    let guard = places.iter().find(|place| place.code == "SKHCN").map(|place| place.id.clone()).unwrap_or_default();
    for place in &mut places {
        build_systems(&tx, place, province, &guard, now, &mut random).await?;
    }
    let accounts = build_people(&tx, policies, province, &places, &root.id, now, &mut random).await?;
    build_roster(&tx, policies, &accounts, &root.id, now).await?;
    let senders = build_sources(&tx, sources, &places, now).await?;
    tx.commit().await?;
    Ok(Built { senders, accounts, passwords: BTreeMap::new() })
}

async fn build_agencies(tx: &Tx<'_>, province: &Province, now: Micros, random: &mut ChaCha8Rng) -> Result<Vec<Place>> {
    let mut new: Vec<(NewAgency, bool)> = province
        .agency
        .iter()
        .map(|agency| (new_agency(&agency.code, &agency.name, &agency.kind, now), false))
        .collect();
    let parts = &province.communes;
    let mut names = BTreeSet::new();
    let wanted = parts.xa + parts.phuong + parts.dac_khu;
    let mut pairs: Vec<_> =
        parts.first.iter().flat_map(|first| parts.second.iter().map(move |second| (first, second))).collect();
    pairs.shuffle(random);
    for (first, second) in pairs.into_iter().take(wanted) {
        names.insert(format!("{first} {second}"));
    }
    for (number, name) in names.into_iter().enumerate() {
        let (kind, prefix) = match number {
            number if number < parts.dac_khu => ("special-zone", "Đặc khu"),
            number if number < parts.dac_khu + parts.phuong => ("ward", "Phường"),
            _ => ("commune", "Xã"),
        };
        let code = format!("XA{:02}", number + 1);
        new.push((new_agency(&code, &format!("{} {prefix} {name}", province.commune_body), kind, now), true));
    }
    for (number, (agency, _)) in new.iter_mut().enumerate() {
        let place = agency.name.strip_prefix(&province.commune_body).map_or(province.central_place.as_str(), str::trim);
        (agency.address, agency.phone, agency.email) = contacts(province, &agency.code, place, number);
    }
    let communes: BTreeMap<String, bool> =
        new.iter().map(|(agency, commune)| (agency.code.clone(), *commune)).collect();
    let made = agencies::import_agencies(tx, now, new.into_iter().map(|(agency, _)| agency).collect()).await?;
    Ok(made
        .into_iter()
        .map(|agency| Place {
            commune: communes.get(&agency.code).copied().unwrap_or(false),
            id: agency.id,
            code: agency.code,
            name: agency.name,
            systems: Vec::new(),
        })
        .collect())
}

/// Address, telephone and mailbox of an agency, which are nobody's.
fn contacts(province: &Province, code: &str, place: &str, number: usize) -> (String, String, String) {
    let street = province.streets.get(number % province.streets.len().max(1)).map_or("", String::as_str);
    let address = province.address.replace("{number}", &(number * 7 % 90 + 1).to_string());
    let address = address.replace("{street}", street).replace("{place}", place);
    (
        address.replace("{province}", &province.province),
        format!("{}{number:03}", province.phone),
        format!("{}@{}", province.mailbox.replace("{code}", &code.to_lowercase()), province.mail_domain),
    )
}

fn new_agency(code: &str, name: &str, kind: &str, now: Micros) -> NewAgency {
    NewAgency {
        code: code.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        // The agencies existed before the first event of the demonstration.
        valid_from: Some(now - 365 * DAY),
        duty_hours: "7:00–17:00".to_owned(),
        ..NewAgency::default()
    }
}

async fn build_systems(
    tx: &Tx<'_>,
    place: &mut Place,
    province: &Province,
    guard: &str,
    now: Micros,
    random: &mut ChaCha8Rng,
) -> Result<()> {
    let mut wanted: Vec<(String, i64, &str)> = Vec::new();
    match province.agency.iter().find(|agency| agency.code == place.code) {
        Some(agency) => {
            wanted.push((agency.system.name.clone(), agency.system.level, "Trung tâm dữ liệu tỉnh"));
            wanted.push((format!("Cổng thông tin điện tử {}", place.name), 2, "Trung tâm dữ liệu tỉnh"));
            if agency.kind == "department" {
                wanted.push((format!("Mạng nội bộ {}", place.name), 2, "Phòng máy của cơ quan"));
            }
        }
        None => wanted.push((
            format!("Mạng và máy trạm {}", place.name),
            if random.random_bool(0.6) { 2 } else { 1 },
            "Trụ sở",
        )),
    }
    if place.commune && random.random_bool(0.28) {
        wanted.push((format!("Trang thông tin {}", place.name), 1, "Đám mây thuê ngoài"));
    }
    for (number, (name, level, hosting)) in wanted.into_iter().enumerate() {
        let approved = random.random_bool(0.85);
        let web = number > 0 && hosting != "Phòng máy của cơ quan";
        let code = format!("{}-{:02}", place.code, number + 1);
        let main = number == 0 && !place.commune;
        // Made of the code, so that what is drawn after it stays as it was.
        let size = code.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        let guarded_by_itself = place.id == guard;
        let new = NewSystem {
            operator_id: if hosting == "Trung tâm dữ liệu tỉnh" && !guarded_by_itself {
                guard.to_owned()
            } else {
                String::new()
            },
            operator: if hosting == "Đám mây thuê ngoài" {
                "Công ty cung cấp dịch vụ đám mây Tre Việt"
            } else {
                ""
            }
            .to_owned(),
            specialised_unit_id: if guarded_by_itself { String::new() } else { guard.to_owned() },
            specialised_unit: if guarded_by_itself { "Trung tâm Chuyển đổi số" } else { "" }.to_owned(),
            users: if web { "Người dân, doanh nghiệp" } else { "Cán bộ, công chức, viên chức" }.to_owned(),
            user_count: if web { 2_000 + size % 40_000 } else { 20 + size % 300 }.to_string(),
            service_scope: if main { "province" } else { "organisation" }.to_owned(),
            public_information: web,
            private_information: !web,
            personal_information: main || web,
            basic_subjects: match (main, web) {
                (true, _) => (100_000 + size % 600_000).to_string(),
                (false, true) => (500 + size % 9_000).to_string(),
                _ => String::new(),
            },
            sensitive_subjects: if main && place.code == "SYT" { "410000" } else { "" }.to_owned(),
            hosting_kind: match hosting {
                "Trung tâm dữ liệu tỉnh" => "provincial_data_centre",
                "Đám mây thuê ngoài" => "rented_cloud",
                _ => "own_room",
            }
            .to_owned(),
            backup: "Sao lưu hằng ngày sang thiết bị riêng, giữ 30 ngày; thử khôi phục mỗi 6 tháng".to_owned(),
            network_ranges: format!("10.{}.{}.0/24", size % 200, number),
            code: code.clone(),
            name: name.clone(),
            agency_id: place.id.clone(),
            purpose: "Phục vụ hoạt động quản lý nhà nước và cung cấp dịch vụ công".to_owned(),
            level,
            level_decision: if approved {
                format!("{}/QĐ-UBND", random.random_range(100..990))
            } else {
                String::new()
            },
            state: if approved { "operating" } else { "on_trial" }.to_owned(),
            hosting: hosting.to_owned(),
            services: if web { "web" } else { "web, cơ sở dữ liệu" }.to_owned(),
            operating_system: if web { "Debian 12" } else { "Windows Server 2022, Debian 12" }.to_owned(),
            security_measures: "Tường lửa, phòng chống mã độc, sao lưu hằng ngày".to_owned(),
            domains: if web {
                format!("{}.{}", place.code.to_lowercase(), province.mail_domain)
            } else {
                String::new()
            },
            public_addresses: if web { format!("198.51.100.{}", random.random_range(30..250)) } else { String::new() },
            contact_name: full_name(&province.people, random),
            contact_title: "Cán bộ chuyên trách".to_owned(),
            contact_phone: format!("{}{:03}", province.phone, random.random_range(0..1000)),
            contact_email: format!("cntt.{}@{}", place.code.to_lowercase(), province.mail_domain),
            critical: level >= 4,
            ..NewSystem::default()
        };
        let id = assurance::systems::service::register(tx, new, now).await.with_context(|| format!("system {code}"))?;
        if number == 0 {
            build_inventory(tx, &id, size, now).await?;
        }
        decide_way(tx, &id, hosting, size, now).await?;
        place.systems.push((id, name, level));
    }
    Ok(())
}

/// What becomes of a system that does not stand in the provincial data centre; of some nobody has decided yet.
async fn decide_way(tx: &Tx<'_>, system_id: &str, hosting: &str, size: u32, now: Micros) -> Result<()> {
    let day = |days: i64| kit::civil::day_field(now + days * DAY);
    let new = match (hosting, size % 5) {
        ("Trung tâm dữ liệu tỉnh", _) | (_, 0) => return Ok(()),
        ("Đám mây thuê ngoài", _) => NewMove { way: "retire".to_owned(), due: day(60), ..NewMove::default() },
        (_, 1) => NewMove {
            way: "keep".to_owned(),
            notes: "Mạng và máy trạm tại trụ sở, không chuyển được".to_owned(),
            ..NewMove::default()
        },
        (_, 2) => NewMove {
            way: "move".to_owned(),
            wave: "1".to_owned(),
            due: day(-20),
            done: if size.is_multiple_of(2) { day(-30) } else { String::new() },
            ..NewMove::default()
        },
        (_, 3) => NewMove {
            way: "move".to_owned(),
            wave: "2".to_owned(),
            due: day(90),
            blocker: "Chưa có đường truyền số liệu chuyên dùng".to_owned(),
            ..NewMove::default()
        },
        _ => NewMove { way: "move".to_owned(), wave: "2".to_owned(), due: day(90), ..NewMove::default() },
    };
    assurance::consolidation::service::decide(tx, system_id, &new, now).await.context("consolidation")
}

/// Kind, name and fields of an item of an inventory.
type Item = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// What the first system of an agency is made of. Most of it says all that an inventory must say.
async fn build_inventory(tx: &Tx<'_>, system_id: &str, size: u32, now: Micros) -> Result<()> {
    let network = format!("10.{}.0", size % 200);
    let until = format!("{:02}/{:02}/2028", size % 28 + 1, size % 12 + 1);
    let items: &[Item] = &[
        ("zone", "Vùng máy chủ", &[("purpose", "Máy chủ nội bộ"), ("addresses", "{network}.0/25")]),
        ("zone", "Vùng người dùng", &[("purpose", "Máy trạm của cán bộ"), ("addresses", "{network}.128/25")]),
        (
            "device",
            "Tường lửa biên",
            &[
                ("purpose", "Ngăn mạng nội bộ với Internet"),
                ("addresses", "{network}.1"),
                ("serial", "FW-{size}"),
                ("support_end", "{until}"),
                ("place", "Tủ mạng tầng 1"),
                ("zone", "Vùng máy chủ"),
                ("status", "in-use"),
                ("responsible", "Cán bộ chuyên trách"),
            ],
        ),
        (
            "device",
            "Máy chủ ứng dụng",
            &[
                ("purpose", "Chạy ứng dụng chính"),
                ("addresses", "{network}.10"),
                ("serial", "SV-{size}"),
                ("place", "Phòng máy"),
                ("zone", "Vùng máy chủ"),
                ("platform", "Debian 12"),
                ("status", "in-use"),
                ("responsible", "Cán bộ chuyên trách"),
            ],
        ),
        (
            "application",
            "Phần mềm nghiệp vụ",
            &[
                ("purpose", "Xử lý nghiệp vụ của cơ quan"),
                ("edition", "4.2"),
                ("platform", "Debian 12"),
                ("owner", "Cơ quan"),
            ],
        ),
        (
            "data-set",
            "Cơ sở dữ liệu nghiệp vụ",
            &[
                ("purpose", "Dữ liệu của phần mềm nghiệp vụ"),
                ("information", "Hồ sơ nghiệp vụ"),
                ("platform", "PostgreSQL 16"),
                ("owner", "Cơ quan"),
                ("responsible", "Cán bộ chuyên trách"),
            ],
        ),
        (
            "link",
            "Hệ thống giải quyết thủ tục hành chính",
            &[
                ("relation", "data-flow"),
                ("direction", "both"),
                ("information", "Hồ sơ dịch vụ công"),
                ("linked_system", "VPUB-01"),
            ],
        ),
        (
            "supplier",
            "Công ty phần mềm Nứa",
            &[("purpose", "Bảo trì phần mềm nghiệp vụ"), ("basis", "HĐ {size}/2025"), ("ends", "{until}")],
        ),
    ];
    let size = size.to_string();
    for (kind, name, fields) in items {
        let filled =
            |text: &str| text.replace("{network}", &network).replace("{until}", &until).replace("{size}", &size);
        let mut values: BTreeMap<String, String> =
            fields.iter().map(|(field, text)| ((*field).to_owned(), filled(text))).collect();
        // Where the system is not there yet, or is this one, the name alone says where the link goes.
        if let Some(code) = values.get("linked_system") {
            let known = assurance::systems::store::by_code(tx, code).await?;
            if known.is_none_or(|known| known.id == system_id) {
                values.remove("linked_system");
            }
        }
        let new = NewItem { kind: (*kind).to_owned(), name: (*name).to_owned(), values, version: 0 };
        assurance::inventory::service::add(tx, system_id, new, now)
            .await
            .with_context(|| format!("inventory: {name}"))?;
    }
    Ok(())
}

async fn build_people(
    tx: &Tx<'_>,
    policies: &Policies,
    province: &Province,
    places: &[Place],
    root: &str,
    now: Micros,
    random: &mut ChaCha8Rng,
) -> Result<Vec<(String, Account)>> {
    let (mut accounts, mut officers) = (Vec::new(), Vec::new());
    for account in &province.account {
        let place = places.iter().find(|place| place.code == account.agency).context("account of an unknown agency")?;
        // The centre's own people and the inspectors work for the whole province.
        let province_wide = matches!(account.agency.as_str(), "CAT" | "TTT");
        let at = if province_wide { root } else { &place.id };
        let id = person(tx, policies, account, place, at, province, now, random).await?;
        if account.role == "leader" {
            appoint(tx, place, &id, "head", now).await?;
        }
        accounts.push((id, account.clone()));
    }
    for place in places {
        let account = Account {
            user: format!("cntt.{}", place.code.to_lowercase()),
            name: full_name(&province.people, random),
            role: "officer".to_owned(),
            agency: place.code.clone(),
            title: "Cán bộ chuyên trách".to_owned(),
            signs_as: String::new(),
        };
        let id = person(tx, policies, &account, place, &place.id, province, now, random).await?;
        appoint(tx, place, &id, "dedicated", now).await?;
        officers.push(id);
    }
    qualify(tx, &officers, &province.certificates, now).await?;
    add_experts(tx, places, province, now).await?;
    Ok(accounts)
}

async fn appoint(tx: &Tx<'_>, place: &Place, person: &str, post: &str, now: Micros) -> Result<()> {
    let new = NewIncumbent {
        agency_id: place.id.clone(),
        person_id: person.to_owned(),
        post: post.to_owned(),
        decision: format!("12/QĐ-{}", place.code),
        starts_at: now - 90 * DAY,
        ends_at: None,
    };
    incumbents::appoint(tx, now, new).await.with_context(|| format!("{post} of {}", place.code))?;
    Ok(())
}

/// Some have certificates; of these some end soon, and some have ended.
async fn qualify(tx: &Tx<'_>, officers: &[String], certificates: &Certificates, now: Micros) -> Result<()> {
    let held = certificates.names.iter().cycle().zip(certificates.end_days.iter().cycle());
    for (person, (name, end)) in officers.iter().step_by(certificates.every.max(1)).zip(held) {
        let new = NewQualification {
            person_id: person.clone(),
            kind: "certificate".to_owned(),
            name: name.clone(),
            issuer: certificates.issuer.clone(),
            number: String::new(),
            obtained_at: Some(now + certificates.obtained_day * DAY),
            expires_at: Some(now + end * DAY),
        };
        qualifications::add(tx, now, new).await.with_context(|| format!("certificate of {person}"))?;
    }
    Ok(())
}

async fn add_experts(tx: &Tx<'_>, places: &[Place], province: &Province, now: Micros) -> Result<()> {
    for (number, expert) in province.expert.iter().enumerate() {
        let place = places.iter().find(|place| place.code == expert.agency).context("expert of an unknown agency")?;
        let at_night = !expert.night_call.is_empty();
        let new = ExpertData {
            agency_id: place.id.clone(),
            full_name: expert.name.clone(),
            workplace: expert.workplace.clone(),
            fields: expert.fields.clone(),
            phone: format!("{}90{number}", province.phone),
            night_phone: if at_night { format!("{}95{number}", province.phone) } else { String::new() },
            night_call: expert.night_call.clone(),
            email: String::new(),
            at_night,
            agreed_until: Some(now + expert.agreed_days * DAY),
        };
        experts::add(tx, now, new).await.with_context(|| format!("expert {}", expert.name))?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "one row of the demonstration needs all of them")]
async fn person(
    tx: &Tx<'_>,
    policies: &Policies,
    account: &Account,
    place: &Place,
    role_at: &str,
    province: &Province,
    now: Micros,
    random: &mut ChaCha8Rng,
) -> Result<String> {
    let new = NewPerson {
        account: account.user.clone(),
        full_name: account.name.clone(),
        agency_id: place.id.clone(),
        title: account.title.clone(),
        signs_as: account.signs_as.clone(),
        phone: format!("{}{:03}", province.phone, random.random_range(0..1000)),
        email: format!("{}@{}", account.user, province.mail_domain),
        kind: String::new(),
    };
    let person = people::create(tx, now, new).await.with_context(|| format!("account {}", account.user))?;
    people::grant_role(tx, policies, now, &person.id, &account.role, role_at, now - DAY, None)
        .await
        .with_context(|| format!("role of {}", account.user))?;
    Ok(person.id)
}

fn full_name(names: &Names, random: &mut ChaCha8Rng) -> String {
    let one = |parts: &[String], random: &mut ChaCha8Rng| parts.choose(random).cloned().unwrap_or_default();
    format!("{} {} {}", one(&names.family, random), one(&names.middle, random), one(&names.given, random))
}

/// Eight-hour shifts of the centre for a fortnight, in turn.
async fn build_roster(
    tx: &Tx<'_>,
    policies: &Policies,
    accounts: &[(String, Account)],
    root: &str,
    now: Micros,
) -> Result<()> {
    let watchers: Vec<_> =
        accounts.iter().filter(|(_, account)| matches!(account.role.as_str(), "analyst" | "responder")).collect();
    let vietnam = i64::from(kit::clock::VIETNAM_OFFSET_SECONDS) * kit::clock::SECOND;
    let midnight = (now + vietnam).div_euclid(DAY) * DAY - vietnam;
    for number in 0..42 {
        let Some((person_id, _)) = watchers.get(number as usize % watchers.len().max(1)) else { break };
        let starts_at = midnight + number * 8 * HOUR;
        let shift = NewShift {
            agency_id: root.to_owned(),
            person_id: person_id.clone(),
            post: "analyst".to_owned(),
            starts_at,
            ends_at: starts_at + 8 * HOUR,
        };
        roster::add_shift(tx, policies, now, &shift).await.context("duty roster")?;
    }
    Ok(())
}

/// Sources of departments and of one commune in three; one falls silent, one has a clock that is off.
async fn build_sources(tx: &Tx<'_>, settings: &SourceSettings, places: &[Place], now: Micros) -> Result<Vec<Sender>> {
    let mut senders = Vec::new();
    for (number, place) in places.iter().enumerate() {
        let kinds: &[&str] = match (place.commune, number % 3) {
            (false, 0) => &["web", "windows", "sensor", "firewall"],
            (false, 1) => &["web", "windows", "linux"],
            (false, _) => &["web", "windows", "linux", "firewall"],
            (true, 0) => &["linux"],
            (true, _) => continue,
        };
        let kinds: Vec<&str> = match place.code.as_str() {
            "SYT" | "SGDDT" => vec!["web", "windows", "linux", "sensor", "firewall"],
            _ => kinds.to_vec(),
        };
        let needs_key = kinds.iter().any(|kind| matches!(*kind, "windows" | "sensor"));
        let authorization = if needs_key {
            let new = api_keys::NewKey {
                name: format!("Nhật ký {}", place.name),
                agency_id: place.id.clone(),
                capabilities: vec![Capability::IngestEvents],
                ..api_keys::NewKey::default()
            };
            let (id, key) = api_keys::create(tx, now, new).await.context("API key")?;
            Some(format!("ApiKey {}", api_keys::encoded(&id, &key)))
        } else {
            None
        };
        for kind in kinds {
            let host = format!("{}-{kind}", place.code.to_lowercase());
            let system = match kind {
                "web" => place.systems.get(1).or(place.systems.first()),
                _ => place.systems.first(),
            };
            let Some((system_id, _, _)) = system else { continue };
            let kind_of_source = match kind {
                "web" => SourceKind::Application,
                "sensor" => SourceKind::Sensor,
                "firewall" => SourceKind::Network,
                _ => SourceKind::Server,
            };
            let new = SourceInput {
                name: host.clone(),
                kind: kind_of_source.code().to_owned(),
                match_host: host.clone(),
                system_id: system_id.clone(),
                expected: "on".to_owned(),
                max_silence_minutes: "5".to_owned(),
                ..SourceInput::default()
            };
            let registered = monitoring::sources::service::register(tx, settings, &new, now).await;
            registered.with_context(|| format!("source {host}"))?;
            senders.push(Sender {
                silent_after: (host == "stc-web").then_some(90.0),
                clock_error: if host == "snv-windows" { 9 * 60 * kit::clock::SECOND } else { 0 },
                host,
                agency_code: place.code.clone(),
                kind: kind.to_owned(),
                authorization: authorization.clone(),
            });
        }
    }
    // One machine that nobody registered: it shows up as unassigned and can be adopted.
    senders.push(Sender {
        host: "may-la-01".to_owned(),
        agency_code: String::new(),
        kind: "linux".to_owned(),
        authorization: None,
        silent_after: None,
        clock_error: 0,
    });
    Ok(senders)
}
