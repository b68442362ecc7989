//! What measurements are made of: numbers that are the same every time, indicators out of them, and what Linux says of memory
//! and processor time.

/// SplitMix64.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn name(&mut self) -> String {
        let (mut number, endings) = (self.next(), ["com", "net", "xyz", "top", "info", "ru", "cn", "vn", "io", "site"]);
        let length = 5 + number % 14;
        let mut name: String = (0..length)
            .map(|_| {
                let letter = char::from(b'a' + u8::try_from(number % 26).unwrap_or_default());
                number = (number / 26) ^ (self.next() >> 40);
                letter
            })
            .collect();
        if number.is_multiple_of(4) {
            name.push_str(".cdn");
        }
        name + "." + endings.get(self.next() as usize % endings.len()).copied().unwrap_or_default()
    }

    pub(crate) fn address(&mut self) -> String {
        let [a, b, c, d, ..] = self.next().to_le_bytes();
        format!("{}.{b}.{c}.{d}", 11 + a % 80)
    }

    /// An indicator as a list writes it; half of them are domains.
    pub(crate) fn indicator(&mut self) -> String {
        match self.next() % 100 {
            0..50 => self.name(),
            50..74 => self.address(),
            74 => format!("{}/{}", self.address(), 16 + self.next() % 13),
            75..85 => format!("http://{}/{:x}/{}.php", self.name(), self.next(), self.next() % 1_000),
            85..92 => format!("{:016x}{:016x}", self.next(), self.next()),
            92..98 => format!("{:016x}{:016x}{:016x}{:016x}", self.next(), self.next(), self.next(), self.next()),
            _ => format!("{:x}@{}", self.next() >> 40, self.name()),
        }
    }
}

/// CPU time of this thread in seconds (Linux; elsewhere 0).
pub(crate) fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Resident memory in bytes (Linux; elsewhere 0).
pub(crate) fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}
