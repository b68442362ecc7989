//! What stands around the content: person, navigation, counters, messages.

/// Light or dark. The server writes it into the page, so nothing flickers and no script is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

impl Theme {
    /// Value of the cookie and of `data-bs-theme`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// The cookie decides; without one, the header `Sec-CH-Prefers-Color-Scheme`; light where neither speaks.
    pub fn choose(cookie: Option<&str>, preference: Option<&str>) -> Self {
        cookie.or(preference).and_then(|value| Self::from_code(value.trim_matches('"'))).unwrap_or_default()
    }
}

/// Who is signed in, for the menu at the top right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonBadge {
    /// Tells one person from another; empty where nobody is signed in.
    pub id: String,
    pub name: String,
    /// Role in words, for example "Trực ban".
    pub role: String,
    pub agency: String,
    /// The person's own page.
    pub href: String,
}

/// One entry of the left navigation. Only what exists and what the person may see is passed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NavigationItem {
    /// Key of the text, for example `monitoring-navigation`.
    pub key: String,
    /// Name in the sprite (`assets/icons.txt`).
    pub icon: String,
    pub href: String,
    /// Second level, shown while the person is within the entry.
    pub children: Vec<NavigationItem>,
}

impl NavigationItem {
    pub fn new(key: &str, icon: &str, href: &str) -> Self {
        Self { key: key.into(), icon: icon.into(), href: href.into(), children: Vec::new() }
    }

    pub fn with_children(mut self, children: Vec<NavigationItem>) -> Self {
        self.children = children;
        self
    }
}

/// A figure of the top bar: clocks running, sources silent, inbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counter {
    /// Stable name for live updates, for example `clocks`.
    pub name: String,
    pub icon: String,
    pub count: u64,
    /// Key of a text with the variable `count`, for example "3 đồng hồ".
    pub key: String,
    pub href: String,
    /// Drawn in the colour of a warning (a clock is late), besides the word.
    pub urgent: bool,
}

/// What the message after an act says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashKind {
    Done,
    Note,
    Problem,
}

impl FlashKind {
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Done => "circle-check",
            Self::Note => "info-circle",
            Self::Problem => "alert-triangle",
        }
    }
}

/// A message shown once, after an act, already in the language of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    pub kind: FlashKind,
    pub text: String,
}

/// One choice of the scope switch ("Toàn tỉnh", "Sở Y tế").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeChoice {
    pub name: String,
    pub href: String,
    pub chosen: bool,
}
