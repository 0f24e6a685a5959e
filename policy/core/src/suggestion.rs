//! Which of these words did the author mean?
//!
//! Used for settings and for keys of predicates. Never decides anything: it only words a hint.

/// Longest word, in characters, that is compared: the cost grows with the square, and nobody mistypes a longer key.
const MAX_WORD_CHARS: usize = 64;
/// Most candidates that are compared: a predicate can have any number of keys.
const MAX_CANDIDATES: usize = 256;

/// The candidate closest to `word`, if it is close enough to be a misspelling: up to a third of the letters wrong,
/// capitals not counted.
pub(crate) fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let tolerance = word.chars().count().checked_div(3).unwrap_or(0).max(1);
    let best = ranked(word, candidates).into_iter().next()?;
    (best.distance? <= tolerance).then_some(best.word)
}

/// The candidates, closest first, those that are equally close in their own order.
pub(crate) fn closest_first<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    ranked(word, candidates).into_iter().map(|candidate| candidate.word).collect()
}

struct Candidate<'a> {
    word: &'a str,
    distance: Option<usize>,
}

fn ranked<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<Candidate<'a>> {
    // By the share of letters that are wrong: of two words that differ in eight letters the longer one is closer.
    let rank = |candidate: &Candidate<'_>| match candidate.distance {
        Some(distance) => {
            let letters = word.chars().count().max(candidate.word.chars().count());
            distance.saturating_mul(1000).checked_div(letters).unwrap_or(0)
        }
        None => usize::MAX,
    };
    let mut ranked: Vec<_> = candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .map(|candidate| Candidate { word: candidate, distance: distance(word, candidate) })
        .collect();
    ranked.sort_by_cached_key(rank);
    ranked
}

/// Levenshtein distance without regard to case; `None` where a word is too long to be compared.
fn distance(left: &str, right: &str) -> Option<usize> {
    let letters = |word: &str| -> Option<Vec<char>> {
        let letters: Vec<char> = word.chars().take(MAX_WORD_CHARS.saturating_add(1)).collect();
        (letters.len() <= MAX_WORD_CHARS).then(|| letters.iter().flat_map(|letter| letter.to_lowercase()).collect())
    };
    let (left, right) = (letters(left)?, letters(right)?);

    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, left_letter) in left.iter().enumerate() {
        let mut cell = index.saturating_add(1);
        let mut next_row = vec![cell];
        for (right_letter, above) in right.iter().zip(row.windows(2)) {
            let [diagonal, up] = above else { continue };
            let replaced = diagonal.saturating_add(usize::from(left_letter != right_letter));
            cell = replaced.min(up.saturating_add(1)).min(cell.saturating_add(1));
            next_row.push(cell);
        }
        row = next_row;
    }
    row.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_suggested_if_it_is_close() {
        let words = ["subject", "subjectRegExp", "issuer", "issuerRegExp", "rekor"];
        let cases = [
            ("exact", "issuer", Some("issuer")),
            ("one letter missing", "isuer", Some("issuer")),
            ("two letters swapped", "isseur", Some("issuer")),
            ("capitals", "SUBJECT", Some("subject")),
            ("two letters wrong of twelve", "subjectRegEx", Some("subjectRegExp")),
            ("a third wrong", "rekorrr", Some("rekor")),
            ("more than a third wrong", "rekorrrrrrrr", None),
            ("another word", "identity", None),
            ("empty", "", None),
            ("too long", &"s".repeat(65), None),
        ];
        for (name, word, expected) in cases {
            assert_eq!(closest(word, words), expected, "case `{name}`");
        }
        assert_eq!(closest("a", []), None, "no candidates");
        assert_eq!(closest_first("isuer", words), ["issuer", "issuerRegExp", "subject", "subjectRegExp", "rekor"]);
    }
}
