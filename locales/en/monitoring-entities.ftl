### monitoring: entities

## Entities at risk
entity-navigation = Entities at risk
entity-title = Entities at risk
entity-none = No entity is at risk
entity-none-text = An entity (a machine, an account, an address) is at risk while there are alerts about it of the last days.
entity-kind = Kind
entity-risk = Risk
entity-risk-high = High
entity-risk-medium = Medium
entity-risk-low = Low
entity-line = Points of risk each day
entity-line-days = { $days } days
entity-alerts = Alerts
entity-open = { $count } open
entity-rules = Rules
entity-stories = { $count } stories
entity-how = Risk is the weight of all alerts about an entity of { $days } days: score of the alert (level of rule and system) × worth of its kind × novelty, half of it after { $half } days. Alerts closed as false, allowed or duplicate do not count, nor do suppressed ones. The weights are settings of the centre, seen and changed under Regulations (monitoring/entity-risk.toml).
entity-kind-source-ip = Source address
entity-kind-destination-ip = Destination address
entity-kind-user-name = Account
entity-kind-target-user-name = Account acted on
entity-kind-host-name = Host
entity-kind-process-name = Program
entity-kind-process-executable = File of the program
entity-kind-process-parent-executable = Parent program
entity-kind-service-name = Service
entity-kind-rule-id = Signature of a device
entity-kind-file-hash = File (hash)
entity-kind-host-ip = Address of the host
entity-kind-source = Log source
