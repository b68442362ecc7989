//! A provider of accounts that listens on this machine, really signs its tokens, counts each code once, and lies where it
//! is told to.

use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kit::clock::{Clock, FixedClock, SECOND};
use reqwest::Url;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub(crate) const CLIENT: &str = "luytre";
/// With signs that the header must carry encoded.
pub(crate) const SECRET: &str = "bí mật:%+";

/// Made for these tests alone (PKCS #8): ring makes no such keys.
const RSA_KEY: &str = "\
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC4k41i7AwF0StUu1oVhKvBIlwkeSHM0/3C6/LHJ2NUeHxBccstLMMXAz599P\
    UUdpO9q+JdK1lEfCm86771nnxxY1i5+AFicUHrr1gNQNBdd0i6VP9picNdyMTBUBpvryQaEFNYkpgNVcTJVIvhxMY64SrztTcxewXbdcelB13A\
    XcHRw4sSEUTPuPqc9yNaipYLkfEB8hUI0sJxbakGrNU1e71LB9IWF25AM2Ardepps8iOvncEHutRIYHowuFMCpLOOnW6Cvi0DG0qNntMZTmY/i\
    eqJHNex/GOMcbrCZYHoFWh3LyHyZlTessWJkOUaNXB6AYdtC4+m+IUMJYipyfNAgMBAAECggEABTzNS/D4x7LPcPW+sPz1HA42i85oIst32EUh\
    EXz7o5T7qaZp+9vY+VkyjRkbWeZM0PAEr1zLNAH18+dt9sL1iF4nprdJNXA996B1INh6+9FRCKs1ctrhkVK2H+oppeD+vEKZqtoWDc17lQmczT\
    OWkGsn8IcZjCzlK1IPRTk39Ce92YDrWVMUlfzH6cAf8/rXMDIqd+DG5DnBai8bmqGibH6l7KipYYjDJAy54iEnu9BjZZMnNRhZrdVJX3Ah2F0+\
    zwM1KKCaPER02nIUkPuzzrGK2s8zZG5e0KX/4ON/ghTjkdAtbqQoasMNFrEg4uQ2hvSjBE5nwsgD55iVgGVrXQKBgQDyfkTsr3lwpJQipvt6Fu\
    Ct2ezCHDc53TyPSvAM2SL4uG/SzoagF2lyjgZUxdNEX9p7odOQM6T0DR5na+yaPojwkfvFR0Uf7ga5qTuvSF6KkYqcuNXQYUwhupbr0YWkZ1ne\
    FtTWKKtuVs0lT6qm1ejpsFnjY4Wd8l/x1PZBumMD5wKBgQDC23EaPqad1GoCDqopdNYeSfZPhDvIW0Pt3spE+9tNTiQKVcmk9YdMwdduBtQtxk\
    mOLlJcBRPDHQ8wadEB7OojmXAV1YHcsRg5AC+QicsyqyAu+9p4dVNaIB98ltM6C/Y2vyWN+Tb8Aqu9q+4/o1JA46VzIMWFQmY+Ny0lmx6AKwKB\
    gAn7nMbJqowymk6a5TtveaxujkqncraVHwsfIKbGwaPPo/rfubcZf6PRqP0Qb9QexhXU4arMFXxelePYE5N+A5Ez0VObzYK0/93g064xooK93y\
    D4kwTTHJk+3zuyEnhkMNTtx7FRV01hkWx5zSK1J7OHKQwtarDH658/DyxBihX9AoGAEA40y4zN/cM62OCMdM4DtosxmGu04VVjy33H/NcjwsLl\
    hVR8QPNaKqDuN0qowPzNosF+V8azUiha0ApoBliXEkfaTHJDOQP+kvPI94fjDlG7XSOzZKmGLK7o6UMkNGw35VrqpUAbn7g4nnBEOUojxOT9BP\
    d2TvyhoA670ZVudfECgYEA3z+cAJ+4QkG4x09OnWBzrbIhqnTnSHG1jcvP7Uoz73uW2099mfA/XW6r66q1ws/UVLqkkMonJk3WLCyGXdw8nUtb\
    cd6/xbXMlkJOAr5k+ISzxDniV8cBlwYpflBKIAy5BTIvEA+v/CIecmPnWGGC8SrUAdUYrGV22veJ230Q+yA=\
";

pub(crate) enum Signer {
    Es256(Box<EcdsaKeyPair>),
    Rs256(Box<RsaKeyPair>),
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    pub(crate) fn es256() -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Self::Es256(Box::new(EcdsaKeyPair::from_pkcs8(kind, key.as_ref(), &random).unwrap()))
    }

    pub(crate) fn rs256() -> Self {
        Self::Rs256(Box::new(RsaKeyPair::from_pkcs8(&STANDARD.decode(RSA_KEY).unwrap()).unwrap()))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Rs256(_) => "RS256",
        }
    }

    fn shown(&self, name: &str) -> Value {
        match self {
            Self::Es256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": name, "x": encode(x), "y": encode(y) })
            }
            Self::Rs256(key) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({ "kty": "RSA", "alg": "RS256", "kid": name, "n": encode(&public.n), "e": encode(&public.e) })
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// What is otherwise in a token than it should be; `null` takes a member away.
#[derive(Clone, Default)]
pub(crate) struct Bend {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    /// Signs in place of the provider.
    pub(crate) by: Option<Arc<Signer>>,
}

pub(crate) fn claims(claims: Value) -> Bend {
    Bend { claims, ..Bend::default() }
}

fn bend(value: &mut Value, changes: &Value) {
    let (Some(members), Some(changes)) = (value.as_object_mut(), changes.as_object()) else { return };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), change.clone());
        }
    }
}

struct Code {
    token: String,
    challenge: String,
    back: String,
}

struct Inner {
    signer: Arc<Signer>,
    name: String,
    codes: BTreeMap<String, Code>,
    keys_asked: usize,
    /// Stands in place of the answer of `/token`.
    says: Option<(StatusCode, String)>,
    /// It says nothing of itself.
    failing: bool,
}

/// The provider. It ends with the test.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    inner: Arc<Mutex<Inner>>,
    clock: FixedClock,
    server: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    issuer: String,
    inner: Arc<Mutex<Inner>>,
}

impl Provider {
    pub(crate) async fn start(clock: &FixedClock, signer: Signer) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner {
            signer: Arc::new(signer),
            name: "first".to_owned(),
            codes: BTreeMap::new(),
            keys_asked: 0,
            says: None,
            failing: false,
        }));
        let shared = Shared { issuer: issuer.clone(), inner: Arc::clone(&inner) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(shared);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { issuer, inner, clock: clock.clone(), server }
    }

    /// Another key from now on; the one before is gone.
    pub(crate) fn rotate(&self, name: &str, signer: Signer) {
        let mut inner = self.inner.lock().unwrap();
        inner.signer = Arc::new(signer);
        inner.name = name.to_owned();
    }

    pub(crate) fn keys_asked(&self) -> usize {
        self.inner.lock().unwrap().keys_asked
    }

    pub(crate) fn say(&self, status: StatusCode, text: &str) {
        self.inner.lock().unwrap().says = Some((status, text.to_owned()));
    }

    pub(crate) fn fail(&self) {
        self.inner.lock().unwrap().failing = true;
    }

    fn now(&self) -> i64 {
        self.clock.now() / SECOND
    }

    fn sign_as(&self, kind: &str, claims: Value, bent: &Bend) -> String {
        let inner = self.inner.lock().unwrap();
        let mut header = json!({ "alg": inner.signer.algorithm(), "kid": inner.name, "typ": kind });
        let mut claims = claims;
        bend(&mut header, &bent.header);
        bend(&mut claims, &bent.claims);
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signer = bent.by.as_ref().unwrap_or(&inner.signer);
        format!("{message}.{}", encode(signer.sign(message.as_bytes())))
    }

    /// What its page of signing in does for somebody who was sent to `address`: where the browser is sent back to.
    pub(crate) fn sign_in(&self, address: &str, bent: &Bend) -> String {
        let address = Url::parse(address).unwrap();
        let asked: BTreeMap<String, String> = address.query_pairs().into_owned().collect();
        assert!(address.as_str().starts_with(&format!("{}/authorize?", self.issuer)), "{address}");
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        assert!(asked["state"].len() >= 43 && asked["nonce"].len() >= 43 && asked["code_challenge"].len() == 43);
        let now = self.now();
        let right = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "248", "nonce": asked["nonce"], "iat": now, "exp": now + 300,
        });
        let code = Code {
            token: self.sign_as("JWT", right, bent),
            challenge: asked["code_challenge"].clone(),
            back: asked["redirect_uri"].clone(),
        };
        let mut inner = self.inner.lock().unwrap();
        let name = format!("code-{}", inner.codes.len());
        inner.codes.insert(name.clone(), code);
        let back = Url::parse(&asked["redirect_uri"]).unwrap();
        assert_eq!(back.origin().ascii_serialization(), "http://localhost:8080");
        format!("{}?code={name}&state={}&session_state=x", back.path(), asked["state"])
    }

    /// A token that says that somebody has signed out there.
    pub(crate) fn sign_out(&self, bent: &Bend) -> String {
        let now = self.now();
        let event = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        let right = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "248", "iat": now, "exp": now + 120, "jti": "1", "events": event,
        });
        self.sign_as("logout+jwt", right, bent)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn configuration(State(shared): State<Shared>) -> (StatusCode, Json<Value>) {
    if shared.inner.lock().unwrap().failing {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(Value::Null));
    }
    let at = |path: &str| format!("{}{path}", shared.issuer);
    let said = json!({
        "issuer": shared.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"), "code_challenge_methods_supported": ["S256"],
    });
    (StatusCode::OK, Json(said))
}

async fn keys(State(shared): State<Shared>) -> Json<Value> {
    let mut inner = shared.inner.lock().unwrap();
    inner.keys_asked += 1;
    Json(json!({ "keys": [inner.signer.shown(&inner.name)] }))
}

async fn token(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> (StatusCode, String) {
    let mut inner = shared.inner.lock().unwrap();
    if let Some(says) = inner.says.clone() {
        return says;
    }
    let refused = |why: &str| (StatusCode::BAD_REQUEST, json!({ "error": why }).to_string());
    let secret = "b%C3%AD%20m%E1%BA%ADt%3A%25%2B";
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{secret}")));
    if headers.get("authorization").and_then(|header| header.to_str().ok()) != Some(basic.as_str()) {
        return refused("invalid_client");
    }
    let sent = |name: &str| form.get(name).cloned().unwrap_or_default();
    let Some(code) = inner.codes.get_mut(&sent("code")) else { return refused("invalid_grant") };
    let fits = code.challenge == encode(Sha256::digest(sent("code_verifier"))) && code.back == sent("redirect_uri");
    let token = std::mem::take(&mut code.token);
    match fits && sent("grant_type") == "authorization_code" && !token.is_empty() {
        true => (StatusCode::OK, json!({ "id_token": token, "access_token": "a", "token_type": "Bearer" }).to_string()),
        false => refused("invalid_grant"),
    }
}
