//! Certificates made with openssl, for doors in TLS and who speaks to them.

use luytre_ingest::listeners::TlsSettings;
use std::path::{Path, PathBuf};
use std::process::Command;

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An authority, a certificate of the door and one of a sender, and one of a sender that another authority signed.
pub(crate) struct Certificates(tempfile::TempDir);

impl Certificates {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for authority in ["authority", "stranger-authority"] {
            let (key, certificate) = (format!("{authority}.key"), format!("{authority}.pem"));
            let subject = format!("/CN={authority}");
            let arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &subject];
            openssl(folder.path(), &[&arguments[..], &["-keyout", &key, "-out", &certificate]].concat());
        }
        for (name, authority) in [("door", "authority"), ("sender", "authority"), ("stranger", "stranger-authority")] {
            let [key, request, certificate] = ["key", "csr", "pem"].map(|end| format!("{name}.{end}"));
            let subject = format!("/CN={name}.example");
            let arguments = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", &subject];
            openssl(folder.path(), &[&arguments[..], &["-keyout", &key, "-out", &request]].concat());
            std::fs::write(folder.path().join("names"), format!("subjectAltName=DNS:{name}.example,IP:127.0.0.1"))
                .unwrap();
            let (by, by_key) = (format!("{authority}.pem"), format!("{authority}.key"));
            let arguments = ["x509", "-req", "-days", "2", "-in", &request, "-CA", &by, "-CAkey", &by_key];
            let last = ["-CAcreateserial", "-extfile", "names", "-out", &certificate];
            openssl(folder.path(), &[&arguments[..], &last].concat());
        }
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn door(&self, with_senders: bool, required: bool) -> TlsSettings {
        TlsSettings {
            certificate: self.path("door.pem"),
            key: self.path("door.key"),
            client_authority: with_senders.then(|| self.path("authority.pem")),
            client_required: required,
        }
    }

    pub(crate) fn fingerprint(&self, name: &str) -> String {
        let said =
            openssl(self.0.path(), &["x509", "-noout", "-fingerprint", "-sha256", "-in", &format!("{name}.pem")]);
        said.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase()
    }
}
