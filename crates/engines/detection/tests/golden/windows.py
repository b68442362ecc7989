"""Windows records of the shared data as Sigma rules name them, in Python alone: read with the evtx package and the
standard library, log sources of services from pySigma, categories from the Sigma specification's taxonomy. Knows nothing
of `content/formats`, which golden_shared.txt is held against.
"""

import gzip
import json
import pathlib
import zipfile

import evtx
from sigma.pipelines.common import windows_logsource_mapping

SERVICES = {}
for service, channels in windows_logsource_mapping.items():
    for channel in [channels] if isinstance(channels, str) else channels:
        SERVICES.setdefault(channel.lower(), []).append(service)
# Channels that pySigma spells in one way and Windows also in another.
for written, known in {
    "Microsoft-Windows-DNS-Client/Operational": "Microsoft-Windows-DNS Client Events/Operational",
    "Microsoft-Windows-Security-Mitigations/KernelMode": "Microsoft-Windows-Security-Mitigations/Kernel Mode",
    "Microsoft-Windows-Security-Mitigations/UserMode": "Microsoft-Windows-Security-Mitigations/User Mode",
}.items():
    SERVICES[written.lower()] = SERVICES[known.lower()]

SYSMON = {
    1: ["process_creation"],
    2: ["file_change"],
    3: ["network_connection"],
    4: ["sysmon_status"],
    5: ["process_termination"],
    6: ["driver_load"],
    7: ["image_load"],
    8: ["create_remote_thread"],
    9: ["raw_access_thread"],
    10: ["process_access"],
    11: ["file_event"],
    12: ["registry_event"],
    13: ["registry_event", "registry_set"],
    14: ["registry_event", "registry_rename"],
    15: ["create_stream_hash"],
    16: ["sysmon_status"],
    17: ["pipe_created"],
    18: ["pipe_created"],
    19: ["wmi_event"],
    20: ["wmi_event"],
    21: ["wmi_event"],
    22: ["dns_query"],
    23: ["file_delete"],
    24: ["clipboard_change", "clipboard_capture"],
    25: ["process_tampering"],
    26: ["file_delete_detected", "file_delete"],
    27: ["file_block_executable"],
    28: ["file_block_shredding"],
    29: ["file_executable_detected"],
    255: ["sysmon_error"],
}
CATEGORIES = {
    **{("microsoft-windows-sysmon/operational", number): names for number, names in SYSMON.items()},
    ("security", 4688): ["process_creation"],
    ("microsoft-windows-powershell/operational", 4103): ["ps_module"],
    ("microsoft-windows-powershell/operational", 4104): ["ps_script"],
    ("powershellcore/operational", 4103): ["ps_module"],
    ("powershellcore/operational", 4104): ["ps_script"],
    ("windows powershell", 400): ["ps_classic_start"],
    ("windows powershell", 600): ["ps_classic_provider_start"],
    ("windows powershell", 800): ["ps_classic_script"],
    **{
        ("microsoft-windows-windows defender/operational", number): ["antivirus"]
        for number in [1006, 1007, 1008, 1009, 1010, 1011, 1012, 1017, 1018, 1019, 1115, 1116]
    },
}
# Well-known identifiers of integrity levels.
INTEGRITY = {
    "S-1-16-0": "Untrusted",
    "S-1-16-4096": "Low",
    "S-1-16-8192": "Medium",
    "S-1-16-8448": "MediumPlus",
    "S-1-16-12288": "High",
    "S-1-16-16384": "System",
}
GUIDS = {
    "SubcategoryGuid",
    "ObjectGUID",
    "OpCorrelationID",
    "LogonGuid",
    "TransactionId",
    "ProcessGuid",
    "ParentProcessGuid",
    "SourceProcessGuid",
    "SourceProcessGUID",
    "TargetProcessGuid",
    "TargetProcessGUID",
}


def trimmed(value):
    if isinstance(value, list):
        return [trimmed(each) for each in value]
    return value.strip() if isinstance(value, str) else value


def event_data(fields, members):
    for name, value in members.items():
        if name.startswith("#"):
            continue
        if isinstance(value, dict) and "#text" in value:
            value = value["#text"]
        if isinstance(value, dict):
            event_data(fields, value)
        else:
            fields[name] = value


def nested(record):
    """The fields of a record that evtx rendered."""
    event = record["Event"]
    system, fields = event["System"], {}
    for name, value in system.items():
        value = value.get("#text") if isinstance(value, dict) else value
        if value is not None:
            fields[name] = value
    fields["Provider_Name"] = system["Provider"]["#attributes"].get("Name")
    fields["Security_UserID"] = ((system.get("Security") or {}).get("#attributes") or {}).get("UserID")
    for part in ("EventData", "UserData"):
        if isinstance(event.get(part), dict):
            event_data(fields, event[part])
    return fields


# What Winlogbeat before version 7 calls the parts of a record's head.
WINLOGBEAT = {
    "log_name": "Channel",
    "event_id": "EventID",
    "source_name": "Provider_Name",
    "computer_name": "Computer",
    "record_number": "EventRecordID",
}


def flat(record):
    """The fields of a record that a shipper has flattened, or left in parts."""
    fields = {}
    for name, value in record.items():
        if name in ("event_data", "user_data") and isinstance(value, dict):
            fields.update(value)
        elif isinstance(value, dict):
            fields.update({f"{name}.{inner}": each for inner, each in flat(value).items()})
        else:
            fields[WINLOGBEAT.get(name, name)] = value
    return fields


def understood(record):
    """Log source and fields of a record."""
    fields = nested(record) if "Event" in record else flat(record)
    fields = {name: trimmed(value) for name, value in fields.items()}
    for name in [name for name in fields if " " in name]:
        fields.setdefault(name.replace(" ", ""), fields[name])
        fields.setdefault(name.replace(" ", "_"), fields[name])
    for name in GUIDS & fields.keys():
        value = fields[name]
        if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
            fields[name] = "{" + value + "}"
    # NXLog and shippers name the provider and the computer so.
    for name, written in {"Provider_Name": "SourceName", "Computer": "Hostname"}.items():
        if written in fields:
            fields.setdefault(name, fields[written])
    channel, number = str(fields.get("Channel")).lower(), int(fields["EventID"])
    categories = list(CATEGORIES.get((channel, number), []))
    if "registry_event" in categories and number == 12:
        kind = fields.get("EventType")
        categories += {"CreateKey": ["registry_add"], "DeleteKey": ["registry_delete"], "DeleteValue": ["registry_delete"]}.get(kind, [])
    if (channel, number) == ("security", 4688):
        for name, written in {
            "Image": "NewProcessName",
            "ParentImage": "ParentProcessName",
            "User": "SubjectUserName",
            "LogonId": "SubjectLogonId",
            "ParentProcessId": "ProcessId",
        }.items():
            if written in fields:
                fields.setdefault(name, fields[written])
        if fields.get("MandatoryLabel") in INTEGRITY:
            fields.setdefault("IntegrityLevel", INTEGRITY[fields["MandatoryLabel"]])
    if categories == ["antivirus"]:
        for name, written in {"Signature": "ThreatName", "Filename": "Path"}.items():
            if written in fields:
                fields.setdefault(name, fields[written])
    return {"product": "windows", "categories": categories, "services": SERVICES.get(channel, []), "fields": fields}


def values(text):
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        yield from value if isinstance(value, list) else [value]


def records(path):
    """The records of a file in their order, as JSON; `None` for a file of no kind known here."""
    path = pathlib.Path(path)
    if path.suffix == ".evtx":
        parser = evtx.PyEvtxParser(str(path))
        return [json.loads(record["data"]) for record in parser.records_json()]
    if path.name.endswith(".jsonl.gz"):
        return list(values(gzip.decompress(path.read_bytes()).decode()))
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return [value for name in archive.namelist() for value in values(archive.read(name).decode())]
    if path.suffix == ".json":
        return list(values(path.read_text()))
    return None
