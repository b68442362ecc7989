//! Registers in PostgreSQL go out and come in by PostgreSQL's own programs: `pg_dump`, `pg_restore`, `psql`. They are given
//! the address without its password, which they find in their environment.

use super::{DUMP, failed};
use crate::configuration::Secret;
use kit::Error;
use reqwest::Url;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where our tables are.
const SCHEMA: &str = "public";
/// Held in the database by whoever loads registers, until it is done or undone. Two never load at once, and whoever comes
/// after a kill sees that the loading goes on.
pub const LOADING_LOCK: i64 = 0x006c_7579_7472_6501;
/// A table that every dump of registers has.
const WITNESS: &str = "TABLE DATA public migrations";
/// What libpq finds in the environment, by the names that an address may have for it.
const SETTINGS: [(&[&str], &str); 9] = [
    (&["host", "hostaddr"], "PGHOST"),
    (&["port"], "PGPORT"),
    (&["dbname"], "PGDATABASE"),
    (&["user"], "PGUSER"),
    (&["password"], "PGPASSWORD"),
    (&["sslmode", "ssl-mode"], "PGSSLMODE"),
    (&["sslrootcert", "ssl-root-cert", "ssl-ca"], "PGSSLROOTCERT"),
    (&["sslcert", "ssl-cert"], "PGSSLCERT"),
    (&["sslkey", "ssl-key"], "PGSSLKEY"),
];

/// A server's database as its programs are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    address: String,
    environment: Vec<(&'static str, Secret)>,
}

impl Server {
    pub(super) fn of(url: &str) -> Result<Self, Error> {
        let unreadable = || Error::mistake("backup-database-address", []);
        let mut address = Url::parse(url).map_err(|_| unreadable())?;
        let mut environment = vec![("PGCONNECT_TIMEOUT", Secret::from("10"))];
        for (name, value) in address.query_pairs() {
            let known = SETTINGS.iter().find(|(names, _)| names.contains(&&*name));
            environment.extend(known.map(|(_, variable)| (*variable, Secret::from(&*value))));
        }
        if let Some(password) = address.password() {
            environment.push(("PGPASSWORD", Secret::from(decoded(password).as_str())));
            address.set_password(None).map_err(|()| unreadable())?;
        }
        address.set_query(None);
        Ok(Self { address: address.to_string(), environment })
    }

    /// Writes a dump of the moment of this name.
    pub(super) fn dump(&self, moment: &str, file: &Path) -> Result<(), Error> {
        let mut command = self.program("pg_dump");
        command.args(["--format=custom", "--no-owner", "--no-privileges", "--no-password"]);
        command.arg(format!("--schema={SCHEMA}")).arg(format!("--snapshot={moment}"));
        run(command.arg("--file").arg(file).arg("--dbname").arg(&self.address), "pg_dump")?;
        contents(file).map(drop)
    }

    /// Loads a dump and moves what was there into a schema of its own: both or neither. The new schema is there from then
    /// on, also where there was nothing to move. `scripts` takes passing files.
    pub(super) fn load(&self, folder: &Path, aside: &str, scripts: &Path) -> Result<(), Error> {
        let dump = folder.join(DUMP);
        let list = scripts.join("list");
        let (before, tables) = (scripts.join("before.sql"), scripts.join("tables.sql"));
        // The schema is there; only what is in it is made anew.
        let all = contents(&dump)?;
        let of_schema = |line: &&str| line.contains(" SCHEMA - ") || line.contains(" COMMENT - SCHEMA ");
        let wanted: Vec<&str> = all.lines().filter(|line| !of_schema(line)).collect();
        fs::write(&list, wanted.join("\n")).map_err(|error| failed(&list, &error))?;
        fs::write(&before, moving(aside)).map_err(|error| failed(&before, &error))?;
        let mut script = Command::new("pg_restore");
        script
            .args(["--no-owner", "--no-privileges"])
            .arg("--use-list")
            .arg(&list)
            .arg("--file")
            .arg(&tables)
            .arg(&dump);
        run(&mut script, "pg_restore")?;
        let mut command = self.program("psql");
        command.args(["--no-psqlrc", "--quiet", "--no-password", "--single-transaction", "--set=ON_ERROR_STOP=1"]);
        command.arg("--file").arg(&before).arg("--file").arg(&tables).arg("--dbname").arg(&self.address);
        run(&mut command, "psql").map(drop)
    }

    /// What became of a loading that somebody began. Asked in this order: what is done before its lock is free is seen then.
    pub(super) fn loaded(&self, aside: &str) -> Result<Loaded, Error> {
        if self.ask(&format!("SELECT pg_try_advisory_lock({LOADING_LOCK})"))?.trim() != "t" {
            return Ok(Loaded::Still);
        }
        Ok(if self.has_schema(aside)? { Loaded::Yes } else { Loaded::Not })
    }

    /// Whether a schema of this name is there.
    pub(super) fn has_schema(&self, name: &str) -> Result<bool, Error> {
        let sql = format!("SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = '{name}'");
        Ok(self.ask(&sql)?.trim() == "1")
    }

    /// Removes a schema that holds nothing; whether it holds something and stays.
    pub(super) fn keep_schema(&self, name: &str) -> Result<bool, Error> {
        let sql = format!("SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = '{name}'");
        let empty = self.ask(&sql)?.trim() == "0";
        if empty {
            self.ask(&format!("DROP SCHEMA IF EXISTS {name}"))?;
        }
        Ok(!empty)
    }

    fn ask(&self, sql: &str) -> Result<String, Error> {
        let mut command = self.program("psql");
        command.args(["--no-psqlrc", "--quiet", "--no-password", "--tuples-only", "--no-align"]);
        run(command.arg("--command").arg(sql).arg("--dbname").arg(&self.address), "psql")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.envs(self.environment.iter().map(|(name, value)| (name, value.reveal())));
        command
    }
}

/// What became of a loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loaded {
    /// Nothing was changed.
    Not,
    /// It goes on.
    Still,
    Yes,
}

/// What a dump says is in it.
///
/// # Errors
/// Where it cannot be read, or holds no registers.
pub(super) fn contents(dump: &Path) -> Result<String, Error> {
    let list = run(Command::new("pg_restore").arg("--list").arg(dump), "pg_restore")?;
    match list.contains(WITNESS) {
        true => Ok(list),
        false => Err(Error::mistake("backup-no-registers", [("file", dump.display().to_string())])),
    }
}

/// Moves every table of ours aside, alone.
fn moving(aside: &str) -> String {
    format!(
        "DO $$ BEGIN IF NOT pg_catalog.pg_try_advisory_xact_lock({LOADING_LOCK}) THEN \
         RAISE EXCEPTION 'another restore is loading registers'; END IF; END $$;\n\
         CREATE SCHEMA {aside};\n\
         DO $$ DECLARE one record; BEGIN\n\
         FOR one IN SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = '{SCHEMA}' LOOP\n\
         EXECUTE pg_catalog.format('ALTER TABLE {SCHEMA}.%I SET SCHEMA {aside}', one.tablename);\n\
         END LOOP; END $$;\n"
    )
}

/// Runs a program to its end; answers with what it printed.
fn run(command: &mut Command, program: &'static str) -> Result<String, Error> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::mistake("backup-no-program", [("program", program.to_owned())]),
        _ => Error::mistake("backup-program", [("program", program.to_owned()), ("reason", error.to_string())]),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let says = |line: &&str| line.contains("ERROR:") || line.contains("error:");
    let line = said.lines().find(says).or_else(|| said.trim().lines().next_back());
    let reason = line.map_or_else(|| output.status.to_string(), ToOwned::to_owned);
    Err(Error::mistake("backup-program", [("program", program.to_owned()), ("reason", reason)]))
}

/// A part of an address without its percent signs.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(part.bytes().skip(2));
            }
            None => {
                bytes.push(b'%');
                bytes.extend(part.bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_in_the_environment_and_nowhere_else() {
        let server =
            Server::of("postgres://luytre:m%40t%20kh%E1%BA%A9u%@db.example:5433/luytre?sslmode=require").unwrap();
        assert_eq!(server.address, "postgres://luytre@db.example:5433/luytre");
        let of = |name: &str| server.environment.iter().find(|(one, _)| *one == name).map(|(_, value)| value.reveal());
        assert_eq!((of("PGPASSWORD"), of("PGSSLMODE"), of("PGHOST")), (Some("m@t khẩu%"), Some("require"), None));
        assert!(!format!("{server:?}").contains("kh"), "{server:?}");
        let socket = Server::of("postgres:///luytre?host=/run/postgresql&user=luytre").unwrap();
        assert_eq!(socket.address, "postgres:///luytre");
        assert!(socket.environment.contains(&("PGHOST", Secret::from("/run/postgresql"))));
        assert!(Server::of("no address").is_err());
    }

    #[test]
    fn a_program_that_is_not_installed_is_named() {
        let said = run(&mut Command::new("luytre-no-such-program"), "pg_dump").unwrap_err();
        assert!(said.in_words(kit::Lang::En).contains("pg_dump"), "{}", said.in_words(kit::Lang::En));
        let failed = run(Command::new("sh").args(["-c", "echo first >&2; echo last >&2; exit 3"]), "psql").unwrap_err();
        assert!(failed.in_words(kit::Lang::En).contains("last"), "{}", failed.in_words(kit::Lang::En));
    }
}
