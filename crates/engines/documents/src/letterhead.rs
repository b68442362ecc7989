//! The words that the decree prescribes for every document. They are part of the layout, as the margins are.

/// Quốc hiệu (Annex I, II.1).
pub(crate) const NATION: &str = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM";
/// Tiêu ngữ (Annex I, II.1).
pub(crate) const MOTTO: &str = "Độc lập - Tự do - Hạnh phúc";
/// Before the number (Annex I, II.3).
pub(crate) const NUMBER: &str = "Số:";
/// Before the addressee of a letter or report (Annex I, II.9).
pub(crate) const ADDRESSED_TO: &str = "Kính gửi:";
/// Above the recipients (Annex I, II.9).
pub(crate) const RECIPIENTS: &str = "Nơi nhận:";
/// Before the summary of an official letter (Annex I, II.5).
pub(crate) const CONCERNING: &str = "V/v";
/// Head of an appendix (Annex I, III).
pub(crate) const APPENDIX: &str = "Phụ lục";
/// Mark of a document that nobody has approved yet.
pub(crate) const DRAFT: &str = "DỰ THẢO";
/// Closes the text.
pub(crate) const END: &str = "./.";

/// `05/BC-CAT`: numbers under ten get a leading zero (Annex I, II.3); an unissued document keeps room for the hand.
pub(crate) fn number_and_symbol(number: Option<u32>, symbol: &str) -> String {
    match number {
        Some(number) => format!("{NUMBER} {number:02}/{symbol}"),
        None => format!("{NUMBER}          /{symbol}"),
    }
}

/// `Hà Tĩnh, ngày 05 tháng 02 năm 2026`: days under ten and months 1 and 2 get a leading zero (Annex I, II.4).
pub(crate) fn place_and_date(place: &str, date: Option<jiff::civil::Date>) -> String {
    match date {
        Some(date) => {
            let month = if date.month() <= 2 { format!("{:02}", date.month()) } else { date.month().to_string() };
            format!("{place}, ngày {:02} tháng {month} năm {}", date.day(), date.year())
        }
        None => format!("{place}, ngày      tháng      năm"),
    }
}

/// Roman numeral for parts 1 to 39; beyond that Arabic, which no report reaches.
pub(crate) fn roman(number: usize) -> String {
    const ONES: [&str; 10] = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"];
    match (ONES.get(number % 10), number) {
        (Some(ones), 1..=39) => format!("{}{ones}", "X".repeat(number / 10)),
        _ => number.to_string(),
    }
}

/// Letters of points in Vietnamese order: a, b, c, d, đ, e, g …; beyond the alphabet the number.
pub(crate) fn letter(number: usize) -> String {
    const LETTERS: [&str; 23] = [
        "a", "b", "c", "d", "đ", "e", "g", "h", "i", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "x",
        "y",
    ];
    number.checked_sub(1).and_then(|index| LETTERS.get(index)).map_or_else(|| number.to_string(), |l| (*l).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn leading_zeros_follow_the_decree() {
        assert_eq!(number_and_symbol(Some(5), "BC-CAT"), "Số: 05/BC-CAT");
        assert_eq!(number_and_symbol(Some(128), "BC-CAT"), "Số: 128/BC-CAT");
        assert_eq!(place_and_date("Hà Tĩnh", Some(date(2026, 2, 5))), "Hà Tĩnh, ngày 05 tháng 02 năm 2026");
        assert_eq!(place_and_date("Hà Tĩnh", Some(date(2026, 3, 25))), "Hà Tĩnh, ngày 25 tháng 3 năm 2026");
    }

    #[test]
    fn parts_and_points_are_counted_the_vietnamese_way() {
        assert_eq!(
            (1..=4).chain([9, 14, 29]).map(roman).collect::<Vec<_>>(),
            ["I", "II", "III", "IV", "IX", "XIV", "XXIX"]
        );
        assert_eq!((4..=7).map(letter).collect::<Vec<_>>(), ["d", "đ", "e", "g"]);
        assert_eq!(letter(24), "24");
        assert_eq!(roman(40), "40");
    }
}
