//! Who may run which command. On the machine there are no roles: the operating system decides who reads the data
//! directory, and whoever does acts as the program itself, under the name of the account in the audit trail.

use super::Arguments;
use clap::CommandFactory;

/// Who a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Anybody who may run the program: it opens no data directory, only files named to it.
    Anybody,
    /// Whoever may read the data directory. Nothing is changed but the audit trail.
    Reader,
    /// Whoever may write to the data directory.
    Keeper,
}

impl By {
    /// Word in the matrix.
    pub fn code(self) -> &'static str {
        match self {
            Self::Anybody => "anybody",
            Self::Reader => "reads the data directory",
            Self::Keeper => "writes the data directory",
        }
    }
}

/// Every command has its line here; a test and `luytre access matrix --check` look for missing and forgotten ones.
const RULES: &[(&str, By)] = &[
    ("access matrix", By::Anybody),
    ("agencies import", By::Keeper),
    ("api openapi", By::Anybody),
    ("audit checkpoint", By::Keeper),
    ("audit export", By::Reader),
    ("audit verify", By::Reader),
    ("backup", By::Reader),
    ("backup verify", By::Anybody),
    ("bundle distrust", By::Keeper),
    ("bundle import", By::Keeper),
    ("bundle keygen", By::Anybody),
    ("bundle make", By::Anybody),
    ("bundle show", By::Reader),
    ("bundle signers", By::Reader),
    ("bundle trust", By::Keeper),
    ("demo", By::Keeper),
    ("doctor", By::Reader),
    ("early-warning evaluate", By::Reader),
    ("formats list", By::Anybody),
    ("formats read", By::Anybody),
    ("formats test", By::Anybody),
    ("import", By::Keeper),
    ("indicators hunt", By::Keeper),
    ("indicators import", By::Keeper),
    ("keys accept-trail-key", By::Keeper),
    ("keys rotate", By::Keeper),
    ("law apply", By::Keeper),
    ("law ask", By::Keeper),
    ("law check", By::Reader),
    ("law list", By::Reader),
    ("law show", By::Reader),
    ("query", By::Reader),
    ("restore", By::Keeper),
    ("rules bench", By::Anybody),
    ("rules check", By::Anybody),
    ("rules explain", By::Reader),
    ("rules hunt", By::Keeper),
    ("rules import", By::Keeper),
    ("rules test", By::Reader),
    ("search", By::Reader),
    ("serve", By::Keeper),
    ("store archive", By::Keeper),
    ("store check-proof", By::Anybody),
    ("store export", By::Reader),
    ("store hold add", By::Keeper),
    ("store hold list", By::Reader),
    ("store hold release", By::Keeper),
    ("store prove", By::Reader),
    ("store repair", By::Keeper),
    ("store sign", By::Keeper),
    ("store status", By::Reader),
    ("store verify", By::Reader),
    ("systems import", By::Keeper),
    ("user add", By::Keeper),
    ("user add-key", By::Keeper),
    ("user end-sessions", By::Keeper),
    ("user import", By::Keeper),
    ("user list", By::Reader),
    ("user list-keys", By::Reader),
    ("user open-second-factor", By::Keeper),
    ("user reset-second-factors", By::Keeper),
    ("user set-password", By::Keeper),
];

/// Every command that the command line offers, with its rule.
pub fn commands() -> Vec<(String, Option<By>)> {
    let mut names = Vec::new();
    collect(&Arguments::command(), "", &mut names);
    names.sort();
    let rule = |name: &String| RULES.iter().find(|(known, _)| known == name).map(|(_, by)| *by);
    names.into_iter().map(|name| (name.clone(), rule(&name))).collect()
}

/// Rules of commands that are no more.
pub fn forgotten() -> Vec<&'static str> {
    let offered = commands();
    let gone = |name: &&str| !offered.iter().any(|(known, _)| known == name);
    RULES.iter().map(|(name, _)| *name).filter(gone).collect()
}

fn collect(command: &clap::Command, path: &str, names: &mut Vec<String>) {
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        let name = format!("{path}{}", below.get_name());
        if !below.is_subcommand_required_set() {
            names.push(name.clone());
        }
        if below.has_subcommands() {
            collect(below, &format!("{name} "), names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_rule_and_every_rule_a_command() {
        let without: Vec<_> = commands().into_iter().filter(|(_, by)| by.is_none()).map(|(name, _)| name).collect();
        assert!(without.is_empty(), "nothing says who may run {without:?}");
        assert_eq!(forgotten(), Vec::<&str>::new());
    }
}
