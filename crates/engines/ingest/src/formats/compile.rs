//! A format file turned into something fast: expressions compiled, names hashed, sources inverted so that one
//! pass over a record's fields finds every column and alias that wants them.

use super::csv::NamedList;
use super::definition::{
    CsvList, Extract, FieldRules, FormatFile, LogSourceRules, OutcomeRules, Sample, Sources, TimeRule, Words,
};
use super::expressions::{build_regex, build_set};
use super::time::{Layout, zone};
use super::transform::{Source, Transform, ValueMap};
use super::w3c::FieldList;
use event::{Column, Text, Value};
use foldhash::fast::FixedState;
use jiff::tz::TimeZone;
use regex::{Regex, RegexSet};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// A table that only format files fill, so that nobody outside can make it degenerate.
type Names<T> = HashMap<Text, T, FixedState>;

pub(crate) struct Format {
    /// Its place among all formats.
    pub(crate) number: usize,
    pub(crate) name: Arc<str>,
    /// `name@version`, as stored with every event.
    pub(crate) id: Arc<str>,
    pub(crate) title: Arc<str>,
    pub(crate) order: i32,
    pub(crate) extract: Extract,
    pub(crate) recognise_fields: Vec<Vec<Condition>>,
    pub(crate) lines: Vec<String>,
    pub(crate) messages: Vec<String>,
    pub(crate) programs: Vec<String>,
    pub(crate) headers: RegexSet,
    pub(crate) field_lists: Vec<FieldList>,
    pub(crate) log_fields: Vec<String>,
    pub(crate) csv: Vec<NamedList>,
    /// What stands between the name and the value of a pair.
    pub(crate) sign: char,
    pub(crate) pattern_set: RegexSet,
    pub(crate) patterns: Vec<CompiledPattern>,
    pub(crate) names: NameRules,
    pub(crate) targets: Targets,
    pub(crate) lists: Vec<(Box<str>, Vec<Source>)>,
    pub(crate) constants: Vec<(Column, Value)>,
    pub(crate) log_source: CompiledLogSource,
    pub(crate) tables: Vec<CompiledTable>,
    pub(crate) times: Vec<CompiledTime>,
    pub(crate) message: Vec<Source>,
    pub(crate) inner_text: Vec<String>,
    pub(crate) inner_program: Vec<String>,
    pub(crate) inner_objects: Vec<String>,
    pub(crate) samples: Vec<Sample>,
}

pub(crate) struct Condition {
    pub(crate) field: Box<str>,
    pub(crate) value: Option<Box<str>>,
}

pub(crate) struct CompiledPattern {
    pub(crate) regex: Regex,
    /// Field of each capture group; group 0 has none.
    pub(crate) groups: Vec<Option<Text>>,
    pub(crate) outcome: Outcome,
}

#[derive(Default)]
pub(crate) struct NameRules {
    pub(crate) trim: bool,
    pub(crate) rename: Names<Text>,
    pub(crate) strip: Vec<String>,
    pub(crate) strip_with_next: Vec<String>,
    pub(crate) strip_to_capital: Vec<String>,
    /// By the first byte of a name: whether any of these can stand before it.
    pub(crate) stripped_from: FirstBytes,
    pub(crate) without_spaces: bool,
    pub(crate) braces: HashSet<Text, FixedState>,
}

/// The bytes with which some texts begin.
#[derive(Default)]
pub(crate) struct FirstBytes([u64; 4]);

impl FirstBytes {
    fn of<'a>(texts: impl Iterator<Item = &'a String>) -> Self {
        let mut words = [0; 4];
        for byte in texts.filter_map(|text| text.bytes().next()) {
            if let Some(word) = words.get_mut(usize::from(byte >> 6)) {
                *word |= 1_u64 << (byte & 63);
            }
        }
        Self(words)
    }

    pub(crate) fn may_begin(&self, name: &str) -> bool {
        let bit = |byte: u8| self.0.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1);
        name.bytes().next().is_some_and(bit)
    }
}

impl NameRules {
    pub(crate) fn is_empty(&self) -> bool {
        let texts = self.trim || self.without_spaces || !self.braces.is_empty();
        let prefixes = [&self.strip, &self.strip_with_next, &self.strip_to_capital];
        !texts && self.rename.is_empty() && prefixes.iter().all(|prefixes| prefixes.is_empty())
    }

    /// A name as the format calls it.
    pub(crate) fn renamed(&self, name: &Text) -> Text {
        if !self.stripped_from.may_begin(name) {
            return self.called(name);
        }
        let rest = self.stripped(name).unwrap_or(name.as_str());
        match self.capitalised(rest) {
            Some(name) => self.called(&name),
            None => self.called(rest),
        }
    }

    fn called(&self, name: &str) -> Text {
        self.rename.get(name).cloned().unwrap_or_else(|| name.into())
    }

    /// What is left of a name behind the first prefix after which a capital stands.
    fn capitalised(&self, name: &str) -> Option<String> {
        self.strip_to_capital.iter().find_map(|prefix| {
            let mut rest = name.strip_prefix(prefix.as_str())?.chars();
            let first = rest.next()?;
            Some(first.to_uppercase().chain(rest).collect())
        })
    }

    /// What is left of a name behind the first prefix of either kind that is stripped off.
    fn stripped<'n>(&self, name: &'n str) -> Option<&'n str> {
        let filled = |rest: &&str| !rest.is_empty();
        let plain = self.strip.iter().find_map(|prefix| name.strip_prefix(prefix.as_str()).filter(filled));
        let name = plain.unwrap_or(name);
        let with_next = self.strip_with_next.iter().find_map(|prefix| {
            let (_, rest) = name.strip_prefix(prefix.as_str())?.split_once('.')?;
            Some(rest).filter(filled)
        });
        with_next.or(plain)
    }

    /// A name with blanks as rules may spell it.
    pub(crate) fn spellings(name: &Text) -> [Text; 2] {
        [name.replace(' ', "").into(), name.replace(' ', "_").into()]
    }
}

pub(crate) enum Target {
    Column(Column),
    Alias(Text),
}

/// One field's use for one target; the lowest rank that has a value wins.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) target: usize,
    pub(crate) rank: u16,
    pub(crate) transforms: Vec<Transform>,
}

#[derive(Default)]
pub(crate) struct Targets {
    pub(crate) targets: Vec<Target>,
    pub(crate) uses: Names<Vec<Use>>,
    pub(crate) templates: Vec<(usize, u16, Source)>,
}

#[derive(Default)]
pub(crate) struct CompiledLogSource {
    pub(crate) product: Option<Arc<str>>,
    pub(crate) product_from: Vec<Box<str>>,
    pub(crate) categories: Vec<Arc<str>>,
    pub(crate) services: Vec<Arc<str>>,
    pub(crate) service_from: Vec<Box<str>>,
}

pub(crate) struct CompiledTable {
    pub(crate) keys: Vec<Box<str>>,
    pub(crate) rows: HashMap<String, Vec<Outcome>>,
}

#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) when: Vec<(Box<str>, Vec<String>)>,
    pub(crate) product: Option<Arc<str>>,
    pub(crate) categories: Vec<Arc<str>>,
    pub(crate) services: Vec<Arc<str>>,
    pub(crate) set: Vec<(Column, Value)>,
    pub(crate) columns: Vec<(Column, Vec<Source>)>,
    pub(crate) alias: Vec<(Box<str>, Vec<Source>)>,
}

pub(crate) struct CompiledTime {
    pub(crate) sources: Vec<Source>,
    pub(crate) layouts: Vec<Layout>,
    pub(crate) zone_from: Option<Box<str>>,
    pub(crate) zone: Option<TimeZone>,
}

/// Compiles a format file; the error says what in it is wrong.
pub(crate) fn compile(file: FormatFile) -> Result<Format, String> {
    if file.name.is_empty() || !file.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        return Err(format!("name {:?} is not made of letters, digits, dashes", file.name));
    }
    let maps: BTreeMap<String, ValueMap> = file
        .value_map
        .iter()
        .map(|(name, rows)| (name.clone(), Arc::new(rows.clone().into_iter().collect())))
        .collect();
    let patterns = file
        .pattern
        .iter()
        .map(|pattern| {
            let regex = build_regex(pattern.regex.as_deref().ok_or("a [[pattern]] without regex")?)?;
            let groups = regex.capture_names().map(|name| name.map(Text::from)).collect();
            Ok(CompiledPattern { regex, groups, outcome: outcome(pattern, &maps)? })
        })
        .collect::<Result<Vec<_>, String>>()?;
    if file.extract == Extract::Patterns && patterns.is_empty() && file.recognise.programs.is_empty() {
        return Err("extract = \"patterns\" needs a [[pattern]]".to_owned());
    }
    if file.extract == Extract::Csv && file.csv.is_empty() {
        return Err("extract = \"csv\" needs a [[csv]]".to_owned());
    }
    for expression in file.recognise.lines.iter().chain(&file.recognise.messages) {
        build_regex(expression)?;
    }
    let field_list = |text: &String| FieldList::parse(text).ok_or_else(|| format!("{text:?} is no list of fields"));
    Ok(Format {
        number: 0,
        headers: build_set(file.recognise.headers.iter().map(String::as_str))?,
        field_lists: file.field_lists.iter().map(field_list).collect::<Result<_, _>>()?,
        csv: file.csv.iter().map(csv_list).collect::<Result<_, _>>()?,
        sign: file.sign,
        id: format!("{}@{}", file.name, file.version).into(),
        name: file.name.as_str().into(),
        title: file.title.as_str().into(),
        order: file.order,
        extract: file.extract,
        recognise_fields: file
            .recognise
            .fields
            .iter()
            .map(|all| all.iter().map(|one| condition(one)).collect())
            .collect(),
        pattern_set: build_set(file.pattern.iter().filter_map(|pattern| pattern.regex.as_deref()))?,
        patterns,
        names: name_rules(file.fields),
        targets: targets(&file.columns, &file.alias, &maps)?,
        lists: file
            .list
            .iter()
            .map(|(name, sources)| Ok((name.as_str().into(), compile_sources(sources, &maps)?)))
            .collect::<Result<_, String>>()?,
        constants: constants(&file.set)?,
        log_source: log_source(&file.log_source),
        tables: file
            .table
            .iter()
            .map(|table| {
                let rows = table.rows.iter().map(|(key, rows)| {
                    if rows.list().iter().any(|row| row.regex.is_some()) {
                        return Err(format!("row {key:?} has a regex; only patterns may"));
                    }
                    let outcomes = rows.list().iter().map(|row| outcome(row, &maps)).collect::<Result<_, _>>()?;
                    Ok((key.to_lowercase(), outcomes))
                });
                Ok(CompiledTable {
                    keys: table.keys.iter().map(|key| key.as_str().into()).collect(),
                    rows: rows.collect::<Result<_, String>>()?,
                })
            })
            .collect::<Result<_, String>>()?,
        times: file.time.iter().map(|rule| time(rule, &maps)).collect::<Result<_, _>>()?,
        message: compile_sources(file.message.as_ref().map_or(&[][..], Sources::list), &maps)?,
        inner_text: file.inner.as_ref().map(|inner| inner.text.clone()).unwrap_or_default(),
        inner_objects: file.inner.as_ref().map(|inner| inner.objects.clone()).unwrap_or_default(),
        inner_program: file.inner.map(|inner| inner.program).unwrap_or_default(),
        lines: file.recognise.lines,
        messages: file.recognise.messages,
        programs: file.recognise.programs,
        log_fields: file.log_fields,
        samples: file.sample,
    })
}

fn csv_list(list: &CsvList) -> Result<NamedList, String> {
    NamedList::parse(build_regex(&list.line)?, &list.names, list.separator)
}

fn condition(text: &str) -> Condition {
    match text.split_once('=') {
        Some((field, value)) => Condition { field: field.into(), value: Some(value.into()) },
        None => Condition { field: text.into(), value: None },
    }
}

fn name_rules(rules: FieldRules) -> NameRules {
    NameRules {
        trim: rules.trim,
        rename: rules.rename.into_iter().map(|(from, to)| (from.into(), to.into())).collect(),
        stripped_from: FirstBytes::of(rules.strip.iter().chain(&rules.strip_with_next).chain(&rules.strip_to_capital)),
        strip: rules.strip,
        strip_with_next: rules.strip_with_next,
        strip_to_capital: rules.strip_to_capital,
        without_spaces: rules.without_spaces,
        braces: rules.braces.into_iter().map(Text::from).collect(),
    }
}

fn compile_sources(sources: &[String], maps: &BTreeMap<String, ValueMap>) -> Result<Vec<Source>, String> {
    sources.iter().map(|source| Source::parse(source, maps)).collect()
}

fn targets(
    columns: &BTreeMap<String, Sources>,
    aliases: &BTreeMap<String, Sources>,
    maps: &BTreeMap<String, ValueMap>,
) -> Result<Targets, String> {
    let mut out = Targets::default();
    for (name, sources) in columns {
        add_target(&mut out, Target::Column(column(name)?), sources, maps)?;
    }
    for (name, sources) in aliases {
        add_target(&mut out, Target::Alias(name.as_str().into()), sources, maps)?;
    }
    Ok(out)
}

fn add_target(
    out: &mut Targets,
    target: Target,
    sources: &Sources,
    maps: &BTreeMap<String, ValueMap>,
) -> Result<(), String> {
    let number = out.targets.len();
    if let Target::Alias(name) = &target {
        // The field itself, where the record has it, beats every source of the alias.
        out.uses.entry(name.clone()).or_default().push(Use { target: number, rank: 0, transforms: Vec::new() });
    }
    for (rank, source) in (1_u16..).zip(sources.list()) {
        match Source::parse(source, maps)? {
            Source::Field { name, transforms } => {
                out.uses.entry(Text::from(name)).or_default().push(Use { target: number, rank, transforms });
            }
            template => out.templates.push((number, rank, template)),
        }
    }
    out.targets.push(target);
    Ok(())
}

fn column(name: &str) -> Result<Column, String> {
    Column::from_name(name).ok_or_else(|| format!("no common column is called {name:?}"))
}

fn constants(set: &BTreeMap<String, String>) -> Result<Vec<(Column, Value)>, String> {
    set.iter().map(|(name, text)| Ok((column(name)?, Value::from(text.as_str())))).collect()
}

fn arcs(words: &Words) -> Vec<Arc<str>> {
    words.list().iter().map(|word| word.as_str().into()).collect()
}

fn log_source(rules: &LogSourceRules) -> CompiledLogSource {
    CompiledLogSource {
        product: rules.product.as_deref().map(Arc::from),
        product_from: rules.product_from.list().iter().map(|name| name.as_str().into()).collect(),
        categories: arcs(&rules.category),
        services: arcs(&rules.service),
        service_from: rules.service_from.list().iter().map(|name| name.as_str().into()).collect(),
    }
}

fn outcome(rules: &OutcomeRules, maps: &BTreeMap<String, ValueMap>) -> Result<Outcome, String> {
    Ok(Outcome {
        when: rules.when.iter().map(|(field, words)| (field.as_str().into(), words.list().to_vec())).collect(),
        product: rules.product.as_deref().map(Arc::from),
        categories: arcs(&rules.category),
        services: arcs(&rules.service),
        set: constants(&rules.set)?,
        columns: rules
            .columns
            .iter()
            .map(|(name, sources)| Ok((column(name)?, compile_sources(sources.list(), maps)?)))
            .collect::<Result<_, String>>()?,
        alias: rules
            .alias
            .iter()
            .map(|(name, sources)| Ok((name.as_str().into(), compile_sources(sources.list(), maps)?)))
            .collect::<Result<_, String>>()?,
    })
}

fn time(rule: &TimeRule, maps: &BTreeMap<String, ValueMap>) -> Result<CompiledTime, String> {
    let fixed = match rule.zone.as_deref() {
        Some(name) => Some(zone(name).ok_or_else(|| format!("unknown time zone {name:?}"))?),
        None => None,
    };
    Ok(CompiledTime {
        sources: compile_sources(rule.from.list(), maps)?,
        layouts: rule.layouts.iter().map(|layout| Layout::parse(layout)).collect::<Result<_, _>>()?,
        zone_from: rule.zone_from.as_deref().map(Box::from),
        zone: fixed,
    })
}
