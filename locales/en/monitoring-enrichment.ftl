### monitoring: address ranges, lists of values

## Both
enrichment-agency = Kept for
enrichment-agency-hint = Holds in events of this agency and of those below it.
enrichment-whole-centre = The whole centre
enrichment-updated = Changed
enrichment-delete = Delete

## Address ranges
address-range-navigation = Address ranges
address-range-title = Address ranges
address-range-text = Names for the networks of the centre and its agencies: rules can ask for “from the DMZ” instead of a number, and events say what an address is. An address bears the name of the narrowest range that holds it.
address-range-new = Keep a range
address-range-import = Import a table of ranges
address-range-words = Name or beginning of the address
address-range-name = Name of the range
address-range-name-hint = Rules see it as source_ip_range, destination_ip_range, host_ip_range.
address-range-network = Network
address-range-network-hint = For example 10.1.0.0/16, or one address. The same network and agency again changes the range that is there.
address-range-kind = Kind of zone
address-range-kind-internal = Internal
address-range-kind-servers = Servers
address-range-kind-dmz = DMZ
address-range-kind-users = Users
address-range-kind-guests = Guests
address-range-kind-remote = Remote access
address-range-kind-public = Own public addresses
address-range-kind-partner = Partner
address-range-kind-other = Other
address-range-note = Note
address-range-none = No address ranges yet
address-range-none-text = Import a table with the columns network, name and kind; agencies mostly have it in the dossiers of their systems.
address-range-kept = Kept; it holds within seconds for events that arrive from then on.
address-range-deleted = The range is gone.
address-range-everything = This range holds every address
address-range-too-many = The centre holds as many ranges as it can; delete some.

## Lists of values
value-list-navigation = Lists of values
value-list-title = Lists of values
value-list-text = Administrators, servers, service accounts … by the name of the list. Events say on which lists their names stand; Sigma rules with “expand” take a list kept for the whole centre for their %name%.
value-list-new = Keep a value
value-list-import = Import a table of values
value-list-words = Value
value-list-name = List
value-list-name-hint = Unaccented letters, digits, dashes; as rules write it. For example: administrators.
value-list-value = Value
value-list-value-hint = An account, a host name or an address; letter case does not matter.
value-list-note = Note
value-list-none = No values yet
value-list-none-text = Import a table with the columns list and value, for example administrators and the names of their accounts.
value-list-kept = Kept; it holds within seconds for events that arrive from then on.
value-list-deleted = Taken off the list.
value-list-name-signs = Unaccented letters, digits, dots and dashes only
value-list-no-pattern = No * and ?: a line is one value
value-list-too-many = The centre holds as many values as it can; delete some.

## Audit trail
audit-address-range-keep = Keep an address range
audit-address-range-delete = Delete an address range
audit-value-list-keep = Put a value on a list
audit-value-list-delete = Take a value off a list
audit-object-address-range = Address range
audit-object-value-list = Value on a list
