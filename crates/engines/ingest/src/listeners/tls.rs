//! TLS beneath the doors with connections (RFC 5425 for syslog): certificates from files, senders with or without certificates
//! of their own. Which senders are trusted says the authority that the door is given; who one is says the fingerprint of
//! its certificate.

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A sender that has not finished its greeting by then is gone.
const GREETING: Duration = Duration::from_secs(10);

/// Certificates of a door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// PEM: the certificate of this door, then those between it and its authority.
    pub certificate: PathBuf,
    /// PEM: the private key of the first one.
    pub key: PathBuf,
    /// PEM: authorities whose certificates senders may show; none are asked for without it.
    pub client_authority: Option<PathBuf>,
    /// Whether a sender without a certificate is turned away.
    pub client_required: bool,
}

/// What greets senders in TLS. Cheap to clone.
#[derive(Clone)]
pub struct TlsDoor(TlsAcceptor);

impl TlsDoor {
    /// Reads the certificates.
    ///
    /// # Errors
    /// A file that cannot be read or holds something else is named.
    pub fn open(settings: &TlsSettings) -> io::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = certificates(&settings.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&settings.key).map_err(|error| unreadable(&settings.key, error))?;
        let builder = rustls::ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
        let builder = match &settings.client_authority {
            None if settings.client_required => {
                return Err(io::Error::other(
                    "certificates of senders are required, and no authority for them is named",
                ));
            }
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(path)? {
                    roots.add(authority).map_err(|error| unreadable(path, error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                let verifier = if settings.client_required { verifier } else { verifier.allow_unauthenticated() };
                builder.with_client_cert_verifier(verifier.build().map_err(|error| unreadable(path, error))?)
            }
        };
        let config = builder.with_single_cert(chain, key).map_err(|error| unreadable(&settings.certificate, error))?;
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    async fn greet(&self, stream: TcpStream) -> io::Result<(TlsStream<TcpStream>, Option<String>)> {
        let stream = timeout(GREETING, self.0.accept(stream))
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the greeting took too long"))??;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(|one| fingerprint(one));
        Ok((stream, shown))
    }
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|error| unreadable(path, error))?.collect();
    let all = all.map_err(|error| unreadable(path, error))?;
    if all.is_empty() { Err(unreadable(path, "it holds no certificate")) } else { Ok(all) }
}

fn unreadable(path: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

/// SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` tells it, in small letters without colons.
fn fingerprint(certificate: &[u8]) -> String {
    Sha256::digest(certificate).iter().fold(String::with_capacity(64), |mut text, byte| {
        // To a `String` it does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A connection, in TLS or plain.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Greets where the door is one of TLS; with the fingerprint of the certificate that the sender showed.
    pub(crate) async fn of(stream: TcpStream, door: Option<&TlsDoor>) -> io::Result<(Self, Option<String>)> {
        match door {
            None => Ok((Self::Plain(stream), None)),
            Some(door) => {
                let (stream, certificate) = door.greet(stream).await?;
                Ok((Self::Tls(Box::new(stream)), certificate))
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            // Many senders end without saying good-bye in TLS; what came before is whole, since framing says where it ends.
            Self::Tls(stream) => match Pin::new(stream).poll_read(context, buffer) {
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
                read => read,
            },
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
