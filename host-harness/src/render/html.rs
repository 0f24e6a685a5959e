//! HTML: one page that a person can send to another, for a browser, a phone and paper.
//!
//! Nothing is loaded and nothing runs: no script, no link to anywhere, the style sheet is inside. The page says so to the
//! browser too, with a content security policy that names the hash of that style sheet and allows nothing else. Every text
//! comes from registries, certificates or settings, so all of it goes through `Escaped`, which shows what could turn the
//! writing round as an escape, as the terminal does.

use std::fmt;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use sigwarden_core::decision::{Explanation, Finding, ImageReport, Outcome};

use super::page::{is_command, visible};
use super::text::{Paths, Places};
use super::told::{Reason, Told, is_unmatched, location, told};

const STYLE: &str = include_str!("html.css");

/// What a page is about.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Its headline: the question.
    pub title: &'a str,
    /// A line below it: what was asked about, and by which policy.
    pub about: &'a str,
    /// What is wrong with all of it.
    pub problems: &'a [Finding],
    /// What is refused as a whole.
    pub wholes: &'a [Whole<'a>],
    /// The images.
    pub images: &'a [ImageReport],
    /// What concerns something else than an image.
    pub sections: &'a [Section],
    /// What else there is to say.
    pub warnings: &'a [String],
    /// Whether images are shown with their places.
    pub places: Places,
    /// Whether checks are shown with their path in the settings.
    pub paths: Paths,
}

/// Something with images, of which more is refused than they.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a> {
    /// It in words.
    pub name: &'a str,
    /// Where it comes from.
    pub origin: &'a str,
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub findings: &'a [Finding],
    /// Why there is no answer.
    pub error: Option<&'a str>,
}

/// A list with a heading. Nothing is shown of an empty one.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// A line each.
    pub items: Vec<String>,
}

/// Writes the page about one decision.
///
/// # Errors
/// When `out` cannot be written to.
pub fn explanation(
    out: &mut dyn Write,
    explanation: &Explanation,
    about: &str,
    places: Places,
    paths: Paths,
) -> io::Result<()> {
    let title = if explanation.outcome.refuses() { "This would be refused" } else { "This would be admitted" };
    page(
        out,
        &Page {
            title,
            about,
            problems: &explanation.problems,
            wholes: &[],
            images: &explanation.images,
            sections: &[],
            warnings: &explanation.warnings,
            places,
            paths,
        },
    )
}

/// Writes a page: a summary, what is refused as a whole, then the images, those that are refused first and open; then the rest.
///
/// # Errors
/// When `out` cannot be written to.
pub fn page(out: &mut dyn Write, page: &Page<'_>) -> io::Result<()> {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{style}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title} · sigwarden</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
         <p class=\"subject\">{about}</p>\n</header>",
        title = Escaped(page.title),
        about = Escaped(page.about),
    )?;
    let mut html = Html { out, places: page.places, paths: page.paths };
    html.tally(page)?;
    writeln!(html.out, "<main>")?;
    for problem in page.problems {
        writeln!(html.out, "<section class=\"image is-failed\">")?;
        html.finding(Outcome::Failed, problem, "h2", &[])?;
        writeln!(html.out, "</section>")?;
    }
    for whole in page.wholes {
        html.whole(whole)?;
    }
    let mut images: Vec<&ImageReport> = page.images.iter().collect();
    images.sort_by_key(|image| rank(image));
    for image in images {
        html.image(image)?;
    }
    for section in page.sections {
        html.section(section.title, &section.items)?;
    }
    html.section("Warnings", page.warnings)?;
    writeln!(
        html.out,
        "</main>\n<footer><p>What a code means: <code>sigwarden explain CODE</code>. This page holds no script and loads \
         nothing.</p></footer>\n</body>\n</html>"
    )
}

/// Refused images first, then undecided ones, then what is admitted with a reservation, then the rest, each in the order of
/// the object.
fn rank(image: &ImageReport) -> u8 {
    match shown(image) {
        Outcome::Failed => 0,
        Outcome::Undecided => 1,
        Outcome::Audited => 2,
        Outcome::Skipped => 3,
        Outcome::Passed => 4,
    }
}

/// The outcome as the marks show it: an image without a rule is not verified.
fn shown(image: &ImageReport) -> Outcome {
    if is_unmatched(image) { Outcome::Skipped } else { image.outcome }
}

const fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Skipped => "skipped",
        Outcome::Audited => "audited",
        Outcome::Failed => "failed",
        Outcome::Undecided => "undecided",
    }
}

/// A sign and a word: the colour is for those who see it.
const fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "✓ admitted",
        Outcome::Skipped => "! admitted, no rule",
        Outcome::Audited => "! admitted, audited",
        Outcome::Failed => "✗ refused",
        Outcome::Undecided => "? undecided, so refused",
    }
}

/// What stands on top of an image, or of an object.
fn title(outcome: Outcome, name: &str) -> String {
    let (class, words) = (class(outcome), words(outcome));
    format!("<span class=\"mark {class}\">{words}</span><h2><code>{}</code></h2>", Escaped(name))
}

struct Html<'w> {
    out: &'w mut dyn Write,
    places: Places,
    paths: Paths,
}

impl Html<'_> {
    fn tally(&mut self, page: &Page<'_>) -> io::Result<()> {
        const ORDER: [Outcome; 5] =
            [Outcome::Failed, Outcome::Undecided, Outcome::Audited, Outcome::Skipped, Outcome::Passed];
        writeln!(self.out, "<ul class=\"tally\" aria-label=\"Summary\">")?;
        let images = page.images.len();
        writeln!(self.out, "<li>{images} {}</li>", if images == 1 { "image" } else { "images" })?;
        for outcome in ORDER {
            let count = page.images.iter().filter(|image| shown(image) == outcome).count();
            if count > 0 {
                let (mark, word) = words(outcome).split_once(' ').unwrap_or_default();
                writeln!(self.out, "<li class=\"{}\">{mark} {count} {word}</li>", class(outcome))?;
            }
        }
        writeln!(self.out, "</ul>")
    }

    fn section(&mut self, title: &str, items: &[String]) -> io::Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "<section>\n<h2>{}</h2>\n<ul>", Escaped(title))?;
        for item in items {
            writeln!(self.out, "<li>{}</li>", Escaped(item))?;
        }
        writeln!(self.out, "</ul>\n</section>")
    }

    fn whole(&mut self, whole: &Whole<'_>) -> io::Result<()> {
        let title = title(whole.outcome, whole.name);
        writeln!(self.out, "<section class=\"image is-{}\">\n<header>{title}</header>", class(whole.outcome))?;
        writeln!(self.out, "<p class=\"where\">{}</p>", Escaped(whole.origin))?;
        for finding in whole.findings {
            self.finding(whole.outcome, finding, "h3", &[])?;
        }
        if let Some(error) = whole.error {
            writeln!(self.out, "<p>{}</p>", Escaped(error))?;
        }
        writeln!(self.out, "</section>")
    }

    fn image(&mut self, image: &ImageReport) -> io::Result<()> {
        let outcome = shown(image);
        let title = title(outcome, &image.image);
        // What has to be read stands open; what passed is one line until somebody asks.
        let (open, close) = if outcome.refuses() || outcome == Outcome::Audited {
            (format!("<section class=\"image is-{}\">\n<header>{title}</header>", class(outcome)), "</section>")
        } else {
            (format!("<details class=\"image is-{}\">\n<summary>{title}</summary>", class(outcome)), "</details>")
        };
        writeln!(self.out, "{open}")?;
        let places = image.locations.iter().map(location).collect::<Vec<_>>();
        if self.places == Places::Shown && !places.is_empty() {
            writeln!(self.out, "<dl>")?;
            self.list("in", &places)?;
            writeln!(self.out, "</dl>")?;
        }
        let told = told(image, self.paths);
        // Each run of fields is a list.
        for run in told.chunk_by(|one, other| matches!((one, other), (Told::Field(..), Told::Field(..)))) {
            self.run(run)?;
        }
        writeln!(self.out, "{close}")
    }

    fn run(&mut self, run: &[Told<'_>]) -> io::Result<()> {
        if let [Told::Field(..), ..] = run {
            writeln!(self.out, "<dl>")?;
        }
        for told in run {
            match told {
                Told::Field(label, text) => self.row(label, text)?,
                Told::Sentence(text) | Told::Unexplained(_, text) => writeln!(self.out, "<p>{}</p>", Escaped(text))?,
                Told::Reason(Reason { outcome, finding, rule, evidence, looked }) => {
                    self.finding(
                        *outcome,
                        finding,
                        "h3",
                        &[("rule", rule), ("evidence", evidence), ("looked", looked)],
                    )?;
                }
            }
        }
        if let [Told::Field(..), ..] = run {
            writeln!(self.out, "</dl>")?;
        }
        Ok(())
    }

    fn finding(
        &mut self,
        outcome: Outcome,
        finding: &Finding,
        heading: &str,
        rows: &[(&str, &[String])],
    ) -> io::Result<()> {
        let mark = words(outcome).chars().next().unwrap_or('?');
        writeln!(
            self.out,
            "<div class=\"finding\">\n<{heading}><span class=\"mark {}\" aria-hidden=\"true\">{mark}</span>{} \
             <code>{}</code></{heading}>\n<dl>",
            class(outcome),
            Escaped(&finding.message),
            finding.code
        )?;
        let same =
            finding.wanted.as_deref().zip(finding.found.as_deref()).map_or(0, |(wanted, found)| common(wanted, found));
        for (label, value) in [("wanted", &finding.wanted), ("found", &finding.found)] {
            if let Some(value) = value {
                write!(self.out, "<div><dt>{label}</dt><dd><code>")?;
                self.parted(value, same)?;
                writeln!(self.out, "</code></dd></div>")?;
            }
        }
        for (label, lines) in rows.iter().filter(|(_, lines)| !lines.is_empty()) {
            self.list(label, lines)?;
        }
        if let Some(remedy) = &finding.remedy {
            writeln!(self.out, "<div><dt>do</dt><dd>")?;
            self.remedy(remedy)?;
            writeln!(self.out, "</dd></div>")?;
        }
        writeln!(self.out, "</dl>\n</div>")
    }

    /// `value`, marked from where it parts from what it stands beside.
    fn parted(&mut self, value: &str, same: usize) -> io::Result<()> {
        let start: String = value.chars().take(same).collect();
        let rest: String = value.chars().skip(same).collect();
        if same == 0 || rest.is_empty() {
            return write!(self.out, "{}", Escaped(value));
        }
        write!(self.out, "{}<mark>{}</mark>", Escaped(&start), Escaped(&rest))
    }

    /// Sentences as they are, commands and YAML to be copied.
    fn remedy(&mut self, remedy: &str) -> io::Result<()> {
        let mut commands: Vec<&str> = Vec::new();
        for line in remedy.lines() {
            if is_command(line) {
                commands.push(line);
                continue;
            }
            self.commands(&mut commands)?;
            writeln!(self.out, "<p>{}</p>", Escaped(line))?;
        }
        self.commands(&mut commands)
    }

    fn commands(&mut self, commands: &mut Vec<&str>) -> io::Result<()> {
        if !commands.is_empty() {
            writeln!(self.out, "<pre tabindex=\"0\"><code>{}</code></pre>", EscapedLines(&commands.join("\n")))?;
            commands.clear();
        }
        Ok(())
    }

    fn row(&mut self, label: &str, value: &str) -> io::Result<()> {
        writeln!(self.out, "<div><dt>{label}</dt><dd><code>{}</code></dd></div>", Escaped(value))
    }

    fn list(&mut self, label: &str, lines: &[String]) -> io::Result<()> {
        if let [line] = lines {
            return self.row(label, line);
        }
        writeln!(self.out, "<div><dt>{label}</dt><dd><ul>")?;
        for line in lines {
            writeln!(self.out, "<li><code>{}</code></li>", Escaped(line))?;
        }
        writeln!(self.out, "</ul></dd></div>")
    }
}

/// Characters with which both start, where it tells something that they part there: a pattern goes its own way.
fn common(wanted: &str, found: &str) -> usize {
    let same = wanted.chars().zip(found.chars()).take_while(|(one, other)| one == other).count();
    let is_pattern = wanted.chars().nth(same).is_some_and(|character| matches!(character, '*' | '?'));
    if wanted == found || is_pattern { 0 } else { same }
}

/// Text in an element or a quoted attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in visible(self.0).chars() {
            match character {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\u{a0}' => f.write_str(" ")?,
                other => fmt::Write::write_char(f, other)?,
            }
        }
        Ok(())
    }
}

/// The same, with its line breaks.
struct EscapedLines<'a>(&'a str);

impl fmt::Display for EscapedLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.split('\n').enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            Escaped(line).fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sigwarden_core::decision::{
        BlockReport, CandidateReport, CheckKind, CheckReport, Code, Location, Looked, LookedResult,
    };

    use super::*;

    const EVIL: &str = "<script>alert(1)</script>\"'&\u{202e}";

    fn image(name: &str, outcome: Outcome) -> ImageReport {
        let text = EVIL.to_owned();
        let location = Location { pointer: text.clone(), field: text.clone(), name: text.clone() };
        let finding = Finding::new(Code::Unsigned, EVIL)
            .contrast(format!("a{EVIL}"), format!("ab{EVIL}"))
            .remedy(format!("sentence {EVIL}\ncosign sign {EVIL}\n- key: {EVIL}"));
        let candidate = |outcome, finding| CandidateReport {
            source: text.clone(),
            predicate_type: Some(text.clone()),
            signer: Some(text.clone()),
            outcome,
            finding,
        };
        let (result, settled) = match outcome {
            Outcome::Passed => (candidate(outcome, None), None),
            _ => (candidate(outcome, Some(Finding::new(Code::Unsigned, format!("other {EVIL}")))), Some(finding)),
        };
        let check = CheckReport {
            kind: CheckKind::Attestation,
            path: text.clone(),
            label: text.clone(),
            outcome,
            finding: settled,
            parts: Vec::new(),
            candidates: vec![result],
            more_candidates: 0,
        };
        let looked = vec![
            Looked { carrier: text.clone(), result: LookedResult::Absent },
            Looked { carrier: text.clone(), result: LookedResult::Unreachable(text.clone()) },
        ];
        ImageReport {
            image: format!("{name}{EVIL}"),
            locations: vec![location],
            digest: Some(text.clone()),
            pinned: Some(text.clone()),
            excepted: Some(text.clone()),
            outcome,
            findings: Vec::new(),
            blocks: vec![BlockReport {
                path: text.clone(),
                outcome,
                findings: Vec::new(),
                checks: vec![check],
                looked,
            }],
        }
    }

    fn rendered(images: &[ImageReport]) -> String {
        let problems = [Finding::new(Code::SettingsInvalid, EVIL).remedy(EVIL)];
        let warnings = [EVIL.to_owned()];
        let page = Page {
            title: EVIL,
            about: EVIL,
            problems: &problems,
            wholes: &[Whole {
                name: EVIL,
                origin: EVIL,
                outcome: Outcome::Undecided,
                findings: &problems,
                error: Some(EVIL),
            }],
            images,
            sections: &[Section { title: "Elsewhere", items: vec![EVIL.to_owned()] }],
            warnings: &warnings,
            places: Places::Shown,
            paths: Paths::Shown,
        };
        let mut out = Vec::new();
        super::page(&mut out, &page).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_that_is_shown_becomes_markup() {
        let html = rendered(&[image("a", Outcome::Failed), image("b", Outcome::Passed), image("c", Outcome::Audited)]);
        assert!(!html.contains("<script") && !html.contains('\u{202e}'), "{html}");
        assert!(html.matches("&lt;script&gt;").count() > 40, "{}", html.matches("&lt;script&gt;").count());
        // Every tag that there is was written here.
        let known = [
            "!doctype", "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "ul", "li",
            "main", "section", "details", "summary", "span", "code", "dl", "div", "dt", "dd", "mark", "pre", "footer",
        ];
        for tag in html.split('<').skip(1) {
            let name: String =
                tag.trim_start_matches('/').chars().take_while(|c| c.is_alphanumeric() || *c == '!').collect();
            assert!(known.contains(&name.as_str()), "<{name}");
            let tag = tag.split('>').next().unwrap();
            assert!(!tag.contains("alert") && !tag.contains(" on"), "{tag}");
        }
    }

    #[test]
    fn the_page_is_whole_and_loads_nothing() {
        let html = rendered(&[image("a", Outcome::Failed)]);
        for part in [
            "<!doctype html>",
            "<html lang=\"en\">",
            "default-src 'none'",
            "style-src 'sha256-",
            "name=\"viewport\"",
            "prefers-color-scheme: dark",
            "@media print",
            "</html>",
        ] {
            assert!(html.contains(part), "{part}");
        }
        for part in ["http:", "https:", "url(", "src=", "href=", "@import", "<script", "<link", "style=\""] {
            assert!(!html.contains(part), "{part}");
        }
        for (open, close) in
            [("<dl>", "</dl>"), ("<section", "</section>"), ("<details", "</details>"), ("<div", "</div>")]
        {
            assert_eq!(html.matches(open).count(), html.matches(close).count(), "{open}");
        }
    }

    #[test]
    fn the_worst_comes_first_and_says_so_in_words() {
        let html = rendered(&[
            image("first", Outcome::Passed),
            image("second", Outcome::Undecided),
            image("third", Outcome::Audited),
            image("fourth", Outcome::Failed),
        ]);
        let at = |name: &str| html.find(&format!("<code>{name}")).unwrap();
        assert!(at("fourth") < at("second") && at("second") < at("third") && at("third") < at("first"));
        for words in ["✗ 1 refused", "? 1 undecided, so refused", "! 1 admitted, audited", "✓ 1 admitted", "4 images"]
        {
            assert!(html.contains(words), "{words}");
        }
        // Reasons are open, what passed is folded away.
        assert_eq!(html.matches("<details").count(), 1);
    }

    #[test]
    fn commands_stand_apart_from_sentences() {
        let html = rendered(&[image("a", Outcome::Failed)]);
        let pre = html.split("<pre tabindex=\"0\"><code>").nth(1).unwrap().split("</code>").next().unwrap();
        assert!(pre.starts_with("cosign sign ") && pre.contains("\n- key: "), "{pre}");
        assert!(html.contains("<p>sentence &lt;script"), "{html}");
        assert!(html.contains("<code>a<mark>&lt;script"), "{html}");
    }
}
