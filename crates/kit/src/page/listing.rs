//! Lists: filter chips, order of columns, pages and tabs. All of them are links that hold the whole address.

use super::{Address, Page};

/// One filter that is on. Its link takes it away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chip {
    /// What is filtered, in words: "Mức độ".
    pub name: String,
    /// The value in words: "Cao".
    pub value: String,
    /// The list without this filter.
    pub remove: String,
}

impl Chip {
    /// A chip for `parameter=code` of the address.
    pub fn of(
        address: &Address,
        parameter: &str,
        code: &str,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self { name: name.into(), value: value.into(), remove: address.without_value(parameter, code).to_string() }
    }
}

/// Pages of a list. Page numbers start at one and stand in the address as `page`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pagination {
    pub page: u64,
    pub per_page: u64,
    pub total: u64,
}

impl Pagination {
    /// Reads the page number from the address; a number past the end becomes the last page.
    pub fn of(address: &Address, per_page: u64, total: u64) -> Self {
        let per_page = per_page.max(1);
        let last = total.div_ceil(per_page).max(1);
        let page = address.value("page").and_then(|text| text.parse().ok()).unwrap_or(1);
        Self { page: u64::clamp(page, 1, last), per_page, total }
    }

    pub fn last(&self) -> u64 {
        self.total.div_ceil(self.per_page.max(1)).max(1)
    }

    /// Rows to skip in the query.
    pub fn offset(&self) -> u64 {
        (self.page.max(1) - 1).saturating_mul(self.per_page).min(i64::MAX as u64)
    }

    pub fn is_needed(&self) -> bool {
        self.last() > 1
    }

    /// Numbers to show; `None` is a gap: 1 … 4 5 6 … 20.
    pub fn steps(&self) -> Vec<Option<u64>> {
        let mut steps = Vec::new();
        for number in 1..=self.last() {
            let near = number.abs_diff(self.page) <= 1 || number == 1 || number == self.last();
            if near {
                steps.push(Some(number));
            } else if steps.last() != Some(&None) {
                steps.push(None);
            }
            if number > self.page + 1 && number < self.last() {
                steps.push(Some(self.last()));
                break;
            }
        }
        steps
    }

    /// "41–60 trong 1.234".
    pub fn words(&self, page: &Page) -> String {
        let first = if self.total == 0 { 0 } else { self.offset() + 1 };
        page.tm(
            "shell-pages-shown",
            &[
                ("first", page.format.number(first).into()),
                ("last", page.format.number((self.offset() + self.per_page).min(self.total)).into()),
                ("total", page.format.number(self.total).into()),
            ],
        )
    }
}

/// Order of a list, in the address as `sort=name` or `sort=-name`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sorting {
    pub column: String,
    pub descending: bool,
}

impl Sorting {
    /// Reads `sort`; only names in `allowed` count, the first of them is the default (with `-` for descending).
    pub fn of(address: &Address, allowed: &[&str]) -> Self {
        let read =
            |text: &str| Self { column: text.trim_start_matches('-').to_owned(), descending: text.starts_with('-') };
        let default = allowed.first().map(|text| read(text)).unwrap_or_default();
        address
            .value("sort")
            .map(read)
            .filter(|sorting| allowed.iter().any(|name| name.trim_start_matches('-') == sorting.column))
            .unwrap_or(default)
    }

    /// Value of `aria-sort` for a column.
    pub fn state(&self, column: &str) -> &'static str {
        match (self.column == column, self.descending) {
            (false, _) => "none",
            (true, false) => "ascending",
            (true, true) => "descending",
        }
    }

    /// The list in the order of `column`, the other way round if it is that already.
    pub fn link(&self, address: &Address, column: &str) -> String {
        let descending = self.column == column && !self.descending;
        address.with("sort", if descending { format!("-{column}") } else { column.to_owned() }).to_string()
    }
}

/// One tab of a page; each has its own address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tab {
    pub name: String,
    pub href: String,
    pub chosen: bool,
    /// Figure beside the name, where one helps.
    pub count: Option<u64>,
}
