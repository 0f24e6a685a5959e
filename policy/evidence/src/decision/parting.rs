//! Where do what was wanted and what was found part?
//!
//! Words for people: nothing is decided here. What was wanted may be a pattern, of which `*` and `?` stand for what was found.

/// Characters of either text that are compared: longer than any identity that people write, and the work is their product.
const MAX_COMPARED: usize = 512;

/// Characters before the parting that stay, so that a person recognises the place.
const KEPT_BEFORE: usize = 12;

/// A shared start that is no longer than this is shown as it is.
const SHORT_START: usize = 32;

/// The first character of `found` that `wanted` has no place for, counted in characters: that which stands where `wanted` got
/// furthest. `None` where they are equal, where `wanted` takes all of `found`, or where they part at their first character.
#[must_use]
pub fn parting(wanted: &str, found: &str) -> Option<usize> {
    let pattern: Vec<char> = wanted.chars().take(MAX_COMPARED).collect();
    // The places in the pattern at which a reader may stand who has read so much of `found`.
    let mut standing = vec![false; pattern.len().saturating_add(1)];
    enter(&pattern, &mut standing, 0);
    let (mut furthest, mut at) = (furthest_of(&pattern, &standing), 0_usize);
    for (index, character) in found.chars().take(MAX_COMPARED).enumerate() {
        let mut next = vec![false; standing.len()];
        for (place, sign) in pattern.iter().enumerate() {
            if !standing.get(place).copied().unwrap_or(false) {
                continue;
            }
            match sign {
                '*' => enter(&pattern, &mut next, place),
                _ if *sign == '?' || *sign == character => enter(&pattern, &mut next, place.saturating_add(1)),
                _ => {}
            }
        }
        if !next.contains(&true) {
            break;
        }
        let reached = furthest_of(&pattern, &next);
        if reached > furthest {
            (furthest, at) = (reached, index.saturating_add(1));
        }
        standing = next;
    }
    // What the pattern's end took, nothing is wrong with.
    let ends_open = pattern.last() == Some(&'*') && furthest == pattern.len();
    let is_whole = furthest == pattern.len() && at == found.chars().count();
    (at > 0 && !ends_open && !is_whole).then_some(at)
}

/// A star may stand for nothing, so who stands before it stands behind it too.
fn enter(pattern: &[char], standing: &mut [bool], place: usize) {
    let stars = pattern.iter().skip(place).take_while(|sign| **sign == '*').count();
    for place in place..=place.saturating_add(stars) {
        if let Some(here) = standing.get_mut(place) {
            *here = true;
        }
    }
}

fn furthest_of(pattern: &[char], standing: &[bool]) -> usize {
    standing.iter().rposition(|here| *here).unwrap_or(0).min(pattern.len())
}

/// `found`, with most of a long start left out that it shares with `wanted`: the eye falls on where they part.
#[must_use]
pub fn from_parting(wanted: &str, found: &str) -> String {
    match parting(wanted, found) {
        Some(at) if at > SHORT_START => {
            let rest: String = found.chars().skip(at.saturating_sub(KEPT_BEFORE)).collect();
            format!("…{rest}")
        }
        _ => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE: &str = "https://github.com/myorg/app/.github/workflows/release.yml@refs/heads/main";

    #[test]
    fn is_where_the_pattern_got_furthest() {
        let cases = [
            ("in the middle", "https://a/b", "https://a/c", Some(10)),
            ("one goes on", "https://a", "https://a/c", Some(9)),
            ("one ends", "https://a/c", "https://a", Some(9)),
            ("equal", "a", "a", None),
            ("nothing at all", "", "", None),
            ("from the start", "alice@example.org", "https://a", None),
            ("behind a star", "https://a/*@main", "https://a/b@dev", Some(12)),
            ("before a star", "https://a/*", "https://b/x", Some(8)),
            ("a star that takes all", "https://a/*", "https://a/b", None),
            ("a question mark", "a?c", "abd", Some(2)),
            ("characters, not bytes", "äöü1", "äöü2", Some(3)),
            (
                "a branch, with a star for the repository",
                "https://github.com/myorg/*/.github/workflows/release.yml@refs/heads/main",
                "https://github.com/myorg/app/.github/workflows/release.yml@refs/heads/next",
                Some(70),
            ),
        ];
        for (name, wanted, found, expected) in cases {
            assert_eq!(parting(wanted, found), expected, "case `{name}`");
        }
    }

    #[test]
    fn a_long_shared_start_is_left_out() {
        let branch = RELEASE.replace("main", "next");
        assert_eq!(from_parting(RELEASE, &branch), "…@refs/heads/next");
        let fork = RELEASE.replace("myorg", "mallory");
        assert_eq!(from_parting(RELEASE, &fork), fork, "a short start stays");
        assert_eq!(from_parting(RELEASE, "me@example.test"), "me@example.test");
        let umlauts = format!("{}b", "ä".repeat(40));
        assert_eq!(from_parting(&"ä".repeat(41), &umlauts), format!("…{}b", "ä".repeat(12)));
    }

    #[test]
    fn hostile_texts_cost_little() {
        let (stars, long) = ("*a".repeat(400), "a".repeat(100_000));
        assert_eq!(parting(&stars, &long).map(|at| at < MAX_COMPARED), Some(true));
        assert!(from_parting(&long, &format!("{long}b")).chars().count() <= 100_100);
    }
}
