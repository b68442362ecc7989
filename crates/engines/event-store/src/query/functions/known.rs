//! What somebody else knows of a text, asked row by row. People cannot call it: it is no function by name, and stands only in
//! conditions of a search.

use super::text::as_views;
use crate::search::Predicate;
use arrow::array::{Array, BooleanBuilder};
use arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Known {
    predicate: Predicate,
    signature: Signature,
}

/// Whether the predicate holds for a text; unknown where there is none.
pub(crate) fn known(value: Expr, predicate: &Predicate) -> Expr {
    let signature = Signature::string(1, Volatility::Immutable);
    ScalarUDF::from(Known { predicate: predicate.clone(), signature }).call(vec![value])
}

impl ScalarUDFImpl for Known {
    fn name(&self) -> &'static str {
        "known"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&call.args)?;
        let Some(values) = arrays.first() else { return exec_err!("{} without an argument", self.name()) };
        let values = as_views(values)?;
        let mut results = BooleanBuilder::with_capacity(values.len());
        // Addresses and names come again and again, and to ask takes longer than to remember.
        let mut asked: HashMap<&str, bool> = HashMap::new();
        for value in values.iter() {
            results
                .append_option(value.map(|value| *asked.entry(value).or_insert_with(|| self.predicate.holds(value))));
        }
        Ok(ColumnarValue::Array(Arc::new(results.finish())))
    }
}
