//! The inventory: what is kept of an item, tables of it, what a scan saw, and that nobody reaches the items of others.

use crate::house::{House, NOW, faults, in_each_house, system};
use assurance::inventory::store::{self, Filter};
use assurance::inventory::{self, NewItem, service};
use assurance::systems::NewSystem;
use kit::{Error, Scope};
use luytre_assurance as assurance;
use organisation::sheets::{Report, Totals};

fn item(kind: &str, name: &str, fields: &[(&str, &str)]) -> NewItem {
    NewItem {
        kind: kind.into(),
        name: name.into(),
        values: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        version: 0,
    }
}

/// A system of each department.
async fn two_systems(house: &House) -> (String, String) {
    let scope = Scope::service("test");
    let tx = house.db.scoped(&scope).begin().await.unwrap();
    let a = assurance::systems::service::register(&tx, system("SYT-01", &house.a), NOW).await.unwrap();
    let b = assurance::systems::service::register(&tx, system("SGD-01", &house.b), NOW).await.unwrap();
    tx.commit().await.unwrap();
    (a, b)
}

async fn import(house: &House, scope: &Scope, text: &str) -> Result<Report, Error> {
    let table = inventory::read_sheet(text.as_bytes().to_vec()).await?;
    let tx = house.db.scoped(scope).begin().await?;
    let report = inventory::import_sheet(&tx, NOW, table).await?;
    tx.commit().await?;
    Ok(report)
}

#[tokio::test]
async fn an_item_is_kept_found_changed_and_removed() {
    in_each_house(|house| async move {
        let (a, b) = two_systems(&house).await;
        let scope = Scope::service("test");
        let tx = house.db.scoped(&scope).begin().await.unwrap();
        let device = item(
            "device",
            "Máy chủ hồ sơ",
            &[("addresses", "10.1.2.7; 10.1.2.8"), ("serial", "00:11:22:aa:bb:cc"), ("support_end", "2028-05-01")],
        );
        let id = service::add(&tx, &a, device.clone(), NOW).await.unwrap();
        let twice = service::add(&tx, &a, item("device", "máy chủ  HỒ SƠ", &[]), NOW).await;
        assert!(matches!(twice, Err(Error::Invalid(_))), "{twice:?}");
        service::add(&tx, &b, device, NOW).await.expect("another system has its own names");
        let link = item("link", "Sổ học bạ", &[("linked_system", "SGD-01"), ("relation", "data-flow")]);
        let link = service::add(&tx, &a, link, NOW).await.unwrap();
        let found = |words: &str| Filter { words: words.into(), system_id: a.clone(), ..Filter::default() };
        for words in ["may chu ho so", "10.1.2.8", "AA:BB"] {
            let list = store::list(&tx, &found(words), 10, 0).await.unwrap();
            assert_eq!(list.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), [id.as_str()], "{words}");
        }
        let kept = store::find(&tx, &id).await.unwrap();
        assert_eq!((kept.value("addresses"), kept.value("support_end")), ("10.1.2.7, 10.1.2.8", "01/05/2028"));
        assert_eq!(kept.missing(), ["place", "zone", "purpose", "status", "responsible"]);
        let leads = Filter { linked_to: b.clone(), ..Filter::default() };
        assert_eq!(store::list(&tx, &leads, 10, 0).await.unwrap()[0].id, link);
        let mut change = NewItem::from(kept);
        change.values.insert("zone".into(), "DMZ".into());
        service::change(&tx, &id, change.clone(), NOW).await.unwrap();
        assert!(matches!(service::change(&tx, &id, change, NOW).await, Err(Error::Conflict(_))), "an older form");
        assert_eq!(store::find(&tx, &id).await.unwrap().value("zone"), "DMZ");
        service::remove(&tx, &id, NOW).await.unwrap();
        assert!(matches!(store::find(&tx, &id).await, Err(Error::NotFound)));
    })
    .await;
}

#[tokio::test]
async fn nobody_reaches_the_items_of_others_nor_what_they_lead_to() {
    in_each_house(|house| async move {
        let (a, b) = two_systems(&house).await;
        let all = Scope::service("test");
        let tx = house.db.scoped(&all).begin().await.unwrap();
        let theirs = service::add(&tx, &b, item("device", "Của họ", &[]), NOW).await.unwrap();
        let link = item("link", "Sang giáo dục", &[("linked_system", "SGD-01")]);
        let own = service::add(&tx, &a, link, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let officer = house.officer(&house.a);
        let tx = house.db.scoped(&officer).begin().await.unwrap();
        let missing = |done: Result<(), Error>| matches!(done, Err(Error::NotFound));
        assert!(missing(store::find(&tx, &theirs).await.map(|_| ())));
        assert!(missing(service::add(&tx, &b, item("device", "Chen vào", &[]), NOW).await.map(|_| ())));
        assert!(missing(service::change(&tx, &theirs, item("device", "Cướp", &[]), NOW).await));
        assert!(missing(service::remove(&tx, &theirs, NOW).await.map(|_| ())));
        let scan = inventory::read_scan(b"<nmaprun></nmaprun>").unwrap();
        assert!(missing(inventory::take_scan(&tx, &b, scan, NOW).await.map(|_| ())));
        let of_b = Filter { linked_to: b.clone(), ..Filter::default() };
        let seen = store::list(&tx, &of_b, 10, 0).await.unwrap();
        assert!(seen.iter().all(|item| item.linked.is_none() && item.value("linked_system").is_empty()));
        let item = store::find(&tx, &own).await.unwrap();
        assert!(item.linked.is_none() && item.links_out_of_reach);
        // Nobody learns whether a code is taken beyond their reach, and what leads there stays when the form is saved.
        let [near, none] = ["SGD-01", "KHONG-CO"].map(|code| {
            let mut new = NewItem::from(item.clone());
            new.values.insert("linked_system".into(), code.into());
            new
        });
        let told = [service::change(&tx, &own, near, NOW).await, service::change(&tx, &own, none, NOW).await];
        assert_eq!(format!("{:?}", told[0]), format!("{:?}", told[1]));
        service::change(&tx, &own, item.into(), NOW).await.unwrap();
        tx.commit().await.unwrap();
        let view = house.db.scoped(&all).read();
        assert_eq!(store::find(&view, &own).await.unwrap().linked.unwrap().id, b);
        let text = "system_code,kind,name\nSGD-01,device,Của họ\nSGD-01,device,Mới\n";
        let report = import(&house, &officer, text).await.unwrap();
        assert_eq!(report.totals(), Totals { refused: 2, ..Totals::default() }, "{report:?}");
        let reader = house.reader();
        assert!(matches!(import(&house, &reader, text).await, Err(Error::Forbidden(_))));
        let tx = house.db.scoped(&reader).begin().await.unwrap();
        assert!(matches!(service::remove(&tx, &theirs, NOW).await, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn of_a_system_with_state_secrets_there_is_no_inventory() {
    in_each_house(|house| async move {
        let (a, _) = two_systems(&house).await;
        let scope = Scope::service("test");
        let tx = house.db.scoped(&scope).begin().await.unwrap();
        service::add(&tx, &a, item("zone", "DMZ", &[]), NOW).await.unwrap();
        let held = assurance::systems::store::find(&tx, &a).await.unwrap();
        let secret = NewSystem { secret: true, ..held.into() };
        let refused = assurance::systems::service::change(&tx, &a, secret, NOW).await;
        assert!(matches!(refused, Err(Error::Conflict("system-secret-has-inventory"))), "{refused:?}");
        let bare = NewSystem { secret: true, ..system("MAT-01", &house.a) };
        let secret = assurance::systems::service::register(&tx, bare, NOW).await.unwrap();
        let refused = service::add(&tx, &secret, item("zone", "DMZ", &[]), NOW).await;
        assert!(matches!(refused, Err(Error::Conflict("inventory-of-secret"))), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_table_fills_the_inventory_and_brought_again_does_nothing() {
    in_each_house(|house| async move {
        two_systems(&house).await;
        let scope = Scope::service("test");
        let text = "Mã hệ thống;Loại;Tên;Địa chỉ IP;Tình trạng;Hãng hỗ trợ đến ngày;Mã hệ thống kết nối;relation;licence\n\
            SYT-01;Thiết bị;Tường lửa;10.0.0.1;Đang dùng;2029-12-31;;;\n\
            SYT-01;link;Sổ học bạ;;;;SGD-01;Luồng dữ liệu;\n\
            SYT-01;application;Phần mềm;;;;;;GPL\n\
            SYT-01;tàu vũ trụ;X;;;;;;\n\
            KHONG;device;X;;;;;;\n\
            SYT-01;device;Y;x;tốt;31/02/2029;;;GPL\n\
            SYT-01;device;tường  lửa;;;;;;\n\
            SYT-01;device;;;;;;;\n";
        let report = import(&house, &scope, text).await.unwrap();
        assert_eq!(report.totals(), Totals { new: 3, refused: 5, ..Totals::default() }, "{report:?}");
        assert_eq!(faults(&report, 5), [("kind", "sheet-value-unknown")]);
        assert_eq!(faults(&report, 6), [("system_code", "inventory-no-such-system")]);
        let mut wrong = faults(&report, 7);
        wrong.sort_unstable();
        let all = [
            ("addresses", "network-range-wrong"),
            ("licence", "inventory-field-not-of-kind"),
            ("status", "sheet-value-unknown"),
            ("support_end", "sheet-date-wrong"),
        ];
        assert_eq!(wrong, all);
        assert_eq!(faults(&report, 8), [("name", "sheet-twice")]);
        assert_eq!(faults(&report, 9), [("name", "field-required")]);
        let again = import(&house, &scope, text).await.unwrap();
        assert_eq!(again.totals(), Totals { same: 3, refused: 5, ..Totals::default() }, "{again:?}");
        let change = "system_code,kind,name,zone\nSYT-01,device,Tường lửa,DMZ\n";
        let report = import(&house, &scope, change).await.unwrap();
        assert_eq!(report.lines[0].changes(kit::Lang::Vi), ["Vùng mạng: – → DMZ"]);
    })
    .await;
}

#[tokio::test]
async fn a_scan_sees_registered_devices_again_and_lists_the_others_as_not_registered() {
    in_each_house(|house| async move {
        let (a, b) = two_systems(&house).await;
        let scope = Scope::service("test");
        let tx = house.db.scoped(&scope).begin().await.unwrap();
        let known = service::add(&tx, &a, item("device", "Máy chủ", &[("addresses", "10.1.2.7")]), NOW).await.unwrap();
        let by_mac = item("device", "Máy in", &[("serial", "SN 12, 00-11-22-AA-BB-CC")]);
        let by_mac = service::add(&tx, &a, by_mac, NOW).await.unwrap();
        service::add(&tx, &b, item("device", "Của họ", &[("addresses", "10.1.2.9")]), NOW).await.unwrap();
        let host = |inner: &str| format!(r#"<host><status state="up"/>{inner}</host>"#);
        let file = format!(
            "<nmaprun>{}{}{}{}</nmaprun>",
            host(r#"<address addr="10.1.2.7" addrtype="ipv4"/><ports><port protocol="tcp" portid="22"><state state="open"/></port></ports>"#),
            host(r#"<address addr="10.1.2.8" addrtype="ipv4"/><address addr="00:11:22:AA:BB:CC" addrtype="mac"/>"#),
            host(r#"<address addr="10.1.2.9" addrtype="ipv4"/><hostnames><hostname name="la"/></hostnames>"#),
            host("")
        );
        for round in 0..2 {
            let scan = inventory::read_scan(file.as_bytes()).unwrap();
            let report = inventory::take_scan(&tx, &a, scan, NOW + round).await.unwrap();
            let totals = report.totals();
            let expected = match round {
                0 => Totals { new: 1, changed: 1, same: 1, refused: 1 },
                _ => Totals { new: 0, changed: 0, same: 3, refused: 1 },
            };
            assert_eq!(totals, expected, "{report:?}");
        }
        let seen = Filter { registered: Some(false), ..Filter::default() };
        let waiting = store::list(&tx, &seen, 10, 0).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!((waiting[0].name.as_str(), waiting[0].system_id.as_str()), ("la", a.as_str()), "not the device of B");
        for id in [&known, &by_mac] {
            assert_eq!(store::find(&tx, id).await.unwrap().last_seen_at, Some(NOW + 1));
        }
        assert_eq!(store::find(&tx, &known).await.unwrap().value("services"), "22/tcp");
        let id = waiting[0].id.clone();
        service::change(&tx, &id, waiting[0].clone().into(), NOW).await.unwrap();
        assert!(store::find(&tx, &id).await.unwrap().registered, "saving the form registers it");
    })
    .await;
}

#[tokio::test]
async fn a_scan_changes_services_as_a_person_would_and_erases_none() {
    in_each_house(|house| async move {
        let (a, _) = two_systems(&house).await;
        let scope = Scope::service("test");
        let tx = house.db.scoped(&scope).begin().await.unwrap();
        let device = item("device", "Máy chủ", &[("addresses", "10.1.2.7"), ("services", "443/tcp https")]);
        let id = service::add(&tx, &a, device, NOW).await.unwrap();
        let form = NewItem::from(store::find(&tx, &id).await.unwrap());
        let scan = |ports: &str| {
            let file = format!(
                r#"<nmaprun><host><status state="up"/><address addr="10.1.2.7" addrtype="ipv4"/>{ports}</host></nmaprun>"#
            );
            inventory::read_scan(file.as_bytes()).unwrap()
        };
        let report = inventory::take_scan(&tx, &a, scan(""), NOW).await.unwrap();
        assert_eq!(report.totals(), Totals { same: 1, ..Totals::default() }, "it may not have looked for ports");
        assert_eq!(store::find(&tx, &id).await.unwrap().value("services"), "443/tcp https");
        let port = r#"<ports><port protocol="tcp" portid="8080"><state state="open"/></port></ports>"#;
        let report = inventory::take_scan(&tx, &a, scan(port), NOW).await.unwrap();
        assert_eq!(report.totals(), Totals { changed: 1, ..Totals::default() }, "{report:?}");
        let found = Filter { words: "8080".into(), ..Filter::default() };
        assert_eq!(store::list(&tx, &found, 10, 0).await.unwrap()[0].id, id);
        let older = service::change(&tx, &id, form, NOW).await;
        assert!(matches!(older, Err(Error::Conflict(_))), "a form from before the scan: {older:?}");
        let acts = organisation::audit::store::history(&tx, "inventory-item", &id, 10).await.unwrap();
        let change = acts.iter().find(|act| act.action == "inventory.change").unwrap();
        assert!(change.details.contains("443/tcp https") && change.details.contains("8080/tcp"), "{change:?}");
    })
    .await;
}
