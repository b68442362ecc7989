//! For tests and the throughput example only: where the shared data lies, and just enough of Windows to make
//! records of its JSON. The real mapping is the ingest engine's and lives in `content/formats`.
#![allow(dead_code)]

use event::{Event, LogSource, Value};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of shared data, or `None` with a line that says so. With `CI=true` its absence is a failure.
pub(crate) fn shared_data(what: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data");
    let folder = std::env::var("LUYTRE_SHARED_DATA").map_or_else(|_| PathBuf::from(default), PathBuf::from).join(what);
    if folder.exists() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the shared data is missing: {}", folder.display());
    println!("not run, the shared data is missing: {}", folder.display());
    None
}

/// Windows records of a folder as shippers write them: flat JSON lines (`*.jsonl.gz`, `*.zip`), files in the order of their
/// paths.
pub(crate) fn windows_records(folder: &Path) -> std::io::Result<Vec<Event>> {
    let mut records = Vec::new();
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for path in entries.iter().map(std::fs::DirEntry::path) {
        let mut text = String::new();
        if path.extension().is_some_and(|ending| ending == "gz") {
            flate2::read::GzDecoder::new(std::fs::File::open(&path)?).read_to_string(&mut text)?;
        } else if path.extension().is_some_and(|ending| ending == "zip") {
            let mut archive = zip::ZipArchive::new(std::fs::File::open(&path)?).map_err(std::io::Error::other)?;
            archive.by_index(0).map_err(std::io::Error::other)?.read_to_string(&mut text)?;
        }
        for line in text.lines() {
            records.push(flat_windows(&serde_json::from_str(line)?));
        }
    }
    Ok(records)
}

/// A value of JSON as a field's value; objects are flattened by the caller.
pub(crate) fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => text.trim().into(),
        serde_json::Value::Array(values) => Value::List(values.iter().map(value).collect()),
        serde_json::Value::Object(_) => json.to_string().into(),
    }
}

/// A record of flat JSON, with the log source that Windows channel and event id stand for.
pub(crate) fn flat_windows(json: &serde_json::Value) -> Event {
    let mut event = Event::default();
    if let serde_json::Value::Object(members) = json {
        for (name, member) in members {
            event.fields.set(name, value(member));
        }
    }
    event.log_source = log_source(&event);
    map_process_creation(&mut event);
    event
}

fn map_process_creation(event: &mut Event) {
    let is = |name: &str, wanted: &str| event.fields.text(name).as_deref() == Some(wanted);
    if is("EventID", "4688") && is("Channel", "Security") {
        for (from, to) in
            [("NewProcessName", "Image"), ("ParentProcessName", "ParentImage"), ("SubjectUserName", "User")]
        {
            if let Some(value) = event.fields.get(from).cloned() {
                event.fields.set(to, value);
            }
        }
    }
}

fn log_source(event: &Event) -> LogSource {
    let text = |name: &str| event.fields.text(name).unwrap_or_default().into_owned();
    let (channel, id, kind) = (text("Channel"), text("EventID"), text("EventType"));
    let categories: &[&str] = match (channel.as_str(), id.as_str()) {
        ("Microsoft-Windows-Sysmon/Operational", id) => sysmon(id, &kind),
        ("Security", "4688") => &["process_creation"],
        ("Microsoft-Windows-PowerShell/Operational" | "PowerShellCore/Operational", "4103") => &["ps_module"],
        ("Microsoft-Windows-PowerShell/Operational" | "PowerShellCore/Operational", "4104") => &["ps_script"],
        ("Windows PowerShell", "400") => &["ps_classic_start"],
        ("Windows PowerShell", "600") => &["ps_classic_provider_start"],
        _ => &[],
    };
    let names = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect();
    LogSource { product: Some("windows".into()), categories: names(categories), services: names(services(&channel)) }
}

fn sysmon(id: &str, kind: &str) -> &'static [&'static str] {
    match id {
        "1" => &["process_creation"],
        "2" => &["file_change"],
        "3" => &["network_connection"],
        "4" | "16" => &["sysmon_status"],
        "5" => &["process_termination"],
        "6" => &["driver_load"],
        "7" => &["image_load"],
        "8" => &["create_remote_thread"],
        "9" => &["raw_access_thread"],
        "10" => &["process_access"],
        "11" => &["file_event"],
        "12" if kind.starts_with("Delete") => &["registry_delete", "registry_event"],
        "12" => &["registry_add", "registry_event"],
        "13" => &["registry_set", "registry_event"],
        "14" => &["registry_rename", "registry_event"],
        "15" => &["create_stream_hash"],
        "17" | "18" => &["pipe_created"],
        "19" | "20" | "21" => &["wmi_event"],
        "22" => &["dns_query"],
        "23" => &["file_delete"],
        "24" => &["clipboard_capture"],
        "25" => &["process_tampering"],
        "26" => &["file_delete_detected"],
        "27" => &["file_block_executable"],
        "28" => &["file_block_shredding"],
        "29" => &["file_executable_detected"],
        "255" => &["sysmon_error"],
        _ => &[],
    }
}

fn services(channel: &str) -> &'static [&'static str] {
    match channel {
        "Microsoft-Windows-Sysmon/Operational" => &["sysmon"],
        "Security" => &["security"],
        "System" => &["system"],
        "Application" => &["application"],
        "Microsoft-Windows-PowerShell/Operational" | "PowerShellCore/Operational" => &["powershell"],
        "Windows PowerShell" => &["powershell-classic"],
        "Microsoft-Windows-TaskScheduler/Operational" => &["taskscheduler"],
        "Microsoft-Windows-Windows Defender/Operational" => &["windefend"],
        "Microsoft-Windows-WMI-Activity/Operational" => &["wmi"],
        "Microsoft-Windows-DNS-Client/Operational" => &["dns-client"],
        "DNS Server" => &["dns-server"],
        "Microsoft-Windows-CodeIntegrity/Operational" => &["codeintegrity-operational"],
        "Microsoft-Windows-Bits-Client/Operational" => &["bits-client"],
        "Microsoft-Windows-AppXDeploymentServer/Operational" => &["appxdeployment-server"],
        "Microsoft-Windows-SENSE/Operational" => &["sense"],
        "Microsoft-Windows-NTLM/Operational" => &["ntlm"],
        "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall" => &["firewall-as"],
        "Microsoft-Windows-Security-Mitigations/KernelMode" | "Microsoft-Windows-Security-Mitigations/UserMode" => {
            &["security-mitigations"]
        }
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational" => {
            &["terminalservices-localsessionmanager"]
        }
        "Microsoft-Windows-Kernel-ShimEngine/Operational" => &["shell-core"],
        _ => &[],
    }
}
