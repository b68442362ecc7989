### monitoring: importing packs of rules, signed bundles

## The page that imports
rules-import-title = Import a pack of rules
rules-import-about = A signed bundle is taken only from signers that the centre trusts. A release (of SigmaHQ, for example) carries no signature of ours: check yourself where it comes from. Press Preview to see what it changes; nothing is written until you press Write to the server.
rules-import-kind = Kind of pack
rules-import-kind-bundle = Signed bundle
rules-import-kind-release = Release without a signature (zip)
rules-import-folder = Folder of the release
rules-import-folder-hint = Small letters, digits and hyphens; the same for every release of a pack, for example sigma. A signed bundle has its name.
rules-import-on-trial = New rules begin on trial
rules-import-on-trial-hint = They count and alert nobody until somebody turns them on.
rules-import-file = File
rules-import-file-hint = At most { $most }; a larger file is imported by the command line on the server.
rules-import-file-too-large = The file is too large for this page; import it by the command line on the server.
rules-import-no-script = JavaScript is off in this browser, so no file can be sent; import it by the command line on the server.
rules-import-look = Preview
rules-import-preview = Preview, nothing is written yet:
rules-import-take = Write to the server
rules-import-taken = Written; the rules are loaded in a few seconds.
rules-import-not-loaded = Does not load
rules-import-lines = { $added } lines added, { $removed } removed

## Why it is not taken
pack-missing = Choose a file.
pack-not-whole = The file did not arrive whole and cannot be decoded; choose the zip file again and send it once more.
pack-no-archive = This is neither a directory nor a zip archive.
pack-unreadable = { $path } cannot be read or written: { $reason }
pack-too-deep = Folders lie too deeply in each other: { $path }
pack-too-many = The pack has too many files; at most { $most } are taken.
pack-too-large = The pack holds too much; at most { $most } MiB are taken.
pack-is-bundle = This is a signed bundle: import it as one, so that its signature is verified.
bundle-none = This file is no signed bundle.
bundle-too-large = The bundle is too large; at most { $most } MiB are taken.
bundle-too-many = The bundle has too many files.
bundle-altered = The bundle is damaged or was changed: the file is not as it was made. Copy it again from where it is published.
bundle-format = The bundle has a format that this version of the program does not know.
bundle-file-altered = The file { $path } in the bundle is not as the signed manifest says: changed, missing or added.
bundle-manifest = The manifest of the bundle holds something that cannot be: { $field }
bundle-path = A file cannot be called { $path } in a bundle: plain letters, digits, spaces and . _ - + ( ) only
bundle-signer-unknown = The signer of this bundle is not trusted (key { $key }). If you know them, whoever runs the server compares the fingerprint and uses luytre bundle trust.
bundle-signer-missing = No trusted signer has the key { $key }.
bundle-signature-wrong = The signature does not fit the keys of { $signer }: the bundle was changed or somebody else made it.
bundle-expired = The bundle expired on { $until }; get a newer one.
bundle-of-another = Bundles called { $name } were signed by { $signer } so far; nobody else may use the name while { $signer } is trusted.
bundle-older = The bundle is older than the one imported: number { $serial }, imported was { $last }. There is no way back to an older one.
bundle-same-serial = Another bundle with the number { $serial } was imported already.
bundle-no-key = This file is no public key of bundles.
bundle-registers = Lists, address ranges and indicators that come along
bundle-register = Register
bundle-register-value-lists = values on lists
bundle-register-address-ranges = address ranges
bundle-register-indicators = indicators
bundle-register-added = Added
bundle-register-changed = Changed
bundle-register-same = The same
bundle-register-refused = Refused
bundle-many-tables = The bundle has too many tables; at most { $most } are taken.
bundle-table-too-long = With the file { $path } the lists and ranges of the bundle have more than { $most } lines; make several bundles.
bundle-table = The file { $path } cannot be taken: { $reason }

## The page of bundles
bundle-title = Signed bundles
bundle-about = Every bundle is signed with Ed25519 and ML-DSA-65; both signatures must fit. One that expired, is older than what was imported or was changed is not taken.
bundle-imports = Imported bundles
bundle-imports-none = No bundle was imported yet.
bundle-signers = Trusted signers
bundle-signers-none = No signer is trusted yet.
bundle-trust-how = Whoever runs the server trusts a signer and ends that: luytre bundle trust, luytre bundle distrust.
bundle-name = Bundle
bundle-serial = Number
bundle-signer = Signer
bundle-rules = Rules
bundle-made-at = Made
bundle-valid-until = Valid until
bundle-imported-at = Imported
bundle-imported-by = By
bundle-digest = SHA-256 of the file
bundle-key = Fingerprint of the key
bundle-trusted-at = Trusted since
bundle-trusted-by = Decided by
bundle-trusted = Trusted
bundle-withdrawn = No longer trusted
bundle-of-rule = From bundle
bundle-signed-by = signed by { $signer }

## Command bundle
bundle-key-exists = { $file } is there already; no key is written over
bundle-key-made = keys made; fingerprint { $key }
bundle-fingerprint-other = the fingerprint of the key is { $key }, not the one given; the key is not trusted
bundle-now-trusted = bundles signed by the key { $key } are taken from now on
bundle-now-withdrawn = no more bundles signed by the key { $key } are taken
bundle-described = { $name } { $version }, number { $serial }, { $files } files, made { $made }, valid until { $until }, sha256 { $digest }, key { $key }

bundle-not-made = no bundle was made: { $count } places do not load or do not hold, named above
bundle-contents = with { $rules } rules, { $correlations } correlations, { $filters } filters, { $cases } cases, { $terms } files of terms
bundle-contents-table = { $file }: { $register }, { $lines } lines
bundle-register-line = { $file }: { $register }: { $added } added, { $changed } changed, { $same } the same, { $refused } refused

## Audit trail
audit-bundle-trust = Trusted a signer of bundles
audit-bundle-distrust = Stopped trusting a signer of bundles
audit-bundle-import = Imported a signed bundle of rules
audit-object-bundle = Signed bundle
audit-object-bundle-signer = Signer of bundles
