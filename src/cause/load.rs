//! Reading `grammars/causes/` and `grammars/benign/`: text to causes and rules, each held against its own examples.

use super::hearsay::Hearsay;
use super::matcher::Matcher;
use super::{Catalogue, Cause, CauseId, Fallback, Gives, Rule, RuleId};
use crate::error::{Defect, Result, did_you_mean};
use crate::event::{Certainty, Event, Field, Hop, Role, Severity};
use crate::grammar::when::Condition;
use crate::grammar::wording::Wording;
use crate::grammar::{Borrow, Format, Grammars, RecordReader, Witness};
use crate::knowledge::{File, Library};
use crate::time::Zone;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The precedence of what says nothing about it.
const USUAL_PRECEDENCE: i32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCause {
    id: String,
    title: String,
    meaning: String,
    hop: Hop,
    role: Option<Role>,
    severity: Severity,
    precedence: Option<i32>,
    #[serde(default)]
    consequence: bool,
    #[serde(default)]
    passes_on: bool,
    #[serde(default)]
    lasting: bool,
    #[serde(default)]
    unlogged: bool,
    #[serde(default)]
    absorbs: Vec<String>,
    #[serde(default)]
    explains: Vec<String>,
    #[serde(default)]
    outguesses: Vec<String>,
    retry_safe: Option<String>,
    wrong_reflex: Option<String>,
    #[serde(default)]
    checks: Vec<String>,
    #[serde(default)]
    rule: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBenign {
    id: String,
    title: String,
    #[serde(default)]
    rule: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    on: OneOrMany,
    #[serde(default)]
    says: Option<OneOrMany>,
    when: Option<String>,
    gives: Gives,
    status: Option<u16>,
    precedence: Option<i32>,
    #[serde(default)]
    unlogged: bool,
    /// The program that says it does not know it.
    #[serde(default)]
    guess: bool,
    example: OneOrMany,
}

/// A text, or a list of them. Read by hand: a derived reading would first copy whatever stands there.
struct OneOrMany(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, one: &str) -> std::result::Result<OneOrMany, E> {
                Ok(OneOrMany(vec![one.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut many: A) -> std::result::Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = many.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        from.deserialize_any(Texts)
    }
}

impl Catalogue {
    /// The catalogue built in. Its examples are not tried (that is for [`Self::prove`] and the tests): start-up is quick.
    ///
    /// # Errors
    /// Where a file of knowledge is wrong: names file and line.
    pub fn built_in(grammars: &Grammars) -> Result<Self> {
        Self::load(&Library::built_in().with_examples(), grammars)
    }

    /// The catalogue of a library, for the formats of the same.
    ///
    /// # Errors
    /// Where a file of it is wrong: names file and line.
    pub fn load(library: &Library, grammars: &Grammars) -> Result<Self> {
        Draft::read(library)?.finish(grammars)
    }

    /// The formats and the catalogue of a library, read side by side.
    ///
    /// # Errors
    /// Where a file of it is wrong: names file and line.
    pub fn load_with_grammars(library: &Library) -> Result<(Grammars, Self)> {
        let (grammars, draft) = std::thread::scope(|threads| {
            let grammars = threads.spawn(|| Grammars::load(library));
            let draft = Draft::read(library);
            (grammars.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), draft)
        });
        let grammars = grammars?;
        let catalogue = draft?.finish(&grammars)?;
        Ok((grammars, catalogue))
    }

    /// Holds every rule against its own examples, and what counts as hearsay against its; the defects found.
    pub fn prove(&self, grammars: &Grammars) -> Vec<Defect> {
        let rules = self.rules().flat_map(|(id, rule)| {
            rule.examples.iter().filter_map(move |example| self.prove_one(id, example, grammars).err())
        });
        rules.chain(self.hearsay.prove()).collect()
    }

    fn prove_one(&self, id: RuleId, example: &str, grammars: &Grammars) -> Result<()> {
        let rule = self.rule(id);
        let wrong = |what: String| Err(Defect::new(&rule.place.0, what).at(rule.place.1));
        let reads = |format: &&Arc<Format>| {
            RecordReader::new(Arc::clone(format), Zone::UTC).read(example.as_bytes(), &mut Event::default()).is_some()
        };
        let Some(format) = rule.on.iter().flat_map(|id| grammars.with_id(id)).find(reads) else {
            return wrong(format!("no layout of {} reads this example of {}: {example}", rule.on.join(", "), rule.id));
        };
        let mut event = Event::default();
        RecordReader::new(Arc::clone(format), Zone::UTC).read(example.as_bytes(), &mut event);
        let judge = self.judge(format);
        if format.witness == Witness::Request {
            judge.derive_fields(&mut event);
        }
        match judge.all(&event).first() {
            Some(winner) if *winner == id => Ok(()),
            Some(winner) => {
                wrong(format!("{} is beaten by {} on its own example: {example}", rule.id, self.rule(*winner).id))
            }
            None => wrong(format!("{} does not judge its own example: {example} (read as {event:?})", rule.id)),
        }
    }
}

/// A catalogue that knows nothing of formats yet.
struct Draft {
    causes: Vec<Cause>,
    rules: Vec<Rule>,
    by_id: HashMap<String, CauseId>,
    hearsay: Hearsay,
    fallback: Fallback,
}

impl Draft {
    fn read(library: &Library) -> Result<Self> {
        let mut raws = Vec::new();
        for file in library.below("causes/") {
            raws.push((file, file.parse::<RawCause>()?));
        }
        let by_id: HashMap<String, CauseId> =
            raws.iter().enumerate().map(|(at, (_, raw))| (raw.id.clone(), CauseId(at as u16))).collect();
        let mut rules = Vec::new();
        let mut causes = Vec::new();
        for (file, mut raw) in raws {
            let own = std::mem::take(&mut raw.rule);
            let precedence = raw.precedence.unwrap_or(USUAL_PRECEDENCE);
            let head = Head { id: &raw.id, title: &raw.title, cause: by_id.get(&raw.id).copied(), precedence };
            add_rules(&mut rules, file, &head, own)?;
            causes.push(cause(file, raw, &by_id)?);
        }
        for file in library.below("benign/") {
            let raw: RawBenign = file.parse()?;
            let head = Head { id: &raw.id, title: &raw.title, cause: None, precedence: USUAL_PRECEDENCE };
            add_rules(&mut rules, file, &head, raw.rule)?;
        }
        let fallback =
            Fallback { gateway: required(&by_id, "upstream.unknown")?, other: required(&by_id, "app.error")? };
        Ok(Self { causes, rules, by_id, hearsay: Hearsay::load(library)?, fallback })
    }

    fn finish(self, grammars: &Grammars) -> Result<Catalogue> {
        let by_format = by_format(&self.rules, grammars)?;
        let Self { causes, rules, by_id, hearsay, fallback } = self;
        Ok(Catalogue {
            causes,
            rules,
            by_id,
            by_format,
            borrows: grammars.borrows.clone(),
            advice: grammars.advice.clone(),
            hearsay,
            fallback,
        })
    }
}

fn required(by_id: &HashMap<String, CauseId>, id: &str) -> Result<CauseId> {
    by_id.get(id).copied().ok_or_else(|| Defect::new("grammars/causes", format!("the cause {id} is missing")))
}

fn cause(file: &File, raw: RawCause, by_id: &HashMap<String, CauseId>) -> Result<Cause> {
    let expected = format!("causes/{}.toml", raw.id.replacen('.', "/", 1));
    if !file.name.replace('\\', "/").ends_with(&expected) {
        return Err(
            Defect::new(&file.name, format!("the cause {} belongs into {expected}", raw.id)).at(file.line_of(&raw.id))
        );
    }
    Ok(Cause {
        absorbs: references(file, &raw.absorbs, by_id)?,
        explains: references(file, &raw.explains, by_id)?,
        outguesses: references(file, &raw.outguesses, by_id)?,
        id: raw.id,
        title: raw.title,
        meaning: raw.meaning,
        hop: raw.hop,
        role: raw.role,
        severity: raw.severity,
        precedence: raw.precedence.unwrap_or(USUAL_PRECEDENCE),
        consequence: raw.consequence,
        passes_on: raw.passes_on,
        lasting: raw.lasting,
        unlogged: raw.unlogged,
        retry_safe: raw.retry_safe,
        wrong_reflex: raw.wrong_reflex,
        checks: raw.checks,
        file: file.name.clone(),
    })
}

fn references(file: &File, names: &[String], by_id: &HashMap<String, CauseId>) -> Result<Vec<CauseId>> {
    let known = |name: &String| {
        by_id.get(name).copied().ok_or_else(|| {
            let defect = Defect::new(&file.name, format!("there is no cause \"{name}\"")).at(file.line_of(name));
            match did_you_mean(name, by_id.keys().map(String::as_str)) {
                Some(hint) => defect.hint(hint),
                None => defect,
            }
        })
    };
    names.iter().map(known).collect()
}

/// What the rules of one file have in common.
struct Head<'r> {
    id: &'r str,
    title: &'r str,
    cause: Option<CauseId>,
    precedence: i32,
}

fn add_rules(rules: &mut Vec<Rule>, file: &File, head: &Head<'_>, raws: Vec<RawRule>) -> Result<()> {
    let lines = file.lines_of_tables("[[rule]]");
    for (number, raw) in raws.into_iter().enumerate() {
        let examples = raw.example.0;
        let line = lines.get(number).copied().unwrap_or(1);
        let wrong = |what: String| Defect::new(&file.name, format!("rule {}: {what}", number + 1)).at(line);
        if (raw.gives == Gives::Benign) != head.cause.is_none() {
            return Err(wrong("gives = \"benign\" belongs into grammars/benign, and nothing else does".into()));
        }
        let when = raw.when.as_deref().map(Condition::parse).transpose().map_err(wrong)?;
        let says: Vec<Wording> =
            raw.says.map_or_else(Vec::new, |says| says.0).iter().map(|text| Wording::parse(text)).collect();
        if says.is_empty() && when.is_none() {
            return Err(wrong("it needs a `says` or a `when`: it would fit every record".into()));
        }
        rules.push(Rule {
            id: format!("{}#{}", head.id, number + 1),
            title: head.title.to_owned(),
            cause: head.cause,
            on: raw.on.0,
            certainty: if raw.guess { Certainty::Implied } else { certainty(raw.gives, &says, when.as_ref()) },
            says,
            when,
            when_text: raw.when,
            gives: raw.gives,
            status: raw.status,
            precedence: raw.precedence.unwrap_or(head.precedence),
            unlogged: raw.unlogged,
            examples,
            place: (file.name.clone(), line),
        });
    }
    Ok(())
}

/// A line that says it is sure, in words or by the number of an event; the fields of a request imply it; where the log does
/// not say who answered, only the status is known.
fn certainty(gives: Gives, says: &[Wording], when: Option<&Condition>) -> Certainty {
    match when {
        _ if !says.is_empty() || gives == Gives::Condition => Certainty::Stated,
        Some(when) if when.mentions(Field::AnsweredBy, b"unknown") => Certainty::Default,
        _ => Certainty::Implied,
    }
}

/// A rule's wordings in the frame of another format; those without a word of their own mean nothing outside of theirs.
pub(super) fn lend(says: &[Wording], borrow: &Borrow) -> Vec<Wording> {
    let frame = format!("{}{{_}}", borrow.prefix);
    let texts = says.iter().map(ToString::to_string).filter(|text| text.starts_with(&borrow.prefix));
    let texts = texts.flat_map(|text| {
        let alone = text.len() > frame.len();
        let frames = borrow.to.iter().filter(move |to| alone || !to.is_empty());
        frames.map(move |to| format!("{to}{}", &text[borrow.prefix.len()..])).collect::<Vec<_>>()
    });
    texts.map(|text| Wording::parse(&text)).collect()
}

/// What finds the rules of each format. It is built when the format is met: of all formats it would take longer than most
/// logs do.
fn by_format(rules: &[Rule], grammars: &Grammars) -> Result<HashMap<String, OnceLock<Matcher>>> {
    let known: BTreeSet<&str> = grammars.ids().into_iter().collect();
    for rule in rules {
        if let Some(unknown) = rule.on.iter().find(|format| !known.contains(format.as_str())) {
            let defect = Defect::new(&rule.place.0, format!("there is no format \"{unknown}\"")).at(rule.place.1);
            return Err(match did_you_mean(unknown, known.iter().copied()) {
                Some(hint) => defect.hint(hint),
                None => defect,
            });
        }
    }
    Ok(known.into_iter().map(|format| (format.to_owned(), OnceLock::new())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_judges_its_own_examples() {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let catalogue = Catalogue::built_in(&grammars).unwrap_or_else(|defect| panic!("{defect}"));
        let defects = catalogue.prove(&grammars);
        let shown: Vec<String> = defects.iter().map(ToString::to_string).collect();
        assert!(defects.is_empty(), "{} rules do not hold:\n{}", defects.len(), shown.join("\n"));
    }
}
