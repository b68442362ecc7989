//! Functions over text that DataFusion lacks: folding, members of `fields`, networks, and the tests that the
//! search language is made of. The first argument is a column, the others usually literals, prepared once.

use crate::pattern::{self, Contains, Expression, Like};
use arrow::array::{Array, ArrayRef, AsArray, BooleanBuilder, Float64Builder, StringViewArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

/// What a prepared function makes of one text.
enum Out<'a> {
    Text(Option<Cow<'a, str>>),
    Truth(bool),
    Number(Option<f64>),
}

type Prepared = Box<dyn for<'a> Fn(&'a str) -> Out<'a>>;

struct TextFunction {
    name: &'static str,
    signature: Signature,
    returns: DataType,
    prepare: fn(&[&str]) -> std::result::Result<Prepared, String>,
}

fn second<'a>(arguments: &[&'a str]) -> &'a str {
    arguments.get(1).copied().unwrap_or_default()
}

fn first<'a>(arguments: &[&'a str]) -> &'a str {
    arguments.first().copied().unwrap_or_default()
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|number| number as f64),
        None => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// Name, arguments, kind of result, preparation.
type Definition = (&'static str, usize, DataType, fn(&[&str]) -> std::result::Result<Prepared, String>);

const DEFINITIONS: &[Definition] = &[
    ("fold", 1, DataType::Utf8View, |_| Ok(Box::new(|text| Out::Text(Some(pattern::fold(text)))))),
    ("field", 2, DataType::Utf8View, |arguments| {
        let name = first(arguments).to_owned();
        Ok(Box::new(move |text| Out::Text(pattern::member_text(text, &name))))
    }),
    ("field_number", 2, DataType::Float64, |arguments| {
        let name = first(arguments).to_owned();
        Ok(Box::new(move |text| Out::Number(pattern::member_text(text, &name).and_then(|text| number(&text)))))
    }),
    ("field_equals", 3, DataType::Boolean, |arguments| {
        let (name, folded) = (first(arguments).to_owned(), pattern::fold(second(arguments)).into_owned());
        Ok(Box::new(move |text| Out::Truth(pattern::any_member(text, &name, &|value| pattern::equal(&folded, value)))))
    }),
    ("field_like", 3, DataType::Boolean, |arguments| {
        let (name, like) = (first(arguments).to_owned(), Like::whole(second(arguments)));
        Ok(Box::new(move |text| Out::Truth(pattern::any_member(text, &name, &|value| like.fits(value)))))
    }),
    ("field_expression", 3, DataType::Boolean, |arguments| {
        let (name, expression) = (first(arguments).to_owned(), Expression::new(second(arguments)));
        Ok(Box::new(move |text| Out::Truth(pattern::any_member(text, &name, &|value| expression.fits(value)))))
    }),
    ("ip_in", 2, DataType::Boolean, |arguments| {
        let text = first(arguments);
        let network = pattern::network(text).ok_or_else(|| format!("{text:?} is no address or network"))?;
        Ok(Box::new(move |text| Out::Truth(pattern::address_within(&network, text))))
    }),
    ("text_ip_in", 2, DataType::Boolean, |arguments| {
        let text = first(arguments);
        let network = pattern::network(text).ok_or_else(|| format!("{text:?} is no address or network"))?;
        Ok(Box::new(move |text| Out::Truth(pattern::holds_address_within(&network, text))))
    }),
    ("text_expression", 2, DataType::Boolean, |arguments| {
        let expression = Expression::new(first(arguments));
        Ok(Box::new(move |text| Out::Truth(expression.fits(text))))
    }),
    ("text_has", 2, DataType::Boolean, |arguments| {
        let contains = Contains::new(first(arguments));
        Ok(Box::new(move |text| Out::Truth(contains.is_in(text))))
    }),
    ("text_like", 2, DataType::Boolean, |arguments| {
        let like = Like::whole(first(arguments));
        Ok(Box::new(move |text| Out::Truth(like.fits(text))))
    }),
    ("text_word", 2, DataType::Boolean, |arguments| {
        let like = Like::words(first(arguments));
        Ok(Box::new(move |text| Out::Truth(like.fits(text))))
    }),
    ("text_equals", 2, DataType::Boolean, |arguments| {
        let folded = pattern::fold(first(arguments)).into_owned();
        Ok(Box::new(move |text| Out::Truth(pattern::equal(&folded, text))))
    }),
    ("text_number", 1, DataType::Float64, |_| Ok(Box::new(|text| Out::Number(number(text))))),
];

static FUNCTIONS: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
    let one = |(name, count, returns, prepare): &Definition| {
        let signature = Signature::string(*count, Volatility::Immutable);
        Arc::new(ScalarUDF::from(TextFunction { name, signature, returns: returns.clone(), prepare: *prepare }))
    };
    DEFINITIONS.iter().map(one).collect()
});

pub(super) fn all() -> Vec<Arc<ScalarUDF>> {
    FUNCTIONS.clone()
}

fn call(name: &str, column: Expr, arguments: &[&str]) -> Expr {
    let mut all = vec![column];
    all.extend(arguments.iter().map(|argument| lit(*argument)));
    match FUNCTIONS.iter().find(|function| function.name() == name) {
        Some(function) => function.call(all),
        None => lit(false),
    }
}

/// `field(fields, name)` with a name that is a column.
pub(crate) fn member(fields: Expr, name: Expr) -> Expr {
    match FUNCTIONS.iter().find(|function| function.name() == "field") {
        Some(function) => function.call(vec![fields, name]),
        None => lit(datafusion::common::ScalarValue::Utf8View(None)),
    }
}

macro_rules! calls {
    ($($name:ident($($argument:ident),*)),+ $(,)?) => {
        $(pub(crate) fn $name(column: Expr, $($argument: &str),*) -> Expr {
            call(stringify!($name), column, &[$($argument),*])
        })+
    };
}

calls! {
    text_has(needle),
    text_like(pattern),
    text_word(pattern),
    text_equals(text),
    text_number(),
    text_expression(source),
    text_ip_in(network),
    ip_in(network),
    field(name),
    field_equals(name, text),
    field_like(name, pattern),
    field_expression(name, source),
    field_number(name),
}

impl std::fmt::Debug for TextFunction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl PartialEq for TextFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TextFunction {}

impl Hash for TextFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for TextFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let literal = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(_));
        let constant = call.args.iter().skip(1).all(literal);
        let arrays = ColumnarValue::values_to_arrays(&call.args)?;
        let texts = arrays.iter().map(as_views).collect::<Result<Vec<_>>>()?;
        let Some((column, others)) = texts.split_first() else {
            return exec_err!("{} without an argument", self.name);
        };
        let mut results = Results::new(&self.returns, column.len());
        let mut prepared: Option<Prepared> = None;
        for row in 0..column.len() {
            if column.is_null(row) || others.iter().any(|other| other.is_null(row)) {
                results.push(None);
                continue;
            }
            let ready = match prepared.take() {
                Some(ready) if constant => ready,
                _ => {
                    let arguments: Vec<&str> = others.iter().map(|other| other.value(row)).collect();
                    match (self.prepare)(&arguments) {
                        Ok(ready) => ready,
                        Err(problem) => return exec_err!("{}: {problem}", self.name),
                    }
                }
            };
            results.push(Some(ready(column.value(row))));
            prepared = Some(ready);
        }
        Ok(ColumnarValue::Array(results.finish()))
    }
}

pub(super) fn as_views(array: &ArrayRef) -> Result<StringViewArray> {
    Ok(cast(array, &DataType::Utf8View)?.as_string_view().clone())
}

enum Results {
    Text(StringViewBuilder),
    Truth(BooleanBuilder),
    Number(Float64Builder),
}

impl Results {
    fn new(kind: &DataType, rows: usize) -> Self {
        match kind {
            DataType::Boolean => Self::Truth(BooleanBuilder::with_capacity(rows)),
            DataType::Float64 => Self::Number(Float64Builder::with_capacity(rows)),
            _ => Self::Text(StringViewBuilder::with_capacity(rows)),
        }
    }

    fn push(&mut self, out: Option<Out<'_>>) {
        match (self, out) {
            (Self::Text(builder), Some(Out::Text(text))) => builder.append_option(text),
            (Self::Truth(builder), Some(Out::Truth(truth))) => builder.append_value(truth),
            (Self::Number(builder), Some(Out::Number(number))) => builder.append_option(number),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Truth(builder), _) => builder.append_null(),
            (Self::Number(builder), _) => builder.append_null(),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Self::Text(mut builder) => Arc::new(builder.finish()),
            Self::Truth(mut builder) => Arc::new(builder.finish()),
            Self::Number(mut builder) => Arc::new(builder.finish()),
        }
    }
}
