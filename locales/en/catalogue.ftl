### What the tables and columns of the SQL catalogue mean

catalogue-kind-text = text
catalogue-kind-integer = integer
catalogue-kind-float = decimal
catalogue-kind-boolean = yes/no
catalogue-kind-time = time

## events
catalogue-events = Everything received, one row a record. Narrow the time first: time > now() - INTERVAL '1 hour'.
catalogue-events-seq = Number given when the record was stored; the identity of the event in its store.
catalogue-events-time = When it happened, by the record's own account.
catalogue-events-arrival = When it reached this centre.
catalogue-events-time_quality = exact, assumed (year or zone was missing), missing (arrival stands in) or implausible.
catalogue-events-source_id = Registered source the event is bound to.
catalogue-events-format = Format and its version; unparsed@1 where nothing fitted.
catalogue-events-understood = Whether the format understood the record.
catalogue-events-problem = Why the record was not, or not wholly, understood.
catalogue-events-listener = The door it came through: syslog_udp, syslog_tcp, relp, bulk, otlp, hec, gelf_udp, gelf_tcp, gelf_http, flow, watch, pull, import.
catalogue-events-peer = Address of the sender.
catalogue-events-file = Imported file, with the member's name for archives.
catalogue-events-position = 1-based number of the record in its file or batch.
catalogue-events-log_product = Sigma log source: product.
catalogue-events-log_categories = Sigma log source: categories, separated by spaces.
catalogue-events-log_services = Sigma log source: services, separated by spaces.
catalogue-events-event_category = Kind of activity: authentication, process, network, web, file, registry, iam, configuration, malware, intrusion_detection, database, email.
catalogue-events-event_action = What was done, for example logon, process_started, connection_closed.
catalogue-events-event_outcome = success, failure or unknown.
catalogue-events-event_code = The format's own number of the event, for example a Windows event id.
catalogue-events-event_provider = Program or channel that wrote the event.
catalogue-events-event_severity = Severity, 0 (emergency) to 7 (debug), as in syslog.
catalogue-events-host_name = Host the event happened on.
catalogue-events-host_ip = Address of that host.
catalogue-events-user_name = Account that acted.
catalogue-events-user_domain = Directory domain of that account.
catalogue-events-user_id = Its number or SID.
catalogue-events-target_user_name = Account that was acted upon.
catalogue-events-source_ip = Address the activity came from.
catalogue-events-source_port = Port at that address.
catalogue-events-destination_ip = Address the activity went to.
catalogue-events-destination_port = Port at that address.
catalogue-events-destination_domain = Name the activity went to.
catalogue-events-network_transport = tcp, udp, icmp.
catalogue-events-network_protocol = Application protocol, for example http, dns, smb.
catalogue-events-network_bytes = Bytes in both directions.
catalogue-events-process_name = File name of the program.
catalogue-events-process_executable = Path of the program.
catalogue-events-process_pid = Process number.
catalogue-events-process_command_line = Command line.
catalogue-events-process_parent_executable = Path of the parent program.
catalogue-events-process_parent_command_line = Command line of the parent.
catalogue-events-file_path = File acted upon.
catalogue-events-file_hash = Hash of the file or program, the strongest that the record names.
catalogue-events-registry_path = Registry key or value acted upon.
catalogue-events-registry_data = Data written to the registry.
catalogue-events-dns_question_name = Name asked of DNS.
catalogue-events-url_original = Address as the client sent it.
catalogue-events-url_domain = Host part of the address.
catalogue-events-http_request_method = GET, POST …
catalogue-events-http_response_status_code = HTTP status.
catalogue-events-http_referrer = Referrer header.
catalogue-events-user_agent = User-Agent header.
catalogue-events-rule_id = Rule of the sensor that wrote the event (Suricata, Zeek notice).
catalogue-events-rule_name = Name of that rule.
catalogue-events-logon_type = Windows logon type, or the authentication method.
catalogue-events-service_name = Service installed, started or stopped.
catalogue-events-observables = Addresses, e-mail addresses, domains and hashes anywhere in the record, lower case, each between spaces.
catalogue-events-message = The line a person reads, where the format has one.
catalogue-events-raw = The record as it arrived; base64 where it is no UTF-8.
catalogue-events-raw_encoding = base64 where raw is; null otherwise.
catalogue-events-fields = The fields of the record's own format as one JSON object; read one with field(fields, 'Name').

## assurance.consolidation
catalogue-assurance-consolidation = What was decided of systems on their way to the provincial data centre; no row where nobody has decided.
catalogue-assurance-consolidation-system_id = System; joins assurance.systems.id.
catalogue-assurance-consolidation-agency_id = Owner of the system; joins organisation.agencies.id.
catalogue-assurance-consolidation-way = keep, move, merge or retire.
catalogue-assurance-consolidation-into_system_id = System that it becomes part of; joins assurance.systems.id.
catalogue-assurance-consolidation-wave = Wave of the plan.
catalogue-assurance-consolidation-due = Day on which it must be done.
catalogue-assurance-consolidation-done_at = Day on which it was done.
catalogue-assurance-consolidation-blocker = What stands in the way.
catalogue-assurance-consolidation-updated_at = Last changed at.

## assurance.inventory
catalogue-assurance-inventory = What systems are made of: components, applications, devices, zones, data sets, links, suppliers, accounts.
catalogue-assurance-inventory-id = Identifier.
catalogue-assurance-inventory-system_id = System; joins assurance.systems.id.
catalogue-assurance-inventory-agency_id = Owner of the system; joins organisation.agencies.id.
catalogue-assurance-inventory-kind = component, application, device, zone, data-set, link, supplier or account.
catalogue-assurance-inventory-name = Name, unique within system and kind.
catalogue-assurance-inventory-registered = False where a scan saw it and nobody registered it.
catalogue-assurance-inventory-purpose = What it is for.
catalogue-assurance-inventory-part_of = Component that it belongs to.
catalogue-assurance-inventory-addresses = Addresses and ranges, separated by commas.
catalogue-assurance-inventory-serial = MAC address or serial number.
catalogue-assurance-inventory-place = Where it stands.
catalogue-assurance-inventory-zone = Network zone.
catalogue-assurance-inventory-platform = Operating system or database system.
catalogue-assurance-inventory-edition = Version of a software.
catalogue-assurance-inventory-status = planned, in-use, spare, broken or retired.
catalogue-assurance-inventory-owner = Who answers for it as its owner.
catalogue-assurance-inventory-licence = Licence.
catalogue-assurance-inventory-support_end = Day on which its maker's support ends.
catalogue-assurance-inventory-services = Services on it, as registered or last seen.
catalogue-assurance-inventory-information = Information that it holds or that flows.
catalogue-assurance-inventory-basic_subjects = Of how many people it holds basic personal data.
catalogue-assurance-inventory-sensitive_subjects = Of how many people it holds sensitive personal data.
catalogue-assurance-inventory-level = Level proposed for a component.
catalogue-assurance-inventory-linked_system_id = System at the other end; joins assurance.systems.id.
catalogue-assurance-inventory-relation = data-flow, dependency or function.
catalogue-assurance-inventory-direction = in, out or both.
catalogue-assurance-inventory-begins = Day on which a contract or an account begins.
catalogue-assurance-inventory-ends = Day on which it ends.
catalogue-assurance-inventory-responsible = Who answers for it day by day.
catalogue-assurance-inventory-first_seen_at = When a scan first saw it.
catalogue-assurance-inventory-last_seen_at = When a scan last saw it.
catalogue-assurance-inventory-created_at = Entered at.
catalogue-assurance-inventory-updated_at = Last changed at.

## assurance.systems
catalogue-assurance-systems = Information systems of the register.
catalogue-assurance-systems-id = Identifier.
catalogue-assurance-systems-code = Public code, unique in the province.
catalogue-assurance-systems-name = Name.
catalogue-assurance-systems-agency_id = Owner; joins organisation.agencies.id.
catalogue-assurance-systems-level = Level 1 to 5 (Decree 331/2026 Articles 11-16).
catalogue-assurance-systems-level_decision = Number of the decision that approved the level.
catalogue-assurance-systems-state = proposed, building, on_trial, operating or retired.
catalogue-assurance-systems-hosting = Name of the place where it stands.
catalogue-assurance-systems-critical = On the list of systems critical to national security.
catalogue-assurance-systems-operator_id = Agency that runs it; NULL where the owner does or none of the register.
catalogue-assurance-systems-operator = Who runs it, where that is no agency of the register.
catalogue-assurance-systems-specialised_unit_id = Specialised unit; joins organisation.agencies.id.
catalogue-assurance-systems-specialised_unit = Specialised unit, where it is no agency of the register.
catalogue-assurance-systems-purpose = What it is for.
catalogue-assurance-systems-users = Who uses it.
catalogue-assurance-systems-user_count = How many use it.
catalogue-assurance-systems-service_scope = organisation, province, nation or international; empty: not said.
catalogue-assurance-systems-public_information = Holds public information.
catalogue-assurance-systems-private_information = Holds private information.
catalogue-assurance-systems-personal_information = Holds personal information.
catalogue-assurance-systems-basic_subjects = Of how many people it holds basic personal data.
catalogue-assurance-systems-sensitive_subjects = Of how many people it holds sensitive personal data.
catalogue-assurance-systems-hosting_kind = own_room, provincial_data_centre, rented_cloud or elsewhere; empty: not said.
catalogue-assurance-systems-backup = Backup arrangement.
catalogue-assurance-systems-domains = Domain names.
catalogue-assurance-systems-public_addresses = Public addresses.
catalogue-assurance-systems-network_ranges = Ranges of its networks, separated by commas.
catalogue-assurance-systems-secret = Handles state secrets: code name, owner and level only.
catalogue-assurance-systems-created_at = Registered at.
catalogue-assurance-systems-updated_at = Last changed at.

## monitoring.alerts
catalogue-monitoring-alerts = Matches of rules, grouped by rule, system and entity within a window.
catalogue-monitoring-alerts-id = Identifier of the alert.
catalogue-monitoring-alerts-rule_id = Identifier of the rule.
catalogue-monitoring-alerts-rule_title = Title of the rule in its own language.
catalogue-monitoring-alerts-rule_title_vi = Vietnamese title, where the rule has one.
catalogue-monitoring-alerts-rule_level = Sigma's level of the rule.
catalogue-monitoring-alerts-severity = Severity after weighing with the level of the system.
catalogue-monitoring-alerts-score = 0 to 100: level of the rule and level of the system.
catalogue-monitoring-alerts-risk = What it adds to the risk of its entity, before that fades.
catalogue-monitoring-alerts-state = new, acknowledged, assigned, escalated, closed or suppressed.
catalogue-monitoring-alerts-source_id = Source of the first event.
catalogue-monitoring-alerts-system_id = System the source belonged to.
catalogue-monitoring-alerts-system_level = Level of that system when the alert was raised.
catalogue-monitoring-alerts-agency_id = Agency of the system; empty while the source is not assigned.
catalogue-monitoring-alerts-entity_kind = Column that names the entity, for example source_ip.
catalogue-monitoring-alerts-entity_value = The entity: an address, a user, a host.
catalogue-monitoring-alerts-count = Matches so far.
catalogue-monitoring-alerts-first_sequence = Number of the first event (events.seq).
catalogue-monitoring-alerts-last_sequence = Number of the newest event.
catalogue-monitoring-alerts-first_event_time = Time of the first event by its own account.
catalogue-monitoring-alerts-last_event_time = Time of the newest event by its own account.
catalogue-monitoring-alerts-first_event_recorded = When the first event reached us.
catalogue-monitoring-alerts-detected_at = When the alert was raised.
catalogue-monitoring-alerts-updated_at = When the newest match was added.
catalogue-monitoring-alerts-techniques = ATT&CK techniques as a JSON list.
catalogue-monitoring-alerts-tactics = ATT&CK tactics of the rule as a JSON list.
catalogue-monitoring-alerts-story_id = Attack story it belongs to.
catalogue-monitoring-alerts-suppression_id = Suppression that held it back (suppressions.id).
catalogue-monitoring-alerts-damped = Stands for the groups of a rule beyond its limit per minute.
catalogue-monitoring-alerts-seen_at = When a person first opened it.
catalogue-monitoring-alerts-seen_by = Who that was.
catalogue-monitoring-alerts-acknowledged_at = When it was acknowledged.
catalogue-monitoring-alerts-acknowledged_by = By whom.
catalogue-monitoring-alerts-assigned_to = Person it is assigned to.
catalogue-monitoring-alerts-escalated_at = When it became part of an incident.
catalogue-monitoring-alerts-closed_at = When it was closed.
catalogue-monitoring-alerts-closed_by = By whom.
catalogue-monitoring-alerts-close_reason = handled, benign, false-positive or duplicate.

## monitoring.saved_searches
catalogue-monitoring-saved_searches = Searches and questions that people of an agency share, with their schedules.
catalogue-monitoring-saved_searches-id = Identifier; /search?saved=… opens it.
catalogue-monitoring-saved_searches-kind = search (language of the search page) or sql.
catalogue-monitoring-saved_searches-name = Name.
catalogue-monitoring-saved_searches-description = What it is for.
catalogue-monitoring-saved_searches-query_text = What is asked.
catalogue-monitoring-saved_searches-sharing = agency or everyone.
catalogue-monitoring-saved_searches-owner_id = Person who keeps it.
catalogue-monitoring-saved_searches-agency_id = Agency of that person; joins organisation.agencies.id.
catalogue-monitoring-saved_searches-created_at = When it was saved.
catalogue-monitoring-saved_searches-updated_at = When it was last changed.
catalogue-monitoring-saved_searches-schedule_state = active or stopped; empty without a schedule.
catalogue-monitoring-saved_searches-every_minutes = How often it runs by itself.
catalogue-monitoring-saved_searches-last_run_at = When it last ran.
catalogue-monitoring-saved_searches-last_matches = Matches of the last run.
catalogue-monitoring-saved_searches-last_alert_at = When it last raised an alert.

## monitoring.sources
catalogue-monitoring-sources = Who sends us records, whose it is now and when it was last heard.
catalogue-monitoring-sources-id = Identifier of the source (events.source_id).
catalogue-monitoring-sources-name = Name of the source.
catalogue-monitoring-sources-kind = server, endpoint, network, application, database, sensor or other.
catalogue-monitoring-sources-state = unassigned, registered or retired.
catalogue-monitoring-sources-agency_id = Agency it belongs to now.
catalogue-monitoring-sources-system_id = System it belongs to now.
catalogue-monitoring-sources-match_network = Address or network it is recognised by.
catalogue-monitoring-sources-match_host = Host name in the record it is recognised by.
catalogue-monitoring-sources-match_certificate = SHA-256 of the certificate that the sender shows in TLS.
catalogue-monitoring-sources-expected = Expected: its silence is news.
catalogue-monitoring-sources-rhythm = When it is expected: always, office (office hours) or learned (as in its own past).
catalogue-monitoring-sources-solution_group = network, endpoint, application, data or user, where it is set; empty where the kind says it.
catalogue-monitoring-sources-max_silence_minutes = Silence longer than this is news.
catalogue-monitoring-sources-first_seen = Arrival of its first event.
catalogue-monitoring-sources-last_seen = Arrival of its newest event.
catalogue-monitoring-sources-last_live = Arrival of its newest event that was not imported from a file.
catalogue-monitoring-sources-last_event_time = Newest event by its own account.
catalogue-monitoring-sources-lag_microseconds = Median of arrival minus event time.
catalogue-monitoring-sources-rate_per_minute = Events a minute, lately.
catalogue-monitoring-sources-events = Events so far.
catalogue-monitoring-sources-not_understood = Of these, how many no format understood.
catalogue-monitoring-sources-silent_since = Since when an expected source has been silent; empty while it speaks.
catalogue-monitoring-sources-flood_since = Since when it sends many times what is usual for it; empty otherwise.

## monitoring.unread_lines
catalogue-monitoring-unread_lines = Templates of lines that no format reads, by source.
catalogue-monitoring-unread_lines-id = Identifier of the template.
catalogue-monitoring-unread_lines-source_id = Source that sends the lines (sources.id).
catalogue-monitoring-unread_lines-agency_id = Agency that the source belongs to now.
catalogue-monitoring-unread_lines-part = record: nothing of it is read; message: an envelope around it is.
catalogue-monitoring-unread_lines-lines = Lines so far.
catalogue-monitoring-unread_lines-estimated = Lines were counted by a sample of them.
catalogue-monitoring-unread_lines-first_seen = Arrival of the first line.
catalogue-monitoring-unread_lines-last_seen = Arrival of the last line.
catalogue-monitoring-unread_lines-state = new, ignored or solved.
catalogue-monitoring-unread_lines-solved_by = Format that reads the samples by now.

## monitoring.source_assignments
catalogue-monitoring-source_assignments = Whose a source was, from when until when.
catalogue-monitoring-source_assignments-source_id = The source.
catalogue-monitoring-source_assignments-system_id = System it belonged to.
catalogue-monitoring-source_assignments-agency_id = Agency it belonged to.
catalogue-monitoring-source_assignments-valid_from = From when; the beginning of time where the past was righted.
catalogue-monitoring-source_assignments-valid_to = Until when, exclusive; empty while it holds.
catalogue-monitoring-source_assignments-recorded_at = When this was recorded.
catalogue-monitoring-source_assignments-recorded_by = By whom.

## monitoring.presence
catalogue-monitoring-presence = Minutes of each hour in which a source was heard live.
catalogue-monitoring-presence-source_id = The source.
catalogue-monitoring-presence-system_id = System it belonged to in that hour.
catalogue-monitoring-presence-agency_id = Agency it belonged to in that hour.
catalogue-monitoring-presence-hour_start = Beginning of the hour.
catalogue-monitoring-presence-minutes_seen = Bit n is set when something arrived in minute n.
catalogue-monitoring-presence-events = Events that arrived in the hour.

## monitoring.coverage
catalogue-monitoring-coverage = How long each system was watched on each day, by group of solution. A later row of the same day supersedes an earlier one.
catalogue-monitoring-coverage-system_id = The system.
catalogue-monitoring-coverage-agency_id = Agency of the system when it was counted.
catalogue-monitoring-coverage-system_level = Its level when it was counted.
catalogue-monitoring-coverage-day_start = Beginning of the day in Vietnam.
catalogue-monitoring-coverage-solution_group = network, endpoint, application, data or user; any for all of its sources together.
catalogue-monitoring-coverage-minutes_expected = Minutes in which something was to be heard: seen, maintenance and silent together.
catalogue-monitoring-coverage-minutes_seen = Of these, minutes for which an arriving record speaks.
catalogue-monitoring-coverage-minutes_maintenance = Of these, minutes that were not seen and lie in planned maintenance.
catalogue-monitoring-coverage-longest_gap = Longest run of expected minutes that were neither.
catalogue-monitoring-coverage-sources = Identifiers of the sources behind it, as a JSON list.
catalogue-monitoring-coverage-complete = The day was over when it was counted.
catalogue-monitoring-coverage-known_at = When it was counted.
catalogue-monitoring-coverage-superseded_at = When another count took its place; empty for the one that stands.

## monitoring.presence_days
catalogue-monitoring-presence_days = Minutes of each day in which a source was heard live. A later row of the same day supersedes an earlier one.
catalogue-monitoring-presence_days-source_id = The source.
catalogue-monitoring-presence_days-system_id = System it belonged to when the day began.
catalogue-monitoring-presence_days-agency_id = Agency it belonged to when the day began.
catalogue-monitoring-presence_days-day_start = Beginning of the day in Vietnam.
catalogue-monitoring-presence_days-minutes = One bit a minute, as 360 hexadecimal digits; the lowest bit of the first pair is 00:00.
catalogue-monitoring-presence_days-minutes_heard = How many minutes that are.
catalogue-monitoring-presence_days-events = Events that arrived on the day.
catalogue-monitoring-presence_days-complete = The day was over when it was counted.
catalogue-monitoring-presence_days-known_at = When it was counted.
catalogue-monitoring-presence_days-superseded_at = When another count took its place; empty for the one that stands.

## monitoring.presence_months
catalogue-monitoring-presence_months = Minutes of each month in which a source was heard live, of the days that stand.
catalogue-monitoring-presence_months-source_id = The source.
catalogue-monitoring-presence_months-agency_id = Agency it belonged to on these days.
catalogue-monitoring-presence_months-month_start = Beginning of the month in Vietnam.
catalogue-monitoring-presence_months-days_heard = Days on which it was heard.
catalogue-monitoring-presence_months-minutes_heard = Minutes in which it was heard.
catalogue-monitoring-presence_months-events = Events that arrived.
catalogue-monitoring-presence_months-known_at = When the last of these days was counted.

## monitoring.maintenance
catalogue-monitoring-maintenance = Planned maintenance, in which silence is no news.
catalogue-monitoring-maintenance-id = Identifier of the window.
catalogue-monitoring-maintenance-agency_id = Agency where it holds, or that the system or source belongs to; empty for the centre.
catalogue-monitoring-maintenance-system_id = System where it holds.
catalogue-monitoring-maintenance-source_id = Source where it holds.
catalogue-monitoring-maintenance-reason = Why.
catalogue-monitoring-maintenance-starts_at = From when.
catalogue-monitoring-maintenance-ends_at = Until when, as planned.
catalogue-monitoring-maintenance-created_by = Person who entered it.
catalogue-monitoring-maintenance-created_at = When.
catalogue-monitoring-maintenance-ended_by = Person who ended it before its time.
catalogue-monitoring-maintenance-ended_at = When.
catalogue-monitoring-maintenance-suppression_id = Suppression that holds back alerts in the same time.

## monitoring.rule_states
catalogue-monitoring-rule_states = Rules that somebody put into a state; a rule without a row is on.
catalogue-monitoring-rule_states-rule_id = Identifier of the rule (alerts.rule_id).
catalogue-monitoring-rule_states-state = on, shadow (counts and alerts nobody) or off.
catalogue-monitoring-rule_states-reason = Why.
catalogue-monitoring-rule_states-changed_by = Person who decided it.
catalogue-monitoring-rule_states-changed_at = When.

## monitoring.rule_exceptions
catalogue-monitoring-rule_exceptions = What rules are not to alert on, where and until when.
catalogue-monitoring-rule_exceptions-id = Identifier of the exception.
catalogue-monitoring-rule_exceptions-rule_id = Identifier of the rule (alerts.rule_id).
catalogue-monitoring-rule_exceptions-agency_id = Agency where it holds, or that the system or source belongs to; empty for the centre.
catalogue-monitoring-rule_exceptions-system_id = System where it holds.
catalogue-monitoring-rule_exceptions-source_id = Source where it holds.
catalogue-monitoring-rule_exceptions-conditions = Fields and values that must all hold, as a JSON list.
catalogue-monitoring-rule_exceptions-reason = Why.
catalogue-monitoring-rule_exceptions-expires_at = When it ends.
catalogue-monitoring-rule_exceptions-alert_id = Alert that it was made from.
catalogue-monitoring-rule_exceptions-created_by = Person who made it.
catalogue-monitoring-rule_exceptions-created_at = When.
catalogue-monitoring-rule_exceptions-removed_by = Person who ended it before its time.
catalogue-monitoring-rule_exceptions-removed_at = When.

## monitoring.rule_hits
catalogue-monitoring-rule_hits = Matches of rules by hour of arrival (by the day where they are older), source and what tells them apart.
catalogue-monitoring-rule_hits-rule_id = Identifier of the rule (alerts.rule_id).
catalogue-monitoring-rule_hits-hour_start = Beginning of the hour, or of the day in Vietnam, in which the matching events arrived.
catalogue-monitoring-rule_hits-hours = 1 for an hour, 24 for a day.
catalogue-monitoring-rule_hits-source_id = Source of the events; empty where groups are counted together.
catalogue-monitoring-rule_hits-system_id = System the source belonged to.
catalogue-monitoring-rule_hits-agency_id = Agency of the system.
catalogue-monitoring-rule_hits-detailed = False where groups beyond the limit are counted together.
catalogue-monitoring-rule_hits-alerted = Matches that became part of an alert.
catalogue-monitoring-rule_hits-shadowed = Matches while the rule was on trial.
catalogue-monitoring-rule_hits-excepted = Matches that an exception left out.

## monitoring.indicator_lists
catalogue-monitoring-indicator_lists = Lists of indicators that events are looked up in.
catalogue-monitoring-indicator_lists-id = Identifier of the list.
catalogue-monitoring-indicator_lists-name = Name.
catalogue-monitoring-indicator_lists-source = Who publishes it.
catalogue-monitoring-indicator_lists-kind = malware, phishing, control, scanning or other.
catalogue-monitoring-indicator_lists-tlp = Traffic Light Protocol: clear, green, amber, amber-strict or red.
catalogue-monitoring-indicator_lists-confidence = How sure it is where it does not say, in per cent.
catalogue-monitoring-indicator_lists-valid_days = Days that its indicators hold where it does not say.
catalogue-monitoring-indicator_lists-with_subdomains = Its domains stand for everything below them.
catalogue-monitoring-indicator_lists-enabled = Events are looked up in it.
catalogue-monitoring-indicator_lists-created_at = When it was made.
catalogue-monitoring-indicator_lists-updated_at = When it was last changed.

## monitoring.indicators
catalogue-monitoring-indicators = Domains, addresses, links, hashes, e-mail addresses and file names on lists.
catalogue-monitoring-indicators-list_id = List; joins monitoring.indicator_lists.id.
catalogue-monitoring-indicators-indicator_id = Identity of the indicator in all lists; alerts of it have rule_id indicator:….
catalogue-monitoring-indicators-kind = domain, address, url, hash, mail or file-name.
catalogue-monitoring-indicators-text = The indicator in its one spelling.
catalogue-monitoring-indicators-confidence = How sure the list is, in per cent.
catalogue-monitoring-indicators-valid_from = It holds from this moment on; empty since ever.
catalogue-monitoring-indicators-valid_until = It holds before this moment.
catalogue-monitoring-indicators-reference = What the list calls it.
catalogue-monitoring-indicators-added_at = When it came onto the list.
catalogue-monitoring-indicators-renewed_at = When it was last taken from a file.

## monitoring.hunts
catalogue-monitoring-hunts = Rules and indicators that were looked for in what was stored already.
catalogue-monitoring-hunts-id = Identifier of the hunt.
catalogue-monitoring-hunts-subject_kind = rule, indicator or list.
catalogue-monitoring-hunts-subject_id = Identifier of what was looked for; NULL where that is not for everyone.
catalogue-monitoring-hunts-subject_name = Its name when the hunt began; NULL where that is not for everyone.
catalogue-monitoring-hunts-time_from = Beginning of the window.
catalogue-monitoring-hunts-time_to = End of the window.
catalogue-monitoring-hunts-state = waiting, running, done, cancelled or failed.
catalogue-monitoring-hunts-owner_id = Person who began it.
catalogue-monitoring-hunts-events = Records that were looked at one by one.
catalogue-monitoring-hunts-matches = Matches.
catalogue-monitoring-hunts-alerts = Alerts that were not there before.
catalogue-monitoring-hunts-created_at = When it was asked for.
catalogue-monitoring-hunts-started_at = When it began.
catalogue-monitoring-hunts-ended_at = When it ended.

## monitoring.hunt_alerts
catalogue-monitoring-hunt_alerts = Alerts that a hunt raised: they are of the past.
catalogue-monitoring-hunt_alerts-alert_id = Alert; joins monitoring.alerts.id.
catalogue-monitoring-hunt_alerts-hunt_id = Hunt that raised it.
catalogue-monitoring-hunt_alerts-agency_id = Agency of the alert.

## monitoring.early_warnings
catalogue-monitoring-early_warnings = What was unusual, with what would have been normal.
catalogue-monitoring-early_warnings-id = Identifier of the finding.
catalogue-monitoring-early_warnings-detector = Detector that found it (alerts.rule_id of its alert).
catalogue-monitoring-early_warnings-agency_id = Agency of the source; empty while the source is not assigned.
catalogue-monitoring-early_warnings-source_id = Source of the event.
catalogue-monitoring-early_warnings-entity_kind = Columns that name what it is about, for example user_name; source for the source itself.
catalogue-monitoring-early_warnings-entity_value = What it is about.
catalogue-monitoring-early_warnings-sequence = Number of the event with which it became unusual (events.seq).
catalogue-monitoring-early_warnings-time = Time of that event by its own account.
catalogue-monitoring-early_warnings-anomaly = What was observed, what is normal and the figures of the chart, as JSON.

## monitoring.suppressions
catalogue-monitoring-suppressions = Windows in which alerts are held back.
catalogue-monitoring-suppressions-id = Identifier of the suppression (alerts.suppression_id).
catalogue-monitoring-suppressions-kind = maintenance, drill or other.
catalogue-monitoring-suppressions-rule_id = Identifier of the rule (alerts.rule_id); empty for every rule.
catalogue-monitoring-suppressions-agency_id = Agency where it holds, or that the system or source belongs to; empty for the centre.
catalogue-monitoring-suppressions-system_id = System where it holds.
catalogue-monitoring-suppressions-source_id = Source where it holds.
catalogue-monitoring-suppressions-conditions = Fields and values that must all hold, as a JSON list.
catalogue-monitoring-suppressions-reason = Why.
catalogue-monitoring-suppressions-starts_at = From when.
catalogue-monitoring-suppressions-ends_at = Until when, as planned.
catalogue-monitoring-suppressions-alert_id = Alert that it was made from.
catalogue-monitoring-suppressions-created_by = Person who made it.
catalogue-monitoring-suppressions-created_at = When.
catalogue-monitoring-suppressions-ended_by = Person who ended it before its time.
catalogue-monitoring-suppressions-ended_at = When.

## monitoring.address_ranges
catalogue-monitoring-address_ranges = What networks are called, of which kind they are and for whose events that holds.
catalogue-monitoring-address_ranges-id = Identifier of the range.
catalogue-monitoring-address_ranges-network = The network, for example 10.1.0.0/16; ip_in(source_ip, '10.1.0.0/16') asks events by network.
catalogue-monitoring-address_ranges-name = What it is called; rules ask for it as source_ip_range.
catalogue-monitoring-address_ranges-kind = internal, servers, dmz, users, guests, remote, public, partner or other.
catalogue-monitoring-address_ranges-agency_id = Agency in whose events it holds, and in those below it; empty for all.
catalogue-monitoring-address_ranges-note = Note.
catalogue-monitoring-address_ranges-updated_at = When it was last changed.

## monitoring.listed_values
catalogue-monitoring-listed_values = Values on the lists that the centre keeps: administrators, servers, service accounts.
catalogue-monitoring-listed_values-id = Identifier of the value on its list.
catalogue-monitoring-listed_values-list = Name of the list, as rules write it.
catalogue-monitoring-listed_values-value = The value: an account, a host name, an address.
catalogue-monitoring-listed_values-agency_id = Agency in whose events it counts, and in those below it; empty for all.
catalogue-monitoring-listed_values-note = Note.
catalogue-monitoring-listed_values-updated_at = When it was last changed.

## organisation.agencies
catalogue-organisation-agencies = Agencies of the province: departments, communes, bodies, enterprises, partners.
catalogue-organisation-agencies-id = Identifier.
catalogue-organisation-agencies-code = Short public code.
catalogue-organisation-agencies-name = Name today.
catalogue-organisation-agencies-kind = Kind, for example department or commune.
catalogue-organisation-agencies-parent_id = Agency above it.
catalogue-organisation-agencies-valid_from = Since when it exists.
catalogue-organisation-agencies-valid_to = When it ended; empty while it exists.
catalogue-organisation-agencies-address = Postal address.
catalogue-organisation-agencies-phone = Telephone.
catalogue-organisation-agencies-email = Official mailbox.
catalogue-organisation-agencies-duty_hours = When somebody answers.

## organisation.agency_decisions
catalogue-organisation-agency_decisions = Mergers and new names that were decided for a day to come, and what became of them.
catalogue-organisation-agency_decisions-id = Identifier.
catalogue-organisation-agency_decisions-agency_id = Agency that merges or has a new name; joins organisation.agencies.id.
catalogue-organisation-agency_decisions-into_id = Its successor; empty for a new name.
catalogue-organisation-agency_decisions-name = The new name; empty for a merger.
catalogue-organisation-agency_decisions-at = First moment of the day in Vietnam.
catalogue-organisation-agency_decisions-basis = Document that says so.
catalogue-organisation-agency_decisions-entered_at = When it was entered.
catalogue-organisation-agency_decisions-state = waiting, done, refused or revoked.
catalogue-organisation-agency_decisions-settled_at = When it was done, refused or revoked; empty while it waits.
catalogue-organisation-agency_decisions-refusal = Key of why it could not be done on its day; empty otherwise.

## organisation.audit
catalogue-organisation-audit = The audit trail: who did what to which record, hash-chained.
catalogue-organisation-audit-sequence = Place in the chain, without gaps.
catalogue-organisation-audit-at = When it was done.
catalogue-organisation-audit-actor_id = Person, API key, or service:<name>.
catalogue-organisation-audit-actor_name = Name at that time.
catalogue-organisation-audit-on_behalf_of = Agency the actor acted for, or who ran a command.
catalogue-organisation-audit-action = noun.verb, for example alert.acknowledge.
catalogue-organisation-audit-object_kind = Kind of record.
catalogue-organisation-audit-object_id = Identifier of the record.
catalogue-organisation-audit-agency_id = Agency whose record it is; empty for the whole centre.
catalogue-organisation-audit-origin = Network address, where known.
catalogue-organisation-audit-details = JSON: what before, what after, why.
catalogue-organisation-audit-hash = SHA-256 over the row before and this row.

## organisation.outbox
catalogue-organisation-outbox = Messages that left the house or are to leave it: on which channel, when, and how it ended.
catalogue-organisation-outbox-id = Identifier, the same at every attempt.
catalogue-organisation-outbox-agency_id = Agency of the channel.
catalogue-organisation-outbox-channel_id = Which channel.
catalogue-organisation-outbox-channel_kind = mail, webhook or gateway.
catalogue-organisation-outbox-person_id = Recipient; empty where it is posted to the channel itself.
catalogue-organisation-outbox-kind = Kind of news.
catalogue-organisation-outbox-severity = Severity of the message.
catalogue-organisation-outbox-state = waiting, sent, failed or withdrawn.
catalogue-organisation-outbox-attempts = How often it was tried.
catalogue-organisation-outbox-created_at = When the message was caused.
catalogue-organisation-outbox-due_at = When it goes out next, or went.
catalogue-organisation-outbox-done_at = When it was sent, given up or withdrawn.
catalogue-organisation-outbox-failure = Why the last attempt failed; empty where it did not.

## organisation.people
catalogue-organisation-people = People with an account, without any secret.
catalogue-organisation-people-id = Identifier.
catalogue-organisation-people-account = User name.
catalogue-organisation-people-full_name = Name.
catalogue-organisation-people-agency_id = Agency the person belongs to.
catalogue-organisation-people-title = Position.
catalogue-organisation-people-kind = Type of the account.
catalogue-organisation-people-active = Whether the account is open.
catalogue-organisation-people-created_at = When the account was made.

## organisation.incumbents
catalogue-organisation-incumbents = Who holds or held which post at an agency: head, deputy, dedicated officer.
catalogue-organisation-incumbents-id = Identifier.
catalogue-organisation-incumbents-agency_id = Agency.
catalogue-organisation-incumbents-person_id = Who.
catalogue-organisation-incumbents-post = head, deputy or dedicated.
catalogue-organisation-incumbents-decision = Decision of appointment.
catalogue-organisation-incumbents-starts_at = From.
catalogue-organisation-incumbents-ends_at = Until; empty without end.

## organisation.qualifications
catalogue-organisation-qualifications = Certificates, training and skills of people, with the day on which they run out.
catalogue-organisation-qualifications-id = Identifier.
catalogue-organisation-qualifications-person_id = Whose.
catalogue-organisation-qualifications-agency_id = Agency of that person.
catalogue-organisation-qualifications-kind = certificate, training or skill.
catalogue-organisation-qualifications-name = Name.
catalogue-organisation-qualifications-issuer = Who issued it.
catalogue-organisation-qualifications-obtained_at = Since when.
catalogue-organisation-qualifications-expires_at = Until; empty without end.

## organisation.experts
catalogue-organisation-experts = Experts who can be called, without their numbers.
catalogue-organisation-experts-id = Identifier.
catalogue-organisation-experts-agency_id = Whose register.
catalogue-organisation-experts-full_name = Name.
catalogue-organisation-experts-workplace = Where they work.
catalogue-organisation-experts-fields = What they are good in.
catalogue-organisation-experts-at_night = Whether they may be called at night.
catalogue-organisation-experts-agreed_until = Until when they have agreed; empty without end.
catalogue-organisation-experts-active = Whether they are in the register now.

## organisation.roster
catalogue-organisation-roster = Duty shifts: who was or will be on watch.
catalogue-organisation-roster-id = Identifier.
catalogue-organisation-roster-agency_id = Whose roster.
catalogue-organisation-roster-person_id = Who.
catalogue-organisation-roster-post = At which post.
catalogue-organisation-roster-starts_at = From.
catalogue-organisation-roster-ends_at = Until.
catalogue-organisation-roster-note = What the shift left to the next.
catalogue-organisation-roster-note_at = When the note was written.

## response.duties
catalogue-response-duties = Clocks of duties to report. Late is due_at before sent_at, or before now where nothing was sent.
catalogue-response-duties-incident_id = Incident; joins response.incidents.id.
catalogue-response-duties-duty_id = Duty as in content/duties, for example IN-24.
catalogue-response-duties-agency_id = Agency concerned; joins organisation.agencies.id.
catalogue-response-duties-form = Form that fulfils it.
catalogue-response-duties-recipient_id = Who must be told.
catalogue-response-duties-applies = Whether its condition is met.
catalogue-response-duties-provisional = Runs until the incident is classified.
catalogue-response-duties-assumed = The start itself is unknown; the detection stands in for it.
catalogue-response-duties-started_at = Start of the clock.
catalogue-response-duties-due_at = Deadline.
catalogue-response-duties-sent_at = When it was fulfilled.
catalogue-response-duties-receipt_at = When the recipient confirmed.

## response.incidents
catalogue-response-incidents = Incidents with their class, severity and the five kept times.
catalogue-response-incidents-id = Identifier.
catalogue-response-incidents-code = Public code, unique in the centre.
catalogue-response-incidents-title = Title.
catalogue-response-incidents-agency_id = Agency concerned; joins organisation.agencies.id.
catalogue-response-incidents-system_id = System concerned; joins assurance.systems.id.
catalogue-response-incidents-state = detect, confirm, contain, eradicate, recover, review or closed.
catalogue-response-incidents-severity = Level of the scale in force; NULL until classified.
catalogue-response-incidents-serious = Whether the level is a serious one; NULL until classified.
catalogue-response-incidents-law_class = Class of the act, Law 116/2025 Article 18.1: a, b, c, d, dd or e.
catalogue-response-incidents-technical_kind = malware, intrusion, denial-of-service, data-leak …
catalogue-response-incidents-cause = attack, technical-fault, operator-error, disaster or unknown.
catalogue-response-incidents-false_alarm = Closed as no incident.
catalogue-response-incidents-occurred_at = When it began, as far as known.
catalogue-response-incidents-detected_at = When it was detected.
catalogue-response-incidents-seen_at = When a person first looked.
catalogue-response-incidents-reported_at = When the first notice left.
catalogue-response-incidents-receipt_at = When the first receipt came.
catalogue-response-incidents-opened_at = Opened at.
catalogue-response-incidents-closed_at = Closed at.

## response.notices
catalogue-response-notices = Notices and reports on incidents.
catalogue-response-notices-id = Identifier.
catalogue-response-notices-incident_id = Incident; joins response.incidents.id.
catalogue-response-notices-agency_id = Agency that reports; joins organisation.agencies.id.
catalogue-response-notices-form = Form as in content/reports, for example first-notice.
catalogue-response-notices-state = draft, submitted, approved, sent or receipt.
catalogue-response-notices-symbol = Number and symbol, once approved.
catalogue-response-notices-created_at = Drafted at.
catalogue-response-notices-submitted_at = Submitted at.
catalogue-response-notices-approved_at = Approved at.
catalogue-response-notices-sent_at = Sent at.
catalogue-response-notices-channel = document-system, ministry-software, e-mail, paper or phone.
catalogue-response-notices-receipt_at = Receipt came at.
catalogue-response-notices-document_sha256 = SHA-256 of the approved document.
catalogue-monitoring-source_redactions = Rules of data minimisation: fields of a source whose values are not kept.
catalogue-monitoring-source_redactions-id = Identifier of the rule.
catalogue-monitoring-source_redactions-source_id = Source whose records it changes; joins monitoring.sources.id.
catalogue-monitoring-source_redactions-agency_id = Agency of the source now.
catalogue-monitoring-source_redactions-field = Field or common column whose values are not kept.
catalogue-monitoring-source_redactions-act = drop or hash.
catalogue-monitoring-source_redactions-reason = Why.
catalogue-monitoring-source_redactions-created_by = Person who made it.
catalogue-monitoring-source_redactions-created_at = When.
catalogue-monitoring-source_redactions-ended_at = Until when it held; empty while it does.
catalogue-monitoring-source_redactions-records = Records from which it took a value.
