//! How wide a line of Times New Roman Bold is, so that the lines under agency and summary get the length the decree asks
//! for (one third to one half of the text). An estimate from the advance widths of the face; half a letter is close enough.

use unicode_normalization::UnicodeNormalization;

/// Width in twips (1/20 point) of `text` set bold at `points`.
pub(crate) fn bold_width(text: &str, points: u32) -> u32 {
    let thousandths: u32 = text.chars().map(bold_advance).sum();
    thousandths * points * 20 / 1000
}

/// The text in lines of at most `column` twips. Two lines are made about equally long, so that no single word is left
/// alone on the second: "ỦY BAN NHÂN DÂN" over "TỈNH BÌNH LÂM".
pub(crate) fn lines(text: &str, points: u32, column: u32) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut greedy: Vec<String> = Vec::new();
    for word in &words {
        match greedy.last_mut() {
            Some(line) if bold_width(&format!("{line} {word}"), points) <= column => {
                line.push(' ');
                line.push_str(word);
            }
            _ => greedy.push((*word).to_owned()),
        }
    }
    if greedy.len() != 2 {
        return greedy;
    }
    let halves = (1..words.len()).map(|at| {
        let (first, second) = words.split_at(at);
        [first.join(" "), second.join(" ")]
    });
    // The first line may be the longer one, never the other way round by much: ties go to the earlier break.
    let longest = |halves: &[String; 2]| halves.iter().map(|half| bold_width(half, points)).max().unwrap_or_default();
    halves.min_by_key(longest).map_or(greedy, Vec::from)
}

/// Advance in thousandths of the type size. Vietnamese letters are as wide as their base letter, Ơ, Ư apart.
fn bold_advance(character: char) -> u32 {
    match character {
        'Ơ' => 778,
        'Ư' => 796,
        'ơ' => 554,
        'ư' => 600,
        'Đ' => 722,
        'đ' => 556,
        _ => base_advance(std::iter::once(character).nfd().next().unwrap_or(character)),
    }
}

fn base_advance(character: char) -> u32 {
    match character {
        'W' => 1000,
        'M' => 944,
        'm' | '&' => 833,
        'G' | 'H' | 'K' | 'O' | 'Q' => 778,
        'A' | 'C' | 'D' | 'N' | 'R' | 'U' | 'V' | 'X' | 'Y' | 'w' => 722,
        'B' | 'E' | 'L' | 'T' | 'Z' => 667,
        'F' | 'P' => 611,
        'S' | 'b' | 'd' | 'h' | 'k' | 'n' | 'p' | 'q' | 'u' => 556,
        'c' | 'e' | 'r' | 'z' => 444,
        'I' | 's' => 389,
        'f' | 'j' | 't' | '-' | '(' | ')' => 333,
        'i' | 'l' | '/' | '\'' => 278,
        ' ' | ',' | '.' => 250,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measured with the metrics of a face that is metric-compatible with Times New Roman Bold.
    #[test]
    fn prescribed_lines_have_their_measured_width() {
        for (text, points, measured) in
            [("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, 5007), ("Độc lập - Tự do - Hạnh phúc", 13, 3183)]
        {
            let width = bold_width(text, points);
            assert!(width.abs_diff(measured) < 60, "{text}: {width}, measured {measured}");
        }
    }

    #[test]
    fn two_lines_are_balanced_and_more_are_filled() {
        let column = 4094;
        assert_eq!(lines("ỦY BAN NHÂN DÂN TỈNH BÌNH LÂM", 12, column), ["ỦY BAN NHÂN DÂN", "TỈNH BÌNH LÂM"]);
        assert_eq!(lines("SỞ Y TẾ", 12, column), ["SỞ Y TẾ"]);
        let long = lines("PHÒNG AN NINH MẠNG VÀ PHÒNG, CHỐNG TỘI PHẠM SỬ DỤNG CÔNG NGHỆ CAO", 12, column);
        assert!(long.len() > 2 && long.iter().all(|line| bold_width(line, 12) <= column), "{long:?}");
        assert!(lines("", 12, column).is_empty());
    }
}
