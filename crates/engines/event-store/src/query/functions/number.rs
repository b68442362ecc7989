//! `round(x)` and `round(x, places)`: DataFusion's own come with a feature that would pull in many more.

use arrow::array::{AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use std::sync::Arc;

#[derive(Debug, PartialEq, Eq, Hash)]
struct Round(Signature);

pub(super) fn round() -> Arc<ScalarUDF> {
    let one = TypeSignature::Exact(vec![DataType::Float64]);
    let two = TypeSignature::Exact(vec![DataType::Float64, DataType::Int64]);
    Arc::new(ScalarUDF::from(Round(Signature::one_of(vec![one, two], Volatility::Immutable))))
}

impl ScalarUDFImpl for Round {
    fn name(&self) -> &str {
        "round"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let Some(numbers) = arrays.first() else {
            return datafusion::common::internal_err!("round without a number");
        };
        let places = arrays.get(1).map(|places| places.as_primitive::<Int64Type>());
        let numbers = numbers.as_primitive::<Float64Type>();
        let rounded: Float64Array = numbers
            .iter()
            .enumerate()
            .map(|(row, number)| {
                let places = places.map_or(0, |places| places.values().get(row).copied().unwrap_or(0)).clamp(-300, 300);
                let factor = 10f64.powi(i32::try_from(places).unwrap_or(0));
                number.map(|number| {
                    let rounded = (number * factor).round() / factor;
                    if rounded.is_finite() { rounded } else { number }
                })
            })
            .collect();
        Ok(ColumnarValue::Array(Arc::new(rounded)))
    }
}
