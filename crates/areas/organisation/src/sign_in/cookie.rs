//! The session cookie. Over TLS it has the prefix `__Host-`: the browser then keeps it to this host, to the
//! whole site, and to TLS.

/// Name of the cookie.
pub fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-luytre" } else { "luytre" }
}

/// Value of `Set-Cookie` for a session; a lifetime of zero takes it away. The token is our own base64url text.
pub fn set_cookie(secure: bool, token: &str, seconds: i64) -> String {
    let flag = if secure { "; Secure" } else { "" };
    format!("{}={token}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{flag}", cookie_name(secure), seconds.max(0))
}

/// Name of the cookie that tells a known device.
pub fn device_cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-luytre-device" } else { "luytre-device" }
}

/// Value of `Set-Cookie` for a known device. It outlives the session and is sent to no other site, even by a link.
pub fn set_device_cookie(secure: bool, token: &str, seconds: i64) -> String {
    let flag = if secure { "; Secure" } else { "" };
    let name = device_cookie_name(secure);
    format!("{name}={token}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{flag}", seconds.max(0))
}

/// Name of the cookie of a step between two requests of signing in.
pub fn step_cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-luytre-step" } else { "luytre-step" }
}

/// Value of `Set-Cookie` for such a step; a lifetime of zero takes it away.
pub fn set_step_cookie(secure: bool, token: &str, seconds: i64) -> String {
    let flag = if secure { "; Secure" } else { "" };
    let name = step_cookie_name(secure);
    format!("{name}={token}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{flag}", seconds.max(0))
}

/// Value of `Set-Cookie` for a preference that pages read: language, theme. A year. The edge keeps it to this host.
pub(super) fn preference_cookie(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax")
}
